//! W6: the log-likelihood of a mixture of Gaussians with a Wishart prior (ADBench's), `f64`, and
//! its gradient.
//!
//! ```text
//! c = x_i - mu_k      z = Q_k c      main_ki = alpha_k + sum q_k - 1/2 |z|²      L_i = ln sum over k of exp main_ki
//! r_ki = exp(main_ki - L_i)
//! dL/dalpha_k = R - N softmax(alpha)_k      R = sum over i of r_ki
//! dL/dmu_k    = Q_kᵀ s                      s = sum over i of r_ki z
//! dL/dQ_k     = -sum over i of r_ki z cᵀ    (lower triangle; the diagonal is exp q, so dL/dq_k = R + dL/dQ_kk exp q)
//! ```
//!
//! Points stand side by side in vectors, 16 at a time. A component goes over all points twice,
//! before and after the softmax over the components; its sums stay in the nearest cache, and z is
//! computed again rather than stored, which would be 2 MB.

#![allow(
    clippy::needless_range_loop,
    reason = "several matrices are indexed alike, as in the formulas"
)]

use crate::simd::{Kernel, dispatch, exp};

/// Points at a time.
const BLOCK: usize = 16;
/// Sums run over so many points side by side.
const LANES: usize = 8;

type Block = [f64; BLOCK];

/// The model's numbers beside its parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prior {
    pub(crate) gamma: f64,
    pub(crate) m: f64,
    /// What no parameter enters.
    pub(crate) constants: f64,
}

/// The points of `D` dimensions, and what a gradient needs on the way.
pub(crate) struct Gmm<const D: usize> {
    points: usize,
    prior: Prior,
    /// By block, by dimension. The last block is filled up with points that get no weight.
    x: Vec<[Block; D]>,
    /// By component, by block: main, and then r.
    weights: Vec<Block>,
    components: Vec<Component<D>>,
}

/// A component's parameters as the loops want them.
#[derive(Clone, Copy, Debug)]
struct Component<const D: usize> {
    mu: [f64; D],
    /// Lower triangle by rows, zeros above.
    q: [[f64; D]; D],
    /// alpha + sum q
    offset: f64,
}

impl<const D: usize> Gmm<D> {
    /// `data` is by points.
    pub(crate) fn new(components: usize, data: &[f64], prior: Prior) -> Self {
        let points = data.len() / D;
        let at = |i: usize, d: usize| if i < points { data[i * D + d] } else { 0.0 };
        let x: Vec<[Block; D]> = (0..points.div_ceil(BLOCK))
            .map(|b| std::array::from_fn(|d| std::array::from_fn(|lane| at(b * BLOCK + lane, d))))
            .collect();
        let weights = vec![[0.0; BLOCK]; components * x.len()];
        let component = Component { mu: [0.0; D], q: [[0.0; D]; D], offset: 0.0 };
        Gmm { points, prior, x, weights, components: vec![component; components] }
    }

    /// The objective alone.
    pub(crate) fn value(&mut self, params: &[f64]) -> f64 {
        dispatch(Value { gmm: self, params })
    }

    /// The objective; its gradient by alpha, mu, icf goes into `gradient`.
    pub(crate) fn value_and_gradient(&mut self, params: &[f64], gradient: &mut [f64]) -> f64 {
        assert_eq!(params.len(), gradient.len(), "a derivative for each parameter");
        dispatch(Gradient { gmm: self, params, gradient })
    }

