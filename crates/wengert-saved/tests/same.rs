//! What is loaded is what was saved: the same text, the same bits.

use proptest::prelude::*;
use wengert::op::{Op, Structural};
use wengert::program::{Batch, Pass, Program};
use wengert::{Compiler, External, Externals, Leaf, Numerics, Operation, Options, Scan, Tape, Var};
use wengert_saved::{Loader, Saved, load_program, load_tape, program_text, tape_text};

use crate::{cases, scalars, tensors};

fn bits<S: Saved>(numbers: &[S]) -> Vec<u64> {
    numbers.iter().map(|number| number.to_f64().to_bits()).collect()
}

/// What a program computes at the numbers that its tape had, twice, so that what is fed is seen.
fn computed<S: Saved>(program: &Program<S>) -> Vec<Vec<u64>> {
    let mut workspace = program.workspace();
    let mut all = Vec::new();
    for _ in 0..2 {
        program.run(&mut workspace).unwrap();
        let outputs = program.outputs();
        all.extend(outputs.into_iter().map(|output| bits(&workspace.values(output))));
    }
    all
}

/// A tape, and a program that computes these and the gradient of the first by the others.
fn same_with<S: Saved>(loader: &Loader, of: Var<'_, S>, wrt: &[Var<'_, S>]) {
    let tape = of.tape();
    let text = tape_text(tape);
    let again: Tape<S> = loader.tape(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(bits(&again.all_values()), bits(&tape.all_values()), "{text}");
    // Of a body, steps that it does not need are left out when it is loaded, and from then on.
    let text = tape_text(&again);
    assert_eq!(tape_text(&loader.tape::<S>(&text).unwrap()), text);
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let mut compiler = Compiler::new(tape).numerics(numerics);
        compiler.output(of).unwrap();
        for &wrt in wrt {
            compiler.gradient(of, wrt).unwrap();
        }
        let text = program_text(&compiler);
        let loaded = loader.program::<S>(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(computed(&loaded.program), computed(&compiler.compile().unwrap()), "{text}");
    }
}

fn same<S: Saved>(of: Var<'_, S>, wrt: &[Var<'_, S>]) {
    same_with(&Loader::new(), of, wrt);
}

#[test]
fn random_programs_of_single_numbers_are() {
    scalars::run(if cfg!(debug_assertions) { 40 } else { 400 }, |program| {
        let tape = Tape::new();
        let (inputs, y) = scalars::record(&tape, program, &program.at);
        same(y, &inputs);
        Ok(())
    });
}

#[test]
fn random_programs_over_runs_are() {
    tensors::run(if cfg!(debug_assertions) { 40 } else { 400 }, |program| {
        let tape = Tape::new();
        let (leaves, y) = tensors::record(&tape, program, &tensors::leaf_values(program, 0));
        prop_assume!(y.value().is_finite());
        same(y, &leaves);
        Ok(())
    });
}

/// With its recorded gradient, in which the derivatives of loops and branches are nodes.
#[test]
fn every_structural_operation_is() {
    for &op in Structural::ALL {
        // Functions of plain numbers have a test of their own.
        if op == Structural::External {
            continue;
        }
        for case in cases::cases(op) {
            let tape = cases::exact();
            let (leaves, read) = cases::operands(&tape, op, &case);
            let value = tape.apply(Op::Structural(op), &read, case.attributes.clone()).unwrap();
            let weights = cases::numbers(value.len(), 100);
            let weights = tape.tensor(Leaf::Data, &weights, value.shape()).unwrap();
            let leaves: Vec<Var<'_>> =
                leaves.into_iter().filter(|leaf| !leaf.is_detached()).collect();
            let loss = (value.sin() * weights).sum();
            let gradients = loss.record_gradient(&leaves).unwrap();
            let zero = 0.0 * loss;
            let squares = gradients.into_iter().flatten().map(|g| g.square().sum());
            let total = squares.fold(zero, |sum, next| sum + next);
            same(loss, &leaves);
            same(total, &[]);
        }
    }
}

