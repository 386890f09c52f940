//! A loop whose body computes with single numbers alone, swept back step by step as a tape is.
//!
//! A named optimisation of the loop's pullback: that is a body of its own, which computes a step's
//! values again before it differentiates them. Here the values of some steps are kept, and each
//! step is swept as it was run. The contributions are the pullback's, in its order, so the bits are
//! the same.

use std::ops::Range;

use super::machine::{Machine, Target};
use super::revolve::{Backwards, segment};
use crate::attributes::{self, Body, Given, Number, Step};
use crate::elementwise::with_op;
use crate::real::Scalar;
use crate::rules;
use crate::shape::Layout;
use crate::tensor::Tensor;

/// What the columns of neighbouring steps may take, in bytes. Of steps that do not fit, each is run
/// once more when it is swept.
const KEPT: usize = 64 << 10;

/// Whether a body computes with single numbers alone.
pub(super) fn takes(body: &Body) -> bool {
    body.steps.iter().all(|step| !matches!(step, Step::Run(_)))
}

/// Sweeps all steps of a loop, of which the cotangent `g` of what it returned is known, and calls
/// `add` with the number and the cotangent of every operand.
pub(super) fn sweep<S: Scalar>(
    scan: &attributes::Scan,
    operands: Vec<Vec<S>>,
    g: &[S],
    mut add: impl FnMut(usize, Tensor<'_, S>),
) {
    let machine = Machine::new(scan, operands);
    let first = machine.first_state();
    let mut column = machine.column.clone();
    let advance = |state: &mut [S], t: usize| {
        machine.load(&mut column, state, t);
        machine.run(&mut column, state);
    };
    let mut back = Back::new(&machine, g, first.len());
    let backwards = Backwards { steps: scan.steps, first, advance };
    backwards.segments(scan.snapshots, |advance, first, range| back.segment(advance, first, range));
    for (i, given) in scan.given.iter().enumerate() {
        let layout = Layout::contiguous(scan.operand_shape(i));
        let (data, start) = match *given {
            Given::Carried(k) => (&back.state, scan.state_start(k)),
            Given::Row | Given::Fixed => (&back.shares[i], 0),
        };
        add(i, Tensor { data, start, layout: &layout });
    }
}

/// The cotangents as far as the steps have been swept.
struct Back<'a, S> {
    machine: &'a Machine<'a, S>,
    /// The cotangents of what the loop returned.
    g: &'a [S],
    /// Of a step's column.
    adjoints: Vec<S>,
    /// Of the state after the step that is swept next.
    state: Vec<S>,
    /// Of each operand that is no state.
    shares: Vec<Vec<S>>,
    /// The columns of some steps, one after another; constants and what is fixed stand in them.
    columns: Vec<S>,
}

impl<'a, S: Scalar> Back<'a, S> {
    fn new(machine: &'a Machine<'a, S>, g: &'a [S], states: usize) -> Self {
        let mut state = vec![S::EMPTY; states];
        for output in &machine.outputs {
            if let Target::State(place) = output.to {
                let range = place..place + output.len;
                state[range.clone()].copy_from_slice(&g[range]);
            }
        }
        let share = |(operand, given): (&Vec<S>, &Given)| match given {
            Given::Carried(_) => Vec::new(),
            Given::Row | Given::Fixed => vec![S::EMPTY; operand.len()],
        };
        let shares = machine.operands.iter().zip(&machine.scan.given).map(share).collect();
        let adjoints = vec![S::EMPTY; machine.column.len()];
        Back { machine, g, adjoints, state, shares, columns: Vec::new() }
    }

    /// Sweeps a range of steps, before the first of which the loop had this state.
    fn segment(
        &mut self,
        advance: &mut impl FnMut(&mut [S], usize),
        first: Vec<S>,
        range: Range<usize>,
    ) {
        let machine = self.machine;
        let width = machine.column.len();
        let all = width * range.len();
        if size_of::<S>() * all > KEPT {
            let mut column = machine.column.clone();
            return segment(range, first, advance, &mut |state: &[S], t| {
                machine.load(&mut column, state, t);
                machine.scan.body.run(&mut column);
                self.step(&column, t);
            });
        }
        let mut columns = std::mem::take(&mut self.columns);
        while columns.len() < all {
            columns.extend_from_slice(&machine.column);
        }
        let mut state = first;
        for (column, t) in columns[..all].chunks_exact_mut(width).zip(range.clone()) {
            machine.load(column, &state, t);
            machine.run(column, &mut state);
        }
        for (column, t) in columns[..all].chunks_exact(width).zip(range).rev() {
            self.step(column, t);
        }
        self.columns = columns;
    }

    /// Sweeps a step that filled a column.
    fn step(&mut self, column: &[S], t: usize) {
        let Back { machine, g, adjoints, state, shares, .. } = self;
        let row = machine.scan.row(t);
        adjoints.fill(S::EMPTY);
        for output in machine.outputs.iter().filter(|output| !output.elements.cut) {
            let from = match output.to {
                Target::State(place) => &state[place..place + output.len],
                Target::Rows(first) => &g[first + row * output.len..][..output.len],
            };
            output.add(from, adjoints);
        }
        machine.scan.body.sweep(column, adjoints);
        for (i, input) in machine.inputs.iter().enumerate() {
            let own = adjoints[input.slot..input.slot + input.len].iter();
            match machine.scan.given[i] {
                Given::Carried(k) => {
                    let place = machine.scan.state_start(k);
                    state[place..].iter_mut().zip(own).for_each(|(to, &g)| *to = g);
                }
                Given::Row => {
                    let share = &mut shares[i][row * input.len..];
                    share.iter_mut().zip(own).for_each(|(to, &g)| *to = g);
                }
                Given::Fixed => {
                    shares[i].iter_mut().zip(own).for_each(|(to, &g)| *to = *to + g);
                }
            }
        }
    }
}

impl Body {
    /// Adds the contributions of the steps, the last first, to the adjoints of a column that they
    /// filled.
    fn sweep<S: Scalar>(&self, column: &[S], adjoints: &mut [S]) {
        let value = |of: Number| {
            let value = column[of.slot as usize];
            if S::HAS_TANGENT && of.cut { value.detached() } else { value }
        };
        let mut slot = column.len();
        for step in self.steps.iter().rev() {
            slot -= 1;
            let (g, v) = (adjoints[slot], column[slot]);
            if g.is_zero() {
                continue;
            }
            let mut add = |to: Number, share: Option<S>| {
                if let Some(share) = share {
                    let adjoint = &mut adjoints[to.slot as usize];
                    *adjoint = *adjoint + share;
                }
            };
            match *step {
                Step::Unary(_, a) if a.cut => {}
                Step::Unary(op, a) => with_op!(dispatch_unary, S, op, K => {
                    add(a, rules::unary(K, value(a), v).times(g));
                }),
                Step::Binary(op, a, b) => with_op!(dispatch_binary, S, op, K => {
                    let (x, y) = (value(a), value(b));
                    if !a.cut {
                        add(a, rules::first(K, x, y, v).times(g));
                    }
                    if !b.cut {
                        add(b, rules::second(K, x, y, v).times(g));
                    }
                }),
                Step::Run(_) => unreachable!("such bodies are swept by their pullbacks"),
            }
        }
    }
}
