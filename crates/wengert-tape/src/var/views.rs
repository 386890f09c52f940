//! Parts and rearrangements of a run. Most are views: another start or layout over the same slots,
//! at no cost.

use std::ops::Range;

use smallvec::SmallVec;

use super::{Axis, Var, or_panic};
use crate::attributes::Attributes;
use crate::error::{Error, Place};
use crate::op::Structural;
use crate::real::Scalar;
use crate::run::View;
use crate::shape::{Layout, Shape};
use crate::tape::{FirstAxis, PICKED, Tape};

/// # Parts and rearrangements
impl<'t, S: Scalar> Var<'t, S> {
    /// Element `i` of the first axis: a number of a vector, a row of a matrix. A view.
    ///
    /// # Panics
    ///
    /// If this has no axes, or `i` is out of range.
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn at(self, i: usize) -> Self {
        match self.element(i) {
            Some(element) => element,
            None => or_panic(self.try_at(i)),
        }
    }

    /// The elements of the first axis, in order, as views.
    ///
    /// # Panics
    ///
    /// If this has no axes.
    #[track_caller]
    #[must_use]
    pub fn iter(self) -> impl ExactSizeIterator<Item = Self> + 't
    where
        S: 't,
    {
        let axis = match self.first_axis() {
            Some(axis) => axis,
            None => or_panic(Err(
                self.operand_error("iter", "a single number has no elements".to_owned())
            )),
        };
        (0..axis.extent as usize).map(move |i| self.part(axis, i))
    }

    /// Elements `range` along `axis`. A view.
    ///
    /// # Panics
    ///
    /// If the axis or the range does not fit; [`try_slice`](Var::try_slice) returns that as an
    /// error.
    #[must_use]
    #[track_caller]
    pub fn slice(self, axis: impl Into<Axis>, range: Range<usize>) -> Self {
        or_panic(self.try_slice(axis, range))
    }

    /// The same elements in row-major order under another shape. A view where strides can describe
    /// it, else a copy.
    ///
    /// # Panics
    ///
    /// If the numbers of elements differ; [`try_reshape`](Var::try_reshape) returns that as an
    /// error.
    #[must_use]
    #[track_caller]
    pub fn reshape(self, shape: impl Into<Shape>) -> Self {
        or_panic(self.try_reshape(shape))
    }

    /// Every `step`-th element along `axis`, from the first on. A view; with [`slice`](Var::slice)
    /// before it, `x[2:9:3]`.
    ///
    /// # Panics
    ///
    /// If the axis does not exist or the step is 0; [`try_step_by`](Var::try_step_by) returns that
    /// as an error.
    #[must_use]
    #[track_caller]
    pub fn step_by(self, axis: impl Into<Axis>, step: usize) -> Self {
        or_panic(self.try_step_by(axis, step))
    }

    /// A new axis of extent 1 at `axis`, or behind all others at [`Last`](crate::Last): NumPy's
    /// `expand_dims`. A view.
    ///
    /// # Panics
    ///
    /// If `axis` is past the number of axes; [`try_insert_axis`](Var::try_insert_axis) returns that
    /// as an error.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input([1.0, 3.0, 5.0, 9.0]).reshape([2, 2]);
    /// let centred = x - x.mean_axes(1).insert_axis(1);
    /// assert_eq!(centred.values(), [-1.0, 1.0, -2.0, 2.0]);
    /// ```
    #[doc(alias = "unsqueeze")]
    #[doc(alias = "expand_dims")]
    #[must_use]
    #[track_caller]
    pub fn insert_axis(self, axis: impl Into<Axis>) -> Self {
        or_panic(self.try_insert_axis(axis))
    }

