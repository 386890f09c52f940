//! Files as people read them.

use wengert::{Compiler, Operation, Tape};
use wengert_saved::{program_text, tape_text};

#[test]
fn a_program() {
    let tape = Tape::new();
    let (x, w) = (tape.data([1.0, 2.5]).named("x"), tape.param([0.5, -0.25]).named("w"));
    let z = {
        let _hidden = tape.scope("hidden");
        (w.dot(x) - 1.0).named("z")
    };
    let loss = if z < 0.0 { z.square() } else { z }.named("loss");
    let mut compiler = Compiler::new(&tape);
    compiler.output(loss).unwrap();
    compiler.gradient(loss, w).unwrap();
    insta::assert_snapshot!(program_text(&compiler));
}

#[test]
fn a_tape_that_calls_a_function() {
    let tape = Tape::new();
    let m = tape.input([[0.1, 0.2], [0.3, -0.0]]).named("m");
    let f = Operation::new("halved", |x| x[0] * 0.5).with_vjp(|_, _, g| vec![g * 0.5]);
    let _ = f.of(&[m.t()]).detach().exp().sum();
    insta::assert_snapshot!(tape_text(&tape));
}
