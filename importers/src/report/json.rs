//! The report as JSON: stable keys, texts in both languages.

use super::{Report, word};
use ditu_model::{Finding, Text};
use serde_json::{Value, json};

pub(super) fn write(report: &Report) -> Value {
    let datasets: Vec<Value> = report
        .datasets
        .iter()
        .map(|d| {
            json!({
                "file": d.file,
                "table": d.table,
                "format": d.format,
                "layer": d.layer.as_str(),
                "features": d.features,
                "encoding": d.encoding,
                "encoding_evidence": d.encoding_evidence.as_ref().map(text),
                "crs": d.crs,
                "epsg": d.epsg,
                "crs_evidence": text(&d.crs_evidence),
                "heights": d.heights.as_ref().map(text),
                "coordinates": d.coordinates.as_ref().map(text),
                "part": d.part.as_ref().map(text),
                "transformation": d.transformation,
                "mapping": d.mapping.iter().map(|m| json!({ "column": m.column, "field": m.field })).collect::<Vec<_>>(),
                "unused": d.unused,
            })
        })
        .collect();
    let layers: serde_json::Map<String, Value> = report
        .layers
        .iter()
        .map(|(id, c)| {
            let count = json!({ "read": c.read, "committed": c.committed, "quarantined": c.quarantined });
            (id.as_str().to_owned(), count)
        })
        .collect();
    let groups: Vec<Value> = report
        .groups
        .iter()
        .map(|g| {
            json!({
                "rule": g.rule,
                "severity": word(g.severity).en,
                "layer": g.layer.as_ref().map(|l| l.as_str()),
                "count": g.count,
                "examples": g.examples.iter().map(finding).collect::<Vec<_>>(),
                "places": g.places,
            })
        })
        .collect();
    json!({
        "datasets": datasets,
        "layers": layers,
        "errors": report.errors(),
        "warnings": report.warnings(),
        "notes": report.notes(),
        "committed": report.committed(),
        "quarantined": report.quarantined(),
        "findings": groups,
    })
}

fn text(t: &Text) -> Value {
    json!({ "zh": t.zh, "en": t.en })
}

fn finding(f: &Finding) -> Value {
    json!({
        "rule": f.rule,
        "severity": word(f.severity).en,
        "file": f.place.file,
        "row": f.place.row,
        "field": f.place.field,
        "key": f.place.key,
        "at": f.place.at,
        "message": text(&f.message),
        "cure": text(&f.cure),
        "value": if f.value.is_null() { Value::Null } else { Value::String(f.value.to_string()) },
    })
}
