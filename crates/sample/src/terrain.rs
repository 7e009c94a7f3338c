//! The ground: hills where Changde has hills, noise for relief, valleys along the rivers, one grid for all who ask.

use crate::facts::{HILLS, TOWNS};
use crate::plane::{P, dist, from_lonlat};
use crate::rng::{fbm, ridged};
use crate::water::Water;

/// West and south edge, east and north edge of the grid's nodes in metres.
pub(crate) const WEST: f64 = 446_000.0;
pub(crate) const SOUTH: f64 = 3_138_000.0;
pub(crate) const STEP: f64 = 200.0;
pub(crate) const COLUMNS: usize = 920;
pub(crate) const ROWS: usize = 1000;

/// Heights on a square grid of nodes, row by row from the south-west; between nodes they are bilinear.
pub(crate) struct Terrain {
    pub(crate) z: Vec<f32>,
}

/// A ramp that bends gently (over about `width`) instead of breaking at zero.
fn ramp(t: f64, width: f64) -> f64 {
    (t + t.hypot(width)) / 2.0
}

/// How high hills may stand above the valley floors: high in the north-west and south-west, low in the south, rolling
/// in between, nothing in the plain of the lakes.
fn envelope(p: P) -> f64 {
    let (x, y) = ((p[0] - 568_000.0) / 1000.0, (p[1] - 3_213_000.0) / 1000.0);
    let north_west = ramp(-x * 0.80 + y * 0.60 - 24.0, 14.0);
    let south_west = ramp(-x * 0.85 - y * 0.52 - 20.0, 12.0);
    let south = ramp(-y - 0.15 * x - 24.0, 8.0);
    let rolling = ramp(8.0 - x * 0.8 + 0.1 * y, 9.0).min(60.0);
    0.75 * rolling + 9.8 * north_west + 9.5 * south_west + 11.0 * south
}

/// Valley floors on a coarse grid; asking for each node would visit every river each time.
struct Floor {
    z: Vec<f64>,
    columns: usize,
}

const FLOOR_STEP: f64 = 1000.0;

impl Floor {
    fn new(water: &Water) -> Floor {
        let columns = (COLUMNS as f64 * STEP / FLOOR_STEP) as usize + 2;
        let rows = (ROWS as f64 * STEP / FLOOR_STEP) as usize + 2;
        let place =
            |i: usize| [WEST + (i % columns) as f64 * FLOOR_STEP, SOUTH + (i / columns) as f64 * FLOOR_STEP];
        Floor { z: (0..columns * rows).map(|i| water.floor(place(i))).collect(), columns }
    }

    fn at(&self, p: P) -> f64 {
        let (x, y) = ((p[0] - WEST) / FLOOR_STEP, (p[1] - SOUTH) / FLOOR_STEP);
        let (i, j) = (x as usize, y as usize);
        let (u, v) = (x - i as f64, y - j as f64);
        let h = |a: usize, b: usize| self.z[(j + b) * self.columns + i + a];
        (h(0, 0) * (1.0 - u) + h(1, 0) * u) * (1.0 - v) + (h(0, 1) * (1.0 - u) + h(1, 1) * u) * v
    }
}

