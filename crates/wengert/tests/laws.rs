//! Laws of the calculus on random programs, in every mode: linearity, the product and the chain
//! rule; ⟨v, J w⟩ = ⟨Jᵀ v, w⟩; the symmetry of Hessians.
//!
//! The programs are those of `random_tensors`, drawn from a fixed seed, and two functions on one
//! tape are two of their runs, each made a number.

#[path = "random/tensors.rs"]
mod random;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use wengert::{Compiler, Leaf, Numerics, Options, Tape, Var};

use random::{Program, leaf_values, numbers, record_runs, run};

const MOST: usize = 24;

/// A tape with a program's leaves and runs.
fn recorded<'t>(tape: &'t Tape, program: &Program) -> (Vec<Var<'t>>, Vec<Var<'t>>) {
    record_runs(MOST, tape, program, &leaf_values(program, 0))
}

fn tapes() -> [Tape; 2] {
    [Numerics::Exact, Numerics::Fast]
        .map(|numerics| Tape::with(Options::default().numerics(numerics)))
}

/// Two functions of the leaves: of the last run, and of the one before.
fn two<'t>(runs: &[Var<'t>]) -> [Var<'t>; 2] {
    let run = |back: usize| runs[runs.len() - 1 - back.min(runs.len() - 1)];
    [run(0).tanh().sum(), (run(1) * 0.5).sin().sum()]
}

/// Numbers beside each leaf: a point's tangent, or weights of its adjoint.
fn beside(leaves: &[Var<'_>], seed: u32) -> Vec<Vec<f64>> {
    (seed..).zip(leaves).map(|(seed, leaf)| numbers(seed * 31 + 7, leaf.len())).collect()
}

fn directed<'a, 't>(leaves: &[Var<'t>], numbers: &'a [Vec<f64>]) -> Vec<(Var<'t>, &'a [f64])> {
    leaves.iter().copied().zip(numbers.iter().map(Vec::as_slice)).collect()
}

/// The inner product, and the sum of its terms' sizes.
fn inner(a: &[Vec<f64>], b: &[Vec<f64>]) -> (f64, f64) {
    let terms = || a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| a * b);
    (terms().sum(), terms().map(f64::abs).sum())
}

/// Equal but for rounding, of which `sizes` says how large it may be. Infinities say nothing.
fn same(a: f64, b: f64, sizes: f64, what: &str) -> Result<(), TestCaseError> {
    if a.is_finite() && b.is_finite() && sizes.is_finite() {
        prop_assert!(
            (a - b).abs() <= 1e-11 * (sizes + 1.0),
            "{what}: {a:e} and {b:e} of {sizes:e}"
        );
    }
    Ok(())
}

/// The gradient of a number by all leaves, in each way.
fn gradients<'t>(y: Var<'t>, leaves: &[Var<'t>]) -> Vec<(&'static str, Vec<f64>)> {
    let tape = y.tape();
    let swept = y.backward();
    let swept = leaves.iter().flat_map(|&leaf| swept.values_wrt(leaf)).collect();
    let recorded = y.record_gradient(leaves).unwrap();
    let recorded = leaves
        .iter()
        .zip(&recorded)
        .flat_map(|(leaf, gradient)| gradient.map_or_else(|| vec![0.0; leaf.len()], Var::values));
    let mut ways = vec![("the sweep", swept), ("the recorded gradient", recorded.collect())];
    // By duals, a leaf's element after the other.
    let mut along = Vec::new();
    for &leaf in leaves {
        for i in 0..leaf.len() {
            let mut unit = vec![0.0; leaf.len()];
            unit[i] = 1.0;
            along.push(tape.tangents(&[(leaf, &unit)]).unwrap().value(y));
        }
    }
    ways.push(("duals", along));
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let mut compiler = Compiler::new(tape).numerics(numerics);
        let asked: Vec<_> =
            leaves.iter().map(|&leaf| compiler.gradient(y, leaf).unwrap()).collect();
        let program = compiler.compile().unwrap();
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        let computed = asked.iter().flat_map(|&output| workspace.values(output)).collect();
        ways.push(("a program", computed));
    }
    ways
}

#[test]
fn gradients_are_linear_and_follow_the_product_and_the_chain_rule() {
    run(60, |program| {
        for tape in tapes() {
            let (leaves, runs) = recorded(&tape, program);
            let [f, h] = two(&runs);
            let (a, b) = (f.value(), h.value());
            let (of_f, of_h) = (gradients(f, &leaves), gradients(h, &leaves));
            let laws = [
                ("linearity", f * 2.0 - h * 0.75, 2.0, -0.75),
                ("the product rule", f * h, b, a),
                (
                    "the quotient rule",
                    f / (h * h + 1.0),
                    1.0 / (b * b + 1.0),
                    -2.0 * a * b / (b * b + 1.0).powi(2),
                ),
                (
                    "the chain rule",
                    (f.sin() + h).exp(),
                    (a.sin() + b).exp() * a.cos(),
                    (a.sin() + b).exp(),
                ),
            ];
            for (law, y, by_f, by_h) in laws {
                let ways = gradients(y, &leaves).into_iter().zip(&of_f).zip(&of_h);
                for (((way, found), (_, of_f)), (_, of_h)) in ways {
                    for ((found, f), h) in found.iter().zip(of_f).zip(of_h) {
                        let (known, size) =
                            (by_f * f + by_h * h, (by_f * f).abs() + (by_h * h).abs());
                        same(*found, known, size, &format!("{law}, {way}"))?;
                    }
                }
            }
        }
        Ok(())
    });
}

