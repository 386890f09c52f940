//! Losses of outputs and targets, and penalties of weights.
//!
//! Rows are the first axis, or all leading axes; a loss is one number, averaged over the rows. A
//! loss for training is a value that implements [`Loss`]; [`of`] makes one of any closure.
//!
//! ```
//! use wengert_layers::nn::loss::{CrossEntropy, Loss};
//!
//! let tape = wengert::Tape::new();
//! let logits = tape.input([[2.0, -1.0, 0.5], [1000.0, 0.0, -1000.0]]);
//! let targets = tape.data([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]);
//! let loss = CrossEntropy::default().record(logits, targets)?;
//! assert!((loss.value() - 0.241_311_296_657_2 / 2.0).abs() < 1e-9);
//! # Ok::<(), wengert::Error>(())
//! ```

use serde::{Deserialize, Serialize};
use wengert::op::Binary;
use wengert::{Error, Last, Leaf, Scalar, Var};

/// What training makes small: one number of outputs and targets of one shape.
pub trait Loss<S: Scalar = f64> {
    /// Records it.
    ///
    /// # Errors
    ///
    /// [`Error::Shapes`] if the shapes differ, and what recording meets.
    fn record<'t>(&self, output: Var<'t, S>, target: Var<'t, S>) -> Result<Var<'t, S>, Error>;

    /// From which value on a single output says the second of two classes: 0 of a logit, else ½.
    fn threshold(&self) -> f64 {
        0.5
    }
}

/// A closure of an output and its target as a [`Loss`]. It panics where nodes do not fit, as its
/// operators do.
///
/// ```
/// use wengert_layers::nn::loss::{self, Loss};
///
/// let cubic = loss::of::<f64, _>(|output, target| (output - target).abs().powi(3).mean());
/// let tape = wengert::Tape::new();
/// let loss = cubic.record(tape.input([1.0, 4.0]), tape.data([1.0, 2.0]))?;
/// assert_eq!(loss.value(), 4.0);
/// # Ok::<(), wengert::Error>(())
/// ```
pub fn of<S: Scalar, F>(closure: F) -> Of<F>
where
    F: for<'t> Fn(Var<'t, S>, Var<'t, S>) -> Var<'t, S>,
{
    Of(closure)
}

/// See [`of`].
#[derive(Debug, Clone, Copy)]
pub struct Of<F>(F);

impl<S: Scalar, F> Loss<S> for Of<F>
where
    F: for<'t> Fn(Var<'t, S>, Var<'t, S>) -> Var<'t, S>,
{
    #[track_caller]
    fn record<'t>(&self, output: Var<'t, S>, target: Var<'t, S>) -> Result<Var<'t, S>, Error> {
        Ok((self.0)(output, target))
    }
}

/// `½ Σ (output − target)²` of a row, averaged over the rows: the teaching notebook's.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct HalfSquaredError;

/// The mean of `(output − target)²` over all elements: PyTorch's `MSELoss`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct MeanSquaredError;

/// The mean of `|output − target|` over all elements: PyTorch's `L1Loss`. Where they are equal the
/// derivative is 0.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct MeanAbsoluteError;

/// The mean over all elements of `½ e²` where `|e| ≤ delta`, else `delta (|e| − ½ delta)`, with
/// `e = output − target` (Huber 1964; PyTorch's `HuberLoss`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Huber {
    /// Where the parabola becomes a line.
    pub delta: f64,
}

impl Default for Huber {
    fn default() -> Self {
        Huber { delta: 1.0 }
    }
}

/// Of logits `z` and targets `y` from 0 to 1, the mean over all elements of
/// `−weight · y ln σ(z) − (1 − y) ln(1 − σ(z))`: PyTorch's `BCEWithLogitsLoss`, with its
/// `pos_weight`. Right to the last digits at any logit, infinite ones too.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BinaryCrossEntropy {
    /// What a target of 1 counts more than one of 0.
    pub weight: f64,
}

impl Default for BinaryCrossEntropy {
    fn default() -> Self {
        BinaryCrossEntropy { weight: 1.0 }
    }
}

/// Of logits and a distribution over the classes `p` (for a known class, 1 at its place), both
/// along the last axis: `−Σ wᵢ pᵢ ln softmax(z)ᵢ`, averaged over the rows. PyTorch's
/// `CrossEntropyLoss` for distributions; for class indices that divides by the sum of the rows'
/// weights, where weights are given, as [`cross_entropy_of_classes`] does.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CrossEntropy {
    /// What each class counts; 1 if there are none.
    pub weights: Option<Vec<f64>>,
    /// So much of each target is spread over all classes evenly.
    pub smoothing: f64,
}

