#![doc = include_str!("../README.md")]

mod fill;
mod grid;
mod tile;

pub use grid::{Grid, GridError};
pub use tile::{TILE_SIZE, Terrain, TerrainError};
