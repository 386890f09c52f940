//! Ids are types: a number of the tape, of the graph, of the plan and of a workspace are not each
//! other's, and neither are nodes, runs and instructions.
//!
//! An id is never `u32::MAX`, so `Option` of one takes no more room than the id: what is missing is
//! `None`, and no number stands for it.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::ops::{Index, IndexMut};

/// An index that knows what it is an index of.
pub(crate) trait Id: Copy + Eq + Ord + fmt::Debug {
    fn new(index: usize) -> Self;
    fn index(self) -> usize;
}

/// A number's place on a line of numbers: of the tape, the graph, the plan, a workspace.
pub(crate) trait Point: Id + std::hash::Hash {
    /// So many numbers further on, or back.
    fn plus(self, offset: i64) -> Self {
        Self::new((self.index() as i64 + offset) as usize)
    }

    /// How many numbers it stands behind another.
    fn minus(self, other: Self) -> i64 {
        self.index() as i64 - other.index() as i64
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $letter:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(NonZeroU32);

        impl Id for $name {
            #[inline]
            fn new(index: usize) -> Self {
                // One more than the index: 0 is what `Option` uses for `None`.
                let one_more = u32::try_from(index + 1).ok().and_then(NonZeroU32::new);
                $name(one_more.expect("the compiler's bounds are far below"))
            }

            #[inline]
            fn index(self) -> usize {
                self.0.get() as usize - 1
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($letter, "{}"), self.index())
            }
        }
    )*};
}

ids! {
    /// A number on the tape.
    Slot "slot";
    /// A number of the compiler's graph: a scalar node's, or one of a run's.
    Value "value";
    /// A number of a plan, before it has a place.
    Address "address";
    /// A step of the tape.
    StepId "step";
    /// A node of the graph: one number, or a run of them.
    Node "node";
    /// A run of addresses: a block of leaves, an instruction's result, an output's home.
    RunId "run";
    /// Alike scalar nodes, or a run.
    GroupId "group";
    /// An instruction of a plan.
    InstructionId "instruction";
}

/// A number's place in a workspace. Kernels read through places, so it is the index itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place(u32);

impl Id for Place {
    #[inline(always)]
    fn new(index: usize) -> Self {
        Place(u32::try_from(index).expect("the compiler's bounds are far below"))
    }

    #[inline(always)]
    fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "place{}", self.0)
    }
}

impl Point for Slot {}
impl Point for Value {}
impl Point for Address {}
impl Point for Place {}

/// Something for each id, in the order of the ids.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Map<K, V> {
    values: Vec<V>,
    key: PhantomData<K>,
}

impl<K: Id, V> Map<K, V> {
    pub(crate) fn new() -> Self {
        Map { values: Vec::new(), key: PhantomData }
    }

    pub(crate) fn push(&mut self, value: V) -> K {
        self.values.push(value);
        K::new(self.values.len() - 1)
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn keys(
        &self,
    ) -> impl DoubleEndedIterator<Item = K> + ExactSizeIterator + use<K, V> {
        (0..self.values.len()).map(K::new)
    }

    pub(crate) fn values(&self) -> std::slice::Iter<'_, V> {
        self.values.iter()
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (K, &V)> + ExactSizeIterator {
        self.values.iter().enumerate().map(|(i, value)| (K::new(i), value))
    }
}

impl<K: Id, V: Clone> Map<K, V> {
    /// The same for each of so many ids.
    pub(crate) fn filled(value: V, len: usize) -> Self {
        Map { values: vec![value; len], key: PhantomData }
    }

    /// Lets ids up to `len` have a value.
    pub(crate) fn grow(&mut self, len: usize, value: V) {
        if len > self.values.len() {
            self.values.resize(len, value);
        }
    }
}

impl<K, V> IntoIterator for Map<K, V> {
    type Item = V;
    type IntoIter = std::vec::IntoIter<V>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.into_iter()
    }
}

impl<K: Id, V> FromIterator<V> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        Map { values: values.into_iter().collect(), key: PhantomData }
    }
}

impl<K: Id, V> Index<K> for Map<K, V> {
    type Output = V;

