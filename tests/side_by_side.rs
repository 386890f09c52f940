//! Hand-derived code and the tape side by side, for the notebook's two networks in both
//! granularities: forward values, adjoints, deltas, ledgers, parameter gradients, and one update.
//! The snapshots are what a reviewer reads.

#[path = "../examples/notebook/hand.rs"]
mod hand;
#[path = "../examples/notebook/printed.rs"]
mod printed;

use hand::{Network, Slip};
use wengert::{Numerics, Options, Tape};
use wengert_inspect::{LedgerText, SideBySide, Table, Tolerance, Trace};
use wengert_layers::{Activation, Granularity, Mlp, Sgd};
use wengert_snapshot::{assert_text_close, assert_trace};

const RATE: f64 = 0.02;
const CAPTION: &str = "L = 1/2 sum (target - output)^2, delta = -dL/dz";

/// A network of the notebook and the row it is shown.
struct Case {
    weights: printed::Weights,
    row: [f64; 2],
    target: [f64; 2],
}

/// The notebook's own example of a forward and a backward pass.
const CASE_2_1_2: Case = Case {
    weights: printed::CELL_1_WEIGHTS,
    row: printed::CELL_4_ROW,
    target: printed::CELL_6_EXPECTED,
};

/// The first row of training.
fn case_2_2_2() -> Case {
    let (row, class) = printed::CELL_8_DATASET[0];
    let target = [f64::from(u8::from(class == 0)), f64::from(u8::from(class == 1))];
    Case { weights: printed::CELL_9_INITIAL_WEIGHTS, row, target }
}

/// Forward, backward and update by hand.
fn by_hand(case: &Case, slip: Slip) -> (Network, Vec<Vec<Vec<f64>>>, Network) {
    let mut network = hand::network(case.weights);
    hand::forward_propagate(&mut network, &case.row);
    hand::backward_propagate_error(&mut network, &case.target, RATE, slip);
    let gradients = hand::gradients(&network, &case.row);
    let mut updated = network.clone();
    hand::weights_update(&mut updated, &case.row, RATE);
    (network, gradients, updated)
}

/// Digits are compared to the last.
fn exact_tape() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

/// Every number of the pass, by hand and from the tape.
fn compare(case: &Case, granularity: Granularity, slip: Slip) -> (SideBySide, Trace) {
    let (network, hand_gradients, updated) = by_hand(case, slip);
    let mut mlp =
        Mlp::from_weights(case.weights, &[Activation::Sigmoid; 2]).expect("the notebook's weights");
    let tape = exact_tape();
    let bound = mlp.bind(&tape, granularity);
    let pass = bound.forward(tape.data(case.row).named("x"));
    let loss = pass.half_squared_error(tape.data(case.target).named("target"));
    let gradients = loss.backward();
    let deltas = pass.deltas(&gradients);
    let step = gradients.values_wrt(bound.params());
    let mut moved = mlp.params().to_vec();
    Sgd { rate: RATE }.step(&mut moved, &step);
    mlp.set_params(&moved).expect("finite parameters");
    let moved = mlp.weights();

    let mut table = SideBySide::new(["by hand", "from the tape"])
        .tolerance(Tolerance::relative(1e-13))
        .digits(10);
    let loss_by_hand: f64 = network[1]
        .iter()
        .zip(case.target)
        .map(|(n, t)| 0.5 * (t - n.output) * (t - n.output))
        .sum();
    table.row("L", [loss_by_hand, loss.value()]);
    for (i, (neurons, layer)) in network.iter().zip(pass.layers()).enumerate() {
        let name = layer.name();
        for (j, neuron) in neurons.iter().enumerate() {
            table.row(format!("{name}/{j}.z"), [neuron.z, layer.z_of(j).value()]);
            table.row(format!("{name}/{j}.output"), [neuron.output, layer.output_of(j).value()]);
            // The tape has the adjoint of z; the notebook has minus that.
            table.row(
                format!("{name}/{j}.z adjoint"),
                [-neuron.delta, gradients.wrt(layer.z_of(j))],
            );
            table.row(format!("{name}/{j}.delta"), [neuron.delta, deltas[i][j]]);
            let of_tape = gradients.values_wrt(bound.layer(i).weights_of(j));
            let (bias, weights) = hand_gradients[i][j].split_last().expect("a neuron has a bias");
            for (k, (hand, tape)) in weights.iter().zip(of_tape).enumerate() {
                table.row(format!("{name}/{j}.w[{k}] gradient"), [*hand, tape]);
            }
            table.row(
                format!("{name}/{j}.b gradient"),
                [*bias, gradients.wrt(bound.layer(i).bias_of(j))],
            );
            for (k, (hand, tape)) in updated[i][j].weights.iter().zip(&moved[i][j]).enumerate() {
                table.row(format!("{name}/{j} updated [{k}]"), [*hand, *tape]);
            }
        }
    }
    (table, Trace::of(&gradients).expect("fresh gradients"))
}

