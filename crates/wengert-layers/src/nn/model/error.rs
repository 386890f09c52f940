//! What can be wrong with a model.

/// What is wrong with a model, or with what it is given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// Two blocks of one name that are not shared, or shared in two shapes.
    #[error("two blocks are called {name}: {left:?} and {right:?}; shared blocks have one shape")]
    SameName {
        /// The name.
        name: String,
        /// The first one's shape.
        left: Vec<usize>,
        /// The second one's.
        right: Vec<usize>,
    },

    /// A block without numbers.
    #[error("{name} has the shape {shape:?}: every extent is at least 1")]
    Empty {
        /// The block.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },

    /// Not as many numbers as a block, or a row, has.
    #[error("{what} has {expected} numbers, {found} were given")]
    Length {
        /// The block, or what was given.
        what: String,
        /// How many it has.
        expected: usize,
        /// How many there were.
        found: usize,
    },

    /// An array of another shape than the block.
    #[error("{name} has the shape {expected:?}, {found:?} was given")]
    Shape {
        /// The block.
        name: String,
        /// Its shape.
        expected: Vec<usize>,
        /// What was given.
        found: Vec<usize>,
    },

    /// No block of that name.
    #[error("the model has no block {name}; it has {has}")]
    NoSuchBlock {
        /// The name asked for.
        name: String,
        /// The names there are.
        has: String,
    },

    /// A parameter that is NaN or infinite.
    #[error("{name}[{at}] is {value:?}, expected a finite number")]
    NotFinite {
        /// The block.
        name: String,
        /// The element, counted row-major.
        at: usize,
        /// Its value.
        value: f64,
    },

    /// Recording failed.
    #[error(transparent)]
    Tape(#[from] wengert::Error),
}
