//! A function around its lines: documentation, arguments, what is imported and what comes along.

use super::arguments::{Argument, Gives};
use super::options::RustOptions;
use super::text::{Text, WIDTH};
use super::writer::Writer;
use crate::Numerics;
use crate::recipe::{Asked, Recipe};
use crate::run::{Float, Inner};

/// What stands around the lines.
pub(super) struct Function<'a, S: Float> {
    pub(super) recipe: &'a Recipe<S>,
    pub(super) inner: &'a Inner<S>,
    pub(super) name: &'a str,
    pub(super) options: &'a RustOptions,
    pub(super) inputs: Vec<Argument>,
    pub(super) gives: Vec<Gives>,
    pub(super) returned: Vec<String>,
}

impl<S: Float> Function<'_, S> {
    pub(super) fn text(self, writer: Writer<'_, S>) -> String {
        let mut arguments = self.inputs.clone();
        let number = writer.ops.number;
        for (k, gives) in self.gives.iter().enumerate() {
            let answer = &self.inner.outputs[k];
            if let Gives::Written(name) = gives {
                arguments.push(Argument {
                    name: name.clone(),
                    kind: format!("&mut [{number}; {}]", answer.shape.len()),
                    doc: format!(
                        "`{name}`, shape `{}`: gets {}",
                        answer.shape,
                        self.what(k, "the values of")
                    ),
                });
            }
        }
        for (k, gives) in self.gives.iter().enumerate() {
            if let Gives::Input(run) = gives {
                let skipped = usize::from(self.recipe.has_weights);
                let block = self.recipe.plan.blocks.iter().position(|block| block == run);
                if let Some(i) = block {
                    let moved = format!(", moved: afterwards {}", self.what(k, "the values of"));
                    arguments[i - skipped].doc.push_str(&moved);
                }
            }
        }
        for argument in &mut arguments[..self.inputs.len()] {
            if argument.kind.starts_with("&mut") && !argument.doc.contains("moved") {
                argument.doc.push_str(", fed back");
            }
        }
        if let Some(len) = writer.workspace {
            arguments.push(Argument {
                name: "workspace".to_owned(),
                kind: format!("&mut [{number}; {len}]"),
                doc: format!("`workspace`: room for {len} intermediate numbers, whatever they are"),
            });
        }
        let mut text = Text::default();
        self.docs(&mut text, &arguments);
        text.line(
            "#[allow(clippy::all, unused_variables, unused_assignments, reason = \"written so\")]",
        );
        for attribute in &self.options.attributes {
            text.line(attribute);
        }
        let result = self.result(number);
        let items: Vec<String> =
            arguments.iter().map(|Argument { name, kind, .. }| format!("{name}: {kind}")).collect();
        let head = format!("{}fn {}(", self.options.visibility(), self.name);
        let tail = format!("){result} {{");
        let line = format!("{head}{}{tail}", items.join(", "));
        if line.chars().count() <= WIDTH {
            text.open(&line);
        } else {
            text.open(&head);
            items.iter().for_each(|item| text.line(&format!("{item},")));
            text.closed(&tail);
        }
        if let Some(path) = &self.options.functions
            && !writer.ops.imports.is_empty()
        {
            let imports: Vec<String> =
                writer.ops.imports.iter().map(|&name| name.to_owned()).collect();
            match &imports[..] {
                [one] => text.line(&format!("use {path}::{one};")),
                _ => text.list(&format!("use {path}::{{"), &imports, "};"),
            }
            text.line("");
        }
        for helper in writer.ops.helpers() {
            text.lines(&helper);
            text.line("");
        }
        let tables = writer.tables.into_string();
        if !tables.is_empty() {
            text.lines(&tables);
            text.line("");
        }
        text.lines(&writer.body.into_string());
        self.end(&mut text);
        text.close();
        text.into_string()
    }

    /// `the gradient of L by params`
    fn what(&self, k: usize, value: &str) -> String {
        match &self.recipe.asked[k] {
            Asked::Value(path) => format!("{value} `{path}`"),
            Asked::Gradient { of, wrt } => format!("the gradient of `{of}` by `{wrt}`"),
        }
    }

    fn docs(&self, text: &mut Text, arguments: &[Argument]) {
        text.doc(&format!(
            "Written by Wengert from a tape of {} nodes: change what was recorded and write it \
             anew, not this.",
            self.inner.report.tape_nodes
        ));
        text.line("///");
        arguments.iter().for_each(|argument| text.doc(&format!("- {}", argument.doc)));
        let returned: Vec<String> = (self.gives.iter().enumerate())
            .filter(|(_, gives)| **gives == Gives::Returned)
            .map(|(k, _)| match &self.recipe.asked[k] {
                Asked::Value(path) => format!("`{path}`"),
                Asked::Gradient { .. } => self.what(k, ""),
            })
            .collect();
        if !arguments.is_empty() {
            text.line("///");
        }
        let mut words = Vec::new();
        if !returned.is_empty() {
            words.push(format!("Returns {}.", returned.join(", ")));
        }
        let (guards, pivots) = (&self.inner.guards, &self.inner.faults);
        let error = match (guards.is_empty(), pivots.is_empty()) {
            (true, true) => None,
            (false, true) => Some("An error says which comparison came out differently."),
            (true, false) => Some("An error says whose pivot is not to be divided by."),
            (false, false) => Some(
                "An error says which comparison came out differently, or whose pivot is not to be \
                 divided by.",
            ),
        };
        words.extend(error.map(str::to_owned));
        if arguments.iter().any(|argument| argument.kind.contains('[')) {
            words.push("Elements are in row-major order.".to_owned());
        }
        words.push(match (&self.options.functions, self.recipe.numerics) {
            (Some(path), Numerics::Exact) => format!(
                "Elementary functions are those of `{path}`, every operation is rounded in the \
                 program's order."
            ),
            (None, Numerics::Exact) => "Elementary functions are the platform's, every other \
                                        operation is rounded in the program's order."
                .to_owned(),
            (Some(path), Numerics::Fast) => format!(
                "Elementary functions are those of `{path}`; sums are in the order of their index, \
                 which the program leaves open."
            ),
            (None, Numerics::Fast) => "Elementary functions are the platform's; sums are in the \
                                       order of their index, which the program leaves open."
                .to_owned(),
        });
        text.doc(&words.join(" "));
    }

    /// ` -> f64`
    fn result(&self, number: &str) -> String {
        let numbers = match self.returned.len() {
            0 => String::new(),
            1 => number.to_owned(),
            n => format!("[{number}; {n}]"),
        };
        match (numbers.is_empty(), self.inner.is_unconditional()) {
            (true, true) => String::new(),
            (false, true) => format!(" -> {numbers}"),
            (true, false) => " -> Result<(), &'static str>".to_owned(),
            (false, false) => format!(" -> Result<{numbers}, &'static str>"),
        }
    }

    fn end(&self, text: &mut Text) {
        let (before, after) = if self.inner.is_unconditional() { ("", "") } else { ("Ok(", ")") };
        match &self.returned[..] {
            [] if before.is_empty() => {}
            [] => text.line("Ok(())"),
            [one] => text.line(&format!("{before}{one}{after}")),
            several => text.list(&format!("{before}["), several, &format!("]{after}")),
        }
    }
}
