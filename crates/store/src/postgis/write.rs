//! Commits: one transaction, one revision, or nothing; a preview is the same without the end. Rows go in by binary COPY.

use super::copy::Copy;
use super::{Database, env, quote, read};
use crate::api::StoreError;
use crate::log::{self, Added, Keep, Work};
use crate::merge::{Action, Lookup, Merge, NEAR_MOST, Side, Terms};
use bytes::Bytes;
use ditu_model::{
    Bounds, Commit, DateTime, Delivery, FeatureId, LayerDef, Mode, Preview, Revision, RevisionId, Row,
};
use futures_util::{SinkExt, pin_mut};
use std::pin::Pin;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio_postgres::{CopyInSink, Transaction};

pub(super) async fn work(
    database: Arc<Database>,
    work: Work,
    keep: Keep,
) -> Result<(Commit, Vec<Preview>), StoreError> {
    // Deliveries are read by a blocking iterator: the whole commit runs on a thread that may wait.
    let handle = Handle::current();
    let task = tokio::task::spawn_blocking(move || {
        let failed = env("writing to the database");
        let mut client = handle.block_on(database.client())?;
        let tx = handle.block_on(client.transaction()).map_err(&failed)?;
        let begin = format!(
            "SET LOCAL lock_timeout = '20s'; SELECT pg_advisory_xact_lock({});
             SET LOCAL ditu.writer = 'on'; SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL synchronous_commit = on",
            database.lock
        );
        handle.block_on(tx.batch_execute(&begin)).map_err(&failed)?;
        let sql = format!(
            "SELECT coalesce(max(id), 0), (extract(epoch FROM now()) * 1000)::bigint FROM {}",
            database.own("ditu_revision")
        );
        let row = handle.block_on(tx.query_one(&sql, &[])).map_err(&failed)?;
        let head = row.get::<_, i64>(0) as u64;
        let at = DateTime(row.get(1));
        let restore = matches!(work, Work::Back { .. });
        let changeset = match work {
            Work::Changes(changeset) => changeset,
            Work::Back { def, to, origin } => {
                let back = read::diff_in(&database, &tx, &def, RevisionId(head), to, usize::MAX);
                log::rollback(def.id.clone(), handle.block_on(back)?, origin)
            }
        };
        let terms = Terms { restore, min_match: changeset.min_match };
        let mut done = Vec::new();
        for delivery in changeset.deliveries {
            let def = database.def(&delivery.layer)?;
            let writer = Writer {
                database: &database,
                handle: &handle,
                tx: &tx,
                def: def.clone(),
                revision: RevisionId(head + 1),
                counts: Counts::default(),
                added: Added::default(),
                wkb: Vec::new(),
                first: false,
                packed: true,
                bulk: None,
            };
            let counts = writer.run(delivery, terms)?;
            if counts.added + counts.changed + counts.removed == 0 {
                continue;
            }
            let revision = Revision {
                id: RevisionId(head + 1),
                layer: def.id.clone(),
                at,
                origin: changeset.origin.clone(),
                added: counts.added,
                changed: counts.changed,
                removed: counts.removed,
            };
            handle.block_on(record(&database, &tx, &revision)).map_err(&failed)?;
            done.push(revision);
        }
        if let Keep::Nothing { limit } = keep {
            let each = done.iter().map(|r: &Revision| {
                let def = database.def(&r.layer)?;
                let found = read::diff_in(&database, &tx, &def, RevisionId(head), r.id, limit);
                Ok(log::preview(r.clone(), handle.block_on(found)?))
            });
            let previews = each.collect::<Result<_, StoreError>>()?;
            handle.block_on(tx.rollback()).map_err(&failed)?;
            return Ok((Commit::Done(done), previews));
        }
        if done.is_empty() {
            return Ok((Commit::Unchanged(RevisionId(head)), Vec::new()));
        }
        let notify = format!("SELECT pg_notify('ditu', '{}')", head + 1);
        handle.block_on(tx.batch_execute(&notify)).map_err(&failed)?;
        handle.block_on(tx.commit()).map_err(&failed)?;
        Ok((Commit::Done(done), Vec::new()))
    });
    task.await.unwrap_or_else(|e| {
        Err(StoreError::Environment { what: "a store task ended early".into(), source: Box::new(e) })
    })
}

