//! Equations solved: roots and fixed points, differentiated by the implicit function theorem.

use std::sync::Arc;

use wengert_ops::attributes;

use super::{at, record_body};
use crate::attributes::Attributes;
use crate::error::{Error, Place};
use crate::op::Structural;
use crate::real::Scalar;
use crate::tape::Tape;
use crate::var::Var;

/// # Implicit functions
impl<S: Scalar> Tape<S> {
    /// The x for which `f(x, inputs) = 0`, as one node: a number for a single unknown, a run for
    /// several, of the shape of `start`, from where it is looked for.
    ///
    /// f is recorded once. Its root is found by Newton's method, with steps that are halved until
    /// they bring f nearer to 0, and to the last digits; a replay and a compiled program find it
    /// anew, from the same start. Which root it is, of several, the start says.
    ///
    /// # Derivative
    ///
    /// That of the implicit function theorem, not of the iterations: by an input θ
    /// `−J⁻¹ ∂f/∂θ`, where `J = ∂f/∂x` at the root. By the start there is none. All derivatives are
    /// there, of any order. J is dense: n unknowns take n sweeps of f and n³ operations, a Newton
    /// step and a derivative alike.
    ///
    /// # Errors
    ///
    /// [`Error::NoConvergence`] if no root is found, with the number of steps and what is left of f;
    /// [`Error::Singular`] with the pivot if J has no inverse, on the way or at the root;
    /// [`Error::Body`] if f does not have the shape of x, branches on a number or returns a
    /// variable of another tape; [`Error::NoRule`] if it calls an [`External`](crate::External)
    /// without a derivative; [`Error::TwoTapes`]; [`Error::Full`].
    ///
    /// # Examples
    ///
    /// Kepler's equation for the eccentric anomaly E, `E − e sin E = M`:
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let (mean, e) = (tape.input(1.0).named("M"), tape.input(0.5).named("e"));
    /// let anomaly = tape.root(mean, &[mean, e], |x, p| x - p[1] * x.sin() - p[0])?;
    /// let (x, s) = (anomaly.value(), anomaly.value().sin());
    /// assert!((x - 0.5 * s - 1.0).abs() < 1e-15);
    /// // On paper ∂E/∂M = 1/(1 − e cos E) and ∂E/∂e = sin E/(1 − e cos E).
    /// let gradients = anomaly.backward();
    /// assert!((gradients.wrt(mean) - 1.0 / (1.0 - 0.5 * x.cos())).abs() < 1e-15);
    /// assert!((gradients.wrt(e) - s / (1.0 - 0.5 * x.cos())).abs() < 1e-15);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[doc(alias = "implicit")]
    #[doc(alias = "newton")]
    #[track_caller]
    pub fn root<'t>(
        &'t self,
        start: Var<'t, S>,
        inputs: &[Var<'t, S>],
        f: impl for<'b> FnOnce(Var<'b, S>, &[Var<'b, S>]) -> Var<'b, S>,
    ) -> Result<Var<'t, S>, Error> {
        self.solved("root", start, inputs, f)
    }

    /// The x for which `x = g(x, inputs)`, as [`root`](Tape::root) finds that of `g(x) − x`: g need
    /// not be a contraction, and is not iterated.
    ///
    /// # Errors
    ///
    /// As [`root`](Tape::root).
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let a = tape.input(1.0);
    /// let x = tape.fixed_point(tape.constant(0.5), &[a], |x, p| (p[0] * x).cos())?;
    /// assert!((x.value() - 0.7390851332151607).abs() < 1e-15); // Dottie's number
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn fixed_point<'t>(
        &'t self,
        start: Var<'t, S>,
        inputs: &[Var<'t, S>],
        g: impl for<'b> FnOnce(Var<'b, S>, &[Var<'b, S>]) -> Var<'b, S>,
    ) -> Result<Var<'t, S>, Error> {
        self.solved("fixed_point", start, inputs, |x, inputs| {
            let next = g(x, inputs);
            // Another shape would be broadcast, and is refused as it is.
            if next.shape() == x.shape() { next - x } else { next }
        })
    }

    #[track_caller]
    fn solved<'t>(
        &'t self,
        name: &'static str,
        start: Var<'t, S>,
        inputs: &[Var<'t, S>],
        f: impl for<'b> FnOnce(Var<'b, S>, &[Var<'b, S>]) -> Var<'b, S>,
    ) -> Result<Var<'t, S>, Error> {
        let operands: Vec<Var<'t, S>> =
            std::iter::once(start.detach()).chain(inputs.iter().copied()).collect();
        for &operand in &operands {
            self.owns(name, operand)?;
        }
        let place = Place::caller();
        let body = record_body(name, &at(&operands), |_, all| {
            let found = f(all[0], &all[1..]);
            if found.shape() == all[0].shape() {
                return Ok(vec![found]);
            }
            let (wanted, found) = (all[0].shape(), found.shape());
            let problem = format!(
                "the function returns shape {found} for unknowns of shape {wanted}: an equation \
                 for each of them"
            );
            Err(Error::Body { name: name.to_owned(), problem, at: place })
        })?;
        let root = Arc::new(attributes::Root::new(name, body));
        self.record_call(Structural::Root, &operands, Attributes::Root(root))
    }
}
