//! A program cut into functions of bounded size, and the tasks that stay the interpreter's.

use std::collections::HashMap;
use std::ops::Range;

use wengert_program::internals::{self, At, FoldTask, Line, PassTask, TaskView};
use wengert_program::{Float, Program};

use crate::functions::Functions;
use crate::lists;
use crate::loops::Sum;
use crate::passes;
use crate::pieces;
use crate::rolled::{self, Rolled};
use crate::sums;
use crate::unroll;

/// A function has no more operations on single numbers than this: a code generator's time grows
/// faster than a function.
pub(crate) const FUNCTION: usize = 500;

/// What runs by itself.
#[derive(Debug)]
pub(crate) enum Segment {
    /// Operations on single numbers, by their range.
    Numbers(Range<usize>),
    /// Operations on single numbers that repeat.
    Rolled(Rolled),
    /// Loops over a pass, with sums of what it computes.
    Loops { pass: PassTask, sums: Vec<Sum> },
    /// A task that the interpreter runs.
    Task { index: usize, view: TaskView },
}

/// The constants of a program, by place.
#[derive(Debug)]
pub(crate) struct Constants(HashMap<u32, f64>);

impl Constants {
    pub(crate) fn of<S: Float>(program: &Program<S>) -> Self {
        let constants = internals::constants(program).into_iter();
        Constants(constants.map(|(place, number)| (place as u32, number.to_f64())).collect())
    }

    pub(crate) fn get(&self, place: u32) -> Option<f64> {
        self.0.get(&place).copied()
    }

    /// The one number that an operand of a pass is.
    pub(crate) fn at(&self, at: &At) -> Option<f64> {
        let one = !at.moves && !at.register;
        one.then(|| self.get(at.start as u32)).flatten()
    }
}

/// A program, cut.
#[derive(Debug)]
pub(crate) struct Segments {
    pub(crate) lines: Vec<Line>,
    pub(crate) all: Vec<Segment>,
}

/// Of more elements than this, vectors compute an elementary function in fast numerics more quickly
/// than it is computed one by one: 16 sigmoids took 94 ns, and written out 125; 12 as long.
const KERNEL: usize = 12;

/// A program of more operations on single numbers than this is long.
const LONG: usize = 4 * FUNCTION;

impl Segments {
    /// Whether to make code quickly rather than to make quick code.
    pub(crate) fn is_long(&self) -> bool {
        let straight = |segment: &Segment| match segment {
            Segment::Numbers(range) => range.len(),
            _ => 0,
        };
        self.all.iter().map(straight).sum::<usize>() > LONG
    }

    pub(crate) fn of<S: Float>(program: &Program<S>, functions: Functions) -> Self {
        let mut segments = Segments { lines: Vec::new(), all: Vec::new() };
        // Where the lines begin that are in no function yet.
        let mut from = 0;
        // A place is written as an offset in bytes, of 31 bits.
        let fits = i32::try_from(internals::len(program) * size_of::<S>()).is_ok();
        let constants = Constants::of(program);
        let is_small = |pass: &PassTask| {
            let has_kernel = || passes::call(pass, |at| constants.at(at)).is_some();
            let is_few = unroll::elements(pass) <= KERNEL || !functions.fast || !has_kernel();
            is_few && unroll::is_small_pass(pass)
        };
        for index in 0..internals::tasks(program) {
            let view = match internals::task(program, index) {
                TaskView::Pass(pass) => TaskView::Pass(lists::walked(pass)),
                view => view,
            };
            match view {
                TaskView::Numbers(mut lines) if fits => segments.lines.append(&mut lines),
                TaskView::Pass(pass) if fits && is_small(&pass) => {
                    unroll::pass(&pass, &mut segments.lines);
                }
                TaskView::Fold(fold) if fits && !fold.any_order && unroll::is_small_fold(&fold) => {
                    unroll::fold(&fold, &mut segments.lines);
                }
                view => {
                    segments.cut(&mut from);
                    if let TaskView::Fold(fold) = &view
                        && fits
                        && segments.take_in(fold)
                    {
                        continue;
                    }
                    let pieces = match &view {
                        TaskView::Pass(pass) if fits => pieces::pieces(pass, |at| constants.at(at)),
                        _ => None,
                    };
                    match pieces {
                        Some(pieces) => {
                            let loops = |pass| Segment::Loops { pass, sums: Vec::new() };
                            segments.all.extend(pieces.into_iter().map(loops));
                        }
                        None => segments.all.push(Segment::Task { index, view }),
                    }
                }
            }
        }
        segments.cut(&mut from);
        segments
    }

    /// Takes a sum into the loops that compute its elements, if they do.
    fn take_in(&mut self, fold: &FoldTask) -> bool {
        let Some(row) = sums::Row::of(fold) else { return false };
        for segment in self.all.iter_mut().rev() {
            match segment {
                Segment::Loops { pass, sums } => {
                    if let Some(sum) = row.sum_of(pass) {
                        sums.push(sum);
                        return true;
                    }
                    if row.is_touched_by(pass) || !sums.is_empty() {
                        return false;
                    }
                }
                Segment::Task { view: TaskView::Pass(pass), .. } if !row.is_touched_by(pass) => {}
                _ => return false,
            }
        }
        false
    }

    /// Makes functions of the lines that are in none.
    fn cut(&mut self, from: &mut usize) {
        let lines = &self.lines[*from..];
        // In a short program straight code is read quickly enough.
        let found = if lines.len() > LONG { rolled::find(lines) } else { Vec::new() };
        let first = *from;
        for mut rolled in found {
            rolled.from += first;
            let (start, end) = (rolled.from, rolled.from + rolled.period * rolled.times);
            self.straight(*from, start);
            self.all.push(Segment::Rolled(rolled));
            *from = end;
        }
        self.straight(*from, self.lines.len());
        *from = self.lines.len();
    }

    /// Functions of about one size.
    fn straight(&mut self, mut from: usize, end: usize) {
        let count = (end - from).div_ceil(FUNCTION);
        for left in (1..=count).rev() {
            let len = (end - from).div_ceil(left);
            self.all.push(Segment::Numbers(from..from + len));
            from += len;
        }
    }
}
