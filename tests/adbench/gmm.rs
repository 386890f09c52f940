//! The log-likelihood of a Gaussian mixture with a Wishart prior, differentiated by (alpha, mu,
//! icf).
//!
//! ```text
//! L = -N D/2 ln 2π + Σᵢ ln Σₖ exp mainₖᵢ - N ln Σₖ exp alphaₖ ± prior
//! mainₖᵢ = alphaₖ + Σ qₖ - 1/2 ||Qₖ (xᵢ - muₖ)||²
//! Qₖ: lower triangular, exp qₖ on the diagonal, lₖ below it column by column; icfₖ is qₖ, then lₖ
//! prior = Σₖ [gamma²/2 (||exp qₖ||² + ||lₖ||²) - m Σ qₖ] - K C
//! ```

use std::f64::consts::{LN_2, PI};

use wengert::Var;
use wengert::number::Real;

use super::oracle::{Answer, Words, adbench, count, json, number, numbers};

/// How the prior enters L. The sources differ, so every test says which it means.
#[derive(Clone, Copy)]
pub(crate) enum Prior {
    /// ADBench's sign: added.
    Adbench,
    /// gradbench's, which corrected ADBench's: subtracted.
    Gradbench,
}

pub(crate) struct Gmm {
    pub(crate) prior: Prior,
    pub(crate) dimensions: usize,
    pub(crate) components: usize,
    pub(crate) points: usize,
    pub(crate) gamma: f64,
    pub(crate) m: f64,
    /// alpha, then mu by rows, then icf by rows.
    pub(crate) parameters: Vec<f64>,
    /// x by rows.
    pub(crate) data: Vec<f64>,
}

impl Gmm {
    /// ADBench's example: 1 point, 2 dimensions, 3 components.
    pub(crate) fn adbench() -> (Gmm, Answer) {
        let file = json("adbench_expected.json");
        let mut words = Words::of(file["gmm"]["input"].as_str().expect("the input's text"));
        let [dimensions, components, points] = words.counts();
        let parameters =
            words.take(components * (1 + dimensions + dimensions * (dimensions + 1) / 2));
        let data = words.take(points * dimensions);
        let last = words.take(2);
        words.finish();
        let (gamma, m) = (last[0], last[1]);
        (
            Gmm {
                prior: Prior::Adbench,
                dimensions,
                components,
                points,
                gamma,
                m,
                parameters,
                data,
            },
            adbench("gmm"),
        )
    }

    /// gradbench's example: 1000 points, 2 dimensions, 5 components.
    pub(crate) fn gradbench() -> (Gmm, Answer) {
        let (input, jacobian) = (json("gmm_2_5.input.json"), json("gmm_2_5.jacobian.json"));
        let gmm = Gmm {
            prior: Prior::Gradbench,
            dimensions: count(&input["d"]),
            components: count(&input["k"]),
            points: count(&input["n"]),
            gamma: number(&input["gamma"]),
            m: number(&input["m"]),
            parameters: joined(&input),
            data: numbers(&input["x"]),
        };
        (
            gmm,
            Answer { value: number(&json("gmm_2_5.objective.json")), gradient: joined(&jacobian) },
        )
    }

    /// The same mixture of the first points alone.
    pub(crate) fn beginning(mut self, points: usize) -> Gmm {
        self.data.truncate(points * self.dimensions);
        Gmm { points, ..self }
    }

    /// Element by element.
    pub(crate) fn scalar<R: Real>(&self, parameters: &[R], data: &[R]) -> R {
        let (d, k) = (self.dimensions, self.components);
        let (alpha, rest) = parameters.split_at(k);
        let (mu, icf) = rest.split_at(k * d);
        let constant = |number: f64| alpha[0].like(number);

        let components: Vec<Component<R>> = mu
            .chunks(d)
            .zip(icf.chunks(d * (d + 1) / 2))
            .map(|(mu, icf)| {
                let (q, lower) = icf.split_at(d);
                Component {
                    mu,
                    diagonal: q.iter().map(|q| q.exp()).collect(),
                    sum_q: sum(q.iter().copied()),
                    lower,
                }
            })
            .collect();
        let of_points = sum(data.chunks(d).map(|x| {
            let main = alpha.iter().zip(&components).map(|(&alpha, component)| {
                let squares = component.whitened(x).into_iter().map(|z| z * z);
                alpha + component.sum_q - constant(0.5) * sum(squares)
            });
            log_sum_exp(&main.collect::<Vec<_>>())
        }));
        let prior = sum(components.iter().map(|component| {
            let squares =
                component.diagonal.iter().chain(component.lower).map(|&entry| entry * entry);
            constant(0.5 * self.gamma * self.gamma) * sum(squares)
                - constant(self.m) * component.sum_q
        }));
        let likelihood = of_points - constant(self.points as f64) * log_sum_exp(alpha);
        likelihood + constant(self.sign()) * prior + constant(self.constants())
    }

