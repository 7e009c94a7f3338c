//! OpenStreetMap's binary files: blobs of up to 32 MB, each a block of nodes, ways or relations with its own texts.

use super::wire::{Value, Wire, signed, summed};
use crate::notes::both;
use ditu_model::Text;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// The longest header and the longest block that the format allows.
const HEADER: u32 = 64 << 10;
const BLOCK: u64 = 32 << 20;
/// Bytes that blocks may unpack to for a byte in, above [`FREE`]; real files stay below ten.
const RATIO: u64 = 24;
const FREE: u64 = 64 << 20;

/// What is wrong, and at which byte of the file.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) rule: &'static str,
    pub(super) message: Text,
}

fn wrong(rule: &'static str, at: u64, zh: &str, en: &str) -> Wrong {
    Wrong { rule, message: both(format!("第 {at} 字节处：{zh}"), format!("at byte {at}: {en}")) }
}

fn broken(at: u64) -> Wrong {
    wrong("file.damaged", at, "数据块损坏", "the block is broken")
}

/// The blobs of a file, from any of them on.
pub(super) struct Blobs {
    file: BufReader<File>,
    at: u64,
    length: u64,
    unpacked: u64,
}

/// One unpacked blob.
pub(super) struct Blob {
    pub(super) at: u64,
    pub(super) is_header: bool,
    pub(super) bytes: Vec<u8>,
}

impl Blobs {
    pub(super) fn open(path: &Path) -> Result<Blobs, Wrong> {
        let cannot = |e: std::io::Error| Wrong {
            rule: "file.unreadable",
            message: both(format!("文件无法读取（{e}）"), format!("the file cannot be read ({e})")),
        };
        let file = File::open(path).map_err(cannot)?;
        let length = file.metadata().map_err(cannot)?.len();
        Ok(Blobs { file: BufReader::with_capacity(1 << 16, file), at: 0, length, unpacked: 0 })
    }

    /// Goes to a blob seen before.
    pub(super) fn go(&mut self, at: u64) -> Result<(), Wrong> {
        self.file.seek(SeekFrom::Start(at)).map_err(|_| broken(at))?;
        (self.at, self.unpacked) = (at, 0);
        Ok(())
    }

    fn exactly(&mut self, n: u64) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        (&mut self.file).take(n).read_to_end(&mut bytes).ok()?;
        self.at += n;
        (bytes.len() as u64 == n).then_some(bytes)
    }

    /// The next blob that is a header or data; others are passed over, as the format wants it.
    pub(super) fn next(&mut self) -> Result<Option<Blob>, Wrong> {
        loop {
            let at = self.at;
            if at >= self.length {
                return Ok(None);
            }
            let size = self.exactly(4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
            let size = size.filter(|n| *n <= HEADER).ok_or_else(|| broken(at))?;
            let head = self.exactly(u64::from(size)).ok_or_else(|| broken(at))?;
            let (mut kind, mut size) = (&[][..], None);
            Wire(&head)
                .each(|n, v| {
                    match (n, v) {
                        (1, Value::Bytes(b)) => kind = b,
                        (3, Value::Number(n)) => size = Some(n),
                        _ => {}
                    }
                    Some(())
                })
                .ok_or_else(|| broken(at))?;
            let size = size.filter(|n| *n <= BLOCK).ok_or_else(|| broken(at))?;
            let is_header = kind == b"OSMHeader";
            if !is_header && kind != b"OSMData" {
                self.at += size;
                self.file.seek(SeekFrom::Start(self.at)).map_err(|_| broken(at))?;
                continue;
            }
            let packed = self.exactly(size).ok_or_else(|| {
                wrong("file.damaged", at, "文件在这里被截断", "the file is cut off in this block")
            })?;
            let bytes = unpack(&packed, at)?;
            self.unpacked += bytes.len() as u64;
            if self.unpacked > (self.length * RATIO).max(FREE) {
                let (zh, en) = ("压缩比异常", "unpacks to more than any map needs");
                return Err(wrong("archive.bomb", at, zh, en));
            }
            return Ok(Some(Blob { at, is_header, bytes }));
        }
    }
}

fn unpack(packed: &[u8], at: u64) -> Result<Vec<u8>, Wrong> {
    let (mut raw, mut size, mut zlib, mut other) = (None, None, None, None);
    Wire(packed)
        .each(|n, v| {
            match (n, v) {
                (1, Value::Bytes(b)) => raw = Some(b),
                (2, Value::Number(n)) => size = Some(n),
                (3, Value::Bytes(b)) => zlib = Some(b),
                (4, Value::Bytes(_)) => other = Some("LZMA"),
                (5, Value::Bytes(_)) => other = Some("bzip2"),
                (6, Value::Bytes(_)) => other = Some("LZ4"),
                (7, Value::Bytes(_)) => other = Some("Zstandard"),
                _ => {}
            }
            Some(())
        })
        .ok_or_else(|| broken(at))?;
    match (raw, zlib, other) {
        (Some(raw), _, _) => Ok(raw.to_vec()),
        (_, Some(zlib), _) => {
            let size = size.filter(|n| *n <= BLOCK).ok_or_else(|| broken(at))?;
            let mut bytes = Vec::new();
            let read = flate2::read::ZlibDecoder::new(zlib).take(size + 1).read_to_end(&mut bytes);
            if read.is_err() || bytes.len() as u64 != size {
                return Err(broken(at));
            }
            Ok(bytes)
        }
        (_, _, Some(name)) => Err(Wrong {
            rule: "format.unsupported",
            message: both(format!("数据块用 {name} 压缩"), format!("its blocks are packed with {name}")),
        }),
        _ => Err(broken(at)),
    }
}

