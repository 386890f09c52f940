//! Compiled programs against the tape that they were made of: bit for bit in `Exact`, within the
//! stated bound in `Fast`, whichever passes run, at the recorded inputs and at others.

#[path = "random/scalars.rs"]
mod scalars;
#[path = "random/tensors.rs"]
mod tensors;

use proptest::prelude::*;
use wengert::program::{Batch, Pass};
use wengert::{Compiler, Numerics, Options, Program, Tape, Var, Workspace};

/// Every set of passes that is tried: all, none, and each switched off alone.
fn variants() -> Vec<Vec<Pass>> {
    let mut off = vec![vec![], Pass::ALL.to_vec()];
    off.extend(Pass::ALL.iter().map(|&pass| vec![pass]));
    off
}

fn exact() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

/// The program of `y` and its gradient by each leaf.
fn compiled(y: Var<'_>, leaves: &[Var<'_>], numerics: Numerics, off: &[Pass]) -> Program {
    let mut compiler = Compiler::new(y.tape()).numerics(numerics);
    for &pass in off {
        compiler = compiler.without(pass);
    }
    compiler.output(y).unwrap();
    for &leaf in leaves {
        compiler.gradient(y, leaf).unwrap();
    }
    compiler.compile().unwrap()
}

fn run(
    program: &Program,
    workspace: &mut Workspace,
    leaves: &[Var<'_>],
    at: &[Vec<f64>],
) -> Vec<Vec<f64>> {
    for (leaf, values) in leaves.iter().zip(at) {
        workspace.set(program.input(*leaf).unwrap(), values).unwrap();
    }
    program.run(workspace).unwrap();
    program.outputs().into_iter().map(|output| workspace.values(output)).collect()
}

/// The tape's own answer.
fn by_tape(y: Var<'_>, leaves: &[Var<'_>]) -> Vec<Vec<f64>> {
    let gradients = y.backward();
    let mut all = vec![vec![y.value()]];
    all.extend(leaves.iter().map(|&leaf| gradients.values_wrt(leaf)));
    all
}

fn same_bits(a: &[Vec<f64>], b: &[Vec<f64>]) -> bool {
    let bits = |all: &[Vec<f64>]| all.iter().flatten().map(|x| x.to_bits()).collect::<Vec<_>>();
    let nan = |all: &[Vec<f64>]| all.iter().flatten().map(|x| x.is_nan()).collect::<Vec<_>>();
    nan(a) == nan(b) && bits(a).iter().zip(bits(b)).zip(nan(a)).all(|((&x, y), nan)| nan || x == y)
}

