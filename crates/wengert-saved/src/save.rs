//! From a tape to a file.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use wengert_ops::attributes::{
    Attributes, Body, Elements, ExternalPart, Given, Returned, Scan, Snapshots, Step,
};
use wengert_ops::numerics::Numerics;
use wengert_ops::op::Op;
use wengert_ops::shape::Layout;
use wengert_tape::{Tape, internals};

use crate::form::{self, Keeps, Part, Port, Read, Turns, Way};
use crate::number::{Saved, written};

pub(crate) fn way(numerics: Numerics) -> Way {
    match numerics {
        Numerics::Exact => Way::Exact,
        Numerics::Fast => Way::Fast,
    }
}

/// A tape as a file has it.
pub(crate) fn list<S: Saved>(tape: &Tape<S>) -> form::List<'static> {
    let values = tape.all_values();
    let mut bodies = Bodies::default();
    let mut scopes: Vec<form::Scope<'static>> = Vec::new();
    let mut nodes = Vec::with_capacity(tape.len());
    for node in tape.nodes() {
        let path = tape.scope_of(node.id);
        if scopes.last().map_or("", |scope| &scope.path) != path {
            scopes.push(form::Scope { from: node.id.slot(), path: path.into() });
        }
        let of = node.operands.iter().map(|edge| read(edge.start.slot(), &edge.layout, edge.cut));
        let mut to = form::Node { of: of.collect(), ..bodies.step(node.op, &node.attributes) };
        if node.op.is_leaf() {
            to.shape = node.shape.dims().to_vec();
            to.values = written(&values[node.slots()]);
        }
        nodes.push(to);
    }
    let names = tape.names().into_iter().map(|name| form::Name {
        path: name.path.into(),
        of: read(name.start.slot(), &name.layout, false),
    });
    let guards = tape.guards().into_iter().map(|guard| form::Guard {
        left: guard.left.slot() as u32,
        is: guard.comparison.symbol().into(),
        right: guard.right.slot() as u32,
        outcome: guard.outcome,
    });
    form::List {
        numerics: way(tape.numerics()),
        bodies: bodies.list,
        nodes,
        names: names.collect(),
        scopes,
        guards: guards.collect(),
    }
}

pub(crate) fn read(start: usize, layout: &Layout, cut: bool) -> Read {
    let strides = (!layout.is_contiguous()).then(|| layout.strides().to_vec());
    Read { at: start as u32, cut, shape: layout.dims().to_vec(), strides }
}

/// The bodies met so far, each once, those that it runs before it.
#[derive(Default)]
struct Bodies {
    list: Vec<form::Body<'static>>,
    known: HashMap<*const Body, usize>,
}

