//! From a plan to coordinates: columns, rows, frames and the ways of arrows.
//!
//! The page lays its picture out again whenever a scope opens; `page/script/layout.js` is this file in the
//! browser's language, statement by statement, and a test compares the two.

use super::plan::{GroupPlan, Plan};
use super::scopes::{Item, Scopes};
use super::visible::{Arrow, stand_in};

/// How far apart things stand, in pixels.
pub(crate) const ROW_GAP: f64 = 14.0;
const COLUMN_GAP: f64 = 30.0;
const FRAME_PADDING: f64 = 12.0;
/// Room for a frame's title.
const FRAME_TOP: f64 = 28.0;
const MARGIN: f64 = 12.0;
/// The passes over the columns in which boxes move towards their neighbours.
const PASSES: usize = 6;

/// A rectangle by its left upper corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// A level stretch of an arrow: from x to x at one height. Between stretches it curves.
pub(crate) type Stretch = (f64, f64, f64);

/// Where everything stands.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Of each vertex and each group, if it is seen.
    pub(crate) vertices: Vec<Option<Rect>>,
    pub(crate) groups: Vec<Option<Rect>>,
    /// The stretches of each arrow.
    pub(crate) ways: Vec<Vec<Stretch>>,
}

/// The size of a box, and whether arrows carry labels and how wide.
pub(crate) struct Sizes<'a> {
    pub(crate) of: &'a dyn Fn(Item) -> (f64, f64),
    /// Room between columns beside the usual.
    pub(crate) labels: f64,
}

pub(crate) fn place(
    scopes: &Scopes,
    plan: &Plan,
    open: &[bool],
    arrows: &[Arrow],
    sizes: &Sizes<'_>,
    ends: &[(usize, usize)],
) -> Layout {
    let mut placing = Placing {
        scopes,
        plan,
        open,
        sizes,
        ends,
        frames: scopes.groups.iter().map(|_| Frame::default()).collect(),
    };
    let (width, height) = placing.group(0);
    let mut layout = Layout {
        width,
        height,
        vertices: vec![None; scopes.of_vertex.len()],
        groups: vec![None; scopes.groups.len()],
        ways: Vec::new(),
    };
    placing.absolute(&mut layout, 0, 0.0, 0.0);
    layout.ways = arrows.iter().map(|arrow| placing.way(&layout, arrow)).collect();
    layout
}

/// The inside of an open group, in its own coordinates.
#[derive(Default)]
struct Frame {
    /// Of each entry of the plan.
    rects: Vec<Rect>,
    /// Left and right of each column.
    columns: Vec<(f64, f64)>,
}

struct Placing<'a> {
    scopes: &'a Scopes,
    plan: &'a Plan,
    open: &'a [bool],
    sizes: &'a Sizes<'a>,
    /// The vertices that each wire joins.
    ends: &'a [(usize, usize)],
    frames: Vec<Frame>,
}

