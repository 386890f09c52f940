//! Scalar nodes of one kind side by side become one instruction over a run of them.
//!
//! Nodes are alike if they stand at the same depth and their expressions have the same shape, leaves of one block being alike. Alike
//! nodes cannot depend on each other, so they can be computed together, in neighbouring addresses; what they read is then often an even walk
//! over addresses too, and an index space is looked for in which it is. So the neurons of a layer, written one by one, become
//! a matrix product, and a formula written for each of many rows becomes that formula over a column.

use smallvec::SmallVec;

use super::access::{Access, Dims, factor};
use super::graph::{FastMap, Graph, Instruction, Kind, NONE, Op, Source};
use super::lower::joined;
use super::passes::State;
use crate::op::Unary;
use crate::real::Scalar;

/// Instructions over addresses, in an order of execution.
#[derive(Debug)]
pub(crate) struct Plan<S> {
    pub(crate) instructions: Vec<Instruction>,
    /// The number of addresses.
    pub(crate) space: u32,
    /// First address and length of each block of leaves.
    pub(crate) blocks: Vec<(u32, u32)>,
    pub(crate) constants: Vec<(u32, S)>,
    /// First address and length of each output that has a run of its own.
    pub(crate) homes: Vec<(u32, u32)>,
    /// By the graph's slot; `NONE` for dead ones.
    pub(crate) addresses: Vec<u32>,
}

/// What makes nodes alike.
type Key = (Kind, u32, [u32; 4]);

/// Lays the live nodes out; `together: false` gives each scalar node an instruction of its own.
pub(crate) fn run<S: Scalar>(state: &State<S>, together: bool) -> Plan<S> {
    let graph = &state.graph;
    let mut plan = Plan {
        instructions: Vec::new(),
        space: 0,
        blocks: Vec::new(),
        constants: Vec::new(),
        homes: Vec::new(),
        addresses: vec![NONE; graph.nodes.len()],
    };
    for block in &graph.blocks {
        plan.blocks.push((plan.space, block.len));
        for i in 0..block.len {
            plan.addresses[(block.start + i) as usize] = plan.space + i;
        }
        plan.space += block.len;
    }
    for (slot, node) in graph.nodes.iter().enumerate() {
        if state.live[slot] && node.kind == Kind::Const {
            plan.addresses[slot] = plan.space;
            plan.constants.push((plan.space, graph.constants[node.a as usize]));
            plan.space += 1;
        }
    }
    for unit in units(state, together) {
        match unit {
            Unit::Wide(index) => plan.wide(graph, index),
            Unit::Scalars(members) => plan.scalars(graph, members),
        }
    }
    plan
}

enum Unit {
    Wide(u32),
    Scalars(Vec<u32>),
}

/// The numbers of shapes, and the group of each shape that scalar nodes have.
#[derive(Default)]
struct Shapes {
    known: FastMap<Key, u32>,
    groups: Vec<(u32, Vec<u32>)>,
    group_of: Vec<u32>,
}

impl Shapes {
    fn number(&mut self, key: Key) -> u32 {
        let next = self.group_of.len() as u32;
        let shape = *self.known.entry(key).or_insert(next);
        if shape == next {
            self.group_of.push(NONE);
        }
        shape
    }

    fn join(&mut self, shape: u32, depth: u32, slot: u32) {
        let group = &mut self.group_of[shape as usize];
        if *group == NONE {
            *group = self.groups.len() as u32;
            self.groups.push((depth, Vec::new()));
        }
        self.groups[*group as usize].1.push(slot);
    }
}

