//! Insta's comparison, with a tolerance.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use insta::{Comparator, DefaultComparator, Settings, Snapshot};
use wengert_inspect::{Tolerance, Trace};

use crate::difference::compare;
use crate::failure::{cause, markdown, report};
use crate::layout::laid_out;

/// An insta [`Comparator`] that compares numbers within the tolerance that the text states in its
/// header (`# … rtol=… atol=…`), or [`Tolerance::default`] where it states none. The assertions of
/// this crate compare so; for other insta macros, set it yourself:
///
/// ```
/// let mut settings = insta::Settings::clone_current();
/// settings.set_comparator(Box::new(wengert_snapshot::Close::default()));
/// settings.bind(|| insta::assert_snapshot!("w 0.30000000004", @"w 0.3"));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Close {}

impl Comparator for Close {
    fn matches(&self, reference: &Snapshot, test: &Snapshot) -> bool {
        if DefaultComparator.matches(reference, test) {
            return true;
        }
        let (Some(stored), Some(now)) = (reference.as_text(), test.as_text()) else { return false };
        let (stored, now) = (stored.to_string(), now.to_string());
        compare(&stored, &now, stated(&now)).is_ok()
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(*self)
    }
}

/// Looks at what is stored, and lets everything pass.
#[derive(Clone, Debug, Default)]
struct Look {
    seen: Arc<Mutex<Option<Seen>>>,
}

/// A snapshot that is not close.
#[derive(Clone, Debug)]
struct Seen {
    stored: String,
    name: Option<String>,
}

impl Comparator for Look {
    fn matches(&self, reference: &Snapshot, test: &Snapshot) -> bool {
        if !Close::default().matches(reference, test) {
            let stored = reference.as_text().map(ToString::to_string).unwrap_or_default();
            let name = test.snapshot_name().map(str::to_owned);
            *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Seen { stored, name });
        }
        true
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(self.clone())
    }
}

/// Lets nothing pass.
#[derive(Clone, Copy, Debug)]
struct Fail;

impl Comparator for Fail {
    fn matches(&self, _: &Snapshot, _: &Snapshot) -> bool {
        false
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(*self)
    }
}

/// The tolerance in the header's lines, which begin with `#`.
fn stated(text: &str) -> Tolerance {
    text.lines()
        .filter(|line| line.starts_with('#'))
        .find_map(Tolerance::stated_in)
        .unwrap_or_default()
}

/// Runs an insta assertion, given a name to use instead of its own and the text.
///
/// What is not close fails a second run, in which the snapshot is described by its cause: so insta
/// shows it above its own difference, and keeps it for the review. In that run the rows that are
/// close stand as they are stored, so that no others are shown as changed.
#[doc(hidden)]
#[track_caller]
pub fn assert_close(trace: Option<&Trace>, text: &str, assertion: impl Fn(Option<&str>, &str)) {
    let look = Look::default();
    let mut settings = Settings::clone_current();
    settings.set_comparator(Box::new(look.clone()));
    settings.bind(|| assertion(None, text));
    let seen = look.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(Seen { stored, name }) = seen else { return };
    let tolerance = stated(text);
    let Err(difference) = compare(&stored, text, tolerance) else { return };
    let laid = laid_out(&stored, text, tolerance);
    let cause = cause(trace, &stored, &difference, &laid, tolerance);
    let mut settings = Settings::clone_current();
    settings.set_comparator(Box::new(Fail));
    settings.set_description(&cause);
    // The name has the suffix already.
    settings.remove_snapshot_suffix();
    let outcome = settings.bind(|| {
        catch_unwind(AssertUnwindSafe(|| {
            // The first run was one of this assertion too.
            insta::allow_duplicates! { assertion(name.as_deref(), &laid.text) }
        }))
    });
    let Err(failure) = outcome else { return };
    // Where insta prints nothing of the snapshot, it has not said the cause.
    let quiet = std::env::var("INSTA_OUTPUT");
    if quiet.is_ok_and(|output| ["minimal", "none"].contains(&output.as_str())) {
        eprintln!("{cause}");
    }
    report(&markdown(name.as_deref().unwrap_or("an inline snapshot"), &cause, &laid));
    resume_unwind(failure);
}