#[test]
fn exact_programs_of_tensors_are_the_tape_bit_for_bit() {
    tensors::run(200, |program| {
        let tape = exact();
        let (first, second) = (tensors::leaf_values(program, 0), tensors::leaf_values(program, 1));
        let (leaves, y) = tensors::record(&tape, program, &first);
        let here = by_tape(y, &leaves);
        let inputs: Vec<(Var<'_>, &[f64])> =
            leaves.iter().zip(&second).map(|(&x, v)| (x, &v[..])).collect();
        let programs: Vec<(Vec<Pass>, Program)> = variants()
            .into_iter()
            .map(|off| (off.clone(), compiled(y, &leaves, Numerics::Exact, &off)))
            .collect();
        tape.replay(&inputs).unwrap();
        let there = by_tape(y, &leaves);
        for (off, program) in programs {
            let mut workspace = program.workspace();
            for (at, expected) in [(&first, &here), (&second, &there), (&first, &here)] {
                let found = run(&program, &mut workspace, &leaves, at);
                prop_assert!(
                    same_bits(&found, expected),
                    "without {off:?}:\n{found:?}\n{expected:?}\n{tape}"
                );
            }
        }
        Ok(())
    });
}

/// As above over runs of hundreds of elements, which passes walk in rows and chunks.
#[test]
fn exact_programs_of_large_tensors_are_the_tape_bit_for_bit() {
    tensors::run(60, |program| {
        let program = tensors::widened(program, 7);
        let tape = exact();
        let at = tensors::leaf_values(&program, 0);
        let (leaves, y) = tensors::record_up_to(4000, &tape, &program, &at);
        let expected = by_tape(y, &leaves);
        for off in variants() {
            let compiled = compiled(y, &leaves, Numerics::Exact, &off);
            let found = run(&compiled, &mut compiled.workspace(), &leaves, &at);
            let sums = |all: &[Vec<f64>]| {
                all.iter().map(|values| values.iter().sum::<f64>()).collect::<Vec<f64>>()
            };
            prop_assert!(
                same_bits(&found, &expected),
                "without {off:?}: {:?} {:?}",
                sums(&found),
                sums(&expected)
            );
        }
        Ok(())
    });
}

#[test]
fn exact_programs_of_scalars_are_the_tape_bit_for_bit() {
    scalars::run(200, |program| {
        let tape = exact();
        let (leaves, y) = scalars::record(&tape, program, &program.at);
        let here = by_tape(y, &leaves);
        let programs: Vec<(Vec<Pass>, Program)> = variants()
            .into_iter()
            .map(|off| (off.clone(), compiled(y, &leaves, Numerics::Exact, &off)))
            .collect();
        let values = |at: &[f64]| at.iter().map(|&x| vec![x]).collect::<Vec<_>>();
        let (first, second) = (values(&program.at), values(&program.elsewhere));
        let inputs: Vec<(Var<'_>, &[f64])> =
            leaves.iter().zip(&second).map(|(&x, v)| (x, &v[..])).collect();
        tape.replay(&inputs).unwrap();
        let there = by_tape(y, &leaves);
        for (off, program) in programs {
            let mut workspace = program.workspace();
            for (at, expected) in [(&first, &here), (&second, &there)] {
                let found = run(&program, &mut workspace, &leaves, at);
                prop_assert!(
                    same_bits(&found, expected),
                    "without {off:?}:\n{found:?}\n{expected:?}\n{tape}"
                );
            }
        }
        Ok(())
    });
}

/// How near they are to the right numbers is held in `truth`.
#[test]
fn fast_programs_give_the_same_bits_on_every_run() {
    tensors::run(100, |program| {
        let tape = exact();
        let at = tensors::leaf_values(program, 0);
        let (leaves, y) = tensors::record(&tape, program, &at);
        for off in variants() {
            let program = compiled(y, &leaves, Numerics::Fast, &off);
            let found = run(&program, &mut program.workspace(), &leaves, &at);
            prop_assert!(same_bits(&found, &run(&program, &mut program.workspace(), &leaves, &at)));
        }
        Ok(())
    });
}

/// A network of scalar nodes for one row: parameters, the row, and the loss.
fn neuron<'t>(params: Var<'t>, x: Var<'t>) -> Var<'t> {
    let hidden: Vec<Var<'t>> = (0..3)
        .map(|j| {
            (params.at(3 * j) * x.at(0) + params.at(3 * j + 1) * x.at(1) + params.at(3 * j + 2))
                .tanh()
        })
        .collect();
    let z = hidden.iter().enumerate().map(|(j, &h)| h * params.at(9 + j)).sum::<Var<'t>>();
    (z.sigmoid() - x.at(2)).square()
}

#[test]
fn rows_in_lanes_are_the_rows_one_by_one() {
    let params: Vec<f64> = (0..12).map(|i| f64::sin(f64::from(i))).collect();
    let rows: Vec<f64> = (0..3 * 37).map(|i| f64::cos(f64::from(i) * 1.7)).collect();
    let both = [Numerics::Exact, Numerics::Fast];
    for (numerics, count) in both.into_iter().flat_map(|n| [(n, Some(8)), (n, None)]) {
        let tape = exact();
        let (p, x) = (tape.param(&params), tape.data(&rows[..3]));
        let loss = neuron(p, x);
        let mut compiler = Compiler::new(&tape).numerics(numerics);
        match count {
            Some(count) => compiler.rows(count, &[x]).unwrap(),
            None => compiler.batched(&[x]).unwrap(),
        }
        let asked = (
            compiler.output(loss).unwrap(),
            compiler.gradient_per_row(loss, p).unwrap(),
            compiler.gradient(loss, p).unwrap(),
        );
        let program = compiler.compile().unwrap();
        let input = program.input(x).unwrap();
        // One by one, and summed in the order of the rows within blocks and then of the blocks.
        let (mut losses, mut each, mut total) = (Vec::new(), Vec::new(), vec![0.0; 12]);
        for block in rows.chunks(3 * program.rows()) {
            let mut sum = vec![-0.0; 12];
            for row in block.chunks(3) {
                tape.replay(&[(x, row)]).unwrap();
                let gradient = loss.backward().values_wrt(p);
                losses.push(loss.value());
                sum.iter_mut().zip(&gradient).for_each(|(sum, g)| *sum += g);
                each.extend(gradient);
            }
            total.iter_mut().zip(sum).for_each(|(total, sum)| *total += sum);
        }
        let batch = Batch::new(program);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| batch.run(&[], &[(input, &rows)])).unwrap()
        };
        let result = run(1);
        let near = |found: &[f64], expected: &[f64]| {
            let bound = if numerics == Numerics::Exact { 0.0 } else { 1e-14 };
            found.len() == expected.len()
                && found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= bound)
        };
        assert!(near(result.values(asked.0), &losses), "{:?}\n{losses:?}", result.values(asked.0));
        assert!(near(result.values(asked.1), &each), "{:?}\n{each:?}", result.values(asked.1));
        assert!(near(result.values(asked.2), &total), "{:?}\n{total:?}", result.values(asked.2));
        for threads in [2, 3, 8] {
            assert_eq!(run(threads), result, "{threads} threads");
        }
    }
}

