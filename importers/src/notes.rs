//! How findings are written: one line each, both languages side by side.

use ditu_model::{Finding, Place, Severity, Text, Value};

/// A finding of a rule at a place.
pub(crate) fn finding(
    rule: &'static str,
    severity: Severity,
    place: Place,
    message: Text,
    cure: Text,
) -> Finding {
    Finding { rule, severity, place, message, cure, value: Value::Null }
}

/// A finding about a whole file.
pub(crate) fn of_file(
    rule: &'static str,
    severity: Severity,
    file: &str,
    message: Text,
    cure: Text,
) -> Finding {
    let place = Place { file: Some(file.to_owned()), ..Place::default() };
    finding(rule, severity, place, message, cure)
}

/// A text in both languages.
pub(crate) fn both(zh: impl Into<String>, en: impl Into<String>) -> Text {
    Text::new(zh, en)
}

/// A text for log and abort messages: Chinese, then English.
pub(crate) fn joined(text: &Text) -> String {
    format!("{} / {}", text.zh, text.en)
}
