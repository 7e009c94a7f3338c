//! Terrain-RGB tiles: heights as colours, as MapLibre reads them (`encoding: "mapbox"`).

use crate::fill::Fill;
use crate::grid::Grid;
use ditu_access::View;
use ditu_model::LayerId;
use std::f64::consts::PI;
use std::sync::Arc;

/// Pixels along a side of a tile.
pub const TILE_SIZE: usize = 256;

/// Why there is no terrain tile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TerrainError {
    /// The view does not show the layer here, or there is no such tile.
    #[error("there is no such terrain tile")]
    NotFound,
    /// The picture could not be written.
    #[error("encoding a terrain tile: {0}")]
    Encode(#[from] png::EncodingError),
}

/// The grids of one raster layer, finest first.
#[derive(Clone, Debug)]
pub struct Terrain {
    layer: LayerId,
    grids: Vec<Arc<Grid>>,
    /// Of the coarsest grid, which as a rule covers the most.
    fill: Option<Arc<Fill>>,
}

impl Terrain {
    /// Terrain of a layer from its grids; where they overlap the finest wins.
    pub fn new(layer: LayerId, mut grids: Vec<Arc<Grid>>) -> Terrain {
        let cell = |g: &Grid| (g.bounds().max[0] - g.bounds().min[0]) / g.size().0 as f64;
        grids.sort_by(|a, b| cell(a).total_cmp(&cell(b)));
        let fill = grids.last().and_then(|g| Fill::of(g)).map(Arc::new);
        Terrain { layer, grids, fill }
    }

    /// The height at a place in degrees, as the view may see it.
    pub fn height(&self, view: &View, lon: f64, lat: f64) -> Option<f32> {
        let scope = view.scope(&self.layer)?;
        let inside =
            |b: &ditu_model::Bounds| lon >= b.min[0] && lon <= b.max[0] && lat >= b.min[1] && lat <= b.max[1];
        if scope.area().is_some_and(|boxes| !boxes.iter().any(inside)) {
            return None;
        }
        self.grids.iter().find_map(|g| g.sample(lon, lat))
    }

    /// A height to draw where there is none, unless the view is limited to an area: a hole must not tell of what lies
    /// outside.
    fn filled(&self, view: &View, lon: f64, lat: f64) -> Option<f32> {
        let limited = view.scope(&self.layer).is_none_or(|s| s.area().is_some());
        if limited { None } else { self.fill.as_ref()?.nearest(lon, lat) }
    }

