//! A number of 32 digits, and how far the tape's own number may be from it.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use super::spread;
use wengert_ops::double_double::DoubleDouble;

use crate::op::{Binary, Unary};
use wengert_ops::real::{Constant, Real, Scalar};

/// How the tape's numbers are rounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rounding {
    format: Format,
    /// Whether sums may be added up in any order, and functions be off by 2 ulp.
    any_order: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    /// Not at all.
    Exact,
    F32,
    F64,
}

impl Rounding {
    const NONE: Rounding = Rounding { format: Format::Exact, any_order: false };

    pub(super) const fn of_f64(any_order: bool) -> Self {
        Rounding { format: Format::F64, any_order }
    }

    pub(super) const fn of_f32(any_order: bool) -> Self {
        Rounding { format: Format::F32, any_order }
    }

    /// Half an ulp of 1: what a rounding is off by, relative to the result.
    pub(super) const fn unit(self) -> f64 {
        match self.format {
            Format::Exact => 0.0,
            Format::F32 => f32::EPSILON as f64 / 2.0,
            Format::F64 => f64::EPSILON / 2.0,
        }
    }

    /// The smallest number above 0.
    const fn smallest(self) -> f64 {
        match self.format {
            Format::Exact => 0.0,
            Format::F32 => f32::from_bits(1) as f64,
            Format::F64 => f64::from_bits(1),
        }
    }

    const fn largest(self) -> f64 {
        match self.format {
            Format::F32 => f32::MAX as f64,
            Format::Exact | Format::F64 => f64::MAX,
        }
    }

    fn or(self, other: Self) -> Self {
        if self.format == Format::Exact { other } else { self }
    }
}

/// The right number at the leaves' values, and a bound of the distance of the computed one from it.
///
/// It computes as its centre does and carries the bound along: an operation adds its own rounding
/// to what the errors of its operands can do to its result.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ball {
    pub(super) centre: DoubleDouble,
    /// The bound without this sum's own roundings, if it is a sum in any order.
    radius: f64,
    /// Of a sum in any order, Σ |terms| and the number of terms so far.
    size: f64,
    terms: u32,
    rounding: Rounding,
}

impl Ball {
    /// A number that stands on the tape as it is.
    pub(super) fn exact(centre: DoubleDouble, rounding: Rounding) -> Self {
        let terms = if centre.is_zero() { 0 } else { 1 };
        Ball { centre, radius: 0.0, size: centre.to_f64().abs(), terms, rounding }
    }

    /// A leaf that stands for another number.
    pub(super) fn standing_for(number: DoubleDouble, on_the_tape: f64, rounding: Rounding) -> Self {
        let radius = (number - on_the_tape.into()).to_f64().abs();
        Ball { radius, ..Ball::exact(number, rounding) }
    }

    /// Tells a number made from nothing how it is rounded.
    pub(super) fn round_as(&mut self, rounding: Rounding) {
        self.rounding = self.rounding.or(rounding);
    }

    /// How far the computed number may be from the centre.
    pub(super) fn bound(self) -> f64 {
        self.radius + f64::from(self.terms.saturating_sub(1)) * self.rounding.unit() * self.size
    }

    fn is_exact_zero(self) -> bool {
        self.centre.is_zero() && self.bound() == 0.0
    }

    /// A result that the operands' errors move by up to `spread`, rounded with an error of some
    /// `units`.
    fn result(centre: DoubleDouble, spread: f64, units: f64, rounding: Rounding) -> Self {
        let size = centre.to_f64().abs();
        if spread == 0.0 && (units == 0.0 || size == 0.0) {
            return if size.is_finite() {
                Ball::exact(centre, rounding)
            } else {
                Ball::unknown(centre, rounding)
            };
        }
        // The bounds themselves are rounded; this has room for it, and for the centre's own error.
        let spread = spread * (1.0 + 1e-9);
        let own = units * rounding.unit() * (1.0 + 1e-9) * (size + spread);
        let radius = spread + own + if units > 0.0 { rounding.smallest() } else { 0.0 };
        if size + radius >= rounding.largest() || radius.is_nan() || size.is_nan() {
            return Ball::unknown(centre, rounding);
        }
        Ball { centre, radius, size: size + radius, terms: 1, rounding }
    }

