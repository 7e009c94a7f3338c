//! Drawings: one table a drawing layer and kind of shape, with the CASS code (first SOUTH string of the extended data)
//! and the height as columns.

pub(crate) mod curved;
#[cfg(test)]
mod tests;

use super::gdal::failed;
use super::workdef::{self, Names};
use super::{Head, Refused, refused, unreadable};
use crate::delivery::Found;
use crate::notes::{both, of_file};
use crate::options::Options;
use crate::recognise::encoding::{self, Evidence};
use crate::table::{Encoded, Raw, Reader, ShapeSource, Sink, SourceRow, Table, bulk, number};
use curved::Curved;
use ditu_gdal::{ReadOptions, SourceValue, Worker};
use ditu_model::{Geometry, Severity, Shape};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes in which texts are sought.
const SAMPLED: usize = 64 << 20;
/// Drawing layers beyond which nobody means a map.
const LAYERS: usize = 2_000;
/// Columns of every drawing layer.
const COLUMNS: [&str; 6] = ["CASS编码", "Z", "Text", "BlockName", "CAD图层", "SOUTH"];

pub(super) fn sniff(head: &Head<'_>) -> bool {
    let section = head.is_text()
        && head.begins("0")
        && head.bytes.iter().take(64).filter(|b| **b == b'\n').count() > 0
        && head.holds("SECTION");
    section || head.begins("999\n") || head.begins("999\r") || head.bytes.starts_with(b"AutoCAD Binary DXF")
}

