//! The worker: what it reads, and files that try to get out.

mod shared;

use crate::*;
use shared::data;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Not a test of its own: what [`Worker::of_test`] starts.
#[test]
fn worker() {
    Worker::serve_if_asked();
}

/// Heights in metres, as the file has them.
fn plain() -> GridOptions {
    GridOptions { epsg: None, range: [-500.0, 9000.0], nodata: None, undeclared: false, metres: 1.0 }
}

fn start() -> Worker {
    Worker::of_test("tests::worker").unwrap()
}

fn rows(path: &Path, layer: &str, options: &ReadOptions) -> Vec<SourceRow> {
    start().read(path, layer, options).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_geopackage_is_described_and_read_with_chinese_text_and_curves_stroked() {
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("in.csv");
    let wkt = "CURVEPOLYGON(CIRCULARSTRING(111 29,111.5 29.5,112 29,111.5 28.5,111 29))";
    std::fs::write(&csv, format!("WKT,名称,n,d\n\"{wkt}\",沅江,7,2024-02-29\n,空,,\n")).unwrap();
    let out = dir.path().join("out.gpkg");
    let ok = Command::new("ogr2ogr")
        .args(["-f", "GPKG", "-a_srs", "EPSG:4490", "-nln", "水域", "-oo", "AUTODETECT_TYPE=YES"])
        .args([&out, &csv])
        .status()
        .unwrap();
    assert!(ok.success());
    let description = start().describe(&out).unwrap();
    assert_eq!(description.driver, "GPKG");
    let layer = &description.layers[0];
    assert_eq!((layer.name.as_str(), layer.features), ("水域", Some(2)));
    assert_eq!(layer.srs.as_ref().unwrap().epsg, Some(4490));
    assert!(layer.fields.iter().any(|f| f.name == "名称" && f.kind == "String"));
    let rows = rows(&out, "水域", &ReadOptions::default());
    let name = layer.fields.iter().position(|f| f.name == "名称").unwrap();
    assert_eq!(rows[0].values[name], SourceValue::Text("沅江".into()));
    assert!(rows[0].values.contains(&SourceValue::Date(ditu_model::Date::new(2024, 2, 29).unwrap())));
    let circle = rows[0].geometry.as_ref().unwrap().as_ref().unwrap();
    for c in &circle.coords {
        let r = (c[0] - 111.5).hypot(c[1] - 29.0);
        assert!((r - 0.5).abs() < 1e-9, "every stroked vertex lies on the circle: {r}");
    }
    assert!(circle.coords.len() >= 720);
    assert!(rows[1].geometry.is_none());
}

/// A railway's curve has kilometres of radius; half a degree of 30 km is 28 cm off its chord.
#[test]
fn arcs_of_any_radius_stay_within_a_centimetre() {
    let dir = tempfile::tempdir().unwrap();
    let (x, y) = (568_000.0, 3_212_000.0);
    let radii = [5.0, 1_000.0, 30_000.0, 2_000_000.0];
    let arcs = radii.map(|r: f64| {
        // A kilometre of it, or a quarter.
        let at = |part: f64| {
            let angle = (1_000.0 / r).min(std::f64::consts::FRAC_PI_2) * part;
            format!("{} {}", x + r * angle.cos(), y + r * angle.sin())
        };
        let [from, middle, to] = [0.0, 0.5, 1.0].map(at);
        format!(
            "\"CURVEPOLYGON(COMPOUNDCURVE(CIRCULARSTRING({from},{middle},{to}),({to},{x} {y},{from})))\",1\n"
        )
    });
    let csv = dir.path().join("in.csv");
    std::fs::write(&csv, format!("WKT,n\n{}", arcs.concat())).unwrap();
    let out = dir.path().join("out.gpkg");
    let ok = Command::new("ogr2ogr")
        .args(["-f", "GPKG", "-a_srs", "EPSG:4546", "-nln", "arcs"])
        .args([&out, &csv])
        .status()
        .unwrap();
    assert!(ok.success());
    let rows = rows(&out, "arcs", &ReadOptions::default());
    for (row, radius) in rows.iter().zip(radii) {
        let ring = &row.geometry.as_ref().unwrap().as_ref().unwrap().coords;
        let off = |p: [f64; 2]| radius - (p[0] - x).hypot(p[1] - y);
        let on: Vec<_> =
            ring.windows(2).filter(|w| off(w[0]).abs() < 1e-3 && off(w[1]).abs() < 1e-3).collect();
        assert!(on.len() >= 5, "{radius}: {}", on.len());
        for w in &on {
            let middle = off([(w[0][0] + w[1][0]) / 2.0, (w[0][1] + w[1][1]) / 2.0]);
            assert!(middle < 0.010_01, "{radius}: {middle}");
        }
    }
    assert_eq!(rows.len(), radii.len());
}

/// An arc that rounding left a tenth of a millimetre off its chord has a radius of a hundred kilometres.
#[test]
fn a_nearly_straight_arc_does_not_make_the_others_dense() {
    let dir = tempfile::tempdir().unwrap();
    let (x, y) = (568_000.0, 3_212_000.0);
    let half = |i: f64| {
        let from = x + 20.0 * i;
        format!("CIRCULARSTRING({from} {y},{} {},{} {y})", from + 5.0, y + 5.0, from + 10.0)
    };
    let halves: Vec<String> = (0..40).map(|i| half(f64::from(i))).collect();
    let flat = format!("CIRCULARSTRING({x} {y},{} {},{} {y})", x + 50.0, y + 1e-4, x + 100.0);
    let all = halves.join(",");
    let csv = dir.path().join("in.csv");
    std::fs::write(&csv, format!("WKT,n\n\"MULTICURVE({all})\",1\n\"MULTICURVE({all},{flat})\",2\n"))
        .unwrap();
    let out = dir.path().join("out.gpkg");
    let ok = Command::new("ogr2ogr")
        .args(["-f", "GPKG", "-a_srs", "EPSG:4546", "-nln", "arcs"])
        .args([&out, &csv])
        .status()
        .unwrap();
    assert!(ok.success());
    let rows = rows(&out, "arcs", &ReadOptions::default());
    let count = |i: usize| rows[i].geometry.as_ref().unwrap().as_ref().unwrap().coords.len();
    assert!(count(1) < count(0) + 400, "{} and {}", count(0), count(1));
}

#[test]
fn bytes_that_are_not_utf8_come_as_they_are() {
    let path = data("survey/shp-encodings/derived-changde/gbk_nocpg_ldid0.shp");
    let raw = ReadOptions { encoding: Some(String::new()), ..ReadOptions::default() };
    let rows = rows(&path, "gbk_nocpg_ldid0", &raw);
    assert_eq!(rows.len(), 162);
    assert!(rows.iter().any(|r| r.values.iter().any(|v| matches!(v, SourceValue::Bytes(_)))));
}

#[test]
fn a_raster_becomes_a_grid_in_degrees_that_agrees_with_gdal() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("g.grid");
    let path = data("terrain/N42E001_crop300.asc");
    let info = start().grid(&path, &out, &plain()).unwrap();
    assert_eq!((info.min, info.max), (803.0, 3100.0));
    let grid = ditu_terrain::Grid::open(&out).unwrap();
    let b = grid.bounds();
    let (lon, lat) = ((b.min[0] + b.max[0]) / 2.0, (b.min[1] + b.max[1]) / 2.0);
    let said = Command::new("gdallocationinfo")
        .args(["-valonly", "-geoloc", path.to_str().unwrap(), &lon.to_string(), &lat.to_string()])
        .output()
        .unwrap();
    let said: f32 = String::from_utf8(said.stdout).unwrap().trim().parse().unwrap();
    let ours = grid.sample(lon, lat).unwrap();
    assert!((said - ours).abs() < 40.0, "{said} and {ours} are of one slope");
    assert!(matches!(
        start().grid(&data("terrain/truncated.tiff"), &out, &plain()),
        Err(GdalError::Unreadable(_))
    ));
}

