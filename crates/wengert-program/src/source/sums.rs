//! Sums, sums of products and extremes, each in the order of its index.

use super::error::RustError;
use super::expr::Expr;
use super::loops::Loops;
use super::writer::{Nest, Operand, Store, Tracks, Writer};
use crate::Numerics;
use crate::access::Access;
use crate::graph::Op;
use crate::ids::{Address, InstructionId, RunId};
use crate::op::Binary;
use crate::run::Float;

/// Sums of up to so many terms are one expression.
const FEW: usize = 4;
/// Sums of at least so many terms have lanes, where their order is free.
const LONG: usize = 16;
/// Results side by side, if they are at least so many.
const SIDE_BY_SIDE: usize = 4;

/// A sum or an extremum, ready to be written.
struct Fold<'a> {
    op: Op,
    guarded: bool,
    init: Option<Operand>,
    /// One, or the two factors.
    terms: Vec<Operand>,
    out: Operand,
    run: RunId,
    outer: &'a Loops,
    inner: &'a Loops,
}

impl<S: Float> Writer<'_, S> {
    pub(crate) fn single(&mut self, i: InstructionId) -> Result<(), RustError> {
        let instruction = &self.recipe.plan.instructions[i];
        let (guarded, factors) = match instruction.op {
            // In fast numerics a product follows IEEE where a zero meets an infinity.
            Op::Contract { guarded } => (guarded && self.recipe.numerics == Numerics::Exact, 2),
            Op::Sum | Op::Max | Op::Min => (false, 1),
            Op::Rule(rule) => {
                let operation = self.recipe.plan.rules[rule as usize].op.name();
                return Err(RustError::Instruction { operation, what: "it runs by the rule book" });
            }
            _ => {
                let (operation, what) = ("a sum over rows", "the program takes one row at a time");
                return Err(RustError::Instruction { operation, what });
            }
        };
        self.note(instruction);
        let (path, _) = self.named(i, instruction);
        let (dims, inner) = (&instruction.dims, &instruction.inner);
        let mut tracks = Tracks::default();
        let (run, offset) = self.locate(instruction.out.first());
        let alone =
            self.recipe.plan.line.len_of(run) == 1 && !matches!(self.store[run], Store::Array(_));
        let mut terms = Vec::new();
        for operand in &instruction.operands[..factors] {
            let axes: Vec<usize> = dims.iter().chain(inner).copied().collect();
            terms.push(self.operand(operand, &axes, &mut tracks, &path));
        }
        // What a sum begins with, and its result, do not move along the inner axes.
        let outer_only = |access: &Access<Address>| match access {
            Access::Strided { start, strides } => Access::Strided {
                start: *start,
                strides: strides.iter().copied().chain(inner.iter().map(|_| 0)).collect(),
            },
            listed => listed.repeated_along(dims, inner),
        };
        let axes: Vec<usize> = dims.iter().chain(inner).copied().collect();
        let init = instruction
            .operands
            .get(factors)
            .map(|init| self.operand(&outer_only(init), &axes, &mut tracks, &path));
        let out = match outer_only(&instruction.out) {
            Access::Strided { .. } if alone => {
                Operand::Number(Expr::atom(self.names.unique(&path)))
            }
            Access::Strided { strides, .. } => {
                let array = self.array_of(run, &path);
                let track = tracks.add(strides.iter().map(|&stride| i64::from(stride)));
                Operand::Element { array, start: offset, track }
            }
            Access::Listed(_) => {
                let (operation, what) = ("a sum", "no strides describe its result");
                return Err(RustError::Instruction { operation, what });
            }
        };
        let part = |from: usize, to: usize| -> Vec<Vec<i64>> {
            tracks.all.iter().map(|track| track[from..to].to_vec()).collect()
        };
        let outer = Loops::new(dims, &part(0, dims.len()));
        let inner = Loops::new(inner, &part(dims.len(), axes.len()));
        let fold = Fold {
            op: instruction.op,
            guarded,
            init,
            terms,
            out,
            run,
            outer: &outer,
            inner: &inner,
        };
        if alone {
            self.alone(&fold);
        } else if let Some(lanes) = fold.lanes() {
            self.side_by_side(&fold, lanes);
        } else {
            self.one_by_one(&fold);
        }
        Ok(())
    }

    /// A single number.
    fn alone(&mut self, fold: &Fold<'_>) {
        let Operand::Number(name) = &fold.out else { unreachable!("it has a name") };
        let name = name.text().to_owned();
        if let Some(sum) = fold.written_out().or_else(|| self.in_lanes(fold)) {
            self.body.line(&format!("let {name} = {};", sum.text()));
        } else {
            let nest = Nest { loops: &[fold.outer, fold.inner] };
            self.fold_into(fold, &nest, &name);
        }
        self.store[fold.run] = Store::Number(name);
    }

    /// Results one after the other, each in a variable until it is complete.
    fn one_by_one(&mut self, fold: &Fold<'_>) {
        self.open(fold.outer, 0);
        let nest = Nest { loops: &[fold.outer, fold.inner] };
        let to = Nest { loops: &[fold.outer] }.read(&fold.out);
        if let Some(sum) = fold.written_out().or_else(|| self.in_lanes(fold)) {
            let sum = self.as_stored(fold.run, sum);
            self.body.line(&sum.stored(to.text()));
        } else {
            let name = if matches!(fold.op, Op::Max | Op::Min) { "most" } else { "sum" };
            self.fold_into(fold, &nest, name);
            let sum = self.as_stored(fold.run, Expr::atom(name));
            self.body.line(&sum.stored(to.text()));
        }
        self.close(fold.outer);
    }

    /// A long sum of neighbours, if its order is free: a call of a helper that has lanes.
    fn in_lanes(&mut self, fold: &Fold<'_>) -> Option<Expr> {
        let [inner] = &fold.inner.axes[..] else { return None };
        let sums = matches!(fold.op, Op::Contract { .. } | Op::Sum);
        if self.recipe.numerics == Numerics::Exact || !sums || inner.extent < LONG {
            return None;
        }
        let nest = Nest { loops: &[fold.outer] };
        let slice = |operand: &Operand| match operand {
            Operand::Element { array, start, track } if inner.steps[*track] == 1 => {
                let from = nest.index(*start, *track);
                let to = nest.index(start + inner.extent as i64, *track);
                Some(Expr::atom(format!("&{array}[{from}..{to}]")))
            }
            _ => None,
        };
        let terms: Vec<Expr> = fold.terms.iter().map(slice).collect::<Option<_>>()?;
        let sum = match &terms[..] {
            [x, y] => self.ops.own("dot", &[x, y]),
            _ => self.ops.own("sum_of", &[&terms[0]]),
        };
        Some(match &fold.init {
            Some(init) => nest.read(init).infix('+', &sum),
            None => sum,
        })
    }

    /// `let mut sum = init; for .. { sum += term; }`
    fn fold_into(&mut self, fold: &Fold<'_>, nest: &Nest<'_>, name: &str) {
        let begins = self.begins(fold, &nest.loops[..1]);
        self.body.line(&format!("let mut {name} = {};", begins.text()));
        let outside = fold.outer.axes.len();
        self.open(fold.inner, outside);
        self.add(fold, (nest, &fold.terms[0]), fold.guarded, name);
        self.close(fold.inner);
    }

    /// What a sum begins with: an init, or the sum of nothing; an extremum with its first element.
    fn begins(&mut self, fold: &Fold<'_>, outer: &[&Loops]) -> Expr {
        let nest = Nest { loops: outer };
        match (&fold.init, fold.op) {
            (_, Op::Max | Op::Min) => nest.read(&fold.terms[0]),
            (Some(init), _) => nest.read(init),
            (None, _) if self.ops.number == "f32" => Expr::number("-0.0_f32".to_owned()),
            (None, _) => Expr::number("-0.0".to_owned()),
        }
    }

    /// Adds the term at the loops' indices, whose first factor is given.
    fn add(
        &mut self,
        fold: &Fold<'_>,
        (nest, first): (&Nest<'_>, &Operand),
        guarded: bool,
        to: &str,
    ) {
        let first = nest.read(first);
        let sum = Expr::atom(to);
        let line = match fold.op {
            Op::Max => self.ops.own(Binary::Max.name(), &[&sum, &first]).stored(to),
            Op::Min => self.ops.own(Binary::Min.name(), &[&sum, &first]).stored(to),
            _ => {
                let term = match fold.terms.get(1) {
                    Some(second) => first.infix('*', &nest.read(second)),
                    None => first.clone(),
                };
                sum.infix('+', &term).stored(to)
            }
        };
        if guarded {
            self.body.open(&format!("if {} != 0.0 {{", first.text()));
            self.body.line(&line);
            self.body.close();
        } else {
            self.body.line(&line);
        }
    }

    /// Neighbouring results together, a term of each at a time: the same sums, and loops that
    /// become vectors.
    fn side_by_side(&mut self, fold: &Fold<'_>, lanes: usize) {
        let (before, lane) = (
            Loops { axes: without(&fold.outer.axes, lanes) },
            Loops { axes: vec![fold.outer.axes[lanes].clone()] },
        );
        let outside = before.axes.len();
        self.open(&before, 0);
        self.open(&lane, outside);
        let begins = self.begins(fold, &[&before, &lane]);
        let to = Nest { loops: &[&before, &lane] }.read(&fold.out);
        self.body.line(&begins.stored(to.text()));
        self.close(&lane);
        self.open(fold.inner, outside);
        let nest = Nest { loops: &[&before, fold.inner, &lane] };
        let to = nest.read(&fold.out);
        // A factor that all of them share is read, and looked at, once.
        let shared = match &fold.terms[..] {
            [Operand::Element { track, .. }, _] if lane.axes[0].steps[*track] == 0 => {
                let factor = Nest { loops: &[&before, fold.inner] }.read(&fold.terms[0]);
                self.body.line(&format!("let factor = {};", factor.text()));
                Some(Operand::Number(Expr::atom("factor")))
            }
            _ => None,
        };
        let hoisted = shared.is_some() && fold.guarded;
        if let (Some(Operand::Number(factor)), true) = (&shared, hoisted) {
            self.body.open(&format!("if {} != 0.0 {{", factor.text()));
        }
        self.open(&lane, outside + fold.inner.axes.len());
        let first = shared.as_ref().unwrap_or(&fold.terms[0]);
        self.add(fold, (&nest, first), fold.guarded && !hoisted, to.text());
        self.close(&lane);
        if hoisted {
            self.body.close();
        }
        self.close(fold.inner);
        if self.cleared[fold.run] {
            self.open(&lane, outside);
            let to = Nest { loops: &[&before, &lane] }.read(&fold.out);
            self.body.line(&format!("{} += 0.0;", to.text()));
            self.close(&lane);
        }
        self.close(&before);
    }
}

