//! Index spaces as nests of loops.

use super::names::INDICES;

/// How several operands move along the axes of an index space, neighbouring axes made one where all
/// of them can walk so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Loops {
    pub(crate) axes: Vec<Axis>,
}

/// An axis: its extent, and how far each operand moves along it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) extent: usize,
    pub(crate) steps: Vec<i64>,
}

impl Loops {
    /// Over extents; `tracks` are the operands' strides.
    pub(crate) fn new(dims: &[usize], tracks: &[Vec<i64>]) -> Self {
        let mut axes: Vec<Axis> = Vec::new();
        for (axis, &extent) in dims.iter().enumerate().filter(|(_, extent)| **extent != 1) {
            let steps: Vec<i64> = tracks.iter().map(|track| track[axis]).collect();
            match axes.last_mut() {
                Some(outer)
                    if (outer.steps.iter().zip(&steps))
                        .all(|(&outer, &inner)| outer == inner * extent as i64) =>
                {
                    outer.extent *= extent;
                    outer.steps = steps;
                }
                _ => axes.push(Axis { extent, steps }),
            }
        }
        Loops { axes }
    }

    /// An operand's movement by loop, the loops counted from `outside` on.
    pub(crate) fn steps(&self, track: usize, outside: usize) -> Vec<(String, i64)> {
        let step = |(axis, of): (usize, &Axis)| (variable(outside + axis), of.steps[track]);
        self.axes.iter().enumerate().map(step).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.axes.iter().map(|axis| axis.extent).product()
    }
}

/// The variable of a loop, by how many are around it.
pub(crate) fn variable(depth: usize) -> String {
    INDICES.get(depth).map_or_else(|| format!("i_{depth}"), |&name| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_that_all_operands_walk_as_one_are_one_loop() {
        let loops = Loops::new(&[4, 1, 5], &[vec![5, 9, 1], vec![0, 0, 0]]);
        assert_eq!(loops.axes, [Axis { extent: 20, steps: vec![1, 0] }]);
        let loops = Loops::new(&[4, 5], &[vec![5, 1], vec![1, 0]]);
        assert_eq!(loops.axes.len(), 2);
        assert_eq!(loops.steps(1, 0), [("i".to_owned(), 1), ("j".to_owned(), 0)]);
        assert_eq!((variable(5), variable(6)), ("n".to_owned(), "i_6".to_owned()));
    }
}
