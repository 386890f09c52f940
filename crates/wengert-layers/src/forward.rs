//! A forward pass as nodes, its loss, and the deltas that lead back.

use wengert::node::Culprit;
use wengert::{Error, Gradients, Leaf, Place, Tape, Var};

use crate::bind::{Bound, BoundLayer, Granularity, or_panic};

/// A recorded forward pass: the `z` and the output of every neuron, layer by layer.
///
/// # Delta and adjoint
///
/// The teaching notebook's **delta** of a neuron is **minus** the adjoint of its `z`:
/// `delta = −∂L/∂z`, with the loss `L = ½ Σ (target − output)²` of
/// [`half_squared_error`](Forward::half_squared_error). The minus sign is why its update adds:
/// `w += rate · delta · input` is `w −= rate · ∂L/∂w`. The ½ is why an output's delta is
/// `(target − output) · f′(z)` without a 2; the error that the notebook prints is
/// `Σ (target − output)² = 2L`.
///
/// There are two ways to the deltas: [`deltas`](Forward::deltas) reads them off a reverse sweep, as
/// numbers; [`record_deltas`](Forward::record_deltas) records them as nodes.
///
/// # Examples
///
/// The first row of the notebook:
///
/// ```
/// use wengert_layers::{Activation, Granularity, Init, Mlp};
///
/// let mlp = Mlp::new(&[2, 1, 2], Activation::Sigmoid, Init::Notebook { seed: 1 })?;
/// let tape = wengert::Tape::new();
/// let bound = mlp.bind(&tape, Granularity::PerNeuron);
/// let pass = bound.forward(tape.data([1.0, 0.0]).named("x"));
/// assert_eq!(pass.output().values(), [0.6629970129852887, 0.7253160725279748]);
///
/// let loss = pass.half_squared_error(tape.data([0.0, 1.0]).named("target"));
/// let deltas = pass.deltas(&loss.backward());
/// assert_eq!(deltas[1], [-0.14813473120687762, 0.05472601157879688]);
/// # Ok::<(), wengert_layers::MlpError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Forward<'t> {
    layers: Vec<LayerPass<'t>>,
    granularity: Granularity,
}

/// One layer of a recorded forward pass.
#[derive(Debug, Clone)]
pub struct LayerPass<'t> {
    name: String,
    z: Var<'t>,
    output: Var<'t>,
    /// Per neuron, the nodes of each `z` and output: `z` and `output` may be copies, which have no
    /// adjoint of their own.
    neurons: Vec<[Var<'t>; 2]>,
}

impl<'t> Bound<'t> {
    /// Records a pass of a row `x` of shape `[inputs]`, or of a batch of shape `[rows, inputs]`.
    ///
    /// Per neuron, in the notebook's order, `z` (one [`affine`](Var::affine) node, summed from the
    /// bias in the order of the inputs) and then its output: `hidden/0.z`, `hidden/0.output`,
    /// `hidden/1.z`, ... Per layer, one node for all `z` and one for all outputs: `hidden/z`,
    /// `hidden/output`. With [`Activation::Identity`] the output is the node of `z` and keeps that
    /// name.
    ///
    /// [`Activation::Identity`]: crate::Activation::Identity
    ///
    /// # Panics
    ///
    /// If `x` is not as wide as the network, stands on another tape, or the tape is full;
    /// [`try_forward`](Bound::try_forward) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: Var<'t>) -> Forward<'t> {
        or_panic(self.try_forward(x))
    }

    /// As [`forward`](Bound::forward).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] naming `x` and the width it should have, [`Error::TwoTapes`],
    /// [`Error::Full`].
    #[track_caller]
    pub fn try_forward(&self, x: Var<'t>) -> Result<Forward<'t>, Error> {
        let inputs = self.layer(0).weights().shape().dims()[1];
        if x.shape().dims().last() != Some(&inputs) {
            let rule = format!("a row of this network has {inputs} numbers");
            return Err(Error::Operand {
                op: "forward",
                operand: culprit(x),
                rule,
                at: Place::caller(),
            });
        }
        let mut layers: Vec<LayerPass<'t>> = Vec::with_capacity(self.layers().len());
        for layer in self.layers() {
            let input = layers.last().map_or(x, |before| before.output);
            layers.push(match self.granularity() {
                Granularity::PerNeuron => layer.pass_by_neuron(input)?,
                Granularity::PerLayer => layer.pass(input)?,
            });
        }
        Ok(Forward { layers, granularity: self.granularity() })
    }
}

