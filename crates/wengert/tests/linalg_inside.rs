//! Matrices inside functions: what cannot be divided by is an error there too, when it is recorded,
//! replayed or computed by a program, and whatever the result depends on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wengert::program::Batch;
use wengert::{CompileTape, Compiler, Error, Numerics, Operation, Options, Scan, Tape, Var};

fn exact() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

/// A matrix with an inverse but where its parameter is 2.
fn matrix<'b>(a: Var<'b>) -> Var<'b> {
    let tape = a.tape();
    (tape.constant([[2.0, 1.0], [2.0, 0.0]]) + a * tape.constant([[0.0, 0.0], [0.0, 0.5]])).t()
}

fn solved<'b>(a: Var<'b>) -> Var<'b> {
    matrix(a).solve(a.tape().constant([1.0, 2.0])).sum()
}

type Way = for<'t> fn(&'t Tape, Var<'t>) -> Result<Var<'t>, Error>;

/// The same in every function that a step can run, and what a message calls it.
fn ways() -> Vec<(Way, &'static str)> {
    vec![
        (|tape, a| tape.checkpoint(&[a], |x| solved(x[0])), "checkpoint"),
        (|_, a| Operation::new("mine", |x| solved(x[0])).try_of(&[a]), "mine"),
        (
            |tape, a| {
                let yes = tape.constant(1.0);
                tape.cond(yes, &[a], |x| solved(x[0]), |x| x[0])
            },
            "cond",
        ),
        (
            |tape, a| {
                // The matrix of the third step is the one.
                let start = a - 1.0;
                let scan = Scan::new().state(start).state(tape.constant(0.0)).steps(4);
                let scan = scan.record(|s| {
                    let x = s.state(0);
                    s.next([x + 0.5, s.state(1) + solved(x)])
                });
                Ok(scan?.state(1))
            },
            "step 2 of scan",
        ),
        (
            |tape, a| {
                tape.checkpoint(&[a], |x| x[0].tape().checkpoint(x, |x| solved(x[0])).unwrap())
            },
            "checkpoint, checkpoint",
        ),
    ]
}

#[track_caller]
fn singular(error: Error, inside: &str) {
    let message = error.to_string();
    let Error::Singular { op, operand, pivot, value, inside: found, at, .. } = error else {
        panic!("{inside}: {message}")
    };
    assert_eq!((op, pivot, value, found.as_str()), ("solve", 1, 0.0, inside));
    assert_eq!(operand.shape.dims(), [2, 2]);
    assert!(at.file().ends_with("linalg_inside.rs"), "{at}");
    let says = format!("in {inside}, a matrix of shape [2, 2] is not invertible: pivot 1 is 0");
    assert!(message.contains(&says), "{message}");
}

#[test]
fn a_singular_matrix_inside_is_an_error_in_every_mode() {
    for (way, inside) in ways() {
        let tape = exact();
        let a = tape.input(1.0).named("a");
        let y = way(&tape, a).unwrap();
        let z = (y * 2.0).named("z");
        let known = (z.value(), z.backward().wrt(a));
        assert!(z.check().run().unwrap().agrees(), "{inside}");

        singular(tape.replay(&[(a, &[2.0])]).unwrap_err(), inside);
        assert_eq!((a.value(), z.value(), z.backward().wrt(a)), (1.0, known.0, known.1));
        for numerics in [Numerics::Exact, Numerics::Fast] {
            let mut compiler = Compiler::new(&tape).numerics(numerics);
            let (value, slope) = (compiler.output(z).unwrap(), compiler.gradient(z, a).unwrap());
            let program = compiler.compile().unwrap();
            let (input, mut workspace) = (program.input(a).unwrap(), program.workspace());
            program.run(&mut workspace).unwrap();
            if numerics == Numerics::Exact {
                let bits = (workspace.value(value), workspace.value(slope));
                assert_eq!(bits, known, "{inside}");
            }
            workspace.set(input, &[2.0]).unwrap();
            singular(program.run(&mut workspace).unwrap_err(), inside);
            workspace.set(input, &[1.0]).unwrap();
            program.run(&mut workspace).unwrap();
        }

        // Recorded there it is refused, and nothing is on the tape.
        let tape = exact();
        let a = tape.input(2.0).named("a");
        let len = tape.len();
        match catch_unwind(AssertUnwindSafe(|| way(&tape, a))) {
            // A closure is recorded at the numbers first, where its own solve() panics.
            Err(payload) => {
                let message = payload.downcast_ref::<String>().unwrap();
                assert!(message.contains("solve at") && inside != "step 2 of scan", "{message}");
            }
            Ok(refused) => singular(refused.map(|_| ()).unwrap_err(), inside),
        }
        assert!(tape.len() <= len + 3, "{inside}: {} nodes", tape.len());
    }
}

#[test]
fn a_result_that_hides_it_is_an_error_all_the_same() {
    let tape = exact();
    let (a, choice) = (tape.input(1.0), tape.data(1.0));
    let y = tape.checkpoint(&[a, choice], |x| x[1].select(x[0], solved(x[0]))).unwrap();
    let w = tape.checkpoint(&[a], |x| (1.0 / solved(x[0])).max(-10.0).min(10.0)).unwrap();
    let program = tape.compile(&[y, w], &[]).unwrap();
    singular(tape.replay(&[(a, &[2.0])]).unwrap_err(), "checkpoint");
    assert_eq!((y.value(), a.value()), (1.0, 1.0));
    let (input, mut workspace) = (program.input(a).unwrap(), program.workspace());
    workspace.set(input, &[2.0]).unwrap();
    singular(program.run(&mut workspace).unwrap_err(), "checkpoint");
}

#[test]
fn what_is_not_run_and_what_is_not_a_number_are_no_faults() {
    let tape = exact();
    let (a, choice) = (tape.input(1.0), tape.data(1.0));
    let y = tape.cond(choice, &[a], |x| x[0], |x| solved(x[0])).unwrap();
    tape.replay(&[(a, &[2.0])]).unwrap();
    assert_eq!(y.value(), 2.0);
    singular(tape.replay(&[(choice, &[0.0])]).unwrap_err(), "cond");
    // A NaN that has another reason is a number like others; of a step in it, too.
    let b = tape.input(-1.0);
    let nested = tape.checkpoint(&[b, a], |x| {
        let inner = x[0].tape().checkpoint(x, |x| x[0].sqrt() * solved(x[1] - 1.0)).unwrap();
        x[0].indicator_gt(0.0).select(inner, x[1])
    });
    assert_eq!(nested.unwrap().value(), 2.0);
}

#[test]
fn of_many_rows_those_with_a_singular_matrix_are_named() {
    for (way, inside) in ways() {
        let tape = exact();
        let a = tape.input(1.0).named("a");
        let y = way(&tape, a).unwrap();
        let mut compiler = Compiler::new(&tape);
        compiler.rows(4, &[a]).unwrap();
        compiler.output(y).unwrap();
        let program = compiler.compile().unwrap();
        let rows = program.input(a).unwrap();
        let batch = Batch::new(program);
        batch.run(&[], &[(rows, &[1.0, 0.25, 0.3, 0.1])]).unwrap();
        let error = batch.run(&[], &[(rows, &[1.0, 2.0, 0.3, 2.0])]).unwrap_err();
        let Error::GuardFlippedInRows { rows: bad, first } = error else { panic!("{error}") };
        assert_eq!(bad, [1, 3]);
        singular(*first, inside);
    }
}
