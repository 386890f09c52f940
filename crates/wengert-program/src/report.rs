//! What compiling did.

use std::fmt;

/// A pass of the compiler, each of which can be [switched off](super::Compiler::without).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pass {
    /// Nodes that nothing asked for depends on are left out.
    DeadNodes,
    /// Constants are computed, and operations with a constant that change no bit are left out.
    ConstantFolding,
    /// Equal expressions are computed once.
    CommonSubexpressions,
    /// Sums of alike terms become one node each: dot products, weighted sums, totals.
    ReductionRaising,
    /// Alike nodes side by side become one instruction over a run; neighbouring neurons a matrix
    /// product.
    Group,
    /// Elementwise instructions run together, a chunk of elements at a time.
    Fuse,
    /// A run that nobody reads any more gives its place to a later one.
    Reuse,
}

impl Pass {
    /// Every pass, in order.
    pub const ALL: &'static [Pass] = &[
        Pass::DeadNodes,
        Pass::ConstantFolding,
        Pass::CommonSubexpressions,
        Pass::ReductionRaising,
        Pass::Group,
        Pass::Fuse,
        Pass::Reuse,
    ];

    /// The name in reports: `dead nodes`, `constant folding`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Pass::DeadNodes => "dead nodes",
            Pass::ConstantFolding => "constant folding",
            Pass::CommonSubexpressions => "common subexpressions",
            Pass::ReductionRaising => "reduction raising",
            Pass::Group => "grouping",
            Pass::Fuse => "loop fusion",
            Pass::Reuse => "memory reuse",
        }
    }
}

/// What one pass did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassReport {
    /// The pass.
    pub pass: Pass,
    /// What it counts: `nodes`, `instructions`, `tasks` or `numbers`.
    pub unit: &'static str,
    /// How many before.
    pub before: usize,
    /// How many after.
    pub after: usize,
}

/// What the compiler did, pass by pass, and what the program costs.
///
/// `Display` writes it as a table.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Report {
    /// The passes that ran, in order.
    pub passes: Vec<PassReport>,
    /// The tape's nodes.
    pub tape_nodes: usize,
    /// How many rounds of a loop the program computes side by side: of a loop that recorded the
    /// same operations over and over, as far as grouping looked for one. 0 if there is none.
    pub rounds: usize,
    /// The tasks of a run: loops, products, stretches of single numbers.
    pub tasks: usize,
    /// The bytes of a workspace.
    pub workspace_bytes: usize,
    /// The additions, multiplications and functions of one run, each counted as one.
    pub flops: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:21} {:>12} {:>12}", "pass", "before", "after")?;
        for PassReport { pass, unit, before, after } in &self.passes {
            writeln!(f, "{:21} {before:>12} {after:>12} {unit}", pass.name())?;
        }
        if self.rounds > 0 {
            writeln!(f, "{} rounds of a loop side by side", self.rounds)?;
        }
        write!(
            f,
            "{} nodes of the tape in {} tasks; {} operations a run, {} bytes a workspace",
            self.tape_nodes, self.tasks, self.flops, self.workspace_bytes
        )
    }
}
