//! What the notebook prints, cell by cell, as constants, and the settings that its cells are run
//! with.
//!
//! `tests/notebook_transcript.rs` holds every constant against the text of the notebook, so a digit
//! can't slip here.

#![allow(
    dead_code,
    reason = "the example and each test that include this file use their own part of it"
)]

/// Weights by layer and neuron, the bias last.
pub(crate) type Weights = &'static [&'static [&'static [f64]]];

/// A neuron as cells 6 and 10 print it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PrintedNeuron {
    /// One weight per input, then the bias.
    pub(crate) weights: &'static [f64],
    /// `sigmoid(z)`.
    pub(crate) output: f64,
    /// `-dL/dz`, with `L = 1/2 sum (target - output)^2`.
    pub(crate) delta: f64,
}

/// Cell 1: the 2-1-2 network, drawn after `seed(1)`. Cell 3 prints it again, unchanged by a forward
/// pass.
pub(crate) const CELL_1_WEIGHTS: Weights = &[
    &[&[0.13436424411240122, 0.8474337369372327, 0.763774618976614]],
    &[&[0.2550690257394217, 0.49543508709194095], &[0.4494910647887381, 0.651592972722763]],
];

/// Cell 4: the row of the first forward pass, without the `None` in the place of the label.
pub(crate) const CELL_4_ROW: [f64; 2] = [1.0, 0.0];

/// Cell 4: the outputs of the first forward pass.
pub(crate) const CELL_4_OUTPUTS: [f64; 2] = [0.6629970129852887, 0.7253160725279748];

/// Cell 6: the target of the first backward pass.
pub(crate) const CELL_6_EXPECTED: [f64; 2] = [0.0, 1.0];

/// Cell 6: the 2-1-2 network after one forward and one backward pass.
pub(crate) const CELL_6: &[&[PrintedNeuron]] = &[
    &[PrintedNeuron {
        weights: &[0.13436424411240122, 0.8474337369372327, 0.763774618976614],
        output: 0.7105668883115941,
        delta: -0.002711797799238243,
    }],
    &[
        PrintedNeuron {
            weights: &[0.2550690257394217, 0.49543508709194095],
            output: 0.6629970129852887,
            delta: -0.14813473120687762,
        },
        PrintedNeuron {
            weights: &[0.4494910647887381, 0.651592972722763],
            output: 0.7253160725279748,
            delta: 0.05472601157879688,
        },
    ],
];

/// Cell 8: two inputs and a class.
pub(crate) const CELL_8_DATASET: [([f64; 2], usize); 10] = [
    ([2.7810836, 2.550537003], 0),
    ([1.465489372, 2.362125076], 0),
    ([3.396561688, 4.400293529], 0),
    ([1.38807019, 1.850220317], 0),
    ([3.06407232, 3.005305973], 0),
    ([7.627531214, 2.759262235], 1),
    ([5.332441248, 2.088626775], 1),
    ([6.922596716, 1.77106367], 1),
    ([8.675418651, -0.242068655], 1),
    ([7.673756466, 3.508563011], 1),
];

/// Cell 9: the learning rate.
pub(crate) const CELL_9_L_RATE: f64 = 0.02;

/// Cell 9: the number of epochs, so that epoch 5000 is the last and is printed.
pub(crate) const CELL_9_N_EPOCH: usize = 5001;

/// Cell 9: the weights of the 2-2-2 network before training, drawn after the `seed(1)` of cell 8.
///
/// The notebook does not print them; they are CPython's (`tests/oracle/initial_weights.py`).
pub(crate) const CELL_9_INITIAL_WEIGHTS: Weights = &[
    &[
        &[0.13436424411240122, 0.8474337369372327, 0.763774618976614],
        &[0.2550690257394217, 0.49543508709194095, 0.4494910647887381],
    ],
    &[
        &[0.651592972722763, 0.7887233511355132, 0.0938595867742349],
        &[0.02834747652200631, 0.8357651039198697, 0.43276706790505337],
    ],
];

