#![doc = include_str!("../README.md")]

pub mod blob;
mod writer;

pub use writer::GeoPackage;

/// The EPSG code of all that is written: CGCS2000, longitude and latitude in degrees.
pub const SRS: i32 = 4490;

#[cfg(test)]
mod tests;
