//! Saved tapes and programs, by the public interface.

#[path = "../../wengert/tests/rulebook/cases.rs"]
#[allow(dead_code, reason = "the tests of the rule book use all of it")]
mod cases;
#[path = "../../wengert/tests/random/scalars.rs"]
#[allow(dead_code, reason = "other tests use all of it")]
mod scalars;
#[path = "../../wengert/tests/random/tensors.rs"]
#[allow(dead_code, reason = "other tests use all of it")]
mod tensors;

mod damaged;
mod errors;
mod memory;
mod notebook;
mod same;
mod texts;
