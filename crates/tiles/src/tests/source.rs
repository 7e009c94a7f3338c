//! A feature source in memory, with revisions, and a city to put into it.

use async_trait::async_trait;
use ditu_access::{Action, Gate, Grant, LayerSet, Principal, View};
use ditu_model::source::{Changed, Changes};
use ditu_model::{
    Bounds, Feature, FeatureSource, FeatureStream, Geometry, LayerId, Layers, Query, RevisionId, Row,
    SourceError, Value,
};
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const THEME: &str = r#"
theme = "t"
title = { zh = "测试", en = "Test" }

[[layer]]
id = "t.parcel"
title = { zh = "宗地", en = "Parcel" }
geometry = "polygon"
sharing = "open"
display = { zooms = [8, 22], tolerance_px = 0.5, shared_borders = true }
[[layer.field]]
name = "name"
title = { zh = "名", en = "Name" }
type = "text"
in_tiles = true
[[layer.field]]
name = "secret"
title = { zh = "密", en = "Secret" }
type = "text"
in_tiles = true
sensitive = true

[[layer]]
id = "t.building"
title = { zh = "房屋", en = "Building" }
geometry = "polygon"
sharing = "open"
display = { zooms = [6, 22], min_size_px = 1.0, tolerance_px = 0.5 }
[[layer.field]]
name = "n"
title = { zh = "数", en = "Number" }
type = "integer"
in_tiles = true
[[layer.field]]
name = "r"
title = { zh = "实", en = "Real" }
type = "real"
in_tiles = true
[[layer.field]]
name = "b"
title = { zh = "真", en = "Flag" }
type = "boolean"
in_tiles = true

[[layer]]
id = "t.road"
title = { zh = "道路", en = "Road" }
geometry = "line"
sharing = "open"
display = { zooms = [0, 22], by = "kind", by_value = { main = 0, side = 12 }, default = 14, tolerance_px = 0.5 }
[[layer.field]]
name = "kind"
title = { zh = "类", en = "Kind" }
type = "text"
in_tiles = true

[[layer]]
id = "t.spot"
title = { zh = "点", en = "Spot" }
geometry = "point"
sharing = "private"
display = { zooms = [0, 22] }
[[layer.field]]
name = "name"
title = { zh = "名", en = "Name" }
type = "text"
in_tiles = true
[[layer.field]]
name = "note"
title = { zh = "注", en = "Note" }
type = "text"
"#;

pub(super) fn layers() -> Arc<Layers> {
    let files =
        [("basemap.toml".to_owned(), "themes = [\"t\"]".to_owned()), ("t.toml".to_owned(), THEME.to_owned())];
    Arc::new(Layers::parse(&files).unwrap())
}

pub(super) fn id(name: &str) -> LayerId {
    LayerId::new(name).unwrap()
}

pub(super) fn ids() -> Vec<LayerId> {
    layers().iter().map(|l| l.id.clone()).collect()
}

pub(super) fn view(grant: Grant) -> Arc<View> {
    Arc::new(Gate::new(layers(), [grant]).view(&Principal::Anonymous, Action::Read))
}

pub(super) fn everything() -> Arc<View> {
    view(Grant { sensitive: true, ..Grant::public(LayerSet::All) })
}

/// What one revision did to one feature.
type Entry = (u64, u64, Vec<Bounds>);

#[derive(Default)]
struct Inner {
    head: u64,
    rows: BTreeMap<LayerId, BTreeMap<u64, Row>>,
    log: BTreeMap<LayerId, Vec<Entry>>,
}

#[derive(Default)]
pub(super) struct Source {
    inner: Mutex<Inner>,
    /// Features a batch: must not matter.
    pub(super) batch: usize,
}

fn bounds(row: Option<&Row>) -> Option<Bounds> {
    row.and_then(|r| r.geometry.as_ref()).map(|g| g.bounds())
}

impl Source {
    /// Empty, with so many features a batch.
    pub(super) fn of(batch: usize) -> Source {
        Source { batch, ..Source::default() }
    }

