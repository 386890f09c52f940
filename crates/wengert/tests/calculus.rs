//! The functions on closures agree with each other, and with derivatives worked out on paper.

use wengert::{Error, Var, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp};

/// Rosenbrock's function in n variables, in scalar code.
fn rosenbrock(x: Var<'_>) -> Var<'_> {
    let x: Vec<Var<'_>> = x.iter().collect();
    x.windows(2).map(|pair| 100.0 * (pair[1] - pair[0] * pair[0]).powi(2) + (1.0 - pair[0]).powi(2)).sum()
}

/// The same in tensor code.
fn rosenbrock_tensor(x: Var<'_>) -> Var<'_> {
    let n = x.len();
    let (a, b) = (x.slice(0, 0..n - 1), x.slice(0, 1..n));
    (100.0 * (b - a * a).powi(2) + (1.0 - a).powi(2)).sum()
}

const AT: [f64; 4] = [-1.2, 1.0, 0.5, 2.0];

/// On paper: `∂ᵢ = −400 xᵢ (xᵢ₊₁ − xᵢ²) − 2 (1 − xᵢ) + 200 (xᵢ − xᵢ₋₁²)`.
fn gradient_on_paper(x: &[f64]) -> Vec<f64> {
    let n = x.len();
    (0..n)
        .map(|i| {
            let next = if i + 1 < n { -400.0 * x[i] * (x[i + 1] - x[i] * x[i]) - 2.0 * (1.0 - x[i]) } else { 0.0 };
            next + if i > 0 { 200.0 * (x[i] - x[i - 1] * x[i - 1]) } else { 0.0 }
        })
        .collect()
}

#[track_caller]
fn close(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{a} {b}");
    }
}

#[test]
fn gradients_in_scalar_and_tensor_code_are_those_on_paper() {
    close(&grad(rosenbrock, &AT).unwrap(), &gradient_on_paper(&AT));
    close(&grad(rosenbrock_tensor, &AT).unwrap(), &gradient_on_paper(&AT));
    let (value, gradient) = value_and_grad(rosenbrock, &[1.0; 5]).unwrap();
    assert_eq!(value, 0.0);
    close(&gradient, &[0.0; 5]);
}

#[test]
fn the_hessian_is_the_jacobian_of_the_gradient_and_its_columns_are_products() {
    let paper = |j: usize| {
        let at = |by: f64| {
            let mut x = AT;
            x[j] += by;
            gradient_on_paper(&x)
        };
        // The gradient is a cubic: central differences with their second-order error taken out are exact but for rounding.
        let difference = |h: f64| -> Vec<f64> { at(h).iter().zip(at(-h)).map(|(u, d)| (u - d) / (2.0 * h)).collect() };
        difference(0.5)
            .iter()
            .zip(difference(1.0))
            .map(|(fine, coarse)| (4.0 * fine - coarse) / 3.0)
            .collect::<Vec<_>>()
    };
    for f in [rosenbrock, rosenbrock_tensor] {
        let hessian = hessian(f, &AT).unwrap();
        for j in 0..4 {
            let mut unit = [0.0; 4];
            unit[j] = 1.0;
            close(&hvp(f, &AT, &unit).unwrap(), &hessian[j]);
            close(&hessian[j], &paper(j));
        }
    }
}

#[test]
fn products_agree_with_the_jacobian_both_ways() {
    fn wide(x: Var<'_>) -> Var<'_> {
        x.outer(x.sin()).reshape([16])
    }
    fn narrow(x: Var<'_>) -> Var<'_> {
        x.tape().stack(&[x.product(), x.norm_l2()])
    }
    for (f, m) in [(wide as fn(Var<'_>) -> Var<'_>, 16), (narrow, 2)] {
        let rows = jacobian(f, &AT).unwrap();
        assert_eq!((rows.len(), rows[0].len()), (m, 4));
        let cotangent: Vec<f64> = (0..m).map(|i| 0.3 * i as f64 - 1.0).collect();
        let tangent = [0.5, -1.0, 2.0, 0.25];
        let by_rows: Vec<f64> = (0..4).map(|j| (0..m).map(|i| cotangent[i] * rows[i][j]).sum()).collect();
        let by_columns: Vec<f64> = rows.iter().map(|row| row.iter().zip(tangent).map(|(r, t)| r * t).sum()).collect();
        close(&vjp(f, &AT, &cotangent).unwrap().1, &by_rows);
        close(&jvp(f, &AT, &tangent).unwrap().1, &by_columns);
    }
}

#[test]
fn misuse_is_an_error() {
    assert!(matches!(grad(|x| x, &[1.0, 2.0]), Err(Error::Operand { .. })));
    assert!(matches!(grad(|x| x.sum(), &[] as &[f64]), Err(Error::Empty { .. })));
    assert!(matches!(vjp(|x| x, &[1.0, 2.0], &[1.0]), Err(Error::Length { .. })));
    assert!(matches!(jvp(|x| x, &[1.0, 2.0], &[1.0]), Err(Error::Length { .. })));
    assert!(matches!(hessian(|x| x, &[1.0, 2.0]), Err(Error::Operand { .. })));
}

#[test]
fn a_size_past_all_memory_is_an_error_and_the_tape_stays_usable() {
    let tape = wengert::Tape::new();
    let x = tape.input(2.0);
    for huge in [vec![1 << 20, 1 << 20], vec![1 << 40, 1 << 40], vec![usize::MAX, 2], vec![usize::MAX, usize::MAX]] {
        assert!(matches!(x.try_broadcast_to(huge.clone()), Err(Error::Operand { .. })));
        // The product of these extents wraps to 1 or 0 in a machine word.
        assert!(matches!(x.try_reshape(huge.clone()), Err(Error::Operand { .. })));
        assert!(matches!(tape.tensor(wengert::Leaf::Input, &[1.0], huge.clone()), Err(Error::Length { .. })));
        assert!(tape.inputs(&[1.0]).try_scatter_add(&[0], huge).is_err());
    }
    assert_eq!((x * x).backward().wrt(x), 4.0);
}

#[test]
fn a_hessian_product_of_another_tape_is_refused() {
    let (tape, other) = (wengert::Tape::new(), wengert::Tape::new());
    let (x, q) = (tape.input(3.0), other.input(5.0));
    assert!(matches!(tape.hvp(x * x, &[(x, &[1.0])], &[q]), Err(Error::TwoTapes { .. })));
    assert!(matches!(tape.hvp(q * q, &[(x, &[1.0])], &[x]), Err(Error::TwoTapes { .. })));
}

#[test]
fn a_tape_survives_a_panic_inside_it() {
    let tape = wengert::Tape::new();
    let x = tape.input(3.0);
    let later = (x * x + x).id();
    let short = wengert::Tape::new();
    let s = short.input(1.0);
    let past = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| short.value_at(later)));
    assert!(past.is_err());
    assert_eq!((s + s).value(), 2.0);
}
