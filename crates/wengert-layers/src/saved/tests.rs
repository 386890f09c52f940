use super::*;
use crate::activation::Activation;
use crate::init::{Init, Law};

fn notebook() -> Mlp {
    Mlp::new(&[2, 1, 2], Activation::Sigmoid, Init::Notebook { seed: 1 }).unwrap()
}

/// The saved notebook's network with one place changed, and what loading it into the network then
/// says.
#[track_caller]
fn refused(from: &str, to: &str, message: &str) -> LoadError {
    let saved = notebook().to_json();
    assert!(saved.contains(from), "{saved}");
    refused_text(&saved.replacen(from, to, 1), message)
}

#[track_caller]
fn refused_text(text: &str, message: &str) -> LoadError {
    let mut mlp = notebook();
    let error = mlp.load_json(text).unwrap_err();
    assert_eq!(error.to_string(), message);
    assert_eq!(mlp, notebook(), "a refused file changed the network");
    error
}

#[test]
fn floats_come_back_bit_for_bit() {
    let odd = [
        0.1,
        1.0 / 3.0,
        -0.0,
        f64::MIN_POSITIVE,
        5e-324,
        f64::MAX,
        -1.7976931348623155e308,
        2.0_f64.powi(-1040),
    ];
    let mlp =
        Mlp::from_params(&[1, 2, 1], &[Activation::Tanh, Activation::Identity], odd[..7].to_vec())
            .unwrap();
    let bits = |mlp: &Mlp| mlp.params().iter().map(|param| param.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&Mlp::from_json(&mlp.to_json()).unwrap()), bits(&mlp));

    let many = Mlp::new(&[40, 50, 20], Activation::Relu, Law::HeNormal.seeded(3)).unwrap();
    let back = Mlp::from_json(&many.to_json()).unwrap();
    assert_eq!((bits(&back), back), (bits(&many), many));
}

#[test]
fn loading_takes_the_parameters() {
    let mut mlp = Mlp::new(&[2, 1, 2], Activation::Sigmoid, Init::Zeros).unwrap();
    mlp.load_json(&notebook().to_json()).unwrap();
    assert_eq!(mlp, notebook());
}

#[test]
fn every_cut_is_truncated() {
    let saved = notebook().to_json();
    let whole = saved.trim_end().len();
    for end in 0..whole {
        let error = Mlp::from_json(&saved[..end]).unwrap_err();
        assert!(matches!(error, LoadError::Truncated { .. }), "{end}: {error}");
    }
    refused_text("", "the file is truncated: it ends at line 1, column 0, within its JSON");
}

#[test]
fn foreign_files() {
    refused_text("weights:\n", "not a saved network: no JSON at line 1, column 1: expected value");
    let no_format =
        "not a saved network: there is no field `format`, expected \"wengert-layers/mlp\"";
    for foreign in [
        "2.78,2.55,0\n",
        "[1, 2]",
        "3",
        "\"text\"",
        "{}",
        r#"{"weights": [1, 2]}"#,
        r#"{"format": 3}"#,
    ] {
        refused_text(foreign, no_format);
    }
    refused(
        "wengert-layers/mlp",
        "somebody/else",
        "not a saved network: field `format` is \"somebody/else\", expected \"wengert-layers/mlp\"",
    );
}

#[test]
fn other_versions() {
    refused(
        "\"version\": 1",
        "\"version\": 2",
        "field `version` is 2, expected 1; it was saved by another version of wengert-layers",
    );
    // Whatever else a later version may hold.
    refused_text(
        r#"{"format": "wengert-layers/mlp", "version": 7, "layers": {}}"#,
        "field `version` is 7, expected 1; it was saved by another version of wengert-layers",
    );
    let missing = refused(
        "\"version\": 1,",
        "",
        "malformed network: missing field `version` at line 32, column 1",
    );
    assert!(matches!(missing, LoadError::Malformed { .. }));
}

#[test]
fn fields_that_hold_what_they_cannot() {
    refused(
        "\"sizes\"",
        "\"size\"",
        "malformed network: missing field `sizes` at line 32, column 1",
    );
    refused(
        "0.763774618976614",
        "\"0.76\"",
        "malformed network: invalid type: string \"0.76\", expected f64 at line 18, column 14",
    );
    refused(
        "\"sigmoid\"",
        "\"sigmoidal\"",
        "field `activations[0]`: \"sigmoidal\" is no activation; there are sigmoid, tanh, relu, \
         softplus, identity, leaky_relu, elu, gelu and silu",
    );
}

#[test]
fn numbers_that_are_not_finite() {
    refused(
        "0.763774618976614",
        "null",
        "field `weights`: hidden/0.b is NaN, expected a finite number",
    );
    let too_large = refused(
        "0.763774618976614",
        "1e999",
        "malformed network: number out of range at line 18, column 13",
    );
    assert!(matches!(too_large, LoadError::Malformed { .. }));
    let mut saved = SavedMlp::from(&notebook());
    saved.weights[1][0][0] = f64::NEG_INFINITY;
    let error = Mlp::try_from(saved).unwrap_err();
    assert_eq!(
        error.to_string(),
        "field `weights`: output/0.w[0] is -inf, expected a finite number"
    );
}

#[test]
fn fields_that_contradict_each_other() {
    let tried = |change: fn(&mut SavedMlp)| {
        let mut saved = SavedMlp::from(&notebook());
        change(&mut saved);
        Mlp::try_from(saved).unwrap_err().to_string()
    };
    let pop_layer = |saved: &mut SavedMlp| drop(saved.weights.pop());
    assert_eq!(tried(pop_layer), "field `weights` has 1 layers, but field `sizes` says 2");
    let pop_neuron = |saved: &mut SavedMlp| drop(saved.weights[1].pop());
    assert_eq!(
        tried(pop_neuron),
        "field `weights` has 1 neurons in weights[1], but field `sizes` says 2"
    );
    let pop_weight = |saved: &mut SavedMlp| saved.weights[0][0].truncate(2);
    assert_eq!(
        tried(pop_weight),
        "field `weights`: hidden/0 has 2 numbers, expected 3: one weight per input, and the bias"
    );
    let pop_activation = |saved: &mut SavedMlp| drop(saved.activations.pop());
    assert_eq!(tried(pop_activation), "field `activations`: 1 activations were given for 2 layers");
    let no_layers = |saved: &mut SavedMlp| (saved.sizes, saved.weights) = (vec![], vec![]);
    assert!(tried(no_layers).starts_with("field `sizes`: the network has no layers"));
    let zero_width = |saved: &mut SavedMlp| (saved.sizes[1], saved.weights[0]) = (0, vec![]);
    assert_eq!(
        tried(zero_width),
        "field `sizes`: hidden has width 0; every layer needs at least one"
    );
    let huge = |saved: &mut SavedMlp| saved.sizes[0] = usize::MAX;
    assert!(tried(huge).starts_with("field `sizes`: hidden would bring the network to more than"));
}

#[test]
fn networks_of_another_shape() {
    let other = Mlp::new(&[2, 2, 2], Activation::Sigmoid, Init::Zeros).unwrap();
    refused_text(
        &other.to_json(),
        "the file holds a network of 2-2-2 sigmoid, sigmoid, expected 2-1-2 sigmoid, sigmoid",
    );
    let other = Mlp::new(&[2, 1, 2], Activation::Tanh, Init::Zeros).unwrap();
    refused_text(
        &other.to_json(),
        "the file holds a network of 2-1-2 tanh, tanh, expected 2-1-2 sigmoid, sigmoid",
    );
}
