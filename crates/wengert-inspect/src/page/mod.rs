//! The page: one HTML file in which a trace is looked at, step by step.

mod data;
mod exercise;
mod parts;
mod table;
mod training;

use std::fmt::{self, Write};

use data::Data;

pub use exercise::Exercise;
pub use training::Boundary;

use parts::{CONTROLS, DELTA_KEY, DETAIL, LEGEND, SEARCH, SHOWS, TOP, TRAINING, on_paper};

use crate::digits::Digits;
use crate::picture::{
    AFTER, DELTA_STYLE, Drawing, HEAD, Picture, Plan, STYLE, Vertex, elements, escaped, legend,
};
use crate::trace::{Precision, Trace};

const PAGE_STYLE: &str = include_str!("page.css");
/// The page's script, in the order in which it runs; the names in it are shared.
const SCRIPTS: [&str; 11] = [
    include_str!("script/layout.js"),
    include_str!("script/state.js"),
    include_str!("script/draw.js"),
    include_str!("script/fit.js"),
    include_str!("script/time.js"),
    include_str!("script/show.js"),
    include_str!("script/panel.js"),
    include_str!("script/search.js"),
    include_str!("script/address.js"),
    include_str!("script/training.js"),
    include_str!("script/exercise.js"),
];
/// What the page does when it opens, after all else.
const START: &str = include_str!("script/start.js");

/// The significant digits of the numbers in the graph; the table and the panel have all.
const DIGITS: usize = 4;

/// The width of the picture that is seen without scripts, in pixels; with scripts it is the
/// window's.
const ROOM: f64 = 1_200.0;

/// From how many bytes on a browser would make the table's elements long before they are seen.
const LONG: usize = 400_000;

/// The most boxes, open or closed, that a page holds; what is in the other scopes is left out.
const MOST_BOXES: usize = 1_500;

/// A trace as one self-contained page of HTML, through `Display`: no network, no other file; a
/// policy in the page forbids both.
///
/// The graph is stepped forward, as values appeared in tape order, and backward, as the sweep
/// completed adjoints. A chosen node shows its value and adjoint in all digits, what was added to
/// its adjoint, its formula, the source line, and lights the way that most of its gradient takes.
/// Scopes open and close; names are searched; `#step=17&select=hidden/0.z&open=hidden` in the
/// address leads to a view. With scripts off there is the picture and the table of all nodes.
///
/// The page replays what was recorded: it computes no value and no adjoint.
///
/// Of a run with many elements the first are in the page, unless [`whole_runs`](Page::whole_runs)
/// asks for all; of a trace with very many nodes the outer scopes; it says how many are left out.
///
/// # Examples
///
/// ```
/// use wengert_inspect::{Page, Trace};
///
/// let tape = wengert::Tape::new();
/// let (x, w) = (tape.input(3.0).named("x"), tape.param(0.5).named("w"));
/// let trace = Trace::of(&(w * x).sigmoid().named("L").backward())?;
/// let page = Page::of(&trace).title("One neuron").curve(&[(0, 1.5), (1, 0.75)]).to_string();
/// assert!(page.starts_with("<!DOCTYPE html>"));
/// assert!(page.contains("0.8175744761936437"));
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
#[derive(Clone, Debug)]
pub struct Page<'a> {
    picture: Picture<'a>,
    title: &'a str,
    caption: Option<&'a str>,
    curve: &'a [(usize, f64)],
    boundary: Option<&'a Boundary>,
    chosen: Option<&'a str>,
    pass: Option<&'a str>,
    moments: &'a [(usize, Trace)],
    exercises: &'a [Exercise],
    whole_runs: bool,
}

impl<'a> Page<'a> {
    /// The graph and the table.
    #[must_use]
    pub fn of(trace: &'a Trace) -> Self {
        let picture = Picture::new(trace)
            .values(true)
            .adjoints(true)
            .partials(true)
            .paper(true)
            .digits(DIGITS)
            .wrap(ROOM)
            .collapse(AFTER);
        Page {
            picture,
            title: "A tape",
            caption: None,
            curve: &[],
            boundary: None,
            chosen: None,
            pass: None,
            moments: &[],
            exercises: &[],
            whole_runs: false,
        }
    }

