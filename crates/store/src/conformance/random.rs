//! Random rows and changesets against the plainest model there is: a map, and a list of its states.

use super::world::*;
use ditu_model::{Commit, Date, DateTime, Difference, Feature, Geometry, Mode, RevisionId, Row, Value};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Any row of the layer `t.spot`.
pub(crate) fn row() -> impl Strategy<Value = Row> {
    let text = || {
        proptest::option::of("[\u{0}-\u{7f}一-龟𠮷é]{0,12}").prop_map(|t| t.map_or(Value::Null, Value::text))
    };
    let integer = proptest::option::of(any::<i64>()).prop_map(|v| v.map_or(Value::Null, Value::Integer));
    let real = proptest::option::of(-1e300..1e300).prop_map(|v| v.map_or(Value::Null, Value::Real));
    let boolean = proptest::option::of(any::<bool>()).prop_map(|v| v.map_or(Value::Null, Value::Boolean));
    let date = proptest::option::of(-700_000..2_900_000)
        .prop_map(|d: Option<i32>| d.and_then(Date::from_days).map_or(Value::Null, Value::Date));
    let time = proptest::option::of(-1_000_000_000_000i64..4_000_000_000_000)
        .prop_map(|t| t.map_or(Value::Null, |t| Value::DateTime(DateTime(t))));
    let json = proptest::option::of(any::<i32>())
        .prop_map(|n| n.map_or(Value::Null, |n| Value::Json(format!("{{\"a\": [{n}, \"二\"]}}").into())));
    let place = proptest::option::of((-180.0..180.0, -90.0..90.0, proptest::option::of(-500.0..9000.0)));
    let values = (text(), text(), integer, real, boolean, date, time, json, text());
    (values, place).prop_map(|((a, b, c, d, e, f, g, h, i), place)| Row {
        values: vec![a, b, c, d, e, f, g, h, i],
        geometry: place.map(|(x, y, z)| {
            let mut g = Geometry::point(x, y);
            g.z.extend(z);
            g
        }),
    })
}

#[derive(Clone, Debug)]
enum Step {
    Put(Mode, BTreeMap<u8, (u8, u8)>),
    Back(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rows = || btree_map(0u8..12, (0u8..3, 0u8..3), 0..8);
    let step = prop_oneof![
        4 => rows().prop_map(|r| Step::Put(Mode::Replace, r)),
        4 => rows().prop_map(|r| Step::Put(Mode::Upsert, r)),
        1 => any::<prop::sample::Index>().prop_map(Step::Back),
    ];
    vec(step, 1..14)
}

/// By id: key, number, place.
type State = BTreeMap<u64, (u8, u8, u8)>;

/// How a delivery meets a state: ids are kept by key, new ones are counted on.
fn put(now: &State, next_id: &mut u64, mode: Mode, rows: &BTreeMap<u8, (u8, u8)>) -> State {
    let mut next = if mode == Mode::Replace { State::new() } else { now.clone() };
    for (key, (n, x)) in rows {
        let known = now.iter().find(|(_, (k, ..))| k == key).map(|(id, _)| *id);
        let id = known.unwrap_or_else(|| {
            *next_id += 1;
            *next_id - 1
        });
        next.insert(id, (*key, *n, *x));
    }
    next
}

fn row_of((key, n, x): &(u8, u8, u8)) -> Row {
    spot(&key.to_string(), i64::from(*n), [111.0 + f64::from(*x), 29.0])
}

fn features(state: &State) -> Vec<Feature> {
    state.iter().map(|(id, v)| Feature { id: *id, row: row_of(v) }).collect()
}

async fn agrees(w: World, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let layer = id("t.spot");
    let (mut states, mut next_id) = (vec![State::new()], 1);
    for step in steps {
        let now = states.last().cloned().unwrap_or_default();
        let (next, done) = match step {
            Step::Put(mode, rows) => {
                let delivered = rows.iter().map(|(k, (n, x))| row_of(&(*k, *n, *x))).collect();
                (put(&now, &mut next_id, mode, &rows), w.put("t.spot", mode, delivered).await)
            }
            Step::Back(to) => {
                let to = to.index(states.len());
                let done = w.store.rollback(&operator(), &layer, RevisionId(to as u64), origin()).await;
                (states[to].clone(), done.unwrap())
            }
        };
        prop_assert_eq!(matches!(done, Commit::Done(_)), next != now);
        if let Commit::Done(list) = done {
            let kept = next.keys().filter(|id| now.contains_key(id)).count();
            let same = next.iter().filter(|(id, v)| now.get(id) == Some(v)).count();
            let wanted = (next.len() - kept, kept - same, now.len() - kept);
            let r = &list[0];
            prop_assert_eq!((r.added as usize, r.changed as usize, r.removed as usize), wanted);
            states.push(next.clone());
        }
        prop_assert_eq!(w.all("t.spot").await, features(&next));
    }
    prop_assert_eq!(w.head().await.0 as usize + 1, states.len());
    let last = states.last().cloned().unwrap_or_default();
    for (r, before) in states.iter().enumerate() {
        let (from, to) = (RevisionId(r as u64), RevisionId(states.len() as u64 - 1));
        let found = w.store.diff(&operator(), &layer, from, to, 999).await.unwrap();
        let feature = |s: &State, id: u64| s.get(&id).map(|v| Feature { id, row: row_of(v) });
        let wanted: Vec<Difference> = (1..next_id)
            .map(|id| Difference { id, before: feature(before, id), after: feature(&last, id) })
            .filter(|d| d.before != d.after)
            .collect();
        prop_assert_eq!(found, wanted);
    }
    Ok(())
}

fn run(name: &'static str, cases: u32, world: impl AsyncFn(&'static str) -> World) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner.run(&steps(), |steps| runtime.block_on(async { agrees(world(name).await, steps).await })).unwrap();
}

#[test]
fn random_changesets_and_rollbacks_agree_with_a_map_in_memory() {
    run("p", 200, async |_| World::memory());
}

#[test]
fn random_changesets_and_rollbacks_agree_with_a_map_in_a_geopackage() {
    run("p", 24, async |_| World::geopackage().await);
}

#[test]
fn random_changesets_and_rollbacks_agree_with_a_map_in_postgis() {
    run("random_map", 12, async |name| World::postgis(name).await);
}
