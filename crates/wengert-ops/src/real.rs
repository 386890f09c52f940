//! What a derivative rule may do with a number.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use crate::op::{Binary, Unary, binary_functions, unary_functions};

macro_rules! define_real {
    (@unary $($variant:ident, $method:ident, $formula:literal, $derivative:literal, $domain:literal;)*) => {
        $(
            #[doc = concat!("`", $formula, "`.\n\n# Derivative\n\n", $derivative, "\n\n# Domain\n\n", $domain, ".")]
            #[must_use]
            #[inline(always)]
            #[track_caller]
            fn $method(self) -> Self { self.unary(Unary::$variant) }
        )*
    };
    (@binary $($variant:ident, $method:ident, $formula:literal, $derivative:literal, $domain:literal;)*) => {
        $(
            #[doc = concat!("`", $formula, "`, x being `self` and y `other`.\n\n# Derivative\n\n", $derivative, "\n\n# Domain\n\n", $domain, ".")]
            #[must_use]
            #[inline(always)]
            #[track_caller]
            fn $method(self, other: Self) -> Self { self.binary(Binary::$variant, other) }
        )*
    };
}
macro_rules! unary_methods { ($($row:tt)*) => { define_real! { @unary $($row)* } }; }
macro_rules! binary_methods { ($($row:tt)*) => { define_real! { @binary $($row)* } }; }

/// A constant of mathematics that no number holds exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constant {
    /// ln 2.
    Ln2,
    /// 1/ln 2.
    Log2E,
    /// 1/ln 10.
    Log10E,
    /// 2/√π, the derivative of erf at 0.
    TwoOverSqrtPi,
}

impl Constant {
    /// The nearest `f64`.
    #[must_use]
    pub const fn to_f64(self) -> f64 {
        match self {
            Constant::Ln2 => std::f64::consts::LN_2,
            Constant::Log2E => std::f64::consts::LOG2_E,
            Constant::Log10E => std::f64::consts::LOG10_E,
            Constant::TwoOverSqrtPi => std::f64::consts::FRAC_2_SQRT_PI,
        }
    }
}

/// A number as derivative rules see it: `f32`, `f64`, [`Dual`](crate::dual::Dual), `Var`, or a
/// writer of formulas.
///
/// Rules are written once over this trait and read by all of them. An implementor supplies three
/// methods; the named functions are provided. There is no `if` on a number's value here, because a
/// recorded gradient must stay right at other values: [`indicator_gt`](Real::indicator_gt) and its
/// kin give 0 or 1 as a number instead.
pub trait Real:
    Copy
    + Debug
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Rem<Output = Self>
    + Neg<Output = Self>
{
    /// A constant of the same kind: on the same tape, in the same formula.
    #[must_use]
    #[track_caller]
    fn like(self, constant: f64) -> Self;

    /// A constant of mathematics that rules need: as `f64` rounds it, unless the number has more
    /// digits.
    #[must_use]
    #[inline(always)]
    #[track_caller]
    fn constant(self, constant: Constant) -> Self {
        self.like(constant.to_f64())
    }

    /// A function of this number.
    #[must_use]
    #[track_caller]
    fn unary(self, op: Unary) -> Self;

    /// A function of this number and another.
    #[must_use]
    #[track_caller]
    fn binary(self, op: Binary, other: Self) -> Self;

    /// The largest finite number of the kind, as a constant.
    #[must_use]
    #[track_caller]
    fn largest(self) -> Self {
        self.like(f64::MAX)
    }

    /// `xⁿ` for an integer n that is a constant.
    #[must_use]
    #[inline(always)]
    #[track_caller]
    fn powi(self, n: i32) -> Self {
        self.binary(Binary::Powi, self.like(f64::from(n)))
    }

    unary_functions!(unary_methods);
    binary_functions!(binary_methods);
}

