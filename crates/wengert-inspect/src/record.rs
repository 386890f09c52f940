//! From a tape and its gradients to a trace.

use std::collections::HashSet;

use wengert::node::{Edge, Layout, NameInfo, Node, NodeId};
use wengert::{Gradients, Scalar, Tape};

use crate::trace::limit;
use crate::trace::strided::contiguous;
use crate::trace::{
    Adjoint, Elements, NamedPart, Omitted, Output, Precision, Spot, Trace, TraceData, TraceGuard,
    TraceNode, TraceOperand, VERSION,
};
use crate::{stated, zero};

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

/// The gradients were computed at other values than the tape now holds: a trace would show the two
/// side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the gradients are stale: the tape was replayed or set since they were computed; run backward again, then trace"
)]
pub struct Stale;

impl Trace {
    /// Copies a tape with its values, and the adjoints that `gradients` holds.
    ///
    /// Zero adjoints are told apart here, once: no path, zero for a reason, or computed. See
    /// [`Adjoint`].
    ///
    /// # Errors
    ///
    /// [`Stale`] if the tape's values changed since the gradients were computed.
    pub fn of<S: Traced>(gradients: &Gradients<'_, S>) -> Result<Self, Stale> {
        Trace::of_nodes(gradients, &|_| Taken::Whole)
    }

    /// As [`of`](Trace::of), with at most so many numbers: what does not fit is not copied. The
    /// trace is that of [`limited`](Trace::limited), whose documentation says what stays, and it
    /// says what was left out.
    ///
    /// # Errors
    ///
    /// [`Stale`] if the tape's values changed since the gradients were computed.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_inspect::Trace;
    ///
    /// let tape = wengert::Tape::new();
    /// let mut y = tape.input(0.5).named("x");
    /// for _ in 0..100_000 {
    ///     y = y.sin();
    /// }
    /// let trace = Trace::of_at_most(1_000, &y.named("L").backward())?;
    /// assert_eq!(trace.len(), 1_000);
    /// assert_eq!(trace.omitted().map(|omitted| omitted.nodes), Some(99_001));
    /// # Ok::<(), wengert_inspect::Stale>(())
    /// ```
    pub fn of_at_most<S: Traced>(
        numbers: usize,
        gradients: &Gradients<'_, S>,
    ) -> Result<Self, Stale> {
        let tape = gradients.tape();
        if tape.slots() <= numbers {
            return Trace::of(gradients);
        }
        let reads = Reads::of(tape);
        let last = gradients.seeds().map(|(slot, _)| reads.node(slot.slot())).max();
        let dropped = limit::choose(&reads.sizes, last, numbers, |node| reads.nodes(node).to_vec());
        // What a kept node reads is needed to tell why an adjoint is zero; it goes afterwards.
        let mut taken: Vec<Taken> =
            dropped.iter().map(|&gone| if gone { Taken::Not } else { Taken::Whole }).collect();
        for node in (0..dropped.len()).filter(|&node| !dropped[node]) {
            for &(first, end) in reads.runs(node) {
                let read = taken[first..=end].iter_mut().filter(|taken| **taken == Taken::Not);
                read.for_each(|taken| *taken = Taken::Read);
            }
        }
        let trace = Trace::of_nodes(gradients, &|node| taken[node])?;
        let mut gone: Vec<usize> = (0..dropped.len()).filter(|&node| dropped[node]).collect();
        let (nodes, slots) = (gone.len(), gone.iter().map(|&node| reads.sizes[node]).sum());
        gone.sort_by_key(|&node| std::cmp::Reverse(reads.sizes[node]));
        let paths = tape.paths();
        let paths = gone.iter().take(limit::NAMED).map(|&node| paths[node].clone()).collect();
        let omitted = Omitted { limit: numbers, nodes, numbers: slots, paths };
        let only_read =
            taken.iter().filter(|taken| **taken != Taken::Not).map(|taken| *taken == Taken::Read);
        Ok(trace.without(only_read.collect(), omitted))
    }

    fn of_nodes<S: Traced>(
        gradients: &Gradients<'_, S>,
        taken: &dyn Fn(usize) -> Taken,
    ) -> Result<Self, Stale> {
        if gradients.is_stale() {
            return Err(Stale);
        }
        let copy = Copy::of(gradients.tape(), taken);
        let mut data = copy.data();
        let seed = |(slot, cotangent): (NodeId, S)| {
            Some(Output { of: copy.spot(slot.slot())?, cotangent: number(cotangent) })
        };
        data.outputs = gradients.seeds().filter_map(seed).collect();
        let mut trace = checked(data);
        let column = gradients.adjoints();
        let covered = copy.slots().take_while(|&slot| slot < column.len());
        let adjoints: Vec<f64> = covered.map(|slot| number(column[slot])).collect();
        trace.set_adjoints(zero::answers(&trace, &adjoints));
        Ok(trace)
    }

