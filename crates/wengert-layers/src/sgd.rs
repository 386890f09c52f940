//! How parameters move.

/// Plain gradient descent: `w −= rate · ∂L/∂w` for every parameter.
///
/// It is the notebook's update `w += rate · delta · input`, since `∂L/∂w = −delta · input`. The
/// notebook multiplies from the left, `(rate · delta) · input`, and this `rate · (delta · input)`:
/// one update can differ in the last bit.
///
/// # Examples
///
/// ```
/// use wengert_layers::Sgd;
///
/// let mut params = [1.0, -2.0];
/// Sgd { rate: 0.5 }.step(&mut params, &[0.5, -1.0]);
/// assert_eq!(params, [0.75, -1.5]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    /// How far a step goes. The teaching notebook's `l_rate`.
    pub rate: f64,
}

impl Sgd {
    /// Moves `params` against `gradient`, one loop over both.
    ///
    /// # Panics
    ///
    /// If their lengths differ.
    #[track_caller]
    pub fn step(&self, params: &mut [f64], gradient: &[f64]) {
        assert_eq!(params.len(), gradient.len(), "a gradient has one number per parameter");
        for (param, derivative) in params.iter_mut().zip(gradient) {
            *param -= self.rate * derivative;
        }
    }
}
