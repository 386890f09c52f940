//! Values under way: what is written so far, and how numbers are spelled.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use wengert_ops::shape::Shape;

use crate::lines::{Line, Names, Region};
use crate::val::{Val, listed, types};

/// What a value's elements are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Kind {
    /// Numbers of the tape.
    Number,
    /// Truth values.
    Truth,
    /// Positions.
    Whole,
}

/// What a value is: of rows, each of them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Form {
    /// The extents, as the tape has them.
    pub(crate) shape: Shape,
    pub(crate) kind: Kind,
    /// Whether there is one for every row: then the rows are another axis in front.
    pub(crate) rows: bool,
}

impl Form {
    /// Numbers, the same for all rows.
    pub(crate) fn number(shape: &Shape) -> Self {
        Form { shape: shape.clone(), kind: Kind::Number, rows: false }
    }

    /// Positions, the same for all rows.
    pub(crate) fn whole(shape: &Shape) -> Self {
        Form { shape: shape.clone(), kind: Kind::Whole, rows: false }
    }
}

struct Value {
    form: Form,
    /// The number that all elements are.
    splat: Option<f64>,
}

/// The constants of a block.
type Constants = HashMap<(Form, u64), u32>;

struct State {
    values: Vec<Value>,
    /// The open blocks, the innermost last, each with the constants that were written in it.
    blocks: Vec<(Vec<Line>, Constants)>,
    names: Names,
    location: Option<Rc<str>>,
    /// The first operation that could not be written, and why.
    refused: Option<(&'static str, &'static str)>,
}

/// Collects lines.
pub(crate) struct Writer {
    /// The type of numbers: `f64` or `f32`.
    pub(crate) number: &'static str,
    /// The largest number of the type.
    pub(crate) largest: f64,
    /// How many rows there are, of what differs from row to row.
    pub(crate) rows: usize,
    state: RefCell<State>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer of {}: {} values", self.number, self.state.borrow().values.len())
    }
}

impl Writer {
    pub(crate) fn new(number: &'static str, largest: f64, rows: usize) -> Self {
        let state = State {
            values: Vec::new(),
            blocks: vec![Default::default()],
            names: Names::default(),
            location: None,
            refused: None,
        };
        Writer { number, largest, rows, state: RefCell::new(state) }
    }

