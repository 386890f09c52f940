//! The reverse sweep as more of the graph: every contribution in the sweep's order.
//!
//! A first contribution is the adjoint itself: nothing is filled with zeros, and nothing is added
//! to them. Later ones are added in the order of [`backward`](crate::Var::backward), so that with
//! exact arithmetic the numbers are the same bit for bit.
//!
//! Derivatives come from the rule book: partials of elementwise operations, and shares of
//! structural ones. Two optimisations state some of them another way, each in a file that says why:
//! `products` and `moves`. The rule book's test holds them to the rules.

mod moves;
mod products;

use smallvec::SmallVec;

use super::access::{Access, Dims, row_major};
use super::adjoints::{Adjoints, SoFar, Target, gaps};
use super::graph::{Kind, Op, Source};
use super::ids::{Id, Map, Point, Slot, StepId, Value};
use super::lower::Lowered;
use super::products::{start, strides};
use super::regions::are_apart;
use super::sym::Sym;
use crate::op::{Binary, Op as TapeOp, Structural};
use crate::real::Scalar;
use crate::rules;
use crate::shape::Layout;
use wengert_ops::algebra::Algebra;
use wengert_ops::run::{View, Wide};
use wengert_ops::structural::At;
use wengert_tape::internals::Kind as StepKind;

/// One sweep.
pub(crate) struct Sweep<'l, 'a, S: Scalar> {
    lowered: &'l Lowered<'a, S>,
    pub(crate) adjoints: Adjoints,
    /// Whether a step depends on what is differentiated by, or some of its elements are that.
    active: Map<StepId, bool>,
}

/// What an elementwise step contributes to one operand: the operand's first slot, its layout over
/// the step's axes, and the contributions over those.
type Contribution = (Slot, Layout, Access<Value>);

impl<'l, 'a, S: Scalar> Sweep<'l, 'a, S> {
    /// Sweeps from a slot and its cotangent, if there are any, back to the views `wrt`.
    pub(crate) fn new(
        lowered: &'l Lowered<'a, S>,
        seed: Option<(Slot, Value)>,
        wrt: &[View],
    ) -> Self {
        let steps = lowered.line.runs();
        let mut sweep =
            Sweep { lowered, adjoints: Adjoints::new(steps), active: Map::filled(false, steps) };
        for &view in wrt {
            let layout = lowered.layout(view);
            let active = &mut sweep.active;
            let slots = Access::Strided { start: start(view), strides: strides(layout) };
            slots.for_each_run(layout.dims(), &lowered.line, |step| active[step] = true);
        }
        sweep.find_active();
        if let Some((of, seed)) = seed {
            sweep.accumulate(of, seed);
        }
        sweep.walk();
        sweep
    }

    /// Steps that read what is active are active.
    fn find_active(&mut self) {
        for (i, step) in self.lowered.steps.iter().enumerate() {
            let reads = |cut: bool, slot: u32| !cut && self.active[self.step_of(slot)];
            let active = match step.kind() {
                StepKind::Leaf(_) => false,
                StepKind::Unary(_) => reads(step.cuts_first(), step.a()),
                StepKind::Binary(_) => {
                    reads(step.cuts_first(), step.a()) || reads(step.cuts_second(), step.b())
                }
                StepKind::Wide => {
                    let wide = &self.lowered.side.wides[step.a() as usize];
                    wide.operands.iter().any(|&view| self.wants(view))
                }
            };
            self.active[StepId::new(i)] |= active;
        }
    }

    fn step_of(&self, slot: u32) -> StepId {
        self.lowered.line.run_of(Slot::new(slot as usize))
    }

    /// Whether a derivative by some element of an operand may be asked for.
    fn wants(&self, view: View) -> bool {
        if view.is_cut() {
            return false;
        }
        let (mut any, layout) = (false, self.lowered.layout(view));
        let slots = Access::Strided { start: start(view), strides: strides(layout) };
        slots.for_each_run(layout.dims(), &self.lowered.line, |step| any |= self.active[step]);
        any
    }

