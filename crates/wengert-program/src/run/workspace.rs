//! The numbers of a program's runs: inputs set, outputs read, what is fed back, guards checked.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use super::aligned::Aligned;
use super::{Answer, Feed, Float, Guard, Inner, Input, InputInfo, Output};
use crate::exec::InPieces;
use crate::ids::{Id, Place as At};
use crate::internals::Code;
use wengert_tape::{Error, Place};

/// The numbers of a program's runs: inputs, intermediate values, outputs.
#[derive(Clone)]
pub struct Workspace<S: Float = f64> {
    pub(super) program: Arc<Inner<S>>,
    pub(super) memory: Aligned<S>,
    pub(super) offsets: Vec<isize>,
    /// Room for what is fed back, where it must be read before anything is written.
    pub(super) fed: Vec<S>,
    /// How many of the rows count.
    pub(super) live: usize,
}

impl<S: Float> Workspace<S> {
    #[inline]
    pub(super) fn run(&mut self) -> Result<(), Error> {
        let memory = Cell::from_mut(&mut *self.memory).as_slice_of_cells();
        let Inner { tasks, in_pieces, .. } = &*self.program;
        let mut next = 0;
        for InPieces { tasks: whole, pieces } in in_pieces {
            for task in tasks[next..whole.start].iter().chain(pieces) {
                task.run(memory, &mut self.offsets);
            }
            next = whole.end;
        }
        for task in &tasks[next..] {
            task.run(memory, &mut self.offsets);
        }
        self.finish()
    }

    /// As `run`, by machine code.
    #[inline]
    pub(super) fn run_code(&mut self, code: &dyn Code<S>) -> Result<(), Error> {
        let memory = Cell::from_mut(&mut *self.memory).as_slice_of_cells();
        let (tasks, offsets) = (&self.program.tasks, &mut self.offsets);
        code.run(memory, &mut |task| S::run_task(&tasks[task], memory, offsets));
        self.finish()
    }