    /// Copies a tape with its values; every adjoint is "not computed".
    #[must_use]
    pub fn of_tape<S: Traced>(tape: &Tape<S>) -> Self {
        checked(Copy::of(tape, &|_| Taken::Whole).data())
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

/// Whether a node is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// With what it reads.
    Whole,
    /// Its numbers, because a node reads them.
    Read,
    /// Not at all.
    Not,
}

/// A tape of which some nodes are copied.
struct Copy<'t, 'a, S: Scalar> {
    tape: &'t Tape<S>,
    taken: &'a dyn Fn(usize) -> Taken,
    /// Every node's first slot.
    starts: Vec<usize>,
    /// Every node's index among those that are copied.
    index: Vec<usize>,
}

impl<'t, 'a, S: Traced> Copy<'t, 'a, S> {
    fn of(tape: &'t Tape<S>, taken: &'a dyn Fn(usize) -> Taken) -> Self {
        let (mut starts, mut index, mut count) = (Vec::new(), Vec::new(), 0);
        for node in tape.nodes() {
            starts.push(node.id.slot());
            index.push(count);
            count += usize::from(taken(node.index) != Taken::Not);
        }
        Copy { tape, taken, starts, index }
    }

    fn node(&self, slot: usize) -> usize {
        self.starts.partition_point(|&start| start <= slot) - 1
    }

    fn is_taken(&self, node: usize) -> bool {
        (self.taken)(node) != Taken::Not
    }

    /// The slots that are copied, in order.
    fn slots(&self) -> impl Iterator<Item = usize> + '_ {
        let ends = self.starts.iter().skip(1).copied().chain([self.tape.slots()]);
        let nodes = self
            .starts
            .iter()
            .copied()
            .zip(ends)
            .enumerate()
            .filter(|&(node, _)| self.is_taken(node));
        nodes.flat_map(|(_, (start, end))| start..end)
    }

    fn spot(&self, slot: usize) -> Option<Spot> {
        let node = self.node(slot);
        self.is_taken(node)
            .then(|| Spot { node: self.index[node], position: slot - self.starts[node] })
    }

    /// The elements, if all between the first and the last are copied, so that the distances are
    /// the same.
    fn elements(&self, start: NodeId, layout: &Layout) -> Option<Elements> {
        let strides =
            (layout.strides() != contiguous(layout.dims())).then(|| layout.strides().to_vec());
        let first = self.spot(start.slot())?;
        let nodes = self.node(start.slot())..=self.node(last_slot(start, layout));
        let whole = nodes.into_iter().all(|node| self.is_taken(node));
        whole.then(|| Elements { first, shape: layout.dims().to_vec(), strides })
    }

    /// Everything but outputs and adjoints.
    fn data(&self) -> TraceData {
        let (names, paths) = (self.tape.names(), self.tape.paths());
        let names: Vec<(&NameInfo, Option<usize>)> =
            names.iter().map(|name| (name, self.whole(name))).collect();
        let named: HashSet<usize> = names.iter().filter_map(|(_, whole)| *whole).collect();
        let mut taken = HashSet::new();
        // A name may look like a path that an unnamed node has: `mul#1`.
        let mut unique = |mut path: String| {
            while !taken.insert(path.clone()) {
                path.push('\'');
            }
            path
        };
        // Names are given first, so that an unnamed node makes way for them.
        let mut node_paths: Vec<Option<String>> = paths
            .iter()
            .enumerate()
            .map(|(i, path)| named.contains(&i).then(|| unique(path.clone())))
            .collect();
        let part = |&(name, whole): &(&NameInfo, Option<usize>)| {
            let elements = self.elements(name.start, &name.layout).filter(|_| whole.is_none())?;
            Some(NamedPart {
                path: unique(name.path.clone()),
                elements,
                place: Some(name.place.to_string()),
            })
        };
        let parts: Vec<NamedPart> = names.iter().filter_map(part).collect();
        for (path, automatic) in node_paths.iter_mut().zip(paths) {
            path.get_or_insert_with(|| unique(automatic));
        }
        let values = self.tape.all_values();
        let nodes = self.tape.nodes().zip(node_paths).filter(|(node, _)| self.is_taken(node.index));
        let nodes = nodes.map(|(node, path)| {
            let named = named.contains(&node.index);
            self.copied(&node, path.unwrap_or_default(), named, &values)
        });
        let guard = |guard: &wengert::node::GuardInfo| {
            Some(TraceGuard {
                comparison: guard.comparison.symbol().to_owned(),
                left: self.spot(guard.left.slot())?,
                right: self.spot(guard.right.slot())?,
                outcome: guard.outcome,
                place: Some(guard.place.to_string()),
            })
        };
        let nodes: Vec<TraceNode> = nodes.collect();
        // Whoever reads version 1 alone can read what needs no more.
        let stated = nodes.iter().any(|node| !node.partials.is_empty());
        TraceData {
            version: if stated { VERSION } else { 1 },
            precision: S::PRECISION,
            omitted: None,
            outputs: Vec::new(),
            nodes,
            parts,
            guards: self.tape.guards().iter().filter_map(guard).collect(),
        }
    }

