//! Random programs: written, compiled by `rustc` in one go, run, and compared with what they were
//! written from.

use std::cell::RefCell;

use wengert::program::Pass;
use wengert::program::{RustError, RustOptions};
use wengert::{Leaf, Numerics, Options, Tape, Var};

use super::case::{Ask, Case};
use super::rustc::Written;

#[path = "../random/scalars.rs"]
mod scalars;
#[path = "../random/tensors.rs"]
mod tensors;

fn exact() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

/// Takes a program in, if it can be written.
fn take_in(cases: &mut Vec<Case>, ask: Ask<'_, f64>, options: &RustOptions) {
    match ask.try_case(&format!("f{}", cases.len()), options) {
        Ok(case) => cases.push(case),
        // Rows that are taken by computed numbers run by the rule book.
        Err(RustError::Instruction { operation: "take" | "take_back", .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

/// A program of `y` and its gradients, without some passes.
fn ask<'t>(y: Var<'t>, leaves: &[Var<'t>], without: &[Pass]) -> Ask<'t, f64> {
    let mut ask = Ask::of(y.tape(), Numerics::Exact);
    for &pass in without {
        ask.compiler = ask.compiler.without(pass);
    }
    ask.output(y);
    for &leaf in leaves {
        ask.gradient(y, leaf);
    }
    ask
}

fn cases(scale: u32) -> Vec<Case> {
    let options = RustOptions::default().functions("wengert_ops::exact::f64");
    let all = RefCell::new(Vec::new());
    scalars::run(6 * scale, |program| {
        let mut cases = all.borrow_mut();
        let tape = exact();
        let at = if cases.len() % 2 == 0 { &program.at } else { &program.elsewhere };
        let (leaves, y) = scalars::record(&tape, program, at);
        let without = [&[][..], Pass::ALL, &[Pass::Group]][cases.len() % 3];
        take_in(&mut cases, ask(y, &leaves, without), &options);
        Ok(())
    });
    for (times, most) in [(1, 64), (1, 64), (7, 600)] {
        tensors::run(4 * scale, |program| {
            let mut cases = all.borrow_mut();
            let program = tensors::widened(program, times);
            let tape = exact();
            let at = tensors::leaf_values(&program, cases.len() as u32);
            let (leaves, y) = tensors::record_up_to(most, &tape, &program, &at);
            let without = [&[][..], &[Pass::Fuse], Pass::ALL, &[Pass::Group]][cases.len() % 4];
            let stack = if cases.len() % 5 == 0 { 0 } else { 1 << 20 };
            let options = options.clone().stack(stack);
            take_in(&mut cases, ask(y, &leaves, without), &options);
            Ok(())
        });
    }
    // Rows at a time, and a step that moves what it differentiates by.
    tensors::run(4 * scale, |program| {
        let mut cases = all.borrow_mut();
        let tape = exact();
        let at = tensors::leaf_values(program, 1);
        let (leaves, y) = tensors::record(&tape, program, &at);
        let mut ask = Ask::of(&tape, Numerics::Exact);
        if cases.len() % 2 == 0 {
            ask.compiler.rows(3, &leaves[..1]).unwrap();
            ask.output(y);
            leaves.iter().for_each(|&leaf| ask.gradient_per_row(y, leaf));
        } else {
            let zeros = vec![0.0; leaves[0].len()];
            let gradient = tape.tensor(Leaf::Data, &zeros, leaves[0].shape()).unwrap();
            let moved = leaves[0] - 0.25 * gradient;
            ask.output(y);
            ask.compiler.gradient_as(y, leaves[0], gradient).unwrap();
            ask.moved(moved, leaves[0]);
        }
        take_in(&mut cases, ask, &options);
        Ok(())
    });
    all.into_inner()
}

fn check(scale: u32, level: &str) {
    let mut cases = cases(scale);
    let texts: Vec<(&str, usize)> =
        cases.iter().map(|case| (case.text.as_str(), case.inputs)).collect();
    let mut written = Written::compiled("source", &texts, level);
    let mut compared = 0;
    for case in &mut cases {
        let name = case.name.clone();
        compared += case.check(|inputs| written.call(&name, inputs));
    }
    written.finish();
    assert!(compared > 500 * scale as usize, "only {compared} numbers were compared");
}

#[test]
fn random_programs_give_their_bits_as_rust() {
    check(1, "0");
}

/// Many of them, as a release compiles them.
#[test]
#[ignore = "minutes of rustc"]
fn many_random_programs_give_their_bits_as_rust() {
    check(16, "3");
}
