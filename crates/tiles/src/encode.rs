//! One tile from generations: the hot path. Scratch buffers are kept per thread; a shape wholly inside is copied.

use crate::clip::{self, Rect};
use crate::coord::{BUFFER, EXTENT, FINE, P, TileCoord, coarser};
use crate::generation::geometry::{self, Stored};
use crate::generation::varint::{len, put, take, zigzag};
use crate::generation::{Band, Generation, order};
use crate::polygon::{self, Polygon};
use ditu_access::Scope;
use ditu_model::Bounds;
use std::cell::RefCell;
use std::collections::HashSet;

/// What a layer shows now: its generation, and over it the changes since.
pub(crate) struct Source<'a> {
    pub(crate) base: Option<&'a Generation>,
    pub(crate) delta: Option<&'a Generation>,
    /// Features of the base that changed or went.
    pub(crate) gone: &'a HashSet<u64>,
}

/// Where a tile lies on a band's grid, and how to get from the one to the other.
#[derive(Clone, Copy)]
struct Frame {
    /// Right shift from band to tile units, or left shift when negative.
    shift: i32,
    /// The tile's corner in tile units.
    origin: P,
    /// The buffered tile on the band's grid.
    query: Rect,
    /// The tile's corner on the band's grid.
    corner: P,
}

impl Frame {
    fn new(at: TileCoord, band: u8) -> Frame {
        let shift = i32::from(band) - i32::from(at.z);
        let scale = |v: i64| if shift >= 0 { v << shift } else { v >> -shift };
        let e = i64::from(EXTENT);
        let (x, y) = (i64::from(at.x) * e, i64::from(at.y) * e);
        let buffer = i64::from(BUFFER);
        // One unit more: rounding may carry a point over the edge.
        let low = |v: i64| (scale(v - buffer) - 1).max(i64::from(i32::MIN)) as i32;
        let high = |v: i64| (scale(v + e + buffer) + 1).min(i64::from(i32::MAX)) as i32;
        Frame {
            shift,
            origin: [x as i32, y as i32],
            query: [low(x), low(y), high(x), high(y)],
            corner: [scale(x) as i32, scale(y) as i32],
        }
    }

    /// A band point in tile units relative to the tile.
    #[inline]
    fn place(&self, p: P) -> P {
        let q = if self.shift >= 0 {
            coarser(p, self.shift as u32)
        } else {
            [p[0].wrapping_shl(-self.shift as u32), p[1].wrapping_shl(-self.shift as u32)]
        };
        [q[0].wrapping_sub(self.origin[0]), q[1].wrapping_sub(self.origin[1])]
    }
}

const TILE: Rect = [-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER];

struct Hit<'a> {
    rank: u8,
    whole: bool,
    hilbert: u32,
    id: u64,
    delta: bool,
    inside: bool,
    record: &'a [u8],
}

#[derive(Default)]
struct Scratch {
    layer: Vec<u8>,
    tags: Vec<u8>,
    geometry: Vec<u8>,
    parts: Vec<Vec<P>>,
    cut: Vec<Vec<P>>,
    polygons: Vec<Polygon>,
    values: ValueIndex,
    value_refs: Vec<(bool, u32)>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Tile-local numbers of values: open addressing, emptied by a stamp.
#[derive(Default)]
struct ValueIndex {
    slots: Vec<(u32, u64, u32)>,
    stamp: u32,
    used: usize,
}

impl ValueIndex {
    fn begin(&mut self) {
        self.stamp = self.stamp.wrapping_add(1);
        self.used = 0;
        if self.slots.is_empty() || self.stamp == 0 {
            self.slots = vec![(0, 0, 0); 1024];
            self.stamp = 1;
        }
    }

