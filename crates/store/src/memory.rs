//! A store in memory, for the tests of other crates: whole layers behind shared pointers, copied when they change.

use crate::api::{FeatureVersion, Store, StoreError};
use crate::log::{self, Added};
use crate::merge::{Action, Lookup, Merge, NEAR_MOST, Side, Terms};
use crate::show::show;
use async_trait::async_trait;
use ditu_access::{Scope, View};
use ditu_model::source::{Changed, Changes};
use ditu_model::{
    Bounds, Changeset, Commit, DateTime, Difference, Feature, FeatureId, FeatureSource, FeatureStream,
    LayerDef, LayerId, Layers, Mode, Origin, Preview, Query, Revision, RevisionId, Row, SourceError,
};
use futures_util::stream;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Features a batch.
const BATCH: usize = 2000;

/// A revision that touched a feature, and the row before it.
type Entry = (RevisionId, Option<Arc<Row>>);

/// One layer: what is there now, and what was there before each change.
#[derive(Clone)]
struct Layer {
    def: Arc<LayerDef>,
    next_id: FeatureId,
    revision: RevisionId,
    rows: BTreeMap<FeatureId, (Arc<Row>, Side)>,
    /// By feature, oldest first.
    log: BTreeMap<FeatureId, Vec<Entry>>,
}

impl Layer {
    fn feature(&self, id: FeatureId, row: &Option<Arc<Row>>) -> Option<Feature> {
        row.as_ref().map(|row| Feature { id, row: Row::clone(row) })
    }

    fn now(&self, id: FeatureId) -> Option<Arc<Row>> {
        self.rows.get(&id).map(|(row, _)| row.clone())
    }

    /// The state at a revision is what was before the first change after it, or what is now.
    fn at(&self, id: FeatureId, r: RevisionId) -> Option<Arc<Row>> {
        let later = self.log.get(&id).and_then(|list| list.iter().find(|(revision, _)| *revision > r));
        later.map_or_else(|| self.now(id), |(_, before)| before.clone())
    }

    fn diff(&self, a: RevisionId, b: RevisionId) -> Vec<Difference> {
        let ids = self.log.keys().copied();
        let differences = ids.map(|id| Difference {
            id,
            before: self.feature(id, &self.at(id, a)),
            after: self.feature(id, &self.at(id, b)),
        });
        differences.filter(|d| d.before != d.after).collect()
    }

    fn apply(&mut self, action: Action, revision: RevisionId, added: &mut Added) {
        let (id, put) = match action {
            Action::Insert { id, row, side } => {
                added.push(id);
                (id, Some((Arc::new(row), side)))
            }
            Action::Update { id, row, side, .. } => (id, Some((Arc::new(row), side))),
            Action::Delete { id } => (id, None),
        };
        let before = self.now(id);
        let list = self.log.entry(id).or_default();
        // Within one revision the first "before" is the one that counts.
        if list.last().is_none_or(|(last, _)| *last < revision) {
            list.push((revision, before));
        }
        match put {
            Some(put) => drop(self.rows.insert(id, put)),
            None => drop(self.rows.remove(&id)),
        }
    }
}

/// Looks up in the rows as they were when the delivery began, and in what it has done since.
struct Rows<'a>(&'a Mutex<Layer>);

