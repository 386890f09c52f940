//! Operations of users, and functions that are recorded anew in a sweep.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use wengert_ops::attributes::{Body, Call};

use super::{at, problem_with, record_body};
use crate::attributes::Attributes;
use crate::error::{Error, Place};
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::Shape;
use crate::tape::Tape;
use crate::var::{Var, or_panic};

type Value<S> = dyn for<'b> Fn(&[Var<'b, S>]) -> Var<'b, S> + Send + Sync;
type Rule<S> =
    dyn for<'b> Fn(&[Var<'b, S>], Var<'b, S>, Var<'b, S>) -> Vec<Var<'b, S>> + Send + Sync;

/// An operation of a user: a function that is one step of the list, under a name of its own.
///
/// Its value is a closure over handles, which may use every operation of the crate. It is recorded
/// once for each combination of operand shapes, and run wherever the tape is evaluated: in sweeps,
/// replays, forward mode, recorded gradients and compiled programs.
///
/// Its derivative is that of the closure, unless a rule is given: the vector-Jacobian product, of
/// the operands, the result and its cotangent. A rule is made of operations too, so it is
/// differentiated as any other step, and second derivatives are those of the rule. JAX calls this a
/// `custom_vjp`, PyTorch an `autograd.Function`.
///
/// # Examples
///
/// A step that gradients pass straight through:
///
/// ```
/// use wengert::{Operation, Tape};
/// let rounded = Operation::new("straight_through", |x| x[0].round()).with_vjp(|_, _, g| vec![g]);
/// let tape = Tape::new();
/// let x = tape.input([0.2, 1.7]);
/// let y = rounded.of(&[x]);
/// assert_eq!(y.values(), [0.0, 2.0]);
/// assert_eq!(y.sum().backward().values_wrt(x), [1.0, 1.0]);
/// ```
pub struct Operation<S: Scalar = f64> {
    name: String,
    value: Box<Value<S>>,
    rule: Option<Box<Rule<S>>>,
    /// What was recorded for shapes met before.
    known: Mutex<Vec<Arc<Call>>>,
}

