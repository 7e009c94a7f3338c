//! What survives when a process is killed in the middle of a commit, and what other programs see in the stores.

use super::world::*;
use crate::{StoreError, Target, open};
use ditu_model::{Changeset, Delivery, Losses, Mode, RevisionId, RowOp, Terms};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// Not a test of its own: commits without end, and says so after each batch.
#[tokio::test(flavor = "multi_thread")]
async fn victim() {
    let Ok(target) = std::env::var("DITU_TEST_VICTIM") else { return };
    let store = open(&Target::parse(&target).unwrap(), layers()).await.unwrap();
    let rows = (0..).map(|i: i64| {
        println!("batch {i}");
        std::io::stdout().flush().map_err(|e| e.to_string())?;
        let put = |k: i64| RowOp::Put { id: None, row: spot(&format!("v{}", i * 500 + k), k, [111.0, 29.0]) };
        Ok((0..500).map(put).collect())
    });
    let delivery = Delivery { layer: id("t.spot"), mode: Mode::Replace, rows: Box::new(rows) };
    store
        .commit(
            &operator(),
            Changeset {
                origin: origin(),
                deliveries: vec![delivery],
                terms: Terms::default(),
                losses: Losses::default(),
            },
        )
        .await
        .unwrap();
}

/// Starts the victim, kills it in the middle, and leaves.
fn kill_in_the_middle(target: &str) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "conformance::kill::victim", "--nocapture", "--test-threads=1"])
        .env("DITU_TEST_VICTIM", target)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let far = lines.map_while(Result::ok).filter(|l| l.contains("batch ")).take(25).count();
    assert_eq!(far, 25, "the victim ended early");
    child.kill().unwrap();
    child.wait().unwrap();
}

