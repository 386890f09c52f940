//! Where every run lies in a workspace: what nobody reads any more gives its place to what comes
//! later.

use smallvec::SmallVec;

use super::access::{Access, Dims};
use super::feed::InPlace;
use super::fuse::{Member, Stage};
use super::graph::Op;
use super::group::Plan;
use super::ids::{Address, Id, InstructionId, Line, Map, Place, Point, RunId};
use super::strips::Strip;
use super::writers::Writers;
use crate::op::Binary;

/// Runs begin, and are padded, at multiples of so many numbers, so that vector kernels may finish
/// their last vector.
pub(crate) const PAD: usize = 16;

/// The places of everything in a plan's address space.
#[derive(Debug)]
pub(crate) struct Places {
    line: Line<Address, RunId>,
    /// The first place of each run; none of what lives only inside a pass.
    of: Map<RunId, Option<Place>>,
    /// Whether an instruction adds the product before it, which nothing else reads, to a sum in
    /// the sum's own place: both are one operation.
    pub(crate) accumulates: Map<InstructionId, bool>,
    /// How many numbers the workspace holds, padding included.
    pub(crate) len: usize,
}

impl Places {
    /// The place of an address, if it has one.
    #[inline]
    pub(crate) fn get(&self, address: Address) -> Option<Place> {
        let run = self.line.run_of(address);
        self.of[run].map(|place| place.plus(address.minus(self.line.start(run))))
    }

    /// The place of an address.
    ///
    /// # Panics
    ///
    /// If it lives only inside a pass.
    #[inline]
    pub(crate) fn at(&self, address: Address) -> Place {
        self.get(address).expect("what is read has a place")
    }

    /// Where an access's elements are.
    pub(crate) fn access(&self, access: &Access<Address>, dims: &[usize]) -> Access<Place> {
        let run = |first, last| {
            let run = self.line.run_of_both(first, last)?;
            Some((self.line.start(run), self.of[run].expect("what is read has a place"), 1))
        };
        access.moved(dims, run, |address| self.at(address))
    }
}

/// What a program's places are chosen for.
pub(crate) struct Needs<'a> {
    pub(crate) stages: &'a [Stage],
    /// Which of them run in pieces: as if at once.
    pub(crate) strips: &'a [Strip],
    pub(crate) writers: &'a Writers,
    /// What must hold after the run.
    pub(crate) keep: &'a [(Access<Address>, Dims)],
    /// Results that take the place of leaves.
    pub(crate) in_place: &'a [InPlace],
    /// Whether a run that nobody reads any more gives its place to a later one.
    pub(crate) reuse: bool,
}

/// Assigns places.
pub(crate) fn run<S>(plan: &Plan<S>, needs: &Needs<'_>) -> Places {
    let Lifetimes { positions, last_use, leaves_stage } = lifetimes(plan, needs);
    let count = plan.instructions.len();
    let mut placing = Placing {
        plan,
        needs,
        last_use,
        leaves_stage,
        at_home: super::output_placement::marks(plan),
        free: Free::default(),
        of: Map::filled(None, plan.line.runs()),
        accumulates: Map::filled(false, count),
        dying: vec![None; positions],
        dies_next: Map::filled(None, count),
    };
    placing.given();
    let mut now = 0;
    let mut together = Together::new(needs.strips);
    for (k, stage) in needs.stages.iter().enumerate() {
        let ends = together.ends_after(k);
        match stage {
            Stage::Pass { members, .. } if stage.is_of_numbers() => {
                placing.numbers(members, now);
                now += members.len();
            }
            _ => {
                let pass = matches!(stage, Stage::Pass { .. });
                stage.for_each(|i| placing.result(i, now, pass));
                if ends {
                    placing.dying_at(now).into_iter().for_each(|i| placing.give(i));
                    now += 1;
                }
            }
        }
    }
    let Placing { of, accumulates, free, .. } = placing;
    Places { line: plan.line.clone(), of, accumulates, len: free.len + 4 * PAD }
}

struct Placing<'a, S> {
    plan: &'a Plan<S>,
    needs: &'a Needs<'a>,
    last_use: Map<InstructionId, u32>,
    leaves_stage: Map<InstructionId, bool>,
    at_home: Map<RunId, bool>,
    free: Free,
    of: Map<RunId, Option<Place>>,
    accumulates: Map<InstructionId, bool>,
    /// By position one of the results that are read there last, and to each another one.
    dying: Vec<Option<InstructionId>>,
    dies_next: Map<InstructionId, Option<InstructionId>>,
}

