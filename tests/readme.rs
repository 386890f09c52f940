//! The README's program, and the text it prints: both stand in the README as they stand here.

const README: &str = include_str!("../README.md");

#[test]
fn the_readme_shows_this_program_and_its_output() {
    // README
    use wengert::{Tape, Var};

    let tape = Tape::new();
    let x = tape.data([1.0, 0.0]).named("x");
    let w = tape.param([0.13436424411240122, 0.8474337369372327]).named("w");
    let bias = tape.param(0.763774618976614).named("bias");
    let z = Var::affine(bias, w, x).named("z"); // bias + w0 x0 + w1 x1
    let output = z.sigmoid().named("output");
    let loss = (0.5 * (1.0 - output).square()).named("L");

    let gradients = loss.backward();
    println!("{tape}");
    println!("dL/dz = {}", gradients.wrt(z));
    // README

    let program = include_str!("readme.rs")
        .split("    // README\n")
        .nth(1)
        .expect("it stands between two marks");
    let program: String = program.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    assert!(README.contains(&program), "the README's program should be\n{program}");

    let printed = format!("{tape}\ndL/dz = {}\n", gradients.wrt(z));
    assert!(README.contains(&printed), "the README's output should be\n{printed}");
}