async fn survives(w: &World, target: &str) {
    w.put("t.spot", Mode::Replace, vec![spot("a", 1, [111.5, 29.0])]).await;
    let before = w.all("t.spot").await;
    for _ in 0..3 {
        kill_in_the_middle(target);
        let again = w.again().await;
        assert_eq!(again.head().await.unwrap(), RevisionId(1));
        assert_eq!(w.all("t.spot").await, before);
    }
    let done = w.put("t.spot", Mode::Upsert, vec![spot("b", 2, [111.5, 29.0])]).await;
    assert_eq!((revision(&done), w.all("t.spot").await.len()), (RevisionId(2), 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn s_a_geopackage_killed_in_the_middle_of_a_commit_opens_as_it_was() {
    let w = World::geopackage().await;
    let Some(Target::GeoPackage(path)) = w.target.clone() else { unreachable!() };
    survives(&w, path.to_str().unwrap()).await;
    let db = rusqlite::Connection::open(&path).unwrap();
    let sound: String = db.query_row("PRAGMA integrity_check", [], |r| r.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn s_postgis_keeps_nothing_of_a_client_killed_in_the_middle_of_a_commit() {
    let w = World::postgis("kill").await;
    let Some(Target::PostGis { url, schema }) = w.target.clone() else { unreachable!() };
    let sign = if url.contains('?') { '&' } else { '?' };
    survives(&w, &format!("{url}{sign}schema={schema}")).await;
}

fn run(program: &str, args: &[&str]) -> String {
    let out = Command::new(program).args(args).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(out.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn gdal_opens_the_geopackage_with_right_shapes_names_and_chinese_text() {
    let w = World::geopackage().await;
    let Some(Target::GeoPackage(path)) = w.target.clone() else { unreachable!() };
    w.put("t.spot", Mode::Replace, vec![spot("a", 7, [111.5, 29.25])]).await;
    w.put("t.area", Mode::Replace, vec![area("塘", [111., 29.], 0.5), area("湖", [113., 29.], 0.5)]).await;
    let path = path.to_str().unwrap();
    let text = run("ogrinfo", &[path, "t_spot"]);
    for wanted in [
        "POINT (111.5 29.25)",
        "label (String) = 沅江a",
        "n (Integer64) = 7",
        "d (Date)",
        "CGCS2000",
        "Geometry: 3D Point",
    ] {
        assert!(
            text.contains(wanted) || (wanted == "CGCS2000" && text.contains("4490")),
            "{wanted} in {text}"
        );
    }
    let text = run("ogrinfo", &[path, "t_area"]);
    assert!(text.contains("Geometry: 3D Multi Polygon") && text.contains("name (String) = 湖"), "{text}");
    assert!(text.contains("Extent: (111.000000, 29.000000) - (113.500000, 29.500000)"), "{text}");
    let found = run("ogrinfo", &["-q", "-spat", "112.9", "28.9", "113.1", "29.1", path, "t_area"]);
    assert!(found.contains("湖") && !found.contains("塘"), "the spatial index answers: {found}");
    // Another program edits: the spatial index follows by its triggers.
    run(
        "ogrinfo",
        &[
            path,
            "-dialect",
            "SQLITE",
            "-sql",
            "UPDATE t_area SET geom = ST_GeomFromText('MULTIPOLYGON(((1 1,2 1,2 2,1 1)))', 4490) WHERE fid = 2",
        ],
    );
    let found = run("ogrinfo", &["-q", "-spat", "0.9", "0.9", "2.1", "2.1", path, "t_area"]);
    assert!(found.contains("湖"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_by_another_program_are_logged_and_the_next_import_matches_them() {
    let w = World::geopackage().await;
    let Some(Target::GeoPackage(path)) = w.target.clone() else { unreachable!() };
    let (at, path) = ([111.5, 29.0], path.to_str().unwrap().to_owned());
    w.put("t.spot", Mode::Replace, vec![spot("a", 1, at), spot("b", 2, at), spot("k", 3, at)]).await;
    for sql in [
        "UPDATE t_spot SET n = 70 WHERE code = 'a'",
        "UPDATE t_spot SET n = 71 WHERE code = 'a'",
        "DELETE FROM t_spot WHERE code = 'b'",
        "UPDATE t_spot SET n = n WHERE code = 'k'",
        "INSERT INTO t_spot (geom, code, n) VALUES (ST_GeomFromText('POINT(112 30)', 4490), 'c', 3)",
    ] {
        run("ogrinfo", &["-q", &path, "-sql", sql]);
    }
    assert_eq!(w.head().await, RevisionId(2));
    let listed = w.store.revisions(&operator(), None, 1).await.unwrap().remove(0);
    assert_eq!((listed.added, listed.changed, listed.removed), (1, 1, 1));
    let diff = w.store.diff(&operator(), &id("t.spot"), RevisionId(1), RevisionId(2), 9).await.unwrap();
    let seen: Vec<_> = diff.iter().map(|d| (d.id, d.before.is_some(), d.after.is_some())).collect();
    assert_eq!(seen, [(1, true, true), (2, true, false), (4, false, true)]);
    assert_eq!(diff[0].before.as_ref().unwrap().row, spot("a", 1, at));
    assert_eq!(w.store.reader(operator()).count(&id("t.spot")).await.unwrap(), 3);
    let rows: Vec<_> = w.all("t.spot").await.into_iter().map(|f| f.row).collect();
    assert_eq!(w.put("t.spot", Mode::Replace, rows).await, ditu_model::Commit::Unchanged(RevisionId(2)));
    // A commit that finds edits takes them in first, and gives out no id that is taken.
    run("ogrinfo", &["-q", &path, "-sql", "INSERT INTO t_spot (code, n) VALUES ('d', 4)"]);
    let done = w.put("t.spot", Mode::Append, vec![spot("e", 5, at)]).await;
    assert_eq!(revision(&done), RevisionId(4));
    assert_eq!(w.all("t.spot").await.iter().map(|f| f.id).collect::<Vec<_>>(), [1, 3, 4, 5, 6]);
    w.store.rollback(&operator(), &id("t.spot"), RevisionId(1), origin()).await.unwrap();
    let back: Vec<_> = w.all("t.spot").await.into_iter().map(|f| f.row).collect();
    assert_eq!(back, [spot("a", 1, at), spot("b", 2, at), spot("k", 3, at)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_ours_or_cannot_be_written_is_refused_with_the_cure() {
    let dir = tempfile::tempdir().unwrap();
    let junk = dir.path().join("junk.gpkg");
    std::fs::write(&junk, "not a database at all, but long enough to look like one?".repeat(100)).unwrap();
    let refused = open(&Target::GeoPackage(junk.clone()), layers()).await.err().unwrap();
    assert!(
        matches!(refused, StoreError::Environment { .. }) && refused.to_string().contains("junk.gpkg"),
        "{refused}"
    );
    assert!(std::fs::read(&junk).unwrap().starts_with(b"not a database"), "and left as it was");
    let nowhere = Target::GeoPackage(dir.path().join("no/such/folder/city.gpkg"));
    assert!(matches!(open(&nowhere, layers()).await.err(), Some(StoreError::Environment { .. })));
    let far = Target::parse("postgres://nobody@127.0.0.1:1/none").unwrap();
    let refused = open(&far, layers()).await.err().unwrap();
    assert!(matches!(refused, StoreError::Environment { .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_by_psql_are_logged_and_the_next_import_matches_them() {
    let w = World::postgis("psql").await;
    let Some(Target::PostGis { url, schema }) = w.target.clone() else { unreachable!() };
    let at = [111.5, 29.0];
    w.put("t.spot", Mode::Replace, vec![spot("a", 1, at), spot("b", 2, at)]).await;
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let sql = format!(
        "BEGIN; UPDATE {schema}.t_spot SET n = 70 WHERE code = 'a'; DELETE FROM {schema}.t_spot WHERE code = 'b';
         INSERT INTO {schema}.t_spot (geom, code, n) VALUES (ST_SetSRID(ST_Point(112, 30), 4490), 'c', 3); COMMIT;"
    );
    client.batch_execute(&sql).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
    assert_eq!(w.head().await, RevisionId(2));
    let listed = w.store.revisions(&operator(), None, 1).await.unwrap().remove(0);
    assert_eq!((listed.added, listed.changed, listed.removed), (1, 1, 1));
    let diff = w.store.diff(&operator(), &id("t.spot"), RevisionId(1), RevisionId(2), 9).await.unwrap();
    assert_eq!(
        diff.iter().map(|d| (d.before.is_some(), d.after.is_some())).collect::<Vec<_>>(),
        [(true, true), (true, false), (false, true)]
    );
    assert_eq!(w.store.reader(operator()).count(&id("t.spot")).await.unwrap(), 2);
    let rows: Vec<_> = w.all("t.spot").await.into_iter().map(|f| f.row).collect();
    let head = w.head().await;
    assert_eq!(w.put("t.spot", Mode::Replace, rows).await, ditu_model::Commit::Unchanged(head));
    w.store.rollback(&operator(), &id("t.spot"), RevisionId(1), origin()).await.unwrap();
    let back: Vec<_> = w.all("t.spot").await.into_iter().map(|f| f.row).collect();
    assert_eq!(back, [spot("a", 1, at), spot("b", 2, at)]);
    // An id of the client's own choice is not given out again; what cannot be logged is refused.
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(&format!("INSERT INTO {schema}.t_spot (fid, code) VALUES (9, 'i')")).await.unwrap();
    for sql in ["TRUNCATE {s}.t_spot", "UPDATE {s}.t_spot SET fid = 70 WHERE fid = 9"] {
        assert!(client.batch_execute(&sql.replace("{s}", &schema)).await.is_err(), "{sql}");
    }
    drop(client);
    connection.await.unwrap().unwrap();
    w.put("t.spot", Mode::Append, vec![spot("next", 1, at)]).await;
    assert_eq!(w.all("t.spot").await.last().unwrap().id, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_packed_spatial_index_of_a_first_import_passes_sqlites_own_check() {
    for n in [1usize, 50, 51, 52, 2602, 7000] {
        let w = World::geopackage().await;
        let Some(Target::GeoPackage(path)) = w.target.clone() else { unreachable!() };
        let place = |i: usize| [111.0 + (i * 7919 % 1000) as f64 * 1e-3, 29.0 + (i / 50) as f64 * 1e-3];
        let rows = (0..n).map(|i| spot(&format!("k{i}"), i as i64, place(i))).collect();
        w.put("t.spot", Mode::Replace, rows).await;
        let db = rusqlite::Connection::open(&path).unwrap();
        let said: String = db.query_row("SELECT rtreecheck('rtree_t_spot_geom')", [], |r| r.get(0)).unwrap();
        assert_eq!(said, "ok", "{n} entries");
        let (low, high) = (place(n / 2).map(|v| v - 1e-5), place(n / 2).map(|v| v + 1e-5));
        let bounds = Some(ditu_model::Bounds::new(low[0], low[1], high[0], high[1]));
        let found = w.scan(operator(), "t.spot", ditu_model::Query { bounds, ..Default::default() }).await;
        assert!(found.iter().any(|f| f.id == n as u64 / 2 + 1), "{n} entries");
        // And it goes on living: single rows come and go.
        w.put("t.spot", Mode::Upsert, vec![spot("new", 1, [112.5, 30.0]), spot("k0", 9, [110.0, 28.0])])
            .await;
        let said: String = db.query_row("SELECT rtreecheck('rtree_t_spot_geom')", [], |r| r.get(0)).unwrap();
        assert_eq!(said, "ok", "{n} entries, edited");
    }
}
