//! The embedded store: one GeoPackage file that QGIS opens as it is, with the revision log in the same file and the same
//! transaction. WAL: readers never wait for the writer.

mod foreign;
mod read;
mod schema;
mod tree;
mod value;
mod write;

use crate::api::{FeatureVersion, Store, StoreError};
use crate::log::{self, Keep, Work};
use async_trait::async_trait;
use ditu_access::View;
use ditu_model::{
    Changeset, Commit, Difference, FeatureId, FeatureSource, LayerDef, LayerId, Layers, Origin, Preview,
    Revision, RevisionId,
};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long a second writer waits for the first.
const WAIT: Duration = Duration::from_secs(20);
/// How long a stream waits for its turn.
const TURN: Duration = Duration::from_secs(5);
/// Streams at once; further ones wait, then are told to come back.
const STREAMS: usize = 64;
/// Idle reading connections kept.
const IDLE: usize = 8;

/// Shared by the store and its readers.
pub(crate) struct File {
    path: PathBuf,
    layers: Arc<Layers>,
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Option<Connection>>,
    head: Mutex<Head>,
    /// Streams open at once: each holds a thread and a connection for as long as its reader takes.
    streams: Arc<Semaphore>,
}

struct Head {
    db: Connection,
    version: i64,
    head: RevisionId,
}

/// A store in a GeoPackage file.
pub(crate) struct GeoPackage(Arc<File>);

/// Wraps a SQLite error: a locked database is "busy", all else is the environment's fault.
fn env(what: &str) -> impl Fn(rusqlite::Error) -> StoreError + use<> {
    let what = what.to_owned();
    move |e| match e.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            StoreError::Busy { retry_after_s: 5 }
        }
        _ => StoreError::Environment { what: what.clone(), source: Box::new(e) },
    }
}

/// An SQL name in double quotes.
fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn connect(path: &Path, write: bool) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_READ_WRITE;
    let flags = if write { flags | OpenFlags::SQLITE_OPEN_CREATE } else { flags };
    let db = Connection::open_with_flags(path, flags)?;
    // By pragma: the library's own call needs a newer SQLite than Debian's.
    db.pragma_update(None, "busy_timeout", WAIT.as_millis() as i64)?;
    db.set_prepared_statement_cache_capacity(128);
    if write {
        // Triggers keep the R-tree for other programs; this one keeps it itself.
        db.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
        // Pages of a new file: a bulk load writes a quarter of the frames that pages of 4 KiB would need.
        db.execute_batch("PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY;")?;
    } else {
        db.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -16384;")?;
    }
    Ok(db)
}

/// Opens or makes the file.
pub(crate) async fn open(path: &Path, layers: Arc<Layers>) -> Result<Arc<dyn Store>, StoreError> {
    let path = path.to_owned();
    blocking(move || Ok(Arc::new(GeoPackage(Arc::new(File::open(path, layers)?))) as Arc<dyn Store>)).await
}

impl File {
    fn open(path: PathBuf, layers: Arc<Layers>) -> Result<File, StoreError> {
        let failed = env(&format!("opening {}", path.display()));
        let new = !path.exists();
        let mut db = connect(&path, true).map_err(&failed)?;
        if new {
            // "GPKG", version 1.3 (12-128r18 requirement 2); on an empty file only.
            db.execute_batch("PRAGMA application_id = 1196444487; PRAGMA user_version = 10300;")
                .map_err(&failed)?;
        }
        schema::prepare(&mut db, &layers)?;
        let head_db = connect(&path, false).map_err(&failed)?;
        let head = Head { db: head_db, version: -1, head: RevisionId(0) };
        Ok(File {
            path,
            layers,
            readers: Mutex::default(),
            writer: Mutex::new(Some(db)),
            head: Mutex::new(head),
            streams: Arc::new(Semaphore::new(STREAMS)),
        })
    }
}

/// Runs on a thread that may wait for a disk.
async fn blocking<T: Send + 'static>(
    f: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(f).await.unwrap_or_else(|e| {
        Err(StoreError::Environment { what: "a store task ended early".into(), source: Box::new(e) })
    })
}

impl File {
    /// Runs with a reading connection in one snapshot.
    fn read<T>(&self, f: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let failed = env(&format!("reading {}", self.path.display()));
        let idle = self.readers.lock().unwrap_or_else(|e| e.into_inner()).pop();
        let db = match idle {
            Some(db) => db,
            None => connect(&self.path, false).map_err(&failed)?,
        };
        db.execute_batch("BEGIN").map_err(&failed)?;
        let result = f(&db);
        db.execute_batch("ROLLBACK").map_err(&failed)?;
        let mut pool = self.readers.lock().unwrap_or_else(|e| e.into_inner());
        if pool.len() < IDLE {
            pool.push(db);
        }
        result
    }

    fn def(&self, layer: &LayerId) -> Result<Arc<LayerDef>, StoreError> {
        self.layers.get(layer).cloned().ok_or_else(|| StoreError::NoLayer(layer.clone()))
    }

    /// The head; `None` when another program's edits must be taken into the log first.
    fn head(&self, adopted: bool) -> Result<Option<RevisionId>, StoreError> {
        let failed = env("asking for the head revision");
        let mut h = self.head.lock().unwrap_or_else(|e| e.into_inner());
        let version: i64 =
            h.db.prepare_cached("PRAGMA data_version")
                .and_then(|mut s| s.query_row([], |r| r.get(0)))
                .map_err(&failed)?;
        if version != h.version {
            let mut layers = self.layers.iter();
            let pending = layers.try_fold(false, |p, def| Ok(p || foreign::pending(&h.db, def)?));
            let pending = pending.map_err(&failed)?;
            if pending && !adopted {
                return Ok(None);
            }
            let head: i64 =
                h.db.prepare_cached("SELECT ifnull(max(id), 0) FROM ditu_revision")
                    .and_then(|mut s| s.query_row([], |r| r.get(0)))
                    .map_err(&failed)?;
            h.head = RevisionId(head as u64);
            // While edits wait because somebody else writes, the next caller looks again.
            h.version = if pending { -1 } else { version };
        }
        Ok(Some(h.head))
    }
}

