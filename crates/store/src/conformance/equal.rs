//! Equal data is no change: the same shapes and values, however they are written.

use super::world::*;
use ditu_model::{Commit, Geometry, Mode, RevisionId, Row, RowOp, Stated, Value};

/// A millimetre in degrees of latitude.
const MM: f64 = 1e-3 / 111_320.0;

/// Moves every vertex to the north.
fn moved(mut row: Row, by: f64) -> Row {
    row.geometry.as_mut().unwrap().map_coords(|c| [c[0], c[1] + by]);
    row
}

/// Different rows, some 100 m apart.
fn spots(n: i64) -> Vec<Row> {
    (0..n).map(|i| spot(&format!("k{i}"), i, [111.0 + i as f64 * 1e-3, 29.0])).collect()
}

fn areas(n: usize) -> Vec<Row> {
    (0..n).map(|i| area(&format!("a{}", i % 7), [111.0 + i as f64 * 1e-3, 29.0], 1e-4)).collect()
}

async fn unchanged(w: &World, layer: &str, mode: Mode, rows: Vec<Row>) {
    let (head, before) = (w.head().await, w.all(layer).await);
    assert_eq!(w.put(layer, mode, rows).await, Commit::Unchanged(head), "{layer} {mode:?}");
    assert_eq!(w.all(layer).await, before);
}

pub(super) async fn a_delivery_of_the_same_with_rounding_makes_no_revision_with_and_without_a_key(w: World) {
    for (layer, rows) in [("t.spot", spots(1500)), ("t.area", areas(1500))] {
        w.put(layer, Mode::Replace, rows.clone()).await;
        for mode in [Mode::Replace, Mode::Upsert] {
            let noise = |(i, row)| moved(row, MM * if i % 2 == 0 { 0.07 } else { -0.08 });
            let mut rows: Vec<Row> = rows.clone().into_iter().enumerate().map(noise).collect();
            unchanged(&w, layer, mode, rows.clone()).await;
            rows.reverse();
            unchanged(&w, layer, mode, rows).await;
        }
    }
}

pub(super) async fn rings_that_begin_elsewhere_and_run_the_other_way_make_no_revision(w: World) {
    let ring = |x: f64, n: usize| -> Vec<[f64; 2]> {
        let turn = |i: usize| (i % n) as f64 / n as f64 * std::f64::consts::TAU;
        (0..=n).map(|i| [x + turn(i).cos() * 1e-4, 29.0 + turn(i).sin() * 1e-4]).collect()
    };
    let other = |ring: &[[f64; 2]], start: usize| {
        let mut open = ring[1..].to_vec();
        open.rotate_left(start);
        open.reverse();
        open.push(open[0]);
        open
    };
    let row = |parts: &[Vec<Vec<[f64; 2]>>]| {
        let mut g = Geometry::polygon(parts[0].clone());
        for part in &parts[1..] {
            part.iter().for_each(|r| g.push_ring(r));
            g.end_part();
        }
        Row { values: vec![Value::text("x")], geometry: Some(g) }
    };
    let (a, b, c, d) = (ring(111.0, 30), ring(111.00002, 5), ring(110.99998, 6), ring(111.01, 9));
    w.put("t.area", Mode::Replace, vec![row(&[vec![a.clone(), b.clone(), c.clone()], vec![d.clone()]])])
        .await;
    let again = row(&[vec![other(&d, 3)], vec![other(&a, 17), c, other(&b, 1)]]);
    unchanged(&w, "t.area", Mode::Replace, vec![again]).await;
}

pub(super) async fn what_is_the_same_stays_as_it_is_and_small_moves_do_not_add_up_unseen(w: World) {
    for (layer, rows) in [("t.spot", spots(3)), ("t.area", areas(3))] {
        w.put(layer, Mode::Replace, rows.clone()).await;
        let first = w.all(layer).await;
        let mut told = None;
        for step in 1..=5 {
            let rows = rows.iter().map(|r| moved(r.clone(), MM * 0.06 * f64::from(step))).collect();
            match w.put(layer, Mode::Replace, rows).await {
                Commit::Unchanged(_) => assert_eq!(w.all(layer).await, first),
                Commit::Done(_) => {
                    told = Some(step);
                    break;
                }
            }
        }
        assert_eq!(told, Some(2), "{layer}: 0.12 mm from where it was is a change, however it got there");
    }
}

