//! The Jacobian of a node whose op does not say it: computed from the tape when a trace is made, and
//! stated in the trace.

use std::collections::HashMap;

use wengert::node::Node;
use wengert::op::Op;
use wengert::rulebook::{Site, Tensor, entries};
use wengert::{Scalar, Shape};

/// The most partials that a node states. A number of the node costs a sweep of its function, and a
/// partial 20 bytes of a file, so a long loop that returns all its rows stays unexplained.
const MOST: usize = 4_096;

/// What a node of a tape states: a matrix for each operand, row-major, empty for one that is cut;
/// nothing if the op says the Jacobian, or if the matrices would be too large.
pub(crate) fn partials<S: Scalar>(node: &Node, values: &[S]) -> Vec<Vec<f64>> {
    let Op::Structural(op) = node.op else { return Vec::new() };
    let (rows, end) = (node.shape.len(), node.id.slot());
    let columns = |i: usize| if node.operands[i].cut { 0 } else { node.operands[i].layout.len() };
    let all: usize = (0..node.operands.len()).map(columns).sum();
    if !op.runs_a_body() || all.checked_mul(rows).is_none_or(|count| count > MOST) {
        return Vec::new();
    }
    let mut matrices: Vec<Vec<f64>> =
        (0..node.operands.len()).map(|i| vec![0.0; rows * columns(i)]).collect();
    // A number that an operand reads several times stands where it is read first.
    let mut places: HashMap<(usize, usize), usize> = HashMap::new();
    for (i, edge) in node.operands.iter().enumerate() {
        for (position, slot) in edge.slots().enumerate() {
            places.entry((i, slot)).or_insert(position);
        }
    }
    let shape: Shape = node.shape.clone();
    let tensor = |edge: &wengert::node::Edge| (edge.start.slot(), edge.layout.clone());
    let layouts: Vec<_> = node.operands.iter().map(tensor).collect();
    let site = Site {
        operands: layouts
            .iter()
            .map(|(start, layout)| Tensor { data: &values[..end], start: *start, layout })
            .collect(),
        cut: node.operands.iter().map(|edge| edge.cut).collect(),
        shape: &shape,
        attributes: &node.attributes,
        run: &values[node.slots()],
    };
    entries(node.op, &site, |entry| {
        let at = entry.out * columns(entry.operand) + places[&(entry.operand, entry.slot)];
        let partial = entry.partial.value(S::from_f64(1.0)).to_f64();
        matrices[entry.operand][at] = if partial.is_nan() { f64::NAN } else { partial };
    });
    matrices
}
