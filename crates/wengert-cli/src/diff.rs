//! `wengert diff`: two traces, and the first cause of what differs.

use std::io::Write;
use std::path::Path;

use wengert_inspect::{Diff, Tolerance, Trace};
use wengert_saved::{Kind, head};

use crate::error::Failure;
use crate::run::read;

/// Writes the difference, and says whether the numbers agree.
pub(crate) fn diff(
    ours: &Path,
    theirs: &Path,
    rtol: Option<f64>,
    out: &mut impl Write,
) -> Result<bool, Failure> {
    let tolerance = match rtol {
        None => Tolerance::default(),
        Some(rtol) if rtol >= 0.0 => {
            Tolerance::relative(rtol).absolute(Tolerance::default().atol())
        }
        Some(rtol) => return Err(Failure::Tolerance(rtol)),
    };
    let (a, b) = (trace(ours)?, trace(theirs)?);
    let title =
        |path: &Path| format!("in {}", path.file_name().unwrap_or_default().to_string_lossy());
    let diff = Diff::new(&a, &b).titles(title(ours), title(theirs)).tolerance(tolerance);
    write!(out, "{diff}").map_err(Failure::Write)?;
    Ok(diff.findings().agree())
}

fn trace(path: &Path) -> Result<Trace, Failure> {
    let (text, path) = (read(path)?, path.display().to_string());
    if let Ok(head) = head(&text) {
        let kind = match head.kind {
            Kind::Tape => "tape",
            Kind::Program => "program",
        };
        let wanted = "traces are compared: Trace::to_json writes one";
        return Err(Failure::Kind { path, kind, wanted });
    }
    Trace::from_json(&text).map_err(|error| Failure::Trace { path, error })
}
