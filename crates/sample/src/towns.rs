//! The towns of Changde as a shapefile in any manner: what tests of encodings, of what files claim and of datums stand on.

use crate::facts::TOWNS;
use crate::formats::shp::{Cell, Column, Manner, Shape, Shapefile};
use crate::plane::from_lonlat;
use std::io;
use std::path::Path;

/// The columns that are written.
pub const COLUMNS: &[Column] =
    &[("地名", 'C', 40, 0), ("类别", 'C', 10, 0), ("高程", 'N', 8, 0), ("编号", 'N', 12, 0)];

/// The well-known text that ESRI software writes into a `.prj` for EPSG:4490.
pub const PRJ_4490: &str = "GEOGCS[\"GCS_China_Geodetic_Coordinate_System_2000\",DATUM[\"D_China_2000\",SPHEROID[\"CGCS2000\",6378137.0,298.257222101]],PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]]";

/// An office's manner in degrees, with the `.prj` that says so.
pub const DEGREES: Manner<'static> = Manner { prj: Some(PRJ_4490), prefix: 0.0, ..Manner::OFFICE };

/// Names with longitude and latitude in degrees, good to a kilometre.
pub fn all() -> impl ExactSizeIterator<Item = (&'static str, [f64; 2])> {
    TOWNS.iter().map(|t| (t.1, [t.2, t.3]))
}

/// Longitude and latitude as they are.
pub fn degrees(lonlat: [f64; 2]) -> [f64; 2] {
    lonlat
}

/// East and north in metres of EPSG:4546; an office's manner puts the zone before the easting, which makes it EPSG:4525.
pub fn plane(lonlat: [f64; 2]) -> [f64; 2] {
    from_lonlat(lonlat)
}

/// Writes the towns, and places of `more` names at the seat of the city; `path` is without extension.
///
/// # Errors
/// When a file cannot be written.
pub fn write(
    path: &Path,
    manner: &Manner<'_>,
    place: impl Fn([f64; 2]) -> [f64; 2],
    more: &[&str],
) -> io::Result<u64> {
    let mut file = Shapefile::create_as(path, Shape::Point, COLUMNS, manner)?;
    let mut list: Vec<(&str, [f64; 2])> = all().collect();
    list.extend(more.iter().map(|name| (*name, [111.69, 29.03])));
    for (i, (name, lonlat)) in list.into_iter().enumerate() {
        let row = [
            Cell::Text(name),
            Cell::Text(if name.ends_with("街道") { "街道" } else { "乡镇" }),
            Cell::Whole(30 + i as i64 % 200),
            Cell::Whole(1_783_600 + i as i64),
        ];
        file.point(place(lonlat), &row)?;
    }
    file.finish()
}
