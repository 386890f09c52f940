//! W6: the log-likelihood of a mixture of Gaussians (ADBench's objective), in tensor code and in
//! scalar code.
//!
//! ```text
//! L = -N D/2 ln 2π + Σᵢ ln Σₖ exp mainₖᵢ - N ln Σₖ exp alphaₖ + prior
//! mainₖᵢ = alphaₖ + Σ qₖ - 1/2 ||Qₖ (xᵢ - muₖ)||²
//! Qₖ: lower triangular, exp qₖ on the diagonal, lₖ below it column by column; icfₖ is qₖ, then lₖ
//! prior = Σₖ [gamma²/2 (||exp qₖ||² + ||lₖ||²) - m Σ qₖ] - K C
//! ```
//!
//! The numbers are drawn, of the shape of ADBench's `1k_gmm_d10_K25`; C and the other constants are
//! left out, since no gradient sees them.

use std::array;
use std::hint::black_box;

use wengert::{Tape, Var};

use crate::compare::same_gradient;
use crate::compiled::Compiled;
use crate::hand;
use crate::hand::gmm::Prior;
use crate::numbers::Numbers;
use crate::workload::{About, Aim, Contenders, Fact, Measure, Mode, Unit, Workload};

const PRIOR: Prior = Prior { gamma: 1.0, m: 0.0, constants: 0.0 };

/// How the program is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Every axis at once.
    Tensor,
    /// Element by element.
    Scalar,
}

/// A mixture of `D` dimensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gmm<const D: usize> {
    pub(crate) code: Code,
    pub(crate) components: usize,
    pub(crate) points: usize,
}

/// As many dimensions, components and points as in ADBench's file.
pub(crate) const fn adbench(code: Code) -> Gmm<10> {
    Gmm { code, components: 25, points: 1000 }
}

impl<const D: usize> Gmm<D> {
    const ICF: usize = D * (D + 1) / 2;

    fn parameters(&self) -> usize {
        self.components * (1 + D + Self::ICF)
    }

    fn record<'t>(&self, params: Var<'t>, data: Var<'t>) -> Var<'t> {
        match self.code {
            Code::Tensor => self.tensor(params, data),
            Code::Scalar => self.scalar(params, data),
        }
    }

    fn tensor<'t>(&self, params: Var<'t>, data: Var<'t>) -> Var<'t> {
        let (k, n) = (self.components, self.points);
        let alpha = params.slice(0, 0..k);
        let mu = params.slice(0, k..k + k * D).reshape([k, 1, D]);
        let icf = params.slice(0, k + k * D..params.len()).reshape([k, Self::ICF]);
        let (q, lower) = (icf.slice(1, 0..D), icf.slice(1, D..Self::ICF));

        let entries = params.tape().concat(1, &[q.exp(), lower]);
        let triangles = entries.scatter_add(&self.positions(), [k, D, D]);
        let sum_q = q.sum_axes(1);
        let whitened = (data.reshape([n, D]) - mu).matmul(triangles.t());
        let main = (alpha + sum_q).reshape([k, 1]) - 0.5 * whitened.square().sum_axes(2);
        let prior =
            0.5 * PRIOR.gamma * PRIOR.gamma * entries.square().sum() - PRIOR.m * sum_q.sum();
        main.log_sum_exp_axes(0).sum() - n as f64 * alpha.log_sum_exp_axes(0)
            + prior
            + PRIOR.constants
    }

    /// Where icf's entries stand in the components' `D` by `D` matrices.
    fn positions(&self) -> Vec<usize> {
        let below = (0..D).flat_map(|column| (column + 1..D).map(move |row| (row, column)));
        let one: Vec<usize> =
            (0..D).map(|i| (i, i)).chain(below).map(|(row, column)| row * D + column).collect();
        (0..self.components)
            .flat_map(|k| one.iter().map(move |position| k * D * D + position))
            .collect()
    }

