//! The tape: a column of numbers and the list of the steps that fill it.

mod columns;
mod listing;
mod memory;
mod nested;
mod nodes;
mod rewind;
mod scalar;
mod side;
mod step;

use std::cell::{Cell, RefCell};
use std::fmt;

use smallvec::SmallVec;

pub use nested::Nested;
pub use nodes::{Edge, GuardInfo, NameInfo, Node};
pub use rewind::Mark;
pub use scalar::Scalar;
pub(crate) use scalar::{Asked, Compiled};

use columns::Columns;
pub(crate) use columns::Full;
use memory::Pool;
pub(crate) use memory::{Held, Memory};
use rewind::Epochs;
pub(crate) use side::join;
pub use side::{FaultCheck, Guard, Limited, Side};
pub(crate) use step::MAX_SLOTS;
pub use step::{Kind, Step};

use crate::attributes::Attributes;
use crate::error::{Culprit, Error, NodeId, Place};
use crate::kernels::Numerics;
use crate::op::{Leaf, Op};
use crate::run::{View, Wide};
use crate::shape::{Layout, Shape};

/// How a tape records.
///
/// # Examples
///
/// ```
/// use wengert::{Options, Tape};
/// let tape: Tape = Tape::with(Options::default().source_lines(true));
/// # let _ = tape;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Options {
    source_lines: bool,
    max_slots: usize,
    numerics: Numerics,
}

impl Default for Options {
    fn default() -> Self {
        Options { source_lines: false, max_slots: step::MAX_SLOTS, numerics: Numerics::default() }
    }
}

impl Options {
    /// Keeps the source line of every node (8 bytes each, and slower recording). Named nodes and
    /// guards always have theirs.
    #[must_use]
    pub fn source_lines(mut self, keep: bool) -> Self {
        self.source_lines = keep;
        self
    }

    /// How the kernels of tensors compute, in recording, replay and sweep: [`Numerics::Fast`] by
    /// default. Single numbers are always computed in [`Numerics::Exact`].
    #[must_use]
    pub fn numerics(mut self, numerics: Numerics) -> Self {
        self.numerics = numerics;
        self
    }

    /// The most slots the tape may fill; at most 2²⁸, the default.
    #[must_use]
    pub fn max_slots(mut self, slots: usize) -> Self {
        self.max_slots = slots.min(step::MAX_SLOTS);
        self
    }
}

/// The list of R. E. Wengert (1964): every number of a computation in the order it was made, and
/// how.
///
/// A tape is used by one thread at a time and handed to operations by `&` reference;
/// [`Var`](crate::Var) is its handle. Recording evaluates at once. The memory is kept by
/// [`clear`](Tape::clear), so a loop that records anew each time allocates once.
///
/// # Examples
///
/// ```
/// let tape = wengert::Tape::new();
/// let x = tape.input(2.0).named("x");
/// let y = (x * x + 1.0).ln().named("y");
/// assert_eq!(y.backward().wrt(x), 0.8); // 2x / (x² + 1)
/// ```
///
/// A handle from before `clear` does not compile:
///
/// ```compile_fail,E0502
/// let mut tape = wengert::Tape::new();
/// let x = tape.input(2.0);
/// tape.clear();
/// let y = x + 1.0;
/// ```
pub struct Tape<S: Scalar = f64> {
    pub(crate) columns: Columns<S>,
    pub(crate) side: RefCell<Side>,
    /// The slots of recently used constants, by a hash of their bits.
    recent: [Cell<u32>; RECENT],
    /// Layouts of which a part was picked lately: programs of single numbers pick an element for
    /// almost every step.
    pub(crate) picked: [Cell<FirstAxis>; PICKED],
    /// Views lately found to be of numbers that can be set: a replay asks of the same ones each time.
    pub(crate) settable: [Cell<View>; SETTABLE],
    scope: Cell<u32>,
    /// Counts the changes of values after recording; gradients remember the count.
    stamp: Cell<u64>,
    /// Counts the compilers of this tape; the handles that each gives out remember the count.
    pub(crate) compilers: Cell<u64>,
    options: Options,
    pub(crate) pool: Pool<S>,
    pub(crate) epochs: Epochs,
    made_at: Place,
}

