//! The shared survey files, one by one: imported right, or refused for the right reason.

use super::*;
use crate::plan::Refusal;
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
fn u6_numbers_that_the_stated_crs_puts_elsewhere_are_refused_with_a_suggestion() {
    let dir = tempfile::tempdir().unwrap();
    let from = data("survey/shp-encodings/derived-changde/gbk_cgcs2000_gk37.shp");
    for ending in ["shp", "shx", "dbf"] {
        std::fs::copy(from.with_extension(ending), dir.path().join(format!("地名.{ending}"))).unwrap();
    }
    let wrong = data("survey/shp-encodings/derived-changde/gbk_nocpg_ldid0.prj");
    std::fs::copy(wrong, dir.path().join("地名.prj")).unwrap();
    let (_scratch, refused) = planned(&[dir.path().to_owned()], |_| {});
    let refused = refused.unwrap_err();
    assert_eq!(rules(&refused), ["crs.outside"]);
    assert!(refused.to_string().contains("--crs EPSG:4525"), "{refused}");
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
                let RowOp::Put { row, .. } = &batch[0] else { panic!("{file}") };
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

/// Place names at 30 spots of the city, the numbers written as asked.
fn names_csv(dir: &Path, head: &str, write: impl Fn([f64; 2]) -> String) -> (PathBuf, Vec<[f64; 2]>) {
    let spots: Vec<[f64; 2]> =
        (0..30).map(|i| [111.2 + f64::from(i) * 0.0137, 29.9 - f64::from(i * i % 17) * 0.0411]).collect();
    let rows: String =
        spots.iter().enumerate().map(|(i, p)| format!("第{i}村,{i},{}\n", write(*p))).collect();
    let path = dir.join("地名.csv");
    std::fs::write(&path, format!("名称,编码,{head}\n{rows}")).unwrap();
    (path, spots)
}

#[test]
fn degrees_whose_decimals_are_minutes_and_seconds_are_asked_about() {
    let dir = tempfile::tempdir().unwrap();
    let packed = |v: f64| {
        let seconds = (v * 36e5).round() / 1e3;
        let (d, m) = ((seconds / 3600.0).floor(), (seconds / 60.0).floor() % 60.0);
        format!("{d:.0}.{m:02.0}{:05.0}", (seconds - d * 3600.0 - m * 60.0) * 1e3)
    };
    let read = |path: &Path, crs: Option<CrsChoice>| {
        let (_scratch, plan) = planned(&[path.to_owned()], |o| {
            place(o);
            o.all().crs = crs;
        });
        let rows = drained(plan?).0.unwrap().remove("placename.place").unwrap();
        Ok(rows.iter().map(|r| r.geometry.as_ref().unwrap().coords[0]).collect::<Vec<_>>())
    };
    let (path, spots) =
        names_csv(dir.path(), "经度,纬度", |p| format!("{},{}", packed(p[0]), packed(p[1])));
    let refused: Refusal = read(&path, None).unwrap_err();
    assert_eq!(rules(&refused), ["crs.packed_degrees"], "{refused}");
    let answers = &refused.questions[0].answers;
    assert_eq!(answers.iter().map(|a| a.value.as_str()).collect::<Vec<_>>(), ["DMS", "EPSG:4490"]);
    let [w, s, e, n] = answers[0].bounds.unwrap();
    assert!(w > 111.19 && e < 111.61 && s > 29.2 && n < 29.91, "{:?}", answers[0].bounds);
    let close = |a: &[f64; 2], b: &[f64; 2]| (a[0] - b[0]).abs() < 2e-7 && (a[1] - b[1]).abs() < 2e-7;
    let found = read(&path, Some("DMS".parse().unwrap())).unwrap();
    assert!(spots.iter().zip(&found).all(|(a, b)| close(a, b)), "{spots:?} {found:?}");
    let plain = read(&path, Some(CrsChoice::Epsg(4490))).unwrap();
    assert!(!close(&plain[0], &spots[0]));
    // Decimal degrees of the same places are not asked about.
    let (path, spots) = names_csv(dir.path(), "经度,纬度", |p| format!("{:.7},{:.7}", p[0], p[1]));
    let found = read(&path, None).unwrap();
    assert!(spots.iter().zip(&found).all(|(a, b)| close(a, b)));
    assert_eq!(rules(&read(&path, Some(CrsChoice::Dms)).unwrap_err()), ["crs.packed_degrees"]);
}

#[test]
fn data_cut_in_another_zone_are_told_so_and_lie_where_they_should() {
    let dir = tempfile::tempdir().unwrap();
    for (code, told) in [(4547, 1), (4526, 1), (4546, 0), (4525, 0), (4497, 0), (32649, 0), (32650, 1)] {
        let crs = ditu_crs::Crs::from_epsg(code).unwrap();
        let (path, spots) = names_csv(dir.path(), "X坐标,Y坐标", |p| {
            let en = crs.project(p);
            format!("{:.4},{:.4}", en[1], en[0])
        });
        let (_scratch, plan) = planned(&[path], |o| {
            place(o);
            o.all().crs = Some(CrsChoice::Epsg(code));
        });
        let (rows, report) = drained(plan.unwrap_or_else(|r| panic!("{code}: {r}")));
        assert_eq!(count(&report, "crs.other_zone"), told, "EPSG:{code}");
        let found = &rows.unwrap()["placename.place"];
        for (row, spot) in found.iter().zip(&spots) {
            let p = row.geometry.as_ref().unwrap().coords[0];
            assert!((p[0] - spot[0]).abs() < 1e-8 && (p[1] - spot[1]).abs() < 1e-8, "EPSG:{code} {p:?}");
        }
    }
}

#[test]
fn gcj_02_is_undone_where_stated_and_suspected_where_its_makers_show() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("地名.ovkml");
    let text = std::fs::read_to_string(data("survey/china-samples/o.ovkml")).unwrap();
    std::fs::write(&path, text.replace(">1<", ">GCJ-02<")).unwrap();
    let (_scratch, plan) = planned(&[path], |_| {});
    let (rows, report) = drained(plan.unwrap_or_else(|r| panic!("{r}")));
    let [lon, lat] = rows.unwrap()["placename.place"][0].geometry.as_ref().unwrap().coords[0];
    // DOMAIN §1.6: 111.704109572, 29.028575249 is 111.6985, 29.0316.
    assert!((lon - 111.6985).abs() < 5e-5 && (lat - 29.0316).abs() < 5e-5, "{lon} {lat}");
    assert_eq!(count(&report, "crs.obfuscated"), 1);
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

#[test]
fn u6_a_shapefile_without_prj_asks_with_choices_and_where_each_would_lie() {
    let folder = data("survey/shp-encodings/derived-changde");
    let bare = std::fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p.extension().is_some_and(|e| e == "shp") && p.to_string_lossy().contains("noprj"));
    let bare = bare.expect("a shapefile without .prj");
    let (_scratch, plan) = planned(&[bare], |o| o.all().layer = LayerId::new("placename.place"));
    let refusal = plan.unwrap_err();
    let [question] = refusal.questions.as_slice() else { panic!("{:?}", refusal.questions) };
    assert_eq!(question.subject, Subject::Crs);
    assert!(!question.answers.is_empty());
    for answer in &question.answers {
        let [w, s, e, n] = answer.bounds.unwrap();
        assert!(w > 110.0 && e < 112.8 && s > 28.0 && n < 30.5, "{answer:?}");
        assert!((1..=200).contains(&answer.sample.len()) && answer.confidence.is_some());
        assert!(answer.value.parse::<CrsChoice>().is_ok(), "{answer:?}");
    }
    assert!(question.answers.iter().any(|a| a.value == "EPSG:4525"), "{:?}", question.answers);
}

