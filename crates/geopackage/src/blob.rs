//! Geometry blobs (OGC 12-128r18 clause 2.1.3).

use crate::SRS;
use ditu_model::{Bounds, Geometry, Shape};

/// Writes a blob in place of what `out` holds: header with envelope (none for points), then WKB, in the multi form
/// for lines and polygons if their table declares it.
pub fn write(g: &Geometry, bounds: &Bounds, multi: bool, out: &mut Vec<u8>) {
    out.clear();
    let point = g.shape == Shape::Point;
    out.extend_from_slice(&[b'G', b'P', 0, if point { 0b0000_0001 } else { 0b0000_0011 }]);
    out.extend(SRS.to_le_bytes());
    if !point {
        for v in [bounds.min[0], bounds.max[0], bounds.min[1], bounds.max[1]] {
            out.extend(v.to_le_bytes());
        }
    }
    g.write_wkb(multi && !point, None, out);
}

/// Reads a blob; `None` for what is none, is empty or has an extended type.
pub fn read(blob: &[u8]) -> Option<Geometry> {
    let flags = *blob.get(3)?;
    if !blob.starts_with(b"GP") || flags & 0b0001_0000 != 0 {
        return None;
    }
    let envelope = match flags >> 1 & 7 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        _ => return None,
    };
    Geometry::from_wkb(blob.get(8 + envelope..)?).ok()
}
