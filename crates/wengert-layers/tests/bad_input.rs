//! What is refused, a test each: every error names the file, the line, the column or the setting,
//! and nothing is left half-done.

use std::fs;
use std::path::{Path, PathBuf};

use wengert_layers::Activation;
use wengert_layers::nn::loss::CrossEntropy;
use wengert_layers::nn::{
    Csv, Dense, KeepError, Model, Optimiser, Predictor, Sequential, Table, TableError, Trainer,
    TrainerError, read_npy, read_safetensors,
};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// The error of a CSV file of this text.
#[track_caller]
fn of_csv(csv: Csv, text: &str) -> (TableError, String) {
    let folder = folder();
    let path = folder.path().join("seeds.csv");
    fs::write(&path, text).unwrap();
    let error = csv.read(&path).unwrap_err();
    let told = error.to_string();
    assert!(told.starts_with(&path.display().to_string()), "{told}");
    (error, told.replace(&path.display().to_string(), "seeds.csv"))
}

fn table() -> Table {
    let features = (0..24).map(|i| f64::from(i % 5) - 2.0).collect();
    Table::of_classes(features, (0..12).map(|i| i % 3).collect(), 3).unwrap()
}

fn model() -> Model {
    let layers =
        Sequential::new().then(Dense::new(2, 4)).then(Activation::Tanh).then(Dense::new(4, 3));
    Model::new(layers, 1).unwrap()
}

/// The error of a training that is refused before its first step.
#[track_caller]
fn of_training(trainer: Trainer<'_>) -> (TrainerError, String) {
    let (mut model, mut trainer) = (model(), trainer);
    let before = model.values().to_vec();
    let error = trainer.train(&mut model, &table()).unwrap_err();
    assert_eq!(model.values(), before);
    let told = error.to_string();
    (error, told)
}

fn trainer<'a>(rate: f64) -> Trainer<'a> {
    Trainer::new(Optimiser::adam(rate), CrossEntropy::default()).epochs(2)
}

/// A saved model whose text has been changed; the error of loading it.
#[track_caller]
fn of_model(change: impl Fn(String) -> String) -> (KeepError, String) {
    let (folder, file) = saved();
    let text = fs::read_to_string(&file).unwrap();
    let changed = change(text.clone());
    assert_ne!(changed, text);
    fs::write(&file, changed).unwrap();
    let error = Predictor::<f64>::load(&file).unwrap_err();
    let told = error.to_string().replace(&folder.path().join("").display().to_string(), "");
    (error, told)
}

fn saved() -> (tempfile::TempDir, PathBuf) {
    let folder = folder();
    let file = folder.path().join("model.json");
    Predictor::new(model(), &table()).save(&file).unwrap();
    (folder, file)
}

#[test]
fn a_missing_file() {
    let gone = Path::new("no/such/seeds.csv");
    let error = Csv::new().read(gone).unwrap_err();
    assert!(matches!(error, TableError::File { .. }), "{error}");
    assert!(error.to_string().starts_with("no/such/seeds.csv: "), "{error}");
    for error in [
        Predictor::<f64>::load(gone).unwrap_err(),
        read_safetensors(gone).unwrap_err(),
        read_npy(gone).unwrap_err(),
    ] {
        assert!(matches!(error, KeepError::File { .. }), "{error}");
        assert!(error.to_string().starts_with("no/such/seeds.csv: "), "{error}");
    }
}

#[test]
fn ragged_rows() {
    let (error, told) = of_csv(Csv::new(), "1,2,a\n3,4,b\n5,c\n");
    assert!(matches!(error, TableError::Ragged { line: 3, expected: 3, found: 2, .. }));
    assert_eq!(told, "seeds.csv, line 3: 2 cells, expected 3 as in line 1");
}

#[test]
fn a_cell_that_is_no_number() {
    let (error, told) = of_csv(Csv::new(), "length,kind\n1.5,a\n1·5,b\n");
    assert!(matches!(error, TableError::NotANumber { line: 3, .. }));
    assert_eq!(told, "seeds.csv, line 3, column 1 (length): \"1·5\" is not a finite number");
}

#[test]
fn a_class_that_was_not_seen() {
    let known = Csv::new().parse("training.csv", "1,a\n2,b\n").unwrap();
    let later = Csv::new().classes(known.class_names().to_vec());
    let (error, told) = of_csv(later, "1,a\n2,c\n");
    assert!(matches!(error, TableError::UnknownClass { .. }));
    assert_eq!(told, "seeds.csv, line 2, column 2: \"c\" is none of the classes (a, b)");
}

