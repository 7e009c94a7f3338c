//! A city is data: a town in Germany with a `ditu.toml` of its own is imported, named, shown where it lies, and asked
//! nothing that only makes sense in China.

use crate::harness::City;
use crate::harness::page::Page;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const GOERLITZ: &str = r#"
[city]
name = { zh = "格尔利茨", en = "Görlitz" }
box = [14.88, 51.08, 15.06, 51.22]
view = { centre = [14.987, 51.153], zoom = 13.5 }
zones = [25833, 32633]
"#;

/// A city whose working folder says which one it is.
fn told(settings: &str) -> City {
    let city = City::new();
    std::fs::write(folder(&city).join("ditu.toml"), settings).unwrap();
    city
}

fn folder(city: &City) -> PathBuf {
    city.data().parent().unwrap().to_owned()
}

/// Roads of the old town, in degrees.
fn streets() -> String {
    let road = |code: &str, name: &str, lon: f64, lat: f64| {
        json!({"type": "Feature", "properties": {"LDBM": code, "DLMC": name, "道路等级": "主干路"},
            "geometry": {"type": "LineString", "coordinates": [[lon, lat], [lon + 0.004, lat + 0.001]]}})
    };
    let all = [
        road("G1", "Obermarkt", 14.985, 51.155),
        road("G2", "Berliner Straße", 14.982, 51.150),
        road("G3", "Brüderstraße", 14.989, 51.156),
        road("G4", "Elisabethstraße", 14.988, 51.153),
    ];
    json!({"type": "FeatureCollection", "features": all}).to_string()
}

/// The same by another program, in another format and CRS.
fn written(city: &City, from: &Path, name: &str, epsg: &str) -> PathBuf {
    let to = from.with_file_name(name);
    let out = Command::new("ogr2ogr")
        .args(["-t_srs", epsg, "-lco", "ENCODING=UTF-8"])
        .args([&to, from])
        .current_dir(folder(city))
        .output()
        .expect("ogr2ogr (Debian package gdal-bin)");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    to
}

fn first(city: &City) -> [f64; 2] {
    let server = city.serve(&["--public", "all"]);
    let items = server.json("/collections/transport.road/items");
    let of = |f: &&Json| f["properties"]["code"] == "G1";
    let feature = items["features"].as_array().unwrap().iter().find(of).unwrap().clone();
    let at = &feature["geometry"]["coordinates"];
    let at = if at[0][0].is_array() { at[0][0].clone() } else { at[0].clone() };
    [at[0].as_f64().unwrap(), at[1].as_f64().unwrap()]
}

#[test]
fn a_town_in_germany_is_imported_from_degrees_and_from_its_own_zone() {
    for (name, epsg) in [
        ("strassen.geojson", "EPSG:4326"),
        ("strassen.shp", "EPSG:25833"),
        ("strassen.shp", "EPSG:4258"),
        ("strassen.gpkg", "EPSG:25833"),
        ("strassen.fgb", "EPSG:32633"),
    ] {
        let city = told(GOERLITZ);
        let degrees = city.write("roads.geojson", &streets());
        let file = if name == "strassen.geojson" { degrees } else { written(&city, &degrees, name, epsg) };
        city.run(&["import", "--layer", "transport.road", file.to_str().unwrap()]).expect(0);
        assert_eq!(city.count("transport.road"), 4, "{name} {epsg}");
        let at = first(&city);
        assert!((at[0] - 14.985).abs() < 1e-6 && (at[1] - 51.155).abs() < 1e-6, "{name} {epsg}: {at:?}");
    }
}

