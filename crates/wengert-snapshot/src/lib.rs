//! Snapshot assertions for traces and gradients: insta's, with a tolerance for numbers.
//!
//! ```
//! use wengert_inspect::{Table, Trace};
//! use wengert_snapshot::{assert_gradients, assert_text_close};
//!
//! let tape = wengert::Tape::new();
//! let (x, w) = (tape.input(3.0).named("x"), tape.param(0.1).named("w"));
//! let loss = (w * x).sigmoid().named("L");
//! let trace = Trace::of(&loss.backward())?;
//!
//! assert_text_close!(Table::new(&trace).caption("L = sigmoid(w x)"), @r"
//! ## loss: L = 0.5744425168
//! ## L = sigmoid(w x)
//! ## numbers: 10 significant digits, compared with rtol=1e-9 atol=1e-15
//! path  op        value          adjoint
//! x     input     3              0.02444583117
//! w     param     0.1            0.7333749351
//! L     sigmoid   0.5744425168   1
//! ");
//!
//! // The same by hand.
//! let y = 1.0 / (1.0 + (-0.3_f64).exp());
//! assert_gradients!(&trace, [("w", y * (1.0 - y) * 3.0), ("x", y * (1.0 - y) * 0.1)]);
//! # Ok::<(), wengert_inspect::Stale>(())
//! ```
//!
//! `exp` and its kin differ between platforms and libraries in the last bit, so a snapshot of all
//! digits fails for no reason, and one of few digits flips where a number is near the edge of
//! rounding. Here digits may flip: a text is **close** to its snapshot if all words, paths, shapes
//! and rows are the same and every number is within the tolerance that the text itself states (and
//! a unit in the tenth digit, at most as much again, because both are rounded). What is close
//! passes, and the stored snapshot is left as it is.
//!
//! What is not close fails through insta: `cargo insta review` and `INSTA_UPDATE` work as ever,
//! files and inline snapshots alike. The failure says the **cause** first, above insta's own
//! difference, and the review shows it, because it is the new snapshot's description: the stored
//! rows are lined up with the trace, and what merely follows from a change is told from the change
//! itself ([`Diff::headline`](wengert_inspect::Diff::headline)). Of a text that is of no trace it
//! is the first row that differs, with both numbers. Rows that are close are shown as they are
//! stored, so that only those that changed are marked.
//!
//! If the environment variable `WENGERT_SNAPSHOT_REPORT` names a file, each failure is added to it
//! as a section of Markdown, for a comment on the change: docs/snapshots.md has a workflow.
//!
//! | to hold | in a snapshot | against numbers given |
//! |---|---|---|
//! | values and adjoints of what has a name | [`assert_trace!`] | [`assert_agree!`] |
//! | the gradient by the parameters | [`assert_gradients!`] | [`assert_gradients!`] |
//! | any text | [`assert_text_close!`] | |
//!
//! What it is not: an engine. It compares texts, and numbers by path.

// A module uses only modules listed above it.
mod words;
mod difference;
mod layout;
mod failure;
mod close;
mod shown;
mod gradients;

pub use close::Close;
pub use difference::{Difference, compare};
pub use gradients::side_by_side;
pub use shown::Shown;

#[doc(hidden)]
pub mod support {
    pub use crate::close::assert_close;
    pub use crate::gradients::{assert_agree, assert_expected};
    pub use insta;
    pub use wengert_inspect::{ParameterTable, Tolerance};
}

/// Asserts that a text is close to its snapshot: as insta's `assert_snapshot!`, with a tolerance
/// for numbers.
///
/// Takes anything that implements `Display`: a [`Table`](wengert_inspect::Table), a
/// [`LedgerText`](wengert_inspect::LedgerText), a [`SideBySide`](wengert_inspect::SideBySide). The
/// tolerance is the one that a header line of the text states (`# … rtol=1e-9 atol=1e-15`), else
/// [`Tolerance::default`](wengert_inspect::Tolerance).
///
/// # Panics
///
/// If the text is not close to the snapshot or there is none; unless `INSTA_UPDATE` or
/// `INSTA_FORCE_PASS` says otherwise.
///
/// # Examples
///
/// ```
/// use wengert_snapshot::assert_text_close;
/// assert_text_close!(format!("pi {}", 3.14159265358), @"pi 3.141592654");
/// ```
///
/// In a file, named after the test or by the first argument:
///
/// ```no_run
/// # use wengert_snapshot::assert_text_close;
/// assert_text_close!("pi 3.141592654");
/// assert_text_close!("circle", "pi 3.141592654");
/// ```
#[macro_export]
macro_rules! assert_text_close {
    ($text:expr, @$snapshot:literal $(,)?) => {
        $crate::_assert_close!($text, ::std::stringify!($text), @$snapshot)
    };
    ($text:expr $(,)?) => {
        $crate::_assert_close!($text, ::std::stringify!($text), $crate::support::insta::internals::AutoName)
    };
    ($name:expr, $text:expr $(,)?) => {
        $crate::_assert_close!($text, ::std::stringify!($text), $name)
    };
}

