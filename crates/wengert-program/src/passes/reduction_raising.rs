//! Reduction raising: sums of terms of one kind, added one after another: weighted sums, dot
//! products, totals.
//!
//! `((b + w₀x₀) + w₁x₁) + ...` becomes one node, `b + Σ wᵢxᵢ`, if nothing else reads the sums on
//! the way and the terms are alike: products of expressions of the same shape. Exact arithmetic
//! keeps the order. Terms of different kinds stay nodes, which are grouped with those beside them
//! instead.

use super::{Shapes, State};
use crate::graph::{Chain, Graph, Kind};
use crate::ids::{Map, Node, Value};
use crate::op::Binary;
use crate::real::Scalar;

/// The fewest products, and the fewest plain terms, that make a sum of their own.
const PRODUCTS: usize = 4;
const TERMS: usize = 8;
/// So many sums of one product fewer are likely to be alike, and then worth it.
const MANY: usize = 16;

/// A sum from its first addition on, what that adds to, and the term that each adds.
struct Found {
    first: Value,
    sums: Vec<Node>,
    terms: Vec<Value>,
}

/// What a term is: alike terms have equal classes.
#[derive(Clone, Copy, PartialEq)]
struct Class {
    shape: u32,
    product: bool,
}

/// Finds the chains.
pub(crate) fn run<S: Scalar>(state: &mut State<S>) {
    let uses = count_uses(state);
    let found = find(state, &uses);
    let short = found.iter().filter(|found| found.terms.len() + 2 == PRODUCTS).count();
    let products = if short < MANY { PRODUCTS } else { PRODUCTS - 1 };
    let (graph, live) = (&mut state.graph, &state.live);
    let mut found = found.into_iter().filter(|found| found.terms.len() + 1 >= products).peekable();
    if found.peek().is_none() {
        return;
    }
    // Before any node is rewritten.
    let shapes = number_shapes(graph, live);
    for Found { first, sums, terms } in found {
        raise(graph, first, (&sums, &terms), products, |graph, value| {
            let node = graph.node_of(value);
            let product =
                matches!(graph.nodes[node], Kind::Binary(Binary::Mul | Binary::MulNoNan, ..));
            Class { shape: shapes[node], product: product && uses[node] == 1 }
        });
    }
}

/// The sums of three terms and more, the last first.
fn find<S: Scalar>(state: &State<S>, uses: &Map<Node, u32>) -> Vec<Found> {
    let graph = &state.graph;
    let (mut seen, mut all) = (Map::filled(false, graph.nodes.len()), Vec::new());
    for head in graph.nodes.keys().rev() {
        let Kind::Binary(Binary::Add, ..) = graph.nodes[head] else { continue };
        if !state.live[head] || seen[head] {
            continue;
        }
        // From the last addition back to the first.
        let (mut sums, mut terms) = (vec![head], Vec::new());
        let first = loop {
            let sum = sums[sums.len() - 1];
            seen[sum] = true;
            let Kind::Binary(_, a, b) = graph.nodes[sum] else { unreachable!("links are sums") };
            let link = |value: Value| {
                let node = graph.node_of(value);
                (matches!(graph.nodes[node], Kind::Binary(Binary::Add, ..)) && uses[node] == 1)
                    .then_some(node)
            };
            let (link, term) = match (link(a), link(b)) {
                (Some(link), _) => (link, b),
                (None, Some(link)) => (link, a),
                (None, None) => {
                    terms.push(b);
                    break a;
                }
            };
            terms.push(term);
            sums.push(link);
        };
        if terms.len() + 2 >= PRODUCTS {
            sums.reverse();
            terms.reverse();
            all.push(Found { first, sums, terms });
        }
    }
    all
}

/// Writes the runs of alike terms of one chain as sums of their own.
fn raise<S: Scalar>(
    graph: &mut Graph<S>,
    first: Value,
    (sums, terms): (&[Node], &[Value]),
    products: usize,
    class: impl Fn(&Graph<S>, Value) -> Class,
) {
    // The first operand is a term as well if it is like the next one.
    let mut all = vec![first];
    all.extend_from_slice(terms);
    let classes: Vec<Class> = all.iter().map(|&term| class(graph, term)).collect();
    let mut from = usize::from(classes[0] != classes[1]);
    while from < all.len() {
        let len = classes[from..].iter().take_while(|&&class| class == classes[from]).count();
        let enough = if classes[from].product { products } else { TERMS };
        if len >= enough {
            // The sum of everything before, and the node where the last of these is added.
            let init = match from {
                0 => None,
                1 => Some(first),
                _ => Some(graph.line.start(sums[from - 2])),
            };
            let end = sums[from + len - 2];
            let chain = chain(graph, init, &all[from..from + len], classes[from].product);
            graph.chains.push(chain);
            graph.nodes[end] = Kind::Chain(graph.chains.len() as u32 - 1);
        }
        from += len;
    }
}

