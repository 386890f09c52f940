//! A function recorded once: an owned value, which answers at any point.
//!
//! ```text
//! Function: a closure and its recording --at(point)--> At: values, gradients, products, matrices
//!      \--compile(asks)--> CompiledFunction: the same, chosen beforehand, without allocating
//! ```

mod at;
#[cfg(feature = "programs")]
mod compiled;

pub use at::At;
#[cfg(feature = "programs")]
pub use compiled::{Answer, Ask, CompiledFunction};

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::{Error, Key, Leaf, Nested, Options, Place, Scalar, Shape, Tape, Var};

/// What happens where a comparison that the closure branched on would come out differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Branches {
    /// [`Error::GuardFlipped`]: the recording is not the function's there.
    #[default]
    Refuse,
    /// The closure is recorded again, at the new point.
    Record,
}

/// One of the closure's arguments.
#[derive(Clone, Debug)]
struct Argument {
    name: String,
    shape: Shape,
    /// Differentiated by; else data.
    is_input: bool,
    /// Among all inputs, or among all data.
    range: Range<usize>,
}

/// A closure's arguments on the tape that it records on.
pub struct Arguments<'a, 't, S: Scalar> {
    vars: &'a [(String, Var<'t, S>)],
}

impl<'t, S: Scalar> Arguments<'_, 't, S> {
    /// The argument of a name.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    #[track_caller]
    pub fn get(&self, name: &str) -> Var<'t, S> {
        match self.vars.iter().find(|(known, _)| known == name) {
            Some(&(_, var)) => var,
            None => panic!("the function has no argument {name}"),
        }
    }
}

type Record<S> = dyn for<'t> Fn(&Arguments<'_, 't, S>) -> Vec<Var<'t, S>> + Send + Sync;

/// A function of numbers, recorded once and evaluated and differentiated at any point: an owned
/// value without a lifetime, that a struct can hold.
///
/// Its inputs are one flat point, as optimisers and solvers have it; named arguments are parts of
/// that point with shapes of their own. Its outputs are counted from 0, or called by the name that
/// the closure gave them.
///
/// # Examples
///
/// ```
/// use wengert::Function;
/// let mut rosenbrock = Function::of([0.0, 0.0], |x| {
///     let (a, b) = (x.at(0), x.at(1));
///     (1.0 - a).square() + 100.0 * (b - a.square()).square()
/// })?;
/// let there = rosenbrock.at(&[1.0, 2.0])?;
/// assert_eq!(there.value(0), 100.0);
/// assert_eq!(there.gradient(0)?, [-400.0, 200.0]);
/// assert_eq!(there.hessian(0)?, [[402.0, -400.0], [-400.0, 200.0]]);
/// # Ok::<(), wengert::Error>(())
/// ```
///
/// Several arguments, several outputs:
///
/// ```
/// use wengert::Function;
/// let mut model = Function::builder()
///     .input("w", [[1.0, 2.0], [3.0, 4.0]])
///     .input("b", [0.5, -0.5])
///     .data("x", [1.0, 1.0])
///     .record(|given| {
///         let y = given.get("w").matmul(given.get("x")) + given.get("b");
///         vec![y.named("y"), y.square().sum().named("loss")]
///     })?;
/// assert_eq!((model.len(), model.range("b")), (6, Some(4..6)));
/// let point = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
/// assert_eq!(model.at(&point)?.values("y"), [1.0, 1.0]);
/// assert_eq!(model.at(&point)?.gradient("loss")?, [2.0; 6]);
/// # Ok::<(), wengert::Error>(())
/// ```
pub struct Function<S: Scalar = f64> {
    record: Arc<Record<S>>,
    arguments: Vec<Argument>,
    /// The numbers of the data; those of the inputs come with every point.
    data: Vec<S>,
    branches: Branches,
    options: Options,
    recorded: Recorded<S>,
}

/// A recording, with what is found on it again.
struct Recorded<S: Scalar> {
    tape: Tape<S>,
    point: Key,
    data: Option<Key>,
    outputs: Vec<(String, Key)>,
}

/// What names an output: its number, from 0, or its path.
pub trait WhichOutput: Copy {
    #[doc(hidden)]
    fn find(self, names: &mut dyn Iterator<Item = &str>) -> Option<usize>;
    #[doc(hidden)]
    fn path(self) -> String;
}

impl WhichOutput for usize {
    fn find(self, names: &mut dyn Iterator<Item = &str>) -> Option<usize> {
        names.nth(self).map(|_| self)
    }

    fn path(self) -> String {
        format!("output {self}")
    }
}

impl WhichOutput for &str {
    fn find(self, names: &mut dyn Iterator<Item = &str>) -> Option<usize> {
        names.enumerate().find(|(_, name)| *name == self).map(|(i, _)| i)
    }

