//! `agrees`: the shape lies where the layer's own coordinate fields say.

use super::{Declared, Making, RowCheck, Seen, Verdict};
use crate::geometry::measure::distance;
use crate::notes::both;
use ditu_crs::{Crs, Datum};
use ditu_model::{Row, Value};

/// Metres beyond which the fields say nothing of this place: an older grid's, or nonsense.
const FAR_M: f64 = 100_000.0;

struct Agrees {
    north: usize,
    east: usize,
    tolerance: f64,
    /// The CRSs in which the fields may be, for places about a meridian of three degrees.
    about: Option<(i32, Vec<Crs>)>,
    /// Which of them the row before was in.
    last: usize,
    declared: Declared,
}

pub(super) fn make(m: &mut Making<'_>) -> Result<Option<Box<dyn RowCheck>>, String> {
    let (north, east) = (m.field("north")?, m.field("east")?);
    let (tolerance, declared) = (m.number("tolerance_m")?, m.declared());
    Ok(Some(Box::new(Agrees { north, east, tolerance, about: None, last: 0, declared })))
}

/// The zones that reach a longitude, with their numbers and without, and the UTM zone.
fn zones(third: i32) -> Vec<Crs> {
    let mut all = Vec::new();
    for zone in [third, third - 1, third + 1] {
        let gk = |prefix| Crs::gauss_kruger(Datum::Cgcs2000, f64::from(zone) * 3.0, prefix);
        all.extend([gk(None), gk(u32::try_from(zone).ok())]);
    }
    let six = u32::try_from(third / 2 + 1).unwrap_or_default();
    for zone in [six, six.saturating_sub(1), six + 1] {
        let meridian = f64::from(zone) * 6.0 - 3.0;
        all.push(Crs::gauss_kruger(Datum::Cgcs2000, meridian, Some(zone)));
        all.push(Crs::gauss_kruger(Datum::Cgcs2000, meridian, None));
        all.extend(Crs::from_epsg(32630 + zone));
    }
    all
}

fn apart(a: [f64; 2], b: [f64; 2]) -> f64 {
    let d = (a[0] - b[0]).hypot(a[1] - b[1]);
    if d.is_finite() { d } else { f64::INFINITY }
}

/// The same with eastings that may begin with a zone's number.
fn apart_but_for_zone(a: [f64; 2], b: [f64; 2]) -> f64 {
    let bare = |v: f64| if v >= 1e6 { v.rem_euclid(1e6) } else { v };
    apart([bare(a[0]), a[1]], [bare(b[0]), b[1]])
}

impl Agrees {
    /// How far the fields, as easting and northing, lie from a place; in the CRS that brings them nearest.
    fn off(&mut self, place: [f64; 2], fields: [f64; 2]) -> f64 {
        if fields[0].abs() <= 180.0 && fields[1].abs() <= 90.0 {
            return distance(place, fields);
        }
        let third = (place[0] / 3.0).round() as i32;
        if self.about.as_ref().is_none_or(|(t, _)| *t != third) {
            self.about = Some((third, zones(third)));
            self.last = 0;
        }
        let Some((_, all)) = &self.about else { return f64::INFINITY };
        let of = |crs: &Crs| apart(crs.project(place), fields);
        let first = all.get(self.last).map_or(f64::INFINITY, of);
        if first <= self.tolerance {
            return first;
        }
        let mut best = (first, self.last);
        for (i, crs) in all.iter().enumerate() {
            let d = of(crs);
            if d < best.0 {
                best = (d, i);
            }
        }
        self.last = best.1;
        best.0
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Real(v) => Some(*v),
        #[expect(clippy::cast_precision_loss, reason = "coordinates in metres")]
        Value::Integer(v) => Some(*v as f64),
        _ => None,
    }
}

impl RowCheck for Agrees {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        let Some(place) = row.geometry.as_ref().and_then(|g| g.coords.first().copied()) else {
            return Verdict::Keep;
        };
        let (Some(north), Some(east)) = (number(&row.values[self.north]), number(&row.values[self.east]))
        else {
            return Verdict::Keep;
        };
        // Where the shape was made of these numbers, whatever they are in, there is nothing to compare.
        let made = seen.source.is_some_and(|s| {
            [[east, north], [north, east]].iter().any(|f| apart_but_for_zone(s, *f) <= self.tolerance)
        });
        if made {
            return Verdict::Keep;
        }
        let off = self.off(place, [east, north]);
        if off <= self.tolerance {
            return Verdict::Keep;
        }
        let title = |i: usize| &seen.layer.fields[i].title;
        let (n, e) = (title(self.north).clone(), title(self.east).clone());
        let message = if self.off(place, [north, east]) <= self.tolerance {
            both(
                format!("“{}”与“{}”的值写反了：对调后与图形相符", n.zh, e.zh),
                format!("{} and {} are exchanged: the other way round they agree with the shape", n.en, e.en),
            )
        } else if off < FAR_M {
            both(
                format!("图形与“{}”“{}”所记的位置相距 {off:.2} m", n.zh, e.zh),
                format!("the shape lies {off:.2} m from where {} and {} say", n.en, e.en),
            )
        } else {
            both(
                format!("“{}”“{}”的值（{north}，{east}）不是图形所在处的坐标", n.zh, e.zh),
                format!("{} and {} ({north}, {east}) are no coordinates of where the shape lies", n.en, e.en),
            )
        };
        let place = seen.place(row, None);
        let value = if off < FAR_M { Value::Real(off) } else { Value::Null };
        self.declared.breach("check.agrees", place, message, value, seen.findings)
    }
}
