//! The files: equal runs give equal bytes, GDAL opens them with the right counts, columns and values are known to the
//! base map's definitions.

use super::sample;
use crate::{SampleError, SampleOptions, write};
use ditu_model::Layers;
use encoding_rs::GBK;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn layers() -> Layers {
    Layers::read_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../layers"))
        .expect("the base map's definitions are right")
}

/// Every file below a folder with its content.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).expect("below the folder").to_path_buf();
                all.insert(name, std::fs::read(&path).expect("a file can be read"));
            }
        }
    }
    all
}

#[test]
fn equal_seeds_give_equal_bytes_and_others_do_not() {
    let (a, first) = sample(1);
    let (b, second) = sample(1);
    let (c, _) = sample(2);
    assert_eq!(first, second);
    let (a, b, c) = (contents(a.path()), contents(b.path()), contents(c.path()));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (name, bytes) in &a {
        assert!(b[name] == *bytes, "{} differs between two runs", name.display());
    }
    assert!(a[Path::new("08地籍/房屋.shp")] != c[Path::new("08地籍/房屋.shp")], "the seed changes nothing");
    let size: usize = a.values().map(Vec::len).sum();
    assert!(size < 60_000_000, "{size} bytes");
    assert!((100_000..145_000).contains(&first.features()), "{} features", first.features());
}

#[test]
fn writing_again_into_the_same_folder_gives_the_same_files() {
    let (dir, first) = sample(3);
    let before = contents(dir.path());
    let again =
        write(dir.path(), &SampleOptions { scale: 1, seed: 3 }, &|_, _| ()).expect("it is written again");
    assert_eq!(first, again);
    assert!(before == contents(dir.path()));
}

#[test]
fn every_layer_of_the_base_map_gets_data() {
    let (_dir, manifest) = sample(1);
    let have: BTreeSet<&str> = manifest.files.iter().filter(|f| f.features > 0).map(|f| f.layer).collect();
    let layers = layers();
    let want: BTreeSet<&str> = layers.iter().map(|l| l.id.as_str()).collect();
    assert_eq!(have, want);
}

/// Feature count of a vector file or of one of its layers, as GDAL's own tool says.
fn count_by_gdal(path: &Path, layer: Option<&str>) -> u64 {
    let mut command = Command::new("ogrinfo");
    command.args(["-ro", "-so"]);
    match layer {
        Some(layer) => command.arg(path).arg(layer),
        None => command.arg("-al").arg(path),
    };
    let out = command.output().expect("ogrinfo (package gdal-bin) is installed");
    let text = String::from_utf8_lossy(&out.stdout);
    text.lines()
        .find_map(|l| l.strip_prefix("Feature Count: "))
        .and_then(|n| n.trim().parse().ok())
        .unwrap_or_else(|| {
            panic!("no count for {}: {text} {}", path.display(), String::from_utf8_lossy(&out.stderr))
        })
}

#[test]
fn gdal_opens_every_file_with_the_count_of_the_manifest() {
    let (dir, manifest) = sample(1);
    for f in &manifest.files {
        let path = dir.path().join(&f.path);
        match path.extension().and_then(|e| e.to_str()) {
            Some("tif") => {
                let out = Command::new("gdalinfo")
                    .arg("-mm")
                    .arg(&path)
                    .output()
                    .expect("gdalinfo (package gdal-bin) is installed");
                let text = String::from_utf8_lossy(&out.stdout);
                assert!(text.contains("EPSG\",4525") && text.contains("NoData Value=-9999"), "{text}");
                assert!(text.contains(",2098."), "{text}");
            }
            Some("dat") => {
                let text = GBK.decode(&std::fs::read(&path).expect("it reads")).0.into_owned();
                assert_eq!(text.matches("\r\n").count() as u64, f.features);
                for line in text.lines() {
                    let cells: Vec<&str> = line.split(',').collect();
                    let number = |i: usize| cells[i].parse::<f64>().expect("a number");
                    assert_eq!(cells.len(), 5);
                    assert!(
                        (37_440_000.0..37_640_000.0).contains(&number(2))
                            && (3.13e6..3.35e6).contains(&number(3))
                    );
                }
            }
            Some("gpkg") => {
                let table = if f.layer == "water.area" { "水域" } else { "水系线" };
                assert_eq!(count_by_gdal(&path, Some(table)), f.features);
            }
            _ => assert_eq!(count_by_gdal(&path, None), f.features, "{}", f.path.display()),
        }
    }
}

#[test]
fn u02_shapefiles_are_gbk_without_any_sign_of_it() {
    let (dir, _) = sample(1);
    let files = contents(dir.path());
    assert!(!files.keys().any(|k| k.extension().is_some_and(|e| e == "cpg")));
    let mut seen = 0;
    for (name, bytes) in files.iter().filter(|(k, _)| k.extension().is_some_and(|e| e == "dbf")) {
        assert_eq!(bytes[29], 0, "{}: language byte", name.display());
        assert_eq!(&bytes[1..4], &[124, 6, 30], "{}: the header's date is fixed", name.display());
        assert!(std::str::from_utf8(bytes).is_err(), "{} is not UTF-8", name.display());
        seen += 1;
    }
    assert_eq!(seen, 5);
}