/// A driver that is refused memory calls the file broken, or is killed: neither is the file's fault.
#[test]
fn a_file_too_large_for_memory_is_not_called_broken() {
    for answer in ["printf '\\000ditu-g\\nM\\000\\000\\000\\000'", "kill -ABRT $$", "kill -KILL $$"] {
        let worker = Worker::new("/bin/sh".into(), vec!["-c".into(), answer.into()]);
        let said = worker.describe(&data("terrain/truncated.tiff"));
        assert!(matches!(said, Err(GdalError::TooLarge)), "{answer}: {said:?}");
    }
}

#[test]
fn old_datums_are_not_moved_by_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("a.geojson");
    let feature =
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[568041,3212973]}}"#;
    std::fs::write(&source, format!(r#"{{"type":"FeatureCollection","features":[{feature}]}}"#)).unwrap();
    let as_crs = |code: &str| {
        let out = dir.path().join(format!("{code}.gpkg"));
        let ok = Command::new("ogr2ogr")
            .args(["-f", "GPKG", "-nln", "t", "-a_srs", &format!("EPSG:{code}")])
            .args([&out, &source])
            .status();
        assert!(ok.unwrap().success());
        let options = ReadOptions { to_cgcs2000: true, ..ReadOptions::default() };
        start().read(&out, "t", &options).unwrap().next().unwrap()
    };
    let row = as_crs("4546").unwrap();
    let p = row.geometry.unwrap().unwrap().coords[0];
    assert!((p[0] - 111.6985).abs() < 1e-5 && (p[1] - 29.0316).abs() < 1e-5, "{p:?}");
    for old in ["2382", "2434"] {
        assert!(matches!(as_crs(old), Err(GdalError::Unreadable(_))), "EPSG:{old}");
    }
}

#[test]
fn u_a_vrt_in_disguise_reads_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret.csv");
    std::fs::write(&secret, "x,y,word\n1,2,sentinel\n").unwrap();
    let vrt = dir.path().join("innocent.geojson");
    let text = format!(
        "<OGRVRTDataSource><OGRVRTLayer name=\"secret\"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
        secret.display()
    );
    std::fs::write(&vrt, text).unwrap();
    assert!(matches!(start().describe(&vrt), Err(GdalError::Unreadable(_))));
}

