//! Markdown with LaTeX, as GitHub, Jupyter and most editors show it.

use std::fmt::{self, Write};

use super::{Block, Equation, Inline, Line, Table};
use crate::derivation::math::Math;
use crate::derivation::symbol::{Name, Role, Symbol};

pub(in super::super) fn write(f: &mut fmt::Formatter<'_>, blocks: &[Block]) -> fmt::Result {
    for (i, block) in blocks.iter().enumerate() {
        if i > 0 {
            writeln!(f)?;
        }
        match block {
            Block::Heading(level, title) => {
                writeln!(f, "{} {}", "#".repeat(usize::from(*level)), inlines(title))?;
            }
            Block::Paragraph(parts) => writeln!(f, "{}", inlines(parts))?,
            Block::Equation(equation) => write_equation(f, equation)?,
            Block::Table(table) => write_table(f, table)?,
        }
    }
    Ok(())
}

fn inlines(parts: &[Inline]) -> String {
    parts.iter().fold(String::new(), |mut text, part| {
        let _ = match part {
            Inline::Words(words) => write!(text, "{}", escaped(words)),
            Inline::Code(code) => write!(text, "`{code}`"),
            Inline::Math(math) => write!(text, "${}$", spell(math)),
        };
        text
    })
}

/// What Markdown would take for its own.
fn escaped(words: &str) -> String {
    words.chars().fold(String::new(), |mut text, c| {
        if "*_`|<$#[".contains(c) {
            text.push('\\');
        }
        text.push(c);
        text
    })
}

fn write_equation(f: &mut fmt::Formatter<'_>, equation: &Equation) -> fmt::Result {
    writeln!(f, "$$\n\\begin{{aligned}}")?;
    let left = spell(&equation.left);
    if let Some(sum) = &equation.sum {
        writeln!(f, "{left} &= {} \\\\", spell(sum))?;
    }
    for share in &equation.shares {
        writeln!(
            f,
            "\\text{{by }}{}\\colon &\\quad {} \\\\",
            text(&share.reader),
            spell(&share.math)
        )?;
    }
    let left = if equation.sum.is_some() { "" } else { &*left };
    write_lines(f, left, &equation.lines, equation.note.as_ref())?;
    writeln!(f, "\\end{{aligned}}\n$$")
}

fn write_lines(
    f: &mut fmt::Formatter<'_>,
    left: &str,
    lines: &[Line],
    note: Option<&String>,
) -> fmt::Result {
    write!(f, "{left}")?;
    for (i, Line { relation, math }) in lines.iter().enumerate() {
        let relation = if *relation == '≈' { "\\approx" } else { "=" };
        write!(f, " &{relation} {}", spell(math))?;
        if i + 1 < lines.len() {
            writeln!(f, " \\\\")?;
        }
    }
    if let Some(note) = note {
        write!(f, " \\qquad {}", text(&format!("({note})")))?;
    }
    writeln!(f)
}

fn write_table(f: &mut fmt::Formatter<'_>, table: &Table) -> fmt::Result {
    let row = |cells: &[Vec<Inline>]| {
        cells.iter().map(|cell| format!(" {} |", inlines(cell))).collect::<String>()
    };
    writeln!(f, "|{}", row(&table.head))?;
    writeln!(f, "|{}", "---|".repeat(table.head.len()))?;
    for cells in &table.rows {
        writeln!(f, "|{}", row(cells))?;
    }
    Ok(())
}

/// Words within a formula.
fn text(words: &str) -> String {
    let inner = words.chars().fold(String::new(), |mut text, c| {
        match c {
            '#' | '$' | '%' | '&' | '_' | '{' | '}' => {
                text.push('\\');
                text.push(c);
            }
            '\\' => text.push_str("\\textbackslash "),
            '^' => text.push_str("\\hat{}"),
            '~' => text.push_str("\\sim "),
            c => text.push(c),
        }
        text
    });
    format!("\\text{{{inner}}}")
}

fn name(name: &Name) -> String {
    let (scope, base, subscripts) = name.parts();
    let mut out = base_name(base, name.whole);
    scripts(&mut out, scope, &subscripts);
    out
}

fn base_name(base: &str, whole: bool) -> String {
    let mut chars = base.chars();
    let single = chars.next().is_some_and(char::is_alphabetic) && chars.next().is_none();
    match (single, whole) {
        (true, true) => format!("\\mathbf{{{base}}}"),
        (true, false) => base.to_owned(),
        (false, true) if base.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            format!("\\mathbf{{{base}}}")
        }
        (false, _) if base.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            format!("\\mathrm{{{base}}}")
        }
        _ => text(base),
    }
}

fn scripts(out: &mut String, scope: &str, subscripts: &[&str]) {
    if !subscripts.is_empty() {
        let _ = write!(out, "_{{{}}}", subscripts.join(","));
    }
    if !scope.is_empty() {
        let _ = write!(out, "^{{({})}}", text(scope));
    }
}

