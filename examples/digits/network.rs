//! The network, and how it is trained.

use wengert_layers::nn::{Dense, Dropout, Optimiser, Schedule, Sequential};
use wengert_layers::{Activation, Law};

pub(crate) fn layers() -> Sequential {
    Sequential::new()
        .then(Dense::new(64, 256).init(Law::HeUniform))
        .then(Activation::Relu)
        .then(Dropout { share: 0.4 })
        .then(Dense::new(256, 10))
}

/// AdamW, whose rate falls to 1% in so many steps.
pub(crate) fn optimiser(steps: u64) -> Optimiser {
    Optimiser::adam_w(0.01).schedule(Schedule::Cosine { warm_up: 0, steps, floor: 0.01 })
}
