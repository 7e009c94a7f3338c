//! TileJSON 3.0.0: what a set of layers holds, for clients.

use serde::Serialize;
use std::collections::BTreeMap;

/// A TileJSON document; the server fills in `tiles`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TileJson {
    /// `3.0.0`.
    pub tilejson: &'static str,
    /// URL templates.
    pub tiles: Vec<String>,
    /// A name.
    pub name: String,
    /// West, south, east, north in degrees.
    pub bounds: [f64; 4],
    /// Longitude, latitude, zoom.
    pub center: [f64; 3],
    /// The lowest zoom with data.
    pub minzoom: u8,
    /// The zoom beyond which clients scale tiles up.
    pub maxzoom: u8,
    /// The layers in each tile.
    pub vector_layers: Vec<VectorLayer>,
}

/// One layer of a TileJSON document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VectorLayer {
    /// Its id, as in the tile.
    pub id: String,
    /// Its title.
    pub description: String,
    /// The lowest zoom with data.
    pub minzoom: u8,
    /// The highest zoom with data.
    pub maxzoom: u8,
    /// Field names and what they hold.
    pub fields: BTreeMap<String, String>,
}
