//! `ends`: both ends of a line are features of another layer. Lines of tables without coordinates get their shape from
//! there.

use super::{Declared, Making, Phase, RowCheck, Seen, Verdict};
use crate::geometry::measure;
use crate::notes::both;
use ditu_model::{Geometry, LayerId, Row, Value};
use std::collections::HashMap;
use xxhash_rust::xxh3::Xxh3;

struct Ends {
    start: usize,
    end: usize,
    same: Option<usize>,
    tolerance: f64,
    layer: String,
    /// By hash of the agreeing value and the key: where it is.
    known: HashMap<u64, [f64; 2]>,
    /// False when the other layer is not in the delivery.
    here: bool,
    declared: Declared,
}

fn hash(same: Option<&Value>, key: &str) -> u64 {
    let mut h = Xxh3::new();
    if let Some(same) = same {
        h.update(same.as_str().unwrap_or_default().as_bytes());
    }
    h.update(&[0]);
    h.update(key.as_bytes());
    h.digest()
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let (start, end) = (m.field("start")?, m.field("end")?);
    let (layer, key) = (m.text("layer")?.to_owned(), m.text("key")?.to_owned());
    let same = m.check.texts.get("same").cloned();
    let own_same = same.as_deref().map(|s| m.index(s)).transpose()?;
    let tolerance = m.number("tolerance_m")?;
    let mut known = HashMap::new();
    let wanted: Vec<&str> = same.as_deref().into_iter().chain([key.as_str()]).collect();
    let here = LayerId::new(&layer).is_some_and(|id| {
        m.others.rows(&id, &wanted, &mut |def, row| {
            let same = same.as_deref().and_then(|s| def.field(s)).map(|i| &row.values[i]);
            let key = def.field(&key).and_then(|k| row.values[k].as_str());
            if let (Some(key), Some(at)) = (key, row.geometry.as_ref().and_then(|g| g.coords.first())) {
                known.entry(hash(same, key)).or_insert(*at);
            }
        })
    });
    if !here {
        m.not_here("check.ends", &layer);
    }
    Ok(Some(Box::new(Ends {
        start,
        end,
        same: own_same,
        tolerance,
        layer,
        known,
        here,
        declared: m.declared(),
    })))
}

impl RowCheck for Ends {
    fn phase(&self) -> Phase {
        Phase::Complete
    }

    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        if !self.here {
            return Verdict::Keep;
        }
        let same = self.same.map(|s| &row.values[s]);
        let mut ends = [[0.0; 2]; 2];
        for (i, field) in [self.start, self.end].into_iter().enumerate() {
            // An empty end is a missing value, and said so by that rule.
            let Some(key) = row.values[field].as_str() else { return Verdict::Keep };
            let Some(at) = self.known.get(&hash(same, key)) else {
                let layer = &self.layer;
                let kind = same.map(ToString::to_string).unwrap_or_default();
                let message =
                    both(format!("{layer} 里没有 {kind} {key}"), format!("{layer} has no {kind} {key}"));
                let mut place = seen.place(row, None);
                place.field = Some(seen.layer.fields[field].name.clone());
                return self.declared.breach("check.ends", place, message, Value::text(key), seen.findings);
            };
            ends[i] = *at;
        }
        let Some(g) = &row.geometry else {
            row.geometry = Some(Geometry::line(ends.to_vec()));
            return Verdict::Keep;
        };
        let (Some(first), Some(last)) = (g.coords.first(), g.coords.last()) else { return Verdict::Keep };
        let gap = measure::distance(*first, ends[0]).max(measure::distance(*last, ends[1]));
        // A NaN is no place; shapes are judged later.
        if gap <= self.tolerance || gap.is_nan() {
            return Verdict::Keep;
        }
        let message =
            both(format!("端点离其管线点 {gap:.2} m"), format!("an end lies {gap:.2} m from its point"));
        let place = seen.place(row, None);
        self.declared.breach("check.ends", place, message, Value::Real(gap), seen.findings)
    }
}
