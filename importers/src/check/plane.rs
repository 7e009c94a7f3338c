//! A plane around the first place seen, in whole millimetres: equal vertices stay equal and orientation is exact.

use crate::geometry::measure::metres_per_degree;
use std::collections::HashMap;

/// The plane. Good to a per cent of length over a city, which is what topology needs; ground lengths are measured
/// elsewhere.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plane {
    origin: Option<([f64; 2], [f64; 2])>,
}

impl Plane {
    /// Millimetres east and north of the origin; clamped at 2,000 km.
    pub(crate) fn of(&mut self, p: [f64; 2]) -> [i32; 2] {
        let (o, m) = *self.origin.get_or_insert_with(|| (p, metres_per_degree(p[1])));
        [0, 1].map(|i| {
            let v = (p[i] - o[i]) * m[i] * 1000.0;
            // Half away from zero, as `round` does, without a call.
            (v + 0.5_f64.copysign(v)) as i32
        })
    }

    /// Back to degrees.
    pub(crate) fn degrees(&self, p: [i32; 2]) -> [f64; 2] {
        let (o, m) = self.origin.unwrap_or(([0.0; 2], [1.0; 2]));
        [0, 1].map(|i| o[i] + f64::from(p[i]) / 1000.0 / m[i])
    }
}

/// Twice the area of the triangle, positive when `p` is left of a → b. Exact.
pub(crate) fn side(a: [i32; 2], b: [i32; 2], p: [i32; 2]) -> i128 {
    let d = |u: i32, v: i32| i128::from(u) - i128::from(v);
    d(b[0], a[0]) * d(p[1], a[1]) - d(b[1], a[1]) * d(p[0], a[0])
}

/// A quick hash for numbers of our own making: keys come from coordinates that were judged, and a collision costs only
/// time, so that a keyed hash would buy nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mix(u64);

impl std::hash::Hasher for Mix {
    fn finish(&self) -> u64 {
        // The upper half of a product is the well-mixed one; maps look at the lower bits.
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for b in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..b.len()].copy_from_slice(b);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0.rotate_left(23) ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_i32(&mut self, n: i32) {
        self.write_u64(u64::from(n as u32));
    }

    fn write_u8(&mut self, n: u8) {
        self.write_u64(u64::from(n));
    }
}

/// A map hashed by [`Mix`].
pub(crate) type Map<K, V> = HashMap<K, V, std::hash::BuildHasherDefault<Mix>>;

/// A box in millimetres: min x, min y, max x, max y.
pub(crate) type Box4 = [i32; 4];

/// The box of points.
pub(crate) fn box_of(points: &[[i32; 2]]) -> Box4 {
    points.iter().fold([i32::MAX, i32::MAX, i32::MIN, i32::MIN], |b, p| {
        [b[0].min(p[0]), b[1].min(p[1]), b[2].max(p[0]), b[3].max(p[1])]
    })
}

/// True when two boxes share more than an edge.
pub(crate) fn overlap(a: &Box4, b: &Box4) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

/// Boxes by size and place: each lies in at most four cells of the level whose cells are as great as itself, or greater.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    /// The place in `entries` of a cell's last box.
    cells: Map<(u8, i32, i32), u32>,
    /// A box's number, and the place of the one before it in its cell.
    entries: Vec<(u32, u32)>,
    levels: [Vec<u32>; 32],
}

/// No further entry.
const NONE: u32 = u32::MAX;

/// Cells of 16 m and more, each level four times as wide as the one before: few levels to look at matter more than few
/// boxes in a cell, for a box is compared faster than a cell is found.
fn level(b: &Box4) -> u8 {
    let size = (i64::from(b[2]) - i64::from(b[0])).max(i64::from(b[3]) - i64::from(b[1])).max(1 << 14);
    (64 - (size - 1).leading_zeros()).next_multiple_of(2).min(31) as u8
}

fn cells(b: &Box4, level: u8) -> [i32; 4] {
    b.map(|v| v >> level)
}

impl Grid {
    /// With room for so many boxes.
    pub(crate) fn with_capacity(boxes: usize) -> Grid {
        let mut grid = Grid::default();
        grid.cells.reserve(boxes);
        grid.entries.reserve(boxes * 2);
        grid
    }

    /// Remembers a box under a number.
    pub(crate) fn insert(&mut self, b: &Box4, number: u32) {
        let l = level(b);
        let c = cells(b, l);
        for x in c[0]..=c[2] {
            for y in c[1]..=c[3] {
                let last = self.cells.entry((l, x, y)).or_insert(NONE);
                self.entries.push((number, *last));
                // 4 billion entries would be 32 GB: the boxes alone are more by then.
                *last = (self.entries.len() - 1) as u32;
            }
        }
        self.levels[usize::from(l)].push(number);
    }

    /// Numbers of boxes that may meet this one; a number may come more than once.
    pub(crate) fn near(&self, b: &Box4, take: &mut dyn FnMut(u32)) {
        for (l, all) in self.levels.iter().enumerate().filter(|(_, all)| !all.is_empty()) {
            let c = cells(b, l as u8);
            let count = (i64::from(c[2]) - i64::from(c[0]) + 1) * (i64::from(c[3]) - i64::from(c[1]) + 1);
            if count > all.len() as i64 {
                all.iter().for_each(|n| take(*n));
                continue;
            }
            for x in c[0]..=c[2] {
                for y in c[1]..=c[3] {
                    let mut at = self.cells.get(&(l as u8, x, y)).copied().unwrap_or(NONE);
                    while let Some(&(number, before)) = self.entries.get(at as usize) {
                        take(number);
                        at = before;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_finds_every_box_that_meets() {
        let mut seed = 3u64;
        let mut random = |n: i64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((seed >> 33) as i64 % n) as i32
        };
        let mut grid = Grid::default();
        let mut all: Vec<Box4> = Vec::new();
        for i in 0..600u32 {
            let size = 1 << random(22);
            let (x, y) = (random(4_000_000) - 2_000_000, random(4_000_000) - 2_000_000);
            let b = [x, y, x + random(i64::from(size) + 1), y + random(i64::from(size) + 1)];
            let mut found = Vec::new();
            grid.near(&b, &mut |n| found.push(n));
            for (n, other) in all.iter().enumerate() {
                assert!(!overlap(&b, other) || found.contains(&(n as u32)), "{b:?} {other:?}");
            }
            grid.insert(&b, i);
            all.push(b);
        }
    }

    #[test]
    fn the_plane_goes_there_and_back() {
        let mut plane = Plane::default();
        plane.of([111.7, 29.0]);
        let p = [111.712345, 29.054321];
        let back = plane.of(p);
        let degrees = plane.degrees(back);
        assert!((degrees[0] - p[0]).abs() < 1e-8 && (degrees[1] - p[1]).abs() < 1e-8);
    }
}
