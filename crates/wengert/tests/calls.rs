//! Functions as one step: operations of users, checkpoints, branches, loops; in every mode.

use wengert::scan::Snapshots;
use wengert::{CompileTape, Compiler, Error, Numerics, Operation, Options, Scan, Tape, Var};

fn exact() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

fn close(a: &[f64], b: &[f64], tolerance: f64, what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{what}, element {i}: {a} and {b}");
    }
}

/// First and second derivatives of a number in every mode, against those of the same formula
/// written out.
fn as_written_out(
    at: &[f64],
    stepped: impl for<'t> Fn(&'t Tape, Var<'t>) -> Var<'t>,
    written: impl for<'t> Fn(&'t Tape, Var<'t>) -> Var<'t>,
) {
    let direction: Vec<f64> = (0..at.len()).map(|i| (i as f64 + 0.5).cos()).collect();
    let reference = {
        let tape = exact();
        let x = tape.input(at);
        let y = written(&tape, x);
        let gradient = y.backward().values_wrt(x);
        let second = tape.hvp(y, &[(x, &direction)], &[x]).unwrap().concat();
        (y.value(), gradient, second)
    };
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let tape = Tape::with(Options::default().numerics(numerics));
        let x = tape.input(at);
        let y = stepped(&tape, x);
        close(&[y.value()], &[reference.0], 1e-14, "the value");
        let swept = y.backward().values_wrt(x);
        close(&swept, &reference.1, 1e-13, "the sweep");
        let report = y.check().run().unwrap();
        assert!(report.agrees(), "{report}");
        let along: f64 = direction.iter().zip(&swept).map(|(d, g)| d * g).sum();
        let duals = tape.tangents(&[(x, &direction)]).unwrap().value(y);
        close(&[duals], &[along], 1e-13, "duals");
        let hvp = tape.hvp(y, &[(x, &direction)], &[x]).unwrap().concat();
        close(&hvp, &reference.2, 1e-12, "duals of the sweep");

        let recorded = y.record_gradient(&[x]).unwrap()[0].unwrap();
        close(&recorded.values(), &swept, 1e-13, "the recorded gradient");
        let d = tape.data(direction.as_slice());
        let slope = (recorded * d).sum();
        close(&slope.backward().values_wrt(x), &reference.2, 1e-12, "reverse over reverse");
        let tangent = y.record_tangent(&[(x, d)]).unwrap().unwrap();
        close(&[tangent.value()], &[along], 1e-13, "the recorded tangent");
        let tangent = recorded.record_tangent(&[(x, d)]).unwrap().unwrap();
        close(&tangent.values(), &reference.2, 1e-12, "forward over reverse, recorded");

        for compiled in [Numerics::Exact, Numerics::Fast] {
            let mut compiler = Compiler::new(&tape).numerics(compiled);
            let value = compiler.output(y).unwrap();
            let gradient = compiler.gradient(y, x).unwrap();
            let second = compiler.gradient(slope, x).unwrap();
            let program = compiler.compile().unwrap();
            let mut workspace = program.workspace();
            program.run(&mut workspace).unwrap();
            close(&workspace.values(value), &[reference.0], 1e-13, "the program's value");
            if compiled == Numerics::Exact && numerics == Numerics::Exact {
                assert_eq!(workspace.values(value), [y.value()], "the exact program's value");
                assert_eq!(workspace.values(gradient), swept, "the exact program's gradient");
            }
            close(&workspace.values(gradient), &reference.1, 1e-13, "the program's gradient");
            close(&workspace.values(second), &reference.2, 1e-12, "the program's second");
            // Elsewhere: what was recorded does not depend on the numbers.
            let other: Vec<f64> = at.iter().map(|x| x * 0.9 + 0.05).collect();
            let input = program.input(x).unwrap();
            workspace.set(input, &other).unwrap();
            program.run(&mut workspace).unwrap();
            let there = {
                let tape = exact();
                let x = tape.input(other.as_slice());
                let y = written(&tape, x);
                (y.value(), y.backward().values_wrt(x))
            };
            close(&workspace.values(value), &[there.0], 1e-13, "the program's value elsewhere");
            close(&workspace.values(gradient), &there.1, 1e-13, "its gradient elsewhere");
            tape.replay(&[(x, &other)]).unwrap();
            close(&[y.value()], &[there.0], 1e-13, "the replayed value");
            close(&y.backward().values_wrt(x), &there.1, 1e-13, "the replayed gradient");
            tape.replay(&[(x, at)]).unwrap();
        }
    }
}

