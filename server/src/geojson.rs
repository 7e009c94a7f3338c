//! Features as GeoJSON (RFC 7946; longitude and latitude of CGCS2000, which agrees with WGS 84 to a decimetre).

use ditu_access::Scope;
use ditu_model::{Feature, FieldType, Geometry, Shape, Value};
use serde_json::{Map, Value as Json, json};

/// The largest id that every JSON reader keeps exactly.
const EXACT: u64 = 1 << 53;

/// An id as JSON: a number while it is exact in every reader.
pub(crate) fn id(id: u64) -> Json {
    if id <= EXACT { id.into() } else { id.to_string().into() }
}

/// A value as JSON.
pub(crate) fn value(v: &Value) -> Json {
    match v {
        Value::Null => Json::Null,
        Value::Text(t) => t.as_ref().into(),
        Value::Integer(i) => (*i).into(),
        Value::Real(r) => serde_json::Number::from_f64(*r).map_or(Json::Null, Json::Number),
        Value::Boolean(b) => (*b).into(),
        Value::Date(d) => d.to_string().into(),
        Value::DateTime(t) => t.to_string().into(),
        Value::Json(t) => serde_json::from_str(t).unwrap_or(Json::Null),
    }
}

/// A shape as GeoJSON.
pub(crate) fn geometry(g: &Geometry) -> Json {
    let at = |i: usize| match g.z.get(i) {
        Some(z) => json!([g.coords[i][0], g.coords[i][1], z]),
        None => json!(g.coords[i]),
    };
    let line = |r: usize| {
        let start = if r == 0 { 0 } else { g.rings[r - 1] as usize };
        Json::from((start..g.rings[r] as usize).map(at).collect::<Vec<_>>())
    };
    let polygon = |p: usize| Json::from(g.part(p).map(line).collect::<Vec<_>>());
    let n = g.part_count();
    let many = |name: &str, part: &dyn Fn(usize) -> Json| {
        if n == 1 {
            json!({"type": name, "coordinates": part(0)})
        } else {
            json!({"type": format!("Multi{name}"), "coordinates": (0..n).map(part).collect::<Vec<_>>()})
        }
    };
    match g.shape {
        Shape::Point => many("Point", &at),
        Shape::Line => many("LineString", &line),
        Shape::Polygon => many("Polygon", &polygon),
    }
}

/// A feature with the fields that the scope shows.
pub(crate) fn feature(scope: &Scope, f: &Feature) -> Json {
    let fields = scope.fields().map(|i| (scope.layer().fields[i].name.clone(), value(&f.row.values[i])));
    let properties: Map<String, Json> = fields.collect();
    json!({
        "type": "Feature",
        "id": id(f.id),
        "geometry": f.row.geometry.as_ref().filter(|g| !g.is_empty()).map(geometry),
        "properties": properties,
    })
}

/// A field type's name in JSON documents.
pub(crate) fn type_name(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "text",
        FieldType::Integer => "integer",
        FieldType::Real => "real",
        FieldType::Boolean => "boolean",
        FieldType::Date => "date",
        FieldType::DateTime => "datetime",
        FieldType::Json => "json",
    }
}
