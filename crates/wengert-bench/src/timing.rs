//! Medians of interleaved runs: on a shared machine only numbers taken side by side can be compared.

use std::time::{Duration, Instant};

/// One thing to time: a closure that does the work once.
pub(crate) type Contender<'a> = Box<dyn FnMut() + 'a>;

/// Seconds per call of each contender: the median over `rounds` rounds, in each of which every contender runs once, in turn,
/// for about `slice`.
pub(crate) fn medians(contenders: &mut [Contender<'_>], rounds: usize, slice: Duration) -> Vec<f64> {
    let repeats: Vec<u32> = contenders
        .iter_mut()
        .map(|contender| {
            // Warm caches and pages, then see how many calls fill the slice.
            contender();
            let start = Instant::now();
            contender();
            let once = start.elapsed().max(Duration::from_nanos(20));
            (slice.as_nanos() / once.as_nanos()).clamp(1, 1_000_000) as u32
        })
        .collect();
    let mut samples = vec![Vec::with_capacity(rounds); contenders.len()];
    for _ in 0..rounds {
        for (i, contender) in contenders.iter_mut().enumerate() {
            let start = Instant::now();
            for _ in 0..repeats[i] {
                contender();
            }
            samples[i].push(start.elapsed().as_secs_f64() / f64::from(repeats[i]));
        }
    }
    samples
        .into_iter()
        .map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        })
        .collect()
}