#[test]
fn u7_folders_archives_and_upper_case_endings_are_found_and_leftovers_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let from = data("survey/shp-encodings/derived-changde/gbk_cgcs2000_gk37.shp");
    let file = std::fs::File::create(dir.path().join("delivery.zip")).unwrap();
    let mut zip = zip::ZipWriter::new(file);
    let plain = zip::write::SimpleFileOptions::default();
    for ending in ["shp", "shx", "dbf", "prj"] {
        let bytes = std::fs::read(from.with_extension(ending)).unwrap();
        for folder in ["a/b", "__MACOSX/a"] {
            zip.start_file(format!("{folder}/地名.{}", ending.to_uppercase()), plain).unwrap();
            std::io::Write::write_all(&mut zip, &bytes).unwrap();
        }
    }
    zip.start_file("a/b/地名.shp.xml", plain).unwrap();
    std::io::Write::write_all(&mut zip, b"<metadata xmlns:gml=\"http://www.opengis.net/gml\"/>").unwrap();
    zip.start_file("a/readme.txt", plain).unwrap();
    std::io::Write::write_all(&mut zip, b"hello, world").unwrap();
    zip.finish().unwrap();
    let (_scratch, plan) = planned(&[dir.path().to_owned()], |_| {});
    let plan = plan.unwrap_or_else(|r| panic!("{r}"));
    assert_eq!(plan.datasets().len(), 1);
    assert_eq!(plan.datasets()[0].file, "delivery.zip/a/b/地名.SHP");
    assert_eq!(plan.datasets()[0].epsg, Some(4525));
}

