//! Programs compiled from the workloads' tapes.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use wengert::program::{Compile, Input, Output};
use wengert::{Compiler, Program, Tape, Var, Workspace};
use wengert_jit::Jit;

use crate::workload::{Fact, Mode};

/// Whether [`Compiled::facts`] prints how long each task takes.
pub(crate) static TASKS: AtomicBool = AtomicBool::new(false);

/// Runs that are timed task by task.
const RUNS: u32 = 200;

/// A gradient as a program.
pub(crate) struct Compiled<S: Compile> {
    program: Program<S>,
    workspace: Workspace<S>,
    /// In the order of the caller's.
    inputs: Vec<Input>,
    result: Output,
    took: Duration,
    /// What is measured of its machine code, if it is that.
    code: Vec<Fact>,
}

impl<S: Compile> Compiled<S> {
    /// The gradient of `loss` by `wrt`, at new values of `inputs`.
    ///
    /// # Panics
    ///
    /// If the compiler refuses.
    pub(crate) fn gradient<'t>(loss: Var<'t, S>, wrt: Var<'t, S>, inputs: &[Var<'t, S>]) -> Self {
        let start = Instant::now();
        let mut compiler = Compiler::new(loss.tape());
        // The value is part of what is asked for, as it is of the tape.
        compiler.output(loss).expect("the loss is on this tape");
        let gradient = compiler.gradient(loss, wrt).expect("the loss is a single number");
        Self::new(compiler, gradient, inputs, start)
    }

    /// The value alone.
    ///
    /// # Panics
    ///
    /// As [`gradient`](Compiled::gradient).
    pub(crate) fn value<'t>(value: Var<'t, S>, inputs: &[Var<'t, S>]) -> Self {
        let start = Instant::now();
        let mut compiler = Compiler::new(value.tape());
        let output = compiler.output(value).expect("the value is on this tape");
        Self::new(compiler, output, inputs, start)
    }

    /// A step of gradient descent: the parameters move, and are the next run's. Records the step on
    /// the tape, after the loss.
    ///
    /// # Panics
    ///
    /// As [`gradient`](Compiled::gradient).
    pub(crate) fn step<'t>(
        loss: Var<'t, S>,
        params: Var<'t, S>,
        rate: S,
        inputs: &[Var<'t, S>],
    ) -> Self {
        let start = Instant::now();
        let tape: &'t Tape<S> = loss.tape();
        let standing = tape.data(vec![S::from_f64(0.0); params.len()]);
        let moved = params - standing * tape.constant(rate);
        let mut compiler = Compiler::new(tape);
        compiler.output(loss).expect("the loss is on this tape");
        compiler
            .gradient_as(loss, params, standing)
            .expect("what stands for the gradient comes after the loss");
        let moved = compiler.output(moved).expect("it is on this tape");
        compiler.feed(moved, params).expect("parameters can be set");
        Self::new(compiler, moved, inputs, start)
    }

    fn new<'t>(
        compiler: Compiler<'t, S>,
        result: Output,
        inputs: &[Var<'t, S>],
        start: Instant,
    ) -> Self {
        let program = compiler.compile().expect("there is room for the program");
        let took = start.elapsed();
        let inputs =
            inputs.iter().map(|&var| program.input(var).expect("a block of leaves")).collect();
        Compiled { workspace: program.workspace(), program, inputs, result, took, code: Vec::new() }
    }

    /// The program as Rust, with the hand-written side's functions.
    ///
    /// # Panics
    ///
    /// If there is no text for it.
    #[cfg(test)]
    pub(crate) fn text(&self, name: &str) -> String {
        let options = wengert::program::RustOptions::default()
            .functions("crate::source::functions")
            .attribute("#[inline(always)]")
            .of_crate();
        self.program.to_rust_with(name, &options).expect("every operation has a text")
    }

    /// The same program as machine code, in a workspace of its own that holds the same numbers.
    ///
    /// # Panics
    ///
    /// If there is no code generator for this machine.
    pub(crate) fn jit(&self) -> Self {
        let jit = Jit::new(&self.program).expect("there is machine code for this platform");
        let report = jit.report();
        let fact = |unit, value| Fact { mode: Mode::Jit, unit, value };
        let code = vec![
            fact("ms to make", report.took.as_secs_f64() * 1e3),
            fact("tasks interpreted", report.interpreted.values().sum::<usize>() as f64),
            fact("MB code", report.bytes as f64 / 1e6),
        ];
        Compiled {
            program: jit.program().clone(),
            workspace: self.workspace.clone(),
            inputs: self.inputs.clone(),
            result: self.result,
            took: self.took,
            code,
        }
    }

    /// Runs at new values of the inputs.
    pub(crate) fn run(&mut self, new: &[&[S]]) {
        for (&input, new) in self.inputs.iter().zip(new) {
            self.workspace.set(input, new).expect("as many numbers as before");
        }
        self.program.run(&mut self.workspace).expect("no comparison was recorded");
    }

    /// What the last run computed: the gradient, the moved parameters, or the value.
    /// Copied where its parts lie apart.
    pub(crate) fn result(&self) -> Cow<'_, [S]> {
        match self.workspace.slice(self.result) {
            Some(together) => Cow::Borrowed(together),
            None => Cow::Owned(self.workspace.values(self.result)),
        }
    }

    /// What compiling took, and what it made.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        if !self.code.is_empty() {
            return self.code.clone();
        }
        if TASKS.load(Ordering::Relaxed) {
            let mut workspace = self.workspace.clone();
            let mut profile = || self.program.profile(&mut workspace, RUNS).expect("it ran before");
            // Caches are warm from here on.
            profile();
            println!("{}", profile());
        }
        let fact = |unit, value| Fact { mode: Mode::Compiled, unit, value };
        let report = self.program.report();
        vec![
            fact("ms to compile", self.took.as_secs_f64() * 1e3),
            fact("tasks", report.tasks as f64),
            fact("MB workspace", report.workspace_bytes as f64 / 1e6),
        ]
    }
}
