//! Dual numbers through a structural operation: its value by the numbers alone, and the tangent by
//! the rule for it.
//!
//! So no loop of an operation is compiled for dual numbers: forward mode and second derivatives
//! read the rules that recorded tangents and gradients read. What runs a body is run on dual
//! numbers, because its rule would run it once for each operand that moves.

use smallvec::SmallVec;

use super::arrays::{self, Arrays};
use super::fault::Found;
use super::{At, Entry, Site, bodies};
use crate::algebra::Algebra;
use crate::dual::Dual;
use crate::op::Structural;
use crate::real::Scalar;
use crate::rules::Partial;
use crate::shape::Layout;
use crate::tensor::Tensor;

/// The numbers of a step, without their tangents.
struct Plain<S> {
    /// Those of the operands, one after the other.
    numbers: Vec<S>,
    operands: SmallVec<[(usize, Layout); 3]>,
    cut: SmallVec<[bool; 3]>,
    run: Vec<S>,
}

impl<S: Scalar> Plain<S> {
    fn of(site: &Site<'_, Dual<S>>) -> Self {
        let (mut numbers, mut operands) = (Vec::new(), SmallVec::new());
        for operand in &site.operands {
            operands.push((numbers.len(), Layout::contiguous(operand.layout.shape().clone())));
            numbers.extend(operand.elements().map(|dual| dual.value));
        }
        let run = site.run.iter().take(site.shape.len()).map(|dual| dual.value).collect();
        Plain { numbers, operands, cut: site.cut.clone(), run }
    }

    fn site<'a>(&'a self, of: &'a Site<'_, Dual<S>>) -> Site<'a, S> {
        let tensor = |(start, layout): &'a (usize, Layout)| Tensor {
            data: &self.numbers,
            start: *start,
            layout,
        };
        Site {
            operands: self.operands.iter().map(tensor).collect(),
            cut: self.cut.clone(),
            shape: of.shape,
            attributes: of.attributes,
            run: &self.run,
        }
    }
}

/// The value, with the sum of the tangents that the operands which move give it.
pub(crate) fn value<S: Scalar>(op: Structural, site: &Site<'_, Dual<S>>, run: &mut [Dual<S>]) {
    if op.runs_a_body() {
        return bodies::value(op, site, run);
    }
    let plain = Plain::of(site);
    let mut values = vec![S::EMPTY; site.shape.len()];
    op.value(&plain.site(site), &mut values);
    for (dual, &value) in run.iter_mut().zip(&values) {
        *dual = Dual::constant(value);
    }
    let moves =
        |i: usize| !site.cut[i] && site.operands[i].elements().any(|dual| !dual.tangent.is_zero());
    let moving: SmallVec<[usize; 3]> = (0..site.operands.len()).filter(|&i| moves(i)).collect();
    if moving.is_empty() {
        return;
    }
    let arrays = Arrays::new();
    let operands: SmallVec<[_; 3]> =
        plain.site(site).operands.iter().map(|&operand| arrays.copy(operand)).collect();
    let value = arrays.put(values, site.shape.clone());
    let at = At { operands: &operands, value, attributes: site.attributes };
    let mut along: Option<Vec<S>> = None;
    for i in moving {
        let operand = site.operands[i];
        let direction = operand.elements().map(|dual| dual.tangent).collect();
        let direction = arrays.put(direction, operand.layout.shape().clone());
        let Some(tangent) = op.tangent(&at, i, direction) else { continue };
        let tangents = tangent.repeated(site.shape).elements();
        along = Some(match along {
            None => tangents,
            Some(before) => before.into_iter().zip(tangents).map(|(a, b)| a + b).collect(),
        });
    }
    for (dual, tangent) in run.iter_mut().zip(along.into_iter().flatten()) {
        dual.tangent = tangent;
    }
}

/// The entries of the numbers, each with the tangent of its partial.
pub(crate) fn entries<S: Scalar>(
    op: Structural,
    site: &Site<'_, Dual<S>>,
    visit: &mut dyn FnMut(Entry<Dual<S>>),
) {
    if op.runs_a_body() {
        return bodies::entries(op, site, visit);
    }
    let plain = Plain::of(site);
    let slots: Vec<usize> = (site.operands.iter())
        .flat_map(|operand| operand.layout.offsets().map(|offset| operand.start + offset))
        .collect();
    let mut found: Vec<Entry<S>> = Vec::new();
    op.entries(&plain.site(site), |entry| found.push(entry));
    // The partials of one element that is read, which many entries in a row may be of.
    let mut column: (Option<usize>, Vec<Dual<S>>) = (None, Vec::new());
    for Entry { out, operand, slot, partial, factor, running } in found {
        let mut dual = || {
            if column.0 != Some(slot) {
                let element = slot - plain.operands[operand].0;
                column = (Some(slot), arrays::column(op, site, operand, element));
            }
            column.1[out]
        };
        let partial = match partial {
            Partial::Zero => Partial::Zero,
            Partial::One => Partial::One,
            Partial::MinusOne => Partial::MinusOne,
            Partial::Choice(_) => Partial::Choice(dual()),
            Partial::Of(_) | Partial::Product(..) => Partial::Of(dual()),
        };
        let factor = factor.map(|factor| slots[factor]);
        visit(Entry { out, operand, slot: slots[slot], partial, factor, running });
    }
}

