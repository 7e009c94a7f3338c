//! `fill`: an empty field takes the value of another, through its code list where it has one.

use super::{Making, Phase, RowCheck, Seen, Verdict};
use ditu_model::layer::CodeList;
use ditu_model::{Row, Value};
use std::sync::Arc;

struct Fill {
    field: usize,
    from: usize,
    codes: Option<Arc<CodeList>>,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let (field, from) = (m.field("field")?, m.field("from")?);
    Ok(Some(Box::new(Fill { field, from, codes: m.layer.fields[field].codes.clone() })))
}

impl RowCheck for Fill {
    fn phase(&self) -> Phase {
        Phase::Complete
    }

    fn row(&mut self, row: &mut Row, _: &mut Seen<'_>) -> Verdict {
        if row.values[self.field].is_null() {
            let from = &row.values[self.from];
            row.values[self.field] = match &self.codes {
                Some(list) => from
                    .as_str()
                    .and_then(|t| list.find(t))
                    .map_or(Value::Null, |c| Value::text(c.code.as_str())),
                None => from.clone(),
            };
        }
        Verdict::Keep
    }
}