#[test]
fn the_sandbox_keeps_files_beside_the_delivery_closed_where_the_kernel_can() {
    // Opening a sibling folder's file through an absolute path stored in the delivery: a GeoPackage cannot, a shapefile's
    // .dbf of the same stem can. The worker itself tries, so that the rule is seen and not the driver's politeness.
    let dir = tempfile::tempdir().unwrap();
    let inside = dir.path().join("a.txt");
    let other = tempfile::tempdir().unwrap();
    let outside = other.path().join("b.txt");
    std::fs::write(&inside, "in").unwrap();
    std::fs::write(&outside, "out").unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::probe", "--nocapture", "--test-threads=1"])
        .env("DITU_PROBE", format!("{}\n{}", inside.display(), outside.display()))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("inside readable"), "{text}");
    assert!(text.contains("nothing written"), "{text}");
    assert!(text.contains("no network"), "{text}");
    assert!(text.contains("outside closed") || text.contains("no landlock"), "{text}");
}

/// Not a test of its own: enters the sandbox and says what it can still do.
#[test]
fn probe() {
    let Ok(paths) = std::env::var("DITU_PROBE") else { return };
    let (inside, outside) = paths.split_once('\n').unwrap();
    let landlock = worker::probe_sandbox(Path::new(inside));
    println!("{}", if landlock { "landlock" } else { "no landlock" });
    if std::fs::read(inside).is_ok() {
        println!("inside readable");
    }
    if std::fs::read(outside).is_err() {
        println!("outside closed");
    }
    let target = Path::new(inside).with_file_name("new.txt");
    if std::fs::write(&target, "x").is_err() || std::fs::metadata(&target).is_ok_and(|m| m.len() == 0) {
        println!("nothing written");
    }
    let far = std::net::UdpSocket::bind("127.0.0.1:0").and_then(|s| s.send_to(b"x", "192.0.2.1:9"));
    if far.is_err() {
        println!("no network");
    }
}

