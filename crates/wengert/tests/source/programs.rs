//! Programs of every kind of instruction, whose texts are committed: `written.rs`.

use wengert::op::{Binary, Unary};
use wengert::program::Pass;
use wengert::program::RustOptions;
use wengert::{Leaf, Numerics, Options, Tape, Var};

use super::case::{Ask, Case};

fn tape() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

fn exact() -> RustOptions {
    RustOptions::default().functions("wengert::exact::f64").of_crate()
}

fn some(n: usize, step: f64) -> Vec<f64> {
    (0..n).map(|i| f64::sin(i as f64 * step + 0.5)).collect()
}

pub(crate) fn all() -> Vec<Case> {
    vec![
        functions(),
        of_platform(),
        of_platform_f32(),
        network(Numerics::Exact),
        network(Numerics::Fast),
        network_f32(),
        mixture(),
        moves(),
        guarded(),
        scalars_fed(),
        swapped(),
        read_after(),
        rows(),
        long_sums(),
        lent(),
        ungrouped(),
        constants(),
        factored(),
    ]
}

/// Every function of one and of two numbers, each with its derivatives.
fn functions() -> Case {
    let tape = tape();
    let (x, y) = (tape.input(0.625).named("x"), tape.input(0.375).named("y"));
    let mut all: Vec<Var<'_>> = Vec::new();
    for &op in Unary::ALL {
        let at = if op == Unary::Acosh { x + 1.0 } else { x };
        all.push(at.try_unary(op).unwrap());
    }
    for &op in Binary::ALL {
        let other = match op {
            Binary::Powi => tape.constant(3.0),
            _ if op.takes_an_integer() => tape.constant(2.0),
            Binary::SigmoidSlope => x.sigmoid(),
            Binary::TanhSlope => x.tanh(),
            _ => y,
        };
        all.push(x.try_binary(op, other).unwrap());
    }
    all.push(x.powi(2) + (x + y).powi(2) + x.indicator_gt(y).select(x * y, y));
    // Powers whose exponents differ, side by side.
    let powers = tape.constant(0.0) + tape.stack(&[x, x * 2.0, y]);
    let exponents = tape.tensor(Leaf::Const, &[2.0, -3.0, 1.0], [3]).unwrap();
    all.push(powers.try_binary(Binary::Powi, exponents).unwrap().sum());
    let sum = all.into_iter().sum::<Var<'_>>().named("sum of all");
    let mut ask = Ask::of(&tape, Numerics::Exact);
    ask.output(sum);
    ask.gradient(sum, x);
    ask.gradient(sum, y);
    ask.case("functions", &exact())
}

/// A Cholesky factor, what is solved with it, and what a pivot must be.
fn factored() -> Case {
    let tape = tape();
    let a = tape.tensor(Leaf::Input, &[4.0, 0.0, 0.0, 1.0, 3.0, 0.0, 0.5, -1.0, 2.0], [3, 3]);
    let (a, x) = (a.unwrap().named("A"), tape.input([1.0, -2.0, 0.5]).named("x"));
    let l = a.cholesky().named("L");
    let loss = (l.cholesky_quadratic_form(x) + l.cholesky_logdet()).named("loss");
    let mut ask = Ask::of(&tape, Numerics::Exact);
    ask.output(loss);
    ask.gradient(loss, a);
    ask.gradient(loss, x);
    ask.case("factored", &exact())
}

