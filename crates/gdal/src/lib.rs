#![doc = include_str!("../README.md")]

mod cells;
mod client;
mod drivers;
mod frame;
mod types;
pub mod worker;

pub use cells::{Cells, End, Wild};
pub use client::{GdalError, Rows, Worker};
pub use types::{
    Description, Domain, FieldInfo, GridInfo, GridOptions, LayerInfo, RasterInfo, ReadOptions, SourceRow,
    SourceValue, Srs,
};

#[cfg(test)]
mod tests;
