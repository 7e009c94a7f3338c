//! Objects as rows: lines joined to rings, attributes beside them.

use super::Input;
use super::head::{FeatureCode, Kind, split};
use super::index::{Index, Place};
use super::object::{self, Body, Id, Step, near};
use crate::formats::curves::Vertex;
use crate::formats::lines::{Fault, Lines};
use crate::geometry::rings;
use crate::notes::both;
use ditu_model::{Geometry, Shape, Text};
use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

/// How deep polygons may be made of polygons.
const DEEP: u32 = 8;
/// Vertices of one shape.
const VERTICES: usize = 20_000_000;
/// Bytes that are read at once for attributes.
const WINDOW: usize = 1 << 18;

/// Rings, or pieces of a line.
type Paths = Vec<Vec<[f64; 2]>>;
/// The outer error is the file's fault, the inner one the object's.
type OrFault<T> = Result<Result<T, Text>, Text>;

/// An object as a row.
pub(super) struct Found {
    /// The line where it begins.
    pub(super) line: u64,
    /// Its attribute row without the id; `None` where there is none.
    pub(super) values: Option<Vec<Vec<u8>>>,
    /// `None` for a row of the table that belongs to no object.
    pub(super) geometry: Option<Result<Geometry, Text>>,
    /// What an annotation says.
    pub(super) text: Option<Vec<u8>>,
}

fn failed(e: &io::Error) -> Text {
    both(format!("读取失败（{e}）"), format!("reading failed ({e})"))
}

/// Reads the objects of one feature code with the attributes of one table; with the first code of a table also its rows
/// that belong to no object.
pub(super) fn read(
    input: &Input,
    index: &Index,
    code: &[u8],
    kind: Kind,
    table: &[u8],
    sink: &mut dyn FnMut(Found) -> ControlFlow<()>,
) -> Result<(), Text> {
    let shared = index.head.codes.iter().filter(|c| c.code == code).count() > 1;
    let mut attributes = Attributes::open(input, index, table)?;
    let mut shapes = Shapes::new(input, index);
    for (_, place) in index.sections.iter().filter(|(k, _)| *k == kind) {
        let mut lines = lines_at(input, *place)?;
        while let Some(o) = object::next(&mut lines, &index.head, kind).map_err(|f| f.text())? {
            if o.code != code {
                continue;
            }
            let values = attributes.row(o.id)?;
            // A code that has several tables: the object is of the table that knows it.
            if shared && values.is_none() {
                continue;
            }
            let mut geometry = shapes.geometry(kind, o.body)?;
            let mut values = values;
            if let Some(Err(why)) = values.as_ref().map(|v| attributes.fits(v)) {
                geometry = Err(why);
                values = None;
            }
            let found = Found { line: o.line, values, geometry: Some(geometry), text: o.text };
            if let ControlFlow::Break(()) = sink(found) {
                return Ok(());
            }
        }
    }
    let codes: Vec<&FeatureCode> =
        index.head.codes.iter().filter(|c| c.table.eq_ignore_ascii_case(table)).collect();
    let used = |c: &&&FeatureCode| index.counts.contains_key(&(c.kind, c.code.clone()));
    if codes.iter().find(used).is_some_and(|c| c.code == code && c.kind == kind) {
        let others: Vec<&FeatureCode> =
            codes.into_iter().filter(|c| c.code != code || c.kind != kind).collect();
        for (k, place) in index.sections.iter().filter(|(k, _)| others.iter().any(|c| c.kind == *k)) {
            let mut lines = lines_at(input, *place)?;
            while let Some(o) = object::next(&mut lines, &index.head, *k).map_err(|f| f.text())? {
                if others.iter().any(|c| c.kind == *k && c.code == o.code) {
                    attributes.mark(o.id);
                }
            }
        }
        attributes.orphans(input, index, table, sink)?;
    }
    Ok(())
}

fn lines_at(input: &Input, place: Place) -> Result<Lines<Box<dyn super::Bytes>>, Text> {
    let mut file = input.open().map_err(|e| failed(&e))?;
    file.seek(SeekFrom::Start(place.1)).map_err(|e| failed(&e))?;
    Ok(super::text(file, place.0, place.1))
}

/// The rows of one table, found by their object's id.
struct Attributes {
    file: Box<dyn super::Bytes>,
    /// Where a row is, and whether an object has it.
    rows: HashMap<Id, (u64, bool)>,
    separator: u8,
    fields: usize,
    window: Vec<u8>,
    start: u64,
}

