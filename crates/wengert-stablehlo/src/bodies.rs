//! What runs a function: a loop becomes `while`, a branch `if`. A call is written out.

use std::sync::Arc;

use wengert_ops::attributes::{Attributes, Given, Returned, Scan};
use wengert_ops::shape::Shape;

use crate::lines::Region;
use crate::moves::concat;
use crate::writer::{Kind, Val, Writer, types};

/// A row of rows.
fn row<'w>(rows: Val<'w>, at: Val<'w>, shape: &Shape) -> Val<'w> {
    let own = rows.shape();
    let zero = rows.writer.whole(0, &Shape::scalar());
    let starts: Vec<Val<'w>> =
        (0..own.rank()).map(|axis| if axis == 0 { at } else { zero }).collect();
    let mut dims = own.dims().to_vec();
    dims[0] = 1;
    let sliced = Shape::from(&dims);
    let text = format!(
        "stablehlo.dynamic_slice {rows}, {}, sizes = {dims:?} : ({}, {}) -> {}",
        crate::writer::listed(&starts),
        rows.ty(),
        types(&starts),
        rows.writer.ty(&sliced, Kind::Number)
    );
    rows.writer.line(&sliced, Kind::Number, text).under(shape)
}

/// Rows with another one of them.
fn with_row<'w>(rows: Val<'w>, at: Val<'w>, new: Val<'w>) -> Val<'w> {
    let own = rows.shape();
    let mut dims = own.dims().to_vec();
    dims[0] = 1;
    let new = new.under(&Shape::from(dims));
    let zero = rows.writer.whole(0, &Shape::scalar());
    let starts: Vec<Val<'w>> =
        (0..own.rank()).map(|axis| if axis == 0 { at } else { zero }).collect();
    let text = format!(
        "stablehlo.dynamic_update_slice {rows}, {new}, {} : ({}, {}, {}) -> {}",
        crate::writer::listed(&starts),
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
        self.arguments.push(writer.value(&first.shape(), first.kind()));
    }
}

pub(crate) fn scan<'w>(x: &[Val<'w>], attributes: &Attributes) -> Val<'w> {
    let Attributes::Scan(scan) = attributes else {
        unreachable!("the shape rule asks for a loop");
    };
    let writer = x[0].writer;
    let states = states_of(scan);
    let mut carried = Carried { first: Vec::new(), arguments: Vec::new() };
    carried.add(writer, writer.whole(0, &Shape::scalar()));
    for k in 0..states {
        let given = scan.given.iter().position(|given| *given == Given::Carried(k));
        carried.add(writer, x[given.expect("every state is given")]);
    }
    // Of each output that is collected, its place among what is carried.
    let mut rows = Vec::new();
    for (o, returned) in scan.returned.iter().enumerate() {
        if *returned == Returned::Row {
            rows.push((o, carried.arguments.len()));
            carried.add(writer, writer.splat(0.0, &scan.output_shape(o)));
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
                next[1 + k] = output;
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
    let shapes: Vec<(Shape, Kind)> = arguments.iter().map(|a| (a.shape(), a.kind())).collect();
    let last = writer.lines(&shapes, text, regions, String::new());
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
    let mut shape = Shape::scalar();
    let branches = [&cond.yes, &cond.no].map(|body| {
        writer.block(|| {
            let outputs = body.written_out(&x[1..]);
            let value = match outputs.as_slice() {
                [output] => *output,
                _ => concat(&outputs.iter().map(|o| o.flat()).collect::<Vec<_>>(), 0),
            };
            shape = value.shape();
            vec![value]
        })
    });
    let [yes, no] = branches;
    let regions = vec![
        Region { open: " ({".to_owned(), lines: yes, close: "}" },
        Region { open: ", {".to_owned(), lines: no, close: "})" },
    ];
    let tail = format!(" : ({}) -> {}", is_yes.ty(), writer.ty(&shape, Kind::Number));
    writer.lines(&[(shape, Kind::Number)], format!("\"stablehlo.if\"({is_yes})"), regions, tail)[0]
}
