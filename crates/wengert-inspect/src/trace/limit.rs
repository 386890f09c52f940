//! A trace cut down to a size, which says what was left out.

use std::cmp::Reverse;

use super::Trace;
use super::data::{
    Elements, Omitted, Output, Spot, TraceData, TraceGuard, TraceNode, TraceOperand,
};

/// Paths of what was left out that are kept, the largest first.
pub(crate) const NAMED: usize = 8;

impl Trace {
    /// The trace with at most so many numbers, if whole nodes can be left out to that end.
    ///
    /// The largest nodes go first, of equal ones the first recorded; and with a node everything
    /// that it was computed from. So what stays is the part nearest to the output, the readers of a
    /// kept number are all kept, and every adjoint is the tape's. A node that read what was left
    /// out has an op that says so, `affine (operands left out)`: it can be shown and not explained.
    /// [`omitted`](Trace::omitted) says what is missing, and so do the file and the header of a
    /// text. The last output stays however large it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_inspect::Trace;
    ///
    /// let tape = wengert::Tape::new();
    /// let (x, w) = (tape.data([0.5; 1000]).named("x"), tape.param([0.1; 1000]).named("w"));
    /// let loss = (w.dot(x).named("z").tanh().named("y") - 1.0).square().named("L");
    /// let trace = Trace::of(&loss.backward())?.limited(100);
    /// assert!(trace.len() <= 100 && trace.slot("y").is_some());
    /// let omitted = trace.omitted().expect("w and x are large");
    /// assert_eq!((omitted.nodes, omitted.numbers), (2, 2000));
    /// # Ok::<(), wengert_inspect::Stale>(())
    /// ```
    #[must_use]
    pub fn limited(self, numbers: usize) -> Self {
        if self.len() <= numbers {
            return self;
        }
        let sizes: Vec<usize> = self.nodes().iter().map(|node| node.values.len()).collect();
        let last = self.outputs().iter().map(|output| output.of.node).max();
        let dropped = choose(&sizes, last, numbers, |node| {
            self.nodes()[node]
                .operands
                .iter()
                .flat_map(|operand| self.nodes_read(&operand.elements))
                .collect()
        });
        let (mut gone, earlier): (Vec<&TraceNode>, Omitted) = (
            self.nodes()
                .iter()
                .zip(&dropped)
                .filter(|(_, gone)| **gone)
                .map(|(node, _)| node)
                .collect(),
            self.omitted().cloned().unwrap_or_default(),
        );
        gone.sort_by_key(|node| Reverse(node.values.len()));
        let omitted = Omitted {
            limit: numbers,
            nodes: gone.len() + earlier.nodes,
            numbers: gone.iter().map(|node| node.values.len()).sum::<usize>() + earlier.numbers,
            paths: gone
                .iter()
                .map(|node| node.path.clone())
                .chain(earlier.paths)
                .take(NAMED)
                .collect(),
        };
        self.without(dropped, omitted)
    }

    /// Without some nodes.
    pub(crate) fn without(&self, dropped: Vec<bool>, omitted: Omitted) -> Self {
        match Trace::new(Cut::new(self, dropped).data(omitted)) {
            Ok(trace) => trace,
            Err(error) => unreachable!("what is left of a trace is one: {error}"),
        }
    }

    /// What was left out by [`limited`](Trace::limited), here or by the producer of a file; `None`
    /// if the trace is complete.
    #[must_use]
    pub fn omitted(&self) -> Option<&Omitted> {
        self.data.omitted.as_ref()
    }
}

/// Which nodes to leave out, so that at most so many numbers are left: `read` tells what a node
/// reads. The last output stays.
pub(crate) fn choose(
    sizes: &[usize],
    last: Option<usize>,
    numbers: usize,
    read: impl Fn(usize) -> Vec<usize>,
) -> Vec<bool> {
    let last = last.unwrap_or(sizes.len().saturating_sub(1));
    let mut order: Vec<usize> = (0..sizes.len()).filter(|&node| node != last).collect();
    order.sort_by_key(|&node| (Reverse(sizes[node]), node));
    let (mut dropped, mut left) = (vec![false; sizes.len()], sizes.iter().sum::<usize>());
    for node in order {
        if left <= numbers {
            break;
        }
        let mut waiting = vec![node];
        while let Some(node) = waiting.pop() {
            if !std::mem::replace(&mut dropped[node], true) {
                left -= sizes[node];
                waiting.extend(read(node));
            }
        }
    }
    dropped
}

/// A trace and the nodes that are to go.
struct Cut<'a> {
    trace: &'a Trace,
    dropped: Vec<bool>,
    /// The new index of a kept node.
    index: Vec<usize>,
    /// How many slots were dropped before a node.
    before: Vec<usize>,
}

impl<'a> Cut<'a> {
    fn new(trace: &'a Trace, dropped: Vec<bool>) -> Self {
        let (mut index, mut before) =
            (Vec::with_capacity(dropped.len()), Vec::with_capacity(dropped.len()));
        let (mut kept, mut slots) = (0, 0);
        for (node, &gone) in trace.nodes().iter().zip(&dropped) {
            index.push(kept);
            before.push(slots);
            kept += usize::from(!gone);
            slots += if gone { node.values.len() } else { 0 };
        }
        Cut { trace, dropped, index, before }
    }

