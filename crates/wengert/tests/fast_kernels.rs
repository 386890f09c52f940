//! The vectorised kernels of Fast numerics beside the loops of Exact: every operation at every
//! length up to 67, from odd offsets, broadcast every way, and the policies that hold in both.

use wengert::op::{Binary, Unary};
use wengert::{Leaf, Numerics, Options, Scalar, Tape, Var};

fn tapes<S: Scalar>() -> [Tape<S>; 2] {
    [Numerics::Exact, Numerics::Fast]
        .map(|numerics| Tape::with(Options::default().numerics(numerics)))
}

/// Numbers in (0.1, 0.9), where all functions but acosh are defined.
fn numbers<S: Scalar>(len: usize, salt: usize) -> Vec<S> {
    (0..len)
        .map(|i| S::from_f64(0.1 + 0.8 * (((i + salt) * 7919 % 1009) as f64 / 1009.0)))
        .collect()
}

/// What a program makes of a tape: a value for comparison, and its adjoints by the leaves.
fn results<S: Scalar>(
    tape: &Tape<S>,
    program: impl for<'t> Fn(&'t Tape<S>) -> (Vec<Var<'t, S>>, Var<'t, S>),
) -> [Vec<f64>; 2] {
    let (leaves, y) = program(tape);
    let cotangent = numbers(y.len(), 3);
    let gradients = y.backward_with(&cotangent).unwrap();
    let adjoints = leaves.iter().flat_map(|&leaf| gradients.values_wrt(leaf));
    [y.values().iter().map(|v| v.to_f64()).collect(), adjoints.map(|v| v.to_f64()).collect()]
}

/// Both modes agree to `bound` rounding errors of the largest number beside.
#[track_caller]
fn agree<S: Scalar>(
    eps: f64,
    bound: f64,
    what: &str,
    program: impl for<'t> Fn(&'t Tape<S>) -> (Vec<Var<'t, S>>, Var<'t, S>),
) {
    let [exact, fast] = tapes::<S>().map(|tape| results(&tape, &program));
    for (exact, fast) in exact.iter().zip(&fast) {
        assert_eq!(exact.len(), fast.len(), "{what}");
        for (i, (x, y)) in exact.iter().zip(fast).enumerate() {
            let near = (x - y).abs() <= bound * eps * x.abs().max(1e-3);
            assert!(
                near || x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan()),
                "{what}, element {i}: {x:e} and {y:e}"
            );
        }
    }
}

macro_rules! in_both_types {
    ($check:ident($($argument:expr),*)) => {
        $check::<f64>(f64::EPSILON, $($argument),*);
        $check::<f32>(f64::from(f32::EPSILON), $($argument),*);
    };
}

fn unary<S: Scalar>(eps: f64, op: Unary, len: usize, offset: usize) {
    agree::<S>(eps, 64.0, &format!("{} of {len} from {offset}", op.name()), |tape| {
        let x = tape.input(numbers::<S>(len + offset + 1, len));
        (vec![x], x.slice(0, offset..offset + len).try_unary(op).unwrap())
    });
}

#[test]
fn every_function_at_every_length() {
    for &op in Unary::ALL {
        for len in (1..=67).chain([200]) {
            in_both_types!(unary(op, len, len % 3));
        }
    }
}

fn binary<S: Scalar>(eps: f64, op: Binary, len: usize, how: usize) {
    agree::<S>(eps, 64.0 * len as f64, &format!("{} of {len}, {how}", op.name()), |tape| {
        let leaf = |values: &[S], shape: &[usize]| tape.tensor(Leaf::Input, values, shape).unwrap();
        let (a, b) = (numbers::<S>(3 * len, 1), numbers::<S>(3 * len + 1, 50));
        let (x, y) = match how {
            0 => (leaf(&a[..len], &[len]), leaf(&b[..len], &[len])),
            1 => (leaf(&a[..len], &[len]), leaf(&b[..1], &[])),
            2 => (leaf(&a[..1], &[]), leaf(&b[..len], &[len])),
            3 => (leaf(&a, &[3, len]), leaf(&b[..len], &[len])),
            4 => (leaf(&a, &[3, len]), leaf(&b[..3], &[3, 1])),
            5 => (leaf(&a[..len], &[len]), leaf(&b[..3], &[3, 1])),
            _ => (leaf(&a, &[3, len]), leaf(&b[..3 * len], &[len, 3])),
        };
        let result = match how {
            6 => x.try_binary(op, y.t()),
            _ => x.try_binary(op, y),
        };
        (vec![x, y], result.unwrap())
    });
}

