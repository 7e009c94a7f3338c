//! One object: its id, its code, and its shape as written.

use super::head::{Head, Kind, Layout, split};
use crate::formats::lines::{Fault, Lines, real};
use crate::notes::both;
use ditu_model::Text;
use std::io::BufRead;
use xxhash_rust::xxh3::xxh3_128;

/// An object's name: a number as it is, anything else as its hash.
pub(super) type Id = u128;

/// Reads an id; with whether it was negative.
pub(super) fn id(text: &[u8]) -> (Id, bool) {
    let (bare, negative) = match text.strip_prefix(b"-") {
        Some(bare) => (bare, true),
        None => (text, false),
    };
    let number = std::str::from_utf8(bare).ok().filter(|t| t.len() <= 18).and_then(|t| t.parse::<u64>().ok());
    (number.map_or_else(|| xxh3_128(bare) | 1 << 127, u128::from), negative)
}

/// Coordinates of a vertex; the height is NaN where there is none.
pub(super) type Vertex = [f64; 3];

/// A step around a ring: an object's id and whether it is walked backwards; `None` ends a ring.
pub(super) type Step = Option<(Id, bool)>;

/// A shape as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    Points(Vec<Vertex>),
    /// Strokes that follow each other.
    Line(Vec<Vertex>),
    Rings(Vec<Vec<Vertex>>),
    /// A line or polygon made of lines.
    Lines(Vec<Step>),
    /// A polygon made of polygons.
    Polygons(Vec<Step>),
    /// A shape of a kind that is not read; which.
    Unread(Text),
}

/// An object.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) id: Id,
    pub(super) code: Vec<u8>,
    pub(super) body: Body,
    /// The line where it begins, and its byte.
    pub(super) line: u64,
    pub(super) byte: u64,
}

/// Reads the next object of a section, or `None` at its end keyword.
pub(super) fn next<R: BufRead>(
    lines: &mut Lines<R>,
    head: &Head,
    kind: Kind,
) -> Result<Option<Object>, Fault> {
    let end = match kind {
        Kind::Point => "PointEnd",
        Kind::Line => "LineEnd",
        Kind::Polygon | Kind::Other => "PolygonEnd",
    };
    lines.need(end, end)?;
    if lines.is(end) {
        return Ok(None);
    }
    let (line, byte) = lines.place();
    let (number, _) = id(lines.text());
    let mut code = lines.need("要素代码", "the feature code")?.to_vec();
    let style = lines.need("图式或图层名", "the style or layer name")?;
    let known = |c: &[u8]| head.codes.iter().any(|f| f.code == c);
    // One dialect writes the two the other way round.
    if !known(&code) && known(style) {
        code = style.to_vec();
    }
    let body = match kind {
        Kind::Point => point(lines, head)?,
        Kind::Line => strokes(lines, head)?,
        Kind::Polygon | Kind::Other => polygon(lines, head)?,
    };
    // The closing zero, which not everybody writes; ids are never zero.
    if lines.advance()? && lines.text() != b"0" {
        lines.back();
    }
    Ok(Some(Object { id: number, code, body, line, byte }))
}

fn vertex<R: BufRead>(lines: &mut Lines<R>, head: &Head) -> Result<Vertex, Fault> {
    lines.need("坐标", "a coordinate")?;
    parse_vertex(lines.text(), head).ok_or_else(|| lines.expected("坐标“X,Y”", "a coordinate X,Y"))
}

fn parse_vertex(text: &[u8], head: &Head) -> Option<Vertex> {
    let mut parts = split(text, head.separator);
    let (x, y) = (real(parts.next()?)?, real(parts.next()?)?);
    let z = if head.three { parts.next().and_then(real) } else { None };
    Some([x + head.offset[0], y + head.offset[1], z.unwrap_or(f64::NAN)])
}

fn vertices<R: BufRead>(lines: &mut Lines<R>, head: &Head, count: u64) -> Result<Vec<Vertex>, Fault> {
    // What is kept is bounded by the lines that are really there, not by the count.
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(vertex(lines, head)?);
    }
    Ok(all)
}

/// A count before coordinates, where the writer gives one: a line without separator.
fn count<R: BufRead>(lines: &mut Lines<R>, head: &Head, usual: u64) -> Result<u64, Fault> {
    let bare = !lines.need("点数或坐标", "a count or a coordinate")?.contains(&head.separator);
    lines.back();
    if bare { lines.integer("点数", "a count") } else { Ok(usual) }
}

