//! From a file to a tape. What is wrong with the file is found here, before anything runs.
//!
//! Steps are recorded through [`Tape::apply`], the one door for operations held as data, which
//! checks operands, shapes and attributes; here stands what it cannot see: elements that are not on
//! the tape, bodies, loops.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use wengert_ops::attributes::{
    self, Attributes, Body, Call, Cond, ExternalPart, Given, Returned, Root, Scan, Snapshots,
};
use wengert_ops::numerics::Numerics;
use wengert_ops::op::{Binary, Comparison, Leaf, Op, Structural, Unary};

use wengert_ops::shape::{Layout, Shape};
use wengert_tape::internals::body_of;
use wengert_tape::{Externals, NodeId, Options, Scalar, Tape, Var};

use crate::bounds::{self, Bounds, Cost};
use crate::error::LoadError;
use crate::form::{self, Keeps, Part, Port, Read, Way};
use crate::number::{Saved, read};

/// The operations by name.
static OPS: LazyLock<HashMap<&'static str, Op>> = LazyLock::new(|| {
    let leaves = [Leaf::Input, Leaf::Param, Leaf::Data, Leaf::Const].map(Op::Leaf).into_iter();
    let unary = Unary::ALL.iter().map(|&op| Op::Unary(op));
    let binary = Binary::ALL.iter().map(|&op| Op::Binary(op));
    let structural = Structural::ALL.iter().map(|&op| Op::Structural(op));
    let all = leaves.chain(unary).chain(binary).chain(structural);
    all.map(|op| (op.name(), op)).collect()
});

pub(crate) fn numerics(way: Way) -> Numerics {
    match way {
        Way::Exact => Numerics::Exact,
        Way::Fast => Numerics::Fast,
    }
}

/// Loads one file.
pub(crate) struct Loading<'a> {
    pub(crate) externals: &'a Externals,
    pub(crate) bounds: Bounds,
    bodies: Vec<Arc<Body>>,
    /// Of the bodies.
    costs: Vec<Cost>,
    /// What the whole file costs so far.
    total: Cost,
}

/// What a list is called in errors.
fn part(of: Option<usize>, node: usize) -> String {
    match of {
        None => format!("node {node}"),
        Some(body) => format!("body {body}, node {node}"),
    }
}

impl<'a> Loading<'a> {
    pub(crate) fn new(externals: &'a Externals, bounds: Bounds) -> Self {
        let (bodies, costs) = (Vec::new(), Vec::new());
        Loading { externals, bounds, bodies, costs, total: Cost::default() }
    }

    /// The tape of a file.
    pub(crate) fn tape<S: Saved>(&mut self, list: &form::List<'_>) -> Result<Tape<S>, LoadError> {
        for (number, body) in list.bodies.iter().enumerate() {
            self.body(number, body, &list.bodies)?;
        }
        let most = usize::try_from(self.bounds.numbers).unwrap_or(usize::MAX);
        let options = Options::default().numerics(numerics(list.numerics)).max_slots(most);
        let tape = Tape::with(options);
        let mut scopes = list.scopes.iter().peekable();
        let mut scope = None;
        for (index, node) in list.nodes.iter().enumerate() {
            while let Some(next) = scopes.next_if(|next| next.from <= tape.slots()) {
                drop(scope.take());
                scope = (!next.path.is_empty()).then(|| tape.scope(&next.path));
            }
            self.node(&tape, (None, index), node, &list.bodies)?;
        }
        drop(scope);
        if scopes.next().is_some() {
            return Err(LoadError::invalid("scopes", "a scope begins past the last node"));
        }
        for (i, name) in list.names.iter().enumerate() {
            let part = format!("name {i}, `{}`", name.path);
            let _ = elements(&tape, &part, &name.of)?.named(&name.path);
        }
        for (i, guard) in list.guards.iter().enumerate() {
            guarded(&tape, &format!("guard {i}"), guard)?;
        }
        Ok(tape)
    }

