//! The store of a city that is run for many: a schema in PostgreSQL with PostGIS, one plain typed table a layer, and
//! triggers that log what any other client edits.
//!
//! Every call is one transaction and leaves nothing in the session, so that it works behind a pooler in transaction
//! mode.

mod copy;
mod read;
mod schema;
mod write;

use crate::api::{FeatureVersion, Store, StoreError};
use crate::log;
use async_trait::async_trait;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use ditu_access::View;
use ditu_model::{
    Changeset, Commit, Difference, FeatureId, FeatureSource, LayerDef, LayerId, Layers, Origin, Revision,
    RevisionId,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio_postgres::NoTls;
use xxhash_rust::xxh3::xxh3_64;

/// Connections at most; further requests queue.
const CONNECTIONS: usize = 16;
/// How long a request queues before it is told to come back.
const WAIT: Duration = Duration::from_secs(5);

/// Shared by the store and its readers.
pub(crate) struct Database {
    pool: Pool,
    schema: String,
    layers: Arc<Layers>,
    /// The advisory lock of the one writer.
    lock: i64,
    asked: AtomicU64,
    head: tokio::sync::Mutex<(u64, RevisionId)>,
}

/// A store in PostGIS.
pub(crate) struct PostGis(Arc<Database>);

/// Wraps a PostgreSQL error.
fn env(what: &str) -> impl Fn(tokio_postgres::Error) -> StoreError + use<> {
    let what = what.to_owned();
    move |e| match e.code().map(|c| c.code()) {
        // Lock not available, serialisation, deadlock, too many connections.
        Some("55P03" | "40001" | "40P01" | "53300") => StoreError::Busy { retry_after_s: 5 },
        _ => StoreError::Environment { what: what.clone(), source: Box::new(e) },
    }
}

/// An SQL name in double quotes.
fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Connects and prepares the schema.
pub(crate) async fn open(url: &str, schema: &str, layers: Arc<Layers>) -> Result<Arc<dyn Store>, StoreError> {
    let config: tokio_postgres::Config = url.parse().map_err(env("reading the database's address"))?;
    let manager =
        Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    let pool = Pool::builder(manager)
        .max_size(CONNECTIONS)
        .wait_timeout(Some(WAIT))
        .create_timeout(Some(WAIT))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|e| StoreError::Environment {
            what: "connecting to the database".into(),
            source: Box::new(e),
        })?;
    let database = Database {
        pool,
        schema: schema.to_owned(),
        layers,
        lock: xxh3_64(format!("ditu {schema}").as_bytes()) as i64,
        asked: AtomicU64::new(0),
        head: tokio::sync::Mutex::default(),
    };
    let mut client = database.client().await?;
    let tx = client.transaction().await.map_err(env("preparing the database"))?;
    schema::prepare(&tx, schema, database.lock, &database.layers).await?;
    tx.commit().await.map_err(env("preparing the database"))?;
    drop(client);
    Ok(Arc::new(PostGis(Arc::new(database))))
}

impl Database {
    async fn client(&self) -> Result<Object, StoreError> {
        self.pool.get().await.map_err(|e| match e {
            PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => StoreError::Busy { retry_after_s: 2 },
            e => StoreError::Environment { what: "connecting to the database".into(), source: Box::new(e) },
        })
    }

    fn def(&self, layer: &LayerId) -> Result<Arc<LayerDef>, StoreError> {
        self.layers.get(layer).cloned().ok_or_else(|| StoreError::NoLayer(layer.clone()))
    }

    /// The table of a layer with its schema, quoted.
    fn table(&self, prefix: &str, def: &LayerDef) -> String {
        format!("{}.{}", quote(&self.schema), quote(&format!("{prefix}{}", def.id.table())))
    }

    /// A table of the log, quoted.
    fn own(&self, name: &str) -> String {
        format!("{}.{}", quote(&self.schema), quote(name))
    }
}

/// A transaction that reads one snapshot.
macro_rules! snapshot {
    ($client:expr) => {
        $client
            .build_transaction()
            .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await
    };
}
pub(super) use snapshot;

#[async_trait]
impl Store for PostGis {
    fn layers(&self) -> &Arc<Layers> {
        &self.0.layers
    }

    async fn head(&self) -> Result<RevisionId, StoreError> {
        // Callers that wait while a query runs share the next one: an answer is never older than the question.
        let ticket = self.0.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut known = self.0.head.lock().await;
        if known.0 >= ticket {
            return Ok(known.1);
        }
        let upto = self.0.asked.load(Ordering::SeqCst);
        let failed = env("asking for the head revision");
        let client = self.0.client().await?;
        let sql = format!("SELECT coalesce(max(id), 0) FROM {}", self.0.own("ditu_revision"));
        let row = client.query_typed(&sql, &[]).await.map_err(failed)?;
        let head = row.first().map_or(0, |r| r.get::<_, i64>(0));
        *known = (upto, RevisionId(head as u64));
        Ok(known.1)
    }

    async fn commit(&self, view: &View, changeset: Changeset) -> Result<Commit, StoreError> {
        log::may_write(view, changeset.deliveries.iter().map(|d| &d.layer))?;
        write::commit(self.0.clone(), changeset, false).await
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
        let shown: Vec<LayerId> = match layer {
            Some(layer) => vec![layer.clone()],
            None => view.scopes().map(|s| s.layer().id.clone()).collect(),
        };
        read::revisions(&self.0, &shown, limit).await
    }

    async fn feature_history(
        &self,
        view: &View,
        layer: &LayerId,
        id: FeatureId,
    ) -> Result<Vec<FeatureVersion>, StoreError> {
        let scope = view.scope(layer).ok_or_else(|| StoreError::NoLayer(layer.clone()))?;
        let def = self.0.def(layer)?;
        let versions = read::history(&self.0, &def, id).await?;
        Ok(log::show_history(scope, versions))
    }

    async fn diff(
        &self,
        view: &View,
        layer: &LayerId,
        a: RevisionId,
        b: RevisionId,
        limit: usize,
    ) -> Result<Vec<Difference>, StoreError> {
        let scope = view.scope(layer).ok_or_else(|| StoreError::NoLayer(layer.clone()))?;
        let def = self.0.def(layer)?;
        let found = read::diff(&self.0, &def, a, b).await?;
        Ok(log::show_diff(scope, found, limit))
    }

    async fn rollback(
        &self,
        view: &View,
        layer: &LayerId,
        to: RevisionId,
        origin: Origin,
    ) -> Result<Commit, StoreError> {
        log::may_write(view, [layer])?;
        let def = self.0.def(layer)?;
        let head = self.head().await?;
        let back = read::diff(&self.0, &def, head, to).await?;
        write::commit(self.0.clone(), log::rollback(def.id.clone(), back, origin), true).await
    }

    fn reader(&self, view: Arc<View>) -> Arc<dyn FeatureSource> {
        Arc::new(read::Reader { database: self.0.clone(), view })
    }
}