    /// Checks the guards, and feeds back.
    #[inline]
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        for guard in &self.program.guards {
            guard.check(&self.memory, self.live)?;
        }
        for fault in &self.program.faults {
            fault.check(&self.memory, self.program.rows, self.live)?;
        }
        if !self.fed.is_empty() {
            self.feed_at_once();
            return Ok(());
        }
        for Feed { output, to, dims: to_dims } in &self.program.feeds {
            let Answer { access, dims, shape, .. } = &self.program.outputs[*output];
            if access.is_contiguous(dims) && to.is_contiguous(to_dims) {
                let (from, to) = (access.first().index(), to.first().index());
                self.memory.copy_within(from..from + shape.len(), to);
            } else {
                for i in 0..shape.len() {
                    let value = self.memory[access.element(dims, i).index()];
                    self.memory[to.element(to_dims, i).index()] = value;
                }
            }
        }
        Ok(())
    }

    /// Feeds back where an output is a leaf that is itself fed: all is read before anything is
    /// written.
    #[cold]
    fn feed_at_once(&mut self) {
        let mut at = 0;
        for Feed { output, .. } in &self.program.feeds {
            let Answer { access, dims, .. } = &self.program.outputs[*output];
            access.for_each(dims, |place| {
                self.fed[at] = self.memory[place.index()];
                at += 1;
            });
        }
        at = 0;
        for Feed { to, dims, .. } in &self.program.feeds {
            to.for_each(dims, |place| {
                self.memory[place.index()] = self.fed[at];
                at += 1;
            });
        }
    }

    /// Gives an input new numbers, row-major.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if there are not as many as it has; then it is as it was.
    ///
    /// # Panics
    ///
    /// If the input is of another program than this workspace.
    #[track_caller]
    pub fn set(&mut self, input: Input, values: &[S]) -> Result<(), Error> {
        let info = self.program.info(input);
        if values.len() != info.len * info.rows {
            let shape =
                if info.rows == 1 { info.shape.clone() } else { [info.rows, info.len].into() };
            let (of, found, at) = (format!("{} of ", info.label), values.len(), Place::caller());
            return Err(Error::Length { op: "set", of, shape, found, at });
        }
        if info.rows == 1 {
            self.memory[info.start..info.start + info.len].copy_from_slice(values);
        } else {
            self.set_rows(input, values);
        }
        Ok(())
    }

    /// As `set` for an input that differs from row to row, with fewer rows than the program takes:
    /// the last is repeated.
    pub(crate) fn set_rows(&mut self, input: Input, values: &[S]) {
        let &InputInfo { start, len, rows, .. } = self.program.info(input);
        let given = values.len() / len;
        for (i, lanes) in self.memory[start..start + len * rows].chunks_mut(rows).enumerate() {
            for (row, lane) in lanes.iter_mut().enumerate() {
                *lane = values[row.min(given - 1) * len + i];
            }
        }
    }

    /// Lets the first `live` rows count, and no other.
    pub(crate) fn set_live(&mut self, live: usize) {
        self.live = live;
        if let Some(weight) = self.program.weight {
            for (row, to) in self.memory[weight..weight + self.program.rows].iter_mut().enumerate()
            {
                *to = S::from_f64(if row < live { 1.0 } else { 0.0 });
            }
        }
    }

    /// The numbers of an input as they are: after a run those that were fed back, if any were. Of
    /// one that differs from row to row, number by number, the rows innermost.
    ///
    /// # Panics
    ///
    /// As [`set`](Workspace::set).
    #[must_use]
    #[track_caller]
    pub fn input(&self, input: Input) -> &[S] {
        let info = self.program.info(input);
        &self.memory[info.start..info.start + info.len * info.rows]
    }

    /// The numbers of an input, to be changed in place.
    ///
    /// # Panics
    ///
    /// As [`set`](Workspace::set).
    #[must_use]
    #[track_caller]
    pub fn input_mut(&mut self, input: Input) -> &mut [S] {
        let info = self.program.info(input);
        &mut self.memory[info.start..info.start + info.len * info.rows]
    }

    /// An output that is a single number, after a run.
    ///
    /// # Panics
    ///
    /// If it has axes, or is of another program than this workspace.
    #[must_use]
    #[track_caller]
    pub fn value(&self, output: Output) -> S {
        let asked = self.asked(output);
        assert!(
            asked.shape.is_scalar(),
            "value: the output has shape {}; use values()",
            asked.shape
        );
        asked.read(self.memory[asked.access.first().index()])
    }

    /// An output, row-major, after a run.
    ///
    /// # Panics
    ///
    /// If it is of another program than this workspace.
    #[must_use]
    #[track_caller]
    pub fn values(&self, output: Output) -> Vec<S> {
        let asked = self.asked(output);
        let mut values = Vec::with_capacity(asked.shape.len());
        asked
            .access
            .for_each(&asked.dims, |place| values.push(asked.read(self.memory[place.index()])));
        values
    }

    /// As [`values`](Workspace::values), into the first elements of a slice, without allocating;
    /// how many numbers the output has.
    ///
    /// # Panics
    ///
    /// As [`values`](Workspace::values), and if the slice is shorter.
    #[track_caller]
    pub fn values_into(&self, output: Output, to: &mut [S]) -> usize {
        let asked = self.asked(output);
        let mut count = 0;
        asked.access.for_each(&asked.dims, |place| {
            to[count] = asked.read(self.memory[place.index()]);
            count += 1;
        });
        count
    }

    /// An output that lies in neighbouring places, as it is there: without a copy, and with −0
    /// where the sum of nothing stands.
    ///
    /// # Panics
    ///
    /// As [`values`](Workspace::values).
    #[must_use]
    #[track_caller]
    pub fn slice(&self, output: Output) -> Option<&[S]> {
        let Answer { access, dims, shape, .. } = self.asked(output);
        let first = access.first().index();
        access.is_contiguous(dims).then(|| &self.memory[first..first + shape.len()])
    }

    #[track_caller]
    fn asked(&self, output: Output) -> &Answer {
        self.program.asked(output)
    }

    /// The bytes it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.memory)
    }
}

impl Guard {
    /// The error, if the comparison comes out differently in one of the rows that count.
    fn check<S: Float>(&self, memory: &[S], live: usize) -> Result<(), Error> {
        let [left, right] = &self.places;
        let rows = left.len().max(right.len());
        let at = |places: &[At], row: usize| memory[places[row.min(places.len() - 1)].index()];
        let flipped =
            |&row: &usize| self.comparison.holds(&at(left, row), &at(right, row)) != self.outcome;
        let Some(first) = (0..rows.min(live.max(1))).find(flipped) else { return Ok(()) };
        let error = self.flipped(at(left, first).to_f64(), at(right, first).to_f64());
        if rows == 1 {
            return Err(error);
        }
        Err(Error::GuardFlippedInRows {
            rows: (first..rows.min(live)).filter(flipped).collect(),
            first: Box::new(error),
        })
    }

    #[cold]
    fn flipped(&self, left: f64, right: f64) -> Error {
        Error::GuardFlipped {
            index: self.index,
            comparison: self.comparison,
            left: self.labels[0].clone(),
            right: self.labels[1].clone(),
            left_value: left,
            right_value: right,
            recorded: self.outcome,
            at: self.at,
        }
    }
}

impl<S: Float> fmt::Debug for Workspace<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Workspace({} numbers)", self.memory.len())
    }
}