impl<S> Placing<'_, S> {
    /// Leaves, constants and homes.
    fn given(&mut self) {
        let plan = self.plan;
        let constants = plan.constants.first().map(|&(first, _)| plan.line.run_of(first));
        let homes = plan.homes.iter().map(|home| home.run);
        for run in plan.blocks.iter().copied().chain(constants).chain(homes) {
            self.of[run] = Some(Place::new(self.free.take(plan.line.len_of(run))));
        }
    }

    /// Whether a result's place is a home's or a leaf's.
    fn is_elsewhere(&mut self, first: Address, run: RunId) -> bool {
        if self.at_home[run] {
            return true;
        }
        let taken = self.needs.in_place.iter().find(|taken| taken.result == first);
        if let Some(taken) = taken {
            self.of[run] = self.of[self.plan.line.run_of(taken.leaf)];
        }
        taken.is_some()
    }

    /// The result of an instruction of a stage that runs as a whole.
    fn result(&mut self, i: InstructionId, now: usize, pass: bool) {
        let instruction = &self.plan.instructions[i];
        let first = instruction.out.first();
        let run = self.plan.line.run_of(first);
        if self.is_elsewhere(first, run) {
            return;
        }
        let inside = pass && self.last_use[i] as usize == now && !self.leaves_stage[i];
        if inside && instruction.len() > 1 {
            return;
        }
        self.of[run] = Some(Place::new(self.free.take(instruction.len())));
        self.will_die(i);
    }

    fn will_die(&mut self, i: InstructionId) {
        let last = self.last_use[i];
        if last != KEPT && self.needs.reuse {
            self.dies_next[i] = self.dying[last as usize].replace(i);
        }
    }

    /// What is read for the last time at a position.
    fn dying_at(&self, now: usize) -> SmallVec<[InstructionId; 4]> {
        std::iter::successors(self.dying[now], |&i| self.dies_next[i]).collect()
    }

    fn give(&mut self, i: InstructionId) {
        let run = self.plan.line.run_of(self.plan.instructions[i].out.first());
        let place = self.of[run].expect("it was given one");
        self.free.give(place.index(), self.plan.line.len_of(run));
    }

    /// Single numbers, one after another: what one reads last makes room for its own result, so
    /// that what is used soon lies in the nearest cache.
    fn numbers(&mut self, members: &[Member], first: usize) {
        let mut before = None;
        for (member, now) in members.iter().zip(first..) {
            let i = member.index;
            let address = self.plan.instructions[i].out.first();
            let run = self.plan.line.run_of(address);
            let elsewhere = self.is_elsewhere(address, run);
            let mut dying = self.dying_at(now);
            let sum = before.and_then(|before| self.sum_under_way(i, before, &dying));
            if let Some(sum) = sum.filter(|_| !elsewhere) {
                // The sum's place last, so that it is the next to be taken.
                dying.sort_by_key(|&by| by == sum);
                self.accumulates[i] = true;
            }
            dying.into_iter().for_each(|by| self.give(by));
            if !elsewhere {
                self.of[run] = Some(Place::new(self.free.take(1)));
                if self.last_use[i] as usize == now {
                    self.give(i);
                } else {
                    self.will_die(i);
                }
            }
            before = Some(i);
        }
    }

    /// If an instruction adds the product computed just before it to a sum, and reads both last:
    /// the sum.
    fn sum_under_way(
        &self,
        i: InstructionId,
        before: InstructionId,
        dying: &[InstructionId],
    ) -> Option<InstructionId> {
        let op = |i: InstructionId| self.plan.instructions[i].op;
        let is_sum = op(i) == Op::Binary(Binary::Add);
        let is_product = matches!(op(before), Op::Binary(Binary::Mul | Binary::MulNoNan));
        match *dying {
            [a, b] if is_sum && is_product && (a == before || b == before) => {
                let sum = if a == before { b } else { a };
                (self.plan.instructions[sum].len() == 1).then_some(sum)
            }
            _ => None,
        }
    }
}

/// When each result is read last. Single numbers have a position each, a stage that runs as a whole
/// has one, and stages that run in pieces have one together.
struct Lifetimes {
    positions: usize,
    last_use: Map<InstructionId, u32>,
    /// Whether another stage reads it.
    leaves_stage: Map<InstructionId, bool>,
}

/// Walks along the stages, and says where time goes on.
struct Together<'a> {
    strips: std::slice::Iter<'a, Strip>,
    next: Option<&'a Strip>,
}

impl<'a> Together<'a> {
    fn new(strips: &'a [Strip]) -> Self {
        let mut strips = strips.iter();
        let next = strips.next();
        Together { strips, next }
    }

    /// Whether what comes after a stage comes after all that runs together with it.
    fn ends_after(&mut self, stage: usize) -> bool {
        while self.next.is_some_and(|strip| strip.stages.end <= stage) {
            self.next = self.strips.next();
        }
        self.next
            .is_none_or(|Strip { stages, .. }| !stages.contains(&stage) || stage + 1 == stages.end)
    }
}

/// What is read by the caller, after the run.
const KEPT: u32 = u32::MAX;

