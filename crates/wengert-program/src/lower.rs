//! A tape as a graph: what each slot is, and nothing of how it was recorded.
//!
//! A step is a node. Operations that only move elements (views, copies, gathers, and joints of few
//! numbers) are none: their elements are other nodes' values, found by an [`Access`].

use smallvec::SmallVec;

use super::access::{Access, Dims, joined, row_major};
use super::graph::{Kind, Op, Source};
use super::ids::{Id, Line, Point, Slot, StepId, Value};
use super::products::{Product, affine_strides, start, strides};
use super::sym::{Builder, Sym};
use super::values;
use crate::op::{Leaf, Op as TapeOp};
use crate::real::Scalar;
use crate::shape::Layout;
use wengert_ops::run::{View, Wide};
use wengert_tape::internals::{Kind as StepKind, Side, Step};

/// What a step of the tape is in the graph.
#[derive(Clone, Copy, Debug)]
enum Written {
    Number(Value),
    /// An entry of the runs.
    Run(u32),
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
                self.builder.emit(Op::Unary(op), &dims, &[], &[self.read(wide.operands[0], &dims)])
            }
            TapeOp::Binary(op) => {
                let (a, b) =
                    (self.read(wide.operands[0], &dims), self.read(wide.operands[1], &dims));
                self.builder.emit(Op::Binary(op), &dims, &[], &[a, b])
            }
            TapeOp::Structural(op) => {
                let operands = self.operands(wide);
                let run = values::structural(op, &operands, &wide.attributes).access_over(&dims);
                self.builder.forget_runs();
                run
            }
        };
        self.run(&dims, run);
    }

    /// The operands of a step as rules read them.
    pub(crate) fn operands(&self, wide: &Wide) -> SmallVec<[Sym<'a, S>; 3]> {
        let read = |&view: &View| {
            let layout = self.layout(view);
            self.builder.run(layout.dims(), self.read_layout(start(view), layout))
        };
        wide.operands.iter().map(read).collect()
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
}
