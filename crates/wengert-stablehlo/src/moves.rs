//! What moves elements: joining, picking, choosing, sorting.

use wengert_ops::algebra::Algebra;
use wengert_ops::shape::Shape;

use crate::lines::Region;
use crate::number::aligned;
use crate::reductions;
use crate::val::{Val, all_alike, listed, types};
use crate::writer::{Form, Kind};

pub(crate) fn concat<'w>(parts: &[Val<'w>], axis: usize) -> Val<'w> {
    if let [one] = parts {
        return *one;
    }
    let parts = all_alike(parts);
    let mut dims = parts[0].shape().dims().to_vec();
    dims[axis] = parts.iter().map(|part| part.shape().dims()[axis]).sum();
    let form = parts[0].of_shape(&Shape::from(dims));
    let text = format!(
        "stablehlo.concatenate {}, dim = {} : ({}) -> {}",
        listed(&parts),
        parts[0].axis(axis),
        types(&parts),
        parts[0].writer.ty(&form)
    );
    parts[0].writer.line(form, text)
}

pub(crate) fn stack<'w>(parts: &[Val<'w>]) -> Val<'w> {
    let rows: Vec<Val<'w>> = parts.iter().map(|part| part.kept(&[0])).collect();
    concat(&rows, 0)
}

/// Rows of an operand that positions name, as their numbers, if positions are whole rows.
fn whole_rows(positions: &[u32], width: usize) -> Option<Vec<u32>> {
    if width < 2 || !positions.len().is_multiple_of(width) {
        return None;
    }
    let is_row = |row: &[u32]| {
        (row[0] as usize).is_multiple_of(width)
            && row.iter().zip(row[0]..).all(|(&at, wanted)| at == wanted)
    };
    let rows = positions.chunks(width);
    rows.map(|row| is_row(row).then(|| row[0] / width as u32)).collect()
}

/// Positions as a constant column.
fn indices<'w>(like: Val<'w>, positions: &[u32]) -> Val<'w> {
    let form = Form::whole(&Shape::from([positions.len(), 1]));
    let each: Vec<String> = positions.iter().map(|at| format!("[{at}]")).collect();
    let ty = like.writer.ty(&form);
    like.writer.line(form, format!("stablehlo.constant dense<[{}]> : {ty}", each.join(", ")))
}

/// A column of the numbers of rows, for operands that stand one below the other for every row of the
/// tape.
fn stacked_indices<'w>(at: Val<'w>, extent: usize) -> Val<'w> {
    let all = at.for_rows().as_one();
    let offset = at.count_along(0, &all.shape());
    let extent = at.writer.whole(extent as i64, &all.shape());
    all.op2("stablehlo.add", offset.op2("stablehlo.multiply", extent))
        .under(&Shape::from([all.shape().len(), 1]))
}

/// Rows of every row of the tape, one below the other.
fn stacked<'w>(x: Val<'w>) -> Val<'w> {
    let all = x.for_rows().as_one();
    let shape = all.shape();
    let [rows, extent, rest @ ..] = shape.dims() else { unreachable!("there are rows") };
    let dims: Vec<usize> = [rows * extent].into_iter().chain(rest.iter().copied()).collect();
    all.under(&Shape::from(dims))
}

/// Elements picked by their row-major positions.
pub(crate) fn gather<'w>(x: Val<'w>, positions: &[u32], shape: &Shape) -> Val<'w> {
    let own = x.shape();
    let width: usize = own.dims().iter().skip(1).product();
    match whole_rows(positions, width) {
        Some(rows) if own.rank() > 1 => rows_at(x, indices(x, &rows), rows.len()).under(shape),
        _ => rows_at(x.flat(), indices(x, positions), positions.len()).under(shape),
    }
}

