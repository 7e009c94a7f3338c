//! Blocks and what comes of their inserts: a drawing in the drawing is drawn where it stands, a symbol stays a point.
//!
//! Which of the two a block is, its entities and the layers say: entities with feature codes, or on drawing layers whose layer of
//! the map takes such shapes, are the map's; strokes on a layer that takes points are how its symbol looks. Where the layers
//! say neither, its size in the drawing does.

use super::curved::{self, ALL_STROKED, Curve, Entity, STROKED_A_BYTE};
use super::placement::Placement;
use super::{Entry, NO_SHAPE, POINT};
use ditu_model::{Bounds, Geometry, Shape};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::ControlFlow;

/// Blocks in blocks in blocks.
const DEPTH: usize = 64;
/// Entities that inserts may come to, and more for each byte of the file by which to divide.
const PLACED: u64 = 1_000_000;
const BYTES_A_PLACED: u64 = 8;
/// Metres from which what is inserted is no symbol, where its layers mean nothing or both.
const LARGE: f64 = 50.0;
/// And where its layers take what it holds: symbols are up to half a centimetre on paper, of 1 : 500 to 1 : 1000.
const SMALL: f64 = 5.0;
/// Shapes of a block that the attributes of its insert may describe.
const DESCRIBED: u64 = 16;
/// Drawing layers and kinds that are kept of a block.
const KEPT: usize = 500;

/// One entity of a block, with where the block's base point is nought.
pub(super) struct Part {
    pub(super) entry: Entry,
    curve: Option<Entity>,
    inner: Option<usize>,
}

/// What a block holds, with what it inserts.
#[derive(Clone, Default)]
struct Sum {
    /// Drawing layers (none of its own: the insert's) and kinds.
    kinds: BTreeSet<(Option<String>, u8)>,
    coded: bool,
    extent: Option<Bounds>,
    shapes: u64,
    /// Blocks under it.
    height: usize,
}

struct Block {
    name: String,
    parts: Vec<Part>,
    sum: Sum,
}

/// All blocks of a drawing.
#[derive(Default)]
pub(super) struct Blocks {
    all: Vec<Block>,
    by_name: HashMap<String, usize>,
    /// Inserts that would put a block into itself, or go too deep.
    pub(super) circular: u64,
    bytes: u64,
    /// Metres of a unit, as far as known.
    metres: f64,
}

/// How much came of the inserts in one reading.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// Inserts that were drawn, and what came of them.
    pub(super) drawn: u64,
    pub(super) entities: u64,
    stroked: u64,
    /// Curves that stay as GDAL strokes them.
    pub(super) strange: u64,
    pub(super) too_many: bool,
    /// From which size a block on a layer is drawn.
    meant: HashMap<(usize, String), f64>,
}

/// What drawing layers mean: whether their layer of the map takes a kind.
pub(super) type Means<'a> = dyn Fn(&str, Shape) -> bool + 'a;

/// The layer on which what is drawn takes the insert's.
pub(super) fn is_nought(layer: &str) -> bool {
    layer == "0"
}

fn shape_of(kind: u8) -> Option<Shape> {
    [Shape::Point, Shape::Line, Shape::Polygon].get(usize::from(kind)).copied()
}

/// What a part's place is told by: whether a row of this layer and kind is wanted, and the row.
pub(super) trait Taker {
    /// Whether the shape is to be made at all.
    fn wants(&mut self, layer: &str, kind: u8) -> bool;
    /// Takes it.
    fn take(&mut self, entry: Entry) -> ControlFlow<()>;
}

/// How an insert stands.
#[derive(Clone, Copy)]
struct Stand<'a> {
    at: Placement,
    layer: &'a str,
    attributes: &'a [(String, String)],
    south: &'a [String],
}

