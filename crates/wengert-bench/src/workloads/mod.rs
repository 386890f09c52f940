//! The rows of the table: each workload's program as a tape sees it, set beside its gradient by hand.

pub(crate) mod dense;
pub(crate) mod notebook;
pub(crate) mod tiny;

use crate::workload::Workload;

/// Every row, in the table's order.
pub(crate) fn all(_quick: bool) -> Vec<Box<dyn Workload>> {
    vec![
        Box::new(notebook::Notebook),
        Box::new(dense::W2),
        Box::new(dense::W2_THREADS),
        Box::new(dense::W3),
        Box::new(dense::W3_THREADS),
        Box::new(tiny::Tiny),
    ]
}

#[cfg(test)]
mod tests {
    use crate::workload::Workload;

    /// Sets a workload up, which compares its gradients, and lets every contender run.
    pub(crate) fn sets_up(workload: &dyn Workload) {
        let mut ran = 0;
        workload.run(&mut |contenders| {
            for mut contender in contenders.modes.into_iter().flatten().chain([contenders.hand]) {
                contender();
                ran += 1;
            }
        });
        assert!(ran >= 2, "there is nothing beside the hand-written gradient");
    }
}
