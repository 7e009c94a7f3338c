//! Equal data is no change: another zone, another way of writing a shape, another kind of number; and what a difference
//! is called.

use crate::harness::City;
use crate::harness::inputs::{LAT, LON, road, roads};
use crate::whole::in_postgis;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A ring of so many corners around a place, some 20 m wide.
fn ring(at: [f64; 2], corners: usize, size: f64) -> Vec<[f64; 2]> {
    let turn = |i: usize| (i % corners) as f64 / corners as f64 * std::f64::consts::TAU;
    (0..=corners).map(|i| [at[0] + turn(i).cos() * size, at[1] + turn(i).sin() * size]).collect()
}

/// The same ring from another corner, the other way round.
fn turned(ring: &[[f64; 2]], start: usize) -> Vec<[f64; 2]> {
    let mut open = ring[1..].to_vec();
    let n = open.len();
    open.rotate_left(start % n);
    open.reverse();
    open.push(open[0]);
    open
}

fn at(i: usize) -> [f64; 2] {
    [LON + (i % 6) as f64 * 7.123_456_789e-4, LAT + (i / 6) as f64 * 7.987_654_321e-4]
}

/// Polygons of several parts and holes, written plainly or otherwise.
fn areas(other: bool) -> Vec<Json> {
    let write = |r: Vec<[f64; 2]>, n: usize| if other { turned(&r, n) } else { r };
    (0..30)
        .map(|i| {
            let outer = write(ring(at(i), 5 + i, 2e-4), i);
            let mut holes = vec![write(ring(at(i), 4, 5e-5), 2)];
            if i % 2 == 0 {
                let [x, y] = at(i);
                holes.push(write(ring([x + 1e-4, y], 6, 2e-5), 3));
            }
            let island = vec![write(ring([at(i)[0], at(i)[1] + 3e-4], 7, 5e-5), 1)];
            if other {
                holes.reverse();
            }
            let whole: Vec<_> = std::iter::once(outer).chain(holes).collect();
            let parts = if other { vec![island, whole] } else { vec![whole, island] };
            json!({"type": "MultiPolygon", "coordinates": parts})
        })
        .collect()
}

fn collection(rows: impl IntoIterator<Item = (Json, Json)>) -> String {
    let features: Vec<Json> = rows
        .into_iter()
        .map(|(properties, geometry)| json!({"type": "Feature", "properties": properties, "geometry": geometry}))
        .collect();
    json!({"type": "FeatureCollection", "features": features}).to_string()
}

fn parcels(city: &City, name: &str, other: bool) -> PathBuf {
    let row = |(i, g)| {
        (json!({"ZDDM": format!("430702001001GB{i:05}"), "DLBM": "0701", "ZL": format!("朗州路{i}号")}), g)
    };
    city.write(name, &collection(areas(other).into_iter().enumerate().map(row)))
}

fn ponds(city: &City, name: &str, other: bool) -> PathBuf {
    let row = |(i, g)| (json!({"MC": format!("{}号塘", i % 3), "TYPE": "坑塘"}), g);
    city.write(name, &collection(areas(other).into_iter().enumerate().map(row)))
}

/// Writes a file by GDAL's own program.
#[track_caller]
fn convert(from: &Path, to: &str, args: &[&str]) -> PathBuf {
    let to = from.with_file_name(to);
    let out = Command::new("ogr2ogr").args(args).arg(&to).arg(from).output().unwrap();
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    to
}

#[track_caller]
fn import(city: &City, file: &Path, layer: &str, more: &[&str]) -> String {
    let args = [&["import", file.to_str().unwrap(), "--layer", layer], more].concat();
    city.run(&args).expect(0).stdout
}

#[track_caller]
fn same(city: &City, file: &Path, layer: &str, more: &[&str]) {
    let revisions = city.revisions();
    let said = import(city, file, layer, more);
    assert!(said.contains("no new revision"), "{}: {said}", file.display());
    assert_eq!(city.revisions(), revisions, "{}", file.display());
}

