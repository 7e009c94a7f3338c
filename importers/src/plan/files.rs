//! From the files of a delivery to their tables.

use super::Work;
use crate::delivery::{self, Found};
use crate::formats;
use crate::notes::both;
use crate::table::{ShapeSource, Table};
use ditu_model::{Severity, Text};
use std::path::PathBuf;

impl Work<'_> {
    /// All tables of all files.
    pub(super) fn tables(&mut self, sources: &[PathBuf]) -> Vec<Table> {
        let files = delivery::gather(sources, &self.options.scratch, &mut self.findings);
        let mut tables = Vec::new();
        for found in &files {
            if self.is_companion(found) {
                continue;
            }
            let format = match formats::recognise(found) {
                Ok(Some(format)) => format,
                Ok(None) => {
                    self.unknown(found);
                    continue;
                }
                Err(r) => {
                    self.note(r.rule, Severity::Error, &found.name, r.message, r.cure);
                    continue;
                }
            };
            match (format.open)(found, format.name, self.options) {
                // A text beside the data may look like a table and be none.
                Ok(more)
                    if found.ending() == "txt"
                        && !found.explicit
                        && more.iter().all(|t| t.shapes == ShapeSource::None) =>
                {
                    let message = both("文本里没有坐标", "the text holds no coordinates");
                    self.note(
                        "file.ignored",
                        Severity::Note,
                        &found.name,
                        message,
                        both("未导入", "passed over"),
                    );
                }
                Ok(mut more) => {
                    more.iter_mut().for_each(|t| self.findings.append(&mut t.findings));
                    tables.append(&mut more);
                }
                Err(r) if r.rule == "table.no_header" && found.ending() == "txt" && !found.explicit => {
                    self.note(
                        "file.ignored",
                        Severity::Note,
                        &found.name,
                        r.message,
                        both("未导入", "passed over"),
                    );
                }
                Err(r) => {
                    if let Some((subject, answers)) = r.asks.map(|a| *a) {
                        self.ask(&found.name, None, subject, &r.message, answers);
                    }
                    self.note(r.rule, Severity::Error, &found.name, r.message, r.cure);
                }
            }
        }
        tables
    }

    /// True for files that belong to others; a part without its main file is an error of its own.
    fn is_companion(&mut self, found: &Found) -> bool {
        let ending = found.ending();
        if matches!(ending.as_str(), "dbf" | "shx") {
            if formats::shapefile::beside(&found.path, "shp").is_none() && (ending == "dbf" || found.explicit)
            {
                self.note(
                    "file.incomplete",
                    Severity::Error,
                    &found.name,
                    both("缺少同名的 .shp（图形）", "the .shp (shapes) of this name is missing"),
                    both(
                        "把同名的 .shp、.shx、.dbf 一起导入",
                        "import the .shp, .shx and .dbf of the same name together",
                    ),
                );
            }
            return true;
        }
        let of_shapefile =
            matches!(ending.as_str(), "prj" | "cpg" | "qpj" | "sbn" | "sbx" | "qix" | "dbt" | "fpt");
        // Metadata beside data are XML too; a surface or a map is known by what is in it.
        let metadata = || {
            let of_another = found.stem().contains('.');
            // Any XML may look like GML.
            of_another || !matches!(formats::recognise(found), Ok(Some(f)) if f.name != "GML")
        };
        of_shapefile
            || (!found.explicit
                && (matches!(ending.as_str(), "xsd" | "gfs") || (ending == "xml" && metadata())))
    }

    fn unknown(&mut self, found: &Found) {
        let known = formats::COMPANIONS.contains(&found.ending().as_str());
        if !found.explicit && known {
            self.passed.push(found.name.clone());
            return;
        }
        let severity = if found.explicit { Severity::Error } else { Severity::Warning };
        let length = found.path.metadata().map_or(0, |m| m.len());
        let (rule, message) = if length == 0 {
            ("file.empty", both("文件是空的", "the file is empty"))
        } else if found.ending() == "shp" {
            ("file.damaged", both("不是 Shapefile：文件头不对", "is no shapefile: its header is wrong"))
        } else {
            ("format.unknown", both("不认识的格式", "the format is not known"))
        };
        let severity = if found.ending() == "shp" { Severity::Error } else { severity };
        self.note(rule, severity, &found.name, message, formats_read());
    }
}

/// What a table holds, in words.
/// What could be done instead: a file of another format.
pub(super) fn formats_read() -> Text {
    let names: Vec<&str> = formats::FORMATS.iter().filter(|f| f.reads).map(|f| f.name).collect();
    both(
        format!("可以导入的格式：{}", names.join("、")),
        format!("formats that are read: {}", names.join(", ")),
    )
}
