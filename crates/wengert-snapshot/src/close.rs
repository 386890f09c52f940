//! Insta's comparison, with a tolerance.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use insta::{Comparator, DefaultComparator, Settings, Snapshot};
use wengert_inspect::{Diff, Reference, Tolerance, Trace};

use crate::difference::{Difference, compare};

/// An insta [`Comparator`] that compares numbers within the tolerance that the text states in its
/// header (`# … rtol=… atol=…`), or [`Tolerance::default`] where it states none. The assertions of
/// this crate set it; for other insta macros, set it yourself:
///
/// ```
/// let mut settings = insta::Settings::clone_current();
/// settings.set_comparator(Box::new(wengert_snapshot::Close::default()));
/// settings.bind(|| insta::assert_snapshot!("w 0.30000000004", @"w 0.3"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Close {
    /// What was found, for the message.
    found: Arc<Mutex<Option<Found>>>,
}

/// The first difference, the stored text, and the tolerance that they were compared with.
#[derive(Clone, Debug)]
struct Found {
    difference: Difference,
    stored: String,
    tolerance: Tolerance,
}

impl Comparator for Close {
    fn matches(&self, reference: &Snapshot, test: &Snapshot) -> bool {
        if DefaultComparator.matches(reference, test) {
            return true;
        }
        let (Some(stored), Some(now)) = (reference.as_text(), test.as_text()) else { return false };
        let (stored, now) = (stored.to_string(), now.to_string());
        let tolerance = stated(&now);
        let found = compare(&stored, &now, tolerance).err();
        let close = found.is_none();
        let found = found.map(|difference| Found { difference, stored, tolerance });
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = found;
        close
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(self.clone())
    }
}

/// The tolerance in the header's lines, which begin with `#`.
fn stated(text: &str) -> Tolerance {
    text.lines()
        .filter(|line| line.starts_with('#'))
        .find_map(Tolerance::stated_in)
        .unwrap_or_default()
}

/// Runs an insta assertion under [`Close`]. If insta fails it, its panic is followed by one that
/// names the first difference, and, where the text is of a trace, the first cause.
#[doc(hidden)]
#[track_caller]
pub fn assert_close(trace: Option<&Trace>, assertion: impl FnOnce()) {
    let close = Close::default();
    let mut settings = Settings::clone_current();
    settings.set_comparator(Box::new(close.clone()));
    let outcome = settings.bind(|| catch_unwind(AssertUnwindSafe(assertion)));
    let Err(failure) = outcome else { return };
    let Some(found) = close.found.lock().unwrap_or_else(PoisonError::into_inner).take() else {
        resume_unwind(failure)
    };
    let cause = trace.and_then(|trace| cause(trace, &found)).unwrap_or_default();
    panic!("the snapshot differs first here: {}{cause}", found.difference)
}

/// What the trace and the stored rows, taken as a side without a tape, differ in first.
fn cause(trace: &Trace, found: &Found) -> Option<String> {
    let stored = Reference::of_table(&found.stored)?;
    let diff =
        Diff::new(trace, &stored).titles("now", "in the snapshot").tolerance(found.tolerance);
    Some(format!("\n\nthe cause, by the trace and the rows of the snapshot:\n{diff}"))
}
