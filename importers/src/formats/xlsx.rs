//! Workbooks, read cell by cell: sheets are tables, the header is sought in the first rows.

use super::csv::{Looked, look};
use super::{Head, Refused, merged, refused};
use crate::delivery::Found;
use crate::notes::{both, of_file};
use crate::options::Options;
use crate::recognise::fields::{self, OR};
use crate::recognise::units;
use crate::table::{Raw, Reader, ShapeSource, Sink, SourceRow, Table};
use crate::value::UNCOMPUTED;
use calamine::{DataRef, Reader as _, Sheet, SheetVisible, Xlsx, XlsxError};
use ditu_model::{DateTime, Severity};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

/// Rows among which the header is sought.
pub(super) const HEADER: usize = 12;
/// Columns of a sheet beyond which nobody means a table.
pub(super) const COLUMNS: u32 = 1_024;
/// Bytes that a workbook's parts may unpack to, for a byte in; above [`FREE`].
const RATIO: u64 = 120;
const FREE: u64 = 64 << 20;

pub(super) fn sniff(head: &Head<'_>) -> bool {
    head.bytes.starts_with(b"PK\x03\x04")
        && (head.ending == "xlsx" || head.ending == "xlsm" || head.holds("[Content_Types].xml"))
}

type Book = Xlsx<BufReader<File>>;

fn damaged(e: &XlsxError) -> Refused {
    refused(
        "file.damaged",
        both(format!("工作簿无法打开（{e}）"), format!("the workbook cannot be opened ({e})")),
        both("用表格软件打开后另存", "open it in a spreadsheet program and save it anew"),
    )
}

/// A workbook is an archive: its parts may not unpack to what no table needs.
pub(super) fn bounded(found: &Found) -> Result<(), Refused> {
    let total = File::open(&found.path).ok().and_then(|f| {
        let packed = f.metadata().ok()?.len();
        let mut zip = zip::ZipArchive::new(f).ok()?;
        let mut total = 0u64;
        for i in 0..zip.len() {
            total = total.saturating_add(zip.by_index_raw(i).ok()?.size());
        }
        Some((packed, total))
    });
    match total {
        Some((packed, total)) if total > (packed * RATIO).max(FREE) => Err(refused(
            "archive.bomb",
            both("工作簿的压缩比异常", "the workbook unpacks to more than any table needs"),
            both("不要导入来历不明的文件", "do not import files of unknown origin"),
        )),
        _ => Ok(()),
    }
}

pub(super) fn open(found: &Found, format: &'static str, _: &Options) -> Result<Vec<Table>, Refused> {
    bounded(found)?;
    let mut book: Book = calamine::open_workbook(&found.path).map_err(|e| damaged(&e))?;
    let mut tables = Vec::new();
    let (seen, hidden) = visible(book.sheets_metadata());
    let marks = marks(found);
    for sheet in seen {
        let top = top_rows(&mut book, &sheet).map_err(|e| damaged(&e))?;
        let Some((skip, columns)) = header(&top) else { continue };
        // Ranges that cannot be read hold nothing that is wanted.
        let ranges = if marks.merged {
            book.merge_cells_by_sheet_name(&sheet).unwrap_or_default()
        } else {
            Vec::new()
        };
        let ranges = ranges.into_iter().map(|d| [d.start.0, d.start.1, d.end.0, d.end.1]).collect();
        let reader = SheetReader {
            path: found.path.clone(),
            sheet: sheet.clone(),
            skip,
            columns: columns.len(),
            formulas: marks.formulas,
            merged: merged::of_data(ranges, skip as u32),
            named: columns.iter().map(|c| !c.is_empty()).collect(),
        };
        let dimensions = book
            .worksheet_cells_reader(&sheet)
            .map(|r| r.dimensions())
            .map(|d| u64::from(d.end.0).saturating_sub(skip as u64 - 1))
            .ok()
            .filter(|n| *n > 0);
        tables.push(table(found, format, sheet, columns, dimensions, Arc::new(reader)));
    }
    some(tables, found, &hidden)
}

