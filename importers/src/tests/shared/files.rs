//! The shared survey files, one by one: imported right, or refused for the right reason.

use super::*;
use ditu_model::LayerId;

fn place(o: &mut Options) {
    o.all().layer = LayerId::new("placename.place");
}

fn names(path: &str, change: impl FnOnce(&mut Options)) -> Result<Vec<String>, Vec<&'static str>> {
    let (_scratch, plan) = planned(&[data(path)], change);
    let plan = plan.map_err(|r| rules(&r))?;
    let rows = drained(plan).0.unwrap();
    Ok(rows["placename.place"].iter().map(|r| value("placename.place", r, "name").to_string()).collect())
}

#[test]
fn u2_the_same_towns_read_the_same_whatever_the_encoding_and_its_claim() {
    let folder = "survey/shp-encodings/derived-changde";
    let expected = names(&format!("{folder}/utf8_nocpg_ldid0.shp"), place).unwrap();
    assert_eq!(expected.len(), 162);
    assert_eq!(expected[0], "陬市镇");
    for stem in
        ["gbk_nocpg_ldid0", "gbk_nocpg_ldid4d", "gbk_cpg936", "gbk_wrongcpg_utf8", "gbk_cgcs2000_gk37"]
    {
        assert_eq!(names(&format!("{folder}/{stem}.shp"), place).unwrap(), expected, "{stem}");
    }
    // Four-byte characters, one row more.
    let more = names(&format!("{folder}/gb18030_cpg.shp"), place).unwrap();
    assert_eq!(more.len(), 163);
    assert!(more.iter().all(|n| !n.contains('\u{fffd}')));
    // Traditional bytes of what Big5 has; names of the same towns.
    let big5 = names(&format!("{folder}/big5_cpg950.shp"), place).unwrap();
    assert!(big5.iter().all(|n| !n.contains('\u{fffd}')), "{big5:?}");
    let cut = names(&format!("{folder}/gbk_truncated_multibyte.shp"), place).unwrap();
    for (short, whole) in cut.iter().zip(&expected) {
        assert!(whole.starts_with(short.as_str()), "{short} {whole}");
    }
}

#[test]
fn u1_every_claim_of_the_china_samples_gives_the_same_texts() {
    let folder = "survey/china-samples";
    let expected = ["武陵区穿紫河", "澧县", "鼎城区牛鼻滩镇"];
    // In UTF-8 the last name does not fit the field's twenty bytes.
    let utf8 = names(&format!("{folder}/k_utf8_nocpg.shp"), place).unwrap();
    assert_eq!(utf8, ["武陵区穿紫河", "澧县", "鼎城区牛鼻滩"]);
    for stem in [
        "a_nocpg_ldid0",
        "b_nocpg_ldid4d",
        "c_cpg936",
        "d_cpgGBK",
        "f_nocpg_ldid57",
        "h_cpgGB18030",
        "i_cpgGB2312",
    ] {
        assert_eq!(names(&format!("{folder}/{stem}.shp"), place).unwrap(), expected, "{stem}");
    }
}

#[test]
fn u2_western_and_persian_texts_are_right_or_asked_about() {
    let folder = "survey/shp-encodings";
    let anywhere = |o: &mut Options| {
        place(o);
        o.city = None;
    };
    for stem in ["iso-8859-1", "latin1", "utf8", "windows-1252", "windows-1252_ldid"] {
        assert_eq!(names(&format!("{folder}/{stem}.shp"), anywhere).unwrap(), ["äöü"], "{stem}");
    }
    for stem in ["iso-8859-1_ldid", "system_encoding"] {
        let path = format!("{folder}/{stem}.shp");
        assert_eq!(names(&path, anywhere).unwrap_err(), ["encoding.unclear"], "{stem}");
        let told = |o: &mut Options| {
            anywhere(o);
            o.all().encoding = Some("ISO-8859-1".into());
        };
        assert_eq!(names(&path, told).unwrap(), ["äöü"], "{stem}");
    }
    // U7: in an archive, too.
    assert_eq!(names(&format!("{folder}/windows-1252.zip"), anywhere).unwrap(), ["äöü"]);
    let persian = data(&format!("{folder}/mapnik/farsi-labels.shp"));
    let (_scratch, plan) = planned(&[persian], anywhere);
    assert_eq!(plan.unwrap().datasets()[0].encoding.as_deref(), Some("UTF-8"));
}

#[test]
fn a_dbf_without_shapes_is_refused_by_name() {
    for file in ["cp936.dbf", "cp850.dbf", "stations.dbf", "stations_with_deleted.dbf", "line.dbf"] {
        let (_scratch, refused) =
            planned(&[data(&format!("survey/shp-encodings/dbase-crate/{file}"))], |_| {});
        assert_eq!(rules(&refused.unwrap_err()), ["file.incomplete"], "{file}");
    }
}

