//! Steps of numbers, and their state.

use serde::{Deserialize, Serialize};
use wengert::Scalar;

use super::{OptimError, Optimiser};

/// An optimiser at work on numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Stepper<S = f64> {
    optimiser: Optimiser,
    count: usize,
    /// By what the rule keeps, a number for each parameter.
    kept: Vec<Vec<S>>,
    /// Steps taken.
    step: u64,
}

/// What a [`Stepper`] has come to, for a file: a resumed run continues bit for bit.
///
/// Numbers of `f32` are held by an `f64` without loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The rule's name.
    pub rule: String,
    /// Steps taken.
    pub step: u64,
    /// By what the rule keeps, a number for each parameter.
    pub kept: Vec<Vec<f64>>,
}

impl Optimiser {
    /// Starts for so many parameters.
    #[must_use]
    pub fn start<S: Scalar>(self, count: usize) -> Stepper<S> {
        let kept = vec![vec![S::from_f64(0.0); count]; self.rule.kept()];
        Stepper { optimiser: self, count, kept, step: 0 }
    }
}

impl<S: Scalar> Stepper<S> {
    /// Moves the parameters against a gradient. All of them decay, if the optimiser says so.
    ///
    /// # Errors
    ///
    /// [`OptimError::Length`], [`OptimError::Setting`]; then nothing has moved.
    pub fn step(&mut self, params: &mut [S], gradient: &[S]) -> Result<(), OptimError> {
        self.step_blocks(params, gradient, &[(self.count, true)])
    }

    /// As [`step`](Stepper::step), of parameters that lie block after block: the length of each,
    /// and whether it decays.
    ///
    /// # Errors
    ///
    /// As [`step`](Stepper::step).
    pub fn step_blocks(
        &mut self,
        params: &mut [S],
        gradient: &[S],
        blocks: &[(usize, bool)],
    ) -> Result<(), OptimError> {
        self.optimiser.check()?;
        let in_blocks = blocks.iter().map(|(len, _)| len).sum();
        for (what, found) in
            [("parameters", params.len()), ("gradient", gradient.len()), ("blocks", in_blocks)]
        {
            if found != self.count {
                return Err(OptimError::Length { what, expected: self.count, found });
            }
        }
        let scalars = self.optimiser.scalars(self.step).map(S::from_f64);
        let squares = gradient.iter().fold(S::from_f64(0.0), |sum, &g| sum + g * g);
        let factor = self.optimiser.factor(squares);
        let mut at = 0;
        for &(len, decays) in blocks {
            for i in at..at + len {
                let mut state = [S::from_f64(0.0); 2];
                for (state, kept) in state.iter_mut().zip(&self.kept) {
                    *state = kept[i];
                }
                params[i] = self.optimiser.moved(
                    params[i],
                    gradient[i],
                    &mut state,
                    scalars,
                    factor,
                    decays,
                );
                for (state, kept) in state.iter().zip(&mut self.kept) {
                    kept[i] = *state;
                }
            }
            at += len;
        }
        self.step += 1;
        Ok(())
    }

    pub(crate) fn kept(&self) -> &[Vec<S>] {
        &self.kept
    }

    pub(crate) fn kept_mut(&mut self) -> &mut [Vec<S>] {
        &mut self.kept
    }

    /// Of a step that a program took.
    pub(crate) fn count_step(&mut self) {
        self.step += 1;
    }

    /// The steps taken.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// The settings.
    #[must_use]
    pub fn optimiser(&self) -> &Optimiser {
        &self.optimiser
    }

    /// What it has come to.
    #[must_use]
    pub fn state(&self) -> State {
        let numbers = |kept: &Vec<S>| kept.iter().map(|number| number.to_f64()).collect();
        State {
            rule: self.optimiser.rule().name().to_owned(),
            step: self.step,
            kept: self.kept.iter().map(numbers).collect(),
        }
    }

    /// Continues from a state.
    ///
    /// # Errors
    ///
    /// [`OptimError::OtherRule`], [`OptimError::Length`]; then nothing has changed.
    pub fn resume(&mut self, state: &State) -> Result<(), OptimError> {
        let expected = self.optimiser.rule().name();
        if state.rule != expected || state.kept.len() != self.kept.len() {
            return Err(OptimError::OtherRule { expected, found: state.rule.clone() });
        }
        for kept in &state.kept {
            if kept.len() != self.count {
                let (what, expected, found) = ("state", self.count, kept.len());
                return Err(OptimError::Length { what, expected, found });
            }
        }
        let numbers = |kept: &Vec<f64>| kept.iter().map(|&number| S::from_f64(number)).collect();
        self.kept = state.kept.iter().map(numbers).collect();
        self.step = state.step;
        Ok(())
    }
}
