//! Texts that `rustc` compiles while a test runs, into a program that calls them.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::glue;

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

/// A program of texts that runs, and is asked.
pub(crate) struct Written {
    child: Child,
    to: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Written {
    /// Of functions, each with the number of its inputs, at a level of optimisation. They call the
    /// functions of `wengert_ops::exact::f64`.
    pub(crate) fn compiled(folder: &str, texts: &[(&str, usize)], level: &str) -> Self {
        let functions: Vec<&str> = texts.iter().map(|(text, _)| *text).collect();
        let source = format!("{}\n{}{MAIN}", functions.join("\n"), glue::calls(texts));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{folder}-{level}"));
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
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Written { child, to, answers: BufReader::new(from).lines() }
    }

    /// Calls a function: what it returns, its moved inputs, and what it writes.
    pub(crate) fn call(
        &mut self,
        name: &str,
        inputs: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, String> {
        let mut line = name.to_owned();
        for values in inputs {
            let bits: Vec<String> = values.iter().map(|x| format!("{:x}", x.to_bits())).collect();
            write!(line, ";{}", bits.join(",")).unwrap();
        }
        writeln!(self.to, "{line}").unwrap();
        let answer = self.answers.next().unwrap().unwrap();
        if answer == "flipped" {
            return Err(answer);
        }
        let number = |bits: &str| f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
        Ok(answer.split(';').map(|values| values.split(',').map(number).collect()).collect())
    }

    /// Ends it, and asks whether all went well.
    pub(crate) fn finish(mut self) {
        drop(self.to);
        assert!(self.child.wait().unwrap().success());
    }
}
