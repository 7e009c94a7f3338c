//! One object: its id, its code, and its shape as written.

use super::head::{Head, Kind, Layout, split};
use crate::formats::curves::{self, Vertex};
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

/// What the format leaves open and had to be assumed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Assumed {
    /// A curve is the straight line between its points.
    Straight,
    /// The two points of an ellipse are its centre and the end of its long axis, four are the ends of both axes.
    Ellipse,
    /// The points of a B-spline are control points of a cubic one that begins and ends at the outer two.
    Spline,
}

impl Assumed {
    /// How many there are.
    pub(super) const KINDS: usize = 3;
}

/// An object.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) id: Id,
    pub(super) code: Vec<u8>,
    pub(super) body: Body,
    /// What an annotation says.
    pub(super) text: Option<Vec<u8>>,
    /// What was assumed of its shape.
    pub(super) assumed: Option<Assumed>,
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
        Kind::Annotation => "AnnotationEnd",
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
    if style.eq_ignore_ascii_case(end.as_bytes()) {
        return Err(lines.expected("图式或图层名", "the style or layer name"));
    }
    // One dialect writes the two the other way round.
    if !known(&code) && known(style) {
        code = style.to_vec();
    }
    let (mut text, mut assumed) = (None, None);
    let body = match kind {
        Kind::Point => point(lines, head)?,
        Kind::Line => strokes(lines, head, &mut assumed)?,
        Kind::Annotation => {
            let (said, at) = annotation(lines, head)?;
            text = Some(said);
            Body::Points(vec![at])
        }
        Kind::Polygon | Kind::Other => polygon(lines, head, &mut assumed)?,
    };
    // The closing zero, which not everybody writes; ids are never zero.
    if lines.advance()? && lines.text() != b"0" {
        lines.back();
    }
    Ok(Some(Object { id: number, code, body, text, assumed, line, byte }))
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
    if kind == 2 && head.layout == Layout::V1 && head.topology >= 2 {
        // The lines that meet in the node: known from the lines themselves.
        ids(lines, head)?;
    }
    Ok(Body::Points(all))
}

/// What an annotation says, and where it begins.
fn annotation<R: BufRead>(lines: &mut Lines<R>, head: &Head) -> Result<(Vec<u8>, Vertex), Fault> {
    let said = |lines: &mut Lines<R>| {
        let text = lines.need("注记内容", "the text")?.to_vec();
        if lines.is("AnnotationEnd") { Err(lines.expected("注记内容", "the text")) } else { Ok(text) }
    };
    if head.layout != Layout::V3 {
        for (zh, en) in [
            ("字体", "the font"),
            ("颜色", "the colour"),
            ("字型", "the weight and shape"),
            ("字大", "the size"),
            ("间隔", "the spacing"),
        ] {
            lines.need(zh, en)?;
        }
        let text = said(lines)?;
        let n = lines.integer("点数", "a count")?;
        return Ok((text, first(lines, head, n)?));
    }
    let kind = lines.integer("注记的类型（1 或 2）", "the kind of annotation (1 or 2)")?;
    let text = said(lines)?;
    let n = match kind {
        1 => 1,
        2 => lines.integer("点数", "a count")?,
        _ => return Err(lines.expected("注记的类型（1 或 2）", "the kind of annotation (1 or 2)")),
    };
    Ok((text, first(lines, head, n)?))
}

/// The first of some places, which may have an angle after them.
fn first<R: BufRead>(lines: &mut Lines<R>, head: &Head, count: u64) -> Result<Vertex, Fault> {
    let at = vertex(lines, head)?;
    for _ in 1..count {
        vertex(lines, head)?;
    }
    Ok([at[0], at[1], f64::NAN])
}

/// Vertices that curves of one object may come to beyond those that the file gives. A few bytes make an arc of twenty
/// thousand.
const STROKED: usize = 1_000_000;

fn too_many() -> Text {
    both("曲线太多，展开后过大", "there are too many curves: they come to too many vertices")
}

fn unread(zh: &str, en: &str) -> Text {
    both(
        format!("{zh}没有转换；请在源系统中打散为折线"),
        format!("{en} are not read; turn them into polylines where they were drawn"),
    )
}

