//! The gradient alone: the adjoints of the parameters.

use std::collections::HashSet;
use std::fmt;

use crate::columns::{Columns, signed};
use crate::compare::Tolerance;
use crate::header;
use crate::trace::{Slot, Trace};

/// The adjoints of all parameters, a line for every number, keyed by path: the gradient as a text
/// for review and for snapshots.
///
/// The header states the loss, the shapes of the parameters, the digits and the tolerance.
/// Parameters are the leaves made by `param` and `params`; if there is none, the leaves made by
/// `input` and `inputs`. Ten digits, no slot numbers.
///
/// # Examples
///
/// ```
/// use wengert_inspect::{ParameterTable, Trace};
///
/// let tape = wengert::Tape::new();
/// let (x, w) = (tape.data([1.0, 0.0]).named("x"), tape.param([0.5, -0.25]).named("w"));
/// let loss = w.dot(x).square().named("L");
/// let trace = Trace::of(&loss.backward())?;
/// assert_eq!(ParameterTable::new(&trace).to_string(), "\
/// ## loss: L = 0.25
/// ## shapes: w [2]
/// ## adjoint: dL/dv
/// ## numbers: 10 significant digits, compared with rtol=1e-9 atol=1e-15
/// path   adjoint
/// w[0]   1
/// w[1]   zero: x[1] = 0
/// ");
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
#[derive(Clone, Debug)]
pub struct ParameterTable<'a> {
    trace: &'a Trace,
    caption: Option<&'a str>,
    tolerance: Tolerance,
}

impl<'a> ParameterTable<'a> {
    /// Of a trace.
    #[must_use]
    pub fn new(trace: &'a Trace) -> Self {
        ParameterTable { trace, caption: None, tolerance: Tolerance::default() }
    }

    /// A line of the header: the formula of the loss.
    #[must_use]
    pub fn caption(mut self, caption: &'a str) -> Self {
        self.caption = Some(caption);
        self
    }

    /// The tolerance that the header states, and by which assertions compare the text.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The trace that it shows.
    #[must_use]
    pub fn trace(&self) -> &'a Trace {
        self.trace
    }
}

impl Trace {
    /// The numbers that are to be trained, in order: of leaves made by `param` and `params`; if
    /// there is none, of those made by `input` and `inputs`.
    #[must_use]
    pub fn parameters(&self) -> Vec<Slot> {
        let of = |op: &str| -> Vec<Slot> {
            let nodes = self.nodes().iter().enumerate().filter(|(_, node)| node.op == op);
            nodes.flat_map(|(index, _)| self.slots_of(index)).collect()
        };
        let params = of("param");
        if params.is_empty() { of("input") } else { params }
    }
}

impl fmt::Display for ParameterTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters = self.trace.parameters();
        let (mut shapes, mut seen): (Vec<String>, HashSet<&str>) = (Vec::new(), HashSet::new());
        for &slot in &parameters {
            let label = self.trace.label_of(slot);
            // The parts of a block may take turns: weights and bias of each neuron.
            if seen.insert(label.path) {
                let shape = if label.shape.is_empty() {
                    String::new()
                } else {
                    format!(" {:?}", label.shape)
                };
                shapes.push(label.path.to_owned() + &shape);
            }
        }
        let shapes = format!(
            "shapes: {}",
            if shapes.is_empty() { "no parameters".to_owned() } else { shapes.join(", ") }
        );
        let caption =
            self.caption.map_or_else(|| shapes.clone(), |caption| format!("{caption}\n{shapes}"));
        header::write(
            f,
            self.trace,
            Some(&format!("{caption}\nadjoint: dL/dv")),
            self.tolerance,
            false,
        )?;
        let mut columns = Columns::default();
        columns.row(["path", " adjoint"].map(str::to_owned));
        for slot in parameters {
            columns.row([self.trace.label(slot), signed(&self.trace.adjoint(slot).to_string())]);
        }
        write!(f, "{columns}")
    }
}