#[test]
fn files_of_one_layer_are_one_delivery() {
    let folder = data("survey/shp-encodings/derived-changde");
    let files = ["gbk_nocpg_ldid0.shp", "utf8_nocpg_ldid0.shp"].map(|f| folder.join(f));
    let (_scratch, plan) = planned(&files, place);
    let run = plan.unwrap().run();
    assert_eq!(run.deliveries.len(), 1);
    assert_eq!(run.progress.total.load(std::sync::atomic::Ordering::Relaxed), 324);
    assert_eq!(run.source, "gbk_nocpg_ldid0.shp; utf8_nocpg_ldid0.shp");
    let rows: usize = run.deliveries.into_iter().flat_map(|d| d.rows).map(|b| b.unwrap().len()).sum();
    assert_eq!(rows, 324);
    assert_eq!(run.progress.read.load(std::sync::atomic::Ordering::Relaxed), 324);
}

#[test]
fn a_table_that_could_be_several_layers_is_refused_with_the_choices() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("数据.csv");
    std::fs::write(&path, "名称,类型,编号,经度,纬度\n武陵阁,a,1,111.69,29.03\n").unwrap();
    let (_scratch, refused) = planned(std::slice::from_ref(&path), |_| {});
    let refused = refused.unwrap_err();
    assert!(rules(&refused)[0].starts_with("layer."), "{refused}");
    assert!(refused.to_string().contains("--layer"), "{refused}");
    assert!(refused.to_string().contains("transport.stop"), "{refused}");
    // Its name may say it.
    let named = dir.path().join("地名.csv");
    std::fs::rename(&path, &named).unwrap();
    let (_scratch, plan) = planned(&[named], |_| {});
    assert_eq!(plan.unwrap().datasets()[0].layer.as_str(), "placename.place");
}

#[test]
fn a_layer_a_path_and_an_encoding_that_do_not_exist_are_said_so() {
    let good = data("survey/shp-encodings/derived-changde/utf8_nocpg_ldid0.shp");
    let (_scratch, refused) =
        planned(std::slice::from_ref(&good), |o| o.all().layer = LayerId::new("no.such"));
    assert_eq!(rules(&refused.unwrap_err()), ["layer.unknown"]);
    let (_scratch, refused) = planned(&[PathBuf::from("no/such/file.shp")], |_| {});
    assert_eq!(rules(&refused.unwrap_err()), ["file.missing"]);
    let (_scratch, refused) = planned(&[good], |o| {
        place(o);
        o.all().encoding = Some("klingon".into());
    });
    assert_eq!(rules(&refused.unwrap_err()), ["encoding.unclear"]);
    let empty = tempfile::tempdir().unwrap();
    let (_scratch, refused) = planned(&[empty.path().to_owned()], |_| {});
    assert_eq!(rules(&refused.unwrap_err()), ["file.nothing"]);
    std::fs::write(empty.path().join("合同.pdf"), "%PDF-1.4").unwrap();
    let (_scratch, refused) = planned(&[empty.path().to_owned()], |_| {});
    let refused = refused.unwrap_err();
    assert_eq!(rules(&refused), ["file.nothing"]);
    let said = refused.to_string();
    assert!(said.contains("合同.pdf") && said.contains("Shapefile"), "{said}");
}

#[test]
fn long_codes_that_a_spreadsheet_made_numbers_never_reach_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("界址点.csv");
    // A CSV keeps its digits as text; what a spreadsheet exports after rounding is written with an exponent.
    let text = "宗地代码,界址点号,经度,纬度\n430702002001GB00001,J1,111.69,29.03\n4.30702002001E+18,J2,111.691,29.03\n";
    std::fs::write(&path, text).unwrap();
    let (_scratch, plan) = planned(&[path], |_| {});
    let (rows, report) = drained(plan.unwrap_or_else(|r| panic!("{r}")));
    let rows = rows.unwrap();
    assert_eq!(rows["cadastre.boundary_point"].len(), 1, "{}", report.summary(crate::Lang::En));
    assert_eq!(count(&report, "value.digits_lost"), 1);
}

