//! A loop: a body recorded once and run a number of times.

use std::sync::Arc;

use smallvec::SmallVec;

use super::call::{each_row, nothing};
use super::machine::{Back, Machine};
use super::revolve::Backwards;
use super::{At, Entry, Misfit, Reading, Rule, Site, swept};
use crate::algebra::Algebra;
use crate::attributes::{self, Attributes, Body, DerivedLoops, Given, Returned};
use crate::elementwise::accumulate;
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

pub(super) struct Scan;

fn scan(attributes: &Attributes) -> &Arc<attributes::Scan> {
    match attributes {
        Attributes::Scan(scan) => scan,
        _ => unreachable!("the shape rule asks for a loop"),
    }
}

impl Rule for Scan {
    fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
        let Attributes::Scan(scan) = attributes else {
            let rule = "a scan needs the body that it runs".to_owned();
            return Err(Misfit::One { operand: 0, rule });
        };
        if operands.len() != scan.given.len() {
            return Err(Misfit::Count);
        }
        for (i, &found) in operands.iter().enumerate() {
            let wanted = scan.operand_shape(i);
            if *found != wanted {
                let rule = format!("the loop was recorded for shape {wanted}");
                return Err(Misfit::One { operand: i, rule });
            }
        }
        Ok(Shape::from([scan.output_len()]))
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        let scan = scan(site.attributes);
        let mut machine = Machine::new(scan, scan.operands(site));
        let mut state = machine.first_state();
        for t in 0..scan.steps {
            machine.step(&mut state, t);
            machine.collect(t, run);
        }
        run[..state.len()].copy_from_slice(&state);
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        each_row(site, visit, Self::reverse);
    }

    /// A sweep through the steps, the last first, with the states that the policy keeps.
    fn reverse<S: Scalar>(site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
        let scan = scan(site.attributes);
        let mut add = |i: usize, share: Tensor<'_, S>| {
            if !site.cut[i] {
                let operand = site.operands[i];
                accumulate(share, (operand.start, operand.layout), adjoints);
            }
        };
        let operands = scan.operands(site);
        if swept::takes(&scan.body) {
            return swept::sweep(scan, operands, g, add);
        }
        let pullback = scan.pullback();
        let mut machine = Machine::new(scan, operands);
        let mut back = Back::new(scan, &pullback, &machine.operands, g);
        let first = machine.first_state();
        let advance = |state: &mut [S], t: usize| machine.step(state, t);
        let backwards = Backwards { steps: scan.steps, first, advance };
        backwards.visit(scan.snapshots, |state, t| back.step(state, t));
        let shares = back.shares();
        for (i, operand) in site.operands.iter().enumerate() {
            let layout = Layout::contiguous(operand.layout.shape().clone());
            add(i, Tensor { data: shares, start: pullback.output_start(i), layout: &layout });
        }
    }

    fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T> {
        let wants: SmallVec<[bool; 3]> = (0..at.operands.len()).map(|k| k == i).collect();
        Self::shares(at, &wants, g)[i]
    }

    /// The loop again, now returning the state before every step, and a loop that carries the
    /// cotangents of the states back over those.
    fn shares<T: Algebra>(at: &At<'_, T>, wants: &[bool], g: T) -> SmallVec<[Option<T>; 3]> {
        let scan = scan(at.attributes);
        let with_states = scan.with_states();
        let states = T::structural(
            Structural::Scan,
            at.operands,
            Attributes::Scan(Arc::clone(&with_states)),
        );
        let back = scan.pullback();
        let mut given: Vec<T> = Vec::with_capacity(back.given.len());
        for (i, kind) in scan.given.iter().enumerate() {
            given.push(match *kind {
                Given::Carried(k) => with_states.part(states, scan.returned.len() + k),
                Given::Row | Given::Fixed => at.operands[i],
            });
        }
        for o in 0..scan.returned.len() {
            given.push(scan.part(g, o));
        }
        for (i, kind) in scan.given.iter().enumerate() {
            if *kind == Given::Fixed {
                given.push(nothing(at.operands[i]));
            }
        }
        let attributes = Attributes::Scan(Arc::clone(&back));
        let shares = T::structural(Structural::Scan, &given, attributes);
        (0..wants.len()).map(|i| wants[i].then(|| back.part(shares, i))).collect()
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
        let scan = scan(at.attributes);
        let along = scan.pushforward();
        let mut given = at.operands.to_vec();
        given.extend(
            (0..at.operands.len()).map(|k| if k == i { t } else { nothing(at.operands[k]) }),
        );
        let both = T::structural(Structural::Scan, &given, Attributes::Scan(Arc::clone(&along)));
        // The states of the two, then the rows of the two.
        let outputs = scan.returned.len();
        let mut tangents: Vec<(usize, T)> = (0..outputs)
            .map(|o| {
                let flat = Shape::from([scan.output_shape(o).len()]);
                (scan.output_start(o), along.part(both, outputs + o).reshaped(&flat))
            })
            .collect();
        tangents.sort_by_key(|&(start, _)| start);
        let tangents: Vec<T> = tangents.into_iter().map(|(_, tangent)| tangent).collect();
        Some(T::structural(Structural::Concat, &tangents, Attributes::axes_of(&[0])))
    }

    const JOINT: bool = true;

    const READING: Reading = Reading::Called;
}

