//! The reverse sweep: one loop backwards over the list.

use crate::kernels::{self, Numerics};
use crate::real::Scalar;
use crate::run::Wide;
use crate::scalars::reverse_scalars;
use crate::tape::{Kind, Memory, Side, Step};
use wengert_ops::adjoints::Adjoints;
use wengert_ops::real::Scalar as Number;

/// Runs up to this length are filled with the empty sum at once; longer ones when somebody adds to
/// a part of them, if anybody does.
const SHORT: u32 = 64;

/// A sweep about to begin, in memory that may hold what an earlier one left.
pub(crate) struct Sweep<'a, S> {
    memory: &'a mut Memory<S>,
    wides: &'a [Wide],
    /// Whether the memory is new and so the empty sum throughout.
    fresh: bool,
}

impl<'a, S: Scalar> Sweep<'a, S> {
    /// The adjoints of the first `slots` slots.
    pub(crate) fn new(memory: &'a mut Memory<S>, wides: &'a [Wide], slots: usize) -> Self {
        let wides = &wides[..wides.partition_point(|wide| (wide.out as usize) < slots)];
        let fresh = memory.adjoints.is_empty();
        memory.adjoints.resize(slots, S::EMPTY);
        Sweep { memory, wides, fresh }
    }

    /// Walks the list backwards, adding every node's contributions to its operands' adjoints.
    pub(crate) fn run(
        self,
        numerics: Numerics,
        steps: &[Step],
        side: &Side,
        values: &[S],
        seeds: &[(u32, S)],
    ) {
        let Memory { adjoints, unwritten, empty, still_empty } = self.memory;
        // The numbers between the long runs.
        unwritten.clear();
        let mut slot = 0;
        for wide in self.wides.iter().filter(|wide| wide.len > SHORT) {
            adjoints[slot..wide.out as usize].fill(S::EMPTY);
            slot = (wide.out + wide.len) as usize;
            unwritten.push((wide.out, wide.out + wide.len));
        }
        adjoints[slot..].fill(S::EMPTY);
        let mut all = Adjoints { column: adjoints, unwritten };
        for &(slot, seed) in seeds {
            let slot = slot as usize;
            all.touch(slot, slot);
            all.column[slot] = all.column[slot] + seed;
        }
        still_empty.clear();
        let mut known = empty.iter().copied().peekable();
        let mut nothing_added = |wide: &Wide, run: &mut [S]| {
            while known.next_if(|&(out, _)| out > wide.out).is_some() {}
            if !self.fresh && known.peek() != Some(&(wide.out, wide.len)) {
                run.fill(S::EMPTY);
            }
            still_empty.push((wide.out, wide.len));
        };
        S::sweep(numerics, steps, side, values, all, &mut nothing_added);
        std::mem::swap(empty, still_empty);
    }
}

/// `nothing_added` gets each long run that nothing was added to, which passes nothing on.
pub(crate) fn walk<S: Number>(
    numerics: Numerics,
    steps: &[Step],
    side: &Side,
    values: &[S],
    mut all: Adjoints<'_, S>,
    nothing_added: &mut dyn FnMut(&Wide, &mut [S]),
) {
    let mut slot = all.column.len();
    let wides = &side.wides[..side.wides.partition_point(|wide| (wide.out as usize) < slot)];
    for wide in wides.iter().rev() {
        let (out, end) = (wide.out as usize, (wide.out + wide.len) as usize);
        // The scalar nodes after this run.
        let first = wide.step as usize + 1;
        scalars(&steps[first..first + slot - end], end, values, &mut all);
        let mut nothing = false;
        while let Some(&(from, to)) = all.unwritten.last().filter(|range| range.0 >= wide.out) {
            all.unwritten.pop();
            nothing = (from, to) == (wide.out, wide.out + wide.len);
            let rest = &mut all.column[from as usize..to as usize];
            if nothing { nothing_added(wide, rest) } else { rest.fill(S::EMPTY) }
        }
        if !nothing {
            let (before, run) = all.column[..end].split_at_mut(out);
            let adjoints = Adjoints { column: before, unwritten: all.unwritten };
            kernels::reverse(numerics, wide, &side.layouts, values, run, adjoints);
        }
        slot = out;
    }
    scalars(&steps[..slot], 0, values, &mut all);
}

fn scalars<S: Number>(steps: &[Step], first: usize, values: &[S], all: &mut Adjoints<'_, S>) {
    if steps.is_empty() {
        return;
    }
    if !all.unwritten.is_empty() {
        touch_operands(steps, all);
    }
    let end = first + steps.len();
    reverse_scalars(steps, first, values, &mut all.column[..end]);
}

/// Makes ready what scalar steps are about to add to: they may read an element of a run, and know
/// nothing of runs.
fn touch_operands<S: Number>(steps: &[Step], all: &mut Adjoints<'_, S>) {
    // Filling a slot is cheaper than looking an operand up.
    let long = all.unwritten.iter().map(|range| range.1 - range.0).sum::<u32>() as usize;
    if 16 * steps.len() > long {
        all.touch(0, all.column.len() - 1);
        return;
    }
    for step in steps {
        let (first, second) = match step.kind() {
            Kind::Unary(_) => (true, false),
            Kind::Binary(_) => (true, true),
            Kind::Leaf(_) | Kind::Wide => (false, false),
        };
        if first && !step.cuts_first() {
            all.touch(step.a() as usize, step.a() as usize);
        }
        if second && !step.cuts_second() {
            all.touch(step.b() as usize, step.b() as usize);
        }
    }
}
