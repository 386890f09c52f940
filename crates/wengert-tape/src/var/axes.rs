//! Axes as a caller names them: one, some, the last, all.

use std::ops::RangeFull;

use smallvec::SmallVec;
use wengert_ops::structural::reduction::no_such_axis;

use super::Var;
use crate::error::Error;
use crate::real::Scalar;

/// The last axis of a tensor, whatever its rank: `x.softmax(Last)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Last;

/// One axis: its number, from 0 for the outermost, or [`Last`].
///
/// # Examples
///
/// ```
/// use wengert::{Last, Tape};
/// let tape = Tape::new();
/// let x = tape.input([[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!(x.cumsum(1).values(), x.cumsum(Last).values());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Axis(Option<usize>);

impl From<usize> for Axis {
    fn from(axis: usize) -> Self {
        Axis(Some(axis))
    }
}

impl From<Last> for Axis {
    fn from(_: Last) -> Self {
        Axis(None)
    }
}

impl Axis {
    /// Its number in a tensor of so many axes. The last of none is 0, which does not exist.
    pub(super) fn of(self, rank: usize) -> usize {
        self.0.unwrap_or(rank.saturating_sub(1))
    }
}

/// The axes that a reduction goes over: one (`1`, [`Last`]), some (`[0, 2]`), all (`..`). They are
/// dropped from the shape, unless [`Axes::keep`] says otherwise.
///
/// # Examples
///
/// ```
/// use wengert::{Axes, Last, Tape};
/// let tape = Tape::new();
/// let x = tape.input([[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!(x.sum_axes(0).values(), [4.0, 6.0]);
/// assert_eq!(x.sum_axes(Last).values(), [3.0, 7.0]);
/// assert_eq!(x.sum_axes([0, 1]).value(), 10.0);
/// assert_eq!(x.sum_axes(..).value(), 10.0);
/// let centred = x - x.mean_axes(Axes::keep(1)); // of shape [2, 1]
/// assert_eq!(centred.values(), [-0.5, 0.5, -0.5, 0.5]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axes {
    /// All, if there is no list.
    which: Option<SmallVec<[Axis; 4]>>,
    keep: bool,
}

impl Axes {
    /// The same axes, which stay in the shape with extent 1, so that the result broadcasts against
    /// the operand. (NumPy's `keepdims`.)
    #[doc(alias = "keepdims")]
    #[must_use]
    pub fn keep(axes: impl Into<Axes>) -> Self {
        Axes { keep: true, ..axes.into() }
    }

    fn some(axes: impl IntoIterator<Item = Axis>) -> Self {
        Axes { which: Some(axes.into_iter().collect()), keep: false }
    }
}

impl From<RangeFull> for Axes {
    fn from(_: RangeFull) -> Self {
        Axes { which: None, keep: false }
    }
}

impl From<Axis> for Axes {
    fn from(axis: Axis) -> Self {
        Axes::some([axis])
    }
}

impl From<usize> for Axes {
    fn from(axis: usize) -> Self {
        Axes::some([axis.into()])
    }
}

impl From<Last> for Axes {
    fn from(last: Last) -> Self {
        Axes::some([last.into()])
    }
}

impl From<&[usize]> for Axes {
    fn from(axes: &[usize]) -> Self {
        Axes::some(axes.iter().map(|&axis| axis.into()))
    }
}

impl<const N: usize> From<[usize; N]> for Axes {
    fn from(axes: [usize; N]) -> Self {
        Axes::from(&axes[..])
    }
}

impl<const N: usize> From<&[usize; N]> for Axes {
    fn from(axes: &[usize; N]) -> Self {
        Axes::from(&axes[..])
    }
}

impl From<&Vec<usize>> for Axes {
    fn from(axes: &Vec<usize>) -> Self {
        Axes::from(&axes[..])
    }
}

impl<S: Scalar> Var<'_, S> {
    /// The axes in ascending order, if they are different axes of this.
    #[track_caller]
    pub(super) fn axes(self, op: &'static str, axes: &Axes) -> Result<SmallVec<[usize; 4]>, Error> {
        let rank = self.shape().rank();
        let Some(named) = &axes.which else { return Ok((0..rank).collect()) };
        let mut sorted: SmallVec<[usize; 4]> = named.iter().map(|axis| axis.of(rank)).collect();
        sorted.sort_unstable();
        // A step has a byte for each axis.
        let bound = rank.min(usize::from(u8::MAX));
        if let Some(&last) = sorted.last()
            && last >= bound
        {
            return Err(self.operand_error(op, no_such_axis(last, bound)));
        }
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(self.operand_error(op, format!("axis {} is named twice", pair[0])));
        }
        Ok(sorted)
    }

    /// The number of an axis, if it is one of this.
    #[track_caller]
    pub(super) fn axis(self, op: &'static str, axis: impl Into<Axis>) -> Result<usize, Error> {
        Ok(self.axes(op, &axis.into().into())?[0])
    }

    /// The axes of a reduction.
    ///
    /// No closure is passed about here: the caller's line would be lost in it.
    #[track_caller]
    pub(super) fn chosen(self, op: &'static str, axes: impl Into<Axes>) -> Result<Chosen, Error> {
        let axes = axes.into();
        Ok(Chosen { axes: self.axes(op, &axes)?, keep: axes.keep })
    }
}

/// The axes that a reduction of some tensor goes over, in ascending order.
pub(super) struct Chosen {
    pub(super) axes: SmallVec<[usize; 4]>,
    keep: bool,
}

impl Chosen {
    /// The result, with the axes back in its shape if they are kept; an error is one of `op`.
    #[track_caller]
    pub(super) fn finish<'t, S: Scalar>(
        &self,
        op: &'static str,
        result: Result<Var<'t, S>, Error>,
    ) -> Result<Var<'t, S>, Error> {
        let mut result = result.map_err(|error| error.within(op))?;
        if self.keep {
            for &axis in &self.axes {
                result = result.try_insert_axis(axis)?;
            }
        }
        Ok(result)
    }
}