/// # What is where
impl attributes::Scan {
    /// A loop of these parts.
    #[must_use]
    pub fn new(
        body: Arc<Body>,
        given: Vec<Given>,
        returned: Vec<Returned>,
        (steps, backwards): (usize, bool),
        snapshots: attributes::Snapshots,
    ) -> Self {
        let derived = DerivedLoops::default();
        attributes::Scan { body, given, returned, steps, backwards, snapshots, derived }
    }

    /// The shape of operand `i`.
    #[must_use]
    pub fn operand_shape(&self, i: usize) -> Shape {
        let shape = &self.body.inputs[i];
        match self.given[i] {
            Given::Row => self.rows_of(shape),
            Given::Carried(_) | Given::Fixed => shape.clone(),
        }
    }

    fn rows_of(&self, shape: &Shape) -> Shape {
        let mut dims = vec![self.steps];
        dims.extend_from_slice(shape.dims());
        Shape::from(dims)
    }

    /// The shape of output `o`: a state, or rows.
    #[must_use]
    pub fn output_shape(&self, o: usize) -> Shape {
        let shape = self.body.outputs[o].layout.shape();
        match self.returned[o] {
            Returned::Row => self.rows_of(shape),
            Returned::Carried(_) => shape.clone(),
        }
    }

    /// The output that is the state of a number.
    fn state_output(&self, k: usize) -> usize {
        let is_it = |returned: &Returned| *returned == Returned::Carried(k);
        self.returned.iter().position(is_it).expect("every state is returned")
    }

    /// How many states there are.
    pub(super) fn states(&self) -> usize {
        self.returned.iter().filter(|returned| matches!(returned, Returned::Carried(_))).count()
    }

    /// The numbers of the states before the one of a number.
    pub(super) fn state_start(&self, k: usize) -> usize {
        let len = |k: usize| self.body.outputs[self.state_output(k)].layout.len();
        (0..k).map(len).sum()
    }

    /// Where output `o` begins in what the loop returns: the states, then the rows.
    #[must_use]
    pub fn output_start(&self, o: usize) -> usize {
        match self.returned[o] {
            Returned::Carried(k) => self.state_start(k),
            Returned::Row => {
                let rows = (0..o).filter(|&o| self.returned[o] == Returned::Row);
                let before: usize = rows.map(|o| self.output_shape(o).len()).sum();
                self.state_start(self.states()) + before
            }
        }
    }

    pub(super) fn output_len(&self) -> usize {
        (0..self.returned.len()).map(|o| self.output_shape(o).len()).sum()
    }

    /// Output `o` of what the loop returned.
    #[track_caller]
    pub fn part<T: Algebra>(&self, returned: T, o: usize) -> T {
        let (start, shape) = (self.output_start(o), self.output_shape(o));
        let end = start + shape.len();
        let whole = (start, end) == (0, self.output_len());
        if whole { returned } else { returned.part(0, start..end) }.reshaped(&shape)
    }

    /// The row that a step reads.
    pub(super) fn row(&self, t: usize) -> usize {
        if self.backwards { self.steps - 1 - t } else { t }
    }

