//! What a compiled program does at run time: loops over places in a workspace, chosen and laid out
//! beforehand.

#![allow(
    clippy::needless_range_loop,
    reason = "kernels index several arrays by one lane; iterators over them are closures in disguise"
)]

pub(crate) mod contract;
pub(crate) mod elementwise;
pub(crate) mod pass;
pub(crate) mod platform;
pub(crate) mod product;
pub(crate) mod reduce;
pub(crate) mod rule;
pub(crate) mod scalars;
pub(crate) mod walk;

use std::cell::Cell;
use std::ops::Range;

pub(crate) use contract::Contract;
pub(crate) use pass::Pass;
pub(crate) use platform::Platform;
pub(crate) use product::Products;
pub(crate) use reduce::Reduce;
pub(crate) use rule::ByRule;
pub(crate) use scalars::Scalars;

use crate::elementary::Elementary;
use wengert_kernels::product::Product;

/// One part of the program, ready to run.
#[derive(Clone, Debug)]
pub(crate) enum Task<S: 'static> {
    Pass(Pass<S>),
    Scalars(Scalars<S>),
    Contract(Contract<S>),
    Products(Products),
    Reduce(Reduce<S>),
    ByRule(ByRule),
}

/// What runs in the place of neighbouring tasks: pieces of them, so that what one computes is still
/// in a near cache when the next reads it.
#[derive(Clone, Debug)]
pub(crate) struct InPieces<S: 'static> {
    pub(crate) tasks: Range<usize>,
    pub(crate) pieces: Vec<Task<S>>,
}

impl<S: Elementary + Product + Platform> Task<S> {
    /// Runs on a workspace's numbers; `offsets` is room for the walks of passes.
    #[inline]
    pub(crate) fn run(&self, memory: &[Cell<S>], offsets: &mut [isize]) {
        match self {
            Task::Pass(pass) => pass.run(memory, offsets),
            Task::Scalars(scalars) => scalars.run(memory),
            Task::Contract(contract) => contract.run(memory),
            Task::Products(products) => products.run(memory),
            Task::Reduce(reduce) => reduce.run(memory),
            Task::ByRule(by_rule) => by_rule.run(memory),
        }
    }
}

/// How many numbers kernels take at a time.
pub(crate) const LANES: usize = 16;
/// Passes and their registers are cut into pieces of so many numbers, which stay in the first
/// cache.
pub(crate) const CHUNK: usize = 512;
