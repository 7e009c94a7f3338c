//! Where numbers lie: zones, datums, what a `.prj` says of them and what is asked where it says nothing.

use super::written::{Manner, OVKML, degrees, gdal, plane, towns};
use super::*;
use ditu_crs::obfuscated::wgs84_to_gcj02;
use ditu_model::LayerId;

fn place(o: &mut Options) {
    o.all().layer = LayerId::new("placename.place");
}

/// Where the rows of a file come to lie.
fn at(path: &Path, crs: Option<CrsChoice>) -> Result<Vec<[f64; 2]>, Vec<&'static str>> {
    let (_scratch, plan) = planned(&[path.to_owned()], |o| {
        place(o);
        o.all().crs = crs;
    });
    let rows = drained(plan.map_err(|r| rules(&r))?).0.unwrap();
    Ok(rows["placename.place"].iter().map(|r| r.geometry.as_ref().unwrap().coords[0]).collect())
}

#[track_caller]
fn near(found: &[[f64; 2]], what: &str) {
    assert_eq!(found.len(), towns::all().len(), "{what}");
    for ((name, a), b) in towns::all().zip(found) {
        assert!((a[0] - b[0]).abs() < 2e-8 && (a[1] - b[1]).abs() < 2e-8, "{what} {name}: {a:?} {b:?}");
    }
}

#[test]
fn u6_a_missing_prj_is_asked_about_and_the_answer_lands_on_the_same_spot() {
    let dir = tempfile::tempdir().unwrap();
    let bare = Manner { prj: None, ..Manner::OFFICE };
    let swapped = dir.path().join("swapped");
    let turned = |p: [f64; 2]| {
        let [x, y] = towns::plane(p);
        [y, x + 37e6]
    };
    towns::write(&swapped, &Manner { prefix: 0.0, ..bare }, turned, &[]).unwrap();
    let swapped = swapped.with_extension("shp");
    let stated = plane(dir.path(), "stated", &Manner::OFFICE);
    let bare = plane(dir.path(), "bare", &bare);
    let told = |code: u32| Some(CrsChoice::Epsg(code));
    near(&at(&degrees(dir.path(), "degrees", &towns::DEGREES), None).unwrap(), "degrees");
    near(&at(&stated, None).unwrap(), "stated");
    for (path, what) in [(&bare, "bare"), (&swapped, "swapped")] {
        assert_eq!(at(path, None).unwrap_err(), ["crs.unclear"], "{what}");
        near(&at(path, told(4525)).unwrap(), what);
    }
    // A datum that cannot be reached, a code that is none.
    assert_eq!(at(&bare, told(2361)).unwrap_err(), ["crs.needs_control"]);
    assert_eq!(at(&bare, told(1)).unwrap_err(), ["crs.unknown_code"]);
}

/// Data and `.prj` both by PROJ: zones of three and six degrees, with their number and without, degrees, other maps'.
#[test]
fn u6_what_a_prj_of_another_program_says_is_believed_and_lands_on_the_same_spot() {
    let dir = tempfile::tempdir().unwrap();
    let from = degrees(dir.path(), "from", &towns::DEGREES);
    for code in [4490, 4326, 3857, 4525, 4526, 4546, 4547, 4497, 32649] {
        let to = dir.path().join(format!("{code}.shp"));
        let epsg = format!("EPSG:{code}");
        gdal("ogr2ogr", |c| {
            c.args(["-s_srs", "EPSG:4490", "-t_srs", &epsg, "-lco", "ENCODING=UTF-8"]).arg(&to).arg(&from)
        });
        let (_scratch, plan) = planned(std::slice::from_ref(&to), place);
        assert_eq!(plan.unwrap_or_else(|r| panic!("{epsg}: {r}")).datasets()[0].epsg, Some(code), "{epsg}");
        near(&at(&to, None).unwrap(), &epsg);
    }
}

#[test]
fn old_datums_by_the_prj_of_another_program_are_refused_with_the_cure() {
    let dir = tempfile::tempdir().unwrap();
    let bare = Manner { prj: None, ..Manner::OFFICE };
    let in_zone = plane(dir.path(), "zone", &bare);
    let without = plane(dir.path(), "without", &Manner { prefix: 0.0, ..bare });
    let in_degrees = degrees(dir.path(), "degrees", &Manner { prefix: 0.0, ..bare });
    // Xi'an 80 and Beijing 54: zone 37, central meridian 111° E, degrees.
    for (from, codes) in [(&in_zone, [2361, 2413]), (&without, [2382, 2434]), (&in_degrees, [4610, 4214])] {
        for code in codes {
            let to = dir.path().join(format!("{code}.shp"));
            let epsg = format!("EPSG:{code}");
            gdal("ogr2ogr", |c| c.args(["-a_srs", &epsg, "-lco", "ENCODING=UTF-8"]).arg(&to).arg(from));
            let (_scratch, refused) = planned(&[to], place);
            let refused = refused.unwrap_err();
            assert_eq!(rules(&refused), ["crs.needs_control"], "{epsg}");
            assert!(refused.to_string().contains("ditu crs fit"), "{refused}");
        }
    }
}