    /// The nodes whose path `chosen` accepts have a delta, `δ = −∂L/∂z`, beside their adjoint: the
    /// pre-activations. The reader chooses which of the two is shown; a search for `delta` finds
    /// them.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_inspect::{Page, Trace};
    ///
    /// let tape = wengert::Tape::new();
    /// let z = tape.input(0.5).named("z");
    /// let trace = Trace::of(&z.sigmoid().named("output").backward())?;
    /// let page = Page::of(&trace).delta(|path| path == "z").to_string();
    /// assert!(page.contains("δ -0.235") && page.contains("delta δ = −∂"));
    /// # Ok::<(), wengert_inspect::Stale>(())
    /// ```
    #[must_use]
    pub fn delta(mut self, chosen: impl Fn(&str) -> bool) -> Self {
        self.picture = self.picture.delta(chosen);
        self
    }

    /// The node that is chosen when the page opens, by its path; unless said otherwise the first
    /// that has a delta.
    #[must_use]
    pub fn select(mut self, path: &'a str) -> Self {
        self.chosen = Some(path);
        self
    }

    /// The heading.
    #[must_use]
    pub fn title(mut self, title: &'a str) -> Self {
        self.title = title;
        self
    }

    /// A line below the heading: the formula of the loss, so that a factor of 1/2 is stated where
    /// derivatives are shown.
    #[must_use]
    pub fn caption(mut self, caption: &'a str) -> Self {
        self.caption = Some(caption);
        self
    }

    /// Which pass the numbers are of, for the line below the heading: `row 9, before the last
    /// update`.
    #[must_use]
    pub fn pass(mut self, pass: &'a str) -> Self {
        self.pass = Some(pass);
        self
    }

    /// The same pass at earlier epochs of a training, each with its epoch. Moving through the
    /// training shows their numbers in the graph and in the panel; the page's own trace is the
    /// last. A trace with other boxes or wires than the page's is not shown.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_inspect::{Page, Trace};
    ///
    /// let trace = |w: f64| {
    ///     let tape = wengert::Tape::new();
    ///     let y = (tape.input(3.0).named("x") * tape.param(w).named("w")).named("y");
    ///     Trace::of(&y.backward())
    /// };
    /// let (before, after) = ([(0, trace(0.5)?)], trace(0.25)?);
    /// let page = Page::of(&after).moments(&before).to_string();
    /// assert!(page.contains("<template id=\"moment-0\">"));
    /// # Ok::<(), wengert_inspect::Stale>(())
    /// ```
    #[must_use]
    pub fn moments(mut self, moments: &'a [(usize, Trace)]) -> Self {
        self.moments = moments;
        self
    }

    /// Derivations with a wrong line, for the reader to find.
    #[must_use]
    pub fn exercises(mut self, exercises: &'a [Exercise]) -> Self {
        self.exercises = exercises;
        self
    }

    /// A scope that is open at first; see [`Picture::open`].
    #[must_use]
    pub fn open(mut self, scope: &str) -> Self {
        self.picture = self.picture.open(scope);
        self
    }

    /// A scope that is closed at first; see [`Picture::collapse`].
    #[must_use]
    pub fn collapse(mut self, scope: &str) -> Self {
        self.picture = self.picture.collapse(scope);
        self
    }

    /// Shows constants as nodes of their own.
    #[must_use]
    pub fn show_constants(mut self, show: bool) -> Self {
        self.picture = self.picture.show_constants(show);
        self
    }

    /// Writes every element of every run, with its adjoint and what was added to it: about a
    /// kilobyte each.
    #[must_use]
    pub fn whole_runs(mut self) -> Self {
        self.whole_runs = true;
        self
    }

    /// The error after each epoch of a training.
    #[must_use]
    pub fn curve(mut self, curve: &'a [(usize, f64)]) -> Self {
        self.curve = curve;
        self
    }

    /// Where a network of two inputs decides, epoch by epoch.
    #[must_use]
    pub fn boundary(mut self, boundary: &'a Boundary) -> Self {
        self.boundary = Some(boundary);
        self
    }

