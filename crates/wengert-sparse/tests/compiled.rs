//! Compiled programs give what the tape gives.

use proptest::prelude::*;
use wengert::{Error, Numerics, Options, Tape, Var};
use wengert_sparse::colour::Order;
use wengert_sparse::{Mode, SparseHessian, SparseJacobian};

use crate::known::{arrow, broyden, brusselator, point, rosenbrock};
use crate::random::{codes, program};

fn near(a: &[f64], b: &[f64]) -> bool {
    let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * (1.0 + b.abs());
    a.len() == b.len() && a.iter().zip(b).all(close)
}

#[test]
fn jacobians_in_both_modes() {
    for f in [broyden, brusselator] as [for<'t> fn(Var<'t>) -> Var<'t>; 2] {
        for mode in [Mode::Columns, Mode::Rows] {
            let tape = Tape::new();
            let x = tape.input(vec![0.1; 12]);
            let y = f(x);
            let sparse = SparseJacobian::with(&[y, x.square()], x, mode, Order::Natural).unwrap();
            let mut compiled = sparse.compile().unwrap();
            let there = point(12);
            let known = sparse.at(&there).unwrap();
            assert!(near(compiled.run(&there).unwrap(), &known.values));
            assert!(near(&compiled.output(0), &y.values()));
            assert_eq!(compiled.pattern(), sparse.pattern());
            // Another point, by the same program.
            let known = sparse.at(&[0.25; 12]).unwrap();
            assert!(near(compiled.run(&[0.25; 12]).unwrap(), &known.values));
        }
    }
}

#[test]
fn hessians_and_lagrangians() {
    for f in [rosenbrock, arrow] as [for<'t> fn(Var<'t>) -> Var<'t>; 2] {
        let tape = Tape::new();
        let x = tape.input(vec![0.1; 12]);
        let sparse = SparseHessian::new(f(x), x).unwrap();
        let mut compiled = sparse.compile().unwrap();
        let known = sparse.at(&point(12)).unwrap();
        assert!(near(compiled.run(&point(12)).unwrap(), &known.values));
        assert!(matches!(compiled.set_multipliers(&[1.0]), Err(Error::NoSuchPath { .. })));
    }
    let tape = Tape::new();
    let x = tape.input(vec![0.1; 6]);
    let sparse = SparseHessian::lagrangian(&[arrow(x), broyden(x)], x).unwrap();
    let mut compiled = sparse.compile().unwrap();
    let multipliers = [2.0, 1.0, -1.0, 0.5, 3.0, 0.0, 7.0];
    compiled.set_multipliers(&multipliers).unwrap();
    let known = sparse.at_with(&point(6), &multipliers).unwrap();
    assert!(near(compiled.run(&point(6)).unwrap(), &known.values));
}

#[test]
fn a_linear_function_compiles() {
    for mode in [Mode::Columns, Mode::Rows] {
        let tape = Tape::new();
        let x = tape.input([1.0, 2.0]);
        let y = tape.stack(&[3.0 * x.at(0), x.at(0) - x.at(1)]);
        let sparse = SparseJacobian::with(&[y], x, mode, Order::Natural).unwrap();
        let mut compiled = sparse.compile().unwrap();
        assert_eq!(compiled.run(&[5.0, 6.0]).unwrap(), [3.0, 1.0, -1.0]);
        assert_eq!(compiled.output(0), [15.0, -1.0]);
        // A Hessian without an entry is one too.
        let mut none = SparseHessian::new(y.at(0), x).unwrap().compile().unwrap();
        assert!(none.run(&[5.0, 6.0]).unwrap().is_empty());
        assert_eq!(none.output(0), [15.0]);
    }
}

#[test]
fn a_flipped_branch_and_a_wrong_length_are_errors() {
    let tape = Tape::new();
    let x = tape.input([1.0, 2.0]);
    let y = if x.at(0) > x.at(1) { x.sin() } else { x.square() };
    let mut compiled = SparseJacobian::new(&[y], x).unwrap().compile().unwrap();
    assert_eq!(compiled.run(&[1.0, 2.0]).unwrap(), [2.0, 4.0]);
    assert!(matches!(compiled.run(&[3.0, 2.0]), Err(Error::GuardFlipped { .. })));
    assert!(matches!(compiled.run(&[3.0]), Err(Error::Length { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn random_programs_compile(
        codes in codes(),
        first in prop::array::uniform6(-2.0..2.0_f64),
        there in prop::array::uniform6(-2.0..2.0_f64),
    ) {
        let tape = Tape::with(Options::default().numerics(Numerics::Exact));
        let x = tape.input(first);
        let outputs = program(x, &codes);
        let outputs: Vec<Var<'_>> = outputs.into_iter().filter(|y| !y.is_detached()).collect();
        prop_assume!(!outputs.is_empty());
        for mode in [Mode::Columns, Mode::Rows] {
            let sparse = SparseJacobian::with(&outputs, x, mode, Order::Natural).unwrap();
            let known = sparse.at(&there).unwrap().values;
            prop_assume!(known.iter().all(|value| value.is_finite()));
            let mut compiled = sparse.compile().unwrap();
            let found = compiled.run(&there).unwrap();
            prop_assert!(near(found, &known), "{mode:?} {found:?} {known:?}");
        }
    }
}
