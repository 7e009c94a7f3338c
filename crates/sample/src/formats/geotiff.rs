//! A GeoTIFF of float heights: one uncompressed strip a row, EPSG:4525, after the OGC GeoTIFF 1.1 standard.

use crate::plane::ZONE_PREFIX;
use crate::terrain::{COLUMNS, ROWS, SOUTH, STEP, Terrain, WEST};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Stands for "no height here".
pub(crate) const NODATA: f32 = -9999.0;

/// Writes the grid, north row first; nodes are the centres of cells. `is_in` says where heights are given out.
pub(crate) fn write(path: &Path, terrain: &Terrain, is_in: impl Fn(usize, usize) -> bool) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 18, File::create(path)?);
    let entries: u16 = 15;
    let ifd = 8usize;
    let after = ifd + 2 + 12 * entries as usize + 4;
    let scale_at = after;
    let tie_at = scale_at + 24;
    let geo_at = tie_at + 48;
    let keys: [u16; 20] = [
        1, 1, 1, 4, // version, revision, number of keys
        1024, 0, 1, 1, // projected
        1025, 0, 1, 1, // pixel is area
        3072, 0, 1, 4525, // CGCS2000 / 3-degree Gauss-Kruger zone 37
        3076, 0, 1, 9001, // metre
    ];
    let nodata_at = geo_at + keys.len() * 2;
    let nodata = b"-9999\0";
    let offsets_at = nodata_at + 8;
    let counts_at = offsets_at + 4 * ROWS;
    let data_at = counts_at + 4 * ROWS;
    let mut h: Vec<u8> = Vec::with_capacity(data_at);
    h.extend(b"II");
    h.extend(42u16.to_le_bytes());
    h.extend((ifd as u32).to_le_bytes());
    h.extend(entries.to_le_bytes());
    let mut entry = |tag: u16, kind: u16, count: usize, value: u32| {
        h.extend(tag.to_le_bytes());
        h.extend(kind.to_le_bytes());
        h.extend((count as u32).to_le_bytes());
        h.extend(value.to_le_bytes());
    };
    const SHORT: u16 = 3;
    const LONG: u16 = 4;
    const DOUBLE: u16 = 12;
    entry(256, LONG, 1, COLUMNS as u32);
    entry(257, LONG, 1, ROWS as u32);
    entry(258, SHORT, 1, 32);
    entry(259, SHORT, 1, 1);
    entry(262, SHORT, 1, 1);
    entry(273, LONG, ROWS, offsets_at as u32);
    entry(277, SHORT, 1, 1);
    entry(278, LONG, 1, 1);
    entry(279, LONG, ROWS, counts_at as u32);
    entry(284, SHORT, 1, 1);
    entry(339, SHORT, 1, 3);
    entry(33550, DOUBLE, 3, scale_at as u32);
    entry(33922, DOUBLE, 6, tie_at as u32);
    entry(34735, SHORT, keys.len(), geo_at as u32);
    entry(42113, 2, nodata.len(), nodata_at as u32);
    h.extend(0u32.to_le_bytes());
    for x in [STEP, STEP, 0.0] {
        h.extend(x.to_le_bytes());
    }
    let (west, north) = (WEST + ZONE_PREFIX - STEP / 2.0, SOUTH + (ROWS as f64 - 0.5) * STEP);
    for x in [0.0, 0.0, 0.0, west, north, 0.0] {
        h.extend(x.to_le_bytes());
    }
    for k in keys {
        h.extend(k.to_le_bytes());
    }
    h.extend(nodata);
    h.resize(offsets_at, 0);
    for r in 0..ROWS {
        h.extend(((data_at + r * COLUMNS * 4) as u32).to_le_bytes());
    }
    for _ in 0..ROWS {
        h.extend(((COLUMNS * 4) as u32).to_le_bytes());
    }
    out.write_all(&h)?;
    for row in (0..ROWS).rev() {
        for column in 0..COLUMNS {
            let z = if is_in(column, row) { terrain.z[row * COLUMNS + column] } else { NODATA };
            out.write_all(&z.to_le_bytes())?;
        }
    }
    out.flush()
}
