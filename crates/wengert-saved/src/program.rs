//! From a file to a program: the tape, and what was asked of the compiler, asked again.

use wengert_ops::shape::Shape;
use wengert_program::{Compiler, Output, Pass, Program};
use wengert_tape::{Tape, Var};

use crate::bounds::Cost;
use crate::error::LoadError;
use crate::form::{self, Read};
use crate::load::{Loading, elements, numerics};
use crate::number::Saved;

/// A program of a file, and what its outputs are called.
#[derive(Clone, Debug)]
pub struct Loaded<S: Saved = f64> {
    /// The program. [`Program::inputs`] says what it takes.
    pub program: Program<S>,
    /// What it computes, in the order in which it was asked for.
    pub outputs: Vec<OutputInfo>,
    /// The paths of the inputs that an output is fed to after each run.
    pub fed: Vec<String>,
}

/// What a program computes.
#[derive(Clone, Debug)]
pub struct OutputInfo {
    /// The handle by which a workspace is read.
    pub output: Output,
    /// The path of a value on the tape, or its id; of a gradient `d loss/d w`.
    pub label: String,
    /// Its extents, of one row.
    pub shape: Shape,
    /// Whether every row of a program for many has its own.
    pub per_row: bool,
}

/// Compiles what a file asks for.
pub(crate) fn compiled<S: Saved>(
    loading: &Loading<'_>,
    tape: &Tape<S>,
    asked: &form::Asked,
) -> Result<Loaded<S>, LoadError> {
    let mut compiler = Compiler::new(tape).numerics(numerics(asked.numerics));
    if asked.portable {
        compiler = compiler.portable();
    }
    for name in &asked.without {
        let Some(&pass) = Pass::ALL.iter().find(|pass| pass.name() == name) else {
            return Err(LoadError::invalid("asked", format!("there is no pass \"{name}\"")));
        };
        compiler = compiler.without(pass);
    }
    let rows = asked.rows.as_ref().and_then(|rows| rows.count).unwrap_or(1);
    let numbers = (tape.slots() as u64).saturating_mul(rows as u64);
    loading.bounds.check("asked", Cost { numbers, operations: 0 })?;
    // One list of asked things after the other, in the order in which a compiler takes them.
    for (i, standing) in asked.standing.iter().enumerate() {
        let part = format!("asked, standing {i}");
        let [of, by, leaf] =
            [&standing.of, &standing.by, &standing.leaf].map(|read| elements(tape, &part, read));
        let refused = |error| LoadError::refused(&part, error);
        compiler.gradient_as(of?, by?, leaf?).map_err(refused)?;
    }
    let mut per_row = Vec::new();
    if let Some(rows) = &asked.rows {
        for read in &rows.blocks {
            per_row.push(elements(tape, "asked, rows", read)?);
        }
        let asked = match rows.count {
            Some(count) => compiler.rows(count, &per_row),
            None => compiler.batched(&per_row),
        };
        asked.map_err(|error| LoadError::refused("asked, rows", error))?;
    }
    let mut outputs = Vec::with_capacity(asked.outputs.len());
    for (i, output) in asked.outputs.iter().enumerate() {
        let part = format!("asked, output {i}");
        outputs.push(ask(tape, &part, &mut compiler, output)?);
    }
    let mut fed = Vec::with_capacity(asked.feeds.len());
    for (i, feed) in asked.feeds.iter().enumerate() {
        let part = format!("asked, feed {i}");
        let Some(info) = outputs.get(feed.output) else {
            return Err(LoadError::invalid(&part, format!("there is no output {}", feed.output)));
        };
        let to = elements(tape, &part, &feed.to)?;
        compiler.feed(info.output, to).map_err(|error| LoadError::refused(&part, error))?;
        fed.push(label(tape, to));
    }
    let program = compiler.compile().map_err(|error| LoadError::refused("asked", error))?;
    let outputs = outputs.into_iter().map(|info| {
        let per_row = program.is_per_row(info.output);
        OutputInfo { per_row, ..info }
    });
    Ok(Loaded { outputs: outputs.collect(), program, fed })
}

fn ask<'t, S: Saved>(
    tape: &'t Tape<S>,
    part: &str,
    compiler: &mut Compiler<'t, S>,
    output: &form::Output,
) -> Result<OutputInfo, LoadError> {
    let handle = |read: &Read| elements(tape, part, read);
    let of = handle(&output.of)?;
    let (found, label, shape) = match &output.by {
        None => (compiler.output(of), label(tape, of), of.shape()),
        Some(by) => {
            let by = handle(by)?;
            let found = match output.per_row {
                true => compiler.gradient_per_row(of, by),
                false => compiler.gradient(of, by),
            };
            (found, format!("d {}/d {}", label(tape, of), label(tape, by)), by.shape())
        }
    };
    let output = found.map_err(|error| LoadError::refused(part, error))?;
    Ok(OutputInfo { output, label, shape, per_row: false })
}

fn label<S: Saved>(tape: &Tape<S>, var: Var<'_, S>) -> String {
    var.name().unwrap_or_else(|| tape.label(var.id()))
}
