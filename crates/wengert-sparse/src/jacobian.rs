//! Sparse Jacobians: one tangent, or one sweep, a colour.

use std::fmt;

use wengert::function::WhichOutput;
use wengert::{Error, Function, Scalar, Var};

use crate::colour::{self, Colouring, Order};
use crate::dependencies::jacobian_pattern;
use crate::matrix::Csr;
use crate::pattern::Pattern;
use crate::plan::{Plan, direction};

/// What is compressed: which way the derivatives go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Columns: a tangent for every colour, forwards.
    Columns,
    /// Rows: a sweep for every colour, backwards, from the outputs of that colour together.
    Rows,
}

/// The Jacobian of some outputs by an input block, of which only the structural non-zeros are
/// computed: as many tangents or sweeps as there are colours, however many inputs and outputs.
///
/// Its rows are the elements of the outputs, one output after another; its columns those of the
/// input. Each entry has the bits that a tangent along its own unit vector, or a sweep from its own
/// row, gives: in a product nothing is added to it that is not exactly zero.
///
/// # Examples
///
/// ```
/// use wengert_sparse::SparseJacobian;
/// let tape = wengert::Tape::new();
/// let x = tape.input([1.0, 2.0, 3.0]);
/// let y = x.slice(0, 0..2) * x.slice(0, 1..3);
/// let jacobian = SparseJacobian::new(&[y], x)?;
/// assert_eq!(jacobian.colouring().count(), 2);
/// let at = jacobian.at(&[1.0, 2.0, 3.0])?;
/// assert_eq!(at.to_dense(), [[2.0, 1.0, 0.0], [0.0, 3.0, 2.0]]);
/// # Ok::<(), wengert::Error>(())
/// ```
pub struct SparseJacobian<'t, S: Scalar = f64> {
    pub(crate) outputs: Vec<Var<'t, S>>,
    pub(crate) input: Var<'t, S>,
    pub(crate) pattern: Pattern,
    pub(crate) colouring: Colouring,
    pub(crate) plan: Plan,
    pub(crate) mode: Mode,
}

#[track_caller]
fn differentiable<'t, S: Scalar>(
    outputs: &[Var<'t, S>],
    input: Var<'t, S>,
) -> Result<Pattern, Error> {
    let pattern = jacobian_pattern(outputs, input)?;
    input.tape().has_derivatives("SparseJacobian", outputs, input, 1)?;
    Ok(pattern)
}

