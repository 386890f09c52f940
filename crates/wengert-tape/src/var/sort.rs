//! Order along an axis: sorted values, and the indices that sort them.

use std::ops::Range;

use super::{Axes, Axis, Var, or_panic};
use crate::attributes::Attributes;
use crate::error::Error;
use crate::op::{Binary, Leaf, Structural, Unary};
use crate::real::Scalar;

/// # Order
///
/// Equal elements stay in their order. Where one element along the axis is NaN there is no order,
/// and all results are NaN. Indices are numbers of the tape's type through which no derivative
/// passes ([`is_detached`](Var::is_detached)): asked for their gradient, a tape answers that there
/// is no path.
impl<S: Scalar> Var<'_, S> {
    /// The elements along an axis in ascending order.
    ///
    /// # Derivative
    ///
    /// 1 by the element that stands there; a replay or a program sorts anew.
    ///
    /// # Panics
    ///
    /// If the axis does not exist; [`try_sort`](Var::try_sort) returns that as an error.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input([3.0, 1.0, 2.0]);
    /// let sorted = x.sort(0);
    /// assert_eq!(sorted.values(), [1.0, 2.0, 3.0]);
    /// assert_eq!(sorted.at(0).backward().values_wrt(x), [0.0, 1.0, 0.0]);
    /// assert_eq!(x.argsort(0).values(), [1.0, 2.0, 0.0]);
    /// assert!(x.argsort(0).is_detached());
    /// ```
    #[must_use]
    #[track_caller]
    pub fn sort(self, axis: impl Into<Axis>) -> Self {
        or_panic(self.try_sort(axis))
    }

    /// As [`sort`](Var::sort).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if the axis does not exist, [`Error::Full`].
    #[track_caller]
    pub fn try_sort(self, axis: impl Into<Axis>) -> Result<Self, Error> {
        let axis = self.axis("sort", axis)?;
        self.by(self, axis).map_err(|error| error.within("sort"))
    }

    /// The indices along an axis that [`sort`](Var::sort) it. No derivative passes.
    ///
    /// # Panics
    ///
    /// If the axis does not exist; [`try_argsort`](Var::try_argsort) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn argsort(self, axis: impl Into<Axis>) -> Self {
        or_panic(self.try_argsort(axis))
    }

    /// As [`argsort`](Var::argsort).
    ///
    /// # Errors
    ///
    /// As [`try_sort`](Var::try_sort).
    #[track_caller]
    pub fn try_argsort(self, axis: impl Into<Axis>) -> Result<Self, Error> {
        let axis = self.axis("argsort", axis)?;
        self.indices(axis)
            .and_then(|indices| indices.by(self, axis))
            .map_err(|error| error.within("argsort"))
    }

    /// The k largest elements along an axis, the largest first, and their indices, through which no
    /// derivative passes: PyTorch's `topk`.
    ///
    /// # Derivative
    ///
    /// 1 by the element that stands there.
    ///
    /// # Panics
    ///
    /// If the axis does not exist, or k is 0 or more than its extent;
    /// [`try_topk`](Var::try_topk) returns that as an error.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let (values, indices) = tape.input([3.0, 1.0, 7.0, 5.0]).topk(2, 0);
    /// assert_eq!(values.values(), [7.0, 5.0]);
    /// assert_eq!(indices.values(), [2.0, 3.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn topk(self, k: usize, axis: impl Into<Axis>) -> (Self, Self) {
        or_panic(self.try_topk(k, axis))
    }

    /// As [`topk`](Var::topk).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if the axis does not exist, or k is 0 or more than its extent;
    /// [`Error::Full`].
    #[track_caller]
    pub fn try_topk(self, k: usize, axis: impl Into<Axis>) -> Result<(Self, Self), Error> {
        let axis = self.axis("topk", axis)?;
        let extent = self.shape().dims()[axis];
        let largest: Range<usize> = 0..k;
        if k == 0 || k > extent {
            let rule = format!("there are no {k} largest of the {extent} along its axis {axis}");
            return Err(self.operand_error("topk", rule));
        }
        let both = || {
            let keys = self.detach().try_unary(Unary::Neg)?;
            let values = self.by(keys, axis)?.try_slice(axis, largest.clone())?;
            Ok((values, self.indices(axis)?.by(keys, axis)?.try_slice(axis, largest)?))
        };
        both().map_err(|error: Error| error.within("topk"))
    }

    /// The index of the largest element along an axis, which is dropped; the first of several. No
    /// derivative passes.
    ///
    /// # Panics
    ///
    /// If the axis does not exist; [`try_argmax`](Var::try_argmax) returns that as an error.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input([[3.0, 9.0, 9.0], [2.0, 1.0, 0.0]]);
    /// assert_eq!(x.argmax(1).values(), [1.0, 0.0]);
    /// assert_eq!(x.argmin(0).values(), [1.0, 1.0, 1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn argmax(self, axis: impl Into<Axis>) -> Self {
        or_panic(self.try_argmax(axis))
    }

    /// As [`argmax`](Var::argmax).
    ///
    /// # Errors
    ///
    /// As [`try_sort`](Var::try_sort).
    #[track_caller]
    pub fn try_argmax(self, axis: impl Into<Axis>) -> Result<Self, Error> {
        let axis = self.axis("argmax", axis)?;
        let still = self.detach();
        still
            .try_max_axes(Axes::keep(axis))
            .and_then(|largest| still.first_that_is(largest, axis))
            .map_err(|error| error.within("argmax"))
    }

    /// The index of the smallest element along an axis, which is dropped; the first of several. No
    /// derivative passes.
    ///
    /// # Panics
    ///
    /// If the axis does not exist; [`try_argmin`](Var::try_argmin) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn argmin(self, axis: impl Into<Axis>) -> Self {
        or_panic(self.try_argmin(axis))
    }

    /// As [`argmin`](Var::argmin).
    ///
    /// # Errors
    ///
    /// As [`try_sort`](Var::try_sort).
    #[track_caller]
    pub fn try_argmin(self, axis: impl Into<Axis>) -> Result<Self, Error> {
        let axis = self.axis("argmin", axis)?;
        let still = self.detach();
        still
            .try_min_axes(Axes::keep(axis))
            .and_then(|smallest| still.first_that_is(smallest, axis))
            .map_err(|error| error.within("argmin"))
    }

    /// The first index along an axis at which this is `value`: the least of n + i − n [is it]. NaN
    /// if something is not a number.
    #[track_caller]
    fn first_that_is(self, value: Self, axis: usize) -> Result<Self, Error> {
        let extent = S::from_f64(self.shape().dims()[axis] as f64);
        let found = self.try_binary(Binary::Eq, value)?.try_mul(extent)?;
        let index = self.indices(axis)?.try_sub(found)?.try_min_axes(axis)?;
        index.try_add(extent)
    }

    /// 0, 1, 2, ... along an axis.
    #[track_caller]
    fn indices(self, axis: usize) -> Result<Self, Error> {
        let shape = self.shape();
        let extent = shape.dims()[axis];
        let count: Vec<S> = (0..extent).map(|i| S::from_f64(i as f64)).collect();
        let mut dims = vec![1; shape.rank()];
        dims[axis] = extent;
        self.tape.tensor(Leaf::Const, &count, dims)?.try_broadcast_to(shape)
    }

    /// The elements in the order of keys, which stand still.
    #[track_caller]
    fn by(self, keys: Self, axis: usize) -> Result<Self, Error> {
        let attributes = Attributes::axes_of(&[axis]);
        self.tape.record_structural(Structural::SortBy, &[keys.detach(), self], attributes)
    }
}
