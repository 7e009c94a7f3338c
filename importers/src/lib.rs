#![doc = include_str!("../README.md")]

mod check;
mod delivery;
mod formats;
mod geometry;
mod notes;
mod options;
mod plan;
mod present;
mod question;
mod recognise;
mod report;
mod run;
mod table;
mod value;

/// Bytes in GBK (or its superset GB 18030) as text, for small tables of the command line.
pub fn decode_gb18030(bytes: &[u8]) -> String {
    encoding_rs::GB18030.decode(bytes).0.into_owned()
}

pub use options::{Choice, CrsChoice, Heights, Lang, Options, Unit};
pub use plan::{Dataset, Mapping, Plan, Refusal, plan};
pub use present::Present;
pub use question::{Answer, Question, Subject};
pub use report::{Group, LayerCount, Report, ReportHandle};
pub use run::{Progress, RasterFile, Run};

/// Lengths and areas on the ground, from longitude and latitude.
pub mod ground {
    pub use crate::geometry::measure::{area, distance, length};
}

/// One entry a parser, for fuzzing: bytes in, nothing out, no panic.
#[doc(hidden)]
pub mod fuzzing {
    /// A VCT file.
    pub fn vct(bytes: &[u8]) {
        crate::formats::vct::fuzz(bytes);
    }

    /// A CNSDTF-DEM or NSDTF-DEM grid.
    pub fn grid_text(bytes: &[u8]) {
        crate::formats::grid_text::fuzz(bytes);
    }

    /// An EPANET or SWMM network.
    pub fn inp(bytes: &[u8]) {
        crate::formats::inp::fuzz(bytes);
    }

    /// A MapGIS file of points, lines or polygons.
    pub fn mapgis(bytes: &[u8]) {
        crate::formats::mapgis::fuzz(bytes);
    }

    /// A file of a format that is read by its path, such as `CASS DAT`: opened and read to its end. A shapefile is
    /// its length in two bytes, the `.shp`, then the `.dbf`.
    pub fn file(format: &str, ending: &str, bytes: &[u8]) {
        crate::formats::fuzz(format, ending, bytes);
    }

    /// A land-parcel coordinate text.
    pub fn parcel_text(bytes: &[u8]) {
        crate::formats::parcel_text::fuzz(bytes);
    }

    /// A drawing, for its groups, texts, blocks and curves.
    pub fn dxf_curves(bytes: &[u8]) {
        crate::formats::dxf::fuzz(bytes);
    }
}

#[cfg(test)]
mod tests;
