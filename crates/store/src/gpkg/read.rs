//! Reads: rows, streams in one snapshot, history and differences out of the log.

use super::value;
use super::{File, blocking, env, quote};
use crate::api::{FeatureVersion, StoreError};
use crate::codec;
use crate::show::show;
use async_trait::async_trait;
use ditu_access::{Scope, View};
use ditu_geopackage::blob;
use ditu_model::source::{Changed, Changes};
use ditu_model::{
    Bounds, DateTime, Difference, Feature, FeatureId, FeatureSource, FeatureStream, LayerDef, LayerId,
    Origin, Part, Query, Revision, RevisionId, Row, SourceError,
};
use futures_util::stream;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Features a batch.
const BATCH: usize = 2000;

fn columns(def: &LayerDef, table: &str) -> String {
    def.fields.iter().map(|f| format!(", {table}.{}", quote(&f.name))).collect()
}

pub(super) fn feature(def: &LayerDef, r: &rusqlite::Row<'_>) -> rusqlite::Result<Feature> {
    let geometry = r.get_ref(1)?.as_blob_or_null()?.and_then(blob::read);
    let values = def.fields.iter().enumerate().map(|(i, f)| Ok(value::value(f, r.get_ref(i + 2)?)));
    let values = values.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(Feature { id: r.get::<_, i64>(0)? as u64, row: Row { values, geometry } })
}

/// A row as it is now.
pub(super) fn row(db: &Connection, def: &LayerDef, id: FeatureId) -> rusqlite::Result<Option<Row>> {
    let t = quote(&def.id.table());
    let sql = format!("SELECT fid, geom{} FROM {t} WHERE fid = ?1", columns(def, &t));
    db.prepare_cached(&sql)?.query_row([id as i64], |r| Ok(feature(def, r)?.row)).optional()
}

pub(super) fn layer_revision(db: &Connection, def: &LayerDef) -> rusqlite::Result<RevisionId> {
    let sql = "SELECT revision FROM ditu_layer WHERE layer = ?1";
    let r: i64 = db.prepare_cached(sql)?.query_row([def.id.as_str()], |r| r.get(0))?;
    Ok(RevisionId(r as u64))
}

pub(super) fn revisions(
    db: &Connection,
    layer: Option<&LayerId>,
    shown: &[LayerId],
    limit: usize,
) -> Result<Vec<Revision>, StoreError> {
    let failed = env("reading the history");
    let sql = "SELECT id, layer, at, author, message, source, transformation, added, changed, removed
               FROM ditu_revision WHERE ?1 IS NULL OR layer = ?1 ORDER BY id DESC, layer";
    let mut statement = db.prepare_cached(sql).map_err(&failed)?;
    let rows = statement.query_map([layer.map(LayerId::as_str)], |r| {
        let n = |i: usize| r.get::<_, i64>(i).map(|n| n as u64);
        let origin =
            Origin { author: r.get(3)?, message: r.get(4)?, source: r.get(5)?, transformation: r.get(6)? };
        let layer: String = r.get(1)?;
        let layer = shown.iter().find(|l| l.as_str() == layer).cloned();
        Ok(layer.map(|layer| -> rusqlite::Result<Revision> {
            Ok(Revision {
                id: RevisionId(n(0)?),
                layer,
                at: DateTime(r.get(2)?),
                origin,
                added: n(7)?,
                changed: n(8)?,
                removed: n(9)?,
            })
        }))
    });
    let rows = rows.map_err(&failed)?;
    let found = rows.filter_map(|r| r.and_then(Option::transpose).transpose()).take(limit);
    found.collect::<rusqlite::Result<_>>().map_err(&failed)
}

/// What the log says of a feature, oldest first: the revision, and the row before it.
type Entries = Vec<(u64, Option<Row>)>;

