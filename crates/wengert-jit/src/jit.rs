//! A program with machine code.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wengert_program::internals::{self, From, PassStep, TaskView};
use wengert_program::{Float, Output, Program, Workspace};
use wengert_tape::Error;

use crate::code::{Code, Step};
use crate::emit::Maker;
use crate::error::JitError;
use crate::functions::Functions;
use crate::live;
use crate::loops;
use crate::numbers::{self, Known};
use crate::ops::Emit;
use crate::passes;
use crate::segments::{Constants, FUNCTION, Segment, Segments};
use crate::wide::Table;

/// A compiled program that runs as machine code.
///
/// Immutable, and shared between threads by reference or by clone, which copies nothing; each thread
/// runs it in a workspace of its own. The code's memory is given back when the last clone is
/// dropped.
#[derive(Clone, Debug)]
pub struct Jit<S: Float = f64> {
    program: Program<S>,
    report: Report,
}

/// What became machine code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Tasks of the program.
    pub tasks: usize,
    /// Tasks that are machine code.
    pub compiled: usize,
    /// What the other tasks are, and how many there are of each.
    pub interpreted: BTreeMap<&'static str, usize>,
    /// Functions of machine code.
    pub functions: usize,
    /// Those of them that are loops over runs.
    pub loops: usize,
    /// Those of them that are loops over rounds of operations on single numbers.
    pub rolled: usize,
    /// Operations on single numbers in them.
    pub operations: usize,
    /// Bytes of machine code.
    pub bytes: usize,
    /// How long it took to make.
    pub took: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            tasks,
            compiled,
            interpreted,
            functions,
            loops,
            operations,
            bytes,
            took,
            rolled,
        } = self;
        write!(
            f,
            "{compiled} of {tasks} tasks as {functions} functions, {loops} of them loops over runs and \
             {rolled} over rounds: {operations} operations on single numbers, {bytes} bytes, made in {took:.1?}"
        )?;
        for (name, count) in interpreted {
            write!(f, "; interpreted: {count} of {name}")?;
        }
        Ok(())
    }
}

/// In long programs a number stays in a register for so many operations.
const NEAR: usize = 24;

