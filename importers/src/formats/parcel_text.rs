//! Land-parcel coordinate text (电子报盘, `.txt`): a block of properties, then parcels, each a line that ends in `,@`
//! and its boundary points `J1,ring,X,Y` with X the northing.

use super::lines::{Fault, Lines, real};
use super::{Head, Refused, refused};
use crate::delivery::Found;
use crate::geometry::rings::assemble;
use crate::notes::{both, of_file};
use crate::options::Options;
use crate::recognise::encoding::{self, Evidence};
use crate::table::{Claim, Encoded, Raw, Reader, ShapeSource, Sink, SourceRow, Table, bulk};
use ditu_crs::{Crs, Datum, Projection};
use ditu_model::{Geometry, Severity, Shape, Text};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

/// Columns by the order in which a parcel's line gives them.
const COLUMNS: [&str; 8] =
    ["界址点数", "地块面积", "地块编号", "地块名称", "图形属性", "图幅号", "地块用途", "地类编码"];
/// Points of one parcel.
const POINTS: usize = 5_000_000;
/// 属性描述 and 地块坐标 in GBK and UTF-8.
const BLOCKS: [&[u8]; 4] = [
    &[0xca, 0xf4, 0xd0, 0xd4, 0xc3, 0xe8, 0xca, 0xf6],
    &[0xb5, 0xd8, 0xbf, 0xe9, 0xd7, 0xf8, 0xb1, 0xea],
    "属性描述".as_bytes(),
    "地块坐标".as_bytes(),
];

fn is_block(line: &[u8], which: usize) -> bool {
    let inner = line.strip_prefix(b"[").and_then(|l| l.strip_suffix(b"]"));
    inner.is_some_and(|l| l == BLOCKS[which] || l == BLOCKS[which + 2])
}

pub(super) fn sniff(head: &Head<'_>) -> bool {
    head.is_text() && head.bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).any(|l| is_block(l, 1))
}

/// One parcel.
struct Parcel {
    line: u64,
    values: Vec<Vec<u8>>,
    rings: Vec<Vec<[f64; 2]>>,
    points: usize,
}

/// Reads all parcels; the properties as `key=value` in bytes first.
fn read<R: BufRead>(
    lines: &mut Lines<R>,
    property: &mut dyn FnMut(&[u8]),
    parcel: &mut dyn FnMut(Parcel) -> ControlFlow<()>,
) -> Result<(), Fault> {
    loop {
        lines.need("[地块坐标]", "[地块坐标]")?;
        if is_block(lines.text(), 1) {
            break;
        }
        property(lines.text());
    }
    let mut now: Option<Parcel> = None;
    let mut ring_name: Vec<u8> = Vec::new();
    while lines.advance()? {
        let parts: Vec<&[u8]> = lines.text().split(|b| *b == b',').map(<[u8]>::trim_ascii).collect();
        if parts.last().is_some_and(|p| *p == b"@") {
            if let Some(done) = now.take()
                && parcel(done).is_break()
            {
                return Ok(());
            }
            ring_name.clear();
            let values = parts[..parts.len() - 1].iter().map(|p| p.to_vec()).collect();
            now = Some(Parcel { line: lines.place().0, values, rings: Vec::new(), points: 0 });
            continue;
        }
        let Some(p) = &mut now else {
            return Err(lines.expected("以“,@”结尾的地块行", "a parcel's line that ends in ,@"));
        };
        let (Some(ring), Some(x), Some(y)) =
            (parts.get(1), parts.get(2).and_then(|p| real(p)), parts.get(3).and_then(|p| real(p)))
        else {
            return Err(lines.expected("“点号,圈号,X,Y”", "point, ring, X, Y"));
        };
        if p.rings.is_empty() || *ring != ring_name.as_slice() {
            p.rings.push(Vec::new());
            ring_name = ring.to_vec();
        }
        p.points += 1;
        if p.points > POINTS {
            return Err(lines.fault("地块的界址点过多", "the parcel has too many points"));
        }
        // X is the northing here.
        if let Some(r) = p.rings.last_mut() {
            r.push([y, x]);
        }
    }
    if let Some(done) = now {
        let _ = parcel(done);
    }
    Ok(())
}

