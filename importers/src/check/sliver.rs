//! `sliver`: no polygon, and no ring of one, is so small or so narrow that it can only come from digitising
//! (`min_m2`; `min_width_m` is twice the area over the perimeter).

use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::geometry::measure::{distance, ring_area};
use crate::notes::both;
use ditu_model::{Row, Value};

struct Sliver {
    least: f64,
    width: f64,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let (least, width) = (m.number("min_m2")?, m.number("min_width_m")?);
    Ok(Some(Box::new(Sliver { least, width, declared: m.declared() })))
}

impl RowCheck for Sliver {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let Some(g) = &row.geometry else { return Verdict::Keep };
        let found = g.rings().find_map(|ring| {
            let area = ring_area(ring).abs();
            let around: f64 = ring.windows(2).map(|w| distance(w[0], w[1])).sum();
            let width = if around > 0.0 { 2.0 * area / around } else { 0.0 };
            (area < self.least || width < self.width).then(|| (area, width, ring[0]))
        });
        let Some((area, width, at)) = found else { return Verdict::Keep };
        let message = both(
            format!("有过小或过窄的环：{area:.3} m²，宽约 {width:.3} m"),
            format!("a ring is too small or narrow: {area:.3} m², about {width:.3} m wide"),
        );
        let place = seen.place(row, Some(at));
        self.declared.breach("check.sliver", place, message, Value::Real(area), seen.findings)
    }
}
