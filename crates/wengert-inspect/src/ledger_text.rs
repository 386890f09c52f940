//! Ledgers as text.

use std::collections::HashSet;
use std::fmt;

use crate::columns::{Columns, signed};
use crate::compare::Tolerance;
use crate::digits::Digits;
use crate::header;
use crate::ledger::Ledger;
use crate::trace::{Adjoint, Slot, Trace};

/// The ledgers of named numbers, or of those asked for: each contribution to an adjoint on its own
/// line, then the sum.
///
/// # Examples
///
/// ```
/// use wengert_inspect::{LedgerText, Trace};
///
/// let tape = wengert::Tape::new();
/// let x = tape.input(3.0).named("x");
/// let (y, z) = ((x * 2.0).named("y"), x.square().named("z"));
/// let trace = Trace::of(&(y * z).named("L").backward())?;
/// assert_eq!(LedgerText::new(&trace).of(&["x"]).to_string(), "\
/// ## loss: L = 54
/// ## numbers: 10 significant digits, compared with rtol=1e-9 atol=1e-15
/// x: adjoint 54 = sum of 2 contributions
///   reader  operand   partial   reader's adjoint   product
///   z       0         6         6                  36
///   y       0         2         9                  18
/// ");
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
#[derive(Clone, Debug)]
pub struct LedgerText<'a> {
    trace: &'a Trace,
    caption: Option<&'a str>,
    tolerance: Tolerance,
    wanted: Option<Vec<Slot>>,
    missing: Vec<&'a str>,
    slots: bool,
}

impl<'a> LedgerText<'a> {
    /// The ledgers of all named numbers that something was computed from, in the order of the
    /// trace.
    #[must_use]
    pub fn new(trace: &'a Trace) -> Self {
        let tolerance = Tolerance::default();
        LedgerText {
            trace,
            caption: None,
            tolerance,
            wanted: None,
            missing: Vec::new(),
            slots: false,
        }
    }

    /// The ledgers of these paths' numbers, in this order. A path that is not on the trace is said
    /// to be missing.
    #[must_use]
    pub fn of(mut self, paths: &[&'a str]) -> Self {
        let parts: Vec<_> = paths.iter().map(|&path| (path, self.trace.find(path))).collect();
        self.missing =
            parts.iter().filter(|(_, part)| part.is_none()).map(|&(path, _)| path).collect();
        self.wanted = Some(
            parts
                .iter()
                .filter_map(|(_, part)| part.as_ref())
                .flat_map(|p| p.slots().to_vec())
                .collect(),
        );
        self
    }

    /// A line of the header: the formula of the loss.
    #[must_use]
    pub fn caption(mut self, caption: &'a str) -> Self {
        self.caption = Some(caption);
        self
    }

    /// The tolerance that the header states, and by which assertions compare the text.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Slot numbers before the paths: `v10 hidden/0.z`. Not for snapshots.
    #[must_use]
    pub fn slots(mut self, slots: bool) -> Self {
        self.slots = slots;
        self
    }

    fn label(&self, slot: Slot) -> String {
        let label = self.trace.label(slot);
        if self.slots { format!("{slot} {label}") } else { label }
    }

    fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        ledger: &Ledger,
        unexplained: &HashSet<usize>,
    ) -> fmt::Result {
        let (label, adjoint) = (self.label(ledger.slot()), self.trace.adjoint(ledger.slot()));
        let lines = ledger.contributions().len() + usize::from(ledger.seed().is_some());
        let unexplained = unexplained.contains(&ledger.slot().index());
        match (adjoint, lines) {
            (Adjoint::Computed(_), _) if unexplained => {
                writeln!(
                    f,
                    "{label}: adjoint {adjoint}, of readers some of which are not explained"
                )
            }
            (Adjoint::Computed(_), 0) => {
                writeln!(f, "{label}: adjoint {adjoint}, every reader's adjoint is zero")
            }
            (Adjoint::Computed(_), 1) => writeln!(f, "{label}: adjoint {adjoint} = 1 contribution"),
            (Adjoint::Computed(_), _) => {
                writeln!(f, "{label}: adjoint {adjoint} = sum of {lines} contributions")
            }
            _ => writeln!(f, "{label}: {adjoint}"),
        }?;
        if lines == 0 {
            return Ok(());
        }
        let mut columns = Columns::indented(2);
        columns.row(
            ["reader", "operand", " partial", " reader's adjoint", " product"].map(str::to_owned),
        );
        let number = |x: f64| signed(&Digits::new(x).to_string());
        if let Some(seed) = ledger.seed() {
            columns.row([
                "seed".to_owned(),
                String::new(),
                String::new(),
                String::new(),
                number(seed),
            ]);
        }
        for c in ledger.contributions() {
            let numbers = [c.partial, c.adjoint, c.product].map(number);
            columns.row([self.label(c.reader), c.operand.to_string()].into_iter().chain(numbers));
        }
        write!(f, "{columns}")
    }
}

impl fmt::Display for LedgerText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        header::write(f, self.trace, self.caption, self.tolerance, false)?;
        let named = |slot: &Slot| self.trace.label_of(*slot).named;
        let ledgers = match &self.wanted {
            Some(slots) => self.trace.ledgers(slots),
            None => self.trace.ledgers(&self.trace.slots().filter(named).collect::<Vec<_>>()),
        };
        let unexplained = self.trace.unexplained();
        for ledger in &ledgers {
            self.write(f, ledger, &unexplained)?;
        }
        for path in &self.missing {
            writeln!(f, "{path}: not on the trace")?;
        }
        Ok(())
    }
}