/// Every name once: the block of all parameters is shown by its parts.
fn named_parts(trace: &Trace) -> Vec<&str> {
    trace.names().filter(|&path| path != "params").collect()
}

/// The snapshot shows ten digits; the two sides agree in thirteen.
#[track_caller]
fn all_ticks(table: &SideBySide) {
    assert!(table.len() > 20, "every number of the pass is compared");
    assert_eq!(table.crosses().collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn two_one_two_per_neuron() {
    let (table, trace) = compare(&CASE_2_1_2, Granularity::PerNeuron, Slip::None);
    all_ticks(&table);
    assert_text_close!("2-1-2-per-neuron", table);
    assert_trace!(
        "2-1-2-per-neuron-trace",
        Table::new(&trace).caption(CAPTION).delta(|path| path.ends_with(".z"))
    );
    let every = named_parts(&trace);
    assert_text_close!(
        "2-1-2-per-neuron-ledgers",
        LedgerText::new(&trace).of(&every).caption(CAPTION)
    );
}

#[test]
fn two_one_two_per_layer() {
    let (table, trace) = compare(&CASE_2_1_2, Granularity::PerLayer, Slip::None);
    all_ticks(&table);
    assert_text_close!("2-1-2-per-layer", table);
    assert_trace!(
        "2-1-2-per-layer-trace",
        Table::new(&trace).caption(CAPTION).delta(|path| path.ends_with("/z"))
    );
    let every = named_parts(&trace);
    assert_text_close!(
        "2-1-2-per-layer-ledgers",
        LedgerText::new(&trace).of(&every).caption(CAPTION)
    );
}

#[test]
fn two_two_two_per_neuron() {
    let (table, trace) = compare(&case_2_2_2(), Granularity::PerNeuron, Slip::None);
    all_ticks(&table);
    assert_text_close!("2-2-2-per-neuron", table);
    assert_trace!(
        "2-2-2-per-neuron-trace",
        Table::new(&trace).caption(CAPTION).delta(|path| path.ends_with(".z"))
    );
    let every = named_parts(&trace);
    assert_text_close!(
        "2-2-2-per-neuron-ledgers",
        LedgerText::new(&trace).of(&every).caption(CAPTION)
    );
}

#[test]
fn two_two_two_per_layer() {
    let (table, trace) = compare(&case_2_2_2(), Granularity::PerLayer, Slip::None);
    all_ticks(&table);
    assert_text_close!("2-2-2-per-layer", table);
    assert_trace!(
        "2-2-2-per-layer-trace",
        Table::new(&trace).caption(CAPTION).delta(|path| path.ends_with("/z"))
    );
    let every = named_parts(&trace);
    assert_text_close!(
        "2-2-2-per-layer-ledgers",
        LedgerText::new(&trace).of(&every).caption(CAPTION)
    );
}

/// The table is able to fail: each mistake in the formulas leaves crosses, in every network and
/// granularity.
#[test]
fn every_slip_is_crossed() {
    for slip in Slip::ALL {
        for case in [CASE_2_1_2, case_2_2_2()] {
            for granularity in [Granularity::PerNeuron, Granularity::PerLayer] {
                let (table, _) = compare(&case, granularity, slip);
                let crosses: Vec<&str> = table.crosses().collect();
                assert!(
                    crosses.contains(&"hidden/0.delta"),
                    "{slip:?} {granularity:?}: {crosses:?}"
                );
                assert!(
                    !crosses.contains(&"hidden/0.z"),
                    "{slip:?} does not touch the forward pass: {crosses:?}"
                );
                let output = crosses.contains(&"output/0.delta");
                assert_eq!(output, slip.is_at_the_outputs(), "{slip:?}: {crosses:?}");
            }
        }
    }
}
