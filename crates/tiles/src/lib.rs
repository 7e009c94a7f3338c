#![doc = include_str!("../README.md")]

mod arcs;
mod cache;
mod clip;
mod compress;
mod coord;
mod encode;
mod engine;
mod error;
mod generation;
mod polygon;
mod simplify;
mod tilejson;

pub use compress::{Encoding, compress};
pub use coord::TileCoord;
pub use engine::{Config, Engine, Tile};
pub use error::TileError;
pub use generation::GenerationInfo;
pub use tilejson::{TileJson, VectorLayer};

#[cfg(test)]
mod tests;
