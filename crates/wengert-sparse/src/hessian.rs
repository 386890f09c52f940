//! Sparse Hessians: one Hessian-vector product a colour.

use std::fmt;

use wengert::function::WhichOutput;
use wengert::{Error, Function, Leaf, Place, Scalar, Var};

use crate::colour::{self, Colouring, Order};
use crate::dependencies::{check, hessian_pattern};
use crate::matrix::Csr;
use crate::pattern::Pattern;
use crate::plan::{Plan, direction};

/// The Hessian of a single number by an input block, of which only the structural non-zeros are
/// computed: a [Hessian-vector product](wengert::Tape::hvp) for every colour of a
/// [star colouring](crate::colour::star).
///
/// Both triangles are given, equal bit for bit: of `(i, j)` and `(j, i)` one is read off a product,
/// with the bits that the product with its own unit vector gives.
///
/// # Examples
///
/// ```
/// use wengert_sparse::SparseHessian;
/// let tape = wengert::Tape::new();
/// let x = tape.input([1.0, 2.0, 3.0]);
/// let y = (x.slice(0, 0..2) * x.slice(0, 1..3)).sum() + x.at(0).square();
/// let hessian = SparseHessian::new(y, x)?;
/// let at = hessian.at(&[1.0, 2.0, 3.0])?;
/// assert_eq!(at.to_dense(), [[2.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]);
/// # Ok::<(), wengert::Error>(())
/// ```
pub struct SparseHessian<'t, S: Scalar = f64> {
    pub(crate) output: Var<'t, S>,
    pub(crate) input: Var<'t, S>,
    /// Of a Lagrangian, the multipliers.
    pub(crate) multipliers: Option<Var<'t, S>>,
    pub(crate) pattern: Pattern,
    pub(crate) colouring: Colouring,
    pub(crate) plan: Plan,
}

impl<'t, S: Scalar> SparseHessian<'t, S> {
    /// Finds the pattern, and colours it in its natural order.
    ///
    /// # Errors
    ///
    /// As [`hessian_pattern`]; [`Error::NoRule`] if an [`External`](wengert::External) without a
    /// second derivative stands between.
    #[track_caller]
    pub fn new(output: Var<'t, S>, input: Var<'t, S>) -> Result<Self, Error> {
        Self::with(output, input, Order::Natural)
    }

    /// As [`new`](SparseHessian::new), in another order.
    ///
    /// # Errors
    ///
    /// As [`new`](SparseHessian::new).
    #[track_caller]
    pub fn with(output: Var<'t, S>, input: Var<'t, S>, order: Order) -> Result<Self, Error> {
        let pattern = hessian_pattern(output, input)?;
        input.tape().has_derivatives("SparseHessian", &[output], input, 2)?;
        let colouring = colour::star(&pattern, order);
        let plan = Plan::star(&pattern, &colouring);
        Ok(SparseHessian { output, input, multipliers: None, pattern, colouring, plan })
    }

    /// The Hessian of a Lagrangian `Σ multiplier · output` over the elements of all outputs, an
    /// objective and its constraints. The sum is recorded on the tape, the multipliers as a block
    /// of data, one for each element, all 1 until [`at_with`](SparseHessian::at_with) gives others.
    ///
    /// # Errors
    ///
    /// As [`hessian_pattern`]; [`Error::Full`].
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_sparse::SparseHessian;
    /// let tape = wengert::Tape::new();
    /// let x = tape.input([1.0, 2.0]);
    /// let (cost, constraint) = (x.at(0).square(), x.at(0) * x.at(1));
    /// let hessian = SparseHessian::lagrangian(&[cost, constraint], x)?;
    /// let at = hessian.at_with(&[1.0, 2.0], &[1.0, 10.0])?;
    /// assert_eq!(at.to_dense(), [[2.0, 10.0], [10.0, 0.0]]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn lagrangian(outputs: &[Var<'t, S>], input: Var<'t, S>) -> Result<Self, Error> {
        check("lagrangian", outputs, input)?;
        let count = outputs.iter().map(|output| output.len()).sum();
        let ones = vec![S::from_f64(1.0); count];
        let multipliers = input.tape().tensor(Leaf::Data, &ones, [count])?;
        let (mut total, mut from) = (None, 0);
        for output in outputs {
            let own = multipliers.try_slice(0, from..from + output.len())?;
            let term = output.try_reshape([output.len()])?.try_mul(own)?.sum();
            total = Some(match total {
                None => term,
                Some(total) => term.try_add(total)?,
            });
            from += output.len();
        }
        let at = Place::caller();
        let total = total.ok_or(Error::NothingAsked { at })?;
        let hessian = Self::new(total, input)?;
        Ok(SparseHessian { multipliers: Some(multipliers), ..hessian })
    }

    /// The Hessian at an input: the tape is replayed there.
    ///
    /// # Errors
    ///
    /// As [`Tape::replay`](wengert::Tape::replay): [`Error::Length`], [`Error::GuardFlipped`],
    /// [`Error::NotSettable`] if the input is computed.
    #[track_caller]
    pub fn at(&self, input: &[S]) -> Result<Csr<S>, Error> {
        self.input.tape().replay(&[(self.input, input)])?;
        self.here()
    }

    /// The Hessian of a Lagrangian at an input and multipliers.
    ///
    /// # Errors
    ///
    /// As [`at`](SparseHessian::at); [`Error::NoSuchPath`] if it is not of a Lagrangian.
    #[track_caller]
    pub fn at_with(&self, input: &[S], multipliers: &[S]) -> Result<Csr<S>, Error> {
        let Some(data) = self.multipliers else {
            let at = Place::caller();
            return Err(Error::NoSuchPath { path: "multipliers".to_owned(), at });
        };
        self.input.tape().replay(&[(self.input, input), (data, multipliers)])?;
        self.here()
    }

    /// The Hessian at the numbers that the tape holds.
    ///
    /// # Errors
    ///
    /// None but those of a product, which the constructor has ruled out.
    #[track_caller]
    pub fn here(&self) -> Result<Csr<S>, Error> {
        let mut values = vec![S::from_f64(0.0); self.pattern.len()];
        for colour in 0..self.colouring.count() {
            let direction = direction::<S>(&self.colouring, colour);
            let along = [(self.input, &direction[..])];
            let products = self.input.tape().hvp(self.output, &along, &[self.input])?;
            self.plan.scatter(colour, &products[0], &mut values);
        }
        Ok(Csr::new(&self.pattern, values))
    }

    /// Where its entries are.
    #[must_use]
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// The colours of its columns.
    #[must_use]
    pub fn colouring(&self) -> &Colouring {
        &self.colouring
    }
}

impl<'f, S: Scalar> SparseHessian<'f, S> {
    /// The Hessian of an output of a [`Function`] by its whole point, on the function's own
    /// recording; data are as they were at its last [`at`](Function::at).
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchPath`] if there is no such output, as [`hessian_pattern`].
    #[track_caller]
    pub fn of(function: &'f Function<S>, output: impl WhichOutput) -> Result<Self, Error> {
        Self::new(function.output(output)?, function.point())
    }
}

impl<S: Scalar> fmt::Debug for SparseHessian<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, entries) = (self.pattern.rows(), self.pattern.len());
        let colours = self.colouring.count();
        write!(f, "SparseHessian {n} by {n}: {entries} entries, {colours} colours")
    }
}
