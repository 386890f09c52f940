//! How a training shows where it is.

use std::io::{IsTerminal, Write};

use super::history::EpochReport;

/// What is shown while a model is trained. Everything goes to standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Show {
    /// Nothing.
    #[default]
    Nothing,
    /// A bar on a terminal (with the feature `progress`), lines elsewhere.
    Progress,
    /// A line for each of about 20 epochs.
    Lines,
}

pub(super) enum Shown {
    Nothing,
    Lines {
        every: usize,
        last: usize,
    },
    #[cfg(feature = "progress")]
    Bar(indicatif::ProgressBar),
}

impl Show {
    pub(super) fn start(self, epochs: usize) -> Shown {
        let lines = Shown::Lines { every: epochs.div_ceil(20).max(1), last: epochs };
        match self {
            Show::Nothing => Shown::Nothing,
            Show::Lines => lines,
            Show::Progress if std::io::stderr().is_terminal() => bar(epochs, lines),
            Show::Progress => lines,
        }
    }
}

#[cfg(feature = "progress")]
fn bar(epochs: usize, _: Shown) -> Shown {
    let bar = indicatif::ProgressBar::new(epochs as u64);
    let style = indicatif::ProgressStyle::with_template("{bar:30} {pos}/{len} {eta} {msg}");
    bar.set_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()));
    Shown::Bar(bar)
}

#[cfg(not(feature = "progress"))]
fn bar(_: usize, lines: Shown) -> Shown {
    lines
}

impl Shown {
    pub(super) fn epoch(&self, report: &EpochReport) {
        match self {
            Shown::Nothing => {}
            Shown::Lines { every, last } => {
                if report.epoch.is_multiple_of(*every) || report.epoch + 1 == *last {
                    // Nothing depends on whether somebody reads it.
                    let _ = writeln!(std::io::stderr(), "{report}");
                }
            }
            #[cfg(feature = "progress")]
            Shown::Bar(bar) => {
                bar.set_position(report.epoch as u64 + 1);
                bar.set_message(report.to_string());
            }
        }
    }

    pub(super) fn finish(&self) {
        #[cfg(feature = "progress")]
        if let Shown::Bar(bar) = self {
            bar.finish();
        }
    }
}
