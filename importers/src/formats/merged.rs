//! Cells of sheets that are merged: what stands in the first of them holds for every row and column of the range.

use crate::table::Raw;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// First row, first column, last row, last column, from 0.
pub(super) type Range = [u32; 4];
/// Records of an old workbook that are looked through, and bytes of a tag of an open one.
const RECORDS: usize = 50_000_000;
const TAG: usize = 1 << 14;
/// Ranges that are kept of a workbook; beyond that nobody merged them by hand.
const RANGES: usize = 1 << 20;

/// The merged ranges of a sheet's data as its rows pass by, in order.
pub(super) struct Fill<'a> {
    /// Those of the data, by first row.
    ranges: &'a [Range],
    next: usize,
    /// For each column the last row down to which a value holds, and the value.
    down: Vec<Option<(u32, Raw)>>,
    /// Which columns have a name.
    named: &'a [bool],
}

/// Puts ranges in order and leaves out those that begin in the rows of names, or hold one cell only.
pub(super) fn of_data(mut ranges: Vec<Range>, skip: u32) -> Vec<Range> {
    ranges.retain(|r| r[0] >= skip && r[2] >= r[0] && r[3] >= r[1] && (r[0], r[1]) != (r[2], r[3]));
    ranges.sort_unstable();
    ranges
}

impl<'a> Fill<'a> {
    pub(super) fn new(ranges: &'a [Range], named: &'a [bool]) -> Fill<'a> {
        Fill { ranges, next: 0, down: vec![None; named.len()], named }
    }

    /// Completes a row from the ranges that reach it. False for a row that is a title or a footer: nothing in it but what is
    /// merged over several columns that have names.
    pub(super) fn row(&mut self, row: u32, values: &mut [Raw]) -> bool {
        while self.ranges.get(self.next).is_some_and(|r| r[0] < row) {
            self.next += 1;
        }
        let own = values.iter().filter(|v| **v != Raw::Null).count();
        let mut over_names = 0;
        let width = values.len();
        let mut done = 0;
        while let Some(&[top, left, bottom, right]) = self.ranges.get(self.next).filter(|r| r[0] == row) {
            self.next += 1;
            let (left, right) = (left as usize, (right as usize).min(width.saturating_sub(1)));
            // Ranges do not overlap, unless a file is made to take long.
            if left >= width || left < done {
                continue;
            }
            done = right + 1;
            let Some(value) = values.get(left).filter(|v| **v != Raw::Null).cloned() else { continue };
            over_names += usize::from(self.named[left..=right].iter().filter(|n| **n).count() > 1);
            for (cell, down) in values[left..=right].iter_mut().zip(&mut self.down[left..=right]) {
                if *cell == Raw::Null {
                    *cell = value.clone();
                }
                if bottom > top {
                    *down = Some((bottom, value.clone()));
                }
            }
        }
        if own > 0 && over_names == own {
            self.down.fill(None);
            return false;
        }
        for (value, down) in values.iter_mut().zip(&mut self.down) {
            match down {
                Some((last, _)) if *last < row => *down = None,
                Some((_, held)) if *value == Raw::Null => *value = held.clone(),
                _ => {}
            }
        }
        true
    }
}