impl<S: Float> Jit<S> {
    /// Makes machine code of a program.
    ///
    /// What is made depends on the program alone, not on its inputs' values. It takes some 1 to 3 µs
    /// an operation on a single number.
    ///
    /// # Errors
    ///
    /// [`JitError::Platform`] where there is no code generator for the processor;
    /// [`JitError::Generator`] if the system gives no executable memory.
    pub fn new(program: &Program<S>) -> Result<Self, JitError> {
        let start = Instant::now();
        let functions = Functions::of(program);
        let segments = Segments::of(program, functions);
        let stored = live::stored(program, &segments);
        let mut maker = Maker::new()?;
        // Where there is much straight code, it is to be short.
        let inlined = functions.inlined && !segments.is_long();
        let straight = Functions { inlined, ..functions };
        let convention = maker.convention();
        let target = maker.target();
        let len = internals::len(program);
        let mut known = Known::new(len, if segments.is_long() { NEAR } else { FUNCTION });
        let constants = Constants::of(program);
        let mut tables: Vec<Box<[u32]>> = Vec::new();
        let mut table = Table::new();
        let mut steps = Vec::with_capacity(segments.all.len());
        let mut interpreted = BTreeMap::new();
        let [mut count, mut loop_count, mut rolled_count] = [0; 3];
        for (segment, unread) in segments.all.iter().zip(&stored.unread) {
            let step = match segment {
                Segment::Numbers(range) => {
                    let lines = (&segments.lines[range.clone()], &stored.lines[range.clone()]);
                    count += 1;
                    Step::Call(maker.function(false, |builder, memory| {
                        let mut emit =
                            Emit::new::<S>(builder, memory, straight, convention, &mut table);
                        let constant = |place| constants.get(place);
                        numbers::emit::<S>(&mut emit, &mut known, lines, constant);
                        emit.builder.seal_all_blocks();
                        emit.builder.finalize(target);
                    })?)
                }
                Segment::Rolled(rolled) => {
                    let (from, end) = (rolled.from, rolled.from + rolled.period);
                    count += 1;
                    rolled_count += 1;
                    Step::Call(maker.function(true, |builder, memory| {
                        let mut emit =
                            Emit::new::<S>(builder, memory, functions, convention, &mut table);
                        let constant = |place| constants.get(place);
                        let lines = (&segments.lines[..], &stored.lines[from..end]);
                        rolled.emit::<S>(&mut emit, lines, constant);
                        emit.builder.seal_all_blocks();
                        emit.builder.finalize(target);
                    })?)
                }
                Segment::Loops { pass, sums } => {
                    let mut own = Vec::with_capacity(pass.steps.len());
                    for step in &pass.steps {
                        let list = match step {
                            PassStep::Bring { from: From::List(list), .. }
                            | PassStep::Scatter { to: list, .. } => Some(list),
                            PassStep::Bring { .. } | PassStep::Compute { .. } => None,
                        };
                        own.push(list.map(|list| {
                            let table: Box<[u32]> = list.as_slice().into();
                            let address = table.as_ptr() as usize;
                            tables.push(table);
                            address
                        }));
                    }
                    count += 1;
                    loop_count += 1;
                    Step::Call(maker.function(true, |builder, memory| {
                        let mut emit =
                            Emit::new::<S>(builder, memory, functions, convention, &mut table);
                        loops::emit(
                            &mut emit,
                            loops::Source {
                                pass,
                                sums,
                                tables: &own,
                                constant: &|at| constants.at(at),
                                unread: &|step| unread.contains(&step),
                            },
                        );
                        emit.builder.seal_all_blocks();
                        emit.builder.finalize(target);
                    })?)
                }
                Segment::Task { index, view } => {
                    *interpreted.entry(name_of(view, &constants)).or_insert(0) += 1;
                    Step::Task(*index)
                }
            };
            steps.push(step);
        }
        maker.finish()?;
        let tasks = internals::tasks(program);
        let report = Report {
            tasks,
            compiled: tasks - interpreted.values().sum::<usize>(),
            interpreted,
            functions: count,
            loops: loop_count,
            rolled: rolled_count,
            operations: segments.lines.len(),
            bytes: maker.bytes,
            took: start.elapsed(),
        };
        let code = Code::<S>::new(maker.module, &steps, len, (tables, table));
        Ok(Jit { program: internals::with_code(program, Arc::new(code)), report })
    }

    /// The program, run by machine code wherever it runs: in a [`Batch`](wengert_program::Batch),
    /// too. Its workspaces are those of the program that it was made of, and the other way round.
    #[must_use]
    pub fn program(&self) -> &Program<S> {
        &self.program
    }

    /// Room for runs: [`Program::workspace`].
    #[must_use]
    pub fn workspace(&self) -> Workspace<S> {
        self.program.workspace()
    }

    /// What it computes: [`Program::outputs`].
    #[must_use]
    pub fn outputs(&self) -> Vec<Output> {
        self.program.outputs()
    }

    /// Computes every output at the inputs that the workspace holds.
    ///
    /// Numbers that are neither inputs nor outputs may stay in registers: the workspace does not
    /// have them afterwards.
    ///
    /// # Errors
    ///
    /// As [`Program::run`].
    #[track_caller]
    pub fn run(&self, workspace: &mut Workspace<S>) -> Result<(), Error> {
        self.program.run(workspace)
    }

    /// What became machine code.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }
}

fn name_of(view: &TaskView, constants: &Constants) -> &'static str {
    match view {
        TaskView::Numbers(_) => "single numbers",
        TaskView::Pass(pass) => passes::reason(pass, |at| constants.at(at)),
        TaskView::Fold(fold) if fold.products => "sum of products",
        TaskView::Fold(_) => "reduction",
        TaskView::Kernel { name, .. } => name,
    }
}
