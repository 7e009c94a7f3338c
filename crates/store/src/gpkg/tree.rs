//! Fills an empty R-tree at once: nodes packed full in Hilbert order, written as SQLite keeps them.
//!
//! Format: SQLite's R-tree module, "Shadow tables" (node: depth and count, 16 bits each, then cells of a 64-bit id and
//! four 32-bit floats, all big endian; node 1 is the root). A test has SQLite itself check what is written here.

use super::quote;
use rusqlite::{Connection, params};

/// An id and its box: least x, greatest x, least y, greatest y, rounded outwards.
pub(super) type Entry = (i64, [f32; 4]);

/// Entries on their way, in pieces: one list that grows would be held twice while it is copied.
#[derive(Default)]
pub(super) struct Entries(Vec<Vec<Entry>>);

/// Entries of a piece.
const PIECE: usize = 1 << 16;

impl Entries {
    pub(super) fn push(&mut self, entry: Entry) {
        match self.0.last_mut() {
            Some(last) if last.len() < PIECE => last.push(entry),
            _ => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(entry);
                self.0.push(piece);
            }
        }
    }

    fn into_one(self) -> Vec<Entry> {
        let mut all = Vec::with_capacity(self.0.iter().map(Vec::len).sum());
        all.extend(self.0.into_iter().flatten());
        all
    }
}

/// Cells a node holds, whatever the page size (RTREE_MAXCELLS).
const CELLS: usize = 51;
const CELL_BYTES: usize = 24;

/// Rounds a box outwards to 32 bits, as the module does.
pub(super) fn entry(id: i64, min: [f64; 2], max: [f64; 2]) -> Entry {
    let down = |v: f64| if f64::from(v as f32) > v { (v as f32).next_down() } else { v as f32 };
    let up = |v: f64| if f64::from(v as f32) < v { (v as f32).next_up() } else { v as f32 };
    (id, [down(min[0]), up(max[0]), down(min[1]), up(max[1])])
}

/// True when the tree holds nothing.
pub(super) fn is_empty(db: &Connection, tree: &str) -> rusqlite::Result<bool> {
    let sql = format!("SELECT count(*) = 0 FROM {}", quote(&format!("{tree}_rowid")));
    db.query_row(&sql, [], |r| r.get(0))
}

/// Writes the entries into an empty tree.
pub(super) fn fill(db: &Connection, tree: &str, entries: Entries) -> rusqlite::Result<()> {
    let mut entries = entries.into_one();
    let table = |name: &str| quote(&format!("{tree}_{name}"));
    let size: usize =
        db.query_row(&format!("SELECT length(data) FROM {} WHERE nodeno = 1", table("node")), [], |r| {
            r.get::<_, i64>(0)
        })? as usize;
    let fan = CELLS.min((size.saturating_sub(4)) / CELL_BYTES).max(2);
    // Stable: where the curve does not tell, ids stay in the order in which they came.
    entries.sort_by_cached_key(|(_, b)| curve(b));
    let mut node = db.prepare(&format!("INSERT OR REPLACE INTO {} VALUES (?1, ?2)", table("node")))?;
    let mut rowid = db.prepare(&format!("INSERT INTO {} VALUES (?1, ?2)", table("rowid")))?;
    let mut parent = db.prepare(&format!("INSERT INTO {} VALUES (?1, ?2)", table("parent")))?;
    let (mut level, mut depth, mut next) = (entries, 0u16, 2i64);
    loop {
        let root = level.len() <= fan;
        let mut above: Vec<Entry> = Vec::with_capacity(level.len().div_ceil(fan));
        let mut holders: Vec<(i64, i64)> = Vec::with_capacity(level.len());
        for cells in level.chunks(fan) {
            let number = if root { 1 } else { next };
            next += i64::from(!root);
            let mut data = vec![0u8; size];
            data[..2].copy_from_slice(&(if root { depth } else { 0 }).to_be_bytes());
            data[2..4].copy_from_slice(&(cells.len() as u16).to_be_bytes());
            let mut whole = [f32::INFINITY, f32::NEG_INFINITY, f32::INFINITY, f32::NEG_INFINITY];
            for (i, (id, b)) in cells.iter().enumerate() {
                let at = 4 + i * CELL_BYTES;
                data[at..at + 8].copy_from_slice(&id.to_be_bytes());
                for (k, v) in b.iter().enumerate() {
                    data[at + 8 + k * 4..at + 12 + k * 4].copy_from_slice(&v.to_be_bytes());
                    whole[k] = if k % 2 == 0 { whole[k].min(*v) } else { whole[k].max(*v) };
                }
                holders.push((*id, number));
            }
            node.execute(params![number, data])?;
            above.push((number, whole));
        }
        // In the order of the table: rows are then appended.
        holders.sort_unstable();
        let child = if depth == 0 { &mut rowid } else { &mut parent };
        for (id, holder) in holders {
            child.execute(params![id, holder])?;
        }
        if root {
            return Ok(());
        }
        level = above;
        depth += 1;
    }
}

/// The place of a box's middle along a Hilbert curve over longitude and latitude.
fn curve(b: &[f32; 4]) -> u32 {
    let scale = |low: f32, high: f32, span: f64| {
        let v = (f64::from(low) + f64::from(high)) / 2.0 / span + 0.5;
        (v.clamp(0.0, 1.0) * 65535.0) as u32
    };
    let (mut x, mut y) = (scale(b[0], b[1], 360.0), scale(b[2], b[3], 180.0));
    let mut d = 0u32;
    for s in (0..16).rev() {
        let (rx, ry) = (x >> s & 1, y >> s & 1);
        d = d << 2 | (3 * rx) ^ ry;
        if ry == 0 {
            if rx == 1 {
                (x, y) = (!x & 0xffff, !y & 0xffff);
            }
            (x, y) = (y, x);
        }
    }
    d
}
