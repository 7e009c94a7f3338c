//! A grid of heights and the file it is kept in.

use ditu_model::Bounds;
use std::io::{self, Write};
use std::path::Path;

const MAGIC: &[u8; 8] = b"DITUGRD1";
const HEADER: usize = 8 + 4 + 4 + 4 * 8;

/// Heights on a regular longitude/latitude grid.
///
/// *Shape*: `width` × `height` cells, row by row from the north-west; `bounds` (EPSG:4490 degrees) are the outer edges
/// of the outer cells; heights are metres, NaN where there is no data.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    width: usize,
    height: usize,
    bounds: Bounds,
    values: Vec<f32>,
}

/// Why a grid could not be made or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GridError {
    /// The disk failed or the file is not there.
    #[error("reading or writing a terrain grid: {0}")]
    Io(#[from] io::Error),
    /// The file is not a grid, or is cut short; import the raster again.
    #[error("{0} is not a terrain grid or is damaged; import the raster again")]
    Damaged(String),
}

impl Grid {
    /// A grid from its cells. `None` when the sizes do not fit or the box is empty.
    pub fn new(width: usize, height: usize, bounds: Bounds, values: Vec<f32>) -> Option<Grid> {
        let fits = width > 0 && height > 0 && width.checked_mul(height) == Some(values.len());
        let box_ok = bounds.min[0] < bounds.max[0] && bounds.min[1] < bounds.max[1];
        (fits && box_ok).then_some(Grid { width, height, bounds, values })
    }

    /// The outer edges, EPSG:4490 degrees.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Columns and rows.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Least and greatest height; `None` when no cell has data.
    pub fn range(&self) -> Option<(f32, f32)> {
        let mut range = None;
        for v in self.values.iter().copied().filter(|v| v.is_finite()) {
            let (low, high) = range.unwrap_or((v, v));
            range = Some((v.min(low), v.max(high)));
        }
        range
    }

    /// The height at a place (degrees), bilinear between cell centres; at the edges the outer cell. `None` outside and
    /// where there is no data.
    pub fn sample(&self, lon: f64, lat: f64) -> Option<f32> {
        let b = &self.bounds;
        if !(lon >= b.min[0] && lon <= b.max[0] && lat >= b.min[1] && lat <= b.max[1]) {
            return None;
        }
        let across = |v: f64, n: usize| {
            let v = (v * n as f64 - 0.5).clamp(0.0, n as f64 - 1.0);
            let low = v as usize;
            (low, (low + 1).min(n - 1), (v - low as f64) as f32)
        };
        let (x0, x1, fx) = across((lon - b.min[0]) / (b.max[0] - b.min[0]), self.width);
        let (y0, y1, fy) = across((b.max[1] - lat) / (b.max[1] - b.min[1]), self.height);
        let at = |x: usize, y: usize| self.values[y * self.width + x];
        let corners = [
            (at(x0, y0), (1. - fx) * (1. - fy)),
            (at(x1, y0), fx * (1. - fy)),
            (at(x0, y1), (1. - fx) * fy),
            (at(x1, y1), fx * fy),
        ];
        let (mut sum, mut weight) = (0.0, 0.0);
        for (value, share) in corners {
            if value.is_finite() {
                sum += value * share;
                weight += share;
            }
        }
        (weight >= 0.5).then(|| sum / weight)
    }

    /// Writes the file aside and renames it, so that a reader sees all of it or none.
    ///
    /// *Errors*: [`GridError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), GridError> {
        let aside = path.with_extension("part");
        let mut bytes = Vec::with_capacity(HEADER + self.values.len() * 4);
        bytes.extend(MAGIC);
        bytes.extend((self.width as u32).to_le_bytes());
        bytes.extend((self.height as u32).to_le_bytes());
        for v in [self.bounds.min[0], self.bounds.min[1], self.bounds.max[0], self.bounds.max[1]] {
            bytes.extend(v.to_le_bytes());
        }
        self.values.iter().for_each(|v| bytes.extend(v.to_le_bytes()));
        let mut file = std::fs::File::create(&aside)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&aside, path)?;
        Ok(())
    }

    /// Reads the file whole.
    ///
    /// *Errors*: [`GridError::Io`], or [`GridError::Damaged`] for anything but a whole grid file.
    pub fn open(path: &Path) -> Result<Grid, GridError> {
        let damaged = || GridError::Damaged(path.display().to_string());
        let bytes = std::fs::read(path)?;
        if bytes.len() < HEADER || &bytes[..8] != MAGIC {
            return Err(damaged());
        }
        let size =
            |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize;
        let real = |i: usize| {
            let mut b = [0; 8];
            b.copy_from_slice(&bytes[16 + i * 8..24 + i * 8]);
            f64::from_le_bytes(b)
        };
        let values =
            bytes[HEADER..].chunks_exact(4).map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]])).collect();
        if !(bytes.len() - HEADER).is_multiple_of(4) {
            return Err(damaged());
        }
        Grid::new(size(8), size(12), Bounds::new(real(0), real(1), real(2), real(3)), values)
            .ok_or_else(damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope() -> Grid {
        let values = (0..20).flat_map(|y| (0..30).map(move |x| x as f32 * 10.0 - y as f32)).collect();
        Grid::new(30, 20, Bounds::new(111.0, 29.0, 114.0, 31.0), values).unwrap()
    }

    #[test]
    fn a_plane_is_sampled_exactly_between_cell_centres() {
        let g = slope();
        for (lon, lat) in [(111.5, 29.5), (112.345, 30.1), (113.9, 30.9), (111.05, 29.05)] {
            let expected = ((lon - 111.0) / 0.1 - 0.5) * 10.0 - ((31.0 - lat) / 0.1 - 0.5);
            assert!((f64::from(g.sample(lon, lat).unwrap()) - expected).abs() < 1e-3, "{lon} {lat}");
        }
        assert_eq!(g.sample(110.9, 30.0), None);
        assert_eq!(g.sample(f64::NAN, 30.0), None);
    }

    #[test]
    fn a_file_survives_a_round_trip_and_every_cut_is_damage() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.grid");
        slope().write(&path).unwrap();
        assert_eq!(Grid::open(&path).unwrap(), slope());
        let bytes = std::fs::read(&path).unwrap();
        for cut in [0, 7, 8, 47, 48, 49, 52, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            assert!(matches!(Grid::open(&path), Err(GridError::Damaged(_))), "cut at {cut}");
        }
    }

    #[test]
    fn holes_do_not_spread_further_than_their_own_cell() {
        let mut g = slope();
        g.values[5 * 30 + 5] = f32::NAN;
        let (lon, lat) = (111.0 + 5.5 * 0.1, 31.0 - 5.5 * 0.1);
        assert_eq!(g.sample(lon, lat), None);
        assert!(g.sample(lon + 0.05, lat).is_some());
    }
}
