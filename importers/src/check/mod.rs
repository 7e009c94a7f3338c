//! The declared checks: one file a rule, found by the name that `[[layer.check]]` gives.
//!
//! A breach of severity `error` keeps the row out (or refuses the delivery, by the check's policy); warnings and notes
//! let it through. Checks that compare rows remember what they need of those before, in whole millimetres.

mod agrees;
mod area;
mod areas;
mod clearance;
mod coincident;
mod connected;
mod contours;
mod covers;
mod dates;
mod dem;
mod duplicate;
mod ends;
mod fill;
mod fill_from_name;
mod gap;
mod height;
mod length;
mod level;
pub(crate) mod moved;
mod overlap;
mod parent;
pub(crate) mod plane;
mod prefix;
mod sliver;
mod slope;
mod spots;
mod within;

use crate::notes::{both, finding};
use ditu_model::layer::{Check, Policy};
use ditu_model::{Finding, LayerDef, LayerId, Place, Row, Severity, Text, Value};
use ditu_terrain::Grid;
use std::sync::Arc;

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Keep,
    Quarantine,
    Refuse,
}

/// When a check sees a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Before shapes are mended and required values are asked for: may complete the row.
    Complete,
    /// After.
    Judge,
}

/// A row on its way, as a check sees it.
pub(crate) struct Seen<'a> {
    pub(crate) layer: &'a LayerDef,
    pub(crate) file: &'a str,
    pub(crate) row: u64,
    /// Names of the table and its file.
    pub(crate) names: &'a [String],
    /// The first coordinate of its shape in the file's own numbers.
    pub(crate) source: Option<[f64; 2]>,
    pub(crate) findings: &'a mut Vec<Finding>,
}

impl Seen<'_> {
    /// Where the row is: file, row, key, and its first coordinate or the place given.
    pub(crate) fn place(&self, row: &Row, at: Option<[f64; 2]>) -> Place {
        let key: Vec<String> =
            self.layer.key.iter().map(|&i| row.values[i].to_string()).filter(|v| !v.is_empty()).collect();
        let first = || row.geometry.as_ref().and_then(|g| g.coords.first().copied());
        Place {
            file: Some(self.file.to_owned()),
            row: Some(self.row),
            field: None,
            key: (!key.is_empty()).then(|| key.join(" ")),
            at: at.or_else(first).filter(|p| p[0].is_finite() && p[1].is_finite()),
        }
    }
}

/// One check at work on one layer.
pub(crate) trait RowCheck: Send {
    fn phase(&self) -> Phase {
        Phase::Judge
    }

    /// Looks at a row, completes it perhaps, remembers it perhaps.
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict;

    /// After the last row.
    fn end(&mut self, _findings: &mut Vec<Finding>) {}
}

/// Gives the rows of another layer, with at least the fields asked for: the delivery's, or else the store's (both for a
/// delivery that only updates). `false` when neither holds that layer.
pub(crate) trait Others {
    fn rows(&self, layer: &LayerId, fields: &[&str], take: &mut dyn FnMut(&LayerDef, &Row)) -> bool;

    /// Rows of the layer at hand, as far as its files say, to make room for at once; a file may lie, so at most a million.
    fn expected(&self) -> usize {
        0
    }

    /// Elevation models, by the same rule: the delivery's, or else the store's.
    fn grids(&self) -> Vec<Arc<Grid>> {
        Vec::new()
    }
}

/// What a rule is made from.
pub(crate) struct Making<'a> {
    pub(crate) check: &'a Check,
    pub(crate) layer: &'a LayerDef,
    pub(crate) others: &'a dyn Others,
    /// What a rule has to say before the first row.
    pub(crate) findings: &'a mut Vec<Finding>,
}

