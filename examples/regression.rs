//! A curve through noisy points: sin 3x and x² at once, 400 points, noise of deviation 0.1.
//!
//! ```text
//! cargo run --release --example regression
//! cargo run --release --example regression -- --seed 7     another seed
//! cargo run --release --example regression -- --out DIR    where the picture goes: points and curves
//! ```
//!
//! Without the noise the targets are known, so that two figures can be checked: the error against
//! them is well below the noise, and the error against the noisy ones is about the noise.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use wengert_layers::nn::loss::MeanSquaredError;
use wengert_layers::nn::{Dense, Model, Optimiser, Sequential, Table, Trainer};
use wengert_layers::{Activation, PythonRandom};

#[path = "training/arguments.rs"]
mod arguments;

const NOISE: f64 = 0.1;
pub(crate) const OPTIMISER: Optimiser = Optimiser::adam(0.02);

pub(crate) fn layers() -> Sequential {
    Sequential::new().then(Dense::new(1, 16)).then(Activation::Tanh).then(Dense::new(16, 2))
}

fn main() -> Result<(), Box<dyn Error>> {
    let Some(told) = arguments::Arguments::read("regression", 1..=3, &[])? else { return Ok(()) };
    let worst = run(&mut std::io::stdout().lock(), &told.seeds, 200, &told.folder)?;
    if worst > NOISE / 2.0 {
        return Err(format!("the error is {worst:.4}, more than half the noise").into());
    }
    Ok(())
}

/// The two targets, without noise.
pub(crate) fn truth(x: f64) -> [f64; 2] {
    [(3.0 * x).sin(), x * x]
}

/// Fits a network for each seed; returns the largest root of the mean square distance from the
/// targets without noise.
pub(crate) fn run(
    out: &mut impl Write,
    seeds: &[u64],
    epochs: usize,
    folder: &Path,
) -> Result<f64, Box<dyn Error>> {
    writeln!(out, "expected: off by less than {:.2} from the curves without noise", NOISE / 2.0)?;
    let mut worst = 0.0_f64;
    for &seed in seeds {
        let mut random = PythonRandom::seed(seed);
        let x: Vec<f64> = (0..400).map(|_| 2.0 * random.random() - 1.0).collect();
        let noisy = x.iter().flat_map(|&x| truth(x)).map(|y| random.gauss(y, NOISE)).collect();
        let table = Table::of_numbers(x, noisy, 2)?;
        let (train, held) = table.split(0.25, seed)?;
        let mut model: Model = Model::new(layers(), seed)?;
        let history = Trainer::new(OPTIMISER, MeanSquaredError)
            .epochs(epochs)
            .patience(40)
            .validate(&held)
            .train(&mut model, &train)?;
        let answers = model.answers(&held)?;
        let right: Vec<f64> = held.features().iter().flat_map(|&x| truth(x)).collect();
        let distance = |a: &[f64], b: &[f64]| {
            let squares: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
            (squares / a.len() as f64).sqrt()
        };
        let off = distance(answers.outputs(), &right);
        let from_noisy = distance(answers.outputs(), held.numbers().ok_or("no targets")?);
        writeln!(
            out,
            "seed {seed}: {} epochs, {answers}; off by {off:.4} from the curves, by {from_noisy:.4} \
             from the points (noise {NOISE})",
            history.epochs.len()
        )?;
        worst = worst.max(off);
        if Some(&seed) == seeds.last() {
            let picture = arguments::write(folder, "regression.svg", &picture(&held, &model)?)?;
            writeln!(out, "points and curves: {}", picture.display())?;
        }
    }
    Ok(worst)
}

/// The points that were held out, what the model answers, and the targets without noise.
fn picture(held: &Table, model: &Model) -> Result<String, Box<dyn Error>> {
    let place = |x: f64, y: f64| (320.0 + 290.0 * x, 200.0 - 130.0 * y);
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 400\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
    );
    let targets = held.numbers().ok_or("no targets")?;
    for (x, pair) in held.features().iter().zip(targets.chunks(2)) {
        for (y, colour) in pair.iter().zip(["#0072b2", "#d55e00"]) {
            let (x, y) = place(*x, *y);
            svg += &format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2\" fill=\"{colour}\"/>\n");
        }
    }
    let xs: Vec<f64> = (0..=100).map(|i| f64::from(i) / 50.0 - 1.0).collect();
    let answers = model.answer(&xs, &[1])?;
    for (k, colour) in ["#0072b2", "#d55e00"].into_iter().enumerate() {
        for dashed in [false, true] {
            let y = |i: usize| if dashed { truth(xs[i])[k] } else { answers[2 * i + k] };
            let points: Vec<String> = (0..xs.len())
                .map(|i| place(xs[i], y(i)))
                .map(|(x, y)| format!("{x:.1},{y:.1}"))
                .collect();
            let (points, dashes) = (points.join(" "), if dashed { "4" } else { "none" });
            svg += &format!(
                "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" \
                 stroke-dasharray=\"{dashes}\"/>\n"
            );
        }
    }
    Ok(svg + "<text x=\"20\" y=\"390\">dashed: without noise</text>\n</svg>\n")
}