/// A number for each operation, over the platform's functions where there are any.
macro_rules! each_function {
    ($tape:ident, $x:ident, $y:ident) => {{
        let mut all = Vec::new();
        for &op in Unary::ALL.iter().filter(|&&op| !is_of_modules(op.name())) {
            let at = if op == Unary::Acosh { $x + 1.0 } else { $x };
            all.push(at.try_unary(op).unwrap());
        }
        for &op in Binary::ALL.iter().filter(|&&op| !is_of_modules(op.name())) {
            let other = match op {
                Binary::Powi => $tape.constant(3.0),
                Binary::SigmoidSlope => $x.sigmoid(),
                Binary::TanhSlope => $x.tanh(),
                _ => $y,
            };
            all.push($x.try_binary(op, other).unwrap());
        }
        // Where the slopes have other formulas.
        let far = $x * 4.0;
        all.push(far.try_binary(Binary::SigmoidSlope, far.sigmoid()).unwrap());
        all.push(far.try_binary(Binary::TanhSlope, far.tanh()).unwrap());
        all.push(($x * 1e-30).try_binary(Binary::HypotSlope, $y * 1e-30).unwrap());
        $tape.stack(&all).named("all")
    }};
}

/// The texts that a function brings along where it takes the platform's.
fn of_platform() -> Case {
    let tape = tape();
    let (x, y) = (tape.input(0.625).named("x"), tape.input(0.375).named("y"));
    let all = each_function!(tape, x, y);
    let mut ask = Ask::of(&tape, Numerics::Exact);
    ask.output(all);
    let case = ask.case("of_platform", &RustOptions::default().of_crate());
    Case { off: Some(4e-15), ..case }
}

fn of_platform_f32() -> Case {
    let tape = Tape::<f32>::with(Options::default().numerics(Numerics::Exact));
    let (x, y) = (tape.input(0.625).named("x"), tape.input(0.375).named("y"));
    let all = each_function!(tape, x, y);
    let mut ask = Ask::of(&tape, Numerics::Exact);
    ask.output(all);
    let case = ask.case("of_platform_f32", &RustOptions::default().of_crate());
    Case { off: Some(2e-6), ..case }
}

/// A step of a 5-6-3 network over four rows, by layers.
fn network(numerics: Numerics) -> Case {
    let tape = tape();
    let params = tape.param(some(5 * 6 + 6 + 6 * 3 + 3, 0.7)).named("params");
    let x = tape.tensor(Leaf::Data, &some(20, 1.1), [4, 5]).unwrap().named("x");
    let target = tape.tensor(Leaf::Data, &some(12, 0.3), [4, 3]).unwrap().named("target");
    let layer = |name: &str, at: usize, n: usize, m: usize, x| {
        let _scope = tape.scope(name);
        let weights = params.slice(0, at..at + m * n).reshape([m, n]).named("w");
        let biases = params.slice(0, at + m * n..at + m * n + m).named("b");
        Var::affine(biases, weights, x).named("z").tanh().named("output")
    };
    let output = layer("output", 36, 6, 3, layer("hidden", 0, 5, 6, x));
    let loss = (0.5 * (output - target).square().sum()).named("loss");
    let gradient = tape.data(vec![0.0; params.len()]).named("gradient");
    let moved = (params - 0.125 * gradient).named("moved");
    let mut ask = Ask::of(&tape, numerics);
    ask.output(loss);
    ask.compiler.gradient_as(loss, params, gradient).unwrap();
    ask.moved(moved, params);
    let name = if numerics == Numerics::Exact { "network" } else { "network_fast" };
    ask.case(name, &exact())
}

/// A step of a layer in `f32`, with momentum.
fn network_f32() -> Case {
    let tape = Tape::<f32>::default();
    let numbers = |n, step| some(n, step).into_iter().map(|x| x as f32).collect::<Vec<f32>>();
    let w = tape.tensor(Leaf::Param, &numbers(12, 0.7), [3, 4]).unwrap().named("w");
    let v = tape.tensor(Leaf::Data, &numbers(12, 0.2), [3, 4]).unwrap().named("velocity");
    let (b, x) = (tape.param(numbers(3, 0.9)).named("b"), tape.data(numbers(4, 1.3)).named("x"));
    let z = Var::affine(b, w, x).named("z");
    let loss = (z.softplus() * z.gaussian()).sum().named("loss");
    let g = tape.tensor(Leaf::Data, &[0.0; 12], [3, 4]).unwrap().named("g");
    let faster = (0.9 * v + g).named("faster");
    let moved = (w - 0.1 * faster).named("moved");
    let mut ask = Ask::of(&tape, Numerics::Exact);
    ask.output(loss);
    ask.compiler.gradient_as(loss, w, g).unwrap();
    ask.gradient(loss, b);
    ask.moved(faster, v);
    ask.moved(moved, w);
    ask.case("momentum", &RustOptions::default().functions("wengert::exact::f32").of_crate())
}