async fn record(
    database: &Database,
    tx: &Transaction<'_>,
    r: &Revision,
) -> Result<(), tokio_postgres::Error> {
    let sql = format!(
        "INSERT INTO {} VALUES ($1, $2, now(), $3, $4, $5, $6, $7, $8, $9)",
        database.own("ditu_revision")
    );
    let o = &r.origin;
    let (id, a, c, d) = (r.id.0 as i64, r.added as i64, r.changed as i64, r.removed as i64);
    tx.execute(
        &sql,
        &[&id, &r.layer.as_str(), &o.author, &o.message, &o.source, &o.transformation, &a, &c, &d],
    )
    .await?;
    Ok(())
}

#[derive(Default)]
struct Counts {
    added: u64,
    changed: u64,
    removed: u64,
}

struct Writer<'a> {
    database: &'a Database,
    handle: &'a Handle,
    tx: &'a Transaction<'a>,
    def: Arc<LayerDef>,
    revision: RevisionId,
    counts: Counts,
    added: Added,
    wkb: Vec<u8>,
    /// The layer was empty: nothing is looked up or logged between its rows.
    first: bool,
    /// Hashes of the layer's rows may lie in packs.
    packed: bool,
    bulk: Option<Bulk>,
}

/// A COPY into the layer's table that is open, and the hashes of its rows, which go elsewhere after.
struct Bulk {
    sink: Pin<Box<CopyInSink<Bytes>>>,
    rows: Copy,
    hashes: Copy,
    /// The pack that is being filled: its first id, and its bytes.
    pack: (FeatureId, Vec<u8>),
    /// What is ready of the hashes, in pieces: one buffer that grows would be copied again and again.
    ready: Vec<Bytes>,
}

/// Hashes of a row in a pack.
const PACKED: usize = 32;
/// Rows of a pack: their hashes fit into a row of the database as they are.
const PACK: usize = 60;

/// Bytes of rows sent at once: what the processor's cache holds while they are copied from hand to hand.
const PIECE: usize = 128 << 10;
/// Pieces of hashes kept before they are sent: 32 MB.
const READY_MOST: usize = 256;