/// Log entries of features after a revision and up to another, by feature; all features or one.
fn entries(
    db: &Connection,
    def: &LayerDef,
    after: u64,
    to: u64,
    one: Option<FeatureId>,
) -> rusqlite::Result<BTreeMap<FeatureId, Entries>> {
    let mut found: BTreeMap<FeatureId, Entries> = BTreeMap::new();
    let (layer, after, to) = (def.id.as_str(), after as i64, to.min(i64::MAX as u64) as i64);
    let one = one.map(|id| id as i64);
    let sql =
        "SELECT first, last, revision FROM ditu_added WHERE layer = ?1 AND revision > ?2 AND revision <= ?3
               AND (?4 IS NULL OR ?4 BETWEEN first AND last)";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![layer, after, to, one])?;
    while let Some(r) = rows.next()? {
        let (first, last, revision) =
            (r.get::<_, i64>(0)? as u64, r.get::<_, i64>(1)? as u64, r.get::<_, i64>(2)?);
        let ids = one.map_or(first..=last, |id| id as u64..=id as u64);
        for id in ids {
            found.entry(id).or_default().push((revision as u64, None));
        }
    }
    let sql =
        "SELECT fid, revision, before FROM ditu_change WHERE layer = ?1 AND revision > ?2 AND revision <= ?3
               AND (?4 IS NULL OR fid = ?4)";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![layer, after, to, one])?;
    while let Some(r) = rows.next()? {
        let before = r.get_ref(2)?.as_blob_or_null()?.and_then(|b| codec::decode(b, &def.fields));
        found.entry(r.get::<_, i64>(0)? as u64).or_default().push((r.get::<_, i64>(1)? as u64, before));
    }
    for list in found.values_mut() {
        list.sort_by_key(|(revision, _)| *revision);
    }
    Ok(found)
}

fn known(db: &Connection, r: RevisionId) -> Result<(), StoreError> {
    let head: i64 = db
        .query_row("SELECT ifnull(max(id), 0) FROM ditu_revision", [], |r| r.get(0))
        .map_err(env("reading the head revision"))?;
    if r.0 > head as u64 { Err(StoreError::NoRevision(r)) } else { Ok(()) }
}

/// Features that differ between two revisions, in id order, at most so many.
pub(super) fn diff(
    db: &Connection,
    def: &LayerDef,
    a: RevisionId,
    b: RevisionId,
    limit: usize,
) -> Result<Vec<Difference>, StoreError> {
    known(db, a)?;
    known(db, b)?;
    let failed = env("reading the history");
    let low = a.min(b).0;
    let touched = entries(db, def, low, u64::MAX, None).map_err(&failed)?;
    let high = a.max(b).0;
    let mut out = Vec::new();
    for (id, list) in touched {
        if out.len() >= limit {
            break;
        }
        if list[0].0 > high {
            continue;
        }
        // The state at a revision is what was before the first change after it, or what is now.
        let at = |r: u64| -> Result<Option<Row>, StoreError> {
            match list.iter().find(|(revision, _)| *revision > r) {
                Some((_, before)) => Ok(before.clone()),
                None => row(db, def, id).map_err(&failed),
            }
        };
        let feature = |row: Option<Row>| row.map(|row| Feature { id, row });
        let (before, after) = (feature(at(a.0)?), feature(at(b.0)?));
        if before != after {
            out.push(Difference { id, before, after });
        }
    }
    Ok(out)
}

/// All versions of a feature, oldest first.
pub(super) fn history(
    db: &Connection,
    def: &LayerDef,
    id: FeatureId,
) -> Result<Vec<FeatureVersion>, StoreError> {
    let failed = env("reading the history");
    let mut all = entries(db, def, 0, u64::MAX, Some(id)).map_err(&failed)?;
    let list = all.remove(&id).unwrap_or_default();
    let mut out = Vec::new();
    for (i, (revision, _)) in list.iter().enumerate() {
        let row = match list.get(i + 1) {
            Some((_, before)) => before.clone(),
            None => row(db, def, id).map_err(&failed)?,
        };
        out.push(FeatureVersion {
            revision: RevisionId(*revision),
            feature: row.map(|row| Feature { id, row }),
        });
    }
    Ok(out)
}

/// Reads under a view.
pub(super) struct Reader {
    pub(super) file: Arc<File>,
    pub(super) view: Arc<View>,
}

