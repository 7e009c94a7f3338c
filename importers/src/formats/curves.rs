//! Circles, ellipses, arcs, Bézier curves and splines as vertices, within a centimetre.

use std::f64::consts::{PI, TAU};

/// East, north and height; NaN where there is no height.
pub(super) type Vertex = [f64; 3];

/// How far a chord may lie from its curve: metres, and as much in degrees.
const METRES: f64 = 0.01;
const DEGREES: f64 = 1e-7;

/// How far a chord may lie from a curve at a place, in the place's units. Whether they are degrees is known only later, from
/// more than one curve: what may be degrees in China is taken as such, at worst with too many vertices.
pub(super) fn tolerance(x: f64, y: f64) -> f64 {
    let may_be = (70.0..=140.0).contains(&x.abs()) && (0.0..=60.0).contains(&y);
    if may_be { DEGREES } else { METRES }
}
/// Degrees of splines; drawings have 2 to 5, CAD programs stop at 11.
const MOST_DEGREE: usize = 11;

/// Vertices that a turn of `angle` at a radius needs to stay within a tolerance.
pub(super) fn steps(radius: f64, angle: f64, tolerance: f64) -> usize {
    let half = if radius > tolerance { (1.0 - tolerance / radius).acos() } else { PI / 8.0 };
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
    let n = steps(r, sweep, tolerance(a[0], a[1]));
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
    let n = steps(axis[0].hypot(axis[1]), to - from, tolerance(m[0], m[1]));
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

/// A control point with its weight `w`: x·w, y·w, z·w, w.
type Weighted = [f64; 4];

/// Halvings of one Bézier curve: a piece of a million parts is a point.
const HALVINGS: u32 = 20;

fn point(p: &Weighted) -> Vertex {
    [p[0] / p[3], p[1] / p[3], p[2] / p[3]]
}

fn between<const N: usize>(a: &[f64; N], b: &[f64; N], part: f64) -> [f64; N] {
    std::array::from_fn(|axis| a[axis] + (b[axis] - a[axis]) * part)
}

/// Where along a chord, from 0 to 1, a place is beside it, and how far away.
fn beside(from: [f64; 2], to: [f64; 2], p: [f64; 2]) -> (f64, f64) {
    let (d, q) = ([to[0] - from[0], to[1] - from[1]], [p[0] - from[0], p[1] - from[1]]);
    let long = d[0] * d[0] + d[1] * d[1];
    let along = if long > 0.0 { ((q[0] * d[0] + q[1] * d[1]) / long).clamp(0.0, 1.0) } else { 0.0 };
    (along, (q[0] - along * d[0]).hypot(q[1] - along * d[1]))
}

/// How far a place lies from a line.
pub(super) fn away(p: [f64; 2], line: &[[f64; 2]]) -> f64 {
    line.windows(2).map(|w| beside(w[0], w[1], p).1).fold(f64::MAX, f64::min)
}

/// Adds the vertices after the first of a Bézier curve of any degree. `None` beyond `most` vertices in all.
///
/// It is halved (de Casteljau) until its control points lie within the tolerance of its chord: as the weights are positive,
/// the curve lies within their hull.
fn stroke(piece: Vec<Weighted>, most: usize, all: &mut Vec<Vertex>) -> Option<()> {
    let mut todo = vec![(piece, HALVINGS)];
    while let Some((mut piece, halvings)) = todo.pop() {
        let (from, to) = (point(piece.first()?), point(piece.last()?));
        let tolerance = tolerance(from[0], from[1]);
        let flat = piece.iter().map(point).all(|p| {
            let (along, away) = beside([from[0], from[1]], [to[0], to[1]], [p[0], p[1]]);
            // A height beside the chord's counts too; there may be none.
            let above = (p[2] - from[2] - along * (to[2] - from[2])).abs();
            away <= tolerance && (above.is_nan() || above <= METRES)
        });
        if flat || halvings == 0 {
            if all.len() >= most {
                return None;
            }
            all.push(to);
            continue;
        }
        let mut second = vec![*piece.last()?];
        for round in 1..piece.len() {
            // The first of each round stays, for the first half; the last goes to the second.
            for i in (round..piece.len()).rev() {
                piece[i] = between(&piece[i - 1], &piece[i], 0.5);
            }
            second.push(*piece.last()?);
        }
        second.reverse();
        todo.push((second, halvings - 1));
        todo.push((piece, halvings - 1));
    }
    Some(())
}

/// A Bézier curve by its control points: three of a quadratic one, four of a cubic one, or of several cubic ones that follow
/// each other. `None` for another number of points, or more vertices than `most`.
pub(super) fn bezier(points: &[Vertex], most: usize) -> Option<Vec<Vertex>> {
    let degree = if points.len() == 3 { 2 } else { 3 };
    if points.len() < 3 || points.len() % degree != 1 {
        return None;
    }
    let mut all = vec![points[0]];
    for piece in points.windows(degree + 1).step_by(degree) {
        stroke(piece.iter().map(|p| [p[0], p[1], p[2], 1.0]).collect(), most, &mut all)?;
    }
    Some(all)
}

/// A uniform cubic B-spline by its control points, from the first to the last of them (knots of its ends count fourfold);
/// of three points a quadratic one, of two a straight line. `None` for more vertices than `most`.
pub(super) fn b_spline(points: &[Vertex], most: usize) -> Option<Vec<Vertex>> {
    if points.len() < 4 {
        return if points.len() == 3 { bezier(points, most) } else { Some(points.to_vec()) };
    }
    let last = (points.len() - 3) as f64;
    let knots: Vec<f64> = (0..points.len() + 4).map(|i| (i as f64 - 3.0).clamp(0.0, last)).collect();
    nurbs(3, &knots, points, &[], most)
}

/// Whether degree, knots, points and weights make a spline: as many knots as points and one more than the degree, that do
/// not fall and do not tear it, and positive weights or none.
pub(super) fn is_nurbs(degree: usize, knots: &[f64], points: &[Vertex], weights: &[f64]) -> bool {
    (1..=MOST_DEGREE).contains(&degree)
        && points.len() > degree
        && knots.len() == points.len() + degree + 1
        && knots.windows(2).all(|w| w[0] <= w[1])
        && (weights.is_empty() || weights.len() == points.len() && weights.iter().all(|w| *w > 0.0))
        // A knot within that counts oftener than the degree would tear it.
        && !(degree + 1..points.len()).any(|i| {
            knots[degree] < knots[i] && knots[i] == knots[i + degree] && knots[i] < knots[points.len()]
        })
}

/// A non-uniform rational B-spline; without weights all points count the same. `None` where it is none ([`is_nurbs`]), or for
/// more vertices than `most`.
///
/// Each span is a Bézier curve whose control points are the spline's blossom at the span's ends (Ramshaw 1989).
pub(super) fn nurbs(
    degree: usize,
    knots: &[f64],
    points: &[Vertex],
    weights: &[f64],
    most: usize,
) -> Option<Vec<Vertex>> {
    if !is_nurbs(degree, knots, points, weights) {
        return None;
    }
    let control = |i: usize| {
        let w = weights.get(i).copied().unwrap_or(1.0);
        [points[i][0] * w, points[i][1] * w, points[i][2] * w, w]
    };
    // The blossom of the span after knot `span`, at `later` times its end and else its beginning.
    let blossom = |span: usize, later: usize| {
        let mut d: Vec<Weighted> = (span - degree..=span).map(control).collect();
        for r in 1..=degree {
            let at = knots[if r <= degree - later { span } else { span + 1 }];
            for i in (r..=degree).rev() {
                let (from, to) = (knots[span + i - degree], knots[span + i + 1 - r]);
                d[i] = between(&d[i - 1], &d[i], (at - from) / (to - from));
            }
        }
        d[degree]
    };
    let mut all: Vec<Vertex> = Vec::new();
    for span in (degree..points.len()).filter(|i| knots[*i] < knots[i + 1]) {
        let piece: Vec<Weighted> = (0..=degree).map(|later| blossom(span, later)).collect();
        if all.is_empty() {
            all.push(point(&piece[0]));
        }
        stroke(piece, most, &mut all)?;
    }
    (!all.is_empty()).then_some(all)
}

/// A closed circle.
pub(super) fn round(m: Vertex, r: f64) -> Vec<Vertex> {
    let n = steps(r, TAU, tolerance(m[0], m[1]));
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
                    assert!(r - mid[0].hypot(mid[1]) <= METRES + 1e-9, "{r} {from} {to}");
                }
                let length: f64 = all.windows(2).map(|w| (w[1][0] - w[0][0]).hypot(w[1][1] - w[0][1])).sum();
                assert!((length - r * (to - from).abs()).abs() < 0.03 * r * (to - from).abs(), "{length}");
            }
        }
        assert_eq!(arc(flat([0.0, 0.0]), flat([1.0, 0.0]), flat([2.0, 0.0])).len(), 3);
    }

    /// Cox and de Boor's recursion, as textbooks have it.
    fn basis(knots: &[f64], i: usize, k: usize, t: f64) -> f64 {
        if k == 0 {
            return f64::from(u8::from(knots[i] <= t && t < knots[i + 1]));
        }
        let part = |n: f64, d: f64| if d == 0.0 { 0.0 } else { n / d };
        part(t - knots[i], knots[i + k] - knots[i]) * basis(knots, i, k - 1, t)
            + part(knots[i + k + 1] - t, knots[i + k + 1] - knots[i + 1]) * basis(knots, i + 1, k - 1, t)
    }

    fn away(p: [f64; 2], line: &[Vertex]) -> f64 {
        super::away(p, &line.iter().map(|v| [v[0], v[1]]).collect::<Vec<_>>())
    }

    #[test]
    fn splines_of_any_degree_knots_and_weights_stay_within_a_centimetre_of_their_definition() {
        let mut seed = 7u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as f64 / 2f64.powi(31)
        };
        for case in 0..120 {
            let (degree, more) = (1 + case % 5, (random() * 8.0) as usize);
            let n = degree + 1 + more;
            let points: Vec<Vertex> =
                (0..n).map(|_| [5e5 + random() * 900.0, 3.2e6 + random() * 900.0, random() * 50.0]).collect();
            let weights: Vec<f64> =
                if case % 3 == 0 { Vec::new() } else { (0..n).map(|_| 0.1 + random()).collect() };
            // Knots that repeat, at the ends fully or, as in a periodic one, not at all.
            let mut knots = vec![-3.0];
            while knots.len() < n + degree + 1 {
                let i = knots.len();
                let clamped = case % 4 != 3 && (i <= degree || i > n);
                let again = degree > 1 && i > degree + 1 && i % 2 == 0 && random() < 0.4;
                let step = if clamped || again { 0.0 } else { random() + 0.05 };
                knots.push(knots[i - 1] + step);
            }
            let Some(curve) = nurbs(degree, &knots, &points, &weights, 1 << 20) else {
                panic!("{case}: {knots:?}")
            };
            let (from, to) = (knots[degree], knots[n]);
            for step in 0..400 {
                let t = from + (to - from) * f64::from(step) / 400.0;
                let part = |i: usize| basis(&knots, i, degree, t) * weights.get(i).unwrap_or(&1.0);
                let all: f64 = (0..n).map(part).sum();
                let on = [0, 1].map(|a| (0..n).map(|i| part(i) * points[i][a]).sum::<f64>() / all);
                let away = away(on, &curve);
                assert!(away < METRES + 1e-6, "{case}, {t}: {away}");
            }
            assert!(curve.len() < 4_000, "{case}: {}", curve.len());
            assert_eq!(nurbs(degree, &knots, &points, &weights, 1), None, "bounded");
        }
    }

    /// Piegl and Tiller's circle: nine points, quadratic, every other weight √2/2.
    #[test]
    fn a_rational_spline_is_a_circle() {
        let (side, half) = (200.0, std::f64::consts::FRAC_1_SQRT_2);
        let places = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0)];
        let points = places.map(|(x, y)| flat([f64::from(x) * side, f64::from(y) * side]));
        let weights: Vec<f64> = (0..9).map(|i| if i % 2 == 1 { half } else { 1.0 }).collect();
        let knots = [0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 4].map(f64::from);
        let all = nurbs(2, &knots, &points, &weights, 1 << 20).unwrap();
        for w in all.windows(2) {
            let middle = [(w[0][0] + w[1][0]) / 2.0, (w[0][1] + w[1][1]) / 2.0];
            assert!((w[0][0].hypot(w[0][1]) - side).abs() < 1e-9);
            assert!(side - middle[0].hypot(middle[1]) <= METRES);
        }
        assert_eq!((all[0][0], all[0][1]), (all[all.len() - 1][0], all[all.len() - 1][1]));
        for (knots, weights) in [(&knots[1..], &weights[..]), (&knots, &weights[1..]), (&knots, &[0.0; 9])] {
            assert_eq!(nurbs(2, knots, &points, weights, 99_999), None);
        }
        assert_eq!(nurbs(0, &knots, &points, &[], 99_999), None);
        assert_eq!(nurbs(9, &[0.0; 19], &points, &[], 99_999), None);
        let torn = [0, 0, 0, 1, 1, 1, 2, 3, 3, 4, 4, 4].map(f64::from);
        assert_eq!(nurbs(2, &torn, &points, &[], 99_999), None);
        assert_eq!(nurbs(2, &[0.0; 12], &points, &[], 99_999), None, "nothing between its knots");
    }

    #[test]
    fn b_splines_agree_with_their_basis_functions() {
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
                assert!(away(on, &curve) < 0.0101, "{n} {t}");
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
                assert!(long - mid[0].hypot(mid[1]) <= METRES + 1e-9);
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
            assert!(away(q[0], &all) <= METRES + 1e-6, "{t}");
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