fn symbol(symbol: &Symbol) -> String {
    let own = name(&symbol.name);
    match (symbol.role, &symbol.loss) {
        (Role::Value, _) => own,
        (Role::Delta, _) => {
            let (scope, base, subscripts) = symbol.name.parts();
            // The delta of a z is called by the neuron alone.
            if base == "z" {
                let mut out =
                    if symbol.name.whole { "\\boldsymbol{\\delta}" } else { "\\delta" }.to_owned();
                scripts(&mut out, scope, &subscripts);
                out
            } else {
                format!("\\delta\\left({own}\\right)")
            }
        }
        (Role::Adjoint, Some(loss)) => {
            format!("\\frac{{\\partial {}}}{{\\partial {own}}}", name(loss))
        }
        (Role::Error, Some(loss)) => {
            format!("-\\frac{{\\partial {}}}{{\\partial {own}}}", name(loss))
        }
        (Role::Adjoint, None) => format!("\\overline{{{own}}}"),
        (Role::Error, None) => format!("-\\overline{{{own}}}"),
    }
}

pub(in super::super) fn spell(math: &Math) -> String {
    let list = |parts: &[Math]| parts.iter().map(spell).collect::<Vec<_>>().join(",\\, ");
    match math {
        Math::Number(text) => number(text),
        Math::Words(words) => match words.as_str() {
            "ln 2" => "\\ln 2".to_owned(),
            "ln 10" => "\\ln 10".to_owned(),
            "2/√π" => "\\frac{2}{\\sqrt{\\pi}}".to_owned(),
            words => text(words),
        },
        Math::Symbol(it) => symbol(it),
        Math::Mark(mark) => mark.clone(),
        Math::Operator(sign) => operator(*sign),
        Math::Row(parts) => parts.iter().map(spell).collect::<Vec<_>>().join(" "),
        Math::Fraction(over, under) => format!("\\frac{{{}}}{{{}}}", spell(over), spell(under)),
        Math::Power(base, exponent) => format!("{}^{{{}}}", spell(base), spell(exponent)),
        Math::Exp(exponent) => format!("e^{{{}}}", spell(exponent)),
        Math::Root(2, x) => format!("\\sqrt{{{}}}", spell(x)),
        Math::Root(degree, x) => format!("\\sqrt[{degree}]{{{}}}", spell(x)),
        Math::Fenced(open, x) => {
            let (open, close) = match open {
                '|' => ("|", "|"),
                '⌊' => ("\\lfloor", "\\rfloor"),
                '⌈' => ("\\lceil", "\\rceil"),
                '[' => ("[", "]"),
                _ => ("(", ")"),
            };
            format!("\\left{open} {} \\right{close}", spell(x))
        }
        Math::Call(name, arguments) => {
            format!("{}\\left({}\\right)", function(name), list(arguments))
        }
        Math::Foreign(name, arguments) => {
            format!("{}\\left({}\\right)", text(name), list(arguments))
        }
        Math::Vector(cells) => {
            let rows: Vec<String> = cells.iter().map(spell).collect();
            format!("\\begin{{pmatrix}} {} \\end{{pmatrix}}", rows.join(" \\\\ "))
        }
        Math::Matrix(rows) => {
            let row = |row: &Vec<Math>| row.iter().map(spell).collect::<Vec<_>>().join(" & ");
            let rows: Vec<String> = rows.iter().map(row).collect();
            format!("\\begin{{pmatrix}} {} \\end{{pmatrix}}", rows.join(" \\\\ "))
        }
        Math::Transposed(x) => match &**x {
            // A name may have a superscript of its own.
            Math::Symbol(it) if it.name.path.contains('/') => {
                format!("{{{}}}^{{\\mathsf T}}", spell(x))
            }
            x => format!("{}^{{\\mathsf T}}", spell(x)),
        },
        Math::Total("Σ", x) => format!("\\sum \\left({}\\right)", spell(x)),
        Math::Total(_, x) => format!("\\sum_{{\\text{{rows}}}} \\left({}\\right)", spell(x)),
        Math::Cases(parts) => {
            let [condition, a, b] = &**parts;
            let condition = spell(condition);
            format!(
                "\\begin{{cases}} {} & {condition} \\ne 0 \\\\ {} & {condition} = 0 \\end{{cases}}",
                spell(a),
                spell(b)
            )
        }
    }
}

fn number(text: &str) -> String {
    match text {
        "NaN" => "\\mathrm{NaN}".to_owned(),
        "inf" => "\\infty".to_owned(),
        "-inf" => "-\\infty".to_owned(),
        _ => match text.split_once('e') {
            Some((mantissa, exponent)) => format!("{mantissa} \\cdot 10^{{{exponent}}}"),
            None => text.to_owned(),
        },
    }
}

fn operator(sign: char) -> String {
    match sign {
        '·' => "\\cdot".to_owned(),
        '⊙' => "\\odot".to_owned(),
        '≥' => "\\ge".to_owned(),
        ' ' => "\\,".to_owned(),
        sign => sign.to_string(),
    }
}

fn function(name: &str) -> String {
    match name {
        "sigmoid" => "\\sigma".to_owned(),
        "ln" | "sin" | "cos" | "tan" | "arcsin" | "arccos" | "arctan" | "sinh" | "cosh"
        | "tanh" | "max" | "min" => {
            format!("\\{name}")
        }
        "log2" => "\\log_2".to_owned(),
        "log10" => "\\log_{10}".to_owned(),
        name => format!("\\operatorname{{{}}}", name.replace('_', "\\_")),
    }
}
