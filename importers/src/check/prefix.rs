//! `prefix`: the text of one field begins with that of another without its trailing zeros (a division's code begins
//! with its parent's).

use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{Row, Value};

struct Prefix {
    field: usize,
    of: usize,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    Ok(Some(Box::new(Prefix { field: m.field("field")?, of: m.field("of")?, declared: m.declared() })))
}

impl RowCheck for Prefix {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let (Some(prefix), Some(whole)) = (row.values[self.field].as_str(), row.values[self.of].as_str())
        else {
            return Verdict::Keep;
        };
        if whole.starts_with(prefix.trim_end_matches('0')) {
            return Verdict::Keep;
        }
        let message =
            both(format!("{whole} 不以上级 {prefix} 开头"), format!("{whole} does not begin with {prefix}"));
        let (place, value) = (seen.place(row, None), Value::text(prefix));
        self.declared.breach("check.prefix", place, message, value, seen.findings)
    }
}
