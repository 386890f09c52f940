//! Writes the step of the benchmark's W3 as StableHLO: a 784-512-512-10 network of sigmoids over 128
//! rows, `f32`, half the squared error, gradient descent.
//!
//! ```text
//! cargo run -p wengert-stablehlo --example w3 > w3.mlir
//! python3 crates/wengert-stablehlo/tests/beside_jax.py w3.mlir     its time beside JAX's own
//! ```

use std::error::Error;

use wengert::{Leaf, Options, Tape, Var};
use wengert_stablehlo::Export;

const ROWS: usize = 128;
const SIZES: [usize; 4] = [784, 512, 512, 10];

fn main() -> Result<(), Box<dyn Error>> {
    let tape: Tape<f32> = Tape::with(Options::default());
    let wave = |dims: [usize; 2], leaf: Leaf| -> Result<Var<'_, f32>, wengert::Error> {
        let numbers: Vec<f32> =
            (0..dims[0] * dims[1]).map(|i| 0.05 * (0.7 * i as f32).sin()).collect();
        tape.tensor(leaf, &numbers, dims)
    };
    let x = wave([ROWS, SIZES[0]], Leaf::Data)?.named("x");
    let y = wave([ROWS, SIZES[3]], Leaf::Data)?.named("y");
    let (mut a, mut parameters) = (x, Vec::new());
    for (layer, sizes) in SIZES.windows(2).enumerate() {
        let w = wave([sizes[0], sizes[1]], Leaf::Param)?.named(&format!("w{layer}"));
        let b = wave([1, sizes[1]], Leaf::Param)?.named(&format!("b{layer}"));
        a = (a.matmul(w) + b).sigmoid();
        parameters.extend([w, b]);
    }
    let loss = (a - y).square().sum() * 0.5;
    let gradient = loss.record_gradient(&parameters)?;

    let mut export = Export::new(&tape).without_locations();
    export.input(x)?;
    export.input(y)?;
    export.output("loss", loss)?;
    for (&parameter, gradient) in parameters.iter().zip(gradient) {
        let gradient = gradient.ok_or("a parameter that no path leads to")?;
        export.update(parameter, parameter - gradient * 0.01)?;
    }
    print!("{}", export.module("w3")?);
    Ok(())
}
