//! Circles, arcs, ellipses, bulges and splines of a drawing, within a centimetre.
//!
//! GDAL strokes them by angles and counts: a manhole's cover gets 720 vertices, a railway's curve lies 10 cm beside itself, a
//! spline loses its heights. So they are read here, beside GDAL and in its order.

use crate::formats::curves::{self, Vertex};
use crate::formats::lines::real;
use ditu_model::{Geometry, Shape};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Bytes of a value that are looked at; what is longer is no number.
const LONGEST: u64 = 1 << 12;
/// Points of one entity.
const POINTS: usize = 1_000_000;
/// Vertices that one entity may come to beyond them.
const STROKED: usize = 1_000_000;
/// Vertices that a file may come to, and more for every byte of it: a line of text could make twenty thousand.
pub(super) const ALL_STROKED: u64 = 10_000_000;
pub(super) const STROKED_A_BYTE: u64 = 8;
/// Entities read ahead: one that GDAL passes over does not hide those after it.
pub(super) const AHEAD: usize = 8;
/// The group of a comment.
const COMMENT: i32 = 999;
/// How far ends of the same line may lie apart, and a place that GDAL gives from the line, by the tolerance of chords.
const SAME: f64 = 0.1;
const ON: f64 = 2.0;

/// The curved entities of a drawing, in its order.
pub(super) struct Curved<R> {
    input: R,
    /// The pair after the last entity.
    after: Option<(i32, Vec<u8>)>,
    next: VecDeque<Curve>,
    seen: u64,
    /// Bytes read and vertices made.
    bytes: u64,
    stroked: u64,
}

/// A curved entity that waits for the row that GDAL makes of it.
pub(super) struct Curve {
    handle: Option<String>,
    /// `None` where the entity is against the rules.
    line: Option<Geometry>,
    spline: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Circle,
    Arc,
    Ellipse,
    Spline,
    Polyline,
}

impl Kind {
    /// Of an entity's name.
    pub(super) fn of(name: &[u8]) -> Option<Kind> {
        Some(match name {
            b"CIRCLE" => Kind::Circle,
            b"ARC" => Kind::Arc,
            b"ELLIPSE" => Kind::Ellipse,
            b"SPLINE" => Kind::Spline,
            b"LWPOLYLINE" | b"POLYLINE" => Kind::Polyline,
            _ => return None,
        })
    }
}

/// What an entity says; names and numbers of the groups are of the DXF reference, ENTITIES.
#[derive(Clone, Debug)]
pub(super) struct Entity {
    kind: Kind,
    handle: Option<String>,
    /// Groups 10, 20, 30: of its object system but for ellipses and splines.
    points: Vec<Vertex>,
    /// Group 42 of a polyline, after its points.
    bulges: Vec<f64>,
    /// Group 11, 21.
    axis: [f64; 2],
    /// Groups 40 and 41: radius, or ratio and parameter, or knots and weights.
    reals: [Vec<f64>; 2],
    /// Group 42 of an ellipse.
    to: f64,
    /// Groups 50 and 51, degrees.
    angles: [f64; 2],
    /// Groups 70 and 71.
    flags: [i64; 2],
    elevation: f64,
    /// Groups 210, 220, 230.
    normal: [f64; 3],
    broken: bool,
}

impl Entity {
    pub(super) fn new(kind: Kind) -> Entity {
        Entity {
            kind,
            handle: None,
            points: Vec::new(),
            bulges: Vec::new(),
            axis: [0.0; 2],
            reals: Default::default(),
            to: 0.0,
            angles: [0.0; 2],
            flags: [0; 2],
            elevation: 0.0,
            normal: [0.0, 0.0, 1.0],
            broken: false,
        }
    }

