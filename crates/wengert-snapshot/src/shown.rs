//! What a snapshot of a trace shows, and the trace that a failure is explained by.

use wengert_inspect::{ParameterTable, Table, Trace};

/// A text of a trace, with the trace: what [`assert_trace!`](crate::assert_trace) takes.
pub trait Shown {
    /// The text that is compared with the snapshot.
    fn text(&self) -> String;
    /// The trace that it is made of.
    fn trace(&self) -> &Trace;
}

/// As a table of what has a name.
impl Shown for Trace {
    fn text(&self) -> String {
        Table::new(self).to_string()
    }

    fn trace(&self) -> &Trace {
        self
    }
}

impl Shown for Table<'_> {
    fn text(&self) -> String {
        self.to_string()
    }

    fn trace(&self) -> &Trace {
        Table::trace(self)
    }
}

impl Shown for ParameterTable<'_> {
    fn text(&self) -> String {
        self.to_string()
    }

    fn trace(&self) -> &Trace {
        ParameterTable::trace(self)
    }
}

impl<S: Shown + ?Sized> Shown for &S {
    fn text(&self) -> String {
        (**self).text()
    }

    fn trace(&self) -> &Trace {
        (**self).trace()
    }
}
