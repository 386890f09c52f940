//! What each error says.

use std::fmt;

use super::{Error, listed, made};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::TwoTapes { op, left, right, at } => write!(
                f,
                "{op} at {at}: the operands belong to two tapes, one made at {left}, one at \
                 {right}; record both on the same tape"
            ),
            Error::Shapes { op, left, right, rule, at } => {
                write!(f, "{op} at {at}: {left} and {right}: {rule}")
            }
            Error::Operand { op, operand, rule, at } => {
                write!(f, "{op} at {at}: {operand}: {rule}")
            }
            Error::Operands { op, found, at } => {
                write!(f, "{op} at {at}: it does not have {found} operands")
            }
            Error::NoAdjoint { op, node, reason, at } => {
                write!(f, "{op} at {at}: {node}: {reason}")
            }
            Error::Length { op, of, shape, found, at } => {
                write!(
                    f,
                    "{op} at {at}: {of}shape {shape} takes {} numbers, and {found} were given",
                    shape.len()
                )
            }
            Error::Body { name, problem, at } => write!(f, "{name} at {at}: {problem}"),
            Error::NoRule { op, key, has_first, node, at } => {
                write!(f, "{op} at {at}: {node} needs a derivative of {key}, ")?;
                f.write_str(if *has_first {
                    "a function of plain numbers, whose derivative is given and has none itself; \
                     made of the tape's operations (Operation), it has all"
                } else {
                    "a function of plain numbers for which none is given; with_vjp gives one"
                })
            }
            Error::UnknownKey { key, known, at } => write!(
                f,
                "{at}: no operation is registered under the key {key}; known are {known:?}"
            ),
            Error::Empty { op, shape, at } => {
                write!(f, "{op} at {at}: shape {shape} has no elements; a tape holds none")
            }
            Error::Ragged { op, shape, at } => write!(
                f,
                "{op} at {at}: the arrays nested in it do not all have the extents of the \
                 first ones, {shape}; a tensor has no ragged rows"
            ),
            Error::Full { op, operands, shape, used, asked, bound, at } => write!(
                f,
                "{op} at {at}: the tape is full: {used} slots of {bound} are used and \
                 {asked} more were asked for, for shape {shape}{from}; clear it, or record \
                 less",
                from = listed(operands)
            ),
            Error::ProgramTooLarge { needed, bound, at } => write!(
                f,
                "compile at {at}: the program needs {needed} numbers and can hold {bound}; \
                 compile a part of the tape, or for fewer rows at a time"
            ),
            Error::NothingAsked { at } => write!(
                f,
                "compile at {at}: nothing was asked for, so there is nothing to compute; ask for \
                 an output or a gradient first"
            ),
            Error::GuardFlipped {
                index,
                comparison,
                left,
                right,
                left_value,
                right_value,
                recorded,
                at,
            } => write!(
                f,
                "guard {index} at {at}: {left} {symbol} {right} was {recorded} when \
                 recorded and is {now} now ({left_value} and {right_value}); record again \
                 at these inputs",
                symbol = comparison.symbol(),
                now = !recorded
            ),
            Error::Singular { op, operand, matrix, pivot, value, inside, at } => {
                let kind = if *op == "cholesky" { "positive definite" } else { "invertible" };
                write!(f, "{op} at {at}: ")?;
                match (*op, inside.as_str()) {
                    ("root" | "fixed_point", "") => write!(f, "the Jacobian by {operand}")?,
                    ("root" | "fixed_point", inside) => write!(f, "in {inside}, the Jacobian")?,
                    (_, "") => write!(f, "{operand}")?,
                    (_, inside) => write!(f, "in {inside}, a matrix of shape {}", operand.shape)?,
                }
                write!(f, " is not {kind}: pivot {pivot}")?;
                if operand.shape.rank() > 2 {
                    write!(f, " of matrix {matrix}")?;
                }
                write!(f, " is {value}")
            }
            Error::NoConvergence { op, start, iterations, residual, inside, at } => {
                write!(f, "{op} at {at}: ")?;
                match inside.as_str() {
                    "" => write!(f, "from {start}")?,
                    inside => write!(f, "in {inside}")?,
                }
                write!(
                    f,
                    " no root is found: after {iterations} steps {residual} is left of what should \
                     be 0; start nearer to it"
                )
            }
            Error::GuardFlippedInRows { rows, first } => write!(f, "in rows {rows:?}: {first}"),
            Error::Rows { input, len, found, rows } => write!(
                f,
                "batch: {input} takes {len} numbers a row, and {found} were given for \
                 {rows} rows"
            ),
            Error::NotSettable { op, node, kind, at } => write!(
                f,
                "{op} at {at}: {node} is {kind} and takes no new value: only inputs, \
                 parameters and data do"
            ),
            Error::Differs { what, id, node, tape, again, place, at } => write!(
                f,
                "verify at {at}: the {what} of {id} {node}{} is {tape} on the tape and \
                 {again} when recorded again; compare vars and not their value() where the \
                 program branches, or record again at these inputs",
                made(*place)
            ),
            Error::NoSuchPath { path, at } => {
                write!(f, "{at}: nothing on the tape is called {path}")
            }
            Error::StaleKey { tape, at } => write!(
                f,
                "{at}: the key is of no elements that the tape made at {tape} still has: it \
                 was cleared or rewound to before them, or it is another's; make the key \
                 again"
            ),
            Error::OtherProgram { op, at } => write!(
                f,
                "{op} at {at}: the workspace was made by another program; make one with \
                 this program's workspace()"
            ),
            Error::Stale => write!(
                f,
                "the gradients are stale: the tape was replayed since they were computed; \
                 run backward again"
            ),
        }
    }
}

impl std::error::Error for Error {}
