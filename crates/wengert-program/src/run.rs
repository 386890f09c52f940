//! A compiled program, and the numbers of one run of it.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::access::{Access, Dims};
use super::exec::{Platform, Task};
use super::ids::{Id, Place as At};
use super::internals::Code;
use super::listing::Task as Listed;
use super::recipe::Recipe;
use super::report::Report;
use crate::Numerics;
use crate::elementary::Elementary;
use crate::op::{Comparison, Leaf, Op};
use crate::real::Scalar;
use crate::shape::Shape;
use crate::simd::Level;
use wengert_kernels::product::Product;
use wengert_tape::internals::{Kind as StepKind, Side, Step};
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
/// Given out by [`Compiler`](super::Compiler), read from a [`Workspace`] of the program that it
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

/// What the tape's steps are, for the message when one of them is no input.
#[derive(Debug)]
pub(crate) struct Computed {
    /// The first slot of each step, and its operation.
    steps: Vec<(u32, Op)>,
    /// The paths of named nodes, by first slot.
    names: Vec<(u32, String)>,
}

impl Computed {
    pub(crate) fn of(steps: &[Step], side: &Side) -> Self {
        let mut slot = 0;
        let step = |step: &Step| {
            let first = slot;
            let (op, len) = match step.kind() {
                StepKind::Wide => {
                    (side.wides[step.a() as usize].op, side.wides[step.a() as usize].len)
                }
                _ => (step.op(), 1),
            };
            slot += len;
            (first, op)
        };
        let steps: Vec<(u32, Op)> = steps.iter().map(step).collect();
        let mut names: Vec<(u32, String)> =
            side.names.list.iter().map(|name| (name.view.start(), name.path.clone())).collect();
        names.sort_by_key(|(slot, _)| *slot);
        Computed { steps, names }
    }

    /// The first slot of what has a path.
    pub(crate) fn named(&self, path: &str) -> Option<NodeId> {
        self.names.iter().find(|(_, name)| name == path).map(|&(slot, _)| NodeId::at(slot))
    }