const RECENT: usize = 32;
const NOWHERE: u32 = u32::MAX;
const SETTABLE: usize = 4;
/// No slot is as far.
const NO_VIEW: View = View::scalar(NOWHERE);
pub(crate) const PICKED: usize = 4;
/// No layout has this number.
const NO_AXIS: FirstAxis = FirstAxis { layout: NOWHERE, extent: 0, stride: 0, part: 0 };

/// The first axis of a layout in the table: how long it is, how far parts are apart, and the layout
/// of a part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FirstAxis {
    pub(crate) layout: u32,
    pub(crate) extent: u32,
    pub(crate) stride: u32,
    pub(crate) part: u32,
}

impl<S: Scalar> Default for Tape<S> {
    #[track_caller]
    fn default() -> Self {
        Tape::with(Options::default())
    }
}

impl Tape<f64> {
    /// An empty tape of `f64`. Other scalars: `Tape::<f32>::default()` or [`Tape::with`].
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Tape::default()
    }
}

/// # Its size and its options
impl<S: Scalar> Tape<S> {
    /// An empty tape that records as `options` say.
    #[must_use]
    #[track_caller]
    pub fn with(options: Options) -> Self {
        Tape {
            columns: Columns::new(options.max_slots as u32, options.source_lines),
            side: RefCell::new(Side::new()),
            recent: std::array::from_fn(|_| Cell::new(NOWHERE)),
            picked: std::array::from_fn(|_| Cell::new(NO_AXIS)),
            settable: std::array::from_fn(|_| Cell::new(NO_VIEW)),
            scope: Cell::new(0),
            stamp: Cell::new(0),
            compilers: Cell::new(0),
            options,
            pool: Pool::new(),
            epochs: Epochs::default(),
            made_at: Place::caller(),
        }
    }

    /// Makes room for `slots` more numbers.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if the bound does not allow as many.
    #[track_caller]
    pub fn reserve(&self, slots: usize) -> Result<(), Error> {
        match self.columns.reserve(slots) {
            Ok(()) => Ok(()),
            Err(full) => Err(self.full(full, "reserve", Shape::from([slots]), &[])),
        }
    }

