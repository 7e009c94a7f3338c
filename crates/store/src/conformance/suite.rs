//! The tests themselves.

use super::world::*;
use crate::StoreError;
use ditu_model::source::Changed;
use ditu_model::{
    Bounds, Changeset, Commit, Date, DateTime, Delivery, Feature, Geometry, Losses, Mode, Query, RevisionId,
    Row, RowOp, SourceError, Terms, Value,
};
use futures_util::StreamExt;
use std::collections::BTreeMap;

pub(super) async fn a_commit_is_one_revision_and_its_rows_come_back_as_they_went_in(w: World) {
    assert_eq!(w.head().await, RevisionId(0));
    let rows = vec![spot("a", 1, [111.5, 29.0]), spot("b", 2, [111.6, 29.1])];
    let done = w.put("t.spot", Mode::Replace, rows.clone()).await;
    assert_eq!((revision(&done), counts(&done)), (RevisionId(1), (2, 0, 0)));
    let all = w.all("t.spot").await;
    assert_eq!(all.iter().map(|f| f.id).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(all.into_iter().map(|f| f.row).collect::<Vec<_>>(), rows);
    let listed = w.store.revisions(&operator(), None, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].origin.clone(), listed[0].added), (origin(), 2));
    assert_eq!(w.head().await, RevisionId(1));
    let reader = w.store.reader(operator());
    assert_eq!(reader.count(&id("t.spot")).await.unwrap(), 2);
    assert_eq!(reader.revision(&id("t.spot")).await.unwrap(), RevisionId(1));
    assert_eq!(reader.revision(&id("t.area")).await.unwrap(), RevisionId(0));
}

pub(super) async fn the_same_delivery_again_makes_no_revision(w: World) {
    for mode in [Mode::Replace, Mode::Upsert] {
        let rows = vec![spot("a", 1, [111.5, 29.0]), spot("b", 2, [111.6, 29.1])];
        w.put("t.spot", mode, rows.clone()).await;
        let head = w.head().await;
        assert_eq!(w.put("t.spot", mode, rows).await, Commit::Unchanged(head));
        w.put("t.area", mode, vec![area("x", [111., 29.], 0.1)]).await;
        let head = w.head().await;
        assert_eq!(w.put("t.area", mode, vec![area("x", [111., 29.], 0.1)]).await, Commit::Unchanged(head));
    }
    assert_eq!(w.store.revisions(&operator(), None, 10).await.unwrap().len(), 2);
}

pub(super) async fn a_replacement_keeps_ids_by_key_and_rewrites_only_what_changed(w: World) {
    let at = [111.5, 29.0];
    w.put("t.spot", Mode::Replace, vec![spot("a", 1, at), spot("b", 2, at), spot("c", 3, at)]).await;
    let next = vec![spot("d", 4, at), spot("c", 3, at), spot("b", 20, at)];
    let done = w.put("t.spot", Mode::Replace, next).await;
    assert_eq!(counts(&done), (1, 1, 1));
    let seen: Vec<_> = w.all("t.spot").await.into_iter().map(|f| (f.id, f.row.values[2].clone())).collect();
    assert_eq!(seen, [(2, Value::Integer(20)), (3, Value::Integer(3)), (4, Value::Integer(4))]);
    // An id is never given again, not to the same key either.
    w.put("t.spot", Mode::Replace, vec![spot("a", 1, at)]).await;
    assert_eq!(w.all("t.spot").await[0].id, 5);
}

pub(super) async fn rows_without_a_key_are_matched_by_content(w: World) {
    let square = |n: &str, x: f64| area(n, [x, 29.0], 0.1);
    w.put("t.area", Mode::Replace, vec![square("x", 111.0), square("x", 111.0), square("y", 112.0)]).await;
    let done = w.put("t.area", Mode::Replace, vec![square("z", 113.0), square("x", 111.0)]).await;
    assert_eq!(counts(&done), (1, 0, 2));
    assert_eq!(w.all("t.area").await.iter().map(|f| f.id).collect::<Vec<_>>(), [1, 4]);
    // A NULL key is no key.
    let mut row = spot("", 1, [111.0, 29.0]);
    row.values[0] = Value::Null;
    w.put("t.spot", Mode::Replace, vec![row.clone(), row.clone()]).await;
    let head = w.head().await;
    assert_eq!(w.put("t.spot", Mode::Replace, vec![row.clone(), row]).await, Commit::Unchanged(head));
}

