//! The trace: a tape's nodes, values and adjoints as owned, checked, plain data.

mod adjoint;
mod check;
mod data;
mod json;
mod labels;
pub(crate) mod limit;
mod number;
pub(crate) mod strided;

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use adjoint::Adjoint;
pub use check::Malformed;
pub(crate) use check::known_op;
pub use data::{
    Elements, NamedPart, Omitted, Output, Precision, Spot, TraceData, TraceGuard, TraceNode,
    TraceOperand, VERSION,
};
pub use json::ReadError;
pub(crate) use labels::Label;
pub use labels::Part;

use labels::Source;
use strided::Strided;

/// The position of a number in a trace's column, as a reader writes it: `v10`. The same token as on
/// the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub(crate) usize);

impl Slot {
    /// The position, from 0.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("v{}", self.0))
    }
}

/// A plain, owned copy of a tape with its values and, if something was differentiated, its
/// adjoints.
///
/// Every picture and text of this crate is a function of a trace alone, deterministic to the byte.
/// It is serialisable with any self-describing format, JSON first of all
/// ([`to_json`](Trace::to_json), [`from_json`](Trace::from_json)); reading checks what
/// [`TraceData::check`] lists, so a `Trace` is always well-formed. Numbers survive the trip bit for
/// bit (with a reader that rounds correctly: serde_json's feature `float_roundtrip`); of a NaN only
/// that it is one.
///
/// # Examples
///
/// ```
/// use wengert_inspect::{Adjoint, Trace};
///
/// let tape = wengert::Tape::new();
/// let (x, w) = (tape.input(3.0).named("x"), tape.param(2.0).named("w"));
/// let loss = (w * x - 1.0).square().named("L");
/// let trace = Trace::of(&loss.backward())?;
///
/// let w = trace.slot("w").expect("it was named");
/// assert_eq!(trace.value(w), 2.0);
/// assert_eq!(*trace.adjoint(w), Adjoint::Computed(30.0));
/// assert_eq!(trace.ledger(w).sum(), 30.0);
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
#[derive(Clone, Debug)]
pub struct Trace {
    data: TraceData,
    /// The first slot of every node, and the end.
    starts: Vec<usize>,
    by_path: HashMap<String, Source>,
    /// For slots in named parts, the smallest part and the element's position in it.
    in_part: HashMap<usize, (usize, usize)>,
}

const NOT_COMPUTED: Adjoint = Adjoint::NotComputed;

impl Trace {
    /// Takes plain data, from another program perhaps, as a trace.
    ///
    /// # Errors
    ///
    /// The first rule of [`TraceData::check`] that it breaks.
    pub fn new(data: TraceData) -> Result<Self, Malformed> {
        data.check()?;
        let mut starts = vec![0];
        starts.extend(data.nodes.iter().scan(0, |end, node| {
            *end += node.values.len();
            Some(*end)
        }));
        let (by_path, in_part) = labels::index(&data, &starts);
        Ok(Trace { data, starts, by_path, in_part })
    }

    /// The plain data.
    #[must_use]
    pub fn data(&self) -> &TraceData {
        &self.data
    }

    /// The plain data, to be changed.
    #[must_use]
    pub fn into_data(self) -> TraceData {
        self.data
    }

    /// The nodes in the order of recording: operands before the nodes that read them.
    #[must_use]
    pub fn nodes(&self) -> &[TraceNode] {
        &self.data.nodes
    }

    /// The comparisons that the program branched on, in order.
    #[must_use]
    pub fn guards(&self) -> &[TraceGuard] {
        &self.data.guards
    }

    /// What was differentiated, with cotangents; nothing if the trace was made of a tape alone.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        &self.data.outputs
    }

    /// The one number that was differentiated with cotangent 1, if that is what was done.
    #[must_use]
    pub fn loss(&self) -> Option<Slot> {
        match self.outputs() {
            [Output { of, cotangent: 1.0 }] => Some(self.at(*of)),
            _ => None,
        }
    }

    /// The scalar type that the tape computed with.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.data.precision
    }

    /// The numbers in the column.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts[self.data.nodes.len()]
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All slots in order.
    pub fn slots(&self) -> impl ExactSizeIterator<Item = Slot> + use<> {
        (0..self.len()).map(Slot)
    }

    /// The slots of a node.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn slots_of(&self, node: usize) -> impl ExactSizeIterator<Item = Slot> + use<> {
        (self.starts[node]..self.starts[node + 1]).map(Slot)
    }

    /// The node that a slot belongs to, and the position within.
    ///
    /// # Panics
    ///
    /// If the slot is not of this trace.
    #[must_use]
    pub fn spot(&self, slot: Slot) -> Spot {
        assert!(slot.0 < self.len(), "{slot} is not of this trace, which has {} slots", self.len());
        let node = self.starts.partition_point(|&start| start <= slot.0) - 1;
        Spot { node, position: slot.0 - self.starts[node] }
    }

    /// The slot of a spot.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    #[must_use]
    pub fn at(&self, spot: Spot) -> Slot {
        Slot(self.starts[spot.node] + spot.position)
    }

    /// The value in a slot.
    ///
    /// # Panics
    ///
    /// If the slot is not of this trace.
    #[must_use]
    pub fn value(&self, slot: Slot) -> f64 {
        let Spot { node, position } = self.spot(slot);
        self.data.nodes[node].values[position]
    }

    /// The adjoint in a slot.
    ///
    /// # Panics
    ///
    /// If the slot is not of this trace.
    #[must_use]
    pub fn adjoint(&self, slot: Slot) -> &Adjoint {
        let Spot { node, position } = self.spot(slot);
        self.data.nodes[node].adjoints.get(position).unwrap_or(&NOT_COMPUTED)
    }

    /// The slots that an operand reads, in row-major order.
    pub fn slots_read(&self, operand: &TraceOperand) -> impl Iterator<Item = Slot> + use<> {
        let slots: Vec<usize> = self.resolve(&operand.elements).slots().collect();
        slots.into_iter().map(Slot)
    }

    /// Gives the slots from the first on their adjoints; the sweep covers whole nodes, up to the
    /// output's.
    pub(crate) fn set_adjoints(&mut self, adjoints: Vec<Adjoint>) {
        let mut adjoints = adjoints.into_iter();
        for node in &mut self.data.nodes {
            node.adjoints = adjoints.by_ref().take(node.values.len()).collect();
        }
    }

    /// Gives a node other values, as many as it has.
    pub(crate) fn set_values(&mut self, node: usize, values: Vec<f64>) {
        debug_assert_eq!(values.len(), self.data.nodes[node].values.len());
        self.data.nodes[node].values = values;
    }

    pub(crate) fn resolve(&self, elements: &Elements) -> Strided {
        elements.resolve(&self.starts)
    }

    pub(crate) fn start(&self, node: usize) -> usize {
        self.starts[node]
    }
}

impl Serialize for Trace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.data.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Trace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Trace::new(TraceData::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
