//! Seeing inside a Wengert tape: traces, ledgers, tables, graphs.
//!
//! ```text
//! Tape, Gradients --copy--> Trace --views--> Table, LedgerText, Derivation, Picture, Page, petgraph
//!                             `----serde---> a JSON file, and back
//! ```
//!
//! A [`Trace`] is a plain, owned, checked copy of a tape with its values and adjoints. Everything
//! else here is a pure function of a trace, deterministic to the byte, so a trace that was saved,
//! or that another program wrote, is looked at in the same way.
//!
//! ```
//! use wengert_inspect::{Derivation, LedgerText, Picture, Table, Trace};
//!
//! let tape = wengert::Tape::new();
//! let (x, w) = (tape.input([1.0, 0.0]).named("x"), tape.param([0.5, -0.25]).named("w"));
//! let loss = w.dot(x).sigmoid().named("L");
//! let trace = Trace::of(&loss.backward())?;
//! println!("{}", Table::new(&trace));
//! println!("{}", LedgerText::new(&trace).of(&["w"]));
//! println!("{}", Derivation::new(&trace)); // the chain rule worked out
//! println!("{}", Picture::new(&trace).values(true).adjoints(true).dot());
//!
//! // A zero says why it is zero.
//! let idle = trace.slot("w[1]").expect("w has two elements");
//! assert_eq!(trace.adjoint(idle).to_string(), "zero: x[1] = 0");
//! # Ok::<(), wengert_inspect::Stale>(())
//! ```
//!
//! The goals, in order: the numbers shown are the tape's own (a ledger's sum is the adjoint, bit
//! for bit), answers that differ print differently ([`Adjoint`]), and texts that people review do
//! not change without cause ([`Digits`], paths instead of slot numbers).
//!
//! Two sides are compared by [`Diff`]: a trace with another one, or with a [`Reference`], numbers
//! by path of a side without a tape. It tells the first cause from what follows. [`Severance`]
//! tells which parameters a gradient reaches and where the others are cut off, [`Health`] what is
//! not finite, vanishing or saturated.
//!
//! What it is not: an engine. It computes no value and no adjoint (a [`Page`] brings its own script); local partials come from the
//! core's own rules, and where a diff takes a step with other numbers the core takes it. It writes
//! no file: views are formatted through `Display`, and traces serialised by whatever serde format
//! you choose.

// A module uses only modules listed above it.
mod digits;
mod compare;
mod columns;
mod trace;
mod precision;
mod jacobian;
mod zero;
mod stated;
mod record;
mod ledger;
mod header;
mod table;
mod parameters;
mod ledger_text;
mod side_by_side;
mod reference;
mod diff;
mod severance;
mod health;
mod graph;
mod derivation;
mod live;
mod paths;
mod picture;
mod page;

pub use compare::{Tolerance, relative, ulps};
pub use derivation::{Derivation, Known, Level};
pub use diff::{Contradiction, Diff, Difference, Findings, Names, Origin, Side, Structure};
pub use digits::{Digits, SIGNIFICANT};
pub use graph::Reads;
pub use health::{Health, Layer, Saturation};
pub use ledger::{Contribution, Ledger};
pub use ledger_text::LedgerText;
pub use page::{Boundary, Exercise, Page, Training};
pub use parameters::ParameterTable;
pub use paths::{GradientPath, Hop, Paths};
pub use picture::{Dot, Mermaid, Picture, Svg};
pub use record::{Stale, Traced};
pub use reference::{CsvError, Quantity, Reference};
pub use severance::{Reach, Severance, Severed, Stop, Why};
pub use side_by_side::SideBySide;
pub use table::Table;
pub use trace::{
    Adjoint, Elements, Malformed, NamedPart, Omitted, Output, Part, Precision, ReadError, Slot,
    Spot, Trace, TraceData, TraceGuard, TraceNode, TraceOperand, VERSION,
};