impl Terrain {
    /// Raises the ground around the water.
    pub(crate) fn new(seed: u64, water: &Water) -> Terrain {
        let nearest = nearest_river(water);
        let floor = Floor::new(water);
        let hills: Vec<(P, f64, f64)> = HILLS
            .iter()
            .map(|h| {
                let centre = from_lonlat([h.1, h.2]);
                (centre, h.3, (h.3 - floor.at(centre)).max(20.0))
            })
            .collect();
        let basins = basins();
        let mut z = vec![0.0f32; COLUMNS * ROWS];
        for row in 0..ROWS {
            for column in 0..COLUMNS {
                let p = node(column, row);
                let i = row * COLUMNS + column;
                let (x, y) = (p[0] / 1000.0, p[1] / 1000.0);
                let base = floor.at(p);
                let env = envelope(p);
                // Ridges bend: the place they are looked up at wavers.
                let (wx, wy) = (
                    x + 2.6 * fbm(seed ^ 61, x / 9.0, y / 9.0, 2),
                    y + 2.6 * fbm(seed ^ 62, x / 9.0, y / 9.0, 2),
                );
                let crest = ridged(seed, wx / 15.0, wy / 15.0, 6);
                let mut relief = env * 1.4 * ramp(crest - 0.22, 0.16);
                for &(centre, height, over) in &hills {
                    let d = dist(p, centre);
                    let reach = 1200.0 + height * 1.9;
                    if d < reach * 3.0 {
                        let bump = over * 0.9 * (-(d / reach) * (d / reach)).exp();
                        let rough = 0.72 + 0.5 * ridged(seed ^ 5, x / 2.5, y / 2.5, 4);
                        relief = relief.hypot(bump * rough);
                    }
                }
                let basin = f64::from(basins[i]);
                // Towns in the mountains stand on slopes, towns in the plain do not.
                let least = (env / 900.0).clamp(0.05, 0.42);
                relief = relief.max(0.0) * (least + (1.0 - least) * basin);
                let swell = 0.7 * fbm(seed ^ 123, x / 2.2, y / 2.2, 2);
                let mut height = base + relief + swell;
                if let Some((d, r, position)) = nearest[i] {
                    let river = &water.rivers[r as usize];
                    let half = river.half[position as usize];
                    // Valleys are narrow where the hills are high.
                    let valley = 900.0 + 2600.0 / (1.0 + env / 160.0) + half;
                    let uneven = 1.0 + 0.45 * fbm(seed ^ 31, x / 3.5, y / 3.5, 3);
                    let t = ((d - half) / (valley * uneven)).clamp(0.0, 1.0);
                    let t = t * t * (3.0 - 2.0 * t);
                    let level = river.level[position as usize];
                    let flat = if d < half { level - 2.0 } else { level + 4.2 + swell };
                    height = flat + (height.max(flat) - flat) * t;
                }
                for lake in &water.lakes {
                    let c = lake.clearance(p);
                    if c < 1200.0 {
                        let t = (c / 1200.0).clamp(0.0, 1.0);
                        let shore = if c < 0.0 { lake.level - 1.5 } else { lake.level + 1.2 };
                        height = shore + (height - shore) * t * t * (3.0 - 2.0 * t);
                    }
                }
                z[i] = height as f32;
            }
        }
        let mut terrain = Terrain { z };
        terrain.set_summit();
        terrain
    }

    /// Makes the highest node the one nearest to Huping mountain's peak, at its true height.
    fn set_summit(&mut self) {
        let peak = from_lonlat([HILLS[0].1, HILLS[0].2]);
        for row in 0..ROWS {
            for column in 0..COLUMNS {
                let i = row * COLUMNS + column;
                let d = dist(node(column, row), peak);
                let z = f64::from(self.z[i]);
                let soft = if z > 1500.0 { 1500.0 + (z - 1500.0) / (1.0 + (z - 1500.0) / 600.0) } else { z };
                let t = (-(d / 1500.0) * (d / 1500.0)).exp();
                self.z[i] = (soft + (2098.7 - soft) * t) as f32;
            }
        }
    }

    /// Ground height at a place: bilinear between the nodes around it, level beyond the edge.
    pub(crate) fn at(&self, p: P) -> f64 {
        let x = ((p[0] - WEST) / STEP).clamp(0.0, (COLUMNS - 1) as f64 - 1e-9);
        let y = ((p[1] - SOUTH) / STEP).clamp(0.0, (ROWS - 1) as f64 - 1e-9);
        let (i, j) = (x as usize, y as usize);
        let (u, v) = (x - i as f64, y - j as f64);
        let h = |a: usize, b: usize| f64::from(self.z[(j + b) * COLUMNS + i + a]);
        (h(0, 0) * (1.0 - u) + h(1, 0) * u) * (1.0 - v) + (h(0, 1) * (1.0 - u) + h(1, 1) * u) * v
    }