    fn path(self) -> String {
        self.to_owned()
    }
}

/// The arguments of a function that is about to be recorded.
pub struct FunctionBuilder<S: Scalar = f64> {
    arguments: Vec<Argument>,
    point: Vec<S>,
    data: Vec<S>,
    /// The first argument that was refused; `record` returns it.
    refused: Option<Error>,
    branches: Branches,
    options: Options,
}

impl<S: Scalar> FunctionBuilder<S> {
    /// An argument to differentiate by, with a first value, which gives it its shape.
    #[must_use]
    #[track_caller]
    pub fn input(self, name: &str, first: impl Nested<S>) -> Self {
        self.argument(name, &first, true)
    }

    /// An argument that is not differentiated by: see [`Function::set_data`].
    #[must_use]
    #[track_caller]
    pub fn data(self, name: &str, first: impl Nested<S>) -> Self {
        self.argument(name, &first, false)
    }

    /// What happens where the closure would branch differently.
    #[must_use]
    pub fn branches(mut self, branches: Branches) -> Self {
        self.branches = branches;
        self
    }

    /// How its tape records.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    #[track_caller]
    fn argument(mut self, name: &str, first: &impl Nested<S>, is_input: bool) -> Self {
        let scratch = Tape::<S>::default();
        match scratch.try_leaf(Leaf::Input, first) {
            Ok(var) => {
                let numbers = if is_input { &mut self.point } else { &mut self.data };
                let start = numbers.len();
                numbers.extend(var.values());
                let (name, shape, range) = (name.to_owned(), var.shape(), start..numbers.len());
                self.arguments.push(Argument { name, shape, is_input, range });
            }
            Err(error) => self.refused = self.refused.or(Some(error)),
        }
        self
    }

    /// Records the closure at the arguments' first values.
    ///
    /// # Errors
    ///
    /// [`Error::Ragged`] and [`Error::Empty`] of an argument; [`Error::Empty`] if there is no
    /// input; [`Error::NothingAsked`] if the closure returns nothing; [`Error::TwoTapes`] if it
    /// returns what it did not compute from its arguments' tape.
    #[track_caller]
    pub fn record(
        self,
        f: impl for<'t> Fn(&Arguments<'_, 't, S>) -> Vec<Var<'t, S>> + Send + Sync + 'static,
    ) -> Result<Function<S>, Error> {
        if let Some(error) = self.refused {
            return Err(error);
        }
        let FunctionBuilder { arguments, point, data, branches, options, .. } = self;
        let record: Arc<Record<S>> = Arc::new(f);
        let recorded = Recorded::of(&*record, &arguments, (&point, &data), options)?;
        Ok(Function { record, arguments, data, branches, options, recorded })
    }
}

impl<S: Scalar> Recorded<S> {
    #[track_caller]
    fn of(
        record: &Record<S>,
        arguments: &[Argument],
        (point, data): (&[S], &[S]),
        options: Options,
    ) -> Result<Self, Error> {
        let tape = Tape::with(options);
        let all = tape.tensor(Leaf::Input, point, [point.len()])?;
        let still = match data {
            [] => None,
            data => Some(tape.tensor(Leaf::Data, data, [data.len()])?),
        };
        let mut vars = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let whole = if argument.is_input { Some(all) } else { still };
            let whole = whole.expect("there is as much data as its arguments hold");
            let part = whole.try_slice(0, argument.range.clone())?;
            let part = part.try_reshape(argument.shape.clone())?.named(&argument.name);
            vars.push((argument.name.clone(), part));
        }
        let results = record(&Arguments { vars: &vars });
        let at = Place::caller();
        if results.is_empty() {
            return Err(Error::NothingAsked { at });
        }
        let mut outputs = Vec::with_capacity(results.len());
        for result in results {
            if !std::ptr::eq(result.tape(), &raw const tape) {
                let (left, right) = (tape.made_at(), result.tape().made_at());
                return Err(Error::TwoTapes { op: "record", left, right, at });
            }
            let name = result.name().unwrap_or_else(|| result.id().to_string());
            outputs.push((name, result.key()));
        }
        let (point, data) = (all.key(), still.map(Var::key));
        Ok(Recorded { tape, point, data, outputs })
    }
}

// Of `f64` alone, so that nobody has to say so where nothing else does: as `Tape::new`.
impl Function<f64> {
    /// Records `f` of one argument, `x`, at a first point, which gives `x` its shape.
    ///
    /// # Errors
    ///
    /// As [`FunctionBuilder::record`].
    #[track_caller]
    pub fn of(
        first: impl Nested<f64>,
        f: impl for<'t> Fn(Var<'t>) -> Var<'t> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        Self::builder().input("x", first).record(move |given| vec![f(given.get("x"))])
    }

    /// A function of several arguments. Of other numbers than `f64`:
    /// `FunctionBuilder::<f32>::default()`.
    #[must_use]
    pub fn builder() -> FunctionBuilder {
        FunctionBuilder::default()
    }
}

