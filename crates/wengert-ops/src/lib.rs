//! The operations of Wengert's tape: what each computes, and its derivative, written once.
//!
//! Nothing here knows a tape. [`op`] lists the operations; [`real`] says what a rule may do with a
//! number, [`number`] and [`dual`] are numbers; [`rules`] has the partials of elementwise
//! operations. [`shape`] and [`run`] say where elements lie in a column. The crate `wengert`
//! re-exports what its users need.

#![allow(missing_docs, reason = "to be written with the pages of the operations")]

// A module uses only modules listed above it.
pub mod op;
pub mod real;
pub mod double_double;
mod rounded;
#[doc(hidden)]
pub mod normal;
mod slopes;
pub mod number;
pub mod exact;
pub mod rules;
pub mod dual;
pub mod shape;
pub mod attributes;
pub mod run;
pub mod numerics;
pub mod tensor;
pub mod elementwise;
pub mod algebra;
pub mod structural;
#[doc(hidden)]
pub mod series;
pub mod value;
pub mod adjoints;
