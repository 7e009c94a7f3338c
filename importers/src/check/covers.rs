//! `covers`: divisions of one level cover the division above them exactly (`field` holds the level, `code` the code).
//!
//! Overlaps and gaps inside are the rules `overlap` and `gap`; here the outer borders are held against each other.

use super::areas::Area;
use super::plane::Plane;
use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::notes::both;
use ditu_model::{Finding, Geometry, Place, Row, Value};
use std::collections::HashMap;

/// Digits of a code that name its division, by the length of the significant part (GB/T 2260, GB/T 10114): province,
/// prefecture, county, town, village.
const LENGTHS: [usize; 5] = [2, 4, 6, 9, 12];

struct Division {
    code: String,
    geometry: Geometry,
    place: Place,
}

struct Covers {
    code: usize,
    /// Millimetres.
    tolerance: i32,
    all: Vec<Division>,
    plane: Plane,
    declared: Declared,
}

/// A code without the zeros that fill it up.
fn significant(code: &str) -> Option<&str> {
    let bare = code.trim_end_matches('0').len();
    let n = LENGTHS.into_iter().find(|n| *n >= bare)?;
    code.get(..n.min(code.len()))
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let code = m.field("field")?;
    let tolerance = (m.number("tolerance_m")? * 1000.0).round() as i32;
    let declared = m.declared();
    Ok(Some(Box::new(Covers { code, tolerance, all: Vec::new(), plane: Plane::default(), declared })))
}

impl RowCheck for Covers {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let Some(code) = row.values[self.code].as_str().and_then(significant).map(str::to_owned) else {
            return Verdict::Keep;
        };
        let place = seen.place(row, None);
        if let Some(geometry) = row.geometry.clone() {
            self.all.push(Division { code, geometry, place });
        }
        Verdict::Keep
    }

    fn end(&mut self, findings: &mut Vec<Finding>) {
        let mut by_code: HashMap<&str, &Division> = HashMap::new();
        self.all.iter().for_each(|d| {
            by_code.entry(d.code.as_str()).or_insert(d);
        });
        let mut children: HashMap<&str, Vec<&Division>> = HashMap::new();
        for d in &self.all {
            let above = LENGTHS.iter().rev().filter(|n| **n < d.code.len()).filter_map(|n| d.code.get(..*n));
            if let Some(parent) = above.into_iter().find(|c| by_code.contains_key(c)) {
                children.entry(parent).or_default().push(d);
            }
        }
        let mut parents: Vec<(&str, Vec<&Division>)> = children.into_iter().collect();
        parents.sort_unstable_by_key(|p| p.0);
        for (code, parts) in parents {
            let parent = by_code[code];
            let outline = Area::of(&parent.geometry, &mut self.plane);
            let insides: Vec<Area> = parts.iter().map(|d| Area::of(&d.geometry, &mut self.plane)).collect();
            let far = |d: Option<f64>| d.unwrap_or(f64::INFINITY);
            // A part reaches out of the whole.
            for d in &parts {
                let out = d.geometry.coords.iter().filter_map(|c| {
                    let p = self.plane.of(*c);
                    let fits = outline.holds(p) || outline.to_border(p, self.tolerance).is_some();
                    (!fits).then(|| (far(outline.to_border(p, 10_000_000)), *c))
                });
                if let Some((mm, at)) = out.max_by(|a, b| a.0.total_cmp(&b.0)) {
                    let m = mm / 1000.0;
                    let place = Place { at: Some(at), ..d.place.clone() };
                    let message = both(
                        format!("{} 伸出上级 {code} 的界线 {m:.1} m", d.code),
                        format!("{} reaches {m:.1} m out of {code} above it", d.code),
                    );
                    self.declared.breach("check.covers", place, message, Value::Real(m), findings);
                }
            }
            // The border of the whole is border of some part.
            let bare = parent.geometry.coords.iter().filter_map(|c| {
                let p = self.plane.of(*c);
                let near = insides.iter().any(|a| a.holds(p) || a.to_border(p, self.tolerance).is_some());
                let d =
                    || insides.iter().map(|a| far(a.to_border(p, 10_000_000))).fold(f64::INFINITY, f64::min);
                (!near).then(|| (d(), *c))
            });
            if let Some((mm, at)) = bare.max_by(|a, b| a.0.total_cmp(&b.0)) {
                let m = mm / 1000.0;
                let place = Place { at: Some(at), ..parent.place.clone() };
                let message = both(
                    format!("{code} 的下级没有盖满它：离最近的下级 {m:.1} m"),
                    format!("the divisions of {code} leave a part of it bare, {m:.1} m from the nearest"),
                );
                self.declared.breach("check.covers", place, message, Value::Real(m), findings);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::significant;

    #[test]
    fn codes_lose_the_zeros_that_fill_them_up() {
        for (code, wanted) in [
            ("430000", "43"),
            ("430700", "4307"),
            ("430702", "430702"),
            ("430702003000", "430702003"),
            ("430702003001", "430702003001"),
            ("4307", "4307"),
            ("430720", "430720"),
        ] {
            assert_eq!(significant(code), Some(wanted), "{code}");
        }
    }
}
