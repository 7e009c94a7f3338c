//! MapGIS 6.x: points (`.wt`), lines (`.wl`), polygons (`.wp`). Little-endian, texts in GBK; the layout is known from
//! public reconstructions only, so everything is checked against the file's length before it is believed.
//!
//! A header names ten sections; the first record of each is a dummy. Polygons are made of arcs that know the polygon on
//! their left and right.

use super::{Head, Refused, refused};
use crate::delivery::Found;
use crate::geometry::rings::assemble;
use crate::notes::both;
use crate::options::Options;
use crate::recognise::encoding::{self, Evidence};
use crate::table::{Claim, Encoded, Raw, Reader, ShapeSource, Sink, SourceRow, Table, bulk};
use ditu_crs::{Crs, Datum, Projection};
use ditu_model::{Date, Geometry, Shape, Text};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Bytes of a file: it is read whole.
const LARGEST: u64 = 1 << 30;
const POINT: usize = 93;
const LINE: usize = 57;
const TOPOLOGY: usize = 24;
const FIELD: usize = 39;
/// Bytes of the attribute section before its fields.
const FIELDS_AT: usize = 348;

pub(super) fn sniff(head: &Head<'_>) -> bool {
    [b"WMAP`D21", b"WMAP`D22", b"WMAP`D23"].iter().any(|m| head.bytes.starts_with(*m))
}

fn fault(at: usize, zh: &str, en: &str) -> Text {
    both(format!("第 {at} 字节：{zh}"), format!("byte {at}: {en}"))
}

/// Reads numbers at places; what lies beyond the end is a fault.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn at<const N: usize>(&self, i: usize) -> Result<[u8; N], Text> {
        let end = i.checked_add(N);
        let bytes = end.and_then(|e| self.0.get(i..e)).and_then(|b| b.try_into().ok());
        bytes.ok_or_else(|| fault(i, "文件到此为止", "the file ends before this"))
    }

    fn int(&self, i: usize) -> Result<i32, Text> {
        self.at(i).map(i32::from_le_bytes)
    }

    fn short(&self, i: usize) -> Result<i16, Text> {
        self.at(i).map(i16::from_le_bytes)
    }

    fn real(&self, i: usize) -> Result<f64, Text> {
        self.at(i).map(f64::from_le_bytes)
    }

    fn slice(&self, from: usize, length: usize) -> Result<&'a [u8], Text> {
        let end = from.checked_add(length);
        end.and_then(|e| self.0.get(from..e))
            .ok_or_else(|| fault(from, "这一段超出文件", "the section reaches beyond the file"))
    }
}

#[derive(Clone, Debug)]
struct Field {
    name: Vec<u8>,
    kind: u8,
    offset: usize,
    length: usize,
}

/// A file as read.
struct MapGis {
    shape: Shape,
    /// In the file's plane, metres or degrees; `Err` where a polygon's arcs do not close.
    shapes: Vec<Result<Geometry, Text>>,
    fields: Vec<Field>,
    /// One record a shape.
    records: Vec<Vec<u8>>,
    claim: Option<Claim>,
}

fn positive(n: i32, at: usize) -> Result<usize, Text> {
    usize::try_from(n).map_err(|_| fault(at, "长度或位置是负数", "a length or place is negative"))
}

