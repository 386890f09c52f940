//! Starting the tool, and files for it.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use wengert::{Compiler, Tape};
use wengert_saved::program_text;

/// What the tool wrote, and its exit code.
pub(crate) struct Done {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: i32,
}

/// Starts the tool in a folder.
pub(crate) fn wengert(folder: &TempDir, arguments: &[&str], input: &str) -> Done {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wengert"))
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who stops early does not read all of it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Done {
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().unwrap(),
    }
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn write(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// `(w·x − target)²` and its gradient by w, for one row.
pub(crate) fn fit() -> String {
    let tape = Tape::new();
    let (x, target) = (tape.data([1.0, 2.0]).named("x"), tape.data([1.0]).named("target"));
    let w = tape.param([0.5, -0.25]).named("w");
    let loss = (w.dot(x) - target.at(0)).square().named("loss");
    let mut compiler = Compiler::new(&tape);
    compiler.output(loss).unwrap();
    compiler.gradient(loss, w).unwrap();
    program_text(&compiler)
}
