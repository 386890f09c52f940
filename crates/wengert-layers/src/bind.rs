//! A network's parameters on a tape.

use wengert::{Tape, Var};

use crate::activation::Activation;
use crate::mlp::{Layer, Mlp};

/// How finely a network is recorded. The parameters are the same block either way, and so are the
/// sums' orders: the values and gradients agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Granularity {
    /// Each `z`, output and delta of each neuron is a node of its own, as on paper: `hidden/0.z`.
    #[default]
    PerNeuron,
    /// One node for the `z` of a layer, one for its outputs: `hidden/z`. The fast way.
    PerLayer,
}

/// The parameters of an [`Mlp`] as nodes of a tape: what [`forward`](Bound::forward) computes with.
///
/// They are one block, [`params`](Bound::params), in the layout of [`Mlp`]; everything else here is
/// a view of it.
#[derive(Debug, Clone)]
pub struct Bound<'t> {
    params: Var<'t>,
    layers: Vec<BoundLayer<'t>>,
    granularity: Granularity,
}

/// The parameters of one layer on a tape.
#[derive(Debug, Clone)]
pub struct BoundLayer<'t> {
    name: String,
    activation: Activation,
    /// `[m, n]`, of rows `n + 1` apart.
    weights: Var<'t>,
    /// `[m]`, `n + 1` apart.
    biases: Var<'t>,
}

impl Mlp {
    /// Records the parameters as one block, named `params`, and names its parts under the layers'
    /// scopes: per neuron `hidden/0.w` and `hidden/0.b`, per layer `hidden/w` and `hidden/b`.
    ///
    /// # Panics
    ///
    /// If the tape is full; [`try_bind`](Mlp::try_bind) returns that as an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_layers::{Activation, Granularity, Init, Mlp};
    ///
    /// let mlp = Mlp::new(&[2, 1, 2], Activation::Sigmoid, Init::Notebook { seed: 1 })?;
    /// let tape = wengert::Tape::new();
    /// let bound = mlp.bind(&tape, Granularity::PerNeuron);
    /// assert_eq!(bound.params().values(), mlp.params());
    /// assert_eq!(tape.label(bound.layer(0).weights_of(0).at(1).id()), "hidden/0.w[1]");
    /// # Ok::<(), wengert_layers::MlpError>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn bind<'t>(&self, tape: &'t Tape, granularity: Granularity) -> Bound<'t> {
        or_panic(self.try_bind(tape, granularity))
    }

    /// As [`bind`](Mlp::bind).
    ///
    /// # Errors
    ///
    /// [`wengert::Error::Full`].
    #[track_caller]
    pub fn try_bind<'t>(
        &self,
        tape: &'t Tape,
        granularity: Granularity,
    ) -> Result<Bound<'t>, wengert::Error> {
        let params = tape
            .tensor(wengert::Leaf::Param, self.params(), [self.params().len()])?
            .named("params");
        let mut layers = Vec::with_capacity(self.activations().len());
        for (i, layer) in self.layers().enumerate() {
            let block = params
                .try_slice(0, self.block(i))?
                .try_reshape([layer.len(), layer.inputs() + 1])?;
            layers.push(BoundLayer::new(&layer, block, granularity)?);
        }
        Ok(Bound { params, layers, granularity })
    }
}

impl<'t> Bound<'t> {
    /// Every parameter, one contiguous block: to be differentiated by, to be moved, to be replayed.
    #[must_use]
    pub fn params(&self) -> Var<'t> {
        self.params
    }

    /// The layers from the inputs on.
    #[must_use]
    pub fn layers(&self) -> &[BoundLayer<'t>] {
        &self.layers
    }

    /// Layer `i`, the first after the inputs being 0.
    ///
    /// # Panics
    ///
    /// If there is no such layer.
    #[must_use]
    #[track_caller]
    pub fn layer(&self, i: usize) -> &BoundLayer<'t> {
        &self.layers[i]
    }

    /// How finely passes are recorded.
    #[must_use]
    pub fn granularity(&self) -> Granularity {
        self.granularity
    }
}

impl<'t> BoundLayer<'t> {
    /// Views of a block `[m, n + 1]`, named.
    #[track_caller]
    fn new(
        layer: &Layer<'_>,
        block: Var<'t>,
        granularity: Granularity,
    ) -> Result<Self, wengert::Error> {
        let _scope = block.tape().scope(layer.name());
        let n = layer.inputs();
        let (mut weights, mut biases) = (block.try_slice(1, 0..n)?, block.t().try_at(n)?);
        match granularity {
            Granularity::PerLayer => (weights, biases) = (weights.named("w"), biases.named("b")),
            Granularity::PerNeuron => {
                for j in 0..layer.len() {
                    let _ = weights.try_at(j)?.named(&format!("{j}.w"));
                    let _ = biases.try_at(j)?.named(&format!("{j}.b"));
                }
            }
        }
        Ok(BoundLayer {
            name: layer.name().to_owned(),
            activation: layer.activation(),
            weights,
            biases,
        })
    }

    /// `hidden`, `hidden2`, `output`: see [`Mlp`]. It is the scope of the layer's nodes.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its neurons do to `z`.
    #[must_use]
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// The weights, `[m, n]`: a row per neuron, a column per input.
    #[must_use]
    pub fn weights(&self) -> Var<'t> {
        self.weights
    }

    /// The biases, `[m]`.
    #[must_use]
    pub fn biases(&self) -> Var<'t> {
        self.biases
    }

    /// The weights of neuron `j`, `[n]`.
    ///
    /// # Panics
    ///
    /// If there is no such neuron.
    #[must_use]
    #[track_caller]
    pub fn weights_of(&self, j: usize) -> Var<'t> {
        self.weights.at(j)
    }

    /// The bias of neuron `j`, a single number.
    ///
    /// # Panics
    ///
    /// If there is no such neuron.
    #[must_use]
    #[track_caller]
    pub fn bias_of(&self, j: usize) -> Var<'t> {
        self.biases.at(j)
    }

    /// The number of neurons.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a layer is never empty")]
    pub fn len(&self) -> usize {
        self.biases.len()
    }
}

/// The value, or a panic with the error's message at the caller's line.
#[track_caller]
pub(crate) fn or_panic<T>(result: Result<T, wengert::Error>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}
