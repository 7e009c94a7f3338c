//! Makes a generation from features, in one pass and bounded memory a feature.

use super::file::{BandHead, GroupHead, Head, Section, definition_hash};
use super::geometry::{self, kind};
use super::rtree::{self, Box4};
use super::split;
use super::varint::put;
use crate::arcs::Junctions;
use crate::coord::{FINE, P, coarser, hilbert, to_grid};
use crate::polygon::{Polygon, clean, dedup_ring};
use crate::simplify::{simplify, simplify_ring};
use ditu_model::{Bounds, Feature, Geometry, LayerDef, RevisionId, Shape, Value};
use std::collections::HashMap;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Units of a tile a screen pixel: 4096 over 256.
const UNITS_PER_PIXEL: f64 = 16.0;
/// Zooms up to this have a band of their own; deeper ones share the finest.
const OWN_BAND: u8 = 16;

struct Item {
    rank: u8,
    /// A whole shape; pieces come first in their rank.
    whole: bool,
    hilbert: u32,
    id: u64,
    bounds: Box4,
    at: u32,
    len: u32,
}

struct BandBuilder {
    zoom: u8,
    items: Vec<Item>,
    data: Vec<u8>,
}

/// A polygon feature that waits until all neighbours are known.
struct Waiting {
    rank: u8,
    id: u64,
    attributes: u32,
    /// Rings of all parts; how many rings each part has.
    rings: Vec<Vec<P>>,
    parts: Vec<u32>,
}

/// Collects features and writes them as a generation.
pub(crate) struct Builder {
    def: Arc<LayerDef>,
    tile_fields: Vec<usize>,
    bands: Vec<BandBuilder>,
    waiting: Vec<Waiting>,
    values: Values,
    rows: HashMap<Box<[u32]>, u32>,
    row_data: Vec<u32>,
    features: u64,
    skipped: u64,
    bounds: Bounds,
    shared: bool,
}

#[derive(Default)]
struct Values {
    index: HashMap<Box<[u8]>, u32>,
    bytes: Vec<u8>,
    ends: Vec<u32>,
    hashes: Vec<u64>,
}