impl Blocks {
    /// Of the entities that GDAL gives of each, with the base points and the curves that the file holds.
    pub(super) fn new(
        entries: impl IntoIterator<Item = (String, Vec<Entry>)>,
        mut known: impl FnMut(&str) -> Option<([f64; 3], Vec<Entity>)>,
        bytes: u64,
        metres: f64,
    ) -> Blocks {
        let mut blocks = Blocks { bytes, metres, ..Blocks::default() };
        for (name, entries) in entries {
            let (base, curves) = known(&name).unwrap_or_default();
            let curves: Vec<Entity> = curves.iter().map(|c| c.moved(1.0, base.map(|b| -b))).collect();
            let mut next: VecDeque<(Curve, Option<Entity>)> =
                curves.into_iter().map(|c| (c.waiting(), Some(c))).collect();
            let mut curve_of = |entry: &Entry| {
                let shape = entry.geometry.as_ref()?.as_ref().ok()?;
                let ahead = next.iter().take(curved::AHEAD).map(|(c, _)| c);
                let at = curved::meet(ahead, entry.handle.as_deref(), shape)?;
                let (waiting, entity) = next.drain(..=at).next_back()?;
                waiting.own(shape).and(entity)
            };
            let parts = entries
                .into_iter()
                .map(|mut entry| {
                    let curve = curve_of(&entry);
                    if let Some(Ok(shape)) = &mut entry.geometry
                        && shape.z.is_empty()
                        && base[2] != 0.0
                    {
                        // GDAL moves only heights that are there.
                        shape.z = vec![-base[2]; shape.coords.len()];
                    }
                    Part { curve, entry, inner: None }
                })
                .collect();
            blocks.by_name.insert(key(&name), blocks.all.len());
            blocks.all.push(Block { name, parts, sum: Sum::default() });
        }
        for block in &mut blocks.all {
            for part in &mut block.parts {
                let name = part.entry.block.as_deref().filter(|_| part.entry.stands.is_some());
                part.inner = name.and_then(|n| blocks.by_name.get(&key(n)).copied());
            }
        }
        let mut done = vec![None; blocks.all.len()];
        for i in 0..blocks.all.len() {
            blocks.sum(i, 0, &mut done);
        }
        blocks
    }

