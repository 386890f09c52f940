//! W5b: a chain of `sin`, `exp` and `ln`, `f64`: y = ln exp sin y, again and again.
//!
//! The derivative is the product of `cos`, of `exp` and of `1 / x` at the values on the way. The
//! values are one chain of dependent calls; the factors don't wait for each other, and are computed
//! side by side. `sin`, `exp` and `ln` are the platform's, which are faster one after the other
//! than the crate `libm`'s; `cos` is that crate's, which is faster side by side.

/// One round: three operations.
pub(crate) struct Chain {
    /// What goes into each `sin`, and what comes out of each `exp`.
    values: Vec<[f64; 2]>,
}

impl Chain {
    pub(crate) fn new(rounds: usize) -> Self {
        Chain { values: vec![[0.0; 2]; rounds] }
    }

    /// The value and the derivative at x.
    pub(crate) fn value_and_derivative(&mut self, x: f64) -> (f64, f64) {
        let mut y = x;
        for values in &mut self.values {
            let e = y.sin().exp();
            *values = [y, e];
            y = e.ln();
        }
        let mut derivative = 1.0;
        for &[y, e] in self.values.iter().rev() {
            // By ln, by exp, by sin; one factor for all three, so that only one product waits for
            // the one before.
            derivative *= (1.0 / e) * e * libm::cos(y);
        }
        (y, derivative)
    }
}
