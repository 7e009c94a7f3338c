//! Formats that GDAL reads, in its own process: every table of a file, split by kind of shape.

use super::csv::look;
use super::{Head, Refused, refused};
use crate::delivery::Found;
use crate::notes::{both, of_file};
use crate::options::Options;
use crate::question::{Answer, Subject};
use crate::recognise::encoding;
use crate::recognise::fields::OR;
use crate::table::{Claim, Encoded, Raw, Reader, ShapeSource, Sink, SourceRow, Table};
use crate::value::written;
use ditu_crs::Crs;
use ditu_gdal::{FieldInfo, GdalError, LayerInfo, ReadOptions, SourceValue, Srs, Worker};
use ditu_model::{Finding, Severity, Shape, Text};
use encoding_rs::{Encoding, GB18030};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

/// Rows that are read to see where their numbers lie and what kinds of shapes there are.
const LOOK: usize = 20_000;

pub(super) fn is_geopackage(head: &Head<'_>) -> bool {
    head.bytes.starts_with(b"SQLite format 3\0")
        && (head.bytes.get(68..70) == Some(b"GP") || head.ending == "gpkg")
}

pub(super) fn is_filegdb(head: &Head<'_>) -> bool {
    head.folder
}

pub(super) fn is_flatgeobuf(head: &Head<'_>) -> bool {
    head.bytes.starts_with(b"fgb") && head.bytes.get(4..7) == Some(b"fgb")
}

pub(super) fn is_geojson(head: &Head<'_>) -> bool {
    (head.begins("{") || head.begins("["))
        && head.is_text()
        && (head.holds("\"type\"") || matches!(head.ending, "geojson" | "json" | "topojson"))
}

/// What GDAL's failure means for the user.
pub(super) fn failed(error: &GdalError) -> Refused {
    match error {
        GdalError::Unreadable(why) => refused(
            "file.damaged",
            both(format!("文件无法读取（GDAL：{why}）"), format!("the file cannot be read (GDAL: {why})")),
            both("向提供单位重新索取，或换一种格式导出", "ask for another copy, or for another format"),
        ),
        GdalError::TooLarge => refused(
            "file.too_large",
            both(
                format!("文件太大：这种格式须整个读入内存，超过了 {} GB 的上限", Worker::MEMORY >> 30),
                format!(
                    "the file is too large: this format is held in memory as a whole, and it passes the limit of {} GB",
                    Worker::MEMORY >> 30
                ),
            ),
            both(
                "分成几个文件，或另存为 GeoPackage、Shapefile 后导入",
                "split it, or save it as GeoPackage or shapefile",
            ),
        ),
        GdalError::Stopped(why) => refused(
            "file.stopped",
            both(format!("读取被中止（{why}）"), format!("reading was stopped ({why})")),
            both("文件已损坏或不是正常数据", "the file is damaged or is no normal data"),
        ),
        other => refused(
            "machine.reader",
            both(
                format!("读取进程无法启动（{other}）"),
                format!("the reading process does not start ({other})"),
            ),
            both("运行 ditu doctor", "run ditu doctor"),
        ),
    }
}

/// True when a CRS says where its numbers lie: MapInfo's NonEarth, and GeoPackage's -1 and 0, do not.
fn stated(srs: &Srs) -> bool {
    let wkt = srs.wkt.trim_start().to_uppercase();
    let local = ["LOCAL_CS", "ENGCRS", "ENGINEERINGCRS"].iter().any(|n| wkt.starts_with(n));
    // MapInfo's datum 0 is that of a map without one.
    let undefined = ["\"UNDEFINED ", "DATUM[\"UNKNOWN\"", "DATUM[\"MIF 0\""].iter().any(|n| wkt.contains(n));
    !wkt.is_empty() && !local && !undefined
}

/// What a CRS of GDAL's means here: its parameters decide, the code only where the parameters are not understood.
pub(super) fn claim(srs: &Srs, by: &str) -> Claim {
    let known = Crs::from_wkt(&srs.wkt).map_err(|e| e.to_string());
    let crs = known.or_else(|why| srs.epsg.and_then(Crs::from_epsg).ok_or(why));
    Claim { by: by.to_owned(), crs }
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    open_with(found, format, options, &ReadOptions::default(), &Undecoded::default())
}

