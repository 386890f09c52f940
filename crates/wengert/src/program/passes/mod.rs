//! What is done to the graph before it is laid out, each pass a file: fewer nodes, the same numbers.

pub(crate) mod chains;
pub(crate) mod fold;
pub(crate) mod prune;
pub(crate) mod share;

use super::access::{Access, Dims};
use super::graph::{FastMap, Graph, Kind, Op};
use super::ids::{Id, Map, Node, Value};
use crate::real::Scalar;

/// Values that a program is asked for, over extents: an output, a gradient, one side of a guard.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Root {
    pub(crate) dims: Dims,
    pub(crate) access: Access<Value>,
}

impl Root {
    pub(crate) fn number(value: Value) -> Self {
        Root { dims: Dims::new(), access: Access::repeated(value, 0) }
    }
}

/// A graph and what is asked of it.
#[derive(Debug)]
pub(crate) struct State<S> {
    pub(crate) graph: Graph<S>,
    pub(crate) roots: Vec<Root>,
    /// Whether a root depends on a node.
    pub(crate) live: Map<Node, bool>,
}

impl<S: Scalar> State<S> {
    pub(crate) fn new(graph: Graph<S>, roots: Vec<Root>) -> Self {
        let live = Map::filled(true, graph.nodes.len());
        State { graph, roots, live }
    }

    pub(crate) fn count(&self) -> usize {
        self.graph.count(&self.live)
    }

    /// As `count`, without leaves and constants.
    pub(crate) fn count_computed(&self) -> usize {
        let given = |node: &Node| self.live[*node] && matches!(self.graph.nodes[*node], Kind::Leaf(_) | Kind::Const(_));
        self.count() - self.graph.nodes.keys().filter(given).count()
    }

    /// Walks the live nodes in order, their operands replaced by what stands for them, and asks `replace` what stands for each.
    fn rewrite(&mut self, mut replace: impl FnMut(&mut Graph<S>, Node) -> Replacement) {
        let mut aliases: Map<Node, Alias> = Map::filled(Alias::None, self.graph.nodes.len());
        let mut runs: Vec<(Dims, Access<Value>)> = Vec::new();
        for node in self.graph.nodes.keys() {
            if !self.live[node] {
                continue;
            }
            let graph = &mut self.graph;
            let renaming = Renaming { line: &graph.line, aliases: &aliases, runs: &runs };
            match graph.nodes[node] {
                Kind::Run(index) => {
                    let run = &mut graph.runs[index as usize];
                    for i in 0..run.operands.len() {
                        let axes = run.axes(i);
                        if let Some(renamed) = renaming.access(&run.operands[i], &axes) {
                            run.operands[i] = renamed;
                        }
                    }
                }
                Kind::Assembly(index) => {
                    for part in &mut graph.assemblies[index as usize].parts {
                        if let Some(renamed) = renaming.access(&part.from, &part.dims) {
                            part.from = renamed;
                        }
                    }
                }
                Kind::Chain(index) => {
                    let chain = &mut graph.chains[index as usize];
                    let terms = chain.a.iter_mut().chain(&mut chain.b).chain(&mut chain.init);
                    terms.for_each(|value| *value = renaming.value(*value));
                }
                kind => graph.nodes[node] = kind.renamed(|value| renaming.value(value)),
            }
            aliases[node] = match replace(graph, node) {
                Replacement::None => Alias::None,
                Replacement::Value(by) => Alias::From(by),
                Replacement::Run(dims, access) => match access {
                    Access::Strided { start, .. } if access.is_contiguous(&dims) => Alias::From(start),
                    _ => {
                        runs.push((dims, access));
                        Alias::Run(runs.len() as u32 - 1)
                    }
                },
            };
            // A pass may have added constants.
            aliases.grow(self.graph.nodes.len(), Alias::None);
            self.live.grow(self.graph.nodes.len(), true);
        }
        let renaming = Renaming { line: &self.graph.line, aliases: &aliases, runs: &runs };
        for root in &mut self.roots {
            if let Some(renamed) = renaming.access(&root.access, &root.dims) {
                root.access = renamed;
            }
        }
    }
}

