//! What a program keeps of its plan, so that it can be [written as Rust](crate::source).

use super::access::{Access, Dims};
use super::feed::InPlace;
use super::fuse::Stage;
use super::group::Plan;
use super::ids::{Address, Id, Slot};
use super::products;
use crate::Numerics;
use wengert_ops::run::{SCALAR, View};
use wengert_tape::internals::Side;

/// A program of more instructions than this keeps none of it: its text would be of no use to a
/// reader, nor to a compiler, and the plan takes ten times the room of what runs.
pub(crate) const LONGEST: usize = 1 << 16;

/// Instructions by address, their order, and what they are called.
#[derive(Debug)]
pub(crate) struct Recipe<S> {
    pub(crate) plan: Plan<S>,
    pub(crate) stages: Vec<Stage>,
    /// The outputs, then the sides of the guards, then what pivot checks look at.
    pub(crate) kept: Vec<(Access<Address>, Dims)>,
    pub(crate) in_place: Vec<InPlace>,
    /// By output.
    pub(crate) asked: Vec<Asked>,
    /// By first slot, and the longer first.
    pub(crate) names: Vec<Name>,
    pub(crate) numerics: Numerics,
    /// Whether the first block of leaves is the rows' weights, which no caller sets.
    pub(crate) has_weights: bool,
}

/// What an output is, as a reader calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Value(String),
    Gradient { of: String, wrt: String },
}

/// A name on the tape: its elements from `start` on, if they are neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) start: Slot,
    pub(crate) len: usize,
    pub(crate) path: String,
}

/// The names of a tape.
pub(crate) fn names(side: &Side) -> Vec<Name> {
    let mut names: Vec<Name> = side
        .names
        .list
        .iter()
        .filter_map(|name| {
            let layout = side.layouts.get(name.view.layout());
            let neighbours = name.view.layout() == SCALAR || layout.is_contiguous();
            let (start, path) = (products::start(name.view), name.path.clone());
            neighbours.then(|| Name { start, len: layout.len(), path })
        })
        .collect();
    names.sort_by_key(|name| (name.start, std::cmp::Reverse(name.len)));
    names
}

/// What a reader calls a view: its name, or the id of its first slot.
pub(crate) fn called(names: &[Name], side: &Side, view: View) -> String {
    let (start, len) = (products::start(view), side.layouts.get(view.layout()).len());
    let from = names.partition_point(|name| name.start < start);
    let same = names[from..].iter().take_while(|name| name.start == start);
    let whole = same.into_iter().find(|name| name.len == len);
    whole.map_or_else(|| format!("v{}", start.index()), |name| name.path.clone())
}
