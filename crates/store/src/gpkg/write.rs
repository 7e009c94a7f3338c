//! Commits: one transaction, one revision, or nothing. A preview is the same without the end.

use super::tree;
use super::value::Bound;
use super::{File, env, foreign, quote, read};
use crate::api::StoreError;
use crate::codec;
use crate::log::{self, Added, Keep, Work};
use crate::merge::{Action, Lookup, Merge, NEAR_MOST, Side, Terms};
use ditu_geopackage::blob;
use ditu_model::{
    Bounds, Commit, DateTime, Delivery, FeatureId, LayerDef, Mode, Preview, Revision, RevisionId, Row,
};
use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params, params_from_iter};
use std::sync::Arc;

pub(super) fn work(file: &File, work: Work, keep: Keep) -> Result<(Commit, Vec<Preview>), StoreError> {
    let failed = env(&format!("writing {}", file.path.display()));
    let mut guard = file.writer.lock().unwrap_or_else(|e| e.into_inner());
    // Taken out, so that a connection in an unknown state after a panic is not used again.
    let mut db = match guard.take() {
        Some(db) => db,
        None => super::connect(&file.path, true).map_err(&failed)?,
    };
    let result = (|| {
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        let head: i64 = tx
            .query_row("SELECT ifnull(max(id), 0) FROM ditu_revision", [], |r| r.get(0))
            .map_err(&failed)?;
        // What another program has edited comes first, as a revision of its own.
        let head = foreign::adopt(file, &tx, head as u64)?;
        let revision = RevisionId(head + 1);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let at = DateTime(now.as_millis() as i64);
        let restore = matches!(work, Work::Back { .. });
        let changeset = match work {
            Work::Changes(changeset) => changeset,
            Work::Back { def, to, origin } => {
                let back = read::diff(&tx, &def, RevisionId(head), to, usize::MAX)?;
                log::rollback(def.id.clone(), back, origin)
            }
        };
        let terms = Terms { restore, min_match: changeset.min_match };
        let mut done = Vec::new();
        for delivery in changeset.deliveries {
            let def = file.def(&delivery.layer)?;
            let counts = Writer::new(&tx, def.clone(), revision)?.run(delivery, terms)?;
            if counts.added + counts.changed + counts.removed == 0 {
                continue;
            }
            let revision = Revision {
                id: revision,
                layer: def.id.clone(),
                at,
                origin: changeset.origin.clone(),
                added: counts.added,
                changed: counts.changed,
                removed: counts.removed,
            };
            record(&tx, &revision, &def).map_err(&failed)?;
            done.push(revision);
        }
        if let Keep::Nothing { limit } = keep {
            let each = done.iter().map(|r: &Revision| {
                let found = read::diff(&tx, file.def(&r.layer)?.as_ref(), RevisionId(head), r.id, limit)?;
                Ok(log::preview(r.clone(), found))
            });
            let previews = each.collect::<Result<_, StoreError>>()?;
            tx.rollback().map_err(&failed)?;
            return Ok((Commit::Done(done), previews));
        }
        tx.commit().map_err(&failed)?;
        let done = if done.is_empty() { Commit::Unchanged(RevisionId(head)) } else { Commit::Done(done) };
        Ok((done, Vec::new()))
    })();
    if result.is_ok() {
        // Keeps the write-ahead log short; readers that still need it only put this off.
        let _ = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    }
    *guard = Some(db);
    result
}

pub(super) fn record(db: &Connection, r: &Revision, def: &LayerDef) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO ditu_revision VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            r.id.0 as i64,
            r.layer.as_str(),
            r.at.0,
            r.origin.author,
            r.origin.message,
            r.origin.source,
            r.origin.transformation,
            r.added as i64,
            r.changed as i64,
            r.removed as i64
        ],
    )?;
    let table = def.id.table();
    let tree = quote(&format!("rtree_{table}_geom"));
    db.execute(
        &format!(
            "UPDATE gpkg_contents SET last_change = ?2, (min_x, min_y, max_x, max_y) =
             (SELECT min(minx), min(miny), max(maxx), max(maxy) FROM {tree}) WHERE table_name = ?1"
        ),
        params![table, r.at.to_string()],
    )?;
    Ok(())
}

#[derive(Default)]
pub(super) struct Counts {
    pub(super) added: u64,
    pub(super) changed: u64,
    pub(super) removed: u64,
}

