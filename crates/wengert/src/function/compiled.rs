//! A function compiled: what is asked of it, chosen beforehand.

use std::fmt;

use super::{Function, Recorded, WhichOutput};
use crate::program::{Compile, Input, Output};
use crate::{Compiler, Error, Numerics, Place, Program, Var, Workspace};

/// What a compiled function answers, of the output of a number or a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask<W> {
    /// The output itself.
    Value(W),
    /// Its gradient, if it is a single number.
    Gradient(W),
    /// Its Jacobian, row after row: a row for each number of the output, by the whole point.
    Jacobian(W),
    /// Its Hessian, row after row, if it is a single number.
    Hessian(W),
    /// Its Hessian-vector product, if it is a single number: see [`CompiledFunction::along`].
    Hvp(W),
}

/// An answer of a compiled function, by its number among what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer(usize);

/// A [`Function`] compiled with a fixed list of answers, computed together by one run that
/// allocates nothing.
///
/// # Examples
///
/// ```
/// use wengert::Function;
/// use wengert::function::Ask;
/// let function = Function::of([1.0, 2.0], |x| x.square().sum())?;
/// let (mut compiled, [value, gradient]) =
///     function.compile([Ask::Value(0), Ask::Gradient(0)])?;
/// compiled.run(&[3.0, 4.0])?;
/// assert_eq!(compiled.value(value), 25.0);
/// let mut to = [0.0; 2];
/// compiled.values_into(gradient, &mut to);
/// assert_eq!(to, [6.0, 8.0]);
/// # Ok::<(), wengert::Error>(())
/// ```
pub struct CompiledFunction<S: Compile = f64> {
    program: Program<S>,
    workspace: Workspace<S>,
    point: Input,
    data: Option<Input>,
    direction: Option<Input>,
    /// Of each answer, the outputs whose numbers follow one another.
    answers: Vec<Vec<Output>>,
}

impl<S: Compile> Function<S> {
    /// Compiles a list of answers. The recording is compiled as it was made: where the closure
    /// branches differently, a run is refused.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchPath`] for an output that does not exist, [`Error::Operand`] for a gradient
    /// or a Hessian of an output that has axes, as [`Compiler::compile`].
    #[track_caller]
    pub fn compile<W: WhichOutput, const N: usize>(
        &self,
        asks: [Ask<W>; N],
    ) -> Result<(CompiledFunction<S>, [Answer; N]), Error> {
        // Second derivatives are recorded behind the function, on a tape of their own.
        let from = &self.recorded;
        let point = from.tape.var(from.point).values();
        let numbers = (&point[..], &self.data[..]);
        let recorded = Recorded::of(&*self.record, &self.arguments, numbers, self.options)?;
        let compiled = CompiledFunction::of(&recorded, &asks, self.tape().numerics())?;
        Ok((compiled, std::array::from_fn(Answer)))
    }
}

impl<S: Compile> CompiledFunction<S> {
    #[track_caller]
    fn of<W: WhichOutput>(
        recorded: &Recorded<S>,
        asks: &[Ask<W>],
        numerics: Numerics,
    ) -> Result<Self, Error> {
        let tape = &recorded.tape;
        let point = tape.var(recorded.point);
        let wants_direction = asks.iter().any(|ask| matches!(ask, Ask::Hvp(_)));
        let direction = wants_direction
            .then(|| tape.data(vec![S::from_f64(0.0); point.len()]).named("direction"));
        let mut compiler = Compiler::new(tape).numerics(numerics);
        let mut answers = Vec::with_capacity(asks.len());
        for &ask in asks {
            answers.push(asked(&mut compiler, recorded, (point, direction), ask)?);
        }
        let program = compiler.compile()?;
        let at = |var: Var<'_, S>| program.input(var);
        let data = match recorded.data {
            Some(key) => Some(at(tape.var(key))?),
            None => None,
        };
        let direction = match direction {
            Some(direction) => Some(at(direction)?),
            None => None,
        };
        let (point, workspace) = (at(point)?, program.workspace());
        Ok(CompiledFunction { program, workspace, point, data, direction, answers })
    }

    /// Computes all answers at a point.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if the point has another length, [`Error::GuardFlipped`] where the closure
    /// would branch differently.
    #[track_caller]
    pub fn run(&mut self, point: &[S]) -> Result<(), Error> {
        self.workspace.set(self.point, point)?;
        self.program.run(&mut self.workspace)
    }

