//! Meets a delivery with what a layer holds: which rows are new, changed, the same, gone. Pure; backends do what it says.

use crate::api::StoreError;
use crate::same::{Near, Told, is_same, settle};
use ditu_model::{Bounds, Delivery, FeatureId, LayerDef, Mode, Row, RowOp, RowStream, Stated};
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// What matching knows of a row that is there: hashes of key and content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) key: Option<u128>,
    pub(crate) content: u128,
}

/// One step for a backend.
#[derive(Debug)]
pub(crate) enum Action {
    Insert {
        id: FeatureId,
        row: Row,
        side: Side,
    },
    /// `before` is the row that is there, where matching has read it.
    Update {
        id: FeatureId,
        row: Row,
        side: Side,
        before: Option<Row>,
    },
    Delete {
        id: FeatureId,
    },
}

/// Rows that are read at once to be compared.
const COMPARED: usize = 2000;
/// Features at one place among which a row without a key is looked for.
pub(crate) const NEAR_MOST: usize = 1000;

/// Looks up what is there: hashes for deliveries that name ids, rows for those whose hashes differ from what is there.
pub(crate) trait Lookup {
    /// The row of an id.
    fn by_id(&mut self, id: FeatureId) -> Result<Option<Side>, StoreError>;
    /// The id that holds a key.
    fn by_key(&mut self, key: u128) -> Result<Option<FeatureId>, StoreError>;
    /// Rows of ids, in any order.
    fn rows(&mut self, ids: &[FeatureId]) -> Result<Vec<(FeatureId, Row)>, StoreError>;
    /// For each place the features whose box agrees with its box to within its degrees, at most [`NEAR_MOST`]. An index may
    /// give more.
    fn near(&mut self, places: &[(Bounds, f64)]) -> Result<Vec<Vec<FeatureId>>, StoreError>;
}

/// Under which terms a delivery is taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Terms {
    /// Ids that come back are put where they were: a rollback.
    pub(crate) restore: bool,
    /// The share of what is there that must stay.
    pub(crate) min_match: Option<f64>,
}

/// For keys that are hashes already: a part of them will do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Part(u64);

impl Hasher for Part {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut word = [0; 8];
        let n = bytes.len().min(8);
        word[..n].copy_from_slice(&bytes[..n]);
        self.0 = u64::from_le_bytes(word);
    }
}

type Hashed = BuildHasherDefault<Part>;

/// As much of a hash as tells ten million keys apart, with a chance of 10^-15 that it does not: sets of them are held in memory.
fn part(hash: u128) -> [u32; 3] {
    [hash as u32, (hash >> 32) as u32, (hash >> 64) as u32]
}

/// A delivery on its way into a layer: an iterator over batches of actions.
pub(crate) struct Merge<'a> {
    def: Arc<LayerDef>,
    mode: Mode,
    rows: RowStream,
    next_id: FeatureId,
    keyed: HashMap<u128, (FeatureId, u128), Hashed>,
    unkeyed: HashMap<u128, Vec<FeatureId>, Hashed>,
    /// Features that no row has been matched with. Without [`Mode::Replace`] those that have no key.
    all: HashSet<FeatureId>,
    /// Rows of a batch whose key is there and whose content is not, and what has that key.
    suspects: Vec<(FeatureId, Row, Side)>,
    /// Rows of a batch without a key whose content is not there.
    strangers: Vec<(Row, Side)>,
    /// What the rows at hand say of their own precision.
    stated: Stated,
    /// Keys of this delivery, by 96 bits of their hashes.
    new_keys: HashSet<[u32; 3], Hashed>,
    lookup: &'a mut dyn Lookup,
    terms: Terms,
    /// Features that the layer held.
    present: u64,
    /// Edits that wait: each is applied before the next is looked up.
    waiting: VecDeque<RowOp>,
    ended: bool,
}

