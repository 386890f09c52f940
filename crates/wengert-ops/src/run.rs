//! Runs and how steps refer to them: views, wide steps, the table of layouts.

use std::collections::HashMap;

use smallvec::SmallVec;

use crate::attributes::Attributes;
use crate::op::Op;
use crate::shape::Layout;

/// A handle without its tape: a first slot, an entry of the layout table, and whether derivatives
/// stop here.
///
/// One word, so that a `Var` is a pair of words and travels in registers: the slot in the low half,
/// in the high half the layout and the mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct View(u64);

/// The entry of the scalar layout.
pub const SCALAR: u32 = 0;

const CUT: u64 = 1 << 63;

impl View {
    #[inline(always)]
    #[must_use]
    pub const fn new(start: u32, layout: u32) -> Self {
        View((layout as u64) << 32 | start as u64)
    }

    #[inline(always)]
    #[must_use]
    pub const fn scalar(start: u32) -> Self {
        View(start as u64)
    }

    #[inline(always)]
    #[must_use]
    pub const fn start(self) -> u32 {
        self.0 as u32
    }

    #[inline(always)]
    #[must_use]
    pub const fn layout(self) -> u32 {
        ((self.0 & !CUT) >> 32) as u32
    }

    /// Read but not differentiated by: a constant, data, or a detached handle.
    #[inline(always)]
    #[must_use]
    pub const fn is_cut(self) -> bool {
        self.0 & CUT != 0
    }

    #[inline(always)]
    #[must_use]
    pub const fn cut_if(self, cut: bool) -> Self {
        View(if cut { self.0 | CUT } else { self.0 })
    }

    /// The same elements without the mark, as names are keyed.
    #[must_use]
    pub const fn uncut(self) -> Self {
        View(self.0 & !CUT)
    }
}

/// A step that fills a run.
#[derive(Clone, Debug)]
pub struct Wide {
    pub op: Op,
    /// The index of its step.
    pub step: u32,
    /// The first slot of its run.
    pub out: u32,
    /// The length of its run.
    pub len: u32,
    /// The contiguous layout of its run.
    pub layout: u32,
    pub operands: SmallVec<[View; 3]>,
    pub attributes: Attributes,
}

/// What is asked of a layout with every call, found out once.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The number of elements.
    pub len: usize,
    /// The largest offset of an element.
    pub last: usize,
    /// Whether the elements are neighbouring slots in row-major order.
    pub contiguous: bool,
    /// The extent and the stride, of a vector.
    pub vector: Option<(usize, usize)>,
}

impl Facts {
    fn of(layout: &Layout) -> Self {
        let vector = match (layout.dims(), layout.strides()) {
            (&[extent], &[stride]) => Some((extent, stride)),
            _ => None,
        };
        let (len, last) = (layout.len(), layout.last_offset());
        Facts { len, last, contiguous: layout.is_contiguous(), vector }
    }
}

/// The layouts in use, each once; entry 0 is the scalar.
#[derive(Debug)]
pub struct Layouts {
    table: Vec<Layout>,
    /// Of each layout in the table.
    facts: Vec<Facts>,
    index: HashMap<Layout, u32>,
    /// Layouts met lately, by a cheap key: programs use a handful over and over, and a comparison
    /// costs less than a hash.
    recent: [u32; RECENT],
    /// Vectors met lately, by their length: what leaves mostly are.
    vectors: [u32; VECTORS],
}

const RECENT: usize = 64;
const VECTORS: usize = 16;

impl Default for Layouts {
    fn default() -> Self {
        Self::new()
    }
}

impl Layouts {
    #[must_use]
    pub fn new() -> Self {
        Layouts {
            table: vec![Layout::scalar()],
            facts: vec![Facts::of(&Layout::scalar())],
            index: HashMap::from([(Layout::scalar(), SCALAR)]),
            recent: [SCALAR; RECENT],
            vectors: [SCALAR; VECTORS],
        }
    }

    pub fn clear(&mut self) {
        // The table stays: the next recording is likely to use the same layouts.
        const KEPT: usize = 64;
        if self.table.len() > KEPT {
            *self = Layouts::new();
        }
    }

    fn key(layout: &Layout) -> usize {
        let numbers = layout.dims().iter().chain(layout.strides());
        let mixed = numbers.fold(0, |key: u64, &n| {
            (key.rotate_left(5) ^ n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        });
        (mixed >> 58) as usize % RECENT
    }

    pub fn intern(&mut self, layout: Layout) -> u32 {
        let key = Self::key(&layout);
        let recent = self.recent[key];
        if self.table[recent as usize] == layout {
            return recent;
        }
        let next = self.table.len() as u32;
        let id = *self.index.entry(layout).or_insert_with_key(|layout| {
            self.table.push(layout.clone());
            self.facts.push(Facts::of(layout));
            next
        });
        self.recent[key] = id;
        id
    }

    /// The layout of a contiguous vector.
    pub fn intern_vector(&mut self, len: usize) -> u32 {
        let recent = self.vectors[len % VECTORS];
        if self.facts[recent as usize].vector == Some((len, 1)) {
            return recent;
        }
        let id = self.intern(Layout::contiguous([len].into()));
        self.vectors[len % VECTORS] = id;
        id
    }

    #[inline(always)]
    #[must_use]
    pub fn facts(&self, id: u32) -> Facts {
        self.facts[id as usize]
    }

    #[must_use]
    pub fn get(&self, id: u32) -> &Layout {
        &self.table[id as usize]
    }
}
