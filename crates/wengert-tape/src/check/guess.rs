//! Guesses at what a wrong claim lacks, each an equation that the claim fulfils.

use crate::backward::Contribution;
use crate::op::{Op, Unary};
use crate::real::Scalar;

/// What a claim is looked at beside.
pub(super) struct Claim<'a, S> {
    pub(super) claimed: f64,
    pub(super) reverse: f64,
    /// The claimed number's own value.
    pub(super) value: f64,
    /// What its adjoint is the sum of.
    pub(super) terms: &'a [Contribution<S>],
    /// Of a reader its name, its op and its value.
    pub(super) readers: &'a [(String, Op, f64)],
    /// How far a claim may be off, relative to what it should be.
    pub(super) tolerance: f64,
}

impl<S: Scalar> Claim<'_, S> {
    fn is(&self, made: f64) -> bool {
        let rtol = (4.0 * self.tolerance).clamp(1e-12, 1e-6);
        made.is_finite() && (self.claimed - made).abs() <= rtol * made.abs() && made != 0.0
    }

    /// The guesses, the most telling first, as the diff of `wengert-inspect` words them.
    pub(super) fn guesses(&self) -> Vec<String> {
        let mut guesses = Vec::new();
        for (factor, text) in [
            (-1.0, "the sign is flipped (the ratio is -1)"),
            (2.0, "a factor 2 (is there a 1/2 in the loss?)"),
            (0.5, "a factor 1/2 (is there a 1/2 in the loss?)"),
            (-2.0, "a factor 2 (is there a 1/2 in the loss?), and the sign is flipped"),
            (-0.5, "a factor 1/2 (is there a 1/2 in the loss?), and the sign is flipped"),
        ] {
            if self.is(factor * self.reverse) {
                guesses.push(text.to_owned());
            }
        }
        if self.terms.len() > 1 {
            guesses.extend(self.contribution());
        } else {
            guesses.extend(self.slope());
        }
        if guesses.is_empty() && self.claimed == 0.0 && self.reverse != 0.0 {
            guesses.push("it is 0: never computed, or cut off".to_owned());
        }
        guesses
    }

    /// A contribution that is missing, alone, doubled or of the other sign.
    fn contribution(&self) -> Option<String> {
        let products = || self.terms.iter().map(|term| term.product.to_f64()).zip(self.readers);
        let alone = products().find(|(product, _)| self.is(*product));
        if let Some((product, (reader, ..))) = alone {
            return Some(format!(
                "only the contribution of {reader}, {product}: written over the others instead of added to them?"
            ));
        }
        products().find_map(|(product, (reader, ..))| {
            let changes = [(-1.0, "missing"), (1.0, "added twice"), (-2.0, "of the other sign")];
            let made = |&&(factor, _): &&(f64, &str)| self.is(self.reverse + factor * product);
            let (_, how) = changes.iter().find(made).filter(|_| product != 0.0)?;
            Some(format!("as if the contribution of {reader}, {product}, were {how}"))
        })
    }

    /// Another slope than that of the one reader.
    fn slope(&self) -> Option<String> {
        let ([term], [(reader, op, y)]) = (self.terms, self.readers) else { return None };
        let (adjoint, partial) = (term.adjoint.to_f64(), term.partial.to_f64());
        let (x, y) = (self.value, *y);
        if self.is(partial * partial * adjoint) && partial.abs() != 1.0 {
            return Some(format!(
                "as if the partial {partial} of {reader} ({op}) were there twice"
            ));
        }
        let slopes = [
            (1.0, "missing"),
            (y, "y"),
            (1.0 - y, "1 - y"),
            (y * (1.0 - y), "y (1 - y)"),
            (1.0 - y * y, "1 - y^2"),
            (x, "x"),
            (x * (1.0 - x), "x (1 - x)"),
            (1.0 - x * x, "1 - x^2"),
        ];
        let taken = slopes.iter().find(|(slope, _)| self.is(slope * adjoint) && *slope != partial);
        let (_, how) = taken?;
        let of = match op {
            Op::Unary(Unary::Sigmoid) => format!("the sigmoid's derivative y (1 - y) of {reader}"),
            Op::Unary(Unary::Tanh) => format!("the derivative 1 - y^2 of {reader}"),
            _ => format!("the partial {partial} of {reader} ({op})"),
        };
        Some(format!("as if {of} were {how}"))
    }
}
