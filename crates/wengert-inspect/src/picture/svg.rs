//! The picture as SVG, laid out here.

use std::fmt;

use super::animate::Animation;
use super::label::{FIRST_LINE, INSET, LINE, Label, TEXT_ADVANCE, room_for_labels};
use super::place::{Layout, Rect, Sizes, Stretch, place};
use super::plan::Plan;
use super::scopes::Item;
use super::visible::{Arrow, arrows, counted};
use super::{Picture, Scene};

/// The colours and fonts of pictures, for light and dark.
pub(crate) const STYLE: &str = include_str!("picture.css");

/// A picture as a standalone SVG, through `Display`; see [`Picture::svg`].
///
/// It follows the reader's choice of light or dark. Tooltips hold the full path; a box has the
/// class of its kind (`wg-param`, `wg-data`, `wg-op`, `wg-output`, `wg-group`).
#[derive(Debug)]
pub struct Svg<'a> {
    pub(super) scene: Scene,
    pub(super) options: &'a Picture<'a>,
    /// Whether it steps through the pass by itself.
    pub(super) animated: bool,
}

/// A scene with everything in its place.
pub(crate) struct Drawing {
    pub(crate) layout: Layout,
    pub(crate) arrows: Vec<Arrow>,
}

impl Drawing {
    pub(crate) fn of(options: &Picture<'_>, scene: &Scene, plan: &Plan) -> Self {
        let arrows = arrows(&scene.boxes, &scene.scopes, &scene.open);
        let sizes = Sizes {
            of: &|item| Label::of(options, scene, item).size(),
            labels: room_for_labels(options, &scene.boxes),
            room: options.room,
        };
        let ends: Vec<(usize, usize)> =
            scene.boxes.wires.iter().map(|wire| (wire.from, wire.to)).collect();
        let layout = place(&scene.scopes, plan, &scene.open, &arrows, &sizes, &ends);
        Drawing { layout, arrows }
    }
}

/// Writes the elements within `<svg>`: frames below arrows below boxes.
pub(crate) fn elements(
    f: &mut impl fmt::Write,
    options: &Picture<'_>,
    scene: &Scene,
    drawing: &Drawing,
    animation: Option<&Animation>,
) -> fmt::Result {
    let layout = &drawing.layout;
    for (group, rect) in layout.groups.iter().enumerate() {
        if let (Some(rect), true) = (rect, scene.open[group]) {
            let of = &scene.scopes.groups[group];
            writeln!(
                f,
                "<g class=\"wg-frame\" data-g=\"{group}\"><title>{}</title>",
                escaped(&of.path)
            )?;
            rectangle(f, *rect, 10, "")?;
            let (x, y) = (rect.x + 10.0, rect.y + 17.0);
            writeln!(
                f,
                "<text class=\"wg-scope\" x=\"{x}\" y=\"{y}\">{}</text></g>",
                escaped(&of.path)
            )?;
        }
    }
    for (arrow, way) in drawing.arrows.iter().zip(&layout.ways) {
        let cut = if arrow.cut { " wg-cut" } else { "" };
        writeln!(
            f,
            "<path class=\"wg-arrow{cut}\" d=\"{}\" marker-end=\"url(#wg-head)\"/>",
            path(way)
        )?;
    }
    let counted = counted(&drawing.arrows);
    let mut taken = Vec::new();
    for (arrow, way) in drawing.arrows.iter().zip(&layout.ways) {
        if let (true, Some(label)) =
            (options.partials, arrow.label(&scene.boxes, options.digits, counted))
        {
            let (x, y) = beside(way, &label, &mut taken);
            writeln!(
                f,
                "<text class=\"wg-partial\" x=\"{x}\" y=\"{y}\">{}</text>",
                escaped(&label)
            )?;
        }
    }
    let vertices =
        layout.vertices.iter().enumerate().map(|(vertex, rect)| (Item::Vertex(vertex), rect));
    let closed = |&(group, _): &(usize, &Option<Rect>)| !scene.open[group];
    let groups = layout
        .groups
        .iter()
        .enumerate()
        .filter(closed)
        .map(|(group, rect)| (Item::Group(group), rect));
    for (item, rect) in vertices.chain(groups) {
        if let Some(rect) = rect {
            a_box(f, options, scene, item, *rect, animation)?;
        }
    }
    Ok(())
}

fn a_box(
    f: &mut impl fmt::Write,
    options: &Picture<'_>,
    scene: &Scene,
    item: Item,
    rect: Rect,
    animation: Option<&Animation>,
) -> fmt::Result {
    let label = Label::of(options, scene, item);
    let (data, title) = match item {
        Item::Vertex(vertex) => {
            (format!("data-v=\"{vertex}\""), scene.boxes.vertices[vertex].tip())
        }
        Item::Group(group) => (format!("data-g=\"{group}\""), scene.scopes.groups[group].tip()),
    };
    writeln!(f, "<g class=\"wg-box wg-{}\" {data}><title>{}</title>", label.kind, escaped(&title))?;
    let mark = match (animation, item) {
        (Some(animation), Item::Vertex(vertex)) => animation.mark(vertex),
        _ => String::new(),
    };
    rectangle(f, rect, 6, &mark)?;
    let (left, right) = (rect.x + INSET, rect.x + rect.width - INSET);
    let mut y = rect.y + FIRST_LINE;
    write!(f, "<text class=\"wg-name\" x=\"{left}\" y=\"{y}\">{}</text>", escaped(&label.name))?;
    let op = if label.kind == "group" { "+" } else { &label.op };
    write!(f, "<text class=\"wg-op-name\" x=\"{right}\" y=\"{y}\">{}</text>", escaped(op))?;
    for super::label::Line { style, text, of } in &label.lines {
        y += LINE;
        let hidden = match (animation, of) {
            (Some(animation), Some(vertex)) => animation.line(style, *vertex),
            _ => String::new(),
        };
        write!(
            f,
            "<text class=\"wg-{style}\" x=\"{left}\" y=\"{y}\">{}{hidden}</text>",
            escaped(text)
        )?;
    }
    writeln!(f, "</g>")
}

