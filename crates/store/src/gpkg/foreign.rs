//! Edits by other programs (QGIS, ogr2ogr): triggers keep what was there before, and the store takes them into its log
//! as a revision before it does anything else.

use super::read::feature;
use super::schema::{columns, sql_type};
use super::write::{Writer, record};
use super::{File, env, quote};
use crate::api::StoreError;
use crate::merge::Side;
use ditu_model::{DateTime, FeatureId, LayerDef, Origin, Revision, RevisionId, Row};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

fn shadow(def: &LayerDef) -> String {
    format!("ditu_edit_{}", def.id.table())
}

/// Makes the table of a layer's foreign edits and the triggers that fill it, or brings them up to date with the fields.
pub(super) fn prepare(db: &Connection, def: &LayerDef) -> Result<(), StoreError> {
    let failed = env("preparing the GeoPackage");
    let (t, edits) = (quote(&def.id.table()), quote(&shadow(def)));
    let fields: String =
        def.fields.iter().map(|f| format!(", {} {}", quote(&f.name), sql_type(f.kind))).collect();
    // `ditu_was`: whether the feature was there before the edit.
    db.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS {edits} (fid INTEGER PRIMARY KEY, ditu_was INTEGER NOT NULL, geom BLOB{fields})"
    ))
    .map_err(&failed)?;
    columns(db, def, &shadow(def))?;
    let names: String = def.fields.iter().map(|f| format!(", {}", quote(&f.name))).collect();
    let olds: String = def.fields.iter().map(|f| format!(", OLD.{}", quote(&f.name))).collect();
    // Not INSERT OR IGNORE: the outer statement's own conflict clause would override it.
    let keep = format!(
        "INSERT INTO {edits} (fid, ditu_was, geom{names}) SELECT OLD.fid, 1, OLD.geom{olds}
         WHERE NOT EXISTS (SELECT 1 FROM {edits} WHERE fid = OLD.fid);"
    );
    let new = format!(
        "INSERT INTO {edits} (fid, ditu_was) SELECT NEW.fid, 0
         WHERE NOT EXISTS (SELECT 1 FROM {edits} WHERE fid = NEW.fid);"
    );
    let both = format!("{keep} {new}");
    for (name, event, body) in
        [("insert", "INSERT", &new), ("update", "UPDATE", &both), ("delete", "DELETE", &keep)]
    {
        let trigger = format!("{}_{name}", shadow(def));
        let sql = format!("CREATE TRIGGER {} AFTER {event} ON {t} BEGIN {body} END", quote(&trigger));
        let present: Option<String> = db
            .query_row(
                "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?1",
                [&trigger],
                |r| r.get(0),
            )
            .optional()
            .map_err(&failed)?;
        if present.as_deref() != Some(&sql) {
            let drop = format!("DROP TRIGGER IF EXISTS {}; {sql};", quote(&trigger));
            db.execute_batch(&drop).map_err(&failed)?;
        }
    }
    Ok(())
}

/// True when another program has edited something that is not in the log yet.
pub(super) fn pending(db: &Connection, def: &LayerDef) -> rusqlite::Result<bool> {
    db.prepare_cached(&format!("SELECT 1 FROM {} LIMIT 1", quote(&shadow(def))))?.exists([])
}

/// Takes pending edits into the log, if there are any and nobody writes just now.
pub(super) fn adopt_now(file: &File) -> Result<bool, StoreError> {
    let Ok(mut guard) = file.writer.try_lock() else { return Ok(false) };
    let failed = env(&format!("writing {}", file.path.display()));
    let mut db = match guard.take() {
        Some(db) => db,
        None => super::connect(&file.path, true).map_err(&failed)?,
    };
    let result = (|| {
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        let head: i64 = tx
            .query_row("SELECT ifnull(max(id), 0) FROM ditu_revision", [], |r| r.get(0))
            .map_err(&failed)?;
        adopt(file, &tx, head as u64)?;
        tx.commit().map_err(&failed)
    })();
    *guard = Some(db);
    match result {
        Ok(()) => Ok(true),
        Err(StoreError::Busy { .. }) => Ok(false),
        Err(e) => Err(e),
    }
}

/// Takes pending edits into the log, in a writer's transaction; the head afterwards.
pub(super) fn adopt(file: &File, db: &Connection, head: u64) -> Result<u64, StoreError> {
    let failed = env("reading what another program edited");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let revision = RevisionId(head + 1);
    let mut after = head;
    for def in file.layers.iter() {
        if !pending(db, def).map_err(&failed)? {
            continue;
        }
        let mut writer = Writer::new(db, def.clone(), revision)?;
        let mut next_id = 0;
        for (id, before) in edits(db, def).map_err(&failed)? {
            let now = super::read::row(db, def, id).map_err(&failed)?;
            next_id = next_id.max(id + 1);
            if before == now {
                continue;
            }
            let side =
                now.as_ref().map(|row| Side { key: row.key_hash(&def.key), content: row.content_hash() });
            writer.note(id, before.as_ref(), side).map_err(&failed)?;
        }
        db.execute_batch(&format!("DELETE FROM {}", quote(&shadow(def)))).map_err(&failed)?;
        let counts = writer.finish(next_id)?;
        if counts.added + counts.changed + counts.removed == 0 {
            continue;
        }
        after = revision.0;
        let origin = Origin { message: "edited with another program".into(), ..Origin::default() };
        let revision = Revision {
            id: revision,
            layer: def.id.clone(),
            at: DateTime(now.as_millis() as i64),
            origin,
            added: counts.added,
            changed: counts.changed,
            removed: counts.removed,
        };
        record(db, &revision, def).map_err(&failed)?;
    }
    Ok(after)
}

/// The features another program touched, and what they were before it did.
fn edits(db: &Connection, def: &LayerDef) -> rusqlite::Result<Vec<(FeatureId, Option<Row>)>> {
    let names: String = def.fields.iter().map(|f| format!(", {}", quote(&f.name))).collect();
    let sql = format!("SELECT fid, geom{names}, ditu_was FROM {} ORDER BY fid", quote(&shadow(def)));
    let mut statement = db.prepare(&sql)?;
    let rows = statement.query_map([], |r| {
        let f = feature(def, r)?;
        Ok((f.id, r.get::<_, bool>(def.fields.len() + 2)?.then_some(f.row)))
    })?;
    rows.collect()
}