    /// Takes a group.
    pub(super) fn take(&mut self, code: i32, value: &[u8]) {
        if code == 5 {
            self.handle = Some(String::from_utf8_lossy(value).into_owned());
            return;
        }
        let known =
            matches!(code, 10 | 20 | 30 | 11 | 21 | 38 | 40 | 41 | 42 | 50 | 51 | 70 | 71 | 210 | 220 | 230);
        if !known || self.broken {
            return;
        }
        let Some(n) = real(value) else {
            self.broken = true;
            return;
        };
        match code {
            10 => {
                self.points.push([n, f64::NAN, 0.0]);
                self.bulges.push(0.0);
            }
            20 | 30 => match self.points.last_mut() {
                Some(point) => point[if code == 20 { 1 } else { 2 }] = n,
                None => self.broken = true,
            },
            11 => self.axis[0] = n,
            21 => self.axis[1] = n,
            38 => self.elevation = n,
            40 | 41 if self.kind != Kind::Polyline => self.reals[if code == 40 { 0 } else { 1 }].push(n),
            42 if self.kind == Kind::Ellipse => self.to = n,
            42 => {
                if let Some(bulge) = self.bulges.last_mut() {
                    *bulge = n;
                }
            }
            50 => self.angles[0] = n,
            51 => self.angles[1] = n,
            70 => self.flags[0] = n as i64,
            71 => self.flags[1] = n as i64,
            210 => self.normal[0] = n,
            220 => self.normal[1] = n,
            230 => self.normal[2] = n,
            _ => (),
        }
        let most = self.points.len().max(self.reals[0].len() / 2).max(self.reals[1].len());
        if most > POINTS {
            *self = Entity { handle: self.handle.take(), broken: true, ..Entity::new(self.kind) };
        }
    }

    /// Whether there is a curve in it.
    pub(super) fn is_curved(&self) -> bool {
        // A mesh and a polyline in space have no bulges.
        self.kind != Kind::Polyline
            || self.broken
            || self.flags[0] & (8 | 16 | 64) == 0 && self.bulges.iter().any(|b| *b != 0.0)
    }

    /// A polyline of R12 before its vertices, which are entities of their own.
    pub(super) fn without_vertices(mut self) -> Entity {
        self.points.clear();
        self.bulges.clear();
        self
    }

    /// Adds a vertex of R12.
    pub(super) fn add_vertex(&mut self, vertex: &Entity) {
        self.broken |= vertex.broken || self.points.len() > POINTS;
        // Control points of the frame of a fitted curve are not on it.
        if !self.broken && vertex.flags[0] & 16 == 0 {
            self.points.extend(vertex.points.first());
            self.bulges.extend(vertex.bulges.first());
        }
    }

    /// Whether its places are those of the world, and not of its own plane.
    fn is_of_world(&self) -> bool {
        matches!(self.kind, Kind::Spline | Kind::Ellipse)
    }

    /// The first of its places in the world.
    pub(super) fn first(&self) -> Option<Vertex> {
        let [x, y, z] = *self.points.first()?;
        let z = if self.kind == Kind::Polyline { z + self.elevation } else { z };
        Some(if self.normal[2] < 0.0 && !self.is_of_world() { [-x, y, -z] } else { [x, y, z] })
    }

    /// The same, so many times as large about the origin and then moved.
    pub(super) fn moved(&self, scale: f64, by: Vertex) -> Entity {
        let mut all = self.clone();
        let [x, y, z] = by;
        let [x, y, z] = if self.normal[2] < 0.0 && !self.is_of_world() { [-x, y, -z] } else { [x, y, z] };
        for p in &mut all.points {
            *p = [p[0] * scale + x, p[1] * scale + y, p[2] * scale + z];
        }
        all.elevation *= scale;
        match self.kind {
            Kind::Circle | Kind::Arc => all.reals[0].iter_mut().for_each(|r| *r *= scale),
            Kind::Ellipse => all.axis = all.axis.map(|n| n * scale),
            Kind::Spline | Kind::Polyline => {}
        }
        all
    }

    /// The same waiting for its row.
    pub(super) fn waiting(&self) -> Curve {
        Curve { handle: self.handle.clone(), line: self.stroked().ok(), spline: self.kind == Kind::Spline }
    }

    /// Its line; an `Err` holds the vertices that were made in vain, 0 where it is against the rules.
    pub(super) fn stroked(&self) -> Result<Geometry, u64> {
        if self.broken || self.points.is_empty() || self.points.iter().any(|p| p[1].is_nan()) {
            return Err(0);
        }
        let all = self.vertices().ok_or(0u64)??;
        let mut line = Geometry::line(all.iter().map(|v| [v[0], v[1]]).collect());
        if all.iter().any(|v| v[2] != 0.0) {
            line.z = all.iter().map(|v| v[2]).collect();
        }
        if line.is_finite() && line.coords.len() >= 2 { Ok(line) } else { Err(0) }
    }

