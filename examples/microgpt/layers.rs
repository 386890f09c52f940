//! The same model per layer: a row of numbers is one node, a product with a matrix another.

use wengert::{Last, Var};

use super::{EMBED, HEAD, HEADS, SHAPES};

fn rmsnorm(x: Var<'_>) -> Var<'_> {
    x * (x.square().mean() + 1e-5).powf(-0.5)
}

/// The logits of the token that follows `token`. The matrices are those of `SHAPES`, in its order.
fn gpt<'t>(
    matrices: &[Var<'t>; 9],
    token: Var<'t>,
    position: usize,
    keys: &mut Vec<Var<'t>>,
    values: &mut Vec<Var<'t>>,
) -> Var<'t> {
    let [wte, wpe, lm_head, wq, wk, wv, wo, fc1, fc2] = *matrices;
    let tape = token.tape();
    let x = rmsnorm(token.matmul(wte) + wpe.at(position)).named("x");

    let normed = rmsnorm(x);
    let q = wq.matmul(normed).named("q");
    keys.push(wk.matmul(normed).named("k"));
    values.push(wv.matmul(normed).named("v"));
    let head = |head: usize| {
        let _scope = tape.scope(&format!("head {head}"));
        let part = |row: Var<'t>| row.slice(0, head * HEAD..(head + 1) * HEAD);
        let stacked =
            |rows: &[Var<'t>]| tape.stack(&rows.iter().map(|&row| part(row)).collect::<Vec<_>>());
        let scores = stacked(keys).matmul(part(q)) / (HEAD as f64).sqrt();
        let shares = scores.softmax(Last).named("shares");
        shares.matmul(stacked(values)).named("attended")
    };
    let heads: Vec<Var<'t>> = (0..HEADS).map(head).collect();
    let attended = tape.stack(&heads).reshape([EMBED]);
    let x = (wo.matmul(attended) + x).named("after attention");

    let hidden = fc1.matmul(rmsnorm(x)).relu().named("hidden");
    let x = (fc2.matmul(hidden) + x).named("after perceptron");
    lm_head.matmul(x).named("logits")
}

/// As the scalar model's: minus the logarithm of the share of the next token, averaged over the
/// positions.
pub(crate) fn loss<'t>(params: Var<'t>, tokens: Var<'t>) -> Var<'t> {
    let (tape, mut at) = (params.tape(), 0);
    let matrices = SHAPES.map(|[rows, columns]| {
        let block = params.slice(0, at..at + rows * columns).reshape([rows, columns]);
        at += rows * columns;
        block
    });
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    let count = tokens.shape().dims()[0] - 1;
    let losses = (0..count).map(|position| {
        let _scope = tape.scope(&format!("position {position}"));
        let logits = gpt(&matrices, tokens.at(position), position, &mut keys, &mut values);
        -logits.softmax(Last).named("shares").dot(tokens.at(position + 1)).ln()
    });
    losses.reduce(|sum, loss| sum + loss).expect("not empty") * (1.0 / count as f64)
}