    /// The node that a name is the whole of.
    fn whole(&self, name: &NameInfo) -> Option<usize> {
        let index = self.starts.binary_search(&name.start.slot()).ok()?;
        let node = self.tape.node(name.start)?;
        (name.layout == Layout::contiguous(node.shape)).then_some(index)
    }

    fn copied(&self, node: &Node, path: String, named: bool, values: &[S]) -> TraceNode {
        let operand = |edge: &Edge| {
            let elements = self.elements(edge.start, &edge.layout);
            TraceOperand {
                elements: elements.unwrap_or_else(|| unreachable!("what is read is copied")),
                cut: edge.cut,
            }
        };
        let whole = (self.taken)(node.index) == Taken::Whole;
        let axes = node.attributes.axes().iter().map(|&axis| axis as usize).collect();
        let positions = node.attributes.positions().iter().map(|&p| p as usize).collect();
        TraceNode {
            path,
            named,
            scope: self.tape.scope_of(node.id),
            // Of a node that is only read, what computed it does not matter.
            op: if whole || node.op.is_leaf() {
                node.op_name().to_owned()
            } else {
                "left out".to_owned()
            },
            shape: node.shape.dims().to_vec(),
            values: values[node.slots()].iter().map(|&value| number(value)).collect(),
            adjoints: Vec::<Adjoint>::new(),
            operands: if whole { node.operands.iter().map(operand).collect() } else { Vec::new() },
            axes,
            positions,
            partials: if whole { stated::partials(node, values) } else { Vec::new() },
            place: node.place.map(|place| place.to_string()),
        }
    }
}

fn last_slot(start: NodeId, layout: &Layout) -> usize {
    let steps =
        layout.dims().iter().zip(layout.strides()).map(|(&extent, &stride)| (extent - 1) * stride);
    start.slot() + steps.sum::<usize>()
}

/// What each node of a tape reads, in little memory.
struct Reads {
    sizes: Vec<usize>,
    starts: Vec<usize>,
    /// Of each operand, in order: the node of its first element, and that of its last.
    runs: Vec<(usize, usize)>,
    nodes: Vec<usize>,
    /// Where a node's part of `runs` and of `nodes` begins.
    offsets: Vec<(usize, usize)>,
}

impl Reads {
    fn of<S: Scalar>(tape: &Tape<S>) -> Self {
        let (sizes, starts) = tape.nodes().map(|node| (node.shape.len(), node.id.slot())).unzip();
        let mut reads =
            Reads { sizes, starts, runs: Vec::new(), nodes: Vec::new(), offsets: vec![(0, 0)] };
        for node in tape.nodes() {
            for edge in &node.operands {
                let (first, last) = (
                    reads.node(edge.start.slot()),
                    reads.node(last_slot(edge.start, &edge.layout)),
                );
                reads.runs.push((first, last));
                if first == last {
                    reads.nodes.push(first);
                } else {
                    let mut read: Vec<usize> = edge.slots().map(|slot| reads.node(slot)).collect();
                    read.sort_unstable();
                    read.dedup();
                    reads.nodes.extend(read);
                }
            }
            reads.offsets.push((reads.runs.len(), reads.nodes.len()));
        }
        reads
    }

    fn node(&self, slot: usize) -> usize {
        self.starts.partition_point(|&start| start <= slot) - 1
    }

    fn nodes(&self, node: usize) -> &[usize] {
        &self.nodes[self.offsets[node].1..self.offsets[node + 1].1]
    }

    fn runs(&self, node: usize) -> &[(usize, usize)] {
        &self.runs[self.offsets[node].0..self.offsets[node + 1].0]
    }
}
