//! Elementwise instructions over one index space, a row at a time, a chunk of a row at a time.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;

use super::LANES;
use super::elementwise::Operands;
use crate::elementary::Elementary;
use crate::graph::Op;
use crate::ids::{Id, Place, Point};
use crate::simd::Compiled;

/// Where an operand of a step begins, and how it moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) start: Place,
    /// Which of the pass's walks over the rows it goes with.
    pub(crate) walk: u16,
    /// Whether it moves along a row; a register does not, nor does a repeated number.
    pub(crate) moves: bool,
    /// Whether one number is all there is.
    pub(crate) single: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Step<S: 'static> {
    Compute {
        /// What the kernel computes.
        op: Op,
        kernel: Compiled<Operands<S>>,
        out: Window,
        operands: [Window; 3],
    },
    /// `c + a b`, or `c - a b`, in fast numerics; two instructions, of which the product, at
    /// `product`, is nobody else's.
    WithProduct {
        guarded: bool,
        minus: bool,
        kernel: Compiled<Operands<S>>,
        out: Window,
        operands: [Window; 3],
        product: Window,
    },
    /// The sigmoid and its slope, in fast numerics; two instructions.
    SigmoidAndSlope { kernel: Compiled<Operands<S>>, out: Window, slope: Window, x: Window },
    /// The sum over a row of these numbers, or of their products, into one place.
    Fold { kernel: Compiled<Operands<S>>, out: Place, operands: [Window; 2] },
    /// Numbers `stride` apart into a register.
    Stride { out: Window, from: Window, stride: isize },
    /// `period` numbers over and over into a register.
    Cycle { out: Window, from: Window, stride: isize, period: usize },
    /// Each number `times` times into a register.
    Repeat { out: Window, from: Window, stride: isize, times: usize },
    /// Numbers anywhere into a register.
    Gather { out: Window, from: Arc<[Place]> },
    /// A run to places anywhere.
    Scatter { from: Window, to: Arc<[Place]> },
    /// Stretches of numbers into a register.
    Stretches { out: Window, from: Arc<[Stretch]> },
}

/// Numbers an even step apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// The first one's place among all that are gathered.
    at: u32,
    pub(crate) start: Place,
    pub(crate) stride: i32,
    pub(crate) len: u32,
}

/// Stretches shorter than this on average are better gathered one by one.
const STRETCH: usize = 6;

impl<S> Step<S> {
    /// Whether it writes to a place of a row.
    pub(crate) fn writes(&self, place: Window) -> bool {
        match self {
            Step::Compute { out, .. }
            | Step::WithProduct { out, .. }
            | Step::Stride { out, .. }
            | Step::Cycle { out, .. }
            | Step::Repeat { out, .. }
            | Step::Gather { out, .. }
            | Step::Stretches { out, .. } => *out == place,
            Step::SigmoidAndSlope { out, slope, .. } => *out == place || *slope == place,
            // Places of no row.
            Step::Fold { .. } | Step::Scatter { .. } => false,
        }
    }

    /// Whether it reads numbers from a place on.
    pub(crate) fn reads(&self, place: Place) -> bool {
        let is = |from: &Window| from.start == place;
        match self {
            Step::Compute { operands, .. } | Step::WithProduct { operands, .. } => {
                operands.iter().any(is)
            }
            Step::Fold { operands, .. } => operands.iter().any(is),
            Step::SigmoidAndSlope { x, .. } => is(x),
            Step::Stride { from, .. }
            | Step::Cycle { from, .. }
            | Step::Repeat { from, .. }
            | Step::Scatter { from, .. } => is(from),
            // A list may reach anywhere.
            Step::Gather { .. } | Step::Stretches { .. } => true,
        }
    }

    /// The step that brings the numbers in these places into a register.
    pub(crate) fn gather(out: Window, places: Vec<Place>) -> Self {
        let mut stretches: Vec<Stretch> = Vec::new();
        for (at, &place) in places.iter().enumerate() {
            if let Some(last) = stretches.last_mut() {
                let stride = place
                    .minus(last.start.plus(i64::from(last.len - 1) * i64::from(last.stride)))
                    as i32;
                let expected = i64::from(last.len) * i64::from(last.stride);
                if last.len == 1 && stride > 0
                    || last.len > 1 && expected == place.minus(last.start)
                {
                    last.stride = if last.len == 1 { stride } else { last.stride };
                    last.len += 1;
                    continue;
                }
            }
            stretches.push(Stretch { at: at as u32, start: place, stride: 0, len: 1 });
        }
        if stretches.len() * STRETCH <= places.len() {
            Step::Stretches { out, from: stretches.into() }
        } else {
            Step::Gather { out, from: places.into() }
        }
    }
}

