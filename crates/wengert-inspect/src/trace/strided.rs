//! Elements of the column at even distances, resolved to slots.

/// The element at index i stands at `start + Σ iₐ strideₐ`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Strided {
    pub(crate) start: usize,
    pub(crate) shape: Vec<usize>,
    pub(crate) strides: Vec<usize>,
}

/// The strides of neighbouring slots in row-major order.
pub(crate) fn contiguous(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// NumPy's rule: the shape of an elementwise operation on two operands.
pub(crate) fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let extent = |shape: &[usize], axis: usize| {
        (axis + shape.len()).checked_sub(rank).map_or(1, |i| shape[i])
    };
    (0..rank)
        .map(|axis| match (extent(a, axis), extent(b, axis)) {
            (a, b) if a == b => Some(a),
            (1, b) => Some(b),
            (a, 1) => Some(a),
            _ => None,
        })
        .collect()
}

/// `[1, 2]` for a row-major position.
pub(crate) fn subscript(mut position: usize, shape: &[usize]) -> String {
    let mut index = vec![0; shape.len()];
    for (axis, &extent) in shape.iter().enumerate().rev() {
        index[axis] = position % extent;
        position /= extent;
    }
    format!("{index:?}")
}

impl Strided {
    pub(crate) fn contiguous(start: usize, shape: &[usize]) -> Self {
        Strided { start, shape: shape.to_vec(), strides: contiguous(shape) }
    }

    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The slots of all elements in row-major order.
    pub(crate) fn slots(&self) -> impl Iterator<Item = usize> + '_ {
        let mut index = vec![0; self.shape.len()];
        let mut slot = self.start;
        (0..self.len()).map(move |_| {
            let here = slot;
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                slot += self.strides[axis];
                if index[axis] < self.shape[axis] {
                    break;
                }
                slot -= index[axis] * self.strides[axis];
                index[axis] = 0;
            }
            here
        })
    }

    /// The slot of the element at a row-major position.
    pub(crate) fn at(&self, mut position: usize) -> usize {
        let mut slot = self.start;
        for (&extent, &stride) in self.shape.iter().zip(&self.strides).rev() {
            slot += position % extent * stride;
            position /= extent;
        }
        slot
    }

    /// The highest slot.
    pub(crate) fn last(&self) -> Option<usize> {
        let steps = self.shape.iter().zip(&self.strides);
        steps
            .map(|(&extent, &stride)| extent.checked_sub(1)?.checked_mul(stride))
            .try_fold(self.start, |slot, step| slot.checked_add(step?))
    }

    /// The same elements repeated to `shape` by NumPy's rule.
    pub(crate) fn broadcast_to(&self, shape: &[usize]) -> Option<Strided> {
        let missing = shape.len().checked_sub(self.shape.len())?;
        let mut strides = vec![0; shape.len()];
        for (axis, (&from, &stride)) in self.shape.iter().zip(&self.strides).enumerate() {
            if from == shape[missing + axis] {
                strides[missing + axis] = stride;
            } else if from != 1 {
                return None;
            }
        }
        Some(Strided { start: self.start, shape: shape.to_vec(), strides })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_follow_the_strides() {
        let transposed = Strided { start: 5, shape: vec![3, 2], strides: vec![1, 3] };
        assert_eq!(transposed.slots().collect::<Vec<_>>(), [5, 8, 6, 9, 7, 10]);
        assert_eq!(transposed.last(), Some(10));
        let repeated = Strided::contiguous(2, &[2]).broadcast_to(&[2, 2]);
        assert_eq!(repeated.map(|r| r.slots().collect::<Vec<_>>()), Some(vec![2, 3, 2, 3]));
        assert_eq!(Strided::contiguous(7, &[]).slots().collect::<Vec<_>>(), [7]);
    }

    #[test]
    fn shapes_broadcast_as_in_numpy() {
        assert_eq!(broadcast(&[2, 1], &[3]), Some(vec![2, 3]));
        assert_eq!(broadcast(&[], &[4]), Some(vec![4]));
        assert_eq!(broadcast(&[2], &[3]), None);
        assert_eq!(subscript(5, &[2, 3]), "[1, 2]");
    }
}
