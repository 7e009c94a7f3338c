//! Tile generations, delta, encoder and cache.