    /// Every axis at once.
    pub(crate) fn tensor<'t>(&self, parameters: Var<'t>, data: Var<'t>) -> Var<'t> {
        let (d, k, n) = (self.dimensions, self.components, self.points);
        let alpha = parameters.slice(0, 0..k);
        let mu = parameters.slice(0, k..k + k * d).reshape([k, 1, d]);
        let icf = parameters.slice(0, k + k * d..parameters.len()).reshape([k, d * (d + 1) / 2]);
        let (q, lower) = (icf.slice(1, 0..d), icf.slice(1, d..d * (d + 1) / 2));

        let entries = parameters.tape().concat(1, &[q.exp(), lower]);
        let triangles = entries.scatter_add(&self.positions(), [k, d, d]);
        let sum_q = q.sum_axes(1);
        let whitened = (data.reshape([n, d]) - mu).matmul(triangles.t());
        let main = (alpha + sum_q).reshape([k, 1]) - 0.5 * whitened.square().sum_axes(2);
        let prior = 0.5 * self.gamma * self.gamma * entries.square().sum() - self.m * sum_q.sum();
        let likelihood = main.log_sum_exp_axes(0).sum() - n as f64 * alpha.log_sum_exp_axes(0);
        likelihood + self.sign() * prior + self.constants()
    }

    /// Where icf's entries stand in the components' d by d matrices.
    fn positions(&self) -> Vec<usize> {
        let d = self.dimensions;
        let diagonal = (0..d).map(|i| (i, i));
        let below = (0..d).flat_map(|column| (column + 1..d).map(move |row| (row, column)));
        let one: Vec<usize> = diagonal.chain(below).map(|(row, column)| row * d + column).collect();
        (0..self.components)
            .flat_map(|k| one.iter().map(move |position| k * d * d + position))
            .collect()
    }

    fn sign(&self) -> f64 {
        match self.prior {
            Prior::Adbench => 1.0,
            Prior::Gradbench => -1.0,
        }
    }

    /// What no parameter enters: -N D/2 ln 2π, and the prior's -K C.
    fn constants(&self) -> f64 {
        let d = self.dimensions as f64;
        let n = d + self.m + 1.0;
        let c = n * d * (self.gamma.ln() - 0.5 * LN_2) - log_gamma(self.dimensions, 0.5 * n);
        -0.5 * self.points as f64 * d * (2.0 * PI).ln() - self.sign() * self.components as f64 * c
    }
}

/// alpha, mu, q and l as one block: alpha, mu, icf.
fn joined(file: &serde_json::Value) -> Vec<f64> {
    let rows = |key: &str| file[key].as_array().expect("rows").clone();
    let icf =
        rows("q").into_iter().zip(rows("l")).flat_map(|(q, l)| [numbers(&q), numbers(&l)].concat());
    [numbers(&file["alpha"]), numbers(&file["mu"])].concat().into_iter().chain(icf).collect()
}

struct Component<'a, R> {
    mu: &'a [R],
    diagonal: Vec<R>,
    sum_q: R,
    lower: &'a [R],
}

impl<R: Real> Component<'_, R> {
    /// Q (x - mu)
    fn whitened(&self, x: &[R]) -> Vec<R> {
        let centred: Vec<R> = x.iter().zip(self.mu).map(|(&x, &mu)| x - mu).collect();
        let mut out: Vec<R> =
            self.diagonal.iter().zip(&centred).map(|(&diagonal, &z)| diagonal * z).collect();
        let below =
            (0..out.len()).flat_map(|column| (column + 1..x.len()).map(move |row| (row, column)));
        for ((row, column), &entry) in below.zip(self.lower) {
            out[row] = out[row] + entry * centred[column];
        }
        out
    }
}

fn sum<R: Real>(terms: impl IntoIterator<Item = R>) -> R {
    terms.into_iter().reduce(|a, b| a + b).expect("a sum has terms")
}

fn log_sum_exp<R: Real>(terms: &[R]) -> R {
    let largest = terms.iter().copied().reduce(|a, b| a.max(b)).expect("a sum has terms");
    largest + sum(terms.iter().map(|&x| (x - largest).exp())).ln()
}

/// The logarithm of the gamma function of D dimensions.
fn log_gamma(dimensions: usize, a: f64) -> f64 {
    let d = dimensions as f64;
    let terms = (1..=dimensions).map(|j| libm::lgamma(a + 0.5 * (1.0 - j as f64)));
    0.25 * d * (d - 1.0) * PI.ln() + terms.sum::<f64>()
}
