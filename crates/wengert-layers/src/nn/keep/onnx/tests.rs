use super::*;
use crate::Activation;
use crate::nn::{
    Dense, Dropout, Embedding, LayerNorm, Predictor, Recurrent, Reshape, Residual, RmsNorm,
    Scaling, SelfAttention, Sequential, Softmax, Table,
};

fn numbered(layers: Sequential) -> Model {
    let mut model = Model::new(layers, 1).unwrap();
    let values: Vec<f64> =
        (0..model.values().len()).map(|i| ((5 * i) % 17) as f64 / 16.0 - 0.5).collect();
    model.set_values(&values).unwrap();
    model
}

/// A model of every layer that there is, and rows of tokens for it.
fn every_layer() -> (Model, Vec<f64>, Vec<usize>) {
    let block = Sequential::new()
        .then(RmsNorm::new(4).epsilon(1e-6))
        .then(SelfAttention::new(4, 2).causal());
    let other = Sequential::new().then(LayerNorm::new(4)).then(SelfAttention::new(4, 1));
    let layers = Sequential::new()
        .then(Embedding::new(5, 4).tied("table"))
        .named("block", Residual::new(block))
        .named("other", Residual::new(other))
        .then(Recurrent::new(4, 6).every_position())
        .then(Dense::new(6, 4))
        .then(Recurrent::new(4, 6))
        .then(Dropout { share: 0.1 })
        .then(Reshape(vec![2, 3]))
        .then(Activation::Gelu)
        .then(Reshape(vec![6]))
        .named("head", Dense::new(6, 4).unbiased())
        .then(Dense::new(4, 5).tied("table"))
        .then(Softmax);
    let rows = (0..12).map(|i| f64::from(i * 7 % 5)).collect();
    (numbered(layers), rows, vec![3])
}

fn activations() -> (Model, Vec<f64>, Vec<usize>) {
    let mut layers = Sequential::new();
    for &activation in Activation::ALL {
        layers = layers.then(Dense::new(3, 3)).then(activation);
    }
    (numbered(layers), (0..9).map(|i| f64::from(i) / 2.0 - 2.0).collect(), vec![3])
}

#[test]
fn a_graph_keeps_the_rules_of_its_readers() {
    for (model, _, row) in [every_layer(), activations()] {
        let onnx = model.to_onnx(&row, Dtype::F32).unwrap();
        let graph = onnx.model.graph.as_ref().unwrap();
        assert_eq!(graph.fault(), None);
        let blocks: Vec<&str> = model.params().map(|block| block.name).collect();
        let first: Vec<&str> =
            graph.initializers.iter().take(blocks.len()).map(|t| t.name.as_str()).collect();
        assert_eq!(first, blocks);
        // What was written is what is read again.
        let again = messages::Model::decode(&onnx.to_bytes()[..]).unwrap();
        assert_eq!(again, onnx.model);
    }
    let nothing: Model = Model::new(Sequential::new(), 1).unwrap();
    assert_eq!(nothing.to_onnx(&[2], Dtype::F64).unwrap().to_string(), "output = Identity(x)\n");
    let mut broken = every_layer().0.to_onnx(&[3], Dtype::F32).unwrap().model.graph.unwrap();
    broken.nodes.swap(0, 1);
    assert_eq!(broken.fault().unwrap(), "0/Gather reads 0/Cast, which is not there yet");
}

