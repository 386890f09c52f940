//! Where a network's first weights come from.

use std::f64::consts::TAU;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::python::PythonRandom;

/// How the weights and biases of a network are chosen.
///
/// The same value gives the same bits on every platform: the generators are integer arithmetic, and
/// what is done with their numbers uses only operations that IEEE 754 rounds correctly, and `ln`
/// and `cos` of the crate `libm`.
///
/// # Examples
///
/// ```
/// use wengert_layers::{Init, Law};
///
/// let mut notebook = Init::Notebook { seed: 1 }.start()?;
/// let hidden = notebook.layer_params(2, 1);
/// assert_eq!(hidden.weights, [0.13436424411240122, 0.8474337369372327]);
/// assert_eq!(hidden.biases, [0.763774618976614]);
///
/// let mut glorot = Law::GlorotUniform.seeded(7).start()?;
/// assert_eq!(glorot.layer_params(3, 5).weights.len(), 15);
/// # Ok::<(), wengert_layers::InitError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Init {
    /// Weights and biases 0. Neurons that start equal stay equal, so a hidden layer learns as one
    /// neuron: for tests.
    Zeros,

    /// The teaching notebook's: Python's `random()` after `random.seed(seed)`, digit for digit.
    ///
    /// Uniform in [0, 1), drawn neuron by neuron, the weights in the order of the inputs and then
    /// the bias, layer by layer. The generator is MT19937 (Matsumoto and Nishimura 1998).
    Notebook {
        /// The integer given to `random.seed`.
        seed: u64,
    },

    /// A law, drawn with ChaCha8, rand's portable generator, seeded by `seed_from_u64`.
    Random {
        /// What is drawn.
        law: Law,
        /// Where the generator starts.
        seed: u64,
    },
}

/// A distribution of weights, scaled to the layer by its number of inputs (`fan_in`) and of neurons
/// (`fan_out`).
///
/// Glorot's (also called Xavier's) keeps the variance of values and of gradients near 1 across a
/// layer that is about linear, as a sigmoid or tanh is around 0; He's does so for layers of relu,
/// which halve it.
///
/// - Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural
///   networks", equations 12 (the variance) and 16 (the uniform law).
/// - He, Zhang, Ren and Sun 2015, "Delving Deep into Rectifiers", equation 10 (the variance).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Law {
    /// Uniform from `lo` to `hi` whatever the layer, for weights and biases alike, in the order of
    /// [`Init::Notebook`].
    Uniform {
        /// The lower bound.
        lo: f64,
        /// The upper bound, which rounding can reach.
        hi: f64,
    },

    /// Uniform from `-a` to `a` with `a = sqrt(6 / (fan_in + fan_out))`; biases 0.
    GlorotUniform,

    /// Normal with variance `2 / (fan_in + fan_out)`, that of [`Law::GlorotUniform`]; biases 0.
    GlorotNormal,

    /// Uniform from `-a` to `a` with `a = sqrt(6 / fan_in)`, the variance of [`Law::HeNormal`];
    /// biases 0.
    HeUniform,

    /// Normal with variance `2 / fan_in`; biases 0.
    HeNormal,
}

impl Law {
    /// This law, drawn from a seed.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Init {
        Init::Random { law: self, seed }
    }

    fn check(self) -> Result<(), InitError> {
        match self {
            Law::Uniform { lo, hi } if !(lo <= hi && (hi - lo).is_finite()) => {
                Err(InitError::Bounds { lo, hi })
            }
            _ => Ok(()),
        }
    }

    /// The law as it stands for a layer of this size.
    fn scaled(self, fan_in: usize, fan_out: usize) -> Scaled {
        let (n_in, n_out) = (fan_in as f64, fan_out as f64);
        let symmetric = |a: f64| Scaled::Uniform { lo: -a, hi: a };
        match self {
            Law::Uniform { lo, hi } => Scaled::Uniform { lo, hi },
            Law::GlorotUniform => symmetric((6.0 / (n_in + n_out)).sqrt()),
            Law::GlorotNormal => Scaled::Normal { deviation: (2.0 / (n_in + n_out)).sqrt() },
            Law::HeUniform => symmetric((6.0 / n_in).sqrt()),
            Law::HeNormal => Scaled::Normal { deviation: (2.0 / n_in).sqrt() },
        }
    }
}

impl Law {
    /// So many numbers for a block of these fans.
    pub(crate) fn numbers(
        self,
        rng: &mut ChaCha8Rng,
        count: usize,
        fan_in: usize,
        fan_out: usize,
    ) -> Vec<f64> {
        let scaled = self.scaled(fan_in, fan_out);
        (0..count).map(|_| scaled.draw(rng)).collect()
    }
}

