//! The model: a transformer of one layer, number by number as the original; per layer in `layers`.

use wengert::Var;

#[path = "layers.rs"]
pub(crate) mod layers;

/// Letters, and the mark at both ends of a name.
pub(crate) const TOKENS: usize = 27;
pub(crate) const MARK: usize = 26;
pub(crate) const EMBED: usize = 16;
pub(crate) const HEADS: usize = 4;
pub(crate) const HEAD: usize = EMBED / HEADS;
/// Names are cut after so many positions.
pub(crate) const BLOCK: usize = 16;

/// The parameters in the order of drawing, row by row.
pub(crate) const SHAPES: [[usize; 2]; 9] = [
    [TOKENS, EMBED],
    [BLOCK, EMBED],
    [TOKENS, EMBED],
    [EMBED, EMBED],
    [EMBED, EMBED],
    [EMBED, EMBED],
    [EMBED, EMBED],
    [4 * EMBED, EMBED],
    [EMBED, 4 * EMBED],
];

/// A row of marks for each token, 1 at its place.
pub(crate) fn marks(tokens: &[usize]) -> Vec<f64> {
    tokens.iter().flat_map(|&token| (0..TOKENS).map(move |i| f64::from(i == token))).collect()
}

pub(crate) type Row<'t> = Vec<Var<'t>>;
pub(crate) type Matrix<'t> = Vec<Row<'t>>;

pub(crate) struct Weights<'t> {
    wte: Matrix<'t>,
    wpe: Matrix<'t>,
    lm_head: Matrix<'t>,
    wq: Matrix<'t>,
    wk: Matrix<'t>,
    wv: Matrix<'t>,
    wo: Matrix<'t>,
    fc1: Matrix<'t>,
    fc2: Matrix<'t>,
}

impl<'t> Weights<'t> {
    /// The numbers of one block, by name.
    pub(crate) fn of(params: Var<'t>) -> Self {
        let mut at = 0;
        let [wte, wpe, lm_head, wq, wk, wv, wo, fc1, fc2] = SHAPES.map(|[rows, columns]| {
            let block = params.slice(0, at..at + rows * columns).reshape([rows, columns]);
            at += rows * columns;
            block.iter().map(|row| row.iter().collect()).collect()
        });
        Weights { wte, wpe, lm_head, wq, wk, wv, wo, fc1, fc2 }
    }
}

/// Products, added from the first one on.
fn dot<'t>(w: &[Var<'t>], x: &[Var<'t>]) -> Var<'t> {
    w.iter().zip(x).map(|(w, x)| w * x).reduce(|sum, product| sum + product).expect("not empty")
}

fn linear<'t>(x: &[Var<'t>], w: &[Row<'t>]) -> Row<'t> {
    w.iter().map(|row| dot(row, x)).collect()
}

pub(crate) fn softmax<'t>(logits: &[Var<'t>]) -> Row<'t> {
    // A number that no derivative passes through; exact, as subtracting it changes no share.
    let largest = logits.iter().copied().reduce(Var::max).expect("not empty").detach();
    let exps: Row = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let total = exps.iter().copied().reduce(|sum, e| sum + e).expect("not empty");
    exps.iter().map(|e| e / total).collect()
}

fn rmsnorm<'t>(x: &[Var<'t>]) -> Row<'t> {
    let mean_square = dot(x, x) / x.len() as f64;
    let scale = (mean_square + 1e-5).powf(-0.5);
    x.iter().map(|x| x * scale).collect()
}

fn add<'t>(a: &[Var<'t>], b: &[Var<'t>]) -> Row<'t> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// The logits of the token that follows `token`, of which 27 marks are given.
pub(crate) fn gpt<'t>(
    weights: &Weights<'t>,
    token: &[Var<'t>],
    position: usize,
    keys: &mut Matrix<'t>,
    values: &mut Matrix<'t>,
) -> Row<'t> {
    let embedding = |i: usize| {
        let column = weights.wte.iter().zip(token).map(|(row, mark)| row[i] * mark);
        column.reduce(|sum, product| sum + product).expect("not empty")
    };
    let embedded: Row = (0..EMBED).map(embedding).collect();
    let x = rmsnorm(&add(&embedded, &weights.wpe[position]));

    let residual = x.clone();
    let x = rmsnorm(&x);
    let q = linear(&x, &weights.wq);
    keys.push(linear(&x, &weights.wk));
    values.push(linear(&x, &weights.wv));
    let mut attended = Vec::with_capacity(EMBED);
    for head in 0..HEADS {
        let _scope = x[0].tape().scope(&format!("head {head}"));
        let part = head * HEAD..(head + 1) * HEAD;
        let score =
            |key: &Row<'t>| dot(&q[part.clone()], &key[part.clone()]) / (HEAD as f64).sqrt();
        let shares = softmax(&keys.iter().map(score).collect::<Row>());
        for j in part {
            attended.push(dot(&shares, &values.iter().map(|value| value[j]).collect::<Row>()));
        }
    }
    let x = add(&linear(&attended, &weights.wo), &residual);

    let residual = x.clone();
    let hidden: Row = linear(&rmsnorm(&x), &weights.fc1).iter().map(|z| z.relu()).collect();
    let x = add(&linear(&hidden, &weights.fc2), &residual);
    linear(&x, &weights.lm_head)
}

/// Minus the logarithm of the share of the next token, averaged over the positions. `tokens` has
/// one row of marks more than there are positions.
pub(crate) fn loss<'t>(params: Var<'t>, tokens: Var<'t>) -> Var<'t> {
    let tape = params.tape();
    let weights = Weights::of(params);
    let tokens: Matrix = tokens.iter().map(|token| token.iter().collect()).collect();
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    let count = tokens.len() - 1;
    let losses = (0..count).map(|position| {
        let _scope = tape.scope(&format!("position {position}"));
        let logits = gpt(&weights, &tokens[position], position, &mut keys, &mut values);
        -dot(&softmax(&logits), &tokens[position + 1]).ln()
    });
    losses.reduce(|sum, loss| sum + loss).expect("not empty") * (1.0 / count as f64)
}
