//! A step of training of every network of the examples, of every layer and of every loss: recorded by
//! its trainer, run by XLA, it is the tape's.

use wengert::{Leaf, Tape};
use wengert_layers::nn::loss::{
    BinaryCrossEntropy, CrossEntropy, HalfSquaredError, Huber, Loss, MeanAbsoluteError,
    MeanSquaredError,
};
use wengert_layers::nn::{
    Dense, Dropout, Embedding, LayerNorm, Model, Optimiser, Recurrent, Reshape, Residual, RmsNorm,
    SelfAttention, Sequential, Softmax, Table, Trainer,
};
use wengert_layers::{Activation, Granularity, Law, Mlp};
use wengert_stablehlo::Export;

use crate::microgpt;
use crate::programs::compared;

fn wave(count: usize, step: f64) -> Vec<f64> {
    (0..count).map(|i| (step * (i + 1) as f64).sin()).collect()
}

/// The first step of a training: its loss, and what everything becomes.
fn step(
    layers: Sequential,
    method: Optimiser,
    loss: impl Loss<f64> + Sync + 'static,
    table: &Table,
) {
    let mut model: Model = Model::new(layers, 1).unwrap();
    let mut trainer = Trainer::new(method, loss).batch(8).l2(0.01);
    trainer.train(&mut model, table).unwrap_or_else(|error| panic!("{error}"));
    let recorded = trainer.record_step(&mut model, table, |step| {
        // The rate and its kin are set before every step, and 0 on the tape.
        let [.., rate, first, second] = step.given[..] else { panic!("three numbers") };
        step.tape.replay(&[(rate, &[0.01]), (first, &[0.1]), (second, &[0.001])]).unwrap();
        let mut asked = vec![("loss".to_owned(), step.loss)];
        let kept = step.kept.iter().enumerate();
        asked.extend(kept.map(|(i, &(_, next))| (format!("next {i}"), next)));
        compared(step.tape, &asked);
    });
    recorded.unwrap();
}

fn classes(rows: usize, width: usize, count: usize) -> Table {
    Table::of_classes(wave(rows * width, 0.7), (0..rows).map(|i| i % count).collect(), count)
        .unwrap()
}

fn numbers(rows: usize, width: usize, targets: usize) -> Table {
    Table::of_numbers(wave(rows * width, 0.7), wave(rows * targets, 0.3), targets).unwrap()
}

#[test]
fn the_networks_of_the_examples() {
    let digits = Sequential::new()
        .then(Dense::new(64, 256).init(Law::HeUniform))
        .then(Activation::Relu)
        .then(Dropout { share: 0.4 })
        .then(Dense::new(256, 10));
    step(digits, Optimiser::adam_w(0.01), CrossEntropy::default(), &classes(8, 64, 10));
    let xor =
        Sequential::new().then(Dense::new(2, 4)).then(Activation::Tanh).then(Dense::new(4, 1));
    step(xor, Optimiser::adam(0.05), BinaryCrossEntropy::default(), &classes(8, 2, 2));
    let regression =
        Sequential::new().then(Dense::new(1, 16)).then(Activation::Tanh).then(Dense::new(16, 2));
    step(regression, Optimiser::adam(0.02), MeanSquaredError, &numbers(8, 1, 2));
}

#[test]
fn the_network_of_the_wheat() {
    let mlp = Mlp::new(&[7, 5, 3], Activation::Sigmoid, Law::GlorotUniform.seeded(1)).unwrap();
    let tape = Tape::new();
    let bound = mlp.bind(&tape, Granularity::PerNeuron);
    let pass = bound.forward(tape.data(wave(7, 0.7)).named("x"));
    let loss = pass.half_squared_error(tape.data([0.0, 1.0, 0.0]).named("target"));
    let gradient = loss.record_gradient(&[bound.params()]).unwrap()[0].unwrap();
    compared(&tape, &[("loss".to_owned(), loss), ("gradient".to_owned(), gradient)]);
}