    /// A value that something else defines: an argument.
    pub(crate) fn value(&self, form: Form) -> Val<'_> {
        let mut state = self.state.borrow_mut();
        state.values.push(Value { form, splat: None });
        Val { writer: self, id: state.values.len() as u32 - 1 }
    }

    /// Writes an operation with one result.
    pub(crate) fn line(&self, form: Form, text: String) -> Val<'_> {
        let value = self.value(form);
        self.push(vec![value.id], text, Vec::new(), String::new());
        value
    }

    /// Writes an operation with regions and these results.
    pub(crate) fn lines(
        &self,
        forms: &[Form],
        text: String,
        regions: Vec<Region>,
        tail: String,
    ) -> Vec<Val<'_>> {
        let values: Vec<Val<'_>> = forms.iter().map(|form| self.value(form.clone())).collect();
        if let [first, _, ..] = values.as_slice() {
            let mut state = self.state.borrow_mut();
            for (i, value) in values.iter().enumerate() {
                state.names.part(value.id, first.id, i);
            }
        }
        self.push(values.iter().map(|value| value.id).collect(), text, regions, tail);
        values
    }

    fn push(&self, results: Vec<u32>, text: String, regions: Vec<Region>, tail: String) {
        let mut state = self.state.borrow_mut();
        let location = state.location.clone();
        let line = Line { results, text, regions, tail, location };
        state.blocks.last_mut().expect("a block is open").0.push(line);
    }

    /// The lines that `write` writes, the last a `return` of what it gives.
    pub(crate) fn block<'w>(&'w self, write: impl FnOnce() -> Vec<Val<'w>>) -> Vec<Line> {
        self.state.borrow_mut().blocks.push(Default::default());
        let returned = write();
        let text = format!("stablehlo.return {} : {}", listed(&returned), types(&returned));
        self.push(Vec::new(), text, Vec::new(), String::new());
        self.state.borrow_mut().blocks.pop().expect("it was pushed").0
    }

    /// A constant, all of whose elements are one number. Each is written once in a block.
    pub(crate) fn splat(&self, number: f64, shape: &Shape) -> Val<'_> {
        self.constant(number, Form::number(shape))
    }

    /// As [`splat`](Writer::splat), of a position.
    pub(crate) fn whole(&self, number: i64, shape: &Shape) -> Val<'_> {
        self.constant(number as f64, Form::whole(shape))
    }

    /// A constant of a form.
    pub(crate) fn constant(&self, number: f64, form: Form) -> Val<'_> {
        let key = (form, number.to_bits());
        let known = {
            let state = self.state.borrow();
            state.blocks.iter().find_map(|(_, constants)| constants.get(&key).copied())
        };
        if let Some(id) = known {
            return Val { writer: self, id };
        }
        let form = key.0.clone();
        let literal = match form.kind {
            Kind::Whole => (number as i64).to_string(),
            Kind::Number | Kind::Truth => literal(number, self.number),
        };
        let text = format!("stablehlo.constant dense<{literal}> : {}", self.ty(&form));
        // A constant comes from no line of its own.
        let location = self.state.borrow_mut().location.take();
        let is_number = form.kind == Kind::Number;
        let value = self.line(form, text);
        let mut state = self.state.borrow_mut();
        state.location = location;
        state.values[value.id as usize].splat = is_number.then_some(number);
        state.blocks.last_mut().expect("a block is open").1.insert(key, value.id);
        value
    }

    /// The type of a value.
    pub(crate) fn ty(&self, form: &Form) -> String {
        let element = match form.kind {
            Kind::Number => self.number,
            Kind::Truth => "i1",
            Kind::Whole => "i64",
        };
        let rows = if form.rows { format!("{}x", self.rows) } else { String::new() };
        let dims: String = form.shape.dims().iter().map(|extent| format!("{extent}x")).collect();
        format!("tensor<{rows}{dims}{element}>")
    }

    pub(crate) fn form(&self, id: u32) -> Form {
        self.state.borrow().values[id as usize].form.clone()
    }

    pub(crate) fn splat_of(&self, id: u32) -> Option<f64> {
        self.state.borrow().values[id as usize].splat
    }

    /// What the next lines come from.
    pub(crate) fn locate(&self, location: Option<Rc<str>>) {
        self.state.borrow_mut().location = location;
    }

    /// Names a value, unless it has a name.
    pub(crate) fn name(&self, value: Val<'_>, name: &str) {
        self.state.borrow_mut().names.give(value.id, name);
    }

    /// Whether a value has a name.
    pub(crate) fn is_named(&self, value: Val<'_>) -> bool {
        self.state.borrow().names.has(value.id)
    }

    /// Notes that an operation cannot be written. The caller goes on with any value of its shape.
    pub(crate) fn refuse(&self, op: &'static str, reason: &'static str) {
        self.state.borrow_mut().refused.get_or_insert((op, reason));
    }

    /// The operation that could not be written, if there was one.
    pub(crate) fn refused(&self) -> Option<(&'static str, &'static str)> {
        self.state.borrow().refused
    }

    /// The lines, and the names.
    pub(crate) fn finish(self) -> (Vec<Line>, Names) {
        let mut state = self.state.into_inner();
        (state.blocks.pop().expect("a block is open").0, state.names)
    }
}

/// A number as MLIR reads it: the shortest decimal that is it, or its bits.
pub(crate) fn literal(number: f64, of: &str) -> String {
    if !number.is_finite() || (of == "f32" && !(number as f32).is_finite()) {
        return match of {
            "f32" => format!("0x{:08X}", (number as f32).to_bits()),
            _ => format!("0x{:016X}", number.to_bits()),
        };
    }
    let text = match of {
        "f32" => format!("{:?}", number as f32),
        _ => format!("{number:?}"),
    };
    match text.split_once('e') {
        Some((digits, power)) if !digits.contains('.') => format!("{digits}.0e{power}"),
        _ => text,
    }
}

/// Numbers as nested lists, by their shape.
pub(crate) fn nested(texts: &[String], dims: &[usize]) -> String {
    match dims {
        [] => texts[0].clone(),
        [_] => format!("[{}]", texts.join(", ")),
        [_, rest @ ..] => {
            let width: usize = rest.iter().product();
            let each: Vec<String> = texts.chunks(width).map(|part| nested(part, rest)).collect();
            format!("[{}]", each.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_mlir_reads_them() {
        for (number, wanted) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (1e-7, "1.0e-7"),
            (1.5e300, "1.5e300"),
            (0.1, "0.1"),
            (f64::INFINITY, "0x7FF0000000000000"),
        ] {
            assert_eq!(literal(number, "f64"), wanted);
        }
        assert_eq!(literal(0.1, "f32"), "0.1");
        assert_eq!(literal(f64::NEG_INFINITY, "f32"), "0xFF800000");
        assert_eq!(literal(1e300, "f32"), "0x7F800000");
    }

    #[test]
    fn numbers_nest_by_their_shape() {
        let texts: Vec<String> = (0..6).map(|i| i.to_string()).collect();
        assert_eq!(nested(&texts, &[2, 3]), "[[0, 1, 2], [3, 4, 5]]");
        assert_eq!(nested(&texts[..1], &[]), "0");
    }
}
