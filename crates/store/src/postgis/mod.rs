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
use crate::log::{self, Keep, Work};
use async_trait::async_trait;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use ditu_access::View;
use ditu_model::{
    Changeset, Commit, Difference, FeatureId, FeatureSource, LayerDef, LayerId, Layers, Origin, Preview,
    Revision, RevisionId,
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
    Ok(Arc::new(PostGis(Arc::new(connect(url, schema, layers, CONNECTIONS, WAIT).await?))))
}

async fn connect(
    url: &str,
    schema: &str,
    layers: Arc<Layers>,
    connections: usize,
    wait: Duration,
) -> Result<Database, StoreError> {
    let config: tokio_postgres::Config = url.parse().map_err(env("reading the database's address"))?;
    let manager =
        Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Verified });
    let pool = Pool::builder(manager)
        .max_size(connections)
        .wait_timeout(Some(wait))
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
    Ok(database)
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
        Ok(write::work(self.0.clone(), Work::Changes(changeset), Keep::All).await?.0)
    }

    async fn preview(
        &self,
        view: &View,
        changeset: Changeset,
        limit: usize,
    ) -> Result<Vec<Preview>, StoreError> {
        log::may_write(view, changeset.deliveries.iter().map(|d| &d.layer))?;
        let keep = Keep::Nothing { limit };
        Ok(write::work(self.0.clone(), Work::Changes(changeset), keep).await?.1)
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
        Ok(write::work(self.0.clone(), Work::Back { def, to, origin }, Keep::All).await?.0)
    }

    fn reader(&self, view: Arc<View>) -> Arc<dyn FeatureSource> {
        Arc::new(read::Reader { database: self.0.clone(), view })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Target;
    use crate::conformance::{World, all, area, counts, delivery, id, layers, operator, spot};
    use ditu_model::{Delivery, Losses, Mode, Row, RowOp, Terms};

    /// A pooler in transaction mode gives the session to another client between transactions: what one leaves in it,
    /// a statement's name or a setting, breaks the next.
    #[tokio::test(flavor = "multi_thread")]
    async fn nothing_is_left_in_a_session_after_reads_writes_and_refusals() {
        let w = World::postgis("session").await;
        let Some(Target::PostGis { url, schema }) = w.target else { unreachable!() };
        let database = Arc::new(connect(&url, &schema, layers(), CONNECTIONS, WAIT).await.unwrap());
        let store = PostGis(database.clone());
        let put = |codes: &[&str]| {
            delivery("t.spot", Mode::Append, codes.iter().map(|c| spot(c, 1, [111.0, 29.0])).collect())
        };
        store.commit(&operator(), put(&["a", "b"])).await.unwrap();
        store.commit(&operator(), put(&["a"])).await.unwrap_err();
        store.rollback(&operator(), &id("t.spot"), RevisionId(0), Origin::default()).await.unwrap();
        store.head().await.unwrap();
        store.revisions(&operator(), None, 9).await.unwrap();
        store.feature_history(&operator(), &id("t.spot"), 1).await.unwrap();
        let reader = store.reader(operator());
        reader.changes(&id("t.spot"), RevisionId(0), 9).await.unwrap();
        assert_eq!(all(reader.as_ref(), &id("t.spot")).await.len(), 0);
        let mut held = Vec::new();
        for _ in 0..database.pool.status().size {
            let client = database.client().await.unwrap();
            let sql = "SELECT (SELECT count(*) FROM pg_prepared_statements)::bigint,
                       (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())::bigint,
                       coalesce(current_setting('ditu.writer', true), ''), current_setting('lock_timeout')";
            let rows = client.query_typed(sql, &[]).await.unwrap();
            let got = (rows[0].get::<_, i64>(0), rows[0].get::<_, i64>(1), rows[0].get::<_, String>(2));
            assert_eq!(got, (0, 0, String::new()));
            assert_eq!(rows[0].get::<_, String>(3), "0");
            held.push(client);
        }
        assert!(!held.is_empty());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_pool_that_is_used_up_is_busy_after_a_wait_and_not_for_ever() {
        let w = World::postgis("pool").await;
        let Some(Target::PostGis { url, schema }) = w.target else { unreachable!() };
        let wait = Duration::from_millis(1);
        let database = Arc::new(connect(&url, &schema, layers(), 1, wait).await.unwrap());
        let store = PostGis(database.clone());
        let held = database.client().await.unwrap();
        assert!(matches!(store.head().await.unwrap_err(), StoreError::Busy { .. }));
        let refused = store.reader(operator()).count(&id("t.spot")).await.unwrap_err();
        assert!(matches!(refused, ditu_model::SourceError::Busy { .. }), "{refused}");
        drop(held);
        assert_eq!(store.head().await.unwrap(), RevisionId(0));
    }

    /// A delivery of three batches that does something between them.
    fn in_between(mut act: impl FnMut() + Send + 'static) -> Changeset {
        let rows = (0..3).map(move |batch: i64| {
            if batch == 1 {
                act();
            }
            let put = |i| RowOp::Put { id: None, row: spot(&format!("{batch}/{i}"), i, [111.0, 29.0]) };
            Ok((0..50).map(put).collect())
        });
        let deliveries = vec![Delivery { layer: id("t.spot"), mode: Mode::Replace, rows: Box::new(rows) }];
        Changeset {
            origin: Origin::default(),
            deliveries,
            terms: Terms::default(),
            losses: Losses::default(),
        }
    }

    /// Primary keys of a layer's two tables, and whether the log's trigger is on.
    async fn keys(client: &tokio_postgres::Client, schema: &str) -> (Vec<String>, bool) {
        let sql = "SELECT conname::text FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
                   WHERE n.nspname = $1 AND contype = 'p' AND conname LIKE '%t\\_spot%' ORDER BY 1";
        let keys = client.query(sql, &[&schema]).await.unwrap().iter().map(|r| r.get(0)).collect();
        let sql = "SELECT tgenabled = 'O' FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                   JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname = $1 AND relname = 't_spot' AND tgname = 'ditu_log'";
        (keys, client.query_one(sql, &[&schema]).await.unwrap().get(0))
    }

    /// A first import takes keys and trigger away: nobody who reads through the store waits for it, and all are back after.
    #[tokio::test(flavor = "multi_thread")]
    async fn readers_of_a_layer_do_not_wait_for_its_first_import() {
        let w = World::postgis("first_import").await;
        let Some(Target::PostGis { url, .. }) = w.target.clone() else { unreachable!() };
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let before = keys(&client, "c_first_import").await;
        assert_eq!((before.0.len(), before.1), (2, true));
        let (store, handle) = (w.store.clone(), tokio::runtime::Handle::current());
        let (tell, told) = std::sync::mpsc::channel();
        let read = move || {
            let each = async {
                let (reader, spots) = (store.reader(operator()), id("t.spot"));
                assert_eq!(reader.count(&spots).await.unwrap(), 0);
                assert_eq!(all(reader.as_ref(), &spots).await.len(), 0);
                let changes = reader.changes(&spots, RevisionId(0), 9).await.unwrap();
                assert_eq!(changes.features.map(|f| f.len()), Some(0));
                assert!(store.feature_history(&operator(), &spots, 1).await.unwrap().is_empty());
                let none = store.diff(&operator(), &spots, RevisionId(0), RevisionId(0), 9).await;
                assert!(none.unwrap().is_empty());
            };
            let done = handle.block_on(async { tokio::time::timeout(Duration::from_secs(10), each).await });
            tell.send(done.is_ok()).unwrap();
        };
        w.store.commit(&operator(), in_between(read)).await.unwrap();
        assert!(told.recv().unwrap(), "a reader waited");
        assert_eq!(keys(&client, "c_first_import").await, before);
        assert_eq!(w.all("t.spot").await.len(), 150);
        let sql = "DELETE FROM c_first_import.t_spot WHERE fid = 1";
        assert_eq!(client.execute(sql, &[]).await.unwrap(), 1);
        assert_eq!(w.head().await, RevisionId(2), "the trigger logs again");
    }

    /// Another client that looks at the empty table keeps its keys on; the import takes longer and is the same.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_first_import_does_without_what_another_client_holds() {
        let w = World::postgis("first_held").await;
        let Some(Target::PostGis { url, .. }) = w.target.clone() else { unreachable!() };
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("CREATE INDEX ON c_first_held.t_spot USING gist (geom)").await.unwrap();
        let before = keys(&client, "c_first_held").await;
        client.batch_execute("BEGIN; SELECT count(*) FROM c_first_held.t_spot").await.unwrap();
        let plain = in_between(|| {});
        let done = tokio::time::timeout(Duration::from_secs(15), w.store.commit(&operator(), plain)).await;
        client.batch_execute("COMMIT").await.unwrap();
        done.expect("it does not wait for the other client").unwrap();
        assert_eq!(keys(&client, "c_first_held").await, before);
        assert_eq!(w.all("t.spot").await.len(), 150);
        assert_eq!(w.head().await, RevisionId(1));
    }

    /// Who only reads does not wait for who writes, and who changed the tables meanwhile is noticed.
    #[tokio::test(flavor = "multi_thread")]
    async fn opening_a_prepared_schema_waits_for_no_writer() {
        let w = World::postgis("opening").await;
        let Some(Target::PostGis { url, .. }) = w.target.clone() else { unreachable!() };
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let edit = "BEGIN; INSERT INTO c_opening.t_spot (geom, code) VALUES (ST_GeomFromEWKT('SRID=4490;POINT(111 29)'), 'x')";
        client.batch_execute(edit).await.unwrap();
        let again = tokio::time::timeout(Duration::from_secs(5), w.again()).await.expect("it does not wait");
        assert_eq!(all(again.reader(operator()).as_ref(), &id("t.spot")).await.len(), 0);
        client.batch_execute("COMMIT").await.unwrap();
        // As an older Ditu would leave it.
        let older = "CREATE OR REPLACE FUNCTION c_opening.ditu_unpack(name text) RETURNS void
                     LANGUAGE plpgsql AS 'BEGIN END'";
        client.batch_execute(older).await.unwrap();
        w.again().await;
        let sql = "SELECT prosrc FROM pg_proc WHERE proname = 'ditu_unpack' AND pronamespace = 'c_opening'::regnamespace";
        let now: String = client.query_one(sql, &[]).await.unwrap().get(0);
        assert!(now.contains("ditu_pack"), "{now}");
    }

    /// A coordinate that is no number goes into no JSON: the row that has one can still be changed, taken out and replaced.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_shape_with_a_coordinate_that_is_no_number_stays_editable() {
        let rows = || (0..5).map(|i| spot(&format!("{i}"), i, [111.0, 29.0])).collect::<Vec<_>>();
        let w = World::postgis("nan").await;
        let Some(Target::PostGis { url, .. }) = w.target.clone() else { unreachable!() };
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        w.put("t.spot", Mode::Replace, rows()).await;
        let set = |fid: i32, shape: &str| {
            format!("UPDATE c_nan.t_spot SET geom = ST_GeomFromEWKT('SRID=4490;{shape}') WHERE fid = {fid}")
        };
        client.batch_execute(&set(1, "POINT Z (111 29 nan)")).await.unwrap();
        client.batch_execute(&set(2, "POINT (nan 29)")).await.unwrap();
        client.batch_execute(&set(1, "POINT Z (111 29 5)")).await.unwrap();
        client.batch_execute(&set(3, "POINT Z (111 29 nan)")).await.unwrap();
        client.batch_execute("DELETE FROM c_nan.t_spot WHERE fid = 3").await.unwrap();
        client.batch_execute(&set(4, "POINT (nan 29)")).await.unwrap();
        assert_eq!(counts(&w.put("t.spot", Mode::Replace, rows()).await), (1, 3, 0));
        assert_eq!(w.all("t.spot").await.len(), 5);
    }

    /// A role that may edit the layers and nothing else of Ditu's takes packs apart too; and what a Ditu that knew no packs
    /// left behind is put together by the next import.
    #[tokio::test(flavor = "multi_thread")]
    async fn packs_are_taken_apart_for_any_role_and_after_an_older_ditu() {
        let rows = || (0..70).map(|i| spot(&format!("{i}"), i, [111.0, 29.0])).collect::<Vec<_>>();
        let w = World::postgis("roles").await;
        let Some(Target::PostGis { url, .. }) = w.target.clone() else { unreachable!() };
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        w.put("t.spot", Mode::Replace, rows()).await;
        let old =
            "ALTER TABLE c_roles.t_spot DISABLE TRIGGER ditu_log; DELETE FROM c_roles.t_spot WHERE fid = 5;
                   UPDATE c_roles.ditu_layer SET features = features - 1 WHERE layer = 't.spot';
                   ALTER TABLE c_roles.t_spot ENABLE TRIGGER ditu_log";
        client.batch_execute(old).await.unwrap();
        assert_eq!(counts(&w.put("t.spot", Mode::Replace, rows()).await), (1, 0, 0));

        w.put("t.area", Mode::Replace, vec![area("a", [111.0, 29.0], 0.1), area("b", [111.0, 29.0], 0.2)])
            .await;
        let grant = "DROP ROLE IF EXISTS ditu_test_editor; CREATE ROLE ditu_test_editor;
            GRANT USAGE ON SCHEMA c_roles TO ditu_test_editor;
            GRANT SELECT, INSERT, UPDATE, DELETE ON c_roles.t_area, c_roles.ditu_layer, c_roles.ditu_revision,
              c_roles.ditu_change, c_roles.ditu_side_t_area TO ditu_test_editor";
        client.batch_execute(grant).await.unwrap();
        let edit = "BEGIN; SET LOCAL ROLE ditu_test_editor; UPDATE c_roles.t_area SET name = 'c' WHERE fid = 1; COMMIT";
        client.batch_execute(edit).await.unwrap();
        let left = "SELECT (SELECT count(*) FROM c_roles.ditu_pack WHERE layer = 't.area'),
                           (SELECT count(*) FROM c_roles.ditu_side_t_area)";
        let left = client.query_one(left, &[]).await.unwrap();
        assert_eq!((left.get::<_, i64>(0), left.get::<_, i64>(1)), (0, 2));
        client.batch_execute("DROP OWNED BY ditu_test_editor; DROP ROLE ditu_test_editor").await.unwrap();
    }

    /// Hashes of a first import lie in packs. An import of the same leaves them so; whatever changes a row, Ditu or another
    /// client, takes them apart first, and rows with a key, without one and of a layer without keys are known again.
    #[tokio::test(flavor = "multi_thread")]
    async fn packed_hashes_match_what_they_were_made_of() {
        let rows = |n: i64| -> Vec<Row> {
            let spot = |i| spot(&format!("{i}"), i, [111.0, 29.0]);
            let mut all: Vec<Row> = (0..n).map(spot).collect();
            all[70].values[0] = ditu_model::Value::Null;
            all
        };
        let areas = || (0..130).map(|i| area(&format!("{i}"), [111.0, 29.0], 0.1)).collect::<Vec<_>>();
        let w = World::postgis("packs").await;
        let Some(Target::PostGis { url, .. }) = w.target.clone() else { unreachable!() };
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let packs = async |layer: &str| -> i64 {
            let sql = "SELECT count(*) FROM c_packs.ditu_pack WHERE layer = $1";
            client.query_one(sql, &[&layer]).await.unwrap().get(0)
        };
        w.put("t.spot", Mode::Replace, rows(150)).await;
        w.put("t.area", Mode::Replace, areas()).await;
        assert_eq!((packs("t.spot").await, packs("t.area").await), (3, 3));
        for (layer, same) in [("t.spot", rows(150)), ("t.area", areas())] {
            let done = w.put(layer, Mode::Replace, same).await;
            assert!(matches!(done, Commit::Unchanged(_)), "{layer}: {done:?}");
        }
        assert_eq!((packs("t.spot").await, packs("t.area").await), (3, 3));

        // Another client moves one area and takes one out.
        let sql = "UPDATE c_packs.t_area SET geom = ST_Translate(geom, 0.001, 0) WHERE name = '64';
                   DELETE FROM c_packs.t_area WHERE name = '129'";
        client.batch_execute(sql).await.unwrap();
        assert_eq!((packs("t.spot").await, packs("t.area").await), (3, 0));
        let done = w.put("t.area", Mode::Replace, areas()).await;
        assert_eq!(counts(&done), (2, 0, 1), "one comes back, one is new, what was moved goes");

        // A delivery changes one spot, adds one and leaves one out.
        let mut next = rows(151);
        next[3] = spot("3", 33, [111.0, 29.0]);
        next.remove(9);
        assert_eq!(counts(&w.put("t.spot", Mode::Replace, next.clone()).await), (1, 1, 1));
        assert_eq!(packs("t.spot").await, 0);
        let done = w.put("t.spot", Mode::Replace, next).await;
        assert!(matches!(done, Commit::Unchanged(_)), "{done:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_backend_ended_in_the_middle_of_a_commit_leaves_the_old_state() {
        let w = World::postgis("terminate").await;
        let Some(Target::PostGis { url, .. }) = w.target.clone() else { unreachable!() };
        w.store
            .commit(&operator(), delivery("t.spot", Mode::Replace, vec![spot("a", 1, [111.0, 29.0])]))
            .await
            .unwrap();
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let handle = tokio::runtime::Handle::current();
        let rows = (0..4).map(move |batch: i64| {
            if batch == 2 {
                let sql = "SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                           JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_stat_activity a ON a.pid = l.pid
                           WHERE n.nspname = 'c_terminate' AND c.relname = 't_spot' AND a.pid <> pg_backend_pid()";
                let ended = handle.block_on(client.query(sql, &[])).map_err(|e| e.to_string())?;
                assert!(!ended.is_empty(), "the commit holds a lock on its table");
            }
            let put = |i| RowOp::Put { id: None, row: spot(&format!("{batch}/{i}"), i, [111.0, 29.0]) };
            Ok((0..50).map(put).collect())
        });
        let changes = Changeset {
            origin: Origin::default(),
            deliveries: vec![Delivery { layer: id("t.spot"), mode: Mode::Replace, rows: Box::new(rows) }],
            terms: Terms::default(),
            losses: Losses::default(),
        };
        let refused = w.store.commit(&operator(), changes).await.unwrap_err();
        assert!(matches!(refused, StoreError::Environment { .. }), "{refused}");
        connection.await.unwrap().unwrap();
        assert_eq!(w.head().await, RevisionId(1));
        assert_eq!(w.all("t.spot").await.len(), 1);
        let again = delivery("t.spot", Mode::Upsert, vec![spot("b", 1, [111.0, 29.0])]);
        w.store.commit(&operator(), again).await.unwrap();
        assert_eq!(w.head().await, RevisionId(2));
    }
}
