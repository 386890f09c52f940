//! What a scalar binary node costs: to record, to reverse, in bytes; beside a hand-written loop over the same arithmetic.

use std::hint::black_box;
use std::time::Duration;

use wengert::{Tape, Var};

use crate::timing::medians;

const LANES: usize = 16;
/// The pattern of operands repeats after as many nodes.
const PERIOD: usize = 16;

/// Numbers that keep the walk bounded: factors near 1 in pairs of inverses, steps near 0 in pairs of opposites.
fn inputs() -> [f64; LANES] {
    std::array::from_fn(|i| match i % 4 {
        0 => 1.0 + 1e-3 * i as f64,
        1 => 1.0 / (1.0 + 1e-3 * (i - 1) as f64),
        2 => 1e-3 * i as f64,
        _ => -1e-3 * (i - 1) as f64,
    })
}

/// Node k reads one of the nodes before it and one of the inputs: products and sums in turn. Written out over a period, so that
/// handles stand in locals as in a program, and not in an array.
fn record<'t>(inputs: Var<'t>, nodes: usize) -> Var<'t> {
    let x: [Var<'t>; LANES] = std::array::from_fn(|i| inputs.at(i));
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = std::array::from_fn(|i| x[i]);
    for _ in 0..nodes / PERIOD {
        a = b * x[0];
        b = e + x[2];
        c = d * x[4];
        d = g + x[6];
        e = f * x[8];
        f = a + x[10];
        g = h * x[12];
        h = c + x[14];
        a = b * x[1];
        b = e + x[3];
        c = d * x[5];
        d = g + x[7];
        e = f * x[9];
        f = a + x[11];
        g = h * x[13];
        h = c + x[15];
    }
    a + b + c + d + e + f + g + h
}

/// The same arithmetic by hand: values kept in a vector, the adjoint of each added to its two operands'.
struct ByHand {
    values: Vec<f64>,
    adjoints: Vec<f64>,
    operands: Vec<(u32, u32)>,
}

impl ByHand {
    fn new(nodes: usize) -> Self {
        let total = LANES + nodes + 7;
        let mut hand =
            ByHand { values: vec![0.0; total], adjoints: vec![0.0; total], operands: Vec::with_capacity(nodes + 7) };
        hand.plan(nodes);
        hand
    }

    /// Which slots each node reads: known to whoever writes the loop, so not part of the time.
    fn plan(&mut self, nodes: usize) {
        let mut ring: [u32; 8] = std::array::from_fn(|i| i as u32);
        let mut next = LANES as u32;
        let mut push = |a: u32, b: u32| {
            self.operands.push((a, b));
            next += 1;
            next - 1
        };
        for k in 0..nodes / 2 {
            let (i, j) = (2 * k % 8, (2 * k + 1) % 8);
            ring[i] = push(ring[(i + 1) % 8], (4 * k % LANES + k / 4 % 2) as u32);
            ring[j] = push(ring[(j + 3) % 8], (4 * k % LANES + 2 + k / 4 % 2) as u32);
        }
        let mut sum = ring[0];
        for &end in &ring[1..] {
            sum = push(sum, end);
        }
    }

    fn forward(&mut self, inputs: &[f64; LANES], nodes: usize) {
        self.values[..LANES].copy_from_slice(inputs);
        for (i, &(a, b)) in self.operands.iter().enumerate() {
            let (x, y) = (self.values[a as usize], self.values[b as usize]);
            self.values[LANES + i] = if i < nodes && i % 2 == 0 { x * y } else { x + y };
        }
    }

    fn reverse(&mut self, nodes: usize) {
        self.adjoints.fill(0.0);
        let last = self.adjoints.len() - 1;
        self.adjoints[last] = 1.0;
        for (i, &(a, b)) in self.operands.iter().enumerate().rev() {
            let g = self.adjoints[LANES + i];
            let (a, b) = (a as usize, b as usize);
            if i < nodes && i % 2 == 0 {
                self.adjoints[a] += g * self.values[b];
                self.adjoints[b] += g * self.values[a];
            } else {
                self.adjoints[a] += g;
                self.adjoints[b] += g;
            }
        }
    }
}

/// Prints the table.
pub(crate) fn run() {
    println!("scalar binary nodes (f64, products and sums in turn); ns per node, medians of interleaved runs");
    println!(
        "{:>10}  {:>7} {:>7} {:>7}   {:>7} {:>7} {:>7}   {:>6}  {:>10}",
        "nodes", "record", "reverse", "both", "hand fw", "hand rv", "both", "ratio", "bytes/node"
    );
    for nodes in [1_024, 102_400, 10_240_000] {
        one_size(nodes);
    }
    println!("bytes/node: steps and values of the tape, and the adjoint, over all nodes");
}

fn one_size(nodes: usize) {
    let at = inputs();
    let mut hand = ByHand::new(nodes);
    hand.forward(&at, nodes);
    hand.reverse(nodes);

    // Gradients are compared before anything is timed.
    let kept = Tape::new();
    let x = kept.inputs(&at);
    let y = record(x, nodes);
    let mut gradients = y.backward();
    for (ours, theirs) in gradients.values_wrt(x).iter().zip(&hand.adjoints) {
        assert!((ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0), "gradients differ: {ours} {theirs}");
    }
    let bytes = (kept.bytes() + std::mem::size_of_val(gradients.adjoints())) as f64 / kept.len() as f64;

    let mut tape = Tape::new();
    let (rounds, slice) =
        if nodes > 1_000_000 { (5, Duration::from_millis(50)) } else { (15, Duration::from_millis(20)) };
    let hand = std::cell::RefCell::new(hand);
    let times = medians(
        &mut [
            Box::new(|| {
                tape.clear();
                let x = tape.inputs(&at);
                black_box(record(x, nodes));
            }),
            Box::new(|| {
                y.backward_into(&mut gradients).expect("a single number");
                black_box(gradients.adjoints()[0]);
            }),
            Box::new(|| hand.borrow_mut().forward(black_box(&at), nodes)),
            Box::new(|| hand.borrow_mut().reverse(black_box(nodes))),
        ],
        rounds,
        slice,
    );
    let [record, reverse, forward, back] = [0, 1, 2, 3].map(|i| times[i] * 1e9 / nodes as f64);
    println!(
        "{nodes:>10}  {record:>7.2} {reverse:>7.2} {:>7.2}   {forward:>7.2} {back:>7.2} {:>7.2}   {:>6.2}  {bytes:>10.1}",
        record + reverse,
        forward + back,
        (record + reverse) / (forward + back)
    );
}