/// A text, the expression that insta shows for it, and where the snapshot is.
#[doc(hidden)]
#[macro_export]
macro_rules! _assert_close {
    (@snapshot $name:ident, $text:ident, $expression:expr, @$snapshot:literal) => {{
        // An inline snapshot is known by its place.
        let _ = $name;
        $crate::support::insta::assert_snapshot!($text, $expression, @$snapshot)
    }};
    (@snapshot $known:ident, $text:ident, $expression:expr, $name:expr) => {
        match $known {
            ::std::option::Option::Some(known) => {
                $crate::support::insta::assert_snapshot!(known, $text, $expression)
            }
            ::std::option::Option::None => {
                $crate::support::insta::assert_snapshot!($name, $text, $expression)
            }
        }
    };
    ($text:expr, $expression:expr, $($snapshot:tt)*) => {{
        let text = ::std::string::ToString::to_string(&$text);
        $crate::support::assert_close(::std::option::Option::None, &text, |name, text| {
            $crate::_assert_close!(@snapshot name, text, $expression, $($snapshot)*);
        })
    }};
}

/// The same for what is shown of a trace.
#[doc(hidden)]
#[macro_export]
macro_rules! _assert_shown {
    ($shown:expr, $expression:expr, $($snapshot:tt)*) => {
        match &$shown {
            shown => {
                let (text, trace) = ($crate::Shown::text(shown), $crate::Shown::trace(shown));
                $crate::support::assert_close(::std::option::Option::Some(trace), &text, |name, text| {
                    $crate::_assert_close!(@snapshot name, text, $expression, $($snapshot)*);
                })
            }
        }
    };
}

/// Asserts that a trace's named values and adjoints are close to their snapshot.
///
/// Takes a trace, shown as `Table::new(&trace)`, or a configured [`Table`](wengert_inspect::Table):
/// with a caption, deltas, another tolerance. A failure names the first row that differs, and the
/// first cause by a [`Diff`](wengert_inspect::Diff) of the trace and the stored rows.
///
/// # Panics
///
/// As [`assert_text_close!`].
///
/// # Examples
///
/// ```
/// use wengert_inspect::Trace;
/// use wengert_snapshot::assert_trace;
///
/// let tape = wengert::Tape::new();
/// let x = tape.input(1.0).named("x");
/// let trace = Trace::of(&x.exp().named("L").backward())?;
/// assert_trace!(&trace, @r"
/// ## loss: L = 2.718281828
/// ## numbers: 10 significant digits, compared with rtol=1e-9 atol=1e-15
/// path  op     value         adjoint
/// x     input  1             2.718281828
/// L     exp    2.718281828   1
/// ");
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
///
/// In a file, named after the test or by the first argument:
///
/// ```no_run
/// # use wengert_inspect::{Table, Trace};
/// # use wengert_snapshot::assert_trace;
/// # let trace = Trace::of_tape(&wengert::Tape::new());
/// assert_trace!(&trace);
/// assert_trace!("with deltas", Table::new(&trace).caption("L = 1/2 e^2").delta(|path| path.ends_with(".z")));
/// ```
#[macro_export]
macro_rules! assert_trace {
    ($trace:expr, @$snapshot:literal $(,)?) => {
        $crate::_assert_shown!($trace, ::std::stringify!($trace), @$snapshot)
    };
    ($trace:expr $(,)?) => {
        $crate::_assert_shown!($trace, ::std::stringify!($trace), $crate::support::insta::internals::AutoName)
    };
    ($name:expr, $trace:expr $(,)?) => {
        $crate::_assert_shown!($trace, ::std::stringify!($trace), $name)
    };
}