    /// Records a node.
    fn node<S: Scalar>(
        &mut self,
        tape: &Tape<S>,
        (body, index): (Option<usize>, usize),
        node: &form::Node<'_>,
        forms: &[form::Body<'_>],
    ) -> Result<Cost, LoadError> {
        let part = part(body, index);
        let Some(&op) = OPS.get(&*node.op) else {
            return Err(LoadError::invalid(&part, format!("there is no operation {}", node.op)));
        };
        let before = tape.slots();
        let mut cost = bounds::node(node, forms, &self.costs);
        self.spend(&part, cost)?;
        let refused = |error| LoadError::refused(&part, error);
        match op {
            Op::Leaf(leaf) => {
                self.only(&part, node, &[Field::Shape, Field::Values])?;
                let numbers: Vec<S> = read(&node.values);
                tape.tensor(leaf, &numbers, Shape::from(&node.shape)).map_err(refused)?;
            }
            op => {
                if node.of.is_empty() {
                    return Err(LoadError::invalid(&part, "it reads nothing"));
                }
                let of = node.of.iter().map(|read| elements(tape, &part, read));
                let of = of.collect::<Result<Vec<_>, _>>()?;
                let attributes = self.attributes(&part, op, node, forms)?;
                tape.apply(op, &of, attributes).map_err(refused)?;
            }
        }
        let computed = Cost::of(tape.slots() - before);
        self.spend(&part, computed)?;
        cost.add(computed);
        Ok(cost)
    }

    fn spend(&mut self, part: &str, cost: Cost) -> Result<(), LoadError> {
        self.total.add(cost);
        self.bounds.check(part, self.total)
    }

    /// An error if a node has a field that its operation does not take.
    fn only(&self, part: &str, node: &form::Node<'_>, allowed: &[Field]) -> Result<(), LoadError> {
        let there = [
            (Field::Shape, !node.shape.is_empty(), "shape"),
            (Field::Values, !node.values.is_empty(), "values"),
            (Field::Axes, node.axes.is_some(), "axes"),
            (Field::Positions, node.positions.is_some(), "positions"),
            (Field::Name, node.name.is_some(), "name"),
            (Field::Bodies, !node.bodies.is_empty(), "bodies"),
            (Field::Loop, node.turns.is_some(), "loop"),
            (Field::Part, node.part.is_some(), "part"),
            (Field::Of, !node.of.is_empty(), "of"),
        ];
        match there.into_iter().find(|(field, is, _)| *is && !allowed.contains(field)) {
            None => Ok(()),
            Some((.., name)) => {
                let problem = format!("{} takes no field \"{name}\"", node.op);
                Err(LoadError::invalid(part, problem))
            }
        }
    }

    /// What an operation needs beside its operands.
    fn attributes(
        &self,
        part: &str,
        op: Op,
        node: &form::Node<'_>,
        forms: &[form::Body<'_>],
    ) -> Result<Attributes, LoadError> {
        let wrong = |problem: &str| LoadError::invalid(part, problem);
        let body = |i: usize| {
            let &number = node.bodies.get(i).ok_or_else(|| wrong("it runs more bodies"))?;
            self.bodies.get(number).map(Arc::clone).ok_or_else(|| {
                wrong(&format!("there is no body {number} before it, of {}", forms.len()))
            })
        };
        let bodies = |wanted: std::ops::RangeInclusive<usize>| {
            if wanted.contains(&node.bodies.len()) {
                return Ok(());
            }
            Err(wrong(&format!("{} runs no {} bodies", node.op, node.bodies.len())))
        };
        let name = || node.name.as_deref().ok_or_else(|| wrong("it has no name"));
        let structural = match op {
            Op::Structural(op) => Some(op),
            _ => None,
        };
        match structural {
            Some(Structural::Call) => {
                self.only(part, node, &[Field::Of, Field::Name, Field::Bodies])?;
                bodies(1..=2)?;
                let rule = (node.bodies.len() == 2).then(|| body(1)).transpose()?;
                let call = Call { name: name()?.to_owned(), body: body(0)?, rule };
                checked_rule(&call).map_err(|problem| wrong(&problem))?;
                Ok(Attributes::Call(Arc::new(call)))
            }
            Some(Structural::Scan) => {
                self.only(part, node, &[Field::Of, Field::Bodies, Field::Loop])?;
                bodies(1..=1)?;
                let turns = node.turns.as_ref().ok_or_else(|| wrong("it has no \"loop\""))?;
                let scan = scan(body(0)?, turns).map_err(|problem| wrong(&problem))?;
                Ok(Attributes::Scan(Arc::new(scan)))
            }
            Some(Structural::Cond) => {
                self.only(part, node, &[Field::Of, Field::Bodies])?;
                bodies(2..=2)?;
                let cond = Cond { yes: body(0)?, no: body(1)? };
                if shapes(&cond.yes) != shapes(&cond.no) {
                    return Err(wrong("its branches return different shapes"));
                }
                Ok(Attributes::Cond(Arc::new(cond)))
            }
            Some(Structural::Root) => {
                self.only(part, node, &[Field::Of, Field::Name, Field::Bodies])?;
                bodies(1..=1)?;
                let name = match name()? {
                    "root" => "root",
                    "fixed_point" => "fixed_point",
                    other => return Err(wrong(&format!("an equation is not called {other}"))),
                };
                Ok(Attributes::Root(Arc::new(Root::new(name, body(0)?))))
            }
            Some(Structural::External) => {
                self.only(part, node, &[Field::Of, Field::Name, Field::Part])?;
                let external = self.externals.get(name()?);
                let external = external.map_err(|error| LoadError::refused(part, error))?;
                Ok(external.as_attribute(match node.part {
                    None | Some(Part::Value) => ExternalPart::Value,
                    Some(Part::Pullback) => ExternalPart::Pullback,
                    Some(Part::Pushforward) => ExternalPart::Pushforward,
                }))
            }
            _ => {
                let known = [Field::Of, Field::Axes, Field::Positions, Field::Shape];
                self.only(part, node, &known)?;
                match (&node.axes, &node.positions) {
                    (Some(_), Some(_)) => Err(wrong("it has axes and positions")),
                    (Some(axes), None) => Ok(Attributes::Axes(axes.iter().copied().collect())),
                    (None, Some(positions)) => Ok(Attributes::Positions {
                        positions: positions.as_slice().into(),
                        shape: Shape::from(&node.shape),
                    }),
                    (None, None) => {
                        self.only(part, node, &[Field::Of])?;
                        Ok(Attributes::None)
                    }
                }
            }
        }
    }

    /// A body: recorded on a tape of its own, as bodies are.
    fn body(
        &mut self,
        number: usize,
        body: &form::Body<'_>,
        forms: &[form::Body<'_>],
    ) -> Result<(), LoadError> {
        let name = format!("body {number}");
        let most = usize::try_from(self.bounds.numbers).unwrap_or(usize::MAX);
        let options = Options::default().numerics(Numerics::Exact).max_slots(most);
        let tape: Tape = Tape::with(options);
        let at: Vec<f64> = read(&body.at);
        let mut rest = at.as_slice();
        let mut inputs = Vec::with_capacity(body.inputs.len());
        for dims in &body.inputs {
            let Some((own, others)) = rest.split_at_checked(bounds::len(dims)) else {
                return Err(LoadError::invalid(&name, "\"at\" has fewer numbers than its inputs"));
            };
            rest = others;
            let input = tape.tensor(Leaf::Input, own, Shape::from(dims));
            inputs.push(input.map_err(|error| LoadError::refused(&name, error))?);
        }
        if !rest.is_empty() {
            return Err(LoadError::invalid(&name, "\"at\" has more numbers than its inputs"));
        }
        if !body.constants.is_empty() {
            let numbers: Vec<f64> = read(&body.constants);
            let constants = tape.tensor(Leaf::Data, &numbers, [numbers.len()]);
            constants.map_err(|error| LoadError::refused(&name, error))?;
        }
        let mut cost = Cost::of(tape.slots());
        for (index, node) in body.nodes.iter().enumerate() {
            if OPS.get(&*node.op).is_some_and(|op| op.is_leaf()) {
                let problem = "a body has inputs and constants, and no other leaves";
                return Err(LoadError::invalid(&part(Some(number), index), problem));
            }
            cost.add(self.node(&tape, (Some(number), index), node, forms)?);
        }
        let outputs = body.outputs.iter().map(|read| elements(&tape, &name, read));
        let outputs = outputs.collect::<Result<Vec<_>, _>>()?;
        if outputs.is_empty() {
            return Err(LoadError::invalid(&name, "it returns nothing"));
        }
        for output in &body.outputs {
            cost.add(Cost::of(bounds::len(&output.shape)));
        }
        self.bounds.check(&name, cost)?;
        let body = body_of(&name, &tape, &inputs, &outputs);
        self.bodies.push(Arc::new(body.map_err(|error| LoadError::refused(&name, error))?));
        self.costs.push(cost);
        Ok(())
    }
}

/// The fields of a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Of,
    Shape,
    Values,
    Axes,
    Positions,
    Name,
    Bodies,
    Loop,
    Part,
}

/// The handle of what a file says is read.
pub(crate) fn elements<'t, S: Scalar>(
    tape: &'t Tape<S>,
    part: &str,
    read: &Read,
) -> Result<Var<'t, S>, LoadError> {
    let layout = match &read.strides {
        None => Layout::contiguous(Shape::from(&read.shape)),
        Some(strides) if strides.len() == read.shape.len() => {
            let axes = read.shape.iter().zip(strides).rev();
            axes.fold(Layout::scalar(), |layout, (&len, &stride)| layout.repeat_axis(len, stride))
        }
        Some(strides) => {
            let (axes, strides) = (read.shape.len(), strides.len());
            let problem = format!("it reads {axes} axes with {strides} strides");
            return Err(LoadError::invalid(part, problem));
        }
    };
    let shown = layout.shape().to_string();
    tape.elements(NodeId::at(read.at), layout, read.cut).ok_or_else(|| {
        let problem = format!(
            "it reads shape {shown} from slot {} on, and {} slots are filled before it",
            read.at,
            tape.slots()
        );
        LoadError::invalid(part, problem)
    })
}

