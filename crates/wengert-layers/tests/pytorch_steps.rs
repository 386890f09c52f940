//! Whole trainings beside PyTorch's: the same network, batches and optimiser.

use std::time::Instant;

use wengert::program::Compile;
use wengert_layers::Activation;
use wengert_layers::nn::loss::CrossEntropy;
use wengert_layers::nn::{Dense, Model, Optimiser, Sequential, Table, Trainer};

/// The numbers of the oracle's script.
fn values(count: usize, factor: usize, modulus: usize) -> impl Iterator<Item = f64> {
    let half = modulus / 2;
    (0..count).map(move |i| (((factor * i) % modulus) as f64 - half as f64) / half as f64)
}

fn compare<S: Compile>(sizes: &[usize], within: f64) {
    let name: Vec<String> = sizes.iter().map(usize::to_string).collect();
    let name = format!("{} f{}", name.join("-"), 8 * size_of::<S>());
    let theirs: Vec<f64> = include_str!("oracle/pytorch_steps.txt")
        .lines()
        .filter_map(|line| line.strip_prefix(&name)?.rsplit(' ').next()?.parse().ok())
        .collect();
    let mut layers = Sequential::<S>::new();
    for (k, pair) in sizes.windows(2).enumerate() {
        let (inputs, outputs) = (pair[0], pair[1]);
        let scale = (inputs as f64).sqrt();
        let weight: Vec<f64> = values(inputs * outputs, 53, 97).map(|w| w / scale).collect();
        if k > 0 {
            layers = layers.then(Activation::Relu);
        }
        layers = layers.then(Dense::from_out_in([outputs, inputs], &weight, &vec![0.0; outputs]));
    }
    let classes = sizes[sizes.len() - 1];
    let features = values(64 * sizes[0], 37, 101).collect();
    let labels = (0..64).map(|i| (7 * i) % classes).collect();
    let table = Table::of_classes(features, labels, classes).unwrap();
    let mut model = Model::new(layers, 1).unwrap();
    let (mut last, mut times) = (Instant::now(), Vec::new());
    let history = Trainer::new(Optimiser::adam(0.001), CrossEntropy::default())
        .epochs(theirs.len())
        .batch(64)
        .each_epoch(|_| {
            times.push(last.elapsed());
            last = Instant::now();
            std::ops::ControlFlow::Continue(())
        })
        .train(&mut model, &table)
        .unwrap();
    for (report, theirs) in history.epochs.iter().zip(&theirs) {
        let off = (report.loss - theirs).abs();
        assert!(off < within, "step {}: {} {theirs}", report.epoch, report.loss);
    }
    assert_eq!(history.epochs.len(), theirs.len());
    let first = times[0];
    times.sort_unstable();
    println!(
        "{name}: {:.2?} a step, shuffling included, the quickest {:.2?}; {first:.0?} the first, \
         with compiling",
        times[times.len() / 2],
        times[0]
    );
}

#[test]
fn thirty_steps_of_adam_are_pytorchs() {
    compare::<f32>(&[20, 12, 5], 1e-5);
    compare::<f64>(&[20, 12, 5], 1e-13);
}

/// `cargo test --release -p wengert-layers --test all hundred -- --ignored --nocapture`
#[test]
#[ignore = "of a network for optimised builds; it prints the time of a step"]
fn a_hundred_steps_of_a_larger_network_are_pytorchs() {
    compare::<f32>(&[784, 128, 10], 1e-5);
    compare::<f64>(&[784, 128, 10], 1e-12);
}
