//! Files made to break readers: refused or quarantined, each for the reason it was made with.

use super::written::{Cell, Column, Manner, Shape, Shapefile, towns};
use super::*;
use ditu_model::LayerId;
use std::io::Write;

pub(super) enum Outcome {
    /// Refused before a row was read.
    Refused(&'static str),
    /// The stream ends in an error: nothing is committed.
    Aborted,
    /// Rows kept, and findings of a rule.
    Kept(u64, &'static str, u64),
}
use Outcome::{Aborted, Kept, Refused};

pub(super) fn meets(path: &Path, layer: &str, crs: Option<u32>, outcome: &Outcome) {
    let what = path.display();
    let (_scratch, plan) = planned(&[path.to_owned()], |o| {
        o.all().layer = LayerId::new(layer);
        o.all().crs = crs.map(CrsChoice::Epsg);
        o.city = None;
    });
    match (plan, outcome) {
        (Err(r), Refused(rule)) => assert_eq!(rules(&r), [*rule], "{what}"),
        (Ok(plan), Aborted) => assert!(drained(plan).0.is_err(), "{what}"),
        (Ok(plan), Kept(n, rule, findings)) => {
            let (result, report) = drained(plan);
            assert!(result.is_ok(), "{what}: {result:?}");
            let told = report.summary(crate::Lang::En);
            assert_eq!((report.committed(), count(&report, rule)), (*n, *findings), "{what}: {told}");
        }
        (Err(r), _) => panic!("{what}: {r}"),
        (Ok(_), Refused(rule)) => panic!("{what} should be refused: {rule}"),
    }
}

/// Fails unless a file is answered for every layer: rows all counted, a report, a refusal that names no folder.
pub(super) fn answered(file: &Path) {
    for layer in ["placename.place", "water.area", "transport.road"] {
        let (_scratch, plan) = planned(&[file.to_owned()], |o| {
            o.all().layer = LayerId::new(layer);
            o.all().crs = Some(CrsChoice::Epsg(4490));
            o.city = None;
        });
        match plan {
            Ok(plan) => {
                let (_, report) = drained(plan);
                assert!(report.to_html().ends_with("</html>\n"));
                assert!(report.to_json()["findings"].is_array());
            }
            Err(refusal) => {
                assert!(!refusal.findings.is_empty(), "{}", file.display());
                let written = refusal.to_string();
                assert!(!written.contains(&*file.parent().unwrap().to_string_lossy()), "{written}");
            }
        }
    }
}

const AREA: &[Column] = &[("名称", 'C', 20, 0)];

/// What is done to the bytes of a good shapefile.
type Break = fn(&mut Vec<u8>, &mut Vec<u8>, &mut Vec<u8>);

fn set(bytes: &mut [u8], at: usize, new: &[u8]) {
    bytes[at..at + new.len()].copy_from_slice(new);
}

/// The first record of a file begins at byte 100: number, length, type, and for an area box, counts, starts, points.
const RECORD: usize = 100;

/// Points with one fault each: what is done to `.shp`, `.shx` and `.dbf`, and what comes of it.
fn points() -> Vec<(&'static str, Break, Outcome)> {
    let all = towns::all().len() as u64;
    vec![
        ("dbf_reclen_zero", |_, _, dbf| set(dbf, 10, &[0, 0]), Refused("file.damaged")),
        ("dbf_truncated", |_, _, dbf| dbf.truncate(dbf.len() / 2), Refused("file.damaged")),
        (
            "empty_files",
            |shp, shx, dbf| [shp, shx, dbf].into_iter().for_each(Vec::clear),
            Refused("file.empty"),
        ),
        (
            "header_length_lies",
            |shp, _, _| set(shp, 24, &0x7fff_fff0u32.to_be_bytes()),
            Kept(all, "shapefile.length", 1),
        ),
        (
            "huge_coords",
            |shp, _, _| set(shp, RECORD + 12, &1e300f64.to_le_bytes()),
            Kept(all - 1, "geometry.outside_crs", 1),
        ),
        (
            "nan_coords",
            |shp, _, _| set(shp, RECORD + 12, &f64::NAN.to_le_bytes()),
            Kept(all - 1, "geometry.not_finite", 1),
        ),
        (
            "inf_coords",
            |shp, _, _| set(shp, RECORD + 20, &f64::INFINITY.to_le_bytes()),
            Kept(all - 1, "geometry.not_finite", 1),
        ),
        (
            "negative_content_length",
            |shp, _, _| set(shp, RECORD + 4, &(-10i32).to_be_bytes()),
            Kept(all - 1, "geometry.unreadable", 1),
        ),
        (
            "shx_garbage_offsets",
            |_, shx, _| {
                (0..shx.len() / 8 - 12)
                    .for_each(|i| set(shx, 100 + i * 8, &(0x7fff_ffff - i as u32).to_be_bytes()))
            },
            Kept(all, "shapefile.index", 1),
        ),
        ("shx_short", |_, shx, _| shx.truncate(180), Kept(all, "shapefile.index", 1)),
        ("truncated_shp", |shp, _, _| shp.truncate(shp.len() * 6 / 10), Refused("file.damaged")),
        ("unknown_shape_type", |shp, _, _| set(shp, 32, &99u32.to_le_bytes()), Refused("format.unsupported")),
        ("wrong_magic", |shp, _, _| set(shp, 0, &[0; 4]), Refused("file.damaged")),
    ]
}

/// Areas with one fault each: the ring as written, what is done to the bytes, and what comes of it.
fn areas() -> Vec<(&'static str, Vec<[f64; 2]>, Break, Outcome)> {
    let (w, s, e, n) = (111.6, 29.0, 111.7, 29.1);
    let square = vec![[w, s], [w, n], [e, n], [e, s], [w, s]];
    vec![
        ("good", square.clone(), |_, _, _| {}, Kept(1, "geometry.self_intersection", 0)),
        (
            "wrong_winding",
            square.iter().rev().copied().collect(),
            |_, _, _| {},
            Kept(1, "geometry.self_intersection", 0),
        ),
        (
            "bowtie",
            vec![[w, s], [e, n], [e, s], [w, n], [w, s]],
            |_, _, _| {},
            Kept(1, "geometry.self_intersection", 1),
        ),
        ("unclosed_ring", square[..4].to_vec(), |_, _, _| {}, Kept(1, "geometry.open_ring", 1)),
        ("zero_area_spike", vec![[w, s], [e, s], [w, s], [w, s]], |_, _, _| {}, Aborted),
        (
            "numparts_huge",
            square.clone(),
            |shp, _, _| set(shp, RECORD + 44, &0x3fff_ffffu32.to_le_bytes()),
            Aborted,
        ),
        ("numpoints_huge", square, |shp, _, _| set(shp, RECORD + 48, &0x3fff_ffffu32.to_le_bytes()), Aborted),
    ]
}

/// The broken shapefiles in a folder: path, layer that takes them, what comes of it.
pub(crate) fn broken_shapefiles(dir: &Path) -> Vec<(PathBuf, &'static str, Outcome)> {
    let after = |stem: &Path, change: Break| {
        let part = |e: &str| std::fs::read(stem.with_extension(e)).unwrap();
        let (mut shp, mut shx, mut dbf) = (part("shp"), part("shx"), part("dbf"));
        change(&mut shp, &mut shx, &mut dbf);
        for (ending, bytes) in [("shp", shp), ("shx", shx), ("dbf", dbf)] {
            std::fs::write(stem.with_extension(ending), bytes).unwrap();
        }
    };
    let mut all = Vec::new();
    for (name, change, outcome) in points() {
        let stem = dir.join(name);
        towns::write(&stem, &towns::DEGREES, towns::degrees, &[]).unwrap();
        after(&stem, change);
        all.push((stem.with_extension("shp"), "placename.place", outcome));
    }
    for (name, ring, change, outcome) in areas() {
        let stem = dir.join(name);
        let mut file = Shapefile::create_as(&stem, Shape::Polygon, AREA, &towns::DEGREES).unwrap();
        file.put_shape(&[&ring], &[Cell::Text("柳叶湖")]).unwrap();
        file.finish().unwrap();
        after(&stem, change);
        all.push((stem.with_extension("shp"), "water.area", outcome));
    }
    for (missing, outcome) in
        [("dbf", Refused("file.incomplete")), ("shx", Kept(towns::all().len() as u64, "shapefile.index", 1))]
    {
        let stem = dir.join(format!("missing_{missing}"));
        towns::write(&stem, &towns::DEGREES, towns::degrees, &[]).unwrap();
        std::fs::remove_file(stem.with_extension(missing)).unwrap();
        all.push((stem.with_extension("shp"), "placename.place", outcome));
    }
    all
}

#[test]
fn broken_shapefiles_are_refused_or_their_broken_rows_kept_out() {
    let dir = tempfile::tempdir().unwrap();
    for (path, layer, outcome) in broken_shapefiles(dir.path()) {
        meets(&path, layer, Some(4490), &outcome);
    }
}

fn archive(path: &Path, files: &[(&str, &[u8])]) {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}

/// Files that reach out or blow up, and the rule that each is refused by.
pub(crate) fn reaching(dir: &Path) -> Vec<(PathBuf, &'static str)> {
    let kml = |body: &str| {
        format!(
            "<kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document><Placemark><name>{body}</name><Point><coordinates>111.69,29.03</coordinates></Point></Placemark></Document></kml>"
        )
    };
    let mut laughs = String::from("<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"ha\">");
    for (more, less) in "bcdefghij".chars().zip("abcdefghi".chars()) {
        laughs += &format!("<!ENTITY {more} \"{}\">", format!("&{less};").repeat(10));
    }
    laughs += "]><gml:FeatureCollection xmlns:gml=\"http://www.opengis.net/gml\"><gml:name>&j;</gml:name></gml:FeatureCollection>";
    let texts = [
        ("xxe.kml", format!("<?xml version=\"1.0\"?><!DOCTYPE k [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>{}", kml("&x;")), "format.entities"),
        ("laughs.gml", laughs, "format.entities"),
        ("a.vrt", "<OGRVRTDataSource><OGRVRTLayer name=\"s\"><SrcDataSource>s.csv</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>".to_owned(), "format.reference"),
    ];
    let mut all = Vec::new();
    for (name, text, rule) in texts {
        std::fs::write(dir.join(name), text).unwrap();
        all.push((dir.join(name), rule));
    }
    archive(&dir.join("traversal.zip"), &[("../../evil.shp", b"x"), ("ok/readme.txt", b"x")]);
    archive(&dir.join("bomb.zip"), &[("bomb.shp", &vec![0; 50_000_000])]);
    all.extend([(dir.join("traversal.zip"), "archive.unsafe_name"), (dir.join("bomb.zip"), "archive.bomb")]);
    all
}

#[test]
fn s3_s4_s5_files_that_reach_out_or_blow_up_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (path, rule) in reaching(dir.path()) {
        meets(&path, "placename.place", Some(4490), &Refused(rule));
    }
    // GDAL looks at content, not names: a VRT under another name must not be opened either.
    let sentinel = dir.path().join("sentinel.csv");
    std::fs::write(&sentinel, "name,lon,lat\nsecret,111.7,29.0\n").unwrap();
    let vrt = format!(
        "<OGRVRTDataSource><OGRVRTLayer name=\"sentinel\"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
        sentinel.display()
    );
    for name in ["x.geojson", "x.kml", "x.gml", "x.gpkg", "x.csv", "x.dxf"] {
        let path = dir.path().join(name);
        std::fs::write(&path, &vrt).unwrap();
        let (_scratch, plan) = planned(&[path], |_| {});
        assert_eq!(rules(&plan.unwrap_err()), ["format.reference"], "{name}");
    }
}

/// Small texts that are wrong in one way each.
const TEXTS: [(&str, &str); 24] = [
    ("blank.csv", ""),
    ("blanks.csv", "\n\n  \n"),
    (
        "formula.csv",
        "name,lon,lat\n=cmd|' /C calc'!A0,111.69,29.03\n@SUM(1),111.7,29.0\n\"multi\nline\",111.6,29.1\n",
    ),
    ("wide.csv", "name,lon,lat\na,111.7,29,1,2,3\nb,111.7,29\n"),
    ("narrow.csv", "name,lon,lat\na,111.7\nb\n"),
    ("separators.csv", "name;lon,lat\na;111.7,29\nb,111.7;29\n"),
    ("headless.csv", "a,111.7,29\nb,111.8,29\n"),
    ("one.csv", "a,111.7,29"),
    ("wkt.csv", "name,wkt\na,POINT(\nb,POLYGON((1 1,2 2\nc,NOTHING(1 2)\nd,POINT(111.7 29)\n"),
    ("numbers.csv", "name,lon,lat\na,x,y\nb,1e999,29\nc,,\nd,111.7,29\n"),
    ("quote.csv", "name,lon,lat\n\"a,111.7,29\nb,111.7,29\n"),
    ("nul.csv", "name,lon,lat\na\0b,111.7,29\n"),
    (
        "null.geojson",
        r#"{"type":"FeatureCollection","features":[null,{"type":"Feature","properties":null,"geometry":null}]}"#,
    ),
    (
        "nan.geojson",
        r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[NaN,29.0]}}]}"#,
    ),
    ("cut.geojson", r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"#),
    (
        "wrong.geojson",
        r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":"x"}}]}"#,
    ),
    (
        "short.geojson",
        r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[111,29],[112,29]]]}}]}"#,
    ),
    (
        "hollow.geojson",
        r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[]}}]}"#,
    ),
    ("arc.topojson", r#"{"type":"Topology","objects":{"a":{"type":"LineString","arcs":[7]}},"arcs":[]}"#),
    ("bare.json", r#"{"type":"Point","coordinates":[]}"#),
    (
        "bowtie.geojson",
        r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"湖"},"geometry":{"type":"Polygon","coordinates":[[[111,29],[111.1,29.1],[111.1,29],[111,29.1],[111,29]]]}}]}"#,
    ),
    (
        "a.kml",
        "<kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document><Placemark><name>x</name><Point><coordinates>a,b</coordinates></Point></Placemark></Document></kml>",
    ),
    (
        "a.gpx",
        "<?xml version=\"1.0\"?><gpx version=\"1.1\"><wpt lat=\"x\" lon=\"\"><name>a</name></wpt></gpx>",
    ),
    (
        "a.dxf",
        "0\nSECTION\n2\nENTITIES\n0\nLWPOLYLINE\n8\n0\n90\n999999999\n10\nx\n20\n\n0\nENDSEC\n0\nEOF\n",
    ),
];

#[test]
fn every_hostile_file_ends_without_a_panic_and_counts_every_row() {
    let dir = tempfile::tempdir().unwrap();
    let mut files: Vec<PathBuf> = broken_shapefiles(dir.path()).into_iter().map(|b| b.0).collect();
    files.extend(reaching(dir.path()).into_iter().map(|r| r.0));
    for (name, text) in TEXTS {
        std::fs::write(dir.path().join(name), text).unwrap();
        files.push(dir.path().join(name));
    }
    assert!(files.len() > 50, "{}", files.len());
    files.iter().for_each(|file| answered(file));
}

#[test]
fn a_layer_is_never_replaced_by_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("empty");
    let utf8 = Manner { encoding: encoding_rs::UTF_8, ..towns::DEGREES };
    Shapefile::create_as(&path, Shape::PointZ, AREA, &utf8).unwrap().finish().unwrap();
    meets(&path.with_extension("shp"), "placename.place", None, &Refused("file.empty"));
    let path = dir.path().join("nan.geojson");
    let nan = TEXTS.iter().find(|t| t.0 == "nan.geojson").unwrap().1;
    std::fs::write(&path, nan).unwrap();
    meets(&path, "placename.place", None, &Aborted);
}
