//! Pictures of a trace: one model (boxes, scopes, what is seen, where it stands), three writers.

mod boxes;
mod scopes;
mod visible;
mod sealed;
mod plan;
mod place;
mod label;
mod paper;
mod steps;
mod animate;
mod dot;
mod mermaid;
mod svg;

pub use dot::Dot;
pub use mermaid::Mermaid;
pub use svg::Svg;

pub(crate) use boxes::{AFTER, Vertex, Wire};
pub(crate) use label::{INSET, Label, TEXT_ADVANCE, room_for_labels};
pub(crate) use paper::legend;
pub(crate) use plan::Plan;
pub(crate) use scopes::Item;
pub(crate) use steps::Steps;
pub(crate) use svg::{DELTA_STYLE, Drawing, HEAD, STYLE, elements, escaped};

use boxes::Boxes;
use scopes::{CROWD, Scopes};
use visible::Choice;

use crate::trace::Trace;

/// The trace as a picture: a box for every node with its path and op, its scopes as frames, an
/// arrow from each operand to its reader. Written as DOT, SVG or Mermaid.
///
/// A scope with many nodes is drawn closed, as one box that says what it holds:
/// `×30, each: param ×2, affine, sigmoid` where the same thing is repeated,
/// `affine, mul ×2, +12 more` where things differ. Scopes open from the outside inwards while at
/// most about 40 boxes are seen; which do is the caller's choice. Crowds without scopes are folded:
/// `[mul#1..add#40]`.
///
/// Constants without a name are hidden by default and stand in their readers' formula instead. A
/// block of leaves whose parts have names is drawn as its parts.
///
/// # Examples
///
/// ```
/// use wengert_inspect::{Picture, Trace};
///
/// let tape = wengert::Tape::new();
/// let x = tape.input(3.0).named("x");
/// let y = {
///     let _scope = tape.scope("model");
///     (x * 2.0).named("y")
/// };
/// let trace = Trace::of(&y.backward())?;
/// let picture = Picture::new(&trace).partials(true);
/// assert_eq!(picture.mermaid().to_string(), r#"flowchart LR
///   v0["x<br/>input"]
///   subgraph s1["model"]
///     v2["model/y<br/>mul(_, 2)"]
///   end
///   v0 -->|"2"| v2
/// "#);
/// assert!(picture.collapse("model").mermaid().to_string().contains("v0 -->"));
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
#[derive(Clone, Debug)]
pub struct Picture<'a> {
    trace: &'a Trace,
    constants: bool,
    values: bool,
    adjoints: bool,
    partials: bool,
    digits: usize,
    limit: usize,
    /// Whether ops are written as on paper.
    paper: bool,
    /// How wide it may be.
    room: f64,
    choices: Vec<(String, Choice)>,
    /// By node, whether its delta is shown; empty if none is.
    deltas: Vec<bool>,
}

impl<'a> Picture<'a> {
    /// Paths and ops only.
    #[must_use]
    pub fn new(trace: &'a Trace) -> Self {
        Picture {
            trace,
            constants: false,
            values: false,
            adjoints: false,
            partials: false,
            digits: 6,
            limit: CROWD,
            paper: false,
            room: f64::INFINITY,
            choices: Vec::new(),
            deltas: Vec::new(),
        }
    }

    /// Shows constants as nodes of their own.
    #[must_use]
    pub fn show_constants(mut self, show: bool) -> Self {
        self.constants = show;
        self
    }

    /// Shows values; of a run its first few.
    #[must_use]
    pub fn values(mut self, show: bool) -> Self {
        self.values = show;
        self
    }

    /// Shows adjoints; of a run its first few.
    #[must_use]
    pub fn adjoints(mut self, show: bool) -> Self {
        self.adjoints = show;
        self
    }

    /// Shows `δ = −∂L/∂z` below the adjoint of the nodes whose path `chosen` accepts: the
    /// pre-activations, for readers who know the delta rule. Only where adjoints are shown.
    #[must_use]
    pub fn delta(mut self, chosen: impl Fn(&str) -> bool) -> Self {
        self.deltas = self.trace.nodes().iter().map(|node| chosen(&node.path)).collect();
        self
    }

    /// Shows the local partial on each arrow between single numbers.
    #[must_use]
    pub fn partials(mut self, show: bool) -> Self {
        self.partials = show;
        self
    }

    /// The significant digits of numbers; 6 unless said otherwise.
    #[must_use]
    pub fn digits(mut self, digits: usize) -> Self {
        self.digits = digits;
        self
    }

