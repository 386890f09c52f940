//! What is refused is refused as the program itself refuses it.

use std::sync::Arc;

use wengert::program::Batch;
use wengert::{CompileTape, Compiler, Error, Tape};
use wengert_jit::{Jit, JitError};

fn square(tape: &Tape) -> wengert::Program {
    let x = tape.input(3.0).named("x");
    tape.compile(&[x * x], &[x]).unwrap()
}

#[test]
fn a_wrong_length_is_refused_and_changes_nothing() {
    let tape = Tape::new();
    let jit = Jit::new(&square(&tape)).unwrap();
    let mut workspace = jit.workspace();
    let x = jit.program().input("x").unwrap();
    let error = workspace.set(x, &[1.0, 2.0]).unwrap_err();
    assert!(matches!(error, Error::Length { .. }), "{error}");
    jit.run(&mut workspace).unwrap();
    let [value, gradient] = jit.outputs()[..] else { panic!("two outputs") };
    assert_eq!((workspace.value(value), workspace.value(gradient)), (9.0, 6.0));
}

#[test]
fn another_programs_workspace_is_refused() {
    let (one, other) = (Tape::new(), Tape::new());
    let (jit, program) = (Jit::new(&square(&one)).unwrap(), square(&other));
    let error = jit.run(&mut program.workspace()).unwrap_err();
    assert!(matches!(error, Error::OtherProgram { op: "run", .. }), "{error}");
}

#[test]
#[should_panic(expected = "is of another program")]
fn another_programs_input_is_refused() {
    let (one, other) = (Tape::new(), Tape::new());
    let (jit, program) = (Jit::new(&square(&one)).unwrap(), square(&other));
    let _ = jit.workspace().set(program.input("x").unwrap(), &[1.0]);
}

#[test]
fn the_programs_own_workspace_is_taken_and_the_other_way_round() {
    let tape = Tape::new();
    let program = square(&tape);
    let jit = Jit::new(&program).unwrap();
    let (mut workspace, x) = (program.workspace(), program.input("x").unwrap());
    let value = program.outputs()[0];
    for (number, by_code) in [(2.0, true), (5.0, false), (7.0, true)] {
        workspace.set(x, &[number]).unwrap();
        if by_code { jit.run(&mut workspace) } else { program.run(&mut workspace) }.unwrap();
        assert_eq!(workspace.value(value), number * number);
    }
}

/// A comparison that comes out differently is an error, and nothing was fed back.
#[test]
fn a_flipped_comparison_is_an_error_and_feeds_nothing_back() {
    let tape = Tape::new();
    let x = tape.param([2.0, 1.0]).named("x");
    let y = if x.at(0) > x.at(1) { x * 3.0 } else { x };
    let mut compiler = Compiler::new(&tape);
    let y = compiler.output(y).unwrap();
    compiler.feed(y, x).unwrap();
    let program = compiler.compile().unwrap();
    let jit = Jit::new(&program).unwrap();
    let (mut workspace, x) = (jit.workspace(), program.input(x).unwrap());
    jit.run(&mut workspace).unwrap();
    assert_eq!(workspace.input(x), [6.0, 3.0]);
    workspace.set(x, &[1.0, 2.0]).unwrap();
    let error = jit.run(&mut workspace).unwrap_err();
    assert!(matches!(error, Error::GuardFlipped { .. }), "{error}");
    assert_eq!(workspace.input(x), [1.0, 2.0]);
}

/// The code outlives the program that it was made of, and is run by several threads at once.
#[test]
fn threads_share_it() {
    fn shared<T: Send + Sync>(value: T) -> Arc<T> {
        Arc::new(value)
    }
    let tape = Tape::new();
    let x = tape.input(3.0).named("x");
    let program = tape.compile(&[x.sin() * x.exp()], &[x]).unwrap();
    let mut alone = program.workspace();
    let jit = shared(Jit::new(&program).unwrap());
    let (x, outputs) = (program.input(x).unwrap(), program.outputs());
    let expected: Vec<f64> = (0..100)
        .map(|i| {
            alone.set(x, &[f64::from(i) / 10.0]).unwrap();
            program.run(&mut alone).unwrap();
            alone.value(outputs[1])
        })
        .collect();
    drop((alone, program));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (jit, expected) = (Arc::clone(&jit), expected.clone());
            std::thread::spawn(move || {
                let mut workspace = jit.workspace();
                for (i, expected) in expected.iter().enumerate() {
                    workspace.set(x, &[i as f64 / 10.0]).unwrap();
                    jit.run(&mut workspace).unwrap();
                    let output = jit.outputs()[1];
                    assert_eq!(workspace.value(output).to_bits(), expected.to_bits());
                }
            })
        })
        .collect();
    drop(jit);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// A batch runs the machine code too.
#[test]
fn a_batch_is_the_programs() {
    let tape = Tape::new();
    let (w, x) = (tape.param([0.5, -0.25]).named("w"), tape.data([1.0, 2.0]).named("x"));
    let loss = (w.at(0) * x.at(0) + w.at(1) * x.at(1)).tanh();
    let mut compiler = Compiler::new(&tape);
    compiler.rows(4, &[x]).unwrap();
    let loss = compiler.output(loss).unwrap();
    let program = compiler.compile().unwrap();
    let jit = Jit::new(&program).unwrap();
    let rows: Vec<f64> = (0..22).map(|i| f64::from(i) * 0.1).collect();
    let x = program.input(x).unwrap();
    let [expected, found] = [&program, jit.program()]
        .map(|program| Batch::new(program.clone()).run(&[], &[(x, &rows)]).unwrap());
    assert_eq!(found.values(loss), expected.values(loss));
}

#[test]
fn an_error_says_what_to_do_instead() {
    let error = JitError::Platform { reason: "support for architecture m68k".to_owned() };
    assert!(error.to_string().contains("m68k") && error.to_string().contains("the program itself"));
}