/// Writes one layer's part of a revision.
pub(super) struct Writer<'a> {
    db: &'a Connection,
    def: Arc<LayerDef>,
    revision: RevisionId,
    insert: String,
    update: String,
    tree_put: String,
    side_put: String,
    deletes: [String; 3],
    counts: Counts,
    /// Ranges of ids that this revision brought, in order.
    added: Added,
    blob: Vec<u8>,
    /// Boxes of a first import, whose tree is packed at the end.
    bulk: Option<tree::Entries>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        db: &'a Connection,
        def: Arc<LayerDef>,
        revision: RevisionId,
    ) -> Result<Writer<'a>, StoreError> {
        let t = def.id.table();
        let (q, tree, side) =
            (quote(&t), quote(&format!("rtree_{t}_geom")), quote(&format!("ditu_side_{t}")));
        let names: String = def.fields.iter().map(|f| format!(", {}", quote(&f.name))).collect();
        let marks: String = (0..def.fields.len()).map(|i| format!(", ?{}", i + 3)).collect();
        let sets: String = def
            .fields
            .iter()
            .enumerate()
            .map(|(i, f)| format!(", {} = ?{}", quote(&f.name), i + 3))
            .collect();
        Ok(Writer {
            db,
            revision,
            insert: format!("INSERT INTO {q} (fid, geom{names}) VALUES (?1, ?2{marks})"),
            update: format!("UPDATE {q} SET geom = ?2{sets} WHERE fid = ?1"),
            tree_put: format!("INSERT OR REPLACE INTO {tree} VALUES (?1, ?2, ?3, ?4, ?5)"),
            side_put: format!("INSERT OR REPLACE INTO {side} VALUES (?1, ?2, ?3)"),
            deletes: [
                format!("DELETE FROM {q} WHERE fid = ?1"),
                format!("DELETE FROM {side} WHERE fid = ?1"),
                format!("DELETE FROM {tree} WHERE id = ?1"),
            ],
            counts: Counts::default(),
            added: Added::default(),
            blob: Vec::new(),
            bulk: None,
            def,
        })
    }

    fn run(mut self, delivery: Delivery, terms: Terms) -> Result<Counts, StoreError> {
        let failed = env("writing the layer");
        let (next_id, features): (i64, i64) = self
            .db
            .query_row(
                "SELECT next_id, features FROM ditu_layer WHERE layer = ?1",
                [self.def.id.as_str()],
                |r| Ok((r.get(0)?, r.get(1)?)),
            )
            .map_err(&failed)?;
        let edit = delivery.mode == Mode::Edit;
        let existing =
            if edit || features == 0 { Vec::new() } else { sides(self.db, &self.def).map_err(&failed)? };
        let table = self.def.id.table();
        let rtree = format!("rtree_{table}_geom");
        let side = format!("ditu_side_{table}");
        let key_index = quote(&format!("{side}_key"));
        if edit {
            // Only edits ask for single keys: an import reads them all.
            let sql = format!("CREATE INDEX IF NOT EXISTS {key_index} ON {} (key)", quote(&side));
            self.db.execute_batch(&sql).map_err(&failed)?;
        }
        // The tree of a layer that was empty is made faster after than beside its rows.
        if !edit && features == 0 && tree::is_empty(self.db, &rtree).map_err(&failed)? {
            self.bulk = Some(tree::Entries::default());
            self.db.execute_batch(&format!("DROP INDEX IF EXISTS {key_index}")).map_err(&failed)?;
        }
        let def = self.def.clone();
        let mut lookup = Sides { db: self.db, def: &def, side: quote(&side), tree: quote(&rtree) };
        let mut merge = Merge::new(self.def.clone(), delivery, next_id as u64, existing, &mut lookup, terms);
        for actions in merge.by_ref() {
            for action in actions? {
                self.apply(action).map_err(&failed)?;
            }
        }
        let next = merge.next_id();
        drop(merge);
        if let Some(boxes) = self.bulk.take() {
            tree::fill(self.db, &rtree, boxes).map_err(&failed)?;
        }
        self.finish(next)
    }

    /// Notes what another program did to a feature: what it was before, and what matching knows of it now.
    pub(super) fn note(
        &mut self,
        id: FeatureId,
        before: Option<&Row>,
        now: Option<Side>,
    ) -> rusqlite::Result<()> {
        match now {
            Some(side) => self.put_side(id, side)?,
            None => drop(self.db.prepare_cached(&self.deletes[1])?.execute([id as i64])?),
        }
        match (before, now) {
            (Some(_), Some(_)) => self.counts.changed += 1,
            (Some(_), None) => self.counts.removed += 1,
            (None, _) => {
                self.counts.added += 1;
                self.added.push(id);
            }
        }
        before.map_or(Ok(()), |before| self.log(id, before))
    }

    /// Writes the layer's part of the log; ids below `next` are never given again.
    pub(super) fn finish(self, next: FeatureId) -> Result<Counts, StoreError> {
        let failed = env("writing the log");
        for (first, last) in self.added.ranges() {
            self.db
                .execute(
                    "INSERT INTO ditu_added VALUES (?1, ?2, ?3, ?4)",
                    params![self.def.id.as_str(), self.revision.0 as i64, first as i64, last as i64],
                )
                .map_err(&failed)?;
        }
        self.db
            .execute(
                "UPDATE ditu_layer SET next_id = max(next_id, ?2), features = features + ?3,
                 revision = CASE WHEN ?5 THEN ?4 ELSE revision END WHERE layer = ?1",
                params![
                    self.def.id.as_str(),
                    next as i64,
                    self.counts.added as i64 - self.counts.removed as i64,
                    self.revision.0 as i64,
                    self.counts.added + self.counts.changed + self.counts.removed > 0
                ],
            )
            .map_err(&failed)?;
        Ok(self.counts)
    }

    fn apply(&mut self, action: Action) -> rusqlite::Result<()> {
        match action {
            Action::Insert { id, row, side } => {
                self.put(id, &row, side, false)?;
                self.counts.added += 1;
                self.added.push(id);
            }
            Action::Update { id, row, side, before } => {
                let before = match before {
                    Some(before) => Some(before),
                    None => read::row(self.db, &self.def, id)?,
                };
                self.put(id, &row, side, true)?;
                self.counts.changed += 1;
                if let Some(before) = before {
                    self.log(id, &before)?;
                }
            }
            Action::Delete { id } => {
                let before = read::row(self.db, &self.def, id)?;
                for sql in &self.deletes {
                    self.db.prepare_cached(sql)?.execute([id as i64])?;
                }
                self.counts.removed += 1;
                if let Some(before) = before {
                    self.log(id, &before)?;
                }
            }
        }
        Ok(())
    }

    fn put(&mut self, id: FeatureId, row: &Row, side: Side, update: bool) -> rusqlite::Result<()> {
        let bounds = row.geometry.as_ref().map_or(Bounds::EMPTY, |g| g.bounds());
        let blob: Option<&[u8]> = match &row.geometry {
            Some(g) if !g.is_empty() => {
                blob::write(g, &bounds, true, &mut self.blob);
                Some(&self.blob)
            }
            _ => None,
        };
        let id = id as i64;
        let values: Vec<Bound<'_>> = row.values.iter().map(Bound).collect();
        let head: [&dyn ToSql; 2] = [&id, &blob];
        let all = head.into_iter().chain(values.iter().map(|v| v as &dyn ToSql));
        let sql = if update { &self.update } else { &self.insert };
        self.db.prepare_cached(sql)?.execute(params_from_iter(all))?;
        if bounds.is_empty() {
            if update {
                self.db.prepare_cached(&self.deletes[2])?.execute([id])?;
            }
        } else {
            let b = &bounds;
            match &mut self.bulk {
                Some(boxes) => boxes.push(tree::entry(id, b.min, b.max)),
                None => {
                    let tree = [b.min[0], b.max[0], b.min[1], b.max[1]];
                    self.db
                        .prepare_cached(&self.tree_put)?
                        .execute(params![id, tree[0], tree[1], tree[2], tree[3]])?;
                }
            }
        }
        self.put_side(id as u64, side)
    }

    fn put_side(&self, id: FeatureId, side: Side) -> rusqlite::Result<()> {
        let key = side.key.map(u128::to_be_bytes);
        self.db.prepare_cached(&self.side_put)?.execute(params![
            id as i64,
            key.as_ref().map(|k| &k[..]),
            &side.content.to_be_bytes()[..]
        ])?;
        Ok(())
    }

    /// Keeps what a feature was. Within one revision the first "before" is the one that counts.
    fn log(&mut self, id: FeatureId, before: &Row) -> rusqlite::Result<()> {
        if self.added.contains(id) {
            return Ok(());
        }
        let b = before.geometry.as_ref().map_or(Bounds::EMPTY, |g| g.bounds());
        let side = |v: f64| v.is_finite().then_some(v);
        self.db
            .prepare_cached("INSERT OR IGNORE INTO ditu_change VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
            .execute(params![
                self.def.id.as_str(),
                self.revision.0 as i64,
                id as i64,
                codec::encode(before, &self.def.fields),
                side(b.min[0]),
                side(b.min[1]),
                side(b.max[0]),
                side(b.max[1])
            ])?;
        Ok(())
    }
}

