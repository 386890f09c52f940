//! The two things everything else is compared with, held against the text of the notebook: the
//! constants copied from it (`printed.rs`) and the formulas worked out by hand (`hand.rs`). Nothing
//! of Wengert runs here.

#[path = "../examples/notebook/hand.rs"]
mod hand;
#[path = "../examples/notebook/printed.rs"]
mod printed;

use hand::{Network, Slip};
use printed::*;

/// Numbers that went through `exp` may differ from the notebook's by this much, relatively: the
/// last digits of `exp` depend on the platform.
const TOLERANCE: f64 = 1e-13;

// ---- The constants are the notebook's, digit for digit.

#[test]
fn cell_1_weights() {
    assert_eq!(printed_layers(1), CELL_1_WEIGHTS.iter().map(layer_of_weights).collect::<Vec<_>>());
}

#[test]
fn cell_3_prints_the_weights_of_cell_1_again() {
    for neuron in CELL_1_WEIGHTS.iter().copied().flatten() {
        assert!(cell(3).contains(&format!("{{'weights': {neuron:?}}}")));
    }
}

#[test]
fn cell_4_row_and_outputs() {
    let [x1, x2] = CELL_4_ROW;
    assert!(cell(4).contains(&format!("row = [{x1}, {x2}, None]")));
    assert_eq!(lines_starting(4, "[0."), [format!("{CELL_4_OUTPUTS:?}")]);
}

#[test]
fn cell_6_target_and_neurons() {
    let [t1, t2] = CELL_6_EXPECTED;
    assert!(cell(6).contains(&format!("expected = [{t1}, {t2}]")));
    assert_eq!(printed_layers(6), CELL_6.iter().map(layer_of_neurons).collect::<Vec<_>>());
}

#[test]
fn cell_8_dataset() {
    let rows = CELL_8_DATASET.map(|([x1, x2], class)| format!("[{x1},{x2},{class}]"));
    assert!(cell(8).contains(&format!("dataset = [{}]", rows.join(",\n"))));
}

#[test]
fn cell_9_settings_and_lines() {
    let call =
        format!("train_network(network, dataset, {CELL_9_L_RATE}, {CELL_9_N_EPOCH}, n_outputs)");
    assert!(cell(9).contains(&call));
    assert_eq!(lines_starting(9, ">epoch="), CELL_9_LINES);
}

#[test]
fn cell_10_neurons() {
    assert_eq!(printed_layers(10), CELL_10.iter().map(layer_of_neurons).collect::<Vec<_>>());
}

#[test]
fn cell_12_lines() {
    assert_eq!(lines_starting(12, "실제값="), CELL_12_LINES);
}

#[test]
fn the_initial_weights_of_cell_9_are_those_of_cpython() {
    let layers =
        |weights: Weights| weights.iter().map(layer_of_weights).collect::<Vec<_>>().join("\n");
    let expected =
        format!("2-1-2\n{}\n2-2-2\n{}\n", layers(CELL_1_WEIGHTS), layers(CELL_9_INITIAL_WEIGHTS));
    assert_eq!(include_str!("oracle/initial_weights.txt"), expected);
}

// ---- The formulas by hand come out where the notebook does.

#[test]
fn by_hand_cell_4() {
    let mut network = hand::network(CELL_1_WEIGHTS);
    let outputs = hand::forward_propagate(&mut network, &CELL_4_ROW);
    for (ours, notebook) in outputs.iter().zip(CELL_4_OUTPUTS) {
        assert_close(*ours, notebook);
    }
}

#[test]
fn by_hand_a_forward_pass_leaves_the_weights_alone() {
    let mut network = hand::network(CELL_1_WEIGHTS);
    hand::forward_propagate(&mut network, &CELL_4_ROW);
    for (layer, before) in network.iter().zip(CELL_1_WEIGHTS) {
        assert!(layer.iter().map(|neuron| &neuron.weights).eq(before.iter()));
    }
}

#[test]
fn by_hand_cell_6() {
    assert_same_network(&after_cell_6(Slip::None), CELL_6);
}

#[test]
fn by_hand_cells_9_to_12() {
    let (mut network, lines) = after_cell_9(Slip::None);
    assert_eq!(lines, CELL_9_LINES);
    assert_same_network(&network, CELL_10);
    let predictions = CELL_8_DATASET.map(|(row, class)| {
        format!("실제값={class}, 예측값={}", hand::predict(&mut network, &row))
    });
    assert_eq!(predictions, CELL_12_LINES);
}

#[test]
fn by_hand_the_gradient_is_the_slope_of_the_loss() {
    let network = after_cell_6(Slip::None);
    let loss = |network: &mut Network| -> f64 {
        let outputs = hand::forward_propagate(network, &CELL_4_ROW);
        outputs.iter().zip(CELL_6_EXPECTED).map(|(o, t)| 0.5 * (t - o).powi(2)).sum()
    };
    let step = 1e-5;
    for (i, layer) in hand::gradients(&network, &CELL_4_ROW).iter().enumerate() {
        for (j, neuron) in layer.iter().enumerate() {
            assert_eq!(neuron.len(), network[i][j].weights.len());
            for (k, gradient) in neuron.iter().enumerate() {
                let [mut above, mut below] = [network.clone(), network.clone()];
                above[i][j].weights[k] += step;
                below[i][j].weights[k] -= step;
                let slope = (loss(&mut above) - loss(&mut below)) / (2.0 * step);
                // A central difference is off by step^2 / 6 = 2e-11 times a third derivative, here
                // below 1, and by the rounding of the losses, eps / step = 2e-11.
                assert!(
                    (gradient - slope).abs() < 1e-10,
                    "layer {i}, neuron {j}, weight {k}: {gradient} {slope}"
                );
            }
        }
    }
}