impl MapGis {
    fn read(all: &[u8]) -> Result<MapGis, Text> {
        let b = Bytes(all);
        let shape = match b.at::<8>(0)? {
            m if m == *b"WMAP`D22" => Shape::Point,
            m if m == *b"WMAP`D21" => Shape::Line,
            m if m == *b"WMAP`D23" => Shape::Polygon,
            _ => return Err(fault(0, "不是 MapGIS 文件", "is no MapGIS file")),
        };
        let index = positive(b.int(12)?, 12)?;
        let section = |i: usize| -> Result<(usize, &[u8]), Text> {
            let at = index + i * 10;
            let (start, size) = (positive(b.int(at)?, at)?, positive(b.int(at + 4)?, at + 4)?);
            Ok((start, b.slice(start, size)?))
        };
        let (projection, ellipsoid) = (b.at::<1>(109)?[0], b.at::<1>(110)?[0]);
        let scale = b.real(143)?;
        let scale = match (scale.is_finite() && scale > 0.0, projection) {
            (false, _) => 1.0,
            (true, 0) => scale,
            (true, _) => scale / 1000.0,
        };
        let meridian = b.real(151)?;
        let pair = |s: &[u8], i: usize, base: usize| -> Result<[f64; 2], Text> {
            let v = Bytes(s);
            let at = |e: Text| {
                both(format!("{}（段起点 {base}）", e.zh), format!("{} (of the section at {base})", e.en))
            };
            Ok([v.real(i).map_err(at)? * scale, v.real(i + 8).map_err(at)? * scale])
        };
        let (start, main) = section(0)?;
        let mut shapes = Vec::new();
        if shape == Shape::Point {
            for i in 1..main.len() / POINT {
                let [x, y] = pair(main, i * POINT + 7, start)?;
                shapes.push(Ok(Geometry::point(x, y)));
            }
        } else {
            let (at, coordinates) = section(1)?;
            let mut lines = Vec::new();
            for i in 1..main.len() / LINE {
                let r = Bytes(main);
                let (n, from) = (
                    positive(r.int(i * LINE + 10)?, start + i * LINE + 10)?,
                    positive(r.int(i * LINE + 14)?, start + i * LINE + 14)?,
                );
                if from.checked_add(n.saturating_mul(16)).is_none_or(|e| e > coordinates.len()) {
                    return Err(fault(
                        start + i * LINE,
                        "线的坐标超出坐标段",
                        "a line's coordinates reach beyond their section",
                    ));
                }
                lines.push(
                    (0..n).map(|k| pair(coordinates, from + 16 * k, at)).collect::<Result<Vec<_>, _>>()?,
                );
            }
            if shape == Shape::Line {
                shapes = lines.into_iter().map(|l| Ok(Geometry::line(l))).collect();
            } else {
                shapes = polygons(&lines, section(3)?.1)?;
            }
        }
        let (at, attributes) = section(if shape == Shape::Polygon { 9 } else { 2 })?;
        let (fields, records) = table(attributes, at, shapes.len())?;
        let x = shapes.iter().find_map(|s| Some(s.as_ref().ok()?.coords.first()?[0]));
        let claim = claim(projection, ellipsoid, meridian, x);
        Ok(MapGis { shape, shapes, fields, records, claim })
    }
}

/// What the head says of the CRS; an ellipsoid that is not known is no datum.
fn claim(projection: u8, ellipsoid: u8, meridian: f64, x: Option<f64>) -> Option<Claim> {
    let datum = match ellipsoid {
        1 | 16 => Datum::Beijing54,
        2 => Datum::Xian80,
        7 => Datum::Wgs84,
        _ => return None,
    };
    let crs = match projection {
        0 => Ok(Crs::new(datum, Projection::Geographic)),
        5 => {
            let a = meridian.abs();
            let m = (a / 10_000.0).trunc() + (a % 10_000.0 / 100.0).trunc() / 60.0 + a % 100.0 / 3600.0;
            if !(70.0..=140.0).contains(&m) {
                return None;
            }
            let prefix = x.map(|x| (x / 1e6).floor()).filter(|zone| (13.0..=45.0).contains(zone));
            Ok(Crs::gauss_kruger(datum, m, prefix.map(|zone| zone as u32)))
        }
        other => Err(format!("MapGIS 投影 {other} projection {other}")),
    };
    Some(Claim { by: "MapGIS".into(), crs })
}

/// Polygons out of arcs that know their left and right.
fn polygons(arcs: &[Vec<[f64; 2]>], topology: &[u8]) -> Result<Vec<Result<Geometry, Text>>, Text> {
    let b = Bytes(topology);
    let mut borders: HashMap<i32, Vec<(usize, bool)>> = HashMap::new();
    let mut last = 0;
    for i in 0..(topology.len() / TOPOLOGY).saturating_sub(1).min(arcs.len()) {
        let at = (i + 1) * TOPOLOGY;
        let (left, right) = (b.int(at + 8)?, b.int(at + 12)?);
        for (polygon, backwards) in [(left, true), (right, false)] {
            if polygon > 0 && left != right {
                borders.entry(polygon).or_default().push((i, backwards));
                last = last.max(polygon);
            }
        }
    }
    // Numbers of polygons run from 1; none is greater than there are arcs to bound.
    if last as usize > 2 * arcs.len() {
        return Err(fault(0, "面的编号大于弧段数所能", "a polygon's number is greater than the arcs allow"));
    }
    Ok((1..=last).map(|p| rings(arcs, borders.get(&p).map_or(&[], Vec::as_slice))).collect())
}

