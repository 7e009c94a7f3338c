//! Drawings: what stands in inserted blocks, the codes in texts and names, and units that are not metres.

use crate::harness::City;
use crate::harness::page::Page;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A drawing; words of the sections are lines.
fn drawing(city: &City, name: &str, header: &str, blocks: &str, entities: &str) -> PathBuf {
    let text = format!(
        "0 SECTION 2 HEADER {header} 0 ENDSEC 0 SECTION 2 BLOCKS {blocks} 0 ENDSEC 0 SECTION 2 ENTITIES {entities} 0 ENDSEC 0 EOF"
    );
    city.write(name, &text.split_whitespace().map(|w| format!("{w}\r\n")).collect::<String>())
}

const R2000: &str = "9 $ACADVER 1 AC1015 9 $INSUNITS 70 6";
const R12: &str = "9 $ACADVER 1 AC1009";

fn import(city: &City, file: &Path, more: &[&str]) -> String {
    city.run(&[&["import", file.to_str().unwrap(), "--no-tiles"][..], more].concat()).expect(0).stdout
}

fn refused(city: &City, file: &Path, more: &[&str]) -> String {
    city.run(&[&["import", file.to_str().unwrap(), "--no-tiles"][..], more].concat()).expect(1).stdout
}

/// The features that a layer's first revision added.
fn features(city: &City, layer: &str) -> Vec<Json> {
    let said = city.run(&["diff", layer, "0", "1", "--geojson"]).expect(0).stdout;
    let all: Json = serde_json::from_str(&said).unwrap();
    all["features"].as_array().unwrap().clone()
}

/// A house of R12 or later at a place of its own, in metres of the grid or of its block.
fn house(x: f64, y: f64, size: f64) -> String {
    format!(
        "0 LWPOLYLINE 8 JMD 90 4 70 1 10 {x} 20 {y} 10 {} 20 {y} 10 {} 20 {} 10 {x} 20 {} ",
        x + size,
        x + size,
        y + size,
        y + size
    )
}

fn block(name: &str, base: [f64; 2], held: &str) -> String {
    format!("0 BLOCK 8 0 2 {name} 70 0 10 {} 20 {} 30 0 {held} 0 ENDBLK 8 0 ", base[0], base[1])
}

fn insert(layer: &str, name: &str, at: [f64; 2], more: &str) -> String {
    format!("0 INSERT 8 {layer} 2 {name} 10 {} 20 {} 30 0 {more} ", at[0], at[1])
}

/// Longitudes and latitudes of all vertices.
fn places(value: &Json) -> Vec<[f64; 2]> {
    match value.as_array().map(Vec::as_slice) {
        Some([x, y, ..]) if x.is_number() => vec![[x.as_f64().unwrap(), y.as_f64().unwrap()]],
        Some(all) => all.iter().flat_map(places).collect(),
        None => Vec::new(),
    }
}

/// The middle of each feature, rounded to about a decimetre, in order.
fn middles(features: &[Json]) -> Vec<[i64; 2]> {
    let mut all: Vec<[i64; 2]> = features
        .iter()
        .map(|f| {
            let p = places(&f["geometry"]["coordinates"]);
            let of = |i: usize| {
                let (low, high) = p.iter().fold((f64::MAX, f64::MIN), |(l, h), c| (l.min(c[i]), h.max(c[i])));
                ((low + high) / 2.0 * 1e6).round() as i64
            };
            [of(0), of(1)]
        })
        .collect();
    all.sort_unstable();
    all
}

fn are_near(a: &[[i64; 2]], b: &[[i64; 2]]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (0..2).all(|i| (a[i] - b[i]).abs() <= 1))
}

