//! The handle of a node: what a program computes with.

mod apply;
mod axes;
mod compare;
mod einsum;
mod functions;
mod key;
mod leaves;
mod linalg;
mod linear;
mod lookup;
mod norms;
mod operators;
mod reduce;
mod solve;
mod sort;
mod variance;
mod views;

pub use axes::{Axes, Axis, Last};
pub use key::Key;

use std::fmt;

use smallvec::SmallVec;

use crate::attributes::Attributes;
use crate::error::{Error, NodeId, Place};
use crate::kernels::Tensor;
use crate::op::{Binary, Op, Unary};
use crate::real::{Real, Scalar};
use crate::run::{Facts, View};
use crate::shape::{Layout, Shape};
use crate::tape::{Step, Tape, join};

/// A number, or a run of numbers, on a tape.
///
/// `Copy`, 16 bytes: a reference to the tape, a slot, and an index of the shape. Operators and
/// functions record a node and compute its value at once. They panic on misuse (handles of two
/// tapes, shapes that do not fit, a full tape) with a message that names the operands and the
/// caller's line; every recorded op has a `try_` twin that returns it as an [`Error`]:
/// [`try_unary`](Var::try_unary), [`try_binary`](Var::try_binary), [`try_matmul`](Var::try_matmul)
/// and so on.
///
/// Shapes, axes and broadcasting are NumPy's, with two differences. Axes count from 0, the
/// outermost, and are not negative: the last one is `x.shape().rank() - 1`, and what is about the
/// last two axes ([`t`](Var::t), [`matmul`](Var::matmul)) needs no number. And reductions drop
/// their axes; [`insert_axis`](Var::insert_axis) brings one back, to broadcast against the operand.
///
/// Comparisons with `<`, `<=`, `>`, `>=`, `==` compare **values** and record a guard, so that a
/// replay at other inputs notices where the program would have branched differently.
///
/// # Examples
///
/// ```
/// let tape = wengert::Tape::new();
/// let (x, y) = (tape.input(0.5), tape.input(2.0));
/// let z = (x * y).sin() + 1.0 / y;
/// let gradients = z.backward();
/// assert_eq!(gradients.wrt(x), 2.0 * libm::cos(1.0));
/// ```
pub struct Var<'t, S: Scalar = f64> {
    pub(crate) tape: &'t Tape<S>,
    pub(crate) view: View,
}

impl<S: Scalar> Clone for Var<'_, S> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Scalar> Copy for Var<'_, S> {}

/// What stands beside a [`Var`] in an operation: another `Var`, or a plain number.
pub trait Operand<'t, S: Scalar>: Copy {
    /// The operand as a handle; a number becomes a constant of `tape`.
    #[doc(hidden)]
    #[track_caller]
    fn on(self, tape: &'t Tape<S>) -> Var<'t, S>;

    /// The operand if it is a handle: what can be checked before a number becomes a constant.
    #[doc(hidden)]
    fn as_var(self) -> Option<Var<'t, S>>;

    /// As `on`, with a full tape as an error of `op`.
    #[doc(hidden)]
    #[track_caller]
    fn try_on(self, tape: &'t Tape<S>, op: &'static str) -> Result<Var<'t, S>, Error>;
}

impl<'t, S: Scalar> Operand<'t, S> for Var<'t, S> {
    #[inline(always)]
    fn on(self, _tape: &'t Tape<S>) -> Var<'t, S> {
        self
    }

    #[inline(always)]
    fn as_var(self) -> Option<Var<'t, S>> {
        Some(self)
    }

    #[inline(always)]
    fn try_on(self, _tape: &'t Tape<S>, _op: &'static str) -> Result<Var<'t, S>, Error> {
        Ok(self)
    }
}

impl<'t, S: Scalar> Operand<'t, S> for S {
    #[inline(always)]
    #[track_caller]
    fn on(self, tape: &'t Tape<S>) -> Var<'t, S> {
        tape.number(self)
    }

    #[inline(always)]
    fn as_var(self) -> Option<Var<'t, S>> {
        None
    }

    #[track_caller]
    fn try_on(self, tape: &'t Tape<S>, op: &'static str) -> Result<Var<'t, S>, Error> {
        Ok(Var { tape, view: View::scalar(tape.try_intern(self, op)?).cut_if(true) })
    }
}

impl<S: Scalar> Tape<S> {
    /// A plain number met by an operator.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn number(&self, value: S) -> Var<'_, S> {
        Var { tape: self, view: View::scalar(self.intern(value)).cut_if(true) }
    }
}

pub(crate) use crate::shape::DO_NOT_BROADCAST;