impl Attributes {
    fn open(input: &Input, index: &Index, table: &[u8]) -> Result<Attributes, Text> {
        let mut rows = HashMap::new();
        let separator = index.head.separator;
        for (name, place) in &index.attributes {
            if !name.eq_ignore_ascii_case(table) {
                continue;
            }
            let mut lines = lines_at(input, *place)?;
            while lines.advance().map_err(|f| f.text())? && !lines.is("TableEnd") {
                if let Some(first) = split(lines.text(), separator).next() {
                    rows.insert(object::id(first).0, (lines.place().1, false));
                }
            }
        }
        let fields = index.head.structure(table).map_or(0, |s| s.fields.len());
        let file = input.open().map_err(|e| failed(&e))?;
        Ok(Attributes { file, rows, separator, fields, window: Vec::new(), start: 0 })
    }

    /// The line at a byte. Rows are mostly asked for in their order: one read serves many.
    fn line(&mut self, byte: u64) -> io::Result<&[u8]> {
        let end = |w: &[u8]| w.iter().position(|b| *b == b'\n');
        let at = byte.checked_sub(self.start).map(|o| o as usize).filter(|o| *o < self.window.len());
        let whole = at.is_some_and(|o| end(&self.window[o..]).is_some());
        if !whole {
            self.file.seek(SeekFrom::Start(byte))?;
            self.window.clear();
            (&mut self.file).take(WINDOW as u64).read_to_end(&mut self.window)?;
            self.start = byte;
        }
        let line = &self.window[(byte - self.start) as usize..];
        Ok(line[..end(line).unwrap_or(line.len())].trim_ascii())
    }

    /// The values of an object, without its id where that stands before them.
    fn row(&mut self, id: Id) -> Result<Option<Vec<Vec<u8>>>, Text> {
        let Some((byte, had)) = self.rows.get_mut(&id) else { return Ok(None) };
        *had = true;
        let (byte, separator, fields) = (*byte, self.separator, self.fields);
        let line = self.line(byte).map_err(|e| failed(&e))?;
        Ok(Some(values(line, separator, fields)))
    }

    fn mark(&mut self, id: Id) {
        if let Some((_, had)) = self.rows.get_mut(&id) {
            *had = true;
        }
    }