/// Names of sheets that are shown, and of those that are not: drafts and old versions that nobody means to deliver.
pub(super) fn visible(sheets: &[Sheet]) -> (Vec<String>, Vec<String>) {
    let shown = |s: &&Sheet| s.visible == SheetVisible::Visible;
    let (seen, hidden): (Vec<&Sheet>, Vec<&Sheet>) = sheets.iter().partition(shown);
    let names = |list: Vec<&Sheet>| list.into_iter().map(|s| s.name.clone()).collect();
    (names(seen), names(hidden))
}

/// A sheet as a table.
pub(super) fn table(
    found: &Found,
    format: &'static str,
    name: String,
    columns: Vec<String>,
    features: Option<u64>,
    reader: Arc<dyn Reader>,
) -> Table {
    let shapes = fields::coordinates(&columns).map_or(ShapeSource::None, |(a, b)| ShapeSource::Columns(a, b));
    let Looked { numbers, first, .. } = look(reader.as_ref(), shapes, &columns, 5_000);
    Table {
        name,
        other_names: vec![found.stem()],
        file: found.name.as_str().into(),
        path: found.path.clone(),
        format,
        columns,
        shapes,
        features,
        claim: None,
        numbers,
        first,
        encoded: None,
        projected: false,
        obfuscated: false,
        raster: None,
        findings: Vec::new(),
        reader,
    }
}

/// The tables of a workbook, of which there must be one, with a word about sheets that are not shown.
pub(super) fn some(mut tables: Vec<Table>, found: &Found, hidden: &[String]) -> Result<Vec<Table>, Refused> {
    if let Some(first) = tables.first_mut().filter(|_| !hidden.is_empty()) {
        first.findings.push(of_file(
            "sheet.hidden",
            Severity::Warning,
            &found.name,
            both(
                format!("隐藏的工作表未导入：{}", hidden.join("、")),
                format!("hidden sheets are passed over: {}", hidden.join(", ")),
            ),
            both("要导入时取消隐藏", "show them if they are to be imported"),
        ));
    }
    if tables.is_empty() {
        return Err(refused(
            "table.no_header",
            both("工作簿里没有带列名的表", "no sheet has a row that names its columns"),
            both("在每张表的第一行写上列名", "write the names of the columns into the first row"),
        ));
    }
    Ok(tables)
}

pub(super) type Cells = Vec<(u32, String, bool)>;

/// The first rows: row number from 0, and in it column, text, whether it is a number.
fn top_rows(book: &mut Book, sheet: &str) -> Result<Vec<(u32, Cells)>, XlsxError> {
    let mut rows: Vec<(u32, Cells)> = Vec::new();
    let mut cells = book.worksheet_cells_reader(sheet)?;
    while let Some(cell) = cells.next_cell()? {
        let (row, column) = cell.get_position();
        let (text, is_number) = match cell.get_value() {
            DataRef::String(s) => (s.trim().to_owned(), false),
            DataRef::SharedString(s) => (s.trim().to_owned(), false),
            DataRef::Empty => continue,
            _ => (String::new(), true),
        };
        if column >= COLUMNS || (text.is_empty() && !is_number) {
            continue;
        }
        if rows.last().is_none_or(|r| r.0 != row) {
            if rows.len() >= HEADER {
                break;
            }
            rows.push((row, Vec::new()));
        }
        if let Some(last) = rows.last_mut() {
            last.1.push((column, text, is_number));
        }
    }
    Ok(rows)
}

