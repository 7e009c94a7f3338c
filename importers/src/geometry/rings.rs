//! Which rings are polygons and which are their holes, by what lies in what: the direction of rings is often wrong.

use ditu_model::{Bounds, Geometry, Shape};

/// Rings of one shape beyond which nobody means a map.
const MOST: usize = 20_000;

/// Twice the plane area of a ring, positive when counter-clockwise. Relative to its first vertex, to keep digits.
pub(crate) fn twice_area(ring: &[[f64; 2]]) -> f64 {
    let Some(o) = ring.first() else { return 0.0 };
    ring.windows(2).map(|w| (w[0][0] - o[0]) * (w[1][1] - o[1]) - (w[1][0] - o[0]) * (w[0][1] - o[1])).sum()
}

/// True when a point lies inside a ring (even-odd; on the edge counts as either).
pub(crate) fn contains(ring: &[[f64; 2]], p: [f64; 2]) -> bool {
    let mut inside = false;
    for w in ring.windows(2) {
        let (a, b) = (w[0], w[1]);
        if (a[1] > p[1]) != (b[1] > p[1]) {
            let x = a[0] + (p[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]);
            inside ^= p[0] < x;
        }
    }
    inside
}

/// Makes polygons of loose rings: a ring inside an odd number of others is a hole of the smallest of them. Exteriors
/// are turned counter-clockwise, holes clockwise. `None` when there are too many rings.
pub(crate) fn assemble(geometry: Geometry) -> Option<Geometry> {
    let n = geometry.rings.len();
    if n == 1 {
        let mut g = geometry;
        g.parts = vec![1];
        return Some(turned(g));
    }
    if n > MOST {
        return None;
    }
    let boxes: Vec<Bounds> = geometry
        .rings()
        .map(|r| {
            let mut b = Bounds::EMPTY;
            r.iter().for_each(|p| b.add(*p));
            b
        })
        .collect();
    let areas: Vec<f64> = geometry.rings().map(|r| twice_area(r).abs()).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| areas[b].total_cmp(&areas[a]));
    // Greatest first, so that whatever holds a ring has been placed before it.
    let mut depth = vec![0u32; n];
    let mut parent = vec![usize::MAX; n];
    for (k, &i) in order.iter().enumerate() {
        for &j in order[..k].iter().rev() {
            if boxes[j].contains(&boxes[i]) && within(geometry.ring(i), geometry.ring(j)) {
                depth[i] = depth[j] + 1;
                parent[i] = j;
                break;
            }
        }
    }
    let mut holes: Vec<Vec<usize>> = vec![Vec::new(); n];
    for i in 0..n {
        if depth[i] % 2 == 1 {
            holes[parent[i]].push(i);
        }
    }
    let mut out = Geometry::new(Shape::Polygon);
    out.coords.reserve(geometry.coords.len());
    let start = |i: usize| if i == 0 { 0 } else { geometry.rings[i - 1] as usize };
    for i in (0..n).filter(|&i| depth[i].is_multiple_of(2)) {
        for &r in std::iter::once(&i).chain(&holes[i]) {
            out.push_ring(geometry.ring(r));
            if geometry.has_z() {
                out.z.extend_from_slice(&geometry.z[start(r)..geometry.rings[r] as usize]);
            }
        }
        out.end_part();
    }
    Some(turned(out))
}

/// True when the first vertex of `inner` that is not a vertex of `outer` lies inside it.
fn within(inner: &[[f64; 2]], outer: &[[f64; 2]]) -> bool {
    let own = inner.iter().take(64).find(|p| !outer.contains(p));
    contains(outer, *own.unwrap_or(&inner[0]))
}

/// Exteriors counter-clockwise, holes clockwise.
pub(crate) fn turned(mut geometry: Geometry) -> Geometry {
    for part in 0..geometry.parts.len() {
        for (k, r) in geometry.part(part).enumerate() {
            let from = if r == 0 { 0 } else { geometry.rings[r - 1] as usize };
            let to = geometry.rings[r] as usize;
            let ccw = twice_area(&geometry.coords[from..to]) > 0.0;
            if ccw != (k == 0) {
                geometry.coords[from..to].reverse();
                if !geometry.z.is_empty() {
                    geometry.z[from..to].reverse();
                }
            }
        }
    }
    geometry
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, y: f64, size: f64, clockwise: bool) -> Vec<[f64; 2]> {
        let mut r = vec![[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]];
        if clockwise {
            r.reverse();
        }
        r
    }

    #[test]
    fn rings_are_sorted_by_what_lies_in_what_not_by_direction() {
        for bits in 0..16u32 {
            let mut g = Geometry::new(Shape::Polygon);
            g.push_ring(&square(2.0, 2.0, 6.0, bits & 1 > 0)); // hole of the big one
            g.push_ring(&square(0.0, 0.0, 10.0, bits & 2 > 0));
            g.push_ring(&square(4.0, 4.0, 1.0, bits & 4 > 0)); // island in the hole
            g.push_ring(&square(20.0, 0.0, 3.0, bits & 8 > 0));
            let g = assemble(g).unwrap();
            assert_eq!(g.parts.len(), 3, "{bits}");
            let holes: Vec<usize> = (0..3).map(|p| g.part(p).len() - 1).collect();
            assert_eq!(holes, [1, 0, 0], "{bits}");
            for part in 0..3 {
                for (k, r) in g.part(part).enumerate() {
                    assert_eq!(twice_area(g.ring(r)) > 0.0, k == 0);
                }
            }
        }
    }
}
