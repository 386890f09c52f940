//! Medians of interleaved runs: on a shared machine only numbers taken side by side can be
//! compared.

use std::time::{Duration, Instant};

/// One thing to time: a closure that does the work once.
pub(crate) type Contender<'a> = Box<dyn FnMut() + 'a>;

/// How long to look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// A contender's turn: it is called as often as fits, at least once. Short, so that most turns
    /// are not interrupted where others use the machine too.
    pub(crate) slice: Duration,
    /// All turns of all contenders of a row together, roughly.
    pub(crate) total: Duration,
    /// Rounds at most; at least three are made whatever they cost.
    pub(crate) rounds: usize,
}

impl Budget {
    /// What the table is made with.
    pub(crate) const FULL: Budget =
        Budget { slice: Duration::from_millis(3), total: Duration::from_secs(4), rounds: 201 };
    /// For a look while working.
    pub(crate) const QUICK: Budget =
        Budget { slice: Duration::from_millis(1), total: Duration::from_millis(500), rounds: 101 };
}

/// The time of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    /// Seconds, the median over the rounds.
    pub(crate) median: f64,
    /// Half the distance between the quartiles, as a part of the median.
    pub(crate) spread: f64,
}

/// A turn of fewer calls begins with one that is not timed,
const WARM: u32 = 10;
/// unless one call takes longer than filling a cache could be noticed in.
const COLD: Duration = Duration::from_millis(20);

/// The time per call of each contender over several rounds, in each of which every contender has
/// one turn.
pub(crate) fn interleaved(contenders: &mut [Contender<'_>], budget: Budget) -> Vec<Time> {
    let once: Vec<Duration> = contenders
        .iter_mut()
        .map(|contender| {
            // Warm caches and pages, then see how many calls fill the slice.
            contender();
            let start = Instant::now();
            contender();
            start.elapsed().max(Duration::from_nanos(20))
        })
        .collect();
    let repeats: Vec<u32> = once
        .iter()
        .map(|once| (budget.slice.as_nanos() / once.as_nanos()).clamp(1, 10_000_000) as u32)
        .collect();
    let calls = |(&once, &repeats): (&Duration, &u32)| {
        once * (repeats + u32::from(repeats < WARM && once < COLD))
    };
    let round: Duration = once.iter().zip(&repeats).map(calls).sum();
    let rounds = (budget.total.as_nanos() / round.as_nanos().max(1)).clamp(3, budget.rounds as u128)
        as usize;
    let mut samples = vec![Vec::with_capacity(rounds); contenders.len()];
    for _ in 0..rounds {
        for (i, contender) in contenders.iter_mut().enumerate() {
            if repeats[i] < WARM && once[i] < COLD {
                // The others have emptied the caches, which a few calls would feel.
                contender();
            }
            let start = Instant::now();
            for _ in 0..repeats[i] {
                contender();
            }
            samples[i].push(start.elapsed().as_secs_f64() / f64::from(repeats[i]));
        }
    }
    samples.into_iter().map(summary).collect()
}

fn summary(mut times: Vec<f64>) -> Time {
    times.sort_by(f64::total_cmp);
    let (n, median) = (times.len(), times[times.len() / 2]);
    Time { median, spread: (times[3 * n / 4] - times[n / 4]) / (2.0 * median) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_quartiles() {
        let time = summary(vec![5.0, 1.0, 4.0, 2.0, 3.0]);
        assert_eq!((time.median, time.spread), (3.0, (4.0 - 2.0) / 6.0));
    }

    #[test]
    fn every_contender_has_its_turn_in_every_round() {
        let order = std::cell::RefCell::new(Vec::new());
        let slow = |name| {
            let order = &order;
            Box::new(move || {
                order.borrow_mut().push(name);
                std::thread::sleep(Duration::from_millis(1));
            }) as Contender<'_>
        };
        let budget = Budget { slice: Duration::from_micros(1), total: Duration::ZERO, rounds: 9 };
        let times = interleaved(&mut [slow('a'), slow('b')], budget);
        assert!(times.iter().all(|time| time.median >= 1e-3));
        assert_eq!(order.borrow()[4..].iter().collect::<String>(), "aabbaabbaabb");
    }
}
