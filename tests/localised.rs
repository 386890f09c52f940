//! A mistake in code derived by hand, found by the diff with the tape: the node where it was made,
//! and not the many that follow from it.

#[path = "../examples/notebook/hand.rs"]
mod hand;
#[path = "../examples/notebook/printed.rs"]
mod printed;

use hand::{Network, Slip};
use wengert::Tape;
use wengert_inspect::{Diff, Findings, Origin, Reference, Tolerance, Trace};
use wengert_layers::{Activation, Granularity, Mlp};

const RATE: f64 = 0.02;

struct Case {
    weights: printed::Weights,
    row: [f64; 2],
    target: [f64; 2],
}

/// The notebook's 2-1-2 network, and its 2-2-2 network at the first row of training.
fn cases() -> [Case; 2] {
    let (row, class) = printed::CELL_8_DATASET[0];
    let target = [f64::from(u8::from(class == 0)), f64::from(u8::from(class == 1))];
    [
        Case {
            weights: printed::CELL_1_WEIGHTS,
            row: printed::CELL_4_ROW,
            target: printed::CELL_6_EXPECTED,
        },
        Case { weights: printed::CELL_9_INITIAL_WEIGHTS, row, target },
    ]
}

fn from_the_tape(case: &Case, granularity: Granularity) -> Trace {
    let mlp =
        Mlp::from_weights(case.weights, &[Activation::Sigmoid; 2]).expect("the notebook's weights");
    let tape = Tape::new();
    let pass = mlp.bind(&tape, granularity).forward(tape.data(case.row).named("x"));
    let loss = pass.half_squared_error(tape.data(case.target).named("target"));
    Trace::of(&loss.backward()).expect("fresh gradients")
}

fn by_hand(case: &Case, slip: Slip) -> Network {
    let mut network = hand::network(case.weights);
    hand::forward_propagate(&mut network, &case.row);
    hand::backward_propagate_error(&mut network, &case.target, RATE, slip);
    network
}

/// Everything that the hand-derived side knows, under the paths of the trace.
fn reference(case: &Case, network: &Network, granularity: Granularity) -> Reference {
    let mut reference = Reference::new();
    let gradients = hand::gradients(network, &case.row);
    for ((layer, of_layer), name) in network.iter().zip(&gradients).zip(["hidden", "output"]) {
        for (j, (neuron, gradient)) in layer.iter().zip(of_layer).enumerate() {
            let path = |what: &str| match granularity {
                Granularity::PerNeuron => format!("{name}/{j}.{what}"),
                Granularity::PerLayer => format!("{name}/{what}[{j}]"),
            };
            reference
                .value(path("z"), neuron.z)
                .value(path("output"), neuron.output)
                .delta(path("z"), neuron.delta);
            let (bias, weights) = gradient.split_last().expect("a neuron has a bias");
            reference.adjoint(path("b"), *bias);
            for (k, weight) in weights.iter().enumerate() {
                let path = match granularity {
                    Granularity::PerNeuron => format!("{name}/{j}.w[{k}]"),
                    Granularity::PerLayer => format!("{name}/w[{j}, {k}]"),
                };
                reference.adjoint(path, *weight);
            }
        }
    }
    reference
}

fn findings(case: &Case, slip: Slip, granularity: Granularity) -> (Findings, String) {
    let (trace, reference) =
        (from_the_tape(case, granularity), reference(case, &by_hand(case, slip), granularity));
    let diff = Diff::new(&trace, &reference)
        .titles("from the tape", "by hand")
        .tolerance(Tolerance::relative(1e-12));
    (diff.findings(), diff.to_string())
}

/// The neuron of a path of either granularity: `output/1.z` and `output/z[1]` are both
/// `output 1 z`.
fn neuron(path: &str) -> String {
    let (layer, rest) = path.split_once('/').expect("a layer");
    match rest.split_once('.') {
        Some((j, what)) => format!("{layer} {j} {what}"),
        None => {
            let (what, j) = rest.trim_end_matches(']').split_once('[').expect("an element");
            format!("{layer} {j} {what}")
        }
    }
}

