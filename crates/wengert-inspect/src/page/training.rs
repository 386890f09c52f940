//! The training beside the graph: the error by epoch, and where a network of two inputs decides,
//! epoch by epoch.

use std::fmt::{self, Write};

use crate::digits::Digits;
use crate::picture::escaped;

/// Which of two classes a network of two inputs chooses, over a part of the plane, at some epochs.
///
/// A score is positive where the network prefers class 1 and negative where it prefers class 0; 1
/// and −1 are the surest. The page shows the numbers given here, in 16 steps, and computes none.
///
/// # Examples
///
/// ```
/// use wengert_inspect::Boundary;
///
/// let mut boundary = Boundary::new((-1.0, 1.0), (-1.0, 1.0)).resolution(24, 24).point(0.5, 0.25, 1);
/// for epoch in [0, 10, 100] {
///     boundary = boundary.frame(epoch, |x, y| (x - y).tanh());
/// }
/// assert_eq!(boundary.epochs(), [0, 10, 100]);
/// ```
#[derive(Clone, Debug)]
pub struct Boundary {
    x: (f64, f64),
    y: (f64, f64),
    columns: usize,
    rows: usize,
    points: Vec<(f64, f64, usize)>,
    frames: Vec<Frame>,
    names: (String, String),
}

#[derive(Clone, Debug)]
struct Frame {
    epoch: usize,
    /// Row by row from the top.
    scores: Vec<f64>,
}

impl Boundary {
    /// The part of the plane, by the ranges of the two inputs; 48 by 48 cells.
    #[must_use]
    pub fn new(x: (f64, f64), y: (f64, f64)) -> Self {
        let names = ("x[0]".to_owned(), "x[1]".to_owned());
        Boundary { x, y, columns: 48, rows: 48, points: Vec::new(), frames: Vec::new(), names }
    }

    /// How many cells the frames to come have; at least one each way.
    #[must_use]
    pub fn resolution(mut self, columns: usize, rows: usize) -> Self {
        (self.columns, self.rows) = (columns.max(1), rows.max(1));
        self.frames.clear();
        self
    }

    /// What the axes are called.
    #[must_use]
    pub fn names(mut self, x: &str, y: &str) -> Self {
        self.names = (x.to_owned(), y.to_owned());
        self
    }

    /// A row of the data, with its class, 0 or 1.
    #[must_use]
    pub fn point(mut self, x: f64, y: f64, class: usize) -> Self {
        self.points.push((x, y, class));
        self
    }

    /// The scores at an epoch, asked for at the middle of each cell.
    #[must_use]
    pub fn frame(mut self, epoch: usize, score: impl Fn(f64, f64) -> f64) -> Self {
        let at = |(from, to): (f64, f64), index: usize, of: usize| {
            from + (to - from) * (index as f64 + 0.5) / of as f64
        };
        // The top row has the largest y.
        let cells =
            (0..self.rows).rev().flat_map(|row| (0..self.columns).map(move |column| (column, row)));
        let scores = cells
            .map(|(column, row)| {
                score(at(self.x, column, self.columns), at(self.y, row, self.rows))
            })
            .collect();
        self.frames.push(Frame { epoch, scores });
        self
    }

    /// The epochs of the frames, in order.
    #[must_use]
    pub fn epochs(&self) -> Vec<usize> {
        self.frames.iter().map(|frame| frame.epoch).collect()
    }

