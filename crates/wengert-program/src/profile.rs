//! A program's listing, and how long each of its tasks takes.

use std::fmt;
use std::time::{Duration, Instant};

use super::listing::Task;
use super::run::{Float, Program, Workspace};
use wengert_tape::Error;

/// One task a paragraph: what runs at once, in order, and for each instruction the first node of
/// the tape that it stands for, by id and path.
impl<S: Float> fmt::Display for Program<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, task) in self.inner.listing.iter().enumerate() {
            writeln!(f, "t{i:<4} {task}")?;
        }
        Ok(())
    }
}

/// How long each task of a program took: see [`Program::profile`].
#[derive(Clone, Debug)]
pub struct Profile {
    tasks: Vec<(Task, Duration)>,
    runs: u32,
}

impl Profile {
    /// The time of each task in one run, the tasks in order.
    #[must_use]
    pub fn times(&self) -> impl ExactSizeIterator<Item = Duration> + '_ {
        self.tasks.iter().map(|(_, time)| *time / self.runs)
    }
}

/// The listing, with the time of each task in front, in nanoseconds a run.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, ((task, _), time)) in self.tasks.iter().zip(self.times()).enumerate() {
            writeln!(f, "{:>10} ns  t{i:<4} {task}", time.as_nanos())?;
        }
        Ok(())
    }
}

impl<S: Float> Program<S> {
    /// Runs `runs` times and measures every task by itself. A clock is read around each, which
    /// costs some 20 ns a task: compare long ones.
    ///
    /// # Errors
    ///
    /// As [`run`](Program::run).
    #[track_caller]
    pub fn profile(&self, workspace: &mut Workspace<S>, runs: u32) -> Result<Profile, Error> {
        let mut times = vec![Duration::ZERO; self.inner.tasks.len()];
        for _ in 0..runs.max(1) {
            self.run_with(workspace, |i, run| {
                let start = Instant::now();
                run();
                times[i] += start.elapsed();
            })?;
        }
        Ok(Profile {
            tasks: self.inner.listing.iter().cloned().zip(times).collect(),
            runs: runs.max(1),
        })
    }
}
