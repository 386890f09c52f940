//! What people do who train a network of their own, and what they are told: the rows of "People" in
//! `docs/faults.md`, a test each.

use wengert_layers::nn::loss::{BinaryCrossEntropy, CrossEntropy, MeanSquaredError};
use wengert_layers::nn::{
    self, Csv, Dense, KeepError, Missing, Model, Optimiser, Scaling, Sequential, Table, Tensor,
};
use wengert_layers::{Activation, Dataset, Granularity, Law, Mlp, Passes, Sgd, Trainer, Warning};

fn exclusive_or() -> Table {
    Table::of_classes(vec![0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 1, 1, 0], 2).unwrap()
}

/// A network with one output can be trained on two classes, in either part of the crate, and says
/// either of them.
#[test]
fn one_output_does_for_two_classes() {
    let rows = [([0.0, 0.0], 0), ([0.0, 1.0], 1), ([1.0, 0.0], 1), ([1.0, 1.0], 0)];
    let data = Dataset::new(rows, 2).unwrap();
    let mut mlp = Mlp::new(&[2, 4, 1], Activation::Sigmoid, Law::GlorotUniform.seeded(2)).unwrap();
    Trainer::new(Sgd { rate: 2.0 }, 3000)
        .granularity(Granularity::PerLayer)
        .passes(Passes::Compiled)
        .train(&mut mlp, &data)
        .unwrap();
    assert_eq!(mlp.predict_all(&data).unwrap(), [0, 1, 1, 0]);

    let layers =
        Sequential::new().then(Dense::new(2, 4)).then(Activation::Tanh).then(Dense::new(4, 1));
    let mut model: Model = Model::new(layers, 1).unwrap();
    nn::Trainer::new(Optimiser::adam(0.05), BinaryCrossEntropy::default())
        .epochs(300)
        .train(&mut model, &exclusive_or())
        .unwrap();
    assert_eq!(model.answers(&exclusive_or()).unwrap().classes(), [0, 1, 1, 0]);

    // Three classes do not fit one output, and are refused before the first step.
    let three = Table::of_classes(vec![0.0; 6], vec![0, 1, 2], 3).unwrap();
    let error = nn::Trainer::new(Optimiser::adam(0.05), BinaryCrossEntropy::default())
        .train(&mut model, &three)
        .unwrap_err();
    assert_eq!(error.to_string(), "the model has 1 outputs, the table 3 classes");
}

/// A header, the label in the first column, a byte order mark, semicolons, CRLF, an empty cell,
/// labels from 1: read as they are meant, and what is missing is named with its place.
#[test]
fn a_csv_file_of_ones_own_is_read() {
    let text = "\u{feff}variety;length;width\r\n1;5.5;3.25\r\n3;6;\r\n2;6.5;3.75\r\n";
    let csv = Csv::new().label("variety");
    let error = csv.parse("own.csv", text).unwrap_err();
    assert_eq!(error.to_string(), "own.csv, line 3, column 3 (width): the cell is missing (\"\")");
    let table = csv.missing(Missing::Mean).parse("own.csv", text).unwrap();
    assert_eq!(
        (table.class_names().join(" "), table.labels()),
        ("1 2 3".into(), Some(&[0, 2, 1][..]))
    );
    assert_eq!(table.feature_names(), ["length", "width"]);
    let filled = Scaling::unit(&table).apply(&table).unwrap();
    assert_eq!(filled.features(), [0.0, 0.0, 0.5, 0.5, 1.0, 1.0]);

    let error = Csv::new().parse("own.csv", "5.5,3.2,1\n6,3..4,2\n").unwrap_err();
    assert_eq!(error.to_string(), "own.csv, line 2, column 2: \"3..4\" is not a finite number");
}

/// Unscaled data, relu: the units die in the first epoch, and the error stays where it is. The
/// training says so, in either part of the crate.
#[test]
fn a_training_that_dies_says_why() {
    let rows: Vec<([f64; 2], usize)> = (0..40)
        .map(|i| ([f64::from(i % 7) * 40.0, f64::from(i % 5) * 30.0 + 1.0], i as usize % 2))
        .collect();
    let data = Dataset::new(rows.clone(), 2).unwrap();
    for passes in [Passes::Recorded, Passes::Replayed, Passes::Compiled] {
        let layers = [Activation::Relu, Activation::Identity];
        let init = Law::HeUniform.seeded(1);
        let mut mlp = Mlp::with_activations(&[2, 6, 2], &layers, init).unwrap();
        let trained = Trainer::new(Sgd { rate: 0.01 }, 20)
            .granularity(Granularity::PerLayer)
            .passes(passes)
            .train(&mut mlp, &data)
            .unwrap();
        let told: Vec<String> = trained.warnings.iter().map(ToString::to_string).collect();
        let told = told.join("; ");
        assert!(told.contains("6 of 6 units of hidden (relu) are dead: 0 for every row"), "{told}");
        assert!(
            told.contains("all 40 rows get the same answer, whatever their features"),
            "{told}"
        );
        assert!(told.contains("features are as large as 2.400e2: scale them"), "{told}");
    }

    let features = rows.iter().flat_map(|(x, _)| *x).collect();
    let table = Table::of_classes(features, rows.iter().map(|row| row.1).collect(), 2).unwrap();
    let layers = Sequential::new()
        .then(Dense::new(2, 6).init(Law::HeUniform))
        .then(Activation::Relu)
        .then(Dense::new(6, 2));
    let mut model: Model = Model::new(layers, 1).unwrap();
    let history = nn::Trainer::new(Optimiser::gradient_descent(1.0), MeanSquaredError)
        .epochs(20)
        .batch(1)
        .train(&mut model, &table);
    // Either it diverges, or it dies: both are told.
    let told = match history {
        Ok(history) => history.warnings.iter().map(|w| format!("{w}; ")).collect(),
        Err(error) => error.to_string(),
    };
    assert!(told.contains("dead: 0 for every row") || told.contains("not finite"), "{told}");
    assert!(told.contains("features are as large as 2.400e2: scale them"), "{told}");

    // Scaled, the same network learns, and nothing is said.
    let scaled = Scaling::standard(&table).apply(&table).unwrap();
    let layers = Sequential::new()
        .then(Dense::new(2, 6).init(Law::HeUniform))
        .then(Activation::Relu)
        .then(Dense::new(6, 2));
    let mut model: Model = Model::new(layers, 1).unwrap();
    let history = nn::Trainer::new(Optimiser::adam(0.02), CrossEntropy::default())
        .epochs(200)
        .train(&mut model, &scaled)
        .unwrap();
    assert_eq!(history.warnings, []);
    assert!(history.losses()[199] < 0.9 * history.losses()[0]);
}