/// Formulas over rows and columns, and what they are folded to.
fn mixture() -> Case {
    let tape = tape();
    let x = tape.tensor(Leaf::Input, &some(60, 1.3), [12, 5]).unwrap().named("x");
    let (mu, s) = (tape.param(some(5, 0.7)).named("μ"), tape.param(some(12, 0.9)).named("s"));
    let z = ((x - mu) * s.reshape([12, 1])).named("z");
    let y = ((z.square() * mu + z.sin() * x).log_sum_exp_axes(1).sum()
        + z.max_axes(0).sum()
        + z.min_axes(1).square().sum())
    .named("y");
    let mut ask = Ask::of(&tape, Numerics::Exact);
    ask.output(y);
    for leaf in [x, mu, s] {
        ask.gradient(y, leaf);
    }
    ask.case("mixture", &exact())
}

/// What moves elements, and picks them.
fn moves() -> Case {
    let tape = tape();
    let x = tape.tensor(Leaf::Input, &some(12, 1.7), [3, 4]).unwrap().named("x");
    let picked = x.gather(&[11, 0, 7, 3, 3, 5, 2, 9]).named("picked");
    let spread = picked.scatter_add(&[1, 4, 4, 0, 9, 2, 6, 3], [10]).named("spread");
    let joined = tape.concat(0, &[spread, x.t().at(1), picked.tanh()]).named("joined");
    let running = joined.cumsum(0).named("running");
    let back = x.cumsum_back(1).t().named("back");
    let chosen = x.indicator_gt(0.0).select(x.square(), -x).named("chosen");
    let last = running.slice(0, 3..15).reshape([4, 3]) * back + chosen.t();
    let y = (last.sum() + tape.stack(&[x.at(0), x.at(2).exp()]).square().sum()).named("y");
    let mut ask = Ask::of(&tape, Numerics::Exact);
    ask.output(y);
    ask.output(last.t().named("last"));
    ask.output(chosen.at(1));
    ask.gradient(y, x);
    ask.gradient(y, picked);
    ask.case("moves", &exact())
}

/// Comparisons that the recording branched on.
fn guarded() -> Case {
    let tape = tape();
    let x = tape.input([0.75, -0.5, 0.25]).named("x");
    let largest = x.iter().reduce(|a, b| if a > b { a } else { b }).unwrap().named("largest");
    let next = (x * 0.5 + largest).named("next");
    let mut ask = Ask::of(&tape, Numerics::Exact);
    ask.output(largest.exp());
    ask.moved(next, x);
    ask.gradient(largest, x);
    ask.case("guarded", &exact())
}

/// Single numbers that are fed back.
fn scalars_fed() -> Case {
    let tape = tape();
    let (x, y) = (tape.input(0.5).named("x"), tape.input(0.25).named("y"));
    let z = (x * y - 1.0).named("z");
    let mut ask = Ask::of(&tape, Numerics::Exact);
    ask.output(z.sin());
    ask.moved(z, x);
    ask.case("fed", &exact())
}

/// Two inputs that are each fed the other.
fn swapped() -> Case {
    let tape = tape();
    let (x, y) = (tape.input(some(3, 1.0)).named("x"), tape.input(some(3, 2.0)).named("y"));
    let mut ask = Ask::of(&tape, Numerics::Exact);
    ask.output((x * y).sum());
    ask.moved(y, x);
    ask.moved(x, y);
    ask.case("swapped", &exact())
}

