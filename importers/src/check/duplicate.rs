//! `duplicate`: no two features have the same shape to the millimetre, within the layer and, where `with` names others of
//! its kind (between spaces), in those.

use super::plane::{Map, Plane};
use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{Geometry, LayerId, Row, Shape, Text, Value};
use xxhash_rust::xxh3::xxh3_64;

struct Duplicate {
    /// Hash of a shape, and the row where it stood first.
    seen: Map<u64, u64>,
    /// Hashes of other layers' shapes, each with the layer's place in `others`.
    elsewhere: Map<u64, usize>,
    /// Titles of those layers.
    others: Vec<Text>,
    hasher: Hasher,
    declared: Declared,
}

#[derive(Default)]
struct Hasher {
    plane: Plane,
    bytes: Vec<u8>,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let declared = m.declared();
    let (mut hasher, mut elsewhere, mut others) = (Hasher::default(), Map::default(), Vec::new());
    // Where the other layer is not there, nothing can be in both.
    for id in m.check.texts.get("with").map_or("", String::as_str).split_whitespace() {
        let number = others.len();
        let mut title = None;
        let id = LayerId::new(id).ok_or_else(|| format!("{}: {id} is no layer's name", m.layer.id))?;
        m.others.rows(&id, &[], &mut |def, row| {
            title.get_or_insert_with(|| def.title.clone());
            if let Some(g) = &row.geometry {
                elsewhere.insert(hasher.hash(g), number);
            }
        });
        others.extend(title);
    }
    Ok(Some(Box::new(Duplicate { seen: Map::default(), elsewhere, others, hasher, declared })))
}

impl Hasher {
    /// The same for a line drawn backwards and a ring that begins elsewhere.
    fn hash(&mut self, g: &Geometry) -> u64 {
        let mut sum = 0u64;
        for ring in g.rings() {
            let mut points: Vec<[i32; 2]> = ring.iter().map(|c| self.plane.of(*c)).collect();
            if g.shape == Shape::Polygon {
                points.pop();
                let least = (0..points.len()).min_by_key(|&i| points[i]).unwrap_or_default();
                points.rotate_left(least);
                // Either way round: the smaller neighbour of the least vertex comes second.
                if points.len() > 2 && points[points.len() - 1] < points[1] {
                    points[1..].reverse();
                }
            } else if points.last() < points.first() {
                points.reverse();
            }
            self.bytes.clear();
            points.iter().flatten().for_each(|v| self.bytes.extend(v.to_le_bytes()));
            sum = sum.wrapping_add(xxh3_64(&self.bytes));
        }
        if g.rings.is_empty() {
            self.bytes.clear();
            for c in &g.coords {
                self.plane.of(*c).iter().for_each(|v| self.bytes.extend(v.to_le_bytes()));
            }
            sum = xxh3_64(&self.bytes);
        }
        sum
    }
}

impl RowCheck for Duplicate {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let Some(g) = &row.geometry else { return Verdict::Keep };
        let hash = self.hasher.hash(g);
        let other = self.elsewhere.get(&hash).map(|&number| &self.others[number]);
        let message = match (self.seen.get(&hash).copied(), other) {
            (Some(first), _) => {
                both(format!("图形与第 {first} 行完全相同"), format!("has the shape of row {first}"))
            }
            (None, Some(other)) => both(
                format!("图形与图层“{}”的一个要素完全相同", other.zh),
                format!("has the shape of a feature of the layer {}", other.en),
            ),
            (None, None) => {
                self.seen.insert(hash, seen.row);
                return Verdict::Keep;
            }
        };
        let place = seen.place(row, None);
        self.declared.breach("check.duplicate", place, message, Value::Null, seen.findings)
    }
}
