//! Whole files of every kind: imported right, or refused for the right reason.

use super::written::{Manner, OVKML, degrees, plane, towns, zipped};
use super::*;
use crate::plan::Refusal;
use ditu_model::LayerId;

fn place(o: &mut Options) {
    o.all().layer = LayerId::new("placename.place");
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
fn u7_folders_archives_and_upper_case_endings_are_found_and_leftovers_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let from = tempfile::tempdir().unwrap();
    let shp = plane(from.path(), "地名", &Manner::OFFICE);
    let archive = dir.path().join("delivery.zip");
    zipped(&archive, &shp, |ending| {
        ["a/b", "__MACOSX/a"].map(|folder| format!("{folder}/地名.{}", ending.to_uppercase())).into()
    });
    let mut zip =
        zip::ZipWriter::new_append(std::fs::OpenOptions::new().read(true).write(true).open(archive).unwrap())
            .unwrap();
    let plain = zip::write::SimpleFileOptions::default();
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
    let dir = tempfile::tempdir().unwrap();
    let utf8 = Manner { encoding: encoding_rs::UTF_8, ..towns::DEGREES };
    let files = [degrees(dir.path(), "gbk", &towns::DEGREES), degrees(dir.path(), "utf8", &utf8)];
    let both = towns::all().len() * 2;
    // The same towns twice, which is asked about; here both are meant.
    let (_scratch, refused) = planned(&files, place);
    assert_eq!(rules(&refused.unwrap_err()), ["table.several"]);
    let (_scratch, plan) = planned(&files, |o| {
        place(o);
        let names = ["gbk", "utf8"].map(|n| Some(n.to_owned()));
        o.choices.extend(names.map(|table| Choice { table, take: true, ..Choice::default() }));
    });
    let run = plan.unwrap().run();
    assert_eq!(run.deliveries.len(), 1);
    assert_eq!(run.progress.total.load(std::sync::atomic::Ordering::Relaxed), both as u64);
    assert_eq!(run.source, "gbk.shp; utf8.shp");
    let ops = run.deliveries.into_iter().flat_map(|d| d.rows).flat_map(|b| b.unwrap());
    let rows = ops.filter(|op| matches!(op, RowOp::Put { .. })).count();
    assert_eq!(rows, both);
    assert_eq!(run.progress.read.load(std::sync::atomic::Ordering::Relaxed), both as u64);
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
    let dir = tempfile::tempdir().unwrap();
    let good = degrees(dir.path(), "towns", &towns::DEGREES);
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

/// What is no format that is read, or says too little, is named with a way out.
#[test]
fn formats_that_are_not_read_are_named_with_a_way_out() {
    let vct = "HeadBegin\nDatamark: LANDUSE.VCT\nVersion: 2.0\nUnit: M\nDim: 2\nTopo: 1\nCoordinate: M\nProjection: Gauss-Krueger Projection\nSpheroid: IAG-75 Spheroid\nParameters: 6378140,6356755\nMeridinan: 111\nMinX: 37568000\nMinY: 3212900\nMaxX: 37568200\nMaxY: 3213100\nScale: 10000\nSeparator: ,\nHeadEnd\nFeatureCodeBegin\n1001,控制点,Point,0,0,0,KZD\nFeatureCodeEnd\nTableStructureBegin\nKZD,2\nBSM,Integer,10\nKZDMC,Char,50\nTableStructureEnd\nPointBegin\n1\n1001\nKZD\n1\n37568041.265,3212973.023\nPointEnd\nAttributeBegin\nKZD\n1,1,德山一号\nTableEnd\nAttributeEnd\n";
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, br#"{"type":"FeatureCollection","features":[]}"#).unwrap();
    let gz = gz.finish().unwrap();
    let dwg = |version: &str| [version.as_bytes(), &[0; 400]].concat();
    for (file, bytes, rule) in [
        ("a.vct", vct.as_bytes().to_vec(), "crs.needs_control"),
        ("a.ovkml", OVKML.as_bytes().to_vec(), "crs.unclear"),
        ("a.dwg", dwg("AC1012"), "format.unsupported"),
        ("b.dwg", dwg("AC1015"), "format.unsupported"),
        ("c.dwg", dwg("AC1032"), "format.unsupported"),
        ("a.json.gz", gz, "format.unsupported"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(file);
        std::fs::write(&path, bytes).unwrap();
        let (_scratch, refused) = planned(&[path], |_| {});
        let refused = refused.unwrap_err();
        assert_eq!(rules(&refused), [rule], "{file}");
        assert!(refused.findings.iter().all(|f| !f.cure.zh.is_empty() && !f.cure.en.is_empty()), "{file}");
    }
}

#[test]
fn a_vct_file_gives_each_table_to_its_layer_with_holes_and_texts() {
    let vct = "HeadBegin\nDataMark:LANDUSE-VCT\nVersion:3.0\nCoordinateSystemType:P\nDim:2\nXAxisDirection:E\nYAxisDirection:N\nXYUnit:M\nSpheroid:CGCS2000,6378137.0,298.257222101\nPrimeMeridian:Greenwich\nProjection:高斯-克吕格投影\nParameters:111,1,37500000,0,3,37\nVerticalDatum:1985国家高程基准\nExtentMin:37568000,3212900\nExtentMax:37568200,3213100\nMapScale:2000\nOffset:0,0\nSeparator:,\nHeadEnd\nFeatureCodeBegin\n1000100100,控制点,Point,CLKZD\n2001010100,图斑,Polygon,DLTB\nFeatureCodeEnd\nTableStructureBegin\nCLKZD,3\nBSM,Char,18\nYSDM,Char,10\nKZDMC,Char,50\n0\nDLTB,4\nBSM,Char,18\nYSDM,Char,10\nDLBM,Char,5\nTBMJ,Double,15,2\n0\nTableStructureEnd\nPointBegin\n1\n1000100100\nunknown\n1\n37568041.265,3212973.023\n0\nPointEnd\nLineBegin\n11\n1099000000\nunknown\n1\n1\n11\n3\n37568000,3213000\n37568100,3213000\n37568100,3212900\n0\n12\n1099000000\nunknown\n1\n1\n11\n3\n37568000,3213000\n37568000,3212900\n37568100,3212900\n0\n13\n1099000000\nunknown\n1\n1\n11\n5\n37568020,3212980\n37568020,3212960\n37568040,3212960\n37568040,3212980\n37568020,3212980\n0\nLineEnd\nPolygonBegin\n101\n2001010100\nunknown\n100\n37568070,3212930\n21\n4\n11,-12,0,13\n0\nPolygonEnd\nAttributeBegin\nCLKZD\n1,430702000000000001,1000100100,德山一号\nTableEnd\nDLTB\n101,430702000000000101,2001010100,0101,9600.00\nTableEnd\nAttributeEnd\n";
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.vct");
    for bytes in [vct.as_bytes().to_vec(), encoding_rs::GBK.encode(vct).0.into_owned()] {
        std::fs::write(&path, bytes).unwrap();
        let (_scratch, plan) = planned(std::slice::from_ref(&path), |o| {
            o.choices = vec![Choice {
                table: Some("DLTB".into()),
                layer: LayerId::new("cadastre.parcel"),
                ..Choice::default()
            }];
        });
        let plan = plan.unwrap_or_else(|r| panic!("{r}"));
        assert!(plan.datasets().iter().all(|d| d.epsg == Some(4525) && d.format == "VCT"));
        let rows = drained(plan).0.unwrap();
        let point = &rows["control.point"][0];
        assert_eq!(value("control.point", point, "name").to_string(), "德山一号");
        let [lon, lat] = point.geometry.as_ref().unwrap().coords[0];
        // By PROJ's cs2cs: 37568041.265, 3212973.023 of EPSG:4525.
        assert!((lon - 111.6985).abs() < 2e-8 && (lat - 29.0316).abs() < 2e-8, "{lon} {lat}");
        let parcel = rows["cadastre.parcel"][0].geometry.as_ref().unwrap();
        assert_eq!((parcel.part_count(), parcel.rings.len()), (1, 2));
        let m2 = crate::geometry::measure::area(parcel);
        assert!((m2 - 9600.0).abs() < 3.0, "{m2}");
    }
}
