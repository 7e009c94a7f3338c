//! The shapes: `.shp`, found by `.shx` where that is sound, else in file order.

use super::{broken, patch};
use crate::formats::{Refused, refused};
use crate::geometry::rings;
use crate::notes::both;
use ditu_model::{Geometry, Severity, Shape, Text};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes of one record beyond which nobody means a feature.
const RECORD: u64 = 256 << 20;
/// The shape type of surfaces in space.
const PATCH: u32 = 31;
/// Records that are looked at to see where the numbers lie.
const SAMPLE: u64 = 2_000;

pub(super) struct Shp {
    path: PathBuf,
    length: u64,
    kind: u32,
    index: Index,
}

/// Where records are.
enum Index {
    /// In the `.shx`, all entries of which lie inside the `.shp`.
    Shx { path: PathBuf, count: u64 },
    /// One behind the other, all of which were walked once.
    InOrder { count: u64 },
}

fn io(e: std::io::Error) -> Refused {
    refused(
        "file.unreadable",
        both(format!("文件无法读取（{e}）"), format!("the file cannot be read ({e})")),
        both("检查文件和磁盘", "check the file and the disk"),
    )
}

fn be(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
}

pub(super) fn le(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

pub(super) fn double(bytes: &[u8], at: usize) -> f64 {
    bytes
        .get(at..at + 8)
        .map_or(f64::NAN, |b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]))
}

/// What an index turned out to be.
enum Sound {
    Yes(u64),
    /// Entries in order that go past the end of the `.shp`: the latter was cut off.
    Cut {
        whole: u64,
        all: u64,
    },
    No,
}

fn examine(path: &Path, shp_length: u64) -> Result<Sound, Refused> {
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    if length < 100 || (length - 100) % 8 != 0 {
        return Ok(Sound::No);
    }
    let count = (length - 100) / 8;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut head = [0; 100];
    reader.read_exact(&mut head).map_err(io)?;
    if be(&head, 0) != 9994 {
        return Ok(Sound::No);
    }
    let (mut entry, mut end, mut ordered, mut whole) = ([0; 8], 100u64, true, 0);
    for _ in 0..count {
        reader.read_exact(&mut entry).map_err(io)?;
        let (at, size) = (u64::from(be(&entry, 0)) * 2, u64::from(be(&entry, 4)) * 2);
        ordered &= at >= end;
        end = at + 8 + size;
        if at < 100 || size < 4 {
            return Ok(Sound::No);
        }
        whole += u64::from(end <= shp_length);
    }
    Ok(match (whole == count, ordered) {
        (true, _) => Sound::Yes(count),
        (false, true) => Sound::Cut { whole, all: count },
        (false, false) => Sound::No,
    })
}

