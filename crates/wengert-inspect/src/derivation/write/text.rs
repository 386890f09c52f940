//! Plain text: names as all other texts have them, formulas as a calculator takes them.

use std::fmt::{self, Write};

use super::{Block, Equation, Inline, Line, Table};
use crate::columns::{Columns, signed};
use crate::derivation::math::Math;
use crate::derivation::symbol::{Role, Symbol};

/// Characters in a line of prose.
const WIDTH: usize = 100;

pub(in super::super) fn write(f: &mut fmt::Formatter<'_>, blocks: &[Block]) -> fmt::Result {
    for (i, block) in blocks.iter().enumerate() {
        if i > 0 {
            writeln!(f)?;
        }
        match block {
            Block::Heading(level, title) => {
                let title = inlines(title);
                let rule = if *level == 1 { "=" } else { "-" };
                match level {
                    1 | 2 => writeln!(f, "{title}\n{}", rule.repeat(title.chars().count()))?,
                    _ => writeln!(f, "{title}")?,
                }
            }
            Block::Paragraph(parts) => write_wrapped(f, &inlines(parts))?,
            Block::Equation(equation) => write_equation(f, equation)?,
            Block::Table(table) => write_table(f, table)?,
        }
    }
    Ok(())
}

/// A paragraph in lines of a readable length.
fn write_wrapped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mut column = 0;
    for word in text.split(' ') {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > WIDTH {
            write!(f, "\n{word}")?;
            column = width;
        } else {
            write!(f, "{}{word}", if column > 0 { " " } else { "" })?;
            column += width + usize::from(column > 0);
        }
    }
    writeln!(f)
}

fn inlines(parts: &[Inline]) -> String {
    parts.iter().fold(String::new(), |mut text, part| {
        match part {
            Inline::Words(words) => text += words,
            Inline::Code(code) => text += code,
            Inline::Math(math) => text += &spell(math),
        }
        text
    })
}

fn write_equation(f: &mut fmt::Formatter<'_>, equation: &Equation) -> fmt::Result {
    let left = spell(&equation.left);
    let indent = 2 + left.chars().count();
    if let Some(sum) = &equation.sum {
        writeln!(f, "  {left} = {}", spell(sum))?;
    }
    for share in &equation.shares {
        writeln!(f, "  by {}: {}", share.reader, spell(&share.math))?;
    }
    match equation.sum {
        Some(_) => write!(f, "{:indent$}", "")?,
        None => write!(f, "  {left}")?,
    }
    write_lines(f, indent, &equation.lines)?;
    if let Some(note) = &equation.note {
        writeln!(f, "{:indent$} ({note})", "")?;
    }
    Ok(())
}

/// The first line goes on where the left side ended.
fn write_lines(f: &mut fmt::Formatter<'_>, indent: usize, lines: &[Line]) -> fmt::Result {
    for (i, Line { relation, math }) in lines.iter().enumerate() {
        let indent = if i == 0 { 0 } else { indent };
        writeln!(f, "{:indent$} {relation} {}", "", spell(math))?;
    }
    if lines.is_empty() { writeln!(f) } else { Ok(()) }
}

fn write_table(f: &mut fmt::Formatter<'_>, table: &Table) -> fmt::Result {
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    // Digits under digits, and the title over them.
    let cell = |text: &str| if is_number(text) { signed(text) } else { text.to_owned() };
    let rows: Vec<Vec<String>> =
        table.rows.iter().map(|row| row.iter().map(|parts| inlines(parts)).collect()).collect();
    let mut columns = Columns::indented(2);
    columns.row(table.head.iter().enumerate().map(|(column, title)| {
        let numeric = rows.iter().filter_map(|row| row.get(column)).any(|text| is_number(text));
        format!("{}{}", if numeric { " " } else { "" }, inlines(title))
    }));
    for row in &rows {
        columns.row(row.iter().map(|text| cell(text)));
    }
    write!(f, "{columns}")
}

/// A path that reads as one name beside a ∂.
fn tight(path: &str) -> bool {
    path.chars().all(|c| c.is_alphanumeric() || "_[], ".contains(c))
}

