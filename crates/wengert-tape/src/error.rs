//! What can go wrong, each case naming the culprit, the rule and the place.

mod message;

use std::fmt;
use std::panic::Location;

use crate::op::Comparison;
use crate::shape::Shape;

/// A place in the user's source: `src/model.rs:12:9`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place(&'static Location<'static>);

impl Place {
    /// The caller's place.
    #[must_use]
    #[track_caller]
    pub fn caller() -> Self {
        Place(Location::caller())
    }

    /// The file, as the compiler was given it.
    #[must_use]
    pub fn file(self) -> &'static str {
        self.0.file()
    }

    /// The line, from 1.
    #[must_use]
    pub fn line(self) -> u32 {
        self.0.line()
    }

    /// The column, from 1.
    #[must_use]
    pub fn column(self) -> u32 {
        self.0.column()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file(), self.line(), self.column())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A slot of a tape as a reader writes it: `v10`. A node is called by its first slot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The id of a slot.
    #[must_use]
    pub const fn at(slot: u32) -> Self {
        NodeId(slot)
    }

    /// The position in the column of values.
    #[must_use]
    pub fn slot(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An operand as an error shows it: its id, its path if it has a name, and its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Culprit {
    /// The node's id.
    pub id: NodeId,
    /// `scope/name`, or nothing for an unnamed node.
    pub path: Option<String>,
    /// The operand's shape.
    pub shape: Shape,
}

impl fmt::Display for Culprit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)?;
        if let Some(path) = &self.path {
            write!(f, " {path}")?;
        }
        write!(f, " of shape {}", self.shape)
    }
}

