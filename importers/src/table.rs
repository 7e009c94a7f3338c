//! What every reader gives: tables with columns, and rows of plain values with a shape in the file's own coordinates.

use crate::formats::Refused;
use crate::options::Unit;
use ditu_crs::Crs;
use ditu_model::{Date, DateTime, Finding, Geometry, Shape, Text};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

/// One value as the file holds it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Raw {
    /// Absent.
    Null,
    /// Text, trimmed at the end, not empty.
    Text(Box<str>),
    /// Text that did not decode cleanly: what is left of it, and whether only its end was cut off.
    Broken { text: Box<str>, cut: bool },
    /// Whole number.
    Integer(i64),
    /// Number.
    Real(f64),
    /// True or false.
    Boolean(bool),
    /// Day.
    Date(Date),
    /// Instant.
    DateTime(DateTime),
    /// A code with the name that the file's own list gives it.
    Named { code: Box<Raw>, name: Box<str> },
}

impl Raw {
    pub(crate) fn text(text: &str) -> Raw {
        let text = bare(text.trim());
        if text.is_empty() { Raw::Null } else { Raw::Text(text.into()) }
    }

    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Raw::Integer(i) => Some(*i as f64),
            Raw::Real(r) => Some(*r),
            Raw::Text(t) => number(t),
            Raw::Named { code, .. } => code.as_f64(),
            _ => None,
        }
    }
}

/// A text without the marks by which people keep a spreadsheet from taking it for a number: `="00123"`, `'00123`.
fn bare(text: &str) -> &str {
    match text.as_bytes() {
        [b'=', b'"', .., b'"'] if text.len() > 3 => &text[2..text.len() - 1],
        [b'\'', digit, ..] if digit.is_ascii_digit() => &text[1..],
        _ => text,
    }
}

/// A number as people write it: full-width digits, and commas or spaces between groups of three.
pub(crate) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Ok(n) = text.parse::<f64>() {
        // "nan" and "inf" parse but are no numbers anybody wrote on purpose.
        return (n.is_finite() && text.bytes().any(|b| b.is_ascii_digit())).then_some(n);
    }
    let text = &*crate::normal::code(text);
    let plain: String = text
        .chars()
        .filter(|c| !GROUPED.contains(c))
        .map(|c| if matches!(c, 'D' | 'd') { 'e' } else { c })
        .collect();
    let digits = |g: &str| g.chars().take_while(|c| *c != '.').count();
    let sound = text.split(GROUPED).skip(1).all(|g| digits(g) == 3);
    plain.parse::<f64>().ok().filter(|n| sound && n.is_finite())
}

/// What may stand between groups of digits.
const GROUPED: [char; 2] = [',', ' '];

/// Degrees, minutes and seconds as decimal degrees: `111°41'54.6"`, `111:41:54.6`, `111 41 54.6`; `packed` reads
/// `111.41546` as 111° 41′ 54.6″.
pub(crate) fn sexagesimal(text: &str, packed: bool) -> Option<f64> {
    let text = crate::normal::code(text);
    let text = text.trim().trim_end_matches(['E', 'N', 'e', 'n']);
    if packed && let Some(n) = number(text) {
        // Hundredths of a micro-second are beyond what packed numbers carry; rounding undoes binary fractions.
        let all = (n.abs() * 1e10).round() as i64;
        let (d, m, s) = (all / 10_000_000_000, all / 100_000_000 % 100, (all % 100_000_000) as f64 / 1e6);
        return (m < 60 && s < 60.0).then_some(n.signum() * (d as f64 + m as f64 / 60.0 + s / 3600.0));
    }
    let separators = ['°', '′', '″', '\'', '"', ':', '：', '度', '分', '秒', ' ', '’', '”', 'º'];
    let parts: Vec<f64> =
        text.split(separators).filter(|p| !p.is_empty()).map(|p| p.parse().ok()).collect::<Option<_>>()?;
    match parts.as_slice() {
        [d, m] if *m < 60.0 => Some(d + m / 60.0),
        [d, m, s] if *m < 60.0 && *s < 60.0 => Some(d + m / 60.0 + s / 3600.0),
        _ => None,
    }
}

/// A coordinate of a table: a number, or degrees, minutes and seconds.
pub(crate) fn coordinate(raw: &Raw, packed: bool) -> Option<f64> {
    match raw {
        Raw::Text(t) => if packed { None } else { number(t) }.or_else(|| sexagesimal(t, packed)),
        Raw::Real(r) if packed => sexagesimal(&r.to_string(), true),
        other => other.as_f64(),
    }
}

