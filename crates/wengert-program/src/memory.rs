//! Where every run lies in a workspace: what nobody reads any more gives its place to what comes
//! later.

use super::access::{Access, Dims};
use super::feed::InPlace;
use super::fuse::Stage;
use super::group::Plan;
use super::ids::{Address, Id, InstructionId, Line, Map, Place, Point, RunId};
use super::writers::Writers;

/// Runs begin, and are padded, at multiples of so many numbers, so that vector kernels may finish
/// their last vector.
pub(crate) const PAD: usize = 16;

/// The places of everything in a plan's address space.
#[derive(Debug)]
pub(crate) struct Places {
    line: Line<Address, RunId>,
    /// The first place of each run; none of what lives only inside a pass.
    of: Map<RunId, Option<Place>>,
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
    let Lifetimes { stage_of, last_use } = lifetimes(plan, needs);
    let at_home = super::output_placement::marks(plan);
    let mut free = Free::default();
    let mut of: Map<RunId, Option<Place>> = Map::filled(None, plan.line.runs());
    let constants = plan.constants.first().map(|&(first, _)| plan.line.run_of(first));
    for run in
        plan.blocks.iter().copied().chain(constants).chain(plan.homes.iter().map(|home| home.run))
    {
        of[run] = Some(Place::new(free.take(plan.line.len_of(run))));
    }
    let mut ending: Vec<Vec<RunId>> = vec![Vec::new(); needs.stages.len()];
    for (s, stage) in needs.stages.iter().enumerate() {
        stage.for_each(|i| {
            let instruction = &plan.instructions[i];
            let run = plan.line.run_of(instruction.out.first());
            if at_home[run] {
                return;
            }
            if let Some(taken) =
                needs.in_place.iter().find(|taken| taken.result == instruction.out.first())
            {
                of[run] = of[plan.line.run_of(taken.leaf)];
                return;
            }
            let last = last_use[i];
            let inside = last == Last::Stage(stage_of[i]) && matches!(stage, Stage::Pass { .. });
            if inside && instruction.len() > 1 {
                return;
            }
            of[run] = Some(Place::new(free.take(instruction.len())));
            if let Last::Stage(last) = last
                && needs.reuse
            {
                ending[last as usize].push(run);
            }
        });
        for &run in &ending[s] {
            free.give(of[run].expect("it was given one").index(), plan.line.len_of(run));
        }
    }
    Places { line: plan.line.clone(), of, len: free.len + 4 * PAD }
}

/// When a result is read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Last {
    Stage(u32),
    /// By the caller, after the run.
    Kept,
}

struct Lifetimes {
    /// The stage that computes each instruction.
    stage_of: Map<InstructionId, u32>,
    last_use: Map<InstructionId, Last>,
}

fn lifetimes<S>(plan: &Plan<S>, needs: &Needs<'_>) -> Lifetimes {
    let count = plan.instructions.len();
    let (mut stage_of, mut last_use) = (Map::filled(0, count), Map::filled(Last::Stage(0), count));
    for (s, stage) in needs.stages.iter().enumerate() {
        let now = Last::Stage(s as u32);
        stage.for_each(|i| {
            stage_of[i] = s as u32;
            last_use[i] = last_use[i].max(now);
            needs.writers.for_each_read(plan, &plan.instructions[i], |by| {
                last_use[by] = last_use[by].max(now)
            });
        });
    }
    for (access, dims) in needs.keep {
        needs.writers.for_each(plan, access, dims, |by| last_use[by] = Last::Kept);
    }
    Lifetimes { stage_of, last_use }
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
    use crate::graph::Op;
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
        let stages = fuse::run(plan, &writers, fuse);
        let keep = [(run_of(kept, len), Dims::from_slice(&[len]))];
        run(plan, &Needs { stages: &stages, writers: &writers, keep: &keep, in_place, reuse })
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
