//! What single formats have that others do not.

use super::written::{OVKML, gdal};
use super::*;
use ditu_crs::Crs;
use ditu_model::LayerId;

#[test]
fn aliases_and_domains_of_a_geodatabase_say_what_columns_and_codes_mean() {
    let dir = tempfile::tempdir().unwrap();
    let (csv, gpkg, gdb) = (dir.path().join("a.csv"), dir.path().join("a.gpkg"), dir.path().join("房屋.gdb"));
    let square = |x: f64| format!("POLYGON(({x} 29,{} 29,{} 29.0001,{x} 29))", x + 1e-4, x + 1e-4);
    let (a, b) = (square(111.7), square(111.8));
    std::fs::write(&csv, format!("WKT,FWYT,MC\n\"{a}\",1,甲楼\n\"{b}\",9,乙楼\n")).unwrap();
    let run = |program: &str, args: &[&std::ffi::OsStr]| {
        let done = std::process::Command::new(program).args(args).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let os = |s: &'static str| std::ffi::OsStr::new(s);
    let typed =
        ["-oo", "AUTODETECT_TYPE=YES", "-f", "GPKG", "-a_srs", "EPSG:4490", "-nln", "FW", "-nlt", "POLYGON"]
            .map(os);
    run("ogr2ogr", &[&typed[..], &[gpkg.as_os_str(), csv.as_os_str()]].concat());
    for sql in [
        "CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT)",
        "CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT)",
        "INSERT INTO gpkg_data_columns VALUES ('FW', 'FWYT', NULL, NULL, NULL, NULL, 'use')",
        "INSERT INTO gpkg_data_column_constraints VALUES ('use', 'enum', '1', NULL, NULL, NULL, NULL, '成套住宅')",
        "INSERT INTO gpkg_data_column_constraints VALUES ('use', 'enum', '2', NULL, NULL, NULL, NULL, '厂房')",
        "INSERT INTO gpkg_extensions VALUES ('gpkg_data_columns', NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/', 'read-write')",
        "INSERT INTO gpkg_extensions VALUES ('gpkg_data_column_constraints', NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/', 'read-write')",
    ] {
        run("ogrinfo", &[gpkg.as_os_str(), os("-q"), os("-sql"), std::ffi::OsStr::new(sql)]);
    }
    run("ogr2ogr", &[os("-f"), os("OpenFileGDB"), gdb.as_os_str(), gpkg.as_os_str()]);
    for path in [gpkg, gdb] {
        let (_scratch, plan) = planned(&[path], |_| {});
        let plan = plan.unwrap_or_else(|r| panic!("{r}"));
        assert_eq!(plan.datasets()[0].layer.as_str(), "cadastre.building");
        let (rows, report) = drained(plan);
        let rows = &rows.unwrap()["cadastre.building"];
        let kind = |i: usize| value("cadastre.building", &rows[i], "kind");
        // The name is in the code list; what is in no domain is left for the code list to say.
        assert_eq!((kind(0).to_string().as_str(), kind(1).is_null()), ("residential", true));
        assert_eq!((count(&report, "field.domain"), count(&report, "value.code")), (1, 1));
    }
}

/// A drawing (R2000) of these entities, two lines an item.
fn drawing(header: &str, entities: &str) -> String {
    let pairs = |text: &str| text.split_whitespace().map(|w| format!("{w}\n")).collect::<String>();
    pairs(&format!("0 SECTION 2 HEADER {header} 0 ENDSEC 0 SECTION 2 ENTITIES {entities} 0 ENDSEC 0 EOF"))
}

#[test]
fn ovital_files_are_read_asked_about_or_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("地名.ovkmz");
    let pack = |text: &str| {
        let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
        zip.start_file("doc.kml", zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
        zip.finish().unwrap();
    };
    let place = |o: &mut Options| o.all().layer = LayerId::new("placename.place");
    pack(&OVKML.replace(">1<", ">CGCS2000<"));
    let (_scratch, plan) = planned(std::slice::from_ref(&path), place);
    let rows = drained(plan.unwrap_or_else(|r| panic!("{r}"))).0.unwrap();
    assert_eq!(rows["placename.place"][0].geometry.as_ref().unwrap().coords, [[111.7041, 29.0286]]);
    pack(&OVKML.replace("<OvCoordType>1</OvCoordType>", ""));
    let (_scratch, plan) = planned(std::slice::from_ref(&path), place);
    assert_eq!(rules(&plan.unwrap_err()), ["crs.unclear"]);
    for (name, bytes, said) in [
        (
            "a.ovjsn",
            &br#"{"Version":1,"ObjItems":[{"Object":{"ObjectDetail":{"Lat":29,"Lng":111}}}]}"#[..],
            "OVJSN",
        ),
        ("a.ovobj", b"OviO\x01\x02\x03", "OVOBJ"),
    ] {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let (_scratch, plan) = planned(&[path], place);
        let refused = plan.unwrap_err();
        assert_eq!(rules(&refused), ["format.unsupported"], "{name}");
        assert!(refused.to_string().contains(said), "{refused}");
    }
}

/// CASS writes a spot's height as the symbol's Z; others beside it, as an attribute. GDAL gives a spline no height.
#[test]
fn heights_of_symbols_and_splines_come_from_where_the_drawing_has_them() {
    let block = "0 BLOCK 8 0 2 GC200 70 2 10 0 20 0 30 0 0 POINT 8 0 10 0 20 0 0 ENDBLK";
    let (x, y) = (568_000, 3_212_000);
    let spot = |i: i32, z: f64, height: &str| {
        let (x, y) = (x + i * 10, y);
        format!(
            "0 INSERT 8 GCD 66 1 2 GC200 10 {x} 20 {y} 30 {z} \
             0 ATTRIB 8 GCD 10 {x} 20 {y} 40 1 1 {height} 2 height 70 0 0 SEQEND 8 GCD "
        )
    };
    let points = |z: i32| {
        (0..4).map(|i| format!("10 {} 20 {} 30 {z} ", x + i * 20, y + i % 2 * 9)).collect::<String>()
    };
    let spline = format!(
        "0 SPLINE 8 DGX 70 8 71 3 72 8 73 4 74 0 40 0 40 0 40 0 40 0 40 1 40 1 40 1 40 1 {}",
        points(50)
    );
    let entities =
        format!("{}{}{}{spline}", spot(0, 0.0, "35.2"), spot(1, 36.5, "36.5"), spot(2, 37.5, "no"));
    let text = drawing("9 $ACADVER 1 AC1015", &entities).replace(
        "0\nSECTION\n2\nENTITIES",
        &format!("0 SECTION 2 BLOCKS {block} 0 ENDSEC 0 SECTION 2 ENTITIES").replace(' ', "\n"),
    );
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.dxf");
    std::fs::write(&path, text).unwrap();
    for (layer, field, wanted) in [
        ("terrain.spot", "elevation_m", &["35.2", "36.5", "37.5"][..]),
        ("terrain.contour", "elevation_m", &["50"]),
    ] {
        let (_scratch, plan) = planned(std::slice::from_ref(&path), |o| {
            o.all().layer = LayerId::new(layer);
            o.all().crs = Some(CrsChoice::Epsg(4546));
        });
        let (rows, report) = drained(plan.unwrap_or_else(|e| panic!("{layer}: {e}")));
        let rows = rows.unwrap_or_else(|e| panic!("{layer}: {e} {:?}", report.groups));
        let heights: Vec<String> = rows[layer].iter().map(|r| value(layer, r, field).to_string()).collect();
        assert_eq!(heights, wanted, "{layer}");
        assert_eq!(count(&report, "dxf.curves"), 0, "{layer}");
        if layer == "terrain.contour" {
            // Its control points are as far apart, so that it goes east evenly.
            let north = |east: f64| {
                let (t, s) = ((east - f64::from(x)) / 60.0, 1.0 - (east - f64::from(x)) / 60.0);
                f64::from(y) + 27.0 * s * s * t + 9.0 * t * t * t
            };
            let crs = Crs::from_epsg(4546).unwrap();
            let line = &rows[layer][0].geometry.as_ref().unwrap().coords;
            let line: Vec<[f64; 2]> = line.iter().map(|c| crs.project(*c)).collect();
            for w in line.windows(2) {
                assert!((w[0][1] - north(w[0][0])).abs() < 1e-4, "{w:?}");
                let middle = [0, 1].map(|i| (w[0][i] + w[1][i]) / 2.0);
                assert!((middle[1] - north(middle[0])).abs() < 0.015, "{w:?}");
            }
            assert!((line[line.len() - 1][0] - f64::from(x + 60)).abs() < 1e-4);
        }
    }
}

/// Places with names, written by GDAL in every vector format that it writes and Ditu reads.
#[test]
fn every_format_is_known_by_its_content_and_read() {
    let places: Vec<(String, [f64; 2])> = (0..25)
        .map(|i| (format!("第{i}村"), [111.5 + f64::from(i) * 0.0123, 29.0 + f64::from(i * i % 7) * 0.0321]))
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source.geojson");
    let features: Vec<String> = places
        .iter()
        .map(|(name, [x, y])| {
            format!(r#"{{"type":"Feature","properties":{{"name":"{name}"}},"geometry":{{"type":"Point","coordinates":[{x:.4},{y:.4}]}}}}"#)
        })
        .collect();
    let head = r#""type":"FeatureCollection","name":"places","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}}"#;
    std::fs::write(&source, format!("{{{head},\"features\":[{}]}}", features.join(","))).unwrap();
    let wgs84 = ["-t_srs", "EPSG:4326"];
    for (driver, file, format, more, crs) in [
        ("FlatGeobuf", "地名.fgb", "FlatGeobuf", &["-lco", "SPATIAL_INDEX=NO"][..], None),
        ("GPKG", "地名.gpkg", "GeoPackage", &[], None),
        ("OpenFileGDB", "地名.gdb", "FileGDB", &[], None),
        ("ESRI Shapefile", "地名.shp", "Shapefile", &["-lco", "ENCODING=UTF-8"], None),
        ("GeoJSON", "地名.geojson", "GeoJSON", &[], None),
        ("KML", "地名.kml", "KML", &wgs84, None),
        ("GPX", "地名.gpx", "GPX", &["-t_srs", "EPSG:4326", "-nln", "waypoints"], None),
        ("GML", "地名.gml", "GML", &["-dsco", "FORMAT=GML3"], None),
        ("MapInfo File", "地名.tab", "MapInfo TAB", &["-lco", "ENCODING=CP936"], Some(4490)),
        ("MapInfo File", "地名.mif", "MapInfo MIF", &["-lco", "ENCODING=CP936"], Some(4490)),
        ("DXF", "地名.dxf", "DXF", &["-t_srs", "EPSG:4546"], Some(4546)),
        ("CSV", "地名.csv", "CSV", &["-lco", "GEOMETRY=AS_WKT"], Some(4490)),
        (
            "XLSX",
            "地名.xlsx",
            "XLSX",
            &[
                "-sql",
                "SELECT name, CAST(ST_X(geometry) AS FLOAT) AS 经度, CAST(ST_Y(geometry) AS FLOAT) AS 纬度 FROM places",
                "-dialect",
                "SQLite",
            ],
            None,
        ),
        (
            "ODS",
            "地名.ods",
            "ODS",
            &[
                "-sql",
                "SELECT name, CAST(ST_X(geometry) AS FLOAT) AS 经度, CAST(ST_Y(geometry) AS FLOAT) AS 纬度 FROM places",
                "-dialect",
                "SQLite",
            ],
            None,
        ),
    ] {
        let folder = dir.path().join(format);
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join(file);
        gdal("ogr2ogr", |c| c.args(["-f", driver]).args(more).args([&path, &source]));
        let (_scratch, plan) = planned(&[path], |o| {
            o.all().layer = LayerId::new("placename.place");
            o.all().crs = crs.map(CrsChoice::Epsg);
        });
        let plan = plan.unwrap_or_else(|r| panic!("{format}: {r}"));
        assert!(plan.datasets().iter().all(|d| d.format == format), "{format}");
        let (rows, report) = drained(plan);
        let rows = rows.unwrap_or_else(|why| panic!("{format}: {why}"));
        let rows = &rows["placename.place"];
        assert_eq!(rows.len(), places.len(), "{format}: {}", report.summary(crate::Lang::En));
        for (row, (name, p)) in rows.iter().zip(&places) {
            // ogr2ogr leaves names out of drawings.
            if format != "DXF" {
                assert_eq!(value("placename.place", row, "name").to_string(), *name, "{format}");
            }
            // A TAB file has a grid of whole numbers.
            let most = if format == "MapInfo TAB" { 1e-6 } else { 2e-8 };
            let found = row.geometry.as_ref().unwrap().coords[0];
            assert!(
                (found[0] - p[0]).abs() < most && (found[1] - p[1]).abs() < most,
                "{format}: {found:?} {p:?}"
            );
        }
    }
}

#[test]
fn a_file_geodatabase_in_an_archive_is_one_source_with_many_tables() {
    let dir = tempfile::tempdir().unwrap();
    let gdb = dir.path().join("普查.gdb");
    for (i, (name, kind, at)) in [
        ("地名", "POINT", "(111.7 29)"),
        ("乡镇", "POINT", "(111.8 29.1)"),
        ("道路", "LINESTRING", "(111.7 29,111.8 29)"),
        ("水面", "POLYGON", "((111.7 29,111.8 29,111.8 29.1,111.7 29))"),
    ]
    .iter()
    .enumerate()
    {
        let csv = dir.path().join("a.csv");
        std::fs::write(&csv, format!("WKT,name\n\"{kind}{at}\",{name}一号\n")).unwrap();
        gdal("ogr2ogr", |c| {
            c.args(if i == 0 { &["-f", "OpenFileGDB"][..] } else { &["-update"] });
            c.args(["-a_srs", "EPSG:4490", "-nln", name, "-nlt", kind, "-oo", "KEEP_GEOM_COLUMNS=NO"])
                .args([&gdb, &csv])
        });
    }
    let archive = dir.path().join("普查.gdb.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&archive).unwrap());
    for entry in std::fs::read_dir(&gdb).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("普查.gdb/{}", path.file_name().unwrap().to_str().unwrap());
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, &std::fs::read(path).unwrap()).unwrap();
    }
    zip.finish().unwrap();
    let (_scratch, plan) = planned(&[archive], |o| o.all().layer = LayerId::new("placename.place"));
    let plan = plan.unwrap_or_else(|r| panic!("{r}"));
    assert_eq!(plan.datasets().len(), 2);
    // Tables of lines and polygons are passed over, and said to be.
    assert!(count(&plan.report, "layer.shape") > 0);
    let (rows, report) = drained(plan);
    let mut names: Vec<String> = rows.unwrap()["placename.place"]
        .iter()
        .map(|r| value("placename.place", r, "name").to_string())
        .collect();
    names.sort();
    assert_eq!(names, ["乡镇一号", "地名一号"], "{}", report.summary(crate::Lang::En));
}
