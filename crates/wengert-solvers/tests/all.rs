//! The examples find what they look for: each checks its figures and returns an error if they are
//! others.

#[path = "../examples/optimise/main.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod optimise;

#[path = "../examples/argmin_newton.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod argmin_newton;

#[path = "../examples/basin_fit.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod basin_fit;

#[path = "../examples/diffsol_stiff/main.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod diffsol_stiff;

fn text(run: impl FnOnce(&mut Vec<u8>) -> Result<(), Box<dyn std::error::Error>>) -> String {
    let mut out = Vec::new();
    run(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn printed_solutions_of_constrained_problems() {
    let text = text(optimise::published);
    assert_eq!(text.lines().count(), 6, "{text}");
    assert!(text.contains("HS 71"), "{text}");
}

#[test]
fn the_chain_ends_where_ipopt_ends() {
    let text = text(|out| optimise::chained(out, 500));
    assert!(text.contains("500 variables and 498 constraints"), "{text}");
    // Each constraint reads three neighbours.
    assert!(text.contains(&format!("{} entries of the Jacobian", 3 * 498)), "{text}");
    assert!(optimise::chained(&mut Vec::new(), 2).is_err());
}

#[test]
fn argmin_finds_the_printed_minima() {
    let text = text(|out| argmin_newton::run(out, 300));
    assert!(text.contains("Brown and Dennis"), "{text}");
}

#[test]
fn basin_finds_the_certified_values() {
    let text = text(|out| basin_fit::run(out, 300));
    assert!(text.contains("certified 2.3894212918e2"), "{text}");
}

#[test]
fn diffsol_ends_at_the_references() {
    let text =
        text(|out| diffsol_stiff::robertson(out).and_then(|()| diffsol_stiff::compared(out)));
    assert!(text.contains("The Brusselator of 20 cells"), "{text}");
}
