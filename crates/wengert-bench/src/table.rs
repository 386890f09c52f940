//! The table of ratios, for people.

use std::fmt;

use crate::timing::Time;
use crate::workload::{About, Aim, Fact, Mode};

/// Where the reference figures come from: they are not of this machine, so only their ratios
/// compare.
pub(crate) const REFERENCE: &str = "peers measured on a 2-core AVX-512 Xeon, one run, interleaved";

/// A row that has been measured.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) about: About,
    pub(crate) hand: Time,
    /// In the order of [`Mode::ALL`].
    pub(crate) modes: [Option<Time>; 3],
    /// In the order of [`Mode::BELOW`].
    pub(crate) below: [Option<Time>; 2],
    pub(crate) facts: Vec<Fact>,
}

impl Row {
    fn time(&self, mode: Mode) -> Option<Time> {
        self.modes.iter().chain(&self.below).copied().nth(mode as usize).flatten()
    }

    fn aim(&self, mode: Mode) -> Option<Aim> {
        self.about.aims.iter().chain(&self.about.aims_below).copied().nth(mode as usize).flatten()
    }

    /// A mode's time in the row's unit.
    pub(crate) fn value(&self, mode: Mode) -> Option<f64> {
        self.time(mode).map(|time| self.about.unit.of(time.median))
    }

    /// The hand-written gradient's time in the row's unit.
    pub(crate) fn by_hand(&self) -> f64 {
        self.about.unit.of(self.hand.median)
    }

    fn is_noisy(&self, mode: Mode) -> bool {
        [Some(self.hand), self.time(mode)].into_iter().flatten().any(|time| time.spread > NOISY)
    }

    /// Whether a mode reaches what it should; `None` if it has no aim, or is not there, or the
    /// machine was too busy to say.
    fn reaches(&self, mode: Mode) -> Option<bool> {
        let value = self.value(mode)?;
        if self.is_noisy(mode) {
            return None;
        }
        Some(match self.aim(mode)? {
            Aim::Ratio(aim) => value / self.by_hand() <= aim,
            Aim::Value(aim) => value <= aim,
        })
    }

    /// What a mode should reach, as text.
    fn aim_text(&self, mode: Mode) -> String {
        match self.aim(mode) {
            Some(Aim::Ratio(aim)) => format!("{aim}"),
            Some(Aim::Value(aim)) => format!("{}u", digits(aim)),
            None => String::new(),
        }
    }

    /// Whether it does.
    fn mark(&self, mode: Mode) -> &'static str {
        match self.reaches(mode) {
            Some(true) => "ok",
            Some(false) => "--",
            None if self.aim(mode).is_some() => "? ",
            None => "  ",
        }
    }
}

/// Times that spread by more than this part say nothing about an aim.
const NOISY: f64 = 0.1;

/// The columns' names.
pub(crate) struct Header;

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:12} {:>3} {:9} {:>9} {:>5}", "workload", "thr", "unit", "hand", "+-%")?;
        for mode in Mode::ALL {
            write!(f, " | {:>9} {:>5} {:>6} {:>8}", mode.name(), "+-%", "ratio", "aim")?;
        }
        Ok(())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let About { id, what, threads, unit, reference, .. } = &self.about;
        write!(
            f,
            "{id:12} {threads:>3} {:9} {:>9} {:>5.1}",
            unit.name,
            digits(self.by_hand()),
            100.0 * self.hand.spread
        )?;
        for mode in Mode::ALL {
            let aim = self.aim_text(mode);
            match (self.value(mode), self.time(mode)) {
                (Some(value), Some(time)) => {
                    let mark = self.mark(mode);
                    let (spread, ratio) = (100.0 * time.spread, value / self.by_hand());
                    write!(
                        f,
                        " | {:>9} {spread:>5.1} {:>6} {aim:>5} {mark}",
                        digits(value),
                        digits(ratio)
                    )?;
                }
                _ => write!(f, " | {:>9} {:>5} {:>6} {aim:>5}   ", "", "", "")?,
            }
        }
        write!(f, "\n{:16} {what}", "")?;
        for Fact { mode, unit, value } in &self.facts {
            write!(f, "; {} {unit} {}", digits(*value), mode.name())?;
        }
        for mode in Mode::BELOW {
            let (Some(time), Some(value)) = (self.time(mode), self.value(mode)) else { continue };
            let name = match mode {
                Mode::Source => "written as Rust",
                _ => "machine code at run time",
            };
            let (spread, ratio) = (100.0 * time.spread, digits(value / self.by_hand()));
            let (value, unit) = (digits(value), unit.name);
            write!(
                f,
                "
{:16} {name}: {value} {unit}, +-{spread:.1}%, ratio {ratio}",
                ""
            )?;
            if self.aim(mode).is_some() {
                write!(f, ", aim {} {}", self.aim_text(mode), self.mark(mode).trim_end())?;
            }
        }
        if !reference.is_empty() {
            write!(f, "\n{:16} published reference: {reference}", "")?;
        }
        Ok(())
    }
}

/// Three significant digits, and all before the point.
fn digits(value: f64) -> String {
    let decimals = match value.abs() {
        x if x >= 100.0 => 0,
        x if x >= 10.0 => 1,
        x if x >= 1.0 => 2,
        x if x >= 0.1 => 3,
        _ => 4,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Unit;

    fn row() -> Row {
        let time = |median| Time { median, spread: 0.01 };
        Row {
            about: About {
                id: "W0".to_owned(),
                what: "nothing, f64".to_owned(),
                threads: 1,
                unit: Unit::us("us/step"),
                aims: [Some(Aim::Ratio(4.0)), Some(Aim::Value(30.0)), None],
                aims_below: [None, Some(Aim::Ratio(1.5))],
                reference: "hand 9; other 100",
            },
            hand: time(10e-6),
            modes: [Some(time(50e-6)), Some(time(30e-6)), None],
            below: [Some(time(10.5e-6)), Some(time(20e-6))],
            facts: vec![Fact { mode: Mode::Recorded, unit: "bytes/node", value: 24.0 }],
        }
    }

    #[test]
    fn aims_are_ratios_or_times() {
        let row = row();
        assert_eq!(Mode::ALL.map(|mode| row.reaches(mode)), [Some(false), Some(true), None]);
    }

    #[test]
    fn a_busy_machine_reaches_nothing() {
        let mut row = row();
        row.hand.spread = 0.3;
        assert_eq!(row.reaches(Mode::Replayed), None);
        assert!(row.to_string().contains("30.0u ?"));
    }

    #[test]
    fn a_row_shows_everything() {
        let text = row().to_string();
        for part in [
            "W0 ",
            "10.0",
            "50.0",
            "5.00",
            "4 --",
            "30.0u ok",
            "24.0 bytes/node recorded",
            "written as Rust: 10.5 us/step, +-1.0%, ratio 1.05\n",
            "machine code at run time: 20.0 us/step, +-1.0%, ratio 2.00, aim 1.5 --\n",
            "hand 9; other 100",
        ] {
            assert!(text.contains(part), "{part} is missing:\n{text}");
        }
        let widths: Vec<usize> = [Header.to_string(), text.lines().next().unwrap().to_owned()]
            .iter()
            .map(|line| line.trim_end().rfind('|').unwrap())
            .collect();
        assert_eq!(widths[0], widths[1], "columns stand under their names:\n{Header}\n{text}");
    }
}
