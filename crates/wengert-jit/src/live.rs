//! Which results must be in the workspace after their function: those that something reads later.
//! All others stay in registers.

use std::ops::Range;

use wengert_program::internals::{self, At, FoldTask, From, Line, PassStep, PassTask, TaskView};
use wengert_program::{Float, Program};

use crate::segments::{Segment, Segments};
use crate::unroll::count;

/// Places, each in or out.
struct Places(Vec<u64>);

impl Places {
    fn set(&mut self, place: usize, is_in: bool) {
        let bit = 1 << (place % 64);
        if is_in { self.0[place / 64] |= bit } else { self.0[place / 64] &= !bit }
    }

    fn has(&self, place: usize) -> bool {
        self.0[place / 64] >> (place % 64) & 1 == 1
    }

    fn add(&mut self, places: Range<usize>) {
        places.for_each(|place| self.set(place, true));
    }
}

/// What need not be stored.
#[derive(Debug)]
pub(crate) struct Stored {
    /// By line, whether its result is stored.
    pub(crate) lines: Vec<bool>,
    /// By segment, the steps of its loops whose results are not.
    pub(crate) unread: Vec<Vec<usize>>,
}

/// By line, and by step of a loop, whether its result is stored.
pub(crate) fn stored<S: Float>(program: &Program<S>, segments: &Segments) -> Stored {
    let mut live = Places(vec![0; internals::len(program).div_ceil(64)]);
    internals::for_each_kept(program, |place| live.set(place, true));
    let mut stored = vec![false; segments.lines.len()];
    // By place, the function in which a later line writes it, counted from the last.
    let mut written = vec![0_u32; internals::len(program)];
    let mut unread = vec![Vec::new(); segments.all.len()];
    for (function, (k, segment)) in (1..).zip(segments.all.iter().enumerate().rev()) {
        match segment {
            Segment::Numbers(range) => {
                let lines = &segments.lines[range.clone()];
                for (line, stored) in lines.iter().zip(&mut stored[range.clone()]).rev() {
                    let out = line.out as usize;
                    *stored = written[out] != function && live.has(out);
                    written[out] = function;
                }
                for Line { act, out, operands } in lines.iter().rev() {
                    live.set(*out as usize, false);
                    operands[..count(*act)].iter().for_each(|&at| live.set(at as usize, true));
                }
            }
            Segment::Rolled(rolled) => {
                let lines = &segments.lines;
                let own = rolled.stored(lines, |place| live.has(place));
                stored[rolled.from..rolled.from + rolled.period].copy_from_slice(&own);
                for j in 0..rolled.period {
                    for place in rolled.reads(lines, j) {
                        (0..rolled.times).for_each(|round| live.set(place.at(round), true));
                    }
                }
            }
            Segment::Loops { pass, sums } => {
                unread[k] = self::unread(pass, |mut places| places.any(|place| live.has(place)));
                pass_reads(pass, |places| live.add(places));
                sums.iter().filter_map(|sum| sum.init).for_each(|at| live.set(at as usize, true));
            }
            Segment::Task { view, .. } => match view {
                TaskView::Numbers(lines) => {
                    for line in lines {
                        live.set(line.out as usize, true);
                        line.operands.iter().for_each(|&at| live.set(at as usize, true));
                    }
                }
                TaskView::Pass(pass) => pass_reads(pass, |places| live.add(places)),
                TaskView::Fold(fold) => fold_reads(fold, |places| live.add(places)),
                TaskView::Kernel { reads, .. } => {
                    reads.iter().for_each(|places| live.add(places.clone()));
                }
            },
        }
    }
    Stored { lines: stored, unread }
}

/// The places that a walk from `start` on reaches.
pub(crate) fn reach(start: usize, axes: impl Iterator<Item = (usize, isize)>) -> Range<usize> {
    let (mut first, mut last) = (start as isize, start as isize);
    for (extent, stride) in axes.filter(|&(extent, _)| extent > 0) {
        let way = (extent as isize - 1) * stride;
        if way < 0 { first += way } else { last += way }
    }
    first as usize..last as usize + 1
}

