//! Traces of a Wengert tape: ledger, listings, graphs
