//! The plane that everything is drawn in: metres east and north of EPSG:4546, rounded to the millimetre.

use ditu_crs::{Crs, Datum};

/// East and north in metres (CGCS2000 Gauss–Krüger, central meridian 111° E, false easting 500 km).
pub(crate) type P = [f64; 2];

/// What EPSG:4525 adds to an easting of EPSG:4546: the number of the three-degree zone in millions.
pub(crate) const ZONE_PREFIX: f64 = 37_000_000.0;

/// To the millimetre: the grain in which vertices are equal.
pub(crate) fn mm(p: P) -> P {
    [(p[0] * 1000.0).round() / 1000.0, (p[1] * 1000.0).round() / 1000.0]
}

/// The millimetre grid point, as a key.
pub(crate) fn key(p: P) -> (i64, i64) {
    ((p[0] * 1000.0).round() as i64, (p[1] * 1000.0).round() as i64)
}

pub(crate) fn add(a: P, b: P) -> P {
    [a[0] + b[0], a[1] + b[1]]
}

pub(crate) fn sub(a: P, b: P) -> P {
    [a[0] - b[0], a[1] - b[1]]
}

pub(crate) fn scale(a: P, k: f64) -> P {
    [a[0] * k, a[1] * k]
}

pub(crate) fn lerp(a: P, b: P, t: f64) -> P {
    [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]
}

pub(crate) fn dist(a: P, b: P) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// The direction from a to b, length 1; east when they are one point.
pub(crate) fn direction(a: P, b: P) -> P {
    let d = dist(a, b);
    if d > 0.0 { scale(sub(b, a), 1.0 / d) } else { [1.0, 0.0] }
}

/// A quarter turn to the left.
pub(crate) fn left(d: P) -> P {
    [-d[1], d[0]]
}

/// Length of a line.
pub(crate) fn length(line: &[P]) -> f64 {
    line.windows(2).map(|w| dist(w[0], w[1])).sum()
}

/// Signed area of a ring (closed or not); counter-clockwise is positive. Taken about its first vertex, where
/// seven-digit northings lose nothing.
pub(crate) fn area(ring: &[P]) -> f64 {
    let Some(&o) = ring.first() else { return 0.0 };
    let twice: f64 = (0..ring.len())
        .map(|i| {
            let (a, b) = (sub(ring[i], o), sub(ring[(i + 1) % ring.len()], o));
            a[0] * b[1] - b[0] * a[1]
        })
        .sum();
    twice / 2.0
}

/// Whether a point lies within a ring (even-odd rule).
pub(crate) fn inside(ring: &[P], p: P) -> bool {
    let mut within = false;
    let mut j = ring.len().wrapping_sub(1);
    for i in 0..ring.len() {
        let (a, b) = (ring[i], ring[j]);
        if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0] - a[0]) * (p[1] - a[1]) / (b[1] - a[1]) + a[0] {
            within = !within;
        }
        j = i;
    }
    within
}

/// Distance of a point from a segment, and where along it (0..1) the nearest point lies.
pub(crate) fn to_segment(p: P, a: P, b: P) -> (f64, f64) {
    let d = sub(b, a);
    let q = d[0] * d[0] + d[1] * d[1];
    let t = if q > 0.0 { (((p[0] - a[0]) * d[0] + (p[1] - a[1]) * d[1]) / q).clamp(0.0, 1.0) } else { 0.0 };
    (dist(p, lerp(a, b, t)), t)
}

/// A smooth line through control points (Catmull–Rom), sampled about every `step` metres.
pub(crate) fn smooth(points: &[P], step: f64) -> Vec<P> {
    let mut line = Vec::new();
    for i in 0..points.len().saturating_sub(1) {
        let p0 = points[i.saturating_sub(1)];
        let (p1, p2) = (points[i], points[i + 1]);
        let p3 = points[(i + 2).min(points.len() - 1)];
        let n = (dist(p1, p2) / step).ceil().max(1.0) as usize;
        for k in 0..n {
            let t = k as f64 / n as f64;
            let c = |d: usize| {
                0.5 * (2.0 * p1[d]
                    + (p2[d] - p0[d]) * t
                    + (2.0 * p0[d] - 5.0 * p1[d] + 4.0 * p2[d] - p3[d]) * t * t
                    + (3.0 * p1[d] - p0[d] - 3.0 * p2[d] + p3[d]) * t * t * t)
            };
            line.push([c(0), c(1)]);
        }
    }
    line.extend(points.last());
    line
}

/// The point a given way along a line, with the direction there. None for an empty line.
pub(crate) fn along(line: &[P], way: f64) -> Option<(P, P)> {
    let mut left_over = way;
    for w in line.windows(2) {
        let d = dist(w[0], w[1]);
        if left_over <= d && d > 0.0 {
            return Some((lerp(w[0], w[1], left_over / d), direction(w[0], w[1])));
        }
        left_over -= d;
    }
    let last = *line.last()?;
    let before = *line.get(line.len().wrapping_sub(2))?;
    Some((last, direction(before, last)))
}

/// Segments in kilometre buckets, for "what is near this point".
pub(crate) struct Near<T> {
    cells: std::collections::HashMap<(i32, i32), Vec<T>>,
    size: f64,
}

impl<T: Copy> Near<T> {
    pub(crate) fn new(size: f64) -> Near<T> {
        Near { cells: std::collections::HashMap::new(), size }
    }

    fn cell(&self, p: P) -> (i32, i32) {
        ((p[0] / self.size).floor() as i32, (p[1] / self.size).floor() as i32)
    }

    /// Enters a thing under every bucket that the box of two points touches.
    pub(crate) fn insert(&mut self, a: P, b: P, thing: T) {
        let (lo, hi) =
            (self.cell([a[0].min(b[0]), a[1].min(b[1])]), self.cell([a[0].max(b[0]), a[1].max(b[1])]));
        for i in lo.0..=hi.0 {
            for j in lo.1..=hi.1 {
                self.cells.entry((i, j)).or_default().push(thing);
            }
        }
    }

    /// Things entered in the bucket of the point and its eight neighbours, in fixed order; some may come twice.
    pub(crate) fn around(&self, p: P) -> impl Iterator<Item = T> + '_ {
        let (i, j) = self.cell(p);
        (-1..=1)
            .flat_map(move |di| (-1..=1).map(move |dj| (i + di, j + dj)))
            .filter_map(|c| self.cells.get(&c))
            .flatten()
            .copied()
    }
}

/// EPSG:4546.
static ZONE: std::sync::LazyLock<Crs> =
    std::sync::LazyLock::new(|| Crs::gauss_kruger(Datum::Cgcs2000, 111.0, None));

/// Longitude and latitude in degrees → plane.
pub(crate) fn from_lonlat(lonlat: P) -> P {
    ZONE.project(lonlat)
}

/// Plane → longitude and latitude in degrees.
pub(crate) fn to_lonlat(p: P) -> P {
    ZONE.unproject(p)
}
