//! Functions of plain numbers: foreign code as one step.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use wengert_ops::attributes::{self, ExternalPart};

use super::problem_with;
use crate::attributes::Attributes;
use crate::error::{Error, Place};
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::Shape;
use crate::var::{Var, or_panic};

/// An operation with numbers alone: a function of plain numbers that is one step of the list, such
/// as a call into a foreign library, a solver, or a table.
///
/// Its value is a closure that gets every operand's numbers, row-major, and writes the result's,
/// which are 0 before. The result has the shape of the first operand if
/// [`with_shape`](External::with_shape) says nothing else. Numbers are `f64`; those of a tape of
/// `f32` are converted. It is called whenever the tape is evaluated, so it must return the same for
/// the same numbers; where it has no value it writes NaN.
///
/// Its derivative is what is given for it: a vector-Jacobian product, a Jacobian-vector product, or
/// both. One of them is enough for every mode of first order; the other is then computed from it
/// row by row, or column by column. Of the derivative nobody knows a derivative: what would need
/// one is refused with [`Error::NoRule`], which names the operation. An [`Operation`](crate::Operation) is
/// made of the tape's operations instead, and has derivatives of any order. JAX calls this a
/// `pure_callback`, CasADi an external function.
///
/// Make it once, and share it: it equals itself and its clones. One that is made again, of the same
/// closures, is another, and a tape takes no two of one key.
///
/// # Examples
///
/// ```
/// use wengert::{Error, External, Tape};
///
/// // A table with a straight line between its entries, and the slope of that.
/// const TABLE: [f64; 4] = [0.0, 1.0, 4.0, 9.0];
/// fn cell(x: f64) -> usize {
///     (x as usize).min(TABLE.len() - 2)
/// }
/// let table = External::new("table", |x, y| {
///     for (&x, y) in x[0].iter().zip(y) {
///         let i = cell(x);
///         *y = TABLE[i] + (x - i as f64) * (TABLE[i + 1] - TABLE[i]);
///     }
/// })
/// .with_vjp(|x, _, g, to| {
///     for ((&x, &g), to) in x[0].iter().zip(g).zip(&mut *to[0]) {
///         *to = g * (TABLE[cell(x) + 1] - TABLE[cell(x)]);
///     }
/// });
///
/// let tape = Tape::new();
/// let x = tape.input([0.5, 2.5]).named("x");
/// let y = table.of(&[x]).named("y");
/// assert_eq!(y.values(), [0.5, 6.5]);
/// assert_eq!(y.sum().backward().values_wrt(x), [1.0, 5.0]);
/// assert!(y.sum().check().run()?.agrees());
/// let second = tape.hvp(y.sum(), &[(x, &[1.0, 1.0])], &[x]);
/// assert!(matches!(second, Err(Error::NoRule { key, .. }) if key == "table"));
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone)]
pub struct External {
    inner: Arc<attributes::External>,
}

impl External {
    /// An operation that computes `value` of its operands' numbers. The key stands in listings,
    /// traces and files.
    #[must_use]
    pub fn new(key: &str, value: impl Fn(&[&[f64]], &mut [f64]) + Send + Sync + 'static) -> Self {
        External { inner: Arc::new(attributes::External::new(key, Arc::new(value))) }
    }

    /// Says which shape the result has, of the operands' shapes; or why they do not fit.
    #[must_use]
    pub fn with_shape(
        self,
        shape: impl Fn(&[Shape]) -> Result<Shape, String> + Send + Sync + 'static,
    ) -> Self {
        self.changed(|external| external.shape = Arc::new(shape))
    }

    /// Gives the vector-Jacobian product: of the operands x, the result v and its cotangent g, the
    /// cotangent of every operand, written into its place. What is not written is 0.
    #[must_use]
    pub fn with_vjp(
        self,
        vjp: impl Fn(&[&[f64]], &[f64], &[f64], &mut [&mut [f64]]) + Send + Sync + 'static,
    ) -> Self {
        self.changed(|external| external.vjp = Some(Arc::new(vjp)))
    }

