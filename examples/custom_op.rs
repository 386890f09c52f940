//! Operations of one's own: a function with a derivative that is not its closure's.
//!
//! `cargo run --release --example custom_op`
//!
//! 1. A stable formula: `ln(1 + eˣ)` written naively, with a rule that does not overflow.
//! 2. A network of one-bit weights: their signs are used, and the gradient passes them as if they
//!    were not there (Y. Bengio, N. Léonard and A. Courville, Estimating or propagating gradients
//!    through stochastic neurons, arXiv:1308.3432, 2013: the straight-through estimator).
//! 3. The cotangent clipped on its way back.
//! 4. Foreign code: a table of measured numbers, fitted through. It is called by a compiled program
//!    too, and a second derivative, which nobody knows, is refused.

use std::error::Error;
use std::io::Write;

use wengert::{CompileTape, Error as Refused, External, Operation, Tape, Var};

/// `ln(1 + eˣ)`, with the derivative `1/(1 + e⁻ˣ)`.
pub(crate) fn log1pexp() -> Operation {
    Operation::new("log1pexp", |x| (x[0].exp() + 1.0).ln())
        .with_vjp(|x, _, g| vec![g * x[0].sigmoid()])
}

/// The sign, −1 or 1, passed straight through where |x| ≤ 1.
pub(crate) fn one_bit() -> Operation {
    Operation::new("one_bit", |x| 2.0 * x[0].indicator_ge(0.0) - 1.0).with_vjp(|x, _, g| {
        let inside = 1.0 - x[0].abs().indicator_gt(1.0);
        vec![g * inside]
    })
}

/// Trains four one-bit weights to be the signs of a known vector; the loss before and after.
pub(crate) fn train(out: &mut impl Write) -> Result<(f64, f64), Box<dyn Error>> {
    let bit = one_bit();
    let tape = Tape::new();
    let w = tape.param([0.3, 0.2, -0.1, 0.4]).named("w");
    // Rows of inputs, and what the weights 1, −1, −1, 1 make of them.
    let x = tape.constant([
        [1.0, 0.5, -0.2, 0.1],
        [0.3, -1.0, 0.8, 0.4],
        [-0.6, 0.2, 0.9, -0.5],
        [0.1, 0.7, 0.3, 1.0],
    ]);
    let target = x.matmul(tape.constant([1.0, -1.0, -1.0, 1.0]));
    let loss = (x.matmul(bit.of(&[w])) - target).square().sum().named("loss");
    writeln!(out, "{tape}")?;
    let program = tape.compile(&[loss], &[w])?;
    let (input, mut workspace) = (program.input(w)?, program.workspace());
    let [value, gradient] = [program.outputs()[0], program.outputs()[1]];
    let mut weights = w.values();
    program.run(&mut workspace)?;
    let first = workspace.values(value)[0];
    for _ in 0..50 {
        for (w, g) in weights.iter_mut().zip(workspace.values(gradient)) {
            *w = (*w - 0.05 * g).clamp(-1.0, 1.0);
        }
        workspace.set(input, &weights)?;
        program.run(&mut workspace)?;
    }
    let last = workspace.values(value)[0];
    writeln!(out, "loss {first} with the first signs, {last} after 50 steps of the program\n")?;
    Ok((first, last))
}

/// Air's density by height in kilometres, of the International Standard Atmosphere, with straight
/// lines between the entries.
const DENSITY: [f64; 6] = [1.2250, 1.1116, 1.0065, 0.9091, 0.8191, 0.7361];

pub(crate) fn density() -> External {
    fn cell(height: f64) -> (usize, f64) {
        let i = (height.max(0.0) as usize).min(DENSITY.len() - 2);
        (i, DENSITY[i + 1] - DENSITY[i])
    }
    External::new("density", |x, y| {
        for (&height, y) in x[0].iter().zip(y) {
            let (i, slope) = cell(height);
            *y = DENSITY[i] + (height - i as f64) * slope;
        }
    })
    .with_vjp(|x, _, g, to| {
        for ((&height, &g), to) in x[0].iter().zip(g).zip(to[0].iter_mut()) {
            *to = g * cell(height).1;
        }
    })
}