pub(super) async fn upsert_removes_nothing_and_append_refuses_a_key_that_is_there(w: World) {
    let at = [111.5, 29.0];
    w.put("t.spot", Mode::Replace, vec![spot("a", 1, at), spot("b", 2, at)]).await;
    assert_eq!(
        counts(&w.put("t.spot", Mode::Upsert, vec![spot("b", 9, at), spot("c", 3, at)]).await),
        (1, 1, 0)
    );
    let head = w.head().await;
    let again = delivery("t.spot", Mode::Append, vec![spot("z", 1, at), spot("a", 1, at)]);
    let refused = w.store.commit(&operator(), again).await.unwrap_err();
    assert!(matches!(&refused, StoreError::DuplicateKey { key, .. } if key == "a"), "{refused}");
    assert_eq!(w.head().await, head);
    assert_eq!(counts(&w.put("t.spot", Mode::Append, vec![spot("z", 1, at)]).await), (1, 0, 0));
    assert_eq!(w.all("t.spot").await.len(), 4);
}

pub(super) async fn an_edit_names_ids_and_is_refused_when_they_do_not_exist(w: World) {
    let at = [111.5, 29.0];
    w.put("t.spot", Mode::Replace, vec![spot("a", 1, at), spot("b", 2, at)]).await;
    let put = |id, row| RowOp::Put { id, row };
    let ops = vec![
        put(Some(1), spot("a", 7, at)),
        put(None, spot("new", 1, at)),
        RowOp::Remove { id: 2 },
        put(Some(3), spot("new", 8, at)),
        put(Some(1), spot("a", 9, at)),
    ];
    let done = w.store.commit(&operator(), changes("t.spot", Mode::Edit, ops)).await.unwrap();
    let seen: Vec<_> = w.all("t.spot").await.into_iter().map(|f| (f.id, f.row.values[2].clone())).collect();
    assert_eq!(seen, [(1, Value::Integer(9)), (3, Value::Integer(8))]);
    let (a, b) = (RevisionId(1), revision(&done));
    let diff = w.store.diff(&operator(), &id("t.spot"), a, b, 10).await.unwrap();
    assert_eq!(diff.iter().map(|d| d.id).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(diff[2].before.is_none(), "what came in the same revision was not there before");
    assert_eq!(diff[0].before.as_ref().unwrap().row.values[2], Value::Integer(1));
    for op in [put(Some(99), spot("q", 1, at)), RowOp::Remove { id: 2 }] {
        let refused = w.store.commit(&operator(), changes("t.spot", Mode::Edit, vec![op])).await.unwrap_err();
        assert!(matches!(refused, StoreError::NoFeature { .. }), "{refused}");
    }
    let taken = changes("t.spot", Mode::Edit, vec![put(Some(3), spot("a", 1, at))]);
    assert!(matches!(w.store.commit(&operator(), taken).await.unwrap_err(), StoreError::DuplicateKey { .. }));
}

pub(super) async fn a_key_that_appears_twice_is_refused_and_changes_nothing(w: World) {
    let at = [111.5, 29.0];
    for known in [vec![], vec![spot("k", 1, at)]] {
        w.put("t.spot", Mode::Replace, known.clone()).await;
        let twice =
            delivery("t.spot", Mode::Replace, vec![spot("k", 1, at), spot("x", 1, at), spot("k", 2, at)]);
        let refused = w.store.commit(&operator(), twice).await.unwrap_err();
        assert!(matches!(&refused, StoreError::DuplicateKey { key, .. } if key == "k"), "{refused}");
        assert_eq!(w.all("t.spot").await.len(), known.len());
    }
}

pub(super) async fn a_delivery_that_fails_half_way_changes_nothing(w: World) {
    w.put("t.spot", Mode::Replace, vec![spot("a", 1, [111.5, 29.0])]).await;
    let (before, head) = (w.all("t.spot").await, w.head().await);
    let put = |row| RowOp::Put { id: None, row };
    let good = Delivery {
        layer: id("t.area"),
        mode: Mode::Replace,
        rows: Box::new(vec![Ok(vec![put(area("x", [111., 29.], 1.0))])].into_iter()),
    };
    let bad = Delivery {
        layer: id("t.spot"),
        mode: Mode::Replace,
        rows: Box::new(
            vec![Ok(vec![put(spot("b", 1, [111., 29.]))]), Err("第 7 行断了".to_owned())].into_iter(),
        ),
    };
    let both = Changeset {
        origin: origin(),
        deliveries: vec![good, bad],
        terms: Terms::default(),
        losses: Losses::default(),
    };
    let refused = w.store.commit(&operator(), both).await.unwrap_err();
    assert!(refused.to_string().contains("第 7 行断了"), "{refused}");
    assert_eq!((w.all("t.spot").await, w.head().await), (before, head));
    assert!(w.all("t.area").await.is_empty());
    // The store goes on as if nothing had been.
    assert_eq!(
        revision(&w.put("t.spot", Mode::Replace, vec![spot("b", 1, [111., 29.])]).await).0,
        head.0 + 1
    );
}

/// The rows of a layer by id.
type State = BTreeMap<u64, Row>;

async fn state(w: &World, layer: &str) -> State {
    w.all(layer).await.into_iter().map(|f| (f.id, f.row)).collect()
}

pub(super) async fn history_diff_and_rollback_agree_at_every_revision(w: World) {
    let at = |i: i64| [111.0 + i as f64 * 0.01, 29.0];
    let mut states = vec![State::new()];
    for rows in [
        vec![spot("a", 1, at(1)), spot("b", 1, at(2))],
        vec![spot("a", 2, at(1)), spot("c", 1, at(3))],
        vec![spot("a", 2, at(1)), spot("b", 5, at(9)), spot("c", 6, at(4))],
        vec![],
    ] {
        w.put("t.spot", Mode::Replace, rows).await;
        states.push(state(&w, "t.spot").await);
    }
    let layer = id("t.spot");
    for (a, before) in states.iter().enumerate() {
        for (b, after) in states.iter().enumerate() {
            let found =
                w.store.diff(&operator(), &layer, RevisionId(a as u64), RevisionId(b as u64), 100).await;
            let feature = |s: &State, id| s.get(&id).map(|row| Feature { id, row: row.clone() });
            for d in found.as_ref().unwrap() {
                assert_eq!((&d.before, &d.after), (&feature(before, d.id), &feature(after, d.id)), "{a}→{b}");
            }
            let differing = (1..20).filter(|id| before.get(id) != after.get(id)).count();
            assert_eq!(found.unwrap().len(), differing, "{a}→{b}");
        }
    }
    let versions = w.store.feature_history(&operator(), &layer, 1).await.unwrap();
    let seen: Vec<_> = versions
        .iter()
        .map(|v| (v.revision.0, v.feature.as_ref().map(|f| f.row.values[2].clone())))
        .collect();
    assert_eq!(seen, [(1, Some(Value::Integer(1))), (2, Some(Value::Integer(2))), (4, None)]);
    assert!(w.store.feature_history(&operator(), &layer, 77).await.unwrap().is_empty());
    for to in [3u64, 1, 0, 2, 5] {
        let known = if to < 5 { states[to as usize].clone() } else { states[3].clone() };
        let done = w.store.rollback(&operator(), &layer, RevisionId(to), origin()).await.unwrap();
        assert_eq!(state(&w, "t.spot").await, known, "back to {to}: {done:?}");
    }
    let refused = w.store.diff(&operator(), &layer, RevisionId(0), RevisionId(99), 1).await.unwrap_err();
    assert!(matches!(refused, StoreError::NoRevision(RevisionId(99))), "{refused}");
    // What was rolled back can be delivered again: keys are known.
    let head = w.head().await;
    let rows: Vec<Row> = state(&w, "t.spot").await.into_values().collect();
    assert_eq!(w.put("t.spot", Mode::Replace, rows).await, Commit::Unchanged(head));
}

pub(super) async fn changes_since_a_revision_name_each_feature_once_with_all_it_touched(w: World) {
    let layer = id("t.spot");
    w.put("t.spot", Mode::Replace, vec![spot("a", 1, [111.0, 29.0]), spot("b", 1, [112.0, 29.0])]).await;
    w.put("t.spot", Mode::Upsert, vec![spot("a", 2, [111.5, 29.5])]).await;
    w.put("t.spot", Mode::Replace, vec![spot("a", 3, [111.2, 29.9]), spot("c", 1, [110.0, 28.0])]).await;
    let reader = w.store.reader(operator());
    let since = |r| {
        let (reader, layer) = (reader.clone(), layer.clone());
        async move { reader.changes(&layer, RevisionId(r), 100).await.unwrap() }
    };
    let changes = since(1).await;
    assert_eq!(changes.revision, RevisionId(3));
    let list = changes.features.unwrap();
    let brief: Vec<_> = list.iter().map(|c: &Changed| (c.id, c.revision.0, c.now.is_some())).collect();
    assert_eq!(brief, [(1, 3, true), (2, 3, false), (3, 3, true)]);
    let at = |x, y| Bounds::new(x, y, x, y);
    assert_eq!(list[0].touched, [at(111.0, 29.0), at(111.5, 29.5), at(111.2, 29.9)]);
    assert_eq!(list[1].touched, [at(112.0, 29.0)]);
    assert_eq!(since(2).await.features.unwrap()[0].touched, [at(111.5, 29.5), at(111.2, 29.9)]);
    assert_eq!(since(3).await.features.unwrap(), []);
    assert!(reader.changes(&layer, RevisionId(0), 2).await.unwrap().features.is_none(), "too many to list");
}

pub(super) async fn a_view_hides_fields_and_cuts_at_its_area_on_every_read(w: World) {
    w.put("t.spot", Mode::Replace, vec![spot("a", 1, [111.05, 29.05]), spot("b", 1, [111.5, 29.5])]).await;
    w.put(
        "t.area",
        Mode::Replace,
        vec![area("in", [111.0, 29.0], 0.01), area("across", [111.05, 29.05], 0.1)],
    )
    .await;
    w.put("t.spot", Mode::Upsert, vec![spot("b", 2, [111.5, 29.5])]).await;
    let limit = Bounds::new(111.0, 29.0, 111.1, 29.1);
    let view = public(Some(limit));
    let seen = w.scan(view.clone(), "t.spot", Query::default()).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].row.values[8], Value::Null, "sensitive");
    let everywhere = w.scan(public(None), "t.spot", Query::default()).await;
    assert!(everywhere.len() == 2 && everywhere.iter().all(|f| f.row.values[8].is_null()));
    let cut = w.scan(view.clone(), "t.area", Query::default()).await;
    assert_eq!(cut.len(), 2);
    assert!(limit.contains(&cut[1].row.geometry.as_ref().unwrap().bounds()));
    let reader = w.store.reader(view.clone());
    assert_eq!(reader.count(&id("t.spot")).await.unwrap(), 1);
    assert_eq!(reader.changes(&id("t.spot"), RevisionId(1), 9).await.unwrap().features.unwrap(), []);
    let (a, b) = (RevisionId(0), RevisionId(3));
    let diff = w.store.diff(&view, &id("t.spot"), a, b, 9).await.unwrap();
    assert!(diff.len() == 1 && diff[0].after.as_ref().unwrap().row.values[8].is_null());
    assert!(w.store.feature_history(&view, &id("t.spot"), 2).await.unwrap().is_empty());
    let box_ = Query { bounds: Some(Bounds::new(111.4, 29.4, 111.6, 29.6)), ..Query::default() };
    assert!(w.scan(view, "t.spot", box_).await.is_empty());
}

