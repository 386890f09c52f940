//! Values and adjoints, a line for every number.

use std::fmt;

use crate::columns::{Columns, signed};
use crate::compare::Tolerance;
use crate::digits::Digits;
use crate::header;
use crate::trace::{Slot, Trace};

/// A table of values and adjoints keyed by path: a line for every named number, in the order of the
/// trace.
///
/// Made for review and for snapshots: ten digits, no slot numbers, no source lines. An element of a
/// named run is a line of its own (`hidden/0.w[1]`), under the smallest name that holds it, so
/// every number stands there once.
///
/// # Examples
///
/// ```
/// use wengert_inspect::{Table, Trace};
///
/// let tape = wengert::Tape::new();
/// let (x, w) = (tape.input(3.0).named("x"), tape.param(2.0).named("w"));
/// let z = (w * x).named("z");
/// let loss = (0.5 * (z - 7.0).square()).named("L");
/// let trace = Trace::of(&loss.backward())?;
/// let table = Table::new(&trace).caption("L = 1/2 (z - target)^2").delta(|path| path == "z");
/// assert_eq!(table.to_string(), "\
/// ## loss: L = 0.5
/// ## L = 1/2 (z - target)^2
/// ## adjoint: dL/dv, delta: -dL/dv
/// ## numbers: 10 significant digits, compared with rtol=1e-9 atol=1e-15
/// path  op      value   adjoint   delta
/// x     input   3      -2
/// w     param   2      -3
/// z     mul     6      -1         1
/// L     mul     0.5     1
/// ");
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
pub struct Table<'a> {
    trace: &'a Trace,
    caption: Option<&'a str>,
    delta: Option<Chosen<'a>>,
    all: bool,
    slots: bool,
    tolerance: Tolerance,
    elements: usize,
}

/// Which paths get a delta.
type Chosen<'a> = Box<dyn Fn(&str) -> bool + 'a>;

impl<'a> Table<'a> {
    /// Named numbers only, all elements of each run.
    #[must_use]
    pub fn new(trace: &'a Trace) -> Self {
        Table {
            trace,
            caption: None,
            delta: None,
            all: false,
            slots: false,
            tolerance: Tolerance::default(),
            elements: usize::MAX,
        }
    }

    /// A line of the header: the formula of the loss, so that a factor of 1/2 is stated where
    /// deltas are shown.
    #[must_use]
    pub fn caption(mut self, caption: &'a str) -> Self {
        self.caption = Some(caption);
        self
    }

    /// A column `delta` = −adjoint for the names or nodes whose path `chosen` accepts
    /// (`hidden/0.z`, without a subscript).
    #[must_use]
    pub fn delta(mut self, chosen: impl Fn(&str) -> bool + 'a) -> Self {
        self.delta = Some(Box::new(chosen));
        self
    }

    /// Also numbers without a name, constants among them.
    #[must_use]
    pub fn all(mut self, all: bool) -> Self {
        self.all = all;
        self
    }

    /// Slot numbers before the paths: `v10 hidden/0.z`. For listings; a snapshot would change with
    /// every step inserted before.
    #[must_use]
    pub fn slots(mut self, slots: bool) -> Self {
        self.slots = slots;
        self
    }

    /// The tolerance that the header states, and by which assertions compare the text.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// At most this many elements of each name; a line says how many were left out.
    #[must_use]
    pub fn max_elements(mut self, elements: usize) -> Self {
        self.elements = elements;
        self
    }

    /// The trace that it shows.
    #[must_use]
    pub fn trace(&self) -> &'a Trace {
        self.trace
    }

    fn cells(&self, slot: Slot, delta: bool) -> Vec<String> {
        let adjoint = self.trace.adjoint(slot);
        let label = self.trace.label_of(slot);
        let op = &self.trace.nodes()[self.trace.spot(slot).node].op;
        let mut cells = vec![
            label.text(),
            // The shape of what the label names, which may be a part of the node.
            if label.shape.is_empty() { op.clone() } else { format!("{op} {:?}", label.shape) },
            signed(&Digits::new(self.trace.value(slot)).to_string()),
            signed(&adjoint.to_string()),
        ];
        if delta {
            cells.push(signed(&adjoint.delta().to_string()));
        }
        if self.slots {
            cells.insert(0, slot.to_string());
        }
        cells
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        header::write(f, self.trace, self.caption, self.tolerance, self.delta.is_some())?;
        let mut columns = Columns::default();
        let titles = ["path", "op", " value", " adjoint"].map(str::to_owned).into_iter();
        let slot = self.slots.then(|| "slot".to_owned());
        columns.row(
            slot.into_iter().chain(titles).chain(self.delta.as_ref().map(|_| " delta".to_owned())),
        );
        let mut shown: (&str, usize) = ("", 0);
        for slot in self.trace.slots() {
            let label = self.trace.label_of(slot);
            if !(self.all || label.named) {
                continue;
            }
            if label.path != shown.0 {
                self.left_out(&mut columns, shown);
                shown = (label.path, 0);
            }
            shown.1 += 1;
            if shown.1 <= self.elements {
                let delta = self.delta.as_ref().is_some_and(|chosen| chosen(label.path));
                columns.row(self.cells(slot, delta));
            }
        }
        self.left_out(&mut columns, shown);
        write!(f, "{columns}")
    }
}

impl Table<'_> {
    fn left_out(&self, columns: &mut Columns, (path, elements): (&str, usize)) {
        if elements > self.elements {
            let slot = self.slots.then(String::new);
            columns.row(
                slot.into_iter()
                    .chain([format!("{path}: {} more elements", elements - self.elements)]),
            );
        }
    }
}

impl fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("all", &self.all)
            .field("slots", &self.slots)
            .finish_non_exhaustive()
    }
}
