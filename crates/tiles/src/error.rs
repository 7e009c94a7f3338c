//! Why there is no tile.

use ditu_model::{LayerId, SourceError};
use std::path::PathBuf;
use std::sync::Arc;

/// Why a tile, a generation or a description could not be made.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TileError {
    /// The view does not show the layer, or there is none of that name.
    #[error("there is no layer {0}")]
    NoLayer(LayerId),
    /// Below zoom 0, above zoom 24, or outside the tile matrix.
    #[error("there is no such tile")]
    OutOfRange,
    /// A layer was named twice.
    #[error("the layer {0} is named twice")]
    NamedTwice(LayerId),
    /// More layers were named than a tile may hold.
    #[error("a tile holds at most {most} layers")]
    TooManyLayers {
        /// How many it may hold.
        most: usize,
    },
    /// A piece of work ended early: a fault of the program.
    #[error("a task ended early: {0}")]
    Task(String),
    /// The features could not be read.
    #[error("reading features: {0}")]
    Source(Arc<SourceError>),
    /// The generation file could not be written or read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: Arc<std::io::Error>,
    },
    /// Compression failed.
    #[error("compressing a tile: {0}")]
    Compress(String),
}

impl From<SourceError> for TileError {
    fn from(e: SourceError) -> Self {
        TileError::Source(Arc::new(e))
    }
}

impl TileError {
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> TileError {
        let path = path.to_owned();
        move |source| TileError::Io { path, source: Arc::new(source) }
    }
}
