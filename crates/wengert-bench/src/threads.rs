//! Threads: the same pool and the same fixed blocks of rows on both sides.

use std::sync::Mutex;

/// Threads that stay. Each has an index, and whatever it is asked to do again and again is done by
/// the same one.
pub(crate) struct Threads(Option<rayon::ThreadPool>);

impl Threads {
    /// # Panics
    ///
    /// If the system gives no threads.
    pub(crate) fn new(count: usize) -> Self {
        Threads(Some(
            rayon::ThreadPoolBuilder::new()
                .num_threads(count)
                .build()
                .expect("the system gives threads"),
        ))
    }

    /// The calling thread alone.
    pub(crate) fn here() -> Self {
        Threads(None)
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.0.as_ref().map_or(1, rayon::ThreadPool::current_num_threads)
    }

    /// Runs `work(i)` on thread i, and waits for all.
    pub(crate) fn each(&self, work: impl Fn(usize) + Sync) {
        match &self.0 {
            None => work(0),
            Some(pool) => {
                pool.broadcast(|context| work(context.index()));
            }
        }
    }

    /// As [`each`](Threads::each), with one of `parts` for each thread.
    ///
    /// # Panics
    ///
    /// If there are not as many parts as threads.
    pub(crate) fn each_with<T: Send>(
        &self,
        parts: impl IntoIterator<Item = T>,
        work: impl Fn(usize, &mut T) + Sync,
    ) {
        let parts: Vec<Mutex<T>> = parts.into_iter().map(Mutex::new).collect();
        assert_eq!(parts.len(), self.count(), "a part for each thread");
        self.each(|i| work(i, &mut parts[i].lock().expect("no thread panicked")));
    }
}
