//! `init + Σ a b` over inner axes, in the order of the index unless the numerics allow another.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::Range;

use smallvec::SmallVec;

use super::LANES;
use super::elementwise::Operands;
use super::product::Products;
use super::walk::{Axis, Walk};
use crate::elementary::Elementary;
use crate::simd::{self, Arguments, Compiled, Isa, Kernel, Level};
use wengert_kernels::product::Product;

/// Where the operands begin, and how they move: result, init, a, b.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Result, init, a, b.
    pub(crate) starts: [usize; 4],
    pub(crate) has_init: bool,
    pub(crate) guarded: bool,
    /// All axes of the result but the lanes'.
    pub(crate) outer: SmallVec<[Axis<4>; 4]>,
    /// The axis of the result that is computed side by side.
    pub(crate) lanes: Axis<4>,
    /// Inner axes but the last: offsets of a and b.
    pub(crate) around: SmallVec<[Axis<2>; 2]>,
    pub(crate) inner: Axis<2>,
}

impl Layout {
    /// Whether a sum is cut into lanes of its own, and not in the order of the index.
    pub(crate) fn has_lanes(&self, fast: bool) -> bool {
        fast && self.lanes.extent < LANES / 2
            && self.inner.extent >= 2 * LANES
            && self.inner.strides == [1, 1]
    }
}

pub(crate) struct Sums<S>(PhantomData<S>);

impl<S: 'static> Arguments for Sums<S> {
    type Of<'a> = (&'a Layout, &'a [Cell<S>]);
}

#[derive(Clone, Debug)]
pub(crate) struct Contract<S: 'static> {
    pub(crate) layout: Layout,
    kernel: Compiled<Sums<S>>,
    /// The same as products of matrices, and the places that hold the second factors.
    products: Option<Box<(Products, Range<usize>)>>,
}

impl<S: Elementary + Product> Contract<S> {
    pub(crate) fn new(layout: Layout, fast: bool, level: Level) -> Self {
        let kernel = match (fast, layout.guarded) {
            // A sum along neighbours may be cut into lanes of its own where the order is free.
            (true, true) if layout.has_lanes(fast) => simd::compiled::<Dots<S, true>>(level),
            (true, false) if layout.has_lanes(fast) => simd::compiled::<Dots<S, false>>(level),
            (true, true) => simd::compiled::<SideBySide<S, true, true>>(level),
            (true, false) => simd::compiled::<SideBySide<S, true, false>>(level),
            (false, true) => simd::compiled::<SideBySide<S, false, true>>(level),
            (false, false) => simd::compiled::<SideBySide<S, false, false>>(level),
        };
        Contract { layout, kernel, products: None }
    }

    /// The same as products of matrices, in which a zero times infinity is no number: to be run
    /// where all second factors are finite.
    pub(crate) fn or_products(mut self, products: Products) -> Self {
        let factors = products.reads().last().cloned().unwrap_or_default();
        self.products = Some(Box::new((products, factors)));
        self
    }

    #[inline]
    pub(crate) fn run(&self, memory: &[Cell<S>]) {
        if let Some((products, factors)) = self.products.as_deref()
            && memory[factors.clone()].iter().all(|factor| factor.get().is_finite())
        {
            return products.run(memory);
        }
        self.kernel.call((&self.layout, memory));
    }
}

/// Adds the sum of all to the one number of the result.
struct Folding<S, const PRODUCTS: bool, const GUARDED: bool>(PhantomData<S>);

impl<S: Elementary, const PRODUCTS: bool, const GUARDED: bool> Kernel
    for Folding<S, PRODUCTS, GUARDED>
{
    type Arguments = Operands<S>;

    #[inline(always)]
    fn run<I: Isa>((out, [a, b, _]): (&[Cell<S>], [&[Cell<S>]; 3])) {
        out[0].set(out[0].get() + dot::<I, S, PRODUCTS, GUARDED>(a, b));
    }
}