#[test]
fn numbers_without_a_crs_are_asked_about_in_the_citys_own_zones() {
    let city = told(GOERLITZ);
    let table = "名称,地名代码,X,Y\nRathaus,1,499300.2,5667200.1\nNikolaiturm,2,499500.7,5667400.9\nKaisertrutz,3,499100.3,5667100.4\nPeterskirche,4,499800.2,5667500.3\n";
    let file = city.write("地名.csv", table);
    let said = city.run(&["import", file.to_str().unwrap()]).expect(1).stdout;
    assert!(said.contains("--crs EPSG:25833") && said.contains("UTM 33N"), "{said}");
    for word in ["GK", "CGCS2000", "Xian", "GCJ"] {
        assert!(!said.contains(word), "{word}: {said}");
    }
    let server = city.serve(&[]);
    let page = Page::of(&city, &server);
    let id = page.deliver(&[("地名.csv", table.into())]);
    let job = page.step(&id, "plan", &json!({}));
    let options = job["questions"][0]["options"].as_array().unwrap();
    let values: Vec<&str> = options.iter().map(|o| o["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["EPSG:25833", "EPSG:32633"], "{job}");
    drop(server);
    city.run(&["import", "--crs", "EPSG:25833", file.to_str().unwrap()]).expect(0);
    assert_eq!(city.count("placename.place"), 4);
}

#[test]
fn a_name_that_means_a_shifted_map_in_china_means_nothing_elsewhere() {
    let city = told(GOERLITZ);
    let file = city.write("amap_gcj02.geojson", &streets());
    city.run(&["import", "--layer", "transport.road", file.to_str().unwrap()]).expect(0);
    let at = first(&city);
    assert!((at[0] - 14.985).abs() < 1e-9, "{at:?}");
    let said = city.run(&["import", "--crs", "GCJ-02", "--layer", "transport.road", file.to_str().unwrap()]);
    let said = said.expect(1).stdout;
    assert!(said.contains("Görlitz") && said.contains("EPSG:25833"), "{said}");
    // Degrees in a plain table, without a word on internet maps.
    let table = "名称,地名代码,lon,lat\nRathaus,1,14.9871,51.1531\nNikolaiturm,2,14.9912,51.1587\n";
    let file = city.write("地名.csv", table);
    let said = city.run(&["import", "--json", file.to_str().unwrap()]).expect(0).stdout;
    assert!(!said.contains("GCJ") && said.contains("WGS 84"), "{said}");
}

#[test]
fn the_pages_learn_name_view_and_zones_of_the_city() {
    let city = told(GOERLITZ);
    let file = city.write("roads.geojson", &streets());
    city.run(&["import", "--layer", "transport.road", file.to_str().unwrap()]).expect(0);
    let server = city.serve(&["--public", "all"]);
    let said = server.json("/city");
    assert_eq!(said["name"], json!({"zh": "格尔利茨", "en": "Görlitz"}));
    assert_eq!(said["view"], json!({"center": [14.987, 51.153], "zoom": 13.5}));
    assert_eq!(said["box"], json!([14.88, 51.08, 15.06, 51.22]));
    let codes: Vec<u64> =
        said["zones"].as_array().unwrap().iter().map(|z| z["epsg"].as_u64().unwrap()).collect();
    assert_eq!(codes, [25833, 32633]);
    for style in ["light", "dark"] {
        let style = server.json(&format!("/styles/{style}"));
        assert_eq!((&style["center"], &style["zoom"]), (&json!([14.987, 51.153]), &json!(13.5)));
    }
    let doctor = city.run(&["doctor"]).stdout;
    assert!(doctor.contains("Görlitz") && doctor.contains("EPSG:25833"), "{doctor}");
}

#[test]
fn without_a_word_it_is_changde_and_another_towns_data_say_what_to_do() {
    let city = City::new();
    let degrees = city.write("roads.geojson", &streets());
    let plane = written(&city, &degrees, "strassen.shp", "EPSG:25833");
    for file in [degrees, plane] {
        let said =
            city.run(&["import", "--layer", "transport.road", file.to_str().unwrap()]).expect(1).stdout;
        for word in ["Changde", "110.48°E", "14.98", "ditu.toml", "[city]"] {
            assert!(said.contains(word), "{word}: {said}");
        }
    }
    let server = city.serve(&["--public", "all"]);
    let said = server.json("/city");
    assert_eq!(said["name"], json!({"zh": "常德市", "en": "Changde"}));
    assert_eq!(said["zones"][1]["title"]["zh"], "3° 37 带（含带号）EPSG:4525");
    for help in [&["--help"][..], &["import", "--help"]] {
        let said = city.run(help).expect(0).stdout;
        assert!(said.contains("ditu.toml") && said.contains("[city]") && said.contains("Changde"), "{said}");
    }
}

#[test]
fn what_is_wrong_in_the_settings_is_said_in_the_readers_language() {
    for (settings, zh, en) in [
        ("city = [14.88, 51.08, 15.06, 51.22]", "city 应是表", "city is a table"),
        ("[city]\nname = 'Görlitz'", "city.box", "city.box"),
        (
            "[city]\nname = 'x'\nbox = [15.06, 51.08, 14.88, 51.22]",
            "依次为西、南、东、北",
            "west, south, east, north",
        ),
        ("[city]\nname = 'x'\nbox = [14, 51, 15, 52]\nzones = [4326]", "(4326)", "(4326)"),
        (
            "[city]\nname = 'x'\nbox = [14, 51, 15, 52]\ncentre = [14.5, 51.5]",
            "没有 city.centre",
            "no key city.centre",
        ),
        ("town = 'x'", "没有 town", "no key town"),
        ("data = 3", "data 应是", "data is a text"),
        ("data = \"x\"\n\n[city\n", "第 3 行", "line 3"),
    ] {
        let city = told(settings);
        for (lang, wanted) in [("zh", zh), ("en", en)] {
            let said = city.run(&["--lang", lang, "layers"]).expect(2).stderr;
            assert!(said.contains("ditu.toml") && said.contains(wanted), "{settings} in {lang}: {said}");
        }
    }
}
