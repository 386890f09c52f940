//! `wengert run`: a row of numbers in, a row of results out.

use std::fmt::{Debug, Display};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use wengert::Workspace;
use wengert::program::{Batch, Input, InputInfo};
use wengert_saved::{Kind, Loaded, Loader, OutputInfo, Saved, head};

use crate::error::Failure;
use crate::names::elements;
use crate::rows::Rows;

/// How rows are read and written.
pub(crate) struct Options {
    /// The inputs that the columns are; all if there is none.
    pub(crate) inputs: Vec<String>,
    /// Whether results begin with a line of names.
    pub(crate) header: bool,
}

/// A number that is read from and written to rows. Its `Debug` is the fewest digits that read back
/// as it, with an exponent where it is far from 1.
trait Cell: Saved + FromStr + Debug + Display {}

impl Cell for f32 {}
impl Cell for f64 {}

pub(crate) fn run(
    path: &Path,
    rows: Option<&Path>,
    options: &Options,
    out: &mut impl Write,
) -> Result<bool, Failure> {
    let name = path.display().to_string();
    let text = read(path)?;
    let load = |error| Failure::Load { path: name.clone(), error };
    let head = head(&text).map_err(load)?;
    if head.kind != Kind::Program {
        let wanted = "a program is run; a tape has nothing that is asked of it";
        return Err(Failure::Kind { path: name, kind: "tape", wanted });
    }
    match head.number.as_str() {
        "f32" => {
            over(&name, Loader::new().program::<f32>(&text).map_err(load)?, rows, options, out)
        }
        _ => over(&name, Loader::new().program::<f64>(&text).map_err(load)?, rows, options, out),
    }
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::Read { path: path.display().to_string(), error })
}

fn over<S: Cell>(
    name: &str,
    loaded: Loaded<S>,
    rows: Option<&Path>,
    options: &Options,
    out: &mut impl Write,
) -> Result<bool, Failure> {
    let input: Box<dyn io::Read> = match rows {
        None => Box::new(io::stdin().lock()),
        Some(path) => {
            let error = |error| Failure::Read { path: path.display().to_string(), error };
            Box::new(File::open(path).map_err(error)?)
        }
    };
    let program = Program::new(name, loaded)?;
    let chosen = program.chosen(&options.inputs)?;
    let rows = Rows::new(input, &program.names(), &chosen)?;
    if options.header {
        let labels = program.loaded.outputs.iter();
        let labels = labels.flat_map(|info| elements(&info.label, info.shape.dims()));
        write_record(
            out,
            labels.map(|label| match label.contains([',', '"']) {
                true => format!("\"{}\"", label.replace('"', "\"\"")),
                false => label,
            }),
        )?;
    }
    match program.loaded.program.rows() {
        1 => program.one_by_one(rows, out),
        _ => program.in_blocks(rows, out),
    }
}

fn write_record(
    out: &mut impl Write,
    cells: impl Iterator<Item = impl Display>,
) -> Result<(), Failure> {
    for (i, cell) in cells.enumerate() {
        let comma = if i == 0 { "" } else { "," };
        write!(out, "{comma}{cell}").map_err(Failure::Write)?;
    }
    writeln!(out).map_err(Failure::Write)
}

/// Writes a row of results.
fn write_numbers<'a, S: Cell>(
    out: &mut impl Write,
    numbers: impl Iterator<Item = &'a S>,
) -> Result<(), Failure> {
    write_record(out, numbers.map(|number| format!("{number:?}")))
}

/// A program with the elements of its inputs in one row.
struct Program<S: Cell> {
    loaded: Loaded<S>,
    /// With the first of its elements.
    inputs: Vec<(Input, InputInfo, usize)>,
}

impl<S: Cell> Program<S> {
    fn new(name: &str, loaded: Loaded<S>) -> Result<Self, Failure> {
        let refused = |problem: String| Failure::Program { path: name.to_owned(), problem };
        let (mut inputs, mut first) = (Vec::new(), 0);
        let many = loaded.program.rows() > 1;
        for info in loaded.program.inputs() {
            let input =
                loaded.program.input(info.id).map_err(|error| refused(error.to_string()))?;
            if many && info.rows == 1 {
                // It is the same for all rows, and keeps its numbers.
                continue;
            }
            inputs.push((input, info.clone(), first));
            first += info.shape.len();
        }
        let summed = |info: &&OutputInfo| !info.per_row;
        if let Some(info) = loaded.outputs.iter().find(summed).filter(|_| many) {
            let problem = format!(
                "`{}` is one number for all rows, and a row of results has numbers of its row alone; ask \
                 for it with gradient_per_row, or record the program for one row",
                info.label
            );
            return Err(refused(problem));
        }
        if many && !loaded.fed.is_empty() {
            let problem = "what it feeds back goes from block to block of rows".to_owned();
            return Err(refused(problem));
        }
        Ok(Program { loaded, inputs })
    }

