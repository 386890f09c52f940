//! The rule book against itself: for every structural operation, over several shapes and strides,
//! what its file states in several ways must be one thing. Entries, sweep, share, tangent, duals,
//! programs, differences; first and second order.

#[path = "rulebook/cases.rs"]
mod cases;

use cases::{each_case, exact, is_of_a_matrix, numbers, objective, operands};
use wengert::node::Layout;
use wengert::op::{Attributes, Op, Structural};
use wengert::rulebook::rules::Partial;
use wengert::rulebook::{Site, Tensor, entries};
use wengert::{CompileTape, Compiler, Leaf, Numerics, Shape, Tape, Var};

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