    /// The value's number, and whether it is new (then `next` is its number). `same` decides between equal hashes.
    fn find(&mut self, hash: u64, next: u32, same: impl Fn(u32) -> bool) -> (u32, bool) {
        if self.used * 2 >= self.slots.len() {
            let old = std::mem::take(&mut self.slots);
            self.slots = vec![(0, 0, 0); old.len() * 2];
            for slot in old.into_iter().filter(|s| s.0 == self.stamp) {
                let mut i = slot.1 as usize & (self.slots.len() - 1);
                while self.slots[i].0 == self.stamp {
                    i = (i + 1) & (self.slots.len() - 1);
                }
                self.slots[i] = slot;
            }
        }
        let mask = self.slots.len() - 1;
        let mut i = hash as usize & mask;
        loop {
            let (stamp, h, n) = self.slots[i];
            if stamp != self.stamp {
                self.slots[i] = (self.stamp, hash, next);
                self.used += 1;
                return (next, true);
            }
            if h == hash && same(n) {
                return (n, false);
            }
            i = (i + 1) & mask;
        }
    }
}

/// Limits of one layer in a tile. Layers do not compete: what shows at a zoom must not be pushed out at the next by
/// another layer's newcomers.
#[derive(Clone, Copy)]
pub(crate) struct Budget {
    pub(crate) bytes: usize,
    pub(crate) features: usize,
}

/// Appends a layer to a tile. Nothing is appended when nothing of it shows.
pub(crate) fn layer(out: &mut Vec<u8>, source: &Source<'_>, scope: &Scope, at: TileCoord, budget: Budget) {
    if !scope.zooms().contains(&at.z)
        || !scope.layer().display.zooms.contains(&at.z) && at.z < *scope.layer().display.zooms.start()
    {
        return;
    }
    let mut hits: Vec<Hit<'_>> = Vec::new();
    let merged = source.delta.is_some();
    let bands = [(source.base, false), (source.delta, true)]
        .map(|(g, delta)| g.and_then(|g| Some((g, g.band(at.z)?, delta))));
    for (_, band, delta) in bands.iter().flatten() {
        collect(band, at, *delta, source.gone, merged, &mut hits);
    }
    if hits.is_empty() {
        return;
    }
    if merged {
        hits.sort_unstable_by_key(|h| (h.rank, h.whole, h.hilbert, h.id));
    }
    SCRATCH.with_borrow_mut(|s| write_layer(out, source, scope, at, budget, &hits, s));
}

fn collect<'a>(
    band: &Band<'a>,
    at: TileCoord,
    delta: bool,
    gone: &HashSet<u64>,
    merged: bool,
    hits: &mut Vec<Hit<'a>>,
) {
    let frame = Frame::new(at, band.zoom);
    band.search(at.z, &frame.query, frame.corner, |rank, own, b, record| {
        let mut inside = false;
        if let Some(own) = own {
            let (low, high) = (frame.place([own[0], own[1]]), frame.place([own[2], own[3]]));
            if low[0] > TILE[2] || low[1] > TILE[3] || high[0] < TILE[0] || high[1] < TILE[1] {
                return;
            }
            inside = clip::holds(&TILE, low) && clip::holds(&TILE, high);
        }
        let mut head = record;
        let id = if merged { take(&mut head) } else { 0 };
        if merged && !delta && gone.contains(&id) {
            return;
        }
        let up = u32::from(FINE - band.zoom);
        let hilbert = if merged { order(b, up) } else { 0 };
        hits.push(Hit { rank, whole: own.is_some(), hilbert, id, delta, inside, record });
    });
}