/// The merged ranges of an old workbook's sheets by name. None where the file is not as it should be: GDAL says so.
pub(super) fn of_xls(path: &Path) -> HashMap<String, Vec<Range>> {
    let mut found: HashMap<String, Vec<Range>> = HashMap::new();
    let Ok(mut file) = cfb::open(path) else { return found };
    let Ok(mut stream) = file.open_stream("/Workbook") else { return found };
    let mut reader = BufReader::with_capacity(1 << 16, &mut stream);
    let (mut at, mut head, mut body) = (0u64, [0; 4], Vec::new());
    // Where each sheet's stream of records begins.
    let mut sheets: HashMap<u64, String> = HashMap::new();
    let (mut sheet, mut kept) = (None::<String>, 0);
    for _ in 0..RECORDS {
        if reader.read_exact(&mut head).is_err() {
            break;
        }
        let [kind, length] = [u16::from_le_bytes([head[0], head[1]]), u16::from_le_bytes([head[2], head[3]])];
        body.resize(usize::from(length), 0);
        if reader.read_exact(&mut body).is_err() {
            break;
        }
        match (kind, body.as_slice()) {
            // BoundSheet8, [MS-XLS] 2.4.28.
            (0x85, [a, b, c, d, _, _, n, wide, name @ ..]) => {
                let units: Vec<u16> = match wide & 1 {
                    0 => name.iter().map(|b| u16::from(*b)).collect(),
                    _ => name.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect(),
                };
                let name = String::from_utf16_lossy(&units[..units.len().min(usize::from(*n))]);
                sheets.insert(u64::from(u32::from_le_bytes([*a, *b, *c, *d])), name);
            }
            // BOF, 2.4.21: charts within a sheet have one too.
            (0x809, _) => sheet = sheets.get(&at).cloned().or(sheet),
            // MergeCells, 2.4.168: their number, then rows and columns of each.
            (0xe5, [_, _, ranges @ ..]) => {
                let Some(name) = &sheet else { continue };
                let word = |b: &[u8], i: usize| u32::from(u16::from_le_bytes([b[i], b[i + 1]]));
                let all = ranges.chunks_exact(8).map(|b| [word(b, 0), word(b, 4), word(b, 2), word(b, 6)]);
                let all: Vec<Range> = all.take(RANGES - kept).collect();
                kept += all.len();
                found.entry(name.clone()).or_default().extend(all);
            }
            _ => {}
        }
        at += 4 + u64::from(length);
    }
    found
}

/// The merged ranges of an ODS's sheets by name (ODF 1.3 part 3, 19.676 and 19.678).
pub(super) fn of_ods(path: &Path) -> HashMap<String, Vec<Range>> {
    let zip = File::open(path).ok().and_then(|f| zip::ZipArchive::new(f).ok());
    let Some(mut zip) = zip else { return HashMap::new() };
    let Ok(content) = zip.by_name("content.xml") else { return HashMap::new() };
    of_content(BufReader::with_capacity(1 << 16, content))
}

