//! Shapefiles as Chinese offices make them: GBK text, no `.cpg`, language byte 0, zone-prefixed eastings; and, for tests,
//! in every other [`Manner`] and of every [`Shape`].
//!
//! Layout after the ESRI Shapefile Technical Description (1998) and dBASE III. Written as a stream: memory does not
//! grow with the number of features.

use super::PRJ_4525;
use crate::plane::{P, ZONE_PREFIX, area};
use encoding_rs::{Encoding, GBK};
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

/// A column: name (at most ten bytes as written), type `C`, `N` or `F`, width, decimals.
pub type Column = (&'static str, char, usize, usize);

/// A value of a row.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'a> {
    /// A text; cut where it is wider than its column.
    Text(&'a str),
    /// A whole number.
    Whole(i64),
    /// A number with the column's decimals.
    Real(f64),
    /// Nothing but blanks.
    Null,
}

/// The types of the format, with their codes: `Z` has heights and measures, `M` measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the format's own")]
pub enum Shape {
    Point = 1,
    Line = 3,
    Polygon = 5,
    MultiPoint = 8,
    PointZ = 11,
    LineZ = 13,
    PolygonZ = 15,
    MultiPointZ = 18,
    PointM = 21,
    LineM = 23,
    PolygonM = 25,
    MultiPointM = 28,
    MultiPatch = 31,
}

impl Shape {
    /// Every type, points first.
    pub const ALL: [Shape; 13] = [
        Shape::Point,
        Shape::PointZ,
        Shape::PointM,
        Shape::MultiPoint,
        Shape::MultiPointZ,
        Shape::MultiPointM,
        Shape::Line,
        Shape::LineZ,
        Shape::LineM,
        Shape::Polygon,
        Shape::PolygonZ,
        Shape::PolygonM,
        Shape::MultiPatch,
    ];

    /// True for one point a record.
    pub fn is_point(self) -> bool {
        matches!(self, Shape::Point | Shape::PointZ | Shape::PointM)
    }

    /// True for many points without parts.
    pub fn is_multipoint(self) -> bool {
        matches!(self, Shape::MultiPoint | Shape::MultiPointZ | Shape::MultiPointM)
    }

    /// True where vertices have heights.
    pub fn has_z(self) -> bool {
        matches!(
            self,
            Shape::PointZ | Shape::LineZ | Shape::PolygonZ | Shape::MultiPointZ | Shape::MultiPatch
        )
    }

    /// True where vertices have measures.
    pub fn has_m(self) -> bool {
        self.has_z() || matches!(self, Shape::PointM | Shape::LineM | Shape::PolygonM | Shape::MultiPointM)
    }
}

/// What a shapefile says of itself beside its rows, and how its texts become bytes.
#[derive(Clone, Copy, Debug)]
pub struct Manner<'a> {
    /// How texts and column names are written.
    pub encoding: &'static Encoding,
    /// The language byte (LDID) of the DBF's header, 0 for none.
    pub language: u8,
    /// What the `.cpg` holds, if there is one.
    pub cpg: Option<&'a str>,
    /// What the `.prj` holds, if there is one.
    pub prj: Option<&'a str>,
    /// What is added to eastings, in metres.
    pub prefix: f64,
    /// A text too long is cut at its column's last byte, be that inside a character.
    pub cuts_characters: bool,
}

impl Manner<'_> {
    /// How offices deliver: GBK and no word about it, zone 37 before the easting and in the `.prj`.
    pub const OFFICE: Manner<'static> = Manner {
        encoding: GBK,
        language: 0,
        cpg: None,
        prj: Some(PRJ_4525),
        prefix: ZONE_PREFIX,
        cuts_characters: false,
    };
}

/// A shapefile being written.
pub struct Shapefile {
    shp: BufWriter<File>,
    shx: BufWriter<File>,
    dbf: BufWriter<File>,
    shape: Shape,
    columns: &'static [Column],
    encoding: &'static Encoding,
    language: u8,
    prefix: f64,
    cuts_characters: bool,
    /// Length of the .shp so far in 16-bit words.
    words: u32,
    pub(crate) count: u32,
    /// West, south, east, north, and the ranges of heights and measures.
    bounds: [f64; 4],
    ranges: [[f64; 2]; 2],
    record: Vec<u8>,
    row: Vec<u8>,
}

impl Shapefile {
    /// Opens `<path>.shp`, `.shx`, `.dbf` and writes `.prj` as an office does; `path` is without extension.
    pub(crate) fn create(path: &Path, shape: Shape, columns: &'static [Column]) -> io::Result<Shapefile> {
        Shapefile::create_as(path, shape, columns, &Manner::OFFICE)
    }