    /// Where nothing can be said: overflow, a pole within reach, NaN.
    fn unknown(centre: DoubleDouble, rounding: Rounding) -> Self {
        Ball { centre, radius: f64::INFINITY, size: 0.0, terms: 1, rounding }
    }

    fn plus(self, other: Self) -> Self {
        let rounding = self.rounding.or(other.rounding);
        let centre = self.centre + other.centre;
        // Nothing is rounded where nothing is added; −0 stands for that.
        if other.is_exact_zero() {
            return Ball { centre, rounding, ..self };
        }
        if self.is_exact_zero() {
            return Ball { centre, rounding, ..other };
        }
        if !rounding.any_order {
            return Ball::result(centre, self.bound() + other.bound(), 1.0, rounding);
        }
        let (radius, size) = (self.radius + other.radius, self.size + other.size);
        if size.max(radius) >= rounding.largest() || size.is_nan() || radius.is_nan() {
            return Ball::unknown(centre, rounding);
        }
        Ball {
            centre,
            radius: radius * (1.0 + 1e-9),
            size,
            terms: self.terms + other.terms,
            rounding,
        }
    }
}

/// The error of an elementary function's result in units of half an ulp: 1 of those that are
/// correctly rounded, by `docs/functions.md`.
pub(super) fn unary_units(op: Unary, any_order: bool) -> f64 {
    let units = match op {
        Unary::Neg
        | Unary::Abs
        | Unary::Relu
        | Unary::Signum
        | Unary::Floor
        | Unary::Ceil
        | Unary::Round
        | Unary::Trunc => return 0.0,
        Unary::Recip | Unary::Sqrt => return 1.0,
        Unary::Gaussian | Unary::OneMinusSquare => 4.0,
        Unary::Sigmoid | Unary::Softplus => 6.0,
        Unary::Erfc
        | Unary::NormPdf
        | Unary::NormCdf
        | Unary::NormLogCdf
        | Unary::NormPpf
        | Unary::LogSigmoid
        | Unary::Log1mExp => 6.0,
        Unary::NormLogCdfSlope | Unary::NormLogCdfExcess => 10.0,
        _ => 1.0,
    };
    if any_order { f64::max(units, 4.0) } else { units }
}

fn binary_units(op: Binary, n: DoubleDouble) -> f64 {
    match op {
        Binary::Rem | Binary::Min | Binary::Max | Binary::Gt | Binary::Ge | Binary::Eq => 0.0,
        Binary::Add
        | Binary::Sub
        | Binary::Mul
        | Binary::Div
        | Binary::MulNoNan
        | Binary::MulNoNanEither => 1.0,
        Binary::Powi if n == 1.0.into() || n.is_zero() => 0.0,
        Binary::Powi if n == 2.0.into() => 1.0,
        Binary::Powi | Binary::Powf | Binary::Hypot | Binary::Atan2 => 1.0,
        Binary::HypotSlope
        | Binary::OverSquares
        | Binary::PowLn
        | Binary::PowSlope
        | Binary::SigmoidSlope => 6.0,
        Binary::TanhSlope => 8.0,
        Binary::PowCurve => 10.0,
        Binary::XLogY => 4.0,
        Binary::LogAddExp | Binary::DifferenceSigmoid | Binary::NormPpfSlope => 8.0,
    }
}

impl Real for Ball {
    fn like(self, constant: f64) -> Self {
        Ball::exact(constant.into(), self.rounding)
    }

    fn constant(self, constant: Constant) -> Self {
        Ball::result(self.centre.constant(constant), 0.0, 1.0, self.rounding)
    }

    fn largest(self) -> Self {
        Ball::exact(self.rounding.largest().into(), self.rounding)
    }

    #[inline(never)]
    fn unary(self, op: Unary) -> Self {
        let centre = self.centre.unary(op);
        if op == Unary::Neg {
            return Ball { centre, ..self };
        }
        let spread = spread::unary(op, self.centre, centre, self.bound());
        Ball::result(centre, spread, unary_units(op, self.rounding.any_order), self.rounding)
    }

