//! Shapes and strides that every structural operation is tested with.

use wengert::op::{Attributes, Op, Structural};
use wengert::{External, Leaf, Numerics, Operation, Options, Scan, Tape, Var};

/// How an operand lies on the tape.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lies {
    /// As a block.
    Plain,
    /// As the transpose of a block: its axes reversed.
    Turned,
    /// Every second element of the last axis of a wider block.
    Sparse,
    /// Its first axis repeated from one row.
    Repeated,
    /// A block that passes no derivative.
    Cut,
}

use Lies::{Cut, Plain, Repeated, Sparse, Turned};

pub(crate) struct Case {
    pub(crate) operands: Vec<(Vec<usize>, Lies)>,
    pub(crate) attributes: Attributes,
}

fn case(operands: &[(&[usize], Lies)], attributes: Attributes) -> Case {
    Case {
        operands: operands.iter().map(|&(dims, lies)| (dims.to_vec(), lies)).collect(),
        attributes,
    }
}

/// Shapes and strides for an operation. A new operation is asked for its own here.
pub(crate) fn cases(op: Structural) -> Vec<Case> {
    let none = || Attributes::None;
    let axes = Attributes::axes_of;
    let positions = |positions: &[u32], shape: &[usize]| Attributes::Positions {
        positions: positions.into(),
        shape: shape.into(),
    };
    let reductions = || {
        vec![
            case(&[(&[5], Plain)], axes(&[0])),
            case(&[(&[2, 3], Turned)], axes(&[0])),
            case(&[(&[2, 3, 2], Plain)], axes(&[1])),
            case(&[(&[2, 3, 2], Sparse)], axes(&[0, 2])),
            case(&[(&[3, 2], Repeated)], axes(&[1])),
        ]
    };
    match op {
        Structural::Affine => vec![
            case(&[(&[], Plain), (&[3], Plain), (&[3], Plain)], none()),
            case(&[(&[2], Plain), (&[2, 3], Turned), (&[3], Sparse)], none()),
            case(&[(&[2], Plain), (&[2, 3], Plain), (&[4, 3], Turned)], none()),
            case(&[(&[], Cut), (&[3], Plain), (&[2, 3], Repeated)], none()),
            case(&[(&[4, 2], Plain), (&[2, 3], Plain), (&[4, 3], Cut)], none()),
            case(&[(&[8], Plain), (&[8, 3], Plain), (&[2, 3], Plain)], none()),
        ],
        Structural::MatMul => vec![
            case(&[(&[3], Plain), (&[3], Sparse)], none()),
            case(&[(&[2, 3], Turned), (&[3], Plain)], none()),
            case(&[(&[3], Plain), (&[3, 2], Turned)], none()),
            case(&[(&[2, 3], Plain), (&[3, 4], Sparse)], none()),
            case(&[(&[2, 2, 3], Plain), (&[3, 2], Cut)], none()),
            case(&[(&[2, 1, 3], Plain), (&[2, 3, 2], Plain)], none()),
            case(&[(&[1, 2, 3], Plain), (&[2, 3, 2], Repeated)], none()),
        ],
        Structural::Sum | Structural::Max | Structural::Min | Structural::LogSumExp => reductions(),
        Structural::CumSum | Structural::CumSumBack | Structural::CumProd => vec![
            case(&[(&[5], Plain)], axes(&[0])),
            case(&[(&[2, 3], Turned)], axes(&[1])),
            case(&[(&[3, 2], Repeated)], axes(&[0])),
        ],
        Structural::Concat => vec![
            case(&[(&[2], Plain), (&[3], Sparse)], axes(&[0])),
            case(&[(&[2, 2], Turned), (&[2, 1], Plain), (&[2, 2], Cut)], axes(&[1])),
        ],
        Structural::Stack => vec![
            case(&[(&[], Plain), (&[], Plain), (&[], Cut)], none()),
            case(&[(&[2, 2], Turned), (&[2, 2], Repeated)], none()),
        ],
        Structural::Contiguous => {
            vec![case(&[(&[2, 3], Turned)], none()), case(&[(&[3, 2], Repeated)], none())]
        }
        Structural::Gather => vec![
            case(&[(&[4], Plain)], positions(&[3, 0, 3], &[3])),
            case(&[(&[2, 3], Turned)], positions(&[5, 1, 1, 0], &[2, 2])),
        ],
        Structural::ScatterAdd => vec![
            case(&[(&[3], Plain)], positions(&[1, 1, 4], &[5])),
            case(&[(&[2, 2], Turned)], positions(&[0, 2, 2, 1], &[2, 2])),
        ],
        Structural::Select => vec![
            case(&[(&[3], Cut), (&[3], Plain), (&[3], Sparse)], none()),
            case(&[(&[2, 3], Cut), (&[3], Plain), (&[], Plain)], none()),
        ],
        Structural::Tril | Structural::Triu => vec![
            case(&[(&[3, 3], Plain)], none()),
            case(&[(&[2, 4], Turned)], none()),
            case(&[(&[2, 3, 2], Sparse)], none()),
        ],
        Structural::SolveLower | Structural::SolveUpper => vec![
            case(&[(&[1, 1], Plain), (&[1], Plain)], none()),
            case(&[(&[3, 3], Turned), (&[3], Plain)], none()),
            case(&[(&[4, 4], Plain), (&[4, 2], Sparse)], none()),
            case(&[(&[3, 3], Cut), (&[3, 2], Turned)], none()),
            case(&[(&[2, 3, 3], Plain), (&[2, 3, 2], Plain)], none()),
        ],
        Structural::Cholesky => vec![
            case(&[(&[1, 1], Plain)], none()),
            case(&[(&[3, 3], Plain)], none()),
            case(&[(&[4, 4], Turned)], none()),
            case(&[(&[2, 3, 3], Sparse)], none()),
        ],
        Structural::CholeskyBack => vec![
            case(&[(&[1, 1], Plain), (&[1, 1], Plain)], none()),
            case(&[(&[3, 3], Plain), (&[3, 3], Turned)], none()),
            case(&[(&[4, 4], Cut), (&[4, 4], Plain)], none()),
            case(&[(&[2, 2, 2], Plain), (&[2, 2, 2], Sparse)], none()),
        ],
        Structural::Solve => vec![
            case(&[(&[1, 1], Plain), (&[1], Plain)], none()),
            case(&[(&[3, 3], Turned), (&[3], Plain)], none()),
            case(&[(&[3, 3], Plain), (&[3, 2], Sparse)], none()),
            case(&[(&[3, 3], Plain), (&[3, 2], Cut)], none()),
            case(&[(&[2, 2, 2], Plain), (&[2, 2, 2], Plain)], none()),
        ],
        Structural::LogAbsDet | Structural::DetSign => vec![
            case(&[(&[1, 1], Plain)], none()),
            case(&[(&[3, 3], Turned)], none()),
            case(&[(&[2, 3, 3], Sparse)], none()),
        ],
        Structural::Lstsq => vec![
            case(&[(&[1, 1], Plain), (&[1], Plain)], none()),
            case(&[(&[4, 2], Plain), (&[4], Plain)], none()),
            case(&[(&[2, 4], Turned), (&[2, 2], Plain)], none()),
            case(&[(&[3, 3], Plain), (&[3], Sparse)], none()),
            case(&[(&[2, 3, 2], Plain), (&[2, 3, 1], Plain)], none()),
        ],
        Structural::SortBy | Structural::UnsortBy => vec![
            case(&[(&[5], Plain), (&[5], Plain)], axes(&[0])),
            case(&[(&[2, 3], Turned), (&[2, 3], Sparse)], axes(&[1])),
            case(&[(&[3, 2], Cut), (&[3, 2], Repeated)], axes(&[0])),
        ],
        Structural::Take => vec![
            case(&[(&[5], Plain), (&[2, 2], Cut)], none()),
            case(&[(&[3, 2], Turned), (&[4], Cut)], none()),
            case(&[(&[2, 2, 2], Sparse), (&[], Cut)], none()),
        ],
        Structural::TakeBack => vec![
            case(&[(&[4], Plain), (&[4], Cut), (&[3], Cut)], none()),
            case(&[(&[2, 2], Turned), (&[2], Cut), (&[3, 2], Cut)], none()),
        ],
        Structural::Call => vec![
            // Two operands, an output of its own shape.
            case(
                &[(&[2, 3], Turned), (&[3], Sparse)],
                body_of(
                    |tape, x| tape.checkpoint(x, |x| x[0].matmul(x[1]).sin()).unwrap(),
                    &[&[2, 3], &[3]],
                ),
            ),
            // A rule of its own, that of the value.
            case(
                &[(&[3], Repeated), (&[], Plain)],
                body_of(
                    |_, x| {
                        let op = Operation::new("scaled_square", |x| x[0].square() * x[1]);
                        let op = op.with_vjp(|x, _, g| {
                            vec![g * 2.0 * x[0] * x[1], (g * x[0].square()).sum()]
                        });
                        op.of(x)
                    },
                    &[&[3], &[]],
                ),
            ),
        ],
        Structural::Scan => vec![
            case(
                &[(&[2], Turned), (&[4, 2], Turned), (&[2, 2], Plain)],
                body_of(
                    |_, x| {
                        let scan = Scan::new().state(x[0]).rows(x[1]).fixed(x[2]);
                        let scan = scan.record(|s| {
                            let next = (s.fixed(0).matmul(s.state(0)) + s.row(0)).tanh();
                            s.next([next]).with([next.at(0)])
                        });
                        scan.unwrap().node()
                    },
                    &[&[2], &[4, 2], &[2, 2]],
                ),
            ),
            case(
                &[(&[], Plain), (&[3], Sparse), (&[], Cut)],
                body_of(
                    |_, x| {
                        let scan = Scan::new().state(x[0]).rows(x[1]).fixed(x[2]).backwards();
                        let scan = scan.record(|s| {
                            let next = s.state(0).sin() * s.row(0) + s.fixed(0);
                            s.next([next]).with([next.exp(), s.row(0)])
                        });
                        scan.unwrap().node()
                    },
                    &[&[], &[3], &[]],
                ),
            ),
        ],
        Structural::Cond => vec![case(
            &[(&[], Cut), (&[2, 2], Turned), (&[], Plain)],
            body_of(
                |tape, x| {
                    let (condition, x) = (x[0], &x[1..]);
                    let y =
                        tape.cond(condition, x, |x| x[0].exp().sum() * x[1], |x| x[0].sin().sum());
                    y.unwrap()
                },
                &[&[], &[2, 2], &[]],
            ),
        )],
        Structural::Root => vec![
            case(
                &[(&[3], Cut), (&[3], Sparse), (&[], Plain)],
                body_of(
                    |tape, x| {
                        let roots = tape.root(x[0], &x[1..], |x, p| {
                            // Each equation reads two unknowns.
                            x + 0.2 * (x * p[1]).sin() * x.at(0).cos() - p[0]
                        });
                        roots.unwrap()
                    },
                    &[&[3], &[3], &[]],
                ),
            ),
            // A matrix of unknowns, and a start that no derivative passes to.
            case(
                &[(&[2, 2], Plain), (&[2, 2], Turned)],
                body_of(
                    |tape, x| {
                        let point =
                            tape.fixed_point(x[0], &x[1..], |x, p| 0.3 * x.matmul(x).tanh() + p[0]);
                        point.unwrap()
                    },
                    &[&[2, 2], &[2, 2]],
                ),
            ),
        ],
        Structural::External => vec![
            case(
                &[(&[3], Sparse), (&[2, 2], Turned)],
                body_of(|_, x| external().of(x), &[&[3], &[2, 2]]),
            ),
            case(&[(&[3], Repeated), (&[], Cut)], body_of(|_, x| external().of(x), &[&[3], &[]])),
            // Its recorded rule, of the cotangent.
            case(
                &[(&[3], Cut), (&[3], Cut), (&[3], Sparse)],
                body_of(
                    |tape, x| {
                        let y = external().of(&x[..1]);
                        tape.record_vjp(&[(y, x[1])], &x[..1]).unwrap()[0].unwrap()
                    },
                    &[&[3], &[3]],
                ),
            ),
        ],
        op => panic!("{op} has no case here: add shapes and strides that it is to be tested with"),
    }
}

