//! Random loops in scalar code: for each row of some data a formula is recorded, which may read
//! what the round before computed, sums so far, and parameters at uneven places.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseResult, TestRng, TestRunner};
use wengert::program::{Compile, Pass};
use wengert::{Compiler, Numerics, Program, Tape, Var};

/// Parameters, columns of the data, and what is carried from round to round.
const PARAMS: usize = 23;
const COLUMNS: usize = 4;

/// A number type of programs.
pub(crate) trait Number: Compile {
    /// How far numbers are moved to see how well what is computed of them is determined.
    const UNIT: f64;
    fn of(x: f64) -> Self;
    fn wide(self) -> f64;
    /// Its bits, every NaN alike.
    fn bits(self) -> u64;
}

macro_rules! number {
    ($($t:ty, $unit:expr;)*) => {$(
        impl Number for $t {
            const UNIT: f64 = $unit;
            fn of(x: f64) -> Self {
                x as $t
            }
            fn wide(self) -> f64 {
                f64::from(self)
            }
            fn bits(self) -> u64 {
                if self.is_nan() { u64::MAX } else { u64::from(self.to_bits()) }
            }
        }
    )*};
}
number!(f32, 1e-6; f64, 1e-13;);

/// Where an operand of a formula is from, and which it is there.
#[derive(Clone, Copy, Debug)]
struct Operand {
    from: u8,
    which: usize,
}

#[derive(Clone, Debug)]
struct Operation {
    code: u8,
    operands: [Operand; 2],
}

#[derive(Clone, Debug)]
pub(crate) struct Loop {
    pub(crate) rounds: usize,
    formula: Vec<Operation>,
    /// A loop inside a round: so many times, each with a parameter and a column.
    inner: Option<(usize, Operation)>,
    /// The state and the sums that a round reads may be of the round before.
    carries: bool,
    reads_sums: bool,
    /// The formula's result is kept small.
    squashed: bool,
    /// Rounds in which the formula takes another way.
    branches: Vec<usize>,
    /// Numbers of the data that are no everyday ones.
    specials: Vec<(usize, u8)>,
    seed: f64,
}

fn operand() -> impl Strategy<Value = Operand> {
    (0_u8..10, 0_usize..64).prop_map(|(from, which)| Operand { from, which })
}

fn operation() -> impl Strategy<Value = Operation> {
    (0_u8..16, operand(), operand()).prop_map(|(code, a, b)| Operation { code, operands: [a, b] })
}

fn loops() -> impl Strategy<Value = Loop> {
    let branches = prop_oneof![Just(Vec::new()), prop::collection::vec(2_usize..64, 1..3)];
    let special = (0_usize..400, 0_u8..6);
    let specials = prop_oneof![3 => Just(Vec::new()), 2 => prop::collection::vec(special, 1..4)];
    (
        64_usize..90,
        prop::collection::vec(operation(), 1..12),
        prop::option::of((2_usize..7, operation())),
        [any::<bool>(); 3],
        branches,
        specials,
        0.1..3.0,
    )
        .prop_map(|(rounds, formula, inner, flags, branches, specials, seed)| {
            let [carries, reads_sums, squashed] = flags;
            Loop { rounds, formula, inner, carries, reads_sums, squashed, branches, specials, seed }
        })
}

/// Calls `test` with random loops, the same in every run.
pub(crate) fn each(cases: u32, test: impl Fn(&Loop) -> TestCaseResult) {
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let held = TestRunner::new_with_rng(config, rng).run(&loops(), |of| test(&of));
    held.unwrap_or_else(|failed| panic!("{failed}"));
}

fn numbers<S: Number>(count: usize, seed: f64) -> Vec<S> {
    (0..count).map(|i| S::of((i as f64 * 0.77 + seed).sin())).collect()
}

impl Loop {
    pub(crate) fn params<S: Number>(&self, shift: f64) -> Vec<S> {
        numbers(PARAMS, self.seed + shift)
    }