fn without<T: Clone>(all: &[T], i: usize) -> Vec<T> {
    all.iter().enumerate().filter(|(other, _)| *other != i).map(|(_, one)| one.clone()).collect()
}

impl Fold<'_> {
    /// A sum of few terms as one expression, in its order.
    fn written_out(&self) -> Option<Expr> {
        let single = matches!(self.op, Op::Contract { guarded: false } | Op::Sum);
        if !single || self.inner.len() > FEW || self.inner.axes.len() > 1 {
            return None;
        }
        let nest = Nest { loops: &[self.outer] };
        let mut sum = self.init.as_ref().map(|init| nest.read(init));
        for i in 0..self.inner.len() as i64 {
            let read = |operand: &Operand| match operand {
                Operand::Number(expr) => Some(expr.clone()),
                Operand::Element { array, start, track } => {
                    let step = self.inner.axes.first().map_or(0, |axis| axis.steps[*track]);
                    let index = nest.index(start + i * step, *track);
                    Some(Expr::atom(format!("{array}[{index}]")))
                }
                Operand::Listed { .. } => None,
            };
            let first = read(&self.terms[0])?;
            let term = match self.terms.get(1) {
                Some(second) => first.infix('*', &read(second)?),
                None => first,
            };
            sum = Some(match sum {
                Some(sum) => sum.infix('+', &term),
                None => term,
            });
        }
        sum.filter(|sum| sum.text().chars().count() <= LONGEST)
    }

    /// The axis of the result along which neighbours are computed together: where they are
    /// neighbours in memory, and what they read is the same or neighbours too.
    fn lanes(&self) -> Option<usize> {
        let Operand::Element { track: out, .. } = self.out else { return None };
        if self.inner.len() <= FEW {
            return None;
        }
        let read = self.terms.iter().chain(&self.init);
        let tracks: Option<Vec<usize>> = read
            .filter_map(|operand| match operand {
                Operand::Number(_) => None,
                Operand::Element { track, .. } => Some(Some(*track)),
                Operand::Listed { .. } => Some(None),
            })
            .collect();
        let tracks = tracks?;
        let axes = &self.outer.axes;
        let fits = |&i: &usize| {
            axes[i].extent >= SIDE_BY_SIDE
                && axes[i].steps[out] == 1
                && tracks.iter().all(|&track| matches!(axes[i].steps[track], 0 | 1))
        };
        (0..axes.len()).filter(fits).max_by_key(|&i| axes[i].extent)
    }
}

/// A line holds no longer expression.
const LONGEST: usize = 80;
