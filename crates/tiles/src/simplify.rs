//! Douglas–Peucker on grid points.
//!
//! Source: D. H. Douglas, T. K. Peucker, "Algorithms for the reduction of the number of points required to represent a
//! digitized line or its caricature", Cartographica 10 (1973).

use crate::coord::P;

/// Keeps the first and last point and every point farther than `tolerance` (grid units) from the line that leaves it out.
/// The same points come out whichever end the line begins at.
pub(crate) fn simplify(line: &[P], tolerance: f64, out: &mut Vec<P>) {
    let Some((&first, rest)) = line.split_first() else { return };
    out.push(first);
    if rest.is_empty() {
        return;
    }
    if tolerance <= 0.0 || line.len() == 2 {
        out.extend_from_slice(rest);
        return;
    }
    let limit = tolerance * tolerance;
    let mut keep = vec![false; line.len()];
    keep[line.len() - 1] = true;
    let mut stack = vec![(0usize, line.len() - 1)];
    while let Some((a, b)) = stack.pop() {
        if b - a < 2 {
            continue;
        }
        // Ends ordered by coordinate, so that rounding is the same from either end; ties go to the lesser point.
        let (p, q) = if line[a] <= line[b] { (line[a], line[b]) } else { (line[b], line[a]) };
        let mut best: Option<(f64, P, usize)> = None;
        for (i, &point) in line.iter().enumerate().take(b).skip(a + 1) {
            let d = distance2(point, p, q);
            let better = best.is_none_or(|(far, at, _)| d > far || (d == far && point < at));
            if better {
                best = Some((d, point, i));
            }
        }
        if let Some((d, _, i)) = best
            && d > limit
        {
            keep[i] = true;
            stack.push((a, i));
            stack.push((i, b));
        }
    }
    out.extend(rest.iter().zip(&keep[1..]).filter(|(_, k)| **k).map(|(p, _)| *p));
}

fn distance2(c: P, a: P, b: P) -> f64 {
    let (dx, dy) = (f64::from(b[0] - a[0]), f64::from(b[1] - a[1]));
    let (px, py) = (f64::from(c[0] - a[0]), f64::from(c[1] - a[1]));
    let long = dx * dx + dy * dy;
    let t = if long > 0.0 { ((px * dx + py * dy) / long).clamp(0.0, 1.0) } else { 0.0 };
    let (ex, ey) = (px - t * dx, py - t * dy);
    ex * ex + ey * ey
}

/// A closed ring (without the repeated last point) as a closed line that begins at its least point, simplified. Returns
/// without the repeated point.
pub(crate) fn simplify_ring(ring: &[P], tolerance: f64, out: &mut Vec<P>) {
    if tolerance <= 0.0 || ring.len() <= 4 {
        out.extend_from_slice(ring);
        return;
    }
    let start = (0..ring.len()).min_by_key(|&i| ring[i]).unwrap_or(0);
    // The farthest point from the start is the second anchor: a ring has no ends.
    let p = ring[start];
    let far2 = |q: P| {
        let (dx, dy) = (i64::from(q[0] - p[0]), i64::from(q[1] - p[1]));
        dx * dx + dy * dy
    };
    let turned: Vec<P> = ring[start..].iter().chain(&ring[..start]).chain([&p]).copied().collect();
    let far = (0..ring.len()).max_by_key(|&i| (far2(turned[i]), turned[i])).unwrap_or(0);
    if far == 0 {
        out.extend_from_slice(ring);
        return;
    }
    simplify(&turned[..=far], tolerance, out);
    out.pop();
    simplify(&turned[far..], tolerance, out);
    out.pop();
}
