//! The places of all findings as a GeoPackage: what QGIS and ArcGIS open beside the data.

use super::{Report, word};
use ditu_geopackage::GeoPackage;
use ditu_model::{Geometry, Shape};
use rusqlite::types::Value;
use std::path::Path;

/// Columns of the table, Chinese as those who open it read them.
const COLUMNS: [(&str, &str); 12] = [
    ("级别", "TEXT(8)"),
    ("规则", "TEXT(60)"),
    ("图层", "TEXT(60)"),
    ("文件", "TEXT"),
    ("行", "INTEGER"),
    ("字段", "TEXT"),
    ("主键", "TEXT"),
    ("问题", "TEXT"),
    ("处理", "TEXT"),
    ("值", "TEXT"),
    ("message", "TEXT"),
    ("cure", "TEXT"),
];

pub(super) fn write(report: &Report, path: &Path) -> std::io::Result<()> {
    let text = |t: Option<&str>| t.map_or(Value::Null, |t| Value::Text(t.to_owned()));
    let rows = report.spots.iter().filter_map(|s| {
        let (f, place) = (&s.finding, &s.finding.place);
        let [x, y] = place.at?;
        let values = vec![
            Value::Text(word(f.severity).zh),
            Value::Text(f.rule.to_owned()),
            text(s.layer.as_ref().map(|l| l.as_str())),
            text(place.file.as_deref()),
            place.row.map_or(Value::Null, |r| Value::Integer(r as i64)),
            text(place.field.as_deref()),
            text(place.key.as_deref()),
            Value::Text(f.message.zh.clone()),
            Value::Text(f.cure.zh.clone()),
            if f.value.is_null() { Value::Null } else { Value::Text(f.value.to_string()) },
            Value::Text(f.message.en.clone()),
            Value::Text(f.cure.en.clone()),
        ];
        Some((Geometry::point(x, y), values))
    });
    let made = GeoPackage::create(path).and_then(|mut g| {
        g.table("问题", Some(Shape::Point), &COLUMNS, rows)?;
        g.finish()
    });
    made.map_err(std::io::Error::other)
}
