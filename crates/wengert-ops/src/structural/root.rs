//! The root of an equation: the x for which f(x, θ) = 0, found from a start by Newton's method.
//!
//! Its derivative is that of the implicit function theorem (A. L. Cauchy, U. Dini): from
//! `f(x(θ), θ) = 0` follows `∂x/∂θ = −J⁻¹ ∂f/∂θ` with `J = ∂f/∂x`, whatever way x was found. So no
//! derivative goes through the iterations. The rules say it with J as a function of x and θ, and x
//! as the step's own result, so that they can be differentiated again.
//!
//! ```text
//! share    λ = J⁻ᵀ x̄,  θ̄ = −(∂f/∂θ)ᵀ λ
//! tangent  ẋ = −J⁻¹ (∂f/∂θ) θ̇
//! ```

use std::sync::Arc;

use smallvec::SmallVec;

use super::call::{called, each_row, fits, inputs, nothing, pick};
use super::fault::Fault;
use super::linalg::{lu::eliminate, pivots::BadPivot};
use super::{At, Entry, Misfit, Reading, Rule, Site, arrays};
use crate::algebra::Algebra;
use crate::attributes::{self, Attributes, Body};
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::Shape;

pub(super) struct Root;

/// So many steps at most.
const STEPS: usize = 100;
/// A step that does not bring the equations nearer to 0 is halved so often at most.
const HALVINGS: usize = 30;

fn root(attributes: &Attributes) -> &attributes::Root {
    match attributes {
        Attributes::Root(root) => root,
        _ => unreachable!("the shape rule asks for an equation"),
    }
}

impl Rule for Root {
    fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
        let Attributes::Root(root) = attributes else {
            let rule = "a root needs the equation that it solves".to_owned();
            return Err(Misfit::One { operand: 0, rule });
        };
        fits(operands, &root.body)?;
        let [f] = root.body.outputs.as_slice() else { return Err(Misfit::Count) };
        if f.layout.shape() != operands[0] {
            let (f, x) = (f.layout.shape(), operands[0]);
            let rule = format!("an equation for every unknown: f has shape {f}, x shape {x}");
            return Err(Misfit::One { operand: 0, rule });
        }
        Ok(operands[0].clone())
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        match solve(root(site.attributes), inputs(site)) {
            Ok(x) => run.copy_from_slice(&x),
            Err(_) => run.fill(S::from_f64(f64::NAN)),
        }
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        each_row(site, visit, Self::reverse);
    }

    fn reverse<S: Scalar>(site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
        arrays::shared(Structural::Root, site, g, adjoints);
    }

    fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T> {
        let wants: SmallVec<[bool; 3]> = (0..at.operands.len()).map(|k| k == i).collect();
        Self::shares(at, &wants, g)[i]
    }

    fn shares<T: Algebra>(at: &At<'_, T>, wants: &[bool], g: T) -> SmallVec<[Option<T>; 3]> {
        let root = root(at.attributes);
        let mut given = at.operands.to_vec();
        given[0] = at.value;
        let lambda = solved(root.jacobian_of(&given).transposed(), g);
        given.push(-lambda);
        let back = root.body.pullback();
        let flat = called(format!("{}'", root.name), Arc::clone(&back), &given);
        let mut shares = pick(&back, flat, wants);
        shares[0] = None;
        shares
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
        if i == 0 {
            return None;
        }
        let root = root(at.attributes);
        let mut given = at.operands.to_vec();
        given[0] = at.value;
        let jacobian = root.jacobian_of(&given);
        let tangents = (0..at.operands.len()).map(|k| if k == i { t } else { nothing(given[k]) });
        let tangents: Vec<T> = tangents.collect();
        given.extend(tangents);
        let along = root.body.pushforward();
        let along = Arc::new(along.returning(along.outputs[1..].to_vec()));
        let moved = called(format!("{}·", root.name), along, &given);
        Some(-solved(jacobian, moved))
    }

    const JOINT: bool = true;

    const READING: Reading = Reading::Called;
}

impl attributes::Root {
    /// An equation of a body: of x and what it depends on, what is to be 0.
    #[must_use]
    pub fn new(name: &'static str, body: Arc<Body>) -> Self {
        attributes::Root { name, body, linearised: std::sync::OnceLock::new() }
    }

    /// The body that returns f and its Jacobian by x, row by row.
    fn linearised(&self) -> &Arc<Body> {
        let derive = || Arc::new(self.body.differentiate.linearised(&self.body));
        self.linearised.get_or_init(derive)
    }

    /// f and its Jacobian.
    fn at<S: Scalar>(&self, given: &[S]) -> (Vec<S>, Vec<S>) {
        let body = self.linearised();
        let mut column = body.column::<S>();
        column[..given.len()].copy_from_slice(given);
        body.run(&mut column);
        let mut numbers = body.outputs_of(&column);
        let f = numbers.by_ref().take(self.body.output_len()).collect();
        (f, numbers.collect())
    }

    /// f alone.
    fn residual<S: Scalar>(&self, given: &[S]) -> Vec<S> {
        let mut column = self.body.column::<S>();
        column[..given.len()].copy_from_slice(given);
        self.body.run(&mut column);
        self.body.outputs_of(&column).collect()
    }

