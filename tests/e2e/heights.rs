//! Heights: Z of shapes, what stands for "no height", and elevation models, from files of several formats.

use crate::harness::{City, Output};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program of GDAL, as a writer that is not ours.
#[track_caller]
fn gdal(program: &str, args: &[&str]) {
    let done = Command::new(program).args(args).output().unwrap();
    assert!(done.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// What the store holds of a field, in the order of another.
pub(crate) fn stored(city: &City, layer: &str, field: &str, by: &str) -> Vec<Option<f64>> {
    let table = layer.replace('.', "_");
    let sql = format!("SELECT {field} AS v FROM {table} ORDER BY {by}");
    let store = city.data().join("city.gpkg");
    let out = Command::new("ogr2ogr")
        .args(["-f", "CSV", "/vsistdout/", store.to_str().unwrap(), "-sql", &sql, "-dialect", "SQLITE"])
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    let value = |line: &str| line.trim_matches('"').parse().ok();
    text.lines().skip(1).map(value).collect()
}

/// How many findings of an import's report a rule made.
pub(crate) fn findings(said: &Output, rule: &str) -> u64 {
    let report: Json = serde_json::from_str(said.stdout.lines().next().unwrap_or_default()).unwrap();
    let groups = report["findings"].as_array().unwrap_or_else(|| panic!("{report}"));
    groups.iter().filter(|g| g["rule"] == rule).map(|g| g["count"].as_u64().unwrap()).sum()
}

pub(crate) fn import(city: &City, file: &Path, more: &[&str]) -> Output {
    city.run(&[&["--json", "import", file.to_str().unwrap()][..], more].concat())
}

fn collection(features: &[(Json, Json)]) -> String {
    let all: Vec<Json> = features
        .iter()
        .map(|(properties, geometry)| json!({"type": "Feature", "properties": properties, "geometry": geometry}))
        .collect();
    json!({"type": "FeatureCollection", "features": all}).to_string()
}

/// Spot heights by number, with these Z.
fn spots(heights: &[f64]) -> String {
    let each = heights.iter().enumerate().map(|(i, z)| {
        let at = [111.69 + i as f64 * 1e-3, 29.04, *z];
        (json!({"点号": format!("{}", i + 1)}), json!({"type": "Point", "coordinates": at}))
    });
    collection(&each.collect::<Vec<_>>())
}

/// The same in another format; its layer is called as the file.
fn written(city: &City, source: &Path, name: &str, format: &str, more: &[&str]) -> PathBuf {
    let out = source.parent().unwrap().join(format!("{format}/{name}").replace(' ', ""));
    std::fs::create_dir_all(out.parent().unwrap()).unwrap();
    let layer = Path::new(name).file_stem().unwrap().to_str().unwrap();
    let args = ["-f", format, out.to_str().unwrap(), source.to_str().unwrap(), "-nln", layer];
    gdal("ogr2ogr", &[&args[..], more].concat());
    let _ = city;
    out
}

/// Formats that hold Z, with what their writer needs.
const WITH_Z: [(&str, &str, &[&str]); 6] = [
    ("高程点.shp", "ESRI Shapefile", &["-lco", "ENCODING=UTF-8", "-nlt", "POINTZ"]),
    ("高程点.gpkg", "GPKG", &[]),
    ("高程点.fgb", "FlatGeobuf", &[]),
    ("高程点.kml", "KML", &[]),
    ("高程点.gml", "GML", &[]),
    ("高程点.gdb", "OpenFileGDB", &[]),
];

#[test]
fn z_is_the_height_in_every_format_and_what_stands_for_none_is_told() {
    let heights = [31.5, 0.0, -9999.0, 99999.0, 12.25, -32768.0];
    let wanted = [Some(31.5), Some(0.0), None, None, Some(12.25), None];
    let city = City::new();
    let source = city.write("高程点.geojson", &spots(&heights));
    let mut files = vec![source.clone()];
    files.extend(WITH_Z.map(|(name, format, more)| written(&city, &source, name, format, more)));
    for file in files {
        let city = City::new();
        let said = import(&city, &file, &["--layer", "terrain.spot"]).expect(0);
        assert_eq!(stored(&city, "terrain.spot", "elevation_m", "point_no"), wanted, "{}", file.display());
        assert_eq!(
            (findings(&said, "height.nodata"), findings(&said, "height.nought")),
            (3, 1),
            "{}",
            said.stdout
        );
        assert_eq!(findings(&said, "field.missing"), 0);
    }
}

#[test]
fn nought_everywhere_is_no_height_and_said() {
    let city = City::new();
    let source = city.write("高程点.geojson", &spots(&[0.0, 0.0, 0.0]));
    for (name, format, more) in [WITH_Z[0], WITH_Z[1], WITH_Z[3]] {
        let file = written(&city, &source, name, format, more);
        let city = City::new();
        let said = import(&city, &file, &["--layer", "terrain.spot"]).expect(0);
        assert_eq!(stored(&city, "terrain.spot", "elevation_m", "point_no"), [None; 3], "{name}");
        assert_eq!((findings(&said, "heights.nought"), findings(&said, "height.nought")), (1, 0), "{name}");
    }
}

#[test]
fn a_contour_has_the_height_of_all_its_vertices() {
    let line = |y: f64, z: [f64; 3]| {
        let at = |i: usize| [111.69 + i as f64 * 1e-3, 29.04 + y, z[i]];
        json!({"type": "LineString", "coordinates": [at(0), at(1), at(2)]})
    };
    let contours = [
        (json!({"n": 1}), line(0.0, [50.0; 3])),
        (json!({"n": 2}), line(0.001, [51.0, 52.0, 53.0])),
        (json!({"n": 3}), line(0.002, [55.0, -9999.0, 55.0])),
        (json!({"n": 4}), line(0.003, [60.0; 3])),
    ];
    let city = City::new();
    let source = city.write("等高线.geojson", &collection(&contours));
    for (name, format, more) in [
        ("等高线.shp", "ESRI Shapefile", &["-lco", "ENCODING=UTF-8"][..]),
        ("等高线.gpkg", "GPKG", &[]),
        ("等高线.fgb", "FlatGeobuf", &["-lco", "SPATIAL_INDEX=NO"]),
    ] {
        let file = written(&city, &source, name, format, more);
        let city = City::new();
        let said = import(&city, &file, &["--layer", "terrain.contour"]).expect(0);
        let heights = stored(&city, "terrain.contour", "elevation_m", "ST_MinY(geom)");
        assert_eq!(heights, [Some(50.0), None, None, Some(60.0)], "{name}");
        assert_eq!(
            (findings(&said, "height.varies"), findings(&said, "height.nodata")),
            (1, 1),
            "{}",
            said.stdout
        );
    }
}

/// The column holds, Z completes it, and where the two differ it is told; rounding is no difference.
#[test]
fn a_column_and_z_agree_or_are_told() {
    let point = |n: &str, column: Json, z: f64| {
        let geometry = json!({"type": "Point", "coordinates": [111.69 + z * 1e-4, 29.04, z]});
        (json!({"点号": n, "高程": column}), geometry)
    };
    let all = [
        point("1", json!(35.3), 35.27),
        point("2", json!(35.2), 31.5),
        point("3", Json::Null, 12.5),
        point("4", json!(-9999), 13.5),
        point("5", json!(36.0), 0.0),
    ];
    let city = City::new();
    let source = city.write("高程点.geojson", &collection(&all));
    for (name, format, more) in WITH_Z {
        let file = written(&city, &source, name, format, more);
        let city = City::new();
        let said = import(&city, &file, &["--layer", "terrain.spot"]).expect(0);
        let heights = stored(&city, "terrain.spot", "elevation_m", "point_no");
        assert_eq!(heights, [Some(35.3), Some(35.2), Some(12.5), Some(13.5), Some(36.0)], "{name}");
        assert_eq!(
            (findings(&said, "height.disagrees"), findings(&said, "value.nodata")),
            (1, 1),
            "{}",
            said.stdout
        );
    }
}

/// Of the heights of a pipe's point Z is that of the ground, unless it is the one that a column calls the pipe's.
#[test]
fn of_several_heights_z_is_the_one_that_is_called_so() {
    let point = |n: &str, pipe: Json, z: f64| {
        let geometry = json!({"type": "Point", "coordinates": [111.69, 29.04 + z * 1e-4, z]});
        (json!({"管线类型": "JS", "物探点号": n, "管点高程": pipe}), geometry)
    };
    let all = [point("J1", json!(30.0), 31.5), point("J2", json!(30.2), 30.2), point("J3", Json::Null, 32.0)];
    let city = City::new();
    let file = city.write("管点.geojson", &collection(&all));
    import(&city, &file, &["--layer", "pipeline.node"]).expect(0);
    let ground = stored(&city, "pipeline.node", "ground_m", "point_no");
    assert_eq!(ground, [Some(31.5), None, Some(32.0)]);
    assert_eq!(stored(&city, "pipeline.node", "height_m", "point_no"), [Some(30.0), Some(30.2), None]);
}

/// Marks of no value in columns of heights and depths, in text, dBASE, MapInfo and spreadsheets alike; `--nodata` has the last
/// word.
#[test]
fn marks_in_columns_are_told_and_a_stated_one_holds() {
    let rows = "管线类型,物探点号,经度,纬度,地面高程,埋深(cm)\nJS,J1,111.69,29.04,-9999,120\nJS,J2,111.691,29.04,31.5,-999\n\
        JS,J3,111.692,29.04,0,99999\nJS,J4,111.693,29.04,-32768,1.7976931348623157e308\n";
    let city = City::new();
    let csv = city.write("管点.csv", rows);
    let typed = [
        "-oo",
        "AUTODETECT_TYPE=YES",
        "-oo",
        "X_POSSIBLE_NAMES=经度",
        "-oo",
        "Y_POSSIBLE_NAMES=纬度",
        "-a_srs",
        "EPSG:4490",
    ];
    let as_format = |source: &Path, name: &str, format: &str, more: &[&str]| {
        written(&city, source, name, format, &[&typed, more].concat())
    };
    // MapInfo's writer takes no names but plain ones, dBASE none of more than ten bytes.
    let plain = rows
        .replace("管线类型,物探点号,经度,纬度,地面高程,埋深(cm)", "PIPE_TYPE,Exp_No,经度,纬度,Surf_H,b_depth")
        .replace(",120\n", ",1.2\n");
    let plain = city.write("plain/管点.csv", &plain);
    let files = [
        csv.clone(),
        as_format(&csv, "管点.gpkg", "GPKG", &[]),
        as_format(&plain, "管点.shp", "ESRI Shapefile", &["-lco", "ENCODING=UTF-8"]),
        as_format(&csv, "管点.xlsx", "XLSX", &[]),
        as_format(&plain, "管点.mif", "MapInfo File", &["-oo", "KEEP_GEOM_COLUMNS=NO"]),
    ];
    for file in &files {
        let city = City::new();
        let said = import(&city, file, &["--layer", "pipeline.node", "--crs", "EPSG:4490"]).expect(0);
        let at = file.display();
        assert_eq!(
            stored(&city, "pipeline.node", "ground_m", "point_no"),
            [None, Some(31.5), Some(0.0), None],
            "{at}"
        );
        assert_eq!(
            stored(&city, "pipeline.node", "depth_m", "point_no"),
            [Some(1.2), None, None, None],
            "{at}"
        );
        assert_eq!(
            (findings(&said, "value.nodata"), findings(&said, "height.nought")),
            (5, 1),
            "{}",
            said.stdout
        );
    }
    let none = City::new();
    let layer = ["--layer", "pipeline.node", "--crs", "EPSG:4490", "--nodata"];
    import(&none, &csv, &[&layer[..], &["none"]].concat()).expect(0);
    let kept = stored(&none, "pipeline.node", "ground_m", "point_no");
    assert_eq!(kept, [Some(-9999.0), Some(31.5), Some(0.0), Some(-32768.0)]);
    let nought = City::new();
    import(&nought, &csv, &[&layer[..], &["0"]].concat()).expect(0);
    assert_eq!(stored(&nought, "pipeline.node", "ground_m", "point_no"), [None, Some(31.5), None, None]);
}

/// What PROJ brings to degrees keeps its heights, and a height that is no number takes no point with it.
#[test]
fn a_crs_of_projs_moves_no_height() {
    let city = City::new();
    let points = [31.5, f64::MIN, 12.25].iter().enumerate().map(|(i, z)| {
        let at = [567_200.0 + i as f64 * 10.0, 3_213_000.0, *z];
        (json!({"点号": format!("{}", i + 1)}), json!({"type": "Point", "coordinates": at}))
    });
    let source = city.write("高程点.geojson", &collection(&points.collect::<Vec<_>>()));
    let more = ["-lco", "ENCODING=UTF-8", "-nlt", "POINTZ", "-a_srs", "EPSG:32649"];
    let file = written(&city, &source, "高程点.shp", "ESRI Shapefile", &more);
    let said = import(&city, &file, &["--layer", "terrain.spot"]).expect(0);
    let heights = stored(&city, "terrain.spot", "elevation_m", "point_no");
    assert_eq!(heights, [Some(31.5), None, Some(12.25)], "{}", said.stdout);
}

/// A grid of 24 × 20 cells of 5 m in Changde as an ESRI grid, `cell` giving what each holds.
fn ascii(nodata: Option<&str>, cell: impl Fn(usize, usize) -> String) -> String {
    let mut text = String::from("ncols 24\nnrows 20\nxllcorner 568000\nyllcorner 3212900\ncellsize 5\n");
    text.extend(nodata.map(|n| format!("NODATA_value {n}\n")));
    for row in 0..20 {
        let line: Vec<String> = (0..24).map(|column| cell(column, row)).collect();
        text += &(line.join(" ") + "\n");
    }
    text
}

/// The same as GDAL writes it in another format.
fn raster(city: &City, text: &str, name: &str, format: &str, more: &[&str]) -> PathBuf {
    let source = city.write("a.asc", text);
    let out = source.with_file_name(name);
    let args = ["-q", "-of", format, "-a_srs", "EPSG:4546", source.to_str().unwrap(), out.to_str().unwrap()];
    gdal("gdal_translate", &[&args[..], more].concat());
    out
}

/// Lowest and highest height of the one model that the store holds.
pub(crate) fn reaches(city: &City) -> [Option<f64>; 2] {
    ["min_m", "max_m"].map(|field| stored(city, "terrain.dem", field, "fid")[0])
}

/// A hole whose cells hold a mark, in a plane of one height: wherever the mark took part, the height would be another.
fn with_hole(mark: &str, height: &str) -> String {
    ascii(None, |x, y| if (8..14).contains(&x) && (5..11).contains(&y) { mark } else { height }.to_owned())
}

#[test]
fn marks_that_no_raster_declares_are_told_and_no_slope_leads_to_them() {
    let city = City::new();
    let models = [
        (raster(&city, &with_hole("-32767", "40"), "DEM_a.tif", "GTiff", &["-ot", "Float32"]), "EPSG:4546"),
        (raster(&city, &with_hole("-9999", "40"), "DEM_b.tif", "GTiff", &["-ot", "Int16"]), "EPSG:4546"),
        (
            raster(&city, &with_hole("-3.4028235e38", "40"), "DEM_c.tif", "GTiff", &["-ot", "Float32"]),
            "EPSG:4546",
        ),
        (
            raster(
                &city,
                &with_hole("1.7976931348623157e308", "40"),
                "DEM_d.tif",
                "GTiff",
                &["-ot", "Float64"],
            ),
            "EPSG:4546",
        ),
        (raster(&city, &with_hole("99999", "40"), "DEM_e.nc", "netCDF", &["-ot", "Float32"]), "EPSG:4546"),
        (city.write("DEM_f.asc", &with_hole("-9999.00", "40.00")), "EPSG:4546"),
        (city.write("DEM_g.asc", &with_hole("65535", "40")), "EPSG:4546"),
        // Another zone than that of the city, reprojected the long way round.
        (
            raster(
                &city,
                &with_hole("-32768", "40"),
                "DEM_h.tif",
                "GTiff",
                &["-ot", "Float32", "-r", "bilinear"],
            ),
            "EPSG:4546",
        ),
    ];
    for (file, crs) in models {
        let city = City::new();
        let said = import(&city, &file, &["--layer", "terrain.dem", "--crs", crs]);
        let said = said.expect(0);
        assert_eq!(reaches(&city), [Some(40.0); 2], "{}", file.display());
        assert_eq!(findings(&said, "raster.nodata"), 1, "{}", said.stdout);
    }
}

#[test]
fn a_grid_of_the_chinese_exchange_format_keeps_no_mark_whatever_its_factor() {
    for (factor, mark) in [(1, "-9999"), (100, "-9999"), (100, "-32767"), (10, "999999")] {
        let mut text = format!(
            "DataMark:CNSDTF-DEM\nVersion:1.0\nAlpha:0\nUnit:M\nCompress:0\nX0:568000\nY0:3213000\nDX:5\nDY:5\nRow:20\nCol:24\nValueType:Integer\nHzoom:{factor}\n"
        );
        for row in 0..20 {
            let line: Vec<String> = (0..24)
                .map(|x| if x < 4 && row < 4 { mark.to_owned() } else { (40 * factor).to_string() })
                .collect();
            text += &(line.join(" ") + "\n");
        }
        let city = City::new();
        let file = city.write("DEM.dem", &text);
        let said = import(&city, &file, &["--layer", "terrain.dem", "--crs", "EPSG:4546"]).expect(0);
        assert_eq!(reaches(&city), [Some(40.0); 2], "{factor} {mark}");
        assert_eq!(findings(&said, "raster.nodata"), 1, "{}", said.stdout);
    }
}

#[test]
fn a_declared_mark_needs_no_word_and_heights_that_cannot_be_are_told() {
    let city = City::new();
    let cell = |x: usize, y: usize| match (x, y) {
        (0..4, 0..4) => "-9999".to_owned(),
        (10, 10) => "12000".to_owned(),
        (11, 10) => "-700.5".to_owned(),
        _ => "40".to_owned(),
    };
    let file = raster(&city, &ascii(Some("-9999"), cell), "DEM.tif", "GTiff", &["-ot", "Float32"]);
    let said = import(&city, &file, &["--layer", "terrain.dem"]).expect(0);
    assert_eq!(reaches(&city), [Some(40.0); 2]);
    assert_eq!(
        (findings(&said, "raster.nodata"), findings(&said, "raster.range")),
        (0, 1),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains("12000") && said.stdout.contains("-700.5"));
}

/// Nought where no height comes near it, and −99 far below all others, may be heights or none: the same question as on the
/// page, and the answer holds.
#[test]
fn what_may_be_a_height_or_none_is_asked() {
    for (mark, low) in [("0", 0.0), ("-99", -99.0), ("999", 40.0)] {
        let city = City::new();
        let cell = |x: usize, y: usize| {
            if x < 4 && y < 4 { mark.to_owned() } else { format!("{}", 40 + (x + y) % 5) }
        };
        let file = raster(&city, &ascii(None, cell), "DEM.tif", "GTiff", &["-ot", "Int16"]);
        let layer = ["--layer", "terrain.dem"];
        let said = import(&city, &file, &layer).expect(1);
        assert_eq!(findings(&said, "raster.nodata"), 1, "{}", said.stdout);
        assert!(said.stdout.contains(&format!("--nodata {mark}")), "{}", said.stdout);
        assert!(!city.data().join("city.gpkg").exists());
        import(&city, &file, &[&layer[..], &["--nodata", mark]].concat()).expect(0);
        let [least, greatest] = reaches(&city).map(Option::unwrap);
        assert!(least >= 40.0 && greatest <= 44.0, "{mark}: {least} {greatest}");
        let kept = City::new();
        import(&kept, &file, &[&layer[..], &["--nodata", "none"]].concat()).expect(0);
        let [least, greatest] = reaches(&kept).map(Option::unwrap);
        assert!(
            (least - low).abs() < 1.0 && (mark != "999" || greatest > 900.0),
            "{mark}: {least} {greatest}"
        );
    }
}

#[test]
fn scale_offset_and_units_make_metres_and_pictures_are_no_models() {
    let city = City::new();
    let flat = |height: &str| ascii(None, |_, _| height.to_owned());
    let scaled = raster(
        &city,
        &flat("400"),
        "DEM_a.tif",
        "GTiff",
        &["-ot", "Int16", "-a_scale", "0.1", "-a_offset", "5"],
    );
    let source = raster(&city, &flat("1000"), "b.tif", "GTiff", &["-ot", "Float32"]);
    let vrt = city.write(
        "b.vrt",
        &format!(
            "<VRTDataset rasterXSize=\"24\" rasterYSize=\"20\"><SRS>EPSG:4546</SRS>\
             <GeoTransform>568000,5,0,3213000,0,-5</GeoTransform>\
             <VRTRasterBand dataType=\"Float32\" band=\"1\"><UnitType>ft</UnitType><SimpleSource>\
             <SourceFilename>{}</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>",
            source.display()
        ),
    );
    let feet = vrt.with_file_name("DEM_b.tif");
    gdal("gdal_translate", &["-q", vrt.to_str().unwrap(), feet.to_str().unwrap()]);
    for (file, height, told) in [(scaled, 45.0, 0), (feet, 304.8, 1)] {
        let city = City::new();
        let said = import(&city, &file, &["--layer", "terrain.dem"]).expect(0);
        let [least, greatest] = reaches(&city).map(Option::unwrap);
        assert!(
            (least - height).abs() < 1e-3 && (greatest - height).abs() < 1e-3,
            "{height}: {least} {greatest}"
        );
        assert_eq!(findings(&said, "unit.converted"), told, "{}", said.stdout);
    }
    let bytes = raster(&city, &flat("40"), "DEM_c.tif", "GTiff", &["-ot", "Byte"]);
    assert_eq!(
        findings(&import(&City::new(), &bytes, &["--layer", "terrain.dem"]).expect(0), "raster.bytes"),
        1
    );
    let colours =
        raster(&city, &flat("40"), "DEM_d.tif", "GTiff", &["-ot", "Byte", "-b", "1", "-b", "1", "-b", "1"]);
    assert_eq!(
        findings(&import(&City::new(), &colours, &["--layer", "terrain.dem"]).expect(1), "raster.bands"),
        1
    );
}
