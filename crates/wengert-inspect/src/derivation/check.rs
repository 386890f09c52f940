//! The derivation's own check: each derivative beside a difference that reads no rule, and beside a
//! reference where there is one.

use wengert::Tape;
use wengert::check::Verdict;

use super::math::{Math, digits};
use super::rebuilt::{Obstacle, Rebuilt};
use super::symbol::{Name, Role, Symbol};
use super::write::{Block, Inline, Table};
use crate::digits::Digits;
use crate::trace::{Adjoint, Precision, Slot, Trace};

/// What a reference says of a number. See [`Derivation::reference`](super::Derivation::reference).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Known {
    /// Its value.
    Value(f64),
    /// Its adjoint, ∂L/∂v.
    Adjoint(f64),
    /// Minus its adjoint: a delta.
    Delta(f64),
}

/// A side without a trace: what somebody else found for some of the numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reference {
    pub(super) name: String,
    pub(super) rows: Vec<(String, Known)>,
}

/// How the rows of a table came out.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    agree: usize,
    excluded: usize,
    disagree: usize,
}

/// How far a number may be from a reference, relative to it.
const MATCHES: f64 = 1e-13;

/// The parameters and inputs, by slot, in the order of the trace.
pub(super) fn parameters(trace: &Trace) -> Vec<usize> {
    let moves = |index: usize| matches!(trace.nodes()[index].op.as_str(), "param" | "input");
    (0..trace.nodes().len())
        .filter(|&i| moves(i))
        .flat_map(|i| trace.slots_of(i))
        .map(Slot::index)
        .collect()
}

fn math(symbol: Symbol) -> Vec<Inline> {
    vec![Inline::Math(Math::Symbol(symbol))]
}

fn words(text: impl Into<String>) -> Vec<Inline> {
    vec![Inline::words(text)]
}

fn number(number: f64, significant: usize) -> Vec<Inline> {
    vec![Inline::Math(Math::Number(digits(number, significant)))]
}

/// The table of differences for some slots, at most `limit` of them.
pub(super) fn differences(
    trace: &Trace,
    slots: &[usize],
    loss: Option<&Name>,
    significant: usize,
    limit: usize,
) -> Vec<Block> {
    let computed = |&slot: &usize| *trace.adjoint(Slot(slot)) != Adjoint::NotComputed;
    let slots: Vec<usize> = slots.iter().copied().filter(computed).collect();
    if slots.is_empty() {
        return vec![Block::words("There is no parameter or input to differentiate by.")];
    }
    let take = slots.len().min(limit.max(1));
    let chosen: Vec<usize> = (0..take).map(|i| slots[i * slots.len() / take]).collect();
    match table(trace, &chosen, loss, significant) {
        Err(obstacle) => vec![Block::words(format!("No differences could be taken: {obstacle}."))],
        Ok((table, outcome)) => {
            let spaced = if take == slots.len() {
                String::new()
            } else {
                format!(", evenly spaced among {},", slots.len())
            };
            let derivatives = if take == 1 { "derivative" } else { "derivatives" };
            let mut verdict = format!("{} of {take} {derivatives}{spaced} agree", outcome.agree);
            if outcome.excluded > 0 {
                verdict += &format!(", {} could not be compared", outcome.excluded);
            }
            if outcome.disagree > 0 {
                verdict += &format!(", {} DISAGREE", outcome.disagree);
            }
            verdict.push('.');
            let of = loss.map_or("f".to_owned(), Name::text);
            let how = format!(
                "The same formulas evaluated at v + h and v - h, with no rule of differentiation: central differences \
                 ({of}(v + h) - {of}(v - h)) / 2h at shrinking steps, extrapolated to h = 0. The step is the smallest that was used; how \
                 far the difference may be off is its own estimate."
            );
            let precision = match trace.precision() {
                Precision::F64 => "",
                Precision::F32 => " The tape computed in f32, the differences are taken in f64.",
            };
            vec![
                Block::words(format!("{how}{precision}")),
                Block::Table(table),
                Block::words(verdict),
            ]
        }
    }
}