impl<'a> Merge<'a> {
    /// `existing` is everything the layer holds, except for [`Mode::Edit`], which asks `lookup`.
    pub(crate) fn new(
        def: Arc<LayerDef>,
        delivery: Delivery,
        next_id: FeatureId,
        existing: Vec<(FeatureId, Side)>,
        lookup: &'a mut dyn Lookup,
        terms: Terms,
    ) -> Merge<'a> {
        let mut m = Merge {
            def,
            mode: delivery.mode,
            rows: delivery.rows,
            next_id,
            keyed: HashMap::with_capacity_and_hasher(existing.len(), Hashed::default()),
            unkeyed: HashMap::default(),
            all: HashSet::new(),
            suspects: Vec::new(),
            strangers: Vec::new(),
            stated: Stated::default(),
            new_keys: HashSet::default(),
            lookup,
            terms,
            present: existing.len() as u64,
            waiting: VecDeque::new(),
            ended: false,
        };
        if m.mode == Mode::Replace {
            m.all.reserve(existing.len());
        }
        // From the end, so that `pop` gives the lowest id first.
        for (id, side) in existing.into_iter().rev() {
            if m.mode == Mode::Replace || side.key.is_none() {
                m.all.insert(id);
            }
            match side.key {
                Some(key) => {
                    m.keyed.insert(key, (id, side.content));
                }
                None => m.unkeyed.entry(side.content).or_default().push(id),
            }
        }
        m
    }

    /// The first id that was not given out.
    pub(crate) fn next_id(&self) -> FeatureId {
        self.next_id
    }

    fn duplicate(&self, row: &Row) -> StoreError {
        let key: Vec<String> = self.def.key.iter().map(|&i| row.values[i].to_string()).collect();
        StoreError::DuplicateKey { layer: self.def.id.clone(), key: key.join(", ") }
    }

    fn fresh(&mut self, row: Row, side: Side) -> Result<Action, StoreError> {
        if side.key.is_some_and(|k| !self.new_keys.insert(part(k))) {
            return Err(self.duplicate(&row));
        }
        let id = self.next_id;
        self.next_id += 1;
        Ok(Action::Insert { id, row, side })
    }

    /// Takes a row. One whose content is not there waits to be compared with what is.
    fn put(&mut self, row: Row) -> Result<Option<Action>, StoreError> {
        let side = Side { key: row.key_hash(&self.def.key), content: row.content_hash() };
        match side.key {
            Some(key) => match self.keyed.get(&key).copied() {
                Some(_) if self.mode == Mode::Append => Err(self.duplicate(&row)),
                Some((id, content)) => {
                    if !self.new_keys.insert(part(key)) {
                        return Err(self.duplicate(&row));
                    }
                    self.all.remove(&id);
                    if content != side.content {
                        self.suspects.push((id, row, side));
                    }
                    Ok(None)
                }
                None => self.fresh(row, side).map(Some),
            },
            None if self.mode == Mode::Append || self.unkeyed.is_empty() => self.fresh(row, side).map(Some),
            None => {
                while let Some(id) = self.unkeyed.get_mut(&side.content).and_then(Vec::pop) {
                    if self.all.remove(&id) {
                        return Ok(None);
                    }
                }
                self.strangers.push((row, side));
                Ok(None)
            }
        }
    }

    /// Compares the rows that wait with what is there, and says what is to be done about those that differ.
    fn compare(&mut self, actions: &mut Vec<Action>) -> Result<(), StoreError> {
        let near = Near::new(self.def.resolution, self.stated);
        let mut suspects = std::mem::take(&mut self.suspects).into_iter().peekable();
        while suspects.peek().is_some() {
            let some: Vec<_> = suspects.by_ref().take(COMPARED).collect();
            let ids: Vec<FeatureId> = some.iter().map(|(id, ..)| *id).collect();
            let mut there: HashMap<FeatureId, Row> = self.lookup.rows(&ids)?.into_iter().collect();
            for (id, mut row, mut side) in some {
                let before = there.remove(&id);
                match before.as_ref().map_or(Told::Other, |b| settle(&self.def, b, &mut row, near)) {
                    Told::Same => continue,
                    Told::Mixed => side.content = row.content_hash(),
                    Told::Other => {}
                }
                actions.push(Action::Update { id, row, side, before });
            }
        }
        let strangers = std::mem::take(&mut self.strangers);
        if strangers.is_empty() {
            return Ok(());
        }
        let place = |(row, _): &(Row, Side)| {
            let b = row.geometry.as_ref().map_or(Bounds::EMPTY, |g| g.bounds());
            (b, near.degrees(b.min[1]))
        };
        let places: Vec<(Bounds, f64)> = strangers.iter().map(place).collect();
        let candidates = self.lookup.near(&places)?;
        let mut left = strangers.into_iter().zip(candidates).peekable();
        while left.peek().is_some() {
            let (mut some, mut ids) = (Vec::new(), Vec::new());
            while let Some(((row, side), mut found)) = left.next_if(|_| ids.len() < COMPARED) {
                found.retain(|id| self.all.contains(id));
                ids.extend_from_slice(&found);
                some.push((row, side, found));
            }
            ids.sort_unstable();
            ids.dedup();
            let there: HashMap<FeatureId, Row> = self.lookup.rows(&ids)?.into_iter().collect();
            for (row, side, found) in some {
                let is_it = |id: &FeatureId| {
                    self.all.contains(id) && there.get(id).is_some_and(|r| is_same(&self.def, r, &row, near))
                };
                match found.into_iter().find(is_it) {
                    Some(id) => drop(self.all.remove(&id)),
                    None => actions.push(self.fresh(row, side)?),
                }
            }
        }
        Ok(())
    }

    fn edit(&mut self, op: RowOp) -> Result<Option<Action>, StoreError> {
        let layer = self.def.id.clone();
        let missing = |id| StoreError::NoFeature { layer: layer.clone(), id };
        let lookup = &mut *self.lookup;
        match op {
            RowOp::Keep { .. } | RowOp::Stated(_) => Ok(None),
            RowOp::Remove { id } => match lookup.by_id(id)? {
                Some(_) => Ok(Some(Action::Delete { id })),
                None => Err(missing(id)),
            },
            RowOp::Put { id, row } => {
                let side = Side { key: row.key_hash(&self.def.key), content: row.content_hash() };
                if let Some(key) = side.key
                    && !self.terms.restore
                    && lookup.by_key(key)?.is_some_and(|holder| Some(holder) != id)
                {
                    return Err(self.duplicate(&row));
                }
                let Some(id) = id else { return self.fresh(row, side).map(Some) };
                match lookup.by_id(id)? {
                    Some(old) if old.content == side.content => Ok(None),
                    Some(_) => Ok(Some(Action::Update { id, row, side, before: None })),
                    None if self.terms.restore => Ok(Some(Action::Insert { id, row, side })),
                    None => Err(missing(id)),
                }
            }
        }
    }
}

