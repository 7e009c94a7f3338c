//! GeoJSON: GDAL reads it, once it is UTF-8 and its CRS is no internet map's.

use super::{Refused, gdal, unreadable, utf8};
use crate::delivery::Found;
use crate::options::Options;
use crate::table::Table;
use std::io::Read;

/// Bytes in which the CRS is sought: it stands before the features.
const HEAD: u64 = 8 << 10;

/// True when the head names GCJ-02 as the CRS, which GDAL takes for WGS 84.
fn obfuscated(found: &Found) -> std::io::Result<bool> {
    let mut head = Vec::new();
    std::fs::File::open(&found.path)?.take(HEAD).read_to_end(&mut head)?;
    let text = String::from_utf8_lossy(&head).to_lowercase();
    let before = text.split("\"features\"").next().unwrap_or_default();
    let crs = before.split_once("\"crs\"").map(|(_, after)| after).unwrap_or_default();
    Ok(["gcj", "火星"].iter().any(|n| crs.contains(n)))
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    let (copy, encoded) =
        utf8::readable(found, options, None, |out| Ok(Box::new(out))).map_err(unreadable)??;
    let obfuscated = obfuscated(&copy).map_err(unreadable)?;
    let mut tables = gdal::open(&copy, format, options)?;
    for table in &mut tables {
        table.obfuscated |= obfuscated;
        table.encoded = encoded.clone().or(table.encoded.take());
    }
    Ok(tables)
}
