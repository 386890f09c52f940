//! The dense vocabulary against NumPy's definitions, written out index by index, at ranks 0 to 4,
//! in both precisions; gradients against differences in `f64`.

use wengert::number::Real;
use wengert::{Leaf, Scalar, Tape, Var};

/// An array as its extents and its elements, row-major.
#[derive(Clone, Debug)]
struct Array {
    dims: Vec<usize>,
    values: Vec<f64>,
}

impl Array {
    /// Every index has its own number, of either sign.
    fn numbered(dims: &[usize], seed: usize) -> Self {
        let len = dims.iter().product();
        Array {
            dims: dims.to_vec(),
            values: (0..len).map(|i| ((i * 7 + seed * 3) % 23) as f64 * 0.25 - 2.0).collect(),
        }
    }

    fn from(dims: &[usize], element: impl Fn(&[usize]) -> f64) -> Self {
        Array {
            dims: dims.to_vec(),
            values: indices(dims).iter().map(|index| element(index)).collect(),
        }
    }

    /// The element at an index; of axes that were broadcast, the only one there is.
    fn at(&self, index: &[usize]) -> f64 {
        let index = &index[index.len() - self.dims.len()..];
        let place = index
            .iter()
            .zip(&self.dims)
            .fold(0, |place, (&i, &extent)| place * extent + i.min(extent - 1));
        self.values[place]
    }
}

/// All indices of a shape, row-major.
fn indices(dims: &[usize]) -> Vec<Vec<usize>> {
    dims.iter().fold(vec![vec![]], |all, &extent| {
        all.iter()
            .flat_map(|index| (0..extent).map(move |i| [index.as_slice(), &[i]].concat()))
            .collect()
    })
}

/// Runs `f` on tensors and holds its result to `expected`; and, with numbers that can be
/// differenced, its gradient to differences.
#[track_caller]
fn check<S: Scalar>(
    what: &str,
    operands: &[&Array],
    f: impl for<'t> Fn(&[Var<'t, S>]) -> Var<'t, S>,
    expected: &Array,
) {
    let tape = Tape::<S>::default();
    let vars: Vec<Var<'_, S>> = operands
        .iter()
        .map(|array| {
            let values: Vec<S> = array.values.iter().map(|&x| S::from_f64(x)).collect();
            tape.tensor(Leaf::Input, &values, &array.dims).unwrap()
        })
        .collect();
    let result = f(&vars);
    assert_eq!(result.shape().dims(), expected.dims, "{what} of {operands:?}");
    let single = size_of::<S>() == 4;
    let tolerance = if single { 4e-6 } else { 1e-14 };
    for (found, &expected) in result.values().iter().zip(&expected.values) {
        let found = found.to_f64();
        assert!(
            (found - expected).abs() <= tolerance * (1.0 + expected.abs()),
            "{what}: {found} {expected} {operands:?}"
        );
    }
    // A different weight for each element, so that no two can be exchanged unnoticed.
    let weights: Vec<S> = (0..result.len()).map(|i| S::from_f64(0.5 + 0.125 * i as f64)).collect();
    let y = (result * tape.tensor(Leaf::Data, &weights, result.shape().dims()).unwrap()).sum();
    let gradients = y.backward();
    // Forward and reverse agree in every direction of a unit.
    for &x in &vars {
        let reverse = gradients.values_wrt(x);
        for (i, reverse) in reverse.iter().enumerate() {
            let unit: Vec<S> =
                (0..x.len()).map(|k| S::from_f64(f64::from(u8::from(k == i)))).collect();
            let forward = tape.tangents(&[(x, &unit)]).unwrap().value(y).to_f64();
            let bound = 16.0 * tolerance * (1.0 + forward.abs());
            assert!(
                (reverse.to_f64() - forward).abs() <= bound,
                "{what}: {reverse:?} {forward} by {i}"
            );
        }
    }
    if !single {
        let report = y.check().run().unwrap();
        assert!(report.agrees(), "{what} of {operands:?}: {report}");
    }
}

