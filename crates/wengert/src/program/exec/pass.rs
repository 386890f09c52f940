//! Elementwise instructions over one index space, a row at a time, a chunk of a row at a time.

use std::cell::Cell;
use std::sync::Arc;

use smallvec::SmallVec;

use super::CHUNK;
use super::elementwise::Operands;
use crate::elementary::Elementary;
use crate::simd::Compiled;

/// Where an operand of a step begins, and how it moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) start: u32,
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
        kernel: Compiled<Operands<S>>,
        out: Place,
        operands: [Place; 3],
    },
    /// Numbers `stride` apart into a register.
    Stride {
        out: Place,
        from: Place,
        stride: isize,
    },
    /// Numbers anywhere into a register.
    Gather {
        out: Place,
        from: Arc<[u32]>,
    },
    /// A run to places anywhere.
    Scatter {
        from: Place,
        to: Arc<[u32]>,
    },
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
    pub(crate) steps: Vec<Step<S>>,
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
        let mut from = 0;
        while from < self.len {
            let len = CHUNK.min(self.len - from);
            let first = |place: Place| {
                (place.start as isize + offsets[usize::from(place.walk)]) as usize + if place.moves { from } else { 0 }
            };
            let at = |place: Place| {
                let first = first(place);
                &memory[first..first + if place.single { 1 } else { len }]
            };
            for step in &self.steps {
                match step {
                    Step::Compute { kernel, out, operands } => kernel.call((at(*out), operands.map(at))),
                    Step::Stride { out, from: source, stride } => {
                        let start = first(*source) as isize + from as isize * stride;
                        for (i, out) in at(*out).iter().enumerate() {
                            out.set(memory[(start + i as isize * stride) as usize].get());
                        }
                    }
                    Step::Gather { out, from: list } => {
                        for (out, &place) in at(*out).iter().zip(&list[before + from..][..len]) {
                            out.set(memory[place as usize].get());
                        }
                    }
                    Step::Scatter { from: source, to } => {
                        for (value, &place) in at(*source).iter().zip(&to[before + from..][..len]) {
                            memory[place as usize].set(value.get());
                        }
                    }
                }
            }
            from += len;
        }
    }
}
