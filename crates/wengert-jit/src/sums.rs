//! Sums over what a pass has just computed: taken into its loops, so that nothing is read again.

use std::ops::Range;

use wengert_program::internals::{FoldTask, PassStep, PassTask};

use crate::live::{self, meet, own_window, written};
use crate::loops::Sum;

/// Neighbours that are added up in any order.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    elements: Range<usize>,
    init: Option<usize>,
    out: usize,
}

impl Row {
    /// The row that a fold adds up, if it is one sum of one row.
    pub(crate) fn of(fold: &FoldTask) -> Option<Row> {
        if !fold.any_order || fold.products || fold.outer.iter().any(|axis| axis.extent != 1) {
            return None;
        }
        let mut axes = fold.inner.iter().filter(|axis| axis.extent != 1);
        let (Some(axis), None) = (axes.next(), axes.next()) else { return None };
        if axis.strides != [1] {
            return None;
        }
        let start = fold.starts[2];
        let elements = start..start + axis.extent;
        let init = fold.has_init.then_some(fold.starts[1]);
        Some(match init {
            // A neighbour is one of the elements.
            Some(init) if init + 1 == start => {
                Row { elements: init..elements.end, init: None, out: fold.starts[0] }
            }
            init => Row { elements, init, out: fold.starts[0] },
        })
    }

    /// The sum of what a step of the pass computes, if these are the elements.
    pub(crate) fn sum_of(&self, pass: &PassTask) -> Option<Sum> {
        let is_one = pass.rows.iter().product::<usize>() == 1;
        let step = pass.steps.iter().rposition(|step| {
            written(pass, step).is_some_and(|places| meet(&places, &self.elements))
        })?;
        let PassStep::Compute { out, .. } = &pass.steps[step] else { return None };
        let fits = is_one && own_window(pass, out) == self.elements && out.moves;
        fits.then_some(Sum { step, init: self.init.map(|init| init as u32), out: self.out as u32 })
    }

    /// Whether a pass that runs before the sum would make it another, or it the pass.
    pub(crate) fn is_touched_by(&self, pass: &PassTask) -> bool {
        let out = self.out..self.out + 1;
        let mut touched = false;
        live::pass_reads(pass, |places| touched |= meet(&places, &out));
        for places in pass.steps.iter().filter_map(|step| written(pass, step)) {
            let init = self.init.is_some_and(|init| meet(&places, &(init..init + 1)));
            touched |= init || meet(&places, &out) || meet(&places, &self.elements);
        }
        touched
    }
}
