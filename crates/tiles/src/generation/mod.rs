//! A layer made ready for tiles: an immutable file of zoom bands, memory-mapped.
//!
//! A band holds the features that show at its zoom, quantised to that zoom's tile units, in the order rank, Hilbert, id,
//! with a packed R-tree for each rank. Reading one in order therefore is the order in which a tile holds features.

mod builder;
mod file;
pub(crate) mod geometry;
mod rtree;
mod split;
pub(crate) mod varint;

pub(crate) use builder::{Builder, order};
pub(crate) use file::{Band, Generation, definition_hash};

use ditu_model::{Bounds, RevisionId};

/// What a generation holds.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerationInfo {
    /// The layer's revision that it was made from.
    pub revision: RevisionId,
    /// Features in it.
    pub features: u64,
    /// Features left out: no geometry, or outside the Mercator square.
    pub skipped: u64,
    /// The file's size in bytes.
    pub bytes: u64,
    /// The box of all features in degrees.
    pub bounds: Option<Bounds>,
}
