//! Finished tiles, bounded by bytes; one build a key however many ask.

use crate::compress::Encoding;
use crate::engine::Tile;
use crate::error::TileError;
use moka::future::Cache;
use std::sync::Arc;

/// The state of the data is in the ETag, so that a cached tile never has to be thrown out: nobody asks for it again.
pub(crate) type Key = (u128, Encoding);

pub(crate) fn new(bytes: u64) -> Option<Cache<Key, Tile>> {
    let weigh = |_: &Key, tile: &Tile| u32::try_from(tile.body.len() + 128).unwrap_or(u32::MAX);
    (bytes > 0).then(|| Cache::builder().max_capacity(bytes).weigher(weigh).build())
}

pub(crate) async fn get(
    cache: &Cache<Key, Tile>,
    key: Key,
    make: impl Future<Output = Result<Tile, TileError>>,
) -> Result<Tile, TileError> {
    cache.try_get_with(key, make).await.map_err(|e: Arc<TileError>| TileError::clone(&e))
}