    fn scalar<'t>(&self, params: Var<'t>, data: Var<'t>) -> Var<'t> {
        let k = self.components;
        let alpha: Vec<Var<'t>> = (0..k).map(|k| params.at(k)).collect();
        let components: Vec<Component<'t, D>> = (0..k)
            .map(|component| {
                let icf = k + k * D + component * Self::ICF;
                let q: [Var<'t>; D] = array::from_fn(|i| params.at(icf + i));
                Component {
                    mu: array::from_fn(|i| params.at(k + component * D + i)),
                    diagonal: q.map(Var::exp),
                    sum_q: sum(q),
                    lower: (D..Self::ICF).map(|entry| params.at(icf + entry)).collect(),
                }
            })
            .collect();
        let of_points = sum((0..self.points).map(|i| {
            let x: [Var<'t>; D] = array::from_fn(|d| data.at(i * D + d));
            let main = alpha.iter().zip(&components).map(|(&alpha, component)| {
                let squares = sum(component.whitened(x).map(|z| z * z));
                alpha + component.sum_q - 0.5 * squares
            });
            log_sum_exp(&main.collect::<Vec<_>>())
        }));
        let prior = sum(components.iter().map(|component| {
            let squares =
                component.diagonal.iter().chain(&component.lower).map(|&entry| entry * entry);
            0.5 * PRIOR.gamma * PRIOR.gamma * sum(squares) - PRIOR.m * component.sum_q
        }));
        of_points - self.points as f64 * log_sum_exp(&alpha) + prior + PRIOR.constants
    }
}

struct Component<'t, const D: usize> {
    mu: [Var<'t>; D],
    diagonal: [Var<'t>; D],
    sum_q: Var<'t>,
    lower: Vec<Var<'t>>,
}

impl<'t, const D: usize> Component<'t, D> {
    /// Q (x - mu)
    fn whitened(&self, x: [Var<'t>; D]) -> [Var<'t>; D] {
        let centred: [Var<'t>; D] = array::from_fn(|d| x[d] - self.mu[d]);
        let mut out: [Var<'t>; D] = array::from_fn(|d| self.diagonal[d] * centred[d]);
        let mut lower = self.lower.iter();
        for (column, &input) in centred.iter().enumerate() {
            for out in &mut out[column + 1..] {
                *out += *lower.next().expect("an entry below the diagonal") * input;
            }
        }
        out
    }
}

fn sum<'t>(terms: impl IntoIterator<Item = Var<'t>>) -> Var<'t> {
    terms.into_iter().reduce(|a, b| a + b).expect("a sum has terms")
}

fn log_sum_exp<'t>(terms: &[Var<'t>]) -> Var<'t> {
    let largest = terms.iter().copied().reduce(|a, b| a.max(b)).expect("a sum has terms");
    largest + sum(terms.iter().map(|&x| (x - largest).exp())).ln()
}

impl<const D: usize> Workload for Gmm<D> {
    fn about(&self) -> About {
        let (k, n) = (self.components, self.points);
        let (id, code, aims, reference) = match self.code {
            Code::Tensor => (
                "W6-tensor",
                "tensor",
                [Some(Aim::Ratio(2.0)), Some(Aim::Ratio(1.8)), Some(Aim::Ratio(1.4))],
                "hand 200 (2.2 times the best objective, 90); torch compile 1238, jax 1293, torch 2584, autograd 5729",
            ),
            Code::Scalar => (
                "W6-scalar",
                "scalar",
                [Some(Aim::Ratio(35.0)), Some(Aim::Ratio(25.0)), Some(Aim::Ratio(5.0))],
                "hand 200; codipack 19900, adept 20988, xad 32870, reverse 37501, cppad replay 39460",
            ),
        };
        About {
            id: id.to_owned(),
            what: format!("mixture of Gaussians, D={D} K={k} N={n}, f64, {code} code"),
            threads: 1,
            unit: Unit::us("us/grad"),
            aims,
            aims_below: [
                None,
                match self.code {
                    Code::Tensor => None,
                    Code::Scalar => Some(Aim::Ratio(5.0)),
                },
            ],
            reference,
        }
    }

    fn run(&self, measure: Measure<'_>) {
        let mut numbers = Numbers::seeded(6);
        let params = numbers.take(self.parameters(), 1.5);
        let points = numbers.take(self.points * D, 2.5);
        let mut gradient = vec![0.0; params.len()];
        let mut gmm = hand::gmm::Gmm::<D>::new(self.components, &points, PRIOR);
        let value = gmm.value_and_gradient(&params, &mut gradient);
        same_gradient("the objective alone", &[gmm.value(&params)], &[value], 1e-12);

        let mut tape = Tape::new();
        let kept = Tape::new();
        let (p, x) = (kept.param(&params), kept.data(&points));
        let loss = self.record(p, x);
        let mut gradients = loss.backward();
        same_gradient("tape", &gradients.values_wrt(p), &gradient, 1e-8);
        same_gradient("objective", &[loss.value()], &[value], 1e-10);
        let bytes = (kept.bytes() + size_of_val(gradients.adjoints())) as f64;
        let mut compiled = Compiled::gradient(loss, p, &[p]);
        compiled.run(&[&params]);
        same_gradient("compiled", &compiled.result(), &gradient, 1e-8);
        let mut jit = compiled.jit();
        jit.run(&[&params]);
        same_gradient("jit", &jit.result(), &gradient, 1e-8);
        let memory = match self.code {
            Code::Tensor => Fact { mode: Mode::Recorded, unit: "MB", value: bytes / 1e6 },
            Code::Scalar => {
                Fact { mode: Mode::Recorded, unit: "bytes/node", value: bytes / kept.len() as f64 }
            }
        };

        let mut facts = vec![memory];
        facts.extend(compiled.facts());
        facts.extend(jit.facts());
        measure(Contenders {
            hand: Box::new(|| {
                black_box(gmm.value_and_gradient(black_box(&params), &mut gradient));
            }),
            modes: [
                Some(Box::new(|| {
                    tape.clear();
                    let (p, x) = (tape.param(&params), tape.data(&points));
                    black_box(self.record(p, x).backward().adjoints()[0]);
                })),
                Some(Box::new(|| {
                    kept.replay(&[(p, &params)]).expect("there is no guard");
                    loss.backward_into(&mut gradients).expect("the loss is a single number");
                })),
                Some(Box::new(|| compiled.run(&[&params]))),
            ],
            below: [None, Some(Box::new(|| jit.run(&[&params])))],
            facts,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Gmm};
    use crate::workloads::tests::sets_up;

    #[test]
    fn hand_and_tape_agree() {
        for code in [Code::Tensor, Code::Scalar] {
            // Fewer points than a block, a block and some, and several blocks to the point.
            for points in [7, 45, 96] {
                sets_up(&Gmm::<3> { code, components: 4, points });
            }
            sets_up(&Gmm::<2> { code, components: 1, points: 33 });
        }
    }
}
