//! Random programs: written, compiled by `rustc` in one go, run, and compared with what they were
//! written from.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use wengert::program::Pass;
use wengert::program::RustOptions;
use wengert::{Leaf, Numerics, Options, Tape, Var};

use super::case::{Ask, Case};
use super::glue;

#[path = "../random/scalars.rs"]
mod scalars;
#[path = "../random/tensors.rs"]
mod tensors;

fn exact() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

/// A program of `y` and its gradients, without some passes.
fn case<'t>(
    name: &str,
    y: Var<'t>,
    leaves: &[Var<'t>],
    without: &[Pass],
    options: &RustOptions,
) -> Case {
    let mut ask = Ask::of(y.tape(), Numerics::Exact);
    for &pass in without {
        ask.compiler = ask.compiler.without(pass);
    }
    ask.output(y);
    for &leaf in leaves {
        ask.gradient(y, leaf);
    }
    ask.case(name, options)
}

fn cases(scale: u32) -> Vec<Case> {
    let options = RustOptions::default().functions("wengert_ops::exact::f64");
    let all = RefCell::new(Vec::new());
    scalars::run(6 * scale, |program| {
        let mut cases = all.borrow_mut();
        let tape = exact();
        let at = if cases.len() % 2 == 0 { &program.at } else { &program.elsewhere };
        let (leaves, y) = scalars::record(&tape, program, at);
        let without = [&[][..], Pass::ALL, &[Pass::Group]][cases.len() % 3];
        let name = format!("f{}", cases.len());
        cases.push(case(&name, y, &leaves, without, &options));
        Ok(())
    });
    for (times, most) in [(1, 64), (1, 64), (7, 600)] {
        tensors::run(4 * scale, |program| {
            let mut cases = all.borrow_mut();
            let program = tensors::widened(program, times);
            let tape = exact();
            let at = tensors::leaf_values(&program, cases.len() as u32);
            let (leaves, y) = tensors::record_up_to(most, &tape, &program, &at);
            let without = [&[][..], &[Pass::Fuse], Pass::ALL, &[Pass::Group]][cases.len() % 4];
            let stack = if cases.len() % 5 == 0 { 0 } else { 1 << 20 };
            let options = options.clone().stack(stack);
            let name = format!("f{}", cases.len());
            cases.push(case(&name, y, &leaves, without, &options));
            Ok(())
        });
    }
    // Rows at a time, and a step that moves what it differentiates by.
    tensors::run(4 * scale, |program| {
        let mut cases = all.borrow_mut();
        let tape = exact();
        let at = tensors::leaf_values(program, 1);
        let (leaves, y) = tensors::record(&tape, program, &at);
        let name = format!("f{}", cases.len());
        let mut ask = Ask::of(&tape, Numerics::Exact);
        if cases.len() % 2 == 0 {
            ask.compiler.rows(3, &leaves[..1]).unwrap();
            ask.output(y);
            leaves.iter().for_each(|&leaf| ask.gradient_per_row(y, leaf));
        } else {
            let zeros = vec![0.0; leaves[0].len()];
            let gradient = tape.tensor(Leaf::Data, &zeros, leaves[0].shape()).unwrap();
            let moved = leaves[0] - 0.25 * gradient;
            ask.output(y);
            ask.compiler.gradient_as(y, leaves[0], gradient).unwrap();
            ask.moved(moved, leaves[0]);
        }
        cases.push(ask.case(&name, &options));
        Ok(())
    });
    all.into_inner()
}

/// Where the crates that this test is linked with lie.
fn library() -> (PathBuf, PathBuf) {
    let deps = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let libraries = std::fs::read_dir(&deps).unwrap().map(|entry| entry.unwrap().path());
    let newest = libraries
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("libwengert_ops-") && name.ends_with(".rlib")
        })
        .max_by_key(|path| path.metadata().and_then(|data| data.modified()).ok());
    (newest.expect("the test is linked with it"), deps)
}

/// Reads `name;bits,bits;bits` by line, and answers with the results' bits.
const MAIN: &str = "
fn main() {
    for line in std::io::stdin().lines().map(Result::unwrap) {
        let (name, inputs) = line.split_once(';').unwrap();
        let inputs: Vec<Vec<f64>> = inputs
            .split(';')
            .map(|values| {
                let bits = values.split(',').map(|bits| u64::from_str_radix(bits, 16).unwrap());
                bits.map(f64::from_bits).collect()
            })
            .collect();
        let line = |values: &Vec<f64>| {
            values.iter().map(|x| format!(\"{:x}\", x.to_bits())).collect::<Vec<_>>().join(\",\")
        };
        match call(name, &inputs) {
            Ok(all) => println!(\"{}\", all.iter().map(line).collect::<Vec<_>>().join(\";\")),
            Err(_) => println!(\"flipped\"),
        }
    }
}
";

fn check(scale: u32, level: &str) {
    let mut cases = cases(scale);
    let texts: Vec<(&str, usize)> =
        cases.iter().map(|case| (case.text.as_str(), case.inputs)).collect();
    let functions: Vec<&str> = texts.iter().map(|(text, _)| *text).collect();
    let source = format!("{}\n{}{MAIN}", functions.join("\n"), glue::calls(&texts));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("source-{level}"));
    std::fs::create_dir_all(&folder).unwrap();
    let (file, program) = (folder.join("written.rs"), folder.join("written"));
    std::fs::write(&file, source).unwrap();
    let (library, deps) = library();
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let compiled = Command::new(rustc)
        .args(["--edition", "2024", "-D", "warnings", "-A", "dead_code", "-C"])
        .arg(format!("opt-level={level}"))
        .arg("--extern")
        .arg(format!("wengert_ops={}", library.display()))
        .arg("-L")
        .arg(format!("dependency={}", deps.display()))
        .arg("-o")
        .args([&program, &file])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&compiled.stderr);
    assert!(compiled.status.success(), "{}:\n{errors}", file.display());
    let mut child =
        Command::new(&program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut answers = std::io::BufRead::lines(std::io::BufReader::new(from));
    let mut compared = 0;
    for case in &mut cases {
        let name = case.name.clone();
        compared += case.check(|inputs| {
            let mut line = name.clone();
            for values in inputs {
                let bits: Vec<String> =
                    values.iter().map(|x| format!("{:x}", x.to_bits())).collect();
                write!(line, ";{}", bits.join(",")).unwrap();
            }
            writeln!(to, "{line}").unwrap();
            let answer = answers.next().unwrap().unwrap();
            if answer == "flipped" {
                return Err(answer);
            }
            let number = |bits: &str| f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
            Ok(answer.split(';').map(|values| values.split(',').map(number).collect()).collect())
        });
    }
    drop(to);
    assert!(child.wait().unwrap().success());
    assert!(compared > 500 * scale as usize, "only {compared} numbers were compared");
}

#[test]
fn random_programs_give_their_bits_as_rust() {
    check(1, "0");
}

/// Many of them, as a release compiles them.
#[test]
#[ignore = "minutes of rustc"]
fn many_random_programs_give_their_bits_as_rust() {
    check(16, "3");
}
