//! Operations on single numbers as straight code: what one computes stays in a register for the
//! next.

use cranelift_codegen::ir::{InstBuilder, Value};
use wengert_ops::op::Binary;
use wengert_program::Float;
use wengert_program::internals::{Act, Line};

use crate::ops::Emit;
use crate::unroll::count;

/// Inside one function, by place: when it was touched last, and its value.
#[derive(Debug)]
pub(crate) struct Known {
    places: Vec<Touched>,
    function: u32,
    /// A number that was neither computed nor read for so many operations is read from its place
    /// again: registers are few, and where it has a place anyway none is needed on the stack.
    near: usize,
}

#[derive(Clone, Copy, Debug)]
struct Touched {
    function: u32,
    line: u32,
    /// The line that computed it, if one of the function did.
    by: u32,
    value: Value,
}

/// No line.
const NONE: u32 = u32::MAX;

impl Known {
    pub(crate) fn new(places: usize, near: usize) -> Self {
        let never = Touched { function: 0, line: 0, by: NONE, value: Value::from_u32(0) };
        Known { places: vec![never; places], function: 0, near }
    }

    /// A number that was touched not long ago.
    fn near(&mut self, place: u32, line: usize) -> Option<Value> {
        let touched = &mut self.places[place as usize];
        let near = touched.function == self.function && line - touched.line as usize <= self.near;
        touched.line = line as u32;
        near.then_some(touched.value)
    }

    /// The line of this function that computed a number.
    fn by(&self, place: u32) -> Option<usize> {
        let touched = &self.places[place as usize];
        let known = touched.function == self.function && touched.by != NONE;
        known.then_some(touched.by as usize)
    }

    fn loaded(&mut self, place: u32, line: usize, value: Value) {
        let by = self.by(place).map_or(NONE, |by| by as u32);
        let line = line as u32;
        self.places[place as usize] = Touched { function: self.function, line, by, value };
    }

    fn computed(&mut self, place: u32, line: usize, value: Value) {
        let line = line as u32;
        self.places[place as usize] = Touched { function: self.function, line, by: line, value };
    }
}

/// The places that a line reads.
fn reads(line: &Line) -> impl Iterator<Item = u32> {
    let used = count(line.act);
    line.operands.into_iter().take(used)
}

/// Stores too what the function itself reads later than registers last.
fn store_what_is_far(known: &mut Known, lines: &[Line], stored: &mut [bool]) {
    known.function += 1;
    let no_value = Value::from_u32(0);
    for (i, line) in lines.iter().enumerate() {
        for place in reads(line) {
            if known.near(place, i).is_none() {
                if let Some(by) = known.by(place) {
                    stored[by] = true;
                }
                known.loaded(place, i, no_value);
            }
        }
        known.computed(line.out, i, no_value);
    }
}

/// Writes the body of a function. `stored`: by line, whether something reads its result after the
/// function.
pub(crate) fn emit<S: Float>(
    emit: &mut Emit<'_>,
    known: &mut Known,
    (lines, stored): (&[Line], &[bool]),
    constant: impl Fn(u32) -> Option<f64>,
) {
    let mut stored = stored.to_vec();
    store_what_is_far(known, lines, &mut stored);
    known.function += 1;
    for (i, (line, stored)) in lines.iter().zip(stored).enumerate() {
        let mut values = [Value::from_u32(0); 3];
        for (value, place) in values.iter_mut().zip(reads(line)) {
            *value = known.near(place, i).unwrap_or_else(|| {
                let value = emit.load(place);
                if let Some(number) = constant(place) {
                    emit.constants.insert(value, number);
                }
                known.loaded(place, i, value);
                value
            });
        }
        let exponent = match line.act {
            Act::Binary(Binary::Powi) => constant(line.operands[1]),
            _ => None,
        };
        let value = emit.number::<S>(line.act, values, exponent);
        known.computed(line.out, i, value);
        if stored {
            emit.store(line.out, value);
        }
    }
    emit.builder.ins().return_(&[]);
}
