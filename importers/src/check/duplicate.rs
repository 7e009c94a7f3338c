//! `duplicate`: no two features of the layer have the same shape to the millimetre.

use super::plane::{Map, Plane};
use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{Row, Shape, Value};
use xxhash_rust::xxh3::xxh3_64;

struct Duplicate {
    plane: Plane,
    /// Hash of a shape, and the row where it stood first.
    seen: Map<u64, u64>,
    bytes: Vec<u8>,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let declared = m.declared();
    Ok(Some(Box::new(Duplicate {
        plane: Plane::default(),
        seen: Map::default(),
        bytes: Vec::new(),
        declared,
    })))
}

impl Duplicate {
    /// The same for a line drawn backwards and a ring that begins elsewhere.
    fn hash(&mut self, g: &ditu_model::Geometry) -> u64 {
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
        let hash = self.hash(g);
        match self.seen.get(&hash).copied() {
            None => {
                self.seen.insert(hash, seen.row);
                Verdict::Keep
            }
            Some(first) => {
                let message =
                    both(format!("图形与第 {first} 行完全相同"), format!("has the shape of row {first}"));
                let place = seen.place(row, None);
                self.declared.breach("check.duplicate", place, message, Value::Null, seen.findings)
            }
        }
    }
}