impl Placing<'_> {
    fn is_open(&self, item: Item) -> Option<usize> {
        item.group().filter(|&group| self.open[group])
    }

    /// Places what is in an open group and returns the group's size.
    fn group(&mut self, group: usize) -> (f64, f64) {
        let items = &self.scopes.groups[group].items;
        let GroupPlan { layers, layer_of, .. } = &self.plan.groups[group];
        let mut rects = vec![Rect::default(); layer_of.len()];
        for (entry, &item) in items.iter().enumerate() {
            let (width, height) = match self.is_open(item) {
                Some(inner) => self.group(inner),
                None => (self.sizes.of)(item),
            };
            (rects[entry].width, rects[entry].height) = (width, height);
        }
        let (left, top) = if group == 0 { (MARGIN, MARGIN) } else { (FRAME_PADDING, FRAME_TOP) };
        let mut columns = Vec::with_capacity(layers.len());
        let mut x = left;
        for layer in layers {
            // Boxes of a column are equally wide, frames as wide as they must be.
            let plain =
                |&&entry: &&usize| entry < items.len() && self.is_open(items[entry]).is_none();
            let box_width =
                layer.iter().filter(plain).map(|&entry| rects[entry].width).fold(0.0, f64::max);
            layer.iter().filter(plain).for_each(|&entry| rects[entry].width = box_width);
            let width = layer.iter().map(|&entry| rects[entry].width).fold(0.0, f64::max);
            layer.iter().for_each(|&entry| rects[entry].x = x);
            columns.push((x, x + width));
            x += width + COLUMN_GAP + self.sizes.labels;
        }
        let right = columns.last().map_or(left, |column| column.1);
        self.rows(group, &mut rects, top);
        let bottom = rects.iter().map(|rect| rect.y + rect.height).fold(top, f64::max);
        self.frames[group] = Frame { rects, columns };
        let padding = if group == 0 { MARGIN } else { FRAME_PADDING };
        (right + padding, bottom + padding)
    }

    /// Moves boxes up and down towards what they are joined to.
    fn rows(&self, group: usize, rects: &mut [Rect], top: f64) {
        let GroupPlan { layers, lanes, layer_of } = &self.plan.groups[group];
        // Joined entries, each with the heights within them at which the lane leaves and arrives.
        // A lane of many wires pulls more.
        let mut before: Vec<Vec<(usize, f64, f64, f64)>> = vec![Vec::new(); layer_of.len()];
        let mut after = before.clone();
        for lane in lanes {
            let stops: Vec<usize> =
                lane.from.into_iter().chain(lane.passes.iter().copied()).chain(lane.to).collect();
            for (at, pair) in stops.windows(2).enumerate() {
                let leaves = if at == 0 && lane.from.is_some() {
                    self.port(group, pair[0], rects, &lane.wires, |ends| ends.0)
                } else {
                    0.0
                };
                let arrives = if at + 2 == stops.len() && lane.to.is_some() {
                    self.port(group, pair[1], rects, &lane.wires, |ends| ends.1)
                } else {
                    0.0
                };
                let pull = lane.wires.len() as f64;
                before[pair[1]].push((pair[0], leaves, arrives, pull));
                after[pair[0]].push((pair[1], arrives, leaves, pull));
            }
        }
        for layer in layers {
            let mut y = 0.0;
            for &entry in layer {
                rects[entry].y = y;
                y += rects[entry].height + ROW_GAP;
            }
        }
        for pass in 0..PASSES {
            let forward = pass % 2 == 0;
            for step in 0..layers.len() {
                let layer = if forward { &layers[step] } else { &layers[layers.len() - 1 - step] };
                let wanted: Vec<Option<f64>> = layer
                    .iter()
                    .map(|&entry| {
                        let near = if forward { &before[entry] } else { &after[entry] };
                        let near = if near.is_empty() {
                            if forward { &after[entry] } else { &before[entry] }
                        } else {
                            near
                        };
                        let (mut sum, mut pulls) = (0.0, 0.0);
                        for &(other, there, here, pull) in near {
                            sum += (rects[other].y + there - here) * pull;
                            pulls += pull;
                        }
                        (pulls > 0.0).then(|| sum / pulls)
                    })
                    .collect();
                settle(layer, &wanted, rects);
            }
        }
        let highest = rects.iter().map(|rect| rect.y).fold(f64::INFINITY, f64::min);
        for rect in rects.iter_mut() {
            rect.y = (rect.y - highest + 0.5).floor() + top;
        }
    }

    /// The height within an item at which its wires end: the middle of a box, the mean of the boxes
    /// in a frame.
    fn port(
        &self,
        group: usize,
        entry: usize,
        rects: &[Rect],
        wires: &[usize],
        end: impl Fn((usize, usize)) -> usize,
    ) -> f64 {
        let item = self.scopes.groups[group].items[entry];
        let Some(inner) = self.is_open(item) else { return rects[entry].height / 2.0 };
        let sum: f64 = wires.iter().map(|&wire| self.within(inner, end(self.ends[wire]))).sum();
        sum / wires.len() as f64
    }

    /// The height of the middle of a vertex, or of what stands for it, within an open group around
    /// it.
    fn within(&self, group: usize, vertex: usize) -> f64 {
        let mut item = stand_in(self.scopes, self.open, vertex);
        let mut y = None;
        while let Some(parent) = self.scopes.parent(item) {
            let entry = self.scopes.groups[parent]
                .items
                .iter()
                .position(|&other| other == item)
                .unwrap_or(0);
            let rect = self.frames[parent].rects[entry];
            y = Some(rect.y + y.unwrap_or(rect.height / 2.0));
            if parent == group {
                break;
            }
            item = Item::Group(parent);
        }
        y.unwrap_or(0.0)
    }

    fn absolute(&self, layout: &mut Layout, group: usize, x: f64, y: f64) {
        for (entry, &item) in self.scopes.groups[group].items.iter().enumerate() {
            let rect = self.frames[group].rects[entry];
            let rect = Rect { x: rect.x + x, y: rect.y + y, ..rect };
            match item {
                Item::Vertex(vertex) => layout.vertices[vertex] = Some(rect),
                Item::Group(inner) => {
                    layout.groups[inner] = Some(rect);
                    if self.open[inner] {
                        self.absolute(layout, inner, rect.x, rect.y);
                    }
                }
            }
        }
    }

    /// From the right side of a box, level to the end of each column, through the lanes' passes, to
    /// the left side of the other.
    fn way(&self, layout: &Layout, arrow: &Arrow) -> Vec<Stretch> {
        let rect = |item: Item| match item {
            Item::Vertex(vertex) => layout.vertices[vertex],
            Item::Group(group) => layout.groups[group],
        };
        let (Some(from), Some(to)) = (rect(arrow.from), rect(arrow.to)) else { return Vec::new() };
        let origin =
            |group: usize| layout.groups[group].map_or((0.0, 0.0), |rect| (rect.x, rect.y));
        let (x, y) = (from.x + from.width, from.y + from.height / 2.0);
        let arrives = to.y + to.height / 2.0;
        let mut way: Vec<Stretch> = vec![(x, x, y)];
        if to.x < x {
            // Scopes that feed each other: back below both.
            let below = (from.y + from.height).max(to.y + to.height) + ROW_GAP / 2.0;
            way.extend([(x, to.x, below), (to.x, to.x, arrives)]);
            return way;
        }
        // Where a frame was entered, the way is level from its column's left side on: beside the
        // frame stand other boxes.
        let mut entered: Option<f64> = None;
        for &(group, lane) in &self.plan.ways[arrow.wires[0]] {
            // Groups within a closed one are not seen.
            if self.frames[group].rects.is_empty() {
                continue;
            }
            let (left, top) = origin(group);
            let (frame, lane) = (&self.frames[group], &self.plan.groups[group].lanes[lane]);
            let layer_of = &self.plan.groups[group].layer_of;
            if let (Some(item), Some(last)) = (lane.from, way.last_mut()) {
                last.1 = left + frame.columns[layer_of[item]].1;
            }
            for &pass in &lane.passes {
                let column = frame.columns[layer_of[pass]];
                let start = entered.take().unwrap_or(left + column.0);
                way.push((start, left + column.1, top + frame.rects[pass].y));
            }
            if let (Some(item), None) = (lane.to, entered) {
                entered = Some(left + frame.columns[layer_of[item]].0);
            }
        }
        way.push((entered.unwrap_or(to.x), to.x, arrives));
        way
    }
}

/// Places the entries of a layer as near to what they want as their order and sizes let them, by
/// least squares: isotonic regression, pooling neighbours that would overlap.
fn settle(layer: &[usize], wanted: &[Option<f64>], rects: &mut [Rect]) {
    // Without the room that the entries above take, the rule is that places do not decrease.
    let mut room = 0.0;
    // Sum of wishes, how many, how many entries.
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    let mut rooms = Vec::with_capacity(layer.len());
    for (&entry, wanted) in layer.iter().zip(wanted) {
        let wish = wanted.unwrap_or(rects[entry].y) - room;
        rooms.push(room);
        room += rects[entry].height + ROW_GAP;
        pools.push((wish, 1.0, 1));
        while pools.len() > 1 {
            let (last, before) = (pools[pools.len() - 1], pools[pools.len() - 2]);
            if before.0 / before.1 <= last.0 / last.1 {
                break;
            }
            pools.pop();
            let top = pools.len() - 1;
            pools[top] = (before.0 + last.0, before.1 + last.1, before.2 + last.2);
        }
    }
    let mut at = 0;
    for (sum, weight, entries) in pools {
        for _ in 0..entries {
            rects[layer[at]].y = sum / weight + rooms[at];
            at += 1;
        }
    }
}
