//! Elevation models in every format that is read, written here or by GDAL: grids, or refused for the right reason.

use super::written::gdal;
use super::*;
use ditu_model::LayerId;

/// Heights of a hill: lowest 803.25 in a corner, highest 1 000.75 in the middle, three cells without.
fn hill(row: usize, column: usize) -> Option<f64> {
    if row == 3 && (3..6).contains(&column) {
        return None;
    }
    let off = |i: usize| (i as f64 - 15.0) / 15.0;
    Some(match (row, column) {
        (0, 0) => 803.25,
        (15, 15) => 1000.75,
        _ => 980.0 - 80.0 * (off(row).powi(2) + off(column).powi(2)),
    })
}

/// An ASCII grid of the hill, 30 by 30 cells from a corner.
fn ascii(path: &Path, west: f64, south: f64, cell: f64) {
    let rows: String = (0..30)
        .map(|r| {
            let row: Vec<String> =
                (0..30).map(|c| hill(r, c).map_or("-9999".into(), |z| format!("{z:.2}"))).collect();
            row.join(" ") + "\n"
        })
        .collect();
    let head = format!(
        "ncols 30\nnrows 30\nxllcorner {west}\nyllcorner {south}\ncellsize {cell}\nNODATA_value -9999\n"
    );
    std::fs::write(path, head + &rows).unwrap();
}

/// An SRTM tile of three seconds: its name says where, big-endian words what, -32768 nothing.
fn hgt(path: &Path) {
    let n = 1201usize;
    let bytes = (0..n * n).flat_map(|i| {
        let z = if i == 17 { -32768 } else { 100 + ((i / n + i % n) % 400) as i16 };
        z.to_be_bytes()
    });
    std::fs::write(path, bytes.collect::<Vec<_>>()).unwrap();
}

/// What came of a file: the lowest and the highest height, or the rule that refuses it.
fn outcome(path: &Path, crs: Option<u32>) -> Result<[f64; 2], Vec<&'static str>> {
    let (_scratch, plan) = planned(&[path.to_owned()], |o| {
        o.all().layer = LayerId::new("terrain.dem");
        o.city = None;
        o.all().crs = crs.map(CrsChoice::Epsg);
    });
    let run = plan.map_err(|r| rules(&r))?.run();
    let grid = &run.rasters[0];
    assert!(grid.path.exists(), "{}", path.display());
    let ops = run.deliveries.into_iter().flat_map(|d| d.rows).flat_map(|b| b.unwrap());
    let row = ops.filter_map(|op| if let RowOp::Put { row, .. } = op { Some(row) } else { None }).next();
    let row = &row.unwrap_or_else(|| panic!("{}", path.display()));
    assert_eq!(value("terrain.dem", row, "file").to_string(), grid.sha256, "{}", path.display());
    Ok(["min_m", "max_m"].map(|f| value("terrain.dem", row, f).as_f64().unwrap()))
}

#[test]
fn elevation_models_become_grids_with_the_heights_that_were_written() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    let (plane, degrees) = (file("plane.asc"), file("degrees.asc"));
    ascii(&plane, 568_000.0, 3_212_000.0, 25.0);
    ascii(&degrees, 111.6, 29.0, 0.001);
    std::fs::write(degrees.with_extension("prj"), written::towns::PRJ_4490).unwrap();
    let convert = |to: &str, more: &[&str]| {
        gdal("gdal_translate", |c| c.arg("-q").args(more).args([&plane, &file(to)]));
    };
    convert("plane.tif", &["-a_srs", "EPSG:4546"]);
    convert("zone.tif", &["-a_srs", "EPSG:4546", "-co", "TILED=YES", "-co", "COMPRESS=DEFLATE"]);
    convert("bare.tif", &[]);
    convert("bare.nc", &["-of", "netCDF"]);
    let mercator = file("mercator.tif");
    gdal("gdalwarp", |c| {
        c.args(["-q", "-r", "near", "-t_srs", "EPSG:3857"]).args([&file("plane.tif"), &mercator])
    });
    hgt(&file("N29E111.hgt"));
    let zip = file("N28E111.hgt.zip");
    let mut out = zip::ZipWriter::new(std::fs::File::create(&zip).unwrap());
    out.start_file("N28E111.hgt", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut out, &std::fs::read(file("N29E111.hgt")).unwrap()).unwrap();
    out.finish().unwrap();
    // The national exchange format in both its forms, heights in centimetres.
    let cnsdtf = "DataMark:CNSDTF-DEM\nVersion:1.0\nAlpha:0\nUnit:M\nCompress:0\nX0:568000\nY0:3213000\nDX:5\nDY:5\nRow:2\nCol:3\nValueType:Integer\nHzoom:100\n 3520 3530 3540\n 3550 3560 3570\n";
    let nsdtf = "NSDTF-DEM\n1.0\nM\n0.0\n0.0\n37568000.0\n3213000.0\n5.0\n5.0\n2\n3\n100\n3520 3530 3540\n3550 3560 3570\n";
    std::fs::write(file("a.dem"), cnsdtf).unwrap();
    std::fs::write(file("b.dem"), nsdtf).unwrap();
    let whole = [803.25, 1000.75];
    for (name, crs, heights) in [
        ("plane.asc", Some(4546), whole),
        ("degrees.asc", None, whole),
        ("plane.tif", None, whole),
        ("zone.tif", None, whole),
        ("mercator.tif", None, whole),
        ("bare.tif", Some(4546), whole),
        ("bare.nc", Some(4546), whole),
        ("N29E111.hgt", None, [100.0, 499.0]),
        ("N28E111.hgt.zip", None, [100.0, 499.0]),
        ("a.dem", Some(4546), [35.2, 35.7]),
        ("b.dem", Some(4525), [35.2, 35.7]),
    ] {
        let found = outcome(&file(name), crs).unwrap_or_else(|r| panic!("{name}: {r:?}"));
        // Between cells a corner's height is met with its neighbours': what is there is never exceeded.
        assert!(found[0] >= heights[0] - 1e-3 && found[1] <= heights[1] + 1e-3, "{name}: {found:?}");
        assert!(found[0] < heights[0] + 80.0 && found[1] > heights[1] - 30.0, "{name}: {found:?}");
    }
    for name in ["plane.asc", "bare.tif", "bare.nc", "a.dem"] {
        assert_eq!(outcome(&file(name), None), Err(vec!["crs.unknown"]), "{name}");
    }
}

#[test]
fn rasters_that_are_no_elevation_models_or_broken_are_refused_for_the_right_reason() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    let plane = file("plane.asc");
    ascii(&plane, 568_000.0, 3_212_000.0, 25.0);
    let convert = |to: &str, more: &[&str]| {
        gdal("gdal_translate", |c| c.arg("-q").args(more).args([&plane, &file(to)]));
    };
    convert("picture.tif", &["-a_srs", "EPSG:4546", "-b", "1", "-b", "1", "-b", "1"]);
    convert("local.tif", &["-a_srs", "LOCAL_CS[\"site\",UNIT[\"metre\",1]]"]);
    convert("whole.tif", &["-a_srs", "EPSG:4546"]);
    let whole = std::fs::read(file("whole.tif")).unwrap();
    std::fs::write(file("head.tif"), &whole[..6]).unwrap();
    for (name, wanted) in
        [("picture.tif", "raster.bands"), ("local.tif", "raster.grid"), ("head.tif", "file.damaged")]
    {
        assert_eq!(outcome(&file(name), None), Err(vec![wanted]), "{name}");
    }
}