/// Records a comparison, which must come out as it did.
fn guarded<S: Scalar>(
    tape: &Tape<S>,
    part: &str,
    guard: &form::Guard<'_>,
) -> Result<(), LoadError> {
    use Comparison::{Eq, Ge, Gt, Le, Lt};
    let known = [Lt, Le, Gt, Ge, Eq].into_iter().find(|known| known.symbol() == guard.is);
    let Some(comparison) = known else {
        return Err(LoadError::invalid(part, format!("there is no comparison {}", guard.is)));
    };
    let side =
        |at: u32| elements(tape, part, &Read { at, cut: false, shape: Vec::new(), strides: None });
    let outcome = side(guard.left)?.try_guard(comparison, side(guard.right)?);
    let outcome = outcome.map_err(|error| LoadError::refused(part, error))?;
    if outcome != guard.outcome {
        let problem = format!("it was {} when saved, and is {outcome} here", guard.outcome);
        return Err(LoadError::invalid(part, problem));
    }
    Ok(())
}

fn shapes(body: &Body) -> Vec<&Shape> {
    body.outputs.iter().map(|output| output.layout.shape()).collect()
}

/// Whether a call's own rule is one of what it calls.
fn checked_rule(call: &Call) -> Result<(), String> {
    let Some(rule) = &call.rule else { return Ok(()) };
    let [output] = call.body.outputs.as_slice() else {
        return Err("what has a rule of its own returns one value".to_owned());
    };
    let shape = output.layout.shape();
    let inputs = call.body.inputs.iter();
    let wanted: Vec<&Shape> = inputs.clone().chain([shape, shape]).collect();
    if rule.inputs.iter().collect::<Vec<_>>() != wanted {
        return Err("its rule takes the operands, the result and a cotangent".to_owned());
    }
    if shapes(rule) != inputs.collect::<Vec<_>>() {
        return Err("its rule returns a cotangent for every operand".to_owned());
    }
    Ok(())
}

