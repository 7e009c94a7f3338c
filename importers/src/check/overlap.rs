//! `overlap`: polygons of one layer do not overlap (of one level: `by`). A row is compared with those before it.

use super::plane::{Box4, Grid, Plane, box_of, overlap, side};
use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{Row, Value};
use geo::{Area, BooleanOps};
use std::collections::HashMap;

/// Edges of a large polygon that are probed for lying inside another whose border they do not cross.
const PROBES: usize = 32;

/// A polygon in millimetres: rings one behind the other, with their ends.
#[derive(Clone, Copy)]
struct Flat<'a> {
    points: &'a [[i32; 2]],
    rings: &'a [u32],
    box_: &'a Box4,
}

/// A polygon that was kept.
struct Kept {
    box_: Box4,
    row: u64,
    level: u32,
    /// Where its rings and points begin.
    rings: usize,
    points: usize,
}

/// All polygons so far, one behind the other.
#[derive(Default)]
struct Arena {
    all: Vec<Kept>,
    rings: Vec<u32>,
    points: Vec<[i32; 2]>,
}

impl Arena {
    fn get(&self, n: u32) -> Flat<'_> {
        let (kept, next) = (&self.all[n as usize], self.all.get(n as usize + 1));
        let rings = kept.rings..next.map_or(self.rings.len(), |k| k.rings);
        let points = kept.points..next.map_or(self.points.len(), |k| k.points);
        Flat { points: &self.points[points], rings: &self.rings[rings], box_: &kept.box_ }
    }
}

struct Overlap {
    tolerance: f64,
    by: Option<usize>,
    plane: Plane,
    grid: Grid,
    arena: Arena,
    /// The points of the polygon at hand.
    points: Vec<[i32; 2]>,
    levels: HashMap<String, u32>,
    near: Vec<u32>,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let tolerance = m.number("tolerance_m2")?;
    let by = m.check.texts.get("by").cloned();
    let by = by.map(|b| m.index(&b)).transpose()?;
    Ok(Some(Box::new(Overlap {
        tolerance,
        by,
        plane: Plane::default(),
        grid: Grid::with_capacity(m.others.expected()),
        arena: Arena { all: Vec::with_capacity(m.others.expected()), ..Arena::default() },
        points: Vec::new(),
        levels: HashMap::new(),
        near: Vec::new(),
        declared: m.declared(),
    })))
}

impl Flat<'_> {
    fn edges(&self) -> impl Iterator<Item = ([i32; 2], [i32; 2])> {
        (0..self.rings.len()).flat_map(|r| {
            let from = if r == 0 { 0 } else { self.rings[r - 1] as usize };
            self.points[from..self.rings[r] as usize].windows(2).map(|w| (w[0], w[1]))
        })
    }

    /// Inside by the even-odd rule: `None` on the boundary. Doubled coordinates, so that midpoints are whole.
    fn holds(&self, p: [i64; 2]) -> Option<bool> {
        let mut inside = false;
        for (a, b) in self.edges() {
            let (a, b) = (a.map(|v| i64::from(v) * 2), b.map(|v| i64::from(v) * 2));
            let cross = i128::from(b[0] - a[0]) * i128::from(p[1] - a[1])
                - i128::from(b[1] - a[1]) * i128::from(p[0] - a[0]);
            if cross == 0
                && (a[0].min(b[0])..=a[0].max(b[0])).contains(&p[0])
                && (a[1].min(b[1])..=a[1].max(b[1])).contains(&p[1])
            {
                return None;
            }
            if (a[1] > p[1]) != (b[1] > p[1]) {
                inside ^= (cross > 0) == (b[1] > a[1]);
            }
        }
        Some(inside)
    }

    fn to_geo(self) -> geo_types::MultiPolygon<f64> {
        // XOR of all rings is the surface, whichever are holes.
        let o = self.points[0];
        let ring = |r: usize| {
            let from = if r == 0 { 0 } else { self.rings[r - 1] as usize };
            let points = &self.points[from..self.rings[r] as usize];
            let coord = |p: &[i32; 2]| geo_types::Coord {
                x: (f64::from(p[0]) - f64::from(o[0])) / 1000.0,
                y: (f64::from(p[1]) - f64::from(o[1])) / 1000.0,
            };
            geo_types::Polygon::new(geo_types::LineString(points.iter().map(coord).collect()), Vec::new())
        };
        let first = geo_types::MultiPolygon(vec![ring(0)]);
        (1..self.rings.len()).fold(first, |all, r| all.xor(&geo_types::MultiPolygon(vec![ring(r)])))
    }
}

