//! The trainer of `wengert-layers`, its steps by XLA: the history, the numbers and the checkpoints of
//! its own programs, to rounding.

use wengert_layers::Activation;
use wengert_layers::nn::loss::CrossEntropy;
use wengert_layers::nn::{
    Checkpoint, Dense, Dropout, History, LayerNorm, Lbfgs, Model, Optimiser, Sequential, Table,
    Trainer,
};
use wengert_pjrt::training::Xla;

use crate::plugin::client;

/// Three crowds, a little mixed.
fn crowds(count: usize) -> Table {
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for i in 0..count {
        let wave = |step: f64| 0.7 * (step * (i + 1) as f64).sin();
        let centre = [[0.0, 2.0], [2.0, -1.0], [-2.0, -1.0]][i % 3];
        features.extend([centre[0] + wave(0.9), centre[1] + wave(1.7)]);
        labels.push(i % 3);
    }
    Table::of_classes(features, labels, 3).unwrap()
}

fn layers() -> Sequential {
    Sequential::new()
        .then(Dense::new(2, 8))
        .then(LayerNorm::new(8))
        .then(Activation::Tanh)
        .then(Dropout { share: 0.2 })
        .then(Dense::new(8, 3))
}

fn trainer<'a>() -> Trainer<'a> {
    Trainer::new(Optimiser::adam(0.02), CrossEntropy::default()).epochs(6).batch(16).seed(5)
}

fn trained(mut trainer: Trainer<'_>, table: &Table) -> (Vec<f64>, History) {
    let mut model: Model = Model::new(layers(), 1).unwrap();
    let history = trainer.train(&mut model, table).unwrap();
    (model.values().to_vec(), history)
}

#[track_caller]
fn near(found: &[f64], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() <= 1e-11 * (1.0 + wanted.abs()), "{found} {wanted}");
    }
}

fn losses(history: &History) -> Vec<f64> {
    history
        .epochs
        .iter()
        .flat_map(|report| [report.loss, report.validation.unwrap_or(0.0)])
        .collect()
}

/// 70 rows in batches of 16: the last has 6, which four devices do not divide.
#[test]
fn the_history_is_the_same() {
    let Some(client) = client(4) else { return };
    let (table, held) = (crowds(70), crowds(31));
    let new = || trainer().l2(0.01).validate(&held);
    let (values, history) = trained(new(), &table);
    assert!(history.epochs[5].loss < 0.8 * history.epochs[0].loss, "{history:?}");
    for devices in [1, 4] {
        let xla = Xla::new(&client, devices);
        let (its, of_xla) = trained(new().engine(&xla), &table);
        near(&its, &values);
        near(&losses(&of_xla), &losses(&history));
        assert_eq!((of_xla.kept, of_xla.ended), (history.kept, history.ended));
    }
}

/// A training that was broken off goes on by XLA, or by our program, from the same file.
#[test]
fn checkpoints_are_the_same() {
    let Some(client) = client(1) else { return };
    let xla = Xla::new(&client, 1);
    let table = crowds(50);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crowds.checkpoint");
    let (whole, history) = trained(trainer(), &table);
    trained(trainer().epochs(3).checkpoints(&file, 1).engine(&xla), &table);
    for engine in [true, false] {
        let resumed = trainer().resume(Checkpoint::load(&file).unwrap());
        let resumed = if engine { resumed.engine(&xla) } else { resumed };
        let (values, its) = trained(resumed, &table);
        near(&values, &whole);
        near(&losses(&its), &losses(&history));
    }
}

#[test]
fn frozen_parameters_stand_still() {
    let Some(client) = client(1) else { return };
    let xla = Xla::new(&client, 1);
    let table = crowds(32);
    let run = |engine: bool| {
        let mut model: Model = Model::new(layers(), 1).unwrap();
        model.freeze("0.").unwrap();
        let trainer = if engine { trainer().engine(&xla) } else { trainer() };
        let mut trainer = trainer;
        trainer.train(&mut model, &table).unwrap();
        model.values().to_vec()
    };
    near(&run(true), &run(false));
}

#[test]
fn what_an_engine_does_not_do_is_said() {
    let Some(client) = client(1) else { return };
    let table = crowds(12);
    let mut model: Model = Model::new(layers(), 1).unwrap();
    let one = Xla::new(&client, 1);
    let search = Trainer::new(Lbfgs::default(), CrossEntropy::default()).engine(&one);
    let mut search = search;
    let message = search.train(&mut model, &table).unwrap_err().to_string();
    assert_eq!(message, "the engine: L-BFGS searches along lines, and an engine makes steps");
    let before = model.values().to_vec();
    let many = Xla::new(&client, 2);
    let message = trainer().batch(12).engine(&many).train(&mut model, &table).unwrap_err();
    assert!(message.to_string().contains("for 2 devices, and there are 1"), "{message}");
    assert_eq!(model.values(), before);
}
