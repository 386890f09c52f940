//! The core's rules in the arithmetic that the tape computed in, on numbers held as `f64`.

use wengert::op::Unary;
use wengert::rulebook::rules::{self, Partial};

use crate::trace::Precision;

/// Every `f32` is an `f64`, so going there and back changes nothing.
pub(crate) fn widen(partial: Partial<f32>) -> Partial<f64> {
    match partial {
        Partial::Zero => Partial::Zero,
        Partial::One => Partial::One,
        Partial::MinusOne => Partial::MinusOne,
        Partial::Of(p) => Partial::Of(f64::from(p)),
        Partial::Product(p, q) => Partial::Product(f64::from(p), f64::from(q)),
        Partial::Choice(p) => Partial::Choice(f64::from(p)),
    }
}

fn narrow(partial: Partial<f64>) -> Partial<f32> {
    match partial {
        Partial::Zero => Partial::Zero,
        Partial::One => Partial::One,
        Partial::MinusOne => Partial::MinusOne,
        Partial::Of(p) => Partial::Of(p as f32),
        Partial::Product(p, q) => Partial::Product(p as f32, q as f32),
        Partial::Choice(p) => Partial::Choice(p as f32),
    }
}

impl Precision {
    pub(crate) fn unary(self, op: Unary, x: f64, v: f64) -> Partial<f64> {
        match self {
            Precision::F64 => rules::unary(op, x, v),
            Precision::F32 => widen(rules::unary(op, x as f32, v as f32)),
        }
    }

    /// The contribution of an edge: the reader's adjoint times the partial, by the chain rule's
    /// product.
    pub(crate) fn times(self, partial: Partial<f64>, adjoint: f64) -> Option<f64> {
        match (self, partial) {
            (Precision::F32, partial) => narrow(partial).times(adjoint as f32).map(f64::from),
            (Precision::F64, partial) => partial.times(adjoint),
        }
    }

    pub(crate) fn add(self, a: f64, b: f64) -> f64 {
        match self {
            Precision::F64 => a + b,
            Precision::F32 => f64::from(a as f32 + b as f32),
        }
    }
}