/// `sin(x) (1 + Σ others)`, with a rule.
fn external() -> External {
    let total = |x: &[&[f64]]| 1.0 + x[1..].iter().flat_map(|x| x.iter()).sum::<f64>();
    External::new("foreign", move |x, y| {
        y.iter_mut().zip(x[0]).for_each(|(y, x0)| *y = x0.sin() * total(x));
    })
    .with_vjp(move |x, _, g, to| {
        for (i, (&x0, &g)) in x[0].iter().zip(g).enumerate() {
            to[0][i] = g * x0.cos() * total(x);
            to[1..].iter_mut().flat_map(|to| to.iter_mut()).for_each(|to| *to += g * x0.sin());
        }
    })
}

/// The attributes of a node that runs a function, recorded of operands of these shapes.
fn body_of(
    record: impl for<'t> Fn(&'t Tape, &[Var<'t>]) -> Var<'t>,
    shapes: &[&[usize]],
) -> Attributes {
    let tape = exact();
    let leaf = |dims: &&[usize]| {
        let numbers = numbers(dims.iter().product(), 3);
        tape.tensor(Leaf::Input, &numbers, *dims).unwrap()
    };
    let operands: Vec<Var<'_>> = shapes.iter().map(leaf).collect();
    let node = record(&tape, &operands);
    tape.node(node.id()).unwrap().attributes
}

/// Numbers without a tie, a few of them zero where a condition is wanted.
pub(crate) fn numbers(count: usize, from: usize) -> Vec<f64> {
    (from..from + count).map(|i| (i as f64 * 0.7 + 0.3).sin() * 1.5).collect()
}

/// Whether an operation wants a matrix of a heavy diagonal as its first operand.
pub(crate) fn is_of_a_matrix(op: Structural) -> bool {
    use Structural::{Cholesky, CholeskyBack, Lstsq, SolveLower, SolveUpper};
    matches!(op, SolveLower | SolveUpper | Cholesky | CholeskyBack)
        || matches!(op, Lstsq | Structural::Solve | Structural::LogAbsDet | Structural::DetSign)
}

/// The operands of a case as leaves, and as they are read.
pub(crate) fn operands<'t>(
    tape: &'t Tape,
    op: Structural,
    case: &Case,
) -> (Vec<Var<'t>>, Vec<Var<'t>>) {
    let (mut leaves, mut read) = (Vec::new(), Vec::new());
    for (i, (dims, lies)) in case.operands.iter().enumerate() {
        let mut own = dims.clone();
        match lies {
            Turned => own.reverse(),
            Sparse => *own.last_mut().unwrap() *= 2,
            Repeated => own[0] = 1,
            Plain | Cut => {}
        }
        let mut values = numbers(own.iter().product(), 7 * i);
        if matches!(op, Structural::Take | Structural::TakeBack) && i == 1 {
            values = (0..values.len()).map(|k| (k * 5 % 3) as f64).collect();
        }
        if op == Structural::Select && i == 0 {
            values.iter_mut().step_by(2).for_each(|value| *value = 0.0);
        }
        if is_of_a_matrix(op) && i == 0 {
            let (last, n) = (own[own.len() - 1], dims[dims.len() - 1]);
            for (at, value) in values.iter_mut().enumerate() {
                let (row, column) = (at / last % n, at % last * n / last);
                let (inside, diagonal) = (0.3 * *value, 0.2 * n as f64 + 1.5 + 0.1 * *value);
                *value = if row == column && at % last * n % last == 0 { diagonal } else { inside };
            }
        }
        let leaf = if matches!(lies, Cut) { Leaf::Data } else { Leaf::Input };
        let leaf = tape.tensor(leaf, &values, own.as_slice()).unwrap();
        leaves.push(leaf);
        read.push(match lies {
            Plain | Cut => leaf,
            Turned => leaf.permute(&(0..dims.len()).rev().collect::<Vec<_>>()),
            Sparse => leaf.step_by(dims.len() - 1, 2),
            Repeated => leaf.broadcast_to(dims.as_slice()),
        });
    }
    (leaves, read)
}

pub(crate) fn each_case(mut check: impl FnMut(Structural, &Case, &str)) {
    for &op in Structural::ALL {
        for (i, case) in cases(op).iter().enumerate() {
            check(op, case, &format!("{op}, case {i}: {:?}", case.operands));
        }
    }
}

/// `Σ c · sin(op(..))`, so that second derivatives are not zero, with the operands that derivatives
/// pass.
pub(crate) fn objective<'t>(
    tape: &'t Tape,
    op: Structural,
    case: &Case,
) -> (Var<'t>, Vec<Var<'t>>) {
    let (leaves, read) = operands(tape, op, case);
    let result = tape.apply(Op::Structural(op), &read, case.attributes.clone()).unwrap();
    let weights = numbers(result.len(), 100);
    let weights = tape.tensor(Leaf::Data, &weights, result.shape()).unwrap();
    let loss = (result.sin() * weights).sum();
    let leaves = leaves.into_iter().filter(|leaf| !leaf.is_detached()).collect();
    (loss, leaves)
}

pub(crate) fn exact() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}
