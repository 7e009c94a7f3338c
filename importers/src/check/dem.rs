//! `dem`: a contour or a spot height agrees with the elevation model to a tolerance, and to what the model itself rises
//! by from one cell to the next: on a steep slope a metre aside is many metres up.

use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{Row, Value};
use ditu_terrain::Grid;
use std::sync::Arc;

/// Vertices of a shape that are looked at, spread over it.
const LOOKED_AT: usize = 64;
/// One vertex in so many may be off: the model has its own faults.
const FEW: usize = 10;

struct Dem {
    field: usize,
    tolerance: f64,
    grids: Vec<Arc<Grid>>,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let (field, tolerance) = (m.field("field")?, m.number("tolerance_m")?);
    let grids = m.others.grids();
    if grids.is_empty() {
        m.not_here("check.dem", "terrain.dem");
        return Ok(None);
    }
    Ok(Some(Box::new(Dem { field, tolerance, grids, declared: m.declared() })))
}

impl Dem {
    /// The model's height at a place and how far it rises or falls within a cell, in metres.
    fn at(&self, [lon, lat]: [f64; 2]) -> Option<(f64, f64)> {
        // The finest model that has data there.
        let cell = |g: &Grid| {
            let (b, (w, h)) = (g.bounds(), g.size());
            [(b.max[0] - b.min[0]) / w as f64, (b.max[1] - b.min[1]) / h as f64]
        };
        let found = self.grids.iter().filter_map(|g| Some((g, f64::from(g.sample(lon, lat)?), cell(g))));
        let (grid, height, [dx, dy]) = found.min_by(|a, b| a.2[0].total_cmp(&b.2[0]))?;
        let around = [-1.0, 0.0, 1.0].into_iter().flat_map(|x| [-1.0, 0.0, 1.0].map(|y| [x, y]));
        let rise = around.filter_map(|[x, y]| grid.sample(lon + x * dx, lat + y * dy));
        Some((height, rise.map(|h| (f64::from(h) - height).abs()).fold(0.0, f64::max)))
    }
}

impl RowCheck for Dem {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let (Some(g), Some(height)) = (&row.geometry, row.values[self.field].as_f64()) else {
            return Verdict::Keep;
        };
        let step = g.coords.len().div_ceil(LOOKED_AT).max(1);
        let (mut looked, mut off, mut worst) = (0, 0, None);
        for c in g.coords.iter().step_by(step) {
            let Some((model, rise)) = self.at(*c) else { continue };
            looked += 1;
            let apart = (height - model).abs();
            if apart > self.tolerance + rise {
                off += 1;
                if worst.is_none_or(|(_, _, w)| apart > w) {
                    worst = Some((*c, model, apart));
                }
            }
        }
        let Some((at, model, apart)) = worst.filter(|_| off * FEW > looked) else { return Verdict::Keep };
        let message = both(
            format!(
                "高程 {height} m，高程模型此处为 {model:.1} m，相差 {apart:.1} m（所查 {looked} 点中 {off} 点超限）"
            ),
            format!(
                "its {height} m and the elevation model's {model:.1} m here differ by {apart:.1} m ({off} of {looked} vertices looked at are off)"
            ),
        );
        let place = seen.place(row, Some(at));
        self.declared.breach("check.dem", place, message, Value::Real(height), seen.findings)
    }
}
