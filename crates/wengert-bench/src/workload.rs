//! What a row of the table is made of.

use crate::timing::Contender;

/// How a gradient comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The program is recorded anew for every gradient.
    Recorded,
    /// Recorded once; new numbers go into the same tape.
    Replayed,
    /// Recorded once and compiled.
    Compiled,
    /// Compiled, written as Rust, and compiled with the benchmark.
    Source,
    /// Compiled, and run as machine code that was made at run time.
    Jit,
}

impl Mode {
    /// In the order of the columns.
    pub(crate) const ALL: [Mode; 3] = [Mode::Recorded, Mode::Replayed, Mode::Compiled];
    /// In the order of the lines below a row.
    pub(crate) const BELOW: [Mode; 2] = [Mode::Source, Mode::Jit];

    /// As the tables call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Mode::Recorded => "recorded",
            Mode::Replayed => "replayed",
            Mode::Compiled => "compiled",
            Mode::Source => "source",
            Mode::Jit => "jit",
        }
    }
}

/// What a mode should reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim {
    /// Times the hand-written gradient of the same run.
    Ratio(f64),
    /// In the row's unit.
    Value(f64),
}

/// What a time is given in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    /// `us/step`
    pub(crate) name: &'static str,
    /// Units of time in a second.
    pub(crate) per_second: f64,
    /// Steps, operations or nodes in one call.
    pub(crate) per_call: f64,
}

impl Unit {
    /// Nanoseconds per one of `per_call` parts of a call.
    pub(crate) fn ns(name: &'static str, per_call: usize) -> Self {
        Unit { name, per_second: 1e9, per_call: per_call as f64 }
    }

    /// Microseconds per call.
    pub(crate) fn us(name: &'static str) -> Self {
        Unit { name, per_second: 1e6, per_call: 1.0 }
    }

    /// A time per call in this unit.
    pub(crate) fn of(self, seconds: f64) -> f64 {
        seconds * self.per_second / self.per_call
    }
}

/// A row's heading.
#[derive(Clone, Debug)]
pub(crate) struct About {
    /// `W2`; rows that belong together share it up to the first blank or dash.
    pub(crate) id: String,
    /// What is computed, with its sizes and its type.
    pub(crate) what: String,
    /// Of each side.
    pub(crate) threads: usize,
    pub(crate) unit: Unit,
    /// In the order of [`Mode::ALL`].
    pub(crate) aims: [Option<Aim>; 3],
    /// In the order of [`Mode::BELOW`].
    pub(crate) aims_below: [Option<Aim>; 2],
    /// What others measured on their machine (see `table.rs`), in the row's unit.
    pub(crate) reference: &'static str,
}

/// A number that is not a time of a contender: bytes a node, time to compile.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) mode: Mode,
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
}

/// What is timed side by side.
pub(crate) struct Contenders<'a> {
    pub(crate) hand: Contender<'a>,
    /// In the order of [`Mode::ALL`]; `None` is not there yet.
    pub(crate) modes: [Option<Contender<'a>>; 3],
    /// In the order of [`Mode::BELOW`].
    pub(crate) below: [Option<Contender<'a>>; 2],
    pub(crate) facts: Vec<Fact>,
}

/// Takes the contenders while what they borrow is alive.
pub(crate) type Measure<'m> = &'m mut dyn FnMut(Contenders<'_>);

/// One row of the table.
pub(crate) trait Workload {
    /// The heading.
    fn about(&self) -> About;

    /// Sets every contender up, compares their gradients with the hand-written one, and hands them
    /// to `measure`.
    ///
    /// # Panics
    ///
    /// If two gradients differ.
    fn run(&self, measure: Measure<'_>);
}
