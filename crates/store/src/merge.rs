//! Meets a delivery with what a layer holds: which rows are new, changed, the same, gone. Pure; backends do what it says.

use crate::api::StoreError;
use ditu_model::{Delivery, FeatureId, LayerDef, Mode, Row, RowOp, RowStream};
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
    Insert { id: FeatureId, row: Row, side: Side },
    Update { id: FeatureId, row: Row, side: Side },
    Delete { id: FeatureId },
}

/// Looks up what is there, for deliveries that name ids.
pub(crate) trait Lookup {
    /// The row of an id.
    fn by_id(&mut self, id: FeatureId) -> Result<Option<Side>, StoreError>;
    /// The id that holds a key.
    fn by_key(&mut self, key: u128) -> Result<Option<FeatureId>, StoreError>;
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
    all: HashSet<FeatureId>,
    /// Keys of this delivery, by 96 bits of their hashes.
    new_keys: HashSet<[u32; 3], Hashed>,
    lookup: Option<&'a mut dyn Lookup>,
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
        lookup: Option<&'a mut dyn Lookup>,
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
            if m.mode == Mode::Replace {
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
                    Ok((content != side.content).then_some(Action::Update { id, row, side }))
                }
                None => self.fresh(row, side).map(Some),
            },
            None if self.mode == Mode::Append => self.fresh(row, side).map(Some),
            None => match self.unkeyed.get_mut(&side.content).and_then(Vec::pop) {
                Some(id) => {
                    self.all.remove(&id);
                    Ok(None)
                }
                None => self.fresh(row, side).map(Some),
            },
        }
    }

    fn edit(&mut self, op: RowOp) -> Result<Option<Action>, StoreError> {
        let layer = self.def.id.clone();
        let missing = |id| StoreError::NoFeature { layer: layer.clone(), id };
        let Some(lookup) = self.lookup.as_deref_mut() else { return Ok(None) };
        match op {
            RowOp::Keep { .. } | RowOp::Rekey { .. } => Ok(None),
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
                    Some(_) => Ok(Some(Action::Update { id, row, side })),
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
            let mut gone: Vec<FeatureId> = self.all.drain().collect();
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
                (_, RowOp::Rekey { from, to }) => {
                    if !self.keyed.contains_key(&to)
                        && let Some(held) = self.keyed.remove(&from)
                    {
                        self.keyed.insert(to, held);
                    }
                    Ok(None)
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
        Some(Ok(actions))
    }
}
