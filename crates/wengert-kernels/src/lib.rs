//! Vectorised kernels for `f32` and `f64`: elementary functions, elementwise loops, sums, matrix
//! products.
//!
//! All of Wengert's SIMD is here, and all `unsafe` that it needs. What each kernel computes, and to
//! which bound, is said by [`Numerics`](wengert_ops::numerics::Numerics).

#![allow(missing_docs, reason = "to be written with the pages of the operations")]

pub(crate) use wengert_ops::{adjoints, op, real, rules, run, shape, structural, tensor};

// A module uses only modules listed above it.
pub mod simd;
pub mod elementary;
pub mod product;
pub mod fast;
