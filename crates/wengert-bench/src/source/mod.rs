//! Programs of the workloads written as Rust: what the library wrote, committed as it is, and the
//! loops around it.
//!
//! `WENGERT_WRITE=1 cargo test -p wengert-bench source` writes `*_written.rs` anew; without the
//! variable the test compares them with what is written now. They take the hand-written side's
//! functions, so that the two differ in their arithmetic alone, and are compiled for several
//! instruction sets as that is.

pub(crate) mod functions;
pub(crate) mod notebook;
#[rustfmt::skip]
mod notebook_written;
pub(crate) mod rosenbrock;
#[rustfmt::skip]
mod rosenbrock_written;
pub(crate) mod tiny;
#[rustfmt::skip]
mod tiny_written;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::workloads;

    #[test]
    fn what_is_committed_is_what_is_written() {
        let texts = [
            ("notebook", workloads::notebook::text()),
            ("rosenbrock", workloads::rosenbrock::text()),
            ("tiny", workloads::tiny::text()),
        ];
        for (name, text) in texts {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/source");
            let path = folder.join(format!("{name}_written.rs"));
            if std::env::var_os("WENGERT_WRITE").is_some() {
                std::fs::write(&path, &text).unwrap();
            }
            let committed = std::fs::read_to_string(&path).unwrap();
            assert!(committed == text, "{name}: WENGERT_WRITE=1 writes it anew:\n{text}");
        }
    }
}
