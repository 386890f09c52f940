//! Numbers that belong together: a node's, a named part's, or the same number of every neuron of a
//! layer.

use std::collections::HashMap;

use wengert::op::{Op, Structural};

use super::formulas::Formulas;
use super::symbol::Name;
use crate::trace::strided::Strided;
use crate::trace::{Slot, Trace, known_op};

/// Numbers that one line in vectors treats as one quantity.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) name: Name,
    pub(super) shape: Vec<usize>,
    pub(super) slots: Vec<usize>,
    /// The nodes that compute it: one, or one for each neuron. None for a part of a node.
    pub(super) members: Vec<usize>,
    /// Whether it has lines of its own.
    pub(super) shown: bool,
    /// Whether some of its numbers are read in a way that no formula in vectors says.
    pub(super) broken: bool,
    /// Who reads it as a whole, in the order of the sweep.
    pub(super) reads: Vec<Read>,
}

/// A reader of a whole block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) reader: usize,
    pub(super) operand: usize,
    /// The matrix is read by columns.
    pub(super) transposed: bool,
}

/// What an operand is, in vectors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operand {
    Block {
        id: usize,
        transposed: bool,
    },
    /// The same constant everywhere.
    Number(f64),
    /// One number of a block.
    Element(usize),
}

/// The blocks of a trace.
#[derive(Debug)]
pub(super) struct Blocks {
    pub(super) all: Vec<Block>,
    by_slots: HashMap<Vec<usize>, usize>,
    /// The block of every slot.
    pub(super) owner: Vec<usize>,
}

impl Blocks {
    pub(super) fn new(formulas: &Formulas<'_>) -> Self {
        let trace = formulas.trace;
        let mut blocks = Blocks {
            all: families(trace, whole_runs(formulas)),
            by_slots: HashMap::new(),
            owner: vec![0; trace.len()],
        };
        for id in 0..blocks.all.len() {
            blocks.register(id);
        }
        // The list grows where nodes without a name turn out to be read together.
        let mut id = 0;
        while id < blocks.all.len() {
            for operand in 0..blocks.operands(trace, id) {
                if let Some((slots, _)) = blocks.operand_slots(trace, id, operand) {
                    blocks.gather(formulas, &slots);
                }
            }
            id += 1;
        }
        blocks.find_readers(trace);
        blocks
    }

    fn register(&mut self, id: usize) {
        let slots = self.all[id].slots.clone();
        slots.iter().for_each(|&slot| self.owner[slot] = id);
        self.by_slots.insert(slots, id);
    }

    /// The number of operands of each of a block's nodes.
    pub(super) fn operands(&self, trace: &Trace, id: usize) -> usize {
        self.all[id].members.first().map_or(0, |&node| trace.nodes()[node].operands.len())
    }

    /// The slots that a block reads as one operand, and their shape; nothing if its nodes do not
    /// read alike.
    fn operand_slots(
        &self,
        trace: &Trace,
        id: usize,
        operand: usize,
    ) -> Option<(Vec<usize>, Vec<usize>)> {
        let Block { members, shape, .. } = &self.all[id];
        let read = |&node: &usize| trace.resolve(&trace.nodes()[node].operands[operand].elements);
        let reads: Vec<Strided> = members.iter().map(read).collect();
        let first = reads.first()?;
        let node = &trace.nodes()[members[0]];
        let one_node = members.len() == 1 && *shape == node.shape;
        // What every neuron reads: the inputs, a constant, one and the same number.
        let inputs = known_op(&node.op) == Some(Op::Structural(Structural::Affine)) && operand == 2;
        let shared = reads.iter().all(|read| read == first)
            && (inputs || is_const(trace, first) || first.len() == 1 && reads.len() > 1);
        if one_node || shared {
            return Some((first.slots().collect(), first.shape.clone()));
        }
        if inputs || reads.iter().any(|read| read.shape != first.shape) {
            return None;
        }
        let mut stacked = vec![reads.len()];
        stacked.extend(&first.shape);
        Some((reads.iter().flat_map(|read| read.slots().collect::<Vec<_>>()).collect(), stacked))
    }

