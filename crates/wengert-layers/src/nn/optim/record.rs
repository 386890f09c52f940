//! A step as nodes.

use wengert::{Leaf, Scalar, Tape, Var};

use super::{OptimError, Optimiser, SCALARS};

/// A block of parameters as nodes, and what is recorded for its gradient.
#[derive(Debug, Clone, Copy)]
pub struct Block<'t, S: Scalar = f64> {
    /// The parameters.
    pub params: Var<'t, S>,
    /// Their gradient: nodes, or data that a compiler computes
    /// ([`gradient_as`](wengert::Compiler::gradient_as)).
    pub gradient: Var<'t, S>,
    /// Whether the optimiser's weight decay applies.
    pub decays: bool,
}

/// A recorded step: what changes from step to step, what is kept, and what everything becomes.
#[derive(Debug, Clone)]
pub struct RecordedStep<'t, S: Scalar = f64> {
    /// Data to set before each step, to [`Optimiser::step_numbers`] of it.
    pub scalars: [Var<'t, S>; 3],
    /// By block, the data that the rule keeps: 0 at first.
    pub kept: Vec<Vec<Var<'t, S>>>,
    /// By block, the parameters after the step.
    pub params: Vec<Var<'t, S>>,
    /// By block, what is kept after the step.
    pub next: Vec<Vec<Var<'t, S>>>,
}

impl Optimiser {
    /// Records a step: the same statement as a [`Stepper`](super::Stepper)'s, as nodes. A compiler
    /// that feeds `params` and `next` back to the leaves makes a training step of it.
    ///
    /// # Errors
    ///
    /// [`OptimError::Setting`], [`OptimError::Tape`].
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert::{Compiler, Tape};
    /// use wengert_layers::nn::{Block, Optimiser};
    ///
    /// let tape = Tape::new();
    /// let w = tape.param([3.0, -4.0]);
    /// let loss = 0.5 * w.square().sum();
    /// let gradient = tape.data([0.0, 0.0]);
    /// let optimiser = Optimiser::momentum(0.1);
    /// let step = optimiser.record(&tape, &[Block { params: w, gradient, decays: true }])?;
    ///
    /// let mut compiler = Compiler::new(&tape);
    /// compiler.gradient_as(loss, w, gradient)?;
    /// let next = compiler.output(step.params[0])?;
    /// compiler.feed(next, w)?;
    /// let kept = compiler.output(step.next[0][0])?;
    /// compiler.feed(kept, step.kept[0][0])?;
    /// let program = compiler.compile()?;
    /// let (rate, mut workspace) = (program.input(step.scalars[0])?, program.workspace());
    /// for k in 0..2 {
    ///     workspace.set(rate, &[optimiser.step_numbers(k)[0]])?;
    ///     program.run(&mut workspace)?;
    /// }
    /// let mut numbers = [3.0, -4.0];
    /// let mut stepper = optimiser.start(2);
    /// for _ in 0..2 {
    ///     let gradient = numbers;
    ///     stepper.step(&mut numbers, &gradient)?;
    /// }
    /// assert_eq!(workspace.values(next), numbers);
    /// # Ok::<(), wengert_layers::nn::OptimError>(())
    /// ```
    #[track_caller]
    pub fn record<'t, S: Scalar>(
        &self,
        tape: &'t Tape<S>,
        blocks: &[Block<'t, S>],
    ) -> Result<RecordedStep<'t, S>, OptimError> {
        self.check()?;
        let mut leaves = Vec::with_capacity(SCALARS);
        for (name, number) in ["rate", "first", "second"].into_iter().zip(self.scalars(0)) {
            leaves.push(tape.try_leaf(Leaf::Data, S::from_f64(number))?.named(name));
        }
        let scalars = [leaves[0], leaves[1], leaves[2]];
        let mut squares: Option<Var<'t, S>> = None;
        if let super::Clip::Norm(_) = self.clip {
            for block in blocks {
                let square = block.gradient.try_mul(block.gradient)?.sum();
                squares = Some(squares.map_or(square, |sum| sum + square));
            }
        }
        let factor = squares.and_then(|squares| self.factor(squares));
        let mut step = RecordedStep { scalars, kept: vec![], params: vec![], next: vec![] };
        for block in blocks {
            let zeros = vec![S::from_f64(0.0); block.params.len()];
            let mut state = Vec::with_capacity(self.rule.kept());
            for _ in 0..self.rule.kept() {
                state.push(tape.tensor(Leaf::Data, &zeros, block.params.shape())?);
            }
            step.kept.push(state.clone());
            let (p, g) = (block.params, block.gradient);
            step.params.push(self.moved(p, g, &mut state, scalars, factor, block.decays));
            step.next.push(state);
        }
        Ok(step)
    }

    /// The numbers of a step, counted from 0: the rate, and `1 − βᵏ` of both moments, or 1.
    #[must_use]
    pub fn step_numbers(&self, step: u64) -> [f64; 3] {
        self.scalars(step)
    }
}
