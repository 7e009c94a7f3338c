//! `spots`: a spot height differs from the nearest contour by less than the contour interval, or so many of them: on
//! summits and in hollows the innermost contour is often left out.

use super::areas::distance;
use super::plane::{Box4, Grid, Plane, box_of};
use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{LayerId, Row, Value};
use std::collections::BTreeSet;

/// Segments that are looked up together.
const PIECE: usize = 8;
/// How far a contour is looked for, doubling: from 50 m to 3.2 km, in millimetres.
const FIRST: i32 = 50_000;
const LAST: i32 = 3_200_000;

struct Spots {
    height: usize,
    tolerance: f64,
    interval: f64,
    plane: Plane,
    grid: Grid,
    points: Vec<[i32; 2]>,
    pieces: Vec<(u32, u32, f64)>,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let height = m.field("field")?;
    let tolerance = m.number("tolerance_m")?;
    let (layer, key) = (m.text("layer")?.to_owned(), m.text("key")?.to_owned());
    let mut s = Spots {
        height,
        tolerance,
        interval: f64::INFINITY,
        plane: Plane::default(),
        grid: Grid::default(),
        points: Vec::new(),
        pieces: Vec::new(),
        declared: m.declared(),
    };
    let mut heights: BTreeSet<i64> = BTreeSet::new();
    let found = LayerId::new(&layer).is_some_and(|id| {
        m.others.rows(&id, &[&key], &mut |def, row| {
            let h = def.field(&key).and_then(|k| row.values[k].as_f64());
            if let (Some(h), Some(g)) = (h, &row.geometry) {
                heights.insert((h * 1000.0).round() as i64);
                g.rings().for_each(|line| s.add(line, h));
            }
        })
    });
    if !found {
        m.not_here("check.spots", &layer);
        return Ok(None);
    }
    // The interval is what most neighbouring heights differ by; half-interval contours do not narrow it.
    let steps: Vec<i64> = heights.iter().zip(heights.iter().skip(1)).map(|(a, b)| b - a).collect();
    let mut sorted = steps.clone();
    sorted.sort_unstable();
    let intervals = m.check.numbers.get("intervals").copied().unwrap_or(1.0);
    s.interval = intervals * sorted.get(sorted.len() / 2).map_or(f64::INFINITY, |mm| *mm as f64 / 1000.0);
    Ok(Some(Box::new(s)))
}

impl Spots {
    fn add(&mut self, line: &[[f64; 2]], height: f64) {
        let from = self.points.len();
        self.points.extend(line.iter().map(|c| self.plane.of(*c)));
        let mut start = from;
        while start + 1 < self.points.len() {
            let end = (start + PIECE + 1).min(self.points.len());
            let b: Box4 = box_of(&self.points[start..end]);
            self.grid.insert(&b, self.pieces.len() as u32);
            self.pieces.push((start as u32, end as u32, height));
            start = end - 1;
        }
    }

    /// Height and distance (mm) of the nearest contour.
    fn nearest(&self, p: [i32; 2]) -> Option<(f64, f64)> {
        let mut reach = FIRST;
        while reach <= LAST {
            let b = [p[0] - reach, p[1] - reach, p[0] + reach, p[1] + reach];
            let mut best: Option<(f64, f64)> = None;
            self.grid.near(&b, &mut |n| {
                let (s, e, h) = self.pieces[n as usize];
                let piece = &self.points[s as usize..e as usize];
                let d = piece.windows(2).map(|w| distance(w[0], w[1], p)).fold(f64::INFINITY, f64::min);
                if best.is_none_or(|(_, b)| d < b) {
                    best = Some((h, d));
                }
            });
            if best.is_some_and(|(_, d)| d <= f64::from(reach)) {
                return best;
            }
            reach *= 2;
        }
        None
    }
}

impl RowCheck for Spots {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let (Some(g), Some(height)) = (&row.geometry, row.values[self.height].as_f64()) else {
            return Verdict::Keep;
        };
        let Some(at) = g.coords.first() else { return Verdict::Keep };
        let p = self.plane.of(*at);
        let Some((contour, d)) = self.nearest(p) else { return Verdict::Keep };
        let off = (height - contour).abs();
        if off <= self.interval + self.tolerance {
            return Verdict::Keep;
        }
        let (m, interval) = (d / 1000.0, self.interval);
        let message = both(
            format!(
                "高程 {height} m 与最近的 {contour} m 等高线（{m:.1} m 外）相差 {off:.2} m，超过 {interval} m"
            ),
            format!(
                "its {height} m and the nearest contour's {contour} m ({m:.1} m away) differ by {off:.2} m, more than {interval} m"
            ),
        );
        let place = seen.place(row, None);
        self.declared.breach("check.spots", place, message, Value::Real(off), seen.findings)
    }
}
