//! Files made to break readers: refused or quarantined, each for the reason it was made with.

use super::super::hostile::Outcome::{Aborted, Kept, Refused};
use super::super::hostile::{answered, meets};
use super::*;

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
        meets(&data(&format!("hostile/{stem}.shp")), layer, Some(4490), &outcome);
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
        meets(&data(&format!("hostile/{file}")), "placename.place", Some(4490), &Refused(rule));
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
    files.iter().for_each(|file| answered(file));
}

#[test]
fn a_layer_is_never_replaced_by_nothing() {
    meets(
        &data("survey/shp-geometry-types/mapnik/3d_point_empty.shp"),
        "placename.place",
        None,
        &Refused("file.empty"),
    );
    meets(&data("hostile/geojson_nan.geojson"), "placename.place", None, &Aborted);
}