/// The same areas in other zones, with and without a zone's number, in degrees, and in other formats.
fn deliver_again(city: &City, first: &Path, layer: &str) {
    for (to, args) in [
        ("b/4547.shp", &["-s_srs", "EPSG:4490", "-t_srs", "EPSG:4547", "-lco", "ENCODING=UTF-8"][..]),
        ("c/4525.gpkg", &["-s_srs", "EPSG:4490", "-t_srs", "EPSG:4525"]),
        ("d/4546.fgb", &["-s_srs", "EPSG:4490", "-t_srs", "EPSG:4546", "-nlt", "MULTIPOLYGON"]),
        (
            "e/4546.gdb",
            &["-f", "OpenFileGDB", "-s_srs", "EPSG:4490", "-t_srs", "EPSG:4546", "-nlt", "MULTIPOLYGON"],
        ),
        ("f/9.geojson", &["-lco", "COORDINATE_PRECISION=9"]),
        ("g/7.geojson", &["-lco", "COORDINATE_PRECISION=7"]),
    ] {
        std::fs::create_dir_all(first.with_file_name(to).parent().unwrap()).unwrap();
        let crs: &[&str] = if to.ends_with("geojson") { &["--crs", "EPSG:4490"] } else { &[] };
        same(city, &convert(first, to, args), layer, crs);
    }
}

#[test]
fn parcels_in_another_zone_form_or_format_make_no_revision() {
    parcels_again(&City::new());
}

#[test]
fn parcels_in_another_zone_form_or_format_make_no_revision_in_a_database() {
    parcels_again(&in_postgis("equal_parcels"));
}

fn parcels_again(city: &City) {
    let (layer, crs) = ("cadastre.parcel", ["--crs", "EPSG:4490"]);
    let first = parcels(city, "宗地.geojson", false);
    import(city, &first, layer, &crs);
    assert_eq!(city.count(layer), 30);
    let other = parcels(city, "a/宗地.geojson", true);
    same(city, &other, layer, &crs);
    same(city, &first, layer, &crs);
    deliver_again(city, &first, layer);
    deliver_again(city, &other, layer);
}

#[test]
fn ponds_without_a_key_are_known_again_in_another_zone_form_or_format() {
    for city in [City::new(), in_postgis("equal_ponds")] {
        let (layer, crs) = ("water.area", ["--crs", "EPSG:4490"]);
        let first = ponds(&city, "坑塘.geojson", false);
        import(&city, &first, layer, &crs);
        same(&city, &ponds(&city, "a/坑塘.geojson", true), layer, &crs);
        deliver_again(&city, &first, layer);
        let ids = city.run(&["diff", layer, "0", "1"]).expect(0).stdout;
        assert_eq!(ids.lines().count(), 30, "{ids}");
    }
}

#[test]
fn a_reversed_line_is_a_change_where_its_direction_means_something() {
    let city = City::new();
    let path: Vec<[f64; 2]> =
        (0..8).map(|i| [LON + f64::from(i) * 1e-4, LAT + f64::from(i * i) * 1e-5]).collect();
    let line = |back: bool| {
        let mut path = path.clone();
        if back {
            path.reverse();
        }
        json!({"type": "LineString", "coordinates": path})
    };
    let contour = |back| collection([(json!({"ELEV": 32.5}), line(back))]);
    let crs = ["--crs", "EPSG:4490"];
    import(&city, &city.write("等高线.geojson", &contour(false)), "terrain.contour", &crs);
    same(&city, &city.write("等高线.geojson", &contour(true)), "terrain.contour", &crs);
    let street = |back| collection([(json!({"LDBM": "R1", "DLMC": "朗州路"}), line(back))]);
    import(&city, &city.write("道路.geojson", &street(false)), "transport.road", &crs);
    let said = import(&city, &city.write("道路.geojson", &street(true)), "transport.road", &crs);
    assert!(said.contains("+0 ~1 -0"), "{said}");
}