/// The features that a file says its readers must know; `None` when the bytes are no header.
pub(super) fn required(bytes: &[u8]) -> Option<Vec<String>> {
    let mut features = Vec::new();
    Wire(bytes).each(|n, v| {
        if let (4, Value::Bytes(b)) = (n, v)
            && features.len() < 64
        {
            features.push(String::from_utf8_lossy(b).into_owned());
        }
        Some(())
    })?;
    Some(features)
}

/// One member of a relation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// 0 node, 1 way, 2 relation.
    pub(super) kind: u64,
    pub(super) id: i64,
    /// Index of its role among the block's texts.
    pub(super) role: u64,
}

/// What a block holds; texts by their index.
pub(super) enum Item<'a> {
    /// Ten-millionths of a degree.
    Node {
        id: i64,
        at: Option<[i32; 2]>,
    },
    Way {
        id: i64,
        nodes: &'a [i64],
    },
    Relation {
        id: i64,
        members: &'a [Member],
    },
}

/// The kinds of things, as bits.
pub(super) const NODES: u8 = 1;
pub(super) const WAYS: u8 = 2;
pub(super) const RELATIONS: u8 = 4;

/// A block with its texts.
pub(super) struct Block<'a> {
    bytes: &'a [u8],
    at: u64,
    texts: Vec<(u32, u32)>,
    groups: Vec<&'a [u8]>,
    granularity: i64,
    offset: [i64; 2],
}

/// The tags of the thing at hand.
pub(super) struct Tags<'a> {
    pub(super) block: &'a Block<'a>,
    pairs: &'a [(u64, u64)],
}

impl<'a> Tags<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The value of a key, if it is not empty.
    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        let block = self.block;
        let found = self.pairs.iter().find(|(k, _)| block.bytes_of(*k) == Some(key.as_bytes()));
        found.and_then(|(_, v)| block.text(*v)).map(str::trim).filter(|v| !v.is_empty())
    }
}

#[derive(Default)]
struct Buffers {
    ids: Vec<i64>,
    lats: Vec<i64>,
    lons: Vec<i64>,
    keys: Vec<u64>,
    values: Vec<u64>,
    pairs: Vec<(u64, u64)>,
    members: Vec<Member>,
}

impl<'a> Block<'a> {
    pub(super) fn new(blob: &'a Blob) -> Result<Block<'a>, Wrong> {
        let mut block = Block {
            bytes: &blob.bytes,
            at: blob.at,
            texts: Vec::new(),
            groups: Vec::new(),
            granularity: 100,
            offset: [0; 2],
        };
        let start = blob.bytes.as_ptr() as usize;
        Wire(&blob.bytes)
            .each(|n, v| {
                match (n, v) {
                    (1, Value::Bytes(table)) => Wire(table).each(|n, v| {
                        if let (1, Value::Bytes(t)) = (n, v) {
                            block.texts.push(((t.as_ptr() as usize - start) as u32, t.len() as u32));
                        }
                        Some(())
                    })?,
                    (2, Value::Bytes(group)) => block.groups.push(group),
                    (17, Value::Number(n)) => block.granularity = n as i64,
                    (19, Value::Number(n)) => block.offset[1] = n as i64,
                    (20, Value::Number(n)) => block.offset[0] = n as i64,
                    _ => {}
                }
                Some(())
            })
            .ok_or_else(|| broken(blob.at))?;
        Ok(block)
    }

    fn bytes_of(&self, index: u64) -> Option<&'a [u8]> {
        let (from, length) = *self.texts.get(usize::try_from(index).ok()?)?;
        self.bytes.get(from as usize..from as usize + length as usize)
    }

