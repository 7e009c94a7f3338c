//! Reads: rows, streams in one snapshot, history and differences out of the log.

use super::{Database, env, quote, snapshot};
use crate::api::{FeatureVersion, StoreError};
use crate::show::show;
use async_trait::async_trait;
use ditu_access::{Scope, View};
use ditu_model::source::{Changed, Changes};
use ditu_model::{
    Bounds, Date, DateTime, Difference, Feature, FeatureId, FeatureSource, FeatureStream, FieldType,
    Geometry, LayerDef, LayerId, Origin, Query, Revision, RevisionId, Row, SourceError, Value,
};
use futures_util::stream;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_postgres::Transaction;
use tokio_postgres::types::{ToSql, Type};

/// Features a batch.
const BATCH: i32 = 2000;

/// What is selected of a layer's table: id, shape, values in forms that need no extension's types.
fn columns(def: &LayerDef) -> String {
    let fields = def.fields.iter().map(|f| {
        let q = quote(&f.name);
        match f.kind {
            FieldType::Date => format!(", (t.{q} - DATE '1970-01-01')"),
            FieldType::DateTime => format!(", (extract(epoch FROM t.{q}) * 1000)::bigint"),
            FieldType::Json => format!(", t.{q}::text"),
            _ => format!(", t.{q}"),
        }
    });
    format!("t.fid, ST_AsEWKB(t.geom){}", fields.collect::<String>())
}

fn feature(def: &LayerDef, r: &tokio_postgres::Row) -> Feature {
    let geometry = r.get::<_, Option<&[u8]>>(1).and_then(|b| Geometry::from_wkb(b).ok());
    let values = def.fields.iter().enumerate().map(|(i, f)| {
        let i = i + 2;
        let value = match f.kind {
            FieldType::Text => r.get::<_, Option<&str>>(i).map(Value::text),
            FieldType::Json => r.get::<_, Option<&str>>(i).map(|t| Value::Json(t.into())),
            FieldType::Integer => r.get::<_, Option<i64>>(i).map(Value::Integer),
            FieldType::Real => r.get::<_, Option<f64>>(i).map(Value::Real),
            FieldType::Boolean => r.get::<_, Option<bool>>(i).map(Value::Boolean),
            FieldType::Date => r.get::<_, Option<i32>>(i).and_then(Date::from_days).map(Value::Date),
            FieldType::DateTime => r.get::<_, Option<i64>>(i).map(|ms| Value::DateTime(DateTime(ms))),
        };
        value.unwrap_or(Value::Null)
    });
    Feature { id: r.get::<_, i64>(0) as u64, row: Row { values: values.collect(), geometry } }
}

/// A row out of the log's JSON.
fn logged(def: &LayerDef, json: &str, geometry: Option<&[u8]>) -> Option<Row> {
    let json: serde_json::Value = serde_json::from_str(json).ok()?;
    let values = def.fields.iter().map(|f| {
        let v = json.get(&f.name).unwrap_or(&serde_json::Value::Null);
        let text = || v.as_str();
        let value = match f.kind {
            FieldType::Text => text().map(Value::text),
            FieldType::Integer => v.as_i64().map(Value::Integer),
            FieldType::Real => v.as_f64().map(Value::Real),
            FieldType::Boolean => v.as_bool().map(Value::Boolean),
            FieldType::Date => text().and_then(Date::parse).map(Value::Date),
            FieldType::DateTime => text().and_then(DateTime::parse).map(Value::DateTime),
            FieldType::Json => (!v.is_null()).then(|| Value::Json(v.to_string().into())),
        };
        value.unwrap_or(Value::Null)
    });
    Some(Row { values: values.collect(), geometry: geometry.and_then(|g| Geometry::from_wkb(g).ok()) })
}

/// Rows as they are now.
pub(super) async fn rows(
    database: &Database,
    tx: &Transaction<'_>,
    def: &LayerDef,
    ids: &[i64],
) -> Result<BTreeMap<FeatureId, Row>, tokio_postgres::Error> {
    if ids.is_empty() {
        // A layer's first import has its table for itself.
        return Ok(BTreeMap::new());
    }
    let sql = format!("SELECT {} FROM {} t WHERE t.fid = ANY($1)", columns(def), database.table("", def));
    let found = tx.query(&sql, &[&ids]).await?;
    Ok(found.iter().map(|r| feature(def, r)).map(|f| (f.id, f.row)).collect())
}

