//! Dual numbers: a value and its derivative along one direction, carried together.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use crate::op::{Binary, Structural, Unary};
use crate::real::{Constant, OfNumbers, Real, Scalar, power};
use crate::rules;
use crate::structural::{Entry, Found, Site, duals};

/// `value + tangent ε` with `ε² = 0`: forward mode, by the same rules as the reverse sweep.
///
/// A tape of duals gives forward-over-reverse: the tangents of its adjoints are a Hessian-vector
/// product. Comparisons look at the value alone, as a branch in the program would.
///
/// There is one ε for each level of `Dual`. A derivative within a derivative takes duals of duals,
/// and a number of the outer one is lifted by [`constant`](Dual::constant); numbers of two levels do
/// not add. Two derivatives of one level in one formula would be confused: begin each with duals of
/// its own.
///
/// ```compile_fail,E0308
/// use wengert::number::Dual;
/// let x = Dual::new(1.0, 1.0); // d/dx
/// let y = Dual::new(Dual::constant(2.0), Dual::constant(1.0)); // d/dy within
/// let sum = x + y; // Dual::constant(x) + y
/// ```
///
/// # Examples
///
/// ```
/// use wengert::number::{Dual, Real};
/// let x = Dual::new(3.0, 1.0); // d/dx
/// let y = x * x + x.like(1.0);
/// assert_eq!((y.value, y.tangent), (10.0, 6.0));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dual<S> {
    /// The number itself, the primal.
    pub value: S,
    /// The derivative of `value` along the direction.
    pub tangent: S,
}

impl<S: Scalar> Dual<S> {
    /// A number with a tangent.
    #[must_use]
    pub fn new(value: S, tangent: S) -> Self {
        Dual { value, tangent }
    }

    /// A number that does not move along the direction.
    #[must_use]
    pub fn constant(value: S) -> Self {
        Dual { value, tangent: value.like(0.0) }
    }
}

impl<S: Scalar> Real for Dual<S> {
    #[inline]
    fn like(self, constant: f64) -> Self {
        Dual { value: self.value.like(constant), tangent: self.value.like(0.0) }
    }

    #[inline]
    fn constant(self, constant: Constant) -> Self {
        Dual::constant(self.value.constant(constant))
    }

    // Without optimisation every inlined copy keeps its locals: a loop with a copy for each op
    // would need megabytes of stack.
    #[cfg_attr(not(debug_assertions), inline)]
    fn unary(self, op: Unary) -> Self {
        let value = self.value.unary(op);
        let tangent = rules::unary(op, self.value, value).times(self.tangent);
        Dual { value, tangent: tangent.unwrap_or(value.like(0.0)) }
    }

    fn largest(self) -> Self {
        Dual::constant(self.value.largest())
    }

    fn powi(self, n: i32) -> Self {
        power::<S, Self>(self, n)
    }

    #[cfg_attr(not(debug_assertions), inline)]
    fn binary(self, op: Binary, other: Self) -> Self {
        let (x, y) = (self.value, other.value);
        let value = x.binary(op, y);
        // The product of the chain rule skips a zero of all components, not of the value alone:
        // 0 + tε times p still moves by t p.
        if op == Binary::MulNoNan || op == Binary::MulNoNanEither {
            let along_x = if op == Binary::MulNoNan {
                self.tangent.mul_no_nan(y)
            } else {
                self.tangent.mul_no_nan_either(y)
            };
            let still = other.tangent.is_zero();
            return Dual {
                value,
                tangent: if still { along_x } else { along_x + x.mul_no_nan(other.tangent) },
            };
        }
        let along_x = rules::first(op, x, y, value).times(self.tangent);
        let along_y = if other.tangent.is_zero() {
            None
        } else {
            rules::second(op, x, y, value).times(other.tangent)
        };
        let tangent = match (along_x, along_y) {
            (Some(a), Some(b)) => a + b,
            (Some(a), None) | (None, Some(a)) => a,
            (None, None) => value.like(0.0),
        };
        Dual { value, tangent }
    }
}

impl<S: Scalar> crate::real::sealed::Sealed for Dual<S> {
    fn value_of(op: Structural, site: &Site<'_, Self>, run: &mut [Self]) {
        duals::value(op, site, run);
    }

    fn entries_of(op: Structural, site: &Site<'_, Self>, visit: &mut dyn FnMut(Entry<Self>)) {
        duals::entries(op, site, visit);
    }

    fn reverse_of(op: Structural, site: &Site<'_, Self>, g: &[Self], adjoints: &mut [Self]) {
        duals::reverse(op, site, g, adjoints);
    }

    fn fault_of(op: Structural, site: &Site<'_, Self>) -> Option<Found> {
        duals::fault(op, site)
    }
}

impl<S: Scalar> Scalar for Dual<S> {
    const EMPTY: Self = Dual { value: S::EMPTY, tangent: S::EMPTY };
    const HAS_TANGENT: bool = true;
    const OUT_OF_LINE: bool = S::OUT_OF_LINE;

    const IS_DUAL: bool = true;

    fn detached(self) -> Self {
        Dual::constant(self.value.detached())
    }

    fn tangent_alone(self) -> Self {
        Dual { value: self.value.like(0.0), tangent: self.tangent }
    }

    fn with_tangent_of(self, other: Self) -> Self {
        Dual { value: self.value, tangent: other.tangent }
    }

    fn through(function: &dyn OfNumbers, given: &[Self], to: &mut [Self]) {
        let plain: Vec<f64> = given.iter().map(|x| x.value.to_f64()).collect();
        let mut value = vec![0.0; to.len()];
        function.value(&plain, &mut value);
        let direction: Vec<f64> = given.iter().map(|x| x.tangent.to_f64()).collect();
        let mut tangent = vec![0.0; to.len()];
        if direction.iter().any(|&moves| moves != 0.0) {
            function.tangent(&plain, &value, &direction, &mut tangent);
        }
        for (to, (&value, &tangent)) in to.iter_mut().zip(value.iter().zip(&tangent)) {
            *to = Dual { value: S::from_f64(value), tangent: S::from_f64(tangent) };
        }
    }

    fn tie(self, op: Binary, other: Self, before: u32) -> Self {
        let share = self.value.like(1.0 / (f64::from(before) + 1.0));
        let tangent = self.tangent + (other.tangent - self.tangent) * share;
        Dual { value: self.value.tie(op, other.value, before), tangent }
    }

    fn from_f64(value: f64) -> Self {
        Dual::constant(S::from_f64(value))
    }

    fn to_f64(self) -> f64 {
        self.value.to_f64()
    }

    fn is_zero(self) -> bool {
        self.value.is_zero() && self.tangent.is_zero()
    }

    fn is_finite(self) -> bool {
        self.value.is_finite() && self.tangent.is_finite()
    }

    fn bits_key(self) -> u64 {
        self.value.bits_key() ^ self.tangent.bits_key().rotate_left(17)
    }

    fn same_bits(self, other: Self) -> bool {
        self.value.same_bits(other.value) && self.tangent.same_bits(other.tangent)
    }
}

impl<S: Scalar> PartialEq for Dual<S> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<S: Scalar> PartialOrd for Dual<S> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident)*) => {$(
        impl<S: Scalar> $trait for Dual<S> {
            type Output = Self;
            #[inline]
            fn $method(self, other: Self) -> Self {
                self.binary(Binary::$trait, other)
            }
        }
    )*};
}
operators!(Add add Sub sub Mul mul Div div Rem rem);

impl<S: Scalar> Neg for Dual<S> {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}
