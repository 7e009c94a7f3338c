//! What a delivery takes away: counted alike, asked alike, and nothing beyond what it is whole for.

use super::world::*;
use crate::StoreError;
use ditu_model::{Ask, Changeset, Emptying, Geometry, Losses, Mode, Part, Removal, Row, RowOp, Terms, Value};
use std::collections::BTreeSet;

const LABEL: usize = 1;
const NUMBER: usize = 2;

fn spots(n: i64) -> Vec<Row> {
    (0..n).map(|i| spot(&format!("k{i:02}"), i, [111.0 + i as f64 * 0.01, 29.0])).collect()
}

fn put(rows: Vec<Row>) -> Vec<RowOp> {
    rows.into_iter().map(|row| RowOp::Put { id: None, row }).collect()
}

fn without(mut rows: Vec<Row>, field: usize) -> Vec<Row> {
    rows.iter_mut().for_each(|r| r.values[field] = Value::Null);
    rows
}

fn asked(layer: &str, mode: Mode, ops: Vec<RowOp>) -> Changeset {
    Changeset { terms: Terms::asked(), ..changes(layer, mode, ops) }
}

fn lacking(fields: &[usize]) -> RowOp {
    RowOp::Lacking { fields: fields.into() }
}

pub(super) async fn a_field_without_a_column_keeps_what_is_there(w: World) {
    for (layer, rows, field) in [
        ("t.spot", spots(20), LABEL),
        ("t.area", (0..20).map(|i| area(&format!("a{i}"), [111.0 + f64::from(i), 29.0], 0.5)).collect(), 0),
    ] {
        w.put(layer, Mode::Replace, rows.clone()).await;
        let (before, head) = (w.all(layer).await, w.head().await);
        for mode in [Mode::Replace, Mode::Upsert] {
            let mut ops = vec![lacking(&[field])];
            ops.extend(put(without(rows.clone(), field)));
            let changeset = asked(layer, mode, ops);
            let losses = changeset.losses.clone();
            w.store.commit(&operator(), changeset).await.unwrap();
            assert_eq!(w.head().await, head, "{layer}: nothing changed");
            let told = losses.list();
            assert_eq!((told[0].fields[0].kept, told[0].fields[0].emptied), (20, 0), "{layer}");
            assert!(told[0].asks.is_empty());
        }
        assert_eq!(w.all(layer).await, before);
    }
    // What else differs is taken, what has no column stays.
    let mut next = without(spots(20), LABEL);
    next[3].values[NUMBER] = Value::Integer(300);
    let mut ops = vec![lacking(&[LABEL])];
    ops.extend(put(next));
    let done = w.store.commit(&operator(), asked("t.spot", Mode::Replace, ops)).await.unwrap();
    assert_eq!(counts(&done), (0, 1, 0));
    let row = &w.all("t.spot").await[3].row;
    assert_eq!((&row.values[LABEL], &row.values[NUMBER]), (&Value::text("沅江k03"), &Value::Integer(300)));
}

pub(super) async fn a_column_counts_only_for_the_rows_that_lack_it(w: World) {
    w.put("t.spot", Mode::Replace, spots(4)).await;
    let rows = without(spots(4), LABEL);
    // Two files: the first has no column of names, the second has one and it is empty.
    let mut ops = vec![lacking(&[LABEL])];
    ops.extend(put(rows[..2].to_vec()));
    ops.push(lacking(&[]));
    ops.extend(put(rows[2..].to_vec()));
    let changeset = asked("t.spot", Mode::Replace, ops);
    let losses = changeset.losses.clone();
    assert_eq!(counts(&w.store.commit(&operator(), changeset).await.unwrap()), (0, 2, 0));
    let told = &losses.list()[0].fields[0];
    assert_eq!((told.kept, told.emptied, told.held), (2, 2, 2));
    let labels: Vec<bool> = w.all("t.spot").await.iter().map(|f| f.row.values[LABEL].is_null()).collect();
    assert_eq!(labels, [false, false, true, true]);
}

pub(super) async fn removing_and_emptying_beyond_the_layers_share_need_consent(w: World) {
    w.put("t.spot", Mode::Replace, spots(40)).await;
    let (before, head) = (w.all("t.spot").await, w.head().await);
    let empty = without(spots(40), LABEL);
    for (mode, rows, wanted) in [
        (Mode::Replace, spots(20), Ask::Removal),
        (Mode::Replace, vec![spot("z", 1, [111.0, 29.0])], Ask::Removal),
        (Mode::Replace, empty.clone(), Ask::Emptying("label".into())),
        (Mode::Upsert, empty.clone(), Ask::Emptying("label".into())),
    ] {
        let shown = asked("t.spot", mode, put(rows.clone()));
        let losses = shown.losses.clone();
        assert!(!w.store.preview(&operator(), shown, 9).await.unwrap().is_empty());
        let refused = w.store.commit(&operator(), asked("t.spot", mode, put(rows))).await.unwrap_err();
        let StoreError::Consent { losses: told } = &refused else { panic!("{refused}") };
        assert_eq!(told[0].asks, [wanted]);
        assert_eq!(told, &losses.list(), "what is shown is what is refused");
        assert!(refused.to_string().contains("40"), "{refused}");
        assert_eq!((w.all("t.spot").await, w.head().await), (before.clone(), head));
    }
    // Within the share, or a few: no question.
    let done = w.store.commit(&operator(), asked("t.spot", Mode::Replace, put(spots(36)))).await.unwrap();
    assert_eq!(counts(&done), (0, 0, 4));
    let few = without(spots(5), LABEL);
    assert_eq!(
        counts(&w.store.commit(&operator(), asked("t.spot", Mode::Upsert, put(few))).await.unwrap()),
        (0, 5, 0)
    );
    // Who consents gets it.
    let terms = Terms { emptying: Emptying::Asked(vec!["label".into()]), ..Terms::asked() };
    let changeset = Changeset { terms, ..changes("t.spot", Mode::Upsert, put(empty[..36].to_vec())) };
    assert_eq!(counts(&w.store.commit(&operator(), changeset).await.unwrap()), (0, 31, 0));
    let terms = Terms { removal: Removal::Allowed, ..Terms::asked() };
    let changeset = Changeset { terms, ..changes("t.spot", Mode::Replace, put(empty[..3].to_vec())) };
    assert_eq!(counts(&w.store.commit(&operator(), changeset).await.unwrap()), (0, 0, 33));
}

