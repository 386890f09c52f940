//! How a program is written as Rust.

use super::error::RustError;
use super::names::is_identifier;

/// How a program is [written as Rust](crate::Program::to_rust_with).
///
/// # Examples
///
/// ```
/// use wengert::{Compiler, Numerics, Tape};
/// use wengert::program::RustOptions;
///
/// let tape = Tape::new();
/// let x = tape.input(0.5).named("x");
/// let y = x.tanh().named("y");
/// let mut compiler = Compiler::new(&tape).numerics(Numerics::Exact);
/// compiler.output(y)?;
/// let options = RustOptions::default().functions("wengert::exact::f64").private();
/// let text = compiler.compile()?.to_rust_with("y", &options)?;
/// assert!(text.contains("\nfn y(x: f64) -> f64 {\n    use wengert::exact::f64::tanh;\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RustOptions {
    pub(super) functions: Option<String>,
    pub(super) attributes: Vec<String>,
    pub(super) stack: usize,
    visibility: Option<String>,
}

impl Default for RustOptions {
    /// The platform's functions, no attributes, `pub`, up to 64 KiB on the stack.
    fn default() -> Self {
        RustOptions {
            functions: None,
            attributes: Vec::new(),
            stack: 64 << 10,
            visibility: Some("pub".to_owned()),
        }
    }
}

impl RustOptions {
    /// Elementary functions are those of the module at `path`: `wengert::exact::f64`, which gives an
    /// [`Exact`](crate::Numerics::Exact) program's bits, or a module of the caller's. It has free
    /// functions of the number's type, called as `wengert::exact` calls them, of which those that
    /// are used are imported.
    #[must_use]
    pub fn functions(mut self, path: &str) -> Self {
        self.functions = Some(path.to_owned());
        self
    }

    /// A line before the function: `#[inline]`.
    #[must_use]
    pub fn attribute(mut self, attribute: &str) -> Self {
        self.attributes.push(attribute.to_owned());
        self
    }

    /// The function is `pub(crate)`.
    #[must_use]
    pub fn of_crate(mut self) -> Self {
        self.visibility = Some("pub(crate)".to_owned());
        self
    }

    /// The function is private.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.visibility = None;
        self
    }

    /// Intermediate arrays of up to so many bytes in all stand on the stack; of more in a
    /// `workspace` that the caller lends, an argument of its own.
    #[must_use]
    pub fn stack(mut self, bytes: usize) -> Self {
        self.stack = bytes;
        self
    }

    pub(super) fn check(&self) -> Result<(), RustError> {
        match &self.functions {
            Some(path) if !path.trim_start_matches("::").split("::").all(is_identifier) => {
                Err(RustError::Path { path: path.clone() })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn visibility(&self) -> String {
        self.visibility.as_ref().map_or_else(String::new, |visibility| format!("{visibility} "))
    }
}
