//! HTML with MathML Core, which browsers show without a script or a font of the page's own.

use std::fmt::{self, Write};

use super::{Block, Equation, Inline, Line, Table};
use crate::derivation::math::Math;
use crate::derivation::symbol::{Name, Role, Symbol};

const STYLE: &str = include_str!("page.css");

/// A whole page that needs nothing beside itself.
pub(in super::super) fn write_page(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    blocks: &[Block],
) -> fmt::Result {
    let title = escaped(title);
    writeln!(f, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(f, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(f, "<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>")?;
    write(f, blocks)?;
    writeln!(f, "</main>\n</body>\n</html>")
}

/// The blocks as elements to be put into a page.
pub(in super::super) fn write(f: &mut fmt::Formatter<'_>, blocks: &[Block]) -> fmt::Result {
    for block in blocks {
        match block {
            Block::Heading(level, title) => writeln!(f, "<h{level}>{}</h{level}>", inlines(title))?,
            Block::Paragraph(parts) => writeln!(f, "<p>{}</p>", inlines(parts))?,
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
            Inline::Code(code) => write!(text, "<code>{}</code>", escaped(code)),
            Inline::Math(math) => write!(text, "{}", element(math)),
        };
        text
    })
}

pub(in super::super) fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
        out
    })
}

/// A formula without the element around it.
pub(in super::super) fn spelled(math: &Math) -> String {
    spell(math)
}

/// A formula as a `math` element.
pub(in super::super) fn element(math: &Math) -> String {
    format!("<math>{}</math>", spell(math))
}

fn display(math: &Math) -> String {
    format!("<math displaystyle=\"true\">{}</math>", spell(math))
}

fn write_equation(f: &mut fmt::Formatter<'_>, equation: &Equation) -> fmt::Result {
    writeln!(f, "<table class=\"equation\">")?;
    let left = display(&equation.left);
    if let Some(sum) = &equation.sum {
        writeln!(f, "<tr><td>{left}</td><td>=</td><td>{}</td></tr>", display(sum))?;
    }
    for share in &equation.shares {
        let by = format!("<span class=\"by\">by <code>{}</code>:</span>", escaped(&share.reader));
        writeln!(f, "<tr><td>{by}</td><td></td><td>{}</td></tr>", display(&share.math))?;
    }
    let left = if equation.sum.is_some() { "" } else { &*left };
    write_lines(f, left, &equation.lines, equation.note.as_ref())?;
    writeln!(f, "</table>")
}

fn write_lines(
    f: &mut fmt::Formatter<'_>,
    left: &str,
    lines: &[Line],
    note: Option<&String>,
) -> fmt::Result {
    let note = note
        .map_or(String::new(), |note| format!(" <span class=\"note\">({})</span>", escaped(note)));
    let last = lines.len().saturating_sub(1);
    for (i, Line { relation, math }) in lines.iter().enumerate() {
        let (left, note) = (if i == 0 { left } else { "" }, if i == last { &*note } else { "" });
        writeln!(f, "<tr><td>{left}</td><td>{relation}</td><td>{}{note}</td></tr>", display(math))?;
    }
    if lines.is_empty() {
        writeln!(f, "<tr><td>{left}</td><td></td><td>{note}</td></tr>")?;
    }
    Ok(())
}

fn write_table(f: &mut fmt::Formatter<'_>, table: &Table) -> fmt::Result {
    writeln!(f, "<table class=\"numbers\">")?;
    for (rows, tag) in [(std::slice::from_ref(&table.head), "th"), (table.rows.as_slice(), "td")] {
        for cells in rows {
            let cells: String =
                cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", inlines(cell))).collect();
            writeln!(f, "<tr>{cells}</tr>")?;
        }
    }
    writeln!(f, "</table>")
}

fn words(text: &str) -> String {
    format!("<mtext>{}</mtext>", escaped(text))
}

fn sign(sign: &str) -> String {
    format!("<mo>{}</mo>", escaped(sign))
}

