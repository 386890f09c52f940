//! The order of execution, and which elementwise instructions run as one pass over their elements.
//!
//! An instruction joins the open pass if it has as many elements and reads what the pass computes
//! element by element. So a chain of elementwise operations reads its inputs once and writes only
//! what something outside the pass reads.

use std::collections::{BTreeMap, BTreeSet};

use super::access::{Access, Dims};
use super::graph::{FastMap, Instruction, Op};
use super::group::Plan;
use super::ids::{Address, Id, InstructionId, Map};
use super::writers::Writers;
use smallvec::SmallVec;

/// A part of the program that runs at once.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// Elementwise instructions in order, over one index space.
    Pass { dims: Dims, members: Vec<Member> },
    /// A product, a sum, an extremum.
    Single(InstructionId),
}

/// An instruction of a pass.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) index: InstructionId,
    /// Over the pass's index space, if that is not the instruction's own.
    over: Option<Box<Accesses>>,
}

#[derive(Clone, Debug)]
struct Accesses {
    out: Access<Address>,
    operands: SmallVec<[Access<Address>; 3]>,
}

impl Member {
    pub(crate) fn new(
        index: InstructionId,
        out: Access<Address>,
        operands: SmallVec<[Access<Address>; 3]>,
    ) -> Self {
        Member { index, over: Some(Box::new(Accesses { out, operands })) }
    }

    /// Where the result goes, over the pass's index space.
    pub(crate) fn out<'a, S>(&'a self, plan: &'a Plan<S>) -> &'a Access<Address> {
        self.over.as_ref().map_or(&plan.instructions[self.index].out, |over| &over.out)
    }

    /// What it reads, over the pass's index space.
    pub(crate) fn operands<'a, S>(&'a self, plan: &'a Plan<S>) -> &'a [Access<Address>] {
        self.over.as_ref().map_or(&plan.instructions[self.index].operands, |over| &over.operands)
    }
}

impl Stage {
    /// Whether it is single numbers, computed one after another.
    pub(crate) fn is_of_numbers(&self) -> bool {
        matches!(self, Stage::Pass { dims, .. } if dims.iter().product::<usize>() == 1)
    }

    /// Calls `visit` with the instructions, in order.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(InstructionId)) {
        match self {
            Stage::Pass { members, .. } => members.iter().for_each(|member| visit(member.index)),
            Stage::Single(index) => visit(*index),
        }
    }
}

/// Rows shorter than this are not walked one by one; what does not walk evenly is listed instead.
const ROW: usize = 8;
/// Spaces up to this size are one row.
const SMALL: usize = 256;

/// Orders the instructions; `fuse: false` gives each a stage of its own. Passes of `last` elements
/// wait for whatever else can run, so that there are few of them.
pub(crate) fn run<S>(
    plan: &Plan<S>,
    writers: &Writers,
    fuse: bool,
    last: Option<usize>,
) -> Vec<Stage> {
    let instructions = &plan.instructions;
    let count = instructions.len();
    // By producer, where its readers begin in one list of them all.
    let mut waits: Map<InstructionId, u32> = Map::filled(0, count);
    let (mut edges, mut firsts): (Vec<(InstructionId, InstructionId)>, Map<InstructionId, u32>) =
        (Vec::with_capacity(2 * count), Map::filled(0, count + 1));
    let mut reads: Vec<InstructionId> = Vec::new();
    for (i, instruction) in instructions.iter() {
        reads.clear();
        writers.for_each_read(plan, instruction, |producer| {
            if reads.last() != Some(&producer) {
                reads.push(producer);
            }
        });
        reads.sort_unstable();
        reads.dedup();
        waits[i] = reads.len() as u32;
        for &producer in &reads {
            edges.push((producer, i));
            firsts[producer] += 1;
        }
    }
    let mut before = 0;
    for i in 0..=count {
        let first = &mut firsts[InstructionId::new(i)];
        before += std::mem::replace(first, before);
    }
    let mut readers = vec![InstructionId::new(0); edges.len()];
    let mut next = firsts.clone();
    for (producer, reader) in edges {
        readers[next[producer] as usize] = reader;
        next[producer] += 1;
    }
    let mut ready =
        Ready { others: BTreeSet::new(), by_len: BTreeMap::new(), singles: Bits::with_room(count) };
    instructions.keys().filter(|&i| waits[i] == 0).for_each(|i| ready.add(instructions, i));
    let mut stages = Vec::new();
    let done = |i: InstructionId, ready: &mut Ready, waits: &mut Map<InstructionId, u32>| {
        let range = firsts[i] as usize..firsts[InstructionId::new(i.index() + 1)] as usize;
        for &reader in &readers[range] {
            waits[reader] -= 1;
            if waits[reader] == 0 {
                ready.add(instructions, reader);
            }
        }
    };
    while let Some(first) = ready.first(last) {
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
            if pass.join(plan, writers, next) {
                done(next, &mut ready, &mut waits);
            } else {
                refused.push(next);
            }
        }
        refused.into_iter().for_each(|i| ready.add(instructions, i));
        stages.push(Stage::Pass { dims: pass.dims, members: pass.members });
    }
    debug_assert!(waits.values().all(|&waits| waits == 0), "every instruction has its turn");
    stages
}