/// An operation that was refused. Every node recorded before is as it was; constants that the
/// operation met may have been added.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// Handles of two tapes met in one operation.
    TwoTapes {
        /// The operation.
        op: &'static str,
        /// Where the first operand's tape was made.
        left: Place,
        /// Where the second operand's tape was made.
        right: Place,
        /// The operation's place.
        at: Place,
    },
    /// Two shapes that the operation cannot combine.
    Shapes {
        /// The operation.
        op: &'static str,
        /// The first operand.
        left: Box<Culprit>,
        /// The second operand.
        right: Box<Culprit>,
        /// The rule that was broken.
        rule: &'static str,
        /// The operation's place.
        at: Place,
    },
    /// A shape that the operation cannot take.
    Operand {
        /// The operation.
        op: &'static str,
        /// The operand.
        operand: Box<Culprit>,
        /// The rule that was broken.
        rule: String,
        /// The operation's place.
        at: Place,
    },
    /// Another number of operands than the operation has, or a leaf, which has none.
    Operands {
        /// The operation.
        op: &'static str,
        /// The operands given.
        found: usize,
        /// The operation's place.
        at: Place,
    },
    /// The adjoint of something that no adjoint is computed for.
    NoAdjoint {
        /// The operation.
        op: &'static str,
        /// The node, by id, path and shape.
        node: Box<Culprit>,
        /// Why there is none.
        reason: &'static str,
        /// The caller's place.
        at: Place,
    },
    /// A number of elements that a shape does not have.
    Length {
        /// The operation.
        op: &'static str,
        /// Whose shape it is, as a message begins with it (`v3 x of `); empty for a shape that was
        /// asked for.
        of: String,
        /// The shape asked for.
        shape: Shape,
        /// The elements given.
        found: usize,
        /// The operation's place.
        at: Place,
    },
    /// A function that cannot be one step of the list.
    Body {
        /// Its name: of an operation, or `scan`, `cond`, `checkpoint`.
        name: String,
        /// What it does that it must not.
        problem: String,
        /// The operation's place.
        at: Place,
    },
    /// A derivative that nobody knows: of a function of plain numbers
    /// ([`External`](crate::External)), for which none was given, or one and not its derivative.
    NoRule {
        /// What asked for it: `backward`, `hvp`, `record_gradient`.
        op: &'static str,
        /// The key of the function.
        key: String,
        /// Whether its own derivative was given.
        has_first: bool,
        /// The node that computes it, or a part of its derivative.
        node: Box<Culprit>,
        /// The caller's place.
        at: Place,
    },
    /// A key that no operation is registered under.
    UnknownKey {
        /// The key.
        key: String,
        /// The keys that are registered.
        known: Vec<String>,
        /// The caller's place.
        at: Place,
    },
    /// A tensor without elements.
    Empty {
        /// The operation.
        op: &'static str,
        /// The empty shape.
        shape: Shape,
        /// The operation's place.
        at: Place,
    },
    /// Nested arrays whose parts are not alike.
    Ragged {
        /// The operation.
        op: &'static str,
        /// The extents of the first parts.
        shape: Shape,
        /// The operation's place.
        at: Place,
    },
    /// The tape has reached its bound.
    Full {
        /// The operation.
        op: &'static str,
        /// What it would have read.
        operands: Box<[Culprit]>,
        /// The shape of its result.
        shape: Shape,
        /// Slots in use.
        used: usize,
        /// Slots asked for: those of the result, and of constants that it reads.
        asked: usize,
        /// The bound.
        bound: usize,
        /// The operation's place.
        at: Place,
    },
    /// A program that needs more numbers than one can hold.
    ProgramTooLarge {
        /// The numbers that it needs, at least.
        needed: u64,
        /// The bound.
        bound: u64,
        /// The place of the call.
        at: Place,
    },
    /// A compiler was asked for nothing.
    NothingAsked {
        /// The place of the call.
        at: Place,
    },
    /// A recorded comparison came out differently at new inputs.
    GuardFlipped {
        /// The guard's number, in order of recording.
        index: usize,
        /// The comparison.
        comparison: Comparison,
        /// The left side, by path or id.
        left: String,
        /// The right side, by path or id.
        right: String,
        /// The left value now.
        left_value: f64,
        /// The right value now.
        right_value: f64,
        /// The outcome when recorded.
        recorded: bool,
        /// Where the comparison stands.
        at: Place,
    },
    /// A matrix that has no inverse, or no factor: an operation would divide by a pivot that is 0,
    /// not a number, or of a Cholesky factor not above 0.
    Singular {
        /// The operation.
        op: &'static str,
        /// The matrix.
        operand: Box<Culprit>,
        /// Which of the operand's matrices, from 0: one operand may hold several.
        matrix: usize,
        /// Which pivot, from 0.
        pivot: usize,
        /// The pivot's value.
        value: f64,
        /// The function that the operation stands in, if a step runs one: `step 3 of scan`. Empty for
        /// an operation on the tape. The operand is then the step's first, with the shape of the
        /// matrix inside.
        inside: String,
        /// Where the operation stands, or the step that it stands in.
        at: Place,
    },
    /// An equation whose root was not found from its start.
    NoConvergence {
        /// `root` or `fixed_point`.
        op: &'static str,
        /// The start; of an equation in a function that a step runs, the step's first operand.
        start: Box<Culprit>,
        /// The steps of Newton's method that were made.
        iterations: usize,
        /// The largest of the numbers that should be 0, at the end.
        residual: f64,
        /// The function that it stands in, as of [`Error::Singular`].
        inside: String,
        /// Where the operation stands, or the step that it stands in.
        at: Place,
    },
    /// A recorded comparison came out differently, or a pivot was bad, in some rows of a batch.
    GuardFlippedInRows {
        /// The rows, from 0.
        rows: Vec<usize>,
        /// The first of them.
        first: Box<Error>,
    },
    /// Rows that do not fit a batch's inputs.
    Rows {
        /// The input, by path or id.
        input: String,
        /// The numbers in one row of it.
        len: usize,
        /// The numbers given.
        found: usize,
        /// The rows of the first input.
        rows: usize,
    },
    /// A node whose value is computed, or fixed, was given a new one.
    NotSettable {
        /// The operation.
        op: &'static str,
        /// The node, by path or id.
        node: String,
        /// What it is: `computed (sum)`, `a constant`.
        kind: String,
        /// The caller's place.
        at: Place,
    },
    /// A program that was recorded again is not the one on the tape: it depends on its inputs by a
    /// way that no guard sees.
    Differs {
        /// What differs: `op` (with its operands and shape), `value` or `guard`.
        what: &'static str,
        /// The first node that differs, and of it the first slot.
        id: NodeId,
        /// Its path; that of the new recording if the tape has no such node.
        node: String,
        /// What it is on the tape.
        tape: String,
        /// What it is when recorded again.
        again: String,
        /// Where the new recording records it, or if it does not, where the tape did, if it knows.
        place: Option<Place>,
        /// The caller's place.
        at: Place,
    },
    /// A path that no node and no name has.
    NoSuchPath {
        /// The path asked for.
        path: String,
        /// The caller's place.
        at: Place,
    },
    /// A key whose elements are no longer on the tape, or never were.
    StaleKey {
        /// Where the tape was made.
        tape: Place,
        /// The caller's place.
        at: Place,
    },
    /// A workspace that another program made.
    OtherProgram {
        /// The operation.
        op: &'static str,
        /// The caller's place.
        at: Place,
    },
    /// Gradients that were computed at other values than the tape now holds.
    Stale,
}

