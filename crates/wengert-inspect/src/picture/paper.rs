//! Ops as they are written on paper: `error²`, `½ Σ error²`, `σ(z)`.

use super::boxes::{Boxes, Vertex};
use crate::digits::Digits;
use crate::trace::{Trace, TraceNode, TraceOperand};

/// Longer formulas hide the graph; the op's name stands instead.
const MOST: usize = 20;

/// Each op that has a form of its own on paper, with that form: what a legend says.
const FORMS: [(&str, &str); 10] = [
    ("affine", "w·x + b"),
    ("sigmoid", "σ(z)"),
    ("powi", "a²"),
    ("sum", "Σ a"),
    ("add", "a + b"),
    ("sub", "a − b"),
    ("mul", "a·b"),
    ("div", "a/b"),
    ("neg", "−a"),
    ("sqrt", "√a"),
];

/// The forms of those ops that are drawn, each with the op's name.
pub(crate) fn legend(trace: &Trace, boxes: &Boxes) -> Vec<(&'static str, &'static str)> {
    let drawn = |op: &str| {
        boxes.vertices.iter().any(|vertex| vertex.holds == 0 && trace.nodes()[vertex.node].op == op)
    };
    FORMS.into_iter().filter(|(op, _)| drawn(op)).collect()
}

/// Gives every vertex its formula on paper, in their order, as each reads the ones before.
pub(super) fn write(trace: &Trace, boxes: &mut Boxes) {
    for index in 0..boxes.vertices.len() {
        boxes.vertices[index].on_paper = of(trace, boxes, &boxes.vertices[index]);
    }
}

fn of(trace: &Trace, boxes: &Boxes, vertex: &Vertex) -> Option<String> {
    let node = &trace.nodes()[vertex.node];
    if node.op == "affine" {
        return Some("w·x + b".to_owned());
    }
    let operands: Option<Vec<String>> =
        node.operands.iter().map(|operand| name(trace, boxes, operand)).collect();
    let formula = formula(node, &operands?)?;
    (formula.chars().count() <= MOST).then_some(formula)
}

fn formula(node: &TraceNode, operands: &[String]) -> Option<String> {
    let op = node.op.as_str();
    Some(match (op, operands) {
        ("sum", [first, rest @ ..]) if rest.iter().all(|other| other == first) => {
            format!("Σ {}", product(first))
        }
        ("sum", _) => "Σ".to_owned(),
        ("sigmoid", [a]) => format!("σ({a})"),
        ("neg", [a]) => format!("−{}", factor(a)),
        ("sqrt", [a]) => format!("√{}", atom(a)),
        ("add", [a, b]) => format!("{a} + {b}"),
        ("sub", [a, b]) => format!("{a} − {}", product(b)),
        ("mul", [a, b]) if number(b) => format!("{b} {}", product(a)),
        ("mul", [a, b]) if number(a) => format!("{a} {}", product(b)),
        ("mul" | "mul_no_nan", [a, b]) => format!("{}·{}", factor(a), factor(b)),
        ("div", [a, b]) => format!("{}/{}", factor(a), atom(b)),
        ("powi", [a, power]) => match power.as_str() {
            "2" => format!("{}²", atom(a)),
            "3" => format!("{}³", atom(a)),
            power => format!("{}^{power}", atom(a)),
        },
        ("sin" | "cos" | "tan" | "exp" | "ln" | "tanh" | "relu" | "softplus" | "gelu", [a]) => {
            format!("{op}({a})")
        }
        _ => return None,
    })
}

/// What an operand is called: a constant by its number, a named node by its name, another by its
/// formula.
fn name(trace: &Trace, boxes: &Boxes, operand: &TraceOperand) -> Option<String> {
    let first = operand.elements.first;
    let constant = &trace.nodes()[first.node];
    if constant.op == "const" && !constant.named && constant.shape.is_empty() {
        let value = trace.value(trace.at(first));
        return Some(if value == 0.5 { "½".to_owned() } else { Digits::new(value).to_string() });
    }
    let mut names = trace.slots_read(operand).map(|slot| {
        let vertex = &boxes.vertices[boxes.of_slot[slot.index()]?];
        match trace.nodes()[vertex.node].named || vertex.is_part(trace) {
            true => Some(vertex.name.clone()),
            false => vertex.on_paper.clone(),
        }
    });
    let first = names.next()??;
    names.all(|name| name.as_ref() == Some(&first)).then_some(first)
}

fn number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '½' || c == '-')
}

/// In brackets where the text is a sum.
fn product(text: &str) -> String {
    let sum = text.contains(" + ") || text.contains(" − ");
    if sum { format!("({text})") } else { text.to_owned() }
}

/// In brackets where it is anything but a name, a function or a power.
fn factor(text: &str) -> String {
    if text.contains(' ') { format!("({text})") } else { text.to_owned() }
}

fn atom(text: &str) -> String {
    let more = |c: char| c == ' ' || c == '·' || c == '/' || c == '²' || c == '³' || c == '^';
    if text.contains(more) { format!("({text})") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_read_as_on_paper() {
        let tape = wengert::Tape::new();
        let (a, b) = (tape.input(1.0).named("a"), tape.input(2.0).named("b"));
        let error = (a - b).named("error");
        let half = (error.powi(2) * 0.5).named("half");
        let last = ((a + b) * (a - b) / a.powi(3) - (-b + 1.0) + a.sigmoid().sqrt()).named("last");
        let _ = (half * 2.0).sin().named("sin");
        let trace = Trace::of(&last.backward()).unwrap();
        let boxes = Boxes::of(&trace, false);
        let of = |path: &str| {
            let vertex = boxes.vertices.iter().find(|vertex| vertex.path == path).unwrap();
            vertex.on_paper.clone().unwrap_or_default()
        };
        let seen = ["error", "powi#1", "half", "mul#1", "add#1", "powi#2", "sqrt#1", "sin"].map(of);
        assert_eq!(
            seen,
            [
                "a − b",
                "error²",
                "½ error²",
                "(a + b)·(a − b)",
                "a + b",
                "a³",
                "√σ(a)",
                "sin(2 half)"
            ]
        );
        assert_eq!(of("last"), "", "what is too long is not written");
    }
}
