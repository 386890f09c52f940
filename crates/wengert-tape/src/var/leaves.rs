//! The leaves: numbers put on a tape, from slices and from nested arrays.

use smallvec::SmallVec;

use super::{Var, or_panic};
use crate::dual::Dual;
use crate::error::{Error, Place};
use crate::op::Leaf;
use crate::real::Scalar;
use crate::shape::Shape;
use crate::tape::Tape;

/// Numbers that have a shape of their own: a number, arrays, vectors and slices of those to any
/// depth (`[[f64; 3]; 2]`, `Vec<[f64; 3]>`), and with the feature `ndarray` its arrays and views.
pub trait Nested<S: Scalar> {
    /// Appends the extents, of an array's parts those of its first.
    #[doc(hidden)]
    fn extents(&self, extents: &mut SmallVec<[usize; 4]>);

    /// Appends the numbers, row-major; `false` where a part does not have the extents given.
    #[doc(hidden)]
    fn collect(&self, extents: &[usize], numbers: &mut Vec<S>) -> bool;
}

// Number by number: another crate's trait might come to hold for arrays as well.
macro_rules! numbers {
    ($($number:ty;)*) => {$(
        impl Nested<$number> for $number {
            fn extents(&self, _extents: &mut SmallVec<[usize; 4]>) {}

            fn collect(&self, extents: &[usize], numbers: &mut Vec<$number>) -> bool {
                numbers.push(*self);
                extents.is_empty()
            }
        }
    )*};
}
numbers! { f32; f64; Dual<f32>; Dual<f64>; }

impl<S: Scalar, T: Nested<S>> Nested<S> for [T] {
    fn extents(&self, extents: &mut SmallVec<[usize; 4]>) {
        extents.push(self.len());
        if let Some(first) = self.first() {
            first.extents(extents);
        }
    }

    fn collect(&self, extents: &[usize], numbers: &mut Vec<S>) -> bool {
        let Some((&extent, inner)) = extents.split_first() else { return false };
        extent == self.len() && self.iter().all(|part| part.collect(inner, numbers))
    }
}

macro_rules! like_slices {
    ($($generics:tt, $array:ty;)*) => {$(like_slices! { @one $generics, $array })*};
    (@one [$($generic:tt)*], $array:ty) => {
        impl<S: Scalar, T: Nested<S>, $($generic)*> Nested<S> for $array {
            fn extents(&self, extents: &mut SmallVec<[usize; 4]>) {
                self[..].extents(extents);
            }

            fn collect(&self, extents: &[usize], numbers: &mut Vec<S>) -> bool {
                self[..].collect(extents, numbers)
            }
        }
    };
}
like_slices! { [const N: usize], [T; N]; [], Vec<T>; }

impl<S: Scalar> Tape<S> {
    /// Records a number that can change from run to run and be differentiated by.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[track_caller]
    pub fn input(&self, value: S) -> Var<'_, S> {
        self.leaf_or_panic(Leaf::Input, Shape::scalar(), &[value])
    }

    /// Records a vector of inputs as one run, shape `[values.len()]`.
    ///
    /// # Panics
    ///
    /// If there is no value, or the tape is full.
    #[track_caller]
    pub fn inputs(&self, values: &[S]) -> Var<'_, S> {
        self.leaf_or_panic(Leaf::Input, Shape::from([values.len()]), values)
    }

    /// Records a parameter: a number that training changes.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[track_caller]
    pub fn param(&self, value: S) -> Var<'_, S> {
        self.leaf_or_panic(Leaf::Param, Shape::scalar(), &[value])
    }

    /// Records parameters as one contiguous block, shape `[values.len()]`, so that an optimiser's
    /// step is one loop over one run. Views of it ([`at`](Var::at), [`slice`](Var::slice),
    /// [`reshape`](Var::reshape)) cost nothing.
    ///
    /// # Panics
    ///
    /// If there is no value, or the tape is full.
    #[track_caller]
    pub fn params(&self, values: &[S]) -> Var<'_, S> {
        self.leaf_or_panic(Leaf::Param, Shape::from([values.len()]), values)
    }

    /// Records a run of numbers that change from run to run and that no derivative is taken by:
    /// features, targets.
    ///
    /// # Panics
    ///
    /// If there is no value, or the tape is full.
    #[track_caller]
    pub fn data(&self, values: &[S]) -> Var<'_, S> {
        self.leaf_or_panic(Leaf::Data, Shape::from([values.len()]), values)
    }

    /// Records a number that never changes. Operators take plain numbers, so this is rarely needed.
    ///
    /// # Panics
    ///
    /// If the tape is full.
    #[track_caller]
    pub fn constant(&self, value: S) -> Var<'_, S> {
        self.leaf_or_panic(Leaf::Const, Shape::scalar(), &[value])
    }

    /// Records a run of any shape, row-major, as an input, a parameter, data or a constant.
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
        Ok(Var { tape: self, view: view.cut_if(matches!(leaf, Leaf::Data | Leaf::Const)) })
    }

    /// Records numbers that have a shape of their own, as an input, a parameter, data or a
    /// constant.
    ///
    /// # Errors
    ///
    /// [`Error::Ragged`] if parts differ in their extents, [`Error::Empty`] if there is no number,
    /// [`Error::Full`].
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert::{Leaf, Tape};
    /// let tape = Tape::new();
    /// let w = tape.array(Leaf::Param, &[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])?;
    /// assert_eq!(w.shape().dims(), [2, 3]);
    /// assert_eq!(w.at(1).values(), [4.0, 5.0, 6.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn array(
        &self,
        leaf: Leaf,
        numbers: &(impl Nested<S> + ?Sized),
    ) -> Result<Var<'_, S>, Error> {
        let mut extents = SmallVec::new();
        numbers.extents(&mut extents);
        let mut values = Vec::new();
        let even = numbers.collect(&extents, &mut values);
        let shape = Shape::from(extents);
        if !even {
            return Err(Error::Ragged { op: "array", shape, at: Place::caller() });
        }
        self.tensor(leaf, &values, shape)
    }

    #[track_caller]
    fn leaf_or_panic(&self, leaf: Leaf, shape: Shape, values: &[S]) -> Var<'_, S> {
        or_panic(self.tensor(leaf, values, shape))
    }
}
