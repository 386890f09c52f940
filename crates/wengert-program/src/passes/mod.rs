//! What is done to the graph before it is laid out, each pass a file: fewer nodes, the same
//! numbers.

pub(crate) mod common_subexpressions;
pub(crate) mod constant_folding;
pub(crate) mod prune;
pub(crate) mod reduction_raising;

use super::access::{Access, Dims};
use std::hash::Hasher;

use super::graph::{Graph, Kind};
use super::ids::{Id, Map, Node, Value};
use super::interner::Interner;
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
        let given = |node: &Node| {
            self.live[*node] && matches!(self.graph.nodes[*node], Kind::Leaf(_) | Kind::Const(_))
        };
        self.count() - self.graph.nodes.keys().filter(given).count()
    }

    /// Walks the live nodes in order, their operands replaced by what stands for them, and asks
    /// `replace` what stands for each.
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
                    Access::Strided { start, .. } if access.is_contiguous(&dims) => {
                        Alias::From(start)
                    }
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
                Alias::From(by) => Some(Access::Strided {
                    start: Value::new(by.index() + offset),
                    strides: strides.clone(),
                }),
                Alias::Run(run) => {
                    let (own, by) = &self.runs[run as usize];
                    Some(by.viewed(own, offset, strides, dims))
                }
            };
        }
        let mut any = false;
        access.for_each_run(dims, self.line, |node| {
            any |= !matches!(self.aliases[node], Alias::None)
        });
        any.then(|| access.moved(dims, |_, _| None, |value| self.value(value)))
    }
}

/// The shapes of expressions, numbered: two nodes have the same number if one formula computes both
/// of leaves of the same blocks. Elements of one run are alike, and so are all constants.
pub(crate) struct Shapes {
    /// By number.
    forms: Vec<Form>,
    known: Interner,
}

/// What a node does, and the shapes of its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    operation: u64,
    parts: [u32; 3],
}

fn hash(Form { operation, parts: [a, b, c] }: Form) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write_u64(operation ^ u64::from(a) << 32);
    hasher.write_u64(u64::from(b) << 32 | u64::from(c));
    hasher.finish()
}

impl Form {
    /// Constants have the first number: folding adds some behind their readers.
    pub(crate) const CONST: Form = Form { operation: 0, parts: [0; 3] };

    /// A tag and a code that tell operations apart, and up to three numbers.
    fn new(tag: u8, code: u32, parts: [u32; 3]) -> Form {
        Form { operation: u64::from(code) << 8 | u64::from(tag), parts }
    }
}

impl Shapes {
    /// Room for the shapes of so many nodes; constants have theirs already.
    pub(crate) fn with_room(nodes: usize) -> Self {
        let mut shapes = Shapes { forms: Vec::new(), known: Interner::with_room(nodes + 1) };
        shapes.number(Form::CONST);
        shapes
    }

    pub(crate) fn number(&mut self, form: Form) -> u32 {
        let forms = &self.forms;
        let [a, b, c] = form.parts;
        let (near, next) = (a.max(b).max(c) as usize, forms.len());
        let number = self.known.number(near, hash(form), next, |known| forms[known] == form);
        if number == next {
            self.forms.push(form);
        }
        number as u32
    }

    /// The form of a node, by the shapes of what it reads.
    pub(crate) fn form<S: Scalar>(graph: &Graph<S>, node: Node, of: impl Fn(Value) -> u32) -> Form {
        match graph.nodes[node] {
            Kind::Leaf(block) => Form::new(1, 0, [block, 0, 0]),
            Kind::Const(_) => Form::CONST,
            Kind::Run(_) | Kind::Assembly(_) => Form::new(2, 0, [node.index() as u32, 0, 0]),
            Kind::Unary(op, a) => Form::new(3, op as u32, [of(a), 0, 0]),
            Kind::Binary(op, a, b) => Form::new(4, op as u32, [of(a), of(b), 0]),
            Kind::Select(a, b, c) => Form::new(5, 0, [of(a), of(b), of(c)]),
            Kind::OverRows(a) => Form::new(6, 0, [of(a), 0, 0]),
            Kind::Chain(index) => {
                let chain = &graph.chains[index as usize];
                // One more than the shape, so that 0 is of what is missing.
                let optional = |value: Option<Value>| value.map_or(0, |value| of(value) + 1);
                let parts =
                    [optional(chain.init), of(chain.a[0]), optional(chain.b.first().copied())];
                Form::new(7 + u8::from(chain.guarded), chain.a.len() as u32, parts)
            }
        }
    }

    /// The number of a node at a place of a round: as `form`, and alike nodes have one place. Of a
    /// sum, every term is looked at.
    pub(crate) fn number_at<S: Scalar>(
        &mut self,
        graph: &Graph<S>,
        node: Node,
        (position, adjoint): (Option<usize>, bool),
        of: impl Fn(Value) -> u32,
    ) -> u32 {
        let mut number = self.number(Self::form(graph, node, &of));
        if let Kind::Chain(index) = graph.nodes[node] {
            let chain = &graph.chains[index as usize];
            for &value in chain.a.iter().chain(&chain.b) {
                number = self.number(Form::new(9, 0, [number, of(value), 0]));
            }
        }
        match position {
            Some(position) if !matches!(graph.nodes[node], Kind::Leaf(_) | Kind::Const(_)) => {
                let place = position as u32;
                self.number(Form::new(10, u32::from(adjoint), [number, place, 0]))
            }
            _ => number,
        }
    }
}