    /// The transpose: the last two axes exchanged. A view.
    ///
    /// # Panics
    ///
    /// If this has fewer than two axes; [`try_t`](Var::try_t) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn t(self) -> Self {
        or_panic(self.try_t())
    }

    /// The axes in another order. A view.
    ///
    /// # Panics
    ///
    /// If `order` does not name every axis once; [`try_permute`](Var::try_permute) returns that as
    /// an error.
    #[doc(alias = "transpose")]
    #[must_use]
    #[track_caller]
    pub fn permute(self, order: &[usize]) -> Self {
        or_panic(self.try_permute(order))
    }

    /// This repeated to a larger shape by NumPy's rule. A view.
    ///
    /// # Panics
    ///
    /// If the rule does not allow it; [`try_broadcast_to`](Var::try_broadcast_to) returns that as
    /// an error.
    #[must_use]
    #[track_caller]
    pub fn broadcast_to(self, shape: impl Into<Shape>) -> Self {
        or_panic(self.try_broadcast_to(shape))
    }

    /// The elements at `positions`, counted in row-major order: shape `[positions.len()]`.
    ///
    /// # Panics
    ///
    /// If a position is out of range; [`try_gather`](Var::try_gather) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn gather(self, positions: &[usize]) -> Self {
        or_panic(self.try_gather(positions))
    }

    /// A tensor of zeros of `shape` into which the elements of this are added, element i at
    /// row-major position `positions[i]`.
    ///
    /// # Panics
    ///
    /// If the positions do not fit; [`try_scatter_add`](Var::try_scatter_add) returns that as an
    /// error.
    #[must_use]
    #[track_caller]
    pub fn scatter_add(self, positions: &[usize], shape: impl Into<Shape>) -> Self {
        or_panic(self.try_scatter_add(positions, shape))
    }

    /// The elements of `axis` at `indices`, in that order, repeats allowed.
    ///
    /// # Panics
    ///
    /// If the axis or an index does not fit; [`try_index`](Var::try_index) returns that as an
    /// error.
    #[must_use]
    #[track_caller]
    pub fn index(self, axis: impl Into<Axis>, indices: &[usize]) -> Self {
        or_panic(self.try_index(axis, indices))
    }

    /// As [`at`](Var::at).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] without axes or out of range.
    #[track_caller]
    pub fn try_at(self, i: usize) -> Result<Self, Error> {
        if let Some(element) = self.element(i) {
            return Ok(element);
        }
        let layout = self.layout();
        match layout.dims().first() {
            None => {
                Err(self.operand_error("at", "a single number has no elements to pick".to_owned()))
            }
            Some(&extent) if i >= extent => Err(self.operand_error(
                "at",
                format!("index {i} is out of range for the first axis of extent {extent}"),
            )),
            Some(_) => Ok(self.view_of(i * layout.strides()[0], layout.drop_axis(0))),
        }
    }

    /// As [`slice`](Var::slice).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if the axis does not exist, or the range is empty or reaches too far.
    #[track_caller]
    pub fn try_slice(self, axis: impl Into<Axis>, range: Range<usize>) -> Result<Self, Error> {
        let axis = axis.into();
        // Neighbours, as a layer's share of all parameters is.
        if let Some((extent, 1)) = self.facts().vector
            && axis.of(1) == 0
            && range.start < range.end
            && range.end <= extent
        {
            let id = self.tape.side.borrow_mut().layouts.intern_vector(range.len());
            let view = View::new(self.view.start() + range.start as u32, id);
            return Ok(Var { tape: self.tape, view: view.cut_if(self.view.is_cut()) });
        }
        let (layout, axis) = (self.layout(), self.axis("slice", axis)?);
        let extent = layout.dims()[axis];
        if range.start >= range.end || range.end > extent {
            return Err(self.operand_error(
                "slice",
                format!("{range:?} is empty or reaches past axis {axis} of extent {extent}"),
            ));
        }
        Ok(self.view_of(range.start * layout.strides()[axis], layout.narrow(axis, range.len())))
    }

    /// As [`reshape`](Var::reshape).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if the numbers of elements differ, [`Error::Full`].
    #[track_caller]
    pub fn try_reshape(self, shape: impl Into<Shape>) -> Result<Self, Error> {
        let shape = shape.into();
        if shape.len() != self.len() {
            return Err(self.operand_error(
                "reshape",
                format!("it does not have the {} elements of {shape}", shape.len()),
            ));
        }
        if self.facts().contiguous {
            let view = View::new(self.view.start(), self.tape.contiguous(shape));
            return Ok(Var { tape: self.tape, view: view.cut_if(self.view.is_cut()) });
        }
        match self.layout().reshape(&shape) {
            Some(layout) => Ok(self.view_of(0, layout)),
            None => Ok(self.try_contiguous()?.view_of(0, Layout::contiguous(shape))),
        }
    }

    /// As [`step_by`](Var::step_by).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if the axis does not exist or the step is 0.
    #[track_caller]
    pub fn try_step_by(self, axis: impl Into<Axis>, step: usize) -> Result<Self, Error> {
        let (layout, axis) = (self.layout(), self.axis("step_by", axis)?);
        if step == 0 {
            return Err(self.operand_error("step_by", "steps of 0 lead nowhere".to_owned()));
        }
        Ok(self.view_of(0, layout.every(axis, step)))
    }

    /// As [`insert_axis`](Var::insert_axis).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if `axis` is past the number of axes.
    #[track_caller]
    pub fn try_insert_axis(self, axis: impl Into<Axis>) -> Result<Self, Error> {
        let layout = self.layout();
        let axis = axis.into().of(layout.dims().len() + 1);
        if axis > layout.dims().len() {
            return Err(
                self.operand_error("insert_axis", format!("a new axis cannot be its axis {axis}"))
            );
        }
        Ok(self.view_of(0, layout.insert_axis(axis)))
    }

    /// As [`t`](Var::t).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if this has fewer than two axes.
    #[track_caller]
    pub fn try_t(self) -> Result<Self, Error> {
        let rank = self.shape().rank();
        if rank < 2 {
            return Err(self.operand_error("t", "it has no two axes to exchange".to_owned()));
        }
        let mut order: SmallVec<[usize; 4]> = (0..rank).collect();
        order.swap(rank - 2, rank - 1);
        self.try_permute(&order)
    }

    /// As [`permute`](Var::permute).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if `order` does not name every axis once.
    #[track_caller]
    pub fn try_permute(self, order: &[usize]) -> Result<Self, Error> {
        let mut sorted: SmallVec<[usize; 4]> = SmallVec::from_slice(order);
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..self.shape().rank()) {
            return Err(
                self.operand_error("permute", format!("{order:?} does not name each axis once"))
            );
        }
        Ok(self.view_of(0, self.layout().permute(order)))
    }

    /// As [`broadcast_to`](Var::broadcast_to).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if the rule does not allow it, [`Error::Empty`] for a shape without
    /// elements.
    #[track_caller]
    pub fn try_broadcast_to(self, shape: impl Into<Shape>) -> Result<Self, Error> {
        let shape = shape.into();
        if shape.is_empty() {
            return Err(Error::Empty { op: "broadcast_to", shape, at: Place::caller() });
        }
        if shape.len() > crate::tape::MAX_SLOTS {
            return Err(self.operand_error(
                "broadcast_to",
                format!("{shape} has more elements than any tape holds"),
            ));
        }
        match self.layout().broadcast_to(&shape) {
            Some(layout) => Ok(self.view_of(0, layout)),
            None => {
                Err(self.operand_error("broadcast_to", format!("it does not broadcast to {shape}")))
            }
        }
    }

    /// The same elements as a contiguous run: this itself if it is one, else a copy.
    ///
    /// # Errors
    ///
    /// [`Error::Full`].
    #[track_caller]
    pub fn try_contiguous(self) -> Result<Self, Error> {
        if self.layout().is_contiguous() {
            return Ok(self);
        }
        self.tape.record_structural(Structural::Contiguous, &[self], Attributes::None)
    }

    /// As [`gather`](Var::gather).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if a position is out of range or there is none, [`Error::Full`].
    #[track_caller]
    pub fn try_gather(self, positions: &[usize]) -> Result<Self, Error> {
        let positions = self.positions("gather", positions, Shape::from([positions.len()]))?;
        self.tape.record_structural(Structural::Gather, &[self], positions)
    }

    /// As [`scatter_add`](Var::scatter_add).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if there are not as many positions as elements, or one is out of range;
    /// [`Error::Full`].
    #[track_caller]
    pub fn try_scatter_add(
        self,
        positions: &[usize],
        shape: impl Into<Shape>,
    ) -> Result<Self, Error> {
        let positions = self.positions("scatter_add", positions, shape.into())?;
        self.tape.record_structural(Structural::ScatterAdd, &[self], positions)
    }

    /// As [`index`](Var::index).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if the axis does not exist, or an index is out of range or there is none;
    /// [`Error::Full`].
    #[track_caller]
    pub fn try_index(self, axis: impl Into<Axis>, indices: &[usize]) -> Result<Self, Error> {
        let (shape, axis) = (self.shape(), self.axis("index", axis)?);
        let extent = shape.dims()[axis];
        if let Some(bad) = indices.iter().find(|&&i| i >= extent) {
            return Err(self.operand_error(
                "index",
                format!("index {bad} is out of range for axis {axis} of extent {extent}"),
            ));
        }
        let outer: usize = shape.dims()[..axis].iter().product();
        let inner: usize = shape.dims()[axis + 1..].iter().product();
        let positions: Vec<usize> = (0..outer)
            .flat_map(|o| {
                indices
                    .iter()
                    .flat_map(move |&i| (0..inner).map(move |k| (o * extent + i) * inner + k))
            })
            .collect();
        let mut dims: SmallVec<[usize; 4]> = SmallVec::from_slice(shape.dims());
        dims[axis] = indices.len();
        let picked = self.try_gather(&positions).map_err(|error| error.within("index"))?;
        picked.try_reshape(dims).map_err(|error| error.within("index"))
    }

    pub(crate) fn view_of(self, offset: usize, layout: Layout) -> Self {
        // Every handle's slots are on the tape: the loops over scalar steps rely on it without a
        // check.
        let last = (self.view.start() as usize)
            .saturating_add(offset)
            .saturating_add(layout.last_offset());
        assert!(last < self.tape.slots(), "a view of {} would reach past the tape", self.id());
        let id = self.tape.side.borrow_mut().layouts.intern(layout);
        Var {
            tape: self.tape,
            view: View::new(self.view.start() + offset as u32, id).cut_if(self.view.is_cut()),
        }
    }

    /// Element `i` of the first axis, if there is one.
    #[inline]
    fn element(self, i: usize) -> Option<Self> {
        let axis = self.first_axis()?;
        (i < axis.extent as usize).then(|| self.part(axis, i))
    }

    /// Element `i` of the first axis, which has it.
    #[inline]
    fn part(self, axis: FirstAxis, i: usize) -> Self {
        let start = self.view.start() + (i * axis.stride as usize) as u32;
        Var { tape: self.tape, view: View::new(start, axis.part).cut_if(self.view.is_cut()) }
    }

    #[inline]
    fn first_axis(self) -> Option<FirstAxis> {
        let layout = self.view.layout();
        let known = &self.tape.picked[layout as usize % PICKED];
        // Read again, and not handed back through memory: picking an element takes no longer than
        // that.
        (known.get().layout == layout || self.find_first_axis()).then(|| known.get())
    }

    /// Keeps the first axis for the next part; `false` for a single number.
    #[cold]
    #[inline(never)]
    fn find_first_axis(self) -> bool {
        let (id, layout) = (self.view.layout(), self.layout());
        let (Some(&extent), Some(&stride)) = (layout.dims().first(), layout.strides().first())
        else {
            return false;
        };
        // A view ends on the tape, so both fit; but nobody takes the step of a single part.
        let stride = if extent == 1 { 0 } else { stride };
        let (Ok(extent), Ok(stride)) = (u32::try_from(extent), u32::try_from(stride)) else {
            return false;
        };
        let part = self.tape.side.borrow_mut().layouts.intern(layout.drop_axis(0));
        self.tape.picked[id as usize % PICKED].set(FirstAxis { layout: id, extent, stride, part });
        true
    }

    /// Positions as an attribute. One past 32 bits is past every tape, and is refused here.
    #[track_caller]
    fn positions(
        self,
        op: &'static str,
        positions: &[usize],
        shape: Shape,
    ) -> Result<Attributes, Error> {
        if let Some(bad) = positions.iter().find(|&&p| p > u32::MAX as usize) {
            return Err(self.operand_error(op, format!("position {bad} is past what a tape holds")));
        }
        Ok(Attributes::Positions {
            positions: positions.iter().map(|&p| p as u32).collect(),
            shape,
        })
    }
}

