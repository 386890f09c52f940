//! What the examples that train are told: `--seed N`, `--out DIR`, and flags of their own.

use std::error::Error;
use std::path::{Path, PathBuf};

/// What stands on the command line.
pub(crate) struct Arguments {
    /// One, or those that the example takes.
    pub(crate) seeds: Vec<u64>,
    /// Where files go: a folder of the system's temporary ones, if nothing is said.
    pub(crate) folder: PathBuf,
    flags: Vec<String>,
}

impl Arguments {
    /// Reads them; `None` if help was asked for, and given.
    pub(crate) fn read(
        name: &str,
        seeds: std::ops::RangeInclusive<u64>,
        flags: &[&str],
    ) -> Result<Option<Self>, Box<dyn Error>> {
        let own: String = flags.iter().map(|flag| format!(" [{flag}]")).collect();
        let usage = format!(
            "usage: {name} [--seed N] [--out DIR]{own}\n  \
             --seed N   this seed alone, instead of {} to {}\n  \
             --out DIR  where the picture and other files go",
            seeds.start(),
            seeds.end()
        );
        let folder = std::env::temp_dir().join("wengert");
        let mut read = Arguments { seeds: seeds.collect(), folder, flags: Vec::new() };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value; {usage}"));
            match argument.as_str() {
                "--seed" => read.seeds = vec![value()?.parse().map_err(|_| usage.clone())?],
                "--out" => read.folder = value()?.into(),
                "--help" | "-h" => {
                    println!("{usage}");
                    return Ok(None);
                }
                flag if flags.contains(&flag) => read.flags.push(argument),
                other => return Err(format!("unknown argument {other}; {usage}").into()),
            }
        }
        Ok(Some(read))
    }

    #[allow(dead_code, reason = "not every example has flags of its own")]
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|given| given == flag)
    }
}

/// Writes a file into a folder, which is made if need be, and returns its place.
pub(crate) fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(name);
    std::fs::write(&path, text)?;
    Ok(path)
}
