//! What a second delivery takes away is said, asked, and limited to the part for which it is whole; on both stores.

use crate::harness::City;
use crate::harness::inputs::{LAT, LON};
use crate::harness::page::Page;
use serde_json::{Value as Json, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A city in a GeoPackage and one in a database.
fn cities(schema: &str) -> [City; 2] {
    [City::new(), crate::whole::in_postgis(&format!("e2e_again_{schema}"))]
}

const SUBDISTRICT: &str = "430702001001";

/// Parcels of a cadastral subdistrict from one number to another, in a row.
fn parcels(subdistrict: &str, from: usize, to: usize) -> Vec<Json> {
    let one = |i: usize| {
        let (x, y) = (LON + (i % 50) as f64 * 4e-4, LAT + (i / 50) as f64 * 4e-4);
        let ring = [[x, y], [x + 3e-4, y], [x + 3e-4, y + 3e-4], [x, y + 3e-4], [x, y]];
        json!({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]},
            "properties": {"ZDDM": format!("{subdistrict}GB{i:05}"), "ZDH": format!("{i:05}"), "QLR": format!("户主{i}"), "ZL": format!("示例路{i}号")}})
    };
    (from..to).map(one).collect()
}

fn change(mut list: Vec<Json>, act: impl Fn(usize, &mut serde_json::Map<String, Json>)) -> Vec<Json> {
    for (i, f) in list.iter_mut().enumerate() {
        act(i, f["properties"].as_object_mut().unwrap());
    }
    list
}

/// The formats in which a delivery of polygons comes: GDAL's writer and the file's ending.
const FORMATS: [(&str, &str); 4] =
    [("", "geojson"), ("ESRI Shapefile", "shp"), ("GPKG", "gpkg"), ("FlatGeobuf", "fgb")];

/// Writes a delivery; in another format by GDAL's own writer.
fn written(city: &City, name: &str, (driver, ending): (&str, &str), list: &[Json]) -> PathBuf {
    let text = json!({"type": "FeatureCollection", "features": list}).to_string();
    let plain = city.write(&format!("{name}/宗地.geojson"), &text);
    if driver.is_empty() {
        return plain;
    }
    let goal = plain.with_file_name(format!("out-{ending}/宗地.{ending}"));
    let _ = fs::remove_dir_all(goal.parent().unwrap());
    fs::create_dir_all(goal.parent().unwrap()).unwrap();
    let mut command = Command::new("ogr2ogr");
    command.args(["-f", driver, "-lco", "ENCODING=UTF-8"]).arg(&goal).arg(&plain);
    let out = command.output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    goal
}

fn import(city: &City, file: &Path, more: &[&str], status: i32) -> crate::harness::Output {
    let mut args = vec![
        "import",
        file.to_str().unwrap(),
        "--layer",
        "cadastre.parcel",
        "--crs",
        "EPSG:4490",
        "--no-tiles",
    ];
    args.extend(more);
    city.run(&args).expect(status)
}

/// How many features hold something in a field.
fn held(city: &City, field: &str) -> usize {
    let server = city.serve(&["--public", "all"]);
    let page = server.json("/collections/cadastre.parcel/items?limit=1000");
    let all = page["features"].as_array().unwrap();
    all.iter().filter(|f| !f["properties"][field].is_null()).count()
}

#[test]
fn values_of_a_column_that_is_not_there_stay_and_are_told() {
    for city in cities("kept") {
        let whole = parcels(SUBDISTRICT, 0, 40);
        import(&city, &written(&city, "first", FORMATS[0], &whole), &[], 0);
        let missing = change(whole.clone(), |_, p| drop(p.remove("ZL")));
        for format in FORMATS {
            let said = import(&city, &written(&city, "missing", format, &missing), &[], 0);
            assert!(said.stdout.contains("40 values stay"), "{format:?}: {}", said.stdout);
            assert_eq!(city.revisions(), 1, "{format:?}: {}", said.stdout);
        }
        // What else changed is taken, the address stays.
        let next = change(missing, |i, p| drop(p.insert("ZDH".into(), json!(format!("n{i}")))));
        let said = import(&city, &written(&city, "next", FORMATS[0], &next), &[], 0);
        assert!(said.stdout.contains("+0 ~40 -0"), "{}", said.stdout);
        let told = city.run(&["diff", "cadastre.parcel", "1", "2"]).expect(0);
        assert!(!told.stdout.contains("示例路"), "{}", told.stdout);
    }
}

