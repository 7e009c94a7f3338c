//! Files that the tests write, by writers that share nothing with the readers: the sample's, GDAL's programs, plain text.

pub(crate) use ditu_sample::formats::shp::{Cell, Column, Manner, Shape, Shapefile};
pub(crate) use ditu_sample::towns;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The towns in degrees of EPSG:4490 unless the manner says otherwise.
pub(crate) fn degrees(dir: &Path, stem: &str, manner: &Manner<'_>) -> PathBuf {
    let path = dir.join(stem);
    towns::write(&path, manner, towns::degrees, &[]).unwrap();
    path.with_extension("shp")
}

/// The towns in the plane of zone 37: EPSG:4525, whatever the manner says of it.
pub(crate) fn plane(dir: &Path, stem: &str, manner: &Manner<'_>) -> PathBuf {
    let path = dir.join(stem);
    towns::write(&path, manner, towns::plane, &[]).unwrap();
    path.with_extension("shp")
}

/// Runs one of GDAL's programs.
#[track_caller]
pub(crate) fn gdal(program: &str, change: impl FnOnce(&mut Command) -> &mut Command) {
    let mut command = Command::new(program);
    let done = change(&mut command).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A place name as Ovital's program writes it.
pub(crate) const OVKML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document><Placemark><name>沅江码头</name><OvCoordType>1</OvCoordType><Point><coordinates>111.7041,29.0286,0</coordinates></Point></Placemark></Document></kml>";

/// A small drawing as CASS leaves it: a closed house of three floors with its code, the note in it, a spot's symbol.
pub(crate) fn cass_drawing(version: &str, code_page: &str) -> String {
    let house = [
        [568_041.2, 3_212_973.0],
        [568_051.2, 3_212_973.0],
        [568_051.2, 3_212_983.0],
        [568_041.2, 3_212_983.0],
    ];
    let ring: String = house.iter().map(|[x, y]| format!("10\n{x}\n20\n{y}\n")).collect();
    format!(
        "0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\n{version}\n9\n$DWGCODEPAGE\n3\n{code_page}\n0\nENDSEC\n\
         0\nSECTION\n2\nTABLES\n0\nTABLE\n2\nLAYER\n70\n3\n\
         0\nLAYER\n2\nJMD\n70\n0\n62\n7\n6\nCONTINUOUS\n0\nLAYER\n2\nGCD\n70\n0\n62\n7\n6\nCONTINUOUS\n0\nENDTAB\n\
         0\nTABLE\n2\nAPPID\n70\n1\n0\nAPPID\n2\nSOUTH\n70\n0\n0\nENDTAB\n0\nENDSEC\n\
         0\nSECTION\n2\nENTITIES\n\
         0\nLWPOLYLINE\n5\nA1\n100\nAcDbEntity\n8\nJMD\n100\nAcDbPolyline\n90\n4\n70\n1\n38\n35.2\n{ring}\
         1001\nSOUTH\n1000\n141111\n1000\n砼\n\
         0\nTEXT\n5\nA2\n100\nAcDbEntity\n8\nZJ\n100\nAcDbText\n10\n568045\n20\n3212978\n30\n0\n40\n2.5\n1\n砼3\n100\nAcDbText\n\
         0\nINSERT\n5\nA3\n100\nAcDbEntity\n8\nGCD\n100\nAcDbBlockReference\n2\ngc200\n10\n568046\n20\n3212979\n30\n35.27\n\
         1001\nSOUTH\n1000\n202101\n0\nENDSEC\n0\nEOF\n"
    )
}

/// The towns as control points of EPSG:4546, northing first, as a table with a head.
pub(crate) fn control_table() -> String {
    let rows: String = towns::all()
        .enumerate()
        .map(|(i, (name, lonlat))| {
            let [x, y] = towns::plane(lonlat);
            format!("{},{name},一级,{y:.3},{x:.3},{:.3},CGCS2000/111E\r\n", i + 1, 30.0 + i as f64 / 8.0)
        })
        .collect();
    format!("点号,点名,等级,X(北),Y(东),H,坐标系\r\n{rows}")
}

/// The same as CASS writes points, named by their numbers or by their names.
pub(crate) fn control_dat(by_name: bool) -> String {
    towns::all()
        .enumerate()
        .map(|(i, (name, lonlat))| {
            let [x, y] = towns::plane(lonlat);
            let (named, code) = if by_name { (name.to_owned(), "") } else { ((i + 1).to_string(), "131500") };
            format!("{named},{code},{x:.3},{y:.3},{:.3}\r\n", 30.0 + i as f64 / 8.0)
        })
        .collect()
}

/// The parts of a shapefile in an archive, in a folder.
pub(crate) fn zipped(path: &Path, shp: &Path, rename: impl Fn(&str) -> Vec<String>) {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for ending in ["shp", "shx", "dbf", "prj", "cpg"] {
        let Ok(bytes) = std::fs::read(shp.with_extension(ending)) else { continue };
        for name in rename(ending) {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut zip, &bytes).unwrap();
        }
    }
    zip.finish().unwrap();
}
