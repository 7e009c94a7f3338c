//! `area`: a polygon's area on the ground agrees with a field in m².

use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::geometry::measure;
use crate::notes::both;
use ditu_model::{Row, Value};

struct Area {
    field: usize,
    tolerance: f64,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let (field, tolerance) = (m.field("field")?, m.number("tolerance_pct")? / 100.0);
    Ok(Some(Box::new(Area { field, tolerance, declared: m.declared() })))
}

impl RowCheck for Area {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let (Some(g), Some(stated)) = (&row.geometry, row.values[self.field].as_f64()) else {
            return Verdict::Keep;
        };
        let area = measure::area(g);
        // Half a square metre is rounding, not a difference.
        if (area - stated).abs() <= (stated.abs() * self.tolerance).max(0.5) {
            return Verdict::Keep;
        }
        let message = both(
            format!("图形面积 {area:.2} m²，登记面积 {stated:.2} m²"),
            format!("the shape has {area:.2} m², the record says {stated:.2} m²"),
        );
        let place = seen.place(row, None);
        self.declared.breach("check.area", place, message, Value::Real(stated), seen.findings)
    }
}
