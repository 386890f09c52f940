//! A 784-30-10 sigmoid network, one sample: written in scalar code, with a node a neuron, and with
//! a node a layer.

use std::hint::black_box;

use wengert::{Tape, Var};
use wengert_layers::{Activation, Granularity, Law, Mlp};

use crate::compare::same_gradient;
use crate::compiled::Compiled;
use crate::hand::one_sample::Pass;
use crate::workload::{About, Aim, Contenders, Fact, Measure, Mode, Unit, Workload};

/// How the network is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Neuron by neuron in products and sums.
    Scalar,
    /// A weighted sum is one node.
    Neurons,
    /// A layer's weighted sums are one node.
    Layers,
}

/// A network of three sizes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OneSample {
    pub(crate) sizes: [usize; 3],
    pub(crate) code: Code,
}

/// 784-30-10.
pub(crate) const fn digits(code: Code) -> OneSample {
    OneSample { sizes: [784, 30, 10], code }
}

impl OneSample {
    fn record<'t>(&self, mlp: &Mlp, tape: &'t Tape, x: &[f64], target: &[f64]) -> Recorded<'t> {
        let granularity = match self.code {
            Code::Scalar => {
                let (params, x, target) =
                    (tape.param(mlp.params()), tape.data(x), tape.data(target));
                return Recorded { params, x, loss: scalar(&self.sizes, params, x, target) };
            }
            Code::Neurons => Granularity::PerNeuron,
            Code::Layers => Granularity::PerLayer,
        };
        let bound = mlp.bind(tape, granularity);
        let x = tape.data(x);
        let loss = bound.forward(x).half_squared_error(tape.data(target));
        Recorded { params: bound.params(), x, loss }
    }
}

#[derive(Clone, Copy)]
struct Recorded<'t> {
    params: Var<'t>,
    x: Var<'t>,
    loss: Var<'t>,
}

/// Every product and every sum is a node.
fn scalar<'t>(sizes: &[usize; 3], params: Var<'t>, x: Var<'t>, target: Var<'t>) -> Var<'t> {
    let mut before: Vec<Var<'t>> = (0..sizes[0]).map(|i| x.at(i)).collect();
    let mut at = 0;
    for pair in sizes.windows(2) {
        let &[n, m] = pair else { unreachable!("windows of two") };
        let neuron = |j: usize| {
            let row = at + j * (n + 1);
            let mut z = params.at(row + n);
            for (i, &input) in before.iter().enumerate() {
                z += params.at(row + i) * input;
            }
            z.sigmoid()
        };
        before = (0..m).map(neuron).collect();
        at += m * (n + 1);
    }
    let squares = before.iter().enumerate().map(|(k, &output)| (target.at(k) - output).square());
    0.5 * squares.reduce(|a, b| a + b).expect("there are outputs")
}

impl Workload for OneSample {
    fn about(&self) -> About {
        let [inputs, hidden, outputs] = self.sizes;
        let (id, how, compiled) = match self.code {
            Code::Scalar => ("784-scalar", "scalar code per neuron", Some(Aim::Ratio(1.1))),
            Code::Neurons => ("784-neurons", "a node per neuron", None),
            Code::Layers => ("784-layers", "a node per layer", None),
        };
        let reference = match self.code {
            Code::Scalar => "hand 7.46; codipack 228, a Rust scalar tape 184",
            Code::Neurons => "hand 7.46; a prototype with 16-byte nodes per neuron 7.15",
            Code::Layers => "hand 7.46",
        };
        About {
            id: id.to_owned(),
            what: format!("{inputs}-{hidden}-{outputs}, one sample, f64, {how}"),
            threads: 1,
            unit: Unit::us("us/grad"),
            aims: [None, None, compiled],
            aims_below: [None, None],
            reference,
        }
    }

    fn run(&self, measure: Measure<'_>) {
        let sizes = self.sizes;
        let mlp = Mlp::new(&sizes, Activation::Sigmoid, Law::GlorotUniform.seeded(1))
            .expect("three sizes");
        let x: Vec<f64> = (0..sizes[0]).map(|i| f64::from((i * 37 % 101) as u32) / 101.0).collect();
        let target: Vec<f64> = (0..sizes[2]).map(|i| f64::from(u8::from(i == 3))).collect();
        let mut pass = Pass::new(sizes);
        let mut gradient = vec![0.0; mlp.params().len()];
        pass.gradient(mlp.params(), &x, &target, &mut gradient);

        let mut tape = Tape::new();
        let kept_tape = Tape::new();
        let kept = self.record(&mlp, &kept_tape, &x, &target);
        let mut gradients = kept.loss.backward();
        same_gradient("tape", &gradients.values_wrt(kept.params), &gradient, 1e-10);
        let mut compiled = Compiled::gradient(kept.loss, kept.params, &[kept.x]);
        compiled.run(&[&x]);
        same_gradient("compiled", &compiled.result(), &gradient, 1e-10);
        let mut jit = compiled.jit();
        jit.run(&[&x]);
        same_gradient("jit", &jit.result(), &gradient, 1e-10);
        let bytes = (kept_tape.bytes() + size_of_val(gradients.adjoints())) as f64;

        let mut facts = vec![Fact { mode: Mode::Recorded, unit: "MB", value: bytes / 1e6 }];
        facts.extend(compiled.facts());
        facts.extend(jit.facts());
        measure(Contenders {
            hand: Box::new(|| {
                pass.gradient(black_box(mlp.params()), black_box(&x), &target, &mut gradient)
            }),
            modes: [
                Some(Box::new(|| {
                    tape.clear();
                    black_box(self.record(&mlp, &tape, &x, &target).loss.backward().adjoints()[0]);
                })),
                Some(Box::new(|| {
                    let new: [(Var<'_>, &[f64]); 2] = [(kept.params, mlp.params()), (kept.x, &x)];
                    kept_tape.replay(&new).expect("there is no guard");
                    kept.loss.backward_into(&mut gradients).expect("the loss is a single number");
                })),
                // The parameters stand in the workspace, where whoever moves them moves them:
                // nobody copies the hand-written side's either.
                Some(Box::new(|| compiled.run(&[&x]))),
            ],
            below: [None, Some(Box::new(|| jit.run(&[&x])))],
            facts,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, OneSample};
    use crate::workloads::tests::sets_up;

    #[test]
    fn hand_and_tape_agree() {
        for code in [Code::Scalar, Code::Neurons, Code::Layers] {
            for sizes in [[5, 3, 4], [70, 33, 10]] {
                sets_up(&OneSample { sizes, code });
            }
        }
    }
}
