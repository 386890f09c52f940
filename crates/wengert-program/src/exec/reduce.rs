//! Sums and extremes over inner axes, in the order of the index unless the numerics allow another.
//!
//! In `Fast` numerics a long sum is added block by block, and the blocks' sums in pairs, so that
//! its error grows with the logarithm of its length.

use std::cell::Cell;
use std::marker::PhantomData;

use smallvec::SmallVec;

use super::LANES;
use super::contract::lanes;
use super::walk::{Axis, Walk};
use crate::elementary::Elementary;
use crate::graph::Op;
use crate::op::Binary;
use crate::simd::{self, Arguments, Compiled, Isa, Kernel, Level};

/// Where the operands begin, and how they move: result, init, x.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) starts: [usize; 3],
    pub(crate) has_init: bool,
    pub(crate) outer: SmallVec<[Axis<3>; 4]>,
    pub(crate) lanes: Axis<3>,
    pub(crate) around: SmallVec<[Axis<1>; 2]>,
    pub(crate) inner: Axis<1>,
    /// Whether it is so long that it is added block by block.
    pub(crate) in_blocks: bool,
}

/// Neighbours, and rows, that are added one after the other before another block begins.
const NEIGHBOURS: usize = 2048;
const ROWS: usize = 256;

/// Sums of blocks, added in pairs as they come: the i-th is of 2ⁱ blocks.
struct Pairs<S, const N: usize> {
    sums: [[S; N]; 40],
    count: usize,
}

impl<S: Elementary, const N: usize> Pairs<S, N> {
    #[inline(always)]
    fn new() -> Self {
        Pairs { sums: [[S::EMPTY; N]; 40], count: 0 }
    }

    #[inline(always)]
    fn add(&mut self, mut block: [S; N]) {
        let mut level = 0;
        while self.count & (1 << level) != 0 {
            for i in 0..N {
                block[i] = self.sums[level][i] + block[i];
            }
            level += 1;
        }
        self.sums[level] = block;
        self.count += 1;
    }

    /// All of them, added to what was there before.
    #[inline(always)]
    fn total(&self, init: [S; N]) -> [S; N] {
        let mut total = [S::EMPTY; N];
        for level in (0..40).filter(|level| self.count & (1 << level) != 0) {
            for i in 0..N {
                total[i] = self.sums[level][i] + total[i];
            }
        }
        std::array::from_fn(|i| init[i] + total[i])
    }
}

pub(crate) struct Folds<S>(PhantomData<S>);

impl<S: 'static> Arguments for Folds<S> {
    type Of<'a> = (&'a Layout, &'a [Cell<S>]);
}

#[derive(Clone, Debug)]
pub(crate) struct Reduce<S: 'static> {
    pub(crate) op: Op,
    pub(crate) layout: Layout,
    /// Whether elements are folded in lanes, and not in the order of the index.
    pub(crate) along: bool,
    kernel: Compiled<Folds<S>>,
}

const SUM: u8 = Binary::Add as u8;
const MAX: u8 = Binary::Max as u8;
const MIN: u8 = Binary::Min as u8;

impl<S: Elementary> Reduce<S> {
    pub(crate) fn new(op: Op, mut layout: Layout, fast: bool, level: Level) -> Self {
        // Extremes are the same in every order but for the sign of a zero; lanes of their own are
        // kept to fast numerics all the same.
        let along = fast
            && layout.lanes.extent < LANES / 2
            && layout.inner.extent >= 2 * LANES
            && layout.inner.strides == [1];
        let around: usize = layout.around.iter().map(|axis| axis.extent).product();
        let block = if along { NEIGHBOURS } else { ROWS };
        layout.in_blocks = fast && around * layout.inner.extent > block;
        let kernel = match (op, along) {
            (Op::Max, true) => simd::compiled::<Along<S, MAX>>(level),
            (Op::Min, true) => simd::compiled::<Along<S, MIN>>(level),
            (_, true) => simd::compiled::<Along<S, SUM>>(level),
            (Op::Max, false) => simd::compiled::<SideBySide<S, MAX>>(level),
            (Op::Min, false) => simd::compiled::<SideBySide<S, MIN>>(level),
            (_, false) => simd::compiled::<SideBySide<S, SUM>>(level),
        };
        Reduce { op, layout, along, kernel }
    }

    #[inline]
    pub(crate) fn run(&self, memory: &[Cell<S>]) {
        self.kernel.call((&self.layout, memory));
    }
}

/// Several results at a time, each folded in order.
struct SideBySide<S, const OP: u8>(PhantomData<S>);

impl<S: Elementary, const OP: u8> Kernel for SideBySide<S, OP> {
    type Arguments = Folds<S>;

    #[inline(always)]
    fn run<I: Isa>((layout, memory): (&Layout, &[Cell<S>])) {
        let mut outer = Walk::new();
        loop {
            let mut lane = 0;
            while lane + LANES <= layout.lanes.extent {
                block::<S, OP, LANES>(layout, memory, outer.offsets, lane as isize);
                lane += LANES;
            }
            while lane + 4 <= layout.lanes.extent {
                block::<S, OP, 4>(layout, memory, outer.offsets, lane as isize);
                lane += 4;
            }
            while lane < layout.lanes.extent {
                block::<S, OP, 1>(layout, memory, outer.offsets, lane as isize);
                lane += 1;
            }
            if !outer.next(&layout.outer) {
                return;
            }
        }
    }
}

