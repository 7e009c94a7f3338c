//! The invented city that the demo, the tests and the benches run on.
//!
//! [`write`] makes a folder of survey files for a city that looks like Changde and is nobody's: names, codes, rivers and
//! hills are public facts, all the rest is drawn by this crate from a seed. Equal scale and seed give equal bytes.

mod buildings;
mod city;
mod contours;
mod deliver;
mod facts;
pub mod formats;
mod frame;
mod parcels;
mod partition;
mod pipes;
mod plane;
mod rails;
mod rng;
mod roads;
mod settlement;
mod streets;
mod terrain;
#[cfg(test)]
mod tests;
pub mod towns;
mod water;

use std::path::{Path, PathBuf};

/// How big a city, and which one.
#[derive(Clone, Copy, Debug)]
pub struct SampleOptions {
    /// 1 is about 120,000 features; 10 about ten times that. At least 1.
    pub scale: u32,
    /// Another seed draws another city on the same rivers.
    pub seed: u64,
}

impl Default for SampleOptions {
    fn default() -> SampleOptions {
        SampleOptions { scale: 1, seed: 1 }
    }
}

/// One layer's share of a file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Path below the sample's folder.
    pub path: PathBuf,
    /// The base layer it holds data of, e.g. `transport.road`.
    pub layer: &'static str,
    /// Features of that layer in it (rows for tables, 1 for a raster).
    pub features: u64,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// In the order of the nine themes.
    pub files: Vec<Delivered>,
}

impl Manifest {
    /// All features together.
    pub fn features(&self) -> u64 {
        self.files.iter().map(|f| f.features).sum()
    }
}

/// Why no city was written.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The scale is out of range.
    #[error("scale {0} is out of range; give a whole number from 1 to 20")]
    Scale(u32),
    /// A file or folder could not be written.
    #[error("cannot write {path}: {source}")]
    Io {
        /// What was being written.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A GeoPackage could not be written.
    #[error("cannot write the GeoPackage {path}: {source}")]
    Sqlite {
        /// What was being written.
        path: PathBuf,
        /// Why it failed.
        source: rusqlite::Error,
    },
    /// A workbook could not be written.
    #[error("cannot write the workbook {path}: {source}")]
    Xlsx {
        /// What was being written.
        path: PathBuf,
        /// Why it failed.
        source: rust_xlsxwriter::XlsxError,
    },
}

/// Writes the sample city into a folder, made if need be; files of an earlier run there are overwritten.
///
/// `progress` is told how many of how many steps are done.
///
/// # Errors
/// When the scale is out of range or a file cannot be written.
pub fn write(
    dir: &Path,
    options: &SampleOptions,
    progress: &dyn Fn(u64, u64),
) -> Result<Manifest, SampleError> {
    if !(1..=20).contains(&options.scale) {
        return Err(SampleError::Scale(options.scale));
    }
    deliver::all(dir, options, progress)
}
