//! A body is run: over numbers, or over an [`Algebra`].

use smallvec::SmallVec;

use super::{Found, Site, compute};
use crate::algebra::Algebra;
use crate::attributes::{Attributes, Body, Elements, Number, Run, Step};
use crate::elementwise::with_op;
use crate::op::{Op, Structural};
use crate::real::Scalar;
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

/// # Over numbers
impl Body {
    /// A column with the constants in their places.
    #[must_use]
    pub fn column<S: Scalar>(&self) -> Vec<S> {
        let mut column = vec![S::EMPTY; self.slots()];
        let first = self.input_len();
        for (slot, &constant) in column[first..].iter_mut().zip(&self.constants) {
            *slot = S::from_f64(constant);
        }
        column
    }

    /// Computes the steps, of a column in which inputs and constants stand. If one of them has no
    /// result, what the body returns is NaN.
    ///
    /// # Panics
    ///
    /// If the column is not one of [`column`](Body::column).
    pub fn run<S: Scalar>(&self, column: &mut [S]) {
        if self.try_run(column).is_some() {
            for output in &self.outputs {
                for offset in output.layout.offsets() {
                    column[output.start as usize + offset] = S::from_f64(f64::NAN);
                }
            }
        }
    }

    /// The fault that numbers run into.
    pub(super) fn fault<S: Scalar>(&self, given: Vec<S>) -> Option<Found> {
        let mut column = self.column();
        column[..given.len()].copy_from_slice(&given);
        self.try_run(&mut column)
    }

    /// Computes the steps up to the first one that has no result.
    pub(super) fn try_run<S: Scalar>(&self, column: &mut [S]) -> Option<Found> {
        let mut slot = self.input_len() + self.constants.len();
        for step in &self.steps {
            match step {
                Step::Unary(op, x) => {
                    let x = number(column, *x);
                    column[slot] = with_op!(dispatch_unary, S, *op, K => x.unary(K));
                }
                Step::Binary(op, x, y) => {
                    let (x, y) = (number(column, *x), number(column, *y));
                    column[slot] = with_op!(dispatch_binary, S, *op, K => x.binary(K, y));
                }
                Step::Run(run) => {
                    let (before, rest) = column.split_at_mut(slot);
                    let len = run.shape.len();
                    compute(run.op, site(run, before), &mut rest[..len]);
                    if self.can_fail()
                        && let Some(found) = fault_of(run, before, &rest[..len])
                    {
                        return Some(found);
                    }
                    slot += len;
                    continue;
                }
            }
            slot += 1;
        }
        None
    }

    /// The outputs' numbers, one output after the other.
    pub fn outputs_of<'a, S: Scalar>(&'a self, column: &'a [S]) -> impl Iterator<Item = S> + 'a {
        self.outputs.iter().flat_map(|output| elements(column, output))
    }
}

/// An output's numbers.
pub(super) fn elements<'a, S: Scalar>(
    column: &'a [S],
    from: &'a Elements,
) -> impl Iterator<Item = S> + 'a {
    let Elements { start, cut, layout } = from;
    layout.offsets().map(move |offset| {
        let value = column[*start as usize + offset];
        if S::HAS_TANGENT && *cut { value.detached() } else { value }
    })
}

fn number<S: Scalar>(column: &[S], Number { slot, cut }: Number) -> S {
    let value = column[slot as usize];
    if S::HAS_TANGENT && cut { value.detached() } else { value }
}

/// The fault of a step that was computed.
fn fault_of<S: Scalar>(run: &Run, before: &[S], result: &[S]) -> Option<Found> {
    let Op::Structural(op) = run.op else { return None };
    let shown = op.shown(&run.shape);
    let may_be = op.can_fail(&run.attributes)
        && op.shows_fault(shown.offsets().map(|offset| result[offset]));
    if may_be { op.fault(&site(run, before)) } else { None }
}

fn site<'a, S: Scalar>(run: &'a Run, before: &'a [S]) -> Site<'a, S> {
    let tensor =
        |of: &'a Elements| Tensor { data: before, start: of.start as usize, layout: &of.layout };
    Site {
        operands: run.operands.iter().map(tensor).collect(),
        cut: run.operands.iter().map(|of| of.cut).collect(),
        shape: &run.shape,
        attributes: &run.attributes,
        run: &[],
    }
}

/// What a step filled, over an algebra.
#[doc(hidden)]
#[derive(Debug)]
pub struct Filled<T> {
    /// Its first slot.
    pub start: usize,
    /// How many slots it filled.
    pub len: usize,
    /// With what.
    pub run: T,
}

