//! End to end: the real binary, by command line and over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../harness/mod.rs"]
mod harness;

mod access;
mod answers;
mod city;
mod commands;
mod control;
mod coordinates;
mod drawings;
mod equal;
mod heights;
mod hostile;
mod imports;
mod redelivery;
mod shared;
mod statements;
mod tables;
mod texts;
mod tiles;
mod watch;
mod which;
mod whole;
