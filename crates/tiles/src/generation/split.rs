//! Cuts large shapes into the cells of a coarser zoom, so that a deep tile decodes the piece around it and not a river.

use crate::clip::{self, Rect};
use crate::coord::P;
use crate::polygon::{self, Polygon};
use std::collections::BTreeMap;

/// Shapes of fewer vertices are kept whole.
pub(super) const LARGE: usize = 200;
/// Bands above this zoom keep all shapes whole: their tiles are as large as the shapes.
pub(super) const FROM: u8 = 12;
/// A cell is a tile of this many zooms above the band's.
pub(super) const ABOVE: u8 = 2;
/// Units that a piece reaches over its cell: the buffer of the coarsest tile that the finest band serves, and a rounding.
const REACH: i32 = 130;
/// Units along a side of a cell.
pub(super) const CELL: i32 = 4096 << ABOVE;

/// The pieces of a shape by the north-west corner of their cell.
pub(super) type Pieces = BTreeMap<P, Vec<Vec<P>>>;

/// Cuts parts (as a record holds them) on a grid whose world is `side` units wide.
pub(super) fn split(kind: u8, parts: &[Vec<P>], side: i64) -> Pieces {
    let mut out = Pieces::new();
    if kind == 3 {
        for rings in parts.chunk_by(|_, b| polygon::area2(b) < 0) {
            quarter(kind, rings.to_vec(), [0, 0], side, &mut out);
        }
    } else {
        quarter(kind, parts.to_vec(), [0, 0], side, &mut out);
    }
    out
}

fn quarter(kind: u8, parts: Vec<Vec<P>>, corner: P, side: i64, out: &mut Pieces) {
    if parts.is_empty() {
        return;
    }
    if side <= i64::from(CELL) {
        let cell = out.entry(corner).or_default();
        if kind == 3 {
            let mut polygons: Vec<Polygon> = Vec::new();
            polygon::clean(parts, &mut polygons);
            cell.extend(polygons.into_iter().flatten());
        } else {
            cell.extend(parts);
        }
        return;
    }
    let half = side / 2;
    for (dx, dy) in [(0, 0), (half, 0), (0, half), (half, half)] {
        // At the finest grid the world is 2^30 wide: corners fit.
        let at = [corner[0] + dx as i32, corner[1] + dy as i32];
        let reach =
            |v: i32, more: i64| (i64::from(v) + more).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        let (r, far) = (i64::from(REACH), half + i64::from(REACH));
        let rect: Rect = [reach(at[0], -r), reach(at[1], -r), reach(at[0], far), reach(at[1], far)];
        let mut cut = Vec::new();
        for part in &parts {
            if kind == 3 {
                let ring = clip::ring(part, &rect);
                if ring.len() >= 3 {
                    cut.push(ring);
                }
            } else {
                clip::line(part, &rect, &mut cut);
            }
        }
        quarter(kind, cut, at, half, out);
    }
}