/// Roads whose widths have 32 bits in the file.
fn single(city: &City, name: &str, args: &[&str]) -> PathBuf {
    let row = |i: u32| {
        let line = json!({"type": "LineString", "coordinates": [[LON, LAT + f64::from(i) * 1e-3], [LON + 1e-3, LAT]]});
        (json!({"LDBM": format!("R{i}"), "DLMC": "朗州路", "路宽": f64::from(i) * 0.15 + 12.3}), line)
    };
    let plain = city.write("plain.geojson", &collection((0..9).map(row)));
    let vrt = format!(
        "<OGRVRTDataSource><OGRVRTLayer name=\"plain\"><SrcDataSource>{}</SrcDataSource>
         <Field name=\"LDBM\" src=\"LDBM\"/><Field name=\"DLMC\" src=\"DLMC\"/>
         <Field name=\"路宽\" src=\"路宽\" type=\"Real\" subtype=\"Float32\"/></OGRVRTLayer></OGRVRTDataSource>",
        plain.display()
    );
    convert(&city.write("plain.vrt", &vrt), name, args)
}

#[test]
fn numbers_of_32_bits_are_the_decimals_that_were_meant() {
    for (name, args) in [
        ("道路.gpkg", &["-nlt", "LINESTRING"][..]),
        ("道路.fgb", &["-nlt", "LINESTRING"]),
        ("道路.gdb", &["-f", "OpenFileGDB", "-nlt", "MULTILINESTRING"]),
    ] {
        let city = City::new();
        let crs = ["--crs", "EPSG:4490"];
        import(&city, &single(&city, name, args), "transport.road", &crs);
        let said = city.run(&["diff", "transport.road", "0", "1", "--geojson"]).expect(0).stdout;
        let json: Json = serde_json::from_str(&said).unwrap();
        let widths: Vec<f64> = json["features"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["properties"]["width_m"].as_f64().unwrap_or_else(|| panic!("{f}")))
            .collect();
        assert!(widths.contains(&12.3) && widths.contains(&12.45), "{name}: {widths:?}");
        // The decimals themselves, and decimals of the 32 bits.
        same(&city, &city.data().with_file_name("in").join("plain.geojson"), "transport.road", &crs);
    }
}

#[test]
fn history_and_diff_say_how_far_what_moved_and_from_what_to_what() {
    let city = City::new();
    let layer = "transport.road";
    city.import(&roads(
        &city,
        &[road("R1", "朗州路", [0.0, 0.0], [0.004, 0.0]), road("R2", "新路", [0.0, 0.002], [0.002, 0.002])],
    ));
    city.import(&roads(
        &city,
        &[
            road("R1", "朗州北路", [0.0, 0.0], [0.004, 0.0]),
            road("R2", "新路", [0.0, 0.002_01], [0.002, 0.002_01]),
        ],
    ));
    let said = city.run(&["diff", layer, "1", "2"]).expect(0).stdout;
    assert!(said.contains("R1  name: 朗州路 → 朗州北路"), "{said}");
    assert!(said.contains("R2  moved 1.11 m"), "{said}");
    let said = city.run(&["history", layer, "--feature", "2"]).expect(0).stdout;
    assert!(said.starts_with("R2") && said.contains("2  moved 1.11 m"), "{said}");
    let said = city.run(&["history", layer, "--feature", "2", "--json"]).expect(0).stdout;
    let json: Json = serde_json::from_str(&said).unwrap();
    let moved = json[1]["differences"][0]["moved_m"].as_f64().unwrap();
    assert!((moved - 1.11).abs() < 0.01, "{said}");
    let said = city.run(&["diff", layer, "1", "2", "--json"]).expect(0).stdout;
    let json: Json = serde_json::from_str(&said).unwrap();
    let name = json["features"].as_array().unwrap().iter().find(|f| f["name"] == "R1").unwrap();
    assert_eq!(name["differences"][0]["to"], "朗州北路", "{said}");
}

#[test]
fn a_feature_without_a_key_is_named_by_its_place() {
    let city = City::new();
    let crs = ["--crs", "EPSG:4490"];
    import(&city, &ponds(&city, "坑塘.geojson", false), "water.area", &crs);
    let named = collection([(json!({"地名": "月亮湾"}), json!({"type": "Point", "coordinates": at(0)}))]);
    import(&city, &city.write("地名.geojson", &named), "placename.place", &crs);
    let said = city.run(&["diff", "water.area", "0", "1"]).expect(0).stdout;
    assert!(
        said.lines().all(|l| l.starts_with("+ ") && l.contains("号塘") && l.contains("(111.69")),
        "{said}"
    );
    assert!(said.contains("from 月亮湾"), "{said}");
}
