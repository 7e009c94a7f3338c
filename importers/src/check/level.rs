//! `level`: height = ground − depth.

use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{Row, Value};

struct Level {
    height: usize,
    ground: usize,
    depth: usize,
    tolerance: f64,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    Ok(Some(Box::new(Level {
        height: m.field("height")?,
        ground: m.field("ground")?,
        depth: m.field("depth")?,
        tolerance: m.number("tolerance_m")?,
        declared: m.declared(),
    })))
}

impl RowCheck for Level {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let number = |i: usize| row.values[i].as_f64();
        let (Some(h), Some(g), Some(d)) = (number(self.height), number(self.ground), number(self.depth))
        else {
            return Verdict::Keep;
        };
        // Values are written to the centimetre; the last bit of a sum is no difference.
        if (h - (g - d)).abs() <= self.tolerance + 1e-9 {
            return Verdict::Keep;
        }
        let message = both(
            format!("高程 {h:.2} ≠ 地面 {g:.2} − 埋深 {d:.2}"),
            format!("height {h:.2} is not ground {g:.2} − depth {d:.2}"),
        );
        let place = seen.place(row, None);
        self.declared.breach("check.level", place, message, Value::Real(h), seen.findings)
    }
}
