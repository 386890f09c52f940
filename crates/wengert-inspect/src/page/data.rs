//! What the page's script needs to draw and to step: the plan of the picture, the order of time,
//! the ways of gradients. No number that a reader sees is in it but the texts of boxes and arrows.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::picture::{Item, Label, Picture, Plan, Scene, Steps, Vertex, room_for_labels};
use crate::trace::{Slot, Trace};

#[derive(Serialize)]
pub(super) struct Data {
    vertices: Vec<VertexData>,
    groups: Vec<GroupData>,
    wires: Vec<WireData>,
    /// The groups that are open at first.
    open: Vec<usize>,
    /// Room for labels between columns.
    labels: f64,
    /// Vertices in the order in which they get their value, all leaves at once, and their adjoint.
    forward: Vec<Vec<usize>>,
    backward: Vec<usize>,
    /// The vertex that is chosen at first.
    chosen: Option<usize>,
    /// For a number the one that added most to its adjoint: its slot and its vertex.
    next: BTreeMap<usize, (usize, usize)>,
    /// Other epochs, whose rows stand in templates: `moment-3` for the third.
    moments: Vec<Moment>,
    /// The epochs that there is something to see of, ascending.
    epochs: Vec<usize>,
}

/// What of [`Data`] is other at another epoch.
#[derive(Serialize)]
struct Moment {
    epoch: usize,
    summary: String,
    /// By vertex and group, the texts of the lines.
    vertices: Vec<Vec<String>>,
    groups: Vec<Vec<String>>,
    /// By vertex, the number that is looked at first.
    slots: Vec<Option<usize>>,
    /// By wire.
    labels: Vec<Option<String>>,
    next: BTreeMap<usize, (usize, usize)>,
}

#[derive(Serialize)]
struct VertexData {
    path: String,
    /// What it is called where a reader is told of it: `output/error²` for `output/powi#1`.
    title: String,
    group: usize,
    /// The number that is looked at first: the one with the largest adjoint. None if the box's
    /// nodes are left out.
    slot: Option<usize>,
    several: bool,
    delta: bool,
    #[serde(flatten)]
    label: LabelData,
}

#[derive(Serialize)]
struct LabelData {
    name: String,
    op: String,
    /// Style, text, and the vertex that the text is of.
    lines: Vec<(&'static str, String, Option<usize>)>,
    kind: &'static str,
    tip: String,
    width: f64,
    height: f64,
}

#[derive(Serialize)]
struct GroupData {
    path: String,
    parent: Option<usize>,
    items: Vec<(u8, usize)>,
    layers: Vec<Vec<usize>>,
    layer_of: Vec<usize>,
    lanes: Vec<LaneData>,
    #[serde(flatten)]
    label: LabelData,
}

#[derive(Serialize)]
struct LaneData {
    from: Option<usize>,
    to: Option<usize>,
    passes: Vec<usize>,
    wires: Vec<usize>,
}

#[derive(Serialize)]
struct WireData {
    from: usize,
    to: usize,
    cut: bool,
    label: Option<String>,
    way: Vec<(usize, usize)>,
}

impl Data {
    /// `shown` are the slots whose ways are to be followed.
    pub(super) fn of(
        picture: &Picture<'_>,
        scene: &Scene,
        plan: Plan,
        shown: &[Vec<Slot>],
        chosen: Option<&str>,
    ) -> Self {
        let trace = picture.trace();
        let label = |item: Item| {
            let label = Label::of(picture, scene, item);
            let (width, height) = label.size();
            let op = if label.kind == "group" { "+".to_owned() } else { label.op };
            let tip = match item {
                Item::Vertex(vertex) => scene.boxes.vertices[vertex].tip(),
                Item::Group(group) => scene.scopes.groups[group].tip(),
            };
            LabelData {
                name: label.name,
                op,
                lines: label
                    .lines
                    .into_iter()
                    .map(|line| (line.style, line.text, line.of))
                    .collect(),
                kind: label.kind,
                tip,
                width,
                height,
            }
        };
        let vertices = scene.boxes.vertices.iter().enumerate().map(|(index, vertex)| VertexData {
            path: vertex.path.clone(),
            title: title(trace, vertex),
            group: scene.scopes.of_vertex[index],
            slot: largest(trace, &shown[index]).map(Slot::index),
            several: vertex.slots.len() > 1,
            delta: picture.has_delta(vertex),
            label: label(Item::Vertex(index)),
        });
        let vertices: Vec<VertexData> = vertices.collect();
        let key = |item: &Item| match *item {
            Item::Vertex(vertex) => (0, vertex),
            Item::Group(group) => (1, group),
        };
        let groups = scene.scopes.groups.iter().zip(plan.groups).enumerate().map(
            |(index, (group, plan))| GroupData {
                path: group.path.clone(),
                parent: group.parent,
                items: group.items.iter().map(key).collect(),
                layers: plan.layers,
                layer_of: plan.layer_of,
                lanes: plan
                    .lanes
                    .into_iter()
                    .map(|lane| LaneData {
                        from: lane.from,
                        to: lane.to,
                        passes: lane.passes,
                        wires: lane.wires,
                    })
                    .collect(),
                label: label(Item::Group(index)),
            },
        );
        let groups = groups.collect();
        let wires = scene.boxes.wires.iter().zip(plan.ways).map(|(wire, way)| WireData {
            from: wire.from,
            to: wire.to,
            cut: wire.cut,
            label: wire.label(picture.significant()),
            way,
        });
        let open = scene.open.iter().enumerate().filter(|&(_, &open)| open).map(|(group, _)| group);
        let Steps { forward, backward } = Steps::of(scene, trace);
        Data {
            wires: wires.collect(),
            open: open.collect(),
            labels: room_for_labels(picture, &scene.boxes),
            chosen: match chosen {
                Some(path) => vertices.iter().position(|vertex| vertex.path == path),
                None => vertices.iter().position(|vertex| vertex.delta),
            },
            forward,
            backward,
            next: ways(trace, scene, shown),
            moments: Vec::new(),
            epochs: Vec::new(),
            vertices,
            groups,
        }
    }

