//! LandXML: points of surfaces and survey points, contours and breaklines, read as a stream. Coordinates are written
//! northing first.

use super::text::Decoded;
use super::{Head, Refused, refused};
use crate::delivery::Found;
use crate::notes::{both, of_file};
use crate::options::Options;
use crate::table::{Claim, Raw, Reader, ShapeSource, Sink, SourceRow, Table, bulk};
use ditu_crs::Crs;
use ditu_model::{Finding, Geometry, Severity, Shape, Text};
use encoding_rs::UTF_8;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Points of a table by which its place is found.
const SAMPLED: usize = 20_000;
/// Bytes of one list of coordinates beyond which the file is no survey.
const LIST: usize = 64 << 20;

/// One kind of rows.
struct Kind {
    name: &'static str,
    shape: Shape,
    columns: &'static [&'static str],
}

/// Vertices of surfaces and survey points with a height; control points; contours; breaklines, which have no layer of
/// their own but may be given one.
const KINDS: [Kind; 4] = [
    Kind { name: "terrain.spot", shape: Shape::Point, columns: &["elevation_m", "point_no", "surface"] },
    Kind { name: "control.point", shape: Shape::Point, columns: &["point_no", "height_m", "note"] },
    Kind { name: "terrain.contour", shape: Shape::Line, columns: &["elevation_m", "surface"] },
    Kind { name: "Breakline", shape: Shape::Line, columns: &["name", "kind", "surface"] },
];
const SPOT: usize = 0;
const CONTROL: usize = 1;
const CONTOUR: usize = 2;
const BREAKLINE: usize = 3;

pub(super) fn sniff(head: &Head<'_>) -> bool {
    head.begins("<") && head.holds("<LandXML")
}

/// What a file says beside its rows.
#[derive(Default)]
struct Said {
    units: Option<String>,
    epsg: Option<u32>,
    /// Things that no layer takes, counted by their element.
    others: BTreeMap<&'static str, u64>,
}

/// Elements that are data and go nowhere.
const OTHERS: [&str; 7] =
    ["F", "Boundary", "Alignment", "Parcel", "PlanFeature", "PipeNetwork", "GradeModel"];

