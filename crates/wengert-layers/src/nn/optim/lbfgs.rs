//! L-BFGS: a whole function minimised, not a mini-batch.

use std::collections::VecDeque;

use super::OptimError;

/// L-BFGS (Nocedal 1980; the two loops of Nocedal and Wright 2006, algorithm 7.4), with a line
/// search that halves, or better, until the function has fallen enough (Armijo's rule, 1e-4).
///
/// It asks for the value and the gradient wherever it likes, so it takes a closure, and works on
/// numbers alone: how often it asks depends on the values, so its steps are no straight line that a
/// program could contain. The gradient may come from a compiled program.
///
/// # Examples
///
/// ```
/// use wengert::Function;
/// use wengert_layers::nn::Lbfgs;
///
/// let mut rosenbrock = Function::of([0.0, 0.0], |x| {
///     let (a, b) = (x.at(0), x.at(1));
///     (1.0 - a).square() + 100.0 * (b - a.square()).square()
/// })?;
/// let found = Lbfgs::default().minimise(&[-1.2, 1.0], |x| {
///     let there = rosenbrock.at(x).expect("no guards");
///     (there.value(0), there.gradient(0).expect("one value"))
/// })?;
/// assert!(found.converged && (found.at[0] - 1.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lbfgs {
    /// How many pairs of steps and changes of the gradient are remembered.
    pub memory: usize,
    /// It stops where no element of the gradient is larger.
    pub tolerance: f64,
    /// The most steps.
    pub steps: usize,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Lbfgs { memory: 10, tolerance: 1e-8, steps: 1000 }
    }
}

/// Where a search ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// The point.
    pub at: Vec<f64>,
    /// The function there.
    pub value: f64,
    /// Steps taken.
    pub steps: usize,
    /// How often the function was asked.
    pub evaluations: usize,
    /// Whether the gradient is within the tolerance. If not, the steps were used up, or no step
    /// along the search direction lowered the function in floating point.
    pub converged: bool,
}

impl Lbfgs {
    /// Searches from a point.
    ///
    /// # Errors
    ///
    /// [`OptimError::NotFinite`] if the function is no finite number at `start`;
    /// [`OptimError::Length`] if a gradient has not the length of `start`.
    pub fn minimise(
        &self,
        start: &[f64],
        mut f: impl FnMut(&[f64]) -> (f64, Vec<f64>),
    ) -> Result<Minimum, OptimError> {
        let (mut x, mut evaluations) = (start.to_vec(), 0);
        let mut ask = |x: &[f64]| {
            evaluations += 1;
            let (value, gradient) = f(x);
            let (what, expected, found) = ("gradient", x.len(), gradient.len());
            match expected == found {
                true => Ok((value, gradient)),
                false => Err(OptimError::Length { what, expected, found }),
            }
        };
        let (mut value, mut g) = ask(&x)?;
        if !value.is_finite() {
            return Err(OptimError::NotFinite { value });
        }
        let mut pairs: VecDeque<(Vec<f64>, Vec<f64>)> = VecDeque::new();
        let small = |g: &[f64]| g.iter().all(|g| g.abs() <= self.tolerance);
        let mut steps = 0;
        while steps < self.steps && !small(&g) {
            let mut direction = towards(&pairs, &g);
            let mut slope = dot(&direction, &g);
            if slope >= 0.0 {
                pairs.clear();
                direction = g.iter().map(|g| -g).collect();
                slope = -dot(&g, &g);
            }
            // The first step has no scale of its own.
            let sum: f64 = g.iter().map(|g| g.abs()).sum();
            let mut length = if pairs.is_empty() { (1.0 / sum).min(1.0) } else { 1.0 };
            let mut found = None;
            for _ in 0..60 {
                let next: Vec<f64> =
                    x.iter().zip(&direction).map(|(x, d)| x + length * d).collect();
                let (there, gradient) = ask(&next)?;
                if there <= value + 1e-4 * length * slope {
                    found = Some((next, there, gradient));
                    break;
                }
                // The lowest point of the parabola through both values and the slope.
                let parabola = -slope * length * length / (2.0 * (there - value - slope * length));
                let usable = parabola >= 0.1 * length && parabola <= 0.5 * length;
                length = if usable { parabola } else { 0.5 * length };
            }
            let Some((next, there, gradient)) = found else { break };
            let step: Vec<f64> = next.iter().zip(&x).map(|(a, b)| a - b).collect();
            let change: Vec<f64> = gradient.iter().zip(&g).map(|(a, b)| a - b).collect();
            if dot(&step, &change) > 1e-10 * dot(&change, &change) {
                if pairs.len() == self.memory.max(1) {
                    pairs.pop_front();
                }
                pairs.push_back((step, change));
            }
            (x, value, g) = (next, there, gradient);
            steps += 1;
        }
        let converged = small(&g);
        Ok(Minimum { at: x, value, steps, evaluations, converged })
    }
}

/// Minus the gradient, by the inverse Hessian that the pairs tell of.
fn towards(pairs: &VecDeque<(Vec<f64>, Vec<f64>)>, g: &[f64]) -> Vec<f64> {
    let mut q = g.to_vec();
    let mut factors = Vec::with_capacity(pairs.len());
    for (step, change) in pairs.iter().rev() {
        let factor = dot(step, &q) / dot(step, change);
        q.iter_mut().zip(change).for_each(|(q, y)| *q -= factor * y);
        factors.push(factor);
    }
    if let Some((step, change)) = pairs.back() {
        let scale = dot(step, change) / dot(change, change);
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for ((step, change), factor) in pairs.iter().zip(factors.into_iter().rev()) {
        let other = dot(change, &q) / dot(step, change);
        q.iter_mut().zip(step).for_each(|(q, s)| *q += (factor - other) * s);
    }
    q.iter_mut().for_each(|q| *q = -*q);
    q
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
