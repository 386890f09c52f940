//! The teaching notebook by tape, against the same worked out by hand.

#[path = "../../../examples/notebook/hand.rs"]
mod hand;
#[path = "../../../examples/notebook/printed.rs"]
mod printed;

use hand::Slip;
use wengert::{Numerics, Options, Tape};
use wengert_layers::{
    Activation, Dataset, Epoch, Forward, Granularity, Init, Mlp, Passes, Sgd, Trained, Trainer,
};

const GRANULARITIES: [Granularity; 2] = [Granularity::PerNeuron, Granularity::PerLayer];

/// Both networks of the notebook, and rows to try them on.
const NETWORKS: [printed::Weights; 2] = [printed::CELL_1_WEIGHTS, printed::CELL_9_INITIAL_WEIGHTS];
const ROWS: [([f64; 2], usize); 3] =
    [(printed::CELL_4_ROW, 1), printed::CELL_8_DATASET[0], printed::CELL_8_DATASET[8]];

/// Digits are compared to the last.
fn exact_tape() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

fn mlp(weights: printed::Weights) -> Mlp {
    Mlp::from_weights(weights, &[Activation::Sigmoid; 2]).unwrap()
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance * b.abs(), "{a:?} {b:?}");
    }
}

/// What `read` finds in each neuron of a network worked out by hand, by layer.
fn by_layer(network: &hand::Network, read: impl Fn(&hand::Neuron) -> f64) -> Vec<Vec<f64>> {
    network.iter().map(|layer| layer.iter().map(&read).collect()).collect()
}

fn outputs(pass: &Forward<'_>) -> Vec<Vec<f64>> {
    pass.layers().iter().map(|layer| layer.output().values()).collect()
}

/// `std`'s `exp` may be another than the tape's, so outputs can differ in the last digits.
const BY_ANOTHER_EXP: f64 = 1e-14;

#[test]
fn a_pass_equals_the_one_by_hand() {
    for weights in NETWORKS {
        for (row, class) in ROWS {
            let mut network = hand::network(weights);
            hand::forward_propagate(&mut network, &row);
            hand::backward_propagate_error(&mut network, &hand::one_hot(class, 2), 0.0, Slip::None);
            let gradient = hand::gradients(&network, &row).concat().concat();
            for granularity in GRANULARITIES {
                let tape = exact_tape();
                let bound = mlp(weights).bind(&tape, granularity);
                let pass = bound.forward(tape.data(row));
                let loss = pass.half_squared_error(tape.data(hand::one_hot(class, 2)));
                let gradients = loss.backward();
                let z: Vec<Vec<f64>> =
                    pass.layers().iter().map(|layer| layer.z().values()).collect();
                assert_close(
                    &z.concat(),
                    &by_layer(&network, |neuron| neuron.z).concat(),
                    BY_ANOTHER_EXP,
                );
                assert_close(
                    &outputs(&pass).concat(),
                    &by_layer(&network, |n| n.output).concat(),
                    BY_ANOTHER_EXP,
                );
                let deltas = by_layer(&network, |neuron| neuron.delta);
                assert_close(&pass.deltas(&gradients).concat(), &deltas.concat(), BY_ANOTHER_EXP);
                assert_close(&gradients.values_wrt(bound.params()), &gradient, BY_ANOTHER_EXP);

                // As nodes: the same numbers, to the last bit in sums of two.
                let recorded = pass.record_deltas(loss).unwrap();
                let recorded: Vec<Vec<f64>> =
                    recorded.iter().map(|deltas| deltas.values()).collect();
                assert_eq!(recorded, pass.deltas(&gradients));
            }
        }
    }
}

#[test]
fn the_first_pass_prints_the_digits_of_the_notebook() {
    for granularity in GRANULARITIES {
        let tape = exact_tape();
        let pass = mlp(printed::CELL_1_WEIGHTS)
            .bind(&tape, granularity)
            .forward(tape.data(printed::CELL_4_ROW));
        assert_eq!(pass.output().values(), printed::CELL_4_OUTPUTS);
        let gradients = pass.half_squared_error(tape.data(printed::CELL_6_EXPECTED)).backward();
        let deltas: Vec<Vec<f64>> = printed::CELL_6
            .iter()
            .map(|layer| layer.iter().map(|neuron| neuron.delta).collect())
            .collect();
        assert_eq!(pass.deltas(&gradients), deltas);
    }
}

