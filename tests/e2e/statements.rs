//! What a delivery states of itself, and what the report says of it, must be true: the datum whatever it is called, the
//! order of the axes, what was mended, which lines became areas.

use crate::harness::City;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A MapInfo file of one square parcel in the old town.
fn mif(city: &City, name: &str, coordsys: &str) -> PathBuf {
    let head = format!(
        "Version 300\nCharset \"WindowsSimpChinese\"\nDelimiter \",\"\nCoordSys Earth Projection {coordsys}\nColumns 1\n  ZDDM Char(28)\nData\n\nRegion  1\n  5\n568000 3212900\n568000 3212980\n568080 3212980\n568080 3212900\n568000 3212900\n"
    );
    city.write(&name.replace(".mif", ".mid"), "\"430702001001GB00001\"\n");
    city.write(name, &head)
}

fn zone(datum: &str) -> String {
    format!("8, {datum}, \"m\", 111, 0, 1, 500000, 0")
}

fn ogr2ogr(from: &Path, name: &str, args: &[&str]) -> PathBuf {
    let to = from.with_file_name(name);
    let out = Command::new("ogr2ogr").args(args).args([&to, from]).output();
    let out = out.expect("ogr2ogr (Debian package gdal-bin)");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    to
}

fn parcels(file: &Path) -> [&str; 4] {
    ["import", "--layer", "cadastre.parcel", file.to_str().unwrap()]
}

#[test]
fn an_old_datum_needs_control_whatever_a_format_calls_it() {
    let krassovsky = "+proj=tmerc +lat_0=0 +lon_0=111 +k=1 +x_0=500000 +y_0=0 +ellps=krass +units=m +no_defs";
    let pulkovo = "+proj=tmerc +lat_0=0 +lon_0=111 +k=1 +x_0=500000 +y_0=0 +ellps=krass +towgs84=24,-123,-94,0.02,-0.25,-0.13,1.1 +units=m +no_defs";
    let iag = r#"PROJCS["unnamed",GEOGCS["unnamed",DATUM["D_China_80",SPHEROID["IAG_75",6378140,298.257]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",111],PARAMETER["scale_factor",1],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1]]"#;
    let city = City::new();
    let plain = mif(&city, "plain.mif", &zone("104"));
    let mut files = vec![
        (mif(&city, "a.mif", &zone("1001")), "Beijing 1954"),
        (mif(&city, "b.mif", &zone("999, 3, 0, 0, 0")), "Beijing 1954"),
        (mif(&city, "c.mif", &zone("999, 3, 15.8, -154.4, -82.3")), "Beijing 1954"),
        (mif(&city, "d.mif", &zone("9999, 3, 24, -123, -94, -0.02, 0.25, 0.13, 1.1, 0")), "Beijing 1954"),
        (mif(&city, "e.mif", &zone("999, 31, 0, 0, 0")), "Xian 1980"),
    ];
    for (name, driver, crs, wanted) in [
        ("f.tab", "MapInfo File", "EPSG:28419", "Beijing 1954"),
        ("g.tab", "MapInfo File", pulkovo, "Beijing 1954"),
        ("h.shp", "ESRI Shapefile", krassovsky, "Beijing 1954"),
        ("i.gpkg", "GPKG", pulkovo, "Beijing 1954"),
        ("j.gpkg", "GPKG", iag, "Xian 1980"),
        ("k.fgb", "FlatGeobuf", "EPSG:28419", "Beijing 1954"),
    ] {
        files.push((ogr2ogr(&plain, name, &["-f", driver, "-a_srs", crs]), wanted));
    }
    for (file, wanted) in files {
        let said = city.run(&parcels(&file)).expect(1).stdout;
        for word in [wanted, "--control", "ditu crs fit"] {
            assert!(said.contains(word), "{}: {word}: {said}", file.display());
        }
    }
}

#[test]
fn grs_80_without_a_shift_is_cgcs2000_in_a_chinese_zone() {
    for datum in ["33", "999, 0, 0, 0, 0"] {
        let city = City::new();
        city.run(&parcels(&mif(&city, "a.mif", &zone(datum)))).expect(0);
        let server = city.serve(&["--public", "all"]);
        let items = server.json("/collections/cadastre.parcel/items");
        let mut at = &items["features"][0]["geometry"]["coordinates"];
        while at[0].is_array() {
            at = &at[0];
        }
        // By PROJ from EPSG:4546.
        let near = (at[0].as_f64().unwrap() - 111.6981).abs() < 1e-3
            && (at[1].as_f64().unwrap() - 29.0309).abs() < 1e-3;
        assert!(near, "{datum}: {at}");
    }
}

fn gml(srs: &str, positions: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" xmlns:gml="http://www.opengis.net/gml/3.2"><ogr:member><ogr:road gml:id="r.1"><ogr:g><gml:LineString gml:id="g.1" srsName="{srs}"><gml:posList>{positions}</gml:posList></gml:LineString></ogr:g><ogr:LDBM>R1</ogr:LDBM><ogr:DLMC>朗州路</ogr:DLMC></ogr:road></ogr:member></ogr:FeatureCollection>"#
    )
}

