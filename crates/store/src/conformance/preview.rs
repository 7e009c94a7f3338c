//! What would be: previews, and deliveries that would remove too much.

use super::world::*;
use crate::StoreError;
use ditu_model::{Ask, Changeset, Delivery, Losses, Mode, Removal, RevisionId, RowOp, Terms};

fn rows(codes: &[(&str, i64)]) -> Vec<ditu_model::Row> {
    codes.iter().map(|(c, n)| spot(c, *n, [111.5, 29.0])).collect()
}

pub(super) async fn a_preview_says_what_the_commit_then_does_and_keeps_nothing(w: World) {
    let spots = id("t.spot");
    w.put("t.spot", Mode::Replace, rows(&[("a", 1), ("b", 2), ("c", 3)])).await;
    let before = w.all("t.spot").await;
    for (mode, next) in [
        (Mode::Replace, vec![("b", 20), ("c", 3), ("d", 4)]),
        (Mode::Upsert, vec![("c", 30), ("e", 5)]),
        (Mode::Append, vec![("f", 6), ("g", 7)]),
        (Mode::Replace, vec![("z", 9)]),
    ] {
        let head = w.head().await;
        let seen = w.store.preview(&operator(), delivery("t.spot", mode, rows(&next)), 99).await.unwrap();
        let [seen] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!(w.head().await, head);
        let listed = w.store.revisions(&operator(), None, 99).await.unwrap();
        assert_eq!(listed[0].id, head);
        let done = w.put("t.spot", mode, rows(&next)).await;
        assert_eq!(
            (seen.layer.clone(), counts(&done)),
            (spots.clone(), (seen.added, seen.changed, seen.removed))
        );
        let differences = w.store.diff(&operator(), &spots, head, revision(&done), 99).await.unwrap();
        assert_eq!(seen.differences, differences);
    }
    w.store.rollback(&operator(), &spots, RevisionId(1), origin()).await.unwrap();
    assert_eq!(w.all("t.spot").await, before);
}

pub(super) async fn a_preview_of_nothing_new_is_empty_and_of_much_is_cut(w: World) {
    let many: Vec<_> = (0..5_000).map(|i| spot(&format!("k{i}"), i, [111.5, 29.0])).collect();
    let first =
        w.store.preview(&operator(), delivery("t.spot", Mode::Replace, many.clone()), 7).await.unwrap();
    assert_eq!((first[0].added, first[0].differences.len()), (5_000, 7));
    assert!(first[0].differences.iter().all(|d| d.before.is_none() && d.after.is_some()));
    assert_eq!(w.head().await, RevisionId(0));
    assert!(w.all("t.spot").await.is_empty());
    w.put("t.spot", Mode::Replace, many.clone()).await;
    let again = w.store.preview(&operator(), delivery("t.spot", Mode::Replace, many), 7).await.unwrap();
    assert!(again.is_empty(), "{again:?}");
}

pub(super) async fn a_preview_that_fails_half_way_or_may_not_write_leaves_all_as_it_was(w: World) {
    w.put("t.spot", Mode::Replace, rows(&[("a", 1)])).await;
    let batches = vec![
        Ok(vec![RowOp::Put { id: None, row: spot("b", 2, [111.0, 29.0]) }]),
        Err("读坏了 / broken".to_owned()),
    ];
    let changeset = Changeset {
        origin: origin(),
        deliveries: vec![Delivery {
            layer: id("t.spot"),
            mode: Mode::Replace,
            rows: Box::new(batches.into_iter()),
        }],
        terms: Terms::default(),
        losses: Losses::default(),
    };
    let refused = w.store.preview(&operator(), changeset, 9).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Delivery(why) if why.contains("读坏了")), "{refused}");
    assert_eq!(w.head().await, RevisionId(1));
    assert_eq!(w.all("t.spot").await.len(), 1);
    // The writer is free again.
    w.put("t.spot", Mode::Upsert, rows(&[("c", 3)])).await;
    assert_eq!(w.head().await, RevisionId(2));
}

pub(super) async fn a_delivery_that_would_remove_more_than_allowed_is_refused_and_changes_nothing(w: World) {
    let ten: Vec<(String, i64)> = (0..10).map(|i| (format!("k{i}"), i)).collect();
    let named = |n: usize| ten[..n].iter().map(|(c, i)| spot(c, *i, [111.5, 29.0])).collect::<Vec<_>>();
    w.put("t.spot", Mode::Replace, named(10)).await;
    let with = |mode, n, min| {
        let terms = Terms { removal: Removal::Share(min), ..Terms::default() };
        Changeset { terms, ..delivery("t.spot", mode, named(n)) }
    };
    for (n, min) in [(8, 0.9), (0, 0.1), (9, 1.0)] {
        let changeset = with(Mode::Replace, n, min);
        let losses = changeset.losses.clone();
        // A preview shows it all the same.
        let seen = w.store.preview(&operator(), changeset, 9).await.unwrap();
        assert_eq!(seen[0].removed, 10 - n as u64);
        assert_eq!(losses.list()[0].asks, [Ask::Removal]);
        let refused = w.store.commit(&operator(), with(Mode::Replace, n, min)).await.unwrap_err();
        let StoreError::Consent { losses: told } = &refused else { panic!("{refused}") };
        assert_eq!(told, &losses.list(), "what is shown is what is refused");
        assert_eq!((told[0].inside, told[0].removed), (10, 10 - n as u64));
        assert!(refused.to_string().contains("of the 10"), "{refused}");
    }
    assert_eq!((w.head().await, w.all("t.spot").await.len()), (RevisionId(1), 10));
    // At the limit it is taken, and what removes nothing always is.
    w.store.commit(&operator(), with(Mode::Upsert, 1, 1.0)).await.unwrap();
    let done = w.store.commit(&operator(), with(Mode::Replace, 9, 0.9)).await.unwrap();
    assert_eq!(counts(&done), (0, 0, 1));
}