fn point<R: BufRead>(lines: &mut Lines<R>, head: &Head) -> Result<Body, Fault> {
    let kind = lines.integer("点的类型（1–4）", "the kind of point (1–4)")?;
    let usual = match kind {
        1 | 2 => 1,
        3 => 2,
        4 => 0,
        _ => return Err(lines.expected("点的类型（1–4）", "the kind of point (1–4)")),
    };
    let n = count(lines, head, usual)?;
    let mut all = vertices(lines, head, n.max(1))?;
    if kind == 3 {
        if n == 1 {
            vertex(lines, head)?;
        }
        // The second one is only a direction.
        all.truncate(1);
    }
    Ok(Body::Points(all))
}

fn strokes<R: BufRead>(lines: &mut Lines<R>, head: &Head) -> Result<Body, Fault> {
    let kind = lines.integer("线的类型", "the kind of line")?;
    if head.layout != Layout::V3 {
        let n = lines.integer("点数", "a count")?;
        let all = vertices(lines, head, n)?;
        if head.topology >= 2 {
            // From and to node, left and right polygon: known from the shapes themselves.
            for _ in 0..4 {
                lines.need("拓扑关系", "a topological relation")?;
            }
        }
        return Ok(Body::Line(all));
    }
    match kind {
        100 => Ok(Body::Lines(ids(lines, head)?)),
        1 => {
            let segments = lines.integer("线段数", "the number of segments")?;
            let (mut all, mut unread): (Vec<Vertex>, Option<Text>) = (Vec::new(), None);
            for _ in 0..segments {
                let (shape, points) = curve(lines, head)?;
                match stroke(shape, &points) {
                    Ok(more) => {
                        // Segments share the vertex where they meet.
                        let joined = all.last().zip(more.first()).is_some_and(|(a, b)| near(a, b));
                        all.extend(&more[usize::from(joined)..]);
                    }
                    Err(why) => unread = Some(why),
                }
            }
            Ok(unread.map_or(Body::Line(all), Body::Unread))
        }
        _ => Err(lines.expected("线的类型（1 或 100）", "the kind of line (1 or 100)")),
    }
}

/// The same place: a tenth of a millimetre in metres, the same in degrees.
pub(super) fn near(a: &Vertex, b: &Vertex) -> bool {
    let t = if a[0].abs() <= 360.0 { 1e-9 } else { 1e-4 };
    (a[0] - b[0]).abs() <= t && (a[1] - b[1]).abs() <= t
}

/// One segment or ring: its kind and its points.
fn curve<R: BufRead>(lines: &mut Lines<R>, head: &Head) -> Result<(u64, Vec<Vertex>), Fault> {
    let shape = lines.integer("线段类型（11–17）", "the kind of segment (11–17)")?;
    if !(11..=17).contains(&shape) {
        return Err(lines.expected("线段类型（11–17）", "the kind of segment (11–17)"));
    }
    let n = count(lines, head, 3)?;
    Ok((shape, vertices(lines, head, n)?))
}

/// A segment as vertices; arcs within a centimetre.
fn stroke(shape: u64, points: &[Vertex]) -> Result<Vec<Vertex>, Text> {
    let unread = |zh: &str, en: &str| {
        both(
            format!("{zh}没有转换；请在源系统中打散为折线"),
            format!("{en} are not read; turn them into polylines where they were drawn"),
        )
    };
    match (shape, points) {
        (11, _) => Ok(points.to_vec()),
        (12, [a, b, c]) => Ok(super::curves::arc(*a, *b, *c)),
        (12, _) => Err(unread("三点圆弧的点数不是 3，", "three-point arcs of another number of points")),
        (13, _) => Err(unread("圆心圆弧", "arcs by their centre")),
        (14, _) => Err(unread("椭圆弧", "elliptic arcs")),
        _ => Err(unread("样条曲线", "splines")),
    }
}

