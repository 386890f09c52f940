//! The same for machines: `workload mode threads unit value hand ratio`, separated by tabs.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::table::Row;
use crate::workload::Mode;

/// `target/wengert-bench.tsv` of the workspace.
pub(crate) fn path() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from);
    target.join("wengert-bench.tsv")
}

/// Writes a line for each mode of each row, and one for each fact, whose hand and ratio are `-`.
///
/// # Errors
///
/// Those of `out`.
pub(crate) fn write(out: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    writeln!(out, "workload\tmode\tthreads\tunit\tvalue\thand\tratio")?;
    for row in rows {
        let (id, threads) = (&row.about.id, row.about.threads);
        for mode in Mode::ALL.into_iter().chain(Mode::BELOW) {
            if let Some(value) = row.value(mode) {
                let (mode, unit, hand) = (mode.name(), row.about.unit.name, row.by_hand());
                writeln!(
                    out,
                    "{id}\t{mode}\t{threads}\t{unit}\t{value:.6}\t{hand:.6}\t{:.4}",
                    value / hand
                )?;
            }
        }
        for fact in &row.facts {
            writeln!(
                out,
                "{id}\t{}\t{threads}\t{}\t{:.6}\t-\t-",
                fact.mode.name(),
                fact.unit,
                fact.value
            )?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::Time;
    use crate::workload::{About, Fact, Unit};

    #[test]
    fn a_line_for_each_mode_and_fact() {
        let time = |median| Time { median, spread: 0.0 };
        let about = About {
            id: "W0".to_owned(),
            what: String::new(),
            threads: 2,
            unit: Unit::us("us/step"),
            aims: [None; 3],
            aims_below: [None; 2],
            reference: "",
        };
        let facts = vec![Fact { mode: Mode::Compiled, unit: "ms/compile", value: 1.5 }];
        let row = Row {
            about,
            hand: time(1e-6),
            modes: [Some(time(4e-6)), None, None],
            below: [Some(time(1.1e-6)), None],
            facts,
        };
        let mut out = Vec::new();
        write(&mut out, &[row]).unwrap();
        let expected = "workload\tmode\tthreads\tunit\tvalue\thand\tratio\n\
                        W0\trecorded\t2\tus/step\t4.000000\t1.000000\t4.0000\n\
                        W0\tsource\t2\tus/step\t1.100000\t1.000000\t1.1000\n\
                        W0\tcompiled\t2\tms/compile\t1.500000\t-\t-\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
