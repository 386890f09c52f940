//! W5a-1000: the written gradient.

use super::rosenbrock_written::value_and_gradient as written;
use crate::simd::{Kernel, dispatch};

struct Gradient<'a> {
    at: &'a [f64; 126],
    gradient: &'a mut [f64; 126],
}

impl Kernel for Gradient<'_> {
    type Out = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        written(self.at, self.gradient)
    }
}

/// The value; the gradient is written.
pub(crate) fn value_and_gradient(at: &[f64; 126], gradient: &mut [f64; 126]) -> f64 {
    dispatch(Gradient { at, gradient })
}