    /// The rows that no object has.
    fn orphans(
        &self,
        input: &Input,
        index: &Index,
        table: &[u8],
        sink: &mut dyn FnMut(Found) -> ControlFlow<()>,
    ) -> Result<(), Text> {
        if self.rows.values().all(|(_, had)| *had) {
            return Ok(());
        }
        for (_, place) in index.attributes.iter().filter(|(name, _)| name.eq_ignore_ascii_case(table)) {
            let mut lines = lines_at(input, *place)?;
            while lines.advance().map_err(|f| f.text())? && !lines.is("TableEnd") {
                let first = split(lines.text(), self.separator).next().map(|f| object::id(f).0);
                if first.and_then(|id| self.rows.get(&id)).is_none_or(|(_, had)| *had) {
                    continue;
                }
                let values = Some(values(lines.text(), self.separator, self.fields));
                let found = Found { line: lines.place().0, values, geometry: None, text: None };
                if let ControlFlow::Break(()) = sink(found) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn fits(&self, values: &[Vec<u8>]) -> Result<(), Text> {
        if values.len() == self.fields {
            return Ok(());
        }
        let (n, wanted) = (values.len(), self.fields);
        Err(both(
            format!("属性有 {n} 列，表结构是 {wanted} 列：值里可能有分隔符"),
            format!(
                "there are {n} values where the table has {wanted} fields: a value may hold the separator"
            ),
        ))
    }
}

/// A row's values without its id where that stands before them: where there are as many values as fields the id is itself
/// the first field.
fn values(line: &[u8], separator: u8, fields: usize) -> Vec<Vec<u8>> {
    let mut values: Vec<Vec<u8>> = split(line, separator).map(<[u8]>::to_vec).collect();
    if values.len() > fields {
        values.remove(0);
    }
    values
}

/// Vertices of all lines, for shapes that are made of them.
#[derive(Default)]
struct Arena {
    vertices: Vec<[f64; 2]>,
    lines: HashMap<Id, (usize, usize)>,
}

struct Shapes<'a> {
    input: &'a Input,
    index: &'a Index,
    arena: Option<Arena>,
    polygons: Option<HashMap<Id, Place>>,
}

impl<'a> Shapes<'a> {
    fn new(input: &'a Input, index: &'a Index) -> Shapes<'a> {
        Shapes { input, index, arena: None, polygons: None }
    }

    fn geometry(&mut self, kind: Kind, body: Body) -> OrFault<Geometry> {
        if kind == Kind::Polygon {
            let rings = match self.rings(body, 0)? {
                Ok(rings) => rings,
                Err(why) => return Ok(Err(why)),
            };
            let mut g = Geometry::new(Shape::Polygon);
            rings.iter().for_each(|r| g.push_ring(r));
            let many = || both("环太多", "there are too many rings");
            return Ok(rings::assemble(g).ok_or_else(many));
        }
        Ok(match body {
            Body::Points(v) => Ok(with_heights(Geometry::new(Shape::Point), &v)),
            Body::Line(v) => {
                let mut g = Geometry::line(Vec::new());
                g = Geometry { rings: vec![v.len() as u32], ..with_heights(g, &v) };
                Ok(g)
            }
            Body::Lines(steps) => match self.walk(&steps)? {
                Ok(paths) => Ok(Geometry::line(paths.concat())),
                Err(why) => Err(why),
            },
            Body::Unread(why) => Err(why),
            Body::Rings(_) | Body::Polygons(_) => Err(both("图形类型不符", "the shape is of another kind")),
        })
    }

    fn rings(&mut self, body: Body, deep: u32) -> OrFault<Paths> {
        match body {
            Body::Rings(rings) => Ok(Ok(rings.iter().map(|r| close(flat(r))).collect())),
            Body::Lines(steps) => Ok(match self.walk(&steps)? {
                Ok(rings) => rings.into_iter().map(closed).collect(),
                Err(why) => Err(why),
            }),
            Body::Polygons(steps) => self.parts(&steps, deep),
            Body::Unread(why) => Ok(Err(why)),
            Body::Points(_) | Body::Line(_) => Ok(Err(both("图形类型不符", "the shape is of another kind"))),
        }
    }

    /// Rings of the polygons that a polygon is made of.
    fn parts(&mut self, steps: &[Step], deep: u32) -> OrFault<Paths> {
        if deep >= DEEP {
            return Ok(Err(both(
                "面引用面嵌套过深或成环",
                "polygons of polygons are nested too deeply or in a circle",
            )));
        }
        let mut all = Vec::new();
        for (id, _) in steps.iter().flatten() {
            let Some(place) = self.place(*id)? else { return Ok(Err(missing("面", "polygon", *id))) };
            let mut lines = lines_at(self.input, place)?;
            let found =
                object::next(&mut lines, &self.index.head, Kind::Polygon).map_err(|f: Fault| f.text())?;
            let Some(o) = found else { return Ok(Err(missing("面", "polygon", *id))) };
            match self.rings(o.body, deep + 1)? {
                Ok(rings) => all.extend(rings),
                Err(why) => return Ok(Err(why)),
            }
            if all.iter().map(Vec::len).sum::<usize>() > VERTICES {
                return Ok(Err(both("图形过大", "the shape is too large")));
            }
        }
        Ok(Ok(all))
    }

    fn place(&mut self, id: Id) -> Result<Option<Place>, Text> {
        if self.polygons.is_none() {
            let mut all = HashMap::new();
            for (_, place) in self.index.sections.iter().filter(|(k, _)| *k == Kind::Polygon) {
                let mut lines = lines_at(self.input, *place)?;
                while let Some(o) =
                    object::next(&mut lines, &self.index.head, Kind::Polygon).map_err(|f| f.text())?
                {
                    all.insert(o.id, (o.line, o.byte));
                }
            }
            self.polygons = Some(all);
        }
        Ok(self.polygons.as_ref().and_then(|p| p.get(&id).copied()))
    }

    fn arena(&mut self) -> Result<&Arena, Text> {
        if self.arena.is_none() {
            let mut arena = Arena::default();
            let mut joined: Vec<(Id, Vec<Step>)> = Vec::new();
            // A vertex that is written takes four bytes and more; what curves add is bounded.
            let most =
                usize::try_from(self.input.length() / 4).unwrap_or(usize::MAX).saturating_add(VERTICES);
            for (_, place) in self.index.sections.iter().filter(|(k, _)| *k == Kind::Line) {
                let mut lines = lines_at(self.input, *place)?;
                while let Some(o) =
                    object::next(&mut lines, &self.index.head, Kind::Line).map_err(|f| f.text())?
                {
                    match o.body {
                        Body::Line(v) => {
                            arena.lines.insert(o.id, (arena.vertices.len(), v.len()));
                            arena.vertices.extend(v.iter().map(|v| [v[0], v[1]]));
                            if arena.vertices.len() > most {
                                return Err(both(
                                    "曲线太多，展开后过大",
                                    "the curves of the file come to too many vertices",
                                ));
                            }
                        }
                        Body::Lines(steps) => joined.push((o.id, steps)),
                        _ => {}
                    }
                }
            }
            // Lines of lines: those whose parts are plain lines.
            for (id, steps) in joined {
                let parts: Option<Vec<Vec<[f64; 2]>>> =
                    steps.iter().flatten().map(|(id, back)| arena.line(*id, *back)).collect();
                let Some(parts) = parts else { continue };
                let from = arena.vertices.len();
                for part in parts {
                    let joint = arena.vertices[from..]
                        .last()
                        .is_some_and(|l| part.first().is_some_and(|f| same(*l, *f)));
                    arena.vertices.extend(&part[usize::from(joint)..]);
                    if arena.vertices.len() > from + VERTICES {
                        return Err(both("图形过大", "a shape is too large"));
                    }
                }
                arena.lines.insert(id, (from, arena.vertices.len() - from));
            }
            self.arena = Some(arena);
        }
        Ok(self.arena.get_or_insert_default())
    }

    /// Lines one after the other, each path up to a break.
    fn walk(&mut self, steps: &[Step]) -> OrFault<Paths> {
        let arena = self.arena()?;
        let (mut paths, mut path): (Vec<Vec<[f64; 2]>>, Vec<[f64; 2]>) = (Vec::new(), Vec::new());
        let mut total = 0;
        for step in steps {
            let Some((id, back)) = step else {
                paths.push(std::mem::take(&mut path));
                continue;
            };
            let Some(mut part) = arena.line(*id, *back) else { return Ok(Err(missing("线", "line", *id))) };
            total += part.len();
            if total > VERTICES {
                return Ok(Err(both("图形过大", "the shape is too large")));
            }
            if let (Some(last), Some(first), Some(end)) = (path.last().copied(), part.first(), part.last()) {
                if !same(last, *first) && same(last, *end) {
                    // The sign was forgotten.
                    part.reverse();
                } else if !same(last, *first) {
                    let (zh, en) = (name(*id, "线"), name(*id, "line"));
                    return Ok(Err(both(
                        format!("{zh}与前一条线不相接"),
                        format!("{en} does not meet the line before it"),
                    )));
                }
                part.remove(0);
            }
            path.append(&mut part);
        }
        paths.push(path);
        paths.retain(|p| !p.is_empty());
        Ok(Ok(paths))
    }
}

impl Arena {
    fn line(&self, id: Id, back: bool) -> Option<Vec<[f64; 2]>> {
        let (from, n) = self.lines.get(&id).copied()?;
        let mut all = self.vertices[from..from + n].to_vec();
        if back {
            all.reverse();
        }
        Some(all)
    }
}

fn same(a: [f64; 2], b: [f64; 2]) -> bool {
    near(&[a[0], a[1], 0.0], &[b[0], b[1], 0.0])
}

fn flat(v: &[Vertex]) -> Vec<[f64; 2]> {
    v.iter().map(|v| [v[0], v[1]]).collect()
}

/// A ring that ends where it begins, exactly.
fn close(mut ring: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    if let (Some(first), Some(last)) = (ring.first().copied(), ring.last().copied()) {
        if ring.len() > 2 && same(first, last) {
            ring.pop();
        }
        ring.push(first);
    }
    ring
}

/// A ring of lines must come back to its beginning.
fn closed(ring: Vec<[f64; 2]>) -> Result<Vec<[f64; 2]>, Text> {
    match (ring.first(), ring.last()) {
        (Some(a), Some(b)) if ring.len() >= 4 && same(*a, *b) => Ok(close(ring)),
        _ => Err(both("组成边界的线不闭合", "the lines of the border do not close")),
    }
}

fn with_heights(mut g: Geometry, vertices: &[Vertex]) -> Geometry {
    g.coords = flat(vertices);
    if !vertices.is_empty() && vertices.iter().all(|v| v[2].is_finite()) {
        g.z = vertices.iter().map(|v| v[2]).collect();
    }
    g
}

fn name(id: Id, kind: &str) -> String {
    match id < 1 << 64 {
        true => format!("{kind} {id}"),
        false => kind.to_owned(),
    }
}

fn missing(zh: &str, en: &str, id: Id) -> Text {
    both(
        format!("引用的{}不在文件里", name(id, zh)),
        format!("the {} that it names is not in the file", name(id, en)),
    )
}