fn polygon<R: BufRead>(lines: &mut Lines<R>, head: &Head) -> Result<Body, Fault> {
    if head.layout != Layout::V3 {
        vertex(lines, head)?;
        if head.topology >= 1 {
            return Ok(Body::Lines(ids(lines, head)?));
        }
        let n = lines.integer("点数", "a count")?;
        return Ok(Body::Rings(closed(vertices(lines, head, n)?)));
    }
    let kind = lines.integer("面的类型（1 或 100）", "the kind of polygon (1 or 100)")?;
    vertex(lines, head)?;
    match kind {
        1 => {
            let n = lines.integer("环数", "the number of rings")?;
            let (mut rings, mut unread): (Vec<Vec<Vertex>>, Option<Text>) = (Vec::new(), None);
            for _ in 0..n {
                match ring(lines, head)? {
                    Ok(ring) => rings.push(ring),
                    Err(why) => unread = Some(why),
                }
            }
            Ok(unread.map_or(Body::Rings(rings), Body::Unread))
        }
        100 => match lines.integer("21（线）或 22（面）", "21 (lines) or 22 (polygons)")? {
            21 => Ok(Body::Lines(ids(lines, head)?)),
            22 => Ok(Body::Polygons(ids(lines, head)?)),
            _ => Err(lines.expected("21（线）或 22（面）", "21 (lines) or 22 (polygons)")),
        },
        _ => Err(lines.expected("面的类型（1 或 100）", "the kind of polygon (1 or 100)")),
    }
}

fn ring<R: BufRead>(lines: &mut Lines<R>, head: &Head) -> Result<Result<Vec<Vertex>, Text>, Fault> {
    let shape = lines.integer("环的类型（11–14）", "the kind of ring (11–14)")?;
    match shape {
        11 => {
            let n = lines.integer("点数", "a count")?;
            Ok(Ok(vertices(lines, head, n)?))
        }
        12 => {
            let n = count(lines, head, 3)?;
            let points = vertices(lines, head, n)?;
            Ok(match points[..] {
                [a, b, c] => super::curves::circle(a, b, c).ok_or_else(|| {
                    both("三点共线，不成圆", "the three points are in line and make no circle")
                }),
                _ => Err(both("三点圆的点数不是 3", "a circle of another number of points than three")),
            })
        }
        13 => {
            let n = count(lines, head, 1)?;
            if n != 1 {
                return Err(lines.expected("圆心（1 个点）", "a centre (one point)"));
            }
            let centre = vertex(lines, head)?;
            lines.need("半径", "the radius")?;
            let radius = real(lines.text()).filter(|r| *r > 0.0);
            let radius = radius.ok_or_else(|| lines.expected("半径", "the radius"))?;
            Ok(Ok(super::curves::round(centre, radius)))
        }
        14 => {
            let n = count(lines, head, 3)?;
            vertices(lines, head, n)?;
            Ok(Err(both(
                "椭圆没有转换；请在源系统中打散为折线",
                "ellipses are not read; turn them into polylines where they were drawn",
            )))
        }
        _ => Err(lines.expected("环的类型（11–14）", "the kind of ring (11–14)")),
    }
}

/// Rings written one after the other: each ends where it began.
fn closed(all: Vec<Vertex>) -> Vec<Vec<Vertex>> {
    let (mut rings, mut ring): (Vec<Vec<Vertex>>, Vec<Vertex>) = (Vec::new(), Vec::new());
    for v in all {
        let ends = ring.len() >= 3 && ring.first().is_some_and(|f| near(f, &v));
        ring.push(v);
        if ends {
            rings.push(std::mem::take(&mut ring));
        }
    }
    if !ring.is_empty() {
        rings.push(ring);
    }
    rings
}

/// Ids, up to eight a line, until all are there; zero ends a ring.
fn ids<R: BufRead>(lines: &mut Lines<R>, head: &Head) -> Result<Vec<Step>, Fault> {
    let n = lines.integer("标识数", "the number of ids")?;
    let mut all = Vec::new();
    while (all.len() as u64) < n {
        let text = lines.need("标识", "an id")?.to_vec();
        let tokens: Vec<&[u8]> = split(&text, head.separator).filter(|t| !t.is_empty()).collect();
        let sound = |t: &[u8]| !t.starts_with(b"-") || t.len() > 1;
        if tokens.is_empty()
            || !tokens.iter().all(|t| sound(t))
            || text.to_ascii_lowercase().ends_with(b"end")
        {
            return Err(lines.expected("标识", "an id"));
        }
        all.extend(tokens.into_iter().map(|t| (t != b"0").then(|| id(t))));
    }
    if all.len() as u64 != n {
        return Err(lines.fault(format!("标识多于 {n} 个"), format!("there are more than {n} ids")));
    }
    Ok(all)
}
