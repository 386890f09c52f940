//! The leaves: numbers put on a tape.

use smallvec::SmallVec;

use super::{Var, or_panic};
use crate::error::{Error, Place};
use crate::op::Leaf;
use crate::real::Scalar;
use crate::shape::Shape;
use crate::tape::{Nested, Tape};

/// # Leaves: numbers put on the tape
impl<S: Scalar> Tape<S> {
    /// Records a number, or a run of numbers, that can change from run to run and be differentiated
    /// by. An array of arrays is one run, and has a shape.
    ///
    /// # Panics
    ///
    /// If parts differ in their extents, there is no number, or the tape is full;
    /// [`try_leaf`](Tape::try_leaf) returns that as an error.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input(0.5);
    /// let v = tape.input([1.0, 2.0, 3.0]);
    /// let m = tape.input([[1.0, 2.0], [3.0, 4.0]]);
    /// let rows: Vec<Vec<f64>> = vec![vec![1.0, 2.0]];
    /// let n = tape.input(&rows);
    /// assert!(x.is_scalar());
    /// assert_eq!((v.shape().dims(), m.shape().dims()), (&[3][..], &[2, 2][..]));
    /// assert_eq!(n.shape().dims(), [1, 2]);
    /// ```
    #[inline]
    #[track_caller]
    pub fn input(&self, numbers: impl Nested<S>) -> Var<'_, S> {
        or_panic(self.try_leaf(Leaf::Input, numbers))
    }

    /// Records parameters: numbers that training changes. A run of them is one contiguous block, so
    /// that an optimiser's step is one loop; views of it ([`at`](Var::at), [`slice`](Var::slice),
    /// [`reshape`](Var::reshape)) cost nothing.
    ///
    /// # Panics
    ///
    /// As [`input`](Tape::input).
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let w = tape.param([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// assert_eq!(w.at(1).values(), [4.0, 5.0, 6.0]);
    /// ```
    #[doc(alias = "requires_grad")]
    #[inline]
    #[track_caller]
    pub fn param(&self, numbers: impl Nested<S>) -> Var<'_, S> {
        or_panic(self.try_leaf(Leaf::Param, numbers))
    }

    /// Records numbers that change from run to run and that no derivative is taken by: features,
    /// targets.
    ///
    /// # Panics
    ///
    /// As [`input`](Tape::input).
    #[inline]
    #[track_caller]
    pub fn data(&self, numbers: impl Nested<S>) -> Var<'_, S> {
        or_panic(self.try_leaf(Leaf::Data, numbers))
    }

    /// Records numbers that never change. Operators take plain numbers, so this is rarely needed.
    ///
    /// # Panics
    ///
    /// As [`input`](Tape::input).
    #[inline]
    #[track_caller]
    pub fn constant(&self, numbers: impl Nested<S>) -> Var<'_, S> {
        or_panic(self.try_leaf(Leaf::Const, numbers))
    }

    /// As [`input`](Tape::input), [`param`](Tape::param), [`data`](Tape::data) and
    /// [`constant`](Tape::constant), whichever `leaf` says.
    ///
    /// # Errors
    ///
    /// [`Error::Ragged`] if parts differ in their extents, [`Error::Empty`] if there is no number,
    /// [`Error::Full`].
    #[inline]
    #[track_caller]
    pub fn try_leaf(&self, leaf: Leaf, numbers: impl Nested<S>) -> Result<Var<'_, S>, Error> {
        let mut extents = SmallVec::new();
        numbers.extents(&mut extents);
        let flat = numbers.flat();
        // Most are vectors, which need no shape before they have a layout.
        if let (&[len], Some(values)) = (&extents[..], flat)
            && len > 0
            && len == values.len()
        {
            let view = self.push_vector(leaf, values)?;
            return Ok(Var { tape: self, view: view.cut_if(is_cut(leaf)) });
        }
        let shape = Shape::from(extents);
        if let Some(values) = flat {
            return self.tensor(leaf, values, shape);
        }
        let mut values = Vec::new();
        if !numbers.collect(shape.dims(), &mut values) {
            return Err(Error::Ragged { op: leaf.name(), shape, at: Place::caller() });
        }
        self.tensor(leaf, &values, shape)
    }

    /// Records a run of numbers that stand in one slice, row-major, under a shape.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if the values do not fill the shape, [`Error::Empty`] for a shape without
    /// elements, [`Error::Full`].
    #[track_caller]
    pub fn tensor(
        &self,
        leaf: Leaf,
        values: &[S],
        shape: impl Into<Shape>,
    ) -> Result<Var<'_, S>, Error> {
        let view = self.push_leaf(leaf, shape.into(), values)?;
        Ok(Var { tape: self, view: view.cut_if(is_cut(leaf)) })
    }
}

/// Whether no derivative is taken by it.
fn is_cut(leaf: Leaf) -> bool {
    matches!(leaf, Leaf::Data | Leaf::Const)
}
