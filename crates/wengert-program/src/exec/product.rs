//! Contractions that are matrix products: any number of them, each added to the result or to an
//! init.
//!
//! `unsafe`: the three matrices lie in one workspace, which no safe borrow divides. What makes it
//! sound: [`Products::run`] checks that every element lies inside the workspace, and
//! [`Products::of`] takes only results whose elements are apart; that a result shares no place with
//! what it reads is the memory plan's promise (a run is given away only after the stage that reads
//! it last), and is checked when the program is assembled, in [`Products::of`], for the walks as a
//! whole.

#![allow(unsafe_code, reason = "matrices in one workspace: see the module's documentation")]

use std::cell::Cell;
use std::ops::Range;

use smallvec::SmallVec;

use super::walk::{Axis, Walk};
use crate::elementary::Elementary;
use wengert_kernels::product::{Product, product_in_order_raw, product_raw};

/// In which order sums are added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    /// The fastest.
    Any,
    /// That of the index, each product rounded; `guarded`: a zero of a adds nothing.
    OfIndex { guarded: bool },
}

/// Where one matrix begins, and its two strides.
#[derive(Clone, Copy, Debug)]
struct Matrix {
    start: usize,
    rows: usize,
    columns: usize,
}

/// Products of the same extents over the remaining axes.
#[derive(Clone, Debug)]
pub(crate) struct Products {
    order: Order,
    extents: (usize, usize, usize),
    out: Matrix,
    a: Matrix,
    b: Matrix,
    /// Result, init and operands over the axes of the result that are neither rows nor columns.
    outer: SmallVec<[Axis<4>; 4]>,
    around: SmallVec<[Axis<2>; 2]>,
    /// The init's start and strides along rows and columns.
    init: Option<Matrix>,
    /// The places that are read or written, at most.
    reach: usize,
    /// The places that are read: of the init, if there is one, of a and of b.
    reads: SmallVec<[Range<usize>; 3]>,
}

/// Fewer multiplications than this per product are done by the plain loops, many side by side.
const SMALLEST: usize = 64;
/// In the order of the index B is copied first: for as many rows and columns it is worth it.
const COPIED: usize = 8;

impl Products {
    /// The products that a contraction is: result, init, a and b begin at `starts`. `None` if the
    /// plain loops are as good.
    pub(crate) fn of(
        order: Order,
        starts: [usize; 4],
        has_init: bool,
        outer: &[Axis<4>],
        around: &[Axis<2>],
        inner: Axis<2>,
    ) -> Option<Self> {
        let best = |is: &dyn Fn(&Axis<4>) -> bool| {
            (0..outer.len()).filter(|&i| is(&outer[i])).max_by_key(|&i| outer[i].extent)
        };
        let rows = best(&|axis| axis.strides[2] > 0 && axis.strides[3] == 0);
        let columns = best(&|axis| axis.strides[2] == 0 && axis.strides[3] > 0);
        let at = |i: Option<usize>| i.map_or(Axis { extent: 1, strides: [0; 4] }, |i| outer[i]);
        let (m, n) = (at(rows), at(columns));
        if m.extent * n.extent * inner.extent < SMALLEST || (rows.is_none() && columns.is_none()) {
            return None;
        }
        if order != Order::Any && m.extent.min(n.extent) < COPIED {
            return None;
        }
        let rest: SmallVec<[Axis<4>; 4]> = (0..outer.len())
            .filter(|&i| Some(i) != rows && Some(i) != columns)
            .map(|i| outer[i])
            .collect();
        let negative = |strides: &[isize]| strides.iter().any(|&stride| stride < 0);
        if outer.iter().any(|axis| negative(&axis.strides))
            || negative(&inner.strides)
            || around.iter().any(|axis| negative(&axis.strides))
        {
            return None;
        }
        let matrix = |i: usize, rows: isize, columns: isize| Matrix {
            start: starts[i],
            rows: rows as usize,
            columns: columns as usize,
        };
        let reach = |i: usize| {
            let outer: usize =
                outer.iter().map(|axis| (axis.extent - 1) * axis.strides[i] as usize).sum();
            let inner: usize = match i {
                2 | 3 => around
                    .iter()
                    .chain([&inner])
                    .map(|axis| (axis.extent - 1) * axis.strides[i - 2] as usize)
                    .sum(),
                _ => 0,
            };
            starts[i] + outer + inner
        };
        let written = starts[0]..=reach(0);
        let apart = |i: usize| starts[i] > *written.end() || reach(i) < *written.start();
        assert!(
            apart(2) && apart(3),
            "the memory plan keeps a product's result apart from what it reads"
        );
        Some(Products {
            order,
            extents: (m.extent, inner.extent, n.extent),
            out: matrix(0, m.strides[0], n.strides[0]),
            a: matrix(2, m.strides[2], inner.strides[0]),
            b: matrix(3, inner.strides[1], n.strides[3]),
            init: has_init.then(|| matrix(1, m.strides[1], n.strides[1])),
            outer: rest,
            around: around.into(),
            reach: (0..4).filter(|&i| i != 1 || has_init).map(reach).max().unwrap_or(0),
            reads: (1..4)
                .filter(|&i| i != 1 || has_init)
                .map(|i| starts[i]..reach(i) + 1)
                .collect(),
        })
    }

    /// The places that are read lie within these.
    pub(crate) fn reads(&self) -> &[Range<usize>] {
        &self.reads
    }

    pub(crate) fn run<S: Elementary + Product>(&self, memory: &[Cell<S>]) {
        assert!(self.reach < memory.len(), "a program's products lie inside its workspace");
        let (m, _, n) = self.extents;
        let base = memory.as_ptr().cast::<S>().cast_mut();
        let mut outer = Walk::new();
        loop {
            let [out, init, a, b] = outer.offsets;
            let out = self.out.start + out as usize;
            if let Some(from) = self.init {
                for i in 0..m {
                    for j in 0..n {
                        let value = memory
                            [from.start + init as usize + i * from.rows + j * from.columns]
                            .get();
                        memory[out + i * self.out.rows + j * self.out.columns].set(value);
                    }
                }
            }
            let mut accumulate = self.init.is_some();
            let mut around = Walk::new();
            loop {
                let a = self.a.start + (a + around.offsets[0]) as usize;
                let b = self.b.start + (b + around.offsets[1]) as usize;
                let out = (base.wrapping_add(out), self.out.rows, self.out.columns);
                let a = (base.wrapping_add(a).cast_const(), self.a.rows, self.a.columns);
                let b = (base.wrapping_add(b).cast_const(), self.b.rows, self.b.columns);
                // SAFETY: every place is at most `reach`, which lies inside the workspace; cells of
                // numbers are written through pointers derived from them; the result's elements are
                // apart from each other and from the operands.
                unsafe {
                    match self.order {
                        Order::Any => product_raw(accumulate, self.extents, out, a, b),
                        Order::OfIndex { guarded } => {
                            product_in_order_raw(guarded, accumulate, self.extents, out, a, b);
                        }
                    }
                }
                accumulate = true;
                if !around.next(&self.around) {
                    break;
                }
            }
            if !outer.next(&self.outer) {
                return;
            }
        }
    }
}