impl Reader {
    fn scope(&self, layer: &LayerId) -> Result<Scope, SourceError> {
        self.view.scope(layer).cloned().ok_or_else(|| SourceError::NoLayer(layer.clone()))
    }

    async fn read<T: Send + 'static>(
        &self,
        layer: &LayerId,
        f: impl FnOnce(&Connection, &LayerDef) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SourceError> {
        let scope = self.scope(layer)?;
        let file = self.file.clone();
        let failed = env("reading the layer");
        blocking(move || file.read(|db| f(db, scope.layer()).map_err(failed)))
            .await
            .map_err(|e| source_error(layer, e))
    }
}

fn source_error(layer: &LayerId, e: StoreError) -> SourceError {
    match e {
        StoreError::Busy { retry_after_s } => SourceError::Busy { retry_after_s },
        other => SourceError::Unavailable { layer: layer.clone(), source: Box::new(other) },
    }
}

/// The SQL of a query and its parameters.
fn select(def: &LayerDef, query: &Query) -> (String, Vec<Sql>) {
    let (t, tree) = (quote(&def.id.table()), quote(&format!("rtree_{}_geom", def.id.table())));
    let mut sql = format!("SELECT {t}.fid, {t}.geom{} FROM {t}", columns(def, &t));
    let mut parameters: Vec<Sql> = Vec::new();
    let mut conditions = Vec::new();
    let mut mark = |v: Sql| {
        parameters.push(v);
        format!("?{}", parameters.len())
    };
    if let Some(b) = &query.bounds {
        // The R-tree holds 32-bit boxes rounded outwards, so it finds all, and a few more that are left out later.
        let c = format!(
            "{t}.fid IN (SELECT id FROM {tree} WHERE maxx >= {} AND minx <= {} AND maxy >= {} AND miny <= {})",
            mark(b.min[0].into()),
            mark(b.max[0].into()),
            mark(b.min[1].into()),
            mark(b.max[1].into())
        );
        conditions.push(c);
    }
    if let Some(ids) = &query.ids {
        let list = serde_json::to_string(ids).unwrap_or_default();
        conditions.push(format!("{t}.fid IN (SELECT value FROM json_each({}))", mark(list.into())));
    }
    if let Some(after) = query.after {
        conditions.push(format!("{t}.fid > {}", mark((after as i64).into())));
    }
    if !conditions.is_empty() {
        sql += &format!(" WHERE {}", conditions.join(" AND "));
    }
    sql += &format!(" ORDER BY {t}.fid");
    (sql, parameters)
}

/// Whether a shown feature's box meets the query's.
fn meets(query: &Query, feature: &Feature) -> bool {
    let Some(b) = &query.bounds else { return true };
    feature.row.geometry.as_ref().is_some_and(|g| g.bounds().intersects(b))
}

#[async_trait]
impl FeatureSource for Reader {
    async fn revision(&self, layer: &LayerId) -> Result<RevisionId, SourceError> {
        self.read(layer, layer_revision).await
    }

    async fn count(&self, layer: &LayerId) -> Result<u64, SourceError> {
        let scope = self.scope(layer)?;
        if scope.area().is_none() {
            return self
                .read(layer, |db, def| {
                    let sql = "SELECT features FROM ditu_layer WHERE layer = ?1";
                    let n: i64 = db.prepare_cached(sql)?.query_row([def.id.as_str()], |r| r.get(0))?;
                    Ok(n as u64)
                })
                .await;
        }
        self.read(layer, move |db, def| {
            let (sql, _) = select(def, &Query::default());
            let mut statement = db.prepare(&sql)?;
            let mut rows = statement.query([])?;
            let mut n = 0;
            while let Some(r) = rows.next()? {
                n += u64::from(show(&scope, feature(def, r)?).is_some());
            }
            Ok(n)
        })
        .await
    }

