//! A loop over numbers: its body's column is laid out once, and filled anew at every step.

use super::body::elements;
use crate::attributes::{self, Elements, Given, Returned};
use crate::real::Scalar;

/// A loop over numbers.
pub(super) struct Machine<'a, S> {
    pub(super) scan: &'a attributes::Scan,
    /// The operands' numbers; none of what is put into the column by hand.
    pub(super) operands: Vec<Vec<S>>,
    /// The body's column.
    pub(super) column: Vec<S>,
    pub(super) inputs: Vec<Input>,
    pub(super) outputs: Vec<Output<'a>>,
}

/// Where a step's input comes from, and where in the column it stands.
pub(super) struct Input {
    pub(super) slot: usize,
    pub(super) len: usize,
    pub(super) from: Source,
}

#[derive(Clone, Copy)]
pub(super) enum Source {
    /// The state, from a place on.
    State(usize),
    /// Rows of the operand.
    Rows,
    /// It is in the column already.
    There,
}

/// Where a step's output stands in the column, and where it goes.
pub(super) struct Output<'a> {
    pub(super) elements: &'a Elements,
    pub(super) len: usize,
    /// Neighbours in the column, which are copied as they stand.
    run: Option<usize>,
    pub(super) to: Target,
}

#[derive(Clone, Copy)]
pub(super) enum Target {
    /// Into the state, from a place on.
    State(usize),
    /// Rows of the result, from a place on.
    Rows(usize),
}

impl Output<'_> {
    fn write<S: Scalar>(&self, column: &[S], to: &mut [S]) {
        match self.run {
            Some(slot) => copy(&column[slot..slot + self.len], &mut to[..self.len]),
            None => {
                for (to, value) in to.iter_mut().zip(elements(column, self.elements)) {
                    *to = value;
                }
            }
        }
    }

    /// Adds numbers to what it stands at in a column.
    pub(super) fn add<S: Scalar>(&self, from: &[S], column: &mut [S]) {
        if let Some(slot) = self.run {
            for (to, &from) in column[slot..slot + self.len].iter_mut().zip(from) {
                *to = *to + from;
            }
            return;
        }
        for (offset, &from) in self.elements.layout.offsets().zip(from) {
            let to = &mut column[self.elements.start as usize + offset];
            *to = *to + from;
        }
    }
}

/// A loop: most of what is copied is one number, and the call of a copying function costs more.
fn copy<S: Copy>(from: &[S], to: &mut [S]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = from;
    }
}

impl<'a, S: Scalar> Machine<'a, S> {
    pub(super) fn new(scan: &'a attributes::Scan, operands: Vec<Vec<S>>) -> Self {
        let mut column = scan.body.column();
        let mut inputs = Vec::with_capacity(operands.len());
        let mut slot = 0;
        for ((given, shape), operand) in scan.given.iter().zip(&scan.body.inputs).zip(&operands) {
            let len = shape.len();
            let from = match *given {
                _ if operand.is_empty() => Source::There,
                Given::Carried(k) => Source::State(scan.state_start(k)),
                Given::Row => Source::Rows,
                Given::Fixed => {
                    column[slot..slot + len].copy_from_slice(operand);
                    Source::There
                }
            };
            inputs.push(Input { slot, len, from });
            slot += len;
        }
        let output = |(o, elements): (usize, &'a Elements)| {
            let to = match scan.returned[o] {
                Returned::Carried(k) => Target::State(scan.state_start(k)),
                Returned::Row => Target::Rows(scan.output_start(o)),
            };
            let still = S::HAS_TANGENT && elements.cut;
            let neighbours = elements.layout.is_contiguous() && !still;
            let run = neighbours.then_some(elements.start as usize);
            Output { elements, len: elements.layout.len(), run, to }
        };
        let outputs = scan.body.outputs.iter().enumerate().map(output).collect();
        Machine { scan, operands, column, inputs, outputs }
    }

