//! The contribution ledger: what was added up to make an adjoint.

use std::collections::{HashMap, HashSet};

use crate::jacobian::Entry;
use crate::trace::{Adjoint, Slot, Trace};

/// One line of a ledger: what one reader of a number added to its adjoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution {
    /// The reading number; [`Trace::label`] names it.
    pub reader: Slot,
    /// Which operand of the reader it is, from 0.
    pub operand: usize,
    /// The local partial: the derivative of the reader's value by this number.
    pub partial: f64,
    /// The reader's adjoint.
    pub adjoint: f64,
    /// Their product, which was added.
    pub product: f64,
}

/// The contributions to one number's adjoint, in the order in which the sweep added them: the last
/// reader first.
///
/// `v̄ = seed + Σ ∂rᵢ/∂v · r̄ᵢ`. Recomputed from the trace by the same rules as the sweep's, so the
/// [`sum`](Ledger::sum) is the adjoint bit for bit. The contributions of one running sum (`cumsum`)
/// are added to each other before the rest. So are those of a node that runs a function (an
/// operation of a user's, `scan`, `cond`, a checkpoint) and states its partials; the sweep goes
/// through the function, so there the sum is the adjoint to its last digits. Readers whose adjoint is zero, and structural zeros,
/// contribute nothing and are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    slot: Slot,
    seed: Option<f64>,
    contributions: Vec<Contribution>,
    sum: f64,
}

impl Ledger {
    /// Whose ledger it is.
    #[must_use]
    pub fn slot(&self) -> Slot {
        self.slot
    }

    /// The cotangent that the adjoint started from, if the number is an output.
    #[must_use]
    pub fn seed(&self) -> Option<f64> {
        self.seed
    }

    /// The contributions, in the order of the sweep.
    #[must_use]
    pub fn contributions(&self) -> &[Contribution] {
        &self.contributions
    }

    /// The seed and the products, added up in order, in the precision of the tape; 0 if there are
    /// none.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }
}

/// The reader and element of a running sum, or the reader and operand of stated partials, whose
/// contributions are added to each other first.
type Group = Option<(usize, usize)>;

/// The slots that ledgers are asked of, in order.
struct Wanted(Vec<usize>);

impl Wanted {
    fn new(slots: &[Slot]) -> Self {
        let mut wanted: Vec<usize> = slots.iter().map(|slot| slot.index()).collect();
        wanted.sort_unstable();
        Wanted(wanted)
    }

    /// Whether one lies in a range.
    fn any(&self, first: usize, last: usize) -> bool {
        self.0.get(self.0.partition_point(|&slot| slot < first)).is_some_and(|&slot| slot <= last)
    }
}

impl Trace {
    /// The ledger of one number.
    ///
    /// Ops that this version does not know contribute what they state, or nothing; see
    /// [`is_explained`](Trace::is_explained).
    ///
    /// # Panics
    ///
    /// If the slot is not of this trace.
    #[must_use]
    pub fn ledger(&self, slot: Slot) -> Ledger {
        self.ledgers(&[slot]).remove(0)
    }

    /// The ledgers of several numbers, in their order, in one pass over the trace.
    ///
    /// # Panics
    ///
    /// If a slot is not of this trace.
    #[must_use]
    pub fn ledgers(&self, slots: &[Slot]) -> Vec<Ledger> {
        let mut found: HashMap<usize, Vec<(Group, Contribution)>> = HashMap::new();
        for slot in slots {
            assert!(
                slot.index() < self.len(),
                "{slot} is not of this trace, which has {} slots",
                self.len()
            );
            found.insert(slot.index(), Vec::new());
        }
        let wanted = Wanted::new(slots);
        for index in (0..self.nodes().len()).rev() {
            if self.reads_any(index, &wanted) {
                self.jacobian(index, |entry| {
                    if let Some(ledger) = found.get_mut(&entry.slot) {
                        let group = entry.running.map(|element| (index, element));
                        ledger.extend(
                            self.contribution(&entry).map(|contribution| (group, contribution)),
                        );
                    }
                });
            }
        }
        let mut seeds: HashMap<usize, f64> = HashMap::new();
        for output in self.outputs() {
            let add = |seed: &mut f64| *seed = self.precision().add(*seed, output.cotangent);
            let slot = self.at(output.of).index();
            seeds.entry(slot).and_modify(add).or_insert(output.cotangent);
        }
        let of = |slot: &Slot| {
            let contributions = found.get(&slot.index()).cloned().unwrap_or_default();
            self.add_up(*slot, seeds.get(&slot.index()).copied(), contributions)
        };
        slots.iter().map(of).collect()
    }