/// Each mistake's first cause, the other causes, and a guess, in every network and granularity.
#[track_caller]
fn check(slip: Slip, first: [&str; 2], own: [&[&str]; 2], guess: &str) {
    for granularity in [Granularity::PerNeuron, Granularity::PerLayer] {
        for (i, case) in cases().iter().enumerate() {
            let (found, text) = findings(case, slip, granularity);
            let cause = found.cause().expect("a mistake was planted");
            let layers = |paths: Vec<String>| {
                let mut paths: Vec<String> = paths.iter().map(|path| neuron(path)).collect();
                paths.sort();
                paths
            };
            // The sweep takes the neurons of a layer from the last when they are nodes of their
            // own, and element by element when not.
            let mut causes =
                layers(found.of(Origin::Own).map(|other| other.path.clone()).collect());
            causes.insert(0, neuron(&cause.path));
            causes.sort();
            let mut expected: Vec<&str> = own[i].to_vec();
            expected.push(first[i]);
            expected.sort_unstable();
            assert_eq!(causes, expected, "{granularity:?}: {text}");
            if granularity == Granularity::PerNeuron {
                assert_eq!(neuron(&cause.path), first[i], "{text}");
            }
            assert!(text.contains("(all values compared agree)") && text.contains(guess), "{text}");
            assert!(text.contains("hand") && text.contains("delta"), "{text}");
            // What is multiplied by a wrong delta is wrong, and nobody's mistake.
            assert!(found.of(Origin::Follows).count() > 0, "{text}");
            assert!(found.structure.is_empty(), "{text}");
        }
    }
}

#[test]
fn a_wrong_sign_is_found_at_the_outputs() {
    check(
        Slip::Sign,
        ["output 1 z", "output 1 z"],
        [&["output 0 z"], &["output 0 z"]],
        "the sign is flipped",
    );
}

#[test]
fn a_missing_derivative_is_found_at_every_neuron_that_lacks_it() {
    let guess = "as if the sigmoid's derivative y (1 - y)";
    let own: [&[&str]; 2] =
        [&["hidden 0 z", "output 0 z"], &["hidden 0 z", "hidden 1 z", "output 0 z"]];
    check(Slip::MissingDerivative, ["output 1 z", "output 1 z"], own, guess);
}

#[test]
fn a_factor_of_two_is_found_at_the_outputs() {
    check(
        Slip::FactorTwo,
        ["output 1 z", "output 1 z"],
        [&["output 0 z"], &["output 0 z"]],
        "a factor 2",
    );
}

#[test]
fn an_update_before_the_hidden_deltas_is_found_there() {
    let guess = "a step at rate 0.02 was taken too early";
    check(Slip::UpdateTooEarly, ["hidden 0 z", "hidden 1 z"], [&[], &["hidden 0 z"]], guess);
}

#[test]
fn without_a_mistake_nothing_differs() {
    for granularity in [Granularity::PerNeuron, Granularity::PerLayer] {
        for case in cases() {
            let (found, text) = findings(&case, Slip::None, granularity);
            assert!(found.agree(), "{text}");
            // Four numbers a neuron, and a gradient for each weight.
            assert!(found.values + found.adjoints > 15, "{text}");
        }
    }
}

/// Without the numbers of source lines, which change with every edit of the file.
fn without_lines(text: &str) -> String {
    let mut parts = text.split(".rs:");
    let first = parts.next().unwrap_or("").to_owned();
    let rest = parts.map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':'));
    rest.fold(first, |text, part| text + ".rs" + part)
}

/// What a person reads.
#[test]
fn the_text_names_node_numbers_guess_and_consequences() {
    let (_, text) = findings(&cases()[0], Slip::MissingDerivative, Granularity::PerNeuron);
    insta::assert_snapshot!(without_lines(&text));
}

#[test]
fn the_text_of_an_update_too_early() {
    let (_, text) = findings(&cases()[1], Slip::UpdateTooEarly, Granularity::PerLayer);
    insta::assert_snapshot!(without_lines(&text));
}
