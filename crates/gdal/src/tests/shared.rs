//! The worker over the real files of `../shared/data`, which are no part of the project.

use super::*;

/// A file of the shared test data.
pub(super) fn data(path: &str) -> PathBuf {
    let root = std::env::var_os("DITU_TEST_DATA").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = root.unwrap_or_else(beside).join(path);
    assert!(path.exists(), "{} is missing; DITU_TEST_DATA names the folder", path.display());
    path
}

#[test]
fn every_geometry_type_of_a_shapefile_comes_as_ogr2ogr_writes_it() {
    let folder = data("survey/shp-geometry-types");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        // GDAL wants the index; Ditu's own reader does without.
        if path.extension().is_none_or(|e| e != "shp") || !path.with_extension("shx").exists() {
            continue;
        }
        let layer = path.file_stem().unwrap().to_str().unwrap();
        let description = start().describe(&path).unwrap_or_else(|e| panic!("{layer}: {e}"));
        let rows = rows(&path, layer, &ReadOptions::default());
        assert_eq!(rows.len() as u64, description.layers[0].features.unwrap(), "{layer}");
        assert!(rows.iter().flat_map(|r| &r.geometry).all(Result::is_ok), "{layer}: {:?}", rows[0].geometry);
        files += 1;
    }
    assert!(files >= 4, "{files} files");
}

#[test]
fn hostile_files_are_answered_and_give_nothing_of_this_machine() {
    for entry in std::fs::read_dir(data("hostile")).unwrap().flatten() {
        if !entry.path().is_file() {
            continue;
        }
        // Whatever the answer, it comes, and it holds nothing of this machine.
        if let Ok(d) = start().describe(&entry.path()) {
            for layer in d.layers {
                let rows = start().read(&entry.path(), &layer.name, &ReadOptions::default()).unwrap();
                let text = format!("{:?}", rows.take(1000).collect::<Vec<_>>());
                assert!(!text.contains("root:"), "{}", entry.path().display());
            }
        }
    }
}
