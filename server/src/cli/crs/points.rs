//! The table of points.

use crate::cli::{Failure, say};
use ditu_crs::control::ControlPoint;
use ditu_importers::Lang;
use std::path::Path;

/// Columns by the names that they may have; X is the northing, as on Chinese survey sheets.
const COLUMNS: [(&[&str], bool); 8] = [
    (&["点名", "点号", "name", "point", "id"], true),
    (&["源x", "x1", "旧x", "source_north", "source_x"], true),
    (&["源y", "y1", "旧y", "source_east", "source_y"], true),
    (&["源h", "h1", "旧h", "source_h", "source_height"], false),
    (&["目标x", "x2", "新x", "target_north", "target_x"], true),
    (&["目标y", "y2", "新y", "target_east", "target_y"], true),
    (&["目标h", "h2", "新h", "target_h", "target_height"], false),
    (&["检查", "检查点", "check"], false),
];

/// Reads the points.
pub(super) fn read(path: &Path, lang: Lang) -> Result<Vec<ControlPoint>, Failure> {
    let bytes = std::fs::read(path).map_err(|e| Failure::Usage(format!("{}: {e}", path.display())))?;
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => ditu_importers::decode_gb18030(&bytes),
    };
    let wrong = |line: usize, zh: &str, en: &str| {
        let (zh, en) = (
            format!("{} 第 {line} 行：{zh}", path.display()),
            format!("{} line {line}: {en}", path.display()),
        );
        Failure::Refused(say(lang, &zh, &en).to_owned())
    };
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let Some((_, header)) = lines.next() else {
        return Err(wrong(1, "文件是空的", "the file is empty"));
    };
    let separator = if header.contains('\t') { '\t' } else { ',' };
    let names: Vec<String> =
        header.split(separator).map(|c| c.trim().trim_matches('"').to_lowercase()).collect();
    let mut at = [None; COLUMNS.len()];
    for (place, (aliases, required)) in at.iter_mut().zip(COLUMNS) {
        *place = names.iter().position(|n| aliases.contains(&n.as_str()));
        if place.is_none() && required {
            let (zh, en) = (
                format!("缺“{}”列", aliases[0]),
                format!("there is no column {}", aliases[aliases.len() - 1]),
            );
            return Err(wrong(1, &zh, &en));
        }
    }
    let mut points = Vec::new();
    for (i, line) in lines.filter(|(_, l)| !l.trim().is_empty()) {
        let cells: Vec<&str> = line.split(separator).map(|c| c.trim().trim_matches('"')).collect();
        let cell = |k: usize| at[k].and_then(|c| cells.get(c)).copied().unwrap_or("");
        let number = |k: usize| -> Result<f64, Failure> {
            let text = cell(k);
            match text.parse::<f64>() {
                Ok(n) if n.is_finite() => Ok(n),
                _ if text.is_empty() && !COLUMNS[k].1 => Ok(f64::NAN),
                _ => Err(wrong(i + 1, &format!("“{text}”不是数"), &format!("\"{text}\" is no number"))),
            }
        };
        let check =
            matches!(cell(7).to_lowercase().as_str(), "1" | "是" | "y" | "yes" | "true" | "检查" | "check");
        points.push(ControlPoint {
            name: cell(0).to_owned(),
            source: [number(2)?, number(1)?, number(3)?],
            target: [number(5)?, number(4)?, number(6)?],
            check,
        });
    }
    Ok(points)
}
