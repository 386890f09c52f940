//! Exclusive or with one output: a 2-4-1 network, three seeds, each of which learns all four rows.
//!
//! ```text
//! cargo run --release --example xor
//! cargo run --release --example xor -- --out DIR   the last seed's curve as a picture, too
//! ```

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;

use wengert_layers::Activation;
use wengert_layers::nn::loss::BinaryCrossEntropy;
use wengert_layers::nn::{Dense, Model, Optimiser, Sequential, Table, Trainer};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = match &arguments[..] {
        [] => None,
        [flag, folder] if flag == "--out" => Some(PathBuf::from(folder)),
        _ => return Err("usage: xor [--out DIR]".into()),
    };
    if run(&mut std::io::stdout().lock(), 3, folder)? < 1.0 {
        return Err("a row is not learnt".into());
    }
    Ok(())
}

/// Trains a network for each seed; returns the worst share of rows that it gets right.
pub(crate) fn run(
    out: &mut impl Write,
    seeds: u64,
    folder: Option<PathBuf>,
) -> Result<f64, Box<dyn Error>> {
    let table = Table::of_classes(vec![0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 1, 1, 0], 2)?;
    let mut worst = 1.0_f64;
    for seed in 1..=seeds {
        let layers =
            Sequential::new().then(Dense::new(2, 4)).then(Activation::Tanh).then(Dense::new(4, 1));
        let mut model: Model = Model::new(layers, seed)?;
        let history = Trainer::new(Optimiser::adam(0.05), BinaryCrossEntropy::default())
            .epochs(300)
            .train(&mut model, &table)?;
        let answers = model.answers(&table)?;
        worst = worst.min(answers.accuracy());
        let last = history.epochs.last().ok_or("no epoch")?;
        writeln!(out, "seed {seed}: {:?} for 00 01 10 11, {last}", answers.classes())?;
        if let Some(folder) = folder.as_ref().filter(|_| seed == seeds) {
            std::fs::create_dir_all(folder)?;
            std::fs::write(folder.join("xor.svg"), history.to_svg())?;
        }
    }
    Ok(worst)
}
