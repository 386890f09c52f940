//! A step over two processes, as `examples/two_hosts.py` runs it: the losses of one process.

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;

use wengert::{Leaf, Tape};
use wengert_stablehlo::Export;

/// A step of gradient descent with its rows over four devices.
fn step() -> String {
    let tape = Tape::new();
    let zeros = |len: usize| vec![0.0; len];
    let x = tape.tensor(Leaf::Data, &zeros(16 * 6), [16, 6]).unwrap().named("x");
    let y = tape.tensor(Leaf::Data, &zeros(16 * 3), [16, 3]).unwrap().named("y");
    let w = tape.tensor(Leaf::Param, &zeros(18), [6, 3]).unwrap().named("w");
    let b = tape.param([0.0; 3]).named("b");
    let loss = 0.5 * ((x.matmul(w) + b).sigmoid() - y).square().sum();
    let gradient = loss.record_gradient(&[w, b]).unwrap();
    let mut export = Export::new(&tape);
    export.mesh(&[("data", 4)]).unwrap();
    export.shard(x, &[Some("data"), None]).unwrap();
    export.shard(y, &[Some("data"), None]).unwrap();
    export.output("loss", loss).unwrap();
    for (leaf, gradient) in [w, b].into_iter().zip(gradient) {
        export.update(leaf, leaf - 0.1 * gradient.unwrap()).unwrap();
    }
    export.module("step").unwrap().text().to_owned()
}

#[test]
fn two_processes_give_the_losses_of_one() {
    let Ok(python) = std::env::var("WENGERT_PYTHON") else {
        // Not captured by the test runner: a reader shall see it.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: no two processes are started, since WENGERT_PYTHON names no Python with jaxlib"
        );
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("step.mlir");
    std::fs::write(&file, step()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/two_hosts.py");
    // A port that nobody has.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let losses = |arguments: &[&str]| -> Vec<f64> {
        let done = Command::new(&python)
            .arg(script)
            .arg(&file)
            .args(arguments)
            .env("WENGERT_COORDINATOR", format!("127.0.0.1:{port}"))
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success(), "{out}{}", String::from_utf8_lossy(&done.stderr));
        let loss = |line: &str| line.split(' ').nth(3).and_then(|word| word.parse().ok());
        let lines = out.lines().filter(|line| line.starts_with("step "));
        lines.map(|line| loss(line).unwrap_or_else(|| panic!("{line}"))).collect()
    };
    let (two, one) = (losses(&[]), losses(&["--one"]));
    println!("{two:?}\n{one:?}");
    assert_eq!((two.len(), one.len()), (3, 3));
    assert!(two[2] < two[0], "{two:?}");
    for (two, one) in two.iter().zip(&one) {
        assert!((two - one).abs() <= 1e-13 * one.abs(), "{two} {one}");
    }
}