#[test]
fn a_column_that_was_renamed_is_named() {
    for city in cities("renamed") {
        let whole = parcels(SUBDISTRICT, 0, 40);
        import(&city, &written(&city, "first", FORMATS[0], &whole), &[], 0);
        for (i, format) in FORMATS.into_iter().enumerate() {
            // One is alike by name, the others only by what they hold.
            let name = ["QLR_XM", "FIELD_9", "甲", "X7"][i];
            let renamed = change(whole.clone(), |_, p| {
                let value = p.remove("QLR").unwrap();
                p.insert(name.into(), value);
            });
            let said = import(&city, &written(&city, "renamed", format, &renamed), &[], 0);
            assert!(
                said.stdout.contains(name) && said.stdout.contains("40 of 40"),
                "{format:?}: {}",
                said.stdout
            );
            assert_eq!(city.revisions(), 1, "{format:?}: {}", said.stdout);
        }
    }
}

#[test]
fn emptying_a_field_needs_a_word() {
    for city in cities("emptied") {
        let whole = parcels(SUBDISTRICT, 0, 40);
        import(&city, &written(&city, "first", FORMATS[0], &whole), &[], 0);
        let empty = change(whole.clone(), |i, p| {
            if i < 30 {
                p.insert("QLR".into(), Json::Null);
            }
        });
        for format in FORMATS {
            let file = written(&city, "empty", format, &empty);
            for mode in ["replace", "upsert"] {
                let said = import(&city, &file, &["--mode", mode], 1);
                assert!(said.stderr.contains("30 of the 40"), "{format:?}: {}", said.stderr);
                assert!(said.stderr.contains("--allow-emptying owner"), "{format:?}: {}", said.stderr);
            }
            import(&city, &file, &["--dry-run"], 1);
            import(&city, &file, &["--allow-emptying", "use,number"], 1);
            assert_eq!(city.revisions(), 1);
        }
        let file = written(&city, "empty", FORMATS[1], &empty);
        import(&city, &file, &["--allow-emptying", "owner"], 0);
        assert_eq!(city.revisions(), 2);
        // A few are only said.
        let few = change(empty, |i, p| {
            if i > 36 {
                p.insert("QLR".into(), Json::Null);
            }
        });
        let said = import(&city, &written(&city, "few", FORMATS[2], &few), &[], 0);
        assert!(said.stdout.contains("3 of the 10 values"), "{}", said.stdout);
    }
}

#[test]
fn a_tenth_of_a_layer_is_asked_about_with_three_ways_on() {
    for city in cities("tenth") {
        let whole = parcels(SUBDISTRICT, 0, 60);
        import(&city, &written(&city, "first", FORMATS[0], &whole), &[], 0);
        for format in FORMATS {
            let file = written(&city, "tenth", format, &whole[..6]);
            let said = import(&city, &file, &[], 1);
            for word in ["54 of the 60", "GB00006", "--part", "--mode upsert", "--allow-removal"] {
                assert!(said.stderr.contains(word), "{format:?} {word}: {}", said.stderr);
            }
            import(&city, &file, &["--dry-run"], 1);
            import(&city, &file, &["--part", "all"], 1);
            assert_eq!(city.revisions(), 1, "{format:?}");
            // The three ways on.
            import(&city, &file, &["--mode", "upsert"], 0);
            import(&city, &file, &["--part", "area"], 0);
            assert_eq!((city.revisions(), city.count("cadastre.parcel")), (1, 60), "{format:?}");
        }
        // Everything is the same case.
        let other = written(&city, "other", FORMATS[3], &parcels(SUBDISTRICT, 100, 150));
        let said = import(&city, &other, &[], 1);
        assert!(said.stderr.contains("60 of the 60"), "{}", said.stderr);
        import(&city, &written(&city, "tenth", FORMATS[0], &whole[..6]), &["--allow-removal"], 0);
        assert_eq!((city.revisions(), city.count("cadastre.parcel")), (2, 6));
    }
}