/// Arcs chained by their ends into rings.
fn rings(arcs: &[Vec<[f64; 2]>], border: &[(usize, bool)]) -> Result<Geometry, Text> {
    let key = |p: [f64; 2]| p.map(|v| (v * 1e4).round() as i64);
    let mut open: HashMap<[i64; 2], Vec<usize>> = HashMap::new();
    let oriented: Vec<Vec<[f64; 2]>> = border
        .iter()
        .filter(|(i, _)| arcs[*i].len() > 1)
        .map(|(i, backwards)| {
            let mut arc = arcs[*i].clone();
            if *backwards {
                arc.reverse();
            }
            arc
        })
        .collect();
    for (n, arc) in oriented.iter().enumerate() {
        open.entry(key(arc[0])).or_default().push(n);
        open.entry(key(arc[arc.len() - 1])).or_default().push(n);
    }
    let mut used = vec![false; oriented.len()];
    let mut g = Geometry::new(Shape::Polygon);
    for n in 0..oriented.len() {
        if used[n] {
            continue;
        }
        used[n] = true;
        let mut ring = oriented[n].clone();
        while key(ring[0]) != key(ring[ring.len() - 1]) {
            let end = key(ring[ring.len() - 1]);
            let next = open.get(&end).and_then(|all| all.iter().copied().find(|i| !used[*i]));
            let Some(next) = next else {
                return Err(both("组成边界的弧段不闭合", "the arcs of the border do not close"));
            };
            used[next] = true;
            let mut arc = oriented[next].clone();
            if key(arc[0]) != end {
                arc.reverse();
            }
            ring.extend(&arc[1..]);
        }
        if let (Some(first), Some(last)) = (ring.first().copied(), ring.last_mut()) {
            *last = first;
        }
        if ring.len() >= 4 {
            g.push_ring(&ring);
        }
    }
    if g.rings.is_empty() {
        return Err(both("面没有边界", "the polygon has no border"));
    }
    assemble(g).ok_or_else(|| both("环太多", "there are too many rings"))
}

/// Fields, and one record a shape.
fn table(s: &[u8], at: usize, shapes: usize) -> Result<(Vec<Field>, Vec<Vec<u8>>), Text> {
    if s.len() < FIELDS_AT {
        return Ok((Vec::new(), vec![Vec::new(); shapes]));
    }
    let b = Bytes(s);
    let (n, length) = (b.short(322)?, b.short(328)?);
    let (n, length) = (positive(i32::from(n), at + 322)?, positive(i32::from(length), at + 328)?);
    let mut fields = Vec::new();
    for i in 0..n {
        let f = FIELDS_AT + i * FIELD;
        let raw = b.slice(f, FIELD)?;
        let name = raw[..20].split(|c| *c == 0).next().unwrap_or_default().to_vec();
        let offset = positive(b.int(f + 21)?, at + f + 21)?;
        let width = positive(i32::from(b.short(f + 27)?), at + f + 27)?;
        fields.push(Field { name, kind: raw[20], offset, length: width });
    }
    let first = FIELDS_AT + n * FIELD + length;
    let records = (0..shapes)
        .map(|i| s.get(first + i * length..first + (i + 1) * length).map(<[u8]>::to_vec).unwrap_or_default())
        .collect();
    Ok((fields, records))
}

