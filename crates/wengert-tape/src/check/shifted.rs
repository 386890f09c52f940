//! A number beside itself: where the tape stands, and where a difference moves it.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use crate::op::{Binary, Unary};
use crate::real::Real;
use wengert_ops::real::{Constant, OfNumbers, Scalar, sealed};

/// The tape's number and the moved one. A finite difference is taken on these and not on the moved
/// numbers alone, because
///
/// - a detached operand must stand still, as it does for the derivative:
///   [`detached`](Scalar::detached) goes back to `base`;
/// - a step that takes some `abs` or `max` to another of its pieces says nothing about the
///   derivative: `crossed` notices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shifted<S> {
    pub(super) base: S,
    pub(super) moved: S,
    /// Whether some operation on the way is on another smooth piece at `moved` than at `base`.
    pub(super) crossed: bool,
}

impl<S: Scalar> Shifted<S> {
    pub(super) fn still(base: S) -> Self {
        Shifted { base, moved: base, crossed: false }
    }
}

/// Which smooth piece of `op` a number lies on. At a kink itself the piece differs from that on
/// either side.
fn unary_piece<S: Scalar>(op: Unary, x: S) -> Option<Ordering> {
    match op {
        // Poles, kinks and infinite slopes at 0.
        Unary::Abs
        | Unary::Signum
        | Unary::Relu
        | Unary::Recip
        | Unary::Cbrt
        | Unary::I0e
        | Unary::I1e => x.partial_cmp(&x.like(0.0)),
        Unary::Log1mExp => x.partial_cmp(&x.like(0.0)),
        // Inside, outside, or at an end.
        Unary::NormPpf => (x * (x.like(1.0) - x)).partial_cmp(&x.like(0.0)),
        _ => Some(Ordering::Equal),
    }
}

/// Whether 0 or a negative whole number lies between, or at an end.
fn pole_between<S: Scalar>(a: S, b: S) -> bool {
    let (least, most) = if a < b { (a, b) } else { (b, a) };
    let (floor, zero) = (most.unary(Unary::Floor), a.like(0.0));
    // A NaN is neither.
    let (above, between_two) = (least > zero, floor < least && most < zero);
    !(above || between_two)
}

fn crosses_unary<S: Scalar>(op: Unary, a: S, b: S) -> bool {
    match op {
        Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc => a.unary(op) != b.unary(op),
        // Poles at 0 and the negative whole numbers.
        Unary::Lgamma | Unary::Digamma => pole_between(a, b),
        _ => unary_piece(op, a) != unary_piece(op, b),
    }
}

fn crosses_binary<S: Scalar>(op: Binary, (ax, ay): (S, S), (bx, by): (S, S)) -> bool {
    let zero = ax.like(0.0);
    match op {
        Binary::Min | Binary::Max | Binary::Gt | Binary::Ge | Binary::Eq => {
            ax.partial_cmp(&ay) != bx.partial_cmp(&by)
        }
        // The integers that the values were made with.
        Binary::Rem => {
            times_in(ax, ay) != times_in(bx, by) || on_a_jump(ax, ay) || on_a_jump(bx, by)
        }
        Binary::Div => ay.partial_cmp(&zero) != by.partial_cmp(&zero),
        Binary::Powi if ay >= zero => false,
        Binary::Powi | Binary::Powf | Binary::PowSlope | Binary::PowCurve | Binary::PowLn => {
            ax.partial_cmp(&zero) != bx.partial_cmp(&zero)
        }
        // The angle jumps from π to −π on the negative half of the second operand's axis.
        Binary::Atan2 => {
            let side = |x: S, y: S| if y < zero { x.partial_cmp(&zero) } else { None };
            side(ax, ay) != side(bx, by)
        }
        Binary::Hypot | Binary::HypotSlope | Binary::OverSquares => {
            (ax.is_zero() && ay.is_zero()) != (bx.is_zero() && by.is_zero())
        }
        Binary::Add | Binary::Sub | Binary::Mul | Binary::MulNoNan | Binary::MulNoNanEither => {
            false
        }
        Binary::XLogY => ay.partial_cmp(&zero) != by.partial_cmp(&zero),
        Binary::LogAddExp | Binary::DifferenceSigmoid => false,
        Binary::SigmoidSlope | Binary::TanhSlope | Binary::NormPpfSlope => false,
        Binary::Polygamma => pole_between(ax, bx),
        Binary::I0eDerivative | Binary::I1eDerivative => {
            ax.partial_cmp(&zero) != bx.partial_cmp(&zero)
        }
    }
}

