//! The everyday calculus: derivatives of a function given as a closure, each on a tape of its own.

use crate::error::Error;
use crate::real::Scalar;
use crate::tape::{Nested, Tape};
use crate::var::Var;

/// The gradient of `f: Rⁿ → R` at `x`: n numbers.
///
/// `f` gets the point as one run of shape `[n]`; [`Var::at`], [`Var::iter`] and [`Var::reshape`]
/// give its parts at no cost, and [`Var::tape`] the tape for whatever else it records.
///
/// # Errors
///
/// [`Error::Operand`] if the result is not a single number, [`Error::Empty`] if `x` is.
///
/// # Examples
///
/// ```
/// let gradient = wengert::grad(|x| (x * x).sum() + x.at(0).sin(), &[0.0, 2.0])?;
/// assert_eq!(gradient, [1.0, 4.0]); // 2x + cos x₀ e₀
/// # Ok::<(), wengert::Error>(())
/// ```
///
/// # Derivatives within derivatives
///
/// Every closure has a tape of its own. A variable of an outer one is no number of the inner one's,
/// and a result that is made of it does not compile: `d/dx (x · d/dy (x + y))` is 1, and a system
/// that confuses the two derivatives says 2.
///
/// ```compile_fail
/// use wengert::grad;
/// let outer = grad(
///     |x| {
///         let x = x.at(0);
///         let inner = grad(|y| x + y.at(0), &[1.0]).unwrap()[0]; // x is not of y's tape
///         x * inner
///     },
///     &[1.0],
/// );
/// ```
///
/// The same for functions as one step:
///
/// ```compile_fail,E0597
/// let tape = wengert::Tape::new();
/// let (x, y) = (tape.input(1.0), tape.input(2.0));
/// let z = tape.checkpoint(&[y], |inside| inside[0] * x); // x has to be an input
/// ```
///
/// On one tape derivatives nest to any depth, since a derivative is more nodes:
///
/// ```
/// let outer = wengert::grad(
///     |x| {
///         let (x, y) = (x.at(0), x.tape().input(1.0));
///         let inner = (x + y).record_gradient(&[y]).unwrap()[0].unwrap();
///         x * inner
///     },
///     &[1.0],
/// )?;
/// assert_eq!(outer, [1.0]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[track_caller]
pub fn grad<S: Scalar>(
    f: impl for<'t> FnOnce(Var<'t, S>) -> Var<'t, S>,
    x: &[S],
) -> Result<Vec<S>, Error> {
    value_and_grad(f, x).map(|(_, gradient)| gradient).map_err(|error| error.within("grad"))
}

/// The value of `f: Rⁿ → R` at `x`, and its gradient there.
///
/// # Errors
///
/// As [`grad`].
#[track_caller]
pub fn value_and_grad<S: Scalar>(
    f: impl for<'t> FnOnce(Var<'t, S>) -> Var<'t, S>,
    x: &[S],
) -> Result<(S, Vec<S>), Error> {
    let name = |error: Error| error.within("value_and_grad");
    let tape = Tape::with(crate::Options::default());
    let x = point(&tape, x).map_err(name)?;
    let y = f(x);
    let gradients = y.try_backward().map_err(name)?;
    Ok((y.value(), gradients.values_wrt(x)))
}

/// The gradient of a function of several tensors by each of them, row-major.
///
/// `f` gets one input for each of `at`, with its shape: numbers, nested arrays, vectors, and with
/// the feature `ndarray` its arrays.
///
/// # Errors
///
/// As [`grad`], and [`Error::Ragged`] if a nested array is.
///
/// # Examples
///
/// ```
/// let (w, x) = ([[1.0, 2.0], [3.0, 4.0]], [10.0, 1.0]);
/// let [dw, dx] = wengert::grads(|[w, x]| w.matmul(x).sum(), [&w, &x])?;
/// assert_eq!(dw, [10.0, 1.0, 10.0, 1.0]); // each row is x
/// assert_eq!(dx, [4.0, 6.0]); // the sums of the columns of w
/// # Ok::<(), wengert::Error>(())
/// ```
#[track_caller]
pub fn grads<S: Scalar, const N: usize>(
    f: impl for<'t> FnOnce([Var<'t, S>; N]) -> Var<'t, S>,
    at: [&dyn Nested<S>; N],
) -> Result<[Vec<S>; N], Error> {
    value_and_grads(f, at).map(|(_, gradients)| gradients).map_err(|error| error.within("grads"))
}

