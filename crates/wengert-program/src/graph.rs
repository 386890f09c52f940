//! The program as an expression graph: every value is defined once, by a node.
//!
//! A node is a single number or a whole run of them: an instruction over an index space is one node
//! however many numbers it computes. Values are counted along a line in the order of the nodes, so
//! an operand's value comes before its reader's, and the order of nodes is a valid order of
//! execution. A run is split into single numbers only where single elements of it are read: such an
//! operand is a value inside the run.
//!
//! ```text
//! node 0  leaf  [3]   values 0, 1, 2
//! node 1  exp   [3]   values 3, 4, 5     operand: from value 0 on, in steps of 1
//! node 2  mul         value 6            operands: value 4, value 0
//! ```

use std::hash::BuildHasherDefault;
use std::sync::Arc;

use rustc_hash::FxHasher;
use smallvec::SmallVec;

use super::access::{Access, Dims, Strides};
use super::exec::rule::Rule;
use super::ids::{Id, Line, Map, Node, Point, Slot, Value};
use crate::op::{Binary, Unary};
use crate::real::Scalar;

pub(crate) type FastMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<FxHasher>>;
pub(crate) type FastSet<K> = std::collections::HashSet<K, BuildHasherDefault<FxHasher>>;

/// The tape's slot that a node stands for, and whether it is part of its adjoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Source(u32);

impl Source {
    const ADJOINT: u32 = 1 << 31;

    pub(crate) fn value(slot: Slot) -> Self {
        Source(slot.index() as u32)
    }

    pub(crate) fn adjoint(slot: Slot) -> Self {
        Source(slot.index() as u32 | Self::ADJOINT)
    }

    pub(crate) fn slot(self) -> u32 {
        self.0 & !Self::ADJOINT
    }

    pub(crate) fn is_adjoint(self) -> bool {
        self.0 & Self::ADJOINT != 0
    }
}

/// How a node gets its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A block of leaves.
    Leaf(u32),
    /// An entry of the constants.
    Const(u32),
    Unary(Unary, Value),
    Binary(Binary, Value, Value),
    /// `a ≠ 0 ? b : c`.
    Select(Value, Value, Value),
    /// A run: an entry of the runs.
    Run(u32),
    /// A run put together of others: an entry of the assemblies.
    Assembly(u32),
    /// A sum in a fixed order: an entry of the chains.
    Chain(u32),
    /// The sum of a number over the rows of a batch.
    OverRows(Value),
}

impl Kind {
    /// The numbers that a scalar node reads; chains aside, whose terms are in a table.
    pub(crate) fn operands(&self) -> SmallVec<[Value; 3]> {
        match *self {
            Kind::Unary(_, a) | Kind::OverRows(a) => SmallVec::from_slice(&[a]),
            Kind::Binary(_, a, b) => SmallVec::from_slice(&[a, b]),
            Kind::Select(a, b, c) => SmallVec::from_slice(&[a, b, c]),
            Kind::Leaf(_) | Kind::Const(_) | Kind::Run(_) | Kind::Assembly(_) | Kind::Chain(_) => {
                SmallVec::new()
            }
        }
    }

    /// The same node of other numbers.
    pub(crate) fn renamed(self, to: impl Fn(Value) -> Value) -> Kind {
        match self {
            Kind::Unary(op, a) => Kind::Unary(op, to(a)),
            Kind::Binary(op, a, b) => Kind::Binary(op, to(a), to(b)),
            Kind::Select(a, b, c) => Kind::Select(to(a), to(b), to(c)),
            Kind::OverRows(a) => Kind::OverRows(to(a)),
            Kind::Leaf(_) | Kind::Const(_) | Kind::Run(_) | Kind::Assembly(_) | Kind::Chain(_) => {
                self
            }
        }
    }
}

/// What an instruction computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Copy,
    Unary(Unary),
    Binary(Binary),
    Select,
    /// `init + Σ a b` over the inner axes; `guarded`: a zero a passes nothing on. Operands a, b,
    /// and init if there is one.
    Contract {
        guarded: bool,
    },
    /// `init + Σ x` over the inner axes. Operands x, and init if there is one.
    Sum,
    Max,
    Min,
    /// The sum over the rows of a batch.
    OverRows,
    /// An operation that the rule book computes: an entry of the rules. Every operand is read as
    /// one flat run, whose lengths are the inner axes.
    Rule(u32),
}

impl Op {
    pub(crate) fn is_elementwise(self) -> bool {
        matches!(self, Op::Copy | Op::Unary(_) | Op::Binary(_) | Op::Select)
    }
}

