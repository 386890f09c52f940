//! A tape as a graph: what each slot is, and nothing of how it was recorded.
//!
//! A step is a node. Operations that only move elements (views, copies, gathers, and joints of few
//! numbers) are none: their elements are other nodes' values, found by an [`Access`].

use smallvec::SmallVec;

use super::access::{Access, Dims, Strides, joined, row_major};
use super::graph::{Kind, Op, Part, Source};
use super::ids::{Id, Line, Place, Point, Slot, StepId, Value};
use super::products::{Product, affine_strides, start, strides};
use super::sym::Builder;
use crate::op::{Binary, Leaf, Op as TapeOp, Structural, Unary};
use crate::real::Scalar;
use crate::shape::Layout;
use wengert_ops::run::{View, Wide};
use wengert_ops::structural::pairwise::BLOCK;
use wengert_ops::structural::parts;
use wengert_tape::internals::{Kind as StepKind, Side, Step};

/// Reductions to one number of at most so many elements are written out, so that equal ones side by
/// side are found.
const WRITTEN_OUT: usize = 32;
/// Weighted sums to one number, likewise.
pub(crate) const NEURON: usize = 1 << 14;
/// Shorter joints are lists of values, and so are those whose parts have fewer numbers than `EACH`
/// on average: later passes group single numbers. Longer ones are put together once for all
/// readers.
const JOINED: usize = 64;
const EACH: usize = 8;

/// What a step of the tape is in the graph.
#[derive(Clone, Copy, Debug)]
enum Written {
    Number(Value),
    /// An entry of the runs.
    Run(u32),
}

/// What a log-sum-exp is made of.
pub(crate) struct Powers {
    /// The operand's extents.
    pub(crate) all: Dims,
    /// The largest elements m.
    pub(crate) largest: Access<Value>,
    /// `e^(x − m)` over all axes.
    pub(crate) powers: Access<Value>,
    pub(crate) sums: Access<Value>,
}

/// The tape's steps as they are written into the graph.
pub(crate) struct Lowered<'a, S: Scalar> {
    /// The steps that have been written.
    pub(crate) steps: &'a [Step],
    all: &'a [Step],
    pub(crate) side: &'a Side,
    pub(crate) builder: &'a Builder<S>,
    /// The slots of the steps.
    pub(crate) line: Line<Slot, StepId>,
    written: Vec<Written>,
    /// The extents of runs, and the values of their elements.
    runs: Vec<(Dims, Access<Value>)>,
}

impl<'a, S: Scalar> Lowered<'a, S> {
    /// Nothing written yet.
    pub(crate) fn new(steps: &'a [Step], side: &'a Side, builder: &'a Builder<S>) -> Self {
        let (line, written, runs) = (Line::new(), Vec::new(), Vec::new());
        Lowered { steps: &steps[..0], all: steps, side, builder, line, written, runs }
    }

    /// Writes the tape's steps up to the one that fills `end`, or all.
    pub(crate) fn write_until(&mut self, end: Option<Slot>, values: &[S]) {
        let end = end.map_or(usize::MAX, Slot::index);
        while self.steps.len() < self.all.len() && self.line.len() < end {
            let step = self.all[self.steps.len()];
            let slot = Slot::new(self.line.len());
            self.builder.graph.borrow_mut().source = Source::value(slot);
            let at = |lowered: &Self, operand: u32| lowered.at(Slot::new(operand as usize));
            match step.kind() {
                StepKind::Leaf(leaf) => {
                    self.leaf(leaf, slot, &[], &values[slot.index()..=slot.index()])
                }
                StepKind::Unary(op) => {
                    let a = at(self, step.a());
                    self.scalar(Kind::Unary(op, a));
                }
                StepKind::Binary(op) => {
                    let (a, b) = (at(self, step.a()), at(self, step.b()));
                    self.scalar(Kind::Binary(op, a, b));
                }
                StepKind::Wide => self.wide(&self.side.wides[step.a() as usize], values),
            }
            self.steps = &self.all[..=self.steps.len()];
        }
    }

    /// Lets these values over `dims` stand for the next step's run, instead of writing it.
    pub(crate) fn stand_for(&mut self, dims: &[usize], access: &Access<Value>) {
        let own = match self.all[self.steps.len()].kind() {
            StepKind::Wide => {
                let wide = &self.side.wides[self.all[self.steps.len()].a() as usize];
                Dims::from_slice(self.side.layouts.get(wide.layout).dims())
            }
            _ => Dims::new(),
        };
        self.run(&own, access.reshaped(dims, &own));
        self.steps = &self.all[..=self.steps.len()];
    }