/// Column names of a dBASE header, and its rows as texts.
fn dbf(bytes: &[u8]) -> (Vec<String>, Vec<Vec<String>>) {
    let count = u32::from_le_bytes(bytes[4..8].try_into().expect("four bytes")) as usize;
    let header = u16::from_le_bytes(bytes[8..10].try_into().expect("two bytes")) as usize;
    let row = u16::from_le_bytes(bytes[10..12].try_into().expect("two bytes")) as usize;
    let fields: Vec<(String, usize)> = bytes[32..header - 1]
        .chunks(32)
        .map(|f| {
            (GBK.decode(f[..11].split(|b| *b == 0).next().expect("a name")).0.into_owned(), f[16] as usize)
        })
        .collect();
    let rows = (0..count)
        .map(|i| {
            let mut at = header + i * row + 1;
            fields
                .iter()
                .map(|(_, w)| {
                    at += w;
                    let (text, _, broken) = GBK.decode(&bytes[at - w..at]);
                    assert!(!broken, "a character is cut");
                    text.trim().to_string()
                })
                .collect()
        })
        .collect();
    (fields.into_iter().map(|f| f.0).collect(), rows)
}

#[test]
fn shapefile_columns_and_codes_are_known_and_keys_are_unique() {
    let (dir, manifest) = sample(1);
    let layers = layers();
    for f in manifest.files.iter().filter(|f| f.path.extension().is_some_and(|e| e == "shp")) {
        let bytes =
            std::fs::read(dir.path().join(f.path.with_extension("dbf"))).expect("a .dbf beside the .shp");
        let (columns, rows) = dbf(&bytes);
        let layer = layers.named(f.layer).expect("a layer of the base map");
        assert!(
            layer.is_called(&f.path.file_stem().expect("a name").to_string_lossy()),
            "{}",
            f.path.display()
        );
        assert_eq!(rows.len() as u64, f.features);
        let fields: Vec<_> = columns
            .iter()
            .map(|c| {
                layer
                    .fields
                    .iter()
                    .find(|field| field.is_called(c))
                    .unwrap_or_else(|| panic!("{}: what is {c}?", f.layer))
            })
            .collect();
        let mut keys = BTreeSet::new();
        for row in &rows {
            for (field, value) in fields.iter().zip(row).filter(|(_, v)| !v.is_empty()) {
                if let Some(codes) = &field.codes {
                    assert!(codes.find(value).is_some(), "{}.{}: {value}", f.layer, field.name);
                }
                if let Some(pattern) = &field.pattern {
                    assert!(pattern.is_match(value), "{}.{}: {value}", f.layer, field.name);
                }
            }
            let key: Vec<&String> = layer
                .key
                .iter()
                .filter_map(|k| fields.iter().position(|f| f.name == layer.fields[*k].name).map(|i| &row[i]))
                .collect();
            assert_eq!(key.len(), layer.key.len(), "{}: a key column is missing", f.layer);
            assert!(key.is_empty() || keys.insert(key.clone()), "{}: key {key:?} twice", f.layer);
        }
    }
}

#[test]
fn table_headers_are_known_to_the_layers() {
    let (dir, _) = sample(1);
    let layers = layers();
    let first_line = |name: &str, gbk: bool| {
        let bytes = std::fs::read(dir.path().join(name)).expect("it reads");
        let text =
            if gbk { GBK.decode(&bytes).0.into_owned() } else { String::from_utf8(bytes).expect("UTF-8") };
        text.trim_start_matches('\u{feff}').lines().next().expect("a header").to_string()
    };
    for (name, layer, gbk) in
        [("05交通/公交站点.csv", "transport.stop", true), ("04地名/地名点.csv", "placename.place", false)]
    {
        let layer = layers.named(layer).expect("a layer of the base map");
        let header = first_line(name, gbk);
        for column in header.split(',').filter(|c| !matches!(*c, "经度" | "纬度")) {
            assert!(layer.fields.iter().any(|f| f.is_called(column)), "{}: what is {column}?", layer.id);
        }
    }
}

#[test]
fn a_scale_out_of_range_is_refused_with_the_range() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let error =
        write(dir.path(), &SampleOptions { scale: 0, seed: 1 }, &|_, _| ()).expect_err("scale 0 is refused");
    assert!(matches!(error, SampleError::Scale(0)) && error.to_string().contains("1 to 20"));
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("taken");
    std::fs::write(&file, b"a file, not a folder").expect("it writes");
    let error = write(&file, &SampleOptions::default(), &|_, _| ()).expect_err("a file is no folder");
    assert!(matches!(&error, SampleError::Io { path, .. } if path.starts_with(&file)), "{error}");
}
