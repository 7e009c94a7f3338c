//! Cuts shapes at a box on an integer grid.

use crate::coord::P;
use crate::polygon::{self, Polygon};

/// Left, top, right, bottom, inclusive.
pub(crate) type Rect = [i32; 4];

/// True when the point lies in the box or on its edge.
#[inline]
pub(crate) fn holds(r: &Rect, p: P) -> bool {
    p[0] >= r[0] && p[0] <= r[2] && p[1] >= r[1] && p[1] <= r[3]
}

/// Where the segment from `a` to `b` meets the line `axis = at`, to the nearest unit.
fn cross(a: P, b: P, axis: usize, at: i32) -> P {
    let other = 1 - axis;
    let t = (i64::from(at) - i64::from(a[axis])) as f64 / (i64::from(b[axis]) - i64::from(a[axis])) as f64;
    let v = f64::from(a[other]) + (i64::from(b[other]) - i64::from(a[other])) as f64 * t;
    let mut p = [0; 2];
    p[axis] = at;
    p[other] = v.round() as i32;
    p
}

/// Cuts a line; pieces of at least two different points are appended.
pub(crate) fn line(points: &[P], r: &Rect, out: &mut Vec<Vec<P>>) {
    let mut piece: Vec<P> = Vec::new();
    let mut end = |piece: &mut Vec<P>| {
        piece.dedup();
        if piece.len() > 1 {
            out.push(std::mem::take(piece));
        } else {
            piece.clear();
        }
    };
    for w in points.windows(2) {
        let Some((a, b)) = segment(w[0], w[1], r) else {
            end(&mut piece);
            continue;
        };
        if piece.last() != Some(&a) || a != w[0] {
            end(&mut piece);
            piece.push(a);
        }
        piece.push(b);
        if b != w[1] {
            end(&mut piece);
        }
    }
    end(&mut piece);
}

/// The part of a segment in the box (Liang, Barsky 1984), ends to the nearest unit.
fn segment(a: P, b: P, r: &Rect) -> Option<(P, P)> {
    if holds(r, a) && holds(r, b) {
        return Some((a, b));
    }
    let (mut low, mut high) = (0.0f64, 1.0f64);
    for axis in 0..2 {
        let (p, d) = (f64::from(a[axis]), f64::from(b[axis]) - f64::from(a[axis]));
        let (min, max) = (f64::from(r[axis]), f64::from(r[axis + 2]));
        if d == 0.0 {
            if p < min || p > max {
                return None;
            }
            continue;
        }
        let (t0, t1) = ((min - p) / d, (max - p) / d);
        low = low.max(t0.min(t1));
        high = high.min(t0.max(t1));
    }
    if low > high {
        return None;
    }
    let at = |t: f64| {
        if t == 0.0 {
            return a;
        }
        if t == 1.0 {
            return b;
        }
        let c = |i: usize| {
            let v = f64::from(a[i]) + (f64::from(b[i]) - f64::from(a[i])) * t;
            (v.round() as i32).clamp(r[i], r[i + 2])
        };
        [c(0), c(1)]
    };
    Some((at(low), at(high)))
}

/// Cuts a ring at one edge after the other (Sutherland, Hodgman 1974). Pieces may be joined along the edge; [`polygon`]
/// parts them.
pub(crate) fn ring(points: &[P], r: &Rect) -> Vec<P> {
    let mut now = points.to_vec();
    for (axis, at, less) in [(0, r[0], false), (0, r[2], true), (1, r[1], false), (1, r[3], true)] {
        let inside = |p: &P| if less { p[axis] <= at } else { p[axis] >= at };
        if now.iter().all(inside) {
            continue;
        }
        let mut next = Vec::with_capacity(now.len() + 4);
        for i in 0..now.len() {
            let (a, b) = (now[i], now[(i + 1) % now.len()]);
            match (inside(&a), inside(&b)) {
                (true, true) => next.push(b),
                (true, false) => next.push(cross(a, b, axis, at)),
                (false, true) => next.extend([cross(a, b, axis, at), b]),
                (false, false) => {}
            }
        }
        now = next;
    }
    now
}

/// Cuts a feature's polygons (rings flat, each exterior before its holes, exteriors of positive area); what comes out
/// is valid on the grid.
pub(crate) fn polygons(rings: &[Vec<P>], r: &Rect, out: &mut Vec<Polygon>) {
    for rings in rings.chunk_by(|_, b| polygon::area2(b) < 0) {
        let cut: Vec<Vec<P>> = rings.iter().map(|p| ring(p, r)).filter(|p| p.len() >= 3).collect();
        if !cut.is_empty() {
            polygon::clean(cut, out);
        }
    }
}