impl Writer<'_> {
    fn run(mut self, delivery: Delivery, terms: Terms) -> Result<Counts, StoreError> {
        let failed = env("writing the layer");
        let layer = self.def.id.as_str().to_owned();
        let own = self.database.own("ditu_layer");
        let sql = format!("SELECT next_id, features, revision FROM {own} WHERE layer = $1 FOR UPDATE");
        let row = self.handle.block_on(self.tx.query_one(&sql, &[&layer])).map_err(&failed)?;
        let (next_id, features, before): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
        self.handle.block_on(read::recompute(self.database, self.tx, &self.def))?;
        let edit = delivery.mode == Mode::Edit;
        self.first = !edit && features == 0;
        let table = self.def.id.table();
        if edit {
            self.unpack()?;
            // Only edits ask for single keys: an import reads them all.
            let side = format!("ditu_side_{table}");
            self.index(&side, &format!("{side}_key"), "(key)")?;
        }
        let existing = if edit || features == 0 { Vec::new() } else { self.sides(features)? };
        let side = self.database.table("ditu_side_", &self.def);
        let (database, def) = (self.database, self.def.clone());
        let mut lookup = Sides { database, handle: self.handle, tx: self.tx, def: &def, side };
        let key = if self.first && before == 0 { self.drop_key()? } else { None };
        let mut merge = Merge::new(self.def.clone(), delivery, next_id as u64, existing, &mut lookup, terms);
        for actions in merge.by_ref() {
            self.apply(actions?)?;
        }
        let next = merge.next_id() as i64;
        drop(merge);
        if let Some(bulk) = self.bulk.take() {
            self.close(bulk)?;
        }
        if let Some(sql) = key {
            self.handle.block_on(self.tx.batch_execute(&sql)).map_err(env("making a key"))?;
        }
        self.index(&table, &format!("{table}_geom"), "USING gist (geom)")?;
        let sql = format!("INSERT INTO {} VALUES ($1, $2, $3, $4)", self.database.own("ditu_added"));
        let revision = self.revision.0 as i64;
        for (first, last) in self.added.ranges() {
            let (first, last) = (first as i64, last as i64);
            self.handle
                .block_on(self.tx.execute(&sql, &[&layer, &revision, &first, &last]))
                .map_err(&failed)?;
        }
        let c = &self.counts;
        let grown = c.added as i64 - c.removed as i64;
        let touched = c.added + c.changed + c.removed > 0;
        let sql = format!(
            "UPDATE {own} SET next_id = greatest(next_id, $2), features = features + $3,
             revision = CASE WHEN $5 THEN $4 ELSE revision END WHERE layer = $1"
        );
        self.handle
            .block_on(self.tx.execute(&sql, &[&layer, &next, &grown, &revision, &touched]))
            .map_err(&failed)?;
        Ok(self.counts)
    }

    /// Takes the primary key and the log's trigger off the table of a layer that never held anything, for a key is made in
    /// a fraction of the time after the rows and the trigger is asked for each of them; the statement that puts them back.
    /// Ditu's readers do not touch such a table; where another client does, or something depends on the key, all stays.
    fn drop_key(&self) -> Result<Option<String>, StoreError> {
        let failed = env("loading a layer for the first time");
        let table = self.database.table("", &self.def);
        let sql =
            "SELECT conname::text FROM pg_constraint WHERE conrelid = to_regclass($1) AND contype = 'p'";
        let found = self.handle.block_on(self.tx.query_opt(sql, &[&table])).map_err(&failed)?;
        let Some(name) = found.map(|r| quote(r.get(0))) else { return Ok(None) };
        let run = |sql: &str| self.handle.block_on(self.tx.batch_execute(sql));
        run("SAVEPOINT keys; SET LOCAL lock_timeout = '1s'").map_err(&failed)?;
        match run(&format!("ALTER TABLE {table} DROP CONSTRAINT {name}, DISABLE TRIGGER ditu_log")) {
            Ok(()) => {
                run("SET LOCAL lock_timeout = '20s'; RELEASE SAVEPOINT keys").map_err(&failed)?;
                let key = format!("ADD CONSTRAINT {name} PRIMARY KEY (fid)");
                Ok(Some(format!("ALTER TABLE {table} {key}, ENABLE TRIGGER ditu_log")))
            }
            Err(_) => {
                run("ROLLBACK TO SAVEPOINT keys; RELEASE SAVEPOINT keys").map_err(&failed)?;
                Ok(None)
            }
        }
    }

    /// Takes the packs of the layer's hashes apart, before the first row changes.
    fn unpack(&mut self) -> Result<(), StoreError> {
        if std::mem::take(&mut self.packed) {
            let sql = format!("SELECT {}($1)", self.database.own("ditu_unpack"));
            let done = self.handle.block_on(self.tx.execute(&sql, &[&self.def.id.as_str()]));
            done.map_err(env("taking the layer's hashes apart"))?;
        }
        Ok(())
    }

    /// Makes an index if it is not there yet.
    fn index(&self, on: &str, name: &str, how: &str) -> Result<(), StoreError> {
        // Asked first: even IF NOT EXISTS would lock out other writers.
        let full = self.database.own(name);
        let sql = "SELECT to_regclass($1) IS NOT NULL";
        let there =
            self.handle.block_on(self.tx.query_one(sql, &[&full])).map_err(env("looking for an index"))?;
        if there.get::<_, bool>(0) {
            return Ok(());
        }
        let sql = format!("CREATE INDEX {} ON {} {how}", quote(name), self.database.own(on));
        self.handle.block_on(self.tx.batch_execute(&sql)).map_err(env("making an index"))
    }

    fn sides(&mut self, features: i64) -> Result<Vec<(FeatureId, Side)>, StoreError> {
        let failed = env("reading the layer's keys");
        let packs = self.database.own("ditu_pack");
        let sql = format!("SELECT first, hashes FROM {packs} WHERE layer = $1 ORDER BY first");
        let layer = self.def.id.as_str();
        let packs = self.handle.block_on(self.tx.query(&sql, &[&layer])).map_err(&failed)?;
        let mut all = Vec::new();
        for pack in &packs {
            let (first, hashes): (i64, &[u8]) = (pack.get(0), pack.get(1));
            for (id, hashes) in (first as u64..).zip(hashes.chunks_exact(PACKED)) {
                let (key, content) = hashes.split_at(PACKED / 2);
                let key = hash(Some(key)).filter(|key| *key != 0);
                all.push((id, Side { key, content: hash(Some(content)).unwrap_or_default() }));
            }
        }
        if !all.is_empty() && all.len() as i64 != features {
            // A Ditu that knew no packs was here: what it left is put together again.
            self.unpack()?;
            all.clear();
        }
        let side = self.database.table("ditu_side_", &self.def);
        let sql = format!("SELECT fid, key, content FROM {side} ORDER BY fid");
        let rows = self.handle.block_on(self.tx.query(&sql, &[])).map_err(&failed)?;
        all.extend(rows.iter().map(|r| (r.get::<_, i64>(0) as u64, side_of(r, 1))));
        Ok(all)
    }

    fn apply(&mut self, actions: Vec<Action>) -> Result<(), StoreError> {
        if actions.is_empty() {
            return Ok(());
        }
        if !self.first {
            self.unpack()?;
        }
        let (mut puts, mut old) = (Vec::with_capacity(actions.len()), Vec::new());
        for action in actions {
            match action {
                Action::Insert { id, row, side } => {
                    self.counts.added += 1;
                    self.added.push(id);
                    puts.push((id, row, side));
                }
                Action::Update { id, row, side, .. } => {
                    self.counts.changed += 1;
                    old.push(id as i64);
                    puts.push((id, row, side));
                }
                Action::Delete { id } => {
                    self.counts.removed += 1;
                    old.push(id as i64);
                }
            }
        }
        if !old.is_empty() {
            self.log_and_delete(&old)?;
        }
        if !puts.is_empty() {
            self.copy(&puts)?;
        }
        Ok(())
    }

    /// Keeps what features were and takes them out; an update is then put in again under its id.
    fn log_and_delete(&self, ids: &[i64]) -> Result<(), StoreError> {
        let failed = env("writing the log");
        let (table, side) =
            (self.database.table("", &self.def), self.database.table("ditu_side_", &self.def));
        let fresh = |id: &i64| self.added.contains(*id as u64);
        let logged: Vec<i64> = ids.iter().copied().filter(|id| !fresh(id)).collect();
        // A shape as JSON would be work for nothing, and fails where a coordinate is no number.
        let names: String = self.def.fields.iter().map(|f| format!(", old_row.{}", quote(&f.name))).collect();
        let sql = format!(
            "INSERT INTO {} SELECT $1, $2, old_row.fid,
             (SELECT to_jsonb(bare) FROM (SELECT old_row.fid{names}) bare), old_row.geom,
             ST_XMin(old_row.geom), ST_YMin(old_row.geom), ST_XMax(old_row.geom), ST_YMax(old_row.geom)
             FROM {table} old_row WHERE old_row.fid = ANY($3) ON CONFLICT DO NOTHING",
            self.database.own("ditu_change")
        );
        let (layer, revision) = (self.def.id.as_str(), self.revision.0 as i64);
        self.handle.block_on(self.tx.execute(&sql, &[&layer, &revision, &logged])).map_err(&failed)?;
        for table in [&table, &side] {
            let sql = format!("DELETE FROM {table} WHERE fid = ANY($1)");
            self.handle.block_on(self.tx.execute(&sql, &[&ids])).map_err(&failed)?;
        }
        Ok(())
    }

    /// Puts rows. In a first import one COPY stays open over all batches, so that the database writes rows while the
    /// next ones are read; what matching needs to know of them is sent after, in packs.
    fn copy(&mut self, rows: &[(FeatureId, Row, Side)]) -> Result<(), StoreError> {
        let mut bulk = match self.bulk.take() {
            Some(bulk) => bulk,
            None => self.open()?,
        };
        let fields = self.def.fields.len() + 2;
        for (id, row, s) in rows {
            bulk.rows.begin(fields);
            bulk.rows.bigint(*id);
            bulk.rows.row(row, &mut self.wkb);
            if self.first {
                if bulk.pack.1.len() == PACK * PACKED {
                    bulk.end_pack(&self.def);
                }
                if bulk.pack.1.is_empty() {
                    bulk.pack.0 = *id;
                }
                // Ids of a first import follow one another.
                bulk.pack.1.extend(s.key.unwrap_or_default().to_be_bytes());
                bulk.pack.1.extend(s.content.to_be_bytes());
            } else {
                bulk.hashes.begin(3);
                bulk.hashes.bigint(*id);
                bulk.hashes.bytea(s.key.map(u128::to_be_bytes).as_ref().map(|k| &k[..]));
                bulk.hashes.bytea(Some(&s.content.to_be_bytes()));
            }
            if bulk.rows.len() >= PIECE {
                let bytes = Bytes::from(bulk.rows.take());
                self.handle.block_on(bulk.sink.send(bytes)).map_err(env("writing rows"))?;
            }
            if bulk.hashes.len() >= PIECE {
                bulk.ready.push(Bytes::from(bulk.hashes.take()));
            }
        }
        if !self.first || bulk.ready.len() > READY_MOST {
            return self.close(bulk);
        }
        self.bulk = Some(bulk);
        Ok(())
    }

    fn open(&self) -> Result<Bulk, StoreError> {
        let names: String = self.def.fields.iter().map(|f| format!(", {}", quote(&f.name))).collect();
        let to = self.database.table("", &self.def);
        let sql = format!("COPY {to} (fid, geom{names}) FROM STDIN BINARY");
        let sink = self.handle.block_on(self.tx.copy_in(&sql)).map_err(env("writing rows"))?;
        Ok(Bulk {
            sink: Box::pin(sink),
            rows: Copy::new(),
            hashes: Copy::new(),
            pack: (0, Vec::with_capacity(PACK * PACKED)),
            ready: Vec::new(),
        })
    }

    fn close(&self, mut bulk: Bulk) -> Result<(), StoreError> {
        bulk.end_pack(&self.def);
        let run = async {
            bulk.sink.send(Bytes::from(bulk.rows.finish())).await?;
            bulk.sink.as_mut().finish().await
        };
        self.handle.block_on(run).map_err(env("writing rows"))?;
        let to = if self.first {
            format!("{} (layer, first, hashes)", self.database.own("ditu_pack"))
        } else {
            format!("{} (fid, key, content)", self.database.table("ditu_side_", &self.def))
        };
        let sql = format!("COPY {to} FROM STDIN BINARY");
        let run = async {
            let sink = self.tx.copy_in::<_, Bytes>(&sql).await?;
            pin_mut!(sink);
            for piece in bulk.ready {
                sink.send(piece).await?;
            }
            sink.send(Bytes::from(bulk.hashes.finish())).await?;
            sink.finish().await
        };
        self.handle.block_on(run).map(drop).map_err(env("writing rows"))
    }
}