/// Asserts a gradient: the adjoints of a trace's parameters, in a snapshot or as numbers given by
/// path.
///
/// With a snapshot the text is a [`ParameterTable`](wengert_inspect::ParameterTable); inline, in a
/// file named after the test, or in one named by a literal as the first argument. A failure says
/// the first cause, as [`assert_trace!`] does; from adjoints alone it is the first that differs in
/// the order of the sweep.
///
/// With numbers by path `|tape − expected| ≤ rtol |expected|`, rtol being 1e-9 unless a
/// [`Tolerance`](wengert_inspect::Tolerance) is given as third argument. What is compared, and how,
/// is told at [`side_by_side`].
///
/// # Panics
///
/// With a snapshot as [`assert_text_close!`]. With numbers if one differs, with all of them side by
/// side, and if none is given.
///
/// # Examples
///
/// ```
/// use wengert_inspect::{Tolerance, Trace};
/// use wengert_snapshot::assert_gradients;
///
/// let tape = wengert::Tape::new();
/// let w = tape.param([3.0, 0.5]).named("w");
/// let trace = Trace::of(&(w.at(0).square() * w.at(1)).named("L").backward())?;
/// assert_gradients!(&trace, [("w[0]", 3.0), ("w[1]", 9.0)]);
/// assert_gradients!(&trace, [("w[0]", 3.1)], Tolerance::relative(0.1));
/// assert_gradients!(&trace, @r"
/// ## loss: L = 4.5
/// ## shapes: w [2]
/// ## adjoint: dL/dv
/// ## numbers: 10 significant digits, compared with rtol=1e-9 atol=1e-15
/// path   adjoint
/// w[0]   3
/// w[1]   9
/// ");
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
#[macro_export]
macro_rules! assert_gradients {
    ($trace:expr, @$snapshot:literal $(,)?) => {
        $crate::_assert_shown!($crate::support::ParameterTable::new(&$trace), ::std::stringify!($trace), @$snapshot)
    };
    ($trace:expr $(,)?) => {
        $crate::_assert_shown!(
            $crate::support::ParameterTable::new(&$trace),
            ::std::stringify!($trace),
            $crate::support::insta::internals::AutoName
        )
    };
    ($name:literal, $trace:expr $(,)?) => {
        $crate::_assert_shown!($crate::support::ParameterTable::new(&$trace), ::std::stringify!($trace), $name)
    };
    ($trace:expr, $expected:expr $(,)?) => {
        $crate::assert_gradients!($trace, $expected, $crate::support::Tolerance::relative(1e-9))
    };
    ($trace:expr, $expected:expr, $tolerance:expr $(,)?) => {
        $crate::support::assert_expected(&$trace, $expected, $tolerance)
    };
}

/// Asserts that a trace's numbers are those of another trace, or of a
/// [`Reference`](wengert_inspect::Reference), by path, within
/// [`Tolerance::default`](wengert_inspect::Tolerance) or the one given as third argument.
///
/// Numbers that only one side has are not compared: a trace read from a file of another program has
/// other names for what it does not name.
///
/// # Panics
///
/// If a number differs, with the first cause and what follows from it; and if no path is on both
/// sides.
///
/// # Examples
///
/// ```
/// use wengert_inspect::{Reference, Tolerance, Trace};
/// use wengert_snapshot::assert_agree;
///
/// let tape = wengert::Tape::new();
/// let x = tape.input(1.0).named("x");
/// let trace = Trace::of(&x.exp().named("L").backward())?;
/// let mut table = Reference::new().rounded_to(4);
/// table.value("L", 2.718).adjoint("x", 2.718);
/// assert_agree!(&trace, &table, Tolerance::relative(1e-3));
/// assert_agree!(&trace, &trace);
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
#[macro_export]
macro_rules! assert_agree {
    ($trace:expr, $other:expr $(,)?) => {
        $crate::assert_agree!($trace, $other, $crate::support::Tolerance::default())
    };
    ($trace:expr, $other:expr, $tolerance:expr $(,)?) => {
        $crate::support::assert_agree($trace, $other, $tolerance)
    };
}
