//! `+ - * / %` and negation: `Var` with `Var`, with numbers on either side, by value or by
//! reference, and assigning.

use std::iter::{Product, Sum};
use std::ops::{
    Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign,
};

use super::Var;
use crate::dual::Dual;
use crate::op::{Binary, Unary};
use crate::real::Scalar;

macro_rules! operator {
    ($($trait:ident $method:ident $assign:ident $assign_method:ident $try:ident $symbol:literal;)*) => {$(
        impl<'t, S: Scalar> $trait for Var<'t, S> {
            type Output = Self;
            #[inline(always)]
            #[track_caller]
            fn $method(self, other: Self) -> Self { self.apply_with(Binary::$trait, other) }
        }
        impl<'t, S: Scalar> $trait<&Var<'t, S>> for Var<'t, S> {
            type Output = Self;
            #[inline(always)]
            #[track_caller]
            fn $method(self, other: &Self) -> Self { self.apply_with(Binary::$trait, *other) }
        }
        impl<'t, S: Scalar> $trait<Var<'t, S>> for &Var<'t, S> {
            type Output = Var<'t, S>;
            #[inline(always)]
            #[track_caller]
            fn $method(self, other: Var<'t, S>) -> Var<'t, S> { self.apply_with(Binary::$trait, other) }
        }
        impl<'t, S: Scalar> $trait for &Var<'t, S> {
            type Output = Var<'t, S>;
            #[inline(always)]
            #[track_caller]
            fn $method(self, other: Self) -> Var<'t, S> { self.apply_with(Binary::$trait, *other) }
        }
        impl<'t, S: Scalar> $trait<S> for Var<'t, S> {
            type Output = Self;
            #[inline(always)]
            #[track_caller]
            fn $method(self, number: S) -> Self { self.apply_number(Binary::$trait, number) }
        }
        impl<'t, S: Scalar> $trait<S> for &Var<'t, S> {
            type Output = Var<'t, S>;
            #[inline(always)]
            #[track_caller]
            fn $method(self, number: S) -> Var<'t, S> { self.apply_number(Binary::$trait, number) }
        }

        impl<S: Scalar> $assign for Var<'_, S> {
            #[inline(always)]
            #[track_caller]
            fn $assign_method(&mut self, other: Self) { *self = self.apply_with(Binary::$trait, other); }
        }
        impl<S: Scalar> $assign<S> for Var<'_, S> {
            #[inline(always)]
            #[track_caller]
            fn $assign_method(&mut self, number: S) { *self = self.apply_number(Binary::$trait, number); }
        }

        impl<'t, S: Scalar> Var<'t, S> {
            #[doc = concat!("The operator `", $symbol, "`, with misuse as an error.\n\n# Errors\n\nAs [`try_binary`](Var::try_binary).")]
            #[track_caller]
            pub fn $try(self, other: impl super::Operand<'t, S>) -> Result<Self, crate::Error> {
                self.try_binary(Binary::$trait, other)
            }
        }
    )*};
}

macro_rules! number_first {
    ($($number:ty),*; $($trait:ident $method:ident)*) => { number_first!(@each [$($number),*] $($trait $method)*); };
    (@each $numbers:tt $($trait:ident $method:ident)*) => { $(number_first!(@one $numbers $trait $method);)* };
    (@one [$($number:ty),*] $trait:ident $method:ident) => {$(
        impl<'t> $trait<Var<'t, $number>> for $number {
            type Output = Var<'t, $number>;
            #[inline(always)]
            #[track_caller]
            fn $method(self, var: Var<'t, $number>) -> Var<'t, $number> { var.apply_to_number(Binary::$trait, self) }
        }
        impl<'t> $trait<&Var<'t, $number>> for $number {
            type Output = Var<'t, $number>;
            #[inline(always)]
            #[track_caller]
            fn $method(self, var: &Var<'t, $number>) -> Var<'t, $number> { var.apply_to_number(Binary::$trait, self) }
        }
    )*};
}

operator! {
    Add add AddAssign add_assign try_add "+";
    Sub sub SubAssign sub_assign try_sub "-";
    Mul mul MulAssign mul_assign try_mul "*";
    Div div DivAssign div_assign try_div "/";
    Rem rem RemAssign rem_assign try_rem "%";
}

number_first!(f32, f64, Dual<f32>, Dual<f64>; Add add Sub sub Mul mul Div div Rem rem);

impl<S: Scalar> Neg for Var<'_, S> {
    type Output = Self;
    #[inline(always)]
    #[track_caller]
    fn neg(self) -> Self {
        self.apply(Unary::Neg)
    }
}

impl<'t, S: Scalar> Neg for &Var<'t, S> {
    type Output = Var<'t, S>;
    #[inline(always)]
    #[track_caller]
    fn neg(self) -> Var<'t, S> {
        self.apply(Unary::Neg)
    }
}

macro_rules! fold {
    ($($trait:ident $method:ident $op:ident)*) => {$(
        /// Folds from the first term, in order; an empty iterator has no tape to put a result on
        /// and panics.
        impl<S: Scalar> $trait for Var<'_, S> {
            #[track_caller]
            fn $method<I: Iterator<Item = Self>>(iter: I) -> Self {
                // A loop and not a closure, so that errors name the caller's line.
                let mut folded: Option<Self> = None;
                for term in iter {
                    folded = Some(match folded {
                        Some(before) => before.apply_with(Binary::$op, term),
                        None => term,
                    });
                }
                match folded {
                    Some(result) => result,
                    None => panic!(concat!(stringify!($method), " of no terms: there is no tape to record it on")),
                }
            }
        }

        impl<'a, 't, S: Scalar> $trait<&'a Var<'t, S>> for Var<'t, S> {
            #[track_caller]
            fn $method<I: Iterator<Item = &'a Self>>(iter: I) -> Self {
                <Self as $trait>::$method(iter.copied())
            }
        }
    )*};
}
fold!(Sum sum Add Product product Mul);
