//! How much of two sides lines up by name.

use std::collections::HashSet;

use super::Side;
use crate::reference::Reference;
use crate::trace::Trace;

/// How many names the two sides have, and how many are on both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Names {
    /// The names that both have.
    pub both: usize,
    /// Those of the trace.
    pub ours: usize,
    /// Those of the other side; of a reference the paths that it states something of.
    pub theirs: usize,
}

impl Names {
    pub(super) fn of(ours: &Trace, theirs: Side<'_>) -> Self {
        match theirs {
            Side::Trace(theirs) => {
                let own: HashSet<&str> = ours.names().collect();
                let other: HashSet<&str> = theirs.names().collect();
                let both = own.intersection(&other).count();
                Names { both, ours: own.len(), theirs: other.len() }
            }
            Side::Reference(theirs) => Names::of_reference(ours, theirs),
        }
    }

    fn of_reference(ours: &Trace, theirs: &Reference) -> Self {
        let paths: HashSet<&str> = theirs.rows().iter().map(|row| row.path.as_str()).collect();
        let both = paths.iter().filter(|path| ours.find(path).is_some()).count();
        Names { both, ours: ours.names().count(), theirs: paths.len() }
    }

    /// Whether less than half of the smaller side's names is on the other.
    #[must_use]
    pub fn apart(&self) -> bool {
        2 * self.both < self.ours.min(self.theirs)
    }
}
