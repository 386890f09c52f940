//! Numbers that no strides describe: tables of indices, and arrays of numbers from anywhere.

use super::expr::{Expr, Index};
use super::names;
use super::writer::Writer;
use crate::ids::{Address, Id, Point, Slot};
use crate::run::Float;

/// Of a list, so many numbers from the `at`-th on, `step` apart.
struct Stretch {
    at: usize,
    step: i64,
    len: usize,
}

/// Lists up to this length are written out rather than looked up.
pub(crate) const FEW: usize = 4;
/// And up to this length where there is nothing to look up.
const SOME: usize = 64;

impl<S: Float> Writer<'_, S> {
    /// A table of indices.
    pub(crate) fn table(&mut self, path: &str, indices: &[i64]) -> String {
        if let Some(name) = self.indices.get(indices) {
            return name.clone();
        }
        let name = self.names.table(path);
        let items: Vec<String> = indices.iter().map(i64::to_string).collect();
        self.tables.list(&format!("static {name}: [usize; {}] = [", items.len()), &items, "];");
        self.indices.insert(indices.to_vec(), name.clone());
        name
    }

    /// What a list of numbers is called that begins with the adjoint of a run of as many: `d_params`.
    fn name_of_list(&self, list: &[Address]) -> Option<String> {
        let source = self.uses.source(self.locate(list[0]).0)?;
        let slot = Slot::new(source.slot() as usize);
        let (path, own) = names::path(&self.recipe.names, slot, list.len());
        (source.is_adjoint() && own).then(|| format!("d_{path}"))
    }

    /// A list as stretches of numbers an even step apart, each within a run.
    fn stretches(&self, list: &[Address]) -> Vec<Stretch> {
        let line = &self.recipe.plan.line;
        let mut stretches = Vec::new();
        let mut at = 0;
        while at < list.len() {
            let run = line.run_of(list[at]);
            let step = list.get(at + 1).map_or(0, |next| next.minus(list[at]));
            let even = |i: &usize| {
                line.run_of(list[*i]) == run && list[*i].minus(list[at]) == step * (*i - at) as i64
            };
            let len = 1 + (at + 1..list.len()).take_while(even).count();
            stretches.push(Stretch { at, step, len });
            at += len;
        }
        stretches
    }

    /// Numbers from anywhere, in an array of their own.
    pub(crate) fn gathered(&mut self, list: &[Address], path: &str) -> String {
        if let Some(name) = self.lists.get(list) {
            return name.clone();
        }
        let name = self.name_of_list(list).unwrap_or_else(|| format!("{path}_from"));
        let name = self.gather(list, &name);
        self.lists.insert(list.to_vec(), name.clone());
        name
    }

    fn gather(&mut self, list: &[Address], path: &str) -> String {
        if list.len() <= SOME && !self.is_worth_stretches(list) {
            let items: Vec<String> =
                list.iter().map(|&address| self.number(address).into_text()).collect();
            let name = self.names.unique(path);
            self.body.list(&format!("let {name} = ["), &items, "];");
            return name;
        }
        let array = self.array(path, list.len());
        self.gather_into(list, (&array, 0), false);
        array
    }

    /// Whether a list is so many even stretches that they are written one by one.
    pub(crate) fn is_worth_stretches(&self, list: &[Address]) -> bool {
        self.stretches(list).len() * FEW <= list.len()
    }

    /// Writes numbers from anywhere into an array from an index on.
    pub(crate) fn gather_into(
        &mut self,
        list: &[Address],
        (array, offset): (&str, usize),
        cleared: bool,
    ) {
        for Stretch { at, step, len } in self.stretches(list) {
            let (run, start) = self.locate(list[at]);
            let source = (len > 1 && step != 0).then(|| self.array_to_read(run)).flatten();
            let Some(from) = source else {
                for (i, &address) in list.iter().enumerate().skip(at).take(len) {
                    let value = self.number(address);
                    let value = if cleared { value.without_minus_zero() } else { value };
                    self.body.line(&format!("{array}[{}] = {};", offset + i, value.text()));
                }
                continue;
            };
            let at = offset + at;
            if step == 1 && !cleared {
                let (to, end) = (at + len, start as usize + len);
                self.body.line(&format!(
                    "{array}[{at}..{to}].copy_from_slice(&{from}[{start}..{end}]);"
                ));
                continue;
            }
            let index = |start, step| Index { start, steps: vec![("i".to_owned(), step)] }.text();
            let value = Expr::atom(format!("{from}[{}]", index(start, step)));
            let value = if cleared { value.without_minus_zero() } else { value };
            self.body.open(&format!("for i in 0..{len} {{"));
            self.body.line(&format!("{array}[{}] = {};", index(at as i64, 1), value.text()));
            self.body.close();
        }
    }
}