fn of_content(mut content: impl BufRead) -> HashMap<String, Vec<Range>> {
    let mut found: HashMap<String, Vec<Range>> = HashMap::new();
    let mut sheet = String::new();
    let (mut row, mut column, mut repeated, mut kept) = (0u32, 0u32, 1u32, 0);
    let mut tag = Vec::new();
    while content.skip_until(b'<').is_ok_and(|n| n > 0) {
        tag.clear();
        let read = content.by_ref().take(TAG as u64).read_until(b'>', &mut tag);
        if read.is_err() || tag.is_empty() {
            break;
        }
        // Most tags are of texts.
        if !tag.starts_with(b"table:") && !tag.starts_with(b"/table:") {
            continue;
        }
        let text = String::from_utf8_lossy(&tag);
        let number = |name: &str| -> u32 {
            let value = || {
                let (_, after) = text.split_once(&format!(" {name}="))?;
                let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
                after[1..].split(quote).next()?.parse().ok()
            };
            value().filter(|n| *n > 0).unwrap_or(1)
        };
        let closed = text.ends_with("/>");
        match text.split([' ', '>', '/', '\n', '\t']).find(|t| !t.is_empty()) {
            Some("table:table") if !text.starts_with('/') => {
                (row, column) = (0, 0);
                sheet = super::hidden::attribute(&text, "table:name").unwrap_or_default();
            }
            Some("table:table-row") => {
                if !text.starts_with('/') {
                    (column, repeated) = (0, number("table:number-rows-repeated"));
                }
                if closed || text.starts_with('/') {
                    row = row.saturating_add(repeated);
                }
            }
            Some("table:table-cell" | "table:covered-table-cell") if !text.starts_with('/') => {
                let (down, across) =
                    (number("table:number-rows-spanned"), number("table:number-columns-spanned"));
                if (down > 1 || across > 1) && kept < RANGES {
                    kept += 1;
                    let last = [row.saturating_add(down - 1), column.saturating_add(across - 1)];
                    found.entry(sheet.clone()).or_default().push([row, column, last[0], last[1]]);
                }
                column = column.saturating_add(number("table:number-columns-repeated"));
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(ranges: &[Range], named: usize, rows: &[(u32, &str)]) -> Vec<String> {
        let named = vec![true; named];
        let ranges = of_data(ranges.to_vec(), 1);
        let mut fill = Fill::new(&ranges, &named);
        let mut out = Vec::new();
        for (row, cells) in rows {
            let mut values: Vec<Raw> = cells.split(',').map(Raw::text).collect();
            values.resize(named.len(), Raw::Null);
            if fill.row(*row, &mut values) {
                let shown = |v: &Raw| match v {
                    Raw::Text(t) => t.to_string(),
                    _ => String::new(),
                };
                out.push(values.iter().map(shown).collect::<Vec<_>>().join(","));
            }
        }
        out
    }

    #[test]
    fn what_is_merged_down_and_across_reaches_every_row_of_the_range_and_no_other() {
        let data = [(1, "a,1,x"), (2, ",2,"), (3, ",3,y"), (4, "b,4,"), (5, ",5,"), (6, ",6,")];
        let merged = [[1, 0, 3, 0], [4, 0, 5, 0], [1, 2, 2, 2], [0, 0, 5, 0]];
        assert_eq!(rows(&merged, 3, &data), ["a,1,x", "a,2,x", "a,3,y", "b,4,", "b,5,", ",6,"]);
        let both = [(1, "a,,1"), (2, ",,2"), (4, ",,4")];
        assert_eq!(rows(&[[1, 0, 2, 1]], 3, &both), ["a,a,1", "a,a,2", ",,4"]);
        // A row of the range that is not there is none, however far the range reaches.
        assert_eq!(rows(&[[1, 0, u32::MAX, u32::MAX]], 3, &both), ["a,a,1", "a,a,2", "a,a,4"]);
    }

    #[test]
    fn a_title_or_a_footer_over_several_columns_is_no_row() {
        let data = [(1, "a,1,x"), (2, "制表：某某"), (3, "甲方,,乙方")];
        assert_eq!(rows(&[[2, 0, 2, 2], [3, 0, 3, 1]], 3, &data), ["a,1,x", "甲方,甲方,乙方"]);
        // Wide cells of a form are data: each lies over one name.
        let ranges = of_data(vec![[1, 0, 1, 1], [1, 2, 1, 3]], 1);
        let mut values: Vec<Raw> = ["a", "", "b", ""].map(Raw::text).into();
        assert!(Fill::new(&ranges, &[true, false, true, false]).row(1, &mut values));
    }

    #[test]
    fn spans_of_an_open_workbook_are_found_where_they_stand() {
        let content = "<table:table table:name=\"甲\"><table:table-row table:number-rows-repeated=\"3\"/>\
            <table:table-row><table:table-cell table:number-columns-repeated=\"2\"/><table:table-cell \
            table:number-rows-spanned=\"2\" table:number-columns-spanned='1'><text:p>x</text:p></table:table-cell>\
            </table:table-row><table:table-row><table:covered-table-cell/><table:table-cell \
            table:number-columns-spanned=\"99999999999\" table:number-rows-spanned=\"3\"/></table:table-row></table:table>";
        let found = of_content(content.as_bytes());
        assert_eq!(found["甲"], [[3, 2, 4, 2], [4, 1, 6, 1]]);
        for cut in 0..content.len() {
            if content.is_char_boundary(cut) {
                of_content(&content.as_bytes()[..cut]);
            }
        }
    }
}
