//! Operations with numbers alone: in every mode of first order they are their closures; what would
//! need a derivative that nobody knows is refused by name. Never a silent zero.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use wengert::number::Dual;
use wengert::{
    CompileTape, Compiler, Error, External, Externals, Function, Numerics, Operation, Options,
    Scan, Tape, Var,
};

fn exact() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

fn close(a: &[f64], b: &[f64], tolerance: f64, what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{what}, element {i}: {a} and {b}");
    }
}

/// Which rules an operation is given.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rules {
    Vjp,
    Jvp,
    Both,
}

/// `yᵢ = sin(aᵢ) Σⱼ cⱼ` of a run and a matrix, in plain loops.
fn foreign(rules: Rules) -> External {
    let total = |c: &[f64]| c.iter().sum::<f64>();
    let mut op = External::new("foreign", move |x, y| {
        for (&a, y) in x[0].iter().zip(y) {
            *y = a.sin() * total(x[1]);
        }
    });
    if rules != Rules::Jvp {
        op = op.with_vjp(move |x, v, g, to| {
            assert_eq!((v.len(), g.len(), to.len()), (x[0].len(), x[0].len(), 2));
            for (i, (&a, &g)) in x[0].iter().zip(g).enumerate() {
                to[0][i] = g * a.cos() * total(x[1]);
                for to in to[1].iter_mut() {
                    *to += g * a.sin();
                }
            }
        });
    }
    if rules != Rules::Vjp {
        op = op.with_jvp(move |x, _, t, to| {
            for (i, to) in to.iter_mut().enumerate() {
                *to = x[0][i].cos() * t[0][i] * total(x[1]) + x[0][i].sin() * total(t[1]);
            }
        });
    }
    op
}

/// The same of operations of the tape.
fn written<'t>(a: Var<'t>, c: Var<'t>) -> Var<'t> {
    a.sin() * c.sum()
}

/// A loss of a point of five numbers: a run of three, and two in a column.
fn loss<'t>(x: Var<'t>, f: impl Fn(Var<'t>, Var<'t>) -> Var<'t>) -> Var<'t> {
    let y = f(x.slice(0, 0..3).exp(), x.slice(0, 3..5).reshape([2, 1]));
    (y * y.tape().constant([1.0, -2.0, 0.5])).square().sum()
}

const AT: [f64; 5] = [0.3, -0.7, 0.2, 1.1, 0.4];
const ELSEWHERE: [f64; 5] = [-0.2, 0.1, 0.5, 0.9, -1.3];

#[test]
fn every_mode_of_first_order_is_that_of_the_closures() {
    for rules in [Rules::Vjp, Rules::Jvp, Rules::Both] {
        for numerics in [Numerics::Exact, Numerics::Fast] {
            in_every_mode(foreign(rules), numerics, &format!("{rules:?}, {numerics:?}"));
        }
    }
}

fn in_every_mode(op: External, numerics: Numerics, what: &str) {
    let reference = |at: &[f64]| {
        let tape = exact();
        let x = tape.input(at);
        let y = loss(x, written);
        (y.value(), y.backward().values_wrt(x))
    };
    let tape = Tape::with(Options::default().numerics(numerics));
    let x = tape.input(AT).named("x");
    let y = loss(x, |a, c| op.of(&[a, c]));
    let known = reference(&AT);
    close(&[y.value()], &[known.0], 1e-14, what);
    let swept = y.backward().values_wrt(x);
    close(&swept, &known.1, 1e-14, what);
    let report = y.check().run().unwrap();
    assert!(report.agrees(), "{what}: {report}");

    let direction = [1.0, -0.5, 0.25, 2.0, 1.5];
    let along: f64 = direction.iter().zip(&swept).map(|(d, g)| d * g).sum();
    let duals = tape.tangents(&[(x, &direction)]).unwrap().value(y);
    close(&[duals], &[along], 1e-13, what);
    let t = tape.input(direction);
    close(&[y.record_tangent(&[(x, t)]).unwrap().unwrap().value()], &[along], 1e-13, what);
    let recorded = y.record_gradient(&[x]).unwrap()[0].unwrap();
    close(&recorded.values(), &swept, 1e-14, what);

    let mut compiler = Compiler::new(&tape).numerics(numerics);
    let asked =
        (compiler.output(y).unwrap(), compiler.gradient(y, x).unwrap(), compiler.output(recorded));
    let program = compiler.compile().unwrap();
    let mut workspace = program.workspace();
    program.run(&mut workspace).unwrap();
    if numerics == Numerics::Exact {
        assert_eq!(workspace.value(asked.0).to_bits(), y.value().to_bits(), "{what}");
        assert_eq!(workspace.values(asked.1), swept, "{what}");
    }
    let known = reference(&ELSEWHERE);
    let input = program.input(x).unwrap();
    workspace.set(input, &ELSEWHERE).unwrap();
    program.run(&mut workspace).unwrap();
    close(&[workspace.value(asked.0)], &[known.0], 1e-13, what);
    close(&workspace.values(asked.1), &known.1, 1e-13, what);
    close(&workspace.values(asked.2.unwrap()), &known.1, 1e-13, what);
    tape.replay(&[(x, &ELSEWHERE)]).unwrap();
    close(&[y.value()], &[known.0], 1e-14, what);
    close(&y.backward().values_wrt(x), &known.1, 1e-13, what);
    close(&recorded.values(), &known.1, 1e-13, what);
}

