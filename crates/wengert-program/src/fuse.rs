//! The order of execution, and which elementwise instructions run as one pass over their elements.
//!
//! An instruction joins the open pass if it has as many elements and reads what the pass computes element by element. So a chain of
//! elementwise operations reads its inputs once and writes only what something outside the pass reads.

use std::collections::{BTreeMap, BTreeSet};

use super::access::{Access, Dims};
use super::graph::{FastMap, Instruction, NONE};
use super::group::Plan;
use smallvec::SmallVec;

/// A part of the program that runs at once.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// Elementwise instructions in order, over one index space.
    Pass { dims: Dims, members: Vec<Member> },
    /// A product, a sum, an extremum.
    Single(usize),
}

/// An instruction of a pass, its accesses over the pass's index space.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) index: usize,
    pub(crate) out: Access,
    pub(crate) operands: SmallVec<[Access; 3]>,
}

/// Rows shorter than this are not walked one by one; what does not walk evenly is listed instead.
const ROW: usize = 8;
/// Spaces up to this size are one row.
const SMALL: usize = 256;

/// Orders the instructions; `fuse: false` gives each a stage of its own.
pub(crate) fn run<S>(plan: &Plan<S>, fuse: bool) -> Vec<Stage> {
    let instructions = &plan.instructions;
    let mut owner = vec![NONE; plan.space as usize];
    for (i, instruction) in instructions.iter().enumerate() {
        instruction.out.for_each(&instruction.dims, |address| owner[address as usize] = i as u32);
    }
    let (mut readers, mut waits) = (vec![Vec::new(); instructions.len()], vec![0_u32; instructions.len()]);
    for (i, instruction) in instructions.iter().enumerate() {
        let mut reads: Vec<u32> = Vec::new();
        instruction.for_each_read(|address| {
            let producer = owner[address as usize];
            if producer != NONE && reads.last() != Some(&producer) {
                reads.push(producer);
            }
        });
        reads.sort_unstable();
        reads.dedup();
        waits[i] = reads.len() as u32;
        reads.iter().for_each(|&producer| readers[producer as usize].push(i as u32));
    }
    let mut ready = Ready { others: BTreeSet::new(), by_len: BTreeMap::new() };
    (0..instructions.len()).filter(|&i| waits[i] == 0).for_each(|i| ready.add(instructions, i));
    let mut stages = Vec::new();
    let done = |i: usize, ready: &mut Ready, waits: &mut Vec<u32>| {
        for &reader in &readers[i] {
            waits[reader as usize] -= 1;
            if waits[reader as usize] == 0 {
                ready.add(instructions, reader as usize);
            }
        }
    };
    while let Some(first) = ready.first() {
        ready.remove(instructions, first);
        let instruction = &instructions[first];
        if !instruction.op.is_elementwise() {
            stages.push(Stage::Single(first));
            done(first, &mut ready, &mut waits);
            continue;
        }
        let mut pass = Pass::new(first, instruction);
        done(first, &mut ready, &mut waits);
        let mut refused = Vec::new();
        while let Some(next) = ready.next_of(instruction.len()).filter(|_| fuse) {
            ready.remove(instructions, next);
            if pass.join(next, &instructions[next], &owner) {
                done(next, &mut ready, &mut waits);
            } else {
                refused.push(next);
            }
        }
        refused.into_iter().for_each(|i| ready.add(instructions, i));
        stages.push(Stage::Pass { dims: pass.dims, members: pass.members });
    }
    stages
}

/// What could run next.
struct Ready {
    others: BTreeSet<usize>,
    /// Elementwise instructions by their number of elements.
    by_len: BTreeMap<usize, BTreeSet<usize>>,
}

impl Ready {
    fn add(&mut self, instructions: &[Instruction], i: usize) {
        if instructions[i].op.is_elementwise() {
            self.by_len.entry(instructions[i].len()).or_default().insert(i);
        } else {
            self.others.insert(i);
        }
    }

    fn remove(&mut self, instructions: &[Instruction], i: usize) {
        if !self.others.remove(&i) {
            let len = instructions[i].len();
            if let Some(set) = self.by_len.get_mut(&len) {
                set.remove(&i);
                if set.is_empty() {
                    self.by_len.remove(&len);
                }
            }
        }
    }

    fn next_of(&self, len: usize) -> Option<usize> {
        self.by_len.get(&len)?.first().copied()
    }

    /// The earliest of all.
    fn first(&self) -> Option<usize> {
        self.by_len.values().filter_map(BTreeSet::first).chain(self.others.first()).min().copied()
    }
}

/// The pass that is open.
struct Pass {
    dims: Dims,
    members: Vec<Member>,
    /// The members, and the first address of what each computes.
    inside: FastMap<u32, u32>,
}

impl Pass {
    fn new(index: usize, instruction: &Instruction) -> Self {
        let dims = space_of(instruction);
        let member = member(index, instruction, &dims).unwrap_or_else(|| listed(index, instruction));
        let dims =
            if matches!(member.out, Access::Strided { .. }) { dims } else { Dims::from_slice(&[instruction.len()]) };
        let inside = std::iter::once((index as u32, instruction.out.first())).collect();
        Pass { dims, members: vec![member], inside }
    }

