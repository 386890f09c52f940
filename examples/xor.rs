//! Exclusive or with one output: a 2-4-1 network, three seeds, each of which learns all four rows.
//!
//! ```text
//! cargo run --release --example xor
//! cargo run --release --example xor -- --seed 7     another seed
//! cargo run --release --example xor -- --out DIR    where the picture of the losses goes
//! ```

use std::error::Error;
use std::io::Write;
use std::path::Path;

use wengert_layers::Activation;
use wengert_layers::nn::loss::BinaryCrossEntropy;
use wengert_layers::nn::{Curve, Dense, Model, Optimiser, Sequential, Table, Trainer, curves};

#[path = "training/arguments.rs"]
mod arguments;

pub(crate) const ROWS: [[f64; 2]; 4] = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
pub(crate) const OPTIMISER: Optimiser = Optimiser::adam(0.05);

pub(crate) fn layers() -> Sequential {
    Sequential::new().then(Dense::new(2, 4)).then(Activation::Tanh).then(Dense::new(4, 1))
}

fn main() -> Result<(), Box<dyn Error>> {
    let Some(told) = arguments::Arguments::read("xor", 1..=3, &[])? else { return Ok(()) };
    let worst = run(&mut std::io::stdout().lock(), &told.seeds, &told.folder)?;
    if worst < 1.0 {
        return Err("a row is not learnt".into());
    }
    Ok(())
}

/// Trains a network for each seed; returns the worst share of rows that it gets right.
pub(crate) fn run(
    out: &mut impl Write,
    seeds: &[u64],
    folder: &Path,
) -> Result<f64, Box<dyn Error>> {
    writeln!(out, "expected: all four rows of exclusive or right, for every seed")?;
    let table = Table::of_classes(ROWS.concat(), vec![0, 1, 1, 0], 2)?;
    let (mut worst, mut losses) = (1.0_f64, Vec::new());
    for &seed in seeds {
        let mut model: Model = Model::new(layers(), seed)?;
        let history = Trainer::new(OPTIMISER, BinaryCrossEntropy::default())
            .epochs(300)
            .train(&mut model, &table)?;
        let answers = model.answers(&table)?;
        worst = worst.min(answers.accuracy());
        let last = history.epochs.last().ok_or("no epoch")?;
        writeln!(out, "seed {seed}: {:?} for 00 01 10 11, {last}", answers.classes())?;
        losses.push((format!("seed {seed}"), history.losses()));
    }
    let drawn: Vec<Curve<'_>> =
        losses.iter().map(|(name, values)| Curve { name, values }).collect();
    let picture = arguments::write(folder, "xor.svg", &curves("epoch", &drawn))?;
    writeln!(out, "the losses: {}", picture.display())?;
    Ok(worst)
}
