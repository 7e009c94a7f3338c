//! Which of several tables or files is the layer: copies, backups and views beside the present state, in every container.

use crate::harness::City;
use crate::harness::page::Page;
use serde_json::{Value as Json, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An independent writer.
fn gdal(program: &str, args: &[&str]) {
    let out = Command::new(program).args(args).output().unwrap();
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
}

/// Stops with codes from `first` on, as a table; `word` is in their names.
fn stops(first: u32, n: u32, word: &str, day: &str) -> String {
    let row = |i| {
        let at = f64::from(i) * 1e-4;
        format!("ZD{i:03},{word}{i}站,公交,{:.6},{:.6},{day}\n", 111.69 + at, 29.04 + at)
    };
    let rows: String = (first..first + n).map(row).collect();
    format!("站点编号,站点名称,站点类型,经度,纬度,更新日期\n{rows}")
}

/// Ponds, which have no key, as GeoJSON.
fn ponds(n: u32) -> String {
    let features: Vec<Json> = (0..n)
        .map(|i| {
            let (x, y) = (111.69 + f64::from(i) * 1e-3, 29.04);
            let ring = [[x, y], [x + 5e-4, y], [x + 5e-4, y + 5e-4], [x, y + 5e-4], [x, y]];
            json!({"type": "Feature", "properties": {"名称": format!("塘{i}"), "水系类型": "坑塘"},
                "geometry": {"type": "Polygon", "coordinates": [ring]}})
        })
        .collect();
    json!({"type": "FeatureCollection", "features": features}).to_string()
}

/// Puts a CSV of stops as a table into a file of another format.
fn put(city: &City, csv: &str, into: &Path, format: &str, table: &str) {
    let from = city.write("von.csv", csv);
    let mut args = vec!["-f", format, into.to_str().unwrap(), from.to_str().unwrap(), "-nln", table];
    if into.exists() {
        args.insert(0, "-update");
    }
    if !matches!(format, "XLSX" | "ODS") {
        args.extend(["-oo", "X_POSSIBLE_NAMES=经度", "-oo", "Y_POSSIBLE_NAMES=纬度", "-a_srs", "EPSG:4490"]);
    }
    gdal("ogr2ogr", &args);
}

fn place(city: &City, name: &str) -> PathBuf {
    let path = city.write(name, "");
    fs::remove_file(&path).unwrap();
    path
}

const STOP: &str = "transport.stop";
/// Degrees without a word could be those of an internet map.
const DEGREES: [&str; 2] = ["--crs", "EPSG:4490"];

fn import(city: &City, source: &Path, more: &[&str], status: i32) -> String {
    let out = city.run(&[&["import", source.to_str().unwrap()][..], &DEGREES, more].concat());
    out.expect(status).stdout
}

/// The names of the stops that the store has.
fn names(city: &City, like: &str) -> usize {
    let server = city.serve(&["--public", "all"]);
    let items = server.json(&format!("/collections/{STOP}/items?limit=1000"));
    let all = items["features"].as_array().unwrap().iter();
    all.filter(|f| f["properties"]["name"].as_str().unwrap().starts_with(like)).count()
}

#[test]
fn a_backup_in_a_geopackage_a_workbook_or_an_open_sheet_is_asked_about_whichever_comes_first() {
    for (file, format) in [("站.gpkg", "GPKG"), ("站.xlsx", "XLSX"), ("站.ods", "ODS")] {
        for backup_first in [true, false] {
            let city = City::new();
            let path = place(&city, file);
            let tables = [
                ("站点_2023备份", stops(1, 12, "旧", "2023-01-05")),
                ("站点", stops(1, 12, "现", "2024-06-01")),
            ];
            let order: &[usize] = if backup_first { &[0, 1] } else { &[1, 0] };
            for &i in order {
                put(&city, &tables[i].1, &path, format, tables[i].0);
            }
            let said = import(&city, &path, &[], 1);
            assert!(said.contains("--table 站点\n"), "{file}: {said}");
            assert!(said.contains("--table 站点_2023备份"), "{file}: {said}");
            assert!(said.contains("12 features") && said.contains("newest 2024-06-01"), "{file}: {said}");
            let said = import(&city, &path, &["--table", "站点"], 0);
            assert!(said.contains("站点_2023备份"), "what was passed over is named: {said}");
            assert_eq!((city.count(STOP), names(&city, "现")), (12, 12), "{file}");
        }
    }
}

#[test]
fn copies_among_files_are_asked_about_and_the_named_one_is_taken() {
    for (copy, inside) in [
        ("站点 - 副本.csv", ""),
        ("站点(1).csv", ""),
        ("旧/站点.csv", ""),
        ("站点_bak.csv", "交付/"),
        ("站点 - Copy.csv", "交付/"),
    ] {
        let city = City::new();
        let whole = city.write(&format!("批/{inside}站点.csv"), &stops(1, 9, "现", "2024-06-01"));
        city.write(&format!("批/{inside}{copy}"), &stops(2, 9, "旧", "2023-06-01"));
        let folder = whole.ancestors().find(|p| p.ends_with("批")).unwrap();
        let said = import(&city, folder, &[], 1);
        assert!(said.contains("8 seen in both"), "{copy}: {said}");
        let named = format!("{inside}站点.csv");
        import(&city, folder, &["--table", &named], 0);
        assert_eq!((city.count(STOP), names(&city, "现")), (9, 9), "{copy}");
        // Another name is told, with those that there are.
        let said = import(&city, folder, &["--table", "车站"], 1);
        assert!(said.contains("no table called 车站"), "{said}");
    }
}

#[test]
fn a_shapefile_and_its_copy_are_one_question_also_when_the_rows_are_in_another_order() {
    let city = City::new();
    let folder = place(&city, "批/x").with_file_name("");
    let put = |name: &str, csv: &str| {
        let from = city.write("von.csv", csv);
        let (path, from) = (folder.join(name), from.to_str().unwrap().to_owned());
        let places = ["-oo", "X_POSSIBLE_NAMES=经度", "-oo", "Y_POSSIBLE_NAMES=纬度", "-a_srs", "EPSG:4490"];
        let args = ["-lco", "ENCODING=UTF-8", path.to_str().unwrap(), &from];
        gdal("ogr2ogr", &[&args[..], &places].concat());
    };
    let rows = stops(1, 300, "现", "2024-06-01");
    let (head, body) = rows.split_once('\n').unwrap();
    let mut turned: Vec<&str> = body.lines().collect();
    turned.reverse();
    put("公交站点.shp", &rows);
    put("公交站点_备份20230401.shp", &format!("{head}\n{}\n", turned.join("\n")));
    let said = import(&city, &folder, &[], 1);
    assert!(said.contains("--table 公交站点.shp") && said.contains("300 seen"), "{said}");
    import(&city, &folder, &["--table", "公交站点.shp"], 0);
    assert_eq!(city.count(STOP), 300);
}

#[test]
fn a_view_is_named_and_passed_over_unless_asked_for() {
    let city = City::new();
    let path = place(&city, "水系.gpkg");
    let from = city.write("塘.geojson", &ponds(5));
    gdal(
        "ogr2ogr",
        &[
            "-f",
            "GPKG",
            path.to_str().unwrap(),
            from.to_str().unwrap(),
            "-nln",
            "水系面",
            "-a_srs",
            "EPSG:4490",
        ],
    );
    let view = "CREATE VIEW \"水系面_大\" AS SELECT fid AS OGC_FID, geom, \"名称\", \"水系类型\" FROM \"水系面\" WHERE fid <= 3";
    let known = "INSERT INTO gpkg_contents (table_name, identifier, data_type, srs_id) VALUES ('水系面_大', '水系面_大', 'features', 4490)";
    let column = "INSERT INTO gpkg_geometry_columns VALUES ('水系面_大', 'geom', 'POLYGON', 4490, 0, 0)";
    for sql in [view, known, column] {
        gdal("ogrinfo", &[path.to_str().unwrap(), "-sql", sql]);
    }
    let said = import(&city, &path, &[], 0);
    assert!(said.contains("水系面_大") && said.contains("view"), "{said}");
    assert_eq!(city.count("water.area"), 5);
    let said = import(&city, &path, &["--table", "水系面_大"], 0);
    assert!(said.contains("passed over"), "the base table is what was not meant: {said}");
    assert_eq!(city.count("water.area"), 3);
}

#[test]
fn without_a_key_copies_are_known_by_shapes_and_values() {
    let city = City::new();
    let folder = place(&city, "批/x").with_file_name("");
    fs::write(folder.join("水系面.geojson"), ponds(20)).unwrap();
    // Moved on by two ponds, so that the rows of a kind stand at other places.
    fs::write(folder.join("水系面_old.geojson"), ponds(22)).unwrap();
    let said = import(&city, &folder, &[], 1);
    assert!(said.contains("20 seen in both"), "{said}");
    import(&city, &folder, &["--table", "水系面.geojson"], 0);
    assert_eq!(city.count("water.area"), 20);
}

#[test]
fn a_folder_of_a_kml_or_a_second_archive_with_the_same_things_is_asked_about() {
    let city = City::new();
    let placemarks = |word: &str| -> String {
        let each = |i: u32| {
            let data = |n: &str, v: &str| format!("<Data name=\"{n}\"><value>{v}</value></Data>");
            let (x, y) = (111.69 + f64::from(i) * 1e-3, 29.04);
            format!(
                "<Placemark><name>{word}{i}</name><ExtendedData>{}</ExtendedData><Point><coordinates>{x},{y}</coordinates></Point></Placemark>",
                data("站点编号", &format!("ZD{i}"))
            )
        };
        (0..6).map(each).collect()
    };
    let folder = |name: &str, word: &str| format!("<Folder><name>{name}</name>{}</Folder>", placemarks(word));
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document><name>x</name>{}{}</Document></kml>",
        folder("站点(旧)", "旧"),
        folder("站点", "现")
    );
    let path = city.write("公交.kml", &text);
    let said = import(&city, &path, &[], 1);
    assert!(said.contains("--table 站点\n") && said.contains("6 seen in both"), "{said}");
    import(&city, &path, &["--table", "站点"], 0);
    assert_eq!((city.count(STOP), names(&city, "现")), (6, 6));
}

