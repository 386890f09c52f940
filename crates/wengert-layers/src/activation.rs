//! What a neuron does to its weighted sum.

use std::fmt;
use std::str::FromStr;

use wengert::{Scalar, Var};

/// The function that makes a neuron's output of its `z`: `output = f(z)`.
///
/// # Examples
///
/// ```
/// use wengert_layers::Activation;
///
/// let tape = wengert::Tape::new();
/// let z = tape.input(0.0);
/// let output = Activation::Sigmoid.apply(z);
/// assert_eq!((output.value(), output.backward().wrt(z)), (0.5, 0.25));
/// assert_eq!("sigmoid".parse(), Ok(Activation::Sigmoid));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Activation {
    /// `1 / (1 + e⁻ᶻ)`, between 0 and 1; its derivative is `output (1 − output)`. The teaching
    /// notebook's.
    Sigmoid,
    /// `tanh z`, between −1 and 1; its derivative is `(1 − output)(1 + output)`.
    Tanh,
    /// `max(z, 0)`; its derivative is 1 above 0, else 0, at the kink too.
    Relu,
    /// `ln(1 + eᶻ)`, a smooth relu; its derivative is `sigmoid z`.
    Softplus,
    /// `z` itself, for an output that is any number; its derivative is 1.
    Identity,
    /// `z` above 0, else `0.01 z`; its derivative at 0 is 0.01 (Maas, Hannun and Ng 2013).
    LeakyRelu,
    /// `z` above 0, else `eᶻ − 1`; its derivative is `min(1, eᶻ)` (Clevert and others 2016).
    Elu,
    /// `z Φ(z)`, Φ being the normal distribution, not an approximation of it (Hendrycks and Gimpel
    /// 2016); its derivative is `Φ(z) + z φ(z)`.
    Gelu,
    /// `z sigmoid(z)`, also called swish; its derivative is `output + sigmoid(z) (1 − output)`.
    Silu,
}

impl Activation {
    /// Every activation.
    pub const ALL: &'static [Activation] = &[
        Activation::Sigmoid,
        Activation::Tanh,
        Activation::Relu,
        Activation::Softplus,
        Activation::Identity,
        Activation::LeakyRelu,
        Activation::Elu,
        Activation::Gelu,
        Activation::Silu,
    ];

    /// The name in saved networks and messages: `sigmoid`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Activation::Sigmoid => "sigmoid",
            Activation::Tanh => "tanh",
            Activation::Relu => "relu",
            Activation::Softplus => "softplus",
            Activation::Identity => "identity",
            Activation::LeakyRelu => "leaky_relu",
            Activation::Elu => "elu",
            Activation::Gelu => "gelu",
            Activation::Silu => "silu",
        }
    }

    /// Records `f(z)`, elementwise: one node of the shape of `z`, or a few for those that are made
    /// of other functions. The identity records none and returns `z`.
    ///
    /// # Panics
    ///
    /// If the tape is full; [`try_apply`](Activation::try_apply) returns that as an error.
    #[must_use]
    #[track_caller]
    pub fn apply<S: Scalar>(self, z: Var<'_, S>) -> Var<'_, S> {
        match self.try_apply(z) {
            Ok(output) => output,
            Err(error) => panic!("{error}"),
        }
    }

    /// As [`apply`](Activation::apply).
    ///
    /// # Errors
    ///
    /// [`wengert::Error::Full`].
    #[track_caller]
    pub fn try_apply<S: Scalar>(self, z: Var<'_, S>) -> Result<Var<'_, S>, wengert::Error> {
        use wengert::op::Unary;
        match self {
            Activation::Sigmoid => z.try_unary(Unary::Sigmoid),
            Activation::Tanh => z.try_unary(Unary::Tanh),
            Activation::Relu => z.try_unary(Unary::Relu),
            Activation::Softplus => z.try_unary(Unary::Softplus),
            Activation::Identity => Ok(z),
            Activation::LeakyRelu => above_zero(z)?.try_select(z, z.try_mul(S::from_f64(0.01))?),
            // Where z is not below 0, eᶻ − 1 is not read: it may be infinite.
            Activation::Elu => above_zero(z)?.try_select(z, z.try_unary(Unary::ExpM1)?),
            Activation::Gelu => z.try_mul(z.try_unary(Unary::NormCdf)?),
            Activation::Silu => z.try_mul(z.try_unary(Unary::Sigmoid)?),
        }
    }
}

/// 1 where `z` is above 0, else 0.
#[track_caller]
fn above_zero<S: Scalar>(z: Var<'_, S>) -> Result<Var<'_, S>, wengert::Error> {
    let zero = z.tape().try_leaf(wengert::Leaf::Const, S::from_f64(0.0))?;
    z.try_binary(wengert::op::Binary::Gt, zero)
}

/// The [name](Activation::name).
impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no [`Activation`]'s.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no activation; there are sigmoid, tanh, relu, softplus, identity, leaky_relu, elu, \
     gelu and silu"
)]
pub struct UnknownActivation(pub String);

/// From its [name](Activation::name).
impl FromStr for Activation {
    type Err = UnknownActivation;

    fn from_str(name: &str) -> Result<Self, UnknownActivation> {
        let found = Activation::ALL.iter().find(|activation| activation.name() == name);
        found.copied().ok_or_else(|| UnknownActivation(name.to_owned()))
    }
}
