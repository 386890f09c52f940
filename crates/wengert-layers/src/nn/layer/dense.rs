//! Layers that multiply by a matrix.

use serde::{Deserialize, Serialize};
use wengert::op::Comparison;
use wengert::{Axes, Error, Last, Leaf, Scalar, Var};

use super::{Layer, Param, Pass, Spec, Start};
use crate::bind::Granularity;
use crate::init::Law;

/// `y = W x + b` of the last axis: `weight` is `[out, in]`, a row for each output, as PyTorch's
/// `Linear` has it; `bias` is `[out]`.
///
/// # The other layout
///
/// Keras, JAX and most textbooks in code keep `[in, out]`. A square matrix fits either way and
/// gives wrong answers one of them: [`Dense::from_in_out`] takes that layout and says so in its
/// name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dense {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) weight: Start,
    pub(crate) bias: Option<Start>,
    /// The name of a block that is used elsewhere too.
    pub(crate) tied: Option<String>,
}

impl Dense {
    /// Weights by Glorot's uniform law, biases 0.
    #[must_use]
    pub fn new(inputs: usize, outputs: usize) -> Self {
        let weight = Start::Law(Law::GlorotUniform);
        Dense { inputs, outputs, weight, bias: Some(Start::Zeros), tied: None }
    }

    /// Weights by another law: [`Law::HeUniform`] before relu and its kin.
    #[must_use]
    pub fn init(self, law: Law) -> Self {
        Dense { weight: Start::Law(law), ..self }
    }

    /// Somebody else's weights in the layout `[out, in]`: PyTorch's. A
    /// [`Model`](crate::nn::Model) refuses numbers that are too few or too many.
    #[must_use]
    pub fn from_out_in([outputs, inputs]: [usize; 2], weight: &[f64], bias: &[f64]) -> Self {
        let (weight, bias) = (Start::Values(weight.to_vec()), Start::Values(bias.to_vec()));
        Dense { inputs, outputs, weight, bias: Some(bias), tied: None }
    }

    /// Somebody else's weights in the layout `[in, out]`: that of Keras and JAX.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_layers::nn::{Dense, Model};
    ///
    /// let keras = [1.0, 2.0, 3.0, 4.0]; // two inputs, two outputs
    /// let model = Model::new(Dense::from_in_out([2, 2], &keras, &[0.0, 0.0]), 1)?;
    /// assert_eq!(model.answer(&[1.0, 0.0], &[2])?, [1.0, 2.0]);
    /// # Ok::<(), wengert_layers::nn::ModelError>(())
    /// ```
    #[must_use]
    pub fn from_in_out([inputs, outputs]: [usize; 2], weight: &[f64], bias: &[f64]) -> Self {
        let mut turned = weight.to_vec();
        if weight.len() == inputs * outputs {
            for (i, row) in weight.chunks_exact(outputs.max(1)).enumerate() {
                for (j, &w) in row.iter().enumerate() {
                    turned[j * inputs + i] = w;
                }
            }
        }
        Dense::from_out_in([outputs, inputs], &turned, bias)
    }

    /// Without a bias.
    #[must_use]
    pub fn unbiased(self) -> Self {
        Dense { bias: None, ..self }
    }

    /// With the weights of every layer that is tied to this name, such as an [`Embedding`]'s.
    #[must_use]
    pub fn tied(self, name: &str) -> Self {
        Dense { tied: Some(name.to_owned()), ..self }
    }

    pub(crate) fn weight_name(&self) -> &str {
        self.tied.as_deref().unwrap_or("weight")
    }

    /// Each `z` as a node, summed from the bias in the order of the inputs.
    #[track_caller]
    fn by_neuron<'t, S: Scalar>(
        &self,
        x: Var<'t, S>,
        weight: Var<'t, S>,
        pass: &Pass<'_, 't, S>,
    ) -> Result<Var<'t, S>, Error> {
        let rows = (x.shape().dims().len() == 2).then(|| x.shape().dims()[0]);
        let bias = self.bias.is_some().then(|| pass.param("bias")).transpose()?;
        pass.by_neuron(rows, self.outputs, "z", |row, j| {
            let x = row.map_or(Ok(x), |row| x.try_at(row))?;
            match bias {
                Some(bias) => Var::try_affine(bias.try_at(j)?, weight.try_at(j)?, x),
                None => weight.try_at(j)?.try_dot(x),
            }
        })
    }
}

fn tied(param: Param, to: Option<&str>) -> Param {
    if to.is_some() { param.shared() } else { param }
}

