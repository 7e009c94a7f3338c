//! Which pair is taken, asked about or refused.

use super::resolve;
use crate::tests::{count, drained, planned, rules, value};
use crate::{CrsChoice, Plan, Refusal, Subject};
use ditu_model::LayerId;

/// The places of two rows, easting and northing in the zone of 111°, and the same in degrees.
const ROWS: [[f64; 2]; 2] = [[568_000.0, 3_212_900.0], [568_050.5, 3_213_000.25]];

fn degrees([e, n]: [f64; 2]) -> [f64; 2] {
    ditu_crs::Crs::from_epsg(4546).unwrap().unproject([e, n])
}

/// A table of place names whose last columns are made from the places.
fn table(head: &str, row: impl Fn([f64; 2]) -> String) -> String {
    let mut text = format!("地名代码,标准名称,{head}\n");
    for (i, p) in ROWS.into_iter().enumerate() {
        text += &format!("DM{i},点{i},{}\n", row(p));
    }
    text
}

/// The plan of a table, with the folders that it lies in.
fn plan(
    text: &str,
    crs: Option<&str>,
    pair: Option<&str>,
) -> ([tempfile::TempDir; 2], Result<Plan, Refusal>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("地名.csv");
    std::fs::write(&path, text).unwrap();
    let (scratch, plan) = planned(&[path], |o| {
        o.all().layer = LayerId::new("placename.place");
        o.all().crs = crs.map(|c| c.parse().unwrap());
        o.all().coordinates = pair.map(str::to_owned);
    });
    ([dir, scratch], plan)
}