    /// Adds another epoch of the same graph, and gives every box the room that it needs then;
    /// returns the number of its template.
    pub(super) fn add_moment(&mut self, epoch: usize, summary: String, other: Data) -> usize {
        let texts = |label: &LabelData| label.lines.iter().map(|line| line.1.clone()).collect();
        let room = |own: &mut LabelData, other: &LabelData| own.width = own.width.max(other.width);
        for (own, other) in self.vertices.iter_mut().zip(&other.vertices) {
            room(&mut own.label, &other.label);
        }
        for (own, other) in self.groups.iter_mut().zip(&other.groups) {
            room(&mut own.label, &other.label);
        }
        self.labels = self.labels.max(other.labels);
        self.moments.push(Moment {
            epoch,
            summary,
            vertices: other.vertices.iter().map(|vertex| texts(&vertex.label)).collect(),
            groups: other.groups.iter().map(|group| texts(&group.label)).collect(),
            slots: other.vertices.iter().map(|vertex| vertex.slot).collect(),
            labels: other.wires.into_iter().map(|wire| wire.label).collect(),
            next: other.next,
        });
        self.epochs.push(epoch);
        self.moments.len() - 1
    }

    /// `moments` are epochs that the page computes, and that no template holds.
    pub(super) fn add_epochs(&mut self, epochs: &[usize], moments: &[usize]) {
        self.epochs.extend(epochs);
        self.epochs.extend(moments);
        self.epochs.sort_unstable();
        self.epochs.dedup();
        // The page's own trace is the last: one more than those before it, if nothing says which.
        let held = self.moments.iter().map(|moment| moment.epoch);
        let moments = held.chain(moments.iter().copied()).max();
        if let (Some(last), true) = (moments, moments == self.epochs.last().copied()) {
            self.epochs.push(last + 1);
        }
    }

    /// How many epochs can be looked at.
    pub(super) fn epochs(&self) -> usize {
        self.epochs.len()
    }

    /// Whether another graph has the same boxes, joined by the same wires.
    pub(super) fn is_like(&self, other: &Data) -> bool {
        let lines = |label: &LabelData| label.lines.len();
        let paths = |data: &Data| -> Vec<(String, usize)> {
            data.vertices.iter().map(|v| (v.path.clone(), lines(&v.label))).collect()
        };
        let wires = |data: &Data| -> Vec<(usize, usize)> {
            data.wires.iter().map(|wire| (wire.from, wire.to)).collect()
        };
        paths(self) == paths(other) && wires(self) == wires(other)
    }
}

/// The path, with the name on paper for a node that has no name.
fn title(trace: &Trace, vertex: &Vertex) -> String {
    let known = vertex.known_as(trace);
    if known == vertex.name {
        return vertex.path.clone();
    }
    match vertex.path.strip_suffix(&vertex.name) {
        Some(scope) => format!("{scope}{known}"),
        None => known.to_owned(),
    }
}

fn largest(trace: &Trace, slots: &[Slot]) -> Option<Slot> {
    let size = |slot: Slot| trace.adjoint(slot).number().map_or(0.0, f64::abs);
    slots.iter().copied().reduce(|best, slot| if size(slot) > size(best) { slot } else { best })
}

fn ways(trace: &Trace, scene: &Scene, shown: &[Vec<Slot>]) -> BTreeMap<usize, (usize, usize)> {
    let strongest = trace.strongest(0);
    let mut next = BTreeMap::new();
    for &slot in shown.iter().flatten() {
        let mut at = slot;
        while let Some(reader) = trace.next_of(&strongest, at) {
            let Some(vertex) = scene.boxes.of_slot[reader.reader.index()] else { break };
            if next.insert(at.index(), (reader.reader.index(), vertex)).is_some() {
                break;
            }
            at = reader.reader;
        }
    }
    next
}