/// The places of an operand of a pass that moves along a row by a stride, over so many steps.
pub(crate) fn window(pass: &PassTask, at: &At, (steps, stride): (usize, isize)) -> Range<usize> {
    let walk = pass.walks[at.walk].iter().map(|&by| by as isize);
    reach(at.start, pass.rows.iter().copied().zip(walk).chain([(steps, stride)]))
}

pub(crate) fn meet(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// The places of an operand of a pass that moves along a row or stands still.
pub(crate) fn own_window(pass: &PassTask, at: &At) -> Range<usize> {
    window(pass, at, if at.moves { (pass.len, 1) } else { (1, 0) })
}

/// The places that a step writes, registers left out.
pub(crate) fn written(pass: &PassTask, step: &PassStep) -> Option<Range<usize>> {
    match step {
        PassStep::Compute { out, .. } | PassStep::Bring { out, .. } => {
            (!out.register).then(|| own_window(pass, out))
        }
        PassStep::Scatter { to, .. } => {
            let (first, last) = (to.iter().min()?, to.iter().max()?);
            Some(*first as usize..*last as usize + 1)
        }
    }
}

/// The steps whose results nothing reads but steps for the same element: neither the pass elsewhere
/// nor, by `is_read`, anything later.
fn unread(pass: &PassTask, is_read: impl Fn(Range<usize>) -> bool) -> Vec<usize> {
    let is_unread = |step: &PassStep| {
        let PassStep::Compute { out, .. } = step else { return false };
        if out.register || !out.moves {
            return false;
        }
        let own = own_window(pass, out);
        let mut elsewhere = is_read(own.clone());
        let others = pass.steps.iter().map(|step| match step {
            PassStep::Compute { act, out: to, operands } => {
                // What is read of the same element is known.
                let operands = operands.map(|at| At { register: at.register || at == *out, ..at });
                PassStep::Compute { act: *act, out: *to, operands }
            }
            PassStep::Scatter { from, to } if from == out => {
                PassStep::Scatter { from: At { register: true, ..*from }, to: to.clone() }
            }
            step => step.clone(),
        });
        let others = PassTask { steps: others.collect(), ..pass.clone() };
        pass_reads(&others, |places| elsewhere |= meet(&places, &own));
        !elsewhere
    };
    let steps = pass.steps.iter().enumerate();
    steps.filter(|(_, step)| is_unread(step)).map(|(s, _)| s).collect()
}

/// Calls `visit` with ranges of which a pass reads, registers left out.
pub(crate) fn pass_reads(pass: &PassTask, mut visit: impl FnMut(Range<usize>)) {
    let mut read = |at: &At, along: (usize, isize)| {
        if !at.register {
            visit(window(pass, at, along));
        }
    };
    let own = |at: &At| if at.moves { (pass.len, 1) } else { (1, 0) };
    for step in &pass.steps {
        match step {
            PassStep::Compute { act, operands, .. } => {
                operands[..count(*act)].iter().for_each(|at| read(at, own(at)));
            }
            PassStep::Bring { from: From::Stride { at, stride }, .. } => {
                read(at, (pass.len, *stride));
            }
            PassStep::Bring { from: From::Cycle { at, stride, period }, .. } => {
                read(at, (*period, *stride));
            }
            PassStep::Bring { from: From::Repeat { at, stride, times }, .. } => {
                read(at, (pass.len / times, *stride));
            }
            PassStep::Scatter { from, .. } => read(from, own(from)),
            PassStep::Bring { from: From::List(_), .. } => {}
        }
    }
    for step in &pass.steps {
        if let PassStep::Bring { from: From::List(list), .. } = step {
            list.iter().for_each(|&place| visit(place as usize..place as usize + 1));
        }
    }
}

fn fold_reads(fold: &FoldTask, mut visit: impl FnMut(Range<usize>)) {
    for k in 1..fold.starts.len() {
        if k == 1 && !fold.has_init {
            continue;
        }
        let outer = fold.outer.iter().map(|axis| (axis.extent, axis.strides[k]));
        let inner = fold.inner.iter().filter(|_| k > 1);
        let inner = inner.map(|axis| (axis.extent, axis.strides[k - 2]));
        visit(reach(fold.starts[k], outer.chain(inner)));
    }
}