/// The processes that this one started and that still run.
fn children() -> Vec<u32> {
    let me = std::process::id();
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = all.filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let after = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        let mut fields = after.split(' ');
        fields.next() != Some("Z") && fields.next() == Some(me.to_string().as_str())
    })
    .collect()
}

#[test]
fn a_worker_answers_again_and_no_more_than_two_wait() {
    let folder = data("survey/shp-geometry-types");
    let files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "shp") && p.with_extension("shx").exists())
        .collect();
    assert!(files.len() > 3);
    let worker = start();
    for path in &files {
        let layer = path.file_stem().unwrap().to_str().unwrap();
        let features = worker.describe(path).unwrap().layers[0].features;
        let first = children();
        for wanted in [usize::MAX, 1, usize::MAX] {
            let rows = worker.read(path, layer, &ReadOptions::default()).unwrap();
            let read: Vec<SourceRow> = rows.take(wanted).collect::<Result<_, _>>().unwrap();
            assert_eq!(read.len() as u64, features.unwrap().min(wanted as u64), "{layer}");
        }
        assert_eq!(children(), first, "the same processes answered");
        assert!(first.len() <= 2, "{first:?}");
    }
    drop(worker);
    assert_eq!(children(), [0u32; 0]);
}

/// What nobody wanted of an answer does not become the next one, however far the worker was.
#[test]
fn an_answer_cut_short_leaves_nothing_in_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("many.csv");
    let text: String = (0..60_000).map(|i| format!("{i},常德市武陵区第{i}号地名点及其说明文字\n")).collect();
    std::fs::write(&csv, format!("n,name\n{text}")).unwrap();
    let path = dir.path().join("many.gpkg");
    assert!(Command::new("ogr2ogr").args(["-f", "GPKG"]).args([&path, &csv]).status().unwrap().success());
    let worker = start();
    for taken in [1, 20_000, 45_000, 60_000, 59_999, 5] {
        let rows = worker.read(&path, "many", &ReadOptions::default()).unwrap();
        let got: Vec<SourceRow> = rows.take(taken).map(Result::unwrap).collect();
        assert_eq!(got.len(), taken);
        assert_eq!(got[0].values[0], SourceValue::Text("0".into()));
        assert_eq!(worker.describe(&path).unwrap().layers.len(), 1);
    }
}

/// Blocked in the middle of an answer that nobody takes, as a driver may be in the middle of a file.
#[test]
fn a_worker_ends_with_its_parent() {
    use std::io::{Read, Write};
    let path = data("survey/shp-encodings/derived-changde/gbk_nocpg_ldid0.shp").canonicalize().unwrap();
    let told = start();
    let mut child = Command::new(&told.program)
        .args(&told.args)
        .envs(told.env)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let opening = worker::Opening { path, options: ReadOptions::default() };
    writeln!(stdin, "{}", serde_json::to_string(&opening).unwrap()).unwrap();
    let question = worker::Question::Read { layer: "gbk_nocpg_ldid0".into(), to_cgcs2000: false };
    let line = serde_json::to_string(&question).unwrap();
    // So many answers that the pipe is full.
    (0..200).for_each(|_| writeln!(stdin, "{line}").unwrap());
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 64]).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(child.try_wait().unwrap(), None);
    drop(stdin);
    let began = std::time::Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(began.elapsed().as_secs() < 20, "it still runs");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn a_worker_that_is_left_alone_ends() {
    let path = data("survey/shp-encodings/derived-changde/gbk_nocpg_ldid0.shp");
    let mut rows = start().read(&path, "gbk_nocpg_ldid0", &ReadOptions::default()).unwrap();
    rows.next().unwrap().unwrap();
    drop(rows); // Kills and reaps: a second one starts at once.
    assert!(start().describe(&path).is_ok());
}

proptest::proptest! {
    #[test]
    fn any_bytes_in_a_frame_are_answered(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let _ = frame::rows(&bytes);
        let _ = frame::read(&mut bytes.as_slice());
    }
}
