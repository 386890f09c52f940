//! The tool, as its users start it.

mod dask;
mod diff;
mod run;
mod show;
mod tool;
