//! Values as SQLite holds them.

use ditu_model::{Date, DateTime, Field, FieldType, Value};
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

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