fn row(inner: &str) -> String {
    format!("<mrow>{inner}</mrow>")
}

fn name(name: &Name) -> String {
    let (scope, base, subscripts) = name.parts();
    let single = base.chars().count() == 1 && base.chars().all(char::is_alphabetic);
    let base = match (single, name.whole) {
        (true, false) => format!("<mi>{base}</mi>"),
        (_, true) => format!("<mi class=\"whole\" mathvariant=\"normal\">{}</mi>", escaped(base)),
        (false, false) => format!("<mi mathvariant=\"normal\">{}</mi>", escaped(base)),
    };
    scripts(&base, scope, &subscripts)
}

fn scripts(base: &str, scope: &str, subscripts: &[&str]) -> String {
    let under =
        subscripts.iter().map(|index| format!("<mn>{}</mn>", escaped(index))).collect::<Vec<_>>();
    let under = row(&under.join("<mo separator=\"true\">,</mo>"));
    let over = words(&format!("({scope})"));
    match (subscripts.is_empty(), scope.is_empty()) {
        (true, true) => base.to_owned(),
        (true, false) => format!("<msup>{base}{over}</msup>"),
        (false, true) => format!("<msub>{base}{under}</msub>"),
        (false, false) => format!("<msubsup>{base}{under}{over}</msubsup>"),
    }
}

fn symbol(symbol: &Symbol) -> String {
    let own = name(&symbol.name);
    let derivative = |loss: &Name| {
        format!("<mfrac><mrow><mi>∂</mi>{}</mrow><mrow><mi>∂</mi>{own}</mrow></mfrac>", name(loss))
    };
    let bar = || format!("<mover>{own}<mo>¯</mo></mover>");
    match (symbol.role, &symbol.loss) {
        (Role::Value, _) => own,
        (Role::Delta, _) => {
            let (scope, base, subscripts) = symbol.name.parts();
            if base == "z" {
                let delta = if symbol.name.whole {
                    "<mi class=\"whole\" mathvariant=\"normal\">δ</mi>"
                } else {
                    "<mi>δ</mi>"
                };
                scripts(delta, scope, &subscripts)
            } else {
                format!("<mrow><mi>δ</mi><mo>(</mo>{own}<mo>)</mo></mrow>")
            }
        }
        (Role::Adjoint, Some(loss)) => derivative(loss),
        (Role::Error, Some(loss)) => {
            row(&format!("<mo form=\"prefix\">−</mo>{}", derivative(loss)))
        }
        (Role::Adjoint, None) => bar(),
        (Role::Error, None) => row(&format!("<mo form=\"prefix\">−</mo>{}", bar())),
    }
}

