//! Python's `random.random()` after `random.seed(n)`.

use rand_mt::Mt;

/// CPython's generator of uniform numbers, seeded by an integer.
#[derive(Debug, Clone)]
pub(super) struct PythonRandom(Mt);

impl PythonRandom {
    /// As `random.seed(n)`: the key of `init_by_array` is `n` in words of 32 bits, the lowest
    /// first, as few as hold it but at least one (`random_seed` in CPython's
    /// `Modules/_randommodule.c`).
    pub(super) fn seed(n: u64) -> Self {
        let (low, high) = (n as u32, (n >> 32) as u32);
        Self(if high == 0 { Mt::new_with_key([low]) } else { Mt::new_with_key([low, high]) })
    }

    /// As `random.random()`: 27 bits of one output above 26 of the next, over 2^53; a multiple of
    /// 2^-53 in [0, 1).
    pub(super) fn random(&mut self) -> f64 {
        let high = f64::from(self.0.next_u32() >> 5);
        let low = f64::from(self.0.next_u32() >> 6);
        (high * f64::from(1 << 26) + low) / (1_u64 << 53) as f64
    }
}