/// A heading's unit is not the field's: the numbers are brought to it, whether the unit stands in the heading or below.
#[test]
fn numbers_in_another_unit_than_the_fields_are_converted_and_said() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("给水管点.csv");
    std::fs::write(
        &path,
        "物探点号,管类,经度,纬度,埋深(cm)\nJS1,给水,111.69,29.02,12\nJS2,给水,111.6901,29.02,\n",
    )
    .unwrap();
    let (_scratch, plan) = planned(&[path], |o| {
        o.all().layer = LayerId::new("pipeline.node");
        o.all().crs = Some(CrsChoice::Epsg(4490));
    });
    let (rows, report) = drained(plan.unwrap());
    let rows = rows.unwrap();
    let depth: Vec<String> =
        rows["pipeline.node"].iter().map(|r| value("pipeline.node", r, "depth_m").to_string()).collect();
    assert_eq!((depth[0].as_str(), count(&report, "unit.converted")), ("0.12", 1));
}

/// A field that a rule might have filled and did not is as missing as any other.
#[test]
fn what_no_rule_could_fill_is_told_as_missing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("点.csv");
    std::fs::write(&path, "物探点号,经度,纬度\nA1,111.69,29.02\n").unwrap();
    let (_scratch, plan) = planned(&[path], |o| {
        o.all().layer = LayerId::new("pipeline.node");
        o.all().crs = Some(CrsChoice::Epsg(4490));
    });
    let (_, report) = drained(plan.unwrap());
    assert_eq!(count(&report, "value.required"), 1, "{}", report.to_json());
}

/// Internet maps' coordinates by the heading, or by the CRS that GeoJSON states and GDAL takes for WGS 84.
#[test]
fn headings_and_crs_members_that_say_gcj_02_are_believed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("地名.csv");
    std::fs::write(&path, "名称,地名代码,经度(GCJ02),纬度(GCJ02)\n武陵阁,1,111.69,29.03\n").unwrap();
    let (_scratch, refused) = planned(&[path], |o| o.all().layer = LayerId::new("placename.place"));
    assert_eq!(rules(&refused.unwrap_err()), ["crs.obfuscated"]);
    let path = dir.path().join("地名.geojson");
    let text = r#"{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"GCJ-02"}},"features":[
        {"type":"Feature","properties":{"名称":"武陵阁"},"geometry":{"type":"Point","coordinates":[111.69,29.03]}}]}"#;
    for gbk in [false, true] {
        let bytes = if gbk { encoding_rs::GBK.encode(text).0.into_owned() } else { text.as_bytes().to_vec() };
        std::fs::write(&path, bytes).unwrap();
        let (_scratch, plan) =
            planned(std::slice::from_ref(&path), |o| o.all().layer = LayerId::new("placename.place"));
        let (rows, report) = drained(plan.unwrap_or_else(|e| panic!("{e}")));
        let row = &rows.unwrap()["placename.place"][0];
        let at = row.geometry.as_ref().unwrap().coords[0];
        assert!((at[0] - 111.69).abs() > 0.003 && count(&report, "crs.obfuscated") == 1, "{at:?}");
        assert_eq!(value("placename.place", row, "name").to_string(), "武陵阁");
    }
}

/// A grid whose origin has its axes exchanged, and one elsewhere, are refused instead of put there.
#[test]
fn rasters_with_exchanged_axes_or_outside_the_city_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (name, x, y, rule) in
        [("swapped", 3_212_000.0, 568_000.0, "raster.axes"), ("far", 568_000.0, 3_912_000.0, "crs.outside")]
    {
        let path = dir.path().join(format!("{name}.asc"));
        let rows = "40 41 42 43\n".repeat(4);
        let head =
            format!("ncols 4\nnrows 4\nxllcorner {x}\nyllcorner {y}\ncellsize 25\nNODATA_value -9999\n");
        std::fs::write(&path, head + &rows).unwrap();
        let (_scratch, refused) = planned(&[path], |o| {
            o.all().layer = LayerId::new("terrain.dem");
            o.all().crs = Some(CrsChoice::Epsg(4546));
        });
        let refused = refused.unwrap_err();
        assert!(
            rules(&refused).contains(&rule) || rules(&refused).contains(&"geometry.outside_city"),
            "{name} {refused}"
        );
    }
}

