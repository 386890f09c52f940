//! What a function ends with: checks of comparisons, what is fed back, and what the caller gets.

use super::arguments::Gives;
use super::loops::Loops;
use super::writer::{Nest, Operand, Store, Tracks, Writer};
use crate::access::{Access, Dims};
use crate::ids::{Address, Id, Place, Point, RunId};
use crate::run::{Feed, Float};
use wengert_ops::structural::Pivots;

impl<S: Float> Writer<'_, S> {
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

    pub(crate) fn feeds_into(&self, feed: &Feed, leaf: RunId) -> bool {
        let addresses = feed.to.numbers(&feed.dims);
        addresses.iter().any(|&place| self.locate(self.address_of(place)).0 == leaf)
    }

    /// The one leaf that is fed.
    pub(crate) fn leaf_of(&self, feed: &Feed) -> Option<RunId> {
        let mut runs = feed.to.numbers(&feed.dims).into_iter();
        let first = self.locate(self.address_of(runs.next()?)).0;
        runs.all(|place| self.locate(self.address_of(place)).0 == first).then_some(first)
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

    /// Checks what shows a bad pivot.
    pub(crate) fn pivots(&mut self) {
        let mut next = self.inner.outputs.len() + 2 * self.inner.guards.len();
        let inner = self.inner;
        if !inner.faults.is_empty() {
            self.body.line("");
            self.body.line("// What is divided by.");
        }
        for (i, check) in inner.faults.iter().enumerate() {
            let (access, dims) = self.recipe.kept[next].clone();
            next += 1 + check.operands.len();
            let mut tracks = Tracks::default();
            let shown = self.operand(&access, &dims, &mut tracks, &format!("pivots_{i}"));
            let loops = Loops::new(&dims, &tracks.all);
            let nest = Nest { loops: &[&loops] };
            let shown = nest.read(&shown).into_text();
            let bad = match check.op.pivots() {
                Some(Pivots::Positive) => format!("!({shown} > 0.0)"),
                _ => format!("!({shown} - {shown} == 0.0)"),
            };
            self.open(&loops, 0);
            self.body.open(&format!("if {bad} {{"));
            let operand = check.operand.to_string().replace(['"', '\\'], "'");
            let name = format!("{}: {operand}: a pivot is not to be divided by", check.op);
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