    /// alpha, mu by components, icf by components.
    #[inline(always)]
    fn split<'p>(&self, params: &'p [f64]) -> (&'p [f64], &'p [f64], &'p [f64]) {
        let (alpha, rest) = params.split_at(self.components.len());
        let (mu, icf) = rest.split_at(alpha.len() * D);
        (alpha, mu, icf)
    }

    #[inline(always)]
    fn main_terms(&mut self, params: &[f64]) {
        let (alpha, mu, icf) = self.split(params);
        let icf = icf.chunks_exact(D * (D + 1) / 2);
        let blocks = self.x.len();
        for (k, ((component, icf), weights)) in self
            .components
            .iter_mut()
            .zip(icf)
            .zip(self.weights.chunks_exact_mut(blocks))
            .enumerate()
        {
            component.mu.copy_from_slice(&mu[k * D..(k + 1) * D]);
            component.offset = alpha[k];
            let mut lower = icf[D..].iter();
            for column in 0..D {
                component.offset += icf[column];
                component.q[column][column] = exp(icf[column]);
                for row in column + 1..D {
                    component.q[row][column] = *lower.next().expect("an entry below the diagonal");
                }
            }
            for (main, x) in weights.iter_mut().zip(&self.x) {
                let c = component.centred(x);
                let mut squares = [0.0; BLOCK];
                for row in 0..D {
                    let z = component.row(row, &c);
                    for lane in 0..BLOCK {
                        squares[lane] = z[lane].mul_add(z[lane], squares[lane]);
                    }
                }
                for lane in 0..BLOCK {
                    main[lane] = (-0.5_f64).mul_add(squares[lane], component.offset);
                }
            }
        }
    }

    /// Turns main into r, and returns the sum of the points' log-sum-exp.
    #[inline(always)]
    fn softmax(&mut self) -> f64 {
        let blocks = self.x.len();
        let (mut largests, mut logs) = ([0.0; BLOCK], 0.0);
        // ln a + ln b = ln (a b): a sum is from 1 to K, so many may be multiplied before a
        // logarithm is due.
        let mut products = [1.0; BLOCK];
        for block in 0..blocks {
            let inside = (self.points - block * BLOCK).min(BLOCK);
            let mut largest = [f64::NEG_INFINITY; BLOCK];
            for main in self.weights[block..].iter().step_by(blocks) {
                for lane in 0..BLOCK {
                    largest[lane] =
                        if main[lane] > largest[lane] { main[lane] } else { largest[lane] };
                }
            }
            let mut sum = [0.0; BLOCK];
            for main in self.weights[block..].iter_mut().step_by(blocks) {
                for lane in 0..BLOCK {
                    let below = main[lane] - largest[lane];
                    // Further down it is nothing beside the largest, which is 1; and subnormal
                    // numbers are slow.
                    let e = if below < -600.0 { 0.0 } else { exp(below) };
                    main[lane] = e;
                    sum[lane] += e;
                }
            }
            let mut scale = [0.0; BLOCK];
            for lane in 0..BLOCK {
                scale[lane] = if lane < inside { 1.0 / sum[lane] } else { 0.0 };
                products[lane] *= if lane < inside { sum[lane] } else { 1.0 };
                largests[lane] += if lane < inside { largest[lane] } else { 0.0 };
            }
            for weights in self.weights[block..].iter_mut().step_by(blocks) {
                for lane in 0..BLOCK {
                    weights[lane] *= scale[lane];
                }
            }
            // 32 factors of at most K: up to K of billions they stay finite.
            if block % 32 == 31 || block + 1 == blocks {
                logs += products.iter().map(|&product| libm::log(product)).sum::<f64>();
                products = [1.0; BLOCK];
            }
        }
        logs + largests.iter().sum::<f64>()
    }

    /// The parts of the objective that are not of points, and their gradient, which replaces what
    /// `gradient` holds.
    #[inline(always)]
    fn other_terms(&self, params: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let (alpha, _, icf) = self.split(params);
        let Prior { gamma, m, constants } = self.prior;
        let largest = alpha.iter().fold(f64::NEG_INFINITY, |largest, &alpha| largest.max(alpha));
        let sum: f64 = alpha.iter().map(|alpha| exp(alpha - largest)).sum();
        let mut value = constants - self.points as f64 * (largest + libm::log(sum));
        for icf in icf.chunks_exact(D * (D + 1) / 2) {
            let (q, lower) = icf.split_at(D);
            let mut squares: f64 = lower.iter().map(|entry| entry * entry).sum();
            for &q in q {
                squares += exp(2.0 * q);
            }
            value += 0.5 * gamma * gamma * squares - m * q.iter().sum::<f64>();
        }
        if let Some(gradient) = gradient {
            gradient.fill(0.0);
            for (gradient, alpha) in gradient.iter_mut().zip(alpha) {
                *gradient = -(self.points as f64) * exp(alpha - largest) / sum;
            }
            let of_icf = &mut gradient[params.len() - icf.len()..];
            for (gradient, icf) in
                of_icf.chunks_exact_mut(D * (D + 1) / 2).zip(icf.chunks_exact(D * (D + 1) / 2))
            {
                for (i, (gradient, &entry)) in gradient.iter_mut().zip(icf).enumerate() {
                    *gradient = if i < D {
                        gamma * gamma * exp(2.0 * entry) - m
                    } else {
                        gamma * gamma * entry
                    };
                }
            }
        }
        value
    }

    /// What the points add to the gradient.
    #[inline(always)]
    fn of_points(&self, gradient: &mut [f64]) {
        let (count, blocks) = (self.components.len(), self.x.len());
        let (of_alpha, rest) = gradient.split_at_mut(count);
        let (of_mu, of_icf) = rest.split_at_mut(count * D);
        let of_icf = of_icf.chunks_exact_mut(D * (D + 1) / 2);
        let parts = of_alpha.iter_mut().zip(of_mu.chunks_exact_mut(D)).zip(of_icf);
        let inputs = self.components.iter().zip(self.weights.chunks_exact(blocks));
        for (((of_alpha, of_mu), of_icf), (component, weights)) in parts.zip(inputs) {
            let sums = Sums::over(component, &self.x, weights);
            let total = across(&sums.weights);
            *of_alpha += total;
            for row in 0..D {
                let s = across(&sums.z[row]);
                for column in 0..=row {
                    of_mu[column] += component.q[row][column] * s;
                }
            }
            let mut entry = D;
            for column in 0..D {
                of_icf[column] +=
                    total - across(&sums.outer[column][column]) * component.q[column][column];
                for row in column + 1..D {
                    of_icf[entry] -= across(&sums.outer[row][column]);
                    entry += 1;
                }
            }
        }
    }
}

