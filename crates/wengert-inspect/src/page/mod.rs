//! The page: one HTML file in which a trace is looked at, step by step.

mod data;
mod live;
mod table;
mod training;
mod training_set;

use std::fmt;

pub use training::Boundary;
pub use training_set::Training;

use live::Live;

use crate::digits::Digits;
use crate::live::{ENGINE, FUNCTIONS};
use crate::picture::{DELTA_STYLE, Drawing, HEAD, Picture, Plan, STYLE, elements, escaped};
use crate::trace::{Precision, Trace};

const PAGE_STYLE: &str = include_str!("page.css");
/// The page's script, in the order in which it runs; the names in it are shared.
const SCRIPTS: [&str; 9] = [
    include_str!("script/layout.js"),
    include_str!("script/state.js"),
    include_str!("script/draw.js"),
    include_str!("script/time.js"),
    include_str!("script/show.js"),
    include_str!("script/panel.js"),
    include_str!("script/search.js"),
    include_str!("script/address.js"),
    include_str!("script/training.js"),
];
/// What the page does when it opens, after all else.
const START: &str = include_str!("script/start.js");
/// Its numbers at other values, and training from there.
const LIVE: [&str; 3] = [
    include_str!("script/change.js"),
    include_str!("script/train.js"),
    include_str!("script/plane.js"),
];

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
    whole_runs: bool,
}

impl<'a> Page<'a> {
    /// The graph and the table.
    #[must_use]
    pub fn of(trace: &'a Trace) -> Self {
        let picture = Picture::new(trace).values(true).adjoints(true).partials(true);
        Page {
            picture,
            title: "A tape",
            caption: None,
            curve: &[],
            boundary: None,
            chosen: None,
            training_set: None,
            choices: Vec::new(),
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
    /// assert!(page.contains("δ -0.235004") && page.contains("delta δ = −∂"));
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

    fn summary(&self, left_out: usize) -> String {
        let trace = self.picture.trace();
        let mut parts = Vec::new();
        if let Some(loss) = trace.loss() {
            parts.push(format!("{} = {}", trace.label(loss), Digits::new(trace.value(loss))));
        }
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
        let live = Live::of(trace, &scene, &explained, self.training_set);
        let title = escaped(self.title);
        write!(
            f,
            "{TOP}<title>{title}</title>\n<style>\n{STYLE}{DELTA_STYLE}{PAGE_STYLE}</style></head>\n<body>\n"
        )?;
        writeln!(f, "<header><h1>{title}</h1><p>{}</p>", escaped(&self.summary(left_out)))?;
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
        let (width, height) = (drawing.layout.width, drawing.layout.height);
        writeln!(
            f,
            "<div id=\"stage\" tabindex=\"-1\"><svg id=\"picture\" class=\"wg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             role=\"group\" aria-label=\"the graph of the tape\">{HEAD}"
        )?;
        elements(f, &self.picture, &scene, &drawing)?;
        let deltas = scene.boxes.vertices.iter().any(|vertex| self.picture.has_delta(vertex));
        let (shows, key) = if deltas { (SHOWS, DELTA_KEY) } else { ("", "") };
        writeln!(f, "</svg></div>\n{CONTROLS}\n{shows}{LEGEND}{key}</p>")?;
        live::controls(f, &live)?;
        writeln!(f, "{DETAIL}")?;
        training::write(f, self.curve, self.boundary)?;
        writeln!(f, "<details id=\"all\" open><summary><h2>All nodes</h2></summary>")?;
        table::write(f, trace, &scene, &shown, &explained, &|vertex| {
            self.picture.has_delta(vertex)
        })?;
        writeln!(f, "</details></main>")?;
        let data = serde_json::to_string(&data::Data::of(
            &self.picture,
            &scene,
            plan,
            &shown,
            self.chosen,
        ))
        .map_err(|_| fmt::Error)?;
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

const TOP: &str = r#"<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
"#;

const SEARCH: &str = r#"<form id="find" class="scripts" role="search" onsubmit="return false"><label><span hidden>find a node</span>
<input id="search" type="search" list="names" placeholder="find a node   /" aria-label="find a node by name" autocomplete="off"></label>"#;

const CONTROLS: &str = r#"<div id="phase" class="scripts" role="group" aria-label="time">
<button id="first" title="to the start (Home)" aria-label="to the start"><svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M2 3h2v10H2zM14 3v10L5 8z"/></svg></button><button id="back" title="one step back (←)" aria-label="one step back"><svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M12 3v10L4 8z"/></svg></button>
<button id="play">Play</button>
<button id="on" title="one step on (→)" aria-label="one step on"><svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M4 3v10l8-5z"/></svg></button><button id="last" title="to the end (End)" aria-label="to the end"><svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M12 3h2v10h-2zM2 3v10l9-5z"/></svg></button>
<input id="time" type="range" min="0" max="0" step="1" aria-label="step"><output id="said" for="time" aria-live="polite"></output>
<button id="smaller" title="smaller" aria-label="smaller">−</button><button id="larger" title="larger" aria-label="larger">+</button><button id="fit">Fit</button></div>"#;

/// Which derivative of a pre-activation is shown.
const SHOWS: &str = r#"<fieldset id="shows" class="scripts"><legend>Of a neuron show</legend>
<label><input type="radio" name="shows" value="both" checked> ∂ and δ</label>
<label><input type="radio" name="shows" value="adjoint"> the adjoint ∂</label>
<label><input type="radio" name="shows" value="delta"> the delta δ</label></fieldset>
"#;

/// What the colours and lines mean.
const LEGEND: &str = r#"<p id="legend"><span class="value">blue</span> a value, forward · <span class="adjoint">∂</span> its adjoint, the derivative of the last node by it, backward · on an arrow the local partial · <span class="cut">dashed</span> no derivative passes"#;

const DELTA_KEY: &str = r#" · <span class="delta">δ</span> a neuron's delta: the adjoint of its z with the other sign, δ = −∂, so that a step adds rate · δ · input"#;

const DETAIL: &str = r#"<div id="detail" class="scripts"><p id="hint">Choose a node to see its value, its adjoint, and what it was added up from. Keys: ← → step, Home and End, / search.</p><div id="panel"></div></div>"#;