/// Cell 9: the printed lines of the training.
pub(crate) const CELL_9_LINES: [&str; 51] = [
    ">epoch=0, lrate=0.020, error=6.697",
    ">epoch=100, lrate=0.020, error=4.299",
    ">epoch=200, lrate=0.020, error=3.007",
    ">epoch=300, lrate=0.020, error=2.037",
    ">epoch=400, lrate=0.020, error=1.415",
    ">epoch=500, lrate=0.020, error=1.020",
    ">epoch=600, lrate=0.020, error=0.754",
    ">epoch=700, lrate=0.020, error=0.570",
    ">epoch=800, lrate=0.020, error=0.444",
    ">epoch=900, lrate=0.020, error=0.356",
    ">epoch=1000, lrate=0.020, error=0.293",
    ">epoch=1100, lrate=0.020, error=0.247",
    ">epoch=1200, lrate=0.020, error=0.212",
    ">epoch=1300, lrate=0.020, error=0.185",
    ">epoch=1400, lrate=0.020, error=0.163",
    ">epoch=1500, lrate=0.020, error=0.146",
    ">epoch=1600, lrate=0.020, error=0.131",
    ">epoch=1700, lrate=0.020, error=0.119",
    ">epoch=1800, lrate=0.020, error=0.109",
    ">epoch=1900, lrate=0.020, error=0.101",
    ">epoch=2000, lrate=0.020, error=0.093",
    ">epoch=2100, lrate=0.020, error=0.087",
    ">epoch=2200, lrate=0.020, error=0.081",
    ">epoch=2300, lrate=0.020, error=0.076",
    ">epoch=2400, lrate=0.020, error=0.072",
    ">epoch=2500, lrate=0.020, error=0.068",
    ">epoch=2600, lrate=0.020, error=0.064",
    ">epoch=2700, lrate=0.020, error=0.061",
    ">epoch=2800, lrate=0.020, error=0.058",
    ">epoch=2900, lrate=0.020, error=0.055",
    ">epoch=3000, lrate=0.020, error=0.053",
    ">epoch=3100, lrate=0.020, error=0.050",
    ">epoch=3200, lrate=0.020, error=0.048",
    ">epoch=3300, lrate=0.020, error=0.046",
    ">epoch=3400, lrate=0.020, error=0.045",
    ">epoch=3500, lrate=0.020, error=0.043",
    ">epoch=3600, lrate=0.020, error=0.041",
    ">epoch=3700, lrate=0.020, error=0.040",
    ">epoch=3800, lrate=0.020, error=0.039",
    ">epoch=3900, lrate=0.020, error=0.037",
    ">epoch=4000, lrate=0.020, error=0.036",
    ">epoch=4100, lrate=0.020, error=0.035",
    ">epoch=4200, lrate=0.020, error=0.034",
    ">epoch=4300, lrate=0.020, error=0.033",
    ">epoch=4400, lrate=0.020, error=0.032",
    ">epoch=4500, lrate=0.020, error=0.031",
    ">epoch=4600, lrate=0.020, error=0.030",
    ">epoch=4700, lrate=0.020, error=0.030",
    ">epoch=4800, lrate=0.020, error=0.029",
    ">epoch=4900, lrate=0.020, error=0.028",
    ">epoch=5000, lrate=0.020, error=0.027",
];

/// Cell 10: the 2-2-2 network after training.
///
/// `output` and `delta` belong to the last row of the last epoch, from *before* the last update of
/// the weights.
pub(crate) const CELL_10: &[&[PrintedNeuron]] = &[
    &[
        PrintedNeuron {
            weights: &[-1.9544732139957548, 2.704321541499767, 1.427507893789529],
            output: 0.016593738310259763,
            delta: -0.000252180328244517,
        },
        PrintedNeuron {
            weights: &[1.134364357068215, -1.6866805418327002, -0.3324719515881516],
            output: 0.9208338348540293,
            delta: 0.0005597952940571184,
        },
    ],
    &[
        PrintedNeuron {
            weights: &[4.903406947389829, -2.108155861429033, -1.2721372756183076],
            output: 0.04180758754504879,
            delta: -0.0016747999653304656,
        },
        PrintedNeuron {
            weights: &[-4.566502112347264, 2.615993561526247, 0.8280139001392679],
            output: 0.9593429092162126,
            delta: 0.0015857928993322072,
        },
    ],
];

/// Cell 12: class ("actual") and prediction of every row.
pub(crate) const CELL_12_LINES: [&str; 10] = [
    "실제값=0, 예측값=0",
    "실제값=0, 예측값=0",
    "실제값=0, 예측값=0",
    "실제값=0, 예측값=0",
    "실제값=0, 예측값=0",
    "실제값=1, 예측값=1",
    "실제값=1, 예측값=1",
    "실제값=1, 예측값=1",
    "실제값=1, 예측값=1",
    "실제값=1, 예측값=1",
];
