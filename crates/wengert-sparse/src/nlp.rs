//! A nonlinear program: an objective and constraints, with what solvers ask of both.

use std::fmt;

use wengert::program::{Compile, Input, Output};
use wengert::{Compiler, Error, Leaf, Program, Tape, Var, Workspace};

use crate::compiled::Compiled;
use crate::hessian::SparseHessian;
use crate::jacobian::SparseJacobian;
use crate::pattern::Pattern;

/// A nonlinear program, compiled: minimise f(x) where g(x) lies within bounds that the solver
/// knows. It answers what interior-point methods and sequential quadratic programming ask for: f,
/// its gradient, g, its sparse Jacobian, and of the Hessian of the Lagrangian `σ f + Σ λᵢ gᵢ` the
/// lower triangle.
///
/// It owns what it needs, so a struct that implements a solver's trait can hold it. Solvers ask for
/// the parts one by one, several times at a point: each is computed when it is first asked for at a
/// point, f and g together, and remembered until another point comes.
///
/// # Examples
///
/// Minimise x² + y² on the line x + 2y = 5, whose solution is (1, 2) with λ = −2:
///
/// ```
/// use wengert_sparse::Nlp;
/// let tape = wengert::Tape::new();
/// let x = tape.input([0.0, 0.0]);
/// let line = x.at(0) + 2.0 * x.at(1) - 5.0;
/// let mut nlp = Nlp::new(x.square().sum(), &[line], x)?;
/// let at = [1.0, 2.0];
/// assert_eq!((nlp.objective(&at)?, nlp.constraints(&at)?), (5.0, &[0.0][..]));
/// assert_eq!((nlp.gradient(&at)?.to_vec(), nlp.jacobian(&at)?), (vec![2.0, 4.0], &[1.0, 2.0][..]));
/// assert_eq!(nlp.hessian(&at, 1.0, &[-2.0])?, [2.0, 2.0]);
/// assert!(nlp.hessian_pattern().places().eq([(0, 0), (1, 1)]));
/// # Ok::<(), wengert::Error>(())
/// ```
pub struct Nlp<S: Compile = f64> {
    values: Part<S>,
    gradient: Part<S>,
    jacobian: Option<Compiled<S>>,
    jacobian_at: Point<S>,
    hessian: Compiled<S>,
    /// Of the entries of the lower triangle, those among all.
    lower: Vec<usize>,
    triangle: Pattern,
    /// The pattern of a Jacobian without rows, where there is no constraint.
    none: Pattern,
    /// σ, then λ.
    multipliers: Vec<S>,
    entries: Vec<S>,
    variables: usize,
}

/// The point that something was computed at.
struct Point<S>(Option<Vec<S>>);

impl<S: Compile> Point<S> {
    fn is(&self, x: &[S]) -> bool {
        // By bits: 0 and −0 are different points, and NaN is the same one.
        let same = |(a, b): (&S, &S)| a.to_f64().to_bits() == b.to_f64().to_bits();
        let known = self.0.as_ref().filter(|known| known.len() == x.len());
        known.is_some_and(|known| known.iter().zip(x).all(same))
    }

    /// From before a computation until it has succeeded there is no point.
    fn moves(&mut self, x: &[S], compute: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        let mut known = self.0.take().unwrap_or_default();
        compute()?;
        known.clear();
        known.extend_from_slice(x);
        self.0 = Some(known);
        Ok(())
    }
}

/// A program and its outputs' numbers, one after another.
struct Part<S: Compile> {
    program: Program<S>,
    workspace: Workspace<S>,
    input: Input,
    outputs: Vec<Output>,
    numbers: Vec<S>,
    at: Point<S>,
}

impl<S: Compile> Part<S> {
    #[track_caller]
    fn of<'t>(
        compiler: Compiler<'t, S>,
        x: Var<'t, S>,
        outputs: Vec<Output>,
        len: usize,
    ) -> Result<Self, Error> {
        let program = compiler.compile()?;
        let (input, workspace) = (program.input(x)?, program.workspace());
        let numbers = vec![S::from_f64(0.0); len];
        Ok(Part { program, workspace, input, outputs, numbers, at: Point(None) })
    }

    #[track_caller]
    fn at(&mut self, x: &[S]) -> Result<&[S], Error> {
        if !self.at.is(x) {
            let Part { program, workspace, input, outputs, numbers, at } = self;
            at.moves(x, || {
                workspace.set(*input, x)?;
                program.run(workspace)?;
                let mut from = 0;
                for &output in &*outputs {
                    from += workspace.values_into(output, &mut numbers[from..]);
                }
                Ok(())
            })?;
        }
        Ok(&self.numbers)
    }
}

