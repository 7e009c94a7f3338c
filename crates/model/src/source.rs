//! The reading side of a store, as tiles, search and export see it.

use crate::change::{FeatureId, RevisionId};
use crate::feature::Feature;
use crate::geometry::Bounds;
use crate::layer::LayerId;
use async_trait::async_trait;
use futures_core::stream::BoxStream;

/// Why a read failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The layer does not exist in this view.
    #[error("there is no layer {0}")]
    NoLayer(LayerId),
    /// Too many readers; try again after the given seconds.
    #[error("the store is busy; try again in {retry_after_s} s")]
    Busy {
        /// Seconds to wait.
        retry_after_s: u32,
    },
    /// The store behind does not answer or answers wrongly.
    #[error("reading {layer}: {source}")]
    Unavailable {
        /// What was read.
        layer: LayerId,
        /// The backend's own words.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Which features of a layer to read.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Only features whose box meets this one (EPSG:4490 degrees).
    pub bounds: Option<Bounds>,
    /// Only these ids.
    pub ids: Option<Vec<FeatureId>>,
    /// Only ids greater than this: the last one of the page before.
    pub after: Option<FeatureId>,
    /// At most this many features.
    pub limit: Option<usize>,
}

/// Features in id order, in batches, from one snapshot.
pub struct FeatureStream {
    /// The layer's revision in that snapshot.
    pub revision: RevisionId,
    /// Batches of at most a few thousand features.
    pub batches: BoxStream<'static, Result<Vec<Feature>, SourceError>>,
}

/// What happened to one feature since a revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// The feature.
    pub id: FeatureId,
    /// The last revision that touched it.
    pub revision: RevisionId,
    /// Its content now, `None` when it is gone.
    pub now: Option<Feature>,
    /// The boxes it covered since the given revision: before each change, and now. A feature that moved far has two
    /// small ones, not one large one.
    pub touched: Vec<Bounds>,
}

/// A layer's changes since a revision; `None` stands for "too many, scan again".
#[derive(Debug)]
pub struct Changes {
    /// The layer's revision these changes lead to.
    pub revision: RevisionId,
    /// One entry a feature, in id order.
    pub features: Option<Vec<Changed>>,
}

/// Reads features as one view may see them. A store makes one only for a view.
#[async_trait]
pub trait FeatureSource: Send + Sync {
    /// The last revision that touched the layer; 0 when none did.
    async fn revision(&self, layer: &LayerId) -> Result<RevisionId, SourceError>;

    /// How many features the layer holds in this view.
    async fn count(&self, layer: &LayerId) -> Result<u64, SourceError>;

    /// Reads features in id order. The stream is one snapshot, however long it takes.
    async fn scan(&self, layer: &LayerId, query: Query) -> Result<FeatureStream, SourceError>;

    /// What changed after `since`, each feature once. `features` is `None` when there are more than `limit`.
    async fn changes(&self, layer: &LayerId, since: RevisionId, limit: usize)
    -> Result<Changes, SourceError>;
}
