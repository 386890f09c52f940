//! How tensors are computed.

/// How the kernels of tensors compute. Single numbers are always computed in
/// [`Exact`](Numerics::Exact).
///
/// In both modes the same tape on the same machine gives the same bits on every run, and a replay
/// those of the recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Numerics {
    /// Every sum in a stated order, every operation rounded, every elementary function correctly:
    /// the same bits on every platform. A contribution ledger adds up to the adjoint bit for bit.
    ///
    /// A reduction of up to 128 terms is added in row-major order, a longer one in blocks of 128
    /// whose sums are added in pairs, so that its error grows with the logarithm of its length.
    /// Inner products and adjoints are added in order.
    Exact,
    /// Sums in whatever fixed order is fast, products and additions fused, elementary functions in
    /// vector form. Each element is within `8 n ε Σ|terms|` of its sum of n terms, and within 2 ulp
    /// of each elementary function. Products of matrices, and the adjoints made of them, follow
    /// IEEE: a zero adjoint times an infinite factor is NaN there, whereas elementwise it passes
    /// nothing on, as ever.
    ///
    /// For `f64` and `f32`; other numbers are computed in `Exact`.
    #[default]
    Fast,
}
