//! Roots and fixed points: values, first and second derivatives against mpmath's, in every mode, at
//! the point of recording and at others; and equations that cannot be solved.

use wengert::number::Dual;
use wengert::program::Batch;
use wengert::{CompileTape, Compiler, Error, External, Numerics, Options, Tape, Var};

/// Written by `implicit/make.py`.
const POINTS: &str = include_str!("implicit/points.csv");

type Problem = for<'t> fn(&'t Tape, Var<'t>) -> Var<'t>;

fn kepler<'t>(tape: &'t Tape, p: Var<'t>) -> Var<'t> {
    let mean = p.at(0);
    tape.root(mean, &[mean, p.at(1)], |x, p| x - p[1] * x.sin() - p[0]).unwrap()
}

fn system<'t>(tape: &'t Tape, p: Var<'t>) -> Var<'t> {
    let start = tape.constant([1.0, -1.0]);
    let root = tape.root(start, &[p], |x, p| {
        let (a, b, y) = (p[0].at(0), p[0].at(1), x.at(1));
        x.tape().stack(&[x.square().sum() - a, x.at(0).exp() + y - b])
    });
    let root = root.unwrap();
    root.at(0) * root.at(1) + root.at(0).sin()
}

fn fixed_point<'t>(tape: &'t Tape, p: Var<'t>) -> Var<'t> {
    let start = tape.constant(0.5);
    tape.fixed_point(start, &[p.at(0), p.at(1)], |x, p| (p[0] * x).cos() + p[1]).unwrap()
}

fn layer<'t>(tape: &'t Tape, p: Var<'t>) -> Var<'t> {
    let start = tape.constant([0.1, 0.1]);
    let point = tape.fixed_point(start, &[p.slice(0, 0..2), p.at(2)], |x, p| {
        let (b, w) = (p[0], p[1]);
        let first = 0.5 * x.at(0) + w * x.at(1) + b.at(0);
        let second = -0.5 * x.at(0) + 0.25 * x.at(1) + b.at(1);
        x.tape().stack(&[first, second]).tanh()
    });
    let point = point.unwrap();
    point.at(0).square() + 3.0 * point.at(1)
}

struct Known {
    at: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    hessian: Vec<f64>,
}

fn known(problem: &str) -> Vec<Known> {
    let rows = POINTS.lines().filter_map(|line| line.strip_prefix(problem)?.strip_prefix(','));
    let numbers = rows.map(|row| row.split(',').map(|x| x.parse().unwrap()).collect::<Vec<f64>>());
    let known = numbers.map(|numbers| {
        // n + 1 + n + n²
        let n = (1..).find(|n| n * n + 2 * n + 1 == numbers.len()).unwrap();
        let (at, rest) = numbers.split_at(n);
        let (gradient, hessian) = rest[1..].split_at(n);
        let [at, gradient, hessian] = [at, gradient, hessian].map(<[f64]>::to_vec);
        Known { at, value: rest[0], gradient, hessian }
    });
    let known: Vec<Known> = known.collect();
    assert_eq!(known.len(), 3, "{problem}");
    known
}

fn close(a: &[f64], b: &[f64], tolerance: f64, what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{what}, element {i}: {a} and {b}");
    }
}

fn exact() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

#[test]
fn derivatives_are_those_of_the_implicit_function_theorem() {
    let problems: [(&str, Problem); 4] =
        [("kepler", kepler), ("system", system), ("fixed_point", fixed_point), ("layer", layer)];
    for (name, problem) in problems {
        let points = known(name);
        for numerics in [Numerics::Exact, Numerics::Fast] {
            in_every_mode(problem, &points, numerics, &format!("{name}, {numerics:?}"));
        }
        for point in &points {
            let hessian = wengert::hessian(|p| problem(p.tape(), p), &point.at).unwrap().concat();
            close(&hessian, &point.hessian, 1e-13, name);
        }
    }
}

