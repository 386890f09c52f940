//! A program, its text, and what it gives: for texts to be compared with.

use wengert::program::{Compile, Output};
use wengert::program::{RustError, RustOptions};
use wengert::{Compiler, Numerics, Program, Tape, Var, Workspace};

/// What is given at values of the inputs.
type Run = Box<dyn FnMut(&[Vec<f64>]) -> Result<Vec<Vec<f64>>, String>>;

/// A program that is written as Rust.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) inputs: usize,
    /// What the program gives at new values of its inputs, in the order of the glue.
    pub(crate) run: Run,
    /// The inputs' values when it was recorded.
    pub(crate) start: Vec<Vec<f64>>,
    pub(crate) numerics: Numerics,
    /// How far, as a part of each number, a text may be off whose functions are others.
    pub(crate) off: Option<f64>,
}

/// What is asked of a program, and how the text gives it.
pub(crate) struct Ask<'t, S: Compile> {
    pub(crate) compiler: Compiler<'t, S>,
    /// With whether each is a single number of a row.
    asked: Vec<(Output, bool)>,
}

impl<'t, S: Compile> Ask<'t, S> {
    pub(crate) fn of(tape: &'t Tape<S>, numerics: Numerics) -> Self {
        let compiler = Compiler::new(tape).numerics(numerics);
        Ask { compiler, asked: Vec::new() }
    }

    pub(crate) fn output(&mut self, var: Var<'t, S>) -> Output {
        let output = self.compiler.output(var).unwrap();
        self.asked.push((output, var.shape().is_scalar()));
        output
    }

    pub(crate) fn gradient(&mut self, of: Var<'t, S>, wrt: Var<'t, S>) -> Output {
        let output = self.compiler.gradient(of, wrt).unwrap();
        self.asked.push((output, wrt.shape().is_scalar()));
        output
    }

    /// An output that an input holds after the call.
    pub(crate) fn moved(&mut self, var: Var<'t, S>, to: Var<'t, S>) {
        let output = self.compiler.output(var).unwrap();
        self.compiler.feed(output, to).unwrap();
    }

    /// The gradient of every row.
    pub(crate) fn gradient_per_row(&mut self, of: Var<'t, S>, wrt: Var<'t, S>) {
        let output = self.compiler.gradient_per_row(of, wrt).unwrap();
        self.asked.push((output, wrt.shape().is_scalar()));
    }

    pub(crate) fn case(self, name: &str, options: &RustOptions) -> Case {
        self.try_case(name, options).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Nothing but the error of a program that cannot be written.
    pub(crate) fn try_case(self, name: &str, options: &RustOptions) -> Result<Case, RustError> {
        let Ask { compiler, asked } = self;
        let numerics = if format!("{compiler:?}").contains("Exact") {
            Numerics::Exact
        } else {
            Numerics::Fast
        };
        let program = compiler.compile().unwrap();
        let text = program.to_rust_with(name, options)?;
        let inputs = program.inputs().len();
        let moved = super::glue::moved(&text, inputs);
        let mut workspace = program.workspace();
        // Of several rows a number each is several numbers.
        let single =
            |&(output, scalar): &(Output, bool)| scalar && workspace.values(output).len() == 1;
        let (returned, written): (Vec<_>, Vec<_>) = asked.into_iter().partition(single);
        let start = program.inputs().iter();
        let start = start.map(|info| rows_of(&program, &workspace, info)).collect();
        let run = move |values: &[Vec<f64>]| {
            for (info, values) in program.inputs().iter().zip(values) {
                let values: Vec<S> = values.iter().map(|&x| S::from_f64(x)).collect();
                workspace.set(program.input(info.id).unwrap(), &values).unwrap();
            }
            program.run(&mut workspace).map_err(|error| error.to_string())?;
            let wide = |values: Vec<S>| values.into_iter().map(S::to_f64).collect::<Vec<f64>>();
            let mut all: Vec<Vec<f64>> =
                returned.iter().map(|&(output, _)| wide(workspace.values(output))).collect();
            for (info, _) in program.inputs().iter().zip(&moved).filter(|(_, moved)| **moved) {
                all.push(wide(workspace.input(program.input(info.id).unwrap()).to_vec()));
            }
            all.extend(written.iter().map(|&(output, _)| wide(workspace.values(output))));
            Ok(all)
        };
        let (name, run) = (name.to_owned(), Box::new(run));
        Ok(Case { name, text, inputs, run, start, numerics, off: None })
    }
}

/// An input's numbers as [`Workspace::set`] takes them: row by row.
fn rows_of<S: Compile>(
    program: &Program<S>,
    workspace: &Workspace<S>,
    info: &wengert::program::InputInfo,
) -> Vec<f64> {
    let columns = workspace.input(program.input(info.id).unwrap());
    let len = columns.len() / info.rows;
    let at = |i: usize| columns[i % len * info.rows + i / len].to_f64();
    (0..columns.len()).map(at).collect()
}

impl Case {
    /// Holds `found` to what the program gives, at the recorded inputs and at others, over several
    /// steps of what it moves; how many numbers it compared.
    pub(crate) fn check(
        &mut self,
        mut found: impl FnMut(&[Vec<f64>]) -> Result<Vec<Vec<f64>>, String>,
    ) -> usize {
        let moved = super::glue::moved(&self.text, self.inputs);
        let mut inputs = self.start.clone();
        let mut compared = 0;
        for round in 0..3 {
            let (expected, found) = ((self.run)(&inputs), found(&inputs));
            let (name, text) = (&self.name, &self.text);
            let expected = match (expected, found) {
                (Ok(expected), Ok(found)) => {
                    assert_eq!(expected.len(), found.len(), "{name}");
                    for (expected, found) in expected.iter().zip(&found) {
                        assert_eq!(expected.len(), found.len(), "{name}");
                        for (i, (a, b)) in expected.iter().zip(found).enumerate() {
                            assert!(
                                self.agrees(*a, *b),
                                "{name}, round {round}, element {i}: {a:e} by the program, {b:e} by\n{text}"
                            );
                            compared += 1;
                        }
                    }
                    expected
                }
                (Err(_), Err(_)) => return compared + 1,
                (expected, found) => panic!("{name}: {expected:?}, {found:?}\n{text}"),
            };
            // What was moved is the next step's; the rest is something else.
            let mut after = self.moved_of(&expected);
            for (i, input) in inputs.iter_mut().enumerate() {
                if moved[i] {
                    *input = after.remove(0);
                } else {
                    for (k, x) in input.iter_mut().enumerate() {
                        *x = f64::from((*x * 0.875 + 0.0625 * (k % 3) as f64) as f32);
                    }
                }
            }
        }
        compared
    }

    /// The moved inputs among what a call gives: after what it returns, before what it writes.
    fn moved_of(&self, all: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let moved = super::glue::moved(&self.text, self.inputs).into_iter().filter(|&moved| moved);
        let count = moved.count();
        let written = self.text.lines().filter(|line| line.contains(": gets ")).count();
        let from = all.len() - written - count;
        all[from..from + count].to_vec()
    }

    /// Bits in exact numerics, else nearness.
    fn agrees(&self, a: f64, b: f64) -> bool {
        if let Some(off) = self.off {
            return (a - b).abs() <= off * a.abs() || a.is_nan() && b.is_nan() || a == b;
        }
        match self.numerics {
            Numerics::Exact => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
            Numerics::Fast => {
                (a - b).abs() <= 1e-10 * a.abs().max(1.0) || a.is_nan() && b.is_nan() || a == b
            }
        }
    }
}
