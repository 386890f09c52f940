//! A curve through noisy points: sin 3x and x² at once, 400 points, noise of deviation 0.1.
//!
//! ```text
//! cargo run --release --example regression
//! cargo run --release --example regression -- --out DIR   the last seed's curves as a picture, too
//! ```
//!
//! Without the noise the targets are known, so that two figures can be checked: the error against
//! them is well below the noise, and the error against the noisy ones is about the noise.

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

use wengert_layers::nn::loss::MeanSquaredError;
use wengert_layers::nn::{Dense, Model, Optimiser, Sequential, Table, Trainer};
use wengert_layers::{Activation, PythonRandom};

const NOISE: f64 = 0.1;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = match &arguments[..] {
        [] => None,
        [flag, folder] if flag == "--out" => Some(PathBuf::from(folder)),
        _ => return Err("usage: regression [--out DIR]".into()),
    };
    let worst = run(&mut std::io::stdout().lock(), 3, 200, folder)?;
    if worst > NOISE / 2.0 {
        return Err(format!("the error is {worst:.4}, more than half the noise").into());
    }
    Ok(())
}

/// The two targets, without noise.
fn truth(x: f64) -> [f64; 2] {
    [(3.0 * x).sin(), x * x]
}

/// Fits a network for each seed; returns the largest root of the mean square distance from the
/// targets without noise.
pub(crate) fn run(
    out: &mut impl Write,
    seeds: u64,
    epochs: usize,
    folder: Option<PathBuf>,
) -> Result<f64, Box<dyn Error>> {
    let mut worst = 0.0_f64;
    for seed in 1..=seeds {
        let mut random = PythonRandom::seed(seed);
        let x: Vec<f64> = (0..400).map(|_| 2.0 * random.random() - 1.0).collect();
        let noisy = x.iter().flat_map(|&x| truth(x)).map(|y| random.gauss(y, NOISE)).collect();
        let table = Table::of_numbers(x, noisy, 2)?;
        let (train, held) = table.split(0.25, seed)?;
        let layers = Sequential::new()
            .then(Dense::new(1, 16))
            .then(Activation::Tanh)
            .then(Dense::new(16, 2));
        let mut model: Model = Model::new(layers, seed)?;
        let history = Trainer::new(Optimiser::adam(0.02), MeanSquaredError)
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
        if let Some(folder) = folder.as_ref().filter(|_| seed == seeds) {
            std::fs::create_dir_all(folder)?;
            std::fs::write(folder.join("regression.svg"), history.to_svg())?;
        }
    }
    Ok(worst)
}
