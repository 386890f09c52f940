//! Any number of rows through a program for a block of rows, block after block or over threads.

use std::sync::{Mutex, PoisonError};

use super::run::{Float, Input, Output, Program, ProgramId, Workspace};
use wengert_tape::Error;

/// A program for many [`rows`](super::Compiler::rows), and workspaces for as many threads as run it
/// at once.
///
/// Blocks of rows are computed on the threads of the current `rayon` pool
/// (`rayon::ThreadPool::install` chooses another), or without the feature `threads` one after
/// another. What is summed over rows is added up within each block in the order of its rows, and
/// over the blocks in their order: the same bits for every number of threads.
///
/// # Examples
///
/// ```
/// use wengert::{Compiler, Tape};
/// use wengert::program::Batch;
///
/// let tape = Tape::new();
/// let (w, x) = (tape.param([1.0, -1.0]), tape.data([0.0, 0.0]));
/// let loss = w.dot(x).square(); // of one row
///
/// let mut compiler = Compiler::new(&tape);
/// compiler.rows(64, &[x])?;
/// let (losses, gradient) = (compiler.output(loss)?, compiler.gradient(loss, w)?);
/// let program = compiler.compile()?;
/// let (w, x) = (program.input(w)?, program.input(x)?);
///
/// let batch = Batch::new(program);
/// let rows = [2.0, 1.0, 0.0, 3.0, 1.0, 1.0]; // three rows
/// let result = batch.run(&[(w, &[1.0, -1.0])], &[(x, &rows)])?;
/// assert_eq!(result.values(losses), [1.0, 9.0, 0.0]);
/// assert_eq!(result.values(gradient), [4.0, -16.0]); // Σ 2 (w·x) x
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Debug)]
pub struct Batch<S: Float = f64> {
    program: Program<S>,
    /// Workspaces that no thread is using.
    idle: Mutex<Vec<Workspace<S>>>,
}

/// What a batch computed.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchOutputs<S> {
    program: ProgramId,
    outputs: Vec<Vec<S>>,
}

impl<S> BatchOutputs<S> {
    /// An output, row-major: one after another for what every row has its own of, else summed over
    /// the rows.
    ///
    /// # Panics
    ///
    /// If the output is of another program.
    #[must_use]
    #[track_caller]
    pub fn values(&self, output: Output) -> &[S] {
        assert!(output.program == self.program, "output {} is of another program", output.index);
        &self.outputs[output.index as usize]
    }
}

/// So many blocks are computed before their sums are added up: a bound on what is kept.
const WAVE: usize = 64;

/// `f` of each block's first row, in their order: on the threads of the current pool.
#[cfg(feature = "threads")]
fn in_turn_or_on_threads<T: Send>(blocks: &[usize], f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    use rayon::prelude::*;
    blocks.par_iter().map(|&first| f(first)).collect()
}

/// `f` of each block's first row, in their order: one after another, as there are no threads
/// without the feature `threads`.
#[cfg(not(feature = "threads"))]
fn in_turn_or_on_threads<T>(blocks: &[usize], f: impl Fn(usize) -> T) -> Vec<T> {
    blocks.iter().map(|&first| f(first)).collect()
}

impl<S: Float> Batch<S> {
    /// A batch of the program.
    #[must_use]
    pub fn new(program: Program<S>) -> Self {
        Batch { program, idle: Mutex::new(Vec::new()) }
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Program<S> {
        &self.program
    }

    /// Computes all rows: `same` gives inputs that are the same for every row, `rows` those that
    /// are not, row after row.
    ///
    /// # Errors
    ///
    /// [`Error::Rows`] if the inputs do not hold whole rows, or not as many of them;
    /// [`Error::Length`]; [`Error::GuardFlippedInRows`] with the rows counted within the first
    /// block in which a comparison came out differently.
    pub fn run(
        &self,
        same: &[(Input, &[S])],
        rows: &[(Input, &[S])],
    ) -> Result<BatchOutputs<S>, Error> {
        let count = self.count(rows)?;
        let mut total: Option<Vec<Vec<S>>> = None;
        let blocks: Vec<usize> = (0..count).step_by(self.program.rows()).collect();
        for wave in blocks.chunks(WAVE) {
            let results = in_turn_or_on_threads(wave, |first| self.block(same, rows, first, count));
            for result in results {
                let block = result?;
                match &mut total {
                    None => total = Some(block),
                    Some(total) => self.add(total, block),
                }
            }
        }
        Ok(BatchOutputs { program: self.program.inner.id, outputs: total.unwrap_or_default() })
    }

    /// The number of rows, the same for every input.
    fn count(&self, rows: &[(Input, &[S])]) -> Result<usize, Error> {
        let mut count = None;
        for &(input, values) in rows {
            let info = self.program.info(input);
            let expected = *count.get_or_insert(values.len() / info.len);
            if values.len() != expected * info.len || expected == 0 {
                let (input, len) = (info.label.clone(), info.len);
                return Err(Error::Rows { input, len, found: values.len(), rows: expected });
            }
        }
        Ok(count.unwrap_or(0))
    }

    fn block(
        &self,
        same: &[(Input, &[S])],
        rows: &[(Input, &[S])],
        first: usize,
        count: usize,
    ) -> Result<Vec<Vec<S>>, Error> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let mut workspace = waiting.unwrap_or_else(|| self.program.workspace());
        let live = self.program.rows().min(count - first);
        for &(input, values) in same {
            workspace.set(input, values)?;
        }
        for &(input, values) in rows {
            let len = self.program.info(input).len;
            workspace.set_rows(input, &values[first * len..(first + live) * len]);
        }
        workspace.set_live(live);
        self.program.run(&mut workspace)?;
        let of = |output: Output| {
            let mut values = workspace.values(output);
            if self.program.asked(output).per_row {
                values.truncate(values.len() / self.program.rows() * live);
            }
            values
        };
        let outputs = self.program.outputs().into_iter().map(of).collect();
        idle().push(workspace);
        Ok(outputs)
    }

    fn add(&self, total: &mut [Vec<S>], block: Vec<Vec<S>>) {
        for (output, (total, block)) in
            self.program.outputs().into_iter().zip(total.iter_mut().zip(block))
        {
            let asked = self.program.asked(output);
            if asked.per_row {
                total.extend(block);
            } else if asked.is_gradient {
                total.iter_mut().zip(block).for_each(|(total, more)| *total = *total + more);
            }
        }
    }
}
