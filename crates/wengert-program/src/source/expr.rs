//! Expressions as text, with no more parentheses than they need.

/// An expression, and how tightly its outermost operator binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expr {
    text: String,
    binds: Binds,
    /// Of `a + b` and its like a, the operator and b.
    parts: Option<Box<(String, char, String)>>,
}

/// From the loosest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Binds {
    /// `if`, `return`.
    Statement,
    Sum,
    Product,
    /// `-x`, `*x`.
    Prefix,
    /// A name, a call, an index.
    Atom,
}

impl Expr {
    fn new(text: impl Into<String>, binds: Binds) -> Self {
        Expr { text: text.into(), binds, parts: None }
    }

    /// A name, a call, an element.
    pub(crate) fn atom(text: impl Into<String>) -> Self {
        Expr::new(text, Binds::Atom)
    }

    /// A literal, which may have a sign.
    pub(crate) fn number(text: String) -> Self {
        let binds = if text.starts_with('-') { Binds::Prefix } else { Binds::Atom };
        Expr::new(text, binds)
    }

    /// What a reference stands for.
    pub(crate) fn deref(name: &str) -> Self {
        Expr::new(format!("*{name}"), Binds::Prefix)
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }

    pub(crate) fn is_atom(&self) -> bool {
        self.binds == Binds::Atom
    }

    /// Whether it is a variable: it can be read again and again.
    pub(crate) fn is_variable(&self) -> bool {
        self.is_atom() && self.text.chars().all(|c| c.is_alphanumeric() || c == '_')
    }

    /// The statement that stores it: `x -= y` for `x = x - y`.
    pub(crate) fn stored(&self, to: &str) -> String {
        match self.parts.as_deref() {
            Some((left, operator, right)) if left == to => format!("{to} {operator}= {right};"),
            _ => format!("{to} = {};", self.text),
        }
    }

    fn within(&self, binds: Binds) -> String {
        if self.binds < binds { format!("({})", self.text) } else { self.text.clone() }
    }

    /// `a + b`, `a - b`, `a * b`, `a / b`, `a % b`: the order of the operations is the order of the
    /// calls, whatever arithmetic would allow.
    pub(crate) fn infix(&self, operator: char, other: &Expr) -> Self {
        // To add what is negated is to subtract: the same bits.
        if let ('+' | '-', Some(opposite)) = (operator, other.opposite()) {
            return self.infix(if operator == '+' { '-' } else { '+' }, &opposite);
        }
        let (binds, right) = match operator {
            '+' | '-' => (Binds::Sum, Binds::Product),
            _ => (Binds::Product, Binds::Prefix),
        };
        let text = format!("{} {operator} {}", self.within(binds), other.within(right));
        let parts = Some(Box::new((self.text.clone(), operator, other.text.clone())));
        Expr { text, binds, parts }
    }

    /// `+ 0.0`, which turns -0 into 0 and changes no other number.
    pub(crate) fn without_minus_zero(self) -> Self {
        match self.text.parse::<f64>() {
            Ok(0.0) => Expr::number("0.0".to_owned()),
            Ok(_) => self,
            Err(_) => self.infix('+', &Expr::number("0.0".to_owned())),
        }
    }

    /// Of what begins with a minus, the same without.
    fn opposite(&self) -> Option<Expr> {
        let text = self.text.strip_prefix('-').filter(|_| self.binds == Binds::Prefix)?;
        Some(Expr::atom(text))
    }

    pub(crate) fn negated(&self) -> Self {
        // `- -x` would be read twice.
        let operand = if self.text.starts_with('-') {
            format!("({})", self.text)
        } else {
            self.within(Binds::Prefix)
        };
        Expr::new(format!("-{operand}"), Binds::Prefix)
    }

    /// `x.exp()`; a literal needs its type by then.
    pub(crate) fn method(&self, name: &str, arguments: &[&Expr], number: &str) -> Self {
        let literal = self.text.chars().all(|c| c.is_ascii_digit() || "-.eE".contains(c));
        let of = if literal && self.binds == Binds::Atom {
            format!("{}_{number}", self.text)
        } else if literal {
            format!("({}_{number})", self.text)
        } else {
            self.within(Binds::Atom)
        };
        Expr::atom(format!("{of}.{name}({})", list(arguments)))
    }

