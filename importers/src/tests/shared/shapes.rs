//! Real shapefiles of every type, read as GDAL reads them.

use super::super::shapes::{reads_as, theirs};
use super::*;
use crate::formats::shapefile;

/// A DBF of rows without values, for shapefiles that come without one.
fn blank_dbf(rows: usize) -> Vec<u8> {
    let mut b = vec![3, 126, 1, 1];
    b.extend((rows as u32).to_le_bytes());
    b.extend(65u16.to_le_bytes());
    b.extend(2u16.to_le_bytes());
    b.extend([0; 20]);
    b.extend(b"ID\0\0\0\0\0\0\0\0\0N\0\0\0\0\x01\0");
    b.resize(64, 0);
    b.push(0x0d);
    b.extend(b" 1".repeat(rows));
    b
}

/// An index by walking the records.
fn shx(path: &Path) -> Vec<u8> {
    let shp = std::fs::read(path).unwrap();
    let mut index = shp[..100].to_vec();
    let mut at = 100;
    while at + 8 <= shp.len() {
        let words = u32::from_be_bytes(shp[at + 4..at + 8].try_into().unwrap());
        index.extend((at as u32 / 2).to_be_bytes());
        index.extend(words.to_be_bytes());
        at += 8 + words as usize * 2;
    }
    let words = (index.len() / 2) as u32;
    index[24..28].copy_from_slice(&words.to_be_bytes());
    index
}

#[test]
fn u11_every_shape_type_reads_as_gdal_reads_it() {
    let scratch = tempfile::tempdir().unwrap();
    let options = options(scratch.path());
    let folders = [
        "survey/shp-geometry-types",
        "survey/shp-geometry-types/mapnik",
        "survey/shp-real",
        "survey/shp-encodings",
    ];
    let mut compared = 0;
    for folder in folders {
        for entry in std::fs::read_dir(data(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|e| e != "shp") || path.ends_with("multipatch.shp") {
                continue;
            }
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            let folder = scratch.path().join(compared.to_string());
            std::fs::create_dir(&folder).unwrap();
            let copy = folder.join(format!("{stem}.shp"));
            std::fs::copy(&path, &copy).unwrap();
            // GDAL does not open a shapefile without its index; ours need not have one.
            let index =
                shapefile::beside(&path, "shx").map_or_else(|| shx(&path), |p| std::fs::read(p).unwrap());
            std::fs::write(copy.with_extension("shx"), index).unwrap();
            let theirs = theirs(&copy, &options);
            if compared % 2 == 0 {
                std::fs::remove_file(copy.with_extension("shx")).unwrap();
            }
            std::fs::write(copy.with_extension("dbf"), blank_dbf(theirs.len())).unwrap();
            reads_as(&copy, &theirs, &options);
            compared += 1;
        }
    }
    assert!(compared >= 25, "{compared}");
}

#[test]
fn surfaces_in_space_are_refused_and_not_flattened() {
    let (_scratch, refused) = planned(&[data("survey/shp-geometry-types/multipatch.shp")], |_| {});
    assert_eq!(rules(&refused.unwrap_err()), ["format.unsupported"]);
}
