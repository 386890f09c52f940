//! What a reader calls a number, and which number a reader means.

use std::collections::HashMap;

use super::data::{Spot, TraceData};
use super::strided::{Strided, subscript};
use super::{Slot, Trace};

/// What a path leads to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    Node(usize),
    Part(usize),
}

/// Numbers that a path names: a node, a part of one, or an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    shape: Vec<usize>,
    slots: Vec<Slot>,
}

impl Part {
    /// The extents; none for a single number.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The slots of its elements, row-major.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }
}

/// A slot as an element of what it is called by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label<'a> {
    /// The path of the node or part.
    pub(crate) path: &'a str,
    pub(crate) shape: &'a [usize],
    pub(crate) position: usize,
    /// Whether someone gave the name.
    pub(crate) named: bool,
}

impl Label<'_> {
    pub(crate) fn text(&self) -> String {
        if self.shape.is_empty() {
            self.path.to_owned()
        } else {
            format!("{}{}", self.path, subscript(self.position, self.shape))
        }
    }
}

pub(super) fn index(
    data: &TraceData,
    starts: &[usize],
) -> (HashMap<String, Source>, HashMap<usize, (usize, usize)>) {
    let nodes = data.nodes.iter().enumerate().map(|(i, node)| (node.path.clone(), Source::Node(i)));
    let parts = data.parts.iter().enumerate().map(|(i, part)| (part.path.clone(), Source::Part(i)));
    let mut in_part: HashMap<usize, (usize, usize)> = HashMap::new();
    let lengths: Vec<usize> =
        data.parts.iter().map(|part| part.elements.shape.iter().product()).collect();
    for (i, part) in data.parts.iter().enumerate() {
        for (position, slot) in part.elements.resolve(starts).slots().enumerate() {
            let entry = in_part.entry(slot).or_insert((i, position));
            // The smallest part that holds it; of equal ones the first.
            if lengths[i] < lengths[entry.0] {
                *entry = (i, position);
            }
        }
    }
    (nodes.chain(parts).collect(), in_part)
}

impl Trace {
    /// What a reader calls a slot: the path of its name, `path[i]` for an element of a named run;
    /// the smallest named run that holds it, or its node's path.
    ///
    /// # Panics
    ///
    /// If the slot is not of this trace.
    #[must_use]
    pub fn label(&self, slot: Slot) -> String {
        self.label_of(slot).text()
    }

    pub(crate) fn label_of(&self, slot: Slot) -> Label<'_> {
        let Spot { node, position } = self.spot(slot);
        let node = &self.data.nodes[node];
        if let Some(&(part, at)) = self.in_part.get(&slot.0) {
            let part = &self.data.parts[part];
            if !node.named || part.elements.shape.iter().product::<usize>() < node.values.len() {
                return Label {
                    path: &part.path,
                    shape: &part.elements.shape,
                    position: at,
                    named: true,
                };
            }
        }
        Label { path: &node.path, shape: &node.shape, position, named: node.named }
    }

    /// The line of source that recorded or named a number, if it was kept.
    ///
    /// # Panics
    ///
    /// If the slot is not of this trace.
    #[must_use]
    pub fn place_of(&self, slot: Slot) -> Option<&str> {
        let node = &self.data.nodes[self.spot(slot).node];
        let part = self.in_part.get(&slot.0).map(|&(part, _)| &self.data.parts[part]);
        node.place.as_deref().or_else(|| part.and_then(|part| part.place.as_deref()))
    }

    /// The numbers that a path names: a node's, a named part's, or, with a subscript, an element's:
    /// `hidden/0.w[1]`.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<Part> {
        if let Some(&source) = self.by_path.get(path) {
            let strided = self.source(source);
            return Some(Part { slots: strided.slots().map(Slot).collect(), shape: strided.shape });
        }
        let (of, index) = path.strip_suffix(']')?.rsplit_once('[')?;
        let strided = self.source(*self.by_path.get(of)?);
        let index: Vec<usize> =
            index.split(',').map(|i| i.trim().parse()).collect::<Result<_, _>>().ok()?;
        if index.len() != strided.shape.len()
            || index.iter().zip(&strided.shape).any(|(i, extent)| i >= extent)
        {
            return None;
        }
        let steps = index.iter().zip(&strided.strides).map(|(i, stride)| i * stride);
        Some(Part { shape: vec![], slots: vec![Slot(strided.start + steps.sum::<usize>())] })
    }

    /// The slot of a path that names a single number.
    #[must_use]
    pub fn slot(&self, path: &str) -> Option<Slot> {
        match *self.find(path)?.slots() {
            [slot] => Some(slot),
            _ => None,
        }
    }

    /// Every path that was given as a name, nodes' before parts', each in the order of the trace.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let nodes = self.data.nodes.iter().filter(|node| node.named).map(|node| node.path.as_str());
        nodes.chain(self.data.parts.iter().map(|part| part.path.as_str()))
    }

    fn source(&self, source: Source) -> Strided {
        match source {
            Source::Node(node) => {
                Strided::contiguous(self.starts[node], &self.data.nodes[node].shape)
            }
            Source::Part(part) => self.resolve(&self.data.parts[part].elements),
        }
    }
}
