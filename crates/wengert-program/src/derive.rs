//! The reverse sweep as more of the graph: every adjoint a slot, every contribution in the sweep's order.
//!
//! Adjoints are kept by the tape's slots, each a pointer to the graph's slot that holds the sum so far. A first contribution is that slot itself:
//! nothing is filled with zeros, and nothing is added to them. Later ones are added in the order of
//! [`backward`](crate::Var::backward), so that with exact arithmetic the numbers are the same bit for bit.

use smallvec::SmallVec;

use super::access::{Access, Dims};
use super::graph::{NONE, Op, Source};
use super::lower::{Lowered, Product, behind, joined, keep, permuted, repeat};
use super::sym::Sym;
use crate::op::{Binary, Op as TapeOp, Structural};
use crate::real::{Real, Scalar};
use crate::rules;
use crate::shape::Layout;
use wengert_ops::run::{View, Wide};
use wengert_ops::structural::parts;
use wengert_tape::internals::Kind as StepKind;

/// Index spaces up to this size are walked entry by entry where operands overlap and the order of their sums would be another.
const ENTRIES: usize = 1 << 20;

/// One sweep.
pub(crate) struct Sweep<'l, 'a, S: Scalar> {
    lowered: &'l Lowered<'a, S>,
    /// By tape slot: the graph's slot of the adjoint so far, or `NONE`.
    pub(crate) adjoints: Vec<u32>,
    /// By tape slot: whether it depends on what is differentiated by.
    active: Vec<bool>,
}

/// What an elementwise step adds to one operand: its first slot, its layout over the step's axes, and the shares over those.
type Role = (u32, Layout, Access);

impl<'l, 'a, S: Scalar> Sweep<'l, 'a, S> {
    /// Sweeps from `seeds` (tape slot, the graph's slot of its cotangent) back to the slots `wrt`.
    pub(crate) fn new(lowered: &'l Lowered<'a, S>, seeds: &[(u32, u32)], wrt: impl Iterator<Item = u32>) -> Self {
        let slots = lowered.slots.len();
        let mut sweep = Sweep { lowered, adjoints: vec![NONE; slots], active: vec![false; slots] };
        wrt.for_each(|slot| sweep.active[slot as usize] = true);
        sweep.find_active();
        for &(slot, seed) in seeds {
            sweep.add(slot, seed);
        }
        sweep.walk();
        sweep
    }

    fn find_active(&mut self) {
        let mut slot = 0;
        for step in self.lowered.steps {
            let (a, b) = (step.a() as usize, step.b() as usize);
            match step.kind() {
                StepKind::Leaf(_) => slot += 1,
                StepKind::Unary(_) => {
                    self.active[slot] |= !step.cuts_first() && self.active[a];
                    slot += 1;
                }
                StepKind::Binary(_) => {
                    self.active[slot] |=
                        (!step.cuts_first() && self.active[a]) || (!step.cuts_second() && self.active[b]);
                    slot += 1;
                }
                StepKind::Wide => {
                    let wide = &self.lowered.side.wides[a];
                    let (out, len) = (wide.out as usize, wide.len as usize);
                    if wide.operands.iter().any(|&view| self.wants(view)) {
                        self.active[out..out + len].fill(true);
                    }
                    slot = out + len;
                }
            }
        }
    }

    /// Whether a derivative by some element of an operand is asked for.
    fn wants(&self, view: View) -> bool {
        let layout = self.lowered.layout(view);
        !view.is_cut() && layout.offsets().any(|offset| self.active[view.start() as usize + offset])
    }

