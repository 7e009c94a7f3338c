use crate::{GeoPackage, blob};
use ditu_model::{Bounds, Geometry, Shape};
use rusqlite::Connection;
use rusqlite::types::Value;

fn shapes() -> Vec<Geometry> {
    let ring = |x: f64, d: f64| vec![[x, 0.0], [x + d, 0.0], [x + d, d], [x, d], [x, 0.0]];
    vec![
        Geometry::point(111.7, 29.0),
        Geometry::line(vec![[111.0, 29.0], [111.5, 29.5], [112.0, 29.1]]),
        Geometry::polygon(vec![ring(111.0, 0.5), ring(111.1, 0.1)]),
    ]
}

#[test]
fn a_blob_reads_back_as_it_was_written() {
    for g in shapes() {
        for multi in [false, true] {
            let mut out = vec![1, 2, 3];
            blob::write(&g, &g.bounds(), multi, &mut out);
            assert_eq!(blob::read(&out), Some(g.clone()));
        }
    }
}

#[test]
fn a_blob_that_is_none_reads_as_none() {
    let mut whole = Vec::new();
    blob::write(&shapes()[2], &Bounds::EMPTY, false, &mut whole);
    for cut in 0..whole.len() {
        assert_eq!(blob::read(&whole[..cut]), None, "{cut}");
    }
    assert_eq!(blob::read(b"XX\0\x01aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), None);
}

#[test]
fn tables_of_each_kind_have_their_rows_extent_and_index() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a\"b.gpkg");
    std::fs::write(&path, "something old").unwrap();
    let mut gpkg = GeoPackage::create(&path).unwrap();
    for (i, g) in shapes().into_iter().enumerate() {
        let name = format!("表\"{i}");
        let rows = vec![(g.clone(), vec![Value::Text("值".into())])];
        let n = gpkg.table(&name, Some(g.shape), &[("名\"称", "TEXT")], rows.into_iter()).unwrap();
        assert_eq!(n, 1);
    }
    assert_eq!(gpkg.table("空", Some(Shape::Point), &[], std::iter::empty()).unwrap(), 0);
    gpkg.finish().unwrap();
    let db = Connection::open(&path).unwrap();
    let n = |sql: &str| db.query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap();
    assert_eq!(n("SELECT count(*) FROM gpkg_contents"), 4);
    assert_eq!(n("SELECT count(*) FROM gpkg_geometry_columns"), 4);
    assert_eq!(n("SELECT count(*) FROM \"rtree_表\"\"2_geom\" WHERE minx <= 111 AND maxx >= 111.5"), 1);
    let ok: String = db.query_row("PRAGMA integrity_check", [], |r| r.get(0)).unwrap();
    assert_eq!(ok, "ok");
    // An empty table has no extent rather than a wrong one.
    assert_eq!(n("SELECT count(*) FROM gpkg_contents WHERE table_name = '空' AND min_x IS NULL"), 1);
}