    fn scalar(&mut self, kind: Kind) {
        let value = self.builder.graph.borrow_mut().push(kind);
        self.number(value);
    }

    fn number(&mut self, value: Value) {
        self.line.push(1);
        self.written.push(Written::Number(value));
    }

    /// The next step's elements over its extents.
    fn run(&mut self, dims: &[usize], access: Access<Value>) {
        let len = dims.iter().product();
        if len == 1 {
            return self.number(access.first());
        }
        self.line.push(len);
        self.written.push(Written::Run(self.runs.len() as u32));
        self.runs.push((Dims::from_slice(dims), access));
    }

    fn leaf(&mut self, leaf: Leaf, slot: Slot, dims: &[usize], values: &[S]) {
        let mut graph = self.builder.graph.borrow_mut();
        let access = match leaf {
            Leaf::Const => {
                Access::of(values.iter().map(|&value| graph.constant(value)).collect(), dims)
            }
            Leaf::Input | Leaf::Param | Leaf::Data => {
                Access::contiguous(graph.block(Some(slot), values.len()), dims)
            }
        };
        drop(graph);
        self.run(dims, access);
    }

    /// The value of a slot of the tape.
    pub(crate) fn at(&self, slot: Slot) -> Value {
        let step = self.line.run_of(slot);
        match self.written[step.index()] {
            Written::Number(value) => value,
            Written::Run(run) => {
                let (dims, access) = &self.runs[run as usize];
                access.element(dims, slot.minus(self.line.start(step)) as usize)
            }
        }
    }

    /// The elements of a view, repeated to `dims`.
    pub(crate) fn read(&self, view: View, dims: &[usize]) -> Access<Value> {
        let layout = self.side.layouts.get(view.layout());
        let layout = layout.broadcast_to(&dims.into()).expect("operands were checked to broadcast");
        self.read_layout(start(view), &layout)
    }

    pub(crate) fn read_layout(&self, start: Slot, layout: &Layout) -> Access<Value> {
        self.read_at(start, &strides(layout), layout.dims())
    }

    /// The values that stand `strides` apart on the tape, from a slot on.
    fn read_at(&self, start: Slot, strides: &[i32], dims: &[usize]) -> Access<Value> {
        let on_tape = Access::Strided { start, strides: strides.into() };
        let Some(step) = on_tape.run(dims, &self.line) else {
            // Neighbouring steps, stacked without a copy.
            return on_tape.moved(dims, |_, _| None, |slot| self.at(slot));
        };
        match self.written[step.index()] {
            Written::Number(value) => Access::repeated(value, dims.len()),
            Written::Run(run) => {
                let (own, access) = &self.runs[run as usize];
                access.viewed(own, start.minus(self.line.start(step)) as usize, strides, dims)
            }
        }
    }

    /// The elements that a step computed, over its extents.
    pub(crate) fn result(&self, wide: &Wide, dims: &[usize]) -> Access<Value> {
        self.read_at(Slot::new(wide.out as usize), &row_major(dims), dims)
    }

    fn emit(
        &self,
        op: Op,
        dims: &[usize],
        inner: &[usize],
        operands: &[Access<Value>],
    ) -> Access<Value> {
        self.builder.graph.borrow_mut().run(op, dims, inner, operands)
    }

    fn emit_scalar(&self, op: Binary, a: Value, b: Value) -> Value {
        self.builder.graph.borrow_mut().push(Kind::Binary(op, a, b))
    }

    fn wide(&mut self, wide: &Wide, values: &[S]) {
        let dims = Dims::from_slice(self.side.layouts.get(wide.layout).dims());
        let run = match wide.op {
            TapeOp::Leaf(leaf) => {
                let out = wide.out as usize;
                return self.leaf(
                    leaf,
                    Slot::new(out),
                    &dims,
                    &values[out..out + wide.len as usize],
                );
            }
            TapeOp::Unary(op) => {
                self.emit(Op::Unary(op), &dims, &[], &[self.read(wide.operands[0], &dims)])
            }
            TapeOp::Binary(op) => {
                let (a, b) =
                    (self.read(wide.operands[0], &dims), self.read(wide.operands[1], &dims));
                self.emit(Op::Binary(op), &dims, &[], &[a, b])
            }
            TapeOp::Structural(op) => self.structural(op, wide, &dims),
        };
        self.run(&dims, run);
    }

