//! A program's tasks as data, and a way to run something else in their place: for `wengert-jit`,
//! which makes machine code of them.
//!
//! No part of the interface that the crates promise to keep.

use std::cell::Cell;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::exec::pass::{Step, Window};
use super::exec::scalars::Opcode;
use super::exec::walk::Axis;
use super::exec::{self, Contract, Reduce};
use super::graph::Op;
use super::ids::{Id, Place};
use super::run::{Float, Inner, Program};
use crate::Numerics;
use crate::op::{Binary, Unary};
use crate::simd::Level;

pub use super::request::{Asked, AskedOutput};

/// What runs in the place of a program's tasks.
pub trait Code<S>: fmt::Debug + Send + Sync {
    /// Does what the tasks do, in their order, to the numbers of a workspace; `task` runs one of
    /// them as the program itself would.
    fn run(&self, memory: &[Cell<S>], task: &mut dyn FnMut(usize));
}

/// What an operation on single numbers computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// −0, the empty sum.
    Empty,
    /// `a`
    Copy,
    /// A function of `a`.
    Unary(Unary),
    /// A function of `a` and `b`.
    Binary(Binary),
    /// `a ≠ 0 ? b : c`
    Select,
    /// `c + a b`, rounded twice; with `guarded` nothing is added where `a` is zero, by `skipped` not
    /// even a zero.
    AddProduct { guarded: bool, skipped: bool },
    /// `c + a b`, rounded once; with `guarded` nothing is added where `a` is zero.
    AddFused { guarded: bool },
}

/// An operation on single numbers, by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// What is computed.
    pub act: Act,
    /// Where the result goes.
    pub out: u32,
    /// Where `a`, `b` and `c` are; an operation with fewer has its last one several times.
    pub operands: [u32; 3],
}

/// Where a step of a pass reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The place of the first number.
    pub start: usize,
    /// Which walk over the rows it goes with.
    pub walk: usize,
    /// Whether it moves along a row.
    pub moves: bool,
    /// Whether it holds numbers of one row of a pass alone: one for each element.
    pub register: bool,
}

/// Which numbers a step brings into a register: of the element `i` of a row.
#[derive(Clone, Debug)]
pub enum From {
    /// `start + stride i`
    Stride { at: At, stride: isize },
    /// `start + stride (i mod period)`
    Cycle { at: At, stride: isize, period: usize },
    /// `start + stride ⌊i / times⌋`
    Repeat { at: At, stride: isize, times: usize },
    /// The number in the place listed for the element, counted over all rows.
    List(Vec<u32>),
}

/// A step of a pass.
#[derive(Clone, Debug)]
pub enum PassStep {
    /// An elementwise operation.
    Compute { act: Act, out: At, operands: [At; 3] },
    /// Numbers into a register.
    Bring { out: At, from: From },
    /// A run to the places listed for its elements, counted over all rows.
    Scatter { from: At, to: Vec<u32> },
}

/// Elementwise operations over one index space: row by row; of a row, piece by piece; of a piece,
/// step by step.
#[derive(Clone, Debug)]
pub struct PassTask {
    /// Extents of the axes outside a row.
    pub rows: Vec<usize>,
    /// By walk, how far it moves along each of them.
    pub walks: Vec<Vec<i32>>,
    /// How many elements a row has.
    pub len: usize,
    /// In order.
    pub steps: Vec<PassStep>,
}

/// An axis: its extent, and how far each of some operands moves along it.
#[derive(Clone, Debug)]
pub struct Moves {
    /// How many steps.
    pub extent: usize,
    /// By operand.
    pub strides: Vec<isize>,
}

/// Sums or extremes: results over `outer`, each folded over `inner`, in the order of the index
/// unless `any_order` says otherwise.
#[derive(Clone, Debug)]
pub struct FoldTask {
    /// What takes an element in: of a sum of products an `AddProduct` or `AddFused`, else `Binary`.
    pub act: Act,
    /// Whether elements are products of two operands.
    pub products: bool,
    /// Where results, inits and the operands begin.
    pub starts: Vec<usize>,
    /// Whether it may be folded in any order: a long sum in fast numerics.
    pub any_order: bool,
    /// Whether a fold begins with an init; else a sum begins with −0, an extreme with its first
    /// element.
    pub has_init: bool,
    /// By operand as in `starts`.
    pub outer: Vec<Moves>,
    /// By operand without the first two of `starts`.
    pub inner: Vec<Moves>,
}

