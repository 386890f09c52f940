//! Tapes and programs as files: recorded once, run wherever this crate is.
//!
//! ```
//! use wengert::{Compiler, Tape};
//! use wengert_saved::{load_program, program_text};
//!
//! let tape = Tape::new();
//! let (x, w) = (tape.data([1.0, 2.0]).named("x"), tape.param([0.5, -0.25]).named("w"));
//! let loss = (w.dot(x) - 1.0).square().named("loss");
//! let mut compiler = Compiler::new(&tape);
//! compiler.output(loss)?;
//! compiler.gradient(loss, w)?;
//! let text = program_text(&compiler); // to be written to a file
//!
//! let loaded = load_program::<f64>(&text)?;
//! let mut workspace = loaded.program.workspace();
//! workspace.set(loaded.program.input("x")?, &[2.0, 2.0])?;
//! loaded.program.run(&mut workspace)?;
//! let [loss, gradient] = &loaded.outputs[..] else { panic!("one output, one gradient") };
//! assert_eq!(workspace.value(loss.output), 0.25);
//! assert_eq!(workspace.values(gradient.output), [-2.0, -2.0]);
//! assert_eq!(gradient.label, "d loss/d w");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A file is JSON, with a line for each node. It says what was recorded and what was asked for, not
//! what a compiler made of it: loading records it again, through the door that checks every
//! operation, and compiles it again. So a file cannot make a program that a tape could not, and
//! files outlive compilers. docs/saved.md has the form, and what is promised of versions.

// A module uses only modules listed above it.
mod error;
mod number;
mod form;
mod layout;
mod bounds;
mod save;
mod load;
mod program;
mod loader;

pub use error::LoadError;
pub use loader::{Head, Kind, Loader, head};
pub use number::Saved;
pub use program::{Loaded, OutputInfo};

use wengert_program::Compiler;
use wengert_tape::Tape;

/// The version of the form that is written.
pub const VERSION: u32 = 1;

/// A tape as the text of a file: its nodes, the numbers of its leaves, names, scopes and guards.
///
/// What is computed is not in it: loading computes it again. The same tape is the same text.
#[must_use]
pub fn tape_text<S: Saved>(tape: &Tape<S>) -> String {
    layout::text(&file::<S>(Kind::Tape, None, tape))
}

/// A program as the text of a file: what [`Compiler::compile`] will make a program of, with the
/// numbers of the tape's leaves.
#[must_use]
pub fn program_text<S: Saved>(compiler: &Compiler<'_, S>) -> String {
    let asked = save::asked(compiler.tape(), &compiler.asked());
    layout::text(&file::<S>(Kind::Program, Some(asked), compiler.tape()))
}

fn file<S: Saved>(kind: Kind, asked: Option<form::Asked>, tape: &Tape<S>) -> form::File<'static> {
    let (wengert, number) = (kind.name().to_owned(), S::NAME.to_owned());
    form::File { wengert, version: VERSION, number, asked, tape: save::list(tape) }
}

/// A tape of a file's text; [`Loader`] has more to say about it.
///
/// # Errors
///
/// [`LoadError`].
pub fn load_tape<S: Saved>(text: &str) -> Result<Tape<S>, LoadError> {
    Loader::new().tape(text)
}

/// A program of a file's text; [`Loader`] has more to say about it.
///
/// # Errors
///
/// [`LoadError`].
pub fn load_program<S: Saved>(text: &str) -> Result<Loaded<S>, LoadError> {
    Loader::new().program(text)
}
