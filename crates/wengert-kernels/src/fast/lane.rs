//! A number whose elementary functions are the vector forms: derivative rules over it are loops
//! that vectorise.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use crate::elementary::{self, Elementary};
use crate::op::{Binary, Unary};
use crate::real::Real;
use crate::simd::Isa;

/// `S` as the rules see it in a kernel that is compiled for `I`.
pub(crate) struct Lane<I, S>(pub S, PhantomData<I>);

impl<I, S> Lane<I, S> {
    #[inline(always)]
    pub(crate) fn new(x: S) -> Self {
        Lane(x, PhantomData)
    }
}

impl<I, S: Copy> Clone for Lane<I, S> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<I, S: Copy> Copy for Lane<I, S> {}

impl<I, S: fmt::Debug> fmt::Debug for Lane<I, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<I: Isa, S: Elementary> Real for Lane<I, S> {
    #[inline(always)]
    fn like(self, constant: f64) -> Self {
        Lane::new(S::from_f64(constant))
    }

    #[inline(always)]
    fn largest(self) -> Self {
        Lane::new(self.0.largest())
    }

    #[inline(always)]
    fn unary(self, op: Unary) -> Self {
        Lane::new(elementary::unary::<I, S>(op, self.0))
    }

    #[inline(always)]
    fn binary(self, op: Binary, other: Self) -> Self {
        Lane::new(elementary::binary::<I, S>(op, self.0, other.0))
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident)*) => {$(
        impl<I: Isa, S: Elementary> $trait for Lane<I, S> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Lane::new(self.0.$method(other.0))
            }
        }
    )*};
}
operators!(Add add Sub sub Mul mul Div div Rem rem);

impl<I: Isa, S: Elementary> Neg for Lane<I, S> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Lane::new(-self.0)
    }
}