#[test]
fn parts_of_a_layer_are_all_taken_without_a_question() {
    // Sheets with other keys.
    let city = City::new();
    let first = city.write("批/站点_东.csv", &stops(1, 20, "东", "2024-06-01"));
    city.write("批/站点_西.csv", &stops(101, 20, "西", "2024-06-01"));
    city.write("批/站点_2023.csv", &stops(201, 20, "新", "2023-06-01"));
    import(&city, first.parent().unwrap(), &[], 0);
    assert_eq!(city.count(STOP), 60);
    // Kinds with one numbering each, told by the name of the sheet.
    let city = City::new();
    let book = place(&city, "管点.xlsx");
    for kind in ["JSPoint", "PSPoint"] {
        let row = |i: u32| format!("{i},{:.6},{:.6},35.{i}\n", 111.69 + f64::from(i) * 1e-4, 29.04);
        let rows: String = (1..9).map(row).collect();
        put(&city, &format!("物探点号,经度,纬度,地面高程\n{rows}"), &book, "XLSX", kind);
    }
    import(&city, &book, &[], 0);
    assert_eq!(city.count("pipeline.node"), 16);
    // A sheet numbers its own contours, and the neighbour's end where it begins.
    let city = City::new();
    let line = |y: f64, from: f64, to: f64, h: u32| {
        json!({"type": "Feature", "properties": {"高程": h},
            "geometry": {"type": "LineString", "coordinates": [[from, y], [to, y]]}})
    };
    for (name, from) in [("等高线_1", 111.69), ("等高线_2", 111.70)] {
        let lines: Vec<Json> =
            (0..8).map(|i| line(29.04 + f64::from(i) * 1e-3, from, from + 0.01, 30 + i)).collect();
        city.write(
            &format!("批/{name}.geojson"),
            &json!({"type": "FeatureCollection", "features": lines}).to_string(),
        );
    }
    let folder = city.write("批/x", "").with_file_name("");
    fs::remove_file(folder.join("x")).unwrap();
    import(&city, &folder, &[], 0);
    assert_eq!(city.count("terrain.contour"), 16);
}

