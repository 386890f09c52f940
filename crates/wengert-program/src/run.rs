//! A compiled program, and the numbers of one run of it.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::access::Access;
use super::exec::{Platform, Task};
use super::listing::Task as Listed;
use super::report::Report;
use crate::elementary::Elementary;
use crate::op::Comparison;
use crate::real::Scalar;
use crate::shape::Shape;
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

// Not provided methods: these are compiled here, once, and not in every crate that compiles a program.
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

/// Something that a program computes for its caller: a value, or a gradient. Given out by [`Compiler`](super::Compiler), read from a
/// [`Workspace`] of the program that it compiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Output(pub(crate) u32);

/// A leaf of the tape as the program takes it: see [`Program::input`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Input(u32);

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
    pub(crate) places: [Vec<u32>; 2],
    pub(crate) at: Place,
}

/// Where an output's numbers are.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) access: Access,
    pub(crate) shape: Shape,
    pub(crate) is_gradient: bool,
    /// Whether every row has its own.
    pub(crate) per_row: bool,
}

/// An output, and the places that get its values after a run.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) output: usize,
    pub(crate) to: Access,
}

impl Feed {
    pub(crate) fn new(output: Output, places: Vec<u32>) -> Self {
        let len = places.len();
        Feed { output: output.0 as usize, to: Access::of(places, &[len]) }
    }
}

impl Asked {
    /// A number as the caller reads it: an adjoint to which nothing was added is −0, and a derivative of 0.
    fn read<S: Scalar>(&self, number: S) -> S {
        if self.is_gradient && number.is_zero() { S::from_f64(0.0) } else { number }
    }
}

#[derive(Debug)]
pub(crate) struct Inner<S: 'static> {
    pub(crate) tasks: Vec<Task<S>>,
    pub(crate) len: usize,
    pub(crate) walks: usize,
    pub(crate) constants: Vec<(u32, S)>,
    /// The leaves' numbers when compiled.
    pub(crate) initial: Vec<(usize, Vec<S>)>,
    pub(crate) inputs: Vec<InputInfo>,
    pub(crate) outputs: Vec<Asked>,
    pub(crate) feeds: Vec<Feed>,
    pub(crate) guards: Vec<Guard>,
    /// How many rows are computed at a time.
    pub(crate) rows: usize,
    /// The place of the rows' weights.
    pub(crate) weight: Option<usize>,
    pub(crate) report: Report,
    pub(crate) listing: Vec<Listed>,
}

/// A tape, compiled: immutable, and shared between threads by reference or by clone, which copies nothing.
///
/// It runs in a [`Workspace`], one for each thread, without allocating.
#[derive(Clone, Debug)]
pub struct Program<S: Float = f64>(pub(crate) Arc<Inner<S>>);

/// The numbers of a program's runs: inputs, intermediate values, outputs.
#[derive(Clone)]
pub struct Workspace<S: Float = f64> {
    program: Arc<Inner<S>>,
    memory: Vec<S>,
    offsets: Vec<isize>,
    /// Room for what is fed back, where it must be read before anything is written.
    fed: Vec<S>,
    /// How many of the rows count.
    live: usize,
}

impl<S: Float> Program<S> {
    /// Room for runs, the leaves as they were on the tape.
    #[must_use]
    pub fn workspace(&self) -> Workspace<S> {
        let mut memory = vec![S::from_f64(0.0); self.0.len];
        for &(place, value) in &self.0.constants {
            memory[place as usize] = value;
        }
        for (start, values) in &self.0.initial {
            memory[*start..start + values.len()].copy_from_slice(values);
        }
        if let Some(weight) = self.0.weight {
            memory[weight..weight + self.0.rows].fill(S::from_f64(1.0));
        }
        Workspace {
            program: Arc::clone(&self.0),
            memory,
            offsets: vec![0; self.0.walks],
            fed: self.room_to_feed(),
            live: self.0.rows,
        }
    }

    /// Room for all that is fed back if an output of it lies where something else is written.
    fn room_to_feed(&self) -> Vec<S> {
        let Inner { feeds, outputs, .. } = &*self.0;
        let len = |feed: &Feed| outputs[feed.output].shape.len();
        let written: HashSet<u32> = feeds.iter().flat_map(|feed| feed.to.slots(&[len(feed)])).collect();
        let mut read = feeds.iter().flat_map(|feed| outputs[feed.output].access.slots(&[len(feed)]));
        let total = feeds.iter().map(len).sum();
        if read.any(|place| written.contains(&place)) { vec![S::from_f64(0.0); total] } else { Vec::new() }
    }

    /// The handle of the block of leaves that begins at a slot of the tape: `program.input(x.id())`.
    ///
    /// # Errors
    ///
    /// [`Error::NotSettable`] if no input, parameter or data begins there.
    #[track_caller]
    pub fn input(&self, id: NodeId) -> Result<Input, Error> {
        match self.0.inputs.binary_search_by_key(&id, |input| input.id) {
            Ok(index) => Ok(Input(index as u32)),
            Err(_) => {
                Err(Error::NotSettable { node: id.to_string(), kind: "no whole block of leaves", at: Place::caller() })
            }
        }
    }

