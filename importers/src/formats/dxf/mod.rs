//! Drawings: one table a drawing layer and kind of shape, with the CASS code (first SOUTH string of the extended data), the
//! height and the attributes of symbols as columns.

mod blocks;
pub(crate) mod curved;
mod placement;
mod scan;
#[cfg(test)]
mod tests;
mod text;
mod told;

use super::gdal::failed;
use super::workdef::{self, Names};
use super::{Head, Refused, refused, unreadable};
use crate::delivery::Found;
use crate::notes::both;
use crate::options::{Options, Unit};
use crate::recognise::encoding::{self, Evidence};
use crate::recognise::layer::may_hold;
use crate::table::{Encoded, Raw, Reader, ShapeSource, Sink, SourceRow, Table, bulk, number};
use blocks::{Blocks, Made, Taker};
use curved::Curved;
use ditu_gdal::{ReadOptions, SourceValue, Worker};
use ditu_model::{Geometry, Layers, Shape};
use placement::Placement;
use scan::Scan;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use text::{Codes, plain};

/// Drawing layers beyond which nobody means a map.
const LAYERS: usize = 2_000;
/// Columns of every drawing layer.
const COLUMNS: [&str; 6] = ["CASS编码", "Z", "Text", "BlockName", "CAD图层", "SOUTH"];
/// Attributes of symbols that become columns.
const TAGS: usize = 64;
/// Cells of arrays, and more for each byte of the file by which to divide: one line of text could make a thousand million.
const CELLS: u64 = 1_000_000;
const BYTES_A_CELL: u64 = 8;

pub(super) fn sniff(head: &Head<'_>) -> bool {
    let section = head.is_text()
        && head.begins("0")
        && head.bytes.iter().take(64).filter(|b| **b == b'\n').count() > 0
        && head.holds("SECTION");
    section || head.begins("999\n") || head.begins("999\r") || head.bytes.starts_with(b"AutoCAD Binary DXF")
}

/// The encoding of a drawing by its texts: the header's code page is wrong more often than right.
fn encoded(scan: &Scan, found: &Found, options: &Options) -> Result<Encoded, Refused> {
    let page = scan.page.clone().filter(|p| !p.eq_ignore_ascii_case("ANSI_1252"));
    encoding::decide(&Evidence {
        user: options.encoding(&found.name),
        samples: scan.samples.clone(),
        ..Default::default()
    })
    .or_else(|unclear| {
        // A few words are too few to tell; then the header may say.
        encoding::decide(&Evidence { declared: page, samples: scan.samples.clone(), ..Default::default() })
            .map_err(|_| unclear)
    })
    .map_err(Refused::from)
}

/// GDAL's name of an encoding.
fn gdal_name(encoding: &'static encoding_rs::Encoding) -> String {
    match encoding.name() {
        "gb18030" | "GBK" => "CP936".into(),
        "Big5" => "CP950".into(),
        name => name.to_owned(),
    }
}

#[derive(Clone)]
struct Drawing {
    worker: Worker,
    path: PathBuf,
    how: ReadOptions,
    places: Places,
    /// Whether there are curves in it to be read beside GDAL.
    curved: bool,
    encoding: &'static encoding_rs::Encoding,
    /// What the codes mean to whoever drew it.
    names: Names,
    scan: Arc<Scan>,
    /// Attributes by what they are called.
    tags: Arc<HashSet<String>>,
    blocks: Arc<Blocks>,
    meaning: Meaning,
    /// Metres of a unit.
    metres: f64,
}

/// What drawing layers mean.
#[derive(Clone)]
struct Meaning {
    layers: Option<Arc<Layers>>,
    /// The file's name speaks for layers whose own says nothing.
    stem: String,
    options: Arc<Options>,
    file: String,
}

impl Meaning {
    /// Whether the map's layer takes shapes of this kind from a drawing layer.
    fn takes(&self, layer: &str, shape: Shape) -> bool {
        let Some(layers) = &self.layers else { return false };
        if let Some(said) = self.options.layer(&self.file, layer) {
            return layers.get(said).is_some_and(|l| crate::recognise::layer::holds(l, shape));
        }
        may_hold(layers, layer, shape).unwrap_or_else(|| may_hold(layers, &self.stem, shape).unwrap_or(false))
    }
}