#[test]
fn a_guard_that_flips_in_some_rows_names_them() {
    let tape = Tape::new();
    let x = tape.data([1.0]);
    let one = x.at(0);
    let y = if one > 0.0 { one * 2.0 } else { -one };
    let mut compiler = Compiler::new(&tape);
    compiler.rows(4, &[x]).unwrap();
    compiler.output(y).unwrap();
    let program = compiler.compile().unwrap();
    let input = program.input(x).unwrap();
    let batch = Batch::new(program);
    assert!(batch.run(&[], &[(input, &[1.0, 2.0, 3.0])]).is_ok());
    let error = batch.run(&[], &[(input, &[1.0, -2.0, 3.0, -1.0])]).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("in rows [1, 3]: guard 0 at ") && text.contains("program.rs:"),
        "{text}"
    );
    assert!(batch.run(&[], &[(input, &[1.0, 2.0])]).is_ok());
}

#[test]
fn large_gradients_lie_in_one_piece_and_are_the_tape_bit_for_bit() {
    let (n, m, k) = (30, 12, 10);
    let params: Vec<f64> = (0..m * (n + 1) + k * (m + 1)).map(|i| f64::sin(i as f64)).collect();
    let x: Vec<f64> = (0..n).map(|i| f64::cos(i as f64)).collect();
    for per_layer in [false, true] {
        let tape = exact();
        let (p, x) = (tape.param(&params), tape.data(&x));
        // Rows of weights and a bias each, as in a network by neurons.
        let block =
            |at: usize, m: usize, n: usize| p.slice(0, at..at + m * (n + 1)).reshape([m, n + 1]);
        let (first, second) = (block(0, m, n), block(m * (n + 1), k, m));
        let hidden = if per_layer {
            Var::affine(first.t().at(n), first.slice(1, 0..n), x).tanh()
        } else {
            let each: Vec<Var<'_>> = (0..m)
                .map(|j| Var::affine(first.at(j).at(n), first.at(j).slice(0, 0..n), x).tanh())
                .collect();
            tape.stack(&each)
        };
        let y = Var::affine(second.t().at(m), second.slice(1, 0..m), hidden).square().sum();
        let program = compiled(y, &[p], Numerics::Exact, &[]);
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        let gradient = program.outputs()[1];
        let expected = y.backward().values_wrt(p);
        assert!(
            same_bits(&[workspace.values(gradient)], std::slice::from_ref(&expected)),
            "{program}"
        );
        let slice = workspace.slice(gradient).expect("a large gradient lies in one piece");
        assert!(slice.iter().zip(&expected).all(|(a, b)| a == b));
    }
}

