//! A layer with its numbers.

mod error;

pub use error::ModelError;

use std::cell::RefCell;
use std::collections::BTreeMap;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use wengert::{Leaf, Numerics, Options, Scalar, Tape, Var};

use super::layer::{Layer, Noise, Param, Pass, Spec};
use crate::bind::Granularity;

/// A layer, usually a [`Sequential`](super::Sequential), and the numbers of its parameters.
///
/// # Examples
///
/// ```
/// use wengert_layers::Activation;
/// use wengert_layers::nn::{Dense, Model, Sequential};
///
/// let layers = Sequential::new()
///     .then(Dense::new(2, 8))
///     .then(Activation::Tanh)
///     .then(Dense::new(8, 1));
/// let mut model: Model = Model::new(layers, 1)?;
/// let names: Vec<&str> = model.params().map(|block| block.name).collect();
/// assert_eq!(names, ["0.weight", "0.bias", "2.weight", "2.bias"]);
///
/// model.freeze("0.")?; // both of the first layer
/// assert_eq!(model.answer(&[0.0, 0.0, 1.0, 1.0], &[2])?.len(), 2); // two rows, one number each
/// # Ok::<(), wengert_layers::nn::ModelError>(())
/// ```
#[derive(Debug)]
pub struct Model<S: Scalar = f64> {
    layer: Box<dyn Layer<S>>,
    blocks: Vec<Owned>,
    values: Vec<S>,
    threshold: f64,
}

/// A block of a model's parameters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Owned {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) decays: bool,
    pub(crate) frozen: bool,
    /// Where it begins in the model's numbers.
    pub(crate) start: usize,
    pub(crate) len: usize,
}

/// A block of a model's parameters, to read.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamBlock<'a, S = f64> {
    /// Its path: `0.weight`.
    pub name: &'a str,
    /// Its extents.
    pub shape: &'a [usize],
    /// Its numbers, row-major.
    pub values: &'a [S],
    /// Whether training leaves it as it is.
    pub frozen: bool,
    /// Whether weight decay and penalties apply.
    pub decays: bool,
}

/// A recorded pass through a model.
#[derive(Debug, Clone)]
pub struct ModelPass<'t, S: Scalar = f64> {
    /// What comes out.
    pub output: Var<'t, S>,
    /// The blocks, in the order of [`Model::params`]; frozen ones are data.
    pub params: Vec<Var<'t, S>>,
    /// Random numbers to draw anew for each step.
    pub noise: Vec<Var<'t, S>>,
}

impl<S: Scalar> Model<S> {
    /// A model whose parameters start as its layers say, drawn from a seed (ChaCha8, block after
    /// block in the order of the layers).
    ///
    /// # Errors
    ///
    /// [`ModelError::SameName`], [`ModelError::Empty`], [`ModelError::Length`] if a layer was given
    /// numbers that do not fill its block, [`ModelError::NotFinite`].
    pub fn new(layer: impl Layer<S> + 'static, seed: u64) -> Result<Self, ModelError> {
        Model::of(Box::new(layer), seed)
    }