/// The parcel's shape, rings closed, holes by what lies in what.
fn shape(rings: &[Vec<[f64; 2]>]) -> Result<Geometry, Text> {
    let mut g = Geometry::new(Shape::Polygon);
    for ring in rings {
        let mut ring = ring.clone();
        if ring.first() != ring.last() {
            ring.extend(ring.first().copied());
        }
        if ring.len() < 4 {
            return Err(both("一圈不足三个界址点", "a ring has fewer than three points"));
        }
        g.push_ring(&ring);
    }
    if g.rings.is_empty() {
        return Err(both("没有界址点", "there are no boundary points"));
    }
    assemble(g).ok_or_else(|| both("环太多", "there are too many rings"))
}

/// What the properties say of the CRS; nothing when they do not name the datum.
fn claim(properties: &[String], x: Option<f64>) -> Option<Claim> {
    let value = |key: &str| {
        let found = properties.iter().filter_map(|p| p.split_once(['=', '＝', ':']));
        found
            .map(|(k, v)| (k.trim(), v.trim()))
            .find(|(k, v)| k.contains(key) && !v.is_empty())
            .map(|(_, v)| v.to_owned())
    };
    let system = value("坐标系")?.to_uppercase();
    if ["独立", "地方", "城市", "任意"].iter().any(|word| system.contains(word)) {
        // A grid of its own, whatever datum its name recalls.
        return None;
    }
    let cannot = |why: String| Some(Claim { by: "电子报盘".into(), crs: Err(why) });
    let datum = if system.contains("2000") {
        Datum::Cgcs2000
    } else if system.contains("80") {
        Datum::Xian80
    } else if system.contains("54") {
        Datum::Beijing54
    } else {
        return None;
    };
    if value("计量单位").is_some_and(|u| u.contains('度')) {
        return Some(Claim { by: "电子报盘".into(), crs: Ok(Crs::new(datum, Projection::Geographic)) });
    }
    if let Some(unit) = value("计量单位").filter(|u| u.contains('千') || u.contains("公里")) {
        return cannot(format!("计量单位={unit}"));
    }
    let number = |key: &str| value(key).and_then(|v| v.parse::<f64>().ok());
    let width = number("分带").unwrap_or(3.0);
    let prefix = x.map(|x| (x / 1e6).floor()).filter(|z| (13.0..=45.0).contains(z));
    let zone = number("带号").or(prefix)?;
    if !(width == 3.0 || width == 6.0) {
        return cannot(format!("几度分带={width}"));
    }
    if let Some(prefix) = prefix.filter(|p| *p != zone) {
        return cannot(format!("带号={zone}，坐标带号 of the eastings {prefix}"));
    }
    let meridian = if width == 6.0 { zone * 6.0 - 3.0 } else { zone * 3.0 };
    let crs = if (70.0..=140.0).contains(&meridian) {
        Ok(Crs::gauss_kruger(datum, meridian, prefix.map(|z| z as u32)))
    } else {
        Err(format!("带号 {zone} zone {zone}"))
    };
    Some(Claim { by: "电子报盘".into(), crs })
}

