//! Tables with two pairs of coordinates, as strangers delivered them.

use super::strangers;
use crate::harness::City;
use serde_json::Value as Json;

/// The first place of each of these tables, by its 2000 pair in the zone of 111° (GDAL: EPSG:4546 → 4490).
const PLACE: [f64; 2] = [111.698_071_978, 29.030_943_412];

fn lies_right(city: &City, layer: &str) {
    let kept = city.run(&["diff", layer, "0", "1", "--geojson"]).expect(0);
    let kept: Json = serde_json::from_str(&kept.stdout).unwrap();
    let near = |f: &Json| {
        let at = &f["geometry"]["coordinates"];
        (0..2).all(|i| (at[i].as_f64().unwrap() - PLACE[i]).abs() < 1e-7)
    };
    assert_eq!(kept["features"].as_array().unwrap().iter().filter(|f| near(f)).count(), 1, "{kept}");
}

#[test]
fn the_pair_of_2000_is_taken_beside_an_older_one() {
    for folder in ["34a-two-pairs", "34b-two-pairs-head"] {
        for crs in [&["--crs", "EPSG:4546"][..], &[]] {
            let city = City::new();
            let path = strangers(folder).join("控制点.xlsx");
            let out =
                city.run(&[&["import", path.to_str().unwrap(), "--no-tiles"][..], crs].concat()).expect(0);
            assert!(out.stdout.contains("76.6 m away"), "{folder} {}", out.stdout);
            lies_right(&city, "control.point");
        }
    }
}

#[test]
fn a_stated_crs_takes_the_plane_pair_beside_degrees_that_lie_elsewhere() {
    let path = strangers("34e-csv-gps-and-plane").join("地名.csv");
    let city = City::new();
    city.run(&["import", path.to_str().unwrap(), "--crs", "EPSG:4546", "--no-tiles"]).expect(0);
    lies_right(&city, "placename.place");
    let out = City::new().run(&["import", path.to_str().unwrap()]).expect(1);
    assert!(out.stdout.contains("--coordinates \"X,Y\""), "{}", out.stdout);
}
