//! The core's rules in the arithmetic that the tape computed in, on numbers held as `f64`.

use wengert::rules::{self, Partial};
use wengert::{Real, Unary};

use crate::trace::Precision;

/// Every `f32` is an `f64`, so going there and back changes nothing.
pub(crate) fn widen(partial: Partial<f32>) -> Partial<f64> {
    match partial {
        Partial::Zero => Partial::Zero,
        Partial::One => Partial::One,
        Partial::MinusOne => Partial::MinusOne,
        Partial::Of(p) => Partial::Of(f64::from(p)),
    }
}

impl Precision {
    pub(crate) fn unary(self, op: Unary, x: f64, v: f64) -> Partial<f64> {
        match self {
            Precision::F64 => rules::unary(op, x, v),
            Precision::F32 => widen(rules::unary(op, x as f32, v as f32)),
        }
    }

    /// The contribution of an edge: the reader's adjoint times the partial, by the chain rule's product.
    pub(crate) fn times(self, partial: Partial<f64>, adjoint: f64) -> Option<f64> {
        match (self, partial) {
            (Precision::F32, Partial::Of(p)) => Some(f64::from((adjoint as f32).chain(p as f32))),
            _ => partial.times(adjoint),
        }
    }

    pub(crate) fn add(self, a: f64, b: f64) -> f64 {
        match self {
            Precision::F64 => a + b,
            Precision::F32 => f64::from(a as f32 + b as f32),
        }
    }
}
