//! The steps that make a node's values from numbers that the other side states, taken again with
//! one thing changed at a time: what a change makes exactly is a guess at the reason.

use std::collections::HashMap;

use wengert::op::{Binary, Op, Structural, Unary};

use super::Guessing;
use crate::diff::evaluate::{Array, Evaluator};
use crate::digits::Digits;
use crate::trace::{Slot, Trace, TraceOperand, known_op};

/// Above so many nodes or numbers the steps are not taken again.
const NODES: usize = 48;
const NUMBERS: usize = 20_000;

/// What another program may have done at one step.
#[derive(Clone, Debug)]
enum Change {
    /// Another function of one number; none: the number itself.
    Unary(usize, Option<Unary>),
    /// Other numbers for an operand.
    Operand(usize, usize, How),
    /// Another number for a constant, where one node reads it.
    Constant(usize, usize, f64),
    /// Every reduction of a matrix along the other axis.
    Axes,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Zero,
    One,
    Twice,
    Transposed,
}

/// The steps.
pub(super) struct Region<'a> {
    star: &'a Trace,
    guessing: &'a Guessing<'a>,
    /// In the order of the tape; the last is the node that differs.
    nodes: Vec<usize>,
    /// What the other side states of it, by position.
    stated: Vec<(usize, f64)>,
    evaluator: Evaluator,
    /// How many elements there are along axes and in nodes.
    counts: Vec<f64>,
}

impl<'a> Region<'a> {
    /// `None` if there are too many steps, or one that cannot be taken.
    pub(super) fn new(guessing: &'a Guessing<'a>, cause: usize) -> Option<Self> {
        let star = guessing.star;
        let stated = |node: usize| {
            star.slots_of(node).all(|slot| guessing.aligned.values[slot.index()].is_some())
        };
        let (mut nodes, mut open, mut numbers) = (vec![cause], vec![cause], 0);
        while let Some(node) = open.pop() {
            numbers += star.nodes()[node].values.len();
            if nodes.len() > NODES || numbers > NUMBERS {
                return None;
            }
            for operand in &star.nodes()[node].operands {
                let read = operand.elements.first.node;
                let leaf = known_op(&star.nodes()[read].op).is_none_or(|op| op.is_leaf());
                if !leaf && !stated(read) && !nodes.contains(&read) {
                    nodes.push(read);
                    open.push(read);
                }
            }
        }
        nodes.sort_unstable();
        let of = |(position, slot): (usize, Slot)| {
            Some((position, guessing.aligned.values[slot.index()]?))
        };
        let stated = star.slots_of(cause).enumerate().filter_map(of).collect();
        let known = known_op(&star.nodes()[cause].op).is_some_and(|op| !op.is_leaf());
        let counts = guessing.counts().into_iter().map(|count| count as f64).collect();
        let evaluator = Evaluator::default();
        known.then_some(Region { star, guessing, nodes, stated, evaluator, counts })
    }

    /// The one change that makes what the other side states, in words.
    pub(super) fn guess(&mut self) -> Option<String> {
        let changes = self.changes();
        let found = changes.into_iter().find(|change| self.makes(change))?;
        Some(self.text(&found))
    }

    /// What is tried, the most telling first.
    fn changes(&self) -> Vec<Change> {
        let (mut changes, mut reductions, mut constants) = (Vec::new(), 0, Vec::new());
        for &index in self.nodes.iter().rev() {
            let node = &self.star.nodes()[index];
            let Some(op) = known_op(&node.op) else { continue };
            for (i, operand) in node.operands.iter().enumerate() {
                let read = operand.elements.first.node;
                let of = self.star.nodes()[read].op.as_str();
                if of == "const" {
                    constants.push((index, i, self.star.nodes()[read].values[0]));
                }
                let hows: &[How] = match op {
                    Op::Structural(Structural::Affine) if i == 0 => &[How::Zero, How::Twice],
                    Op::Structural(Structural::Affine) if i == 1 => &[How::Transposed],
                    Op::Structural(Structural::MatMul) => &[How::Transposed],
                    Op::Binary(Binary::Add | Binary::Sub) if of != "const" => {
                        &[How::Zero, How::Twice]
                    }
                    Op::Binary(Binary::Mul | Binary::Div) if of == "param" => &[How::One],
                    _ => &[],
                };
                changes.extend(hows.iter().map(|&how| Change::Operand(index, i, how)));
            }
            match op {
                Op::Unary(op) => {
                    changes.push(Change::Unary(index, None));
                    let common = Unary::ALL.iter().copied().filter(|&other| other != op);
                    changes.extend(common.map(|other| Change::Unary(index, Some(other))));
                }
                Op::Structural(
                    Structural::Sum | Structural::LogSumExp | Structural::Max | Structural::Min,
                ) if node.axes.len() == 1 => reductions += 1,
                _ => {}
            }
        }
        if reductions > 0 {
            changes.push(Change::Axes);
        }
        for (node, operand, own) in constants {
            let others = self.others(own).into_iter();
            changes.extend(others.map(|other| Change::Constant(node, operand, other)));
        }
        changes
    }