    fn walk(&mut self) {
        let builder = self.lowered.builder;
        let mut slot = self.adjoints.len();
        for step in self.lowered.steps.iter().rev() {
            if let StepKind::Wide = step.kind() {
                let wide = &self.lowered.side.wides[step.a() as usize];
                slot = wide.out as usize;
                self.wide(wide);
                builder.forget_runs();
                continue;
            }
            slot -= 1;
            if self.adjoints[slot] == NONE || !self.active[slot] {
                continue;
            }
            let (a, b) = (step.a(), step.b());
            let at = |slot: u32| builder.slot(self.lowered.slots[slot as usize]);
            let (g, v) = (builder.slot(self.adjoints[slot]), at(slot as u32));
            match step.kind() {
                StepKind::Unary(op) if !step.cuts_first() && self.active[a as usize] => {
                    self.about(a);
                    self.share(a, rules::unary(op, at(a), v).times(g));
                }
                StepKind::Binary(op) => {
                    let (x, y) = (at(a), at(b));
                    if !step.cuts_first() && self.active[a as usize] {
                        self.about(a);
                        self.share(a, rules::first(op, x, y, v).times(g));
                    }
                    if !step.cuts_second() && self.active[b as usize] {
                        self.about(b);
                        self.share(b, rules::second(op, x, y, v).times(g));
                    }
                }
                _ => {}
            }
        }
    }

    /// What is recorded from here on belongs to the adjoint of this slot of the tape.
    fn about(&self, slot: u32) {
        self.lowered.builder.graph.borrow_mut().source = Source::adjoint(slot);
    }

    fn share(&mut self, slot: u32, share: Option<Sym<'_, S>>) {
        if let Some(share) = share {
            self.add(slot, share.scalar());
        }
    }

    fn add(&mut self, slot: u32, share: u32) {
        let adjoint = &mut self.adjoints[slot as usize];
        *adjoint = match *adjoint {
            NONE => share,
            before => {
                let mut graph = self.lowered.builder.graph.borrow_mut();
                graph.source = Source::adjoint(slot);
                graph.push(super::graph::Kind::Binary(Binary::Add), before, share, 0)
            }
        };
    }

    fn empty(&self) -> u32 {
        self.lowered.builder.graph.borrow_mut().constant(S::EMPTY)
    }

    /// The adjoints of a run over its axes, the empty sum where there is none; nothing if there is none at all.
    fn adjoint_of(&self, wide: &Wide, dims: &[usize]) -> Option<Access> {
        let slots = &self.adjoints[wide.out as usize..(wide.out + wide.len) as usize];
        if slots.iter().all(|&slot| slot == NONE) {
            return None;
        }
        let empty = if slots.contains(&NONE) { self.empty() } else { NONE };
        Some(Access::of(slots.iter().map(|&slot| if slot == NONE { empty } else { slot }).collect(), dims))
    }

    fn wide(&mut self, wide: &Wide) {
        if wide.op.is_leaf() || !self.active[wide.out as usize] {
            return;
        }
        let lowered = self.lowered;
        let dims = Dims::from_slice(lowered.side.layouts.get(wide.layout).dims());
        let Some(g) = self.adjoint_of(wide, &dims) else { return };
        if let Some(&view) = wide.operands.iter().find(|view| !view.is_cut()) {
            self.about(view.start());
        }
        match wide.op {
            TapeOp::Leaf(_) => {}
            TapeOp::Unary(op) => {
                let (x, v) = (lowered.read(wide.operands[0], &dims), self.value_of(wide, &dims));
                let run = |access| lowered.builder.run(&dims, access);
                let share = rules::unary(op, run(x), run(v)).times(run(g));
                self.elementwise(wide, &dims, [(0, share)]);
            }
            TapeOp::Binary(op) => {
                let run = |access| lowered.builder.run(&dims, access);
                let [x, y] = [0, 1].map(|i| run(lowered.read(wide.operands[i], &dims)));
                let (v, g) = (run(self.value_of(wide, &dims)), run(g));
                let first = if self.wants(wide.operands[0]) { rules::first(op, x, y, v).times(g) } else { None };
                let second = if self.wants(wide.operands[1]) { rules::second(op, x, y, v).times(g) } else { None };
                self.elementwise(wide, &dims, [(0, first), (1, second)]);
            }
            TapeOp::Structural(op) => self.structural(op, wide, &dims, g),
        }
    }