impl Lookup for Rows<'_> {
    fn by_id(&mut self, id: FeatureId) -> Result<Option<Side>, StoreError> {
        Ok(lock(self.0).rows.get(&id).map(|(_, side)| *side))
    }

    fn by_key(&mut self, key: u128) -> Result<Option<FeatureId>, StoreError> {
        Ok(lock(self.0).rows.iter().find(|(_, (_, side))| side.key == Some(key)).map(|(id, _)| *id))
    }

    fn rows(&mut self, ids: &[FeatureId]) -> Result<Vec<(FeatureId, Row)>, StoreError> {
        let layer = lock(self.0);
        Ok(ids.iter().filter_map(|id| layer.now(*id).map(|row| (*id, Row::clone(&row)))).collect())
    }

    fn near(&mut self, places: &[(Bounds, f64)]) -> Result<Vec<Vec<FeatureId>>, StoreError> {
        let layer = lock(self.0);
        let boxes: Vec<(FeatureId, Bounds)> = layer
            .rows
            .iter()
            .filter_map(|(id, (row, _))| {
                Some((*id, row.geometry.as_ref().filter(|g| !g.is_empty())?.bounds()))
            })
            .collect();
        let agrees = |a: &Bounds, b: &Bounds, by: f64| {
            (0..2).all(|i| (a.min[i] - b.min[i]).abs() <= by && (a.max[i] - b.max[i]).abs() <= by)
        };
        let at = |(place, by): &(Bounds, f64)| {
            let found = boxes.iter().filter(|(_, b)| agrees(b, place, *by)).map(|(id, _)| *id);
            found.take(NEAR_MOST).collect()
        };
        Ok(places.iter().map(at).collect())
    }
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All of a store at one moment.
#[derive(Clone, Default)]
struct Snapshot {
    layers: BTreeMap<LayerId, Arc<Layer>>,
    /// Oldest first.
    revisions: Vec<Revision>,
}

impl Snapshot {
    fn head(&self) -> RevisionId {
        self.revisions.last().map_or(RevisionId(0), |r| r.id)
    }

    fn layer(&self, id: &LayerId) -> Result<&Arc<Layer>, StoreError> {
        self.layers.get(id).ok_or_else(|| StoreError::NoLayer(id.clone()))
    }
}

struct Inner {
    layers: Arc<Layers>,
    writer: Mutex<()>,
    now: Mutex<Arc<Snapshot>>,
}

struct Memory(Arc<Inner>);

/// An empty store in memory. It forgets everything when it is dropped.
pub fn memory(layers: Arc<Layers>) -> Arc<dyn Store> {
    let empty = |def: &Arc<LayerDef>| {
        let layer = Layer {
            def: def.clone(),
            next_id: 1,
            revision: RevisionId(0),
            rows: BTreeMap::new(),
            log: BTreeMap::new(),
        };
        (def.id.clone(), Arc::new(layer))
    };
    let snapshot = Snapshot { layers: layers.iter().map(empty).collect(), revisions: Vec::new() };
    Arc::new(Memory(Arc::new(Inner { layers, writer: Mutex::new(()), now: Mutex::new(Arc::new(snapshot)) })))
}

impl Inner {
    fn snapshot(&self) -> Arc<Snapshot> {
        lock(&self.now).clone()
    }

    /// One writer at a time; what `work` makes of the present becomes the present when all of it went well.
    fn commit(
        &self,
        work: impl FnOnce(&Snapshot) -> Result<Changeset, StoreError>,
        restore: bool,
    ) -> Result<Commit, StoreError> {
        let _writer = lock(&self.writer);
        let now = self.snapshot();
        let (mut next, done) = Inner::next(&now, work(&now)?, restore)?;
        if done.is_empty() {
            return Ok(Commit::Unchanged(now.head()));
        }
        next.revisions.extend(done.iter().cloned());
        *lock(&self.now) = Arc::new(next);
        Ok(Commit::Done(done))
    }

    fn preview(&self, changeset: Changeset, limit: usize) -> Result<Vec<Preview>, StoreError> {
        let now = self.snapshot();
        let (next, done) = Inner::next(&now, changeset, false)?;
        let each = done.into_iter().map(|r| {
            let mut differences = next.layer(&r.layer)?.diff(now.head(), r.id);
            differences.truncate(limit);
            Ok(log::preview(r, differences))
        });
        each.collect()
    }

