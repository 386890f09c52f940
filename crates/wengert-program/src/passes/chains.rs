//! Sums of terms of one kind, added one after another: weighted sums, dot products, totals.
//!
//! `((b + w₀x₀) + w₁x₁) + ...` becomes one node, `b + Σ wᵢxᵢ`, if nothing else reads the sums on the way and the terms are alike: products of
//! expressions of the same shape. Exact arithmetic keeps the order. Terms of different kinds stay nodes, which are grouped with
//! those beside them instead.

use super::State;
use crate::graph::{Chain, FastMap, Graph, Kind, NONE, Node};
use crate::op::Binary;
use crate::real::Scalar;

/// The fewest products, and the fewest plain terms, that make a sum of their own.
const PRODUCTS: usize = 4;
const TERMS: usize = 8;

/// What a term is: alike terms have equal classes.
#[derive(Clone, Copy, PartialEq)]
struct Class {
    shape: u32,
    product: bool,
}

/// Finds the chains.
pub(crate) fn run<S: Scalar>(state: &mut State<S>) {
    let uses = count_uses(state);
    let shapes = shapes(&state.graph, &state.live);
    let graph = &mut state.graph;
    let is_link = |graph: &Graph<S>, slot: u32| {
        graph.nodes[slot as usize].kind == Kind::Binary(Binary::Add) && uses[slot as usize] == 1
    };
    let mut seen = vec![false; graph.nodes.len()];
    for head in (0..graph.nodes.len() as u32).rev() {
        let is_sum = graph.nodes[head as usize].kind == Kind::Binary(Binary::Add);
        if !state.live[head as usize] || !is_sum || seen[head as usize] {
            continue;
        }
        // From the last addition back to the first: the sums on the way, and the term that each adds.
        let (mut sums, mut terms) = (vec![head], Vec::new());
        let first = loop {
            let sum = sums[sums.len() - 1];
            seen[sum as usize] = true;
            let Node { a, b, .. } = graph.nodes[sum as usize];
            let (link, term) = if is_link(graph, a) {
                (a, b)
            } else if is_link(graph, b) {
                (b, a)
            } else {
                terms.push(b);
                break a;
            };
            terms.push(term);
            sums.push(link);
        };
        sums.reverse();
        terms.reverse();
        raise(graph, first, &sums, &terms, |graph, slot| {
            let product = matches!(graph.nodes[slot as usize].kind, Kind::Binary(Binary::Mul | Binary::Chain));
            Class { shape: shapes[slot as usize], product: product && uses[slot as usize] == 1 }
        });
    }
}

/// Writes the runs of alike terms of one chain as sums of their own.
fn raise<S: Scalar>(
    graph: &mut Graph<S>,
    first: u32,
    sums: &[u32],
    terms: &[u32],
    class: impl Fn(&Graph<S>, u32) -> Class,
) {
    // The first operand is a term as well if it is like the next one.
    let mut all = vec![first];
    all.extend_from_slice(terms);
    let classes: Vec<Class> = all.iter().map(|&term| class(graph, term)).collect();
    let mut from = usize::from(classes[0] != classes[1]);
    while from < all.len() {
        let len = classes[from..].iter().take_while(|&&class| class == classes[from]).count();
        let enough = if classes[from].product { PRODUCTS } else { TERMS };
        if len >= enough {
            // The sum of everything before, and the slot where the last of these is added.
            let init = match from {
                0 => NONE,
                1 => first,
                _ => sums[from - 2],
            };
            let end = sums[from + len - 2];
            let chain = chain(graph, init, &all[from..from + len], classes[from].product);
            graph.chains.push(chain);
            let index = graph.chains.len() as u32 - 1;
            graph.nodes[end as usize] = Node { kind: Kind::Chain, a: index, b: 0, c: 0 };
        }
        from += len;
    }
}

fn chain<S: Scalar>(graph: &Graph<S>, init: u32, terms: &[u32], product: bool) -> Chain {
    if !product {
        return Chain { init, a: terms.to_vec(), b: Vec::new(), guarded: false };
    }
    let factors = |&term: &u32| (graph.nodes[term as usize].a, graph.nodes[term as usize].b);
    let (a, b) = terms.iter().map(factors).unzip();
    let guarded = graph.nodes[terms[0] as usize].kind == Kind::Binary(Binary::Chain);
    Chain { init, a, b, guarded }
}

