//! Meets a delivery with what a layer holds: which rows are new, changed, the same, gone. Pure; backends do what it says.

use crate::api::StoreError;
use crate::same::{Near, Told, is_same, settle};
use crate::taken::Taken;
use ditu_model::{
    Bounds, Delivery, FeatureId, LayerDef, Loss, Mode, Part, RevisionId, Row, RowOp, RowStream, Stated,
    Terms, Value,
};
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
    /// With the row before, where it was looked up.
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

/// Features at one place among which a row without a key is looked for.
pub(crate) const NEAR_MOST: usize = 1000;

/// Looks up what is there.
pub(crate) trait Lookup {
    /// The row of an id.
    fn by_id(&mut self, id: FeatureId) -> Result<Option<Side>, StoreError>;
    /// The id that holds a key.
    fn by_key(&mut self, key: u128) -> Result<Option<FeatureId>, StoreError>;
    /// Features as they are now, in any order; those that are not there are left out.
    fn rows(&mut self, ids: &[FeatureId]) -> Result<Vec<(FeatureId, Row)>, StoreError>;
    /// For each place the features whose box agrees with its box to within its degrees, at most [`NEAR_MOST`]. An index may
    /// give more.
    fn near(&mut self, places: &[(Bounds, f64)]) -> Result<Vec<Vec<FeatureId>>, StoreError>;
    /// What the log has of features: each row before a revision changed it.
    fn former(
        &mut self,
        ids: &[FeatureId],
        take: &mut dyn FnMut(FeatureId, RevisionId, &Row),
    ) -> Result<(), StoreError>;
    /// The features of a part.
    fn within(&mut self, part: &Part, take: &mut dyn FnMut(FeatureId)) -> Result<(), StoreError>;
    /// The features that hold something in any of these fields, in id order.
    fn holding(&mut self, fields: &[usize], take: &mut dyn FnMut(FeatureId, Row)) -> Result<(), StoreError>;
}

/// By which rules a delivery is taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// Ids that come back are put where they were: a rollback.
    pub(crate) restore: bool,
    /// What may go without a further word.
    pub(crate) terms: Terms,
    /// What needs consent is not done; a preview does it to show it.
    pub(crate) enforce: bool,
}

/// For keys that are hashes already: some bytes of them will do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bytes(u64);