#[test]
fn a_warning_of_exchanged_axes_says_the_order_that_the_file_has() {
    let urn = "urn:ogc:def:crs:EPSG::4490";
    let (lon_first, lat_first) = ("111.69 29.04 111.694 29.041", "29.04 111.69 29.041 111.694");
    let plane = "568041.26 3212973.02 568441.26 3213073.02";
    for (srs, positions, wanted) in [
        (urn, lat_first, None),
        (urn, lon_first, Some("writes the easting (longitude) first")),
        (
            "http://www.opengis.net/def/crs/EPSG/0/4490",
            lon_first,
            Some("writes the easting (longitude) first"),
        ),
        ("urn:ogc:def:crs:EPSG::4546", plane, Some("writes the easting (longitude) first")),
        ("EPSG:4490", lon_first, None),
        ("EPSG:4490", lat_first, Some("the first coordinate is the northing (latitude)")),
    ] {
        let city = City::new();
        let file = city.write("roads.gml", &gml(srs, positions));
        let report = city.data().with_file_name("report.json");
        let args = [
            "import",
            "--layer",
            "transport.road",
            "--report",
            report.to_str().unwrap(),
            file.to_str().unwrap(),
        ];
        city.run(&args).expect(0);
        let said = std::fs::read_to_string(&report).unwrap();
        assert_eq!(said.contains("crs.axes_swapped"), wanted.is_some(), "{srs} {positions}: {said}");
        assert!(wanted.is_none_or(|w| said.contains(w)), "{srs} {positions}: {said}");
    }
}

fn findings(city: &City, layer: &str, file: &Path, status: i32) -> Vec<Json> {
    let report = city.data().with_file_name("report.json");
    let args = ["import", "--layer", layer, "--report", report.to_str().unwrap(), file.to_str().unwrap()];
    city.run(&args).expect(status);
    let report: Json = serde_json::from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
    report["findings"].as_array().unwrap().clone()
}

#[test]
fn what_was_done_to_a_shape_is_not_said_of_a_row_that_was_kept_out() {
    let bow = "POLYGON((111.69 29.04,111.692 29.042,111.692 29.04,111.69 29.042,111.69 29.04))";
    let square = |x: f64| {
        format!("POLYGON(({x} 29.03,{} 29.03,{} 29.031,{x} 29.031,{x} 29.03))", x + 0.001, x + 0.001)
    };
    let table = format!(
        "ZDDM,WKT\n430702001001GB00001,\"{bow}\"\n430702001001GB00002,\"{}\"\n430702001001GB00003,\"{}\"\n",
        square(111.70),
        square(111.71)
    );
    for (name, driver) in [
        ("a.csv", None),
        ("b.shp", Some("ESRI Shapefile")),
        ("c.gpkg", Some("GPKG")),
        ("d.fgb", Some("FlatGeobuf")),
    ] {
        let city = City::new();
        let csv = city.write("a.csv", &table);
        let file = match driver {
            None => csv,
            Some(driver) => ogr2ogr(
                &csv,
                name,
                &[
                    "-f",
                    driver,
                    "-a_srs",
                    "EPSG:4490",
                    "-oo",
                    "GEOM_POSSIBLE_NAMES=WKT",
                    "-oo",
                    "KEEP_GEOM_COLUMNS=NO",
                    "-nlt",
                    "POLYGON",
                ],
            ),
        };
        let all = findings(&city, "cadastre.parcel", &file, 0);
        assert_eq!(city.count("cadastre.parcel"), 2, "{name}: {all:?}");
        let crossing = all.iter().find(|f| f["rule"] == "geometry.self_intersection").unwrap();
        let cure = crossing["examples"].to_string();
        assert!(cure.contains("kept out") && !cure.contains("made "), "{name}: {crossing}");
    }
}

#[test]
fn closed_lines_that_become_areas_are_counted_once_a_table() {
    let ring = |x: f64, y: f64| {
        format!("{x} {y},{} {y},{} {},{x} {},{x} {y}", x + 0.001, x + 0.001, y + 0.001, y + 0.001)
    };
    let line = |i: usize| {
        format!("430702001001GB0000{i},\"LINESTRING({})\"\n", ring(111.69 + i as f64 * 0.002, 29.04))
    };
    let table = format!("ZDDM,WKT\n{}{}{}", line(1), line(2), line(3));
    for (name, driver) in [
        ("a.csv", None),
        ("b.shp", Some("ESRI Shapefile")),
        ("c.gpkg", Some("GPKG")),
        ("d.geojson", Some("GeoJSON")),
        ("e.mif", Some("MapInfo File")),
    ] {
        let city = City::new();
        let csv = city.write("a.csv", &table);
        let file = match driver {
            None => csv,
            Some(driver) => ogr2ogr(
                &csv,
                name,
                &[
                    "-f",
                    driver,
                    "-a_srs",
                    "EPSG:4326",
                    "-oo",
                    "GEOM_POSSIBLE_NAMES=WKT",
                    "-oo",
                    "KEEP_GEOM_COLUMNS=NO",
                    "-nlt",
                    "LINESTRING",
                ],
            ),
        };
        let all = findings(&city, "cadastre.parcel", &file, 0);
        assert_eq!(city.count("cadastre.parcel"), 3, "{name}: {all:?}");
        let told: Vec<&Json> = all.iter().filter(|f| f["rule"] == "geometry.closed_line").collect();
        assert_eq!(told.len(), 1, "{name}: {all:?}");
        assert!(told[0].to_string().contains("3 closed lines"), "{name}: {told:?}");
        assert_eq!(told[0]["severity"], "note");
    }
    // Areas that are areas are not told.
    let city = City::new();
    let file = city.write("a.csv", &table.replace("LINESTRING(", "POLYGON((").replace(")\"", "))\""));
    let all = findings(&city, "cadastre.parcel", &file, 0);
    assert!(all.iter().all(|f| f["rule"] != "geometry.closed_line"), "{all:?}");
}