fn lifetimes<S>(plan: &Plan<S>, needs: &Needs<'_>) -> Lifetimes {
    let mut last_use = Map::filled(0, plan.instructions.len());
    let mut leaves_stage = Map::filled(false, plan.instructions.len());
    let mut written_in = Map::filled(0, plan.instructions.len());
    let mut now = 0;
    let mut together = Together::new(needs.strips);
    for (k, stage) in needs.stages.iter().enumerate() {
        let single = stage.is_of_numbers();
        stage.for_each(|i| {
            last_use[i] = now;
            written_in[i] = k;
            needs.writers.for_each_read(plan, &plan.instructions[i], |by| {
                last_use[by] = now.max(last_use[by]);
                leaves_stage[by] |= written_in[by] != k;
            });
            now += u32::from(single);
        });
        now += u32::from(!single && together.ends_after(k));
    }
    for (access, dims) in needs.keep {
        needs.writers.for_each(plan, access, dims, |by| last_use[by] = KEPT);
    }
    Lifetimes { positions: now as usize, last_use, leaves_stage }
}

/// Places that are free, by size: runs of many numbers, and single ones.
#[derive(Default)]
struct Free {
    len: usize,
    singles: Vec<usize>,
    /// (length, place), padded lengths.
    runs: std::collections::BTreeSet<(usize, usize)>,
}

impl Free {
    fn take(&mut self, len: usize) -> usize {
        if len == 1 {
            if self.singles.is_empty() {
                let block = self.take(PAD);
                self.singles.extend((block..block + PAD).rev());
            }
            return self.singles.pop().unwrap_or_default();
        }
        let padded = len.next_multiple_of(PAD);
        // The smallest that fits, if it is not far too large.
        if let Some(&(found, at)) =
            self.runs.range((padded, 0)..).next().filter(|(found, _)| *found <= 2 * padded)
        {
            self.runs.remove(&(found, at));
            if found > padded {
                self.runs.insert((found - padded, at + padded));
            }
            return at;
        }
        let at = self.len;
        self.len += padded;
        at
    }

    fn give(&mut self, at: usize, len: usize) {
        if len == 1 {
            self.singles.push(at);
        } else {
            self.runs.insert((len.next_multiple_of(PAD), at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuse;
    use crate::op::Unary;

    fn run_of(start: Address, len: usize) -> Access<Address> {
        Access::contiguous(start, &[len])
    }

    /// The places when the result that begins at `kept` must hold.
    fn placed(
        plan: &Plan<f64>,
        fuse: bool,
        (kept, len): (Address, usize),
        in_place: &[InPlace],
        reuse: bool,
    ) -> Places {
        let writers = Writers::of(plan);
        let stages = fuse::run(plan, &writers, fuse, None);
        let keep = [(run_of(kept, len), Dims::from_slice(&[len]))];
        let strips = &[];
        run(
            plan,
            &Needs { stages: &stages, strips, writers: &writers, keep: &keep, in_place, reuse },
        )
    }

    /// Sums between them, so that every run is read by another stage.
    fn four_runs() -> Plan<f64> {
        let mut plan = Plan::of_leaves(100);
        let mut x = Address::new(0);
        for _ in 0..4 {
            let run = plan.then(Op::Unary(Unary::Exp), &[100], &[], vec![run_of(x, 100)]);
            x = plan.then(
                Op::Max,
                &[100],
                &[1],
                vec![Access::Strided { start: run, strides: vec![1, 0].into() }],
            );
        }
        plan
    }

    #[test]
    fn a_run_that_nobody_reads_any_more_gives_its_place_away() {
        let plan = four_runs();
        let last = Address::new(plan.line.len() - 100);
        let [reused, kept] =
            [true, false].map(|reuse| placed(&plan, false, (last, 100), &[], reuse));
        assert!(reused.len < kept.len, "{} {}", reused.len, kept.len);
    }

    #[test]
    fn runs_that_live_at_once_do_not_overlap_and_end_in_padding() {
        let plan = four_runs();
        let last = Address::new(plan.line.len() - 100);
        let places = placed(&plan, false, (last, 100), &[], true);
        for (i, instruction) in plan.instructions.iter() {
            let at = |address: Address| places.at(address).index();
            let out = at(instruction.out.first());
            assert_eq!(out % PAD, 0);
            let read = at(instruction.operands[0].first());
            let apart = read + 100usize.next_multiple_of(PAD) <= out
                || out + 100usize.next_multiple_of(PAD) <= read;
            assert!(apart, "{i:?} writes what it reads");
        }
    }

    #[test]
    fn what_is_fed_back_in_place_shares_the_leafs() {
        let mut plan = Plan::<f64>::of_leaves(100);
        let leaf = Address::new(0);
        let next = plan.then(Op::Unary(Unary::Neg), &[100], &[], vec![run_of(leaf, 100)]);
        let places = placed(&plan, true, (next, 100), &[InPlace { result: next, leaf }], true);
        assert_eq!(places.at(next), places.at(leaf));
    }
}
