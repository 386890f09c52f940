//! Linear algebra: identities, sizes of more than a block, and matrices that have no factor or no
//! inverse.

use wengert::op::{Attributes, Op, Structural};
use wengert::program::Batch;
use wengert::{Compiler, Error, Leaf, Numerics, Options, Tape, Var};

/// Numbers between -1 and 1.
fn some(n: usize, step: f64) -> Vec<f64> {
    (0..n).map(|i| f64::sin(i as f64 * step + 0.5)).collect()
}

/// A positive definite matrix of n rows.
fn positive(n: usize) -> Vec<f64> {
    let b = some(n * n, 0.7);
    let dot = |i: usize, j: usize| (0..n).map(|k| b[i * n + k] * b[j * n + k]).sum::<f64>();
    let each = (0..n * n).map(|at| (at / n, at % n));
    each.map(|(i, j)| dot(i, j) + if i == j { n as f64 } else { 0.0 }).collect()
}

#[track_caller]
fn close(a: &[f64], b: &[f64], tolerance: f64) {
    assert_eq!(a.len(), b.len());
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "element {i}: {a} and {b}");
    }
}

#[test]
fn a_factor_times_its_transpose_is_the_matrix() {
    for numerics in [Numerics::Exact, Numerics::Fast] {
        for n in [1, 2, 3, 7, 31, 32, 33, 64, 100] {
            let tape = Tape::with(Options::default().numerics(numerics));
            let a = tape.tensor(Leaf::Input, &positive(n), [n, n]).unwrap();
            let l = a.cholesky();
            close(&l.matmul(l.t()).values(), &a.values(), 1e-13);
            let above = l.triu().values();
            assert!((0..n * n).all(|at| at / n == at % n || above[at] == 0.0));
            // And what is above the diagonal is not read.
            let lower = a.tril().cholesky();
            assert_eq!(lower.values(), l.values());
            let b = tape.tensor(Leaf::Input, &some(n * 3, 0.3), [n, 3]).unwrap();
            close(&l.matmul(l.solve_lower(b)).values(), &b.values(), 1e-12);
            close(&l.t().matmul(l.t().solve_upper(b)).values(), &b.values(), 1e-12);
            close(&a.matmul(l.cholesky_solve(b)).values(), &b.values(), 1e-11);
            let identity = a.matmul(l.cholesky_inverse());
            close(&identity.trace().values(), &[n as f64], 1e-12);
        }
    }
}

/// The log-likelihood of a normal vector, whose gradients are closed forms.
fn likelihood<'t>(a: Var<'t>, x: Var<'t>) -> Var<'t> {
    let l = ((a + a.t()) * 0.5).cholesky();
    (l.cholesky_quadratic_form(x) + l.cholesky_logdet()) * -0.5
}

#[test]
fn every_way_is_one_in_more_than_a_block() {
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let n = 70;
        let tape = Tape::with(Options::default().numerics(numerics));
        let a = tape.tensor(Leaf::Input, &positive(n), [n, n]).unwrap();
        let x = tape.tensor(Leaf::Input, &some(n, 0.2), [n]).unwrap();
        let loss = likelihood(a, x);
        let gradients = loss.backward();
        let swept = [gradients.values_wrt(a), gradients.values_wrt(x)];
        // The closed form: (K⁻¹x xᵀK⁻¹ − K⁻¹)/2, and −K⁻¹x.
        let l = a.cholesky();
        let (alpha, inverse) = (l.cholesky_solve(x), l.cholesky_inverse());
        close(&swept[0], &((alpha.outer(alpha) - inverse) * 0.5).values(), 1e-14);
        close(&swept[1], &(-alpha).values(), 1e-14);

        let recorded = loss.record_gradient(&[a, x]).unwrap();
        let program = {
            let mut compiler = Compiler::new(&tape).numerics(numerics);
            let outputs = [a, x].map(|leaf| compiler.gradient(loss, leaf).unwrap());
            let program = compiler.compile().unwrap();
            let mut workspace = program.workspace();
            program.run(&mut workspace).unwrap();
            outputs.map(|output| workspace.values(output))
        };
        for i in 0..2 {
            let recorded = recorded[i].unwrap().values();
            if numerics == Numerics::Exact {
                assert_eq!(recorded, swept[i]);
                assert_eq!(program[i], swept[i]);
            }
            close(&recorded, &swept[i], 1e-14);
            close(&program[i], &swept[i], 1e-14);
        }

        // Second order: along a direction, by duals and by the recorded gradient.
        let directions = [some(n * n, 0.9), some(n, 0.4)];
        let by_duals =
            tape.hvp(loss, &[(a, &directions[0]), (x, &directions[1])], &[a, x]).unwrap();
        let seeds = [(0, a), (1, x)]
            .map(|(i, var)| tape.tensor(Leaf::Data, &directions[i], var.shape()).unwrap());
        let along =
            (recorded[0].unwrap() * seeds[0]).sum() + (recorded[1].unwrap() * seeds[1]).sum();
        let gradients = along.backward();
        close(&gradients.values_wrt(a), &by_duals[0], 1e-12);
        close(&gradients.values_wrt(x), &by_duals[1], 1e-12);
    }
}

