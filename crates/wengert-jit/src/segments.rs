//! A program cut into functions of bounded size, and the tasks that stay the interpreter's.

use std::collections::HashMap;
use std::ops::Range;

use wengert_program::internals::{self, At, Line, PassTask, TaskView};
use wengert_program::{Float, Program};

use crate::loops;
use crate::unroll;

/// A function has no more operations on single numbers than this: a code generator's time grows
/// faster than a function.
pub(crate) const FUNCTION: usize = 1000;

/// What runs by itself.
#[derive(Debug)]
pub(crate) enum Segment {
    /// Operations on single numbers, by their range.
    Numbers(Range<usize>),
    /// Loops over a pass.
    Loops(PassTask),
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

impl Segments {
    pub(crate) fn of<S: Float>(program: &Program<S>) -> Self {
        let mut segments = Segments { lines: Vec::new(), all: Vec::new() };
        // Where the lines begin that are in no function yet.
        let mut from = 0;
        // A place is written as an offset in bytes, of 31 bits.
        let fits = i32::try_from(internals::len(program) * size_of::<S>()).is_ok();
        let constants = Constants::of(program);
        for index in 0..internals::tasks(program) {
            match internals::task(program, index) {
                TaskView::Numbers(mut lines) if fits => segments.lines.append(&mut lines),
                TaskView::Pass(pass) if fits && unroll::is_small_pass(&pass) => {
                    unroll::pass(&pass, &mut segments.lines);
                }
                TaskView::Fold(fold) if fits && unroll::is_small_fold(&fold) => {
                    unroll::fold(&fold, &mut segments.lines);
                }
                TaskView::Pass(pass)
                    if fits && loops::is_worth_it(&pass, |at| constants.at(at)) =>
                {
                    segments.cut(&mut from);
                    segments.all.push(Segment::Loops(pass));
                }
                view => {
                    segments.cut(&mut from);
                    segments.all.push(Segment::Task { index, view });
                }
            }
        }
        segments.cut(&mut from);
        segments
    }

    /// Makes functions of the lines that are in none.
    fn cut(&mut self, from: &mut usize) {
        let count = (self.lines.len() - *from).div_ceil(FUNCTION);
        // Of about one size.
        for left in (1..=count).rev() {
            let len = (self.lines.len() - *from).div_ceil(left);
            self.all.push(Segment::Numbers(*from..*from + len));
            *from += len;
        }
    }
}
