//! The embedded store: one GeoPackage file that QGIS opens as it is, with the revision log in the same file and the same
//! transaction. WAL: readers never wait for the writer.

mod blob;
mod read;
mod schema;
mod write;

use crate::api::{FeatureVersion, Store, StoreError};
use crate::log;
use async_trait::async_trait;
use ditu_access::View;
use ditu_model::{
    Changeset, Commit, Difference, FeatureId, FeatureSource, LayerDef, LayerId, Layers, Origin, Revision,
    RevisionId,
};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long a second writer waits for the first.
const WAIT: Duration = Duration::from_secs(20);
/// Idle reading connections kept.
const IDLE: usize = 8;

/// Shared by the store and its readers.
pub(crate) struct File {
    path: PathBuf,
    layers: Arc<Layers>,
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Option<Connection>>,
    head: Mutex<Head>,
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
        db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;")?;
    } else {
        db.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -16384;")?;
    }
    Ok(db)
}

/// Opens or makes the file.
pub(crate) async fn open(path: &Path, layers: Arc<Layers>) -> Result<Arc<dyn Store>, StoreError> {
    let path = path.to_owned();
    blocking(move || {
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
        let file = File {
            path,
            layers,
            readers: Mutex::default(),
            writer: Mutex::new(Some(db)),
            head: Mutex::new(head),
        };
        Ok(Arc::new(GeoPackage(Arc::new(file))) as Arc<dyn Store>)
    })
    .await
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

    fn head(&self) -> Result<RevisionId, StoreError> {
        let failed = env("asking for the head revision");
        let mut h = self.head.lock().unwrap_or_else(|e| e.into_inner());
        let version: i64 =
            h.db.prepare_cached("PRAGMA data_version")
                .and_then(|mut s| s.query_row([], |r| r.get(0)))
                .map_err(&failed)?;
        if version != h.version {
            let head: i64 =
                h.db.prepare_cached("SELECT ifnull(max(id), 0) FROM ditu_revision")
                    .and_then(|mut s| s.query_row([], |r| r.get(0)))
                    .map_err(&failed)?;
            h.head = RevisionId(head as u64);
            h.version = version;
        }
        Ok(h.head)
    }
}

#[async_trait]
impl Store for GeoPackage {
    fn layers(&self) -> &Arc<Layers> {
        &self.0.layers
    }

    async fn head(&self) -> Result<RevisionId, StoreError> {
        // A look at shared memory: microseconds, no need of another thread.
        self.0.head()
    }

    async fn commit(&self, view: &View, changeset: Changeset) -> Result<Commit, StoreError> {
        log::may_write(view, changeset.deliveries.iter().map(|d| &d.layer))?;
        let file = self.0.clone();
        blocking(move || write::commit(&file, changeset, false)).await
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
        let found = blocking(move || file.read(|db| read::diff(db, &def, a, b))).await?;
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
        blocking(move || {
            let head = file.head()?;
            let back = file.read(|db| read::diff(db, &def, head, to))?;
            write::commit(&file, log::rollback(def.id.clone(), back, origin), true)
        })
        .await
    }

    fn reader(&self, view: Arc<View>) -> Arc<dyn FeatureSource> {
        Arc::new(read::Reader { file: self.0.clone(), view })
    }
}
