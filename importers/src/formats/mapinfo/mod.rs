//! MapInfo TAB and MIF through GDAL, with their curves made finer and their texts by what they are written in.

mod arcs;
mod charset;

use super::{Head, Refused, gdal, unreadable};
use crate::delivery::Found;
use crate::notes::{both, of_file};
use crate::options::Options;
use crate::table::{Reader, ShapeSource, Sink, Table};
use ditu_gdal::ReadOptions;
use ditu_model::{Severity, Shape};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Rows that are looked at for arcs of too few vertices.
const LOOK: u64 = 20_000;

pub(super) fn is_tab(head: &Head<'_>) -> bool {
    head.begins("!table")
}

pub(super) fn is_mif(head: &Head<'_>) -> bool {
    head.ending == "mif" && head.begins("Version")
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    let (found, text) = &charset::readable(found, options).map_err(unreadable)??;
    let mut tables = gdal::open_with(found, format, options, &ReadOptions::default(), text)?;
    for table in &mut tables {
        if matches!(table.shapes, ShapeSource::File(Some(Shape::Point))) {
            continue;
        }
        let (mut seen, mut short) = (0, 0u64);
        // What cannot be read is said when the rows are taken.
        let _ = table.reader.read(&vec![false; table.columns.len()], &mut |row| {
            seen += 1;
            short += u64::from(row.geometry.and_then(Result::ok).is_some_and(|g| arcs::is_short_arc(&g)));
            if seen < LOOK { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if short > 0 {
            table.findings.push(of_file(
                "mapinfo.arc",
                Severity::Warning,
                &found.name,
                both(
                    format!("{short} 段圆弧不足 8 度，GDAL 只给一到三个折线段，不保证 1 厘米以内"),
                    format!("{short} arcs of less than eight degrees come as one to three straight lines, not surely within a centimetre"),
                ),
                both("半径大时在 MapInfo 中先转为折线", "turn wide ones into polylines in MapInfo"),
            ));
        }
        table.reader = Arc::new(Finer(Arc::clone(&table.reader)));
    }
    Ok(tables)
}

struct Finer(Arc<dyn Reader>);

impl Reader for Finer {
    fn read(&self, wanted: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        self.0.read(wanted, &mut |mut row| {
            if let Some(Ok(geometry)) = &mut row.geometry
                && geometry.shape != Shape::Point
                && geometry.z.is_empty()
            {
                arcs::finer(geometry);
            }
            sink(row)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Raw;
    use crate::tests::options;
    use ditu_model::Geometry;
    use ditu_model::Text;
    use std::path::Path;

    /// Shapes of a MIF of these objects, as imported, and how many findings.
    fn shapes(objects: &[&str]) -> (Vec<Geometry>, usize) {
        let head = "Version 450\nCharset \"WindowsSimpChinese\"\nDelimiter \",\"\n\
             CoordSys NonEarth Units \"m\" Bounds (0, 0) (10000000, 10000000)\nColumns 1\n  n Char(20)\nData\n\n";
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.mif");
        std::fs::write(&path, format!("{head}{}\n", objects.join("\n"))).unwrap();
        std::fs::write(path.with_extension("mid"), "\"a\"\n".repeat(objects.len())).unwrap();
        let found = Found { name: "a.mif".into(), path, explicit: true };
        let tables =
            open(&found, "MapInfo MIF", &options(dir.path())).unwrap_or_else(|e| panic!("{:?}", e.message));
        let mut all = Vec::new();
        let mut told = 0;
        for table in &tables {
            told += table.findings.iter().filter(|f| f.rule == "mapinfo.arc").count();
            table
                .reader
                .read(&[true], &mut |row| {
                    all.push((row.row, row.geometry.unwrap().unwrap()));
                    ControlFlow::Continue(())
                })
                .unwrap_or_else(|e| panic!("{:?}", e.message));
        }
        all.sort_by_key(|(row, _)| *row);
        (all.into_iter().map(|(_, g)| g).collect(), told)
    }

    #[test]
    fn ellipses_arcs_and_rounded_corners_lie_within_a_centimetre() {
        let at = |a: f64, b: f64| format!("{} {} {} {}", 5e5 - a, 3.2e6 - b, 5e5 + a, 3.2e6 + b);
        for (a, b) in [(200.0, 100.0), (4_000.0, 4_000.0), (90.0, 2_000.0), (3.0, 2.0)] {
            let (ellipse, arc) = (format!("Ellipse {}", at(a, b)), format!("Arc {}\n30 310", at(a, b)));
            let (all, told) = shapes(&[&ellipse, &arc, &format!("Arc {}\n10 22.5", at(a, b))]);
            assert_eq!((all.len(), told), (3, 0));
            for (shape, from, to) in [(&all[0], 0.0, 360.0), (&all[1], 30.0, 310.0), (&all[2], 10.0, 22.5f64)]
            {
                let on = |p: &[f64; 2]| ((p[0] - 5e5) / a).hypot((p[1] - 3.2e6) / b);
                for c in &shape.coords {
                    assert!((on(c) - 1.0).abs() < 1e-6, "{a} {b}: {}", on(c));
                }
                // Where the curve is: none of its places further than a centimetre from a chord.
                let mut far = 0.0f64;
                for k in 0..4_000 {
                    let t = (from + (to - from) * f64::from(k) / 4_000.0).to_radians();
                    let p = [5e5 + a * t.cos(), 3.2e6 + b * t.sin()];
                    far = far.max(crate::formats::curves::away(p, &shape.coords));
                }
                assert!(far < 0.010_1, "{a} {b} {from}: {far}");
                assert_eq!(all[0].coords.first(), all[0].coords.last());
            }
        }
        let (all, _) = shapes(&[&format!("Roundrect {} 300", at(400.0, 300.0))]);
        assert!(all[0].coords.len() > 190, "{}", all[0].coords.len());
        let corner = [5e5 + 250.0, 3.2e6 + 150.0];
        for w in all[0].coords.windows(2).filter(|w| w.iter().all(|p| p[0] > corner[0] && p[1] > corner[1])) {
            let middle = [0, 1].map(|i| (w[0][i] + w[1][i]) / 2.0 - corner[i]);
            assert!(150.0 - middle[0].hypot(middle[1]) < 0.010_1, "{w:?}");
        }
    }

    #[test]
    fn what_is_no_arc_stays_and_arcs_of_a_few_degrees_are_told() {
        let line = "Pline 6\n0 0\n100 0\n200 0\n300 3.5\n400 12\n500 12";
        let even = "Pline 5\n0 0\n100 0\n200 0\n300 0\n400 0";
        let (all, told) = shapes(&[line, even, "Arc 500000 3200000 504000 3204000\n10 15.5"]);
        assert_eq!((all[0].coords.len(), all[1].coords.len(), all[2].coords.len(), told), (6, 5, 4, 1));
        let mut circle = Geometry::polygon(vec![
            (0..=180)
                .map(|i| f64::from(i) * 2f64.to_radians())
                .map(|t| [500.0 * t.cos(), 500.0 * t.sin()])
                .collect(),
            vec![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]],
        ]);
        arcs::finer(&mut circle);
        assert_eq!((circle.rings.len(), circle.parts.len(), circle.ring(1).len()), (2, 1, 4));
        assert!(circle.ring(0).len() > 400);
    }

    /// The columns of a file, its first values, and what told its encoding.
    fn places(path: &Path) -> (Vec<String>, Vec<Raw>, Option<Text>) {
        places_by(path, None)
    }

    /// The same by the user's word.
    fn places_by(path: &Path, word: Option<&str>) -> (Vec<String>, Vec<Raw>, Option<Text>) {
        let found = Found { name: "a".into(), path: path.to_owned(), explicit: true };
        let dir = tempfile::tempdir().unwrap();
        let mut options = options(dir.path());
        options.all().encoding = word.map(str::to_owned);
        let tables = open(&found, "MapInfo", &options).unwrap_or_else(|e| panic!("{}", e.message.en));
        let mut values = Vec::new();
        tables[0]
            .reader
            .read(&[true, true], &mut |mut row| {
                values.push(row.values.swap_remove(0));
                ControlFlow::Continue(())
            })
            .unwrap_or_else(|e| panic!("{}", e.message.en));
        (tables[0].columns.clone(), values, tables[0].encoded.clone().map(|e| e.evidence))
    }

    #[test]
    fn texts_are_read_by_what_they_are_written_in_whatever_the_head_says() {
        let dir = tempfile::tempdir().unwrap();
        let names = ["武陵区", "鼎城区", "德山", "沅江大桥", "常德市人民政府", "柳叶湖"];
        let good = dir.path().join("names.csv");
        let rows: String = names.iter().map(|n| format!("{n},\"POINT (111.69 29.03)\"\n")).collect();
        std::fs::write(&good, format!("名称,WKT\n{rows}")).unwrap();
        for (word, encoding) in [
            ("Neutral", encoding_rs::GBK),
            ("WindowsLatin1", encoding_rs::GBK),
            ("WindowsSimpChinese", encoding_rs::GBK),
            ("Neutral", encoding_rs::UTF_8),
            ("WindowsSimpChinese", encoding_rs::UTF_8),
            ("UTF-8", encoding_rs::UTF_8),
        ] {
            let encode = |text: &str| encoding.encode(text).0.into_owned();
            let head = format!(
                "Version 450\nCharset \"{word}\"\nDelimiter \",\"\nCoordSys Earth Projection 1, 0\nColumns 1\n  名称 Char(40)\nData\n\n{}",
                "Point 111.69 29.03\n".repeat(names.len())
            );
            let path = dir.path().join(format!("{word}{}.mif", encoding.name()));
            std::fs::write(&path, encode(&head)).unwrap();
            let rows: String = names.iter().map(|n| format!("\"{n}\"\n")).collect();
            std::fs::write(path.with_extension("mid"), encode(&rows)).unwrap();
            let (columns, values, evidence) = places(&path);
            assert_eq!(columns, ["名称"], "{word} {}", encoding.name());
            assert_eq!(values, names.map(Raw::text), "{word} {}", encoding.name());
            assert!(evidence.unwrap().zh.contains("武陵区"), "{word}");
            // The same as a TAB, which GDAL writes; its head is then made to say what it said in the MIF.
            let tab = path.with_extension("tab");
            let ok = std::process::Command::new("ogr2ogr")
                .args(["-f", "MapInfo File", "-sql"])
                .arg("SELECT \"名称\" AS NAME FROM names")
                .args([
                    "-lco",
                    if encoding == encoding_rs::UTF_8 { "ENCODING=UTF-8" } else { "ENCODING=CP936" },
                ])
                .args([&tab, &good])
                .status()
                .unwrap();
            assert!(ok.success());
            let text = std::fs::read_to_string(&tab).unwrap();
            let says = text.replace("WindowsSimpChinese", word).replace("UTF-8", word);
            std::fs::write(&tab, says).unwrap();
            let (columns, values, _) = places(&tab);
            assert_eq!((columns[0].as_str(), values), ("NAME", names.map(Raw::text).to_vec()), "{word}");
        }
    }

    #[test]
    fn every_encoding_and_every_name_of_a_part_comes_through() {
        use encoding_rs::{GB18030, GBK, SHIFT_JIS, WINDOWS_1251};
        let dir = tempfile::tempdir().unwrap();
        let chinese = ["㵲阳河", "䢺城", "联通", "武陵区"];
        for (charset, encoding, word, values, part) in [
            ("Charset \"Neutral\"\n", GB18030, None, chinese, "mid"),
            ("Charset \"WindowsSimpChinese\"\n", GB18030, None, chinese, "mid"),
            ("Charset \"ISO8859_1\"\n", GBK, None, ["常德市", "鼎城区", "德山", "武陵区"], "MID"),
            ("", GBK, Some("gbk"), ["常德市", "鼎城区", "联通", "武陵区"], "Mid"),
            ("Charset \"Neutral\"\n", SHIFT_JIS, Some("shift_jis"), ["東京", "大阪", "京都", "奈良"], "mid"),
            (
                "Charset \"WindowsCyrillic\"\n",
                WINDOWS_1251,
                Some("windows-1251"),
                ["Москва", "Тула", "Омск", "Уфа"],
                "mid",
            ),
        ] {
            let column = if encoding == WINDOWS_1251 { "имя" } else { "名称" };
            let head = format!(
                "Version 450\n{charset}Delimiter \",\"\nCoordSys Earth Projection 1, 0\nColumns 1\n  {column} Char(9)\nData\n\n{}",
                "Point 111.69 29.03\n".repeat(values.len())
            );
            let encode = |text: &str| encoding.encode(text).0.into_owned();
            let folder = tempfile::tempdir_in(dir.path()).unwrap();
            let path = folder.path().join("DMTB.MIF");
            std::fs::write(&path, encode(&head)).unwrap();
            let rows: String = values.iter().map(|n| format!("\"{n}\"\n")).collect();
            std::fs::write(folder.path().join(format!("dmtb.{part}")), encode(&rows)).unwrap();
            std::fs::write(folder.path().join("dmtb.tif"), "no part of it").unwrap();
            let (columns, read, _) = places_by(&path, word);
            assert_eq!(
                (columns[0].as_str(), read),
                (column, values.map(Raw::text).to_vec()),
                "{charset} {}",
                encoding.name()
            );
        }
    }

    /// GDAL writes `_` into the bytes of names: they say nothing of the texts of the rows.
    #[test]
    fn names_that_a_program_has_mangled_do_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let json = r#"{"type":"FeatureCollection","features":[
            {"type":"Feature","properties":{"名称":"武陵区","房屋结构":"钢结构","层数":218,"面积":-7.25},"geometry":{"type":"Point","coordinates":[111.69,29.03]}},
            {"type":"Feature","properties":{"名称":"常德市","房屋结构":"砖木","层数":65000,"面积":1e9},"geometry":{"type":"Point","coordinates":[111.69,29.03]}}]}"#;
        std::fs::write(dir.path().join("a.geojson"), json).unwrap();
        let tab = dir.path().join("a.tab");
        let ok = std::process::Command::new("ogr2ogr")
            .args(["-f", "MapInfo File"])
            .args([&tab, &dir.path().join("a.geojson")])
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(ok.success());
        assert_eq!(places(&tab).1, ["武陵区", "常德市"].map(Raw::text));
    }
}