    /// What would be after a changeset, and its revisions.
    fn next(
        now: &Snapshot,
        changeset: Changeset,
        restore: bool,
    ) -> Result<(Snapshot, Vec<Revision>), StoreError> {
        let mut next = Snapshot::clone(now);
        let Changeset { origin, deliveries, min_match } = changeset;
        let head = next.head();
        let revision = RevisionId(head.0 + 1);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let mut done = Vec::new();
        for delivery in deliveries {
            let id = delivery.layer.clone();
            let layer = Layer::clone(next.layer(&id)?);
            let (def, next_id) = (layer.def.clone(), layer.next_id);
            let edit = delivery.mode == Mode::Edit;
            let existing = if edit {
                Vec::new()
            } else {
                layer.rows.iter().map(|(id, (_, side))| (*id, *side)).collect()
            };
            // The lookup reads what has been applied: both reach the layer, by turns.
            let layer = Mutex::new(layer);
            let mut rows = Rows(&layer);
            let terms = Terms { restore, min_match };
            let mut merge = Merge::new(def, delivery, next_id, existing, &mut rows, terms);
            let (mut added, mut counts) = (Added::default(), [0; 3]);
            for actions in merge.by_ref() {
                for action in actions? {
                    counts[match action {
                        Action::Insert { .. } => 0,
                        Action::Update { .. } => 1,
                        Action::Delete { .. } => 2,
                    }] += 1;
                    lock(&layer).apply(action, revision, &mut added);
                }
            }
            let next_id = merge.next_id();
            drop(merge);
            if counts == [0; 3] {
                continue;
            }
            let mut layer = layer.into_inner().unwrap_or_else(PoisonError::into_inner);
            (layer.next_id, layer.revision) = (next_id, revision);
            next.layers.insert(id.clone(), Arc::new(layer));
            done.push(Revision {
                id: revision,
                layer: id,
                at: DateTime(now.as_millis() as i64),
                origin: origin.clone(),
                added: counts[0],
                changed: counts[1],
                removed: counts[2],
            });
        }
        Ok((next, done))
    }
}

/// Deliveries are read by a blocking iterator: the whole commit runs on a thread that may wait.
async fn blocking<T: Send + 'static>(
    f: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(f).await.unwrap_or_else(|e| {
        Err(StoreError::Environment { what: "a store task ended early".into(), source: Box::new(e) })
    })
}

#[async_trait]
impl Store for Memory {
    fn layers(&self) -> &Arc<Layers> {
        &self.0.layers
    }

    async fn head(&self) -> Result<RevisionId, StoreError> {
        Ok(self.0.snapshot().head())
    }

    async fn commit(&self, view: &View, changeset: Changeset) -> Result<Commit, StoreError> {
        log::may_write(view, changeset.deliveries.iter().map(|d| &d.layer))?;
        let inner = self.0.clone();
        blocking(move || inner.commit(|_| Ok(changeset), false)).await
    }

    async fn preview(
        &self,
        view: &View,
        changeset: Changeset,
        limit: usize,
    ) -> Result<Vec<Preview>, StoreError> {
        log::may_write(view, changeset.deliveries.iter().map(|d| &d.layer))?;
        let inner = self.0.clone();
        blocking(move || inner.preview(changeset, limit)).await
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
        let snapshot = self.0.snapshot();
        let shown = |r: &&Revision| layer.map_or(view.scope(&r.layer).is_some(), |l| *l == r.layer);
        let mut found: Vec<Revision> = snapshot.revisions.iter().filter(shown).cloned().collect();
        found.sort_by(|a, b| b.id.cmp(&a.id).then_with(|| a.layer.cmp(&b.layer)));
        found.truncate(limit);
        Ok(found)
    }

    async fn feature_history(
        &self,
        view: &View,
        layer: &LayerId,
        id: FeatureId,
    ) -> Result<Vec<FeatureVersion>, StoreError> {
        let scope = view.scope(layer).ok_or_else(|| StoreError::NoLayer(layer.clone()))?;
        let snapshot = self.0.snapshot();
        let layer = snapshot.layer(layer)?;
        let list = layer.log.get(&id).into_iter().flatten();
        let version = |(revision, _): &Entry| FeatureVersion {
            revision: *revision,
            feature: layer.feature(id, &layer.at(id, *revision)),
        };
        Ok(log::show_history(scope, list.map(version).collect()))
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
        let snapshot = self.0.snapshot();
        if let Some(unknown) = [a, b].into_iter().find(|r| *r > snapshot.head()) {
            return Err(StoreError::NoRevision(unknown));
        }
        Ok(log::show_diff(scope, snapshot.layer(layer)?.diff(a, b), limit))
    }

    async fn rollback(
        &self,
        view: &View,
        layer: &LayerId,
        to: RevisionId,
        origin: Origin,
    ) -> Result<Commit, StoreError> {
        log::may_write(view, [layer])?;
        let (inner, layer) = (self.0.clone(), layer.clone());
        let work = move |now: &Snapshot| {
            if to > now.head() {
                return Err(StoreError::NoRevision(to));
            }
            let back = now.layer(&layer)?.diff(now.head(), to);
            Ok(log::rollback(layer, back, origin))
        };
        blocking(move || inner.commit(work, true)).await
    }