const SHAPES: [&[usize]; 6] = [&[], &[1], &[5], &[2, 3], &[3, 1, 2], &[2, 3, 1, 4]];

fn subsets(rank: usize) -> impl Iterator<Item = Vec<usize>> {
    (0..1_usize << rank).map(move |mask| (0..rank).filter(|axis| mask >> axis & 1 == 1).collect())
}

/// `np.reduce(x, axis=axes)`: what is left of the axes, and all elements that have one index there.
fn reduced(x: &Array, axes: &[usize], f: impl Fn(&[f64]) -> f64) -> Array {
    let kept: Vec<usize> = (0..x.dims.len()).filter(|axis| !axes.contains(axis)).collect();
    let dims: Vec<usize> = kept.iter().map(|&axis| x.dims[axis]).collect();
    Array::from(&dims, |index| {
        let fits = |full: &Vec<usize>| kept.iter().zip(index).all(|(&axis, &i)| full[axis] == i);
        f(&indices(&x.dims)
            .iter()
            .filter(|full| fits(full))
            .map(|full| x.at(full))
            .collect::<Vec<_>>())
    })
}

fn reductions<S: Scalar>() {
    let largest = |v: &[f64]| v.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = |v: &[f64]| v.iter().copied().fold(f64::INFINITY, f64::min);
    for dims in SHAPES {
        let x = Array::numbered(dims, 1);
        for axes in subsets(dims.len()) {
            let go = |what: &str,
                      f: for<'t> fn(Var<'t, S>, &[usize]) -> Var<'t, S>,
                      by: &dyn Fn(&[f64]) -> f64| {
                check(
                    &format!("{what} over {axes:?}"),
                    &[&x],
                    |v| f(v[0], &axes),
                    &reduced(&x, &axes, by),
                );
                // The order in which axes are named does not matter.
                let reversed: Vec<usize> = axes.iter().rev().copied().collect();
                if reversed != axes {
                    check(
                        &format!("{what} over {reversed:?}"),
                        &[&x],
                        |v| f(v[0], &reversed),
                        &reduced(&x, &axes, by),
                    );
                }
            };
            go("sum", |x, axes| x.sum_axes(axes), &|v| v.iter().sum());
            go("mean", |x, axes| x.mean_axes(axes), &|v| v.iter().sum::<f64>() / v.len() as f64);
            go("max", |x, axes| x.max_axes(axes), &largest);
            go("min", |x, axes| x.min_axes(axes), &smallest);
            go("product", |x, axes| x.prod_axes(axes), &|v| v.iter().product());
            go("norm_l1", |x, axes| x.norm_l1_axes(axes), &|v| v.iter().map(|x| x.abs()).sum());
            go("norm_l2", |x, axes| x.norm_l2_axes(axes), &|v| {
                v.iter().map(|x| x * x).sum::<f64>().sqrt()
            });
            go("norm_max", |x, axes| x.norm_max_axes(axes), &|v| {
                v.iter().fold(0.0, |m, x| x.abs().max(m))
            });
            go("log_sum_exp", |x, axes| x.log_sum_exp_axes(axes), &|v| {
                v.iter().map(|x| x.exp()).sum::<f64>().ln()
            });
        }
        let all: Vec<usize> = (0..dims.len()).collect();
        let go =
            |what: &str, f: for<'t> fn(Var<'t, S>) -> Var<'t, S>, by: &dyn Fn(&[f64]) -> f64| {
                check(what, &[&x], |v| f(v[0]), &reduced(&x, &all, by));
            };
        go("sum", |x| x.sum(), &|v| v.iter().sum());
        go("mean", |x| x.mean(), &|v| v.iter().sum::<f64>() / v.len() as f64);
        go("max", |x| x.max_all(), &largest);
        go("min", |x| x.min_all(), &smallest);
        go("product", |x| x.prod(), &|v| v.iter().product());
        go("norm_l1", |x| x.norm_l1(), &|v| v.iter().map(|x| x.abs()).sum());
        go("norm_l2", |x| x.norm_l2(), &|v| v.iter().map(|x| x * x).sum::<f64>().sqrt());
        go("norm_max", |x| x.norm_max(), &|v| v.iter().fold(0.0, |m, x| x.abs().max(m)));
    }
}