#[test]
fn u6_a_missing_prj_is_asked_about_and_the_answer_lands_on_the_same_spot() {
    let folder = "survey/shp-encodings/derived-changde";
    let at = |stem: &str, crs: Option<u32>| -> Result<Vec<[f64; 2]>, Vec<&'static str>> {
        let (_scratch, plan) = planned(&[data(&format!("{folder}/{stem}.shp"))], |o| {
            place(o);
            o.all().crs = crs.map(CrsChoice::Epsg);
        });
        let rows = drained(plan.map_err(|r| rules(&r))?).0.unwrap();
        Ok(rows["placename.place"].iter().map(|r| r.geometry.as_ref().unwrap().coords[0]).collect())
    };
    let expected = at("utf8_nocpg_ldid0", None).unwrap();
    let near = |found: &[[f64; 2]]| {
        for (a, b) in expected.iter().zip(found) {
            assert!((a[0] - b[0]).abs() < 2e-8 && (a[1] - b[1]).abs() < 2e-8, "{a:?} {b:?}");
        }
    };
    near(&at("gbk_cgcs2000_gk37", None).unwrap());
    assert_eq!(at("gbk_cgcs2000_gk37_noprj", None).unwrap_err(), ["crs.unclear"]);
    near(&at("gbk_cgcs2000_gk37_noprj", Some(4525)).unwrap());
    near(&at("swapped_axes_noprj", Some(4525)).unwrap());
    assert_eq!(at("swapped_axes_noprj", None).unwrap_err(), ["crs.unclear"]);
    // A datum that cannot be reached, a code that is none, a zone that is elsewhere.
    assert_eq!(at("gbk_cgcs2000_gk37_noprj", Some(2361)).unwrap_err(), ["crs.needs_control"]);
    assert_eq!(at("gbk_cgcs2000_gk37_noprj", Some(1)).unwrap_err(), ["crs.unknown_code"]);
}

#[test]
fn drawings_read_right_whatever_their_header_says_of_the_code_page() {
    for stem in ["gbk_cp936", "gbk_gb2312", "utf8_2007"] {
        let path = data(&format!("survey/china-samples/{stem}.dxf"));
        let (_scratch, refused) = planned(std::slice::from_ref(&path), |_| {});
        assert_eq!(rules(&refused.unwrap_err()), ["crs.unclear"], "{stem}");
        let (_scratch, plan) = planned(&[path], |o| o.all().crs = Some(CrsChoice::Epsg(4546)));
        let rows = drained(plan.unwrap()).0.unwrap();
        let name = value("placename.place", &rows["placename.place"][0], "name").to_string();
        assert_eq!(name, "砼3", "{stem}");
        // The CASS code in the extended data, a closed polyline as an area, the block's height.
        let kind = value("cadastre.building", &rows["cadastre.building"][0], "kind");
        assert!(!kind.is_null(), "{stem}");
        assert!(value("terrain.spot", &rows["terrain.spot"][0], "elevation_m").as_f64().is_some(), "{stem}");
    }
}

#[test]
fn control_points_of_every_table_land_on_the_same_spot() {
    let folder = "survey/tables-coords";
    let at = |file: &str| {
        let (_scratch, plan) = planned(&[data(&format!("{folder}/{file}"))], |o| {
            o.all().crs = Some(CrsChoice::Epsg(4546));
            // A point list does not say what its points are.
            if file.ends_with(".dat") {
                o.all().layer = LayerId::new("control.point");
            }
        });
        let rows = drained(plan.unwrap_or_else(|r| panic!("{file}: {r}"))).0.unwrap();
        rows["control.point"].iter().map(|r| r.geometry.as_ref().unwrap().coords[0]).collect::<Vec<_>>()
    };
    let expected = at("control_utf8bom.csv");
    assert_eq!(expected.len(), 162);
    assert!((expected[0][0] - 111.53886).abs() < 1e-6 && (expected[0][1] - 29.04397).abs() < 1e-6);
    for file in ["control_gb18030.csv", "cass_gbk.dat", "control.xlsx"] {
        for (a, b) in expected.iter().zip(at(file)) {
            assert!((a[0] - b[0]).abs() < 2e-8 && (a[1] - b[1]).abs() < 2e-8, "{file}: {a:?} {b:?}");
        }
    }
    // Degrees, minutes and seconds on the second sheet are the same places, and said to be.
    let (_scratch, plan) =
        planned(&[data(&format!("{folder}/control.xlsx"))], |o| o.all().crs = Some(CrsChoice::Epsg(4546)));
    assert!(count(&drained(plan.unwrap()).1, "check.coincident") >= 160);
    // Two points of one name are one too many.
    let (_scratch, plan) = planned(&[data(&format!("{folder}/cass_named_gbk.dat"))], |o| {
        o.all().crs = Some(CrsChoice::Epsg(4546));
        o.all().layer = LayerId::new("control.point");
    });
    let report = drained(plan.unwrap()).1;
    assert_eq!((report.committed(), count(&report, "key.duplicate")), (161, 1));
    // Without a word about the CRS, all of them are asked about.
    for file in
        ["control_utf8bom.csv", "control_gb18030.csv", "cass_gbk.dat", "cass_named_gbk.dat", "control.xlsx"]
    {
        let (_scratch, refused) = planned(&[data(&format!("{folder}/{file}"))], |_| {});
        let refused = refused.unwrap_err();
        let known: &[&str] =
            if file.ends_with(".dat") { &["layer.unknown", "crs.unclear"] } else { &["crs.unclear"] };
        assert!(rules(&refused).iter().all(|r| known.contains(r)), "{file}: {refused}");
    }
    for file in ["excel-xlsx.xlsx", "spreadsheet.ods"] {
        let (_scratch, refused) = planned(&[data(&format!("{folder}/{file}"))], |_| {});
        assert_eq!(rules(&refused.unwrap_err()).first(), Some(&"layer.unknown"), "{file}");
    }
}

