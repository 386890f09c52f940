//! Stages that are run in pieces: a piece of the first, a piece of the second, and so on, then the
//! next piece of each. So what one computes is still in a near cache when another reads it.
//!
//! These are passes over one axis, and sums of all of a run. A stage has come as far as what it
//! reads has come: a reader of the next element stays behind by a vector. A sum is added piece by
//! piece. What needs more of another stage than that comes after the strip. All of it is order
//! alone: the same numbers, run stage by stage, are right as well, and machine code is made of them
//! so.

use std::ops::Range;

use smallvec::SmallVec;

use super::access::{Access, Dims};
use super::fuse::{Member, Stage};
use super::graph::{FastSet, Instruction, Op};
use super::group::Plan;
use super::ids::{Address, InstructionId, Map, Point};
use super::writers::Writers;

/// Neighbouring stages that run in pieces.
#[derive(Clone, Debug)]
pub(crate) struct Strip {
    pub(crate) stages: Range<usize>,
    /// By piece, how far each stage has come when it is done.
    pub(crate) ends: Vec<SmallVec<[usize; 4]>>,
}

/// When stages are run in pieces, and how long these are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Less than so many bytes from stage to stage stay in a near cache as it is.
    worth: usize,
    /// A piece passes so many bytes from stage to stage.
    piece: usize,
    /// The fewest elements of a piece.
    elements: usize,
}

impl Limits {
    pub(crate) const NEAR_CACHE: Limits =
        Limits { worth: 192 << 10, piece: 24 << 10, elements: 512 };

    /// Whether a strip may begin with a stage of so many bytes.
    fn begins(&self, bytes: usize) -> bool {
        bytes >= self.worth / 4
    }
}

/// The most pieces.
const MOST: usize = 512;
/// How many stages are looked at behind the first of a strip, if none has more instructions than
/// these.
const WINDOW: usize = 48;
const MEMBERS: usize = 1 << 12;
/// Ends are multiples of so many elements, so that vectors are whole.
const VECTOR: usize = 16;

/// A stage as it is run in pieces.
struct Along<'a> {
    extent: usize,
    /// What it computes: the first address, and how far it moves. Nothing is there before the end
    /// of a sum of all.
    outs: SmallVec<[(InstructionId, Address, i64); 4]>,
    /// What it reads.
    reads: SmallVec<[&'a Access<Address>; 4]>,
}

/// What a stage waits for: of another stage of the strip so many elements.
struct Wait {
    /// The other stage's number in the strip.
    on: usize,
    /// What is there of it: numbers from the first on, so many for a step.
    start: Address,
    width: i64,
    /// What is read: the first number, and how far it moves.
    first: Address,
    step: i64,
}

impl<'a> Along<'a> {
    fn of<S>(plan: &'a Plan<S>, stage: &'a Stage) -> Option<Self> {
        match stage {
            Stage::Pass { dims, members } => {
                let &[extent] = &dims[..] else { return None };
                let mut along = Along { extent, outs: SmallVec::new(), reads: SmallVec::new() };
                for member in members {
                    let out = member.out(plan);
                    if !out.is_contiguous(dims) {
                        return None;
                    }
                    along.outs.push((member.index, out.first(), 1));
                    along.reads.extend(member.operands(plan));
                }
                (extent > 1).then_some(along)
            }
            Stage::Single(index) => {
                let instruction = &plan.instructions[*index];
                // What a sum might begin with is no part of a strip.
                let ([extent], [x]) = (&instruction.inner[..], &instruction.operands[..]) else {
                    return None;
                };
                if instruction.op != Op::Sum || instruction.len() > 1 || *extent < 2 {
                    return None;
                }
                let outs = SmallVec::from_iter([(*index, instruction.out.first(), 0)]);
                Some(Along { extent: *extent, outs, reads: SmallVec::from_iter([x]) })
            }
        }
    }

    /// An end that leaves whole vectors.
    fn rounded(&self, end: usize) -> usize {
        if end < self.extent { end / VECTOR * VECTOR } else { end }
    }

    /// How far it comes after a piece, the stages before having come as far as `ends`.
    fn end(&self, waits: &[Wait], before: &[(usize, usize)], piece: usize, pieces: usize) -> usize {
        if piece == pieces {
            return self.extent;
        }
        let mut end = self.extent;
        if waits.is_empty() {
            end = self.extent * piece / pieces;
        }
        for wait in waits {
            let (done, extent) = before[wait.on];
            if done == extent {
                continue;
            }
            // The numbers that are there behind the first one.
            let ahead = wait.start.minus(wait.first) + done as i64 * wait.width;
            let steps = match wait.step {
                _ if ahead <= 0 => 0,
                0 => self.extent as i64,
                step => (ahead - 1) / step + 1,
            };
            end = end.min(steps as usize);
        }
        self.rounded(end)
    }
}

