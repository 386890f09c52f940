//! Compares two traces in files, and tells the first cause of a difference.
//!
//! ```text
//! python3 examples/pytorch_trace.py > theirs.json
//! cargo run --release --example trace_diff -- ours.json theirs.json
//! cargo run --release --example trace_diff -- ours.json theirs.json --rtol 1e-6
//! ```
//!
//! A file is written by `Trace::to_json`, or by another program in the form of docs/trace.md.
//!
//! The exit code is 0 if no number differs, 1 if one does or nothing was compared, 2 if a file
//! cannot be read.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use wengert_inspect::{Diff, Tolerance, Trace};

const USAGE: &str = "usage: trace_diff OURS.json THEIRS.json [--rtol NUMBER]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // What was asked for is no error.
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    match run(&mut std::io::stdout().lock(), &arguments) {
        Ok(agree) => ExitCode::from(u8::from(!agree)),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Writes the diff of the two files named, and returns whether their numbers agree.
pub(crate) fn run(out: &mut impl Write, arguments: &[String]) -> Result<bool, Box<dyn Error>> {
    let (ours, theirs, tolerance) = match arguments {
        [ours, theirs] => (ours, theirs, Tolerance::default()),
        [ours, theirs, flag, rtol] if flag == "--rtol" => {
            let rtol: f64 = rtol
                .parse()
                .ok()
                .filter(|x| *x >= 0.0)
                .ok_or(format!("{rtol} is no tolerance\n{USAGE}"))?;
            (ours, theirs, Tolerance::relative(rtol).absolute(Tolerance::default().atol()))
        }
        _ => return Err(USAGE.into()),
    };
    let (ours, theirs) = (Path::new(ours), Path::new(theirs));
    let (a, b) = (read(ours)?, read(theirs)?);
    let title =
        |path: &Path| format!("in {}", path.file_name().unwrap_or_default().to_string_lossy());
    let diff = Diff::new(&a, &b).titles(title(ours), title(theirs)).tolerance(tolerance);
    write!(out, "{diff}")?;
    Ok(diff.findings().agree())
}

fn read(path: &Path) -> Result<Trace, Box<dyn Error>> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Trace::from_json(&text).map_err(|error| format!("{}: {error}", path.display()))?)
}
