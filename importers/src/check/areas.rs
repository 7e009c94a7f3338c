//! Areas of a layer, indexed so that a vertex is placed in or out by a few edges.

use super::plane::{Box4, Plane, box_of, side};
use ditu_model::Geometry;

/// Bands of edges: 64 m of northing, coarser where an area is tall.
const BAND: u8 = 16;
/// Bands of one area at most.
const BANDS: i64 = 4_096;

/// One area.
pub(super) struct Area {
    pub(super) box_: Box4,
    /// Edges by band of northing, each in every band that it touches.
    bands: Vec<Vec<([i32; 2], [i32; 2])>>,
    shift: u8,
    first: i32,
}

impl Area {
    /// Indexes a polygon.
    pub(super) fn of(g: &Geometry, plane: &mut Plane) -> Area {
        let rings: Vec<Vec<[i32; 2]>> = g.rings().map(|r| r.iter().map(|c| plane.of(*c)).collect()).collect();
        let box_ = rings.iter().map(|r| box_of(r)).fold([i32::MAX, i32::MAX, i32::MIN, i32::MIN], |a, b| {
            [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
        });
        let mut shift = BAND;
        while (i64::from(box_[3]) - i64::from(box_[1])) >> shift > BANDS {
            shift += 1;
        }
        let first = box_[1] >> shift;
        let mut bands = vec![Vec::new(); ((box_[3] >> shift) - first + 1).max(1) as usize];
        for w in rings.iter().flat_map(|r| r.windows(2)) {
            let (low, high) = (w[0][1].min(w[1][1]) >> shift, w[0][1].max(w[1][1]) >> shift);
            for band in low..=high {
                bands[(band - first) as usize].push((w[0], w[1]));
            }
        }
        Area { box_, bands, shift, first }
    }

    /// True inside or on the border, exactly.
    pub(super) fn holds(&self, p: [i32; 2]) -> bool {
        let b = &self.box_;
        if !((b[0]..=b[2]).contains(&p[0]) && (b[1]..=b[3]).contains(&p[1])) {
            return false;
        }
        let mut inside = false;
        for (a, b) in &self.bands[((p[1] >> self.shift) - self.first) as usize] {
            let s = side(*a, *b, p);
            let between = |i: usize| (a[i].min(b[i])..=a[i].max(b[i])).contains(&p[i]);
            if s == 0 && between(0) && between(1) {
                return true;
            }
            if (a[1] > p[1]) != (b[1] > p[1]) {
                inside ^= (s > 0) == (b[1] > a[1]);
            }
        }
        inside
    }

    /// The distance of a place from the border, millimetres, where it is at most `reach`.
    pub(super) fn to_border(&self, p: [i32; 2], reach: i32) -> Option<f64> {
        let last = self.first + self.bands.len() as i32 - 1;
        let (low, high) =
            (p[1].saturating_sub(reach) >> self.shift, p[1].saturating_add(reach) >> self.shift);
        let near =
            (low.max(self.first)..=high.min(last)).flat_map(|b| &self.bands[(b - self.first) as usize]);
        let d = near.map(|(a, b)| distance(*a, *b, p)).fold(f64::INFINITY, f64::min);
        (d <= f64::from(reach)).then_some(d)
    }
}

/// The distance of a point from a segment in millimetres.
pub(super) fn distance(a: [i32; 2], b: [i32; 2], p: [i32; 2]) -> f64 {
    let d = |u: [i32; 2], v: [i32; 2]| [f64::from(v[0]) - f64::from(u[0]), f64::from(v[1]) - f64::from(u[1])];
    let (ab, ap) = (d(a, b), d(a, p));
    let square = ab[0] * ab[0] + ab[1] * ab[1];
    let t = if square == 0.0 { 0.0 } else { ((ap[0] * ab[0] + ap[1] * ab[1]) / square).clamp(0.0, 1.0) };
    (ap[0] - ab[0] * t).hypot(ap[1] - ab[1] * t)
}
