//! OpenStreetMap's binary files: one table a layer of the base map that takes something of it.
//!
//! A first pass keeps every node's place (16 bytes each, sorted by number) and the numbers of the ways that areas are
//! made of; a second makes rows. Ways of which the file lacks nodes, as at the edge of an extract, are drawn as far as
//! their nodes go; areas that cannot be closed are rows without a shape.

mod pbf;
mod rings;
mod tags;
mod wire;

use super::{Head, Refused, refused};
use crate::delivery::Found;
use crate::geometry::rings::assemble;
use crate::notes::{both, of_file};
use crate::options::Options;
use crate::table::{Claim, Raw, Reader, ShapeSource, Sink, SourceRow, Table, bulk};
use ditu_crs::Crs;
use ditu_model::{Finding, Geometry, Severity, Shape, Text};
use pbf::{Blob, Blobs, Block, Item, Member, NODES, RELATIONS, Tags, WAYS, Wrong};
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tags::{Rule, THEMES, Take, Theme};

/// Nodes beyond which a file is a country, not a city: their table would take more than a gigabyte.
const MOST_NODES: usize = 64 << 20;
/// Points of a table by which its place is found.
const SAMPLED: usize = 20_000;

pub(super) fn sniff(head: &Head<'_>) -> bool {
    head.bytes.get(4..15) == Some(b"\x0a\x09OSMHeader")
}

pub(super) fn is_xml(head: &Head<'_>) -> bool {
    head.begins("<") && head.holds("<osm ")
}

pub(super) fn xml(_: &Found, _: &'static str, _: &Options) -> Result<Vec<Table>, Refused> {
    Err(refused(
        "format.unsupported",
        both("OSM XML 不直接读取", "OSM XML is not read"),
        both(
            "转为 .osm.pbf 再导入（osmium cat a.osm -o a.osm.pbf）",
            "make it an .osm.pbf (osmium cat a.osm -o a.osm.pbf)",
        ),
    ))
}

fn unusable(w: Wrong) -> Refused {
    let cure = match w.rule {
        "format.unsupported" => both(
            "用 osmium 以 zlib 重新压缩（osmium cat a.osm.pbf -o b.osm.pbf）",
            "pack it anew with zlib (osmium cat a.osm.pbf -o b.osm.pbf)",
        ),
        "file.too_complex" => {
            both("先裁出本市范围（osmium extract）", "cut the city out of it first (osmium extract)")
        }
        _ => both("重新下载或重新裁切后再导入", "fetch it anew, or cut it out anew"),
    };
    refused(w.rule, w.message, cure)
}

/// What the first pass keeps.
struct Index {
    /// Every blob's place and the kinds of things in it.
    blobs: Vec<(u64, u8)>,
    /// Every node's number and place, sorted by number.
    nodes: Vec<(i64, [i32; 2])>,
    /// The numbers of ways that areas are made of, sorted.
    parts: Vec<i64>,
}

impl Index {
    fn make(path: &Path) -> Result<Index, Wrong> {
        let mut index = Index { blobs: Vec::new(), nodes: Vec::new(), parts: Vec::new() };
        let mut blobs = Blobs::open(path)?;
        let mut known = false;
        while let Some(blob) = blobs.next()? {
            if blob.is_header {
                understood(&blob)?;
                known = true;
                continue;
            }
            if !known {
                return Err(Wrong {
                    rule: "file.damaged",
                    message: both("数据前没有文件头", "there is no header before the data"),
                });
            }
            let there = Block::new(&blob)?.each(NODES | RELATIONS, &mut |item, tags| {
                match item {
                    Item::Node { id, at: Some(at) } => index.nodes.push((id, at)),
                    Item::Relation { members, .. } if is_area(tags) && index.parts.len() < MOST_NODES => {
                        index.parts.extend(members.iter().filter(|m| m.kind == 1).map(|m| m.id));
                    }
                    _ => {}
                }
                true
            })?;
            index.blobs.push((blob.at, there));
            if index.nodes.len() > MOST_NODES {
                return Err(Wrong {
                    rule: "file.too_complex",
                    message: both("节点超过 6700 万个", "it holds more than 67 million nodes"),
                });
            }
        }
        if !index.nodes.is_sorted_by_key(|n| n.0) {
            index.nodes.sort_unstable_by_key(|n| n.0);
        }
        index.parts.sort_unstable();
        index.parts.dedup();
        Ok(index)
    }

    fn node(&self, id: i64) -> Option<[f64; 2]> {
        let i = self.nodes.binary_search_by_key(&id, |n| n.0).ok()?;
        Some(self.nodes[i].1.map(|d| f64::from(d) / 1e7))
    }
}

