//! GeoPackage geometry blobs (OGC 12-128r18 clause 2.1.3) and values as SQLite holds them.

use ditu_model::{Bounds, Date, DateTime, Field, FieldType, Geometry, Shape, Value};
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

/// EPSG:4490.
pub(super) const SRS: i32 = 4490;

/// Writes a blob: header with envelope (none for points), then WKB in the multi form for lines and polygons, as the
/// table declares.
pub(super) fn write(g: &Geometry, bounds: &Bounds, out: &mut Vec<u8>) {
    out.clear();
    let point = g.shape == Shape::Point;
    out.extend_from_slice(&[b'G', b'P', 0, if point { 0b0000_0001 } else { 0b0000_0011 }]);
    out.extend(SRS.to_le_bytes());
    if !point {
        for v in [bounds.min[0], bounds.max[0], bounds.min[1], bounds.max[1]] {
            out.extend(v.to_le_bytes());
        }
    }
    g.write_wkb(!point, None, out);
}

/// Reads a blob.
pub(super) fn read(blob: &[u8]) -> Option<Geometry> {
    let flags = *blob.get(3)?;
    if !blob.starts_with(b"GP") || flags & 0b0001_0000 != 0 {
        return None;
    }
    let envelope = match flags >> 1 & 7 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        _ => return None,
    };
    Geometry::from_wkb(blob.get(8 + envelope..)?).ok()
}

/// A value as SQLite takes it.
pub(super) struct Bound<'a>(pub(super) &'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Text(t) | Value::Json(t) => ToSqlOutput::Borrowed(ValueRef::Text(t.as_bytes())),
            Value::Integer(i) => ToSqlOutput::from(*i),
            Value::Real(r) => ToSqlOutput::from(*r),
            Value::Boolean(b) => ToSqlOutput::from(*b),
            Value::Date(d) => ToSqlOutput::from(d.to_string()),
            Value::DateTime(t) => ToSqlOutput::from(t.to_string()),
        })
    }
}

/// A value from SQLite, in the field's type; what another program wrote in another type is read as well as it can be.
pub(super) fn value(field: &Field, v: ValueRef<'_>) -> Value {
    let text = |t: &[u8]| String::from_utf8_lossy(t).into_owned();
    match (field.kind, v) {
        (_, ValueRef::Null | ValueRef::Blob(_)) => Value::Null,
        (FieldType::Integer, ValueRef::Integer(i)) => Value::Integer(i),
        (FieldType::Real, ValueRef::Integer(i)) => Value::Real(i as f64),
        (FieldType::Real, ValueRef::Real(r)) => Value::Real(r),
        (FieldType::Boolean, ValueRef::Integer(i)) => Value::Boolean(i != 0),
        (FieldType::Date, ValueRef::Text(t)) => Date::parse(&text(t)).map_or(Value::Null, Value::Date),
        (FieldType::DateTime, ValueRef::Text(t)) => {
            DateTime::parse(&text(t)).map_or(Value::Null, Value::DateTime)
        }
        (FieldType::Text, ValueRef::Text(t)) => Value::text(text(t)),
        (FieldType::Json, ValueRef::Text(t)) => Value::Json(text(t).into()),
        (FieldType::Text, ValueRef::Integer(i)) => Value::text(i.to_string()),
        (FieldType::Text, ValueRef::Real(r)) => Value::text(r.to_string()),
        _ => Value::Null,
    }
}