#[test]
fn bodies_run_it_too() {
    let op = foreign(Rules::Vjp);
    let tape = exact();
    let x = tape.input(AT);
    fn stepped<'t>(x: Var<'t>, op: &External) -> Var<'t> {
        let scan = Scan::new().state(x.slice(0, 0..3)).fixed(x.slice(0, 3..5)).steps(3);
        let op = op.clone();
        let scan = scan.record(|s| s.next([op.of(&[s.state(0), s.fixed(0)])])).unwrap();
        scan.state(0)
    }
    let y = stepped(x, &op).sum();
    let z = {
        let steps = (0..3).fold(x.slice(0, 0..3), |a, _| written(a, x.slice(0, 3..5)));
        steps.sum()
    };
    close(&[y.value()], &[z.value()], 1e-14, "a loop");
    let known = z.backward().values_wrt(x);
    close(&y.backward().values_wrt(x), &known, 1e-13, "a loop's gradient");
    let program = tape.compile(&[y], &[x]).unwrap();
    let mut workspace = program.workspace();
    program.run(&mut workspace).unwrap();
    close(&workspace.values(program.outputs()[1]), &known, 1e-13, "a loop's program");
    let inside = tape.checkpoint(&[x], |x| op.of(&[x[0].slice(0, 0..3), x[0].slice(0, 3..5)]));
    let call = Operation::new("around", {
        let op = op.clone();
        move |x| op.of(&[x[0].slice(0, 0..3), x[0].slice(0, 3..5)])
    });
    let written = written(x.slice(0, 0..3), x.slice(0, 3..5)).sum();
    let known = written.backward().values_wrt(x);
    for y in [inside.unwrap().sum(), call.of(&[x]).sum()] {
        close(&y.backward().values_wrt(x), &known, 1e-13, "a call");
        assert!(y.check().run().unwrap().agrees());
        refused(tape.hvp(y, &[(x, &[1.0; 5])], &[x]), "hvp", true);
    }
    refused(tape.hvp(y, &[(x, &[1.0; 5])], &[x]), "hvp", true);
    let recorded = y.record_gradient(&[x]).unwrap()[0].unwrap();
    close(&recorded.values(), &y.backward().values_wrt(x), 1e-13, "a loop's recorded gradient");
    refused(recorded.sum().try_backward(), "backward", true);
}

/// What is refused names the operation, says whether it has a derivative at all, and the caller's
/// line.
#[track_caller]
fn refused<T>(result: Result<T, Error>, asked: &str, first: bool) {
    let line = std::panic::Location::caller().line();
    match result {
        Ok(_) => panic!("{asked}: nobody knows this derivative"),
        Err(Error::NoRule { op, key, has_first, at, .. }) => {
            assert_eq!((op, has_first), (asked, first));
            assert!(["foreign", "plain"].contains(&key.as_str()), "{key}");
            assert!(at.file().ends_with("external.rs"), "{at}");
            assert!(at.line() <= line && line - at.line() < 20, "{at} is not at line {line}");
        }
        Err(other) => panic!("{asked}: {other}"),
    }
}