/// A task as data.
#[derive(Clone, Debug)]
pub enum TaskView {
    /// Single numbers, one operation after another.
    Numbers(Vec<Line>),
    /// Elementwise operations.
    Pass(PassTask),
    /// Folds.
    Fold(FoldTask),
    /// What has an order of its own: kernels of matrix products, long sums in lanes. The places it
    /// reads are within these.
    Kernel { name: &'static str, reads: Vec<Range<usize>> },
}

/// The same program with something else that does what its tasks do.
#[must_use]
pub fn with_code<S: Float>(program: &Program<S>, code: Arc<dyn Code<S>>) -> Program<S> {
    Program { inner: Arc::clone(&program.inner), code: Some(code) }
}

/// A function of one number as `Fast` numerics compute it one at a time, if it is the platform's.
#[inline]
pub fn platform<S: Float>(op: Unary, x: S) -> Option<S> {
    x.platform(op)
}

/// What it computes with.
#[must_use]
pub fn numerics<S: Float>(program: &Program<S>) -> Numerics {
    program.inner.numerics
}

/// The vector instructions that its kernels were compiled for.
#[must_use]
pub fn level<S: Float>(program: &Program<S>) -> Level {
    program.inner.level
}

/// How many tasks it has.
#[must_use]
pub fn tasks<S: Float>(program: &Program<S>) -> usize {
    program.inner.tasks.len()
}

/// How many numbers a workspace holds.
#[must_use]
pub fn len<S: Float>(program: &Program<S>) -> usize {
    program.inner.len
}

/// The places from which on numbers hold for a task alone.
#[must_use]
pub fn registers<S: Float>(program: &Program<S>) -> usize {
    program.inner.registers
}

/// The constants and their places.
#[must_use]
pub fn constants<S: Float>(program: &Program<S>) -> Vec<(usize, S)> {
    program.inner.constants.iter().map(|&(place, number)| (place.index(), number)).collect()
}

/// Calls `visit` with the places of all numbers that must hold after a run: outputs, inputs, what is
/// fed back, both sides of every guard, what shows a fault and what it is found from.
pub fn for_each_kept<S: Float>(program: &Program<S>, mut visit: impl FnMut(usize)) {
    let Inner { inputs, outputs, feeds, guards, faults, .. } = &*program.inner;
    for input in inputs {
        (input.start..input.start + input.len * input.rows).for_each(&mut visit);
    }
    for output in outputs {
        output.access.for_each(&output.dims, |place| visit(place.index()));
    }
    for feed in feeds {
        feed.to.for_each(&feed.dims, |place| visit(place.index()));
    }
    for guard in guards {
        guard.places.iter().flatten().for_each(|place| visit(place.index()));
    }
    for check in faults {
        for seen in std::iter::once(&check.shown).chain(&check.operands) {
            seen.places.iter().for_each(|place| visit(place.index()));
        }
    }
}

/// A task as data.
#[must_use]
pub fn task<S: Float>(program: &Program<S>, index: usize) -> TaskView {
    match &program.inner.tasks[index] {
        exec::Task::Scalars(scalars) => TaskView::Numbers(lines(&scalars.code)),
        exec::Task::Pass(pass) if pass.has_sums() => {
            TaskView::Kernel { name: "pass with sums", reads: pass.reads() }
        }
        exec::Task::Pass(pass) => TaskView::Pass(pass_of(pass, program.inner.registers)),
        exec::Task::Contract(contract) => contract_of(contract, &program.inner),
        exec::Task::Products(products) => {
            TaskView::Kernel { name: "matrix product", reads: products.reads().to_vec() }
        }
        exec::Task::Reduce(reduce) => reduce_of(reduce),
        exec::Task::ByRule(by_rule) => {
            TaskView::Kernel { name: by_rule.rule.op.name(), reads: by_rule.reads() }
        }
    }
}

fn lines(code: &[exec::scalars::Scalar]) -> Vec<Line> {
    let mut lines = Vec::with_capacity(code.len());
    let at = |place: Place| place.index() as u32;
    let mut code = code.iter();
    while let Some(&exec::scalars::Scalar { op, out, a, b }) = code.next() {
        let [out, a, b] = [out, a, b].map(at);
        let binary = |op| Line { act: Act::Binary(op), out, operands: [a, b, b] };
        let adds = |guarded| Line {
            act: Act::AddProduct { guarded, skipped: false },
            out,
            operands: [a, b, out],
        };
        lines.push(match op {
            Opcode::Add => binary(Binary::Add),
            Opcode::Sub => binary(Binary::Sub),
            Opcode::Mul => binary(Binary::Mul),
            Opcode::Div => binary(Binary::Div),
            Opcode::MulNoNan => binary(Binary::MulNoNan),
            Opcode::AddMul => adds(false),
            Opcode::AddMulNoNan => adds(true),
            Opcode::Neg => Line { act: Act::Unary(Unary::Neg), out, operands: [a; 3] },
            Opcode::Copy => Line { act: Act::Copy, out, operands: [a; 3] },
            Opcode::Unary(op) => Line { act: Act::Unary(op), out, operands: [a; 3] },
            Opcode::Binary(op) => binary(op),
            Opcode::Select => {
                let other = code.next().map_or(b, |more| at(more.a));
                Line { act: Act::Select, out, operands: [a, b, other] }
            }
        });
    }
    lines
}

fn pass_of<S>(pass: &exec::Pass<S>, registers: usize) -> PassTask {
    let at = |window: Window| At {
        start: window.start.index(),
        walk: usize::from(window.walk),
        moves: window.moves,
        register: window.start.index() >= registers,
    };
    let places = |list: &[Place]| list.iter().map(|place| place.index() as u32).collect();
    let compute = |act: Act, out: Window, operands: [Window; 3]| PassStep::Compute {
        act,
        out: at(out),
        operands: operands.map(at),
    };
    let one = |step: &Step<S>| match step {
        Step::Compute { op, out, operands, .. } => {
            let act = match *op {
                Op::Unary(op) => Act::Unary(op),
                Op::Binary(op) => Act::Binary(op),
                Op::Select => Act::Select,
                // No other operation is a pass's.
                _ => Act::Copy,
            };
            compute(act, *out, *operands)
        }
        Step::SigmoidAndSlope { out, slope, x, .. } => {
            compute(Act::Binary(Binary::SigmoidSlope), *slope, [*x, *out, *out])
        }
        Step::WithProduct { minus, out, operands: [.., other], product, .. } => {
            let sum = if *minus { Binary::Sub } else { Binary::Add };
            compute(Act::Binary(sum), *out, [*other, *product, *product])
        }
        Step::Stride { out, from, stride } => {
            PassStep::Bring { out: at(*out), from: From::Stride { at: at(*from), stride: *stride } }
        }
        Step::Cycle { out, from, stride, period } => PassStep::Bring {
            out: at(*out),
            from: From::Cycle { at: at(*from), stride: *stride, period: *period },
        },
        Step::Repeat { out, from, stride, times } => PassStep::Bring {
            out: at(*out),
            from: From::Repeat { at: at(*from), stride: *stride, times: *times },
        },
        Step::Gather { out, from } => {
            PassStep::Bring { out: at(*out), from: From::List(places(from)) }
        }
        Step::Stretches { out, from } => {
            let place = |s: &exec::pass::Stretch, k: u32| {
                (s.start.index() as i64 + i64::from(k) * i64::from(s.stride)) as u32
            };
            let list = from.iter().flat_map(|stretch| (0..stretch.len).map(|k| place(stretch, k)));
            PassStep::Bring { out: at(*out), from: From::List(list.collect()) }
        }
        Step::Scatter { from, to } => PassStep::Scatter { from: at(*from), to: places(to) },
        Step::Fold { .. } => unreachable!("a pass with sums is a kernel"),
    };
    // What is computed first of two has a step of its own.
    let before = |step: &Step<S>| match step {
        Step::SigmoidAndSlope { out, x, .. } => {
            Some(compute(Act::Unary(Unary::Sigmoid), *out, [*x; 3]))
        }
        Step::WithProduct { guarded, operands: [a, b, _], product, .. } => {
            let op = if *guarded { Binary::MulNoNan } else { Binary::Mul };
            Some(compute(Act::Binary(op), *product, [*a, *b, *b]))
        }
        _ => None,
    };
    PassTask {
        rows: pass.rows.to_vec(),
        walks: pass.walks.iter().map(|walk| walk.to_vec()).collect(),
        len: pass.len,
        steps: pass
            .steps
            .iter()
            .flat_map(|step| before(step).into_iter().chain([one(step)]))
            .collect(),
    }
}

fn moves<const N: usize>(axes: &[Axis<N>]) -> Vec<Moves> {
    axes.iter().map(|axis| Moves { extent: axis.extent, strides: axis.strides.to_vec() }).collect()
}

fn contract_of<S: Float>(contract: &Contract<S>, inner: &Inner<S>) -> TaskView {
    let layout = &contract.layout;
    let mut outer = layout.outer.to_vec();
    outer.push(layout.lanes);
    let mut within = layout.around.to_vec();
    within.push(layout.inner);
    if layout.has_lanes(inner.numerics == Numerics::Fast) {
        let reads = (1..4).filter(|&i| i != 1 || layout.has_init);
        let reads = reads.map(|i| {
            let own = outer.iter().map(|axis| (axis.extent, axis.strides[i]));
            let folded =
                within.iter().filter(|_| i > 1).map(|axis| (axis.extent, axis.strides[i - 2]));
            reach(layout.starts[i], own.chain(folded))
        });
        return TaskView::Kernel { name: "sum of products", reads: reads.collect() };
    }
    let guarded = layout.guarded;
    let act = if inner.numerics == Numerics::Fast && inner.level.has_fma() {
        Act::AddFused { guarded }
    } else {
        Act::AddProduct { guarded, skipped: guarded }
    };
    TaskView::Fold(FoldTask {
        act,
        products: true,
        any_order: false,
        starts: layout.starts.to_vec(),
        has_init: layout.has_init,
        outer: moves(&outer),
        inner: moves(&within),
    })
}

fn reduce_of<S: Float>(reduce: &Reduce<S>) -> TaskView {
    let layout = &reduce.layout;
    let mut outer = layout.outer.to_vec();
    outer.push(layout.lanes);
    let mut within = layout.around.to_vec();
    within.push(layout.inner);
    let any_order = reduce.along && matches!(reduce.op, Op::Sum);
    if reduce.along && !any_order {
        let reads = (1..3).filter(|&i| i != 1 || layout.has_init).map(|i| {
            let own = outer.iter().map(|axis| (axis.extent, axis.strides[i]));
            let folded = within.iter().filter(|_| i > 1).map(|axis| (axis.extent, axis.strides[0]));
            reach(layout.starts[i], own.chain(folded))
        });
        return TaskView::Kernel { name: "reduction", reads: reads.collect() };
    }
    let op = match reduce.op {
        Op::Max => Binary::Max,
        Op::Min => Binary::Min,
        _ => Binary::Add,
    };
    TaskView::Fold(FoldTask {
        act: Act::Binary(op),
        products: false,
        any_order,
        starts: layout.starts.to_vec(),
        has_init: layout.has_init && op == Binary::Add,
        outer: moves(&outer),
        inner: moves(&within),
    })
}

/// The places that a walk reaches.
fn reach(start: usize, axes: impl Iterator<Item = (usize, isize)>) -> Range<usize> {
    let (mut first, mut last) = (start as isize, start as isize);
    for (extent, stride) in axes.filter(|&(extent, _)| extent > 0) {
        let way = (extent as isize - 1) * stride;
        if way < 0 { first += way } else { last += way }
    }
    first as usize..last as usize + 1
}
