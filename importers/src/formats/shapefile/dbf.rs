//! The attributes: a dBASE table of fixed-width records.

use super::memo::{self, Memo, Texts};
use super::{beside, broken};
use crate::formats::Refused;
use crate::recognise::encoding::decode;
use crate::table::Raw;
use ditu_model::Date;
use encoding_rs::Encoding;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Records in which texts are sought to tell the encoding.
const SAMPLED: u64 = 20_000;
/// Different texts that are enough to tell it.
const ENOUGH: usize = 2_000;

struct Column {
    name: Vec<u8>,
    kind: u8,
    at: usize,
    width: usize,
    decimals: u8,
}

pub(super) struct Dbf {
    path: PathBuf,
    pub(super) count: u64,
    pub(super) language: u8,
    header: u64,
    width: usize,
    columns: Vec<Column>,
    memo: Option<Memo>,
}

/// What a look over all rows found.
pub(super) struct Sampled {
    /// Column names and texts that hold more than ASCII.
    pub(super) samples: Vec<Vec<u8>>,
    /// Rows that are marked as deleted.
    pub(super) deleted: u64,
    /// Memo fields of rows with a text that is not there.
    pub(super) lost: u64,
}

fn io(e: std::io::Error) -> Refused {
    broken(format!(".dbf 无法读取（{e}）"), format!("the .dbf cannot be read ({e})"))
}

impl Dbf {
    pub(super) fn open(path: &Path) -> Result<Dbf, Refused> {
        let mut file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut head = [0u8; 32];
        file.read_exact(&mut head).map_err(|_| broken(".dbf 是空的".into(), "the .dbf is empty".into()))?;
        let count = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
        let header = u64::from(u16::from_le_bytes([head[8], head[9]]));
        let width = usize::from(u16::from_le_bytes([head[10], head[11]]));
        if width == 0 || header < 33 {
            return Err(broken(".dbf 文件头损坏".into(), "the header of the .dbf is damaged".into()));
        }
        // Record counts are often left wrong by one when a program died; the bytes tell.
        let whole = length.saturating_sub(header) / width as u64;
        if whole < count {
            return Err(broken(
                format!(".dbf 被截断：应有 {count} 行，只有 {whole} 行完整"),
                format!("the .dbf was cut off: of {count} rows {whole} are whole"),
            ));
        }
        let mut descriptors = vec![0u8; header as usize - 32];
        file.read_exact(&mut descriptors).map_err(io)?;
        let mut columns = Vec::new();
        let mut at = 1;
        for d in descriptors.chunks_exact(32) {
            if d[0] == 0x0d {
                break;
            }
            let name = d[..11].split(|b| *b == 0).next().unwrap_or_default().to_vec();
            let kind = d[11].to_ascii_uppercase();
            // Clipper keeps the high byte of a text's width where others keep decimals.
            let w = if kind == b'C'
                && d[17] > 0
                && at + usize::from(d[16]) + (usize::from(d[17]) << 8) <= width
            {
                usize::from(d[16]) + (usize::from(d[17]) << 8)
            } else {
                usize::from(d[16])
            };
            if at + w > width {
                return Err(broken(
                    ".dbf 各列超出行宽".into(),
                    "the columns of the .dbf go past its row".into(),
                ));
            }
            columns.push(Column { name, kind, at, width: w, decimals: d[17] });
            at += w;
        }
        let has_memos = columns.iter().any(|c| c.kind == b'M');
        let file = has_memos.then(|| beside(path, "dbt").or_else(|| beside(path, "fpt"))).flatten();
        // What cannot be read is counted row by row.
        let memo = file.and_then(|p| Memo::open(&p, head[0]).ok());
        Ok(Dbf { path: path.to_owned(), count, language: head[29], header, width, columns, memo })
    }

    /// Whether it has memo fields, and their file is there.
    pub(super) fn memos(&self) -> (bool, bool) {
        (self.columns.iter().any(|c| c.kind == b'M'), self.memo.is_some())
    }

