//! Files made to exhaust or to reach out, against the real binary: refused in bounded memory, nothing told of other files.

use crate::harness::City;
use crate::harness::page::Page;
use ditu_sample::formats::shp::{Cell, Shape, Shapefile};
use ditu_sample::towns;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, Write};
use std::path::Path;
use std::process::Output;

/// Kilobytes of private memory that a command may have here.
const MEMORY_KB: u64 = 1 << 20;

/// Runs a command that dies when it wants more than [`MEMORY_KB`].
fn confined(city: &City, args: &[&str]) -> Output {
    let command = city.command(args);
    let mut shell = std::process::Command::new("sh");
    shell.arg("-c").arg(format!("ulimit -d {MEMORY_KB}; exec \"$0\" \"$@\"")).arg(command.get_program());
    shell.args(command.get_args()).current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.output().unwrap()
}

#[test]
fn a_gigabyte_of_one_line_is_refused_in_bounded_memory() {
    let city = City::new();
    let mut path = city.write("line", "");
    let mut file = File::create(&path).unwrap();
    let block = vec![b'1'; 1 << 20];
    for _ in 0..1 << 10 {
        file.write_all(&block).unwrap();
    }
    drop(file);
    for (name, head) in [
        ("管点.csv", "管点编号,X坐标,Y坐标,地面高程\n"),
        ("a.dat", "1,,500000,3200000,"),
        ("a.vct", "HeadBegin\nDataMark:VCT\nVersion:"),
        ("a.txt", "[属性描述]\n格式版本号="),
        ("a.inp", "[JUNCTIONS]\n"),
        ("a.dem", "DataMark:CNSDTF-DEM\nVersion:"),
        ("a.wt", "WMAP`D21"),
        (
            "a.geojson",
            "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"n\":\"",
        ),
        (
            "b.geojson",
            "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"n\":",
        ),
        ("a.kml", "<?xml version=\"1.0\"?><kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document><name>"),
        (
            "a.gml",
            "<?xml version=\"1.0\"?><gml:FeatureCollection xmlns:gml=\"http://www.opengis.net/gml\"><a>",
        ),
        ("a.gpx", "<?xml version=\"1.0\"?><gpx version=\"1.1\"><wpt lat=\"29\" lon=\"111\"><name>"),
        ("a.xml", "<?xml version=\"1.0\"?><LandXML version=\"1.2\"><Units>"),
        ("a.dxf", "  0\nSECTION\n  2\nHEADER\n  9\n$ACADVER\n  1\n"),
        ("a.mif", "Version 300\nCharset \"Neutral\"\nColumns "),
        ("a.e00", "EXP  0 "),
        ("a.asc", "ncols 2\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 1\n"),
        ("a.osm.pbf", "\0\0\0\u{d}\n\u{9}OSMHeader\u{18}"),
        ("a.fgb", "fgb\u{3}fgb"),
        ("a.xlsx", "PK\u{3}\u{4}"),
        ("a.gpkg", "SQLite format 3\0"),
    ] {
        let mut file = OpenOptions::new().write(true).open(&path).unwrap();
        file.rewind().unwrap();
        file.write_all(&block[..256]).unwrap();
        file.rewind().unwrap();
        file.write_all(head.as_bytes()).unwrap();
        let named = path.with_file_name(name);
        fs::rename(&path, &named).unwrap();
        path = named;
        let out = confined(&city, &["import", path.to_str().unwrap(), "--crs", "EPSG:4546", "--no-tiles"]);
        let said = [out.stdout, out.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(out.status.code(), Some(1), "{name}: {said}");
        assert!(said.len() < 20_000, "{name}: the fault is told at length: {}", said.len());
        assert!(said.contains(name), "{name}: {said}");
    }
    let nothing = city.run(&["layers"]).expect(1);
    assert!(nothing.stderr.contains("there are no data"), "{}", nothing.stderr);
}

/// Files that try to have another file read: by reference, by entity, by a program's own way of naming sources.
fn reaching_for(path: &str) -> Vec<(&'static str, String)> {
    let vrt = format!(
        "<OGRVRTDataSource><OGRVRTLayer name=\"s\"><SrcDataSource>{path}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    );
    let entity = |root: &str, rest: &str| {
        format!(
            "<?xml version=\"1.0\"?><!DOCTYPE r [<!ENTITY s SYSTEM \"file://{path}\">]><{root}>{rest}</{root}>"
        )
    };
    let kml = "<Document><Placemark><name>&s;</name><Point><coordinates>111.7,29</coordinates></Point></Placemark></Document>";
    let mut all: Vec<(&str, String)> = [
        "a.vrt",
        "a.geojson",
        "a.kml",
        "a.gml",
        "a.csv",
        "a.dxf",
        "a.mif",
        "a.gpkg",
        "a.tif",
        "a.asc",
        "a.txt",
    ]
    .map(|name| (name, vrt.clone()))
    .into();
    all.extend([
        ("b.kml", entity("kml xmlns=\"http://www.opengis.net/kml/2.2\"", kml).replace("</kml xmlns=\"http://www.opengis.net/kml/2.2\">", "</kml>")),
        ("b.xml", entity("LandXML", "<Units>&s;</Units>")),
        ("b.gpx", entity("gpx", "<wpt lat=\"29\" lon=\"111.7\"><name>&s;</name></wpt>")),
        ("c.kml", format!("<kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document><NetworkLink><Link><href>{path}</href></Link></NetworkLink></Document></kml>")),
        ("c.geojson", format!("CSV:{path}")),
        ("c.gml", format!("<gml:FeatureCollection xmlns:gml=\"http://www.opengis.net/gml\" xmlns:xlink=\"http://www.w3.org/1999/xlink\"><gml:featureMember xlink:href=\"file://{path}\"/></gml:FeatureCollection>")),
        ("c.tif", format!("<VRTDataset rasterXSize=\"2\" rasterYSize=\"2\"><VRTRasterBand dataType=\"Byte\" band=\"1\"><SimpleSource><SourceFilename>{path}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>")),
    ]);
    all
}

/// A delivery by its name: the files in it with their bytes.
pub(crate) type Deliveries = BTreeMap<String, Vec<(String, Vec<u8>)>>;

/// Shapefiles with one fault each, texts that are wrong in one way, archives that climb and swell.
fn broken(dir: &Path) -> Deliveries {
    let mut all = Deliveries::new();
    let stem = dir.join("good");
    towns::write(&stem, &towns::DEGREES, towns::degrees, &[]).unwrap();
    let good = ["shp", "shx", "dbf"].map(|e| fs::read(stem.with_extension(e)).unwrap());
    let set = |part: usize, at: usize, new: &[u8]| {
        let mut parts = good.clone();
        parts[part][at..at + new.len()].copy_from_slice(new);
        parts
    };
    let cut = |part: usize, of: usize| {
        let mut parts = good.clone();
        let length = parts[part].len();
        parts[part].truncate(length / of);
        parts
    };
    let mut put = |name: &str, parts: [Vec<u8>; 3]| {
        let files = ["shp", "shx", "dbf"].into_iter().zip(parts).map(|(e, b)| (format!("{name}.{e}"), b));
        all.insert(name.to_owned(), files.collect());
    };
    put("type", set(0, 32, &99u32.to_le_bytes()));
    put("magic", set(0, 0, &[0; 4]));
    put("length", set(0, 24, &0x7fff_fff0u32.to_be_bytes()));
    put("record", set(0, 104, &(-10i32).to_be_bytes()));
    put("nan", set(0, 112, &f64::NAN.to_le_bytes()));
    put("huge", set(0, 112, &1e300f64.to_le_bytes()));
    put("rows", set(2, 4, &u32::MAX.to_le_bytes()));
    put("row of nothing", set(2, 10, &[0, 0]));
    put("head of nothing", set(2, 8, &[0, 0]));
    put("offsets", set(1, 100, &[0x7f; 400]));
    put("short shp", cut(0, 2));
    put("short shx", cut(1, 3));
    put("short dbf", cut(2, 2));
    put("nothing", [Vec::new(), Vec::new(), Vec::new()]);
    let stem = dir.join("area");
    let mut file = Shapefile::create_as(&stem, Shape::Polygon, towns::COLUMNS, &towns::DEGREES).unwrap();
    file.polygon(
        &[[111.6, 29.0], [111.7, 29.0], [111.7, 29.1]],
        &[Cell::Text("湖"), Cell::Null, Cell::Null, Cell::Null],
    )
    .unwrap();
    file.finish().unwrap();
    let area = ["shp", "shx", "dbf"].map(|e| fs::read(stem.with_extension(e)).unwrap());
    for (name, at) in [("parts", 144), ("points", 148)] {
        let mut parts = area.clone();
        parts[0][at..at + 4].copy_from_slice(&0x3fff_ffffu32.to_le_bytes());
        put(name, parts);
    }
    for (name, text) in [
        ("deep.geojson", "[".repeat(200_000)),
        ("nan.geojson", r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[NaN,29.0]}}]}"#.to_owned()),
        ("formula.csv", "name,lon,lat\n=cmd|' /C calc'!A0,111.69,29.03\n".to_owned()),
        ("laughs.gml", "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]><gml:FeatureCollection xmlns:gml=\"http://www.opengis.net/gml\"><gml:name>&c;</gml:name></gml:FeatureCollection>".to_owned()),
        ("passwd.kml", "<?xml version=\"1.0\"?><!DOCTYPE k [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document><Placemark><name>&x;</name><Point><coordinates>111.69,29.03</coordinates></Point></Placemark></Document></kml>".to_owned()),
    ] {
        all.insert(name.to_owned(), vec![(name.to_owned(), text.into_bytes())]);
    }
    all
}

