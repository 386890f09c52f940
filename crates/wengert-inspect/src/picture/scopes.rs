//! The tree of scopes, in which crowded scopes are folded, so that no scope holds more than a
//! reader takes in.

use std::collections::HashMap;

use super::boxes::{Boxes, Vertex};

/// The most items that a group holds after folding.
pub(crate) const CROWD: usize = 40;
/// The fewest items of a scope that are worth folding repeats.
const REPEATS_FROM: usize = 12;

/// What stands in a group, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Item {
    Vertex(usize),
    Group(usize),
}

/// A scope, or neighbours that were folded.
#[derive(Debug)]
pub(crate) struct Group {
    /// The scope, or the scope and in brackets the first and last of what was folded:
    /// `hidden/[0..29]`. Unique.
    pub(crate) path: String,
    /// What it is called within its parent.
    pub(crate) title: String,
    pub(crate) parent: Option<usize>,
    /// In the order of the trace, by the first vertex of each.
    pub(crate) items: Vec<Item>,
    /// The vertices within, at any depth.
    pub(crate) vertices: usize,
    /// What a reader is told while it is closed: `×30, each: param ×2, affine, sigmoid`.
    pub(crate) summary: String,
    /// What folding compares: items of one structure have one number.
    pub(crate) structure: usize,
    /// How many times the same thing stands in it; 0 if it holds different things.
    pub(crate) repeats: usize,
    first: usize,
}

/// The tree: group 0 is the root, parents stand before their children.
#[derive(Debug)]
pub(crate) struct Scopes {
    pub(crate) groups: Vec<Group>,
    /// The group that each vertex stands in.
    pub(crate) of_vertex: Vec<usize>,
}

impl Scopes {
    /// At most `crowd` items in each group.
    pub(crate) fn of(boxes: &Boxes, crowd: usize) -> Self {
        let mut builder =
            Builder { boxes, crowd, groups: vec![Group::new("", "")], structures: HashMap::new() };
        let mut by_path: HashMap<String, usize> = HashMap::from([(String::new(), 0)]);
        for (index, vertex) in boxes.vertices.iter().enumerate() {
            let scope = builder.scope(&mut by_path, &vertex.scope);
            builder.groups[scope].items.push(Item::Vertex(index));
        }
        builder.finish(0);
        builder.in_order()
    }

    /// The group of a path.
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.path == path)
    }

    /// The group that an item stands in.
    pub(crate) fn parent(&self, item: Item) -> Option<usize> {
        match item {
            Item::Vertex(vertex) => Some(self.of_vertex[vertex]),
            Item::Group(group) => self.groups[group].parent,
        }
    }
}

impl Group {
    /// What a pointer over the closed group is told.
    pub(crate) fn tip(&self) -> String {
        format!("{}: {}", self.path, self.summary)
    }

    fn new(path: &str, title: &str) -> Self {
        Group {
            path: path.to_owned(),
            title: title.to_owned(),
            parent: None,
            items: Vec::new(),
            vertices: 0,
            summary: String::new(),
            structure: 0,
            repeats: 0,
            first: 0,
        }
    }
}

struct Builder<'a> {
    boxes: &'a Boxes,
    crowd: usize,
    groups: Vec<Group>,
    structures: HashMap<Vec<String>, usize>,
}

