//! Numbers to compute with: the same on every run.

/// A reproducible sequence of numbers between -1 and 1 (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Numbers(u64);

impl Numbers {
    /// Another seed, another sequence.
    pub(crate) fn seeded(seed: u64) -> Self {
        Numbers(seed)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    /// As many numbers, from -`scale` to `scale`.
    pub(crate) fn take(&mut self, count: usize, scale: f64) -> Vec<f64> {
        (0..count).map(|_| scale * self.next()).collect()
    }

    /// As [`take`](Numbers::take), of single precision.
    pub(crate) fn take_f32(&mut self, count: usize, scale: f64) -> Vec<f32> {
        (0..count).map(|_| (scale * self.next()) as f32).collect()
    }
}
