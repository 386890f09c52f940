//! What a step of a tape reads, entry by entry, and in which operands it is curved.

use wengert::node::{Layout, Node};
use wengert::op::{Binary, Op, Structural, Unary};
use wengert::rulebook::rules::Partial;
use wengert::rulebook::{Entry, Site, Tensor, entries};
use wengert::{Scalar, Shape};

/// Calls `visit` for every entry of a node's Jacobian that may differ from zero at some values.
///
/// The rule book's entries by operands that are not cut. Of an elementwise operation an entry that
/// the rule states to be zero is zero everywhere (`floor`, a comparison, an integer exponent). Of a
/// structural one a zero says that a choice fell on another element at the present values, and the
/// entry counts.
pub(crate) fn each_entry<S: Scalar>(node: &Node, values: &[S], mut visit: impl FnMut(Entry<S>)) {
    let site = Site {
        operands: node
            .operands
            .iter()
            .map(|edge| Tensor { data: values, start: edge.start.slot(), layout: &edge.layout })
            .collect(),
        cut: node.operands.iter().map(|edge| edge.cut).collect(),
        shape: &node.shape,
        attributes: &node.attributes,
        run: &values[node.slots()],
    };
    let elementwise = !matches!(node.op, Op::Structural(_));
    entries(node.op, &site, |entry| {
        if !(elementwise && matches!(entry.partial, Partial::Zero)) {
            visit(entry);
        }
    });
}

/// Whether an operation goes along an axis and takes one element more in at every step. Its
/// entries, n² of them, follow from that.
pub(crate) fn is_running(node: &Node) -> bool {
    use Structural::{CumProd, CumSum, CumSumBack};
    matches!(node.op, Op::Structural(CumSum | CumSumBack | CumProd))
}

/// Of a running operation every lane: the slots of its result, each with the slot of the element
/// that is taken in there, in that order. No lane if no derivative passes.
pub(crate) fn lanes(node: &Node) -> Vec<Vec<(usize, usize)>> {
    let operand = &node.operands[0];
    if operand.cut {
        return Vec::new();
    }
    let own = Layout::contiguous(Shape::from(node.shape.dims()));
    let axis = usize::from(node.attributes.axes()[0]);
    let (extent, stride) = (own.dims()[axis], own.strides()[axis]);
    let slots: Vec<usize> = operand.slots().collect();
    let first = (0..slots.len()).filter(|element| element / stride % extent == 0);
    first
        .map(|first| {
            let place = |k: usize| first + k * stride;
            let pair = |k: usize| (node.id.slot() + place(k), slots[place(k)]);
            match node.op {
                Op::Structural(Structural::CumSumBack) => (0..extent).rev().map(pair).collect(),
                _ => (0..extent).map(pair).collect(),
            }
        })
        .collect()
}

/// Where the second derivatives of an operation may differ from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curvature {
    /// Nowhere: it is linear, or made of linear pieces.
    None,
    /// By pairs of operands, element by element.
    Operands(&'static [(usize, usize)]),
    /// By a number read as operand `.0` and its factor, an element of operand `.1`.
    Products(usize, usize),
    /// By every two of the numbers that an element is made of.
    All,
}

/// The curvature of an operation. Kinks are no curvature, as in a sweep on dual numbers.
pub(crate) fn curvature(op: Op) -> Curvature {
    use Curvature::{All, Operands, Products};
    const CROSS: Curvature = Operands(&[(0, 1)]);
    const BOTH: Curvature = Operands(&[(0, 0), (0, 1), (1, 1)]);
    match op {
        Op::Leaf(_) => Curvature::None,
        Op::Unary(op) => match op {
            Unary::Neg | Unary::Abs | Unary::Relu => Curvature::None,
            Unary::Signum | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc => {
                Curvature::None
            }
            _ => Operands(&[(0, 0)]),
        },
        Op::Binary(op) => match op {
            Binary::Add | Binary::Sub | Binary::Rem | Binary::Min | Binary::Max => Curvature::None,
            Binary::Gt | Binary::Ge | Binary::Eq => Curvature::None,
            Binary::Mul | Binary::MulNoNan | Binary::MulNoNanEither => CROSS,
            Binary::Div => Operands(&[(0, 1), (1, 1)]),
            Binary::Powi => Operands(&[(0, 0)]),
            _ => BOTH,
        },
        Op::Structural(op) => match op {
            Structural::MatMul => Products(0, 1),
            Structural::Affine => Products(1, 2),
            Structural::Sum
            | Structural::Max
            | Structural::Min
            | Structural::CumSum
            | Structural::CumSumBack
            | Structural::Concat
            | Structural::Stack
            | Structural::Contiguous
            | Structural::Gather
            | Structural::ScatterAdd
            | Structural::Take
            | Structural::TakeBack
            | Structural::Select => Curvature::None,
            // LogSumExp, CumProd, and what this crate does not know yet.
            _ => All,
        },
    }
}