#[test]
fn the_page_asks_the_same_and_names_both_with_their_places() {
    let city = City::new();
    let server = city.serve(&[]);
    let page = Page::of(&city, &server);
    let id = page.deliver(&[
        ("批/站点 - 副本.csv", stops(1, 9, "旧", "2023-06-01").into_bytes()),
        ("批/站点.csv", stops(1, 10, "现", "2024-06-01").into_bytes()),
    ]);
    let crs = json!({"crs": "EPSG:4490"});
    let job = page.step(&id, "plan", &json!({"choices": [crs]}));
    assert_eq!(job["state"], "refused", "{job}");
    let question = &job["questions"][0];
    assert_eq!(
        (question["kind"].as_str(), job["questions"].as_array().unwrap().len()),
        (Some("take"), 1),
        "{job}"
    );
    let options = question["options"].as_array().unwrap();
    assert_eq!(options.len(), 2);
    // The likelier first.
    assert!(options[0]["file"].as_str().unwrap().ends_with("站点.csv"), "{job}");
    assert!(options[0]["label"]["en"].as_str().unwrap().contains("10 features, newest 2024-06-01"), "{job}");
    assert!(
        options[0]["sample"].as_array().unwrap().len() > 5
            && options[0]["bounds"][0].as_f64().unwrap() > 111.0
    );
    let take = json!({"file": options[0]["file"], "table": options[0]["table"], "take": true});
    let job = page.step(&id, "plan", &json!({"choices": [crs, take]}));
    assert_eq!(job["state"], "planned", "{job}");
    assert_eq!(job["datasets"].as_array().unwrap().len(), 1, "{job}");
    let job = page.step(&id, "check", &json!({}));
    assert_eq!(job["diff"][0]["added"], 10, "{job}");
}
