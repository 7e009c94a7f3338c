//! The store as the importers' checks see it.

use crate::settings::{Settings, grid_of};
use ditu_importers::Present;
use ditu_model::layer::Kind;
use ditu_model::{FeatureSource, LayerId, Layers, Query, Row};
use ditu_store::Store;
use ditu_terrain::Grid;
use futures_util::StreamExt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Reads the store for the operator, from threads outside the runtime.
pub(crate) struct Stored {
    reader: Arc<dyn FeatureSource>,
    handle: Handle,
    layers: Arc<Layers>,
    rasters: PathBuf,
}

impl Stored {
    pub(crate) fn new(store: &Arc<dyn Store>, settings: &Settings) -> Stored {
        Stored {
            reader: store.reader(crate::cli::operator(settings)),
            handle: Handle::current(),
            layers: settings.layers.clone(),
            rasters: settings.rasters(),
        }
    }

    fn read(&self, layer: &LayerId, query: Query, take: &mut dyn FnMut(&Row)) -> Result<(), String> {
        let work = async {
            let mut stream = self.reader.scan(layer, query).await?;
            while let Some(batch) = stream.batches.next().await {
                batch?.iter().for_each(|f| take(&f.row));
            }
            Ok::<(), ditu_model::SourceError>(())
        };
        self.handle.block_on(work).map_err(|e| e.to_string())
    }
}

impl Present for Stored {
    fn count(&self, layer: &LayerId) -> u64 {
        self.handle.block_on(self.reader.count(layer)).unwrap_or_default()
    }

    fn rows(&self, layer: &LayerId, take: &mut dyn FnMut(&Row)) -> Result<(), String> {
        self.read(layer, Query::default(), take)
    }

    fn some(&self, layer: &LayerId, most: usize, take: &mut dyn FnMut(&Row)) -> Result<(), String> {
        self.read(layer, Query { limit: Some(most), ..Query::default() }, take)
    }

    fn grids(&self) -> Vec<Arc<Grid>> {
        let mut files = Vec::new();
        for def in self.layers.iter().filter(|d| d.kind == Kind::Raster) {
            // A store that cannot be read is said by the checks that read rows.
            let _ = self.rows(&def.id, &mut |row| files.extend(grid_of(&self.rasters, def, row)));
        }
        let open = |path: PathBuf| match Grid::open(&path) {
            Ok(grid) => Some(Arc::new(grid)),
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "a terrain grid cannot be read");
                None
            }
        };
        files.into_iter().filter_map(open).collect()
    }
}