/// An entity: a row of GDAL's with its texts read, or a part of a block as it stands.
#[derive(Clone, Debug)]
struct Entry {
    layer: String,
    text: Option<String>,
    /// The block that is inserted, and how.
    block: Option<String>,
    stands: Option<Placement>,
    /// Attributes of an insert, by what they are called.
    attributes: Vec<(String, String)>,
    /// The strings of CASS.
    south: Vec<String>,
    handle: Option<String>,
    geometry: Option<Result<Geometry, String>>,
}

impl Entry {
    fn kind(&self) -> u8 {
        match self.geometry.as_ref().and_then(|g| g.as_ref().ok()).map(|g| g.shape) {
            Some(Shape::Point) if self.text.as_deref().is_some_and(|t| !t.trim().is_empty()) => TEXT,
            Some(Shape::Point) => POINT,
            Some(Shape::Line) => LINE,
            Some(Shape::Polygon) => AREA,
            None => NO_SHAPE,
        }
    }
}

/// What is read of a drawing at once.
struct Read {
    /// Entities with curves, and those of them that are left as GDAL strokes them.
    curves: u64,
    strange: u64,
    made: Made,
}

/// How many shapes of a kind a drawing layer holds, where the first of them are, and what their attributes are called.
#[derive(Default)]
struct Seen {
    count: u64,
    points: Vec<[f64; 2]>,
    tags: BTreeSet<String>,
}

/// Where GDAL's columns are.
#[derive(Clone, Copy, Debug, Default)]
struct Places {
    layer: Option<usize>,
    text: Option<usize>,
    block: Option<usize>,
    attributes: Option<usize>,
    handle: Option<usize>,
    codes: Option<usize>,
    paper: Option<usize>,
    scale: Option<usize>,
    angle: Option<usize>,
    normal: Option<usize>,
    of_block: Option<usize>,
    tag: Option<usize>,
}

/// Attributes as GDAL lists them, `height 35.2,name a, b`: values may hold commas, names no spaces.
fn attributes(list: &str, tags: &HashSet<String>) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for item in list.split(',') {
        let (tag, value) = item.split_once(' ').unwrap_or((item, ""));
        let tag = plain(tag, Codes::Name);
        match all.last_mut() {
            Some((_, before)) if !tags.contains(&tag) => {
                before.push(',');
                before.push_str(item);
            }
            _ => all.push((tag, value.to_owned())),
        }
    }
    for (_, value) in &mut all {
        *value = plain(value, Codes::Line);
    }
    all
}

/// What block attributes that hold a height are called.
const HEIGHTS: [&str; 11] =
    ["HEIGHT", "ELEVATION", "ELEV", "Z", "H", "高程", "标高", "地面高程", "GC", "GCD", "高程值"];

/// The height that is written beside a symbol, where its place has none.
fn attribute_height(attributes: &[(String, String)]) -> Option<f64> {
    attributes.iter().find_map(|(tag, value)| {
        HEIGHTS.contains(&tag.to_uppercase().as_str()).then(|| value.trim().parse().ok()).flatten()
    })
}

/// The SOUTH strings of extended data as GDAL writes them: `(3:1001 SOUTH,1000 141111,1000 砼)`.
fn south(list: &str) -> Vec<String> {
    let Some((_, after)) = list.split_once("1001 SOUTH") else { return Vec::new() };
    let mut found = Vec::new();
    for item in after.trim_end_matches(')').split([',', '\u{1}']).skip(1) {
        match item.strip_prefix("1000 ") {
            Some(text) => found.push(plain(text.trim(), Codes::Name)),
            None if item.starts_with("1001 ") => break,
            // A comma inside a text.
            None => continue,
        }
    }
    found
}

/// Rows as they come: those that are wanted, with their numbers.
struct Rows<'a> {
    number: u64,
    /// The drawing layer and kinds; all of them where there is none.
    wanted: Option<(&'a str, &'a [u8])>,
    take: &'a mut dyn FnMut(u64, Entry) -> ControlFlow<()>,
}

impl Taker for Rows<'_> {
    fn wants(&mut self, layer: &str, kind: u8) -> bool {
        let wants = self.wanted.is_none_or(|(of, kinds)| of == layer && kinds.contains(&kind));
        self.number += u64::from(!wants);
        wants
    }

    fn take(&mut self, entry: Entry) -> ControlFlow<()> {
        self.number += 1;
        (self.take)(self.number, entry)
    }
}

