//! Leaving out what is too much for a file: scopes beyond a number of boxes become single boxes
//! that say what they held.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::Scene;
use super::boxes::{Boxes, Vertex, Wire};
use super::scopes::{Item, Scopes};

impl Scene {
    /// The scene with at most about `most` boxes, those around some vertices and then those of the
    /// outer scopes, and how many nodes are left out. Groups that do not fit are vertices
    /// afterwards, which cannot be opened.
    pub(crate) fn sealed(self, most: usize, first: &[usize]) -> (Scene, usize) {
        let Scene { boxes, scopes, open } = self;
        if boxes.vertices.len() <= most {
            return (Scene { boxes, scopes, open }, 0);
        }
        let kept = kept(&scopes, most, first);
        // The outermost group that is not kept stands for all that is in it.
        let sealed: Vec<Option<usize>> = (0..boxes.vertices.len())
            .map(|vertex| {
                let mut outermost = None;
                let mut around = Some(scopes.of_vertex[vertex]);
                while let Some(group) = around {
                    if !kept[group] {
                        outermost = Some(group);
                    }
                    around = scopes.groups[group].parent;
                }
                outermost
            })
            .collect();
        let left_out = sealed.iter().flatten().count();

        let mut place = vec![0; boxes.vertices.len()];
        let mut of_group: BTreeMap<usize, usize> = BTreeMap::new();
        let mut vertices: Vec<Vertex> = Vec::new();
        for (index, vertex) in boxes.vertices.into_iter().enumerate() {
            let Some(group) = sealed[index] else {
                place[index] = vertices.len();
                vertices.push(vertex);
                continue;
            };
            place[index] = *of_group.entry(group).or_insert_with(|| {
                let of = &scopes.groups[group];
                vertices.push(Vertex {
                    path: of.path.clone(),
                    name: of.title.clone(),
                    formula: of.summary.clone(),
                    slots: Vec::new(),
                    holds: of.vertices,
                    on_paper: None,
                    ..vertex
                });
                vertices.len() - 1
            });
        }
        let mut wires: Vec<Wire> = Vec::new();
        let mut known: HashMap<(usize, usize), usize> = HashMap::new();
        for wire in boxes.wires {
            let (from, to) = (place[wire.from], place[wire.to]);
            if from != to {
                let whole = vertices[from].holds == 0 && vertices[to].holds == 0;
                let at = *known.entry((from, to)).or_insert_with(|| {
                    wires.push(Wire { from, to, cut: true, partials: None });
                    wires.len() - 1
                });
                wires[at].cut &= wire.cut;
                wires[at].partials = wire.partials.filter(|_| whole);
            }
        }
        let of_slot =
            boxes.of_slot.into_iter().map(|vertex| vertex.map(|vertex| place[vertex])).collect();

        let mut new = vec![None; scopes.groups.len()];
        (0..scopes.groups.len())
            .filter(|&group| kept[group])
            .enumerate()
            .for_each(|(at, group)| new[group] = Some(at));
        let mut of_vertex = vec![0; vertices.len()];
        let mut groups = Vec::new();
        let mut opened = Vec::new();
        for (index, mut group) in scopes.groups.into_iter().enumerate() {
            let Some(at) = new[index] else { continue };
            group.parent = group.parent.and_then(|parent| new[parent]);
            group.items = group
                .items
                .into_iter()
                .map(|item| match item {
                    Item::Vertex(vertex) => Item::Vertex(place[vertex]),
                    Item::Group(inner) => match new[inner] {
                        Some(inner) => Item::Group(inner),
                        None => Item::Vertex(of_group[&inner]),
                    },
                })
                .collect();
            for item in &group.items {
                if let Item::Vertex(vertex) = *item {
                    of_vertex[vertex] = at;
                }
            }
            groups.push(group);
            opened.push(open[index]);
        }
        let boxes = Boxes { vertices, wires, of_slot };
        (Scene { boxes, scopes: Scopes { groups, of_vertex }, open: opened }, left_out)
    }
}

/// The groups whose items fit: those around the first vertices, then from the outside inwards.
fn kept(scopes: &Scopes, most: usize, first: &[usize]) -> Vec<bool> {
    let mut kept = vec![false; scopes.groups.len()];
    // The root is always there; it was folded to a number that fits.
    kept[0] = true;
    let mut items = scopes.groups[0].items.len();
    for &vertex in first {
        let mut around = vec![scopes.of_vertex[vertex]];
        while let Some(outer) = scopes.groups[around[around.len() - 1]].parent {
            around.push(outer);
        }
        let more: usize = around
            .iter()
            .filter(|&&group| !kept[group])
            .map(|&group| scopes.groups[group].items.len())
            .sum();
        if items + more <= most {
            items += more;
            around.into_iter().for_each(|group| kept[group] = true);
        }
    }
    let mut queue = VecDeque::from([0]);
    while let Some(group) = queue.pop_front() {
        let of = &scopes.groups[group];
        if !kept[group] && items + of.items.len() <= most {
            items += of.items.len();
            kept[group] = true;
        }
        if kept[group] {
            queue.extend(of.items.iter().filter_map(|item| item.group()));
        }
    }
    kept
}
