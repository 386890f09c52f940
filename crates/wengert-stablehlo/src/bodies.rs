//! What runs a function: a loop becomes `while`, a branch `if`. A call is written out.

use std::sync::Arc;

use wengert_ops::attributes::{Attributes, Body, Given, Returned, Scan};
use wengert_ops::shape::Shape;

use crate::lines::Region;
use crate::moves::concat;
use crate::val::{Val, listed, types};
use crate::writer::{Form, Writer};

/// Where a row of rows begins, and its extents, in their type.
fn place<'w>(rows: Val<'w>, at: Val<'w>) -> (Vec<Val<'w>>, Shape) {
    let zero = rows.writer.whole(0, &Shape::scalar());
    let all = rows.shape().rank() + usize::from(rows.rows());
    let starts = (0..all).map(|axis| if axis == rows.axis(0) { at } else { zero }).collect();
    let mut dims = rows.shape().dims().to_vec();
    dims[0] = 1;
    (starts, Shape::from(dims))
}

/// A row of rows.
fn row<'w>(rows: Val<'w>, at: Val<'w>, shape: &Shape) -> Val<'w> {
    let (starts, sliced) = place(rows, at);
    let form = rows.of_shape(&sliced);
    let of_tape = rows.rows().then_some(rows.writer.rows);
    let sizes: Vec<usize> = of_tape.into_iter().chain(sliced.dims().iter().copied()).collect();
    let text = format!(
        "stablehlo.dynamic_slice {rows}, {}, sizes = {sizes:?} : ({}, {}) -> {}",
        listed(&starts),
        rows.ty(),
        types(&starts),
        rows.writer.ty(&form)
    );
    rows.writer.line(form, text).under(shape)
}

/// Rows with another one of them.
fn with_row<'w>(rows: Val<'w>, at: Val<'w>, new: Val<'w>) -> Val<'w> {
    let (starts, sliced) = place(rows, at);
    let new = if rows.rows() { new.for_rows() } else { new }.under(&sliced);
    let text = format!(
        "stablehlo.dynamic_update_slice {rows}, {new}, {} : ({}, {}, {}) -> {}",
        listed(&starts),
        rows.ty(),
        new.ty(),
        types(&starts),
        rows.ty()
    );
    rows.like_this(text)
}

/// What a loop carries from step to step: the count, the states, the rows collected.
struct Carried<'w> {
    first: Vec<Val<'w>>,
    arguments: Vec<Val<'w>>,
}

impl<'w> Carried<'w> {
    fn add(&mut self, writer: &'w Writer, first: Val<'w>) {
        self.first.push(first);
        self.arguments.push(writer.value(first.form()));
    }
}