#[test]
fn a_checkpoint_is_what_stands_inside() {
    fn inside<'b>(x: Var<'b>) -> Var<'b> {
        let m = x.reshape([2, 2]);
        let y = m.permute(&[1, 0]).matmul(m.sin()) + 0.5;
        (y * x.at(1)).log_sum_exp() + x.slice(0, 1..3).square().sum() * 3.0
    }
    as_written_out(
        &[0.3, -0.7, 1.2, 0.1],
        |tape, x| tape.checkpoint(&[x], |x| inside(x[0])).unwrap().exp(),
        |_, x| inside(x).exp(),
    );
}

#[test]
fn a_loop_is_its_steps() {
    // A forced pendulum: two states, rows, a fixed input that is read twice.
    fn step<'b>(state: [Var<'b>; 2], force: Var<'b>, p: Var<'b>) -> [Var<'b>; 2] {
        let [angle, speed] = state;
        let turned = -p.at(0) * angle.sin() - p.at(1) * speed + force;
        [angle + 0.1 * speed, speed + 0.1 * turned]
    }
    let at: Vec<f64> = (0..9).map(|i| (i as f64 * 0.7).sin()).collect();
    for keep in [Snapshots::All, Snapshots::Count(1), Snapshots::Count(2), Snapshots::Auto] {
        for backwards in [false, true] {
            as_written_out(
                &at,
                |_, x| {
                    let (forces, p) = (x.slice(0, 2..7), x.slice(0, 7..9));
                    let scan = Scan::new()
                        .state(x.at(0))
                        .rows(forces)
                        .fixed(p)
                        .state(x.at(1))
                        .snapshots(keep);
                    let scan = if backwards { scan.backwards() } else { scan };
                    let scan = scan
                        .record(|s| {
                            let next = step([s.state(0), s.state(1)], s.row(0), s.fixed(0));
                            let angle = next[0];
                            s.next(next).with([angle.square()])
                        })
                        .unwrap();
                    let weights = x.tape().constant([1.0, 2.0, 3.0, 4.0, 5.0]);
                    scan.state(0).sin() + scan.state(1) + (scan.rows(0) * weights).sum()
                },
                |tape, x| {
                    let p = x.slice(0, 7..9);
                    let mut state = [x.at(0), x.at(1)];
                    let mut total = tape.constant(0.0);
                    for t in 0..5 {
                        let row = if backwards { 4 - t } else { t };
                        state = step(state, x.at(2 + row), p);
                        total += state[0].square() * (row as f64 + 1.0);
                    }
                    state[0].sin() + state[1] + total
                },
            );
        }
    }
}

/// A sweep keeps the values of some steps or runs them again, and the loop of cotangents that a
/// program runs computes them inside: the bits are those of the sweep step by step.
#[test]
fn however_a_long_loop_is_swept_the_bits_are_the_same() {
    const STEPS: usize = 6000;
    fn turn<'b>(x: Var<'b>, row: Var<'b>, p: Var<'b>) -> Var<'b> {
        x + 0.01 * (p * x.sin() - x.square() + row) + 1e-3 * (x * p).detach()
    }
    let rows: Vec<f64> = (0..STEPS).map(|t| (t as f64).cos()).collect();
    let expected = {
        let tape = exact();
        let (p, rows) = (tape.input(0.8), tape.input(rows.as_slice()));
        let mut x = tape.constant(0.5);
        for t in 0..STEPS {
            x = turn(x, rows.at(t), p);
        }
        (x.backward().wrt(p), x.backward().values_wrt(rows))
    };
    for keep in [Snapshots::All, Snapshots::Auto, Snapshots::Count(9)] {
        let tape = exact();
        let (p, rows) = (tape.input(0.8), tape.input(rows.as_slice()));
        let scan = Scan::new().state(tape.constant(0.5)).rows(rows).fixed(p).snapshots(keep);
        let scan = scan
            .record(|s| {
                let next = turn(s.state(0), s.row(0), s.fixed(0));
                s.next([next])
            })
            .unwrap();
        let gradients = scan.state(0).backward();
        // Of what is fixed each step's share is added up by itself first.
        close(&[gradients.wrt(p)], &[expected.0], 1e-12, "what is fixed");
        assert_eq!(gradients.values_wrt(rows), expected.1, "{keep:?}");
        let program = tape.compile(&[scan.state(0)], &[p, rows]).unwrap();
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        assert_eq!(workspace.values(program.outputs()[1]), [gradients.wrt(p)], "{keep:?}");
        assert_eq!(workspace.values(program.outputs()[2]), expected.1, "{keep:?}");
    }
}