fn along_an_axis<S: Scalar>() {
    for dims in SHAPES {
        let x = Array::numbered(dims, 2);
        for axis in 0..dims.len() {
            let line = |index: &[usize]| -> Vec<f64> {
                let mut index = index.to_vec();
                (0..dims[axis])
                    .map(|i| {
                        index[axis] = i;
                        x.at(&index)
                    })
                    .collect()
            };
            let total = |index: &[usize]| line(index).iter().map(|x| x.exp()).sum::<f64>();
            let expected = Array::from(dims, |index| line(index)[..=index[axis]].iter().sum());
            check::<S>("cumsum", &[&x], |v| v[0].cumsum(axis), &expected);
            check::<S>(
                "softmax",
                &[&x],
                |v| v[0].softmax(axis),
                &Array::from(dims, |i| x.at(i).exp() / total(i)),
            );
            let expected = Array::from(dims, |i| x.at(i) - total(i).ln());
            check::<S>("log_softmax", &[&x], |v| v[0].log_softmax(axis), &expected);
        }
    }
}

/// NumPy's rule for `a @ b`, with the result's extents worked out by hand.
fn products<S: Scalar>() {
    let cases: [(&[usize], &[usize], &[usize]); 14] = [
        (&[3], &[3], &[]),
        (&[3], &[3, 2], &[2]),
        (&[2, 3], &[3], &[2]),
        (&[2, 3], &[3, 4], &[2, 4]),
        (&[1, 3], &[3, 1], &[1, 1]),
        (&[3], &[2, 3, 4], &[2, 4]),
        (&[2, 4, 3], &[3], &[2, 4]),
        (&[2, 4, 3], &[3, 2], &[2, 4, 2]),
        (&[4, 3], &[2, 3, 2], &[2, 4, 2]),
        (&[2, 4, 3], &[2, 3, 2], &[2, 4, 2]),
        (&[2, 4, 3], &[1, 3, 2], &[2, 4, 2]),
        (&[2, 1, 4, 3], &[3, 3, 2], &[2, 3, 4, 2]),
        (&[1, 2, 3], &[3, 1, 3, 2], &[3, 1, 2, 2]),
        (&[3], &[2, 2, 3, 2], &[2, 2, 2]),
    ];
    for (left, right, dims) in cases {
        let (a, b) = (Array::numbered(left, 3), Array::numbered(right, 4));
        let inner = left[left.len() - 1];
        let expected = Array::from(dims, |index| {
            // The batch first, then the row unless the left is a vector, then the column unless the
            // right is.
            let (rows, columns) = (usize::from(left.len() > 1), usize::from(right.len() > 1));
            let (batch, rest) = index.split_at(index.len() - rows - columns);
            (0..inner)
                .map(|k| {
                    let row = [batch, &rest[..rows], &[k]].concat();
                    let column = [batch, &[k], &rest[rows..]].concat();
                    a.at(&row) * b.at(&column)
                })
                .sum()
        });
        check::<S>("matmul", &[&a, &b], |v| v[0].matmul(v[1]), &expected);
        // The same of operands that lie transposed, which are read where they lie.
        let flip = |x: &Array| {
            let mut dims = x.dims.clone();
            let rank = dims.len();
            dims.swap(rank - 2, rank - 1);
            Array::from(&dims, |index| {
                let mut index = index.to_vec();
                index.swap(rank - 2, rank - 1);
                x.at(&index)
            })
        };
        if left.len() > 1 && right.len() > 1 {
            let (a, b) = (flip(&a), flip(&b));
            check::<S>("matmul of transposes", &[&a, &b], |v| v[0].t().matmul(v[1].t()), &expected);
            let tape = Tape::new();
            let var = |x: &Array| tape.tensor(Leaf::Input, &x.values, &x.dims).unwrap();
            let _ = var(&a).t().matmul(var(&b).t());
            assert_eq!(tape.len(), 3, "two leaves and a product: nothing was copied\n{tape}");
        }
    }
    let (a, b) = (Array::numbered(&[3], 5), Array::numbered(&[4], 6));
    check::<S>(
        "outer",
        &[&a, &b],
        |v| v[0].outer(v[1]),
        &Array::from(&[3, 4], |i| a.at(&i[..1]) * b.at(&i[1..])),
    );
    let c = Array::numbered(&[3], 7);
    check::<S>(
        "dot",
        &[&a, &c],
        |v| v[0].dot(v[1]),
        &Array::from(&[], |_| (0..3).map(|i| a.at(&[i]) * c.at(&[i])).sum()),
    );
}

