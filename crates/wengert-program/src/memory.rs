//! Where every run lies in a workspace: what nobody reads any more gives its place to what comes later.

use super::feed::InPlace;
use super::fuse::Stage;
use super::graph::NONE;
use super::group::Plan;

/// Runs begin, and are padded, at multiples of so many numbers, so that vector kernels may finish their last vector.
pub(crate) const PAD: usize = 16;

/// The places of everything in a plan's address space.
#[derive(Debug)]
pub(crate) struct Places {
    /// By address: the place in the workspace, or `NONE` for what lives only inside a pass.
    pub(crate) of: Vec<u32>,
    /// How many numbers the workspace holds, padding included.
    pub(crate) len: usize,
}

/// Assigns places. `keep`: addresses that must hold after the run; `in_place`: results that take the place of leaves.
pub(crate) fn run<S>(plan: &Plan<S>, stages: &[Stage], keep: &[u32], in_place: &[InPlace], reuse: bool) -> Places {
    let (stage_of, last_use) = lifetimes(plan, stages, keep);
    let at_home = super::home::marks(plan);
    let mut free = Free::default();
    let mut places = vec![NONE; plan.space as usize];
    let assign = |places: &mut Vec<u32>, start: u32, len: usize, at: usize| {
        for i in 0..len {
            places[start as usize + i] = (at + i) as u32;
        }
    };
    for &(start, len) in &plan.blocks {
        let at = free.take(len as usize);
        assign(&mut places, start, len as usize, at);
    }
    if let Some(&(start, _)) = plan.constants.first() {
        let at = free.take(plan.constants.len());
        assign(&mut places, start, plan.constants.len(), at);
    }
    for &(start, len) in &plan.homes {
        let at = free.take(len as usize);
        assign(&mut places, start, len as usize, at);
    }
    let mut ending: Vec<Vec<usize>> = vec![Vec::new(); stages.len()];
    for (s, stage) in stages.iter().enumerate() {
        let members: &mut dyn Iterator<Item = usize> = match stage {
            Stage::Pass { members, .. } => &mut members.iter().map(|member| member.index),
            Stage::Single(index) => &mut std::iter::once(*index),
        };
        for i in members {
            let instruction = &plan.instructions[i];
            if at_home[instruction.out.first() as usize] {
                continue;
            }
            if let Some(taken) = in_place.iter().find(|taken| taken.result == instruction.out.first()) {
                let at = places[taken.leaf as usize] as usize;
                assign(&mut places, taken.result, instruction.len(), at);
                continue;
            }
            let last = last_use[i];
            let inside = last == stage_of[i] as u32 && matches!(stage, Stage::Pass { .. });
            if inside && instruction.len() > 1 {
                continue;
            }
            let at = free.take(instruction.len());
            assign(&mut places, instruction.out.first(), instruction.len(), at);
            if reuse && last != NONE {
                ending[last as usize].push(i);
            }
        }
        for &i in &ending[s] {
            let instruction = &plan.instructions[i];
            free.give(places[instruction.out.first() as usize] as usize, instruction.len());
        }
    }
    Places { of: places, len: free.len + 4 * PAD }
}

/// The stage that computes each instruction, and the last that reads it; `NONE` for what is kept.
fn lifetimes<S>(plan: &Plan<S>, stages: &[Stage], keep: &[u32]) -> (Vec<usize>, Vec<u32>) {
    let mut owner = vec![NONE; plan.space as usize];
    for (i, instruction) in plan.instructions.iter().enumerate() {
        instruction.out.for_each(&instruction.dims, |address| owner[address as usize] = i as u32);
    }
    let (mut stage_of, mut last) = (vec![0; plan.instructions.len()], vec![0_u32; plan.instructions.len()]);
    for (s, stage) in stages.iter().enumerate() {
        let mut visit = |i: usize| {
            stage_of[i] = s;
            last[i] = last[i].max(s as u32);
            plan.instructions[i].for_each_read(|address| {
                let by = owner[address as usize];
                if by != NONE {
                    last[by as usize] = last[by as usize].max(s as u32);
                }
            });
        };
        match stage {
            Stage::Pass { members, .. } => members.iter().for_each(|member| visit(member.index)),
            Stage::Single(index) => visit(*index),
        }
    }
    for &address in keep {
        if owner[address as usize] != NONE {
            last[owner[address as usize] as usize] = NONE;
        }
    }
    (stage_of, last)
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
        if let Some(&(found, at)) = self.runs.range((padded, 0)..).next().filter(|(found, _)| *found <= 2 * padded) {
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
    use crate::access::Access;
    use crate::fuse;
    use crate::graph::Op;
    use crate::op::Unary;

    fn run_of(start: u32, len: usize) -> Access {
        Access::contiguous(start, &[len])
    }

    /// Sums between them, so that every run is read by another stage.
    fn four_runs() -> Plan<f64> {
        let mut plan = Plan::of_leaves(100);
        let mut x = 0;
        for _ in 0..4 {
            let run = plan.then(Op::Unary(Unary::Exp), &[100], &[], vec![run_of(x, 100)]);
            x = plan.then(Op::Max, &[100], &[1], vec![Access::Strided { start: run, strides: vec![1, 0].into() }]);
        }
        plan
    }

    #[test]
    fn a_run_that_nobody_reads_any_more_gives_its_place_away() {
        let plan = four_runs();
        let stages = fuse::run(&plan, false);
        let keep = [plan.space - 1];
        let (reused, kept) = (run(&plan, &stages, &keep, &[], true), run(&plan, &stages, &keep, &[], false));
        assert!(reused.len < kept.len, "{} {}", reused.len, kept.len);
    }

    #[test]
    fn runs_that_live_at_once_do_not_overlap_and_end_in_padding() {
        let plan = four_runs();
        let stages = fuse::run(&plan, false);
        let places = run(&plan, &stages, &[plan.space - 1], &[], true);
        for (i, instruction) in plan.instructions.iter().enumerate() {
            let at = |address: u32| places.of[address as usize] as usize;
            let out = at(instruction.out.first());
            assert_eq!(out % PAD, 0);
            let read = at(instruction.operands[0].first());
            let apart = read + 100usize.next_multiple_of(PAD) <= out || out + 100usize.next_multiple_of(PAD) <= read;
            assert!(apart, "instruction {i} writes what it reads");
        }
    }

    #[test]
    fn what_is_fed_back_in_place_shares_the_leafs() {
        let mut plan = Plan::<f64>::of_leaves(100);
        let next = plan.then(Op::Unary(Unary::Neg), &[100], &[], vec![run_of(0, 100)]);
        let stages = fuse::run(&plan, true);
        let places = run(&plan, &stages, &[next], &[InPlace { result: next, leaf: 0 }], true);
        assert_eq!(places.of[next as usize], places.of[0]);
    }
}