/// How often y was taken from x.
fn times_in<S: Scalar>(x: S, y: S) -> S {
    ((x - x % y) / y).round()
}

/// Whether x is a whole multiple of y, where `x % y` jumps.
fn on_a_jump<S: Scalar>(x: S, y: S) -> bool {
    (x % y).is_zero() && !x.is_zero()
}

impl<S: Scalar> Real for Shifted<S> {
    fn like(self, constant: f64) -> Self {
        Shifted::still(self.base.like(constant))
    }

    fn constant(self, constant: Constant) -> Self {
        Shifted::still(self.base.constant(constant))
    }

    fn largest(self) -> Self {
        Shifted::still(self.base.largest())
    }

    fn unary(self, op: Unary) -> Self {
        Shifted {
            base: self.base.unary(op),
            moved: self.moved.unary(op),
            crossed: self.crossed || crosses_unary(op, self.base, self.moved),
        }
    }

    fn binary(self, op: Binary, other: Self) -> Self {
        let crossed = crosses_binary(op, (self.base, other.base), (self.moved, other.moved));
        Shifted {
            base: self.base.binary(op, other.base),
            moved: self.moved.binary(op, other.moved),
            crossed: self.crossed || other.crossed || crossed,
        }
    }
}

impl<S: Scalar> sealed::Sealed for Shifted<S> {}

impl<S: Scalar> Scalar for Shifted<S> {
    const EMPTY: Self = Shifted { base: S::EMPTY, moved: S::EMPTY, crossed: false };
    /// So that cut operands are read through [`detached`](Scalar::detached).
    const HAS_TANGENT: bool = true;
    const OUT_OF_LINE: bool = true;

    fn detached(self) -> Self {
        Shifted::still(self.base)
    }

    /// At both places.
    fn through(function: &dyn OfNumbers, given: &[Self], to: &mut [Self]) {
        let (mut base, mut moved) = (vec![S::EMPTY; to.len()], vec![S::EMPTY; to.len()]);
        S::through(function, &given.iter().map(|x| x.base).collect::<Vec<S>>(), &mut base);
        S::through(function, &given.iter().map(|x| x.moved).collect::<Vec<S>>(), &mut moved);
        let crossed = given.iter().any(|x| x.crossed);
        for (to, (&base, &moved)) in to.iter_mut().zip(base.iter().zip(&moved)) {
            *to = Shifted { base, moved, crossed };
        }
    }

    fn from_f64(value: f64) -> Self {
        Shifted::still(S::from_f64(value))
    }

    fn to_f64(self) -> f64 {
        self.moved.to_f64()
    }

    fn is_zero(self) -> bool {
        self.base.is_zero() && self.moved.is_zero()
    }

    fn is_finite(self) -> bool {
        self.base.is_finite() && self.moved.is_finite()
    }

    fn bits_key(self) -> u64 {
        self.base.bits_key() ^ self.moved.bits_key().rotate_left(17)
    }

    fn same_bits(self, other: Self) -> bool {
        self.base.same_bits(other.base) && self.moved.same_bits(other.moved)
    }
}

impl<S: Scalar> PartialEq for Shifted<S> {
    fn eq(&self, other: &Self) -> bool {
        self.moved == other.moved
    }
}

impl<S: Scalar> PartialOrd for Shifted<S> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.moved.partial_cmp(&other.moved)
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident)*) => {$(
        impl<S: Scalar> $trait for Shifted<S> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                self.binary(Binary::$trait, other)
            }
        }
    )*};
}
operators!(Add add Sub sub Mul mul Div div Rem rem);

impl<S: Scalar> Neg for Shifted<S> {
    type Output = Self;
    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}
