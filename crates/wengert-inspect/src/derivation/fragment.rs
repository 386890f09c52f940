//! One node's formulas as a fragment of a page.

use std::fmt;

use super::expr::Arena;
use super::formulas::{Facts, Formulas, Plan};
use super::write::{Block, mathml};
use crate::digits::SIGNIFICANT;
use crate::trace::{Slot, Trace};

/// Elements of one node that a fragment shows.
const ELEMENTS: usize = 8;

/// For every node of a trace, op by op: its values' formulas with numbers, and its derivatives with each contribution.
///
/// Made once for a page, so that a node costs no walk over the trace.
#[derive(Debug)]
pub struct NodeFormulas<'t> {
    trace: &'t Trace,
    facts: Facts,
}

impl<'t> NodeFormulas<'t> {
    /// Looks at the trace.
    #[must_use]
    pub fn new(trace: &'t Trace) -> Self {
        let plan = Plan::new(trace, true, |_| false);
        NodeFormulas { trace, facts: Facts::new(trace, plan, |_| true) }
    }

    /// How a node's numbers were computed, as elements of HTML with MathML; nothing for a leaf. The first eight elements of a run.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_inspect::{NodeFormulas, Trace};
    ///
    /// let tape = wengert::Tape::new();
    /// let (x, y) = (tape.input(3.0).named("x"), tape.input(2.0).named("y"));
    /// let trace = Trace::of(&(x * y).named("L").backward())?;
    /// let formulas = NodeFormulas::new(&trace);
    /// assert!(formulas.value(2).to_string().contains("<mn>3</mn><mo form=\"infix\">·</mo><mn>2</mn>"));
    /// assert!(formulas.adjoint(0).to_string().contains("<mi>y</mi>")); // dL/dx is y
    /// assert_eq!(formulas.value(0).to_string(), "");
    /// # Ok::<(), wengert_inspect::Stale>(())
    /// ```
    #[must_use]
    pub fn value(&self, node: usize) -> impl fmt::Display + use<'_, 't> {
        self.fragment(node, |formulas, slot| formulas.value_equation(slot, SIGNIFICANT))
    }

    /// How a node's adjoints were added up, as elements of HTML with MathML: each contribution and the sum. The first eight elements of a run.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    #[must_use]
    pub fn adjoint(&self, node: usize) -> impl fmt::Display + use<'_, 't> {
        self.fragment(node, |formulas, slot| formulas.adjoint_equation(slot, SIGNIFICANT))
    }

    fn fragment(
        &self,
        node: usize,
        equation: impl Fn(&Formulas<'_>, usize) -> Option<super::write::Equation>,
    ) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            let arena = Arena::default();
            let formulas = Formulas { trace: self.trace, arena: &arena, facts: &self.facts };
            let slots: Vec<usize> = self.trace.slots_of(node).map(Slot::index).collect();
            let shown = slots.iter().take(ELEMENTS);
            let mut blocks: Vec<Block> =
                shown.filter_map(|&slot| Some(Block::Equation(equation(&formulas, slot)?))).collect();
            if slots.len() > ELEMENTS && !blocks.is_empty() {
                blocks.push(Block::words(format!("and {} more elements", slots.len() - ELEMENTS)));
            }
            mathml::write(f, &blocks)
        })
    }
}