/// The kernel that adds a sum, of products unless there is one operand, to a number.
pub(crate) fn folding<S: Elementary>(
    products: bool,
    guarded: bool,
    level: Level,
) -> Compiled<Operands<S>> {
    match (products, guarded) {
        (false, _) => simd::compiled::<Folding<S, false, false>>(level),
        (true, false) => simd::compiled::<Folding<S, true, false>>(level),
        (true, true) => simd::compiled::<Folding<S, true, true>>(level),
    }
}

/// `N` numbers from a place on, so far apart.
#[inline(always)]
pub(crate) fn lanes<S: Elementary, const N: usize>(
    memory: &[Cell<S>],
    at: isize,
    stride: isize,
) -> [S; N] {
    let at = at as usize;
    let mut some = [S::ONE; N];
    match stride {
        0 => some = [memory[at].get(); N],
        1 => {
            let from = &memory[at..at + N];
            for lane in 0..N {
                some[lane] = from[lane].get();
            }
        }
        _ => {
            for lane in 0..N {
                some[lane] = memory[(at as isize + lane as isize * stride) as usize].get();
            }
        }
    }
    some
}

/// `acc + x y`, rounded once where that is fast and allowed; nothing for a zero x if it is guarded.
#[inline(always)]
fn add_product<I: Isa, S: Elementary, const FAST: bool, const GUARDED: bool>(
    acc: S,
    x: S,
    y: S,
) -> S {
    let sum = if FAST && I::FMA { S::fused(x, y, acc) } else { acc + x * y };
    if GUARDED && x.is_zero() { acc } else { sum }
}

/// Several results at a time, each summed in order.
struct SideBySide<S, const FAST: bool, const GUARDED: bool>(PhantomData<S>);

impl<S: Elementary, const FAST: bool, const GUARDED: bool> Kernel for SideBySide<S, FAST, GUARDED> {
    type Arguments = Sums<S>;

    #[inline(always)]
    fn run<I: Isa>((layout, memory): (&Layout, &[Cell<S>])) {
        let mut outer = Walk::new();
        loop {
            let mut lane = 0;
            while lane + LANES <= layout.lanes.extent {
                block::<I, S, FAST, GUARDED, LANES>(layout, memory, outer.offsets, lane as isize);
                lane += LANES;
            }
            while lane + 4 <= layout.lanes.extent {
                block::<I, S, FAST, GUARDED, 4>(layout, memory, outer.offsets, lane as isize);
                lane += 4;
            }
            while lane < layout.lanes.extent {
                block::<I, S, FAST, GUARDED, 1>(layout, memory, outer.offsets, lane as isize);
                lane += 1;
            }
            if !outer.next(&layout.outer) {
                return;
            }
        }
    }
}

#[inline(always)]
fn block<I: Isa, S: Elementary, const FAST: bool, const GUARDED: bool, const N: usize>(
    layout: &Layout,
    memory: &[Cell<S>],
    offsets: [isize; 4],
    lane: isize,
) {
    let strides = layout.lanes.strides;
    let mut at = [0; 4];
    for i in 0..4 {
        at[i] = layout.starts[i] as isize + offsets[i] + lane * strides[i];
    }
    let mut sums: [S; N] =
        if layout.has_init { lanes(memory, at[1], strides[1]) } else { [S::EMPTY; N] };
    let mut around = Walk::new();
    loop {
        let (mut a, mut b) = (at[2] + around.offsets[0], at[3] + around.offsets[1]);
        for _ in 0..layout.inner.extent {
            let (x, y): ([S; N], [S; N]) =
                (lanes(memory, a, strides[2]), lanes(memory, b, strides[3]));
            for i in 0..N {
                sums[i] = add_product::<I, S, FAST, GUARDED>(sums[i], x[i], y[i]);
            }
            a += layout.inner.strides[0];
            b += layout.inner.strides[1];
        }
        if !around.next(&layout.around) {
            break;
        }
    }
    if strides[0] == 1 {
        let out = &memory[at[0] as usize..at[0] as usize + N];
        for i in 0..N {
            out[i].set(sums[i]);
        }
    } else {
        for i in 0..N {
            memory[(at[0] + i as isize * strides[0]) as usize].set(sums[i]);
        }
    }
}