/// What stands for a node from now on.
enum Replacement {
    None,
    /// For a number this value, for a run those from it on.
    Value(Value),
    /// For a run of these extents.
    Run(Dims, Access<Value>),
}

/// What a node's values are called now.
#[derive(Clone, Copy, Debug)]
enum Alias {
    None,
    From(Value),
    /// An entry of the table of runs.
    Run(u32),
}

struct Renaming<'a> {
    line: &'a super::ids::Line<Value, Node>,
    aliases: &'a Map<Node, Alias>,
    runs: &'a [(Dims, Access<Value>)],
}

impl Renaming<'_> {
    fn value(&self, value: Value) -> Value {
        let node = self.line.run_of(value);
        let offset = || value.index() - self.line.start(node).index();
        match self.aliases[node] {
            Alias::None => value,
            Alias::From(by) => Value::new(by.index() + offset()),
            Alias::Run(run) => {
                let (dims, access) = &self.runs[run as usize];
                access.element(dims, offset())
            }
        }
    }

    /// An operand, if it is called otherwise now.
    fn access(&self, access: &Access<Value>, dims: &[usize]) -> Option<Access<Value>> {
        if let Some(node) = access.run(dims, self.line)
            && let Access::Strided { start, strides } = access
        {
            let offset = start.index() - self.line.start(node).index();
            return match self.aliases[node] {
                Alias::None => None,
                Alias::From(by) => {
                    Some(Access::Strided { start: Value::new(by.index() + offset), strides: strides.clone() })
                }
                Alias::Run(run) => {
                    let (own, by) = &self.runs[run as usize];
                    Some(by.viewed(own, offset, strides, dims))
                }
            };
        }
        let mut any = false;
        access.for_each_run(dims, self.line, |node| any |= !matches!(self.aliases[node], Alias::None));
        any.then(|| access.moved(dims, |_, _| None, |value| self.value(value)))
    }
}

/// The shapes of expressions, numbered: two nodes have the same number if one formula computes both of
/// leaves of the same blocks. Elements of one run are alike, and so are all constants.
#[derive(Default)]
pub(crate) struct Shapes {
    known: FastMap<(Form, [u32; 4]), u32>,
}

/// What a node does, its operands aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    Leaf,
    Const,
    Run,
    Chain { guarded: bool },
    Op(Op),
}

impl Shapes {
    pub(crate) fn number(&mut self, form: Form, parts: [u32; 4]) -> u32 {
        let next = self.known.len() as u32;
        *self.known.entry((form, parts)).or_insert(next)
    }

    /// The form of a node, and the shapes of what it reads.
    pub(crate) fn parts<S: Scalar>(graph: &Graph<S>, node: Node, of: impl Fn(Value) -> u32) -> (Form, [u32; 4]) {
        match graph.nodes[node] {
            Kind::Leaf(block) => (Form::Leaf, [block, 0, 0, 0]),
            Kind::Const(_) => (Form::Const, [0; 4]),
            Kind::Run(_) | Kind::Assembly(_) => (Form::Run, [node.index() as u32, 0, 0, 0]),
            Kind::Unary(op, a) => (Form::Op(Op::Unary(op)), [of(a), 0, 0, 0]),
            Kind::Binary(op, a, b) => (Form::Op(Op::Binary(op)), [of(a), of(b), 0, 0]),
            Kind::Select(a, b, c) => (Form::Op(Op::Select), [of(a), of(b), of(c), 0]),
            Kind::OverRows(a) => (Form::Op(Op::OverRows), [of(a), 0, 0, 0]),
            Kind::Chain(index) => {
                let chain = &graph.chains[index as usize];
                // One more than the shape, so that 0 is of what is missing.
                let optional = |value: Option<Value>| value.map_or(0, |value| of(value) + 1);
                let b = optional(chain.b.first().copied());
                let form = Form::Chain { guarded: chain.guarded };
                (form, [optional(chain.init), of(chain.a[0]), b, chain.a.len() as u32])
            }
        }
    }
}