    fn write(&self, f: &mut impl Write, frame: &Frame) -> fmt::Result {
        const SIDE: f64 = 300.0;
        const LEVELS: usize = 16;
        let (columns, rows) = (self.columns as f64, self.rows as f64);
        let level = |score: f64| {
            (((score.clamp(-1.0, 1.0) + 1.0) / 2.0 * LEVELS as f64) as usize).min(LEVELS - 1)
        };
        let cells: Vec<Option<usize>> =
            frame.scores.iter().map(|&score| (!score.is_nan()).then(|| level(score))).collect();
        let [x0, x1, y0, y1] =
            [self.x.0, self.x.1, self.y.0, self.y.1].map(|x| Digits::new(x).significant(3));
        write!(f, "<figure data-epoch=\"{0}\"><figcaption>epoch {0}</figcaption>", frame.epoch)?;
        writeln!(
            f,
            "<svg class=\"plane\" width=\"356\" height=\"340\" viewBox=\"0 0 356 340\" role=\"img\" \
             aria-label=\"the class chosen at each point, at epoch {}\">",
            frame.epoch
        )?;
        write!(f, "<g transform=\"translate(46 8) scale({} {})\">", SIDE / columns, SIDE / rows)?;
        for wanted in 0..LEVELS {
            let mut path = String::new();
            for (row, line) in cells.chunks(self.columns).enumerate() {
                let mut column = 0;
                for run in line.chunk_by(|a, b| a == b) {
                    if run[0] == Some(wanted) {
                        path += &format!("M{column} {row}h{}v1H{column}z", run.len());
                    }
                    column += run.len();
                }
            }
            if !path.is_empty() {
                write!(
                    f,
                    "<path class=\"l{wanted}\" d=\"{path}\" shape-rendering=\"crispEdges\"/>"
                )?;
            }
        }
        writeln!(f, "</g>")?;
        let edge = self.edge(frame, SIDE);
        writeln!(
            f,
            "<path class=\"edge\" d=\"{edge}\"/><rect class=\"axis\" x=\"46\" y=\"8\" width=\"{SIDE}\" height=\"{SIDE}\"/>"
        )?;
        for &(x, y, class) in &self.points {
            let (x, y) = (
                (x - self.x.0) / (self.x.1 - self.x.0) * SIDE,
                (self.y.1 - y) / (self.y.1 - self.y.0) * SIDE,
            );
            let class = class.min(1);
            writeln!(
                f,
                "<circle class=\"point class{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"5\"/>",
                x + 46.0,
                y + 8.0
            )?;
        }
        let (name_x, name_y) = (escaped(&self.names.0), escaped(&self.names.1));
        writeln!(
            f,
            "<text x=\"46\" y=\"324\">{x0}</text><text x=\"346\" y=\"324\" text-anchor=\"end\">{x1}</text>"
        )?;
        writeln!(f, "<text x=\"196\" y=\"324\" text-anchor=\"middle\">{name_x}</text>")?;
        writeln!(
            f,
            "<text x=\"40\" y=\"308\" text-anchor=\"end\">{y0}</text><text x=\"40\" y=\"18\" text-anchor=\"end\">{y1}</text>"
        )?;
        writeln!(f, "<text x=\"40\" y=\"162\" text-anchor=\"end\">{name_y}</text></svg></figure>")
    }

    /// The line on which the score is 0, between the middles of the cells: marching squares.
    fn edge(&self, frame: &Frame, side: f64) -> String {
        let (width, height) = (side / self.columns as f64, side / self.rows as f64);
        let mut path = String::new();
        for row in 0..self.rows.saturating_sub(1) {
            for column in 0..self.columns.saturating_sub(1) {
                let corners = [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(right, down)| {
                    let (column, row) = (column + right, row + down);
                    let score = frame.scores[row * self.columns + column];
                    (46.0 + (column as f64 + 0.5) * width, 8.0 + (row as f64 + 0.5) * height, score)
                });
                if corners.iter().any(|corner| corner.2.is_nan()) {
                    continue;
                }
                let mut crossings = Vec::new();
                for side in 0..4 {
                    let (from, to) = (corners[side], corners[(side + 1) % 4]);
                    if (from.2 > 0.0) != (to.2 > 0.0) {
                        let part = from.2 / (from.2 - to.2);
                        crossings.push((
                            from.0 + (to.0 - from.0) * part,
                            from.1 + (to.1 - from.1) * part,
                        ));
                    }
                }
                for pair in crossings.chunks_exact(2) {
                    path += &format!(
                        "M{:.1} {:.1}L{:.1} {:.1}",
                        pair[0].0, pair[0].1, pair[1].0, pair[1].1
                    );
                }
            }
        }
        path
    }
}

