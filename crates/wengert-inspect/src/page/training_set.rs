//! What the page trains on.

use std::fmt::{self, Write};

use serde::Serialize;

use crate::picture::escaped;
use crate::trace::{Slot, Trace};

/// Rows that a page trains its network on, one at a time, by plain gradient descent.
///
/// The page sets the numbers of the inputs and of the targets to those of a row, runs the tape's steps
/// forward and back, and moves every parameter against its adjoint: `w −= rate · ∂L/∂w`. It is what
/// a training loop over a tape does, in the same order and to the same bits.
///
/// # Examples
///
/// ```
/// use wengert_inspect::{Page, Trace, Training};
///
/// let tape = wengert::Tape::new();
/// let (x, target) = (tape.data([1.0]).named("x"), tape.data([0.0]).named("target"));
/// let w = tape.param(0.5).named("w");
/// let trace = Trace::of(&(w * x.at(0) - target.at(0)).square().named("L").backward())?;
/// let rows = [([1.0], [0.0]), ([2.0], [1.0])];
/// let training = Training::new("x", "target").rate(0.1).set("two rows", rows).start("0.5", [0.5]);
/// assert!(Page::of(&trace).training(&training).to_string().contains("two rows"));
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
#[derive(Clone, Debug)]
pub struct Training {
    inputs: String,
    targets: String,
    rate: f64,
    sets: Vec<Set>,
    starts: Vec<Start>,
    score: Option<(String, Option<String>)>,
    opens: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Set {
    name: String,
    rows: Vec<Vec<f64>>,
    /// For every row what noise adds to its numbers, of one unit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    noise: Vec<Vec<f64>>,
}

#[derive(Clone, Debug, Serialize)]
struct Start {
    name: String,
    params: Vec<f64>,
}

/// The same by slots.
#[derive(Serialize)]
pub(super) struct Data {
    /// Where the numbers of a row go.
    slots: Vec<usize>,
    /// How many of them are inputs.
    inputs: usize,
    rate: f64,
    sets: Vec<Set>,
    starts: Vec<Start>,
    /// The numbers whose difference is the score of a class.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    score: Vec<usize>,
    #[serde(skip)]
    opens: bool,
}

impl Training {
    /// The paths of the inputs and of the targets.
    #[must_use]
    pub fn new(inputs: &str, targets: &str) -> Self {
        Training {
            inputs: inputs.to_owned(),
            targets: targets.to_owned(),
            rate: 0.1,
            sets: Vec::new(),
            starts: Vec::new(),
            score: None,
            opens: false,
        }
    }

    /// The rate at first.
    #[must_use]
    pub fn rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// A set of rows, each the inputs and the targets; the first set is the one that is trained on
    /// first.
    #[must_use]
    pub fn set<I: AsRef<[f64]>, T: AsRef<[f64]>>(
        mut self,
        name: &str,
        rows: impl IntoIterator<Item = (I, T)>,
    ) -> Self {
        let row = |(inputs, targets): (I, T)| [inputs.as_ref(), targets.as_ref()].concat();
        let rows = rows.into_iter().map(row).collect();
        self.sets.push(Set { name: name.to_owned(), rows, noise: Vec::new() });
        self
    }

    /// What one unit of noise adds to the inputs of each row of the last set: the reader chooses how
    /// many units.
    #[must_use]
    pub fn noise<I: AsRef<[f64]>>(mut self, rows: impl IntoIterator<Item = I>) -> Self {
        if let Some(set) = self.sets.last_mut() {
            set.noise = rows.into_iter().map(|row| row.as_ref().to_vec()).collect();
        }
        self
    }

    /// Parameters from which a training may begin, in the order of the tape.
    #[must_use]
    pub fn start(mut self, name: &str, params: impl AsRef<[f64]>) -> Self {
        self.starts.push(Start { name: name.to_owned(), params: params.as_ref().to_vec() });
        self
    }

    /// The number that is larger the more a network prefers class 1, less that of class 0 if there
    /// is one: what the page draws over the plane of two inputs after each step.
    #[must_use]
    pub fn score(mut self, of: &str, less: Option<&str>) -> Self {
        self.score = Some((of.to_owned(), less.map(str::to_owned)));
        self
    }

    /// What the network decides is drawn beside the panel from the start, and not only below the
    /// graph once it trains.
    #[must_use]
    pub fn opened(mut self) -> Self {
        self.opens = true;
        self
    }

