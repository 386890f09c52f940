//! Plain guesses at a mistake: each stands on an equation that the two numbers fulfil.

mod ratio;
mod value;
mod adjoint;
mod region;
mod whole;

use super::align::Aligned;
use super::follow::Followed;
use crate::compare::Tolerance;
use crate::digits::Digits;
use crate::reference::Quantity;
use crate::trace::{Slot, Trace};

/// What a guess is made of.
pub(super) struct Guessing<'a> {
    /// The trace's steps with the other side's numbers.
    pub(super) star: &'a Trace,
    /// What of it should be, given the other side's numbers.
    pub(super) followed: &'a Followed,
    /// The other side, if it is a trace.
    pub(super) theirs: Option<&'a Trace>,
    pub(super) ours: &'a Trace,
    pub(super) aligned: &'a Aligned,
    pub(super) tolerance: Tolerance,
}

impl Guessing<'_> {
    /// What makes `stated` of `expected`, the most telling first; both are values, or adjoints (not
    /// deltas).
    pub(in crate::diff) fn guess(
        &self,
        slot: Slot,
        quantity: Quantity,
        expected: f64,
        stated: f64,
    ) -> Vec<String> {
        let mut guesses = Vec::new();
        let ratio = stated / expected;
        if !stated.is_finite() || !expected.is_finite() {
            return guesses;
        }
        if ratio.is_finite() && ratio != 0.0 {
            guesses.extend(self.plain_ratio(ratio));
        }
        if quantity == Quantity::Value {
            guesses.extend(self.value(slot, expected, stated));
        } else {
            guesses.extend(self.contribution(slot, expected, stated));
            if ratio.is_finite() && ratio != 0.0 {
                guesses.extend(self.partial(slot, ratio));
            }
            guesses.extend(self.unweighted(slot, expected, stated));
            guesses.extend(self.moved(slot, expected, stated));
        }
        if guesses.is_empty() && ratio.is_finite() && ratio != 0.0 {
            guesses.extend(self.extent(ratio));
        }
        if guesses.is_empty() {
            guesses.extend(self.elsewhere(slot, quantity, stated));
        }
        if guesses.is_empty() && stated == 0.0 {
            guesses.push("it is 0: never computed, or cut off".to_owned());
        }
        guesses
    }

    /// Whether two numbers are equal but for rounding, terms of size `scale` having been added.
    fn near(&self, a: f64, b: f64, scale: f64) -> bool {
        // Of numbers with few digits an equation holds to those.
        let most = if self.tolerance.rtol() > 1e-5 { 1e-3 } else { 1e-6 };
        let rtol = (4.0 * self.tolerance.rtol()).clamp(1e-12, most);
        a.is_finite()
            && b.is_finite()
            && (a - b).abs() <= rtol * scale.abs().max(b.abs())
            && b != 0.0
    }

    fn is(&self, ratio: f64, what: f64) -> bool {
        self.near(ratio, what, what)
    }
}

/// A rate of at most two digits that is neither lost in rounding nor a chance.
fn round_rate(rate: f64, difference: f64, of: f64) -> Option<Digits> {
    let resolved = difference.abs() > 1e9 * f64::EPSILON * of.abs();
    if !(rate.is_finite() && rate > 0.0 && resolved) {
        return None;
    }
    let round: f64 = format!("{rate:.1e}").parse().ok()?;
    ((rate - round).abs() <= 1e-6 * round).then(|| Digits::new(round))
}
