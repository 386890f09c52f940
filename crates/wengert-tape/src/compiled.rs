//! The loops over a tape, compiled here for every number that a tape can store.

use std::ops::Range;

use wengert_ops::adjoints::Adjoints;
use wengert_ops::structural::{Entry, Site};
use wengert_ops::value;

use crate::dual::Dual;
use crate::kernels::{self, Numerics};
use crate::op::Op;
use crate::replay::evaluate_range;
use crate::run::{Layouts, Wide};
use crate::sweep;
use crate::tape::{Compiled, Side, Step};

// By name, and not for every number: what is generic would be compiled again in each crate that uses it.
macro_rules! compiled {
    ($($number:ty)*) => {$(
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
                evaluate_range(Numerics::Exact, steps, side, values, slots);
            }

            fn sweep_duals(steps: &[Step], side: &Side, values: &[Dual<Self>], adjoints: &mut [Dual<Self>]) {
                let all = Adjoints { column: adjoints, unwritten: &mut Vec::new() };
                sweep::walk(Numerics::Exact, steps, side, values, all, &mut |_, _| {});
            }
        }
    )*};
}
compiled!(f32 f64 Dual<f32> Dual<f64>);
