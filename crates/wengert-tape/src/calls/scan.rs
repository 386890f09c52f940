//! Loops: a body recorded once, run any number of times.

use std::fmt;
use std::sync::Arc;

use wengert_ops::attributes::{self, Given, Returned, Snapshots};

use super::record_body;
use crate::attributes::Attributes;
use crate::error::{Error, Place};
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::Shape;
use crate::var::Var;

const NAME: &str = "scan";

/// A loop about to be recorded: `sₜ₊₁, yₜ = f(sₜ, xₜ, p)`.
///
/// The **states** s are carried from step to step, the **rows** x are read one a step, the
/// **fixed** inputs p are the same in every step. The body is recorded once, whatever the number of
/// steps; the loop is one node. A reverse sweep goes through the steps from the last to the first,
/// and keeps as few states as [`snapshots`](Scan::snapshots) says. JAX calls this a `scan`.
///
/// # Examples
///
/// Compound interest, and what it owes to the rate and to each payment:
///
/// ```
/// use wengert::{Scan, Tape};
/// let tape = Tape::new();
/// let (rate, payments) = (tape.input(0.1), tape.input([100.0, 50.0]));
/// let balance = tape.constant(1000.0);
/// let scan = Scan::new()
///     .state(balance)
///     .rows(payments)
///     .fixed(rate)
///     .record(|step| {
///         let next = step.state(0) * (1.0 + step.fixed(0)) + step.row(0);
///         step.next([next]).with([next])
///     })?;
/// let last = scan.state(0);
/// assert_eq!(last.value(), (1000.0 * 1.1 + 100.0) * 1.1 + 50.0);
/// assert_eq!(scan.rows(0).values(), [1200.0, 1370.0]);
/// let gradients = last.backward();
/// assert_eq!(gradients.values_wrt(payments), [1.1, 1.0]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[must_use = "nothing is recorded before record"]
pub struct Scan<'t, S: Scalar = f64> {
    inputs: Vec<(Given, Var<'t, S>)>,
    states: usize,
    steps: Option<usize>,
    backwards: bool,
    snapshots: Snapshots,
}

impl<S: Scalar> Default for Scan<'_, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'t, S: Scalar> Scan<'t, S> {
    /// A loop without inputs yet.
    pub fn new() -> Self {
        let (inputs, snapshots) = (Vec::new(), Snapshots::default());
        Scan { inputs, states: 0, steps: None, backwards: false, snapshots }
    }

    /// A state, with its value before the first step.
    pub fn state(mut self, first: Var<'t, S>) -> Self {
        self.inputs.push((Given::Carried(self.states), first));
        self.states += 1;
        self
    }

    /// A run whose first axis is the steps: each step reads its own row.
    pub fn rows(mut self, rows: Var<'t, S>) -> Self {
        self.inputs.push((Given::Row, rows));
        self
    }

    /// An input that is the same in every step.
    pub fn fixed(mut self, input: Var<'t, S>) -> Self {
        self.inputs.push((Given::Fixed, input));
        self
    }

    /// The number of steps, which rows say otherwise.
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = Some(steps);
        self
    }

    /// Reads and writes rows from the last to the first.
    pub fn backwards(mut self) -> Self {
        self.backwards = true;
        self
    }

    /// How many states a reverse sweep keeps; all of a short loop, and about twice the root of the
    /// number of steps of a long one, if nothing is said.
    pub fn snapshots(mut self, keep: Snapshots) -> Self {
        self.snapshots = keep;
        self
    }

    /// Records the body at the first step's numbers, and the loop as one node.
    ///
    /// # Errors
    ///
    /// [`Error::Body`] if the number of steps is not known, differs between rows or is 0; if there
    /// is no state and no row; if the body branches on a number, returns a variable of another
    /// tape, or returns another number of states than there are, or one of another shape;
    /// [`Error::TwoTapes`]; [`Error::Full`].
    #[track_caller]
    pub fn record(
        self,
        body: impl for<'b> FnOnce(Step<'b, S>) -> Turn<'b, S>,
    ) -> Result<Scanned<'t, S>, Error> {
        let place = Place::caller();
        let problem = |problem: String| Error::Body { name: NAME.to_owned(), problem, at: place };
        let steps = self.count().map_err(problem)?;
        let Some(&(_, first)) = self.inputs.first() else {
            return Err(problem("a loop has at least one input".to_owned()));
        };
        let tape = first.tape;
        let given: Vec<Given> = self.inputs.iter().map(|&(given, _)| given).collect();
        let at = self.first_step(steps)?;
        let (states, mut returned) = (self.states, Vec::new());
        let recorded = record_body(NAME, &at, |_, vars| {
            let inputs = given.iter().copied().zip(vars.iter().copied()).collect();
            let turn = body(Step { inputs });
            if turn.states.len() != states {
                let found = turn.states.len();
                return Err(problem(format!("the body returns {found} states of {states}")));
            }
            for (k, (next, before)) in
                turn.states.iter().zip(Step::states(&given, vars)).enumerate()
            {
                if next.shape() != before.shape() {
                    return Err(problem(format!(
                        "state {k} has shape {} before a step and {} after it",
                        before.shape(),
                        next.shape()
                    )));
                }
            }
            returned = (0..states).map(Returned::Carried).collect();
            returned.extend(turn.rows.iter().map(|_| Returned::Row));
            Ok(turn.states.into_iter().chain(turn.rows).collect())
        })?;
        let way = (steps, self.backwards);
        let scan = Arc::new(attributes::Scan::new(recorded, given, returned, way, self.snapshots));
        let operands: Vec<Var<'t, S>> = self.inputs.iter().map(|&(_, var)| var).collect();
        let attributes = Attributes::Scan(Arc::clone(&scan));
        let run = tape.record_call(Structural::Scan, &operands, attributes)?;
        Ok(Scanned { run, scan, states })
    }

    /// The number of steps.
    fn count(&self) -> Result<usize, String> {
        let rows = self.inputs.iter().filter(|(given, _)| *given == Given::Row);
        let mut steps = self.steps;
        for (_, rows) in rows {
            let Some(&extent) = rows.shape().dims().first() else {
                return Err(format!("{}rows are a single number, which has no rows", rows.whose()));
            };
            if *steps.get_or_insert(extent) != extent {
                let known = steps.unwrap_or_default();
                return Err(format!(
                    "{}rows are {extent}, and the loop has {known} steps",
                    rows.whose()
                ));
            }
        }
        match steps {
            None => Err("the number of steps is not known: give rows, or call steps(n)".to_owned()),
            Some(0) => Err("a loop has at least one step".to_owned()),
            Some(steps) => Ok(steps),
        }
    }

    /// The shapes and the numbers of what the first step is given.
    fn first_step(&self, steps: usize) -> Result<Vec<(Shape, Vec<S>)>, Error> {
        let row = if self.backwards { steps - 1 } else { 0 };
        let of = |&(given, var): &(Given, Var<'t, S>)| {
            let var = if given == Given::Row { var.try_at(row)? } else { var };
            Ok((var.shape(), var.values()))
        };
        self.inputs.iter().map(of).collect()
    }
}