impl Builder<'_> {
    /// The group of a scope, made with the scopes around it on first use.
    fn scope(&mut self, by_path: &mut HashMap<String, usize>, scope: &str) -> usize {
        if let Some(&known) = by_path.get(scope) {
            return known;
        }
        let (outer, title) = scope.rsplit_once('/').unwrap_or(("", scope));
        let parent = self.scope(by_path, outer);
        self.groups.push(Group::new(scope, title));
        let group = self.groups.len() - 1;
        by_path.insert(scope.to_owned(), group);
        self.groups[parent].items.push(Item::Group(group));
        group
    }

    /// Finishes the groups within, folds what is crowded, and sums up. Depth is that of the scopes'
    /// nesting.
    fn finish(&mut self, group: usize) {
        for item in self.groups[group].items.clone() {
            if let Item::Group(inner) = item {
                self.finish(inner);
            }
        }
        let mut items = std::mem::take(&mut self.groups[group].items);
        items.sort_by_key(|&item| self.first(item));
        // Before folding, so that the summary counts what the scope holds.
        self.sum_up(group, &items);
        let alike = items.windows(2).all(|pair| self.structure(pair[0]) == self.structure(pair[1]));
        if items.len() > REPEATS_FROM && !(alike && items.len() <= self.crowd) {
            items = self.fold_repeats(group, &items);
        }
        while items.len() > self.crowd {
            items = self.fold_neighbours(group, &items);
        }
        self.groups[group].items = items;
    }

    /// Three neighbours or more of the same structure become one group.
    fn fold_repeats(&mut self, group: usize, items: &[Item]) -> Vec<Item> {
        const FEWEST: usize = 3;
        let mut folded = Vec::new();
        for run in items
            .chunk_by(|&a, &b| self.structure(a) == self.structure(b))
            .map(<[Item]>::to_vec)
            .collect::<Vec<_>>()
        {
            if run.len() < FEWEST || run.len() == items.len() {
                folded.extend(run);
            } else {
                folded.push(self.fold(group, run));
            }
        }
        folded
    }

    /// Neighbours become groups of equal size, as few as let each stay below the limit.
    fn fold_neighbours(&mut self, group: usize, items: &[Item]) -> Vec<Item> {
        let groups = items.len().div_ceil(self.crowd).max(2);
        let size = items
            .len()
            .div_ceil(groups.max((items.len() as f64).sqrt().floor() as usize).min(self.crowd));
        items
            .chunks(size.max(2))
            .map(<[Item]>::to_vec)
            .map(|chunk| self.fold(group, chunk))
            .collect()
    }

    fn fold(&mut self, group: usize, mut items: Vec<Item>) -> Item {
        if let [item] = items[..] {
            return item;
        }
        let within = self.groups[group].path.clone();
        let title =
            format!("{}..{}", self.name(items[0], true), self.name(items[items.len() - 1], false));
        let mut path =
            if within.is_empty() { format!("[{title}]") } else { format!("{within}/[{title}]") };
        while self.groups.iter().any(|group| group.path == path) {
            path.push('\'');
        }
        let folded = self.groups.len();
        self.groups.push(Group::new(&path, &title));
        self.sum_up(folded, &items);
        while items.len() > self.crowd {
            items = self.fold_neighbours(group, &items);
        }
        self.groups[folded].items = items;
        Item::Group(folded)
    }

    /// Notes what a group holds; those within are finished.
    fn sum_up(&mut self, group: usize, items: &[Item]) {
        let structures: Vec<usize> = items.iter().map(|&item| self.structure(item)).collect();
        let alike = structures.len() > 1 && structures.windows(2).all(|pair| pair[0] == pair[1]);
        let names: Vec<String> = structures.iter().map(ToString::to_string).collect();
        let structure = self.intern(names);
        let mut leaves = Vec::new();
        items.iter().for_each(|&item| self.leaves(item, &mut leaves));
        let summary = match items.first() {
            Some(&first) if alike => {
                let mut one = Vec::new();
                self.leaves(first, &mut one);
                let each = self.ops(&one);
                match first {
                    Item::Vertex(_) => format!("{each} ×{}", items.len()),
                    Item::Group(_) => format!("×{}, each: {each}", items.len()),
                }
            }
            _ => self.ops(&leaves),
        };
        let first = items.iter().map(|&item| self.first(item)).min().unwrap_or(0);
        let it = &mut self.groups[group];
        (it.vertices, it.summary, it.structure, it.first) =
            (leaves.len(), summary, structure, first);
        it.repeats = if alike { items.len() } else { 0 };
    }

    /// The kinds of ops in some boxes, most of them by name: `affine ×2, sigmoid ×2, +3 more`.
    fn ops(&self, vertices: &[usize]) -> String {
        let named = |kinds: usize| if kinds > 4 { 3 } else { kinds };
        let mut kinds: Vec<(&str, usize)> = Vec::new();
        for &vertex in vertices {
            let formula = self.boxes.vertices[vertex].formula.as_str();
            let op = formula.split(['(', ' ']).next().unwrap_or(formula);
            match kinds.iter_mut().find(|kind| kind.0 == op) {
                Some(kind) => kind.1 += 1,
                None => kinds.push((op, 1)),
            }
        }
        let more: usize = kinds.iter().skip(named(kinds.len())).map(|kind| kind.1).sum();
        let text = |&(op, times): &(&str, usize)| {
            if times == 1 { op.to_owned() } else { format!("{op} ×{times}") }
        };
        let mut texts: Vec<String> = kinds.iter().take(named(kinds.len())).map(text).collect();
        if more > 0 {
            texts.push(format!("+{more} more"));
        }
        texts.join(", ")
    }

    fn leaves(&self, item: Item, into: &mut Vec<usize>) {
        match item {
            Item::Vertex(vertex) => into.push(vertex),
            Item::Group(group) => {
                self.groups[group].items.iter().for_each(|&item| self.leaves(item, into))
            }
        }
    }

    fn structure(&mut self, item: Item) -> usize {
        match item {
            Item::Vertex(vertex) => {
                let Vertex { formula, .. } = &self.boxes.vertices[vertex];
                self.intern(vec![String::new(), formula.clone()])
            }
            Item::Group(group) => self.groups[group].structure,
        }
    }

    fn intern(&mut self, key: Vec<String>) -> usize {
        let next = self.structures.len();
        *self.structures.entry(key).or_insert(next)
    }

    fn first(&self, item: Item) -> usize {
        match item {
            Item::Vertex(vertex) => vertex,
            Item::Group(group) => self.groups[group].first,
        }
    }

    /// What an item is called; of folded neighbours the first or the last.
    fn name(&self, item: Item, first: bool) -> String {
        match item {
            Item::Vertex(vertex) => self.boxes.vertices[vertex].name.clone(),
            Item::Group(group) => {
                let title = &self.groups[group].title;
                match title.split_once("..") {
                    Some((start, end)) => (if first { start } else { end }).to_owned(),
                    None => title.clone(),
                }
            }
        }
    }

    /// Parents before children, and children in the order of their parent's items.
    fn in_order(self) -> Scopes {
        let mut order = vec![0];
        let mut parents = vec![None];
        let mut at = 0;
        while at < order.len() {
            for item in &self.groups[order[at]].items {
                if let Item::Group(inner) = *item {
                    order.push(inner);
                    parents.push(Some(at));
                }
            }
            at += 1;
        }
        let mut place = vec![0; self.groups.len()];
        order.iter().enumerate().for_each(|(new, &old)| place[old] = new);
        let mut of_vertex = vec![0; self.boxes.vertices.len()];
        let mut old: Vec<Option<Group>> = self.groups.into_iter().map(Some).collect();
        let mut groups = Vec::with_capacity(order.len());
        for (new, (index, parent)) in order.into_iter().zip(parents).enumerate() {
            let Some(mut group) = old[index].take() else { continue };
            group.parent = parent;
            for item in &mut group.items {
                match item {
                    Item::Vertex(vertex) => of_vertex[*vertex] = new,
                    Item::Group(inner) => *inner = place[*inner],
                }
            }
            groups.push(group);
        }
        Scopes { groups, of_vertex }
    }
}
