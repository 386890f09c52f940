//! What a trace of a million nodes costs: recorded, written, read, compared, summarised.
//!
//! ```text
//! cargo run --release -p wengert-inspect --example million -- 1000000
//! ```
//!
//! The figures of docs/trace.md are of this program.

use std::hint::black_box;
use std::time::Instant;

use wengert::{Tape, Var};
use wengert_inspect::{Diff, Health, LedgerText, Severance, Table, Trace};

/// About so many nodes: chains of sigmoids of sums, a name for every layer, as a program of single
/// numbers records them.
fn record(tape: &Tape, nodes: usize, shift: f64) -> Var<'_> {
    let width = 100;
    let w: Vec<Var<'_>> = (0..width)
        .map(|i| tape.param(0.5 + shift + i as f64 * 1e-3).named(&format!("w/{i}")))
        .collect();
    let mut x: Vec<Var<'_>> = (0..width).map(|i| tape.input(i as f64 * 1e-2)).collect();
    let mut layer = 0;
    while tape.len() + 4 * width < nodes {
        let _scope = tape.scope(&format!("layer{layer}"));
        let next = |i: usize| {
            let z = w[i] * x[i] + x[(i + 1) % width];
            z.sigmoid().named(&format!("y{i}"))
        };
        x = (0..width).map(next).collect();
        layer += 1;
    }
    let sum = x.into_iter().reduce(|a, b| a + b);
    sum.unwrap_or_else(|| tape.constant(0.0)).named("L")
}

fn main() {
    let nodes = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let timed = |what: &str, started: Instant| {
        println!("{what:32} {:7.2} s", started.elapsed().as_secs_f64());
    };
    let traced = |shift: f64| {
        let tape = Tape::new();
        Trace::of(&record(&tape, nodes, shift).backward()).expect("fresh gradients")
    };
    let started = Instant::now();
    let tape = Tape::new();
    black_box(record(&tape, nodes, 0.0));
    timed("recorded", started);
    let started = Instant::now();
    black_box(tape.to_string().len());
    timed("the tape printed", started);
    let started = Instant::now();
    let ours = traced(0.0);
    timed("recorded, swept and copied", started);
    println!("{} nodes, {} numbers", ours.nodes().len(), ours.len());
    let started = Instant::now();
    let json = ours.to_json();
    timed("written", started);
    println!("{:.0} MB", json.len() as f64 / 1e6);
    let started = Instant::now();
    let read = Trace::from_json(&json).expect("what is written is read");
    timed("read", started);
    let started = Instant::now();
    assert!(Diff::new(&ours, &read).findings().agree());
    timed("compared, the same", started);
    let theirs = traced(1e-3);
    let started = Instant::now();
    let differs = Diff::new(&ours, &theirs).to_string();
    timed("compared, every number another", started);
    print!("{}", differs.lines().take(4).map(|line| format!("  {line}\n")).collect::<String>());
    let started = Instant::now();
    black_box(ours.ledgers(&ours.slots().collect::<Vec<_>>()));
    timed("all ledgers", started);
    let started = Instant::now();
    black_box(LedgerText::new(&ours).to_string().len());
    timed("the ledgers of names, as text", started);
    let started = Instant::now();
    black_box(Table::new(&ours).to_string().len());
    timed("a table", started);
    let started = Instant::now();
    black_box(Severance::new(&ours).to_string().len());
    timed("which parameters are reached", started);
    let started = Instant::now();
    black_box(Health::new(&ours).to_string().len());
    timed("what is not finite or vanishes", started);
}