#[test]
fn u6_numbers_that_the_stated_crs_puts_elsewhere_are_refused_with_a_suggestion() {
    let dir = tempfile::tempdir().unwrap();
    plane(dir.path(), "地名", &Manner { prj: Some(towns::PRJ_4490), ..Manner::OFFICE });
    let (_scratch, refused) = planned(&[dir.path().to_owned()], |_| {});
    let refused = refused.unwrap_err();
    assert_eq!(rules(&refused), ["crs.outside"]);
    assert!(refused.to_string().contains("--crs EPSG:4525"), "{refused}");
}

#[test]
fn u6_a_shapefile_without_prj_asks_with_choices_and_where_each_would_lie() {
    let dir = tempfile::tempdir().unwrap();
    let bare = plane(dir.path(), "bare", &Manner { prj: None, ..Manner::OFFICE });
    let (_scratch, plan) = planned(&[bare], place);
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
fn gcj_02_is_undone_where_stated() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("地名.ovkml");
    std::fs::write(&path, OVKML.replace(">1<", ">GCJ-02<")).unwrap();
    let (_scratch, plan) = planned(&[path], |_| {});
    let (rows, report) = drained(plan.unwrap_or_else(|r| panic!("{r}")));
    let [lon, lat] = rows.unwrap()["placename.place"][0].geometry.as_ref().unwrap().coords[0];
    // Published pair: 111.704109572, 29.028575249 is 111.6985, 29.0316.
    assert!((lon - 111.6985).abs() < 5e-5 && (lat - 29.0316).abs() < 5e-5, "{lon} {lat}");
    assert_eq!(count(&report, "crs.obfuscated"), 1);
}

/// By the columns that its maker leaves, or by the name that people give it; the file itself says WGS 84.
#[test]
fn an_internet_maps_boundaries_are_asked_about_and_come_right_by_the_answer() {
    let square =
        |x: f64, y: f64| [[0., 0.], [0.2, 0.], [0.2, 0.1], [0., 0.1], [0., 0.]].map(|[a, b]| [x + a, y + b]);
    let counties =
        [("武陵区", square(111.6, 29.0)), ("澧县", square(111.7, 29.6)), ("桃源县", square(111.3, 28.8))];
    let text = |column: &str| {
        let features: Vec<String> = counties
            .iter()
            .enumerate()
            .map(|(i, (name, ring))| {
                let ring = ring.map(wgs84_to_gcj02).map(|[x, y]| format!("[{x:.6},{y:.6}]")).join(",");
                format!(
                    r#"{{"type":"Feature","properties":{{"adcode":43070{i},"name":"{name}","{column}":0}},"geometry":{{"type":"Polygon","coordinates":[[{ring}]]}}}}"#
                )
            })
            .collect();
        format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
    };
    let dir = tempfile::tempdir().unwrap();
    for (file, column) in
        [("区县.json", "childrenNum"), ("datav_430700.geojson", "level"), ("高德行政区.json", "acroutes")]
    {
        let path = dir.path().join(file);
        std::fs::write(&path, text(column)).unwrap();
        let area = |o: &mut Options| o.all().layer = LayerId::new("boundary.area");
        let (_scratch, plan) = planned(std::slice::from_ref(&path), area);
        let refusal = plan.unwrap_err();
        assert_eq!(rules(&refusal), ["crs.obfuscated"], "{file}");
        let [question] = refusal.questions.as_slice() else { panic!("{:?}", refusal.questions) };
        let values: Vec<&str> = question.answers.iter().map(|a| a.value.as_str()).collect();
        assert_eq!(values, ["GCJ-02", "EPSG:4326"], "{file}");
        let metres = |a: [f64; 2], b: [f64; 2]| ((a[0] - b[0]) * 97_000.0).hypot((a[1] - b[1]) * 111_000.0);
        let shown: Vec<[f64; 2]> = question.answers.iter().map(|a| a.sample[0]).collect();
        assert!((300.0..900.0).contains(&metres(shown[0], shown[1])), "{shown:?}");
        for (crs, off) in [(CrsChoice::Gcj02, 0.0..0.5), (CrsChoice::Epsg(4326), 300.0..900.0)] {
            let (_scratch, plan) = planned(std::slice::from_ref(&path), |o| {
                area(o);
                o.all().crs = Some(crs);
            });
            let (rows, report) = drained(plan.unwrap_or_else(|r| panic!("{r}")));
            assert_eq!(count(&report, "crs.obfuscated"), 1, "{file}");
            for (row, (name, ring)) in rows.unwrap()["boundary.area"].iter().zip(&counties) {
                assert_eq!(value("boundary.area", row, "name").to_string(), *name);
                let found = &row.geometry.as_ref().unwrap().coords;
                for corner in &ring[..4] {
                    let least = found.iter().map(|p| metres(*p, *corner)).fold(f64::MAX, f64::min);
                    assert!(off.contains(&least), "{file} {name}: {least} m");
                }
            }
        }
    }
}
