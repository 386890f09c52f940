//! A compiled program, and the numbers of one run of it.

mod aligned;
mod computed;
mod workspace;

use aligned::Aligned;
pub(crate) use computed::Computed;
pub use workspace::Workspace;

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::Arc;

use crate::Numerics;
use crate::access::{Access, Dims};
use crate::elementary::Elementary;
use crate::exec::{InPieces, Platform, Task};
use crate::faults::FaultGuard;
use crate::ids::{Id, Place as At};
use crate::internals::Code;
use crate::listing::Task as Listed;
use crate::op::Comparison;
use crate::real::Scalar;
use crate::recipe::Recipe;
use crate::report::Report;
use crate::shape::Shape;
use crate::simd::Level;
use wengert_kernels::product::Product;
use wengert_tape::{Error, NodeId, Place};

/// A number that programs compute with: `f32` or `f64`.
#[expect(private_bounds, reason = "what a program asks of its numbers is the crate's own")]
pub trait Float: Scalar + Elementary + Product + Platform {
    #[doc(hidden)]
    fn run(workspace: &mut Workspace<Self>) -> Result<(), Error>;
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "called by the crate alone")]
    fn run_task(task: &Task<Self>, memory: &[Cell<Self>], offsets: &mut [isize]);
}

// Not provided methods: these are compiled here, once, and not in every crate that compiles a
// program.
macro_rules! float {
    ($($number:ty)*) => {$(
        impl Float for $number {
            fn run(workspace: &mut Workspace<Self>) -> Result<(), Error> {
                workspace.run()
            }

            #[expect(private_interfaces, reason = "called by the crate alone")]
            fn run_task(task: &Task<Self>, memory: &[Cell<Self>], offsets: &mut [isize]) {
                task.run(memory, offsets);
            }
        }
    )*};
}
float!(f32 f64);

/// Which program: the address of an allocation that it, and the compiler before it, keeps alive,
/// and its number among the compilers of its tape.
///
/// An address alone could be given out again while the handles of a dropped program are still
/// around; with the number that needs a new tape at the old tape's place as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ProgramId {
    pub(crate) address: usize,
    pub(crate) number: u64,
}

/// Something that a program computes for its caller: a value, or a gradient.
///
/// Given out by [`Compiler`](crate::Compiler), read from a [`Workspace`] of the program that it
/// compiles. It knows its program: another one refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Output {
    pub(crate) program: ProgramId,
    pub(crate) index: u32,
}

/// A leaf of the tape as the program takes it: see [`Program::input`].
///
/// It knows its program: another one refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Input {
    program: ProgramId,
    index: u32,
}

/// What a program takes: a block of leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputInfo {
    /// Its first slot on the tape.
    pub id: NodeId,
    /// Its path, or its id if it has no name.
    pub label: String,
    /// Its extents.
    pub shape: Shape,
    /// How many rows of it the program takes at a time: 1 for what is the same for all.
    pub rows: usize,
    pub(crate) start: usize,
    pub(crate) len: usize,
}

/// A comparison that the program branched on when it was recorded.
#[derive(Debug)]
pub(crate) struct Guard {
    pub(crate) index: usize,
    pub(crate) comparison: Comparison,
    pub(crate) outcome: bool,
    pub(crate) labels: [String; 2],
    /// Of both sides, by row if they depend on one.
    pub(crate) places: [Vec<At>; 2],
    pub(crate) at: Place,
}

/// Where an output's numbers are.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) access: Access<At>,
    /// The extents of the access: those of the shape.
    pub(crate) dims: Dims,
    pub(crate) shape: Shape,
    pub(crate) is_gradient: bool,
    /// Whether every row has its own.
    pub(crate) per_row: bool,
}

impl Answer {
    /// A number as the caller reads it: an adjoint to which nothing was added is −0, and a
    /// derivative of 0.
    fn read<S: Scalar>(&self, number: S) -> S {
        if self.is_gradient && number.is_zero() { S::from_f64(0.0) } else { number }
    }
}

/// An output, and the places that get its values after a run.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) output: usize,
    pub(crate) to: Access<At>,
    pub(crate) dims: Dims,
}