enum Got {
    Row(usize, SourceRow),
    Units(String),
    Epsg(u32),
    Other(&'static str),
}

type Take<'a> = dyn FnMut(Got) -> ControlFlow<()> + 'a;

struct Wrong {
    rule: &'static str,
    message: Text,
}

fn wrong(rule: &'static str, line: u64, byte: u64, zh: &str, en: &str) -> Wrong {
    Wrong {
        rule,
        message: both(
            format!("第 {line} 行（第 {byte} 字节）：{zh}"),
            format!("line {line} (byte {byte}): {en}"),
        ),
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found =
        tag.attributes().with_checks(false).flatten().find(|a| a.key.local_name().as_ref() == name)?;
    let text = quick_xml::escape::unescape(&found.value).ok()?.trim().to_owned();
    Some(text).filter(|t| !t.is_empty())
}

/// What the element at hand is for.
enum Open {
    Point {
        kind: usize,
        name: Option<String>,
        note: Option<String>,
    },
    /// A list of points with (3) or without (2) heights.
    List(usize),
}

#[derive(Default)]
struct Walk {
    surface: Option<String>,
    /// The contour, breakline or group of points that lists of coordinates belong to.
    line: Option<(usize, Option<String>, Option<String>)>,
    open: Option<Open>,
    text: String,
    /// How deep inside an element that goes nowhere.
    skipped: usize,
    began: u64,
}

fn text_value(text: &Option<String>) -> Raw {
    text.as_deref().map_or(Raw::Null, Raw::text)
}

/// Numbers of a list; `None` when a word is no number.
fn numbers(text: &str) -> Option<Vec<f64>> {
    text.split_ascii_whitespace().map(|w| w.parse().ok()).collect()
}

fn not_numbers() -> Text {
    both("坐标不是数", "the coordinates are no numbers")
}

impl Walk {
    fn all(path: &Path, take: &mut Take<'_>) -> Result<(), Wrong> {
        let cannot = |e: &dyn std::fmt::Display| Wrong {
            rule: "file.unreadable",
            message: both(format!("文件无法读取（{e}）"), format!("the file cannot be read ({e})")),
        };
        let input =
            Decoded::open(path, super::xml::declared(path).unwrap_or(UTF_8)).map_err(|e| cannot(&e))?;
        let mut reader = quick_xml::Reader::from_reader(input);
        reader.config_mut().expand_empty_elements = true;
        let (mut walk, mut buffer, mut depth) = (Walk::default(), Vec::new(), 0u64);
        loop {
            buffer.clear();
            reader.get_mut().allow(LIST);
            let event = reader.read_event_into(&mut buffer);
            let (line, byte) = (reader.get_ref().line(), reader.buffer_position());
            let flow = match event {
                Err(quick_xml::Error::Io(e)) if e.kind() == std::io::ErrorKind::FileTooLarge => {
                    let (zh, en) = ("一段文字过长", "a text in it is too long");
                    return Err(wrong("file.too_complex", line, byte, zh, en));
                }
                Err(e) => {
                    let (zh, en) = (format!("XML 有误（{e}）"), format!("the XML is wrong ({e})"));
                    return Err(wrong("file.damaged", line, reader.error_position(), &zh, &en));
                }
                Ok(Event::DocType(_)) => {
                    let (zh, en) = ("有 DOCTYPE 声明", "the XML declares a DOCTYPE");
                    return Err(wrong("format.entities", line, byte, zh, en));
                }
                Ok(Event::Eof) if depth == 0 => return Ok(()),
                Ok(Event::Eof) => {
                    return Err(wrong("file.damaged", line, byte, "文件被截断", "the file is cut off"));
                }
                Ok(Event::Start(tag)) => {
                    depth += 1;
                    walk.start(&tag, line, take)
                }
                Ok(Event::End(tag)) => {
                    depth -= 1;
                    walk.end(tag.local_name().as_ref(), take)
                }
                Ok(Event::Text(text)) if walk.open.is_some() => {
                    walk.text.push_str(&text);
                    if walk.text.len() > LIST {
                        let (zh, en) = ("坐标串过长", "the list of coordinates is too long");
                        return Err(wrong("file.too_complex", line, byte, zh, en));
                    }
                    ControlFlow::Continue(())
                }
                Ok(_) => ControlFlow::Continue(()),
            };
            if flow.is_break() {
                return Ok(());
            }
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, line: u64, take: &mut Take<'_>) -> ControlFlow<()> {
        let name = tag.local_name();
        let name = name.as_ref();
        let say = |n: &str| attribute(tag, n);
        if self.skipped > 0 {
            self.skipped += 1;
            return ControlFlow::Continue(());
        }
        if let Some(other) = OTHERS.iter().find(|o| **o == name) {
            self.skipped = 1;
            return take(Got::Other(other));
        }
        self.text.clear();
        self.began = line;
        match name {
            "Metric" | "Imperial" => {
                let unit = say("linearUnit").unwrap_or_else(|| name.to_owned());
                return take(Got::Units(unit));
            }
            "CoordinateSystem" => {
                if let Some(code) = say("epsgCode").and_then(|c| c.parse().ok()) {
                    return take(Got::Epsg(code));
                }
            }
            "Surface" => self.surface = say("name"),
            "P" => self.open = Some(Open::Point { kind: SPOT, name: say("id"), note: None }),
            "CgPoint" => {
                let control = ["control", "monument", "traverse", "reference"];
                let is_control = say("pntSurv").is_some_and(|s| control.contains(&s.as_str()));
                let kind = if is_control { CONTROL } else { SPOT };
                let name = say("name").or_else(|| say("oID"));
                self.open = Some(Open::Point { kind, name, note: say("desc").or_else(|| say("code")) });
            }
            "Contour" => self.line = Some((CONTOUR, say("elev"), None)),
            "Breakline" => self.line = Some((BREAKLINE, say("name").or_else(|| say("desc")), say("brkType"))),
            "DataPoints" => self.line = Some((SPOT, None, None)),
            "PntList2D" if self.line.is_some() => self.open = Some(Open::List(2)),
            "PntList3D" if self.line.is_some() => self.open = Some(Open::List(3)),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn end(&mut self, name: &str, take: &mut Take<'_>) -> ControlFlow<()> {
        if self.skipped > 0 {
            self.skipped -= 1;
            return ControlFlow::Continue(());
        }
        match name {
            "Surface" => self.surface = None,
            "Contour" | "Breakline" | "DataPoints" => self.line = None,
            _ => {}
        }
        match self.open.take() {
            None => ControlFlow::Continue(()),
            Some(Open::Point { kind, name, note }) => self.point(kind, &name, &note, take),
            Some(Open::List(size)) => self.list(size, take),
        }
    }

    fn row(
        &self,
        kind: usize,
        values: Vec<Raw>,
        geometry: Result<Geometry, Text>,
        take: &mut Take<'_>,
    ) -> ControlFlow<()> {
        take(Got::Row(kind, SourceRow { row: self.began, values, geometry: Some(geometry) }))
    }

    fn point(
        &self,
        kind: usize,
        name: &Option<String>,
        note: &Option<String>,
        take: &mut Take<'_>,
    ) -> ControlFlow<()> {
        if self.text.trim().is_empty() {
            // A reference to a point that stands elsewhere.
            return ControlFlow::Continue(());
        }
        let found = numbers(&self.text);
        let (geometry, height) = match found.as_deref() {
            Some([n, e]) => (Ok(Geometry::point(*e, *n)), Raw::Null),
            Some([n, e, h]) => (Ok(Geometry { z: vec![*h], ..Geometry::point(*e, *n) }), Raw::Real(*h)),
            _ => (Err(not_numbers()), Raw::Null),
        };
        let (name, note) = (text_value(name), text_value(note));
        let values = match kind {
            CONTROL => vec![name, height, note],
            _ => vec![height, name, text_value(&self.surface)],
        };
        self.row(kind, values, geometry, take)
    }

    fn list(&self, size: usize, take: &mut Take<'_>) -> ControlFlow<()> {
        let Some((kind, first, second)) = &self.line else { return ControlFlow::Continue(()) };
        let surface = text_value(&self.surface);
        let found = numbers(&self.text).filter(|n| !n.is_empty() && n.len().is_multiple_of(size));
        let Some(found) = found else {
            let values = vec![Raw::Null; KINDS[*kind].columns.len()];
            return self.row(*kind, values, Err(not_numbers()), take);
        };
        if *kind == SPOT {
            for p in found.chunks_exact(size) {
                let height = p.get(2).copied();
                let geometry = Geometry { z: height.into_iter().collect(), ..Geometry::point(p[1], p[0]) };
                let height = height.map_or(Raw::Null, Raw::Real);
                self.row(SPOT, vec![height, Raw::Null, surface.clone()], Ok(geometry), take)?;
            }
            return ControlFlow::Continue(());
        }
        let mut geometry = Geometry::line(found.chunks_exact(size).map(|p| [p[1], p[0]]).collect());
        if size == 3 {
            geometry.z = found.chunks_exact(3).map(|p| p[2]).collect();
        }
        let values = match *kind {
            CONTOUR => vec![text_value(first), surface],
            _ => vec![text_value(first), text_value(second), surface],
        };
        self.row(*kind, values, Ok(geometry), take)
    }
}

fn unusable(w: Wrong) -> Refused {
    let cure = match w.rule {
        "format.entities" => both("测绘数据不需要它；去掉后再导入", "no survey data needs it; take it out"),
        _ => both("用原软件重新导出", "export it anew"),
    };
    refused(w.rule, w.message, cure)
}

pub(super) fn open(found: &Found, format: &'static str, _: &Options) -> Result<Vec<Table>, Refused> {
    let mut said = Said::default();
    let mut seen: [(u64, Vec<[f64; 2]>); KINDS.len()] = Default::default();
    Walk::all(&found.path, &mut |got| {
        match got {
            Got::Row(kind, row) => {
                let (count, points) = &mut seen[kind];
                *count += 1;
                if points.len() < SAMPLED
                    && let Some(Ok(g)) = &row.geometry
                {
                    points.extend(g.coords.first());
                }
            }
            Got::Units(unit) => said.units = Some(unit),
            Got::Epsg(code) => said.epsg = Some(code),
            Got::Other(name) => *said.others.entry(name).or_default() += 1,
        }
        ControlFlow::Continue(())
    })
    .map_err(unusable)?;
    if let Some(unit) = said.units.as_deref().filter(|u| !matches!(*u, "meter" | "metre" | "Metric")) {
        return Err(refused(
            "unit.not_metres",
            both(
                format!("长度单位是 {unit}，不是米"),
                format!("its unit of length is {unit}, not the metre"),
            ),
            both("以米为单位重新导出", "export it in metres"),
        ));
    }
    let mut remarks = remarks(found, &said);
    let claim = said.epsg.map(|code| Claim {
        by: "LandXML CoordinateSystem".into(),
        crs: Crs::from_epsg(code).ok_or_else(|| format!("EPSG:{code}")),
    });
    let mut tables = Vec::new();
    for (i, (count, points)) in seen.iter().enumerate().filter(|(_, s)| s.0 > 0) {
        tables.push(Table {
            name: KINDS[i].name.to_owned(),
            other_names: Vec::new(),
            file: found.name.as_str().into(),
            path: found.path.clone(),
            format,
            columns: KINDS[i].columns.iter().map(|c| (*c).to_owned()).collect(),
            shapes: ShapeSource::File(Some(KINDS[i].shape)),
            features: Some(*count),
            claim: claim.clone(),
            numbers: bulk(points),
            first: Arc::default(),
            encoded: None,
            projected: false,
            obfuscated: false,
            raster: None,
            findings: std::mem::take(&mut remarks),
            reader: Arc::new(KindReader { path: found.path.clone(), kind: i }),
        });
    }
    if tables.is_empty() {
        return Err(refused(
            "file.empty",
            both("没有点、等高线或断裂线", "there are no points, contours or breaklines in it"),
            both("核对是否选错了文件", "check whether this is the right file"),
        ));
    }
    Ok(tables)
}

fn remarks(found: &Found, said: &Said) -> Vec<Finding> {
    let mut remarks = Vec::new();
    if said.units.is_none() {
        remarks.push(of_file(
            "unit.unstated",
            Severity::Warning,
            &found.name,
            both("没有写明单位（Units）", "it does not state its units (Units)"),
            both("按米处理，请核对", "taken as metres; please check"),
        ));
    }
    if !said.others.is_empty() {
        let list: Vec<String> = said.others.iter().map(|(n, c)| format!("{n} × {c}")).collect();
        let list = list.join(", ");
        remarks.push(of_file(
            "landxml.no_layer",
            Severity::Note,
            &found.name,
            both(format!("没有对应图层的元素：{list}"), format!("elements that no layer takes: {list}")),
            both(
                "未导入；三角网（F）需要时导出为 GeoTIFF 高程模型",
                "passed over; export the triangles (F) as a GeoTIFF elevation model if they are wanted",
            ),
        ));
    }
    remarks
}

struct KindReader {
    path: PathBuf,
    kind: usize,
}

impl Reader for KindReader {
    fn read(&self, _: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        Walk::all(&self.path, &mut |got| match got {
            Got::Row(kind, row) if kind == self.kind => sink(row),
            _ => ControlFlow::Continue(()),
        })
        .map_err(|w| Refused { rule: w.rule, ..Refused::from(w.message) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{count, drained, planned, rules, value};

    fn written(text: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.xml");
        std::fs::write(&path, text).unwrap();
        (dir, path)
    }

    const SMALL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<LandXML xmlns="http://www.landxml.org/schema/LandXML-1.2" version="1.2">
<Units><Metric linearUnit="meter"/></Units><CoordinateSystem epsgCode="4546"/>
<CgPoints><CgPoint name="GPS01" pntSurv="control" desc="一级">3212973.25 568041.5 32.125</CgPoint>
<CgPoint name="101">3212980 568050 31.5</CgPoint><CgPoint pntRef="101"/></CgPoints>
<Surfaces><Surface name="原地面"><SourceData>
<DataPoints><PntList3D>3212990 568060 30.1 3212991 568061 30.2</PntList3D></DataPoints>
<Breaklines><Breakline brkType="standard" name="坎"><PntList3D>3212990 568060 30 3212999 568070 31</PntList3D></Breakline></Breaklines>
<Contours><Contour elev="30"><PntList2D>3212990 568060 3213000 568080</PntList2D></Contour></Contours></SourceData>
<Definition surfType="TIN"><Pnts><P id="1">3212900 568000 29.5</P><P id="2">x y z</P></Pnts>
<Faces><F>1 2 3</F><F>1 2 4</F></Faces></Definition></Surface></Surfaces></LandXML>"#;

    #[test]
    fn points_contours_and_control_points_go_to_their_layers_northing_first() {
        let gbk = encoding_rs::GBK.encode(&SMALL.replace("UTF-8", "GB2312")).0.into_owned();
        for text in [SMALL.as_bytes().to_vec(), gbk] {
            let (_dir, path) = written(&text);
            let (_scratch, plan) = planned(&[path], |_| {});
            let (rows, report) = drained(plan.unwrap_or_else(|r| panic!("{r}")));
            let rows = rows.unwrap();
            assert_eq!(rows["terrain.spot"].len(), 4);
            assert_eq!(rows["terrain.contour"].len(), 1);
            let control = &rows["control.point"][0];
            assert_eq!(value("control.point", control, "point_no").to_string(), "GPS01");
            assert_eq!(value("control.point", control, "note").to_string(), "一级");
            let p = control.geometry.as_ref().unwrap().coords[0];
            assert!((p[0] - 111.6985).abs() < 1e-4 && (p[1] - 29.0316).abs() < 1e-4, "{p:?}");
            for rule in ["landxml.no_layer", "table.ignored", "geometry.unreadable"] {
                assert_eq!(count(&report, rule), 1, "{rule}");
            }
        }
    }

    #[test]
    fn entities_and_broken_xml_are_refused_with_line_and_byte() {
        let (_dir, path) =
            written(SMALL.replace("<LandXML", "<!DOCTYPE x [<!ENTITY a 'b'>]><LandXML").as_bytes());
        let (_scratch, refused) = planned(&[path], |_| {});
        assert_eq!(rules(&refused.unwrap_err()), ["format.entities"]);
        let (_dir, path) = written(SMALL.replace("</Surface>", "</Surfac>").as_bytes());
        let (_scratch, refused) = planned(&[path], |_| {});
        let refused = refused.unwrap_err();
        assert_eq!(rules(&refused), ["file.damaged"]);
        assert!(refused.to_string().contains("line 11 (byte "), "{refused}");
    }

    #[test]
    fn any_cut_is_answered() {
        for n in (0..SMALL.len()).step_by(37).filter(|n| SMALL.is_char_boundary(*n)) {
            let (_dir, path) = written(&SMALL.as_bytes()[..n]);
            let cut = Walk::all(&path, &mut |_| ControlFlow::Continue(()));
            assert_eq!(cut.is_err(), n > 0, "{n}");
        }
    }

    /// Over real files, which are no part of the project.
    mod shared {
        use super::*;
        use crate::tests::shared::data;

        #[test]
        fn real_surfaces_in_feet_are_refused_and_in_metres_read_to_the_last_vertex() {
            for (file, vertices) in [("S1.xml", 17), ("S3.xml", 164), ("S4.xml", 1657)] {
                let path = data(&format!("survey/landxml/{file}"));
                let (_scratch, refused) = planned(std::slice::from_ref(&path), |_| {});
                assert_eq!(rules(&refused.unwrap_err()), ["unit.not_metres"], "{file}");
                let text = std::fs::read_to_string(path).unwrap();
                let metres = text.replace("USSurveyFoot", "meter");
                let (_dir, path) = written(metres.as_bytes());
                let (_scratch, plan) = planned(&[path], |o| {
                    o.all().crs = Some(crate::CrsChoice::Epsg(4546));
                    o.city = None;
                });
                let (_, report) = drained(plan.unwrap_or_else(|r| panic!("{r}")));
                assert_eq!(report.layers.values().map(|c| c.read).sum::<u64>(), vertices, "{file}");
            }
        }
    }
}
