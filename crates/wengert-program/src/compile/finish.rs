//! The last stage: kernels, inputs, outputs, guards and feeds, by their places.

use std::collections::HashMap;
use std::sync::Arc;

use super::ask::searched;
use super::{Kept, Placed, Planned, Recorded};
use crate::Numerics;
use crate::access::{Access, Dims};
use crate::assemble::Assembler;
use crate::faults::{FaultGuard, Seen};
use crate::graph::Block;
use crate::group::Plan;
use crate::ids::{Id, Place as At, Slot};
use crate::memory::Places;
use crate::op::Op as TapeOp;
use crate::recipe::{self, Asked as Sought, LONGEST, Recipe};
use crate::report::Report;
use crate::request::Request;
use crate::run::{Answer, Computed, Feed, Float, Guard, Inner, InputInfo, Output, Program};
use crate::shape::Shape;
use crate::{folds, listing, output_placement, products};
use wengert_ops::run::View;
use wengert_tape::{NodeId, faults};

impl<S: Float> Recorded<'_, '_, S> {
    fn inputs(
        &self,
        plan: &Plan<S>,
        blocks: &[Block],
        places: &Places,
        count: usize,
    ) -> Vec<InputInfo> {
        // A block that is named through a view of all of it goes by that name.
        let mut whole: HashMap<(u32, usize), &str> = HashMap::new();
        for name in self.side.names.list.iter().rev() {
            let facts = self.side.layouts.facts(name.view.layout());
            if facts.contiguous {
                whole.insert((name.view.start(), facts.len), &name.path);
            }
        }
        let of = |(block, &run): (&Block, &crate::ids::RunId)| {
            let id = NodeId::at(block.slot?.index() as u32);
            let name = whole.get(&(id.slot() as u32, block.len));
            let rows = self
                .compiler
                .rows
                .as_ref()
                .filter(|rows| rows.is_per_row(block))
                .map_or(1, |_| count);
            Some(InputInfo {
                id,
                label: name.map_or_else(|| id.to_string(), |&name| name.to_owned()),
                shape: self.compiler.tape.node(id).map(|node| node.shape).unwrap_or_default(),
                start: places.at(plan.line.start(run)).index(),
                len: block.len,
                rows,
            })
        };
        blocks.iter().zip(&plan.blocks).filter_map(of).collect()
    }

    /// The places of a view of leaves.
    fn places_of(&self, view: View, inputs: &[InputInfo]) -> (Access<At>, Dims) {
        let layout = self.side.layouts.get(view.layout());
        let slots =
            Access::Strided { start: products::start(view), strides: products::strides(layout) };
        let input = |slot: Slot| {
            inputs
                .iter()
                .rev()
                .find(|input| input.id.slot() <= slot.index())
                .expect("leaves are inputs")
        };
        let one = |first: Slot, last: Slot| {
            let input = input(first);
            let (from, to) = (Slot::new(input.id.slot()), At::new(input.start));
            (last.index() < input.id.slot() + input.len).then_some((from, to, 1))
        };
        let each = |slot: Slot| At::new(input(slot).start + slot.index() - input(slot).id.slot());
        (slots.moved(layout.dims(), one, each), Dims::from_slice(layout.dims()))
    }
}

