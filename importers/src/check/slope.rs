//! `slope`: what flows by gravity falls the way that the flow field says (0 from start to end, 1 back).

use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{Row, Value};

/// Heights are written to the centimetre: what rises less than that does not rise.
const ROUNDING: f64 = 0.011;

struct Slope {
    from: usize,
    to: usize,
    flow: usize,
    kind: Option<usize>,
    kinds: Vec<String>,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let kinds = m.check.texts.get("kinds").map(String::as_str).unwrap_or_default();
    Ok(Some(Box::new(Slope {
        from: m.field("from")?,
        to: m.field("to")?,
        flow: m.field("flow")?,
        kind: m.layer.field("kind"),
        kinds: kinds.split(',').map(|k| k.trim().to_owned()).filter(|k| !k.is_empty()).collect(),
        declared: m.declared(),
    })))
}

impl RowCheck for Slope {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let kind = self.kind.and_then(|k| row.values[k].as_str());
        if !self.kinds.is_empty() && !kind.is_some_and(|k| self.kinds.iter().any(|known| known == k)) {
            return Verdict::Keep;
        }
        let (Some(a), Some(b)) = (row.values[self.from].as_f64(), row.values[self.to].as_f64()) else {
            return Verdict::Keep;
        };
        let rise = match row.values[self.flow].as_str() {
            Some("0") => b - a,
            Some("1") => a - b,
            _ => return Verdict::Keep,
        };
        if rise <= ROUNDING {
            return Verdict::Keep;
        }
        let message = both(
            format!("沿流向升高 {rise:.2} m（{a:.2}、{b:.2}）"),
            format!("rises {rise:.2} m the way it flows ({a:.2}, {b:.2})"),
        );
        let place = seen.place(row, None);
        self.declared.breach("check.slope", place, message, Value::Real(rise), seen.findings)
    }
}
