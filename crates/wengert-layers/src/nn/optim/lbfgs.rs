//! L-BFGS: a whole function minimised, not a mini-batch.
//!
//! A [`Trainer`](crate::nn::Trainer) takes it in the place of an optimiser: then every epoch is one
//! step on the whole table.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

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
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Lbfgs {
    /// How many pairs of steps and changes of the gradient are remembered.
    pub memory: usize,
    /// It stops where no element of the gradient is larger.
    pub tolerance: f64,
    /// The most steps of [`minimise`](Lbfgs::minimise); a trainer counts its epochs.
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
        let mut ask = |x: &[f64]| Ok::<_, OptimError>(f(x));
        let mut search = Search::start(start.to_vec(), &mut ask)?;
        let mut steps = 0;
        while steps < self.steps && !self.is_there(&search) && search.step(self, &mut ask)? {
            steps += 1;
        }
        let converged = self.is_there(&search);
        let Search { x, value, evaluations, .. } = search;
        Ok(Minimum { at: x, value, steps, evaluations, converged })
    }

    /// Whether no element of the gradient is larger than the tolerance.
    pub(crate) fn is_there(&self, search: &Search) -> bool {
        search.gradient.iter().all(|g| g.abs() <= self.tolerance)
    }

    pub(crate) fn check(&self) -> Result<(), OptimError> {
        if self.tolerance >= 0.0 && self.tolerance.is_finite() {
            return Ok(());
        }
        let (setting, value) = ("tolerance", self.tolerance);
        Err(OptimError::Setting { setting, value, expected: "a finite number from 0" })
    }
}

/// A search on its way.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    pub(crate) x: Vec<f64>,
    pub(crate) value: f64,
    gradient: Vec<f64>,
    /// Steps, and the changes of the gradient over them, the latest last.
    pairs: VecDeque<(Vec<f64>, Vec<f64>)>,
    evaluations: usize,
    /// What the last direction was multiplied by.
    pub(crate) length: f64,
}

impl Search {
    pub(crate) fn start<E: From<OptimError>>(
        x: Vec<f64>,
        ask: &mut impl FnMut(&[f64]) -> Result<(f64, Vec<f64>), E>,
    ) -> Result<Self, E> {
        let (value, gradient) = asked(&x, ask)?;
        if !value.is_finite() {
            return Err(OptimError::NotFinite { value }.into());
        }
        Ok(Search { x, value, gradient, pairs: VecDeque::new(), evaluations: 1, length: 0.0 })
    }

    /// Takes a step, or finds none that lowers the function.
    pub(crate) fn step<E: From<OptimError>>(
        &mut self,
        settings: &Lbfgs,
        ask: &mut impl FnMut(&[f64]) -> Result<(f64, Vec<f64>), E>,
    ) -> Result<bool, E> {
        let (g, value) = (&self.gradient, self.value);
        let mut direction = towards(&self.pairs, g);
        let mut slope = dot(&direction, g);
        if slope >= 0.0 {
            self.pairs.clear();
            direction = g.iter().map(|g| -g).collect();
            slope = -dot(g, g);
        }
        // The first step has no scale of its own.
        let sum: f64 = g.iter().map(|g| g.abs()).sum();
        let mut length = if self.pairs.is_empty() { (1.0 / sum).min(1.0) } else { 1.0 };
        for _ in 0..60 {
            let next: Vec<f64> =
                self.x.iter().zip(&direction).map(|(x, d)| x + length * d).collect();
            let (there, gradient) = asked(&next, ask)?;
            self.evaluations += 1;
            if there <= value + 1e-4 * length * slope {
                self.remember(settings, &next, &gradient);
                (self.x, self.value, self.gradient, self.length) = (next, there, gradient, length);
                return Ok(true);
            }
            // The lowest point of the parabola through both values and the slope.
            let parabola = -slope * length * length / (2.0 * (there - value - slope * length));
            let usable = parabola >= 0.1 * length && parabola <= 0.5 * length;
            length = if usable { parabola } else { 0.5 * length };
        }
        Ok(false)
    }

    fn remember(&mut self, settings: &Lbfgs, next: &[f64], gradient: &[f64]) {
        let of = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
        let (step, change) = (of(next, &self.x), of(gradient, &self.gradient));
        if dot(&step, &change) > 1e-10 * dot(&change, &change) {
            if self.pairs.len() == settings.memory.max(1) {
                self.pairs.pop_front();
            }
            self.pairs.push_back((step, change));
        }
    }

    /// The pairs one after the other: what a search goes on from.
    pub(crate) fn kept(&self) -> Vec<Vec<f64>> {
        self.pairs.iter().flat_map(|(step, change)| [step.clone(), change.clone()]).collect()
    }

    /// Takes pairs that [`kept`](Search::kept) has given.
    pub(crate) fn resume(&mut self, kept: &[Vec<f64>]) {
        let pairs = kept.as_chunks().0.iter();
        self.pairs = pairs.map(|[step, change]| (step.clone(), change.clone())).collect();
    }
}

fn asked<E: From<OptimError>>(
    x: &[f64],
    ask: &mut impl FnMut(&[f64]) -> Result<(f64, Vec<f64>), E>,
) -> Result<(f64, Vec<f64>), E> {
    let (value, gradient) = ask(x)?;
    let (what, expected, found) = ("gradient", x.len(), gradient.len());
    match expected == found {
        true => Ok((value, gradient)),
        false => Err(OptimError::Length { what, expected, found }.into()),
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