impl<const D: usize> Component<D> {
    #[inline(always)]
    fn centred(&self, x: &[Block; D]) -> [Block; D] {
        let mut c = *x;
        for (c, mu) in c.iter_mut().zip(&self.mu) {
            for c in c {
                *c -= mu;
            }
        }
        c
    }

    /// A row of Q times c.
    #[inline(always)]
    fn row(&self, row: usize, c: &[Block; D]) -> Block {
        let mut z = [0.0; BLOCK];
        for (q, c) in self.q[row][..=row].iter().zip(c) {
            for lane in 0..BLOCK {
                z[lane] = q.mul_add(c[lane], z[lane]);
            }
        }
        z
    }
}

/// Sums over the points, side by side.
struct Sums<const D: usize> {
    /// r
    weights: [f64; LANES],
    /// r z
    z: [[f64; LANES]; D],
    /// r z cᵀ, the lower triangle
    outer: [[[f64; LANES]; D]; D],
}

impl<const D: usize> Sums<D> {
    #[inline(always)]
    fn over(component: &Component<D>, x: &[[Block; D]], weights: &[Block]) -> Self {
        let mut sums =
            Sums { weights: [0.0; LANES], z: [[0.0; LANES]; D], outer: [[[0.0; LANES]; D]; D] };
        for (x, r) in x.iter().zip(weights) {
            let c = component.centred(x);
            add(&mut sums.weights, r, &[1.0; BLOCK]);
            for row in 0..D {
                let mut rz = component.row(row, &c);
                for lane in 0..BLOCK {
                    rz[lane] *= r[lane];
                }
                add(&mut sums.z[row], &rz, &[1.0; BLOCK]);
                for (sum, c) in sums.outer[row][..=row].iter_mut().zip(&c) {
                    add(sum, &rz, c);
                }
            }
        }
        sums
    }
}

/// Adds the products of a block, folded.
#[inline(always)]
fn add(sum: &mut [f64; LANES], a: &Block, b: &Block) {
    for lane in 0..LANES {
        let mut term = sum[lane];
        for part in 0..BLOCK / LANES {
            let at = part * LANES + lane;
            term = a[at].mul_add(b[at], term);
        }
        sum[lane] = term;
    }
}

#[inline(always)]
fn across(sum: &[f64; LANES]) -> f64 {
    sum.iter().sum()
}

struct Value<'a, const D: usize> {
    gmm: &'a mut Gmm<D>,
    params: &'a [f64],
}

impl<const D: usize> Kernel for Value<'_, D> {
    type Out = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        self.gmm.main_terms(self.params);
        self.gmm.softmax() + self.gmm.other_terms(self.params, None)
    }
}

struct Gradient<'a, const D: usize> {
    gmm: &'a mut Gmm<D>,
    params: &'a [f64],
    gradient: &'a mut [f64],
}

impl<const D: usize> Kernel for Gradient<'_, D> {
    type Out = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let Gradient { gmm, params, gradient } = self;
        gmm.main_terms(params);
        let of_points = gmm.softmax();
        let value = of_points + gmm.other_terms(params, Some(&mut *gradient));
        gmm.of_points(gradient);
        value
    }
}
