//! MultiPatch records: surfaces of rings, strips and fans of triangles. Seen from above some are plain polygons; walls
//! and roofs over floors are not, and are not made into something that they are not.

use super::shp::{double, le};
use crate::geometry::rings::{assemble, twice_area};
use crate::notes::both;
use ditu_model::{Geometry, Shape, Text};
use std::collections::HashMap;

const STRIP: u32 = 0;
const FAN: u32 = 1;
const INNER: u32 = 3;

fn upright() -> Text {
    both(
        "多面体（MultiPatch）有竖直或重叠的面，从上方看不是一个面；用“多面体轮廓”工具导出地面轮廓",
        "the MultiPatch has upright or overlapping faces and is no polygon seen from above; export its ground outline with the tool Multipatch Footprint",
    )
}

/// One record's content, behind its box.
pub(super) fn parse(bytes: &[u8]) -> Result<Geometry, Text> {
    let (parts, n) = (le(bytes, 36) as usize, le(bytes, 40) as usize);
    let room = bytes.len().saturating_sub(44);
    if bytes.len() < 44 || parts > room / 8 || n > (room - 8 * parts) / 16 {
        return Err(both(
            "图形记录太短，与其点数不符",
            "the record is too short for the number of points that it states",
        ));
    }
    let at = 44 + 8 * parts;
    let points: Vec<[f64; 2]> =
        (0..n).map(|i| [double(bytes, at + 16 * i), double(bytes, at + 16 * i + 8)]).collect();
    if !points.iter().flatten().all(|c| c.is_finite()) {
        return Err(both("坐标不是有限的数（NaN 或无穷）", "a coordinate is not finite (NaN or infinite)"));
    }
    let (mut faces, mut rings, mut outer) = (Outline::default(), Geometry::new(Shape::Polygon), 0);
    for p in 0..parts {
        let from = le(bytes, 44 + 4 * p) as usize;
        let to = if p + 1 < parts { le(bytes, 48 + 4 * p) as usize } else { n };
        let Some(part) = points.get(from..to) else {
            return Err(both("图形各部分的起点不对", "the starts of the shape's parts are wrong"));
        };
        match le(bytes, 44 + 4 * parts + 4 * p) {
            STRIP => part.windows(3).try_for_each(|w| faces.add([w[0], w[1], w[2]]))?,
            FAN => part.windows(2).skip(1).try_for_each(|w| faces.add([part[0], w[0], w[1]]))?,
            kind => {
                outer += usize::from(kind != INNER);
                rings.push_ring(part);
            }
        }
    }
    match (faces.edges.is_empty(), rings.rings.len()) {
        (false, 0) => faces.polygon(),
        // Several outer rings are the faces of a body.
        (true, 1..) if outer == 1 => sound(rings, None),
        _ => Err(upright()),
    }
}

/// Loose rings as polygons, when they are of one whole: of the area that is known, or with more land than holes.
fn sound(rings: Geometry, area: Option<f64>) -> Result<Geometry, Text> {
    if rings.rings().any(|r| r.len() < 4 || r.first() != r.last()) {
        return Err(upright());
    }
    let g = assemble(rings).filter(|g| area.is_some() || g.parts.len() == 1).ok_or_else(upright)?;
    // Exteriors are counter-clockwise by now and holes clockwise: the sum is what is land.
    let land: f64 = g.rings().map(twice_area).sum();
    let greatest = g.rings().map(|r| twice_area(r).abs()).fold(0.0, f64::max);
    let whole = match area {
        Some(area) => (land - area).abs() <= area * 1e-6,
        None => land > greatest * 1e-6,
    };
    if whole { Ok(g) } else { Err(upright()) }
}

type Key = [u64; 2];

fn key(p: [f64; 2]) -> Key {
    // Nought has two signs and is one place.
    p.map(|c| (c + 0.0).to_bits())
}

/// The edges of triangles that no second triangle shares.
#[derive(Default)]
struct Outline {
    edges: HashMap<(Key, Key), [f64; 2]>,
    twice: f64,
}