pub(super) fn open_with(
    found: &Found,
    format: &'static str,
    options: &Options,
    how: &ReadOptions,
    text: &Undecoded,
) -> Result<Vec<Table>, Refused> {
    let description = options.worker.describe_with(&found.path, how).map_err(|e| failed(&e))?;
    let mut tables = Vec::new();
    let unasked = |l: &LayerInfo| l.view && !options.takes(&found.name, &l.name);
    let (views, layers): (Vec<LayerInfo>, Vec<LayerInfo>) = description.layers.into_iter().partition(unasked);
    for layer in layers {
        tables.extend(table(found, format, options, how, text, &layer, description.driver.as_str()));
    }
    let views: Vec<&str> = views.iter().map(|v| v.name.as_str()).collect();
    match tables.first_mut() {
        Some(first) => first.findings.extend(views.iter().map(|v| view_passed(&found.name, v))),
        None if !views.is_empty() => {
            let list = views.join("、");
            let answers = views.iter().map(|v| view_answer(&found.name, v)).collect();
            return Err(refused(
                "table.view",
                both(
                    format!("文件里只有视图（查询）：{list}"),
                    format!("the file holds views (queries) only: {list}"),
                ),
                both("用 --table 名称 指定要导入的一个", "name the one to import with --table NAME"),
            )
            .asking(Subject::Table, answers));
        }
        None => {}
    }
    if tables.is_empty() {
        return Err(refused(
            "file.empty",
            both("文件里没有要素", "there are no features in the file"),
            both("核对是否选错了文件", "check whether this is the right file"),
        ));
    }
    Ok(tables)
}

/// Says that a view was passed over; its value is the view's name.
fn view_passed(file: &str, view: &str) -> Finding {
    let finding = of_file(
        "table.view",
        Severity::Warning,
        file,
        both(
            format!("“{view}”是视图（由别的表查询得出），没有导入"),
            format!("{view} is a view (a query over other tables) and was passed over"),
        ),
        both(
            format!("需要导入视图本身时用 --table {view}"),
            format!("where the view itself is wanted, name it: --table {view}"),
        ),
    );
    Finding { value: ditu_model::Value::text(view), ..finding }
}

/// The answer that a view is to be taken.
pub(crate) fn view_answer(file: &str, view: &str) -> Answer {
    let answer = Answer::new(view, both(format!("视图“{view}”"), format!("the view {view}")));
    Answer { of: Some((file.to_owned(), Some(view.to_owned()))), ..answer }
}

fn stated_shape(geometry: &str) -> Option<Shape> {
    let g = geometry.to_lowercase();
    if g.contains("point") {
        Some(Shape::Point)
    } else if g.contains("line") || g == "curve" || g.contains("multi curve") {
        Some(Shape::Line)
    } else if g.contains("polygon") || g.contains("surface") {
        Some(Shape::Polygon)
    } else {
        None
    }
}

/// A column by its name and, where the file has a second one, by that too.
fn column(field: &FieldInfo) -> String {
    match &field.alias {
        Some(alias) if !alias.eq_ignore_ascii_case(&field.name) => format!("{}{OR}{alias}", field.name),
        _ => field.name.clone(),
    }
}

/// The names of a column's codes.
type Domains = Arc<Vec<Option<HashMap<String, String>>>>;

fn domains(layer: &LayerInfo) -> Domains {
    let each = layer.fields.iter().map(|f| f.domain.as_ref().map(|d| d.values.iter().cloned().collect()));
    Arc::new(each.collect())
}

/// Says which lists of the file's own give names to its codes.
fn domains_used(found: &Found, layer: &LayerInfo) -> Option<Finding> {
    let list: Vec<String> = layer
        .fields
        .iter()
        .filter_map(|f| Some((f, f.domain.as_ref()?)))
        .map(|(f, d)| format!("{} ({}, {})", column(f), d.name, d.values.len()))
        .collect();
    if list.is_empty() {
        return None;
    }
    let list = list.join("; ");
    Some(of_file(
        "field.domain",
        Severity::Note,
        &found.name,
        both(
            format!("“{}”的编码按文件自带的属性域取名称：{list}", layer.name),
            format!("codes of {} have names by the file's own domains: {list}", layer.name),
        ),
        both(
            "名称在代码表里的按名称，否则按编码",
            "names that are in the code list are taken, codes otherwise",
        ),
    ))
}

