//! Random programs against numbers of 32 digits, each within its running error bound.

#[path = "random/scalars.rs"]
mod scalars;
#[path = "random/tensors.rs"]
mod tensors;

use std::cell::Cell;

use proptest::prelude::*;
use wengert::node::NodeId;
use wengert::number::{DoubleDouble, Number};
use wengert::op::{Op, Structural};
use wengert::program::Pass;
use wengert::truth::{Cause, Enclosed, Truth};
use wengert::{Compiler, Numerics, Options, Tape, Var};

/// How many numbers were held against a bound, and of how many nothing could be said.
#[derive(Default)]
struct Count {
    held: Cell<usize>,
    /// Bounds that leave less than one digit.
    coarse: Cell<usize>,
    unknown: Cell<usize>,
    undetermined: Cell<usize>,
    /// The largest error in parts of its bound, of those bounds that leave digits.
    nearest: Cell<f64>,
    programs: Cell<usize>,
}

impl Count {
    /// The first number outside its bound, if any.
    fn hold(&self, what: &str, found: &[f64], truth: &[Enclosed]) -> Result<(), TestCaseError> {
        prop_assert_eq!(found.len(), truth.len());
        for (i, (&found, enclosed)) in found.iter().zip(truth).enumerate() {
            prop_assert!(
                enclosed.holds(found),
                "{what} {i}: {found:e} is {:e} from {}, bound {:e}",
                enclosed.error(found),
                enclosed.truth,
                enclosed.bound
            );
            self.held.set(self.held.get() + 1);
            if enclosed.digits() > 1.0 && enclosed.bound > 0.0 {
                self.nearest.set(self.nearest.get().max(enclosed.error(found) / enclosed.bound));
            }
            let add = |cell: &Cell<usize>, one: bool| cell.set(cell.get() + usize::from(one));
            add(&self.unknown, enclosed.bound == f64::INFINITY);
            add(
                &self.coarse,
                enclosed.bound.is_finite() && enclosed.digits() < 1.0 && enclosed.bound > 1e-9,
            );
        }
        Ok(())
    }

    #[track_caller]
    fn report(&self, what: &str) {
        let (held, unknown, coarse) = (self.held.get(), self.unknown.get(), self.coarse.get());
        let (undetermined, programs) = (self.undetermined.get(), self.programs.get());
        println!(
            "{what}: {programs} programs, {held} numbers held; of {unknown} nothing can be said, {coarse} have less than \
             a digit; {undetermined} programs make a choice that rounding decides; the largest error is {:.2} of its bound",
            self.nearest.get()
        );
        assert!(20 * unknown <= held, "{what}: of {unknown} numbers in {held} nothing can be said");
        assert!(20 * coarse <= held, "{what}: {coarse} numbers in {held} have no digit");
        assert!(
            50 * undetermined <= programs,
            "{what}: {undetermined} choices in {programs} programs"
        );
    }
}