impl<S: Compile> Nlp<S> {
    /// Records a program of variables `x` at a first point: the closure returns the objective and
    /// the constraints.
    ///
    /// # Errors
    ///
    /// As [`new`](Nlp::new), and [`Error::Empty`] if the point has no numbers.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_sparse::Nlp;
    /// let mut nlp = Nlp::record(&[1.0, 1.0], |x| (x.square().sum(), vec![x.at(0) * x.at(1)]))?;
    /// assert_eq!(nlp.jacobian(&[3.0, 4.0])?, [4.0, 3.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn record(
        first: &[S],
        f: impl for<'t> FnOnce(Var<'t, S>) -> (Var<'t, S>, Vec<Var<'t, S>>),
    ) -> Result<Self, Error> {
        let tape = Tape::default();
        let x = tape.tensor(Leaf::Input, first, [first.len()])?;
        let (objective, constraints) = f(x);
        Self::new(objective, &constraints, x)
    }

    /// Finds patterns and colours, and compiles everything. The constraints are the elements of
    /// `constraints`, one after another; there may be none. Products are recorded on the tape,
    /// behind what is there; the value keeps nothing of it.
    ///
    /// # Errors
    ///
    /// As [`SparseHessian::lagrangian`] and [`SparseJacobian::new`]: [`Error::Operand`] if the
    /// objective has axes, or it or a constraint is a constant; [`Error::TwoTapes`];
    /// [`Error::Full`]; as [`Compiler::compile`].
    #[track_caller]
    pub fn new<'t>(
        objective: Var<'t, S>,
        constraints: &[Var<'t, S>],
        x: Var<'t, S>,
    ) -> Result<Self, Error> {
        let all: Vec<Var<'t, S>> = [objective].iter().chain(constraints).copied().collect();
        let rows: usize = constraints.iter().map(|constraint| constraint.len()).sum();
        let mut compiler = Compiler::new(x.tape());
        let slopes = compiler.gradient(objective, x)?;
        let gradient = Part::of(compiler, x, vec![slopes], x.len())?;
        let hessian = SparseHessian::lagrangian(&all, x)?;
        let mut compiler = Compiler::new(x.tape());
        let mut outputs = Vec::with_capacity(all.len());
        for &var in &all {
            outputs.push(compiler.output(var)?);
        }
        let values = Part::of(compiler, x, outputs, 1 + rows)?;
        let jacobian = match constraints {
            [] => None,
            constraints => Some(SparseJacobian::new(constraints, x)?.compile()?),
        };
        let (lower, triangle) = lower_triangle(hessian.pattern());
        let hessian = hessian.compile()?;
        Ok(Nlp {
            values,
            gradient,
            jacobian,
            jacobian_at: Point(None),
            hessian,
            entries: vec![S::from_f64(0.0); lower.len()],
            lower,
            triangle,
            none: Pattern::without_rows(x.len()),
            multipliers: Vec::with_capacity(1 + rows),
            variables: x.len(),
        })
    }

    /// How many variables there are.
    #[must_use]
    pub fn variables(&self) -> usize {
        self.variables
    }

    /// How many constraints there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.numbers.len() - 1
    }

    /// f.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if the point has another length, [`Error::GuardFlipped`] where the program
    /// would branch differently.
    #[track_caller]
    pub fn objective(&mut self, x: &[S]) -> Result<S, Error> {
        Ok(self.values.at(x)?[0])
    }

    /// The gradient of f.
    ///
    /// # Errors
    ///
    /// As [`objective`](Nlp::objective).
    #[track_caller]
    pub fn gradient(&mut self, x: &[S]) -> Result<&[S], Error> {
        self.gradient.at(x)
    }

    /// g.
    ///
    /// # Errors
    ///
    /// As [`objective`](Nlp::objective).
    #[track_caller]
    pub fn constraints(&mut self, x: &[S]) -> Result<&[S], Error> {
        Ok(&self.values.at(x)?[1..])
    }

    /// The entries of the Jacobian of g, in the order of its
    /// [pattern](Nlp::jacobian_pattern)'s places.
    ///
    /// # Errors
    ///
    /// As [`objective`](Nlp::objective).
    #[track_caller]
    pub fn jacobian(&mut self, x: &[S]) -> Result<&[S], Error> {
        let Some(jacobian) = &mut self.jacobian else { return Ok(&[]) };
        if !self.jacobian_at.is(x) {
            self.jacobian_at.moves(x, || jacobian.run(x).map(drop))?;
        }
        Ok(jacobian.entries())
    }

    /// The entries of the lower triangle of the Hessian of `factor · f + Σ multiplier · g`, in the
    /// order of its [pattern](Nlp::hessian_pattern)'s places.
    ///
    /// # Errors
    ///
    /// As [`objective`](Nlp::objective), and [`Error::Length`] if there is not a multiplier for
    /// each constraint.
    #[track_caller]
    pub fn hessian(&mut self, x: &[S], factor: S, multipliers: &[S]) -> Result<&[S], Error> {
        self.multipliers.clear();
        self.multipliers.push(factor);
        self.multipliers.extend_from_slice(multipliers);
        self.hessian.set_multipliers(&self.multipliers)?;
        let all = self.hessian.run(x)?;
        for (entry, &from) in self.entries.iter_mut().zip(&self.lower) {
            *entry = all[from];
        }
        Ok(&self.entries)
    }

    /// Where the entries of the Jacobian are.
    #[must_use]
    pub fn jacobian_pattern(&self) -> &Pattern {
        self.jacobian.as_ref().map_or(&self.none, Compiled::pattern)
    }

    /// Where the entries of the lower triangle of the Hessian are, its diagonal included.
    #[must_use]
    pub fn hessian_pattern(&self) -> &Pattern {
        &self.triangle
    }
}

/// The entries of the lower triangle among all entries, and their pattern.
fn lower_triangle(pattern: &Pattern) -> (Vec<usize>, Pattern) {
    let below = |&(_, (row, column)): &(usize, (usize, usize))| column <= row;
    let (entries, places): (Vec<usize>, Vec<(usize, usize)>) =
        pattern.places().enumerate().filter(below).unzip();
    (entries, Pattern::of_sorted(pattern.rows(), pattern.columns(), &places))
}

impl<S: Compile> fmt::Debug for Nlp<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (variables, rows) = (self.variables, self.rows());
        let (jacobian, hessian) = (self.jacobian_pattern().len(), self.triangle.len());
        write!(
            f,
            "Nlp of {variables} variables and {rows} constraints: {jacobian} entries of the \
             Jacobian, {hessian} of the Hessian's lower triangle"
        )
    }
}
