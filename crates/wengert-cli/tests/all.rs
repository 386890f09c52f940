//! The tool, as its users start it.

mod diff;
mod run;
mod show;
mod tool;