#[test]
fn a_second_derivative_is_refused_in_every_mode() {
    let op = foreign(Rules::Both);
    let tape = exact();
    let (x, still) = (tape.input(AT), tape.input(AT));
    let y = loss(x, |a, c| op.of(&[a, c]));
    let direction = [1.0; 5];
    refused(tape.hvp(y, &[(x, &direction)], &[x]), "hvp", true);
    refused(tape.hessian(y, x), "hessian", true);
    let recorded = y.record_gradient(&[x]).unwrap()[0].unwrap();
    let slope = recorded.sum();
    refused(slope.try_backward(), "backward", true);
    refused(recorded.backward_with(&direction), "backward", true);
    refused(tape.backward_from(&[(recorded, &direction)]), "backward", true);
    refused(slope.record_gradient(&[x]), "record_gradient", true);
    let t = tape.input(direction);
    refused(tape.record_vjp(&[(recorded, t)], &[x]), "record_vjp", true);
    refused(slope.record_tangent(&[(x, t)]), "record_tangent", true);
    let moved = y.record_tangent(&[(x, t)]).unwrap().unwrap();
    refused(moved.record_tangent(&[(x, t)]), "record_tangent", true);
    refused(tape.jacobian(recorded, x), "jacobian", true);
    refused(slope.check().run(), "check", true);
    let mut compiler = Compiler::new(&tape);
    refused(compiler.gradient(slope, x), "gradient", true);
    refused(compiler.gradient_per_row(slope, x), "gradient_per_row", true);
    let leaf = tape.data([0.0; 5]);
    let mut compiler = Compiler::new(&tape);
    refused(compiler.gradient_as(slope, x, leaf), "gradient_as", true);
    refused(wengert::hessian(|x| loss(x, |a, c| op.of(&[a, c])), &AT), "hessian", true);
    let mut gradients = still.sum().backward();
    refused(slope.backward_into(&mut gradients), "backward", true);
    // What panics names the line too.
    let payload = catch_unwind(AssertUnwindSafe(|| slope.backward())).map(drop).unwrap_err();
    let message = payload.downcast_ref::<String>().unwrap();
    assert!(message.contains("foreign") && message.contains("external.rs"), "{message}");
    let tangents = tape.tangents(&[(x, &direction)]).unwrap();
    refused(tangents.try_values(recorded), "tangents", true);
    assert!(catch_unwind(AssertUnwindSafe(|| tangents.values(recorded))).is_err());
    // A sweep by what it does not depend on, and a direction along which it stands still, are fine.
    assert!(slope.record_gradient(&[still]).unwrap()[0].is_none());
    let mixed = y * still.sum();
    let along = tape.hvp(mixed, &[(still, &direction)], &[x]).unwrap().concat();
    close(
        &along,
        &y.backward().values_wrt(x).iter().map(|g| g * 5.0).collect::<Vec<_>>(),
        1e-13,
        "mixed",
    );
}

#[test]
fn a_recorded_product_is_linear_in_its_cotangent() {
    let op = foreign(Rules::Vjp);
    let tape = exact();
    let (x, g) = (tape.input(AT), tape.input([1.0, 2.0, -1.0]));
    let y = op.of(&[x.slice(0, 0..3), x.slice(0, 3..5)]);
    let product = tape.record_vjp(&[(y, g)], &[x]).unwrap()[0].unwrap();
    // Its derivative by g is the Jacobian, transposed: the same as a tangent.
    let weights = [0.5, 1.0, 2.0, -1.0, 0.25];
    let total = (product * tape.constant(weights)).sum();
    let by_g = total.record_gradient(&[g]).unwrap()[0].unwrap();
    let along = tape.tangents(&[(x, &weights)]).unwrap().values(y);
    close(&by_g.values(), &along, 1e-13, "by the cotangent");
    let moved = product.record_tangent(&[(g, tape.constant([1.0, 0.0, 0.0]))]).unwrap().unwrap();
    let row = tape.backward_from(&[(y, &[1.0, 0.0, 0.0])]).unwrap().values_wrt(x);
    close(&moved.values(), &row, 1e-13, "along the cotangent");
    let tangents = tape.tangents(&[(g, &[1.0, 0.0, 0.0])]).unwrap();
    close(&tangents.values(product), &row, 1e-13, "duals along the cotangent");
    refused(total.record_gradient(&[x]), "record_gradient", true);
}