/// A loss that stands still for another reason.
#[test]
fn saturated_sigmoids_are_told() {
    let data = Dataset::new([([1.0], 0), ([2.0], 1)], 2).unwrap();
    let layers = vec![vec![vec![500.0, 500.0]], vec![vec![500.0, 500.0], vec![500.0, 500.0]]];
    let mut mlp = Mlp::from_weights(&layers, &[Activation::Sigmoid; 2]).unwrap();
    let trained = Trainer::new(Sgd { rate: 0.1 }, 10).train(&mut mlp, &data).unwrap();
    let told: Vec<String> = trained.warnings.iter().map(ToString::to_string).collect();
    assert!(matches!(trained.warnings[0], Warning::StandsStill { .. }), "{told:?}");
    let saturated = "2 of 2 outputs of hidden (sigmoid) are saturated: within 1e-3 of an end";
    assert!(told.iter().any(|told| told == saturated), "{told:?}");
}

/// The layout of somebody else's weights stands in the constructor's name; a file's names and
/// shapes are compared with the model's.
#[test]
fn somebody_elses_weights_are_not_taken_as_another_network() {
    // A square matrix fits both ways. Keras: [in, out].
    let (keras, bias) = ([1.0, 2.0, 3.0, 4.0], [0.5, 0.25]);
    let answer = |layer: Dense| {
        let model: Model = Model::new(layer, 1).unwrap();
        model.answer(&[10.0, 1.0], &[2]).unwrap()
    };
    assert_eq!(answer(Dense::from_in_out([2, 2], &keras, &bias)), [13.5, 24.25]);
    assert_eq!(answer(Dense::from_out_in([2, 2], &keras, &bias)), [12.5, 34.25]);

    // A state_dict: by name and shape.
    let mut model: Model = Model::new(Sequential::new().then(Dense::new(3, 2)), 1).unwrap();
    let before = model.values().to_vec();
    let mut tensors: Vec<Tensor> = model.tensors();
    tensors[0].values = (0..6).map(f64::from).collect();
    model.set_tensors("net.safetensors", &tensors).unwrap();
    assert_eq!(model.params().next().unwrap().values, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    model.set_values(&before).unwrap();
    tensors[0].shape = vec![3, 2];
    let error = model.set_tensors("net.safetensors", &tensors).unwrap_err();
    assert!(matches!(error, KeepError::Shape { .. }));
    let told = error.to_string();
    assert!(told.contains("0.weight has the shape [3, 2], the model's has [2, 3]"), "{told}");
    assert!(
        told.ends_with(
            "transposed? Dense keeps [out, in]; Dense::from_in_out takes the other layout"
        )
    );
    tensors[0].shape = vec![2, 3];
    tensors[0].name = "dense/kernel".to_owned();
    let told = model.set_tensors("net.safetensors", &tensors).unwrap_err().to_string();
    assert!(told.contains("missing 0.weight; not of the model: dense/kernel"), "{told}");
    assert_eq!(model.values(), before);
}

/// The trap of a square matrix that lies the other way round is in the documentation of the layer,
/// and the other layout has a constructor. For the operation itself: its answer is of the layout
/// `[out, in]`, and its documentation says so.
#[test]
fn a_square_weight_of_the_other_layout_is_a_choice_by_name() {
    let tape = wengert::Tape::new();
    let (keras, x) = (tape.data([[1.0, 2.0], [3.0, 4.0]]), tape.data([10.0, 1.0]));
    let bias = tape.data([0.0, 0.0]);
    assert_eq!(wengert::Var::affine(bias, keras, x).values(), [12.0, 34.0]);
    assert_eq!(wengert::Var::affine(bias, keras.t(), x).values(), [13.0, 24.0]);
    let model: Model =
        Model::new(Dense::from_in_out([2, 2], &[1.0, 2.0, 3.0, 4.0], &[0.0; 2]), 1).unwrap();
    assert_eq!(model.answer(&[10.0, 1.0], &[2]).unwrap(), [13.0, 24.0]);
}
