//! Elementary functions of single numbers in fast numerics: the platform's, which are quicker one
//! at a time than a vector's formula.
//!
//! Within an ulp or so on every platform in use, but not the same bits on all of them: exact
//! numerics never come here.

use crate::op::Unary;

/// A number that the platform's library knows.
pub(crate) trait Platform: Sized {
    /// `op` by the platform's library, if it has a quick one.
    fn platform(self, op: Unary) -> Option<Self>;
}

macro_rules! platform {
    ($($number:ty)*) => {$(
        impl Platform for $number {
            #[inline(always)]
            fn platform(self, op: Unary) -> Option<Self> {
                Some(match op {
                    Unary::Exp => self.exp(),
                    Unary::Exp2 => self.exp2(),
                    Unary::Ln => self.ln(),
                    Unary::Log2 => self.log2(),
                    Unary::Sin => self.sin(),
                    Unary::Cos => self.cos(),
                    Unary::Sigmoid if self < -80.0 => self.exp(),
                    Unary::Sigmoid => 1.0 / (1.0 + (-self).exp()),
                    _ => return None,
                })
            }
        }
    )*};
}
platform!(f32 f64);
