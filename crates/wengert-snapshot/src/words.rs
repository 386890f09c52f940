//! A line of text as words, numbers told apart from what is never tolerated.

/// A word of a line, and where it starts, counted in characters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) column: usize,
    /// The number that it is, if it is one on its own: `0.5`, not the 1 of `w[1]`, `v10` or
    /// `rtol=1e-9`.
    pub(crate) number: Option<f64>,
}

/// Splits at spaces, commas, colons, semicolons, parentheses and quotes. A subscript or shape
/// (`[2, 3]`) stays whole: it is structure.
pub(crate) fn words(line: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut start = None;
    // Up to here everything is part of a subscript.
    let mut glued = 0;
    for (column, (i, c)) in line.char_indices().enumerate() {
        if c == '['
            && let Some(len) = subscript(&line[i..])
        {
            glued = i + len;
        }
        let splits = i >= glued && (c.is_whitespace() || ",:;()\"|".contains(c));
        if splits {
            words.extend(start.take().map(|(from, column)| word(&line[from..i], column)));
        } else if start.is_none() {
            start = Some((i, column));
        }
    }
    words.extend(start.map(|(from, column)| word(&line[from..], column)));
    words
}

/// The length of a `[2, 3]` at the start, if there is one.
fn subscript(text: &str) -> Option<usize> {
    let end = text.find(']')?;
    text[1..end].chars().all(|c| c.is_ascii_digit() || c == ',' || c == ' ').then_some(end + 1)
}

fn word(text: &str, column: usize) -> Word<'_> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    // What Rust reads as a number beyond these (`infinity`, `nan`) is a word.
    let like_a_number =
        unsigned.starts_with(|c: char| c.is_ascii_digit()) || matches!(unsigned, "inf" | "NaN");
    let number = if like_a_number { text.parse().ok() } else { None };
    Word { text, column, number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_alone_and_structure_does_not_split() {
        let line = "v10  hidden/0.w[1, 2]: affine [2, 3]  -0.5, NaN (1e-9) rtol=1e-9 -inf nan";
        let found: Vec<_> =
            words(line).into_iter().map(|word| (word.text, word.number.is_some())).collect();
        assert_eq!(
            found,
            [
                ("v10", false),
                ("hidden/0.w[1, 2]", false),
                ("affine", false),
                ("[2, 3]", false),
                ("-0.5", true),
                ("NaN", true),
                ("1e-9", true),
                ("rtol=1e-9", false),
                ("-inf", true),
                ("nan", false),
            ]
        );
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(words("Σx  ½ 0.5")[2].column, 6);
        assert_eq!(words("[0.5]").len(), 1);
    }
}