    fn structural(&self, op: Structural, wide: &Wide, dims: &Dims) -> Access<Value> {
        match op {
            Structural::Affine if wide.len == 1 && self.inner_of(wide) <= NEURON => {
                let (xs, ws) = (self.all(wide.operands[2]), self.all(wide.operands[1]));
                let mut sum = self.read(wide.operands[0], dims).first();
                for (x, w) in xs.into_iter().zip(ws) {
                    let product = self.emit_scalar(Binary::Mul, w, x);
                    sum = self.emit_scalar(Binary::Add, sum, product);
                }
                Access::repeated(sum, dims.len())
            }
            Structural::Affine => {
                let inner = self.inner_of(wide);
                let (x, w) = self.affine_accesses(wide, dims, inner);
                let bias = self.read(wide.operands[0], dims);
                self.emit(Op::Contract { guarded: false }, dims, &[inner], &[x, w, bias])
            }
            Structural::MatMul => {
                let product = Product::of(self.side, wide);
                if wide.len == 1 && product.k <= NEURON {
                    let (xs, ys) = (self.all(wide.operands[0]), self.all(wide.operands[1]));
                    let products: Vec<Value> = xs
                        .into_iter()
                        .zip(ys)
                        .map(|(x, y)| self.emit_scalar(Binary::Mul, x, y))
                        .collect();
                    Access::repeated(self.total(&products), dims.len())
                } else {
                    let (a, b) = (self.factor(&product, 0), self.factor(&product, 1));
                    self.emit(Op::Contract { guarded: false }, dims, &[product.k], &[a, b])
                }
            }
            Structural::Sum => self.sum(wide, dims),
            Structural::Max => self.extremum(Op::Max, wide, dims),
            Structural::Min => self.extremum(Op::Min, wide, dims),
            Structural::LogSumExp => self.log_sum_exp(wide, dims),
            Structural::CumSum | Structural::CumSumBack => {
                let back = op == Structural::CumSumBack;
                Access::of(
                    self.cumulative(
                        self.all(wide.operands[0]),
                        dims,
                        wide.attributes.axes()[0],
                        back,
                    ),
                    dims,
                )
            }
            Structural::Concat => {
                let (shape, axis) = (
                    self.side.layouts.get(wide.layout).shape(),
                    wide.attributes.axes()[0] as usize,
                );
                let extents = wide.operands.iter().map(|&view| self.layout(view).dims()[axis]);
                let places = parts(shape, axis, extents);
                let parts = wide.operands.iter().zip(places).map(|(&view, (offset, place))| {
                    let layout = self.layout(view);
                    let from = self.read_layout(start(view), layout);
                    Part {
                        offset,
                        dims: Dims::from_slice(layout.dims()),
                        strides: strides(&place),
                        from,
                    }
                });
                self.joined(dims, parts.collect())
            }
            Structural::Stack => {
                let each = wide.len as usize / wide.operands.len();
                let parts = wide.operands.iter().enumerate().map(|(i, &view)| {
                    let layout = self.layout(view);
                    let (own, from) =
                        (Dims::from_slice(layout.dims()), self.read_layout(start(view), layout));
                    Part { offset: i * each, strides: row_major(&own), dims: own, from }
                });
                self.joined(dims, parts.collect())
            }
            Structural::Contiguous => {
                let layout = self.layout(wide.operands[0]);
                self.read_layout(start(wide.operands[0]), layout).reshaped(layout.dims(), dims)
            }
            Structural::Gather => {
                let layout = self.layout(wide.operands[0]);
                let from = self.read_layout(start(wide.operands[0]), layout);
                let element = |&i: &u32| from.element(layout.dims(), i as usize);
                Access::of(wide.attributes.positions().iter().map(element).collect(), dims)
            }
            Structural::ScatterAdd => {
                let zero = self.builder.graph.borrow_mut().constant(S::from_f64(0.0));
                let terms = self.all(wide.operands[0]);
                let targets = wide.attributes.positions().iter().map(|&i| i as usize);
                Access::of(
                    self.add_in_rounds(vec![zero; wide.len as usize], targets.zip(terms)),
                    dims,
                )
            }
            Structural::Select => {
                let read = |i: usize| self.read(wide.operands[i], dims);
                self.emit(Op::Select, dims, &[], &[read(0), read(1), read(2)])
            }
            _ => unreachable!(
                "{op}: every structural operation has a lowering, and a test asks for each"
            ),
        }
    }

