//! What becomes an instruction, and in which order.

use crate::graph::{Chain, FastMap, Graph, Kind, Op};
use crate::ids::{GroupId, Id, Map, Node, Slot};
use crate::op::{Binary, Unary};
use crate::passes::{Shapes, State};
use crate::real::Scalar;
use crate::rounds::Rounds;

/// What becomes an instruction.
pub(super) enum Unit {
    Run(Node),
    /// Alike scalar nodes.
    Alike(Vec<Node>),
    /// One of which there are too few.
    Single(Node),
}

/// Alike scalar nodes, or a run.
struct Group {
    depth: u32,
    /// Its first member, and how many there are so far.
    first: Node,
    len: u32,
    is_run: bool,
}

/// The units in an order in which each comes after what it reads: by turns runs, as many as can be,
/// and single nodes, as many as can be, those in the order of the graph, in which neighbours read
/// each other.
///
/// With `rounds` of a loop only those are alike that are the same in every round.
pub(super) fn units<S: Scalar>(
    state: &State<S>,
    together: bool,
    rounds: Option<&Rounds>,
) -> impl Iterator<Item = Unit> {
    let (groups, group_of) = groups(state, together, rounds);
    let is_wide = |group: &Group| group.is_run || is_worth(&state.graph, group.first, group.len);
    // By group: how often the turn has changed before it. Runs have even numbers.
    let mut turns: Map<GroupId, u32> = Map::new();
    // By depth, so that neighbours can be one product; of rounds in the order of one round, so that
    // what is computed is soon read, and then forgotten.
    let mut wide: Vec<(u32, u32, bool, GroupId)> = Vec::new();
    let mut singles: Vec<(u32, Node)> = Vec::new();
    for (id, group) in groups.iter() {
        let odd = u32::from(!is_wide(group));
        let mut turn = odd;
        state.graph.for_each_operand(group.first, |operand| {
            if let Some(read) = group_of[operand].map(|read| turns[read]) {
                turn = turn.max(read + (read + odd) % 2);
            }
        });
        turns.push(turn);
        if odd == 0 {
            let by_depth = rounds.is_none();
            let depth = if by_depth { group.depth } else { 0 };
            wide.push((turn, depth, by_depth && group.is_run, id));
        }
    }
    let mut members: FastMap<GroupId, Vec<Node>> = FastMap::default();
    for &(.., group) in wide.iter().filter(|(.., group)| !groups[*group].is_run) {
        members.insert(group, Vec::with_capacity(groups[group].len as usize));
    }
    for (node, group) in group_of.iter() {
        let Some(group) = *group else { continue };
        let turn = turns[group];
        if turn % 2 == 1 {
            singles.push((turn, node));
        } else if !groups[group].is_run {
            members.entry(group).or_default().push(node);
        }
    }
    wide.sort_unstable();
    singles.sort_unstable();
    let mut wide = wide.into_iter().peekable();
    let mut singles = singles.into_iter().peekable();
    std::iter::from_fn(move || {
        let single = singles.peek().map_or(u32::MAX, |&(turn, _)| turn);
        match wide.next_if(|&(turn, ..)| turn < single) {
            Some((.., group)) if groups[group].is_run => Some(Unit::Run(groups[group].first)),
            Some((.., group)) => members.remove(&group).map(Unit::Alike),
            None => singles.next().map(|(_, node)| Unit::Single(node)),
        }
    })
}

/// The groups in the order of their first members, and the group of each live node that is neither
/// a leaf nor a constant.
fn groups<S: Scalar>(
    state: &State<S>,
    together: bool,
    rounds: Option<&Rounds>,
) -> (Map<GroupId, Group>, Map<Node, Option<GroupId>>) {
    let graph = &state.graph;
    let count = graph.nodes.len();
    let (mut shapes, mut group_of) = (Map::filled(0, count), Map::filled(None, count));
    let terms = |chain: &Chain| chain.a.len() + chain.b.len();
    let in_rounds = || count + graph.chains.iter().map(terms).sum::<usize>();
    let mut numbers = Shapes::with_room(count + rounds.map_or(0, |_| in_rounds()));
    // By shape its group: alike nodes stand at the same depth, so that none can depend on another.
    let mut known: Vec<Option<GroupId>> = vec![None];
    let mut groups: Map<GroupId, Group> = Map::new();
    for node in graph.nodes.keys().filter(|&node| state.live[node]) {
        let of = |value| shapes[graph.node_of(value)];
        let shape = match rounds {
            None => numbers.number(Shapes::form(graph, node, of)),
            Some(rounds) => {
                let source = graph.sources[node];
                let position = rounds.position(Slot::new(source.slot() as usize));
                numbers.number_at(graph, node, (position, source.is_adjoint()), of)
            }
        };
        shapes[node] = shape;
        if shape as usize >= known.len() {
            known.resize(shape as usize + 1, None);
        }
        let kind = graph.nodes[node];
        if matches!(kind, Kind::Leaf(_) | Kind::Const(_)) {
            continue;
        }
        let is_run = matches!(kind, Kind::Run(_) | Kind::Assembly(_));
        let group = known[shape as usize].filter(|_| together && !is_run).unwrap_or_else(|| {
            let mut depth = 1;
            graph.for_each_operand(node, |operand| {
                let read = group_of[operand].map_or(0, |read: GroupId| groups[read].depth);
                depth = depth.max(read + 1);
            });
            groups.push(Group { depth, first: node, len: 0, is_run })
        });
        known[shape as usize] = Some(group);
        group_of[node] = Some(group);
        groups[group].len += 1;
    }
    (groups, group_of)
}

/// A sum of fewer terms is as good as its operations.
const SHORT: usize = 4;

/// Whether so many alike nodes are worth an instruction over a run.
fn is_worth<S>(graph: &Graph<S>, node: Node, count: u32) -> bool {
    match graph.nodes[node] {
        Kind::Chain(index) if graph.chains[index as usize].a.len() < SHORT => {
            count as usize >= worth(Op::Binary(Binary::Add))
        }
        Kind::Chain(_) => true,
        kind => count as usize >= worth(op_of(kind)),
    }
}

/// What a scalar node computes.
pub(super) fn op_of(kind: Kind) -> Op {
    match kind {
        Kind::Unary(op, _) => Op::Unary(op),
        Kind::Binary(op, ..) => Op::Binary(op),
        Kind::Select(..) => Op::Select,
        Kind::OverRows(_) => Op::OverRows,
        Kind::Leaf(_) | Kind::Const(_) | Kind::Run(_) | Kind::Assembly(_) | Kind::Chain(_) => {
            unreachable!("{kind:?} is no operation on single numbers")
        }
    }
}

/// The fewest nodes of an operation that are worth an instruction over a run: single numbers cost a
/// nanosecond or two each, a step of a pass ten.
fn worth(op: Op) -> usize {
    match op {
        Op::Unary(Unary::Neg) | Op::Binary(_) | Op::Select => 8,
        Op::Unary(_) => 4,
        _ => 1,
    }
}
