//! Ctrl-C as a flag.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// True from the first Ctrl-C on; a second one ends the program.
///
/// A program has one handler of a signal, whatever it holds: so this is the one value of these
/// crates that is the whole program's, made where somebody asks for it.
#[track_caller]
pub(super) fn flag() -> Arc<AtomicBool> {
    static FLAG: OnceLock<Result<Arc<AtomicBool>, String>> = OnceLock::new();
    let flag = FLAG.get_or_init(|| {
        let flag = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&flag);
        let handler = move || {
            if shared.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
        };
        ctrlc::set_handler(handler).map(|()| flag).map_err(|error| error.to_string())
    });
    match flag {
        Ok(flag) => Arc::clone(flag),
        Err(error) => panic!("Ctrl-C cannot be listened to: {error}"),
    }
}