    /// Numbers that are written where another was meant: of a count its neighbours and other
    /// counts, of an epsilon another power of ten.
    fn others(&self, own: f64) -> Vec<f64> {
        let mut others = vec![0.0, 1.0, -own, 2.0 * own, 0.5 * own, own * own, 1.0 / own];
        let counts = || self.counts.iter().copied();
        if own > 0.0 && own < 0.01 {
            others.extend((-14..=-1).map(|power| 10_f64.powi(power)));
        }
        let share = (1.0 / own).round();
        if own.fract() == 0.0 && own > 1.0 {
            others.extend([own - 1.0, own + 1.0]);
            others.extend(counts());
        } else if share > 1.0 && (share * own - 1.0).abs() < 1e-6 {
            others.extend([1.0 / (share - 1.0), 1.0 / (share + 1.0)]);
            others.extend(counts().map(|count| 1.0 / count));
        }
        others.retain(|other| *other != own && other.is_finite());
        others
    }

    /// Whether the steps with a change make every number that is stated.
    fn makes(&mut self, change: &Change) -> bool {
        let Some((made, _)) = self.run(change) else { return false };
        let scale = made.iter().fold(0.0_f64, |scale, number| scale.max(number.abs()));
        self.stated.iter().all(|&(position, stated)| {
            made.get(position).is_some_and(|&made| {
                self.guessing.near(made, stated, made)
                    || (made - stated).abs() <= 1e-12 * scale && made.is_finite()
            })
        })
    }

    fn run(&mut self, change: &Change) -> Option<Array> {
        let mut made: HashMap<usize, Array> = HashMap::new();
        for at in 0..self.nodes.len() {
            let index = self.nodes[at];
            let (star, node) = (self.star, &self.star.nodes()[index]);
            let mut op = known_op(&node.op)?;
            let mut operands = Vec::with_capacity(node.operands.len());
            for (i, operand) in node.operands.iter().enumerate() {
                let mut array = read(star, &made, operand)?;
                if let Change::Operand(of, which, how) = *change
                    && (of, which) == (index, i)
                {
                    array = how.of(array)?;
                }
                if let Change::Constant(of, which, other) = *change
                    && (of, which) == (index, i)
                {
                    array.0.fill(other);
                }
                if let (Change::Axes, Some(other)) = (change, self.other_count(operand)) {
                    array.0 = vec![other; array.0.len()];
                }
                operands.push(array);
            }
            if let Change::Unary(of, other) = *change
                && of == index
            {
                let Some(other) = other else {
                    made.insert(index, operands.pop()?);
                    continue;
                };
                op = Op::Unary(other);
            }
            let mut attributes = node.attributes();
            if matches!(change, Change::Axes) && node.axes.len() == 1 && op.name() != "concat" {
                let mut other = node.clone();
                let [_, _] = operands.first()?.1.as_slice() else { return None };
                other.axes = vec![1 - node.axes[0]];
                attributes = other.attributes();
            }
            let array = self.evaluator.apply(star.precision(), op, &operands, attributes)?;
            made.insert(index, array);
        }
        made.remove(self.nodes.last()?)
    }

    /// For a mean over the columns of a matrix: 1 over the number of its rows, where the constant
    /// is 1 over the number of its columns.
    fn other_count(&self, operand: &TraceOperand) -> Option<f64> {
        let node = &self.star.nodes()[operand.elements.first.node];
        if node.op != "const" {
            return None;
        }
        let matrices = self.nodes.iter().map(|&node| &self.star.nodes()[node]);
        let mut of = matrices.filter(|node| node.axes.len() == 1).filter_map(|reduced| {
            let read = &reduced.operands.first()?.elements.shape;
            let axis = *reduced.axes.first()?;
            let [_, _] = read.as_slice() else { return None };
            Some((read[axis] as f64, read[1 - axis] as f64))
        });
        of.find_map(|(own, other)| {
            let of = node.values[0];
            if of == own {
                Some(other)
            } else {
                ((of * own - 1.0).abs() < 1e-6).then_some(1.0 / other)
            }
        })
    }