impl<'t> BoundLayer<'t> {
    #[track_caller]
    fn pass(&self, x: Var<'t>) -> Result<LayerPass<'t>, Error> {
        let _scope = x.tape().scope(self.name());
        let z = Var::try_affine(self.biases(), self.weights(), x)?.named("z");
        let output = named_output(z, self.activation().try_apply(z)?, "output");
        Ok(LayerPass { name: self.name().to_owned(), z, output, neurons: Vec::new() })
    }

    #[track_caller]
    fn pass_by_neuron(&self, x: Var<'t>) -> Result<LayerPass<'t>, Error> {
        let tape = x.tape();
        let _scope = tape.scope(self.name());
        let (mut zs, mut outputs) =
            (Vec::with_capacity(self.len()), Vec::with_capacity(self.len()));
        for j in 0..self.len() {
            let z =
                Var::try_affine(self.bias_of(j), self.weights_of(j), x)?.named(&format!("{j}.z"));
            outputs.push(named_output(z, self.activation().try_apply(z)?, &format!("{j}.output")));
            zs.push(z);
        }
        let (z, output) = (stack(tape, &zs)?, stack(tape, &outputs)?);
        let output = named_output(z, output, "output");
        let neurons = zs.into_iter().zip(outputs).map(|(z, output)| [z, output]).collect();
        Ok(LayerPass { name: self.name().to_owned(), z, output, neurons })
    }
}

/// The output under its name, unless it is `z` itself and has one.
#[track_caller]
fn named_output<'t>(z: Var<'t>, output: Var<'t>, name: &str) -> Var<'t> {
    if output.is_same_node(z) { output } else { output.named(name) }
}

impl<'t> Forward<'t> {
    /// The layers from the inputs on.
    #[must_use]
    pub fn layers(&self) -> &[LayerPass<'t>] {
        &self.layers
    }

    /// Layer `i`, the first after the inputs being 0.
    ///
    /// # Panics
    ///
    /// If there is no such layer.
    #[must_use]
    #[track_caller]
    pub fn layer(&self, i: usize) -> &LayerPass<'t> {
        &self.layers[i]
    }

    /// What the network answers: `[outputs]`, or `[rows, outputs]` for a batch.
    #[must_use]
    pub fn output(&self) -> Var<'t> {
        self.last().output
    }