#[test]
fn a_loop_of_matrices_is_its_steps() {
    fn step<'b>(h: Var<'b>, x: Var<'b>, w: Var<'b>) -> Var<'b> {
        (w.matmul(h) + x).tanh()
    }
    let at: Vec<f64> = (0..12).map(|i| (i as f64 * 1.3).sin() * 0.8).collect();
    as_written_out(
        &at,
        |_, x| {
            let w = x.slice(0, 0..4).reshape([2, 2]);
            let scan = Scan::new().state(x.slice(0, 4..6)).rows(x.slice(0, 6..12).reshape([3, 2]));
            let scan = scan.fixed(w).record(|s| {
                let next = step(s.state(0), s.row(0), s.fixed(0));
                s.next([next])
            });
            scan.unwrap().state(0).square().sum()
        },
        |_, x| {
            let (w, rows) = (x.slice(0, 0..4).reshape([2, 2]), x.slice(0, 6..12).reshape([3, 2]));
            (0..3).fold(x.slice(0, 4..6), |h, t| step(h, rows.at(t), w)).square().sum()
        },
    );
}

#[test]
fn a_branch_is_the_one_that_is_taken() {
    for sign in [1.0, -1.0] {
        as_written_out(
            &[0.4 * sign, 0.9],
            |tape, x| {
                let condition = x.at(0).indicator_gt(0.0);
                let y = tape.cond(
                    condition,
                    &[x, x.at(1)],
                    |x| x[0].square().sum() * x[1].exp(),
                    |x| x[0].sin().sum() + x[1],
                );
                y.unwrap().sin()
            },
            move |_, x| {
                let y = if sign > 0.0 {
                    x.square().sum() * x.at(1).exp()
                } else {
                    x.sin().sum() + x.at(1)
                };
                y.sin()
            },
        );
    }
}

#[test]
fn an_operation_is_its_closure() {
    let swish = Operation::new("swish", |x| x[0] * (x[0] * x[1]).sigmoid());
    as_written_out(
        &[0.3, -1.1, 0.8],
        |_, x| {
            let beta = x.at(2);
            (swish.of(&[x.at(0), beta]) + swish.of(&[x.at(1), beta])).square()
        },
        |_, x| {
            let (a, b, beta) = (x.at(0), x.at(1), x.at(2));
            (a * (a * beta).sigmoid() + b * (b * beta).sigmoid()).square()
        },
    );
}

#[test]
fn a_rule_is_the_derivative() {
    // The rule says the derivative of another function: everything follows it.
    let planted = Operation::new("planted", |x| x[0].square()).with_vjp(|x, v, g| {
        assert_eq!(v.shape(), x[0].shape());
        vec![g * x[0].powi(3)]
    });
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let tape = Tape::with(Options::default().numerics(numerics));
        let x = tape.input([2.0, 3.0]);
        let y = planted.of(&[x]).sum();
        assert_eq!(y.value(), 13.0);
        assert_eq!(y.backward().values_wrt(x), [8.0, 27.0]);
        assert_eq!(tape.tangents(&[(x, &[1.0, 10.0])]).unwrap().value(y), 278.0);
        assert_eq!(tape.hvp(y, &[(x, &[1.0, 1.0])], &[x]).unwrap().concat(), [12.0, 27.0]);
        let recorded = y.record_gradient(&[x]).unwrap()[0].unwrap();
        assert_eq!(recorded.sum().backward().values_wrt(x), [12.0, 27.0]);
        let d = tape.data([1.0, 10.0]);
        assert_eq!(y.record_tangent(&[(x, d)]).unwrap().unwrap().value(), 278.0);
        let program = tape.compile(&[y], &[x]).unwrap();
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        let outputs = program.outputs();
        assert_eq!(workspace.values(outputs[0]), [13.0]);
        assert_eq!(workspace.values(outputs[1]), [8.0, 27.0]);
        // The check compares with differences of the value, and so finds what was planted.
        let report = y.check().run().unwrap();
        assert!(!report.agrees(), "{report}");
    }
}