/// One result at a time, its terms in lanes: for long sums of neighbours.
struct Dots<S, const GUARDED: bool>(PhantomData<S>);

impl<S: Elementary, const GUARDED: bool> Kernel for Dots<S, GUARDED> {
    type Arguments = Sums<S>;

    #[inline(always)]
    fn run<I: Isa>((layout, memory): (&Layout, &[Cell<S>])) {
        let n = layout.inner.extent;
        let mut outer = Walk::new();
        loop {
            for lane in 0..layout.lanes.extent as isize {
                let mut at = [0; 4];
                for i in 0..4 {
                    at[i] = layout.starts[i] as isize
                        + outer.offsets[i]
                        + lane * layout.lanes.strides[i];
                }
                let mut total =
                    if layout.has_init { memory[at[1] as usize].get() } else { S::EMPTY };
                let mut around = Walk::new();
                loop {
                    let (a, b) = (
                        (at[2] + around.offsets[0]) as usize,
                        (at[3] + around.offsets[1]) as usize,
                    );
                    let (a, b) = (&memory[a..a + n], &memory[b..b + n]);
                    total = total + dot::<I, S, true, GUARDED>(a, b);
                    if !around.next(&layout.around) {
                        break;
                    }
                }
                memory[at[0] as usize].set(total);
            }
            if !outer.next(&layout.outer) {
                return;
            }
        }
    }
}

/// `Σ a b` in lanes, or `Σ a` if it is of no products.
#[inline(always)]
pub(crate) fn dot<I: Isa, S: Elementary, const PRODUCTS: bool, const GUARDED: bool>(
    a: &[Cell<S>],
    b: &[Cell<S>],
) -> S {
    /// Enough partial sums to hide the latency of an addition.
    const WIDE: usize = 4 * LANES;
    let n = a.len();
    let (wide, narrow) = (n / WIDE * WIDE, n / LANES * LANES);
    let mut sums = [S::EMPTY; WIDE];
    let mut i = 0;
    while i < wide {
        add_terms::<I, S, PRODUCTS, GUARDED, WIDE>(&mut sums, &a[i..i + WIDE], &b[i..i + WIDE]);
        i += WIDE;
    }
    let mut few = [S::EMPTY; LANES];
    for lane in 0..LANES {
        few[lane] =
            (sums[lane] + sums[lane + 2 * LANES]) + (sums[lane + LANES] + sums[lane + 3 * LANES]);
    }
    while i < narrow {
        add_terms::<I, S, PRODUCTS, GUARDED, LANES>(&mut few, &a[i..i + LANES], &b[i..i + LANES]);
        i += LANES;
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            few[lane] = few[lane] + few[lane + width];
        }
        width /= 2;
    }
    let mut total = few[0];
    for i in narrow..n {
        let (x, y) = (a[i].get(), b[i].get());
        total = if PRODUCTS { add_product::<I, S, true, GUARDED>(total, x, y) } else { total + x };
    }
    total
}

/// Adds a term to each sum.
#[inline(always)]
fn add_terms<I: Isa, S: Elementary, const PRODUCTS: bool, const GUARDED: bool, const N: usize>(
    sums: &mut [S; N],
    a: &[Cell<S>],
    b: &[Cell<S>],
) {
    for lane in 0..N {
        let (x, y) = (a[lane].get(), b[lane].get());
        if !PRODUCTS {
            sums[lane] = sums[lane] + x;
            continue;
        }
        // A choice of factors, and not of sums: it is a mask then, and no branch.
        let y = if GUARDED && x.is_zero() { S::ONE } else { y };
        sums[lane] = add_product::<I, S, true, false>(sums[lane], x, y);
    }
}
