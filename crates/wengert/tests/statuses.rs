//! Four answers that print alike and are not the same: a derivative that is 0 because it was
//! computed so, because no path leads to the output, because every path is known to be flat, and
//! one that was not computed.

use wengert::node::Status;
use wengert::{Gradients, Tape, Var};

/// The status of `x` in `f(x)`, in the sweep and in what is recorded.
#[track_caller]
fn check(at: f64, f: impl for<'t> Fn(Var<'t>) -> Var<'t>, expected: Status<f64>) {
    let tape = Tape::new();
    let x = tape.input(at);
    let y = f(x);
    let gradients = y.backward();
    assert_eq!(gradients.status(x), expected);
    let (number, get) = match expected {
        Status::Reached(adjoint) => (adjoint, Some(adjoint)),
        Status::NoPath | Status::NotComputed => (0.0, None),
    };
    assert_eq!((gradients.wrt(x), gradients.get(x)), (number, get));
    // What is recorded may know less, never more: a path that turns out flat is a node of value 0.
    let recorded = y.record_gradient(&[x]).unwrap()[0];
    assert_eq!(recorded.map_or(0.0, Var::value), number);
    assert_eq!(tape.tangents(&[(x, &[1.0])]).unwrap().value(y), number);
}

#[test]
fn a_computed_zero_is_reached() {
    check(0.0, |x| x * x, Status::Reached(0.0));
    check(0.0, |x| x.cos(), Status::Reached(0.0));
    check(-1.0, |x| x.relu(), Status::Reached(0.0));
    check(2.0, |x| x - x, Status::Reached(0.0));
    check(2.0, |x| x * 0.0, Status::Reached(0.0));
    check(3.0, |x| x.powi(0), Status::Reached(0.0));
    // A zero adjoint on the way is no cut.
    check(3.0, |x| x.exp() * (x - 3.0) * (x - 3.0), Status::Reached(0.0));
    check(1.0, |x| x.max(2.0), Status::Reached(0.0));
}

#[test]
fn a_cut_path_is_none() {
    check(1.5, |x| x.tape().input(2.0).exp(), Status::NoPath);
    check(1.5, |x| x.detach() * 2.0, Status::NoPath);
    check(1.5, |x| x.floor() * 2.0 + x.round().exp(), Status::NoPath);
    check(1.5, |x| x.indicator_gt(1.0) * 3.0, Status::NoPath);
    check(1.5, |x| x.indicator_gt(1.0).select(x.tape().input(1.0), x.exp()), Status::NoPath);
    check(1.5, |x| x.tape().constant(2.0).powi(3) + x.signum(), Status::NoPath);
}

#[test]
fn one_open_path_is_enough() {
    check(1.5, |x| x.floor() + x, Status::Reached(1.0));
    check(1.5, |x| x.detach() * x, Status::Reached(1.5));
    check(1.5, |x| x.indicator_gt(1.0).select(x * 2.0, x.exp()), Status::Reached(2.0));
    check(5.5, |x| x % 2.0, Status::Reached(1.0));
}

#[test]
fn what_came_later_was_not_computed() {
    let tape = Tape::new();
    let x = tape.input(1.0);
    let y = x * 2.0;
    let gradients = y.backward();
    let later = y.exp();
    assert_eq!(gradients.status(later), Status::NotComputed);
    assert_eq!(gradients.status(y), Status::Reached(1.0));
    assert_eq!(gradients.status_at(later.id()), Status::NotComputed);
}

#[test]
fn elements_of_a_run_have_their_own_status() {
    let tape = Tape::new();
    let w = tape.param([1.0, 2.0, 0.0, 4.0]);
    let y = w.at(0) * w.at(1) + (w.slice(0, 1..3) * w.slice(0, 1..3)).sum();
    let gradients = y.backward();
    let statuses: Vec<Status<f64>> = w.iter().map(|element| gradients.status(element)).collect();
    let reached = [2.0, 5.0, 0.0].map(Status::Reached);
    assert_eq!(statuses[..3], reached);
    assert_eq!(statuses[3], Status::NoPath);
    assert_eq!(gradients.values_wrt(w), [2.0, 5.0, 0.0, 0.0]);
}

#[test]
fn any_node_and_any_number_of_sweeps() {
    let tape = Tape::new();
    let x = tape.input(2.0);
    let u = x * x;
    let y = u * 3.0 + u.exp();
    let read = |gradients: &Gradients<'_>| {
        (gradients.adjoints()[u.id().slot()], gradients.adjoints()[x.id().slot()])
    };
    let once = y.backward();
    let twice = y.backward();
    assert_eq!(read(&once), read(&twice));
    assert_eq!(once.wrt(u), 3.0 + u.value().exp());
    assert_eq!(u.backward().wrt(x), 4.0);
    // Several outputs, each with its cotangent.
    let both = tape.backward_from(&[(u, &[10.0]), (y, &[1.0])]).unwrap();
    assert_eq!(both.wrt(u), 10.0 + 3.0 + u.value().exp());
}
