//! A reader's own numbers, held to the tape.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use wengert_inspect::{Diff, Reference, Tolerance, Trace};

/// Compares the numbers of a file with the 2-1-2 network's one row, prints where the two part
/// first, and returns how many differ.
pub(crate) fn check(
    out: &mut impl Write,
    file: &Path,
    trace: &Trace,
) -> Result<usize, Box<dyn Error>> {
    let at = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| at(&error))?;
    let own = Reference::of_csv(&text).map_err(|error| at(&error))?;
    // As near as the digits say that were written.
    let rtol = own.significant().map_or(1e-12, |digits| 10_f64.powi(1 - digits as i32));
    let diff = Diff::new(trace, &own)
        .titles("from the tape", "of yours")
        .tolerance(Tolerance::relative(rtol));
    write!(out, "{diff}")?;
    let findings = diff.findings();
    Ok(findings.differences.len() + findings.structure.len())
}