struct ParcelText {
    path: PathBuf,
    encoded: Encoded,
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    let file = File::open(&found.path).map_err(|e| {
        let why = both(format!("文件无法读取（{e}）"), format!("the file cannot be read ({e})"));
        refused("file.unreadable", why, both("检查文件", "check the file"))
    })?;
    let (mut properties, mut samples, mut points) = (Vec::new(), Vec::new(), Vec::new());
    let (mut count, mut wrong) = (0u64, Vec::new());
    let mut lines = Lines::new(BufReader::new(file), 1, 0);
    let read = read(&mut lines, &mut |p| properties.push(p.to_vec()), &mut |p| {
        count += 1;
        samples.extend(p.values.iter().filter(|v| !v.is_ascii() && count < 2_000).cloned());
        points.extend(p.rings.first().and_then(|r| r.first()).filter(|_| count < 100_000));
        let stated = p.values.first().and_then(|v| real(v));
        // Some count the closing point, some do not.
        let closing = p.rings.iter().filter(|r| r.len() > 1 && r.first() == r.last()).count();
        let fits = stated.is_none_or(|n| n as usize == p.points || n as usize == p.points - closing);
        if !fits && wrong.len() < 100 {
            wrong.push((p.line, stated.unwrap_or_default(), p.points));
        }
        ControlFlow::Continue(())
    });
    read.map_err(|f| {
        refused("file.damaged", f.text(), both("未导入；核对文件", "not imported; check the file"))
    })?;
    samples.extend(properties.iter().filter(|p| !p.is_ascii()).cloned());
    let encoded =
        encoding::decide(&Evidence { user: options.encoding(&found.name), samples, ..Default::default() })
            .map_err(Refused::from)?;
    let properties: Vec<String> =
        properties.iter().map(|p| encoded.encoding.decode(p).0.into_owned()).collect();
    let numbers = bulk(&points);
    let findings = wrong
        .into_iter()
        .map(|(line, stated, there)| {
            let mut f = of_file(
                "parcel.points",
                Severity::Warning,
                &found.name,
                both(
                    format!("地块行写 {stated} 个界址点，实有 {there} 个"),
                    format!("the parcel's line says {stated} points, there are {there}"),
                ),
                both(
                    "按实有的点导入；核对是否缺点",
                    "taken with the points that are there; check that none is missing",
                ),
            );
            f.place.row = Some(line);
            f
        })
        .collect();
    Ok(vec![Table {
        name: found.stem(),
        other_names: vec!["地块".into()],
        file: found.name.as_str().into(),
        path: found.path.clone(),
        format,
        columns: COLUMNS.map(str::to_owned).to_vec(),
        shapes: ShapeSource::File(Some(Shape::Polygon)),
        features: Some(count),
        claim: claim(&properties, numbers.map(|n| n[0])),
        numbers,
        first: Arc::default(),
        encoded: Some(encoded.clone()),
        projected: false,
        obfuscated: false,
        raster: None,
        findings,
        reader: Arc::new(ParcelText { path: found.path.clone(), encoded }),
    }])
}

impl Reader for ParcelText {
    fn read(&self, _: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        let file = File::open(&self.path)
            .map_err(|e| both(format!("读取失败（{e}）"), format!("reading failed ({e})")))?;
        let mut lines = Lines::new(BufReader::new(file), 1, 0);
        read(&mut lines, &mut |_| {}, &mut |p| {
            let mut values: Vec<Raw> = p
                .values
                .iter()
                .take(COLUMNS.len())
                .map(|v| encoding::decode(self.encoded.encoding, v))
                .collect();
            values.resize(COLUMNS.len(), Raw::Null);
            sink(SourceRow { row: p.line, values, geometry: Some(shape(&p.rings)) })
        })
        .map_err(|f| f.text().into())
    }
}

