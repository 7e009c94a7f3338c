//! Tables with two pairs of coordinates: which is taken, asked about, refused; and shapes beside fields of coordinates.

use crate::harness::City;
use crate::harness::page::Page;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A place in the zone of 111° (EPSG:4546), as northing and easting, and in degrees.
const PLACE: [f64; 2] = [3_212_900.0, 568_000.0];
const DEGREES: [f64; 2] = [111.698_071_978, 29.030_943_412];

/// The same table in another format, by GDAL.
fn converted(from: &Path, driver: &str, ending: &str) -> PathBuf {
    let to = from.with_extension(ending);
    let done = Command::new("ogr2ogr")
        .args([
            "-f",
            driver,
            "-oo",
            "AUTODETECT_TYPE=YES",
            "-oo",
            "EMPTY_STRING_AS_NULL=YES",
            "-nln",
            "控制点",
        ])
        .args([to.as_os_str(), from.as_os_str()])
        .status();
    assert!(done.unwrap().success());
    to
}

/// Where the only feature of a layer lies after an import: in metres from the place.
fn off(city: &City, layer: &str) -> f64 {
    let kept = city.run(&["diff", layer, "0", "1", "--geojson"]).expect(0);
    let kept: Json = serde_json::from_str(&kept.stdout).unwrap();
    let at = &kept["features"][0]["geometry"]["coordinates"];
    let d = [0, 1].map(|i| at[i].as_f64().unwrap() - DEGREES[i]);
    (d[0] * 97_400.0).hypot(d[1] * 110_850.0)
}

fn import(path: &Path, more: &[&str]) -> (City, crate::harness::Output) {
    let city = City::new();
    let out = city.run(&[&["import", path.to_str().unwrap(), "--layer", "control.point"][..], more].concat());
    (city, out)
}

/// One point twice: 1954 and 2000, under a head in any words.
fn table(city: &City, head: &str) -> PathBuf {
    let [n, e] = PLACE;
    city.write(
        "控制点.csv",
        &format!("点号,点名,{head},高程\nK1,甲,{},{},{n},{e},31.5\n", n - 45.0, e + 62.0),
    )
}

#[test]
fn the_pair_of_2000_is_taken_from_every_kind_of_table_and_the_distance_is_said() {
    let city = City::new();
    let csv = table(&city, "X,Y,X2000,Y2000");
    let others =
        [converted(&csv, "XLSX", "xlsx"), converted(&csv, "ODS", "ods"), converted(&csv, "GPKG", "gpkg")];
    for path in [csv].iter().chain(&others) {
        for crs in [&["--crs", "EPSG:4546"][..], &[]] {
            let (city, out) = import(path, crs);
            let out = out.expect(0);
            assert!(out.stdout.contains("76.6 m away"), "{path:?} {}", out.stdout);
            assert!(off(&city, "control.point") < 0.05, "{path:?}");
        }
    }
}

#[test]
fn two_pairs_that_nothing_tells_apart_are_asked_about_and_taken_as_told() {
    let city = City::new();
    for head in ["原X,原Y,新X,新Y", "X1,Y1,X2,Y2", "X,Y,X,Y"] {
        let csv = table(&city, head);
        let (_, out) = import(&csv, &["--crs", "EPSG:4546"]);
        let out = out.expect(1);
        let (a, b) = if head == "X,Y,X,Y" {
            ("#5", "#6")
        } else {
            head.rsplit_once(',').map_or(("", ""), |(h, y)| (h.rsplit(',').next().unwrap(), y))
        };
        let answer = format!("--coordinates \"{a},{b}\"");
        assert!(out.stdout.contains(&answer) && out.stdout.contains("76.6 m"), "{head}: {}", out.stdout);
        let (city, out) = import(&csv, &["--crs", "EPSG:4546", "--coordinates", &format!("{a},{b}")]);
        out.expect(0);
        assert!(off(&city, "control.point") < 0.05, "{head}");
    }
    let (_, out) = import(&table(&city, "X,Y,X2000,Y2000"), &["--coordinates", "甲,乙"]);
    assert!(out.expect(1).stdout.contains("coordinates.unknown"));
}

