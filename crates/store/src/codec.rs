//! A row as bytes, as the log keeps what was there before: name, tag and content a value, then the shape as WKB. Values
//! go by their field's name, so that fields may be added anywhere, moved or dropped in `layers/` later.

use ditu_model::{Date, DateTime, Field, Geometry, Row, Value};

/// Writes a row. NULL is left out.
pub(crate) fn encode(row: &Row, fields: &[Field]) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    let present = row.values.iter().filter(|v| !v.is_null()).count();
    out.extend((present as u16).to_le_bytes());
    for (v, field) in row.values.iter().zip(fields).filter(|(v, _)| !v.is_null()) {
        out.extend((field.name.len() as u16).to_le_bytes());
        out.extend_from_slice(field.name.as_bytes());
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

/// Reads a row: fields that the layer has gained since are NULL. `None` for bytes that are no row.
pub(crate) fn decode(mut bytes: &[u8], fields: &[Field]) -> Option<Row> {
    fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
        let (head, rest) = bytes.split_first_chunk::<N>()?;
        *bytes = rest;
        Some(*head)
    }
    let b = &mut bytes;
    let count = u16::from_le_bytes(take(b)?);
    let mut values = vec![Value::Null; fields.len()];
    for _ in 0..count {
        let n = usize::from(u16::from_le_bytes(take(b)?));
        let (name, rest) = b.split_at_checked(n)?;
        *b = rest;
        let tag = take::<1>(b)?[0];
        let value = match tag {
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
        };
        if let Some(i) = fields.iter().position(|f| f.name.as_bytes() == name) {
            values[i] = value;
        }
    }
    let geometry = if b.is_empty() { None } else { Some(Geometry::from_wkb(b).ok()?) };
    Some(Row { values, geometry })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{layers, row};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_row_comes_back_whole_and_damaged_bytes_are_no_panic(r in row(), cut in 0usize..400, flip in any::<u8>()) {
            let def = layers().get(&ditu_model::LayerId::new("t.spot").unwrap()).unwrap().clone();
            let mut bytes = encode(&r, &def.fields);
            prop_assert_eq!(decode(&bytes, &def.fields), Some(r));
            let at = cut % bytes.len();
            let _ = decode(&bytes[..at], &def.fields);
            bytes[at] ^= flip;
            let _ = decode(&bytes, &def.fields);
        }

        #[test]
        fn values_keep_their_names_when_fields_move(r in row()) {
            let def = layers().get(&ditu_model::LayerId::new("t.spot").unwrap()).unwrap().clone();
            let mut moved = def.fields.clone();
            moved.reverse();
            let back = decode(&encode(&r, &def.fields), &moved).unwrap();
            prop_assert_eq!(back.values.into_iter().rev().collect::<Vec<_>>(), r.values);
        }
    }
}
