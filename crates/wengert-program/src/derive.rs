//! The reverse sweep as more of the graph: every contribution in the sweep's order.
//!
//! A first contribution is the adjoint itself: nothing is filled with zeros, and nothing is added
//! to them. Later ones are added in the order of [`backward`](crate::Var::backward), so that with
//! exact arithmetic the numbers are the same bit for bit.

use smallvec::SmallVec;

use super::access::{Access, Dims, Strides, joined, row_major};
use super::adjoints::{Adjoints, SoFar, Target, gaps};
use super::graph::{Kind, Op, Source};
use super::ids::{Id, Map, Point, Slot, StepId, Value};
use super::lower::{self, Lowered, Powers, behind, keep};
use super::products::{Product, affine_strides, start, strides};
use super::regions::are_apart;
use super::sym::Sym;
use crate::op::{Binary, Op as TapeOp, Structural, Unary};
use crate::real::{Real, Scalar};
use crate::rules;
use crate::shape::Layout;
use wengert_ops::run::{View, Wide};
use wengert_ops::structural::parts;
use wengert_tape::internals::Kind as StepKind;

/// Index spaces up to this size are walked entry by entry where operands overlap and the order of
/// their sums would be another.
const ENTRIES: usize = 1 << 20;

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
            TapeOp::Structural(op) => self.structural(op, wide, &dims, g),
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
                let sum = lowered.add(dims, &before, contribution);
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
                let added = lowered.add_lists(before, more);
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

    fn structural(&mut self, op: Structural, wide: &Wide, dims: &Dims, g: Access<Value>) {
        let lowered = self.lowered;
        match op {
            Structural::Affine if wide.len == 1 && lowered.inner_of(wide) <= lower::NEURON => {
                self.neuron(wide, g.first());
            }
            Structural::Affine => {
                let inner = lowered.inner_of(wide);
                let space = joined(dims, &[inner]);
                let (x, w) = lowered.affine_accesses(wide, dims, inner);
                let (x_strides, w_strides) = affine_strides(lowered.side, wide);
                let over = g.repeated_along(dims, &[inner]);
                let bias = lowered
                    .layout(wide.operands[0])
                    .broadcast_to(&dims.as_slice().into())
                    .expect("checked");
                if self.wants(wide.operands[0]) {
                    self.record_for(start(wide.operands[0]));
                    self.accumulate_view(start(wide.operands[0]), &bias, &g, dims);
                }
                self.contraction(wide.operands[1], &w_strides, &space, &over, &x);
                self.contraction(wide.operands[2], &x_strides, &space, &over, &w);
            }
            Structural::MatMul => {
                let product = Product::of(lowered.side, wide);
                let space = joined(dims, &[product.k]);
                let over = g.repeated_along(dims, &[product.k]);
                let (a, b) = (lowered.factor(&product, 0), lowered.factor(&product, 1));
                let views = [wide.operands[0], wide.operands[1]];
                let len: usize = space.iter().product();
                let place = |i: usize| (start(views[i]), lowered.layout(views[i]));
                let both = views.iter().all(|&view| self.wants(view));
                if both && len <= ENTRIES && overlap(place(0), place(1)) {
                    return self.entangled_product(&product, views, &space, [&over, &a, &b]);
                }
                self.contraction(views[0], product.operand(0).1, &space, &over, &b);
                self.contraction(views[1], product.operand(1).1, &space, &over, &a);
            }
            Structural::Sum => {
                let (layout, all) = self.operand(wide);
                let contribution = keep(&g, dims, wide.attributes.axes(), &all);
                self.accumulate_operand(wide, &layout, &contribution, &all);
            }
            Structural::Max | Structural::Min => {
                let (layout, all) = self.operand(wide);
                let (x, v) = (lowered.read(wide.operands[0], &all), lowered.result(wide, dims));
                let v = keep(&v, dims, wide.attributes.axes(), &all);
                // NaN is not equal to itself: where the result is NaN all of this is, and NaN
                // counts as chosen.
                let chosen = self.emit(Op::Binary(Binary::Eq), &all, &[], &[x, v]);
                let order = behind(wide.attributes.axes(), all.len());
                let inner: Dims =
                    wide.attributes.axes().iter().map(|&axis| all[axis as usize]).collect();
                let ties = self.emit(Op::Sum, dims, &inner, &[chosen.permuted(&all, &order)]);
                let part = self.emit(Op::Unary(Unary::Recip), dims, &[], &[ties]);
                let shared = self.emit(Op::Binary(Binary::Chain), dims, &[], &[g, part]);
                let shared = keep(&shared, dims, wide.attributes.axes(), &all);
                let nothing = Access::repeated(self.empty(), all.len());
                let contribution = self.emit(Op::Select, &all, &[], &[chosen, shared, nothing]);
                self.accumulate_operand(wide, &layout, &contribution, &all);
            }
            Structural::LogSumExp => {
                // The powers and their sums once more: what is the same as in the value becomes one
                // (the pass `share`).
                let layout = lowered.layout(wide.operands[0]).clone();
                let Powers { all, powers, sums, .. } = lowered.powers(wide, dims);
                let run = |access| lowered.builder.run(&all, access);
                let [g, sums] =
                    [&g, &sums].map(|access| run(keep(access, dims, wide.attributes.axes(), &all)));
                let contribution = g.chain(run(powers) / sums).access_over(&all);
                self.accumulate_operand(wide, &layout, &contribution, &all);
            }
            Structural::CumSum | Structural::CumSumBack => {
                let (layout, all) = self.operand(wide);
                let back = op == Structural::CumSumBack;
                let sums =
                    lowered.cumulative(g.numbers(dims), &all, wide.attributes.axes()[0], !back);
                self.accumulate_operand(wide, &layout, &Access::of(sums, &all), &all);
            }
            Structural::Select => {
                let read = |i: usize| lowered.read(wide.operands[i], dims);
                let (condition, nothing) = (read(0), Access::repeated(self.empty(), dims.len()));
                let a = self.emit(
                    Op::Select,
                    dims,
                    &[],
                    &[condition.clone(), g.clone(), nothing.clone()],
                );
                let b = self.emit(Op::Select, dims, &[], &[condition, nothing, g]);
                let run = |access| Some(lowered.builder.run(dims, access));
                self.elementwise(wide, dims, [(1, run(a)), (2, run(b))]);
            }
            Structural::Concat
            | Structural::Stack
            | Structural::Contiguous
            | Structural::Gather
            | Structural::ScatterAdd => unreachable!("{op:?} moves elements"),
            _ => unreachable!(
                "{op}: every structural operation has a derivative here, and a test asks for each"
            ),
        }
    }

    /// The layout and the extents of the only operand.
    fn operand(&self, wide: &Wide) -> (Layout, Dims) {
        let layout = self.lowered.layout(wide.operands[0]).clone();
        let dims = Dims::from_slice(layout.dims());
        (layout, dims)
    }

    fn accumulate_operand(
        &mut self,
        wide: &Wide,
        layout: &Layout,
        contribution: &Access<Value>,
        dims: &[usize],
    ) {
        if self.wants(wide.operands[0]) {
            self.accumulate_view(start(wide.operands[0]), layout, contribution, dims);
        }
    }

    /// A weighted sum to one number, term by term: bias, then all weights, then all inputs.
    fn neuron(&mut self, wide: &Wide, g: Value) {
        let lowered = self.lowered;
        let operand = |i: usize| slots(start(wide.operands[i]), lowered.layout(wide.operands[i]));
        let (bias, w, x) = (operand(0)[0], operand(1), operand(2));
        let wants = |this: &Self, i: usize, slot: Slot| {
            !wide.operands[i].is_cut() && this.active[lowered.line.run_of(slot)]
        };
        if wants(self, 0, bias) {
            self.accumulate(bias, g);
        }
        for (operand, targets, others) in [(1, &w, &x), (2, &x, &w)] {
            for (&target, &other) in targets.iter().zip(others) {
                if wants(self, operand, target) {
                    self.record_for(target);
                    let factor = lowered.builder.number(lowered.at(other));
                    self.accumulate(target, lowered.builder.number(g).chain(factor).value());
                }
            }
        }
    }

    /// Adds `Σ g · other` over the part of the index space that the operand repeats along.
    fn contraction(
        &mut self,
        view: View,
        strides: &[i32],
        space: &[usize],
        g: &Access<Value>,
        other: &Access<Value>,
    ) {
        if !self.wants(view) {
            return;
        }
        self.record_for(start(view));
        let repeats = |&axis: &usize| strides[axis] == 0 && space[axis] > 1;
        let kept: SmallVec<[usize; 4]> = (0..space.len()).filter(|axis| !repeats(axis)).collect();
        let inner: SmallVec<[usize; 4]> = (0..space.len()).filter(repeats).collect();
        let extents = |axes: &[usize]| axes.iter().map(|&axis| space[axis]).collect::<Dims>();
        let (dims, sums_over) = (extents(&kept), extents(&inner));
        let own: SmallVec<[i32; 4]> = kept.iter().map(|&axis| strides[axis]).collect();
        let order: SmallVec<[usize; 4]> = kept.iter().chain(&inner).copied().collect();
        let (g, other) = (g.permuted(space, &order), other.permuted(space, &order));
        let is_injective = strides_are_injective(&dims, &own);
        if inner.is_empty() && is_injective {
            let product = self.emit(Op::Binary(Binary::Chain), &dims, &[], &[g, other]);
            let target = Adjoints::target(self.lowered, start(view), &own, &dims);
            return self.accumulate_each(&target, start(view), &product, &dims);
        }
        if !is_injective {
            let all = joined(&dims, &sums_over);
            let product = self.emit(Op::Binary(Binary::Chain), &all, &[], &[g, other]);
            let back: SmallVec<[usize; 4]> = (0..space.len())
                .map(|axis| order.iter().position(|&o| o == axis).expect("a permutation"))
                .collect();
            let in_order = product.permuted(&all, &back).numbers(space);
            let each =
                Access::Strided { start: start(view), strides: strides.into() }.numbers(space);
            return self.accumulate_in_order(each.into_iter().zip(in_order).collect());
        }
        let target = Adjoints::target(self.lowered, start(view), &own, &dims);
        let init = self.init(&target, &dims);
        let operands: SmallVec<[Access<Value>; 3]> = [g, other].into_iter().chain(init).collect();
        let sums = self.emit(Op::Contract { guarded: true }, &dims, &sums_over, &operands);
        self.adjoints.set(self.lowered, &target, &dims, &sums);
    }

    /// A product of two views of the same slots, entry by entry: the first operand's contribution,
    /// then the second's.
    fn entangled_product(
        &mut self,
        product: &Product,
        views: [View; 2],
        space: &[usize],
        [g, a, b]: [&Access<Value>; 3],
    ) {
        let contributions = [b, a].map(|other| {
            self.emit(Op::Binary(Binary::Chain), space, &[], &[g.clone(), other.clone()])
                .numbers(space)
        });
        let targets = [0, 1].map(|i| {
            Access::Strided { start: start(views[i]), strides: product.operand(i).1.into() }
                .numbers(space)
        });
        let pairs = (0..targets[0].len())
            .flat_map(|i| [0, 1].map(|role| (targets[role][i], contributions[role][i])));
        self.accumulate_in_order(pairs.collect());
    }

    /// Contributes what an op does that only moves elements; false of any other op.
    fn moves(&mut self, wide: &Wide) -> bool {
        let TapeOp::Structural(op) = wide.op else { return false };
        let lowered = self.lowered;
        let (out, shape) =
            (Slot::new(wide.out as usize), lowered.side.layouts.get(wide.layout).shape());
        let wanted: SmallVec<[bool; 4]> =
            wide.operands.iter().map(|&view| self.wants(view)).collect();
        // Where the adjoints of each operand's elements are, for ops that put operands side by
        // side.
        let places: SmallVec<[(Slot, Strides); 4]> = match op {
            Structural::Concat => {
                let axis = wide.attributes.axes()[0] as usize;
                let extents = wide.operands.iter().map(|&view| lowered.layout(view).dims()[axis]);
                let place =
                    |(offset, place): (usize, Layout)| (out.plus(offset as i64), strides(&place));
                parts(shape, axis, extents).map(place).collect()
            }
            Structural::Stack | Structural::Contiguous => {
                let each = wide.len as usize / wide.operands.len();
                let place = |(i, &view): (usize, &View)| {
                    (out.plus((i * each) as i64), row_major(lowered.layout(view).dims()))
                };
                wide.operands.iter().enumerate().map(place).collect()
            }
            Structural::Gather | Structural::ScatterAdd => {
                if wanted[0] {
                    self.moved_by_index(op, wide, shape.dims());
                }
                return true;
            }
            _ => return false,
        };
        for ((&view, (from, strides)), _) in
            wide.operands.iter().zip(&places).zip(&wanted).filter(|(_, wanted)| **wanted)
        {
            let layout = lowered.layout(view);
            if let Some(g) = self.adjoint(*from, strides, layout.dims()) {
                self.accumulate_view(start(view), layout, &g, layout.dims());
            }
        }
        true
    }

    fn moved_by_index(&mut self, op: Structural, wide: &Wide, dims: &[usize]) {
        let Some(g) = self.adjoint(Slot::new(wide.out as usize), &row_major(dims), dims) else {
            return;
        };
        let (view, layout) = (wide.operands[0], self.lowered.layout(wide.operands[0]));
        if op == Structural::ScatterAdd {
            let each =
                wide.attributes.positions().iter().map(|&i| g.element(dims, i as usize)).collect();
            return self.accumulate_view(
                start(view),
                layout,
                &Access::of(each, layout.dims()),
                layout.dims(),
            );
        }
        let on_tape = Access::Strided { start: start(view), strides: strides(layout) };
        let slots =
            wide.attributes.positions().iter().map(|&i| on_tape.element(layout.dims(), i as usize));
        self.accumulate_in_order(slots.zip(g.numbers(dims)).collect());
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

/// Whether no two elements share a slot (as far as strides tell: false where they only might).
fn strides_are_injective(dims: &[usize], strides: &[i32]) -> bool {
    let mut axes: SmallVec<[(i32, usize); 4]> = strides
        .iter()
        .copied()
        .zip(dims.iter().copied())
        .filter(|&(_, extent)| extent > 1)
        .collect();
    axes.sort_unstable();
    let mut reach = 0;
    axes.iter().all(|&(stride, extent)| {
        let apart = stride as usize > reach;
        reach += (extent - 1) * stride as usize;
        apart
    })
}
