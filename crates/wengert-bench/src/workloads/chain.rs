//! W5b: a chain of `sin`, `exp` and `ln`: mostly the cost of these functions.

use std::hint::black_box;

use wengert::{Tape, Var};

use crate::compare::same_gradient;
use crate::compiled::Compiled;
use crate::hand;
use crate::workload::{About, Aim, Contenders, Measure, Unit, Workload};

/// So many rounds of `sin`, `exp`, `ln`.
pub(crate) struct Chain {
    pub(crate) rounds: usize,
}

/// A million operations.
pub(crate) const MILLION: Chain = Chain { rounds: 333_333 };

const AT: f64 = 0.7;

fn record(x: Var<'_>, rounds: usize) -> Var<'_> {
    let mut y = x;
    for _ in 0..rounds {
        y = y.sin().exp().ln();
    }
    y
}

impl Workload for Chain {
    fn about(&self) -> About {
        About {
            id: "W5b".to_owned(),
            what: format!("chain of {} sin, exp, ln, f64", 3 * self.rounds),
            threads: 1,
            unit: Unit::ns("ns/op", 3 * self.rounds),
            aims: [Some(Aim::Ratio(1.4)), Some(Aim::Ratio(1.3)), Some(Aim::Ratio(1.1))],
            aims_below: [None, Some(Aim::Ratio(1.1))],
            reference: "hand 7.2; codipack 8.8, adept 8.8, xad 9.4, jax scan 10.5, reverse 14.6",
        }
    }

    fn run(&self, measure: Measure<'_>) {
        let mut chain = hand::chain::Chain::new(self.rounds);
        let (value, derivative) = chain.value_and_derivative(AT);
        let mut tape = Tape::new();
        let kept = Tape::new();
        let x = kept.input(AT);
        let y = record(x, self.rounds);
        let mut gradients = y.backward();
        same_gradient("tape", &[y.value(), gradients.wrt(x)], &[value, derivative], 1e-9);
        let mut compiled = Compiled::gradient(y, x, &[x]);
        compiled.run(&[&[AT]]);
        same_gradient("compiled", &compiled.result(), &[derivative], 1e-9);
        let mut jit = compiled.jit();
        jit.run(&[&[AT]]);
        same_gradient("jit", &jit.result(), &[derivative], 1e-9);

        let mut facts = compiled.facts();
        facts.extend(jit.facts());
        measure(Contenders {
            hand: Box::new(|| {
                black_box(chain.value_and_derivative(black_box(AT)));
            }),
            modes: [
                Some(Box::new(|| {
                    tape.clear();
                    black_box(record(tape.input(AT), self.rounds).backward().adjoints()[0]);
                })),
                Some(Box::new(|| {
                    kept.replay(&[(x, &[AT])]).expect("there is no guard");
                    y.backward_into(&mut gradients).expect("a single number");
                })),
                Some(Box::new(|| compiled.run(&[&[AT]]))),
            ],
            below: [None, Some(Box::new(|| jit.run(&[&[AT]])))],
            facts,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Chain;
    use crate::workloads::tests::sets_up;

    #[test]
    fn hand_and_tape_agree() {
        sets_up(&Chain { rounds: 50 });
    }
}
