//! Solvers of other people, given the derivatives that they ask for. There is nothing here to
//! depend on: each example is a solver, the few lines of glue to it, and a problem whose answer is
//! known.
//!
//! | `cargo run --release -p wengert-solvers --example` | solver | what it is given |
//! |---|---|---|
//! | `optimise` | pounce-rs, an interior-point method | an objective and constraints, with sparse Jacobian and Hessian of the Lagrangian |
//! | `argmin_newton` | argmin: L-BFGS, Newton's method in a trust region | gradient, sparse Hessian |
//! | `basin_fit` | basin: L-BFGS, trust region without a matrix | gradient, Hessian-vector products |
//! | `diffsol_stiff` | diffsol: backward differentiation formulas | the sparse Jacobian of a stiff equation |
