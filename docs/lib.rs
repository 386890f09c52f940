//! The workspace's documents. This library is empty: it exists so that the code in them is compiled
//! and run by `cargo test`.

macro_rules! documents {
    ($($name:ident: $path:literal;)*) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!($path)]
            mod $name {}
        )*
    };
}

documents! {
    readme: "../README.md";
    architecture: "architecture.md";
    notation: "notation.md";
    design: "design.md";
    functions: "functions.md";
    linear_algebra: "linear-algebra.md";
    snapshots: "snapshots.md";
    performance: "performance.md";
    adding_an_operation: "adding-an-operation.md";
    trace: "trace.md";
    saved: "saved.md";
    source: "source.md";
    training: "training.md";
    cookbook: "cookbook.md";
    past_one_machine: "past-one-machine.md";
}