fn strokes<R: BufRead>(
    lines: &mut Lines<R>,
    head: &Head,
    assumed: &mut Option<Assumed>,
) -> Result<Body, Fault> {
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
        return Ok(plain(kind, all, assumed).map_or_else(Body::Unread, Body::Line));
    }
    match kind {
        100 => Ok(Body::Lines(ids(lines, head)?)),
        1 => {
            let count = lines.integer("线段数", "the number of segments")?;
            let (mut segments, mut given, mut made) = (Vec::new(), 0, 0);
            for _ in 0..count {
                let (next, points) = segment(lines, head, assumed)?;
                given += points;
                made += if let Segment::Sure(vertices) = &next { vertices.len() } else { 0 };
                // What is too much is not kept until the line is whole.
                segments.push(if made > given + STROKED { Segment::Unread(too_many()) } else { next });
            }
            Ok(join(&segments, given).map_or_else(Body::Unread, Body::Line))
        }
        _ => Err(lines.expected("线的类型（1 或 100）", "the kind of line (1 or 100)")),
    }
}

/// A line of 1999: one kind of curve all along.
fn plain(kind: u64, points: Vec<Vertex>, assumed: &mut Option<Assumed>) -> Result<Vec<Vertex>, Text> {
    match (kind, points.as_slice()) {
        (1, _) => Ok(points),
        (2, [_, _, _, ..]) if points.len() % 2 == 1 => arcs(&points),
        (2, _) => Err(unread("点数为偶数的三点圆弧", "three-point arcs of an even number of points")),
        (3, [a, b, c]) => through(*a, *b, *c),
        (3, _) => Err(unread("点数不是 3 的三点圆", "circles of another number of points than three")),
        (4, [a, b, c, d]) => {
            let (m, axis, ratio) = axes([a, b, c, d]).ok_or_else(|| {
                unread("四个点不是两轴端点的椭圆", "ellipses whose four points are not the ends of two axes")
            })?;
            *assumed = Some(Assumed::Ellipse);
            Ok(curves::ellipse(m, axis, ratio))
        }
        (4, _) => Err(unread("点数不是 4 的四点椭圆", "ellipses of another number of points than four")),
        (5 | 6, _) => {
            *assumed = Some(Assumed::Straight);
            Ok(points)
        }
        _ => Err(both(format!("线的类型 {kind} 不认识"), format!("the kind of line {kind} is not known"))),
    }
}

/// Centre, long half-axis and ratio of the ellipse whose axes end at four points, in whatever order: the lines between
/// the ends of an axis halve each other at a right angle. `None` where no order makes them do so.
fn axes(ends: [&Vertex; 4]) -> Option<(Vertex, [f64; 2], f64)> {
    [[0, 1, 2, 3], [0, 2, 1, 3], [0, 3, 1, 2]].iter().find_map(|order| {
        let [a, b, c, d] = order.map(|i| ends[i]);
        let middle = |p: &Vertex, q: &Vertex| [0, 1, 2].map(|i| (p[i] + q[i]) / 2.0);
        let half = |p: &Vertex, q: &Vertex| [(q[0] - p[0]) / 2.0, (q[1] - p[1]) / 2.0];
        let (m, n, u, v) = (middle(a, b), middle(c, d), half(a, b), half(c, d));
        let (long, short) = (u[0].hypot(u[1]), v[0].hypot(v[1]));
        let fine = long.min(short) * 1e-2;
        let crossed = (u[0] * v[0] + u[1] * v[1]).abs() <= fine * long.max(short);
        if !(fine > 0.0 && crossed && (m[0] - n[0]).hypot(m[1] - n[1]) <= fine) {
            return None;
        }
        Some(if long >= short { (m, u, short / long) } else { (m, v, long / short) })
    })
}

/// Arcs by three points, each beginning where the one before ends.
fn arcs(points: &[Vertex]) -> Result<Vec<Vertex>, Text> {
    let mut all: Vec<Vertex> = Vec::new();
    for p in points.windows(3).step_by(2) {
        let more = curves::arc(p[0], p[1], p[2]);
        all.extend(&more[usize::from(!all.is_empty())..]);
        if all.len() > points.len() + STROKED {
            return Err(too_many());
        }
    }
    Ok(all)
}

fn through(a: Vertex, b: Vertex, c: Vertex) -> Result<Vec<Vertex>, Text> {
    curves::circle(a, b, c)
        .ok_or_else(|| both("三点共线，不成圆", "the three points are in line and make no circle"))
}

/// One segment of a line.
enum Segment {
    /// Its vertices.
    Sure(Vec<Vertex>),
    /// An arc by its angles. From where and which way they are counted is not written: the way in which the arc meets its
    /// neighbours is right. Stroked only then.
    Angles {
        centre: Vertex,
        axis: [f64; 2],
        ratio: f64,
        from: f64,
        to: f64,
    },
    Unread(Text),
}

