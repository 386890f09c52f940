use super::*;
use crate::Activation;
use crate::nn::{Model, ModelError};
use wengert::{Numerics, Options, Tape};

/// A model whose parameters are those of the oracle's script.
fn numbered(layer: impl Layer + 'static) -> Model {
    let mut model = Model::new(layer, 1).unwrap();
    let values: Vec<f64> =
        (0..model.values().len()).map(|i| ((5 * i) % 17) as f64 / 16.0 - 0.5).collect();
    model.set_values(&values).unwrap();
    model
}

#[track_caller]
fn close(what: &str, ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (i, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let off = (ours - theirs).abs();
        assert!(off <= 4e-15 * theirs.abs().max(0.25), "{what}[{i}]: {ours:?} {theirs:?}");
    }
}

/// Compares the output, and the gradient of half the sum of its squares by everything.
#[track_caller]
fn check(name: &str, shape: &[usize], layer: impl Layer + 'static) {
    let oracle = |label: &str| -> Vec<f64> {
        let text = include_str!("../../../tests/oracle/pytorch_layers.txt");
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} {label} ")));
        line.unwrap_or_else(|| panic!("{name} {label}"))
            .split(' ')
            .map(|number| number.parse().unwrap())
            .collect()
    };
    let model = numbered(layer);
    let tape = Tape::with(Options::default().numerics(Numerics::Exact));
    let count: usize = shape.iter().product();
    let values: Vec<f64> = (0..count).map(|i| ((7 * i) % 13) as f64 / 4.0 - 1.5).collect();
    let x = tape.tensor(wengert::Leaf::Input, &values, shape.to_vec()).unwrap();
    let pass = model.record(x).unwrap();
    close(&format!("{name} output"), &pass.output.values(), &oracle("output"));
    let gradients = (0.5 * pass.output.square().sum()).backward();
    close(&format!("{name} x"), &gradients.values_wrt(x), &oracle("x"));
    for (block, var) in model.params().zip(&pass.params) {
        let label = format!("{name} {}", block.name);
        close(&label, &gradients.values_wrt(*var), &oracle(block.name));
    }
}

#[test]
fn layers_and_their_gradients_are_pytorchs() {
    check("dense", &[2, 4], Dense::new(4, 3));
    check("layer_norm", &[3, 4], LayerNorm::new(4));
    check("rms_norm", &[3, 4], RmsNorm::new(4));
    check("attention", &[2, 3, 4], SelfAttention::new(4, 2));
    check("causal_attention", &[2, 3, 4], SelfAttention::new(4, 2).causal());
    check("recurrent", &[2, 3, 2], Recurrent::new(2, 3));
    check("recurrent", &[2, 3, 2], Recurrent::new(2, 3).unrolled());
    check("recurrent_sequence", &[2, 3, 2], Recurrent::new(2, 3).every_position());
    check("recurrent_sequence", &[2, 3, 2], Recurrent::new(2, 3).every_position().unrolled());
    check("leaky_relu", &[3, 5], Activation::LeakyRelu);
    check("elu", &[3, 5], Activation::Elu);
    check("gelu", &[3, 5], Activation::Gelu);
    check("silu", &[3, 5], Activation::Silu);
    check("softplus", &[3, 5], Activation::Softplus);
    check("softmax", &[3, 5], Softmax);
}

/// A loop that is one node, and one with nodes for every position, of a long sequence and in two
/// layers: the same numbers, and one is short.
#[test]
fn a_recurrent_cell_is_one_node() {
    let layers = |unrolled: bool| {
        let cell = |inputs| {
            let cell = Recurrent::new(inputs, 4);
            if unrolled { cell.unrolled() } else { cell }
        };
        Sequential::new().then(cell(2).every_position()).then(cell(4)).then(Dense::new(4, 1))
    };
    let x: Vec<f64> = (0..600).map(|i| ((7 * i) % 13) as f64 / 6.5 - 1.0).collect();
    let mut found = Vec::new();
    for unrolled in [false, true] {
        let tape = Tape::with(Options::default().numerics(Numerics::Exact));
        let model = numbered(layers(unrolled));
        let x = tape.tensor(wengert::Leaf::Input, &x, [3, 100, 2]).unwrap();
        let pass = model.record(x).unwrap();
        let gradients = pass.output.square().sum().backward();
        let by_params: Vec<_> = pass.params.iter().map(|p| gradients.values_wrt(*p)).collect();
        found.push((pass.output.values(), gradients.values_wrt(x), by_params));
        let nodes = tape.nodes().count();
        assert!(if unrolled { nodes > 600 } else { nodes < 50 }, "{nodes}");
    }
    assert_eq!(found[0].0, found[1].0);
    close("x", &found[0].1, &found[1].1);
    for (k, (one, other)) in found[0].2.iter().zip(&found[1].2).enumerate() {
        let scale = other.iter().fold(0.25_f64, |most, g| most.max(g.abs()));
        for (a, b) in one.iter().zip(other) {
            assert!((a - b).abs() < 1e-14 * scale, "{k}: {a:?} {b:?}");
        }
    }
}