    pub(crate) fn of(layer: Box<dyn Layer<S>>, seed: u64) -> Result<Self, ModelError> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut blocks, mut values): (Vec<Owned>, Vec<S>) = (Vec::new(), Vec::new());
        for Param { name, shape, start, decays, shared } in layer.params() {
            let len = shape.iter().product();
            if len == 0 {
                return Err(ModelError::Empty { name, shape });
            }
            if let Some(there) = blocks.iter().find(|block| block.name == name) {
                if shared && there.shape == shape {
                    continue;
                }
                return Err(ModelError::SameName { name, left: there.shape.clone(), right: shape });
            }
            let numbers = start.numbers(&shape, &mut rng).map_err(|expected| {
                let found = start.given();
                ModelError::Length { what: name.clone(), expected, found }
            })?;
            if let Some(at) = numbers.iter().position(|number| !number.is_finite()) {
                return Err(ModelError::NotFinite { name, at, value: numbers[at] });
            }
            let begin = values.len();
            values.extend(numbers.into_iter().map(S::from_f64));
            blocks.push(Owned { name, shape, decays, frozen: false, start: begin, len });
        }
        Ok(Model { layer, blocks, values, threshold: 0.0 })
    }

    /// The blocks, in the order of the layers.
    #[must_use]
    pub fn params(&self) -> impl ExactSizeIterator<Item = ParamBlock<'_, S>> {
        self.blocks.iter().map(|block| ParamBlock {
            name: &block.name,
            shape: &block.shape,
            values: &self.values[block.start..block.start + block.len],
            frozen: block.frozen,
            decays: block.decays,
        })
    }

    /// Every number, block after block.
    #[must_use]
    pub fn values(&self) -> &[S] {
        &self.values
    }

    /// Changes every number at once.
    ///
    /// # Errors
    ///
    /// [`ModelError::Length`], [`ModelError::NotFinite`]; then nothing has changed.
    pub fn set_values(&mut self, values: &[S]) -> Result<(), ModelError> {
        let (expected, found) = (self.values.len(), values.len());
        if expected != found {
            return Err(ModelError::Length { what: "the model".to_owned(), expected, found });
        }
        for block in &self.blocks {
            check_finite(&block.name, &values[block.start..block.start + block.len])?;
        }
        self.values.copy_from_slice(values);
        Ok(())
    }

    /// Changes a block.
    ///
    /// # Errors
    ///
    /// [`ModelError::NoSuchBlock`], [`ModelError::Length`], [`ModelError::NotFinite`]; then nothing
    /// has changed.
    pub fn set(&mut self, name: &str, values: &[S]) -> Result<(), ModelError> {
        let block = self.blocks.iter().find(|block| block.name == name);
        let block = block.ok_or_else(|| self.no_such(name))?;
        if values.len() != block.len {
            let (what, expected, found) = (name.to_owned(), block.len, values.len());
            return Err(ModelError::Length { what, expected, found });
        }
        check_finite(name, values)?;
        self.values[block.start..block.start + block.len].copy_from_slice(values);
        Ok(())
    }

    /// Training leaves every block alone whose name begins so: `0.` is a layer, `0.bias` a block,
    /// and an empty text all of them.
    ///
    /// # Errors
    ///
    /// [`ModelError::NoSuchBlock`] if there is none.
    pub fn freeze(&mut self, beginning: &str) -> Result<(), ModelError> {
        self.set_frozen(beginning, true)
    }

    /// Training moves them again.
    ///
    /// # Errors
    ///
    /// As [`freeze`](Model::freeze).
    pub fn unfreeze(&mut self, beginning: &str) -> Result<(), ModelError> {
        self.set_frozen(beginning, false)
    }

    fn set_frozen(&mut self, beginning: &str, frozen: bool) -> Result<(), ModelError> {
        if !self.blocks.iter().any(|block| block.name.starts_with(beginning)) {
            return Err(self.no_such(beginning));
        }
        for block in self.blocks.iter_mut().filter(|block| block.name.starts_with(beginning)) {
            block.frozen = frozen;
        }
        Ok(())
    }

    fn no_such(&self, name: &str) -> ModelError {
        let names: Vec<&str> = self.blocks.iter().map(|block| block.name.as_str()).collect();
        ModelError::NoSuchBlock { name: name.to_owned(), has: names.join(", ") }
    }

    /// Records a pass of rows `x`, as an answer: without dropout.
    ///
    /// # Errors
    ///
    /// What recording meets: [`wengert::Error::Shapes`] where `x` does not fit.
    #[track_caller]
    pub fn record<'t>(&self, x: Var<'t, S>) -> Result<ModelPass<'t, S>, wengert::Error> {
        self.recorded(x, None, Granularity::PerLayer)
    }

    /// As [`record`](Model::record), with a node for every `z` and output of every neuron of dense
    /// layers and activations, as on paper: `0/2.z`, `1/2.output`, and of several rows `0/row
    /// 1/2.z`. In [`Numerics::Exact`] the values are the same to the last bit; gradients are added
    /// in another order. Layers that have no neurons are recorded as always.
    ///
    /// # Errors
    ///
    /// As [`record`](Model::record).
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_layers::Activation;
    /// use wengert_layers::nn::{Dense, Model, Sequential};
    ///
    /// let layers = Sequential::new().then(Dense::new(2, 3)).then(Activation::Tanh);
    /// let model: Model = Model::new(layers, 1)?;
    /// let tape = wengert::Tape::new();
    /// let pass = model.record_per_neuron(tape.data([[1.0, 0.5]]))?;
    /// let gradients = pass.output.sum().backward();
    /// let z = tape.nodes().find(|node| tape.label(node.id) == "0/1.z").expect("a node of its own");
    /// println!("z {}, its adjoint {}", tape.value_at(z.id), gradients.adjoints()[z.id.slot()]);
    /// # Ok::<(), wengert_layers::nn::ModelError>(())
    /// ```
    #[track_caller]
    pub fn record_per_neuron<'t>(&self, x: Var<'t, S>) -> Result<ModelPass<'t, S>, wengert::Error> {
        self.recorded(x, None, Granularity::PerNeuron)
    }

    /// Records a pass of training: with dropout, drawn from a seed.
    ///
    /// # Errors
    ///
    /// As [`record`](Model::record).
    #[track_caller]
    pub fn record_training<'t>(
        &self,
        x: Var<'t, S>,
        seed: u64,
    ) -> Result<ModelPass<'t, S>, wengert::Error> {
        self.recorded(x, Some(seed), Granularity::PerLayer)
    }

    #[track_caller]
    fn recorded<'t>(
        &self,
        x: Var<'t, S>,
        seed: Option<u64>,
        granularity: Granularity,
    ) -> Result<ModelPass<'t, S>, wengert::Error> {
        let tape = x.tape();
        let mut params = Vec::with_capacity(self.blocks.len());
        let mut by_name = BTreeMap::new();
        for block in &self.blocks {
            let leaf = if block.frozen { Leaf::Data } else { Leaf::Param };
            let values = &self.values[block.start..block.start + block.len];
            let var = tape.tensor(leaf, values, block.shape.clone())?.named(&block.name);
            by_name.insert(block.name.clone(), var);
            params.push(var);
        }
        let noise = seed.map(|seed| Noise {
            rng: RefCell::new(ChaCha8Rng::seed_from_u64(seed)),
            leaves: RefCell::default(),
        });
        let (blocks, path, noise_of) = (&by_name, String::new(), noise.as_ref());
        let pass = Pass { tape, blocks, path, noise: noise_of, granularity };
        let output = self.layer.forward(x, &pass)?;
        let noise = noise.map(|noise| noise.leaves.into_inner()).unwrap_or_default();
        Ok(ModelPass { output, params, noise })
    }

    /// What the model answers to rows that lie one after the other, each of the shape `row`: its
    /// outputs, row after row. The digits are those of [`Numerics::Exact`], the same everywhere.
    ///
    /// # Errors
    ///
    /// [`ModelError::Length`] if the numbers are no whole rows, [`ModelError::Tape`].
    pub fn answer(&self, rows: &[S], row: &[usize]) -> Result<Vec<S>, ModelError> {
        let len: usize = row.iter().product();
        if len == 0 || !rows.len().is_multiple_of(len) {
            let what = format!("a row of the shape {row:?}");
            return Err(ModelError::Length { what, expected: len, found: rows.len() });
        }
        let mut tape = Tape::with(Options::default().numerics(Numerics::Exact));
        let mut answers = Vec::new();
        for rows in rows.chunks(BATCH * len) {
            tape.clear();
            let shape: Vec<usize> =
                std::iter::once(rows.len() / len).chain(row.iter().copied()).collect();
            let x = tape.tensor(Leaf::Data, rows, shape)?.named("x");
            answers.extend(self.record(x)?.output.values());
        }
        Ok(answers)
    }

    /// From which value on a single output says the second of two classes: 0, as of a logit, until
    /// a trainer puts that of its loss there.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Another threshold: a lower one finds more of the second class, and is wrong more often.
    pub fn set_threshold(&mut self, threshold: f64) {
        self.threshold = threshold;
    }

    /// What a file can build its layers again from; `None` if one of them is not of this crate.
    #[must_use]
    pub fn spec(&self) -> Option<Spec> {
        self.layer.spec()
    }

    pub(crate) fn blocks(&self) -> &[Owned] {
        &self.blocks
    }

    pub(crate) fn values_mut(&mut self) -> &mut [S] {
        &mut self.values
    }
}

/// Rows are answered in batches of this many, so that memory does not grow with them.
const BATCH: usize = 256;

fn check_finite<S: Scalar>(name: &str, values: &[S]) -> Result<(), ModelError> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(at) => {
            let value = values[at].to_f64();
            Err(ModelError::NotFinite { name: name.to_owned(), at, value })
        }
    }
}