/// The groups and the runs, each after what it reads.
fn units<S: Scalar>(state: &State<S>, together: bool) -> Vec<Unit> {
    let graph = &state.graph;
    let slots = graph.nodes.len();
    let (mut depths, mut shapes) = (vec![0_u32; slots], vec![0_u32; slots]);
    let mut numbers = Shapes::default();
    // Constants are alike, and have the first number: folding adds some behind their readers.
    numbers.number((Kind::Const, 0, [0; 4]));
    let mut wides: Vec<(u32, u32)> = Vec::new();
    for slot in (0..slots).filter(|&slot| state.live[slot]) {
        let node = graph.nodes[slot];
        if node.kind == Kind::Const {
            continue;
        }
        let of = |slot: u32| shapes[slot as usize];
        let first_part = node.kind == Kind::Part && node.b == 0;
        let parts = match node.kind {
            Kind::Leaf | Kind::Part => [node.a, 0, 0, 0],
            Kind::Unary(_) | Kind::OverRows => [of(node.a), 0, 0, 0],
            Kind::Binary(_) => [of(node.a), of(node.b), 0, 0],
            Kind::Select => [of(node.a), of(node.b), of(node.c), 0],
            Kind::Chain | Kind::Const => {
                let chain = &graph.chains[node.a as usize];
                let init = if chain.init == NONE { NONE } else { of(chain.init) };
                let b = chain.b.first().map_or(NONE, |&slot| of(slot));
                [init, of(chain.a[0]), b, chain.a.len() as u32 * 2 + u32::from(chain.guarded)]
            }
        };
        let computed = !matches!(node.kind, Kind::Leaf | Kind::Const | Kind::Part);
        if computed || first_part {
            let mut depth = 0;
            graph.for_each_operand(slot as u32, |operand| depth = depth.max(depths[operand as usize]));
            depths[slot] = depth + 1;
        } else if node.kind == Kind::Part {
            depths[slot] = depths[slot - node.b as usize];
        }
        // Beside the shape the depth: then no member can depend on another.
        let apart = if !computed {
            0
        } else if together {
            depths[slot]
        } else {
            slot as u32
        };
        shapes[slot] = numbers.number((node.kind, apart, parts));
        if computed {
            numbers.join(shapes[slot], depths[slot], slot as u32);
        } else if first_part {
            wides.push((depths[slot], node.a));
        }
    }
    let groups = numbers.groups.into_iter().map(|(depth, members)| (depth, Unit::Scalars(members)));
    let mut all: Vec<(u32, Unit)> =
        groups.chain(wides.into_iter().map(|(depth, index)| (depth, Unit::Wide(index)))).collect();
    all.sort_by_key(|(depth, _)| *depth);
    all.into_iter().map(|(_, unit)| unit).collect()
}

impl<S: Scalar> Plan<S> {
    fn run_of(&mut self, len: usize) -> u32 {
        let start = self.space;
        self.space += len as u32;
        start
    }

    fn wide(&mut self, graph: &Graph<S>, index: u32) {
        let wide = &graph.wides[index as usize];
        let (len, first) = (wide.len(), wide.out.first() as usize);
        let start = self.run_of(len);
        for i in 0..len {
            self.addresses[first + i] = start + i as u32;
        }
        let operands = wide
            .operands
            .iter()
            .enumerate()
            .map(|(i, operand)| operand.renamed(&wide.axes(i), |slot| self.addresses[slot as usize]))
            .collect();
        self.instructions.push(Instruction { out: Access::contiguous(start, &wide.dims), operands, ..wide.clone() });
    }

    fn scalars(&mut self, graph: &Graph<S>, mut members: Vec<u32>) {
        // In the order of the tape, adjoints too, so that what is read is walked forwards.
        members.sort_by_key(|&slot| (graph.sources[slot as usize], slot));
        let start = self.run_of(members.len());
        for (i, &slot) in members.iter().enumerate() {
            self.addresses[slot as usize] = start + i as u32;
        }
        let source = graph.sources[members[0] as usize];
        let at = |slot: u32| self.addresses[slot as usize];
        let list = |of: &dyn Fn(u32) -> u32| members.iter().map(|&slot| at(of(slot))).collect::<Vec<u32>>();
        let node = |slot: u32| graph.nodes[slot as usize];
        let a: &dyn Fn(u32) -> u32 = &|slot| node(slot).a;
        let b: &dyn Fn(u32) -> u32 = &|slot| node(slot).b;
        let c: &dyn Fn(u32) -> u32 = &|slot| node(slot).c;
        let (op, lists) = match node(members[0]).kind {
            Kind::Unary(op) => (Op::Unary(op), vec![list(a)]),
            Kind::OverRows => (Op::OverRows, vec![list(a)]),
            Kind::Binary(op) => (Op::Binary(op), vec![list(a), list(b)]),
            Kind::Select => (Op::Select, vec![list(a), list(b), list(c)]),
            _ => return self.chains(graph, &members, start, source),
        };
        // So few are quicker one by one.
        if members.len() < worth(op) {
            for (i, &slot) in members.iter().enumerate() {
                self.instructions.push(Instruction {
                    op,
                    dims: Dims::from_slice(&[1]),
                    inner: Dims::new(),
                    out: Access::repeated(start + i as u32, 1),
                    operands: lists.iter().map(|list| Access::repeated(list[i], 1)).collect(),
                    source: graph.sources[slot as usize],
                });
            }
            return;
        }
        let (dims, operands) = factor(&lists);
        let out = Access::contiguous(start, &dims);
        let operands = SmallVec::from_vec(operands);
        self.instructions.push(Instruction { op, dims, inner: Dims::new(), out, operands, source });
    }