#[test]
fn every_operation_of_two_numbers_broadcast_every_way() {
    for &op in Binary::ALL.iter().filter(|op| !op.takes_an_integer()) {
        for len in (1..=20).chain([31, 33, 64, 65, 67, 130]) {
            for how in 0..7 {
                in_both_types!(binary(op, len, how));
            }
        }
    }
}

fn powers<S: Scalar>(eps: f64, n: i32, len: usize) {
    agree::<S>(eps, 64.0, &format!("powi {n} of {len}"), |tape| {
        let x = tape.input(numbers::<S>(len, 5));
        (vec![x], x.powi(n))
    });
}

#[test]
fn powers_of_every_length() {
    for n in [-1, 0, 1, 2, 3] {
        for len in 1..=67 {
            in_both_types!(powers(n, len));
        }
    }
}

fn reduction<S: Scalar>(eps: f64, what: usize, shape: &[usize], axes: &[usize]) {
    let count: usize = shape.iter().product();
    agree::<S>(
        eps,
        64.0 * count as f64,
        &format!("reduction {what} of {shape:?} over {axes:?}"),
        |tape| {
            let x = tape.tensor(Leaf::Input, &numbers::<S>(count, 9), shape).unwrap();
            let y = match what {
                0 => x.sum_axes(axes),
                1 => x.mean_axes(axes),
                2 => (x * S::from_f64(30.0)).log_sum_exp_axes(axes),
                3 => (x + S::from_f64(1.0)).log_softmax(axes[0]),
                4 => (x + S::from_f64(1.0)).softmax(axes[0]),
                _ => x.max_axes(axes),
            };
            (vec![x], y)
        },
    );
}

#[test]
fn reductions_over_every_axis() {
    for what in 0..6 {
        for len in 1..=67 {
            in_both_types!(reduction(what, &[len], &[0]));
            in_both_types!(reduction(what, &[len, 3], &[0]));
            in_both_types!(reduction(what, &[3, len], &[1]));
        }
        for axes in [&[0][..], &[1], &[2], &[0, 1], &[1, 2], &[0, 2], &[0, 1, 2]] {
            in_both_types!(reduction(what, &[4, 5, 70], axes));
            in_both_types!(reduction(what, &[70, 4, 5], axes));
        }
    }
}

fn layer<S: Scalar>(eps: f64, (rows, n, m): (usize, usize, usize), how: usize) {
    agree::<S>(
        eps,
        64.0 * (rows * n * m) as f64,
        &format!("layer {rows} {n} {m}, {how}"),
        |tape| {
            let leaf = |len: usize, salt: usize, shape: &[usize]| {
                tape.tensor(Leaf::Input, &numbers(len, salt), shape).unwrap()
            };
            let bias = match how {
                0 => leaf(m, 1, &[m]),
                1 => leaf(1, 1, &[]),
                _ => leaf(rows * m, 1, &[rows, m]),
            };
            let w = if how == 2 { leaf(m * n, 2, &[n, m]).t() } else { leaf(m * n, 2, &[m, n]) };
            let x = leaf(rows * n, 3, &[rows, n]);
            (vec![bias, w, x], Var::affine(bias, w, x))
        },
    );
}

#[test]
fn layers_of_every_shape() {
    for rows in [1, 2, 3, 16, 33] {
        for n in [1, 2, 4, 17, 64] {
            for m in [1, 3, 8, 16, 30] {
                for how in 0..3 {
                    in_both_types!(layer((rows, n, m), how));
                }
            }
        }
    }
}

fn product<S: Scalar>(eps: f64, a: &[usize], b: &[usize], transposed: bool) {
    agree::<S>(eps, 1e4, &format!("{a:?} times {b:?}, {transposed}"), |tape| {
        let leaf = |shape: &[usize], salt: usize| {
            tape.tensor(Leaf::Input, &numbers(shape.iter().product(), salt), shape).unwrap()
        };
        let turned = |shape: &[usize]| {
            let mut shape = shape.to_vec();
            let rank = shape.len();
            shape.swap(rank - 1, rank - 2);
            shape
        };
        let (x, y) = if transposed {
            (leaf(&turned(a), 1), leaf(&turned(b), 2))
        } else {
            (leaf(a, 1), leaf(b, 2))
        };
        let z = if transposed { x.t().matmul(y.t()) } else { x.matmul(y) };
        (vec![x, y], z)
    });
}

