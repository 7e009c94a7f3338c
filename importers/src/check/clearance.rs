//! `clearance`: pipes of two kinds that run beside each other keep the distance that their kinds ask for (`pairs`:
//! `JS/RQ=0.5, …`, metres between centre lines in plan; kinds match by their first letters). Pipes that cross are
//! another matter: there the distance is vertical.

use super::areas::distance;
use super::plane::{Grid, Plane, box_of};
use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{Row, Value};

/// Cosine of the angle up to which two pipes run beside each other: 15°.
const BESIDE: f64 = 0.965_9;
/// Metres of common way below which they only meet.
const WAY: f64 = 3_000.0;

struct Pipe {
    ends: [[i32; 2]; 2],
    kind: u16,
    row: u64,
}

struct Clearance {
    field: usize,
    /// Distances in millimetres, by the two kinds.
    pairs: Vec<(Box<str>, Box<str>, f64)>,
    most: i32,
    kinds: Vec<Box<str>>,
    plane: Plane,
    grid: Grid,
    pipes: Vec<Pipe>,
    near: Vec<u32>,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let field = m.field("field")?;
    let mut pairs = Vec::new();
    for part in m.text("pairs")?.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let wrong = || format!("{}: {part} is no pair such as JS/RQ=0.5", m.layer.id);
        let (kinds, metres) = part.split_once('=').ok_or_else(wrong)?;
        let (a, b) = kinds.split_once('/').ok_or_else(wrong)?;
        let metres: f64 = metres.trim().parse().map_err(|_| wrong())?;
        pairs.push((a.trim().into(), b.trim().into(), metres * 1000.0));
    }
    let most = pairs.iter().map(|p: &(Box<str>, Box<str>, f64)| p.2).fold(0.0, f64::max).ceil() as i32;
    Ok(Some(Box::new(Clearance {
        field,
        pairs,
        most,
        kinds: Vec::new(),
        plane: Plane::default(),
        grid: Grid::default(),
        pipes: Vec::new(),
        near: Vec::new(),
        declared: m.declared(),
    })))
}

impl Clearance {
    fn kind(&mut self, text: &str) -> u16 {
        let found = self.kinds.iter().position(|k| **k == *text);
        found.unwrap_or_else(|| {
            self.kinds.push(text.into());
            self.kinds.len() - 1
        }) as u16
    }

    /// The distance that two kinds ask for.
    fn wanted(&self, a: u16, b: u16) -> Option<f64> {
        let (a, b) = (&self.kinds[usize::from(a)], &self.kinds[usize::from(b)]);
        let is = |k: &str, p: &str| k.starts_with(p);
        self.pairs.iter().find(|(x, y, _)| (is(a, x) && is(b, y)) || (is(a, y) && is(b, x))).map(|p| p.2)
    }
}

/// How near two pipes lie over a common way, where they run beside each other.
fn beside(a: [[i32; 2]; 2], b: [[i32; 2]; 2]) -> Option<f64> {
    let v =
        |p: [[i32; 2]; 2]| [f64::from(p[1][0]) - f64::from(p[0][0]), f64::from(p[1][1]) - f64::from(p[0][1])];
    let (u, w) = (v(a), v(b));
    let (lu, lw) = (u[0].hypot(u[1]), w[0].hypot(w[1]));
    if lu == 0.0 || lw == 0.0 || (u[0] * w[0] + u[1] * w[1]).abs() < BESIDE * lu * lw {
        return None;
    }
    // Along a: where b begins and ends.
    let along = |p: [i32; 2]| {
        let d = [f64::from(p[0]) - f64::from(a[0][0]), f64::from(p[1]) - f64::from(a[0][1])];
        (d[0] * u[0] + d[1] * u[1]) / lu
    };
    let (s, e) = (along(b[0]).min(along(b[1])), along(b[0]).max(along(b[1])));
    if e.min(lu) - s.max(0.0) < WAY {
        return None;
    }
    let ends = [
        distance(a[0], a[1], b[0]),
        distance(a[0], a[1], b[1]),
        distance(b[0], b[1], a[0]),
        distance(b[0], b[1], a[1]),
    ];
    Some(ends.into_iter().fold(f64::INFINITY, f64::min))
}

impl RowCheck for Clearance {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let (Some(kind), Some(g)) = (row.values[self.field].as_str().map(str::to_owned), &row.geometry)
        else {
            return Verdict::Keep;
        };
        let kind = self.kind(&kind);
        let mut breach: Option<(f64, f64, u16, u64, [i32; 2])> = None;
        for line in g.rings() {
            for w in line.windows(2) {
                let ends = [self.plane.of(w[0]), self.plane.of(w[1])];
                let b = box_of(&ends);
                let wide = [b[0] - self.most, b[1] - self.most, b[2] + self.most, b[3] + self.most];
                self.near.clear();
                let near = &mut self.near;
                self.grid.near(&wide, &mut |n| near.push(n));
                for &n in &self.near {
                    let other = &self.pipes[n as usize];
                    if breach.is_some() || other.kind == kind {
                        continue;
                    }
                    let Some(wanted) = self.wanted(kind, other.kind) else { continue };
                    if let Some(d) = beside(ends, other.ends).filter(|d| *d < wanted - 1.0) {
                        breach = Some((d, wanted, other.kind, other.row, ends[0]));
                    }
                }
                self.grid.insert(&b, self.pipes.len() as u32);
                self.pipes.push(Pipe { ends, kind, row: seen.row });
            }
        }
        let Some((d, wanted, other, from, at)) = breach else { return Verdict::Keep };
        let (m, wanted) = (d / 1000.0, wanted / 1000.0);
        let (own, other) = (&self.kinds[usize::from(kind)], &self.kinds[usize::from(other)]);
        let message = both(
            format!("{own} 与第 {from} 行的 {other} 并行，净距 {m:.2} m，应不小于 {wanted} m"),
            format!("{own} runs {m:.2} m beside the {other} of row {from}; {wanted} m are asked for"),
        );
        let place = seen.place(row, Some(self.plane.degrees(at)));
        self.declared.breach("check.clearance", place, message, Value::Real(m), seen.findings)
    }
}
