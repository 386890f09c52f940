use super::*;
use crate::init::{InitError, Law};

const SIGMOID: Activation = Activation::Sigmoid;

#[track_caller]
fn refused(result: Result<Mlp, MlpError>, message: &str) {
    assert_eq!(result.unwrap_err().to_string(), message);
}

#[test]
fn parameters_lie_in_the_order_of_the_notebook() {
    let mlp = Mlp::new(&[2, 1, 2], SIGMOID, Init::Notebook { seed: 1 }).unwrap();
    assert_eq!(
        mlp.params(),
        [
            0.13436424411240122,
            0.8474337369372327,
            0.763774618976614,
            0.2550690257394217,
            0.49543508709194095,
            0.4494910647887381,
            0.651592972722763
        ]
    );
    let hidden = mlp.layer(0);
    assert_eq!((hidden.name(), hidden.len(), hidden.inputs()), ("hidden", 1, 2));
    assert_eq!(hidden.neuron(0), Neuron { weights: &mlp.params()[..2], bias: 0.763774618976614 });
    let biases: Vec<f64> = mlp.layer(1).neurons().map(|neuron| neuron.bias).collect();
    assert_eq!(biases, [0.49543508709194095, 0.651592972722763]);
    assert_eq!(Mlp::from_weights(&mlp.weights(), mlp.activations()), Ok(mlp));
}

#[test]
fn every_parameter_has_a_name() {
    let names = |sizes: &[usize]| {
        let mlp = Mlp::new(sizes, SIGMOID, Init::Zeros).unwrap();
        (0..mlp.params().len()).map(|k| mlp.param_name(k)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&[1, 2]), "output/0.w[0] output/0.b output/1.w[0] output/1.b");
    assert_eq!(
        names(&[2, 1, 1]),
        "hidden/0.w[0] hidden/0.w[1] hidden/0.b output/0.w[0] output/0.b"
    );
    assert_eq!(
        names(&[1, 1, 1, 1]),
        "hidden1/0.w[0] hidden1/0.b hidden2/0.w[0] hidden2/0.b output/0.w[0] output/0.b"
    );
}

#[test]
fn sizes_that_make_no_network() {
    let sized = |sizes: &[usize]| Mlp::new(sizes, SIGMOID, Init::Zeros);
    for sizes in [&[][..], &[3]] {
        refused(
            sized(sizes),
            "the network has no layers; it needs a number of inputs and at least one layer of neurons",
        );
    }
    refused(sized(&[0, 1]), "input has width 0; every layer needs at least one");
    refused(sized(&[2, 0, 1]), "hidden has width 0; every layer needs at least one");
    refused(sized(&[2, 3, 0, 1]), "hidden2 has width 0; every layer needs at least one");
    refused(sized(&[2, 3, 0]), "output has width 0; every layer needs at least one");
    for huge in [usize::MAX, 1 << 40, 1 << 28] {
        refused(
            sized(&[huge, huge, 1]),
            "hidden would bring the network to more than 268435456 parameters, which no tape holds",
        );
    }
    refused(
        Mlp::with_activations(&[2, 2, 1], &[SIGMOID], Init::Zeros),
        "1 activations were given for 2 layers",
    );
    let law = Law::Uniform { lo: 1.0, hi: 0.0 };
    let bounds = MlpError::Init(InitError::Bounds { lo: 1.0, hi: 0.0 });
    assert_eq!(Mlp::new(&[1, 1], SIGMOID, law.seeded(1)), Err(bounds));
}

#[test]
fn weights_that_make_no_network() {
    let both = |layers: &[&[&[f64]]]| Mlp::from_weights(layers, &[SIGMOID; 2]);
    refused(
        both(&[]),
        "the network has no layers; it needs a number of inputs and at least one layer of neurons",
    );
    refused(both(&[&[], &[]]), "hidden has width 0; every layer needs at least one");
    refused(
        both(&[&[&[1.0]], &[&[1.0, 2.0]]]),
        "input has width 0; every layer needs at least one",
    );
    refused(
        both(&[&[&[1.0, 2.0], &[3.0]], &[&[1.0, 2.0, 3.0]]]),
        "hidden/1 has 1 numbers, expected 2: one weight per input, and the bias",
    );
    refused(
        both(&[&[&[1.0, 2.0]], &[&[1.0, 2.0, 3.0]]]),
        "output/0 has 3 numbers, expected 2: one weight per input, and the bias",
    );
    refused(
        both(&[&[&[1.0, f64::NAN]], &[&[1.0, 2.0]]]),
        "hidden/0.b is NaN, expected a finite number",
    );
    refused(
        both(&[&[&[1.0, 2.0]], &[&[f64::INFINITY, 2.0]]]),
        "output/0.w[0] is inf, expected a finite number",
    );
    refused(both(&[&[&[1.0, 2.0]]]), "2 activations were given for 1 layers");
    refused(
        Mlp::from_params(&[2, 1], &[SIGMOID], vec![0.0; 4]),
        "4 parameters were given for a network that has 3",
    );
}

#[test]
fn refused_parameters_leave_the_network_as_it_was() {
    let mut mlp = Mlp::new(&[1, 1], SIGMOID, Init::Notebook { seed: 1 }).unwrap();
    let before = mlp.clone();
    assert_eq!(mlp.set_params(&[1.0]), Err(MlpError::Params { expected: 2, found: 1 }));
    assert_eq!(
        mlp.set_params(&[1.0, f64::NEG_INFINITY]).unwrap_err().to_string(),
        "output/0.b is -inf, expected a finite number"
    );
    assert_eq!(mlp, before);
    mlp.set_params(&[1.0, 2.0]).unwrap();
    assert_eq!(mlp.params(), [1.0, 2.0]);
}