    /// What the program takes, in the order of the tape.
    #[must_use]
    pub fn inputs(&self) -> &[InputInfo] {
        &self.0.inputs
    }

    /// What it computes, in the order in which it was asked for.
    #[must_use]
    pub fn outputs(&self) -> Vec<Output> {
        (0..self.0.outputs.len() as u32).map(Output).collect()
    }

    /// How many rows it computes at a time: 1 unless [`rows`](super::Compiler::rows) said otherwise.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.0.rows
    }

    pub(crate) fn info(&self, input: Input) -> &InputInfo {
        &self.0.inputs[input.0 as usize]
    }

    pub(crate) fn asked(&self, output: Output) -> &Asked {
        &self.0.outputs[output.0 as usize]
    }

    /// What compiling did.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.0.report
    }

    /// Computes every output at the inputs that the workspace holds.
    ///
    /// # Errors
    ///
    /// [`Error::OtherProgram`] if the workspace was made by another program; [`Error::GuardFlipped`] if a comparison that was recorded comes out
    /// differently: then the outputs are not the program's, and nothing was fed back.
    #[track_caller]
    pub fn run(&self, workspace: &mut Workspace<S>) -> Result<(), Error> {
        if !Arc::ptr_eq(&self.0, &workspace.program) {
            return Err(Error::OtherProgram { op: "run", at: Place::caller() });
        }
        S::run(workspace)
    }

    /// As `run`, each task run by `around`.
    #[track_caller]
    pub(crate) fn run_with(
        &self,
        workspace: &mut Workspace<S>,
        mut around: impl FnMut(usize, &mut dyn FnMut()),
    ) -> Result<(), Error> {
        if !Arc::ptr_eq(&self.0, &workspace.program) {
            return Err(Error::OtherProgram { op: "profile", at: Place::caller() });
        }
        let memory = Cell::from_mut(workspace.memory.as_mut_slice()).as_slice_of_cells();
        for (i, task) in self.0.tasks.iter().enumerate() {
            around(i, &mut || S::run_task(task, memory, &mut workspace.offsets));
        }
        workspace.finish()
    }
}

impl<S: Float> Workspace<S> {
    #[inline]
    fn run(&mut self) -> Result<(), Error> {
        let memory = Cell::from_mut(self.memory.as_mut_slice()).as_slice_of_cells();
        for task in &self.program.tasks {
            task.run(memory, &mut self.offsets);
        }
        self.finish()
    }

    /// Checks the guards, and feeds back.
    #[inline]
    fn finish(&mut self) -> Result<(), Error> {
        for guard in &self.program.guards {
            guard.check(&self.memory, self.live)?;
        }
        if !self.fed.is_empty() {
            self.feed_at_once();
            return Ok(());
        }
        for Feed { output, to } in &self.program.feeds {
            let Asked { access, shape, .. } = &self.program.outputs[*output];
            let dims = [shape.len()];
            if access.is_contiguous(&dims) && to.is_contiguous(&dims) {
                let (from, to) = (access.first() as usize, to.first() as usize);
                self.memory.copy_within(from..from + shape.len(), to);
            } else {
                for (from, to) in access.slots(&dims).into_iter().zip(to.slots(&dims)) {
                    self.memory[to as usize] = self.memory[from as usize];
                }
            }
        }
        Ok(())
    }

    /// Feeds back where an output is a leaf that is itself fed: all is read before anything is written.
    #[cold]
    fn feed_at_once(&mut self) {
        let mut at = 0;
        for Feed { output, .. } in &self.program.feeds {
            let Asked { access, shape, .. } = &self.program.outputs[*output];
            access.for_each(&[shape.len()], |place| {
                self.fed[at] = self.memory[place as usize];
                at += 1;
            });
        }
        at = 0;
        for Feed { output, to } in &self.program.feeds {
            to.for_each(&[self.program.outputs[*output].shape.len()], |place| {
                self.memory[place as usize] = self.fed[at];
                at += 1;
            });
        }
    }

    /// Gives an input new numbers, row-major.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if there are not as many as it has; then it is as it was.
    ///
    /// # Panics
    ///
    /// If the input is of a program with more inputs than this workspace's.
    #[track_caller]
    pub fn set(&mut self, input: Input, values: &[S]) -> Result<(), Error> {
        let info = &self.program.inputs[input.0 as usize];
        if values.len() != info.len * info.rows {
            let shape = if info.rows == 1 { info.shape.clone() } else { [info.rows, info.len].into() };
            return Err(Error::Length { op: "set", shape, found: values.len(), at: Place::caller() });
        }
        if info.rows == 1 {
            self.memory[info.start..info.start + info.len].copy_from_slice(values);
        } else {
            self.set_rows(input, values);
        }
        Ok(())
    }

