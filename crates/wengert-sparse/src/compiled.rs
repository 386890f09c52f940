//! Sparse derivatives as compiled programs.

use std::fmt;

use wengert::program::{Compile, Input, Output};
use wengert::{Compiler, Error, Leaf, Place, Program, Var, Workspace};

use crate::colour::Colouring;
use crate::hessian::SparseHessian;
use crate::jacobian::{Mode, SparseJacobian};
use crate::matrix::Csr;
use crate::pattern::Pattern;
use crate::plan::{Plan, direction};

/// A sparse Jacobian or Hessian as a program: one run computes the function and every colour's
/// product, and allocates nothing.
///
/// # Examples
///
/// ```
/// use wengert_sparse::SparseHessian;
/// let tape = wengert::Tape::new();
/// let x = tape.input([1.0, 2.0, 3.0]);
/// let y = (x.slice(0, 0..2) * x.slice(0, 1..3)).sum();
/// let mut compiled = SparseHessian::new(y, x)?.compile()?;
/// assert_eq!(compiled.run(&[1.0, 5.0, 2.0])?, [1.0; 4]);
/// assert_eq!(compiled.output(0), [15.0]);
/// # Ok::<(), wengert::Error>(())
/// ```
pub struct Compiled<S: Compile = f64> {
    program: Program<S>,
    workspace: Workspace<S>,
    input: Input,
    multipliers: Option<Input>,
    len: usize,
    outputs: Vec<Output>,
    /// Of each colour the program's outputs whose numbers, one after another, are its product; none
    /// for a part that is zero, which has this many numbers.
    products: Vec<Vec<Result<Output, usize>>>,
    product: Vec<S>,
    pattern: Pattern,
    plan: Plan,
    values: Vec<S>,
}

impl<'t, S: Compile> SparseJacobian<'t, S> {
    /// Compiles it. The products are recorded on the tape, behind what is there, one recorded
    /// tangent or gradient a colour; later evaluations on that tape compute these nodes too.
    ///
    /// # Errors
    ///
    /// As [`Compiler::compile`], [`Error::Full`].
    #[track_caller]
    pub fn compile(&self) -> Result<Compiled<S>, Error> {
        let mut compiler = Compiler::new(self.input.tape());
        let mut products = Vec::with_capacity(self.colouring.count());
        for colour in 0..self.colouring.count() {
            let direction = direction::<S>(&self.colouring, colour);
            let mut parts = Vec::new();
            match self.mode {
                Mode::Columns => {
                    let moved = constant(self.input, &direction)?;
                    for output in &self.outputs {
                        let tangent = output.record_tangent(&[(self.input, moved)])?;
                        parts.push(part(&mut compiler, tangent, output.len())?);
                    }
                }
                Mode::Rows => {
                    let mut total: Option<Var<'t, S>> = None;
                    let mut rest = &direction[..];
                    for &output in &self.outputs {
                        let (own, others) = rest.split_at(output.len());
                        rest = others;
                        let term = output.try_mul(constant(output, own)?)?.sum();
                        total = Some(match total {
                            None => term,
                            Some(total) => total.try_add(term)?,
                        });
                    }
                    let at = Place::caller();
                    let total = total.ok_or(Error::NothingAsked { at })?;
                    parts.push(Ok(compiler.gradient(total, self.input)?));
                }
            }
            products.push(parts);
        }
        let longest = self.pattern.rows().max(self.pattern.columns());
        let shared = (&self.pattern, &self.colouring, &self.plan, longest);
        Compiled::of(compiler, (self.input, None), &self.outputs, products, shared)
    }
}

impl<S: Compile> SparseHessian<'_, S> {
    /// Compiles it. The gradient and a tangent of it for each colour are recorded on the tape,
    /// behind what is there; later evaluations on that tape compute these nodes too.
    ///
    /// # Errors
    ///
    /// As [`Compiler::compile`], [`Error::Full`].
    #[track_caller]
    pub fn compile(&self) -> Result<Compiled<S>, Error> {
        let mut compiler = Compiler::new(self.input.tape());
        let gradient = self.output.record_gradient(&[self.input])?[0];
        let mut products = Vec::with_capacity(self.colouring.count());
        for colour in 0..self.colouring.count() {
            let moved = constant(self.input, &direction(&self.colouring, colour))?;
            let tangent = match gradient {
                None => None,
                Some(gradient) => gradient.record_tangent(&[(self.input, moved)])?,
            };
            products.push(vec![part(&mut compiler, tangent, self.input.len())?]);
        }
        let shared = (&self.pattern, &self.colouring, &self.plan, self.input.len());
        let inputs = (self.input, self.multipliers);
        Compiled::of(compiler, inputs, &[self.output], products, shared)
    }
}

