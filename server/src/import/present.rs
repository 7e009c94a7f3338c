//! The store as the importers' checks see it.

use ditu_importers::Present;
use ditu_model::{FeatureSource, LayerId, Query, Row};
use ditu_store::Store;
use futures_util::StreamExt;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Reads the store for the operator, from threads outside the runtime.
pub(crate) struct Stored {
    reader: Arc<dyn FeatureSource>,
    handle: Handle,
}

impl Stored {
    pub(crate) fn new(store: &Arc<dyn Store>, settings: &crate::settings::Settings) -> Stored {
        Stored { reader: store.reader(crate::cli::operator(settings)), handle: Handle::current() }
    }
}

impl Present for Stored {
    fn count(&self, layer: &LayerId) -> u64 {
        self.handle.block_on(self.reader.count(layer)).unwrap_or_default()
    }

    fn rows(&self, layer: &LayerId, take: &mut dyn FnMut(&Row)) -> Result<(), String> {
        let work = async {
            let mut stream = self.reader.scan(layer, Query::default()).await?;
            while let Some(batch) = stream.batches.next().await {
                batch?.iter().for_each(|f| take(&f.row));
            }
            Ok::<(), ditu_model::SourceError>(())
        };
        self.handle.block_on(work).map_err(|e| e.to_string())
    }
}
