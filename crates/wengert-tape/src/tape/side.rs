//! The side tables: what only some nodes have. The scalar path never looks here.

#![allow(missing_docs, reason = "public to the compiler alone")]

use std::collections::HashMap;

use std::sync::Arc;

use wengert_ops::attributes::External;

use super::Mark;
use crate::error::Place;
use crate::op::Comparison;
use crate::run::{Layouts, View, Wide};

/// A name given to a node or to a part of one.
#[derive(Debug)]
pub struct Name {
    pub view: View,
    /// `scope/name`, unique on the tape: a repeat carries `#2`.
    pub path: String,
    pub place: Place,
}

#[derive(Debug, Default)]
pub struct Names {
    pub list: Vec<Name>,
    by_view: HashMap<View, u32>,
    uses: HashMap<String, u32>,
}

impl Names {
    fn clear(&mut self) {
        self.list.clear();
        self.by_view.clear();
        self.uses.clear();
    }

    /// Keeps the first `len` names. Paths of the others are free again, so that a program recorded
    /// anew names its nodes alike.
    fn truncate(&mut self, len: usize) {
        if self.list.len() <= len {
            return;
        }
        for name in self.list.drain(len..) {
            self.by_view.remove(&name.view);
        }
        self.uses.clear();
        for name in &self.list {
            self.uses.entry(name.path.clone()).or_insert(1);
            // `w#3` is the third use of `w`.
            if let Some((base, k)) = name.path.rsplit_once('#')
                && let Ok(k) = k.parse::<u32>()
            {
                let uses = self.uses.entry(base.to_owned()).or_insert(k);
                *uses = (*uses).max(k);
            }
        }
    }

    /// Gives `view` a name; a later name replaces an earlier one.
    pub fn insert(&mut self, view: View, path: String, place: Place) {
        let view = view.uncut();
        let known = self.by_view.get(&view).map(|&i| i as usize);
        if let Some(i) = known.filter(|&i| self.list[i].path == path) {
            self.list[i].place = place;
            return;
        }
        let path = self.unused(path);
        let name = Name { view, path, place };
        match known {
            Some(i) => self.list[i] = name,
            None => {
                self.by_view.insert(view, self.list.len() as u32);
                self.list.push(name);
            }
        }
    }

    /// The path, or if it is taken the path with the next number, which someone may have given to a
    /// node by hand.
    fn unused(&mut self, path: String) -> String {
        let Some(&uses) = self.uses.get(&path) else {
            self.uses.insert(path.clone(), 1);
            return path;
        };
        let mut k = uses + 1;
        while self.is_taken(&format!("{path}#{k}")) {
            k += 1;
        }
        let unused = format!("{path}#{k}");
        self.uses.insert(path, k);
        self.uses.insert(unused.clone(), 1);
        unused
    }

    /// Whether some node has, or had, this path.
    pub fn is_taken(&self, path: &str) -> bool {
        self.uses.contains_key(path)
    }

    pub fn get(&self, view: View) -> Option<&Name> {
        self.by_view.get(&view.uncut()).map(|&i| &self.list[i as usize])
    }
}

/// A comparison that the program branched on.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    pub comparison: Comparison,
    pub left: u32,
    pub right: u32,
    pub outcome: bool,
    pub place: Place,
}

/// A step that may have no result, which is checked when it is computed again.
#[derive(Clone, Copy, Debug)]
pub struct FaultCheck {
    /// Its index among the wide steps.
    pub wide: usize,
    pub place: Place,
}

/// A step that cannot be differentiated any number of times.
#[derive(Clone, Copy, Debug)]
pub struct Limited {
    /// Its index among the wide steps.
    pub wide: usize,
    /// How often it can, by the operand by which it can least.
    pub least: u8,
}

/// Scopes by number; 0 is the root, whose path is empty.
#[derive(Debug)]
pub struct Scopes {
    paths: Vec<String>,
    by_path: HashMap<String, u32>,
    /// (first slot, scope): the scope holds from that slot on.
    marks: Vec<(u32, u32)>,
}

impl Scopes {
    pub fn new() -> Self {
        Scopes {
            paths: vec![String::new()],
            by_path: HashMap::from([(String::new(), 0)]),
            marks: Vec::new(),
        }
    }