/// Of logarithms of probabilities and a distribution `p`, both along the last axis: `−Σ pᵢ ln qᵢ`,
/// averaged over the rows.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct NegativeLogLikelihood;

#[track_caller]
fn alike<'t, S: Scalar>(
    op: &'static str,
    output: Var<'t, S>,
    target: Var<'t, S>,
) -> Result<(), Error> {
    if output.shape() == target.shape() {
        return Ok(());
    }
    Err(output.shapes_error(op, target, "an output and its target have one shape"))
}

/// How many rows there are: the product of all extents but the last.
fn rows<S: Scalar>(output: Var<'_, S>) -> f64 {
    let shape = output.shape();
    shape.dims().split_last().map_or(1, |(_, rows)| rows.iter().product::<usize>()) as f64
}

/// The sum over everything, over the rows.
#[track_caller]
fn by_row<'t, S: Scalar>(terms: Var<'t, S>, factor: f64) -> Result<Var<'t, S>, Error> {
    let rows = rows(terms);
    terms.sum().try_mul(S::from_f64(factor / rows))
}

impl<S: Scalar> Loss<S> for HalfSquaredError {
    #[track_caller]
    fn record<'t>(&self, output: Var<'t, S>, target: Var<'t, S>) -> Result<Var<'t, S>, Error> {
        alike("half_squared_error", output, target)?;
        by_row(output.try_sub(target)?.square(), 0.5)
    }
}

impl<S: Scalar> Loss<S> for MeanSquaredError {
    #[track_caller]
    fn record<'t>(&self, output: Var<'t, S>, target: Var<'t, S>) -> Result<Var<'t, S>, Error> {
        alike("mean_squared_error", output, target)?;
        Ok(output.try_sub(target)?.square().mean())
    }
}

impl<S: Scalar> Loss<S> for MeanAbsoluteError {
    #[track_caller]
    fn record<'t>(&self, output: Var<'t, S>, target: Var<'t, S>) -> Result<Var<'t, S>, Error> {
        alike("mean_absolute_error", output, target)?;
        Ok(output.try_sub(target)?.abs().mean())
    }
}

impl<S: Scalar> Loss<S> for Huber {
    #[track_caller]
    fn record<'t>(&self, output: Var<'t, S>, target: Var<'t, S>) -> Result<Var<'t, S>, Error> {
        alike("huber", output, target)?;
        let e = output.try_sub(target)?;
        if self.delta.is_nan() || self.delta <= 0.0 {
            let rule = format!("the delta of a Huber loss is {:?}, expected above 0", self.delta);
            return Err(e.operand_error("huber", rule));
        }
        // With c = e between −delta and delta, c (e − c/2) is both branches, and so are its
        // derivatives of any order.
        let tape = e.tape();
        let bound = |sign: f64| tape.try_leaf(Leaf::Const, S::from_f64(sign * self.delta));
        let c = e.try_binary(Binary::Max, bound(-1.0)?)?.try_binary(Binary::Min, bound(1.0)?)?;
        Ok(c.try_mul(e.try_sub(c.try_mul(S::from_f64(0.5))?)?)?.mean())
    }
}

impl<S: Scalar> Loss<S> for BinaryCrossEntropy {
    #[track_caller]
    fn record<'t>(&self, output: Var<'t, S>, target: Var<'t, S>) -> Result<Var<'t, S>, Error> {
        alike("binary_cross_entropy", output, target)?;
        // Neither logarithm is a difference of large numbers, and a target of 0 passes nothing on,
        // not even of an infinity.
        let ones = target.try_mul(S::from_f64(-self.weight))?;
        let zeros = target.try_sub(S::from_f64(1.0))?;
        let positive = ones.try_binary(Binary::MulNoNan, output.log_sigmoid())?;
        let negative = zeros.try_binary(Binary::MulNoNan, (-output).log_sigmoid())?;
        Ok(positive.try_add(negative)?.mean())
    }

    fn threshold(&self) -> f64 {
        0.0
    }
}

