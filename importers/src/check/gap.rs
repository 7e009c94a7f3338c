//! `gap`: polygons of one layer leave no holes between them (of one level: `by`).
//!
//! Where neighbours share borders every edge is walked once each way. Edges that are walked one way only bound the
//! union; a ring of them that runs clockwise is a hole in it.

use super::plane::{Plane, side};
use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{Finding, Place, Row, Value};
use std::collections::HashMap;

type Point = [i32; 2];

struct Gap {
    tolerance: f64,
    by: Option<usize>,
    plane: Plane,
    /// By level: edges without their counterpart.
    open: HashMap<String, HashMap<(Point, Point), u32>>,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let tolerance = m.number("tolerance_m2")?;
    let by = m.check.texts.get("by").cloned();
    let by = by.map(|b| m.index(&b)).transpose()?;
    let declared = m.declared();
    Ok(Some(Box::new(Gap { tolerance, by, plane: Plane::default(), open: HashMap::new(), declared })))
}

impl RowCheck for Gap {
    fn row(&mut self, row: &mut Row, _: &mut Seen<'_>) -> Verdict {
        let Some(g) = &row.geometry else { return Verdict::Keep };
        let level = self.by.map(|b| row.values[b].to_string()).unwrap_or_default();
        let open = self.open.entry(level).or_default();
        for ring in g.rings() {
            let mut before: Option<Point> = None;
            for c in ring {
                let p = self.plane.of(*c);
                if let Some(a) = before.filter(|a| *a != p) {
                    match open.get_mut(&(p, a)) {
                        Some(1) => {
                            open.remove(&(p, a));
                        }
                        Some(n) => *n -= 1,
                        None => *open.entry((a, p)).or_default() += 1,
                    }
                }
                before = Some(p);
            }
        }
        Verdict::Keep
    }

    fn end(&mut self, findings: &mut Vec<Finding>) {
        for (level, edges) in std::mem::take(&mut self.open) {
            let mut next: HashMap<Point, Vec<Point>> = HashMap::new();
            for ((a, b), n) in edges {
                next.entry(a).or_default().extend(std::iter::repeat_n(b, n as usize));
            }
            let mut starts: Vec<Point> = next.keys().copied().collect();
            starts.sort_unstable();
            for start in starts {
                while let Some(ring) = walk(&mut next, start) {
                    let area = doubled(&ring) as f64 / 2e6;
                    if area >= -self.tolerance {
                        continue;
                    }
                    let what = if level.is_empty() { String::new() } else { format!("（{level}）") };
                    let message = both(
                        format!("面之间有空隙 {:.2} m²{what}", -area),
                        format!("there is a gap of {:.2} m² between polygons {level}", -area),
                    );
                    let place = Place { at: Some(self.plane.degrees(ring[0])), ..Place::default() };
                    self.declared.breach("check.gap", place, message, Value::Real(-area), findings);
                }
            }
        }
    }
}

/// Takes one ring of edges out; at a crossing the sharpest left turn is taken, so that rings that touch stay apart.
fn walk(next: &mut HashMap<Point, Vec<Point>>, start: Point) -> Option<Vec<Point>> {
    let mut ring = vec![start];
    let mut here = next.get_mut(&start)?.pop()?;
    let mut from = start;
    while here != start {
        ring.push(here);
        let ways = next.get_mut(&here)?;
        let best = (0..ways.len()).max_by(|&i, &j| {
            let turn = |k: usize| angle(from, here, ways[k]);
            turn(i).total_cmp(&turn(j))
        })?;
        let to = ways.swap_remove(best);
        (from, here) = (here, to);
    }
    Some(ring)
}

/// The turn from a → b to b → c, left positive.
fn angle(a: Point, b: Point, c: Point) -> f64 {
    let d = |p: Point, q: Point| [f64::from(q[0]) - f64::from(p[0]), f64::from(q[1]) - f64::from(p[1])];
    let (u, v) = (d(a, b), d(b, c));
    (u[0] * v[1] - u[1] * v[0]).atan2(u[0] * v[0] + u[1] * v[1])
}

/// Twice the area in mm², counter-clockwise positive.
fn doubled(ring: &[Point]) -> i128 {
    (1..ring.len().saturating_sub(1)).map(|i| side(ring[0], ring[i], ring[i + 1])).sum()
}
