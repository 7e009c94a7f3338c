//! Polygons on an integer grid: area, validity, repair.

use crate::coord::P;
use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::{IntOverlayOptions, Overlay};
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::core::solver::Solver;
use i_overlay::i_float::int::point::IntPoint;

/// Twice the signed area; positive is clockwise on screen (y down), which MVT 2.1 §4.3.4.4 wants of exterior rings.
pub(crate) fn area2(ring: &[P]) -> i64 {
    let Some(&o) = ring.first() else { return 0 };
    let local = |p: P| (i64::from(p[0] - o[0]), i64::from(p[1] - o[1]));
    let mut sum = 0i64;
    for i in 0..ring.len() {
        let (a, b) = (local(ring[i]), local(ring[(i + 1) % ring.len()]));
        sum += a.0 * b.1 - b.0 * a.1;
    }
    sum
}

/// Removes points equal to the one before, and the last where it equals the first.
pub(crate) fn dedup_ring(ring: &mut Vec<P>) {
    ring.dedup();
    while ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
}

/// A polygon: an exterior ring and its holes, without repeated last points.
pub(crate) type Polygon = Vec<Vec<P>>;

fn cross(o: P, a: P, b: P) -> i64 {
    let d = |p: P| (i64::from(p[0]) - i64::from(o[0]), i64::from(p[1]) - i64::from(o[1]));
    let (u, v) = (d(a), d(b));
    u.0 * v.1 - u.1 * v.0
}

/// Whether two closed segments meet.
fn meet(a: P, b: P, c: P, d: P) -> bool {
    let apart = |i: usize| a[i].max(b[i]) < c[i].min(d[i]) || c[i].max(d[i]) < a[i].min(b[i]);
    if apart(0) || apart(1) {
        return false;
    }
    let (d1, d2) = (cross(a, b, c).signum(), cross(a, b, d).signum());
    let (d3, d4) = (cross(c, d, a).signum(), cross(c, d, b).signum());
    d1 * d2 <= 0 && d3 * d4 <= 0
}

/// More segments than this are not checked pair by pair.
const PAIRS: usize = 400;

/// True when the rings are surely valid: simple, of some area, touching nowhere. False is "not known to be".
pub(crate) fn surely_valid(rings: &[Vec<P>]) -> bool {
    let total: usize = rings.iter().map(Vec::len).sum();
    if total > PAIRS || rings.iter().any(|r| r.len() < 3 || area2(r) == 0) {
        return false;
    }
    if rings.len() > 1 {
        // Holes must lie inside; the repair knows, this test does not try.
        return false;
    }
    let ring = &rings[0];
    let n = ring.len();
    for i in 0..n {
        let (a, b) = (ring[i], ring[(i + 1) % n]);
        let next = ring[(i + 2) % n];
        // A spike: the next edge runs back over this one.
        if cross(a, b, next) == 0 {
            let back = i64::from(b[0] - a[0]) * i64::from(next[0] - b[0])
                + i64::from(b[1] - a[1]) * i64::from(next[1] - b[1]);
            if back < 0 {
                return false;
            }
        }
        for j in i + 2..n {
            if i == 0 && j == n - 1 {
                continue;
            }
            if meet(a, b, ring[j], ring[(j + 1) % n]) {
                return false;
            }
        }
    }
    true
}

/// Makes rings (any orientation, possibly crossing) into valid polygons: exterior clockwise on screen, holes the other
/// way. Even-odd, so that holes need not be named.
pub(crate) fn repair(rings: &[Vec<P>], out: &mut Vec<Polygon>) {
    // Local coordinates keep the numbers small.
    let Some(o) = rings.iter().flatten().copied().next() else { return };
    let contours: Vec<Vec<IntPoint>> = rings
        .iter()
        .filter(|r| r.len() >= 3)
        .map(|r| r.iter().map(|p| IntPoint::new(p[0] - o[0], p[1] - o[1])).collect())
        .collect();
    let capacity = contours.iter().map(Vec::len).sum();
    let mut overlay = Overlay::new_custom(capacity, IntOverlayOptions::ogc(), Solver::default());
    overlay.add_contours(&contours, i_overlay::core::overlay::ShapeType::Subject);
    for shape in overlay.overlay(OverlayRule::Subject, FillRule::EvenOdd) {
        let mut polygon: Polygon = Vec::with_capacity(shape.len());
        for (i, contour) in shape.iter().enumerate() {
            let mut ring: Vec<P> = contour.iter().map(|p| [p.x + o[0], p.y + o[1]]).collect();
            dedup_ring(&mut ring);
            let area = area2(&ring);
            if ring.len() < 3 || area == 0 {
                if i == 0 {
                    break;
                }
                continue;
            }
            if (area > 0) != (i == 0) {
                ring.reverse();
            }
            // One polygon, one form: rings begin at their least point.
            let start = (0..ring.len()).min_by_key(|&i| ring[i]).unwrap_or(0);
            ring.rotate_left(start);
            polygon.push(ring);
        }
        if !polygon.is_empty() {
            polygon[1..].sort();
            out.push(polygon);
        }
    }
    out.sort();
}

/// Makes one polygon's rings valid on their grid; the common case, a single simple ring, costs a check only.
pub(crate) fn clean(mut rings: Vec<Vec<P>>, out: &mut Vec<Polygon>) {
    rings.iter_mut().for_each(dedup_ring);
    rings.retain(|r| r.len() >= 3);
    if rings.is_empty() {
        return;
    }
    if surely_valid(&rings) {
        if let Some(ring) = rings.first_mut()
            && area2(ring) < 0
        {
            ring.reverse();
        }
        out.push(rings);
    } else {
        repair(&rings, out);
    }
}