/// Values, adjoints, tangents, second derivatives, the recorded gradient and its derivatives of one
/// program.
fn hold_everything(
    count: &Count,
    leaves: &[Var<'_>],
    y: Var<'_>,
    direction: &[Vec<f64>],
) -> Result<(), TestCaseError> {
    let tape = y.tape();
    let along: Vec<(Var<'_>, &[f64])> =
        leaves.iter().zip(direction).map(|(&x, d)| (x, &d[..])).collect();
    let truth = y.truth().along(&along).run().unwrap();
    count.programs.set(count.programs.get() + 1);
    if !truth.undetermined().is_empty() {
        count.undetermined.set(count.undetermined.get() + 1);
        return Ok(());
    }
    let gradients = y.backward();
    let column = |of: &dyn Fn(NodeId) -> Enclosed| -> Vec<Enclosed> {
        (0..truth.len()).map(|slot| of(NodeId::at(slot as u32))).collect()
    };
    count.hold(
        "value of v",
        &tape.all_values()[..truth.len()],
        &column(&|slot| truth.value_at(slot)),
    )?;
    count.hold("adjoint of v", gradients.adjoints(), &column(&|slot| truth.adjoint_at(slot)))?;
    let tangents = tape.tangents(&along).unwrap();
    count.hold("tangent of y", &[tangents.value(y)], &truth.tangents(y))?;
    let hvp = tape.hvp(y, &along, leaves).unwrap();
    for (i, &leaf) in leaves.iter().enumerate() {
        count.hold(&format!("second derivative by leaf {i},"), &hvp[i], &truth.second(leaf))?;
    }
    drop(gradients);
    recorded(count, leaves, y, &along, &truth)
}

/// The recorded gradient is within the bounds of its own nodes, and its truth is the sweep's truth.
fn recorded(
    count: &Count,
    leaves: &[Var<'_>],
    y: Var<'_>,
    along: &[(Var<'_>, &[f64])],
    truth: &Truth<'_>,
) -> Result<(), TestCaseError> {
    let recorded = y.record_gradient(leaves).unwrap();
    for (i, (&leaf, gradient)) in leaves.iter().zip(recorded).enumerate() {
        let Some(gradient) = gradient else {
            // No path: exactly zero.
            count.hold("no path to leaf", &vec![0.0; leaf.len()], &truth.adjoints(leaf))?;
            continue;
        };
        // One number to differentiate, of which every element of the gradient is the tangent's
        // part.
        let sum = gradient.sum();
        let own = sum.truth().along(along).run().unwrap();
        count.hold(
            &format!("recorded gradient {i},"),
            &gradient.values(),
            &own.values(gradient),
        )?;
        let tangents = y.tape().tangents(along).unwrap().values(gradient);
        count.hold(
            &format!("tangent of recorded gradient {i},"),
            &tangents,
            &own.tangents(gradient),
        )?;
        let pairs = |a: Vec<Enclosed>, b: Vec<Enclosed>| a.into_iter().zip(b).collect::<Vec<_>>();
        for (of, pairs) in [
            ("gradient", pairs(own.values(gradient), truth.adjoints(leaf))),
            ("second derivative", pairs(own.tangents(gradient), truth.second(leaf))),
        ] {
            for (a, b) in pairs {
                // The two compute the same in another order: what differs is 32 digits' rounding,
                // and constants that the recorded one keeps as `f64`.
                let apart = (a.truth - b.truth).to_f64().abs();
                let room = a.bound + b.bound;
                prop_assert!(
                    apart <= room || room.is_infinite(),
                    "{of} {i}: truths {} and {}",
                    a.truth,
                    b.truth
                );
            }
        }
    }
    Ok(())
}

/// The right tangent is what differences of right values say: a rule that is wrong is wrong in 32
/// digits too.
///
/// The distance between two steps, one an eighth of the other, tells how far the smaller one is
/// from the limit.
fn differences(
    count: &Count,
    leaves: &[Var<'_>],
    y: Var<'_>,
    direction: &[Vec<f64>],
) -> Result<(), TestCaseError> {
    let along: Vec<(Var<'_>, &[f64])> =
        leaves.iter().zip(direction).map(|(&x, d)| (x, &d[..])).collect();
    let truth = y.truth().along(&along).run().unwrap();
    let Enclosed { truth: tangent, bound, .. } = truth.tangents(y)[0];
    let tape = y.tape();
    let moved = |step: f64| {
        let element =
            |(x, d): (f64, &f64)| DoubleDouble::from(x) + DoubleDouble::from(*d) * step.into();
        let numbers: Vec<Vec<DoubleDouble>> = leaves
            .iter()
            .zip(direction)
            .map(|(x, d)| x.values().into_iter().zip(d).map(element).collect())
            .collect();
        let at: Vec<(Var<'_>, &[DoubleDouble])> =
            leaves.iter().zip(&numbers).map(|(&x, n)| (x, &n[..])).collect();
        let truth = y.truth().at(&at).run().unwrap();
        // Moved numbers have 32 digits, which no f64 holds: whether two that may be equal are is
        // known of nobody, and a selection by that may jump.
        let select = Op::Structural(Structural::Select);
        let selects = |&id: &NodeId| tape.node(id).is_some_and(|node| node.op == select);
        (truth.value(y).truth, truth.undetermined().iter().any(selects))
    };
    // The slope of a root at what may be 0 or not.
    if bound == f64::INFINITY {
        count.unknown.set(count.unknown.get() + 1);
        return Ok(());
    }
    let quotient = |h: f64| {
        let ((above, jumps_above), (below, jumps_below)) = (moved(h), moved(-h));
        ((above - below) / (2.0 * h).into(), jumps_above || jumps_below)
    };
    let ((near, _), (nearer, may_jump)) = (quotient(1e-9), quotient(1.25e-10));
    let settled = (near - nearer).to_f64().abs();
    count.programs.set(count.programs.get() + 1);
    let size = tangent.to_f64().abs().max(1e-9 * y.value().abs());
    // A kink, a jump or a pole near by, or a function too steep for the step.
    if settled > 1e-9 * size || settled.is_nan() {
        count.undetermined.set(count.undetermined.get() + 1);
        return Ok(());
    }
    let apart = (nearer - tangent).to_f64().abs();
    let rounding = 1e-17 * (y.value().abs() + size);
    if may_jump && apart > settled + rounding {
        count.undetermined.set(count.undetermined.get() + 1);
        return Ok(());
    }
    count.held.set(count.held.get() + 1);
    prop_assert!(
        apart <= settled + rounding,
        "tangent {tangent}, by differences {nearer}, settled to {settled:e}"
    );
    Ok(())
}

fn differences_of_programs(cases: u32) {
    let count = Count::default();
    // Without what a difference moves and a derivative does not: detached operands.
    scalars::run(cases, |program| {
        let mut program = program.clone();
        program
            .instructions
            .iter_mut()
            .filter(|i| matches!(i.variant, 2 | 3))
            .for_each(|i| i.variant = 4);
        let tape = Tape::new();
        let (inputs, y) = scalars::record(&tape, &program, &program.at);
        let direction: Vec<Vec<f64>> = program.elsewhere.iter().map(|&d| vec![d]).collect();
        differences(&count, &inputs, y, &direction)
            .map_err(|error| TestCaseError::fail(format!("{error}\n{tape}")))
    });
    tensors::run(cases, |program| {
        let mut program = program.clone();
        program.instructions.iter_mut().filter(|i| i.0 == 5).for_each(|i| i.0 = 4);
        let tape = Tape::new();
        let (leaves, y) = tensors::record(&tape, &program, &tensors::leaf_values(&program, 0));
        let held = differences(&count, &leaves, y, &tensors::leaf_values(&program, 5));
        held.map_err(|error| TestCaseError::fail(format!("{error}\n{tape}")))
    });
    let (held, skipped) = (count.held.get(), count.undetermined.get());
    println!("differences: {held} tangents held, {skipped} differences do not settle");
    assert!(20 * skipped <= held, "{skipped} differences in {held} do not settle");
}

fn scalar_programs(cases: u32) {
    let count = Count::default();
    scalars::run(cases, |program| {
        let tape = Tape::new();
        let (inputs, y) = scalars::record(&tape, program, &program.at);
        let direction: Vec<Vec<f64>> = program.elsewhere.iter().map(|&d| vec![d]).collect();
        let held = hold_everything(&count, &inputs, y, &direction);
        held.map_err(|error| TestCaseError::fail(format!("{error}\n{tape}")))
    });
    count.report("scalars");
}

fn tensor_programs(cases: u32, numerics: Numerics) {
    let count = Count::default();
    tensors::run(cases, |program| {
        let tape = Tape::with(Options::default().numerics(numerics));
        let (leaves, y) = tensors::record(&tape, program, &tensors::leaf_values(program, 0));
        let held = hold_everything(&count, &leaves, y, &tensors::leaf_values(program, 5));
        held.map_err(|error| TestCaseError::fail(format!("{error}\n{tape}")))
    });
    count.report(&format!("tensors, {numerics:?}"));
}

fn compiled_programs(cases: u32) {
    let count = Count::default();
    let mut off = vec![vec![], Pass::ALL.to_vec()];
    off.extend(Pass::ALL.iter().map(|&pass| vec![pass]));
    tensors::run(cases, |program| {
        let tape = Tape::with(Options::default().numerics(Numerics::Exact));
        let (leaves, y) = tensors::record(&tape, program, &tensors::leaf_values(program, 0));
        let truth = y.truth().numerics(Numerics::Fast).run().unwrap();
        count.programs.set(count.programs.get() + 1);
        if !truth.undetermined().is_empty() {
            count.undetermined.set(count.undetermined.get() + 1);
            return Ok(());
        }
        for off in &off {
            let mut compiler = Compiler::new(&tape).numerics(Numerics::Fast);
            for &pass in off {
                compiler = compiler.without(pass);
            }
            let value = compiler.output(y).unwrap();
            let gradients: Vec<_> =
                leaves.iter().map(|&leaf| compiler.gradient(y, leaf).unwrap()).collect();
            let compiled = compiler.compile().unwrap();
            let mut workspace = compiled.workspace();
            compiled.run(&mut workspace).unwrap();
            let held =
                count.hold("output", &workspace.values(value), &truth.values(y)).and_then(|()| {
                    leaves.iter().zip(gradients).try_for_each(|(&leaf, output)| {
                        count.hold("gradient", &workspace.values(output), &truth.adjoints(leaf))
                    })
                });
            held.map_err(|error| TestCaseError::fail(format!("without {off:?}: {error}\n{tape}")))?;
        }
        Ok(())
    });
    count.report("compiled programs");
}

#[test]
fn scalar_programs_are_within_their_bounds() {
    scalar_programs(300);
}

#[test]
fn tensor_programs_are_within_their_bounds() {
    tensor_programs(100, Numerics::Exact);
    tensor_programs(200, Numerics::Fast);
}

#[test]
fn compiled_programs_are_within_their_bounds() {
    compiled_programs(100);
}

#[test]
fn right_tangents_are_what_differences_say() {
    differences_of_programs(150);
}

/// The bounds of a short program leave no room for a fault of 64 ulp.
#[test]
fn a_planted_fault_of_some_ulps_is_outside_the_bound() {
    let tape = Tape::new();
    let x = tape.input(0.7);
    let y = (x.sin() * x.exp()).ln();
    let truth = y.truth().run().unwrap();
    let off = |number: f64, ulps: f64| number + ulps * f64::EPSILON * number.abs();
    let (value, adjoint) = (y.value(), y.backward().wrt(x));
    assert!(truth.value(y).holds(value) && truth.adjoint(x).holds(adjoint));
    assert!(!truth.value(y).holds(off(value, 64.0)) && !truth.value(y).holds(off(value, -64.0)));
    assert!(
        !truth.adjoint(x).holds(off(adjoint, 64.0)) && !truth.adjoint(x).holds(off(adjoint, -64.0))
    );
    assert!(!truth.value(y).holds(f64::NAN) && !truth.value(y).holds(f64::INFINITY));
}

/// The report says where digits go, for both types of number, and leaves out what the output is not
/// made of.
#[test]
fn the_report_names_the_node_that_loses_digits() {
    fn report<S: wengert::Scalar>() -> wengert::truth::Precision {
        let tape = Tape::<S>::default();
        let number = |x: f64| S::from_f64(x);
        let b = tape.input(number(300.0)).named("b");
        let _other = (b.sin() - b.sin()).named("other");
        let root = (b * b - number(4.0)).sqrt().named("root");
        (root - b).named("small").precision().unwrap()
    }
    for (found, holds, lost) in
        [(report::<f32>(), 7.22, 4.0..5.2), (report::<f64>(), 15.95, 4.0..5.2)]
    {
        assert!((found.holds - holds).abs() < 0.01);
        let worst = &found.value_losses[0];
        assert_eq!(
            (worst.label.as_str(), &worst.operands[..]),
            ("small", &["root".to_owned(), "b".to_owned()][..])
        );
        assert!(
            lost.contains(&worst.digits) && matches!(worst.cause, Cause::Cancellation { .. }),
            "{found}"
        );
        assert_eq!(
            found.rows.iter().filter(|row| row.named).map(|row| &row.label[..]).collect::<Vec<_>>(),
            ["b", "root", "small"]
        );
        for row in &found.rows {
            // What is sure is right.
            assert!(
                row.value.right() >= row.value.sure() && row.adjoint.right() >= row.adjoint.sure(),
                "{found}"
            );
        }
    }
}

/// A million programs of each kind, none wrong, with `WENGERT_PROGRAMS=1000000`:
///
/// ```text
/// WENGERT_PROGRAMS=1000000 cargo test --release -p wengert --features precision --test all truth::
/// -- --ignored --nocapture
/// ```
#[test]
#[ignore = "hours; as many programs of each kind as WENGERT_PROGRAMS says"]
fn many_programs_are_within_their_bounds() {
    let cases = std::env::var("WENGERT_PROGRAMS").map_or(10_000, |cases| cases.parse().unwrap());
    scalar_programs(cases);
    tensor_programs(cases, Numerics::Exact);
    tensor_programs(cases, Numerics::Fast);
    compiled_programs(cases);
    differences_of_programs(cases);
}

/// Whether a number is greater than itself is not known of a number with a bound: a difference that
/// takes it for greater is none.
#[test]
fn differences_of_a_choice_that_nobody_decides_are_left_out() {
    let tape = Tape::new();
    let (x, y) = (tape.input(0.0), tape.input(0.0));
    let same = y.indicator_gt(y);
    let chosen = same.indicator_gt(0.25).select(0.25, same * 0.25);
    let product = ((-chosen).sigmoid() * 5.0 - 2.0) * x;
    let count = Count::default();
    differences(&count, &[x, y], product, &[vec![0.98], vec![1.06]]).unwrap();
    assert_eq!((count.undetermined.get(), count.held.get()), (1, 0));
}
