//! Delimited text with a header row; coordinates in columns or as well-known text.

use super::text::{Decoded, utf16, without_end};
use super::xlsx::{Cells, HEADER, header};
use super::{Head, Refused, refused, wkt};
use crate::delivery::Found;
use crate::notes::both;
use crate::options::Options;
use crate::recognise::encoding::{self, Evidence};
use crate::recognise::fields;
use crate::table::{Encoded, Raw, Reader, ShapeSource, Sink, SourceRow, Table, bulk, coordinate};
use csv::ByteRecord;
use ditu_model::Text;
use encoding_rs::{Encoding, UTF_8};
use std::borrow::Cow;
use std::cell::Cell;
use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// Bytes in which the encoding is sought.
const SAMPLED: u64 = 1 << 20;
/// Rows in which coordinates are sought.
const ROWS: usize = 5_000;
/// Rows whose numbers are kept to tell one pair of coordinates from another.
const FIRST: u64 = 500;
/// Bytes of a row beyond which the file is no table (a quote that never closes).
const ROW: usize = 4 << 20;

pub(super) fn sniff(head: &Head<'_>) -> bool {
    matches!(head.ending, "csv" | "tsv" | "txt")
        && (head.is_text() || utf16(head.bytes).is_some())
        && (head.ending != "txt" || delimiter(first_line(&in_utf8(head.bytes))).is_some())
        || (matches!(head.ending, "csv" | "tsv") && head.length <= 2)
}

/// The bytes as they are, or in UTF-8 when they are UTF-16.
fn in_utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    match utf16(bytes) {
        Some(encoding) => encoding.decode_with_bom_removal(bytes).0.into_owned().into_bytes().into(),
        None => bytes.into(),
    }
}

fn first_line(bytes: &[u8]) -> &[u8] {
    bytes.split(|b| *b == b'\n').next().unwrap_or_default()
}

/// The delimiter that the first line holds most of, outside quotes.
fn delimiter(line: &[u8]) -> Option<u8> {
    let mut quoted = false;
    let mut counts = [0usize; 4];
    const KNOWN: [u8; 4] = [b',', b'\t', b';', b'|'];
    for b in line {
        if *b == b'"' {
            quoted = !quoted;
        }
        if let Some(i) = KNOWN.iter().position(|k| k == b).filter(|_| !quoted) {
            counts[i] += 1;
        }
    }
    let (i, n) = counts.iter().enumerate().rev().max_by_key(|(_, n)| **n)?;
    (*n > 0).then_some(KNOWN[i])
}

struct CsvReader {
    path: PathBuf,
    /// The encoding of values; UTF-8 where the file is UTF-16 and is decoded as a whole.
    encoding: &'static Encoding,
    wide: Option<&'static Encoding>,
    delimiter: u8,
    /// Rows of names at the beginning.
    heads: usize,
    columns: usize,
    wkt: Option<usize>,
}

/// Rows of bounded length.
struct Rows {
    rows: csv::Reader<Bounded>,
    /// Bytes that may still be read for the row at hand.
    left: Rc<Cell<usize>>,
}

/// Ends in an error when a row takes more than it may.
struct Bounded {
    file: Box<dyn Read>,
    left: Rc<Cell<usize>>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.file.read(buffer)?;
        match self.left.get().checked_sub(n) {
            Some(left) => self.left.set(left),
            None => return Err(std::io::ErrorKind::FileTooLarge.into()),
        }
        Ok(n)
    }
}

impl Rows {
    fn open(path: &Path, delimiter: u8, wide: Option<&'static Encoding>) -> std::io::Result<Rows> {
        let file: Box<dyn Read> = match wide {
            Some(encoding) => Box::new(Decoded::open(path, encoding)?),
            None => Box::new(BufReader::with_capacity(1 << 16, File::open(path)?)),
        };
        let left = Rc::new(Cell::new(ROW));
        let file = Bounded { file, left: Rc::clone(&left) };
        let rows = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(file);
        Ok(Rows { rows, left })
    }

    /// The next row; false at the end.
    ///
    /// # Errors
    /// Where in the file it cannot be read, and why.
    fn next(&mut self, record: &mut ByteRecord) -> Result<bool, Text> {
        self.left.set(ROW);
        self.rows.read_byte_record(record).map_err(|e| {
            let row = self.rows.position().line();
            match e.kind() {
                csv::ErrorKind::Io(e) if e.kind() == std::io::ErrorKind::FileTooLarge => both(
                    format!("第 {row} 行过长：可能有引号没有闭合"),
                    format!("row {row} is too long: a quote may not be closed"),
                ),
                _ => unreadable(row, &e),
            }
        })
    }
}