    #[inline(never)]
    fn binary(self, op: Binary, other: Self) -> Self {
        let rounding = self.rounding.or(other.rounding);
        match op {
            Binary::Add => return self.plus(other),
            Binary::Sub => return self.plus(other.unary(Unary::Neg)),
            // As for numbers: an exact zero passes nothing on, and one that only may be zero does.
            Binary::MulNoNan | Binary::MulNoNanEither if self.is_exact_zero() => return self,
            Binary::MulNoNanEither if other.is_exact_zero() => return Ball { rounding, ..other },
            Binary::Mul if self.is_exact_zero() && other.bound().is_finite() => {
                return Ball::exact(self.centre * other.centre, rounding);
            }
            Binary::Mul | Binary::MulNoNan if other.is_exact_zero() && self.bound().is_finite() => {
                return Ball::exact(self.centre * other.centre, rounding);
            }
            Binary::Min | Binary::Max if self.is_apart_from(other) => {
                let first = self.centre.binary(op, other.centre) == self.centre;
                return if first { self } else { other };
            }
            _ => {}
        }
        let centre = match op {
            // What is not exactly zero passes something on, though its centre is.
            Binary::MulNoNan | Binary::MulNoNanEither => self.centre * other.centre,
            _ => self.centre.binary(op, other.centre),
        };
        let (x, y) = ((self.centre, self.bound()), (other.centre, other.bound()));
        let mut spread = spread::binary(op, x, y, centre);
        if op == Binary::LogAddExp {
            // Where it crosses 0 its rounding is that of its operands.
            let size = x.0.to_f64().abs().max(y.0.to_f64().abs());
            spread += 4.0 * rounding.unit() * size;
        }
        let units = binary_units(op, other.centre);
        // A product with 1 or −1 is not rounded.
        let is_one =
            |ball: Ball| ball.bound() == 0.0 && ball.centre.unary(Unary::Abs) == 1.0.into();
        let exact = match op {
            Binary::Mul | Binary::MulNoNan | Binary::MulNoNanEither => {
                is_one(self) || is_one(other)
            }
            Binary::Div => is_one(other),
            _ => false,
        };
        Ball::result(centre, spread, if exact { 0.0 } else { units }, rounding)
    }
}

impl Ball {
    /// Whether the bounds leave no doubt which of the two is the larger.
    fn is_apart_from(self, other: Self) -> bool {
        (self.centre - other.centre).to_f64().abs() > self.bound() + other.bound()
    }
}

impl wengert_ops::real::sealed::Sealed for Ball {}

impl Scalar for Ball {
    const EMPTY: Self = Ball {
        centre: DoubleDouble::EMPTY,
        radius: 0.0,
        size: 0.0,
        terms: 0,
        rounding: Rounding::NONE,
    };
    const HAS_TANGENT: bool = false;
    const OUT_OF_LINE: bool = true;

    fn detached(self) -> Self {
        self
    }

    fn from_f64(value: f64) -> Self {
        Ball::exact(value.into(), Rounding::NONE)
    }

    fn to_f64(self) -> f64 {
        self.centre.to_f64()
    }

    fn is_zero(self) -> bool {
        self.is_exact_zero()
    }

    fn is_finite(self) -> bool {
        self.centre.is_finite()
    }

    fn bits_key(self) -> u64 {
        self.centre.bits_key()
    }

    fn same_bits(self, other: Self) -> bool {
        self.centre.same_bits(other.centre) && self.bound().to_bits() == other.bound().to_bits()
    }
}

impl PartialEq for Ball {
    fn eq(&self, other: &Self) -> bool {
        self.centre == other.centre
    }
}

impl PartialOrd for Ball {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.centre.partial_cmp(&other.centre)
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident)*) => {$(
        impl $trait for Ball {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                self.binary(Binary::$trait, other)
            }
        }
    )*};
}
operators!(Add add Sub sub Mul mul Div div Rem rem);

impl Neg for Ball {
    type Output = Self;
    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}