// ---- And whoever slips comes out elsewhere.

#[test]
fn every_slip_changes_the_deltas_of_cell_6_and_the_training() {
    let (right, _) = after_cell_9(Slip::None);
    for slip in Slip::ALL {
        let wrong_deltas = deltas(&after_cell_6(slip))
            .zip(notebook_deltas(CELL_6))
            .filter(|(a, b)| !close(*a, *b))
            .count();
        // The deltas of the two outputs are known before any weight moves.
        let expected = if slip.is_at_the_outputs() { 3 } else { 1 };
        assert_eq!(wrong_deltas, expected, "{slip:?}");

        let (network, lines) = after_cell_9(slip);
        assert_ne!(lines, CELL_9_LINES, "{slip:?}");
        for (neuron, right) in network.iter().flatten().zip(right.iter().flatten()) {
            for (weight, right) in neuron.weights.iter().zip(&right.weights) {
                assert!(!close(*weight, *right), "{slip:?}: {weight} {right}");
            }
        }
    }
}

#[test]
fn updating_too_early_is_what_it_says() {
    let mut early = after_cell_6(Slip::None);
    hand::weights_update(&mut early, &CELL_4_ROW, CELL_9_L_RATE);
    let hidden = &early[0][0];
    let error = 0.0
        + early[1][0].weights[0] * early[1][0].delta
        + early[1][1].weights[0] * early[1][1].delta;
    let delta = error * hand::sigmoid_derivative(hidden.output);
    assert_eq!(after_cell_6(Slip::UpdateTooEarly)[0][0].delta.to_bits(), delta.to_bits());
}

// ---- Helpers.

/// The 2-1-2 network of cell 1 after the passes of cells 4 and 6.
fn after_cell_6(slip: Slip) -> Network {
    let mut network = hand::network(CELL_1_WEIGHTS);
    hand::forward_propagate(&mut network, &CELL_4_ROW);
    hand::backward_propagate_error(&mut network, &CELL_6_EXPECTED, CELL_9_L_RATE, slip);
    network
}

/// The 2-2-2 network after the training of cell 9, and what that prints.
fn after_cell_9(slip: Slip) -> (Network, Vec<String>) {
    let mut network = hand::network(CELL_9_INITIAL_WEIGHTS);
    let lines =
        hand::train_network(&mut network, &CELL_8_DATASET, CELL_9_L_RATE, CELL_9_N_EPOCH, slip);
    (network, lines.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn assert_same_network(ours: &Network, notebook: &[&[PrintedNeuron]]) {
    assert_eq!(ours.len(), notebook.len());
    for (ours, notebook) in ours.iter().zip(notebook) {
        assert_eq!(ours.len(), notebook.len());
        for (ours, notebook) in ours.iter().zip(*notebook) {
            assert_eq!(ours.weights.len(), notebook.weights.len());
            for (ours, notebook) in ours.weights.iter().zip(notebook.weights) {
                assert_close(*ours, *notebook);
            }
            assert_close(ours.output, notebook.output);
            assert_close(ours.delta, notebook.delta);
        }
    }
}

fn deltas(network: &Network) -> impl Iterator<Item = f64> {
    network.iter().flatten().map(|neuron| neuron.delta)
}

fn notebook_deltas(network: &[&[PrintedNeuron]]) -> impl Iterator<Item = f64> {
    network.iter().copied().flatten().map(|neuron| neuron.delta)
}

fn close(ours: f64, notebook: f64) -> bool {
    (ours - notebook).abs() <= TOLERANCE * notebook.abs()
}

#[track_caller]
fn assert_close(ours: f64, notebook: f64) {
    assert!(close(ours, notebook), "ours {ours}, the notebook's {notebook}");
}

/// The text of cell `n`, its code and its output.
fn cell(n: usize) -> &'static str {
    let notebook = include_str!("oracle/notebook.txt");
    let (_, from) =
        notebook.split_once(&format!("In [{n}]:\n")).expect("the notebook has this cell");
    from.split("In [").next().expect("a split has a first part")
}

fn lines_starting(n: usize, start: &str) -> Vec<&'static str> {
    cell(n).lines().filter(|line| line.starts_with(start)).collect()
}

/// The lines of cell `n` that print a layer.
fn printed_layers(n: usize) -> Vec<&'static str> {
    lines_starting(n, "[{")
}

// Rust and Python both print the shortest digits that read back as the same number; they part at
// exponents, which no number of the notebook has.

fn layer_of_weights(layer: &&[&[f64]]) -> String {
    list(layer.iter().map(|weights| format!("{{'weights': {weights:?}}}")))
}

fn layer_of_neurons(layer: &&[PrintedNeuron]) -> String {
    list(layer.iter().map(|PrintedNeuron { weights, output, delta }| {
        format!("{{'weights': {weights:?}, 'output': {output}, 'delta': {delta}}}")
    }))
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}
