//! A compiled program, and the numbers of one run of it.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use super::access::Access;
use super::compile::{self, Compiler, Output};
use super::exec::Task;
use super::report::Report;
use crate::elementary::Elementary;
use crate::error::{Error, NodeId, Place};
use crate::kernels::product::Product;
use crate::op::Comparison;
use crate::real::Scalar;
use crate::shape::Shape;

/// A number that programs compute with: `f32` or `f64`.
#[expect(private_bounds, reason = "what a program asks of its numbers is the crate's own")]
pub trait Float: Scalar + Elementary + Product {
    #[doc(hidden)]
    fn compile(compiler: Compiler<'_, Self>) -> Result<Program<Self>, Error>;
    #[doc(hidden)]
    fn run(workspace: &mut Workspace<Self>) -> Result<(), Error>;
}

// Not provided methods: these are compiled here, once, and not in every crate that compiles a program.
macro_rules! float {
    ($($number:ty)*) => {$(
        impl Float for $number {
            fn compile(compiler: Compiler<'_, Self>) -> Result<Program<Self>, Error> {
                compile::compile(compiler)
            }

            fn run(workspace: &mut Workspace<Self>) -> Result<(), Error> {
                workspace.run()
            }
        }
    )*};
}
float!(f32 f64);

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
    pub(crate) places: [u32; 2],
    pub(crate) at: Place,
}

/// Where an output's numbers are.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) access: Access,
    pub(crate) shape: Shape,
    pub(crate) is_gradient: bool,
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
    /// An output, and the places that get its values after a run.
    pub(crate) feeds: Vec<(usize, Vec<u32>)>,
    pub(crate) guards: Vec<Guard>,
    pub(crate) report: Report,
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
        Workspace { program: Arc::clone(&self.0), memory, offsets: vec![0; self.0.walks] }
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
    pub fn run(&self, workspace: &mut Workspace<S>) -> Result<(), Error> {
        if !Arc::ptr_eq(&self.0, &workspace.program) {
            return Err(Error::OtherProgram);
        }
        S::run(workspace)
    }
}

impl<S: Float> Workspace<S> {
    #[inline]
    fn run(&mut self) -> Result<(), Error> {
        let memory = Cell::from_mut(self.memory.as_mut_slice()).as_slice_of_cells();
        for task in &self.program.tasks {
            task.run(memory, &mut self.offsets);
        }
        for guard in &self.program.guards {
            let [left, right] = guard.places.map(|place| self.memory[place as usize]);
            if guard.comparison.holds(&left, &right) != guard.outcome {
                return Err(guard.flipped(left.to_f64(), right.to_f64()));
            }
        }
        for (output, to) in &self.program.feeds {
            let Asked { access, shape, .. } = &self.program.outputs[*output];
            let mut i = 0;
            access.for_each(&[shape.len()], |place| {
                self.memory[to[i] as usize] = self.memory[place as usize];
                i += 1;
            });
        }
        Ok(())
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
        if values.len() != info.len {
            let at = Place::caller();
            return Err(Error::Length { op: "set", shape: info.shape.clone(), found: values.len(), at });
        }
        self.memory[info.start..info.start + info.len].copy_from_slice(values);
        Ok(())
    }

    /// The numbers of an input as they are: after a run those that were fed back, if any were.
    ///
    /// # Panics
    ///
    /// As [`set`](Workspace::set).
    #[must_use]
    #[track_caller]
    pub fn input(&self, input: Input) -> &[S] {
        let info = &self.program.inputs[input.0 as usize];
        &self.memory[info.start..info.start + info.len]
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
        &mut self.memory[info.start..info.start + info.len]
    }

    /// An output that is a single number, after a run.
    ///
    /// # Panics
    ///
    /// If it has axes, or is of a program with more outputs than this workspace's.
    #[must_use]
    #[track_caller]
    pub fn number(&self, output: Output) -> S {
        let asked = &self.program.outputs[output.0 as usize];
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
        let asked = &self.program.outputs[output.0 as usize];
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
        let Asked { access, shape, .. } = &self.program.outputs[output.0 as usize];
        let first = access.first() as usize;
        access.is_contiguous(&[shape.len()]).then(|| &self.memory[first..first + shape.len()])
    }

    /// The bytes it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(self.memory.as_slice())
    }
}

impl Guard {
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