/// What stands beside the data is not the layer that the file's name says.
#[test]
fn frames_and_covers_do_not_go_where_the_files_name_points() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("给水管线.dxf");
    let line =
        |layer: &str, y: i32| format!("0\nLINE\n8\n{layer}\n10\n568000\n20\n{y}\n11\n568050\n21\n{y}\n");
    let body = line("TK", 3_212_000) + &line("JSX", 3_212_010);
    std::fs::write(&path, format!("0\nSECTION\n2\nENTITIES\n{body}0\nENDSEC\n0\nEOF\n")).unwrap();
    let (_scratch, plan) = planned(&[path], |o| o.all().crs = Some(CrsChoice::Epsg(4546)));
    let plan = plan.unwrap_or_else(|e| panic!("{e}"));
    let tables: Vec<&str> = plan.datasets().iter().map(|d| d.table.as_str()).collect();
    assert_eq!(tables, ["JSX"]);
}

/// A quote that nobody closes makes one value of all that follows: that is no value.
#[test]
fn a_quote_that_is_never_closed_is_told_with_its_line_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("地名.csv");
    let row = |i: u32, name: &str| format!("4307{i:08},{name},{},29.03\n", 111.6 + f64::from(i) * 1e-3);
    let open = |o: &mut Options| {
        o.all().layer = LayerId::new("placename.place");
        o.all().crs = Some(CrsChoice::Epsg(4490));
    };
    let head = "地名代码,名称,经度,纬度\n";
    std::fs::write(
        &path,
        format!("{head}{}{}{}{}", row(1, "甲"), row(2, "\"乙"), row(3, "丙"), row(4, "丁")),
    )
    .unwrap();
    let (_scratch, plan) = planned(std::slice::from_ref(&path), open);
    let why = drained(plan.unwrap()).0.unwrap_err();
    assert!(why.contains("line 3") && why.contains("never closed"), "{why}");
    // Values of several lines are none of that.
    std::fs::write(&path, format!("{head}{}{}", row(1, "\"甲\n楼, 东\""), row(2, "乙"))).unwrap();
    let (_scratch, plan) = planned(&[path], open);
    assert_eq!(drained(plan.unwrap()).0.unwrap()["placename.place"].len(), 2);
}

/// One row with its axes exchanged is one row's fault, whoever names the CRS.
#[test]
fn a_few_rows_elsewhere_do_not_refuse_the_table() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("地名.csv");
    let mut text = "地名代码,名称,经度,纬度\n".to_owned();
    for i in 0..16 {
        let (lon, lat) = (111.6 + f64::from(i) * 1e-3, 29.03);
        let (x, y) = if i == 7 { (lat, lon) } else { (lon, lat) };
        text += &format!("4307{i:08},村{i},{x},{y}\n");
    }
    std::fs::write(&path, text).unwrap();
    let (_scratch, plan) = planned(&[path], |o| {
        o.all().layer = LayerId::new("placename.place");
        o.all().crs = Some(CrsChoice::Epsg(4490));
    });
    let (rows, report) = drained(plan.unwrap_or_else(|e| panic!("{e}")));
    assert_eq!(rows.unwrap()["placename.place"].len(), 15);
    assert_eq!(count(&report, "geometry.outside_crs") + count(&report, "geometry.outside_city"), 1);
}

/// A point list in the order north, east: the published coordinates are exchanged with the place.
#[test]
fn a_point_list_with_exchanged_axes_gives_the_right_northing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("控制点.dat");
    for text in [
        "G1,,568033.1,3212980.9,35.2\r\nG2,,568133.1,3213080.9,36.2\r\n",
        "G1,,3212980.9,568033.1,35.2\r\nG2,,3213080.9,568133.1,36.2\r\n",
    ] {
        std::fs::write(&path, text).unwrap();
        let (_scratch, plan) = planned(std::slice::from_ref(&path), |o| {
            o.all().layer = LayerId::new("control.point");
            o.all().crs = Some(CrsChoice::Epsg(4546));
        });
        let rows = drained(plan.unwrap_or_else(|e| panic!("{e}"))).0.unwrap();
        let of = |field: &str| value("control.point", &rows["control.point"][0], field).to_string();
        assert_eq!((of("north_m"), of("east_m")), ("3212980.9".into(), "568033.1".into()), "{text}");
    }
}
