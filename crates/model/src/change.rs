//! Revisions and what goes into one.

use crate::feature::{Feature, Row};
use crate::layer::LayerId;
use crate::value::DateTime;

/// A feature's lasting id, unique in its layer and at least 1.
pub type FeatureId = u64;

/// The number of a committed change, counted from 1 over the whole store; 0 is the empty store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RevisionId(pub u64);

impl std::fmt::Display for RevisionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How a delivery meets what the layer already holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The delivery is the whole layer: what it does not hold is removed. Rows are matched on the key, or on equal
    /// content where the layer has no key; matched rows keep their id, unchanged rows are not written.
    Replace,
    /// Rows are matched on the key and put; nothing is removed.
    Upsert,
    /// Every row is new. A key that exists already is refused.
    Append,
    /// Rows name their ids: an editor's changes.
    Edit,
}

/// One step of a delivery.
#[derive(Clone, Debug, PartialEq)]
pub enum RowOp {
    /// Puts a row. The id is given only in [`Mode::Edit`]; there `None` makes a new feature.
    Put {
        /// The feature to change.
        id: Option<FeatureId>,
        /// Its new content.
        row: Row,
    },
    /// A row of this key ([`Row::key_hash`]) came and could not be taken: what is there of it stays.
    Keep {
        /// The hash of its key.
        key: u128,
    },
    /// The rows that follow state their coordinates no finer than this; a file's own rounding is no change.
    Stated(Stated),
    /// Removes a feature (only in [`Mode::Edit`]).
    Remove {
        /// The feature to remove.
        id: FeatureId,
    },
}

/// The last decimal of a delivery's coordinates on the ground; 0 where it cannot be told.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stated {
    /// Of its plane coordinates or degrees, in metres.
    pub plane_m: f64,
    /// Of its heights, in metres.
    pub height_m: f64,
}

/// Batches of steps, made while the store writes. An `Err` aborts the commit and leaves the store as it was; its
/// text goes back to the caller.
pub type RowStream = Box<dyn Iterator<Item = Result<Vec<RowOp>, String>> + Send>;

/// What one commit brings to one layer.
pub struct Delivery {
    /// The layer.
    pub layer: LayerId,
    /// How it meets what is there.
    pub mode: Mode,
    /// The rows, in batches of any size.
    pub rows: RowStream,
}

/// Who commits, from what, and how the coordinates came to be; kept with the revision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// Who: an account name, or the operating system's user for the command line.
    pub author: String,
    /// What for, in the author's words.
    pub message: String,
    /// File names, without folders.
    pub source: String,
    /// Source CRS, transformation and stated accuracy, as the importer reports it.
    pub transformation: String,
}

/// One atomic change to one or more layers.
pub struct Changeset {
    /// Who and from what.
    pub origin: Origin,
    /// At most one delivery a layer.
    pub deliveries: Vec<Delivery>,
    /// The share (0 to 1) of the features that a layer holds which a [`Mode::Replace`] delivery must still hold; one
    /// that would remove more is refused. `None` allows everything.
    pub min_match: Option<f64>,
}

/// A committed change to one layer, as history lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// Its number.
    pub id: RevisionId,
    /// The layer.
    pub layer: LayerId,
    /// When it was committed.
    pub at: DateTime,
    /// Who and from what.
    pub origin: Origin,
    /// Features that came.
    pub added: u64,
    /// Features that changed.
    pub changed: u64,
    /// Features that went.
    pub removed: u64,
}

/// What a commit did.
#[derive(Clone, Debug, PartialEq)]
pub enum Commit {
    /// A new revision; one entry a layer that changed.
    Done(Vec<Revision>),
    /// Everything was there already: no revision was made. Holds the head.
    Unchanged(RevisionId),
}

/// What a commit would do to one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The layer.
    pub layer: LayerId,
    /// Features that would come.
    pub added: u64,
    /// Features that would change.
    pub changed: u64,
    /// Features that would go.
    pub removed: u64,
    /// The first of them in id order, as many as were asked for. Features that would come have the ids that they would
    /// get if it were committed now.
    pub differences: Vec<Difference>,
}

/// One feature between two revisions.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The feature.
    pub id: FeatureId,
    /// As it was, `None` when it was not there.
    pub before: Option<Feature>,
    /// As it is, `None` when it is gone.
    pub after: Option<Feature>,
}
