//! `wengert`: runs saved programs over rows of numbers, shows what is in a file, compares traces.

// A module uses only modules listed above it.
mod error;
mod names;
mod rows;
mod run;
mod show;
mod diff;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use error::Failure;

/// Saved programs, tapes and traces of Wengert.
#[derive(Parser)]
#[command(name = "wengert", version, about, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done; 1 a row is wrong, a run failed, or traces differ; \
                          2 a file or an argument is wrong.";

#[derive(Subcommand)]
enum Command {
    /// Runs a program for every row of numbers and writes a row of results for each.
    #[command(after_help = ROWS)]
    Run {
        /// The program, as `program_text` wrote it.
        program: PathBuf,
        /// The rows, as CSV; the standard input if there is no file.
        rows: Option<PathBuf>,
        /// Which inputs the columns are, where they have no names: `x,target`. All if nothing is
        /// said.
        #[arg(long, value_delimiter = ',', value_name = "NAMES")]
        inputs: Vec<String>,
        /// Leaves the line of names above the results out.
        #[arg(long)]
        no_header: bool,
    },
    /// Says what is in a file: a program, a tape, or a trace.
    Show {
        /// The file.
        file: PathBuf,
        /// Leaves the list of nodes out.
        #[arg(long)]
        brief: bool,
    },
    /// Compares two traces and tells the first cause of a difference.
    Diff {
        /// A trace, as `Trace::to_json` or another program wrote it.
        ours: PathBuf,
        /// What it is compared with.
        theirs: PathBuf,
        /// How far apart numbers may be, relative to theirs.
        #[arg(long, value_name = "NUMBER")]
        rtol: Option<f64>,
    },
}

const ROWS: &str = "A column is one number of an input. If the first line has names (x, w[3], \
                    \"m[0, 1]\"), they say which; inputs that are not named keep the numbers of the \
                    file. Every row begins with those, whatever the rows before it did.";

fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let out = &mut io::BufWriter::new(io::stdout().lock());
    let result = match command {
        Command::Run { program, rows, inputs, no_header } => {
            let options = run::Options { inputs, header: !no_header };
            run::run(&program, rows.as_deref(), &options, out)
        }
        Command::Show { file, brief } => show::show(&file, brief, out),
        Command::Diff { ours, theirs, rtol } => diff::diff(&ours, &theirs, rtol, out),
    };
    match result.and_then(|done| out.flush().map(|()| done).map_err(Failure::Write)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // Who reads has enough: `wengert run .. | head`.
        Err(Failure::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(failure) => {
            // The rows before it are done.
            let _ = out.flush();
            eprintln!("wengert: {failure}");
            ExitCode::from(failure.code())
        }
    }
}
