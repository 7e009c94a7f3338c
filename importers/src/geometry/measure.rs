//! Lengths and areas on the ground from longitude and latitude (GRS 80, the ellipsoid of CGCS2000).

use ditu_model::{Geometry, Shape};

const A: f64 = 6_378_137.0;
const F: f64 = 1.0 / 298.257_222_101;
const E2: f64 = F * (2.0 - F);

/// Metres a degree of longitude and of latitude at a latitude.
pub(crate) fn metres_per_degree(lat: f64) -> [f64; 2] {
    let (sin, cos) = lat.to_radians().sin_cos();
    let w = 1.0 - E2 * sin * sin;
    let degree = std::f64::consts::PI / 180.0;
    [A / w.sqrt() * cos * degree, A * (1.0 - E2) / (w * w.sqrt()) * degree]
}

/// The distance of two near points in metres.
pub fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    let m = metres_per_degree((a[1] + b[1]) / 2.0);
    ((b[0] - a[0]) * m[0]).hypot((b[1] - a[1]) * m[1])
}

/// The length of all lines in metres.
pub fn length(geometry: &Geometry) -> f64 {
    geometry.rings().map(|r| r.windows(2).map(|w| distance(w[0], w[1])).sum::<f64>()).sum()
}

/// The area between the equator and a latitude, a radian of longitude wide, in m² (Snyder 1987, 3-12).
fn strip(lat: f64) -> f64 {
    let e = E2.sqrt();
    let s = lat.to_radians().sin();
    A * A * (1.0 - E2) / 2.0 * (s / (1.0 - E2 * s * s) + ((1.0 + e * s) / (1.0 - e * s)).ln() / (2.0 * e))
}

/// The area of a ring in m², positive when it runs counter-clockwise.
pub(crate) fn ring_area(ring: &[[f64; 2]]) -> f64 {
    let Some(first) = ring.first() else { return 0.0 };
    let base = strip(first[1]);
    let mut before = (first[0], 0.0);
    let mut sum = 0.0;
    for p in &ring[1..] {
        let here = (p[0], strip(p[1]) - base);
        sum -= (here.0 - before.0).to_radians() * (here.1 + before.1) / 2.0;
        before = here;
    }
    sum
}

/// The area of all polygons in m², holes taken off.
pub fn area(geometry: &Geometry) -> f64 {
    if geometry.shape != Shape::Polygon {
        return 0.0;
    }
    (0..geometry.parts.len())
        .map(|p| {
            let mut rings = geometry.part(p).map(|r| ring_area(geometry.ring(r)).abs());
            let outer = rings.next().unwrap_or(0.0);
            outer - rings.sum::<f64>()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degree_square_at_the_equator_has_the_known_area() {
        let ring = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]];
        // GeographicLib's Planimeter: 12308778361.469 m² with geodesic sides; the parallel at 1° differs by 3e-5.
        assert!((ring_area(&ring) / 12_308_778_361.469 - 1.0).abs() < 1e-4, "{}", ring_area(&ring));
        let back: Vec<_> = ring.iter().rev().copied().collect();
        assert!(ring_area(&back) < 0.0);
    }

    #[test]
    fn a_small_square_keeps_its_digits() {
        let m = metres_per_degree(29.0);
        let (dx, dy) = (20.0 / m[0], 10.0 / m[1]);
        let ring =
            [[111.0, 29.0], [111.0 + dx, 29.0], [111.0 + dx, 29.0 + dy], [111.0, 29.0 + dy], [111.0, 29.0]];
        assert!((ring_area(&ring) - 200.0).abs() < 0.002, "{}", ring_area(&ring));
        assert!((distance(ring[0], ring[2]) - 500f64.sqrt()).abs() < 1e-3);
    }
}