impl Values {
    /// The value's number from 1 up; 0 for NULL.
    fn intern(&mut self, value: &Value) -> u32 {
        let mut body = Vec::with_capacity(24);
        match value {
            Value::Null => return 0,
            Value::Text(t) | Value::Json(t) => put_text(&mut body, t),
            Value::Real(r) => {
                body.push(3 << 3 | 1);
                body.extend(r.to_le_bytes());
            }
            Value::Integer(i) if *i >= 0 => {
                body.push(4 << 3);
                put(&mut body, *i as u64);
            }
            Value::Integer(i) => {
                body.push(6 << 3);
                put(&mut body, ((i << 1) ^ (i >> 63)) as u64);
            }
            Value::Boolean(b) => body.extend([7 << 3, u8::from(*b)]),
            Value::Date(d) => put_text(&mut body, &d.to_string()),
            Value::DateTime(t) => put_text(&mut body, &t.to_string()),
        }
        if let Some(&i) = self.index.get(body.as_slice()) {
            return i;
        }
        // Stored as the tile holds it: field 4 of a layer, its length, the value.
        self.bytes.push(4 << 3 | 2);
        put(&mut self.bytes, body.len() as u64);
        self.bytes.extend_from_slice(&body);
        self.ends.push(self.bytes.len() as u32);
        self.hashes.push(xxh3_64(&body));
        let i = self.ends.len() as u32;
        self.index.insert(body.into(), i);
        i
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.push(1 << 3 | 2);
    put(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

impl Builder {
    /// For a layer; `alone` simplifies each feature without regard to neighbours (a delta knows none).
    pub(crate) fn new(def: Arc<LayerDef>, alone: bool) -> Builder {
        let (low, high) = (*def.display.zooms.start(), *def.display.zooms.end());
        let mut zooms: Vec<u8> = (low..=high.min(OWN_BAND)).collect();
        if high > OWN_BAND || zooms.is_empty() {
            zooms.push(FINE);
        }
        let bands =
            zooms.into_iter().map(|zoom| BandBuilder { zoom, items: Vec::new(), data: Vec::new() }).collect();
        let tile_fields = (0..def.fields.len()).filter(|&i| def.fields[i].in_tiles).collect();
        let shared = def.display.shared_borders && !alone;
        Builder {
            def,
            tile_fields,
            bands,
            waiting: Vec::new(),
            values: Values::default(),
            rows: HashMap::new(),
            row_data: Vec::new(),
            features: 0,
            skipped: 0,
            bounds: Bounds::EMPTY,
            shared,
        }
    }

    /// Adds a feature.
    pub(crate) fn add(&mut self, feature: &Feature) {
        self.features += 1;
        let Some((geometry, parts)) = feature.row.geometry.as_ref().and_then(|g| Some((g, grid_parts(g)?)))
        else {
            self.skipped += 1;
            return;
        };
        self.bounds = self.bounds.union(&geometry.bounds());
        let (rings, part_sizes) = parts;
        let extent = bounds_of(&rings);
        let rank = self.rank(feature, geometry.shape, &extent);
        let row: Box<[u32]> =
            self.tile_fields.iter().map(|&i| self.values.intern(&feature.row.values[i])).collect();
        let next = self.rows.len() as u32;
        let attributes = *self.rows.entry(row).or_insert_with_key(|row| {
            self.row_data.extend_from_slice(row);
            next
        });
        let waiting = Waiting { rank, id: feature.id, attributes, rings, parts: part_sizes };
        if self.shared && geometry.shape == Shape::Polygon {
            self.waiting.push(waiting);
            return;
        }
        let tolerance = self.def.display.tolerance_px * UNITS_PER_PIXEL;
        for band in &mut self.bands {
            if band.zoom < rank {
                continue;
            }
            let shift = u32::from(FINE - band.zoom);
            let fine = if band.zoom == FINE { 0.0 } else { tolerance * f64::from(1u32 << shift) };
            band.add(&waiting, geometry.shape, shift, |ring, out| match geometry.shape {
                Shape::Point => out.extend_from_slice(ring),
                Shape::Line => simplify(ring, fine, out),
                Shape::Polygon => simplify_ring(ring, fine, out),
            });
        }
    }

    /// The lowest zoom at which the feature shows: declared by a field's value, raised until it is large enough.
    fn rank(&self, feature: &Feature, shape: Shape, extent: &Box4) -> u8 {
        let d = &self.def.display;
        let value = d.by.map(|i| &feature.row.values[i]);
        let declared = value.and_then(|v| match v {
            Value::Null => None,
            Value::Text(t) => d.by_value.get(t.as_ref()),
            Value::Integer(i) => d.by_value.get(&i.to_string()),
            other => d.by_value.get(&format!("{other:?}")),
        });
        let (low, high) = (*d.zooms.start(), *d.zooms.end());
        let mut rank = declared.copied().unwrap_or(d.default).clamp(low, high);
        if shape != Shape::Point && d.min_size_px > 0.0 {
            let size = f64::from((extent[2] - extent[0]).max(extent[3] - extent[1])) / UNITS_PER_PIXEL;
            while rank < high && rank < FINE && size / f64::from(1u32 << (FINE - rank)) < d.min_size_px {
                rank += 1;
            }
        }
        rank
    }

    fn add_waiting(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let waiting = std::mem::take(&mut self.waiting);
        let junctions = Junctions::of(waiting.iter().flat_map(|w| w.rings.iter().map(Vec::as_slice)));
        let tolerance = self.def.display.tolerance_px * UNITS_PER_PIXEL;
        for band in &mut self.bands {
            let shift = u32::from(FINE - band.zoom);
            let fine = if band.zoom == FINE { 0.0 } else { tolerance * f64::from(1u32 << shift) };
            let zoom = band.zoom;
            for w in waiting.iter().filter(|w| w.rank <= zoom) {
                band.add(w, Shape::Polygon, shift, |ring, out| junctions.simplify(ring, fine, out));
            }
        }
    }

    /// The whole file's bytes.
    pub(crate) fn finish(
        mut self,
        revision: RevisionId,
        epoch: Option<u64>,
        changes: &[(u64, Box4)],
    ) -> Vec<u8> {
        self.add_waiting();
        let mut body = Vec::new();
        let mut section = |bytes: &mut dyn Iterator<Item = u8>| {
            let at = body.len();
            body.extend(bytes);
            let len = body.len() - at;
            body.resize(body.len().next_multiple_of(8), 0);
            Section { at: at as u64, len: len as u64 }
        };
        let ints = |v: &[u32]| v.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
        let boxes = |v: &[Box4]| v.iter().flatten().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
        let mut bands = Vec::new();
        for mut band in std::mem::take(&mut self.bands) {
            band.items.sort_unstable_by_key(|i| (i.rank, i.whole, i.hilbert, i.id));
            let leaves: Vec<Box4> = band.items.iter().map(|i| i.bounds).collect();
            let (mut groups, mut nodes, mut first) = (Vec::new(), Vec::new(), 0);
            for group in band.items.chunk_by(|a, b| (a.rank, a.whole) == (b.rank, b.whole)) {
                let tree = rtree::pack(&leaves[first..first + group.len()]);
                groups.push(GroupHead {
                    rank: group[0].rank,
                    pieces: !group[0].whole,
                    first,
                    count: group.len(),
                    node: nodes.len(),
                });
                nodes.extend(tree);
                first += group.len();
            }
            let (mut data, mut ends) =
                (Vec::with_capacity(band.data.len()), Vec::with_capacity(band.items.len()));
            for item in &band.items {
                let at = item.at as usize;
                data.extend_from_slice(&band.data[at..at + item.len as usize]);
                ends.push(data.len() as u32);
            }
            bands.push(BandHead {
                zoom: band.zoom,
                groups,
                leaves: section(&mut boxes(&leaves).into_iter()),
                nodes: section(&mut boxes(&nodes).into_iter()),
                ends: section(&mut ints(&ends).into_iter()),
                data: section(&mut data.into_iter()),
            });
        }
        let values = std::mem::take(&mut self.values);
        let head = Head {
            definition: definition_hash(&self.def),
            layer: self.def.id.as_str().to_owned(),
            revision: revision.0,
            epoch: epoch.unwrap_or(0),
            features: self.features,
            skipped: self.skipped,
            bounds: (!self.bounds.is_empty())
                .then(|| [self.bounds.min[0], self.bounds.min[1], self.bounds.max[0], self.bounds.max[1]]),
            fields: self.tile_fields.clone(),
            bands,
            rows: section(&mut ints(&self.row_data).into_iter()),
            values: section(&mut values.bytes.into_iter()),
            value_ends: section(&mut ints(&values.ends).into_iter()),
            value_hashes: section(&mut values.hashes.iter().flat_map(|h| h.to_le_bytes())),
            changes: section(&mut changes.iter().flat_map(|(r, b)| {
                r.to_le_bytes().into_iter().chain(b.iter().flat_map(|n| n.to_le_bytes())).collect::<Vec<_>>()
            })),
        };
        head.assemble(body)
    }
}

impl BandBuilder {
    /// Simplifies, quantises, cleans and stores one feature; a shape that vanishes at this zoom is left out.
    fn add(&mut self, w: &Waiting, shape: Shape, shift: u32, simplify: impl Fn(&[P], &mut Vec<P>)) {
        let mut parts: Vec<Vec<P>> = Vec::with_capacity(w.rings.len());
        let mut line = Vec::new();
        let mut quantised = |ring: &[P]| {
            line.clear();
            simplify(ring, &mut line);
            line.iter().map(|p| coarser(*p, shift)).collect::<Vec<P>>()
        };
        match shape {
            Shape::Point => parts.extend(w.rings.iter().map(|r| quantised(r))),
            Shape::Line => {
                for ring in &w.rings {
                    let mut part = quantised(ring);
                    part.dedup();
                    if part.len() > 1 {
                        parts.push(part);
                    }
                }
            }
            Shape::Polygon => {
                let mut polygons: Vec<Polygon> = Vec::new();
                let mut at = 0;
                for &n in &w.parts {
                    let rings = &w.rings[at..at + n as usize];
                    at += n as usize;
                    let candidate: Vec<Vec<P>> = rings.iter().map(|r| quantised(r)).collect();
                    clean(candidate, &mut polygons);
                }
                parts.extend(polygons.into_iter().flatten());
            }
        }
        if parts.is_empty() {
            return;
        }
        let kind = kind(shape);
        let vertices: usize = parts.iter().map(Vec::len).sum();
        if kind == 1 || self.zoom < split::FROM || vertices < split::LARGE {
            let bounds = bounds_of(&parts);
            return self.put(w, kind, &parts, true, bounds);
        }
        for (corner, parts) in split::split(kind, &parts, 1i64 << (self.zoom + 12)) {
            let last = split::CELL - 1;
            let cell = [corner[0], corner[1], corner[0] + last, corner[1] + last];
            if !parts.is_empty() {
                self.put(w, kind, &parts, false, cell);
            }
        }
    }

    fn put(&mut self, w: &Waiting, kind: u8, parts: &[Vec<P>], whole: bool, bounds: Box4) {
        let at = self.data.len();
        put(&mut self.data, w.id);
        put(&mut self.data, u64::from(w.attributes));
        self.data.push(kind);
        geometry::write(&mut self.data, kind, parts, [0, 0]);
        self.items.push(Item {
            rank: w.rank,
            whole,
            hilbert: order(&bounds, u32::from(FINE - self.zoom)),
            id: w.id,
            bounds,
            at: at as u32,
            len: (self.data.len() - at) as u32,
        });
    }
}

/// A shape's place in the order of its band: along the Hilbert curve by the middle of its box.
pub(crate) fn order(b: &Box4, up: u32) -> u32 {
    hilbert([b[0] + (b[2] - b[0]) / 2, b[1] + (b[3] - b[1]) / 2].map(|v| v.wrapping_shl(up)))
}

fn bounds_of(parts: &[Vec<P>]) -> Box4 {
    parts.iter().flatten().fold([i32::MAX, i32::MAX, i32::MIN, i32::MIN], |b, p| {
        [b[0].min(p[0]), b[1].min(p[1]), b[2].max(p[0]), b[3].max(p[1])]
    })
}

/// A geometry on the finest grid: rings (points, lines) and the rings of each part. `None` when it is empty or any vertex
/// lies outside the Mercator square.
fn grid_parts(g: &Geometry) -> Option<(Vec<Vec<P>>, Vec<u32>)> {
    let mut rings = Vec::new();
    if g.shape == Shape::Point {
        for c in &g.coords {
            rings.push(vec![to_grid(*c)?]);
        }
        let parts = vec![1; rings.len()];
        return (!rings.is_empty()).then_some((rings, parts));
    }
    let mut parts = Vec::new();
    for i in 0..g.part_count() {
        let mut kept = 0;
        for r in if g.shape == Shape::Polygon { g.part(i) } else { i..i + 1 } {
            let mut ring = g.ring(r).iter().map(|c| to_grid(*c)).collect::<Option<Vec<P>>>()?;
            let enough = if g.shape == Shape::Polygon {
                dedup_ring(&mut ring);
                3
            } else {
                ring.dedup();
                2
            };
            if ring.len() >= enough {
                rings.push(ring);
                kept += 1;
            }
        }
        if kept > 0 {
            parts.push(kept);
        }
    }
    (!rings.is_empty()).then_some((rings, parts))
}
