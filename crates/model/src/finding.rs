//! What a check says of the data: not an error, but something somebody must look at.

use crate::value::Value;

/// A text in Chinese and English.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Both languages.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Text { zh: zh.into(), en: en.into() }
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing to do.
    Note,
    /// Committed, or repaired by rule; should be looked at.
    Warning,
    /// The row is quarantined, or the delivery refused.
    Error,
}

/// Where a finding is. Every part that is known is given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// File name inside the delivery.
    pub file: Option<String>,
    /// Row, record or line in the file, counted from 1.
    pub row: Option<u64>,
    /// Field, by the name it has in the file.
    pub field: Option<String>,
    /// The feature's key as the office writes it.
    pub key: Option<String>,
    /// Longitude and latitude in degrees.
    pub at: Option<[f64; 2]>,
}

/// One thing a reader or a check has to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule's stable name, such as `geometry.self_intersection`.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: Text,
    /// What to do about it, or what was done.
    pub cure: Text,
    /// The value that was found, where one value is at fault.
    pub value: Value,
}