    /// Makes a block of single numbers without a name that are computed alike and read together.
    fn gather(&mut self, formulas: &Formulas<'_>, slots: &[usize]) {
        let trace = formulas.trace;
        if slots.len() < 2 || self.by_slots.contains_key(slots) {
            return;
        }
        let nodes: Vec<usize> = slots.iter().map(|&slot| trace.spot(Slot(slot)).node).collect();
        let op = &trace.nodes()[nodes[0]].op;
        let alike = |&node: &usize| {
            let slot = trace.start(node);
            let it = &trace.nodes()[node];
            it.shape.is_empty()
                && it.op == *op
                && !formulas.plan.shown[slot]
                && !matches!(known_op(op), Some(Op::Leaf(_)) | None)
        };
        let mut seen = nodes.clone();
        seen.sort_unstable();
        seen.dedup();
        if !nodes.iter().all(alike) || seen.len() != nodes.len() {
            return;
        }
        self.all.push(Block {
            name: Name::whole(&trace.nodes()[nodes[0]].path, &[nodes.len()]),
            shape: vec![nodes.len()],
            slots: slots.to_vec(),
            members: nodes,
            shown: false,
            broken: false,
            reads: Vec::new(),
        });
        self.register(self.all.len() - 1);
    }

    /// What an operand of a block is; nothing if no block has these numbers.
    pub(super) fn operand(&self, trace: &Trace, id: usize, operand: usize) -> Option<Operand> {
        let (slots, shape) = self.operand_slots(trace, id, operand)?;
        let first = trace.value(Slot(slots[0]));
        let constant = |&slot: &usize| {
            trace.nodes()[trace.spot(Slot(slot)).node].op == "const"
                && trace.value(Slot(slot)).to_bits() == first.to_bits()
        };
        if slots.iter().all(constant) {
            return Some(Operand::Number(first));
        }
        if let Some(&id) = self.by_slots.get(&slots) {
            let own = &self.all[id].shape;
            let alike = *own == shape || slots.len() == 1 && own.len().max(shape.len()) <= 1;
            return alike.then_some(Operand::Block { id, transposed: false });
        }
        if let [slot] = *slots {
            return Some(Operand::Element(slot));
        }
        let &[rows, columns] = &*shape else { return None };
        let turned: Vec<usize> = (0..columns)
            .flat_map(|c| (0..rows).map(move |r| r * columns + c))
            .map(|i| slots[i])
            .collect();
        let &id = self.by_slots.get(&turned)?;
        (self.all[id].shape == [columns, rows]).then_some(Operand::Block { id, transposed: true })
    }

    fn find_readers(&mut self, trace: &Trace) {
        // The last on the tape first, as the sweep goes.
        let mut order: Vec<usize> = (0..self.all.len()).filter(|&id| self.is_live(id)).collect();
        order.sort_by_key(|&id| std::cmp::Reverse(self.all[id].slots.last().copied()));
        for reader in order {
            for operand in 0..self.operands(trace, reader) {
                let members = self.all[reader].members.clone();
                let passes = |&node: &usize| !trace.nodes()[node].operands[operand].cut;
                if !members.iter().any(passes) {
                    continue;
                }
                let found =
                    self.operand(trace, reader, operand).filter(|_| members.iter().all(passes));
                let slots: Vec<usize> = members
                    .iter()
                    .flat_map(|&node| {
                        trace
                            .resolve(&trace.nodes()[node].operands[operand].elements)
                            .slots()
                            .collect::<Vec<_>>()
                    })
                    .collect();
                let target = match found {
                    Some(Operand::Block { id, transposed }) => {
                        self.all[id].reads.push(Read { reader, operand, transposed });
                        Some(id)
                    }
                    _ => None,
                };
                for slot in slots {
                    let owner = self.owner[slot];
                    self.all[owner].broken |= target != Some(owner);
                }
            }
        }
    }

