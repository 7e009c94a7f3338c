//! What the files mean: encoding, CRS, layer, fields. Each decision comes with its evidence.

pub(crate) mod crs;
pub(crate) mod encoding;
pub(crate) mod fields;
pub(crate) mod heights;
pub(crate) mod layer;
pub(crate) mod nodata;
pub(crate) mod plane_unit;
pub(crate) mod units;
