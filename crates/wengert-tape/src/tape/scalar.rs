//! What a tape can store, and the loops over it that are compiled once.

use std::ops::Range;

use wengert_ops::adjoints::Adjoints;
use wengert_ops::dual::Dual;
use wengert_ops::numerics::Numerics;
use wengert_ops::op::Op;
use wengert_ops::real::Scalar as Number;
use wengert_ops::run::{Layouts, View, Wide};
use wengert_ops::structural::{Entry, Site};

use super::{Nested, Side, Step};

/// A number that a tape can store: `f32`, `f64`, and [`Dual`] numbers over them.
///
/// The list is closed, so that the loops over a tape are compiled in this crate, once for each of
/// them. A crate that records and differentiates compiles none of them again.
pub trait Scalar: Number + Compiled + Nested<Self> {}

impl<S: Number + Compiled + Nested<Self>> Scalar for S {}

/// Which Taylor coefficients are asked for: those of a view up to an order.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub(crate) output: View,
    pub(crate) order: usize,
}

/// The loops over a tape of one kind of number: implemented where they are written, for each number
/// by name.
#[doc(hidden)]
pub trait Compiled: Number {
    /// Computes the run of a wide step.
    fn forward(
        numerics: Numerics,
        wide: &Wide,
        layouts: &Layouts,
        before: &[Self],
        run: &mut [Self],
    );

    /// Computes the nodes whose runs lie in a range of slots.
    fn evaluate(
        numerics: Numerics,
        steps: &[Step],
        side: &Side,
        values: &mut [Self],
        slots: Range<usize>,
    );

    /// Walks the list backwards, adding every node's contributions to its operands' adjoints.
    fn sweep(
        numerics: Numerics,
        steps: &[Step],
        side: &Side,
        values: &[Self],
        adjoints: Adjoints<'_, Self>,
        nothing_added: &mut dyn FnMut(&Wide, &mut [Self]),
    );

    /// The Jacobian of a wide step, entry by entry.
    fn entries(op: Op, site: &Site<'_, Self>, visit: &mut dyn FnMut(Entry<Self>));

    /// As `evaluate`, on numbers with tangents, in exact numerics.
    fn evaluate_duals(steps: &[Step], side: &Side, values: &mut [Dual<Self>], slots: Range<usize>);

    /// As `sweep`, over numbers with tangents, in exact numerics.
    fn sweep_duals(steps: &[Step], side: &Side, values: &[Dual<Self>], adjoints: &mut [Dual<Self>]);

    /// The Taylor coefficients of a view along the direction in which some leaves move.
    fn taylor(
        steps: &[Step],
        side: &Side,
        values: &[Self],
        seeds: &[(usize, Self)],
        asked: Asked,
    ) -> Vec<Vec<Self>>;
}