#[test]
fn formulas_over_rows_and_columns_are_the_tape_bit_for_bit() {
    // Large enough that passes walk rows and chunks, with what is repeated along either axis.
    let (rows, columns) = (60, 12);
    let tape = exact();
    let numbers = |n: usize, a: f64| (0..n).map(|i| f64::sin(i as f64 * a)).collect::<Vec<f64>>();
    let (x, mu, s) = (
        tape.input(numbers(rows * columns, 1.3)),
        tape.param(numbers(columns, 0.7)),
        tape.param(numbers(rows, 0.9)),
    );
    let written_out = (0..rows)
        .map(|i| {
            let of = |d: usize| {
                let z = (x.at(i * columns + d) - mu.at(d)) * s.at(i);
                z * z + (z * mu.at(d)).tanh() * x.at(i * columns + (d + 1) % columns)
            };
            let z: Vec<Var<'_>> = (0..columns).map(of).collect();
            let largest = z.iter().copied().reduce(|a, b| a.max(b)).unwrap();
            largest + z.iter().map(|&z| (z - largest).exp()).sum::<Var<'_>>().ln()
        })
        .sum::<Var<'_>>();
    let at_once = {
        let x = x.reshape([rows, columns]);
        let z = (x - mu) * s.reshape([rows, 1]);
        (z.square() * mu + z.sin() * x).log_sum_exp_axes(1).sum()
    };
    for y in [written_out, at_once] {
        let expected = by_tape(y, &[x, mu, s]);
        for off in variants() {
            let program = compiled(y, &[x, mu, s], Numerics::Exact, &off);
            let mut workspace = program.workspace();
            program.run(&mut workspace).unwrap();
            let found: Vec<Vec<f64>> =
                program.outputs().into_iter().map(|output| workspace.values(output)).collect();
            let differ = found.iter().zip(&expected).map(|(a, b)| {
                let pairs = a.iter().zip(b).enumerate();
                pairs
                    .filter(|(_, (a, b))| a != b)
                    .map(|(i, (a, b))| (i, *a, *b))
                    .take(3)
                    .collect::<Vec<_>>()
            });
            assert!(
                same_bits(&found, &expected),
                "without {off:?}: {:?}\n{program}",
                differ.collect::<Vec<_>>()
            );
        }
        // Fast is near.
        let program = compiled(y, &[x, mu, s], Numerics::Fast, &[]);
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        for (output, expected) in program.outputs().into_iter().zip(&expected) {
            for (found, expected) in workspace.values(output).iter().zip(expected) {
                assert!(
                    (found - expected).abs() <= 1e-12 * expected.abs().max(1.0),
                    "{found} {expected}"
                );
            }
        }
    }
}

/// Steps of descent as one program, in place or not, are the steps taken one by one.
#[test]
fn fed_back_steps_are_the_steps_one_by_one() {
    let start: Vec<f64> = (0..40).map(|i| f64::sin(f64::from(i))).collect();
    let tape = exact();
    let (p, x) = (tape.param(&start), tape.data([0.0; 40]));
    let loss = ((p * x).sum() - 1.0).square() + 0.01 * p.square().sum();
    let g = tape.data([0.0; 40]);
    let next = p - 0.05 * g;
    // Reads the old parameters, or the new ones, beside the step.
    for also in [None, Some(p.square().sum()), Some(next.square().sum())] {
        let mut compiler = Compiler::new(&tape).numerics(Numerics::Exact);
        compiler.gradient_as(loss, p, g).unwrap();
        let out = compiler.output(next).unwrap();
        let also = also.map(|var| (var, compiler.output(var).unwrap()));
        compiler.feed(out, p).unwrap();
        let program = compiler.compile().unwrap();
        let (params, input) = (program.input(p).unwrap(), program.input(x).unwrap());
        let mut workspace = program.workspace();
        workspace.set(params, &start).unwrap();
        let mut by_hand = start.clone();
        for step in 0..5 {
            let row: Vec<f64> = (0..40).map(|i| f64::cos(f64::from(i * step))).collect();
            workspace.set(input, &row).unwrap();
            program.run(&mut workspace).unwrap();
            tape.replay(&[(p, &by_hand), (x, &row)]).unwrap();
            let gradient = loss.backward().values_wrt(p);
            tape.replay(&[(g, &gradient)]).unwrap();
            if let Some((var, output)) = also {
                assert_eq!(workspace.value(output), var.value(), "{program}");
            }
            by_hand = next.values();
            assert_eq!(workspace.values(out), by_hand);
            assert_eq!(workspace.input(params), by_hand);
        }
    }
}