    /// A PNG of 256 × 256 pixels: height = −10000 m + (R·65536 + G·256 + B) · 0.1 m. Places without data get the
    /// nearest height, so that shading shows no cliff there; places outside the view's area are 0 m.
    ///
    /// *Errors*: [`TerrainError::NotFound`] when the view does not show the layer at that zoom, or the tile does not
    /// exist or meets no grid.
    pub fn tile(&self, view: &View, z: u8, x: u32, y: u32) -> Result<Vec<u8>, TerrainError> {
        let scope = view.scope(&self.layer).ok_or(TerrainError::NotFound)?;
        if z > 22 || x >= 1 << z || y >= 1 << z || !scope.zooms().contains(&z) {
            return Err(TerrainError::NotFound);
        }
        let world = f64::from(1u32 << z) * TILE_SIZE as f64;
        let lon = |px: f64| px / world * 360.0 - 180.0;
        let lat = |py: f64| (PI * (1.0 - 2.0 * py / world)).sinh().atan().to_degrees();
        let (left, top) = (f64::from(x) * TILE_SIZE as f64, f64::from(y) * TILE_SIZE as f64);
        let size = TILE_SIZE as f64;
        let tile = ditu_model::Bounds::new(lon(left), lat(top + size), lon(left + size), lat(top));
        if !self.grids.iter().any(|g| g.bounds().intersects(&tile)) {
            return Err(TerrainError::NotFound);
        }
        let mut pixels = Vec::with_capacity(TILE_SIZE * TILE_SIZE * 3);
        for row in 0..TILE_SIZE {
            let lat = lat(top + row as f64 + 0.5);
            for column in 0..TILE_SIZE {
                let lon = lon(left + column as f64 + 0.5);
                let height =
                    self.height(view, lon, lat).or_else(|| self.filled(view, lon, lat)).unwrap_or(0.0);
                let code = ((f64::from(height) + 10_000.0) * 10.0).round().clamp(0.0, 16_777_215.0) as u32;
                pixels.extend([(code >> 16) as u8, (code >> 8) as u8, code as u8]);
            }
        }
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, TILE_SIZE as u32, TILE_SIZE as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        encoder.write_header()?.write_image_data(&pixels)?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ditu_access::{Action, Gate, Grant, LayerSet, Principal};
    use ditu_model::{Bounds, Layers};

    fn gate(grants: Vec<Grant>) -> Gate {
        let text = r#"
theme = "terrain"
title = { zh = "地形", en = "Terrain" }
[[layer]]
id = "terrain.dem"
title = { zh = "高程", en = "Elevation" }
geometry = "raster"
sharing = "restricted"
display = { zooms = [0, 14] }
"#;
        let files =
            [("basemap.toml".into(), "themes = [\"terrain\"]".into()), ("terrain.toml".into(), text.into())];
        Gate::new(Arc::new(Layers::parse(&files).unwrap()), grants)
    }

    fn terrain() -> Terrain {
        let values = vec![123.4; 100];
        let grid = Grid::new(10, 10, Bounds::new(111.0, 29.0, 112.0, 30.0), values).unwrap();
        Terrain::new(LayerId::new("terrain.dem").unwrap(), vec![Arc::new(grid)])
    }

    fn heights(png: &[u8]) -> Vec<f64> {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        let code = |p: &[u8]| f64::from(u32::from(p[0]) << 16 | u32::from(p[1]) << 8 | u32::from(p[2]));
        pixels.chunks_exact(3).map(|p| -10_000.0 + code(p) * 0.1).collect()
    }

    #[test]
    fn a_tile_carries_heights_to_a_tenth_of_a_metre_and_only_inside_the_view() {
        let open = gate(vec![Grant::public(LayerSet::All)]).view(&Principal::Anonymous, Action::Read);
        // z 10, x 828, y 424 lies wholly inside the grid.
        let whole = heights(&terrain().tile(&open, 10, 828, 424).unwrap());
        assert!(whole.iter().all(|h| (h - 123.4).abs() < 0.051), "{:?}", &whole[..4]);
        let west =
            Grant { area: Some(Bounds::new(111.0, 29.0, 111.3, 30.0)), ..Grant::public(LayerSet::All) };
        let part = gate(vec![west]).view(&Principal::Anonymous, Action::Read);
        let cut = heights(&terrain().tile(&part, 10, 828, 424).unwrap());
        assert!(cut.contains(&0.0) && cut.iter().any(|h| (h - 123.4).abs() < 0.051));
        assert!(terrain().height(&part, 111.7, 29.5).is_none());
    }

    #[test]
    fn a_tile_across_the_edge_of_the_data_shows_no_cliff() {
        let open = gate(vec![Grant::public(LayerSet::All)]).view(&Principal::Anonymous, Action::Read);
        let mut values = vec![123.4; 100];
        values[..30].fill(f32::NAN);
        let grid = Grid::new(10, 10, Bounds::new(111.0, 29.0, 112.0, 30.0), values).unwrap();
        let terrain = Terrain::new(LayerId::new("terrain.dem").unwrap(), vec![Arc::new(grid)]);
        assert!(
            terrain.height(&open, 111.5, 29.95).is_none(),
            "a question is answered from data or not at all"
        );
        for (z, x, y) in [(6, 51, 26), (9, 414, 211), (10, 827, 424)] {
            let heights = heights(&terrain.tile(&open, z, x, y).unwrap());
            assert!(heights.iter().all(|h| (h - 123.4).abs() < 0.051), "{z}/{x}/{y}");
        }
    }

    #[test]
    fn l02_what_the_view_does_not_show_is_not_found() {
        let closed = gate(vec![Grant::open_layers()]).view(&Principal::Anonymous, Action::Read);
        assert!(matches!(terrain().tile(&closed, 10, 828, 424), Err(TerrainError::NotFound)));
        let open = gate(vec![Grant::public(LayerSet::All)]).view(&Principal::Anonymous, Action::Read);
        for (z, x, y) in [(9, 0, 0), (9, 512, 0), (23, 0, 0), (40, 0, 0)] {
            assert!(matches!(terrain().tile(&open, z, x, y), Err(TerrainError::NotFound)), "{z}/{x}/{y}");
        }
    }
}
