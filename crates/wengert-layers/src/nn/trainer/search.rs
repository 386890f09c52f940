//! L-BFGS over a whole table.

use wengert::Scalar;
use wengert::program::Compile;

use super::TrainerError;
use super::parallel::OverThreads;
use super::steps::{Steps, Turn, Work, moving};
use crate::nn::model::Model;
use crate::nn::optim::{Lbfgs, OptimError, Search, State};

/// A step is one of the search, on all rows.
pub(super) struct InSearch<'a, S: Compile> {
    pub(super) over: OverThreads<'a, S>,
    pub(super) settings: Lbfgs,
    /// What an earlier search has kept, until this one begins.
    pub(super) resumed: Option<State>,
    pub(super) search: Option<Search>,
    pub(super) steps: u64,
    pub(super) done: bool,
}

/// In saved states.
const NAME: &str = "lbfgs";

/// Whether a search over so many numbers can go on from a state.
pub(super) fn check(state: &State, count: usize) -> Result<(), OptimError> {
    if state.rule != NAME {
        return Err(OptimError::OtherRule { expected: NAME, found: state.rule.clone() });
    }
    match state.kept.iter().map(Vec::len).find(|&len| len != count) {
        Some(found) => Err(OptimError::Length { what: "state", expected: count, found }),
        None => Ok(()),
    }
}

/// The numbers of what moves, block after block.
fn numbers<S: Scalar>(model: &Model<S>) -> Vec<f64> {
    let blocks = moving(model).into_iter().map(|i| &model.blocks()[i]);
    let values = blocks.flat_map(|block| &model.values()[block.start..block.start + block.len]);
    values.map(|value| value.to_f64()).collect()
}

fn set_numbers<S: Scalar>(model: &mut Model<S>, numbers: &[f64]) {
    let mut numbers = numbers.iter();
    for i in moving(model) {
        let (start, len) = (model.blocks()[i].start, model.blocks()[i].len);
        for (value, &number) in model.values_mut()[start..start + len].iter_mut().zip(&mut numbers)
        {
            *value = S::from_f64(number);
        }
    }
}

impl<S: Compile> Steps<S> for InSearch<'_, S> {
    fn step(&mut self, work: &mut Work<'_, S>, turn: &Turn<'_, S>) -> Result<f64, TrainerError> {
        let (over, start) = (&mut self.over, numbers(work.model));
        let mut ask = |x: &[f64]| -> Result<(f64, Vec<f64>), TrainerError> {
            set_numbers(work.model, x);
            let (loss, gradient) = over.evaluate(work.model, turn)?;
            Ok((loss.to_f64(), gradient.iter().map(|g| g.to_f64()).collect()))
        };
        let search = match &mut self.search {
            Some(search) => search,
            none => {
                let mut search = match Search::start(start, &mut ask) {
                    Ok(search) => search,
                    // Whoever takes the steps says why.
                    Err(TrainerError::Optim(OptimError::NotFinite { value })) => return Ok(value),
                    Err(error) => return Err(error),
                };
                if let Some(state) = self.resumed.take() {
                    search.resume(&state.kept);
                    self.steps = state.step;
                }
                none.insert(search)
            }
        };
        let before = search.value;
        self.done = self.settings.is_there(search) || !search.step(&self.settings, &mut ask)?;
        self.steps += u64::from(!self.done);
        set_numbers(work.model, &search.x);
        // What the model holds, rounded if its numbers are shorter.
        search.x = numbers(work.model);
        Ok(before)
    }

    fn rate(&self, _: &Work<'_, S>) -> f64 {
        self.search.as_ref().map_or(0.0, |search| search.length)
    }

    fn state(&self, _: &Work<'_, S>) -> State {
        let kept = self.search.as_ref().map_or_else(Vec::new, Search::kept);
        State { rule: NAME.to_owned(), step: self.steps, kept }
    }

    fn is_done(&self) -> bool {
        self.done
    }
}