/// One block of parameters read through views that lie side by side, interleaved, or overlap.
#[test]
fn views_of_one_block_of_parameters_are_the_tape_bit_for_bit() {
    let start: Vec<f64> = (0..1500).map(|i| f64::sin(f64::from(i) * 0.7)).collect();
    let input: Vec<f64> = (0..15).map(|i| f64::cos(f64::from(i))).collect();
    for case in 0..8 {
        let tape = exact();
        let (p, x) = (tape.param(&start), tape.data(&input));
        let (weights, biases) = (p.slice(0, 0..150).reshape([10, 15]), p.slice(0, 150..160));
        let rows = p.slice(0, 160..320).reshape([10, 16]);
        let (more, interleaved) = (rows.slice(1, 0..15), rows.t().at(15));
        let layers = Var::affine(biases, weights, x).tanh() * Var::affine(interleaved, more, x);
        let y = match case {
            0 => layers.sum(),
            // Also the whole block; before, so that its contribution comes last, and after.
            1 => layers.sum() + 0.1 * p.square().sum(),
            2 => 0.1 * p.square().sum() + layers.sum(),
            // Views that overlap the others, and single elements.
            3 => layers.sum() + (p.slice(0, 100..300) * p.slice(0, 50..250)).sum(),
            4 => layers.sum() + p.at(7) * p.at(155) * p.at(1399) + 0.01 * p.square().sum(),
            5 => layers.sum() + (rows.t().tanh() * rows.slice(1, 3..9).sum()).sum(),
            6 => {
                p.at(7) * p.at(155) + layers.sum() + p.slice(0, 2..160).square().sum() * p.at(1399)
            }
            _ => {
                layers.sum()
                    + (tape.concat(0, &[p.slice(0, 300..400), layers, p.slice(0, 0..30)]).square())
                        .sum()
            }
        };
        let by = [p, weights, interleaved, p.slice(0, 140..330), p.slice(0, 330..400), rows.t()];
        let expected = by_tape(y, &by);
        for off in variants() {
            let program = compiled(y, &by, Numerics::Exact, &off);
            let mut workspace = program.workspace();
            program.run(&mut workspace).unwrap();
            let found: Vec<Vec<f64>> =
                program.outputs().into_iter().map(|output| workspace.values(output)).collect();
            assert!(same_bits(&found, &expected), "case {case} without {off:?}\n{program}");
        }
        // A step of descent: the gradient stands on the tape.
        let g = tape.data([0.0; 1500]);
        let next = p - 0.05 * g;
        let mut compiler = Compiler::new(&tape);
        compiler.gradient_as(y, p, g).unwrap();
        let out = compiler.output(next).unwrap();
        compiler.feed(out, p).unwrap();
        let program = compiler.compile().unwrap();
        let (params, mut workspace) = (program.input(p).unwrap(), program.workspace());
        let mut by_hand = start.clone();
        for _ in 0..3 {
            program.run(&mut workspace).unwrap();
            tape.replay(&[(p, &by_hand)]).unwrap();
            let gradient = y.backward().values_wrt(p);
            by_hand.iter_mut().zip(gradient).for_each(|(p, g)| *p -= 0.05 * g);
            assert_eq!(workspace.input(params), by_hand, "case {case}\n{program}");
        }
    }
}