#[test]
fn numbers_of_32_bits_are() {
    let tape = Tape::<f32>::default();
    let x = tape.data([[0.1, -0.0, 1e-42], [3.4e38, 16_777_217.0, 0.333_333_34]]).named("x");
    let w = tape.param([0.1, 0.2, 0.3]).named("w");
    let y = (x * 1e-30 + 1.1).matmul(w.tanh()).sum() * (w.at(0) / 3.0).exp();
    same(y, &[w]);
    let near = tape.data([f32::MIN_POSITIVE, 1.0 + f32::EPSILON, 0.1 + 0.2, 7.038_531e-26]);
    same((near * 1.5).sum(), &[near]);
}

#[test]
fn numbers_that_are_none_are() {
    let tape = Tape::new();
    let odd = f64::from_bits(0x7ff8_0000_dead_beef);
    let x = tape.input([f64::NAN, odd, f64::INFINITY, f64::NEG_INFINITY, -0.0, 5e-324, 1e300]);
    let text = tape_text(&tape);
    let again = load_tape::<f64>(&text).unwrap();
    assert_eq!(bits(&again.all_values()), bits(&x.values()));
    assert_eq!(tape_text(&again), text);
}

#[test]
fn names_scopes_and_guards_are() {
    let tape = Tape::new();
    let x = tape.input([2.0, 3.0]).named("x");
    let y = {
        let _hidden = tape.scope("hidden");
        let _first = tape.scope("0");
        (x.at(0) * x.at(1)).named("z")
    };
    let z = if y > 1.0 { y.ln().named("log") } else { y };
    let _part = x.slice(0, 1..2).named("part");
    let again = load_tape::<f64>(&tape_text(&tape)).unwrap();
    assert_eq!(again.to_string(), tape.to_string());
    assert_eq!(again.paths(), tape.paths());
    let names = |tape: &Tape| tape.names().into_iter().map(|name| name.path).collect::<Vec<_>>();
    assert_eq!(names(&again), names(&tape));
    assert_eq!(again.guards().len(), 1);
    // The guard watches the loaded tape, and the loaded program.
    let x_again = again.find("x").unwrap();
    assert!(again.replay(&[(x_again, &[0.1, 0.1])]).is_err());
    let mut compiler = Compiler::new(&tape);
    compiler.gradient(z, x).unwrap();
    let loaded = load_program::<f64>(&program_text(&compiler)).unwrap();
    let mut workspace = loaded.program.workspace();
    workspace.set(loaded.program.input("x").unwrap(), &[0.1, 0.1]).unwrap();
    assert!(loaded.program.run(&mut workspace).is_err());
}

#[test]
fn functions_of_plain_numbers_are() {
    let table = External::new("table", |x, y| y[0] = x[0][0].powi(3))
        .with_shape(|_| Ok([].into()))
        .with_vjp(|x, _, g, to| to[0][0] = 3.0 * x[0][0].powi(2) * g[0]);
    let mut known = Externals::new();
    known.register(table.clone()).unwrap();
    let loader = Loader::new().externals(known);
    let tape = Tape::new();
    let x = tape.input(1.5).named("x");
    let y = table.of(&[x * 2.0]).named("y");
    let slope = y.record_gradient(&[x]).unwrap()[0].unwrap();
    same_with(&loader, y, &[x]);
    same_with(&loader, slope, &[]);
    // Inside of a function that is one step.
    let f = Operation::new("twice", move |x| table.of(&[table.of(x)]));
    let z = f.of(&[x]).named("z");
    same_with(&loader, z, &[x]);
}

#[test]
fn loops_that_keep_few_states_are() {
    let tape = Tape::new();
    let (x, w) = (tape.input([0.1, 0.2]), tape.param([0.5, 0.7]));
    let f = Operation::new("turn", |x| (x[0] * x[1]).sin())
        .with_vjp(|x, _, g| vec![g * x[1] * (x[0] * x[1]).cos(), g * x[0] * (x[0] * x[1]).cos()]);
    for keeps in [wengert::scan::Snapshots::All, wengert::scan::Snapshots::Count(3)] {
        let scan = Scan::new().state(x).fixed(w).steps(20).snapshots(keeps);
        let turned = scan.record(|step| {
            let next = f.of(&[step.state(0), step.fixed(0)]) + step.state(0) * 0.5;
            step.next([next]).with([next.sum()])
        });
        let turned = turned.unwrap();
        same(turned.state(0).sum() + turned.rows(0).square().sum(), &[x, w]);
    }
}