/// Rows by a column of their numbers.
fn rows_at<'w>(x: Val<'w>, at: Val<'w>, count: usize) -> Val<'w> {
    let own = x.shape();
    if x.rows() || at.rows() {
        let mut dims = own.dims().to_vec();
        dims[0] = count;
        let form = Form { rows: true, ..x.of_shape(&Shape::from(dims)) };
        let total = count * x.writer.rows;
        let found = if x.rows() {
            rows_at(stacked(x), stacked_indices(at, own.dims()[0]), total)
        } else {
            rows_at(x, at.as_one().under(&Shape::from([total, 1])), total)
        };
        return found.reshape_to(form);
    }
    let (mut dims, mut sizes) = (own.dims().to_vec(), own.dims().to_vec());
    (dims[0], sizes[0]) = (count, 1);
    let offsets: Vec<usize> = (1..own.rank()).collect();
    let form = x.of_shape(&Shape::from(dims));
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    let text = format!(
        "\"stablehlo.gather\"({x}, {at}) <{{dimension_numbers = #stablehlo.gather<\
         {}collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, \
         slice_sizes = array<i64: {}>}}> : ({}, {}) -> {}",
        windows("offset_dims", &offsets),
        sizes.join(", "),
        x.ty(),
        at.ty(),
        x.writer.ty(&form)
    );
    x.writer.line(form, text)
}

fn windows(name: &str, axes: &[usize]) -> String {
    if axes.is_empty() { String::new() } else { format!("{name} = {axes:?}, ") }
}

/// Elements added into zeros at row-major positions.
pub(crate) fn scatter_add<'w>(x: Val<'w>, positions: &[u32], shape: &Shape) -> Val<'w> {
    let width: usize = shape.dims().iter().skip(1).product();
    match whole_rows(positions, width) {
        Some(rows) if shape.rank() > 1 => {
            let mut dims = shape.dims().to_vec();
            dims[0] = rows.len();
            add_rows(x.under(&Shape::from(dims)), indices(x, &rows), shape)
        }
        _ => {
            let flat = Shape::from([shape.len()]);
            add_rows(x.flat(), indices(x, positions), &flat).under(shape)
        }
    }
}

/// Rows added into zeros of a shape, by a column of their numbers.
fn add_rows<'w>(rows: Val<'w>, at: Val<'w>, shape: &Shape) -> Val<'w> {
    let writer = rows.writer;
    if rows.rows() || at.rows() {
        let mut dims = shape.dims().to_vec();
        dims[0] *= writer.rows;
        let all = Shape::from(dims);
        let form = Form { rows: true, ..rows.of_shape(shape) };
        let at = stacked_indices(at, shape.dims()[0]);
        return add_rows(stacked(rows), at, &all).reshape_to(form);
    }
    let zeros = writer.splat(0.0, shape);
    let windows_of: Vec<usize> = (1..shape.rank()).collect();
    let number = || writer.value(Form::number(&Shape::scalar()));
    let (a, b) = (number(), number());
    let lines = writer.block(|| vec![a + b]);
    let ty = a.ty();
    let open = format!(" ({{\n^bb0({a}: {ty}, {b}: {ty}):");
    let text = format!(
        "\"stablehlo.scatter\"({zeros}, {at}, {rows}) <{{scatter_dimension_numbers = \
         #stablehlo.scatter<{}inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], \
         index_vector_dim = 1>, unique_indices = false}}>",
        windows("update_window_dims", &windows_of)
    );
    let tail = format!(" : ({}, {}, {}) -> {}", zeros.ty(), at.ty(), rows.ty(), zeros.ty());
    let region = Region { open, lines, close: "})" };
    writer.lines(&[Form::number(shape)], text, vec![region], tail)[0]
}

/// `cond ≠ 0 ? a : b`
pub(crate) fn select<'w>(cond: Val<'w>, a: Val<'w>, b: Val<'w>) -> Val<'w> {
    let (a, b) = aligned(a, b);
    let (cond, a) = aligned(cond, a);
    let b = b.spread(&a.shape());
    cond.compare("NE", cond.all(0.0)).choose(a, b)
}

