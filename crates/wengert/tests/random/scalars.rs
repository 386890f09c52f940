//! Random programs over every scalar op. Drawn from a fixed seed, so every run looks at the same
//! ones, and a failure is shrunk.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use wengert::op::{Binary, Unary};
use wengert::{Tape, Var};

/// One step of a program: an op on two earlier numbers (a constant in place of the second, a
/// detached handle in place of either).
#[derive(Clone, Debug)]
pub(crate) struct Instruction {
    pub(crate) op: usize,
    pub(crate) a: usize,
    pub(crate) b: usize,
    pub(crate) constant: f64,
    /// Below 6: 0 and 1 use the constant, on the right and on the left; 2 and 3 detach an operand.
    pub(crate) variant: u8,
}

#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) at: Vec<f64>,
    pub(crate) elsewhere: Vec<f64>,
}

pub(crate) const INPUTS: usize = 3;

pub(crate) fn programs() -> impl Strategy<Value = Program> {
    let instruction = (
        0..Unary::ALL.len() + Binary::ALL.len() + 1,
        0..64_usize,
        0..64_usize,
        0.25..2.5_f64,
        0..16_u8,
    );
    let instruction = instruction.prop_map(|(op, a, b, constant, variant)| Instruction {
        op,
        a,
        b,
        constant,
        variant,
    });
    let point = || prop::collection::vec(-2.0..2.0_f64, INPUTS);
    (prop::collection::vec(instruction, 1..40), point(), point())
        .prop_map(|(instructions, at, elsewhere)| Program { instructions, at, elsewhere })
}

/// Takes any number smoothly into an interval.
pub(crate) fn into(x: Var<'_>, low: f64, high: f64) -> Var<'_> {
    x.sigmoid() * (high - low) + low
}

/// The op at a random point of its domain, away from overflow.
pub(crate) fn unary(op: Unary, x: Var<'_>) -> Var<'_> {
    let x = match op {
        Unary::Sqrt | Unary::Ln | Unary::Log2 | Unary::Log10 => into(x, 0.2, 5.0),
        Unary::Recip => into(x, -3.0, -0.3),
        Unary::Ln1p => into(x, -0.8, 4.0),
        Unary::Asin | Unary::Acos | Unary::Atanh => into(x, -0.9, 0.9),
        Unary::Acosh => into(x, 1.1, 5.0),
        Unary::Tan => into(x, -1.3, 1.3),
        Unary::Exp | Unary::Exp2 | Unary::ExpM1 | Unary::Sinh | Unary::Cosh | Unary::Softplus => {
            into(x, -3.0, 3.0)
        }
        Unary::Sigmoid | Unary::Tanh | Unary::Erf | Unary::Gaussian | Unary::OneMinusSquare => {
            into(x, -2.0, 2.0)
        }
        Unary::Sin | Unary::Cos | Unary::Atan | Unary::Asinh | Unary::Cbrt => x,
        Unary::Neg | Unary::Abs | Unary::Relu => x,
        Unary::LogSigmoid | Unary::Erfc | Unary::NormPdf | Unary::NormCdf => into(x, -2.0, 2.0),
        Unary::NormLogCdf | Unary::NormLogCdfSlope | Unary::NormLogCdfExcess => into(x, -4.0, 2.0),
        Unary::Log1mExp => into(x, 0.2, 4.0),
        Unary::NormPpf => into(x, 0.02, 0.97),
        Unary::Signum | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc => x,
    };
    x.try_unary(op).unwrap()
}

pub(crate) fn binary<'t>(op: Binary, x: Var<'t>, y: Var<'t>, constant: f64) -> Var<'t> {
    let number = |y: f64| x.tape().constant(y);
    let (x, y) = match op {
        Binary::Add
        | Binary::Sub
        | Binary::Min
        | Binary::Max
        | Binary::Gt
        | Binary::Ge
        | Binary::Eq => (x, y),
        Binary::Mul | Binary::MulNoNan | Binary::MulNoNanEither => (into(x, -2.0, 3.0), y),
        Binary::Div | Binary::Rem => (x, into(y, 0.4, 2.5)),
        Binary::Powi => (into(x, 0.4, 2.5), number((constant * 4.0).floor() - 4.0)),
        Binary::Powf | Binary::PowSlope | Binary::PowCurve | Binary::PowLn => {
            (into(x, 0.4, 2.5), into(y, -2.0, 2.0))
        }
        Binary::Atan2 => (x, into(y, -2.0, 2.0)),
        Binary::Hypot | Binary::HypotSlope | Binary::OverSquares => (x, into(y, 0.3, 2.0)),
        // Their second operand is known from the first.
        Binary::SigmoidSlope => (x, x.sigmoid()),
        Binary::TanhSlope => (x, x.tanh()),
        Binary::LogAddExp | Binary::DifferenceSigmoid => (into(x, -3.0, 3.0), into(y, -3.0, 3.0)),
        Binary::XLogY => (x, into(y, 0.2, 3.0)),
        Binary::NormPpfSlope => {
            let p = into(x, 0.02, 0.97);
            (p, p.norm_ppf())
        }
    };
    x.try_binary(op, y).unwrap()
}

/// Records a program. Its structure does not depend on values, so it may be replayed anywhere.
pub(crate) fn record<'t>(tape: &'t Tape, program: &Program, at: &[f64]) -> (Vec<Var<'t>>, Var<'t>) {
    let (numbers, y) = record_all(tape, program, at);
    (numbers[..INPUTS].to_vec(), y)
}

/// As `record`, with the results of all instructions after the inputs.
pub(crate) fn record_all<'t>(
    tape: &'t Tape,
    program: &Program,
    at: &[f64],
) -> (Vec<Var<'t>>, Var<'t>) {
    let mut numbers: Vec<Var<'t>> = at.iter().map(|&x| tape.input(x)).collect();
    for &Instruction { op, a, b, constant, variant } in &program.instructions {
        let (mut x, mut y) = (numbers[a % numbers.len()], numbers[b % numbers.len()]);
        match variant {
            0 => y = tape.constant(constant),
            1 => x = tape.constant(constant),
            2 => y = y.detach(),
            3 => x = x.detach(),
            _ => {}
        }
        let result = if let Some(&op) = Unary::ALL.get(op) {
            unary(op, x)
        } else if let Some(&op) = Binary::ALL.get(op - Unary::ALL.len()) {
            binary(op, x, y, constant)
        } else {
            x.indicator_gt(constant).select(y, x * constant)
        };
        numbers.push(result);
    }
    let last: Vec<Var<'t>> = numbers.iter().rev().take(4).copied().collect();
    (numbers, last.into_iter().sum::<Var<'t>>() * 1.0)
}

pub(crate) fn run(cases: u32, mut test: impl FnMut(&Program) -> Result<(), TestCaseError>) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let test = std::cell::RefCell::new(&mut test);
    let result = TestRunner::new_with_rng(config, rng)
        .run(&programs(), |program| (test.borrow_mut())(&program));
    if let Err(error) = result {
        panic!("{error}");
    }
}