/// Hashes rows that another client wrote, before an import matches against them.
pub(super) async fn recompute(
    database: &Database,
    tx: &Transaction<'_>,
    def: &LayerDef,
) -> Result<(), StoreError> {
    let failed = env("reading rows that another program wrote");
    let side = database.table("ditu_side_", def);
    let sql = format!("SELECT fid FROM {side} WHERE content IS NULL");
    let stale = tx.query(&sql, &[]).await.map_err(&failed)?;
    for ids in stale.chunks(2000) {
        let ids: Vec<i64> = ids.iter().map(|r| r.get(0)).collect();
        let rows = rows(database, tx, def, &ids).await.map_err(&failed)?;
        let sql = format!("UPDATE {side} SET key = $2, content = $3 WHERE fid = $1");
        for (id, row) in rows {
            let key = row.key_hash(&def.key).map(u128::to_be_bytes);
            let content = row.content_hash().to_be_bytes();
            tx.execute(&sql, &[&(id as i64), &key.as_ref().map(|k| &k[..]), &&content[..]])
                .await
                .map_err(&failed)?;
        }
    }
    Ok(())
}

pub(super) async fn revisions(
    database: &Database,
    shown: &[LayerId],
    limit: usize,
) -> Result<Vec<Revision>, StoreError> {
    let failed = env("reading the history");
    let mut client = database.client().await?;
    let tx = snapshot!(client).map_err(&failed)?;
    let sql = format!(
        "SELECT id, layer, (extract(epoch FROM at) * 1000)::bigint, author, message, source, transformation, added,
         changed, removed FROM {} WHERE layer = ANY($1) ORDER BY id DESC, layer LIMIT $2",
        database.own("ditu_revision")
    );
    let names: Vec<&str> = shown.iter().map(LayerId::as_str).collect();
    let rows = tx.query(&sql, &[&names, &(limit.min(1 << 40) as i64)]).await.map_err(&failed)?;
    let revision = |r: &tokio_postgres::Row| {
        let n = |i: usize| r.get::<_, i64>(i) as u64;
        let origin =
            Origin { author: r.get(3), message: r.get(4), source: r.get(5), transformation: r.get(6) };
        let layer = LayerId::new(r.get(1))?;
        let (id, at) = (RevisionId(n(0)), DateTime(r.get(2)));
        Some(Revision { id, layer, at, origin, added: n(7), changed: n(8), removed: n(9) })
    };
    Ok(rows.iter().filter_map(revision).collect())
}

/// What the log says of a feature, oldest first: the revision, and the row before it.
type Entries = Vec<(u64, Option<Row>)>;

async fn entries(
    database: &Database,
    tx: &Transaction<'_>,
    def: &LayerDef,
    after: u64,
    one: Option<FeatureId>,
) -> Result<BTreeMap<FeatureId, Entries>, tokio_postgres::Error> {
    let mut found: BTreeMap<FeatureId, Entries> = BTreeMap::new();
    let (layer, after, one) = (def.id.as_str(), after as i64, one.map(|id| id as i64));
    let sql = format!(
        "SELECT first, last, revision FROM {} WHERE layer = $1 AND revision > $2
         AND ($3::bigint IS NULL OR $3 BETWEEN first AND last)",
        database.own("ditu_added")
    );
    for r in tx.query(&sql, &[&layer, &after, &one]).await? {
        let n = |i: usize| r.get::<_, i64>(i) as u64;
        for id in one.map_or(n(0)..=n(1), |id| id as u64..=id as u64) {
            found.entry(id).or_default().push((n(2), None));
        }
    }
    let sql = format!(
        "SELECT fid, revision, before::text, ST_AsEWKB(geom) FROM {} WHERE layer = $1 AND revision > $2
         AND ($3::bigint IS NULL OR fid = $3)",
        database.own("ditu_change")
    );
    for r in tx.query(&sql, &[&layer, &after, &one]).await? {
        let before = r.get::<_, Option<&str>>(2).and_then(|json| logged(def, json, r.get(3)));
        found.entry(r.get::<_, i64>(0) as u64).or_default().push((r.get::<_, i64>(1) as u64, before));
    }
    for list in found.values_mut() {
        list.sort_by_key(|(revision, _)| *revision);
    }
    Ok(found)
}