#[track_caller]
fn is_singular(error: &Error, op: &str, expected: (usize, usize, f64)) {
    let Error::Singular { matrix, pivot, value, at, .. } = error else { panic!("{error}") };
    assert_eq!(error.op(), op);
    assert_eq!((*matrix, *pivot), (expected.0, expected.1));
    assert!(value.to_bits() == expected.2.to_bits() || value.is_nan() && expected.2.is_nan());
    assert!(at.file().ends_with("linalg.rs"), "{at}");
}

#[test]
fn a_matrix_without_a_factor_is_refused_with_its_pivot() {
    for keep in [false, true] {
        let tape = Tape::with(Options::default().source_lines(keep));
        let x = tape.input(2.0);
        let indefinite = tape.input([[4.0, 2.0, 0.0], [2.0, 1.0, 3.0], [0.0, 3.0, 5.0]]).named("K");
        let (len, slots) = (tape.len(), tape.slots());
        let error = indefinite.try_cholesky().unwrap_err();
        is_singular(&error, "cholesky", (0, 1, 0.0));
        let text = error.to_string();
        assert!(
            text.contains("K of shape [3, 3] is not positive definite: pivot 1 is 0"),
            "{text}"
        );
        assert_eq!((tape.len(), tape.slots()), (len, slots));
        let apply = |op, operands: &[Var<'_>]| {
            tape.apply(Op::Structural(op), operands, Attributes::None).unwrap_err()
        };
        is_singular(&apply(Structural::Cholesky, &[indefinite]), "cholesky", (0, 1, 0.0));
        // The last pivot, a negative one, one that is not a number, and one of several matrices.
        let last = tape.input([[1.0, 1.0], [1.0, 1.0]]);
        is_singular(&last.try_cholesky().unwrap_err(), "cholesky", (0, 1, 0.0));
        let negative = tape.input([[-3.0]]);
        is_singular(&negative.try_cholesky().unwrap_err(), "cholesky", (0, 0, -3.0));
        let nan = tape.input([[1.0, 0.0], [f64::NAN, 1.0]]);
        is_singular(&nan.try_cholesky().unwrap_err(), "cholesky", (0, 1, f64::NAN));
        let several = tape.input([[[1.0]], [[0.0]]]);
        let error = several.try_cholesky().unwrap_err();
        is_singular(&error, "cholesky", (1, 0, 0.0));
        assert!(error.to_string().contains("pivot 0 of matrix 1 is 0"), "{error}");
        let triangle = tape.input([[1.0, 0.0], [3.0, 0.0]]);
        let b = tape.input([1.0, 3.0]);
        is_singular(&triangle.try_solve_lower(b).unwrap_err(), "solve_lower", (0, 1, 0.0));
        is_singular(&triangle.try_solve_upper(b).unwrap_err(), "solve_upper", (0, 1, 0.0));
        let error = triangle.try_cholesky_solve(b).unwrap_err();
        is_singular(&error, "cholesky_solve", (0, 1, 0.0));
        // A right side that is not finite is none of the matrix's.
        let infinite = tape.input([f64::INFINITY, 0.0]);
        let x3 = x * 3.0;
        assert!(tape.input([[1.0, 0.0], [0.5, 2.0]]).try_solve_lower(infinite).is_ok());
        assert_eq!(x3.backward().wrt(x), 3.0);
        tape.replay(&[]).unwrap();
    }
}