impl Drawing {
    /// Gives every entity of a layer and kinds, or all, as they stand, with its number from 1.
    fn each(
        &self,
        wanted: Option<(&str, &[u8])>,
        take: &mut dyn FnMut(u64, Entry) -> ControlFlow<()>,
    ) -> Result<Read, Refused> {
        let mut curved = self.curved.then(|| Curved::open(&self.path)).transpose().map_err(unreadable)?;
        let mut stroked = 0;
        let mut made = Made::default();
        let mut rows = Rows { number: 0, wanted, take };
        let blocks = &self.blocks;
        let means = |layer: &str, shape: Shape| self.meaning.takes(layer, shape);
        for row in self.worker.read(&self.path, "entities", &self.how).map_err(|e| failed(&e))? {
            let mut row = row.map_err(|e| failed(&e))?;
            if let Some(curved) = &mut curved {
                let handle = row.values.get(self.places.handle.unwrap_or(usize::MAX));
                let handle = if let Some(SourceValue::Text(t)) = handle { Some(t.as_str()) } else { None };
                let nothing = Geometry::new(Shape::Point);
                let given = row.geometry.as_ref().and_then(|g| g.as_ref().ok()).unwrap_or(&nothing);
                if let Some(own) = curved.take(handle, given) {
                    row.geometry = Some(Ok(own));
                    stroked += 1;
                }
            }
            let Some(entry) = self.entry(row) else { continue };
            let drawn = match (&entry.block, &entry.stands) {
                (Some(name), Some(at)) => {
                    blocks.find(name).filter(|b| blocks.is_drawn(*b, &entry.layer, at, &means, &mut made))
                }
                _ => None,
            };
            let more = match drawn {
                Some(block) => blocks.draw(block, &entry, &means, &mut made, &mut rows),
                None if rows.wants(&entry.layer, entry.kind()) => rows.take(entry),
                None => ControlFlow::Continue(()),
            };
            if more.is_break() {
                break;
            }
        }
        let curves = curved.map_or(0, Curved::count);
        Ok(Read { curves, strange: curves - stroked + made.strange, made })
    }

    /// A row with its texts read; `None` for what is no part of the map.
    fn entry(&self, row: ditu_gdal::SourceRow) -> Option<Entry> {
        let p = self.places;
        if matches!(p.paper.and_then(|i| row.values.get(i)), Some(SourceValue::Boolean(true))) {
            return None;
        }
        let handle = self.text(&row, p.handle);
        if handle.as_ref().is_some_and(|h| self.scan.annotations.contains(h.as_bytes()))
            || self.text(&row, p.tag).is_some()
        {
            return None;
        }
        let written = handle.as_ref().and_then(|h| self.scan.texts.get(h.as_bytes()));
        let text = match (written, self.text(&row, p.text)) {
            (Some(w), Some(_)) => {
                let codes = if w.many_lines { Codes::Lines } else { Codes::Line };
                Some(plain(&self.encoding.decode_without_bom_handling(&w.bytes).0, codes))
            }
            // GDAL has read the codes that it knows.
            (None, Some(text)) => Some(plain(&text, Codes::Line)),
            (_, None) => None,
        };
        let block = self.text(&row, p.block).map(|b| plain(&b, Codes::Name));
        let stands = block.as_ref().and_then(|_| self.stands(&row));
        Some(Entry {
            layer: self.text(&row, p.layer).map_or_else(|| "0".into(), |l| plain(&l, Codes::Name)),
            text,
            attributes: self.text(&row, p.attributes).map(|l| attributes(&l, &self.tags)).unwrap_or_default(),
            south: self.text(&row, p.codes).as_deref().map(south).unwrap_or_default(),
            block,
            stands,
            handle,
            geometry: row.geometry,
        })
    }

    /// How an insert stands.
    fn stands(&self, row: &ditu_gdal::SourceRow) -> Option<Placement> {
        let p = self.places;
        let three = |at: Option<usize>, otherwise: [f64; 3]| {
            let Some(text) = self.text(row, at) else { return otherwise };
            let mut all = text.split(',').map(|n| n.trim().parse().unwrap_or(f64::NAN));
            otherwise.map(|o| all.next().filter(|n: &f64| n.is_finite()).unwrap_or(o))
        };
        let angle = match p.angle.and_then(|i| row.values.get(i)) {
            Some(SourceValue::Real(a)) => *a,
            _ => 0.0,
        };
        let place = row.geometry.as_ref()?.as_ref().ok()?;
        let [x, y] = *place.coords.first()?;
        let at = [x, y, place.z.first().copied().unwrap_or(0.0)];
        Some(Placement::of(at, three(p.scale, [1.0; 3]), angle, three(p.normal, [0.0, 0.0, 1.0])))
    }

