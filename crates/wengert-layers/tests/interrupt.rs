//! A training that somebody ends by Ctrl-C keeps what was learnt.
#![cfg(all(unix, feature = "interrupt"))]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wengert_layers::nn::{Dense, Ended, Model, Optimiser, Table, Trainer, loss};

const FOLDER: &str = "WENGERT_INTERRUPT_FOLDER";

/// What the other test runs in a program of its own: two trainings that would take days.
#[test]
#[ignore = "a part of the other"]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(std::path::PathBuf::from) else { return };
    let table = Table::of_numbers(vec![1.0, 2.0], vec![3.0, 5.0], 1).unwrap();
    let mut model: Model = Model::new(Dense::new(1, 1), 1).unwrap();
    let trainer = || {
        Trainer::new(Optimiser::gradient_descent(1e-3), loss::MeanSquaredError)
            .epochs(usize::MAX >> 30)
    };
    let begun = folder.join("begun");
    let history = trainer()
        .stop_at_interrupt()
        .each_epoch(|report| {
            if report.epoch == 100 {
                std::fs::write(&begun, "").unwrap();
            }
            std::ops::ControlFlow::Continue(())
        })
        .train(&mut model, &table)
        .unwrap();
    assert_eq!(history.ended, Ended::Interrupted);
    assert!(history.epochs.len() > 100 && history.losses()[100] < history.losses()[0]);
    model.save_safetensors(folder.join("kept")).unwrap();
    // The next fold, say, does not begin.
    let before = model.values().to_vec();
    let history = trainer().stop_at_interrupt().train(&mut model, &table).unwrap();
    assert_eq!((history.ended, history.epochs.len()), (Ended::Interrupted, 0));
    assert_eq!(model.values(), before);
}

#[test]
fn an_interrupt_keeps_what_was_learnt() {
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program)
        .args(["--exact", "interrupt::child", "--ignored"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    let in_time = || assert!(started.elapsed() < Duration::from_secs(120), "it takes too long");
    while !folder.path().join("begun").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        in_time();
        std::thread::sleep(Duration::from_millis(5));
    }
    let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => in_time(),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(status.success(), "{status}");
    assert!(folder.path().join("kept").exists());
}
