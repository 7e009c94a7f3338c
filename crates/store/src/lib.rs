#![doc = include_str!("../README.md")]

mod api;
mod codec;
mod gpkg;
mod log;
mod memory;
mod merge;
mod open;
mod postgis;
mod same;
mod show;

pub use api::{FeatureVersion, Store, StoreError, Target};
pub use memory::memory;
pub use open::open;

#[cfg(test)]
mod conformance;