/// The rows that are header (number of rows to skip) and the column names. A title above is passed over; a second
/// header row below merged cells gives the finer name.
pub(super) fn header(top: &[(u32, Cells)]) -> Option<(usize, Vec<String>)> {
    let widest = top.iter().map(|r| r.1.len()).max()?;
    let is_header = |r: &(u32, Cells)| r.1.iter().all(|c| !c.2) && r.1.len() >= 2 && r.1.len() * 2 >= widest;
    let at = top.iter().position(is_header)?;
    let width = top.iter().flat_map(|r| r.1.iter().map(|c| c.0)).max()? as usize + 1;
    let mut names = vec![String::new(); width];
    for (c, text, _) in &top[at].1 {
        names[*c as usize] = text.replace(['\n', '\r'], "");
    }
    let mut last = at;
    grouped(&mut names, at.checked_sub(1).map(|i| &top[i]).filter(|r| r.0 + 1 == top[at].0));
    // A second header row exists where the first leaves columns unnamed that the next, all text, names.
    if let Some(next) = top.get(at + 1).filter(|r| r.0 == top[at].0 + 1)
        && next.1.iter().all(|c| !c.2)
        && next.1.iter().any(|c| names[c.0 as usize].is_empty())
        && top.get(at + 2).is_none_or(|r| r.1.iter().any(|c| c.2) || of_units(r))
    {
        let lower =
            |c: u32| next.1.iter().find(|(n, ..)| *n == c).map(|(_, t, _)| t.replace(['\n', '\r'], ""));
        let mut above = String::new();
        for c in 0..width as u32 {
            let name = &mut names[c as usize];
            if !name.is_empty() {
                above.clone_from(name);
            }
            let Some(fine) = lower(c) else { continue };
            // What stands above a merged cell belongs to the names below it: 起点 over 点号, 高程 over 地面. The column's own
            // name comes first, unless others have it too.
            let twice = next.1.iter().filter(|(_, t, _)| t.replace(['\n', '\r'], "") == fine).count() > 1;
            *name = match (above.is_empty() || fine.contains(above.as_str()), twice) {
                (true, _) => fine,
                (false, true) => format!("{above}{fine}{OR}{fine}（{above}）"),
                (false, false) => format!("{fine}{OR}{fine}{above}"),
            };
        }
        last = at + 1;
    }
    // Units below the names are no row of data, and part of the names.
    if let Some(next) = top.get(last + 1)
        && of_units(next)
    {
        for (c, text, _) in &next.1 {
            let unit = text.trim().trim_start_matches(['(', '（', '[']).trim_end_matches([')', '）', ']']);
            if let Some(name) = names.get_mut(*c as usize).filter(|n| !n.is_empty()) {
                let (own, other) = name.split_once(OR).map_or((name.as_str(), None), |(a, b)| (a, Some(b)));
                *name = match other {
                    Some(other) => format!("{own}({unit}){OR}{other}"),
                    None => format!("{own}({unit})"),
                };
            }
        }
        last += 1;
    }
    Some((top[last].0 as usize + 1, names))
}

/// Names that occur twice take what stands in the row above: 1954 over X and Y, 2000 over X and Y again.
fn grouped(names: &mut [String], above: Option<&(u32, Cells)>) {
    // A title stands alone at the beginning.
    let is_group =
        |r: &&(u32, Cells)| r.1.iter().all(|c| !c.2) && (r.1.len() > 1 || r.1.iter().any(|c| c.0 > 0));
    let Some((_, cells)) = above.filter(is_group) else { return };
    let twice: Vec<bool> =
        names.iter().map(|n| !n.is_empty() && names.iter().filter(|m| *m == n).count() > 1).collect();
    for (c, name) in names.iter_mut().enumerate().filter(|(c, _)| twice[*c]) {
        let group = cells.iter().rev().find(|(at, ..)| *at as usize <= c).map(|(_, text, _)| text);
        if let Some(group) = group {
            let group = group.replace(['\n', '\r'], "");
            *name = format!("{group}{name}{OR}{name}（{group}）");
        }
    }
}

/// A row of units and nothing else.
fn of_units(row: &(u32, Cells)) -> bool {
    row.1.iter().all(|c| !c.2 && units::is_unit(&c.1))
}

/// What any sheet of a workbook has besides values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Marks {
    /// A cell that is computed.
    formulas: bool,
    /// Merged cells.
    merged: bool,
}

fn marks(found: &Found) -> Marks {
    let mut marks = Marks::default();
    let zip = File::open(&found.path).ok().and_then(|f| zip::ZipArchive::new(f).ok());
    let Some(mut zip) = zip else { return marks };
    for i in 0..zip.len() {
        if let Ok(part) = zip.by_index(i)
            && part.name().is_ok_and(|n| n.contains("worksheets/"))
        {
            look_for(BufReader::new(part), &mut marks);
        }
    }
    marks
}

