//! Which node of the one trace is which of the other.
//!
//! Nodes with a name go by it. A path such as `mul#3` is a count, and one node recorded more before
//! it makes it `mul#4`; so nodes that nobody named are paired by what they compute from what has a
//! name. Of those that are left, which compute from something that is another, the longest sequence
//! that both have is paired; and only then by path.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};

use crate::trace::{Trace, TraceOperand};

/// For each node of either trace, its like in the other.
#[derive(Debug)]
pub(super) struct Pairs {
    pub(super) ours: Vec<Option<usize>>,
    pub(super) theirs: Vec<Option<usize>>,
}

impl Pairs {
    pub(super) fn new(ours: &Trace, theirs: &Trace) -> Self {
        let mut pairs = Pairs {
            ours: vec![None; ours.nodes().len()],
            theirs: vec![None; theirs.nodes().len()],
        };
        let mut waiting: HashMap<(&str, u64), VecDeque<usize>> = HashMap::new();
        let mut by_path: HashMap<&str, usize> = HashMap::new();
        for (j, (node, signature)) in theirs.nodes().iter().zip(signatures(theirs)).enumerate() {
            by_path.insert(&node.path, j);
            if !node.named {
                waiting.entry((&node.scope, signature)).or_default().push_back(j);
            }
        }
        for (i, (node, signature)) in ours.nodes().iter().zip(signatures(ours)).enumerate() {
            let like = if node.named {
                by_path.get(node.path.as_str()).copied().filter(|&j| theirs.nodes()[j].named)
            } else {
                waiting.get_mut(&(node.scope.as_str(), signature)).and_then(VecDeque::pop_front)
            };
            pairs.set(i, like);
        }
        pairs.in_sequence(ours, theirs);
        for (i, node) in ours.nodes().iter().enumerate() {
            let free = by_path
                .get(node.path.as_str())
                .filter(|&&j| pairs.ours[i].is_none() && pairs.theirs[j].is_none());
            pairs.set(i, free.copied());
        }
        pairs
    }

    /// Pairs the longest common sequence of the nodes that have no like yet, by what they look like
    /// on their own.
    fn in_sequence(&mut self, ours: &Trace, theirs: &Trace) {
        let left = |trace: &Trace, pairs: &[Option<usize>]| -> Vec<(usize, u64)> {
            let free = (0..trace.nodes().len())
                .filter(|&node| pairs[node].is_none() && !trace.nodes()[node].named);
            free.map(|node| (node, look(trace, node))).collect()
        };
        let (a, b) = (left(ours, &self.ours), left(theirs, &self.theirs));
        if a.len().saturating_mul(b.len()) > LONGEST {
            return;
        }
        // length[i][j]: of the longest common sequence of a[i..] and b[j..].
        let mut length = vec![vec![0_u32; b.len() + 1]; a.len() + 1];
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                length[i][j] = if a[i].1 == b[j].1 {
                    length[i + 1][j + 1] + 1
                } else {
                    length[i + 1][j].max(length[i][j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < a.len() && j < b.len() {
            if a[i].1 == b[j].1 {
                self.set(a[i].0, Some(b[j].0));
                (i, j) = (i + 1, j + 1);
            } else if length[i + 1][j] >= length[i][j + 1] {
                i += 1;
            } else {
                j += 1;
            }
        }
    }

    fn set(&mut self, ours: usize, theirs: Option<usize>) {
        if let Some(theirs) = theirs {
            self.ours[ours] = Some(theirs);
            self.theirs[theirs] = Some(ours);
        }
    }
}

/// Above so many comparisons the nodes that are left are paired by path alone.
const LONGEST: usize = 4_000_000;

/// A number for what a node looks like without what it is computed from: its scope, op and shape,
/// and the names, constants and ops that it reads.
fn look(trace: &Trace, index: usize) -> u64 {
    let (node, mut hash) = (&trace.nodes()[index], DefaultHasher::new());
    (&node.scope, &node.op, &node.shape, &node.axes, &node.positions).hash(&mut hash);
    for operand in &node.operands {
        let first = operand.elements.first;
        let label = trace.label_of(trace.at(first));
        let read = &trace.nodes()[first.node];
        match (label.named, read.op == "const") {
            (true, _) => (label.path, label.position).hash(&mut hash),
            (false, true) => read.values[first.position].to_bits().hash(&mut hash),
            (false, false) => (&read.op, first.position).hash(&mut hash),
        }
    }
    hash.finish()
}

/// A number for what each node computes, down to names, constants and leaves.
fn signatures(trace: &Trace) -> Vec<u64> {
    let mut signatures: Vec<u64> = Vec::with_capacity(trace.nodes().len());
    for node in trace.nodes() {
        let mut hash = DefaultHasher::new();
        node.op.hash(&mut hash);
        node.shape.hash(&mut hash);
        if node.op == "const" {
            node.values.iter().for_each(|value| value.to_bits().hash(&mut hash));
        } else if node.operands.is_empty() {
            node.path.hash(&mut hash);
        }
        (&node.axes, &node.positions).hash(&mut hash);
        node.operands.iter().for_each(|operand| read(trace, operand, &signatures, &mut hash));
        signatures.push(hash.finish());
    }
    signatures
}

fn read(trace: &Trace, operand: &TraceOperand, signatures: &[u64], hash: &mut DefaultHasher) {
    let elements = &operand.elements;
    let label = trace.label_of(trace.at(elements.first));
    operand.cut.hash(hash);
    elements.shape.hash(hash);
    if label.named {
        // The same numbers may be a node of their own in one trace and a part of a block in the
        // other, with other strides.
        (label.path, label.position).hash(hash);
    } else {
        (signatures[elements.first.node], elements.first.position, &elements.strides).hash(hash);
    }
}