/// A step of training: a gradient that stands on the tape, and parameters that are fed back.
#[test]
fn steps_of_training_are() {
    for pass in [None, Some(Pass::Fuse), Some(Pass::Group)] {
        let tape = Tape::new();
        let (w, x) = (tape.param([3.0, -4.0]).named("w"), tape.data([1.0, 0.5]).named("x"));
        let loss = ((w * x).sum() - 1.0).square().named("loss");
        let g = tape.data([0.0, 0.0]);
        let next = w - 0.125 * g;
        let mut compiler = Compiler::new(&tape).portable();
        if let Some(pass) = pass {
            compiler = compiler.without(pass);
        }
        compiler.output(loss).unwrap();
        compiler.gradient_as(loss, w, g).unwrap();
        let next = compiler.output(next).unwrap();
        compiler.feed(next, w).unwrap();
        let loaded = load_program::<f64>(&program_text(&compiler)).unwrap();
        assert_eq!(loaded.fed, ["w"]);
        let program = compiler.compile().unwrap();
        assert_eq!(computed(&loaded.program), computed(&program));
        assert_eq!(loaded.program.report(), program.report());
    }
}

/// Many rows over threads, or on one.
#[test]
fn programs_for_many_rows_are() {
    let tape = Tape::new();
    let (x, w) = (tape.data([0.5, -1.0, 0.25]).named("x"), tape.param([0.1, -0.2, 0.3]).named("w"));
    let loss = ((w * x).sum().tanh() - 1.0).square().named("loss");
    for count in [None, Some(8)] {
        let mut compiler = Compiler::new(&tape);
        match count {
            Some(count) => compiler.rows(count, &[x]).unwrap(),
            None => compiler.batched(&[x]).unwrap(),
        }
        compiler.output(loss).unwrap();
        compiler.gradient(loss, w).unwrap();
        compiler.gradient_per_row(loss, w).unwrap();
        let loaded = load_program::<f64>(&program_text(&compiler)).unwrap();
        let per_row: Vec<bool> = loaded.outputs.iter().map(|info| info.per_row).collect();
        assert_eq!(per_row, [true, false, true]);
        let rows: Vec<f64> = (0..3 * 1000).map(|i| f64::from(i % 17) * 0.1 - 0.8).collect();
        let run = |program: Program, threads: usize| {
            let input = program.input("x").unwrap();
            let batch = Batch::new(program);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let result = pool.install(|| batch.run(&[], &[(input, &rows)])).unwrap();
            let outputs = batch.program().outputs();
            outputs.into_iter().map(|output| bits(result.values(output))).collect::<Vec<_>>()
        };
        let saved = run(compiler.compile().unwrap(), 1);
        for threads in [1, 2, 3] {
            assert_eq!(run(loaded.program.clone(), threads), saved);
        }
    }
}

/// What was loaded is recorded on and differentiated as ever.
#[test]
fn a_loaded_tape_goes_on() {
    let tape = Tape::with(Options::default().numerics(Numerics::Exact));
    let x = tape.param([0.5, 2.0]).named("x");
    let _y = (x * 3.0).sum().named("y");
    let again = load_tape::<f64>(&tape_text(&tape)).unwrap();
    assert_eq!(again.numerics(), Numerics::Exact);
    let (x, y) = (again.find("x").unwrap(), again.find("y").unwrap());
    let z_exp = (y * 3.0).exp();
    let z = z_exp + x.at(0);
    let gradients = z.backward();
    let slope = 3.0 * (3.0 * z_exp.value());
    assert_eq!(gradients.values_wrt(x), [slope + 1.0, slope]);
}
