//! For each group, which layer each item stands in, in which order, and where wires pass: a layered
//! drawing, as Sugiyama, Tagawa and Toda have it, one group at a time.
//!
//! A group is planned without regard to which groups within it are open, so one plan serves every
//! choice of open scopes: what changes is the boxes' sizes, and so the places
//! ([`place`](super::place)), never the order.

use super::boxes::Boxes;
use super::scopes::{Item, Scopes};

/// The sweeps over the layers in search of fewer crossings.
const SWEEPS: usize = 8;

/// A wire's way, or that of several, through one group.
#[derive(Debug)]
pub(crate) struct Lane {
    /// The item that it leaves, by its place in the group; `None` if it comes in from outside.
    pub(crate) from: Option<usize>,
    /// The item that it reaches; `None` if it goes on outside.
    pub(crate) to: Option<usize>,
    /// The entries that it passes on its way: where it crosses a layer without stopping.
    pub(crate) passes: Vec<usize>,
    /// The wires that go this way.
    pub(crate) wires: Vec<usize>,
}

/// The plan of one group. An entry below the number of items is an item, the others are passes of
/// lanes.
#[derive(Debug)]
pub(crate) struct GroupPlan {
    /// The entries of each layer, from the top.
    pub(crate) layers: Vec<Vec<usize>>,
    pub(crate) lanes: Vec<Lane>,
    /// The layer of each entry.
    pub(crate) layer_of: Vec<usize>,
}

/// The plans of all groups, and each wire's way: group and lane, from its source outwards and
/// inwards again to its target.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) groups: Vec<GroupPlan>,
    pub(crate) ways: Vec<Vec<(usize, usize)>>,
}

impl Plan {
    pub(crate) fn of(boxes: &Boxes, scopes: &Scopes) -> Self {
        let mut places = Places::of(scopes);
        let mut lanes: Vec<Lanes> = scopes.groups.iter().map(|_| Lanes::default()).collect();
        let mut ways = Vec::with_capacity(boxes.wires.len());
        for (index, wire) in boxes.wires.iter().enumerate() {
            let (out, back) =
                (places.outwards(scopes, wire.from), places.outwards(scopes, wire.to));
            let shared =
                out.iter().rev().zip(back.iter().rev()).take_while(|(a, b)| a.0 == b.0).count();
            let mut way: Vec<(usize, Option<usize>, Option<usize>)> = Vec::new();
            let (out_alone, back_alone) = (out.len() - shared, back.len() - shared);
            way.extend(out[..out_alone].iter().map(|&(group, item)| (group, Some(item), None)));
            way.push((out[out_alone].0, Some(out[out_alone].1), Some(back[back_alone].1)));
            way.extend(
                back[..back_alone].iter().rev().map(|&(group, item)| (group, None, Some(item))),
            );
            let lane = |(group, from, to): (usize, _, _)| (group, lanes[group].of(from, to, index));
            ways.push(way.into_iter().map(lane).collect());
        }
        let plan =
            |(group, lanes): (usize, Lanes)| plan(scopes.groups[group].items.len(), lanes.lanes);
        Plan { groups: lanes.into_iter().enumerate().map(plan).collect(), ways }
    }
}

/// Where each vertex and group stands among its group's items.
struct Places {
    vertices: Vec<usize>,
    groups: Vec<usize>,
}

impl Places {
    fn of(scopes: &Scopes) -> Self {
        let mut places = Places {
            vertices: vec![0; scopes.of_vertex.len()],
            groups: vec![0; scopes.groups.len()],
        };
        for group in &scopes.groups {
            for (place, item) in group.items.iter().enumerate() {
                match *item {
                    Item::Vertex(vertex) => places.vertices[vertex] = place,
                    Item::Group(inner) => places.groups[inner] = place,
                }
            }
        }
        places
    }

    /// The groups around a vertex from the inside, each with the item that holds the vertex.
    fn outwards(&mut self, scopes: &Scopes, vertex: usize) -> Vec<(usize, usize)> {
        let mut group = scopes.of_vertex[vertex];
        let mut around = vec![(group, self.vertices[vertex])];
        while let Some(outer) = scopes.groups[group].parent {
            around.push((outer, self.groups[group]));
            group = outer;
        }
        around
    }
}

#[derive(Default)]
struct Lanes {
    lanes: Vec<Lane>,
    known: std::collections::HashMap<(Option<usize>, Option<usize>), usize>,
}

impl Lanes {
    fn of(&mut self, from: Option<usize>, to: Option<usize>, wire: usize) -> usize {
        let lane = *self.known.entry((from, to)).or_insert_with(|| {
            self.lanes.push(Lane { from, to, passes: Vec::new(), wires: Vec::new() });
            self.lanes.len() - 1
        });
        self.lanes[lane].wires.push(wire);
        lane
    }
}

fn plan(items: usize, mut lanes: Vec<Lane>) -> GroupPlan {
    let mut layer_of = layers(items, &lanes);
    let count = layer_of.iter().max().map_or(0, |last| last + 1);
    let mut layers: Vec<Vec<usize>> = vec![Vec::new(); count];
    for lane in &mut lanes {
        let first = lane.from.map_or(0, |item| layer_of[item] + 1);
        let end = lane.to.map_or(count, |item| layer_of[item]);
        for layer in first..end {
            lane.passes.push(layer_of.len());
            layer_of.push(layer);
        }
    }
    for (entry, &layer) in layer_of.iter().enumerate() {
        layers[layer].push(entry);
    }
    let links = links(&lanes, layer_of.len());
    order(&mut layers, &links);
    GroupPlan { layers, lanes, layer_of }
}

