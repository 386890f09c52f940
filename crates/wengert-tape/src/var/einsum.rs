//! Einstein's sums: products over named axes, as products of matrices.

use super::{Var, or_panic};
use crate::error::{Error, Place};
use crate::real::Scalar;
use crate::shape::Shape;
use crate::tape::Tape;

/// A run whose axes have letters.
#[derive(Clone)]
struct Lettered<'t, S: Scalar> {
    var: Var<'t, S>,
    letters: Vec<char>,
}

/// # Einstein's sums
impl<S: Scalar> Tape<S> {
    /// The sum of products that a text says, NumPy's `einsum`: every operand's axes have letters,
    /// and the result has those behind the arrow; over letters that are not among them it is
    /// summed. Without an arrow the result's letters are those that come once, in alphabetical
    /// order. A letter that an operand has twice is its diagonal.
    ///
    /// | text | what it is |
    /// |---|---|
    /// | `ij,jk->ik` | a matrix product |
    /// | `bij,bjk->bik` | many of them |
    /// | `i,j->ij` | an outer product |
    /// | `ii->` | a trace |
    /// | `ij->ji` | a transpose |
    /// | `i,ij,j->` | a bilinear form |
    ///
    /// It is composed of views, sums and matrix products, from the first operand on, two at a time;
    /// what only one of them has, and the rest does not ask for, is summed before. Ellipses are not
    /// taken.
    ///
    /// # Panics
    ///
    /// On misuse; [`try_einsum`](Tape::try_einsum) returns that as an error.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let (a, b) = (tape.input([[1.0, 2.0], [3.0, 4.0]]), tape.input([10.0, 1.0]));
    /// assert_eq!(tape.einsum("ij,j->i", &[a, b]).values(), [12.0, 34.0]);
    /// assert_eq!(tape.einsum("ij,i->j", &[a, b]).values(), [13.0, 24.0]);
    /// assert_eq!(tape.einsum("ii", &[a]).value(), 5.0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn einsum<'t>(&'t self, text: &str, operands: &[Var<'t, S>]) -> Var<'t, S> {
        or_panic(self.try_einsum(text, operands))
    }

    /// As [`einsum`](Tape::einsum).
    ///
    /// # Errors
    ///
    /// [`Error::Operands`] for another number of operands than the text has, or none;
    /// [`Error::Operand`] where letters do not fit an operand's axes, a letter has two extents, the
    /// result has a letter that no operand has, or the text has something else than letters;
    /// [`Error::TwoTapes`], [`Error::Full`].
    #[track_caller]
    pub fn try_einsum<'t>(
        &'t self,
        text: &str,
        operands: &[Var<'t, S>],
    ) -> Result<Var<'t, S>, Error> {
        let count = || Error::Operands { op: OP, found: operands.len(), at: Place::caller() };
        let (Some(&first), text) = (operands.first(), text.replace(' ', "")) else {
            return Err(count());
        };
        for &operand in operands {
            self.owns(OP, operand)?;
        }
        let (inputs, output) = match text.split_once("->") {
            Some((inputs, output)) => (inputs, Some(output)),
            None => (&text[..], None),
        };
        let inputs: Vec<Vec<char>> = inputs.split(',').map(|part| part.chars().collect()).collect();
        if inputs.len() != operands.len() {
            return Err(count());
        }
        let mut extents: Vec<(char, usize)> = Vec::new();
        for (letters, &operand) in inputs.iter().zip(operands) {
            check(operand, letters, &mut extents)?;
        }
        let output: Vec<char> = match output {
            Some(output) => output.chars().collect(),
            None => {
                let all: Vec<char> = inputs.iter().flatten().copied().collect();
                let once = |letter: &char| all.iter().filter(|other| *other == letter).count() == 1;
                let mut once: Vec<char> =
                    all.iter().copied().filter(|letter| once(letter)).collect();
                once.sort_unstable();
                once
            }
        };
        for (i, letter) in output.iter().enumerate() {
            let rule = if !extents.iter().any(|(known, _)| known == letter) {
                format!("the result has {letter:?}, which no operand has")
            } else if output[..i].contains(letter) {
                format!("the result has {letter:?} twice")
            } else {
                continue;
            };
            return Err(first.operand_error(OP, rule));
        }
        let within = |error: Error| error.within(OP);
        let mut parts: Vec<Lettered<'t, S>> = Vec::new();
        for (letters, &var) in inputs.into_iter().zip(operands) {
            parts.push(Lettered { var, letters }.diagonals());
        }
        let mut parts = parts.into_iter();
        let mut done = parts.next().ok_or_else(count)?;
        let rest: Vec<Lettered<'t, S>> = parts.collect();
        for (i, part) in rest.iter().enumerate() {
            let later = |letter: &char| {
                output.contains(letter) || rest[i + 1..].iter().any(|part| part.has(*letter))
            };
            done = done.times(part.clone(), later).map_err(within)?;
        }
        done = done.summed(|letter| output.contains(letter)).map_err(within)?;
        done.arranged(&output).map_err(within)
    }
}

const OP: &str = "einsum";