fn in_every_mode(problem: Problem, points: &[Known], numerics: Numerics, what: &str) {
    let tape = Tape::with(Options::default().numerics(numerics));
    let first = &points[0];
    let n = first.at.len();
    let p = tape.input(first.at.as_slice()).named("p");
    let y = problem(&tape, p);
    let direction: Vec<f64> = (0..n).map(|i| (i as f64 + 0.5).cos()).collect();
    let d = tape.data(direction.as_slice());
    let gradient = y.record_gradient(&[p]).unwrap()[0].unwrap();
    let slope = (gradient * d).sum();
    let tangent = y.record_tangent(&[(p, d)]).unwrap().unwrap();
    let moved = gradient.record_tangent(&[(p, d)]).unwrap().unwrap();
    let report = y.check().run().unwrap();
    assert!(report.agrees(), "{what}: {report}");

    let mut compiler = Compiler::new(&tape).numerics(numerics);
    let asked = [
        compiler.output(y).unwrap(),
        compiler.gradient(y, p).unwrap(),
        compiler.gradient(slope, p).unwrap(),
        compiler.output(tangent).unwrap(),
        compiler.output(moved).unwrap(),
    ];
    let program = compiler.compile().unwrap();
    let (input, mut workspace) = (program.input(p).unwrap(), program.workspace());
    for point in points {
        let Known { at, value, gradient: slopes, hessian } = point;
        let along: f64 = direction.iter().zip(slopes).map(|(d, g)| d * g).sum();
        let second: Vec<f64> = hessian
            .chunks(n)
            .map(|row| direction.iter().zip(row).map(|(d, h)| d * h).sum())
            .collect();
        tape.replay(&[(p, at)]).unwrap();
        close(&[y.value()], &[*value], 4e-16, what);
        let swept = y.backward().values_wrt(p);
        close(&swept, slopes, 2e-15, what);
        close(&gradient.values(), slopes, 2e-15, what);
        close(&[tangent.value()], &[along], 4e-15, what);
        close(&[tape.tangents(&[(p, &direction)]).unwrap().value(y)], &[along], 4e-15, what);
        let hvp = tape.hvp(y, &[(p, &direction)], &[p]).unwrap().concat();
        close(&hvp, &second, 1e-13, what);
        close(&slope.backward().values_wrt(p), &second, 1e-13, what);
        close(&moved.values(), &second, 1e-13, what);

        workspace.set(input, at).unwrap();
        program.run(&mut workspace).unwrap();
        let numbers = asked.map(|output| workspace.values(output));
        if numerics == Numerics::Exact {
            assert_eq!((numbers[0][0], &numbers[1]), (y.value(), &swept), "{what}");
        }
        close(&numbers[0], &[*value], 4e-16, what);
        close(&numbers[1], slopes, 2e-15, what);
        close(&numbers[2], &second, 1e-13, what);
        close(&numbers[3], &[along], 4e-15, what);
        close(&numbers[4], &second, 1e-13, what);
    }
}

/// The third derivative of the root x of x² = a at 1, `3/8`, by every nesting of modes.
#[test]
fn derivatives_of_any_order_are_there() {
    let tape = exact();
    let a = tape.input(1.0);
    let x = tape.root(tape.constant(2.0), &[a], |x, p| x.square() - p[0]).unwrap();
    let first = x.record_gradient(&[a]).unwrap()[0].unwrap();
    let second = first.record_gradient(&[a]).unwrap()[0].unwrap();
    assert_eq!((x.value(), first.value(), second.value()), (1.0, 0.5, -0.25));
    assert_eq!(second.backward().wrt(a), 0.375);
    assert_eq!(tape.hvp(first, &[(a, &[1.0])], &[a]).unwrap().concat(), [0.375]);
    let fourth = tape.hvp(second, &[(a, &[1.0])], &[a]).unwrap().concat();
    assert_eq!(fourth, [-15.0 / 16.0]);
}

/// A number that a derivative passes to the equation and not to the start.
#[test]
fn the_start_is_no_parameter() {
    let tape = exact();
    let (start, a) = (tape.input(3.0), tape.input(2.0));
    let x = tape.root(start, &[a], |x, p| x.square() - p[0]).unwrap();
    let gradients = x.backward();
    assert_eq!(gradients.get(start), None);
    assert!((gradients.wrt(a) - 0.5 / 2.0_f64.sqrt()).abs() < 1e-16);
    assert!(x.record_gradient(&[start]).unwrap()[0].is_none());
    // Another start, another root.
    tape.replay(&[(start, &[-1.0])]).unwrap();
    assert!((x.value() + 2.0_f64.sqrt()).abs() < 4e-16, "{}", x.value());
    // With nothing that it depends on it is a number.
    let x = tape.root(start, &[], |x, _| x.square() - 2.0).unwrap();
    assert!(x.is_detached() && (x.value() + 2.0_f64.sqrt()).abs() < 4e-16);
}

/// Newton's full steps diverge from these starts.
#[test]
fn steps_are_halved_where_they_lead_away() {
    let tape = exact();
    let x = tape.root(tape.constant(3.0), &[], |x, _| x.atan()).unwrap();
    assert!(x.value().abs() < 1e-15, "{}", x.value());
    let x = tape.root(tape.constant(40.0), &[], |x, _| (x - 1.0).tanh() + 0.5).unwrap_err();
    assert!(matches!(x, Error::Singular { .. } | Error::NoConvergence { .. }), "{x}");
    let x = tape.root(tape.constant(-3.0), &[], |x, _| x.exp() - 1e-3).unwrap();
    assert!((x.value() - 1e-3_f64.ln()).abs() < 1e-15);
}