    /// Scopes open by themselves while no more than this many boxes are seen; 40 unless said
    /// otherwise.
    #[must_use]
    pub fn limit(mut self, boxes: usize) -> Self {
        self.limit = boxes;
        self
    }

    /// Writes ops in the boxes of an SVG as on paper, `error²` or `½ Σ error²`, not as in code,
    /// `powi(_, 2)`; nodes without a name are known by that.
    #[must_use]
    pub fn paper(mut self, paper: bool) -> Self {
        self.paper = paper;
        self
    }

    /// An SVG no wider than so many pixels, where boxes let it: columns that have no room go on
    /// below, as words go on in the next line.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_inspect::{Picture, Trace};
    ///
    /// let tape = wengert::Tape::new();
    /// let y = tape.input(0.5).named("x").sin().exp().tanh().sqrt().named("y");
    /// let trace = Trace::of(&y.backward())?;
    /// let svg = Picture::new(&trace).wrap(360.0).svg().to_string();
    /// let width = svg.split("width=\"").nth(1).and_then(|rest| rest.split('"').next());
    /// assert!(width.and_then(|width| width.parse::<f64>().ok()).is_some_and(|width| width <= 360.0));
    /// # Ok::<(), wengert_inspect::Stale>(())
    /// ```
    #[must_use]
    pub fn wrap(mut self, width: f64) -> Self {
        self.room = width;
        self
    }

    /// Opens a scope, a neuron of one (`hidden/0`) or a folded crowd (`hidden/[0..29]`), and what
    /// is around it, however many boxes are seen then. A path that the picture does not have
    /// changes nothing. Of several choices for a scope the last counts.
    #[must_use]
    pub fn open(mut self, scope: &str) -> Self {
        self.choices.push((scope.to_owned(), Choice::Open));
        self
    }

    /// Draws a scope as one box.
    #[must_use]
    pub fn collapse(mut self, scope: &str) -> Self {
        self.choices.push((scope.to_owned(), Choice::Collapse));
        self
    }

    /// In Graphviz's language.
    #[must_use]
    pub fn dot(&self) -> Dot<'_> {
        Dot { scene: self.scene(), options: self }
    }

    /// In Mermaid's language, which Markdown viewers draw.
    #[must_use]
    pub fn mermaid(&self) -> Mermaid<'_> {
        Mermaid { options: self }
    }

    /// As an SVG that needs no other program: the layout is computed here.
    #[must_use]
    pub fn svg(&self) -> Svg<'_> {
        Svg { scene: self.scene(), options: self, animated: false }
    }

    /// As [`svg`](Picture::svg), and moving: values appear in the order of the tape, then adjoints
    /// in the order of the sweep, over and over. Programs that do not animate show all numbers.
    #[must_use]
    pub fn animated_svg(&self) -> Svg<'_> {
        Svg { animated: true, ..self.svg() }
    }

    /// What the picture shows, in a line.
    fn title(&self) -> String {
        let nodes = self.trace.nodes().len();
        match self.trace.loss() {
            Some(loss) => {
                format!("tape of {nodes} nodes, with derivatives of {}", self.trace.label(loss))
            }
            None => format!("tape of {nodes} nodes"),
        }
    }

    /// Whether a vertex is shown with its delta.
    pub(crate) fn has_delta(&self, vertex: &Vertex) -> bool {
        self.deltas.get(vertex.node).is_some_and(|&chosen| chosen)
    }

    /// The same picture of another trace of the same program.
    pub(crate) fn of_trace<'b>(&self, trace: &'b Trace) -> Picture<'b> {
        Picture { trace, choices: self.choices.clone(), deltas: self.deltas.clone(), ..*self }
    }

    pub(crate) fn trace(&self) -> &'a Trace {
        self.trace
    }

    /// The digits of numbers.
    pub(crate) fn significant(&self) -> usize {
        self.digits
    }

    pub(crate) fn scene(&self) -> Scene {
        self.scene_within(self.limit, CROWD)
    }

    fn scene_within(&self, limit: usize, crowd: usize) -> Scene {
        let boxes = Boxes::of(self.trace, self.constants);
        let scopes = Scopes::of(&boxes, crowd);
        let open = visible::open(&scopes, limit, &self.choices);
        Scene { boxes, scopes, open }
    }
}

/// What there is to draw, and which scopes are open.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) boxes: Boxes,
    pub(crate) scopes: Scopes,
    pub(crate) open: Vec<bool>,
}
