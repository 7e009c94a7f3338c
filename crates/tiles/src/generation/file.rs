//! The generation file: magic, a JSON head, sections aligned to eight bytes, a checksum. Written aside and renamed; read
//! through a memory map.

use super::GenerationInfo;
use super::rtree::{self, Box4, Boxes};
use ditu_model::{Bounds, LayerDef, RevisionId};
use memmap2::Mmap;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

const MAGIC: &[u8; 8] = b"DITUGEN2";

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Section {
    pub(super) at: u64,
    pub(super) len: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct GroupHead {
    pub(super) rank: u8,
    /// Items are pieces of large shapes; their boxes are the cells they are cut to.
    pub(super) pieces: bool,
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) node: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct BandHead {
    pub(super) zoom: u8,
    pub(super) groups: Vec<GroupHead>,
    pub(super) leaves: Section,
    pub(super) nodes: Section,
    pub(super) ends: Section,
    pub(super) data: Section,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) definition: u64,
    pub(super) layer: String,
    pub(super) revision: u64,
    /// Names the state from which `changes` count; 0 stands for this file's own content.
    pub(super) epoch: u64,
    pub(super) features: u64,
    pub(super) skipped: u64,
    pub(super) bounds: Option<[f64; 4]>,
    pub(super) fields: Vec<usize>,
    pub(super) bands: Vec<BandHead>,
    pub(super) rows: Section,
    pub(super) values: Section,
    pub(super) value_ends: Section,
    pub(super) value_hashes: Section,
    pub(super) changes: Section,
}

impl Head {
    /// Head and sections as one file's bytes.
    pub(super) fn assemble(&self, body: Vec<u8>) -> Vec<u8> {
        let json = serde_json::to_vec(self).expect("numbers, texts and lists always serialise");
        let start = (16 + json.len()).next_multiple_of(8);
        let mut out = Vec::with_capacity(start + body.len() + 8);
        out.extend_from_slice(MAGIC);
        out.extend((json.len() as u64).to_le_bytes());
        out.extend_from_slice(&json);
        out.resize(start, 0);
        out.extend_from_slice(&body);
        let sum = xxh3_64(&out);
        out.extend(sum.to_le_bytes());
        out
    }
}

/// Changes when anything that shapes a layer's generation changes.
pub(crate) fn definition_hash(def: &LayerDef) -> u64 {
    let mut h = Xxh3::new();
    h.update(format!("{:?}{:?}", def.kind, def.display).as_bytes());
    for f in &def.fields {
        h.update(format!("{}{:?}{}", f.name, f.kind, f.in_tiles).as_bytes());
    }
    h.digest()
}

enum Bytes {
    Mapped(Mmap),
    Memory(Vec<u8>),
}

/// A generation open for reading.
pub(crate) struct Generation {
    bytes: Bytes,
    head: Head,
    start: usize,
    sum: u64,
}

impl Generation {
    /// Maps a file and checks every byte of it.
    #[allow(unsafe_code)]
    pub(crate) fn open(path: &Path) -> io::Result<Generation> {
        let file = File::open(path)?;
        // SAFETY: generation files are written aside, renamed into place and never modified; only Ditu writes in its
        // data folder. Truncation by another program would end this one with SIGBUS, as for any mapped file.
        let map = unsafe { Mmap::map(&file)? };
        Generation::check(Bytes::Mapped(map))
    }

    /// From bytes that were just built.
    pub(crate) fn memory(bytes: Vec<u8>) -> io::Result<Generation> {
        Generation::check(Bytes::Memory(bytes))
    }

    fn check(bytes: Bytes) -> io::Result<Generation> {
        let damaged = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let all: &[u8] = match &bytes {
            Bytes::Mapped(m) => m,
            Bytes::Memory(v) => v,
        };
        let (body, sum) = all.split_last_chunk::<8>().ok_or_else(|| damaged("too short"))?;
        let sum = u64::from_le_bytes(*sum);
        if !body.starts_with(MAGIC) || body.len() < 16 {
            return Err(damaged("not a generation of this version"));
        }
        if xxh3_64(body) != sum {
            return Err(damaged("the checksum is wrong"));
        }
        let mut n = [0; 8];
        n.copy_from_slice(&body[8..16]);
        let json_len = u64::from_le_bytes(n) as usize;
        let json = body.get(16..16usize.saturating_add(json_len)).ok_or_else(|| damaged("cut short"))?;
        let head: Head = serde_json::from_slice(json).map_err(|e| damaged(&e.to_string()))?;
        let start = (16 + json_len).next_multiple_of(8);
        let fits = |s: &Section| {
            (start as u64).checked_add(s.at)?.checked_add(s.len).filter(|e| *e <= body.len() as u64)
        };
        let whole = head
            .bands
            .iter()
            .flat_map(|b| [&b.leaves, &b.nodes, &b.ends, &b.data])
            .chain([&head.rows, &head.values, &head.value_ends, &head.value_hashes, &head.changes])
            .all(|s| fits(s).is_some());
        if !whole {
            return Err(damaged("a section lies outside the file"));
        }
        Ok(Generation { bytes, head, start, sum })
    }

