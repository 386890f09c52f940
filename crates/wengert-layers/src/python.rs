//! Python's module `random`, digit for digit.

use std::f64::consts::TAU;

use rand_mt::Mt;

/// Python's `random.Random(seed)` for an integer seed: what a port of a Python program needs to
/// start from the same numbers, and to draw the same ones.
///
/// The generator is MT19937 (Matsumoto and Nishimura 1998); the methods are those of CPython 3.11's
/// `Lib/random.py` and `Modules/_randommodule.c`, in the order in which they draw.
///
/// All but [`gauss`](PythonRandom::gauss) give the same bits on every platform.
///
/// # Examples
///
/// ```
/// use wengert_layers::PythonRandom;
///
/// let mut random = PythonRandom::seed(42);
/// let mut cards = [1, 2, 3, 4, 5];
/// random.shuffle(&mut cards);
/// assert_eq!(cards, [4, 2, 3, 5, 1]);
/// assert_eq!(random.gauss(0.0, 1.0), 0.017593105583573694);
/// ```
#[derive(Debug, Clone)]
pub struct PythonRandom {
    twister: Mt,
    /// The second number of the last pair of `gauss`.
    next_gauss: Option<f64>,
}

impl PythonRandom {
    /// As `random.seed(n)`: the key of `init_by_array` is `n` in words of 32 bits, the lowest
    /// first, as few as hold it but at least one (`random_seed` in CPython's
    /// `Modules/_randommodule.c`).
    #[must_use]
    pub fn seed(n: u64) -> Self {
        let (low, high) = (n as u32, (n >> 32) as u32);
        let twister =
            if high == 0 { Mt::new_with_key([low]) } else { Mt::new_with_key([low, high]) };
        PythonRandom { twister, next_gauss: None }
    }

    /// As `random.random()`: 27 bits of one output above 26 of the next, over 2^53; a multiple of
    /// 2^-53 in [0, 1).
    pub fn random(&mut self) -> f64 {
        let high = f64::from(self.twister.next_u32() >> 5);
        let low = f64::from(self.twister.next_u32() >> 6);
        (high * f64::from(1 << 26) + low) / (1_u64 << 53) as f64
    }

    /// As `random.randrange(n)`, for n up to 2^32: as many bits as n has, drawn again until they
    /// are below n.
    ///
    /// # Panics
    ///
    /// If `n` is 0, where Python raises `ValueError`.
    #[track_caller]
    pub fn below(&mut self, n: u32) -> u32 {
        assert!(n > 0, "there is no whole number from 0 that is below 0");
        let spare = n.leading_zeros();
        loop {
            let bits = self.twister.next_u32() >> spare;
            if bits < n {
                return bits;
            }
        }
    }

    /// As `random.shuffle(items)`: from the last place to the second, each changed with one that is
    /// drawn among those up to it.
    ///
    /// # Panics
    ///
    /// If there are more than 2^32 − 1 items.
    #[track_caller]
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let places = u32::try_from(i + 1).expect("fewer than 2^32 items");
            items.swap(i, self.below(places) as usize);
        }
    }

    /// As `random.gauss(mean, deviation)`: `cos(2π u) √(−2 ln(1 − v))` of two draws, and the sine
    /// of the same pair the next time.
    ///
    /// The three functions are the platform's, as CPython takes them from the C library: the bits
    /// are those of CPython on the same machine. Correctly rounded ones would differ from glibc's
    /// in the last digit about once in a thousand draws.
    pub fn gauss(&mut self, mean: f64, deviation: f64) -> f64 {
        let z = self.next_gauss.take().unwrap_or_else(|| {
            let angle = self.random() * TAU;
            let radius = (-2.0 * (1.0 - self.random()).ln()).sqrt();
            self.next_gauss = Some(angle.sin() * radius);
            angle.cos() * radius
        });
        mean + z * deviation
    }

    /// As `random.choices(range(len(weights)), weights)[0]`: the place among the running sums of
    /// the weights at which one draw falls.
    ///
    /// # Panics
    ///
    /// If the weights do not have a finite sum above 0, where Python raises `ValueError`.
    #[track_caller]
    pub fn choice(&mut self, weights: &[f64]) -> usize {
        let sums: Vec<f64> = weights
            .iter()
            .scan(None, |sum: &mut Option<f64>, &weight| {
                *sum = Some(sum.map_or(weight, |sum| sum + weight));
                *sum
            })
            .collect();
        let total = sums.last().copied().unwrap_or(0.0);
        assert!(total > 0.0 && total.is_finite(), "the weights have the sum {total:?}");
        let drawn = self.random() * total;
        sums[..sums.len() - 1].partition_point(|&sum| sum <= drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of `tests/oracle/python_draws.txt` that begin with a word, without it.
    fn oracle(word: &str) -> impl Iterator<Item = Vec<&'static str>> {
        include_str!("../tests/oracle/python_draws.txt").lines().filter_map(move |line| {
            let mut words = line.split(' ');
            (words.next() == Some(word)).then(|| words.collect())
        })
    }

    #[test]
    fn orders_are_pythons() {
        let mut count = 0;
        for line in oracle("shuffle") {
            let numbers: Vec<u64> = line.iter().map(|word| word.parse().unwrap()).collect();
            let mut items: Vec<u64> = (0..numbers.len() as u64 - 1).collect();
            PythonRandom::seed(numbers[0]).shuffle(&mut items);
            assert_eq!(items, numbers[1..]);
            count += 1;
        }
        assert_eq!(count, 6);
    }

    #[test]
    fn normal_numbers_are_pythons() {
        let mut random = PythonRandom::seed(0);
        let mut count = 0;
        for line in oracle("gauss") {
            let seed: u64 = line[0].parse().unwrap();
            if line[1] == "0" {
                random = PythonRandom::seed(seed);
            }
            let drawn = random.gauss(1.5, 0.08);
            assert_eq!(drawn, line[2].parse::<f64>().unwrap(), "seed {seed}, draw {}", line[1]);
            count += 1;
        }
        assert_eq!(count, 600);
    }

    #[test]
    fn choices_are_pythons() {
        let weights: Vec<f64> = (1..=27).map(|i| 1.0 / f64::from(i)).collect();
        let mut random = PythonRandom::seed(7);
        let theirs: Vec<usize> =
            oracle("choices").flatten().map(|word| word.parse().unwrap()).collect();
        let ours: Vec<usize> = theirs.iter().map(|_| random.choice(&weights)).collect();
        assert_eq!(ours, theirs);
        assert_eq!(ours.len(), 200);
    }

    #[test]
    #[should_panic(expected = "the weights have the sum 0.0")]
    fn no_weight_is_no_choice() {
        PythonRandom::seed(1).choice(&[0.0, 0.0]);
    }
}