/// How far the first row lies from where it should, in metres, and the rules of what was said.
fn taken(
    text: &str,
    crs: Option<&str>,
    pair: Option<&str>,
) -> Result<(f64, Vec<&'static str>), Vec<&'static str>> {
    let (_scratch, plan) = plan(text, crs, pair);
    let plan = plan.map_err(|r| rules(&r))?;
    let (rows, report) = drained(plan);
    let rows = rows.unwrap_or_else(|e| panic!("{e}: {text}"));
    let at = rows["placename.place"][0].geometry.clone().unwrap().coords[0];
    Ok((super::distance(at, degrees(ROWS[0])), report.groups.iter().map(|g| g.rule).collect()))
}

#[test]
fn the_pair_that_the_head_names_as_2000_is_taken_and_said() {
    let old = |p: [f64; 2]| format!("{},{}", p[1] - 45.0, p[0] + 62.0);
    let new = |p: [f64; 2]| format!("{},{}", p[1], p[0]);
    for head in [
        "X,Y,X2000,Y2000",
        "X54,Y54,2000X,2000Y",
        "1980西安坐标系X,1980西安坐标系Y,CGCS2000纵坐标,CGCS2000横坐标",
    ] {
        let text = table(head, |p| format!("{},{}", old(p), new(p)));
        let (off, said) = taken(&text, Some("EPSG:4546"), None).unwrap();
        assert!(off < 0.01 && said.contains(&"coordinates.chosen"), "{head}: {off} {said:?}");
        // The heading says the datum, the numbers the zone.
        let (off, said) = taken(&text, None, None).unwrap();
        assert!(off < 0.01 && said.contains(&"crs.by_heading"), "{head}: {off} {said:?}");
    }
    // Any order of columns.
    let text = table("Y2000,X2000,Y,X", |p| format!("{},{},{},{}", p[0], p[1], p[0] + 62.0, p[1] - 45.0));
    assert!(taken(&text, Some("EPSG:4546"), None).unwrap().0 < 0.01);
}

#[test]
fn two_row_heads_of_a_csv_name_their_pairs() {
    let rows: String = (0..2)
        .map(|i| {
            let p = ROWS[i];
            format!("DM{i},点{i},{},{},{},{}\n", p[1] - 45.0, p[0] + 62.0, p[1], p[0])
        })
        .collect();
    for head in [
        "地名代码,标准名称,1954年北京坐标系,,2000国家大地坐标系,\n,,X(m),Y(m),X(m),Y(m)\n",
        "地名成果表,,,,,\n,,1954坐标系,,2000坐标系,\n地名代码,标准名称,X,Y,X,Y\n",
    ] {
        for crs in [Some("EPSG:4546"), None] {
            let (off, said) =
                taken(&format!("{head}{rows}"), crs, None).unwrap_or_else(|e| panic!("{head} {e:?}"));
            assert!(off < 0.01 && said.contains(&"coordinates.chosen"), "{head} {off} {said:?}");
        }
    }
}

#[test]
fn pairs_that_nothing_tells_apart_are_asked_about_with_their_distance() {
    let both = |p: [f64; 2]| format!("{},{},{},{}", p[1] - 45.0, p[0] + 62.0, p[1], p[0]);
    for head in ["X,Y,X,Y", "X1,Y1,X2,Y2", "旧X,旧Y,新X,新Y", "X54,Y54,X,Y"] {
        let text = table(head, both);
        let crs = (!head.starts_with("X54")).then_some("EPSG:4546");
        let (_scratch, refused) = plan(&text, crs, None);
        let refused = refused.map(|_| ()).unwrap_err();
        assert_eq!(rules(&refused), ["coordinates.unclear"], "{head}");
        let q = &refused.questions[0];
        assert_eq!((q.subject, q.answers.len()), (Subject::Coordinates, 2), "{head}");
        assert!(q.message.zh.contains("76.6 m") && q.message.en.contains("76.6 m"), "{}", q.message.zh);
        assert!(q.answers.iter().all(|a| a.sample.len() == 2 && a.bounds.is_some()), "{head}");
        let wanted = q.answers.iter().find(|a| super::distance(a.sample[0], degrees(ROWS[0])) < 0.1).unwrap();
        let (off, _) = taken(&text, Some("EPSG:4546"), Some(&wanted.value)).unwrap();
        assert!(off < 0.01, "{head} {}: {off}", wanted.value);
    }
}

#[test]
fn the_crs_that_is_stated_chooses_between_degrees_and_plane() {
    let text = table("经度,纬度,X,Y", |p| {
        let d = degrees([p[0] + 100.0, p[1]]);
        format!("{:.7},{:.7},{},{}", d[0], d[1], p[1], p[0])
    });
    assert!(taken(&text, Some("EPSG:4546"), None).unwrap().0 < 0.01);
    let off = taken(&text, Some("EPSG:4490"), None).unwrap().0;
    assert!((off - 100.0).abs() < 0.5, "{off}");
    assert_eq!(taken(&text, None, None).unwrap_err(), ["coordinates.unclear"]);
    // Degrees of an internet map are the true ones when the offset is undone.
    let text = table("高德经度,高德纬度,经度,纬度", |p| {
        let d = degrees(p);
        let g = ditu_crs::obfuscated::wgs84_to_gcj02(d);
        format!("{:.7},{:.7},{:.7},{:.7}", g[0], g[1], d[0], d[1])
    });
    for crs in [None, Some("EPSG:4490")] {
        assert!(taken(&text, crs, None).unwrap().0 < 0.05, "{crs:?}");
    }
    let (off, said) = taken(&text, Some("GCJ-02"), None).unwrap();
    assert!(off < 3.0 && said.contains(&"crs.obfuscated"), "{off} {said:?}");
}

#[test]
fn pairs_that_agree_are_said_to_and_the_finer_is_taken() {
    let text = |digits: usize| {
        table("X,Y,经度,纬度", move |p| {
            let d = degrees(p);
            format!("{:.2},{:.2},{:.digits$},{:.digits$}", p[1], p[0], d[0], d[1])
        })
    };
    for (digits, near) in [(5, 0.01), (8, 0.01)] {
        for crs in [None, Some("EPSG:4546"), Some("EPSG:4490")] {
            let (off, said) =
                taken(&text(digits), crs, None).unwrap_or_else(|e| panic!("{digits} {crs:?} {e:?}"));
            let stated_degrees = crs == Some("EPSG:4490") && digits == 5;
            assert!(off < near || stated_degrees && off < 1.0, "{digits} {crs:?} {off}");
            assert!(said.contains(&"coordinates.chosen"), "{said:?}");
        }
    }
}

#[test]
fn a_stated_crs_is_never_passed_over() {
    let degrees_only = table("经度,纬度", |p| format!("{:.7},{:.7}", degrees(p)[0], degrees(p)[1]));
    assert_eq!(taken(&degrees_only, Some("EPSG:4546"), None).unwrap_err(), ["coordinates.crs"]);
    let of_1954 = table("北京54X,北京54Y", |p| format!("{},{}", p[1], p[0]));
    assert_eq!(taken(&of_1954, Some("EPSG:4546"), None).unwrap_err(), ["coordinates.crs"]);
    // Somebody who names the pair besides means it.
    let (off, said) = taken(&of_1954, Some("EPSG:4546"), Some("北京54X,北京54Y")).unwrap();
    assert!(off < 0.01 && said.contains(&"coordinates.heading"), "{said:?}");
    assert_eq!(taken(&of_1954, None, None).unwrap_err(), ["crs.needs_control"]);
    let neither = table("经度,纬度,北京54X,北京54Y", |p| {
        format!("{:.7},{:.7},{},{}", degrees(p)[0], degrees(p)[1], p[1], p[0])
    });
    assert_eq!(taken(&neither, Some("EPSG:4546"), None).unwrap_err(), ["coordinates.crs"]);
    assert_eq!(taken(&neither, Some("EPSG:4546"), Some("a,b")).unwrap_err(), ["coordinates.unknown"]);
}

#[test]
fn columns_that_no_heading_names_are_asked_about_by_their_numbers() {
    let text = table("P,Q,管径", |p| format!("{},{},300", p[1], p[0]));
    let (_scratch, refused) = plan(&text, Some("EPSG:4546"), None);
    let refused = refused.map(|_| ()).unwrap_err();
    let q = refused.questions.iter().find(|q| q.subject == Subject::Coordinates).unwrap();
    assert_eq!(q.answers[0].value, "P,Q");
    assert!(taken(&text, Some("EPSG:4546"), Some("P,Q")).unwrap().0 < 0.01);
    // A thickness and a height are no place.
    let text = table("厚度,高程", |p| format!("0.3,{}", p[0] / 20_000.0));
    let (_scratch, refused) = plan(&text, None, None);
    assert!(refused.unwrap_err().questions.iter().all(|q| q.subject != Subject::Coordinates));
}

#[test]
fn columns_are_named_by_heading_or_by_number() {
    let columns: Vec<String> =
        ["a,b", "X", "Y", "X", "2000X(m) | X(m)（2000）", "Y 2000"].map(str::to_owned).into();
    for (said, wanted) in [
        ("2000X(m),Y2000", Some((4, 5))),
        ("y 2000，#5", Some((5, 4))),
        ("#2,#3", Some((1, 2))),
        ("a,b,Y", Some((0, 2))),
        ("X,Y", None),
        ("Y,Y", None),
        ("#0,#1", None),
        ("#9,#1", None),
        ("Y", None),
        ("", None),
    ] {
        assert_eq!(resolve(&columns, said), wanted, "{said}");
    }
}

#[test]
fn own_coordinate_fields_follow_the_pair_and_agree_with_the_shape() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("控制点.csv");
    let d = degrees(ROWS[0]);
    let import = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let (_scratch, plan) = planned(std::slice::from_ref(&path), |o| {
            o.all().crs = Some(CrsChoice::Epsg(if text.contains("wkt") { 4490 } else { 4546 }));
            o.all().layer = LayerId::new("control.point");
        });
        let (rows, report) = drained(plan.unwrap_or_else(|e| panic!("{e}")));
        let row = rows.unwrap()["control.point"][0].clone();
        (value("control.point", &row, "north_m").to_string(), count(&report, "check.agrees"))
    };
    let old_first = "点号,X坐标,Y坐标,CGCS2000_X,CGCS2000_Y\nK1,3212855,568062,3212900,568000\n";
    assert_eq!(import(old_first), ("3212900".into(), 0));
    let beside = |n: f64, e: f64| {
        format!("点号,点名,等级,X坐标(北),Y坐标(东),wkt\nK1,甲,D,{n},{e},POINT ({} {})\n", d[0], d[1])
    };
    // A CSV with both takes the columns; the shape of a file is tried in tests/e2e.
    assert!(import(&beside(3_212_900.0, 568_000.0).replace(",wkt", ",wkt2").replace("wkt2", "别的")).1 == 0);
}
