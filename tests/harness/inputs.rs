//! Small deliveries as offices write them: a few features in the middle of Changde.

use super::City;
use serde_json::{Value as Json, json};
use std::path::PathBuf;

/// Where everything lies: the old town of Changde.
pub(crate) const LON: f64 = 111.69;
pub(crate) const LAT: f64 = 29.04;

/// Words that only a restricted or private layer or a sensitive field holds.
pub(crate) const OWNER: &str = "示例置业有限公司";
pub(crate) const PARCEL: &str = "430702001001GB00012";
pub(crate) const ADDRESS: &str = "启明街道朗州路18号";
pub(crate) const PIPE_START: &str = "JS991001";
pub(crate) const PIPE_ROAD: &str = "沅水暗渠路";
pub(crate) const LOAD: &str = "4321.7";

fn collection(features: &[Json]) -> String {
    json!({"type": "FeatureCollection", "features": features}).to_string()
}

/// A road, with a code, a name and two ends as offsets in degrees from the middle.
pub(crate) fn road(code: &str, name: &str, from: [f64; 2], to: [f64; 2]) -> Json {
    let at = |p: [f64; 2]| [LON + p[0], LAT + p[1]];
    json!({"type": "Feature", "properties": {"LDBM": code, "DLMC": name, "道路等级": "主干路"},
        "geometry": {"type": "LineString", "coordinates": [at(from), at(to)]}})
}

/// A delivery of roads.
pub(crate) fn roads(city: &City, list: &[Json]) -> PathBuf {
    city.write("道路.geojson", &collection(list))
}

/// As many roads beside each other.
pub(crate) fn many_roads(city: &City, n: usize) -> PathBuf {
    let list: Vec<Json> = (0..n)
        .map(|i| {
            let y = i as f64 * 1e-5;
            road(&format!("R{i}"), &format!("第{i}路"), [0.0, y], [0.002, y])
        })
        .collect();
    roads(city, &list)
}

/// Imports one layer of each sharing class: open road and bridge (with a sensitive load), restricted parcel, private pipe.
pub(crate) fn every_class(city: &City) {
    city.import(&roads(city, &[road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001])]));
    let line =
        |a: f64| json!({"type": "LineString", "coordinates": [[LON, LAT + a], [LON + 0.002, LAT + a]]});
    let x = |d: f64| LON + d;
    let y = |d: f64| LAT + d;
    let ring = json!([[
        [x(0.0), y(0.0)],
        [x(0.002), y(0.0)],
        [x(0.002), y(0.002)],
        [x(0.0), y(0.002)],
        [x(0.0), y(0.0)]
    ]]);
    let put = |name: &str, layer: &str, properties: Json, geometry: Json| {
        let f = json!({"type": "Feature", "properties": properties, "geometry": geometry});
        let path = city.write(name, &collection(&[f]));
        city.run(&["import", path.to_str().unwrap(), "--layer", layer]).expect(0);
    };
    put(
        "桥梁.geojson",
        "transport.bridge",
        json!({"桥梁名称": "沅水大桥", "载重吨数": LOAD.parse::<f64>().unwrap()}),
        line(0.001),
    );
    put(
        "宗地.geojson",
        "cadastre.parcel",
        json!({"ZDDM": PARCEL, "ZDH": "00012", "DLBM": "0701", "ZL": ADDRESS, "QLR": OWNER}),
        json!({"type": "Polygon", "coordinates": ring}),
    );
    put(
        "管线.geojson",
        "pipeline.line",
        json!({"管线类型": "JS", "起点点号": PIPE_START, "终点点号": "JS991002", "管径": "300", "所在道路": PIPE_ROAD}),
        line(0.0005),
    );
}

/// The path `z/x/y` of the tile that holds a place.
pub(crate) fn tile(z: u32, lon: f64, lat: f64) -> String {
    let n = f64::from(1u32 << z);
    let phi = lat.to_radians();
    let x = (lon + 180.0) / 360.0 * n;
    let y = (1.0 - phi.tan().asinh() / std::f64::consts::PI) / 2.0 * n;
    format!("{z}/{}/{}", x as u32, y as u32)
}