    fn text(&self, change: &Change) -> String {
        let path = |node: usize| self.star.label_of(Slot(self.star.start(node))).path;
        let operand = |node: usize, operand: usize| -> String {
            let elements = &self.star.nodes()[node].operands[operand].elements;
            self.star.label_of(self.star.at(elements.first)).path.to_owned()
        };
        match *change {
            Change::Unary(node, None) => {
                format!("as if {} had not been applied", self.star.nodes()[node].op)
            }
            Change::Unary(node, Some(other)) => {
                format!("as if {} were {} of its operand", path(node), other.name())
            }
            Change::Operand(node, which, how) => {
                let (of, read) = (path(node), operand(node, which));
                let bias = self.star.nodes()[node].op == "affine" && which == 0;
                let bias = if bias { "the bias " } else { "" };
                match how {
                    Zero => format!("as if {bias}{read} were missing in {of}"),
                    One => format!("as if {of} were not scaled by {read}"),
                    Twice => format!("as if {bias}{read} were added twice in {of}"),
                    Transposed => format!("as if {read} were transposed in {of}"),
                }
            }
            Change::Axes => {
                let of = self.nodes.iter().map(|&node| &self.star.nodes()[node]);
                let axis = of.filter(|node| node.axes.len() == 1).map(|node| node.axes[0]).next();
                let axis = axis.unwrap_or(0);
                format!(
                    "as if it were taken along the wrong axis: {} where it is {axis}",
                    1 - axis.min(1)
                )
            }
            Change::Constant(node, which, other) => {
                let read = self.star.nodes()[node].operands[which].elements.first.node;
                let own = self.star.nodes()[read].values[0];
                let why = constant(own, other);
                format!("as if the constant {} were {}{why}", Digits::new(own), Digits::new(other))
            }
        }
    }
}

use How::{One, Transposed, Twice, Zero};

/// What the one constant means beside the other.
fn constant(own: f64, other: f64) -> String {
    let count = |x: f64| (x >= 2.0 && (x - x.round()).abs() < 1e-6).then(|| x.round());
    let (share, other_share) = (count(1.0 / own), count(1.0 / other));
    let small = |x: f64| x > 0.0 && x < 0.1 && x.log10().fract() == 0.0;
    match (share, other_share) {
        _ if own < 0.01 && small(own) && small(other) => ": another eps".to_owned(),
        (Some(n), Some(m)) if m == n - 1.0 => {
            format!(": {n} - 1, as in an unbiased variance")
        }
        (Some(n), Some(m)) => format!(": a mean over {m} where it is one over {n}"),
        (Some(n), None) if other == 1.0 => format!(": a sum where it is a mean over {n}"),
        _ => match (count(own), count(other)) {
            (Some(n), Some(m)) if m == n - 1.0 => ": n - 1, as in an unbiased variance".to_owned(),
            _ => String::new(),
        },
    }
}

impl How {
    fn of(self, (numbers, shape): Array) -> Option<Array> {
        let all = |number: f64| vec![number; numbers.len()];
        Some(match self {
            How::Zero => (all(0.0), shape),
            How::One => (all(1.0), shape),
            How::Twice => (numbers.iter().map(|number| 2.0 * number).collect(), shape),
            // As stored in the other order: of a square matrix its transpose.
            How::Transposed => {
                let &[rows, columns] = shape.as_slice() else { return None };
                let at = |i: usize| numbers[(i % columns) * rows + i / columns];
                ((0..numbers.len()).map(at).collect(), shape)
            }
        })
    }
}

/// What an operand reads, of the steps taken and else of the trace.
fn read(star: &Trace, made: &HashMap<usize, Array>, operand: &TraceOperand) -> Option<Array> {
    let (elements, shape) = (&operand.elements, operand.elements.shape.clone());
    let node = elements.first.node;
    match made.get(&node) {
        Some((numbers, other)) if *other != star.nodes()[node].shape => {
            // A reduction along the other axis stands the other way in the matrix.
            let &[rows, columns] = shape.as_slice() else {
                return (shape.len() == other.len()).then(|| (numbers.clone(), other.clone()));
            };
            let shape = if columns == 1 { [1, numbers.len()] } else { [numbers.len(), 1] };
            let spread = (columns == 1 || rows == 1).then(|| (numbers.clone(), shape.to_vec()));
            spread.or_else(|| {
                let along = numbers.len() == columns;
                let at = |i: usize| if along { numbers[i % columns] } else { numbers[i / columns] };
                let fits = along || numbers.len() == rows;
                fits.then(|| ((0..rows * columns).map(at).collect(), vec![rows, columns]))
            })
        }
        _ => {
            let slots = star.resolve(elements);
            let value = |slot: usize| {
                let spot = star.spot(Slot(slot));
                let own = made.get(&spot.node).and_then(|(numbers, _)| numbers.get(spot.position));
                own.copied().unwrap_or_else(|| star.value(Slot(slot)))
            };
            Some((slots.slots().map(value).collect(), shape))
        }
    }
}