#[test]
fn every_neuron_is_a_node_if_asked_for() {
    let layers = Sequential::new()
        .then(Dense::new(2, 3))
        .then(Activation::Tanh)
        .then(LayerNorm::new(3))
        .then(Dense::new(3, 2).unbiased())
        .then(Activation::Identity);
    let model = numbered(layers);
    for rows in [1, 2] {
        let x: Vec<f64> = (0..2 * rows).map(|i| i as f64 / 2.0 - 0.75).collect();
        let tapes = [0, 1].map(|_| Tape::with(Options::default().numerics(Numerics::Exact)));
        let record = |tape, per_neuron: bool| {
            let x = Tape::tensor(tape, wengert::Leaf::Input, &x, [rows, 2]).unwrap();
            let pass = if per_neuron { model.record_per_neuron(x) } else { model.record(x) };
            let pass = pass.unwrap();
            let gradients = pass.output.square().sum().backward();
            let of = |var: &wengert::Var<'_>| gradients.values_wrt(*var);
            (pass.output.values(), of(&x), pass.params.iter().map(of).collect::<Vec<_>>())
        };
        let (one, other) = (record(&tapes[1], true), record(&tapes[0], false));
        assert_eq!(one.0, other.0, "{rows}");
        close("x", &one.1, &other.1);
        for (one, other) in one.2.iter().zip(&other.2) {
            close("a block", one, other);
        }
        let labels: Vec<String> = tapes[1].nodes().map(|node| tapes[1].label(node.id)).collect();
        let neuron = |layer: usize, name: &str| match rows {
            1 => format!("{layer}/{name}"),
            _ => format!("{layer}/row 1/{name}"),
        };
        for (layer, name) in [(0, "2.z"), (1, "0.output"), (3, "1.z")] {
            assert!(labels.contains(&neuron(layer, name)), "{name}: {labels:?}");
        }
    }
}

#[test]
fn activations_hold_where_their_parts_overflow() {
    let tape = Tape::new();
    for (activation, x, value, slope) in [
        (Activation::Elu, 1000.0, 1000.0, 1.0),
        (Activation::Elu, 0.0, 0.0, 1.0),
        (Activation::Elu, -1000.0, -1.0, 0.0),
        (Activation::LeakyRelu, 0.0, 0.0, 0.01),
        (Activation::LeakyRelu, 1e300, 1e300, 1.0),
        (Activation::Gelu, 1e200, 1e200, 1.0),
        (Activation::Silu, -1e200, 0.0, 0.0),
    ] {
        let z = tape.input(x);
        let output = activation.apply(z);
        let found = (output.value() + 0.0, output.backward().wrt(z) + 0.0);
        assert_eq!(found, (value, slope), "{activation} at {x}");
    }
}

#[test]
fn a_dense_layer_takes_any_number_of_axes() {
    let model = numbered(Dense::new(2, 3));
    let flat = model.answer(&[1.0, 2.0, 3.0, 4.0], &[2]).unwrap();
    let deep = model.answer(&[1.0, 2.0, 3.0, 4.0], &[2, 2]).unwrap();
    assert_eq!(flat, deep);
    let error = model.answer(&[1.0, 2.0, 3.0], &[3]).unwrap_err().to_string();
    assert!(error.contains("a dense layer's input has 2"), "{error}");
}

#[test]
fn an_embedding_is_the_rows_of_its_table() {
    let model = numbered(Embedding::new(4, 3));
    let table = model.values().to_vec();
    let answer = model.answer(&[2.0, 0.0], &[2]).unwrap();
    assert_eq!(answer, [&table[6..9], &table[..3]].concat());
    for bad in [4.0, -1.0, 0.5, f64::NAN] {
        let error = model.answer(&[0.0, bad], &[2]).unwrap_err().to_string();
        assert!(error.contains("is no whole number from 0 below 4"), "{error}");
    }
    // On the tape the indices may change; one that is none is noticed.
    let tape = Tape::new();
    let x = tape.data([[1.0]]);
    let pass = model.record(x).unwrap();
    tape.replay(&[(x, &[3.0])]).unwrap();
    assert_eq!(pass.output.values(), table[9..]);
    assert!(tape.replay(&[(x, &[4.0])]).is_err());
}

