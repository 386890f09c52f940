//! An operation computed by its file of the rule book: what the compiler has no kernel for.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;
use wengert_ops::attributes::Attributes;
use wengert_ops::real::Scalar;
use wengert_ops::structural::Site;
use wengert_ops::tensor::Tensor;

use crate::op::Structural;
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

/// One operation for every row of a batch.
#[derive(Clone, Debug)]
pub(crate) struct ByRule {
    pub(crate) rule: Arc<Rule>,
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
        let lens = rule.operands.iter().map(Layout::len);
        let mut numbers: Vec<Vec<S>> = lens.map(|len| vec![S::EMPTY; len]).collect();
        let mut result = vec![S::EMPTY; rule.shape.len()];
        for row in 0..self.rows {
            for (numbers, spread) in numbers.iter_mut().zip(&self.operands) {
                for (i, number) in numbers.iter_mut().enumerate() {
                    *number = memory[spread.at(i, row)].get();
                }
            }
            let tensor = |(data, layout)| Tensor { data, start: 0, layout };
            let operands = numbers.iter().zip(&rule.operands);
            let site = Site {
                operands: operands.map(|(data, of)| tensor((data.as_slice(), of))).collect(),
                cut: SmallVec::from_elem(false, rule.operands.len()),
                shape: &rule.shape,
                attributes: &rule.attributes,
                run: &[],
            };
            rule.op.value(&site, &mut result);
            for (i, &number) in result.iter().enumerate() {
                memory[self.out.at(i, row)].set(number);
            }
        }
    }
}