#[test]
fn products_of_vectors_matrices_and_batches() {
    let pairs: [(&[usize], &[usize]); 11] = [
        (&[5], &[5]),
        (&[5], &[5, 3]),
        (&[4, 5], &[5]),
        (&[4, 5], &[5, 3]),
        (&[2, 4, 5], &[5, 3]),
        (&[4, 5], &[2, 5, 3]),
        (&[2, 4, 5], &[2, 5, 3]),
        (&[3, 1, 4, 5], &[2, 5, 3]),
        (&[3, 2, 4, 5], &[2, 5, 3]),
        (&[3, 2, 4, 5], &[3, 1, 5, 3]),
        (&[2, 4, 5], &[5]),
    ];
    for (a, b) in pairs {
        in_both_types!(product(a, b, false));
        if a.len() > 1 && b.len() > 1 {
            in_both_types!(product(a, b, true));
        }
    }
}

/// A zero adjoint passes nothing on, elementwise, whatever the partial: the branch that was not
/// chosen does no harm.
#[test]
fn a_zero_adjoint_passes_nothing_on() {
    for tape in tapes::<f64>() {
        let x = tape.input([0.0; 67]);
        let chosen = x.indicator_gt(0.0).select(x.sqrt(), x * 3.0);
        assert_eq!(chosen.sum().backward().values_wrt(x), [3.0; 67], "{:?}", tape.numerics());
        let logs = x.indicator_gt(0.0).select(x.ln(), x + 1.0);
        assert_eq!(logs.sum().backward().values_wrt(x), [1.0; 67], "{:?}", tape.numerics());
    }
}

/// Infinities and NaN come out of a log-sum-exp as they do of its formula.
#[test]
fn a_log_sum_exp_of_infinities() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    for values in [
        [inf, 1.0, 2.0],
        [-inf, -inf, -inf],
        [nan, 1.0, 2.0],
        [1.0, nan, inf],
        [-inf, 0.0, -inf],
        [1e308, -1e308, 0.0],
    ] {
        let [exact, fast] = tapes::<f64>().map(|tape| {
            let x = tape.input(values);
            let (rows, columns) =
                (x.log_sum_exp_axes(0), x.reshape([3, 1]).broadcast_to([3, 2]).log_sum_exp_axes(0));
            let matrix =
                tape.stack(&[x.at(0), x.at(1), x.at(2), x.at(0), x.at(1), x.at(2)]).reshape([2, 3]);
            let along = matrix.log_sum_exp_axes(1).values();
            let copied = matrix.t().try_contiguous().unwrap().log_sum_exp_axes(0).values();
            [vec![rows.value()], columns.values(), along, copied].concat()
        });
        for (x, y) in exact.iter().zip(&fast) {
            assert!(x == y || (x.is_nan() && y.is_nan()), "{values:?}: {exact:?} and {fast:?}");
        }
    }
}

/// Parts of one block of parameters, read by scalar and by tensor code, in any order: what is
/// stored and what is added.
#[test]
fn parts_of_a_block_of_parameters() {
    let gradient = |tape: &Tape, order: usize| {
        let params = tape.param(numbers::<f64>(300, 4));
        let part = |from: usize, to: usize| params.slice(0, from..to);
        let terms = [
            (part(0, 100) * 2.0).sum(),
            part(50, 150).sin().sum(),
            params.at(120).exp() * params.at(7),
            part(200, 300).reshape([10, 10]).t().matmul(part(100, 110)).sum(),
            part(200, 300).reshape([10, 10]).slice(1, 2..5).square().sum(),
        ];
        let mut sum = terms[order % 5];
        for i in 1..5 {
            sum += terms[(order + i) % 5];
        }
        sum.backward().values_wrt(params)
    };
    for order in 0..5 {
        let [exact, fast] = tapes::<f64>().map(|tape| gradient(&tape, order));
        for (x, y) in exact.iter().zip(&fast) {
            assert!((x - y).abs() <= 1e-14 * x.abs().max(1.0), "{x} and {y}");
        }
        // Nothing reads these.
        assert_eq!(fast[150..200], [0.0; 50]);
    }
}