#[test]
fn tapes_of_other_numbers_solve_too() {
    let tape = Tape::<f32>::default();
    let a = tape.input(2.0_f32);
    let x = tape.root(tape.constant(1.0), &[a], |x, p| x.square() - p[0]).unwrap();
    assert!((x.value() - 2.0_f32.sqrt()).abs() < 1e-7);
    assert!((x.backward().wrt(a) - 0.5 / 2.0_f32.sqrt()).abs() < 1e-7);
    assert!(x.check().run().unwrap().agrees());
    let tape = Tape::<Dual<f64>>::default();
    let a = tape.input(Dual::new(2.0, 1.0));
    let x = tape.root(tape.constant(Dual::constant(1.0)), &[a], |x, p| x.square() - p[0]).unwrap();
    let root = 2.0_f64.sqrt();
    assert!((x.value().tangent - 0.5 / root).abs() < 1e-16);
    let second = x.backward().wrt(a);
    assert!((second.tangent + 0.25 / (2.0 * root)).abs() < 1e-16, "{second:?}");
}

#[test]
fn foreign_equations_have_first_derivatives() {
    let square = External::new("square", |x, y| y[0] = x[0][0] * x[0][0])
        .with_vjp(|x, _, g, to| to[0][0] = 2.0 * x[0][0] * g[0]);
    let tape = exact();
    let a = tape.input(2.0);
    let x = tape.root(tape.constant(1.0), &[a], |x, p| square.of(&[x]) - p[0]).unwrap();
    let slope = 0.5 / 2.0_f64.sqrt();
    assert!((x.backward().wrt(a) - slope).abs() < 1e-16);
    assert!((tape.tangents(&[(a, &[1.0])]).unwrap().value(x) - slope).abs() < 1e-16);
    assert!(x.check().run().unwrap().agrees());
    let second = tape.hvp(x, &[(a, &[1.0])], &[a]);
    assert!(matches!(second, Err(Error::NoRule { key, .. }) if key == "square"));
    let recorded = x.record_gradient(&[a]).unwrap()[0].unwrap();
    assert!(matches!(recorded.try_backward(), Err(Error::NoRule { .. })));
    let plain = External::new("plain", |x, y| y[0] = x[0][0]);
    let (start, len) = (tape.constant(1.0), tape.len());
    let unsolved = tape.root(start, &[a], |x, p| plain.of(&[x]) - p[0]);
    assert!(matches!(unsolved, Err(Error::NoRule { op: "root", .. })));
    assert_eq!(tape.len(), len);
}

/// What the error says, and that nothing was recorded.
#[track_caller]
fn refused<T>(tape: &Tape, f: impl FnOnce() -> Result<T, Error>, parts: &[&str]) {
    let before = tape.len();
    let Err(error) = f() else { panic!("nothing was wrong with it") };
    let message = error.to_string();
    for part in parts.iter().chain(&["implicit.rs:"]) {
        assert!(message.contains(part), "{message} does not say {part}");
    }
    assert_eq!(tape.len(), before, "{message}");
}

#[test]
fn what_has_no_root_is_refused() {
    let tape = exact();
    let (x, one) = (tape.input([1.0, 2.0]).named("x"), tape.input(0.7).named("one"));
    let zero = tape.input(0.0).named("zero");
    let parts = ["root at", "from v2 one", "no root is found: after", "is left"];
    refused(&tape, || tape.root(one, &[], |x, _| x.square() + 1.0), &parts);
    let Err(Error::NoConvergence { op, iterations, residual, .. }) =
        tape.fixed_point(one, &[], |x, _| x.square() + x + 1.0)
    else {
        panic!("x² + 1 has no root")
    };
    assert!(op == "fixed_point" && iterations > 0 && (1.0..2.0).contains(&residual));
    refused(
        &tape,
        || tape.root(one, &[], |x, _| (x - 3.0).ln()),
        &["root at", "after 0 steps", "inf"],
    );
    let parts = ["root at", "the Jacobian by v3 zero", "not invertible: pivot 0 is 0"];
    refused(&tape, || tape.root(zero, &[], |x, _| x.square() - 1.0), &parts);
    // A root where the Jacobian has no inverse: no derivative is there.
    refused(&tape, || tape.root(zero, &[], |x, _| x.square()), &parts);
    let dependent = || {
        tape.root(x, &[], |x, _| {
            let sum = x.sum() - 1.0;
            x.tape().stack(&[sum, 2.0 * sum])
        })
    };
    refused(&tape, dependent, &["Jacobian by v0 x of shape [2]", "pivot 1 is 0"]);
    let parts = ["root at", "shape [] for unknowns of shape [2]"];
    refused(&tape, || tape.root(x, &[], |x, _| x.sum()), &parts);
    let parts = ["fixed_point at", "shape [2] for unknowns of shape []"];
    refused(&tape, || tape.fixed_point(one, &[x], |x, p| p[0] * x), &parts);
    let branches = || tape.root(one, &[], |x, _| if x > 0.5 { x } else { -x });
    refused(&tape, branches, &["root at", "compares"]);
    let other = Tape::new();
    let far = other.input(1.0);
    refused(&tape, || tape.root(one, &[far], |x, p| x - p[0]), &["root at", "two tapes"]);
}