pub(crate) fn scan<'w>(x: &[Val<'w>], attributes: &Attributes) -> Val<'w> {
    let Attributes::Scan(scan) = attributes else {
        unreachable!("the shape rule asks for a loop");
    };
    let writer = x[0].writer;
    // What one carries may differ from row to row as soon as one of the operands does.
    let per_row = x.iter().any(|x| x.rows());
    let lifted = |value: Val<'w>| if per_row { value.for_rows() } else { value };
    let states = states_of(scan);
    let mut carried = Carried { first: Vec::new(), arguments: Vec::new() };
    carried.add(writer, writer.whole(0, &Shape::scalar()));
    for k in 0..states {
        let given = scan.given.iter().position(|given| *given == Given::Carried(k));
        carried.add(writer, lifted(x[given.expect("every state is given")]));
    }
    // Of each output that is collected, its place among what is carried.
    let mut rows = Vec::new();
    for (o, returned) in scan.returned.iter().enumerate() {
        if *returned == Returned::Row {
            rows.push((o, carried.arguments.len()));
            carried.add(writer, lifted(writer.splat(0.0, &scan.output_shape(o))));
        }
    }
    let arguments = carried.arguments.clone();
    let step = arguments[0];
    let steps = writer.whole(scan.steps as i64, &Shape::scalar());
    let condition = writer.block(|| vec![step.compare("LT", steps)]);
    let body = writer.block(|| {
        let one = writer.whole(1, &Shape::scalar());
        let at = if scan.backwards {
            let last = writer.whole(scan.steps as i64 - 1, &Shape::scalar());
            last.op2("stablehlo.subtract", step)
        } else {
            step
        };
        let inputs: Vec<Val<'w>> = scan
            .given
            .iter()
            .enumerate()
            .map(|(i, given)| match *given {
                Given::Carried(k) => arguments[1 + k],
                Given::Row => row(x[i], at, &scan.body.inputs[i]),
                Given::Fixed => x[i],
            })
            .collect();
        let outputs = scan.body.written_out(&inputs);
        let mut next = arguments.clone();
        next[0] = step.op2("stablehlo.add", one);
        for (returned, &output) in scan.returned.iter().zip(&outputs) {
            if let Returned::Carried(k) = *returned {
                next[1 + k] = lifted(output);
            }
        }
        for &(o, place) in &rows {
            next[place] = with_row(arguments[place], at, outputs[o]);
        }
        next
    });
    let pairs: Vec<String> =
        arguments.iter().zip(&carried.first).map(|(a, first)| format!("{a} = {first}")).collect();
    let text = format!("stablehlo.while({}) : {}", pairs.join(", "), types(&arguments));
    let regions = vec![
        Region { open: " cond {".to_owned(), lines: condition, close: "}" },
        Region { open: " do {".to_owned(), lines: body, close: "}" },
    ];
    let forms: Vec<Form> = arguments.iter().map(|a| a.form()).collect();
    let last = writer.lines(&forms, text, regions, String::new());
    let mut parts: Vec<Val<'w>> = last[1..1 + states].iter().map(|state| state.flat()).collect();
    parts.extend(rows.iter().map(|&(_, place)| last[place].flat()));
    concat(&parts, 0)
}

fn states_of(scan: &Arc<Scan>) -> usize {
    scan.returned.iter().filter(|returned| matches!(returned, Returned::Carried(_))).count()
}

pub(crate) fn cond<'w>(x: &[Val<'w>], attributes: &Attributes) -> Val<'w> {
    let Attributes::Cond(cond) = attributes else {
        unreachable!("the shape rule asks for two bodies");
    };
    let writer = x[0].writer;
    if x.len() == 1 {
        // A body is written out next to its operands.
        writer.refuse("cond", "its branches take no operand");
        let shape = Shape::from([cond.yes.output_len()]);
        return writer.splat(0.0, &shape);
    }
    let is_yes = x[0].compare("NE", x[0].all(0.0));
    let per_row = x[1..].iter().any(|x| x.rows());
    let value_of = |body: &Body| {
        let outputs = body.written_out(&x[1..]);
        let value = match outputs.as_slice() {
            [output] => *output,
            _ => concat(&outputs.iter().map(|o| o.flat()).collect::<Vec<_>>(), 0),
        };
        if per_row { value.for_rows() } else { value }
    };
    if is_yes.rows() {
        // Every row has its own branch: both are computed.
        let (yes, no) = (value_of(&cond.yes), value_of(&cond.no));
        let shape = yes.shape();
        let axes: [usize; 0] = [];
        return is_yes.along(&axes, &shape).choose(yes, no);
    }
    let mut form = Form::number(&Shape::scalar());
    let [yes, no] = [&cond.yes, &cond.no].map(|body| {
        writer.block(|| {
            let value = value_of(body);
            form = value.form();
            vec![value]
        })
    });
    let regions = vec![
        Region { open: " ({".to_owned(), lines: yes, close: "}" },
        Region { open: ", {".to_owned(), lines: no, close: "})" },
    ];
    let tail = format!(" : ({}) -> {}", is_yes.ty(), writer.ty(&form));
    writer.lines(&[form], format!("\"stablehlo.if\"({is_yes})"), regions, tail)[0]
}