/// Tensor code for one row, compiled for several: what differs from row to row has an axis more.
#[test]
fn rows_of_tensors_are_the_rows_one_by_one() {
    const ROWS: usize = 3;
    for widen in [1, 5] {
        tensors::run(60, |program| {
            let program = tensors::widened(program, widen);
            let tape = exact();
            let (leaves, y) =
                tensors::record_up_to(1000, &tape, &program, &tensors::leaf_values(&program, 0));
            let mut compiler = Compiler::new(&tape);
            compiler.rows(ROWS, &leaves[..1]).unwrap();
            let value = compiler.output(y).unwrap();
            let each: Vec<_> =
                leaves.iter().map(|&leaf| compiler.gradient_per_row(y, leaf).unwrap()).collect();
            let sums: Vec<_> =
                leaves.iter().map(|&leaf| compiler.gradient(y, leaf).unwrap()).collect();
            let compiled = compiler.compile().unwrap();
            let rows: Vec<Vec<f64>> = (0..ROWS as u32)
                .map(|salt| tensors::leaf_values(&program, salt).swap_remove(0))
                .collect();
            let mut workspace = compiled.workspace();
            workspace.set(compiled.input(leaves[0].id()).unwrap(), &rows.concat()).unwrap();
            compiled.run(&mut workspace).unwrap();
            let (mut values, mut by_row) = (Vec::new(), vec![Vec::new(); leaves.len()]);
            let mut total: Vec<Vec<f64>> =
                leaves.iter().map(|leaf| vec![-0.0; leaf.len()]).collect();
            for row in &rows {
                tape.replay(&[(leaves[0], row)]).unwrap();
                let gradients = y.backward();
                values.push(y.value());
                for (i, &leaf) in leaves.iter().enumerate() {
                    let gradient = gradients.values_wrt(leaf);
                    total[i].iter_mut().zip(&gradient).for_each(|(total, g)| *total += g);
                    by_row[i].extend(gradient);
                }
            }
            // What depends on no row is the same for every one, and has no axis for them.
            let found = workspace.values(value);
            values.truncate(found.len());
            prop_assert!(same_bits(&[found], &[values]), "{tape}\n{compiled}");
            for i in 0..leaves.len() {
                let found = workspace.values(each[i]);
                prop_assert!([1, ROWS].contains(&(by_row[i].len() / found.len())));
                let expected = by_row[i][..found.len()].to_vec();
                prop_assert!(same_bits(&[found], &[expected]), "leaf {i}\n{tape}\n{compiled}");
                let found = workspace.values(sums[i]);
                let expected: Vec<f64> = match i {
                    0 => by_row[0][..found.len()].to_vec(),
                    _ => total[i].iter().map(|&sum| sum + 0.0).collect(),
                };
                prop_assert!(
                    same_bits(&[found], &[expected]),
                    "sum of leaf {i}\n{tape}\n{compiled}"
                );
            }
            Ok(())
        });
    }
}

#[test]
fn more_views_of_a_block_than_are_kept_apart() {
    for views in [3, 63, 64, 65, 100] {
        let tape = Tape::with(Options::default().numerics(Numerics::Exact));
        // Two numbers for each view, and some that no view reads.
        let numbers: Vec<f64> = (0..2 * views + 5).map(|i| (i as f64 * 0.37).sin()).collect();
        let x = tape.input(&numbers);
        // Swept last: it meets what the views have added, and the gap behind them.
        let whole = (x * x.sin()).sum();
        let parts = (0..views).map(|i| x.slice(0, 2 * i..2 * i + 2).exp().sum());
        let loss = parts.fold(whole, |sum, part| sum + part * part);
        let mut compiler = Compiler::new(&tape);
        let gradient = compiler.gradient(loss, x).unwrap();
        let program = compiler.compile().unwrap();
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        assert_eq!(workspace.values(gradient), loss.backward().values_wrt(x), "{views} views");
    }
}