impl<'t, S: Scalar> SparseJacobian<'t, S> {
    /// Finds the pattern, and colours columns or rows in their natural order, whichever takes fewer
    /// colours; columns if it is the same.
    ///
    /// # Errors
    ///
    /// As [`jacobian_pattern`]; [`Error::NoRule`] if an [`External`](wengert::External) without a
    /// derivative stands between.
    #[track_caller]
    pub fn new(outputs: &[Var<'t, S>], input: Var<'t, S>) -> Result<Self, Error> {
        let pattern = differentiable(outputs, input)?;
        let turned = pattern.transposed();
        // The widest row bounds the colours of the columns from below, so the way with the lower
        // bound goes first, and often the other need not be tried.
        let bound = |mode| match mode {
            Mode::Columns => pattern.widest_row(),
            Mode::Rows => turned.widest_row(),
        };
        let colour = |mode| (mode, colours(&pattern, mode, Order::Natural));
        let columns_first = bound(Mode::Columns) <= bound(Mode::Rows);
        let (first, second) = match columns_first {
            true => (Mode::Columns, Mode::Rows),
            false => (Mode::Rows, Mode::Columns),
        };
        let mut best = colour(first);
        let better = |bound: usize| bound + usize::from(columns_first) <= best.1.count();
        if better(bound(second)) {
            let other = colour(second);
            if better(other.1.count()) {
                best = other;
            }
        }
        Ok(Self::made(outputs, input, pattern, best))
    }

    /// As [`new`](SparseJacobian::new), the mode and the order being given.
    ///
    /// # Errors
    ///
    /// As [`new`](SparseJacobian::new).
    #[track_caller]
    pub fn with(
        outputs: &[Var<'t, S>],
        input: Var<'t, S>,
        mode: Mode,
        order: Order,
    ) -> Result<Self, Error> {
        let pattern = differentiable(outputs, input)?;
        let colouring = colours(&pattern, mode, order);
        Ok(Self::made(outputs, input, pattern, (mode, colouring)))
    }

    fn made(
        outputs: &[Var<'t, S>],
        input: Var<'t, S>,
        pattern: Pattern,
        (mode, colouring): (Mode, Colouring),
    ) -> Self {
        let plan = match mode {
            Mode::Columns => Plan::columns(&pattern, &colouring),
            Mode::Rows => Plan::rows(&pattern, &colouring),
        };
        SparseJacobian { outputs: outputs.to_vec(), input, pattern, colouring, plan, mode }
    }

    /// The Jacobian at an input: the tape is replayed there.
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

    /// The Jacobian at the numbers that the tape holds.
    ///
    /// # Errors
    ///
    /// None but those of a sweep, which the constructor has ruled out.
    #[track_caller]
    pub fn here(&self) -> Result<Csr<S>, Error> {
        let mut values = vec![S::from_f64(0.0); self.pattern.len()];
        let (tape, input) = (self.input.tape(), self.input);
        let (rows, columns) = (self.pattern.rows(), self.pattern.columns());
        let mut product =
            vec![S::from_f64(0.0); if self.mode == Mode::Rows { columns } else { rows }];
        for colour in 0..self.colouring.count() {
            let direction = direction::<S>(&self.colouring, colour);
            match self.mode {
                Mode::Columns => {
                    let tangents = tape.tangents(&[(input, &direction)])?;
                    product.clear();
                    for &output in &self.outputs {
                        product.extend(tangents.values(output));
                    }
                }
                Mode::Rows => {
                    let mut rest = &direction[..];
                    let mut seeds = Vec::with_capacity(self.outputs.len());
                    for &output in &self.outputs {
                        let (own, others) = rest.split_at(output.len());
                        seeds.push((output, own));
                        rest = others;
                    }
                    // Where the pattern is empty the input may stand behind the outputs.
                    if !self.pattern.is_empty() {
                        tape.backward_from(&seeds)?.values_wrt_into(input, &mut product)?;
                    }
                }
            }
            self.plan.scatter(colour, &product, &mut values);
        }
        Ok(Csr::new(&self.pattern, values))
    }

    /// Where its entries are.
    #[must_use]
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// The colours of its columns or rows, by its [`mode`](SparseJacobian::mode).
    #[must_use]
    pub fn colouring(&self) -> &Colouring {
        &self.colouring
    }

    /// Whether columns or rows are compressed.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }
}

impl<'f, S: Scalar> SparseJacobian<'f, S> {
    /// The Jacobian of an output of a [`Function`] by its whole point, on the function's own
    /// recording; data are as they were at its last [`at`](Function::at).
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchPath`] if there is no such output, as [`jacobian_pattern`].
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_sparse::SparseJacobian;
    /// let f = wengert::Function::of([1.0, 2.0, 3.0], |x| x.square())?;
    /// let jacobian = SparseJacobian::of(&f, 0)?;
    /// assert_eq!(jacobian.at(&[1.0, 2.0, 3.0])?.values, [2.0, 4.0, 6.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn of(function: &'f Function<S>, output: impl WhichOutput) -> Result<Self, Error> {
        Self::new(&[function.output(output)?], function.point())
    }
}

fn colours(pattern: &Pattern, mode: Mode, order: Order) -> Colouring {
    match mode {
        Mode::Columns => colour::columns(pattern, order),
        Mode::Rows => colour::rows(pattern, order),
    }
}

impl<S: Scalar> fmt::Debug for SparseJacobian<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = (self.pattern.rows(), self.pattern.columns());
        let (entries, colours) = (self.pattern.len(), self.colouring.count());
        let mode = self.mode;
        write!(
            f,
            "SparseJacobian {rows} by {columns}: {entries} entries, {colours} colours of {mode:?}"
        )
    }
}