#[test]
fn what_stands_in_blocks_is_imported_where_it_stands() {
    // The same four houses: drawn; a sheet as one block; turned, mirrored and scaled; an array in a block in a block.
    let at = |i: u32| (568_000.0 + 100.0 * f64::from(i % 2), 3_212_000.0 + 50.0 * f64::from(i / 2));
    let plain: String = (0..4).map(|i| house(at(i).0, at(i).1, 10.0)).collect();
    let sheet = block("SHEET", [0.0, 0.0], &plain);
    // A quarter turn: what lies to the north of the base point comes to the west.
    let turned: String = (0..4)
        .map(|i| {
            let (x, y) = (at(i).0 - 568_000.0, at(i).1 - 3_212_000.0);
            house(7.0 + y / 2.0, 9.0 - (x + 10.0) / 2.0, 5.0)
        })
        .collect();
    let one = block("ONE", [3.0, 4.0], &house(3.0, 4.0, 10.0));
    let inner = block("ROW", [0.0, 0.0], &insert("0", "ONE", [0.0, 0.0], "70 2 44 100"));
    let outer = block("ALL", [0.0, 0.0], &insert("0", "ROW", [0.0, 0.0], "71 2 45 50"));
    let unit = block("UNIT", [0.0, 0.0], &house(0.0, 0.0, 1.0).replace("8 JMD", "8 0"));
    let units: String =
        (0..4).map(|i| insert("JMD", "UNIT", [at(i).0 + 10.0, at(i).1], "41 -10 42 10 43 1")).collect();
    let corner = [568_000.0, 3_212_000.0];
    let mut wanted: Option<Vec<[i64; 2]>> = None;
    for (header, blocks, entities) in [
        (R2000, String::new(), plain.clone()),
        (R2000, sheet, insert("0", "SHEET", [0.0, 0.0], "")),
        (R2000, block("TURNED", [7.0, 9.0], &turned), insert("0", "TURNED", corner, "41 2 42 2 43 2 50 90")),
        (R12, format!("{one}{inner}{outer}"), insert("0", "ALL", corner, "")),
        (R2000, unit, units),
    ] {
        let city = City::new();
        let file = drawing(&city, "地形图.dxf", header, &blocks, &entities);
        let said = import(&city, &file, &["--crs", "EPSG:4546"]);
        assert_eq!(city.count("cadastre.building"), 4, "{said}");
        let found = middles(&features(&city, "cadastre.building"));
        assert!(are_near(wanted.get_or_insert(found.clone()), &found), "{blocks}: {found:?}");
        assert_eq!(said.contains("dxf.blocks"), !blocks.is_empty(), "{said}");
    }
}

#[test]
fn symbols_stay_points_with_the_attributes_of_their_inserts() {
    let city = City::new();
    let symbol = block(
        "gc200",
        [0.0, 0.0],
        "0 CIRCLE 8 0 10 0 20 0 40 0.4 0 SOLID 8 0 10 0 20 0 11 1 21 0 12 0 22 1 13 1 23 1",
    );
    let spot = |x: f64, h: &str| {
        let attribute = format!("66 1 0 ATTRIB 8 GCD 10 0 20 0 1 {h} 2 height 0 SEQEND 8 GCD");
        insert("GCD", "gc200", [568_000.0 + x, 3_212_000.0], &format!("41 0.5 42 0.5 43 0.5 {attribute}"))
    };
    // Two stand in the drawing, one in its sheet.
    let sheet = block("SHEET", [0.0, 0.0], &(spot(40.0, "33.5") + &house(568_000.0, 3_212_100.0, 12.0)));
    let entities = spot(0.0, "31.5") + &spot(20.0, "32.5") + &insert("0", "SHEET", [0.0, 0.0], "");
    let file = drawing(&city, "地形图.dxf", R2000, &(symbol + &sheet), &entities);
    let said = import(&city, &file, &["--crs", "EPSG:4546"]);
    assert_eq!((city.count("terrain.spot"), city.count("cadastre.building")), (3, 1), "{said}");
    let mut heights: Vec<f64> = features(&city, "terrain.spot")
        .iter()
        .filter_map(|f| {
            f["properties"]["elevation_m"].as_f64().or_else(|| f["properties"]["height_m"].as_f64())
        })
        .collect();
    heights.sort_by(f64::total_cmp);
    assert_eq!(heights, [31.5, 32.5, 33.5], "{:?}", features(&city, "terrain.spot"));
}