impl Iterator for Merge<'_> {
    type Item = Result<Vec<Action>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        if let Some(op) = self.waiting.pop_front() {
            return Some(self.edit(op).map(Vec::from_iter).inspect_err(|_| self.waiting.clear()));
        }
        let Some(batch) = self.rows.next() else {
            self.ended = true;
            let mut gone: Vec<FeatureId> = match self.mode {
                Mode::Replace => self.all.drain().collect(),
                _ => Vec::new(),
            };
            let matched = self.present - gone.len() as u64;
            if let Some(min_match) = self.terms.min_match
                && (matched as f64) < min_match * self.present as f64
            {
                let (layer, present) = (self.def.id.clone(), self.present);
                return Some(Err(StoreError::TooManyRemoved { layer, present, matched, min_match }));
            }
            gone.sort_unstable();
            return (!gone.is_empty())
                .then(|| Ok(gone.into_iter().map(|id| Action::Delete { id }).collect()));
        };
        let batch = match batch {
            Ok(batch) => batch,
            Err(why) => {
                self.ended = true;
                return Some(Err(StoreError::Delivery(why)));
            }
        };
        if self.mode == Mode::Edit && !self.terms.restore {
            self.waiting = batch.into();
            return Some(Ok(Vec::new()));
        }
        let mut actions = Vec::with_capacity(batch.len());
        for op in batch {
            let step = match (self.mode, op) {
                (Mode::Edit, op) => self.edit(op),
                (_, RowOp::Put { row, .. }) => self.put(row),
                (_, RowOp::Keep { key }) => {
                    if let Some((id, _)) = self.keyed.get(&key) {
                        self.all.remove(id);
                    }
                    Ok(None)
                }
                (_, RowOp::Stated(stated)) => {
                    let compared = self.compare(&mut actions);
                    self.stated = stated;
                    compared.map(|()| None)
                }
                (_, RowOp::Remove { .. }) => {
                    Err(StoreError::Delivery("only an edit removes features by id".into()))
                }
            };
            match step {
                Ok(action) => actions.extend(action),
                Err(e) => {
                    self.ended = true;
                    return Some(Err(e));
                }
            }
        }
        if let Err(e) = self.compare(&mut actions) {
            self.ended = true;
            return Some(Err(e));
        }
        Some(Ok(actions))
    }
}