    fn value_of(&self, wide: &Wide, dims: &[usize]) -> Access {
        let slots = &self.lowered.slots[wide.out as usize..(wide.out + wide.len) as usize];
        Access::of(slots.to_vec(), dims)
    }

    /// Adds the shares of an elementwise step, each over `dims`, to its operands.
    fn elementwise<const N: usize>(&mut self, wide: &Wide, dims: &Dims, shares: [(usize, Option<Sym<'_, S>>); N]) {
        let mut roles: SmallVec<[Role; 3]> = SmallVec::new();
        for (operand, share) in shares {
            let view = wide.operands[operand];
            if let Some(share) = share.filter(|_| self.wants(view)) {
                let layout = self.lowered.layout(view).broadcast_to(&dims.as_slice().into()).expect("checked");
                roles.push((view.start(), layout, share.access_over(dims)));
            }
        }
        self.add_roles(&roles, dims);
    }

    /// Adds what several operands get: operand by operand if no two are entangled, else element by element.
    fn add_roles(&mut self, roles: &[Role], dims: &[usize]) {
        let entangled = (1..roles.len()).any(|i| {
            roles[..i].iter().any(|(start, layout, _)| {
                let same = (*start, layout) == (roles[i].0, &roles[i].1) && is_injective(layout);
                !same && overlap(slots_of(*start, layout), slots_of(roles[i].0, &roles[i].1))
            })
        });
        if !entangled {
            return roles.iter().for_each(|(start, layout, share)| self.add_view(*start, layout, share, dims));
        }
        let lists: Vec<(Vec<u32>, Vec<u32>)> = roles
            .iter()
            .map(|(start, layout, share)| (slots_of(*start, layout).collect(), share.slots(dims)))
            .collect();
        let len = lists[0].0.len();
        self.add_pairs(
            (0..len).flat_map(|i| lists.iter().map(move |(targets, shares)| (targets[i], shares[i]))).collect(),
        );
    }

    /// Adds `share`, over `dims`, to the slots of a layout over `dims`; where those repeat, in row-major order.
    fn add_view(&mut self, start: u32, layout: &Layout, share: &Access, dims: &[usize]) {
        let repeats = |&axis: &usize| layout.strides()[axis] == 0 && dims[axis] > 1;
        let kept: SmallVec<[usize; 4]> = (0..dims.len()).filter(|axis| !repeats(axis)).collect();
        let own = layout.permute(&kept);
        if !is_injective(&own) {
            let pairs = slots_of(start, layout).zip(share.slots(dims)).collect();
            return self.add_pairs(pairs);
        }
        let targets: Vec<u32> = slots_of(start, &own).collect();
        if kept.len() == dims.len() {
            return self.add_each(&targets, share.slots(dims));
        }
        let inner: SmallVec<[usize; 4]> = (0..dims.len()).filter(repeats).collect();
        let order: SmallVec<[usize; 4]> = kept.iter().chain(&inner).copied().collect();
        let share = permuted(share, dims, &order);
        let extents = |axes: &[usize]| axes.iter().map(|&axis| dims[axis]).collect::<Dims>();
        let init = self.so_far(&targets, &extents(&kept));
        let operands: SmallVec<[Access; 3]> = std::iter::once(share).chain(init).collect();
        let sums = self.emit(Op::Sum, &extents(&kept), &extents(&inner), &operands);
        self.set(&targets, sums.slots(&extents(&kept)));
    }

    /// The adjoints of distinct slots so far: nothing if there are none, the empty sum where one is missing.
    fn so_far(&self, targets: &[u32], dims: &[usize]) -> Option<Access> {
        let adjoint = |&slot: &u32| self.adjoints[slot as usize];
        if targets.iter().all(|slot| adjoint(slot) == NONE) {
            return None;
        }
        let empty = self.empty();
        let slots = targets.iter().map(adjoint).map(|slot| if slot == NONE { empty } else { slot });
        Some(Access::of(slots.collect(), dims))
    }

    fn set(&mut self, targets: &[u32], adjoints: Vec<u32>) {
        targets.iter().zip(adjoints).for_each(|(&target, adjoint)| self.adjoints[target as usize] = adjoint);
    }

    /// Adds a share to each of several distinct slots.
    fn add_each(&mut self, targets: &[u32], shares: Vec<u32>) {
        let (mut again, mut before, mut more) = (Vec::new(), Vec::new(), Vec::new());
        for (&target, share) in targets.iter().zip(shares) {
            match self.adjoints[target as usize] {
                NONE => self.adjoints[target as usize] = share,
                known => {
                    again.push(target);
                    before.push(known);
                    more.push(share);
                }
            }
        }
        if !again.is_empty() {
            self.about(again[0]);
            let sums = self.lowered.add_lists(before, more);
            self.set(&again, sums);
        }
    }

    /// Adds shares to slots in order, a slot possibly several times.
    fn add_pairs(&mut self, pairs: Vec<(u32, u32)>) {
        let mut rounds: Vec<(Vec<u32>, Vec<u32>)> = Vec::new();
        let mut times: super::graph::FastMap<u32, usize> = super::graph::FastMap::default();
        for (target, share) in pairs {
            let round = times.entry(target).or_default();
            if *round == rounds.len() {
                rounds.push((Vec::new(), Vec::new()));
            }
            rounds[*round].0.push(target);
            rounds[*round].1.push(share);
            *round += 1;
        }
        for (targets, shares) in rounds {
            self.add_each(&targets, shares);
        }
    }

    fn emit(&self, op: Op, dims: &[usize], inner: &[usize], operands: &[Access]) -> Access {
        self.lowered.builder.graph.borrow_mut().wide(op, dims, inner, operands)
    }

    fn structural(&mut self, op: Structural, wide: &Wide, dims: &Dims, g: Access) {
        let lowered = self.lowered;
        match op {
            Structural::Affine if wide.len == 1 && lowered.inner_of(wide) <= super::lower::NEURON => {
                self.neuron(wide, g.first());
            }
            Structural::Affine => {
                let inner = lowered.inner_of(wide);
                let space = joined(dims, &[inner]);
                let (x, w) = lowered.affine_accesses(wide, dims, inner);
                let (x_strides, w_strides) = affine_strides(lowered, wide);
                let over = repeat(&g, dims, &[inner]);
                let bias = lowered.layout(wide.operands[0]).broadcast_to(&dims.as_slice().into()).expect("checked");
                if self.wants(wide.operands[0]) {
                    self.about(wide.operands[0].start());
                    self.add_view(wide.operands[0].start(), &bias, &g, dims);
                }
                self.contraction(wide.operands[1], &w_strides, &space, &over, &x);
                self.contraction(wide.operands[2], &x_strides, &space, &over, &w);
            }
            Structural::MatMul => {
                let product = Product::of(lowered, wide);
                let space = joined(dims, &[product.k]);
                let over = repeat(&g, dims, &[product.k]);
                let (a, b) = (product.a(lowered), product.b(lowered));
                let views = [wide.operands[0], wide.operands[1]];
                let len: usize = space.iter().product();
                let slots = |i: usize| slots_of(views[i].start(), lowered.layout(views[i]));
                let both = views.iter().all(|&view| self.wants(view));
                if both && len <= ENTRIES && overlap(slots(0), slots(1)) {
                    return self.entangled_product(&product, views, &space, [&over, &a, &b]);
                }
                self.contraction(views[0], product.strides(0), &space, &over, &b);
                self.contraction(views[1], product.strides(1), &space, &over, &a);
            }
            Structural::Sum => {
                let (layout, all) = self.operand(wide);
                let share = keep(&g, dims, wide.attributes.axes(), &all);
                self.add_view_if_wanted(wide, &layout, &share, &all);
            }
            Structural::Max | Structural::Min => {
                let (layout, all) = self.operand(wide);
                let (x, v) = (lowered.read(wide.operands[0], &all), self.value_of(wide, dims));
                let v = keep(&v, dims, wide.attributes.axes(), &all);
                // NaN is not equal to itself: where the result is NaN all of this is, and NaN counts as chosen.
                let chosen = self.emit(Op::Binary(Binary::Eq), &all, &[], &[x, v]);
                let order = behind(wide.attributes.axes(), all.len());
                let inner: Dims = wide.attributes.axes().iter().map(|&axis| all[axis as usize]).collect();
                let ties = self.emit(Op::Sum, dims, &inner, &[permuted(&chosen, &all, &order)]);
                let part = self.emit(Op::Unary(crate::op::Unary::Recip), dims, &[], &[ties]);
                let shared = self.emit(Op::Binary(Binary::Chain), dims, &[], &[g, part]);
                let shared = keep(&shared, dims, wide.attributes.axes(), &all);
                let nothing = Access::repeated(self.empty(), all.len());
                let share = self.emit(Op::Select, &all, &[], &[chosen, shared, nothing]);
                self.add_view_if_wanted(wide, &layout, &share, &all);
            }
            Structural::LogSumExp => {
                let (layout, all) = self.operand(wide);
                let run = |access| lowered.builder.run(&all, access);
                let x = run(lowered.read(wide.operands[0], &all));
                let v = run(keep(&self.value_of(wide, dims), dims, wide.attributes.axes(), &all));
                let g = run(keep(&g, dims, wide.attributes.axes(), &all));
                let share = g.chain((x - v).exp()).access_over(&all);
                self.add_view_if_wanted(wide, &layout, &share, &all);
            }
            Structural::CumSum | Structural::CumSumBack => {
                let (layout, all) = self.operand(wide);
                let back = op == Structural::CumSumBack;
                let sums = lowered.cumulative(g.slots(dims), &all, wide.attributes.axes()[0], !back);
                self.add_view_if_wanted(wide, &layout, &Access::of(sums, &all), &all);
            }
            Structural::Concat
            | Structural::Stack
            | Structural::Contiguous
            | Structural::Gather
            | Structural::ScatterAdd => {
                let pairs = self.moved(op, wide);
                let active = |&(target, share): &(u32, u32)| share != NONE && self.active[target as usize];
                let pairs = pairs.into_iter().filter(active).collect();
                self.add_pairs(pairs);
            }
            Structural::Select => {
                let read = |i: usize| lowered.read(wide.operands[i], dims);
                let (condition, nothing) = (read(0), Access::repeated(self.empty(), dims.len()));
                let a = self.emit(Op::Select, dims, &[], &[condition.clone(), g.clone(), nothing.clone()]);
                let b = self.emit(Op::Select, dims, &[], &[condition, nothing, g]);
                let run = |access| Some(lowered.builder.run(dims, access));
                self.elementwise(wide, dims, [(1, run(a)), (2, run(b))]);
            }
            _ => unreachable!("{op}: every structural operation has a derivative here, and a test asks for each"),
        }
    }

    /// The layout and the extents of the only operand.
    fn operand(&self, wide: &Wide) -> (Layout, Dims) {
        let layout = self.lowered.layout(wide.operands[0]).clone();
        let dims = Dims::from_slice(layout.dims());
        (layout, dims)
    }

    fn add_view_if_wanted(&mut self, wide: &Wide, layout: &Layout, share: &Access, dims: &[usize]) {
        if self.wants(wide.operands[0]) {
            self.add_view(wide.operands[0].start(), layout, share, dims);
        }
    }

    /// A weighted sum to one number, term by term: bias, then all weights, then all inputs.
    fn neuron(&mut self, wide: &Wide, g: u32) {
        let lowered = self.lowered;
        let targets =
            |i: usize| slots_of(wide.operands[i].start(), lowered.layout(wide.operands[i])).collect::<Vec<u32>>();
        let (bias, w, x) = (targets(0)[0], targets(1), targets(2));
        let wants = |this: &Self, i: usize, slot: u32| !wide.operands[i].is_cut() && this.active[slot as usize];
        if wants(self, 0, bias) {
            self.add(bias, g);
        }
        for (operand, targets, others) in [(1, &w, &x), (2, &x, &w)] {
            for (&target, &other) in targets.iter().zip(others) {
                if wants(self, operand, target) {
                    self.about(target);
                    let factor = lowered.builder.slot(lowered.slots[other as usize]);
                    self.share(target, Some(lowered.builder.slot(g).chain(factor)));
                }
            }
        }
    }

    /// Adds `Σ g · other` over the part of the index space that the operand repeats along.
    fn contraction(&mut self, view: View, strides: &[i32], space: &[usize], g: &Access, other: &Access) {
        if !self.wants(view) {
            return;
        }
        self.about(view.start());
        let repeats = |&axis: &usize| strides[axis] == 0 && space[axis] > 1;
        let kept: SmallVec<[usize; 4]> = (0..space.len()).filter(|axis| !repeats(axis)).collect();
        let inner: SmallVec<[usize; 4]> = (0..space.len()).filter(repeats).collect();
        let extents = |axes: &[usize]| axes.iter().map(|&axis| space[axis]).collect::<Dims>();
        let (dims, sums_over) = (extents(&kept), extents(&inner));
        let own = Access::Strided { start: view.start(), strides: kept.iter().map(|&axis| strides[axis]).collect() };
        let targets = own.slots(&dims);
        let order: SmallVec<[usize; 4]> = kept.iter().chain(&inner).copied().collect();
        let (g, other) = (permuted(g, space, &order), permuted(other, space, &order));
        if inner.is_empty() {
            let product = self.emit(Op::Binary(Binary::Chain), &dims, &[], &[g, other]);
            return self.add_pairs(targets.into_iter().zip(product.slots(&dims)).collect());
        }
        if !strides_are_injective(&dims, kept.iter().map(|&axis| strides[axis] as usize)) {
            let all = joined(&dims, &sums_over);
            let product = self.emit(Op::Binary(Binary::Chain), &all, &[], &[g, other]);
            let back: SmallVec<[usize; 4]> =
                (0..space.len()).map(|axis| order.iter().position(|&o| o == axis).expect("a permutation")).collect();
            let (in_order, each) =
                (permuted(&product, &all, &back), Access::Strided { start: view.start(), strides: strides.into() });
            return self.add_pairs(each.slots(space).into_iter().zip(in_order.slots(space)).collect());
        }
        let init = self.so_far(&targets, &dims);
        let operands: SmallVec<[Access; 3]> = [g, other].into_iter().chain(init).collect();
        let sums = self.emit(Op::Contract { guarded: true }, &dims, &sums_over, &operands);
        self.set(&targets, sums.slots(&dims));
    }

    /// A product of two views of the same slots, entry by entry: the first operand's share, then the second's.
    fn entangled_product(&mut self, product: &Product, views: [View; 2], space: &[usize], [g, a, b]: [&Access; 3]) {
        let shares = [b, a]
            .map(|other| self.emit(Op::Binary(Binary::Chain), space, &[], &[g.clone(), other.clone()]).slots(space));
        let targets = [0, 1]
            .map(|i| Access::Strided { start: views[i].start(), strides: product.strides(i).into() }.slots(space));
        let pairs = (0..targets[0].len()).flat_map(|i| [0, 1].map(|role| (targets[role][i], shares[role][i])));
        self.add_pairs(pairs.collect());
    }

    /// What an op that only moves elements adds: (operand's slot, adjoint) in the sweep's order.
    fn moved(&self, op: Structural, wide: &Wide) -> Vec<(u32, u32)> {
        let lowered = self.lowered;
        let g = &self.adjoints[wide.out as usize..(wide.out + wide.len) as usize];
        let targets = |view: View| slots_of(view.start(), lowered.layout(view));
        let open = |view: &&View| !view.is_cut();
        match op {
            Structural::Concat => {
                let (shape, axis) = (lowered.side.layouts.get(wide.layout).shape(), wide.attributes.axes()[0] as usize);
                let mut pairs = Vec::new();
                let extents = wide.operands.iter().map(|&view| lowered.layout(view).dims()[axis]);
                for (view, (start, place)) in wide.operands.iter().zip(parts(shape, axis, extents)) {
                    if !view.is_cut() {
                        pairs.extend(targets(*view).zip(place.offsets().map(|offset| g[start + offset])));
                    }
                }
                pairs
            }
            Structural::Stack => {
                let each = g.len() / wide.operands.len();
                let parts = wide.operands.iter().zip(g.chunks(each)).filter(|(view, _)| !view.is_cut());
                parts.flat_map(|(view, g)| targets(*view).zip(g.iter().copied()).collect::<Vec<_>>()).collect()
            }
            Structural::Gather => {
                let slots: Vec<u32> =
                    wide.operands.iter().take(1).filter(open).flat_map(|view| targets(*view)).collect();
                if slots.is_empty() {
                    return Vec::new();
                }
                wide.attributes.positions().iter().zip(g).map(|(&i, &g)| (slots[i as usize], g)).collect()
            }
            Structural::ScatterAdd => {
                let slots = wide.operands.iter().take(1).filter(open).flat_map(|view| targets(*view));
                slots.zip(wide.attributes.positions()).map(|(slot, &out)| (slot, g[out as usize])).collect()
            }
            _ => {
                let slots = wide.operands.iter().take(1).filter(open).flat_map(|view| targets(*view));
                slots.zip(g.iter().copied()).collect()
            }
        }
    }
}

/// The strides of an affine step's inputs and weights over its result's axes and the inner one.
fn affine_strides<S: Scalar>(lowered: &Lowered<'_, S>, wide: &Wide) -> (SmallVec<[i32; 4]>, SmallVec<[i32; 4]>) {
    let (w, x) = (lowered.layout(wide.operands[1]), lowered.layout(wide.operands[2]));
    let (mut xs, mut ws) = (SmallVec::new(), SmallVec::new());
    if x.shape().rank() == 2 {
        xs.push(x.strides()[0] as i32);
        ws.push(0);
    }
    if w.shape().rank() == 2 {
        xs.push(0);
        ws.push(w.strides()[0] as i32);
    }
    xs.push(x.strides()[x.shape().rank() - 1] as i32);
    ws.push(w.strides()[w.shape().rank() - 1] as i32);
    (xs, ws)
}

fn slots_of(start: u32, layout: &Layout) -> impl Iterator<Item = u32> + '_ {
    layout.offsets().map(move |offset| start + offset as u32)
}

fn overlap(a: impl Iterator<Item = u32>, b: impl Iterator<Item = u32>) -> bool {
    let (a, b): (Vec<u32>, Vec<u32>) = (a.collect(), b.collect());
    let ends = |slots: &[u32]| (slots.iter().min().copied(), slots.iter().max().copied());
    let ((a_first, a_last), (b_first, b_last)) = (ends(&a), ends(&b));
    if a_last < b_first || b_last < a_first {
        return false;
    }
    let known: std::collections::HashSet<u32, std::hash::BuildHasherDefault<rustc_hash::FxHasher>> =
        a.into_iter().collect();
    b.iter().any(|slot| known.contains(slot))
}

/// Whether no two elements share a slot (as far as strides tell: false where they only might).
fn is_injective(layout: &Layout) -> bool {
    strides_are_injective(layout.dims(), layout.strides().iter().copied())
}

fn strides_are_injective(dims: &[usize], strides: impl Iterator<Item = usize>) -> bool {
    let mut axes: SmallVec<[(usize, usize); 4]> =
        dims.iter().copied().zip(strides).filter(|&(extent, _)| extent > 1).map(|(extent, s)| (s, extent)).collect();
    axes.sort_unstable();
    let mut reach = 0;
    axes.iter().all(|&(stride, extent)| {
        let apart = stride > reach;
        reach += (extent - 1) * stride;
        apart
    })
}