    /// The elements over `dims` of a run that is put together of parts, which leave nothing out.
    pub(crate) fn joined(&self, dims: &[usize], parts: Vec<Part<Value>>) -> Access<Value> {
        let len: usize = dims.iter().product();
        if let Some(start) = neighbours(&parts, &self.builder.graph.borrow().line) {
            return Access::contiguous(start, dims);
        }
        if let [Part { offset: 0, dims: own, strides, from }] = &parts[..]
            && strides[..] == row_major(own)[..]
        {
            return from.reshaped(own, dims);
        }
        if len < JOINED || len < EACH * parts.len() {
            let mut values: Vec<Option<Value>> = vec![None; len];
            for part in &parts {
                let place = Access::Strided {
                    start: Place::new(part.offset),
                    strides: part.strides.clone(),
                };
                let mut places = place.numbers(&part.dims).into_iter();
                part.from.for_each(&part.dims, |value| {
                    values[places.next().expect("as many places as values").index()] = Some(value);
                });
            }
            let values = values.into_iter().map(|value| value.expect("parts leave nothing out"));
            return Access::of(values.collect(), dims);
        }
        Access::contiguous(self.builder.graph.borrow_mut().assemble(len, parts), dims)
    }

    /// All elements of a view.
    pub(crate) fn all(&self, view: View) -> Vec<Value> {
        let layout = self.layout(view);
        self.read_layout(start(view), layout).numbers(layout.dims())
    }

    /// The sum of single values, in order.
    fn total(&self, terms: &[Value]) -> Value {
        terms[1..].iter().fold(terms[0], |sum, &term| self.emit_scalar(Binary::Add, sum, term))
    }

    /// The extent that an affine step sums over.
    pub(crate) fn inner_of(&self, wide: &Wide) -> usize {
        *self.layout(wide.operands[1]).dims().last().expect("weights have an axis")
    }

    /// The inputs and the weights of an affine step over its result's axes and the inner one.
    pub(crate) fn affine_accesses(
        &self,
        wide: &Wide,
        dims: &[usize],
        inner: usize,
    ) -> (Access<Value>, Access<Value>) {
        let over = joined(dims, &[inner]);
        let (x, w) = affine_strides(self.side, wide);
        let read = |view: View, strides: &[i32]| self.read_at(start(view), strides, &over);
        (read(wide.operands[2], &x), read(wide.operands[1], &w))
    }

    /// An operand of a matrix product over the result's axes and the inner one.
    pub(crate) fn factor(&self, product: &Product, operand: usize) -> Access<Value> {
        let (start, strides) = product.operand(operand);
        self.read_at(start, strides, &joined(&product.dims, &[product.k]))
    }

