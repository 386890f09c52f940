use super::*;
use crate::activation::Activation;
use crate::init::{Init, Law};

const PASSES: [Passes; 3] = [Passes::Replayed, Passes::Recorded, Passes::Compiled];
const GRANULARITIES: [Granularity; 2] = [Granularity::PerNeuron, Granularity::PerLayer];

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
    for passes in PASSES {
        for granularity in GRANULARITIES {
            let trainer =
                Trainer::new(Sgd { rate: 1e200 }, 9).passes(passes).granularity(granularity);
            let message = "training diverged in epoch 0: output/0.w[0] is NaN; try a smaller rate";
            refused(trainer, &[2, 2], Activation::Identity, message);
        }
    }
}

/// Weights of 1e299 are numbers, and so is the error: every neuron is saturated, and stays so.
#[test]
fn huge_weights_are_no_success() {
    for activation in [Activation::Sigmoid, Activation::Tanh, Activation::Relu] {
        for passes in PASSES {
            let mut mlp = Mlp::new(&[2, 3, 2], activation, Law::GlorotUniform.seeded(1)).unwrap();
            let before = mlp.clone();
            let error = Trainer::new(Sgd { rate: 1e300 }, 50)
                .passes(passes)
                .train(&mut mlp, &data())
                .unwrap_err();
            assert!(
                matches!(error, TrainError::Diverged { epoch: 0, .. }),
                "{activation:?}: {error}"
            );
            assert!(error.to_string().ends_with("try a smaller rate"), "{error}");
            assert_eq!(mlp, before);
        }
    }
}

#[test]
fn an_error_that_is_no_number_any_more_is_named() {
    for passes in PASSES {
        // The parameters stay as they are, and their squares are numbers.
        let mut mlp = Mlp::from_params(&[1, 1], &[Activation::Identity], vec![1e100, 0.0]).unwrap();
        let data = Dataset::new([([1e100], 0)], 1).unwrap();
        let error =
            Trainer::new(Sgd { rate: 0.0 }, 1).passes(passes).train(&mut mlp, &data).unwrap_err();
        assert_eq!(
            error.to_string(),
            "training diverged in epoch 0: the error is inf; try a smaller rate"
        );
    }
}

#[test]
fn no_epochs_change_nothing() {
    let mut mlp = Mlp::new(&[2, 2], Activation::Sigmoid, Init::Notebook { seed: 1 }).unwrap();
    let before = mlp.clone();
    let trained = Trainer::new(Sgd { rate: 0.1 }, 0).train(&mut mlp, &data()).unwrap();
    assert_eq!((mlp, trained), (before, Trained { history: vec![], last: None, warnings: vec![] }));
}

/// The bits of the parameters that a network of four layers learns, and what it leaves behind.
fn learnt(trainer: Trainer, activation: Activation) -> (Vec<u64>, Trained) {
    let mut mlp = Mlp::new(&[2, 4, 3, 2], activation, Law::GlorotUniform.seeded(5)).unwrap();
    let trained = trainer.train(&mut mlp, &data()).unwrap();
    (mlp.params().iter().map(|param| param.to_bits()).collect(), trained)
}

#[test]
fn every_way_of_a_pass_agrees_to_the_bit() {
    for granularity in GRANULARITIES {
        for &activation in Activation::ALL {
            let trainer = Trainer::new(Sgd { rate: 0.05 }, 20).granularity(granularity);
            let first = learnt(trainer, activation);
            assert_eq!(first.1.history.len(), 20);
            let last = first.1.last.as_ref().unwrap();
            assert_eq!(
                [&last.z, &last.outputs, &last.deltas].map(|layers| layers.concat().len()),
                [9; 3]
            );
            for passes in PASSES {
                assert_eq!(
                    learnt(trainer.passes(passes), activation),
                    first,
                    "{granularity:?} {activation} {passes:?}"
                );
            }
        }
    }
}

#[test]
fn fast_numbers_are_near_the_exact_ones() {
    for granularity in GRANULARITIES {
        for &activation in Activation::ALL {
            let trainer = Trainer::new(Sgd { rate: 0.05 }, 20).granularity(granularity);
            let params = |trainer| -> Vec<f64> {
                learnt(trainer, activation).0.into_iter().map(f64::from_bits).collect()
            };
            let exact = params(trainer);
            for passes in PASSES {
                let fast = params(trainer.passes(passes).numerics(Numerics::Fast));
                let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-13 * a.abs().max(1.0);
                assert!(
                    exact.iter().zip(&fast).all(near),
                    "{granularity:?} {activation} {passes:?}"
                );
            }
        }
    }
}

#[test]
fn a_layer_of_one_neuron_and_one_row_is_compiled_too() {
    let data = Dataset::new([([0.5], 0)], 1).unwrap();
    for granularity in GRANULARITIES {
        let [replayed, compiled] = [Passes::Replayed, Passes::Compiled].map(|passes| {
            let mut mlp =
                Mlp::new(&[1, 1, 1], Activation::Sigmoid, Init::Notebook { seed: 1 }).unwrap();
            let trainer =
                Trainer::new(Sgd { rate: 0.5 }, 3).granularity(granularity).passes(passes);
            (trainer.train(&mut mlp, &data).unwrap(), mlp)
        });
        assert_eq!(replayed, compiled);
    }
}

#[test]
fn each_epoch_is_told_as_it_is_kept() {
    let mut mlp = Mlp::new(&[2, 2, 2], Activation::Sigmoid, Init::Notebook { seed: 1 }).unwrap();
    let mut told = Vec::new();
    let trained = Trainer::new(Sgd { rate: 0.1 }, 5)
        .train_with(&mut mlp, &data(), |epoch| told.push(*epoch))
        .unwrap();
    assert_eq!(told, trained.history);
    assert!(told.iter().map(|epoch| epoch.epoch).eq(0..5));
}

#[test]
fn a_rate_that_saturates_everything_is_no_training() {
    for passes in PASSES {
        let mut mlp =
            Mlp::new(&[2, 2, 2], Activation::Sigmoid, Init::Notebook { seed: 1 }).unwrap();
        let trainer = Trainer::new(Sgd { rate: 1e300 }, 3).passes(passes);
        // Every number is finite, and nothing is ever learnt again.
        let error = trainer.train(&mut mlp, &data()).unwrap_err();
        assert!(
            matches!(error, TrainError::Diverged { epoch: 0, value, .. } if value.is_finite()),
            "{error}"
        );
    }
}

#[test]
fn one_output_does_for_two_classes() {
    let rows = [([0.0, 0.0], 0), ([0.0, 1.0], 1), ([1.0, 0.0], 1), ([1.0, 1.0], 1)];
    let data = Dataset::new(rows, 2).unwrap();
    let mut trained = Vec::new();
    for passes in [Passes::Recorded, Passes::Replayed, Passes::Compiled] {
        let init = Init::Notebook { seed: 1 };
        let mut mlp = Mlp::new(&[2, 2, 1], Activation::Sigmoid, init).unwrap();
        Trainer::new(Sgd { rate: 1.0 }, 300).passes(passes).train(&mut mlp, &data).unwrap();
        assert_eq!(mlp.predict_all(&data).unwrap(), [0, 1, 1, 1]);
        assert_eq!(mlp.accuracy(&data).unwrap(), 1.0);
        trained.push(mlp);
    }
    assert!(trained.iter().all(|mlp| *mlp == trained[0]));
}