/// Adds the shares that the rules say.
pub(crate) fn reverse<S: Scalar>(
    op: Structural,
    site: &Site<'_, Dual<S>>,
    g: &[Dual<S>],
    adjoints: &mut [Dual<S>],
) {
    if op.runs_a_body() {
        return bodies::reverse(op, site, g, adjoints);
    }
    arrays::shared(op, site, g, adjoints);
}

/// The fault of the numbers.
pub(crate) fn fault<S: Scalar>(op: Structural, site: &Site<'_, Dual<S>>) -> Option<Found> {
    op.fault(&Plain::of(site).site(site))
}

#[cfg(test)]
mod tests {
    use smallvec::smallvec;

    use super::*;
    use crate::attributes::Attributes;
    use crate::shape::Shape;

    fn site<'a>(
        tensors: &[Tensor<'a, Dual<f64>>],
        shape: &'a Shape,
        attributes: &'a Attributes,
        run: &'a [Dual<f64>],
    ) -> Site<'a, Dual<f64>> {
        let cut = SmallVec::from_elem(false, tensors.len());
        Site { operands: tensors.iter().copied().collect(), cut, shape, attributes, run }
    }

    /// Entries times adjoints, added up, are what the shares give: by columns of tangents on the one
    /// side, backwards on the other.
    #[track_caller]
    fn entries_add_up(op: Structural, operands: &[&[usize]], attributes: Attributes) {
        let number = |i: usize| Dual::new(1.5 + (i as f64).sin(), (2.0 * i as f64).cos());
        let layouts: Vec<Layout> =
            operands.iter().map(|&dims| Layout::contiguous(Shape::from(dims))).collect();
        // Large diagonals, so that matrices have factors.
        let stride = operands[0][operands[0].len() - 1] + 1;
        let total: usize = layouts.iter().map(Layout::len).sum();
        let data: Vec<Dual<f64>> = (0..total)
            .map(|i| if i % stride == 0 { number(i) + Dual::constant(9.0) } else { number(i) })
            .collect();
        let mut start = 0;
        let mut tensors: SmallVec<[Tensor<'_, Dual<f64>>; 3]> = smallvec![];
        for layout in &layouts {
            tensors.push(Tensor { data: &data, start, layout });
            start += layout.len();
        }
        let shapes: Vec<&Shape> = layouts.iter().map(Layout::shape).collect();
        let shape = op.shape(&shapes, &attributes).unwrap();
        let mut run = vec![Dual::EMPTY; shape.len()];
        op.value(&site(&tensors, &shape, &attributes, &[]), &mut run);
        let g: Vec<Dual<f64>> = (0..run.len()).map(|i| number(i + 7)).collect();
        let (mut swept, mut added) = (vec![Dual::EMPTY; total], vec![Dual::EMPTY; total]);
        op.reverse(&site(&tensors, &shape, &attributes, &run), &g, &mut swept);
        op.entries(&site(&tensors, &shape, &attributes, &run), |entry| {
            if let Some(share) = entry.partial.times(g[entry.out]) {
                added[entry.slot] = added[entry.slot] + share;
            }
        });
        for (i, (swept, added)) in swept.iter().zip(&added).enumerate() {
            let close = |x: f64, y: f64| (x - y).abs() <= 1e-12 * (1.0 + x.abs());
            assert!(close(swept.value, added.value), "{op:?} {i}: {swept:?} {added:?}");
            assert!(close(swept.tangent, added.tangent), "{op:?} {i}: {swept:?} {added:?}");
        }
        assert!(swept.iter().any(|dual| dual.tangent != 0.0), "{op:?}: nothing moves");
    }

    #[test]
    fn entries_are_those_of_the_shares() {
        entries_add_up(Structural::MatMul, &[&[2, 3], &[3, 2]], Attributes::None);
        entries_add_up(Structural::LogSumExp, &[&[2, 3]], Attributes::axes_of(&[1]));
        entries_add_up(Structural::Cholesky, &[&[3, 3]], Attributes::None);
        entries_add_up(Structural::Solve, &[&[3, 3], &[3]], Attributes::None);
        entries_add_up(Structural::CumProd, &[&[4]], Attributes::axes_of(&[0]));
    }
}
