//! The tests of the public interface, as one program: a program for each would be linked anew each
//! time.

mod common;

mod calls;
mod derivation;
mod diff;
mod files;
mod graph;
mod health;
mod ledger;
mod severance;
mod texts;
mod trace;
mod users;