impl<S: Scalar> Layer<S> for Dense {
    fn params(&self) -> Vec<Param> {
        let shape = [self.outputs, self.inputs];
        let weight = Param::new(self.weight_name(), shape, self.weight.clone());
        let mut params = vec![tied(weight, self.tied.as_deref())];
        if let Some(bias) = &self.bias {
            params.push(Param::new("bias", [self.outputs], bias.clone()).undecayed());
        }
        params
    }

    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, S>, pass: &Pass<'_, 't, S>) -> Result<Var<'t, S>, Error> {
        let weight = pass.param(self.weight_name())?;
        let shape = x.shape();
        if shape.dims().last() != Some(&self.inputs) {
            let rule = format!("the last axis of a dense layer's input has {}", self.inputs);
            return Err(x.operand_error("dense", rule));
        }
        if let (Granularity::PerNeuron, [_] | [_, _]) = (pass.granularity(), shape.dims()) {
            return self.by_neuron(x, weight, pass);
        }
        // An affine map is of rows: what has more axes is looked at as such.
        let flat = match shape.dims() {
            [_] | [_, _] => x,
            _ => x.try_reshape([shape.len() / self.inputs, self.inputs])?,
        };
        let y = match &self.bias {
            Some(_) => Var::try_affine(pass.param("bias")?, weight, flat)?,
            None => flat.try_matmul(weight.try_t()?)?,
        };
        let mut to = shape.dims().to_vec();
        if let Some(last) = to.last_mut() {
            *last = self.outputs;
        }
        if to.len() > 2 { y.try_reshape(to) } else { Ok(y) }
    }

    fn spec(&self) -> Option<Spec> {
        let (weight, bias) = (self.weight.for_a_file(), self.bias.as_ref().map(Start::for_a_file));
        Some(Spec::Dense(Dense { weight, bias, ..self.clone() }))
    }
}

/// A row of a table for each whole number: of `[..]` indices it makes `[.., width]`. `weight` is
/// `[count, width]`, as PyTorch's `Embedding` has it.
///
/// The indices are numbers of the tape, and may change from run to run: each is compared with 0, 1,
/// .. and the marks multiply the table, which is exact. An index that is none is an error: when it
/// is recorded [`Error::Operand`], at a later run a guard that flipped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Embedding {
    pub(crate) count: usize,
    pub(crate) width: usize,
    pub(crate) weight: Start,
    pub(crate) tied: Option<String>,
}

impl Embedding {
    /// A table drawn from the normal distribution, as PyTorch does it.
    #[must_use]
    pub fn new(count: usize, width: usize) -> Self {
        Embedding { count, width, weight: Start::Normal { deviation: 1.0 }, tied: None }
    }

    /// Where the table starts.
    #[must_use]
    pub fn init(self, weight: Start) -> Self {
        Embedding { weight, ..self }
    }

    /// With the weights of every layer that is tied to this name: a [`Dense`] layer at the end.
    #[must_use]
    pub fn tied(self, name: &str) -> Self {
        Embedding { tied: Some(name.to_owned()), ..self }
    }

    pub(crate) fn weight_name(&self) -> &str {
        self.tied.as_deref().unwrap_or("weight")
    }
}

impl<S: Scalar> Layer<S> for Embedding {
    fn params(&self) -> Vec<Param> {
        let shape = [self.count, self.width];
        let weight = Param::new(self.weight_name(), shape, self.weight.clone());
        vec![tied(weight, self.tied.as_deref())]
    }

    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, S>, pass: &Pass<'_, 't, S>) -> Result<Var<'t, S>, Error> {
        let is_index = |x: S| {
            let x = x.to_f64();
            x >= 0.0 && x < self.count as f64 && x.fract() == 0.0
        };
        if let Some(bad) = x.values().into_iter().find(|&x| !is_index(x)) {
            let rule = format!("{bad:?} is no whole number from 0 below {}", self.count);
            return Err(x.operand_error("embedding", rule));
        }
        let numbers: Vec<S> = (0..self.count).map(|i| S::from_f64(i as f64)).collect();
        let numbers = pass.tape().tensor(Leaf::Const, &numbers, [self.count])?;
        let marks = x
            .try_insert_axis(x.shape().dims().len())?
            .try_binary(wengert::op::Binary::Eq, numbers)?;
        // Every index has its mark, at this run and at later ones.
        let found = marks.try_sum_axes(Axes::keep(Last))?.min_all();
        found.try_guard(Comparison::Ge, S::from_f64(1.0))?;
        marks.try_matmul(pass.param(self.weight_name())?)
    }

    fn spec(&self) -> Option<Spec> {
        Some(Spec::Embedding(Embedding { weight: self.weight.for_a_file(), ..self.clone() }))
    }
}
