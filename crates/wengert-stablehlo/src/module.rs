//! What an export gives: the text, and what its arguments and results are.

use std::fmt;
use std::ops::Range;

use wengert_ops::shape::{Layout, Shape};

/// An argument of a module.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Argument {
    /// The path of the tape's leaf.
    pub name: String,
    /// Its extents.
    pub shape: Shape,
    /// Where its numbers stand on the tape, row-major.
    pub slots: Range<usize>,
    /// The result that is its next value. Its memory is given away: a runner may put the result
    /// where the argument was.
    pub next: Option<usize>,
    /// Of each axis the axis of the mesh that it is split over; empty without a mesh.
    pub sharding: Vec<Option<String>>,
}

/// A result of a module.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// The name that was asked for, or that of the argument which it updates.
    pub name: String,
    /// Its extents.
    pub shape: Shape,
    /// The argument whose next value it is.
    pub of: Option<usize>,
    /// Of each axis the axis of the mesh that it is split over; empty without a mesh.
    pub sharding: Vec<Option<String>>,
}

/// A program in StableHLO: its text, and what goes in and comes out.
///
/// `Display` writes the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Module {
    pub(crate) text: String,
    pub(crate) element: &'static str,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) results: Vec<Outcome>,
    pub(crate) mesh: Vec<(String, usize)>,
}

impl Module {
    /// The text of the module, with a function `main`. The same tape and the same requests give the
    /// same text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The type of all numbers: `f64` or `f32`.
    #[must_use]
    pub fn element(&self) -> &'static str {
        self.element
    }

    /// The arguments, in order: what was asked for first, then the other leaves that are read, in
    /// the order of the tape.
    #[must_use]
    pub fn arguments(&self) -> &[Argument] {
        &self.arguments
    }

    /// The results, in the order in which they were asked for.
    #[must_use]
    pub fn results(&self) -> &[Outcome] {
        &self.results
    }

    /// The axes of the mesh of devices, each with its extent; none for one device.
    #[must_use]
    pub fn mesh(&self) -> &[(String, usize)] {
        &self.mesh
    }

    /// The number of devices that it is for.
    #[must_use]
    pub fn devices(&self) -> usize {
        self.mesh.iter().map(|&(_, extent)| extent).product()
    }

    /// Of an argument's numbers, row-major, those that a device gets, and their extents: its part
    /// along the axes that are split, and all of the rest. Devices are counted along the axes of the
    /// mesh, the last one fastest.
    ///
    /// # Panics
    ///
    /// If there is no such argument or device, or the argument has another number of elements.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_stablehlo::Export;
    /// let tape = wengert::Tape::new();
    /// let x = tape.data([[1.0, 2.0], [3.0, 4.0]]);
    /// let mut export = Export::new(&tape);
    /// export.mesh(&[("data", 2)])?;
    /// export.shard(x, &[Some("data"), None])?;
    /// export.output("sum", x.sum())?;
    /// let module = export.module("sum")?;
    /// let part = module.part(0, 1, &[1.0, 2.0, 3.0, 4.0]);
    /// assert_eq!(part, (vec![3.0, 4.0], vec![1, 2]));
    /// # Ok::<(), wengert_stablehlo::Error>(())
    /// ```
    #[must_use]
    pub fn part<T: Copy>(
        &self,
        argument: usize,
        device: usize,
        numbers: &[T],
    ) -> (Vec<T>, Vec<usize>) {
        assert!(device < self.devices(), "{} devices, and no device {device}", self.devices());
        let Argument { shape, sharding, name, .. } = &self.arguments[argument];
        assert_eq!(numbers.len(), shape.len(), "the numbers of {name}");
        let (mut layout, mut start) = (Layout::contiguous(shape.clone()), 0);
        for (axis, split) in sharding.iter().enumerate() {
            let Some(split) = split else { continue };
            let place = self.mesh.iter().position(|(name, _)| name == split);
            let place = place.expect("it was checked when it was asked for");
            let faster: usize = self.mesh[place + 1..].iter().map(|&(_, extent)| extent).product();
            let extent = shape.dims()[axis] / self.mesh[place].1;
            let own = device / faster % self.mesh[place].1;
            start += own * extent * layout.strides()[axis];
            layout = layout.narrow(axis, extent);
        }
        let part = layout.offsets().map(|offset| numbers[start + offset]).collect();
        (part, layout.dims().to_vec())
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