#[test]
fn a_stated_crs_takes_its_pair_and_is_never_passed_over() {
    let city = City::new();
    let [n, e] = PLACE;
    let [lon, lat] = DEGREES;
    let rows = format!("点号,经度,纬度,X,Y\nK1,{},{lat},{n},{e}\n", lon + 0.001);
    let csv = city.write("控制点.csv", &rows);
    let (city_1, out) = import(&csv, &["--crs", "EPSG:4546"]);
    out.expect(0);
    assert!(off(&city_1, "control.point") < 0.05);
    let (city_2, out) = import(&csv, &["--crs", "EPSG:4490"]);
    out.expect(0);
    assert!((off(&city_2, "control.point") - 97.4).abs() < 0.5);
    let (_, out) = import(&csv, &[]);
    assert!(out.expect(1).stdout.contains("coordinates.unclear"));
    let degrees = city.write("控制点.csv", &format!("点号,经度,纬度\nK1,{lon},{lat}\n"));
    let (_, out) = import(&degrees, &["--crs", "EPSG:4546"]);
    assert!(out.expect(1).stdout.contains("coordinates.crs"));
    let older = city.write("控制点.csv", &format!("点号,北京54X,北京54Y\nK1,{n},{e}\n"));
    let (_, out) = import(&older, &["--crs", "EPSG:4546"]);
    assert!(out.expect(1).stdout.contains("coordinates.crs"));
}

#[test]
fn the_page_asks_the_same_question_with_places() {
    let city = City::new();
    let server = city.serve(&[]);
    let page = Page::of(&city, &server);
    let bytes = std::fs::read(table(&city, "旧X,旧Y,新X,新Y")).unwrap();
    let id = page.deliver(&[("控制点.csv", bytes)]);
    let job = page.step(&id, "plan", &json!({"choices": [{"crs": "EPSG:4546"}]}));
    let question = &job["questions"][0];
    assert_eq!(
        (&question["kind"], question["options"].as_array().unwrap().len()),
        (&json!("coordinates"), 2)
    );
    assert_eq!(question["options"][0]["value"], "新X,新Y");
    assert!(question["options"].as_array().unwrap().iter().all(|o| o["sample"][0].is_array()), "{job}");
    let said = json!({"choices": [{"crs": "EPSG:4546"},
        {"file": question["file"], "table": question["table"], "coordinates": "新X,新Y"}]});
    let job = page.step(&id, "plan", &said);
    assert_eq!(job["state"], "planned", "{job}");
    page.step(&id, "check", &json!({}));
    let job = page.step(&id, "commit", &json!({}));
    assert_eq!(job["state"], "committed", "{job}");
    assert!(off(&city, "control.point") < 0.05);
}

/// A shape and the columns beside it, in three formats: as they should be, of 1954, exchanged.
#[test]
fn a_shape_that_its_own_fields_do_not_agree_with_is_told() {
    let city = City::new();
    let [n, e] = PLACE;
    let [lon, lat] = DEGREES;
    for (x, y, said) in [(n, e, None), (n - 45.0, e + 62.0, Some("76.6")), (e, n, Some("exchanged"))] {
        let feature = json!({"type": "FeatureCollection", "features": [{"type": "Feature",
            "properties": {"DH": "K1", "XZBZ": x, "YZBZ": y},
            "geometry": {"type": "Point", "coordinates": [lon, lat]}}]});
        let geojson = city.write("控制点.geojson", &feature.to_string());
        let others = [
            converted(&geojson, "ESRI Shapefile", "shp"),
            converted(&geojson, "GPKG", "gpkg"),
            converted(&geojson, "FlatGeobuf", "fgb"),
        ];
        for path in [geojson].iter().chain(&others) {
            let (_, out) = import(path, &["--crs", "EPSG:4490", "--no-tiles"]);
            let out = out.expect(0);
            let told = out.stdout.contains("check.agrees");
            assert_eq!(told, said.is_some(), "{path:?} {}", out.stdout);
            assert!(said.is_none_or(|s| out.stdout.contains(s)), "{path:?} {}", out.stdout);
        }
        for ending in ["shp", "shx", "dbf", "prj", "cpg", "gpkg", "fgb"] {
            let _ = std::fs::remove_file(others[0].with_extension(ending));
        }
    }
}
