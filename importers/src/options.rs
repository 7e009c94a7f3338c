//! What the caller knows and decides before a delivery is looked at.

use ditu_gdal::Worker;
use ditu_model::{Bounds, LayerId, Mode};
use std::path::PathBuf;

/// How to import. The first three replace what would otherwise be found out from the files.
#[derive(Clone, Debug)]
pub struct Options {
    /// The layer of all tables.
    pub layer: Option<LayerId>,
    /// EPSG code of the CRS of all coordinates.
    pub crs: Option<u32>,
    /// Encoding of all texts, by its usual name (`GBK`, `UTF-8`, `Big5`).
    pub encoding: Option<String>,
    /// How the rows meet what the layer holds.
    pub mode: Mode,
    /// A folder for unpacked archives and finished grids; the caller removes it after the commit.
    pub scratch: PathBuf,
    /// How to start the process that reads by GDAL.
    pub worker: Worker,
    /// The city's box in degrees, by which numbers without a CRS are recognised and stray features found.
    pub city: Option<Bounds>,
}

/// A language of user-facing texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English.
    En,
}
