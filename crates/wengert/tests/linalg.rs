//! Linear algebra: identities, sizes of more than a block, and matrices that have no factor or no
//! inverse.

use wengert::op::{Attributes, Op, Structural};
use wengert::program::Batch;
use wengert::{Compiler, Error, Leaf, Numerics, Options, Tape, Var};

/// Numbers between -1 and 1.
fn some(n: usize, step: f64) -> Vec<f64> {
    (0..n).map(|i| f64::sin(i as f64 * step + 0.5)).collect()
}

/// Numbers between -1 and 1, of which a matrix has full rank.
fn mixed(n: usize) -> Vec<f64> {
    (0..n).map(|i| f64::sin((i * i) as f64 * 0.7 + i as f64 + 0.5)).collect()
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

#[test]
fn equations_determinants_and_inverses_are_one() {
    for numerics in [Numerics::Exact, Numerics::Fast] {
        for n in [1, 2, 3, 5, 20] {
            let tape = Tape::with(Options::default().numerics(numerics));
            // Rows have to be exchanged.
            let a = tape.tensor(Leaf::Input, &mixed(n * n), [n, n]).unwrap();
            let b = tape.tensor(Leaf::Input, &some(n * 2, 0.3), [n, 2]).unwrap();
            close(&a.matmul(a.solve(b)).values(), &b.values(), 1e-10);
            close(&a.inv().matmul(b).values(), &a.solve(b).values(), 1e-10);
            let (sign, logarithm) = a.slogdet();
            close(&(sign * logarithm.exp()).values(), &a.det().values(), 1e-15);
            let gradient = logarithm.backward().values_wrt(a);
            close(&gradient, &a.inv().t().values(), 1e-9);
            assert!(sign.backward().values_wrt(a).iter().all(|&g| g == 0.0));
            let positive = tape.tensor(Leaf::Input, &positive(n), [n, n]).unwrap();
            let known = positive.cholesky().cholesky_logdet();
            close(&positive.logdet().values(), &known.values(), 1e-13);
        }
    }
    let tape = Tape::new();
    let a = tape.input([[2.0, 3.0], [4.0, 1.0]]);
    assert!((a.det().value() + 10.0).abs() < 1e-14);
    assert!(a.logdet().value().is_nan());
    let several = tape.input([[[2.0, 0.0], [0.0, 2.0]], [[0.0, 1.0], [1.0, 0.0]]]);
    assert_eq!(several.slogdet().0.values(), [1.0, -1.0]);
    close(&several.slogdet().1.values(), &[4.0_f64.ln(), 0.0], 1e-15);
    close(&several.inv().values(), &[0.5, 0.0, 0.0, 0.5, 0.0, 1.0, 1.0, 0.0], 1e-15);
}

#[test]
fn least_squares_are_least() {
    for (m, n) in [(1, 1), (5, 2), (2, 5), (4, 4), (30, 7), (7, 30)] {
        let tape = Tape::new();
        let a = tape.tensor(Leaf::Input, &mixed(m * n), [m, n]).unwrap();
        let b = tape.tensor(Leaf::Input, &some(m * 2, 0.4), [m, 2]).unwrap();
        let x = a.lstsq(b);
        let residual = b - a.matmul(x);
        if m >= n {
            // It stands on the columns.
            close(&a.t().matmul(residual).values(), &vec![0.0; n * 2], 1e-12);
        } else {
            close(&residual.values(), &vec![0.0; m * 2], 1e-12);
            // And x stands in the rows' span: it is Aᵀ of something.
            let multiplier = a.matmul(a.t()).solve(b);
            close(&x.values(), &a.t().matmul(multiplier).values(), 1e-11);
        }
    }
}

#[test]
fn what_is_sorted_is_ordered() {
    let tape = Tape::new();
    let x = tape.input([[3.0, -1.0, 2.0, 3.0], [0.0, -0.0, 5.0, -7.0]]).named("x");
    assert_eq!(x.sort(1).values(), [-1.0, 2.0, 3.0, 3.0, -7.0, 0.0, -0.0, 5.0]);
    assert_eq!(x.sort(1).at(1).at(2).value().to_bits(), (-0.0_f64).to_bits());
    assert_eq!(x.argsort(1).values(), [1.0, 2.0, 0.0, 3.0, 3.0, 0.0, 1.0, 2.0]);
    assert_eq!(x.sort(0).values(), [0.0, -1.0, 2.0, -7.0, 3.0, -0.0, 5.0, 3.0]);
    let (values, indices) = x.topk(2, 1);
    assert_eq!(values.values(), [3.0, 3.0, 5.0, 0.0]);
    assert_eq!(indices.values(), [0.0, 3.0, 2.0, 0.0]);
    assert_eq!((x.argmax(1).values(), x.argmin(1).values()), (vec![0.0, 2.0], vec![1.0, 3.0]));
    assert!([x.argsort(1), x.argmax(1), x.argmin(0), indices].iter().all(|i| i.is_detached()));
    let weights = tape.constant([[1.0, 2.0], [3.0, 4.0]]);
    let gradient = (values * weights).sum().backward().values_wrt(x);
    assert_eq!(gradient, [1.0, 0.0, 0.0, 2.0, 4.0, 0.0, 3.0, 0.0]);
    let text = x.try_topk(5, 1).unwrap_err().to_string();
    assert!(text.contains("topk at") && text.contains("there are no 5 largest of the 4"), "{text}");
    assert!(x.try_sort(2).unwrap_err().to_string().contains("sort at"));
    // A replay and a program sort anew.
    let [sorted, order, largest] = [x.sort(1), x.argsort(1), x.argmax(1)];
    let mut compiler = Compiler::new(&tape);
    let asked = [sorted, order, largest].map(|var| compiler.output(var).unwrap());
    let gradient = compiler.gradient((sorted * sorted.cumsum(1)).sum(), x).unwrap();
    let program = compiler.compile().unwrap();
    let mut workspace = program.workspace();
    let loss = (sorted * sorted.cumsum(1)).sum();
    let nan = [1.0, f64::NAN, 2.0, 3.0, 4.0, 1.0, 1.0, -0.0];
    for numbers in [[5.0, 4.0, 3.0, -0.0, 0.0, 0.0, -1.0, 1e300], nan] {
        tape.replay(&[(x, &numbers)]).unwrap();
        workspace.set(program.input(x).unwrap(), &numbers).unwrap();
        program.run(&mut workspace).unwrap();
        for (var, output) in [sorted, order, largest].into_iter().zip(asked) {
            let bits = |x: Vec<f64>| -> Vec<u64> {
                x.iter().map(|x| if x.is_nan() { 1 } else { x.to_bits() }).collect()
            };
            assert_eq!(bits(workspace.values(output)), bits(var.values()));
        }
        if numbers[1].is_nan() {
            assert!(sorted.values()[..4].iter().all(|x| x.is_nan()));
            assert_eq!(sorted.values()[4..], [-0.0, 1.0, 1.0, 4.0]);
        } else {
            assert_eq!(workspace.values(gradient), loss.backward().values_wrt(x));
        }
    }
}

#[test]
fn sums_of_einstein_are_loops() {
    let tape = Tape::new();
    let var = |dims: &[usize], step: f64| {
        tape.tensor(Leaf::Input, &some(dims.iter().product(), step), dims).unwrap()
    };
    let cases: &[(&str, &[&[usize]])] = &[
        ("ij,jk->ik", &[&[2, 3], &[3, 4]]),
        ("ij,jk->ki", &[&[2, 3], &[3, 4]]),
        ("ij,jk", &[&[2, 3], &[3, 4]]),
        ("bij,bjk->bik", &[&[2, 2, 3], &[2, 3, 4]]),
        ("bij,jk->ikb", &[&[2, 2, 3], &[3, 4]]),
        ("i,j->ij", &[&[2], &[3]]),
        ("i,i->i", &[&[3], &[3]]),
        ("ij,ij->", &[&[2, 3], &[2, 3]]),
        ("ii->", &[&[3, 3]]),
        ("ii->i", &[&[3, 3]]),
        ("iji->j", &[&[2, 3, 2]]),
        ("ij->ji", &[&[2, 3]]),
        ("ij->", &[&[2, 3]]),
        ("i,ij,j->", &[&[2], &[2, 3], &[3]]),
        ("ij,kl,jl -> ik", &[&[2, 3], &[2, 4], &[3, 4]]),
        ("abc,cd,be,f->dea", &[&[2, 3, 2], &[2, 3], &[3, 2], &[2]]),
        ("i,ii,->i", &[&[2], &[2, 2], &[]]),
    ];
    for &(text, shapes) in cases {
        let operands: Vec<Var<'_>> =
            shapes.iter().enumerate().map(|(i, dims)| var(dims, 0.7 + i as f64)).collect();
        let found = tape.einsum(text, &operands);
        close(&found.values(), &by_loops(text, &operands), 1e-14);
        let report = found.sin().sum().check().run().unwrap();
        assert!(report.agrees(), "{text}: {report}");
    }
    let (a, b) = (var(&[2, 3], 0.3).named("a"), var(&[3, 4], 0.4).named("b"));
    for (text, operands, part) in [
        ("ij,jk->ik", &[a][..], "does not have 1 operands"),
        ("ij,ij->ik", &[a, b], "'i' has the extents 2 and 3"),
        ("ijk,jk->ik", &[a, b], "\"ijk\" has 3 letters for its 2 axes"),
        ("ij,jk->il", &[a, b], "the result has 'l', which no operand has"),
        ("ij,jk->ii", &[a, b], "the result has 'i' twice"),
        ("i...,jk", &[a, b], "'.' is not a letter of an axis"),
    ] {
        let message = tape.try_einsum(text, operands).unwrap_err().to_string();
        assert!(message.starts_with("einsum at") && message.contains(part), "{message}");
    }
}

/// Einstein's sum by the definition: a loop over all letters.
fn by_loops(text: &str, operands: &[Var<'_>]) -> Vec<f64> {
    let text = text.replace(' ', "");
    let (inputs, output) = text.split_once("->").unwrap_or((&text, "ik"));
    let inputs: Vec<Vec<char>> = inputs.split(',').map(|part| part.chars().collect()).collect();
    let output: Vec<char> = output.chars().collect();
    let mut letters = output.clone();
    let mut extents = std::collections::HashMap::new();
    for (own, operand) in inputs.iter().zip(operands) {
        for (&letter, &extent) in own.iter().zip(operand.shape().dims()) {
            extents.insert(letter, extent);
            if !letters.contains(&letter) {
                letters.push(letter);
            }
        }
    }
    let values: Vec<Vec<f64>> = operands.iter().map(|operand| operand.values()).collect();
    let size = |letters: &[char]| letters.iter().map(|letter| extents[letter]).product::<usize>();
    let mut sums = vec![0.0; size(&output)];
    for point in 0..size(&letters) {
        let (mut left, mut index) = (point, std::collections::HashMap::new());
        for letter in letters.iter().rev() {
            index.insert(*letter, left % extents[letter]);
            left /= extents[letter];
        }
        let at = |own: &[char]| own.iter().fold(0, |at, l| at * extents[l] + index[l]);
        let product: f64 =
            inputs.iter().zip(&values).map(|(own, values)| values[at(own)]).product();
        sums[at(&output)] += product;
    }
    sums
}

#[track_caller]
fn is_singular(error: &Error, op: &str, expected: (usize, usize, f64)) {
    let Error::Singular { matrix, pivot, value, at, .. } = error else { panic!("{error}") };
    assert_eq!(error.op(), op);
    assert_eq!((*matrix, *pivot), (expected.0, expected.1));
    assert!(value.to_bits() == expected.2.to_bits() || value.is_nan() && expected.2.is_nan());
    assert!(at.file().ends_with("tests/linalg.rs"), "{at}");
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
        let singular = tape.input([[1.0, 2.0], [2.0, 4.0]]);
        is_singular(&singular.try_solve(b).unwrap_err(), "solve", (0, 1, 0.0));
        is_singular(&singular.try_inv().unwrap_err(), "inv", (0, 1, 0.0));
        is_singular(&singular.try_slogdet().unwrap_err(), "slogdet", (0, 1, 0.0));
        is_singular(&singular.try_logdet().unwrap_err(), "logdet", (0, 1, 0.0));
        is_singular(&singular.try_det().unwrap_err(), "det", (0, 1, 0.0));
        let zeros = tape.input([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]);
        let error = zeros.try_lstsq(tape.input([1.0, 2.0, 3.0])).unwrap_err();
        is_singular(&error, "lstsq", (0, 0, -0.0));
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

/// Numbers of 32 digits with their bounds go through the same loops.
#[cfg(feature = "precision")]
#[test]
fn numbers_are_within_their_running_bounds() {
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let n = 40;
        let tape = Tape::with(Options::default().numerics(numerics));
        let a = tape.tensor(Leaf::Input, &positive(n), [n, n]).unwrap();
        let x = tape.tensor(Leaf::Input, &some(n, 0.2), [n]).unwrap();
        let loss = likelihood(a, x) + a.solve(x).sum() + a.slogdet().1;
        let truth = loss.truth().run().unwrap();
        let value = truth.value(loss);
        assert!(value.holds(loss.value()) && value.digits() > 10.0, "{value:?}");
        let gradients = loss.backward();
        for number in [a.at(3).at(2), a.at(39).at(39), x.at(0), x.at(39)] {
            let adjoint = truth.adjoint(number);
            // The smallest of them is a hundredth of the others, and its bound is like theirs.
            assert!(adjoint.holds(gradients.wrt(number)) && adjoint.bound < 1e-11, "{adjoint:?}");
        }
    }
}

#[test]
fn single_precision_has_its_own_digits() {
    for n in [3, 40] {
        let tape = Tape::<f32>::default();
        let numbers: Vec<f32> = positive(n).into_iter().map(|x| x as f32).collect();
        let a = tape.tensor(Leaf::Input, &numbers, [n, n]).unwrap();
        let x = tape.input(some(n, 0.2).into_iter().map(|x| x as f32).collect::<Vec<f32>>());
        let l = a.cholesky();
        let loss = l.cholesky_quadratic_form(x) + l.cholesky_logdet();
        let gradient = loss.backward().values_wrt(x);
        let right = (l.cholesky_solve(x) * 2.0).values();
        for (found, right) in gradient.iter().zip(right) {
            assert!((found - right).abs() < 1e-5 * (1.0 + right.abs()), "{found} {right}");
        }
        let solved = a.matmul(a.solve(x)).values();
        for (found, right) in solved.into_iter().zip(x.values()) {
            assert!((found - right).abs() < 1e-4, "{found} {right}");
        }
    }
}