    fn vertices(&self) -> Option<Result<Vec<Vertex>, u64>> {
        let first = self.points[0];
        let tau = std::f64::consts::TAU;
        let only = |i: usize| self.reals[i].first().copied();
        // Seen from below, east is west (the arbitrary axis algorithm for a normal of 0, 0, -1); other planes are not maps.
        let below = self.normal[2] < 0.0;
        if self.kind != Kind::Spline && (self.normal[0].abs() > 1e-9 || self.normal[1].abs() > 1e-9) {
            return None;
        }
        let height = first[2];
        let mut all = match self.kind {
            Kind::Circle => curves::round(first, only(0).filter(|r| *r > 0.0)?),
            Kind::Arc => {
                let radius = only(0).filter(|r| *r > 0.0)?;
                let [from, to] = self.angles.map(f64::to_radians);
                let turn = (to - from).rem_euclid(tau);
                let turn = if turn == 0.0 { tau } else { turn };
                curves::elliptic(first, [radius, 0.0], 1.0, from, from + turn)
            }
            Kind::Ellipse => {
                let (ratio, from) = (only(0).filter(|r| *r > 0.0 && *r <= 1.0)?, only(1)?);
                let turn = if self.to > from { (self.to - from).min(tau) } else { self.to - from + tau };
                if !(turn > 0.0 && turn <= tau) || self.axis == [0.0; 2] {
                    return None;
                }
                curves::elliptic(first, self.axis, if below { -ratio } else { ratio }, from, from + turn)
            }
            Kind::Spline => {
                let degree = usize::try_from(self.flags[1]).ok()?;
                let [knots, weights] = &self.reals;
                if !curves::is_nurbs(degree, knots, &self.points, weights) {
                    return None;
                }
                let most = self.points.len() + STROKED;
                match curves::nurbs(degree, knots, &self.points, weights, most) {
                    Some(all) => all,
                    None => return Some(Err(most as u64)),
                }
            }
            Kind::Polyline => match self.bulged() {
                Ok(all) => all,
                Err(made) => return Some(Err(made)),
            },
        };
        for v in &mut all {
            match self.kind {
                Kind::Spline => continue,
                // With its own heights, or all of it at one.
                Kind::Polyline => v[2] += self.elevation,
                _ => v[2] = height,
            }
            if below && self.kind != Kind::Ellipse {
                *v = [-v[0], v[1], -v[2]];
            }
        }
        Some(Ok(all))
    }

    /// A bulge is the tangent of a quarter of its arc's angle, to the right of the chord where it is positive.
    /// The heights of its ends are those between. An `Err` holds the vertices of one that comes to too many.
    fn bulged(&self) -> Result<Vec<Vertex>, u64> {
        let closed = self.flags[0] & 1 != 0;
        let mut all = vec![self.points[0]];
        let ends = self.points.iter().skip(1).chain(self.points.first().filter(|_| closed));
        for ((from, to), bulge) in self.points.iter().zip(ends).zip(&self.bulges) {
            let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
            if *bulge == 0.0 || (dx, dy) == (0.0, 0.0) {
                all.push(*to);
            } else {
                let middle =
                    [(from[0] + to[0] + bulge * dy) / 2.0, (from[1] + to[1] - bulge * dx) / 2.0, f64::NAN];
                let arc = curves::arc(*from, middle, *to);
                let n = (arc.len() - 1) as f64;
                let height = |i: usize| from[2] + (to[2] - from[2]) * i as f64 / n;
                all.extend(arc.iter().enumerate().skip(1).map(|(i, v)| [v[0], v[1], height(i)]));
            }
            if all.len() > self.points.len() + STROKED {
                return Err(all.len() as u64);
            }
        }
        Ok(all)
    }
}

impl Curved<BufReader<File>> {
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        Ok(Self::new(BufReader::with_capacity(1 << 17, File::open(path)?)))
    }
}

impl<R: BufRead> Curved<R> {
    fn new(input: R) -> Self {
        let mut curved = Curved { input, after: None, next: VecDeque::new(), seen: 0, bytes: 0, stroked: 0 };
        let mut section = false;
        // Those of blocks come before the entities, and are no rows of the drawing.
        while let Some((code, value)) = curved.pair() {
            match (code, value.as_slice()) {
                (0, b"SECTION") => section = true,
                (2, b"ENTITIES") if section => break,
                _ => section = false,
            }
        }
        curved.fill();
        curved
    }

