//! How a derivation opens: what is differentiated, what the signs mean, what is given.

use std::collections::HashSet;

use super::formulas::{Formulas, is_leaf};
use super::math::Math;
use super::symbol::{Name, Role, Symbol};
use super::write::{Block, Inline, Table};
use super::{Derivation, Level};
use crate::trace::{Precision, Slot, Trace};

/// Elements of a given run that are listed.
const GIVEN: usize = 12;

impl Derivation<'_> {
    pub(super) fn introduce(&self, formulas: &Formulas<'_>, blocks: &mut Vec<Block>) {
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
                let value =
                    Math::Number(super::math::digits(trace.value(loss), self.significant()));
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
                    let cotangent = super::math::digits(output.cotangent, self.significant());
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
            let equal =
                |left, right| Inline::Math(Math::Row(vec![left, Math::Operator('='), right]));
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
            let under = Math::Row(vec![
                Math::Number("1".to_owned()),
                Math::Operator('+'),
                Math::Exp(Box::new(minus)),
            ]);
            let fraction = Math::Fraction(Box::new(Math::Number("1".to_owned())), Box::new(under));
            let rest = Math::Fenced(
                '(',
                Box::new(Math::Row(vec![
                    Math::Number("1".to_owned()),
                    Math::Operator('-'),
                    sigma(z()),
                ])),
            );
            blocks.push(Block::Paragraph(vec![
                Inline::Math(Math::Row(vec![sigma(z()), Math::Operator('='), fraction])),
                Inline::words(", and its derivative is "),
                Inline::Math(Math::Row(vec![sigma(z()), Math::Operator('·'), rest])),
                Inline::words(": the output times one minus the output."),
            ]));
        }
        if self.level == Level::Layer {
            blocks.push(self.in_vectors(formulas, &symbol));
        }
        let guard = self.significant() + 2;
        blocks.push(Block::words(format!(
            "Each line is a formula, the numbers put in, and the result. Results have {} significant digits, what is put in has {guard} or \
             more: whoever computes with the printed numbers gets the printed result.",
            self.significant()
        )));
        if trace.precision() == Precision::F32 {
            blocks.push(Block::words("The tape computed in f32: where it rounded otherwise than whoever computes with more digits, a result has fewer."));
        }
    }

    /// What the signs of vectors and matrices mean.
    fn in_vectors(&self, formulas: &Formulas<'_>, symbol: &dyn Fn(&str, Role) -> Math) -> Block {
        let row = |parts: [Math; 3]| Inline::Math(Math::Row(parts.into()));
        let pair =
            |sign| row([symbol("a", Role::Value), Math::Operator(sign), symbol("b", Role::Value)]);
        let mut words = vec![
            Inline::words("Vectors are columns; "),
            pair(' '),
            Inline::words(" is the product of matrices, "),
            pair('⊙'),
            Inline::words(" that of elements, functions are taken of every element."),
        ];
        let trace = formulas.trace;
        let neuron = trace.names().find(|path| {
            let last = path.rsplit_once('/').map_or(*path, |(_, last)| last);
            last.split_once('.').is_some_and(|(unit, _)| unit == "0")
        });
        if let Some(neuron) = neuron {
            let (before, after) = neuron.rsplit_once("0.").unwrap_or((neuron, ""));
            words.extend([
                Inline::words(" What neurons were recorded one by one stands together: "),
                Inline::Code(format!("{before}{after}")),
                Inline::words(" is "),
                Inline::Code(neuron.to_owned()),
                Inline::words(" and its like of the other neurons, one under the other."),
            ]);
        }
        Block::Paragraph(words)
    }

    /// The leaves and their numbers.
    pub(super) fn given(&self) -> Block {
        let mut table =
            Table { head: [Vec::new(), Vec::new(), Vec::new()].into(), rows: Vec::new() };
        let trace = self.trace;
        let leaves = trace
            .slots()
            .filter(|slot| is_leaf(trace, slot.index()) && op_of(trace, *slot) != "const");
        // By name, in the order in which the tape has the first number of each.
        let mut rows: Vec<(&str, &[usize], Slot)> = Vec::new();
        let mut seen = HashSet::new();
        for slot in leaves {
            let label = trace.label_of(slot);
            if seen.insert(label.path) {
                rows.push((label.path, label.shape, slot));
            }
        }
        table.head = [
            vec![Inline::words("name")],
            vec![Inline::words("what")],
            vec![Inline::words("value")],
        ]
        .into();
        for &(path, shape, first) in rows.iter().take(self.limit) {
            let text = |slot: &Slot| match (trace.precision(), trace.value(*slot)) {
                (Precision::F64, x) => format!("{x:?}"),
                (Precision::F32, x) => format!("{:?}", x as f32),
            };
            let slots = trace.find(path).map_or(vec![first], |part| part.slots().to_vec());
            let columns = if shape.len() > 1 { shape[shape.len() - 1] } else { GIVEN };
            let shown = &slots[..slots.len().min(GIVEN)];
            let lines: Vec<String> = shown
                .chunks(columns)
                .map(|row| row.iter().map(text).collect::<Vec<_>>().join(", "))
                .collect();
            let mut value = lines.join("; ");
            if slots.len() > GIVEN {
                value += &format!(", and {} more", slots.len() - GIVEN);
            }
            let what = match op_of(trace, first) {
                "param" => "parameter",
                op => op,
            };
            let symbol = Symbol { role: Role::Value, name: Name::whole(path, shape), loss: None };
            let cells = [
                vec![Inline::Math(Math::Symbol(symbol))],
                vec![Inline::words(what)],
                vec![Inline::words(value)],
            ];
            table.rows.push(cells.into());
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
