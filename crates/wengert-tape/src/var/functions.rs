//! The functions of a numeric type, from the same table as the ops.

use super::{DO_NOT_BROADCAST, Operand, Var, or_panic};
use crate::attributes::Attributes;
use crate::error::Error;
use crate::op::{Binary, Structural, Unary, binary_functions, unary_functions};
use crate::real::{Real, Scalar};
use wengert_ops::real::powers;

macro_rules! unary_methods {
    ($($variant:ident, $method:ident, $formula:literal, $derivative:literal, $domain:literal;)*) => {
        impl<'t, S: Scalar> Var<'t, S> {
            $(
                #[doc = concat!("`", $formula, "`, elementwise.\n\n# Derivative\n\n", $derivative, "\n\n# Domain\n\n", $domain, ".\n\n# Panics\n\nIf the tape is full; [`try_unary`](Var::try_unary) returns that as an error.")]
                #[inline(always)]
                #[track_caller]
                #[must_use]
                pub fn $method(self) -> Self { self.apply(Unary::$variant) }
            )*
        }
    };
}

macro_rules! binary_methods {
    ($($variant:ident, $method:ident, $formula:literal, $derivative:literal, $domain:literal;)*) => {
        impl<'t, S: Scalar> Var<'t, S> {
            $(
                #[doc = concat!("`", $formula, "`, elementwise after broadcasting, x being `self` and y `other`.\n\n# Derivative\n\n", $derivative, "\n\n# Domain\n\n", $domain, ".\n\n# Panics\n\nOn misuse; [`try_binary`](Var::try_binary) returns that as an error.")]
                #[inline(always)]
                #[track_caller]
                #[must_use]
                pub fn $method(self, other: impl Operand<'t, S>) -> Self {
                    self.apply_with(Binary::$variant, other.on(self.tape))
                }
            )*
        }
    };
}

unary_functions!(unary_methods);
binary_functions!(binary_methods);

/// # Functions of numbers, elementwise
impl<'t, S: Scalar> Var<'t, S> {
    /// `xⁿ` for a fixed integer n, defined for negative x too.
    ///
    /// One node; on a tape of `f32`, which does not hold every integer beyond 2²⁴, such a power is
    /// a few nodes: a product of powers that it holds.
    ///
    /// # Derivative
    ///
    /// n xⁿ⁻¹, and 0 for n = 0 at every x.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[inline(always)]
    #[track_caller]
    #[must_use]
    pub fn powi(self, n: i32) -> Self {
        let power = |x: Self, n: i32| x.apply_number(Binary::Powi, S::from_f64(f64::from(n)));
        match powers::<S>(n) {
            None => power(self, n),
            Some([a, times, rest]) => power(power(self, a), times) * power(self, rest),
        }
    }

    /// `x²`, recorded as `powi(2)`.
    ///
    /// # Derivative
    ///
    /// 2x
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[inline(always)]
    #[track_caller]
    #[must_use]
    pub fn square(self) -> Self {
        self.powi(2)
    }

    /// The value held between two bounds: `max(x, lo)`, then `min` with `hi`.
    ///
    /// # Derivative
    ///
    /// 1 between the bounds, 0 outside, 1/2 at a bound (a tie of [`max`](Var::max) or
    /// [`min`](Var::min)).
    ///
    /// # Panics
    ///
    /// On misuse, as [`max`](Var::max).
    #[track_caller]
    #[must_use]
    pub fn clamp(self, lo: impl Operand<'t, S>, hi: impl Operand<'t, S>) -> Self {
        or_panic(self.fits("clamp", [lo.as_var(), hi.as_var()]));
        self.max(lo).min(hi)
    }

    /// The logarithm to a given base, `ln x / ln base`.
    ///
    /// # Panics
    ///
    /// On misuse, as [`powf`](Var::powf).
    #[track_caller]
    #[must_use]
    pub fn log(self, base: impl Operand<'t, S>) -> Self {
        or_panic(self.fits("log", [base.as_var(), None]));
        self.ln() / base.on(self.tape).ln()
    }

    /// `self * a + b` as two nodes: no fused rounding.
    ///
    /// # Panics
    ///
    /// On misuse, as `*` and `+`.
    #[track_caller]
    #[must_use]
    pub fn mul_add(self, a: impl Operand<'t, S>, b: impl Operand<'t, S>) -> Self {
        or_panic(self.fits("mul_add", [a.as_var(), b.as_var()]));
        self * a.on(self.tape) + b.on(self.tape)
    }

    /// Whether `others` stand on this tape and broadcast with this and with each other: what a
    /// composed function asks first, so that an error names it and not its parts. (Shapes of which
    /// any two broadcast do so together.)
    #[inline(always)]
    #[track_caller]
    fn fits(self, op: &'static str, [a, b]: [Option<Self>; 2]) -> Result<(), Error> {
        for (left, right) in [(Some(self), a), (Some(self), b), (a, b)] {
            let (Some(left), Some(right)) = (left, right) else { continue };
            left.same_tape(op, right)?;
            if !left.is_scalar()
                && !right.is_scalar()
                && left.shape().broadcast(&right.shape()).is_none()
            {
                return Err(left.shapes_error(op, right, DO_NOT_BROADCAST));
            }
        }
        Ok(())
    }

    /// Sine and cosine, two nodes.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[track_caller]
    #[must_use]
    pub fn sin_cos(self) -> (Self, Self) {
        (self.sin(), self.cos())
    }

    /// The part behind the point, `x − trunc x`; derivative 1.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[track_caller]
    #[must_use]
    pub fn fract(self) -> Self {
        self - self.trunc()
    }

    /// Degrees to radians.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[track_caller]
    #[must_use]
    pub fn to_radians(self) -> Self {
        self * self.like(std::f64::consts::PI / 180.0)
    }

    /// Radians to degrees.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[track_caller]
    #[must_use]
    pub fn to_degrees(self) -> Self {
        self * self.like(180.0 / std::f64::consts::PI)
    }

    /// `self ≠ 0 ? a : b`, elementwise after broadcasting, by the current values on every replay:
    /// it needs no guard. The condition is a number such as [`indicator_gt`](Var::indicator_gt)
    /// gives.
    ///
    /// # Derivative
    ///
    /// 1 by the chosen operand, 0 by the other, none by the condition. A zero adjoint passes
    /// nothing on, so an operand that is infinite or NaN where it is not chosen does no harm.
    ///
    /// # Panics
    ///
    /// On misuse; [`try_select`](Var::try_select) returns that as an error.
    #[doc(alias = "where_")]
    #[doc(alias = "where")]
    #[track_caller]
    #[must_use]
    pub fn select(self, a: impl Operand<'t, S>, b: impl Operand<'t, S>) -> Self {
        or_panic(self.try_select(a, b))
    }

    /// As [`select`](Var::select).
    ///
    /// # Errors
    ///
    /// As [`try_binary`](Var::try_binary).
    #[track_caller]
    pub fn try_select(self, a: impl Operand<'t, S>, b: impl Operand<'t, S>) -> Result<Self, Error> {
        for handle in [a.as_var(), b.as_var()].into_iter().flatten() {
            self.same_tape("select", handle)?;
        }
        // Checked before a number becomes a constant of the tape.
        self.tape.check_shapes(
            Structural::Select,
            &[Some(self), a.as_var(), b.as_var()],
            &Attributes::None,
        )?;
        let (a, b) = (a.try_on(self.tape, "select")?, b.try_on(self.tape, "select")?);
        self.tape.record_structural(Structural::Select, &[self.detach(), a, b], Attributes::None)
    }
}
