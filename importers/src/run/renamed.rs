//! A field that the layer holds and the delivery has no column for may stand under another heading: found by its values
//! under the same keys, else by its name.

use crate::notes::{both, of_file};
use crate::plan::Source;
use crate::present::Present;
use crate::table::{Raw, ShapeSource};
use ditu_model::{Field, Finding, LayerDef, Row, Severity, Value};
use std::collections::HashMap;

/// Features of the store, and rows of the delivery, that are compared.
const SAMPLE: usize = 2_000;
/// Rows that must have been compared.
const FEWEST: u64 = 3;

/// Compares columns that are not used with fields that have none.
pub(super) struct Renamed {
    /// Fields that have no column and hold something.
    fields: Vec<usize>,
    /// Columns that are no field.
    columns: Vec<usize>,
    /// What features hold in those fields, by key.
    there: HashMap<u128, Vec<Option<String>>>,
    /// How often a column says what a field held, field by field.
    equal: Vec<Vec<u64>>,
    compared: Vec<u64>,
    rows: usize,
    /// Texts of the row at hand.
    texts: Vec<Option<String>>,
}

impl Renamed {
    /// `None` where there is nothing to compare.
    pub(super) fn new(source: &Source, present: Option<&dyn Present>) -> Option<Renamed> {
        let (layer, table) = (&source.layer, &source.table);
        let used = |i: usize| {
            source.mapping.contains(&Some(i))
                || matches!(table.shapes, ShapeSource::Columns(a, b) if i == a || i == b)
        };
        let columns: Vec<usize> =
            (0..table.columns.len()).filter(|i| !used(*i) && !table.columns[*i].trim().is_empty()).collect();
        let mut fields: Vec<usize> =
            (0..layer.fields.len()).filter(|i| source.mapping[*i].is_none()).collect();
        let present = present.filter(|p| table.raster.is_none() && p.count(&layer.id) > 0)?;
        if columns.is_empty() || fields.is_empty() {
            return None;
        }
        let mut sample: Vec<(Option<u128>, Vec<Option<String>>)> = Vec::new();
        // A store that cannot be read is met by the commit.
        let _ = present.some(&layer.id, SAMPLE, &mut |row| {
            let held = fields.iter().map(|&i| match &row.values[i] {
                Value::Null => None,
                value => Some(value.to_string()),
            });
            sample.push((row.key_hash(&layer.key), held.collect()));
        });
        let holds: Vec<bool> =
            (0..fields.len()).map(|at| sample.iter().any(|(_, held)| held[at].is_some())).collect();
        let keep = |list: Vec<Option<String>>| -> Vec<Option<String>> {
            list.into_iter().zip(&holds).filter(|(_, h)| **h).map(|(v, _)| v).collect()
        };
        let there = sample.into_iter().filter_map(|(key, held)| Some((key?, keep(held)))).collect();
        fields = fields.into_iter().zip(&holds).filter(|(_, h)| **h).map(|(f, _)| f).collect();
        (!fields.is_empty()).then(|| Renamed {
            equal: vec![vec![0; columns.len()]; fields.len()],
            compared: vec![0; fields.len()],
            fields,
            columns,
            there,
            rows: 0,
            texts: Vec::new(),
        })
    }

    /// Columns that must be read for it.
    pub(super) fn want(&self, wanted: &mut [bool]) {
        self.columns.iter().for_each(|&i| wanted[i] = true);
    }

    /// A row before its columns become fields.
    pub(super) fn before(&mut self, values: &[Raw]) {
        self.texts.clear();
        if self.rows < SAMPLE && !self.there.is_empty() {
            self.rows += 1;
            self.texts.extend(self.columns.iter().map(|&i| values.get(i).and_then(text)));
        }
    }

    /// The same row when its key is known.
    pub(super) fn after(&mut self, layer: &LayerDef, row: &Row) {
        if self.texts.is_empty() {
            return;
        }
        let Some(there) = row.key_hash(&layer.key).and_then(|k| self.there.get(&k)) else { return };
        for (at, held) in there.iter().enumerate() {
            let Some(held) = held else { continue };
            self.compared[at] += 1;
            for (count, text) in self.equal[at].iter_mut().zip(&self.texts) {
                let same = text.as_deref().is_some_and(|t| says(&layer.fields[self.fields[at]], t, held));
                *count += u64::from(same);
            }
        }
        self.texts.clear();
    }

    /// Which columns are likely to be which fields.
    pub(super) fn findings(&self, source: &Source) -> Vec<Finding> {
        let found = self.fields.iter().enumerate().filter_map(|(at, &field)| {
            let def = &source.layer.fields[field];
            let best = (0..self.columns.len()).max_by_key(|c| (self.equal[at][*c], std::cmp::Reverse(*c)))?;
            let (equal, of) = (self.equal[at][best], self.compared[at]);
            let heading = |c: usize| source.table.columns[self.columns[c]].as_str();
            let (column, zh, en) = if of >= FEWEST && equal * 2 > of {
                let zh = format!("比较过的 {of} 行中 {equal} 行的值与库中的相同");
                (heading(best), zh, format!("{equal} of {of} rows that were compared hold the same value"))
            } else {
                let alike = (0..self.columns.len()).map(heading).find(|h| is_like(def, h))?;
                (alike, "名称相近".to_owned(), "the names are alike".to_owned())
            };
            let name = &def.name;
            Some(of_file(
                "field.renamed",
                Severity::Warning,
                &source.table.file,
                both(
                    format!("没有“{}”（{name}）列；没有用到的列“{column}”很可能就是它（{zh}）", def.title.zh),
                    format!(
                        "there is no column for {} ({name}); the column {column}, which is not used, is probably that ({en})",
                        def.title.en
                    ),
                ),
                both(
                    format!("库中原值保留；把列名改回，或在 layers/ 里给 {name} 加别名“{column}”"),
                    format!(
                        "what the store holds stays; rename the column, or add the alias \"{column}\" to {name} in layers/"
                    ),
                ),
            ))
        });
        found.collect()
    }
}

fn text(raw: &Raw) -> Option<String> {
    match raw {
        Raw::Text(t) | Raw::Broken { text: t, .. } => Some(t.trim().to_owned()),
        Raw::Integer(i) => Some(i.to_string()),
        Raw::Real(r) => Some(Value::Real(*r).to_string()),
        Raw::Date(d) => Some(d.to_string()),
        Raw::Named { code, name } => text(code).or_else(|| Some(name.to_string())),
        Raw::Null | Raw::Boolean(_) | Raw::DateTime(_) => None,
    }
}

/// True when a text of a file means what the store holds.
fn says(field: &Field, text: &str, held: &str) -> bool {
    text == held
        || field.codes.as_ref().and_then(|c| c.find(text)).is_some_and(|c| c.code == held)
        || matches!((text.parse::<f64>(), held.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}

/// True when a heading holds a name of the field, or a name the heading.
fn is_like(field: &Field, heading: &str) -> bool {
    let plain = |s: &str| s.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let heading = plain(heading);
    let long = |s: &str| s.chars().count() >= if s.is_ascii() { 3 } else { 2 };
    let names = field.aliases.iter().chain([&field.name, &field.title.zh, &field.title.en]);
    let mut names = names.map(|n| plain(n)).filter(|n| long(n));
    long(&heading) && names.any(|n| heading.contains(&n) || n.contains(&heading))
}