impl<S: Scalar> Default for FunctionBuilder<S> {
    fn default() -> Self {
        FunctionBuilder {
            arguments: Vec::new(),
            point: Vec::new(),
            data: Vec::new(),
            refused: None,
            branches: Branches::default(),
            options: Options::default(),
        }
    }
}

impl<S: Scalar> Function<S> {
    /// How many numbers a point has: the inputs, one after another.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a function has an input")]
    pub fn len(&self) -> usize {
        self.arguments.iter().filter(|argument| argument.is_input).map(|a| a.range.len()).sum()
    }

    /// Where an input stands in a point.
    #[must_use]
    pub fn range(&self, name: &str) -> Option<Range<usize>> {
        let named = |argument: &&Argument| argument.is_input && argument.name == name;
        self.arguments.iter().find(named).map(|argument| argument.range.clone())
    }

    /// The names of the outputs, in their order; the id of one that has none.
    pub fn outputs(&self) -> impl ExactSizeIterator<Item = &str> {
        self.recorded.outputs.iter().map(|(name, _)| name.as_str())
    }

    /// What happens where the closure would branch differently.
    #[must_use]
    pub fn branches(&self) -> Branches {
        self.branches
    }

    /// The recording: to list, trace, check.
    #[must_use]
    pub fn tape(&self) -> &Tape<S> {
        &self.recorded.tape
    }

    /// The point on the [recording](Function::tape): the block of all inputs.
    #[must_use]
    pub fn point(&self) -> Var<'_, S> {
        self.recorded.tape.var(self.recorded.point)
    }

    /// An output on the [recording](Function::tape).
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchPath`] if there is no such output.
    #[track_caller]
    pub fn output(&self, which: impl WhichOutput) -> Result<Var<'_, S>, Error> {
        match which.find(&mut self.outputs()) {
            Some(index) => Ok(self.recorded.tape.var(self.recorded.outputs[index].1)),
            None => Err(Error::NoSuchPath { path: which.path(), at: Place::caller() }),
        }
    }

    /// Gives data new numbers, row-major, from the next point on.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchPath`] if no data has this name, [`Error::Length`] for another number of
    /// numbers than it has.
    #[track_caller]
    pub fn set_data(&mut self, name: &str, values: &[S]) -> Result<(), Error> {
        let at = Place::caller();
        let named = |argument: &&Argument| !argument.is_input && argument.name == name;
        let Some(argument) = self.arguments.iter().find(named) else {
            return Err(Error::NoSuchPath { path: name.to_owned(), at });
        };
        if values.len() != argument.range.len() {
            let (of, shape) = (format!("{name} of "), argument.shape.clone());
            return Err(Error::Length { op: "set_data", of, shape, found: values.len(), at });
        }
        self.data[argument.range.clone()].copy_from_slice(values);
        Ok(())
    }

    /// Evaluates at a point: the recording is replayed, or recorded again where the closure
    /// branches differently and [`Branches::Record`] was asked for.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if the point has another length, [`Error::GuardFlipped`].
    #[track_caller]
    pub fn at(&mut self, point: &[S]) -> Result<At<'_, S>, Error> {
        match self.replay(point) {
            Err(Error::GuardFlipped { .. }) if self.branches == Branches::Record => {
                let numbers = (point, &self.data[..]);
                self.recorded =
                    Recorded::of(&*self.record, &self.arguments, numbers, self.options)?;
            }
            other => other?,
        }
        Ok(At { recorded: &self.recorded })
    }

    #[track_caller]
    fn replay(&self, point: &[S]) -> Result<(), Error> {
        let Recorded { tape, point: all, data, .. } = &self.recorded;
        match data {
            None => tape.replay(&[(tape.var(*all), point)]),
            Some(data) => tape.replay(&[(tape.var(*all), point), (tape.var(*data), &self.data)]),
        }
    }
}

impl<S: Scalar> fmt::Debug for Function<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.arguments.iter().map(|argument| &*argument.name).collect();
        let outputs: Vec<&str> = self.outputs().collect();
        let nodes = self.tape().len();
        write!(f, "Function of {names:?} to {outputs:?}, {nodes} nodes")
    }
}

impl<S: Scalar> fmt::Debug for FunctionBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.arguments.iter().map(|argument| &*argument.name).collect();
        write!(f, "FunctionBuilder of {names:?}")
    }
}

impl<S: Scalar> fmt::Debug for Arguments<'_, '_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.vars.iter().map(|(name, _)| name)).finish()
    }
}