/// Stages under way to be a strip.
struct Building<'a> {
    stages: Vec<usize>,
    along: Vec<Along<'a>>,
    waits: Vec<Vec<Wait>>,
    /// How many numbers pass from stage to stage.
    passed: usize,
}

impl Building<'_> {
    /// The ends of the stages by piece.
    fn ends(&self, pieces: usize) -> Vec<SmallVec<[usize; 4]>> {
        let mut before = vec![0; self.along.len()];
        let piece = |piece: usize| {
            let mut ends: Vec<(usize, usize)> = Vec::with_capacity(self.along.len());
            for ((along, waits), before) in self.along.iter().zip(&self.waits).zip(&mut before) {
                let end = along.end(waits, &ends, piece, pieces).max(*before);
                *before = end;
                ends.push((end, along.extent));
            }
            ends.into_iter().map(|(end, _)| end).collect()
        };
        (1..=pieces).map(piece).collect()
    }
}

/// What strips are looked for in.
struct Search<'a, S> {
    plan: &'a Plan<S>,
    writers: &'a Writers,
    limits: Limits,
    /// By instruction those whose results it reads.
    reads: Map<InstructionId, SmallVec<[InstructionId; 4]>>,
}

/// Finds strips, and moves what cannot be in one behind it.
pub(crate) fn run<S>(
    plan: &Plan<S>,
    writers: &Writers,
    stages: &mut Vec<Stage>,
    limits: Limits,
) -> Vec<Strip> {
    let mut strips = Vec::new();
    let large =
        |instruction: &Instruction<Address>| limits.begins(instruction.len() * size_of::<S>());
    if !plan.instructions.values().any(large) {
        return strips;
    }
    let of = |instruction: &Instruction<Address>| {
        let mut reads: SmallVec<[InstructionId; 4]> = SmallVec::new();
        writers.for_each_read(plan, instruction, |by| {
            if !reads.contains(&by) {
                reads.push(by);
            }
        });
        reads
    };
    let reads = plan.instructions.values().map(of).collect();
    let search = Search { plan, writers, limits, reads };
    let mut first = 0;
    while first + 1 < stages.len() {
        let Some((order, strip)) = search.strip(stages, first) else {
            first += 1;
            continue;
        };
        // The strip's stages, then the others that were looked at.
        let end = first + order.len();
        let moved: Vec<Stage> = order.into_iter().map(|i| stages[i].clone()).collect();
        stages.splice(first..end, moved);
        first = strip.stages.end;
        strips.push(strip);
    }
    strips
}

