//! Circles and arcs as vertices, within a centimetre.

use super::object::Vertex;
use std::f64::consts::{PI, TAU};

/// How far a chord may lie from its arc, metres.
const TOLERANCE: f64 = 0.01;

/// Vertices that a turn of `angle` at a radius needs.
fn steps(radius: f64, angle: f64) -> usize {
    // Plane coordinates are in metres; in degrees a circle is so small that the least number of steps is enough.
    let half = if radius > TOLERANCE { (1.0 - TOLERANCE / radius).acos() } else { PI / 8.0 };
    ((angle.abs() / (2.0 * half)).ceil()).clamp(8.0, 20_000.0) as usize
}

fn centre(a: Vertex, b: Vertex, c: Vertex) -> Option<([f64; 2], f64)> {
    let (bx, by, cx, cy) = (b[0] - a[0], b[1] - a[1], c[0] - a[0], c[1] - a[1]);
    let d = 2.0 * (bx * cy - by * cx);
    let (b2, c2) = (bx * bx + by * by, cx * cx + cy * cy);
    // Flat to a ten-thousandth of its length: a straight line as drawn.
    if d.abs() <= 1e-9 * (b2 + c2) {
        return None;
    }
    let (ux, uy) = ((cy * b2 - by * c2) / d, (bx * c2 - cx * b2) / d);
    Some(([a[0] + ux, a[1] + uy], ux.hypot(uy)))
}

/// An arc from `a` through `b` to `c`; a straight line where they lie in line.
pub(super) fn arc(a: Vertex, b: Vertex, c: Vertex) -> Vec<Vertex> {
    let Some((m, r)) = centre(a, b, c) else { return vec![a, b, c] };
    let angle = |p: Vertex| (p[1] - m[1]).atan2(p[0] - m[0]);
    let from = angle(a);
    let turn = |p: Vertex| (angle(p) - from).rem_euclid(TAU);
    let sweep = if turn(b) <= turn(c) { turn(c) } else { turn(c) - TAU };
    let n = steps(r, sweep);
    let mut all = vec![a];
    for i in 1..n {
        let t = from + sweep * i as f64 / n as f64;
        all.push([m[0] + r * t.cos(), m[1] + r * t.sin(), f64::NAN]);
    }
    all.push(c);
    all
}

/// The closed circle through three points.
pub(super) fn circle(a: Vertex, b: Vertex, c: Vertex) -> Option<Vec<Vertex>> {
    let (m, r) = centre(a, b, c)?;
    Some(round([m[0], m[1], f64::NAN], r))
}

/// A closed circle.
pub(super) fn round(m: Vertex, r: f64) -> Vec<Vertex> {
    let n = steps(r, TAU);
    let at = |i: usize| {
        let t = TAU * (i % n) as f64 / n as f64;
        [m[0] + r * t.cos(), m[1] + r * t.sin(), f64::NAN]
    };
    (0..=n).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(p: [f64; 2]) -> Vertex {
        [p[0], p[1], f64::NAN]
    }

    #[test]
    fn arcs_stay_within_a_centimetre_and_pass_their_points() {
        for (m, r) in
            [([500_000.0, 3_200_000.0], 3.0), ([500_000.0, 3_200_000.0], 2_500.0), ([0.0, 0.0], 0.4)]
        {
            for (from, to) in [(0.1, 2.0), (2.0, 0.1), (3.0, -3.0), (0.0, 6.0), (6.0, 0.0)] {
                let at = |t: f64| flat([m[0] + r * t.cos(), m[1] + r * t.sin()]);
                let all = arc(at(from), at((from + to) / 2.0), at(to));
                for w in all.windows(2) {
                    for p in [w[0], w[1]] {
                        assert!(((p[0] - m[0]).hypot(p[1] - m[1]) - r).abs() < 1e-6 * r.max(1.0));
                    }
                    let mid = [(w[0][0] + w[1][0]) / 2.0 - m[0], (w[0][1] + w[1][1]) / 2.0 - m[1]];
                    assert!(r - mid[0].hypot(mid[1]) <= TOLERANCE + 1e-9, "{r} {from} {to}");
                }
                let length: f64 = all.windows(2).map(|w| (w[1][0] - w[0][0]).hypot(w[1][1] - w[0][1])).sum();
                assert!((length - r * (to - from).abs()).abs() < 0.03 * r * (to - from).abs(), "{length}");
            }
        }
        assert_eq!(arc(flat([0.0, 0.0]), flat([1.0, 0.0]), flat([2.0, 0.0])).len(), 3);
    }

    #[test]
    fn circles_close() {
        let all = round(flat([10.0, 20.0]), 5.0);
        assert_eq!((all[0][0], all[0][1]), (all[all.len() - 1][0], all[all.len() - 1][1]));
        let through = circle(flat([15.0, 20.0]), flat([10.0, 25.0]), flat([5.0, 20.0])).unwrap();
        assert_eq!(through.len(), all.len());
    }
}