#[test]
fn a_fold_without_one_class() {
    let table = Csv::new().parse("t.csv", "1,a\n2,a\n3,a\n4,a\n5,b\n6,b\n").unwrap();
    let error = table.folds(3, 1).unwrap_err();
    assert!(matches!(error, TableError::TooFewOfClass { rows: 2, folds: 3, .. }));
    assert_eq!(error.to_string(), "class b has 2 rows, too few for 3 folds; take at most 2");
    assert_eq!(table.folds(2, 1).unwrap().len(), 2);
}

#[test]
fn a_batch_larger_than_the_data() {
    let (error, told) = of_training(trainer(0.1).batch(13));
    assert_eq!(error, TrainerError::Batch { batch: 13, rows: 12 });
    assert_eq!(told, "a batch of 13 rows: there are at least 1 and at most the 12 of the table");
}

#[test]
fn a_rate_of_zero_or_nan() {
    for (rate, shown) in [(0.0, "0.0"), (f64::NAN, "NaN"), (f64::INFINITY, "inf"), (-0.1, "-0.1")] {
        let (error, told) = of_training(trainer(rate));
        assert!(matches!(error, TrainerError::Optim(_)));
        let right = format!("the optimiser's rate is {shown}, expected a finite number above 0");
        assert_eq!(told, right);
    }
}

#[test]
fn a_file_of_another_shape() {
    let (error, told) = of_model(|text| text.replacen("\"inputs\": 2", "\"inputs\": 3", 1));
    assert!(matches!(error, KeepError::Shape { .. }), "{told}");
    assert_eq!(told, "model.json: 0.weight has the shape [4, 2], the model's has [4, 3]");

    let folder = folder();
    let file = folder.path().join("net.safetensors");
    model().save_safetensors(&file).unwrap();
    let mut other: Model = Model::new(Sequential::new().then(Dense::new(2, 5)), 1).unwrap();
    let before = other.values().to_vec();
    let error = other.load_safetensors(&file).unwrap_err();
    assert!(matches!(error, KeepError::Names { .. }), "{error}");
    assert_eq!(other.values(), before);
}

#[test]
fn a_file_of_another_version() {
    let (error, told) = of_model(|text| text.replace("\"version\": 1", "\"version\": 2"));
    assert!(matches!(error, KeepError::Version { expected: 1, found: 2, .. }));
    assert_eq!(told, "model.json is of version 2, this program reads version 1");
}

#[test]
fn a_truncated_file() {
    let (folder, file) = saved();
    let text = fs::read_to_string(&file).unwrap();
    for len in 0..text.len() {
        fs::write(&file, &text[..len]).unwrap();
        let error = Predictor::<f64>::load(&file).unwrap_err();
        assert!(matches!(error, KeepError::Truncated { .. }), "{len}: {error}");
        assert!(error.to_string().contains("model.json"), "{error}");
    }
    drop(folder);
}

#[test]
fn somebody_elses_json() {
    let (folder, file) = saved();
    for text in
        ["{}", "[1, 2]", "\"model\"", "{\"format\": \"wengert-layers/mlp\", \"version\": 1}"]
    {
        fs::write(&file, text).unwrap();
        let error = Predictor::<f64>::load(&file).unwrap_err();
        assert!(matches!(error, KeepError::Foreign { .. }), "{error}");
        assert!(error.to_string().contains("model.json is not a saved model"), "{error}");
    }
    drop(folder);
}

/// A save that fails leaves the old file, and nothing beside it. What a full disk and a crash leave
/// is asked in `saving`.
#[test]
fn nothing_is_half_written() {
    let (folder, file) = saved();
    let old = fs::read(&file).unwrap();
    #[derive(Debug)]
    struct Own;
    impl wengert_layers::nn::Layer for Own {
        fn forward<'t>(
            &self,
            x: wengert::Var<'t>,
            _: &wengert_layers::nn::Pass<'_, 't>,
        ) -> Result<wengert::Var<'t>, wengert::Error> {
            Ok(x)
        }
    }
    let own: Model = Model::new(Sequential::new().then(Dense::new(2, 3)).then(Own), 1).unwrap();
    assert_eq!(Predictor::new(own, &table()).save(&file).unwrap_err(), KeepError::OwnLayer);
    assert_eq!(fs::read(&file).unwrap(), old);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
