//! Calls of functions that programs were written as, made from their signatures: so that texts
//! which no test names can be compiled and run.

use std::fmt::Write;

/// An argument of a function: its name and its type.
type Argument = (String, String);

/// The arguments of the function in a text, and what it returns.
fn signature(text: &str) -> (String, Vec<Argument>, String) {
    let at = text.find("fn ").expect("a text is a function");
    // The function's own documentation comes first, and has no `fn` at the beginning of a word.
    let head = &text[at + 3..];
    let (name, rest) = head.split_once('(').unwrap();
    let (arguments, rest) = rest.split_once(") ").unwrap();
    let arguments = arguments.split(',').map(str::trim).filter(|argument| !argument.is_empty());
    let arguments = arguments.map(|argument| {
        let (name, kind) = argument.split_once(": ").unwrap();
        (name.to_owned(), kind.to_owned())
    });
    let result = rest.split_once('{').unwrap().0.trim().trim_start_matches("-> ").to_owned();
    (name.to_owned(), arguments.collect(), result)
}

/// Which of a function's first `inputs` arguments it changes.
pub(crate) fn moved(text: &str, inputs: usize) -> Vec<bool> {
    let (_, arguments, _) = signature(text);
    arguments[..inputs].iter().map(|(_, kind)| kind.starts_with("&mut")).collect()
}

/// `call(name, inputs)`: what the function of that name returns, its moved inputs, and what it
/// writes. Numbers are `f64` here, as which an `f32` keeps its bits.
///
/// `texts`: with the number of inputs of each.
pub(crate) fn calls(texts: &[(&str, usize)]) -> String {
    let mut glue = String::from(
        "/// Calls one of the functions above: what it returns, its moved inputs, what it writes.\n\
         pub(crate) fn call(name: &str, inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {\n    \
         match name {\n",
    );
    let mut each = String::new();
    for &(text, inputs) in texts {
        let (name, arguments, result) = signature(text);
        let number =
            if arguments.iter().any(|(_, kind)| kind.contains("f64")) { "f64" } else { "f32" };
        writeln!(glue, "        \"{name}\" => call_{name}(inputs),").unwrap();
        writeln!(each, "\nfn call_{name}(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {{")
            .unwrap();
        let (mut passed, mut after) = (Vec::new(), Vec::new());
        for (i, (argument, kind)) in arguments.iter().enumerate() {
            let bare = kind.trim_start_matches("&mut ").trim_start_matches('&');
            let is_array = bare.starts_with('[');
            let value = match (i < inputs, is_array) {
                (true, true) => format!(
                    "inputs[{i}].iter().map(|&x| x as {number}).collect::<Box<[{number}]>>()"
                ),
                (true, false) => format!("inputs[{i}][0] as {number}"),
                (false, _) => {
                    let len = bare.trim_end_matches(']').rsplit("; ").next().unwrap();
                    format!("vec![7.0; {len}].into_boxed_slice()")
                }
            };
            let value = if is_array { format!("{value}.try_into().unwrap()") } else { value };
            let bare = if is_array { format!("Box<{bare}>") } else { bare.to_owned() };
            let is_mut = kind.starts_with("&mut");
            let keyword = if is_mut { "mut " } else { "" };
            writeln!(each, "    let {keyword}a{i}: {bare} = {value};").unwrap();
            passed.push(match kind.as_bytes() {
                [b'&', b'm', ..] => format!("&mut a{i}"),
                [b'&', ..] => format!("&a{i}"),
                _ => format!("a{i}"),
            });
            if is_mut && argument != "workspace" {
                after.push(match is_array {
                    true => format!("a{i}.iter().map(|&x| x as f64).collect()"),
                    false => format!("vec![a{i} as f64]"),
                });
            }
        }
        let tried = result.starts_with("Result");
        writeln!(
            each,
            "    let result = {name}({}){};",
            passed.join(", "),
            if tried { ".map_err(String::from)?" } else { "" }
        )
        .unwrap();
        let inner = result.trim_start_matches("Result<").split(", &'static").next().unwrap();
        match inner {
            "" | "()" => writeln!(each, "    let _: () = result;\n    let mut all = Vec::new();"),
            one if one == number => writeln!(each, "    let mut all = vec![vec![result as f64]];"),
            _ => writeln!(
                each,
                "    let mut all: Vec<Vec<f64>> = Vec::from(result.map(|x| vec![x as f64]));"
            ),
        }
        .unwrap();
        writeln!(each, "    all.extend([{}]);\n    Ok(all)\n}}", after.join(", ")).unwrap();
    }
    glue.push_str("        other => Err(format!(\"no function is called {other}\")),\n    }\n}\n");
    glue + &each
}