pub(super) async fn only_an_editor_writes_and_only_layers_of_its_view(w: World) {
    let rows = || delivery("t.spot", Mode::Replace, vec![spot("a", 1, [111., 29.])]);
    let reader = public(None);
    assert!(matches!(w.store.commit(&reader, rows()).await.unwrap_err(), StoreError::Forbidden(_)));
    let open = {
        use ditu_access::{Action, Gate, Grant, Principal};
        let edit = Grant { action: Action::Edit, ..Grant::open_layers() };
        Gate::new(layers(), [edit]).view(&Principal::Anonymous, Action::Edit)
    };
    let private = delivery("t.area", Mode::Replace, vec![area("x", [111., 29.], 1.0)]);
    assert!(matches!(w.store.commit(&open, private).await.unwrap_err(), StoreError::NoLayer(_)));
    assert!(matches!(w.store.commit(&open, rows()).await.unwrap(), Commit::Done(_)));
    let source = w.store.reader(std::sync::Arc::new(open));
    assert!(matches!(source.count(&id("t.area")).await.unwrap_err(), SourceError::NoLayer(_)));
    assert!(matches!(
        source.scan(&id("t.area"), Query::default()).await.err(),
        Some(SourceError::NoLayer(_))
    ));
}

pub(super) async fn pages_and_boxes_and_ids_narrow_a_scan(w: World) {
    let rows = (0..5000).map(|i| spot(&format!("{i:05}"), i, [111.0 + i as f64 * 1e-4, 29.0])).collect();
    w.put("t.spot", Mode::Replace, rows).await;
    let ids = |f: Vec<Feature>| f.into_iter().map(|f| f.id).collect::<Vec<_>>();
    let page = Query { after: Some(3000), limit: Some(3), ..Query::default() };
    assert_eq!(ids(w.scan(operator(), "t.spot", page).await), [3001, 3002, 3003]);
    let some = Query { ids: Some(vec![5, 4999, 7, 9999]), ..Query::default() };
    assert_eq!(ids(w.scan(operator(), "t.spot", some).await), [5, 7, 4999]);
    let bounds = Some(Bounds::new(111.1 - 1e-9, 28.0, 111.1 + 2.5e-4, 30.0));
    let in_box = Query { bounds, ..Query::default() };
    assert_eq!(ids(w.scan(operator(), "t.spot", in_box).await), [1001, 1002, 1003]);
    assert_eq!(w.all("t.spot").await.len(), 5000);
}