    /// Writes bytes aside, to the disk, then renames.
    pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
        let aside = path.with_extension("part");
        let mut file = File::create(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&aside, path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    fn section(&self, s: &Section) -> &[u8] {
        let all: &[u8] = match &self.bytes {
            Bytes::Mapped(m) => m,
            Bytes::Memory(v) => v,
        };
        let at = self.start + s.at as usize;
        &all[at..at + s.len as usize]
    }

    pub(crate) fn layer(&self) -> &str {
        &self.head.layer
    }

    pub(crate) fn definition(&self) -> u64 {
        self.head.definition
    }

    pub(crate) fn revision(&self) -> RevisionId {
        RevisionId(self.head.revision)
    }

    /// Names the state from which [`Generation::changes`] count.
    pub(crate) fn epoch(&self) -> u64 {
        if self.head.epoch == 0 { self.sum } else { self.head.epoch }
    }

    /// Revision and box (finest grid) of each change since the epoch.
    pub(crate) fn changes(&self) -> Vec<(u64, Box4)> {
        let record = |c: &[u8]| {
            let mut r = [0; 8];
            r.copy_from_slice(&c[..8]);
            (u64::from_le_bytes(r), Boxes(&c[8..]).get(0))
        };
        self.section(&self.head.changes).chunks_exact(24).map(record).collect()
    }

    pub(crate) fn info(&self) -> GenerationInfo {
        let bytes = match &self.bytes {
            Bytes::Mapped(m) => m.len(),
            Bytes::Memory(v) => v.len(),
        };
        GenerationInfo {
            revision: self.revision(),
            features: self.head.features,
            skipped: self.head.skipped,
            bytes: bytes as u64,
            bounds: self.head.bounds.map(|[w, s, e, n]| Bounds::new(w, s, e, n)),
        }
    }

    /// Indices (in the definition) of the fields that rows hold.
    pub(crate) fn fields(&self) -> &[usize] {
        &self.head.fields
    }

    /// The band that serves a zoom: its own, else the next finer, else the finest.
    pub(crate) fn band(&self, zoom: u8) -> Option<Band<'_>> {
        let head = self.head.bands.iter().find(|b| b.zoom >= zoom).or(self.head.bands.last())?;
        Some(Band {
            zoom: head.zoom,
            head,
            leaves: Boxes(self.section(&head.leaves)),
            nodes: self.section(&head.nodes),
            ends: self.section(&head.ends),
            data: self.section(&head.data),
        })
    }

    /// Value numbers of a row's fields, 0 for NULL.
    pub(crate) fn row(&self, row: u32) -> impl Iterator<Item = u32> + '_ {
        let n = self.head.fields.len() * 4;
        let at = row as usize * n;
        self.section(&self.head.rows)[at..at + n]
            .chunks_exact(4)
            .map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]]))
    }

    /// A value as a tile's layer holds it, and its hash. `number` counts from 1.
    pub(crate) fn value(&self, number: u32) -> (&[u8], u64) {
        let ends = self.section(&self.head.value_ends);
        let i = number as usize - 1;
        let start = if i == 0 { 0 } else { u32_at(ends, i - 1) as usize };
        let hashes = &self.section(&self.head.value_hashes)[i * 8..i * 8 + 8];
        let mut h = [0; 8];
        h.copy_from_slice(hashes);
        (&self.section(&self.head.values)[start..u32_at(ends, i) as usize], u64::from_le_bytes(h))
    }
}

fn u32_at(bytes: &[u8], i: usize) -> u32 {
    let b = &bytes[i * 4..i * 4 + 4];
    u32::from_le_bytes([b[0], b[1], b[2], b[3]])
}

/// One zoom band open for reading.
pub(crate) struct Band<'a> {
    /// The zoom whose units its coordinates are.
    pub(crate) zoom: u8,
    head: &'a BandHead,
    leaves: Boxes<'a>,
    nodes: &'a [u8],
    ends: &'a [u8],
    data: &'a [u8],
}

impl<'a> Band<'a> {
    /// Calls `hit` with rank, box and record of each feature of at most this rank that meets the box, in order. Of a
    /// large shape the piece of the cell that holds `corner` is found, with no box.
    pub(crate) fn search(
        &self,
        rank: u8,
        query: &Box4,
        corner: [i32; 2],
        mut hit: impl FnMut(u8, Option<&Box4>, &Box4, &'a [u8]),
    ) {
        let corner = [corner[0], corner[1], corner[0], corner[1]];
        for group in self.head.groups.iter().take_while(|g| g.rank <= rank) {
            let nodes = Boxes(&self.nodes[group.node * 16..]);
            let query = if group.pieces { &corner } else { query };
            rtree::search(self.leaves, group.first, group.count, nodes, query, &mut |i, bounds| {
                let start = if i == 0 { 0 } else { u32_at(self.ends, i - 1) as usize };
                let own = (!group.pieces).then_some(bounds);
                hit(group.rank, own, bounds, &self.data[start..u32_at(self.ends, i) as usize]);
            });
        }
    }
}