impl Outline {
    fn add(&mut self, mut t: [[f64; 2]; 3]) -> Result<(), Text> {
        let area = twice_area(&[t[0], t[1], t[2], t[0]]);
        let side = |a: usize, b: usize| (t[a][0] - t[b][0]).hypot(t[a][1] - t[b][1]);
        let longest = side(0, 1).max(side(1, 2)).max(side(2, 0));
        if area.abs() <= longest * longest * 1e-9 {
            return Err(upright());
        }
        if area < 0.0 {
            t.swap(1, 2);
        }
        self.twice += area.abs();
        for (a, b) in [(t[0], t[1]), (t[1], t[2]), (t[2], t[0])] {
            // Neighbours run along a shared edge in opposite directions; the same direction twice is an overlap.
            if self.edges.remove(&(key(b), key(a))).is_none()
                && self.edges.insert((key(a), key(b)), a).is_some()
            {
                return Err(upright());
            }
        }
        Ok(())
    }

    fn polygon(self) -> Result<Geometry, Text> {
        let mut next: HashMap<Key, (Key, [f64; 2])> = HashMap::new();
        for ((from, to), place) in &self.edges {
            if next.insert(*from, (*to, *place)).is_some() {
                return Err(upright());
            }
        }
        let mut rings = Geometry::new(Shape::Polygon);
        let mut starts: Vec<Key> = next.keys().copied().collect();
        starts.sort_unstable();
        for start in starts {
            let (mut at, mut ring) = (start, Vec::new());
            while let Some((to, place)) = next.remove(&at) {
                ring.push(place);
                at = to;
            }
            if ring.is_empty() {
                continue;
            }
            if at != start {
                return Err(upright());
            }
            ring.push(ring[0]);
            rings.push_ring(&ring);
        }
        sound(rings, Some(self.twice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(parts: &[(u32, &[[f64; 2]])]) -> Vec<u8> {
        let mut b = vec![31, 0, 0, 0];
        b.resize(36, 0);
        let n: usize = parts.iter().map(|p| p.1.len()).sum();
        b.extend((parts.len() as u32).to_le_bytes());
        b.extend((n as u32).to_le_bytes());
        let mut from = 0u32;
        for (_, points) in parts {
            b.extend(from.to_le_bytes());
            from += points.len() as u32;
        }
        parts.iter().for_each(|(kind, _)| b.extend(kind.to_le_bytes()));
        for c in parts.iter().flat_map(|p| p.1).flatten() {
            b.extend(c.to_le_bytes());
        }
        b
    }

    const SQUARE: [[f64; 2]; 5] = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [0.0, 0.0]];
    const HOLE: [[f64; 2]; 5] = [[2.0, 2.0], [4.0, 2.0], [4.0, 4.0], [2.0, 4.0], [2.0, 2.0]];

    fn area(g: &Geometry) -> f64 {
        g.rings().map(twice_area).sum::<f64>() / 2.0
    }

    #[test]
    fn flat_roofs_of_rings_strips_and_fans_become_polygons() {
        let strip = [[0.0, 0.0], [0.0, 5.0], [5.0, 0.0], [5.0, 5.0], [10.0, 0.0]];
        let fan = [[5.0, 5.0], [0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [0.0, 0.0]];
        for (parts, expected, rings) in [
            (vec![(2, &SQUARE[..]), (3, &HOLE[..])], 96.0, 2),
            (vec![(STRIP, &strip[..])], 37.5, 1),
            (vec![(FAN, &fan[..])], 100.0, 1),
        ] {
            let g = parse(&record(&parts)).unwrap();
            assert_eq!((area(&g), g.rings.len(), g.parts.len()), (expected, rings, 1));
        }
    }

    #[test]
    fn bodies_and_walls_are_refused() {
        let wall = [[0.0, 0.0], [0.0, 0.0], [10.0, 0.0], [10.0, 0.0]];
        let folded = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [1.0, 1.0]];
        for parts in [
            vec![(2, &SQUARE[..]), (2, &SQUARE[..])],
            vec![(2, &SQUARE[..]), (3, &SQUARE[..])],
            vec![(STRIP, &wall[..])],
            vec![(STRIP, &folded[..])],
            vec![(FAN, &SQUARE[..]), (2, &HOLE[..])],
            vec![],
        ] {
            assert!(parse(&record(&parts)).is_err(), "{parts:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
            let mut whole = record(&[(0, &SQUARE), (2, &HOLE)]);
            let n = whole.len();
            bytes.chunks(2).for_each(|b| whole[usize::from(b[0]) % n] = b[b.len() - 1]);
            let _ = parse(&whole);
        }
    }
}