/// Refuses files that need more than is known here.
fn understood(blob: &Blob) -> Result<(), Wrong> {
    let features = pbf::required(&blob.bytes)
        .ok_or(Wrong { rule: "file.damaged", message: both("文件头损坏", "the header is broken") })?;
    match features.iter().find(|f| !matches!(f.as_str(), "OsmSchema-V0.6" | "DenseNodes")) {
        None => Ok(()),
        Some(f) => Err(Wrong {
            rule: "format.unsupported",
            message: both(format!("文件要求功能“{f}”"), format!("the file requires the feature {f:?}")),
        }),
    }
}

/// The rule that a thing fits.
fn rule(theme: &Theme, tags: &Tags<'_>) -> Option<&'static Rule> {
    let fits = |r: &&'static Rule| {
        let Some(value) = tags.get(r.key) else { return false };
        let known = if r.values.is_empty() { value != "no" } else { r.values.contains(&value) };
        let also = |(key, begins): (&str, &[&str])| {
            tags.get(key).is_some_and(|v| begins.iter().any(|b| v.starts_with(b)))
        };
        known && r.also.is_none_or(also)
    };
    let found = if tags.is_empty() { None } else { theme.rules.iter().find(fits) };
    found.filter(|_| !theme.named || tags.get("name").is_some())
}

/// True for a relation that is an area.
fn is_area(tags: &Tags<'_>) -> bool {
    matches!(tags.get("type"), Some("multipolygon" | "boundary"))
        && THEMES.iter().any(|t| t.shape == Shape::Polygon && rule(t, tags).is_some())
}

fn values(theme: &Theme, code: &str, kind: &str, id: i64, tags: &Tags<'_>) -> Vec<Raw> {
    let text = |t: Option<&str>| t.map_or(Raw::Null, Raw::text);
    let is = |key: &str| tags.get(key).is_some_and(|v| v != "no");
    let value = |take: &Take| match take {
        Take::Code => Raw::text(code),
        Take::Id => Raw::text(&format!("{kind}/{id}")),
        Take::Tag(keys) => text(keys.iter().find_map(|k| tags.get(k))),
        Take::Route => text(tags.get("ref").and_then(|r| r.split(';').next()).filter(|r| {
            let mut letters = r.trim().chars();
            letters.next().is_some_and(|c| "GSXYCZ".contains(c))
                && letters.next().is_some_and(|c| c.is_ascii_digit())
        })),
        Take::Division => text(
            tags.get("ref")
                .filter(|r| matches!(r.len(), 6 | 9 | 12) && r.bytes().all(|b| b.is_ascii_digit())),
        ),
        Take::Level if is("tunnel") => Raw::text("tunnel"),
        Take::Level if is("bridge") => Raw::text("bridge"),
        Take::Level => Raw::text("ground"),
        Take::Words(key, list) => {
            let value = tags.get(key);
            let word = list.iter().find(|(_, from)| value.is_some_and(|v| from.contains(&v)));
            text(word.map(|(w, _)| *w))
        }
    };
    theme.columns.iter().map(|(_, take)| value(take)).collect()
}

/// A row of one of the themes asked for.
struct Made {
    theme: usize,
    row: SourceRow,
    /// Nodes were missing.
    clipped: bool,
}

/// Makes the rows of some themes.
struct Maker<'a> {
    index: &'a Index,
    themes: &'a [usize],
    /// Ways that areas are made of.
    parts: HashMap<i64, Box<[i64]>>,
    stopped: bool,
}

type Give<'a> = dyn FnMut(Made) -> ControlFlow<()> + 'a;

