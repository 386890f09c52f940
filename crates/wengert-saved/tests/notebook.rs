//! The notebook's step of training as a file: how large it is, and how long loading takes.
//!
//! ```console
//! cargo test --release -p wengert-saved --test all notebook:: -- --nocapture
//! ```
//!
//! prints both.

use std::time::{Duration, Instant};

use wengert::{Compiler, Tape, Var};
use wengert_saved::{load_program, program_text};

/// Two inputs, two hidden neurons, two outputs, written neuron by neuron; a step of gradient descent
/// with its parameters fed back.
fn text() -> String {
    let tape = Tape::new();
    let start: [f64; 12] = std::array::from_fn(|i| (0.7 * i as f64).sin());
    let params = tape.param(start).named("params");
    let (x, target) = (tape.data([2.78, 2.55]).named("x"), tape.data([1.0, 0.0]).named("target"));
    let p: [Var<'_>; 12] = std::array::from_fn(|i| params.at(i));
    let x = [x.at(0), x.at(1)];
    let hidden = [one(&p[0..3], x), one(&p[3..6], x)];
    let output = [one(&p[6..9], hidden), one(&p[9..12], hidden)];
    let loss = 0.5 * ((target.at(0) - output[0]).square() + (target.at(1) - output[1]).square());
    let loss = loss.named("loss");
    let gradient = tape.data([0.0; 12]);
    let next = params - 0.02 * gradient;
    let mut compiler = Compiler::new(&tape);
    compiler.output(loss).unwrap();
    compiler.gradient_as(loss, params, gradient).unwrap();
    let next = compiler.output(next).unwrap();
    compiler.feed(next, params).unwrap();
    program_text(&compiler)
}

fn one<'t>(p: &[Var<'t>], x: [Var<'t>; 2]) -> Var<'t> {
    (p[2] + p[0] * x[0] + p[1] * x[1]).sigmoid()
}

#[test]
fn it_is_small_and_loaded_without_loss() {
    let text = text();
    let mut took: Vec<Duration> = (0..101)
        .map(|_| {
            let start = Instant::now();
            let loaded = load_program::<f64>(&text).unwrap();
            assert_eq!(loaded.outputs.len(), 2);
            start.elapsed()
        })
        .collect();
    took.sort_unstable();
    println!("{} bytes, loaded in {:?} (median of {})", text.len(), took[50], took.len());
    assert!(text.len() < 10_000, "{text}");
}