/// Features that differ between two revisions, in id order.
pub(super) async fn diff(
    database: &Database,
    def: &LayerDef,
    a: RevisionId,
    b: RevisionId,
) -> Result<Vec<Difference>, StoreError> {
    let mut client = database.client().await?;
    let tx = snapshot!(client).map_err(env("reading the history"))?;
    diff_in(database, &tx, def, a, b, usize::MAX).await
}

/// The same within a transaction, at most so many.
pub(super) async fn diff_in(
    database: &Database,
    tx: &Transaction<'_>,
    def: &LayerDef,
    a: RevisionId,
    b: RevisionId,
    limit: usize,
) -> Result<Vec<Difference>, StoreError> {
    let failed = env("reading the history");
    let sql = format!("SELECT coalesce(max(id), 0) FROM {}", database.own("ditu_revision"));
    let head = tx.query_one(&sql, &[]).await.map_err(&failed)?.get::<_, i64>(0) as u64;
    if let Some(unknown) = [a, b].into_iter().find(|r| r.0 > head) {
        return Err(StoreError::NoRevision(unknown));
    }
    let touched = entries(database, tx, def, a.min(b).0, None).await.map_err(&failed)?;
    let high = a.max(b).0;
    let touched: Vec<(FeatureId, Entries)> = touched.into_iter().filter(|(_, l)| l[0].0 <= high).collect();
    let mut out = Vec::new();
    for chunk in touched.chunks(2000) {
        if out.len() >= limit {
            break;
        }
        let ids: Vec<i64> = chunk.iter().map(|(id, _)| *id as i64).collect();
        let now = rows(database, tx, def, &ids).await.map_err(&failed)?;
        for (id, list) in chunk {
            // The state at a revision is what was before the first change after it, or what is now.
            let at = |r: RevisionId| {
                let row = match list.iter().find(|(revision, _)| *revision > r.0) {
                    Some((_, before)) => before.clone(),
                    None => now.get(id).cloned(),
                };
                row.map(|row| Feature { id: *id, row })
            };
            let (before, after) = (at(a), at(b));
            if before != after {
                out.push(Difference { id: *id, before, after });
            }
        }
    }
    out.truncate(limit);
    Ok(out)
}

/// All versions of a feature, oldest first.
pub(super) async fn history(
    database: &Database,
    def: &LayerDef,
    id: FeatureId,
) -> Result<Vec<FeatureVersion>, StoreError> {
    let failed = env("reading the history");
    let mut client = database.client().await?;
    let tx = snapshot!(client).map_err(&failed)?;
    let mut all = entries(database, &tx, def, 0, Some(id)).await.map_err(&failed)?;
    let Some(list) = all.remove(&id) else { return Ok(Vec::new()) };
    let now = rows(database, &tx, def, &[id as i64]).await.map_err(&failed)?.remove(&id);
    let version = |(i, (revision, _)): (usize, &(u64, Option<Row>))| {
        let row = list.get(i + 1).map_or_else(|| now.clone(), |(_, before)| before.clone());
        FeatureVersion { revision: RevisionId(*revision), feature: row.map(|row| Feature { id, row }) }
    };
    Ok(list.iter().enumerate().map(version).collect())
}

/// Reads under a view.
pub(super) struct Reader {
    pub(super) database: Arc<Database>,
    pub(super) view: Arc<View>,
}

fn source_error(layer: &LayerId) -> impl Fn(StoreError) -> SourceError + use<> {
    let layer = layer.clone();
    move |e| match e {
        StoreError::Busy { retry_after_s } => SourceError::Busy { retry_after_s },
        other => SourceError::Unavailable { layer: layer.clone(), source: Box::new(other) },
    }
}

async fn layer_revision(
    database: &Database,
    tx: &Transaction<'_>,
    def: &LayerDef,
) -> Result<(RevisionId, u64), StoreError> {
    let sql = format!("SELECT revision, features FROM {} WHERE layer = $1", database.own("ditu_layer"));
    let row = tx.query_one(&sql, &[&def.id.as_str()]).await.map_err(env("reading the layer's revision"))?;
    Ok((RevisionId(row.get::<_, i64>(0) as u64), row.get::<_, i64>(1) as u64))
}

/// A parameter and its type.
type Parameter = (Box<dyn ToSql + Send + Sync>, Type);