/// One or more tables of a layer: one a kind of shape.
fn table(
    found: &Found,
    format: &'static str,
    options: &Options,
    how: &ReadOptions,
    text: &Undecoded,
    layer: &LayerInfo,
    driver: &str,
) -> Vec<Table> {
    let named = text.names.as_ref().filter(|n| n.len() == layer.fields.len());
    let columns: Vec<String> = named.cloned().unwrap_or_else(|| layer.fields.iter().map(column).collect());
    let claimed = layer.srs.as_ref().filter(|s| stated(s)).map(|s| claim(s, driver));
    let mut projected =
        matches!(&claimed, Some(Claim { crs: Err(_), .. })) && options.crs(&found.name, None).is_none();
    let how = ReadOptions { to_cgcs2000: projected, ..how.clone() };
    let mut reader = GdalReader {
        worker: options.worker.clone(),
        path: found.path.clone(),
        layer: layer.name.clone(),
        how,
        columns: columns.len(),
        part: Part::All,
        domains: domains(layer),
        encoding: text.encoding,
        by_bytes: text.names.is_some(),
    };
    let mut findings: Vec<Finding> = domains_used(found, layer).into_iter().collect();
    let spatial = !layer.geometry.eq_ignore_ascii_case("none");
    let coordinates = crate::recognise::fields::coordinates(&columns).filter(|_| !spatial);
    let whole = match (spatial, coordinates) {
        (true, _) => ShapeSource::File(stated_shape(&layer.geometry)),
        (false, Some((a, b))) => ShapeSource::Columns(a, b),
        (false, None) => ShapeSource::None,
    };
    let mut kinds = Vec::new();
    let mut look_at = |reader: &GdalReader| {
        look(&Kinds { inner: reader, seen: std::sync::Mutex::new(&mut kinds) }, whole, &columns, LOOK)
    };
    let (mut numbers, mut seen, _) = look_at(&reader);
    if projected && seen == 0 {
        // PROJ may know no way either: then the CRS is what is wrong, not the file.
        projected = false;
        reader.how.to_cgcs2000 = false;
        (numbers, seen, _) = look_at(&reader);
    }
    // Where all rows were seen it is known how many are of each kind.
    let counted = layer.features.is_some_and(|n| n == seen);
    let plain: u64 = kinds.iter().skip(1).map(|(_, n)| n).sum();
    let of = |part: &Part| match part {
        Part::All => layer.features,
        Part::Only(k) => kinds.iter().find(|(s, _)| s == k).map(|(_, n)| *n).filter(|_| counted),
        Part::Without(_) => counted.then(|| seen - plain),
    };
    if seen == 0 && layer.features == Some(0) {
        return Vec::new();
    }
    let mut make = |part: Part, shapes: ShapeSource| Table {
        name: layer.name.clone(),
        other_names: vec![found.stem()],
        file: found.name.as_str().into(),
        path: found.path.clone(),
        format,
        columns: columns.clone(),
        shapes,
        features: of(&part),
        claim: claimed.clone(),
        numbers,
        encoded: text.evidence.clone().map(|evidence| Encoded { encoding: text.encoding, evidence }),
        projected,
        obfuscated: false,
        raster: None,
        findings: std::mem::take(&mut findings),
        reader: Arc::new(GdalReader { part, ..reader.clone() }),
    };
    match (whole, kinds.as_slice()) {
        (ShapeSource::File(None), [(only, _)]) => vec![make(Part::All, ShapeSource::File(Some(*only)))],
        (ShapeSource::File(None), [_, _, ..]) => kinds
            .iter()
            .enumerate()
            .map(|(i, (k, _))| {
                // What comes later and is of no kind seen so far goes with the first: nothing may fall between.
                let others = || kinds[1..].iter().map(|(k, _)| *k).collect();
                let part = if i == 0 { Part::Without(others()) } else { Part::Only(*k) };
                make(part, ShapeSource::File(Some(*k)))
            })
            .collect(),
        _ => vec![make(Part::All, whole)],
    }
}

/// Which rows of a GDAL layer a table has.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    All,
    Only(Shape),
    Without(Vec<Shape>),
}

impl Part {
    fn has(&self, row: &ditu_gdal::SourceRow) -> bool {
        let shape = row.geometry.as_ref().and_then(|g| g.as_ref().ok()).map(|g| g.shape);
        match (self, shape) {
            (Part::All, _) => true,
            (Part::Only(k), s) => s == Some(*k),
            (Part::Without(others), s) => s.is_none_or(|s| !others.contains(&s)),
        }
    }
}

#[derive(Clone)]
pub(super) struct GdalReader {
    worker: Worker,
    path: PathBuf,
    layer: String,
    how: ReadOptions,
    columns: usize,
    part: Part,
    domains: Domains,
    encoding: &'static Encoding,
    /// What looks like UTF-8 by chance is not.
    by_bytes: bool,
}

/// The encoding of what GDAL leaves undecoded.
#[derive(Clone)]
pub(super) struct Undecoded {
    pub(super) encoding: &'static Encoding,
    /// Why, where the file was asked.
    pub(super) evidence: Option<Text>,
    /// The columns' names where GDAL is told nothing of the encoding: then every text is taken by its bytes.
    pub(super) names: Option<Vec<String>>,
}

impl Default for Undecoded {
    fn default() -> Undecoded {
        // In China that is GBK.
        Undecoded { encoding: GB18030, evidence: None, names: None }
    }
}

