//! Strips hold the same numbers as whole stages.

use super::*;
use crate::access::row_major;
use crate::assemble::Assembler;
use crate::exec::InPieces;
use crate::fuse;
use crate::ids::Id;
use crate::memory::{self, Needs};
use crate::op::{Binary, Unary};
use crate::simd::Level;
use std::cell::Cell;

const SMALL: Limits = Limits { worth: 256, piece: 128, elements: 16 };

/// A reproducible choice of fewer than `below`.
struct Choices(u64);

impl Choices {
    fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % below
    }
}

fn walk(start: Address, strides: &[i32]) -> Access<Address> {
    Access::Strided { start, strides: strides.into() }
}

/// Elementwise operations over neighbours a little apart, sums of rows and of all, and what reads
/// the whole of another.
fn random(choices: &mut Choices) -> (Plan<f64>, Vec<(Access<Address>, Dims)>) {
    let leaves = 400 + 16 * choices.below(8);
    let mut plan = Plan::<f64>::of_leaves(leaves);
    let mut runs = vec![(Address::new(0), leaves)];
    let mut kept = Vec::new();
    for _ in 0..4 + choices.below(12) {
        let (from, len) = runs[choices.below(runs.len())];
        let (other, other_len) = runs[choices.below(runs.len())];
        let len = len.min(other_len);
        let shift = choices.below(5);
        if len < 64 {
            continue;
        }
        let (made, made_len) = match choices.below(8) {
            0 => {
                let total = plan.then(Op::Sum, &[], &[len], vec![walk(from, &[1])]);
                kept.push((walk(total, &[]), Dims::new()));
                continue;
            }
            1 => {
                let rows = len / 4;
                let by_rows = walk(from, &row_major(&[rows, 4]));
                (plan.then(Op::Sum, &[rows], &[4], vec![by_rows]), rows)
            }
            2 => {
                let backwards = walk(from.plus(len as i64 - 1), &[-1]);
                (plan.then(Op::Unary(Unary::Neg), &[len], &[], vec![backwards]), len)
            }
            3 => {
                let dims = [len / 8, 8];
                let read = [walk(from, &[8, 1]), walk(other, &[0, 1])].to_vec();
                (plan.then(Op::Binary(Binary::Add), &dims, &[], read), len / 8 * 8)
            }
            4 => {
                let every = walk(from, &[2]);
                (plan.then(Op::Unary(Unary::Neg), &[len / 2], &[], vec![every]), len / 2)
            }
            _ => {
                let n = len - shift;
                let read = vec![walk(from.plus(shift as i64), &[1]), walk(other, &[1])];
                let op = [Binary::Add, Binary::Sub, Binary::Mul][choices.below(3)];
                (plan.then(Op::Binary(op), &[n], &[], read), n)
            }
        };
        runs.push((made, made_len));
        if choices.below(4) == 0 {
            kept.push((walk(made, &[1]), Dims::from_slice(&[made_len])));
        }
    }
    let &(last, len) = runs.last().expect("there are leaves");
    kept.push((walk(last, &[1]), Dims::from_slice(&[len])));
    (plan, kept)
}

/// What is kept, run in pieces or not, and how many strips there are.
fn computed(
    plan: &Plan<f64>,
    keep: &[(Access<Address>, Dims)],
    fast: bool,
    in_pieces: bool,
) -> (Vec<u64>, usize) {
    let writers = Writers::of(plan);
    let mut stages = fuse::run(plan, &writers, true, None);
    let strips = if in_pieces { run(plan, &writers, &mut stages, SMALL) } else { Vec::new() };
    let needs = Needs {
        stages: &stages,
        strips: &strips,
        writers: &writers,
        keep,
        in_place: &[],
        reuse: true,
    };
    let places = memory::run(plan, &needs);
    let homes = crate::output_placement::marks(plan);
    let level = Level::detected();
    let assembled = Assembler { plan, places: &places, homes, fast, level }.run(&stages, &strips);
    let mut memory = vec![f64::NAN; assembled.len];
    let leaves = places.at(Address::new(0)).index();
    for i in 0..plan.line.len_of(plan.blocks[0]) {
        memory[leaves + i] = (i as f64 * 0.7).sin();
    }
    let cells = Cell::from_mut(memory.as_mut_slice()).as_slice_of_cells();
    let mut offsets = vec![0; assembled.walks];
    let mut next = 0;
    for InPieces { tasks, pieces } in &assembled.in_pieces {
        for task in assembled.tasks[next..tasks.start].iter().chain(pieces) {
            task.run(cells, &mut offsets);
        }
        next = tasks.end;
    }
    assembled.tasks[next..].iter().for_each(|task| task.run(cells, &mut offsets));
    let mut numbers = Vec::new();
    for (access, dims) in keep {
        places.access(access, dims).for_each(dims, |at| numbers.push(memory[at.index()].to_bits()));
    }
    (numbers, strips.len())
}

#[test]
fn pieces_hold_the_bits_of_whole_stages() {
    let (mut choices, mut found) = (Choices(1), 0);
    for _ in 0..400 {
        let (plan, keep) = random(&mut choices);
        let (whole, _) = computed(&plan, &keep, false, false);
        let (pieces, strips) = computed(&plan, &keep, false, true);
        assert_eq!(pieces, whole);
        found += strips;
    }
    assert!(found > 40, "{found}");
}

#[test]
fn sums_of_pieces_are_near_those_of_whole_stages() {
    let mut choices = Choices(2);
    for _ in 0..100 {
        let (plan, keep) = random(&mut choices);
        let (whole, _) = computed(&plan, &keep, true, false);
        let (pieces, _) = computed(&plan, &keep, true, true);
        for (a, b) in pieces.into_iter().zip(whole) {
            let (a, b) = (f64::from_bits(a), f64::from_bits(b));
            assert!(a == b || (a - b).abs() <= 1e-9 * (1.0 + b.abs()), "{a} {b}");
        }
    }
}

#[test]
fn a_reader_of_the_next_element_stays_behind() {
    let mut plan = Plan::<f64>::of_leaves(1000);
    let x = Address::new(0);
    let a = plan.then(Op::Unary(Unary::Exp), &[1000], &[], vec![walk(x, &[1])]);
    let read = vec![walk(a, &[1]), walk(a.plus(1), &[1])];
    plan.then(Op::Binary(Binary::Mul), &[999], &[], read);
    let writers = Writers::of(&plan);
    let mut stages = fuse::run(&plan, &writers, true, None);
    let strips = run(&plan, &writers, &mut stages, SMALL);
    let [strip] = &strips[..] else { panic!("{strips:?}") };
    assert_eq!(strip.stages, 0..2);
    let (last, others) = strip.ends.split_last().expect("there are pieces");
    assert_eq!(last.as_slice(), [1000, 999]);
    assert!(others.iter().all(|ends| ends[1] < ends[0] && ends[0] < ends[1] + 2 * VECTOR));
}
