//! A trace recorded again on a tape, by the core's own operations, so that it can be evaluated at
//! other numbers.

use wengert::op::Op;
use wengert::{Error, Leaf, Tape, Var};

use crate::digits::Digits;
use crate::trace::strided::contiguous;
use crate::trace::{Precision, Slot, Trace, TraceNode, TraceOperand, known_op};

/// Why a trace cannot be evaluated again.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum Obstacle {
    #[error("`{path}` has the op {op}, which is not known here")]
    Unknown { path: String, op: String },
    #[error("`{label}` is {found} by its op and operands, but the trace says {said}")]
    Value { label: String, found: String, said: String },
    #[error("nothing was differentiated")]
    NoOutput,
    #[error(transparent)]
    Refused(#[from] Error),
}

/// The nodes of a trace on a tape of `f64`, and what was differentiated as one number.
pub(super) struct Rebuilt<'t> {
    nodes: Vec<Var<'t>>,
    pub(super) output: Var<'t>,
}

impl<'t> Rebuilt<'t> {
    /// Records a trace on an empty tape, and compares every value with the trace's.
    pub(super) fn new(trace: &Trace, tape: &'t Tape) -> Result<Self, Obstacle> {
        let mut nodes: Vec<Var<'t>> = Vec::with_capacity(trace.nodes().len());
        // Another program's exp may differ in the last bits, and f32 numbers do.
        let tolerance = if trace.precision() == Precision::F32 { 1e-4 } else { 1e-9 };
        for (index, node) in trace.nodes().iter().enumerate() {
            let var = record(trace, tape, &nodes, node)?;
            for ((slot, found), &said) in trace.slots_of(index).zip(var.values()).zip(&node.values)
            {
                let close =
                    (found - said).abs() <= tolerance * said.abs().max(found.abs()).max(1e-300);
                if !(close || found == said || found.is_nan() && said.is_nan()) {
                    let text = |x: f64| Digits::new(x).to_string();
                    return Err(Obstacle::Value {
                        label: trace.label(slot),
                        found: text(found),
                        said: text(said),
                    });
                }
            }
            nodes.push(var);
        }
        let at = |slot: Slot| element(trace, &nodes, slot);
        for guard in trace.guards() {
            let (left, right) = (at(trace.at(guard.left))?, at(trace.at(guard.right))?);
            // Comparing handles records the guard; how it comes out is known.
            let _ = match guard.comparison.as_str() {
                "<" => left < right,
                "<=" => left <= right,
                ">" => left > right,
                ">=" => left >= right,
                _ => left == right,
            };
        }
        let mut output: Option<Var<'t>> = None;
        for seed in trace.outputs() {
            let mut term = at(trace.at(seed.of))?;
            if seed.cotangent != 1.0 {
                term = term.try_binary(wengert::op::Binary::Mul, seed.cotangent)?;
            }
            output = Some(match output {
                Some(sum) => sum.try_binary(wengert::op::Binary::Add, term)?,
                None => term,
            });
        }
        Ok(Rebuilt { output: output.ok_or(Obstacle::NoOutput)?, nodes })
    }

    /// The handle of one number.
    pub(super) fn at(&self, trace: &Trace, slot: Slot) -> Result<Var<'t>, Error> {
        element(trace, &self.nodes, slot)
    }
}

fn element<'t>(trace: &Trace, nodes: &[Var<'t>], slot: Slot) -> Result<Var<'t>, Error> {
    let spot = trace.spot(slot);
    let var = nodes[spot.node];
    if var.shape().rank() == 0 {
        Ok(var)
    } else {
        var.try_reshape([var.len()])?.try_at(spot.position)
    }
}

/// What an operand reads, as a view where one describes it, else as numbers stacked together.
fn operand<'t>(
    trace: &Trace,
    tape: &'t Tape,
    nodes: &[Var<'t>],
    read: &TraceOperand,
) -> Result<Var<'t>, Error> {
    let strided = trace.resolve(&read.elements);
    let first = read.elements.first;
    let var = nodes[first.node];
    let within = strided.last().is_some_and(|last| last < trace.start(first.node) + var.len());
    let read_as = if strided.len() == 1 {
        element(trace, nodes, Slot(strided.start))?.try_reshape(&*strided.shape)?
    } else if within && strided.strides == contiguous(&strided.shape) {
        let flat = var.try_reshape([var.len()])?;
        flat.try_slice(0, first.position..first.position + strided.len())?
            .try_reshape(&*strided.shape)?
    } else {
        let slots = strided.slots().map(|slot| element(trace, nodes, Slot(slot)));
        tape.try_stack(&slots.collect::<Result<Vec<_>, _>>()?)?.try_reshape(&*strided.shape)?
    };
    Ok(if read.cut { read_as.detach() } else { read_as })
}

fn record<'t>(
    trace: &Trace,
    tape: &'t Tape,
    nodes: &[Var<'t>],
    node: &TraceNode,
) -> Result<Var<'t>, Obstacle> {
    let unknown = || Obstacle::Unknown { path: node.path.clone(), op: node.op.clone() };
    let var = match known_op(&node.op).ok_or_else(unknown)? {
        // What does not move need not be a constant, whose slots are shared.
        Op::Leaf(Leaf::Const) => tape.tensor(Leaf::Data, &node.values, &*node.shape)?,
        Op::Leaf(leaf) => tape.tensor(leaf, &node.values, &*node.shape)?,
        op => {
            let operands = node.operands.iter().map(|read| operand(trace, tape, nodes, read));
            tape.apply(op, &operands.collect::<Result<Vec<_>, _>>()?, node.attributes())?
        }
    };
    Ok(if var.shape().dims() == node.shape { var } else { var.try_reshape(&*node.shape)? })
}
