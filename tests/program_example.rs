//! The example that shows what compiling makes of scalar code.

#[path = "../examples/program.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod program;

#[test]
fn a_network_in_scalar_code_becomes_products() {
    let mut out = Vec::new();
    program::run(&mut out, &[20, 9, 8], 1).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("A 20-9-8 network of sigmoids"), "{text}");
    let difference = text
        .split("tape's gradient: ")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next())
        .unwrap();
    assert!(difference.parse::<f64>().unwrap() < 1e-15, "{text}");
    // The weighted sums of each layer, and what its weights get.
    assert!(
        text.contains("sum of products [9] over [20]")
            && text.contains("[9, 20] for the adjoint of"),
        "{text}"
    );
}

#[test]
fn sizes_that_are_no_network_are_refused() {
    assert!(program::run(&mut Vec::new(), &[3], 1).is_err());
    assert!(program::run(&mut Vec::new(), &[3, 0, 1], 1).is_err());
}
