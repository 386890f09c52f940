//! Small tasks written out: one operation on single numbers for each element.

use wengert_program::internals::{Act, At, FoldTask, From, Line, Moves, PassStep, PassTask};

/// A pass of no more operations than this is written out.
pub(crate) const PASS: usize = 192;
/// A fold that takes no more elements in than this is written out.
pub(crate) const FOLD: usize = 128;
/// A row as long as this is walked piece by piece, which straight lines do not.
pub(crate) const PIECE: usize = 512;

/// Whether a pass is small enough to be written out.
pub(crate) fn is_small_pass(pass: &PassTask) -> bool {
    pass.len <= PIECE && elements(pass) * pass.steps.len() <= PASS
}

/// How many elements a pass goes through.
pub(crate) fn elements(pass: &PassTask) -> usize {
    pass.rows.iter().product::<usize>() * pass.len
}

/// The operations of a small pass in its order: row by row, step by step.
pub(crate) fn pass(pass: &PassTask, lines: &mut Vec<Line>) {
    for (row, offsets) in offsets(&pass.rows, &pass.walks).into_iter().enumerate() {
        let place = |at: &At, i: usize| {
            let along = if at.moves || at.register { i } else { 0 };
            (at.start as isize + offsets[at.walk]) as u32 + along as u32
        };
        let stepped = |at: &At, by: isize| (place(at, 0) as isize + by) as u32;
        for step in &pass.steps {
            for i in 0..pass.len {
                let (act, out, operands) = match step {
                    PassStep::Compute { act, out, operands } => {
                        let read = count(*act).max(1);
                        let at = |k: usize| place(&operands[k.min(read - 1)], i);
                        (*act, place(out, i), [at(0), at(1), at(2)])
                    }
                    PassStep::Bring { out, from } => {
                        let from = match from {
                            From::Stride { at, stride } => stepped(at, stride * i as isize),
                            From::Cycle { at, stride, period } => {
                                stepped(at, stride * (i % period) as isize)
                            }
                            From::Repeat { at, stride, times } => {
                                stepped(at, stride * (i / times) as isize)
                            }
                            From::List(list) => list[row * pass.len + i],
                        };
                        (Act::Copy, place(out, i), [from; 3])
                    }
                    PassStep::Scatter { from, to } => {
                        (Act::Copy, to[row * pass.len + i], [place(from, i); 3])
                    }
                };
                lines.push(Line { act, out, operands });
            }
        }
    }
}

/// How many operands an operation has.
pub(crate) fn count(act: Act) -> usize {
    match act {
        Act::Empty => 0,
        Act::Copy | Act::Unary(_) => 1,
        Act::Binary(_) => 2,
        Act::Select | Act::AddProduct { .. } | Act::AddFused { .. } => 3,
    }
}

/// By row, how far each walk has come.
fn offsets(rows: &[usize], walks: &[Vec<i32>]) -> Vec<Vec<isize>> {
    let mut all = vec![vec![0; walks.len()]];
    for (axis, &extent) in rows.iter().enumerate() {
        let along = |before: &Vec<isize>, k: usize| {
            let moved = before.iter().zip(walks);
            moved.map(|(at, walk)| at + k as isize * walk[axis] as isize).collect()
        };
        all = all.iter().flat_map(|before| (0..extent).map(move |k| along(before, k))).collect();
    }
    all
}

/// Whether folds are few and short enough to be written out.
pub(crate) fn is_small_fold(fold: &FoldTask) -> bool {
    let extents = |axes: &[Moves]| axes.iter().map(|axis| axis.extent).product::<usize>();
    let (results, each) = (extents(&fold.outer), extents(&fold.inner));
    results > 0 && each > 0 && results * (each + 1) <= FOLD
}

/// The operations of small folds, each in the order of the index.
pub(crate) fn fold(fold: &FoldTask, lines: &mut Vec<Line>) {
    let outer = walked(&fold.outer, fold.starts.len());
    let inner = walked(&fold.inner, fold.starts.len() - 2);
    for before in outer {
        let at = |k: usize| fold.starts[k] as isize + before[k];
        let out = at(0) as u32;
        let element = |k: usize, moved: &[isize]| (at(k) + moved[k - 2]) as u32;
        let first = match (fold.act, fold.has_init) {
            (_, true) => Line { act: Act::Copy, out, operands: [at(1) as u32; 3] },
            (Act::Binary(op), false) if op != wengert_ops::op::Binary::Add => {
                Line { act: Act::Copy, out, operands: [element(2, &inner[0]); 3] }
            }
            _ => Line { act: Act::Empty, out, operands: [out; 3] },
        };
        lines.push(first);
        for moved in &inner {
            let operands = if fold.products {
                [element(2, moved), element(3, moved), out]
            } else {
                [out, element(2, moved), element(2, moved)]
            };
            lines.push(Line { act: fold.act, out, operands });
        }
    }
}

/// The offsets of `count` operands over all indices, row-major.
fn walked(axes: &[Moves], count: usize) -> Vec<Vec<isize>> {
    let mut all = vec![vec![0; count]];
    for axis in axes {
        let along = |before: &Vec<isize>, k: usize| {
            before.iter().zip(&axis.strides).map(|(at, by)| at + k as isize * by).collect()
        };
        all =
            all.iter().flat_map(|before| (0..axis.extent).map(move |k| along(before, k))).collect();
    }
    all
}
