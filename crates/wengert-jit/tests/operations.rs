//! Every elementwise operation, at ordinary numbers and at the ends of their range: alone, in runs
//! that are written out, and in runs that are loops.

use wengert::number::Real;
use wengert::op::{Binary, Unary};
use wengert::program::{Compile, Pass};
use wengert::{Compiler, Numerics, Options, Tape, Var};
use wengert_jit::Jit;

const AT: [f64; 16] = [
    0.3,
    -0.7,
    2.5,
    -3.0,
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.8,
    17.0,
    -120.0,
    1e-310,
    1e300,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

/// Bits, every NaN alike.
fn bits<S: Compile>(values: Vec<S>) -> Vec<u64> {
    let values = values.into_iter().map(S::to_f64);
    values.map(|x| if x.is_nan() { u64::MAX } else { x.to_bits() }).collect()
}

/// Holds the values and derivatives of `f` at `x` and `y` to the program's: number by number, or
/// over runs. How many loops there were.
fn hold<S: Compile>(
    name: &str,
    (x, y): (&[f64], &[f64]),
    single: bool,
    f: impl for<'t> Fn(Var<'t, S>, Var<'t, S>) -> Var<'t, S>,
) -> usize {
    let numbers = |values: &[f64]| values.iter().map(|&x| S::from_f64(x)).collect::<Vec<S>>();
    let tape = Tape::<S>::with(Options::default());
    let (x, y) = (tape.input(numbers(x)), tape.input(numbers(y)));
    let values = match single {
        true => (0..x.len()).map(|i| f(x.at(i), y.at(i))).collect(),
        false => vec![f(x, y)],
    };
    let sum = values.iter().map(|value| value.sum()).sum::<Var<'_, S>>();
    let mut compiler = Compiler::new(&tape).numerics(Numerics::Exact);
    if single {
        compiler = compiler.without(Pass::Group);
    }
    values.iter().for_each(|&value| _ = compiler.output(value).unwrap());
    [x, y].into_iter().for_each(|wrt| _ = compiler.gradient(sum, wrt).unwrap());
    let program = compiler.compile().unwrap();
    let jit = Jit::new(&program).unwrap();
    let [expected, found] = [&program, jit.program()].map(|program| {
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        let outputs = program.outputs().into_iter();
        outputs.map(|output| bits(workspace.values(output))).collect::<Vec<_>>()
    });
    assert_eq!(found, expected, "{name}: {}", jit.report());
    jit.report().loops
}

fn every<S: Compile>() {
    let (all_x, all_y): (Vec<f64>, Vec<f64>) =
        AT.into_iter().flat_map(|x| AT.map(|y| (x, y))).unzip();
    let (all, some) = ((&all_x[..], &all_y[..]), (&all_x[..40], &all_y[..40]));
    let mut loops = 0;
    for &op in Unary::ALL {
        hold::<S>(op.name(), (&AT, &AT), true, |x, _| x.unary(op));
        // Several operations on an element, so that loops are worth it.
        loops += hold::<S>(op.name(), all, false, |x, y| x.unary(op) * y + (x - y) * (x + y));
    }
    for &op in Binary::ALL.iter().filter(|op| !matches!(op, Binary::Rem | Binary::Powi)) {
        hold::<S>(op.name(), some, true, |x, y| x.binary(op, y));
        loops += hold::<S>(op.name(), all, false, |x, y| x.binary(op, y) * y + (x - y) * (x + y));
    }
    for n in [-2, 0, 1, 2, 3] {
        hold::<S>("powi", some, true, |x, _| x.powi(n));
        loops += hold::<S>("powi", all, false, |x, y| x.powi(n) * y + (x - y) * (x + y));
    }
    assert!(loops > 15, "only {loops} loops");
}

#[test]
fn every_operation_in_f64() {
    every::<f64>();
}

#[test]
fn every_operation_in_f32() {
    every::<f32>();
}