/// The numbers from the `from`-th on, as many as there is room for.
fn bring<S: Copy>(memory: &[Cell<S>], stretches: &[Stretch], from: usize, out: &[Cell<S>]) {
    let mut done = 0;
    let mut i = stretches.partition_point(|stretch| stretch.at as usize <= from) - 1;
    while done < out.len() {
        let stretch = stretches[i];
        let skipped = from + done - stretch.at as usize;
        let len = (stretch.len as usize - skipped).min(out.len() - done);
        let start = stretch.start.index() + skipped * stretch.stride as usize;
        let out = &out[done..done + len];
        if stretch.stride == 1 {
            for (out, value) in out.iter().zip(&memory[start..start + len]) {
                out.set(value.get());
            }
        } else {
            for (k, out) in out.iter().enumerate() {
                out.set(memory[start + k * stretch.stride as usize].get());
            }
        }
        done += len;
        i += 1;
    }
}

/// A pass, ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Pass<S: 'static> {
    /// The rows: outer extents, and the strides of every walk.
    pub(crate) rows: SmallVec<[usize; 4]>,
    /// By walk, the strides over `rows`.
    pub(crate) walks: Vec<SmallVec<[i32; 4]>>,
    /// The numbers in a row.
    pub(crate) len: usize,
    /// How many of them are taken at a time: what fits into a register, or all where there is none.
    pub(crate) chunk: usize,
    /// Whether nothing may be written past the end of a row.
    pub(crate) exact: bool,
    pub(crate) steps: Vec<Step<S>>,
}

impl<S> Pass<S> {
    /// Whether sums are steps of it.
    pub(crate) fn has_sums(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Fold { .. }))
    }

    /// The places that it reads, of a pass of one row, are within these: registers, too.
    pub(crate) fn reads(&self) -> Vec<Range<usize>> {
        let own = |window: &Window| {
            let start = window.start.index();
            start..start + if window.moves { self.len } else { 1 }
        };
        let apart = |from: &Window, count: usize, stride: isize| {
            let (first, way) = (from.start.index() as isize, (count as isize - 1) * stride);
            (first + way.min(0)) as usize..(first + way.max(0)) as usize + 1
        };
        let list = |list: &[Place]| {
            let places = || list.iter().map(|place| place.index());
            places().min().unwrap_or(0)..places().max().map_or(0, |last| last + 1)
        };
        let mut reads = Vec::new();
        for step in &self.steps {
            match step {
                Step::Compute { operands, .. } | Step::WithProduct { operands, .. } => {
                    reads.extend(operands.iter().map(own));
                }
                Step::Fold { operands, .. } => reads.extend(operands.iter().map(own)),
                Step::SigmoidAndSlope { x, .. } => reads.push(own(x)),
                Step::Stride { from, stride, .. } => reads.push(apart(from, self.len, *stride)),
                Step::Cycle { from, stride, period, .. } => {
                    reads.push(apart(from, *period, *stride));
                }
                Step::Repeat { from, stride, times, .. } => {
                    reads.push(apart(from, self.len.div_ceil(*times), *stride));
                }
                Step::Gather { from, .. } => reads.push(list(from)),
                Step::Scatter { from, .. } => reads.push(own(from)),
                Step::Stretches { from, .. } => {
                    reads.extend(from.iter().map(|stretch| {
                        let (first, len) = (stretch.start.index() as i64, i64::from(stretch.len));
                        let way = (len - 1) * i64::from(stretch.stride);
                        (first + way.min(0)) as usize..(first + way.max(0)) as usize + 1
                    }));
                }
            }
        }
        reads
    }
}