    /// One revision that puts (or, with `None`, removes) features.
    pub(super) fn put(&self, layer: &str, rows: Vec<(u64, Option<Row>)>) -> RevisionId {
        let mut inner = self.inner.lock().unwrap();
        inner.head += 1;
        let head = inner.head;
        for (fid, row) in rows {
            let now = bounds(row.as_ref());
            let table = inner.rows.entry(id(layer)).or_default();
            let before = match row {
                Some(row) => table.insert(fid, row),
                None => table.remove(&fid),
            };
            let touched = bounds(before.as_ref()).into_iter().chain(now).collect();
            inner.log.entry(id(layer)).or_default().push((head, fid, touched));
        }
        RevisionId(head)
    }

    pub(super) fn row(&self, layer: &str, fid: u64) -> Row {
        self.inner.lock().unwrap().rows[&id(layer)][&fid].clone()
    }

    pub(super) fn head(&self) -> RevisionId {
        RevisionId(self.inner.lock().unwrap().head)
    }
}

#[async_trait]
impl FeatureSource for Source {
    async fn revision(&self, layer: &LayerId) -> Result<RevisionId, SourceError> {
        let inner = self.inner.lock().unwrap();
        Ok(RevisionId(inner.log.get(layer).and_then(|l| l.last()).map_or(0, |e| e.0)))
    }

    async fn count(&self, layer: &LayerId) -> Result<u64, SourceError> {
        Ok(self.inner.lock().unwrap().rows.get(layer).map_or(0, |r| r.len() as u64))
    }

    async fn scan(&self, layer: &LayerId, _: Query) -> Result<FeatureStream, SourceError> {
        let revision = self.revision(layer).await?;
        let inner = self.inner.lock().unwrap();
        let rows = inner.rows.get(layer).into_iter().flatten();
        let all: Vec<Feature> = rows.map(|(id, row)| Feature { id: *id, row: row.clone() }).collect();
        let batches: Vec<_> = all.chunks(self.batch.max(1)).map(|c| Ok(c.to_vec())).collect();
        Ok(FeatureStream { revision, batches: futures_util::stream::iter(batches).boxed() })
    }

    async fn changes(
        &self,
        layer: &LayerId,
        since: RevisionId,
        limit: usize,
    ) -> Result<Changes, SourceError> {
        let revision = self.revision(layer).await?;
        let inner = self.inner.lock().unwrap();
        let mut found: BTreeMap<u64, (u64, Vec<Bounds>)> = BTreeMap::new();
        for (r, fid, touched) in inner.log.get(layer).into_iter().flatten().filter(|e| e.0 > since.0) {
            let entry = found.entry(*fid).or_default();
            entry.0 = *r;
            entry.1.extend(touched);
        }
        if found.len() > limit {
            return Ok(Changes { revision, features: None });
        }
        let now = |fid: u64| {
            let row = inner.rows.get(layer)?.get(&fid)?.clone();
            Some(Feature { id: fid, row })
        };
        let list = found.into_iter().map(|(id, (r, touched))| Changed {
            id,
            revision: RevisionId(r),
            now: now(id),
            touched,
        });
        Ok(Changes { revision, features: Some(list.collect()) })
    }
}

/// A small generator that is the same everywhere.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1u64 << 31) as f64
    }
}

pub(super) fn ring(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    points.iter().chain(points.first()).copied().collect()
}

pub(super) fn building(at: [f64; 2], size: f64, n: i64) -> Row {
    let [x, y] = at;
    let s = size;
    let l = ring(&[
        [x, y],
        [x + s, y],
        [x + s, y + s / 2.],
        [x + s / 2., y + s / 2.],
        [x + s / 2., y + s],
        [x, y + s],
    ]);
    let values = vec![Value::Integer(n - 3), Value::Real(n as f64 / 7.0), Value::Boolean(n % 2 == 0)];
    Row { values, geometry: Some(Geometry::polygon(vec![l])) }
}

