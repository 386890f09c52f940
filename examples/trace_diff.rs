//! Compares two traces in files, and tells the first cause of a difference.
//!
//! ```text
//! python3 examples/pytorch_trace.py > theirs.json
//! cargo run --release --example trace_diff -- ours.json theirs.json
//! cargo run --release --example trace_diff -- ours.json theirs.json --rtol 1e-6 --atol 1e-12
//! ```
//!
//! Without a tolerance it is that of the coarser of the two: 1e-9, and 1e-4 if one is in `f32`.
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

const USAGE: &str = "usage: trace_diff OURS.json THEIRS.json [--rtol NUMBER] [--atol NUMBER]";

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
    let [ours, theirs, flags @ ..] = arguments else { return Err(USAGE.into()) };
    let (mut rtol, mut atol) = (None, None);
    for flag in flags.chunks(2) {
        let [flag, number] = flag else { return Err(USAGE.into()) };
        let tolerance = match flag.as_str() {
            "--rtol" => &mut rtol,
            "--atol" => &mut atol,
            _ => return Err(USAGE.into()),
        };
        let parsed = number.parse().ok().filter(|x: &f64| *x >= 0.0);
        *tolerance = Some(parsed.ok_or(format!("{number} is no tolerance\n{USAGE}"))?);
    }
    let (ours, theirs) = (Path::new(ours), Path::new(theirs));
    let (a, b) = (read(ours)?, read(theirs)?);
    let title =
        |path: &Path| format!("in {}", path.file_name().unwrap_or_default().to_string_lossy());
    let mut diff = Diff::new(&a, &b).titles(title(ours), title(theirs));
    if rtol.is_some() || atol.is_some() {
        let usual = Tolerance::default();
        let rtol = Tolerance::relative(rtol.unwrap_or(usual.rtol()));
        diff = diff.tolerance(rtol.absolute(atol.unwrap_or(usual.atol())));
    }
    write!(out, "{diff}")?;
    Ok(diff.findings().agree())
}

fn read(path: &Path) -> Result<Trace, Box<dyn Error>> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Trace::from_json(&text).map_err(|error| format!("{}: {error}", path.display()))?)
}
