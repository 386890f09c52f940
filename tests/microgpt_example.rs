//! The example that reproduces microgpt.

#[path = "../examples/microgpt.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod microgpt;

use microgpt::{Grain, Learner, PythonRandom, Way, first_weights, run};

#[derive(serde::Deserialize)]
struct StepOne {
    params_after: Vec<f64>,
}

/// The original's generator after its shuffle of the names.
fn shuffled() -> PythonRandom {
    let mut random = PythonRandom::seed(42);
    let mut names: Vec<&str> = include_str!("../examples/microgpt/names.txt").lines().collect();
    random.shuffle(&mut names);
    assert_eq!(names[..3], ["yuheng", "diondre", "xavien"]);
    random
}

#[test]
fn the_first_weights_are_the_originals() {
    let theirs: Vec<f64> =
        serde_json::from_str(include_str!("../examples/microgpt/init.json")).unwrap();
    let ours = first_weights(&mut shuffled());
    let differ: Vec<usize> = (0..4192).filter(|&i| ours[i] != theirs[i]).collect();
    assert_eq!((ours.len(), theirs.len(), differ), (4192, 4192, vec![]));
}

/// Losses are compared with the original's relative to them.
#[test]
fn ten_steps_are_the_originals() {
    let mut out = Vec::new();
    for grain in [Grain::Scalar, Grain::PerLayer] {
        let first = run(&mut out, (Way::Recorded, grain), 42, 0.0, 1).unwrap();
        assert!(first.worst <= 1e-14, "{:e}", first.worst);
        let told = run(&mut out, (Way::Recorded, grain), 42, 0.0, 10).unwrap();
        assert!(told.worst <= 1e-12, "{:e}", told.worst);
        assert_eq!(told.names.len(), 20);
    }
    assert!(String::from_utf8(out).unwrap().contains("step   10  loss 3.2228882401182"));
    let other = run(&mut Vec::new(), (Way::Recorded, Grain::PerLayer), 7, 0.0, 2).unwrap();
    assert_eq!(other.worst, 0.0);
}

/// Every number of the step, and its adjoint, is in the page, under positions and heads.
#[test]
fn the_page_of_a_step_leaves_nothing_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("microgpt.html");
    microgpt::page(path.to_str().unwrap()).unwrap();
    let page = std::fs::read_to_string(path).unwrap();
    assert!(!page.contains("left out of this page") && !page.contains("left out here"));
    assert!(page.contains("position 3/head 2/shares"));
    let numbers = page.matches("<td class=\"adjoint").count();
    assert!(numbers > 4192 + 5 * 27, "{numbers}");
}

#[test]
fn every_way_gives_the_same_step() {
    let theirs: StepOne =
        serde_json::from_str(include_str!("../examples/microgpt/step1.json")).unwrap();
    let start = first_weights(&mut shuffled());
    let tokens = microgpt::tokens("yuheng");
    let ways = [Way::Recorded, Way::Replayed, Way::Compiled];
    let grains = [Grain::Scalar, Grain::PerLayer];
    for (way, grain) in ways.into_iter().flat_map(|way| grains.map(|grain| (way, grain))) {
        let tapes: Vec<wengert::Tape> = (0..=16).map(|_| grain.tape()).collect();
        let mut learner = Learner::new(way, grain, start.clone(), &tapes);
        learner.prepare(&tokens).unwrap();
        let loss = learner.step(&tokens, 0).unwrap();
        assert!((loss / 3.3659669475848504 - 1.0).abs() < 1e-14, "{way:?} {grain:?}: {loss:?}");
        for (ours, theirs) in learner.params().iter().zip(&theirs.params_after) {
            assert!((ours - theirs).abs() < 1e-13, "{way:?} {grain:?}: {ours:?} {theirs:?}");
        }
    }
}