#[test]
fn a_root_that_is_lost_later_is_an_error_and_nothing_is_changed() {
    let tape = exact();
    let a = tape.input(4.0).named("a");
    let x = tape.root(tape.constant(3.0), &[a], |x, p| x.square() - p[0]).unwrap().named("x");
    let y = x * 3.0;
    let program = tape.compile(&[y], &[a]).unwrap();
    let error = tape.replay(&[(a, &[-1.0])]).unwrap_err();
    assert!(matches!(error, Error::NoConvergence { op: "root", .. }), "{error}");
    assert_eq!((a.value(), x.value(), y.backward().wrt(a)), (4.0, 2.0, 0.75));

    let (input, mut workspace) = (program.input(a).unwrap(), program.workspace());
    workspace.set(input, &[-1.0]).unwrap();
    let error = program.run(&mut workspace).unwrap_err();
    assert!(matches!(error, Error::NoConvergence { op: "root", .. }), "{error}");
    workspace.set(input, &[9.0]).unwrap();
    program.run(&mut workspace).unwrap();
    assert_eq!(workspace.value(program.outputs()[0]), 9.0);

    // Of many rows those that have none are named.
    let mut compiler = Compiler::new(&tape);
    compiler.rows(4, &[a]).unwrap();
    let value = compiler.output(y).unwrap();
    let program = compiler.compile().unwrap();
    let rows = program.input(a).unwrap();
    let batch = Batch::new(program);
    let error = batch.run(&[], &[(rows, &[4.0, -1.0, 9.0, -2.0])]).unwrap_err();
    let Error::GuardFlippedInRows { rows: bad, first } = error else { panic!("{error}") };
    assert_eq!(bad, [1, 3]);
    assert!(matches!(*first, Error::NoConvergence { .. }));
    assert_eq!(batch.run(&[], &[(rows, &[4.0, 9.0])]).unwrap().values(value), [6.0, 9.0]);
}

/// An equation within a function: the derivative is right, and a fault names both.
#[test]
fn a_root_within_a_function() {
    let tape = exact();
    let a = tape.input(4.0).named("a");
    fn inside(a: Var<'_>) -> Result<Var<'_>, Error> {
        a.tape().root(a * 0.25 + 2.0, &[a], |x, p| x.square() - p[0])
    }
    let y = tape.checkpoint(&[a], |x| inside(x[0]).unwrap().exp()).unwrap();
    let plain = inside(a).unwrap().exp();
    assert_eq!(y.value(), plain.value());
    close(&[y.backward().wrt(a)], &[plain.backward().wrt(a)], 1e-15, "inside");
    let second = |y| tape.hvp(y, &[(a, &[1.0])], &[a]).unwrap().concat();
    close(&second(y), &second(plain), 1e-14, "inside, second");
    let program = tape.compile(&[y], &[a]).unwrap();
    let error = tape.replay(&[(a, &[-1.0])]).unwrap_err().to_string();
    for part in ["root at", "in checkpoint no root is found"] {
        assert!(error.contains(part), "{error}");
    }
    let (input, mut workspace) = (program.input(a).unwrap(), program.workspace());
    workspace.set(input, &[-1.0]).unwrap();
    assert_eq!(program.run(&mut workspace).unwrap_err().to_string(), error);
}

/// A root's number and its adjoints are within what 32 digits allow them.
#[cfg(feature = "precision")]
#[test]
fn its_error_is_bounded() {
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let tape = Tape::with(Options::default().numerics(numerics));
        let p = tape.input([1.0, 0.5]);
        let y = kepler(&tape, p);
        let truth = y.truth().run().unwrap();
        assert_eq!(truth.value(y).truth.high(), 1.4987011335178483);
        assert!(truth.value(y).holds(y.value()) && truth.value(y).digits() > 13.0);
        let gradients = y.backward().values_wrt(p);
        for (i, slope) in gradients.iter().enumerate() {
            assert!(truth.adjoint(p.at(i)).holds(*slope), "{i}");
        }
    }
}