    /// Opens `<path>.shp`, `.shx` and `.dbf`, and writes what the manner wants beside them.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn create_as(
        path: &Path,
        shape: Shape,
        columns: &'static [Column],
        manner: &Manner<'_>,
    ) -> io::Result<Shapefile> {
        let open =
            |ext: &str| File::create(path.with_extension(ext)).map(|f| BufWriter::with_capacity(1 << 18, f));
        for (ending, text) in [("prj", manner.prj), ("cpg", manner.cpg)] {
            if let Some(text) = text {
                std::fs::write(path.with_extension(ending), text)?;
            }
        }
        let mut file = Shapefile {
            shp: open("shp")?,
            shx: open("shx")?,
            dbf: open("dbf")?,
            shape,
            columns,
            encoding: manner.encoding,
            language: manner.language,
            prefix: manner.prefix,
            cuts_characters: manner.cuts_characters,
            words: 50,
            count: 0,
            bounds: [f64::MAX, f64::MAX, f64::MIN, f64::MIN],
            ranges: [[f64::MAX, f64::MIN]; 2],
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
        h[29] = self.language;
        for (name, kind, width, decimals) in self.columns {
            let (bytes, _, _) = self.encoding.encode(name);
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
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn point(&mut self, p: P, row: &[Cell<'_>]) -> io::Result<()> {
        self.put_shape(&[&[p]], row)
    }

    /// Adds a line of one part.
    pub(crate) fn line(&mut self, line: &[P], row: &[Cell<'_>]) -> io::Result<()> {
        self.put_shape(&[line], row)
    }

    /// Adds a polygon from rings that are not closed; the first counter-clockwise one is turned as the format wants.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn polygon(&mut self, ring: &[P], row: &[Cell<'_>]) -> io::Result<()> {
        let mut closed = ring.to_vec();
        if area(&closed) > 0.0 {
            closed.reverse();
        }
        closed.extend(closed.first().copied());
        self.put_shape(&[&closed], row)
    }

    /// Adds a row without a shape.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn null(&mut self, row: &[Cell<'_>]) -> io::Result<()> {
        self.record.clear();
        self.record.extend(0u32.to_le_bytes());
        self.finish_record(row)
    }

    /// Adds a shape of these parts as they are; a vertex is x, y and, where the type has them, height and measure.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn put_shape<const N: usize>(&mut self, parts: &[&[[f64; N]]], row: &[Cell<'_>]) -> io::Result<()> {
        let shape = self.shape;
        let value = |p: &[f64; N], d: usize| p.get(d).copied().unwrap_or(0.0);
        let all = || parts.iter().copied().flatten();
        self.record.clear();
        self.record.extend((shape as u32).to_le_bytes());
        let fold = |d: usize, f: fn(f64, f64) -> f64, start: f64| all().map(|p| value(p, d)).fold(start, f);
        let range = |d: usize| [fold(d, f64::min, f64::MAX), fold(d, f64::max, f64::MIN)];
        let ([west, east], [south, north]) = (range(0).map(|x| x + self.prefix), range(1));
        let b = &mut self.bounds;
        *b = [b[0].min(west), b[1].min(south), b[2].max(east), b[3].max(north)];
        if !shape.is_point() {
            [west, south, east, north].iter().for_each(|x| self.record.extend(x.to_le_bytes()));
            if !shape.is_multipoint() {
                self.record.extend((parts.len() as u32).to_le_bytes());
            }
            self.record.extend((all().count() as u32).to_le_bytes());
            if !shape.is_multipoint() {
                let mut start = 0u32;
                for part in parts {
                    self.record.extend(start.to_le_bytes());
                    start += part.len() as u32;
                }
            }
            if shape == Shape::MultiPatch {
                // Each part a triangle strip.
                parts.iter().for_each(|_| self.record.extend(0u32.to_le_bytes()));
            }
        }
        for p in all() {
            self.record.extend((value(p, 0) + self.prefix).to_le_bytes());
            self.record.extend(value(p, 1).to_le_bytes());
        }
        for (d, is_there) in [(2, shape.has_z()), (3, shape.has_m())] {
            if !is_there {
                continue;
            }
            let [low, high] = range(d);
            let r = &mut self.ranges[d - 2];
            *r = [r[0].min(low), r[1].max(high)];
            if !shape.is_point() {
                self.record.extend(low.to_le_bytes());
                self.record.extend(high.to_le_bytes());
            }
            all().for_each(|p| self.record.extend(value(p, d).to_le_bytes()));
        }
        self.finish_record(row)
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
                    let mut s = *s;
                    let mut bytes = self.encoding.encode(s).0;
                    while bytes.len() > *width && !self.cuts_characters {
                        s = &s[..s.char_indices().next_back().map_or(0, |c| c.0)];
                        bytes = self.encoding.encode(s).0;
                    }
                    self.row.extend(&bytes[..bytes.len().min(*width)]);
                    self.row.resize(at + width, b' ');
                }
                Cell::Whole(n) => write!(self.row, "{n:>width$}")?,
                Cell::Real(x) => write!(self.row, "{x:>width$.decimals$}")?,
                Cell::Null => self.row.resize(at + width, b' '),
            }
            debug_assert_eq!(self.row.len(), at + width, "a value is wider than its column");
            self.row.truncate(at + width);
        }
        self.dbf.write_all(&self.row)
    }

    /// Writes the headers; the file is complete after this. Gives the number of features.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn finish(mut self) -> io::Result<u64> {
        let dbf_header = self.dbf_header();
        self.dbf.write_all(&[0x1a])?;
        self.dbf.seek(SeekFrom::Start(0))?;
        self.dbf.write_all(&dbf_header)?;
        self.dbf.flush()?;
        // What no record has is nought.
        let known = |low: f64, high: f64| if low > high { [0.0; 2] } else { [low, high] };
        let ([west, east], [south, north]) =
            (known(self.bounds[0], self.bounds[2]), known(self.bounds[1], self.bounds[3]));
        let (b, ranges) = ([west, south, east, north], self.ranges.map(|[low, high]| known(low, high)));
        let header = |words: u32| {
            let mut h = Vec::with_capacity(100);
            h.extend(9994u32.to_be_bytes());
            h.resize(24, 0);
            h.extend(words.to_be_bytes());
            h.extend(1000u32.to_le_bytes());
            h.extend((self.shape as u32).to_le_bytes());
            b.iter().chain(ranges.iter().flatten()).for_each(|x| h.extend(x.to_le_bytes()));
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