impl Bodies {
    /// A step but for its operands.
    fn step(&mut self, op: Op, attributes: &Attributes) -> form::Node<'static> {
        let mut node = form::Node { op: Cow::Borrowed(op.name()), ..form::Node::default() };
        match attributes {
            Attributes::Axes(axes) => node.axes = Some(axes.to_vec()),
            Attributes::Positions { positions, shape } => {
                node.positions = Some(positions.to_vec());
                node.shape = shape.dims().to_vec();
            }
            Attributes::Call(call) => {
                node.name = Some(call.name.clone().into());
                node.bodies = std::iter::once(&call.body)
                    .chain(&call.rule)
                    .map(|body| self.number(body))
                    .collect();
            }
            Attributes::Scan(scan) => {
                node.bodies = vec![self.number(&scan.body)];
                node.turns = Some(turns(scan));
            }
            Attributes::Cond(cond) => {
                node.bodies = [&cond.yes, &cond.no].map(|body| self.number(body)).to_vec();
            }
            Attributes::Root(root) => {
                node.name = Some(root.name.into());
                node.bodies = vec![self.number(&root.body)];
            }
            Attributes::External(external, part) => {
                node.name = Some(external.key().to_owned().into());
                node.part = match part {
                    ExternalPart::Value => None,
                    ExternalPart::Pullback => Some(Part::Pullback),
                    ExternalPart::Pushforward => Some(Part::Pushforward),
                };
            }
            // The list of attributes is open to the crates beyond the engine alone.
            _ => {}
        }
        node
    }

    fn number(&mut self, body: &Arc<Body>) -> usize {
        if let Some(&number) = self.known.get(&Arc::as_ptr(body)) {
            return number;
        }
        let elements = |of: &Elements| read(of.start as usize, &of.layout, of.cut);
        let number = |of: &wengert_ops::attributes::Number| {
            read(of.slot as usize, &Layout::scalar(), of.cut)
        };
        let mut nodes = Vec::with_capacity(body.steps.len());
        for step in &body.steps {
            nodes.push(match step {
                Step::Unary(op, x) => form::Node {
                    of: vec![number(x)],
                    ..self.step(Op::Unary(*op), &Attributes::None)
                },
                Step::Binary(op, x, y) => form::Node {
                    of: vec![number(x), number(y)],
                    ..self.step(Op::Binary(*op), &Attributes::None)
                },
                Step::Run(run) => form::Node {
                    of: run.operands.iter().map(elements).collect(),
                    ..self.step(run.op, &run.attributes)
                },
            });
        }
        self.list.push(form::Body {
            inputs: body.inputs.iter().map(|shape| shape.dims().to_vec()).collect(),
            at: written(&body.at),
            constants: written(&body.constants),
            nodes,
            outputs: body.outputs.iter().map(elements).collect(),
        });
        self.known.insert(Arc::as_ptr(body), self.list.len() - 1);
        self.list.len() - 1
    }
}

fn turns(scan: &Scan) -> Turns {
    let given = scan.given.iter().map(|given| match *given {
        Given::Carried(k) => Port::State(k),
        Given::Row => Port::Row,
        Given::Fixed => Port::Fixed,
    });
    let returned = scan.returned.iter().map(|returned| match *returned {
        Returned::Carried(k) => Port::State(k),
        Returned::Row => Port::Row,
    });
    Turns {
        steps: scan.steps,
        backwards: scan.backwards,
        keeps: match scan.snapshots {
            Snapshots::All => Some(Keeps::All),
            Snapshots::Count(count) => Some(Keeps::Count(count)),
            _ => None,
        },
        given: given.collect(),
        returned: returned.collect(),
    }
}

/// What a program was asked for.
pub(crate) fn asked<S: Saved>(
    tape: &Tape<S>,
    asked: &wengert_program::internals::Asked,
) -> form::Asked {
    use wengert_program::internals::AskedOutput;
    let side: std::cell::Ref<'_, internals::Side> = tape.side();
    let view = |view: wengert_ops::run::View| {
        read(view.start() as usize, side.layouts.get(view.layout()), view.is_cut())
    };
    let block = |&slot: &u32| {
        let layout = side.wide_at(slot).map_or(wengert_ops::run::SCALAR, |wide| wide.layout);
        view(wengert_ops::run::View::new(slot, layout))
    };
    let output = |output: &AskedOutput| match *output {
        AskedOutput::Value(of) => form::Output { of: view(of), by: None, per_row: false },
        AskedOutput::Gradient { of, wrt, per_row } => {
            form::Output { of: view(of), by: Some(view(wrt)), per_row }
        }
    };
    let standing = asked.standing.iter().map(|&[of, by, leaf]| form::Standing {
        leaf: view(leaf),
        of: view(of),
        by: view(by),
    });
    form::Asked {
        numerics: way(asked.numerics),
        portable: asked.portable,
        without: asked.without.iter().map(|pass| pass.name().to_owned()).collect(),
        rows: asked.rows.as_ref().map(|(count, blocks)| form::Rows {
            count: *count,
            blocks: blocks.iter().map(block).collect(),
        }),
        standing: standing.collect(),
        outputs: asked.outputs.iter().map(output).collect(),
        feeds: asked
            .feeds
            .iter()
            .map(|&(output, to)| form::Feed { output, to: view(to) })
            .collect(),
    }
}