#[test]
fn another_subdistrict_or_map_sheet_leaves_the_first_alone() {
    for city in cities("sheets") {
        import(&city, &written(&city, "first", FORMATS[0], &parcels(SUBDISTRICT, 0, 40)), &[], 0);
        for (i, format) in FORMATS.into_iter().enumerate() {
            let list = parcels(&format!("43070200100{}", i + 2), 100 * (i + 1), 100 * (i + 1) + 20);
            let said = import(&city, &written(&city, "other", format, &list), &[], 0);
            assert!(said.stdout.contains("+20 ~0 -0"), "{format:?}: {}", said.stdout);
            assert!(said.stdout.contains("first 12 characters"), "{}", said.stdout);
            // Its own next delivery replaces it, and only it.
            let said = import(&city, &written(&city, "again", format, &list[..18]), &["--json"], 0);
            assert!(said.stdout.contains("delivery.part"), "{}", said.stdout);
            assert_eq!(city.count("cadastre.parcel") as usize, 40 + 18 * (i + 1));
        }
        // Sheets of one subdistrict are told apart by where they lie.
        let east = written(&city, "east", FORMATS[2], &parcels(SUBDISTRICT, 1000, 1020));
        import(&city, &east, &[], 1);
        let said = import(&city, &east, &["--part", "area"], 0);
        assert!(said.stdout.contains("+20 ~0 -0"), "{}", said.stdout);
    }
}

#[test]
fn each_company_replaces_its_own_pipes() {
    for city in cities("companies") {
        let pipes = |kind: &str, n: usize| {
            let points: String =
                (0..=n).map(|i| format!("{kind},P{i},{:.6},{LAT}\n", LON + i as f64 * 1e-4)).collect();
            let points = city.write("管线/管线点.csv", &format!("管线种类,物探点号,经度,纬度\n{points}"));
            let lines: String = (0..n).map(|i| format!("{kind},P{i},P{}\n", i + 1)).collect();
            city.write("管线/管线段.csv", &format!("管线种类,起点点号,终点点号\n{lines}"));
            points.parent().unwrap().to_owned()
        };
        let import = |kind: &str, n: usize, more: &[&str], status: i32| {
            let folder = pipes(kind, n);
            let mut args = vec!["import", folder.to_str().unwrap(), "--crs", "EPSG:4490", "--no-tiles"];
            args.extend(more);
            city.run(&args).expect(status)
        };
        import("JS", 20, &[], 0);
        let said = import("RQ", 12, &[], 0);
        assert!(said.stdout.contains("delivered by Kind"), "{}", said.stdout);
        assert_eq!((city.count("pipeline.line"), city.count("pipeline.node")), (32, 34));
        import("燃气", 11, &["--part", "kind=gas"], 0);
        assert_eq!((city.count("pipeline.line"), city.count("pipeline.node")), (31, 33));
        // Most of one's own pipes are as much as most of a layer.
        let said = import("RQ", 2, &[], 1);
        assert!(said.stderr.contains("9 of the 11"), "{}", said.stderr);
        let wrong = import("RQ", 11, &["--part", "kind=milk"], 1);
        assert!(wrong.stdout.contains("milk") && wrong.stdout.contains("gas"), "{}", wrong.stdout);
        import("RQ", 11, &["--part", "gas"], 2);
        assert_eq!((city.count("pipeline.line"), city.count("pipeline.node")), (31, 33));
    }
}