impl Error {
    /// The operation that was refused, as listings name it (`matmul`), or the method (`set`).
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let (a, b) = (tape.input([1.0, 2.0]), tape.input([1.0, 2.0, 3.0]));
    /// let error = a.try_dot(b).unwrap_err();
    /// assert_eq!(error.op(), "dot");
    /// assert!(error.place().is_some_and(|place| place.file().ends_with(".rs")));
    /// ```
    #[must_use]
    pub fn op(&self) -> &'static str {
        match self {
            Error::TwoTapes { op, .. }
            | Error::Shapes { op, .. }
            | Error::Operand { op, .. }
            | Error::Singular { op, .. }
            | Error::NoConvergence { op, .. }
            | Error::Operands { op, .. }
            | Error::NoAdjoint { op, .. }
            | Error::Length { op, .. }
            | Error::NoRule { op, .. }
            | Error::Empty { op, .. }
            | Error::Ragged { op, .. }
            | Error::Full { op, .. }
            | Error::NotSettable { op, .. }
            | Error::OtherProgram { op, .. } => op,
            Error::ProgramTooLarge { .. } | Error::NothingAsked { .. } => "compile",
            Error::GuardFlipped { .. } => "guard",
            Error::GuardFlippedInRows { first, .. } => first.op(),
            Error::Rows { .. } => "run",
            Error::Differs { .. } => "verify",
            Error::NoSuchPath { .. } => "path",
            Error::UnknownKey { .. } => "key",
            Error::StaleKey { .. } => "var",
            Error::Body { .. } => "call",
            Error::Stale => "gradients",
        }
    }

    /// The place in the caller's source: of the call that was refused, or of the comparison that
    /// came out differently. Two errors have none: rows that do not fit a batch, and stale
    /// gradients.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Error::TwoTapes { at, .. }
            | Error::Shapes { at, .. }
            | Error::Operand { at, .. }
            | Error::Singular { at, .. }
            | Error::NoConvergence { at, .. }
            | Error::Operands { at, .. }
            | Error::NoAdjoint { at, .. }
            | Error::Length { at, .. }
            | Error::Empty { at, .. }
            | Error::Ragged { at, .. }
            | Error::Full { at, .. }
            | Error::NotSettable { at, .. }
            | Error::OtherProgram { at, .. }
            | Error::ProgramTooLarge { at, .. }
            | Error::NothingAsked { at }
            | Error::GuardFlipped { at, .. }
            | Error::Differs { at, .. }
            | Error::NoSuchPath { at, .. }
            | Error::NoRule { at, .. }
            | Error::UnknownKey { at, .. }
            | Error::Body { at, .. }
            | Error::StaleKey { at, .. } => Some(*at),
            Error::GuardFlippedInRows { first, .. } => first.place(),
            Error::Rows { .. } | Error::Stale => None,
        }
    }

    /// The same, of an operation that is composed of the one that was refused.
    pub(crate) fn within(mut self, composed: &'static str) -> Self {
        if let Error::TwoTapes { op, .. }
        | Error::Shapes { op, .. }
        | Error::Operand { op, .. }
        | Error::Singular { op, .. }
        | Error::NoAdjoint { op, .. }
        | Error::Length { op, .. }
        | Error::NoRule { op, .. }
        | Error::Empty { op, .. }
        | Error::Ragged { op, .. }
        | Error::Full { op, .. } = &mut self
        {
            *op = composed;
        }
        self
    }
}

fn listed(operands: &[Culprit]) -> String {
    let texts: Vec<String> = operands.iter().map(Culprit::to_string).collect();
    if texts.is_empty() { String::new() } else { format!(" from {}", texts.join(" and ")) }
}

fn made(place: Option<Place>) -> String {
    place.map_or_else(String::new, |place| format!(" (recorded at {place})"))
}
