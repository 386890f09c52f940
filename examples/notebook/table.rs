//! Three columns side by side, with a tick or a cross and the distance in units of the last place.

use std::fmt;
use std::io::Write;

use wengert_inspect::{Tolerance, relative, ulps};
use wengert_layers::RowPass;

use super::hand::Network;
use super::printed::PrintedNeuron;

/// `|a - b| <= 1e-13 |b|`: the last digits depend on the platform's exp, two builds of NumPy differ
/// in the 16th.
const RTOL: f64 = 1e-13;

/// The deltas of several networks.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    label: String,
    hand: f64,
    tape: f64,
    notebook: f64,
}

impl Row {
    fn agrees(&self) -> bool {
        let tolerance = Tolerance::relative(RTOL);
        tolerance.accepts(self.hand, self.tape) && tolerance.accepts(self.tape, self.notebook)
    }
}

impl Table {
    pub(crate) fn new() -> Self {
        Table::default()
    }

    /// Adds a row for every neuron of a network.
    pub(crate) fn layers(
        &mut self,
        title: &str,
        hand: &Network,
        tape: &[Vec<f64>],
        notebook: &[&[PrintedNeuron]],
    ) {
        let names = ["hidden", "output"];
        for (((hand, tape), notebook), name) in hand.iter().zip(tape).zip(notebook).zip(names) {
            for (j, ((hand, &tape), notebook)) in hand.iter().zip(tape).zip(*notebook).enumerate() {
                let label = format!("{title}  {name}/{j}.delta");
                self.rows.push(Row { label, hand: hand.delta, tape, notebook: notebook.delta });
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn crosses(&self) -> usize {
        self.rows.iter().filter(|row| !row.agrees()).count()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:31} {:>24} {:>24} {:>24}    {:>11} {:>11}",
            "", "derived by hand", "from the tape", "the notebook's", "hand-tape", "tape-notebook"
        )?;
        for row in &self.rows {
            writeln!(
                f,
                "{:31} {:>24?} {:>24?} {:>24?}  {} {:>11} {:>11}",
                row.label,
                row.hand,
                row.tape,
                row.notebook,
                if row.agrees() { '✓' } else { '✗' },
                distance(row.hand, row.tape),
                distance(row.tape, row.notebook)
            )?;
        }
        Ok(())
    }
}

/// The distance in units of the last place, in few characters.
fn distance(a: f64, b: f64) -> String {
    match ulps(a, b) {
        None => "NaN".to_owned(),
        Some(_) if a * b < 0.0 => "other sign".to_owned(),
        Some(n) if n < 1_000_000 => format!("{n} ulp"),
        Some(n) => format!("{:.0e} ulp", n as f64),
    }
}

/// Cell 10 beside ours: every number, and the relative difference. Returns the number of crosses.
pub(crate) fn differences(
    out: &mut impl Write,
    weights: &[Vec<Vec<f64>>],
    last: &RowPass,
    notebook: &[&[PrintedNeuron]],
) -> std::io::Result<usize> {
    let mut crosses = 0;
    writeln!(out, "{:20} {:>24} {:>24} {:>12}", "", "ours", "the notebook's", "relative")?;
    let mut row = |label: String, ours: f64, theirs: f64| {
        let agrees = Tolerance::relative(RTOL).accepts(ours, theirs);
        crosses += usize::from(!agrees);
        let mark = if agrees { '✓' } else { '✗' };
        writeln!(
            out,
            "{label:20} {ours:>24?} {theirs:>24?} {:>12.1e} {mark}",
            relative(ours, theirs)
        )
    };
    for (i, layer) in notebook.iter().enumerate() {
        let name = ["hidden", "output"][i];
        for (j, neuron) in layer.iter().enumerate() {
            let (bias, inputs) = neuron.weights.split_last().expect("a neuron has a bias");
            for (k, &theirs) in inputs.iter().enumerate() {
                row(format!("{name}/{j}.w[{k}]"), weights[i][j][k], theirs)?;
            }
            row(format!("{name}/{j}.b"), weights[i][j][inputs.len()], *bias)?;
            row(format!("{name}/{j}.output"), last.outputs[i][j], neuron.output)?;
            row(format!("{name}/{j}.delta"), last.deltas[i][j], neuron.delta)?;
        }
    }
    Ok(crosses)
}
