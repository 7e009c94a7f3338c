//! `length`: a line's length on the ground lies within bounds.

use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::geometry::measure;
use crate::notes::both;
use ditu_model::{Row, Value};

struct Length {
    least: f64,
    greatest: f64,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let bound = |name: &str, none: f64| m.check.numbers.get(name).copied().unwrap_or(none);
    let (least, greatest) = (bound("min_m", 0.0), bound("max_m", f64::INFINITY));
    Ok(Some(Box::new(Length { least, greatest, declared: m.declared() })))
}

impl RowCheck for Length {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let Some(g) = &row.geometry else { return Verdict::Keep };
        let length = measure::length(g);
        let message = if length < self.least {
            let least = self.least;
            both(
                format!("长 {length:.3} m，短于 {least} m"),
                format!("is {length:.3} m long, less than {least} m"),
            )
        } else if length > self.greatest {
            let most = self.greatest;
            both(
                format!("长 {length:.1} m，超过 {most} m"),
                format!("is {length:.1} m long, more than {most} m"),
            )
        } else {
            return Verdict::Keep;
        };
        let place = seen.place(row, None);
        self.declared.breach("check.length", place, message, Value::Real(length), seen.findings)
    }
}
