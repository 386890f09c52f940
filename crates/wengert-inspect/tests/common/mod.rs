//! Programs that the tests trace.
#![allow(dead_code, reason = "each test uses some of them")]

use wengert::{Tape, Var};

/// Uses every structural op, with operands that broadcast, repeat, overlap and are cut.
pub(crate) fn tensor_program<'t>(tape: &'t Tape, x: Var<'t>) -> Var<'t> {
    let w = x.slice(0, 0..6).reshape([2, 3]).named("w");
    let b = x.slice(0, 6..8).named("b");
    let hidden = tape.scope("hidden");
    let h = Var::affine(b, w, x.slice(0, 1..4)).sigmoid().named("h");
    let rows = tape.tensor(wengert::Leaf::Data, &[0.5, 0.0, -1.0, 2.0, 0.0, 0.25], [2, 3]).unwrap();
    let batch = Var::affine(b, w, rows).tanh();
    drop(hidden);
    let m = w.t().matmul(w) + h.at(0) * w.at(1);
    let stack = tape.stack(&[h.at(1), m.at(0).at(1), h.at(0)]);
    let s = m.sum_axes(0) * x.gather(&[7, 0, 7]) + stack.relu();
    let scattered = tape.stack(&[h.at(1), s.at(2), h.at(0)]).scatter_add(&[3, 0, 3], [4]);
    let chosen = scattered.indicator_gt(0.7).select(scattered.exp(), x.slice(0, 2..6) * 0.5);
    let permuted = w.permute(&[1, 0]).try_contiguous().unwrap();
    let detached = (x.at(3).detach() * x.at(4)).floor();
    let pair = batch.matmul(tape.stack(&[h, b]));
    let grid = x.slice(0, 2..8).reshape([3, 2]);
    let extremes = w.max_axes(0).sum() + tape.stack(&[x.at(1), x.at(2), x.at(1)]).min_axes(0);
    let joined = tape.concat(1, &[grid.cumsum(0), grid.t().reshape([3, 2]), w.t()]);
    let reduced = joined.log_sum_exp_axes(1)
        * joined.cumsum(1).cumsum(0).slice(1, 4..5).reshape([3])
        + grid.softmax(1).at(0).at(1);
    reduced.sum()
        + extremes
        + (chosen * chosen).sum()
        + m.t().reshape([9]).slice(0, 2..6).mean()
        + x.at(5).powf(2.5) * h.dot(b)
        + detached
        + (permuted * permuted).sum()
        + pair.sum()
}

pub(crate) const AT: [f64; 8] = [0.3, -0.2, 0.8, 0.5, 0.1, 1.2, -0.4, 0.9];

/// One hidden neuron and two outputs on two inputs, one of which is 0: the smallest network with a
/// hidden sum.
pub(crate) fn network(tape: &Tape) -> Var<'_> {
    network_of(tape, [0.13, 0.85, 0.76, 0.25, 0.5, 0.45, 0.65])
}

/// The same with other parameters: weights and bias of the hidden neuron, weight and bias of each
/// output.
pub(crate) fn network_of(tape: &Tape, params: [f64; 7]) -> Var<'_> {
    let x = tape.input([1.0, 0.0]).named("x");
    let block = tape.param(params);
    let hidden = {
        let _scope = tape.scope("hidden/0");
        let (b, w) = (block.at(2).named("b"), block.slice(0, 0..2).named("w"));
        Var::affine(b, w, x).named("z").sigmoid().named("y")
    };
    let mut loss = None;
    for (unit, target) in [(0, 0.0), (1, 1.0)] {
        let _scope = tape.scope(&format!("output/{unit}"));
        let (w, b) = (block.at(3 + 2 * unit).named("w"), block.at(4 + 2 * unit).named("b"));
        let y = (b + w * hidden).named("z").sigmoid().named("y");
        let term = (y - target).square();
        loss = Some(loss.map_or(term, |sum: Var<'_>| sum + term));
    }
    (0.5 * loss.expect("there are outputs")).named("L")
}