fn chain<S: Scalar>(
    graph: &Graph<S>,
    init: Option<Value>,
    terms: &[Value],
    product: bool,
) -> Chain {
    if !product {
        return Chain { init, a: terms.to_vec(), b: Vec::new(), guarded: false };
    }
    let factors = |&term: &Value| match graph.kind_of(term) {
        Kind::Binary(_, a, b) => (a, b),
        other => unreachable!("a product is no {other:?}"),
    };
    let (a, b) = terms.iter().map(factors).unzip();
    let guarded = matches!(graph.kind_of(terms[0]), Kind::Binary(Binary::MulNoNan, ..));
    Chain { init, a, b, guarded }
}

/// How many nodes and roots read each node. A run that is read as a whole is read once.
fn count_uses<S: Scalar>(state: &State<S>) -> Map<Node, u32> {
    let mut uses = Map::filled(0, state.graph.nodes.len());
    for root in &state.roots {
        root.access.for_each_run(&root.dims, &state.graph.line, |node| uses[node] += 1);
    }
    for node in state.graph.nodes.keys().filter(|&node| state.live[node]) {
        state.graph.for_each_operand(node, |operand| uses[operand] += 1);
    }
    uses
}

/// A number for the shape of each node's expression.
fn number_shapes<S: Scalar>(graph: &Graph<S>, live: &Map<Node, bool>) -> Map<Node, u32> {
    let mut numbers = Shapes::with_room(graph.nodes.len());
    let mut shapes = Map::filled(0, graph.nodes.len());
    for node in graph.nodes.keys().filter(|&node| live[node]) {
        shapes[node] =
            numbers.number(Shapes::form(graph, node, |value| shapes[graph.node_of(value)]));
    }
    shapes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Point;
    use crate::passes::{Root, prune};

    #[test]
    fn a_weighted_sum_from_its_bias_is_one_node() {
        let mut graph = Graph::<f64>::new();
        let (bias, w, x) = (graph.block(None, 1), graph.block(None, 4), graph.block(None, 4));
        let mut sum = bias;
        for i in 0..4 {
            let product = graph.push(Kind::Binary(Binary::Mul, w.plus(i), x.plus(i)));
            sum = graph.push(Kind::Binary(Binary::Add, sum, product));
        }
        let mut state = State::new(graph, vec![Root::number(sum)]);
        super::run(&mut state);
        prune::run(&mut state);
        let four = |first: Value| (0..4).map(|i| first.plus(i)).collect();
        let chain = Chain { init: Some(bias), a: four(w), b: four(x), guarded: false };
        assert_eq!(state.graph.chains, [chain]);
        // Three blocks of leaves and the sum.
        assert_eq!(state.count(), 4);
    }

    #[test]
    fn a_sum_that_something_else_reads_ends_the_chain() {
        let mut graph = Graph::<f64>::new();
        let x = graph.block(None, 20);
        let mut sum = x;
        let mut half = x;
        for i in 1..20 {
            sum = graph.push(Kind::Binary(Binary::Add, sum, x.plus(i)));
            if i == 9 {
                half = sum;
            }
        }
        let mut state = State::new(graph, vec![Root::number(sum), Root::number(half)]);
        super::run(&mut state);
        let lens: Vec<usize> = state.graph.chains.iter().map(|chain| chain.a.len()).collect();
        // From 10 on, and the first ten.
        assert_eq!(lens, [10, 10]);
        assert_eq!(state.graph.chains[0].init, Some(half));
        assert_eq!(state.graph.chains[1].init, None);
    }

    #[test]
    fn terms_of_different_kinds_stay_nodes() {
        let mut graph = Graph::<f64>::new();
        let x = graph.block(None, 3);
        let e = graph.push(Kind::Unary(crate::op::Unary::Exp, x));
        let sum = graph.push(Kind::Binary(Binary::Add, x.plus(1), e));
        let root = graph.push(Kind::Binary(Binary::Add, sum, x.plus(2)));
        let mut state = State::new(graph, vec![Root::number(root)]);
        super::run(&mut state);
        assert!(state.graph.chains.is_empty());
    }
}