impl Field {
    fn value(&self, record: &[u8], encoded: &Encoded) -> Raw {
        let part = |n: usize| record.get(self.offset..self.offset.checked_add(n)?);
        let int = |n: Option<i64>| n.map_or(Raw::Null, Raw::Integer);
        let real = |r: Option<f64>| r.filter(|r| r.is_finite()).map_or(Raw::Null, Raw::Real);
        match self.kind {
            0 => {
                let text = record
                    .get(self.offset..(self.offset + self.length).min(record.len()))
                    .unwrap_or_default();
                let text = text.split(|c| *c == 0).next().unwrap_or_default();
                if text.trim_ascii().is_empty() {
                    Raw::Null
                } else {
                    encoding::decode(encoded.encoding, text)
                }
            }
            1 => int(part(1).map(|b| i64::from(b[0]))),
            2 => int(part(2).map(|b| i64::from(i16::from_le_bytes([b[0], b[1]])))),
            3 => int(part(4).and_then(|b| b.try_into().ok()).map(|b| i64::from(i32::from_le_bytes(b)))),
            4 => real(part(4).and_then(|b| b.try_into().ok()).map(|b| f64::from(f32::from_le_bytes(b)))),
            5 => real(part(8).and_then(|b| b.try_into().ok()).map(f64::from_le_bytes)),
            6 => part(4)
                .and_then(|b| {
                    Date::parse(&format!("{:04}-{:02}-{:02}", i16::from_le_bytes([b[0], b[1]]), b[2], b[3]))
                })
                .map_or(Raw::Null, Raw::Date),
            _ => Raw::Null,
        }
    }
}

struct Rows {
    file: Arc<MapGis>,
    encoded: Encoded,
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    let unreadable = |e: std::io::Error| {
        let why = both(format!("文件无法读取（{e}）"), format!("the file cannot be read ({e})"));
        refused("file.unreadable", why, both("检查文件", "check the file"))
    };
    let length = found.path.metadata().map_err(unreadable)?.len();
    if length > LARGEST {
        let why = both("文件超过 1 GB", "the file is larger than 1 GB");
        return Err(refused(
            "file.too_large",
            why,
            both("在 MapGIS 中分幅后再导入", "split it in MapGIS first"),
        ));
    }
    let bytes = std::fs::read(&found.path).map_err(unreadable)?;
    let file = MapGis::read(&bytes).map_err(|why| {
        let cure = both(
            "未导入；在 MapGIS 中另存后重试，或转为 Shapefile",
            "not imported; save it anew in MapGIS, or convert it to shapefile",
        );
        refused("file.damaged", why, cure)
    })?;
    drop(bytes);
    let texts = file.fields.iter().map(|f| f.name.clone());
    let values = file.records.iter().take(500).flat_map(|r| {
        let fields = file.fields.iter().filter(|f| f.kind == 0);
        fields.filter_map(|f| {
            Some(r.get(f.offset..(f.offset + f.length).min(r.len()))?.split(|c| *c == 0).next()?.to_vec())
        })
    });
    let samples = texts.chain(values).filter(|t| !t.is_ascii()).take(2_000).collect();
    let encoded =
        encoding::decide(&Evidence { user: options.encoding(&found.name), samples, ..Default::default() })
            .map_err(Refused::from)?;
    let points: Vec<[f64; 2]> =
        file.shapes.iter().take(100_000).filter_map(|s| s.as_ref().ok()?.coords.first().copied()).collect();
    let columns = file.fields.iter().map(|f| encoded.encoding.decode(&f.name).0.trim().to_owned()).collect();
    let file = Arc::new(file);
    Ok(vec![Table {
        name: found.stem(),
        other_names: Vec::new(),
        file: found.name.as_str().into(),
        path: found.path.clone(),
        format,
        columns,
        shapes: ShapeSource::File(Some(file.shape)),
        features: Some(file.shapes.len() as u64),
        claim: file.claim.clone(),
        numbers: bulk(&points),
        first: Arc::default(),
        encoded: Some(encoded.clone()),
        projected: false,
        obfuscated: false,
        raster: None,
        findings: Vec::new(),
        reader: Arc::new(Rows { file, encoded }),
    }])
}

impl Reader for Rows {
    fn read(&self, _: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        for (i, (shape, record)) in self.file.shapes.iter().zip(&self.file.records).enumerate() {
            let values = self.file.fields.iter().map(|f| f.value(record, &self.encoded)).collect();
            let row = SourceRow { row: i as u64 + 1, values, geometry: Some(shape.clone()) };
            if let ControlFlow::Break(()) = sink(row) {
                break;
            }
        }
        Ok(())
    }
}