/// Parcels that share curved borders: a grid whose lines are waves, every vertex computed once.
pub(super) fn parcels(side: usize) -> Vec<Row> {
    let steps = 12;
    let vertex = |i: usize, j: usize, k: usize, across: bool| {
        let t = k as f64 / steps as f64;
        let (u, v) = if across { (i as f64 + t, j as f64) } else { (i as f64, j as f64 + t) };
        let wave = |a: f64, b: f64| 0.1 * (a * 6.3).sin() * (b * 1.7 + 0.3).cos();
        [111.60 + (u + wave(v, u)) * 0.004, 29.00 + (v + wave(u, v + 1.0)) * 0.004]
    };
    let mut rows = Vec::new();
    for i in 0..side {
        for j in 0..side {
            let mut points = Vec::new();
            points.extend((0..steps).map(|k| vertex(i, j, k, true)));
            points.extend((0..steps).map(|k| vertex(i + 1, j, k, false)));
            points.extend((1..=steps).rev().map(|k| vertex(i, j + 1, k, true)));
            points.extend((1..=steps).rev().map(|k| vertex(i, j, k, false)));
            let values = vec![Value::text(format!("宗地{i}-{j}")), Value::text("秘密")];
            rows.push(Row { values, geometry: Some(Geometry::polygon(vec![ring(&points)])) });
        }
    }
    rows
}

/// A star with `n` points: many vertices, concave, and every second one with a hole.
pub(super) fn star(dice: &mut Dice, at: [f64; 2], size: f64, n: usize) -> Row {
    let point = |i: usize, r: f64| {
        let a = i as f64 / n as f64 * std::f64::consts::TAU;
        [at[0] + a.cos() * r, at[1] + a.sin() * r]
    };
    let outer: Vec<[f64; 2]> = (0..n).map(|i| point(i, size * (0.45 + 0.55 * dice.unit()))).collect();
    let mut rings = vec![ring(&outer)];
    if dice.unit() < 0.5 {
        let hole: Vec<[f64; 2]> = (0..n / 3).map(|i| point(i * 3, size * 0.3)).collect();
        rings.push(ring(&hole));
    }
    let values = vec![Value::Integer(n as i64), Value::Null, Value::Boolean(true)];
    Row { values, geometry: Some(Geometry::polygon(rings)) }
}

/// A city with something of everything.
pub(super) fn city() -> Source {
    let source = Source::of(97);
    let number = |rows: Vec<Row>| (1u64..).zip(rows.into_iter().map(Some)).collect();
    source.put("t.parcel", number(parcels(14)));
    let mut dice = Dice(7);
    let mut rows: Vec<Row> = (0..800)
        .map(|i| {
            building([111.60 + dice.unit() * 0.06, 29.0 + dice.unit() * 0.06], 5e-5 + dice.unit() * 4e-4, i)
        })
        .collect();
    rows.extend((0..60).map(|i| {
        let at = [111.60 + dice.unit() * 0.06, 29.0 + dice.unit() * 0.06];
        star(&mut dice, at, 0.002 + 0.0001 * f64::from(i), 40 + i as usize * 5)
    }));
    source.put("t.building", number(rows));
    let roads = (0..120).map(|i| {
        let mut p = [111.60 + dice.unit() * 0.06, 29.0 + dice.unit() * 0.06];
        let line = (0..60).map(|_| {
            p = [p[0] + (dice.unit() - 0.4) * 0.002, p[1] + (dice.unit() - 0.5) * 0.002];
            p
        });
        let kind = ["main", "side", "lane"][i % 3];
        Row { values: vec![Value::text(kind)], geometry: Some(Geometry::line(line.collect())) }
    });
    let roads: Vec<Row> = roads.collect();
    source.put("t.road", number(roads));
    let spots = (0..300).map(|i| Row {
        values: vec![
            if i % 5 == 0 { Value::Null } else { Value::text(format!("点{}", i % 40)) },
            Value::text("不上图"),
        ],
        geometry: Some(Geometry::point(111.60 + dice.unit() * 0.06, 29.0 + dice.unit() * 0.06)),
    });
    let spots: Vec<Row> = spots.collect();
    source.put("t.spot", number(spots));
    source
}