/// How many nodes and roots read each slot.
fn count_uses<S: Scalar>(state: &State<S>) -> Vec<u32> {
    let mut uses = vec![0_u32; state.graph.nodes.len()];
    state.roots.iter().for_each(|&root| uses[root as usize] += 1);
    for slot in (0..state.graph.nodes.len()).filter(|&slot| state.live[slot]) {
        state.graph.for_each_operand(slot as u32, |operand| uses[operand as usize] += 1);
    }
    uses
}

/// A number for the shape of each slot's expression, leaves of one block (and elements of one run, and all constants) being alike.
fn shapes<S: Scalar>(graph: &Graph<S>, live: &[bool]) -> Vec<u32> {
    let mut known: FastMap<(Kind, u32, u32, u32), u32> = FastMap::default();
    // Constants keep 0: folding adds some behind their readers.
    let mut shapes = vec![0; graph.nodes.len()];
    for (slot, node) in graph.nodes.iter().enumerate() {
        if !live[slot] || node.kind == Kind::Const {
            continue;
        }
        let of = |slot: u32| shapes[slot as usize];
        let key = match node.kind {
            Kind::Leaf | Kind::Part => (node.kind, node.a, 0, 0),
            Kind::Chain | Kind::Const => (node.kind, 0, 0, 0),
            Kind::Unary(_) | Kind::OverRows => (node.kind, of(node.a), 0, 0),
            Kind::Binary(_) => (node.kind, of(node.a), of(node.b), 0),
            Kind::Select => (node.kind, of(node.a), of(node.b), of(node.c)),
        };
        let next = known.len() as u32 + 1;
        shapes[slot] = *known.entry(key).or_insert(next);
    }
    shapes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::prune;

    #[test]
    fn a_weighted_sum_from_its_bias_is_one_node() {
        let mut graph = Graph::<f64>::new();
        let (bias, w, x) = (graph.block(0, 1), graph.block(1, 4), graph.block(5, 4));
        let mut sum = bias;
        for i in 0..4 {
            let product = graph.push(Kind::Binary(Binary::Mul), w + i, x + i, 0);
            sum = graph.push(Kind::Binary(Binary::Add), sum, product, 0);
        }
        let mut state = State::new(graph, vec![sum]);
        super::run(&mut state);
        prune::run(&mut state);
        let chain = Chain { init: bias, a: (w..w + 4).collect(), b: (x..x + 4).collect(), guarded: false };
        assert_eq!(state.graph.chains, [chain]);
        assert_eq!(state.count(), 10);
    }

    #[test]
    fn a_sum_that_something_else_reads_ends_the_chain() {
        let mut graph = Graph::<f64>::new();
        let x = graph.block(0, 20);
        let mut sum = x;
        let mut half = 0;
        for i in 1..20 {
            sum = graph.push(Kind::Binary(Binary::Add), sum, x + i, 0);
            if i == 9 {
                half = sum;
            }
        }
        let mut state = State::new(graph, vec![sum, half]);
        super::run(&mut state);
        let lens: Vec<usize> = state.graph.chains.iter().map(|chain| chain.a.len()).collect();
        // From 10 on, and the first ten.
        assert_eq!(lens, [10, 10]);
        assert_eq!(state.graph.chains[0].init, half);
        assert_eq!(state.graph.chains[1].init, NONE);
    }

    #[test]
    fn terms_of_different_kinds_stay_nodes() {
        let mut graph = Graph::<f64>::new();
        let x = graph.block(0, 3);
        let e = graph.push(Kind::Unary(crate::op::Unary::Exp), x, 0, 0);
        let sum = graph.push(Kind::Binary(Binary::Add), x + 1, e, 0);
        let root = graph.push(Kind::Binary(Binary::Add), sum, x + 2, 0);
        let mut state = State::new(graph, vec![root]);
        super::run(&mut state);
        assert!(state.graph.chains.is_empty());
    }
}