    /// The number of slots filled: the length of the column of values.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.columns.slots() as usize
    }

    /// The number of nodes recorded; a run is one node.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.step_count() as usize
    }

    /// Whether nothing is recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes in use by the two columns: 16 a scalar node of `f64`. Its adjoint, in
    /// [`Gradients`](crate::Gradients), takes 8 more.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.len() * size_of::<Step>() + self.slots() * size_of::<S>()
    }

    /// The slots that fit before the columns grow.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.columns.capacity() as usize
    }

    /// How its tensors are computed.
    #[must_use]
    pub fn numerics(&self) -> Numerics {
        self.options.numerics
    }

    /// Where the tape was made: errors call it by this place.
    #[must_use]
    pub fn made_at(&self) -> Place {
        self.made_at
    }

    /// Opens a scope: until the guard is dropped, names and nodes stand under `name`, as in
    /// `hidden/0.z`. Scopes nest; opening one of the same name again continues it.
    pub fn scope(&self, name: &str) -> Scope<'_, S> {
        let previous = self.scope.get();
        let mut side = self.side.borrow_mut();
        let scope = side.scopes.child(previous, name);
        side.scopes.mark(self.columns.slots(), scope);
        drop(side);
        self.scope.set(scope);
        Scope { tape: self, previous }
    }

    // What follows is for the other modules: appending steps.

    /// The error that there is no room for `op`'s result. Its callers do not call it from closures,
    /// whose place would be the error's.
    #[cold]
    #[track_caller]
    fn full(&self, full: Full, op: &'static str, shape: Shape, operands: &[View]) -> Error {
        let operands = operands.iter().map(|&view| *self.culprit(view)).collect();
        let (used, bound) = (self.slots(), self.options.max_slots);
        Error::Full { op, operands, shape, used, asked: full.asked, bound, at: Place::caller() }
    }

    /// How this tape records.
    pub(crate) fn options(&self) -> Options {
        self.options
    }

    /// Appends a scalar node and returns its slot.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn push(&self, step: Step, value: S) -> Result<u32, Error> {
        match self.columns.push(step, value) {
            Some(slot) => Ok(slot),
            None => self.push_slow(step, value),
        }
    }

    /// As `push`, for operators: panics where it would fail.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn push_or_panic(&self, step: Step, value: S) -> u32 {
        match self.columns.push(step, value) {
            Some(slot) => slot,
            None => match self.push_slow(step, value) {
                Ok(slot) => slot,
                Err(error) => panic!("{error}"),
            },
        }
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn push_slow(&self, step: Step, value: S) -> Result<u32, Error> {
        let full = match self.columns.push_slow(step, value) {
            Ok(slot) => {
                self.keep_place();
                return Ok(slot);
            }
            Err(full) => full,
        };
        let (a, b) = (View::scalar(step.a()), View::scalar(step.b()));
        let (op, operands): (_, &[View]) = match step.kind() {
            Kind::Leaf(leaf) => (leaf.name(), &[]),
            Kind::Unary(op) => (op.name(), &[a]),
            Kind::Binary(op) => (op.name(), &[a, b]),
            Kind::Wide => unreachable!("runs are pushed by push_wide"),
        };
        Err(self.full(full, op, Shape::scalar(), operands))
    }

    #[track_caller]
    fn keep_place(&self) {
        if self.options.source_lines {
            self.side.borrow_mut().places.push(Place::caller());
        }
    }

    /// Appends a leaf block.
    #[track_caller]
    pub(crate) fn push_leaf(&self, leaf: Leaf, shape: Shape, data: &[S]) -> Result<View, Error> {
        let at = Place::caller();
        if shape.is_empty() {
            return Err(Error::Empty { op: leaf.name(), shape, at });
        }
        if shape.len() != data.len() {
            return Err(Error::Length {
                op: leaf.name(),
                of: String::new(),
                shape,
                found: data.len(),
                at,
            });
        }
        if shape.is_scalar() {
            return Ok(View::scalar(self.push(Step::leaf(leaf), data[0])?));
        }
        let layout = self.contiguous(shape);
        self.push_block(leaf, layout, data)
    }

    /// Appends a leaf block of one axis, with a number at least.
    #[track_caller]
    pub(crate) fn push_vector(&self, leaf: Leaf, data: &[S]) -> Result<View, Error> {
        let layout = self.side.borrow_mut().layouts.intern_vector(data.len());
        self.push_block(leaf, layout, data)
    }

    #[track_caller]
    fn push_block(&self, leaf: Leaf, layout: u32, data: &[S]) -> Result<View, Error> {
        let run = (layout, data.len());
        self.push_wide(Op::Leaf(leaf), run, SmallVec::new(), Attributes::None, |_, _, run| {
            run.copy_from_slice(data)
        })
    }

    /// The layout of a contiguous run of a shape.
    pub(crate) fn contiguous(&self, shape: Shape) -> u32 {
        let layouts = &mut self.side.borrow_mut().layouts;
        match shape.dims() {
            &[len] => layouts.intern_vector(len),
            _ => layouts.intern(Layout::contiguous(shape)),
        }
    }

    /// Appends a wide node and computes its run, of a contiguous layout and a length, from the
    /// operands.
    #[track_caller]
    pub(crate) fn push_op(
        &self,
        op: Op,
        run: (u32, usize),
        operands: SmallVec<[View; 3]>,
        attributes: Attributes,
    ) -> Result<View, Error> {
        self.push_wide(op, run, operands, attributes, |wide, before, run| {
            S::forward(self.options.numerics, wide, &self.side.borrow().layouts, before, run);
        })
    }

    #[track_caller]
    fn push_wide(
        &self,
        op: Op,
        (layout, len): (u32, usize),
        operands: SmallVec<[View; 3]>,
        attributes: Attributes,
        fill: impl FnOnce(&Wide, &[S], &mut [S]),
    ) -> Result<View, Error> {
        let index = self.side.borrow().wides.len() as u32;
        // A length past 32 bits is refused by `push_run`, before anybody reads it here.
        let (step, out) = (self.columns.step_count(), self.columns.slots());
        let wide = Wide { op, step, out, len: len as u32, layout, operands, attributes };
        let fill = |before: &[S], run: &mut [S]| fill(&wide, before, run);
        if let Err(full) = self.columns.push_run(Step::wide(index), len, S::EMPTY, fill) {
            let shape = self.side.borrow().layouts.get(layout).shape().clone();
            return Err(self.full(full, op.name(), shape, &wide.operands));
        }
        self.side.borrow_mut().wides.push(wide);
        self.keep_place();
        Ok(View::new(out, layout))
    }

    /// As `intern`, with a full tape as an error. There must be room for the node that reads the
    /// number too, so that an operation that is refused leaves no constant behind.
    #[track_caller]
    pub(crate) fn try_intern(&self, value: S, op: &'static str) -> Result<u32, Error> {
        let slot = self.recent[Self::recent_place(value)].get();
        let known = slot != NOWHERE && self.columns.value(slot).same_bits(value);
        match if known { Ok(()) } else { self.columns.reserve(2) } {
            Ok(()) => Ok(self.intern(value)),
            Err(full) => Err(self.full(full, op, Shape::scalar(), &[])),
        }
    }

    #[inline(always)]
    fn recent_place(value: S) -> usize {
        (value.bits_key().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 59) as usize % RECENT
    }

    /// The slot of a constant that operators met as a plain number; recent ones are not stored
    /// again.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn intern(&self, value: S) -> u32 {
        let recent = &self.recent[Self::recent_place(value)];
        let slot = recent.get();
        if slot != NOWHERE && self.columns.value(slot).same_bits(value) {
            return slot;
        }
        let slot = self.push_or_panic(Step::leaf(Leaf::Const), value);
        recent.set(slot);
        slot
    }

    pub(crate) fn stamp(&self) -> u64 {
        self.stamp.get()
    }

    pub(crate) fn touch(&self) {
        self.stamp.set(self.stamp.get() + 1);
    }

    pub(crate) fn current_scope(&self) -> u32 {
        self.scope.get()
    }

    pub(crate) fn culprit(&self, view: View) -> Box<Culprit> {
        let side = self.side.borrow();
        Box::new(Culprit {
            id: NodeId(view.start()),
            path: side.names.get(view).map(|name| name.path.clone()),
            shape: side.layouts.get(view.layout()).shape().clone(),
        })
    }
}

impl<S: Scalar> fmt::Debug for Tape<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tape({} nodes, {} slots, made at {})", self.len(), self.slots(), self.made_at)
    }
}

/// An open scope of a tape; dropping it closes the scope.
#[must_use = "a scope closes when its guard is dropped"]
pub struct Scope<'t, S: Scalar = f64> {
    tape: &'t Tape<S>,
    previous: u32,
}

impl<S: Scalar> Drop for Scope<'_, S> {
    fn drop(&mut self) {
        self.tape.side.borrow_mut().scopes.mark(self.tape.columns.slots(), self.previous);
        self.tape.scope.set(self.previous);
    }
}

impl<S: Scalar> fmt::Debug for Scope<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({})", self.tape.side.borrow().scopes.path(self.tape.scope.get()))
    }
}