    fn walk(&mut self) {
        let builder = self.lowered.builder;
        for (i, step) in self.lowered.steps.iter().enumerate().rev() {
            let id = StepId::new(i);
            if !self.active[id] || self.adjoints.is_nothing(id) {
                continue;
            }
            if let StepKind::Wide = step.kind() {
                self.wide(&self.lowered.side.wides[step.a() as usize]);
                builder.forget_runs();
                continue;
            }
            let slot = self.lowered.line.start(id);
            let Some(g) = self.adjoints.at(self.lowered, slot) else { continue };
            let (a, b) = (step.a(), step.b());
            let at = |slot: u32| builder.number(self.lowered.at(Slot::new(slot as usize)));
            let (g, v) = (builder.number(g), at(slot.index() as u32));
            match step.kind() {
                StepKind::Unary(op) if !step.cuts_first() && self.active[self.step_of(a)] => {
                    self.record_for(Slot::new(a as usize));
                    self.contribute(a, rules::unary(op, at(a), v).times(g));
                }
                StepKind::Binary(op) => {
                    let (x, y) = (at(a), at(b));
                    if !step.cuts_first() && self.active[self.step_of(a)] {
                        self.record_for(Slot::new(a as usize));
                        self.contribute(a, rules::first(op, x, y, v).times(g));
                    }
                    if !step.cuts_second() && self.active[self.step_of(b)] {
                        self.record_for(Slot::new(b as usize));
                        self.contribute(b, rules::second(op, x, y, v).times(g));
                    }
                }
                StepKind::Leaf(_) | StepKind::Unary(_) | StepKind::Wide => {}
            }
        }
    }

    /// What is recorded from here on belongs to the adjoint of this slot of the tape.
    fn record_for(&self, slot: Slot) {
        self.lowered.builder.graph.borrow_mut().source = Source::adjoint(slot);
    }

    fn contribute(&mut self, slot: u32, contribution: Option<Sym<'_, S>>) {
        if let Some(contribution) = contribution {
            self.accumulate(Slot::new(slot as usize), contribution.value());
        }
    }

    /// Adds to the adjoint of one slot.
    fn accumulate(&mut self, slot: Slot, contribution: Value) {
        let sum = match self.adjoints.at(self.lowered, slot) {
            None => contribution,
            Some(before) => {
                let mut graph = self.lowered.builder.graph.borrow_mut();
                graph.source = Source::adjoint(slot);
                graph.push(Kind::Binary(Binary::Add, before, contribution))
            }
        };
        self.adjoints.set_at(self.lowered, slot, sum);
    }

    fn empty(&self) -> Value {
        self.lowered.builder.graph.borrow_mut().constant(S::EMPTY)
    }

    /// The adjoints of some slots, the empty sum where nothing has been added; nothing if that is
    /// so of all.
    fn adjoint(&self, start: Slot, strides: &[i32], dims: &[usize]) -> Option<Access<Value>> {
        let as_it_is = |access: &Access<Value>, _: &[usize]| access.clone();
        self.adjoints.read(self.lowered, (start, strides, dims), &as_it_is, &|| self.empty())
    }

    fn wide(&mut self, wide: &Wide) {
        if wide.op.is_leaf() {
            return;
        }
        if let Some(&view) = wide.operands.iter().find(|view| !view.is_cut()) {
            self.record_for(start(view));
        }
        if self.moves(wide) {
            return;
        }
        let lowered = self.lowered;
        let dims = Dims::from_slice(lowered.side.layouts.get(wide.layout).dims());
        let out = Slot::new(wide.out as usize);
        let Some(g) = self.adjoint(out, &row_major(&dims), &dims) else { return };
        let run = |access| lowered.builder.run(&dims, access);
        match wide.op {
            TapeOp::Leaf(_) => {}
            TapeOp::Unary(op) => {
                let (x, v) = (lowered.read(wide.operands[0], &dims), lowered.result(wide, &dims));
                let contribution = rules::unary(op, run(x), run(v)).times(run(g));
                self.elementwise(wide, &dims, [(0, contribution)]);
            }
            TapeOp::Binary(op) => {
                let [x, y] = [0, 1].map(|i| run(lowered.read(wide.operands[i], &dims)));
                let (v, g) = (run(lowered.result(wide, &dims)), run(g));
                let first = if self.wants(wide.operands[0]) {
                    rules::first(op, x, y, v).times(g)
                } else {
                    None
                };
                let second = if self.wants(wide.operands[1]) {
                    rules::second(op, x, y, v).times(g)
                } else {
                    None
                };
                self.elementwise(wide, &dims, [(0, first), (1, second)]);
            }
            TapeOp::Structural(Structural::Affine) => self.affine(wide, &dims, &g),
            TapeOp::Structural(Structural::MatMul) => self.matmul(wide, &dims, &g),
            TapeOp::Structural(op) => self.shares(op, wide, &dims, g),
        }
    }