/// A [`Real`] that a tape can store: `f32`, `f64`, and [`Dual`](crate::dual::Dual) numbers over
/// them.
///
/// Sealed: the tape's columns hold plain numbers, and rely on it.
pub trait Scalar: Real + PartialOrd + Send + Sync + sealed::Sealed + 'static {
    /// The empty sum: −0, which IEEE adds to any x, even −0, without changing a bit of it.
    const EMPTY: Self;

    /// Whether the number carries a tangent, so that [`detached`](Scalar::detached) does something.
    const HAS_TANGENT: bool;

    /// Whether an operation is a call anyway, so that a loop of its own for every operation would
    /// gain nothing.
    #[doc(hidden)]
    const OUT_OF_LINE: bool = false;

    /// Whether the tangent that it carries is a derivative by the rules, which an operation with a
    /// rule of its own computes by that.
    #[doc(hidden)]
    const IS_DUAL: bool = false;

    /// The same number standing still: what is read through a cut operand.
    fn detached(self) -> Self;

    /// Nothing but the tangent: `0 + ẋε` of a dual number `x + ẋε`.
    #[doc(hidden)]
    fn tangent_alone(self) -> Self {
        Self::from_f64(0.0)
    }

    /// The value of this with the tangent of another.
    #[doc(hidden)]
    fn with_tangent_of(self, _: Self) -> Self {
        self
    }

    /// What a function of plain numbers makes of numbers of this kind.
    #[doc(hidden)]
    fn through(function: &dyn OfNumbers, given: &[Self], to: &mut [Self]) {
        let plain: Vec<f64> = given.iter().map(|x| x.to_f64()).collect();
        let mut result = vec![0.0; to.len()];
        function.value(&plain, &mut result);
        for (to, &number) in to.iter_mut().zip(&result) {
            *to = Self::from_f64(number);
        }
    }

    /// `op(self, other)` for `Min` or `Max` of two equal numbers, of which this stands for `before`
    /// already: a tangent is shared equally by all, as the reverse sweep shares an adjoint.
    #[doc(hidden)]
    fn tie(self, op: Binary, other: Self, before: u32) -> Self {
        let _ = before;
        self.binary(op, other)
    }

    /// The nearest number to `value`.
    fn from_f64(value: f64) -> Self;

    /// The value as `f64`, without any tangent.
    fn to_f64(self) -> f64;

    /// Whether every component is +0 or −0.
    fn is_zero(self) -> bool;

    /// Whether every component is finite.
    fn is_finite(self) -> bool;

    /// A key that differs for numbers of different bits; equal keys still have to be compared with
    /// [`same_bits`](Scalar::same_bits).
    fn bits_key(self) -> u64;

    /// Whether two numbers are the same bit for bit, so that −0 differs from 0 and a NaN equals
    /// itself.
    fn same_bits(self, other: Self) -> bool;
}

/// A function of plain numbers, as numbers that carry more than a value ask for it.
#[doc(hidden)]
pub trait OfNumbers {
    /// The result, into numbers that are 0.
    fn value(&self, given: &[f64], to: &mut [f64]);

    /// The derivative along a direction at which the function has that value, into numbers that are
    /// 0.
    fn tangent(&self, given: &[f64], value: &[f64], direction: &[f64], to: &mut [f64]);
}

/// How to compute `xⁿ` if n or n − 1, the power of its slope, is no number of the type: `(xᵃ)ᵇ xʳ`
/// as `[a, b, r]`, for which all of them are. A rounded power would be an even one, and have
/// another sign.
#[must_use]
pub fn powers<S: Scalar>(n: i32) -> Option<[i32; 3]> {
    // An f32 holds this, and the integers next to it. An f64 holds every i32.
    const STEP: i32 = 1 << 23;
    let holds = |n: f64| S::from_f64(n).to_f64() == n;
    let n64 = f64::from(n);
    if holds(n64) && holds(n64 - 1.0) {
        return None;
    }
    Some([STEP * n.signum(), (n / STEP).abs(), n % STEP])
}

/// `xⁿ` for numbers of S, or for what is made of them, by powers that are numbers of the type.
pub(crate) fn power<S: Scalar, R: Real>(x: R, n: i32) -> R {
    let within = |x: R, n: i32| x.binary(Binary::Powi, x.like(f64::from(n)));
    match powers::<S>(n) {
        None => within(x, n),
        Some([a, times, rest]) => within(within(x, a), times) * within(x, rest),
    }
}

pub mod sealed {
    use super::Scalar;
    use crate::op::Structural;
    use crate::structural::{Entry, Found, Site};

    /// What only this crate can implement.
    pub trait Sealed: Sized {
        /// Does work that there are kernels for on plain numbers; `false`, with nothing done, for
        /// other numbers, or if the kernels leave it to the generic way.
        fn on_floats<W: OnFloats>(task: W::Task<'_, Self>) -> bool
        where
            Self: Scalar,
        {
            let _ = task;
            false
        }

        // What a structural operation does with numbers of this kind, by the loops of its file if
        // nothing else is said.

        /// Its value.
        fn value_of(op: Structural, site: &Site<'_, Self>, run: &mut [Self])
        where
            Self: Scalar,
        {
            op.value_by_loops(site, run);
        }

        /// The entries of its Jacobian.
        fn entries_of(op: Structural, site: &Site<'_, Self>, visit: &mut dyn FnMut(Entry<Self>))
        where
            Self: Scalar,
        {
            op.entries_by_loops(site, visit);
        }

        /// Its contributions to adjoints.
        fn reverse_of(op: Structural, site: &Site<'_, Self>, g: &[Self], adjoints: &mut [Self])
        where
            Self: Scalar,
        {
            op.reverse_by_loops(site, g, adjoints);
        }

        /// Its fault.
        #[must_use]
        fn fault_of(op: Structural, site: &Site<'_, Self>) -> Option<Found>
        where
            Self: Scalar,
        {
            op.fault_by_loops(site)
        }
    }

    /// Work with its own kernels for `f32` and `f64`.
    pub trait OnFloats {
        /// What it works on.
        type Task<'a, S: Scalar>;
        /// Does it.
        fn f32(task: Self::Task<'_, f32>) -> bool;
        /// Does it.
        fn f64(task: Self::Task<'_, f64>) -> bool;
    }
}
