//! Over the real files of `../shared/data`, which are no part of the project: a suite of its own, run where they are.

mod coordinates;
mod drawings;
mod equal;
mod redelivery;
mod tables;

use crate::harness::shared;
use std::path::PathBuf;

/// A folder of deliveries that strangers met.
fn strangers(folder: &str) -> PathBuf {
    shared("strangers").join(folder)
}