    pub(crate) fn layout(&self, view: View) -> &'a Layout {
        self.side.layouts.get(view.layout())
    }

    /// Moves the reduced axes of an operand behind the kept ones: its access over `dims` and
    /// `inner`, and `inner`.
    fn reduced(&self, wide: &Wide) -> (Access<Value>, Dims) {
        let layout = self.layout(wide.operands[0]);
        let order = behind(wide.attributes.axes(), layout.shape().rank());
        let inner =
            wide.attributes.axes().iter().map(|&axis| layout.dims()[axis as usize]).collect();
        (self.read_layout(start(wide.operands[0]), &layout.permute(&order)), inner)
    }

    fn sum(&self, wide: &Wide, dims: &Dims) -> Access<Value> {
        let (x, inner) = self.reduced(wide);
        if dims.iter().product::<usize>() == 1 && inner.iter().product::<usize>() <= WRITTEN_OUT {
            return Access::repeated(self.total(&x.numbers(&joined(dims, &inner))), dims.len());
        }
        self.total_over(dims, &inner, &x)
    }

    fn extremum(&self, op: Op, wide: &Wide, dims: &Dims) -> Access<Value> {
        let (x, inner) = self.reduced(wide);
        self.emit(op, dims, &inner, &[x])
    }

    /// `m + ln Σ e^(x − m)`, which is m where that is infinite.
    fn log_sum_exp(&self, wide: &Wide, dims: &Dims) -> Access<Value> {
        let Powers { largest, sums, .. } = self.powers(wide, dims);
        let logarithm = self.emit(Op::Unary(Unary::Ln), dims, &[], &[sums]);
        self.emit(Op::Binary(Binary::Add), dims, &[], &[largest, logarithm])
    }

    /// What a log-sum-exp is made of; infinite numbers count as the largest finite ones.
    pub(crate) fn powers(&self, wide: &Wide, dims: &Dims) -> Powers {
        let (x, inner) = self.reduced(wide);
        let largest = self.emit(Op::Max, dims, &inner, std::slice::from_ref(&x));
        // Differences and powers in the operand's own order of axes, as it lies there.
        let layout = self.layout(wide.operands[0]);
        let (own, all) =
            (self.read_layout(start(wide.operands[0]), layout), Dims::from_slice(layout.dims()));
        let bound = S::from_f64(1.0).largest();
        let finite = |x: Access<Value>, dims: &Dims| {
            let [most, least] =
                [bound, -bound].map(|bound| self.builder.constant(bound).access_over(dims));
            let x = self.emit(Op::Binary(Binary::Min), dims, &[], &[x, most]);
            self.emit(Op::Binary(Binary::Max), dims, &[], &[x, least])
        };
        let shift = keep(&finite(largest.clone(), dims), dims, wide.attributes.axes(), &all);
        let shifted = self.emit(Op::Binary(Binary::Sub), &all, &[], &[finite(own, &all), shift]);
        let powers = self.emit(Op::Unary(Unary::Exp), &all, &[], &[shifted]);
        let terms = powers.permuted(&all, &behind(wide.attributes.axes(), all.len()));
        let sums = self.total_over(dims, &inner, &terms);
        Powers { all, largest, powers, sums }
    }

    /// The sum of terms over `inner`: of up to [`BLOCK`] in order, of more as the tape's kernel
    /// adds them, block by block and then in pairs.
    fn total_over(&self, dims: &Dims, inner: &Dims, terms: &Access<Value>) -> Access<Value> {
        let n: usize = inner.iter().product();
        if n <= BLOCK {
            return self.emit(Op::Sum, dims, inner, std::slice::from_ref(terms));
        }
        let flat = joined(dims, &[n]);
        let terms = terms.reshaped(&joined(dims, inner), &flat);
        // Elements of `access` along its last axis: from `first` on, every `step`-th, over `last`
        // axes.
        let part =
            |access: &Access<Value>, len: usize, first: usize, steps: &[i32], last: &[usize]| {
                let own = joined(dims, &[len]);
                let strides: Strides =
                    row_major(&own)[..dims.len()].iter().chain(steps).copied().collect();
                access.viewed(&own, first, &strides, &joined(dims, last))
            };
        let (whole, rest) = (n / BLOCK, n % BLOCK);
        let blocks = part(&terms, n, 0, &[BLOCK as i32, 1], &[whole, BLOCK]);
        let mut sums = self.emit(Op::Sum, &joined(dims, &[whole]), &[BLOCK], &[blocks]);
        // Behind the blocks' sums one more, if there is one: of the rest, or what had no partner.
        let mut last = (rest > 0).then(|| {
            let terms = part(&terms, n, whole * BLOCK, &[1], &[rest]);
            self.emit(Op::Sum, dims, &[rest], &[terms])
        });
        let mut count = whole;
        while count > 0 && (count > 1 || last.is_some()) {
            let pairs = count / 2;
            let alone = (count % 2 == 1).then(|| part(&sums, count, count - 1, &[], &[]));
            last = match (alone, last) {
                (Some(alone), Some(last)) => Some(self.add(dims, &alone, &last)),
                (alone, last) => alone.or(last),
            };
            if pairs > 0 {
                let [a, b] = [0, 1].map(|first| part(&sums, count, first, &[2], &[pairs]));
                sums = self.add(&joined(dims, &[pairs]), &a, &b);
            }
            count = pairs;
        }
        match last {
            Some(last) => last,
            None => part(&sums, 1, 0, &[], &[]),
        }
    }

    /// The running sum of `values`, which have extents `dims`, along an axis.
    pub(crate) fn cumulative(
        &self,
        values: Vec<Value>,
        dims: &[usize],
        axis: u8,
        back: bool,
    ) -> Vec<Value> {
        let axis = axis as usize;
        let layout = Layout::contiguous(dims.into());
        let (extent, stride) = (dims[axis], layout.strides()[axis]);
        let firsts: Vec<usize> = layout.narrow(axis, 1).offsets().collect();
        let mut values = values;
        for i in 1..extent {
            let (to, from) = if back { (extent - 1 - i, extent - i) } else { (i, i - 1) };
            let at = |step: usize| {
                firsts.iter().map(|first| values[first + step * stride]).collect::<Vec<Value>>()
            };
            let sums = self.add_lists(at(from), at(to));
            firsts.iter().zip(sums).for_each(|(first, sum)| values[first + to * stride] = sum);
        }
        values
    }

    /// The elementwise sum of two lists of values.
    pub(crate) fn add_lists(&self, a: Vec<Value>, b: Vec<Value>) -> Vec<Value> {
        let dims = [a.len()];
        self.add(&dims, &Access::of(a, &dims), &Access::of(b, &dims)).numbers(&dims)
    }

    /// The elementwise sum of two runs.
    pub(crate) fn add(
        &self,
        dims: &[usize],
        a: &Access<Value>,
        b: &Access<Value>,
    ) -> Access<Value> {
        if dims.iter().product::<usize>() <= FEW {
            let pairs = a.numbers(dims).into_iter().zip(b.numbers(dims));
            return Access::of(
                pairs.map(|(a, b)| self.emit_scalar(Binary::Add, a, b)).collect(),
                dims,
            );
        }
        self.emit(Op::Binary(Binary::Add), dims, &[], &[a.clone(), b.clone()])
    }

    /// `sums[target] += term` for each pair in order, as many at a time as have targets of their
    /// own.
    pub(crate) fn add_in_rounds(
        &self,
        mut sums: Vec<Value>,
        pairs: impl Iterator<Item = (usize, Value)>,
    ) -> Vec<Value> {
        let mut rounds: Vec<Vec<(usize, Value)>> = Vec::new();
        let mut times = vec![0_u32; sums.len()];
        for (target, term) in pairs {
            let round = times[target] as usize;
            times[target] += 1;
            if round == rounds.len() {
                rounds.push(Vec::new());
            }
            rounds[round].push((target, term));
        }
        for round in rounds {
            let (before, terms) = round.iter().map(|&(target, term)| (sums[target], term)).unzip();
            let after = self.add_lists(before, terms);
            round.iter().zip(after).for_each(|(&(target, _), sum)| sums[target] = sum);
        }
        sums
    }
}

