//! Builds generations for the command line.

use crate::cli::import::bar;
use crate::cli::{Failure, operator, say};
use crate::settings::Settings;
use ditu_model::LayerId;
use ditu_model::layer::Kind;
use ditu_store::Store;
use ditu_tiles::{Config, Engine};
use std::sync::Arc;

/// Builds the generations of these layers, with a bar.
pub(crate) async fn build(
    settings: &Settings,
    store: &Arc<dyn Store>,
    layers: Vec<LayerId>,
) -> Result<(), Failure> {
    let engine = Engine::open(&settings.generations(), settings.layers.clone(), Config::default())
        .map_err(|e| Failure::Environment(e.to_string()))?;
    let reader = store.reader(operator(settings));
    let vector = |l: &LayerId| settings.layers.get(l).is_some_and(|d| d.kind != Kind::Raster);
    let layers: Vec<LayerId> = layers.into_iter().filter(vector).collect();
    let mut total = 0;
    for layer in &layers {
        total += reader.count(layer).await.map_err(|e| Failure::Environment(e.to_string()))?;
    }
    let bar = bar(total);
    bar.set_prefix(say(settings.lang, "瓦片", "tiles").to_owned());
    let mut before = 0;
    for layer in &layers {
        let info = engine
            .build(reader.as_ref(), layer, &|done, _| bar.set_position(before + done))
            .await
            .map_err(|e| Failure::Environment(e.to_string()))?;
        before += info.features;
    }
    bar.finish_and_clear();
    Ok(())
}