/// Segments one after the other; they share the vertex where they meet.
/// `given` is how many vertices the file itself has for them.
fn join(segments: &[Segment], given: usize) -> Result<Vec<Vertex>, Text> {
    let mut all: Vec<Vertex> = Vec::new();
    for (i, segment) in segments.iter().enumerate() {
        let chosen;
        let more = match segment {
            Segment::Sure(vertices) => vertices,
            Segment::Unread(why) => return Err(why.clone()),
            Segment::Angles { centre, axis, ratio, from, to } => {
                let ways = ways(*centre, *axis, *ratio, *from, *to);
                let before = all.last();
                let after = match segments.get(i + 1) {
                    Some(Segment::Sure(next)) => next.first(),
                    _ => None,
                };
                let meets = |way: &[Vertex]| {
                    let ends = [(before, way.first()), (after, way.last())];
                    (before.is_some() || after.is_some())
                        && ends.iter().all(|(a, b)| a.zip(*b).is_none_or(|(a, b)| close_to(a, b, 5e-2)))
                };
                let back = |way: &Vec<Vertex>| way.iter().rev().copied().collect::<Vec<Vertex>>();
                let mut met = ways.iter().cloned().chain(ways.iter().map(back)).filter(|way| meets(way));
                let Some(way) = met.next() else {
                    return Err(unread(
                        "与相邻线段不相接的圆心弧、椭圆弧",
                        "arcs by angles that meet no neighbour",
                    ));
                };
                let places = |way: &[Vertex]| [way[way.len() / 2], way[way.len() - 1]];
                let (first, mut others) = (places(&way), met.map(|way| places(&way)));
                if !others.all(|o| close_to(&o[0], &first[0], 5e-2) && close_to(&o[1], &first[1], 5e-2)) {
                    return Err(unread(
                        "起止角有几种读法的圆心弧、椭圆弧",
                        "arcs whose angles can be read in several ways",
                    ));
                }
                drop(others);
                chosen = way;
                &chosen
            }
        };
        let joined = all.last().zip(more.first()).is_some_and(|(a, b)| close_to(a, b, 5e-2));
        let exact = all.last().zip(more.first()).is_some_and(|(a, b)| near(a, b));
        let skip = exact || (joined && matches!(segment, Segment::Angles { .. }));
        if all.len() + more.len() > given + STROKED {
            return Err(too_many());
        }
        all.extend(&more[usize::from(skip)..]);
    }
    Ok(all)
}

fn close_to(a: &Vertex, b: &Vertex, metres: f64) -> bool {
    let t = if a[0].abs() <= 360.0 { metres * 1e-5 } else { metres };
    (a[0] - b[0]).abs() <= t && (a[1] - b[1]).abs() <= t
}

/// The same place: a tenth of a millimetre in metres, the same in degrees.
pub(super) fn near(a: &Vertex, b: &Vertex) -> bool {
    close_to(a, b, 1e-4)
}

/// Numbers, one or several a line, until all are there.
fn numbers<const N: usize, R: BufRead>(
    lines: &mut Lines<R>,
    head: &Head,
    zh: &str,
    en: &str,
) -> Result<[f64; N], Fault> {
    let (mut all, mut have) = ([0.0; N], 0);
    while have < N {
        let text = lines.need(zh, en)?.to_vec();
        for part in split(&text, head.separator).filter(|p| !p.is_empty()) {
            let n = real(part).filter(|_| have < N).ok_or_else(|| lines.expected(zh, en))?;
            all[have] = n;
            have += 1;
        }
    }
    Ok(all)
}