fn scan(body: Arc<Body>, turns: &form::Turns) -> Result<Scan, String> {
    if turns.steps == 0 {
        return Err("a loop has at least one step".to_owned());
    }
    if turns.given.len() != body.inputs.len() || turns.returned.len() != body.outputs.len() {
        let (inputs, outputs) = (body.inputs.len(), body.outputs.len());
        return Err(format!("its body has {inputs} inputs and {outputs} outputs"));
    }
    if turns.returned.contains(&Port::Fixed) {
        return Err("what a step returns is a state or a row".to_owned());
    }
    let states = |ports: &[Port], shapes: &[&Shape]| {
        let all = ports.iter().zip(shapes).filter_map(|(port, &shape)| match *port {
            Port::State(k) => Some((k, shape.clone())),
            Port::Row | Port::Fixed => None,
        });
        let mut all: Vec<(usize, Shape)> = all.collect();
        all.sort_unstable_by_key(|&(k, _)| k);
        all
    };
    let inputs: Vec<&Shape> = body.inputs.iter().collect();
    let (given, returned) =
        (states(&turns.given, &inputs), states(&turns.returned, &shapes(&body)));
    if given != returned || !given.iter().enumerate().all(|(i, &(k, _))| i == k) {
        return Err("every state is given once and returned once, of one shape".to_owned());
    }
    let given = turns.given.iter().map(|port| match *port {
        Port::State(k) => Given::Carried(k),
        Port::Row => Given::Row,
        Port::Fixed => Given::Fixed,
    });
    let returned = turns.returned.iter().map(|port| match *port {
        Port::State(k) => Returned::Carried(k),
        Port::Row | Port::Fixed => Returned::Row,
    });
    let snapshots = match turns.keeps {
        None => Snapshots::Auto,
        Some(Keeps::All) => Snapshots::All,
        Some(Keeps::Count(0)) => return Err("a sweep keeps at least one state".to_owned()),
        Some(Keeps::Count(count)) => Snapshots::Count(count),
    };
    let way = (turns.steps, turns.backwards);
    let (given, returned) = (given.collect(), returned.collect());
    Ok(attributes::Scan::new(body, given, returned, way, snapshots))
}
