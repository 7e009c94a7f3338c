//! A row as bytes, as the log keeps what was there before: a tag and the content a value, then the shape as WKB.

use ditu_model::{Date, DateTime, Geometry, Row, Value};

/// Writes a row.
pub(crate) fn encode(row: &Row) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    out.extend((row.values.len() as u16).to_le_bytes());
    for v in &row.values {
        let mut text = |tag: u8, t: &str| {
            out.push(tag);
            out.extend((t.len() as u32).to_le_bytes());
            out.extend_from_slice(t.as_bytes());
        };
        match v {
            Value::Null => out.push(0),
            Value::Text(t) => text(1, t),
            Value::Json(t) => text(2, t),
            Value::Integer(i) => {
                out.push(3);
                out.extend(i.to_le_bytes());
            }
            Value::Real(r) => {
                out.push(4);
                out.extend(r.to_le_bytes());
            }
            Value::Boolean(b) => out.extend([5, u8::from(*b)]),
            Value::Date(d) => {
                out.push(6);
                out.extend(d.to_days().to_le_bytes());
            }
            Value::DateTime(t) => {
                out.push(7);
                out.extend(t.0.to_le_bytes());
            }
        }
    }
    if let Some(g) = &row.geometry {
        g.write_wkb(false, None, &mut out);
    }
    out
}

/// Reads a row of `fields` fields: fields that the layer has gained since are NULL. `None` for bytes that are no row.
pub(crate) fn decode(mut bytes: &[u8], fields: usize) -> Option<Row> {
    fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
        let (head, rest) = bytes.split_first_chunk::<N>()?;
        *bytes = rest;
        Some(*head)
    }
    let b = &mut bytes;
    let count = u16::from_le_bytes(take(b)?);
    let mut values = Vec::with_capacity(fields);
    for _ in 0..count {
        let tag = take::<1>(b)?[0];
        values.push(match tag {
            0 => Value::Null,
            1 | 2 => {
                let n = u32::from_le_bytes(take(b)?) as usize;
                let (text, rest) = b.split_at_checked(n)?;
                *b = rest;
                let text: Box<str> = std::str::from_utf8(text).ok()?.into();
                if tag == 1 { Value::Text(text) } else { Value::Json(text) }
            }
            3 => Value::Integer(i64::from_le_bytes(take(b)?)),
            4 => Value::Real(f64::from_le_bytes(take(b)?)),
            5 => Value::Boolean(take::<1>(b)?[0] != 0),
            6 => Value::Date(Date::from_days(i32::from_le_bytes(take(b)?))?),
            7 => Value::DateTime(DateTime(i64::from_le_bytes(take(b)?))),
            _ => return None,
        });
    }
    values.resize(fields, Value::Null);
    let geometry = if b.is_empty() { None } else { Some(Geometry::from_wkb(b).ok()?) };
    Some(Row { values, geometry })
}