/// Reads bytes as parcels, whatever they are.
pub(crate) fn fuzz(bytes: &[u8]) {
    let _ = read(&mut Lines::new(bytes, 1, 0), &mut |_| {}, &mut |p| {
        let _ = shape(&p.rings);
        ControlFlow::Continue(())
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CrsChoice;
    use crate::tests::*;
    use ditu_model::LayerId;
    use proptest::prelude::*;

    const HEAD: &str = "[属性描述]\r\n格式版本号=\r\n数据产生单位=测绘院\r\n坐标系=2000国家大地坐标系\r\n几度分带=3\r\n投影类型=高斯克吕格\r\n计量单位=米\r\n带号=37\r\n精度=0.001\r\n转换参数=,,,,,,\r\n[地块坐标]\r\n";

    #[test]
    fn a_head_that_contradicts_itself_or_names_a_local_grid_claims_no_crs() {
        let of = |lines: &[&str], x: f64| {
            claim(&lines.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>(), Some(x)).map(|c| c.crs)
        };
        let national = ["坐标系=2000国家大地坐标系", "几度分带=3", "带号=37"];
        assert_eq!(
            of(&national, 37_568_041.0),
            Some(Ok(Crs::gauss_kruger(Datum::Cgcs2000, 111.0, Some(37))))
        );
        assert_eq!(of(&["坐标系=常德2000独立坐标系", "带号=37"], 568_041.0), None);
        for (lines, x) in [
            (vec!["坐标系=2000国家大地坐标系", "带号=38"], 37_568_041.0),
            (vec!["坐标系=2000国家大地坐标系", "几度分带=5", "带号=37"], 568_041.0),
            (vec!["坐标系=2000国家大地坐标系", "计量单位=千米", "带号=37"], 568.041),
        ] {
            assert!(matches!(of(&lines, x), Some(Err(_))), "{lines:?}");
        }
    }

    fn square(t: &mut String, ring: u32, at: [f64; 2], size: f64) {
        let [n, e] = at;
        for (i, (dn, de)) in [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)].iter().enumerate() {
            *t += &format!("J{},{ring},{:.3},{:.3}\r\n", i + 1, n + dn * size, e + de * size);
        }
    }

    fn file(prefix: f64) -> String {
        let mut t = HEAD.to_owned();
        t += "10,1.0000,1,德山一号地块,面,,住宅用地,0701,@\r\n";
        square(&mut t, 1, [3_212_973.0, prefix + 568_041.0], 100.0);
        square(&mut t, 2, [3_213_003.0, prefix + 568_071.0], 20.0);
        t += "5,0.2500,2,桥南二号地块,面,,工业用地,0601,@\r\n";
        square(&mut t, 1, [3_212_573.0, prefix + 568_041.0], 50.0);
        t
    }

    fn rows(
        bytes: &[u8],
        change: impl FnOnce(&mut Options),
    ) -> Result<(Vec<ditu_model::Row>, crate::Report), crate::Refusal> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("报盘.txt");
        std::fs::write(&path, bytes).unwrap();
        let (_scratch, plan) = planned(&[path], |o| {
            o.all().layer = LayerId::new("cadastre.parcel");
            change(o);
        });
        let (rows, report) = drained(plan?);
        Ok((rows.unwrap().remove("cadastre.parcel").unwrap(), report))
    }

    #[test]
    fn parcels_with_holes_come_in_whatever_encoding_and_with_or_without_zone_number() {
        for prefix in [0.0, 37e6] {
            let text = file(prefix);
            for bytes in [text.clone().into_bytes(), encoding_rs::GBK.encode(&text).0.into_owned()] {
                let (rows, report) = rows(&bytes, |_| {}).unwrap_or_else(|r| panic!("{r}"));
                assert_eq!(rows.len(), 2);
                assert_eq!(report.datasets[0].epsg, Some(if prefix == 0.0 { 4546 } else { 4525 }));
                let g = rows[0].geometry.as_ref().unwrap();
                assert_eq!((g.part_count(), g.rings.len()), (1, 2));
                let m2 = crate::geometry::measure::area(g);
                assert!((m2 - 9600.0).abs() < 3.0, "{m2}");
                // DOMAIN §1.3: the corner is 111.6985, 29.0316 to a metre.
                let b = g.bounds();
                assert!((b.min[0] - 111.6985).abs() < 1e-5 && (b.min[1] - 29.0316).abs() < 1e-5, "{b:?}");
                assert_eq!(value("cadastre.parcel", &rows[0], "use").to_string(), "0701");
                assert_eq!(count(&report, "parcel.points"), 0);
            }
        }
    }

    #[test]
    fn the_datum_is_never_guessed_and_old_ones_need_control() {
        let text = file(0.0);
        let bare = text.replace("坐标系=2000国家大地坐标系", "坐标系=");
        assert_eq!(rules(&rows(bare.as_bytes(), |_| {}).unwrap_err()), ["crs.unclear"]);
        assert!(rows(bare.as_bytes(), |o| o.all().crs = Some(CrsChoice::Epsg(4546))).is_ok());
        let old = text.replace("2000国家", "1980西安");
        assert_eq!(rules(&rows(old.as_bytes(), |_| {}).unwrap_err()), ["crs.needs_control"]);
    }

    #[test]
    fn faults_are_named_by_line_and_wrong_counts_are_told() {
        let text = file(0.0);
        let bad = text.replacen("J3,1,", "J3,1,x", 1);
        let refused = rows(bad.as_bytes(), |_| {}).unwrap_err();
        assert_eq!(rules(&refused), ["file.damaged"]);
        assert!(
            refused.findings[0].message.en.contains("line 15 (byte "),
            "{}",
            refused.findings[0].message.en
        );
        let headless = text.replacen("10,1.0000,1,德山一号地块,面,,住宅用地,0701,@\r\n", "", 1);
        assert_eq!(rules(&rows(headless.as_bytes(), |_| {}).unwrap_err()), ["file.damaged"]);
        let (all, report) = rows(text.replacen("10,1.0000", "12,1.0000", 1).as_bytes(), |_| {}).unwrap();
        assert_eq!((all.len(), count(&report, "parcel.points")), (2, 1));
    }

    proptest! {
        #[test]
        fn changed_bytes_break_nothing(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let mut bytes = file(0.0).into_bytes();
            let i = at.index(bytes.len());
            bytes[i] = byte;
            fuzz(&bytes);
            fuzz(&bytes[..cut.index(bytes.len())]);
        }
    }
}
