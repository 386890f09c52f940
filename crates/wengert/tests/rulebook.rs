//! The rule book against itself: for every structural operation, over several shapes and strides,
//! what its file states in several ways must be one thing. Entries, sweep, share, tangent, duals,
//! programs, differences; first and second order.

use wengert::node::Layout;
use wengert::op::{Attributes, Op, Structural};
use wengert::rulebook::rules::Partial;
use wengert::rulebook::{Site, Tensor, entries};
use wengert::{
    CompileTape, Compiler, External, Leaf, Numerics, Operation, Options, Scan, Shape, Tape, Var,
};

/// How an operand lies on the tape.
#[derive(Clone, Copy, Debug)]
enum Lies {
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

struct Case {
    operands: Vec<(Vec<usize>, Lies)>,
    attributes: Attributes,
}

fn case(operands: &[(&[usize], Lies)], attributes: Attributes) -> Case {
    Case {
        operands: operands.iter().map(|&(dims, lies)| (dims.to_vec(), lies)).collect(),
        attributes,
    }
}

/// Shapes and strides for an operation. A new operation is asked for its own here.
fn cases(op: Structural) -> Vec<Case> {
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
fn numbers(count: usize, from: usize) -> Vec<f64> {
    (from..from + count).map(|i| (i as f64 * 0.7 + 0.3).sin() * 1.5).collect()
}

/// Whether an operation wants a matrix of a heavy diagonal as its first operand.
fn is_of_a_matrix(op: Structural) -> bool {
    use Structural::{Cholesky, CholeskyBack, Lstsq, SolveLower, SolveUpper};
    matches!(op, SolveLower | SolveUpper | Cholesky | CholeskyBack)
        || matches!(op, Lstsq | Structural::Solve | Structural::LogAbsDet | Structural::DetSign)
}

/// The operands of a case as leaves, and as they are read.
fn operands<'t>(tape: &'t Tape, op: Structural, case: &Case) -> (Vec<Var<'t>>, Vec<Var<'t>>) {
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

fn close(a: &[f64], b: &[f64], tolerance: f64, what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{what}, element {i}: {a} and {b}");
    }
}

/// The numbers of a gradient, 0 where there is no path.
fn recorded(gradient: &[Option<Var<'_>>], leaves: &[Var<'_>]) -> Vec<f64> {
    let of = |(gradient, leaf): (&Option<Var<'_>>, &Var<'_>)| {
        gradient.map_or_else(|| vec![0.0; leaf.len()], Var::values)
    };
    gradient.iter().zip(leaves).flat_map(of).collect()
}

fn each_case(mut check: impl FnMut(Structural, &Case, &str)) {
    for &op in Structural::ALL {
        for (i, case) in cases(op).iter().enumerate() {
            check(op, case, &format!("{op}, case {i}: {:?}", case.operands));
        }
    }
}

/// `Σ c · sin(op(..))`, so that second derivatives are not zero, with the operands that derivatives
/// pass.
fn objective<'t>(tape: &'t Tape, op: Structural, case: &Case) -> (Var<'t>, Vec<Var<'t>>) {
    let (leaves, read) = operands(tape, op, case);
    let result = tape.apply(Op::Structural(op), &read, case.attributes.clone()).unwrap();
    let weights = numbers(result.len(), 100);
    let weights = tape.tensor(Leaf::Data, &weights, result.shape()).unwrap();
    let loss = (result.sin() * weights).sum();
    let leaves = leaves.into_iter().filter(|leaf| !leaf.is_detached()).collect();
    (loss, leaves)
}

fn exact() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

