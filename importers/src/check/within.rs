//! `within`: a feature lies in the area of another layer whose code its own code begins with (of codes of one length,
//! where `digits` says so: what follows in the feature's code may be another numbering).

use super::areas::Area;
use super::plane::Plane;
use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{LayerId, Row, Value};
use std::collections::HashMap;

/// How far out a distance is told exactly, millimetres; beyond it is "more than".
const TOLD: i32 = 2_000_000;

struct Within {
    field: usize,
    /// Millimetres.
    tolerance: i32,
    areas: HashMap<Box<str>, Area>,
    /// Lengths of codes, the longest first.
    lengths: Vec<usize>,
    plane: Plane,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let field = m.field("field")?;
    let tolerance = (m.number("tolerance_m")? * 1000.0).round() as i32;
    let (layer, key) = (m.text("layer")?.to_owned(), m.text("key")?.to_owned());
    let digits = m.check.numbers.get("digits").map(|n| *n as usize);
    let (mut areas, mut plane): (HashMap<Box<str>, Area>, Plane) = (HashMap::new(), Plane::default());
    let found = LayerId::new(&layer).is_some_and(|id| {
        m.others.rows(&id, &[&key], &mut |def, row| {
            let code = def.field(&key).and_then(|k| row.values[k].as_str());
            if let (Some(code), Some(g)) =
                (code.filter(|c| digits.is_none_or(|n| n == c.len())), &row.geometry)
            {
                areas.insert(code.into(), Area::of(g, &mut plane));
            }
        })
    });
    if !found {
        m.not_here("check.within", &layer);
        return Ok(None);
    }
    let mut lengths: Vec<usize> = areas.keys().map(|k| k.len()).collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    lengths.dedup();
    Ok(Some(Box::new(Within { field, tolerance, areas, lengths, plane, declared: m.declared() })))
}

impl RowCheck for Within {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let (Some(code), Some(g)) = (row.values[self.field].as_str(), &row.geometry) else {
            return Verdict::Keep;
        };
        let found = self.lengths.iter().find_map(|n| {
            let prefix = code.get(..*n)?;
            Some((prefix, self.areas.get(prefix)?))
        });
        // A code of a division that is not here is another rule's matter.
        let Some((prefix, area)) = found else { return Verdict::Keep };
        let mut worst: Option<(f64, [f64; 2])> = None;
        for c in &g.coords {
            let p = self.plane.of(*c);
            if area.holds(p) || area.to_border(p, self.tolerance).is_some() {
                continue;
            }
            let d = area.to_border(p, TOLD).unwrap_or(f64::INFINITY);
            if worst.is_none_or(|(w, _)| d > w) {
                worst = Some((d, *c));
            }
        }
        let Some((d, at)) = worst else { return Verdict::Keep };
        let m = d / 1000.0;
        let message = match m.is_finite() {
            true => {
                both(format!("伸出 {prefix} 的范围 {m:.2} m"), format!("reaches {m:.2} m out of {prefix}"))
            }
            false => both(format!("不在 {prefix} 的范围内"), format!("does not lie in {prefix}")),
        };
        let place = seen.place(row, Some(at));
        let value = if m.is_finite() { Value::Real(m) } else { Value::Null };
        self.declared.breach("check.within", place, message, value, seen.findings)
    }
}