#[async_trait]
impl Store for GeoPackage {
    fn layers(&self) -> &Arc<Layers> {
        &self.0.layers
    }

    async fn head(&self) -> Result<RevisionId, StoreError> {
        // A look at shared memory: microseconds, no need of another thread.
        if let Some(head) = self.0.head(false)? {
            return Ok(head);
        }
        let file = self.0.clone();
        blocking(move || {
            foreign::adopt_now(&file)?;
            Ok(file.head(true)?.unwrap_or_default())
        })
        .await
    }

    async fn commit(&self, view: &View, changeset: Changeset) -> Result<Commit, StoreError> {
        log::may_write(view, changeset.deliveries.iter().map(|d| &d.layer))?;
        let file = self.0.clone();
        blocking(move || Ok(write::work(&file, Work::Changes(changeset), Keep::All)?.0)).await
    }

    async fn preview(
        &self,
        view: &View,
        changeset: Changeset,
        limit: usize,
    ) -> Result<Vec<Preview>, StoreError> {
        log::may_write(view, changeset.deliveries.iter().map(|d| &d.layer))?;
        let file = self.0.clone();
        let keep = Keep::Nothing { limit };
        blocking(move || Ok(write::work(&file, Work::Changes(changeset), keep)?.1)).await
    }

    async fn revisions(
        &self,
        view: &View,
        layer: Option<&LayerId>,
        limit: usize,
    ) -> Result<Vec<Revision>, StoreError> {
        if let Some(layer) = layer {
            view.scope(layer).ok_or_else(|| StoreError::NoLayer(layer.clone()))?;
        }
        let shown: Vec<LayerId> = view.scopes().map(|s| s.layer().id.clone()).collect();
        let (file, layer) = (self.0.clone(), layer.cloned());
        blocking(move || file.read(|db| read::revisions(db, layer.as_ref(), &shown, limit))).await
    }

    async fn feature_history(
        &self,
        view: &View,
        layer: &LayerId,
        id: FeatureId,
    ) -> Result<Vec<FeatureVersion>, StoreError> {
        let scope = view.scope(layer).cloned().ok_or_else(|| StoreError::NoLayer(layer.clone()))?;
        let (file, def) = (self.0.clone(), self.0.def(layer)?);
        let versions = blocking(move || file.read(|db| read::history(db, &def, id))).await?;
        Ok(log::show_history(&scope, versions))
    }

    async fn diff(
        &self,
        view: &View,
        layer: &LayerId,
        a: RevisionId,
        b: RevisionId,
        limit: usize,
    ) -> Result<Vec<Difference>, StoreError> {
        let scope = view.scope(layer).cloned().ok_or_else(|| StoreError::NoLayer(layer.clone()))?;
        let (file, def) = (self.0.clone(), self.0.def(layer)?);
        let found = blocking(move || file.read(|db| read::diff(db, &def, a, b, usize::MAX))).await?;
        Ok(log::show_diff(&scope, found, limit))
    }

    async fn rollback(
        &self,
        view: &View,
        layer: &LayerId,
        to: RevisionId,
        origin: Origin,
    ) -> Result<Commit, StoreError> {
        log::may_write(view, [layer])?;
        let (file, def) = (self.0.clone(), self.0.def(layer)?);
        blocking(move || Ok(write::work(&file, Work::Back { def, to, origin }, Keep::All)?.0)).await
    }

    fn reader(&self, view: Arc<View>) -> Arc<dyn FeatureSource> {
        Arc::new(read::Reader { file: self.0.clone(), view })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{delivery, layers, operator, spot};
    use ditu_model::Mode;

    /// SQLite's own limit of pages answers as a full disk does; its read-only switch as a read-only file does.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_full_disk_and_a_file_that_became_read_only_are_told_and_leave_the_store_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let file = Arc::new(File::open(dir.path().join("city.gpkg"), layers()).unwrap());
        let store = GeoPackage(file.clone());
        let at = [111.5, 29.0];
        let put = |n: i64| {
            delivery("t.spot", Mode::Append, (0..n).map(|i| spot(&format!("{n}/{i}"), i, at)).collect())
        };
        store.commit(&operator(), put(1)).await.unwrap();
        for (on, off, told) in [
            ("PRAGMA max_page_count = 120", "PRAGMA max_page_count = 1073741823", "full"),
            ("PRAGMA query_only = ON", "PRAGMA query_only = OFF", "readonly"),
        ] {
            let set = |sql: &str| {
                file.writer.lock().unwrap().as_ref().unwrap().query_row(sql, [], |_| Ok(())).ok();
            };
            set(on);
            let refused = store.commit(&operator(), put(20_000)).await.unwrap_err();
            assert!(matches!(refused, StoreError::Environment { .. }), "{refused}");
            assert!(refused.to_string().contains(told), "{refused}");
            set(off);
            assert_eq!(store.head().await.unwrap(), RevisionId(1));
        }
        store.commit(&operator(), put(2)).await.unwrap();
        let sound: String = file
            .read(|db| db.query_row("PRAGMA integrity_check", [], |r| r.get(0)).map_err(env("checking")))
            .unwrap();
        assert_eq!((sound.as_str(), store.head().await.unwrap()), ("ok", RevisionId(2)));
    }
}
