//! From a tape to a program: one struct a stage.
//!
//! ```text
//! Asked --simplify--> Simplified --plan--> Planned --place--> Placed --> Program
//! ```
//!
//! Each holds what the next needs, and what the caller asked for in the words of its stage: values
//! of the graph, addresses of the plan, places in a workspace.

mod ask;
mod finish;
mod plan;

use crate::access::{Access, BOUND, Dims, TooLarge};
use crate::feed::InPlace;
use crate::fuse::Stage;
use crate::graph::{Block, Graph};
use crate::group::Plan;
use crate::ids::Address;
use crate::memory::Places;
use crate::passes::{Root, State};
use crate::report::{Pass, PassReport, Report};
use crate::request::Compiler;
use crate::run::{Float, Output, Program};
use crate::strips::Strip;
use crate::writers::Writers;
use wengert_ops::run::View;
use wengert_tape::Tape;
use wengert_tape::Var;
use wengert_tape::internals::{Side, Step};
use wengert_tape::{Error, NodeId, Place};

/// A number that programs can be compiled for: `f32` or `f64`.
pub trait Compile: Float {
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "called by the crate alone")]
    fn compile(compiler: Compiler<'_, Self>) -> Result<Program<Self>, TooLarge>;
}

// Not a provided method: this is compiled here, once, and not in every crate that compiles a
// program.
macro_rules! compile_for {
    ($($number:ty)*) => {$(
        impl Compile for $number {
            #[expect(private_interfaces, reason = "called by the crate alone")]
            fn compile(compiler: Compiler<'_, Self>) -> Result<Program<Self>, TooLarge> {
                compile(compiler)
            }
        }
    )*};
}
compile_for!(f32 f64);

impl<S: Compile> Compiler<'_, S> {
    /// Compiles.
    ///
    /// # Errors
    ///
    /// [`Error::NothingAsked`] if neither an output nor a gradient was asked for,
    /// [`Error::ProgramTooLarge`] if the program needs more than 2³¹ numbers.
    #[track_caller]
    pub fn compile(self) -> Result<Program<S>, Error> {
        let at = Place::caller();
        if self.requests.is_empty() {
            return Err(Error::NothingAsked { at });
        }
        S::compile(self).map_err(|TooLarge { needed }| Error::ProgramTooLarge {
            needed,
            bound: BOUND,
            at,
        })
    }
}

/// What [`Compiler::compile`] does.
fn compile<S: Float>(compiler: Compiler<'_, S>) -> Result<Program<S>, TooLarge> {
    let side = compiler.tape.side();
    compiler.tape.read(|steps, values| {
        let mut report = Report { tape_nodes: steps.len(), ..Report::default() };
        let recorded = Recorded { compiler: &compiler, steps, side: &side, values };
        let asked = recorded.ask()?;
        let simplified = asked.simplify(&recorded, &mut report);
        let planned = simplified.plan(&recorded, &mut report)?;
        let placed = planned.place(&recorded, &mut report);
        Ok(placed.program(&recorded, report))
    })
}

/// What is compiled: the tape, and what is asked of it.
struct Recorded<'a, 't, S: Float> {
    compiler: &'a Compiler<'t, S>,
    steps: &'a [Step],
    side: &'a Side,
    values: &'a [S],
}

/// The graph, and the values that are asked for: every output, then both sides of every guard, then
/// of every pivot check what shows a bad one, and the matrices.
struct Asked<S> {
    graph: Graph<S>,
    outputs: Vec<Root>,
    guards: Vec<Root>,
}

/// The same with fewer nodes. The roots are the outputs, then the sides of the guards, then what
/// pivot checks look at.
struct Simplified<S> {
    state: State<S>,
}

/// What is asked for, by the addresses that hold it.
struct Kept {
    access: Access<Address>,
    /// With the rows in front, if every row has its own.
    dims: Dims,
    per_row: bool,
}

/// The instructions in the order of execution.
struct Planned<S> {
    plan: Plan<S>,
    /// How many rows are computed at a time.
    count: usize,
    blocks: Vec<Block>,
    stages: Vec<Stage>,
    /// Which of them run in pieces.
    strips: Vec<Strip>,
    writers: Writers,
    /// The outputs, then the sides of the guards, then what pivot checks look at.
    kept: Vec<Kept>,
    /// What is fed back by computing it in the leaf's place, and what is copied after a run.
    in_place: Vec<InPlace>,
    feeds: Vec<(Output, View)>,
}

/// The same with places in a workspace.
struct Placed<S> {
    planned: Planned<S>,
    places: Places,
}

impl<S: Float> Compiler<'_, S> {
    fn note(
        &self,
        report: &mut Report,
        pass: Pass,
        unit: &'static str,
        before: usize,
        after: usize,
    ) {
        if self.passes.contains(&pass) {
            report.passes.push(PassReport { pass, unit, before, after });
        }
    }

    /// What a reader calls the node at `id`: its path, or its id.
    pub(super) fn label_of(&self, id: NodeId) -> String {
        let side = self.tape.side();
        let layout =
            side.wide_at(id.slot() as u32).map_or(wengert_ops::run::SCALAR, |wide| wide.layout);
        side.names
            .get(View::new(id.slot() as u32, layout))
            .map_or_else(|| id.to_string(), |name| name.path.clone())
    }
}

/// Tapes that compile themselves: a trait, since the compiler is a later crate than the tape.
pub trait CompileTape<S: Compile> {
    /// Compiles: the program computes every one of `outputs`, and the gradient of the first of them
    /// by every one of `wrt`. [`Compiler`] has more to ask for, and says how.
    ///
    /// # Errors
    ///
    /// As [`Compiler::output`], [`Compiler::gradient`] and [`Compiler::compile`].
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert::CompileTape;
    ///
    /// let tape = wengert::Tape::new();
    /// let x = tape.input(3.0);
    /// let y = x * x;
    /// let program = tape.compile(&[y], &[x])?;
    /// let mut workspace = program.workspace();
    /// program.run(&mut workspace)?;
    /// let [value, gradient] = program.outputs()[..] else { panic!("one output, one gradient") };
    /// assert_eq!((workspace.value(value), workspace.value(gradient)), (9.0, 6.0));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    fn compile<'t>(
        &'t self,
        outputs: &[Var<'t, S>],
        wrt: &[Var<'t, S>],
    ) -> Result<Program<S>, Error>;
}

impl<S: Compile> CompileTape<S> for Tape<S> {
    #[track_caller]
    fn compile<'t>(
        &'t self,
        outputs: &[Var<'t, S>],
        wrt: &[Var<'t, S>],
    ) -> Result<Program<S>, Error> {
        let mut compiler = Compiler::new(self);
        for &output in outputs {
            compiler.output(output)?;
        }
        if let Some(&of) = outputs.first() {
            for &wrt in wrt {
                compiler.gradient(of, wrt)?;
            }
        }
        compiler.compile()
    }
}
