//! A derivation as a text: introduction, what is given, forward, backward, check.

use super::check::{differences, is_leaf, matches, parameters};
use super::expr::Arena;
use super::formulas::{Formulas, Plan};
use super::math::Math;
use super::symbol::{Name, Role, Symbol};
use super::write::{Block, Inline, Table};
use super::{Derivation, Level};
use crate::trace::{Adjoint, Precision, Slot, Trace};

/// Elements of a given run that are listed.
const GIVEN: usize = 12;

impl Derivation<'_> {
    pub(super) fn document(&self, arena: &Arena) -> Vec<Block> {
        let trace = self.trace;
        let is_delta = |path: &str| self.delta.as_ref().is_some_and(|chosen| chosen(path));
        let plan = Plan::new(trace, self.level == Level::Op, is_delta);
        let shown: Vec<usize> = (0..trace.len()).filter(|&slot| plan.shown[slot] && self.is_asked_for(slot)).collect();
        let leads = self.leads();
        let wanted = |slot: usize| leads.as_ref().is_none_or(|leads| leads[slot]) && self.is_asked_for(slot);
        let formulas = Formulas::new(trace, arena, plan, wanted);

        let mut blocks = vec![Block::Heading(1, vec![Inline::words(self.title)])];
        self.introduce(&formulas, &mut blocks);
        if self.nodes.is_empty() {
            blocks.push(heading("Given"));
            blocks.push(self.given());
        }
        let computed: Vec<usize> = shown.iter().copied().filter(|&slot| !is_leaf(trace, slot)).collect();
        if !computed.is_empty() {
            blocks.push(heading("Forward: the values"));
            let equations = computed.iter().take(self.limit).filter_map(|&slot| {
                let equation = formulas.value_equation(slot, self.digits)?;
                Some((slot, Block::Equation(equation)))
            });
            let equations = equations.collect();
            self.scoped(equations, &mut blocks);
            self.leave_out(computed.len(), "values", &mut blocks);
        }
        if trace.outputs().is_empty() {
            blocks.push(Block::words("Nothing was differentiated."));
            return blocks;
        }
        let derived = self.backward_order(&formulas, &shown, &wanted);
        blocks.push(heading("Backward: the derivatives, from the loss back"));
        blocks.push(Block::words(
            "The derivative by a number is a sum over everything that reads it: the derivative by the reader, times the reader's own \
             derivative by that number.",
        ));
        let equations = derived.iter().take(self.limit).filter_map(|&slot| {
            let equation = formulas.adjoint_equation(slot, self.digits)?;
            Some((slot, Block::Equation(equation)))
        });
        let equations = equations.collect();
        self.scoped(equations, &mut blocks);
        self.leave_out(derived.len(), "derivatives", &mut blocks);
        for path in self.wrt.iter().chain(&self.nodes) {
            let in_scope = || trace.nodes().iter().any(|node| node.path.starts_with(&format!("{path}/")));
            if trace.find(path).is_none() && !in_scope() {
                blocks.push(Block::Paragraph(vec![
                    Inline::Code((*path).to_owned()),
                    Inline::words(" is not on the trace."),
                ]));
            }
        }
        self.check_itself(&formulas, &wanted, &mut blocks);
        blocks
    }

    /// Differences and references.
    fn check_itself(&self, formulas: &Formulas<'_>, wanted: &dyn Fn(usize) -> bool, blocks: &mut Vec<Block>) {
        let loss = formulas.loss.map(|loss| Name::of(self.trace, loss));
        if self.check > 0 {
            blocks.push(heading("Check: the derivatives against differences"));
            let slots: Vec<usize> = parameters(self.trace).into_iter().filter(|&slot| wanted(slot)).collect();
            blocks.extend(differences(self.trace, &slots, loss.as_ref(), self.digits, self.check));
        }
        for reference in &self.references {
            blocks.push(heading(&format!("Check: the numbers against {}", reference.name)));
            blocks.extend(matches(self.trace, reference, loss.as_ref(), self.digits));
        }
    }

    /// Whether `nodes` was not used or names the slot.
    fn is_asked_for(&self, slot: usize) -> bool {
        let label = self.trace.label_of(Slot(slot));
        let fits = |path: &&str| {
            label.path == *path
                || label.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
                || label.text() == *path
        };
        self.nodes.is_empty() || self.nodes.iter().any(fits)
    }

    /// For every slot, whether it leads from what `wrt` names to the output; nothing if all are wanted.
    fn leads(&self) -> Option<Vec<bool>> {
        if self.wrt.is_empty() {
            return None;
        }
        let mut leads = vec![false; self.trace.len()];
        for part in self.wrt.iter().filter_map(|path| self.trace.find(path)) {
            part.slots().iter().for_each(|slot| leads[slot.index()] = true);
        }
        for index in 0..self.trace.nodes().len() {
            self.trace.jacobian(index, |entry| leads[entry.reader] |= leads[entry.slot]);
        }
        Some(leads)
    }

    /// The nearest to the output first; what is given right after the last of its readers.
    fn backward_order(&self, formulas: &Formulas<'_>, shown: &[usize], wanted: &dyn Fn(usize) -> bool) -> Vec<usize> {
        let trace = self.trace;
        let differentiated = |&slot: &usize| {
            let op = &formulas.node(slot).op;
            op != "data" && op != "const" && *trace.adjoint(Slot(slot)) != Adjoint::NotComputed && wanted(slot)
        };
        let mut slots: Vec<usize> = shown.iter().copied().filter(differentiated).collect();
        // On paper one goes layer by layer, and from the first to the last of a layer; weights come right behind their layer's deltas.
        let place = |&slot: &usize| match (is_leaf(trace, slot), formulas.distance(slot)) {
            (true, far @ 1..) => (far - 1, 1, slot),
            (true, 0) => (u32::MAX, 1, slot),
            (false, far) => (far, 0, slot),
        };
        slots.sort_by_key(place);
        slots
    }

    /// Equations under the headings of their scopes.
    fn scoped(&self, equations: Vec<(usize, Block)>, blocks: &mut Vec<Block>) {
        let mut scope = "";
        for (slot, equation) in equations {
            let path = self.trace.label_of(Slot(slot)).path;
            let own = path.rsplit_once('/').map_or("", |(scope, _)| scope);
            if own != scope {
                let title = match own {
                    "" if self.trace.loss() == Some(Slot(slot)) => "the loss",
                    "" => "outside the scopes",
                    own => own,
                };
                blocks.push(Block::Heading(3, vec![Inline::words(title)]));
                scope = own;
            }
            blocks.push(equation);
        }
    }

    fn leave_out(&self, all: usize, what: &str, blocks: &mut Vec<Block>) {
        if all > self.limit {
            let left = all - self.limit;
            let way = "ask for some of them (`nodes`, `wrt`), or raise the `limit`";
            blocks.push(Block::words(format!("{left} more {what} were left out of {all}: {way}.")));
        }
    }

    fn introduce(&self, formulas: &Formulas<'_>, blocks: &mut Vec<Block>) {
        let trace = self.trace;
        let symbol = |path: &str, role| {
            let name = Name { path: path.to_owned(), element: String::new(), whole: false };
            let loss = formulas.loss.map(|loss| Name::of(trace, loss));
            Math::Symbol(Symbol { role, name, loss })
        };
        let mut first: Vec<Inline> = Vec::new();
        match (formulas.loss, trace.outputs()) {
            (Some(loss), _) => {
                let name = Math::Symbol(formulas.symbol(loss.index(), Role::Value));
                let value = Math::Number(super::math::digits(trace.value(loss), self.digits));
                first.extend([
                    Inline::words("The loss is "),
                    Inline::Math(Math::Row(vec![name, Math::Operator('='), value])),
                    Inline::words("."),
                ]);
            }
            (None, []) => {}
            (None, outputs) => {
                first.push(Inline::words("Differentiated: "));
                for (i, output) in outputs.iter().enumerate() {
                    let cotangent = super::math::digits(output.cotangent, self.digits);
                    first.push(Inline::words(if i == 0 { "" } else { ", " }));
                    first.push(Inline::Code(trace.label(trace.at(output.of))));
                    first.push(Inline::words(format!(" with the cotangent {cotangent}")));
                }
                first.push(Inline::words(". A bar marks the derivative of all of them together."));
            }
        }
        if let Some(caption) = self.caption {
            first.push(Inline::words(format!(" {caption}.")));
        }
        if !first.is_empty() {
            blocks.push(Block::Paragraph(first));
        }
        if formulas.plan.roles.contains(&Role::Delta) {
            let equal = |left, right| Inline::Math(Math::Row(vec![left, Math::Operator('='), right]));
            blocks.push(Block::Paragraph(vec![
                Inline::words("A neuron's delta is minus the derivative of the loss by its pre-activation: "),
                equal(symbol("z", Role::Delta), symbol("z", Role::Error)),
                Inline::words(". All other derivatives are written as they are, with no change of sign. What reaches a neuron's output, "),
                Inline::Math(symbol("output", Role::Error)),
                Inline::words(", is its error: target − output at an output, the sum of weight · delta over its readers at a hidden neuron."),
            ]));
        }
        if trace.nodes().iter().any(|node| node.op == "sigmoid") {
            let z = || symbol("z", Role::Value);
            let sigma = |x| Math::Call("sigmoid", vec![x]);
            let minus = Math::Row(vec![Math::Operator('-'), z()]);
            let under = Math::Row(vec![Math::Number("1".to_owned()), Math::Operator('+'), Math::Exp(Box::new(minus))]);
            let fraction = Math::Fraction(Box::new(Math::Number("1".to_owned())), Box::new(under));
            let rest = Math::Fenced(
                '(',
                Box::new(Math::Row(vec![Math::Number("1".to_owned()), Math::Operator('-'), sigma(z())])),
            );
            blocks.push(Block::Paragraph(vec![
                Inline::Math(Math::Row(vec![sigma(z()), Math::Operator('='), fraction])),
                Inline::words(", and its derivative is "),
                Inline::Math(Math::Row(vec![sigma(z()), Math::Operator('·'), rest])),
                Inline::words(": the output times one minus the output."),
            ]));
        }
        let guard = self.digits + 2;
        blocks.push(Block::words(format!(
            "Each line is a formula, the numbers put in, and the result. Results have {} significant digits, what is put in has {guard} or \
             more: whoever computes with the printed numbers gets the printed result.",
            self.digits
        )));
        if trace.precision() == Precision::F32 {
            blocks.push(Block::words(
                "The tape computed in f32: a result is printed in the digits that its printed operands give.",
            ));
        }
    }

    /// The leaves and their numbers.
    fn given(&self) -> Block {
        let mut table = Table { head: [Vec::new(), Vec::new(), Vec::new()].into(), rows: Vec::new() };
        let trace = self.trace;
        let leaves = trace.slots().filter(|slot| is_leaf(trace, slot.index()) && op_of(trace, *slot) != "const");
        // Neighbours of one name together.
        let mut rows: Vec<(Name, &str, Vec<f64>)> = Vec::new();
        for slot in leaves {
            let label = trace.label_of(slot);
            match rows.last_mut() {
                Some((name, _, numbers)) if name.path == label.path => numbers.push(trace.value(slot)),
                _ => rows.push((Name::whole(label.path, label.shape), op_of(trace, slot), vec![trace.value(slot)])),
            }
        }
        table.head = [vec![Inline::words("name")], vec![Inline::words("what")], vec![Inline::words("value")]].into();
        for (name, op, numbers) in rows.iter().take(self.limit) {
            let text = |x: &f64| match trace.precision() {
                Precision::F64 => format!("{x:?}"),
                Precision::F32 => format!("{:?}", *x as f32),
            };
            let mut value = numbers.iter().take(GIVEN).map(text).collect::<Vec<_>>().join(", ");
            if numbers.len() > GIVEN {
                value += &format!(", and {} more", numbers.len() - GIVEN);
            }
            let what = match *op {
                "param" => "parameter",
                op => op,
            };
            let symbol = Symbol { role: Role::Value, name: name.clone(), loss: None };
            table.rows.push(vec![
                vec![Inline::Math(Math::Symbol(symbol))],
                vec![Inline::words(what)],
                vec![Inline::words(value)],
            ]);
        }
        if rows.len() > self.limit {
            let more = format!("{} more", rows.len() - self.limit);
            table.rows.push(vec![vec![Inline::words(more)], Vec::new(), Vec::new()]);
        }
        Block::Table(table)
    }
}

fn op_of(trace: &Trace, slot: Slot) -> &str {
    &trace.nodes()[trace.spot(slot).node].op
}

fn heading(title: &str) -> Block {
    Block::Heading(2, vec![Inline::words(title)])
}
