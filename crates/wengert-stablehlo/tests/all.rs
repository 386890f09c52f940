//! The tests of the crate, as one program.
//!
//! Those that run modules need a Python with jaxlib (`pip install jax==0.10.2`), named by
//! `WENGERT_PYTHON`; they say so where it is missing.

#[path = "../../wengert/tests/rulebook/cases.rs"]
#[allow(dead_code, reason = "the tests of the rule book use all of it")]
mod cases;
#[path = "../../../tests/adbench/gmm.rs"]
#[allow(dead_code, reason = "the root's tests use all of it")]
mod gmm;
#[path = "../../../tests/adbench/lstm.rs"]
#[allow(dead_code, reason = "the root's tests use all of it")]
mod lstm;
#[path = "../../../tests/adbench/oracle.rs"]
#[allow(dead_code, reason = "the root's tests use all of it")]
mod oracle;
#[path = "../../wengert/tests/hard_points/points.rs"]
mod points;
mod xla;

mod elementwise;
mod every;
mod hosts;
mod microgpt;
mod networks;
mod programs;
mod refusals;
mod rows;
mod sharding;
mod structural;
mod texts;
mod views;
