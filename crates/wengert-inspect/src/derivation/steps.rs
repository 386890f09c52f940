//! The lines of a derivation: formula, numbers put in, result.

use super::expr::Term;
use super::formulas::Formulas;
use super::math::{Math, Show, digits, layout};
use super::numbers::{Fit, evaluate, fit};
use super::symbol::Role;
use super::write::{Equation, Line, Share};
use crate::trace::{Adjoint, Slot};

/// A formula that writes a number more often than this is not written out.
const WRITTEN: usize = 40;
/// Numbers that one line shows.
const NUMBERS: usize = 64;
/// The names that a sum of contributions has at most, to be written before them.
const SUMMED: usize = 12;
/// Contributions to one adjoint that get a line of their own.
const SHARES: usize = 16;

/// `= formula = numbers = result`, as lines, and a remark if the two sides do not agree.
pub(super) fn work_out(
    term: Term<'_>,
    results: &[f64],
    shape: &[usize],
    wanted: usize,
) -> (Vec<Line>, Option<String>) {
    let line = |relation, math| Line { relation, math };
    let result = |significant| match *results {
        _ if results.len() > NUMBERS => {
            let extents: Vec<String> = shape.iter().map(usize::to_string).collect();
            Math::Words(format!("{} numbers, left out", extents.join(" × ")))
        }
        [number] if shape.is_empty() => Math::Number(digits(number, significant)),
        _ => super::math::matrix(results, shape, |number| digits(number, significant)),
    };
    let written = term.size();
    if written > WRITTEN {
        let words = Math::Words(format!("a formula of {written} numbers, not written out"));
        return (vec![line('=', words), line('=', result(wanted))], None);
    }
    let shown = term.numbers().max(results.len()) <= NUMBERS;
    let Fit { operands, result: significant, exact } =
        if shown { fit(term, results, wanted) } else { Fit::unseen(wanted) };
    let found = if exact { None } else { evaluate(term, operands) };
    // The chain rule's product is 0 where a factor is, even beside an infinite one.
    let chained = results.iter().all(|&x| x == 0.0)
        && found.as_ref().is_some_and(|all| all.iter().all(|x| x.is_nan()));
    let relation = if exact || chained { '=' } else { '≈' };
    let mut lines = vec![line('=', layout(term, Show::Names))];
    let last = line(relation, result(significant));
    if !term.is_plain() && shown {
        lines.push(line('=', layout(term, Show::Numbers(operands))));
    }
    // A number that is its own formula.
    if lines[lines.len() - 1].math != last.math {
        lines.push(last);
    }
    let disagreement = || match found.as_deref() {
        _ if chained => "a factor of 0 passes nothing on, whatever the others are".to_owned(),
        Some([found]) => {
            format!("so on the tape; the numbers put in give {}", digits(*found, significant))
        }
        Some(_) => "so on the tape; the numbers put in give something else".to_owned(),
        None => "so on the tape; the op is not known here".to_owned(),
    };
    (lines, (!exact).then(disagreement))
}

