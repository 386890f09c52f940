//! The example of operations of one's own.

#[path = "../examples/custom_op.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod custom_op;

#[test]
fn it_finds_what_it_looks_for() {
    let mut out = Vec::new();
    custom_op::run(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("one_bit w -> [4]"), "{text}");
    assert!(text.contains("0 after 50 steps"), "{text}");
}
