//! The worked chain rule: every value and every derivative as a person writes it on paper.

mod symbol;
mod expr;
mod math;
mod numbers;
mod write;
mod formulas;
mod steps;
mod blocks;
mod vectors;
mod rebuilt;
mod check;
mod opening;
mod document;
mod single;
mod template;

use std::fmt;

pub use check::Known;
pub(crate) use single::{Equations, equations};
pub(crate) use template::{Templates, templates};

use check::Reference;
use expr::Arena;
use write::{latex, mathml, text};

use crate::digits::SIGNIFICANT;
use crate::trace::Trace;

/// How much one formula of a [`Derivation`] combines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Level {
    /// A line for every scalar op, as the tape has them.
    Op,
    /// From named number to named number, as one works out a neuron: what has no name and is read
    /// once is part of its reader's formula.
    #[default]
    Neuron,
    /// In vectors and matrices, where nodes are runs.
    Layer,
}

/// The worked chain rule of a trace: for every number, from the loss back, the formula, the numbers
/// put in, and the result.
///
/// It is made of any trace, not of a template for one network: formulas of values and partials are
/// the core's rules, read by a writer. A number that is read more than once has each contribution
/// on its own line, and then their sum. Results have ten significant digits, operands at least two
/// more and as many as it takes: computing with the printed numbers gives the printed result. Zeros
/// say why they are zero.
///
/// `Display` is plain text; [`markdown`](Derivation::markdown) is Markdown with LaTeX,
/// [`html`](Derivation::html) a page with MathML. At the end it checks itself: each derivative
/// beside an extrapolated central difference of the same formulas, with its step and error.
///
/// # Signs
///
/// A derivative is an adjoint, ∂L/∂v. For nodes that [`delta`](Derivation::delta) chooses it is a
/// delta, `δ = −∂L/∂z`, and a neuron's output right behind such a node is written as its error,
/// `−∂L/∂output`, as the teaching notebook has it.
///
/// # Examples
///
/// ```
/// use wengert_inspect::{Derivation, Trace};
///
/// let tape = wengert::Tape::new();
/// let (x, w) = (tape.data([3.0]).at(0).named("x"), tape.param(2.0).named("w"));
/// let z = (w * x).named("z");
/// let loss = (0.5 * (z - 7.0).square()).named("L");
/// let trace = Trace::of(&loss.backward())?;
/// let text = Derivation::new(&trace).to_string();
/// assert!(text.contains("\
///   ∂L/∂z = 0.5 · 2 · (z - 7)
///         = 0.5 · 2 · (6 - 7)
///         = -1
///
///   ∂L/∂w = ∂L/∂z · x
///         = -1 · 3
///         = -3
/// "), "{text}");
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
pub struct Derivation<'a> {
    trace: &'a Trace,
    title: &'a str,
    caption: Option<&'a str>,
    level: Level,
    delta: Option<Chosen<'a>>,
    wrt: Vec<&'a str>,
    nodes: Vec<&'a str>,
    digits: usize,
    limit: usize,
    check: usize,
    references: Vec<Reference>,
}

/// Which paths have a delta.
type Chosen<'a> = Box<dyn Fn(&str) -> bool + 'a>;

impl<'a> Derivation<'a> {
    /// Everything, from named number to named number.
    #[must_use]
    pub fn new(trace: &'a Trace) -> Self {
        Derivation {
            trace,
            title: "The chain rule, worked out",
            caption: None,
            level: Level::Neuron,
            delta: None,
            wrt: Vec::new(),
            nodes: Vec::new(),
            digits: SIGNIFICANT,
            limit: 200,
            check: 64,
            references: Vec::new(),
        }
    }

    /// The heading.
    #[must_use]
    pub fn title(mut self, title: &'a str) -> Self {
        self.title = title;
        self
    }

    /// The formula of the loss, for the introduction: a factor of 1/2 must be stated where deltas
    /// are shown.
    #[must_use]
    pub fn caption(mut self, caption: &'a str) -> Self {
        self.caption = Some(caption);
        self
    }

    /// How much one formula combines.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// The names or nodes whose derivative is written as a delta, `δ = −∂L/∂z`: those whose path
    /// `chosen` accepts (`hidden/0.z`, without a subscript).
    #[must_use]
    pub fn delta(mut self, chosen: impl Fn(&str) -> bool + 'a) -> Self {
        self.delta = Some(Box::new(chosen));
        self
    }

    /// Only the derivatives by these paths' numbers, and those that lead to them.
    #[must_use]
    pub fn wrt(mut self, paths: &[&'a str]) -> Self {
        self.wrt = paths.to_vec();
        self
    }

    /// Only the lines of these paths: names, elements, or scopes with all that is in them.
    #[must_use]
    pub fn nodes(mut self, paths: &[&'a str]) -> Self {
        self.nodes = paths.to_vec();
        self
    }

    /// The significant digits of results, 1 to 15; operands have at least two more.
    #[must_use]
    pub fn digits(mut self, significant: usize) -> Self {
        self.digits = significant.clamp(1, 15);
        self
    }

    /// At most this many numbers in each direction are worked out; a line says how many were left
    /// out.
    #[must_use]
    pub fn limit(mut self, numbers: usize) -> Self {
        self.limit = numbers;
        self
    }

    /// At most this many derivatives are compared with differences, evenly spaced; 0 leaves that
    /// section out. Each costs some dozen evaluations of the whole trace.
    #[must_use]
    pub fn check(mut self, derivatives: usize) -> Self {
        self.check = derivatives;
        self
    }

    /// What somebody else found for some of the numbers, by path, to be compared at the end:
    /// `("hidden/0.z", Known::Delta(-0.0027))`.
    #[must_use]
    pub fn reference<P: Into<String>>(
        mut self,
        name: &str,
        rows: impl IntoIterator<Item = (P, Known)>,
    ) -> Self {
        let rows = rows.into_iter().map(|(path, known)| (path.into(), known)).collect();
        self.references.push(Reference { name: name.to_owned(), rows });
        self
    }

    /// As Markdown with LaTeX, in the form that GitHub, Jupyter and most editors show.
    #[must_use]
    pub fn markdown(&self) -> impl fmt::Display {
        fmt::from_fn(|f| latex::write(f, &self.document(&Arena::default())))
    }

    /// As a page of HTML with MathML that needs no network, no script and no other file.
    #[must_use]
    pub fn html(&self) -> impl fmt::Display {
        fmt::from_fn(|f| mathml::write_page(f, self.title, &self.document(&Arena::default())))
    }
}

/// Plain text.
impl fmt::Display for Derivation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(f, &self.document(&Arena::default()))
    }
}

impl fmt::Debug for Derivation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Derivation")
            .field("title", &self.title)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}
