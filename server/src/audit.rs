//! What was done with secrets and with the data, one JSON line each, appended and never changed.

use crate::settings::Settings;
use std::fs::OpenOptions;
use std::io::{self, Write};

/// Writes a line: who did what to what.
///
/// # Errors
/// Whoever cannot write this down must not do it.
pub(crate) fn record(settings: &Settings, who: &str, what: &str, on: &str) -> io::Result<()> {
    std::fs::create_dir_all(&settings.data)?;
    let at = jiff::Timestamp::now().to_string();
    let line = serde_json::json!({ "at": at, "who": who, "what": what, "on": on }).to_string() + "\n";
    let mut file = OpenOptions::new().create(true).append(true).open(settings.data.join("audit.jsonl"))?;
    file.write_all(line.as_bytes())?;
    file.sync_data()
}