/// One row as the file holds it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SourceRow {
    /// Row, record or line, counted from 1 as a person would find it.
    pub(crate) row: u64,
    /// One value a column; columns that nobody asked for are NULL.
    pub(crate) values: Vec<Raw>,
    /// The shape in the file's coordinates; `Err` says why there is none.
    pub(crate) geometry: Option<Result<Geometry, Text>>,
}

/// Takes rows; `Break` when nobody wants more.
pub(crate) type Sink<'a> = dyn FnMut(SourceRow) -> ControlFlow<()> + 'a;

/// Reads a table from its beginning, as often as asked.
pub(crate) trait Reader: Send + Sync {
    /// Pushes all rows. Columns that are not wanted may be left NULL.
    ///
    /// # Errors
    /// Why the file cannot be read further; rows before it may have been pushed.
    fn read(&self, wanted: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused>;

    /// The unit that the file says its coordinates are in, and where it says so, where the format has no CRS to say it.
    fn unit(&self) -> Option<(Unit, &'static str)> {
        None
    }

    /// The same where a unit of the coordinates is so many metres, for readers whose other values come of them.
    fn in_metres(&self, _: f64) -> Option<Arc<dyn Reader>> {
        None
    }
}

/// Where a table's shapes come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ShapeSource {
    /// The file holds shapes; their kind where it is known beforehand.
    File(Option<Shape>),
    /// Two columns hold numbers: first and second coordinate.
    Columns(usize, usize),
    /// There are none: the table names things that have a place elsewhere.
    None,
}

/// What a file says of its CRS.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Claim {
    /// Where it says so: `.prj`, `GeoPackage`, …
    pub(crate) by: String,
    /// What it means, where Ditu computes it itself.
    pub(crate) crs: Result<Crs, String>,
}

/// The encoding of a file's texts and why.
#[derive(Clone, Debug)]
pub(crate) struct Encoded {
    pub(crate) encoding: &'static encoding_rs::Encoding,
    pub(crate) evidence: Text,
}

/// One table of a file.
#[derive(Clone)]
pub(crate) struct Table {
    /// Its own name: file stem, sheet, drawing layer.
    pub(crate) name: String,
    /// Other names by which it may be known (the file's, the folder's).
    pub(crate) other_names: Vec<String>,
    /// The file's name in the delivery.
    pub(crate) file: Arc<str>,
    /// The file on disk.
    pub(crate) path: PathBuf,
    /// Name of the format.
    pub(crate) format: &'static str,
    /// Column names.
    pub(crate) columns: Vec<String>,
    /// Where shapes come from.
    pub(crate) shapes: ShapeSource,
    /// Number of rows, where it is known without reading.
    pub(crate) features: Option<u64>,
    /// What the file says of its CRS.
    pub(crate) claim: Option<Claim>,
    /// The box of (most of) its numbers: min x, min y, max x, max y.
    pub(crate) numbers: Option<[f64; 4]>,
    /// Its encoding, where it is not given by the format.
    pub(crate) encoded: Option<Encoded>,
    /// True when coordinates come already in EPSG:4490 (reprojected by PROJ).
    pub(crate) projected: bool,
    /// True when coordinates are GCJ-02 by the file's own word.
    pub(crate) obfuscated: bool,
    /// The raster, if it is one.
    pub(crate) raster: Option<ditu_gdal::RasterInfo>,
    /// What the reader noticed.
    pub(crate) findings: Vec<Finding>,
    /// Reads its rows.
    pub(crate) reader: Arc<dyn Reader>,
}

/// The box of most of the given points: the 2 % least and greatest of each axis are left out (of few points 5 %), so that a
/// few wild coordinates do not hide where the rest is.
pub(crate) fn bulk(points: &[[f64; 2]]) -> Option<[f64; 4]> {
    let axis = |i: usize| {
        let mut v: Vec<f64> = points.iter().map(|p| p[i]).filter(|n| n.is_finite()).collect();
        v.sort_by(f64::total_cmp);
        let cut = (v.len() / 50).max(v.len().min(100) / 20);
        Some((*v.get(cut)?, *v.get(v.len().checked_sub(cut + 1)?)?))
    };
    let (x, y) = (axis(0)?, axis(1)?);
    Some([x.0, y.0, x.1, y.1])
}
