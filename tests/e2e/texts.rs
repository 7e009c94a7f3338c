//! Texts as programs write them: decomposed, full-width, with characters that nobody sees, radicals for ideographs.

use crate::harness::City;
use serde_json::{Value as Json, json};
use std::path::Path;
use std::process::Command;

const STOP: &str = "transport.stop";

fn import(city: &City, source: &Path, more: &[&str]) -> String {
    let all = [&["import", source.to_str().unwrap(), "--crs", "EPSG:4490"][..], more].concat();
    city.run(&all).expect(0).stdout
}

/// Code and name of every stop, in order of codes.
fn stops(city: &City) -> Vec<(String, String)> {
    let server = city.serve(&["--public", "all"]);
    let items = server.json(&format!("/collections/{STOP}/items?limit=1000"));
    let text = |f: &Json, name: &str| f["properties"][name].as_str().unwrap_or_default().to_owned();
    let all = items["features"].as_array().unwrap().iter();
    let mut all: Vec<_> = all.map(|f| (text(f, "code"), text(f, "name"))).collect();
    all.sort();
    all
}

/// As they are meant, and as four programs write the same.
const MEANT: [(&str, &str); 4] =
    [("ZD01", "德山站"), ("ZD02", "Café站"), ("ZD03", "龙阳站"), ("ZD-4", "（ＫＴＶ）站")];
const WRITTEN: [(&str, &str); 4] = [
    ("ＺＤ０１", "德\u{2f2d}站"),
    ("\u{200b}ZD02\u{feff}", "Cafe\u{301}站"),
    ("ZD\u{ad}03", "⻰阳\u{200b}站"),
    ("ZD－4\u{a0}", "（ＫＴＶ）站"),
];

fn csv(rows: &[(&str, &str)], heads: &str) -> String {
    let row = |(i, (code, name)): (usize, &(&str, &str))| {
        format!("{code},{name},公交,{:.5},29.04\n", 111.69 + i as f64 * 1e-3)
    };
    format!("{heads}\n{}", rows.iter().enumerate().map(row).collect::<String>())
}

fn geojson(rows: &[(&str, &str)]) -> String {
    let feature = |(i, (code, name)): (usize, &(&str, &str))| {
        json!({"type": "Feature", "properties": {"站点编号": code, "站点名称": name, "站点类型": "公交"},
            "geometry": {"type": "Point", "coordinates": [((111.69 + i as f64 * 1e-3) * 1e5).round() / 1e5, 29.04]}})
    };
    let features: Vec<Json> = rows.iter().enumerate().map(feature).collect();
    json!({"type": "FeatureCollection", "features": features}).to_string()
}

const HEADS: &str = "站点编号,站点名称,站点类型,经度,纬度";

#[test]
fn what_is_written_otherwise_is_the_same_stop_in_every_format() {
    let wanted: Vec<_> = {
        let mut all: Vec<_> = MEANT.iter().map(|(c, n)| ((*c).to_owned(), (*n).to_owned())).collect();
        all.sort();
        all
    };
    let city = City::new();
    import(&city, &city.write("一/站点.csv", &csv(&MEANT, HEADS)), &[]);
    assert_eq!(stops(&city), wanted);
    let json = city.write("二/站点.geojson", &geojson(&WRITTEN));
    let book = city.write("三/站点.csv", &csv(&WRITTEN, HEADS));
    let mut files = vec![json.clone(), book.clone()];
    for (format, ending) in [("XLSX", "xlsx"), ("ODS", "ods")] {
        let path = book.with_file_name(format!("站点.{ending}"));
        let out =
            Command::new("ogr2ogr").args(["-f", format]).args([&path, &book]).args(["-nln", "站点"]).output();
        assert!(out.unwrap().status.success());
        files.push(path);
    }
    let gpkg = json.with_file_name("站点.gpkg");
    let out = Command::new("ogr2ogr")
        .args(["-f", "GPKG", "-a_srs", "EPSG:4490", "-nln", "站点"])
        .args([&gpkg, &json])
        .output();
    assert!(out.unwrap().status.success());
    files.push(gpkg);
    for file in files {
        let said = import(&city, &file, &[]);
        assert!(said.contains("no new revision"), "{}: {said}", file.display());
        assert!(said.contains("full-width, decomposed or invisible"), "{}: {said}", file.display());
        assert_eq!((stops(&city), city.revisions()), (wanted.clone(), 1), "{}", file.display());
    }
    // Told with what was made of it.
    let report = city.data().with_file_name("r.json");
    import(&city, &book, &["--report", report.to_str().unwrap()]);
    let report = std::fs::read_to_string(report).unwrap();
    assert!(report.contains("taken as ZD01") && report.contains("text.normalised"), "{report}");
}

