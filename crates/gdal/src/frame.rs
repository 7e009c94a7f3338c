//! The pipe between worker and parent: frames of a kind, a length and a payload, and the form of rows inside.

use crate::types::{SourceRow, SourceValue};
use ditu_model::{Date, Geometry};
use std::io::{self, Read, Write};

/// A JSON document: a description or a raster's shape.
pub(crate) const JSON: u8 = b'J';
/// Rows.
pub(crate) const ROWS: u8 = b'R';
/// Cells, `f32` little endian.
pub(crate) const CELLS: u8 = b'C';
/// The driver needs more memory than there is.
pub(crate) const TOO_LARGE: u8 = b'M';
/// What went wrong, UTF-8.
pub(crate) const ERROR: u8 = b'E';
/// The end; without it the worker died.
pub(crate) const END: u8 = b'Z';

/// No frame is longer: the parent believes no greater length.
const LONGEST: usize = 256 << 20;

pub(crate) fn write(out: &mut impl Write, kind: u8, payload: &[u8]) -> io::Result<()> {
    let mut head = [kind, 0, 0, 0, 0];
    head[1..].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    out.write_all(&head)?;
    out.write_all(payload)
}

/// The next frame; `None` when the pipe ended between frames.
pub(crate) fn read(input: &mut impl Read) -> io::Result<Option<(u8, Vec<u8>)>> {
    let mut head = [0u8; 5];
    if input.read(&mut head[..1])? == 0 {
        return Ok(None);
    }
    input.read_exact(&mut head[1..])?;
    let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
    if length > LONGEST {
        return Err(io::Error::other("a frame too long"));
    }
    let mut payload = Vec::new();
    input.take(length as u64).read_to_end(&mut payload)?;
    if payload.len() != length {
        Err(io::ErrorKind::UnexpectedEof.into())
    } else {
        Ok(Some((head[0], payload)))
    }
}

/// A shape on its way: nothing, WKB, or why it cannot be used.
pub(crate) enum Shape<'a> {
    None,
    Wkb(&'a [u8]),
    Bad(&'a str),
}

fn put_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

pub(crate) fn put_row(out: &mut Vec<u8>, fid: i64, shape: &Shape<'_>, values: &[SourceValue]) {
    out.extend(fid.to_le_bytes());
    match shape {
        Shape::None => out.push(0),
        Shape::Wkb(bytes) => put_bytes(out, 1, bytes),
        Shape::Bad(why) => put_bytes(out, 2, why.as_bytes()),
    }
    out.extend((values.len() as u16).to_le_bytes());
    for v in values {
        match v {
            SourceValue::Null => out.push(0),
            SourceValue::Text(t) => put_bytes(out, 1, t.as_bytes()),
            SourceValue::Bytes(b) => put_bytes(out, 2, b),
            SourceValue::Integer(i) => {
                out.push(3);
                out.extend(i.to_le_bytes());
            }
            SourceValue::Real(r) => {
                out.push(4);
                out.extend(r.to_le_bytes());
            }
            SourceValue::Boolean(b) => out.extend([5, u8::from(*b)]),
            SourceValue::Date(d) => {
                out.push(6);
                out.extend(d.to_days().to_le_bytes());
            }
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|b| b[0])
    }
    fn bytes(&mut self) -> Option<&'a [u8]> {
        let n = u32::from_le_bytes(self.array()?);
        self.take(n as usize)
    }

    fn row(&mut self) -> Option<SourceRow> {
        let fid = i64::from_le_bytes(self.array()?);
        let geometry = match self.byte()? {
            0 => None,
            1 => Some(Geometry::from_wkb(self.bytes()?).map_err(|e| e.to_string())),
            _ => Some(Err(String::from_utf8_lossy(self.bytes()?).into_owned())),
        };
        let count = u16::from_le_bytes(self.array()?);
        let mut values = Vec::with_capacity(usize::from(count).min(self.0.len()));
        for _ in 0..count {
            values.push(match self.byte()? {
                0 => SourceValue::Null,
                1 => SourceValue::Text(String::from_utf8_lossy(self.bytes()?).into_owned()),
                2 => SourceValue::Bytes(self.bytes()?.to_vec()),
                3 => SourceValue::Integer(i64::from_le_bytes(self.array()?)),
                4 => SourceValue::Real(f64::from_le_bytes(self.array()?)),
                5 => SourceValue::Boolean(self.byte()? != 0),
                _ => Date::from_days(i32::from_le_bytes(self.array()?))
                    .map_or(SourceValue::Null, SourceValue::Date),
            });
        }
        Some(SourceRow { fid, values, geometry })
    }
}

/// The rows of a [`ROWS`] frame; `None` when the bytes are not such a frame.
pub(crate) fn rows(payload: &[u8]) -> Option<Vec<SourceRow>> {
    let mut reader = Reader(payload);
    let mut rows = Vec::new();
    while !reader.0.is_empty() {
        rows.push(reader.row()?);
    }
    Some(rows)
}
