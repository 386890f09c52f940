//! A disk that takes no more, and a crash in the middle of a write. Both are made by the size that
//! the system allows a file to have (`ulimit -f`): past it a write fails where its signal is
//! ignored, and ends the program where it is not.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, ExitStatus};

use wengert_layers::nn::{Dense, KeepError, Model, Predictor, Sequential, Table};

const FILE: &str = "WENGERT_SAVING_FILE";

fn model(seed: u64) -> Predictor {
    let layers = Sequential::new().then(Dense::new(40, 100)).then(Dense::new(100, 2));
    let model = Model::new(layers, seed).unwrap();
    let table = Table::of_classes(vec![0.0; 80], vec![0, 1], 2).unwrap();
    Predictor::new(model, &table)
}

/// What the other tests run in a program of its own: another model over the file that they name.
#[test]
#[ignore = "a part of the others"]
fn child() {
    let Some(file) = std::env::var_os(FILE) else { return };
    match model(2).save(&file) {
        Err(KeepError::File { file: named, .. }) => assert_eq!(Path::new(&named), Path::new(&file)),
        other => panic!("{other:?}"),
    }
}

/// Saves over a file of the folder where no file may have more than 512 or 1,024 bytes, as the
/// shell counts.
fn save_in(folder: &Path, signal: &str) -> ExitStatus {
    let program = std::env::current_exe().unwrap();
    let script =
        format!("{signal} ulimit -c 0; ulimit -f 1; exec \"$0\" --exact saving::child --ignored");
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(program).env(FILE, folder.join("model.json"));
    let output = command.output().unwrap();
    output.status
}

#[test]
fn a_disk_that_is_full_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.json");
    model(1).save(&file).unwrap();
    let old = fs::read(&file).unwrap();
    assert!(save_in(folder.path(), "trap '' XFSZ;").success());
    assert_eq!(fs::read(&file).unwrap(), old);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    assert_eq!(Predictor::<f64>::load(&file).unwrap().model().values(), model(1).model().values());
}

#[test]
fn a_crash_while_saving_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.json");
    model(1).save(&file).unwrap();
    let old = fs::read(&file).unwrap();
    let status = save_in(folder.path(), "");
    assert_eq!(status.code(), None, "it was to be ended by a signal: {status}");
    assert_eq!(fs::read(&file).unwrap(), old);
    // What was begun lies beside it, and the next save does not mind.
    model(3).save(&file).unwrap();
    assert_eq!(Predictor::<f64>::load(&file).unwrap().model().values(), model(3).model().values());
}
