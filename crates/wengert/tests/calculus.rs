//! The functions on closures agree with each other, and with derivatives worked out on paper.

use wengert::{
    Error, Nested, Var, grad, grads, hessian, hvp, jacobian, jvp, value_and_grad, value_and_grads,
    verify, vjp,
};

/// Rosenbrock's function in n variables, in scalar code.
fn rosenbrock(x: Var<'_>) -> Var<'_> {
    let x: Vec<Var<'_>> = x.iter().collect();
    x.windows(2)
        .map(|pair| 100.0 * (pair[1] - pair[0] * pair[0]).powi(2) + (1.0 - pair[0]).powi(2))
        .sum()
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
            let next = if i + 1 < n {
                -400.0 * x[i] * (x[i + 1] - x[i] * x[i]) - 2.0 * (1.0 - x[i])
            } else {
                0.0
            };
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
        // The gradient is a cubic: central differences with their second-order error taken out are
        // exact but for rounding.
        let difference = |h: f64| -> Vec<f64> {
            at(h).iter().zip(at(-h)).map(|(u, d)| (u - d) / (2.0 * h)).collect()
        };
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
        x.tape().stack(&[x.prod(), x.norm_l2()])
    }
    for (f, m) in [(wide as fn(Var<'_>) -> Var<'_>, 16), (narrow, 2)] {
        let rows = jacobian(f, &AT).unwrap();
        assert_eq!((rows.len(), rows[0].len()), (m, 4));
        let cotangent: Vec<f64> = (0..m).map(|i| 0.3 * i as f64 - 1.0).collect();
        let tangent = [0.5, -1.0, 2.0, 0.25];
        let by_rows: Vec<f64> =
            (0..4).map(|j| (0..m).map(|i| cotangent[i] * rows[i][j]).sum()).collect();
        let by_columns: Vec<f64> =
            rows.iter().map(|row| row.iter().zip(tangent).map(|(r, t)| r * t).sum()).collect();
        close(&vjp(f, &AT, &cotangent).unwrap().1, &by_rows);
        close(&jvp(f, &AT, &tangent).unwrap().1, &by_columns);
    }
}

/// The cross-entropy of a layer's softmax, in tensor code: `−mean log softmax(x Wᵀ + b)[target]`.
fn cross_entropy<'t>([w, b, x]: [Var<'t>; 3]) -> Var<'t> {
    let logits = Var::affine(b, w, x);
    // Of row i the class i % 3, at its row-major position.
    let targets: Vec<usize> = (0..logits.shape().dims()[0]).map(|row| 3 * row + row % 3).collect();
    -logits.log_softmax(1).gather(&targets).mean()
}

const W: [[f64; 2]; 3] = [[0.5, -0.2], [0.1, 0.9], [-0.7, 0.3]];
const B: [f64; 3] = [0.1, -0.3, 0.2];

#[test]
fn gradients_of_several_tensors_are_those_on_paper() {
    let x = vec![[1.0, 2.0], [-0.5, 0.25], [0.3, -1.5], [2.0, 0.1]];
    let (value, [dw, db, dx]) = value_and_grads(cross_entropy, [&W, &B, &x]).unwrap();
    // On paper ∂/∂z = (softmax z − one-hot) / rows, and from there by hand.
    let (mut loss, mut paper_w, mut paper_b, mut paper_x) =
        (0.0, vec![0.0; 6], vec![0.0; 3], vec![0.0; 8]);
    for (row, x) in x.iter().enumerate() {
        let z: Vec<f64> = (0..3).map(|k| B[k] + W[k][0] * x[0] + W[k][1] * x[1]).collect();
        let total: f64 = z.iter().map(|z| z.exp()).sum();
        loss -= (z[row % 3].exp() / total).ln() / 4.0;
        for k in 0..3 {
            let delta = (z[k].exp() / total - f64::from(u8::from(k == row % 3))) / 4.0;
            paper_b[k] += delta;
            for j in 0..2 {
                paper_w[2 * k + j] += delta * x[j];
                paper_x[2 * row + j] += delta * W[k][j];
            }
        }
    }
    close(&[value], &[loss]);
    close(&dw, &paper_w);
    close(&db, &paper_b);
    close(&dx, &paper_x);
    assert_eq!(grads(cross_entropy, [&W, &B, &x]).unwrap(), [dw, db, dx]);
}