#[derive(Debug)]
pub(crate) struct Inner<S: 'static> {
    pub(crate) tasks: Vec<Task<S>>,
    /// Which of them run in pieces.
    pub(crate) in_pieces: Vec<InPieces<S>>,
    pub(crate) len: usize,
    /// From this place on there are the registers of passes, whose numbers hold for no longer than
    /// a pass.
    pub(crate) registers: usize,
    pub(crate) numerics: Numerics,
    pub(crate) level: Level,
    pub(crate) walks: usize,
    pub(crate) constants: Vec<(At, S)>,
    /// The leaves' numbers when compiled.
    pub(crate) initial: Vec<(usize, Vec<S>)>,
    pub(crate) inputs: Vec<InputInfo>,
    pub(crate) outputs: Vec<Answer>,
    pub(crate) feeds: Vec<Feed>,
    pub(crate) guards: Vec<Guard>,
    pub(crate) faults: Vec<FaultGuard>,
    /// How many rows are computed at a time.
    pub(crate) rows: usize,
    /// The place of the rows' weights.
    pub(crate) weight: Option<usize>,
    pub(crate) report: Report,
    pub(crate) listing: Vec<Listed>,
    /// None of what is too long to be written.
    pub(crate) recipe: Option<Box<Recipe<S>>>,
    pub(crate) computed: Computed,
    /// What tells the tape's handles from those of others, and where it was made.
    pub(crate) tape: usize,
    pub(crate) tape_made_at: Place,
    pub(crate) id: ProgramId,
    pub(crate) _anchor: Arc<u8>,
}

impl<S> Inner<S> {
    /// Whether no values make a run an error.
    pub(crate) fn is_unconditional(&self) -> bool {
        self.guards.is_empty() && self.faults.is_empty()
    }

    #[track_caller]
    fn info(&self, input: Input) -> &InputInfo {
        assert!(input.program == self.id, "input {} is of another program", input.index);
        &self.inputs[input.index as usize]
    }

    #[track_caller]
    fn asked(&self, output: Output) -> &Answer {
        assert!(output.program == self.id, "output {} is of another program", output.index);
        &self.outputs[output.index as usize]
    }
}

/// A tape, compiled: immutable, and shared between threads by reference or by clone, which copies
/// nothing.
///
/// It runs in a [`Workspace`], one for each thread, without allocating.
#[derive(Clone, Debug)]
pub struct Program<S: Float = f64> {
    pub(crate) inner: Arc<Inner<S>>,
    /// What runs in the place of its tasks: machine code of them.
    pub(crate) code: Option<Arc<dyn Code<S>>>,
}

impl<S: Float> Program<S> {
    /// Room for runs, the leaves as they were on the tape.
    #[must_use]
    pub fn workspace(&self) -> Workspace<S> {
        let mut memory = Aligned::filled(S::from_f64(0.0), self.inner.len);
        for &(place, value) in &self.inner.constants {
            memory[place.index()] = value;
        }
        for (start, values) in &self.inner.initial {
            memory[*start..start + values.len()].copy_from_slice(values);
        }
        if let Some(weight) = self.inner.weight {
            memory[weight..weight + self.inner.rows].fill(S::from_f64(1.0));
        }
        Workspace {
            program: Arc::clone(&self.inner),
            memory,
            offsets: vec![0; self.inner.walks],
            fed: self.room_to_feed(),
            live: self.inner.rows,
        }
    }

    /// Room for all that is fed back if an output of it lies where something else is written.
    fn room_to_feed(&self) -> Vec<S> {
        let Inner { feeds, outputs, .. } = &*self.inner;
        let output = |feed: &Feed| &outputs[feed.output];
        let reach = |access: &Access<At>, dims: &[usize]| {
            access.reach(dims).unwrap_or((At::new(0), At::new(self.inner.len)))
        };
        let meets = |feed: &Feed| {
            let (first, last) = reach(&output(feed).access, &output(feed).dims);
            feeds.iter().any(|other| {
                let (start, end) = reach(&other.to, &other.dims);
                first <= end && start <= last
            })
        };
        if !feeds.iter().any(meets) {
            return Vec::new();
        }
        let written: HashSet<At> =
            feeds.iter().flat_map(|feed| feed.to.numbers(&feed.dims)).collect();
        let mut read =
            feeds.iter().flat_map(|feed| output(feed).access.numbers(&output(feed).dims));
        let total = feeds.iter().map(|feed| output(feed).shape.len()).sum();
        if read.any(|place| written.contains(&place)) {
            vec![S::from_f64(0.0); total]
        } else {
            Vec::new()
        }
    }