/// A step of a loop, as its body is given it.
pub struct Step<'b, S: Scalar = f64> {
    inputs: Vec<(Given, Var<'b, S>)>,
}

impl<'b, S: Scalar> Step<'b, S> {
    /// The states of a body's inputs, by number.
    fn states<'a>(
        given: &'a [Given],
        vars: &'a [Var<'b, S>],
    ) -> impl Iterator<Item = Var<'b, S>> + 'a {
        let is_state = |given: &Given| matches!(given, Given::Carried(_));
        given.iter().zip(vars).filter(move |(given, _)| is_state(given)).map(|(_, &var)| var)
    }

    #[track_caller]
    fn find(&self, what: &str, i: usize, is: impl Fn(Given) -> bool) -> Var<'b, S> {
        let found = self.inputs.iter().filter(|(given, _)| is(*given)).nth(i);
        match found {
            Some(&(_, var)) => var,
            None => panic!("scan: the loop has no {what} {i}"),
        }
    }

    /// State `i`, in the order in which they were given.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    #[track_caller]
    pub fn state(&self, i: usize) -> Var<'b, S> {
        self.find("state", i, |given| matches!(given, Given::Carried(_)))
    }

    /// This step's row of rows `i`.
    ///
    /// # Panics
    ///
    /// If there are none.
    #[must_use]
    #[track_caller]
    pub fn row(&self, i: usize) -> Var<'b, S> {
        self.find("rows", i, |given| given == Given::Row)
    }

    /// Fixed input `i`.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    #[track_caller]
    pub fn fixed(&self, i: usize) -> Var<'b, S> {
        self.find("fixed input", i, |given| given == Given::Fixed)
    }

    /// The states after this step.
    pub fn next(&self, states: impl IntoIterator<Item = Var<'b, S>>) -> Turn<'b, S> {
        Turn { states: states.into_iter().collect(), rows: Vec::new() }
    }
}

/// What a step of a loop returns: the next states, and rows to collect.
#[must_use = "a body returns it"]
pub struct Turn<'b, S: Scalar = f64> {
    states: Vec<Var<'b, S>>,
    rows: Vec<Var<'b, S>>,
}

impl<'b, S: Scalar> Turn<'b, S> {
    /// The same, with rows that the loop collects.
    pub fn with(mut self, rows: impl IntoIterator<Item = Var<'b, S>>) -> Self {
        self.rows.extend(rows);
        self
    }
}

/// A recorded loop.
pub struct Scanned<'t, S: Scalar = f64> {
    run: Var<'t, S>,
    scan: Arc<attributes::Scan>,
    states: usize,
}

impl<'t, S: Scalar> Scanned<'t, S> {
    /// State `i` after the last step.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[must_use]
    #[track_caller]
    pub fn state(&self, i: usize) -> Var<'t, S> {
        assert!(i < self.states, "scan: the loop has no state {i}");
        self.scan.part(self.run, i)
    }

    /// The rows `i` that the steps collected: their first axis is the steps.
    ///
    /// # Panics
    ///
    /// If there are none.
    #[must_use]
    #[track_caller]
    pub fn rows(&self, i: usize) -> Var<'t, S> {
        let o = self.states + i;
        assert!(o < self.scan.returned.len(), "scan: the loop collects no rows {i}");
        self.scan.part(self.run, o)
    }

    /// The node: the states after the last step, then the rows, one after the other.
    #[must_use]
    pub fn node(&self) -> Var<'t, S> {
        self.run
    }
}

impl<S: Scalar> fmt::Debug for Scan<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scan({} inputs)", self.inputs.len())
    }
}

impl<S: Scalar> fmt::Debug for Step<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Step({} inputs)", self.inputs.len())
    }
}

impl<S: Scalar> fmt::Debug for Turn<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Turn({} states, {} rows)", self.states.len(), self.rows.len())
    }
}

impl<S: Scalar> fmt::Debug for Scanned<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scanned({} steps)", self.scan.steps)
    }
}