    /// Gives the Jacobian-vector product: of the operands x, the result v and the operands'
    /// tangents, the tangent of the result.
    #[must_use]
    pub fn with_jvp(
        self,
        jvp: impl Fn(&[&[f64]], &[f64], &[&[f64]], &mut [f64]) + Send + Sync + 'static,
    ) -> Self {
        self.changed(|external| external.jvp = Some(Arc::new(jvp)))
    }

    /// Another operation: one that was cloned before stays what it was.
    fn changed(self, change: impl FnOnce(&mut attributes::External)) -> Self {
        let old = &self.inner;
        let mut new = attributes::External::new(old.key(), Arc::clone(&old.value));
        new.shape = Arc::clone(&old.shape);
        (new.vjp, new.jvp) = (old.vjp.clone(), old.jvp.clone());
        change(&mut new);
        External { inner: Arc::new(new) }
    }

    /// The key by which it is known.
    #[must_use]
    pub fn key(&self) -> &str {
        self.inner.key()
    }

    /// What a step that calls it holds.
    #[doc(hidden)]
    #[must_use]
    pub fn as_attribute(&self, part: ExternalPart) -> Attributes {
        Attributes::External(Arc::clone(&self.inner), part)
    }

    /// The result for operands, as one node of their tape.
    ///
    /// # Panics
    ///
    /// As [`try_of`](External::try_of) returns an error; and as the closures do.
    #[must_use]
    #[track_caller]
    pub fn of<'t, S: Scalar>(&self, operands: &[Var<'t, S>]) -> Var<'t, S> {
        or_panic(self.try_of(operands))
    }

    /// As [`of`](External::of).
    ///
    /// # Errors
    ///
    /// [`Error::Body`] if its key is the name of an operation that every tape has or of another one
    /// that this tape calls, or there is no operand; [`Error::Operand`] if the operands' shapes do
    /// not fit, as [`with_shape`](External::with_shape) has it; [`Error::NoRule`] on a tape of dual
    /// numbers if no derivative was given; [`Error::TwoTapes`]; [`Error::Full`].
    #[track_caller]
    pub fn try_of<'t, S: Scalar>(&self, operands: &[Var<'t, S>]) -> Result<Var<'t, S>, Error> {
        if let Some(problem) = problem_with(self.key(), operands.len()) {
            let name = self.key().to_owned();
            return Err(Error::Body { name, problem, at: Place::caller() });
        }
        let attributes = self.as_attribute(ExternalPart::Value);
        operands[0].tape.record_call(Structural::External, operands, attributes)
    }
}

impl PartialEq for External {
    /// Whether this is the other, or a clone of it.
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl fmt::Debug for External {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// Operations with numbers alone, by their keys. A program that is held as data names them; whoever
/// runs it says here which they are.
///
/// # Examples
///
/// ```
/// use wengert::{External, Externals, Tape};
///
/// let mut known = Externals::new();
/// known.register(External::new("half", |x, y| y[0] = 0.5 * x[0][0]))?;
/// let tape = Tape::new();
/// let y = known.get("half")?.of(&[tape.input(3.0)]);
/// assert_eq!(y.value(), 1.5);
/// assert!(known.get("double").is_err());
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Externals {
    by_key: BTreeMap<String, External>,
}

impl Externals {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one in.
    ///
    /// # Errors
    ///
    /// [`Error::Body`] if another of its key is there, or its key is the name of an operation that
    /// every tape has.
    #[track_caller]
    pub fn register(&mut self, external: External) -> Result<(), Error> {
        let key = external.key().to_owned();
        let another = self.by_key.get(&key).is_some_and(|known| *known != external);
        let another = another.then(|| "another operation of this key is registered".to_owned());
        if let Some(problem) = another.or_else(|| problem_with(&key, 1)) {
            return Err(Error::Body { name: key, problem, at: Place::caller() });
        }
        self.by_key.insert(key, external);
        Ok(())
    }

    /// The one of a key.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownKey`].
    #[track_caller]
    pub fn get(&self, key: &str) -> Result<&External, Error> {
        let unknown = || Error::UnknownKey {
            key: key.to_owned(),
            known: self.by_key.keys().cloned().collect(),
            at: Place::caller(),
        };
        match self.by_key.get(key) {
            Some(external) => Ok(external),
            None => Err(unknown()),
        }
    }

    /// The keys, in their order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.by_key.keys().map(String::as_str)
    }
}