fn rectangle(f: &mut impl fmt::Write, rect: Rect, radius: u32, within: &str) -> fmt::Result {
    let Rect { x, y, width, height } = rect;
    let end = if within.is_empty() { "/>".to_owned() } else { format!(">{within}</rect>") };
    write!(
        f,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"{end}"
    )
}

/// Level stretches joined by curves that leave and arrive level.
fn path(way: &[Stretch]) -> String {
    let Some(&(x, end, y)) = way.first() else { return String::new() };
    let mut path = format!("M{x} {y}");
    if end != x {
        path += &format!("H{end}");
    }
    let (mut x, mut y, mut forward) = (end, y, true);
    for &(start, end, level) in &way[1..] {
        if level == y && start >= x {
            path += &format!("H{end}");
        } else {
            let reach = (start - x).abs().max(40.0) / 2.0;
            let leaves = if forward { x + reach } else { x - reach };
            forward = end >= start;
            let arrives = if forward { start - reach } else { start + reach };
            path += &format!("C{leaves} {y} {arrives} {level} {start} {level}");
            if end != start {
                path += &format!("H{end}");
            }
        }
        (x, y) = (end, level);
    }
    path
}

/// A little past the middle of the curve, where arrows to one box have not met yet and arrows that
/// cross have parted; where arrows share a lane afterwards, a little before the middle of the first
/// curve; where an arrow turns round, beside the turn.
fn label_at(way: &[Stretch], half: f64) -> (f64, f64) {
    let [(_, x0, y0), (x1, end, y1), ref more @ ..] = *way else { return (0.0, 0.0) };
    if end < x1 {
        return (x0 + 14.0 + half, ((y0 + (y1 - y0) * 0.4) * 10.0 + 0.5).floor() / 10.0);
    }
    let part = if more.is_empty() { 0.6 } else { 0.4 };
    // A curve that leaves and arrives level has come 3t² - 2t³ of its way up at t.
    let height = y0 + (y1 - y0) * part * part * (3.0 - 2.0 * part);
    (x0 + (x1 - x0) * part, (height * 10.0 + 0.5).floor() / 10.0 - 4.0)
}

/// The place for a label that covers none of those that are placed: there, or lower.
fn beside(way: &[Stretch], label: &str, taken: &mut Vec<(f64, f64, f64)>) -> (f64, f64) {
    const LOWER: usize = 3;
    let half = label.chars().count() as f64 * TEXT_ADVANCE / 2.0;
    let (x, y) = label_at(way, half);
    let covers = |y: f64| {
        taken.iter().any(|&(other, level, size)| {
            (x - other).abs() < half + size && (y - level).abs() < PARTIAL_LINE
        })
    };
    let places = (0..=LOWER).map(|times| y + PARTIAL_LINE * times as f64);
    let y = places.into_iter().find(|&y| !covers(y)).unwrap_or(y);
    taken.push((x, y, half));
    (x, y)
}

/// How far apart labels stand.
const PARTIAL_LINE: f64 = 12.0;

/// A text as XML has it; a character that XML has no form for becomes the sign for that.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            '\n' | '\t' => escaped.push(' '),
            c if c.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&c) => {
                escaped.push('\u{fffd}')
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// How deltas are written, where there are some.
pub(crate) const DELTA_STYLE: &str = ".wg .wg-delta { fill: #6639ba; }\n\
    @media screen and (prefers-color-scheme: dark) { .wg .wg-delta { fill: #d2a8ff; } }\n";

/// The head of arrows.
pub(crate) const HEAD: &str = "<defs><marker id=\"wg-head\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"8\" \
    markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"wg-head\" d=\"M0 1L7.5 4L0 7z\"/></marker></defs>";

impl fmt::Display for Svg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = Plan::of(&self.scene.boxes, &self.scene.scopes);
        let drawing = Drawing::of(self.options, &self.scene, &plan);
        let (width, height) = (drawing.layout.width, drawing.layout.height);
        writeln!(
            f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"wg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\">"
        )?;
        writeln!(f, "<title>{}</title>", escaped(&self.options.title()))?;
        let deltas = if self.options.deltas.contains(&true) { DELTA_STYLE } else { "" };
        writeln!(f, "<style>\n{STYLE}{deltas}</style>\n{HEAD}")?;
        writeln!(f, "<rect class=\"wg-paper\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>")?;
        let animation = self.animated.then(|| Animation::of(&self.scene, self.options.trace));
        elements(f, self.options, &self.scene, &drawing, animation.as_ref())?;
        writeln!(f, "</svg>")
    }
}