/// What could run next.
struct Ready {
    others: BTreeSet<InstructionId>,
    /// Elementwise instructions by their number of elements, if that is not 1.
    by_len: BTreeMap<usize, BTreeSet<InstructionId>>,
    /// Those of single numbers, of which there may be very many.
    singles: Bits,
}

impl Ready {
    fn add(&mut self, instructions: &Map<InstructionId, Instruction<Address>>, i: InstructionId) {
        if !instructions[i].op.is_elementwise() {
            self.others.insert(i);
            return;
        }
        match instructions[i].len() {
            1 => self.singles.insert(i.index()),
            len => _ = self.by_len.entry(len).or_default().insert(i),
        }
    }

    fn remove(
        &mut self,
        instructions: &Map<InstructionId, Instruction<Address>>,
        i: InstructionId,
    ) {
        if !instructions[i].op.is_elementwise() {
            self.others.remove(&i);
            return;
        }
        let len = instructions[i].len();
        if len == 1 {
            self.singles.remove(i.index());
        } else if let Some(set) = self.by_len.get_mut(&len) {
            set.remove(&i);
            if set.is_empty() {
                self.by_len.remove(&len);
            }
        }
    }

    fn next_of(&mut self, len: usize) -> Option<InstructionId> {
        match len {
            1 => self.singles.first().map(InstructionId::new),
            _ => self.by_len.get(&len)?.first().copied(),
        }
    }

    /// The earliest of all; those of `last` elements if there is nothing else.
    fn first(&mut self, last: Option<usize>) -> Option<InstructionId> {
        let single = self.singles.first().map(InstructionId::new);
        let runs = self.by_len.iter().filter(|(len, _)| Some(**len) != last);
        let runs = runs.filter_map(|(_, set)| set.first()).chain(self.others.first());
        let first = runs.copied().chain(single).min();
        first.or_else(|| self.next_of(last?))
    }
}

/// A set of numbers from which the smallest is taken again and again.
struct Bits {
    words: Vec<u64>,
    /// No number is in a word before this one.
    from: usize,
}

impl Bits {
    fn with_room(count: usize) -> Self {
        Bits { words: vec![0; count.div_ceil(64)], from: 0 }
    }

    fn insert(&mut self, i: usize) {
        self.words[i / 64] |= 1 << (i % 64);
        self.from = self.from.min(i / 64);
    }

    fn remove(&mut self, i: usize) {
        self.words[i / 64] &= !(1 << (i % 64));
    }

    fn first(&mut self) -> Option<usize> {
        while self.words.get(self.from) == Some(&0) {
            self.from += 1;
        }
        let word = self.words.get(self.from)?;
        Some(64 * self.from + word.trailing_zeros() as usize)
    }
}

/// The pass that is open.
struct Pass {
    dims: Dims,
    members: Vec<Member>,
    /// The members, and the first address of what each computes.
    inside: FastMap<InstructionId, Address>,
}

impl Pass {
    fn new(index: InstructionId, instruction: &Instruction<Address>) -> Self {
        let dims = space_of(instruction);
        let member =
            member(index, instruction, &dims).unwrap_or_else(|| listed(index, instruction));
        let is_listed =
            member.over.as_ref().is_some_and(|over| matches!(over.out, Access::Listed(_)));
        let dims = if is_listed { Dims::from_slice(&[instruction.len()]) } else { dims };
        let mut inside = FastMap::default();
        // What single numbers read never matters: see `join`.
        if instruction.len() > 1 {
            inside.insert(index, instruction.out.first());
        }
        Pass { dims, members: vec![member], inside }
    }

    /// Takes the instruction in, if it fits.
    fn join<S>(&mut self, plan: &Plan<S>, writers: &Writers, index: InstructionId) -> bool {
        let instruction = &plan.instructions[index];
        // What the pass computes can be read only element by element.
        let own = |operand: &Access<Address>| {
            let mut any = false;
            writers.for_each(plan, operand, &instruction.dims, |by| {
                any |= self.inside.contains_key(&by)
            });
            any
        };
        let identity = |operand: &Access<Address>| {
            let by = writers.at(plan, operand.first());
            let start = by.and_then(|by| self.inside.get(&by));
            operand.is_contiguous(&instruction.dims) && start == Some(&operand.first())
        };
        if instruction.len() > 1
            && instruction.operands.iter().any(|operand| own(operand) && !identity(operand))
        {
            return false;
        }
        if let Some(member) = member(index, instruction, &self.dims) {
            self.members.push(member);
        } else {
            // The pass goes over to the newcomer's index space, if all its members can.
            let dims = space_of(instruction);
            let over = |access: &Access<Address>| access.over(&self.dims, &dims);
            let convert = |old: &Member| {
                let operands: Option<SmallVec<[Access<Address>; 3]>> =
                    old.operands(plan).iter().map(over).collect();
                Some(Member::new(old.index, over(old.out(plan))?, operands?))
            };
            let Some(new) = member(index, instruction, &dims) else { return false };
            let Some(mut members) = self.members.iter().map(convert).collect::<Option<Vec<_>>>()
            else {
                return false;
            };
            members.push(new);
            (self.dims, self.members) = (dims, members);
        }
        if instruction.len() > 1 {
            self.inside.insert(index, instruction.out.first());
        }
        true
    }
}

