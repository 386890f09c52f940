//! An operand of a kernel: elements of a column, and where they lie.

use crate::run::{Layouts, View};
use crate::shape::Layout;

/// An operand of a kernel: elements of `data` from `start` on.
#[derive(Debug)]
pub struct Tensor<'a, S> {
    pub data: &'a [S],
    pub start: usize,
    pub layout: &'a Layout,
}

impl<S> Clone for Tensor<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Tensor<'_, S> {}

impl<'a, S: Copy> Tensor<'a, S> {
    pub fn of(data: &'a [S], view: View, layouts: &'a Layouts) -> Self {
        Tensor { data, start: view.start() as usize, layout: layouts.get(view.layout()) }
    }

    /// The elements in row-major order.
    pub fn elements(self) -> impl Iterator<Item = S> + 'a {
        self.layout.offsets().map(move |offset| self.data[self.start + offset])
    }
}
