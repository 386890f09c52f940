//! The tests that `docs/faults.md` names are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The names of all functions in Rust files below a directory, and of the files as modules.
fn names(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(path.file_stem().unwrap().to_string_lossy().into_owned());
            let text = fs::read_to_string(&path).unwrap();
            let functions = text.lines().filter_map(|line| line.trim_start().strip_prefix("fn "));
            found.extend(functions.filter_map(|line| Some(line.split_once('(')?.0.to_owned())));
        }
    }
}

#[test]
fn every_test_that_the_document_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = BTreeSet::new();
    for directory in ["tests", "crates/wengert/tests", "crates/wengert-inspect/tests"] {
        names(&root.join(directory), &mut known);
    }
    for directory in ["crates/wengert-layers/src", "crates/wengert-layers/tests"] {
        names(&root.join(directory), &mut known);
    }
    let document = fs::read_to_string(root.join("docs/faults.md")).unwrap();
    let rows = document.lines().filter(|line| line.starts_with('|'));
    let held_by = rows.filter_map(|row| row.trim_end_matches('|').rsplit('|').next());
    let mut named = 0;
    for cell in held_by {
        for code in cell.split('`').skip(1).step_by(2) {
            let is_path = code.contains("::");
            let name = code.trim_end_matches("::").rsplit("::").next().unwrap();
            // A long name with underscores is a test; a short one a function of the interface.
            if is_path || name.matches('_').count() > 2 && !name.contains('(') {
                assert!(known.contains(name), "there is no {code}");
                named += 1;
            }
        }
    }
    assert!(named > 30, "only {named} tests are named");
}