/// Finds the heights of some densities by gradient steps of a compiled program.
pub(crate) fn heights(out: &mut impl Write) -> Result<Vec<f64>, Box<dyn Error>> {
    let table = density();
    let tape = Tape::new();
    let height = tape.param([2.5, 2.5]).named("height");
    let measured = tape.constant([1.15, 0.8]);
    let loss = (table.of(&[height]) - measured).square().sum().named("loss");
    writeln!(out, "{tape}")?;
    writeln!(out, "{}\n", loss.check().run()?)?;
    let second = tape.hvp(loss, &[(height, &[1.0, 0.0])], &[height]);
    let Err(refused @ Refused::NoRule { .. }) = second else {
        return Err("nobody knows the second derivative of a table".into());
    };
    writeln!(out, "{refused}\n")?;
    let program = tape.compile(&[loss], &[height])?;
    let (input, mut workspace) = (program.input(height)?, program.workspace());
    let mut heights = height.values();
    for _ in 0..60 {
        workspace.set(input, &heights)?;
        program.run(&mut workspace)?;
        for (height, g) in heights.iter_mut().zip(workspace.values(program.outputs()[1])) {
            *height -= 40.0 * g;
        }
    }
    writeln!(out, "the air has the densities {:?} at {heights:?} km", measured.values())?;
    Ok(heights)
}

pub(crate) fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let stable = log1pexp();
    let tape = Tape::new();
    let x = tape.input([-1.0, 0.0, 30.0]).named("x");
    let y = stable.of(&[x]).named("y");
    let (loss, naive) = (y.sum(), (x.exp() + 1.0).ln().sum());
    writeln!(out, "log1pexp at {:?}: {:?}", x.values(), y.values())?;
    writeln!(out, "by its rule   {:?}", loss.backward().values_wrt(x))?;
    writeln!(out, "by its value  {:?}", naive.backward().values_wrt(x))?;
    // A rule is an operation too: second derivatives and forward mode follow it.
    let second = tape.hvp(loss, &[(x, &[1.0, 1.0, 1.0])], &[x])?.remove(0);
    writeln!(out, "second        {second:?}")?;
    writeln!(out, "{}\n", loss.check().run()?)?;
    let slope = |x: f64| 1.0 / (1.0 + (-x).exp());
    for (second, x) in second.iter().zip(x.values()) {
        let expected = slope(x) * (1.0 - slope(x));
        if (second - expected).abs() > 1e-12 {
            return Err(format!("the second derivative at {x} is {second}").into());
        }
    }

    let (first, last) = train(out)?;
    if !(first > 1.0 && last == 0.0) {
        return Err(format!("the weights were not found: {first} to {last}").into());
    }

    let clip = Operation::new("clip_cotangent", |x: &[Var<'_>]| x[0] + 0.0)
        .with_vjp(|_, _, g| vec![g.clamp(-1.0, 1.0)]);
    let tape = Tape::new();
    let x = tape.input([0.1, 40.0]);
    let plain = x.powi(3).sum().backward().values_wrt(x);
    let clipped = clip.of(&[x]).powi(3).sum().backward().values_wrt(x);
    writeln!(out, "the gradient of x³ at 0.1 and 40: {plain:?}, clipped {clipped:?}")?;
    if clipped[1] != 1.0 {
        return Err("the cotangent was not clipped".into());
    }

    let found = heights(out)?;
    // By hand: on the first line, and on the last.
    let known = [(1.2250 - 1.15) / (1.2250 - 1.1116), 4.0 + (0.8191 - 0.8) / (0.8191 - 0.7361)];
    if found.iter().zip(known).any(|(found, known)| (found - known).abs() > 1e-9) {
        return Err(format!("the heights are {known:?}, and {found:?} were found").into());
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    run(&mut std::io::stdout().lock())
}
