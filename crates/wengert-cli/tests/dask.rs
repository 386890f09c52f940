//! Ten thousand gradients mapped over processes by Dask, as `examples/dask_sweep.py` does.
//!
//! Needs a Python with Dask (`pip install dask`), named by `WENGERT_PYTHON`; it says so where it is
//! missing.

use std::io::Write;
use std::process::Command;

use crate::tool::{fit, folder, write};

#[test]
fn processes_give_the_bits_of_one() {
    let skipped = |why: &str| {
        // Not captured by the test runner: a reader shall see it.
        let _ =
            writeln!(std::io::stderr(), "skipped: gradients are not mapped over processes, {why}");
    };
    let Ok(python) = std::env::var("WENGERT_PYTHON") else {
        return skipped("since WENGERT_PYTHON names no Python with Dask");
    };
    let has_dask = Command::new(&python).args(["-c", "import dask"]).output();
    if !has_dask.is_ok_and(|done| done.status.success()) {
        return skipped("since the Python of WENGERT_PYTHON has no Dask");
    }
    let folder = folder();
    write(&folder, "fit.wg", &fit());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/dask_sweep.py");
    let done = Command::new(&python)
        .args([script, "fit.wg", "10000", "x[0],x[1],target[0]"])
        .env("WENGERT", env!("CARGO_BIN_EXE_wengert"))
        .current_dir(folder.path())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}{err}");
    assert!(
        out.contains("10000 gradients") && out.ends_with("the same, bit for bit\n"),
        "{out}{err}"
    );
}