/// The value of a function of several tensors, and its gradient by each of them, as [`grads`] gives
/// it.
///
/// # Errors
///
/// As [`grads`].
#[track_caller]
pub fn value_and_grads<S: Scalar, const N: usize>(
    f: impl for<'t> FnOnce([Var<'t, S>; N]) -> Var<'t, S>,
    at: [&dyn Nested<S>; N],
) -> Result<(S, [Vec<S>; N]), Error> {
    let name = |error: Error| error.within("value_and_grads");
    let tape = Tape::with(crate::Options::default());
    // A loop and not a closure, so that errors name the caller's line.
    let mut inputs = Vec::with_capacity(N);
    for numbers in at {
        inputs.push(tape.try_leaf(crate::op::Leaf::Input, numbers).map_err(name)?);
    }
    let inputs = std::array::from_fn(|i| inputs[i]);
    let y = f(inputs);
    let gradients = y.try_backward().map_err(name)?;
    Ok((y.value(), inputs.map(|x| gradients.values_wrt(x))))
}

/// Whether a recording of `f` at `x` holds at `elsewhere`: it is replayed there, and compared with
/// a new recording.
///
/// # Errors
///
/// [`Error::GuardFlipped`] where a comparison of vars comes out differently, [`Error::Differs`] for
/// what no guard sees (a branch on [`Var::value`]; see [`Tape::verify`]), [`Error::Length`] if the
/// points differ in length, [`Error::Empty`] if they are empty.
///
/// # Examples
///
/// ```
/// use wengert::Var;
/// fn halvings(x: Var<'_>) -> Var<'_> {
///     let mut x = x.at(0);
///     while x.value() > 1.0 {
///         x = x * 0.5;
///     }
///     x
/// }
/// wengert::verify(halvings, &[6.0], &[7.0])?; // three halvings each
/// assert!(wengert::verify(halvings, &[6.0], &[9.0]).is_err());
/// # Ok::<(), wengert::Error>(())
/// ```
#[track_caller]
pub fn verify<S: Scalar>(
    f: impl for<'t> Fn(Var<'t, S>) -> Var<'t, S>,
    x: &[S],
    elsewhere: &[S],
) -> Result<(), Error> {
    let name = |error: Error| error.within("verify");
    let tape = Tape::with(crate::Options::default());
    let x = point(&tape, x).map_err(name)?;
    f(x);
    tape.replay(&[(x, elsewhere)]).map_err(name)?;
    tape.verify(|again| {
        // Of the length that the replay has just taken.
        if let Ok(x) = point(again, elsewhere) {
            f(x);
        }
    })
}

/// The value of `f: Rⁿ → Rᵐ` at `x` and the vector-Jacobian product `cotangentᵀ J`, n numbers: one
/// reverse sweep.
///
/// # Errors
///
/// [`Error::Length`] if the cotangent does not have the m numbers of the result, [`Error::Empty`]
/// if `x` is empty.
///
/// # Examples
///
/// ```
/// let (y, product) = wengert::vjp(|x| x * x.at(0), &[2.0, 3.0], &[1.0, 10.0])?;
/// assert_eq!((y, product), (vec![4.0, 6.0], vec![34.0, 20.0])); // J = [[4, 0], [3, 2]]
/// # Ok::<(), wengert::Error>(())
/// ```
#[track_caller]
pub fn vjp<S: Scalar>(
    f: impl for<'t> FnOnce(Var<'t, S>) -> Var<'t, S>,
    x: &[S],
    cotangent: &[S],
) -> Result<(Vec<S>, Vec<S>), Error> {
    let tape = Tape::with(crate::Options::default());
    let name = |error: Error| error.within("vjp");
    let x = point(&tape, x).map_err(name)?;
    let y = f(x);
    let gradients = y.backward_with(cotangent).map_err(name)?;
    Ok((y.values(), gradients.values_wrt(x)))
}