/// What the entries say is what the sweep passes on, `share` records, duals carry, `tangent`
/// records, programs compute and differences find.
#[test]
fn every_way_to_a_derivative_is_one() {
    each_case(|op, case, what| {
        let tape = exact();
        let (loss, leaves) = objective(&tape, op, case);
        let swept: Vec<f64> = {
            let gradients = loss.backward();
            leaves.iter().flat_map(|&leaf| gradients.values_wrt(leaf)).collect()
        };
        let report = loss.check().run().unwrap();
        assert!(report.agrees(), "{what}: {report}");

        let share = recorded(&loss.record_gradient(&leaves).unwrap(), &leaves);
        close(&share, &swept, 1e-14, &format!("share of {what}"));

        let directions: Vec<Vec<f64>> = leaves.iter().map(|leaf| numbers(leaf.len(), 50)).collect();
        let along: f64 = directions.iter().flatten().zip(&swept).map(|(d, g)| d * g).sum();
        let seeds: Vec<(Var<'_>, &[f64])> =
            leaves.iter().copied().zip(directions.iter().map(Vec::as_slice)).collect();
        let duals = tape.tangents(&seeds).unwrap().value(loss);
        close(&[duals], &[along], 1e-14, &format!("duals of {what}"));
        let seeds: Vec<(Var<'_>, Var<'_>)> = leaves
            .iter()
            .zip(&directions)
            .map(|(&leaf, direction)| {
                (leaf, tape.tensor(Leaf::Input, direction, leaf.shape()).unwrap())
            })
            .collect();
        let tangent = loss.record_tangent(&seeds).unwrap();
        close(&[tangent.map_or(0.0, Var::value)], &[along], 1e-14, &format!("tangent of {what}"));

        for numerics in [Numerics::Exact, Numerics::Fast] {
            let mut compiler = Compiler::new(&tape).numerics(numerics);
            let outputs: Vec<_> =
                leaves.iter().map(|&leaf| compiler.gradient(loss, leaf).unwrap()).collect();
            let program = compiler.compile().unwrap();
            let mut workspace = program.workspace();
            program.run(&mut workspace).unwrap();
            let computed: Vec<f64> =
                outputs.iter().flat_map(|&output| workspace.values(output)).collect();
            match numerics {
                Numerics::Exact => assert_eq!(computed, swept, "the program of {what}"),
                Numerics::Fast => {
                    close(&computed, &swept, 1e-13, &format!("the fast program of {what}"))
                }
            }
        }
    });
}

#[test]
fn second_derivatives_are_one() {
    each_case(|op, case, what| {
        if op == Structural::External {
            // It has none, and says so: `external.rs`.
            return;
        }
        let tape = exact();
        let (loss, leaves) = objective(&tape, op, case);
        let directions: Vec<Vec<f64>> = leaves.iter().map(|leaf| numbers(leaf.len(), 50)).collect();
        let seeds: Vec<(Var<'_>, &[f64])> =
            leaves.iter().copied().zip(directions.iter().map(Vec::as_slice)).collect();
        let by_duals: Vec<f64> = tape.hvp(loss, &seeds, &leaves).unwrap().concat();

        // Reverse over reverse: the gradient of the gradient along the direction.
        let gradient = loss.record_gradient(&leaves).unwrap();
        let seeds: Vec<(Var<'_>, Var<'_>)> = leaves
            .iter()
            .zip(&directions)
            .map(|(&leaf, direction)| {
                (leaf, tape.tensor(Leaf::Data, direction, leaf.shape()).unwrap())
            })
            .collect();
        let along = gradient.iter().zip(&seeds).filter_map(|(g, (_, d))| Some(((*g)? * *d).sum()));
        let Some(along) = along.reduce(|a, b| a + b) else {
            assert_eq!(op, Structural::DetSign, "all others pass a derivative");
            return;
        };
        let gradients = along.backward();
        let by_nodes: Vec<f64> =
            leaves.iter().flat_map(|&leaf| gradients.values_wrt(leaf)).collect();
        close(&by_nodes, &by_duals, 1e-12, &format!("reverse over reverse of {what}"));

        // Forward over reverse, recorded.
        let tangents = gradient.iter().zip(&leaves).flat_map(|(g, leaf)| {
            let tangent = g.and_then(|g| g.record_tangent(&seeds).unwrap());
            tangent.map_or_else(|| vec![0.0; leaf.len()], Var::values)
        });
        close(
            &tangents.collect::<Vec<_>>(),
            &by_duals,
            1e-12,
            &format!("tangent of the gradient of {what}"),
        );
    });
}

/// Taylor coefficients are read off the same tangents: the second is half the tangent's tangent.
#[test]
fn taylor_coefficients_are_tangents_of_tangents() {
    each_case(|op, case, what| {
        let tape = exact();
        let (loss, leaves) = objective(&tape, op, case);
        let directions: Vec<Vec<f64>> = leaves.iter().map(|leaf| numbers(leaf.len(), 50)).collect();
        let along: Vec<(Var<'_>, &[f64])> =
            leaves.iter().copied().zip(directions.iter().map(Vec::as_slice)).collect();
        let seeds = leaves.iter().zip(&directions).map(|(&leaf, direction)| {
            (leaf, tape.tensor(Leaf::Data, direction, leaf.shape()).unwrap())
        });
        let seeds: Vec<(Var<'_>, Var<'_>)> = seeds.collect();
        let number = |var: Option<Var<'_>>| var.map_or(0.0, Var::value);
        let first = loss.record_tangent(&seeds).unwrap();
        let order = if op == Structural::External { 1 } else { 3 };
        let found = tape.taylor(loss, &along, order).unwrap().concat();
        close(&found[..2], &[loss.value(), number(first)], 1e-13, what);
        if order == 1 {
            return;
        }
        let second = first.and_then(|first| first.record_tangent(&seeds).unwrap());
        close(&found[2..3], &[number(second) / 2.0], 1e-12, &format!("order 2 of {what}"));
        let third = second.and_then(|second| second.record_tangent(&seeds).unwrap());
        close(&found[3..], &[number(third) / 6.0], 1e-11, &format!("order 3 of {what}"));
    });
}

/// A quicker way of a sweep adds the numbers that the entries list: bit for bit, but where it adds
/// them up first.
#[test]
fn quick_ways_add_what_the_entries_list() {
    each_case(|op, case, what| {
        let tape = exact();
        let (_, read) = operands(&tape, op, case);
        let result = tape.apply(Op::Structural(op), &read, case.attributes.clone()).unwrap();
        let node = tape.node(result.id()).unwrap();
        let column = tape.all_values();
        let layouts: Vec<Layout> = node.operands.iter().map(|edge| edge.layout.clone()).collect();
        let starts = node.operands.iter().map(|edge| edge.start.slot());
        let tensor = |(start, layout)| Tensor { data: &column, start, layout };
        let site = Site {
            operands: starts.zip(&layouts).map(tensor).collect(),
            cut: node.operands.iter().map(|edge| edge.cut).collect(),
            shape: &node.shape,
            attributes: &node.attributes,
            run: &column[node.id.slot()..],
        };
        let g = numbers(result.len(), 30);
        let [mut quick, mut listed] = [vec![-0.0; column.len()], vec![-0.0; column.len()]];
        op.reverse(&site, &g, &mut quick);
        op.reverse_one_by_one(&site, &g, &mut listed);
        let running =
            matches!(op, Structural::CumSum | Structural::CumSumBack | Structural::CumProd);
        if running || (op.runs_a_body() && op != Structural::Root) {
            close(&quick, &listed, 1e-15, what);
        } else if is_of_a_matrix(op) || op == Structural::Root {
            close(&quick, &listed, 1e-13, what);
        } else {
            assert_eq!(quick, listed, "{what}");
        }

        // The public list is the same, and names the factor that a product's partial is.
        entries(Op::Structural(op), &site, |entry| {
            if let (Some(factor), Partial::Of(partial)) = (entry.factor, entry.partial) {
                assert_eq!(column[factor], partial, "{what}");
            }
        });
    });
}

/// What an operation says that it is composed of is its value, bit for bit: the compiler, which has
/// no instruction for it, computes that.
#[test]
fn what_is_composed_is_the_value() {
    let mut composed = 0;
    each_case(|op, case, what| {
        let tape = exact();
        let (_, read) = operands(&tape, op, case);
        let result = tape.apply(Op::Structural(op), &read, case.attributes.clone()).unwrap();
        if let Some(other) = op.composed(&read, &case.attributes) {
            let bits =
                |var: Var<'_>| var.values().into_iter().map(f64::to_bits).collect::<Vec<_>>();
            assert_eq!((other.shape(), bits(other)), (result.shape(), bits(result)), "{what}");
            composed += 1;
        }
    });
    assert!(composed > 0, "some operation is composed of others");
}

/// Fast kernels are within their bound of the files' own values and derivatives.
#[test]
fn fast_kernels_are_close_to_the_files() {
    each_case(|op, case, what| {
        let of = |tape: &Tape| {
            let (loss, leaves) = objective(tape, op, case);
            let gradients = loss.backward();
            let mut numbers = vec![loss.value()];
            numbers.extend(leaves.iter().flat_map(|&leaf| gradients.values_wrt(leaf)));
            numbers
        };
        close(&of(&Tape::new()), &of(&exact()), 1e-14, what);
    });
}

#[test]
fn what_does_not_fit_is_refused_by_the_door() {
    let tape = Tape::new();
    let x = tape.input([1.0, 2.0]).named("x");
    let refused = |op, operands: &[Var<'_>], attributes, parts: &[&str]| {
        let before = tape.len();
        let message = tape.apply(Op::Structural(op), operands, attributes).unwrap_err().to_string();
        for part in parts {
            assert!(message.contains(part), "{message}");
        }
        assert_eq!(tape.len(), before);
    };
    refused(
        Structural::Sum,
        &[x],
        Attributes::axes_of(&[1]),
        &["sum at", "x of shape [2]", "its one axis is 0"],
    );
    refused(Structural::Sum, &[x, x], Attributes::None, &["sum at", "does not have 2 operands"]);
    refused(Structural::Concat, &[], Attributes::axes_of(&[0]), &["concat at", "0 operands"]);
    refused(Structural::Gather, &[x], Attributes::None, &["gather at", "moved by positions"]);
    refused(Structural::CumSum, &[x], Attributes::None, &["cumsum at", "along one axis"]);
    let leaf = tape.apply(Op::Leaf(Leaf::Input), &[], Attributes::None).unwrap_err().to_string();
    assert!(leaf.contains("input at"), "{leaf}");
    let shape =
        Structural::MatMul.shape(&[&Shape::from([2, 3]), &Shape::from([3])], &Attributes::None);
    assert_eq!(shape, Ok(Shape::from([2])));
}

#[test]
fn a_tangent_is_replaced_where_a_direction_names_it() {
    let tape = exact();
    let x = tape.input([1.0, 2.0, 3.0]);
    let y = x * x;
    let t = tape.input([1.0, 1.0, 1.0]);
    let part = tape.input([10.0]);
    // y moves by 2x, but its middle element by what is said.
    let moved = y.record_tangent(&[(x, t), (y.slice(0, 1..2), part)]).unwrap().unwrap();
    assert_eq!(moved.values(), [2.0, 10.0, 6.0]);
    let tangents = tape.tangents(&[(x, &[1.0, 1.0, 1.0]), (y.slice(0, 1..2), &[10.0])]).unwrap();
    assert_eq!(tangents.values(y), [2.0, 10.0, 6.0]);
    assert!(x.detach().record_tangent(&[(x, t)]).unwrap().is_none());
    let program = tape.compile(&[moved], &[]).unwrap();
    let mut workspace = program.workspace();
    program.run(&mut workspace).unwrap();
    assert_eq!(workspace.values(program.outputs()[0]), [2.0, 10.0, 6.0]);
}

#[test]
fn recorded_derivatives_see_views_over_many_nodes() {
    let tape = exact();
    let x = tape.input([1.0, 2.0, 3.0]);
    let t = tape.input([1.0, 10.0, 100.0]);
    // Two numbers side by side, two runs, a part of each: the stacks record nothing.
    let numbers = {
        let (a, b) = (x.at(0) * x.at(1), x.at(1) * x.at(2));
        tape.stack(&[a, b])
    };
    let runs = {
        let (a, b) = (x.square(), x.exp());
        tape.stack(&[a, b])
    };
    for y in [numbers, runs, runs.slice(1, 1..3)] {
        assert!(tape.node(y.id()).unwrap().shape.len() < y.len(), "{} is one node", y.id());
        let known = tape.tangents(&[(x, &t.values())]).unwrap().values(y);
        // By itself, and read by a step.
        let moved = y.record_tangent(&[(x, t)]).unwrap().unwrap();
        assert_eq!(moved.values(), known);
        let flat = if y.shape().rank() == 1 { y } else { y.reshape([y.len()]) };
        let weights: Vec<f64> = (1..=y.len()).map(|k| k as f64).collect();
        let total = flat.dot(tape.constant(weights.clone()));
        let known: f64 = known.iter().zip(&weights).map(|(a, b)| a * b).sum();
        let moved = total.record_tangent(&[(x, t)]).unwrap().unwrap();
        assert!((moved.value() - known).abs() <= 1e-12 * known.abs());
        // Named in a direction, in each of its nodes.
        let named = tape.input(y.values()).reshape(y.shape());
        let known = tape.tangents(&[(x, &t.values()), (y, &named.values())]).unwrap();
        let along = total.record_tangent(&[(x, t), (y, named)]).unwrap().unwrap();
        let known = known.value(total);
        assert!((along.value() - known).abs() <= 1e-12 * known.abs());
        // And its adjoint.
        let slopes = total.record_gradient(&[y]).unwrap()[0].unwrap();
        assert_eq!(slopes.values(), weights);
    }
}