impl Bulk {
    fn end_pack(&mut self, def: &LayerDef) {
        if !self.pack.1.is_empty() {
            self.hashes.begin(3);
            self.hashes.text(def.id.as_str());
            self.hashes.bigint(self.pack.0);
            self.hashes.bytea(Some(&self.pack.1));
            self.pack.1.clear();
        }
    }
}

fn hash(bytes: Option<&[u8]>) -> Option<u128> {
    bytes.and_then(|b| b.try_into().ok()).map(u128::from_be_bytes)
}

fn side_of(r: &tokio_postgres::Row, from: usize) -> Side {
    Side { key: hash(r.get(from)), content: hash(r.get(from + 1)).unwrap_or_default() }
}

struct Sides<'a> {
    database: &'a Database,
    handle: &'a Handle,
    tx: &'a Transaction<'a>,
    def: &'a LayerDef,
    side: String,
}

impl Lookup for Sides<'_> {
    fn by_id(&mut self, id: FeatureId) -> Result<Option<Side>, StoreError> {
        let sql = format!("SELECT key, content FROM {} WHERE fid = $1", self.side);
        let row = self.handle.block_on(self.tx.query_opt(&sql, &[&(id as i64)]));
        Ok(row.map_err(env("looking up a feature"))?.map(|r| side_of(&r, 0)))
    }

    fn by_key(&mut self, key: u128) -> Result<Option<FeatureId>, StoreError> {
        let sql = format!("SELECT fid FROM {} WHERE key = $1", self.side);
        let row = self.handle.block_on(self.tx.query_opt(&sql, &[&&key.to_be_bytes()[..]]));
        Ok(row.map_err(env("looking up a key"))?.map(|r| r.get::<_, i64>(0) as u64))
    }

    fn rows(&mut self, ids: &[FeatureId]) -> Result<Vec<(FeatureId, Row)>, StoreError> {
        let ids: Vec<i64> = ids.iter().map(|id| *id as i64).collect();
        let rows = self.handle.block_on(read::rows(self.database, self.tx, self.def, &ids));
        Ok(rows.map_err(env("reading rows to compare"))?.into_iter().collect())
    }

    fn near(&mut self, places: &[(Bounds, f64)]) -> Result<Vec<Vec<FeatureId>>, StoreError> {
        let mut found = vec![Vec::new(); places.len()];
        let side = |f: fn(&Bounds) -> f64| places.iter().map(|(b, _)| f(b)).collect::<Vec<f64>>();
        let (w, s, e, n) = (side(|b| b.min[0]), side(|b| b.min[1]), side(|b| b.max[0]), side(|b| b.max[1]));
        let by: Vec<f64> = places.iter().map(|(_, by)| *by).collect();
        // A box that is empty has infinite sides, near which nothing lies.
        let sql = format!(
            "SELECT p.i, f.fid FROM unnest($1::float8[], $2::float8[], $3::float8[], $4::float8[], $5::float8[])
               WITH ORDINALITY AS p(w, s, e, n, d, i)
             CROSS JOIN LATERAL (SELECT t.fid FROM {} t
               WHERE t.geom && ST_MakeEnvelope(p.w - p.d, p.s - p.d, p.w + p.d, p.s + p.d, 4490)
               AND abs(ST_XMin(t.geom) - p.w) <= p.d AND abs(ST_YMin(t.geom) - p.s) <= p.d
               AND abs(ST_XMax(t.geom) - p.e) <= p.d AND abs(ST_YMax(t.geom) - p.n) <= p.d LIMIT {NEAR_MOST}) f
             WHERE p.w <= p.e",
            self.database.table("", self.def)
        );
        let rows = self.handle.block_on(self.tx.query(&sql, &[&w, &s, &e, &n, &by]));
        for r in rows.map_err(env("looking up a place"))? {
            found[r.get::<_, i64>(0) as usize - 1].push(r.get::<_, i64>(1) as u64);
        }
        Ok(found)
    }
}
