//! Machine code gives the tape's bits on the programs of the oracles and of the examples, which the
//! tests at the root hold the other modes to.

#[path = "../../../tests/modes/programs.rs"]
mod programs;
#[allow(dead_code, reason = "the tests at the root use all of it")]
#[path = "../../../tests/modes/sample.rs"]
mod sample;

use wengert_jit::Jit;

#[test]
fn machine_code_gives_the_tapes_bits() {
    for sample in programs::all() {
        let (runs, compiled) = (sample.runs(), sample.compiled());
        let jit = Jit::new(&compiled.program).unwrap();
        assert!(jit.report().operations > 0, "{}: {}", sample.name, jit.report());
        for (run, found) in runs.iter().zip(compiled.found(jit.program(), &runs)) {
            sample.hold("machine code", run, &found);
        }
    }
}
