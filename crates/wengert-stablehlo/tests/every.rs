//! That no operation is left out: each is exported, or refused by name, and run by XLA gives the
//! tape's number and slope at an ordinary point. `elementwise.rs` says how near at hard ones.

use wengert::op::{Binary, Unary};
use wengert::{Tape, Var};
use wengert_stablehlo::Export;

use crate::xla;

/// Points of which one is in the domain of every function.
const AT: [f64; 2] = [0.3, 1.7];

/// An operation at the points in its domain: values and slopes, by name.
fn at_points<'t>(
    tape: &'t Tape,
    name: &str,
    f: impl Fn(Var<'t>, Var<'t>) -> Var<'t>,
) -> Vec<(String, Var<'t>)> {
    let mut asked = Vec::new();
    for (k, at) in AT.into_iter().enumerate() {
        let (x, y) = (tape.input(at), tape.input(0.7));
        let value = f(x, y);
        if !value.value().is_finite() {
            continue;
        }
        asked.push((format!("{name} at {k}"), value));
        let slopes = value.record_gradient(&[x, y]).unwrap();
        let slopes = slopes.into_iter().enumerate();
        asked.extend(slopes.filter_map(|(i, g)| Some((format!("{name} at {k} by {i}"), g?))));
    }
    assert!(!asked.is_empty(), "{name} has no point");
    asked
}

#[test]
fn every_elementwise_operation_is_the_tapes() {
    let tape = Tape::new();
    let mut asked = Vec::new();
    for &op in Unary::ALL {
        asked.extend(at_points(&tape, op.name(), |x, _| x.try_unary(op).unwrap()));
    }
    for &op in Binary::ALL {
        let second = |y: Var<'_>| if op.takes_an_integer() { 1.0 } else { y.value() };
        asked.extend(at_points(&tape, op.name(), |x, y| match op.takes_an_integer() {
            true => x.try_binary(op, second(y)).unwrap(),
            false => x.try_binary(op, y).unwrap(),
        }));
    }
    let (mut one, mut refused) = (Vec::new(), Vec::new());
    for (name, var) in asked {
        let mut alone = Export::new(&tape);
        alone.output("it", var).unwrap();
        match alone.module("alone") {
            Ok(_) => one.push((name, var)),
            Err(error) => refused.push(format!("{name}: {error}")),
        }
    }
    // Second derivatives of Bessel functions, which docs/past-one-machine.md lists.
    let known =
        |text: &&String| text.starts_with("i0e_derivative") || text.starts_with("i1e_derivative");
    assert!(refused.iter().all(|text| known(&text)), "{refused:#?}");
    let mut export = Export::new(&tape);
    for (name, var) in &one {
        export.output(name, *var).unwrap();
    }
    let Some(results) = xla::run(&tape, &export.module("every").unwrap()) else { return };
    for ((name, var), (_, found)) in one.iter().zip(&results) {
        let off = xla::difference(found, &[var.value()], 1e-300);
        assert!(off <= 1e-12, "{name}: {} and {}: {off:e}", found[0], var.value());
    }
}