/// An operation over an index space, in the graph (of values) or in a plan (of addresses): its
/// outer axes `dims` index the result, `inner` is summed (or folded) over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Instruction<P> {
    pub(crate) op: Op,
    pub(crate) dims: Dims,
    pub(crate) inner: Dims,
    /// Over `dims`.
    pub(crate) out: Access<P>,
    /// Over `dims` and then `inner`; an init over `dims`.
    pub(crate) operands: SmallVec<[Access<P>; 2]>,
    pub(crate) source: Source,
}

impl<P: Point> Instruction<P> {
    pub(crate) fn len(&self) -> usize {
        self.dims.iter().product()
    }

    /// Whether operand i is what a sum begins with: it has no inner axes.
    fn is_init(&self, operand: usize) -> bool {
        match self.op {
            Op::Contract { .. } => operand == 2,
            Op::Sum => operand == 1,
            _ => false,
        }
    }

    /// The axes of operand i.
    pub(crate) fn axes(&self, operand: usize) -> Dims {
        if let Op::Rule(_) = self.op {
            // The first axis is the elements; with rows of a batch there is a second.
            let mut axes = Dims::from_slice(&self.dims);
            axes[0] = self.inner[operand];
            return axes;
        }
        let mut axes = Dims::from_slice(&self.dims);
        if !self.is_init(operand) {
            axes.extend_from_slice(&self.inner);
        }
        axes
    }

    /// Calls `visit` for every operand with its axes.
    pub(crate) fn for_each_operand(&self, mut visit: impl FnMut(&Access<P>, &[usize])) {
        if self.inner.is_empty() {
            return self.operands.iter().for_each(|operand| visit(operand, &self.dims));
        }
        for (i, operand) in self.operands.iter().enumerate() {
            visit(operand, &self.axes(i));
        }
    }

    /// Calls `visit` for every run of a line that is read, possibly several times.
    pub(crate) fn for_each_run_read<K: Id>(&self, line: &Line<P, K>, mut visit: impl FnMut(K)) {
        self.for_each_operand(|operand, axes| operand.for_each_run(axes, line, &mut visit));
    }
}

/// A sum in a fixed order: `init + Σ aᵢ bᵢ`, or `init + Σ aᵢ` if there is no b.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chain {
    /// Without one the sum begins with its first term.
    pub(crate) init: Option<Value>,
    pub(crate) a: Vec<Value>,
    pub(crate) b: Vec<Value>,
    /// A zero a passes nothing on.
    pub(crate) guarded: bool,
}

/// A part of a run that is put together of others: `from`, over `dims`, stands in the run from
/// `offset` on at `strides`.
#[derive(Clone, Debug)]
pub(crate) struct Part<P> {
    pub(crate) offset: usize,
    pub(crate) dims: Dims,
    pub(crate) strides: Strides,
    pub(crate) from: Access<P>,
}

/// A run put together of others, which do not overlap and leave nothing out.
#[derive(Clone, Debug)]
pub(crate) struct Assembly<P> {
    pub(crate) len: usize,
    pub(crate) parts: Vec<Part<P>>,
    pub(crate) source: Source,
}

/// A block of numbers that the caller sets.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The first slot on the tape; the rows' weights are on none.
    pub(crate) slot: Option<Slot>,
    /// The first value here.
    pub(crate) start: Value,
    pub(crate) len: usize,
}

#[derive(Debug)]
pub(crate) struct Graph<S> {
    pub(crate) nodes: Map<Node, Kind>,
    pub(crate) sources: Map<Node, Source>,
    /// The values of every node.
    pub(crate) line: Line<Value, Node>,
    pub(crate) constants: Vec<S>,
    by_bits: FastMap<u64, SmallVec<[Value; 1]>>,
    pub(crate) runs: Vec<Instruction<Value>>,
    pub(crate) assemblies: Vec<Assembly<Value>>,
    pub(crate) chains: Vec<Chain>,
    pub(crate) blocks: Vec<Block>,
    /// What the rule book computes.
    pub(crate) rules: Vec<Arc<Rule>>,
    /// What is being recorded.
    pub(crate) source: Source,
}

impl<S: Scalar> Graph<S> {
    pub(crate) fn new() -> Self {
        Graph {
            nodes: Map::new(),
            sources: Map::new(),
            line: Line::new(),
            constants: Vec::new(),
            by_bits: FastMap::default(),
            runs: Vec::new(),
            assemblies: Vec::new(),
            chains: Vec::new(),
            blocks: Vec::new(),
            rules: Vec::new(),
            source: Source(0),
        }
    }

    /// A node of so many numbers; its first value.
    fn define(&mut self, kind: Kind, len: usize) -> Value {
        self.nodes.push(kind);
        self.sources.push(self.source);
        let (node, first) = self.line.push(len);
        debug_assert_eq!(node.index() + 1, self.nodes.len());
        first
    }

    /// A scalar node.
    pub(crate) fn push(&mut self, kind: Kind) -> Value {
        self.define(kind, 1)
    }