/// The SQL of a query and its parameters.
fn select(database: &Database, def: &LayerDef, query: &Query) -> (String, Vec<Parameter>) {
    let mut sql = format!("SELECT {} FROM {} t", columns(def), database.table("", def));
    let mut parameters: Vec<Parameter> = Vec::new();
    let mut conditions = Vec::new();
    let mut mark = |v: Box<dyn ToSql + Send + Sync>, kind: Type| {
        parameters.push((v, kind));
        format!("${}", parameters.len())
    };
    if let Some(b) = &query.bounds {
        let sides: Vec<String> = [b.min[0], b.min[1], b.max[0], b.max[1]]
            .into_iter()
            .map(|v| mark(Box::new(v), Type::FLOAT8))
            .collect();
        conditions.push(format!("t.geom && ST_MakeEnvelope({}, 4490)", sides.join(", ")));
    }
    if let Some(ids) = &query.ids {
        let ids: Vec<i64> = ids.iter().map(|id| *id as i64).collect();
        conditions.push(format!("t.fid = ANY({})", mark(Box::new(ids), Type::INT8_ARRAY)));
    }
    if let Some(after) = query.after {
        conditions.push(format!("t.fid > {}", mark(Box::new(after as i64), Type::INT8)));
    }
    if !conditions.is_empty() {
        sql += &format!(" WHERE {}", conditions.join(" AND "));
    }
    sql += " ORDER BY t.fid";
    (sql, parameters)
}

type Sender = tokio::sync::mpsc::Sender<Result<Vec<Feature>, SourceError>>;

/// Reads all of a query and sends it in batches; `tell` gets the revision first.
async fn stream_out(
    database: &Database,
    scope: &Scope,
    query: &Query,
    tell: &mut Option<tokio::sync::oneshot::Sender<Result<RevisionId, SourceError>>>,
    send: &Sender,
) -> Result<(), StoreError> {
    let failed = env("reading the layer");
    let def = scope.layer();
    let mut client = database.client().await?;
    let tx = snapshot!(client).map_err(&failed)?;
    let (revision, features) = layer_revision(database, &tx, def).await?;
    if let Some(tell) = tell.take() {
        let _ = tell.send(Ok(revision));
    }
    if features == 0 {
        // Not even asked for: a layer's first import has its table for itself.
        return Ok(());
    }
    let (sql, parameters) = select(database, def, query);
    let types: Vec<Type> = parameters.iter().map(|(_, t)| t.clone()).collect();
    let statement = tx.prepare_typed(&sql, &types).await.map_err(&failed)?;
    let values: Vec<&(dyn ToSql + Sync)> =
        parameters.iter().map(|(v, _)| v.as_ref() as &(dyn ToSql + Sync)).collect();
    let portal = tx.bind(&statement, &values).await.map_err(&failed)?;
    let mut left = query.limit.unwrap_or(usize::MAX);
    while left > 0 {
        let want = BATCH.min(i32::try_from(left).unwrap_or(BATCH));
        let rows = tx.query_portal(&portal, want).await.map_err(&failed)?;
        let last = rows.len() < want as usize;
        let mut batch: Vec<Feature> = rows.iter().filter_map(|r| show(scope, feature(def, r))).collect();
        if let Some(b) = &query.bounds {
            batch.retain(|f| f.row.geometry.as_ref().is_some_and(|g| g.bounds().intersects(b)));
        }
        batch.truncate(left);
        left -= batch.len();
        if (!batch.is_empty() && send.send(Ok(batch)).await.is_err()) || last {
            break;
        }
    }
    Ok(())
}

#[async_trait]
impl FeatureSource for Reader {
    async fn revision(&self, layer: &LayerId) -> Result<RevisionId, SourceError> {
        let scope = self.view.scope(layer).ok_or_else(|| SourceError::NoLayer(layer.clone()))?;
        let failed = source_error(layer);
        let mut client = self.database.client().await.map_err(&failed)?;
        let tx = snapshot!(client).map_err(|e| failed(env("reading")(e)))?;
        Ok(layer_revision(&self.database, &tx, scope.layer()).await.map_err(failed)?.0)
    }

