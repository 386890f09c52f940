use super::*;
use crate::activation::Activation;
use crate::init::{Init, Law};

fn data() -> Dataset {
    Dataset::new([([1.0, 2.0], 0), ([3.0, -1.0], 1), ([0.0, 0.5], 0)], 2).unwrap()
}

/// What training says that is refused, having left the network as it was.
#[track_caller]
fn refused(trainer: Trainer, sizes: &[usize], activation: Activation, message: &str) -> TrainError {
    let mut mlp = Mlp::new(sizes, activation, Init::Notebook { seed: 1 }).unwrap();
    let before = mlp.clone();
    let error = trainer.train(&mut mlp, &data()).unwrap_err();
    assert_eq!(error.to_string(), message);
    assert_eq!(mlp, before);
    error
}

#[test]
fn data_that_does_not_fit_the_network() {
    let trainer = Trainer::new(Sgd { rate: 0.1 }, 3);
    let inputs = "the rows have 2 features, but the network has 3 inputs";
    let error = refused(trainer, &[3, 2, 2], Activation::Sigmoid, inputs);
    assert_eq!(error, TrainError::Fit(FitError::Inputs { rows: 2, network: 3 }));
    let outputs = "the data has 2 classes, but the network has 3 outputs";
    let error = refused(trainer, &[2, 2, 3], Activation::Sigmoid, outputs);
    assert_eq!(error, TrainError::Fit(FitError::Outputs { classes: 2, network: 3 }));
}

#[test]
fn rates_that_are_none() {
    for (rate, text) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (-0.5, "-0.5")] {
        let message = format!("the learning rate is {text}, expected a finite number from 0");
        refused(Trainer::new(Sgd { rate }, 1), &[2, 2], Activation::Sigmoid, &message);
    }
}

#[test]
fn training_that_diverges() {
    for passes in [Passes::Replayed, Passes::Recorded] {
        let trainer = Trainer::new(Sgd { rate: 1e200 }, 9).passes(passes);
        let message = "training diverged in epoch 0: output/0.w[0] is NaN; try a smaller rate";
        refused(trainer, &[2, 2], Activation::Identity, message);
    }
}

#[test]
fn no_epochs_change_nothing() {
    let mut mlp = Mlp::new(&[2, 2], Activation::Sigmoid, Init::Notebook { seed: 1 }).unwrap();
    let before = mlp.clone();
    let trained = Trainer::new(Sgd { rate: 0.1 }, 0).train(&mut mlp, &data()).unwrap();
    assert_eq!((mlp, trained), (before, Trained { history: vec![], last: None }));
}

#[test]
fn replayed_and_recorded_agree_to_the_bit() {
    for granularity in [Granularity::PerNeuron, Granularity::PerLayer] {
        for &activation in Activation::ALL {
            let trained = [Passes::Replayed, Passes::Recorded].map(|passes| {
                let mut mlp = Mlp::new(&[2, 4, 3, 2], activation, Law::GlorotUniform.seeded(5)).unwrap();
                let trainer = Trainer::new(Sgd { rate: 0.05 }, 20).granularity(granularity).passes(passes);
                let trained = trainer.train(&mut mlp, &data()).unwrap();
                (mlp.params().iter().map(|param| param.to_bits()).collect::<Vec<_>>(), trained)
            });
            assert_eq!(trained[0], trained[1], "{granularity:?} {activation}");
            assert_eq!(trained[0].1.history.len(), 20);
        }
    }
}

#[test]
fn each_epoch_is_told_as_it_is_kept() {
    let mut mlp = Mlp::new(&[2, 2, 2], Activation::Sigmoid, Init::Notebook { seed: 1 }).unwrap();
    let mut told = Vec::new();
    let trained = Trainer::new(Sgd { rate: 0.1 }, 5).train_with(&mut mlp, &data(), |epoch| told.push(*epoch)).unwrap();
    assert_eq!(told, trained.history);
    assert!(told.iter().map(|epoch| epoch.epoch).eq(0..5));
}
