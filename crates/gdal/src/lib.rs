#![doc = include_str!("../README.md")]

mod client;
mod drivers;
mod frame;
mod types;
pub mod worker;

pub use client::{GdalError, Rows, Worker};
pub use types::{
    Description, Domain, FieldInfo, GridInfo, LayerInfo, RasterInfo, ReadOptions, SourceRow, SourceValue, Srs,
};

#[cfg(test)]
mod tests;
