//! The program as an expression graph: every slot is defined once, by a scalar node or as part of a run.
//!
//! Slots are handed out in order, so an operand's slot is smaller than its reader's, and slot order is a valid order of execution.

use std::hash::BuildHasherDefault;

use rustc_hash::FxHasher;
use smallvec::SmallVec;

use super::access::{Access, Dims};
use crate::op::{Binary, Unary};
use crate::real::Scalar;

pub(crate) type FastMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<FxHasher>>;

/// What no slot is called.
pub(crate) const NONE: u32 = u32::MAX;

/// The tape's slot that a graph's slot stands for, and whether it is part of its adjoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Source(u32);

impl Source {
    const ADJOINT: u32 = 1 << 31;

    pub(crate) fn value(slot: u32) -> Self {
        Source(slot)
    }

    pub(crate) fn adjoint(slot: u32) -> Self {
        Source(slot | Self::ADJOINT)
    }

    pub(crate) fn slot(self) -> u32 {
        self.0 & !Self::ADJOINT
    }

    pub(crate) fn is_adjoint(self) -> bool {
        self.0 & Self::ADJOINT != 0
    }
}

/// How a slot gets its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Element `b` of leaf block `a`.
    Leaf,
    /// Entry `a` of the constants.
    Const,
    Unary(Unary),
    Binary(Binary),
    /// `a ≠ 0 ? b : c`.
    Select,
    /// Element `b` of the run of wide instruction `a`.
    Part,
    /// The sum of entry `a` of the chains.
    Chain,
    /// The sum of `a` over the rows of a batch.
    OverRows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) a: u32,
    pub(crate) b: u32,
    pub(crate) c: u32,
}

impl Node {
    /// The slots it reads, if it is a scalar node.
    pub(crate) fn operands(&self) -> SmallVec<[u32; 3]> {
        match self.kind {
            Kind::Unary(_) | Kind::OverRows => SmallVec::from_slice(&[self.a]),
            Kind::Binary(_) => SmallVec::from_slice(&[self.a, self.b]),
            Kind::Select => SmallVec::from_slice(&[self.a, self.b, self.c]),
            Kind::Leaf | Kind::Const | Kind::Part | Kind::Chain => SmallVec::new(),
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
    /// `init + Σ a b` over the inner axes; `guarded`: a zero a passes nothing on. Operands a, b, and init if there is one.
    Contract {
        guarded: bool,
    },
    /// `init + Σ x` over the inner axes. Operands x, and init if there is one.
    Sum,
    Max,
    Min,
    /// The sum over the rows of a batch.
    OverRows,
}

impl Op {
    pub(crate) fn is_elementwise(self) -> bool {
        matches!(self, Op::Copy | Op::Unary(_) | Op::Binary(_) | Op::Select)
    }
}

/// An instruction over an index space: its outer axes `dims` index the result, `inner` is summed (or folded) over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Instruction {
    pub(crate) op: Op,
    pub(crate) dims: Dims,
    pub(crate) inner: Dims,
    /// Over `dims`.
    pub(crate) out: Access,
    /// Over `dims` and then `inner`; an init over `dims`.
    pub(crate) operands: SmallVec<[Access; 3]>,
    pub(crate) source: Source,
}

impl Instruction {
    pub(crate) fn len(&self) -> usize {
        self.dims.iter().product()
    }

    /// The axes of operand i.
    pub(crate) fn axes(&self, operand: usize) -> Dims {
        let has_init = match self.op {
            Op::Contract { .. } => operand == 2,
            Op::Sum => operand == 1,
            _ => false,
        };
        let mut axes = self.dims.clone();
        if !has_init {
            axes.extend_from_slice(&self.inner);
        }
        axes
    }

    /// Calls `visit` for every slot read.
    pub(crate) fn for_each_read(&self, mut visit: impl FnMut(u32)) {
        for (i, operand) in self.operands.iter().enumerate() {
            operand.for_each_distinct(&self.axes(i), &mut visit);
        }
    }
}

/// A sum in a fixed order: `init + Σ aᵢ bᵢ`, or `init + Σ aᵢ` if there is no b.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chain {
    /// `NONE`: the sum begins with its first term.
    pub(crate) init: u32,
    pub(crate) a: Vec<u32>,
    pub(crate) b: Vec<u32>,
    /// A zero a passes nothing on.
    pub(crate) guarded: bool,
}

/// A block of numbers that the caller sets.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The first slot on the tape.
    pub(crate) tape_slot: u32,
    /// The first slot here.
    pub(crate) start: u32,
    pub(crate) len: u32,
}

