//! The equations of single numbers, for views that show one node at a time.

use std::collections::HashSet;
use std::fmt;

use super::expr::Arena;
use super::formulas::{Formulas, Plan};
use super::write::{Block, Equation, mathml};
use crate::digits::SIGNIFICANT;
use crate::trace::{Slot, Trace};

/// How a number was computed, and its derivative, as HTML with MathML; nothing for what was given,
/// or not computed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Equations {
    pub(crate) value: Option<String>,
    pub(crate) adjoint: Option<String>,
}

/// The equations of some numbers, op by op, in their order. They share one pass over the trace.
pub(crate) fn equations(trace: &Trace, slots: &[Slot]) -> Vec<Equations> {
    let arena = Arena::default();
    let wanted: HashSet<usize> = slots.iter().map(|slot| slot.index()).collect();
    let formulas = Formulas::new(trace, &arena, Plan::new(trace, true, |_| false), |slot| {
        wanted.contains(&slot)
    });
    let html = |equation: Equation| {
        let blocks = [Block::Equation(equation)];
        fmt::from_fn(|f| mathml::write(f, &blocks)).to_string()
    };
    let of = |slot: &Slot| Equations {
        value: formulas.value_equation(slot.index(), SIGNIFICANT).map(html),
        adjoint: formulas.adjoint_equation(slot.index(), SIGNIFICANT).map(html),
    };
    slots.iter().map(of).collect()
}
