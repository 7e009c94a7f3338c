//! `dates`: a date does not lie before another one (`after`), nor in the future.

use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{Date, Row, Value};

struct Dates {
    field: usize,
    after: Option<usize>,
    today: Option<Date>,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let field = m.field("field")?;
    let after = m.check.texts.get("after").cloned().map(|a| m.index(&a)).transpose()?;
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    // A day of grace, for clocks and time zones.
    let today = Date::from_days((since.as_secs() / 86_400) as i32 + 1);
    Ok(Some(Box::new(Dates { field, after, today, declared: m.declared() })))
}

impl RowCheck for Dates {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let Value::Date(date) = row.values[self.field] else { return Verdict::Keep };
        let value = row.values[self.field].clone();
        if self.today.is_some_and(|t| date > t) {
            let message = both(format!("日期 {date} 在将来"), format!("the date {date} lies in the future"));
            let place = seen.place(row, None);
            return self.declared.breach("check.dates", place, message, value, seen.findings);
        }
        if let Some(Value::Date(before)) = self.after.map(|a| &row.values[a])
            && date < *before
        {
            let message = both(format!("{date} 早于 {before}"), format!("{date} lies before {before}"));
            let place = seen.place(row, None);
            return self.declared.breach("check.dates", place, message, value, seen.findings);
        }
        Verdict::Keep
    }
}