#[test]
fn what_is_not_read_of_a_drawing_is_told() {
    let city = City::new();
    let blocks = block("LOST", [0.0, 0.0], "").replace("70 0", "70 4");
    let entities = house(568_000.0, 3_212_000.0, 10.0)
        + &house(0.0, 0.0, 297.0).replace("8 JMD", "8 JMD 67 1")
        + "0 3DSOLID 8 JMD 0 ACAD_PROXY_ENTITY 8 JMD 0 ACAD_PROXY_ENTITY 8 JMD "
        + &insert("JMD", "LOST", [568_000.0, 3_212_000.0], "");
    let file = drawing(&city, "地形图.dxf", R2000, &blocks, &entities);
    let said = import(&city, &file, &["--crs", "EPSG:4546"]);
    assert_eq!(city.count("cadastre.building"), 1, "{said}");
    for rule in ["dxf.paper", "dxf.passed", "dxf.undefined"] {
        assert!(said.contains(rule), "{rule}: {said}");
    }
}

#[test]
fn an_array_without_end_is_refused() {
    let city = City::new();
    let blocks = block("A", [0.0, 0.0], &house(0.0, 0.0, 1.0));
    let array = insert("0", "A", [568_000.0, 3_212_000.0], "70 30000 71 30000 44 1 45 1");
    let file = drawing(&city, "地形图.dxf", R2000, &blocks, &array);
    assert!(refused(&city, &file, &["--crs", "EPSG:4546"]).contains("file.too_complex"));
}

#[test]
fn codes_in_texts_and_names_are_read() {
    let text = |handle: &str, x: u32, kind: &str, written: &str| {
        format!("0 {kind} {handle} 8 \\M+5B5D8\\U+540D 10 {} 20 3212000 30 0 40 3 {written} ", 568_000 + x)
    };
    for (header, entities) in [
        (
            R2000,
            text("5 A1", 0, "TEXT", "1 \\U+67F3\\U+53F6\\U+6E56")
                + &text("5 A2", 50, "TEXT", "1 %%u\\M+5B5C2%%u山")
                + &text("5 A3", 100, "MTEXT", "3 {\\fSimSun|b0|i0; 1 \\H1.5x;\\C1;\\U+5FB7}\\S1/2;")
                + &text("5 A4", 150, "TEXT", "1 %%c300"),
        ),
        // Of R12, without handles.
        (
            R12,
            text("", 0, "TEXT", "1 \\U+67F3\\U+53F6\\U+6E56")
                + &text("", 50, "TEXT", "1 \\M+5B5C2山")
                + &text("", 100, "TEXT", "1 \\U+5FB71/2")
                + &text("", 150, "TEXT", "1 %%c300"),
        ),
    ] {
        let city = City::new();
        let file = drawing(&city, "注记.dxf", header, "", &entities);
        import(&city, &file, &["--crs", "EPSG:4546"]);
        let places = features(&city, "placename.place");
        let names: BTreeSet<&str> = places.iter().filter_map(|f| f["properties"]["name"].as_str()).collect();
        assert_eq!(names, BTreeSet::from(["⌀300", "德1/2", "地山", "柳叶湖"]));
    }
}

/// A house and a height, in a unit of so many metres.
fn scaled(metres: f64) -> String {
    let n = |v: f64| v / metres;
    house(n(568_000.0), n(3_212_000.0), n(10.0))
        + &format!("0 POINT 8 GCD 10 {} 20 {} 30 {} ", n(568_020.0), n(3_212_000.0), n(31.5))
}

#[test]
fn a_drawing_that_is_not_in_metres_is_asked_about_with_the_answer_in_place() {
    let drawn = |city: &City, metres: f64, header: &str| {
        drawing(city, "地形图.dxf", &format!("9 $ACADVER 1 AC1015 {header}"), "", &scaled(metres))
    };
    let city = City::new();
    let wanted = drawn(&city, 1.0, "");
    import(&city, &wanted, &["--crs", "EPSG:4546"]);
    let wanted = middles(&features(&city, "cadastre.building"));
    for (unit, metres, header) in [
        ("mm", 0.001, "9 $INSUNITS 70 4"),
        ("mm", 0.001, "9 $INSUNITS 70 6"),
        ("km", 1000.0, ""),
        ("cm", 0.01, "9 $INSUNITS 70 5"),
        ("ft", 0.3048, "9 $INSUNITS 70 2 9 $MEASUREMENT 70 0"),
    ] {
        let city = City::new();
        let file = drawn(&city, metres, header);
        let said = refused(&city, &file, &["--crs", "EPSG:4546"]);
        assert!(
            said.contains("units.unclear") && said.contains(&format!("--units {unit}")),
            "{unit}: {said}"
        );
        let said = import(&city, &file, &["--crs", "EPSG:4546", "--units", unit]);
        assert!(said.contains("units.scaled"), "{said}");
        assert!(are_near(&wanted, &middles(&features(&city, "cadastre.building"))), "{unit}");
        let spot = features(&city, "terrain.spot");
        assert!(spot[0]["properties"].to_string().contains("31.5"), "{spot:?}");
    }
    // What the head says by itself is no reason to ask.
    for header in ["9 $INSUNITS 70 4", "9 $INSUNITS 70 1 9 $MEASUREMENT 70 0"] {
        let city = City::new();
        let file = drawn(&city, 1.0, header);
        let said = import(&city, &file, &["--crs", "EPSG:4546"]);
        assert!(said.contains("units.header"), "{said}");
        assert!(are_near(&wanted, &middles(&features(&city, "cadastre.building"))));
    }
}

