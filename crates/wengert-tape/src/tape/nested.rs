//! Numbers in nested arrays, as a caller has them.

use smallvec::SmallVec;
use wengert_ops::double_double::DoubleDouble;
use wengert_ops::dual::Dual;

/// Numbers that have a shape of their own: a number; arrays, vectors and slices of those, to any
/// depth (`[[f64; 3]; 2]`, `Vec<[f64; 3]>`); a reference to any of them; and with the feature
/// `ndarray` its arrays and views.
pub trait Nested<S> {
    /// Appends the extents, of an array's parts those of its first.
    #[doc(hidden)]
    fn extents(&self, extents: &mut SmallVec<[usize; 4]>);

    /// Appends the numbers, row-major; `false` where a part does not have the extents given.
    #[doc(hidden)]
    fn collect(&self, extents: &[usize], numbers: &mut Vec<S>) -> bool;

    /// The numbers, row-major, where they lie like that in memory: then nothing is copied.
    #[doc(hidden)]
    fn flat(&self) -> Option<&[S]> {
        None
    }

    /// The numbers of neighbours, where they lie row-major in memory.
    #[doc(hidden)]
    fn flat_slice(_parts: &[Self]) -> Option<&[S]>
    where
        Self: Sized,
    {
        None
    }
}

// Number by number: another crate's trait might come to hold for arrays as well.
macro_rules! numbers {
    ($($number:ty;)*) => {$(
        impl Nested<$number> for $number {
            #[inline(always)]
            fn extents(&self, _extents: &mut SmallVec<[usize; 4]>) {}

            fn collect(&self, extents: &[usize], numbers: &mut Vec<$number>) -> bool {
                numbers.push(*self);
                extents.is_empty()
            }

            #[inline(always)]
            fn flat(&self) -> Option<&[$number]> {
                Some(std::slice::from_ref(self))
            }

            #[inline(always)]
            fn flat_slice(parts: &[$number]) -> Option<&[$number]> {
                Some(parts)
            }
        }
    )*};
}
numbers! { f32; f64; DoubleDouble; Dual<f32>; Dual<f64>; Dual<DoubleDouble>; }

impl<S, T: Nested<S>> Nested<S> for [T] {
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

    fn flat(&self) -> Option<&[S]> {
        T::flat_slice(self)
    }
}

impl<S, T: Nested<S>, const N: usize> Nested<S> for [T; N] {
    fn extents(&self, extents: &mut SmallVec<[usize; 4]>) {
        self[..].extents(extents);
    }

    fn collect(&self, extents: &[usize], numbers: &mut Vec<S>) -> bool {
        self[..].collect(extents, numbers)
    }

    fn flat(&self) -> Option<&[S]> {
        T::flat_slice(self)
    }

    fn flat_slice(parts: &[Self]) -> Option<&[S]> {
        T::flat_slice(parts.as_flattened())
    }
}

impl<S, T: Nested<S>> Nested<S> for Vec<T> {
    fn extents(&self, extents: &mut SmallVec<[usize; 4]>) {
        self[..].extents(extents);
    }

    fn collect(&self, extents: &[usize], numbers: &mut Vec<S>) -> bool {
        self[..].collect(extents, numbers)
    }

    fn flat(&self) -> Option<&[S]> {
        T::flat_slice(self)
    }
}

impl<S, T: Nested<S> + ?Sized> Nested<S> for &T {
    fn extents(&self, extents: &mut SmallVec<[usize; 4]>) {
        T::extents(self, extents);
    }

    fn collect(&self, extents: &[usize], numbers: &mut Vec<S>) -> bool {
        T::collect(self, extents, numbers)
    }

    fn flat(&self) -> Option<&[S]> {
        T::flat(self)
    }
}