/// What the error says, and that nothing was recorded.
#[track_caller]
fn refused<T>(tape: &Tape, f: impl FnOnce() -> Result<T, Error>, parts: &[&str]) {
    let before = tape.len();
    let Err(error) = f() else { panic!("nothing was wrong with it") };
    let message = error.to_string();
    for part in parts.iter().chain(&["calls.rs:"]) {
        assert!(message.contains(part), "{message} does not say {part}");
    }
    assert_eq!(tape.len(), before, "{message}");
}

#[test]
fn what_is_no_operation_is_refused() {
    let tape = Tape::new();
    let x = tape.input([1.0, 2.0]).named("x");
    let named = |name: &str| Operation::new(name, |x: &[Var<'_>]| x[0].sin());
    refused(&tape, || named("exp").try_of(&[x]), &["exp at", "every tape has"]);
    refused(&tape, || named("mine").try_of(&[]), &["mine at", "at least one operand"]);
    let branches = Operation::new("branches", |x| if x[0].at(0) > 0.5 { x[0] } else { -x[0] });
    let parts = ["branches at", "compares v0 > 0.5", "select()"];
    refused(&tape, || branches.try_of(&[x]), &parts);
    let few = named("few").with_vjp(|_, _, _| Vec::new());
    refused(&tape, || few.try_of(&[x]), &["few at", "0 cotangents for 1 operands"]);
    let wide = named("wide").with_vjp(|_, _, g| vec![g.sum()]);
    refused(&tape, || wide.try_of(&[x]), &["wide at", "shape [] for operand 0 of shape [2]"]);
    let other = Tape::new();
    let y = other.input([1.0, 2.0]);
    let fine = Operation::new("fine", |x| x[0] + x[1]);
    refused(&tape, || fine.try_of(&[x, y]), &["call at", "two tapes"]);
    // The same operation takes other shapes, and is recorded for each.
    let each = named("each");
    assert_eq!(each.of(&[x.at(0)]).value(), 1.0f64.sin());
    assert_eq!(each.of(&[x]).len(), 2);
}

#[test]
fn what_is_no_loop_is_refused() {
    let tape = Tape::new();
    let x = tape.input([1.0, 2.0]).named("x");
    let start = || Scan::new().state(x);
    let parts = ["scan at", "number of steps is not known"];
    refused(&tape, || start().record(|s| s.next([s.state(0)])), &parts);
    let parts = ["scan at", "at least one step"];
    refused(&tape, || start().steps(0).record(|s| s.next([s.state(0)])), &parts);
    let parts = ["scan at", "v0 x of rows are 2, and the loop has 3 steps"];
    refused(&tape, || start().steps(3).rows(x).record(|s| s.next([s.state(0)])), &parts);
    let rows = || start().rows(x.at(0)).record(|s| s.next([s.state(0)]));
    refused(&tape, rows, &["scan at", "which has no rows"]);
    let parts = ["scan at", "state 0 has shape [2] before a step and [] after it"];
    refused(&tape, || start().steps(2).record(|s| s.next([s.state(0).sum()])), &parts);
    let parts = ["scan at", "0 states of 1"];
    refused(&tape, || start().steps(2).record(|s| s.next([])), &parts);
    let nothing = || Scan::<f64>::new().steps(2).record(|s| s.next([]));
    refused(&tape, nothing, &["scan at", "at least one input"]);
    let branches = || {
        start().steps(2).record(|s| {
            let x = s.state(0);
            s.next([if x.at(0) > 0.0 { x } else { -x }])
        })
    };
    refused(&tape, branches, &["scan at", "compares", "Tape::cond"]);
}

#[test]
fn a_branch_or_a_checkpoint_that_does_not_fit_is_refused() {
    let tape = Tape::new();
    let x = tape.input([1.0, 2.0]).named("x");
    let parts = ["cond at", "x of shape [2]", "single number"];
    refused(&tape, || tape.cond(x, &[x], |x| x[0], |x| x[0]), &parts);
    let parts = ["cond at", "one branch returns shape [2], the other []"];
    refused(&tape, || tape.cond(x.at(0), &[x], |x| x[0] + 1.0, |x| x[0].sum()), &parts);
    refused(&tape, || tape.cond(x.at(0), &[], |x| x[0], |x| x[0]), &["cond at", "one input"]);
    refused(&tape, || tape.checkpoint(&[], |x| x[0]), &["checkpoint at", "one input"]);
    let other = Tape::new();
    let y = other.input(1.0);
    // Read inside, a variable of another tape panics as everywhere; the message names both tapes.
    let message = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        tape.checkpoint(&[x], |inside| {
            let sum = inside[0].sum();
            assert!(sum.try_add(y.detach()).is_err());
            sum
        })
    }));
    assert!(message.unwrap().is_ok());
}