#[test]
fn formats_that_are_not_read_are_named_with_a_way_out() {
    for (file, rule) in [
        ("survey/china-samples/vct2_topo1.vct", "crs.needs_control"),
        ("survey/china-samples/o.ovkml", "crs.unclear"),
        ("survey/dwg/example_2000.dwg", "format.unsupported"),
        ("survey/dwg/sample_2018.dwg", "format.unsupported"),
        ("survey/landxml/S1.xml", "unit.not_metres"),
        ("survey/shp-geometry-types/line.shp", "file.incomplete"),
    ] {
        let (_scratch, refused) = planned(&[data(file)], |_| {});
        let refused = refused.unwrap_err();
        assert_eq!(rules(&refused), [rule], "{file}");
        assert!(refused.findings.iter().all(|f| !f.cure.zh.is_empty() && !f.cure.en.is_empty()), "{file}");
    }
}

#[test]
fn a_vct_file_gives_each_table_to_its_layer_with_holes_and_texts() {
    let path = data("survey/china-samples/vct3_hole.vct");
    let (_scratch, plan) = planned(&[path], |o| {
        let layer = |id: &str, table: &str| Choice {
            table: Some(table.into()),
            layer: LayerId::new(id),
            ..Choice::default()
        };
        o.choices = vec![layer("cadastre.parcel", "DLTB")];
    });
    let plan = plan.unwrap_or_else(|r| panic!("{r}"));
    assert!(plan.datasets().iter().all(|d| d.epsg == Some(4525) && d.format == "VCT"));
    let (rows, _) = drained(plan);
    let rows = rows.unwrap();
    let point = &rows["control.point"][0];
    assert_eq!(value("control.point", point, "name").to_string(), "德山一号");
    let [lon, lat] = point.geometry.as_ref().unwrap().coords[0];
    // DOMAIN §1.3, row 1.
    assert!((lon - 111.6985).abs() < 2e-8 && (lat - 29.0316).abs() < 2e-8, "{lon} {lat}");
    let parcel = rows["cadastre.parcel"][0].geometry.as_ref().unwrap();
    assert_eq!((parcel.part_count(), parcel.rings.len()), (1, 2));
    let m2 = crate::geometry::measure::area(parcel);
    assert!((m2 - 9600.0).abs() < 3.0, "{m2}");
}

