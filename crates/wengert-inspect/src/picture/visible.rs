//! Which scopes are open, and what is seen then.

use std::collections::{BTreeMap, VecDeque};

use super::boxes::Boxes;
use super::scopes::{Item, Scopes};

/// The most things alike that open by themselves: of more, "×30" says more than thirty boxes.
const REPEATS: usize = 8;

/// What the caller chose for a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Open,
    Collapse,
}

/// An arrow between two things that are seen.
#[derive(Debug)]
pub(crate) struct Arrow {
    pub(crate) from: Item,
    pub(crate) to: Item,
    /// By index; several if one end is a closed group.
    pub(crate) wires: Vec<usize>,
    pub(crate) cut: bool,
}

/// For each group whether it is open: those that the caller opened, with all around them, then from
/// the outside inwards while no more than `limit` boxes are seen.
pub(crate) fn open(scopes: &Scopes, limit: usize, choices: &[(String, Choice)]) -> Vec<bool> {
    let groups = &scopes.groups;
    let mut choice = vec![None; groups.len()];
    for (path, chosen) in choices {
        if let Some(group) = scopes.find(path) {
            choice[group] = Some(*chosen);
            let mut around = groups[group].parent;
            while let (Choice::Open, Some(outer)) = (chosen, around) {
                // The later choice counts.
                choice[outer] = Some(Choice::Open);
                around = groups[outer].parent;
            }
        }
    }
    let mut open = vec![false; groups.len()];
    open[0] = true;
    let mut seen = groups[0].items.len();
    // Where all there is may be seen at once, nothing is too much of the same.
    let everything = groups[0].vertices <= limit;
    // The chosen ones first, so that the others fill what room is left.
    for chosen in [true, false] {
        let mut queue = VecDeque::from([0]);
        while let Some(group) = queue.pop_front() {
            let inner: Vec<usize> =
                groups[group].items.iter().filter_map(|item| item.group()).collect();
            let free = |inner: usize| choice[inner].is_none() && !open[inner];
            // Of things that are alike all open or none, and none of a crowd.
            let alike = |one: usize| {
                let alike = inner.iter().filter(|&&other| {
                    groups[other].structure == groups[one].structure && free(other)
                });
                let (count, more) = alike.fold((0, 0), |(n, more), &other| {
                    (n + 1, more + groups[other].items.len() - 1)
                });
                (count, more)
            };
            let mut opens: Vec<usize> = Vec::new();
            for &one in &inner {
                let known =
                    opens.iter().any(|&other| groups[other].structure == groups[one].structure);
                let (count, more) = alike(one);
                let repeats = count.max(groups[one].repeats);
                let fits = (repeats <= REPEATS || everything) && seen.saturating_add(more) <= limit;
                match choice[one] {
                    Some(Choice::Open) if chosen && !open[one] => {
                        seen += groups[one].items.len() - 1;
                        opens.push(one);
                    }
                    None if !chosen && !open[one] && (known || fits) => {
                        seen += if known { 0 } else { more };
                        opens.push(one);
                    }
                    _ => {}
                }
            }
            opens.into_iter().for_each(|one| open[one] = true);
            queue.extend(inner.into_iter().filter(|&one| open[one]));
        }
    }
    open
}

impl Item {
    pub(crate) fn group(self) -> Option<usize> {
        match self {
            Item::Group(group) => Some(group),
            Item::Vertex(_) => None,
        }
    }
}

/// What stands for a vertex: the outermost closed group around it, or itself.
pub(crate) fn stand_in(scopes: &Scopes, open: &[bool], vertex: usize) -> Item {
    let mut seen = Item::Vertex(vertex);
    let mut around = Some(scopes.of_vertex[vertex]);
    while let Some(group) = around {
        if !open[group] {
            seen = Item::Group(group);
        }
        around = scopes.groups[group].parent;
    }
    seen
}

/// The arrows between what is seen, in the order of their first wire.
pub(crate) fn arrows(boxes: &Boxes, scopes: &Scopes, open: &[bool]) -> Vec<Arrow> {
    let mut arrows: Vec<Arrow> = Vec::new();
    let mut known: BTreeMap<(usize, usize, usize, usize), usize> = BTreeMap::new();
    let key = |item: Item| match item {
        Item::Vertex(vertex) => (0, vertex),
        Item::Group(group) => (1, group),
    };
    let stand_ins: Vec<Item> =
        (0..boxes.vertices.len()).map(|vertex| stand_in(scopes, open, vertex)).collect();
    for (index, wire) in boxes.wires.iter().enumerate() {
        let (from, to) = (stand_ins[wire.from], stand_ins[wire.to]);
        if from == to {
            continue;
        }
        let ((a, b), (c, d)) = (key(from), key(to));
        let at = *known.entry((a, b, c, d)).or_insert_with(|| {
            arrows.push(Arrow { from, to, wires: Vec::new(), cut: true });
            arrows.len() - 1
        });
        arrows[at].wires.push(index);
        arrows[at].cut &= wire.cut;
    }
    arrows
}

impl Arrow {
    /// The local partial of a single wire, the number of several; `counted` says whether that is
    /// shown.
    pub(crate) fn label(&self, boxes: &Boxes, digits: usize, counted: bool) -> Option<String> {
        match self.wires[..] {
            [wire] => boxes.wires[wire].label(digits),
            _ => counted.then(|| format!("×{}", self.wires.len())),
        }
    }
}

/// Whether to say on arrows how many wires they are: among many, the numbers would hide the arrows.
pub(crate) fn counted(arrows: &[Arrow]) -> bool {
    const FEW: usize = 12;
    arrows.iter().filter(|arrow| arrow.wires.len() > 1).count() <= FEW
}