    async fn scan(&self, layer: &LayerId, query: Query) -> Result<FeatureStream, SourceError> {
        let scope = self.scope(layer)?;
        let (file, id) = (self.file.clone(), layer.clone());
        let turn = tokio::time::timeout(super::TURN, file.streams.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(SourceError::Busy { retry_after_s: 2 }) };
        let (send, receive) = tokio::sync::mpsc::channel::<Result<Vec<Feature>, SourceError>>(2);
        let (tell, told) = tokio::sync::oneshot::channel();
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let mut tell = Some(tell);
            let failed = env("reading the layer");
            let result = file.read(|db| {
                let def = scope.layer();
                let revision = layer_revision(db, def).map_err(&failed)?;
                if let Some(tell) = tell.take() {
                    let _ = tell.send(Ok(revision));
                }
                let (sql, parameters) = select(def, &query);
                let mut statement = db.prepare_cached(&sql).map_err(&failed)?;
                let mut rows = statement.query(params_from_iter(parameters)).map_err(&failed)?;
                let mut left = query.limit.unwrap_or(usize::MAX);
                let mut batch = Vec::new();
                while left > 0 {
                    let Some(r) = rows.next().map_err(&failed)? else { break };
                    let Some(shown) = show(&scope, feature(def, r).map_err(&failed)?) else { continue };
                    if !meets(&query, &shown) {
                        continue;
                    }
                    batch.push(shown);
                    left -= 1;
                    if batch.len() == BATCH && send.blocking_send(Ok(std::mem::take(&mut batch))).is_err() {
                        return Ok(()); // Nobody listens any more.
                    }
                }
                if !batch.is_empty() {
                    let _ = send.blocking_send(Ok(batch));
                }
                Ok(())
            });
            if let Err(e) = result {
                let e = source_error(&id, e);
                match tell.take() {
                    Some(tell) => drop(tell.send(Err(e))),
                    None => drop(send.blocking_send(Err(e))),
                }
            }
        });
        let gone =
            || SourceError::Unavailable { layer: layer.clone(), source: "the reader ended early".into() };
        let revision = told.await.map_err(|_| gone())??;
        let batches = stream::unfold(receive, |mut r| async move { Some((r.recv().await?, r)) });
        Ok(FeatureStream { revision, batches: Box::pin(batches) })
    }

    async fn changes(
        &self,
        layer: &LayerId,
        since: RevisionId,
        limit: usize,
    ) -> Result<Changes, SourceError> {
        let scope = self.scope(layer)?;
        self.read(layer, move |db, def| {
            let revision = layer_revision(db, def)?;
            let (name, after) = (def.id.as_str(), since.0 as i64);
            let sql = "SELECT (SELECT ifnull(sum(last - first + 1), 0) FROM ditu_added WHERE layer = ?1 AND revision > ?2)
                       + (SELECT count(*) FROM ditu_change WHERE layer = ?1 AND revision > ?2)";
            let many: i64 = db.prepare_cached(sql)?.query_row(params![name, after], |r| r.get(0))?;
            if many as u64 > limit as u64 {
                return Ok(Changes { revision, features: None });
            }
            let mut found: BTreeMap<FeatureId, (u64, Vec<Bounds>)> = BTreeMap::new();
            let sql = "SELECT first, last, revision FROM ditu_added WHERE layer = ?1 AND revision > ?2";
            let mut statement = db.prepare_cached(sql)?;
            let mut rows = statement.query(params![name, after])?;
            while let Some(r) = rows.next()? {
                for id in r.get::<_, i64>(0)? as u64..=r.get::<_, i64>(1)? as u64 {
                    // Restored features are listed a second time.
                    let entry = found.entry(id).or_insert((0, Vec::new()));
                    entry.0 = entry.0.max(r.get::<_, i64>(2)? as u64);
                }
            }
            let sql = "SELECT fid, revision, min_x, min_y, max_x, max_y FROM ditu_change
                       WHERE layer = ?1 AND revision > ?2";
            let mut statement = db.prepare_cached(sql)?;
            let mut rows = statement.query(params![name, after])?;
            while let Some(r) = rows.next()? {
                let side = |i: usize| r.get::<_, Option<f64>>(i);
                let entry = found.entry(r.get::<_, i64>(0)? as u64).or_insert((0, Vec::new()));
                entry.0 = entry.0.max(r.get::<_, i64>(1)? as u64);
                if let (Some(w), Some(s), Some(e), Some(n)) = (side(2)?, side(3)?, side(4)?, side(5)?) {
                    entry.1.push(Bounds::new(w, s, e, n));
                }
            }
            let mut features = Vec::with_capacity(found.len());
            for (id, (revision, mut touched)) in found {
                let now = row(db, def, id)?.map(|row| Feature { id, row });
                if let Some(g) = now.as_ref().and_then(|f| f.row.geometry.as_ref()).filter(|g| !g.is_empty()) {
                    touched.push(g.bounds());
                }
                if scope.area().is_some_and(|boxes| !boxes.iter().any(|b| touched.iter().any(|t| b.intersects(t)))) {
                    continue;
                }
                let now = now.and_then(|f| show(&scope, f));
                features.push(Changed { id, revision: RevisionId(revision), now, touched });
            }
            Ok(Changes { revision, features: Some(features) })
        })
        .await
    }
}

