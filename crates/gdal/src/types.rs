//! What a worker tells about a file.

use crate::cells::{Cells, bits};
use ditu_model::{Date, Geometry};
use serde::{Deserialize, Serialize};

/// A file as GDAL sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// GDAL's name of the driver that opened it.
    pub driver: String,
    /// Feature layers.
    pub layers: Vec<LayerInfo>,
    /// The raster, if it is one.
    pub raster: Option<RasterInfo>,
}

/// One table of features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerInfo {
    /// Its name in the file.
    pub name: String,
    /// How many features; `None` when only reading would tell.
    pub features: Option<u64>,
    /// GDAL's name of the geometry type, such as `Multi Polygon` or `Unknown (any)`.
    pub geometry: String,
    /// Its columns.
    pub fields: Vec<FieldInfo>,
    /// Its CRS as the file states it.
    pub srs: Option<Srs>,
    /// Minimum x, minimum y, maximum x, maximum y in its CRS, where the driver knows it cheaply.
    pub extent: Option<[f64; 4]>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldInfo {
    /// Its name.
    pub name: String,
    /// GDAL's name of the type, such as `String`, `Integer64`, `DateTime`.
    pub kind: String,
    /// Its width in characters, 0 for unlimited.
    pub width: u32,
    /// A second, longer name (FileGDB alias).
    pub alias: Option<String>,
    /// The list of values that it takes, where the file has one.
    pub domain: Option<Domain>,
}

/// A list of coded values (FileGDB and GeoPackage domains).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// Its name in the file.
    pub name: String,
    /// Code and name of each value.
    pub values: Vec<(String, String)>,
}

/// A CRS as a file states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Srs {
    /// The EPSG code, where the file names one or GDAL recognises it.
    pub epsg: Option<u32>,
    /// Well-known text (WKT 1).
    pub wkt: String,
}

/// A raster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RasterInfo {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Bands.
    pub bands: usize,
    /// GDAL's name of the cell type, such as `Float32`.
    pub kind: String,
    /// Its CRS as the file states it.
    pub srs: Option<Srs>,
    /// Outer edges in its CRS: min x, min y, max x, max y. `None` when it has no place or is rotated.
    pub extent: Option<[f64; 4]>,
    /// The value that stands for "no data".
    #[serde(with = "bits::option")]
    pub nodata: Option<f64>,
    /// The unit of its heights, as the file names it; empty where it does not.
    pub unit: String,
    /// Its cells are numbers of colours.
    pub palette: bool,
}

/// How a raster becomes a grid of heights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GridOptions {
    /// The CRS in place of what the file states.
    pub epsg: Option<u32>,
    /// Least and greatest number of metres that is a height.
    pub range: [f64; 2],
    /// What is no height besides what the file declares; as the file has it.
    pub nodata: Option<f64>,
    /// What the file declares as "no data" is a height.
    pub undeclared: bool,
    /// Metres that its heights are multiplied by.
    pub metres: f64,
}

/// How to read a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReadOptions {
    /// The encoding of texts, for drivers that take one (`ENCODING=`); empty for raw bytes.
    pub encoding: Option<String>,
    /// Further GDAL open options, `NAME=VALUE`.
    pub open_options: Vec<String>,
    /// GDAL configuration for this read.
    pub config: Vec<(String, String)>,
    /// Reproject to EPSG:4490 by PROJ, for CRSs that Ditu does not compute itself. Refused where PROJ has no published
    /// operation.
    pub to_cgcs2000: bool,
}

/// One row of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRow {
    /// GDAL's feature number; -1 when it has none.
    pub fid: i64,
    /// One value a field.
    pub values: Vec<SourceValue>,
    /// The shape, curves stroked; an `Err` says why it cannot be used.
    pub geometry: Option<Result<Geometry, String>>,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceValue {
    /// Absent.
    Null,
    /// UTF-8 text; dates with time as ISO 8601.
    Text(String),
    /// Text in an encoding that GDAL left as it is.
    Bytes(Vec<u8>),
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// True or false.
    Boolean(bool),
    /// A day.
    Date(Date),
}

/// A raster made into a terrain grid.
#[derive(Clone, Debug, PartialEq)]
pub struct GridInfo {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Outer edges in EPSG:4490 degrees: west, south, east, north.
    pub bounds: [f64; 4],
    /// The lowest height in metres.
    pub min: f32,
    /// The highest height in metres.
    pub max: f32,
    /// Cells without data.
    pub empty: u64,
    /// What the raster's own cells hold.
    pub cells: Cells,
}