#[test]
fn elevation_models_become_grids_or_are_refused_for_the_right_reason() {
    for (file, crs, outcome) in [
        ("../survey/china-samples/t.dem", Some(4546), Ok([35.2, 35.7])),
        ("../survey/china-samples/t2.dem", Some(4525), Ok([35.2, 35.7])),
        ("../survey/china-samples/t.dem", None, Err("crs.unknown")),
        ("N42E001.hgt.zip", None, Ok([803.0 - 500.0, 3100.0])),
        ("N48W125.hgt.zip", None, Ok([-13.0, 1095.0])),
        ("N43E007.hgt.zip", None, Ok([-11.0, 2064.0])),
        ("N42E001_crop300.asc", None, Ok([803.0, 3100.0])),
        ("pysheds-dem.tif", None, Ok([0.0, 3000.0])),
        ("raster-dem.tif", None, Ok([0.0, 5000.0])),
        ("analysis-dem.tif", None, Ok([0.0, 5000.0])),
        ("china-dem.nc", Some(4326), Ok([-500.0, 9000.0])),
        ("china-dem.nc", None, Err("crs.unknown")),
        ("checker360by180.asc", None, Err("crs.unknown")),
        ("truncated.tiff", None, Err("crs.unknown")),
        ("unsupported-srs.tif", None, Err("raster.grid")),
        ("usda_naip_512_deflate_z2.tif", None, Err("raster.bands")),
    ] {
        let (_scratch, plan) = planned(&[data(&format!("terrain/{file}"))], |o| {
            o.all().layer = LayerId::new("terrain.dem");
            o.city = None;
            o.all().crs = crs.map(CrsChoice::Epsg);
        });
        match (plan, outcome) {
            (Ok(plan), Ok([least, most])) => {
                let run = plan.run();
                let grid = &run.rasters[0];
                assert!(grid.path.exists(), "{file}");
                let batch = run.deliveries.into_iter().next().unwrap().rows.next().unwrap().unwrap();
                let put = batch.iter().find(|op| matches!(op, RowOp::Put { .. }));
                let Some(RowOp::Put { row, .. }) = put else { panic!("{file}") };
                assert_eq!(value("terrain.dem", row, "file").to_string(), grid.sha256, "{file}");
                let (low, high) = (value("terrain.dem", row, "min_m"), value("terrain.dem", row, "max_m"));
                assert!(
                    low.as_f64().unwrap() >= least - 1.0 && high.as_f64().unwrap() <= most + 1.0,
                    "{file} {low} {high}"
                );
            }
            (Err(refused), Err(rule)) => assert_eq!(rules(&refused), [rule], "{file}"),
            (Ok(_), Err(rule)) => panic!("{file} should be refused: {rule}"),
            (Err(refused), Ok(_)) => panic!("{file}: {refused}"),
        }
    }
}

/// The centre of gravity of each county by its name.
fn centres(rows: &[Row]) -> BTreeMap<String, [f64; 2]> {
    use geo::Centroid;
    rows.iter()
        .map(|r| {
            let centre = r.geometry.as_ref().unwrap().to_geo().centroid().unwrap();
            (value("boundary.area", r, "name").to_string(), [centre.x(), centre.y()])
        })
        .collect()
}

#[test]
fn an_internet_maps_boundaries_are_asked_about_and_come_right_by_the_answer() {
    let truth = data("boundaries-unclear-licence/tianditu_cgcs2000_hunan_district.geojson");
    let amap = data("boundaries-unclear-licence/datav_gcj02_changde_counties.json");
    let read = |path: &Path, crs: Option<CrsChoice>| {
        let (_scratch, plan) = planned(&[path.to_owned()], |o| {
            o.all().layer = LayerId::new("boundary.area");
            o.all().crs = crs.clone();
        });
        let (rows, report) = drained(plan.unwrap_or_else(|r| panic!("{r}")));
        (centres(&rows.unwrap()["boundary.area"]), report)
    };
    let (_scratch, plan) =
        planned(std::slice::from_ref(&amap), |o| o.all().layer = LayerId::new("boundary.area"));
    let refusal = plan.unwrap_err();
    assert_eq!(rules(&refusal), ["crs.obfuscated"]);
    let [question] = refusal.questions.as_slice() else { panic!("{:?}", refusal.questions) };
    let values: Vec<&str> = question.answers.iter().map(|a| a.value.as_str()).collect();
    assert_eq!(values, ["GCJ-02", "EPSG:4326"]);
    let shown: Vec<[f64; 2]> = question.answers.iter().map(|a| a.sample[0]).collect();
    let metres = |a: [f64; 2], b: [f64; 2]| {
        let (dx, dy) = ((a[0] - b[0]) * 97_000.0, (a[1] - b[1]) * 111_000.0);
        dx.hypot(dy)
    };
    assert!((300.0..900.0).contains(&metres(shown[0], shown[1])), "{shown:?}");

    let (truth, _) = read(&truth, None);
    // Two counties' boundaries are of other years in the two sources; the median is of all nine.
    let median = |found: &BTreeMap<String, [f64; 2]>| {
        let mut d: Vec<f64> =
            found.iter().filter_map(|(code, c)| Some(metres(*c, *truth.get(code)?))).collect();
        assert!(d.len() >= 7, "{:?} {:?}", found.keys(), truth.keys());
        d.sort_by(f64::total_cmp);
        d[d.len() / 2]
    };
    let (undone, report) = read(&amap, Some(CrsChoice::Gcj02));
    let (as_is, warned) = read(&amap, Some(CrsChoice::Epsg(4326)));
    assert_eq!((count(&report, "crs.obfuscated"), count(&warned, "crs.obfuscated")), (1, 1));
    assert!(median(&undone) * 2.0 < median(&as_is), "{} {}", median(&undone), median(&as_is));
}
