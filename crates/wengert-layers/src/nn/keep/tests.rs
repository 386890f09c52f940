use super::*;
use crate::Activation;
use crate::nn::{
    Dense, Dropout, Embedding, Layer, LayerNorm, Model, Param, Pass, Predictor, Recurrent, Reshape,
    Residual, RmsNorm, Scaling, SelfAttention, Sequential, Softmax, Start, Table,
};

fn net() -> Sequential<f32> {
    Sequential::new().then(Dense::new(2, 3)).then(Activation::Tanh).then(Dense::new(3, 2))
}

fn oracle(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle").join(name)
}

/// See the script beside the file.
#[test]
fn a_file_of_pytorch_is_its_network() {
    let mut model = Model::new(net(), 1).unwrap();
    model.load_safetensors(oracle("pytorch_file.safetensors")).unwrap();
    let lines: Vec<Vec<f32>> = include_str!("../../../tests/oracle/pytorch_file.txt")
        .lines()
        .map(|line| line.split(' ').map(|number| number.parse().unwrap()).collect())
        .collect();
    assert_eq!(lines.len(), 6);
    for pair in lines.chunks(2) {
        for (ours, theirs) in model.answer(&pair[0], &[2]).unwrap().iter().zip(&pair[1]) {
            assert!((ours - theirs).abs() < 1e-7, "{ours:?} {theirs:?}");
        }
    }

    // Written again, and read again, it is the same; numbers of f64 are so too.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("again.safetensors");
    model.save_safetensors(&path).unwrap();
    let mut again = Model::new(net(), 2).unwrap();
    again.load_safetensors(&path).unwrap();
    assert_eq!(again.values(), model.values());
    let tensor =
        Tensor { name: "x".to_owned(), shape: vec![], values: vec![0.1], dtype: Dtype::F64 };
    write_safetensors(&path, std::slice::from_ref(&tensor)).unwrap();
    assert_eq!(read_safetensors(&path).unwrap(), [tensor]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn an_array_of_numpy_is_read_and_written() {
    let (shape, values) = read_npy(oracle("numpy_file.npy")).unwrap();
    assert_eq!((&shape[..], &values[..]), (&[2, 3][..], &[0.0, 0.25, 0.5, 0.75, 1.0, 1.25][..]));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    for shape in [vec![], vec![1], vec![1, 1, 1]] {
        write_npy(&path, &shape, &[0.1]).unwrap();
        assert_eq!(read_npy(&path).unwrap(), (shape, vec![0.1]));
        assert_eq!(std::fs::read(&path).unwrap().len(), 128 + 8);
    }
    let whole = std::fs::read(&path).unwrap();
    for len in 0..whole.len() {
        std::fs::write(&path, &whole[..len]).unwrap();
        assert!(read_npy(&path).is_err(), "{len}");
    }
}

#[test]
fn whatever_is_cut_off_or_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.safetensors");
    let whole = std::fs::read(oracle("pytorch_file.safetensors")).unwrap();
    let message = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let text = read_safetensors(&path).unwrap_err().to_string();
        text.rsplit_once(".safetensors").unwrap().1.to_owned()
    };
    for len in 0..whole.len() {
        assert!(message(&whole[..len]).starts_with(" is "), "{len}");
    }
    assert_eq!(
        message(&[whole.clone(), vec![0]].concat()),
        " is not a safetensors file: 1 bytes follow the last array"
    );
    assert!(message(&[255; 9]).contains("its header would have"));
    let made = |header: &str, data: usize| {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; data]].concat()
    };
    assert!(message(&made("{]", 0)).contains("its header is no JSON"));
    let entry = |dtype: &str, shape: &str, to: usize| {
        format!("{{\"a\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":[0,{to}]}}}}")
    };
    assert!(message(&made(&entry("I8", "[1]", 1), 1)).contains("a is of type I8"));
    assert!(message(&made(&entry("F32", "[2]", 4), 4)).contains("do not fit [2]"));
    let huge = format!("[{0},{0}]", u64::MAX / 2);
    assert!(message(&made(&entry("F32", &huge, 4), 4)).contains("do not fit"));
    assert!(message(&made("{\"a\":3}", 0)).contains("the entry of a"));
}

#[test]
fn a_file_of_another_model_is_refused_by_name() {
    let mut model = Model::new(net(), 1).unwrap();
    let before = model.values().to_vec();
    let mut refused = |change: &dyn Fn(&mut Vec<Tensor>)| {
        let mut tensors = model.tensors();
        change(&mut tensors);
        let error = model.set_tensors("f", &tensors).unwrap_err().to_string();
        assert_eq!(model.values(), before);
        error
    };
    assert_eq!(
        refused(&|tensors| tensors[0].name = "fc1.weight".to_owned()),
        "f does not fit the model: missing 0.weight; not of the model: fc1.weight"
    );
    assert_eq!(
        refused(&|tensors| tensors[0].shape = vec![2, 3]),
        "f: 0.weight has the shape [2, 3], the model's has [3, 2]: transposed? Dense keeps \
         [out, in]; Dense::from_in_out takes the other layout"
    );
    assert_eq!(
        refused(&|tensors| tensors[1].values[2] = f64::NAN),
        "0.bias[2] is NaN, expected a finite number"
    );
    assert_eq!(
        refused(&|tensors| tensors[3].values.truncate(1)),
        "2.bias has 2 numbers, 1 were given"
    );
}

