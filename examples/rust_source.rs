//! A compiled program as a function of plain Rust: a step of the notebook's training, written out.
//!
//! ```text
//! cargo run --release --example rust_source              the platform's functions, no dependency
//! cargo run --release --example rust_source -- --exact   Wengert's own: the program's bits
//! ```

use std::error::Error;

use wengert::program::RustOptions;
use wengert::{Compiler, Numerics, Program, Tape, Var};

const USAGE: &str = "usage: rust_source [--exact]";

fn main() -> Result<(), Box<dyn Error>> {
    let mut exact = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--exact" => exact = true,
            // What was asked for is no error.
            "--help" | "-h" => {
                println!("{USAGE}");
                return Ok(());
            }
            other => return Err(format!("unknown argument {other}\n{USAGE}").into()),
        }
    }
    print!("{}", text(exact)?);
    Ok(())
}

/// The step as Rust.
pub(crate) fn text(exact: bool) -> Result<String, Box<dyn Error>> {
    let options = RustOptions::default();
    let options = if exact { options.functions("wengert::exact::f64") } else { options };
    Ok(program()?.to_rust_with("step", &options)?)
}

/// One step of gradient descent of the notebook's 2-2-2 network: forward, reverse, update.
pub(crate) fn program() -> Result<Program, wengert::Error> {
    let tape = Tape::new();
    let params = tape.param(START).named("params");
    let x = tape.data([2.7810836, 2.550537003]).named("x");
    let target = tape.data([1.0, 0.0]).named("target");
    let rate = tape.input(0.5).named("rate");

    let hidden = layer("hidden", params.slice(0, 0..6), x.at(0), x.at(1));
    let output = layer("output", params.slice(0, 6..12), hidden[0], hidden[1]);
    let error = [0, 1].map(|k| (target.at(k) - output[k]).named(&format!("error_{k}")));
    let loss = (0.5 * (error[0].square() + error[1].square())).named("loss");

    let gradient = tape.data([0.0; 12]).named("gradient");
    let moved = (params - rate * gradient).named("moved");

    let mut compiler = Compiler::new(&tape).numerics(Numerics::Exact);
    compiler.output(loss)?;
    compiler.gradient_as(loss, params, gradient)?;
    let moved = compiler.output(moved)?;
    compiler.feed(moved, params)?;
    compiler.compile()
}

/// Two neurons, each with two weights and a bias.
fn layer<'t>(name: &str, params: Var<'t>, x: Var<'t>, y: Var<'t>) -> [Var<'t>; 2] {
    [0, 1].map(|j| {
        let _scope = params.tape().scope(&format!("{name}/{j}"));
        let [w, v, b] = [0, 1, 2].map(|i| params.at(3 * j + i));
        let (w, v, b) = (w.named("w0"), v.named("w1"), b.named("b"));
        (b + w * x + v * y).named("z").sigmoid().named("output")
    })
}

/// What the notebook starts from.
const START: [f64; 12] = [
    0.13436424411240122,
    0.8474337369372327,
    0.763774618976614,
    0.2550690257394217,
    0.49543508709194095,
    0.4494910647887381,
    0.651592972722763,
    0.7887233511355132,
    0.0938595867742349,
    0.02834747652200631,
    0.8357651039198697,
    0.43276706790505337,
];
