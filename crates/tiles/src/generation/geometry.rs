//! Geometry in records: MVT commands (2.1 §4.3) whose first point is on the band's whole grid.
//!
//! Parts are points (one each), lines, or rings without the repeated last point, each exterior clockwise on screen and
//! followed by its holes.

use super::varint::{put, take, unzigzag, zigzag};
use crate::coord::P;
use ditu_model::Shape;

const MOVE: u64 = 1;
const LINE: u64 = 2;
const CLOSE: u64 = 7;

/// MVT's number of a shape.
pub(crate) fn kind(shape: Shape) -> u8 {
    match shape {
        Shape::Point => 1,
        Shape::Line => 2,
        Shape::Polygon => 3,
    }
}

/// Appends commands; `origin` is subtracted from the first point.
pub(crate) fn write(out: &mut Vec<u8>, kind: u8, parts: &[Vec<P>], origin: P) {
    let mut pen = origin;
    let mut go = |out: &mut Vec<u8>, p: P| {
        put(out, zigzag(p[0].wrapping_sub(pen[0])));
        put(out, zigzag(p[1].wrapping_sub(pen[1])));
        pen = p;
    };
    if kind == 1 {
        put(out, (parts.len() as u64) << 3 | MOVE);
        parts.iter().flatten().for_each(|p| go(out, *p));
        return;
    }
    for part in parts {
        let Some((first, rest)) = part.split_first() else { continue };
        put(out, 1 << 3 | MOVE);
        go(out, *first);
        put(out, (rest.len() as u64) << 3 | LINE);
        rest.iter().for_each(|p| go(out, *p));
        if kind == 3 {
            put(out, 1 << 3 | CLOSE);
        }
    }
}

/// A stored record's head: where copying it into a tile must change something.
pub(crate) struct Stored<'a> {
    /// The first command.
    pub(crate) header: u64,
    /// The first point on the band's grid.
    pub(crate) start: P,
    /// Everything after it, independent of place.
    pub(crate) rest: &'a [u8],
}

impl<'a> Stored<'a> {
    pub(crate) fn read(mut bytes: &'a [u8]) -> Stored<'a> {
        let header = take(&mut bytes);
        let start = [unzigzag(take(&mut bytes)), unzigzag(take(&mut bytes))];
        Stored { header, start, rest: bytes }
    }

    /// All parts, each point through `f`.
    pub(crate) fn parts(&self, kind: u8, f: impl Fn(P) -> P, out: &mut Vec<Vec<P>>) {
        out.clear();
        let (mut pen, mut bytes) = (self.start, self.rest);
        let mut go = |bytes: &mut &[u8]| {
            pen = [pen[0].wrapping_add(unzigzag(take(bytes))), pen[1].wrapping_add(unzigzag(take(bytes)))];
            pen
        };
        if kind == 1 {
            out.push(vec![f(self.start)]);
            for _ in 1..self.header >> 3 {
                out.push(vec![f(go(&mut bytes))]);
            }
            return;
        }
        let mut first = Some(self.start);
        loop {
            let start = match first.take() {
                Some(p) => p,
                None if bytes.is_empty() => break,
                None => {
                    take(&mut bytes);
                    go(&mut bytes)
                }
            };
            let count = (take(&mut bytes) >> 3) as usize;
            // A record is whole (the file's checksum holds), yet no length is believed beyond the bytes there are.
            let mut part = Vec::with_capacity(1 + count.min(bytes.len()));
            part.push(f(start));
            part.extend((0..count.min(bytes.len())).map(|_| f(go(&mut bytes))));
            if kind == 3 {
                take(&mut bytes);
            }
            out.push(part);
        }
    }
}