impl<S: Scalar> Operation<S> {
    /// An operation that computes `value` of its operands. Its name stands in listings, traces and
    /// files.
    #[must_use]
    pub fn new(
        name: &str,
        value: impl for<'b> Fn(&[Var<'b, S>]) -> Var<'b, S> + Send + Sync + 'static,
    ) -> Self {
        let known = Mutex::new(Vec::new());
        Operation { name: name.to_owned(), value: Box::new(value), rule: None, known }
    }

    /// Gives it a derivative of its own: of the operands x, the result v and its cotangent g, the
    /// cotangent of every operand, each of its shape.
    ///
    /// The rule should be linear in g. Forward mode reads it so: a tangent is the rule's transpose,
    /// at the cotangent 0. A rule that is not, such as one that clips g, has no tangent that
    /// belongs to it, and forward mode then gives the slope of the rule at g = 0.
    #[must_use]
    pub fn with_vjp(
        mut self,
        rule: impl for<'b> Fn(&[Var<'b, S>], Var<'b, S>, Var<'b, S>) -> Vec<Var<'b, S>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.rule = Some(Box::new(rule));
        self.known = Mutex::new(Vec::new());
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The result for operands, as one node of their tape.
    ///
    /// # Panics
    ///
    /// As [`try_of`](Operation::try_of) returns an error; and as the closures do.
    #[track_caller]
    pub fn of<'t>(&self, operands: &[Var<'t, S>]) -> Var<'t, S> {
        or_panic(self.try_of(operands))
    }

    /// As [`of`](Operation::of).
    ///
    /// # Errors
    ///
    /// [`Error::Body`] if its name is that of an operation that every tape has, if there is no
    /// operand, the closure branches on a number, or the rule
    /// returns another number of cotangents than there are operands, or one of another shape;
    /// [`Error::TwoTapes`]; [`Error::Full`].
    #[track_caller]
    pub fn try_of<'t>(&self, operands: &[Var<'t, S>]) -> Result<Var<'t, S>, Error> {
        if let Some(problem) = problem_with(&self.name, operands.len()) {
            return Err(self.problem(problem));
        }
        let call = self.call(operands)?;
        operands[0].tape.record_call(Structural::Call, operands, Attributes::Call(call))
    }

    /// The call for operands of these shapes.
    #[track_caller]
    fn call(&self, operands: &[Var<'_, S>]) -> Result<Arc<Call>, Error> {
        let shapes: Vec<Shape> = operands.iter().map(|operand| operand.shape()).collect();
        let find = |known: &[Arc<Call>]| {
            known.iter().find(|call| call.body.inputs == shapes).map(Arc::clone)
        };
        if let Some(call) = find(&self.known()) {
            return Ok(call);
        }
        let call = Arc::new(self.record(&at(operands))?);
        self.known().push(Arc::clone(&call));
        Ok(call)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Call>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[track_caller]
    fn record(&self, inputs: &[(Shape, Vec<S>)]) -> Result<Call, Error> {
        let body = record_body(&self.name, inputs, |_, x| Ok(vec![(self.value)(x)]))?;
        let rule = match &self.rule {
            Some(rule) => Some(self.record_rule(rule, inputs, &body)?),
            None => None,
        };
        Ok(Call { name: self.name.clone(), body, rule })
    }

    #[track_caller]
    fn record_rule(
        &self,
        rule: &Rule<S>,
        inputs: &[(Shape, Vec<S>)],
        body: &Body,
    ) -> Result<Arc<Body>, Error> {
        let shape = body.outputs[0].layout.shape();
        let mut given = inputs.to_vec();
        let value = {
            let mut column = body.column::<S>();
            let numbers = inputs.iter().flat_map(|(_, values)| values);
            for (slot, &number) in column.iter_mut().zip(numbers) {
                *slot = number;
            }
            body.run(&mut column);
            body.outputs_of(&column).collect::<Vec<S>>()
        };
        given.push((shape.clone(), value));
        given.push((shape.clone(), vec![S::from_f64(1.0); shape.len()]));
        let place = Place::caller();
        record_body(&self.name, &given, |_, all| {
            let (operands, rest) = all.split_at(inputs.len());
            let cotangents = rule(operands, rest[0], rest[1]);
            let problem = if cotangents.len() != operands.len() {
                let (found, wanted) = (cotangents.len(), operands.len());
                format!("its rule returns {found} cotangents for {wanted} operands")
            } else {
                let mut pairs = cotangents.iter().zip(operands).enumerate();
                match pairs.find(|(_, (cotangent, x))| cotangent.shape() != x.shape()) {
                    None => return Ok(cotangents),
                    Some((i, (cotangent, x))) => format!(
                        "its rule returns a cotangent of shape {} for operand {i} of shape {}",
                        cotangent.shape(),
                        x.shape()
                    ),
                }
            };
            Err(Error::Body { name: self.name.clone(), problem, at: place })
        })
    }

    #[track_caller]
    fn problem(&self, problem: String) -> Error {
        Error::Body { name: self.name.clone(), problem, at: Place::caller() }
    }
}

impl<S: Scalar> fmt::Debug for Operation<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Operation({})", self.name)
    }
}

/// # Functions as one step
impl<S: Scalar> Tape<S> {
    /// Records a function of inputs as one node. The tape keeps its result alone: a reverse sweep
    /// computes what stands inside again, so that a long computation takes the memory of its
    /// results and of one function at a time.
    ///
    /// # Errors
    ///
    /// [`Error::Body`] if the function branches on a number, returns a variable of another tape, or
    /// there is no input; [`Error::TwoTapes`]; [`Error::Full`].
    ///
    /// # Panics
    ///
    /// As the function does: it panics where it reads a variable that is none of its inputs, which
    /// stands on another tape.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input(0.5);
    /// let y = tape.checkpoint(&[x], |x| (0..100).fold(x[0], |y, _| y.sin()))?;
    /// assert_eq!(tape.len(), 2);
    /// let plain = (0..100).fold(x, |y, _| y.sin());
    /// assert_eq!(y.value(), plain.value());
    /// assert_eq!(y.backward().wrt(x), plain.backward().wrt(x));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[doc(alias = "remat")]
    #[track_caller]
    pub fn checkpoint<'t>(
        &'t self,
        inputs: &[Var<'t, S>],
        f: impl for<'b> FnOnce(&[Var<'b, S>]) -> Var<'b, S>,
    ) -> Result<Var<'t, S>, Error> {
        const NAME: &str = "checkpoint";
        if inputs.is_empty() {
            let problem = "the function has at least one input".to_owned();
            return Err(Error::Body { name: NAME.to_owned(), problem, at: Place::caller() });
        }
        let body = record_body(NAME, &at(inputs), |_, x| Ok(vec![f(x)]))?;
        let call = Call { name: NAME.to_owned(), body, rule: None };
        self.record_call(Structural::Call, inputs, Attributes::Call(Arc::new(call)))
    }
}
