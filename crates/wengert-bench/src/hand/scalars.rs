//! What a scalar node costs: products and sums in turn, `f64`, as a loop over operands that were
//! planned beforehand.
//!
//! Node k reads one of the eight ends of the walk and one of the inputs. It is straight-line code
//! in a list, so there is nothing to vectorise: the limit is the latency of adding to an adjoint
//! that was just written, and out of the caches the bytes.

/// Inputs.
pub(crate) const LANES: usize = 16;

/// The same arithmetic by hand: values kept in a vector, the adjoint of each added to its two
/// operands'.
#[derive(Clone, Debug)]
pub(crate) struct Scalars {
    nodes: usize,
    values: Vec<f64>,
    adjoints: Vec<f64>,
    operands: Vec<(u32, u32)>,
}

impl Scalars {
    /// A walk of so many nodes, an even number; seven more add its ends up.
    pub(crate) fn new(nodes: usize) -> Self {
        let total = LANES + nodes + 7;
        let mut hand = Scalars {
            nodes,
            values: vec![0.0; total],
            adjoints: vec![0.0; total],
            operands: Vec::with_capacity(nodes + 7),
        };
        hand.plan(nodes);
        hand
    }

    /// Which slots each node reads: known to whoever writes the loop, so not part of the time.
    fn plan(&mut self, nodes: usize) {
        let mut ring: [u32; 8] = std::array::from_fn(|i| i as u32);
        let mut next = LANES as u32;
        let mut push = |a: u32, b: u32| {
            self.operands.push((a, b));
            next += 1;
            next - 1
        };
        for k in 0..nodes / 2 {
            let (i, j) = (2 * k % 8, (2 * k + 1) % 8);
            ring[i] = push(ring[(i + 1) % 8], (4 * k % LANES + k / 4 % 2) as u32);
            ring[j] = push(ring[(j + 3) % 8], (4 * k % LANES + 2 + k / 4 % 2) as u32);
        }
        let mut sum = ring[0];
        for &end in &ring[1..] {
            sum = push(sum, end);
        }
    }

    /// Computes the values.
    pub(crate) fn forward(&mut self, inputs: &[f64; LANES]) {
        let nodes = self.nodes;
        self.values[..LANES].copy_from_slice(inputs);
        for (i, &(a, b)) in self.operands.iter().enumerate() {
            let (x, y) = (self.values[a as usize], self.values[b as usize]);
            self.values[LANES + i] = if i < nodes && i % 2 == 0 { x * y } else { x + y };
        }
    }

    /// Computes the adjoints of the last value; those of the inputs.
    pub(crate) fn reverse(&mut self) -> &[f64] {
        let nodes = self.nodes;
        self.adjoints.fill(0.0);
        let last = self.adjoints.len() - 1;
        self.adjoints[last] = 1.0;
        for (i, &(a, b)) in self.operands.iter().enumerate().rev() {
            let g = self.adjoints[LANES + i];
            let (a, b) = (a as usize, b as usize);
            if i < nodes && i % 2 == 0 {
                self.adjoints[a] += g * self.values[b];
                self.adjoints[b] += g * self.values[a];
            } else {
                self.adjoints[a] += g;
                self.adjoints[b] += g;
            }
        }
        &self.adjoints[..LANES]
    }
}
