//! The networks of the examples, each neuron by neuron and layer by layer: recorded anew, replayed,
//! interpreted and as machine code, bit for bit.

use wengert::{Compiler, Numerics, Options, Tape, Var};
use wengert_jit::Jit;

/// A sequence of numbers between -1 and 1, another for each seed.
fn numbers(count: usize, seed: f64) -> Vec<f64> {
    (0..count).map(|i| libm::sin(seed + 1.7 * i as f64 + 0.3 * (i * i) as f64)).collect()
}

/// How many parameters a network has: by layer its weights, then its biases.
fn params(sizes: &[usize]) -> usize {
    sizes.windows(2).map(|pair| pair[1] * (pair[0] + 1)).sum()
}

/// Half the squared error of one row, a node for every product and sum.
fn by_neuron<'t>(sizes: &[usize], p: Var<'t>, x: Var<'t>, target: Var<'t>) -> Var<'t> {
    let mut out: Vec<Var<'t>> = x.iter().collect();
    let mut at = 0;
    for pair in sizes.windows(2) {
        let (inputs, outputs) = (pair[0], pair[1]);
        let neuron = |j: usize| {
            let sum = p.at(at + inputs * outputs + j);
            let add = |sum: Var<'t>, i: usize| sum + p.at(at + j * inputs + i) * out[i];
            (0..inputs).fold(sum, add).sigmoid()
        };
        let next = (0..outputs).map(neuron).collect();
        out = next;
        at += outputs * (inputs + 1);
    }
    let squares = out.iter().zip(target.iter()).map(|(&y, target)| (y - target).square());
    0.5 * squares.sum::<Var<'t>>()
}

/// The same, a node a layer.
fn by_layer<'t>(sizes: &[usize], p: Var<'t>, x: Var<'t>, target: Var<'t>) -> Var<'t> {
    let mut out = x;
    let mut at = 0;
    for pair in sizes.windows(2) {
        let (weights, end) = (pair[0] * pair[1], at + (pair[0] + 1) * pair[1]);
        let w = p.slice(0, at..at + weights).reshape([pair[1], pair[0]]);
        out = Var::affine(p.slice(0, at + weights..end), w, out).sigmoid();
        at = end;
    }
    0.5 * (out - target).square().sum()
}

type Loss = for<'t> fn(&[usize], Var<'t>, Var<'t>, Var<'t>) -> Var<'t>;

/// Value and gradient at a row, recorded anew.
fn recorded(loss: Loss, sizes: &[usize], p: &[f64], row: &[Vec<f64>; 2]) -> Vec<u64> {
    let tape = Tape::with(Options::default().numerics(Numerics::Exact));
    let p = tape.param(p);
    let y = loss(sizes, p, tape.data(&row[0]), tape.data(&row[1]));
    bits(y.value(), &y.backward().values_wrt(p))
}

fn bits(value: f64, gradient: &[f64]) -> Vec<u64> {
    std::iter::once(value).chain(gradient.iter().copied()).map(f64::to_bits).collect()
}

#[test]
fn every_way_to_a_gradient_gives_its_bits() {
    // The notebook's, xor, the wheat seeds, and a small one of digits.
    let networks: [&[usize]; 4] = [&[2, 2, 2], &[2, 3, 1], &[7, 5, 3], &[16, 10, 10]];
    for (sizes, loss) in
        networks.iter().flat_map(|&sizes| [(sizes, by_neuron as Loss), (sizes, by_layer as Loss)])
    {
        let (inputs, outputs) = (sizes[0], sizes[sizes.len() - 1]);
        let rows: Vec<[Vec<f64>; 2]> = (0..4)
            .map(|k| [numbers(inputs, f64::from(k)), numbers(outputs, 9.0 + f64::from(k))])
            .collect();
        let start = numbers(params(sizes), 0.5);
        let tape = Tape::with(Options::default().numerics(Numerics::Exact));
        let (p, x, target) = (tape.param(&start), tape.data(&rows[0][0]), tape.data(&rows[0][1]));
        let y = loss(sizes, p, x, target);
        let mut again = y.backward();
        let mut compiler = Compiler::new(&tape).numerics(Numerics::Exact);
        let value = compiler.output(y).unwrap();
        let gradient = compiler.gradient(y, p).unwrap();
        let program = compiler.compile().unwrap();
        let jit = Jit::new(&program).unwrap();
        let (mut by_program, mut by_code) = (program.workspace(), jit.workspace());
        let mut to = vec![0.0; start.len()];
        for row in &rows {
            let expected = recorded(loss, sizes, &start, row);
            tape.replay(&[(x, &row[0]), (target, &row[1])]).unwrap();
            y.backward_into(&mut again).unwrap();
            again.values_wrt_into(p, &mut to).unwrap();
            assert_eq!(bits(y.value(), &to), expected, "{sizes:?} replayed");
            for (program, workspace) in [(&program, &mut by_program), (jit.program(), &mut by_code)]
            {
                workspace.set(program.input(x).unwrap(), &row[0]).unwrap();
                workspace.set(program.input(target).unwrap(), &row[1]).unwrap();
                program.run(workspace).unwrap();
                let found = bits(workspace.value(value), &workspace.values(gradient));
                assert_eq!(found, expected, "{sizes:?} compiled");
            }
        }
    }
}