/// Outputs that are read from an input after it was fed.
fn read_after() -> Case {
    let tape = tape();
    let x = tape.param(some(4, 1.3)).named("x");
    let first = x.at(0).named("first");
    let y = (first * x.at(2)).sin().named("y");
    let picked = x.gather(&[3, 0, 2, 2, 1, 3]).named("picked");
    let next = (0.5 * x + y).named("next");
    let mut ask = Ask::of(&tape, Numerics::Exact);
    ask.output(y);
    ask.output(first);
    ask.output(picked);
    ask.output((picked * 2.0).named("twice"));
    ask.moved(next, x);
    ask.case("read_after", &exact())
}

/// Three rows at a time.
fn rows() -> Case {
    let tape = tape();
    let (x, w) = (tape.data(some(4, 0.9)).named("x"), tape.param(some(4, 0.4)).named("w"));
    let target = tape.data([0.25]).named("target");
    let y = (w.dot(x) + w.square().sum()).sigmoid().named("y");
    let loss = (target.at(0) - y).square().named("loss");
    let mut ask = Ask::of(&tape, Numerics::Exact);
    ask.compiler.rows(3, &[x, target]).unwrap();
    ask.output(y);
    ask.gradient_per_row(loss, x);
    ask.gradient(loss, w);
    ask.case("rows", &exact())
}

/// Sums of more than 128 terms are added in blocks and pairs.
fn long_sums() -> Case {
    let tape = tape();
    let x = tape.tensor(Leaf::Input, &some(600, 1.9), [300, 2]).unwrap().named("x");
    let y = (x.sum() * x.sum_axes(0).tanh().sum()).named("y");
    let mut ask = Ask::of(&tape, Numerics::Exact);
    ask.output(y);
    ask.gradient(y, x);
    ask.case("long_sums", &exact())
}

/// Intermediate numbers in a workspace that the caller lends.
fn lent() -> Case {
    let tape = tape();
    let x = tape.tensor(Leaf::Input, &some(35, 1.9), [5, 7]).unwrap().named("x");
    let y = (x.matmul(x.t()).tanh().matmul(x).square().sum()).named("y");
    let mut ask = Ask::of(&tape, Numerics::Exact);
    ask.output(y);
    ask.gradient(y, x);
    ask.case("lent", &exact().stack(0))
}

/// Without most passes, so that every number of the tape has a line.
fn ungrouped() -> Case {
    let tape = tape();
    let x = tape.input(some(3, 1.9)).named("x");
    let y = (x.at(0) * x.at(1) + (x.at(2) * 2.0 - 1.0).abs().ln()).named("y");
    let mut ask = Ask::of(&tape, Numerics::Exact);
    for &pass in Pass::ALL {
        ask.compiler = ask.compiler.without(pass);
    }
    ask.output(y);
    ask.gradient(y, x);
    ask.case("ungrouped", &exact())
}

/// Constants side by side, outputs that are constants or inputs, a gradient of nothing.
fn constants() -> Case {
    let tape = tape();
    let x = tape.input(some(40, 1.9)).named("x");
    let unused = tape.input([1.0, 2.0]).named("unused");
    let terms = x.iter().enumerate().map(|(i, x)| (x - 0.1 * i as f64).square() * (i as f64).cos());
    let y = terms.sum::<Var<'_>>().named("y");
    let mut ask = Ask::of(&tape, Numerics::Exact);
    ask.output(y);
    ask.output(x);
    ask.output(x.at(3));
    ask.output(tape.tensor(Leaf::Const, &[f64::INFINITY, -0.0, 1e300], [3]).unwrap());
    ask.gradient(y, unused);
    ask.gradient(y, x);
    ask.case("constants", &exact())
}

/// Whether a function is in modules such as `wengert::exact` alone: the platform has none.
fn is_of_modules(name: &str) -> bool {
    name.starts_with("norm_")
        || ["erf", "erfc", "log_sigmoid", "log1mexp", "logaddexp", "xlogy", "difference_sigmoid"]
            .contains(&name)
        || ["lgamma", "digamma", "polygamma", "i0e", "i1e", "i0e_derivative", "i1e_derivative"]
            .contains(&name)
}
