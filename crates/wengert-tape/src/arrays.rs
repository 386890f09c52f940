//! Arrays of the crate `ndarray`, in and out.

use ::ndarray::{ArrayBase, ArrayD, ArrayViewD, Data, Dimension, IxDyn};
use smallvec::SmallVec;

use crate::backward::Gradients;
use crate::real::Scalar;
use crate::tape::Nested;
use crate::var::Var;

/// Any array or view, contiguous or not, of any number of axes:
/// `tape.data(table.slice(s![.., ..4]))`.
impl<S: Scalar, A: Data<Elem = S>, D: Dimension> Nested<S> for ArrayBase<A, D> {
    fn extents(&self, extents: &mut SmallVec<[usize; 4]>) {
        extents.extend_from_slice(self.shape());
    }

    fn collect(&self, extents: &[usize], numbers: &mut Vec<S>) -> bool {
        // `iter` goes in logical order, whatever the strides.
        numbers.extend(self.iter().copied());
        self.shape() == extents
    }
}

fn array<S: Scalar>(shape: &[usize], values: Vec<S>) -> ArrayD<S> {
    ArrayD::from_shape_vec(IxDyn(shape), values)
        .expect("a var has as many values as its shape says")
}

impl<S: Scalar> Var<'_, S> {
    /// A copy of the values as an array of the same shape. (With the feature `ndarray`.)
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::{array, s};
    /// use wengert::Tape;
    /// let tape = Tape::new();
    /// let table = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    /// let x = tape.input(table.slice(s![.., ..;2]));
    /// assert_eq!(x.square().t().to_ndarray(), array![[1.0, 16.0], [9.0, 36.0]].into_dyn());
    /// ```
    #[must_use]
    pub fn to_ndarray(self) -> ArrayD<S> {
        array(self.shape().dims(), self.values())
    }

    /// Lends the values as an array, without a copy where [`with_values`](Var::with_values) needs
    /// none. (With the feature `ndarray`.)
    ///
    /// # Panics
    ///
    /// As [`with_values`](Var::with_values).
    pub fn with_ndarray<R>(self, f: impl FnOnce(ArrayViewD<'_, S>) -> R) -> R {
        let shape = self.shape();
        self.with_values(|values| {
            f(ArrayViewD::from_shape(IxDyn(shape.dims()), values)
                .expect("a var has as many values as its shape says"))
        })
    }
}

impl<S: Scalar> From<Var<'_, S>> for ArrayD<S> {
    fn from(var: Var<'_, S>) -> Self {
        var.to_ndarray()
    }
}

impl<'t, S: Scalar> Gradients<'t, S> {
    /// The gradient by a run as an array of its shape; [`values_wrt`](Gradients::values_wrt) has
    /// the rest. (With the feature `ndarray`.)
    ///
    /// # Panics
    ///
    /// As [`values_wrt`](Gradients::values_wrt).
    #[must_use]
    #[track_caller]
    pub fn ndarray_wrt(&self, var: Var<'t, S>) -> ArrayD<S> {
        array(var.shape().dims(), self.values_wrt(var))
    }
}