    pub(crate) fn data<S: Number>(&self, shift: f64) -> Vec<S> {
        let mut data = numbers(self.rounds * COLUMNS, 2.0 * self.seed + shift);
        for &(at, code) in &self.specials {
            let special = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e6];
            let at = at % data.len();
            data[at] = S::of(special[usize::from(code)]);
        }
        data
    }

    fn apply<'t, S: Number>(code: u8, a: Var<'t, S>, b: Var<'t, S>) -> Var<'t, S> {
        match code {
            0 | 1 => a - b,
            2 => a.max(b),
            3 => a.sin(),
            4 => a.tanh() * b,
            5 => a.tanh().exp().min(b),
            6 => a / (b * b).sqrt(),
            7 | 8 => a + b,
            9 => (a * a).ln(),
            10 => a / b,
            11 => (b - a).select(a, b),
            _ => a * b,
        }
    }

    /// Records the loop: what is differentiated, and other numbers that are asked for.
    pub(crate) fn record<'t, S: Number>(
        &self,
        params: Var<'t, S>,
        data: Var<'t, S>,
    ) -> Vec<Var<'t, S>> {
        let scale = (params.at(0) * params.at(5)).cos();
        let mut state = [params.at(1), scale];
        let mut sums: Option<[Var<'t, S>; 2]> = None;
        let mut results: Vec<Var<'t, S>> = Vec::new();
        for round in 0..self.rounds {
            let column = |which: usize| data.at(round * COLUMNS + which % COLUMNS);
            let mut own = vec![column(0) - params.at(3)];
            let read = |own: &[Var<'t, S>], Operand { from, which }: Operand| match from {
                0 => params.at(which % PARAMS),
                // Uneven, and another in every round.
                1 => params.at((round * round + which) % PARAMS),
                2 | 3 => column(which),
                4 if self.carries => state[which % 2],
                5 if self.reads_sums => sums.map_or(scale, |sums| sums[which % 2]),
                6 => scale,
                _ => own[own.len() - 1 - which % own.len()],
            };
            for Operation { code, operands } in &self.formula {
                let [a, b] = operands.map(|operand| read(&own, operand));
                own.push(Self::apply(*code, a, b));
            }
            if let Some((times, Operation { code, operands })) = &self.inner {
                let terms = (0..*times).map(|j| {
                    let [a, b] = operands.map(|Operand { from, which }| {
                        read(&own, Operand { from, which: which + j })
                    });
                    Self::apply(*code, a, b) * params.at((which_of(operands) + 2 * j) % PARAMS)
                });
                let inner = terms.reduce(|a, b| a + b).expect("it runs");
                own.push(inner);
            }
            let mut result = own[own.len() - 1];
            if self.branches.contains(&round) {
                result = result * own[0] - column(2);
            }
            if self.squashed {
                result = result.tanh();
            }
            let other = result * column(1) * params.at(7);
            state = [(result * params.at(2)).tanh() + column(3), state[0].max(result)];
            sums = Some(match sums {
                Some([a, b]) => [a + result, b + other],
                None => [result, other],
            });
            results.push(result);
        }
        let [a, b] = sums.expect("there are rounds");
        // Another loop, of what the first one computed and its sums.
        let spread = results.iter().enumerate().map(|(round, &result)| {
            let share = result / (a * a + params.at(4)) - data.at(round * COLUMNS);
            share * share
        });
        let spread = spread.reduce(|a, b| a + b).expect("there are rounds");
        let y = a * params.at(6) + b.sin() * a + spread * state[0] + state[1];
        vec![y, a, b, results[0], results[self.rounds / 2], results[self.rounds - 1]]
    }
}

fn which_of(operands: &[Operand; 2]) -> usize {
    operands[0].which + operands[1].which
}

