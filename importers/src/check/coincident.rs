//! `coincident`: no two points of the layer on one spot.

use super::plane::{Map, Plane};
use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{Row, Value};

struct Coincident {
    /// Millimetres.
    tolerance: i32,
    plane: Plane,
    /// By cell of the tolerance: a point and the row it came from.
    cells: Map<[i32; 2], ([i32; 2], u64)>,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let tolerance = ((m.number("tolerance_m")? * 1000.0).round() as i32).max(1);
    let declared = m.declared();
    Ok(Some(Box::new(Coincident { tolerance, plane: Plane::default(), cells: Map::default(), declared })))
}

impl RowCheck for Coincident {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let Some(g) = row.geometry.as_ref().filter(|g| g.coords.len() == 1) else { return Verdict::Keep };
        let p = self.plane.of(g.coords[0]);
        let cell = p.map(|v| v.div_euclid(self.tolerance));
        let mut other = None;
        for i in 0..9 {
            let near = [cell[0] + i % 3 - 1, cell[1] + i / 3 - 1];
            if let Some((q, from)) = self.cells.get(&near) {
                let d = f64::from(p[0] - q[0]).hypot(f64::from(p[1] - q[1]));
                if d <= f64::from(self.tolerance) {
                    other = Some(*from);
                    break;
                }
            }
        }
        self.cells.entry(cell).or_insert((p, seen.row));
        let Some(other) = other else { return Verdict::Keep };
        let message = both(format!("与第 {other} 行的点重合"), format!("lies on the point of row {other}"));
        let place = seen.place(row, None);
        self.declared.breach("check.coincident", place, message, Value::Null, seen.findings)
    }
}