fn unreadable(row: u64, e: &dyn std::fmt::Display) -> Text {
    both(format!("第 {row} 行附近无法读取（{e}）"), format!("cannot be read near row {row} ({e})"))
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    let cannot = |e: &dyn std::fmt::Display| {
        refused(
            "file.unreadable",
            both(format!("文件无法读取（{e}）"), format!("the file cannot be read ({e})")),
            both("检查文件", "check the file"),
        )
    };
    let mut head = Vec::new();
    File::open(&found.path).and_then(|f| f.take(SAMPLED).read_to_end(&mut head)).map_err(|e| cannot(&e))?;
    let wide = utf16(&head);
    let head = in_utf8(&head);
    let mark = head.starts_with(b"\xef\xbb\xbf");
    let body = without_mark(&head);
    let delimiter = delimiter(first_line(body)).unwrap_or(b',');
    let samples: Vec<Vec<u8>> = body
        .split(|b| matches!(b, b'\n' | b'\r') || *b == delimiter)
        .filter(|t| !t.is_ascii())
        .take(2_000)
        .map(<[u8]>::to_vec)
        .collect();
    let cpg = mark.then(|| "UTF-8".to_owned());
    let encoded = match wide {
        Some(encoding) => Encoded {
            encoding,
            evidence: both("字节的排列只能是 UTF-16", "the bytes are those of UTF-16 and nothing else"),
        },
        None => encoding::decide(&Evidence {
            user: options.encoding(&found.name),
            cpg,
            samples,
            ..Default::default()
        })
        .map_err(Refused::from)?,
    };
    let of_values = if wide.is_some() { UTF_8 } else { encoded.encoding };
    let mut rows = Rows::open(&found.path, delimiter, wide).map_err(|e| cannot(&e))?;
    let mut record = ByteRecord::new();
    let some = rows
        .next(&mut record)
        .map_err(|why| refused("file.unreadable", why, both("检查文件", "check the file")))?;
    let texts = |record: &ByteRecord, first: bool| -> Vec<String> {
        let cell =
            |(i, c)| match encoding::decode(of_values, if i == 0 && first { without_mark(c) } else { c }) {
                Raw::Text(t) | Raw::Broken { text: t, .. } => t.to_string(),
                _ => String::new(),
            };
        record.iter().enumerate().map(cell).collect()
    };
    let mut columns = texts(&record, true);
    let mut named = columns.iter().filter(|c| !c.is_empty() && crate::table::number(c).is_none()).count();
    let mut heads = 1;
    if named < columns.len() && columns.iter().all(|c| crate::table::number(c).is_none()) {
        // A title, or a heading over several columns, as spreadsheets save it.
        let mut top = vec![columns.clone()];
        while top.len() < HEADER && rows.next(&mut record).unwrap_or(false) {
            top.push(texts(&record, false));
        }
        let cells = |row: &Vec<String>| -> Cells {
            let each = row.iter().enumerate().filter(|(_, t)| !t.is_empty());
            each.map(|(i, t)| (i as u32, t.clone(), crate::table::number(t).is_some())).collect()
        };
        let top: Vec<(u32, Cells)> = top.iter().enumerate().map(|(i, r)| (i as u32, cells(r))).collect();
        let top: Vec<(u32, Cells)> = top.into_iter().filter(|r| !r.1.is_empty()).collect();
        if let Some((skip, names)) = header(&top).filter(|(skip, _)| *skip > 1) {
            (heads, columns) = (skip, names);
            named = columns.iter().filter(|c| !c.is_empty()).count();
        }
    }
    if !some || columns.len() < 2 || named * 2 < columns.len() {
        return Err(refused(
            "table.no_header",
            both("第一行不是列名", "the first row does not name the columns"),
            both("在第一行写上列名", "write the names of the columns into the first row"),
        ));
    }
    let wkt = fields::wkt(&columns);
    let shapes = match (wkt, fields::coordinates(&columns)) {
        (_, Some((a, b))) => ShapeSource::Columns(a, b),
        (Some(_), None) => ShapeSource::File(None),
        (None, None) => ShapeSource::None,
    };
    let count = columns.len();
    let wkt = wkt.filter(|_| matches!(shapes, ShapeSource::File(_)));
    let reader = CsvReader {
        path: found.path.clone(),
        encoding: of_values,
        wide,
        delimiter,
        heads,
        columns: count,
        wkt,
    };
    let Looked { numbers, seen, kind, first } = look(&reader, shapes, &columns, ROWS);
    let shapes = if let ShapeSource::File(_) = shapes { ShapeSource::File(kind) } else { shapes };
    Ok(vec![Table {
        name: found.stem(),
        other_names: Vec::new(),
        file: found.name.as_str().into(),
        path: found.path.clone(),
        format,
        columns,
        shapes,
        features: (seen < ROWS as u64).then_some(seen),
        claim: None,
        numbers,
        first,
        encoded: Some(encoded),
        projected: false,
        obfuscated: false,
        raster: None,
        findings: Vec::new(),
        reader: Arc::new(reader),
    }])
}

/// What a look at a table's first rows shows.
pub(crate) struct Looked {
    /// The box of most of the places.
    pub(crate) numbers: Option<[f64; 4]>,
    /// Rows seen.
    pub(super) seen: u64,
    /// The one kind of shape among them.
    pub(super) kind: Option<ditu_model::Shape>,
    /// The numbers of the first rows, column by column, where places are columns.
    pub(super) first: Arc<[Vec<f64>]>,
}