/// True when the insides of two polygons meet. Shared vertices and borders, the usual case, cost only comparisons.
fn meet(a: &Flat<'_>, b: &Flat<'_>) -> bool {
    let common = [
        a.box_[0].max(b.box_[0]),
        a.box_[1].max(b.box_[1]),
        a.box_[2].min(b.box_[2]),
        a.box_[3].min(b.box_[3]),
    ];
    let reaches = |(p, q): &([i32; 2], [i32; 2])| {
        p[0].max(q[0]) >= common[0]
            && p[0].min(q[0]) <= common[2]
            && p[1].max(q[1]) >= common[1]
            && p[1].min(q[1]) <= common[3]
    };
    // Edges of the other by their west end; none that begins more than the longest one's width before can reach.
    let mut of_b: Vec<_> = b.edges().filter(reaches).collect();
    of_b.sort_unstable_by_key(|(r, s)| r[0].min(s[0]));
    let widest =
        of_b.iter().map(|(r, s)| i64::from(r[0].max(s[0])) - i64::from(r[0].min(s[0]))).max().unwrap_or(0);
    for (p, q) in a.edges().filter(reaches) {
        let (west, east) = (i64::from(p[0].min(q[0])), p[0].max(q[0]));
        let from = of_b.partition_point(|(r, s)| i64::from(r[0].min(s[0])) < west - widest);
        for &(r, s) in of_b[from..].iter().take_while(|(r, s)| r[0].min(s[0]) <= east) {
            let (low, high) = (p[1].min(q[1]), p[1].max(q[1]));
            if i64::from(r[0].max(s[0])) < west || r[1].max(s[1]) < low || r[1].min(s[1]) > high {
                continue;
            }
            let (u, v) = (side(p, q, r), side(p, q, s));
            if (u > 0 && v < 0) || (u < 0 && v > 0) {
                let (u, v) = (side(r, s, p), side(r, s, q));
                if (u > 0 && v < 0) || (u < 0 && v > 0) {
                    return true;
                }
            }
        }
    }
    // No edges cross: then one may hold the other, or they meet through vertices.
    let holds = |outer: &Flat<'_>, inner: &Flat<'_>| {
        let near: Vec<_> = inner.edges().filter(reaches).collect();
        near.iter().step_by(near.len() / PROBES + 1).any(|&(p, q)| {
            let corner = p.map(|v| i64::from(v) * 2);
            let middle = [i64::from(p[0]) + i64::from(q[0]), i64::from(p[1]) + i64::from(q[1])];
            outer.holds(corner) == Some(true) || outer.holds(middle) == Some(true)
        })
    };
    holds(a, b) || holds(b, a) || (a.points.len() == b.points.len() && same_set(a, b))
}

fn same_set(a: &Flat<'_>, b: &Flat<'_>) -> bool {
    a.box_ == b.box_ && a.points.iter().all(|p| b.points.contains(p))
}

impl RowCheck for Overlap {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let Some(g) = row.geometry.as_ref().filter(|g| !g.parts.is_empty()) else { return Verdict::Keep };
        let mut points = std::mem::take(&mut self.points);
        points.clear();
        points.extend(g.coords.iter().map(|c| self.plane.of(*c)));
        let box_ = box_of(&points);
        let level = match self.by {
            None => 0,
            Some(by) => {
                let count = self.levels.len() as u32;
                *self.levels.entry(row.values[by].to_string()).or_insert(count)
            }
        };
        let flat = Flat { points: &points, rings: &g.rings, box_: &box_ };
        self.near.clear();
        let (all, near) = (&self.arena.all, &mut self.near);
        self.grid.near(&box_, &mut |n| {
            let other = &all[n as usize];
            if other.level == level && overlap(&box_, &other.box_) && !near.contains(&n) {
                near.push(n);
            }
        });
        let mut worst: Option<(f64, u64, [i32; 2])> = None;
        for &n in &self.near {
            let other = &self.arena.get(n);
            if !meet(&flat, other) {
                continue;
            }
            let shift =
                [0, 1].map(|i| (f64::from(other.points[0][i]) - f64::from(flat.points[0][i])) / 1000.0);
            let there = geo::Translate::translate(&other.to_geo(), shift[0], shift[1]);
            let common = flat.to_geo().intersection(&there);
            let area = common.unsigned_area();
            if area > self.tolerance && worst.is_none_or(|w| area > w.0) {
                let at = common.0.first().and_then(|p| p.exterior().0.first());
                let o = flat.points[0];
                let at = at.map_or(o, |c| [o[0] + (c.x * 1000.0) as i32, o[1] + (c.y * 1000.0) as i32]);
                worst = Some((area, self.arena.all[n as usize].row, at));
            }
        }
        let verdict = match worst {
            None => Verdict::Keep,
            Some((area, other, at)) => {
                let message = both(
                    format!("与第 {other} 行的面重叠 {area:.2} m²"),
                    format!("overlaps the polygon of row {other} by {area:.2} m²"),
                );
                let place = seen.place(row, Some(self.plane.degrees(at)));
                self.declared.breach("check.overlap", place, message, Value::Real(area), seen.findings)
            }
        };
        // What is kept out stands in nobody's way.
        if verdict == Verdict::Keep && self.arena.all.len() < u32::MAX as usize {
            self.grid.insert(&box_, self.arena.all.len() as u32);
            let (rings, at) = (self.arena.rings.len(), self.arena.points.len());
            self.arena.all.push(Kept { box_, row: seen.row, level, rings, points: at });
            self.arena.rings.extend_from_slice(&g.rings);
            self.arena.points.extend_from_slice(&points);
        }
        self.points = points;
        verdict
    }
}