pub(in super::super) fn symbol(symbol: &Symbol) -> String {
    let name = symbol.name.text();
    let by = if tight(&name) { name.clone() } else { format!("({name})") };
    match (symbol.role, &symbol.loss) {
        (Role::Value, _) => name,
        (Role::Delta, _) => format!("δ({name})"),
        (Role::Adjoint, Some(loss)) => format!("∂{}/∂{by}", loss.text()),
        (Role::Error, Some(loss)) => format!("-∂{}/∂{by}", loss.text()),
        (Role::Adjoint, None) => format!("adjoint({name})"),
        (Role::Error, None) => format!("-adjoint({name})"),
    }
}

pub(in super::super) fn spell(math: &Math) -> String {
    let mut out = String::new();
    put(&mut out, math);
    out
}

fn list(out: &mut String, parts: &[Math]) {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        put(out, part);
    }
}

fn fenced(out: &mut String, math: &Math) {
    out.push('(');
    put(out, math);
    out.push(')');
}

/// One number, name or call: what stands over or under a fraction's stroke without a fence.
fn is_single(math: &Math) -> bool {
    match math {
        Math::Number(text) => !text.starts_with('-'),
        Math::Symbol(symbol) => symbol.role != Role::Error,
        Math::Row(_) | Math::Fraction(..) | Math::Cases(_) | Math::Words(_) | Math::Operator(_) => {
            false
        }
        _ => true,
    }
}

fn put(out: &mut String, math: &Math) {
    match math {
        Math::Number(text) => out.push_str(text),
        Math::Words(text) if text == "ln 2" => out.push_str("ln(2)"),
        Math::Words(text) if text == "ln 10" => out.push_str("ln(10)"),
        Math::Words(text) => out.push_str(text),
        Math::Symbol(it) => out.push_str(&symbol(it)),
        Math::Mark(mark) => out.push_str(mark),
        Math::Operator(sign) => out.push(*sign),
        Math::Row(parts) => {
            for (i, part) in parts.iter().enumerate() {
                match part {
                    // A sign in front.
                    Math::Operator(sign) if i == 0 => out.push(*sign),
                    Math::Operator(' ') => out.push_str(" @ "),
                    Math::Operator(sign) => {
                        let _ = write!(out, " {sign} ");
                    }
                    part => put(out, part),
                }
            }
        }
        Math::Fraction(over, under) => {
            // A product may stand before the stroke as it is; a sum may not.
            if is_single(over) {
                put(out, over)
            } else {
                fenced(out, over)
            }
            out.push_str(" / ");
            if is_single(under) { put(out, under) } else { fenced(out, under) }
        }
        Math::Power(base, exponent) => {
            put(out, base);
            out.push('^');
            if is_single(exponent) { put(out, exponent) } else { fenced(out, exponent) }
        }
        Math::Exp(exponent) => {
            out.push_str("exp");
            fenced(out, exponent);
        }
        Math::Root(2, x) => {
            out.push_str("sqrt");
            fenced(out, x);
        }
        Math::Root(_, x) => {
            out.push_str("cbrt");
            fenced(out, x);
        }
        Math::Fenced('(', x) => fenced(out, x),
        Math::Fenced('[', x) => {
            out.push('[');
            put(out, x);
            out.push(']');
        }
        Math::Fenced(open, x) => {
            out.push_str(match open {
                '|' => "abs",
                '⌊' => "floor",
                _ => "ceil",
            });
            fenced(out, x);
        }
        Math::Call(name, arguments) => {
            out.push_str(name);
            out.push('(');
            list(out, arguments);
            out.push(')');
        }
        Math::Foreign(name, arguments) => {
            out.push_str(name);
            out.push('(');
            list(out, arguments);
            out.push(')');
        }
        Math::Vector(cells) => {
            out.push('[');
            list(out, cells);
            out.push(']');
        }
        Math::Matrix(rows) => {
            out.push('[');
            for (i, row) in rows.iter().enumerate() {
                out.push_str(if i > 0 { ", [" } else { "[" });
                list(out, row);
                out.push(']');
            }
            out.push(']');
        }
        Math::Transposed(x) => {
            put(out, x);
            out.push('ᵀ');
        }
        Math::Total(sign, x) => {
            out.push_str(sign);
            fenced(out, x);
        }
        Math::Cases(parts) => {
            let [condition, a, b] = &**parts;
            out.push_str("select");
            out.push('(');
            list(out, &[condition.clone(), a.clone(), b.clone()]);
            out.push(')');
        }
    }
}
