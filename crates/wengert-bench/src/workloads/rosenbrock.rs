//! W5a: Rosenbrock's function of many variables in scalar code.

use wengert::{Tape, Var};

use crate::compare::same_gradient;
use crate::compiled::Compiled;
use crate::hand::rosenbrock::value_and_gradient;
use crate::numbers::Numbers;
use crate::source::rosenbrock::value_and_gradient as written;
use crate::timing::Contender;
use crate::workload::{About, Aim, Contenders, Fact, Measure, Mode, Unit, Workload};

/// The function of this many variables.
pub(crate) struct Rosenbrock {
    pub(crate) id: &'static str,
    pub(crate) variables: usize,
    pub(crate) reference: &'static str,
}

/// 100,000 variables, 800,000 operations.
pub(crate) const LARGE: Rosenbrock = Rosenbrock {
    id: "W5a",
    variables: 100_000,
    reference: "hand 0.037; casadi replay 2.8, codipack 3.0, adept 3.5, xad 4.3, stan 6.3; vectorised: torch compile 0.45, jax 0.50",
};

/// 126 variables, 1,000 operations.
pub(crate) const SMALL: Rosenbrock = Rosenbrock {
    id: "W5a-1000",
    variables: 126,
    reference: "hand 0.031; codipack 2.6, casadi 2.9, adept 3.1, reverse 3.5, xad 3.9",
};

/// What a term of the sum records, and the addition to the sum.
const OPERATIONS: usize = 8;

fn term<'t>(x: Var<'t>, next: Var<'t>) -> Var<'t> {
    100.0 * (next - x.square()).square() + (1.0 - x).square()
}

fn record(x: Var<'_>) -> Var<'_> {
    let mut sum = term(x.at(0), x.at(1));
    for i in 1..x.len() - 1 {
        sum += term(x.at(i), x.at(i + 1));
    }
    sum
}

/// The gradient of 126 variables as Rust, as it is committed.
#[cfg(test)]
pub(crate) fn text() -> String {
    let tape = Tape::new();
    let x = tape.input([0.0; SMALL.variables]).named("x");
    Compiled::gradient(record(x).named("y"), x, &[x]).text("value_and_gradient")
}

impl Workload for Rosenbrock {
    fn about(&self) -> About {
        let operations = OPERATIONS * (self.variables - 1);
        About {
            id: self.id.to_owned(),
            what: format!(
                "Rosenbrock, {} variables, {operations} scalar operations, f64",
                self.variables
            ),
            threads: 1,
            unit: Unit::ns("ns/op", operations),
            aims: [Some(Aim::Ratio(90.0)), Some(Aim::Ratio(70.0)), Some(Aim::Ratio(3.0))],
            aims_below: [None, Some(Aim::Ratio(3.0))],
            reference: self.reference,
        }
    }

    fn run(&self, measure: Measure<'_>) {
        let at = Numbers::seeded(5).take(self.variables, 1.2);
        let mut gradient = vec![0.0; self.variables];
        let value = value_and_gradient(&at, &mut gradient);

        let mut tape = Tape::new();
        let kept = Tape::new();
        let x = kept.input(&at);
        let y = record(x);
        let mut gradients = y.backward();
        same_gradient("tape", &gradients.values_wrt(x), &gradient, 1e-10);
        let mut compiled = Compiled::gradient(y, x, &[x]);
        compiled.run(&[&at]);
        same_gradient("compiled", &compiled.result(), &gradient, 1e-10);
        let mut jit = compiled.jit();
        jit.run(&[&at]);
        same_gradient("jit", &jit.result(), &gradient, 1e-10);
        same_gradient("value", &[y.value()], &[value], 1e-10);
        let bytes = (kept.bytes() + size_of_val(gradients.adjoints())) as f64 / kept.len() as f64;

        let small: Option<[f64; SMALL.variables]> = at[..].try_into().ok();
        let mut of_written = [0.0; SMALL.variables];
        if let Some(at) = &small {
            let found = written(at, &mut of_written);
            same_gradient("written", &of_written, &gradient, 1e-10);
            same_gradient("written value", &[found], &[value], 1e-10);
        }

        let mut facts = vec![Fact { mode: Mode::Recorded, unit: "bytes/node", value: bytes }];
        facts.extend(compiled.facts());
        facts.extend(jit.facts());
        measure(Contenders {
            hand: Box::new(|| {
                std::hint::black_box(value_and_gradient(std::hint::black_box(&at), &mut gradient));
            }),
            modes: [
                Some(Box::new(|| {
                    tape.clear();
                    std::hint::black_box(record(tape.input(&at)).backward().adjoints()[0]);
                })),
                Some(Box::new(|| {
                    kept.replay(&[(x, &at)]).expect("there is no guard");
                    y.backward_into(&mut gradients).expect("a single number");
                })),
                Some(Box::new(|| compiled.run(&[&at]))),
            ],
            below: [
                small.as_ref().map(|at| -> Contender<'_> {
                    Box::new(|| {
                        std::hint::black_box(written(std::hint::black_box(at), &mut of_written));
                    })
                }),
                Some(Box::new(|| jit.run(&[&at]))),
            ],
            facts,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Rosenbrock, SMALL};
    use crate::workloads::tests::sets_up;

    #[test]
    fn hand_and_tape_agree() {
        // No variable with two neighbours, some, a whole block of them, and one more.
        for variables in [2, 3, 7, 34, 35, 126] {
            sets_up(&Rosenbrock { variables, ..SMALL });
        }
    }
}
