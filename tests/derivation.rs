//! The worked solution of the notebook's first task, as a reviewer reads it: the delta of every
//! neuron and the gradient of every weight of 2-1-2, at every level of detail.

#[path = "../examples/notebook/printed.rs"]
mod printed;

#[path = "../crates/wengert-inspect/tests/common/calculator.rs"]
mod calculator;

use calculator::recompute;
use proptest::prelude::*;
use wengert::Tape;
use wengert_inspect::{Derivation, Known, Level, Trace};
use wengert_layers::{Activation, Granularity, Init, Mlp};
use wengert_snapshot::assert_text_close;

fn trace(granularity: Granularity) -> Trace {
    let mlp = Mlp::from_weights(printed::CELL_1_WEIGHTS, &[Activation::Sigmoid; 2])
        .expect("the notebook's weights");
    let tape = Tape::new();
    let pass = mlp.bind(&tape, granularity).forward(tape.data(printed::CELL_4_ROW).named("x"));
    let loss = pass.half_squared_error(tape.data(printed::CELL_6_EXPECTED).named("target"));
    Trace::of(&loss.backward()).expect("fresh gradients")
}

fn is_z(path: &str) -> bool {
    path.ends_with(".z") || path.ends_with("/z")
}

fn derivation(trace: &Trace, level: Level) -> Derivation<'_> {
    Derivation::new(trace).level(level).caption("It is L = ½ Σ (target − output)²").delta(is_z)
}

#[test]
fn the_first_task_of_the_notebook_solved() {
    let trace = trace(Granularity::PerNeuron);
    let known = [
        ("output/0.z", Known::Delta(printed::CELL_6[1][0].delta)),
        ("output/1.z", Known::Delta(printed::CELL_6[1][1].delta)),
        ("hidden/0.z", Known::Delta(printed::CELL_6[0][0].delta)),
    ];
    let text = derivation(&trace, Level::Neuron).reference("cell 6", known).to_string();
    assert!(text.contains("7 of 7 derivatives agree."), "{text}");
    assert!(text.contains("3 of 3 match cell 6"), "{text}");
    assert_text_close!("2-1-2-by-neuron", text);
}

#[test]
fn op_by_op() {
    let trace = trace(Granularity::PerNeuron);
    assert_text_close!("2-1-2-by-op", derivation(&trace, Level::Op).check(0));
}

/// Neurons that were recorded one by one are put together: the formulas are those of a recording in
/// layers.
#[test]
fn in_vectors() {
    let [by_neuron, by_layer] =
        [Granularity::PerNeuron, Granularity::PerLayer].map(|granularity| {
            let trace = trace(granularity);
            derivation(&trace, Level::Layer).check(0).to_string()
        });
    // What is given is listed by the tape's names.
    let formulas = |text: &str| {
        let (_, formulas) = text.split_once("Forward").expect("a section of that name");
        formulas
            .lines()
            .filter(|line| line.starts_with(' ') && !line.contains("(0 at"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(formulas(&by_neuron), formulas(&by_layer));
    assert!(by_layer.contains("-∂L/∂(hidden/output) = output/wᵀ @ δ(output/z)"), "{by_layer}");
    assert_text_close!("2-1-2-in-vectors", by_layer);
}

/// In the three spellings stand the same numbers.
#[test]
fn three_spellings_of_one_derivation() {
    let trace = trace(Granularity::PerNeuron);
    let derivation = derivation(&trace, Level::Neuron);
    let digits = |text: &str| {
        let mut found: Vec<String> = text
            .split(|c: char| !(c.is_ascii_digit() || c == '.'))
            .map(|number| number.trim_end_matches('.'))
            .filter(|number| number.len() > 8)
            .map(str::to_owned)
            .collect();
        found.sort();
        found
    };
    let text = digits(&derivation.to_string());
    assert!(text.len() > 60);
    assert_eq!(digits(&derivation.markdown().to_string()), text);
    let page = derivation.html().to_string();
    let (_, body) = page.split_once("<body>").expect("a page has a body");
    assert_eq!(digits(body), text);
    // It opens from the file system, with nothing beside it.
    for outside in ["http://", "https://", "src=", "href=", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Networks of any shape, one row or several, recorded either way: the printed numbers give the
    /// printed results.
    #[test]
    fn networks_can_be_recomputed(
        hidden in prop::collection::vec(1_usize..4, 0..3),
        (inputs, outputs, rows) in (1_usize..4, 1_usize..4, 0_usize..3),
        seed in 0_u64..1000,
        tanh in any::<bool>(),
    ) {
        let sizes: Vec<usize> = std::iter::once(inputs).chain(hidden).chain([outputs]).collect();
        let activation = if tanh { Activation::Tanh } else { Activation::Sigmoid };
        let mlp = Mlp::new(&sizes, activation, Init::Notebook { seed }).expect("sizes");
        for granularity in [Granularity::PerNeuron, Granularity::PerLayer] {
            let tape = Tape::new();
            let data = |width: usize| {
                let numbers: Vec<f64> = (0..width * rows.max(1)).map(|i| (i % 3) as f64 * 0.4 - 0.3).collect();
                let shape = if rows == 0 { vec![width] } else { vec![rows, width] };
                tape.tensor(wengert::Leaf::Data, &numbers, &*shape).expect("numbers for the shape")
            };
            let pass = mlp.bind(&tape, granularity).forward(data(inputs).named("x"));
            let trace = Trace::of(&pass.half_squared_error(data(outputs).named("target")).backward()).expect("fresh gradients");
            for level in [Level::Op, Level::Neuron, Level::Layer] {
                let text = derivation(&trace, level).check(0).limit(usize::MAX).to_string();
                let found = recompute(&text, 10);
                prop_assert!(found.recomputed > 5, "{text}");
                prop_assert_eq!((found.shortened, found.unequal), (0, 0), "{}", text);
            }
        }
    }
}
