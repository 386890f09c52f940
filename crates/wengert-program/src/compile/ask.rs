//! The first stage: the tape, its sweeps and what is asked for, as a graph.

use std::collections::BTreeMap;

use super::{Asked, Recorded};
use crate::Numerics;
use crate::access::{Access, Dims, TooLarge};
use crate::derive::Sweep;
use crate::graph::{Kind, Op, Source};
use crate::ids::{Id, Slot, Value};
use crate::lower::Lowered;
use crate::op::Op as TapeOp;
use crate::passes::Root;
use crate::products;
use crate::request::{Request, Standing};
use crate::run::Float;
use crate::shape::Layout;
use crate::sym::Builder;
use wengert_ops::run::{View, Wide};
use wengert_tape::internals::FaultCheck;

impl<S: Float> Recorded<'_, '_, S> {
    /// Writes the graph.
    pub(super) fn ask(&self) -> Result<Asked<S>, TooLarge> {
        let builder = Builder::new(self.compiler.numerics == Numerics::Fast);
        // What every row counts for: the seed of its sweep.
        let weight = self.compiler.rows.as_ref().map(|_| builder.graph.borrow_mut().block(None, 1));
        let mut lowered = Lowered::new(self.steps, self.side, &builder);
        let mut standing: Vec<&Standing> = self.compiler.standing.iter().collect();
        standing.sort_by_key(|standing| standing.leaf.start());
        for standing in standing {
            lowered.write_until(Some(products::start(standing.leaf)), self.values);
            let sweep = sweep(&lowered, standing.of, &[standing.wrt], weight);
            let root = self.gradient(&lowered, &sweep, standing.wrt, weight.is_some());
            lowered.stand_for(&root.dims, &root.access);
        }
        lowered.write_until(None, self.values);
        // One sweep for every number that is differentiated, whatever it is differentiated by.
        let key = |of: View| (of.start(), of.is_cut());
        let mut wanted: BTreeMap<(u32, bool), (View, Vec<View>)> = BTreeMap::new();
        for (request, _) in &self.compiler.requests {
            if let Request::Gradient { of, wrt, .. } = *request {
                wanted.entry(key(of)).or_insert((of, Vec::new())).1.push(wrt);
            }
        }
        let swept: BTreeMap<(u32, bool), Sweep<'_, '_, S>> = wanted
            .into_iter()
            .map(|(key, (of, wrt))| (key, sweep(&lowered, of, &wrt, weight)))
            .collect();
        let outputs = self.compiler.requests.iter().map(|(request, _)| match *request {
            Request::Value(view) => {
                let layout = lowered.layout(view);
                let access = lowered.read_layout(products::start(view), layout);
                Root { dims: Dims::from_slice(layout.dims()), access }
            }
            Request::Gradient { of, wrt, per_row } => {
                self.gradient(&lowered, &swept[&key(of)], wrt, weight.is_some() && !per_row)
            }
        });
        let outputs = outputs.collect();
        let side = |slot: u32| Root::number(lowered.at(Slot::new(slot as usize)));
        let guards = self
            .side
            .guards
            .iter()
            .flat_map(|guard| [side(guard.left), side(guard.right)])
            .chain(self.side.faults.iter().flat_map(|check| self.looked_at(&lowered, check)))
            .collect();
        drop(swept);
        drop(lowered);
        let graph = builder.graph.into_inner();
        TooLarge::check(graph.line.len() as u64)?;
        Ok(Asked { graph, outputs, guards })
    }

    /// What shows that a step has no result, and what a fault is found from.
    fn looked_at(&self, lowered: &Lowered<'_, S>, check: &FaultCheck) -> Vec<Root> {
        let wide = &self.side.wides[check.wide];
        let TapeOp::Structural(op) = wide.op else { unreachable!("others have a result") };
        let shown = op.shown(self.side.layouts.get(wide.layout).shape());
        let of = |start: Slot, layout: &Layout| Root {
            dims: Dims::from_slice(layout.dims()),
            access: lowered.read_layout(start, layout),
        };
        let out = Slot::new(wide.out as usize);
        let from = wide.operands[..searched(wide)].iter();
        let from = from.map(|&view| of(products::start(view), lowered.layout(view)));
        std::iter::once(of(out, &shown)).chain(from).collect()
    }

    /// The derivatives by a view, summed over the rows if there are any and it does not depend on
    /// them.
    fn gradient(
        &self,
        lowered: &Lowered<'_, S>,
        sweep: &Sweep<'_, '_, S>,
        wrt: View,
        sum: bool,
    ) -> Root {
        let layout = lowered.layout(wrt);
        let graph = &lowered.builder.graph;
        let read = |start: Slot, strides: &[i32], dims: &[usize]| {
            let of_row = |slot: Slot| {
                self.compiler
                    .rows
                    .as_ref()
                    .is_some_and(|rows| rows.holds(self.side, slot.index() as u32))
            };
            let sum = sum && !of_row(start);
            let over_rows = |access: &Access<Value>, dims: &[usize]| {
                if !sum {
                    return access.clone();
                }
                let mut graph = graph.borrow_mut();
                graph.source = Source::adjoint(start);
                match access {
                    Access::Strided { .. } => {
                        graph.run(Op::OverRows, dims, &[], std::slice::from_ref(access))
                    }
                    Access::Listed(list) => Access::of(
                        list.iter().map(|&value| graph.push(Kind::OverRows(value))).collect(),
                        dims,
                    ),
                }
            };
            let zero = || graph.borrow_mut().constant(S::from_f64(0.0));
            let found = sweep.adjoints.read(lowered, (start, strides, dims), &over_rows, &zero);
            found.unwrap_or_else(|| Access::repeated(zero(), dims.len()))
        };
        let (start, strides, dims) =
            (products::start(wrt), products::strides(layout), Dims::from_slice(layout.dims()));
        let slots = Access::Strided { start, strides: strides.clone() };
        let access = match slots.run(&dims, &lowered.line) {
            Some(_) => read(start, &strides, &dims),
            // Neighbouring steps, stacked without a copy.
            None => {
                let each =
                    slots.numbers(&dims).into_iter().map(|slot| read(slot, &[], &[]).first());
                Access::of(each.collect(), &dims)
            }
        };
        Root { dims, access }
    }
}

/// How many operands a fault of a step is found from: pivots are those of the first.
pub(super) fn searched(wide: &Wide) -> usize {
    match wide.op {
        TapeOp::Structural(op) if op.pivots().is_some() => 1,
        _ => wide.operands.len(),
    }
}

/// The sweep of `of` by some views; every row counts for `weight`, or the only one for 1.
fn sweep<'l, 'a, S: Float>(
    lowered: &'l Lowered<'a, S>,
    of: View,
    wrt: &[View],
    weight: Option<Value>,
) -> Sweep<'l, 'a, S> {
    let seed =
        weight.unwrap_or_else(|| lowered.builder.graph.borrow_mut().constant(S::from_f64(1.0)));
    // Nothing passes through a handle that is detached.
    let seed = (!of.is_cut()).then_some((products::start(of), seed));
    Sweep::new(lowered, seed, wrt)
}