/// ⟨v, J w⟩ = ⟨Jᵀ v, w⟩ of the program's last run.
#[test]
fn a_product_with_the_jacobian_is_the_transpose_of_the_other() {
    run(150, |program| {
        for tape in tapes() {
            let (leaves, runs) = recorded(&tape, program);
            // After all leaves, of which it may be a view.
            let y = *runs.last().unwrap() * 1.0;
            let (w, v) = (beside(&leaves, program.seed % 1000), numbers(program.seed, y.len()));
            let back = tape.backward_from(&[(y, &v)]).unwrap();
            let back: Vec<Vec<f64>> = leaves.iter().map(|&leaf| back.values_wrt(leaf)).collect();
            let (known, size) = inner(&back, &w);

            let forward = tape.tangents(&directed(&leaves, &w)).unwrap().values(y);
            let (found, other) = inner(std::slice::from_ref(&v), &[forward]);
            same(found, known, size + other, "duals")?;

            let moving: Vec<(Var<'_>, Var<'_>)> = leaves
                .iter()
                .zip(&w)
                .map(|(&leaf, w)| (leaf, tape.tensor(Leaf::Input, w, leaf.shape()).unwrap()))
                .collect();
            let cotangent = tape.tensor(Leaf::Input, &v, y.shape()).unwrap();
            let tangent = y.record_tangent(&moving).unwrap();
            let along = tangent.map(|t| (t * cotangent).sum());
            same(along.map_or(0.0, Var::value), known, size + other, "the recorded tangent")?;

            let shares = tape.record_vjp(&[(y, cotangent)], &leaves).unwrap();
            let terms = shares
                .iter()
                .zip(&moving)
                .filter_map(|(share, (_, t))| Some(((*share)? * *t).sum()));
            let Some(pulled) = terms.reduce(|a, b| a + b) else { continue };
            same(pulled.value(), known, size, "the recorded product")?;
            // By the direction it is Jᵀ v again, by the cotangent J w.
            let swept = pulled.backward();
            let by_w: Vec<Vec<f64>> = moving.iter().map(|&(_, t)| swept.values_wrt(t)).collect();
            same(inner(&by_w, &w).0, known, size, "the gradient by the direction")?;
            let by_v = swept.values_wrt(cotangent);
            same(inner(&[by_v], &[v]).0, known, size + other, "the gradient by the cotangent")?;

            let mut compiler = Compiler::new(&tape);
            let asked: Vec<_> = [along, Some(pulled)]
                .into_iter()
                .flatten()
                .map(|y| compiler.output(y).unwrap())
                .collect();
            let program = compiler.compile().unwrap();
            let mut workspace = program.workspace();
            program.run(&mut workspace).unwrap();
            for output in asked {
                same(workspace.value(output), known, size + other, "a program")?;
            }
        }
        Ok(())
    });
}

/// ⟨u, H w⟩ = ⟨w, H u⟩, by duals over the sweep, by the sweep over nodes, by tangents over nodes,
/// by programs; and the second Taylor coefficient is ⟨w, H w⟩/2.
#[test]
fn hessians_are_symmetric() {
    run(100, |program| {
        for tape in tapes() {
            let (leaves, runs) = recorded(&tape, program);
            let [f, h] = two(&runs);
            let y = f * h + f;
            let [u, w] = [1, 2].map(|seed| beside(&leaves, program.seed % 1000 + seed));
            let hvp = |along: &[Vec<f64>]| tape.hvp(y, &directed(&leaves, along), &leaves).unwrap();
            let (of_u, of_w) = (hvp(&u), hvp(&w));
            let (known, size) = inner(&u, &of_w);
            let (other, more) = inner(&w, &of_u);
            let size = (size + more) * 10.0;
            same(other, known, size, "duals over the sweep")?;

            let [to_u, to_w] = [&u, &w].map(|along| {
                let data = |leaf: Var<'_>, along| tape.tensor(Leaf::Data, along, leaf.shape());
                let pairs = leaves.iter().zip(along);
                pairs.map(|(&leaf, along)| (leaf, data(leaf, along).unwrap())).collect::<Vec<_>>()
            });
            let gradient = y.record_gradient(&leaves).unwrap();
            let terms =
                gradient.iter().zip(&to_u).filter_map(|(g, (_, u))| Some(((*g)? * *u).sum()));
            let Some(slope) = terms.reduce(|a, b| a + b) else { continue };
            let swept = slope.backward();
            let by_nodes: Vec<Vec<f64>> =
                leaves.iter().map(|&leaf| swept.values_wrt(leaf)).collect();
            same(inner(&by_nodes, &w).0, known, size, "the sweep over nodes")?;
            let moved = slope.record_tangent(&to_w).unwrap();
            same(moved.map_or(0.0, Var::value), known, size, "tangents over nodes")?;
            let mut compiler = Compiler::new(&tape);
            let asked: Vec<_> =
                leaves.iter().map(|&leaf| compiler.gradient(slope, leaf).unwrap()).collect();
            let compiled = compiler.compile().unwrap();
            let mut workspace = compiled.workspace();
            compiled.run(&mut workspace).unwrap();
            let computed: Vec<Vec<f64>> =
                asked.iter().map(|&output| workspace.values(output)).collect();
            same(inner(&computed, &w).0, known, size, "a program")?;

            let taylor = tape.taylor(y, &directed(&leaves, &w), 2).unwrap().concat();
            let (curve, size) = inner(&w, &of_w);
            same(2.0 * taylor[2], curve, size * 10.0, "Taylor's second coefficient")?;
        }
        Ok(())
    });
}