    /// A line without space around it; `None` at the end and where reading fails: GDAL has read the file already.
    fn line(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        let mut more = true;
        while more {
            let kept = line.len();
            let n = self.input.by_ref().take(LONGEST).read_until(b'\n', &mut line).ok()?;
            if n == 0 {
                break;
            }
            self.bytes += n as u64;
            more = line.last() != Some(&b'\n');
            if kept > 0 {
                line.truncate(kept);
            }
        }
        (!line.is_empty()).then(|| line.trim_ascii().to_owned())
    }

    fn pair(&mut self) -> Option<(i32, Vec<u8>)> {
        if let Some(pair) = self.after.take() {
            return Some(pair);
        }
        loop {
            let code = self.line()?;
            let value = self.line()?;
            let code = std::str::from_utf8(&code).ok().and_then(|c| c.parse().ok()).unwrap_or(-1);
            if code != COMMENT {
                return Some((code, value));
            }
        }
    }

    /// Reads an entity up to the next group 0.
    fn entity(&mut self, kind: Kind) -> Entity {
        let mut entity = Entity::new(kind);
        while let Some((code, value)) = self.pair() {
            if code == 0 {
                self.after = Some((code, value));
                break;
            }
            entity.take(code, &value);
        }
        entity
    }

    /// A polyline of R12, whose vertices are entities of their own.
    fn polyline(&mut self) -> Entity {
        let mut whole = self.entity(Kind::Polyline).without_vertices();
        while let Some((code, value)) = self.pair() {
            if (code, value.as_slice()) != (0, b"VERTEX") {
                self.after = Some((code, value));
                break;
            }
            let vertex = self.entity(Kind::Polyline);
            whole.add_vertex(&vertex);
        }
        whole
    }

    fn fill(&mut self) {
        while self.next.len() < AHEAD {
            let Some((code, value)) = self.pair() else { return };
            let entity = match (code, value.as_slice()) {
                (0, b"ENDSEC") => {
                    // Nothing after the section counts.
                    self.after = Some((code, value));
                    return;
                }
                (0, b"POLYLINE") => self.polyline(),
                (0, name) => match Kind::of(name) {
                    Some(kind) => self.entity(kind),
                    None => continue,
                },
                _ => continue,
            };
            if entity.is_curved() {
                let room = self.stroked < ALL_STROKED + STROKED_A_BYTE * self.bytes;
                let line = if room { entity.stroked() } else { Err(0) };
                self.stroked += line.as_ref().map_or_else(|vain| *vain, |l| l.coords.len() as u64);
                let line = line.ok();
                self.seen += 1;
                self.next.push_back(Curve {
                    handle: entity.handle,
                    line,
                    spline: entity.kind == Kind::Spline,
                });
            }
        }
    }

    /// The entity that GDAL gives with this handle and shape, if it is one with curves.
    pub(super) fn take(&mut self, handle: Option<&str>, shape: &Geometry) -> Option<Geometry> {
        let at = meet(&self.next, handle, shape)?;
        let curve = self.next.drain(..=at).next_back()?;
        self.fill();
        curve.own(shape)
    }

    /// How many entities with curves the drawing has.
    pub(super) fn count(mut self) -> u64 {
        while !self.next.is_empty() {
            self.next.clear();
            self.fill();
        }
        self.seen
    }
}

/// Which of the curves GDAL gives with this handle and shape.
pub(super) fn meet<'a>(
    next: impl IntoIterator<Item = &'a Curve>,
    handle: Option<&str>,
    shape: &Geometry,
) -> Option<usize> {
    next.into_iter().position(|curve| {
        let fits = || curve.line.as_ref().is_some_and(|l| is_of(l, shape));
        curve.handle.as_deref() == handle && (handle.is_some() || fits())
    })
}

impl Curve {
    /// The line in place of GDAL's, where they are of the same curve.
    pub(super) fn own(self, shape: &Geometry) -> Option<Geometry> {
        // Handles may come twice. GDAL begins splines without repeated knots elsewhere.
        let mut own = self.line.filter(|l| shape.shape == Shape::Line && (self.spline || is_of(l, shape)))?;
        if own.z.is_empty() && !shape.z.is_empty() {
            own.z = vec![0.0; own.coords.len()];
        }
        // GDAL goes along arcs clockwise.
        if let (Some([a, b]), Some([c, _])) = (ends(&own), ends(shape))
            && near(b, c)
            && !near(a, c)
        {
            own.coords.reverse();
            own.z.reverse();
        }
        Some(own)
    }
}

fn ends(line: &Geometry) -> Option<[[f64; 2]; 2]> {
    Some([*line.coords.first()?, *line.coords.last()?])
}