    /// # Errors
    ///
    /// Words that say which path or number does not fit.
    pub(super) fn data(&self, trace: &Trace, params: &[usize]) -> Result<Data, String> {
        let missing = |path: &str| format!("there is no {path}");
        let slots = |path: &str| {
            let part = trace.find(path).ok_or_else(|| missing(path))?;
            Ok::<_, String>(part.slots().iter().map(|slot| slot.index()).collect::<Vec<_>>())
        };
        let (inputs, targets) = (slots(&self.inputs)?, slots(&self.targets)?);
        let score = match &self.score {
            None => Vec::new(),
            Some((of, less)) => {
                let slot = |path: &String| trace.slot(path).ok_or_else(|| missing(path));
                let paths = [Some(of), less.as_ref()].into_iter().flatten();
                paths.map(|path| Ok(Slot::index(slot(path)?))).collect::<Result<_, String>>()?
            }
        };
        let width = inputs.len() + targets.len();
        for set in &self.sets {
            let fits = set.rows.iter().all(|row| row.len() == width)
                && set.noise.iter().all(|row| row.len() == inputs.len())
                && (set.noise.is_empty() || set.noise.len() == set.rows.len());
            if !fits || set.rows.is_empty() {
                return Err(format!("the rows of {} do not fit", set.name));
            }
        }
        if self.starts.iter().any(|start| start.params.len() != params.len()) {
            return Err("a start has another number of parameters".to_owned());
        }
        Ok(Data {
            inputs: inputs.len(),
            slots: [inputs, targets].concat(),
            rate: self.rate,
            sets: self.sets.clone(),
            starts: self.starts.clone(),
            score,
            opens: self.opens,
        })
    }
}

impl Data {
    /// What the reader chooses.
    pub(super) fn controls(&self, f: &mut impl Write) -> fmt::Result {
        let select = |f: &mut dyn Write, id: &str, label: &str, names: &[&String]| {
            write!(f, "<label>{label} <select id=\"{id}\">")?;
            for (index, name) in names.iter().enumerate() {
                write!(f, "<option value=\"{index}\">{}</option>", escaped(name))?;
            }
            writeln!(f, "</select></label>")
        };
        if self.sets.len() > 1 {
            select(f, "set", "data", &self.sets.iter().map(|set| &set.name).collect::<Vec<_>>())?;
        }
        if self.sets.iter().any(|set| !set.noise.is_empty()) {
            writeln!(
                f,
                "<label>noise <input id=\"noise\" type=\"range\" min=\"0\" max=\"3\" step=\"0.25\" \
                 value=\"1\"></label>"
            )?;
        }
        writeln!(
            f,
            "<label>rate <input id=\"rate\" type=\"number\" min=\"0\" step=\"any\" value=\"{}\"></label>\
             <button id=\"train-row\">Train one row</button>\
             <button id=\"train-epoch\">Train one epoch</button>\
             <button id=\"train-on\">Train on</button>",
            self.rate
        )?;
        if !self.starts.is_empty() {
            let names: Vec<&String> = self.starts.iter().map(|start| &start.name).collect();
            select(f, "start", "weights", &names)?;
            writeln!(f, "<button id=\"start-over\">Start over</button>")?;
        }
        Ok(())
    }

    /// What the network decides, beside the panel or with the curve.
    pub(super) fn plane(&self, f: &mut impl Write, beside: bool) -> fmt::Result {
        if self.score.is_empty() || self.inputs != 2 || self.opens != beside {
            return Ok(());
        }
        writeln!(
            f,
            "<figure id=\"plane\" class=\"scripts\"><figcaption>the class chosen at each point, now</figcaption>\
             <svg class=\"plane\" width=\"356\" height=\"340\" viewBox=\"0 0 356 340\" role=\"img\" \
             aria-label=\"the class chosen at each point, now\"></svg></figure>"
        )
    }

    /// Where the training is drawn.
    pub(super) fn figures(&self, f: &mut impl Write) -> fmt::Result {
        let open = if self.opens { " open" } else { "" };
        writeln!(
            f,
            "<details id=\"trained\" class=\"scripts\"{open}><summary>The training from here</summary><div>\
             <figure id=\"losses\"><figcaption></figcaption><svg class=\"chart\" width=\"360\" height=\"340\" \
             viewBox=\"0 0 360 340\" role=\"img\" aria-label=\"the loss by epoch\"></svg></figure>"
        )?;
        self.plane(f, false)?;
        writeln!(f, "</div></details>")
    }
}
