//! An error names what was called, and the caller's line.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wengert::{
    CompileTape, Error, Tape, Var, grad, grads, hessian, hvp, jacobian, jvp, value_and_grad,
    value_and_grads, verify, vjp,
};

#[track_caller]
fn named<T>(name: &str, result: Result<T, Error>) {
    let (error, line) = (result.map(drop).unwrap_err(), std::panic::Location::caller().line());
    assert_eq!(error.op(), name, "{error}");
    assert!(error.to_string().starts_with(&format!("{name} at ")), "{error}");
    let place = error.place().unwrap();
    assert!(place.file().ends_with("doors.rs"), "{error}");
    assert!((line..=line + 1).contains(&place.line()), "{error}: not at line {line}");
}

#[track_caller]
fn panics<T>(name: &str, f: impl FnOnce() -> T) {
    let payload = catch_unwind(AssertUnwindSafe(f)).map(drop).expect_err("nothing was wrong");
    let message = payload.downcast::<String>().unwrap();
    assert!(message.starts_with(name) && message.contains("doors.rs"), "{message}");
}

#[test]
fn a_method_of_the_tape_names_itself() {
    let (tape, other) = (Tape::new(), Tape::new());
    let (x, foreign) = (tape.input(1.0), other.input(1.0));
    let (y, v) = (x * x, tape.input([1.0, 2.0]));
    named("update", tape.update(foreign, |_| ()));
    named("update", tape.update(y, |_| ()));
    named("replay", tape.replay(&[(foreign, &[1.0])]));
    named("replay", tape.replay(&[(v, &[1.0])]));
    named("hvp", tape.hvp(y, &[(foreign, &[1.0])], &[x]));
    named("hvp", tape.hvp(y, &[(v, &[1.0])], &[x]));
    named("tangents", tape.tangents(&[(foreign, &[1.0])]));
    named("tangents", tape.tangents(&[(v, &[1.0])]));
    named("record_tangent", y.record_tangent(&[(foreign, x)]));
    named("record_tangent", y.record_tangent(&[(v, x)]));
    named("record_gradient", y.record_gradient(&[foreign]));
    named("record_gradient", v.record_gradient(&[x]));
    named("jacobian", tape.jacobian(y, foreign));
    named("hessian", tape.hessian(y, foreign));
    named("hessian", tape.hessian(v, v));
    named("claim", y.check().claim(foreign, &[1.0]).run());
    named("claim", y.check().claim(v, &[1.0]).run());
    named("check", y.check().leaves(&[foreign]).run());
    let gradients = y.backward();
    panics("values_wrt at ", || gradients.values_wrt(foreign));
    panics("wrt at ", || gradients.wrt(foreign));
    panics("get at ", || gradients.get(foreign));
    panics("status at ", || gradients.status(foreign));
    let tangents = tape.tangents(&[(x, &[1.0])]).unwrap();
    panics("value at ", || tangents.value(foreign));
    panics("values at ", || tangents.values(foreign));
}

#[test]
fn a_function_of_a_closure_names_itself() {
    fn run(x: Var<'_>) -> Var<'_> {
        x * x
    }
    fn total(x: Var<'_>) -> Var<'_> {
        (x * x).sum()
    }
    let (two, none): ([f64; 2], [f64; 0]) = ([1.0, 2.0], []);
    named("grad", grad(run, &two));
    named("grad", grad(total, &none));
    named("value_and_grad", value_and_grad(run, &two));
    named("value_and_grad", value_and_grad(total, &none));
    named("grads", grads(|[x]| run(x), [&two]));
    named("value_and_grads", value_and_grads(|[x]| run(x), [&two]));
    named("hessian", hessian(run, &two));
    named("hessian", hessian(total, &none));
    named("hvp", hvp(run, &two, &two));
    named("hvp", hvp(total, &two, &[1.0]));
    named("jvp", jvp(run, &two, &[1.0]));
    named("jvp", jvp(run, &none, &none));
    named("vjp", vjp(run, &two, &[1.0]));
    named("vjp", vjp(run, &none, &none));
    named("jacobian", jacobian(run, &none));
    named("verify", verify(run, &two, &[1.0]));
}

/// What a message is about, whole, without the place.
#[track_caller]
fn says(error: &Error, expected: &str) {
    let text = error.to_string();
    let place = error.place().unwrap().to_string();
    assert_eq!(text.replace(&format!(" at {place}"), ""), expected);
}

#[test]
fn a_message_says_which_number_and_what_it_is() {
    let tape = Tape::new();
    let x = tape.input([1.0, 2.0]).named("x");
    let y = x.sum().named("y");
    says(
        &x.try_softmax(1).unwrap_err(),
        "softmax: v0 x of shape [2]: there is no axis 1: its one axis is 0",
    );
    let asked_of_a_run = y.backward().try_wrt(x).unwrap_err();
    says(
        &asked_of_a_run,
        "wrt: v0 x of shape [2]: it has axes: values_wrt() gives the adjoints of all its elements",
    );
    says(
        &tape.replay(&[(x, &[1.0])]).unwrap_err(),
        "replay: v0 x of shape [2] takes 2 numbers, and 1 were given",
    );
    let computed =
        "y is computed (sum) and takes no new value: only inputs, parameters and data do";
    says(&tape.replay(&[(y, &[1.0])]).unwrap_err(), &format!("replay: {computed}"));
    says(&tape.update(y, |_| ()).unwrap_err(), &format!("update: {computed}"));
    let program = tape.compile(&[y], &[]).unwrap();
    says(&program.input(y).unwrap_err(), &format!("input: {computed}"));
    let input = program.input(x).unwrap();
    says(
        &program.workspace().set(input, &[1.0]).unwrap_err(),
        "set: x of shape [2] takes 2 numbers, and 1 were given",
    );
}