fn near(a: [f64; 2], b: [f64; 2]) -> bool {
    (a[0] - b[0]).hypot(a[1] - b[1]) < SAME * curves::tolerance(a[0], a[1])
}

/// Whether GDAL's strokes are of this curve: with its ends, and with what lies between them on it. A chord has the ends of its
/// arc.
fn is_of(own: &Geometry, theirs: &Geometry) -> bool {
    let Some(([a, b], [c, d])) = ends(own).zip(ends(theirs)) else { return false };
    let middle = theirs.coords[theirs.coords.len() / 2];
    let straight = |line: &Geometry| line.coords.len() <= 2;
    (near(a, c) && near(b, d) || near(a, d) && near(b, c))
        && (straight(own) || !straight(theirs))
        && curves::away(middle, &own.coords) < ON * curves::tolerance(middle[0], middle[1])
}

/// For fuzzing: bytes as a drawing whose curves are all met.
pub(crate) fn fuzz(bytes: &[u8]) {
    let mut curved = Curved::new(bytes);
    while let Some(first) = curved.next.front() {
        let line = first.line.clone().unwrap_or_else(|| Geometry::line(Vec::new()));
        let handle = first.handle.clone();
        let own = curved.take(handle.as_deref(), &line);
        assert!(own.is_none_or(|l| l.coords.len() >= 2
            && l.is_finite()
            && (l.z.is_empty() || l.z.len() == l.coords.len())));
        if handle.is_none() && line.coords.is_empty() {
            break;
        }
    }
    curved.count();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(entities: &str) -> Curved<BufReader<std::io::Cursor<Vec<u8>>>> {
        let text = format!(
            "0 SECTION 2 BLOCKS 0 SPLINE 5 B0 71 1 0 ENDSEC 0 SECTION 2 ENTITIES {entities} 0 ENDSEC 0 SPLINE 0 EOF"
        );
        let lines = text.split_whitespace().map(|w| format!("{w}\r\n")).collect::<String>();
        Curved::new(BufReader::new(std::io::Cursor::new(lines.into_bytes())))
    }

    const LINE: &str = "71 1 40 0 40 0 40 1 40 1 10 0 20 0 30 7 10 5 20 5 30 9";

    #[test]
    fn curves_of_the_entities_are_met_by_their_handles_in_order() {
        let mut curved = of(&format!("0 POINT 5 A0 0 SPLINE 5 A1 {LINE} 0 LINE 0 SPLINE 5 A2 {LINE}"));
        let other = Geometry::line(vec![[9.0, 9.0]]);
        assert_eq!(curved.take(Some("A0"), &other), None);
        let line = curved.take(Some("A1"), &other).unwrap();
        assert_eq!((line.coords, line.z), (vec![[0.0, 0.0], [5.0, 5.0]], vec![7.0, 9.0]));
        assert_eq!(curved.take(Some("A1"), &other), None);
        assert!(curved.take(Some("A2"), &other).is_some());
        assert_eq!(curved.count(), 2);
    }

    #[test]
    fn one_that_gdal_passes_over_does_not_hide_the_next() {
        for handles in [["5 A1", "5 A2"], ["", ""]] {
            let circle = |i: usize, x: u32| format!("0 CIRCLE {} 10 {x} 20 0 40 1 ", handles[i]);
            let mut curved = of(&format!("{}{}{}", circle(0, 0), circle(0, 5), circle(1, 9)));
            let row = Geometry::line(vec![[10.0, 0.0], [8.0, 0.0], [10.0, 0.0]]);
            assert!(curved.take(handles[1].get(2..).map(str::trim), &row).is_some(), "{handles:?}");
            assert_eq!(curved.count(), 3);
        }
    }

    #[test]
    fn what_is_given_up_costs_as_much_as_what_is_made() {
        let bulges: String = (0..60).map(|i| format!("10 {} 20 0 42 1 ", f64::from(i % 2) * 1e9)).collect();
        let mut curved = of(&format!("0 LWPOLYLINE 5 A {bulges} ").repeat(400));
        while !curved.next.is_empty() {
            curved.take(Some("A"), &Geometry::line(Vec::new()));
        }
        assert!(curved.stroked < 2 * ALL_STROKED + STROKED_A_BYTE * curved.bytes, "{}", curved.stroked);
        assert_eq!(curved.count(), 400);
    }

    #[test]
    fn a_comment_hides_nothing() {
        let text = format!("0 SECTION 999 hi 2 ENTITIES 999 ho 0 SPLINE 5 A1 {LINE} 0 ENDSEC");
        let lines = text.split_whitespace().map(|w| format!("{w}\n")).collect::<String>();
        assert_eq!(Curved::new(lines.as_bytes()).count(), 1);
    }

    #[test]
    fn rows_of_another_shape_use_their_curve_up() {
        let circles: String = (0..20).map(|i| format!("0 CIRCLE 5 C{i} 10 0 20 0 40 1 39 5 ")).collect();
        let mut curved = of(&format!("{circles} 0 SPLINE 5 A1 {LINE}"));
        for i in 0..20 {
            let handle = format!("C{i}");
            assert_eq!(curved.take(Some(&handle), &Geometry::new(Shape::Polygon)), None);
        }
        assert!(curved.take(Some("A1"), &Geometry::line(Vec::new())).is_some());
    }

    #[test]
    fn a_file_of_endless_circles_is_bounded() {
        let n = 3_000;
        let mut curved = of(&"0 CIRCLE 10 0 20 0 40 1e9 ".repeat(n));
        while let Some(line) = curved.next.front().and_then(|c| c.line.clone()) {
            curved.take(None, &line);
        }
        assert!(
            curved.stroked < ALL_STROKED + STROKED_A_BYTE * curved.bytes + STROKED as u64,
            "{}",
            curved.stroked
        );
        assert_eq!(curved.count(), n as u64, "the rest stays as GDAL strokes it");
    }

    #[test]
    fn without_a_handle_a_curve_is_met_by_its_ends() {
        let mut curved = of(&format!("0 SPLINE {LINE}"));
        assert_eq!(curved.take(None, &Geometry::line(vec![[0.0, 0.0], [5.0, 6.0]])), None);
        assert!(curved.take(None, &Geometry::line(vec![[0.0, 0.0], [2.0, 2.0], [5.0, 5.0]])).is_some());
    }

    #[test]
    fn what_cannot_be_stroked_is_passed_over_and_counted() {
        let long = "1".repeat(3 * LONGEST as usize);
        let spline = |from: &str, to: &str| format!("0 SPLINE 5 A1 {}", LINE.replace(from, to));
        for broken in [
            spline("40 1 40 1", "40 1"),
            spline("40 0 40 0", "40 3 40 0"),
            spline("71 1", "71 x"),
            spline("71 1", "71 -4"),
            spline("20 5", ""),
            spline("10 0", "10 nan"),
            spline("10 0", &format!("10 {long}")),
            spline("71 1", "20 4 71 1"),
            spline("71 1", "41 1 41 0 71 1"),
            "0 CIRCLE 5 A1 10 1 20 1".into(),
            "0 CIRCLE 5 A1 10 1 20 1 40 -1".into(),
            "0 ARC 5 A1 20 1 40 3".into(),
            "0 CIRCLE 5 A1 10 1 20 1 40 3 210 0.6 230 0.8".into(),
            "0 ELLIPSE 5 A1 10 1 20 1 40 0.5 41 0 42 1".into(),
            "0 ELLIPSE 5 A1 10 1 20 1 11 4 40 1.5 41 0 42 1".into(),
            "0 ELLIPSE 5 A1 10 1 20 1 11 4 40 0.5 41 0 42 -99".into(),
            "0 LWPOLYLINE 5 A1 10 1 42 1 10 4 20 4".into(),
            "0 LWPOLYLINE 5 A1 10 1 20 4 42 1".into(),
        ] {
            let mut curved = of(&format!("{broken} 0 SPLINE 5 A2 {LINE}"));
            let line = Geometry::line(Vec::new());
            assert_eq!(curved.take(Some("A1"), &line), None, "{broken:.200}");
            assert!(curved.take(Some("A2"), &line).is_some(), "{broken:.200}");
            assert_eq!(curved.count(), 2, "{broken:.200}");
        }
        for cut in [
            "",
            "0\nSECTION\n2\nENTITIES\n0\nSPLINE\n10",
            "0\nSECTION\n2\nENTITIES\n0\nPOLYLINE\n0\nVERTEX\n0",
        ] {
            let curved = Curved::new(BufReader::new(cut.as_bytes()));
            assert_eq!(curved.count(), u64::from(cut.contains("SPLINE")), "{cut}");
        }
    }
}