    fn names(&self) -> Vec<String> {
        self.inputs
            .iter()
            .flat_map(|(_, info, _)| elements(&info.label, info.shape.dims()))
            .collect()
    }

    /// The elements of the inputs of these names.
    fn chosen(&self, names: &[String]) -> Result<Vec<usize>, Failure> {
        let range = |(_, info, first): &(Input, InputInfo, usize)| *first..first + info.shape.len();
        if names.is_empty() {
            return Ok(self.inputs.iter().flat_map(range).collect());
        }
        let mut chosen = Vec::new();
        for name in names {
            let Some(input) = self.inputs.iter().find(|(_, info, _)| info.label == *name) else {
                let known: Vec<&str> =
                    self.inputs.iter().map(|(_, info, _)| info.label.as_str()).collect();
                return Err(Failure::NoInput { name: name.clone(), known: known.join(", ") });
            };
            chosen.extend(range(input));
        }
        Ok(chosen)
    }

    /// The numbers of all inputs as the file has them.
    fn first(&self, workspace: &Workspace<S>) -> Vec<S> {
        let numbers = self.inputs.iter();
        numbers
            .flat_map(|(input, info, _)| workspace.input(*input)[..info.shape.len()].to_vec())
            .collect()
    }

    fn one_by_one(
        &self,
        mut rows: Rows<impl io::Read>,
        out: &mut impl Write,
    ) -> Result<bool, Failure> {
        let program = &self.loaded.program;
        let mut workspace = program.workspace();
        let mut all = self.first(&workspace);
        // Other inputs hold what they held, unless they are fed.
        let set: Vec<&(Input, InputInfo, usize)> = self
            .inputs
            .iter()
            .filter(|(_, info, first)| {
                let own = *first..first + info.shape.len();
                rows.columns.iter().any(|column| own.contains(column))
                    || self.loaded.fed.iter().any(|path| {
                        *path == info.label || path.starts_with(&format!("{}[", info.label))
                    })
            })
            .collect();
        let (mut row, mut results) = (Vec::new(), Vec::new());
        while let Some(line) = rows.next(&mut row)? {
            for (&column, &number) in rows.columns.iter().zip(&row) {
                all[column] = number;
            }
            let failed = |error: wengert::Error| Failure::Line { line, problem: error.to_string() };
            for (input, info, first) in &set {
                workspace.set(*input, &all[*first..first + info.shape.len()]).map_err(failed)?;
            }
            program.run(&mut workspace).map_err(failed)?;
            results.clear();
            for info in &self.loaded.outputs {
                results.extend(workspace.values(info.output));
            }
            write_numbers(out, results.iter())?;
        }
        Ok(true)
    }

    /// Many rows at a time, over threads.
    fn in_blocks(
        &self,
        mut rows: Rows<impl io::Read>,
        out: &mut impl Write,
    ) -> Result<bool, Failure> {
        const BLOCKS: usize = 64;
        let batch = Batch::new(self.loaded.program.clone());
        let all = self.first(&self.loaded.program.workspace());
        let at_once = BLOCKS * self.loaded.program.rows();
        let mut row = Vec::new();
        loop {
            let mut values: Vec<Vec<S>> = vec![Vec::new(); self.inputs.len()];
            let (mut count, mut first_line) = (0, 0);
            while count < at_once
                && let Some(line) = rows.next(&mut row)?
            {
                if count == 0 {
                    first_line = line;
                }
                count += 1;
                let mut whole = all.clone();
                for (&column, &number) in rows.columns.iter().zip(&row) {
                    whole[column] = number;
                }
                for ((_, info, first), to) in self.inputs.iter().zip(&mut values) {
                    to.extend_from_slice(&whole[*first..first + info.shape.len()]);
                }
            }
            if count == 0 {
                return Ok(true);
            }
            let given: Vec<(Input, &[S])> = self
                .inputs
                .iter()
                .zip(&values)
                .map(|((input, ..), of)| (*input, of.as_slice()))
                .collect();
            let results = batch.run(&[], &given).map_err(|error| {
                let problem = format!("in the {count} rows from here on: {error}");
                Failure::Line { line: first_line, problem }
            })?;
            for i in 0..count {
                let own = |info: &OutputInfo| {
                    let len = info.shape.len();
                    results.values(info.output)[i * len..(i + 1) * len].iter()
                };
                write_numbers(out, self.loaded.outputs.iter().flat_map(own))?;
            }
        }
    }
}