/// The layer of each item: as far left as its operands let it, and sources as near to their first
/// reader as it lets them.
fn layers(items: usize, lanes: &[Lane]) -> Vec<usize> {
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); items];
    for lane in lanes {
        if let (Some(from), Some(to)) = (lane.from, lane.to) {
            readers[from].push(to);
        }
    }
    let order = without_cycles(&mut readers);
    let mut layer = vec![0; items];
    let mut source = vec![true; items];
    for &item in &order {
        for &reader in &readers[item] {
            layer[reader] = layer[reader].max(layer[item] + 1);
            source[reader] = false;
        }
    }
    for item in (0..items).filter(|&item| source[item]) {
        if let Some(nearest) = readers[item].iter().map(|&reader| layer[reader]).min() {
            layer[item] = nearest - 1;
        }
    }
    layer
}

/// Takes away readers that close a cycle (two scopes may feed each other), and returns a
/// topological order.
fn without_cycles(readers: &mut [Vec<usize>]) -> Vec<usize> {
    const NEW: u8 = 0;
    const ENTERED: u8 = 1;
    const LEFT: u8 = 2;
    let mut state = vec![NEW; readers.len()];
    let mut left = Vec::with_capacity(readers.len());
    for start in 0..readers.len() {
        if state[start] != NEW {
            continue;
        }
        let mut stack = vec![(start, 0)];
        state[start] = ENTERED;
        while let Some(&(item, at)) = stack.last() {
            match readers[item].get(at).copied() {
                None => {
                    state[item] = LEFT;
                    left.push(item);
                    stack.pop();
                }
                Some(reader) if state[reader] == ENTERED => {
                    readers[item].remove(at);
                }
                Some(reader) => {
                    let top = stack.len() - 1;
                    stack[top].1 += 1;
                    if state[reader] == NEW {
                        state[reader] = ENTERED;
                        stack.push((reader, 0));
                    }
                }
            }
        }
    }
    left.reverse();
    left
}

/// Of each entry the entries before it and after it on lanes.
pub(crate) struct Links {
    pub(crate) before: Vec<Vec<usize>>,
    pub(crate) after: Vec<Vec<usize>>,
}

fn links(lanes: &[Lane], entries: usize) -> Links {
    let mut links = Links { before: vec![Vec::new(); entries], after: vec![Vec::new(); entries] };
    for lane in lanes {
        let stops: Vec<usize> =
            lane.from.into_iter().chain(lane.passes.iter().copied()).chain(lane.to).collect();
        for pair in stops.windows(2) {
            links.before[pair[1]].push(pair[0]);
            links.after[pair[0]].push(pair[1]);
        }
    }
    links
}

/// Orders each layer by the mean place of its neighbours in the layer before, then after, and keeps
/// what crosses least.
fn order(layers: &mut [Vec<usize>], links: &Links) {
    let entries = links.before.len();
    let mut best: (usize, Vec<Vec<usize>>) = (crossings(layers, links), layers.to_vec());
    for sweep in 0..SWEEPS {
        let forward = sweep % 2 == 0;
        let neighbours = if forward { &links.before } else { &links.after };
        let mut place = vec![0.0; entries];
        let note = |layer: &[usize], place: &mut [f64]| {
            layer.iter().enumerate().for_each(|(at, &entry)| place[entry] = at as f64);
        };
        layers.iter().for_each(|layer| note(layer, &mut place));
        for step in 0..layers.len() {
            let index = if forward { step } else { layers.len() - 1 - step };
            let mean = |&entry: &usize| {
                let near = &neighbours[entry];
                if near.is_empty() {
                    return place[entry];
                }
                near.iter().map(|&near| place[near]).sum::<f64>() / near.len() as f64
            };
            let mut keyed: Vec<(f64, usize)> =
                layers[index].iter().map(|entry| (mean(entry), *entry)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            layers[index] = keyed.into_iter().map(|(_, entry)| entry).collect();
            note(&layers[index], &mut place);
        }
        let crossed = crossings(layers, links);
        if crossed < best.0 {
            best = (crossed, layers.to_vec());
        }
    }
    layers.clone_from_slice(&best.1);
}

/// How many pairs of links between neighbouring layers cross.
fn crossings(layers: &[Vec<usize>], links: &Links) -> usize {
    let mut place = vec![0; links.before.len()];
    for layer in layers {
        layer.iter().enumerate().for_each(|(at, &entry)| place[entry] = at);
    }
    let mut crossed = 0;
    for layer in layers {
        // Ends of links in the next layer, by their start: an inversion is a crossing.
        let mut ends: Vec<usize> = Vec::new();
        for &entry in layer {
            let mut next: Vec<usize> =
                links.after[entry].iter().map(|&after| place[after]).collect();
            next.sort_unstable();
            crossed += next
                .iter()
                .map(|end| ends.iter().filter(|&other| other > end).count())
                .sum::<usize>();
            ends.extend(next);
        }
    }
    crossed
}