/// [[1, s], [s, 1]], whose second pivot is 1 − s².
fn correlated<'t>(tape: &'t Tape, s: Var<'t>) -> Var<'t> {
    let one = tape.constant(1.0);
    tape.stack(&[one, s, s, one]).reshape([2, 2]).named("A")
}

#[test]
fn a_replay_and_a_program_refuse_it_and_change_nothing() {
    let tape = Tape::new();
    let s = tape.input(0.5).named("s");
    let loss = correlated(&tape, s).cholesky().cholesky_logdet();
    let before = loss.value();
    let error = tape.replay(&[(s, &[2.0])]).unwrap_err();
    is_singular(&error, "cholesky", (0, 1, -3.0));
    assert_eq!((s.value(), loss.value()), (0.5, before));
    tape.replay(&[(s, &[0.25])]).unwrap();
    assert!((loss.value() - (1.0 - 0.0625_f64).ln()).abs() < 1e-15);

    for numerics in [Numerics::Exact, Numerics::Fast] {
        let mut compiler = Compiler::new(&tape).numerics(numerics);
        let (of, to) = (compiler.output(loss).unwrap(), compiler.gradient(loss, s).unwrap());
        let program = compiler.compile().unwrap();
        let mut workspace = program.workspace();
        let input = program.input(s).unwrap();
        workspace.set(input, &[-2.0]).unwrap();
        is_singular(&program.run(&mut workspace).unwrap_err(), "cholesky", (0, 1, -3.0));
        workspace.set(input, &[0.5]).unwrap();
        program.run(&mut workspace).unwrap();
        close(&workspace.values(of), &[before], 1e-15);
        // −2s/(1 − s²)
        close(&workspace.values(to), &[-1.0 / 0.75], 1e-15);
    }
}

#[test]
fn a_batch_says_which_rows() {
    let tape = Tape::new();
    let s = tape.input(0.5).named("s");
    let t = tape.input([3.0, 1.0]);
    let l = correlated(&tape, s).cholesky();
    let loss = l.cholesky_logdet() + l.cholesky_quadratic_form(t);
    let mut compiler = Compiler::new(&tape);
    compiler.rows(4, &[s]).unwrap();
    let output = compiler.output(loss).unwrap();
    let program = compiler.compile().unwrap();
    let input = program.input(s).unwrap();
    let batch = Batch::new(program);
    let rows: Vec<f64> = (0..9).map(|i| f64::from(i) / 10.0).collect();
    let outputs = batch.run(&[], &[(input, &rows)]).unwrap();
    for (s, found) in rows.iter().zip(outputs.values(output)) {
        let det = 1.0 - s * s;
        let right = det.ln() + (9.0 + 1.0 - 6.0 * s) / det;
        assert!((found - right).abs() < 1e-13 * right.abs(), "{found} {right}");
    }
    let error = batch.run(&[], &[(input, &[0.1, 1.0, 0.2, 3.0])]).unwrap_err();
    let Error::GuardFlippedInRows { rows, first } = error else { panic!("{error}") };
    assert_eq!(rows, [1, 3]);
    is_singular(&first, "cholesky", (0, 1, 0.0));
}

#[test]
fn a_rewind_forgets_what_was_to_be_checked() {
    let mut tape = Tape::new();
    let key = tape.input(0.5).key();
    let mark = tape.mark();
    let s = tape.var(key);
    let _ = correlated(&tape, s).cholesky();
    tape.rewind(mark);
    let s = tape.var(key);
    tape.replay(&[(s, &[2.0])]).unwrap();
}
