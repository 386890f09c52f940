//! The first lines of a text: what was differentiated, what the columns mean, and how numbers are
//! compared.

use std::fmt;

use crate::compare::Tolerance;
use crate::digits::{Digits, SIGNIFICANT};
use crate::trace::{Precision, Trace};

/// Writes the header; `delta` says whether a column of deltas follows.
pub(crate) fn write(
    f: &mut fmt::Formatter<'_>,
    trace: &Trace,
    caption: Option<&str>,
    tolerance: Tolerance,
    delta: bool,
) -> fmt::Result {
    match (trace.loss(), trace.outputs()) {
        (Some(loss), _) => {
            writeln!(f, "# loss: {} = {}", trace.label(loss), Digits::new(trace.value(loss)))?;
        }
        (None, []) => writeln!(f, "# adjoints: not computed")?,
        (None, outputs) => {
            for output in outputs {
                let label = trace.label(trace.at(output.of));
                writeln!(f, "# output: {label} with cotangent {}", Digits::new(output.cotangent))?;
            }
        }
    }
    if let Some(omitted) = trace.omitted() {
        writeln!(f, "# left out: {omitted}")?;
    }
    if let Some(caption) = caption {
        for line in caption.lines() {
            writeln!(f, "# {line}")?;
        }
    }
    if delta {
        writeln!(f, "# adjoint: dL/dv, delta: -dL/dv")?;
    }
    let precision = if trace.precision() == Precision::F32 { "f32 " } else { "" };
    writeln!(f, "# {precision}numbers: {SIGNIFICANT} significant digits, compared with {tolerance}")
}