    /// The sum of the cotangents that a slot's adjoint started from; `None` if it is no output.
    #[must_use]
    pub fn seed(&self, slot: Slot) -> Option<f64> {
        let seeds = self.outputs().iter().filter(|output| self.at(output.of) == slot);
        seeds.map(|output| output.cotangent).reduce(|a, b| self.precision().add(a, b))
    }

    /// Whether every reader of a number has an op that this version knows, or states its partials,
    /// so that its ledger is complete.
    #[must_use]
    pub fn is_explained(&self, slot: Slot) -> bool {
        let unknown = (0..self.nodes().len()).filter(|&node| !self.says_jacobian(node));
        unknown
            .flat_map(|node| &self.nodes()[node].operands)
            .all(|operand| operand.cut || !self.slots_read(operand).any(|s| s == slot))
    }

    /// The numbers of which a reader has an op that this version does not know and states no
    /// partials, so that their ledgers are not complete; by slot, found in one pass.
    pub(crate) fn unexplained(&self) -> HashSet<usize> {
        let unknown = (0..self.nodes().len()).filter(|&node| !self.says_jacobian(node));
        let read = unknown.flat_map(|node| &self.nodes()[node].operands);
        let read = read.filter(|operand| !operand.cut);
        read.flat_map(|operand| self.slots_read(operand)).map(Slot::index).collect()
    }

    /// Whether a node reads numbers that may be among some.
    fn reads_any(&self, reader: usize, wanted: &Wanted) -> bool {
        self.nodes()[reader].operands.iter().filter(|operand| !operand.cut).any(|operand| {
            let first = self.at(operand.elements.first).index();
            let last = match &operand.elements.strides {
                // Of neighbours the last one needs no walk.
                None => first + operand.elements.shape.iter().product::<usize>().saturating_sub(1),
                Some(_) => self.resolve(&operand.elements).last().unwrap_or(first),
            };
            wanted.any(first, last)
        })
    }

    pub(crate) fn contribution(&self, entry: &Entry) -> Option<Contribution> {
        let reader = Slot(entry.reader);
        let &Adjoint::Computed(adjoint) = self.adjoint(reader) else { return None };
        if adjoint == 0.0 {
            return None;
        }
        let product = self.precision().times(entry.partial, adjoint)?;
        let partial = entry.partial.value(adjoint);
        Some(Contribution { reader, operand: entry.operand, partial, adjoint, product })
    }

    fn add_up(
        &self,
        slot: Slot,
        seed: Option<f64>,
        contributions: Vec<(Group, Contribution)>,
    ) -> Ledger {
        let add = |a, b| self.precision().add(a, b);
        let groups = contributions.chunk_by(|(a, _), (b, _)| a.is_some() && a == b);
        let shares = groups.filter_map(|group| group.iter().map(|(_, c)| c.product).reduce(add));
        // Adding 0 takes the sign of a zero away, as reading an adjoint does.
        let sum = seed.into_iter().chain(shares).reduce(add).unwrap_or(0.0) + 0.0;
        Ledger {
            slot,
            seed,
            contributions: contributions.into_iter().map(|(_, c)| c).collect(),
            sum,
        }
    }
}
