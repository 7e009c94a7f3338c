//! What every backend does alike with its log: who may write, what a view sees of the past, how a rollback is an edit.

use crate::api::{FeatureVersion, StoreError};
use crate::show::show;
use ditu_access::{Action, Scope, View};
use ditu_model::{
    Changeset, Delivery, Difference, FeatureId, LayerDef, LayerId, Losses, Mode, Origin, Preview, Revision,
    RevisionId, RowOp, Terms,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A view may write when it was made for editing and holds every layer named.
pub(crate) fn may_write<'a>(
    view: &View,
    layers: impl IntoIterator<Item = &'a LayerId>,
) -> Result<(), StoreError> {
    for layer in layers {
        if view.scope(layer).is_none() {
            return Err(StoreError::NoLayer(layer.clone()));
        }
        if view.action() < Action::Edit {
            return Err(StoreError::Forbidden(layer.clone()));
        }
    }
    Ok(())
}

/// What a commit is to do.
pub(crate) enum Work {
    /// Take in what was delivered.
    Changes(Changeset),
    /// Bring a layer back. What differs is read in the transaction that writes, so that nothing comes between.
    Back {
        /// The layer.
        def: Arc<LayerDef>,
        /// The revision to go back to.
        to: RevisionId,
        /// Who asks.
        origin: Origin,
    },
}

/// Whether what was done stays.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keep {
    /// It becomes a revision.
    All,
    /// It is shown, with so many differences a layer, and undone.
    Nothing { limit: usize },
}

impl Keep {
    /// True when what needs consent stops it.
    pub(crate) fn enforces(self) -> bool {
        matches!(self, Keep::All)
    }
}

/// The end of a commit: refused where something needs consent that was not given.
pub(crate) fn consent(losses: &Losses) -> Result<(), StoreError> {
    let losses = losses.list();
    if losses.iter().all(|l| l.asks.is_empty()) { Ok(()) } else { Err(StoreError::Consent { losses }) }
}

/// What a revision that is not kept would be.
pub(crate) fn preview(r: Revision, differences: Vec<Difference>) -> Preview {
    Preview { layer: r.layer, added: r.added, changed: r.changed, removed: r.removed, differences }
}

/// The ids that a revision brought, as ranges: first to last.
#[derive(Debug, Default)]
pub(crate) struct Added(BTreeMap<FeatureId, FeatureId>);

impl Added {
    /// Takes an id in; one that follows the id before it lengthens that range.
    pub(crate) fn push(&mut self, id: FeatureId) {
        match self.0.range_mut(..id).next_back() {
            Some((_, last)) if *last + 1 == id => *last = id,
            _ => drop(self.0.insert(id, id)),
        }
    }

    /// True when the revision brought this id.
    pub(crate) fn contains(&self, id: FeatureId) -> bool {
        self.0.range(..=id).next_back().is_some_and(|(_, last)| id <= *last)
    }

    /// First and last of each range, in order.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = (FeatureId, FeatureId)> + '_ {
        self.0.iter().map(|(first, last)| (*first, *last))
    }
}

/// Versions as a scope shows them; those in which it shows nothing new are left out.
pub(crate) fn show_history(scope: &Scope, versions: Vec<FeatureVersion>) -> Vec<FeatureVersion> {
    let mut out: Vec<FeatureVersion> = Vec::new();
    for v in versions {
        let shown = FeatureVersion { revision: v.revision, feature: v.feature.and_then(|f| show(scope, f)) };
        if out.last().map(|l| &l.feature) == Some(&shown.feature)
            || (out.is_empty() && shown.feature.is_none())
        {
            continue;
        }
        out.push(shown);
    }
    out
}

/// Differences as a scope shows them, at most `limit`; what differs only outside it is left out.
pub(crate) fn show_diff(scope: &Scope, all: Vec<Difference>, limit: usize) -> Vec<Difference> {
    let shown = all.into_iter().map(|d| Difference {
        id: d.id,
        before: d.before.and_then(|f| show(scope, f)),
        after: d.after.and_then(|f| show(scope, f)),
    });
    shown.filter(|d| d.before != d.after).take(limit).collect()
}

/// The edit that leads to the `after` side of differences.
pub(crate) fn rollback(layer: LayerId, back: Vec<Difference>, origin: Origin) -> Changeset {
    let ops: Vec<RowOp> = back
        .into_iter()
        .map(|d| match d.after {
            Some(f) => RowOp::Put { id: Some(d.id), row: f.row },
            None => RowOp::Remove { id: d.id },
        })
        .collect();
    let mut batches = Vec::new();
    let mut ops = ops.into_iter().peekable();
    while ops.peek().is_some() {
        batches.push(Ok(ops.by_ref().take(2000).collect()));
    }
    let rows = Box::new(batches.into_iter());
    let deliveries = vec![Delivery { layer, mode: Mode::Edit, rows }];
    Changeset { origin, deliveries, terms: Terms::default(), losses: Losses::default() }
}
