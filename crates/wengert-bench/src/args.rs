//! What the command line asks for.

use crate::timing::Budget;

pub(crate) const USAGE: &str = "usage: wengert-bench [--quick] [--tasks] [--only W2]";

/// Options of the command.
#[derive(Clone, Debug)]
pub(crate) struct Args {
    /// Rows whose name begins so, or all.
    only: Option<String>,
    /// Short turns, and no sizes that take seconds to set up.
    pub(crate) quick: bool,
    /// How long each task of a compiled program takes, before its row.
    pub(crate) tasks: bool,
}

impl Args {
    /// Reads the arguments after the program's name.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Args { only: None, quick: false, tasks: false };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => args.quick = true,
                "--tasks" => args.tasks = true,
                "--only" => {
                    args.only =
                        Some(arguments.next().ok_or("--only needs the beginning of a row's name")?)
                }
                _ => return Err(format!("{argument} is not an option of this command; {USAGE}")),
            }
        }
        Ok(args)
    }

    /// Whether a row is asked for.
    pub(crate) fn wants(&self, id: &str) -> bool {
        self.only.as_ref().is_none_or(|only| id.to_lowercase().starts_with(&only.to_lowercase()))
    }

    /// How long to look at each row.
    pub(crate) fn budget(&self) -> Budget {
        if self.quick { Budget::QUICK } else { Budget::FULL }
    }
}

#[cfg(test)]
mod tests {
    use super::Args;

    fn parse(words: &[&str]) -> Result<Args, String> {
        Args::parse(words.iter().map(|&word| word.to_owned()))
    }

    #[test]
    fn options_are_read() {
        let args = parse(&["--only", "w5", "--quick", "--tasks"]).unwrap();
        assert!(args.quick && args.tasks && args.wants("W5a") && !args.wants("W1"));
        assert!(parse(&[]).unwrap().wants("W1"));
    }

    #[test]
    fn what_is_no_option_is_named() {
        assert!(parse(&["--fast"]).unwrap_err().contains("--fast"));
        assert!(parse(&["--only"]).unwrap_err().contains("--only"));
    }
}