#[test]
fn a_small_network_is_these_bytes() {
    let table = Table::of_classes(vec![0.0, 4.0], vec![0, 1], 2).unwrap();
    let model = numbered(Sequential::new().then(Dense::new(1, 2)));
    let predictor = Predictor::new(model, &table).scaled(Scaling::unit(&table));
    let onnx = predictor.to_onnx(Dtype::F32).unwrap();
    assert_eq!(
        onnx.to_string(),
        "scaling/IsNaN = IsNaN(x)\n\
         scaling/Where = Where(scaling/IsNaN, scaling.mean, x)\n\
         scaling/Sub = Sub(scaling/Where, scaling.from)\n\
         scaling/Div = Div(scaling/Sub, scaling.by)\n\
         output = Gemm(scaling/Div, 0.weight, 0.bias) transB=1\n"
    );
    let bytes = onnx.to_bytes();
    // Field 1, the version 10; field 2, the name.
    assert_eq!(bytes[..4], [0x08, 0x0a, 0x12, 0x0e]);
    assert_eq!(&bytes[4..18], b"wengert-layers");
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    // An initialiser: dims 2 and 1 packed, type 1, name, the numbers −0.5 and −0.1875.
    let weight = [
        &[0x0a, 2, 2, 1, 0x10, 1, 0x42, 8][..],
        b"0.weight",
        &[0x4a, 8],
        &(-0.5_f32).to_le_bytes(),
        &(-0.1875_f32).to_le_bytes(),
    ];
    assert!(holds(&weight.concat()));
    // The input: rows by name, one feature.
    let input = [&[0x12, 4][..], b"rows"].concat();
    assert!(holds(&input));
    assert!(holds(b"\x0a\x07classes\x12\x09[\"0\",\"1\"]"));
    assert_eq!(bytes.len(), 597);
}

#[test]
fn what_no_graph_says_is_refused() {
    let (model, _, _) = activations();
    let error = model.to_onnx(&[4], Dtype::F32).unwrap_err();
    assert!(matches!(error, KeepError::Row { .. }));
    let told = error.to_string();
    assert!(told.starts_with("rows of the shape [4] do not fit:"), "{told}");
    assert!(told.contains("a dense layer's input has 3"), "{told}");
}

/// The python of `WENGERT_PYTHON`, or `python3`, if it has onnxruntime.
fn python() -> Option<std::path::PathBuf> {
    let name = std::env::var_os("WENGERT_PYTHON").unwrap_or_else(|| "python3".into());
    let ask = std::process::Command::new(&name).args(["-c", "import onnx, onnxruntime"]).output();
    match ask {
        Ok(output) if output.status.success() => Some(name.into()),
        _ => {
            eprintln!("skipped: {} has no onnx and onnxruntime", name.display());
            None
        }
    }
}

/// What onnxruntime makes of the file, beside what the model says.
#[test]
fn onnxruntime_gives_the_models_answers() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/onnx_run.py");
    let run = |onnx: &Onnx, rows: &[f64], row: &[usize]| -> Vec<f64> {
        let (file, input) = (folder.path().join("net.onnx"), folder.path().join("rows.npy"));
        onnx.save(&file).unwrap();
        let count = rows.len() / row.iter().product::<usize>();
        let shape: Vec<usize> = std::iter::once(count).chain(row.iter().copied()).collect();
        crate::nn::write_npy(&input, &shape, rows).unwrap();
        let ask = std::process::Command::new(&python).arg(script).args([&file, &input]).output();
        let output = ask.unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
        told.split_whitespace().map(|number| number.parse().unwrap()).collect()
    };
    let close = |ours: &[f64], theirs: &[f64], within: f64| {
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(theirs) {
            assert!((ours - theirs).abs() <= within, "{ours} {theirs}");
        }
    };
    for (model, rows, row) in [every_layer(), activations()] {
        let ours = model.answer(&rows, &row).unwrap();
        let onnx = model.to_onnx(&row, Dtype::F32).unwrap();
        close(&ours, &run(&onnx, &rows, &row), 2e-6);
    }
    // In f64 what onnxruntime has in f64; with a scaling, and a cell that is missing.
    let layers = Sequential::new()
        .then(Dense::new(2, 3))
        .then(Activation::Tanh)
        .then(Dense::new(3, 2))
        .then(Activation::Sigmoid);
    let table = Table::of_classes(vec![1.0, 10.0, 3.0, 50.0], vec![0, 1], 2).unwrap();
    let predictor = Predictor::new(numbered(layers), &table).scaled(Scaling::standard(&table));
    let rows = [1.5, 20.0, f64::NAN, 40.0];
    let ours: Vec<f64> = rows.chunks(2).flat_map(|row| predictor.outputs(row).unwrap()).collect();
    close(&ours, &run(&predictor.to_onnx(Dtype::F64).unwrap(), &rows, &[2]), 1e-15);
    close(&ours, &run(&predictor.to_onnx(Dtype::F32).unwrap(), &rows, &[2]), 1e-6);
}
