//! Circles, ellipses, arcs and Bézier curves as vertices, within a centimetre.

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

/// An arc of an ellipse about `m` whose long axis ends at `m + axis` and whose short one is `ratio` of it, from one angle to
/// another in radians, counted from the long axis. The last vertex lies at `to` exactly.
pub(super) fn elliptic(m: Vertex, axis: [f64; 2], ratio: f64, from: f64, to: f64) -> Vec<Vertex> {
    // Between two steps it leaves its chord no further than the circle about the long axis does.
    let n = steps(axis[0].hypot(axis[1]), to - from);
    let at = |i: usize| {
        let (sin, cos) = (from + (to - from) * i as f64 / n as f64).sin_cos();
        let (u, v) = (cos, ratio * sin);
        [m[0] + u * axis[0] - v * axis[1], m[1] + u * axis[1] + v * axis[0], f64::NAN]
    };
    (0..=n).map(at).collect()
}

/// A closed ellipse.
pub(super) fn ellipse(m: Vertex, axis: [f64; 2], ratio: f64) -> Vec<Vertex> {
    let mut all = elliptic(m, axis, ratio, 0.0, TAU);
    all.pop();
    all.extend(all.first().copied());
    all
}

/// A Bézier curve by its control points: three of a quadratic one, four of a cubic one, or of several cubic ones that follow
/// each other. `None` for another number of points, or more vertices than `most`.
pub(super) fn bezier(points: &[Vertex], most: usize) -> Option<Vec<Vertex>> {
    let raised;
    let points = match points {
        [a, b, c] => {
            let between = |p: &Vertex, q: &Vertex| [0, 1, 2].map(|i| p[i] + (q[i] - p[i]) * 2.0 / 3.0);
            raised = [*a, between(a, b), between(c, b), *c];
            &raised
        }
        _ => points,
    };
    if points.len() < 4 || points.len() % 3 != 1 {
        return None;
    }
    let mut all = vec![points[0]];
    for p in points.windows(4).step_by(3) {
        let bend =
            |a: &Vertex, b: &Vertex, c: &Vertex| (a[0] - 2.0 * b[0] + c[0]).hypot(a[1] - 2.0 * b[1] + c[1]);
        let tolerance = if p[0][0].abs() <= 360.0 { 1e-7 } else { TOLERANCE };
        let bent = bend(&p[0], &p[1], &p[2]).max(bend(&p[1], &p[2], &p[3]));
        let n = (0.75 * bent / tolerance).sqrt().ceil().clamp(1.0, 20_000.0) as usize;
        if all.len() + n > most {
            return None;
        }
        for i in 1..n {
            let t = i as f64 / n as f64;
            let (s, w) = (1.0 - t, [1.0, 3.0, 3.0, 1.0]);
            let weights = [w[0] * s * s * s, w[1] * s * s * t, w[2] * s * t * t, w[3] * t * t * t];
            all.push([0, 1, 2].map(|axis| (0..4).map(|k| weights[k] * p[k][axis]).sum()));
        }
        all.push(p[3]);
    }
    Some(all)
}

