//! How tensors are computed.

/// How the kernels of tensors compute. Single numbers are always computed in [`Exact`](Numerics::Exact).
///
/// In both modes the same tape on the same machine gives the same bits on every run, and a replay those of the recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Numerics {
    /// Every sum in the order of its formula, every operation rounded, every elementary function `libm`'s: the same bits on every platform.
    /// A contribution ledger adds up to the adjoint bit for bit.
    Exact,
    /// Sums in whatever fixed order is fast, products and additions fused, elementary functions in vector form. Each element is within
    /// `8 n ε Σ|terms|` of its sum of n terms, and within 2 ulp of each elementary function. Products of matrices, and the adjoints made of them,
    /// follow IEEE: a zero adjoint times an infinite factor is NaN there, whereas elementwise it passes nothing on, as ever.
    ///
    /// For `f64` and `f32`; other numbers are computed in `Exact`.
    #[default]
    Fast,
}