/// Looks for elements `f` and `mergeCell` with or without a prefix, in memory that does not grow with the part.
fn look_for(mut part: impl BufRead, marks: &mut Marks) {
    const MERGED: &[u8] = b"mergeCell";
    let (mut last, mut matched) = ([0u8; 2], 0);
    while !(marks.formulas && marks.merged) {
        let Ok(bytes) = part.fill_buf() else { return };
        if bytes.is_empty() {
            return;
        }
        for b in bytes {
            if matches!(last, [b'<' | b':', b'f']) && matches!(b, b'>' | b' ' | b'/') {
                marks.formulas = true;
            }
            matched = match (matched, b) {
                (_, b'<' | b':') => 1,
                (n @ 1..=9, b) if *b == MERGED[n - 1] => n + 1,
                (10, b' ') => {
                    marks.merged = true;
                    0
                }
                _ => 0,
            };
            last = [last[1], *b];
        }
        let n = bytes.len();
        part.consume(n);
    }
}

struct SheetReader {
    path: PathBuf,
    sheet: String,
    skip: usize,
    columns: usize,
    /// Whether there may be cells with a formula and no value: programs that write workbooks do not compute.
    formulas: bool,
    /// Merged ranges of the data.
    merged: Vec<merged::Range>,
    /// Which columns have a name.
    named: Vec<bool>,
}

fn raw(value: &DataRef<'_>) -> Raw {
    match value {
        DataRef::Int(i) => Raw::Integer(*i),
        DataRef::Float(f) => Raw::Real(*f),
        DataRef::String(s) => Raw::text(s),
        DataRef::SharedString(s) => Raw::text(s),
        DataRef::Bool(b) => Raw::Boolean(*b),
        DataRef::DateTime(d) if d.is_datetime() => {
            // Days since 1899-12-30 in the 1900 system; the library tells the date itself.
            let (y, mo, day, h, mi, s, ms) = d.to_ymd_hms_milli();
            let date = i16::try_from(y).ok().and_then(|y| ditu_model::Date::new(y, mo, day));
            match date {
                Some(date) if (h, mi, s, ms) == (0, 0, 0, 0) => Raw::Date(date),
                Some(date) => {
                    let seconds = i64::from(h) * 3600 + i64::from(mi) * 60 + i64::from(s);
                    Raw::DateTime(DateTime(
                        i64::from(date.to_days()) * 86_400_000 + seconds * 1000 + i64::from(ms),
                    ))
                }
                None => Raw::Real(d.as_f64()),
            }
        }
        DataRef::DateTime(d) => Raw::Real(d.as_f64()),
        DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => Raw::text(s),
        // Said where the value is wanted.
        DataRef::Error(e) => Raw::text(&e.to_string()),
        DataRef::Empty => Raw::Null,
    }
}