/// The section of the page, if there is something to show.
pub(super) fn write(
    f: &mut impl Write,
    curve: &[(usize, f64)],
    boundary: Option<&Boundary>,
) -> fmt::Result {
    let frames = boundary.map_or(&[][..], |boundary| &boundary.frames);
    if curve.is_empty() && frames.is_empty() {
        return Ok(());
    }
    writeln!(f, "<section id=\"training-section\"><h2>Training</h2>")?;
    writeln!(f, "<div id=\"training\">")?;
    if !curve.is_empty() {
        draw_curve(f, curve)?;
    }
    if let Some(boundary) = boundary {
        writeln!(f, "<div id=\"frames\">")?;
        for frame in frames {
            boundary.write(f, frame)?;
        }
        writeln!(f, "</div>")?;
    }
    writeln!(f, "</div></section>")
}

fn draw_curve(f: &mut impl Write, curve: &[(usize, f64)]) -> fmt::Result {
    const MOST: usize = 600;
    let (left, top, width, height) = (64.0, 12.0, 520.0, 296.0);
    let first = curve.first().map_or(0, |point| point.0) as f64;
    let last = (curve.last().map_or(1, |point| point.0) as f64).max(first + 1.0);
    let finite = || curve.iter().map(|point| point.1).filter(|error| error.is_finite());
    let largest = finite().fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let (error_step, epoch_step) =
        (round_step(largest / 4.0), round_step((last - first) / 5.0).max(1.0));
    let (low, high) = (0.0, (largest / error_step).ceil() * error_step);
    let x = |epoch: usize| left + (epoch as f64 - first) / (last - first) * width;
    let y = |error: f64| top + (high - error) / (high - low) * height;
    let mut path = String::new();
    let step = curve.len().div_ceil(MOST).max(1);
    let mut drawing = false;
    let points =
        curve.iter().enumerate().filter(|(index, _)| index % step == 0 || index + 1 == curve.len());
    for (_, &(epoch, error)) in points {
        if !error.is_finite() {
            drawing = false;
            continue;
        }
        path += &format!("{}{:.1} {:.1}", if drawing { 'L' } else { 'M' }, x(epoch), y(error));
        drawing = true;
    }
    let (start, end) =
        (curve.first().map_or(0.0, |point| point.1), curve.last().map_or(0.0, |point| point.1));
    writeln!(
        f,
        "<figure><figcaption>error by epoch: {} at {first}, {} at {last}</figcaption><svg class=\"chart\" width=\"600\" height=\"340\" \
         viewBox=\"0 0 600 340\" role=\"img\" aria-label=\"the training error by epoch\">",
        Digits::new(start).significant(6),
        Digits::new(end).significant(6)
    )?;
    writeln!(f, "<path class=\"axis\" d=\"M{left} {top}V{}H{}\"/>", top + height, left + width)?;
    for tick in 0..=(high / error_step).round() as usize {
        let error = tick as f64 * error_step;
        let (at, text) = (y(error), Digits::new(error).significant(3));
        writeln!(f, "<path class=\"axis\" d=\"M{left} {at:.1}H{}\"/>", left + width)?;
        writeln!(
            f,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
            left - 6.0,
            at + 4.0
        )?;
    }
    for tick in 0..=((last - first) / epoch_step + 1e-9) as usize {
        let epoch = first + tick as f64 * epoch_step;
        let at = left + (epoch - first) / (last - first) * width;
        writeln!(
            f,
            "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{epoch:.0}</text>",
            top + height + 18.0
        )?;
    }
    writeln!(f, "<path class=\"line\" d=\"{path}\"/>")?;
    let scale = width / (last - first);
    writeln!(
        f,
        "<line id=\"marker\" class=\"marker\" x1=\"{left}\" x2=\"{left}\" y1=\"{top}\" y2=\"{}\" data-left=\"{}\" data-right=\"{}\" data-scale=\"{scale}\"/></svg></figure>",
        top + height,
        left - first * scale,
        left + width
    )
}

/// The next larger of 1, 2, 2.5, 5 times a power of ten.
fn round_step(step: f64) -> f64 {
    // By way of the text, which is the same everywhere; `log10` and `powf` are the platform's.
    let text = format!("{step:e}");
    let power = text
        .split_once('e')
        .and_then(|(_, exponent)| format!("1e{exponent}").parse::<f64>().ok())
        .unwrap_or(1.0);
    [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|by| by * power)
        .find(|&rounded| rounded >= step)
        .unwrap_or(step)
}
