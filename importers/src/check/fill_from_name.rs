//! `fill_from_name`: an empty coded field takes the code that the table's or file's name begins with (`JSLine`,
//! `雨水管线表`).

use super::{Making, Phase, RowCheck, Seen, Verdict};
use ditu_model::layer::CodeList;
use ditu_model::{Row, Value};
use std::sync::Arc;

struct FillFromName {
    field: usize,
    codes: Arc<CodeList>,
    /// The last table's names and what they mean.
    known: (Vec<String>, Value),
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let field = m.field("field")?;
    let Some(codes) = m.layer.fields[field].codes.clone() else {
        return Err(format!("{}: the rule fill_from_name needs a field with a code list", m.layer.id));
    };
    Ok(Some(Box::new(FillFromName { field, codes, known: (Vec::new(), Value::Null) })))
}

/// The code with the longest spelling that a name begins with.
fn code(codes: &CodeList, name: &str) -> Option<String> {
    let name = name.trim().to_lowercase();
    let spellings = codes.codes.iter().flat_map(|c| {
        let all = c.aliases.iter().chain([&c.code, &c.title.zh, &c.title.en]);
        all.map(move |s| (s.to_lowercase(), &c.code))
    });
    let fitting = spellings.filter(|(s, _)| name.starts_with(s.as_str()));
    fitting.max_by_key(|(s, _)| s.len()).map(|(_, code)| code.clone())
}

impl RowCheck for FillFromName {
    fn phase(&self) -> Phase {
        Phase::Complete
    }

    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        if row.values[self.field].is_null() {
            if self.known.0 != seen.names {
                let code = seen.names.iter().find_map(|n| code(&self.codes, n));
                self.known = (seen.names.to_vec(), code.map_or(Value::Null, Value::text));
            }
            row.values[self.field] = self.known.1.clone();
        }
        Verdict::Keep
    }
}