    /// The blocks of the drawing, where it inserts any.
    fn read_blocks(&mut self) -> Result<(), Refused> {
        if self.scan.model.inserts.is_empty() || self.scan.blocks.values().all(|d| d.held.kinds.is_empty()) {
            return Ok(());
        }
        let mut of: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for row in self.worker.read(&self.path, "blocks", &self.how).map_err(|e| failed(&e))? {
            let row = row.map_err(|e| failed(&e))?;
            let Some(name) = self.text(&row, self.places.of_block) else { continue };
            if let Some(entry) = self.entry(row) {
                of.entry(plain(&name, Codes::Name)).or_default().push(entry);
            }
        }
        let known: HashMap<String, &scan::Definition> =
            self.scan.blocks.iter().map(|(name, d)| (self.name(name), d)).collect();
        of.retain(|name, _| !known.get(name).is_some_and(|d| d.external));
        let known = |name: &str| known.get(name).map(|d| (d.base, d.curves.clone()));
        // Sizes count once somebody has said the unit.
        let metres = self.meaning.options.units(&self.meaning.file, "").map_or(1.0, Unit::metres);
        let blocks = Blocks::new(of, known, self.scan.bytes, metres);
        self.blocks = Arc::new(blocks);
        Ok(())
    }

    /// A name as the file holds it.
    fn name(&self, bytes: &[u8]) -> String {
        plain(&self.encoding.decode_without_bom_handling(bytes).0, Codes::Name)
    }

    /// A code, with its name where the drawing's own list has one.
    fn code(&self, code: &str) -> Raw {
        match self.names.get(code) {
            Some(name) => Raw::Named { code: Raw::text(code).into(), name: name.clone() },
            None => Raw::text(code),
        }
    }

    fn text(&self, row: &ditu_gdal::SourceRow, at: Option<usize>) -> Option<String> {
        match row.values.get(at?)? {
            SourceValue::Text(t) => Some(t.clone()),
            SourceValue::Bytes(b) => Some(self.encoding.decode_without_bom_handling(b).0.into_owned()),
            SourceValue::Integer(i) => Some(i.to_string()),
            _ => None,
        }
    }
}

