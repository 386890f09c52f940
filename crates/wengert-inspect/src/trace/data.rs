//! The plain form of a trace: what is written to files, and what a foreign producer fills in.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::adjoint::Adjoint;
use super::number;
use crate::columns::count;

/// The newest version of the form. This crate reads 1 and 2, and writes 2 only where a node states
/// [partials](TraceNode::partials), which 1 does not have.
pub const VERSION: u32 = 2;

/// The first version whose nodes state partials.
pub(super) const PARTIALS: u32 = 2;

/// The scalar type that the tape computed with. Numbers of either kind are held, exactly, as `f64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// IEEE binary32.
    F32,
    /// IEEE binary64.
    F64,
}

/// A trace as plain data: a [`Trace`](super::Trace) once [`check`](TraceData::check) has passed.
///
/// The numbers of all nodes, one after the other, form one column; a number's position in it is its
/// [`Slot`](super::Slot). A list that may be empty, a position of 0, a `false` may be left out in
/// files.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceData {
    /// The version of the form: at most [`VERSION`].
    pub version: u32,
    /// What the tape computed with.
    pub precision: Precision,
    /// What of the tape is not here; nothing if the trace is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub omitted: Option<Omitted>,
    /// What was differentiated; nothing if adjoints were not computed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Output>,
    /// The nodes in the order of recording: operands before the nodes that read them.
    pub nodes: Vec<TraceNode>,
    /// Names of parts of nodes, or of elements of several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<NamedPart>,
    /// The comparisons that the program branched on, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<TraceGuard>,
}

/// What a trace does not hold of the tape that it was made of. It displays as a line:
/// `2 nodes with 2000 numbers (w, x)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Omitted {
    /// The most numbers that the trace was to hold.
    pub limit: usize,
    /// How many nodes are missing.
    pub nodes: usize,
    /// How many numbers they have.
    pub numbers: usize,
    /// The paths of the largest of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

impl fmt::Display for Omitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {}", count(self.nodes, "node"), count(self.numbers, "number"))?;
        let more = if self.paths.len() < self.nodes { ", ..." } else { "" };
        if self.paths.is_empty() { Ok(()) } else { write!(f, " ({}{more})", self.paths.join(", ")) }
    }
}

/// A number that was differentiated, and its cotangent: 1 for a loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Which number.
    pub of: Spot,
    /// What its adjoint started from.
    #[serde(with = "number")]
    pub cotangent: f64,
}

/// One step of the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceNode {
    /// `scope/name`, or `scope/op#k` for the k-th unnamed node of that op in that scope. Unique.
    pub path: String,
    /// Whether the path was given as a name.
    #[serde(default, skip_serializing_if = "is_false")]
    pub named: bool,
    /// The scope that was open, empty at the root.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// The op's name: `affine`, `sigmoid`. One that this version does not know can be shown but not
    /// explained.
    pub op: String,
    /// The extents, outermost first; none for a single number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shape: Vec<usize>,
    /// The numbers, row-major.
    #[serde(with = "number::list")]
    pub values: Vec<f64>,
    /// As many adjoints, or none if none was computed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adjoints: Vec<Adjoint>,
    /// What it reads, in the op's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operands: Vec<TraceOperand>,
    /// The axes that a reduction removes, ascending; the axis of a running sum, or along which
    /// operands are joined.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub axes: Vec<usize>,
    /// The row-major positions that a gather reads or a scatter_add writes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub positions: Vec<usize>,
    /// The Jacobian, of a node whose op does not say it: a function of a user's, a loop, a branch.
    /// For every operand a matrix, row-major: a row for each number of the node, a column for each
    /// of the operand. Empty for an operand that is cut; none at all if nothing is stated.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "number::lists")]
    pub partials: Vec<Vec<f64>>,
    /// The line of source that recorded or named it: `src/model.rs:12:9`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// One number of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spot {
    /// The node, by its index.
    pub node: usize,
    /// The row-major position within the node.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub position: usize,
}

/// Numbers of a trace as a shape: the element at index i stands `Σ iₐ strideₐ` slots after the
/// first, which may be in a later node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Elements {
    /// The first element.
    #[serde(flatten)]
    pub first: Spot,
    /// The extents, outermost first; none for a single number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shape: Vec<usize>,
    /// The distance in slots of neighbours along each axis; if left out, the elements are
    /// neighbouring slots in row-major order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strides: Option<Vec<usize>>,
}

/// What a node reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "FlatOperand")]
pub struct TraceOperand {
    /// Which numbers.
    #[serde(flatten)]
    pub elements: Elements,
    /// Whether derivatives stop here: a constant, data, or a detached handle.
    #[serde(skip_serializing_if = "is_false")]
    pub cut: bool,
}

/// A name for numbers that are not one whole node: a layer's weights within a block of parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "FlatPart")]
pub struct NamedPart {
    /// `scope/name`. Unique, among the nodes' paths too.
    pub path: String,
    /// Which numbers.
    #[serde(flatten)]
    pub elements: Elements,
    /// Where the name was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// A comparison that the program branched on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceGuard {
    /// `<`, `<=`, `>`, `>=` or `==`.
    pub comparison: String,
    /// The left side.
    pub left: Spot,
    /// The right side.
    pub right: Spot,
    /// How it came out.
    pub outcome: bool,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// An operand as it stands in a file. Serde cannot refuse unknown fields beside a flattened struct,
/// and `cuts` for `cut` would be lost.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlatOperand {
    node: usize,
    #[serde(default)]
    position: usize,
    #[serde(default)]
    shape: Vec<usize>,
    #[serde(default)]
    strides: Option<Vec<usize>>,
    #[serde(default)]
    cut: bool,
}

impl From<FlatOperand> for TraceOperand {
    fn from(flat: FlatOperand) -> Self {
        let FlatOperand { node, position, shape, strides, cut } = flat;
        TraceOperand { elements: Elements { first: Spot { node, position }, shape, strides }, cut }
    }
}

/// A named part as it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlatPart {
    path: String,
    node: usize,
    #[serde(default)]
    position: usize,
    #[serde(default)]
    shape: Vec<usize>,
    #[serde(default)]
    strides: Option<Vec<usize>>,
    #[serde(default)]
    place: Option<String>,
}

impl From<FlatPart> for NamedPart {
    fn from(flat: FlatPart) -> Self {
        let FlatPart { path, node, position, shape, strides, place } = flat;
        NamedPart {
            path,
            elements: Elements { first: Spot { node, position }, shape, strides },
            place,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