/// The value of `f: Rⁿ → Rᵐ` at `x` and the Jacobian-vector product `J tangent`, m numbers: one
/// forward pass.
///
/// # Errors
///
/// [`Error::Length`] if the tangent does not have n numbers, [`Error::Empty`] if `x` is empty.
#[track_caller]
pub fn jvp<S: Scalar>(
    f: impl for<'t> FnOnce(Var<'t, S>) -> Var<'t, S>,
    x: &[S],
    tangent: &[S],
) -> Result<(Vec<S>, Vec<S>), Error> {
    let tape = Tape::with(crate::Options::default());
    let name = |error: Error| error.within("jvp");
    let x = point(&tape, x).map_err(name)?;
    let y = f(x);
    let tangents = tape.tangents(&[(x, tangent)]).map_err(name)?;
    Ok((y.values(), tangents.try_values(y).map_err(name)?))
}

/// The Hessian-vector product of `f: Rⁿ → R` at `x`, n numbers, by forward over reverse: about
/// twice the work of a gradient.
///
/// # Errors
///
/// As [`grad`], and [`Error::Length`] if the tangent does not have n numbers.
#[track_caller]
pub fn hvp<S: Scalar>(
    f: impl for<'t> FnOnce(Var<'t, S>) -> Var<'t, S>,
    x: &[S],
    tangent: &[S],
) -> Result<Vec<S>, Error> {
    let tape = Tape::with(crate::Options::default());
    let name = |error: Error| error.within("hvp");
    let x = point(&tape, x).map_err(name)?;
    let y = f(x);
    Ok(tape.hvp(y, &[(x, tangent)], &[x]).map_err(name)?.remove(0))
}

/// The Taylor coefficients of `f: Rⁿ → Rᵐ` at `x` along a direction, as [`Tape::taylor`] finds
/// them: of `f(x + t d) = Σ cⱼ tʲ` those up to an order, m numbers each.
///
/// # Errors
///
/// [`Error::Length`] if the direction does not have n numbers, [`Error::Empty`] if `x` is empty,
/// [`Error::NoRule`].
///
/// # Examples
///
/// ```
/// let c = wengert::taylor(|x| x.sin(), &[0.0], &[1.0], 5)?;
/// assert_eq!(c.concat(), [0.0, 1.0, 0.0, -1.0 / 6.0, 0.0, 1.0 / 120.0]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[track_caller]
pub fn taylor<S: Scalar>(
    f: impl for<'t> FnOnce(Var<'t, S>) -> Var<'t, S>,
    x: &[S],
    direction: &[S],
    order: usize,
) -> Result<Vec<Vec<S>>, Error> {
    let tape = Tape::with(crate::Options::default());
    let x = point(&tape, x).map_err(|error| error.within("taylor"))?;
    tape.taylor(f(x), &[(x, direction)], order)
}

/// The Jacobian of `f: Rⁿ → Rᵐ` at `x`: m rows of n numbers. One recording, then m reverse sweeps
/// or n forward passes, whichever are fewer.
///
/// # Errors
///
/// [`Error::Empty`] if `x` is empty.
///
/// # Examples
///
/// ```
/// let jacobian = wengert::jacobian(|x| x * x.at(0), &[2.0, 3.0])?;
/// assert_eq!(jacobian, [[4.0, 0.0], [3.0, 2.0]]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[track_caller]
pub fn jacobian<S: Scalar>(
    f: impl for<'t> FnOnce(Var<'t, S>) -> Var<'t, S>,
    x: &[S],
) -> Result<Vec<Vec<S>>, Error> {
    let tape = Tape::with(crate::Options::default());
    let x = point(&tape, x).map_err(|error| error.within("jacobian"))?;
    tape.jacobian(f(x), x)
}