/// The value, or a panic with the error's message at the caller's line.
#[track_caller]
pub(crate) fn or_panic<T>(result: Result<T, Error>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

/// # What it is, and its numbers
impl<'t, S: Scalar> Var<'t, S> {
    /// The tape it stands on.
    #[must_use]
    pub fn tape(self) -> &'t Tape<S> {
        self.tape
    }

    /// The id of its first slot: `v10`.
    #[must_use]
    pub fn id(self) -> NodeId {
        NodeId(self.view.start())
    }

    /// Its extents; `[]` for a single number.
    #[must_use]
    pub fn shape(self) -> Shape {
        if self.is_scalar() { Shape::scalar() } else { self.layout().shape().clone() }
    }

    /// The number of elements.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a Var is never empty")]
    pub fn len(self) -> usize {
        if self.is_scalar() { 1 } else { self.facts().len }
    }

    pub(crate) fn facts(self) -> Facts {
        self.tape.side.borrow().layouts.facts(self.view.layout())
    }

    /// Whether this is a single number without axes.
    #[must_use]
    #[inline(always)]
    pub fn is_scalar(self) -> bool {
        self.view.layout() == crate::run::SCALAR
    }

    /// The value of a single number, free to print. It is not guarded: a branch on it is invisible
    /// to a replay; compare `Var`s themselves to branch.
    ///
    /// # Panics
    ///
    /// If this has axes; see [`values`](Var::values).
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn value(self) -> S {
        assert!(self.is_scalar(), "value: {} has shape {}; use values()", self.id(), self.shape());
        self.tape.columns.value(self.view.start())
    }

    /// Lends the values, row-major: where they lie side by side as they are, without a copy; the
    /// elements of a view that does not run through neighbouring slots ([`t`](Var::t),
    /// [`broadcast_to`](Var::broadcast_to)) as a copy.
    ///
    /// # Panics
    ///
    /// If `f` records on the tape, or replays it: the values are lent out, and would move.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let squares = tape.input([1.0, 2.0, 3.0]).square();
    /// let largest = squares.with_values(|values| values.iter().copied().fold(0.0, f64::max));
    /// assert_eq!(largest, 9.0);
    /// ```
    pub fn with_values<R>(self, f: impl FnOnce(&[S]) -> R) -> R {
        let (facts, start) = (self.facts(), self.view.start() as usize);
        if !facts.contiguous {
            return f(&self.values());
        }
        self.tape.columns.read(|_, values| f(&values[start..start + facts.len]))
    }

    /// A copy of the values in row-major order; one for a single number.
    /// [`with_values`](Var::with_values) lends them without one.
    #[must_use]
    pub fn values(self) -> Vec<S> {
        let side = self.tape.side.borrow();
        self.tape
            .columns
            .read(|_, values| Tensor::of(values, self.view, &side.layouts).elements().collect())
    }

    /// Gives the node, or this part of one, a name under the open scope: `scope/name`. It shows in
    /// listings, errors, traces and snapshots, with this line. A name in use gets `#2`; a later
    /// name replaces an earlier one.
    #[track_caller]
    #[must_use = "returns the same handle, for chaining"]
    pub fn named(self, name: &str) -> Self {
        let mut side = self.tape.side.borrow_mut();
        let path = join(side.scopes.path(self.tape.current_scope()), name);
        side.names.insert(self.view, path, Place::caller());
        self
    }

    /// The path under which [`named`](Var::named) put it, `scope/name`, if it has a name.
    #[must_use]
    pub fn name(self) -> Option<String> {
        self.tape.side.borrow().names.get(self.view).map(|name| name.path.clone())
    }

    /// The same number to compute with, through which no derivative passes: JAX's `stop_gradient`.
    /// It costs no node.
    #[doc(alias = "stop_gradient")]
    #[must_use]
    pub fn detach(self) -> Self {
        Var { tape: self.tape, view: self.view.cut_if(true) }
    }

    /// Whether derivatives stop at this handle: a constant, data, what is computed of those alone,
    /// or a detached one.
    #[must_use]
    pub fn is_detached(self) -> bool {
        self.view.is_cut()
    }

    /// Whether two handles are of the same slots of the same tape. (`==` compares values.)
    #[must_use]
    pub fn is_same_node(self, other: Self) -> bool {
        std::ptr::eq(self.tape, other.tape) && self.view.uncut() == other.view.uncut()
    }

    /// Where its elements lie from its first slot on.
    #[must_use]
    pub fn layout(self) -> crate::shape::Layout {
        self.tape.side.borrow().layouts.get(self.view.layout()).clone()
    }

    /// The error if `other` stands on another tape.
    #[track_caller]
    pub(crate) fn same_tape(self, op: &'static str, other: Self) -> Result<(), Error> {
        if std::ptr::eq(self.tape, other.tape) {
            return Ok(());
        }
        Err(Error::TwoTapes {
            op,
            left: self.tape.made_at(),
            right: other.tape.made_at(),
            at: Place::caller(),
        })
    }

    /// A new node of this tape; cut if all its operands are.
    #[track_caller]
    pub(crate) fn record(
        tape: &'t Tape<S>,
        op: Op,
        shape: Shape,
        operands: SmallVec<[View; 3]>,
        attributes: Attributes,
    ) -> Result<Self, Error> {
        let len = shape.len();
        let layout = tape.side.borrow_mut().layouts.intern(Layout::contiguous(shape));
        Self::record_run(tape, op, (layout, len), operands, attributes)
    }

    /// As `record`, of a contiguous layout that is in the table, and its length.
    #[track_caller]
    fn record_run(
        tape: &'t Tape<S>,
        op: Op,
        run: (u32, usize),
        operands: SmallVec<[View; 3]>,
        attributes: Attributes,
    ) -> Result<Self, Error> {
        let cut = operands.iter().all(|operand| operand.is_cut());
        let view = tape.push_op(op, run, operands, attributes)?;
        Ok(Var { tape, view: view.cut_if(cut) })
    }

    /// The layout and the length of a result that has the shape of this, if this is contiguous.
    fn run_alike(self) -> Option<(u32, usize)> {
        let facts = self.facts();
        facts.contiguous.then(|| (self.view.layout(), facts.len))
    }

    /// Records `op` of this.
    ///
    /// # Errors
    ///
    /// [`Error::Full`].
    #[track_caller]
    pub fn try_unary(self, op: Unary) -> Result<Self, Error> {
        let start = self.view.start();
        if self.is_scalar() {
            let value = self.tape.columns.value(start).unary(op);
            let slot = self.tape.push(Step::unary(op, start, self.view.is_cut()), value)?;
            return Ok(Var {
                tape: self.tape,
                view: View::scalar(slot).cut_if(self.view.is_cut()),
            });
        }
        let operands = SmallVec::from_slice(&[self.view]);
        match self.run_alike() {
            Some(run) => {
                Self::record_run(self.tape, Op::Unary(op), run, operands, Attributes::None)
            }
            None => {
                Self::record(self.tape, Op::Unary(op), self.shape(), operands, Attributes::None)
            }
        }
    }

    /// Records `op` of this and another, after broadcasting.
    ///
    /// # Errors
    ///
    /// [`Error::TwoTapes`], [`Error::Shapes`] if the shapes do not broadcast, [`Error::Full`].
    #[track_caller]
    pub fn try_binary(self, op: Binary, other: impl Operand<'t, S>) -> Result<Self, Error> {
        let other = other.try_on(self.tape, op.name())?;
        self.same_tape(op.name(), other)?;
        // There is no derivative by an integer, so none of the derivative by it either.
        let other = if op.takes_an_integer() { other.detach() } else { other };
        if self.is_scalar() && other.is_scalar() {
            let (a, b) = (self.view, other.view);
            let value =
                self.tape.columns.value(a.start()).binary(op, self.tape.columns.value(b.start()));
            let slot = self
                .tape
                .push(Step::binary(op, a.start(), b.start(), a.is_cut(), b.is_cut()), value)?;
            return Ok(Var {
                tape: self.tape,
                view: View::scalar(slot).cut_if(a.is_cut() && b.is_cut()),
            });
        }
        // Most often the shapes are equal, or one is that of a single number.
        let alike = if other.is_scalar() || self.view.layout() == other.view.layout() {
            Some(self)
        } else if self.is_scalar() {
            Some(other)
        } else {
            None
        };
        if let Some(run) = alike.and_then(Self::run_alike) {
            let operands = SmallVec::from_slice(&[self.view, other.view]);
            return Self::record_run(self.tape, Op::Binary(op), run, operands, Attributes::None);
        }
        let Some(shape) = self.shape().broadcast(&other.shape()) else {
            return Err(self.shapes_error(op.name(), other, DO_NOT_BROADCAST));
        };
        Self::record(
            self.tape,
            Op::Binary(op),
            shape,
            SmallVec::from_slice(&[self.view, other.view]),
            Attributes::None,
        )
    }

    #[doc(hidden)]
    #[track_caller]
    #[must_use]
    pub fn shapes_error(self, op: &'static str, other: Self, rule: &'static str) -> Error {
        let (left, right) = (self.tape.culprit(self.view), other.tape.culprit(other.view));
        Error::Shapes { op, left, right, rule, at: Place::caller() }
    }

    /// As an error's message begins with it: `v3 x of `.
    #[doc(hidden)]
    #[must_use]
    pub fn whose(self) -> String {
        let culprit = self.tape.culprit(self.view);
        culprit.path.as_ref().map_or_else(
            || format!("{} of ", culprit.id),
            |path| format!("{} {path} of ", culprit.id),
        )
    }

    #[doc(hidden)]
    #[track_caller]
    #[must_use]
    pub fn operand_error(self, op: &'static str, rule: String) -> Error {
        Error::Operand { op, operand: self.tape.culprit(self.view), rule, at: Place::caller() }
    }

    // The operators' way. Single numbers take the short path, those that are cut too: data stand in
    // as many operations as parameters. Marks go from handle to step bit by bit, without a branch.

    #[inline(always)]
    #[track_caller]
    pub(crate) fn apply(self, op: Unary) -> Self {
        let x = self.view;
        let view = if self.is_scalar() {
            let value = self.tape.columns.value(x.start()).unary(op);
            let step = Step::unary(op, x.start(), x.is_cut());
            View::scalar(self.tape.push_or_panic(step, value)).cut_if(x.is_cut())
        } else {
            self.apply_any(op)
        };
        Var { tape: self.tape, view }
    }

    #[inline(always)]
    #[track_caller]
    pub(crate) fn apply_with(self, op: Binary, other: Self) -> Self {
        let (a, b) = (self.view, other.view);
        let short = self.is_scalar()
            && other.is_scalar()
            && std::ptr::eq(self.tape, other.tape)
            && !op.takes_an_integer();
        let view = if short {
            let value =
                self.tape.columns.value(a.start()).binary(op, self.tape.columns.value(b.start()));
            let step = Step::binary(op, a.start(), b.start(), a.is_cut(), b.is_cut());
            View::scalar(self.tape.push_or_panic(step, value)).cut_if(a.is_cut() & b.is_cut())
        } else {
            self.apply_with_any(op, other)
        };
        Var { tape: self.tape, view }
    }

    /// `op(self, number)`.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn apply_number(self, op: Binary, number: S) -> Self {
        let x = self.view;
        let view = if self.is_scalar() {
            let b = self.tape.intern(number);
            let value = self.tape.columns.value(x.start()).binary(op, number);
            let step = Step::binary(op, x.start(), b, x.is_cut(), true);
            View::scalar(self.tape.push_or_panic(step, value)).cut_if(x.is_cut())
        } else {
            self.apply_with_any(op, self.tape.number(number))
        };
        Var { tape: self.tape, view }
    }

    /// `op(number, self)`.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn apply_to_number(self, op: Binary, number: S) -> Self {
        let x = self.view;
        let view = if self.is_scalar() {
            let a = self.tape.intern(number);
            let value = number.binary(op, self.tape.columns.value(x.start()));
            let step = Step::binary(op, a, x.start(), true, x.is_cut());
            View::scalar(self.tape.push_or_panic(step, value)).cut_if(x.is_cut())
        } else {
            self.tape.number(number).apply_with_any(op, self)
        };
        Var { tape: self.tape, view }
    }

    // Out of line, and returning one word, so that they do not weigh on the short path.

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn apply_any(self, op: Unary) -> View {
        or_panic(self.try_unary(op)).view
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn apply_with_any(self, op: Binary, other: Self) -> View {
        or_panic(self.try_binary(op, other)).view
    }
}