/// A uniform cubic B-spline by its control points, from the first to the last of them (knots of its ends count fourfold);
/// of three points a quadratic one, of two a straight line. `None` for more vertices than `most`.
///
/// Each span is a Bézier curve whose control points are the spline's blossom at the span's ends (Ramshaw 1989).
pub(super) fn b_spline(points: &[Vertex], most: usize) -> Option<Vec<Vertex>> {
    if points.len() < 4 {
        return if points.len() == 3 { bezier(points, most) } else { Some(points.to_vec()) };
    }
    let last = (points.len() - 3) as f64;
    let knot = |i: usize| (i as f64 - 3.0).clamp(0.0, last);
    let blossom = |span: usize, at: [f64; 3]| {
        let mut d = [0, 1, 2, 3].map(|i| points[span + i]);
        for (r, t) in (1..).zip(at) {
            for i in (r..=3).rev() {
                let (from, to) = (knot(span + i), knot(span + i + 4 - r));
                let part = (t - from) / (to - from);
                d[i] = [0, 1, 2].map(|axis| d[i - 1][axis] + (d[i][axis] - d[i - 1][axis]) * part);
            }
        }
        d[3]
    };
    let mut all = vec![points[0]];
    for span in 0..points.len() - 3 {
        let (a, b) = (span as f64, span as f64 + 1.0);
        let piece = [[a, a, a], [a, a, b], [a, b, b], [b, b, b]].map(|at| blossom(span, at));
        let room = most.checked_sub(all.len())?;
        all.extend(bezier(&piece, room + 1)?.into_iter().skip(1));
    }
    Some(all)
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

    /// Cox and de Boor's recursion, as textbooks have it, against spans made Bézier curves.
    #[test]
    fn b_splines_agree_with_their_basis_functions() {
        fn basis(knots: &[f64], i: usize, k: usize, t: f64) -> f64 {
            if k == 0 {
                return f64::from(u8::from(knots[i] <= t && t < knots[i + 1]));
            }
            let part = |n: f64, d: f64| if d == 0.0 { 0.0 } else { n / d };
            part(t - knots[i], knots[i + k] - knots[i]) * basis(knots, i, k - 1, t)
                + part(knots[i + k + 1] - t, knots[i + k + 1] - knots[i + 1]) * basis(knots, i + 1, k - 1, t)
        }
        for n in [4usize, 5, 6, 7, 8, 12] {
            let points: Vec<Vertex> =
                (0..n).map(|i| flat([i as f64 * 40.0, ((i * 7) % 5) as f64 * 25.0])).collect();
            let last = (n - 3) as f64;
            let knots: Vec<f64> = (0..n + 4).map(|i| (i as f64 - 3.0).clamp(0.0, last)).collect();
            let curve = b_spline(&points, 1 << 20).unwrap();
            assert_eq!(curve[0][..2], points[0][..2]);
            assert_eq!(curve[curve.len() - 1][..2], points[n - 1][..2]);
            for step in 0..200 {
                let t = last * f64::from(step) / 200.0;
                let on = [0, 1].map(|a| (0..n).map(|i| basis(&knots, i, 3, t) * points[i][a]).sum::<f64>());
                let away = curve.windows(2).map(|w| {
                    let (d, p) = ([w[1][0] - w[0][0], w[1][1] - w[0][1]], [on[0] - w[0][0], on[1] - w[0][1]]);
                    let along = ((p[0] * d[0] + p[1] * d[1]) / (d[0] * d[0] + d[1] * d[1])).clamp(0.0, 1.0);
                    (p[0] - along * d[0]).hypot(p[1] - along * d[1])
                });
                assert!(away.fold(f64::MAX, f64::min) < 0.0101, "{n} {t}");
            }
            assert!(b_spline(&points, 3).is_none(), "bounded");
        }
        let two = [flat([0.0, 0.0]), flat([5.0, 5.0])];
        assert_eq!(b_spline(&two, 9).map(|c| c.len()), Some(2));
    }

    #[test]
    fn ellipses_and_bezier_curves_stay_within_a_centimetre() {
        let m = flat([500_000.0, 3_200_000.0]);
        for (axis, ratio) in [([30.0, 40.0], 0.5), ([2_000.0, 0.0], 0.1), ([0.0, -7.0], 1.0)] {
            let all = ellipse(m, axis, ratio);
            assert_eq!((all[0][0], all[0][1]), (all[all.len() - 1][0], all[all.len() - 1][1]));
            let long = f64::hypot(axis[0], axis[1]);
            // In the axes' own frame, stretched to a circle.
            let own = |p: [f64; 2]| {
                let (x, y) = (p[0] - m[0], p[1] - m[1]);
                let (u, v) = ((x * axis[0] + y * axis[1]) / long, (y * axis[0] - x * axis[1]) / long);
                [u, v / ratio]
            };
            for w in all.windows(2) {
                let on = own([w[0][0], w[0][1]]);
                assert!((on[0].hypot(on[1]) - long).abs() < 1e-6 * long);
                let (a, b) = (own([w[0][0], w[0][1]]), own([w[1][0], w[1][1]]));
                let mid = [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
                // The circle's sagitta bounds the ellipse's, which is the same squeezed one way.
                assert!(long - mid[0].hypot(mid[1]) <= TOLERANCE + 1e-9);
            }
        }
        let p = [[0.0, 0.0], [100.0, 400.0], [500.0, -300.0], [600.0, 0.0]];
        let control: Vec<Vertex> = p.iter().map(|p| flat([p[0] + 5e5, p[1] + 3.2e6])).collect();
        let all = bezier(&control, 1 << 20).unwrap();
        assert_eq!((all[0][0], all[all.len() - 1][0]), (5e5, 500_600.0));
        // De Casteljau, at a thousand places: none further from the strokes than the tolerance.
        for i in 0..=1000 {
            let t = f64::from(i) / 1000.0;
            let mut q: Vec<[f64; 2]> = control.iter().map(|c| [c[0], c[1]]).collect();
            while q.len() > 1 {
                q = q.windows(2).map(|w| [0, 1].map(|k| w[0][k] + (w[1][k] - w[0][k]) * t)).collect();
            }
            let far = all.windows(2).map(|w| {
                let (dx, dy) = (w[1][0] - w[0][0], w[1][1] - w[0][1]);
                let along = ((q[0][0] - w[0][0]) * dx + (q[0][1] - w[0][1]) * dy) / (dx * dx + dy * dy);
                let s = along.clamp(0.0, 1.0);
                (q[0][0] - w[0][0] - s * dx).hypot(q[0][1] - w[0][1] - s * dy)
            });
            assert!(far.fold(f64::MAX, f64::min) <= TOLERANCE + 1e-6, "{t}");
        }
        let quadratic = bezier(&[control[0], control[1], control[3]], 1 << 20).unwrap();
        let middle = quadratic[quadratic.len() / 2];
        assert!((middle[1] - 3.2e6 - 200.0).abs() < 5.0, "{middle:?}");
        assert_eq!(bezier(&control[..2], 99), None);
        assert_eq!(bezier(&[control.clone(), control.clone()].concat()[..6], 1 << 20), None);
        assert_eq!(bezier(&control, 8), None);
    }

    #[test]
    fn circles_close() {
        let all = round(flat([10.0, 20.0]), 5.0);
        assert_eq!((all[0][0], all[0][1]), (all[all.len() - 1][0], all[all.len() - 1][1]));
        let through = circle(flat([15.0, 20.0]), flat([10.0, 25.0]), flat([5.0, 20.0])).unwrap();
        assert_eq!(through.len(), all.len());
    }
}
