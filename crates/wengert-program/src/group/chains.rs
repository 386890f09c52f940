//! Sums of alike terms, side by side.

use smallvec::SmallVec;

use super::{Grouped, Uneven};
use crate::access::{Access, Dims, Strides, factor, joined};
use crate::graph::{Chain, Graph, Instruction, Kind, Op, Source};
use crate::ids::{Address, Node, Point, Value};
use crate::op::Binary;
use crate::real::Scalar;

/// A sum inside a round has at most so many terms. It is added term by term then, in the pass that
/// computes them.
const SHORT: usize = 32;

impl<S: Scalar> Grouped<S> {
    /// Alike sums as one instruction over a run, or as what walks more evenly.
    pub(super) fn chains(
        &mut self,
        graph: &Graph<S>,
        members: &[Node],
        source: Source,
        uneven: Uneven,
    ) {
        let chain = |node: Node| chain_of(graph, node);
        let first = chain(members[0]);
        let (terms, product) = (first.a.len(), !first.b.is_empty());
        if uneven == Uneven::InRounds && terms <= SHORT && members.len() > terms {
            return self.term_by_term(graph, members);
        }
        let addresses = |values: &[Value]| {
            values.iter().map(|&value| self.at(graph, value)).collect::<Vec<Address>>()
        };
        let rows = |of: &dyn Fn(Node) -> Vec<Address>| {
            members.iter().map(|&node| of(node)).collect::<Vec<_>>()
        };
        let mut factors = vec![rows(&|node| addresses(&chain(node).a))];
        if product {
            factors.push(rows(&|node| addresses(&chain(node).b)));
        }
        let inits: Option<Vec<Address>> =
            members.iter().map(|&node| chain(node).init.map(|init| self.at(graph, init))).collect();
        // Where every member walks its terms with the same stride, the walk is an axis of its own.
        let stride = |row: &[Address]| row.get(1).map_or(0, |second| second.minus(row[0]) as i32);
        let step_of = |rows: &Vec<Vec<Address>>| {
            let step = stride(&rows[0]);
            let steps = |row: &Vec<Address>| {
                row.windows(2).all(|pair| pair[1].minus(pair[0]) as i32 == step)
            };
            rows.iter().all(steps).then_some(step)
        };
        let strides: Option<Vec<i32>> = factors.iter().map(step_of).collect();
        let inner = Dims::from_slice(&[terms]);
        let (dims, mut operands) = match strides {
            Some(strides) => {
                let starts = factors
                    .iter()
                    .map(|rows| rows.iter().map(|row| row[0]).collect::<Vec<Address>>());
                let (dims, mut accesses) = factor(&starts.chain(inits.clone()).collect::<Vec<_>>());
                let init = inits.is_some().then(|| accesses.pop()).flatten();
                let walked = accesses
                    .iter()
                    .zip(strides)
                    .map(|(access, step)| walk(access, &dims, terms, step));
                let operands: SmallVec<[Access<Address>; 2]> = walked.chain(init).collect();
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
        let all = joined(&dims, &inner);
        let walked = if product { 2 } else { 1 };
        let axes = |i: usize| if i < walked { &all[..] } else { &dims[..] };
        let even = |operand: &Access<Address>, axes: &[usize]| match uneven {
            Uneven::Listed => true,
            Uneven::Apart => self.is_even(operand, axes),
            Uneven::InRounds => matches!(operand, Access::Strided { .. }),
        };
        if !operands.iter().enumerate().all(|(i, operand)| even(operand, axes(i))) {
            return match uneven {
                // Of a sum over the rounds: a list of its own, if it needs one.
                Uneven::InRounds => members.iter().for_each(|&node| {
                    self.chains(graph, &[node], graph.sources[node], Uneven::Listed);
                }),
                _ => members.iter().for_each(|&node| self.term_by_term(graph, &[node])),
            };
        }
        let out = Access::contiguous(self.place(members), &dims);
        self.plan.instructions.push(Instruction { op, dims, inner, out, operands, source });
    }

    /// Alike sums as single products and additions, in their order, each of them over all the sums.
    pub(super) fn term_by_term(&mut self, graph: &Graph<S>, members: &[Node]) {
        let chains: Vec<&Chain> = members.iter().map(|&node| chain_of(graph, node)).collect();
        let Chain { init, a, b, guarded } = chains[0];
        let product = Op::Binary(if *guarded { Binary::MulNoNan } else { Binary::Mul });
        let source = graph.sources[members[0]];
        let read = |this: &Self, of: &dyn Fn(&Chain) -> Value| {
            chains.iter().map(|chain| this.at(graph, of(chain))).collect::<Vec<Address>>()
        };
        let begin = |chain: &Chain| chain.init.expect("alike sums all begin with something");
        let mut sum = init.map(|_| read(self, &begin));
        for i in 0..a.len() {
            let mut term = read(self, &|chain| chain.a[i]);
            if !b.is_empty() {
                let second = read(self, &|chain| chain.b[i]);
                term = self.over_run(product, &[term, second], source);
            }
            sum = Some(match sum {
                Some(sum) => self.over_run(Op::Binary(Binary::Add), &[sum, term], source),
                None => term,
            });
        }
        let sums = sum.expect("a sum has terms");
        members.iter().zip(sums).for_each(|(&node, sum)| self.nodes[node] = Some(sum));
    }

    /// One operation over a run, of operands by list; where its results are.
    fn over_run(&mut self, op: Op, lists: &[Vec<Address>], source: Source) -> Vec<Address> {
        let (dims, operands) = factor(lists);
        let (_, start) = self.plan.line.push(lists[0].len());
        let out = Access::contiguous(start, &dims);
        let (inner, operands) = (Dims::new(), SmallVec::from_vec(operands));
        self.plan.instructions.push(Instruction { op, dims, inner, out, operands, source });
        (0..lists[0].len() as i64).map(|i| start.plus(i)).collect()
    }
}

fn chain_of<S>(graph: &Graph<S>, node: Node) -> &Chain {
    match graph.nodes[node] {
        Kind::Chain(index) => &graph.chains[index as usize],
        other => unreachable!("{other:?} is no chain"),
    }
}

/// An access with an inner axis more.
fn walk(access: &Access<Address>, dims: &[usize], terms: usize, step: i32) -> Access<Address> {
    match access {
        Access::Strided { start, strides } => {
            let strides: Strides = strides.iter().copied().chain([step]).collect();
            Access::Strided { start: *start, strides }
        }
        Access::Listed(starts) => {
            let numbers = starts
                .iter()
                .flat_map(|&start| (0..terms as i64).map(move |i| start.plus(i * i64::from(step))));
            Access::of(numbers.collect(), &joined(dims, &[terms]))
        }
    }
}
