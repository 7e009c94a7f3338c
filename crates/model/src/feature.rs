//! Rows and features.

use crate::change::FeatureId;
use crate::geometry::{Geometry, Shape};
use crate::value::Value;
use xxhash_rust::xxh3::Xxh3;

/// Values and geometry on their way into a layer.
///
/// *Shape*: `values` is as long as the layer's fields and in their order; geometry is in EPSG:4490 degrees.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// One value a field.
    pub values: Vec<Value>,
    /// The shape; `None` where the source had none.
    pub geometry: Option<Geometry>,
}

impl Row {
    /// A 128-bit hash of all values and coordinates, equal for equal content on every machine.
    pub fn content_hash(&self) -> u128 {
        let mut h = Xxh3::new();
        for v in &self.values {
            hash_value(v, &mut h);
        }
        if let Some(g) = &self.geometry {
            h.update(&[match g.shape {
                Shape::Point => 1,
                Shape::Line => 2,
                Shape::Polygon => 3,
            }]);
            for c in &g.coords {
                h.update(&c[0].to_bits().to_le_bytes());
                h.update(&c[1].to_bits().to_le_bytes());
            }
            h.update(&(g.coords.len() as u64).to_le_bytes());
            g.z.iter().for_each(|z| h.update(&z.to_bits().to_le_bytes()));
            h.update(&(g.z.len() as u64).to_le_bytes());
            g.rings.iter().chain([&u32::MAX]).chain(&g.parts).for_each(|r| h.update(&r.to_le_bytes()));
        }
        h.digest128()
    }

    /// A 128-bit hash of the key fields, `None` when any of them is NULL or there is no key.
    pub fn key_hash(&self, key: &[usize]) -> Option<u128> {
        if key.is_empty() || key.iter().any(|&i| self.values[i].is_null()) {
            return None;
        }
        let mut h = Xxh3::new();
        key.iter().for_each(|&i| hash_value(&self.values[i], &mut h));
        Some(h.digest128())
    }
}

fn hash_value(v: &Value, h: &mut Xxh3) {
    let mut put = |tag: u8, bytes: &[u8]| {
        h.update(&[tag]);
        h.update(&(bytes.len() as u32).to_le_bytes());
        h.update(bytes);
    };
    match v {
        Value::Null => put(0, &[]),
        Value::Text(t) => put(1, t.as_bytes()),
        Value::Integer(i) => put(2, &i.to_le_bytes()),
        Value::Real(r) => put(3, &r.to_bits().to_le_bytes()),
        Value::Boolean(b) => put(4, &[u8::from(*b)]),
        Value::Date(d) => put(5, &d.to_days().to_le_bytes()),
        Value::DateTime(t) => put(6, &t.0.to_le_bytes()),
        Value::Json(t) => put(7, t.as_bytes()),
    }
}

/// A row with the id it keeps for as long as the thing it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// Unique in the layer, never reused.
    pub id: FeatureId,
    /// Values and geometry.
    pub row: Row,
}