/// The index space that an instruction alone would run over: flat if that is small or its rows were
/// too short.
fn space_of(instruction: &Instruction<Address>) -> Dims {
    let len = instruction.len();
    let flat = Dims::from_slice(&[len]);
    if len <= SMALL {
        return flat;
    }
    let even = |access: &Access<Address>| access.over(&instruction.dims, &flat).is_some();
    let out = instruction.out.is_contiguous(&instruction.dims)
        || matches!(instruction.out, Access::Listed(_));
    let short = || instruction.dims.last().is_none_or(|&row| row < ROW);
    if out && (instruction.operands.iter().all(even) || short()) {
        return flat;
    }
    instruction.dims.clone()
}

/// The instruction over another index space; in a small or flat one what does not walk evenly is
/// listed.
fn member(
    index: InstructionId,
    instruction: &Instruction<Address>,
    dims: &[usize],
) -> Option<Member> {
    if instruction.dims[..] == *dims {
        return Some(Member { index, over: None });
    }
    let convert = |access: &Access<Address>| match access.over(&instruction.dims, dims) {
        Some(access) => Some(access),
        None if dims.len() == 1
            && (instruction.len() <= SMALL
                || instruction.dims.last().is_none_or(|&row| row < ROW)) =>
        {
            Some(Access::Listed(access.numbers(&instruction.dims).into()))
        }
        None => None,
    };
    let operands: Option<SmallVec<[Access<Address>; 3]>> =
        instruction.operands.iter().map(convert).collect();
    let out = convert(&instruction.out)?;
    // Listed results are what a copy scatters: another operation would be left out.
    let scatters = matches!(out, Access::Listed(_));
    if scatters && instruction.op != Op::Copy {
        return None;
    }
    Some(Member::new(index, out, operands?))
}

fn listed(index: InstructionId, instruction: &Instruction<Address>) -> Member {
    let list = |access: &Access<Address>| match access {
        Access::Listed(_) => access.clone(),
        Access::Strided { .. } => {
            Access::of(access.numbers(&instruction.dims), &[instruction.len()])
        }
    };
    let out = list(&instruction.out);
    debug_assert!(instruction.op == Op::Copy || matches!(out, Access::Strided { .. }));
    Member::new(index, out, instruction.operands.iter().map(list).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Op;
    use crate::ids::{Id, Point};
    use crate::op::{Binary, Unary};

    fn run_of(start: Address, len: usize) -> Access<Address> {
        Access::contiguous(start, &[len])
    }

    fn staged(plan: &Plan<f64>, fuse: bool) -> Vec<Stage> {
        run(plan, &Writers::of(plan), fuse, None)
    }

    #[test]
    fn a_chain_of_elementwise_instructions_is_one_pass() {
        let mut plan = Plan::<f64>::of_leaves(1000);
        let a = plan.then(Op::Unary(Unary::Exp), &[1000], &[], vec![run_of(Address::new(0), 1000)]);
        let b = plan.then(
            Op::Binary(Binary::Mul),
            &[1000],
            &[],
            vec![run_of(a, 1000), run_of(Address::new(0), 1000)],
        );
        plan.then(Op::Unary(Unary::Neg), &[1000], &[], vec![run_of(b, 1000)]);
        assert!(
            matches!(&staged(&plan, true)[..], [Stage::Pass { members, .. }] if members.len() == 3)
        );
        assert_eq!(staged(&plan, false).len(), 3);
    }

    #[test]
    fn what_reads_another_element_waits_for_the_whole_run() {
        let mut plan = Plan::<f64>::of_leaves(1000);
        let a = plan.then(Op::Unary(Unary::Exp), &[1000], &[], vec![run_of(Address::new(0), 1000)]);
        // Backwards.
        let reversed = Access::Strided { start: a.plus(999), strides: vec![-1].into() };
        plan.then(Op::Unary(Unary::Neg), &[1000], &[], vec![reversed]);
        assert_eq!(staged(&plan, true).len(), 2);
    }

    #[test]
    fn a_sum_stands_alone_and_after_what_it_reads() {
        let mut plan = Plan::<f64>::of_leaves(1000);
        let a = plan.then(Op::Unary(Unary::Exp), &[1000], &[], vec![run_of(Address::new(0), 1000)]);
        plan.then(Op::Sum, &[], &[1000], vec![run_of(a, 1000)]);
        assert!(matches!(&staged(&plan, true)[..], [Stage::Pass { .. }, Stage::Single(_)]));
    }
}