    /// Why the node at `id` is no input.
    fn refusal(&self, id: NodeId, at: Place) -> Error {
        let name = self.names.binary_search_by_key(&(id.slot() as u32), |(slot, _)| *slot);
        let node = name.map_or_else(|_| id.to_string(), |i| self.names[i].1.clone());
        let kind = match self.steps.binary_search_by_key(&(id.slot() as u32), |(slot, _)| *slot) {
            Ok(i)
                if !matches!(self.steps[i].1, Op::Leaf(Leaf::Input | Leaf::Param | Leaf::Data)) =>
            {
                format!("computed ({})", self.steps[i].1.name())
            }
            // The other leaves are inputs.
            Ok(_) => "data that stands for a gradient".to_owned(),
            Err(_) => "no whole block of leaves".to_owned(),
        };
        Error::NotSettable { op: "input", node, kind, at }
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
        let mut memory = vec![S::from_f64(0.0); self.inner.len];
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

    /// How many rows it computes at a time: 1 unless [`rows`](super::Compiler::rows) said
    /// otherwise.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.inner.rows
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
    /// outputs are not the program's, and nothing was fed back.
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
        let memory = Cell::from_mut(workspace.memory.as_mut_slice()).as_slice_of_cells();
        for (i, task) in self.inner.tasks.iter().enumerate() {
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

    /// As `run`, by machine code.
    #[inline]
    fn run_code(&mut self, code: &dyn Code<S>) -> Result<(), Error> {
        let memory = Cell::from_mut(self.memory.as_mut_slice()).as_slice_of_cells();
        let (tasks, offsets) = (&self.program.tasks, &mut self.offsets);
        code.run(memory, &mut |task| S::run_task(&tasks[task], memory, offsets));
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
        for Feed { output, to, dims: to_dims } in &self.program.feeds {
            let Answer { access, dims, shape, .. } = &self.program.outputs[*output];
            if access.is_contiguous(dims) && to.is_contiguous(to_dims) {
                let (from, to) = (access.first().index(), to.first().index());
                self.memory.copy_within(from..from + shape.len(), to);
            } else {
                for i in 0..shape.len() {
                    let value = self.memory[access.element(dims, i).index()];
                    self.memory[to.element(to_dims, i).index()] = value;
                }
            }
        }
        Ok(())
    }

    /// Feeds back where an output is a leaf that is itself fed: all is read before anything is
    /// written.
    #[cold]
    fn feed_at_once(&mut self) {
        let mut at = 0;
        for Feed { output, .. } in &self.program.feeds {
            let Answer { access, dims, .. } = &self.program.outputs[*output];
            access.for_each(dims, |place| {
                self.fed[at] = self.memory[place.index()];
                at += 1;
            });
        }
        at = 0;
        for Feed { to, dims, .. } in &self.program.feeds {
            to.for_each(dims, |place| {
                self.memory[place.index()] = self.fed[at];
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
    /// If the input is of another program than this workspace.
    #[track_caller]
    pub fn set(&mut self, input: Input, values: &[S]) -> Result<(), Error> {
        let info = self.program.info(input);
        if values.len() != info.len * info.rows {
            let shape =
                if info.rows == 1 { info.shape.clone() } else { [info.rows, info.len].into() };
            let (of, found, at) = (format!("{} of ", info.label), values.len(), Place::caller());
            return Err(Error::Length { op: "set", of, shape, found, at });
        }
        if info.rows == 1 {
            self.memory[info.start..info.start + info.len].copy_from_slice(values);
        } else {
            self.set_rows(input, values);
        }
        Ok(())
    }

    /// As `set` for an input that differs from row to row, with fewer rows than the program takes:
    /// the last is repeated.
    pub(crate) fn set_rows(&mut self, input: Input, values: &[S]) {
        let &InputInfo { start, len, rows, .. } = self.program.info(input);
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
            for (row, to) in self.memory[weight..weight + self.program.rows].iter_mut().enumerate()
            {
                *to = S::from_f64(if row < live { 1.0 } else { 0.0 });
            }
        }
    }

    /// The numbers of an input as they are: after a run those that were fed back, if any were. Of
    /// one that differs from row to row, number by number, the rows innermost.
    ///
    /// # Panics
    ///
    /// As [`set`](Workspace::set).
    #[must_use]
    #[track_caller]
    pub fn input(&self, input: Input) -> &[S] {
        let info = self.program.info(input);
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
        let info = self.program.info(input);
        &mut self.memory[info.start..info.start + info.len * info.rows]
    }

    /// An output that is a single number, after a run.
    ///
    /// # Panics
    ///
    /// If it has axes, or is of another program than this workspace.
    #[must_use]
    #[track_caller]
    pub fn value(&self, output: Output) -> S {
        let asked = self.asked(output);
        assert!(
            asked.shape.is_scalar(),
            "value: the output has shape {}; use values()",
            asked.shape
        );
        asked.read(self.memory[asked.access.first().index()])
    }

    /// An output, row-major, after a run.
    ///
    /// # Panics
    ///
    /// If it is of another program than this workspace.
    #[must_use]
    #[track_caller]
    pub fn values(&self, output: Output) -> Vec<S> {
        let asked = self.asked(output);
        let mut values = Vec::with_capacity(asked.shape.len());
        asked
            .access
            .for_each(&asked.dims, |place| values.push(asked.read(self.memory[place.index()])));
        values
    }

    /// As [`values`](Workspace::values), into the first elements of a slice, without allocating;
    /// how many numbers the output has.
    ///
    /// # Panics
    ///
    /// As [`values`](Workspace::values), and if the slice is shorter.
    #[track_caller]
    pub fn values_into(&self, output: Output, to: &mut [S]) -> usize {
        let asked = self.asked(output);
        let mut count = 0;
        asked.access.for_each(&asked.dims, |place| {
            to[count] = asked.read(self.memory[place.index()]);
            count += 1;
        });
        count
    }

    /// An output that lies in neighbouring places, as it is there: without a copy, and with −0
    /// where the sum of nothing stands.
    ///
    /// # Panics
    ///
    /// As [`values`](Workspace::values).
    #[must_use]
    #[track_caller]
    pub fn slice(&self, output: Output) -> Option<&[S]> {
        let Answer { access, dims, shape, .. } = self.asked(output);
        let first = access.first().index();
        access.is_contiguous(dims).then(|| &self.memory[first..first + shape.len()])
    }

    #[track_caller]
    fn asked(&self, output: Output) -> &Answer {
        self.program.asked(output)
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
        let at = |places: &[At], row: usize| memory[places[row.min(places.len() - 1)].index()];
        let flipped =
            |&row: &usize| self.comparison.holds(&at(left, row), &at(right, row)) != self.outcome;
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
