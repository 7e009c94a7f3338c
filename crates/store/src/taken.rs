//! Counts what a delivery takes away while it is met with what a layer holds.

use ditu_model::loss::{EXAMPLES, Example, FieldLoss, Reverted};
use ditu_model::{Bounds, FeatureId, LayerDef, Loss, Part, RevisionId, Row};
use std::collections::BTreeMap;

/// Values of one field by what becomes of them.
#[derive(Clone, Default)]
struct Field {
    held: u64,
    kept: u64,
    emptied: u64,
    examples: Vec<Example>,
}

/// The counts of one delivery.
pub(crate) struct Taken {
    fields: Vec<Field>,
    reverted: BTreeMap<RevisionId, (u64, Vec<Example>)>,
    examples: Vec<Example>,
    keyless: bool,
    /// Rows without a key that are not there yet, and the box of all that came.
    fresh: u64,
    came: Bounds,
    /// Features that go and lie in that box.
    gone: u64,
}

fn example(def: &LayerDef, id: FeatureId, row: &Row) -> Example {
    let key: Vec<String> = def.key.iter().map(|&i| row.values[i].to_string()).collect();
    let at = row.geometry.as_ref().filter(|g| !g.is_empty()).map(|g| {
        let b = g.bounds();
        [f64::midpoint(b.min[0], b.max[0]), f64::midpoint(b.min[1], b.max[1])]
    });
    let name = match (key.is_empty(), at) {
        (false, _) => key.join(" "),
        (true, Some([x, y])) => format!("{id} ({x:.6}, {y:.6})"),
        (true, None) => id.to_string(),
    };
    Example { name, at }
}

fn note(list: &mut Vec<Example>, make: impl FnOnce() -> Example) {
    if list.len() < EXAMPLES {
        list.push(make());
    }
}

impl Taken {
    pub(crate) fn new(def: &LayerDef) -> Taken {
        Taken {
            fields: vec![Field::default(); def.fields.len()],
            reverted: BTreeMap::new(),
            examples: Vec::new(),
            keyless: def.key.is_empty(),
            fresh: 0,
            came: Bounds::EMPTY,
            gone: 0,
        }
    }

    /// A row that is there already.
    pub(crate) fn same(&mut self, row: &Row) {
        for (field, value) in self.fields.iter_mut().zip(&row.values) {
            field.held += u64::from(!value.is_null());
        }
        self.came(row);
    }

    /// A row without a key that is not there.
    pub(crate) fn fresh(&mut self, row: &Row) {
        self.fresh += 1;
        self.came(row);
    }

    fn came(&mut self, row: &Row) {
        if let Some(g) = row.geometry.as_ref().filter(|_| self.keyless) {
            self.came = self.came.union(&g.bounds());
        }
    }

    pub(crate) fn has_fresh(&self) -> bool {
        self.fresh > 0
    }

    /// A feature without a key that goes.
    pub(crate) fn gone(&mut self, row: &Row) {
        let b = row.geometry.as_ref().map_or(Bounds::EMPTY, |g| g.bounds());
        self.gone += u64::from(!b.is_empty() && self.came.intersects(&b));
    }

    /// A feature that stays as it is although the delivery has no column for some of its values.
    pub(crate) fn kept(&mut self, row: &Row, lacking: &[usize]) {
        for &i in lacking.iter().filter(|i| !row.values[**i].is_null()) {
            self.fields[i].kept += 1;
        }
    }

    /// A feature that changes. Fills what the row has no column for; true when that was something.
    pub(crate) fn changed(
        &mut self,
        def: &LayerDef,
        id: FeatureId,
        before: &Row,
        row: &mut Row,
        lacking: &[usize],
    ) -> bool {
        let mut filled = false;
        for (i, field) in self.fields.iter_mut().enumerate() {
            if before.values[i].is_null() {
                continue;
            }
            if row.values[i].is_null() && lacking.contains(&i) {
                row.values[i] = before.values[i].clone();
                field.kept += 1;
                filled = true;
                continue;
            }
            field.held += 1;
            if row.values[i].is_null() {
                field.emptied += 1;
                note(&mut field.examples, || example(def, id, before));
            }
        }
        filled
    }

    /// A feature that goes back to how it was before a revision.
    pub(crate) fn reverted(&mut self, def: &LayerDef, id: FeatureId, row: &Row, revision: RevisionId) {
        let (rows, examples) = self.reverted.entry(revision).or_default();
        *rows += 1;
        note(examples, || example(def, id, row));
    }

    /// One of the features that go.
    pub(crate) fn example(&mut self, def: &LayerDef, id: FeatureId, row: &Row) {
        note(&mut self.examples, || example(def, id, row));
    }

    /// The whole.
    pub(crate) fn loss(
        &mut self,
        def: &LayerDef,
        part: &Part,
        present: u64,
        inside: u64,
        removed: u64,
    ) -> Loss {
        let fields = self.fields.iter_mut().zip(&def.fields).filter(|(f, _)| f.kept + f.emptied > 0);
        let fields = fields.map(|(f, named)| FieldLoss {
            field: named.name.clone(),
            title: named.title.clone(),
            kept: f.kept,
            emptied: f.emptied,
            held: f.held,
            examples: std::mem::take(&mut f.examples),
        });
        let fields = fields.collect();
        let reverted = std::mem::take(&mut self.reverted).into_iter().rev();
        Loss {
            layer: def.id.clone(),
            title: def.title.clone(),
            part: part.describe(def).filter(|_| present > 0),
            present,
            inside,
            removed,
            replaced: self.gone.min(self.fresh).min(removed),
            examples: std::mem::take(&mut self.examples),
            fields,
            reverted: reverted
                .map(|(revision, (rows, examples))| Reverted { revision, rows, examples })
                .collect(),
            asks: Vec::new(),
        }
    }
}
