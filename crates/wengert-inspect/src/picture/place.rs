//! From a plan to coordinates: columns, rows, frames and the ways of arrows.
//!
//! The page lays its picture out again whenever a scope opens; `page/script/layout.js` is this file
//! in the browser's language, statement by statement, and a test compares the two.

use super::plan::{GroupPlan, Plan};
use super::scopes::{Item, Scopes};
use super::visible::{Arrow, stand_in};

/// How far apart things stand, in pixels.
pub(crate) const ROW_GAP: f64 = 10.0;
/// Between columns; where arrows carry labels, what a label leaves free beside it.
const COLUMN_GAP: f64 = 30.0;
const LABEL_GAP: f64 = 14.0;
const FRAME_PADDING: f64 = 8.0;
/// Room for a frame's title.
const FRAME_TOP: f64 = 24.0;
const MARGIN: f64 = 8.0;
/// Between bands of columns, and beside them where arrows turn round to the next band.
const BAND_GAP: f64 = 22.0;
const GUTTER: f64 = 16.0;
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

/// The size of a box, whether arrows carry labels and how wide, and how wide all may be.
pub(crate) struct Sizes<'a> {
    pub(crate) of: &'a dyn Fn(Item) -> (f64, f64),
    /// The width of the widest label; 0 if there are none.
    pub(crate) labels: f64,
    /// Columns that would stand further right go on below, as words go on in the next line.
    pub(crate) room: f64,
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
    let (width, height) = placing.group(0, sizes.room);
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
    /// Left and right of each column, and its band.
    columns: Vec<(f64, f64)>,
    band_of: Vec<usize>,
    /// Where arrows cross to a band from the one above: the middle of the gap.
    gaps: Vec<f64>,
    /// Of each entry whether it takes room: a pass does in the bands of its lane's ends.
    used: Vec<bool>,
}

impl Frame {
    fn band(&self, plan: &GroupPlan, entry: usize) -> usize {
        self.band_of[plan.layer_of[entry]]
    }
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
    fn group(&mut self, group: usize, room: f64) -> (f64, f64) {
        let items = &self.scopes.groups[group].items;
        let plan = &self.plan.groups[group];
        let (padding, top) = if group == 0 { (MARGIN, MARGIN) } else { (FRAME_PADDING, FRAME_TOP) };
        let mut rects = vec![Rect::default(); plan.layer_of.len()];
        for (entry, &item) in items.iter().enumerate() {
            let (width, height) = match self.is_open(item) {
                Some(inner) => self.group(inner, room - 2.0 * padding),
                None => (self.sizes.of)(item),
            };
            (rects[entry].width, rects[entry].height) = (width, height);
        }
        let mut widths = Vec::with_capacity(plan.layers.len());
        for layer in &plan.layers {
            // Boxes of a column are equally wide, frames as wide as they must be.
            let plain =
                |&&entry: &&usize| entry < items.len() && self.is_open(items[entry]).is_none();
            let box_width =
                layer.iter().filter(plain).map(|&entry| rects[entry].width).fold(0.0, f64::max);
            layer.iter().filter(plain).for_each(|&entry| rects[entry].width = box_width);
            widths.push(layer.iter().map(|&entry| rects[entry].width).fold(0.0, f64::max));
        }
        let (mut frame, right) = self.columns(&widths, padding, room);
        for (layer, column) in plan.layers.iter().zip(&frame.columns) {
            layer.iter().for_each(|&entry| rects[entry].x = column.0);
        }
        frame.used = used(plan, items.len(), &frame);
        let bottom = self.rows(group, &mut rects, &mut frame, top);
        frame.rects = rects;
        self.frames[group] = frame;
        (right + padding, bottom + padding)
    }

    /// Columns beside each other, and in bands below each other where there is no room; and where
    /// they end.
    fn columns(&self, widths: &[f64], padding: f64, room: f64) -> (Frame, f64) {
        let Sizes { labels, .. } = *self.sizes;
        let gap = COLUMN_GAP.max(if labels > 0.0 { labels + LABEL_GAP } else { 0.0 });
        let whole = widths.iter().sum::<f64>() + gap * (widths.len().max(1) - 1) as f64;
        let wraps = whole + 2.0 * padding > room;
        // Arrows turn round beside the bands, and their labels stand there.
        let (left, most) = match wraps {
            true => (padding + GUTTER, room - padding - GUTTER - labels),
            false => (padding, f64::INFINITY),
        };
        let (mut columns, mut band_of) = (Vec::new(), Vec::new());
        let (mut x, mut band) = (left, 0);
        for &width in widths {
            if x + width > most && x > left {
                (x, band) = (left, band + 1);
            }
            columns.push((x, x + width));
            band_of.push(band);
            x += width + gap;
        }
        let right = columns.iter().map(|column| column.1).fold(left, f64::max);
        let right = if band > 0 { right + GUTTER + labels } else { right };
        (Frame { columns, band_of, ..Frame::default() }, right)
    }

