//! The network of the example `microgpt`, by the example's own file.

pub(crate) const EMBED: usize = 16;
pub(crate) const HEADS: usize = 4;
pub(crate) const HEAD: usize = EMBED / HEADS;
pub(crate) const TOKENS: usize = 27;
const BLOCK: usize = 16;
pub(crate) const SHAPES: [[usize; 2]; 9] = [
    [TOKENS, EMBED],
    [BLOCK, EMBED],
    [TOKENS, EMBED],
    [EMBED, EMBED],
    [EMBED, EMBED],
    [EMBED, EMBED],
    [EMBED, EMBED],
    [4 * EMBED, EMBED],
    [EMBED, 4 * EMBED],
];

#[path = "../../../examples/microgpt/layers.rs"]
pub(crate) mod layers;
