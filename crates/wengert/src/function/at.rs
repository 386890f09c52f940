//! A function at a point.

use std::fmt;

use super::{Recorded, WhichOutput};
use crate::{Error, Place, Scalar, Var};

/// A [`Function`](super::Function) at a point: its values, and its derivatives when they are asked
/// for, all of one evaluation.
///
/// Derivatives are by the whole point, in its order; a matrix is a row for each number of an
/// output.
pub struct At<'f, S: Scalar> {
    pub(super) recorded: &'f Recorded<S>,
}

impl<'f, S: Scalar> At<'f, S> {
    /// An output that is a single number.
    ///
    /// # Panics
    ///
    /// If there is no such output, or it has axes.
    #[must_use]
    #[track_caller]
    pub fn value(&self, output: impl WhichOutput) -> S {
        self.output(output).unwrap_or_else(|error| panic!("{error}")).value()
    }

    /// An output, row-major.
    ///
    /// # Panics
    ///
    /// If there is no such output.
    #[must_use]
    #[track_caller]
    pub fn values(&self, output: impl WhichOutput) -> Vec<S> {
        self.output(output).unwrap_or_else(|error| panic!("{error}")).values()
    }

    /// The gradient of an output that is a single number.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchPath`] if there is no such output, [`Error::Operand`] if it has axes.
    #[track_caller]
    pub fn gradient(&self, output: impl WhichOutput) -> Result<Vec<S>, Error> {
        let mut gradient = vec![S::from_f64(0.0); self.point().len()];
        self.gradient_into(output, &mut gradient)?;
        Ok(gradient)
    }

    /// As [`gradient`](At::gradient), into a slice: nothing is allocated after the first time.
    ///
    /// # Errors
    ///
    /// As [`gradient`](At::gradient), and [`Error::Length`] if the slice is not as long as a point.
    #[track_caller]
    pub fn gradient_into(&self, output: impl WhichOutput, gradient: &mut [S]) -> Result<(), Error> {
        let output = self.output(output)?;
        if output.is_detached() {
            gradient.fill(S::from_f64(0.0));
            return Ok(());
        }
        output.try_backward()?.values_wrt_into(self.point(), gradient)
    }

    /// The vector-Jacobian product `Σ cotangent · ∂output`, over several outputs in one sweep: with
    /// an objective and constraints, the gradient of a Lagrangian.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchPath`], and [`Error::Length`] if a cotangent does not fill its output.
    #[track_caller]
    pub fn vjp(&self, cotangents: &[(&str, &[S])]) -> Result<Vec<S>, Error> {
        let mut outputs = Vec::with_capacity(cotangents.len());
        for &(name, cotangent) in cotangents {
            outputs.push((self.output(name)?, cotangent));
        }
        let mut product = vec![S::from_f64(0.0); self.point().len()];
        let gradients = self.recorded.tape.backward_from(&outputs)?;
        gradients.values_wrt_into(self.point(), &mut product)?;
        Ok(product)
    }

    /// The Jacobian-vector product: how an output changes along a direction.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchPath`], and [`Error::Length`] if the direction is not as long as a point.
    #[track_caller]
    pub fn jvp(&self, output: impl WhichOutput, direction: &[S]) -> Result<Vec<S>, Error> {
        let output = self.output(output)?;
        self.recorded.tape.tangents(&[(self.point(), direction)])?.try_values(output)
    }

    /// The Jacobian of an output of m numbers: m sweeps, or as many tangents as a point has
    /// numbers, whichever are fewer.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchPath`] if there is no such output.
    #[track_caller]
    pub fn jacobian(&self, output: impl WhichOutput) -> Result<Vec<Vec<S>>, Error> {
        self.recorded.tape.jacobian(self.output(output)?, self.point())
    }

    /// The Hessian-vector product of an output that is a single number, by forward over reverse.
    ///
    /// # Errors
    ///
    /// As [`gradient`](At::gradient), and [`Error::Length`] if the direction is not as long as a
    /// point.
    #[track_caller]
    pub fn hvp(&self, output: impl WhichOutput, direction: &[S]) -> Result<Vec<S>, Error> {
        let (output, point) = (self.output(output)?, self.point());
        Ok(self.recorded.tape.hvp(output, &[(point, direction)], &[point])?.remove(0))
    }

    /// The Hessian of an output that is a single number: a [product](At::hvp) for each number of a
    /// point.
    ///
    /// # Errors
    ///
    /// As [`gradient`](At::gradient).
    #[track_caller]
    pub fn hessian(&self, output: impl WhichOutput) -> Result<Vec<Vec<S>>, Error> {
        self.recorded.tape.hessian(self.output(output)?, self.point())
    }

    fn point(&self) -> Var<'f, S> {
        self.recorded.tape.var(self.recorded.point)
    }

    #[track_caller]
    fn output(&self, which: impl WhichOutput) -> Result<Var<'f, S>, Error> {
        let outputs = &self.recorded.outputs;
        match which.find(&mut outputs.iter().map(|(name, _)| name.as_str())) {
            Some(index) => Ok(self.recorded.tape.var(outputs[index].1)),
            None => Err(Error::NoSuchPath { path: which.path(), at: Place::caller() }),
        }
    }
}

impl<S: Scalar> fmt::Debug for At<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "At {:?}", self.point())
    }
}
