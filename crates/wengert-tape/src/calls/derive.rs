//! A body's derivatives: it is recorded on a tape, and what is recorded of its gradient or of its
//! tangents becomes a body again.

use wengert_ops::attributes::{Body, Differentiate};

use super::body::body_of;
use crate::kernels::Numerics;
use crate::op::Leaf;
use crate::shape::Shape;
use crate::tape::{Options, Tape};
use crate::var::Var;

/// Bodies are differentiated by recording them.
pub(super) struct Recording;

const FITS: &str = "a body is recorded at the numbers that it was recorded at before";

impl Differentiate for Recording {
    fn pullback(&self, body: &Body, accumulated: &[bool]) -> Body {
        let tape = exact();
        let inputs = inputs(&tape, body);
        let cotangents: Vec<Var<'_>> =
            body.outputs.iter().map(|output| leaf(&tape, output.layout.shape(), 1.0)).collect();
        let sums: Vec<Option<Var<'_>>> = body
            .inputs
            .iter()
            .zip(accumulated)
            .map(|(shape, &accumulated)| accumulated.then(|| leaf(&tape, shape, 0.0)))
            .collect();
        let outputs: Vec<(Var<'_>, Var<'_>)> =
            body.written_out(&inputs).into_iter().zip(cotangents.iter().copied()).collect();
        let shares = tape.record_vjp(&outputs, &inputs).expect(FITS);
        let shares: Vec<Var<'_>> = shares
            .into_iter()
            .zip(&sums)
            .zip(&body.inputs)
            .map(|((share, &sum), shape)| match (share, sum) {
                (Some(share), Some(sum)) => sum + share,
                (Some(only), None) | (None, Some(only)) => only,
                (None, None) => zeros(&tape, shape),
            })
            .collect();
        let given: Vec<Var<'_>> =
            inputs.into_iter().chain(cotangents).chain(sums.into_iter().flatten()).collect();
        body_of("", &tape, &given, &shares).expect("what rules record compares nothing")
    }

    fn linearised(&self, body: &Body) -> Body {
        let tape = exact();
        let inputs = inputs(&tape, body);
        let f = body.written_out(&inputs)[0];
        let (n, x) = (f.len(), inputs[0]);
        let row = |i: usize| {
            let mut seed = vec![0.0; n];
            seed[i] = 1.0;
            let seed = tape.tensor(Leaf::Const, &seed, f.shape()).expect(FITS);
            let row = tape.record_vjp(&[(f, seed)], &[x]).expect(FITS)[0];
            row.unwrap_or_else(|| zeros(&tape, &x.shape())).reshape([x.len()])
        };
        let jacobian = tape.stack(&(0..n).map(row).collect::<Vec<_>>());
        body_of("", &tape, &inputs, &[f, jacobian]).expect("what rules record compares nothing")
    }

    fn pushforward(&self, body: &Body) -> Body {
        let tape = exact();
        let inputs = inputs(&tape, body);
        let tangents: Vec<Var<'_>> =
            body.inputs.iter().map(|shape| leaf(&tape, shape, 1.0)).collect();
        let mut outputs = body.written_out(&inputs);
        let direction: Vec<(Var<'_>, Var<'_>)> =
            inputs.iter().copied().zip(tangents.iter().copied()).collect();
        let moved = tape.record_jvp("record_tangent", &outputs, &direction).expect(FITS);
        outputs.extend(moved.into_iter().zip(&body.outputs).map(|(tangent, output)| {
            tangent.unwrap_or_else(|| zeros(&tape, output.layout.shape()))
        }));
        let given: Vec<Var<'_>> = inputs.into_iter().chain(tangents).collect();
        body_of("", &tape, &given, &outputs).expect("what rules record compares nothing")
    }
}

fn exact() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

/// The inputs at the numbers that the body was recorded at.
fn inputs<'t>(tape: &'t Tape, body: &Body) -> Vec<Var<'t>> {
    let mut first = 0;
    let input = |shape: &Shape| {
        let numbers = &body.at[first..first + shape.len()];
        first += shape.len();
        tape.tensor(Leaf::Input, numbers, shape.clone()).expect(FITS)
    };
    body.inputs.iter().map(input).collect()
}

fn leaf<'t>(tape: &'t Tape, shape: &Shape, number: f64) -> Var<'t> {
    tape.tensor(Leaf::Input, &vec![number; shape.len()], shape.clone()).expect(FITS)
}

fn zeros<'t>(tape: &'t Tape, shape: &Shape) -> Var<'t> {
    tape.constant(0.0).broadcast_to(shape.clone())
}