fn write_layer(
    out: &mut Vec<u8>,
    source: &Source<'_>,
    scope: &Scope,
    at: TileCoord,
    mut budget: Budget,
    hits: &[Hit<'_>],
    s: &mut Scratch,
) {
    let def = scope.layer();
    s.layer.clear();
    s.values.begin();
    s.value_refs.clear();
    let name = def.id.as_str();
    s.layer.extend([15 << 3, 2, 1 << 3 | 2]);
    put(&mut s.layer, name.len() as u64);
    s.layer.extend_from_slice(name.as_bytes());
    // Tile-local number of each key, given when first used.
    let mut keys: Vec<(usize, Option<u32>)> = Vec::new();
    let mut key_order: Vec<usize> = Vec::new();
    let fields = source.base.or(source.delta).map(Generation::fields).unwrap_or_default();
    keys.extend(fields.iter().map(|&f| (f, None)));
    let areas: Option<Vec<Rect>> =
        scope.area().map(|boxes| boxes.iter().filter_map(|b| area(b, at)).collect());
    let frames =
        [source.base, source.delta].map(|g| g.and_then(|g| g.band(at.z)).map(|b| Frame::new(at, b.zoom)));
    let mut written = 0usize;
    for hit in hits {
        if budget.features == 0 || s.layer.len() >= budget.bytes {
            break;
        }
        let (Some(generation), Some(frame)) =
            (if hit.delta { source.delta } else { source.base }, frames[usize::from(hit.delta)])
        else {
            continue;
        };
        let mut record = hit.record;
        let id = take(&mut record);
        let row = take(&mut record) as u32;
        let Some((&kind, shape)) = record.split_first() else { continue };
        let stored = Stored::read(shape);
        // Geometry: copied when the band is of this zoom and nothing cuts it.
        let copy = frame.shift == 0 && hit.inside && areas.is_none();
        let start = frame.place(stored.start);
        let geometry_len = if copy {
            len(stored.header) + len(zigzag(start[0])) + len(zigzag(start[1])) + stored.rest.len()
        } else {
            s.geometry.clear();
            stored.parts(kind, |p| frame.place(p), &mut s.parts);
            shape_in_tile(kind, hit.inside, frame.shift, areas.as_deref(), s);
            if s.geometry.is_empty() {
                continue;
            }
            s.geometry.len()
        };
        // Tags.
        s.tags.clear();
        for (i, number) in generation.row(row).enumerate() {
            let Some((field, key)) = keys.get_mut(i) else { continue };
            if number == 0 || !scope.shows(*field) {
                continue;
            }
            let key = *key.get_or_insert_with(|| {
                key_order.push(*field);
                key_order.len() as u32 - 1
            });
            let (bytes, hash) = generation.value(number);
            let refs = &s.value_refs;
            let same = |n: u32| {
                let (delta, number) = refs[n as usize];
                let g = if delta { source.delta } else { source.base };
                g.is_some_and(|g| g.value(number).0 == bytes)
            };
            let (n, new) = s.values.find(hash, refs.len() as u32, same);
            if new {
                s.value_refs.push((hit.delta, number));
            }
            put(&mut s.tags, u64::from(key));
            put(&mut s.tags, u64::from(n));
        }
        let tags_len = if s.tags.is_empty() { 0 } else { 1 + len(s.tags.len() as u64) + s.tags.len() };
        let feature_len = 1 + len(id) + tags_len + 2 + 1 + len(geometry_len as u64) + geometry_len;
        s.layer.push(2 << 3 | 2);
        put(&mut s.layer, feature_len as u64);
        s.layer.push(1 << 3);
        put(&mut s.layer, id);
        if tags_len > 0 {
            s.layer.push(2 << 3 | 2);
            put(&mut s.layer, s.tags.len() as u64);
            s.layer.extend_from_slice(&s.tags);
        }
        s.layer.extend([3 << 3, kind, 4 << 3 | 2]);
        put(&mut s.layer, geometry_len as u64);
        if copy {
            put(&mut s.layer, stored.header);
            put(&mut s.layer, zigzag(start[0]));
            put(&mut s.layer, zigzag(start[1]));
            s.layer.extend_from_slice(stored.rest);
        } else {
            s.layer.extend_from_slice(&s.geometry);
        }
        written += 1;
        budget.features -= 1;
    }
    if written == 0 {
        return;
    }
    for field in key_order {
        let name = &def.fields[field].name;
        s.layer.push(3 << 3 | 2);
        put(&mut s.layer, name.len() as u64);
        s.layer.extend_from_slice(name.as_bytes());
    }
    for &(delta, number) in &s.value_refs {
        if let Some(g) = if delta { source.delta } else { source.base } {
            s.layer.extend_from_slice(g.value(number).0);
        }
    }
    s.layer.push(5 << 3);
    put(&mut s.layer, EXTENT as u64);
    out.push(3 << 3 | 2);
    put(out, s.layer.len() as u64);
    out.extend_from_slice(&s.layer);
}

/// A view's box in tile units, where it meets the tile.
fn area(b: &Bounds, at: TileCoord) -> Option<Rect> {
    let side = f64::from(EXTENT) * f64::from(1u32 << at.z);
    let corner = |lon: f64, lat: f64| {
        let w = ditu_crs::mercator::to_world([lon.clamp(-180., 180.), lat.clamp(-85.06, 85.06)]);
        [w[0] * side - f64::from(at.x) * f64::from(EXTENT), w[1] * side - f64::from(at.y) * f64::from(EXTENT)]
    };
    let (nw, se) = (corner(b.min[0], b.max[1]), corner(b.max[0], b.min[1]));
    // Inwards: nothing outside may show, not by half a unit.
    let r = [nw[0].ceil(), nw[1].ceil(), se[0].floor(), se[1].floor()];
    let limit = |v: f64| v.clamp(f64::from(TILE[0]) - 1.0, f64::from(TILE[2]) + 1.0) as i32;
    let r = [
        limit(r[0]).max(TILE[0]),
        limit(r[1]).max(TILE[1]),
        limit(r[2]).min(TILE[2]),
        limit(r[3]).min(TILE[3]),
    ];
    (r[0] <= r[2] && r[1] <= r[3]).then_some(r)
}

/// Writes `s.parts` (tile units) into `s.geometry`: cut, cleaned; nothing when nothing is left.
fn shape_in_tile(kind: u8, inside: bool, shift: i32, areas: Option<&[Rect]>, s: &mut Scratch) {
    let boxes: &[Rect] = areas.unwrap_or(&[TILE]);
    match kind {
        1 => {
            s.parts.retain(|p| p.iter().any(|p| boxes.iter().any(|b| clip::holds(b, *p))));
            write(s, kind);
        }
        2 => {
            if inside && areas.is_none() {
                s.parts.iter_mut().for_each(Vec::dedup);
                s.parts.retain(|p| p.len() > 1);
            } else {
                s.cut.clear();
                for part in &mut s.parts {
                    part.dedup();
                    boxes.iter().for_each(|b| clip::line(part, b, &mut s.cut));
                }
                std::mem::swap(&mut s.parts, &mut s.cut);
            }
            write(s, kind);
        }
        _ => {
            s.polygons.clear();
            if inside && areas.is_none() {
                if shift <= 0 {
                    // Finer than the band: what was valid stays valid.
                    return write(s, kind);
                }
                for rings in s.parts.chunk_by(|_, b| polygon::area2(b) < 0) {
                    polygon::clean(rings.to_vec(), &mut s.polygons);
                }
            } else {
                boxes.iter().for_each(|b| clip::polygons(&s.parts, b, &mut s.polygons));
            }
            s.parts.clear();
            s.parts.extend(s.polygons.drain(..).flatten());
            write(s, kind);
        }
    }
}

fn write(s: &mut Scratch, kind: u8) {
    if !s.parts.is_empty() {
        geometry::write(&mut s.geometry, kind, &s.parts, [0, 0]);
    }
}
