//! The page: one HTML file in which a trace is looked at, step by step.

mod data;
mod exercise;
mod live;
mod parts;
mod table;
mod training;
mod training_set;

use std::fmt::{self, Write};

use data::Data;

pub use exercise::Exercise;
pub use training::Boundary;
pub use training_set::Training;

use live::Live;

use parts::{CONTROLS, DELTA_KEY, DETAIL, LEGEND, SEARCH, SHOWS, TOP, TRAINING, on_paper};

use crate::digits::Digits;
use crate::live::{ENGINE, FUNCTIONS};
use crate::picture::{
    AFTER, DELTA_STYLE, Drawing, HEAD, Picture, Plan, STYLE, Vertex, elements, escaped, legend,
};
use crate::trace::{Precision, Trace};

const PAGE_STYLE: &str = concat!(include_str!("page.css"), include_str!("live.css"));
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
/// Its numbers at other values, and training from there.
const LIVE: [&str; 3] = [
    include_str!("script/change.js"),
    include_str!("script/train.js"),
    include_str!("script/plane.js"),
];

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
/// The page replays what was recorded. Where the reader changes a weight, an input or a target, it
/// runs the trace's steps again and the sweep back, by the core's rules: every number follows, to
/// the engine's bits. Traces with operations that the script has no function for, and those of more
/// than 4,000 numbers, are shown and not computed; the page says why.
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
    training_set: Option<&'a Training>,
    choices: Vec<Choice>,
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
            training_set: None,
            choices: Vec::new(),
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
    /// assert!(page.contains("\"moments\":[[0,[3.0,0.5]]]"));
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

    /// Rows that the page trains on, from the numbers that it shows.
    #[must_use]
    pub fn training(mut self, training: &'a Training) -> Self {
        self.training_set = Some(training);
        self
    }

    /// Other pages of the same kind, by what one chooses: "hidden neurons", 1 to 8. A link to each,
    /// by its name and file; `here` is the name of this one. What the reader chose of the training
    /// goes along.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_inspect::{Page, Trace};
    ///
    /// let trace = Trace::of_tape(&wengert::Tape::new());
    /// let files = [("1", "one.html"), ("2", "two.html")];
    /// let page = Page::of(&trace).choice("hidden neurons", "1", &files).to_string();
    /// assert!(page.contains("<a href=\"two.html\">2</a>") && !page.contains("one.html"));
    /// ```
    #[must_use]
    pub fn choice(
        mut self,
        of: &str,
        here: &str,
        files: &[(impl AsRef<str>, impl AsRef<str>)],
    ) -> Self {
        let file = |(name, file): &(_, _)| (to_owned(name), to_owned(file));
        fn to_owned(text: &impl AsRef<str>) -> String {
            text.as_ref().to_owned()
        }
        self.choices.push(Choice {
            of: of.to_owned(),
            here: here.to_owned(),
            files: files.iter().map(file).collect(),
        });
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

/// Pages of the same kind, of which this is one.
#[derive(Clone, Debug)]
struct Choice {
    of: String,
    here: String,
    files: Vec<(String, String)>,
}

impl Choice {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<span>{}", escaped(&self.of))?;
        for (name, file) in &self.files {
            let (name, file) = (escaped(name), escaped(file));
            if *name == escaped(&self.here) {
                write!(f, " <b aria-current=\"page\">{name}</b>")?;
            } else {
                write!(f, " <a href=\"{file}\">{name}</a>")?;
            }
        }
        write!(f, "</span>")
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
        let explained = table::explained(trace, &shown);
        let mut live = Live::of(&self.picture, &scene, &explained, self.training_set);
        if let (Ok(live), Some(caption)) = (&mut live, self.caption) {
            live.caption(caption);
        }
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
        if !self.choices.is_empty() {
            write!(f, "<nav id=\"choices\" aria-label=\"other networks\">")?;
            self.choices.iter().try_for_each(|choice| choice.write(f))?;
            writeln!(f, "</nav>")?;
        }
        let has_delta = |vertex: &Vertex| self.picture.has_delta(vertex);
        let deltas = scene.boxes.vertices.iter().any(has_delta);
        let mut data = Data::of(&self.picture, &scene, plan, &shown, self.chosen);
        let mut templates = String::new();
        for (epoch, trace) in self.moments {
            // What can compute needs to know what was given.
            if let Ok(live) = &mut live {
                live.add_moment(self.picture.trace(), *epoch, trace);
                continue;
            }
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
        let epochs = self.boundary.map_or(Vec::new(), Boundary::epochs);
        data.add_epochs(&epochs, &live.as_ref().map_or(Vec::new(), Live::epochs));
        let training = if data.epochs() > 1 { TRAINING } else { "" };
        writeln!(f, "{CONTROLS}{}{training}</div>", if deltas { SHOWS } else { "" })?;
        live::controls(f, &live)?;
        let (width, height) = (drawing.layout.width, drawing.layout.height);
        writeln!(
            f,
            "<div id=\"stage\" tabindex=\"-1\"><svg id=\"picture\" class=\"wg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             role=\"group\" aria-label=\"the graph of the tape\">{HEAD}"
        )?;
        elements(f, &self.picture, &scene, &drawing, None)?;
        writeln!(f, "</svg></div>\n<div id=\"beside\">{DETAIL}")?;
        live::beside(f, &live)?;
        writeln!(f, "</div>\n{LEGEND}{}", if deltas { DELTA_KEY } else { "" })?;
        on_paper(f, &legend(trace, &scene.boxes))?;
        live::figures(f, &live)?;
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
        json(f, "data", &data)?;
        if let Ok(live) = &live {
            json(f, "program", &serde_json::to_string(live).map_err(|_| fmt::Error)?)?;
        }
        writeln!(f, "<script>\n{}", SCRIPTS.concat())?;
        if let Ok(live) = &live {
            write!(f, "{FUNCTIONS}{}{ENGINE}{}", live.rules(), LIVE.concat())?;
        }
        writeln!(f, "{START}</script>\n</body></html>")
    }
}

/// Data for the scripts. Within a script element only `<` can end it or open a comment.
fn json(f: &mut fmt::Formatter<'_>, id: &str, data: &str) -> fmt::Result {
    let data = data.replace('<', "\\u003c");
    writeln!(f, "<script id=\"{id}\" type=\"application/json\">{data}</script>")
}