#[test]
fn every_z_output_and_delta_is_a_node_with_a_name() {
    let tape = exact_tape();
    let pass = mlp(printed::CELL_1_WEIGHTS)
        .bind(&tape, Granularity::PerNeuron)
        .forward(tape.data(printed::CELL_4_ROW).named("x"));
    let loss = pass.half_squared_error(tape.data(printed::CELL_6_EXPECTED).named("target"));
    pass.record_deltas(loss).unwrap();
    let paths = tape.paths();
    let own: Vec<&str> =
        paths.iter().map(String::as_str).filter(|path| !path.contains('#')).collect();
    assert_eq!(
        own,
        [
            "params",
            "x",
            "hidden/0.z",
            "hidden/0.output",
            "output/0.z",
            "output/0.output",
            "output/1.z",
            "output/1.output",
            "target",
            "output/0.error",
            "output/1.error",
            "L",
            "hidden/0.delta",
            "output/0.delta",
            "output/1.delta"
        ]
    );
    // Nothing of the forward pass is a copy: the outputs of a layer are read where they stand.
    assert!(
        !paths.iter().any(|path| path.contains("stack") || path.contains("contiguous")),
        "{tape}"
    );
}

#[test]
fn an_update_moves_the_weights_as_the_one_by_hand() {
    let mut network = hand::network(printed::CELL_1_WEIGHTS);
    let (row, target) = (printed::CELL_4_ROW, printed::CELL_6_EXPECTED);
    hand::forward_propagate(&mut network, &row);
    hand::backward_propagate_error(&mut network, &target, 0.5, Slip::None);
    hand::weights_update(&mut network, &row, 0.5);

    let tape = exact_tape();
    let bound = mlp(printed::CELL_1_WEIGHTS).bind(&tape, Granularity::PerNeuron);
    let loss = bound.forward(tape.data(row)).half_squared_error(tape.data(target));
    let mut params = bound.params().values();
    Sgd { rate: 0.5 }.step(&mut params, &loss.backward().values_wrt(bound.params()));
    let by_hand: Vec<f64> =
        network.into_iter().flatten().flat_map(|neuron| neuron.weights).collect();
    assert_close(&params, &by_hand, 1e-15);
}

fn dataset() -> Dataset {
    Dataset::new(printed::CELL_8_DATASET, 2).unwrap()
}

fn trained(granularity: Granularity, passes: Passes) -> (Mlp, Trained) {
    let mut mlp = Mlp::new(&[2, 2, 2], Activation::Sigmoid, Init::Notebook { seed: 1 }).unwrap();
    assert_eq!(mlp.params(), printed::CELL_9_INITIAL_WEIGHTS.concat().concat());
    let trainer = Trainer::new(Sgd { rate: printed::CELL_9_L_RATE }, printed::CELL_9_N_EPOCH);
    let trained =
        trainer.granularity(granularity).passes(passes).train(&mut mlp, &dataset()).unwrap();
    (mlp, trained)
}

fn line(&Epoch { epoch, sum_error }: &Epoch) -> String {
    format!(">epoch={epoch}, lrate={:.3}, error={sum_error:.3}", printed::CELL_9_L_RATE)
}

#[test]
fn training_reproduces_the_notebook() {
    for granularity in GRANULARITIES {
        let (mlp, trained) = trained(granularity, Passes::Replayed);
        let lines: Vec<String> =
            trained.history.iter().step_by(hand::PRINT_EVERY).map(line).collect();
        assert_eq!(lines, printed::CELL_9_LINES);

        let last = trained.last.unwrap();
        assert_eq!(last.row, 9);
        for (i, layer) in printed::CELL_10.iter().enumerate() {
            for (j, neuron) in layer.iter().enumerate() {
                assert_close(&mlp.weights()[i][j], neuron.weights, 1e-13);
                assert_close(&[last.outputs[i][j]], &[neuron.output], 1e-13);
                assert_close(&[last.deltas[i][j]], &[neuron.delta], 1e-13);
            }
        }

        let predicted = mlp.predict_all(&dataset()).unwrap();
        for (((row, label), class), expected) in
            dataset().rows().zip(&predicted).zip(printed::CELL_12_LINES)
        {
            assert_eq!(format!("실제값={label}, 예측값={class}"), expected);
            assert_eq!(mlp.predict(row), Ok(*class));
        }
        assert_eq!(mlp.accuracy(&dataset()), Ok(1.0));
    }
}

#[test]
fn granularity_and_the_way_of_a_pass_do_not_change_a_bit_of_the_training() {
    let bits = |(mlp, trained): (Mlp, Trained)| {
        (mlp.params().iter().map(|p| p.to_bits()).collect::<Vec<_>>(), trained)
    };
    let one = bits(trained(Granularity::PerNeuron, Passes::Replayed));
    assert_eq!(one, bits(trained(Granularity::PerLayer, Passes::Replayed)));
    assert_eq!(one, bits(trained(Granularity::PerNeuron, Passes::Recorded)));
    assert_eq!(one, bits(trained(Granularity::PerNeuron, Passes::Compiled)));
    assert_eq!(one, bits(trained(Granularity::PerLayer, Passes::Compiled)));
}
