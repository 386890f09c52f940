//! An operation computed by its file of the rule book, or in fast numerics by a tape's kernel: what
//! the compiler has no instruction for.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;
use wengert_kernels::fast;
use wengert_ops::attributes::Attributes;
use wengert_ops::real::Scalar;
use wengert_ops::run::{Layouts, View, Wide};
use wengert_ops::structural::Site;
use wengert_ops::tensor::Tensor;

use crate::op::{Op, Structural};
use crate::shape::{Layout, Shape};

/// An operation of the rule book with its shapes.
#[derive(Debug, PartialEq)]
pub(crate) struct Rule {
    pub(crate) op: Structural,
    pub(crate) attributes: Attributes,
    /// Of each operand the contiguous layout.
    pub(crate) operands: Vec<Layout>,
    pub(crate) shape: Shape,
}

/// Where a run stands in a workspace: its elements `step` apart, those of the next row of a batch
/// `row` further.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) start: usize,
    pub(crate) step: isize,
    pub(crate) row: isize,
}

impl Spread {
    fn at(self, i: usize, row: usize) -> usize {
        (self.start as isize + i as isize * self.step + row as isize * self.row) as usize
    }
}

/// The operation as a tape's kernels take it: its operands one after another.
#[derive(Debug)]
pub(crate) struct OnTape {
    wide: Wide,
    layouts: Layouts,
}

impl OnTape {
    pub(crate) fn of(rule: &Rule) -> Self {
        let mut layouts = Layouts::new();
        let mut end = 0;
        let mut operand = |layout: &Layout| {
            let start = end;
            end += layout.len() as u32;
            View::new(start, layouts.intern(layout.clone()))
        };
        let operands = rule.operands.iter().map(&mut operand).collect();
        let layout = layouts.intern(Layout::contiguous(rule.shape.clone()));
        let wide = Wide {
            op: Op::Structural(rule.op),
            step: 0,
            out: end,
            len: rule.shape.len() as u32,
            layout,
            operands,
            attributes: rule.attributes.clone(),
        };
        OnTape { wide, layouts }
    }
}

/// One operation for every row of a batch.
#[derive(Clone, Debug)]
pub(crate) struct ByRule {
    pub(crate) rule: Arc<Rule>,
    /// In fast numerics.
    pub(crate) on_tape: Option<Arc<OnTape>>,
    pub(crate) operands: SmallVec<[Spread; 3]>,
    pub(crate) out: Spread,
    pub(crate) rows: usize,
}

impl ByRule {
    /// The places that it reads are within these.
    pub(crate) fn reads(&self) -> Vec<Range<usize>> {
        let reach = |(spread, of): (&Spread, &Layout)| {
            let (last, row) = (of.len().saturating_sub(1), self.rows.saturating_sub(1));
            let corners = [(0, 0), (last, 0), (0, row), (last, row)];
            let places = corners.map(|(i, row)| spread.at(i, row));
            let (first, last) = places
                .iter()
                .fold((usize::MAX, 0), |(first, last), &place| (first.min(place), last.max(place)));
            first..last + 1
        };
        self.operands.iter().zip(&self.rule.operands).map(reach).collect()
    }

    pub(crate) fn run<S: Scalar>(&self, memory: &[Cell<S>]) {
        let rule = &*self.rule;
        let mut numbers = vec![S::EMPTY; rule.operands.iter().map(Layout::len).sum()];
        let mut result = vec![S::EMPTY; rule.shape.len()];
        for row in 0..self.rows {
            let mut all = numbers.iter_mut();
            for (spread, layout) in self.operands.iter().zip(&rule.operands) {
                for (i, number) in all.by_ref().take(layout.len()).enumerate() {
                    *number = memory[spread.at(i, row)].get();
                }
            }
            if !self.by_kernel(&numbers, &mut result) {
                let mut start = 0;
                let operands = rule.operands.iter().map(|layout| {
                    let data = &numbers[start..start + layout.len()];
                    start += layout.len();
                    Tensor { data, start: 0, layout }
                });
                let site = Site {
                    operands: operands.collect(),
                    cut: SmallVec::from_elem(false, rule.operands.len()),
                    shape: &rule.shape,
                    attributes: &rule.attributes,
                    run: &[],
                };
                rule.op.value(&site, &mut result);
            }
            for (i, &number) in result.iter().enumerate() {
                memory[self.out.at(i, row)].set(number);
            }
        }
    }

    /// Whether a tape has a kernel for it, and then its result.
    fn by_kernel<S: Scalar>(&self, before: &[S], run: &mut [S]) -> bool {
        let Some(OnTape { wide, layouts }) = self.on_tape.as_deref() else { return false };
        S::on_floats::<fast::Forward>(fast::ForwardTask { wide, layouts, before, run })
    }
}