/// The encoding of a drawing by its texts: the header's code page is wrong more often than right.
fn encoded(found: &Found, options: &Options) -> Result<Encoded, Refused> {
    let mut reader = BufReader::with_capacity(1 << 17, File::open(&found.path).map_err(unreadable)?);
    let (mut samples, mut seen, mut read, mut line) =
        (Vec::new(), std::collections::HashSet::new(), 0, Vec::new());
    let mut page = None;
    let mut next_is_page = false;
    while read < SAMPLED && samples.len() < 2_000 {
        line.clear();
        let n = std::io::Read::take(&mut reader, 1 << 16).read_until(b'\n', &mut line).map_err(unreadable)?;
        if n == 0 {
            break;
        }
        read += n;
        let text = line.trim_ascii();
        if text == b"$DWGCODEPAGE" {
            next_is_page = true;
        } else if next_is_page && text != b"3" {
            page = Some(String::from_utf8_lossy(text).into_owned());
            next_is_page = false;
        }
        if !text.is_ascii() && seen.insert(text.to_vec()) {
            samples.push(text.to_vec());
        }
    }
    let page = page.filter(|p| !p.eq_ignore_ascii_case("ANSI_1252"));
    encoding::decide(&Evidence {
        user: options.encoding(&found.name),
        samples: samples.clone(),
        ..Default::default()
    })
    .or_else(|unclear| {
        // A few words are too few to tell; then the header may say.
        encoding::decide(&Evidence { declared: page.clone(), samples, ..Default::default() })
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
}

/// How many shapes of a kind a drawing layer holds, and where the first of them are.
type Seen = (u64, Vec<[f64; 2]>);

/// Where GDAL's columns are.
#[derive(Clone, Copy, Debug, Default)]
struct Places {
    layer: Option<usize>,
    text: Option<usize>,
    block: Option<usize>,
    attributes: Option<usize>,
    handle: Option<usize>,
    codes: Option<usize>,
}

/// The items of a list as GDAL writes it: `(2:height 35.2,no 7)`.
fn items(list: &str) -> impl Iterator<Item = &str> {
    let list = list.strip_prefix('(').and_then(|l| Some(l.split_once(':')?.1)).unwrap_or(list);
    list.trim_end_matches(')').split([',', '\u{1}'])
}

/// What block attributes that hold a height are called.
const HEIGHTS: [&str; 11] =
    ["HEIGHT", "ELEVATION", "ELEV", "Z", "H", "高程", "标高", "地面高程", "GC", "GCD", "高程值"];

/// The height that is written beside a symbol, where its place has none.
fn attribute_height(list: &str) -> Option<f64> {
    items(list).find_map(|item| {
        let (tag, value) = item.split_once(' ')?;
        HEIGHTS.contains(&tag.to_uppercase().as_str()).then(|| value.trim().parse().ok()).flatten()
    })
}

/// The SOUTH strings of extended data as GDAL writes them: `(3:1001 SOUTH,1000 141111,1000 砼)`.
fn south(list: &str) -> Vec<String> {
    let Some((_, after)) = list.split_once("1001 SOUTH") else { return Vec::new() };
    let mut found = Vec::new();
    for item in after.trim_end_matches(')').split([',', '\u{1}']).skip(1) {
        match item.strip_prefix("1000 ") {
            Some(text) => found.push(text.trim().to_owned()),
            None if item.starts_with("1001 ") => break,
            // A comma inside a text.
            None => continue,
        }
    }
    found
}

impl Drawing {
    /// Gives every entity, its number from 1 and its drawing layer. Returns how many entities have curves, and how many of
    /// them are left as GDAL strokes them.
    fn each(
        &self,
        take: &mut dyn FnMut(u64, String, ditu_gdal::SourceRow) -> ControlFlow<()>,
    ) -> Result<(u64, u64), Refused> {
        let mut curved = self.curved.then(|| Curved::open(&self.path)).transpose().map_err(unreadable)?;
        let mut stroked = 0;
        let rows = self.worker.read(&self.path, "entities", &self.how).map_err(|e| failed(&e))?;
        for (i, row) in rows.enumerate() {
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
            let layer = self.text(&row, self.places.layer).unwrap_or_else(|| "0".into());
            if take(i as u64 + 1, layer, row).is_break() {
                break;
            }
        }
        let all = curved.map_or(0, Curved::count);
        Ok((all, all - stroked))
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
    let encoded = encoded(found, options)?;
    let how = ReadOptions {
        config: vec![
            ("DXF_ENCODING".into(), gdal_name(encoded.encoding)),
            ("DXF_INCLUDE_RAW_CODE_VALUES".into(), "TRUE".into()),
            ("DXF_INLINE_BLOCKS".into(), "FALSE".into()),
        ],
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
    };
    // Which layers with which kinds of entities.
    let mut seen: BTreeMap<(String, u8), Seen> = BTreeMap::new();
    let (curves, strange) = drawing
        .each(&mut |_, layer, row| {
            let shape = row.geometry.as_ref().and_then(|g| g.as_ref().ok());
            let entry = (layer, drawing.kind(&row, shape));
            if seen.len() < LAYERS || seen.contains_key(&entry) {
                let (count, points) = seen.entry(entry).or_default();
                *count += 1;
                if points.len() < 20_000 {
                    points.extend(shape.and_then(|g| g.coords.first()));
                }
            }
            ControlFlow::Continue(())
        })
        .map_err(|e| e.if_damaged(both("另存为 DXF R2000 后再试", "save it as DXF R2000 and try again")))?;
    drawing.curved = curves > 0;
    if seen.len() >= LAYERS {
        return Err(refused(
            "file.too_complex",
            both("图层太多", "there are too many drawing layers"),
            both("分幅导入", "import it sheet by sheet"),
        ));
    }
    if strange > 0 {
        findings.push(of_file(
            "dxf.curves",
            Severity::Warning,
            &found.name,
            both(
                format!("{strange} 条曲线写法特殊（如带厚度、不在水平面上、节点不合规则），按 0.5 度或每个控制点 8 段打断，不保证 1 厘米以内"),
                format!(
                    "{strange} curves are written in ways of their own (with thickness, in a tilted plane, with knots against the rules): stroked by half a degree or eight pieces a control point, not surely within a centimetre"
                ),
            ),
            both(
                "要求更高时在 CAD 中转为多段线后再导出",
                "turn them into polylines where they were drawn if that is too coarse",
            ),
        ));
    }
    let mut layers: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (layer, k) in seen.keys() {
        layers.entry(layer.clone()).or_default().push(*k);
    }
    let mut tables = Vec::new();
    for (layer, kinds) in layers {
        // Texts among symbols of their layer are what is written beside them.
        let labels = kinds.contains(&0) && kinds.contains(&TEXT);
        if labels {
            let n = seen.get(&(layer.clone(), TEXT)).map_or(0, |s| s.0);
            findings.push(of_file(
                "dxf.texts",
                Severity::Warning,
                &found.name,
                both(
                    format!("图层 {layer} 里有 {n} 个文字与符号在一起，是符号的注记"),
                    format!("the layer {layer} has {n} texts beside symbols: they label these"),
                ),
                both(
                    "文字未导入；文字本身是数据时单独放一层",
                    "the texts are passed over; give them a layer of their own if they are the data",
                ),
            ));
        }
        let shaped: Vec<u8> =
            kinds.iter().copied().filter(|k| *k != NO_SHAPE && !(labels && *k == TEXT)).collect();
        for (i, &k) in shaped.iter().enumerate() {
            // What has no shape goes with the first: nothing may fall between.
            let mut takes = vec![k];
            takes.extend((i == 0).then_some(NO_SHAPE));
            let of = |k: &u8| seen.get(&(layer.clone(), *k));
            let count = takes.iter().filter_map(of).map(|s| s.0).sum();
            let numbers = of(&k).and_then(|s| bulk(&s.1));
            let shape =
                [Shape::Point, Shape::Line, Shape::Polygon, Shape::Point, Shape::Point][usize::from(k)];
            tables.push(Table {
                name: layer.clone(),
                other_names: vec![found.stem()],
                file: found.name.as_str().into(),
                path: found.path.clone(),
                format,
                columns: COLUMNS.map(str::to_owned).to_vec(),
                shapes: ShapeSource::File(Some(shape)),
                features: Some(count),
                claim: None,
                numbers,
                encoded: Some(encoded.clone()),
                projected: false,
                obfuscated: false,
                raster: None,
                findings: std::mem::take(&mut findings),
                reader: Arc::new(DrawingLayer { drawing: drawing.clone(), layer: layer.clone(), takes }),
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

/// Kinds of entities: points, lines, areas, what has no shape, texts.
const NO_SHAPE: u8 = 3;
const TEXT: u8 = 4;

impl Drawing {
    fn kind(&self, row: &ditu_gdal::SourceRow, shape: Option<&Geometry>) -> u8 {
        match shape.map(|g| g.shape) {
            Some(Shape::Point) if self.text(row, self.places.text).is_some_and(|t| !t.trim().is_empty()) => {
                TEXT
            }
            Some(Shape::Point) => 0,
            Some(Shape::Line) => 1,
            Some(Shape::Polygon) => 2,
            None => NO_SHAPE,
        }
    }
}

struct DrawingLayer {
    drawing: Drawing,
    layer: String,
    takes: Vec<u8>,
}

impl Reader for DrawingLayer {
    fn read(&self, _: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        self.drawing.each(&mut |row, layer, source| {
            let shape = source.geometry.as_ref().and_then(|g| g.as_ref().ok());
            let kind = self.drawing.kind(&source, shape);
            if layer != self.layer || !self.takes.contains(&kind) {
                return ControlFlow::Continue(());
            }
            let places = self.drawing.places;
            let codes = self.drawing.text(&source, places.codes);
            let extended = codes.as_deref().map(south).unwrap_or_default();
            let beside = || match kind {
                0 => attribute_height(&self.drawing.text(&source, places.attributes)?),
                TEXT => number(&self.drawing.text(&source, places.text)?),
                _ => None,
            };
            let text = |t: Option<String>| t.map_or(Raw::Null, |t| Raw::text(&t));
            let values = vec![
                extended.first().map_or(Raw::Null, |c| self.drawing.code(c)),
                // A height that is only written as text has no other place.
                shape
                    .and_then(height)
                    .filter(|z| *z != 0.0)
                    .or_else(beside)
                    .or(shape.and_then(height).filter(|_| kind != TEXT))
                    .map_or(Raw::Null, Raw::Real),
                text(self.drawing.text(&source, places.text)),
                text(self.drawing.text(&source, places.block)),
                Raw::text(&layer),
                extended.get(1).map_or(Raw::Null, |c| Raw::text(c)),
            ];
            let geometry = source.geometry.map(|g| g.map_err(|why| both(why.clone(), why)));
            sink(SourceRow { row, values, geometry })
        })?;
        Ok(())
    }
}
