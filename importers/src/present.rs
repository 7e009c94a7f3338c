//! What the store holds now, for checks that look beyond the delivery. The importers know no store: the caller gives
//! this.

use ditu_model::{LayerId, Row};
use ditu_terrain::Grid;
use std::sync::Arc;

/// Reads layers as they are in the store.
pub trait Present: Send + Sync {
    /// Number of features of a layer; 0 where there are none or none can be seen.
    fn count(&self, layer: &LayerId) -> u64;

    /// All rows of a layer, with every field. Blocks; called from threads that may wait.
    ///
    /// # Errors
    /// Why the store cannot be read.
    fn rows(&self, layer: &LayerId, take: &mut dyn FnMut(&Row)) -> Result<(), String>;

    /// The first rows of a layer, at most so many.
    ///
    /// # Errors
    /// Why the store cannot be read.
    fn some(&self, layer: &LayerId, most: usize, take: &mut dyn FnMut(&Row)) -> Result<(), String> {
        let mut left = most;
        self.rows(layer, &mut |row| {
            if left > 0 {
                left -= 1;
                take(row);
            }
        })
    }

    /// The elevation models of all raster layers. Blocks.
    fn grids(&self) -> Vec<Arc<Grid>>;
}
