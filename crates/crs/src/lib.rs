#![doc = include_str!("../README.md")]

pub mod control;
mod crs;
pub mod detect;
mod ellipsoid;
mod gauss;
pub mod mercator;
pub mod obfuscated;
mod transform;
mod wkt;

pub use crs::{Crs, CrsError, Projection};
pub use ellipsoid::{Datum, Ellipsoid};
pub use gauss::TransverseMercator;
pub use transform::{Transform, TransformError};

#[cfg(test)]
mod tests;
