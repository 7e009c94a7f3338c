//! Shapefiles as Chinese offices make them: GBK text, no `.cpg`, language byte 0, zone-prefixed eastings.
//!
//! Layout after the ESRI Shapefile Technical Description (1998) and dBASE III. Written as a stream: memory does not
//! grow with the number of features.

use super::PRJ_4525;
use crate::plane::{P, ZONE_PREFIX, area};
use encoding_rs::GBK;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

/// A column: name (at most ten bytes in GBK), type `C`, `N` or `F`, width, decimals.
pub(crate) type Column = (&'static str, char, usize, usize);

/// A value of a row.
pub(crate) enum Cell<'a> {
    Text(&'a str),
    Whole(i64),
    Real(f64),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Point = 1,
    Line = 3,
    Polygon = 5,
}

/// A shapefile being written.
pub(crate) struct Shapefile {
    shp: BufWriter<File>,
    shx: BufWriter<File>,
    dbf: BufWriter<File>,
    shape: Shape,
    columns: &'static [Column],
    /// Length of the .shp so far in 16-bit words.
    words: u32,
    pub(crate) count: u32,
    bounds: [f64; 4],
    record: Vec<u8>,
    row: Vec<u8>,
}

impl Shapefile {
    /// Opens `<path>.shp`, `.shx`, `.dbf` and writes `.prj`; `path` is without extension.
    pub(crate) fn create(path: &Path, shape: Shape, columns: &'static [Column]) -> io::Result<Shapefile> {
        let open =
            |ext: &str| File::create(path.with_extension(ext)).map(|f| BufWriter::with_capacity(1 << 18, f));
        std::fs::write(path.with_extension("prj"), PRJ_4525)?;
        let mut file = Shapefile {
            shp: open("shp")?,
            shx: open("shx")?,
            dbf: open("dbf")?,
            shape,
            columns,
            words: 50,
            count: 0,
            bounds: [f64::MAX, f64::MAX, f64::MIN, f64::MIN],
            record: Vec::new(),
            row: Vec::new(),
        };
        file.shp.write_all(&[0; 100])?;
        file.shx.write_all(&[0; 100])?;
        file.dbf.write_all(&file.dbf_header())?;
        Ok(file)
    }

    fn row_length(&self) -> usize {
        1 + self.columns.iter().map(|c| c.2).sum::<usize>()
    }

    fn dbf_header(&self) -> Vec<u8> {
        let size = 32 + 32 * self.columns.len() + 1;
        // 2024-06-30, as every header of the sample.
        let mut h = vec![3, 124, 6, 30];
        h.extend(self.count.to_le_bytes());
        h.extend((size as u16).to_le_bytes());
        h.extend((self.row_length() as u16).to_le_bytes());
        h.resize(32, 0);
        for (name, kind, width, decimals) in self.columns {
            let (bytes, _, _) = GBK.encode(name);
            let mut field = [0u8; 32];
            let n = bytes.len().min(10);
            field[..n].copy_from_slice(&bytes[..n]);
            field[11] = *kind as u8;
            field[16] = *width as u8;
            field[17] = *decimals as u8;
            h.extend(field);
        }
        h.push(0x0d);
        h
    }

    /// Adds a point.
    pub(crate) fn point(&mut self, p: P, row: &[Cell<'_>]) -> io::Result<()> {
        self.record.clear();
        self.record.extend(1u32.to_le_bytes());
        self.put(p);
        self.finish_record(row)
    }

    /// Adds a line of one part.
    pub(crate) fn line(&mut self, line: &[P], row: &[Cell<'_>]) -> io::Result<()> {
        self.parts(&[line.to_vec()], row)
    }

    /// Adds a polygon from rings that are not closed; the first counter-clockwise one is turned as the format wants.
    pub(crate) fn polygon(&mut self, ring: &[P], row: &[Cell<'_>]) -> io::Result<()> {
        let mut closed = ring.to_vec();
        if area(&closed) > 0.0 {
            closed.reverse();
        }
        closed.extend(closed.first().copied());
        self.parts(&[closed], row)
    }

    fn parts(&mut self, parts: &[Vec<P>], row: &[Cell<'_>]) -> io::Result<()> {
        self.record.clear();
        self.record.extend((self.shape as u32).to_le_bytes());
        let all = || parts.iter().flatten();
        let fold = |d: usize, f: fn(f64, f64) -> f64, start: f64| all().map(|p| p[d]).fold(start, f);
        for x in [
            fold(0, f64::min, f64::MAX) + ZONE_PREFIX,
            fold(1, f64::min, f64::MAX),
            fold(0, f64::max, f64::MIN) + ZONE_PREFIX,
            fold(1, f64::max, f64::MIN),
        ] {
            self.record.extend(x.to_le_bytes());
        }
        self.record.extend((parts.len() as u32).to_le_bytes());
        self.record.extend((all().count() as u32).to_le_bytes());
        let mut start = 0u32;
        for part in parts {
            self.record.extend(start.to_le_bytes());
            start += part.len() as u32;
        }
        for part in parts {
            for &p in part {
                self.put(p);
            }
        }
        self.finish_record(row)
    }

    fn put(&mut self, p: P) {
        let x = p[0] + ZONE_PREFIX;
        self.record.extend(x.to_le_bytes());
        self.record.extend(p[1].to_le_bytes());
        let b = &mut self.bounds;
        *b = [b[0].min(x), b[1].min(p[1]), b[2].max(x), b[3].max(p[1])];
    }

    fn finish_record(&mut self, row: &[Cell<'_>]) -> io::Result<()> {
        self.count += 1;
        let length = (self.record.len() / 2) as u32;
        self.shx.write_all(&self.words.to_be_bytes())?;
        self.shx.write_all(&length.to_be_bytes())?;
        self.shp.write_all(&self.count.to_be_bytes())?;
        self.shp.write_all(&length.to_be_bytes())?;
        self.shp.write_all(&self.record)?;
        self.words += 4 + length;
        self.row.clear();
        self.row.push(b' ');
        for ((_, _, width, decimals), cell) in self.columns.iter().zip(row) {
            let at = self.row.len();
            match cell {
                Cell::Text(s) => {
                    let (bytes, _, _) = GBK.encode(s);
                    // A text too long is cut between characters, not inside one.
                    let mut n = bytes.len();
                    if n > *width {
                        let mut cut = s.chars();
                        while n > *width {
                            n -= cut.next_back().map_or(n, |c| if c.is_ascii() { 1 } else { 2 });
                        }
                    }
                    self.row.extend(&bytes[..n]);
                    self.row.resize(at + width, b' ');
                }
                Cell::Whole(n) => write!(self.row, "{n:>width$}")?,
                Cell::Real(x) => write!(self.row, "{x:>width$.decimals$}")?,
            }
            debug_assert_eq!(self.row.len(), at + width, "a value is wider than its column");
            self.row.truncate(at + width);
        }
        self.dbf.write_all(&self.row)
    }

    /// Writes the headers; the file is complete after this. Gives the number of features.
    pub(crate) fn finish(mut self) -> io::Result<u64> {
        let dbf_header = self.dbf_header();
        self.dbf.write_all(&[0x1a])?;
        self.dbf.seek(SeekFrom::Start(0))?;
        self.dbf.write_all(&dbf_header)?;
        self.dbf.flush()?;
        let b = if self.count == 0 { [0.0; 4] } else { self.bounds };
        let header = |words: u32| {
            let mut h = Vec::with_capacity(100);
            h.extend(9994u32.to_be_bytes());
            h.resize(24, 0);
            h.extend(words.to_be_bytes());
            h.extend(1000u32.to_le_bytes());
            h.extend((self.shape as u32).to_le_bytes());
            for x in b {
                h.extend(x.to_le_bytes());
            }
            h.resize(100, 0);
            h
        };
        let (main, index) = (header(self.words), header(50 + 4 * self.count));
        for (file, h) in [(&mut self.shp, main), (&mut self.shx, index)] {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&h)?;
            file.flush()?;
        }
        Ok(u64::from(self.count))
    }
}