impl<S: Float> Placed<S> {
    pub(super) fn program(self, recorded: &Recorded<'_, '_, S>, mut report: Report) -> Program<S> {
        let (
            compiler,
            &Planned { ref plan, count, ref blocks, ref stages, ref kept, ref feeds, .. },
        ) = (recorded.compiler, &self.planned);
        let places = |kept: &Kept| self.places.access(&kept.access, &kept.dims);
        let answer = |(kept, (request, shape)): (&Kept, &(Request, Shape))| Answer {
            access: places(kept),
            dims: kept.dims.clone(),
            shape: if kept.per_row { rows_of(count, shape) } else { shape.clone() },
            is_gradient: matches!(request, Request::Gradient { .. }),
            per_row: kept.per_row,
        };
        let outputs: Vec<Answer> = kept.iter().zip(&compiler.requests).map(answer).collect();
        let sides: Vec<Vec<At>> =
            kept[outputs.len()..].iter().map(|kept| places(kept).numbers(&kept.dims)).collect();
        let guards = recorded.side.guards.iter().zip(sides.chunks(2)).enumerate().map(
            |(index, (guard, sides))| Guard {
                index,
                comparison: guard.comparison,
                outcome: guard.outcome,
                labels: [guard.left, guard.right].map(|slot| compiler.tape.side_label(slot)),
                places: [sides[0].clone(), sides[1].clone()],
                at: guard.place,
            },
        );
        let guards = guards.collect();
        let looked_at = sides[2 * recorded.side.guards.len()..].iter();
        let kept_of = kept[outputs.len() + 2 * recorded.side.guards.len()..].iter();
        let mut seen = looked_at.zip(kept_of);
        let faults = recorded.side.faults.iter().map(|check| {
            let wide = &recorded.side.wides[check.wide];
            let TapeOp::Structural(op) = wide.op else { unreachable!("others have a result") };
            let shape = |view: View| recorded.side.layouts.get(view.layout()).shape().clone();
            let mut next = |shape: Shape| {
                let (places, kept) = seen.next().expect("every check looks at so many");
                Seen { places: places.clone(), per_row: kept.per_row, shape }
            };
            let result = recorded.side.layouts.get(wide.layout).shape().clone();
            let shown = next(result.clone());
            FaultGuard {
                op,
                attributes: wide.attributes.clone(),
                operand: faults::culprit(recorded.side, wide.operands[0]),
                shape: result,
                shown,
                operands: wide.operands[..searched(wide)].iter().map(|&v| next(shape(v))).collect(),
                at: check.place,
            }
        });
        let faults = faults.collect();
        let inputs = recorded.inputs(plan, blocks, &self.places, count);
        let feed = |&(output, to): &(Output, View)| {
            let (to, dims) = recorded.places_of(to, &inputs);
            Feed { output: output.index as usize, to, dims }
        };
        let feeds = feeds.iter().map(feed).collect();
        let constants = plan
            .constants
            .iter()
            .map(|&(address, number)| (self.places.at(address), number))
            .collect();
        let initial = |input: &InputInfo| {
            let numbers = &recorded.values[input.id.slot()..][..input.len];
            let repeated =
                numbers.iter().flat_map(|&number| std::iter::repeat_n(number, input.rows));
            (input.start, if input.rows == 1 { numbers.to_vec() } else { repeated.collect() })
        };
        let initial = inputs.iter().map(initial).collect();
        let weight =
            compiler.rows.as_ref().map(|_| self.places.at(plan.line.start(plan.blocks[0])).index());
        let listing = listing::of(compiler.tape, plan, stages);
        let homes = output_placement::marks(plan);
        let (fast, level) = (compiler.numerics == Numerics::Fast, compiler.level);
        let assembled = Assembler { plan, places: &self.places, homes, fast, level }
            .run(stages, &self.planned.strips);
        report.tasks = assembled.tasks.len();
        report.workspace_bytes = assembled.len * size_of::<S>();
        let recipe = self.planned.recipe(recorded);
        let inner = Inner {
            guards,
            faults,
            tasks: assembled.tasks,
            in_pieces: assembled.in_pieces,
            len: assembled.len,
            registers: self.places.len,
            numerics: compiler.numerics,
            level: compiler.level,
            walks: assembled.walks,
            constants,
            initial,
            inputs,
            outputs,
            feeds,
            rows: count,
            weight,
            report,
            tape: compiler.tape.identity(),
            tape_made_at: compiler.tape.made_at(),
            id: compiler.id,
            _anchor: Arc::clone(&compiler.anchor),
            computed: Computed::of(recorded.steps, recorded.side),
            listing,
            recipe,
        };
        Program { inner: Arc::new(inner), code: None }
    }
}

impl<S: Float> Planned<S> {
    /// What the program's text is written from.
    fn recipe(self, recorded: &Recorded<'_, '_, S>) -> Option<Box<Recipe<S>>> {
        let (compiler, side) = (recorded.compiler, recorded.side);
        let Planned { plan, stages, kept, in_place, .. } = self;
        // A text has sums of their own.
        let stages = folds::undone(&plan, &stages);
        if plan.instructions.len() > LONGEST {
            return None;
        }
        let names = recipe::names(side);
        let called = |view: View| recipe::called(&names, side, view);
        let asked = compiler.requests.iter().map(|(request, _)| match *request {
            Request::Value(view) => Sought::Value(called(view)),
            Request::Gradient { of, wrt, .. } => {
                Sought::Gradient { of: called(of), wrt: called(wrt) }
            }
        });
        let asked = asked.collect();
        let kept = kept.into_iter().map(|kept| (kept.access, kept.dims)).collect();
        let (numerics, has_weights) = (compiler.numerics, compiler.rows.is_some());
        Some(Box::new(Recipe { plan, stages, kept, in_place, asked, names, numerics, has_weights }))
    }
}

/// A shape with the rows in front.
fn rows_of(count: usize, shape: &Shape) -> Shape {
    std::iter::once(count).chain(shape.dims().iter().copied()).collect::<Vec<usize>>().into()
}
