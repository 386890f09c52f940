//! Derivatives of derivatives: recorded as nodes, and by forward over reverse.

use wengert::{Leaf, Tape, Var};

/// A function that uses every structural op, with operands that broadcast, repeat and overlap.
fn tensor_program<'t>(tape: &'t Tape, x: Var<'t>) -> Var<'t> {
    let w = x.slice(0, 0..6).reshape([2, 3]);
    let b = x.slice(0, 6..8);
    let h = Var::affine(b, w, x.slice(0, 1..4)).sigmoid();
    let m = w.t().matmul(w) + h.at(0) * w.at(1);
    let s = m.sum_axes(0) * x.gather(&[7, 0, 7]);
    let stacked = tape.stack(&[h.at(1), s.at(2), h.at(0)]);
    let scattered = stacked.scatter_add(&[3, 0, 3], [4]);
    let chosen = scattered.indicator_gt(0.7).select(scattered.exp(), x.slice(0, 2..6) * 0.5);
    let joined = tape.concat(0, &[w, m.slice(0, 1..3).index(1, &[2, 0, 2])]);
    let reduced = joined.cumsum(0).max_axes(1).min_axes(0)
        + joined.log_sum_exp_axes(0).prod()
        + joined.softmax(1).at(0).dot(joined.t().log_softmax(0).t().at(1))
        + h.outer(b).norm_l2()
        + joined.mean_axes(0).cumsum(0).sum();
    reduced
        + (chosen * chosen).sum()
        + m.t().reshape([9]).slice(0, 2..6).mean()
        + x.at(5).powf(2.5) * h.dot(b)
}

const AT: [f64; 8] = [0.3, -0.2, 0.8, 0.5, 0.1, 1.2, -0.4, 0.9];

#[test]
fn recorded_gradient_equals_the_sweep() {
    let tape = Tape::new();
    let x = tape.input(AT);
    let y = tensor_program(&tape, x);
    let swept = y.backward().values_wrt(x);
    let recorded = y.record_gradient(&[x]).unwrap()[0].unwrap();
    assert_eq!(recorded.shape(), x.shape());
    for (a, b) in recorded.values().iter().zip(&swept) {
        assert!((a - b).abs() <= 1e-14 * b.abs().max(1.0), "{a} {b}");
    }
    for (i, &adjoint) in swept.iter().enumerate() {
        let mut direction = [0.0; 8];
        direction[i] = 1.0;
        let tangent = tape.tangents(&[(x, &direction)]).unwrap().value(y);
        assert!(
            (tangent - adjoint).abs() <= 1e-14 * adjoint.abs().max(1.0),
            "{i}: {tangent} {adjoint}"
        );
    }
}

#[test]
fn the_three_ways_to_a_hessian_agree() {
    let tape = Tape::new();
    let x = tape.input(AT);
    let y = tensor_program(&tape, x);
    let gradient = y.record_gradient(&[x]).unwrap()[0].unwrap();
    let h = 1e-5;
    for i in 0..8 {
        let mut direction = [0.0; 8];
        direction[i] = 1.0;
        let by_duals = tape.hvp(y, &[(x, &direction)], &[x]).unwrap().remove(0);
        let by_nodes = gradient.at(i).backward().values_wrt(x);
        let shifted = |by: f64| {
            let mut at = AT;
            at[i] += by;
            let tape = Tape::new();
            let x = tape.input(at);
            tensor_program(&tape, x).backward().values_wrt(x)
        };
        let (up, down) = (shifted(h), shifted(-h));
        for j in 0..8 {
            let difference = (up[j] - down[j]) / (2.0 * h);
            assert!(
                (by_duals[j] - by_nodes[j]).abs() < 1e-12 * (1.0 + by_nodes[j].abs()),
                "{i} {j}"
            );
            assert!(
                (by_duals[j] - difference).abs() < 1e-7 * (1.0 + difference.abs()),
                "{i} {j}: {} {difference}",
                by_duals[j]
            );
        }
    }
}