/// # Several vars as one
impl<S: Scalar> Tape<S> {
    /// Vars of one shape as a run with a new first axis. Neighbours on the tape at equal distances,
    /// such as the outputs of a layer's neurons, make a view; others are copied by a recorded step.
    ///
    /// # Panics
    ///
    /// On misuse; [`try_stack`](Tape::try_stack) returns that as an error.
    #[track_caller]
    pub fn stack<'t>(&'t self, vars: &[Var<'t, S>]) -> Var<'t, S> {
        or_panic(self.try_stack(vars))
    }

    /// Vars joined along an axis; their other extents are equal.
    ///
    /// # Panics
    ///
    /// On misuse; [`try_concat`](Tape::try_concat) returns that as an error.
    #[track_caller]
    pub fn concat<'t>(&'t self, axis: impl Into<Axis>, vars: &[Var<'t, S>]) -> Var<'t, S> {
        or_panic(self.try_concat(axis, vars))
    }

    /// As [`stack`](Tape::stack).
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] for no vars, [`Error::TwoTapes`], [`Error::Shapes`] if two shapes differ,
    /// [`Error::Full`].
    #[track_caller]
    pub fn try_stack<'t>(&'t self, vars: &[Var<'t, S>]) -> Result<Var<'t, S>, Error> {
        let Some(&first) = vars.first() else {
            let at = Place::caller();
            return Err(Error::Empty { op: "stack", shape: Shape::from([0]), at });
        };
        for &var in vars {
            Var { tape: self, view: first.view }.same_tape("stack", var)?;
        }
        if let Some(view) = self.stacked_view(vars) {
            return Ok(view);
        }
        self.record_structural(Structural::Stack, vars, Attributes::None)
    }

    /// As [`concat`](Tape::concat).
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] for no vars, [`Error::Operand`] if there is no such axis, [`Error::Shapes`]
    /// if other extents differ, [`Error::TwoTapes`], [`Error::Full`].
    #[track_caller]
    pub fn try_concat<'t>(
        &'t self,
        axis: impl Into<Axis>,
        vars: &[Var<'t, S>],
    ) -> Result<Var<'t, S>, Error> {
        let Some(&first) = vars.first() else {
            let at = Place::caller();
            return Err(Error::Empty { op: "concat", shape: Shape::from([0]), at });
        };
        let axis = first.axis("concat", axis)?;
        for &var in vars {
            Var { tape: self, view: first.view }.same_tape("concat", var)?;
        }
        self.record_structural(Structural::Concat, vars, Attributes::axes_of(&[axis]))
    }

    fn stacked_view<'t>(&'t self, vars: &[Var<'t, S>]) -> Option<Var<'t, S>> {
        let first = vars[0].view;
        let alike =
            |v: &Var<'_, S>| v.view.layout() == first.layout() && v.view.is_cut() == first.is_cut();
        let step = match vars.get(1) {
            Some(second) => second.view.start().checked_sub(first.start())?,
            None => 1,
        };
        let evenly = vars
            .windows(2)
            .all(|pair| pair[1].view.start().checked_sub(pair[0].view.start()) == Some(step));
        if !evenly || !vars.iter().all(alike) {
            return None;
        }
        Some(vars[0].view_of(0, vars[0].layout().repeat_axis(vars.len(), step as usize)))
    }
}
