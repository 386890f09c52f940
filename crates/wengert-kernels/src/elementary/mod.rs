//! The elementary functions of `Fast` numerics: within 2 ulp everywhere, without a branch, so that
//! loops over them are vectorised.
//!
//! `number` names the implementation of every function in `Exact` numerics. Here are those
//! that have a **vector form**: formulas whose every step is the same for all numbers, compiled for
//! each [`Level`](crate::simd::Level). A result depends on the number, the type and on whether the
//! level has FMA; never on the place in a slice or on the slice's length. So [`unary`] of one
//! number has the bits of [`map`].
//!
//! `float` is what the formulas need to know of a type; `exponential`, `logarithm`, `trigonometric`
//! are the families; `slices` are the loops.

mod exponential;
mod float;
mod logarithm;
mod slices;
#[cfg(test)]
mod tests;
mod trigonometric;

pub use float::Elementary;
pub use slices::{
    Slices, binary, compiled, has_vector_form, has_vector_form_of_two, is_bounded, map,
    sigmoid_and_slope, unary, vector_form,
};