    /// Whether it is what its slots belong to, and not the nodes that were gathered into another.
    pub(super) fn is_live(&self, id: usize) -> bool {
        self.all[id].slots.iter().all(|&slot| self.owner[slot] == id)
    }
}

fn is_const(trace: &Trace, strided: &Strided) -> bool {
    strided.slots().all(|slot| trace.nodes()[trace.spot(Slot(slot)).node].op == "const")
}

/// Each node's numbers under the names that readers call them by.
fn whole_runs(formulas: &Formulas<'_>) -> Vec<Block> {
    let trace = formulas.trace;
    let mut blocks: Vec<Block> = Vec::new();
    let mut parts: HashMap<String, usize> = HashMap::new();
    for (index, node) in trace.nodes().iter().enumerate() {
        for slot in trace.slots_of(index) {
            let label = trace.label_of(slot);
            let id = *parts.entry(label.path.to_owned()).or_insert_with(|| {
                blocks.push(Block {
                    name: Name::whole(label.path, label.shape),
                    shape: label.shape.to_vec(),
                    slots: Vec::new(),
                    members: if label.path == node.path { vec![index] } else { Vec::new() },
                    shown: false,
                    broken: false,
                    reads: Vec::new(),
                });
                blocks.len() - 1
            });
            blocks[id].slots.push(slot.index());
            blocks[id].shown |= formulas.plan.shown[slot.index()];
        }
    }
    for block in &mut blocks {
        // By its own order, which for a part need not be the tape's; a part that another name
        // covers in part stays in pieces.
        match trace.find(&block.name.path) {
            Some(part) if part.slots().len() == block.slots.len() => {
                block.slots = part.slots().iter().map(|slot| slot.index()).collect();
            }
            _ => block.broken = true,
        }
    }
    blocks
}

/// Puts `hidden/0.z`, `hidden/1.z`, .. together as `hidden/z`.
fn families(trace: &Trace, blocks: Vec<Block>) -> Vec<Block> {
    let mut found: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
    // Runs that are computed (a neuron over a batch) stay as they are: stacked, they would be the
    // layer's transposed.
    let can = |block: &Block| !block.broken && (block.members.is_empty() || block.shape.is_empty());
    for (id, block) in blocks.iter().enumerate().filter(|(_, block)| can(block)) {
        let (scope, last) = block.name.path.rsplit_once('/').unwrap_or(("", &block.name.path));
        if let Some((unit, rest)) = last.split_once('.')
            && let Ok(unit) = unit.parse::<usize>()
        {
            let path = if scope.is_empty() { rest.to_owned() } else { format!("{scope}/{rest}") };
            found.entry(path).or_default().push((unit, id));
        }
    }
    let mut family_of: HashMap<usize, String> = HashMap::new();
    for (path, members) in &mut found {
        members.sort_unstable();
        let op = |id: usize| blocks[id].members.first().map(|&node| &trace.nodes()[node].op);
        let first = members[0].1;
        let alike = members.iter().enumerate().all(|(j, &(unit, id))| {
            unit == j && blocks[id].shape == blocks[first].shape && op(id) == op(first)
        });
        if alike {
            members.iter().for_each(|&(_, id)| {
                family_of.insert(id, path.clone());
            });
        }
    }
    let mut out = Vec::new();
    for (id, block) in blocks.iter().enumerate() {
        let Some(path) = family_of.get(&id) else {
            out.push(block.clone());
            continue;
        };
        let members = &found[path];
        // Where the last of them stands.
        if members.iter().map(|&(_, id)| id).max() != Some(id) {
            continue;
        }
        let of = |&(_, id): &(usize, usize)| &blocks[id];
        let mut shape = vec![members.len()];
        shape.extend(&block.shape);
        out.push(Block {
            name: Name::whole(path, &shape),
            shape,
            slots: members.iter().flat_map(|m| of(m).slots.clone()).collect(),
            members: members.iter().flat_map(|m| of(m).members.clone()).collect(),
            shown: members.iter().any(|m| of(m).shown),
            broken: false,
            reads: Vec::new(),
        });
    }
    out
}