impl<S: Scalar> Loss<S> for CrossEntropy {
    #[track_caller]
    fn record<'t>(&self, output: Var<'t, S>, target: Var<'t, S>) -> Result<Var<'t, S>, Error> {
        alike("cross_entropy", output, target)?;
        let classes = output.shape().dims().last().copied().unwrap_or(1);
        let mut p = target;
        if self.smoothing != 0.0 {
            let even = S::from_f64(self.smoothing / classes as f64);
            p = p.try_mul(S::from_f64(1.0 - self.smoothing))?.try_add(even)?;
        }
        if let Some(weights) = &self.weights {
            if weights.len() != classes {
                let rule = format!("{} weights were given for {classes} classes", weights.len());
                return Err(output.operand_error("cross_entropy", rule));
            }
            let weights: Vec<S> = weights.iter().map(|&weight| S::from_f64(weight)).collect();
            p = p.try_mul(output.tape().tensor(Leaf::Const, &weights, [classes])?)?;
        }
        // Where a class has no share, its logarithm is not read: it may be −∞.
        by_row(p.try_binary(Binary::MulNoNan, output.try_log_softmax(Last)?)?, -1.0)
    }
}

impl<S: Scalar> Loss<S> for NegativeLogLikelihood {
    #[track_caller]
    fn record<'t>(&self, output: Var<'t, S>, target: Var<'t, S>) -> Result<Var<'t, S>, Error> {
        alike("negative_log_likelihood", output, target)?;
        by_row(target.try_binary(Binary::MulNoNan, output)?, -1.0)
    }
}

/// `−ln softmax(z)` at the class of each row, averaged over the rows: [`CrossEntropy`] of logits
/// `[rows, classes]` with classes that never change, such as a test's. With weights it is
/// `−Σ w ln softmax(z) / Σ w`, w being the weight of the row's class: PyTorch's mean of class
/// indices.
///
/// # Errors
///
/// [`Error::Operand`] if there are not as many classes as rows, one is too large, naming the row,
/// or there are not as many weights as classes.
#[track_caller]
pub fn cross_entropy_of_classes<'t, S: Scalar>(
    logits: Var<'t, S>,
    classes: &[usize],
    weights: Option<&[f64]>,
) -> Result<Var<'t, S>, Error> {
    let op = "cross_entropy_of_classes";
    let shape = logits.shape();
    let &[rows, width] = shape.dims() else {
        return Err(logits.operand_error(op, "logits are [rows, classes]".to_owned()));
    };
    if rows != classes.len() {
        let rule = format!("{} classes were given for {rows} rows", classes.len());
        return Err(logits.operand_error(op, rule));
    }
    if let Some(row) = classes.iter().position(|&class| class >= width) {
        let rule = format!("row {row} is of class {}, there are {width}", classes[row]);
        return Err(logits.operand_error(op, rule));
    }
    let places: Vec<usize> =
        classes.iter().enumerate().map(|(i, class)| i * width + class).collect();
    let log = logits.try_log_softmax(Last)?.try_reshape([rows * width])?.try_gather(&places)?;
    let Some(weights) = weights else { return Ok(-log.mean()) };
    if weights.len() != width {
        let rule = format!("{} weights were given for {width} classes", weights.len());
        return Err(logits.operand_error(op, rule));
    }
    let of_rows: Vec<f64> = classes.iter().map(|&class| weights[class]).collect();
    let total: f64 = of_rows.iter().sum();
    let shares: Vec<S> = of_rows.iter().map(|w| S::from_f64(-w / total)).collect();
    let shares = logits.tape().tensor(Leaf::Const, &shares, [rows])?;
    Ok(shares.try_binary(Binary::MulNoNan, log)?.sum())
}

/// `factor Σ |w|` over every element. Give it weights, not biases: a bias that is pulled to 0
/// learns a wrong mean.
///
/// # Errors
///
/// [`Error::Full`], [`Error::TwoTapes`]. Nothing for no blocks.
#[track_caller]
pub fn l1<'t, S: Scalar>(factor: f64, weights: &[Var<'t, S>]) -> Result<Option<Var<'t, S>>, Error> {
    penalty(factor, weights, |w| w.abs())
}

/// `½ factor Σ w²` over every element: its gradient is that of a weight decay of `factor`. Give it
/// weights, not biases.
///
/// # Errors
///
/// As [`l1`].
#[track_caller]
pub fn l2<'t, S: Scalar>(factor: f64, weights: &[Var<'t, S>]) -> Result<Option<Var<'t, S>>, Error> {
    penalty(0.5 * factor, weights, |w| w.square())
}

#[track_caller]
fn penalty<'t, S: Scalar>(
    factor: f64,
    weights: &[Var<'t, S>],
    of: impl Fn(Var<'t, S>) -> Var<'t, S>,
) -> Result<Option<Var<'t, S>>, Error> {
    let mut total: Option<Var<'t, S>> = None;
    for &w in weights {
        let sum = of(w).sum();
        total = Some(match total {
            Some(total) => total.try_add(sum)?,
            None => sum,
        });
    }
    total.map(|total| total.try_mul(S::from_f64(factor))).transpose()
}

#[cfg(test)]
mod tests;