/// So few that they are better as scalar nodes, which later passes group with others.
const FEW: usize = 8;

/// The first value, if all parts are neighbours in one node, in the order in which they are joined.
fn neighbours(parts: &[Part<Value>], line: &Line<Value, super::ids::Node>) -> Option<Value> {
    let first = parts.first()?.from.first();
    let mut len = 0;
    for part in parts {
        let Access::Strided { start, strides } = &part.from else { return None };
        let in_order = part.offset == len && part.strides[..] == row_major(&part.dims)[..];
        if !in_order || start.minus(first) != len as i64 || strides[..] != part.strides[..] {
            return None;
        }
        len += part.dims.iter().product::<usize>();
    }
    line.run_of_both(first, first.plus(len as i64 - 1)).map(|_| first)
}

/// The order that moves reduced axes behind the others.
pub(crate) fn behind(reduced: &[u8], rank: usize) -> SmallVec<[usize; 4]> {
    let is_reduced = |axis: &usize| reduced.contains(&(*axis as u8));
    (0..rank)
        .filter(|axis| !is_reduced(axis))
        .chain(reduced.iter().map(|&axis| axis as usize))
        .collect()
}

/// A reduction's result repeated along the axes that it removed: over the operand's extents.
pub(crate) fn keep<P: Point>(
    access: &Access<P>,
    dims: &[usize],
    axes: &[u8],
    all: &[usize],
) -> Access<P> {
    let is_reduced = |axis: &usize| axes.contains(&(*axis as u8));
    let kept: SmallVec<[usize; 4]> = (0..all.len()).filter(|axis| !is_reduced(axis)).collect();
    let mut strides: Strides = SmallVec::from_elem(0, all.len());
    kept.iter().zip(row_major(dims)).for_each(|(&axis, stride)| strides[axis] = stride);
    access.viewed(dims, 0, &strides, all)
}
