//! Vectors from public sources, properties, and PROJ (by GDAL's command line) as the oracle.

use crate::obfuscated::*;
use crate::*;
use proptest::prelude::*;
use std::io::Write;
use std::process::{Command, Stdio};

fn near(a: [f64; 2], b: [f64; 2], tolerance: f64) {
    assert!((a[0] - b[0]).abs() < tolerance && (a[1] - b[1]).abs() < tolerance, "{a:?} is not {b:?}");
}

fn epsg(code: u32) -> Crs {
    Crs::from_epsg(code).unwrap_or_else(|| panic!("EPSG:{code}"))
}

/// Runs points through PROJ in traditional axis order.
fn proj(from: u32, to: u32, points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut child = Command::new("gdaltransform")
        .args(["-s_srs", &format!("EPSG:{from}"), "-t_srs", &format!("EPSG:{to}"), "-output_xy"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("gdaltransform (Debian package gdal-bin)");
    let text: String = points.iter().map(|p| format!("{:.12} {:.12}\n", p[0], p[1])).collect();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success());
    let text = String::from_utf8(out.stdout).unwrap();
    let numbers = |l: &str| l.split_whitespace().map(|n| n.parse().unwrap()).collect::<Vec<f64>>();
    text.lines().map(numbers).map(|n| [n[0], n[1]]).collect()
}

fn grid(lon0: f64) -> Vec<[f64; 2]> {
    (0..49).map(|i| [lon0 - 3.0 + f64::from(i % 7), 18.0 + f64::from(i / 7) * 5.7]).collect()
}

#[test]
fn published_vectors_of_zones_37_and_38_hold_to_a_tenth_of_a_millimetre() {
    let rows = [
        ([111.6985, 29.0316], 3212973.0233, 568041.2647, 3214957.9135, 275780.4655),
        ([110.6, 30.05], 3325723.4701, 461424.6926, 3330532.7694, 172014.5875),
        ([111.2, 28.45], 3148328.4270, 519590.0669, 3151506.9903, 225679.3170),
        ([112.1711, 29.4114], 3255439.0338, 613660.0541, 3256260.1353, 322488.4856),
    ];
    for (lonlat, n37, e37, n38, e38) in rows {
        near(epsg(4546).project(lonlat), [e37, n37], 1e-4);
        near(epsg(4525).project(lonlat), [37e6 + e37, n37], 1e-4);
        near(epsg(4547).project(lonlat), [e38, n38], 1e-4);
        near(epsg(4526).unproject([38e6 + e38, n38]), lonlat, 1e-9);
    }
    near(epsg(3857).project(rows[0].0), [12434220.1424, 3379668.6220], 1e-4);
    near(epsg(32649).project(rows[0].0), [568014.0482, 3211687.8342], 1e-4);
    near(epsg(2382).project(rows[0].0), [epsg(2382).project(rows[0].0)[0], 3212974.5204], 1e-4);
    near(epsg(2434).project(rows[0].0), [epsg(2434).project(rows[0].0)[0], 3213030.1519], 1e-4);
}

#[test]
fn every_code_agrees_with_proj_in_both_directions() {
    let codes: Vec<u32> = (4513..=4533)
        .chain(4534..=4554)
        .chain(4491..=4512)
        .chain([
            2349, 2361, 2382, 2327, 2338, 2401, 2413, 2434, 21413, 21419, 21453, 32648, 32649, 32650, 3857,
        ])
        .collect();
    for code in codes {
        let crs = epsg(code);
        let lon0 = match crs.projection() {
            Projection::TransverseMercator(tm) => tm.central_meridian,
            _ => 111.0,
        };
        let points = grid(lon0);
        let geographic = crs.datum().geographic_epsg();
        let there = proj(geographic, code, &points);
        for (p, q) in points.iter().zip(&there) {
            near(crs.project(*p), *q, 1e-5);
            near(crs.unproject(*q), *p, 1e-10);
        }
    }
}

#[test]
fn a_code_survives_the_way_through_parameters() {
    let same = |code: u32| assert_eq!(epsg(code).epsg(), Some(code));
    (4513..=4533)
        .chain(4534..=4554)
        .chain(4491..=4501)
        .chain([2361, 2413, 21413, 32649, 3857, 4490])
        .for_each(same);
    assert_eq!(epsg(4508).epsg(), Some(4546), "equal numbers: CM 111 without prefix");
    assert!(Crs::from_epsg(27700).is_none());
}

#[test]
fn well_known_texts_of_gdal_and_esri_are_read_by_parameters() {
    for code in [4490, 4326, 4610, 4214, 4525, 4546, 4508, 4499, 2361, 2434, 32649, 3857] {
        for format in ["wkt1", "wkt_esri", "wkt2"] {
            let out =
                Command::new("gdalsrsinfo").args(["-o", format, &format!("EPSG:{code}")]).output().unwrap();
            let text = String::from_utf8(out.stdout).unwrap();
            let crs = Crs::from_wkt(&text).unwrap_or_else(|e| panic!("EPSG:{code} {format}: {e}\n{text}"));
            assert_eq!(crs.epsg(), epsg(code).epsg(), "EPSG:{code} {format}");
        }
    }
    // The name says zone 37, the parameters say 38: the parameters are what the numbers were made with.
    let text = r#"PROJCS["CGCS2000_3_Degree_GK_Zone_37",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",38500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",114.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#;
    assert_eq!(Crs::from_wkt(text).unwrap().epsg(), Some(4526));
}

#[test]
fn foreign_and_broken_texts_are_refused_by_what_is_wrong() {
    let out = |code: &str| {
        String::from_utf8(Command::new("gdalsrsinfo").args(["-o", "wkt1", code]).output().unwrap().stdout)
            .unwrap()
    };
    assert!(matches!(Crs::from_wkt(&out("EPSG:27700")), Err(CrsError::Datum(_))));
    assert!(matches!(Crs::from_wkt(&out("EPSG:4269")), Err(CrsError::Datum(_))), "GRS 80, but NAD 83");
    assert!(matches!(Crs::from_wkt(&out("EPSG:2227")), Err(CrsError::Unit(_) | CrsError::Projection(_))));
    for text in ["", "PROJCS", "PROJCS[", "PROJCS[\"x", "[[[", "GEOGCS[\"x\",UNIT[\"Degree\",x]]"] {
        assert!(Crs::from_wkt(text).is_err(), "{text}");
    }
    assert!(Crs::from_wkt(&"A[".repeat(10_000)).is_err());
}

#[test]
fn old_datums_are_refused_instead_of_moved_by_nothing() {
    for code in [4610, 2361, 4214, 2413] {
        let e = Transform::to_geographic(&epsg(code), &Crs::CGCS2000).unwrap_err();
        assert!(matches!(e, TransformError::NeedsControl { .. }), "{e}");
    }
    let t = Transform::to_geographic(&epsg(32649), &Crs::CGCS2000).unwrap();
    assert_eq!(t.accuracy_m(), 0.1);
}

#[test]
fn points_outside_the_domain_are_counted_not_invented() {
    let t = Transform::to_geographic(&epsg(4546), &Crs::CGCS2000).unwrap();
    let mut points = [
        [568041.2647, 3212973.0233],
        [f64::NAN, 1.0],
        [37_568_041.0, 3.2e6],
        [5e5, 1.1e7],
        [f64::INFINITY, 0.0],
    ];
    assert_eq!(t.apply(&mut points), 4);
    near(points[0], [111.6985, 29.0316], 1e-9);
    let t = Transform::to_geographic(&epsg(4490), &Crs::CGCS2000).unwrap();
    assert_eq!(t.apply(&mut [[181.0, 0.0], [0.0, 91.0], [0.0, 90.0]]), 2);
}

#[test]
fn the_city_box_tells_zone_prefix_and_axes_but_lists_what_it_cannot_tell() {
    let city = [110.48, 28.40, 112.30, 30.13];
    let boxed = |code: u32, swap: bool| {
        let (a, b) = (epsg(code).project([111.2, 28.9]), epsg(code).project([111.9, 29.4]));
        let n = if swap { [a[1], a[0], b[1], b[0]] } else { [a[0], a[1], b[0], b[1]] };
        detect::candidates(n, city, &detect::in_china())
    };
    for swap in [false, true] {
        for code in [4525, 4526, 4546, 4547, 4499, 4490, 3857] {
            let best = boxed(code, swap).into_iter().next().unwrap_or_else(|| panic!("{code} {swap}"));
            assert_eq!((best.crs.epsg(), best.swapped), (Some(code), swap));
        }
    }
    let china = detect::in_china();
    let listed: Vec<_> = boxed(4546, false).iter().filter_map(|c| c.crs.epsg()).collect();
    assert!(listed.contains(&32649), "UTM 49N lies 1.3 km away and cannot be ruled out: {listed:?}");
    assert!(
        detect::candidates([10_000., 20_000., 15_000., 28_000.], city, &china).is_empty(),
        "a local grid"
    );
    assert!(detect::candidates([f64::NAN; 4], city, &china).is_empty());
}

#[test]
fn a_city_elsewhere_is_found_in_its_own_zones_and_in_no_chinese_one() {
    let (city, zones) = ([14.88, 51.08, 15.06, 51.22], [epsg(25833), epsg(32633)]);
    let usual = detect::elsewhere(&zones);
    assert!(usual.iter().all(|(c, _)| c.datum() != Datum::Cgcs2000), "{usual:?}");
    for code in [25833, 4326, 3857] {
        let (a, b) = (epsg(code).project([14.95, 51.12]), epsg(code).project([15.0, 51.18]));
        let found = detect::candidates([a[0], a[1], b[0], b[1]], city, &usual);
        assert_eq!(found[0].crs.epsg(), Some(code));
        assert!(!found[0].swapped);
    }
    assert!(detect::candidates([5e5, 5.67e6, 5.1e5, 5.68e6], city, &detect::in_china()).is_empty());
}

#[test]
fn utm_of_both_halves_and_of_europe_is_known_by_code_and_text() {
    let rows = [
        (25833, 4258, [14.987, 51.153]),
        (32633, 4326, [14.987, 51.153]),
        (32736, 4326, [31.05, -17.83]),
        (25832, 4258, [9.0, 48.0]),
    ];
    for (code, degrees, at) in rows {
        let n = proj(degrees, code, &[at])[0];
        near(epsg(code).project(at), n, 1e-3);
        near(epsg(code).unproject(n), at, 1e-8);
        assert_eq!(epsg(code).epsg(), Some(code));
        for format in ["wkt1", "wkt_esri", "wkt2"] {
            let args = ["-o", format, &format!("EPSG:{code}")];
            let text =
                String::from_utf8(Command::new("gdalsrsinfo").args(args).output().unwrap().stdout).unwrap();
            assert_eq!(Crs::from_wkt(&text).unwrap().epsg(), Some(code), "{text}");
        }
    }
    assert_eq!(epsg(25833).name(), "ETRS89 / UTM 33N (EPSG:25833)");
    assert_eq!(epsg(32736).name(), "WGS 84 / UTM 36S (EPSG:32736)");
    assert_eq!(Crs::from_epsg(25827), None);
    assert_eq!(Transform::to_geographic(&epsg(25833), &Crs::CGCS2000).unwrap().accuracy_m(), 1.0);
}

#[test]
fn in_china_an_old_datum_is_known_by_its_ellipsoid() {
    let text = |datum: &str, spheroid: &str, easting: f64, meridian: f64| {
        format!(
            "PROJCS[\"unnamed\",GEOGCS[\"unnamed\",DATUM[\"{datum}\",SPHEROID[\"x\",{spheroid}]],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433]],PROJECTION[\"Transverse_Mercator\"],PARAMETER[\"latitude_of_origin\",0],PARAMETER[\"central_meridian\",{meridian}],PARAMETER[\"scale_factor\",1],PARAMETER[\"false_easting\",{easting}],PARAMETER[\"false_northing\",0],UNIT[\"metre\",1]]"
        )
    };
    let code = |t: &str| Crs::from_wkt_in_china(t).ok().and_then(|c| c.epsg());
    for (datum, spheroid, easting, wanted) in [
        ("Pulkovo_1942", "6378245,298.3", 500_000.0, Some(2434)),
        ("MIF 999,3,24,-123,-94", "6378245,298.3", 37_500_000.0, Some(2413)),
        ("MIF 999,31,0,0,0", "6378140,298.257222", 500_000.0, Some(2382)),
        ("North_American_Datum_1983", "6378137,298.257222101", 500_000.0, Some(4546)),
        ("North_American_Datum_1983", "6378137,298.257222101", 200_000.0, None),
        ("DHDN", "6377397.155,299.1528128", 500_000.0, None),
    ] {
        let text = text(datum, spheroid, easting, 111.0);
        assert!(Crs::from_wkt(&text).is_err(), "{text}");
        assert_eq!(code(&text), wanted, "{text}");
    }
    let degrees = "GEOGCS[\"x\",DATUM[\"North_American_Datum_1983\",SPHEROID[\"x\",6378137,298.257222101]],UNIT[\"degree\",0.0174532925199433]]";
    assert!(Crs::from_wkt_in_china(degrees).is_err(), "degrees on GRS 80 may be anybody's");
}

#[test]
fn gcj02_and_bd09_agree_with_the_published_vectors_and_come_back_within_a_millimetre() {
    let rows = [
        ([111.6985, 29.0316], [111.704109572, 29.028575249], [111.710540029, 29.034798075]),
        ([111.6808, 29.0187], [111.686370991, 29.015633318], [111.692868910, 29.021565222]),
        ([111.4888, 28.9027], [111.494436992, 28.899649572], [111.500856964, 28.905888565]),
        ([111.9705, 28.9061], [111.976039136, 28.902939095], [111.982466160, 28.909159468]),
        ([111.7585, 29.6331], [111.764213802, 29.630480432], [111.770764776, 29.636250852]),
        ([111.6475, 29.4405], [111.653030614, 29.437666790], [111.659630914, 29.443358580]),
        ([112.1711, 29.4114], [112.176850408, 29.408793010], [112.183328032, 29.414913400]),
        ([111.8775, 29.6055], [111.883009762, 29.602702796], [111.889547746, 29.608486685]),
        ([111.3800, 29.5843], [111.385800073, 29.581837053], [111.392278857, 29.587909453]),
        ([110.6000, 30.0500], [110.604794573, 30.047219333], [110.611330811, 30.053133263]),
    ];
    let mm = 1e-3 / 111_000.0;
    for (wgs, gcj, bd) in rows {
        near(wgs84_to_gcj02(wgs), gcj, 1.1e-9);
        near(gcj02_to_bd09(gcj), bd, 2e-9);
        near(gcj02_to_wgs84(wgs84_to_gcj02(wgs)), wgs, mm);
        near(bd09_to_wgs84(wgs84_to_bd09(wgs)), wgs, mm);
    }
}

proptest! {
    #[test]
    fn unproject_undoes_project(lon in 105.0f64..117.0, lat in -80.0f64..80.0) {
        for code in [4546, 4525, 2434, 32649, 3857] {
            let crs = epsg(code);
            near(crs.unproject(crs.project([lon, lat])), [lon, lat], 1e-9);
        }
        near(mercator::from_world(mercator::to_world([lon, lat])), [lon, lat], 1e-11);
    }

    #[test]
    fn any_text_is_answered(text in "\\PC*") {
        let _ = Crs::from_wkt(&text);
    }

    #[test]
    fn any_numbers_are_answered(n in prop::array::uniform4(any::<f64>())) {
        let _ = detect::candidates(n, [110.48, 28.40, 112.30, 30.13], &detect::in_china());
        let t = Transform::to_geographic(&epsg(4546), &Crs::CGCS2000).unwrap();
        t.apply(&mut [[n[0], n[1]], [n[2], n[3]]]);
    }
}

/// Points of rings are known again where the rings close: as many transformations as points give the same.
#[test]
fn rings_transform_as_their_points_do_one_by_one() {
    let from = epsg(4525);
    let transform = Transform::to_geographic(&from, &epsg(4490)).unwrap();
    let ring = |x: f64, y: f64| [[x, y], [x + 9.0, y], [x + 9.0, y + 7.0], [x, y + 7.0], [x, y]];
    let (a, b) = (ring(37_568_000.0, 3_215_000.0), ring(37_568_030.0, 3_215_000.0));
    // Two rings that touch, one after the other twice, a point repeated, one outside, and an open end.
    let mut points: Vec<[f64; 2]> =
        [&a[..], &b, &b, &a[..2], &a[..2], &[a[0], a[0], [1e9, 0.0], [1e9, 0.0]], &b[..3]].concat();
    let single: Vec<[f64; 2]> = points
        .iter()
        .map(|p| {
            let mut one = [*p];
            transform.apply(&mut one);
            one[0]
        })
        .collect();
    assert_eq!(transform.apply(&mut points), 2);
    let bits = |all: &[[f64; 2]]| all.iter().map(|p| p.map(f64::to_bits)).collect::<Vec<_>>();
    assert_eq!(bits(&points), bits(&single));
}