/// Numbers of the shape of `like`, as a constant.
#[track_caller]
fn constant<'t, S: Compile>(like: Var<'t, S>, numbers: &[S]) -> Result<Var<'t, S>, Error> {
    like.tape().tensor(Leaf::Const, numbers, like.shape())
}

#[track_caller]
fn part<'t, S: Compile>(
    compiler: &mut Compiler<'t, S>,
    tangent: Option<Var<'t, S>>,
    len: usize,
) -> Result<Result<Output, usize>, Error> {
    Ok(match tangent {
        Some(tangent) => Ok(compiler.output(tangent)?),
        None => Err(len),
    })
}

impl<S: Compile> Compiled<S> {
    #[track_caller]
    fn of<'t>(
        mut compiler: Compiler<'t, S>,
        (input, multipliers): (Var<'t, S>, Option<Var<'t, S>>),
        outputs: &[Var<'t, S>],
        products: Vec<Vec<Result<Output, usize>>>,
        (pattern, colouring, plan, longest): (&Pattern, &Colouring, &Plan, usize),
    ) -> Result<Self, Error> {
        debug_assert_eq!(products.len(), colouring.count());
        let mut asked = Vec::with_capacity(outputs.len());
        for &output in outputs {
            asked.push(compiler.output(output)?);
        }
        let program = compiler.compile()?;
        let multipliers = match multipliers {
            None => None,
            Some(multipliers) => Some(program.input(multipliers)?),
        };
        let workspace = program.workspace();
        Ok(Compiled {
            input: program.input(input)?,
            workspace,
            multipliers,
            len: input.len(),
            outputs: asked,
            products,
            product: vec![S::from_f64(0.0); longest],
            pattern: pattern.clone(),
            plan: plan.clone(),
            values: vec![S::from_f64(0.0); pattern.len()],
            program,
        })
    }

    /// Computes the entries at an input, in the order of the [`pattern`](Compiled::pattern)'s rows.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if the input has another length, [`Error::GuardFlipped`] where the program
    /// would branch differently.
    #[track_caller]
    pub fn run(&mut self, input: &[S]) -> Result<&[S], Error> {
        self.workspace.set(self.input, input)?;
        self.program.run(&mut self.workspace)?;
        for (colour, parts) in self.products.iter().enumerate() {
            let mut from = 0;
            for part in parts {
                from += match *part {
                    Ok(output) => self.workspace.values_into(output, &mut self.product[from..]),
                    Err(len) => {
                        self.product[from..from + len].fill(S::from_f64(0.0));
                        len
                    }
                };
            }
            self.plan.scatter(colour, &self.product, &mut self.values);
        }
        Ok(&self.values)
    }

    /// As [`run`](Compiled::run): the matrix, which is a copy of the pattern and the entries.
    ///
    /// # Errors
    ///
    /// As [`run`](Compiled::run).
    #[track_caller]
    pub fn at(&mut self, input: &[S]) -> Result<Csr<S>, Error> {
        self.run(input)?;
        Ok(Csr::new(&self.pattern, self.values.clone()))
    }

    /// The entries that the last [`run`](Compiled::run) computed; zeros before one.
    #[must_use]
    pub fn entries(&self) -> &[S] {
        &self.values
    }

    /// Gives the multipliers of a Lagrangian, from the next run on.
    ///
    /// # Errors
    ///
    /// [`Error::Length`]; [`Error::NoSuchPath`] if it is not of a Lagrangian.
    #[track_caller]
    pub fn set_multipliers(&mut self, multipliers: &[S]) -> Result<(), Error> {
        match self.multipliers {
            Some(place) => self.workspace.set(place, multipliers),
            None => {
                let path = "multipliers".to_owned();
                Err(Error::NoSuchPath { path, at: Place::caller() })
            }
        }
    }

    /// An output of the function, row-major, after a run.
    ///
    /// # Panics
    ///
    /// If there is no such output.
    #[must_use]
    #[track_caller]
    pub fn output(&self, index: usize) -> Vec<S> {
        self.workspace.values(self.outputs[index])
    }

    /// Where its entries are.
    #[must_use]
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// The program: what it computes, and what compiling did.
    #[must_use]
    pub fn program(&self) -> &Program<S> {
        &self.program
    }
}

impl<S: Compile> fmt::Debug for Compiled<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (entries, colours) = (self.pattern.len(), self.products.len());
        write!(f, "Compiled: {entries} entries by {} numbers, {colours} colours", self.len)
    }
}
