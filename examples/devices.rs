//! A network trained by our program, by XLA on one device and on four: the same losses.
//!
//! ```text
//! pip install lammps-jax-pjrt-cpu       XLA for processors, as one file; or another plugin
//! export PJRT_PLUGIN=$(python3 -c 'import lammps_jax_pjrt_cpu as p; print(p.PLUGIN_PATH)')
//! cargo run --release --example devices
//! cargo run --release --example devices -- --epochs 50
//! cargo run --release --example devices -- --write step.mlir     the step for four devices as a file
//! ```
//!
//! 784-128-10, by gradient descent: the digits of `digits`, their 8 by 8 pixels drawn as 28 by 28. One
//! `Trainer` three times; XLA is an engine that its steps are given to. The step (loss, gradient,
//! update) is exported as StableHLO, a batch's rows are split over the four devices, which XLA
//! simulates, and XLA puts in the sums over them. It adds in another order, so losses are equal up to
//! rounding.

use std::error::Error;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use wengert_layers::Activation;
use wengert_layers::nn::loss::CrossEntropy;
use wengert_layers::nn::{Dense, Engine, Model, Optimiser, Sequential, Table, Trainer};
use wengert_pjrt::Plugin;
use wengert_pjrt::training::{Xla, module};

const BATCH: usize = 128;
/// As many rows as fill batches.
const ROWS: usize = 14 * BATCH;
const EPOCHS: usize = 10;
/// How far apart losses may be, relative.
const TOLERANCE: f64 = 1e-9;
const USAGE: &str = "usage: devices [--epochs N] [--write FILE]";

/// Losses by epoch, and how long a step took.
type Curve = (Vec<f64>, Duration);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let table = table()?;
    let mut epochs = EPOCHS;
    match &arguments[..] {
        [] => {}
        [flag] if flag == "--help" || flag == "-h" => {
            println!("{USAGE}");
            return Ok(());
        }
        [flag, count] if flag == "--epochs" => epochs = count.parse::<usize>()?.max(2),
        [flag, file] if flag == "--write" => {
            let exported = trainer(1).record_step(&mut model()?, &table, |step| module(step, 4))?;
            std::fs::write(file, exported?.text())?;
            return Ok(());
        }
        _ => return Err(USAGE.into()),
    }
    let ours = trained(None, &table, epochs)?;
    let plugin = match Plugin::from_env() {
        Ok(plugin) => plugin,
        Err(error) => {
            println!("our program: loss {:.6} to {:.6}", ours.0[0], ours.0[epochs - 1]);
            println!("{error}\n`pip install lammps-jax-pjrt-cpu` has one for processors");
            return Ok(());
        }
    };
    // Processors are simulated, cards are what there is.
    let client = plugin.client(&[("cpu_device_count", 4)]).or_else(|_| plugin.client(&[]))?;
    let many = client.devices().min(4);
    let (major, minor) = plugin.version();
    println!("{} devices of {}, PJRT {major}.{minor}", client.devices(), client.platform()?);
    let one = trained(Some(&Xla::new(&client, 1)), &table, epochs)?;
    let four = trained(Some(&Xla::new(&client, many)), &table, epochs)?;

    let of_many = format!("XLA, {many} devices");
    println!("\n{:>5}  {:>18}  {:>18}  {:>18}", "epoch", "our program", "XLA", of_many);
    for i in 0..epochs {
        println!("{i:>5}  {:>18.15}  {:>18.15}  {:>18.15}", ours.0[i], one.0[i], four.0[i]);
    }
    let time = |curve: &Curve| format!("{:.2} ms a step", 1e3 * curve.1.as_secs_f64());
    println!("{:>5}  {:>18}  {:>18}  {:>18}", "", time(&ours), time(&one), time(&four));
    let apart = |other: &Curve| {
        let pairs = ours.0.iter().zip(&other.0);
        pairs.map(|(a, b)| (a - b).abs() / a).fold(0.0, f64::max)
    };
    let (one, four) = (apart(&one), apart(&four));
    println!(
        "\nlargest relative difference to ours: {one:.1e} on one device, {four:.1e} on {many}"
    );
    if one.max(four) > TOLERANCE {
        return Err(format!("more than {TOLERANCE:e}").into());
    }
    Ok(())
}

fn trainer<'a>(epochs: usize) -> Trainer<'a> {
    let method = Optimiser::gradient_descent(0.5);
    Trainer::new(method, CrossEntropy::default()).epochs(epochs).batch(BATCH).seed(1)
}

fn model() -> Result<Model, wengert_layers::nn::ModelError> {
    let layers = Sequential::new()
        .then(Dense::new(784, 128))
        .then(Activation::Relu)
        .then(Dense::new(128, 10));
    Model::new(layers, 1)
}

/// The losses of a training by an engine, or by our program.
fn trained(
    engine: Option<&dyn Engine<f64>>,
    table: &Table,
    epochs: usize,
) -> Result<Curve, Box<dyn Error>> {
    let mut ends = Vec::new();
    let mut trainer = trainer(epochs).each_epoch(|_| {
        ends.push(Instant::now());
        ControlFlow::Continue(())
    });
    if let Some(engine) = engine {
        trainer = trainer.engine(engine);
    }
    let history = trainer.train(&mut model()?, table)?;
    drop(trainer);
    // The first epoch compiles.
    let steps = (epochs - 1) * (ROWS / BATCH);
    let took = (ends[epochs - 1] - ends[0]) / steps as u32;
    Ok((history.epochs.iter().map(|report| report.loss).collect(), took))
}

/// The digits, drawn larger.
fn table() -> Result<Table, Box<dyn Error>> {
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for line in include_str!("data/digits.csv").lines().take(ROWS) {
        let row = line.split(',').map(str::parse::<f64>).collect::<Result<Vec<_>, _>>()?;
        features.extend((0..784).map(|p| row[p / 28 * 8 / 28 * 8 + p % 28 * 8 / 28] / 16.0));
        labels.push(row[64] as usize);
    }
    Ok(Table::of_classes(features, labels, 10)?)
}
