//! `contours`: contours of different heights neither cross nor touch, and heights are multiples of the interval.

use super::plane::{Grid, Plane, box_of, side};
use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{Row, Value};

/// Segments that are looked up together.
const PIECE: usize = 16;

struct Contours {
    height: usize,
    plane: Plane,
    grid: Grid,
    /// Vertices of all lines one after the other.
    points: Vec<[i32; 2]>,
    /// Of each piece: its vertices, and its line.
    pieces: Vec<(u32, u32, u32)>,
    /// Of each line: height in millimetres and row.
    lines: Vec<(i64, u64)>,
    near: Vec<u32>,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    Ok(Some(Box::new(Contours {
        height: m.field("field")?,
        plane: Plane::default(),
        grid: Grid::default(),
        points: Vec::new(),
        pieces: Vec::new(),
        lines: Vec::new(),
        near: Vec::new(),
        declared: m.declared(),
    })))
}

/// True when two segments share a point.
fn meet(a: [i32; 2], b: [i32; 2], c: [i32; 2], d: [i32; 2]) -> bool {
    let (s1, s2, s3, s4) =
        (side(a, b, c).signum(), side(a, b, d).signum(), side(c, d, a).signum(), side(c, d, b).signum());
    let on = |s: i128, p: [i32; 2], u: [i32; 2], v: [i32; 2]| {
        s == 0 && (0..2).all(|i| (u[i].min(v[i])..=u[i].max(v[i])).contains(&p[i]))
    };
    (s1 * s2 < 0 && s3 * s4 < 0) || on(s1, c, a, b) || on(s2, d, a, b) || on(s3, a, c, d) || on(s4, b, c, d)
}

impl RowCheck for Contours {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let (Some(g), Some(height)) = (&row.geometry, row.values[self.height].as_f64()) else {
            return Verdict::Keep;
        };
        let mm = (height * 1000.0).round() as i64;
        let number = self.lines.len() as u32;
        self.lines.push((mm, seen.row));
        let mut crossed: Option<(u32, [i32; 2])> = None;
        for line in g.rings() {
            let from = self.points.len();
            self.points.extend(line.iter().map(|c| self.plane.of(*c)));
            let mut start = from;
            while start + 1 < self.points.len() {
                let end = (start + PIECE + 1).min(self.points.len());
                let mut b = box_of(&self.points[start..end]);
                // Boxes that only touch count too.
                b = [b[0] - 1, b[1] - 1, b[2] + 1, b[3] + 1];
                self.near.clear();
                let near = &mut self.near;
                self.grid.near(&b, &mut |n| near.push(n));
                self.near.sort_unstable();
                self.near.dedup();
                for &n in &self.near {
                    let (s, e, other) = self.pieces[n as usize];
                    if crossed.is_some() || self.lines[other as usize].0 == mm {
                        continue;
                    }
                    let theirs = &self.points[s as usize..e as usize];
                    let ours = &self.points[start..end];
                    let hit =
                        ours.windows(2).find(|w| theirs.windows(2).any(|v| meet(w[0], w[1], v[0], v[1])));
                    crossed = hit.map(|w| (other, w[0]));
                }
                let piece = self.pieces.len() as u32;
                self.pieces.push((start as u32, end as u32, number));
                self.grid.insert(&b, piece);
                start = end - 1;
            }
        }
        let Some((other, at)) = crossed else { return Verdict::Keep };
        let (theirs, from) = self.lines[other as usize];
        let theirs = theirs as f64 / 1000.0;
        let message = both(
            format!("{height} m 等高线与第 {from} 行的 {theirs} m 等高线相交"),
            format!("the contour of {height} m crosses that of {theirs} m in row {from}"),
        );
        let place = seen.place(row, Some(self.plane.degrees(at)));
        self.declared.breach("check.contours", place, message, Value::Real(theirs), seen.findings)
    }
}