impl<S: Scalar> Real for Var<'_, S> {
    #[inline]
    #[track_caller]
    fn like(self, constant: f64) -> Self {
        self.tape.number(S::from_f64(constant))
    }

    #[inline]
    #[track_caller]
    fn unary(self, op: Unary) -> Self {
        self.apply(op)
    }

    #[inline]
    #[track_caller]
    fn binary(self, op: Binary, other: Self) -> Self {
        self.apply_with(op, other)
    }

    #[track_caller]
    fn largest(self) -> Self {
        self.tape.number(S::from_f64(1.0).largest())
    }

    #[track_caller]
    fn powi(self, n: i32) -> Self {
        Var::powi(self, n)
    }
}

impl<S: Scalar> fmt::Debug for Var<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id())?;
        if let Some(name) = self.tape.side.borrow().names.get(self.view) {
            write!(f, " {}", name.path)?;
        }
        write!(f, " = {self}")
    }
}

/// The value, or the values as nested lists.
impl<S: Scalar> fmt::Display for Var<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn nested<S: Scalar>(
            f: &mut fmt::Formatter<'_>,
            values: &[S],
            dims: &[usize],
        ) -> fmt::Result {
            let Some((&first, rest)) = dims.split_first() else {
                return write!(f, "{}", values[0].to_f64());
            };
            f.write_str("[")?;
            for (i, part) in values.chunks_exact(values.len() / first).enumerate() {
                f.write_str(if i > 0 { ", " } else { "" })?;
                nested(f, part, rest)?;
            }
            f.write_str("]")
        }
        nested(f, &self.values(), self.shape().dims())
    }
}
