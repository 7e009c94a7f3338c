//! Keys in the store as nobody means them: written before keys were normalised, or by another program. They are found
//! where the store's rows are read anyway.

use crate::normal;
use crate::present::Present;
use ditu_model::{LayerDef, LayerId, Row, RowOp};
use ditu_terrain::Grid;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Odd keys that are remembered.
const MOST: usize = 1_000_000;
/// Features that are read for this alone.
const FEW: u64 = 1_000;

/// The store, watched for odd keys of a layer while others read it.
pub(super) struct Watched<'a> {
    inner: &'a dyn Present,
    layer: &'a LayerDef,
    odd: Mutex<Vec<RowOp>>,
    read: AtomicBool,
}

impl<'a> Watched<'a> {
    pub(super) fn new(inner: &'a dyn Present, layer: &'a LayerDef) -> Watched<'a> {
        Watched { inner, layer, odd: Mutex::default(), read: AtomicBool::new(false) }
    }

    /// What the store must know before the rows come.
    pub(super) fn odd_keys(self) -> Vec<RowOp> {
        let unread = !self.layer.key.is_empty() && !self.read.load(Ordering::Relaxed);
        if unread && (1..=FEW).contains(&self.inner.count(&self.layer.id)) {
            // What cannot be read is met by the commit.
            let _ = self.rows(&self.layer.id, &mut |_| {});
        }
        self.odd.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, row: &Row) {
        let odd = |i: &usize| row.values[*i].as_str().is_some_and(|t| !t.is_ascii());
        if !self.layer.key.iter().any(odd) {
            return;
        }
        let (from, to) = (row.key_hash(&self.layer.key), normal::key_hash(self.layer, row));
        if let (Some(from), Some(to)) = (from, to)
            && from != to
        {
            let mut odd = self.odd.lock().unwrap_or_else(PoisonError::into_inner);
            if odd.len() < MOST {
                odd.push(RowOp::Rekey { from, to });
            }
        }
    }
}

impl Present for Watched<'_> {
    fn count(&self, layer: &LayerId) -> u64 {
        self.inner.count(layer)
    }

    fn rows(&self, layer: &LayerId, take: &mut dyn FnMut(&Row)) -> Result<(), String> {
        if *layer != self.layer.id {
            return self.inner.rows(layer, take);
        }
        self.read.store(true, Ordering::Relaxed);
        self.inner.rows(layer, &mut |row| {
            self.look(row);
            take(row);
        })
    }

    fn grids(&self) -> Vec<Arc<Grid>> {
        self.inner.grids()
    }
}