#[test]
fn the_network_of_microgpt() {
    let tape = Tape::new();
    let count: usize = microgpt::SHAPES.iter().map(|[rows, columns]| rows * columns).sum();
    let numbers: Vec<f64> = wave(count, 0.7).iter().map(|x| 0.08 * x).collect();
    let params = tape.param(numbers).named("params");
    let tokens: Vec<f64> = [26, 4, 12, 26]
        .into_iter()
        .flat_map(|token| (0..microgpt::TOKENS).map(move |i| f64::from(i == token)))
        .collect();
    let tokens = tape.tensor(Leaf::Data, &tokens, [4, microgpt::TOKENS]).unwrap().named("tokens");
    let loss = microgpt::layers::loss(params, tokens);
    let gradient = loss.record_gradient(&[params]).unwrap()[0].unwrap();
    compared(&tape, &[("loss".to_owned(), loss), ("gradient".to_owned(), gradient)]);
}

#[test]
fn every_layer() {
    let sequence = |layer: Sequential| layer.then(Reshape(vec![24])).then(Dense::new(24, 2));
    let rows = || Sequential::new().then(Reshape(vec![4, 6]));
    let table = classes(8, 24, 2);
    // Adam divides by the size of a gradient, and that by a bias of keys is 0 but for rounding.
    let plain = || Optimiser::gradient_descent(0.1);
    let loss = CrossEntropy::default;
    step(sequence(rows().then(SelfAttention::new(6, 2).causal())), plain(), loss(), &table);
    step(sequence(rows().then(LayerNorm::new(6)).then(RmsNorm::new(6))), plain(), loss(), &table);
    step(rows().then(Recurrent::new(6, 5)).then(Dense::new(5, 2)), plain(), loss(), &table);
    let residual = Residual::new(Sequential::new().then(Dense::new(6, 6)).then(Activation::Gelu));
    step(sequence(rows().then(residual).then(Softmax)), plain(), loss(), &table);
    let tokens = Table::of_classes(
        (0..8 * 5).map(|i| f64::from(i * 3 % 7)).collect(),
        (0..8).map(|i| i % 2).collect(),
        2,
    );
    let embedded = Sequential::new()
        .then(Embedding::new(7, 4))
        .then(Reshape(vec![20]))
        .then(Dense::new(20, 2));
    step(embedded, plain(), loss(), &tokens.unwrap());
}

#[test]
fn every_activation_loss_and_optimiser() {
    let activations = [Activation::Sigmoid, Activation::Tanh, Activation::Relu, Activation::Gelu];
    for activation in activations {
        let layers =
            Sequential::new().then(Dense::new(5, 4)).then(activation).then(Dense::new(4, 2));
        step(layers, Optimiser::momentum(0.05), HalfSquaredError, &numbers(8, 5, 2));
    }
    let layers = || Sequential::new().then(Dense::new(5, 2)).then(Activation::Tanh);
    let table = numbers(8, 5, 2);
    step(layers(), Optimiser::gradient_descent(0.1), MeanAbsoluteError, &table);
    step(layers(), Optimiser::adam_w(0.1), Huber { delta: 0.3 }, &table);
}

/// The text of a trainer's step is the same whenever it is written.
#[test]
fn a_step_is_the_same_text_again() {
    let text = || {
        let layers = Sequential::new().then(Dense::new(3, 2)).then(Activation::Tanh);
        let mut model: Model = Model::new(layers, 1).unwrap();
        let trainer = Trainer::new(Optimiser::adam(0.01), MeanSquaredError).batch(4);
        let recorded = trainer.record_step(&mut model, &numbers(4, 3, 2), |step| {
            let mut export = Export::new(step.tape).without_locations();
            export.output("loss", step.loss).unwrap();
            for &(leaf, next) in &step.kept {
                export.update(leaf, next).unwrap();
            }
            export.module("step").unwrap().text().to_owned()
        });
        recorded.unwrap()
    };
    assert_eq!(text(), text());
}
