//! The core's rules in the arithmetic that the tape computed in, on numbers held as `f64`.

use wengert::rules::{self, Partial};
use wengert::{Binary, Numerics, Options, Real, Scalar, Tape, Unary};

use crate::trace::Precision;

/// Every `f32` is an `f64`, so going there and back changes nothing.
fn widen(partial: Partial<f32>) -> Partial<f64> {
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

    pub(crate) fn first(self, op: Binary, x: f64, y: f64, v: f64) -> Partial<f64> {
        match self {
            Precision::F64 => rules::first(op, x, y, v),
            Precision::F32 => widen(rules::first(op, x as f32, y as f32, v as f32)),
        }
    }

    pub(crate) fn second(self, op: Binary, x: f64, y: f64, v: f64) -> Partial<f64> {
        match self {
            Precision::F64 => rules::second(op, x, y, v),
            Precision::F32 => widen(rules::second(op, x as f32, y as f32, v as f32)),
        }
    }

    /// The partials of a log-sum-exp over some axes, in row-major order, as the core's exact kernels compute them.
    pub(crate) fn softmax(self, values: &[f64], shape: &[usize], axes: &[usize]) -> Vec<f64> {
        fn of<S: Scalar>(values: &[f64], shape: &[usize], axes: &[usize]) -> Vec<f64> {
            let tape = Tape::<S>::with(Options::default().numerics(Numerics::Exact));
            let x = tape.inputs(&values.iter().map(|&x| S::from_f64(x)).collect::<Vec<S>>()).reshape(shape);
            let y = x.log_sum_exp(axes);
            let ones = vec![S::from_f64(1.0); y.len()];
            match y.backward_with(&ones) {
                Ok(gradients) => gradients.values_wrt(x).into_iter().map(S::to_f64).collect(),
                Err(error) => unreachable!("as many cotangents as elements: {error}"),
            }
        }
        match self {
            Precision::F64 => of::<f64>(values, shape, axes),
            Precision::F32 => of::<f32>(values, shape, axes),
        }
    }

    /// The nearest number of this precision.
    pub(crate) fn round(self, x: f64) -> f64 {
        match self {
            Precision::F64 => x,
            Precision::F32 => f64::from(x as f32),
        }
    }

    /// The contribution of an edge: the reader's adjoint times the partial, by the chain rule's product.
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