    /// The Jacobian, as an operation.
    #[track_caller]
    fn jacobian_of<T: Algebra>(&self, given: &[T]) -> T {
        let body = self.linearised();
        let only = Arc::new(body.returning(body.outputs[1..].to_vec()));
        called(format!("{}_jacobian", self.name), only, given)
    }
}

/// A⁻¹ b, as an operation, of the shape of b.
#[track_caller]
fn solved<T: Algebra>(a: T, b: T) -> T {
    let shape = b.extents();
    let flat = b.reshaped(&Shape::from([shape.len()]));
    T::structural(Structural::Solve, &[a, flat], Attributes::None).reshaped(&shape)
}

/// Solves a linear equation in place; or the pivot that it cannot divide by.
fn linear<S: Scalar>(a: &[S], b: &mut [S]) -> Result<(), (usize, f64)> {
    let n = b.len();
    let mut work = Vec::with_capacity(n * (n + 1));
    for (row, &right) in a.chunks_exact(n).zip(&*b) {
        work.extend_from_slice(row);
        work.push(right);
    }
    let bad = |pivot: S| {
        let number = pivot.to_f64();
        (number == 0.0 || !number.is_finite()).then_some(number)
    };
    if let (Some(pivot), _) = eliminate(n, n + 1, &mut work, bad) {
        return Err(pivot);
    }
    for i in (0..n).rev() {
        let row = &work[i * (n + 1)..(i + 1) * (n + 1)];
        let right = (i + 1..n).fold(row[n], |sum, k| sum - row[k] * b[k]);
        b[i] = right / row[i];
    }
    Ok(())
}

/// The largest size of some numbers; infinite if one is none.
fn size<S: Scalar>(numbers: &[S]) -> f64 {
    numbers.iter().fold(0.0_f64, |largest, number| {
        let number = number.to_f64().abs();
        if number.is_nan() { f64::INFINITY } else { largest.max(number) }
    })
}

/// The x for which f is 0, of a start and what f depends on.
///
/// Newton's method, with steps halved until they bring f nearer to 0. It ends where a step is some
/// rounding errors of the largest x on the way, or is small and brings nothing any more; then the
/// step is made all the same, which squares what error is left.
///
/// Numbers that carry tangents: x is found of the numbers alone, and two further steps with the
/// same Jacobian carry the tangents, the first all of first order.
pub(super) fn solve<S: Scalar>(
    root: &attributes::Root,
    mut given: Vec<S>,
) -> Result<Vec<S>, Fault> {
    let n = root.body.inputs[0].len();
    let moving = S::IS_DUAL.then(|| given.clone());
    if S::IS_DUAL {
        given.iter_mut().for_each(|number| *number = number.detached());
    }
    let single = S::from_f64(1.0 + f64::EPSILON).to_f64() == 1.0;
    let epsilon = if single { f64::from(f32::EPSILON) } else { f64::EPSILON };
    let mut largest = size(&given[..n]);
    let mut steps = 0;
    loop {
        let (f, jacobian) = root.at(&given);
        let residual = size(&f);
        let no_root = Fault::NoRoot { name: root.name, iterations: steps, residual };
        if !residual.is_finite() || steps == STEPS {
            return Err(no_root);
        }
        let mut step = f;
        linear(&jacobian, &mut step).map_err(|(index, value)| Fault::Pivot {
            op: Structural::Root,
            shape: Shape::from([n, n]),
            pivot: BadPivot { matrix: 0, index, value },
        })?;
        let moved = |by: f64| {
            let by = S::from_f64(by);
            let x = given[..n].iter().zip(&step).map(|(&x, &step)| x - by * step);
            let x: Vec<S> = x.chain(given[n..].iter().copied()).collect();
            x
        };
        let length = size(&step);
        let arrived = |given: Vec<S>| with_tangents(root, given, &jacobian, moving.as_deref());
        if residual == 0.0 || length <= 8.0 * epsilon * largest {
            return Ok(arrived(moved(1.0)));
        }
        let nearer = (0..HALVINGS).find_map(|halvings| {
            let by = 0.5_f64.powi(halvings as i32);
            let there = moved(by);
            let left = size(&root.residual(&there));
            (left < (1.0 - by / 4.0) * residual).then_some(there)
        });
        given = match nearer {
            Some(there) => there,
            // What is left is rounding.
            None if length <= epsilon.sqrt() * largest => return Ok(arrived(moved(1.0))),
            None => return Err(no_root),
        };
        largest = largest.max(size(&given[..n]));
        steps += 1;
    }
}

/// x with the tangents that follow from those of what f depends on.
fn with_tangents<S: Scalar>(
    root: &attributes::Root,
    mut given: Vec<S>,
    jacobian: &[S],
    moving: Option<&[S]>,
) -> Vec<S> {
    let n = root.body.inputs[0].len();
    if let Some(moving) = moving {
        let still: Vec<S> = given[..n].to_vec();
        given[n..].copy_from_slice(&moving[n..]);
        for _ in 0..2 {
            let mut step = root.residual(&given);
            if linear(jacobian, &mut step).is_err() {
                step.fill(S::from_f64(f64::NAN));
            }
            for ((x, &step), &still) in given.iter_mut().zip(&step).zip(&still) {
                *x = still.with_tangent_of(*x - step);
            }
        }
    }
    given.truncate(n);
    given
}
