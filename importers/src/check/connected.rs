//! `connected`: line ends meet other lines of the layer, or are true ends: an end that all but touches another line, or runs
//! a little over it, was meant to end on it.

use super::areas::distance;
use super::plane::{Plane, box_of};
use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{Finding, Place, Row, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// Cells in which ends are kept: 64 m.
const CELL: u8 = 16;
/// Ends closer than this (mm) to a line are on it: twice the rounding.
const ON: f64 = 2.0;

/// The nearest segment to an end, and how far it is in millimetres.
type Nearest = (f64, [[i32; 2]; 2]);

struct End {
    at: [i32; 2],
    line: u32,
    /// The first of its line, or the last.
    first: bool,
    row: u64,
    file: Arc<str>,
    key: Option<String>,
}

struct Connected {
    /// Millimetres.
    tolerance: f64,
    plane: Plane,
    lines: Vec<Box<[[i32; 2]]>>,
    ends: Vec<End>,
    file: Arc<str>,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let tolerance = m.number("tolerance_m")? * 1000.0;
    Ok(Some(Box::new(Connected {
        tolerance,
        plane: Plane::default(),
        lines: Vec::new(),
        ends: Vec::new(),
        file: "".into(),
        declared: m.declared(),
    })))
}

impl Connected {
    /// True when the line crosses a segment just before its end.
    fn crosses(&self, end: &End, segment: [[i32; 2]; 2]) -> bool {
        let line = &self.lines[end.line as usize];
        let mut before = self.tolerance * 4.0;
        let last = line.len().saturating_sub(1);
        for i in 0..last {
            let (a, b) =
                if end.first { (line[i], line[i + 1]) } else { (line[last - i], line[last - i - 1]) };
            if cross(a, b, segment) {
                return true;
            }
            before -= f64::from(b[0] - a[0]).hypot(f64::from(b[1] - a[1]));
            if before < 0.0 {
                break;
            }
        }
        false
    }
}

/// True when two segments cross, each with an end on either side of the other.
fn cross(a: [i32; 2], b: [i32; 2], [c, d]: [[i32; 2]; 2]) -> bool {
    let side = |p: [i32; 2], q: [i32; 2], r: [i32; 2]| {
        let of = |i: usize, u: [i32; 2], v: [i32; 2]| i128::from(v[i]) - i128::from(u[i]);
        (of(0, p, q) * of(1, p, r) - of(1, p, q) * of(0, p, r)).signum()
    };
    side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0
}

impl RowCheck for Connected {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let Some(g) = &row.geometry else { return Verdict::Keep };
        if *self.file != *seen.file {
            self.file = seen.file.into();
        }
        let key = seen.place(row, None).key;
        for line in g.rings() {
            let points: Box<[[i32; 2]]> = line.iter().map(|c| self.plane.of(*c)).collect();
            let number = self.lines.len() as u32;
            for (at, first) in [(points.first(), true), (points.last(), false)] {
                let (Some(&at), file, key) = (at, Arc::clone(&self.file), key.clone()) else { continue };
                self.ends.push(End { at, line: number, first, row: seen.row, file, key });
            }
            self.lines.push(points);
        }
        Verdict::Keep
    }

    fn end(&mut self, findings: &mut Vec<Finding>) {
        let mut count: HashMap<[i32; 2], u32> = HashMap::new();
        for e in &self.ends {
            *count.entry(e.at).or_default() += 1;
        }
        // Ends that meet no other end exactly: is there a line they touch, or nearly touch?
        let mut cells: HashMap<[i32; 2], Vec<usize>> = HashMap::new();
        for (i, e) in self.ends.iter().enumerate().filter(|(_, e)| count.get(&e.at) == Some(&1)) {
            cells.entry(e.at.map(|v| v >> CELL)).or_default().push(i);
        }
        let mut nearest: HashMap<usize, Nearest> = HashMap::new();
        let reach = self.tolerance.max(ON).ceil() as i32;
        for (number, line) in self.lines.iter().enumerate() {
            for w in line.windows(2) {
                let b = box_of(w);
                let (low, high) = (
                    [b[0], b[1]].map(|v| (v.saturating_sub(reach)) >> CELL),
                    [b[2], b[3]].map(|v| (v.saturating_add(reach)) >> CELL),
                );
                for x in low[0]..=high[0] {
                    for y in low[1]..=high[1] {
                        for &i in cells.get(&[x, y]).into_iter().flatten() {
                            let e = &self.ends[i];
                            if e.line as usize == number {
                                continue;
                            }
                            let d = distance(w[0], w[1], e.at);
                            if d <= f64::from(reach) {
                                let best = nearest.entry(i).or_insert((f64::MAX, [w[0], w[1]]));
                                if d < best.0 {
                                    *best = (d, [w[0], w[1]]);
                                }
                            }
                        }
                    }
                }
            }
        }
        let mut missed: Vec<(usize, Nearest)> =
            nearest.into_iter().filter(|(_, (d, _))| *d > ON && *d <= self.tolerance).collect();
        missed.sort_unstable_by_key(|(i, _)| *i);
        for (i, (d, other)) in missed {
            let e = &self.ends[i];
            let place = Place {
                file: Some(e.file.to_string()),
                row: Some(e.row),
                field: None,
                key: e.key.clone(),
                at: Some(self.plane.degrees(e.at)),
            };
            let m = d / 1000.0;
            let message = if self.crosses(e, other) {
                both(
                    format!("端点越过另一条线 {m:.3} m，没有截齐"),
                    format!("an end runs {m:.3} m over another line"),
                )
            } else {
                both(
                    format!("端点离另一条线 {m:.3} m，没有接上"),
                    format!("an end misses another line by {m:.3} m"),
                )
            };
            self.declared.breach("check.connected", place, message, Value::Real(m), findings);
        }
    }
}
