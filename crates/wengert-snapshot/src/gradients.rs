//! Gradients given by path, derived by hand perhaps, against a trace.

use wengert_inspect::{Diff, Reference, Side, SideBySide, Tolerance, Trace};

/// Puts expected adjoints beside a trace's: a row for every path, the expected number as the
/// reference.
///
/// A path may name a number, an element (`hidden/0.w[1]`) or a run, which is given as many rows as
/// it has elements, all compared with the one number. A path that is not on the trace, and an
/// adjoint that was not computed, leave the column empty, which is a cross. No path to the output,
/// and a structural zero, count as the derivative 0.
///
/// # Examples
///
/// ```
/// use wengert_inspect::{Tolerance, Trace};
///
/// let tape = wengert::Tape::new();
/// let x = tape.input(3.0).named("x");
/// let trace = Trace::of(&x.square().backward())?;
/// let table = wengert_snapshot::side_by_side(&trace, [("x", 6.0), ("y", 1.0)], Tolerance::default());
/// assert_eq!(table.crosses().collect::<Vec<_>>(), ["y"]);
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
#[must_use]
pub fn side_by_side<P: AsRef<str>>(
    trace: &Trace,
    expected: impl IntoIterator<Item = (P, f64)>,
    tolerance: Tolerance,
) -> SideBySide {
    let mut table = SideBySide::new(["tape", "expected"]).tolerance(tolerance);
    for (path, expected) in expected {
        let path = path.as_ref();
        match trace.find(path) {
            None => table.row(path, [None, Some(expected)]),
            Some(part) => {
                for &slot in part.slots() {
                    let label =
                        if part.slots().len() == 1 { path.to_owned() } else { trace.label(slot) };
                    table.row(label, [trace.adjoint(slot).number(), Some(expected)]);
                }
            }
        }
    }
    table
}

#[doc(hidden)]
#[track_caller]
pub fn assert_expected<P: AsRef<str>>(
    trace: &Trace,
    expected: impl IntoIterator<Item = (P, f64)>,
    tolerance: Tolerance,
) {
    let expected: Vec<(P, f64)> = expected.into_iter().collect();
    let table =
        side_by_side(trace, expected.iter().map(|(path, number)| (path, *number)), tolerance);
    assert!(!table.is_empty(), "no gradient was expected, so nothing was compared");
    let crosses: Vec<&str> = table.crosses().collect();
    if let Some(first) = crosses.first() {
        let mut reference = Reference::new();
        for (path, number) in &expected {
            let numbers =
                vec![*number; trace.find(path.as_ref()).map_or(1, |part| part.slots().len())];
            reference.adjoints(path.as_ref(), &numbers);
        }
        let diff =
            Diff::new(trace, &reference).titles("from the tape", "expected").tolerance(tolerance);
        panic!(
            "{} of {} gradients differ, first `{first}` ({tolerance}):\n{table}\n{diff}",
            crosses.len(),
            table.len()
        );
    }
}

#[doc(hidden)]
#[track_caller]
pub fn assert_agree<'a>(trace: &'a Trace, other: impl Into<Side<'a>>, tolerance: Tolerance) {
    let diff = Diff::new(trace, other).titles("on the left", "on the right").tolerance(tolerance);
    assert!(diff.findings().agree(), "the two sides do not agree\n{diff}");
}