    fn reader(&self, view: Arc<View>) -> Arc<dyn FeatureSource> {
        Arc::new(Reader { inner: self.0.clone(), view })
    }
}

struct Reader {
    inner: Arc<Inner>,
    view: Arc<View>,
}

impl Reader {
    fn layer(&self, id: &LayerId) -> Result<(Scope, Arc<Layer>), SourceError> {
        let no_layer = || SourceError::NoLayer(id.clone());
        let scope = self.view.scope(id).cloned().ok_or_else(no_layer)?;
        let layer = self.inner.snapshot().layers.get(id).cloned().ok_or_else(no_layer)?;
        Ok((scope, layer))
    }
}

fn meets(query: &Query, f: &Feature) -> bool {
    let bounds = f.row.geometry.as_ref().map(|g| g.bounds());
    query.bounds.is_none_or(|q| bounds.is_some_and(|b| b.intersects(&q)))
}

#[async_trait]
impl FeatureSource for Reader {
    async fn revision(&self, layer: &LayerId) -> Result<RevisionId, SourceError> {
        Ok(self.layer(layer)?.1.revision)
    }

    async fn count(&self, layer: &LayerId) -> Result<u64, SourceError> {
        let (scope, layer) = self.layer(layer)?;
        let all = layer.rows.iter().map(|(id, (row, _))| Feature { id: *id, row: Row::clone(row) });
        Ok(all.filter_map(|f| show(&scope, f)).count() as u64)
    }

    async fn scan(&self, layer: &LayerId, query: Query) -> Result<FeatureStream, SourceError> {
        let (scope, layer) = self.layer(layer)?;
        let revision = layer.revision;
        // Where the next batch begins, and how many features are still wanted.
        let start = (query.after.map_or(0, |id| id.saturating_add(1)), query.limit.unwrap_or(usize::MAX));
        let batches = stream::unfold(start, move |(from, left)| {
            let wanted = |id: &FeatureId| query.ids.as_ref().is_none_or(|ids| ids.contains(id));
            let rows = layer.rows.range(from..).filter(|(id, _)| wanted(id));
            let shown =
                rows.filter_map(|(id, (row, _))| show(&scope, Feature { id: *id, row: Row::clone(row) }));
            let batch: Vec<Feature> = shown.filter(|f| meets(&query, f)).take(BATCH.min(left)).collect();
            let next = batch.last().map(|last| (last.id + 1, left - batch.len()));
            std::future::ready(next.map(|next| (Ok(batch), next)))
        });
        Ok(FeatureStream { revision, batches: Box::pin(batches) })
    }

    async fn changes(
        &self,
        layer: &LayerId,
        since: RevisionId,
        limit: usize,
    ) -> Result<Changes, SourceError> {
        let (scope, layer) = self.layer(layer)?;
        let bounds = |row: &Option<Arc<Row>>| {
            let geometry = row.as_ref().and_then(|r| r.geometry.as_ref());
            geometry.filter(|g| !g.is_empty()).map(|g| g.bounds())
        };
        let mut features = Vec::new();
        for (id, list) in &layer.log {
            let later: Vec<_> = list.iter().filter(|(r, _)| *r > since).collect();
            let Some((revision, _)) = later.last() else { continue };
            if features.len() == limit {
                return Ok(Changes { revision: layer.revision, features: None });
            }
            let now = layer.now(*id);
            let touched: Vec<Bounds> =
                later.iter().map(|(_, b)| b).chain([&now]).filter_map(bounds).collect();
            let near = |area: &[Bounds]| area.iter().any(|b| touched.iter().any(|t| b.intersects(t)));
            if scope.area().is_some_and(|area| !near(area)) {
                continue;
            }
            let now = layer.feature(*id, &now).and_then(|f| show(&scope, f));
            features.push(Changed { id: *id, revision: *revision, now, touched });
        }
        Ok(Changes { revision: layer.revision, features: Some(features) })
    }
}
