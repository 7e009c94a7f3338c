//! Files made to break readers: refused or quarantined, each for the reason it was made with.

use super::*;
use ditu_model::LayerId;

enum Outcome {
    /// Refused before a row was read.
    Refused(&'static str),
    /// The stream ends in an error: nothing is committed.
    Aborted,
    /// Rows kept, and findings of a rule.
    Kept(u64, &'static str, u64),
}
use Outcome::{Aborted, Kept, Refused};

fn meets(file: &str, layer: &str, crs: Option<u32>, outcome: &Outcome) {
    let (_scratch, plan) = planned(&[data(file)], |o| {
        o.all().layer = LayerId::new(layer);
        o.all().crs = crs.map(CrsChoice::Epsg);
        o.city = None;
    });
    match (plan, outcome) {
        (Err(r), Refused(rule)) => assert_eq!(rules(&r), [*rule], "{file}"),
        (Ok(plan), Aborted) => assert!(drained(plan).0.is_err(), "{file}"),
        (Ok(plan), Kept(n, rule, findings)) => {
            let (result, report) = drained(plan);
            assert!(result.is_ok(), "{file}: {result:?}");
            let told = report.summary(crate::Lang::En);
            assert_eq!((report.committed(), count(&report, rule)), (*n, *findings), "{file}: {told}");
        }
        (Err(r), _) => panic!("{file}: {r}"),
        (Ok(_), Refused(rule)) => panic!("{file} should be refused: {rule}"),
    }
}

#[test]
fn broken_shapefiles_are_refused_or_their_broken_rows_kept_out() {
    for (stem, layer, outcome) in [
        ("dbf_reclen_zero", "placename.place", Refused("file.damaged")),
        ("dbf_truncated", "placename.place", Refused("file.damaged")),
        ("empty_files", "placename.place", Refused("file.empty")),
        ("header_length_lies", "placename.place", Kept(162, "shapefile.length", 1)),
        ("huge_coords", "placename.place", Kept(161, "geometry.outside_crs", 1)),
        ("missing_dbf", "placename.place", Refused("file.incomplete")),
        ("missing_shx", "placename.place", Kept(162, "shapefile.index", 1)),
        ("nan_inf_coords", "placename.place", Kept(161, "geometry.not_finite", 1)),
        ("negative_content_length", "placename.place", Kept(161, "geometry.unreadable", 1)),
        ("numparts_huge", "water.area", Aborted),
        ("numpoints_huge", "water.area", Aborted),
        ("selfintersect_bowtie", "water.area", Kept(1, "geometry.self_intersection", 1)),
        ("shx_garbage_offsets", "placename.place", Kept(162, "shapefile.index", 1)),
        ("shx_short", "placename.place", Kept(162, "shapefile.index", 1)),
        ("truncated_shp", "placename.place", Refused("file.damaged")),
        ("unclosed_ring", "water.area", Kept(1, "geometry.open_ring", 1)),
        ("unknown_shape_type", "placename.place", Refused("format.unsupported")),
        ("wrong_magic", "placename.place", Refused("file.damaged")),
        ("wrong_winding", "water.area", Kept(1, "geometry.self_intersection", 0)),
        ("zero_area_spike", "water.area", Aborted),
    ] {
        meets(&format!("hostile/{stem}.shp"), layer, Some(4490), &outcome);
    }
}

#[test]
fn s3_s4_s5_files_that_reach_out_or_blow_up_are_refused() {
    for (file, rule) in [
        ("kml_xxe.kml", "format.entities"),
        ("gml_billion_laughs.gml", "format.entities"),
        ("zip_path_traversal.zip", "archive.unsafe_name"),
        ("zip_bomb_50MB.zip", "archive.bomb"),
        ("mapnik-csv/fails/cannot_read_a_vrt.vrt", "format.reference"),
    ] {
        meets(&format!("hostile/{file}"), "placename.place", Some(4490), &Refused(rule));
    }
    // GDAL looks at content, not names: a VRT under another name must not be opened either.
    let dir = tempfile::tempdir().unwrap();
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

#[test]
fn every_hostile_file_ends_without_a_panic_and_counts_every_row() {
    let mut files = Vec::new();
    let mut folders = vec![data("hostile")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.retain(|f| {
        f.extension().is_some_and(|e| !["dbf", "shx", "prj", "qpj", "cpg"].contains(&&*e.to_string_lossy()))
    });
    files.sort();
    assert!(files.len() > 50, "{}", files.len());
    for file in files {
        for layer in ["placename.place", "water.area", "transport.road"] {
            let (_scratch, plan) = planned(std::slice::from_ref(&file), |o| {
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
}

#[test]
fn a_layer_is_never_replaced_by_nothing() {
    meets(
        "survey/shp-geometry-types/mapnik/3d_point_empty.shp",
        "placename.place",
        None,
        &Refused("file.empty"),
    );
    meets("hostile/geojson_nan.geojson", "placename.place", None, &Aborted);
}
