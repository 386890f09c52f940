//! What a function takes and gives, and what it does with its inputs first.

use super::error::RustError;
use super::loops::Loops;
use super::writer::{Nest, Store, Writer};
use crate::ids::{Id, RunId, Slot};
use crate::recipe::Asked;
use crate::run::Float;

/// An argument.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) doc: String,
}

/// How an output gets to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gives {
    Returned,
    /// Written to an argument.
    Written(String),
    /// What an input holds afterwards.
    Input(RunId),
}

impl<S: Float> Writer<'_, S> {
    /// The caller's inputs; by block of leaves the input, none for the rows' weights.
    pub(crate) fn inputs(&mut self) -> Result<Vec<Argument>, RustError> {
        let plan = &self.recipe.plan;
        let skipped = usize::from(self.recipe.has_weights);
        let fed: Vec<bool> =
            self.inner.inputs.iter().map(|input| self.is_fed(input.start)).collect();
        let mut arguments = Vec::new();
        let number = self.ops.number;
        if let Some(constants) = plan.constants.first() {
            let run = plan.line.run_of(constants.0);
            self.store[run] = Store::Constants;
        }
        for (i, input) in self.inner.inputs.iter().enumerate() {
            let run = plan.blocks[i + skipped];
            let read = self.uses.reads(run).count > 0 || fed[i];
            let label = input.label.replace('`', "'");
            let name = self.names.unique(&label);
            let len = input.len * input.rows;
            let by_value = len == 1 && input.shape.is_scalar() && input.rows == 1;
            let (name, kind) = match (by_value, fed[i]) {
                (true, false) => (name, number.to_owned()),
                (true, true) => (name, format!("&mut {number}")),
                (false, false) => (name, format!("&[{number}; {len}]")),
                (false, true) => (name, format!("&mut [{number}; {len}]")),
            };
            if fed[i] && input.rows > 1 {
                let (operation, what) = ("feed", "what is fed differs from row to row");
                return Err(RustError::Instruction { operation, what });
            }
            self.store[run] = match (by_value, fed[i]) {
                (true, false) => Store::Number(name.clone()),
                (true, true) => Store::Behind(name.clone()),
                (false, _) => Store::Array(name.clone()),
            };
            if input.rows == 1 {
                self.blocks.insert(run, Slot::new(input.id.slot()));
            }
            let shape = match (input.rows, input.shape.is_scalar()) {
                (1, true) => String::new(),
                (1, false) => format!(", shape `{}`", input.shape),
                (rows, true) => format!(", a number for each of {rows} rows"),
                (rows, false) => format!(", {rows} rows of shape `{}`", input.shape),
            };
            let called = if label == name { String::new() } else { format!(" is `{label}`") };
            let doc = format!("`{name}`{called}{shape}");
            let unread = if read { "" } else { "_" };
            arguments.push(Argument { name: format!("{unread}{name}"), kind, doc });
        }
        Ok(arguments)
    }

    /// Whether something is fed to the input that begins at a place.
    fn is_fed(&self, start: usize) -> bool {
        let input = self.inner.inputs.iter().position(|input| input.start == start);
        let Some(i) = input else { return false };
        let input = &self.inner.inputs[i];
        let run = self.recipe.plan.blocks[i + usize::from(self.recipe.has_weights)];
        let leaf = self.recipe.plan.line.start(run);
        let end = start + input.len * input.rows;
        self.recipe.in_place.iter().any(|taken| taken.leaf == leaf)
            || self.inner.feeds.iter().any(|feed| {
                feed.to.numbers(&feed.dims).iter().any(|to| (start..end).contains(&to.index()))
            })
    }

    /// What is computed in a leaf's place.
    pub(crate) fn move_in_place(&mut self) {
        for taken in &self.recipe.in_place {
            let (result, leaf) = (self.locate(taken.result).0, self.locate(taken.leaf).0);
            self.store[result] = self.store[leaf].clone();
        }
    }

    /// How each output gets to the caller; arrays that hold exactly one become the caller's.
    pub(crate) fn gives(&mut self) -> Vec<Gives> {
        let mut all = Vec::new();
        for (k, answer) in self.inner.outputs.iter().enumerate() {
            let (access, dims) = self.recipe.kept[k].clone();
            if answer.shape.is_scalar() && !self.fills_input(k) {
                all.push(Gives::Returned);
                continue;
            }
            if let Some(input) = self.input_of(k) {
                all.push(Gives::Input(input));
                continue;
            }
            let name = self.names.unique(&name_of(&self.recipe.asked[k]));
            let line = &self.recipe.plan.line;
            let whole = access
                .run(&dims, line)
                .filter(|&run| {
                    access.is_contiguous(&dims) && line.len_of(run) == answer.shape.len()
                })
                .filter(|&run| line.len_of(run) > 1 && matches!(self.store[run], Store::Nowhere))
                .filter(|_| !access.is_repeated(&dims));
            if let Some(run) = whole {
                self.store[run] = Store::Array(name.clone());
                // An array that nobody else reads is written as the caller is to read it.
                self.cleared[run] = answer.is_gradient && self.uses.reads(run).count == 1;
            }
            all.push(Gives::Written(name));
        }
        all
    }

    fn fills_input(&self, k: usize) -> bool {
        self.input_of(k).is_some()
    }

    /// The input that holds an output after the call, because that is all that is fed to it.
    fn input_of(&self, k: usize) -> Option<RunId> {
        let line = &self.recipe.plan.line;
        if self.inner.outputs[k].is_gradient {
            return None;
        }
        let (access, dims) = &self.recipe.kept[k];
        let taken = self.recipe.in_place.iter().find(|taken| {
            let (result, _) = self.locate(taken.result);
            access.run(dims, line) == Some(result)
                && access.first() == taken.result
                && access.is_contiguous(dims)
                && dims.iter().product::<usize>() == line.len_of(result)
        });
        if let Some(taken) = taken {
            let leaf = self.locate(taken.leaf).0;
            let others = self.inner.feeds.iter().any(|feed| self.feeds_into(feed, leaf));
            return (!others).then_some(leaf);
        }
        let feed = self.inner.feeds.iter().find(|feed| feed.output == k)?;
        let to = self.leaf_of(feed)?;
        let alone = self.inner.feeds.iter().filter(|other| self.feeds_into(other, to)).count() == 1;
        let whole = feed.to.is_contiguous(&feed.dims)
            && feed.dims.iter().product::<usize>() == line.len_of(to);
        (alone && whole).then_some(to)
    }

    /// The weights of the rows: every row counts.
    pub(crate) fn weights(&mut self) {
        if !self.recipe.has_weights {
            return;
        }
        let run = self.recipe.plan.blocks[0];
        let number = self.ops.number;
        if self.uses.reads(run).count > 0 {
            let name = self.names.unique("row_weights");
            let rows = self.inner.rows;
            self.body.line(&format!("let {name} = [1.0_{number}; {rows}];"));
            self.store[run] = Store::Array(name);
        }
    }

    /// Inputs that differ from row to row come row by row, and are computed with number by number.
    pub(crate) fn columns(&mut self) {
        for i in 0..self.inner.inputs.len() {
            let input = &self.inner.inputs[i];
            let (len, rows) = (input.len, input.rows);
            let run = self.recipe.plan.blocks[i + usize::from(self.recipe.has_weights)];
            if rows == 1 || len == 1 || self.uses.reads(run).count == 0 {
                continue;
            }
            let Store::Array(from) = self.store[run].clone() else { continue };
            let columns = self.array(&format!("{from}_columns"), len * rows);
            let loops = Loops::new(&[rows, len], &[vec![1, rows as i64], vec![len as i64, 1]]);
            let nest = Nest { loops: &[&loops] };
            self.open(&loops, 0);
            let line = format!("{columns}[{}] = {from}[{}];", nest.index(0, 0), nest.index(0, 1));
            self.body.line(&line);
            self.close(&loops);
            self.store[run] = Store::Array(columns);
        }
    }
}

/// What an output is called.
pub(crate) fn name_of(asked: &Asked) -> String {
    match asked {
        Asked::Value(path) => path.clone(),
        Asked::Gradient { wrt, .. } => format!("d_{wrt}"),
    }
}
