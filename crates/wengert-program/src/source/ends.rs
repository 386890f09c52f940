//! What a function begins and ends with: arguments, checks of comparisons, what is fed back, and
//! what is given to the caller.

use super::error::RustError;
use super::loops::Loops;
use super::writer::{Nest, Operand, Store, Tracks, Writer};
use crate::access::{Access, Dims};
use crate::ids::{Address, Id, Place, Point, RunId, Slot};
use crate::recipe::Asked;
use crate::run::{Feed, Float};

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

    /// The address of an input's place.
    fn address_of(&self, place: Place) -> Address {
        let skipped = usize::from(self.recipe.has_weights);
        let inputs = self.inner.inputs.iter().enumerate();
        let holds = |start: usize, len: usize| (start..start + len).contains(&place.index());
        let (i, input) = { inputs }
            .find(|(_, input)| holds(input.start, input.len * input.rows))
            .expect("what is fed is an input");
        let start = self.recipe.plan.line.start(self.recipe.plan.blocks[i + skipped]);
        start.plus((place.index() - input.start) as i64)
    }

    fn feeds_into(&self, feed: &Feed, leaf: RunId) -> bool {
        let addresses = feed.to.numbers(&feed.dims);
        addresses.iter().any(|&place| self.locate(self.address_of(place)).0 == leaf)
    }

    /// The one leaf that is fed.
    fn leaf_of(&self, feed: &Feed) -> Option<RunId> {
        let mut runs = feed.to.numbers(&feed.dims).into_iter();
        let first = self.locate(self.address_of(runs.next()?)).0;
        runs.all(|place| self.locate(self.address_of(place)).0 == first).then_some(first)
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

    /// Checks the comparisons that were recorded.
    pub(crate) fn guards(&mut self) {
        let guards = &self.inner.guards;
        if !guards.is_empty() {
            self.body.line("");
            self.body.line("// The comparisons that the recording branched on.");
        }
        for (i, guard) in guards.iter().enumerate() {
            let sides = [0, 1]
                .map(|side| self.recipe.kept[self.inner.outputs.len() + 2 * i + side].clone());
            let rows = sides.iter().map(|(_, dims)| dims.iter().product::<usize>()).max();
            let dims = Dims::from_slice(&[rows.unwrap_or(1)]);
            let mut tracks = Tracks::default();
            let [left, right] = sides.map(|(access, own)| {
                let single = own.iter().product::<usize>() == 1;
                let access = if single {
                    Access::repeated(access.first(), 1)
                } else {
                    Access::of(access.numbers(&own), &dims)
                };
                self.operand(&access, &dims, &mut tracks, &format!("side_{i}"))
            });
            let loops = Loops::new(&dims, &tracks.all);
            let nest = Nest { loops: &[&loops] };
            let [left, right] = [left, right].map(|side| nest.read(&side).into_text());
            let symbol = guard.comparison.symbol();
            let [a, b] = guard.labels.each_ref().map(|label| label.replace(['"', '\\'], "'"));
            let was = if guard.outcome { "holds" } else { "fails" };
            let condition = format!("{left} {symbol} {right}");
            let flipped = if guard.outcome { format!("!({condition})") } else { condition };
            self.open(&loops, 0);
            self.body.open(&format!("if {flipped} {{"));
            let name = format!("comparison {}: {a} {symbol} {b} no longer {was}", guard.index);
            self.body.line(&format!("return Err(\"{name}\");"));
            self.body.close();
            self.close(&loops);
        }
    }

    /// Feeds back what was not computed in place.
    pub(crate) fn feeds(&mut self) {
        let feeds = &self.inner.feeds;
        // Where what is fed is itself fed to, all is read before anything is written.
        let meets = feeds.iter().any(|feed| {
            let (access, dims) = &self.recipe.kept[feed.output];
            let mut any = false;
            access.for_each_run(dims, &self.recipe.plan.line, |run| {
                any |= feeds.iter().any(|other| {
                    let leaf = self.leaf_of(other);
                    self.same_store(run, leaf) || leaf.is_none()
                });
            });
            any
        });
        let mut later = Vec::new();
        for (i, feed) in feeds.iter().enumerate() {
            let (access, dims) = self.recipe.kept[feed.output].clone();
            let to: Vec<Address> =
                feed.to.numbers(&feed.dims).iter().map(|&to| self.address_of(to)).collect();
            let to = Access::of(to, &feed.dims);
            if meets {
                let from = self.array(&format!("fed_{i}"), dims.iter().product());
                let mut tracks = Tracks::default();
                let value = self.operand(&access, &dims, &mut tracks, "fed");
                let track = tracks.row_major(&dims);
                let out = Operand::Element { array: from.clone(), start: 0, track };
                self.copy(&value, &out, &dims, &tracks, false);
                later.push((from, to, feed.dims.clone()));
            } else {
                // Both in row-major order: over the leaf's extents, if they differ.
                let from = access.reshaped(&dims, &feed.dims);
                self.write(&from, &to, &feed.dims);
            }
        }
        for (from, to, dims) in later {
            let mut tracks = Tracks::default();
            let value = Operand::Element { array: from, start: 0, track: tracks.row_major(&dims) };
            self.write_from(&value, &to, &dims, &mut tracks);
        }
    }

    fn same_store(&self, run: RunId, leaf: Option<RunId>) -> bool {
        let name = |run: RunId| match &self.store[run] {
            Store::Array(name) | Store::Behind(name) => Some(name.clone()),
            _ => None,
        };
        leaf.is_some_and(|leaf| leaf == run || name(run).is_some() && name(run) == name(leaf))
    }

    /// Numbers to other places, element by element.
    fn write(&mut self, from: &Access<Address>, to: &Access<Address>, dims: &[usize]) {
        let mut tracks = Tracks::default();
        let value = self.operand(from, dims, &mut tracks, "fed");
        self.write_from(&value, to, dims, &mut tracks);
    }

    fn write_from(
        &mut self,
        value: &Operand,
        to: &Access<Address>,
        dims: &[usize],
        tracks: &mut Tracks,
    ) {
        let (run, offset) = self.locate(to.first());
        if let Store::Behind(name) = &self.store[run] {
            let loops = Loops::new(dims, &tracks.all);
            let line = format!("*{name} = {};", Nest { loops: &[&loops] }.read(value).into_text());
            return self.body.line(&line);
        }
        let strides = match to {
            Access::Strided { strides, .. } if to.run(dims, &self.recipe.plan.line).is_some() => {
                strides.iter().map(|&stride| i64::from(stride)).collect::<Vec<i64>>()
            }
            // One by one.
            _ => {
                for (i, address) in to.numbers(dims).into_iter().enumerate() {
                    let (run, offset) = self.locate(address);
                    let to = match &self.store[run] {
                        Store::Array(array) => format!("{array}[{offset}]"),
                        Store::Behind(name) => format!("*{name}"),
                        other => unreachable!("{other:?} is not fed"),
                    };
                    let value = element(value, dims, tracks, i);
                    self.body.line(&format!("{to} = {value};"));
                }
                return;
            }
        };
        let Store::Array(array) = self.store[run].clone() else {
            unreachable!("inputs are arrays or single numbers")
        };
        let track = tracks.add(strides);
        self.copy(value, &Operand::Element { array, start: offset, track }, dims, tracks, false);
    }

    fn copy(
        &mut self,
        value: &Operand,
        out: &Operand,
        dims: &[usize],
        tracks: &Tracks,
        clear: bool,
    ) {
        let loops = Loops::new(dims, &tracks.all);
        let nest = Nest { loops: &[&loops] };
        let (mut value, to) = (nest.read(value), nest.read(out));
        if clear {
            value = value.without_minus_zero();
        }
        self.open(&loops, 0);
        self.body.line(&value.stored(to.text()));
        self.close(&loops);
    }

    /// Gives the caller what is not written yet; the values to be returned.
    pub(crate) fn finish(&mut self, gives: &[Gives]) -> Vec<String> {
        let mut returned = Vec::new();
        for (k, gives) in gives.iter().enumerate() {
            let answer = &self.inner.outputs[k];
            let (access, dims) = self.recipe.kept[k].clone();
            match gives {
                Gives::Input(_) => {}
                Gives::Returned => {
                    let mut value = self.number(access.first());
                    if answer.is_gradient {
                        value = value.without_minus_zero();
                    }
                    returned.push(value.into_text());
                }
                Gives::Written(name) => self.give(name, answer.is_gradient, &access, &dims),
            }
        }
        returned
    }

    fn give(&mut self, name: &str, gradient: bool, access: &Access<Address>, dims: &Dims) {
        let (run, _) = self.locate(access.first());
        if matches!(&self.store[run], Store::Array(array) if array == name) {
            if gradient && !self.cleared[run] {
                self.body.open(&format!("for derivative in {name}.iter_mut() {{"));
                self.body.line("*derivative += 0.0;");
                self.body.close();
            }
            return;
        }
        // Single numbers from anywhere.
        let len: usize = dims.iter().product();
        let scattered = access.run(dims, &self.recipe.plan.line).is_none() && len <= 64;
        if scattered && !access.is_repeated(dims) {
            let mut items = Vec::with_capacity(len);
            for address in access.numbers(dims) {
                let mut item = self.number(address);
                if gradient {
                    item = item.without_minus_zero();
                }
                items.push(item.into_text());
            }
            return self.body.list(&format!("*{name} = ["), &items, "];");
        }
        let mut tracks = Tracks::default();
        let value = self.operand(access, dims, &mut tracks, name);
        let track = tracks.row_major(dims);
        let out = Operand::Element { array: name.to_owned(), start: 0, track };
        self.copy(&value, &out, dims, &tracks, gradient);
    }
}

/// One element of an operand, counted in row-major order.
fn element(operand: &Operand, dims: &[usize], tracks: &Tracks, i: usize) -> String {
    match operand {
        Operand::Number(expr) => expr.text().to_owned(),
        Operand::Element { array, start, track } => {
            let (mut left, mut at) = (i, *start);
            for (&extent, &stride) in dims.iter().zip(&tracks.all[*track]).rev() {
                at += (left % extent) as i64 * stride;
                left /= extent;
            }
            format!("{array}[{at}]")
        }
        Operand::Listed { array, table, .. } => format!("{array}[{table}[{i}]]"),
    }
}

/// What an output is called.
pub(crate) fn name_of(asked: &Asked) -> String {
    match asked {
        Asked::Value(path) => path.clone(),
        Asked::Gradient { wrt, .. } => format!("d_{wrt}"),
    }
}
