//! CASS coordinate files: `name,code,E,N,H`, one point a line, GBK. E comes before N here, unlike on paper.

use super::csv::{Looked, look};
use super::text::without_end;
use super::{Head, Refused, unreadable};
use crate::delivery::Found;
use crate::notes::both;
use crate::options::Options;
use crate::recognise::encoding::{self, Evidence};
use crate::table::{Encoded, Raw, Reader, ShapeSource, Sink, SourceRow, Table, number};
use ditu_model::{Geometry, Shape};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

/// Columns as they are given on, under names that layers know.
const COLUMNS: [&str; 5] = ["点名", "编码", "Y坐标", "X坐标", "H"];
/// Which of them are east and north, as the format orders them.
pub(super) const PLACES: (usize, usize) = (2, 3);
/// Bytes of a line beyond which the file is none of this kind.
const LINE: u64 = 4_096;

/// One line's parts: name, code, E, N, H. `None` for what is no point.
fn split(line: &[u8]) -> Option<[&[u8]; 5]> {
    let mut parts: Vec<&[u8]> = line.split(|b| *b == b',').map(<[u8]>::trim_ascii).collect();
    if parts.len() == 4 {
        // Some programs leave the height out with its comma.
        parts.push(b"");
    }
    let parts: [&[u8]; 5] = parts.get(..5)?.try_into().ok()?;
    let plane = |b: &[u8]| std::str::from_utf8(b).ok().and_then(number).is_some();
    (plane(parts[2]) && plane(parts[3])).then_some(parts)
}

pub(super) fn sniff(head: &Head<'_>) -> bool {
    if !matches!(head.ending, "dat" | "txt") || !head.is_text() {
        return false;
    }
    let mut lines =
        without_end(head.bytes).split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty());
    // A leading count is written by some programs; the last line may be cut by the end of the sample.
    let first = lines.next().unwrap_or_default();
    let is_count = !first.is_empty() && first.iter().all(u8::is_ascii_digit);
    let points = lines.clone().take(20).filter(|l| split(l).is_some()).count();
    let all = lines.take(20).count();
    let first_is = split(first).is_some();
    (first_is || is_count) && points + usize::from(first_is) > 0 && points * 10 >= all.saturating_sub(1) * 8
}

struct CassReader {
    path: PathBuf,
    encoded: Encoded,
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    let mut head = Vec::new();
    File::open(&found.path).and_then(|f| f.take(1 << 20).read_to_end(&mut head)).map_err(unreadable)?;
    let texts = head.split(|b| matches!(b, b'\n' | b'\r' | b',')).filter(|t| !t.is_ascii());
    let samples = texts.take(2_000).map(<[u8]>::to_vec).collect();
    let encoded =
        encoding::decide(&Evidence { user: options.encoding(&found.name), samples, ..Default::default() })
            .map_err(Refused::from)?;
    let reader = CassReader { path: found.path.clone(), encoded: encoded.clone() };
    let Looked { numbers, seen, .. } = look(&reader, ShapeSource::File(None), &[], 100_000);
    Ok(vec![Table {
        name: found.stem(),
        other_names: Vec::new(),
        file: found.name.as_str().into(),
        path: found.path.clone(),
        format,
        columns: COLUMNS.map(str::to_owned).to_vec(),
        shapes: ShapeSource::File(Some(Shape::Point)),
        features: (seen < 100_000).then_some(seen),
        claim: None,
        numbers,
        first: Arc::default(),
        encoded: Some(encoded),
        projected: false,
        obfuscated: false,
        raster: None,
        findings: Vec::new(),
        reader: Arc::new(reader),
    }])
}

impl Reader for CassReader {
    fn read(&self, _: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        let cannot = |e: std::io::Error| both(format!("读取失败（{e}）"), format!("reading failed ({e})"));
        let mut file = BufReader::new(File::open(&self.path).map_err(cannot)?);
        let mut line = Vec::new();
        for row in 1u64.. {
            line.clear();
            let n = file.by_ref().take(LINE).read_until(b'\n', &mut line).map_err(cannot)?;
            if n == 0 {
                break;
            }
            if n as u64 == LINE {
                return Err(both(format!("第 {row} 行过长"), format!("line {row} is too long")).into());
            }
            let text = without_end(&line).trim_ascii();
            let count = row == 1 && text.iter().all(u8::is_ascii_digit);
            if text.is_empty() || count || text == b"END" {
                continue;
            }
            let row = match split(text) {
                None => SourceRow {
                    row,
                    values: vec![
                        encoding::decode(self.encoded.encoding, text),
                        Raw::Null,
                        Raw::Null,
                        Raw::Null,
                        Raw::Null,
                    ],
                    geometry: Some(Err(both(
                        "不是“点名,编码,Y,X,H”",
                        "is not name, code, easting, northing, height",
                    ))),
                },
                Some([name, code, e, n, h]) => {
                    let real = |b: &[u8]| std::str::from_utf8(b).ok().and_then(number);
                    let of = |v: Option<f64>| v.map_or(Raw::Null, Raw::Real);
                    let mut g = Geometry::point(real(e).unwrap_or(f64::NAN), real(n).unwrap_or(f64::NAN));
                    g.z.extend(real(h));
                    SourceRow {
                        row,
                        values: vec![
                            encoding::decode(self.encoded.encoding, name),
                            encoding::decode(self.encoded.encoding, code),
                            of(real(e)),
                            of(real(n)),
                            of(real(h)),
                        ],
                        geometry: Some(Ok(g)),
                    }
                }
            };
            if let ControlFlow::Break(()) = sink(row) {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_with_and_without_code_and_height_are_points() {
        for line in [
            "B001,133000,37589934.755,3206754.232,33.552",
            "1,,500000.1,3200000.2,",
            "1,,500000.1,3200000.2",
            " 2 , , 1 , 2 , 3 ",
        ] {
            assert!(split(line.as_bytes()).is_some(), "{line}");
        }
        for line in ["a,b,c,d,e", "1,2,3", "", ",,,,"] {
            assert!(split(line.as_bytes()).is_none(), "{line}");
        }
    }
}