    /// Contributes each operand's of an elementwise step, over `dims`.
    fn elementwise<const N: usize>(
        &mut self,
        wide: &Wide,
        dims: &Dims,
        of: [(usize, Option<Sym<'_, S>>); N],
    ) {
        let mut contributions: SmallVec<[Contribution; 3]> = SmallVec::new();
        for (operand, contribution) in of {
            let view = wide.operands[operand];
            if let Some(contribution) = contribution.filter(|_| self.wants(view)) {
                let layout = self
                    .lowered
                    .layout(view)
                    .broadcast_to(&dims.as_slice().into())
                    .expect("checked");
                contributions.push((start(view), layout, contribution.access_over(dims)));
            }
        }
        self.accumulate_operands(&contributions, dims);
    }

    /// Operand by operand if no two share slots in different ways, else element by element, as the
    /// sweep does.
    fn accumulate_operands(&mut self, contributions: &[Contribution], dims: &[usize]) {
        let entangled = (1..contributions.len()).any(|i| {
            contributions[..i].iter().any(|(start, layout, _)| {
                let (other_start, other, _) = &contributions[i];
                let same = (*start, layout) == (*other_start, other) && layout.is_injective();
                !same && overlap((*start, layout), (*other_start, other))
            })
        });
        if !entangled {
            for (start, layout, contribution) in contributions {
                self.accumulate_view(*start, layout, contribution, dims);
            }
            return;
        }
        let lists: Vec<(Vec<Slot>, Vec<Value>)> = contributions
            .iter()
            .map(|(start, layout, contribution)| {
                (slots(*start, layout), contribution.numbers(dims))
            })
            .collect();
        let each = |i: usize| lists.iter().map(move |(slots, values)| (slots[i], values[i]));
        self.accumulate_in_order((0..lists[0].0.len()).flat_map(each).collect());
    }

    /// Adds `contribution`, over `dims`, to the slots of a layout over `dims`; where those repeat,
    /// in row-major order.
    fn accumulate_view(
        &mut self,
        start: Slot,
        layout: &Layout,
        contribution: &Access<Value>,
        dims: &[usize],
    ) {
        let repeats = |&axis: &usize| layout.strides()[axis] == 0 && dims[axis] > 1;
        let kept: SmallVec<[usize; 4]> = (0..dims.len()).filter(|axis| !repeats(axis)).collect();
        let own = layout.permute(&kept);
        if !own.is_injective() {
            let pairs = slots(start, layout).into_iter().zip(contribution.numbers(dims)).collect();
            return self.accumulate_in_order(pairs);
        }
        let target = Adjoints::target(self.lowered, start, &strides(&own), own.dims());
        if kept.len() == dims.len() {
            return self.accumulate_each(&target, start, contribution, dims);
        }
        let inner: SmallVec<[usize; 4]> = (0..dims.len()).filter(repeats).collect();
        let order: SmallVec<[usize; 4]> = kept.iter().chain(&inner).copied().collect();
        let inner: Dims = inner.iter().map(|&axis| dims[axis]).collect();
        let init = self.init(&target, own.dims());
        let operands: SmallVec<[Access<Value>; 3]> =
            std::iter::once(contribution.permuted(dims, &order)).chain(init).collect();
        let sums = self.emit(Op::Sum, own.dims(), &inner, &operands);
        self.adjoints.set(self.lowered, &target, own.dims(), &sums);
    }

    /// The adjoints of distinct slots that a sum begins with: nothing if there are none, the empty
    /// sum where one is missing.
    fn init(&mut self, target: &Target, dims: &[usize]) -> Option<Access<Value>> {
        match self.adjoints.so_far(self.lowered, target, dims) {
            SoFar::Nothing => None,
            SoFar::All(access) => Some(access),
            SoFar::Inside(_) => match target {
                Target::View { step, offset, strides } => {
                    let start = self.lowered.line.start(*step).plus(*offset as i64);
                    self.adjoint(start, strides, dims)
                }
                Target::Slots(_) => unreachable!("parts are inside a view"),
            },
            SoFar::Single(elements) => {
                let empty = self.empty();
                Some(Access::of(
                    elements.into_iter().map(|element| element.unwrap_or(empty)).collect(),
                    dims,
                ))
            }
        }
    }

    /// Adds a contribution to each of several distinct slots.
    fn accumulate_each(
        &mut self,
        target: &Target,
        first: Slot,
        contribution: &Access<Value>,
        dims: &[usize],
    ) {
        let lowered = self.lowered;
        match self.adjoints.so_far(lowered, target, dims) {
            SoFar::Nothing => self.adjoints.set(lowered, target, dims, contribution),
            SoFar::All(before) => {
                self.record_for(first);
                let sum = lowered.builder.add(dims, &before, contribution);
                self.adjoints.set(lowered, target, dims, &sum);
            }
            SoFar::Inside(parts) => {
                let Target::View { step, offset, .. } = *target else {
                    unreachable!("parts are inside a view")
                };
                let empty = gaps(&parts, offset, dims.iter().product()).unwrap_or_default();
                let ranges = empty
                    .into_iter()
                    .map(|(start, len)| (start, Dims::from_slice(&[len]), row_major(&[len])));
                let places = parts.into_iter().map(|part| (part.offset, part.dims, part.strides));
                for (start, dims_of, strides) in places.chain(ranges) {
                    let own = contribution.viewed(dims, start - offset, &strides, &dims_of);
                    let target = Target::View { step, offset: start, strides };
                    self.accumulate_each(&target, first, &own, &dims_of);
                }
            }
            SoFar::Single(elements) => {
                let mut sums = contribution.numbers(dims);
                let again: Vec<usize> =
                    (0..sums.len()).filter(|&i| elements[i].is_some()).collect();
                let before = again.iter().filter_map(|&i| elements[i]).collect();
                let more = again.iter().map(|&i| sums[i]).collect();
                self.record_for(first);
                let added = lowered.builder.add_lists(before, more);
                again.into_iter().zip(added).for_each(|(i, sum)| sums[i] = sum);
                self.adjoints.set(lowered, target, dims, &Access::of(sums, dims));
            }
        }
    }

    /// Adds contributions to slots in order, to one possibly several times.
    fn accumulate_in_order(&mut self, pairs: Vec<(Slot, Value)>) {
        // In the n-th round every slot's n-th contribution.
        let mut rounds: Vec<(Vec<Slot>, Vec<Value>)> = Vec::new();
        let mut times: super::graph::FastMap<Slot, usize> = super::graph::FastMap::default();
        for (slot, contribution) in pairs {
            let round = times.entry(slot).or_default();
            if *round == rounds.len() {
                rounds.push((Vec::new(), Vec::new()));
            }
            rounds[*round].0.push(slot);
            rounds[*round].1.push(contribution);
            *round += 1;
        }
        for (slots, contributions) in rounds {
            let (first, dims) = (slots[0], [slots.len()]);
            self.accumulate_each(
                &Target::Slots(slots),
                first,
                &Access::of(contributions, &dims),
                &dims,
            );
        }
    }

    fn emit(
        &self,
        op: Op,
        dims: &[usize],
        inner: &[usize],
        operands: &[Access<Value>],
    ) -> Access<Value> {
        self.lowered.builder.graph.borrow_mut().run(op, dims, inner, operands)
    }

    /// What the operation's rule says that each operand gets of `g`. Contributions of one shape are
    /// added as the sweep adds them, those of operands of different shapes one after the other.
    fn shares(&mut self, op: Structural, wide: &Wide, dims: &Dims, g: Access<Value>) {
        let lowered = self.lowered;
        let operands = lowered.operands(wide);
        let value = lowered.builder.run(dims, lowered.result(wide, dims));
        let g = lowered.builder.run(dims, g);
        let at = At { operands: &operands, value, attributes: &wide.attributes };
        let mut contributions: SmallVec<[(Dims, Contribution); 3]> = SmallVec::new();
        let wants: SmallVec<[bool; 3]> =
            wide.operands.iter().map(|&view| self.wants(view)).collect();
        let joint = op.shares_are_joint().then(|| op.shares(&at, &wants, g));
        for (i, &view) in wide.operands.iter().enumerate().filter(|(i, _)| wants[*i]) {
            self.record_for(start(view));
            let share = match &joint {
                Some(shares) => shares[i],
                None => op.share(&at, i, g),
            };
            let Some(share) = share else { continue };
            let own = lowered.layout(view);
            let over = share.extents().broadcast(own.shape()).expect("a share fits its operand");
            let layout = own.broadcast_to(&over).expect("a share fits its operand");
            let access = share.access_over(over.dims());
            contributions.push((Dims::from_slice(over.dims()), (start(view), layout, access)));
        }
        for alike in contributions.chunk_by(|a, b| a.0 == b.0) {
            let of: SmallVec<[Contribution; 3]> = alike.iter().map(|(_, of)| of.clone()).collect();
            self.accumulate_operands(&of, &alike[0].0);
        }
    }
}

/// The slots of a layout's elements.
fn slots(start: Slot, layout: &Layout) -> Vec<Slot> {
    Access::Strided { start, strides: strides(layout) }.numbers(layout.dims())
}

/// Whether two views share a slot.
fn overlap(a: (Slot, &Layout), b: (Slot, &Layout)) -> bool {
    let own = |(start, layout): (Slot, &Layout)| {
        let kept: SmallVec<[usize; 4]> =
            (0..layout.dims().len()).filter(|&axis| layout.strides()[axis] > 0).collect();
        (start, layout.permute(&kept))
    };
    let (a, b) = (own(a), own(b));
    let (a_strides, b_strides) = (strides(&a.1), strides(&b.1));
    if are_apart((a.0.index(), a.1.dims(), &a_strides), (b.0.index(), b.1.dims(), &b_strides)) {
        return false;
    }
    if a == b {
        return true;
    }
    let known: std::collections::HashSet<
        Slot,
        std::hash::BuildHasherDefault<rustc_hash::FxHasher>,
    > = slots(a.0, &a.1).into_iter().collect();
    slots(b.0, &b.1).iter().any(|slot| known.contains(slot))
}
