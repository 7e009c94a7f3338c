//! `height`: the shape carries heights, or the field says the height.

use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{Row, Value};

struct Height {
    field: Option<usize>,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let field = m.check.texts.get("field").cloned().map(|f| m.index(&f)).transpose()?;
    Ok(Some(Box::new(Height { field, declared: m.declared() })))
}

impl RowCheck for Height {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let by_field = self.field.is_some_and(|f| !row.values[f].is_null());
        if by_field || row.geometry.as_ref().is_none_or(|g| g.has_z()) {
            return Verdict::Keep;
        }
        let message =
            both("没有高程：图形是二维的，属性里也没有", "there is no height, in the shape or beside it");
        let place = seen.place(row, None);
        self.declared.breach("check.height", place, message, Value::Null, seen.findings)
    }
}