/// Reads the first rows to see where their numbers lie.
pub(crate) fn look(reader: &dyn Reader, shapes: ShapeSource, columns: &[String], limit: usize) -> Looked {
    let in_columns = !matches!(shapes, ShapeSource::File(_));
    let wanted = vec![in_columns; columns.len()];
    let packed: Vec<bool> = columns.iter().map(|c| fields::is_sexagesimal(c)).collect();
    let mut first = vec![Vec::new(); if in_columns { columns.len() } else { 0 }];
    let (mut points, mut seen, mut kinds) = (Vec::new(), 0, Vec::new());
    // What is wrong with the file is said when its rows are read for good.
    let _ = reader.read(&wanted, &mut |row| {
        seen += 1;
        let of = |i: usize| row.values.get(i).and_then(|v| coordinate(v, packed[i]));
        if let ShapeSource::Columns(a, b) = shapes {
            points.extend(of(a).zip(of(b)).map(|(x, y)| [x, y]));
        }
        if seen <= FIRST {
            first.iter_mut().enumerate().for_each(|(i, numbers)| numbers.push(of(i).unwrap_or(f64::NAN)));
        }
        if let Some(Ok(g)) = row.geometry {
            points.extend(g.coords.first());
            points.extend(g.coords.get(g.coords.len() / 2));
            if !kinds.contains(&g.shape) {
                kinds.push(g.shape);
            }
        }
        if seen as usize >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let kind = if kinds.len() == 1 { kinds.pop() } else { None };
    Looked { numbers: bulk(&points), seen, kind, first: first.into() }
}

/// True when a value of several lines holds a line that is a row of the table.
fn swallowed(value: &[u8], delimiter: u8, columns: usize) -> bool {
    let whole = |line: &[u8]| line.iter().filter(|b| **b == delimiter).count() + 1 >= columns;
    columns > 2 && value.contains(&b'\n') && value.split(|b| *b == b'\n').skip(1).any(whole)
}

impl Reader for CsvReader {
    fn read(&self, wanted: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        let mut rows = Rows::open(&self.path, self.delimiter, self.wide).map_err(|e| unreadable(1, &e))?;
        let mut record = ByteRecord::new();
        let mut heads = self.heads;
        loop {
            if !rows.next(&mut record)? {
                return Ok(());
            }
            if heads > 0 || record.iter().all(|v| without_end(v).is_empty()) {
                heads = heads.saturating_sub(1);
                continue;
            }
            let row = record.position().map_or(0, csv::Position::line);
            if let Some(column) = record.iter().position(|v| swallowed(v, self.delimiter, self.columns)) {
                let n = column + 1;
                return Err(refused(
                    "csv.quote",
                    both(
                        format!("第 {row} 行第 {n} 列的引号没有闭合，吞掉了后面的行"),
                        format!(
                            "line {row}: the quote in column {n} is never closed and swallows the lines after it"
                        ),
                    ),
                    both("补上或去掉这个引号", "close the quote or take it out"),
                ));
            }
            let mut geometry = None;
            if record.len() != self.columns && record.iter().skip(self.columns).any(|v| !v.is_empty()) {
                geometry = Some(Err(both(
                    format!("有 {} 个值，而列名只有 {} 个", record.len(), self.columns),
                    format!("has {} values for {} columns", record.len(), self.columns),
                )));
            }
            let value = |i: usize| match record.get(i) {
                Some(bytes) if wanted.get(i) == Some(&true) => encoding::decode(self.encoding, bytes),
                _ => Raw::Null,
            };
            let values: Vec<Raw> = (0..self.columns).map(value).collect();
            if let (Some(w), None) = (self.wkt, &geometry) {
                let text = String::from_utf8_lossy(record.get(w).unwrap_or_default());
                geometry = if text.trim().is_empty() { None } else { wkt::parse(&text).transpose() };
            }
            if let ControlFlow::Break(()) = sink(SourceRow { row, values, geometry }) {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf16_with_and_without_its_mark_reads_like_utf8() {
        use crate::tests::{data, drained, planned};
        let text = std::fs::read_to_string(data("survey/tables-coords/control_utf8bom.csv")).unwrap();
        let text = text.trim_start_matches('\u{feff}');
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("控制点.csv");
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
        let mut all = Vec::new();
        for bytes in [
            text.as_bytes().to_vec(),
            marked(b"\xff\xfe", &le),
            marked(b"\xfe\xff", &be),
            le.clone(),
            be.clone(),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let (_scratch, plan) =
                planned(std::slice::from_ref(&path), |o| o.all().crs = Some(crate::CrsChoice::Epsg(4546)));
            all.push(drained(plan.unwrap_or_else(|r| panic!("{r}"))).0.unwrap());
        }
        assert!(all.iter().all(|rows| *rows == all[0] && rows["control.point"].len() == 162));
    }

    #[test]
    fn delimiters_inside_quotes_do_not_count() {
        assert_eq!(delimiter(b"a;\"b,c,d,e\";f"), Some(b';'));
        assert_eq!(delimiter(b"a\tb\tc"), Some(b'\t'));
        assert_eq!(delimiter(b"abc"), None);
    }
}