/// # Over an algebra
impl Body {
    /// The outputs as operations of an algebra: what the body does, written out.
    ///
    /// # Panics
    ///
    /// If there is no operand, or another number of them than the body has inputs.
    #[must_use]
    #[track_caller]
    pub fn written_out<T: Algebra>(&self, operands: &[T]) -> Vec<T> {
        assert_eq!(operands.len(), self.inputs.len(), "an operand for every input");
        let mut known: Vec<Filled<T>> = Vec::new();
        let mut slot = 0;
        let mut fill = |known: &mut Vec<Filled<T>>, len: usize, run: T| {
            known.push(Filled { start: slot, len, run });
            slot += len;
        };
        for (shape, &operand) in self.inputs.iter().zip(operands) {
            fill(&mut known, shape.len(), operand);
        }
        for &constant in &self.constants {
            fill(&mut known, 1, operands[0].like(constant));
        }
        for step in &self.steps {
            let (len, run) = match step {
                Step::Unary(op, x) => (1, one(&known, *x).unary(*op)),
                Step::Binary(op, x, y) => (1, one(&known, *x).binary(*op, one(&known, *y))),
                Step::Run(run) => (run.shape.len(), written(&known, run)),
            };
            fill(&mut known, len, run);
        }
        self.outputs.iter().map(|output| view(&known, output)).collect()
    }
}

#[track_caller]
fn written<T: Algebra>(known: &[Filled<T>], run: &Run) -> T {
    let operands: SmallVec<[T; 3]> = run.operands.iter().map(|of| view(known, of)).collect();
    match run.op {
        Op::Leaf(_) => unreachable!("a body computes what is no input and no constant"),
        Op::Unary(op) => operands[0].unary(op),
        Op::Binary(op) => operands[0].binary(op, operands[1]),
        Op::Structural(op) => T::structural(op, &operands, run.attributes.clone()),
    }
}

/// The step that filled a slot.
fn holding<T>(known: &[Filled<T>], slot: usize) -> &Filled<T> {
    &known[known.partition_point(|filled| filled.start <= slot) - 1]
}

#[track_caller]
fn one<T: Algebra>(known: &[Filled<T>], Number { slot, cut }: Number) -> T {
    let number = at(known, slot as usize);
    if cut { number.still() } else { number }
}

/// A single number.
#[track_caller]
fn at<T: Algebra>(known: &[Filled<T>], slot: usize) -> T {
    let &Filled { start, len, run } = holding(known, slot);
    if len == 1 {
        return if run.extents().is_scalar() { run } else { run.reshaped(&Shape::scalar()) };
    }
    let flat = run.reshaped(&Shape::from([len]));
    flat.part(0, slot - start..slot - start + 1).reshaped(&Shape::scalar())
}

/// Elements of the column, by views of what the steps filled where there is such a view.
#[doc(hidden)]
#[track_caller]
pub fn view<T: Algebra>(known: &[Filled<T>], from: &Elements) -> T {
    let (start, layout) = (from.start as usize, &from.layout);
    let &Filled { start: first, len, run } = holding(known, start);
    let inside = start - first + layout.last_offset() < len;
    let seen = if layout.shape().is_scalar() {
        at(known, start)
    } else if inside {
        of_run(run, len, start - first, layout)
    } else {
        let numbers: Vec<T> = layout.offsets().map(|offset| at(known, start + offset)).collect();
        let stacked = T::structural(Structural::Stack, &numbers, Attributes::None);
        stacked.reshaped(layout.shape())
    };
    if from.cut { seen.still() } else { seen }
}

#[track_caller]
fn of_run<T: Algebra>(run: T, len: usize, first: usize, layout: &Layout) -> T {
    let shape = layout.shape();
    // What is repeated is one element along that axis.
    let repeats = |axis: usize| layout.strides()[axis] == 0 && shape.dims()[axis] > 1;
    if (0..shape.rank()).any(repeats) {
        let once = (0..shape.rank()).filter(|&axis| repeats(axis));
        let once = once.fold(layout.clone(), |layout, axis| layout.narrow(axis, 1));
        return of_run(run, len, first, &once).repeated(shape);
    }
    if layout.is_contiguous() {
        let flat = || run.reshaped(&Shape::from([len]));
        return match layout.len() == len {
            true if run.extents() == *shape => run,
            true => run.reshaped(shape),
            false => flat().part(0, first..first + layout.len()).reshaped(shape),
        };
    }
    // The whole run with its axes in another order.
    let mut order: Vec<usize> = (0..shape.rank()).collect();
    order.sort_by_key(|&axis| std::cmp::Reverse(layout.strides()[axis]));
    let turned = layout.permute(&order);
    if layout.len() == len && turned.is_contiguous() {
        let mut back = vec![0; order.len()];
        for (to, &axis) in order.iter().enumerate() {
            back[axis] = to;
        }
        return run.reshaped(turned.shape()).permuted(&back);
    }
    let positions = layout.offsets().map(|offset| (first + offset) as u32).collect();
    let attributes = Attributes::Positions { positions, shape: shape.clone() };
    T::structural(Structural::Gather, &[run], attributes)
}
