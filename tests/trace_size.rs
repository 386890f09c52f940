//! The trace of one sample through a network for digits, 784-30-10: how large its file is, how long
//! reading, checking and comparing take.

use std::time::{Duration, Instant};

use wengert::Tape;
use wengert_inspect::{Diff, Health, LedgerText, Severance, Trace};
use wengert_layers::{Activation, Granularity, Law, Mlp};

/// A walk for each of the 128,693 numbers would take hours.
const SOON: Duration = Duration::from_secs(60);

fn sample(granularity: Granularity, shift: f64) -> Trace {
    let mlp = Mlp::new(&[784, 30, 10], Activation::Sigmoid, Law::GlorotUniform.seeded(1))
        .expect("three sizes");
    let tape = Tape::new();
    let pixels: Vec<f64> =
        (0..784).map(|i| if i % 3 == 0 { 0.0 } else { f64::from(i) / 784.0 + shift }).collect();
    let pass = mlp.bind(&tape, granularity).forward(tape.data(&pixels).named("x"));
    let target: Vec<f64> = (0..10).map(|class| f64::from(u8::from(class == 3))).collect();
    let loss = pass.half_squared_error(tape.data(&target).named("target"));
    Trace::of(&loss.backward()).expect("fresh gradients")
}

#[test]
fn one_sample_is_a_few_megabytes() {
    for granularity in [Granularity::PerNeuron, Granularity::PerLayer] {
        let trace = sample(granularity, 0.0);
        let json = trace.to_json();
        let megabytes = json.len() as f64 / 1e6;
        println!(
            "{granularity:?}: {} nodes, {} numbers, {megabytes:.2} MB",
            trace.nodes().len(),
            trace.len()
        );
        assert!(trace.omitted().is_none() && megabytes < 3.0);
        let back = Trace::from_json(&json).expect("what is written is read");
        assert_eq!(back.to_json(), json);
    }
}

#[test]
fn a_limit_keeps_a_file_small_and_says_what_is_missing() {
    let whole = sample(Granularity::PerNeuron, 0.0);
    let trace = whole.clone().limited(5_000);
    let omitted = trace.omitted().expect("the weights are many");
    assert_eq!(omitted.numbers, whole.len() - trace.len());
    assert!(omitted.to_string().contains("params"), "{omitted}");
    let json = trace.to_json();
    println!("limited to 5000 numbers: {:.3} MB, without {omitted}", json.len() as f64 / 1e6);
    assert!(json.len() < 200_000 && json.contains("\"omitted\":{\"limit\":5000,"));
    // What is left is right.
    let z = |trace: &Trace| trace.adjoint(trace.slot("hidden/7.z").expect("it is small")).clone();
    assert_eq!(z(&trace), z(&whole));
}

#[test]
fn a_diff_of_it_is_found_at_once() {
    let (ours, theirs) =
        (sample(Granularity::PerNeuron, 0.0), sample(Granularity::PerNeuron, 0.125));
    let started = Instant::now();
    let found = Diff::new(&ours, &theirs).findings();
    let took = started.elapsed();
    println!("{} differences in {took:?}", found.differences.len());
    assert!(took < SOON, "{took:?}");
    assert_eq!(found.cause().expect("the pixels differ").path, "x[1]");
    // Every pixel that was moved is a cause; nothing that they lead to is.
    let own: Vec<&str> =
        found.of(wengert_inspect::Origin::Own).map(|other| other.path.as_str()).collect();
    assert_eq!(own.len(), 784 - 784_usize.div_ceil(3) - 1);
    assert!(own.iter().all(|path| path.starts_with("x[")), "{own:?}");
}

/// A walk over the trace for each of 24,758 ledgers would take an hour.
#[test]
fn all_ledgers_are_one_pass() {
    let trace = sample(Granularity::PerNeuron, 0.0);
    let started = Instant::now();
    let ledgers = trace.ledgers(&trace.slots().collect::<Vec<_>>());
    let text = LedgerText::new(&trace).to_string();
    let took = started.elapsed();
    println!("{} ledgers, {} lines in {took:?}", ledgers.len(), text.lines().count());
    assert!(took < SOON, "{took:?}");
    assert_eq!(ledgers.len(), trace.len());
    for ledger in ledgers.iter().step_by(997) {
        let own = trace.adjoint(ledger.slot()).number().unwrap_or(f64::NAN);
        assert!(ledger.sum() == own, "{}", trace.label(ledger.slot()));
        assert_eq!(*ledger, trace.ledger(ledger.slot()));
    }
}

#[test]
fn reports_on_it_are_read_in_a_minute() {
    let trace = sample(Granularity::PerNeuron, 0.0);
    let started = Instant::now();
    let (severance, health) = (Severance::new(&trace).to_string(), Health::new(&trace).to_string());
    let took = started.elapsed();
    println!("{} and {} lines in {took:?}", severance.lines().count(), health.lines().count());
    assert!(took < SOON, "{took:?}");
    // A line for each of 80 parameters, and one more for the pixels that are 0.
    assert!(severance.lines().count() < 150, "{severance}");
    assert!(
        severance.contains(
            "262 numbers, zero: multiplied by x[0] = 0, and 261 more such factors, in hidden/0.z"
        ),
        "{severance}"
    );
    assert!(health.lines().count() < 20, "{health}");
}