    fn last(&self) -> &LayerPass<'t> {
        // A network has layers, so a pass has.
        &self.layers[self.layers.len() - 1]
    }

    /// The loss `L = ½ Σ (target − output)²` over outputs, and over rows for a batch: one number,
    /// named `L`.
    ///
    /// It is half the error that the teaching notebook prints, which is `2L`, exactly: halving does
    /// not round.
    ///
    /// # Derivative
    ///
    /// `∂L/∂output = −(target − output)`.
    ///
    /// # Panics
    ///
    /// If `target` has not the shape of [`output`](Forward::output), stands on another tape, or the
    /// tape is full; [`try_half_squared_error`](Forward::try_half_squared_error) returns that as an
    /// error.
    #[must_use]
    #[track_caller]
    pub fn half_squared_error(&self, target: Var<'t>) -> Var<'t> {
        or_panic(self.try_half_squared_error(target))
    }

    /// As [`half_squared_error`](Forward::half_squared_error).
    ///
    /// # Errors
    ///
    /// [`Error::Shapes`] if `target` has not the shape of the output (nothing is broadcast: a
    /// target of the wrong shape is a mistake), [`Error::TwoTapes`], [`Error::Full`].
    #[track_caller]
    pub fn try_half_squared_error(&self, target: Var<'t>) -> Result<Var<'t>, Error> {
        let (last, tape) = (self.last(), self.output().tape());
        if std::ptr::eq(target.tape(), tape) && target.shape() != last.output.shape() {
            return Err(Error::Shapes {
                op: "half_squared_error",
                left: culprit(target),
                right: culprit(last.output),
                rule: "targets must have the shape of the outputs",
                at: Place::caller(),
            });
        }
        let square = |error: Var<'t>| error.try_binary(wengert::op::Binary::Powi, 2.0);
        let squares = {
            let _scope = tape.scope(&last.name);
            match self.granularity {
                Granularity::PerLayer => square(
                    target.try_binary(wengert::op::Binary::Sub, last.output)?.named("error"),
                )?,
                Granularity::PerNeuron => {
                    let mut squares = Vec::with_capacity(last.len());
                    for j in 0..last.len() {
                        let error = neuron(target, j)?
                            .try_binary(wengert::op::Binary::Sub, last.output_of(j))?;
                        squares.push(square(error.named(&format!("{j}.error")))?);
                    }
                    stack(tape, &squares)?
                }
            }
        };
        let axes: Vec<usize> = (0..squares.shape().rank()).collect();
        Ok(squares.try_sum_axes(&axes)?.try_binary(wengert::op::Binary::Mul, 0.5)?.named("L"))
    }

    /// The delta of every neuron, `−∂L/∂z`, by layer: `len` numbers each, or `rows × len` for a
    /// batch. 0 where no path leads to the loss.
    ///
    /// `gradients` are those of the loss, `loss.backward()`.
    ///
    /// # Panics
    ///
    /// If the gradients are of another tape, or of a number recorded before this pass.
    #[must_use]
    #[track_caller]
    pub fn deltas(&self, gradients: &Gradients<'t>) -> Vec<Vec<f64>> {
        self.layers.iter().map(|layer| layer.deltas(gradients)).collect()
    }

    /// Records the deltas of `loss` as nodes, and returns them by layer, each of the shape of the
    /// layer's `z`.
    ///
    /// The chain rule's steps stand under the scope `gradient`; then come the deltas, per neuron
    /// `hidden/0.delta`, per layer `hidden/delta`. They are as good as any other node: they replay
    /// at other inputs and can be differentiated. Where no path leads from a `z` to `loss`, the
    /// delta is a constant 0.
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if `loss` is not a single number, [`Error::TwoTapes`], [`Error::Full`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use wengert_layers::{Activation, Granularity, Init, Mlp};
    /// # let mlp = Mlp::new(&[2, 1, 2], Activation::Sigmoid, Init::Notebook { seed: 1 }).unwrap();
    /// # let tape = wengert::Tape::new();
    /// let bound = mlp.bind(&tape, Granularity::PerNeuron);
    /// let pass = bound.forward(tape.data([1.0, 0.0]).named("x"));
    /// let loss = pass.half_squared_error(tape.data([0.0, 1.0]).named("target"));
    /// let deltas = pass.record_deltas(loss)?;
    /// assert_eq!(deltas[0].values(), [-0.002711797799238243]);
    /// assert_eq!(tape.label(deltas[1].at(0).id()), "output/0.delta");
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn record_deltas(&self, loss: Var<'t>) -> Result<Vec<Var<'t>>, Error> {
        let tape = self.output().tape();
        let mut zs = Vec::new();
        for layer in &self.layers {
            match self.granularity {
                Granularity::PerLayer => zs.push(layer.z),
                Granularity::PerNeuron => {
                    for j in 0..layer.len() {
                        zs.push(layer.z_of(j));
                    }
                }
            }
        }
        let adjoints = {
            let _scope = tape.scope("gradient");
            loss.record_gradient(&zs)?
        };
        let mut adjoints = zs.into_iter().zip(adjoints);
        let mut deltas = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let _scope = tape.scope(&layer.name);
            let nodes = if self.granularity == Granularity::PerLayer { 1 } else { layer.len() };
            let mut of_layer = Vec::with_capacity(nodes);
            for (j, (z, adjoint)) in adjoints.by_ref().take(nodes).enumerate() {
                let delta = match adjoint {
                    Some(adjoint) => adjoint.try_unary(wengert::op::Unary::Neg)?,
                    None => tape.tensor(Leaf::Const, &vec![0.0; z.len()], z.shape())?,
                };
                of_layer.push(match self.granularity {
                    Granularity::PerLayer => delta.named("delta"),
                    Granularity::PerNeuron => delta.named(&format!("{j}.delta")),
                });
            }
            deltas.push(match self.granularity {
                Granularity::PerLayer => of_layer[0],
                Granularity::PerNeuron => stack(tape, &of_layer)?,
            });
        }
        Ok(deltas)
    }
}

impl<'t> LayerPass<'t> {
    /// `hidden`, `hidden2`, `output`: see [`Mlp`](crate::Mlp).
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Each neuron's `bias + Σ wᵢ inputᵢ`: `[m]`, or `[rows, m]` for a batch.
    #[must_use]
    pub fn z(&self) -> Var<'t> {
        self.z
    }

    /// Each neuron's `f(z)`, of the shape of [`z`](LayerPass::z).
    #[must_use]
    pub fn output(&self) -> Var<'t> {
        self.output
    }

    /// The `z` of neuron `j`: a number, or `[rows]` for a batch.
    ///
    /// # Panics
    ///
    /// If there is no such neuron.
    #[must_use]
    #[track_caller]
    pub fn z_of(&self, j: usize) -> Var<'t> {
        match self.neurons.get(j) {
            Some([z, _]) => *z,
            None => or_panic(neuron(self.z, j)),
        }
    }

    /// Minus the adjoints of its `z`, row after row.
    #[track_caller]
    fn deltas(&self, gradients: &Gradients<'t>) -> Vec<f64> {
        if self.neurons.is_empty() {
            return gradients.values_wrt(self.z).into_iter().map(|adjoint| -adjoint).collect();
        }
        let of = |[z, _]: &[Var<'t>; 2]| gradients.values_wrt(*z);
        let columns: Vec<Vec<f64>> = self.neurons.iter().map(of).collect();
        let rows = columns[0].len();
        (0..rows).flat_map(|row| columns.iter().map(move |column| -column[row])).collect()
    }

    /// What the adjoints of its `z` are asked of: each neuron's node, or all at once.
    pub(crate) fn zs(&self) -> Vec<Var<'t>> {
        match self.neurons.is_empty() {
            true => vec![self.z],
            false => self.neurons.iter().map(|[z, _]| *z).collect(),
        }
    }

    /// The output of neuron `j`: a number, or `[rows]` for a batch.
    ///
    /// # Panics
    ///
    /// If there is no such neuron.
    #[must_use]
    #[track_caller]
    pub fn output_of(&self, j: usize) -> Var<'t> {
        match self.neurons.get(j) {
            Some([_, output]) => *output,
            None => or_panic(neuron(self.output, j)),
        }
    }

    /// The number of neurons.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a layer is never empty")]
    pub fn len(&self) -> usize {
        self.z.shape().dims().last().copied().unwrap_or(1)
    }
}

/// One number, or run over the rows, per neuron as `[m]` or `[rows, m]`.
#[track_caller]
fn stack<'t>(tape: &'t Tape, neurons: &[Var<'t>]) -> Result<Var<'t>, Error> {
    let stacked = tape.try_stack(neurons)?;
    Ok(if stacked.shape().rank() > 1 { stacked.t() } else { stacked })
}

/// What belongs to neuron `j` in a run `[m]` or `[rows, m]`.
#[track_caller]
fn neuron(layer: Var<'_>, j: usize) -> Result<Var<'_>, Error> {
    if layer.shape().rank() > 1 { layer.t().try_at(j) } else { layer.try_at(j) }
}

fn culprit(var: Var<'_>) -> Box<Culprit> {
    let (id, shape) = (var.id(), var.shape());
    let names = var.tape().names();
    let own = names.into_iter().find(|name| name.start == id && *name.layout.shape() == shape);
    Box::new(Culprit { id, path: own.map(|name| name.path), shape })
}