pub(super) async fn a_changed_value_does_not_move_its_shape_and_a_moved_shape_is_seen(w: World) {
    w.put("t.spot", Mode::Replace, spots(3)).await;
    let before = w.all("t.spot").await;
    let mut rows: Vec<Row> = spots(3).into_iter().map(|r| moved(r, MM * 0.05)).collect();
    rows[1].values[1] = Value::text("新名");
    let done = w.put("t.spot", Mode::Replace, rows.clone()).await;
    assert_eq!(counts(&done), (0, 1, 0));
    let diff = w.store.diff(&operator(), &id("t.spot"), RevisionId(1), revision(&done), 9).await.unwrap();
    let (was, now) = (diff[0].before.as_ref().unwrap(), diff[0].after.as_ref().unwrap());
    assert_eq!(was.row, before[1].row);
    assert_eq!((&now.row.geometry, &now.row.values[1]), (&was.row.geometry, &Value::text("新名")));
    // The row as it was put together is known again by its hash.
    let mut exact = spots(3);
    exact[1].values[1] = Value::text("新名");
    unchanged(&w, "t.spot", Mode::Replace, exact).await;
    rows[2] = moved(rows[2].clone(), MM * 3.0);
    assert_eq!(counts(&w.put("t.spot", Mode::Replace, rows).await), (0, 1, 0));
    // Back to any revision, exactly.
    w.store.rollback(&operator(), &id("t.spot"), RevisionId(1), origin()).await.unwrap();
    assert_eq!(w.all("t.spot").await, before);
}

pub(super) async fn a_files_own_rounding_is_no_change_and_what_is_beyond_it_is_one(w: World) {
    for (layer, rows) in [("t.spot", spots(4)), ("t.area", areas(4))] {
        w.put(layer, Mode::Replace, rows.clone()).await;
        let deliver = |unit: f64, by: f64| {
            let put = |r: &Row| RowOp::Put { id: None, row: moved(r.clone(), by) };
            let mut ops = vec![RowOp::Stated(Stated { plane_m: unit, height_m: 0.0 })];
            ops.extend(rows.iter().map(put));
            changes(layer, Mode::Replace, ops)
        };
        for (unit, by) in [(0.001, 0.5), (0.01, 5.0)] {
            let head = w.head().await;
            let done = w.store.commit(&operator(), deliver(unit, by * MM)).await.unwrap();
            assert_eq!(done, Commit::Unchanged(head), "{unit} m");
        }
        for (unit, by) in [(0.001, 1.0), (1.0, 20.0)] {
            let done = w.store.commit(&operator(), deliver(unit, by * MM)).await.unwrap();
            assert!(matches!(done, Commit::Done(_)), "{unit} m");
            w.put(layer, Mode::Replace, rows.clone()).await;
        }
    }
}

pub(super) async fn equal_rows_without_a_key_are_matched_one_by_one(w: World) {
    let square = |n: &str, x: f64| area(n, [x, 29.0], 0.1);
    let noise = |r: Row| moved(r, MM * 0.05);
    w.put("t.area", Mode::Replace, vec![square("x", 111.0), square("x", 111.0), square("y", 112.0)]).await;
    let done = w
        .put(
            "t.area",
            Mode::Replace,
            vec![
                noise(square("z", 113.0)),
                noise(square("x", 111.0)),
                square("x", 111.0),
                noise(square("x", 111.0)),
            ],
        )
        .await;
    assert_eq!(counts(&done), (2, 0, 1));
    assert_eq!(w.all("t.area").await.iter().map(|f| f.id).collect::<Vec<_>>(), [1, 2, 4, 5]);
    // What updates finds its own again, and adds what is not there.
    let more = vec![noise(square("z", 113.0)), noise(square("q", 113.0))];
    assert_eq!(counts(&w.put("t.area", Mode::Upsert, more).await), (1, 0, 0));
    assert_eq!(w.all("t.area").await.len(), 5);
}

pub(super) async fn numbers_are_the_same_however_they_are_written(w: World) {
    let with = |n: f64, json: &str| {
        let mut row = spot("a", 1, [111.0, 29.0]);
        row.values[3] = Value::Real(n);
        row.values[7] = Value::Json(json.into());
        row
    };
    w.put("t.spot", Mode::Replace, vec![with(32.45, "{\"a\":1,\"b\":[2]}")]).await;
    for n in [f64::from(32.45_f32), 32.450_000_763, 32.45_f64.next_up()] {
        unchanged(&w, "t.spot", Mode::Replace, vec![with(n, "{\"b\": [2], \"a\": 1}")]).await;
    }
    assert_eq!(counts(&w.put("t.spot", Mode::Replace, vec![with(32.450_001, "{}")]).await), (0, 1, 0));
}