#[test]
fn tables_and_shapefiles_that_are_not_in_metres_are_asked_about() {
    let city = City::new();
    let metres = city
        .write("高程点.csv", "点号,X坐标,Y坐标,高程\nA1,3212000.5,568000.25,31.5\nA2,3212010,568010,32\n");
    import(&city, &metres, &["--crs", "EPSG:4546"]);
    let wanted = middles(&features(&city, "terrain.spot"));
    let inputs = City::new();
    let kilometres = inputs
        .write("高程点.csv", "点号,X坐标,Y坐标,高程\nA1,3212.0005,568.00025,31.5\nA2,3212.010,568.010,32\n");
    let shape = kilometres.with_file_name("高程点.shp");
    let rows = inputs.write(
        "mm.csv",
        "DH,GC,WKT\nA1,31.5,POINT (568000250 3212000500)\nA2,32,POINT (568010000 3212010000)\n",
    );
    let made = Command::new("ogr2ogr")
        .args(["-f", "ESRI Shapefile", shape.to_str().unwrap(), rows.to_str().unwrap()])
        .args(["-oo", "GEOM_POSSIBLE_NAMES=WKT", "-oo", "AUTODETECT_TYPE=YES"])
        .status();
    assert!(made.unwrap().success());
    for (file, unit) in [(kilometres, "km"), (shape, "mm")] {
        let city = City::new();
        let said = refused(&city, &file, &["--crs", "EPSG:4546"]);
        assert!(said.contains(&format!("--units {unit}")), "{said}");
        import(&city, &file, &["--crs", "EPSG:4546", "--units", unit]);
        assert!(are_near(&wanted, &middles(&features(&city, "terrain.spot"))), "{unit}");
        assert!(features(&city, "terrain.spot")[0]["properties"].to_string().contains("3"), "heights stay");
    }
}

#[test]
fn the_page_asks_about_units_with_places_on_the_map() {
    let city = City::new();
    let server = city.serve(&[]);
    let page = Page::of(&city, &server);
    let file = drawing(&city, "地形图.dxf", "9 $ACADVER 1 AC1015 9 $INSUNITS 70 4", "", &scaled(0.001));
    let id = page.deliver(&[("地形图.dxf", std::fs::read(file).unwrap())]);
    let job = page.step(&id, "plan", &json!({}));
    let questions = job["questions"].as_array().unwrap();
    let units = questions.iter().find(|q| q["kind"] == "units").unwrap();
    let first = &units["options"][0];
    assert_eq!((first["value"].as_str(), units["table"].is_null()), (Some("mm"), true), "{job}");
    assert!(first["sample"][0][0].as_f64().unwrap() > 110.0, "{first}");
    // The datum is asked with it, for the likeliest unit.
    assert!(questions.iter().any(|q| q["kind"] == "crs"), "{job}");
    let wrong = json!({"choices": [{"file": units["file"], "table": null, "units": "寸"}]});
    page.post(&format!("/imports/{id}/plan"), &wrong, 400);
    let answers =
        json!({"choices": [{"crs": "EPSG:4546"}, {"file": units["file"], "table": null, "units": "mm"}]});
    let job = page.step(&id, "plan", &answers);
    assert_eq!(job["state"], "planned", "{job}");
}