#[test]
fn a_weight_used_twice_is_one_block_and_gets_both_gradients() {
    let layers = Sequential::new()
        .then(Embedding::new(3, 2).tied("table"))
        .then(Reshape(vec![2]))
        .then(Dense::new(2, 3).tied("table").unbiased());
    let model = numbered(layers);
    assert_eq!(model.params().map(|block| block.name).collect::<Vec<_>>(), ["table"]);
    let numbers = model.values().to_vec();
    let f = |table: &[f64]| {
        let row = [table[2], table[3]]; // of index 1
        let logit = |i: usize| table[2 * i] * row[0] + table[2 * i + 1] * row[1];
        0.5 * (0..3).map(|i| logit(i) * logit(i)).sum::<f64>()
    };
    let tape = Tape::new();
    let pass = model.record(tape.data([[1.0]])).unwrap();
    let gradient = (0.5 * pass.output.square().sum()).backward().values_wrt(pass.params[0]);
    for i in 0..6 {
        let moved = |by: f64| {
            let mut numbers = numbers.clone();
            numbers[i] += by;
            f(&numbers)
        };
        let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assert!((gradient[i] - difference).abs() < 1e-9, "{i}: {} {difference}", gradient[i]);
    }

    let clash = Sequential::new()
        .then(Embedding::new(3, 2).tied("table"))
        .then(Dense::new(2, 4).tied("table"));
    let error = Model::<f64>::new(clash, 1).unwrap_err().to_string();
    assert_eq!(
        error,
        "two blocks are called table: [3, 2] and [4, 2]; shared blocks have one shape"
    );
}

#[test]
fn dropout_drops_in_training_alone() {
    let model = Model::new(Dropout { share: 0.25 }, 1).unwrap();
    let ones = [1.0; 1000];
    assert_eq!(model.answer(&ones, &[1000]).unwrap(), ones);
    let tape = Tape::new();
    let x = tape.input([ones]);
    let pass = model.record_training(x, 7).unwrap();
    let values = pass.output.values();
    let dropped = values.iter().filter(|&&v| v == 0.0).count();
    assert!(values.iter().all(|&v| v == 0.0 || v == 1.0 / 0.75));
    assert!((200..300).contains(&dropped), "{dropped}");
    assert_eq!(pass.output.sum().backward().values_wrt(x), values);
    assert_eq!(pass.noise.len(), 1);
    assert!(Model::new(Dropout { share: 1.0 }, 1).unwrap().answer(&[1.0], &[1]).is_err());
}

#[test]
fn residuals_and_names() {
    let block = Sequential::new().then(RmsNorm::new(2)).then(Dense::new(2, 2));
    let layers = Sequential::new().named("block", Residual::new(block)).then(Dense::new(2, 1));
    let model = numbered(layers);
    let names: Vec<&str> = model.params().map(|block| block.name).collect();
    let expected = ["block.0.weight", "block.1.weight", "block.1.bias", "1.weight", "1.bias"];
    assert_eq!(names, expected);
    assert_eq!(
        model.params().map(|b| b.decays).collect::<Vec<_>>(),
        [false, true, false, true, false]
    );
    let error = Model::new(Residual::new(Dense::new(2, 3)), 1).unwrap().answer(&[1.0; 2], &[2]);
    assert!(error.unwrap_err().to_string().contains("what is added has the shape of the input"));
}

#[test]
fn numbers_that_do_not_fit_are_refused() {
    let short = Dense::from_out_in([2, 2], &[1.0, 2.0, 3.0], &[0.0, 0.0]);
    let error = Model::<f64>::new(short, 1).unwrap_err().to_string();
    assert_eq!(error, "weight has 4 numbers, 3 were given");
    let nan = Dense::from_in_out([1, 2], &[1.0, f64::NAN], &[0.0, 0.0]);
    assert_eq!(
        Model::<f64>::new(nan, 1).unwrap_err().to_string(),
        "weight[1] is NaN, expected a finite number"
    );

    let mut model: Model = Model::new(Sequential::new().then(Dense::new(1, 1)), 1).unwrap();
    let before = model.values().to_vec();
    assert!(matches!(model.set("0.weight", &[]), Err(ModelError::Length { .. })));
    assert!(matches!(model.set("0.bias", &[f64::INFINITY]), Err(ModelError::NotFinite { .. })));
    let error = model.set("weight", &[1.0]).unwrap_err().to_string();
    assert_eq!(error, "the model has no block weight; it has 0.weight, 0.bias");
    assert!(model.freeze("3.").is_err());
    assert!(matches!(model.set_values(&[1.0]), Err(ModelError::Length { .. })));
    assert_eq!(model.values(), before);
}

#[test]
fn a_model_of_f32_is_drawn_from_the_same_numbers() {
    let layers = || Dense::new(3, 2);
    let (double, single) =
        (Model::<f64>::new(layers(), 5).unwrap(), Model::<f32>::new(layers(), 5).unwrap());
    let rounded: Vec<f32> = double.values().iter().map(|&v| v as f32).collect();
    assert_eq!(single.values(), rounded);
    assert_eq!(single.answer(&[1.0_f32, 2.0, 3.0], &[3]).unwrap().len(), 2);
}