fn spell(math: &Math) -> String {
    let list = |parts: &[Math]| {
        parts.iter().map(spell).collect::<Vec<_>>().join("<mo separator=\"true\">,</mo>")
    };
    let call = |name: &str, arguments: &[Math]| {
        row(&format!("{name}<mo>(</mo>{}<mo>)</mo>", list(arguments)))
    };
    match math {
        Math::Number(text) => number(text),
        Math::Words(text) if text == "2/√π" => {
            "<mfrac><mn>2</mn><msqrt><mi>π</mi></msqrt></mfrac>".to_owned()
        }
        Math::Words(text) => words(text),
        Math::Symbol(it) => symbol(it),
        Math::Mark(mark) => format!("⟦{}⟧", escaped(mark)),
        Math::Operator(it) => operator(*it, "infix"),
        Math::Row(parts) => {
            let spelled = parts.iter().enumerate().map(|(i, part)| match part {
                Math::Operator(it) if i == 0 => operator(*it, "prefix"),
                part => spell(part),
            });
            row(&spelled.collect::<String>())
        }
        Math::Fraction(over, under) => format!("<mfrac>{}{}</mfrac>", spell(over), spell(under)),
        Math::Power(base, exponent) => format!("<msup>{}{}</msup>", spell(base), spell(exponent)),
        Math::Exp(exponent) => format!("<msup><mi>e</mi>{}</msup>", spell(exponent)),
        Math::Root(2, x) => format!("<msqrt>{}</msqrt>", spell(x)),
        Math::Root(degree, x) => format!("<mroot>{}<mn>{degree}</mn></mroot>", spell(x)),
        Math::Fenced(open, x) => {
            let close = match open {
                '(' => ')',
                '[' => ']',
                '⌊' => '⌋',
                '⌈' => '⌉',
                open => *open,
            };
            row(&format!(
                "<mo form=\"prefix\">{open}</mo>{}<mo form=\"postfix\">{close}</mo>",
                spell(x)
            ))
        }
        Math::Call("sigmoid", arguments) => call("<mi>σ</mi>", arguments),
        Math::Call("log2", arguments) => call("<msub><mi>log</mi><mn>2</mn></msub>", arguments),
        Math::Call("log10", arguments) => call("<msub><mi>log</mi><mn>10</mn></msub>", arguments),
        Math::Call(name, arguments) => {
            call(&format!("<mi mathvariant=\"normal\">{name}</mi>"), arguments)
        }
        Math::Foreign(name, arguments) => call(&words(name), arguments),
        Math::Vector(cells) => table(cells.iter().map(std::slice::from_ref)),
        Math::Matrix(rows) => table(rows.iter().map(Vec::as_slice)),
        Math::Transposed(x) => {
            format!("<msup>{}<mi mathvariant=\"normal\">T</mi></msup>", row(&spell(x)))
        }
        Math::Total("Σ", x) => row(&format!("<mo>∑</mo><mo>(</mo>{}<mo>)</mo>", spell(x))),
        Math::Total(_, x) => row(&format!(
            "<munder><mo>∑</mo><mtext>rows</mtext></munder><mo>(</mo>{}<mo>)</mo>",
            spell(x)
        )),
        Math::Cases(parts) => {
            let [condition, a, b] = &**parts;
            let case = |value: &Math, relation: &str| {
                format!(
                    "<mtr><mtd>{}</mtd><mtd><mrow>{}{}<mn>0</mn></mrow></mtd></mtr>",
                    spell(value),
                    spell(condition),
                    sign(relation)
                )
            };
            row(&format!(
                "<mo form=\"prefix\">{{</mo><mtable>{}{}</mtable>",
                case(a, "≠"),
                case(b, "=")
            ))
        }
    }
}

fn table<'a>(rows: impl Iterator<Item = &'a [Math]>) -> String {
    let row = |cells: &[Math]| {
        let cells: String =
            cells.iter().map(|cell| format!("<mtd>{}</mtd>", spell(cell))).collect();
        format!("<mtr>{cells}</mtr>")
    };
    let rows: String = rows.map(row).collect();
    self::row(&format!(
        "<mo form=\"prefix\">(</mo><mtable>{rows}</mtable><mo form=\"postfix\">)</mo>"
    ))
}

fn number(text: &str) -> String {
    let (negative, text) = match text.strip_prefix('-') {
        Some(text) => ("<mo form=\"prefix\">−</mo>", text),
        None => ("", text),
    };
    let digits = match (text, text.split_once('e')) {
        ("inf", _) => "<mi>∞</mi>".to_owned(),
        (_, Some((mantissa, exponent))) => {
            let exponent = number(exponent);
            format!("<mn>{mantissa}</mn><mo>·</mo><msup><mn>10</mn>{exponent}</msup>")
        }
        (text, None) => format!("<mn>{text}</mn>"),
    };
    if negative.is_empty() && !text.contains('e') {
        digits
    } else {
        row(&format!("{negative}{digits}"))
    }
}

fn operator(sign: char, form: &str) -> String {
    let sign = match sign {
        '-' => "−".to_owned(),
        ' ' => return "<mspace width=\"0.2em\"></mspace>".to_owned(),
        sign => escaped(&sign.to_string()),
    };
    format!("<mo form=\"{form}\">{sign}</mo>")
}