    fn texts(&self) -> Option<Texts<'_>> {
        self.memo.as_ref()?.reader().ok()
    }

    pub(super) fn names(&self, encoding: &'static Encoding) -> Vec<String> {
        self.columns
            .iter()
            .map(|c| match decode(encoding, &c.name) {
                Raw::Text(t) | Raw::Broken { text: t, .. } => t.to_string(),
                _ => String::new(),
            })
            .collect()
    }

    fn reader(&self) -> Result<BufReader<File>, Refused> {
        let mut reader = BufReader::with_capacity(1 << 18, File::open(&self.path).map_err(io)?);
        reader.seek(SeekFrom::Start(self.header)).map_err(io)?;
        Ok(reader)
    }

    /// Looks over all rows.
    pub(super) fn samples(&self) -> Result<Sampled, Refused> {
        let mut samples: Vec<Vec<u8>> =
            self.columns.iter().filter(|c| !c.name.is_ascii()).map(|c| c.name.clone()).collect();
        let mut seen = std::collections::HashSet::new();
        let mut reader = self.reader()?;
        let mut record = vec![0; self.width];
        let (mut deleted, mut lost) = (0, 0);
        let mut texts = self.texts();
        let memos: Vec<&Column> = self.columns.iter().filter(|c| c.kind == b'M').collect();
        for row in 0..self.count {
            reader.read_exact(&mut record).map_err(io)?;
            deleted += u64::from(record[0] == b'*');
            for c in memos.iter().filter(|_| record[0] != b'*') {
                let Some(block) = memo::block(&record[c.at..c.at + c.width]) else { continue };
                match texts.as_mut().and_then(|t| t.text(block)) {
                    None => lost += 1,
                    Some(text) if !text.is_ascii() && samples.len() < ENOUGH && row < SAMPLED => {
                        samples.push(text)
                    }
                    Some(_) => {}
                }
            }
            if row >= SAMPLED || samples.len() >= ENOUGH {
                continue;
            }
            for c in self.columns.iter().filter(|c| c.kind == b'C') {
                let text = trimmed(&record[c.at..c.at + c.width]);
                if !text.is_ascii() && samples.len() < ENOUGH && seen.insert(text.to_vec()) {
                    samples.push(text.to_vec());
                }
            }
        }
        Ok(Sampled { samples, deleted, lost })
    }

    pub(super) fn rows<'a>(
        &'a self,
        encoding: &'static Encoding,
        wanted: &'a [bool],
    ) -> Result<Rows<'a>, Refused> {
        let (reader, record) = (self.reader()?, vec![0; self.width]);
        Ok(Rows { dbf: self, reader, texts: self.texts(), record, encoding, wanted })
    }
}

fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | 0] = bytes {
        bytes = rest;
    }
    while let [b' ', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

pub(super) struct Rows<'a> {
    dbf: &'a Dbf,
    reader: BufReader<File>,
    texts: Option<Texts<'a>>,
    record: Vec<u8>,
    encoding: &'static Encoding,
    wanted: &'a [bool],
}

impl Rows<'_> {
    /// The next row's values; `None` for a row that was deleted.
    pub(super) fn next(&mut self) -> Result<Option<Vec<Raw>>, Refused> {
        self.reader.read_exact(&mut self.record).map_err(io)?;
        if self.record[0] == b'*' {
            return Ok(None);
        }
        let mut values = Vec::with_capacity(self.dbf.columns.len());
        for (i, c) in self.dbf.columns.iter().enumerate() {
            let wanted = self.wanted.get(i).copied().unwrap_or(false);
            let bytes = &self.record[c.at..c.at + c.width];
            values.push(match c.kind {
                _ if !wanted => Raw::Null,
                b'M' => {
                    let text = memo::block(bytes).and_then(|b| self.texts.as_mut()?.text(b));
                    text.map_or(Raw::Null, |t| decode(self.encoding, trimmed(&t)))
                }
                _ => value(c, bytes, self.encoding),
            });
        }
        Ok(Some(values))
    }
}

fn value(column: &Column, bytes: &[u8], encoding: &'static Encoding) -> Raw {
    match column.kind {
        b'N' | b'F' => {
            let text = trimmed(bytes);
            let Ok(text) = std::str::from_utf8(text) else { return decode(encoding, text) };
            if text.is_empty() || text.bytes().all(|b| b == b'*') {
                return Raw::Null;
            }
            if column.decimals == 0
                && let Ok(i) = text.parse::<i64>()
            {
                return Raw::Integer(i);
            }
            crate::table::number(text).map_or_else(|| Raw::text(text), Raw::Real)
        }
        b'D' => {
            let text = String::from_utf8_lossy(trimmed(bytes));
            match Date::parse(&text) {
                Some(date) => Raw::Date(date),
                None if text.bytes().all(|b| b == b'0') => Raw::Null,
                None => Raw::text(&text),
            }
        }
        b'L' => match bytes.first() {
            Some(b'T' | b't' | b'Y' | b'y') => Raw::Boolean(true),
            Some(b'F' | b'f' | b'N' | b'n') => Raw::Boolean(false),
            _ => Raw::Null,
        },
        b'I' | b'+' if bytes.len() == 4 => {
            Raw::Integer(i64::from(i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])))
        }
        b'O' | b'B' if bytes.len() == 8 => {
            let mut b = [0; 8];
            b.copy_from_slice(bytes);
            Raw::Real(f64::from_le_bytes(b))
        }
        b'G' | b'P' => Raw::Null,
        _ => decode(encoding, trimmed(bytes)),
    }
}