#[test]
fn the_hessian_of_tensor_code_by_duals_is_the_recorded_gradients_jacobian() {
    // All parameters in one block, as a trainer has them.
    fn loss(x: Var<'_>) -> Var<'_> {
        let [w, b] = [x.slice(0, 0..6).reshape([3, 2]), x.slice(0, 6..9)];
        cross_entropy([w, b, x.slice(0, 9..17).reshape([4, 2])])
    }
    fn recorded_gradient(x: Var<'_>) -> Var<'_> {
        loss(x).record_gradient(&[x]).unwrap()[0].unwrap()
    }
    let at: Vec<f64> = (0..17).map(|i| (i as f64 * 1.7).sin()).collect();
    let by_duals = hessian(loss, &at).unwrap();
    let by_nodes = jacobian(recorded_gradient, &at).unwrap();
    for (i, (duals, nodes)) in by_duals.iter().zip(&by_nodes).enumerate() {
        close(duals, nodes);
        let column: Vec<f64> = by_duals.iter().map(|row| row[i]).collect();
        close(duals, &column);
        let mut unit = vec![0.0; 17];
        unit[i] = 1.0;
        close(&hvp(loss, &at, &unit).unwrap(), duals);
        // Forward over the recorded gradient is a third way, and reverse over it a fourth.
        close(&jvp(recorded_gradient, &at, &unit).unwrap().1, duals);
        close(&vjp(recorded_gradient, &at, &unit).unwrap().1, duals);
    }
}

#[test]
fn in_single_precision() {
    fn f(x: Var<'_, f32>) -> Var<'_, f32> {
        (x * x.softmax(0)).sum() + x.norm_l2()
    }
    fn double(x: Var<'_>) -> Var<'_> {
        (x * x.softmax(0)).sum() + x.norm_l2()
    }
    let single = AT.map(|x| x as f32);
    let wide = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
    #[track_caller]
    fn near(a: &[f64], b: &[f64]) {
        assert!(
            a.len() == b.len()
                && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 2e-6 * (1.0 + b.abs())),
            "{a:?} {b:?}"
        );
    }
    near(&wide(&grad(f, &single).unwrap()), &grad(double, &AT).unwrap());
    let (unit, at) = ([0.0, 1.0, 0.0, 0.5], [0.0_f32, 1.0, 0.0, 0.5]);
    near(&wide(&hvp(f, &single, &at).unwrap()), &hvp(double, &AT, &unit).unwrap());
    near(&wide(&jvp(f, &single, &at).unwrap().1), &jvp(double, &AT, &unit).unwrap().1);
    near(&wide(&vjp(f, &single, &[2.0]).unwrap().1), &vjp(double, &AT, &[2.0]).unwrap().1);
    near(&wide(&jacobian(f, &single).unwrap().concat()), &jacobian(double, &AT).unwrap().concat());
    near(&wide(&hessian(f, &single).unwrap().concat()), &hessian(double, &AT).unwrap().concat());
    let [a, b] = grads(
        |[a, b]| a.matmul(b).square().sum(),
        [&[[1.0_f32, 2.0], [3.0, 4.0]], &[0.5_f32, -1.0]],
    )
    .unwrap();
    assert_eq!((a, b), (vec![-1.5, 3.0, -2.5, 5.0], vec![-18.0, -26.0]));
    verify(f, &single, &[1.0, 2.0, 3.0, 4.0]).unwrap();
}

#[test]
fn misuse_is_an_error() {
    let ragged: &dyn Nested<f64> = &[vec![1.0], vec![1.0, 2.0]];
    assert!(matches!(grads(|[x]| x.sum(), [ragged]), Err(Error::Ragged { .. })));
    assert!(matches!(grads(|[x, y]| x * y, [&[1.0, 2.0], &2.0]), Err(Error::Operand { .. })));
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
    for huge in [
        vec![1 << 20, 1 << 20],
        vec![1 << 40, 1 << 40],
        vec![usize::MAX, 2],
        vec![usize::MAX, usize::MAX],
    ] {
        assert!(matches!(x.try_broadcast_to(huge.clone()), Err(Error::Operand { .. })));
        // The product of these extents wraps to 1 or 0 in a machine word.
        assert!(matches!(x.try_reshape(huge.clone()), Err(Error::Operand { .. })));
        assert!(matches!(
            tape.tensor(wengert::Leaf::Input, &[1.0], huge.clone()),
            Err(Error::Length { .. })
        ));
        assert!(tape.input([1.0]).try_scatter_add(&[0], huge).is_err());
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
