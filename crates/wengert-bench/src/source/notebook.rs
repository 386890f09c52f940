//! W1: the written step, row by row.

use super::notebook_written::step;
use crate::hand::notebook::Row;
use crate::simd::{Kernel, dispatch};

struct Epoch<'a> {
    params: [f64; 12],
    rows: &'a [Row],
}

impl Kernel for Epoch<'_> {
    type Out = [f64; 12];

    #[inline(always)]
    fn run(mut self) -> [f64; 12] {
        for (x, target) in self.rows {
            step(&mut self.params, x, target);
        }
        self.params
    }
}

/// A step a row, in order.
pub(crate) fn epoch(params: &mut [f64; 12], rows: &[Row]) {
    *params = dispatch(Epoch { params: *params, rows });
}