    pub(super) fn operands<S: Scalar>(&self, site: &Site<'_, S>) -> Vec<Vec<S>> {
        let each = site.operands.iter().zip(&site.cut);
        // What is cut stands still.
        let still = |x: S, cut: bool| if S::HAS_TANGENT && cut { x.detached() } else { x };
        each.map(|(operand, &cut)| operand.elements().map(|x| still(x, cut)).collect()).collect()
    }
}

/// # Its derivatives
impl attributes::Scan {
    /// The loop that returns the state before every step too, as further outputs, in their order.
    fn with_states(&self) -> Arc<attributes::Scan> {
        let derive = || {
            let mut states: Vec<(usize, usize)> = self.carried_inputs().collect();
            states.sort_unstable();
            let mut outputs = self.body.outputs.clone();
            outputs.extend(states.into_iter().map(|(_, i)| self.body.input(i)));
            let mut returned = self.returned.clone();
            returned.resize(outputs.len(), Returned::Row);
            self.like(Arc::new(self.body.returning(outputs)), self.given.clone(), returned)
        };
        Arc::clone(self.derived.with_states.get_or_init(|| Arc::new(derive())))
    }

    /// Pairs of a state and the input that it is.
    fn carried_inputs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.given.iter().enumerate().filter_map(|(i, given)| match *given {
            Given::Carried(k) => Some((k, i)),
            Given::Row | Given::Fixed => None,
        })
    }

    /// A loop of as many steps in the same direction.
    fn like(&self, body: Arc<Body>, given: Vec<Given>, returned: Vec<Returned>) -> Self {
        Self::new(body, given, returned, (self.steps, self.backwards), self.snapshots)
    }

    /// The loop that carries cotangents back. It is given the states before every step as rows, and
    /// what the loop was given; the cotangents of what it returned; and the cotangents of what is
    /// fixed as far as they are known. It returns the cotangents of what the loop was given.
    fn pullback(&self) -> Arc<attributes::Scan> {
        let derive = || {
            let fixed: Vec<bool> = self.given.iter().map(|given| *given == Given::Fixed).collect();
            let body = Arc::new(self.body.differentiate.pullback(&self.body, &fixed));
            let sums = self.states()..;
            let mut given: Vec<Given> = self
                .given
                .iter()
                .map(|given| match given {
                    Given::Carried(_) | Given::Row => Given::Row,
                    Given::Fixed => Given::Fixed,
                })
                .collect();
            given.extend(self.returned.iter().map(|returned| match *returned {
                Returned::Carried(k) => Given::Carried(k),
                Returned::Row => Given::Row,
            }));
            let mut numbers = sums.clone();
            let sum = |numbers: &mut std::ops::RangeFrom<usize>| numbers.next().expect("no end");
            for _ in fixed.iter().filter(|&&fixed| fixed) {
                given.push(Given::Carried(sum(&mut numbers)));
            }
            let mut numbers = sums;
            let returned = self.given.iter().map(|given| match *given {
                Given::Carried(k) => Returned::Carried(k),
                Given::Row => Returned::Row,
                Given::Fixed => Returned::Carried(sum(&mut numbers)),
            });
            let returned = returned.collect();
            let way = (self.steps, !self.backwards);
            attributes::Scan::new(body, given, returned, way, self.snapshots)
        };
        Arc::clone(self.derived.pullback.get_or_init(|| Arc::new(derive())))
    }

    /// The loop that carries tangents along: given what the loop was given and the tangents of
    /// that, it returns what the loop returned and the tangents of that.
    fn pushforward(&self) -> Arc<attributes::Scan> {
        let derive = || {
            let states = self.states();
            let mut given = self.given.clone();
            given.extend(self.given.iter().map(|given| match *given {
                Given::Carried(k) => Given::Carried(states + k),
                other => other,
            }));
            let mut returned = self.returned.clone();
            returned.extend(self.returned.iter().map(|returned| match *returned {
                Returned::Carried(k) => Returned::Carried(states + k),
                other => other,
            }));
            self.like(self.body.pushforward(), given, returned)
        };
        Arc::clone(self.derived.pushforward.get_or_init(|| Arc::new(derive())))
    }
}
