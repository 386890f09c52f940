//! Handwritten digits: 1,797 pictures of 8 by 8 pixels, ten classes, a 64-128-10 network.
//!
//! ```text
//! cargo run --release --example digits                three seeds; at least 97% of the held-out quarter
//! cargo run --release --example digits -- --out DIR   the last seed's curves and model as files, too
//! ```
//!
//! Adam with a cosine schedule to its end, dropout, batches of 32. The held-out rows decide nothing:
//! neither the scaling nor the epoch at which training ends.

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

use wengert_layers::nn::loss::CrossEntropy;
use wengert_layers::nn::{
    Csv, Dense, Dropout, Model, Optimiser, Predictor, Scaling, Schedule, Sequential, Trainer,
};
use wengert_layers::{Activation, Law};

/// What each seed has to reach.
const AIM: f64 = 0.97;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = folder()?;
    let worst = run(&mut std::io::stdout().lock(), 3, 60, folder)?;
    if worst < AIM {
        return Err(format!("{:.2}% is below {:.0}%", 100.0 * worst, 100.0 * AIM).into());
    }
    Ok(())
}

/// The folder of `--out`.
fn folder() -> Result<Option<PathBuf>, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => Ok(None),
        [flag, folder] if flag == "--out" => Ok(Some(folder.into())),
        _ => Err("usage: digits [--out DIR]".into()),
    }
}

/// Trains a network for each seed; returns the worst share of held-out rows that it gets right.
pub(crate) fn run(
    out: &mut impl Write,
    seeds: u64,
    epochs: usize,
    folder: Option<PathBuf>,
) -> Result<f64, Box<dyn Error>> {
    let table = Csv::new().parse("digits.csv", include_str!("data/digits.csv"))?;
    let mut worst = 1.0_f64;
    for seed in 1..=seeds {
        let (train, held) = table.split(0.25, seed)?;
        let scaling = Scaling::unit(&train);
        let (train, held) = (scaling.apply(&train)?, scaling.apply(&held)?);
        let layers = Sequential::new()
            .then(Dense::new(64, 128).init(Law::HeUniform))
            .then(Activation::Relu)
            .then(Dropout { share: 0.2 })
            .then(Dense::new(128, 10));
        let mut model: Model = Model::new(layers, seed)?;
        let steps = (epochs * train.len().div_ceil(32)) as u64;
        let schedule = Schedule::Cosine { warm_up: 0, steps, floor: 0.01 };
        let optimiser = Optimiser::adam_w(0.01).schedule(schedule);
        let history = Trainer::new(optimiser, CrossEntropy::default())
            .epochs(epochs)
            .seed(seed)
            .train(&mut model, &train)?;
        let answers = model.answers(&held)?;
        let accuracy = answers.accuracy();
        let kept = history.kept().ok_or("no epoch")?;
        writeln!(
            out,
            "seed {seed}: {} rows learnt, {} held out: {:.2}% right; {kept}",
            train.len(),
            held.len(),
            100.0 * accuracy
        )?;
        worst = worst.min(accuracy);
        if seed < seeds {
            continue;
        }
        writeln!(out, "\n{answers}")?;
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder)?;
            std::fs::write(folder.join("digits.svg"), history.to_svg())?;
            std::fs::write(folder.join("digits-history.csv"), history.to_csv())?;
            model.save_safetensors(folder.join("digits.safetensors"))?;
            Predictor::new(model, &table).scaled(scaling).save(folder.join("digits.json"))?;
        }
    }
    Ok(worst)
}