/// Whether letters fit an operand's axes; their extents are remembered.
#[track_caller]
fn check<S: Scalar>(
    operand: Var<'_, S>,
    letters: &[char],
    extents: &mut Vec<(char, usize)>,
) -> Result<(), Error> {
    let shape = operand.shape();
    if let Some(other) = letters.iter().find(|letter| !letter.is_ascii_alphabetic()) {
        return Err(operand.operand_error(OP, format!("{other:?} is not a letter of an axis")));
    }
    if letters.len() != shape.rank() {
        let text: String = letters.iter().collect();
        let rule = format!("{text:?} has {} letters for its {} axes", letters.len(), shape.rank());
        return Err(operand.operand_error(OP, rule));
    }
    for (&letter, &extent) in letters.iter().zip(shape.dims()) {
        match extents.iter().find(|(known, _)| *known == letter) {
            Some(&(_, known)) if known != extent => {
                let rule = format!("{letter:?} has the extents {known} and {extent}");
                return Err(operand.operand_error(OP, rule));
            }
            Some(_) => {}
            None => extents.push((letter, extent)),
        }
    }
    Ok(())
}

impl<'t, S: Scalar> Lettered<'t, S> {
    fn has(&self, letter: char) -> bool {
        self.letters.contains(&letter)
    }

    fn extent(&self, letter: char) -> usize {
        let axis = self.letters.iter().position(|&own| own == letter);
        axis.map_or(1, |axis| self.var.shape().dims()[axis])
    }

    /// With one axis for each letter.
    fn diagonals(mut self) -> Self {
        while let Some((i, j)) = self.twice() {
            // The two side by side, then their diagonal.
            let mut order: Vec<usize> = (0..self.letters.len()).filter(|&axis| axis != j).collect();
            order.insert(i + 1, j);
            let layout = self.var.layout().permute(&order).diagonal(i);
            self.var = self.var.view_of(0, layout);
            self.letters.remove(j);
        }
        self
    }

    fn twice(&self) -> Option<(usize, usize)> {
        let letters = &self.letters;
        (0..letters.len()).find_map(|i| {
            let other = letters[i + 1..].iter().position(|letter| *letter == letters[i])?;
            Some((i, i + 1 + other))
        })
    }

    /// Summed over the letters that are not kept.
    #[track_caller]
    fn summed(mut self, keep: impl Fn(&char) -> bool) -> Result<Self, Error> {
        let axes: Vec<usize> =
            (0..self.letters.len()).filter(|&axis| !keep(&self.letters[axis])).collect();
        if !axes.is_empty() {
            self.var = self.var.try_sum_axes(&axes[..])?;
            self.letters.retain(keep);
        }
        Ok(self)
    }

    /// The axes in an order of letters, all of which it has.
    #[track_caller]
    fn arranged(self, order: &[char]) -> Result<Var<'t, S>, Error> {
        let axis = |letter| self.letters.iter().position(|own| own == letter);
        let order: Vec<usize> = order.iter().filter_map(axis).collect();
        if order.iter().copied().eq(0..self.letters.len()) {
            return Ok(self.var);
        }
        self.var.try_permute(&order)
    }

    /// The product, summed over what nobody asks for later: of letters that both have a matrix
    /// product, if there are such.
    #[track_caller]
    fn times(self, other: Self, later: impl Fn(&char) -> bool) -> Result<Self, Error> {
        let left = self.clone().summed(|letter| later(letter) || other.has(*letter))?;
        let right = other.summed(|letter| later(letter) || self.has(*letter))?;
        let both = left.letters.iter().copied().filter(|&letter| right.has(letter));
        let (kept, inner): (Vec<char>, Vec<char>) = both.partition(|letter| later(letter));
        let own = |one: &Self, other: &Self| -> Vec<char> {
            one.letters.iter().copied().filter(|&letter| !other.has(letter)).collect()
        };
        let (rows, columns) = (own(&left, &right), own(&right, &left));
        let letters = [&kept[..], &rows, &columns].concat();
        let extents = |of: &[char], from: &Self| -> Vec<usize> {
            of.iter().map(|&letter| from.extent(letter)).collect()
        };
        let (k, m, i, n) = (
            extents(&kept, &left),
            extents(&rows, &left),
            extents(&inner, &left),
            extents(&columns, &right),
        );
        let size = |dims: &[usize]| dims.iter().product::<usize>();
        let joined = |parts: &[&[usize]]| Shape::from(parts.concat());
        let a = left.arranged(&[&kept[..], &rows, &inner].concat())?;
        let var = if inner.is_empty() {
            let b = right.arranged(&[&kept[..], &columns].concat())?;
            let ones = |count: usize| vec![1; count];
            let a = a.try_reshape(joined(&[&k, &m, &ones(n.len())]))?;
            a.try_mul(b.try_reshape(joined(&[&k, &ones(m.len()), &n]))?)?
        } else {
            let b = right.arranged(&[&kept[..], &inner, &columns].concat())?;
            let a = a.try_reshape(joined(&[&k, &[size(&m), size(&i)]]))?;
            let b = b.try_reshape(joined(&[&k, &[size(&i), size(&n)]]))?;
            a.try_matmul(b)?.try_reshape(joined(&[&k, &m, &n]))?
        };
        Ok(Lettered { var, letters })
    }
}