    #[track_caller]
    pub(crate) fn input_at(&self, id: NodeId) -> Result<Input, Error> {
        match self.inner.inputs.binary_search_by_key(&id, |input| input.id) {
            Ok(index) => Ok(Input { program: self.inner.id, index: index as u32 }),
            Err(_) => Err(self.inner.computed.refusal(id, Place::caller())),
        }
    }

    /// The same of a view, which begins at `id` and goes through so many slots in their order.
    #[track_caller]
    pub(crate) fn input_of(&self, id: NodeId, in_order: Option<usize>) -> Result<Input, Error> {
        let input = self.input_at(id)?;
        if in_order == Some(self.inner.info(input).len) {
            return Ok(input);
        }
        Err(self.inner.computed.refuse_a_view(id, Place::caller()))
    }

    /// What the program takes, in the order of the tape.
    #[must_use]
    pub fn inputs(&self) -> &[InputInfo] {
        &self.inner.inputs
    }

    /// What it computes, in the order in which it was asked for.
    #[must_use]
    pub fn outputs(&self) -> Vec<Output> {
        let output = |index| Output { program: self.inner.id, index };
        (0..self.inner.outputs.len() as u32).map(output).collect()
    }

    /// How many rows it computes at a time: 1 unless [`rows`](crate::Compiler::rows) said
    /// otherwise.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.inner.rows
    }

    /// Whether every row has its own of an output, of a program for many
    /// [`rows`](crate::Compiler::rows).
    ///
    /// # Panics
    ///
    /// If the output is of another program.
    #[must_use]
    #[track_caller]
    pub fn is_per_row(&self, output: Output) -> bool {
        self.asked(output).per_row
    }

    #[track_caller]
    pub(crate) fn info(&self, input: Input) -> &InputInfo {
        self.inner.info(input)
    }

    #[track_caller]
    pub(crate) fn asked(&self, output: Output) -> &Answer {
        self.inner.asked(output)
    }

    /// What compiling did.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.inner.report
    }

    /// Computes every output at the inputs that the workspace holds.
    ///
    /// # Errors
    ///
    /// [`Error::OtherProgram`] if the workspace was made by another program;
    /// [`Error::GuardFlipped`] if a comparison that was recorded comes out differently: then the
    /// outputs are not the program's, and nothing was fed back; [`Error::Singular`] if a matrix has
    /// no inverse or no factor: likewise.
    #[track_caller]
    pub fn run(&self, workspace: &mut Workspace<S>) -> Result<(), Error> {
        if !Arc::ptr_eq(&self.inner, &workspace.program) {
            return Err(Error::OtherProgram { op: "run", at: Place::caller() });
        }
        match &self.code {
            Some(code) => workspace.run_code(&**code),
            None => S::run(workspace),
        }
    }

    /// As `run`, each task run by `around`.
    #[track_caller]
    pub(crate) fn run_with(
        &self,
        workspace: &mut Workspace<S>,
        mut around: impl FnMut(usize, &mut dyn FnMut()),
    ) -> Result<(), Error> {
        if !Arc::ptr_eq(&self.inner, &workspace.program) {
            return Err(Error::OtherProgram { op: "profile", at: Place::caller() });
        }
        let memory = Cell::from_mut(&mut *workspace.memory).as_slice_of_cells();
        for (i, task) in self.inner.tasks.iter().enumerate() {
            around(i, &mut || S::run_task(task, memory, &mut workspace.offsets));
        }
        workspace.finish()
    }
}