    /// As `set` for an input that differs from row to row, with fewer rows than the program takes: the last is repeated.
    pub(crate) fn set_rows(&mut self, input: Input, values: &[S]) {
        let InputInfo { start, len, rows, .. } = self.program.inputs[input.0 as usize];
        let given = values.len() / len;
        for (i, lanes) in self.memory[start..start + len * rows].chunks_mut(rows).enumerate() {
            for (row, lane) in lanes.iter_mut().enumerate() {
                *lane = values[row.min(given - 1) * len + i];
            }
        }
    }

    /// Lets the first `live` rows count, and no other.
    pub(crate) fn set_live(&mut self, live: usize) {
        self.live = live;
        if let Some(weight) = self.program.weight {
            for (row, to) in self.memory[weight..weight + self.program.rows].iter_mut().enumerate() {
                *to = S::from_f64(if row < live { 1.0 } else { 0.0 });
            }
        }
    }

    /// The numbers of an input as they are: after a run those that were fed back, if any were. Of one that differs from row to row, number by
    /// number, the rows innermost.
    ///
    /// # Panics
    ///
    /// As [`set`](Workspace::set).
    #[must_use]
    #[track_caller]
    pub fn input(&self, input: Input) -> &[S] {
        let info = &self.program.inputs[input.0 as usize];
        &self.memory[info.start..info.start + info.len * info.rows]
    }

    /// The numbers of an input, to be changed in place.
    ///
    /// # Panics
    ///
    /// As [`set`](Workspace::set).
    #[must_use]
    #[track_caller]
    pub fn input_mut(&mut self, input: Input) -> &mut [S] {
        let info = &self.program.inputs[input.0 as usize];
        &mut self.memory[info.start..info.start + info.len * info.rows]
    }

    /// An output that is a single number, after a run.
    ///
    /// # Panics
    ///
    /// If it has axes, or is of a program with more outputs than this workspace's.
    #[must_use]
    #[track_caller]
    pub fn number(&self, output: Output) -> S {
        let asked = self.asked(output);
        assert!(asked.shape.is_scalar(), "number: the output has shape {}; use values()", asked.shape);
        asked.read(self.memory[asked.access.first() as usize])
    }

    /// An output, row-major, after a run.
    ///
    /// # Panics
    ///
    /// If it is of a program with more outputs than this workspace's.
    #[must_use]
    #[track_caller]
    pub fn values(&self, output: Output) -> Vec<S> {
        let asked = self.asked(output);
        let mut values = Vec::with_capacity(asked.shape.len());
        asked.access.for_each(&[asked.shape.len()], |place| values.push(asked.read(self.memory[place as usize])));
        values
    }

    /// An output that lies in neighbouring places, as it is there: without a copy, and with −0 where the sum of nothing stands.
    ///
    /// # Panics
    ///
    /// As [`values`](Workspace::values).
    #[must_use]
    #[track_caller]
    pub fn slice(&self, output: Output) -> Option<&[S]> {
        let Asked { access, shape, .. } = self.asked(output);
        let first = access.first() as usize;
        access.is_contiguous(&[shape.len()]).then(|| &self.memory[first..first + shape.len()])
    }

    #[track_caller]
    fn asked(&self, output: Output) -> &Asked {
        let outputs = &self.program.outputs;
        let Some(asked) = outputs.get(output.0 as usize) else {
            panic!("output {} is of another program: this one has {}", output.0, outputs.len())
        };
        asked
    }

    /// The bytes it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(self.memory.as_slice())
    }
}

impl Guard {
    /// The error, if the comparison comes out differently in one of the rows that count.
    fn check<S: Float>(&self, memory: &[S], live: usize) -> Result<(), Error> {
        let [left, right] = &self.places;
        let rows = left.len().max(right.len());
        let at = |places: &[u32], row: usize| memory[places[row.min(places.len() - 1)] as usize];
        let flipped = |&row: &usize| self.comparison.holds(&at(left, row), &at(right, row)) != self.outcome;
        let Some(first) = (0..rows.min(live.max(1))).find(flipped) else { return Ok(()) };
        let error = self.flipped(at(left, first).to_f64(), at(right, first).to_f64());
        if rows == 1 {
            return Err(error);
        }
        Err(Error::GuardFlippedInRows {
            rows: (first..rows.min(live)).filter(flipped).collect(),
            first: Box::new(error),
        })
    }

    #[cold]
    fn flipped(&self, left: f64, right: f64) -> Error {
        Error::GuardFlipped {
            index: self.index,
            comparison: self.comparison,
            left: self.labels[0].clone(),
            right: self.labels[1].clone(),
            left_value: left,
            right_value: right,
            recorded: self.outcome,
            at: self.at,
        }
    }
}

impl<S: Float> fmt::Debug for Workspace<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Workspace({} numbers)", self.memory.len())
    }
}
