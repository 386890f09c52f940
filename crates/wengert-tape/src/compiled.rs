//! The loops over a tape, compiled here for every number that a tape can store.

use std::ops::Range;

use wengert_ops::adjoints::Adjoints;
#[cfg(feature = "precision")]
use wengert_ops::double_double::DoubleDouble;
use wengert_ops::real::Scalar as Number;
use wengert_ops::structural::{Entry, Site};
use wengert_ops::value;

use crate::dual::Dual;
use crate::kernels::{self, Numerics};
use crate::op::Op;
use crate::replay::evaluate_range;
use crate::run::{Layouts, Wide};
use crate::sweep;
use crate::tape::{Asked, Compiled, Side, Step};

// By name, and not for every number: what is generic would be compiled again in each crate that
// uses it.
macro_rules! compiled {
    ($($number:ty, $nested:ident;)*) => {$(
        impl Compiled for $number {
            fn forward(numerics: Numerics, wide: &Wide, layouts: &Layouts, before: &[Self], run: &mut [Self]) {
                kernels::forward(numerics, wide, layouts, before, run);
            }

            fn evaluate(numerics: Numerics, steps: &[Step], side: &Side, values: &mut [Self], slots: Range<usize>) {
                evaluate_range(numerics, steps, side, values, slots);
            }

            fn sweep(
                numerics: Numerics,
                steps: &[Step],
                side: &Side,
                values: &[Self],
                adjoints: Adjoints<'_, Self>,
                nothing_added: &mut dyn FnMut(&Wide, &mut [Self]),
            ) {
                sweep::walk(numerics, steps, side, values, adjoints, nothing_added);
            }

            fn entries(op: Op, site: &Site<'_, Self>, visit: &mut dyn FnMut(Entry<Self>)) {
                value::entries(op, site, visit);
            }

            fn evaluate_duals(steps: &[Step], side: &Side, values: &mut [Dual<Self>], slots: Range<usize>) {
                $nested::evaluate(steps, side, values, slots);
            }

            fn sweep_duals(steps: &[Step], side: &Side, values: &[Dual<Self>], adjoints: &mut [Dual<Self>]) {
                $nested::sweep(steps, side, values, adjoints);
            }

            fn taylor(
                steps: &[Step],
                side: &Side,
                values: &[Self],
                seeds: &[(usize, Self)],
                asked: Asked,
            ) -> Vec<Vec<Self>> {
                $nested::taylor(steps, side, values, seeds, asked)
            }
        }
    )*};
}
compiled! {
    f32, duals;
    f64, duals;
    Dual<f32>, no_duals_of_duals;
    Dual<f64>, no_duals_of_duals;
}
#[cfg(feature = "precision")]
compiled! {
    DoubleDouble, duals;
    Dual<DoubleDouble>, no_duals_of_duals;
}

/// Forward mode over a tape of plain numbers.
mod duals {
    use super::*;

    pub(super) fn evaluate<S: Number>(
        steps: &[Step],
        side: &Side,
        values: &mut [Dual<S>],
        slots: Range<usize>,
    ) {
        evaluate_range(Numerics::Exact, steps, side, values, slots);
    }

    pub(super) fn sweep<S: Number>(
        steps: &[Step],
        side: &Side,
        values: &[Dual<S>],
        adjoints: &mut [Dual<S>],
    ) {
        let all = Adjoints { column: adjoints, unwritten: &mut Vec::new() };
        sweep::walk(Numerics::Exact, steps, side, values, all, &mut |_, _| {});
    }

    pub(super) use crate::taylor::along as taylor;
}

/// A tape of dual numbers has its tangents already. Duals of duals would be compiled for every
/// operation, at a cost of gigabytes, for what recorded tangents do.
mod no_duals_of_duals {
    use super::*;

    const WAY_OUT: &str = "a tape of dual numbers carries tangents already: for tangents of those, use record_tangent";

    pub(super) fn evaluate<S>(_: &[Step], _: &Side, _: &mut [S], _: Range<usize>) {
        panic!("tangents: {WAY_OUT}");
    }

    pub(super) fn sweep<S>(_: &[Step], _: &Side, _: &[S], _: &mut [S]) {
        panic!("hvp: {WAY_OUT}");
    }

    pub(super) fn taylor<S>(
        _: &[Step],
        _: &Side,
        _: &[S],
        _: &[(usize, S)],
        _: Asked,
    ) -> Vec<Vec<S>> {
        panic!("taylor: {WAY_OUT}");
    }
}