    /// The number of a block.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(&key(name)).copied()
    }

    /// Adds up what a block holds; cuts what closes a circle. `done` is false while a block is being summed.
    fn sum(&mut self, i: usize, depth: usize, done: &mut [Option<bool>]) {
        if done[i].is_some() {
            return;
        }
        done[i] = Some(false);
        let mut sum = Sum::default();
        for p in 0..self.all[i].parts.len() {
            if let Some(inner) = self.all[i].parts[p].inner {
                if depth < DEPTH {
                    self.sum(inner, depth + 1, done);
                }
                if done[inner] != Some(true) || self.all[inner].sum.height >= DEPTH {
                    self.all[i].parts[p].inner = None;
                    self.circular += 1;
                }
            }
            let part = &self.all[i].parts[p];
            let own = |layer: &str| (!is_nought(layer)).then(|| layer.to_owned());
            let layer = own(&part.entry.layer);
            sum.coded |= part.entry.stands.is_none() && !part.entry.south.is_empty();
            if let (Some(inner), Some(stands)) = (part.inner, &part.entry.stands) {
                let inner = &self.all[inner].sum;
                sum.coded |= inner.coded;
                sum.height = sum.height.max(inner.height + 1);
                sum.shapes = sum.shapes.saturating_add(inner.shapes);
                let mut add = |kind: (Option<String>, u8)| {
                    if sum.kinds.len() < KEPT {
                        sum.kinds.insert(kind);
                    }
                };
                for (of, kind) in &inner.kinds {
                    add((of.clone().or_else(|| layer.clone()), *kind));
                }
                add((layer, POINT));
                if let Some(b) = inner.extent {
                    for c in [
                        [b.min[0], b.min[1]],
                        [b.min[0], b.max[1]],
                        [b.max[0], b.min[1]],
                        [b.max[0], b.max[1]],
                    ] {
                        let [x, y, _] = stands.at([c[0], c[1], 0.0]);
                        sum.extent.get_or_insert(Bounds::EMPTY).add([x, y]);
                    }
                }
                continue;
            }
            let kind = part.entry.kind();
            sum.shapes += u64::from(shape_of(kind).is_some());
            if sum.kinds.len() < KEPT {
                sum.kinds.insert((layer, kind));
            }
            if let Some(Ok(shape)) = &part.entry.geometry {
                let extent = sum.extent.get_or_insert(Bounds::EMPTY);
                shape.coords.iter().for_each(|c| extent.add(*c));
            }
        }
        self.all[i].sum = sum;
        done[i] = Some(true);
    }

    /// Whether what a block holds is the map's own: else it is a symbol's look.
    pub(super) fn is_drawn(
        &self,
        block: usize,
        layer: &str,
        at: &Placement,
        means: &Means<'_>,
        made: &mut Made,
    ) -> bool {
        let of = made.meant.entry((block, layer.to_owned()));
        let meant = *of.or_insert_with(|| self.meant(block, layer, means));
        // What is stretched is made to measure: symbols keep their shape.
        let stretched = meant == SMALL && at.is_stretched();
        stretched || meant == 0.0 || meant.is_finite() && self.size(block, at) * self.metres >= meant
    }

    /// From which size a block on a layer is drawn: nought where it always is.
    fn meant(&self, block: usize, layer: &str, means: &Means<'_>) -> f64 {
        let sum = &self.all[block].sum;
        // Patterns of R12's hatches are blocks; their lines are no lines.
        if self.all[block].name.to_ascii_uppercase().starts_with("*X") || sum.extent.is_none() {
            return f64::INFINITY;
        }
        let of_another =
            |own: &Option<String>| own.as_deref().is_some_and(|l| !l.eq_ignore_ascii_case(layer));
        let taken = |own: &Option<String>, kind: u8| {
            shape_of(kind).is_some_and(|shape| means(own.as_deref().unwrap_or(layer), shape))
        };
        let any = |another: bool, point: bool| {
            let of = |k: &&(Option<String>, u8)| of_another(&k.0) == another && (k.1 == POINT) == point;
            sum.kinds.iter().filter(of).any(|(own, kind)| taken(own, *kind))
        };
        if sum.coded || any(true, true) {
            return 0.0;
        }
        let points = means(layer, Shape::Point);
        match any(true, false) || !points && any(false, false) {
            true => SMALL,
            false if points && !any(false, false) => f64::INFINITY,
            false => LARGE,
        }
    }

    /// The longer side of a block's box as it stands.
    fn size(&self, block: usize, at: &Placement) -> f64 {
        let Some(b) = self.all[block].sum.extent else { return 0.0 };
        let mut stands = Bounds::EMPTY;
        for c in [[b.min[0], b.min[1]], [b.min[0], b.max[1]], [b.max[0], b.min[1]], [b.max[0], b.max[1]]] {
            let [x, y, _] = at.at([c[0], c[1], 0.0]);
            stands.add([x, y]);
        }
        (stands.max[0] - stands.min[0]).max(stands.max[1] - stands.min[1])
    }

    /// Draws a block as its insert says.
    pub(super) fn draw(
        &self,
        block: usize,
        insert: &Entry,
        means: &Means<'_>,
        made: &mut Made,
        taker: &mut dyn Taker,
    ) -> ControlFlow<()> {
        made.drawn += 1;
        let stand = Stand {
            at: insert.stands.unwrap_or(Placement::OWN),
            layer: &insert.layer,
            attributes: &insert.attributes,
            south: &insert.south,
        };
        self.parts(block, &stand, means, made, taker)
    }

    fn parts(
        &self,
        block: usize,
        stand: &Stand<'_>,
        means: &Means<'_>,
        made: &mut Made,
        taker: &mut dyn Taker,
    ) -> ControlFlow<()> {
        let described = self.all[block].sum.shapes <= DESCRIBED;
        for part in &self.all[block].parts {
            made.entities += 1;
            if made.entities > PLACED + self.bytes / BYTES_A_PLACED {
                made.too_many = true;
                return ControlFlow::Break(());
            }
            let entry = &part.entry;
            let layer = if is_nought(&entry.layer) { stand.layer } else { &entry.layer };
            let at = entry.stands.map(|inner| stand.at.of_inner(&inner));
            let south = if entry.south.is_empty() { stand.south } else { &entry.south };
            let attributes = || {
                let more = stand
                    .attributes
                    .iter()
                    .filter(|(tag, _)| described && !entry.attributes.iter().any(|(t, _)| t == tag));
                entry.attributes.iter().chain(more).cloned().collect::<Vec<_>>()
            };
            if let (Some(inner), Some(at)) = (part.inner, at)
                && self.is_drawn(inner, layer, &at, means, made)
            {
                let attributes = attributes();
                self.parts(inner, &Stand { at, layer, attributes: &attributes, south }, means, made, taker)?;
                continue;
            }
            let kind = entry.kind();
            if !taker.wants(layer, kind) {
                continue;
            }
            let geometry = match &entry.geometry {
                Some(Ok(shape)) => Some(Ok(self.shape(shape, part.curve.as_ref(), &stand.at, made))),
                other => other.clone(),
            };
            taker.take(Entry {
                layer: layer.to_owned(),
                text: entry.text.clone(),
                block: entry.block.clone(),
                attributes: if kind == NO_SHAPE { Vec::new() } else { attributes() },
                south: south.to_vec(),
                handle: None,
                stands: at,
                geometry,
            })?;
        }
        ControlFlow::Continue(())
    }

    /// A shape as it stands. Curves are stroked as large as they are drawn, for a centimetre is one on the ground.
    fn shape(&self, shape: &Geometry, curve: Option<&Entity>, at: &Placement, made: &mut Made) -> Geometry {
        let own = curve.and_then(|curve| {
            if made.stroked >= ALL_STROKED + STROKED_A_BYTE * self.bytes {
                made.strange += 1;
                return None;
            }
            let scale = at.widest();
            let (first, [x, y, z]) = (curve.first()?, at.at(curve.first()?));
            if scale.is_nan() || scale <= 0.0 {
                return None;
            }
            // Where it will be: how fine it must be depends on whether its numbers are metres or degrees.
            let by = [x - first[0] * scale, y - first[1] * scale, z - first[2] * scale];
            let Ok(mut line) = curve.moved(scale, by).stroked() else {
                made.strange += 1;
                return None;
            };
            made.stroked += line.coords.len() as u64;
            for c in &mut line.coords {
                *c = [(c[0] - by[0]) / scale, (c[1] - by[1]) / scale];
            }
            if line.z.is_empty() {
                line.z = vec![0.0; line.coords.len()];
            }
            line.z.iter_mut().for_each(|h| *h = (*h - by[2]) / scale);
            if shape.z.is_empty() && line.z.iter().all(|h| h.abs() < 1e-6) {
                line.z.clear();
            }
            Some(line)
        });
        at.shape(own.as_ref().unwrap_or(shape))
    }
}