impl Shp {
    pub(super) fn open(
        path: &Path,
        shx: Option<PathBuf>,
        rows: u64,
        note: &mut dyn FnMut(&'static str, Severity, Text, Text),
    ) -> Result<Shp, Refused> {
        let mut file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut head = [0; 100];
        file.read_exact(&mut head).map_err(io)?;
        let kind = le(&head, 32);
        if !matches!(kind, 0 | 1 | 3 | 5 | 8 | 11 | 13 | 15 | 18 | 21 | 23 | 25 | 28 | PATCH) {
            return Err(refused(
                "format.unsupported",
                both(format!("图形类型 {kind} 不能读"), format!("shape type {kind} cannot be read")),
                both("导出为点、线或面", "export it as points, lines or polygons"),
            ));
        }
        let stated = u64::from(be(&head, 24)) * 2;
        if stated != length {
            note(
                "shapefile.length",
                Severity::Note,
                both(
                    format!("文件头说长 {stated} 字节，实为 {length}"),
                    format!("the header says {stated} bytes, there are {length}"),
                ),
                both("以实际为准", "the latter holds"),
            );
        }
        let sound = match &shx {
            Some(shx) => examine(shx, length)?,
            None => Sound::No,
        };
        let index = match (sound, shx) {
            (Sound::Yes(count), Some(path)) if count == rows => Index::Shx { path, count },
            (Sound::Cut { whole, all }, _) => {
                return Err(broken(
                    format!(".shp 被截断：应有 {all} 个图形，只有 {whole} 个完整"),
                    format!("the .shp was cut off: of {all} shapes {whole} are whole"),
                ));
            }
            (_, shx) => {
                note(
                    "shapefile.index",
                    Severity::Warning,
                    match shx {
                        None => both("缺少 .shx（索引）", "the .shx (index) is missing"),
                        Some(_) => both(".shx（索引）与 .shp 不符", "the .shx (index) does not fit the .shp"),
                    },
                    both("已按文件顺序读取", "the shapes are read in file order"),
                );
                Index::InOrder { count: walk(path, length)? }
            }
        };
        let shp = Shp { path: path.to_owned(), length, kind, index };
        if kind == PATCH && !shp.has_flat()? {
            return Err(refused(
                "format.unsupported",
                both("图形类型 MultiPatch（三维面）", "the shape type is MultiPatch (bodies)"),
                both(
                    "用“多面体轮廓”（Multipatch Footprint）工具导出地面轮廓",
                    "export the ground outlines with the tool Multipatch Footprint",
                ),
            ));
        }
        Ok(shp)
    }

    /// True when any of the first shapes can be used.
    fn has_flat(&self) -> Result<bool, Refused> {
        let mut shapes = self.shapes()?;
        for _ in 0..self.count().min(SAMPLE) {
            if let Some(Ok(_)) = shapes.next()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn count(&self) -> u64 {
        match self.index {
            Index::Shx { count, .. } | Index::InOrder { count } => count,
        }
    }

    pub(super) fn shape(&self) -> Option<Shape> {
        match self.kind % 10 {
            _ if self.kind == PATCH => Some(Shape::Polygon),
            1 | 8 => Some(Shape::Point),
            3 => Some(Shape::Line),
            5 => Some(Shape::Polygon),
            _ => None,
        }
    }

    pub(super) fn has_measures(&self) -> bool {
        (21..PATCH).contains(&self.kind)
    }

    /// Points of records from all over the file.
    pub(super) fn sample(&self) -> Result<Vec<[f64; 2]>, Refused> {
        let step = match self.index {
            Index::Shx { .. } => self.count() / SAMPLE + 1,
            Index::InOrder { .. } => 1,
        };
        let mut shapes = self.shapes()?;
        let mut points = Vec::new();
        for i in (0..self.count()).step_by(step as usize).take(SAMPLE as usize) {
            shapes.seek(i)?;
            if let Some(Ok(g)) = shapes.next()? {
                points.extend(g.coords.first());
                points.extend(g.coords.get(g.coords.len() / 2));
            }
        }
        Ok(points)
    }

    pub(super) fn shapes(&self) -> Result<Shapes, Refused> {
        let index = match &self.index {
            Index::Shx { path, .. } => {
                let mut reader = BufReader::with_capacity(1 << 16, File::open(path).map_err(io)?);
                reader.seek(SeekFrom::Start(100)).map_err(io)?;
                Some(reader)
            }
            Index::InOrder { .. } => None,
        };
        let mut file = BufReader::with_capacity(1 << 18, File::open(&self.path).map_err(io)?);
        file.seek(SeekFrom::Start(100)).map_err(io)?;
        Ok(Shapes { file, index, at: 100, length: self.length, kind: self.kind, buffer: Vec::new() })
    }
}

/// Walks record headers to the end; the number of records.
fn walk(path: &Path, length: u64) -> Result<u64, Refused> {
    let mut file = BufReader::with_capacity(1 << 18, File::open(path).map_err(io)?);
    file.seek(SeekFrom::Start(100)).map_err(io)?;
    let (mut at, mut count, mut head) = (100u64, 0u64, [0; 8]);
    while at + 8 <= length {
        file.read_exact(&mut head).map_err(io)?;
        let size = u64::from(be(&head, 4)) * 2;
        if be(&head, 4) > i32::MAX as u32 || size < 4 || at + 8 + size > length {
            return Err(broken(
                format!(".shp 在第 {} 个图形处损坏或被截断", count + 1),
                format!("the .shp is damaged or cut off at shape {}", count + 1),
            ));
        }
        file.seek_relative(size as i64).map_err(io)?;
        at += 8 + size;
        count += 1;
    }
    Ok(count)
}

/// Shapes one by one.
pub(super) struct Shapes {
    file: BufReader<File>,
    index: Option<BufReader<File>>,
    at: u64,
    length: u64,
    kind: u32,
    buffer: Vec<u8>,
}

type Outcome = Option<Result<Geometry, Text>>;

impl Shapes {
    /// Goes to a record (by the index; in file order there is no going).
    fn seek(&mut self, record: u64) -> Result<(), Refused> {
        if let Some(index) = &mut self.index {
            let target = 100 + record * 8;
            let here = index.stream_position().map_err(io)?;
            index.seek_relative(target as i64 - here as i64).map_err(io)?;
        }
        Ok(())
    }

    /// The next shape: `None` for a null shape, `Some(Err)` for a record that is broken by itself.
    pub(super) fn next(&mut self) -> Result<Outcome, Refused> {
        let mut stated = None;
        if let Some(index) = &mut self.index {
            let mut entry = [0; 8];
            index.read_exact(&mut entry).map_err(io)?;
            let at = u64::from(be(&entry, 0)) * 2;
            stated = Some(u64::from(be(&entry, 4)) * 2);
            if at != self.at {
                self.file.seek_relative(at as i64 - self.at as i64).map_err(io)?;
                self.at = at;
            }
        }
        let mut head = [0; 8];
        self.file.read_exact(&mut head).map_err(io)?;
        self.at += 8;
        let own = u64::from(be(&head, 4)) * 2;
        let size = stated.unwrap_or(own);
        if size > RECORD || self.at + size > self.length {
            return Err(broken(
                "图形记录超出文件".into(),
                "a shape record goes past the end of the file".into(),
            ));
        }
        self.buffer.resize(size as usize, 0);
        self.file.read_exact(&mut self.buffer).map_err(io)?;
        self.at += size;
        if own != size {
            return Ok(Some(Err(both("图形记录头的长度不对", "the record's header states a wrong length"))));
        }
        Ok(parse(&self.buffer, self.kind))
    }
}

/// One record's content.
pub(super) fn parse(bytes: &[u8], file_kind: u32) -> Outcome {
    let kind = le(bytes, 0);
    if kind == 0 {
        return None;
    }
    if kind != file_kind || bytes.len() < 4 {
        return Some(Err(both(
            format!("图形类型 {kind} 与文件的 {file_kind} 不同"),
            format!("shape type {kind} in a file of type {file_kind}"),
        )));
    }
    if kind == PATCH {
        return Some(patch::parse(bytes));
    }
    let short = || {
        Some(Err(both(
            "图形记录太短，与其点数不符",
            "the record is too short for the number of points that it states",
        )))
    };
    let has_z = (11..20).contains(&kind);
    match kind % 10 {
        1 => {
            if bytes.len() < if has_z { 28 } else { 20 } {
                return short();
            }
            let mut g = Geometry::point(double(bytes, 4), double(bytes, 12));
            if has_z {
                g.z.push(double(bytes, 20));
            }
            Some(Ok(g))
        }
        8 => {
            let n = le(bytes, 36) as usize;
            if bytes.len() < 40 || n > (bytes.len() - 40) / 16 {
                return short();
            }
            let mut g = Geometry::new(Shape::Point);
            points(bytes, 40, n, &mut g);
            if has_z {
                heights(bytes, 40 + 16 * n, n, &mut g);
            }
            Some(Ok(g))
        }
        _ => {
            let (parts, n) = (le(bytes, 36) as usize, le(bytes, 40) as usize);
            let room = bytes.len().saturating_sub(44);
            if bytes.len() < 44 || parts > room / 4 || n > (room - 4 * parts) / 16 {
                return short();
            }
            let shape = if kind % 10 == 3 { Shape::Line } else { Shape::Polygon };
            let mut g = Geometry::new(shape);
            points(bytes, 44 + 4 * parts, n, &mut g);
            if has_z {
                heights(bytes, 44 + 4 * parts + 16 * n, n, &mut g);
            }
            for p in 0..parts {
                let from = le(bytes, 44 + 4 * p) as usize;
                let to = if p + 1 < parts { le(bytes, 48 + 4 * p) as usize } else { n };
                let expected = g.rings.last().map_or(0, |e| *e as usize);
                if from != expected || to < from || to > n {
                    return Some(Err(both(
                        "图形各部分的起点不对",
                        "the starts of the shape's parts are wrong",
                    )));
                }
                if to > from {
                    g.rings.push(to as u32);
                }
            }
            if parts == 0 && n > 0 {
                g.rings.push(n as u32);
            }
            if shape == Shape::Line || g.is_empty() {
                return Some(Ok(g));
            }
            // Sorting rings needs numbers that compare.
            if !g.coords.iter().all(|c| c[0].is_finite() && c[1].is_finite()) {
                g.parts = vec![g.rings.len() as u32];
                return Some(Ok(g));
            }
            Some(rings::assemble(g).ok_or_else(|| both("环太多", "there are too many rings")))
        }
    }
}

fn points(bytes: &[u8], at: usize, n: usize, g: &mut Geometry) {
    let all = bytes.get(at..at + 16 * n).unwrap_or_default();
    g.coords.extend(all.chunks_exact(16).map(|c| [double(c, 0), double(c, 8)]));
}

/// Heights follow the points, behind their range. Some writers leave them out: then there are none.
fn heights(bytes: &[u8], at: usize, n: usize, g: &mut Geometry) {
    if let Some(all) = bytes.get(at + 16..at + 16 + 8 * n) {
        g.z.extend(all.chunks_exact(8).map(|c| double(c, 0)));
    }
}
