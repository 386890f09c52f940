//! Misuse: each case is an error that names the culprit, the rule and the caller's line, and leaves
//! the tape as it was. Nothing here rests on debug assertions; the tests hold in release builds
//! too.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wengert::Var;

/// A line of this file, as messages name it.
macro_rules! here {
    ($line:expr) => {
        format!("{}:{}:", file!().rsplit('/').next().unwrap(), $line)
    };
}

mod adjoints;
mod full;
mod guards;
mod shapes;
mod tapes;

/// The message of the panic that `f` must end in.
#[track_caller]
pub(crate) fn panics<T>(f: impl FnOnce() -> T) -> String {
    let payload =
        catch_unwind(AssertUnwindSafe(f)).map(unused).expect_err("nothing was wrong with it");
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().unwrap()).to_owned(),
    }
}

/// Where a result goes that no one looks at.
pub(crate) fn unused<T>(_: T) {}

/// A vector on the same tape.
pub(crate) fn run<'t>(x: Var<'t>) -> Var<'t> {
    x.broadcast_to([3])
}