    /// Steepness (rise over run) and the uphill direction at a place.
    pub(crate) fn slope(&self, p: P) -> (f64, P) {
        let d = STEP;
        let gx = (self.at([p[0] + d, p[1]]) - self.at([p[0] - d, p[1]])) / (2.0 * d);
        let gy = (self.at([p[0], p[1] + d]) - self.at([p[0], p[1] - d])) / (2.0 * d);
        let s = gx.hypot(gy);
        (s, if s > 0.0 { [gx / s, gy / s] } else { [1.0, 0.0] })
    }
}

/// The place of a grid node.
pub(crate) fn node(column: usize, row: usize) -> P {
    [WEST + column as f64 * STEP, SOUTH + row as f64 * STEP]
}

/// How free the relief is at each node: 0 in the basin of a town, 1 away from all.
fn basins() -> Vec<f32> {
    let mut free = vec![1.0f32; COLUMNS * ROWS];
    for t in TOWNS {
        let centre = from_lonlat([t.2, t.3]);
        let reach = if t.0.starts_with("430702") || t.0 == "430703001" { 7000.0 } else { 2800.0 };
        let (ci, cj) = ((centre[0] - WEST) / STEP, (centre[1] - SOUTH) / STEP);
        let r = (reach / STEP) as i64;
        for j in (cj as i64 - r).max(0)..=(cj as i64 + r).min(ROWS as i64 - 1) {
            for i in (ci as i64 - r).max(0)..=(ci as i64 + r).min(COLUMNS as i64 - 1) {
                let d = (i as f64 - ci).hypot(j as f64 - cj) * STEP / reach;
                let t = ((d - 0.2) / 0.8).clamp(0.0, 1.0);
                let cell = &mut free[j as usize * COLUMNS + i as usize];
                *cell = cell.min((t * t * (3.0 - 2.0 * t)) as f32);
            }
        }
    }
    free
}

/// For each node the distance to the nearest river sample, the river and the sample; by two sweeps that hand the
/// nearest sample on from neighbour to neighbour.
fn nearest_river(water: &Water) -> Vec<Option<(f64, u16, u32)>> {
    let mut best: Vec<Option<(f64, u16, u32)>> = vec![None; COLUMNS * ROWS];
    let offer = |cell: &mut Option<(f64, u16, u32)>, p: P, r: u16, k: u32| {
        let d = dist(p, water.rivers[r as usize].line[k as usize]);
        if cell.is_none_or(|b| d < b.0) {
            *cell = Some((d, r, k));
        }
    };
    for (r, river) in water.rivers.iter().enumerate() {
        for (k, &p) in river.line.iter().enumerate() {
            let (i, j) = (((p[0] - WEST) / STEP).round(), ((p[1] - SOUTH) / STEP).round());
            if i >= 0.0 && j >= 0.0 && (i as usize) < COLUMNS && (j as usize) < ROWS {
                let at = node(i as usize, j as usize);
                offer(&mut best[j as usize * COLUMNS + i as usize], at, r as u16, k as u32);
            }
        }
    }
    let neighbours: [[(i64, i64); 4]; 2] =
        [[(-1, 0), (-1, -1), (0, -1), (1, -1)], [(1, 0), (1, 1), (0, 1), (-1, 1)]];
    for sweep in [0usize, 1, 0, 1] {
        for n in 0..COLUMNS * ROWS {
            let at = if sweep == 0 { n } else { COLUMNS * ROWS - 1 - n };
            let (column, row) = (at % COLUMNS, at / COLUMNS);
            let p = node(column, row);
            for (di, dj) in neighbours[sweep] {
                let (i, j) = (column as i64 + di, row as i64 + dj);
                if i < 0 || j < 0 || i >= COLUMNS as i64 || j >= ROWS as i64 {
                    continue;
                }
                if let Some((_, r, k)) = best[j as usize * COLUMNS + i as usize] {
                    offer(&mut best[at], p, r, k);
                }
            }
        }
    }
    best
}