pub(super) fn raw(value: SourceValue, encoding: &'static Encoding) -> Raw {
    match value {
        SourceValue::Null => Raw::Null,
        SourceValue::Text(t) => Raw::text(&t),
        // Only what GDAL could not decode comes as bytes.
        SourceValue::Bytes(b) => encoding::decode(encoding, &b),
        SourceValue::Integer(i) => Raw::Integer(i),
        SourceValue::Real(r) => Raw::Real(r),
        SourceValue::Boolean(b) => Raw::Boolean(b),
        SourceValue::Date(d) => Raw::Date(d),
    }
}

impl Reader for GdalReader {
    fn read(&self, _: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        let rows = self.worker.read(&self.path, &self.layer, &self.how).map_err(|e| failed(&e))?;
        for (i, row) in rows.enumerate() {
            let row = row.map_err(|e| failed(&e))?;
            if !self.part.has(&row) {
                continue;
            }
            let bytes = |v| match v {
                SourceValue::Text(t) if self.by_bytes => SourceValue::Bytes(t.into_bytes()),
                other => other,
            };
            let mut values: Vec<Raw> = row.values.into_iter().map(|v| raw(bytes(v), self.encoding)).collect();
            values.resize(self.columns, Raw::Null);
            for (value, names) in values.iter_mut().zip(self.domains.iter()) {
                if let Some(names) = names
                    && let Some(name) = names.get(&written(value))
                {
                    *value = Raw::Named { code: value.clone().into(), name: name.as_str().into() };
                }
            }
            let geometry = row.geometry.map(|g| {
                g.map_err(|why| {
                    both(format!("图形不能用（{why}）"), format!("the shape cannot be used ({why})"))
                })
            });
            if let ControlFlow::Break(()) = sink(SourceRow { row: i as u64 + 1, values, geometry }) {
                break;
            }
        }
        Ok(())
    }
}

/// Counts the kinds of shapes that pass by.
struct Kinds<'a> {
    inner: &'a GdalReader,
    seen: std::sync::Mutex<&'a mut Vec<(Shape, u64)>>,
}

impl Reader for Kinds<'_> {
    fn read(&self, wanted: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        self.inner.read(wanted, &mut |row| {
            if let Some(Ok(g)) = &row.geometry {
                let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                match seen.iter_mut().find(|(s, _)| *s == g.shape) {
                    Some((_, n)) => *n += 1,
                    None => seen.push((g.shape, 1)),
                }
            }
            sink(row)
        })
    }
}

/// Gives a shapefile whose CRS Ditu does not compute to GDAL and PROJ; names and texts stay as they were decoded here.
pub(super) fn reproject_by_proj(table: &mut Table, options: &Options) {
    let how = ReadOptions { encoding: Some(String::new()), to_cgcs2000: true, ..ReadOptions::default() };
    let Ok(description) = options.worker.describe_with(&table.path, &how) else { return };
    let Some(layer) = description.layers.first() else { return };
    let reader = GdalReader {
        worker: options.worker.clone(),
        path: table.path.clone(),
        layer: layer.name.clone(),
        how,
        columns: table.columns.len(),
        part: Part::All,
        domains: Domains::default(),
        encoding: table.encoded.as_ref().map_or(encoding_rs::UTF_8, |e| e.encoding),
        by_bytes: false,
    };
    let (numbers, seen, _) = look(&reader, table.shapes, &table.columns, 2_000);
    if seen > 0 {
        table.numbers = numbers;
        table.projected = true;
        table.reader = Arc::new(reader);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file may turn out too large half-way, after its description: that is no damage.
    #[test]
    fn what_stops_a_reader_half_way_keeps_its_rule_and_cure() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.kml");
        std::fs::write(&path, "<kml/>").unwrap();
        for (answer, rule) in
            [("M\\000\\000\\000\\000", "file.too_large"), ("E\\003\\000\\000\\000bad", "file.damaged")]
        {
            let print = format!("printf '\\000ditu-g\\n{answer}'");
            let reader = GdalReader {
                worker: Worker::new("/bin/sh".into(), vec!["-c".into(), print]),
                path: path.clone(),
                layer: "a".into(),
                how: ReadOptions::default(),
                columns: 0,
                part: Part::All,
                domains: Domains::default(),
                encoding: encoding_rs::UTF_8,
                by_bytes: false,
            };
            let stopped = reader.read(&[], &mut |_| ControlFlow::Continue(())).unwrap_err();
            assert_eq!(
                (stopped.rule, stopped.cure.zh.contains("GeoPackage")),
                (rule, rule == "file.too_large")
            );
        }
    }

    #[test]
    fn names_of_kinds_are_understood() {
        for (name, shape) in [
            ("3D Point", Some(Shape::Point)),
            ("Multi Line String", Some(Shape::Line)),
            ("Measured Multi Polygon", Some(Shape::Polygon)),
            ("Unknown (any)", None),
            ("Geometry Collection", None),
        ] {
            assert_eq!(stated_shape(name), shape, "{name}");
        }
    }
}