fn broadcasting<S: Scalar>() {
    let cases: [(&[usize], &[usize], &[usize]); 8] = [
        (&[], &[2, 3], &[2, 3]),
        (&[3], &[2, 3], &[2, 3]),
        (&[2, 1], &[3], &[2, 3]),
        (&[2, 1], &[1, 3], &[2, 3]),
        (&[1], &[2, 2, 2], &[2, 2, 2]),
        (&[2, 1, 4], &[3, 1], &[2, 3, 4]),
        (&[3, 1, 2], &[2, 1, 4, 1], &[2, 3, 4, 2]),
        (&[1, 1], &[3], &[1, 3]),
    ];
    for (left, right, dims) in cases {
        let (a, b) = (Array::numbered(left, 8), Array::numbered(right, 9));
        for (a, b) in [(&a, &b), (&b, &a)] {
            let each = |f: &dyn Fn(f64, f64) -> f64| Array::from(dims, |i| f(a.at(i), b.at(i)));
            check::<S>("add", &[a, b], |v| v[0] + v[1], &each(&|x, y| x + y));
            check::<S>("sub", &[a, b], |v| v[0] - v[1], &each(&|x, y| x - y));
            check::<S>("mul", &[a, b], |v| v[0] * v[1], &each(&|x, y| x * y));
            check::<S>(
                "div",
                &[a, b],
                |v| v[0] / (v[1] * v[1] + v[1].like(1.0)),
                &each(&|x, y| x / (y * y + 1.0)),
            );
            check::<S>("max", &[a, b], |v| v[0].max(v[1].sin()), &each(&|x, y| x.max(y.sin())));
            let expected = each(&|x, y| if x > 0.1 { x * y } else { y });
            let tenth = S::from_f64(0.1);
            check::<S>(
                "where",
                &[a, b],
                |v| v[0].indicator_gt(tenth).select(v[0] * v[1], v[1]),
                &expected,
            );
            let expected = Array::from(dims, |i| a.at(i));
            check::<S>("broadcast", &[a], |v| v[0].broadcast_to(dims), &expected);
        }
    }
}

