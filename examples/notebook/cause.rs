//! Where the hand-derived side and the tape part first.

use wengert_inspect::{Diff, Reference, Tolerance, Trace};

use super::hand::Network;

/// The diff of the tape and the formulas derived by hand, if a number differs.
pub(crate) fn cause(trace: &Trace, by_hand: &Network) -> Option<String> {
    let mut reference = Reference::new();
    for (layer, name) in by_hand.iter().zip(["hidden", "output"]) {
        for (j, neuron) in layer.iter().enumerate() {
            let z = format!("{name}/{j}.z");
            reference
                .value(&z, neuron.z)
                .delta(&z, neuron.delta)
                .value(format!("{name}/{j}.output"), neuron.output);
        }
    }
    let diff = Diff::new(trace, &reference)
        .titles("from the tape", "by hand")
        .tolerance(Tolerance::relative(1e-13));
    (!diff.findings().agree()).then(|| diff.to_string())
}
