//! W5a: Rosenbrock's function of many variables, `f64`.
//!
//! ```text
//! f = sum over i < n - 1 of 100 t_i² + (1 - x_i)²       t_i = x_(i+1) - x_i²
//! df/dx_i = -400 x_i t_i - 2 (1 - x_i) + 200 t_(i-1)    (the last term from i = 1 on, the others up to n - 2)
//! ```
//!
//! Value and gradient in one pass, which reads each x and writes each derivative once.

use crate::simd::{Kernel, dispatch};

/// The value; the gradient goes into `gradient`.
///
/// # Panics
///
/// If there are fewer than two variables, or not as many derivatives.
pub(crate) fn value_and_gradient(x: &[f64], gradient: &mut [f64]) -> f64 {
    assert!(
        x.len() >= 2 && gradient.len() == x.len(),
        "a derivative for each of at least two variables"
    );
    dispatch(Rosenbrock { x, gradient })
}

struct Rosenbrock<'a> {
    x: &'a [f64],
    gradient: &'a mut [f64],
}

/// One term, and its share of the derivative by its own variable.
#[inline(always)]
fn term(x: f64, next: f64) -> (f64, f64) {
    let (t, u) = ((-x).mul_add(x, next), 1.0 - x);
    let value = (100.0 * t).mul_add(t, u * u);
    (value, (-400.0 * x).mul_add(t, -2.0 * u))
}

/// The terms of variables 1 + `from` and on, `LANES` at a time, and where the next has to begin.
#[inline(always)]
fn blocks<const LANES: usize>(x: &[f64], inner: &mut [f64], from: usize) -> (f64, usize) {
    let mut sums = [0.0; LANES];
    let to = from + (inner.len() - from) / LANES * LANES;
    let (before, here, after) = (&x[from..to], &x[from + 1..to + 1], &x[from + 2..to + 2]);
    let blocks =
        before.chunks_exact(LANES).zip(here.chunks_exact(LANES)).zip(after.chunks_exact(LANES));
    for (out, ((before, here), after)) in inner[from..to].chunks_exact_mut(LANES).zip(blocks) {
        for lane in 0..LANES {
            let (value, share) = term(here[lane], after[lane]);
            let t = (-before[lane]).mul_add(before[lane], here[lane]);
            sums[lane] += value;
            out[lane] = 200.0_f64.mul_add(t, share);
        }
    }
    (sums.iter().sum(), to)
}

impl Kernel for Rosenbrock<'_> {
    type Out = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let Rosenbrock { x, gradient } = self;
        let n = x.len();
        let (first, share) = term(x[0], x[1]);
        gradient[0] = share;
        // Variables with a neighbour on both sides: many at a time, then a few, then one by one.
        let inner = &mut gradient[1..n - 1];
        let (many, done) = blocks::<32>(x, inner, 0);
        let (few, done) = blocks::<4>(x, inner, done);
        let (rest, _) = blocks::<1>(x, inner, done);
        gradient[n - 1] = 200.0 * (-x[n - 2]).mul_add(x[n - 2], x[n - 1]);
        first + many + few + rest
    }
}
