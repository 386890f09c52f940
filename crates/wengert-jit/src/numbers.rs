//! Operations on single numbers as straight code: what one computes stays in a register for the
//! next.

use cranelift_codegen::ir::{InstBuilder, Value};
use wengert_ops::op::Binary;
use wengert_program::Float;
use wengert_program::internals::{Act, Line};

use crate::ops::Emit;
use crate::unroll::count;

/// The values of places inside one function.
#[derive(Debug)]
pub(crate) struct Known {
    /// By place, the function in which a value is known.
    function: Vec<u32>,
    value: Vec<Value>,
    now: u32,
}

impl Known {
    pub(crate) fn new(places: usize) -> Self {
        Known { function: vec![0; places], value: vec![Value::from_u32(0); places], now: 0 }
    }

    fn get(&self, place: u32) -> Option<Value> {
        let place = place as usize;
        (self.function[place] == self.now).then(|| self.value[place])
    }

    fn set(&mut self, place: u32, value: Value) {
        self.function[place as usize] = self.now;
        self.value[place as usize] = value;
    }
}

/// Writes the body of a function.
pub(crate) fn emit<S: Float>(
    emit: &mut Emit<'_>,
    known: &mut Known,
    (lines, stored): (&[Line], &[bool]),
    constant: impl Fn(u32) -> Option<f64>,
) {
    known.now += 1;
    for (&Line { act, out, operands }, &stored) in lines.iter().zip(stored) {
        let used = count(act);
        let mut values = [Value::from_u32(0); 3];
        for (k, value) in values.iter_mut().enumerate() {
            if used == 0 {
                break;
            }
            let place = operands[k.min(used - 1)];
            *value = known.get(place).unwrap_or_else(|| {
                let value = emit.load(place);
                known.set(place, value);
                value
            });
        }
        let exponent = match act {
            Act::Binary(Binary::Powi) => constant(operands[1]),
            _ => None,
        };
        let value = emit.number::<S>(act, values, exponent);
        known.set(out, value);
        if stored {
            emit.store(out, value);
        }
    }
    emit.builder.ins().return_(&[]);
}
