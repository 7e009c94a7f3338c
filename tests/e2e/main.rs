//! End to end: the real binary, by command line and over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../harness/mod.rs"]
mod harness;

mod access;
mod answers;
mod commands;
mod control;
mod coordinates;
mod drawings;
mod equal;
mod hostile;
mod imports;
mod shared;
mod tables;
mod tiles;
mod watch;
mod whole;