#[test]
fn an_older_file_says_whose_edits_it_takes_back() {
    for city in cities("older") {
        let first = parcels(SUBDISTRICT, 0, 40);
        let edited = change(first.clone(), |i, p| {
            if i < 12 {
                p.insert("QLR".into(), json!(format!("新户主{i}")));
            }
        });
        import(&city, &written(&city, "first", FORMATS[0], &first), &[], 0);
        import(&city, &written(&city, "edited", FORMATS[0], &edited), &["--message", "过户"], 0);
        for format in FORMATS {
            let file = written(&city, "older", format, &first);
            let said = import(&city, &file, &[], 1);
            assert!(said.stderr.contains("takes back 12 edits"), "{format:?}: {}", said.stderr);
            assert!(said.stderr.contains("12 of revision 2"), "{format:?}: {}", said.stderr);
            assert!(said.stdout.contains("过户"), "{format:?}: whose: {}", said.stdout);
            assert!(said.stderr.contains("--allow-reverting"), "{}", said.stderr);
            assert_eq!(city.revisions(), 2);
        }
        let file = written(&city, "older", FORMATS[1], &first);
        let said = import(&city, &file, &["--allow-reverting"], 0);
        assert!(
            said.stdout.contains("+0 ~12 -0") && said.stdout.contains("takes back 12"),
            "{}",
            said.stdout
        );
    }
}

#[test]
fn the_page_asks_what_the_command_line_asks() {
    let city = City::new();
    let whole = parcels(SUBDISTRICT, 0, 60);
    import(&city, &written(&city, "first", FORMATS[0], &whole), &[], 0);
    let server = city.serve(&[]);
    let page = Page::of(&city, &server);
    let few = change(whole[..20].to_vec(), |_, p| drop(p.insert("QLR".into(), Json::Null)));
    let bytes = fs::read(written(&city, "few", FORMATS[0], &few)).unwrap();
    let id = page.deliver(&[("宗地.geojson", bytes)]);
    let choices = json!([{"layer": "cadastre.parcel", "crs": "EPSG:4490"}]);
    page.step(&id, "plan", &json!({"choices": choices}));
    let job = page.step(&id, "check", &json!({}));
    let asks: Vec<(&str, u64, u64)> = job["asks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| (a["kind"].as_str().unwrap(), a["count"].as_u64().unwrap(), a["of"].as_u64().unwrap()))
        .collect();
    assert_eq!(asks, [("removal", 40, 60), ("emptying", 20, 20)], "{job}");
    assert_eq!(job["diff"][0]["removed"], 40, "what would go is on the map: {job}");
    for body in [json!({}), json!({"allow_removal": true}), json!({"allow_emptying": ["owner"]})] {
        let job = page.step(&id, "commit", &body);
        assert_eq!(job["state"], "checked", "{job}");
        assert!(job["error"]["en"].is_string());
    }
    assert_eq!(city.revisions(), 1);
    // As a part it removes nothing; the comparison says so.
    page.step(&id, "plan", &json!({"choices": choices, "part": "area"}));
    let job = page.step(&id, "check", &json!({}));
    assert_eq!((job["part"].as_str(), job["asks"].as_array().unwrap().len()), (Some("area"), 1), "{job}");
    page.post(&format!("/imports/{id}/plan"), &json!({"part": "nonsense"}), 400);
    page.step(&id, "plan", &json!({"choices": choices}));
    page.step(&id, "check", &json!({}));
    let job = page.step(&id, "commit", &json!({"allow_removal": true, "allow_emptying": ["owner"]}));
    assert_eq!((job["state"].as_str(), city.count("cadastre.parcel")), (Some("committed"), 20), "{job}");
}

#[test]
fn a_watched_folder_refuses_what_nobody_is_there_to_allow() {
    let city = City::new();
    let whole = parcels(SUBDISTRICT, 0, 60);
    import(&city, &written(&city, "first", FORMATS[0], &whole), &[], 0);
    let folder = city.data().with_file_name("来件");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(written(&city, "tenth", FORMATS[0], &whole[..6]), folder.join("宗地.geojson")).unwrap();
    let args =
        ["watch", folder.to_str().unwrap(), "--once", "--settle", "0", "--every", "1", "--patience", "1"];
    let said = city.run(&args).expect(0);
    assert!(said.stderr.contains("54 of the 60"), "{}", said.stderr);
    let refused = fs::read_dir(folder.join("refused")).unwrap().next().unwrap().unwrap().path();
    let report = fs::read_to_string(refused.join("report.json")).unwrap();
    assert!(report.contains("delivery.removal") && report.contains("--allow-removal"), "{report}");
    assert_eq!((city.revisions(), city.count("cadastre.parcel")), (1, 60));
    assert_eq!(held(&city, "owner"), 0, "a sensitive field is not public");
}
