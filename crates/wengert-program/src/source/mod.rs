//! A program as Rust: the text of a function that computes what the program does.
//!
//! ```text
//! recipe --uses--> who reads what --pass, sums--> lines --ends--> a function
//! ```
//!
//! The text is written from the plan, by address, and not from what runs, by place: an address is
//! written once, so a number is a `let` and a run an array, and both have the tape's names. `names`
//! makes identifiers of paths, `expr` expressions with their parentheses, `loops` nests of loops of
//! index spaces; `operations` says what an operation is in Rust, and `helpers` has the functions
//! that a text brings along. `writer` is the text under way, `pass` and `sums` write instructions,
//! `lists` what no strides describe, `arguments` and `ends` what stands before and after the
//! instructions, `function` the whole.

mod arguments;
mod ends;
mod error;
mod expr;
mod function;
mod helpers;
mod lists;
mod loops;
mod names;
mod operations;
mod options;
mod pass;
mod space;
mod sums;
mod text;
mod uses;
mod writer;

pub use error::RustError;
pub use options::RustOptions;

use function::Function;
use names::Names;
use operations::Operations;
use writer::Writer;

use crate::fuse::Stage;
use crate::ids::RunId;
use crate::recipe::{LONGEST, Recipe};
use crate::run::{Float, Inner, Program};

impl<S: Float> Program<S> {
    /// The program as a function of plain Rust called `name`, which depends on no crate: for a file
    /// that is reviewed and committed, or one that a `build.rs` writes.
    ///
    /// Names are the tape's. Single numbers are `let` lines, runs are loops over arrays. The
    /// function takes the program's inputs, in the order of [`inputs`](Program::inputs), as numbers
    /// or references to arrays, row-major (of an input that differs from row to row, row by row);
    /// what [is fed back](crate::Compiler::feed) is `&mut` and moved. Outputs are given in the
    /// order in which they were asked for: single numbers are returned, as one number or an array
    /// of them, others are written to `&mut` arrays after the inputs. An output that is all that an
    /// input is fed has no argument of its own. With guards the function returns a `Result`, whose
    /// error says which comparison came out differently; then nothing was fed back. A program over
    /// [rows](crate::Compiler::rows) takes a whole block of them.
    ///
    /// Operations are those of the program, in its order. `+ - * /`, `√` and sums are the program's
    /// to the bit if it is [`Exact`](crate::Numerics::Exact); elementary functions are the
    /// platform's (`f64::exp`). [`RustOptions::functions`] takes them from elsewhere, and with
    /// `wengert::exact` every number is the program's, bit for bit. A
    /// [`Fast`](crate::Numerics::Fast) program leaves the order of a sum to its kernels, which use
    /// vectors and fused multiply-adds: there the text has the order of the index, and gives the
    /// same numbers within rounding.
    ///
    /// # Errors
    ///
    /// [`RustError::Name`] if `name` is no identifier, [`RustError::NoFunction`] if the standard
    /// library has no such function (`erf`), [`RustError::TooLong`] for a program of more than
    /// 65,536 instructions, [`RustError::Instruction`] for what has no text.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert::{Compiler, Tape};
    ///
    /// let tape = Tape::new();
    /// let (x, y) = (tape.input(1.0).named("x"), tape.input(2.0).named("y"));
    /// let f = ((x * y).sin() + x.exp()).named("f");
    /// let mut compiler = Compiler::new(&tape);
    /// compiler.output(f)?;
    /// let text = compiler.compile()?.to_rust("f")?;
    /// assert!(text.contains("pub fn f(x: f64, y: f64) -> f64 {"));
    /// assert!(text.contains("let f = (x * y).sin() + x.exp();"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_rust(&self, name: &str) -> Result<String, RustError> {
        self.to_rust_with(name, &RustOptions::default())
    }

    /// As [`to_rust`](Program::to_rust), as the options say.
    ///
    /// # Errors
    ///
    /// As [`to_rust`](Program::to_rust); [`RustError::Path`] if the options name a module by what
    /// is no path.
    pub fn to_rust_with(&self, name: &str, options: &RustOptions) -> Result<String, RustError> {
        if !names::is_identifier(name) || names::is_keyword(name) {
            return Err(RustError::Name { name: name.to_owned() });
        }
        options.check()?;
        let recipe = self.inner.recipe.as_deref().ok_or(RustError::TooLong { bound: LONGEST })?;
        write(recipe, &self.inner, name, options)
    }
}

fn write<S: Float>(
    recipe: &Recipe<S>,
    inner: &Inner<S>,
    name: &str,
    options: &RustOptions,
) -> Result<String, RustError> {
    let number = if size_of::<S>() == size_of::<f32>() { "f32" } else { "f64" };
    let ops = Operations::new(number, options.functions.is_some());
    let mut writer = Writer::new((recipe, inner), ops, Names::new());
    let inputs = writer.inputs()?;
    writer.move_in_place();
    let gives = writer.gives();
    if stack_of(recipe, &writer) > options.stack {
        writer.workspace = Some(0);
        writer.body.line("let rest = workspace.as_mut_slice();");
    }
    writer.weights();
    writer.columns();
    for (s, stage) in recipe.stages.iter().enumerate() {
        match stage {
            Stage::Pass { members, .. } if uses::is_scalars(stage) => writer.scalars(s, members)?,
            Stage::Pass { dims, members } => writer.pass(s, dims, members)?,
            Stage::Single(index) => writer.single(*index)?,
        }
    }
    writer.guards();
    writer.pivots();
    writer.feeds();
    writer.forget_copies();
    let returned = writer.finish(&gives);
    Ok(Function { recipe, inner, name, options, inputs, gives, returned }.text(writer))
}

/// The bytes of the arrays that instructions write.
fn stack_of<S: Float>(recipe: &Recipe<S>, writer: &Writer<'_, S>) -> usize {
    let line = &recipe.plan.line;
    let mut runs: Vec<RunId> =
        recipe.plan.instructions.values().map(|i| line.run_of(i.out.first())).collect();
    runs.sort_unstable();
    runs.dedup();
    let here = |run: &RunId| matches!(writer.store[*run], writer::Store::Nowhere);
    let len = |run| Some(line.len_of(run)).filter(|&len| len > 1);
    runs.into_iter().filter(here).filter_map(len).sum::<usize>() * size_of::<S>()
}