#[derive(Debug)]
pub(crate) struct Graph<S> {
    pub(crate) nodes: Vec<Node>,
    pub(crate) sources: Vec<Source>,
    pub(crate) constants: Vec<S>,
    by_bits: FastMap<u64, SmallVec<[u32; 1]>>,
    pub(crate) wides: Vec<Instruction>,
    pub(crate) chains: Vec<Chain>,
    pub(crate) blocks: Vec<Block>,
    /// What is being recorded.
    pub(crate) source: Source,
}

impl<S: Scalar> Graph<S> {
    pub(crate) fn new() -> Self {
        Graph {
            nodes: Vec::new(),
            sources: Vec::new(),
            constants: Vec::new(),
            by_bits: FastMap::default(),
            wides: Vec::new(),
            chains: Vec::new(),
            blocks: Vec::new(),
            source: Source::value(0),
        }
    }

    pub(crate) fn len(&self) -> u32 {
        self.nodes.len() as u32
    }

    pub(crate) fn push(&mut self, kind: Kind, a: u32, b: u32, c: u32) -> u32 {
        let slot = self.len();
        self.nodes.push(Node { kind, a, b, c });
        self.sources.push(self.source);
        slot
    }

    /// The slot of a constant, one for each number (told apart by bits).
    pub(crate) fn constant(&mut self, value: S) -> u32 {
        let key = value.bits_key();
        if let Some(known) = self.by_bits.get(&key) {
            let same = |slot: &&u32| self.constants[self.nodes[**slot as usize].a as usize].same_bits(value);
            if let Some(&slot) = known.iter().find(same) {
                return slot;
            }
        }
        self.constants.push(value);
        let slot = self.push(Kind::Const, self.constants.len() as u32 - 1, 0, 0);
        self.by_bits.entry(key).or_default().push(slot);
        slot
    }

    pub(crate) fn constant_at(&self, slot: u32) -> Option<S> {
        let node = self.nodes[slot as usize];
        (node.kind == Kind::Const).then(|| self.constants[node.a as usize])
    }

    /// A block of leaves.
    pub(crate) fn block(&mut self, tape_slot: u32, len: u32) -> u32 {
        let (index, start) = (self.blocks.len() as u32, self.len());
        for i in 0..len {
            self.source = Source::value(tape_slot + i);
            self.push(Kind::Leaf, index, i, 0);
        }
        self.blocks.push(Block { tape_slot, start, len });
        start
    }

    /// Appends a wide instruction and returns the access to its run. A single element is a scalar node if it can be.
    pub(crate) fn wide(&mut self, op: Op, dims: &[usize], inner: &[usize], operands: &[Access]) -> Access {
        let len: usize = dims.iter().product();
        // What repeats one number computes one number.
        let repeated = || operands.iter().all(|operand| operand.is_repeated(dims));
        if op.is_elementwise() && (len == 1 || repeated()) {
            let slot = |i: usize| operands[i].first();
            let slot = match op {
                Op::Unary(op) => self.push(Kind::Unary(op), slot(0), 0, 0),
                Op::Binary(op) => self.push(Kind::Binary(op), slot(0), slot(1), 0),
                Op::Select => self.push(Kind::Select, slot(0), slot(1), slot(2)),
                _ => slot(0),
            };
            return Access::repeated(slot, dims.len());
        }
        let (index, start) = (self.wides.len() as u32, self.len());
        for i in 0..len {
            self.push(Kind::Part, index, i as u32, 0);
        }
        let out = Access::contiguous(start, dims);
        self.wides.push(Instruction {
            op,
            dims: SmallVec::from_slice(dims),
            inner: SmallVec::from_slice(inner),
            out: out.clone(),
            operands: SmallVec::from(operands),
            source: self.source,
        });
        out
    }

    /// Calls `visit` for every slot that a node (or the instruction whose first element it is) reads.
    pub(crate) fn for_each_operand(&self, slot: u32, mut visit: impl FnMut(u32)) {
        let node = self.nodes[slot as usize];
        match node.kind {
            Kind::Part if node.b == 0 => self.wides[node.a as usize].for_each_read(visit),
            Kind::Chain => {
                let chain = &self.chains[node.a as usize];
                if chain.init != NONE {
                    visit(chain.init);
                }
                chain.a.iter().chain(&chain.b).for_each(|&slot| visit(slot));
            }
            _ => node.operands().into_iter().for_each(visit),
        }
    }

    /// The number of nodes as a reader counts them: a run is one.
    pub(crate) fn count(&self, live: &[bool]) -> usize {
        let counts = |(slot, node): (usize, &Node)| live[slot] && (node.kind != Kind::Part || node.b == 0);
        self.nodes.iter().enumerate().filter(|&pair| counts(pair)).count()
    }
}