    /// Takes the instruction in, if it fits.
    fn join(&mut self, index: usize, instruction: &Instruction, owner: &[u32]) -> bool {
        // What the pass computes can be read only element by element.
        let own = |operand: &Access| {
            let mut any = false;
            operand.for_each_distinct(&instruction.dims, |address| {
                let by = owner[address as usize];
                any |= by != NONE && self.inside.contains_key(&by);
            });
            any
        };
        let identity = |operand: &Access| {
            let start = self.inside.get(&owner[operand.first() as usize]);
            operand.is_contiguous(&instruction.dims) && start == Some(&operand.first())
        };
        if instruction.len() > 1 && instruction.operands.iter().any(|operand| own(operand) && !identity(operand)) {
            return false;
        }
        if let Some(member) = member(index, instruction, &self.dims) {
            self.members.push(member);
        } else {
            // The pass goes over to the newcomer's index space, if all its members can.
            let dims = space_of(instruction);
            let over = |access: &Access| access.over(&self.dims, &dims);
            let convert = |old: &Member| {
                let operands: Option<SmallVec<[Access; 3]>> = old.operands.iter().map(over).collect();
                Some(Member { index: old.index, out: over(&old.out)?, operands: operands? })
            };
            let Some(new) = member(index, instruction, &dims) else { return false };
            let Some(mut members) = self.members.iter().map(convert).collect::<Option<Vec<_>>>() else { return false };
            members.push(new);
            (self.dims, self.members) = (dims, members);
        }
        self.inside.insert(index as u32, instruction.out.first());
        true
    }
}

/// The index space that an instruction alone would run over: flat if that is small or its rows were too short.
fn space_of(instruction: &Instruction) -> Dims {
    let len = instruction.len();
    let flat = Dims::from_slice(&[len]);
    let even = |access: &Access| access.over(&instruction.dims, &flat).is_some();
    let out = instruction.out.is_contiguous(&instruction.dims) || matches!(instruction.out, Access::Listed(_));
    if len <= SMALL
        || out && instruction.operands.iter().all(even)
        || out && instruction.dims.last().is_none_or(|&row| row < ROW)
    {
        return flat;
    }
    instruction.dims.clone()
}

/// The instruction over another index space; in a small or flat one what does not walk evenly is listed.
fn member(index: usize, instruction: &Instruction, dims: &[usize]) -> Option<Member> {
    let convert = |access: &Access| match access.over(&instruction.dims, dims) {
        Some(access) => Some(access),
        None if dims.len() == 1
            && (instruction.len() <= SMALL || instruction.dims.last().is_none_or(|&row| row < ROW)) =>
        {
            Some(Access::Listed(access.slots(&instruction.dims).into()))
        }
        None => None,
    };
    let operands: Option<SmallVec<[Access; 3]>> = instruction.operands.iter().map(convert).collect();
    Some(Member { index, out: convert(&instruction.out)?, operands: operands? })
}

fn listed(index: usize, instruction: &Instruction) -> Member {
    let list = |access: &Access| match access {
        Access::Listed(_) => access.clone(),
        Access::Strided { .. } => Access::of(access.slots(&instruction.dims), &[instruction.len()]),
    };
    Member { index, out: list(&instruction.out), operands: instruction.operands.iter().map(list).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Op;
    use crate::op::{Binary, Unary};

    fn run_of(start: u32, len: usize) -> Access {
        Access::contiguous(start, &[len])
    }

    #[test]
    fn a_chain_of_elementwise_instructions_is_one_pass() {
        let mut plan = Plan::<f64>::of_leaves(1000);
        let a = plan.then(Op::Unary(Unary::Exp), &[1000], &[], vec![run_of(0, 1000)]);
        let b = plan.then(Op::Binary(Binary::Mul), &[1000], &[], vec![run_of(a, 1000), run_of(0, 1000)]);
        plan.then(Op::Unary(Unary::Neg), &[1000], &[], vec![run_of(b, 1000)]);
        assert!(matches!(&run(&plan, true)[..], [Stage::Pass { members, .. }] if members.len() == 3));
        assert_eq!(run(&plan, false).len(), 3);
    }

    #[test]
    fn what_reads_another_element_waits_for_the_whole_run() {
        let mut plan = Plan::<f64>::of_leaves(1000);
        let a = plan.then(Op::Unary(Unary::Exp), &[1000], &[], vec![run_of(0, 1000)]);
        // Backwards.
        let reversed = Access::Strided { start: a + 999, strides: vec![-1].into() };
        plan.then(Op::Unary(Unary::Neg), &[1000], &[], vec![reversed]);
        assert_eq!(run(&plan, true).len(), 2);
    }

    #[test]
    fn a_sum_stands_alone_and_after_what_it_reads() {
        let mut plan = Plan::<f64>::of_leaves(1000);
        let a = plan.then(Op::Unary(Unary::Exp), &[1000], &[], vec![run_of(0, 1000)]);
        plan.then(Op::Sum, &[], &[1000], vec![run_of(a, 1000)]);
        assert!(matches!(&run(&plan, true)[..], [Stage::Pass { .. }, Stage::Single(1)]));
    }
}