    fn chains(&mut self, graph: &Graph<S>, members: &[u32], start: u32, source: Source) {
        let chain = |slot: u32| &graph.chains[graph.nodes[slot as usize].a as usize];
        let first = chain(members[0]);
        let (terms, product) = (first.a.len(), !first.b.is_empty());
        let addresses = |slots: &[u32]| slots.iter().map(|&slot| self.addresses[slot as usize]).collect::<Vec<u32>>();
        let rows = |of: &dyn Fn(u32) -> Vec<u32>| members.iter().map(|&slot| of(slot)).collect::<Vec<_>>();
        let mut factors = vec![rows(&|slot| addresses(&chain(slot).a))];
        if product {
            factors.push(rows(&|slot| addresses(&chain(slot).b)));
        }
        let inits: Option<Vec<u32>> = (first.init != NONE)
            .then(|| members.iter().map(|&slot| self.addresses[chain(slot).init as usize]).collect());
        // Where every member walks its terms with the same stride, the walk is an axis of its own.
        let stride = |row: &[u32]| row.get(1).map_or(0, |second| second.wrapping_sub(row[0]) as i32);
        let even = |rows: &Vec<Vec<u32>>| {
            let step = stride(&rows[0]);
            let steps = |row: &Vec<u32>| row.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) as i32 == step);
            rows.iter().all(steps).then_some(step)
        };
        let strides: Option<Vec<i32>> = factors.iter().map(even).collect();
        let inner = Dims::from_slice(&[terms]);
        let (dims, mut operands) = match strides {
            Some(strides) => {
                let starts = factors.iter().map(|rows| rows.iter().map(|row| row[0]).collect::<Vec<u32>>());
                let (dims, mut accesses) = factor(&starts.chain(inits.clone()).collect::<Vec<_>>());
                let init = inits.is_some().then(|| accesses.pop()).flatten();
                let walked = accesses.iter().zip(strides).map(|(access, step)| walk(access, &dims, terms, step));
                let operands: SmallVec<[Access; 3]> = walked.chain(init).collect();
                (dims, operands)
            }
            None => {
                let dims = Dims::from_slice(&[members.len()]);
                let all = joined(&dims, &inner);
                let lists = factors.iter().map(|rows| Access::of(rows.concat(), &all));
                let operands = lists.chain(inits.map(|inits| Access::of(inits, &dims))).collect();
                (dims, operands)
            }
        };
        let op = if product { Op::Contract { guarded: first.guarded } } else { Op::Sum };
        operands.shrink_to_fit();
        let out = Access::contiguous(start, &dims);
        self.instructions.push(Instruction { op, dims, inner, out, operands, source });
    }
}

/// The fewest nodes of an operation that are worth an instruction over a run: single numbers cost a nanosecond or two each, a step of a
/// pass ten.
fn worth(op: Op) -> usize {
    match op {
        Op::Unary(Unary::Neg) | Op::Binary(_) | Op::Select => 8,
        Op::Unary(_) => 4,
        _ => 1,
    }
}