/// Several values in the order of the first of them along an axis, ascending and stable.
fn sorted<'w>(values: &[Val<'w>], axis: usize) -> Vec<Val<'w>> {
    let values = all_alike(values);
    let writer = values[0].writer;
    let single = |v: &Val<'w>| {
        let form = Form { shape: Shape::scalar(), rows: false, ..v.form() };
        [writer.value(form.clone()), writer.value(form)]
    };
    let arguments: Vec<Val<'w>> = values.iter().flat_map(single).collect();
    let lines = writer.block(|| vec![arguments[0].compare("LT", arguments[1])]);
    let typed: Vec<String> = arguments.iter().map(|a| format!("{a}: {}", a.ty())).collect();
    let open = format!(" ({{\n^bb0({}):", typed.join(", "));
    let text = format!(
        "\"stablehlo.sort\"({}) <{{dimension = {} : i64, is_stable = true}}>",
        listed(&values),
        values[0].axis(axis)
    );
    let tail = format!(" : ({}) -> ({})", types(&values), types(&values));
    let forms: Vec<Form> = values.iter().map(|v| v.form()).collect();
    writer.lines(&forms, text, vec![Region { open, lines, close: "})" }], tail)
}

/// NaN where a key along the axis is NaN.
fn if_ordered<'w>(keys: Val<'w>, sorted: Val<'w>, axis: usize) -> Val<'w> {
    let largest = reductions::max(keys, &[axis]).kept(&[axis as u8]).spread(&keys.shape());
    largest.compare("EQ", largest).choose(sorted, sorted.all(f64::NAN))
}

pub(crate) fn sort_by<'w>(keys: Val<'w>, values: Val<'w>, axis: usize) -> Val<'w> {
    if_ordered(keys, sorted(&[keys, values], axis)[1], axis)
}

/// The places that a sort takes elements from, sorted with the values.
pub(crate) fn unsort_by<'w>(keys: Val<'w>, values: Val<'w>, axis: usize) -> Val<'w> {
    let places = sorted(&[keys, keys.count_along(axis, &keys.shape())], axis)[1];
    if_ordered(keys, sorted(&[places, values], axis)[1], axis)
}

/// Which computed numbers say a row, and a column of the rows; 0 for those that say none.
fn row_numbers<'w>(index: Val<'w>, rows: usize) -> (Val<'w>, Val<'w>) {
    let index = index.flat();
    let low = index.compare("GE", index.all(0.0));
    let valid = low.and(index.compare("LT", index.all(rows as f64)));
    let safe = valid.choose(index, index.all(0.0));
    let form = Form { kind: Kind::Whole, ..safe.form() };
    let to = safe.writer.ty(&form);
    let count = form.shape.len();
    let whole =
        safe.writer.line(form, format!("stablehlo.convert {safe} : ({}) -> {to}", safe.ty()));
    (valid, whole.under(&Shape::from([count, 1])))
}

/// Rows at computed numbers, NaN where there is no such row.
pub(crate) fn take<'w>(x: Val<'w>, index: Val<'w>) -> Val<'w> {
    let own = x.shape();
    let (valid, at) = row_numbers(index, own.dims()[0]);
    let rows = rows_at(x, at, index.shape().len());
    let taken = valid.along(&[0], &rows.shape()).choose(rows, rows.all(f64::NAN));
    let dims: Vec<usize> = index.shape().dims().iter().chain(&own.dims()[1..]).copied().collect();
    taken.under(&Shape::from(dims))
}

/// Rows added up in the places that they were taken from.
pub(crate) fn take_back<'w>(rows: Val<'w>, index: Val<'w>, like: Val<'w>) -> Val<'w> {
    let shape = like.shape();
    let (valid, at) = row_numbers(index, shape.dims()[0]);
    let mut dims = shape.dims().to_vec();
    dims[0] = index.shape().len();
    let rows = rows.under(&Shape::from(dims));
    let added = valid.along(&[0], &rows.shape()).choose(rows, rows.all(0.0));
    add_rows(added, at, &shape)
}
