//! Over the real files of `../shared/data`, which are no part of the project: a suite of its own, run where they are.

mod coordinates;
mod drawings;
mod equal;
mod hostile;
mod heights;
mod redelivery;
mod tables;
mod texts;
mod which;
mod statements;

use crate::harness::shared;
use std::path::PathBuf;

/// A folder of deliveries that strangers met.
fn strangers(folder: &str) -> PathBuf {
    shared("strangers").join(folder)
}