#[test]
fn without_a_rule_it_has_values_alone() {
    let plain = External::new("plain", |x, y| y[0] = x[0].iter().product())
        .with_shape(|_| Ok(wengert::Shape::scalar()));
    let tape = exact();
    let (x, w) = (tape.input([2.0, 3.0]).named("x"), tape.input(4.0));
    let y = plain.of(&[x]).named("y");
    assert_eq!(y.value(), 6.0);
    tape.replay(&[(x, &[5.0, 7.0])]).unwrap();
    assert_eq!(y.value(), 35.0);
    refused(y.try_backward(), "backward", false);
    let tangents = tape.tangents(&[(x, &[1.0, 1.0])]).unwrap();
    refused(tangents.try_values(y), "tangents", false);
    assert!(tangents.at(y.id()).is_nan());
    refused(wengert::jvp(|x| plain.of(&[x]), &[1.0, 2.0], &[1.0, 0.0]), "jvp", false);
    refused(y.record_gradient(&[x]), "record_gradient", false);
    refused(y.check().run(), "check", false);
    let mut compiler = Compiler::new(&tape);
    refused(compiler.gradient(y, x), "gradient", false);
    // Detached it is a number like others.
    let z = w * y.detach() + w * plain.of(&[x.detach()]);
    assert_eq!(z.backward().wrt(w), 70.0);
    assert_eq!(tape.hvp(z.square(), &[(w, &[1.0])], &[w]).unwrap().concat(), [2.0 * 70.0 * 70.0]);
    let message = y.try_backward().unwrap_err().to_string();
    for part in ["backward at", "v", "y of shape []", "plain", "with_vjp"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn tapes_of_other_numbers_call_it() {
    let op = foreign(Rules::Both);
    let tape = Tape::<f32>::default();
    let x = tape.input([0.5_f32, 1.0]);
    let y = op.of(&[x, x]).sum();
    let known = wengert::grad(|x| written(x, x).sum(), &[0.5, 1.0]).unwrap();
    for (single, double) in y.backward().values_wrt(x).iter().zip(&known) {
        assert!((f64::from(*single) - double).abs() < 1e-6, "{single} {double}");
    }
    // Tangents are carried by duals; a sweep over them would be second order.
    let tape = Tape::<Dual<f64>>::default();
    let x = tape.input([Dual::new(0.5, 1.0), Dual::constant(1.0)]);
    let y = op.of(&[x, x]).sum();
    let along = wengert::jvp(|x| written(x, x), &[0.5, 1.0], &[1.0, 0.0]).unwrap().1;
    close(&[y.value().tangent], &[along.iter().sum()], 1e-14, "a tape of duals");
    refused(y.try_backward(), "backward", true);
    let plain = External::new("plain", |x, y| y[0] = x[0][0]);
    refused(plain.try_of(&[x.at(0)]), "external", false);
}

#[test]
fn a_wrong_rule_is_found_by_the_check() {
    let wrong = External::new("wrong", |x, y| y[0] = x[0][0].powi(3))
        .with_vjp(|x, _, g, to| to[0][0] = 2.0 * x[0][0] * g[0]);
    let tape = Tape::new();
    let x = tape.input(2.0).named("x");
    let report = wrong.of(&[x]).check().run().unwrap();
    assert!(!report.agrees(), "{report}");
    // Two rules that contradict each other are found too: the sweep reads one, duals the other.
    let torn = External::new("torn", |x, y| y[0] = x[0][0].powi(3))
        .with_vjp(|x, _, g, to| to[0][0] = 3.0 * x[0][0].powi(2) * g[0])
        .with_jvp(|x, _, t, to| to[0] = 2.0 * x[0][0] * t[0][0]);
    let report = torn.of(&[x]).check().run().unwrap();
    assert!(!report.agrees(), "{report}");
}

#[test]
fn a_key_stands_for_one_operation() {
    let one = External::new("key", |x, y| y[0] = x[0][0] + 1.0);
    let other = External::new("key", |x, y| y[0] = x[0][0] + 2.0);
    assert_ne!(one, other);
    assert_eq!(one, one.clone());
    assert_ne!(one, one.clone().with_vjp(|_, _, g, to| to[0].copy_from_slice(g)));
    let mut tape = Tape::new();
    {
        let x = tape.input(0.0);
        let y = one.of(&[x]);
        let len = tape.len();
        let message = other.try_of(&[x]).unwrap_err().to_string();
        assert!(message.contains("key at") && message.contains("of this key"), "{message}");
        let inside = tape.checkpoint(&[x], |x| other.of(&[x[0]]));
        assert!(matches!(inside, Err(Error::Body { .. })));
        assert_eq!(tape.len(), len);
        // The same operation twice is one instruction of a program; two would be two numbers.
        let twice = one.clone().of(&[x]) + y;
        let program = tape.compile(&[twice], &[]).unwrap();
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        assert_eq!(workspace.value(program.outputs()[0]), 2.0);
    }
    // What a tape has forgotten it does not hold against anybody.
    tape.clear();
    let mark = tape.mark();
    let _ = one.of(&[tape.input(0.0)]);
    tape.rewind(mark);
    assert_eq!(other.of(&[tape.input(0.0)]).value(), 2.0);

    let mut known = Externals::new();
    known.register(one.clone()).unwrap();
    known.register(one.clone()).unwrap();
    let message = known.register(other).unwrap_err().to_string();
    assert!(message.contains("key") && message.contains("registered"), "{message}");
    assert_eq!(*known.get("key").unwrap(), one);
    let message = known.get("nokey").unwrap_err().to_string();
    assert!(message.contains("nokey") && message.contains("[\"key\"]"), "{message}");
    assert!(known.register(External::new("exp", |_, _| {})).is_err());
    assert_eq!(known.keys().collect::<Vec<_>>(), ["key"]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let op =
        External::new("pairs", |x, y| y[0] = x[0][0] + x[1][0]).with_shape(|shapes| match shapes {
            [a, b] if a == b => Ok(a.clone()),
            _ => Err("it takes two operands of one shape".to_owned()),
        });
    let (tape, other) = (Tape::new(), Tape::new());
    let (x, y) = (tape.input([1.0, 2.0]).named("x"), tape.input([1.0, 2.0, 3.0]));
    let z = other.input([1.0, 2.0]);
    let len = tape.len();
    let says = |result: Result<Var<'_>, Error>, parts: &[&str]| {
        let message = result.unwrap_err().to_string();
        for part in parts.iter().chain(&["external.rs:"]) {
            assert!(message.contains(part), "{message} does not say {part}");
        }
    };
    says(op.try_of(&[x, y]), &["external at", "x of shape [2]", "two operands of one shape"]);
    says(op.try_of(&[] as &[Var<'_>]), &["pairs at", "at least one operand"]);
    says(op.try_of(&[x, z]), &["two tapes"]);
    says(External::new("sin", |_, _| {}).try_of(&[x]), &["sin at", "every tape has"]);
    let empty = External::new("empty", |_, _| {}).with_shape(|_| Ok([0].into()));
    says(empty.try_of(&[x]), &["external at", "without elements"]);
    assert_eq!(tape.len(), len);
}

#[test]
fn it_stands_in_listings_under_its_key() {
    let op = foreign(Rules::Vjp);
    let tape = Tape::new();
    let x = tape.input([0.5, 1.0]).named("x");
    let y = op.of(&[x, x]).named("y");
    y.sum().record_gradient(&[x]).unwrap();
    let text = tape.to_string();
    assert!(text.contains("foreign x x -> [2]"), "{text}");
    assert!(text.contains("foreign' x x y"), "{text}");
    let program = tape.compile(&[y.sum()], &[x]).unwrap().to_string();
    assert!(program.contains("foreign [2] over") && program.contains("foreign' "), "{program}");
    let node = tape.node(y.id()).unwrap();
    assert_eq!((node.op_name(), node.op.name()), ("foreign", "external"));
}

#[test]
fn functions_and_threads_share_it() {
    let op = Arc::new(foreign(Rules::Vjp));
    let at_once = |op: Arc<External>| {
        let mut function = Function::of(AT, move |x| loss(x, |a, c| op.of(&[a, c]))).unwrap();
        let there = function.at(&ELSEWHERE).unwrap();
        there.gradient(0).unwrap().to_vec()
    };
    let known = at_once(Arc::clone(&op));
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| at_once(Arc::clone(&op)))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), known);
        }
    });
    let mut function = Function::of(AT, move |x| loss(x, |a, c| op.of(&[a, c]))).unwrap();
    assert!(matches!(function.at(&AT).unwrap().hessian(0), Err(Error::NoRule { .. })));
}
