//! Heights for where a grid has none, so that a picture of the relief has no cliff at the edge of the survey.
//!
//! Only pictures use them; a question for a height is answered from data or not at all.

use crate::grid::Grid;
use ditu_model::Bounds;

/// Cells along the longer side.
const SIDE: usize = 192;

/// A coarse copy of a grid whose holes hold the nearest heights.
#[derive(Clone, Debug)]
pub(crate) struct Fill(Grid);

impl Fill {
    /// `None` when the grid holds no data at all.
    pub(crate) fn of(grid: &Grid) -> Option<Fill> {
        let b = grid.bounds();
        let (w, h) = grid.size();
        let step = (w.max(h) as f64 / SIDE as f64).max(1.0);
        let (cw, ch) = (((w as f64 / step) as usize).max(1), ((h as f64 / step) as usize).max(1));
        let centre =
            |i: usize, n: usize, low: f64, high: f64| low + (i as f64 + 0.5) / n as f64 * (high - low);
        let mut values: Vec<f32> = (0..cw * ch)
            .map(|i| {
                let lon = centre(i % cw, cw, b.min[0], b.max[0]);
                let lat = centre(ch - 1 - i / cw, ch, b.min[1], b.max[1]);
                grid.sample(lon, lat).unwrap_or(f32::NAN)
            })
            .collect();
        spread(&mut values, cw);
        values[0].is_finite().then(|| Grid::new(cw, ch, b, values).map(Fill)).flatten()
    }

    /// The height nearest to a place, inside the grid's box or not.
    pub(crate) fn nearest(&self, lon: f64, lat: f64) -> Option<f32> {
        let Bounds { min, max } = self.0.bounds();
        self.0.sample(lon.clamp(min[0], max[0]), lat.clamp(min[1], max[1]))
    }
}

/// Gives every hole the mean of its neighbours that have a height, ring by ring outwards.
fn spread(values: &mut [f32], width: usize) {
    let height = values.len() / width;
    let mut holes: Vec<usize> = (0..values.len()).filter(|&i| !values[i].is_finite()).collect();
    while !holes.is_empty() && holes.len() < values.len() {
        let mut found = Vec::new();
        for &i in &holes {
            let (x, y) = (i % width, i / width);
            let (mut sum, mut n) = (0.0, 0.0);
            for ny in y.saturating_sub(1)..=(y + 1).min(height - 1) {
                for nx in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                    let v = values[ny * width + nx];
                    if v.is_finite() {
                        sum += v;
                        n += 1.0;
                    }
                }
            }
            if n > 0.0 {
                found.push((i, sum / n));
            }
        }
        found.iter().for_each(|&(i, v)| values[i] = v);
        holes.retain(|&i| !values[i].is_finite());
    }
}