impl Maker<'_> {
    fn all(index: &Index, path: &Path, themes: &[usize], give: &mut Give<'_>) -> Result<(), Wrong> {
        let mut maker = Maker { index, themes, parts: HashMap::new(), stopped: false };
        let mut blobs = Blobs::open(path)?;
        let has = |s: Shape| themes.iter().any(|t| THEMES[*t].shape == s);
        let mut first = if has(Shape::Point) { NODES } else { 0 };
        first |= if has(Shape::Line) || has(Shape::Polygon) { WAYS } else { 0 };
        // Relations go last, wherever in the file they are: by then all their ways are known.
        for wanted in [first, if has(Shape::Polygon) { RELATIONS } else { 0 }] {
            for (at, _) in index.blobs.iter().filter(|b| b.1 & wanted != 0) {
                blobs.go(*at)?;
                let Some(blob) = blobs.next()? else { break };
                Block::new(&blob)?.each(wanted, &mut |item, tags| {
                    maker.take(&item, tags, give);
                    !maker.stopped
                })?;
                if maker.stopped {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, item: &Item<'_>, tags: &Tags<'_>, give: &mut Give<'_>) {
        let (shape, kind, id) = match item {
            Item::Node { id, .. } => (Shape::Point, "node", *id),
            Item::Way { id, nodes } => {
                if self.index.parts.binary_search(id).is_ok() && self.wants(Shape::Polygon) {
                    self.parts.insert(*id, (*nodes).into());
                }
                (Shape::Line, "way", *id)
            }
            Item::Relation { id, .. } => (Shape::Polygon, "relation", *id),
        };
        if tags.is_empty() {
            return;
        }
        for &theme in self.themes {
            let of = &THEMES[theme];
            let (geometry, clipped) = match item {
                _ if self.stopped => return,
                Item::Node { at, .. } if of.shape == shape => {
                    let place = at.map(|p| Geometry::point(f64::from(p[0]) / 1e7, f64::from(p[1]) / 1e7));
                    (place.ok_or_else(|| both("坐标无效", "its coordinates are none")), false)
                }
                Item::Way { nodes, .. } if of.shape == Shape::Line => {
                    let is_area = tags.get("area") == Some("yes");
                    if is_area || rule(of, tags).is_none() {
                        continue;
                    }
                    self.line(nodes)
                }
                Item::Way { nodes, .. } if of.shape == Shape::Polygon => {
                    if nodes.len() < 4 || nodes.first() != nodes.last() || rule(of, tags).is_none() {
                        continue;
                    }
                    self.area(&[nodes.to_vec()])
                }
                Item::Relation { members, .. } if of.shape == shape => {
                    let boundary_or_area = matches!(tags.get("type"), Some("multipolygon" | "boundary"));
                    if !boundary_or_area || rule(of, tags).is_none() {
                        continue;
                    }
                    self.relation(members, tags)
                }
                _ => continue,
            };
            let Some(rule) = rule(of, tags) else { continue };
            let row = SourceRow {
                row: id.unsigned_abs(),
                values: values(of, rule.code, kind, id, tags),
                geometry: Some(geometry),
            };
            self.stopped = give(Made { theme, row, clipped }).is_break();
        }
    }

    fn wants(&self, shape: Shape) -> bool {
        self.themes.iter().any(|t| THEMES[*t].shape == shape)
    }

    /// A line as far as its nodes are known.
    fn line(&self, nodes: &[i64]) -> (Result<Geometry, Text>, bool) {
        let mut g = Geometry::new(Shape::Line);
        let (mut piece, mut clipped) = (Vec::new(), false);
        let mut end = |piece: &mut Vec<[f64; 2]>| {
            if piece.len() > 1 {
                g.push_ring(piece);
            }
            piece.clear();
        };
        for id in nodes {
            match self.index.node(*id) {
                Some(p) => piece.push(p),
                None => {
                    clipped = true;
                    end(&mut piece);
                }
            }
        }
        end(&mut piece);
        let none = || both("文件里没有它的节点（数据经过裁切）", "the file lacks its nodes (it was cut out)");
        (if g.is_empty() { Err(none()) } else { Ok(g) }, clipped)
    }

    fn area(&self, rings: &[Vec<i64>]) -> (Result<Geometry, Text>, bool) {
        let mut g = Geometry::new(Shape::Polygon);
        for ring in rings {
            let Some(ring) = ring.iter().map(|n| self.index.node(*n)).collect::<Option<Vec<_>>>() else {
                let why = both(
                    "文件里缺它的节点（数据经过裁切），面不闭合",
                    "the file lacks nodes of it (it was cut out), the area is not closed",
                );
                return (Err(why), true);
            };
            g.push_ring(&ring);
        }
        (assemble(g).ok_or_else(|| both("环太多", "it has too many rings")), false)
    }

    fn relation(&self, members: &[Member], tags: &Tags<'_>) -> (Result<Geometry, Text>, bool) {
        let edge = |m: &&Member| {
            m.kind == 1 && matches!(tags.block.text(m.role), Some("outer" | "inner" | "" | "enclave"))
        };
        let mut ways: Vec<&[i64]> = Vec::new();
        for member in members.iter().filter(edge) {
            match self.parts.get(&member.id) {
                Some(way) if ways.len() < rings::WAYS => ways.push(way),
                Some(_) => return (Err(both("成员太多", "it has too many members")), false),
                None => {
                    let id = member.id;
                    let why = both(
                        format!("文件里没有成员 way/{id}（数据经过裁切），面不闭合"),
                        format!(
                            "the file lacks its member way/{id} (it was cut out), the area is not closed"
                        ),
                    );
                    return (Err(why), true);
                }
            }
        }
        match rings::join(&ways) {
            Some(rings) if !rings.is_empty() => self.area(&rings),
            _ => (Err(both("成员连不成闭合的环", "its members do not join to closed rings")), false),
        }
    }
}

/// What the second pass found for one theme.
#[derive(Default)]
struct Seen {
    rows: u64,
    clipped: u64,
    points: Vec<[f64; 2]>,
}

pub(super) fn open(found: &Found, format: &'static str, _: &Options) -> Result<Vec<Table>, Refused> {
    let index = Arc::new(Index::make(&found.path).map_err(unusable)?);
    let mut seen: BTreeMap<usize, Seen> = BTreeMap::new();
    let all: Vec<usize> = (0..THEMES.len()).collect();
    Maker::all(&index, &found.path, &all, &mut |made| {
        let seen = seen.entry(made.theme).or_default();
        seen.rows += 1;
        seen.clipped += u64::from(made.clipped);
        if seen.points.len() < SAMPLED
            && let Some(Ok(g)) = &made.row.geometry
        {
            seen.points.extend(g.coords.first());
        }
        ControlFlow::Continue(())
    })
    .map_err(unusable)?;
    let remarks = clipped(found, &seen);
    // A layer of which the extract holds no whole feature is left alone, and the others are still imported.
    seen.retain(|_, s| !s.points.is_empty());
    if seen.is_empty() {
        return Err(refused(
            "file.empty",
            both("文件里没有底图要素", "it holds nothing that the base map shows"),
            both("核对是否选错了文件", "check whether this is the right file"),
        ));
    }
    let table = |(theme, seen): (&usize, &Seen)| {
        let of = &THEMES[*theme];
        Table {
            name: of.layer.to_owned(),
            other_names: vec![found.stem()],
            file: found.name.as_str().into(),
            path: found.path.clone(),
            format,
            columns: of.columns.iter().map(|(name, _)| (*name).to_owned()).collect(),
            shapes: ShapeSource::File(Some(of.shape)),
            features: Some(seen.rows),
            claim: Some(Claim {
                by: "OpenStreetMap".into(),
                crs: Crs::from_epsg(4326).ok_or_else(|| "EPSG:4326".into()),
            }),
            numbers: bulk(&seen.points),
            first: Arc::default(),
            encoded: None,
            projected: false,
            obfuscated: false,
            raster: None,
            findings: Vec::new(),
            reader: Arc::new(ThemeReader {
                index: Arc::clone(&index),
                path: found.path.clone(),
                theme: *theme,
            }),
        }
    };
    let mut tables: Vec<Table> = seen.iter().map(table).collect();
    if let Some(first) = tables.first_mut() {
        first.findings = remarks;
    }
    Ok(tables)
}

/// What an extract cut off, in one finding for all layers, and the layers of which it left nothing whole.
fn clipped(found: &Found, seen: &BTreeMap<usize, Seen>) -> Vec<Finding> {
    let list = |wanted: &dyn Fn(&Seen) -> bool| -> String {
        let of = seen.iter().filter(|(_, s)| wanted(s));
        of.map(|(t, s)| format!("{} {}", THEMES[*t].layer, s.clipped)).collect::<Vec<_>>().join(", ")
    };
    let cut = list(&|s| s.clipped > 0 && !s.points.is_empty());
    let gone = list(&|s| s.points.is_empty());
    let mut findings = Vec::new();
    if !cut.is_empty() {
        findings.push(of_file(
            "osm.clipped",
            Severity::Warning,
            &found.name,
            both(format!("在文件边缘被裁断的要素：{cut}"), format!("cut off at the edge of the file: {cut}")),
            both(
                "线画到边缘为止，不闭合的面不入库；裁切时用 osmium extract -s smart 保留完整要素",
                "lines end there, open areas are kept out; osmium extract -s smart keeps features whole",
            ),
        ));
    }
    if !gone.is_empty() {
        findings.push(of_file(
            "osm.no_whole",
            Severity::Warning,
            &found.name,
            both(
                format!("没有一个完整的要素，图层不动：{gone}"),
                format!("nothing whole in the file, the layer is left alone: {gone}"),
            ),
            both("用保留完整要素的方式重新裁切", "cut it out anew so that features stay whole"),
        ));
    }
    findings
}

struct ThemeReader {
    index: Arc<Index>,
    path: PathBuf,
    theme: usize,
}

impl Reader for ThemeReader {
    fn read(&self, _: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        Maker::all(&self.index, &self.path, &[self.theme], &mut |made| sink(made.row))
            .map_err(|w| Refused { rule: w.rule, ..Refused::from(w.message) })
    }
}

#[cfg(test)]
mod tests;
