//! What the operations that run a body need beside their operands.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::body::Body;

/// A function that is called: one step of the list, whatever it does inside.
#[derive(Debug, PartialEq)]
pub struct Call {
    /// The key by which it is known: in listings, traces and files.
    pub name: String,
    /// What it computes.
    pub body: Arc<Body>,
    /// Its own vector-Jacobian product, if it is not that of the body: of the inputs, the result
    /// and its cotangent, the cotangents of the inputs.
    pub rule: Option<Arc<Body>>,
}

/// What an input of a loop's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// The state of this number: what the last step returned; at first the operand.
    Carried(usize),
    /// A row of the operand: its first axis is the steps.
    Row,
    /// The operand, the same at every step.
    Fixed,
}

/// What an output of a loop's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// The state of this number that the next step is given; the loop returns the last one.
    Carried(usize),
    /// A row of what the loop returns.
    Row,
}

/// How many of a loop's states the reverse sweep keeps. A sweep needs the state before every step,
/// the last first, and runs steps again to find those that it has not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Snapshots {
    /// All while they take at most 64 KiB; of longer loops about twice the root of the number of
    /// steps, for which every step is run once more.
    #[default]
    Auto,
    /// All of them.
    All,
    /// So many, at least one, placed as the algorithm revolve places them: A. Griewank and
    /// A. Walther, Algorithm 799, ACM Transactions on Mathematical Software 26 (2000).
    Count(usize),
}

/// A loop: a body that is run a number of times.
pub struct Scan {
    /// What a step computes.
    pub body: Arc<Body>,
    /// What each of the body's inputs is.
    pub given: Vec<Given>,
    /// What each of the body's outputs is.
    pub returned: Vec<Returned>,
    /// The number of steps.
    pub steps: usize,
    /// Whether rows are read, and written, from the last to the first.
    pub backwards: bool,
    /// How many states a reverse sweep keeps.
    pub snapshots: Snapshots,
    /// The loops that its derivatives are, once they were asked for.
    pub derived: DerivedLoops,
}

/// The loops that a loop's derivatives are.
#[derive(Debug, Default)]
pub struct DerivedLoops {
    /// The same loop, which returns the states before each step too.
    pub with_states: OnceLock<Arc<Scan>>,
    /// The loop that carries cotangents back.
    pub pullback: OnceLock<Arc<Scan>>,
    /// The loop that carries tangents along.
    pub pushforward: OnceLock<Arc<Scan>>,
}

impl PartialEq for Scan {
    fn eq(&self, other: &Self) -> bool {
        (self.steps, self.backwards, self.snapshots)
            == (other.steps, other.backwards, other.snapshots)
            && (&self.given, &self.returned) == (&other.given, &other.returned)
            && self.body == other.body
    }
}

impl fmt::Debug for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scan({} steps of {:?})", self.steps, self.body)
    }
}

/// An equation `f(x, θ) = 0`, to be solved for x.
pub struct Root {
    /// What it is called: `root`, or `fixed_point`.
    pub name: &'static str,
    /// f, of x and of what it depends on.
    pub body: Arc<Body>,
    /// f and its Jacobian by x, once they were asked for.
    pub linearised: OnceLock<Arc<Body>>,
}

impl PartialEq for Root {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.body == other.body
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Root({} of {:?})", self.name, self.body)
    }
}

/// A branch: one of two bodies with the same inputs and outputs.
#[derive(Debug, PartialEq)]
pub struct Cond {
    /// What is run where the condition is not 0.
    pub yes: Arc<Body>,
    /// What is run where it is 0.
    pub no: Arc<Body>,
}
