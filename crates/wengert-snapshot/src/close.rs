//! Insta's comparison, with a tolerance.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use insta::{Comparator, DefaultComparator, Settings, Snapshot};
use wengert_inspect::Tolerance;

use crate::difference::{Difference, compare};

/// An insta [`Comparator`] that compares numbers within the tolerance that the text states in its header (`# … rtol=… atol=…`), or
/// [`Tolerance::default`] where it states none. The assertions of this crate set it; for other insta macros, set it yourself:
///
/// ```
/// let mut settings = insta::Settings::clone_current();
/// settings.set_comparator(Box::new(wengert_snapshot::Close::default()));
/// settings.bind(|| insta::assert_snapshot!("w 0.30000000004", @"w 0.3"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Close {
    /// The first difference that was found, for the message.
    found: Arc<Mutex<Option<Difference>>>,
}

impl Comparator for Close {
    fn matches(&self, reference: &Snapshot, test: &Snapshot) -> bool {
        if DefaultComparator.matches(reference, test) {
            return true;
        }
        let (Some(stored), Some(now)) = (reference.as_text(), test.as_text()) else { return false };
        let (stored, now) = (stored.to_string(), now.to_string());
        let outcome = compare(&stored, &now, stated(&now));
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = outcome.clone().err();
        outcome.is_ok()
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(self.clone())
    }
}

/// The tolerance in the header's lines, which begin with `#`.
fn stated(text: &str) -> Tolerance {
    text.lines().filter(|line| line.starts_with('#')).find_map(Tolerance::stated_in).unwrap_or_default()
}

/// Runs an insta assertion under [`Close`]. If insta fails it, its panic is followed by one that names the first difference.
#[doc(hidden)]
#[track_caller]
pub fn assert_close(assertion: impl FnOnce()) {
    let close = Close::default();
    let mut settings = Settings::clone_current();
    settings.set_comparator(Box::new(close.clone()));
    let outcome = settings.bind(|| catch_unwind(AssertUnwindSafe(assertion)));
    let Err(failure) = outcome else { return };
    match close.found.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(difference) => panic!("the snapshot differs first here: {difference}"),
        None => resume_unwind(failure),
    }
}