    fn summary(&self, trace: &Trace, pass: Option<&str>, left_out: usize) -> String {
        let mut parts = Vec::new();
        if let Some(loss) = trace.loss() {
            parts.push(format!("{} = {}", trace.label(loss), Digits::new(trace.value(loss))));
        }
        parts.extend(pass.map(str::to_owned));
        parts.extend(self.caption.map(str::to_owned));
        parts.push(format!("{} nodes, {} numbers", trace.nodes().len(), trace.len()));
        parts.extend((left_out > 0).then(|| format!("{left_out} of them left out of this page")));
        parts.extend((trace.precision() == Precision::F32).then(|| "f32".to_owned()));
        parts.join(" · ")
    }
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trace = self.picture.trace();
        let scene = self.picture.scene();
        // Where something is left out, the outputs and the first inputs are not.
        let outputs = trace
            .outputs()
            .iter()
            .filter_map(|output| scene.boxes.of_slot[trace.at(output.of).index()]);
        let first: Vec<usize> = outputs
            .chain(std::iter::once(0))
            .filter(|_| !scene.boxes.vertices.is_empty())
            .collect();
        let (scene, left_out) = scene.sealed(MOST_BOXES, &first);
        let plan = Plan::of(&scene.boxes, &scene.scopes);
        let drawing = Drawing::of(&self.picture, &scene, &plan);
        let shown = table::shown(&scene, self.whole_runs);
        let title = escaped(self.title);
        write!(
            f,
            "{TOP}<title>{title}</title>\n<style>\n{STYLE}{DELTA_STYLE}{PAGE_STYLE}</style></head>\n<body>\n"
        )?;
        writeln!(
            f,
            "<header><h1>{title}</h1><p id=\"summary\">{}</p>",
            escaped(&self.summary(trace, self.pass, left_out))
        )?;
        writeln!(f, "{SEARCH}<datalist id=\"names\">")?;
        for vertex in &scene.boxes.vertices {
            write!(f, "<option value=\"{}\">", escaped(&vertex.path))?;
        }
        writeln!(f, "</datalist></form></header>\n<main>")?;
        let has_delta = |vertex: &Vertex| self.picture.has_delta(vertex);
        let deltas = scene.boxes.vertices.iter().any(has_delta);
        let mut data = Data::of(&self.picture, &scene, plan, &shown, self.chosen);
        let mut templates = String::new();
        for (epoch, trace) in self.moments {
            let picture = self.picture.of_trace(trace);
            let (other, _) = picture.scene().sealed(MOST_BOXES, &first);
            let plan = Plan::of(&other.boxes, &other.scopes);
            let numbers = Data::of(&picture, &other, plan, &shown, self.chosen);
            if !data.is_like(&numbers) {
                continue;
            }
            let pass = format!("the same pass at epoch {epoch}");
            let index =
                data.add_moment(*epoch, self.summary(trace, Some(&pass), left_out), numbers);
            write!(templates, "<template id=\"moment-{index}\"><table><tbody>")?;
            table::rows(&mut templates, trace, &other, &shown, &has_delta)?;
            templates += "</tbody></table></template>\n";
        }
        data.add_epochs(self.boundary.map_or(Vec::new(), Boundary::epochs));
        let training = if data.epochs() > 1 { TRAINING } else { "" };
        writeln!(f, "{CONTROLS}{}{training}</div>", if deltas { SHOWS } else { "" })?;
        let (width, height) = (drawing.layout.width, drawing.layout.height);
        writeln!(
            f,
            "<div id=\"stage\" tabindex=\"-1\"><svg id=\"picture\" class=\"wg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             role=\"group\" aria-label=\"the graph of the tape\">{HEAD}"
        )?;
        elements(f, &self.picture, &scene, &drawing, None)?;
        writeln!(f, "</svg></div>\n{DETAIL}\n{LEGEND}{}", if deltas { DELTA_KEY } else { "" })?;
        on_paper(f, &legend(trace, &scene.boxes))?;
        training::write(f, self.curve, self.boundary)?;
        exercise::write(f, trace, self.exercises)?;
        writeln!(f, "<details id=\"all\" open><summary><h2>All nodes</h2></summary>")?;
        writeln!(f, "<div id=\"wide\" role=\"region\" aria-label=\"all nodes\" tabindex=\"0\">")?;
        let mut rows = String::new();
        table::write(&mut rows, trace, &scene, &shown, &has_delta)?;
        if rows.len() > LONG && self.moments.is_empty() {
            // What is read without scripts is text to a browser with scripts, which makes a row of
            // it when the row is looked at.
            rows = format!("<noscript id=\"later\">{rows}</noscript>\n");
        }
        f.write_str(&rows)?;
        writeln!(f, "</div></details></main>\n{templates}")?;
        let data = serde_json::to_string(&data).map_err(|_| fmt::Error)?;
        // Within a script element only `<` can end it or open a comment.
        writeln!(
            f,
            "<script id=\"data\" type=\"application/json\">{}</script>",
            data.replace('<', "\\u003c")
        )?;
        writeln!(f, "<script>\n{}{START}</script>\n</body></html>", SCRIPTS.concat())
    }
}
