//! The reverse sweep: one loop backwards over the list.

use crate::kernels::adjoints::Adjoints;
use crate::kernels::{self, Numerics};
use crate::op::{Leaf, Op};
use crate::real::Scalar;
use crate::run::Wide;
use crate::scalars::reverse_scalars;
use crate::tape::{Kind, Memory, Side, Step};

/// Runs up to this length are filled with the empty sum at once; longer ones when somebody adds to a part of them, if anybody does.
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
        memory.written.clear();
        memory.written.resize(wides.len(), false);
        Sweep { memory, wides, fresh }
    }

    /// Walks the list backwards, adding every node's contributions to its operands' adjoints.
    pub(crate) fn run(self, numerics: Numerics, steps: &[Step], side: &Side, values: &[S], seeds: &[(u32, S)]) {
        let Memory { adjoints, written, empty, still_empty } = self.memory;
        // The numbers between the runs, and the short runs.
        let mut slot = 0;
        for (wide, written) in self.wides.iter().zip(written.iter_mut()) {
            adjoints[slot..wide.out as usize].fill(S::EMPTY);
            slot = (wide.out + wide.len) as usize;
            if wide.len <= SHORT {
                adjoints[wide.out as usize..slot].fill(S::EMPTY);
                *written = true;
            }
        }
        adjoints[slot..].fill(S::EMPTY);
        let mut all = Adjoints { column: adjoints, wides: self.wides, written };
        for &(slot, seed) in seeds {
            let slot = slot as usize;
            all.touch(slot, slot);
            all.column[slot] = all.column[slot] + seed;
        }
        still_empty.clear();
        let mut known = empty.iter().copied().peekable();
        let unwritten = |wide: &Wide, column: &mut [S]| {
            while known.next_if(|&(out, _)| out > wide.out).is_some() {}
            if !self.fresh && known.peek() != Some(&(wide.out, wide.len)) {
                column.fill(S::EMPTY);
            }
            still_empty.push((wide.out, wide.len));
        };
        walk(numerics, steps, side, values, all, unwritten);
        std::mem::swap(empty, still_empty);
    }
}

/// As a [`Sweep`], over adjoints that are all there, for any scalar.
pub(crate) fn reverse<S: Scalar>(
    numerics: Numerics,
    steps: &[Step],
    side: &Side,
    values: &[S],
    adjoints: &mut [S],
    written: &mut [bool],
) {
    let wides = &side.wides[..side.wides.partition_point(|wide| (wide.out as usize) < adjoints.len())];
    let all = Adjoints { column: adjoints, wides, written: &mut written[..wides.len()] };
    walk(numerics, steps, side, values, all, |_, _| {});
}

/// `unwritten` gets each run that nothing was added to, which passes nothing on.
fn walk<S: Scalar>(
    numerics: Numerics,
    steps: &[Step],
    side: &Side,
    values: &[S],
    mut all: Adjoints<'_, S>,
    mut unwritten: impl FnMut(&Wide, &mut [S]),
) {
    let mut slot = all.column.len();
    let waiting = Waiting::of(&all);
    for (i, wide) in all.wides.iter().enumerate().rev() {
        let (out, end) = (wide.out as usize, (wide.out + wide.len) as usize);
        // The scalar nodes after this run.
        let first = wide.step as usize + 1;
        scalars(&steps[first..first + slot - end], end, values, &mut all, &waiting);
        let (before, run) = all.column[..end].split_at_mut(out);
        if all.written[i] {
            let adjoints = Adjoints { column: before, wides: &all.wides[..i], written: &mut all.written[..i] };
            kernels::reverse(numerics, wide, &side.layouts, values, run, adjoints);
        } else {
            unwritten(wide, run);
        }
        slot = out;
    }
    scalars(&steps[..slot], 0, values, &mut all, &waiting);
}

fn scalars<S: Scalar>(steps: &[Step], first: usize, values: &[S], all: &mut Adjoints<'_, S>, waiting: &Waiting) {
    if steps.is_empty() {
        return;
    }
    waiting.touch_operands(steps, all);
    let end = first + steps.len();
    reverse_scalars(steps, first, values, &mut all.column[..end]);
}

/// The runs that wait for a first contribution: a scalar step may read an element of one, and knows nothing of runs.
struct Waiting {
    /// First slot and end, in order.
    runs: smallvec::SmallVec<[(u32, u32); 8]>,
    slots: usize,
}

impl Waiting {
    fn of<S>(all: &Adjoints<'_, S>) -> Self {
        let runs = all
            .wides
            .iter()
            .zip(&*all.written)
            .filter(|(wide, written)| !**written && !matches!(wide.op, Op::Leaf(Leaf::Data | Leaf::Const)));
        let runs: smallvec::SmallVec<[(u32, u32); 8]> = runs.map(|(wide, _)| (wide.out, wide.out + wide.len)).collect();
        let slots = runs.iter().map(|run| (run.1 - run.0) as usize).sum();
        Waiting { runs, slots }
    }

    /// Makes ready what scalar steps are about to add to.
    fn touch_operands<S: Scalar>(&self, steps: &[Step], all: &mut Adjoints<'_, S>) {
        if self.runs.is_empty() {
            return;
        }
        // Filling a slot is cheaper than looking an operand up.
        if 16 * steps.len() > self.slots {
            for &(out, end) in &self.runs {
                all.touch(out as usize, end as usize - 1);
            }
            return;
        }
        let mut operand = |slot: u32| {
            let i = self.runs.partition_point(|run| run.1 <= slot);
            if self.runs.get(i).is_some_and(|run| run.0 <= slot) {
                all.touch(slot as usize, slot as usize);
            }
        };
        for step in steps {
            let (first, second) = match step.kind() {
                Kind::Unary(_) => (true, false),
                Kind::Binary(_) => (true, true),
                Kind::Leaf(_) | Kind::Wide => (false, false),
            };
            if first && !step.cuts_first() {
                operand(step.a());
            }
            if second && !step.cuts_second() {
                operand(step.b());
            }
        }
    }
}