/// The height of a shape that has one all over: a contour's elevation, a point's Z.
fn height(geometry: &Geometry) -> Option<f64> {
    let first = *geometry.z.first()?;
    geometry.z.iter().all(|z| (z - first).abs() < 1e-6).then_some(first)
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    let file = File::open(&found.path).map_err(unreadable)?;
    let scan = scan::scan(BufReader::with_capacity(1 << 17, file)).map_err(unreadable)?;
    if scan.cells > CELLS + scan.bytes / BYTES_A_CELL {
        return Err(too_many(scan.cells));
    }
    let encoded = encoded(&scan, found, options)?;
    let how = ReadOptions {
        config: [
            ("DXF_ENCODING", gdal_name(encoded.encoding).as_str()),
            ("DXF_INCLUDE_RAW_CODE_VALUES", "TRUE"),
            ("DXF_INLINE_BLOCKS", "FALSE"),
            // Each entity of a block by itself, and all of them.
            ("DXF_MERGE_BLOCK_GEOMETRIES", "FALSE"),
            ("DXF_FEATURE_LIMIT_PER_BLOCK", "-1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
        ..ReadOptions::default()
    };
    let description = options.worker.describe_with(&found.path, &how).map_err(|e| failed(&e))?;
    let Some(entities) = description.layers.iter().find(|l| l.name == "entities") else {
        return Err(refused(
            "file.empty",
            both("图里没有实体", "the drawing holds no entities"),
            both("核对文件", "check the file"),
        ));
    };
    let at = |name: &str| entities.fields.iter().position(|f| f.name == name);
    let places = Places {
        layer: at("Layer"),
        text: at("Text"),
        block: at("BlockName"),
        attributes: at("BlockAttributes"),
        handle: at("EntityHandle"),
        codes: at("RawCodeValues"),
        paper: at("PaperSpace"),
        scale: at("BlockScale"),
        angle: at("BlockAngle"),
        normal: at("BlockOCSNormal"),
        of_block: at("Block"),
        tag: at("AttributeTag"),
    };
    let (names, mut findings) = workdef::beside(&found.path);
    let mut drawing = Drawing {
        worker: options.worker.clone(),
        path: found.path.clone(),
        how,
        places,
        curved: true,
        encoding: encoded.encoding,
        names,
        tags: Arc::default(),
        scan: Arc::new(scan),
        blocks: Arc::default(),
        meaning: Meaning {
            layers: options.layers.clone(),
            stem: found.stem(),
            options: Arc::new(options.clone()),
            file: found.name.clone(),
        },
        metres: 1.0,
    };
    drawing.tags = Arc::new(drawing.scan.tags.iter().map(|t| drawing.name(t)).collect());
    let damaged =
        |e: Refused| e.if_damaged(both("另存为 DXF R2000 后再试", "save it as DXF R2000 and try again"));
    drawing.read_blocks().map_err(damaged)?;
    // Which layers with which kinds of entities.
    let mut seen: BTreeMap<(String, u8), Seen> = BTreeMap::new();
    let read = drawing
        .each(None, &mut |_, entry| {
            let shape = entry.geometry.as_ref().and_then(|g| g.as_ref().ok());
            let of = (entry.layer.clone(), entry.kind());
            if seen.len() < LAYERS || seen.contains_key(&of) {
                let seen = seen.entry(of).or_default();
                seen.count += 1;
                if seen.points.len() < 20_000 {
                    seen.points.extend(shape.and_then(|g| g.coords.first()));
                }
                for (tag, _) in &entry.attributes {
                    // Heights come with those of places.
                    let upper = tag.to_uppercase();
                    let column = COLUMNS.iter().chain(&HEIGHTS).any(|c| c.eq_ignore_ascii_case(&upper));
                    if !column && seen.tags.len() < TAGS && !seen.tags.contains(tag) && !tag.is_empty() {
                        seen.tags.insert(tag.clone());
                    }
                }
            }
            ControlFlow::Continue(())
        })
        .map_err(damaged)?;
    if read.made.too_many {
        return Err(too_many(read.made.entities));
    }
    drawing.curved = read.curves > 0;
    if seen.len() >= LAYERS {
        return Err(refused(
            "file.too_complex",
            both("图层太多", "there are too many drawing layers"),
            both("分幅导入", "import it sheet by sheet"),
        ));
    }
    findings.extend(told::curves(&found.name, read.strange));
    findings.extend(told::all(&found.name, &drawing, &read.made));
    let mut layers: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (layer, k) in seen.keys() {
        layers.entry(layer.clone()).or_default().push(*k);
    }
    let mut tables = Vec::new();
    for (layer, kinds) in layers {
        let of = |k: u8| seen.get(&(layer.clone(), k));
        // Texts among symbols of their layer are what is written beside them.
        let labels = kinds.contains(&POINT) && kinds.contains(&TEXT);
        if labels {
            findings.push(told::labels(&found.name, &layer, of(TEXT).map_or(0, |s| s.count)));
        }
        let shaped: Vec<u8> =
            kinds.iter().copied().filter(|k| *k != NO_SHAPE && !(labels && *k == TEXT)).collect();
        for (i, &k) in shaped.iter().enumerate() {
            // What has no shape goes with the first: nothing may fall between.
            let mut takes = vec![k];
            takes.extend((i == 0).then_some(NO_SHAPE));
            let count = takes.iter().filter_map(|k| of(*k)).map(|s| s.count).sum();
            let tags: Vec<String> = of(k).map(|s| s.tags.iter().cloned().collect()).unwrap_or_default();
            let shape =
                [Shape::Point, Shape::Line, Shape::Polygon, Shape::Point, Shape::Point][usize::from(k)];
            tables.push(Table {
                name: layer.clone(),
                other_names: vec![found.stem()],
                file: found.name.as_str().into(),
                path: found.path.clone(),
                format,
                columns: COLUMNS.iter().map(|c| (*c).to_owned()).chain(tags.iter().cloned()).collect(),
                shapes: ShapeSource::File(Some(shape)),
                features: Some(count),
                claim: None,
                numbers: of(k).and_then(|s| bulk(&s.points)),
                first: Arc::default(),
                encoded: Some(encoded.clone()),
                projected: false,
                obfuscated: false,
                turned: false,
                raster: None,
                findings: std::mem::take(&mut findings),
                reader: Arc::new(DrawingLayer {
                    drawing: drawing.clone(),
                    layer: layer.clone(),
                    takes,
                    tags,
                }),
            });
        }
    }
    if tables.is_empty() {
        return Err(refused(
            "file.empty",
            both("图里没有图形", "the drawing holds no shapes"),
            both("核对文件", "check the file"),
        ));
    }
    Ok(tables)
}

/// A drawing that repeats more than anybody draws.
fn too_many(n: u64) -> Refused {
    refused(
        "file.too_complex",
        both(
            format!("块的插入（阵列、嵌套）展开后超过 {n} 个实体"),
            format!("its inserted blocks, by arrays and in one another, come to more than {n} entities"),
        ),
        both(
            "在 CAD 中核对阵列的行列数，分解需要的部分后另存",
            "check the rows and columns of its arrays where it was drawn, and explode what is meant",
        ),
    )
}

/// Kinds of entities: points, lines, areas, what has no shape, texts.
const POINT: u8 = 0;
const LINE: u8 = 1;
const AREA: u8 = 2;
const NO_SHAPE: u8 = 3;
const TEXT: u8 = 4;

#[derive(Clone)]
struct DrawingLayer {
    drawing: Drawing,
    layer: String,
    takes: Vec<u8>,
    /// Attributes that are columns after those of every layer.
    tags: Vec<String>,
}

impl Reader for DrawingLayer {
    fn read(&self, _: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        let wanted = (self.layer.as_str(), self.takes.as_slice());
        let metres = self.drawing.metres;
        self.drawing.each(Some(wanted), &mut |row, mut entry| {
            let kind = entry.kind();
            if metres != 1.0
                && let Some(Ok(shape)) = &mut entry.geometry
            {
                shape.map_coords(|c| c.map(|n| n * metres));
                shape.z.iter_mut().for_each(|z| *z = (*z * metres * 1e9).round() / 1e9);
            }
            let shape = entry.geometry.as_ref().and_then(|g| g.as_ref().ok());
            let beside = || match kind {
                TEXT => number(entry.text.as_deref()?),
                NO_SHAPE => None,
                _ => attribute_height(&entry.attributes),
            };
            let text = |t: Option<&str>| t.map_or(Raw::Null, Raw::text);
            let mut values = vec![
                entry.south.first().map_or(Raw::Null, |c| self.drawing.code(c)),
                // A height that is only written as text has no other place.
                shape
                    .and_then(height)
                    .filter(|z| *z != 0.0)
                    .or_else(beside)
                    .or(shape.and_then(height).filter(|_| kind != TEXT))
                    .map_or(Raw::Null, Raw::Real),
                text(entry.text.as_deref()),
                text(entry.block.as_deref()),
                Raw::text(&entry.layer),
                text(entry.south.get(1).map(String::as_str)),
            ];
            values.extend(self.tags.iter().map(|tag| {
                let of = entry.attributes.iter().find(|(t, _)| t == tag);
                text(of.map(|(_, value)| value.as_str()))
            }));
            let geometry = entry.geometry.map(|g| g.map_err(|why| both(why.clone(), why)));
            sink(SourceRow { row, values, geometry })
        })?;
        Ok(())
    }

    /// `$INSUNITS` (DXF reference, HEADER), which programs fill in by themselves and few people look at.
    fn unit(&self) -> Option<(Unit, &'static str)> {
        let unit = match self.drawing.scan.units? {
            1 => Unit::Inch,
            2 => Unit::Foot,
            4 => Unit::Millimetre,
            5 => Unit::Centimetre,
            6 => Unit::Metre,
            7 => Unit::Kilometre,
            14 => Unit::Decimetre,
            21 => Unit::SurveyFoot,
            _ => return None,
        };
        Some((unit, "$INSUNITS"))
    }

    fn in_metres(&self, metres: f64) -> Option<Arc<dyn Reader>> {
        let drawing = Drawing { metres, ..self.drawing.clone() };
        Some(Arc::new(DrawingLayer { drawing, ..self.clone() }))
    }
}

/// For fuzzing: bytes as a drawing's groups, each block drawn with its curves.
pub(crate) fn fuzz(bytes: &[u8]) {
    curved::fuzz(bytes);
    let Ok(scan) = scan::scan(bytes) else { return };
    for written in scan.texts.values() {
        let codes = if written.many_lines { Codes::Lines } else { Codes::Line };
        plain(&String::from_utf8_lossy(&written.bytes), codes);
    }
    blocks::fuzz(&scan);
}
