//! The three ways in which a text is spelled: plain, Markdown with LaTeX, HTML with MathML.

pub(super) mod latex;
pub(super) mod mathml;
pub(super) mod text;

use super::math::Math;

/// A text before it is spelled.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Block {
    /// Of level 1, 2 or 3.
    Heading(u8, Vec<Inline>),
    Paragraph(Vec<Inline>),
    Equation(Equation),
    Table(Table),
}

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Inline {
    Words(String),
    /// A path, or a line of a program.
    Code(String),
    Math(Math),
}

/// A left side, and what it is equal to, line by line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Equation {
    pub(super) left: Math,
    /// The sum of the contributions by their names, if it is short: it stands before them.
    pub(super) sum: Option<Box<Math>>,
    /// The contributions that are added up, if there are several.
    pub(super) shares: Vec<Share>,
    pub(super) lines: Vec<Line>,
    /// Why it is zero, or what was left out.
    pub(super) note: Option<String>,
}

/// One contribution to a sum.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Share {
    /// Through which reader it comes.
    pub(super) reader: String,
    /// Formula, numbers and result on one line.
    pub(super) math: Math,
}

/// `= formula`, or `≈`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) relation: char,
    pub(super) math: Math,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table {
    pub(super) head: Vec<Vec<Inline>>,
    pub(super) rows: Vec<Vec<Vec<Inline>>>,
}

impl Block {
    pub(super) fn words(text: impl Into<String>) -> Self {
        Block::Paragraph(vec![Inline::Words(text.into())])
    }
}

impl Inline {
    pub(super) fn words(text: impl Into<String>) -> Self {
        Inline::Words(text.into())
    }
}