/// A loop on a tape.
pub(crate) fn recorded<'t, S: Number>(
    tape: &'t Tape<S>,
    of: &Loop,
) -> ([Var<'t, S>; 2], Vec<Var<'t, S>>) {
    let params = tape.param(of.params::<S>(0.0)).named("params");
    // Recorded at everyday numbers, and run at others.
    let everyday = Loop { specials: Vec::new(), ..of.clone() };
    let data = tape.input(everyday.data::<S>(0.4)).named("data");
    let outputs = of.record(params, data);
    ([params, data], outputs)
}

/// A program of all outputs, and the gradients of two of them by both leaves.
pub(crate) fn compiled<S: Number>(
    leaves: [Var<'_, S>; 2],
    outputs: &[Var<'_, S>],
    numerics: Numerics,
    off: &[Pass],
) -> Program<S> {
    let mut compiler = Compiler::new(leaves[0].tape()).numerics(numerics);
    for &pass in off {
        compiler = compiler.without(pass);
    }
    outputs.iter().for_each(|&output| _ = compiler.output(output).unwrap());
    for &of in &outputs[..2] {
        leaves.iter().for_each(|&wrt| _ = compiler.gradient(of, wrt).unwrap());
    }
    compiler.compile().unwrap()
}

/// What a program computes, at the first numbers of two, then at the others, in one workspace.
pub(crate) fn run<S: Number>(
    program: &Program<S>,
    leaves: [Var<'_, S>; 2],
    at: &[[Vec<S>; 2]],
) -> Vec<Vec<S>> {
    let mut workspace = program.workspace();
    let mut all = Vec::new();
    for at in at {
        for (leaf, values) in leaves.iter().zip(at) {
            workspace.set(program.input(*leaf).unwrap(), values).unwrap();
        }
        program.run(&mut workspace).unwrap();
        all.extend(program.outputs().into_iter().map(|output| workspace.values(output)));
    }
    all
}

pub(crate) fn bits<S: Number>(all: &[Vec<S>]) -> Vec<Vec<u64>> {
    all.iter().map(|some| some.iter().map(|x| x.bits()).collect()).collect()
}

/// The numbers moved by about some units in the last place, in one of several ways.
fn moved<S: Number>(at: &[[Vec<S>; 2]], way: u64, by: f64) -> Vec<[Vec<S>; 2]> {
    let mut state = way.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut one = |x: &S| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        S::of(x.wide() * (1.0 + by * if state >> 40 & 1 == 0 { 1.0 } else { -1.0 }))
    };
    at.iter()
        .map(|leaves| leaves.each_ref().map(|leaf| leaf.iter().map(&mut one).collect()))
        .collect()
}

/// Where fast numbers are further from exact ones than these move with their inputs.
pub(crate) fn far<S: Number>(
    fast: &[Vec<S>],
    exact: &[Vec<S>],
    ways: &[Vec<Vec<S>>],
    by: f64,
) -> Option<String> {
    for (k, (fast, exact)) in fast.iter().zip(exact).enumerate() {
        let finite = |x: &f64| x.is_finite();
        let largest = exact.iter().map(|x| x.wide().abs()).filter(finite).fold(1.0, f64::max);
        for (i, (f, e)) in fast.iter().zip(exact).enumerate() {
            let (f, e) = (f.wide(), e.wide());
            let others = ways.iter().map(|way| way[k][i].wide());
            if !e.is_finite() {
                let steady =
                    others.clone().all(|x| x.to_bits() == e.to_bits() || x.is_nan() && e.is_nan());
                if steady && f != e && !(f.is_nan() && e.is_nan()) {
                    return Some(format!("output {k} element {i}: {f} for {e}"));
                }
                continue;
            }
            let spread = others
                .map(|x| (x - e).abs())
                .fold(0.0, |a: f64, b| if b.is_nan() { b } else { a.max(b) });
            if (f - e).abs() > 1e3 * by * largest + 100.0 * spread
                || f.is_nan() && spread.is_finite()
            {
                return Some(format!("output {k} element {i}: {f} for {e}, {largest} {spread}"));
            }
        }
    }
    None
}

/// What a program computes of its inputs moved a little, in several ways.
pub(crate) fn ways<S: Number>(
    program: &Program<S>,
    leaves: [Var<'_, S>; 2],
    at: &[[Vec<S>; 2]],
    by: f64,
) -> Vec<Vec<Vec<S>>> {
    (1..6).map(|way| run(program, leaves, &moved(at, way, by))).collect()
}

/// As many as asked for, or a few.
pub(crate) fn cases(few: u32) -> u32 {
    std::env::var("WENGERT_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(few)
}
