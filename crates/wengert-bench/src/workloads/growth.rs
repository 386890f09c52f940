//! What a scalar node costs from 1e3 to 1e7 nodes: products and sums in turn, from the nearest
//! cache to memory.

use std::hint::black_box;

use wengert::{Tape, Var};

use crate::compare::same_gradient;
use crate::compiled::Compiled;
use crate::hand::scalars::{LANES, Scalars};
use crate::timing::Contender;
use crate::workload::{About, Aim, Contenders, Fact, Measure, Mode, Unit, Workload};

/// The pattern of operands repeats after as many nodes.
const PERIOD: usize = 16;

/// Numbers that keep the walk bounded: factors near 1 in pairs of inverses, steps near 0 in pairs
/// of opposites.
fn inputs() -> [f64; LANES] {
    std::array::from_fn(|i| match i % 4 {
        0 => 1.0 + 1e-3 * i as f64,
        1 => 1.0 / (1.0 + 1e-3 * (i - 1) as f64),
        2 => 1e-3 * i as f64,
        _ => -1e-3 * (i - 1) as f64,
    })
}

/// Node k reads one of the nodes before it and one of the inputs: products and sums in turn.
/// Written out over a period, so that handles stand in locals as in a program, and not in an array.
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

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Values alone.
    Forward,
    /// Values and adjoints.
    Both,
}

/// A walk of so many nodes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Growth {
    /// `1e3`
    pub(crate) name: &'static str,
    /// A multiple of the period of the pattern.
    pub(crate) nodes: usize,
    pub(crate) part: Part,
}

/// The sizes of the table; the last takes a second to set up.
pub(crate) const SIZES: [(&str, usize); 5] =
    [("1e3", 1_008), ("1e4", 10_000), ("1e5", 100_000), ("1e6", 1_000_000), ("1e7", 10_000_000)];

/// More nodes are not compiled: it would take longer than all other rows together.
const COMPILED: usize = 1_000_000;

impl Workload for Growth {
    fn about(&self) -> About {
        let (id, what) = match self.part {
            Part::Forward => (format!("nodes-{}-fw", self.name), "values alone"),
            Part::Both => (format!("nodes-{}", self.name), "values and adjoints"),
        };
        About {
            id,
            what: format!("{} scalar nodes, products and sums in turn, f64, {what}", self.nodes),
            threads: 1,
            unit: Unit::ns("ns/node", self.nodes),
            aims: match (self.nodes == COMPILED, self.part) {
                (true, Part::Both) => {
                    [Some(Aim::Value(2.5)), Some(Aim::Value(2.2)), Some(Aim::Value(2.0))]
                }
                _ => [None; 3],
            },
            aims_below: [
                None,
                (self.nodes == COMPILED && self.part == Part::Both).then_some(Aim::Value(1.2)),
            ],
            reference: "",
        }
    }

    fn run(&self, measure: Measure<'_>) {
        let at = inputs();
        let mut hand = Scalars::new(self.nodes);
        hand.forward(&at);
        let gradient = hand.reverse().to_vec();

        let kept = Tape::new();
        let x = kept.input(at);
        let y = record(x, self.nodes);
        let mut gradients = y.backward();
        same_gradient("tape", &gradients.values_wrt(x), &gradient, 1e-9);
        let bytes = kept.bytes()
            + if self.part == Part::Both { size_of_val(gradients.adjoints()) } else { 0 };
        let mut facts = vec![Fact {
            mode: Mode::Recorded,
            unit: "bytes/node",
            value: bytes as f64 / kept.len() as f64,
        }];

        let compiled = (self.nodes <= COMPILED).then(|| {
            let mut compiled = match self.part {
                Part::Forward => Compiled::value(y, &[x]),
                Part::Both => Compiled::gradient(y, x, &[x]),
            };
            compiled.run(&[&at]);
            match self.part {
                Part::Forward => same_gradient("compiled", &compiled.result(), &[y.value()], 1e-9),
                Part::Both => same_gradient("compiled", &compiled.result(), &gradient, 1e-9),
            }
            facts.extend(compiled.facts());
            compiled
        });
        let jit = compiled.as_ref().map(|compiled| {
            let mut jit = compiled.jit();
            jit.run(&[&at]);
            same_gradient("jit", &jit.result(), &compiled.result(), 1e-12);
            facts.extend(jit.facts());
            jit
        });
        let (mut tape, both) = (Tape::new(), self.part == Part::Both);
        measure(Contenders {
            hand: Box::new(|| {
                hand.forward(black_box(&at));
                if both {
                    black_box(hand.reverse());
                }
            }),
            modes: [
                Some(Box::new(|| {
                    tape.clear();
                    let y = black_box(record(tape.input(at), self.nodes));
                    if both {
                        black_box(y.backward().adjoints()[0]);
                    }
                })),
                Some(Box::new(|| {
                    kept.replay(&[(x, &at)]).expect("there is no guard");
                    if both {
                        y.backward_into(&mut gradients).expect("a single number");
                    }
                })),
                compiled
                    .map(|mut compiled| Box::new(move || compiled.run(&[&at])) as Contender<'_>),
            ],
            below: [None, jit.map(|mut jit| Box::new(move || jit.run(&[&at])) as Contender<'_>)],
            facts,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Growth, Part};
    use crate::workloads::tests::sets_up;

    #[test]
    fn hand_and_tape_agree() {
        for part in [Part::Forward, Part::Both] {
            sets_up(&Growth { name: "160", nodes: 160, part });
        }
    }
}
