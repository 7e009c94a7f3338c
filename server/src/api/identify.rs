//! `/identify`: what lies at a place, nearest first.

use super::Caller;
use super::items::collect;
use crate::app::App;
use crate::geojson;
use crate::problem::Problem;
use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Data, Query};
use ditu_access::{Action, Scope};
use ditu_model::layer::Kind;
use ditu_model::{Bounds, Feature, Field, Geometry, Shape, Value};
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// How far from the pointer a thing may lie, in screen pixels (256 a tile).
const REACH_PX: f64 = 4.0;
/// Answers at most, and candidates looked at a layer.
const MOST: usize = 50;
const CANDIDATES: usize = 500;
/// Metres a degree of latitude.
const DEGREE_M: f64 = 111_195.0;

#[derive(Deserialize)]
pub(crate) struct Params {
    lon: f64,
    lat: f64,
    z: Option<f64>,
    layers: Option<String>,
}

pub(crate) async fn at(
    app: Data<App>,
    caller: Caller,
    params: Query<Params>,
) -> Result<HttpResponse, Problem> {
    let view = caller.view(Action::Read)?;
    let (lon, lat, z) = (params.lon, params.lat, params.z.unwrap_or(17.0));
    if !(lon.abs() <= 180.0 && lat.abs() <= 90.0 && (0.0..=30.0).contains(&z)) {
        return Err(Problem::bad_request(
            "lon、lat 应为度，z 应在 0 到 30 之间",
            "lon and lat are degrees, z is 0 to 30",
        ));
    }
    let wanted: Option<Vec<&str>> =
        params.layers.as_deref().map(|l| l.split(',').map(str::trim).filter(|l| !l.is_empty()).collect());
    if let Some(unknown) = wanted.iter().flatten().find(|l| view.named(l).is_none()) {
        tracing::debug!(layer = %unknown, "identify names a layer that the view does not show");
        return Err(Problem::not_found());
    }
    let degrees = REACH_PX * 360.0 / (256.0 * 2f64.powf(z));
    let east = lat.to_radians().cos().max(0.01);
    let reach_m = degrees * DEGREE_M * east;
    let bounds = Bounds::new(lon - degrees, lat - degrees * east, lon + degrees, lat + degrees * east);
    let reader = app.store.reader(view.clone());
    let mut hits: Vec<(f64, u8, f64, Json)> = Vec::new();
    for scope in view.scopes() {
        let def = scope.layer();
        let asked = wanted.as_ref().is_none_or(|w| w.contains(&def.id.as_str()));
        if !asked || def.kind == Kind::Raster {
            continue;
        }
        let query = ditu_model::Query { bounds: Some(bounds), limit: Some(CANDIDATES), ..Default::default() };
        for feature in collect(reader.as_ref(), &def.id, query).await? {
            let Some(g) = &feature.row.geometry else { continue };
            let d = distance(g, [lon, lat], east);
            if d <= reach_m {
                let order = match g.shape {
                    Shape::Point => 0,
                    Shape::Line => 1,
                    Shape::Polygon => 2,
                };
                let b = g.bounds();
                let size = (b.max[0] - b.min[0]) * (b.max[1] - b.min[1]);
                hits.push((d, order, size, hit(scope, &feature, d)));
            }
        }
    }
    // Points before lines before areas, small before large: what covers least is what was meant.
    hits.sort_by(|a, b| a.1.cmp(&b.1).then(a.0.total_cmp(&b.0)).then(a.2.total_cmp(&b.2)));
    let features: Vec<Json> = hits.into_iter().take(MOST).map(|h| h.3).collect();
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, caller.cache_control()))
        .json(json!({"features": features})))
}

fn hit(scope: &Scope, f: &Feature, distance: f64) -> Json {
    let def = scope.layer();
    let fields: Vec<Json> = scope
        .fields()
        .map(|i| {
            let (field, value) = (&def.fields[i], &f.row.values[i]);
            json!({"name": field.name, "title": {"zh": field.title.zh, "en": field.title.en},
                "value": geojson::value(value), "display": display(field, value), "unit": field.unit})
        })
        .collect();
    json!({
        "layer": def.id.as_str(),
        "title": {"zh": def.title.zh, "en": def.title.en},
        "id": geojson::id(f.id),
        "distance_m": (distance * 100.0).round() / 100.0,
        "fields": fields,
        "geometry": f.row.geometry.as_ref().map(geojson::geometry),
    })
}

/// A code's meaning, yes and no; nothing where the value speaks for itself.
fn display(field: &Field, value: &Value) -> Option<Json> {
    match value {
        Value::Boolean(true) => Some(json!({"zh": "是", "en": "yes"})),
        Value::Boolean(false) => Some(json!({"zh": "否", "en": "no"})),
        Value::Text(t) => {
            let code = field.codes.as_ref()?.codes.iter().find(|c| c.code == t.as_ref())?;
            Some(json!({"zh": code.title.zh, "en": code.title.en}))
        }
        _ => None,
    }
}

/// Metres from a place to a shape on a plane around it; 0 inside a polygon.
fn distance(g: &Geometry, at: [f64; 2], east: f64) -> f64 {
    let local = |p: &[f64; 2]| [(p[0] - at[0]) * DEGREE_M * east, (p[1] - at[1]) * DEGREE_M];
    if g.shape == Shape::Point {
        return g.coords.iter().map(local).map(|p| p[0].hypot(p[1])).fold(f64::INFINITY, f64::min);
    }
    let (mut nearest, mut inside) = (f64::INFINITY, false);
    for ring in g.rings() {
        for w in ring.windows(2) {
            let (a, b) = (local(&w[0]), local(&w[1]));
            let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
            let long = dx * dx + dy * dy;
            let t = if long > 0.0 { (-(a[0] * dx + a[1] * dy) / long).clamp(0.0, 1.0) } else { 0.0 };
            nearest = nearest.min((a[0] + t * dx).hypot(a[1] + t * dy));
            inside ^= (a[1] > 0.0) != (b[1] > 0.0) && 0.0 < a[0] - a[1] / dy * dx;
        }
    }
    if g.shape == Shape::Polygon && inside { 0.0 } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_inside_is_at_no_distance_and_a_hole_is_outside() {
        let ring = |a: f64, b: f64| vec![[a, a], [b, a], [b, b], [a, b], [a, a]];
        let g = Geometry::polygon(vec![ring(0.0, 10.0), ring(4.0, 6.0)]);
        assert_eq!(distance(&g, [1.0, 1.0], 1.0), 0.0);
        assert!((distance(&g, [5.0, 5.0], 1.0) - DEGREE_M).abs() < 1.0);
        assert!((distance(&g, [12.0, 5.0], 1.0) - 2.0 * DEGREE_M).abs() < 1.0);
        let line = Geometry::line(vec![[0.0, 0.0], [0.0, 10.0]]);
        assert!((distance(&line, [1.0, 5.0], 0.5) - 0.5 * DEGREE_M).abs() < 1.0);
    }
}