fn rearrangements<S: Scalar>() {
    let x = Array::numbered(&[2, 3, 4], 10);
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let dims = order.map(|axis| x.dims[axis]);
        let expected = Array::from(&dims, |index| {
            let mut from = [0; 3];
            order.iter().zip(index).for_each(|(&axis, &i)| from[axis] = i);
            x.at(&from)
        });
        check::<S>("permute", &[&x], |v| v[0].permute(&order), &expected);
        // Row-major of what it is then, whether or not that takes a copy.
        let flat = Array { dims: vec![4, 6], values: expected.values.clone() };
        check::<S>("reshape", &[&x], |v| v[0].permute(&order).reshape([4, 6]), &flat);
    }
    check::<S>("t", &[&x], |v| v[0].t(), &Array::from(&[2, 4, 3], |i| x.at(&[i[0], i[2], i[1]])));
    check::<S>("at", &[&x], |v| v[0].at(1).at(2), &Array::from(&[4], |i| x.at(&[1, 2, i[0]])));
    check::<S>(
        "slice",
        &[&x],
        |v| v[0].slice(1, 1..3).slice(2, 0..2),
        &Array::from(&[2, 2, 2], |i| x.at(&[i[0], i[1] + 1, i[2]])),
    );
    for (step, extent) in [(1, 3), (2, 2), (3, 1), (9, 1)] {
        let expected = Array::from(&[2, 3, extent], |i| x.at(&[i[0], i[1], 1 + step * i[2]]));
        check::<S>(
            "step_by",
            &[&x],
            |v| v[0].slice(2, 1..4).step_by(2, step).exp().ln(),
            &expected,
        );
    }
    for axis in 0..=3 {
        let mut dims = x.dims.clone();
        dims.insert(axis, 1);
        check::<S>(
            "insert_axis",
            &[&x],
            |v| v[0].insert_axis(axis),
            &Array { dims, values: x.values.clone() },
        );
    }
    for axis in 0..3 {
        let picks: &[usize] = &[1, 0, 1, 1];
        let mut dims = x.dims.clone();
        dims[axis] = 4;
        let expected = Array::from(&dims, |index| {
            let mut index = index.to_vec();
            index[axis] = picks[index[axis]];
            x.at(&index)
        });
        check::<S>("index", &[&x], |v| v[0].index(axis, picks), &expected);
        let mut dims = x.dims.clone();
        dims[axis] += 2;
        let expected = Array::from(&dims, |index| {
            let mut index = index.to_vec();
            let first = index[axis] < x.dims[axis];
            index[axis] -= if first { 0 } else { x.dims[axis] };
            if first { x.at(&index) } else { x.at(&index).tanh() }
        });
        check::<S>(
            "concat",
            &[&x],
            |v| v[0].tape().concat(axis, &[v[0], v[0].slice(axis, 0..2).tanh()]),
            &expected,
        );
    }
    let (a, b) = (Array::numbered(&[2, 3], 11), Array::numbered(&[2, 3], 12));
    let expected = Array::from(&[3, 2, 3], |i| [&a, &b, &a][i[0]].at(&i[1..]));
    check::<S>("stack", &[&a, &b], |v| v[0].tape().stack(&[v[0], v[1], v[0]]), &expected);
    let picks = [5, 0, 0, 3];
    let flat = Array { dims: vec![4], values: picks.map(|i| a.values[i]).to_vec() };
    check::<S>("gather", &[&a], |v| v[0].gather(&picks), &flat);
    // Of a transpose, positions are those of its own row-major order.
    let flat = Array { dims: vec![4], values: picks.map(|i| a.at(&[i % 2, i / 2])).to_vec() };
    check::<S>("gather of a transpose", &[&a], |v| v[0].t().gather(&picks), &flat);
    let places = [1, 0, 1, 3, 1, 0];
    let mut sums = vec![0.0; 4];
    places.iter().zip(&a.values).for_each(|(&place, x)| sums[place] += x);
    check::<S>(
        "scatter_add",
        &[&a],
        |v| v[0].scatter_add(&places, [2, 2]),
        &Array { dims: vec![2, 2], values: sums },
    );
}

macro_rules! in_both_precisions {
    ($($name:ident)*) => {$(
        mod $name {
            #[test]
            fn in_double_precision() {
                super::$name::<f64>();
            }

            #[test]
            fn in_single_precision() {
                super::$name::<f32>();
            }
        }
    )*};
}
in_both_precisions! { reductions along_an_axis products broadcasting rearrangements }