/// An access with an inner axis more.
fn walk(access: &Access, dims: &[usize], terms: usize, step: i32) -> Access {
    match access {
        Access::Strided { start, strides } => {
            Access::Strided { start: *start, strides: strides.iter().copied().chain([step]).collect() }
        }
        Access::Listed(starts) => {
            let slots = starts
                .iter()
                .flat_map(|&start| (0..terms as i64).map(move |i| (i64::from(start) + i * i64::from(step)) as u32));
            Access::of(slots.collect(), &joined(dims, &[terms]))
        }
    }
}

#[cfg(test)]
impl<S> Plan<S> {
    /// A plan that computes nothing yet, for tests.
    pub(crate) fn of_leaves(leaves: u32) -> Self {
        let (constants, homes, addresses) = (Vec::new(), Vec::new(), Vec::new());
        Plan { instructions: Vec::new(), space: leaves, blocks: vec![(0, leaves)], constants, homes, addresses }
    }

    /// Appends an instruction, and returns the first address of its run.
    pub(crate) fn then(&mut self, op: Op, dims: &[usize], inner: &[usize], operands: Vec<Access>) -> u32 {
        let start = self.space;
        self.space += dims.iter().product::<usize>() as u32;
        let (dims, inner) = (Dims::from_slice(dims), Dims::from_slice(inner));
        let (out, operands) = (Access::contiguous(start, &dims), operands.into());
        self.instructions.push(Instruction { op, dims, inner, out, operands, source: Source::value(0) });
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Graph;
    use crate::op::Binary;
    use crate::passes::{chains, prune};

    #[test]
    fn neurons_written_one_by_one_are_one_product_of_a_matrix() {
        let (m, n) = (3, 4);
        let mut graph = Graph::<f64>::new();
        let (params, x) = (graph.block(0, m * (n + 1)), graph.block(m * (n + 1), n));
        let mut roots = Vec::new();
        for j in 0..m {
            let row = params + j * (n + 1);
            let mut sum = row + n;
            for i in 0..n {
                let product = graph.push(Kind::Binary(Binary::Mul), row + i, x + i, 0);
                sum = graph.push(Kind::Binary(Binary::Add), sum, product, 0);
            }
            roots.push(sum);
        }
        let mut state = State::new(graph, roots);
        chains::run(&mut state);
        prune::run(&mut state);
        let plan = run(&state, true);
        let [only] = &plan.instructions[..] else { panic!("{:?}", plan.instructions) };
        assert_eq!(
            (only.op, only.dims.as_slice(), only.inner.as_slice()),
            (Op::Contract { guarded: false }, &[3][..], &[4][..])
        );
        let strides = |i: usize| match &only.operands[i] {
            Access::Strided { strides, .. } => strides.to_vec(),
            Access::Listed(list) => panic!("{list:?}"),
        };
        assert_eq!([strides(0), strides(1), strides(2)], [vec![5, 1], vec![0, 1], vec![5]]);
    }

    #[test]
    fn a_formula_written_for_each_row_is_that_formula_over_a_column() {
        let mut graph = Graph::<f64>::new();
        let x = graph.block(0, 10);
        let roots = (0..9)
            .map(|i| {
                let square = graph.push(Kind::Binary(Binary::Mul), x + i, x + i, 0);
                graph.push(Kind::Binary(Binary::Sub), x + i + 1, square, 0)
            })
            .collect();
        let plan = run(&State::new(graph, roots), true);
        let lens: Vec<usize> = plan.instructions.iter().map(Instruction::len).collect();
        assert_eq!(lens, [9, 9]);
        assert!(plan.instructions.iter().all(|i| i.operands.iter().all(|o| matches!(o, Access::Strided { .. }))));
    }

    #[test]
    fn nothing_is_grouped_if_it_is_switched_off() {
        let mut graph = Graph::<f64>::new();
        let x = graph.block(0, 9);
        let roots = (0..9).map(|i| graph.push(Kind::Binary(Binary::Mul), x + i, x + i, 0)).collect();
        assert_eq!(run(&State::new(graph, roots), false).instructions.len(), 9);
    }
}