fn hash(bytes: Option<&[u8]>) -> Option<u128> {
    bytes.and_then(|b| b.try_into().ok()).map(u128::from_be_bytes)
}

fn sides(db: &Connection, def: &LayerDef) -> rusqlite::Result<Vec<(FeatureId, Side)>> {
    let sql = format!(
        "SELECT fid, key, content FROM {} ORDER BY fid",
        quote(&format!("ditu_side_{}", def.id.table()))
    );
    let mut statement = db.prepare(&sql)?;
    let rows = statement.query_map([], |r| {
        let key = hash(r.get_ref(1)?.as_blob_or_null()?);
        let content = hash(r.get_ref(2)?.as_blob_or_null()?).unwrap_or_default();
        Ok((r.get::<_, i64>(0)? as u64, Side { key, content }))
    })?;
    rows.collect()
}

struct Sides<'a> {
    db: &'a Connection,
    def: &'a LayerDef,
    side: String,
    tree: String,
}

impl Lookup for Sides<'_> {
    fn by_id(&mut self, id: FeatureId) -> Result<Option<Side>, StoreError> {
        let sql = format!("SELECT key, content FROM {} WHERE fid = ?1", self.side);
        let row = |r: &rusqlite::Row<'_>| {
            let key = hash(r.get_ref(0)?.as_blob_or_null()?);
            Ok(Side { key, content: hash(r.get_ref(1)?.as_blob_or_null()?).unwrap_or_default() })
        };
        let found = self.db.prepare_cached(&sql).and_then(|mut s| s.query_row([id as i64], row).optional());
        found.map_err(env("looking up a feature"))
    }

    fn by_key(&mut self, key: u128) -> Result<Option<FeatureId>, StoreError> {
        let sql = format!("SELECT fid FROM {} WHERE key = ?1", self.side);
        let found = self
            .db
            .prepare_cached(&sql)
            .and_then(|mut s| s.query_row([&key.to_be_bytes()[..]], |r| r.get::<_, i64>(0)).optional());
        found.map(|f| f.map(|id| id as u64)).map_err(env("looking up a key"))
    }

    fn rows(&mut self, ids: &[FeatureId]) -> Result<Vec<(FeatureId, Row)>, StoreError> {
        let row = |id: &FeatureId| Ok(read::row(self.db, self.def, *id)?.map(|row| (*id, row)));
        let rows: rusqlite::Result<Vec<_>> = ids.iter().filter_map(|id| row(id).transpose()).collect();
        rows.map_err(env("reading rows to compare"))
    }

    fn near(&mut self, places: &[(Bounds, f64)]) -> Result<Vec<Vec<FeatureId>>, StoreError> {
        let failed = env("looking up a place");
        let sql = format!(
            "SELECT id FROM {} WHERE minx BETWEEN ?1 - ?5 AND ?1 + ?5 AND miny BETWEEN ?2 - ?5 AND ?2 + ?5
             AND maxx BETWEEN ?3 - ?5 AND ?3 + ?5 AND maxy BETWEEN ?4 - ?5 AND ?4 + ?5 LIMIT {NEAR_MOST}",
            self.tree
        );
        let mut statement = self.db.prepare_cached(&sql).map_err(&failed)?;
        let mut found = Vec::with_capacity(places.len());
        for (b, by) in places {
            let corners = params![b.min[0], b.min[1], b.max[0], b.max[1], by];
            let ids = statement.query_map(corners, |r| Ok(r.get::<_, i64>(0)? as u64)).map_err(&failed)?;
            found.push(ids.collect::<rusqlite::Result<_>>().map_err(&failed)?);
        }
        Ok(found)
    }
}
