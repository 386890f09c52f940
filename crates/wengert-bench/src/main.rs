//! Benchmarks of Wengert against gradients written by hand, in the same run.
//!
//! `cargo run --release -p wengert-bench`, with `--quick` for a look in half a minute, `--only W2`
//! for the rows whose name begins so, `--tasks` for the time of each task of their programs.
//! `docs/performance.md` says how to read the table.

mod args;
mod compare;
mod compiled;
mod hand;
mod numbers;
mod product;
mod simd;
mod source;
mod table;
mod threads;
mod timing;
mod tsv;
mod workload;
mod workloads;

use std::process::ExitCode;
use std::sync::atomic::Ordering;

use args::Args;
use table::{Header, REFERENCE, Row};
use workload::Workload;

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::FAILURE;
        }
    };
    compiled::TASKS.store(args.tasks, Ordering::Relaxed);
    let wanted: Vec<Box<dyn Workload>> = workloads::all(args.quick)
        .into_iter()
        .filter(|workload| args.wants(&workload.about().id))
        .collect();
    println!(
        "gradients and steps beside the same written by hand; medians of interleaved runs, half the distance of the quartiles"
    );
    println!(
        "built for {} without target flags; found on this machine: {}",
        std::env::consts::ARCH,
        simd::level()
    );
    println!(
        "aims are ratios to hand, or times (u, in the row's unit): ok reached, -- missed, ? too busy a machine to say"
    );
    println!("published reference: {REFERENCE}; compare ratios\n");
    println!("{Header}");
    let mut rows = Vec::new();
    for workload in wanted {
        let row = measured(&*workload, &args);
        println!("{row}");
        rows.push(row);
    }
    let path = tsv::path();
    match std::fs::File::create(&path).and_then(|mut file| tsv::write(&mut file, &rows)) {
        Ok(()) => println!("\nthe same as tab-separated lines: target/wengert-bench.tsv"),
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn measured(workload: &dyn Workload, args: &Args) -> Row {
    let mut row = None;
    workload.run(&mut |contenders| {
        let present = contenders.modes.each_ref().map(Option::is_some);
        let below = contenders.below.each_ref().map(Option::is_some);
        let mut all = vec![contenders.hand];
        all.extend(contenders.modes.into_iter().flatten());
        all.extend(contenders.below.into_iter().flatten());
        let mut times = timing::interleaved(&mut all, args.budget()).into_iter();
        let mut next = || times.next().expect("a time for each contender");
        let hand = next();
        let modes = present.map(|present| present.then(&mut next));
        let below = below.map(|present| present.then(&mut next));
        row = Some(Row { about: workload.about(), hand, modes, below, facts: contenders.facts });
    });
    row.expect("a workload hands over its contenders")
}
