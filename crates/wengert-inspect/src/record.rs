//! From a tape and its gradients to a trace.

use std::collections::HashSet;

use wengert::{Attributes, Edge, Gradients, Layout, NodeId, Scalar, Tape};

use crate::trace::strided::contiguous;
use crate::trace::{
    Adjoint, Elements, NamedPart, Output, Precision, Spot, Trace, TraceData, TraceGuard, TraceNode, TraceOperand,
    VERSION,
};
use crate::zero;

/// A scalar that a trace can hold exactly: `f64`, `f32`.
pub trait Traced: Scalar + sealed::Sealed {
    /// Which one.
    const PRECISION: Precision;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

impl Traced for f32 {
    const PRECISION: Precision = Precision::F32;
}

impl Traced for f64 {
    const PRECISION: Precision = Precision::F64;
}

/// The gradients were computed at other values than the tape now holds: a trace would show the two side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the gradients are stale: the tape was replayed or set since they were computed; run backward again, then trace"
)]
pub struct Stale;

impl Trace {
    /// Copies a tape with its values, and the adjoints that `gradients` holds.
    ///
    /// Zero adjoints are told apart here, once: no path, zero for a reason, or computed. See [`Adjoint`].
    ///
    /// # Errors
    ///
    /// [`Stale`] if the tape's values changed since the gradients were computed.
    pub fn of<S: Traced>(gradients: &Gradients<'_, S>) -> Result<Self, Stale> {
        if gradients.is_stale() {
            return Err(Stale);
        }
        let tape = gradients.tape();
        let (mut data, starts) = copy(tape);
        data.outputs = gradients
            .seeds()
            .map(|(slot, cotangent)| Output { of: spot(&starts, slot), cotangent: number(cotangent) })
            .collect();
        let mut trace = checked(data);
        let adjoints: Vec<f64> = gradients.adjoints().iter().map(|&adjoint| number(adjoint)).collect();
        trace.set_adjoints(zero::answers(&trace, &adjoints));
        Ok(trace)
    }

    /// Copies a tape with its values; every adjoint is "not computed".
    #[must_use]
    pub fn of_tape<S: Traced>(tape: &Tape<S>) -> Self {
        checked(copy(tape).0)
    }
}

/// A NaN's sign and payload are not defined across platforms, so one stands for all.
fn number<S: Scalar>(x: S) -> f64 {
    let x = x.to_f64();
    if x.is_nan() { f64::NAN } else { x }
}

fn checked(data: TraceData) -> Trace {
    match Trace::new(data) {
        Ok(trace) => trace,
        Err(error) => unreachable!("a tape upholds the rules of a trace: {error}"),
    }
}

fn spot(starts: &[usize], slot: NodeId) -> Spot {
    let node = starts.partition_point(|&start| start <= slot.slot()) - 1;
    Spot { node, position: slot.slot() - starts[node] }
}

fn elements(starts: &[usize], start: NodeId, layout: &Layout) -> Elements {
    let strides = (layout.strides() != contiguous(layout.dims())).then(|| layout.strides().to_vec());
    Elements { first: spot(starts, start), shape: layout.dims().to_vec(), strides }
}

/// Everything but adjoints, and the nodes' first slots.
fn copy<S: Traced>(tape: &Tape<S>) -> (TraceData, Vec<usize>) {
    let (paths, names, values) = (tape.paths(), tape.names(), tape.all_values());
    let nodes: Vec<wengert::Node> = tape.nodes().collect();
    let starts: Vec<usize> = nodes.iter().map(|node| node.id.slot()).collect();
    let whole = |name: &wengert::NameInfo| {
        let node = &nodes[starts.binary_search(&name.start.slot()).ok()?];
        (name.layout == Layout::contiguous(node.shape.clone())).then_some(node.index)
    };
    let named: HashSet<usize> = names.iter().filter_map(whole).collect();
    let mut taken = HashSet::new();
    // A name may look like a path that an unnamed node has: `mul#1`.
    let mut unique = |mut path: String| {
        while !taken.insert(path.clone()) {
            path.push('\'');
        }
        path
    };
    // Names are given first, so that an unnamed node makes way for them.
    let mut node_paths: Vec<Option<String>> =
        paths.iter().enumerate().map(|(i, path)| named.contains(&i).then(|| unique(path.clone()))).collect();
    let parts: Vec<NamedPart> = names
        .iter()
        .filter(|name| whole(name).is_none())
        .map(|name| NamedPart {
            path: unique(name.path.clone()),
            elements: elements(&starts, name.start, &name.layout),
            place: Some(name.place.to_string()),
        })
        .collect();
    for (path, automatic) in node_paths.iter_mut().zip(paths) {
        path.get_or_insert_with(|| unique(automatic));
    }
    let operand = |edge: &Edge| TraceOperand { elements: elements(&starts, edge.start, &edge.layout), cut: edge.cut };
    let trace_node = |(node, path): (&wengert::Node, Option<String>)| TraceNode {
        path: path.unwrap_or_default(),
        named: named.contains(&node.index),
        scope: tape.scope_of(node.id),
        op: node.op.name().to_owned(),
        shape: node.shape.dims().to_vec(),
        values: values[node.slots()].iter().map(|&value| number(value)).collect(),
        adjoints: Vec::<Adjoint>::new(),
        operands: node.operands.iter().map(operand).collect(),
        axes: if let Attributes::Axes(axes) = &node.attributes { axes.clone() } else { Vec::new() },
        positions: if let Attributes::Positions(positions) = &node.attributes { positions.clone() } else { Vec::new() },
        place: node.place.map(|place| place.to_string()),
    };
    let guards = tape.guards();
    let guards = guards.iter().map(|guard| TraceGuard {
        comparison: guard.comparison.symbol().to_owned(),
        left: spot(&starts, guard.left),
        right: spot(&starts, guard.right),
        outcome: guard.outcome,
        place: Some(guard.place.to_string()),
    });
    let data = TraceData {
        version: VERSION,
        precision: S::PRECISION,
        omitted: None,
        outputs: Vec::new(),
        nodes: nodes.iter().zip(node_paths).map(trace_node).collect(),
        parts,
        guards: guards.collect(),
    };
    (data, starts)
}
