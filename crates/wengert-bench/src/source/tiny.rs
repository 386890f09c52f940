//! W4: the written step.

use super::tiny_written::step as written;
use crate::hand::tiny::{INPUTS, OUTPUTS, PARAMS, ROWS};
use crate::simd::{Kernel, dispatch};

type Features = [f64; ROWS * INPUTS];
type Targets = [f64; ROWS * OUTPUTS];

struct Step<'a> {
    params: &'a mut [f64; PARAMS],
    x: &'a Features,
    target: &'a Targets,
}

impl Kernel for Step<'_> {
    type Out = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        written(self.params, self.x, self.target)
    }
}

/// Moves the parameters; the loss before.
pub(crate) fn step(params: &mut [f64; PARAMS], x: &Features, target: &Targets) -> f64 {
    dispatch(Step { params, x, target })
}