    fn spot(&self, spot: Spot) -> Option<Spot> {
        (!self.dropped[spot.node]).then(|| Spot { node: self.index[spot.node], ..spot })
    }

    /// The same elements, unless one of them is gone, or some that lay between them.
    fn elements(&self, elements: &Elements) -> Option<Elements> {
        let nodes = self.trace.nodes_read(elements);
        let moved = self.before[elements.first.node];
        let whole = nodes.iter().all(|&node| !self.dropped[node] && self.before[node] == moved);
        whole.then(|| Some(Elements { first: self.spot(elements.first)?, ..elements.clone() }))?
    }

    fn node(&self, node: &TraceNode) -> TraceNode {
        let operand = |operand: &TraceOperand| {
            Some(TraceOperand { elements: self.elements(&operand.elements)?, cut: operand.cut })
        };
        let operands: Vec<Option<TraceOperand>> = node.operands.iter().map(operand).collect();
        let mut kept = node.clone();
        let mut stays = operands.iter().map(Option::is_some);
        kept.partials.retain(|_| stays.next().unwrap_or(false));
        let operands: Vec<TraceOperand> = operands.into_iter().flatten().collect();
        if operands.len() < node.operands.len() {
            kept.op = format!("{} (operands left out)", node.op);
        }
        kept.operands = operands;
        kept
    }

    fn data(&self, omitted: Omitted) -> TraceData {
        let data = self.trace.data();
        let kept = data.nodes.iter().zip(&self.dropped).filter(|(_, gone)| !**gone);
        let output = |output: &Output| Some(Output { of: self.spot(output.of)?, ..output.clone() });
        let guard = |guard: &TraceGuard| {
            Some(TraceGuard {
                left: self.spot(guard.left)?,
                right: self.spot(guard.right)?,
                ..guard.clone()
            })
        };
        let part = |part: &super::NamedPart| {
            Some(super::NamedPart { elements: self.elements(&part.elements)?, ..part.clone() })
        };
        TraceData {
            version: data.version,
            precision: data.precision,
            omitted: Some(omitted),
            outputs: data.outputs.iter().filter_map(output).collect(),
            nodes: kept.map(|(node, _)| self.node(node)).collect(),
            parts: data.parts.iter().filter_map(part).collect(),
            guards: data.guards.iter().filter_map(guard).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Slot;

    /// A chain on a block of weights, each step named.
    fn chain(length: usize) -> Trace {
        let tape = wengert::Tape::new();
        let w = tape.param(vec![0.5; length]).named("w");
        let mut y = tape.input(1.0).named("x");
        for i in 0..length {
            y = (y * w.at(i)).named(&format!("y{i}"));
        }
        Trace::of(&y.named("L").backward()).unwrap()
    }

    #[test]
    fn what_fits_is_left_alone() {
        let trace = chain(10);
        assert_eq!(trace.clone().limited(trace.len()).data().omitted, None);
    }

    #[test]
    fn what_stays_is_nearest_to_the_output_and_has_its_adjoints() {
        let whole = chain(10);
        let trace = whole.clone().limited(5);
        assert_eq!(trace.len(), 5);
        let omitted = trace.omitted().unwrap();
        // The block of ten goes first, then the input and the first steps.
        assert_eq!((omitted.limit, omitted.nodes, omitted.numbers), (5, 7, 16));
        assert_eq!(omitted.paths[0], "w");
        for slot in trace.slots() {
            let there = whole.slot(&trace.label(slot)).unwrap();
            assert_eq!(trace.value(slot).to_bits(), whole.value(there).to_bits());
            assert_eq!(trace.adjoint(slot), whole.adjoint(there));
        }
        assert_eq!(trace.nodes()[0].op, "mul (operands left out)");
        assert!(trace.nodes()[0].operands.is_empty());
        // Its reader's op is known but for the weight.
        assert!(!trace.is_explained(Slot(0)));
        // Limited again, it says all that is missing.
        let omitted = trace.limited(2).omitted().cloned().unwrap();
        assert_eq!((omitted.limit, omitted.nodes, omitted.numbers), (2, 10, 19));
    }

    #[test]
    fn the_output_stays_however_large() {
        let tape = wengert::Tape::new();
        let x = tape.input([1.0; 50]).named("x");
        let y = x.exp().named("y");
        let trace = Trace::of(&y.backward_with(&[1.0; 50]).unwrap()).unwrap().limited(3);
        assert_eq!((trace.len(), trace.outputs().len()), (50, 50));
        assert_eq!(trace.omitted().unwrap().numbers, 50);
    }

    #[test]
    fn every_limit_leaves_a_trace() {
        let tape = wengert::Tape::new();
        let x = tape.input([0.5, 1.5, -0.5, 0.25]).named("x");
        let (a, b) = (x.at(0).exp().named("a"), (x.at(1) * x.at(2)).named("b"));
        let both = tape.stack(&[a, x.at(3), b, x.at(3)]).named("both");
        let y = (both.sum() * both.slice(0, 1..3).named("part").sum()).named("y");
        let trace = Trace::of(&y.backward()).unwrap();
        for limit in 0..trace.len() {
            let cut = trace.clone().limited(limit);
            assert!(cut.len() <= limit.max(1), "{limit}");
            assert_eq!(cut.omitted().unwrap().numbers, trace.len() - cut.len());
            assert!(cut.slot("y").is_some());
        }
    }
}