    pub(super) fn first_state(&self) -> Vec<S> {
        let mut state = vec![S::EMPTY; self.scan.state_start(self.scan.states())];
        for (input, operand) in self.inputs.iter().zip(&self.operands) {
            if let Source::State(place) = input.from {
                state[place..place + operand.len()].copy_from_slice(operand);
            }
        }
        state
    }

    /// Writes what a step is given into a column.
    pub(super) fn load(&self, column: &mut [S], state: &[S], t: usize) {
        let row = self.scan.row(t);
        for (&Input { slot, len, from }, operand) in self.inputs.iter().zip(&self.operands) {
            let numbers = match from {
                Source::State(place) => &state[place..place + len],
                Source::Rows => &operand[row * len..(row + 1) * len],
                Source::There => continue,
            };
            copy(numbers, &mut column[slot..slot + len]);
        }
    }

    /// Runs the body over a column: the state before a step becomes the one after it.
    pub(super) fn run(&self, column: &mut [S], state: &mut [S]) {
        self.scan.body.run(column);
        for output in &self.outputs {
            if let Target::State(place) = output.to {
                output.write(column, &mut state[place..]);
            }
        }
    }

    /// A step of the loop.
    pub(super) fn step(&mut self, state: &mut [S], t: usize) {
        let mut column = std::mem::take(&mut self.column);
        self.load(&mut column, state, t);
        self.run(&mut column, state);
        self.column = column;
    }

    /// Writes the rows that a step returned.
    pub(super) fn collect(&self, t: usize, result: &mut [S]) {
        let row = self.scan.row(t);
        for output in &self.outputs {
            if let Target::Rows(first) = output.to {
                output.write(&self.column, &mut result[first + row * output.len..]);
            }
        }
    }
}

/// The loop of cotangents, over the states as they are visited.
pub(super) struct Back<'a, S> {
    machine: Machine<'a, S>,
    /// Of each state that is visited its place, and its slot and length in the column.
    visited: Vec<(usize, usize, usize)>,
    state: Vec<S>,
    result: Vec<S>,
}

impl<'a, S: Scalar> Back<'a, S> {
    /// Of the loop `forward` and its pullback, with the cotangent `g` of what it returned.
    pub(super) fn new(
        forward: &attributes::Scan,
        back: &'a attributes::Scan,
        operands: &[Vec<S>],
        g: &[S],
    ) -> Self {
        let mut given: Vec<Vec<S>> = Vec::with_capacity(back.given.len());
        let mut visited = Vec::new();
        let mut slot = 0;
        for (i, operand) in operands.iter().enumerate() {
            let len = forward.body.inputs[i].len();
            given.push(match forward.given[i] {
                Given::Carried(k) => {
                    visited.push((forward.state_start(k), slot, len));
                    Vec::new()
                }
                Given::Row | Given::Fixed => operand.clone(),
            });
            slot += len;
        }
        for o in 0..forward.returned.len() {
            let start = forward.output_start(o);
            given.push(g[start..start + forward.output_shape(o).len()].to_vec());
        }
        for (i, operand) in operands.iter().enumerate() {
            if forward.given[i] == Given::Fixed {
                given.push(vec![S::EMPTY; operand.len()]);
            }
        }
        let machine = Machine::new(back, given);
        let state = machine.first_state();
        Back { machine, visited, state, result: vec![S::EMPTY; back.output_len()] }
    }

    /// The step `t` of the loop, before which it had this state.
    pub(super) fn step(&mut self, before: &[S], t: usize) {
        let t = self.machine.scan.steps - 1 - t;
        let mut column = std::mem::take(&mut self.machine.column);
        self.machine.load(&mut column, &self.state, t);
        for &(place, slot, len) in &self.visited {
            copy(&before[place..place + len], &mut column[slot..slot + len]);
        }
        self.machine.run(&mut column, &mut self.state);
        self.machine.column = column;
        self.machine.collect(t, &mut self.result);
    }

    /// The cotangents of what the loop was given.
    pub(super) fn shares(&mut self) -> &[S] {
        self.result[..self.state.len()].copy_from_slice(&self.state);
        &self.result
    }
}