/// Reads bytes as a MapGIS file, whatever they are.
pub(crate) fn fuzz(bytes: &[u8]) {
    let Ok(file) = MapGis::read(bytes) else { return };
    let encoded = Encoded { encoding: encoding_rs::GB18030, evidence: Text::default() };
    for record in file.records.iter().take(100) {
        file.fields.iter().for_each(|f| drop(f.value(record, &encoded)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::*;
    use ditu_model::LayerId;
    use proptest::prelude::*;

    /// Writes a file after the layout and not after the reader.
    fn file(kind: u8, main: &[u8], others: &[(usize, Vec<u8>)], rows: &[(&str, f64, i32)]) -> Vec<u8> {
        let mut out = vec![0u8; 400];
        out[..8].copy_from_slice(&[b'W', b'M', b'A', b'P', b'`', b'D', b'2', b'0' + kind]);
        out[12..16].copy_from_slice(&300i32.to_le_bytes());
        (out[109], out[110]) = (5, 7);
        // Thousandths of a metre a unit, CM 111°.
        out[143..151].copy_from_slice(&1000f64.to_le_bytes());
        out[151..159].copy_from_slice(&1_110_000f64.to_le_bytes());
        let record = 20 + 8 + 4;
        let mut attributes = vec![0u8; 322];
        attributes.extend(3i16.to_le_bytes());
        attributes.extend((rows.len() as i32 + 1).to_le_bytes());
        attributes.extend((record as i16).to_le_bytes());
        attributes.extend([0; 18]);
        for (name, kind, offset, length) in
            [("名称", 0u8, 0i32, 20i16), ("面积", 5, 20, 8), ("编号", 3, 28, 4)]
        {
            let mut raw = encoding_rs::GBK.encode(name).0.into_owned();
            raw.resize(20, 0);
            attributes.extend(raw);
            attributes.push(kind);
            attributes.extend(offset.to_le_bytes());
            attributes.extend([0; 2]);
            attributes.extend(length.to_le_bytes());
            attributes.extend([0; 4 + 2 + 4]);
        }
        attributes.extend(vec![0; record]);
        for (name, area, id) in rows {
            let mut raw = encoding_rs::GBK.encode(name).0.into_owned();
            raw.resize(20, 0);
            attributes.extend(raw);
            attributes.extend(area.to_le_bytes());
            attributes.extend(id.to_le_bytes());
        }
        let mut sections = vec![(0usize, main.to_vec()), (if kind == 3 { 9 } else { 2 }, attributes)];
        sections.extend(others.iter().cloned());
        for (i, bytes) in sections {
            let at = 300 + i * 10;
            let start = out.len() as i32;
            out[at..at + 4].copy_from_slice(&start.to_le_bytes());
            out[at + 4..at + 8].copy_from_slice(&(bytes.len() as i32).to_le_bytes());
            out.extend(bytes);
        }
        out
    }

    fn index(lines: &[Vec<[f64; 2]>]) -> (Vec<u8>, Vec<u8>) {
        let (mut main, mut coordinates) = (vec![0u8; LINE], vec![0u8; 16]);
        for line in lines {
            let mut record = vec![0u8; LINE];
            record[10..14].copy_from_slice(&(line.len() as i32).to_le_bytes());
            record[14..18].copy_from_slice(&(coordinates.len() as i32).to_le_bytes());
            main.extend(record);
            line.iter().flatten().for_each(|v| coordinates.extend(v.to_le_bytes()));
        }
        (main, coordinates)
    }

    fn points(all: &[[f64; 2]]) -> Vec<u8> {
        let mut main = vec![0u8; POINT];
        for p in all {
            let mut record = vec![0u8; POINT];
            record[7..15].copy_from_slice(&p[0].to_le_bytes());
            record[15..23].copy_from_slice(&p[1].to_le_bytes());
            main.extend(record);
        }
        main
    }

    /// Two squares side by side, the second with a hole, of arcs each drawn once.
    fn mosaic() -> Vec<u8> {
        let (x, y) = (568_041.0, 3_212_973.0);
        let p = |dx: f64, dy: f64| [x + dx, y + dy];
        let arcs = vec![
            vec![p(100.0, 0.0), p(0.0, 0.0), p(0.0, 100.0), p(100.0, 100.0)],
            vec![p(100.0, 0.0), p(100.0, 100.0)],
            vec![p(100.0, 100.0), p(200.0, 100.0), p(200.0, 0.0), p(100.0, 0.0)],
            vec![p(140.0, 40.0), p(160.0, 40.0), p(160.0, 60.0), p(140.0, 60.0), p(140.0, 40.0)],
        ];
        let (main, coordinates) = index(&arcs);
        let mut topology = vec![0u8; TOPOLOGY];
        for (left, right) in [(0, 1), (1, 2), (0, 2), (0, 2)] {
            [0i32, 0, left, right, 0, 0].iter().for_each(|v| topology.extend(v.to_le_bytes()));
        }
        file(3, &main, &[(1, coordinates), (3, topology)], &[("甲地块", 10_000.0, 1), ("乙地块", 9_600.0, 2)])
    }

    #[test]
    fn points_lines_and_polygons_read_as_they_were_written() {
        let read = |bytes: &[u8]| MapGis::read(bytes).unwrap_or_else(|e| panic!("{}", e.en));
        let f =
            read(&file(2, &points(&[[1.5, 2.5], [3.5, 4.5]]), &[], &[("点一", 0.0, 7), ("点二", 0.0, 8)]));
        assert_eq!(f.shapes[1].as_ref().unwrap().coords, [[3.5, 4.5]]);
        let encoded = Encoded { encoding: encoding_rs::GB18030, evidence: Text::default() };
        assert_eq!(f.fields[0].value(&f.records[1], &encoded), Raw::Text("点二".into()));
        assert_eq!(f.fields[2].value(&f.records[0], &encoded), Raw::Integer(7));
        let (main, coordinates) =
            index(&[vec![[0.0, 0.0], [5.0, 5.0], [9.0, 1.0]], vec![[1.0, 1.0], [2.0, 2.0]]]);
        let f = read(&file(1, &main, &[(1, coordinates)], &[("线", 1.0, 1), ("线", 2.0, 2)]));
        assert_eq!(f.shapes[0].as_ref().unwrap().coords.len(), 3);
        let f = read(&mosaic());
        use geo::Area;
        let areas: Vec<f64> = f.shapes.iter().map(|s| s.as_ref().unwrap().to_geo().unsigned_area()).collect();
        assert_eq!(areas, [10_000.0, 9_600.0]);
        assert_eq!(f.shapes[1].as_ref().unwrap().rings.len(), 2);
    }

    #[test]
    fn a_mosaic_comes_in_as_parcels() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("宗地.wp");
        std::fs::write(&path, mosaic()).unwrap();
        let (_scratch, plan) = planned(&[path], |o| o.all().layer = LayerId::new("cadastre.parcel"));
        let plan = plan.unwrap_or_else(|r| panic!("{r}"));
        assert_eq!(plan.datasets()[0].format, "MapGIS");
        let (rows, _) = drained(plan);
        let rows = rows.unwrap();
        let at = rows["cadastre.parcel"][0].geometry.as_ref().unwrap().bounds();
        assert!((at.min[0] - 111.6985).abs() < 1e-5 && (at.min[1] - 29.0316).abs() < 1e-5, "{at:?}");
    }

    #[test]
    fn arcs_that_do_not_close_are_told_of_their_polygon_only() {
        let mut bytes = mosaic();
        // The last polygon's outer arc loses its end.
        let x = 768_041.0f64.to_le_bytes();
        let at = bytes.windows(8).position(|w| w == 568_141.0f64.to_le_bytes()).unwrap();
        bytes[at..at + 8].copy_from_slice(&x);
        let f = MapGis::read(&bytes).unwrap();
        assert!(f.shapes.iter().any(|s| s.is_err()));
    }

    proptest! {
        #[test]
        fn cut_and_changed_files_are_refused_by_byte_or_read(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let whole = mosaic();
            let cut = cut.index(whole.len());
            if let Err(why) = MapGis::read(&whole[..cut]) {
                prop_assert!(why.en.contains("byte "), "{}", why.en);
            }
            let mut bytes = whole;
            let i = at.index(bytes.len());
            bytes[i] = byte;
            fuzz(&bytes);
        }
    }
}