#[test]
fn detached_handles_pass_nothing_in_any_mode() {
    let tape = Tape::new();
    let x = tape.input(3.0);
    let y = x * x.detach() + tape.constant(2.0) * x + x.detach().sin();
    assert_eq!(y.backward().wrt(x), 3.0 + 2.0);
    assert_eq!(tape.tangents(&[(x, &[1.0])]).unwrap().value(y), 5.0);
    assert_eq!(y.record_gradient(&[x]).unwrap()[0].unwrap().value(), 5.0);
    assert_eq!(tape.hvp(y, &[(x, &[1.0])], &[x]).unwrap(), [[0.0]]);
    let z = x.detach().exp();
    assert_eq!(z.backward().get(x), None);
    let v = tape.tensor(Leaf::Input, &[1.0, 2.0], [2]).unwrap();
    let w = Var::affine(0.0, v, v.detach());
    assert_eq!(w.backward().values_wrt(v), [1.0, 2.0]);
    assert_eq!(tape.tangents(&[(v, &[1.0, 0.0])]).unwrap().value(w), 1.0);
}

#[test]
fn zeros_have_no_sign_and_no_path_is_not_guessed_from_later_values() {
    let tape = Tape::new();
    let x = tape.input(1.0);
    let y = x.sin() * 0.0;
    assert_eq!(y.backward().wrt(x).to_bits(), 0.0_f64.to_bits());
    let (a, b) = (tape.input(2.0), tape.input(3.0));
    let chosen = x.indicator_gt(0.0).select(a, b);
    let gradients = chosen.backward();
    tape.replay(&[(x, &[-1.0])]).unwrap();
    assert_eq!((gradients.wrt(a), gradients.wrt(b)), (1.0, 0.0));
    let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| gradients.get(b)));
    assert!(asked.is_err(), "the tape no longer knows which branch was chosen");
}

#[test]
fn a_replay_that_turns_back_leaves_gradients_fresh() {
    let tape = Tape::new();
    let x = tape.input(2.0);
    let y = if x > 1.0 { x * x } else { -x };
    let gradients = y.backward();
    assert!(tape.replay(&[(x, &[0.0])]).is_err());
    assert!(!gradients.is_stale());
    tape.replay(&[(x, &[3.0])]).unwrap();
    assert!(gradients.is_stale());
}

#[test]
fn a_tape_moves_to_another_thread() {
    let tape = Tape::new();
    tape.input(2.0);
    std::thread::spawn(move || assert_eq!(tape.slots(), 1)).join().unwrap();
}

#[test]
fn ties_are_shared_equally_in_any_mode() {
    let tape = Tape::new();
    let x = tape.input([2.0, 1.0, 2.0, 2.0, -0.0]);
    for (y, shares) in [
        (x.max_axes(0), [1.0, 0.0, 1.0, 1.0, 0.0].map(|s| s / 3.0)),
        (x.min_axes(0), [0.0, 0.0, 0.0, 0.0, 1.0]),
    ] {
        assert_eq!(y.backward().values_wrt(x), shares);
        assert_eq!(y.record_gradient(&[x]).unwrap()[0].unwrap().values(), shares);
        for i in 0..5 {
            let mut direction = [0.0; 5];
            direction[i] = 1.0;
            let tangent = tape.tangents(&[(x, &direction)]).unwrap().value(y);
            assert!((tangent - shares[i]).abs() < 1e-15, "{i}: {tangent}");
        }
    }
}

#[test]
fn the_largest_of_a_nan_has_no_derivative_that_looks_like_one() {
    let tape = Tape::new();
    let x = tape.input([1.0, f64::NAN, 3.0]);
    for y in [x.max_axes(0), x.min_axes(0)] {
        assert!(y.value().is_nan());
        assert!(y.backward().values_wrt(x).iter().all(|adjoint| adjoint.is_nan()));
        let recorded = y.record_gradient(&[x]).unwrap()[0].unwrap();
        assert!(recorded.values().iter().all(|adjoint| adjoint.is_nan()));
    }
}
