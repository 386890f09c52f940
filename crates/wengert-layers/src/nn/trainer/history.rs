//! What a training came to, epoch by epoch.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use super::Warning;

/// An epoch: every row once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Its number, from 0.
    pub epoch: usize,
    /// The rate of its last step.
    pub rate: f64,
    /// The mean over its rows of the loss, each batch's from before its step; with penalties.
    pub loss: f64,
    /// The loss of the table for validation after it, without penalties and dropout.
    pub validation: Option<f64>,
    /// The share of that table's rows whose class is found; `None` for numbers.
    pub accuracy: Option<f64>,
}

/// Why training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ended {
    /// All epochs are done.
    AfterAllEpochs,
    /// The loss has not become better for as many epochs as patience was asked for.
    OutOfPatience,
    /// The callback said so.
    ByCallback,
    /// Somebody asked for it, by Ctrl-C or the flag.
    Interrupted,
}

/// What a training came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Epoch by epoch.
    pub epochs: Vec<EpochReport>,
    /// The epoch whose parameters the model has: the best on the table for validation, or the last.
    pub kept: Option<usize>,
    /// Why it ended.
    pub ended: Ended,
    /// Why the loss stands still, if it does.
    pub warnings: Vec<Warning>,
    /// What the optimiser has come to with the last epoch, for
    /// [`Trainer::resume`](super::Trainer::resume).
    pub state: crate::nn::optim::State,
}

impl History {
    /// The epoch whose parameters the model has.
    #[must_use]
    pub fn kept(&self) -> Option<&EpochReport> {
        self.kept.and_then(|epoch| self.epochs.iter().find(|report| report.epoch == epoch))
    }

    /// A line for each epoch: `epoch,rate,loss,validation,accuracy`.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut text = "epoch,rate,loss,validation,accuracy\n".to_owned();
        let shown =
            |number: Option<f64>| number.map_or(String::new(), |number| format!("{number:?}"));
        for report in &self.epochs {
            let EpochReport { epoch, rate, loss, validation, accuracy } = *report;
            let (validation, accuracy) = (shown(validation), shown(accuracy));
            // Writing to a String does not fail.
            let _ = writeln!(text, "{epoch},{rate:?},{loss:?},{validation},{accuracy}");
        }
        text
    }

    /// The curves of the losses over the epochs as an SVG picture, the scale a logarithm.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let losses: Vec<f64> = self.epochs.iter().map(|report| report.loss).collect();
        let checked: Vec<f64> = self.epochs.iter().filter_map(|report| report.validation).collect();
        curves(&[("loss", &losses), ("validation", &checked)])
    }
}

/// Curves over one axis, with a logarithmic scale.
fn curves(curves: &[(&str, &[f64])]) -> String {
    const COLOURS: [&str; 2] = ["#1f6feb", "#d1242f"];
    let (width, height, edge) = (640.0, 360.0, 48.0);
    let numbers =
        || curves.iter().flat_map(|(_, curve)| curve.iter().copied()).filter(|y| *y > 0.0);
    let (mut low, mut high) =
        numbers().fold((f64::INFINITY, 0.0_f64), |(low, high), y| (low.min(y), high.max(y)));
    if high == 0.0 {
        (low, high) = (0.1, 1.0);
    }
    if high < 1.01 * low {
        (low, high) = (low / 1.01, high * 1.01);
    }
    let longest = curves.iter().map(|(_, curve)| curve.len()).max().unwrap_or(0).max(2);
    let x = |i: usize| edge + (width - 2.0 * edge) * i as f64 / (longest - 1) as f64;
    let y = |value: f64| {
        let share =
            (libm::log(value.max(low)) - libm::log(low)) / (libm::log(high) - libm::log(low));
        height - edge - (height - 2.0 * edge) * share
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for value in [low, (low * high).sqrt(), high] {
        let at = y(value);
        let _ = writeln!(
            svg,
            "<line x1=\"{edge}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\
             <text x=\"4\" y=\"{:.1}\">{value:.3}</text>",
            width - edge,
            at + 4.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\">epoch {}</text>",
        width - 100.0,
        height - 16.0,
        longest - 1
    );
    for (k, (name, curve)) in curves.iter().enumerate().filter(|(_, (_, curve))| !curve.is_empty())
    {
        let colour = COLOURS[k % COLOURS.len()];
        let points: Vec<String> = curve
            .iter()
            .enumerate()
            .map(|(i, &value)| format!("{:.1},{:.1}", x(i), y(value)))
            .collect();
        let (points, at) = (points.join(" "), 20.0 + 16.0 * k as f64);
        let _ = writeln!(
            svg,
            "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>\
             <text x=\"{:.1}\" y=\"{at}\" fill=\"{colour}\">{name}</text>",
            width - 140.0
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// `epoch 12  rate 0.01  loss 0.0123  validation 0.0200  accuracy 98.3%`.
impl fmt::Display for EpochReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {:>4}  rate {:.3e}  loss {:.6}", self.epoch, self.rate, self.loss)?;
        if let Some(validation) = self.validation {
            write!(f, "  validation {validation:.6}")?;
        }
        if let Some(accuracy) = self.accuracy {
            write!(f, "  accuracy {:.2}%", 100.0 * accuracy)?;
        }
        Ok(())
    }
}
