//! What tables keep beside plain rows: memo files, ends that old programs leave, attributes in a table of HTML.

use crate::harness::{City, Output};
use encoding_rs::GBK;
use serde_json::{Value as Json, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Imports place names; what is said, and the features by their code: name and origin.
fn places(path: &Path, more: &[&str]) -> (Output, Vec<[String; 3]>) {
    let city = City::new();
    let base = ["import", path.to_str().unwrap(), "--layer", "placename.place", "--no-tiles"];
    let out = city.run(&[&base[..], more].concat()).expect(0);
    let kept = city.run(&["diff", "placename.place", "0", "1", "--geojson"]).expect(0);
    let kept: Json = serde_json::from_str(&kept.stdout).unwrap();
    let text = |f: &Json, name: &str| f["properties"][name].as_str().unwrap_or_default().to_owned();
    let mut all: Vec<[String; 3]> = kept["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| ["code", "name", "origin"].map(|name| text(f, name)))
        .collect();
    all.sort();
    (out, all)
}

fn field(name: &str, kind: u8, width: u8) -> Vec<u8> {
    let mut d = name.as_bytes().to_vec();
    d.resize(11, 0);
    d.extend([kind, 0, 0, 0, 0, width, 0]);
    d.resize(32, 0);
    d
}

/// A dBASE table of two place names whose origins are memo texts in these blocks.
fn dbf(version: u8, language: u8, text: &dyn Fn(&str) -> Vec<u8>, blocks: [&[u8]; 2]) -> Vec<u8> {
    let width = blocks[0].len() as u8;
    let fields = [field("DMDM", b'C', 10), field("BZMC", b'C', 20), field("LLHY", b'M', width)];
    let mut out = vec![version, 126, 11, 28, 2, 0, 0, 0];
    out.extend((32 + 32 * fields.len() as u16 + 1).to_le_bytes());
    out.extend((1 + 30 + u16::from(width)).to_le_bytes());
    out.resize(29, 0);
    out.extend([language, 0, 0]);
    out.extend(fields.concat());
    out.push(0x0d);
    for (i, block) in blocks.iter().enumerate() {
        out.push(b' ');
        for (value, width) in [(format!("DM{i}"), 10), (format!("地名{i}"), 20)] {
            let mut bytes = text(&value);
            bytes.resize(width, b' ');
            out.extend(bytes);
        }
        out.extend(*block);
    }
    out.push(0x1a);
    out
}

/// Parts at multiples of a block's size.
fn blocks(parts: &[&[u8]], size: usize) -> Vec<u8> {
    let mut all = Vec::new();
    for part in parts {
        all.extend_from_slice(part);
        all.resize(all.len().next_multiple_of(size), 0);
    }
    all
}

/// A shapefile of two points, whose table is then replaced.
fn points(city: &City) -> PathBuf {
    let at = |x: f64| json!({"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [x, 29.03]}});
    let both = json!({"type": "FeatureCollection", "features": [at(111.69), at(111.70)]});
    let from = city.write("地名.geojson", &both.to_string());
    let to = from.with_extension("shp");
    let made = Command::new("ogr2ogr").args(["-f", "ESRI Shapefile"]).args([&to, &from]).status().unwrap();
    assert!(made.success());
    let _ = fs::remove_file(to.with_extension("cpg"));
    to
}

#[test]
fn texts_of_memo_files_are_read_and_what_is_lost_is_told() {
    let gbk = |t: &str| GBK.encode(t).0.into_owned();
    let utf8 = |t: &str| t.as_bytes().to_vec();
    let texts = ["因其地多示例树而得名", "沅水之滨；旧名“河街”。"];
    let third = blocks(
        &[
            &[3, 0, 0, 0],
            &[&gbk(texts[0])[..], b"\x1a\x1a"].concat(),
            &[&gbk(texts[1])[..], b"\x1a"].concat(),
        ],
        512,
    );
    let fourth = {
        let mut head = vec![0; 24];
        head[20..22].copy_from_slice(&64u16.to_le_bytes());
        let memo = |t: &str| {
            let t = utf8(t);
            [&[0xff, 0xff, 8, 0], &(t.len() as u32 + 8).to_le_bytes()[..], &t].concat()
        };
        blocks(&[&head, &memo(texts[0]), &memo(texts[1])], 64)
    };
    let fox = {
        let mut head = vec![0; 24];
        head[6..8].copy_from_slice(&64u16.to_be_bytes());
        let memo = |t: &str| {
            let t = gbk(t);
            [&1u32.to_be_bytes(), &(t.len() as u32).to_be_bytes()[..], &t].concat()
        };
        blocks(&[&head, &memo(texts[0]), &memo(texts[1])], 64)
    };
    let digits: [&[u8]; 2] = [b"         1", b"         2"];
    let bytes: [&[u8]; 2] = [&[1, 0, 0, 0], &[2, 0, 0, 0]];
    for (ending, memo, table) in [
        ("dbt", third.clone(), dbf(0x83, 0x4d, &gbk, digits)),
        // The second text lies 64 bytes a block behind the head.
        ("dbt", fourth, dbf(0x8b, 0, &utf8, digits)),
        ("FPT", fox, dbf(0x30, 0x7a, &gbk, bytes)),
    ] {
        let city = City::new();
        let shp = points(&city);
        fs::write(shp.with_extension("dbf"), &table).unwrap();
        fs::write(shp.with_extension(ending), &memo).unwrap();
        let (out, all) = places(&shp, &["--crs", "EPSG:4490"]);
        let found: Vec<&str> = all.iter().map(|p| p[2].as_str()).collect();
        assert_eq!((found.as_slice(), all[0][1].as_str()), (&texts[..], "地名0"), "{ending}");
        assert!(!out.stdout.contains("shapefile.memo"), "{}", out.stdout);
        // Without its file, or with a part of it, the rest is read and the loss is told.
        for rest in [None, Some(&memo[..60.min(memo.len())])] {
            match rest {
                None => fs::remove_file(shp.with_extension(ending)).unwrap(),
                Some(part) => fs::write(shp.with_extension(ending), part).unwrap(),
            }
            let (out, all) = places(&shp, &["--crs", "EPSG:4490"]);
            assert!(
                out.stdout.contains("shapefile.memo") && out.stdout.contains("2 memo texts"),
                "{}",
                out.stdout
            );
            assert_eq!((all[1][1].as_str(), all[1][2].as_str()), ("地名1", ""));
        }
    }
}

#[test]
fn texts_that_end_as_old_programs_end_them_are_read() {
    let city = City::new();
    for end in ["\u{1a}", "\r\n\u{1a}\0\0\0\0", "\r\n\0", "\u{1a}\r\n\u{1a}"] {
        let csv = city.write("地名.csv", &format!("地名代码,标准名称,来历,经度,纬度\r\nDM1,甲\u{1a},乙,111.69,29.03\r\nDM2,丙,丁,111.70,29.03{end}"));
        let (_, all) = places(&csv, &["--crs", "EPSG:4490"]);
        assert_eq!(all.len(), 2, "{end:?}");
        assert_eq!(all[0][1], "甲");
        let dat =
            city.write("地名.dat", &format!("甲,,568000.5,3212900.5,31.5\r\n乙,,568050,3212900,31{end}"));
        assert_eq!(places(&dat, &["--crs", "EPSG:4546"]).1.len(), 2, "{end:?}");
        let parcel = "[属性描述]\r\n坐标系=2000国家大地坐标系\r\n几度分带=3\r\n投影类型=高斯克吕格\r\n计量单位=米\r\n带号=37\r\n精度=0.001\r\n[地块坐标]\r\n4,0.1,1,甲,面,,,0701,@\r\n\
            J1,1,3212900,568000\r\nJ2,1,3212900,568050\r\nJ3,1,3212950,568050\r\nJ1,1,3212900,568000";
        let txt = city.write("宗地.txt", &format!("{parcel}{end}"));
        let other = City::new();
        other.run(&["import", txt.to_str().unwrap(), "--layer", "cadastre.parcel", "--no-tiles"]).expect(0);
        assert_eq!(other.count("cadastre.parcel"), 1, "{end:?}");
    }
    // What is no text stays none.
    let binary = city.write("地名.csv", "地名代码,标准名称\0\u{1}\u{2},经度,纬度\r\n1,2,111.69,29.03\r\n");
    City::new().run(&["import", binary.to_str().unwrap()]).expect(1);
}

#[test]
fn attributes_in_a_table_of_html_are_columns() {
    let table = |code: &str, name: &str, origin: &str| {
        format!(
            "<html><body><table border=\"1\"><tr><td>{name}</td></tr><tr><td><table>\
             <tr><td><b>地名代码</b></td><td>{code}</td></tr><tr><td>标准名称：</td><td>{name}</td></tr>\
             <tr><td>来历</td><td>{origin}&nbsp;&amp;c</td></tr></table></td></tr></table></body></html>"
        )
    };
    let escaped = |t: &str| t.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    type Way<'a> = &'a dyn Fn(&str) -> String;
    let ways: [Way<'_>; 3] = [&|t| format!("<![CDATA[{t}]]>"), &|t| escaped(t), &|t| {
        format!(
            "<![CDATA[{}]]>",
            t.to_uppercase().replace("&NBSP;", "&nbsp;").replace("&AMP;", "&amp;").replace("&AMP", "&amp")
        )
    }];
    let city = City::new();
    for (i, way) in ways.iter().enumerate() {
        let placemark = |code: &str, name: &str, lon: f64| {
            let html = way(&table(code, name, "河 街"));
            format!(
                "<Placemark><name>{code}</name><description>{html}</description><Point><coordinates>{lon},29.03</coordinates></Point></Placemark>"
            )
        };
        let body = placemark("43070201", "武陵阁", 111.69) + &placemark("43070202", "诗墙", 111.70);
        let kml = city.write("地名.kml", &format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document>{body}</Document></kml>"));
        let (_, all) = places(&kml, &[]);
        let c = if i == 2 { "C" } else { "c" };
        let wanted = [["43070201", "武陵阁"], ["43070202", "诗墙"]]
            .map(|[code, name]| [code.to_owned(), name.to_owned(), format!("河 街 &{c}")]);
        assert_eq!(all, wanted, "{i}");
    }
}
