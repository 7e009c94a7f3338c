//! Old and open workbooks (XLS, ODS): GDAL gives the cells, in its own process; headers are sought as in XLSX.

use super::gdal::{failed, raw as plain};
use super::xlsx::{COLUMNS, Cells, HEADER, bounded, header, some, table};
use super::{Head, Refused, hidden, merged, refused};
use crate::delivery::Found;
use crate::notes::both;
use crate::options::Options;
use crate::table::{Raw, Reader, Sink, SourceRow, Table, number};
use ditu_gdal::{ReadOptions, SourceValue, Worker};
use ditu_model::Text;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

pub(super) fn is_xls(head: &Head<'_>) -> bool {
    head.bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) && matches!(head.ending, "xls" | "et")
}

pub(super) fn is_ods(head: &Head<'_>) -> bool {
    head.bytes.starts_with(b"PK\x03\x04") && head.holds("application/vnd.oasis.opendocument.spreadsheet")
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    if format == "ODS" {
        bounded(found)?;
    }
    let path = named(found, options)?;
    let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let how = ReadOptions {
        config: vec![setting("OGR_XLS_HEADERS", "DISABLE"), setting("OGR_ODS_HEADERS", "DISABLE")],
        ..ReadOptions::default()
    };
    let description = options.worker.describe_with(&path, &how).map_err(|e| failed(&e))?;
    let mut tables = Vec::new();
    let unseen = if format == "ODS" { hidden::of_ods(&path) } else { hidden::of_xls(&path) };
    let mut merged = if format == "ODS" { merged::of_ods(&path) } else { merged::of_xls(&path) };
    for layer in description.layers.into_iter().filter(|l| !unseen.contains(&l.name)) {
        let width = layer.fields.len().min(COLUMNS as usize);
        let sheet = Sheet {
            worker: options.worker.clone(),
            path: path.clone(),
            name: layer.name.clone(),
            how: how.clone(),
            skip: 0,
            columns: width,
            merged: Arc::default(),
            named: Arc::default(),
        };
        let top = sheet.top().map_err(|e| e.if_damaged(again()))?;
        let Some((skip, mut columns)) = header(&top) else { continue };
        columns.truncate(width);
        let ranges = merged::of_data(merged.remove(&layer.name).unwrap_or_default(), skip as u32);
        let reader = Sheet {
            skip: skip as u64,
            columns: columns.len(),
            merged: ranges.into(),
            named: columns.iter().map(|c| !c.is_empty()).collect(),
            ..sheet
        };
        let features = layer.features.map(|n| n.saturating_sub(skip as u64)).filter(|n| *n > 0);
        tables.push(table(found, format, layer.name, columns, features, Arc::new(reader)));
    }
    some(tables, found, &unseen)
}

fn again() -> Text {
    both("用表格软件打开后另存为 XLSX", "open it in a spreadsheet program and save it as XLSX")
}

/// GDAL knows old workbooks by their ending alone; those of other programs are read from a copy that has it.
fn named(found: &Found, options: &Options) -> Result<PathBuf, Refused> {
    if found.ending() != "et" {
        return Ok(found.path.clone());
    }
    let cannot = |e: std::io::Error| {
        refused(
            "file.unreadable",
            both(format!("文件无法复制（{e}）"), format!("the file cannot be copied ({e})")),
            both("检查磁盘空间", "check the room on the disk"),
        )
    };
    for i in 0.. {
        let copy = options.scratch.join(format!("workbook-{i}.xls"));
        if !copy.exists() {
            std::fs::copy(&found.path, &copy).map_err(cannot)?;
            return Ok(copy);
        }
    }
    Ok(found.path.clone())
}

/// A cell. GDAL makes texts of all cells of a column that has a name in it: a number written with an exponent was a
/// number in the sheet, so that a long code is known to have lost its digits.
fn raw(value: SourceValue) -> Raw {
    let raw = plain(value, encoding_rs::GB18030);
    if let Raw::Text(text) = &raw
        && text.contains("e+")
        && let Some(n) = number(text)
    {
        return Raw::Real(n);
    }
    raw
}

#[derive(Clone)]
struct Sheet {
    worker: Worker,
    path: PathBuf,
    name: String,
    how: ReadOptions,
    /// Rows above the data.
    skip: u64,
    columns: usize,
    /// Merged ranges of the data.
    merged: Arc<[merged::Range]>,
    /// Which columns have a name.
    named: Arc<[bool]>,
}

impl Sheet {
    /// The first rows that hold anything.
    fn top(&self) -> Result<Vec<(u32, Cells)>, Refused> {
        let mut top: Vec<(u32, Cells)> = Vec::new();
        self.read(&[], &mut |row| {
            let cells = row.values.into_iter().enumerate().filter_map(|(i, v)| match v {
                Raw::Null => None,
                Raw::Text(t) => Some((i as u32, t.to_string(), number(&t).is_some())),
                _ => Some((i as u32, String::new(), true)),
            });
            top.push((row.row as u32 - 1, cells.collect()));
            if top.len() < HEADER { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(top)
    }
}

impl Reader for Sheet {
    fn read(&self, _: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        let rows = self.worker.read(&self.path, &self.name, &self.how).map_err(|e| failed(&e))?;
        let mut fill = (!self.merged.is_empty()).then(|| merged::Fill::new(&self.merged, &self.named));
        for (i, row) in rows.enumerate() {
            let row = row.map_err(|e| failed(&e))?;
            let number = u64::try_from(row.fid).ok().filter(|n| *n > 0).unwrap_or(i as u64 + 1);
            if number <= self.skip {
                continue;
            }
            let mut values: Vec<Raw> = row.values.into_iter().map(raw).collect();
            values.resize(self.columns, Raw::Null);
            if values.iter().all(|v| *v == Raw::Null) {
                continue;
            }
            if let Some(fill) = &mut fill
                && !fill.row(number as u32 - 1, &mut values)
            {
                continue;
            }
            if sink(SourceRow { row: number, values, geometry: None }).is_break() {
                break;
            }
        }
        Ok(())
    }
}