    /// Moves boxes up and down towards what they are joined to.
    /// Within each band; returns where the last ends.
    fn rows(&self, group: usize, rects: &mut [Rect], frame: &mut Frame, top: f64) -> f64 {
        let plan = &self.plan.groups[group];
        let GroupPlan { layers, lanes, layer_of } = plan;
        // Joined entries, each with the heights within them at which the lane leaves and arrives.
        // A lane of many wires pulls more.
        let mut before: Vec<Vec<(usize, f64, f64, f64)>> = vec![Vec::new(); layer_of.len()];
        let mut after = before.clone();
        for lane in lanes {
            let stops: Vec<usize> =
                lane.from.into_iter().chain(lane.passes.iter().copied()).chain(lane.to).collect();
            for (at, pair) in stops.windows(2).enumerate() {
                if frame.band(plan, pair[0]) != frame.band(plan, pair[1])
                    || !frame.used[pair[0]]
                    || !frame.used[pair[1]]
                {
                    continue;
                }
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
        let layers: Vec<Vec<usize>> = layers
            .iter()
            .map(|layer| layer.iter().copied().filter(|&entry| frame.used[entry]).collect())
            .collect();
        for layer in &layers {
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
        let mut bottom = top;
        for band in 0..=frame.band_of.last().copied().unwrap_or(0) {
            let top = if band == 0 { top } else { bottom + BAND_GAP };
            if band > 0 {
                frame.gaps.push(bottom + BAND_GAP / 2.0);
            }
            let of_band = |&(layer, _): &(usize, &Vec<usize>)| frame.band_of[layer] == band;
            let entries: Vec<usize> =
                layers.iter().enumerate().filter(of_band).flat_map(|(_, of)| of.clone()).collect();
            let highest = entries.iter().map(|&entry| rects[entry].y).fold(f64::INFINITY, f64::min);
            bottom = top;
            for entry in entries {
                let rect = &mut rects[entry];
                rect.y = (rect.y - highest + 0.5).floor() + top;
                bottom = bottom.max(rect.y + rect.height);
            }
        }
        bottom
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
        let (x, y) = (from.x + from.width, from.y + from.height / 2.0);
        let arrives = to.y + to.height / 2.0;
        let mut way: Vec<Stretch> = vec![(x, x, y)];
        let through = &self.plan.ways[arrow.wires[0]];
        if through.iter().any(|&(group, lane)| self.is_backward(group, lane)) {
            // Scopes that feed each other: back below both.
            let below = (from.y + from.height).max(to.y + to.height) + ROW_GAP / 2.0;
            way.extend([(x, to.x, below), (to.x, to.x, arrives)]);
            return way;
        }
        // Where a frame was entered, the way is level from its column's left side on: beside the
        // frame stand other boxes.
        let mut entered: Option<f64> = None;
        for &(group, lane) in through {
            // Groups within a closed one are not seen.
            if !self.frames[group].rects.is_empty() {
                let origin = layout.groups[group].map_or((0.0, 0.0), |rect| (rect.x, rect.y));
                self.through(group, lane, origin, &mut way, &mut entered);
            }
        }
        way.push((entered.unwrap_or(to.x), to.x, arrives));
        way
    }

    fn is_backward(&self, group: usize, lane: usize) -> bool {
        let GroupPlan { lanes, layer_of, .. } = &self.plan.groups[group];
        match (lanes[lane].from, lanes[lane].to) {
            (Some(from), Some(to)) => layer_of[from] >= layer_of[to],
            _ => false,
        }
    }

    /// The stretches of a lane through one group: its passes, and the turns to other bands.
    fn through(
        &self,
        group: usize,
        lane: usize,
        (left, top): (f64, f64),
        way: &mut Vec<Stretch>,
        entered: &mut Option<f64>,
    ) {
        let (frame, plan) = (&self.frames[group], &self.plan.groups[group]);
        let lane = &plan.lanes[lane];
        let mut band = lane.from.map(|from| frame.band(plan, from));
        if let (Some(from), Some(last)) = (lane.from, way.last_mut()) {
            last.1 = left + frame.columns[plan.layer_of[from]].1;
        }
        let mut turn = |to: usize, way: &mut Vec<Stretch>, entered: &mut Option<f64>| {
            let first = left + frame.columns[0].0;
            match band {
                None if to > 0 => {
                    way.push((entered.take().unwrap_or(left), first, top + frame.gaps[to - 1]));
                }
                Some(from) if from < to => {
                    let end = way.last().map_or(first, |last| last.1);
                    way.push((end, first, top + frame.gaps[from]));
                    if to > from + 1 {
                        way.push((first, first, top + frame.gaps[to - 1]));
                    }
                }
                _ => {}
            }
            band = Some(to);
        };
        for &pass in lane.passes.iter().filter(|&&pass| frame.used[pass]) {
            turn(frame.band(plan, pass), way, entered);
            let column = frame.columns[plan.layer_of[pass]];
            let start = entered.take().unwrap_or(left + column.0);
            way.push((start, left + column.1, top + frame.rects[pass].y));
        }
        if let Some(to) = lane.to {
            turn(frame.band(plan, to), way, entered);
            entered.get_or_insert(left + frame.columns[plan.layer_of[to]].0);
        }
    }
}

/// The entries that take room: items, and the passes that stand in the band of one of their lane's
/// ends. Between those, arrows go beside the bands.
fn used(plan: &GroupPlan, items: usize, frame: &Frame) -> Vec<bool> {
    let mut used: Vec<bool> = (0..plan.layer_of.len()).map(|entry| entry < items).collect();
    for lane in &plan.lanes {
        let ends = [lane.from, lane.to].map(|end| end.map(|end| frame.band(plan, end)));
        for &pass in &lane.passes {
            used[pass] = ends.contains(&Some(frame.band(plan, pass)));
        }
    }
    used
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
