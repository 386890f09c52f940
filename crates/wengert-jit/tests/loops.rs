//! Random loops in scalar code as machine code: in exact numerics the interpreter's bits, in fast
//! numerics near.

#[path = "../../wengert/tests/random/loops.rs"]
mod drawn;

use drawn::{Loop, Number, bits, cases, compiled, far, recorded, run, ways};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use wengert::{Numerics, Options, Tape};
use wengert_jit::Jit;

fn hold<S: Number>(of: &Loop) -> TestCaseResult {
    let tape: Tape<S> = Tape::with(Options::default().numerics(Numerics::Exact));
    let (leaves, outputs) = recorded(&tape, of);
    let at = [0.3, 1.1].map(|shift| [of.params::<S>(shift), of.data::<S>(shift)]);
    let exact = compiled(leaves, &outputs, Numerics::Exact, &[]);
    let expected = run(&exact, leaves, &at);
    let jit = Jit::new(&exact).unwrap();
    let found = run(jit.program(), leaves, &at);
    prop_assert!(bits(&found) == bits(&expected), "{}", jit.report());
    let fast = compiled(leaves, &outputs, Numerics::Fast, &[]);
    let jit = Jit::new(&fast).unwrap();
    let numbers = run(&fast, leaves, &at);
    let found = run(jit.program(), leaves, &at);
    let far = far(&found, &numbers, &ways(&exact, leaves, &at, S::UNIT), S::UNIT);
    prop_assert!(far.is_none(), "{far:?}");
    Ok(())
}

#[test]
fn machine_code_of_loops_holds() {
    drawn::each(cases(6), hold::<f64>);
}

#[test]
fn machine_code_of_loops_of_f32_holds() {
    drawn::each(cases(6), hold::<f32>);
}
