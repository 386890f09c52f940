//! Snapshot assertions with tolerance for traces and gradients