impl Making<'_> {
    /// A number that the rule needs.
    fn number(&self, name: &str) -> Result<f64, String> {
        self.check.numbers.get(name).copied().ok_or_else(|| self.missing(name))
    }

    /// A text that the rule needs.
    fn text(&self, name: &str) -> Result<&str, String> {
        self.check.texts.get(name).map(String::as_str).ok_or_else(|| self.missing(name))
    }

    fn missing(&self, name: &str) -> String {
        format!("{}: the rule {} needs the parameter {name}", self.layer.id, self.check.rule)
    }

    /// The index of a field that a parameter names.
    fn field(&self, name: &str) -> Result<usize, String> {
        self.index(self.text(name)?)
    }

    fn index(&self, field: &str) -> Result<usize, String> {
        let unknown =
            || format!("{}: the rule {} names the unknown field {field}", self.layer.id, self.check.rule);
        self.layer.field(field).ok_or_else(unknown)
    }

    fn declared(&self) -> Declared {
        Declared { severity: self.check.severity, policy: self.check.policy }
    }

    /// Says that a rule cannot be applied because the other layer is not in the delivery.
    fn not_here(&mut self, rule: &'static str, other: &str) {
        self.findings.push(finding(
            rule,
            Severity::Note,
            Place::default(),
            both(
                format!("同批和库里都没有 {other}，未检查"),
                format!("{other} is neither in the delivery nor in the store: not checked"),
            ),
            both("两者一起导入时才检查", "import both together to check"),
        ));
    }
}

/// Severity and policy as declared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declared {
    severity: Severity,
    policy: Policy,
}

impl Declared {
    /// Reports a breach and says what becomes of the row.
    pub(crate) fn breach(
        &self,
        rule: &'static str,
        place: Place,
        message: Text,
        value: Value,
        findings: &mut Vec<Finding>,
    ) -> Verdict {
        let verdict = match (self.severity, self.policy) {
            (Severity::Error, Policy::Refuse) => Verdict::Refuse,
            (Severity::Error, _) => Verdict::Quarantine,
            _ => Verdict::Keep,
        };
        let cure = match verdict {
            Verdict::Keep => both("已入库，请核对", "committed; please check"),
            Verdict::Quarantine => both("未入库，改正后重新导入", "kept out; correct it and import again"),
            Verdict::Refuse => both("整批未入库", "the delivery is refused"),
        };
        // A measured value is good to a millimetre at best.
        let value = match value {
            Value::Real(v) => Value::Real((v * 1000.0).round() / 1000.0),
            other => other,
        };
        findings.push(Finding { value, ..finding(rule, self.severity, place, message, cure) });
        verdict
    }
}

type Make = fn(&mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String>;

/// All rules. `None` from a rule means that there is nothing to check here, and that it has said so.
const RULES: &[(&str, Make)] = &[
    ("fill", fill::make),
    ("fill_from_name", fill_from_name::make),
    ("ends", ends::make),
    ("length", length::make),
    ("area", area::make),
    ("overlap", overlap::make),
    ("gap", gap::make),
    ("connected", connected::make),
    ("level", level::make),
    ("slope", slope::make),
    ("coincident", coincident::make),
    ("prefix", prefix::make),
    ("parent", parent::make),
    ("within", within::make),
    ("covers", covers::make),
    ("duplicate", duplicate::make),
    ("contours", contours::make),
    ("spots", spots::make),
    ("dem", dem::make),
    ("clearance", clearance::make),
    ("dates", dates::make),
    ("sliver", sliver::make),
    ("height", height::make),
    ("agrees", agrees::make),
];

/// Makes the checks that a layer declares, those that complete rows first.
///
/// # Errors
/// A mistake in the layer's definition.
pub(crate) fn make(
    layer: &LayerDef,
    others: &dyn Others,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Box<dyn RowCheck>>, String> {
    let mut checks = Vec::new();
    for check in &layer.checks {
        let Some((_, make)) = RULES.iter().find(|(name, _)| *name == check.rule) else {
            return Err(format!("{}: there is no rule {}", layer.id, check.rule));
        };
        checks.extend(make(&mut Making { check, layer, others, findings })?);
    }
    checks.sort_by_key(|c| c.phase());
    Ok(checks)
}

/// Only the checks that complete a row from itself and its table: what other layers need to know of a row.
pub(crate) fn make_fills(layer: &LayerDef) -> Vec<Box<dyn RowCheck>> {
    struct Nothing;
    impl Others for Nothing {
        fn rows(&self, _: &LayerId, _: &[&str], _: &mut dyn FnMut(&LayerDef, &Row)) -> bool {
            false
        }
    }
    let fills = layer.checks.iter().filter(|c| c.rule.starts_with("fill"));
    fills
        .filter_map(|check| {
            let make = RULES.iter().find(|(name, _)| *name == check.rule)?.1;
            make(&mut Making { check, layer, others: &Nothing, findings: &mut Vec::new() }).ok().flatten()
        })
        .collect()
}

#[cfg(test)]
pub(crate) mod tests;