fn table(
    trace: &Trace,
    chosen: &[usize],
    loss: Option<&Name>,
    significant: usize,
) -> Result<(Table, Outcome), Obstacle> {
    let tape = Tape::new();
    let rebuilt = Rebuilt::new(trace, &tape)?;
    let tolerance = if trace.precision() == Precision::F32 { 1e-4 } else { 1e-9 };
    let leaves: Vec<_> =
        chosen.iter().map(|&slot| rebuilt.at(trace, Slot(slot))).collect::<Result<_, _>>()?;
    let report = rebuilt.output.check().leaves(&leaves).run()?;
    let mut table = Table {
        head: ["derivative", "here", "difference", "off by at most", "step", ""].map(words).into(),
        rows: Vec::new(),
    };
    let mut outcome = Outcome::default();
    for (row, &slot) in report.rows.iter().zip(chosen) {
        let name = Name::of(trace, Slot(slot));
        let symbol = Symbol { role: Role::Adjoint, name, loss: loss.cloned() };
        // The tape's own derivative agrees with the difference, or it says so; the trace's must
        // agree with the tape's.
        let claimed = trace.adjoint(Slot(slot)).number().unwrap_or(f64::NAN);
        let apart =
            (claimed - row.reverse).abs() > tolerance * claimed.abs().max(row.reverse.abs());
        let apart = apart || claimed.is_nan() != row.reverse.is_nan();
        let small = |x: f64| Digits::new(x).significant(2).to_string();
        let verdict = match &row.verdict {
            _ if apart => {
                outcome.disagree += 1;
                "DISAGREE".to_owned()
            }
            Verdict::Agrees => {
                outcome.agree += 1;
                "agree".to_owned()
            }
            Verdict::Excluded(reason) => {
                outcome.excluded += 1;
                format!("not compared: {reason}")
            }
            Verdict::Disagrees(_) => {
                outcome.disagree += 1;
                "DISAGREE".to_owned()
            }
        };
        table.rows.push(match row.difference {
            Some(difference) => vec![
                math(symbol),
                number(claimed, significant),
                number(difference, significant),
                words(small(row.error)),
                words(small(row.step)),
                words(verdict),
            ],
            None => {
                vec![
                    math(symbol),
                    number(claimed, significant),
                    words("none"),
                    words(""),
                    words(""),
                    words(verdict),
                ]
            }
        });
    }
    Ok((table, outcome))
}

/// The table of a reference.
pub(super) fn matches(
    trace: &Trace,
    reference: &Reference,
    loss: Option<&Name>,
    significant: usize,
) -> Vec<Block> {
    let mut table = Table {
        head: ["", "here", &reference.name, "relative difference", ""].map(words).into(),
        rows: Vec::new(),
    };
    let mut matching = 0;
    for (path, known) in &reference.rows {
        let (role, theirs) = match *known {
            Known::Value(number) => (Role::Value, number),
            Known::Adjoint(number) => (Role::Adjoint, number),
            Known::Delta(number) => (Role::Delta, number),
        };
        let Some(slot) = trace.slot(path) else {
            table.rows.push(vec![
                words(path.clone()),
                words("not on the trace"),
                words(""),
                words(""),
                words("✗"),
            ]);
            continue;
        };
        let ours = match role {
            Role::Value => Some(trace.value(slot)),
            role => trace.adjoint(slot).number().map(|adjoint| role.sign() * adjoint),
        };
        let symbol = Symbol { role, name: Name::of(trace, slot), loss: loss.cloned() };
        let Some(ours) = ours else {
            table.rows.push(vec![
                math(symbol),
                words("not computed"),
                number(theirs, significant),
                words(""),
                words("✗"),
            ]);
            continue;
        };
        let apart = crate::compare::relative(ours, theirs);
        let good = apart <= MATCHES || ours == theirs;
        matching += usize::from(good);
        let tick = words(if good { "✓" } else { "✗" });
        let apart = words(Digits::new(apart).significant(2).to_string());
        table.rows.push(vec![
            math(symbol),
            number(ours, significant),
            number(theirs, significant),
            apart,
            tick,
        ]);
    }
    let of = reference.rows.len();
    let verdict = format!(
        "{matching} of {of} match {} within a relative difference of 1e-13.",
        reference.name
    );
    vec![Block::Table(table), Block::words(verdict)]
}