#[test]
fn hostile_uploads_leave_the_server_well_and_tell_nothing_of_other_files() {
    let dir = tempfile::tempdir().unwrap();
    let deliveries = broken(dir.path());
    assert!(deliveries.len() > 20, "{}", deliveries.len());
    leave_the_server_well(deliveries);
}

/// Uploads, plans and checks each delivery, and those that reach for another file of the machine.
pub(crate) fn leave_the_server_well(mut deliveries: Deliveries) {
    let city = City::new();
    let server = city.serve(&[]);
    let page = Page::of(&city, &server);
    let sentinel = city.write("sentinel.csv", "name,lon,lat\n不可外传,111.7,29.0\n");
    for (name, text) in reaching_for(sentinel.to_str().unwrap()) {
        deliveries.insert(format!("reach {name}"), vec![(name.to_owned(), text.into_bytes())]);
    }
    for (what, files) in &deliveries {
        let files: Vec<(&str, Vec<u8>)> = files.iter().map(|(n, b)| (n.as_str(), b.clone())).collect();
        let id = page.deliver(&files);
        let said = json!({"choices": [{"layer": "placename.place", "crs": "EPSG:4490"}]});
        let mut job = page.step(&id, "plan", &said);
        if job["state"] == "planned" {
            job = page.step(&id, "check", &json!({}));
        }
        let state = job["state"].as_str().unwrap();
        assert!(["refused", "checked", "failed"].contains(&state), "{what}: {job}");
        assert!(!what.starts_with("reach") || state == "refused", "{what}: {job}");
        let report = page.ask("GET", &format!("/imports/{id}/report.json"), &[], b"");
        for told in [job.to_string(), report.text()] {
            assert!(!told.contains("不可外传") && !told.contains("root:x:"), "{what}: {told}");
        }
        assert_eq!(server.get("/health").status, 200, "{what}");
        assert_eq!(page.ask("DELETE", &format!("/imports/{id}"), &[], b"").status, 204, "{what}");
    }
    assert_eq!(server.json("/health")["head"], 0);
    let around = fs::read_dir(city.data().parent().unwrap()).unwrap();
    let mut around: Vec<_> = around.map(|e| e.unwrap().file_name()).collect();
    around.sort();
    assert_eq!(around, ["data", "in"], "something was written outside");
}