#[test]
fn two_spellings_of_one_key_in_a_delivery_are_one_key() {
    let city = City::new();
    let both = csv(&[("ZD01", "东站"), ("ＺＤ０１", "西站")], HEADS);
    let said = import(&city, &city.write("站点.csv", &both), &[]);
    assert!(said.contains("has the key of row"), "{said}");
    assert_eq!(stops(&city), [("ZD01".to_owned(), "东站".to_owned())]);
}

#[test]
fn headings_codes_and_names_of_files_are_compared_as_they_are_meant() {
    let city = City::new();
    // Decomposed, full-width and with radicals: the file's name, the headings, the kind; full-width numbers in the places.
    let text = "\u{200b}站点编号,站点名称\u{200b},站点类型,经度,纬度\nＺＤ０７,⼭前,公\u{200b}交,１１１．６９,２９．０４\u{200b}\n";
    let said = import(&city, &city.write("\u{200b}站点.csv", text), &[]);
    assert_eq!(stops(&city), [("ZD07".to_owned(), "山前".to_owned())], "{said}");
    assert!(said.contains("radicals"), "{said}");
    let server = city.serve(&["--public", "all"]);
    let item = server.json(&format!("/collections/{STOP}/items"));
    assert_eq!(item["features"][0]["properties"]["kind"], "bus", "{item}");
}

#[test]
fn ends_of_pipes_are_found_under_the_same_folded_numbers() {
    let city = City::new();
    let nodes = "物探点号,管线类型,经度,纬度,地面高程\nＪＳ１,JS,111.69,29.04,35\nJS2,JS,111.691,29.04,35\n";
    let lines = "起点点号,终点点号,管线类型,管径\nJS1,\u{200b}ＪＳ２,JS,300\n";
    let path = city.write("管/管点.csv", nodes);
    city.write("管/管线.csv", lines);
    import(&city, path.parent().unwrap(), &[]);
    assert_eq!((city.count("pipeline.node"), city.count("pipeline.line")), (2, 1));
}

/// Rows that another program wrote, or that were committed before keys were normalised.
fn odd_rows_are_matched(city: &City, edit: impl FnOnce(&City)) {
    let many: Vec<(String, String)> = (1..=30).map(|i| (format!("ZD{i:02}"), format!("第{i}站"))).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(c, n)| (c.as_str(), n.as_str())).collect();
    let file = city.write("站点.csv", &csv(&many, HEADS));
    import(city, &file, &[]);
    edit(city);
    assert!(stops(city).iter().any(|(c, _)| c == "ＺＤ０２"));
    let said = import(city, &file, &[]);
    assert!(said.contains("+0 ~1 -0"), "{said}");
    assert_eq!((stops(city).len(), stops(city)[1].0.as_str()), (30, "ZD02"));
}

#[test]
fn a_key_that_another_program_wrote_full_width_is_still_the_key_in_a_geopackage() {
    let city = City::new();
    odd_rows_are_matched(&city, |city| {
        let store = city.data().join("city.gpkg");
        let sql = "UPDATE transport_stop SET code = 'ＺＤ０２' WHERE code = 'ZD02'";
        let out = Command::new("ogrinfo").args([store.to_str().unwrap(), "-sql", sql]).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    });
}

#[test]
fn a_key_that_another_program_wrote_full_width_is_still_the_key_in_postgis() {
    let (url, schema) = super::whole::database("e2e_texts");
    let city = super::whole::in_postgis("e2e_texts");
    odd_rows_are_matched(&city, |_| {
        let table = format!("{schema}.transport_stop");
        super::whole::plain_sql(&url, &format!("UPDATE {table} SET code = 'ＺＤ０２' WHERE code = 'ZD02'"));
    });
}
