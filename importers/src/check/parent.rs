//! `parent`: the value exists in another layer's field.

use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{LayerId, Row, Value};
use std::collections::HashSet;
use xxhash_rust::xxh3::xxh3_64;

struct Parent {
    field: usize,
    layer: String,
    /// Hashes of all values there are: eight bytes each, whatever their length.
    known: HashSet<u64>,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let field = m.field("field")?;
    let (layer, key) = (m.text("layer")?.to_owned(), m.text("key")?.to_owned());
    let mut known = HashSet::new();
    let found = LayerId::new(&layer).is_some_and(|id| {
        m.others.rows(&id, &[&key], &mut |def, row| {
            if let Some(text) = def.field(&key).and_then(|k| row.values[k].as_str()) {
                known.insert(xxh3_64(text.as_bytes()));
            }
        })
    });
    if !found {
        m.not_here("check.parent", &layer);
        return Ok(None);
    }
    Ok(Some(Box::new(Parent { field, layer, known, declared: m.declared() })))
}

impl RowCheck for Parent {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let Some(text) = row.values[self.field].as_str() else { return Verdict::Keep };
        if self.known.contains(&xxh3_64(text.as_bytes())) {
            return Verdict::Keep;
        }
        let layer = &self.layer;
        let message = both(format!("{layer} 里没有 {text}"), format!("{layer} has no {text}"));
        let (place, value) = (seen.place(row, None), Value::text(text));
        self.declared.breach("check.parent", place, message, value, seen.findings)
    }
}