#[inline(always)]
fn block<S: Elementary, const OP: u8, const N: usize>(
    layout: &Layout,
    memory: &[Cell<S>],
    offsets: [isize; 3],
    lane: isize,
) {
    let op = const { Binary::from_code(OP).expect("a code of an operation") };
    let strides = layout.lanes.strides;
    let mut at = [0; 3];
    for i in 0..3 {
        at[i] = layout.starts[i] as isize + offsets[i] + lane * strides[i];
    }
    // An extreme begins with its first element, which folding it once more leaves as it is.
    let mut folded: [S; N] = match op {
        Binary::Add if !layout.has_init => [S::EMPTY; N],
        Binary::Add => lanes(memory, at[1], strides[1]),
        _ => lanes(memory, at[2], strides[2]),
    };
    let mut around = Walk::new();
    if matches!(op, Binary::Add) && layout.in_blocks {
        let (init, mut blocks) = (folded, Pairs::new());
        folded = [S::EMPTY; N];
        let mut rows = 0;
        loop {
            let mut x = at[2] + around.offsets[0];
            let mut left = layout.inner.extent;
            while left > 0 {
                if rows == ROWS {
                    blocks.add(folded);
                    (folded, rows) = ([S::EMPTY; N], 0);
                }
                let now = left.min(ROWS - rows);
                // Of its own, so that it stays in registers.
                let mut sum = folded;
                for _ in 0..now {
                    let element: [S; N] = lanes(memory, x, strides[2]);
                    for i in 0..N {
                        sum[i] = sum[i] + element[i];
                    }
                    x += layout.inner.strides[0];
                }
                folded = sum;
                (left, rows) = (left - now, rows + now);
            }
            if !around.next(&layout.around) {
                break;
            }
        }
        blocks.add(folded);
        folded = blocks.total(init);
    } else {
        loop {
            let mut x = at[2] + around.offsets[0];
            for _ in 0..layout.inner.extent {
                let element: [S; N] = lanes(memory, x, strides[2]);
                for i in 0..N {
                    folded[i] = folded[i].binary(op, element[i]);
                }
                x += layout.inner.strides[0];
            }
            if !around.next(&layout.around) {
                break;
            }
        }
    }
    for i in 0..N {
        memory[(at[0] + i as isize * strides[0]) as usize].set(folded[i]);
    }
}

/// One result at a time, its elements in lanes: for long folds of neighbours.
struct Along<S, const OP: u8>(PhantomData<S>);

impl<S: Elementary, const OP: u8> Kernel for Along<S, OP> {
    type Arguments = Folds<S>;

    #[inline(always)]
    fn run<I: Isa>((layout, memory): (&Layout, &[Cell<S>])) {
        let op = const { Binary::from_code(OP).expect("a code of an operation") };
        let mut outer = Walk::new();
        loop {
            for lane in 0..layout.lanes.extent as isize {
                let mut at = [0; 3];
                for i in 0..3 {
                    at[i] = layout.starts[i] as isize
                        + outer.offsets[i]
                        + lane * layout.lanes.strides[i];
                }
                let mut total = match op {
                    Binary::Add if !layout.has_init => S::EMPTY,
                    Binary::Add => memory[at[1] as usize].get(),
                    _ => memory[at[2] as usize].get(),
                };
                let mut around = Walk::new();
                if matches!(op, Binary::Add) && layout.in_blocks {
                    let mut blocks = Pairs::<S, 1>::new();
                    loop {
                        let from = (at[2] + around.offsets[0]) as usize;
                        for block in memory[from..from + layout.inner.extent].chunks(NEIGHBOURS) {
                            blocks.add([fold::<S, OP>(block)]);
                        }
                        if !around.next(&layout.around) {
                            break;
                        }
                    }
                    [total] = blocks.total([total]);
                } else {
                    loop {
                        let from = (at[2] + around.offsets[0]) as usize;
                        let numbers = &memory[from..from + layout.inner.extent];
                        total = total.binary(op, fold::<S, OP>(numbers));
                        if !around.next(&layout.around) {
                            break;
                        }
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

#[inline(always)]
fn fold<S: Elementary, const OP: u8>(x: &[Cell<S>]) -> S {
    /// Enough partial results to hide the latency of an addition.
    const WIDE: usize = 4 * LANES;
    let op = const { Binary::from_code(OP).expect("a code of an operation") };
    let mut parts: [S; WIDE] =
        [if matches!(op, Binary::Add) { S::EMPTY } else { x[0].get() }; WIDE];
    let whole = x.len() / WIDE * WIDE;
    let mut i = 0;
    while i < whole {
        let x = &x[i..i + WIDE];
        for lane in 0..WIDE {
            parts[lane] = parts[lane].binary(op, x[lane].get());
        }
        i += WIDE;
    }
    let mut width = WIDE / 2;
    while width > 0 {
        for lane in 0..width {
            parts[lane] = parts[lane].binary(op, parts[lane + width]);
        }
        width /= 2;
    }
    let mut total = parts[0];
    for i in whole..x.len() {
        total = total.binary(op, x[i].get());
    }
    total
}