/// What the log has of a feature: each row before a revision, earlier than a given one, changed it.
pub(super) fn former(
    db: &Connection,
    def: &LayerDef,
    id: FeatureId,
    before: RevisionId,
    take: &mut dyn FnMut(FeatureId, RevisionId, &Row),
) -> rusqlite::Result<()> {
    let sql = "SELECT revision, before FROM ditu_change WHERE layer = ?1 AND fid = ?2 AND revision < ?3";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![def.id.as_str(), id as i64, before.0 as i64])?;
    while let Some(r) = rows.next()? {
        let row = r.get_ref(1)?.as_blob_or_null()?.and_then(|b| codec::decode(b, &def.fields));
        if let Some(row) = row {
            take(id, RevisionId(r.get::<_, i64>(0)? as u64), &row);
        }
    }
    Ok(())
}

/// The features of a part of a layer.
pub(super) fn within(
    db: &Connection,
    def: &LayerDef,
    part: &Part,
    take: &mut dyn FnMut(FeatureId),
) -> rusqlite::Result<()> {
    let t = quote(&def.id.table());
    match part {
        Part::All => {
            let mut statement = db.prepare(&format!("SELECT fid FROM {t}"))?;
            let mut rows = statement.query([])?;
            while let Some(r) = rows.next()? {
                take(r.get::<_, i64>(0)? as u64);
            }
        }
        Part::Values { field, prefix, values } => {
            let name = quote(&def.fields[*field].name);
            let mut statement =
                db.prepare(&format!("SELECT fid, {name} FROM {t} WHERE {name} IS NOT NULL"))?;
            let mut rows = statement.query([])?;
            while let Some(r) = rows.next()? {
                let value = value::value(&def.fields[*field], r.get_ref(1)?);
                if Part::text_of(&value, *prefix).is_some_and(|text| values.contains(text)) {
                    take(r.get::<_, i64>(0)? as u64);
                }
            }
        }
        Part::Area(_) => {
            let query = Query { bounds: part.bounds(), ..Query::default() };
            let (sql, parameters) = select(def, &query);
            let mut statement = db.prepare(&sql)?;
            let mut rows = statement.query(params_from_iter(parameters))?;
            while let Some(r) = rows.next()? {
                let f = feature(def, r)?;
                if part.holds(&f.row) {
                    take(f.id);
                }
            }
        }
    }
    Ok(())
}

/// The features that hold something in any of these fields, in id order.
pub(super) fn holding(
    db: &Connection,
    def: &LayerDef,
    fields: &[usize],
    take: &mut dyn FnMut(FeatureId, Row),
) -> rusqlite::Result<()> {
    let t = quote(&def.id.table());
    let some: Vec<String> =
        fields.iter().map(|&i| format!("{t}.{} IS NOT NULL", quote(&def.fields[i].name))).collect();
    let sql =
        format!("SELECT fid, geom{} FROM {t} WHERE {} ORDER BY fid", columns(def, &t), some.join(" OR "));
    let mut statement = db.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(r) = rows.next()? {
        let f = feature(def, r)?;
        take(f.id, f.row);
    }
    Ok(())
}