/// A detached operand stands still in second derivatives too.
#[test]
fn what_is_detached_stands_still_inside() {
    type Inside = for<'b> fn(&[Var<'b>]) -> Var<'b>;
    let inside: Inside = |x| (x[0] * x[1] * x[1]).sin();
    type Way = fn(&Tape, Var<'_>, Inside) -> Vec<f64>;
    let ways: [Way; 4] = [
        |tape, x, inside| of(tape, x, inside(&[x.detach(), x])),
        |tape, x, inside| of(tape, x, tape.checkpoint(&[x.detach(), x], inside).unwrap()),
        |tape, x, inside| {
            let y = tape.cond(x.indicator_gt(0.0), &[x.detach(), x], inside, |x| x[0]);
            of(tape, x, y.unwrap())
        },
        |tape, x, inside| {
            let y = tape.root(tape.constant(0.5), &[x.detach(), x], |y, p| y - inside(p));
            of(tape, x, y.unwrap())
        },
    ];
    fn of(tape: &Tape, x: Var<'_>, y: Var<'_>) -> Vec<f64> {
        let mut numbers = tape.hvp(y, &[(tape.var(x.key()), &[1.0])], &[tape.var(x.key())]);
        numbers.as_mut().unwrap().push(vec![tape.var(y.key()).backward().wrt(tape.var(x.key()))]);
        numbers.unwrap().concat()
    }
    let numbers = ways.map(|way| {
        let tape = exact();
        let x = tape.input(0.8);
        way(&tape, x, inside)
    });
    let (first, second) = (2.0 * 0.8 * 0.8, 2.0 * 0.8);
    let (sine, cosine) = 0.8_f64.powi(3).sin_cos();
    close(&numbers[0], &[cosine * second - sine * first * first, cosine * first], 1e-14, "plain");
    close(&numbers[1], &numbers[0], 1e-14, "a checkpoint");
    close(&numbers[2], &numbers[0], 1e-14, "a branch");
    close(&numbers[3], &numbers[0], 1e-14, "a root");
}

/// The same of a loop's inputs, whatever the sweep keeps, and of a row and a state.
#[test]
fn what_is_detached_stands_still_in_every_step() {
    const STEPS: usize = 5;
    fn turn<'b>(state: Var<'b>, row: Var<'b>, fixed: Var<'b>) -> Var<'b> {
        (fixed * state * state + row * state).sin()
    }
    let second = |tape: &Tape, x: Var<'_>, y: Var<'_>| {
        let (x, y) = (tape.var(x.key()), tape.var(y.key()));
        let hvp = tape.hvp(y, &[(x, &[1.0])], &[x]).unwrap().concat();
        [hvp[0], y.backward().wrt(x)]
    };
    // Which of the three inputs is detached.
    for cut in 0..4 {
        let expected = {
            let tape = exact();
            let x = tape.input(0.7);
            let read = |i: usize| if cut == i { x.detach() } else { x };
            let mut state = read(0);
            for _ in 0..STEPS {
                state = turn(state, read(1), read(2));
            }
            second(&tape, x, state)
        };
        for keep in [Snapshots::All, Snapshots::Auto, Snapshots::Count(2)] {
            let tape = exact();
            let x = tape.input(0.7);
            let read = |i: usize| if cut == i { x.detach() } else { x };
            let rows = read(1).broadcast_to([STEPS]);
            let scan = Scan::new().state(read(0)).rows(rows).fixed(read(2)).snapshots(keep);
            let scan = scan.record(|s| s.next([turn(s.state(0), s.row(0), s.fixed(0))])).unwrap();
            let found = second(&tape, x, scan.state(0));
            close(&found, &expected, 1e-13, &format!("{keep:?}, input {cut} detached"));
        }
    }
}

#[test]
fn calls_are_listed_by_their_names() {
    let tape = Tape::new();
    let x = tape.input(0.5).named("x");
    let y = Operation::new("swish", |x| x[0] * x[0].sigmoid()).of(&[x]).named("y");
    let scan = Scan::new().state(y).steps(3).record(|s| s.next([s.state(0).sin()])).unwrap();
    let _ = scan.state(0);
    let text = tape.to_string();
    assert!(text.contains("y       swish x"), "{text}");
    assert!(text.contains("scan 3 steps y -> [1]"), "{text}");
}