pub(super) async fn a_stream_shows_one_snapshot_while_others_write(w: World) {
    let rows: Vec<Row> = (0..9000).map(|i| spot(&i.to_string(), i, [111.0, 29.0])).collect();
    w.put("t.spot", Mode::Replace, rows).await;
    let mut stream = w.store.reader(operator()).scan(&id("t.spot"), Query::default()).await.unwrap();
    assert_eq!(stream.revision, RevisionId(1));
    let mut seen = stream.batches.next().await.unwrap().unwrap().len();
    w.put("t.spot", Mode::Replace, vec![spot("x", 1, [111.0, 29.0])]).await;
    while let Some(batch) = stream.batches.next().await {
        seen += batch.unwrap().len();
    }
    assert_eq!(seen, 9000);
    assert_eq!(w.all("t.spot").await.len(), 1);
}

pub(super) async fn readers_never_wait_for_a_writer_not_even_in_an_empty_layer(w: World) {
    for there in [0, 1] {
        let (handle, reader) = (tokio::runtime::Handle::current(), w.store.reader(operator()));
        let store = w.store.clone();
        let rows = (0..3).map(move |batch: i64| {
            // Asked in the middle of the commit: the state before it, at once.
            let read = async {
                let seen = crate::conformance::all(reader.as_ref(), &id("t.spot")).await.len();
                (seen, store.head().await.map(|r| r.0).ok())
            };
            let patient = async { tokio::time::timeout(std::time::Duration::from_secs(10), read).await };
            match handle.block_on(patient) {
                Ok((seen, Some(head))) if seen == there * 6 && head == there as u64 => {}
                other => return Err(format!("{other:?} in batch {batch}")),
            }
            let n = there as i64 * 100 + batch * 2;
            let put = |n: i64| RowOp::Put { id: None, row: spot(&n.to_string(), n, [111.0, 29.0]) };
            Ok(vec![put(n), put(n + 1)])
        });
        let delivery = Delivery { layer: id("t.spot"), mode: Mode::Append, rows: Box::new(rows) };
        w.store
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
    assert_eq!(w.all("t.spot").await.len(), 12);
}

pub(super) async fn two_writers_at_once_lose_nothing(w: World) {
    let other = w.again().await;
    let run = |store: std::sync::Arc<dyn crate::Store>, name: &'static str| async move {
        for i in 0..10 {
            let row = spot(&format!("{name}{i}"), i, [111.0, 29.0]);
            store.commit(&operator(), delivery("t.spot", Mode::Append, vec![row])).await.unwrap();
        }
    };
    let (a, b) = (tokio::spawn(run(w.store.clone(), "a")), tokio::spawn(run(other, "b")));
    a.await.unwrap();
    b.await.unwrap();
    assert_eq!(w.head().await, RevisionId(20));
    let all = w.all("t.spot").await;
    assert_eq!(all.iter().map(|f| f.id).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
    let revisions = w.store.revisions(&operator(), Some(&id("t.spot")), 100).await.unwrap();
    assert_eq!(revisions.iter().map(|r| r.id.0).collect::<Vec<_>>(), (1..=20).rev().collect::<Vec<_>>());
}

pub(super) async fn another_opening_sees_the_head_at_once(w: World) {
    let other = w.again().await;
    for i in 1..=5 {
        w.put("t.spot", Mode::Append, vec![spot(&i.to_string(), i, [111.0, 29.0])]).await;
        assert_eq!(other.head().await.unwrap(), RevisionId(i as u64));
        assert_eq!(w.head().await, RevisionId(i as u64));
    }
}

/// A small generator: no test depends on chance that cannot be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

pub(super) async fn random_changesets_agree_with_a_plain_map(w: World) {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut model: BTreeMap<String, i64> = BTreeMap::new();
    let mut states = vec![model.clone()];
    for _ in 0..40 {
        let mut rows: BTreeMap<String, i64> = BTreeMap::new();
        for _ in 0..dice.roll(12) {
            rows.insert(format!("k{}", dice.roll(20)), dice.roll(4) as i64);
        }
        let mode = if dice.roll(3) == 0 { Mode::Replace } else { Mode::Upsert };
        let place = |k: &str| [111.0 + k.len() as f64 * 0.1, 29.0];
        let done = w.put("t.spot", mode, rows.iter().map(|(k, n)| spot(k, *n, place(k))).collect()).await;
        if mode == Mode::Replace {
            model = rows;
        } else {
            model.extend(rows);
        }
        let now: BTreeMap<String, i64> = w.all("t.spot").await.iter().map(|f| brief(&f.row)).collect();
        assert_eq!(now, model);
        if matches!(done, Commit::Done(_)) {
            states.push(model.clone());
        }
    }
    assert_eq!(w.head().await.0 as usize + 1, states.len());
    // Any state of the past can be had back.
    for to in [states.len() / 2, 1, states.len() - 1] {
        w.store.rollback(&operator(), &id("t.spot"), RevisionId(to as u64), origin()).await.unwrap();
        let now: BTreeMap<String, i64> = w.all("t.spot").await.iter().map(|f| brief(&f.row)).collect();
        assert_eq!(now, states[to], "at {to}");
    }
}

fn brief(row: &Row) -> (String, i64) {
    let Value::Integer(n) = row.values[2] else { panic!("{row:?}") };
    (row.values[0].to_string(), n)
}

pub(super) async fn empty_and_odd_values_survive(w: World) {
    let mut full = spot("é𠮷常德'\"\\;--", i64::MIN, [111.123456789012, 29.0]);
    full.values[3] = Value::Real(f64::MIN_POSITIVE);
    full.values[4] = Value::Boolean(false);
    full.values[5] = Value::Date(Date::new(1954, 2, 28).unwrap());
    full.values[6] = Value::DateTime(DateTime(-1));
    full.values[7] = Value::Json("{\"a\": [1, \"二\"]}".into());
    full.geometry.as_mut().unwrap().z = vec![31.25];
    let none = Row { values: vec![Value::Null; 9], geometry: None };
    let mut long = spot(&"长".repeat(5000), i64::MAX, [-180.0, 90.0]);
    long.values[1] = Value::text("");
    let rows = vec![full, none, long];
    w.put("t.spot", Mode::Replace, rows.clone()).await;
    let back: Vec<Row> = w.all("t.spot").await.into_iter().map(|f| f.row).collect();
    assert_eq!(back, rows);
    // And through the log.
    w.put("t.spot", Mode::Replace, vec![]).await;
    w.store.rollback(&operator(), &id("t.spot"), RevisionId(1), origin()).await.unwrap();
    let back: Vec<Row> = w.all("t.spot").await.into_iter().map(|f| f.row).collect();
    assert_eq!(back, rows);
    let hole = vec![[111., 29.], [112., 29.], [112., 30.], [111., 30.], [111., 29.]];
    let inner = vec![[111.2, 29.2], [111.2, 29.8], [111.8, 29.8], [111.8, 29.2], [111.2, 29.2]];
    let mut g = Geometry::polygon(vec![hole.clone(), inner]);
    g.push_ring(&hole.iter().map(|p| [p[0] + 5.0, p[1]]).collect::<Vec<_>>());
    g.end_part();
    let rows = vec![Row { values: vec![Value::text("多")], geometry: Some(g) }];
    w.put("t.area", Mode::Replace, rows.clone()).await;
    assert_eq!(w.all("t.area").await[0].row, rows[0]);
}