#[test]
fn a_whole_model_is_one_file() {
    let block = Sequential::new()
        .then(RmsNorm::new(4).epsilon(1e-6))
        .then(SelfAttention::new(4, 2).causal());
    let layers = Sequential::new()
        .then(Embedding::new(5, 4).tied("table"))
        .then(Residual::new(block))
        .then(LayerNorm::new(4))
        .then(Recurrent::new(4, 6))
        .then(Dropout { share: 0.1 })
        .then(Reshape(vec![6]))
        .then(Activation::Gelu)
        .named("head", Dense::new(6, 3))
        .then(Softmax);
    let model: Model = Model::new(layers, 3).unwrap();
    let table = Table::of_classes(vec![0.0, 1.0, 4.0, 2.0], vec![0, 2], 3).unwrap();
    let mut predictor = Predictor::new(model, &table);
    predictor = predictor.scaled(Scaling::unit(
        &Table::of_classes(vec![0.0, 0.0, 1.0, 1.0], vec![0, 1], 2).unwrap(),
    ));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    predictor.save(&path).unwrap();
    let again: Predictor = Predictor::load(&path).unwrap();
    assert_eq!(again.model().values(), predictor.model().values());
    for row in [[0.0, 1.0], [4.0, 2.0]] {
        let shares = predictor.outputs(&row).unwrap();
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        assert_eq!(again.outputs(&row).unwrap(), shares);
        assert_eq!(again.class(&row).unwrap(), predictor.class(&row).unwrap());
    }
    let error = again.outputs(&[1.0]).unwrap_err().to_string();
    assert_eq!(error, "a row has 2 numbers, 1 were given");
    assert!(again.outputs(&[f64::INFINITY, 0.0]).is_err());

    let message = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let text = Predictor::<f64>::load(&path).unwrap_err().to_string();
        text.rsplit_once(".json").unwrap().1.to_owned()
    };
    predictor.save(&path).unwrap();
    let whole = std::fs::read_to_string(&path).unwrap();
    assert!(message(&whole[..whole.len() / 2]).contains(" is truncated: it ends at line"));
    assert!(message("[1, 2").contains("is truncated: it ends at line 1"));
    assert_eq!(
        message("{}"),
        " is not a saved model: it says nothing, expected \"wengert-layers/model\""
    );
    let other = whole.replace("wengert-layers/model", "wengert-layers/mlp");
    assert!(message(&other).contains("it says \"wengert-layers/mlp\""));
    let later = whole.replace("\"version\": 1", "\"version\": 9");
    assert_eq!(message(&later), " is of version 9, this program reads version 1");
    assert!(
        message(&whole.replace("\"head.bias\"", "\"tail.bias\"")).contains("missing head.bias")
    );
    assert!(message(&whole.replace("\"gelu\"", "\"gelo\"")).contains("\"gelo\" is no activation"));
}

#[test]
fn a_layer_of_ones_own_keeps_its_numbers_alone() {
    #[derive(Debug)]
    struct Own;
    impl Layer for Own {
        fn params(&self) -> Vec<Param> {
            vec![Param::new("w", [1], Start::Ones)]
        }

        fn forward<'t>(
            &self,
            x: wengert::Var<'t>,
            pass: &Pass<'_, 't>,
        ) -> Result<wengert::Var<'t>, wengert::Error> {
            x.try_mul(pass.param("w")?)
        }
    }
    let model = Model::new(Sequential::new().then(Own), 1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    model.save_safetensors(folder.path().join("w.safetensors")).unwrap();
    let table = Table::of_numbers(vec![1.0], vec![1.0], 1).unwrap();
    let error = Predictor::new(model, &table).save(folder.path().join("w.json")).unwrap_err();
    assert_eq!(error, KeepError::OwnLayer);
}

#[test]
fn what_cannot_be_written_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("no/such/folder/x.npy");
    assert!(matches!(write_npy(&gone, &[1], &[1.0]), Err(KeepError::File { .. })));
    // A folder of that name cannot be replaced by a file.
    let taken = folder.path().join("x.npy");
    std::fs::create_dir(&taken).unwrap();
    std::fs::write(taken.join("old"), "old").unwrap();
    assert!(write_npy(&taken, &[1], &[1.0]).is_err());
    assert_eq!(std::fs::read_to_string(taken.join("old")).unwrap(), "old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
