//! What a failed assertion says: the cause first, once, for the terminal, for the review and for a
//! comment on the change.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;

use wengert_inspect::{Diff, Reference, Tolerance, Trace};

use crate::difference::Difference;
use crate::layout::Laid;

/// The environment variable that names the file which failures are reported to.
pub(crate) const REPORT: &str = "WENGERT_SNAPSHOT_REPORT";

/// Rows of a name that are listed.
const NAMED: usize = 4;
/// Lines of a diff in a comment.
const LINES: usize = 40;
/// Lines of what is said where no number differs.
const WORDS: usize = 12;

/// The cause in words, without a newline at the end.
pub(crate) fn cause(
    trace: Option<&Trace>,
    stored: &str,
    difference: &Difference,
    laid: &Laid,
    tolerance: Tolerance,
) -> String {
    let rows = Reference::of_table(stored).filter(|rows| !rows.is_empty());
    let mut text = match trace.zip(rows) {
        Some((trace, rows)) => {
            let diff =
                Diff::new(trace, &rows).titles("now", "in the snapshot").tolerance(tolerance);
            let found = diff.findings();
            if found.differences.is_empty() {
                let said = diff.to_string();
                let said: Vec<&str> = said.lines().take(WORDS).collect();
                // Rows that came or went are listed below.
                let rows = !laid.new.is_empty() || !laid.gone.is_empty();
                let first = if rows { String::new() } else { format!("{difference}\n") };
                format!("{first}{}\n", said.join("\n"))
            } else {
                diff.headline()
            }
        }
        None => format!("{difference}\n"),
    };
    for (what, names) in [("new", &laid.new), ("gone", &laid.gone)] {
        if !names.is_empty() {
            let more = names.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let shown: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
            // Writing to a string does not fail.
            let _ = writeln!(text, "rows that are {what}: {}{more}", shown.join(", "));
        }
    }
    text.trim_end().to_owned()
}

/// A section of Markdown: the cause, and the rows that differ behind a fold.
pub(crate) fn markdown(name: &str, cause: &str, laid: &Laid) -> String {
    let more = laid.changes.len().saturating_sub(LINES);
    let mut changes: Vec<String> = laid.changes.iter().take(LINES).cloned().collect();
    if more > 0 {
        changes.push(format!("# and {more} more lines"));
    }
    // A text with a fence of its own would end the block.
    let fence = if cause.contains("```") || changes.iter().any(|line| line.contains("```")) {
        "~~~~~~~~"
    } else {
        "```"
    };
    format!(
        "### `{name}` differs from its snapshot\n\n{fence}text\n{cause}\n{fence}\n\n\
         <details><summary>the rows that differ</summary>\n\n{fence}diff\n{}\n{fence}\n\n</details>\n\n",
        changes.join("\n")
    )
}

/// Adds a section to the file that the environment names, if it names one. In one write, since
/// tests run at the same time.
pub(crate) fn report(section: &str) {
    let Some(path) = std::env::var_os(REPORT).filter(|path| !path.is_empty()) else { return };
    let file = OpenOptions::new().create(true).append(true).open(&path);
    let written = file.and_then(|mut file| file.write_all(section.as_bytes()));
    if let Err(error) = written {
        // A report that cannot be written hides no failure.
        eprintln!("{REPORT}={}: {error}", path.to_string_lossy());
    }
}
