//! Who loads a file says here what may be in it.

use wengert_tape::{Externals, Tape};

use crate::VERSION;
use crate::bounds::Bounds;
use crate::error::LoadError;
use crate::form::{File, Stated};
use crate::load::Loading;
use crate::number::Saved;
use crate::program::{Loaded, compiled};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A tape.
    Tape,
    /// A program: a tape, and what is computed of it.
    Program,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Kind::Tape => "tape",
            Kind::Program => "program",
        }
    }
}

/// The beginning of a file: what it is, before it is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// What it holds.
    pub kind: Kind,
    /// The version of its form.
    pub version: u32,
    /// The type of its numbers: `f32` or `f64`.
    pub number: String,
}

/// What a file is, of its text.
///
/// # Errors
///
/// [`LoadError::NotSaved`], [`LoadError::Version`], [`LoadError::Truncated`],
/// [`LoadError::Form`].
pub fn head(text: &str) -> Result<Head, LoadError> {
    let stated: Stated = serde_json::from_str(text).map_err(|error| LoadError::of_json(&error))?;
    let Some(kind) = stated.wengert else { return Err(LoadError::NotSaved) };
    let missing = |field: &str| LoadError::invalid("the file", format!("it has no \"{field}\""));
    let version = stated.version.ok_or_else(|| missing("version"))?;
    if !(1..=VERSION).contains(&version) {
        return Err(LoadError::Version { found: version });
    }
    let kind = match kind.as_str() {
        "tape" => Kind::Tape,
        "program" => Kind::Program,
        other => {
            let problem = format!("it holds a \"{other}\", and not a tape or a program");
            return Err(LoadError::invalid("the file", problem));
        }
    };
    let number = stated.number.ok_or_else(|| missing("number"))?;
    Ok(Head { kind, version, number })
}

/// Loads tapes and programs, of files that need not be trusted: whatever is wrong with one is an
/// error that says where, and no file takes more memory or time than is allowed here.
///
/// # Examples
///
/// A program that calls a function of plain numbers, which the file names by its key:
///
/// ```
/// use wengert::{Compiler, External, Externals, Tape};
/// use wengert_saved::{Loader, program_text};
///
/// let half = External::new("half", |x, y| y[0] = 0.5 * x[0][0]);
/// let tape = Tape::new();
/// let x = tape.input(3.0).named("x");
/// let mut compiler = Compiler::new(&tape);
/// compiler.output(half.of(&[x]).named("y"))?;
/// let text = program_text(&compiler);
///
/// let mut known = Externals::new();
/// known.register(half)?;
/// let loaded = Loader::new().externals(known).program::<f64>(&text)?;
/// let mut workspace = loaded.program.workspace();
/// loaded.program.run(&mut workspace)?;
/// assert_eq!(workspace.value(loaded.outputs[0].output), 1.5);
///
/// let error = Loader::new().program::<f64>(&text).unwrap_err();
/// assert!(error.to_string().contains("half"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Loader {
    externals: Externals,
    bounds: Bounds,
}

impl Default for Loader {
    fn default() -> Self {
        Self::new()
    }
}

impl Loader {
    /// No functions of plain numbers; at most 2²⁴ numbers and 2³² operations.
    #[must_use]
    pub fn new() -> Self {
        let bounds = Bounds { numbers: 1 << 24, operations: 1 << 32 };
        Loader { externals: Externals::new(), bounds }
    }

    /// The functions of plain numbers that files may name.
    #[must_use]
    pub fn externals(mut self, externals: Externals) -> Self {
        self.externals = externals;
        self
    }

    /// The most numbers that a file's tape may hold, with what it reads and what the functions that
    /// it calls hold, each call counted.
    #[must_use]
    pub fn numbers(mut self, numbers: u64) -> Self {
        self.bounds.numbers = numbers;
        self
    }

    /// The most numbers that one evaluation of the tape may compute, every turn of a loop counted.
    #[must_use]
    pub fn operations(mut self, operations: u64) -> Self {
        self.bounds.operations = operations;
        self
    }

    /// A tape, as it was saved: the same nodes, names, scopes and guards. Its values are computed
    /// again from its leaves; the places in the source are those of this call.
    ///
    /// # Errors
    ///
    /// [`LoadError`].
    pub fn tape<S: Saved>(&self, text: &str) -> Result<Tape<S>, LoadError> {
        let file = read::<S>(text, Kind::Tape)?;
        Loading::new(&self.externals, self.bounds).tape(&file.tape)
    }

    /// A program, compiled as the one that was saved. Its inputs begin with the numbers that the
    /// tape had.
    ///
    /// # Errors
    ///
    /// [`LoadError`].
    pub fn program<S: Saved>(&self, text: &str) -> Result<Loaded<S>, LoadError> {
        let file = read::<S>(text, Kind::Program)?;
        let Some(asked) = &file.asked else {
            return Err(LoadError::invalid("the file", "a program has a field \"asked\""));
        };
        let mut loading = Loading::new(&self.externals, self.bounds);
        let tape = loading.tape(&file.tape)?;
        compiled(&loading, &tape, asked)
    }

    /// The tape of a program, or of a tape's file: to look at.
    ///
    /// # Errors
    ///
    /// [`LoadError`].
    pub fn any_tape<S: Saved>(&self, text: &str) -> Result<Tape<S>, LoadError> {
        let kind = head(text)?.kind;
        let file = read::<S>(text, kind)?;
        Loading::new(&self.externals, self.bounds).tape(&file.tape)
    }
}

fn read<S: Saved>(text: &str, wanted: Kind) -> Result<File<'_>, LoadError> {
    let Head { kind, number, .. } = head(text)?;
    if kind != wanted {
        return Err(LoadError::Kind { found: kind.name().to_owned(), wanted: wanted.name() });
    }
    if number != S::NAME {
        return Err(LoadError::NumberType { found: number, wanted: S::NAME });
    }
    serde_json::from_str(text).map_err(|error| LoadError::of_json(&error))
}
