//! A function held as data: the list of its steps, which calls, loops and branches run.
//!
//! A body is to an operation what a tape is to a program: the steps in the order in which they were
//! recorded, each with the slots that it reads. Its column is filled anew with every run:
//!
//! ```text
//! inputs | constants | results of the steps, in their order
//! ```

use std::fmt;
use std::sync::{Arc, OnceLock};

use smallvec::SmallVec;

use super::{Attributes, External, Limit};
use crate::op::{Binary, Op, Unary};
use crate::shape::{Layout, Shape};

/// A single number of a body's column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// Where it stands.
    pub slot: u32,
    /// Whether it is read without passing a derivative.
    pub cut: bool,
}

/// Elements of a body's column: what a step reads, or the body returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Elements {
    /// The first slot.
    pub start: u32,
    /// Whether they are read without passing a derivative.
    pub cut: bool,
    /// Where they lie from the first slot on.
    pub layout: Layout,
}

/// A step that fills a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What it computes.
    pub op: Op,
    /// What it reads.
    pub operands: SmallVec<[Elements; 3]>,
    /// What it needs beside its operands.
    pub attributes: Attributes,
    /// The shape of its result.
    pub shape: Shape,
}

/// A step of a body. Its result stands in the slots after the last step's.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A function of one number.
    Unary(Unary, Number),
    /// A function of two numbers.
    Binary(Binary, Number, Number),
    /// A run, of any operation.
    Run(Box<Run>),
}

/// How a body is differentiated. Whoever records bodies says it; the operations that run them ask.
pub trait Differentiate: Sync {
    /// The vector-Jacobian product: of the inputs, then one cotangent for each output, the
    /// cotangents of all inputs. An input of which `accumulated` is set has a further input at the
    /// end, in their order, to which its cotangent is added.
    fn pullback(&self, body: &Body, accumulated: &[bool]) -> Body;

    /// The Jacobian-vector product: of the inputs, then a tangent for each of them, the outputs and
    /// then the tangents of all outputs.
    fn pushforward(&self, body: &Body) -> Body;

    /// The one output, and its Jacobian by the first input as a further one: a row for each element
    /// of the output.
    fn linearised(&self, body: &Body) -> Body;
}

/// A function held as data.
pub struct Body {
    /// The shapes of the inputs.
    pub inputs: Vec<Shape>,
    /// The numbers of the inputs that it was recorded at. Its steps do not depend on them.
    pub at: Vec<f64>,
    /// The numbers after the inputs.
    pub constants: Vec<f64>,
    /// The steps.
    pub steps: Vec<Step>,
    /// What is returned.
    pub outputs: Vec<Elements>,
    /// How it is differentiated.
    pub differentiate: &'static dyn Differentiate,
    derived: Derived,
    facts: Facts,
}

/// What follows from the steps.
#[derive(Default)]
struct Facts {
    limit: Option<Limit>,
    externals: Vec<Arc<External>>,
    can_fail: bool,
}

impl Facts {
    fn of(steps: &[Step]) -> Self {
        let mut facts = Facts::default();
        for step in steps {
            let Step::Run(run) = step else { continue };
            if let Op::Structural(op) = run.op {
                facts.can_fail |= op.can_fail(&run.attributes);
            }
            for external in run.attributes.externals() {
                if !facts.externals.contains(external) {
                    facts.externals.push(Arc::clone(external));
                }
            }
            let passing = (0..run.operands.len()).filter(|&i| !run.operands[i].cut);
            let limits = passing.filter_map(|i| run.attributes.limit(run.operands.len(), i));
            facts.limit = Limit::least(facts.limit.into_iter().chain(limits));
        }
        facts
    }
}

/// The derivatives of a body, found when they are asked for.
#[derive(Default)]
struct Derived {
    pullback: OnceLock<Arc<Body>>,
    pushforward: OnceLock<Arc<Body>>,
}

impl Body {
    /// A body of these parts.
    #[must_use]
    pub fn new(
        (inputs, at): (Vec<Shape>, Vec<f64>),
        constants: Vec<f64>,
        steps: Vec<Step>,
        outputs: Vec<Elements>,
        differentiate: &'static dyn Differentiate,
    ) -> Self {
        let (derived, facts) = (Derived::default(), Facts::of(&steps));
        Body { inputs, at, constants, steps, outputs, differentiate, derived, facts }
    }

    /// How often it can be differentiated; any number of times if nothing is said.
    #[must_use]
    pub fn limit(&self) -> Option<&Limit> {
        self.facts.limit.as_ref()
    }

    /// Whether a step of it may have no result for some numbers.
    #[must_use]
    pub fn can_fail(&self) -> bool {
        self.facts.can_fail
    }

    /// The functions of plain numbers that it runs, each once.
    #[must_use]
    pub fn externals(&self) -> &[Arc<External>] {
        &self.facts.externals
    }

    /// How many numbers its inputs are.
    #[must_use]
    pub fn input_len(&self) -> usize {
        self.at.len()
    }

    /// How many numbers its outputs are.
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.outputs.iter().map(|output| output.layout.len()).sum()
    }

    /// The slots of its column.
    #[must_use]
    pub fn slots(&self) -> usize {
        let runs = self.steps.iter().map(|step| match step {
            Step::Run(run) => run.shape.len(),
            Step::Unary(..) | Step::Binary(..) => 1,
        });
        self.input_len() + self.constants.len() + runs.sum::<usize>()
    }

    /// Its vector-Jacobian product, as [`Differentiate::pullback`] has it.
    #[must_use]
    pub fn pullback(&self) -> Arc<Body> {
        let none = vec![false; self.inputs.len()];
        let derive = || Arc::new(self.differentiate.pullback(self, &none));
        Arc::clone(self.derived.pullback.get_or_init(derive))
    }

    /// Its Jacobian-vector product, as [`Differentiate::pushforward`] has it.
    #[must_use]
    pub fn pushforward(&self) -> Arc<Body> {
        let derive = || Arc::new(self.differentiate.pushforward(self));
        Arc::clone(self.derived.pushforward.get_or_init(derive))
    }

    /// The same steps with other outputs.
    #[must_use]
    pub fn returning(&self, outputs: Vec<Elements>) -> Body {
        Body::new(
            (self.inputs.clone(), self.at.clone()),
            self.constants.clone(),
            self.steps.clone(),
            outputs,
            self.differentiate,
        )
    }

    /// Input `i` as elements of the column.
    #[must_use]
    pub fn input(&self, i: usize) -> Elements {
        let start: usize = self.inputs[..i].iter().map(Shape::len).sum();
        let layout = Layout::contiguous(self.inputs[i].clone());
        Elements { start: start as u32, cut: false, layout }
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        self.inputs == other.inputs
            && self.constants.len() == other.constants.len()
            && self.constants.iter().zip(&other.constants).all(|(a, b)| a.to_bits() == b.to_bits())
            && self.steps == other.steps
            && self.outputs == other.outputs
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (inputs, outputs) = (self.inputs.len(), self.outputs.len());
        write!(f, "Body({inputs} inputs, {} steps, {outputs} outputs)", self.steps.len())
    }
}