impl Hasher for Bytes {
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

type Hashed = BuildHasherDefault<Bytes>;

/// As much of a hash as tells ten million keys apart, with a chance of 10^-15 that it does not: sets of them are held in memory.
fn part(hash: u128) -> [u32; 3] {
    [hash as u32, (hash >> 32) as u32, (hash >> 64) as u32]
}

/// Features that are looked up at a time.
const LOOKED_UP: usize = 512;
/// Rows without a key that are compared at a time.
const COMPARED: usize = 2000;

/// A row that is not as it was.
struct Changed {
    id: FeatureId,
    row: Row,
    side: Side,
    /// The hash of what is there.
    content: u128,
}

/// What came of a batch so far.
#[derive(Default)]
struct Met {
    actions: Vec<Action>,
    changed: Vec<Changed>,
    /// Rows without a key whose content is not there.
    strangers: Vec<(Row, Side)>,
    /// Features that are matched without a key and hold values for which there is no column.
    kept: Vec<FeatureId>,
}

/// The hash of what is left of a row without some fields.
fn masked_hash(row: &mut Row, fields: &[usize]) -> u128 {
    fields.iter().for_each(|&i| row.values[i] = Value::Null);
    row.content_hash()
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
    /// What the rows at hand say of their own precision.
    stated: Stated,
    /// Keys of this delivery, by 96 bits of their hashes.
    new_keys: HashSet<[u32; 3], Hashed>,
    lookup: &'a mut dyn Lookup,
    rules: Rules,
    /// The first id that this delivery gives out.
    first_id: FeatureId,
    /// Fields for which the rows that come now have no column.
    lacking: Arc<[usize]>,
    /// Features without a key that hold something in those fields, in order.
    masked: Vec<FeatureId>,
    /// The part for which the delivery is whole.
    part: Part,
    taken: Taken,
    loss: Option<Loss>,
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
        rules: Rules,
    ) -> Merge<'a> {
        let mut m = Merge {
            taken: Taken::new(&def),
            def,
            mode: delivery.mode,
            rows: delivery.rows,
            next_id,
            keyed: HashMap::with_capacity_and_hasher(existing.len(), Hashed::default()),
            unkeyed: HashMap::default(),
            all: HashSet::new(),
            stated: Stated::default(),
            new_keys: HashSet::default(),
            lookup,
            rules,
            first_id: next_id,
            lacking: Arc::default(),
            masked: Vec::new(),
            part: Part::All,
            loss: None,
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

    /// The first id that was not given out, and what the delivery takes away; when it has ended.
    pub(crate) fn finish(mut self) -> (FeatureId, Option<Loss>) {
        (self.next_id, self.loss.take())
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
    fn put(&mut self, row: Row, met: &mut Met) -> Result<(), StoreError> {
        let side = Side { key: row.key_hash(&self.def.key), content: row.content_hash() };
        match side.key {
            Some(key) => match self.keyed.get(&key).copied() {
                Some(_) if self.mode == Mode::Append => return Err(self.duplicate(&row)),
                Some((id, content)) => {
                    if !self.new_keys.insert(part(key)) {
                        return Err(self.duplicate(&row));
                    }
                    self.all.remove(&id);
                    if content == side.content {
                        self.taken.same(&row);
                    } else {
                        met.changed.push(Changed { id, row, side, content });
                    }
                }
                None => met.actions.push(self.fresh(row, side)?),
            },
            None if self.mode == Mode::Append => met.actions.push(self.fresh(row, side)?),
            None if self.unkeyed.is_empty() => {
                self.taken.fresh(&row);
                met.actions.push(self.fresh(row, side)?);
            }
            None => {
                while let Some(id) = self.unkeyed.get_mut(&side.content).and_then(Vec::pop) {
                    if self.all.remove(&id) {
                        self.taken.same(&row);
                        if self.masked.binary_search(&id).is_ok() {
                            met.kept.push(id);
                        }
                        return Ok(());
                    }
                }
                met.strangers.push((row, side));
            }
        }
        Ok(())
    }

    /// Rows that come from here on have no column for these fields. Rows without a key are matched on what is left.
    fn lack(&mut self, fields: Arc<[usize]>) -> Result<(), StoreError> {
        if fields == self.lacking {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.lacking, fields);
        self.masked.clear();
        if self.unkeyed.is_empty() {
            return Ok(());
        }
        let mut asked: Vec<usize> = before.iter().chain(self.lacking.iter()).copied().collect();
        asked.sort_unstable();
        asked.dedup();
        let (def, now, masked, unkeyed) = (&self.def, &self.lacking, &mut self.masked, &mut self.unkeyed);
        self.lookup.holding(&asked, &mut |id, mut row| {
            if row.key_hash(&def.key).is_some() {
                return;
            }
            let was = masked_hash(&mut row.clone(), &before);
            let is = masked_hash(&mut row, now);
            if was != is
                && let Some(list) = unkeyed.get_mut(&was)
                && let Some(at) = list.iter().position(|i| *i == id)
            {
                list.remove(at);
                unkeyed.entry(is).or_default().push(id);
            }
            masked.push(id);
        })
    }

    /// Looks up what changed: fills what the delivery has no column for, and counts what goes.
    fn settle(&mut self, met: &mut Met) -> Result<(), StoreError> {
        for ids in met.kept.chunks(LOOKED_UP) {
            for (_, row) in self.lookup.rows(ids)? {
                self.taken.kept(&row, &self.lacking);
            }
        }
        met.kept.clear();
        self.find(met)?;
        let changed = std::mem::take(&mut met.changed);
        if changed.is_empty() {
            return Ok(());
        }
        let near = Near::new(self.def.resolution, self.stated);
        let ids: Vec<FeatureId> = changed.iter().map(|c| c.id).collect();
        let mut there: HashMap<FeatureId, Row> = self.lookup.rows(&ids)?.into_iter().collect();
        let mut left = Vec::with_capacity(changed.len());
        for Changed { id, mut row, mut side, content } in changed {
            let before = there.remove(&id);
            if let Some(before) = &before {
                let filled = self.taken.changed(&self.def, id, before, &mut row, &self.lacking);
                let told = settle(&self.def, before, &mut row, near);
                if filled || told == Told::Mixed {
                    side.content = row.content_hash();
                }
                if told == Told::Same || side.content == content {
                    continue;
                }
            }
            left.push((id, row, side, before));
        }
        let wanted: HashMap<FeatureId, u128> = left.iter().map(|(id, _, s, _)| (*id, s.content)).collect();
        let ids: Vec<FeatureId> = left.iter().map(|(id, ..)| *id).collect();
        let mut back: HashMap<FeatureId, RevisionId> = HashMap::new();
        if !ids.is_empty() {
            self.lookup.former(&ids, &mut |id, revision, row| {
                if wanted.get(&id) == Some(&row.content_hash()) {
                    let latest = back.entry(id).or_insert(revision);
                    *latest = (*latest).max(revision);
                }
            })?;
        }
        for (id, row, side, before) in left {
            if let Some(revision) = back.get(&id) {
                self.taken.reverted(&self.def, id, &row, *revision);
            }
            met.actions.push(Action::Update { id, row, side, before });
        }
        Ok(())
    }

    /// Compares the rows without a key that wait with what lies at their places.
    fn find(&mut self, met: &mut Met) -> Result<(), StoreError> {
        let strangers = std::mem::take(&mut met.strangers);
        if strangers.is_empty() {
            return Ok(());
        }
        let near = Near::new(self.def.resolution, self.stated);
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
            let lacking = self.lacking.clone();
            for (row, side, found) in some {
                let is_it = |id: &FeatureId| {
                    self.all.contains(id)
                        && there.get(id).is_some_and(|r| match lacking.is_empty() {
                            true => is_same(&self.def, r, &row, near),
                            false => {
                                // What there is no column for is nobody's difference.
                                let mut rest = r.clone();
                                lacking.iter().for_each(|&i| rest.values[i] = Value::Null);
                                is_same(&self.def, &rest, &row, near)
                            }
                        })
                };
                match found.into_iter().find(is_it) {
                    Some(id) => {
                        self.all.remove(&id);
                        self.taken.same(&row);
                        if self.masked.binary_search(&id).is_ok()
                            && let Some(held) = there.get(&id)
                        {
                            self.taken.kept(held, &lacking);
                        }
                    }
                    None => {
                        self.taken.fresh(&row);
                        met.actions.push(self.fresh(row, side)?);
                    }
                }
            }
        }
        Ok(())
    }

    /// What the delivery does not hold of its part, when all of it has come; and what it takes away.
    fn end(&mut self) -> Result<Vec<FeatureId>, StoreError> {
        let all = std::mem::take(&mut self.all);
        let mut inside = self.present;
        let mut gone: Vec<FeatureId> = match &self.part {
            _ if self.present == 0 || self.mode != Mode::Replace => Vec::new(),
            Part::All => all.into_iter().collect(),
            part => {
                let (mut gone, first) = (Vec::new(), self.first_id);
                inside = 0;
                self.lookup.within(part, &mut |id| {
                    if id < first {
                        inside += 1;
                        if all.contains(&id) {
                            gone.push(id);
                        }
                    }
                })?;
                gone
            }
        };
        gone.sort_unstable();
        for (id, row) in self.lookup.rows(&gone[..gone.len().min(ditu_model::loss::EXAMPLES)])? {
            self.taken.example(&self.def, id, &row);
        }
        if self.def.key.is_empty() && self.taken.has_fresh() {
            // Where a feature has no key, another in its place is what became of it.
            for ids in gone.chunks(LOOKED_UP) {
                for (_, row) in self.lookup.rows(ids)? {
                    self.taken.gone(&row);
                }
            }
        }
        let mut loss = self.taken.loss(&self.def, &self.part, self.present, inside, gone.len() as u64);
        loss.judge(&self.def, &self.rules.terms);
        if self.rules.enforce && !loss.asks.is_empty() {
            gone.clear();
        }
        self.loss = Some(loss);
        Ok(gone)
    }

    fn edit(&mut self, op: RowOp) -> Result<Option<Action>, StoreError> {
        let layer = self.def.id.clone();
        let missing = |id| StoreError::NoFeature { layer: layer.clone(), id };
        let lookup = &mut *self.lookup;
        match op {
            RowOp::Keep { .. }
            | RowOp::Stated(_)
            | RowOp::Rekey { .. }
            | RowOp::Lacking { .. }
            | RowOp::Within { .. } => Ok(None),
            RowOp::Remove { id } => match lookup.by_id(id)? {
                Some(_) => Ok(Some(Action::Delete { id })),
                None => Err(missing(id)),
            },
            RowOp::Put { id, row } => {
                let side = Side { key: row.key_hash(&self.def.key), content: row.content_hash() };
                if let Some(key) = side.key
                    && !self.rules.restore
                    && lookup.by_key(key)?.is_some_and(|holder| Some(holder) != id)
                {
                    return Err(self.duplicate(&row));
                }
                let Some(id) = id else { return self.fresh(row, side).map(Some) };
                match lookup.by_id(id)? {
                    Some(old) if old.content == side.content => Ok(None),
                    Some(_) => Ok(Some(Action::Update { id, row, side, before: None })),
                    None if self.rules.restore => Ok(Some(Action::Insert { id, row, side })),
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
            return match self.end() {
                Ok(gone) if gone.is_empty() => None,
                Ok(gone) => Some(Ok(gone.into_iter().map(|id| Action::Delete { id }).collect())),
                Err(e) => Some(Err(e)),
            };
        };
        let batch = match batch {
            Ok(batch) => batch,
            Err(why) => {
                self.ended = true;
                return Some(Err(StoreError::Delivery(why)));
            }
        };
        if self.mode == Mode::Edit && !self.rules.restore {
            self.waiting = batch.into();
            return Some(Ok(Vec::new()));
        }
        match self.meet(batch) {
            Ok(actions) => Some(Ok(actions)),
            Err(e) => {
                self.ended = true;
                Some(Err(e))
            }
        }
    }
}

impl Merge<'_> {
    fn meet(&mut self, batch: Vec<RowOp>) -> Result<Vec<Action>, StoreError> {
        let mut met = Met { actions: Vec::with_capacity(batch.len()), ..Met::default() };
        for op in batch {
            match (self.mode, op) {
                (Mode::Edit, op) => met.actions.extend(self.edit(op)?),
                (_, RowOp::Put { row, .. }) => self.put(row, &mut met)?,
                (_, RowOp::Keep { key }) => {
                    if let Some((id, _)) = self.keyed.get(&key) {
                        self.all.remove(id);
                    }
                }
                (_, RowOp::Stated(stated)) => {
                    self.settle(&mut met)?;
                    self.stated = stated;
                }
                (_, RowOp::Rekey { from, to }) => {
                    if !self.keyed.contains_key(&to)
                        && let Some(held) = self.keyed.remove(&from)
                    {
                        self.keyed.insert(to, held);
                    }
                }
                (_, RowOp::Lacking { fields }) => {
                    self.settle(&mut met)?;
                    self.lack(fields)?;
                }
                (_, RowOp::Within { part }) => self.part = part,
                (_, RowOp::Remove { .. }) => {
                    return Err(StoreError::Delivery("only an edit removes features by id".into()));
                }
            }
        }
        self.settle(&mut met)?;
        Ok(met.actions)
    }
}
