//! A derivation with a wrong line, to be found by the reader.

use std::fmt::{self, Write};

use crate::compare::Tolerance;
use crate::diff::Diff;
use crate::picture::escaped;
use crate::reference::{Quantity, Reference};
use crate::trace::Trace;

/// A derivation by hand in which a line is wrong: the page asks which, and answers with the diff.
///
/// Nobody says which line it is. Each line states a number of the trace; the [`Diff`] of all of
/// them and the trace finds where they part first, and that line is the answer.
///
/// # Examples
///
/// ```
/// use wengert_inspect::{Exercise, Page, Trace};
///
/// let tape = wengert::Tape::new();
/// let z = tape.input(0.5).named("z");
/// let trace = Trace::of(&z.sigmoid().named("output").backward())?;
/// let output = 1.0 / (1.0 + (-0.5_f64).exp());
/// // The derivative of a sigmoid is taken of its input.
/// let exercises = [Exercise::new("One neuron")
///     .value("output", output, "output = σ(z) = 0.62246")
///     .adjoint("z", 0.5 * (1.0 - 0.5), "∂output/∂z = z (1 − z) = 0.25")];
/// assert_eq!(exercises[0].wrong_line(&trace), Some(1));
/// assert!(Page::of(&trace).exercises(&exercises).to_string().contains("Find the mistake"));
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
#[derive(Clone, Debug)]
pub struct Exercise {
    title: String,
    lines: Vec<Line>,
    claimed: Reference,
}

#[derive(Clone, Debug)]
struct Line {
    text: String,
    path: String,
    quantity: Quantity,
}

impl Exercise {
    /// A derivation without lines.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Exercise { title: title.into(), lines: Vec::new(), claimed: Reference::new() }
    }

    /// A line that states the value of a number.
    #[must_use]
    pub fn value(mut self, path: &str, number: f64, text: impl Into<String>) -> Self {
        self.claimed.value(path, number);
        self.line(path, Quantity::Value, text.into())
    }

    /// A line that states `∂L/∂v`.
    #[must_use]
    pub fn adjoint(mut self, path: &str, number: f64, text: impl Into<String>) -> Self {
        self.claimed.adjoint(path, number);
        self.line(path, Quantity::Adjoint, text.into())
    }

    /// A line that states `−∂L/∂z`.
    #[must_use]
    pub fn delta(mut self, path: &str, number: f64, text: impl Into<String>) -> Self {
        self.claimed.delta(path, number);
        self.line(path, Quantity::Delta, text.into())
    }

    fn line(mut self, path: &str, quantity: Quantity, text: String) -> Self {
        self.lines.push(Line { text, path: path.to_owned(), quantity });
        self
    }

    /// The first line that does not follow from those above it, from 0; `None` if all agree with
    /// the trace.
    #[must_use]
    pub fn wrong_line(&self, trace: &Trace) -> Option<usize> {
        let findings = self.diff(trace).findings();
        let cause = findings.cause()?;
        let states = |line: &Line| line.path == cause.path && line.quantity == cause.quantity;
        self.lines.iter().position(states)
    }

    fn diff<'a>(&'a self, trace: &'a Trace) -> Diff<'a> {
        Diff::new(trace, &self.claimed)
            .titles("from the tape", "by hand")
            .tolerance(Tolerance::relative(1e-9))
    }
}

/// The section of the page.
pub(super) fn write(f: &mut impl Write, trace: &Trace, exercises: &[Exercise]) -> fmt::Result {
    if exercises.is_empty() {
        return Ok(());
    }
    writeln!(
        f,
        "<section id=\"exercises\"><h2>Find the mistake</h2>\n\
         <p>In each derivation one line is wrong; the lines below it follow from it. Which is it?</p>"
    )?;
    for exercise in exercises {
        let wrong = exercise.wrong_line(trace).map_or(String::new(), |line| line.to_string());
        writeln!(
            f,
            "<div class=\"exercise\" data-wrong=\"{wrong}\"><h3>{}</h3>\n<ol>",
            escaped(&exercise.title)
        )?;
        for line in &exercise.lines {
            writeln!(f, "<li>{}</li>", escaped(&line.text))?;
        }
        let said = exercise.diff(trace).to_string();
        let said: String = said.lines().map(|line| escaped(line) + "\n").collect();
        writeln!(
            f,
            "</ol>\n<p class=\"verdict\" role=\"status\"></p>\n<details><summary>what the diff says</summary>\
             <pre tabindex=\"0\">{said}</pre></details></div>"
        )?;
    }
    writeln!(f, "</section>")
}