/// So many normal numbers with mean 0.
pub(crate) fn normals(rng: &mut ChaCha8Rng, count: usize, deviation: f64) -> Vec<f64> {
    (0..count).map(|_| deviation * normal(rng)).collect()
}

/// Why an [`Init`] can't be started.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// The bounds of [`Law::Uniform`] are not in order, not finite, or so far apart that `hi - lo`
    /// is not.
    #[error(
        "a uniform law from {lo:?} to {hi:?}: bounds must be in order and a finite distance apart"
    )]
    Bounds {
        /// The lower bound given.
        lo: f64,
        /// The upper bound given.
        hi: f64,
    },
}

impl Init {
    /// An initialiser at the first layer.
    ///
    /// # Errors
    ///
    /// [`InitError::Bounds`] if the law is a [`Law::Uniform`] whose bounds are not `lo <= hi` with
    /// a finite `hi - lo`.
    pub fn start(self) -> Result<Initialiser, InitError> {
        Ok(Initialiser(match self {
            Init::Zeros => Source::Zeros,
            Init::Notebook { seed } => Source::Notebook(PythonRandom::seed(seed)),
            Init::Random { law, seed } => {
                law.check()?;
                Source::Random(law, ChaCha8Rng::seed_from_u64(seed))
            }
        }))
    }
}

/// The first weights and biases of one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerParams {
    /// `fan_out` rows of `fan_in` weights: those of one neuron lie side by side.
    pub weights: Vec<f64>,
    /// One bias for each of the `fan_out` neurons.
    pub biases: Vec<f64>,
}

/// An [`Init`] at work: each layer continues where the last one stopped, so ask for them from the
/// inputs to the outputs.
#[derive(Debug, Clone)]
pub struct Initialiser(Source);

#[derive(Debug, Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "a network is drawn by one initialiser; nobody keeps a collection of them"
)]
enum Source {
    Zeros,
    Notebook(PythonRandom),
    Random(Law, ChaCha8Rng),
}

impl Initialiser {
    /// The parameters of the next layer, of `fan_out` neurons with `fan_in` inputs each.
    pub fn layer_params(&mut self, fan_in: usize, fan_out: usize) -> LayerParams {
        match &mut self.0 {
            Source::Zeros => by_neuron(fan_in, fan_out, || 0.0),
            Source::Notebook(python) => by_neuron(fan_in, fan_out, || python.random()),
            Source::Random(law, rng) => {
                let scaled = law.scaled(fan_in, fan_out);
                if let Law::Uniform { .. } = law {
                    by_neuron(fan_in, fan_out, || scaled.draw(rng))
                } else {
                    LayerParams {
                        weights: (0..fan_out * fan_in).map(|_| scaled.draw(rng)).collect(),
                        biases: vec![0.0; fan_out],
                    }
                }
            }
        }
    }
}

/// The order of the notebook: the weights of a neuron, its bias, the next neuron.
fn by_neuron(fan_in: usize, fan_out: usize, mut next: impl FnMut() -> f64) -> LayerParams {
    let mut params = LayerParams { weights: Vec::new(), biases: Vec::new() };
    for _ in 0..fan_out {
        params.weights.extend((0..fan_in).map(|_| next()));
        params.biases.push(next());
    }
    params
}

/// A law with its numbers.
#[derive(Debug, Clone, Copy)]
enum Scaled {
    Uniform { lo: f64, hi: f64 },
    Normal { deviation: f64 },
}

impl Scaled {
    fn draw(self, rng: &mut ChaCha8Rng) -> f64 {
        match self {
            Scaled::Uniform { lo, hi } => lo + (hi - lo) * unit(rng),
            Scaled::Normal { deviation } => deviation * normal(rng),
        }
    }
}

/// A multiple of 2^-53 in [0, 1).
fn unit(rng: &mut ChaCha8Rng) -> f64 {
    rng.random()
}

/// Mean 0 and variance 1, by Box and Muller 1958: `sqrt(-2 ln u) cos(2 pi v)`, with `u` in (0, 1]
/// and `v` in [0, 1).
///
/// The sine of the same pair is a second normal number, left unused: keeping it would be a state to
/// carry from layer to layer. rand_distr's ziggurat is faster, but its `exp` and `ln` become the
/// platform's as soon as any crate of the build turns on `num-traits/std`.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (u, v) = (1.0 - unit(rng), unit(rng));
    (-2.0 * libm::log(u)).sqrt() * libm::cos(TAU * v)
}

#[cfg(test)]
mod tests;