impl<S> Search<'_, S> {
    /// The strip that begins with a stage, and in which order it and those behind it stand then.
    fn strip(&self, stages: &[Stage], first: usize) -> Option<(Vec<usize>, Strip)> {
        let along = Along::of(self.plan, &stages[first])?;
        if !self.limits.begins(along.extent * size_of::<S>()) {
            return None;
        }
        let mut building = Building {
            stages: vec![first],
            along: vec![along],
            waits: vec![Vec::new()],
            passed: 0,
        };
        // What is computed by stages that come after the strip.
        let mut later: FastSet<InstructionId> = FastSet::default();
        let (mut left, mut kept) = (Vec::new(), 0);
        for i in first + 1..stages.len().min(first + WINDOW) {
            if matches!(&stages[i], Stage::Pass { members, .. } if members.len() > MEMBERS) {
                break;
            }
            if self.join(stages, &mut building, &later, i) {
                kept = left.len();
            } else {
                left.push(i);
                stages[i].for_each(|by| _ = later.insert(by));
            }
        }
        left.truncate(kept);
        let bytes = building.passed * size_of::<S>();
        if bytes < self.limits.worth {
            return None;
        }
        let extent = building.along.iter().map(|along| along.extent).min().unwrap_or(0);
        let Limits { piece, elements, .. } = self.limits;
        let pieces = bytes.div_ceil(piece).min(MOST).min(extent / elements);
        if pieces < 2 {
            return None;
        }
        let (end, ends) = (first + building.stages.len(), building.ends(pieces));
        let order = building.stages.into_iter().chain(left).collect();
        Some((order, Strip { stages: first..end, ends }))
    }

    /// Takes a stage in, if it can keep up.
    fn join<'s>(
        &'s self,
        stages: &'s [Stage],
        building: &mut Building<'s>,
        later: &FastSet<InstructionId>,
        stage: usize,
    ) -> bool {
        let Some(along) = Along::of(self.plan, &stages[stage]) else { return false };
        // Pieces of both are of about one size, or one would push the other out of the cache.
        let (extent, other) = (along.extent, building.along[0].extent);
        if extent > 4 * other || other > 4 * extent {
            return false;
        }
        let mut own: SmallVec<[InstructionId; 8]> = SmallVec::new();
        stages[stage].for_each(|by| own.push(by));
        if own.iter().any(|&i| self.reads[i].iter().any(|by| later.contains(by))) {
            return false;
        }
        let Some((waits, passed)) = self.waits(building, &along, &own) else { return false };
        building.along.push(along);
        building.waits.push(waits);
        building.stages.push(stage);
        building.passed += passed;
        let ends = building.ends(TRIAL);
        let keeps_up = (1..TRIAL).zip(&ends).all(|(piece, ends)| {
            let end = ends[ends.len() - 1];
            (end + VECTOR) * TRIAL + extent > extent * piece
        });
        if !keeps_up {
            building.along.pop();
            building.waits.pop();
            building.stages.pop();
            building.passed -= passed;
        }
        keeps_up
    }

    /// What a stage waits for, and how many numbers it reads of the strip; nothing if it cannot be
    /// said.
    fn waits(
        &self,
        building: &Building<'_>,
        along: &Along<'_>,
        own: &[InstructionId],
    ) -> Option<(Vec<Wait>, usize)> {
        let place = |by: InstructionId| {
            building.along.iter().enumerate().find_map(|(on, along)| {
                let &(_, start, width) = along.outs.iter().find(|(out, ..)| *out == by)?;
                Some((on, start, width))
            })
        };
        let read = own.iter().flat_map(|&i| &self.reads[i]).filter(|by| !own.contains(by));
        let mut known: SmallVec<[InstructionId; 4]> = SmallVec::new();
        for &by in read {
            if place(by).is_some() && !known.contains(&by) {
                known.push(by);
            }
        }
        let mut waits: Vec<Wait> = Vec::new();
        if known.is_empty() {
            return Some((waits, 0));
        }
        for read in &along.reads {
            let Access::Strided { start: first, strides } = read else { return None };
            let &[.., stride] = &strides[..] else { return None };
            let (step, mut backwards) = (i64::from(stride), false);
            // Along the one axis: other axes of a sum have one step.
            let along_it = Access::Strided { start: *first, strides: [stride][..].into() };
            self.writers.for_each(self.plan, &along_it, &[along.extent], |by| {
                if let Some((on, start, width)) = place(by) {
                    backwards |= step < 0;
                    waits.push(Wait { on, start, width, first: *first, step });
                }
            });
            if backwards {
                return None;
            }
        }
        Some((waits, known.iter().map(|&by| self.plan.instructions[by].len()).sum()))
    }
}

/// Pieces of a trial: a stage may stay behind by one of them.
const TRIAL: usize = 8;

/// A part of a stage.
#[derive(Debug)]
pub(crate) enum Piece {
    Pass { dims: Dims, members: Vec<Member> },
    Single(Instruction<Address>),
}

/// From one step of a stage's axis to another.
pub(crate) fn piece<S>(plan: &Plan<S>, stage: &Stage, of: Range<usize>) -> Piece {
    let cut = |access: &Access<Address>| match access {
        Access::Strided { start, strides } => {
            let stride = strides.last().copied().unwrap_or(0);
            let start = start.plus(of.start as i64 * i64::from(stride));
            Access::Strided { start, strides: strides.clone() }
        }
        Access::Listed(list) => Access::Listed(list[of.clone()].into()),
    };
    match stage {
        Stage::Pass { members, .. } => {
            let part = |member: &Member| {
                let operands = member.operands(plan).iter().map(cut);
                Member::new(member.index, cut(member.out(plan)), operands.collect())
            };
            let dims = Dims::from_slice(&[of.len()]);
            Piece::Pass { dims, members: members.iter().map(part).collect() }
        }
        Stage::Single(index) => {
            let mut part = plan.instructions[*index].clone();
            part.operands[0] = cut(&part.operands[0]);
            part.inner[0] = of.len();
            if of.start > 0 {
                part.operands.push(part.out.clone());
            }
            Piece::Single(part)
        }
    }
}

#[cfg(test)]
mod tests;