/// One segment, arcs within a centimetre, and how many points the file has for it.
fn segment<R: BufRead>(
    lines: &mut Lines<R>,
    head: &Head,
    assumed: &mut Option<Assumed>,
) -> Result<(Segment, usize), Fault> {
    let shape = lines.integer("线段类型（11–17）", "the kind of segment (11–17)")?;
    if !(11..=17).contains(&shape) {
        return Err(lines.expected("线段类型（11–17）", "the kind of segment (11–17)"));
    }
    let usual = match shape {
        13 => 1,
        14 => 2,
        _ => 3,
    };
    let n = count(lines, head, usual)?;
    let points = vertices(lines, head, n)?;
    let given = points.len();
    let segment = match (shape, points.as_slice()) {
        (11, _) => Segment::Sure(points),
        (12, [a, b, c]) => Segment::Sure(curves::arc(*a, *b, *c)),
        (12, _) => {
            Segment::Unread(unread("三点圆弧的点数不是 3，", "three-point arcs of another number of points"))
        }
        (13, [m]) => {
            let [radius, from, to] = numbers(lines, head, "半径、起始角、终止角", "radius and angles")?;
            if radius <= 0.0 {
                return Err(lines.expected("半径", "the radius"));
            }
            Segment::Angles { centre: *m, axis: [radius, 0.0], ratio: 1.0, from, to }
        }
        (14, [m, end]) => {
            let [ratio, from, to] =
                numbers(lines, head, "短长轴比、起始角、终止角", "ratio of axes and angles")?;
            if !(ratio > 0.0 && ratio <= 1.0) {
                return Err(lines.expected("短长轴比", "the ratio of the axes"));
            }
            Segment::Angles { centre: *m, axis: [end[0] - m[0], end[1] - m[1]], ratio, from, to }
        }
        (13, _) => Segment::Unread(unread("圆心圆弧", "arcs by their centre")),
        (14, _) => Segment::Unread(unread("椭圆弧", "elliptic arcs")),
        (15, _) => {
            // Its points lie on it.
            *assumed = Some(Assumed::Straight);
            Segment::Sure(points)
        }
        (17, _) => match curves::bezier(&points, points.len() + STROKED) {
            Some(vertices) => Segment::Sure(vertices),
            None => Segment::Unread(unread(
                "控制点数不合的贝塞尔曲线",
                "Bézier curves of such a number of points",
            )),
        },
        // Its points do not: neither degree nor knots are written, and it must meet its neighbours.
        _ => match curves::b_spline(&points, points.len() + STROKED) {
            Some(vertices) => {
                *assumed = Some(Assumed::Spline);
                Segment::Sure(vertices)
            }
            None => Segment::Unread(too_many()),
        },
    };
    Ok((segment, given))
}

/// The ways to read an arc's angles: degrees from the axis counter-clockwise, degrees from north clockwise, radians.
fn ways(m: Vertex, axis: [f64; 2], ratio: f64, from: f64, to: f64) -> Vec<Vec<Vertex>> {
    let turn = std::f64::consts::TAU;
    let arc = |from: f64, to: f64| {
        let sweep = (to - from).rem_euclid(turn);
        let sweep = if sweep == 0.0 { turn } else { sweep };
        curves::elliptic(m, axis, ratio, from, from + sweep)
    };
    let (f, t) = (from.to_radians(), to.to_radians());
    let quarter = turn / 4.0;
    let mut all = vec![arc(f, t)];
    if ratio == 1.0 {
        all.push(arc(quarter - t, quarter - f));
    }
    if from.abs() <= turn && to.abs() <= turn {
        all.push(arc(from, to));
    }
    all
}

fn polygon<R: BufRead>(
    lines: &mut Lines<R>,
    head: &Head,
    assumed: &mut Option<Assumed>,
) -> Result<Body, Fault> {
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
            let mut made = 0;
            for _ in 0..n {
                match ring(lines, head, assumed)? {
                    Ok((ring, stroked)) => {
                        made += if stroked { ring.len() } else { 0 };
                        match made > STROKED {
                            true => unread = Some(too_many()),
                            false => rings.push(ring),
                        }
                    }
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

/// A ring, and whether it was stroked from a curve.
fn ring<R: BufRead>(
    lines: &mut Lines<R>,
    head: &Head,
    assumed: &mut Option<Assumed>,
) -> Result<Result<(Vec<Vertex>, bool), Text>, Fault> {
    let shape = lines.integer("环的类型（11–14）", "the kind of ring (11–14)")?;
    match shape {
        11 => {
            let n = lines.integer("点数", "a count")?;
            Ok(Ok((vertices(lines, head, n)?, false)))
        }
        12 => {
            let n = count(lines, head, 3)?;
            let points = vertices(lines, head, n)?;
            Ok(match points[..] {
                [a, b, c] => through(a, b, c).map(|ring| (ring, true)),
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
            Ok(Ok((curves::round(centre, radius), true)))
        }
        14 => {
            let n = count(lines, head, 2)?;
            if n == 4 {
                let p = vertices(lines, head, n)?;
                *assumed = Some(Assumed::Ellipse);
                let ring = plain(4, p, assumed);
                return Ok(ring.map(|ring| (ring, true)));
            }
            if n != 2 {
                return Err(lines.expected(
                    "圆心和长轴端点（2 个点）或两轴端点（4 个点）",
                    "centre and end of the long axis (two points), or the ends of both axes (four)",
                ));
            }
            let (m, end) = (vertex(lines, head)?, vertex(lines, head)?);
            let [ratio] = numbers(lines, head, "短长轴比", "the ratio of the axes")?;
            if !(ratio > 0.0 && ratio <= 1.0) {
                return Err(lines.expected("短长轴比", "the ratio of the axes"));
            }
            *assumed = Some(Assumed::Ellipse);
            Ok(Ok((curves::ellipse(m, [end[0] - m[0], end[1] - m[1]], ratio), true)))
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