pub(super) async fn a_delivery_that_is_whole_for_a_part_removes_nothing_of_others(w: World) {
    let all = spots(40);
    w.put("t.spot", Mode::Replace, all.clone()).await;
    // Keys k00 to k09 are a part; one of it does not come.
    let values: BTreeSet<String> = ["k0".to_owned()].into();
    let part = Part::Values { field: 0, prefix: Some(2), values };
    let mut ops = put(all[..9].to_vec());
    ops.push(RowOp::Within { part });
    let changeset = asked("t.spot", Mode::Replace, ops);
    let losses = changeset.losses.clone();
    assert_eq!(counts(&w.store.commit(&operator(), changeset).await.unwrap()), (0, 0, 1));
    let told = &losses.list()[0];
    assert_eq!((told.present, told.inside, told.removed), (40, 10, 1));
    assert!(told.part.is_some() && told.examples[0].name == "k09");
    // By area: from 111.2 east, where k20 and later lie; only some of them come, and a new one.
    let part = Part::Area(vec![[111.195, 28.9], [112.0, 28.9], [112.0, 29.1], [111.195, 29.1]]);
    let mut rows = all[20..37].to_vec();
    rows.push(spot("new", 1, [111.5, 29.05]));
    let mut ops = put(rows);
    ops.push(RowOp::Within { part: part.clone() });
    assert_eq!(
        counts(&w.store.commit(&operator(), asked("t.spot", Mode::Replace, ops)).await.unwrap()),
        (1, 0, 3)
    );
    // Most of a part is as much as most of a layer.
    let mut ops = put(vec![spot("new", 1, [111.5, 29.05])]);
    ops.push(RowOp::Within { part });
    let refused = w.store.commit(&operator(), asked("t.spot", Mode::Replace, ops)).await.unwrap_err();
    let StoreError::Consent { losses } = &refused else { panic!("{refused}") };
    assert_eq!((losses[0].inside, losses[0].removed, losses[0].present), (18, 17, 37));
}

pub(super) async fn an_older_delivery_says_which_edits_it_takes_back(w: World) {
    let first = spots(20);
    w.put("t.spot", Mode::Replace, first.clone()).await;
    let mut second = first.clone();
    second[..8].iter_mut().for_each(|r| r.values[NUMBER] = Value::Integer(-1));
    w.put("t.spot", Mode::Upsert, second.clone()).await;
    let mut third = second.clone();
    third[7].geometry = Some(Geometry::point(111.9, 29.9));
    w.put("t.spot", Mode::Replace, third.clone()).await;
    let head = w.head().await;
    for mode in [Mode::Replace, Mode::Upsert] {
        let changeset = asked("t.spot", mode, put(first.clone()));
        let refused = w.store.commit(&operator(), changeset).await.unwrap_err();
        let StoreError::Consent { losses } = &refused else { panic!("{refused}") };
        assert_eq!(losses[0].asks, [Ask::Reverting]);
        let each: Vec<(u64, u64)> = losses[0].reverted.iter().map(|r| (r.revision.0, r.rows)).collect();
        assert_eq!(each, [(2, 8)]);
        assert_eq!(losses[0].reverted[0].examples[0].name, "k00");
        assert_eq!(w.head().await, head);
    }
    // The state between: one feature goes back by one revision, which is few enough to be only said.
    let changeset = asked("t.spot", Mode::Replace, put(second));
    let losses: Losses = changeset.losses.clone();
    assert_eq!(counts(&w.store.commit(&operator(), changeset).await.unwrap()), (0, 1, 0));
    assert_eq!((losses.list()[0].reverted[0].revision.0, losses.list()[0].reverted_rows()), (3, 1));
    // What was never so is no going back.
    let mut new = first;
    new.iter_mut().for_each(|r| r.values[NUMBER] = Value::Integer(77));
    let changeset = asked("t.spot", Mode::Replace, put(new));
    assert_eq!(counts(&w.store.commit(&operator(), changeset).await.unwrap()), (0, 20, 0));
}

pub(super) async fn a_changed_feature_without_a_key_is_not_one_that_is_lost(w: World) {
    let square = |i: i32, size: f64| area(&format!("a{i}"), [111.0 + f64::from(i), 29.0], size);
    w.put("t.area", Mode::Replace, (0..20).map(|i| square(i, 0.5)).collect()).await;
    let again: Vec<Row> = (0..20).map(|i| square(i, if i < 10 { 0.4 } else { 0.5 })).collect();
    let done = w.store.commit(&operator(), asked("t.area", Mode::Replace, put(again))).await.unwrap();
    assert_eq!(counts(&done), (10, 0, 10));
    // Another place is another thing: the second sheet does not take the place of the first.
    let other: Vec<Row> = (100..120).map(|i| square(i, 0.5)).collect();
    let refused = w.store.commit(&operator(), asked("t.area", Mode::Replace, put(other))).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Consent { losses } if losses[0].removed == 20), "{refused}");
}