    /// The node that defines a value.
    #[inline]
    pub(crate) fn node_of(&self, value: Value) -> Node {
        self.line.run_of(value)
    }

    #[inline]
    pub(crate) fn kind_of(&self, value: Value) -> Kind {
        self.nodes[self.node_of(value)]
    }

    /// The value of a constant, one for each number (told apart by bits).
    pub(crate) fn constant(&mut self, number: S) -> Value {
        let key = number.bits_key();
        if let Some(known) = self.by_bits.get(&key) {
            let same = |value: &&Value| {
                self.constant_at(**value).is_some_and(|known| known.same_bits(number))
            };
            if let Some(&value) = known.iter().find(same) {
                return value;
            }
        }
        self.constants.push(number);
        let value = self.push(Kind::Const(self.constants.len() as u32 - 1));
        self.by_bits.entry(key).or_default().push(value);
        value
    }

    pub(crate) fn constant_at(&self, value: Value) -> Option<S> {
        match self.kind_of(value) {
            Kind::Const(index) => Some(self.constants[index as usize]),
            _ => None,
        }
    }

    /// A block of leaves; its first value.
    pub(crate) fn block(&mut self, slot: Option<Slot>, len: usize) -> Value {
        self.source = Source::value(slot.unwrap_or(Slot::new(0)));
        let start = self.define(Kind::Leaf(self.blocks.len() as u32), len);
        self.blocks.push(Block { slot, start, len });
        start
    }

    /// Appends an instruction over a run and returns the access to its result. A single element is
    /// a scalar node if it can be.
    pub(crate) fn run(
        &mut self,
        op: Op,
        dims: &[usize],
        inner: &[usize],
        operands: &[Access<Value>],
    ) -> Access<Value> {
        let len: usize = dims.iter().product();
        // What repeats one number computes one number.
        let repeated = || operands.iter().all(|operand| operand.is_repeated(dims));
        if (op.is_elementwise() || op == Op::OverRows) && (len == 1 || repeated()) {
            let first = |i: usize| operands[i].first();
            let value = match op {
                Op::Unary(op) => self.push(Kind::Unary(op, first(0))),
                Op::Binary(op) => self.push(Kind::Binary(op, first(0), first(1))),
                Op::Select => self.push(Kind::Select(first(0), first(1), first(2))),
                Op::OverRows => self.push(Kind::OverRows(first(0))),
                _ => first(0),
            };
            return Access::repeated(value, dims.len());
        }
        let start = self.define(Kind::Run(self.runs.len() as u32), len);
        let out = Access::contiguous(start, dims);
        self.runs.push(Instruction {
            op,
            dims: Dims::from_slice(dims),
            inner: Dims::from_slice(inner),
            out: out.clone(),
            operands: operands.iter().cloned().collect(),
            source: self.source,
        });
        out
    }

    /// The operation that a rule describes, of operands that are read as flat runs.
    pub(crate) fn by_rule(&mut self, rule: Rule, operands: &[Access<Value>]) -> Access<Value> {
        let known = self.rules.iter().position(|known| **known == rule);
        let (len, lens) = (rule.shape.len(), rule.operands.iter().map(|of| of.len()));
        let lens: Dims = lens.collect();
        let index = known.unwrap_or_else(|| {
            self.rules.push(Arc::new(rule));
            self.rules.len() - 1
        });
        self.run(Op::Rule(index as u32), &[len], &lens, operands)
    }

    /// A run put together of parts; its first value.
    pub(crate) fn assemble(&mut self, len: usize, parts: Vec<Part<Value>>) -> Value {
        let start = self.define(Kind::Assembly(self.assemblies.len() as u32), len);
        self.assemblies.push(Assembly { len, parts, source: self.source });
        start
    }

    /// Calls `visit` for every node that a node reads, once for each number that it reads by
    /// itself.
    pub(crate) fn for_each_operand(&self, node: Node, mut visit: impl FnMut(Node)) {
        match self.nodes[node] {
            Kind::Run(index) => self.runs[index as usize].for_each_run_read(&self.line, visit),
            Kind::Assembly(index) => {
                for part in &self.assemblies[index as usize].parts {
                    part.from.for_each_run(&part.dims, &self.line, &mut visit);
                }
            }
            Kind::Chain(index) => {
                let chain = &self.chains[index as usize];
                chain
                    .init
                    .iter()
                    .chain(&chain.a)
                    .chain(&chain.b)
                    .for_each(|&value| visit(self.node_of(value)));
            }
            kind => kind.operands().into_iter().for_each(|value| visit(self.node_of(value))),
        }
    }

    /// The number of nodes: a run is one.
    pub(crate) fn count(&self, live: &Map<Node, bool>) -> usize {
        live.values().filter(|&&live| live).count()
    }
}