    /// A text by its index; `None` where there is none, or not in UTF-8.
    pub(super) fn text(&self, index: u64) -> Option<&'a str> {
        std::str::from_utf8(self.bytes_of(index)?).ok()
    }

    /// Degrees of one axis in ten-millionths; `None` when they are none.
    fn degrees(&self, axis: usize, n: i64) -> Option<i32> {
        let nano = n.checked_mul(self.granularity)?.checked_add(self.offset[axis])?;
        let greatest = if axis == 0 { 1_800_000_000 } else { 900_000_000 };
        i32::try_from((nano + nano.signum() * 50) / 100).ok().filter(|d| d.abs() <= greatest)
    }

    fn point(&self, lon: i64, lat: i64) -> Option<[i32; 2]> {
        Some([self.degrees(0, lon)?, self.degrees(1, lat)?])
    }

    /// Everything of the wanted kinds in file order; the kinds that were there.
    pub(super) fn each(
        &self,
        wanted: u8,
        take: &mut dyn FnMut(Item<'_>, &Tags<'_>) -> bool,
    ) -> Result<u8, Wrong> {
        let mut buffers = Buffers::default();
        let mut there = 0;
        for group in &self.groups {
            Wire(group)
                .each(|n, v| {
                    let (Value::Bytes(bytes), kind) = (v, [0, NODES, NODES, WAYS, RELATIONS]) else {
                        return Some(());
                    };
                    let kind = kind.get(usize::try_from(n).ok()?).copied().unwrap_or(0);
                    there |= kind;
                    match n {
                        _ if wanted & kind == 0 => Some(()),
                        2 => self.dense(bytes, &mut buffers, take),
                        _ => self.single(kind, bytes, &mut buffers, take),
                    }
                })
                .ok_or_else(|| broken(self.at))?;
        }
        Ok(there)
    }

    fn dense(
        &self,
        bytes: &[u8],
        b: &mut Buffers,
        take: &mut dyn FnMut(Item<'_>, &Tags<'_>) -> bool,
    ) -> Option<()> {
        for numbers in [&mut b.ids, &mut b.lats, &mut b.lons] {
            numbers.clear();
        }
        b.keys.clear();
        Wire(bytes).each(|n, v| match (n, v) {
            (1, Value::Bytes(v)) => summed(v, &mut b.ids),
            (8, Value::Bytes(v)) => summed(v, &mut b.lats),
            (9, Value::Bytes(v)) => summed(v, &mut b.lons),
            (10, Value::Bytes(v)) => Wire(v).packed(&mut b.keys),
            _ => Some(()),
        })?;
        if b.ids.len() != b.lats.len() || b.ids.len() != b.lons.len() {
            return None;
        }
        let mut texts = b.keys.iter().copied();
        for ((&id, &lat), &lon) in b.ids.iter().zip(&b.lats).zip(&b.lons) {
            b.pairs.clear();
            while let Some(key) = texts.next().filter(|k| *k != 0) {
                b.pairs.push((key, texts.next()?));
            }
            let tags = Tags { block: self, pairs: &b.pairs };
            if !take(Item::Node { id, at: self.point(lon, lat) }, &tags) {
                break;
            }
        }
        Some(())
    }

    fn single(
        &self,
        kind: u8,
        bytes: &[u8],
        b: &mut Buffers,
        take: &mut dyn FnMut(Item<'_>, &Tags<'_>) -> bool,
    ) -> Option<()> {
        let (mut id, mut lat, mut lon) = (0, 0, 0);
        let (mut roles, mut kinds) = (&[][..], &[][..]);
        b.ids.clear();
        b.keys.clear();
        b.values.clear();
        Wire(bytes).each(|n, v| {
            match (n, v) {
                (1, Value::Number(n)) => id = if kind == NODES { signed(n) } else { n as i64 },
                (2, Value::Bytes(v)) => Wire(v).packed(&mut b.keys)?,
                (3, Value::Bytes(v)) => Wire(v).packed(&mut b.values)?,
                (8, Value::Number(n)) => lat = signed(n),
                (9, Value::Number(n)) => lon = signed(n),
                (8, Value::Bytes(v)) if kind == WAYS => summed(v, &mut b.ids)?,
                (8, Value::Bytes(v)) => roles = v,
                (9, Value::Bytes(v)) if kind == RELATIONS => summed(v, &mut b.ids)?,
                (10, Value::Bytes(v)) => kinds = v,
                _ => {}
            }
            Some(())
        })?;
        if b.keys.len() != b.values.len() {
            return None;
        }
        b.pairs.clear();
        b.pairs.extend(b.keys.iter().copied().zip(b.values.iter().copied()));
        let tags = Tags { block: self, pairs: &b.pairs };
        if kind == RELATIONS {
            b.members.clear();
            Wire(roles).packed(&mut b.keys)?;
            Wire(kinds).packed(&mut b.values)?;
            if b.keys.len() != b.ids.len() || b.values.len() != b.ids.len() {
                return None;
            }
            let each = b.ids.iter().zip(&b.keys).zip(&b.values);
            b.members.extend(each.map(|((&id, &role), &kind)| Member { kind, id, role }));
            take(Item::Relation { id, members: &b.members }, &tags);
        } else if kind == WAYS {
            take(Item::Way { id, nodes: &b.ids }, &tags);
        } else {
            take(Item::Node { id, at: self.point(lon, lat) }, &tags);
        }
        Some(())
    }
}