    #[inline]
    fn index(&self, key: K) -> &V {
        &self.values[key.index()]
    }
}

impl<K: Id, V> IndexMut<K> for Map<K, V> {
    #[inline]
    fn index_mut(&mut self, key: K) -> &mut V {
        &mut self.values[key.index()]
    }
}

/// Runs of numbers side by side on a line, each with an id, handed out in order.
///
/// Which run holds a number is found in constant time where numbers are runs of their own, and by a
/// search within 64 numbers elsewhere; what is kept is a word for each run and for each 64 numbers.
#[derive(Clone, Debug)]
pub(crate) struct Line<P, K> {
    starts: Vec<u32>,
    end: u32,
    /// The run that holds the first number of each page.
    pages: Vec<u32>,
    ids: PhantomData<(P, K)>,
}

const PAGE: u32 = 6;

impl<P: Point, K: Id> Line<P, K> {
    pub(crate) fn new() -> Self {
        Line { starts: Vec::new(), end: 0, pages: Vec::new(), ids: PhantomData }
    }

    /// A run of so many numbers more: its id and its first number.
    pub(crate) fn push(&mut self, len: usize) -> (K, P) {
        let (run, start) = (self.starts.len() as u32, self.end);
        self.starts.push(start);
        self.end += len as u32;
        let pages = self.end.div_ceil(1 << PAGE) as usize;
        if pages > self.pages.len() {
            self.pages.resize(pages, run);
        }
        (K::new(run as usize), P::new(start as usize))
    }

    /// How many numbers there are.
    pub(crate) fn len(&self) -> usize {
        self.end as usize
    }

    /// How many runs there are.
    pub(crate) fn runs(&self) -> usize {
        self.starts.len()
    }

    /// The runs, in order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = K> + use<P, K> {
        (0..self.starts.len()).map(K::new)
    }

    pub(crate) fn start(&self, run: K) -> P {
        P::new(self.starts[run.index()] as usize)
    }

    pub(crate) fn len_of(&self, run: K) -> usize {
        let end = self.starts.get(run.index() + 1).copied().unwrap_or(self.end);
        (end - self.starts[run.index()]) as usize
    }

    /// The run that holds a number.
    #[inline]
    pub(crate) fn run_of(&self, point: P) -> K {
        let at = point.index() as u32;
        debug_assert!(at < self.end, "{point:?} is on the line");
        let page = (at >> PAGE) as usize;
        let low = self.pages[page] as usize;
        let high = self.pages.get(page + 1).map_or(self.starts.len() - 1, |&run| run as usize);
        // Every number of the page is of another run: of scalar code the most frequent case.
        if high - low == 1 << PAGE {
            return K::new(low + (at & ((1 << PAGE) - 1)) as usize);
        }
        // Right where every number of the page so far is a run of its own.
        let guess = (low + (at & ((1 << PAGE) - 1)) as usize).min(high);
        if self.starts[guess] == at && (guess == high || self.starts[guess + 1] > at) {
            return K::new(guess);
        }
        K::new(low + self.starts[low..=high].partition_point(|&start| start <= at) - 1)
    }

    /// The run that holds all numbers from one to another, if one does.
    #[inline]
    pub(crate) fn run_of_both(&self, first: P, last: P) -> Option<K> {
        let run = self.run_of(first);
        (last.index() < self.start(run).index() + self.len_of(run)).then_some(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_found_in_its_run() {
        let mut line = Line::<Value, Node>::new();
        let mut expected = Vec::new();
        for (i, len) in (0..300).map(|i| (i, [1, 1, 1, 3, 70, 1, 200, 1][i * 7 % 8])) {
            let (run, start) = line.push(len);
            assert_eq!((run.index(), start.index()), (i, expected.len()));
            expected.extend(std::iter::repeat_n(i, len));
        }
        assert_eq!(line.len(), expected.len());
        for (at, run) in expected.into_iter().enumerate() {
            assert_eq!(line.run_of(Value::new(at)).index(), run, "number {at}");
        }
    }

    #[test]
    fn a_missing_id_takes_no_more_room() {
        assert_eq!(size_of::<Option<Value>>(), 4);
    }
}
