//! Sums of products: `dot_general`.

use wengert_ops::shape::Shape;

use crate::val::Val;
use crate::writer::Form;

/// `b + Σᵢ wᵢ xᵢ`
pub(crate) fn affine<'w>(bias: Val<'w>, w: Val<'w>, x: Val<'w>) -> Val<'w> {
    let (rank_x, rank_w) = (x.shape().rank(), w.shape().rank());
    let product = dot(x, w, &[], (rank_x - 1, rank_w - 1));
    bias.spread(&product.shape()) + product
}

/// The matrix product of the last two axes.
pub(crate) fn matmul<'w>(a: Val<'w>, b: Val<'w>) -> Val<'w> {
    let (of_a, of_b) = (a.shape(), b.shape());
    let (rank_a, rank_b) = (of_a.rank(), of_b.rank());
    if rank_b <= 2 {
        // One right side for all: the leading axes are rows.
        return dot(a, b, &[], (rank_a - 1, rank_b.saturating_sub(2)));
    }
    if rank_a <= 1 {
        // A row by each matrix.
        let batch: Vec<usize> = (0..rank_b - 2).collect();
        let mut dims = of_b.dims()[..rank_b - 2].to_vec();
        dims.extend(of_a.dims());
        return dot(a.spread(&Shape::from(dims)), b, &batch, (rank_b - 2, rank_b - 2));
    }
    let leading = |shape: &Shape| Shape::from(&shape.dims()[..shape.rank() - 2]);
    let batch = leading(&of_a).broadcast(&leading(&of_b)).expect("the shape rule holds");
    let with = |x: Val<'w>| {
        let own = x.shape();
        let mut dims = batch.dims().to_vec();
        dims.extend(&own.dims()[own.rank() - 2..]);
        x.spread(&Shape::from(dims))
    };
    let axes: Vec<usize> = (0..batch.rank()).collect();
    dot(with(a), with(b), &axes, (batch.rank() + 1, batch.rank()))
}

/// The sum of products over one axis of each; `batch` are axes that both have in front.
fn dot<'w>(a: Val<'w>, b: Val<'w>, batch: &[usize], (i, j): (usize, usize)) -> Val<'w> {
    // Rows of the left side alone are an axis of it like others, if none has to stand before them.
    let together = b.rows() || (a.rows() && !batch.is_empty());
    let (a, b) = if together { (a.for_rows(), b.for_rows()) } else { (a, b) };
    let (of_a, of_b) = (a.shape(), b.shape());
    let free = |shape: &Shape, not: usize| -> Vec<usize> {
        let axes = (batch.len()..shape.rank()).filter(|&axis| axis != not);
        axes.map(|axis| shape.dims()[axis]).collect()
    };
    let mut dims = of_a.dims()[..batch.len()].to_vec();
    dims.extend(free(&of_a, i));
    dims.extend(free(&of_b, j));
    let form = Form { rows: a.rows(), ..Form::number(&Shape::from(dims)) };
    let axes: Vec<usize> = (0..batch.len() + usize::from(together)).collect();
    let batching = match axes.as_slice() {
        [] => String::new(),
        axes => format!("batching_dims = {axes:?} x {axes:?}, "),
    };
    // A device may otherwise take fewer digits than the type has.
    let precision = match a.writer.number {
        "f32" => ", precision = [HIGHEST, HIGHEST]",
        _ => "",
    };
    let (i, j) = (a.axis(i), b.axis(j));
    let text = format!(
        "stablehlo.dot_general {a}, {b}, {batching}contracting_dims = [{i}] x [{j}]{precision} : \
         ({}, {}) -> {}",
        a.ty(),
        b.ty(),
        a.writer.ty(&form)
    );
    a.writer.line(form, text)
}