impl<S: Elementary> Pass<S> {
    pub(crate) fn run(&self, memory: &[Cell<S>], offsets: &mut [isize]) {
        let offsets = &mut offsets[..self.walks.len()];
        offsets.fill(0);
        if self.rows.is_empty() {
            return self.row(memory, offsets, 0);
        }
        let mut index: SmallVec<[usize; 4]> = SmallVec::from_elem(0, self.rows.len());
        let mut row = 0;
        'rows: loop {
            self.row(memory, offsets, row);
            row += self.len;
            for axis in (0..self.rows.len()).rev() {
                index[axis] += 1;
                for (offset, strides) in offsets.iter_mut().zip(&self.walks) {
                    *offset += strides[axis] as isize;
                }
                if index[axis] < self.rows[axis] {
                    continue 'rows;
                }
                for (offset, strides) in offsets.iter_mut().zip(&self.walks) {
                    *offset -= index[axis] as isize * strides[axis] as isize;
                }
                index[axis] = 0;
            }
            return;
        }
    }

    /// One row; `before` is the number of elements in the rows before it.
    #[inline(always)]
    fn row(&self, memory: &[Cell<S>], offsets: &[isize], before: usize) {
        let (mut from, flat) = (0, self.rows.is_empty());
        while from < self.len {
            let len = self.chunk.min(self.len - from);
            // A single row ends in padding, its own or a register's, and what follows is readable:
            // the last vector is computed whole.
            let span = if flat && !self.exact {
                len.next_multiple_of(LANES).min(self.len.next_multiple_of(LANES) - from)
            } else {
                len
            };
            for step in &self.steps {
                let first = |place: Window| {
                    // One row has no walks.
                    let walked = if flat { 0 } else { offsets[usize::from(place.walk)] };
                    (place.start.index() as isize + walked) as usize
                        + if place.moves { from } else { 0 }
                };
                let at = |place: Window| {
                    let first = first(place);
                    &memory[first..first + if place.single { 1 } else { span }]
                };
                match step {
                    Step::Compute { kernel, out, operands, .. }
                    | Step::WithProduct { kernel, out, operands, .. } => {
                        kernel
                            .call((at(*out), [at(operands[0]), at(operands[1]), at(operands[2])]));
                    }
                    Step::SigmoidAndSlope { kernel, out, slope, x } => {
                        kernel.call((at(*out), [at(*x), at(*slope), &[]]));
                    }
                    Step::Fold { kernel, out, operands: [a, b] } => {
                        let (out, [a, b]) = (out.index(), [at(*a), at(*b)]);
                        let out = &memory[out..=out];
                        if from == 0 {
                            out[0].set(S::EMPTY);
                        }
                        // What a register has behind the last element is no term.
                        kernel.call((out, [&a[..len], &b[..len], &[]]));
                    }
                    Step::Stride { out, from: source, stride } => {
                        let start = first(*source) as isize + from as isize * stride;
                        for (i, out) in at(*out)[..len].iter().enumerate() {
                            out.set(memory[(start + i as isize * stride) as usize].get());
                        }
                    }
                    // A chunk is whole periods, and the register is this step's alone: it is filled
                    // once a row.
                    Step::Cycle { out, from: source, stride, period } if from == 0 => {
                        let (start, out) = (first(*source) as isize, &at(*out)[..len]);
                        for block in out.chunks(*period) {
                            for (i, out) in block.iter().enumerate() {
                                out.set(memory[(start + i as isize * stride) as usize].get());
                            }
                        }
                    }
                    Step::Cycle { .. } => {}
                    Step::Repeat { out, from: source, stride, times } => {
                        let start = first(*source) as isize + (from / times) as isize * stride;
                        for (i, out) in at(*out)[..len].chunks(*times).enumerate() {
                            let value = memory[(start + i as isize * stride) as usize].get();
                            out.iter().for_each(|out| out.set(value));
                        }
                    }
                    Step::Gather { out, from: list } => {
                        for (out, &place) in at(*out).iter().zip(&list[before + from..][..len]) {
                            out.set(memory[place.index()].get());
                        }
                    }
                    Step::Scatter { from: source, to } => {
                        let from_places = at(*source);
                        for (i, &place) in to[before + from..][..len].iter().enumerate() {
                            memory[place.index()]
                                .set(from_places[if from_places.len() == 1 { 0 } else { i }].get());
                        }
                    }
                    Step::Stretches { out, from: stretches } => {
                        bring(memory, stretches, before + from, &at(*out)[..len]);
                    }
                }
            }
            from += self.chunk;
        }
    }
}