    /// Gives all data new numbers, one after another in the order of the arguments.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if there are not as many; [`Error::NoSuchPath`] if there is no data.
    #[track_caller]
    pub fn set_data(&mut self, values: &[S]) -> Result<(), Error> {
        self.set(self.data, "data", values)
    }

    /// Gives the direction of every Hessian-vector product, from the next run on; it is 0 before.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if it is not as long as a point; [`Error::NoSuchPath`] if no product was
    /// asked for.
    #[track_caller]
    pub fn along(&mut self, direction: &[S]) -> Result<(), Error> {
        self.set(self.direction, "direction", direction)
    }

    #[track_caller]
    fn set(&mut self, input: Option<Input>, name: &str, values: &[S]) -> Result<(), Error> {
        match input {
            Some(input) => self.workspace.set(input, values),
            None => Err(Error::NoSuchPath { path: name.to_owned(), at: Place::caller() }),
        }
    }

    /// An answer that is a single number, after a run.
    ///
    /// # Panics
    ///
    /// If it has more.
    #[must_use]
    #[track_caller]
    pub fn value(&self, answer: Answer) -> S {
        self.workspace.value(self.answers[answer.0][0])
    }

    /// An answer, row-major, after a run.
    #[must_use]
    pub fn values(&self, answer: Answer) -> Vec<S> {
        self.answers[answer.0].iter().flat_map(|&part| self.workspace.values(part)).collect()
    }

    /// As [`values`](CompiledFunction::values), into a slice, without allocating.
    ///
    /// # Panics
    ///
    /// If the slice has another length.
    #[track_caller]
    pub fn values_into(&self, answer: Answer, to: &mut [S]) {
        let mut from = 0;
        for &part in &self.answers[answer.0] {
            from += self.workspace.values_into(part, &mut to[from..]);
        }
        assert!(from == to.len(), "the answer has {from} numbers, and the slice {}", to.len());
    }

    /// The program: what it computes, and what compiling did.
    #[must_use]
    pub fn program(&self) -> &Program<S> {
        &self.program
    }
}

/// Asks a compiler for an answer: the outputs that make it up.
#[track_caller]
fn asked<'t, S: Compile, W: WhichOutput>(
    compiler: &mut Compiler<'t, S>,
    recorded: &'t Recorded<S>,
    (point, direction): (Var<'t, S>, Option<Var<'t, S>>),
    ask: Ask<W>,
) -> Result<Vec<Output>, Error> {
    let output = |which: W| {
        let names = &mut recorded.outputs.iter().map(|(name, _)| name.as_str());
        let found = which.find(names).map(|i| recorded.tape.var(recorded.outputs[i].1));
        found.ok_or_else(|| Error::NoSuchPath { path: which.path(), at: Place::caller() })
    };
    let zeros = || recorded.tape.constant(vec![S::from_f64(0.0); point.len()]);
    let slopes = |of: Var<'t, S>| -> Result<Var<'t, S>, Error> {
        Ok(of.record_gradient(&[point])?[0].unwrap_or_else(zeros))
    };
    match ask {
        Ask::Value(which) => Ok(vec![compiler.output(output(which)?)?]),
        Ask::Gradient(which) => Ok(vec![compiler.gradient(output(which)?, point)?]),
        Ask::Jacobian(which) => rows(compiler, output(which)?, point),
        Ask::Hessian(which) => rows(compiler, slopes(output(which)?)?, point),
        Ask::Hvp(which) => {
            let along = slopes(output(which)?)?.dot(direction.expect("a product was asked for"));
            Ok(vec![compiler.gradient(along, point)?])
        }
    }
}

/// The gradients of all elements of `of`, in row-major order.
#[track_caller]
fn rows<'t, S: Compile>(
    compiler: &mut Compiler<'t, S>,
    of: Var<'t, S>,
    point: Var<'t, S>,
) -> Result<Vec<Output>, Error> {
    let flat = of.try_reshape([of.len()])?;
    let mut rows = Vec::with_capacity(flat.len());
    for element in flat.iter() {
        rows.push(compiler.gradient(element, point)?);
    }
    Ok(rows)
}

impl<S: Compile> fmt::Debug for CompiledFunction<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompiledFunction of {} answers", self.answers.len())
    }
}