/// The Hessian of `f: Rⁿ → R` at `x`: n rows of n numbers, one recording and n Hessian-vector
/// products.
///
/// # Errors
///
/// As [`grad`].
#[track_caller]
pub fn hessian<S: Scalar>(
    f: impl for<'t> FnOnce(Var<'t, S>) -> Var<'t, S>,
    x: &[S],
) -> Result<Vec<Vec<S>>, Error> {
    let tape = Tape::with(crate::Options::default());
    let x = point(&tape, x).map_err(|error| error.within("hessian"))?;
    tape.hessian(f(x), x)
}

/// # Matrices of derivatives
impl<S: Scalar> Tape<S> {
    /// The Jacobian of an output of m numbers by a run of n, both row-major: m rows of n numbers,
    /// by m reverse sweeps or n tangents, whichever are fewer. A detached output's are 0.
    ///
    /// # Errors
    ///
    /// [`Error::TwoTapes`], [`Error::Operand`] if `wrt` is a view that repeats a number (a
    /// broadcast); where sweeps are taken, [`Error::NoAdjoint`] if `wrt` was recorded after the
    /// output or is detached.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input([2.0, 3.0]);
    /// assert_eq!(tape.jacobian(x * x.at(0), x)?, [[4.0, 0.0], [3.0, 2.0]]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn jacobian<'t>(
        &'t self,
        output: Var<'t, S>,
        wrt: Var<'t, S>,
    ) -> Result<Vec<Vec<S>>, Error> {
        let name = |error: Error| error.within("jacobian");
        wrt.each_number_once("jacobian")?;
        let (m, n) = (output.len(), wrt.len());
        let mut rows = vec![vec![S::from_f64(0.0); n]; m];
        if output.is_detached() {
            return Ok(rows);
        }
        // Loops and not closures, so that errors name the caller's line.
        if m <= n {
            for (i, row) in rows.iter_mut().enumerate() {
                let gradients = self.backward_from(&[(output, &unit(i, m))]).map_err(name)?;
                gradients.values_wrt_into(wrt, row).map_err(name)?;
            }
            return Ok(rows);
        }
        for j in 0..n {
            let along = self.tangents(&[(wrt, &unit(j, n))]).map_err(name)?;
            let column = along.try_values(output).map_err(name)?;
            for (row, entry) in rows.iter_mut().zip(column) {
                row[j] = entry;
            }
        }
        Ok(rows)
    }

    /// The Hessian of a single number by a run of n: n rows of n numbers, by n
    /// [products](Tape::hvp).
    ///
    /// # Errors
    ///
    /// As [`hvp`](Tape::hvp).
    #[track_caller]
    pub fn hessian<'t>(
        &'t self,
        output: Var<'t, S>,
        wrt: Var<'t, S>,
    ) -> Result<Vec<Vec<S>>, Error> {
        let n = wrt.len();
        let mut rows = Vec::with_capacity(n);
        for j in 0..n {
            let product = self.hvp(output, &[(wrt, &unit(j, n))], &[wrt]);
            rows.push(product.map_err(|error| error.within("hessian"))?.remove(0));
        }
        Ok(rows)
    }
}

#[track_caller]
fn point<'t, S: Scalar>(tape: &'t Tape<S>, x: &[S]) -> Result<Var<'t, S>, Error> {
    Ok(tape.tensor(crate::op::Leaf::Input, x, [x.len()])?.named("x"))
}

/// The i-th of n unit vectors.
fn unit<S: Scalar>(i: usize, n: usize) -> Vec<S> {
    (0..n).map(|k| S::from_f64(f64::from(u8::from(k == i)))).collect()
}