    async fn count(&self, layer: &LayerId) -> Result<u64, SourceError> {
        let scope = self.view.scope(layer).ok_or_else(|| SourceError::NoLayer(layer.clone()))?;
        let failed = source_error(layer);
        if scope.area().is_none() {
            let mut client = self.database.client().await.map_err(&failed)?;
            let tx = snapshot!(client).map_err(|e| failed(env("reading")(e)))?;
            return Ok(layer_revision(&self.database, &tx, scope.layer()).await.map_err(failed)?.1);
        }
        let mut stream = self.scan(layer, Query::default()).await?;
        let mut n = 0;
        while let Some(batch) = futures_util::StreamExt::next(&mut stream.batches).await {
            n += batch?.len() as u64;
        }
        Ok(n)
    }

    async fn scan(&self, layer: &LayerId, query: Query) -> Result<FeatureStream, SourceError> {
        let scope = self.view.scope(layer).cloned().ok_or_else(|| SourceError::NoLayer(layer.clone()))?;
        let database = self.database.clone();
        let failed = source_error(layer);
        let (send, receive) = tokio::sync::mpsc::channel(2);
        let (tell, told) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let mut tell = Some(tell);
            if let Err(e) = stream_out(&database, &scope, &query, &mut tell, &send).await {
                let e = failed(e);
                match tell.take() {
                    Some(tell) => drop(tell.send(Err(e))),
                    None => drop(send.send(Err(e)).await),
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
        let scope = self.view.scope(layer).ok_or_else(|| SourceError::NoLayer(layer.clone()))?;
        let failed = source_error(layer);
        let sql_failed = |e| failed(env("reading the log")(e));
        let (database, def) = (&self.database, scope.layer());
        let mut client = database.client().await.map_err(&failed)?;
        let tx = snapshot!(client).map_err(sql_failed)?;
        let (revision, _) = layer_revision(database, &tx, def).await.map_err(&failed)?;
        let (name, after) = (def.id.as_str(), since.0 as i64);
        let (added, change) = (database.own("ditu_added"), database.own("ditu_change"));
        let sql = format!(
            "SELECT (SELECT coalesce(sum(last - first + 1), 0)::bigint FROM {added} WHERE layer = $1 AND revision > $2)
             + (SELECT count(*) FROM {change} WHERE layer = $1 AND revision > $2)"
        );
        let many = tx.query_one(&sql, &[&name, &after]).await.map_err(sql_failed)?.get::<_, i64>(0);
        if many as u64 > limit as u64 {
            return Ok(Changes { revision, features: None });
        }
        let mut found: BTreeMap<FeatureId, (u64, Vec<Bounds>)> = BTreeMap::new();
        let sql = format!("SELECT first, last, revision FROM {added} WHERE layer = $1 AND revision > $2");
        for r in tx.query(&sql, &[&name, &after]).await.map_err(sql_failed)? {
            for id in r.get::<_, i64>(0) as u64..=r.get::<_, i64>(1) as u64 {
                // Restored features are listed a second time.
                let entry = found.entry(id).or_insert((0, Vec::new()));
                entry.0 = entry.0.max(r.get::<_, i64>(2) as u64);
            }
        }
        let sql = format!(
            "SELECT fid, revision, min_x, min_y, max_x, max_y FROM {change} WHERE layer = $1 AND revision > $2"
        );
        for r in tx.query(&sql, &[&name, &after]).await.map_err(sql_failed)? {
            let entry = found.entry(r.get::<_, i64>(0) as u64).or_insert((0, Vec::new()));
            entry.0 = entry.0.max(r.get::<_, i64>(1) as u64);
            if let (Some(w), Some(s), Some(e), Some(n)) = (r.get(2), r.get(3), r.get(4), r.get(5)) {
                entry.1.push(Bounds::new(w, s, e, n));
            }
        }
        let ids: Vec<i64> = found.keys().map(|id| *id as i64).collect();
        let mut now = rows(database, &tx, def, &ids).await.map_err(sql_failed)?;
        let mut features = Vec::with_capacity(found.len());
        for (id, (revision, mut touched)) in found {
            let now = now.remove(&id).map(|row| Feature { id, row });
            if let Some(g) = now.as_ref().and_then(|f| f.row.geometry.as_ref()).filter(|g| !g.is_empty()) {
                touched.push(g.bounds());
            }
            if scope
                .area()
                .is_some_and(|boxes| !boxes.iter().any(|b| touched.iter().any(|t| b.intersects(t))))
            {
                continue;
            }
            let now = now.and_then(|f| show(scope, f));
            features.push(Changed { id, revision: RevisionId(revision), now, touched });
        }
        Ok(Changes { revision, features: Some(features) })
    }
}