/// Names of blocks are the same in small letters and large ones.
fn key(name: &str) -> String {
    name.to_uppercase()
}

/// For fuzzing: blocks of curves alone, one inserted in the other as a file says, each drawn.
pub(super) fn fuzz(scan: &super::scan::Scan) {
    let entry = |block: Option<String>, geometry: Geometry| Entry {
        layer: "0".into(),
        text: None,
        stands: block
            .as_ref()
            .map(|_| Placement::of([1.0, 2.0, 3.0], [2.0, -0.5, 1.0], 30.0, [0.0, 0.0, -1.0])),
        block,
        attributes: Vec::new(),
        south: Vec::new(),
        handle: None,
        geometry: Some(Ok(geometry)),
    };
    let name = |n: &[u8]| String::from_utf8_lossy(n).into_owned();
    let of = scan.blocks.iter().take(50).map(|(of, d)| {
        let curves = d.curves.iter().filter_map(|c| c.stroked().ok()).map(|line| entry(None, line));
        let inserts = d.held.inserts.keys().map(|n| entry(Some(name(n)), Geometry::point(1.0, 2.0)));
        (name(of), curves.chain(inserts).take(20).collect())
    });
    let known = |n: &str| scan.blocks.get(n.as_bytes()).map(|d| ([0.0; 3], d.curves.clone()));
    let blocks = Blocks::new(of, known, 1_000, 1.0);
    struct All(u64);
    impl Taker for All {
        fn wants(&mut self, _: &str, _: u8) -> bool {
            true
        }
        fn take(&mut self, _: Entry) -> ControlFlow<()> {
            self.0 += 1;
            if self.0 < 1_000 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        }
    }
    for block in 0..blocks.all.len() {
        let mut made = Made::default();
        let _ =
            blocks.draw(block, &entry(None, Geometry::point(0.0, 0.0)), &|_, _| true, &mut made, &mut All(0));
    }
}
