//! What the example writes, for its `index.html`.

use super::index::Section;

const FIRST: [(&str, &str); 14] = [
    ("2-1-2.page.html", "the page: step through the pass of cell 6"),
    ("2-1-2.derivation.html", "the chain rule worked out, in formulas"),
    ("2-1-2.derivation.md", "the same as Markdown"),
    ("2-1-2.derivation.txt", "the same as plain text"),
    ("2-1-2.svg", "the graph"),
    ("2-1-2.moving.svg", "the graph, stepping through the pass by itself"),
    ("2-1-2.dot", "the graph for Graphviz"),
    ("2-1-2.mmd", "the graph for Mermaid"),
    ("2-1-2.txt", "all values and adjoints"),
    ("2-1-2.ledger.txt", "what was added to each adjoint"),
    ("2-1-2.listing.txt", "the tape's own listing"),
    ("2-1-2.severance.txt", "what cuts parameters off"),
    ("2-1-2.health.txt", "what is not finite, or saturated"),
    ("2-1-2.json", "the trace"),
];

const TRAINED: [(&str, &str); 13] = [
    (
        "2-2-2-trained.page.html",
        "the page: step through the pass that cell 10 prints, and move through the training",
    ),
    ("2-2-2-trained.derivation.html", "the chain rule worked out, after the last update"),
    ("2-2-2-trained.derivation.md", "the same as Markdown"),
    ("2-2-2-trained.derivation.txt", "the same as plain text"),
    ("2-2-2-trained.svg", "the graph"),
    ("2-2-2-trained.dot", "the graph for Graphviz"),
    ("2-2-2-trained.mmd", "the graph for Mermaid"),
    ("2-2-2-trained.txt", "all values and adjoints"),
    ("2-2-2-trained.ledger.txt", "what was added to each adjoint"),
    ("2-2-2-trained.listing.txt", "the tape's own listing"),
    ("2-2-2-trained.severance.txt", "what cuts parameters off"),
    ("2-2-2-trained.health.txt", "what is not finite, or saturated"),
    ("2-2-2-trained.json", "the trace"),
];

pub(crate) const FILES: [Section<'static>; 2] = [
    ("The 2-1-2 network: cells 1 to 6", &FIRST),
    ("The 2-2-2 network, trained: cells 8 to 12", &TRAINED),
];