impl Reader for SheetReader {
    fn read(&self, wanted: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        let cannot =
            |e: XlsxError| both(format!("工作表读取失败（{e}）"), format!("the sheet cannot be read ({e})"));
        let mut book: Book = calamine::open_workbook(&self.path).map_err(cannot)?;
        let mut cells = book.worksheet_cells_reader(&self.sheet).map_err(cannot)?;
        let mut other: Option<Book> =
            self.formulas.then(|| calamine::open_workbook(&self.path)).transpose().map_err(cannot)?;
        // Goes from cell to cell with the first.
        let mut formulas =
            other.as_mut().map(|b| b.worksheet_cells_reader(&self.sheet)).transpose().map_err(cannot)?;
        let mut values = vec![Raw::Null; self.columns];
        let mut row = None;
        let mut fill = (!self.merged.is_empty()).then(|| merged::Fill::new(&self.merged, &self.named));
        // What is merged over a wanted column may stand in another.
        let wanted = &if fill.is_some() { vec![true; self.columns] } else { wanted.to_vec() };
        let mut flush = |row: Option<u32>, values: &mut Vec<Raw>| match row {
            Some(row) if values.iter().any(|v| *v != Raw::Null) => {
                let mut values = std::mem::replace(values, vec![Raw::Null; self.columns]);
                if let Some(fill) = &mut fill
                    && !fill.row(row, &mut values)
                {
                    return ControlFlow::Continue(());
                }
                sink(SourceRow { row: u64::from(row) + 1, values, geometry: None })
            }
            _ => ControlFlow::Continue(()),
        };
        while let Some(cell) = cells.next_cell().map_err(cannot)? {
            let (r, c) = cell.get_position();
            // What is wrong with a formula does not touch the values.
            let formula = match formulas.as_mut().map(|f| f.next_cell_with_formula_metadata()) {
                Some(Ok(Some(other))) if other.pos == (r, c) => other.formula.is_some(),
                None => false,
                Some(_) => {
                    formulas = None;
                    false
                }
            };
            if (r as usize) < self.skip {
                continue;
            }
            if row != Some(r) {
                if flush(row, &mut values).is_break() {
                    return Ok(());
                }
                row = Some(r);
            }
            if wanted.get(c as usize) == Some(&true) {
                values[c as usize] = match cell.get_value() {
                    DataRef::Empty if formula => Raw::text(UNCOMPUTED),
                    value => raw(value),
                };
            }
        }
        let _ = flush(row, &mut values);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(r: u32, cells: &[&str]) -> (u32, Cells) {
        let cell = |(i, c): (usize, &&str)| (i as u32, (*c).to_owned(), c.parse::<f64>().is_ok());
        (r, cells.iter().enumerate().filter(|(_, c)| !c.is_empty()).map(cell).collect())
    }

    #[test]
    fn a_title_is_passed_over_and_a_second_header_row_gives_the_finer_name() {
        let top = [
            row(0, &["管线点成果表"]),
            row(1, &["点号", "坐标", "", "备注"]),
            row(2, &["", "X坐标", "Y坐标", ""]),
            row(3, &["1", "2", "3", "x"]),
        ];
        let (skip, names) = header(&top).unwrap();
        assert_eq!((skip, names), (3, ["点号", "X坐标", "Y坐标", "备注"].map(str::to_owned).to_vec()));
        let units = [row(0, &["点号", "埋深"]), row(1, &["", "(m)"]), row(2, &["1", "2"])];
        assert_eq!(header(&units).unwrap().0, 2);
        assert_eq!(header(&units).unwrap().1, ["点号", "埋深(m)"].map(str::to_owned));
        // What stands above merged cells tells columns of one name apart, and is a part of the name of others.
        let ends = [
            row(0, &["起点", "", "终点", "", "高程", "", "管径"]),
            row(1, &["点号", "埋深", "点号", "埋深", "地面", "管顶", ""]),
            row(2, &["", "cm", "", "cm", "m", "m", "mm"]),
            row(3, &["A", "1", "B", "2", "3", "4", "5"]),
        ];
        let (skip, names) = header(&ends).unwrap();
        assert_eq!(skip, 3);
        let first: Vec<&str> = names.iter().map(|n| n.split(OR).next().unwrap()).collect();
        assert_eq!(
            first,
            ["起点点号", "起点埋深(cm)", "终点点号", "终点埋深(cm)", "地面(m)", "管顶(m)", "管径(mm)"]
        );
        assert!(names[4].ends_with("地面高程"), "{}", names[4]);
        // The row of groups may be narrower than the one below it.
        let pairs = [
            row(0, &["控制点成果表"]),
            row(
                1,
                &["", "1954", "", "2000坐标系", "", ""].map(|t| if t == "1954" { "1954坐标系" } else { t }),
            ),
            row(2, &["点号", "X", "Y", "X", "Y", "高程"]),
            row(3, &["A", "1", "2", "3", "4", "5"]),
        ];
        let (skip, names) = header(&pairs).unwrap();
        assert_eq!(
            (skip, names[1].as_str(), names[5].as_str()),
            (3, "1954坐标系X | X（1954坐标系）", "高程")
        );
        assert!(names[4].starts_with("2000坐标系Y"), "{}", names[4]);
        let plain = [row(0, &["a", "b"]), row(1, &["c", "d"])];
        assert_eq!(header(&plain).unwrap().0, 1);
        assert!(header(&[row(0, &["1", "2"])]).is_none());
    }
}
