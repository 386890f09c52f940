//! Lines of Rust, indented.

/// A text under way.
#[derive(Debug, Default)]
pub(crate) struct Text {
    text: String,
    depth: usize,
    /// By how much all of it will be indented once more.
    margin: usize,
}

/// Lines end here.
pub(crate) const WIDTH: usize = 100;

impl Text {
    /// A text that will stand in the body of a function.
    pub(crate) fn of_body() -> Self {
        Text { margin: 4, ..Text::default() }
    }

    fn indent(&self) -> usize {
        self.margin + 4 * self.depth
    }

    pub(crate) fn line(&mut self, line: &str) {
        if !line.is_empty() {
            (0..self.depth).for_each(|_| self.text.push_str("    "));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    /// Opens a block: the line ends in a brace.
    pub(crate) fn open(&mut self, line: &str) {
        self.line(line);
        self.depth += 1;
    }

    pub(crate) fn close(&mut self) {
        self.depth -= 1;
        self.line("}");
    }

    /// Ends a list of arguments, and opens what follows.
    pub(crate) fn closed(&mut self, line: &str) {
        self.depth -= 1;
        self.open(line);
    }

    /// Several lines, as they are.
    pub(crate) fn lines(&mut self, lines: &str) {
        lines.lines().for_each(|line| self.line(line));
    }

    /// `head item, item, .. tail`, over as many lines as it needs.
    pub(crate) fn list(&mut self, head: &str, items: &[String], tail: &str) {
        let all = format!("{head}{}{tail}", items.join(", "));
        if self.indent() + all.chars().count() <= WIDTH {
            return self.line(&all);
        }
        self.open(head);
        let mut line = String::new();
        for item in items {
            let len = self.indent() + line.chars().count() + item.chars().count() + 2;
            if !line.is_empty() && len > WIDTH {
                self.line(&std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(item);
            line.push(',');
        }
        self.line(&line);
        self.depth -= 1;
        self.line(tail);
    }

    /// Words of documentation, broken into lines.
    pub(crate) fn doc(&mut self, paragraph: &str) {
        let mut line = "///".to_owned();
        let indent = if paragraph.starts_with("- ") { "///  " } else { "///" };
        for word in paragraph.split_whitespace() {
            let len = line.chars().count() + 1 + word.chars().count();
            if self.indent() + len > WIDTH && line.len() > indent.len() {
                self.line(&std::mem::replace(&mut line, indent.to_owned()));
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(&line);
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    pub(crate) fn into_string(self) -> String {
        self.text
    }
}