    /// `sigmoid(z)`
    pub(crate) fn call(name: &str, arguments: &[&Expr]) -> Self {
        Expr::atom(format!("{name}({})", list(arguments)))
    }

    /// `if a != 0.0 { b } else { c }`
    pub(crate) fn choice(condition: &Expr, then: &Expr, other: &Expr) -> Self {
        let text =
            format!("if {} != 0.0 {{ {} }} else {{ {} }}", condition.text, then.text, other.text);
        Expr::new(text, Binds::Statement)
    }
}

fn list(arguments: &[&Expr]) -> String {
    arguments.iter().map(|argument| argument.text()).collect::<Vec<_>>().join(", ")
}

/// An index into an array: a constant, and a stride for each loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) start: i64,
    /// Loop variables, and how far each moves the index.
    pub(crate) steps: Vec<(String, i64)>,
}

impl Index {
    pub(crate) fn text(&self) -> String {
        // What is added comes first: the index is unsigned.
        let mut text = String::new();
        let mut put = |sign: char, term: String| {
            if text.is_empty() {
                text = term;
            } else {
                text = format!("{text} {sign} {term}");
            }
        };
        let term = |step: i64, variable: &str| match step {
            1 => variable.to_owned(),
            _ => format!("{step} * {variable}"),
        };
        for (variable, step) in self.steps.iter().filter(|(_, step)| *step > 0) {
            put('+', term(*step, variable));
        }
        let back: Vec<_> = self.steps.iter().filter(|(_, step)| *step < 0).collect();
        if self.start != 0 {
            put('+', self.start.to_string());
        }
        for (variable, step) in back {
            put('-', term(-step, variable));
        }
        if text.is_empty() { "0".to_owned() } else { text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parentheses_keep_the_order_of_operations() {
        let [a, b, c] = ["a", "b", "c"].map(Expr::atom);
        let left = a.infix('+', &b).infix('+', &c);
        let right = a.infix('+', &b.infix('+', &c));
        assert_eq!((left.text(), right.text()), ("a + b + c", "a + (b + c)"));
        assert_eq!(a.infix('-', &b).infix('*', &c).text(), "(a - b) * c");
        assert_eq!(a.infix('/', &b.infix('*', &c)).text(), "a / (b * c)");
        assert_eq!(a.infix('*', &b).infix('/', &c).text(), "a * b / c");
        assert_eq!(a.infix('+', &b).negated().text(), "-(a + b)");
        assert_eq!(a.infix('*', &b.negated()).text(), "a * -b");
        assert_eq!(a.infix('+', &b.negated()).text(), "a - b");
        assert_eq!(a.infix('-', &Expr::number("-0.5".into())).text(), "a + 0.5");
        assert_eq!(a.infix('+', &b).method("exp", &[], "f64").text(), "(a + b).exp()");
        assert_eq!(Expr::number("2.0".into()).method("exp", &[], "f64").text(), "2.0_f64.exp()");
        assert_eq!(
            Expr::number("-2.0".into()).method("exp", &[], "f32").text(),
            "(-2.0_f32).exp()"
        );
        assert_eq!(
            Expr::choice(&a, &b, &c).infix('*', &a).text(),
            "(if a != 0.0 { b } else { c }) * a"
        );
    }

    #[test]
    fn an_index_is_never_below_zero_on_the_way() {
        let index = |start, steps: &[(&str, i64)]| {
            Index { start, steps: steps.iter().map(|(v, s)| ((*v).to_owned(), *s)).collect() }
                .text()
        };
        assert_eq!(index(0, &[]), "0");
        assert_eq!(index(3, &[("i", 1)]), "i + 3");
        assert_eq!(index(9, &[("i", -1)]), "9 - i");
        assert_eq!(index(4, &[("i", -2), ("j", 5)]), "5 * j + 4 - 2 * i");
    }
}