    fn clear(&mut self) {
        // The paths stay: the next recording is likely to open the same scopes.
        self.marks.clear();
    }

    /// Forgets the scopes of the slots from here on, but not their paths.
    fn truncate(&mut self, slots: u32) {
        while self.marks.pop_if(|mark| mark.0 >= slots).is_some() {}
        // What follows is recorded outside of every scope.
        if self.marks.last().is_some_and(|mark| mark.1 != 0) {
            self.marks.push((slots, 0));
        }
    }

    pub fn child(&mut self, parent: u32, name: &str) -> u32 {
        let path = join(&self.paths[parent as usize], name);
        if let Some(&id) = self.by_path.get(&path) {
            return id;
        }
        let id = self.paths.len() as u32;
        self.paths.push(path.clone());
        self.by_path.insert(path, id);
        id
    }

    pub fn mark(&mut self, slot: u32, scope: u32) {
        match self.marks.last_mut() {
            // Nothing was recorded under the last mark.
            Some(last) if last.0 == slot => last.1 = scope,
            _ => self.marks.push((slot, scope)),
        }
    }

    pub fn path(&self, scope: u32) -> &str {
        &self.paths[scope as usize]
    }

    /// The scope that was open when `slot` was recorded.
    pub fn at(&self, slot: u32) -> u32 {
        match self.marks.partition_point(|mark| mark.0 <= slot) {
            0 => 0,
            i => self.marks[i - 1].1,
        }
    }
}

/// `scope/name`, or the name alone at the root.
pub(crate) fn join(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}/{name}") }
}

#[derive(Debug)]
pub struct Side {
    pub wides: Vec<Wide>,
    pub layouts: Layouts,
    pub names: Names,
    pub scopes: Scopes,
    pub guards: Vec<Guard>,
    pub faults: Vec<FaultCheck>,
    /// The steps that cannot be differentiated any number of times.
    pub limited: Vec<Limited>,
    /// The functions of plain numbers that are called, each with the first wide step that calls it.
    pub externals: Vec<(Arc<External>, usize)>,
    /// The place of every step, in the recording mode that keeps them.
    pub places: Vec<Place>,
}

impl Default for Side {
    fn default() -> Self {
        Self::new()
    }
}

impl Side {
    #[must_use]
    pub fn new() -> Self {
        Side {
            wides: Vec::new(),
            layouts: Layouts::new(),
            names: Names::default(),
            scopes: Scopes::new(),
            guards: Vec::new(),
            faults: Vec::new(),
            limited: Vec::new(),
            externals: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.wides.clear();
        self.layouts.clear();
        self.names.clear();
        self.scopes.clear();
        self.guards.clear();
        self.faults.clear();
        self.limited.clear();
        self.externals.clear();
        self.places.clear();
    }

    /// Forgets what came after the mark.
    pub(super) fn truncate(&mut self, mark: &Mark) {
        self.wides.truncate(mark.wides);
        self.names.truncate(mark.names);
        self.scopes.truncate(mark.slots);
        self.guards.truncate(mark.guards);
        self.faults.truncate(mark.faults);
        self.limited.retain(|limited| limited.wide < mark.wides);
        self.externals.retain(|(_, wide)| *wide < mark.wides);
        self.places.truncate(mark.steps as usize);
    }

    /// The wide step whose run holds `slot`, if it is not a scalar node's.
    #[must_use]
    pub fn wide_at(&self, slot: u32) -> Option<&Wide> {
        let i = self.wides.partition_point(|wide| wide.out <= slot);
        let wide = &self.wides[i.checked_sub(1)?];
        (slot < wide.out + wide.len).then_some(wide)
    }

    /// The index of the step that fills `slot`.
    #[must_use]
    pub fn step_of(&self, slot: u32) -> u32 {
        let i = self.wides.partition_point(|wide| wide.out <= slot);
        match i.checked_sub(1).map(|i| &self.wides[i]) {
            None => slot,
            Some(wide) if slot < wide.out + wide.len => wide.step,
            Some(wide) => wide.step + 1 + (slot - wide.out - wide.len),
        }
    }
}
