//! Does a polygon's boundary cross itself? Brute force for the few vertices of a building, a sweep for the many of a
//! lake, and an end to the work for what somebody made to keep us busy.

use ditu_model::Geometry;

/// Pairs of segments that are looked at before giving up.
const BUDGET: u64 = 40_000_000;

/// What the search came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Crossing {
    /// None: rings may touch in points.
    None,
    /// Two segments cross or run along each other, near this place.
    At([f64; 2]),
    /// Too many segments lie over each other to tell.
    TooMany,
}

#[derive(Clone, Copy)]
struct Segment {
    a: [f64; 2],
    b: [f64; 2],
    low: f64,
    high: f64,
    ring: u32,
    index: u32,
    last: bool,
}

/// Looks for the first crossing among all rings of a polygon.
pub(crate) fn crossing(geometry: &Geometry) -> Crossing {
    let count = geometry.coords.len();
    if geometry.rings.len() == 1 && count <= 12 {
        return few(geometry.ring(0));
    }
    let mut all = Vec::with_capacity(count);
    for (r, ring) in geometry.rings().enumerate() {
        let n = ring.len().saturating_sub(1);
        for (i, w) in ring.windows(2).enumerate() {
            all.push(Segment {
                a: w[0],
                b: w[1],
                low: w[0][0].min(w[1][0]),
                high: w[0][0].max(w[1][0]),
                ring: r as u32,
                index: i as u32,
                last: i + 1 == n,
            });
        }
    }
    all.sort_unstable_by(|s, t| s.low.total_cmp(&t.low));
    let mut work = 0u64;
    for (i, s) in all.iter().enumerate() {
        let (bottom, top) = (s.a[1].min(s.b[1]), s.a[1].max(s.b[1]));
        for t in &all[i + 1..] {
            if t.low > s.high {
                break;
            }
            work += 1;
            if t.a[1].max(t.b[1]) < bottom || t.a[1].min(t.b[1]) > top {
                continue;
            }
            let neighbours = s.ring == t.ring
                && (s.index.abs_diff(t.index) == 1 || (s.index == 0 && t.last) || (t.index == 0 && s.last));
            if let Some(at) = meet(s.a, s.b, t.a, t.b, neighbours) {
                return Crossing::At(at);
            }
        }
        if work > BUDGET {
            return Crossing::TooMany;
        }
    }
    Crossing::None
}

fn few(ring: &[[f64; 2]]) -> Crossing {
    let n = ring.len().saturating_sub(1);
    for i in 0..n {
        for j in i + 1..n {
            let neighbours = j == i + 1 || (i == 0 && j == n - 1);
            if let Some(at) = meet(ring[i], ring[i + 1], ring[j], ring[j + 1], neighbours) {
                return Crossing::At(at);
            }
        }
    }
    Crossing::None
}

#[inline]
fn side(a: [f64; 2], b: [f64; 2], p: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
}

/// Where two segments cross in their insides or overlap along a stretch. Touching in a point is allowed: rings of a
/// valid polygon may touch themselves and each other.
#[inline]
fn meet(a: [f64; 2], b: [f64; 2], c: [f64; 2], d: [f64; 2], neighbours: bool) -> Option<[f64; 2]> {
    let (s1, s2) = (side(a, b, c), side(a, b, d));
    if (s1 > 0.0 && s2 > 0.0) || (s1 < 0.0 && s2 < 0.0) {
        return None;
    }
    let (s3, s4) = (side(c, d, a), side(c, d, b));
    if (s3 > 0.0 && s4 > 0.0) || (s3 < 0.0 && s4 < 0.0) {
        return None;
    }
    if s1 == 0.0 && s2 == 0.0 {
        // On one line: does a stretch belong to both?
        let axis = usize::from((b[0] - a[0]).abs() < (b[1] - a[1]).abs());
        let low = a[axis].min(b[axis]).max(c[axis].min(d[axis]));
        let high = a[axis].max(b[axis]).min(c[axis].max(d[axis]));
        return (high > low).then(|| {
            let p = [a, b, c, d].into_iter().find(|p| p[axis] == low).unwrap_or(a);
            [p[0], p[1]]
        });
    }
    if neighbours || s1 == 0.0 || s2 == 0.0 || s3 == 0.0 || s4 == 0.0 {
        return None;
    }
    let t = s1 / (s1 - s2);
    Some([c[0] + (d[0] - c[0]) * t, c[1] + (d[1] - c[1]) * t])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(rings: &[&[[f64; 2]]]) -> Geometry {
        Geometry::polygon(rings.iter().map(|r| r.to_vec()).collect())
    }

    #[test]
    fn u10_a_bow_tie_crosses_and_a_square_does_not() {
        let tie = polygon(&[&[[0., 0.], [2., 2.], [2., 0.], [0., 2.], [0., 0.]]]);
        assert_eq!(crossing(&tie), Crossing::At([1.0, 1.0]));
        let square = polygon(&[&[[0., 0.], [2., 0.], [2., 2.], [0., 2.], [0., 0.]]]);
        assert_eq!(crossing(&square), Crossing::None);
    }

    #[test]
    fn rings_may_touch_in_a_point_but_not_along_a_line() {
        let outer: &[[f64; 2]] = &[[0., 0.], [4., 0.], [4., 4.], [0., 4.], [0., 0.]];
        let touching = polygon(&[outer, &[[0., 2.], [1., 1.], [1., 3.], [0., 2.]]]);
        assert_eq!(crossing(&touching), Crossing::None);
        let along = polygon(&[outer, &[[0., 1.], [1., 1.], [0., 3.], [0., 1.]]]);
        assert!(matches!(crossing(&along), Crossing::At(_)));
    }

    #[test]
    fn the_sweep_finds_what_brute_force_finds() {
        let mut seed = 7u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 40) as f64 / f64::from(1 << 24)
        };
        let mut crossed = 0;
        for _ in 0..300 {
            let n = 3 + (random() * 6.0) as usize;
            let mut ring: Vec<[f64; 2]> = (0..n).map(|_| [random(), random()]).collect();
            ring.push(ring[0]);
            let brute = few(&ring) != Crossing::None;
            // A second ring far away sends the same polygon through the sweep.
            let far: &[[f64; 2]] = &[[9., 9.], [9.1, 9.], [9., 9.1], [9., 9.]];
            assert_eq!(crossing(&polygon(&[&ring, far])) != Crossing::None, brute);
            crossed += i32::from(brute);
        }
        assert!(crossed > 50);
    }

    #[test]
    fn a_shape_made_to_keep_us_busy_is_given_up() {
        // Up in a zigzag, down beside it: nothing crosses, and every stroke lies over every other.
        let mut ring: Vec<[f64; 2]> = (0..60_000).map(|i| [f64::from(i % 2), f64::from(i) * 1e-3]).collect();
        ring.extend([[2.0, 60.0], [2.0, -1.0], [0.0, -1.0], [0.0, 0.0]]);
        assert_eq!(crossing(&polygon(&[&ring])), Crossing::TooMany);
    }
}
