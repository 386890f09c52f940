//! Curves as a picture.

use std::fmt::Write;

/// A curve of a picture: a number for each epoch, or each step of something else.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve<'a> {
    /// What it is called in the picture.
    pub name: &'a str,
    /// Its numbers. One that is not finite leaves a gap.
    pub values: &'a [f64],
}

/// Told apart on white, also by those who see red and green alike (Okabe and Ito 2008).
const COLOURS: [&str; 7] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
const EDGE: f64 = 56.0;

/// Curves over one axis, as an SVG picture: one colour each, their names beside them. The vertical
/// scale is a logarithm where every number is above 0 and the largest is over 20 times the least.
///
/// # Examples
///
/// ```
/// use wengert_layers::nn::{Curve, curves};
///
/// let first = Curve { name: "seed 1", values: &[1.0, 0.1, 0.01] };
/// let second = Curve { name: "seed 2", values: &[2.0, 0.3, 0.02] };
/// let svg = curves("epoch", &[first, second]);
/// assert_eq!(svg.matches("<polyline").count(), 2);
/// assert!(svg.contains(">seed 2</text>"));
/// ```
#[must_use]
pub fn curves(axis: &str, curves: &[Curve<'_>]) -> String {
    let scale = Scale::of(curves.iter().flat_map(|curve| curve.values.iter().copied()));
    let longest = curves.iter().map(|curve| curve.values.len()).max().unwrap_or(0).max(2);
    let x = |i: usize| EDGE + (WIDTH - 2.0 * EDGE) * i as f64 / (longest - 1) as f64;
    let y = |value: f64| HEIGHT - EDGE - (HEIGHT - 2.0 * EDGE) * scale.share(value);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    // Writing to a String does not fail, here and below.
    for value in scale.marks() {
        let (at, right) = (y(value), WIDTH - EDGE);
        let _ = writeln!(
            svg,
            "<line x1=\"{EDGE}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            EDGE - 6.0,
            at + 4.0,
            short(value)
        );
    }
    let below = HEIGHT - EDGE + 18.0;
    let _ = writeln!(
        svg,
        "<text x=\"{EDGE}\" y=\"{below}\">{} 0</text>\
         <text x=\"{:.1}\" y=\"{below}\" text-anchor=\"end\">{}</text>",
        escaped(axis),
        WIDTH - EDGE,
        longest - 1
    );
    let drawn = curves.iter().filter(|curve| !curve.values.is_empty());
    for (k, Curve { name, values }) in drawn.enumerate() {
        let colour = COLOURS[k % COLOURS.len()];
        for piece in pieces(values) {
            let points: Vec<String> =
                piece.map(|i| format!("{:.1},{:.1}", x(i), y(values[i]))).collect();
            let _ = writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>",
                points.join(" ")
            );
        }
        let (right, at) = (WIDTH - EDGE, 20.0 + 16.0 * k as f64);
        let _ = writeln!(
            svg,
            "<text x=\"{right}\" y=\"{at}\" text-anchor=\"end\" fill=\"{colour}\">{}</text>",
            escaped(name)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// The runs of finite numbers.
fn pieces(values: &[f64]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = (at..values.len()).find(|&i| values[i].is_finite())?;
        let end = (start..values.len()).find(|&i| !values[i].is_finite()).unwrap_or(values.len());
        at = end;
        Some(start..end)
    })
}

/// Where numbers stand between the least and the largest.
struct Scale {
    least: f64,
    largest: f64,
    logarithm: bool,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let range = (f64::INFINITY, f64::NEG_INFINITY);
        let (least, largest) = values
            .filter(|value| value.is_finite())
            .fold(range, |(least, largest), y| (least.min(y), largest.max(y)));
        if least > largest {
            return Scale { least: 0.0, largest: 1.0, logarithm: false };
        }
        if least == largest {
            let room = if least == 0.0 { 1.0 } else { least.abs() / 2.0 };
            return Scale { least: least - room, largest: largest + room, logarithm: false };
        }
        Scale { least, largest, logarithm: least > 0.0 && largest > 20.0 * least }
    }

    fn share(&self, value: f64) -> f64 {
        // Halves: the difference of two numbers may be too large for one.
        let of = |value: f64| if self.logarithm { libm::log(value) } else { value / 2.0 };
        (of(value) - of(self.least)) / (of(self.largest) - of(self.least))
    }

    /// Numbers to write beside the axis.
    fn marks(&self) -> [f64; 3] {
        let middle = match self.logarithm {
            // Two roots: their product may be too large for a number.
            true => self.least.sqrt() * self.largest.sqrt(),
            false => self.least / 2.0 + self.largest / 2.0,
        };
        [self.least, middle, self.largest]
    }
}

/// Three digits, or a power of ten where those would be none.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 | 0.01..1e4 => format!("{value:.3}"),
        _ => format!("{value:.1e}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_stands_where_its_numbers_say() {
        let svg = curves("step", &[Curve { name: "a < b", values: &[0.0, 1.0, f64::NAN, 0.5] }]);
        assert!(svg.contains("points=\"56.0,304.0 232.0,56.0\""), "{svg}");
        assert!(svg.contains("points=\"584.0,180.0\""), "{svg}");
        assert!(svg.contains(">a &lt; b</text>") && svg.contains(">step 0</text>"), "{svg}");
    }

    #[test]
    fn a_wide_range_has_a_logarithmic_scale() {
        let svg = curves("step", &[Curve { name: "a", values: &[100.0, 1.0, 0.01] }]);
        assert!(svg.contains("points=\"56.0,56.0 320.0,180.0 584.0,304.0\""), "{svg}");
    }

    #[test]
    fn nothing_and_what_never_changes_are_drawn_too() {
        for values in [&[][..], &[0.0], &[3.0, 3.0], &[f64::NAN], &[f64::MAX, f64::MIN]] {
            let svg = curves("step", &[Curve { name: "a", values }]);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{values:?}: {svg}");
        }
    }
}
