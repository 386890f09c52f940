//! How far rounding may take the three ways apart.

use super::shifted::Shifted;
use crate::backward::Gradients;
use crate::op::Op;
use crate::real::Scalar;
use crate::tape::Side;

/// What rounding may do, from one sweep over the magnitudes.
pub(super) struct Bounds {
    /// The spacing of numbers at 1.
    pub(super) epsilon: f64,
    /// For every slot, Σ |products of partials along the paths to the output|.
    pub(super) products: Vec<f64>,
    /// For every slot, the number of edges of the longest path.
    pub(super) depth: Vec<u32>,
    /// For every slot, the rounding error of the output's value that comes of the nodes after it.
    pub(super) noise_after: Vec<f64>,
}

impl Bounds {
    pub(super) fn new<S: Scalar>(gradients: &Gradients<'_, S>, side: &Side, values: &[S]) -> Self {
        let mut epsilon = 1.0;
        while S::from_f64(1.0 + epsilon / 2.0).to_f64() > 1.0 {
            epsilon /= 2.0;
        }
        let (mut products, mut depth) = (vec![0.0; values.len()], vec![0; values.len()]);
        for (slot, _) in gradients.seeds() {
            products[slot.slot()] = 1.0;
        }
        // A sum of many terms is off by ulps of its terms, not of itself.
        let mut terms: Vec<f64> = values.iter().map(|value| value.to_f64().abs()).collect();
        let mut sums = vec![false; values.len()];
        for wide in side.wides.iter().take_while(|wide| (wide.out as usize) < values.len()) {
            sums[wide.out as usize..(wide.out + wide.len) as usize]
                .fill(matches!(wide.op, Op::Structural(_)));
        }
        gradients.edges(|reader, _, slot, partial| {
            let partial = partial.value(values[slot]).to_f64().abs();
            // As in the sweep, a zero passes nothing on.
            if products[reader] > 0.0 && partial > 0.0 {
                products[slot] += products[reader] * partial;
                depth[slot] = depth[slot].max(depth[reader] + 1);
            }
            if sums[reader] {
                terms[reader] += partial * values[slot].to_f64().abs();
            }
        });
        let noises = gradients
            .adjoints()
            .iter()
            .zip(&terms)
            .map(|(adjoint, term)| adjoint.to_f64().abs() * term);
        let mut noise_after: Vec<f64> = noises.collect();
        let mut sum = 0.0;
        for noise in noise_after.iter_mut().rev() {
            let own = if noise.is_finite() { 2.0 * epsilon * *noise } else { 0.0 };
            *noise = sum;
            sum += own;
        }
        Bounds { epsilon, products, depth, noise_after }
    }

    /// The rounding error of the output where `slot` and what depends on it has moved.
    pub(super) fn noise<S: Scalar>(
        &self,
        slot: usize,
        column: &[Shifted<S>],
        adjoints: &[S],
    ) -> f64 {
        let after = column[slot + 1..].iter().zip(&adjoints[slot + 1..]);
        let moved = after.map(|(number, adjoint)| {
            (number.moved - number.base).to_f64().abs() * adjoint.to_f64().abs()
        });
        self.noise_after[slot]
            + 2.0 * self.epsilon * moved.filter(|noise| noise.is_finite()).sum::<f64>()
    }

    pub(super) fn rounding(&self, slot: usize) -> f64 {
        (64.0 + 8.0 * f64::from(self.depth[slot])) * self.epsilon * self.products[slot]
    }
}
