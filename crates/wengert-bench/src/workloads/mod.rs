//! The rows of the table: each workload's program as a tape sees it, set beside its gradient by
//! hand.

pub(crate) mod chain;
pub(crate) mod dense;
pub(crate) mod gmm;
pub(crate) mod growth;
pub(crate) mod notebook;
pub(crate) mod one_sample;
pub(crate) mod rosenbrock;
pub(crate) mod tiny;

use crate::workload::Workload;

/// Every row, in the table's order; the quick ones only, if asked.
pub(crate) fn all(quick: bool) -> Vec<Box<dyn Workload>> {
    let mut all: Vec<Box<dyn Workload>> = vec![
        Box::new(notebook::Notebook),
        Box::new(dense::W2),
        Box::new(dense::W2_THREADS),
        Box::new(dense::W3),
        Box::new(dense::W3_THREADS),
        Box::new(dense::InExact(dense::W2)),
        Box::new(dense::InExact(dense::W3)),
        Box::new(tiny::Tiny { code: tiny::Code::Layers }),
        Box::new(tiny::Tiny { code: tiny::Code::Scalar }),
        Box::new(rosenbrock::LARGE),
        Box::new(rosenbrock::SMALL),
        Box::new(chain::MILLION),
        Box::new(gmm::adbench(gmm::Code::Tensor)),
        Box::new(gmm::adbench(gmm::Code::Scalar)),
        Box::new(one_sample::digits(one_sample::Code::Scalar)),
        Box::new(one_sample::digits(one_sample::Code::Neurons)),
        Box::new(one_sample::digits(one_sample::Code::Layers)),
    ];
    for (name, nodes) in
        growth::SIZES.into_iter().filter(|&(_, nodes)| !quick || nodes <= 1_000_000)
    {
        for part in [growth::Part::Forward, growth::Part::Both] {
            all.push(Box::new(growth::Growth { name, nodes, part }));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use crate::workload::Workload;

    /// Sets a workload up, which compares its gradients, and lets every contender run.
    pub(crate) fn sets_up(workload: &dyn Workload) {
        let mut ran = 0;
        workload.run(&mut |contenders| {
            let modes = contenders.modes.into_iter().flatten();
            for mut contender in
                modes.chain(contenders.below.into_iter().flatten()).chain([contenders.hand])
            {
                contender();
                ran += 1;
            }
        });
        assert!(ran >= 2, "there is nothing beside the hand-written gradient");
    }
}
