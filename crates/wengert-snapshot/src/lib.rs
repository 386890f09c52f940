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
//! `exp` and its kin differ between platforms and libraries in the last bit, so a snapshot of all digits fails for no reason, and one of few
//! digits flips where a number is near the edge of rounding. Here digits may flip: a text is **close** to its snapshot if all words, paths, shapes
//! and rows are the same and every number is within the tolerance that the text itself states (and a unit in the tenth digit, at most as
//! much again, because both are rounded). What is close passes, and the stored
//! snapshot is left as it is.
//!
//! What is not close fails through insta: `cargo insta review` and `INSTA_UPDATE` work as ever, files and inline snapshots alike. The
//! panic names the first row that differs, both numbers and their relative difference.
//!
//! What it is not: a diff of traces, or an engine. It compares texts, and numbers by path.

// A module uses only modules listed above it.
mod words;
mod difference;
mod close;
mod gradients;

pub use close::Close;
pub use difference::{Difference, compare};
pub use gradients::side_by_side;

#[doc(hidden)]
pub mod support {
    pub use crate::close::assert_close;
    pub use crate::gradients::assert_agree;
    pub use insta;
    pub use wengert_inspect::{Table, Tolerance};
}

/// Asserts that a text is close to its snapshot: as insta's `assert_snapshot!`, with a tolerance for numbers.
///
/// Takes anything that implements `Display`: a [`Table`](wengert_inspect::Table), a [`LedgerText`](wengert_inspect::LedgerText), a
/// [`SideBySide`](wengert_inspect::SideBySide). The tolerance is the one that a header line of the text states
/// (`# … rtol=1e-9 atol=1e-15`), else [`Tolerance::default`](wengert_inspect::Tolerance).
///
/// # Panics
///
/// If the text is not close to the snapshot or there is none; unless `INSTA_UPDATE` or `INSTA_FORCE_PASS` says otherwise.
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
    ($text:expr, $expression:expr, @$snapshot:literal) => {
        $crate::support::assert_close(|| {
            let text = ::std::string::ToString::to_string(&$text);
            $crate::support::insta::assert_snapshot!(text, $expression, @$snapshot);
        })
    };
    ($text:expr, $expression:expr, $name:expr) => {
        $crate::support::assert_close(|| {
            let text = ::std::string::ToString::to_string(&$text);
            $crate::support::insta::assert_snapshot!($name, text, $expression);
        })
    };
}

/// Asserts that a trace's named values and adjoints are close to their snapshot.
///
/// The text is `Table::new(&trace)`; for a caption, deltas, or another tolerance, give a configured table to
/// [`assert_text_close!`].
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
#[macro_export]
macro_rules! assert_trace {
    ($trace:expr, @$snapshot:literal $(,)?) => {
        $crate::_assert_close!($crate::support::Table::new(&$trace), ::std::stringify!($trace), @$snapshot)
    };
    ($trace:expr $(,)?) => {
        $crate::assert_trace!($crate::support::insta::internals::AutoName, $trace)
    };
    ($name:expr, $trace:expr $(,)?) => {
        $crate::_assert_close!($crate::support::Table::new(&$trace), ::std::stringify!($trace), $name)
    };
}

/// Asserts that a trace's adjoints are those expected, given by path: `|tape − expected| ≤ rtol |expected|`, rtol being 1e-9 unless
/// a [`Tolerance`](wengert_inspect::Tolerance) is given as third argument. What is compared, and how, is told at [`side_by_side`].
///
/// # Panics
///
/// If one differs, with all of them side by side; and if none is given.
///
/// # Examples
///
/// ```
/// use wengert_inspect::{Tolerance, Trace};
/// use wengert_snapshot::assert_gradients;
///
/// let tape = wengert::Tape::new();
/// let x = tape.input(3.0).named("x");
/// let trace = Trace::of(&x.square().backward())?;
/// assert_gradients!(&trace, [("x", 6.0)]);
/// assert_gradients!(&trace, [("x", 6.1)], Tolerance::relative(0.1));
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
#[macro_export]
macro_rules! assert_gradients {
    ($trace:expr, $expected:expr $(,)?) => {
        $crate::assert_gradients!($trace, $expected, $crate::support::Tolerance::relative(1e-9))
    };
    ($trace:expr, $expected:expr, $tolerance:expr $(,)?) => {
        $crate::support::assert_agree(&$trace, $expected, $tolerance)
    };
}
