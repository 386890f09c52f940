//! Where every run lies in a workspace: what nobody reads any more gives its place to what comes later.

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

/// Assigns places. `keep`: addresses that must hold after the run.
pub(crate) fn run<S>(plan: &Plan<S>, stages: &[Stage], keep: &[u32], reuse: bool) -> Places {
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