impl Formulas<'_> {
    /// What a number is computed from; nothing for a leaf.
    pub(super) fn value_equation(&self, slot: usize, wanted: usize) -> Option<Equation> {
        let (lines, note) =
            work_out(self.definition(slot)?, &[self.trace.value(Slot(slot))], &[], wanted);
        let left = Math::Symbol(self.symbol(slot, Role::Value));
        Some(Equation { sum: None, shares: Vec::new(), left, lines, note })
    }

    /// The adjoint of a number, by its sign's name; nothing if it was not computed.
    pub(super) fn adjoint_equation(&self, slot: usize, wanted: usize) -> Option<Equation> {
        let role = self.plan.roles[slot];
        let mut equation = Equation {
            sum: None,
            shares: Vec::new(),
            left: Math::Symbol(self.symbol(slot, role)),
            lines: Vec::new(),
            note: None,
        };
        let adjoint = self.trace.adjoint(Slot(slot));
        let result = role.sign() * adjoint.number()?;
        let number =
            |number: f64| Line { relation: '=', math: Math::Number(digits(number, wanted)) };
        let output = match self.trace.outputs() {
            [output] => self.trace.label(self.trace.at(output.of)),
            _ => "an output".to_owned(),
        };
        if *adjoint == Adjoint::NoPath {
            equation.lines.push(number(0.0));
            equation.note = Some(format!("no path to {output}"));
            return Some(equation);
        }

        let contributions = self.contributions(slot);
        let reason = match adjoint {
            Adjoint::Zero(reason) => Some(reason.clone()),
            _ => None,
        };
        match (self.trace.seed(Slot(slot)), &*contributions) {
            (Some(seed), []) => {
                equation.lines.push(number(role.sign() * seed));
                equation.note = Some("where the sweep starts".to_owned());
            }
            (None, []) => {
                equation.lines.push(number(0.0));
                equation.note =
                    reason.or(Some("the derivatives of all that read it are 0".to_owned()));
            }
            (None, [(_, term, _)]) => {
                let (lines, note) = work_out(signed(*term, role.sign()), &[result], &[], wanted);
                (equation.lines, equation.note) = (lines, note.or(reason));
            }
            (seed, contributions) => {
                self.add_up(&mut equation, seed, contributions, result, wanted)
            }
        }
        // What a reader that chose another operand would have added.
        let silent = self.readers(slot).saturating_sub(contributions.len());
        if silent > 0 && !contributions.is_empty() && equation.note.is_none() {
            let readers = if silent == 1 {
                "1 more reader adds".to_owned()
            } else {
                format!("{silent} more readers add")
            };
            equation.note = Some(format!("{readers} nothing"));
        }
        Some(equation)
    }

    /// Each contribution on a line of its own, and their sum.
    fn add_up(
        &self,
        equation: &mut Equation,
        seed: Option<f64>,
        contributions: &[(usize, Term<'_>, f64)],
        result: f64,
        wanted: usize,
    ) {
        let sign = if equation_is_negative(equation) { -1.0 } else { 1.0 };
        let mut terms: Vec<Term<'_>> = Vec::new();
        if let Some(seed) = seed {
            let math = Math::Number(digits(sign * seed, wanted));
            equation.shares.push(Share { reader: "the sweep's start".to_owned(), math });
            terms.push(self.arena.number(sign * seed));
        }
        // On paper one goes from the first reader to the last. The sweep went the other way, which
        // matters only where rounding does.
        let mut contributions = contributions.to_vec();
        contributions.reverse();
        let products =
            contributions.iter().map(|(_, _, product)| self.arena.number(sign * product));
        let sum = self.arena.sum(&terms.iter().copied().chain(products).collect::<Vec<_>>());
        let Fit { result: significant, exact, .. } = fit(sum, &[result], wanted);
        if !exact || significant < wanted {
            contributions.reverse();
        }
        if seed.is_none() {
            let names: Vec<Term<'_>> =
                contributions.iter().map(|&(_, term, _)| signed(term, sign)).collect();
            equation.sum = sum_of_names(self.arena.sum(&names));
        }
        let shown = if contributions.len() > SHARES + 1 { SHARES } else { contributions.len() };
        for &(reader, term, product) in &contributions[..shown] {
            let (lines, note) = work_out(signed(term, sign), &[sign * product], &[], wanted);
            equation
                .shares
                .push(Share { reader: self.trace.label(Slot(reader)), math: chain(lines, note) });
            terms.push(self.arena.number(sign * product));
        }
        let rest = &contributions[shown..];
        if !rest.is_empty() {
            let sum = rest.iter().map(|(_, _, product)| sign * product).sum::<f64>();
            let math = Math::Number(digits(sum, wanted));
            equation.shares.push(Share { reader: format!("{} more, together", rest.len()), math });
            terms.push(self.arena.number(sum));
        }
        let sum = self.arena.sum(&terms);
        let (mut lines, note) = work_out(sum, &[result], &[], wanted);
        // Numbers have no names: the first line would be the second.
        if lines.len() > 2 {
            lines.remove(0);
        }
        (equation.lines, equation.note) = (lines, note);
    }
}

/// The sum of contributions, to be written before them if it is short.
pub(super) fn sum_of_names(sum: Term<'_>) -> Option<Box<Math>> {
    (sum.size() <= SUMMED).then(|| Box::new(layout(sum, Show::Names)))
}

/// Lines as one: `formula = numbers = result`.
pub(super) fn chain(lines: Vec<Line>, note: Option<String>) -> Math {
    let mut parts = Vec::new();
    for Line { relation, math } in lines {
        if !parts.is_empty() {
            parts.push(Math::Operator(relation));
        }
        parts.push(math);
    }
    parts.extend(note.map(|note| Math::Words(format!(" ({note})"))));
    Math::Row(parts)
}

/// A formula, or its negative.
pub(super) fn signed(term: Term<'_>, sign: f64) -> Term<'_> {
    if sign < 0.0 { -term } else { term }
}

fn equation_is_negative(equation: &Equation) -> bool {
    matches!(&equation.left, Math::Symbol(symbol) if symbol.role.sign() < 0.0)
}
